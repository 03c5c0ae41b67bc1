//! What real clients say on the wire: OpenSSH's, and curl with both versions of HTTP and of TLS.

use super::{DECOY, PATIENCE, PEER, Scene, TLS_1_2, TLS_1_3, all, documents, one};
use crate::running::{decnet, printed};
use std::collections::BTreeSet;
use std::fs::File;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;
use std::time::Instant;

#[test]
fn real_clients_become_rows() {
    let Some(mut scene) = Scene::start(&["ssh", "tcpdump"]) else { return };
    let status = printed(&decnet(&["status", "--data", scene.running.data()]));
    assert!(status.contains("wire    watched on veth0\n"), "{status}");
    assert!(scene.running.printed().contains("wire   watched on veth0\n"));

    // A witness.
    let seen = scene.home.path().join("tcpdump");
    let said = scene.home.path().join("tcpdump.said");
    let witness = scene
        .command(&scene.namespaces.decoy, "tcpdump")
        .args([
            "-i",
            "veth0",
            "-nn",
            "-S",
            "-l",
            "--immediate-mode",
            "tcp[tcpflags] & tcp-syn != 0",
        ])
        .stdout(File::create(&seen).unwrap())
        .stderr(File::create(&said).unwrap())
        .spawn();
    scene.children.push(witness.unwrap());
    scene.until("tcpdump listens", || {
        std::fs::read_to_string(&said).unwrap().contains("listening on")
    });

    ssh(&scene);
    let curl = |arguments: &[&str]| scene.peer("curl", &[&["-sS"], arguments].concat());
    assert_eq!(curl(&[&format!("http://{DECOY}/one")]), "plain");
    let url = format!("http://{DECOY}:8002/two");
    assert_eq!(curl(&["--http2-prior-knowledge", &url]), "frames");
    // Two connections in one run: the second resumes the session of the first.
    for port in [TLS_1_2, TLS_1_3] {
        let resolve = format!("decoy.test:{port}:{DECOY}");
        let url = format!("https://decoy.test:{port}/");
        let most = if port == TLS_1_2 { "1.2" } else { "1.3" };
        let arguments = ["-k", "--http1.1", "-H", "Connection: close", "--resolve", &resolve];
        let arguments = [&arguments[..], &["--tls-max", most, &url, &url]].concat();
        assert_eq!(curl(&arguments), "hiddenhidden");
    }
    // And one that takes tickets of TLS 1.2, which curl does not.
    let ticket = scene.home.path().join("ticket").display().to_string();
    for direction in ["-sess_out", "-sess_in"] {
        let connect = format!("{DECOY}:{TLS_1_2}");
        let name = ["-servername", "ticket.test"];
        let arguments = ["s_client", "-tls1_2", "-connect", &connect, direction, &ticket];
        scene.peer("openssl", &[&arguments[..], &name].concat());
    }
    let database = scene.end();

    // Each connection has its SYN and its end, with the numbers that the witness saw.
    let isns: BTreeSet<i64> =
        all(&database, "select isn from tcp_syn where side = 'client'").into_iter().collect();
    let begin = Instant::now();
    let mut text = String::new();
    let mut witnessed = BTreeSet::new();
    while witnessed.len() < 9 && begin.elapsed() < PATIENCE {
        text = std::fs::read_to_string(&seen).unwrap();
        let syns = text.lines().filter(|line| line.contains("Flags [S],"));
        witnessed = syns.map(|line| number(line, "seq ")).collect();
    }
    assert_eq!(isns, witnessed, "{text}");
    assert_eq!(isns.len(), 9);
    // A close_notify that comes when the server has closed already is answered with a reset.
    let ends: Vec<String> = all(&database, "select \"end\" from tcp_flow order by dst_port");
    assert_eq!(ends.len(), 9);
    assert!(ends.iter().all(|end| ["finished", "reset"].contains(&end.as_str())), "{ends:?}");
    for document in documents(&database, "select options from tcp_syn where side = 'client'") {
        let kinds: Vec<_> = document["options"].as_array().unwrap().iter().collect();
        let kinds: Vec<_> = kinds.iter().map(|option| option["kind"].as_u64().unwrap()).collect();
        assert_eq!(kinds, [2, 4, 8, 1, 3], "as every Linux since 2.4 sends them");
    }
    let row = "from attacker_behavior where attacker_uuid = (select uuid from attackers)";
    assert_eq!(one::<i64>(&database, &format!("select hop_distance {row}")), 0);
    assert_eq!(one::<String>(&database, &format!("select link_type {row}")), "Ethernet");
    assert_eq!(one::<String>(&database, &format!("select ecn {row}")), "none");
    let os: String = one(&database, &format!("select os_guess {row}"));
    assert!(os.starts_with("Linux"), "{os}");

    fingerprints(&database);
    requests(&database);
    resumption(&database);

    let shown = printed(&decnet(&["attacker", PEER, "--data", scene.running.data()]));
    assert!(shown.contains("decoy.test"), "{shown}");
    assert!(!shown.contains("hidden"), "{shown}");
}

/// The number behind a word.
fn number(line: &str, word: &str) -> i64 {
    let digits = line.split_once(word).unwrap().1;
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse().unwrap()
}

/// Logs in and runs a command, as `ssh` asks a program for the password.
fn ssh(scene: &Scene) {
    let ask = scene.home.path().join("ask");
    std::fs::write(&ask, "#!/bin/sh\necho root\n").unwrap();
    std::fs::set_permissions(&ask, std::fs::Permissions::from_mode(0o755)).unwrap();
    let output = scene
        .command(&scene.namespaces.peer, "ssh")
        .args(["-F", "/dev/null", "-o", "StrictHostKeyChecking=no", "-o", "LogLevel=ERROR"])
        .args(["-o", "UserKnownHostsFile=/dev/null", "-o", "IdentityFile=/dev/null"])
        .args([&format!("root@{DECOY}"), "id -u"])
        .env("SSH_ASKPASS", &ask)
        .env("SSH_ASKPASS_REQUIRE", "force")
        .env_remove("SSH_AUTH_SOCK")
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "0", "{output:?}");
}

fn fingerprints(database: &rusqlite::Connection) {
    let hashes = |kind: &str| -> Vec<String> {
        all(database, &format!("select hash from fingerprint where kind = '{kind}'"))
    };
    for kind in ["ja3", "ja3s", "ja4", "hassh", "hassh_server", "p0f", "h2_akamai"] {
        assert!(!hashes(kind).is_empty(), "{kind}");
    }
    // Begins of what the definition of JA4 has in clear: version, SNI, ALPN.
    let ja4 = hashes("ja4");
    assert!(ja4.iter().any(|hash| hash.starts_with("t13d") && hash.contains("h1_")), "{ja4:?}");
    // Both sides' lines, whoever saw them.
    let lines = |side: &str| -> BTreeSet<String> {
        let sql = format!(
            "select json_extract(fact, '$.ssh_ident.line') from journal where kind = 'ssh_ident' \
             and service = 'tcp' and json_extract(fact, '$.ssh_ident.side') = '{side}'"
        );
        all(database, &sql).into_iter().collect()
    };
    for side in ["client", "server"] {
        let lines = lines(side);
        assert!(lines.iter().all(|line| line.starts_with("SSH-2.0-OpenSSH_")), "{lines:?}");
        assert_eq!(lines.len(), 1, "{side}");
    }
}

#[cfg(feature = "ja4plus")]
fn ja4plus(database: &rusqlite::Connection) {
    for kind in ["ja4s", "ja4h", "ja4t"] {
        let sql = format!("select count(*) from fingerprint where kind = '{kind}'");
        assert!(one::<i64>(database, &sql) > 0, "{kind}");
    }
}

#[cfg(not(feature = "ja4plus"))]
fn ja4plus(_: &rusqlite::Connection) {}

fn requests(database: &rusqlite::Connection) {
    ja4plus(database);
    let requests: Vec<String> = all(
        database,
        "select method || ' ' || target || ' ' || version from http_request order by target",
    );
    assert_eq!(requests, ["GET /one 1.1", "GET /two 2"]);
}

/// A fresh client of TLS 1.3 sends a session identifier too, which resumes nothing.
fn resumption(database: &rusqlite::Connection) {
    let told = |port: u16| -> Vec<String> {
        let sql = format!(
            "select concat_ws(' ', sni, version, 'with', resumption ->> '$.offered.session_id', \
             iif(resumption ->> '$.offered.ticket', 'ticket', null), \
             iif(resumption ->> '$.offered.psk', 'psk', null), \
             'by', resumption ->> '$.accepted') \
             from tls_session where dst_port = {port} order by at"
        );
        all(database, &sql)
    };
    assert_eq!(
        told(TLS_1_2),
        [
            "decoy.test TLS 1.2 with none by nothing",
            "decoy.test TLS 1.2 with offered by session",
            "ticket.test TLS 1.2 with none by nothing",
            "ticket.test TLS 1.2 with offered ticket by session",
        ]
    );
    assert_eq!(
        told(TLS_1_3),
        [
            "decoy.test TLS 1.3 with unclear by nothing",
            "decoy.test TLS 1.3 with unclear psk by psk",
        ]
    );
}
