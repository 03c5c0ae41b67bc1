//! The same way with MySQL or MariaDB behind it.

use crate::running::{ANY_PORT, Running, decnet, printed};
use crate::terminal::Terminal;
use decnet_testing::has_programs;
use mysql::prelude::Queryable as _;
use nix::sys::signal::Signal;
use pty_process::blocking::Command;

/// A database for one test, gone with it.
struct Database {
    server: String,
    name: String,
}

impl Database {
    /// On the server that `DECNET_TEST_MYSQL` names; says so where there is none.
    fn make() -> Option<Self> {
        let Ok(address) = std::env::var("DECNET_TEST_MYSQL") else {
            decnet_testing::skip("DECNET_TEST_MYSQL is not set");
            return None;
        };
        let (server, prefix) = address.rsplit_once('/').unwrap();
        let name = format!("{prefix}_{}", uuid::Uuid::new_v4().simple());
        let database = Self { server: server.to_owned(), name };
        database.run(&format!("CREATE DATABASE {}", database.name));
        Some(database)
    }

    fn url(&self) -> String {
        format!("{}/{}", self.server, self.name)
    }

    fn run(&self, sql: &str) {
        let opts = mysql::Opts::from_url(&format!("{}/", self.server)).unwrap();
        mysql::Conn::new(opts).unwrap().query_drop(sql).unwrap();
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.run(&format!("DROP DATABASE {}", self.name));
    }
}

#[test]
fn a_session_is_the_same_in_a_server_and_after_a_rebuild() {
    let Some(database) = Database::make() else { return };
    if !has_programs(&["ssh"]) {
        return;
    }
    let url = database.url();
    let mut running = Running::start(&format!("store = \"{url}\"\n{ANY_PORT}"));
    let port = running.ssh_port().to_string();
    let command = Command::new("ssh")
        .args(["-F", "/dev/null", "-p", &port, "-o", "StrictHostKeyChecking=no"])
        .args(["-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "root@127.0.0.1"])
        .env("TERM", "xterm");
    let mut person = Terminal::start(command, 90, 30);
    person.expect("password: ");
    person.send("root\n");
    person.expect("# ");
    person.keys(&["i", "d", "\r"], &mut std::iter::repeat(120));
    person.expect("uid=0");
    person.keys(&["e", "x", "i", "t", "\r"], &mut std::iter::repeat(90));
    person.wait();
    let (status, _) = running.stop(Signal::SIGTERM);
    assert!(status.success());

    let show = || printed(&decnet(&["session", "last", "--json", "--store", &url]));
    let before = show();
    let session: serde_json::Value = serde_json::from_str(&before).unwrap();
    assert_eq!((&session["term"], &session["term_cols"]), (&"xterm".into(), &90.into()));
    assert_eq!(
        (&session["total_keystrokes"], &session["kd_burst_ratio"]),
        (&8.into(), &0.0.into())
    );
    assert!(session["kd_iki_p50"].as_f64().unwrap() > 0.05);
    let rebuilt = decnet(&["rebuild", "--store", &url, "--data", running.data()]);
    assert!(rebuilt.status.success(), "{rebuilt:?}");
    assert_eq!(show(), before);
    let audit = printed(&decnet(&["audit", "--json", "--store", &url]));
    assert!(audit.contains("kd_iki_p50"));
}
