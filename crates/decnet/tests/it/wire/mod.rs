//! The wire beside the decoys, watched by the program while real clients and servers talk over it,
//! between two network namespaces.

mod cable;
mod floods;
mod paths;
mod programs;
mod trouble;

use crate::running::Running;
use decnet_testing::has_programs;
use decnet_testing::netns::Namespaces;
use nix::sys::signal::Signal;
use rusqlite::types::FromSql;
use std::fs::File;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// For what takes milliseconds on an idle machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// The decoy's address, and the peer's.
const DECOY: &str = "192.0.2.1";
const PEER: &str = "192.0.2.2";

/// A peer, a decoy's machine with the program and a real web server, and a cable.
struct Scene {
    namespaces: Namespaces,
    running: Running,
    children: Vec<Child>,
    home: TempDir,
}

impl Scene {
    /// `None` where something is not there, as it says; `programs` are wanted beside the usual ones.
    fn start(programs: &[&str]) -> Option<Self> {
        Self::start_with(programs, "")
    }

    /// The same, with more in the configuration.
    fn start_with(programs: &[&str], more: &str) -> Option<Self> {
        Self::start_over(programs, more, |_, _| Vec::new())
    }

    /// The same, with another cable, which is laid in a folder by programs that run.
    fn start_over(
        programs: &[&str],
        more: &str,
        lay: impl FnOnce(&Namespaces, &Path) -> Vec<Child>,
    ) -> Option<Self> {
        let usual = ["ip", "ethtool", "nginx", "openssl", "curl"];
        if !has_programs(&[&usual[..], programs].concat()) {
            return None;
        }
        let namespaces = Namespaces::new()?;
        let home = tempfile::tempdir().unwrap();
        let children = lay(&namespaces, home.path());
        for end in [&namespaces.decoy, &namespaces.peer] {
            // What is counted are segments as they are on a wire.
            namespaces.run(end, "ethtool -K veth0 tso off gso off gro off");
        }
        let config = format!("{more}[[decky]]\n[decky.ssh]\nlisten = [\"{DECOY}:22\"]\n");
        let running = namespaces.inside(&namespaces.decoy, || Running::start(&config));
        let mut scene = Self { namespaces, running, children, home };
        scene.serve();
        Some(scene)
    }

    /// Starts nginx in the decoy's machine: it is no decoy, and what is said to it is seen on the
    /// wire alone.
    fn serve(&mut self) {
        let home = self.home.path().display().to_string();
        let key = format!("{home}/key.pem");
        let certificate = format!("{home}/certificate.pem");
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"])
            .args(["-nodes", "-subj", "/CN=decoy.test", "-keyout", &key, "-out", &certificate])
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        let tls = |port: u16, version: &str| {
            format!(
                "server {{ listen {DECOY}:{port} ssl; ssl_protocols {version}; \
                 ssl_certificate {certificate}; ssl_certificate_key {key}; \
                 ssl_session_cache shared:s{port}:1m; \
                 location / {{ return 200 hidden; }} }}"
            )
        };
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {home}/{kind}; "))
            .concat();
        // What is uploaded is read whole before it is handed on over loopback.
        let config = format!(
            "daemon off; master_process off; pid {home}/pid; error_log {home}/errors;
             events {{}}
             http {{ access_log off; client_max_body_size 0; {temporary}
             server {{ listen {DECOY}:80;
                 location / {{ return 200 plain; }}
                 location /upload {{ proxy_pass http://127.0.0.1:8001/; }}
                 location /files/ {{ alias {home}/files/; }} }}
             server {{ listen 127.0.0.1:8001; location / {{ return 200 taken; }} }}
             server {{ listen {DECOY}:8002 http2; location / {{ return 200 frames; }} }}
             {} {} }}",
            tls(TLS_1_2, "TLSv1.2"),
            tls(TLS_1_3, "TLSv1.3"),
        );
        let file = format!("{home}/nginx.conf");
        std::fs::write(&file, config).unwrap();
        let errors = File::create(format!("{home}/errors")).unwrap();
        let nginx = self
            .command(&self.namespaces.decoy, "nginx")
            .args(["-e", "stderr", "-p", &home, "-c", &file])
            .stderr(errors)
            .spawn();
        self.children.push(nginx.unwrap());
        for address in [format!("{DECOY}:80"), format!("{DECOY}:{TLS_1_3}")] {
            let address: SocketAddr = address.parse().unwrap();
            self.until("nginx listens", || {
                let connect = || TcpStream::connect(address).is_ok();
                self.namespaces.inside(&self.namespaces.decoy, connect)
            });
        }
    }

    /// A command in one of the namespaces.
    fn command(&self, inside: &str, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", inside, program]).stdin(Stdio::null());
        command
    }

    /// What a program of the peer prints, which must succeed.
    #[track_caller]
    fn peer(&self, program: &str, arguments: &[&str]) -> String {
        let output = self.command(&self.namespaces.peer, program).args(arguments).output().unwrap();
        assert!(output.status.success(), "{program} {arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Waits until something is the case.
    #[track_caller]
    fn until(&self, what: &str, is_so: impl Fn() -> bool) {
        let end = Instant::now() + PATIENCE;
        while !is_so() {
            let errors = std::fs::read_to_string(self.home.path().join("errors"));
            assert!(Instant::now() < end, "{what}: {errors:?} {}", self.running.complaints());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// One of the kernel's counters of the peer.
    fn counter(&self, name: &str) -> i64 {
        let path = |end: &str| format!("/run/netns/{end}");
        assert!(Path::new(&path(&self.namespaces.peer)).exists());
        let text = self.peer("cat", &["/proc/net/snmp", "/proc/net/netstat"]);
        let mut lines = text.lines();
        while let (Some(names), Some(values)) = (lines.next(), lines.next()) {
            let at = names.split_whitespace().position(|found| found == name);
            if let Some(at) = at {
                return values.split_whitespace().nth(at).unwrap().parse().unwrap();
            }
        }
        panic!("no counter {name}: {text}");
    }

    /// A file of so many bytes.
    fn file(&self, bytes: usize) -> String {
        let path = self.home.path().join("upload");
        std::fs::write(&path, vec![0x5a; bytes]).unwrap();
        path.display().to_string()
    }

    /// Uploads so many bytes from the peer.
    #[track_caller]
    fn upload(&self, bytes: usize) {
        let file = self.file(bytes);
        let url = format!("http://{DECOY}/upload");
        let printed = self.peer("curl", &["-sS", "-H", "Expect:", "-T", &file, &url]);
        assert_eq!(printed, "taken");
    }

    /// Stops the program in order, after which all that was seen is in its database.
    #[track_caller]
    fn stop(&mut self) -> rusqlite::Connection {
        let (ended, _) = self.running.stop(Signal::SIGTERM);
        assert!(ended.success(), "{}", self.running.complaints());
        self.running.database()
    }

    /// The same, where the peer is the only attacker.
    #[track_caller]
    fn end(&mut self) -> rusqlite::Connection {
        self.end_with(&[PEER])
    }

    /// The same, where these are the attackers.
    #[track_caller]
    fn end_with(&mut self, attackers: &[&str]) -> rusqlite::Connection {
        let database = self.stop();
        let found: Vec<String> = all(&database, "select ip from attackers order by ip");
        assert_eq!(found, attackers, "{}", self.running.complaints());
        database
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

const TLS_1_2: u16 = 4_412;
const TLS_1_3: u16 = 4_413;

/// The first column of every row.
#[track_caller]
fn all<T: FromSql>(database: &rusqlite::Connection, sql: &str) -> Vec<T> {
    let mut statement = database.prepare(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(|row| row.unwrap_or_else(|error| panic!("{sql}: {error}"))).collect()
}

/// The first column of the only row.
#[track_caller]
fn one<T: FromSql>(database: &rusqlite::Connection, sql: &str) -> T {
    let mut rows = all(database, sql);
    assert_eq!(rows.len(), 1, "{sql}");
    rows.remove(0)
}

/// The first column of every row as JSON.
#[track_caller]
fn documents(database: &rusqlite::Connection, sql: &str) -> Vec<serde_json::Value> {
    all(database, sql)
        .into_iter()
        .map(|text: String| serde_json::from_str(&text).unwrap())
        .collect()
}
