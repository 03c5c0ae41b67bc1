//! The whole way, with the client people use: OpenSSH's `ssh` in a terminal, then SQL.

use crate::running::Running;
use crate::terminal::Terminal;
use decnet_testing::has_programs;
use pty_process::blocking::Command;
use rusqlite::Connection;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Options that make a real client deterministic and keep it away from the user's own files.
fn options(running: &Running, dir: &Path) -> Vec<String> {
    let home = dir.display();
    let mut options: Vec<String> =
        ["-F", "/dev/null", "-p", &running.ssh_port().to_string()].map(String::from).into();
    for option in [
        "StrictHostKeyChecking=no",
        "UserKnownHostsFile=/dev/null",
        "LogLevel=ERROR",
        "IdentitiesOnly=yes",
        "SendEnv=LANG LC_*",
        "SetEnv=FOO=bar",
        &format!("IdentityFile={home}/id_ed25519"),
        &format!("IdentityFile={home}/id_rsa"),
    ] {
        options.extend(["-o".to_owned(), option.to_owned()]);
    }
    options
}

fn ssh(running: &Running, dir: &Path, more: &[&str]) -> Command {
    Command::new("ssh")
        .args(options(running, dir))
        .args(more)
        .env("TERM", "xterm-256color")
        .env("LANG", "de_DE.UTF-8")
        .env("LC_TIME", "en_GB.UTF-8")
        .env_remove("LC_ALL")
        .env_remove("SSH_AUTH_SOCK")
}

fn make_keys(dir: &Path) {
    for (name, kind, bits) in [("id_ed25519", "ed25519", "256"), ("id_rsa", "rsa", "2048")] {
        let status = std::process::Command::new("ssh-keygen")
            .args(["-q", "-N", "", "-t", kind, "-b", bits, "-C", "attacker@kali", "-f"])
            .arg(dir.join(name))
            .status();
        assert!(status.unwrap().success());
    }
}

/// An `ssh-agent` that ends with the test.
struct Agent {
    child: std::process::Child,
    socket: std::path::PathBuf,
}

impl Agent {
    fn start(dir: &Path) -> Self {
        let socket = dir.join("agent");
        let child = std::process::Command::new("ssh-agent")
            .args(["-D", "-a"])
            .arg(&socket)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let end = Instant::now() + Duration::from_secs(10);
        while !socket.exists() {
            assert!(Instant::now() < end, "no agent");
            std::thread::sleep(Duration::from_millis(10));
        }
        Self { child, socket }
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Gaps of a person: never the same twice in a row, some of them long. Milliseconds.
fn human_gaps() -> impl Iterator<Item = u64> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    std::iter::from_fn(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let spread = state % 1000;
        Some(if spread < 60 { 350 + spread * 4 } else { 60 + spread / 8 })
    })
}

fn log_in(terminal: &Terminal, secret: &str) {
    terminal.expect("password: ");
    terminal.forget();
    terminal.send(&format!("{secret}\n"));
}

/// Waits until a query gives a row, then returns its first column.
#[track_caller]
fn soon<T: rusqlite::types::FromSql>(db: &Connection, sql: &str) -> T {
    let end = Instant::now() + Duration::from_secs(10);
    loop {
        match db.query_row(sql, [], |row| row.get(0)) {
            Ok(value) => return value,
            Err(error) => assert!(Instant::now() < end, "{sql}: {error}"),
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[track_caller]
fn one<T: rusqlite::types::FromSql>(db: &Connection, sql: &str) -> T {
    db.query_row(sql, [], |row| row.get(0)).unwrap_or_else(|error| panic!("{sql}: {error}"))
}

#[test]
fn a_person_at_a_real_client_becomes_rows() {
    if !has_programs(&["ssh", "ssh-keygen", "ssh-agent"]) {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    make_keys(home.path());
    let agent = Agent::start(home.path());
    let running = Running::start("");
    let at = "root@127.0.0.1";
    let command = ssh(&running, home.path(), &["-A", at]).env("SSH_AUTH_SOCK", &agent.socket);
    let mut person = Terminal::start(command, 97, 31);
    log_in(&person, "wrong-secret");
    log_in(&person, "123456");
    person.expect("# ");

    let mut gaps = human_gaps();
    std::thread::sleep(Duration::from_millis(1_300));
    let text = "echo the other thing that is in there then and thereafter the theme\r";
    let mut keys: Vec<&str> = text.split_inclusive(|_| true).collect();
    // A person mistypes and mends it.
    keys.splice(10..10, ["x", "y", "\x7f", "\x7f"]);
    person.keys(&keys, &mut gaps);
    person.expect("then and thereafter the theme\r\n");
    person.resize(120, 40);
    std::thread::sleep(Duration::from_millis(2_300));
    let text = "whoami";
    person.keys(&text.split_inclusive(|_| true).collect::<Vec<_>>(), &mut gaps);
    person.keys(&["\x1b[D", "\x1b[C", "\x15"], &mut gaps);
    let text = "uname -a and then the other thing in the other house over there\r";
    person.keys(&text.split_inclusive(|_| true).collect::<Vec<_>>(), &mut gaps);
    std::thread::sleep(Duration::from_millis(1_700));
    person.send("echo a pasted line of text\r");
    person.expect("a pasted line of text\r\n");
    // A password prompt: echo goes off, and what is typed is nowhere.
    person.forget();
    std::thread::sleep(Duration::from_millis(1_400));
    person.send("passwd\r");
    person.expect("New password: ");
    person.keys(&["h", "u", "n", "t", "e", "r", "2", "\r"], &mut gaps);
    person.expect("etype new password: ");
    person.keys(&["h", "u", "n", "t", "e", "r", "2", "\r"], &mut gaps);
    person.expect("# ");
    person.keys(&["e", "x", "i", "t", "\r"], &mut gaps);
    person.wait();

    let db = running.database();
    let sid: String = soon(&db, "select sid from session_profile where total_keystrokes > 100");
    let of = |column: &str| format!("select {column} from session_profile where sid = '{sid}'");
    let text = |column: &str| -> String { one(&db, &of(column)) };
    let int = |column: &str| -> i64 { one(&db, &of(column)) };
    let real = |column: &str| -> f64 { one(&db, &of(column)) };

    // A: session environment.
    assert_eq!(text("term"), "xterm-256color");
    assert_eq!(text("locale"), "de_DE.UTF-8");
    let env: serde_json::Value = serde_json::from_str(&text("env")).unwrap();
    assert_eq!((&env["LC_TIME"], &env["FOO"]), (&"en_GB.UTF-8".into(), &"bar".into()));
    assert!(text("client_banner").starts_with("SSH-2.0-OpenSSH"));
    assert!(text("client_banner").ends_with(r"\x0d\x0a"));
    assert!(real("client_banner_s") >= 0.0);
    let banners: String = one(&db, "select ssh_client_banners from attacker_behavior");
    assert!(banners.contains(r"SSH-2.0-OpenSSH"));
    assert_eq!((int("term_cols"), int("term_rows"), int("resize_count")), (97, 31, 1));
    assert_eq!(text("term_px"), "0x0");
    let modes: serde_json::Value = serde_json::from_str(&text("term_modes")).unwrap();
    assert_eq!(modes["modes"]["ECHO"], 1);

    // B: keyboard and human.
    let keys = int("total_keystrokes");
    let kept: i64 = one(
        &db,
        &format!("select sum(json_array_length(instants_us)) from keystroke where sid='{sid}'"),
    );
    assert_eq!(kept, keys + 16, "hidden keys are instants of the stream, and of nothing else");
    let p50 = real("kd_iki_p50");
    assert!((0.04..0.4).contains(&p50), "{p50}");
    assert!(real("kd_iki_p95") > p50 && real("kd_iki_stdev") > 0.0 && real("kd_iki_mean") > 0.0);
    assert!(real("kd_enter_latency_p50") > 0.0);
    assert!(real("kd_enter_latency_p95") >= real("kd_enter_latency_p50"));
    assert!((0.0..0.6).contains(&real("kd_burst_ratio")));
    assert!(real("kd_think_ratio") > 0.05);
    let burst = int("kd_pause_hist_burst");
    let (think, distracted) = (int("kd_pause_hist_think"), int("kd_pause_hist_distracted"));
    assert!(burst > 50 && think > 0 && distracted > 0, "{burst} {think} {distracted}");
    assert!(burst + think + distracted < keys);
    assert!(real("kd_start_of_action_latency") > 1.0);
    let per_key = |n: f64| n / keys as f64;
    assert!((real("kd_ctrl_backspace") - per_key(2.0)).abs() < 1e-9);
    assert!((real("kd_ctrl_ukill") - per_key(1.0)).abs() < 1e-9);
    assert!((real("kd_arrow_rate") - per_key(2.0)).abs() < 1e-9);
    assert_eq!(real("kd_ctrl_wkill") + real("kd_ctrl_abort") + real("kd_ctrl_eof"), 0.0);
    assert!(int("kd_digraph_count") >= 100, "{}", int("kd_digraph_count"));
    assert_eq!(int("length(kd_digraph_simhash)"), 8);
    assert_eq!(int("length(kd_typist_vector)"), 32);
    assert_eq!(int("kd_table_version"), 1);
    assert!(text("kd_top_bigrams").starts_with("[[\"th\","), "{}", text("kd_top_bigrams"));
    assert!(int("paste_count") >= 1);
    assert_eq!(text("input_class"), "human", "{}", text("input_evidence"));
    assert!(real("session_duration_s") > 10.0);

    // What was done, and how.
    let row = |n: i64, column: &str| {
        format!("select {column} from session_command where sid = '{sid}' and n = {n}")
    };
    assert_eq!(one::<String>(&db, &row(2, "canonical")).split(' ').next(), Some("uname"));
    assert_eq!(one::<String>(&db, &row(2, "technique")), "T1082");
    assert_eq!(one::<String>(&db, &row(4, "line")), "passwd");
    assert_eq!(one::<String>(&db, &row(4, "sensitive")), "credentials");
    assert!(one::<f64>(&db, &row(1, "think_s")) > 1.0);
    assert!(one::<f64>(&db, &row(1, "enter_latency_s")) > 0.0);
    assert_eq!(one::<Option<f64>>(&db, &row(3, "enter_latency_s")), None, "it was pasted");
    assert_eq!(one::<i64>(&db, &row(1, "exit_status")), 0);
    let ended = row(1, "ended_at >= entered_at and entered_at > started_at");
    assert!(one::<bool>(&db, &ended));
    let typo: String = one(
        &db,
        "select typed || ' ' || became || ' ' || kind from session_typo where command = 1",
    );
    assert_eq!(typo, "oxy other substitution");
    assert!(real("cmd_think_p50") > 0.0 && real("cmd_think_p95") >= real("cmd_think_p50"));
    assert!(text("cmd_ngrams").contains("[\"echo uname\",1]"), "{}", text("cmd_ngrams"));
    assert_eq!((text("editors"), text("history_use")), ("[]".to_owned(), "{}".to_owned()));

    // C: SSH transport.
    let raw: String = one(&db, "select raw from fingerprint where kind = 'hassh'");
    assert!(raw.contains("curve25519-sha256") && raw.split(';').count() == 4);
    assert_eq!(one::<i64>(&db, "select length(hash) from fingerprint where kind = 'hassh'"), 32);
    let kex: String = one(&db, "select kex_order_raw from attacker_behavior");
    let kex: serde_json::Value = serde_json::from_str(&kex).unwrap();
    let offer = &kex[0];
    assert!(offer["markers"].to_string().contains("ext-info-c"));
    assert!(raw.starts_with(offer["kex_algorithms"].as_str().unwrap()));
    let offered: Vec<(String, Option<i64>)> = db
        .prepare("select key_type, bits from ssh_key order by offer")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(
        offered,
        [("ssh-ed25519".to_owned(), Some(256)), ("ssh-rsa".to_owned(), Some(2048))]
    );
    let fingerprint: String = one(&db, "select fingerprint from ssh_key where offer = 1");
    let listed = std::process::Command::new("ssh-keygen")
        .arg("-lf")
        .arg(home.path().join("id_ed25519"))
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&listed.stdout).contains(&fingerprint));
    assert_eq!(int("agent_forwarding"), 1);
    assert_eq!(int("dst_port"), i64::from(running.ssh_port()));
    let src: i64 = one(
        &db,
        &format!("select src_port from journal where kind='session_opened' and session='{sid}'"),
    );
    assert_eq!(int("src_port"), src);
    let tries: Vec<(String, Option<String>, String, Option<f64>)> = db
        .prepare("select method, secret, outcome, gap_s from auth_attempt order by id")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let methods: Vec<&str> = tries.iter().map(|(method, ..)| method.as_str()).collect();
    assert_eq!(methods, ["none", "publickey", "publickey", "password", "password"]);
    assert_eq!(tries[3].1.as_deref(), Some("wrong-secret"));
    assert_eq!((tries[3].2.as_str(), tries[4].2.as_str()), ("refused", "accepted"));
    assert_eq!(tries[0].3, None);
    assert!(tries[4].3.unwrap() > 0.0);
    assert_eq!(one::<i64>(&db, "select credential_count from attackers"), 2);
    assert_eq!(
        one::<i64>(&db, "select count(*) from credential where service = 'ssh' and user = 'root'"),
        2
    );

    let missing: i64 =
        one(&db, "select bounty_count - (select count(*) from bounty) from attackers");
    assert_eq!(missing, 0, "the count of bounties is that of the view");

    // What was typed unseen is nowhere: not in the store, not in the recording.
    let file: String = one(&db, &format!("select recording from session where sid = '{sid}'"));
    let recording = std::fs::read_to_string(running.recording(&file)).unwrap();
    let codes: std::collections::BTreeSet<&str> =
        recording.lines().skip(1).map(|line| line.split('"').nth(1).unwrap()).collect();
    assert_eq!(codes.into_iter().collect::<Vec<_>>(), ["i", "m", "o", "r"]);
    let typed: String = recording
        .lines()
        .skip(1)
        .map(|line| serde_json::from_str::<(f64, String, String)>(line).unwrap())
        .filter(|(_, code, _)| code == "i")
        .map(|(_, _, data)| data)
        .collect();
    assert!(typed.contains("passwd\r") && !typed.contains("hunter2") && !typed.contains("hunter"));
    let seen: i64 = one(&db, "select count(*) from journal where fact like '%hunter%'");
    assert_eq!(seen, 0);
    let hidden: i64 = one(&db, "select count(*) from journal where kind = 'hidden_input'");
    assert!(hidden > 0);
    assert!(!typed.contains("123456") && !recording.contains("123456"));
}

#[test]
fn multiplexed_channels_forwards_and_commands_become_rows() {
    if !has_programs(&["ssh"]) {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let running = Running::start("");
    let control = home.path().join("mux");
    let control = control.to_str().unwrap();
    let at = "admin@127.0.0.1";
    let nowhere = home.path().join("gone");
    let forward = free_port();
    let command = ssh(
        &running,
        &nowhere,
        &[
            "-M",
            "-S",
            control,
            "-L",
            &format!("{forward}:db.example:3306"),
            "-R",
            "0:10.0.0.1:22",
            at,
        ],
    );
    let mut master = Terminal::start(command, 80, 24);
    log_in(&master, "admin");
    master.expect("$ ");

    let run = |line: &str| {
        std::process::Command::new("ssh")
            .args(["-F", "/dev/null", "-S", control, at, line])
            .output()
            .unwrap()
    };
    let output = run("echo out; echo err >&2; exit 7");
    assert_eq!(output.status.code(), Some(7));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "out\n");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "err\n");
    let output = run("echo $SSH_CLIENT; echo $SSH_CONNECTION");
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let port = running.ssh_port().to_string();
    assert!(stdout.lines().all(|line| line.starts_with("127.0.0.1 ") && line.ends_with(&port)));

    // Through the forwarded port: recorded, refused, and nothing is connected anywhere.
    let mut through = std::net::TcpStream::connect(("127.0.0.1", forward)).unwrap();
    through.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let read = std::io::Read::read(&mut through, &mut [0; 16]);
    assert!(matches!(read, Ok(0) | Err(_)), "{read:?}");
    master.send("exit\r");
    master.wait();

    let db = running.database();
    let rows = |sql: &str| -> Vec<(String, Option<String>, Option<i64>)> {
        db.prepare(sql)
            .unwrap()
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .unwrap()
            .map(Result::unwrap)
            .collect()
    };
    let end = Instant::now() + Duration::from_secs(10);
    while one::<i64>(&db, "select count(*) from session_profile") < 3 {
        assert!(Instant::now() < end, "three sessions close");
        std::thread::sleep(Duration::from_millis(50));
    }
    let sessions = rows("select program, command, exit_status from session order by opened_at");
    let programs: Vec<&str> = sessions.iter().map(|(program, ..)| program.as_str()).collect();
    assert_eq!(programs, ["shell", "exec", "exec"]);
    assert_eq!(sessions[1].1.as_deref(), Some("echo out; echo err >&2; exit 7"));
    assert_eq!(sessions[1].2, Some(7));
    let channels = rows("select kind, target_host, target_port from session_channel order by id");
    assert!(channels.contains(&("direct-tcpip".into(), Some("db.example".into()), Some(3306))));
    assert!(channels.iter().any(|(kind, ..)| kind == "tcpip-forward"), "{channels:?}");
    let open: i64 =
        one(&db, "select count(*) from session_channel where closed_at is null and channel >= 0");
    assert_eq!(open, 0, "every channel has an end");
    let connections: i64 = one(&db, "select count(distinct connection) from session");
    assert_eq!(connections, 1, "one connection carried all sessions");
    let most: i64 = one(&db, "select max(channels_max) from session_profile");
    assert!(most >= 2, "{most}");
    let commands: String = one(&db, "select commands from attackers");
    assert!(commands.contains("echo out; echo err"));
}

#[test]
fn a_file_that_is_brought_is_kept_and_gives_away_its_key() {
    if !has_programs(&["scp", "ssh-keygen"]) {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    make_keys(home.path());
    let key = home.path().join("id_ed25519.pub");
    let running = Running::start("");
    let mut options = options(&running, &home.path().join("gone"));
    for option in options.iter_mut().filter(|option| *option == "-p") {
        "-P".clone_into(option);
    }
    let command = Command::new("scp")
        .args(options)
        .arg(&key)
        .arg("root@127.0.0.1:/root/.ssh/authorized_keys");
    let mut client = Terminal::start(command, 80, 24);
    log_in(&client, "123456");
    client.wait();
    let db = running.database();
    let hash: String = soon(&db, "select lower(hex(sha256)) from artifact");
    let told: (i64, String, String) = db
        .query_row("select size, mime, keeping from artifact", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .unwrap();
    let bytes = std::fs::read(&key).unwrap();
    let size = i64::try_from(bytes.len()).unwrap();
    assert_eq!(told, (size, "text/plain".to_owned(), "kept".to_owned()));
    let kept =
        Path::new(running.data()).join("quarantine").join(hash.get(..2).unwrap()).join(&hash);
    assert_eq!(std::fs::read(&kept).unwrap(), bytes);
    let mode = std::os::unix::fs::PermissionsExt::mode(&kept.metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    let planted: String =
        one(&db, "select source || ' ' || comment from ssh_key where source like 'planted%'");
    assert!(planted.starts_with("planted_s") && planted.ends_with(" attacker@kali"), "{planted}");
}

#[test]
fn a_script_is_called_one() {
    if !has_programs(&["ssh"]) {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let running = Running::start("");
    let mut script = Terminal::start(ssh(&running, home.path(), &["ubuntu@127.0.0.1"]), 80, 24);
    log_in(&script, "ubuntu");
    script.expect("$ ");
    for line in ["whoami", "uname -a", "id", "uptime", "cat /proc/cpuinfo"] {
        script.forget();
        script.send(&format!("{line}\r"));
        script.expect("$ ");
    }
    script.send("exit\r");
    script.wait();
    let db = running.database();
    let class: String = soon(&db, "select input_class from session_profile");
    assert_eq!(class, "scripted");
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
