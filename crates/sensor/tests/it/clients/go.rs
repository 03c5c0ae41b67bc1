//! Go's golang.org/x/crypto/ssh, by a program of ours that is built here.

use super::{
    Bench, LS, Target, UP, assert_is, disconnects, exchanges, forwards, idents, methods, offers,
    requests, run, text, until_ended, windows, written,
};
use crate::support::Decoy;
use decnet_core::event::Answer;
use tokio::sync::OnceCell;

/// The program, built once: Go compiles its library first.
static BUILT: OnceCell<Option<tempfile::TempDir>> = OnceCell::const_new();

async fn build() -> Option<tempfile::TempDir> {
    if !decnet_testing::has_programs(&["go"]) {
        return None;
    }
    let library = "/usr/share/gocode/src/golang.org/x/crypto/ssh";
    if !std::path::Path::new(library).exists() {
        decnet_testing::skip("no golang-golang-x-crypto-dev");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("with.go"), include_str!("with_go.go")).unwrap();
    let mut go = std::process::Command::new("go");
    go.args(["build", "-o", "with", "with.go"])
        .current_dir(folder.path())
        .env("GOPATH", "/usr/share/gocode")
        .env("GO111MODULE", "off")
        .env("GOCACHE", folder.path().join("cache"))
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    let output = run(go).await;
    assert!(output.status.success(), "{}", text(&output.stderr));
    Some(folder)
}

/// `None` where the library or its compiler is missing.
async fn bench(decoy: &Decoy) -> Option<(Bench, String)> {
    let built = BUILT.get_or_init(build).await.as_ref()?;
    let program = built.path().join("with").into_os_string().into_string().unwrap();
    Some((Bench::new(decoy, &[])?, program))
}

#[tokio::test(flavor = "multi_thread")]
async fn go_logs_in_and_runs() {
    let decoy = Decoy::start().await;
    let Some((bench, program)) = bench(&decoy).await else { return };
    let words = bench.scenario(&[&program], "refused", "").await;
    let denied = "ssh: handshake failed: ssh: unable to authenticate, attempted methods \
                  [none password], no supported methods remain";
    assert_eq!(words, format!("refused {denied:?}\n"));
    let words = bench.scenario(&[&program], "runs", "").await;
    assert_eq!(words, format!("stdout {:?}\nstderr {LS:?}\nstatus \"2\"\n", "Linux\n"));
    until_ended(&decoy, 2).await;
    assert_eq!(idents(&decoy), ["SSH-2.0-Go"; 2]);
    assert_eq!(methods(&decoy), ["none", "password", "none", "password"]);
    assert_eq!(disconnects(&decoy), []);
    assert_eq!(windows(&decoy), [(2_097_152, 32_768)]);
    assert!(!offers(&decoy)[0].contains("diffie-hellman-group-exchange"), "{:?}", offers(&decoy));
    assert_is(&decoy, "Go");
    decoy.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn go_types_and_asks_whether_we_live() {
    let decoy = Decoy::start().await;
    let Some((bench, program)) = bench(&decoy).await else { return };
    let words = bench.scenario(&[&program], "types", "").await;
    assert_eq!(words, "alive \"false <nil>\"\ntyped \"true\"\nstatus \"4\"\n");
    until_ended(&decoy, 1).await;
    assert_eq!(requests(&decoy), ["keepalive@golang.org"]);
    decoy.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn go_copies_while_keys_change() {
    let decoy = Decoy::start().await;
    let Some((bench, program)) = bench(&decoy).await else { return };
    let up = bench.up();
    let words = bench.scenario(&[&program], "copies", "rekeys").await;
    let begin = format!("answers {:?}\nhead {:?}\n", "[0 0 0]", "C0644 1500000 up\n");
    assert!(words.starts_with(&begin) && words.ends_with("status \"2\"\n"), "{words}");
    assert!(bench.read("down") == up);
    until_ended(&decoy, 1).await;
    assert!(exchanges(&decoy)[0].0 >= 2, "{:?}", exchanges(&decoy));
    assert_eq!(written(&decoy), [("/root/up".into(), UP as u64)]);
    decoy.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn go_is_refused_its_forwards() {
    let decoy = Decoy::start().await;
    let Some((bench, program)) = bench(&decoy).await else { return };
    let target = Target::new().await;
    let words = bench.scenario(&[&program], "forwards", &target.port().to_string()).await;
    let refused = "ssh: rejected: connect failed (Connection refused)";
    assert_eq!(words, format!("local {refused:?}\nremote \"true\"\n"));
    until_ended(&decoy, 1).await;
    assert_eq!(forwards(&decoy), (vec![target.port().into()], vec![Answer::Granted]));
    target.stays_alone().await;
    decoy.stop().await;
}
