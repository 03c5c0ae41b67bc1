//! libssh, by a program of ours that is compiled here.

use super::{
    Bench, LS, Target, UP, assert_is, disconnects, exchanges, forwards, idents, methods, offers,
    run, text, until_ended, windows, written,
};
use crate::support::Decoy;
use decnet_core::event::{Answer, PeerFact};

/// `None` where the library or a compiler is missing.
async fn bench(decoy: &Decoy) -> Option<Bench> {
    let bench = Bench::new(decoy, &["cc"])?;
    if !std::path::Path::new("/usr/include/libssh/libssh.h").exists() {
        decnet_testing::skip("no libssh-dev");
        return None;
    }
    std::fs::write(bench.file("with.c"), include_str!("with_libssh.c")).unwrap();
    let warnings = ["-Wall", "-Wno-deprecated-declarations", "-Werror"];
    let mut compiler = bench.command("cc", &warnings);
    compiler.args(["-o", "with", "with.c", "-lssh"]);
    let output = run(compiler).await;
    assert!(output.status.success(), "{}", text(&output.stderr));
    Some(bench)
}

async fn drive(bench: &Bench, scenario: &str, more: &str) -> String {
    bench.scenario(&[&bench.file("with")], scenario, more).await
}

#[tokio::test(flavor = "multi_thread")]
async fn libssh_logs_in_and_runs() {
    let decoy = Decoy::start().await;
    let Some(bench) = bench(&decoy).await else { return };
    let words = drive(&bench, "refused", "").await;
    let denied = "Access denied for 'password'. Authentication that can continue: \
                  publickey,password";
    assert_eq!(words, format!("refused 1 {denied}\n"));
    let ran = format!("stdout Linux\nstderr {LS}status 2\n");
    assert_eq!(drive(&bench, "runs", "").await, ran);
    assert_eq!(drive(&bench, "runs", "compressed").await, ran);
    until_ended(&decoy, 3).await;
    assert!(idents(&decoy)[0].starts_with("SSH-2.0-libssh_"), "{:?}", idents(&decoy));
    assert_eq!(methods(&decoy), ["password", "none", "password", "none", "password"]);
    // Its farewell goes out only where nothing was written shortly before.
    assert_eq!(disconnects(&decoy)[0], (11, "Bye Bye".to_owned()));
    assert_eq!(windows(&decoy), [(64_000, 32_768); 2]);
    let own = "diffie-hellman-group18-sha512,diffie-hellman-group16-sha512,\
               diffie-hellman-group-exchange-sha256,diffie-hellman-group14-sha256";
    assert!(offers(&decoy)[0].contains(own), "{:?}", offers(&decoy));
    assert_is(&decoy, "libssh");
    decoy.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn libssh_types_ignores_and_debugs() {
    let decoy = Decoy::start().await;
    let Some(bench) = bench(&decoy).await else { return };
    assert_eq!(drive(&bench, "types", "").await, "typed 1\nstatus 4\n");
    until_ended(&decoy, 1).await;
    assert!(decoy.peer_facts().iter().any(|fact| match fact {
        PeerFact::SshPackets { ignored, ignored_bytes, debugged, .. } =>
            (*ignored, *ignored_bytes, *debugged) == (1, 11, 1),
        _ => false,
    }));
    decoy.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn libssh_copies_while_keys_change() {
    let decoy = Decoy::start().await;
    let Some(bench) = bench(&decoy).await else { return };
    bench.up();
    let words = drive(&bench, "copies", "rekeys").await;
    let ran = format!("stdout Linux\nstderr {LS}status 2\n");
    assert_eq!(words, format!("sftp 1\nnothere 2\nscp 1\n{ran}"));
    until_ended(&decoy, 1).await;
    assert!(exchanges(&decoy)[0].0 >= 2, "{:?}", exchanges(&decoy));
    let size = UP as u64;
    assert_eq!(written(&decoy), [("/root/up".into(), size), ("/root/scp".into(), size)]);
    decoy.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn libssh_is_refused_its_forwards() {
    let decoy = Decoy::start().await;
    let Some(bench) = bench(&decoy).await else { return };
    let target = Target::new().await;
    let words = drive(&bench, "forwards", &target.port().to_string()).await;
    let refused = "local Channel opening failure: channel 43 error (2) Connection refused\n";
    assert_eq!(words, format!("{refused}remote 0 1\n"));
    until_ended(&decoy, 1).await;
    assert_eq!(forwards(&decoy), (vec![target.port().into()], vec![Answer::Granted]));
    target.stays_alone().await;
    decoy.stop().await;
}
