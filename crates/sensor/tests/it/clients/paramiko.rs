//! Paramiko, by a program of ours.

use super::{
    Bench, Target, UP, asked, assert_is, disconnects, exchanges, forwards, idents, methods, offers,
    requests, until_ended, windows, written,
};
use crate::support::Decoy;
use decnet_core::event::{Answer, SessionFact};

/// Debian's own Python, for which its packages are.
const PYTHON: [&str; 4] = ["/usr/bin/python3", "-W", "ignore", "with.py"];

/// `None` where the library is missing.
pub(super) fn bench(decoy: &Decoy, library: &str, program: &str) -> Option<Bench> {
    let bench = Bench::new(decoy, &["python3"])?;
    let mut python = bench.command(PYTHON[0], &["-W", "ignore", "-c"]);
    python.arg(format!("import {library}"));
    if !python.output().is_ok_and(|output| output.status.success()) {
        decnet_testing::skip(format_args!("no {library} for {}", PYTHON[0]));
        return None;
    }
    bench.script("with.py", program);
    Some(bench)
}

pub(super) async fn drive(bench: &Bench, scenario: &str, more: &str) -> String {
    bench.scenario(&PYTHON, scenario, more).await
}

fn with_paramiko(decoy: &Decoy) -> Option<Bench> {
    bench(decoy, "paramiko", include_str!("with_paramiko.py"))
}

#[tokio::test(flavor = "multi_thread")]
async fn paramiko_logs_in_and_runs() {
    let decoy = Decoy::start().await;
    let Some(bench) = with_paramiko(&decoy) else { return };
    let words = drive(&bench, "refused", "").await;
    assert_eq!(words, "refused 'Authentication failed.'\n");
    let ran = |compression: &str| {
        format!(
            "stdout b'Linux\\n'\nstderr b\"ls: cannot access '/nothere': No such file or \
             directory\\n\"\nstatus 2\ncipher 'aes128-ctr'\ncompression '{compression}'\n"
        )
    };
    assert_eq!(drive(&bench, "runs", "").await, ran("none"));
    assert_eq!(drive(&bench, "runs", "compressed").await, ran("zlib@openssh.com"));
    until_ended(&decoy, 3).await;
    assert!(idents(&decoy)[0].starts_with("SSH-2.0-paramiko_"), "{:?}", idents(&decoy));
    assert_eq!(methods(&decoy), ["password"; 3], "no none first");
    assert_eq!(disconnects(&decoy), []);
    assert_eq!(windows(&decoy), [(2_097_152, 32_768); 2]);
    assert!(offers(&decoy)[0].starts_with("curve25519-sha256@libssh.org,"), "{:?}", offers(&decoy));
    decoy.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn paramiko_types_and_keeps_alive() {
    let decoy = Decoy::start().await;
    let Some(bench) = with_paramiko(&decoy) else { return };
    assert_eq!(drive(&bench, "types", "").await, "typed True\nstatus 4\n");
    until_ended(&decoy, 1).await;
    assert!(requests(&decoy).contains(&"keepalive@lag.net".to_owned()), "{:?}", requests(&decoy));
    let kinds: Vec<&str> = decoy
        .session_facts()
        .iter()
        .filter_map(|fact| match fact {
            SessionFact::Pty { .. } => Some("pty"),
            SessionFact::ProgramStarted { .. } => Some("program"),
            SessionFact::Resize { .. } => Some("resize"),
            _ => None,
        })
        .collect();
    assert_eq!(kinds, ["pty", "program", "resize"]);
    assert_is(&decoy, "paramiko");
    decoy.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn paramiko_copies_while_keys_change() {
    let decoy = Decoy::start().await;
    let Some(bench) = with_paramiko(&decoy) else { return };
    let up = bench.up();
    let words = drive(&bench, "copies", "rekeys").await;
    assert!(words.starts_with("size 1500000\nnothere '[Errno 2] No such file'\n"), "{words}");
    assert!(words.ends_with("status 2\n"), "{words}");
    assert!(bench.read("down") == up);
    until_ended(&decoy, 1).await;
    assert!(exchanges(&decoy)[0].0 >= 2, "{:?}", exchanges(&decoy));
    let size = UP as u64;
    assert_eq!(written(&decoy), [("/root/up".into(), size), ("/root/again".into(), size)]);
    assert_eq!(windows(&decoy)[1], (100_000, 4_096));
    assert_eq!(asked(&decoy), ["init", "open", "stat"]);
    decoy.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn paramiko_is_refused_its_forwards() {
    let decoy = Decoy::start().await;
    let Some(bench) = with_paramiko(&decoy) else { return };
    let target = Target::new().await;
    let words = drive(&bench, "forwards", &target.port().to_string()).await;
    assert_eq!(words, "local (2, 'Connect failed')\nremote True\n");
    until_ended(&decoy, 1).await;
    assert_eq!(forwards(&decoy), (vec![target.port().into()], vec![Answer::Granted]));
    target.stays_alone().await;
    decoy.stop().await;
}
