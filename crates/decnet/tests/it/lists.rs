//! Lists and details over a store that was filled by hand.

use crate::running::{command, complaint, decnet, printed};
use decnet_core::event::{
    About, AuthOutcome, CloseCause, ConnectionId, Event, Origin, PeerFact, Program, Service,
    SessionFact, SessionId, Timestamp,
};
use decnet_core::octets::Octets;
use decnet_store::{Engine, StoreUrl};
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;
use uuid::Uuid;

/// 2026-11-22T04:35:52Z.
const BEGIN_US: i64 = 1_795_322_152_000_000;
const HOSTILE: &[u8] = b"root\x1b]0;owned\x07\x9b2J\xe2\x80\xaetxt";

/// Events of one address: two sessions, the second with a hostile user and never closed.
fn events() -> Vec<Event> {
    let mut events = Vec::new();
    for n in 1..=2_u128 {
        let origin = Arc::new(Origin {
            decky: "decky-01".into(),
            service: Service::Ssh,
            connection: ConnectionId(Uuid::from_u128(n)),
            peer: format!("192.0.2.7:{}", 4_000 + n).parse().unwrap(),
            local: "127.0.0.1:2222".parse().unwrap(),
        });
        let user = if n == 1 { Octets::from("root") } else { Octets::from(HOSTILE) };
        let begin = BEGIN_US + i64::try_from(n).unwrap() * 60_000_000;
        let mut at = begin;
        let mut next = || {
            at += 250_000;
            Timestamp::from_us(at)
        };
        for fact in [
            PeerFact::ConnectionOpened {},
            PeerFact::AuthAttempt {
                method: "password".into(),
                user: user.clone(),
                secrets: vec!["123456".into()],
                outcome: AuthOutcome::Accepted,
            },
        ] {
            events.push(Event { at: next(), about: About::Peer { origin: origin.clone(), fact } });
        }
        let session = SessionId(Uuid::from_u128(0xabcd_0000_0000_0000_0000_0000_0000_0000 + n));
        let mut facts = vec![
            SessionFact::SessionOpened { channel: 0, user },
            SessionFact::ProgramStarted { program: Program::Shell },
            SessionFact::Prompt {},
        ];
        let keys = b"uname -a\r".iter();
        facts.extend(keys.map(|key| SessionFact::Input { bytes: Octets(vec![*key]) }));
        facts.push(SessionFact::Command { line: "uname -a".into() });
        if n == 1 {
            facts.push(SessionFact::SessionClosed { cause: CloseCause::Exit, status: Some(0) });
        }
        for fact in facts {
            let about = About::Session { origin: origin.clone(), session, fact };
            events.push(Event { at: next(), about });
        }
    }
    events
}

fn filled() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("decnet.db");
    let mut engine = Engine::open(&StoreUrl::from(database.as_path())).unwrap();
    engine.commit(&events()).unwrap();
    folder
}

fn run(folder: &Path, arguments: &[&str]) -> String {
    let data = folder.to_str().unwrap();
    printed(&command(arguments).args(["--data", data]).output().unwrap())
}

fn json(folder: &Path, arguments: &[&str]) -> serde_json::Value {
    serde_json::from_str(&run(folder, &[arguments, &["--json"]].concat())).unwrap()
}

#[test]
fn sessions_are_listed_the_latest_first() {
    let folder = filled();
    insta::assert_snapshot!(run(folder.path(), &["sessions"]));
    let page = json(folder.path(), &["sessions", "--limit", "1"]);
    assert_eq!(
        (&page["total"], &page["limit"], &page["offset"]),
        (&2.into(), &1.into(), &0.into())
    );
    assert_eq!(page["data"].as_array().unwrap().len(), 1);
    let total = |arguments: &[&str]| json(folder.path(), arguments)["total"].as_u64().unwrap();
    assert_eq!(total(&["sessions", "--open"]), 1);
    assert_eq!(total(&["sessions", "--user", "root"]), 1);
    assert_eq!(total(&["sessions", "--source", "::ffff:192.0.2.7"]), 2);
    assert_eq!(total(&["sessions", "--source", "192.0.2.8"]), 0);
    assert_eq!(total(&["sessions", "--since", "2026-11-22T04:37:30Z"]), 1);
    assert_eq!(total(&["sessions", "--until", "2026-11-22"]), 0);
}

#[test]
fn every_table_fits_the_screen_it_is_shown_on() {
    use unicode_width::UnicodeWidthStr as _;
    let folder = filled();
    let data = folder.path().to_str().unwrap();
    for width in [30_usize, 60, 80, 132] {
        for arguments in
            [&["sessions"][..], &["attackers"], &["logs"], &["audit"], &["session", "abcd"]]
        {
            // Of the two sessions that begin so, neither can be meant.
            if arguments.len() == 2 {
                continue;
            }
            let output = command(arguments)
                .args(["--data", data])
                .env("COLUMNS", width.to_string())
                .output()
                .unwrap();
            let text = printed(&output);
            // The notes below a table are sentences, and break where the terminal breaks them.
            let table = text.split("\n\n").next().unwrap();
            if arguments != ["audit"] || width >= 60 {
                for line in table.lines() {
                    assert!(line.width() <= width, "{arguments:?} at {width}: {line:?}");
                }
            }
        }
    }
}

#[test]
fn a_session_shows_every_signal_with_its_unit() {
    let folder = filled();
    let sid = "abcd0000-0000-0000-0000-000000000001";
    let shown = run(folder.path(), &["session", sid]);
    for line in [
        "session abcd0000-0000-0000-0000-000000000001",
        "    ip                          192.0.2.7",
        "A. Session environment",
        "A1  TERM",
        "    term                        not observed",
        "B2  Inter-key interval",
        "    kd_iki_mean                 0.25  [s]",
        "    total_keystrokes            9  [keystrokes while echo was on]",
        "B10 Think time between commands",
        "    cmd_think_p50               0.25  [s]",
        "    n  begun                think_s  line      enter_latency_s  technique  flags  canonical",
        "    1  2026-11-22 04:36:53  0.25     uname -a  0.25             T1082      -a     uname -a",
        "    sensitive_pause_ratio       not observed",
        "    cmd_ngrams                  {\"1\":[[\"uname\",1]],\"2\":[],\"3\":[]}  [{1, 2, 3: [[names, count]]}, at most 32 each]",
        "B14 Typos",
        "    session_typo                none",
        "    history_use                 {}  [{kind: count}]",
        "    artifact                    none",
        "C8  Authentication behaviour",
        "    decky     service  attempt  at                           method    user  secret  outcome",
        "    [attempt: number in its connection, from 1]",
    ] {
        assert!(shown.lines().any(|shown| shown == line), "no {line:?} in {shown}");
    }
    let object = json(folder.path(), &["session", sid]);
    assert_eq!(object["sid"], sid);
    assert_eq!(object["total_keystrokes"], 9);
    assert_eq!(object["kd_iki_mean"], 0.25);
    assert_eq!(object["auth_attempts"][0]["user"], "root");
    assert_eq!(object["commands"][0]["canonical"], "uname -a");
    assert_eq!(object["typos"], serde_json::json!([]));
    assert_eq!(object["keystroke"]["instants_us"].as_array().unwrap().len(), 9);
    let data = folder.path().to_str().unwrap();
    let check = |sid: &str, wanted: &str| {
        let line = complaint(&decnet(&["session", sid, "--data", data]), 1);
        assert!(line.contains(wanted), "{line}");
    };
    check("abcd", "more than one begins so");
    check("ffff", "no session's identifier begins so");
    check("nonsense", "not the beginning of a session's identifier");
    let last = json(folder.path(), &["session", "last"]);
    assert_eq!(last["sid"], "abcd0000-0000-0000-0000-000000000002");
    let line = complaint(&decnet(&["replay", "last", "--data", data]), 1);
    assert!(line.contains("it has not ended"), "{line}");
}

#[test]
fn attackers_are_listed_and_shown() {
    let folder = filled();
    insta::assert_snapshot!(run(folder.path(), &["attackers"]));
    let shown = run(folder.path(), &["attacker", "192.0.2.7"]);
    assert!(shown.contains("F11 Credentials"), "{shown}");
    let object = json(folder.path(), &["attacker", "192.0.2.7"]);
    assert_eq!(object["sessions"].as_array().unwrap().len(), 2);
    let data = folder.path().to_str().unwrap();
    let line = complaint(&decnet(&["attacker", "192.0.2.8", "--data", data]), 1);
    assert!(line.contains("never seen"), "{line}");
}

#[test]
fn the_journal_is_listed() {
    let folder = filled();
    let shown = run(folder.path(), &["logs", "--limit", "3"]);
    assert_eq!(shown.lines().count(), 5, "{shown}");
    let page = json(folder.path(), &["logs", "--kind", "auth_attempt"]);
    assert_eq!(page["total"], 2);
    let page = json(folder.path(), &["logs", "--session", "last", "--kind", "input"]);
    assert_eq!(page["total"], 9);
    let page = json(folder.path(), &["logs", "--after", "1", "--limit", "2"]);
    assert_eq!(page["data"][0]["id"], 2);
}

#[test]
fn nothing_that_a_peer_chose_moves_a_terminal() {
    let folder = filled();
    for arguments in [
        &["sessions"][..],
        &["session", "last"],
        &["attackers"],
        &["attacker", "192.0.2.7"],
        &["logs"],
        &["sessions", "--json"],
        &["session", "last", "--json"],
        &["attacker", "192.0.2.7", "--json"],
        &["logs", "--json"],
    ] {
        let shown = run(folder.path(), arguments);
        let bad = shown.chars().find(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}');
        assert_eq!(bad, None, "{arguments:?}");
        assert!(!shown.contains("\u{9b}"));
    }
}

#[test]
fn the_audit_counts_what_is_there() {
    let folder = filled();
    let audit = json(folder.path(), &["audit"]);
    assert_eq!(audit["counted"], true);
    let rows = |id: &str| {
        let data = audit["data"].as_array().unwrap();
        data.iter().find(|signal| signal["id"] == id).unwrap()["rows"].clone()
    };
    assert_eq!(rows("B2"), 1);
    assert_eq!(rows("C8"), 2);
    assert_eq!(rows("A1"), 0);
    assert_eq!(rows("D1"), 0);
    assert_eq!(rows("E7"), serde_json::Value::Null);
    // Fingerprints of one kind are none of another.
    assert_eq!(rows("E1"), 0);
}

#[test]
fn a_rebuild_gives_the_same_rows() {
    let folder = filled();
    let before = json(folder.path(), &["session", "abcd0000-0000-0000-0000-000000000001"]);
    let said = run(folder.path(), &["rebuild"]);
    assert!(said.starts_with("all rows are made anew from "), "{said}");
    let after = json(folder.path(), &["session", "abcd0000-0000-0000-0000-000000000001"]);
    assert_eq!(before, after);
}
