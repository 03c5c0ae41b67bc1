//! libssh2, by way of curl.

use super::{
    Bench, UP, asked, assert_is, disconnects, idents, methods, offers, run, text, until_ended,
    windows, written,
};
use crate::support::Decoy;
use std::process::Command;

/// `None` where curl is missing or speaks no SFTP.
fn bench(decoy: &Decoy) -> Option<Bench> {
    let bench = Bench::new(decoy, &["curl"])?;
    let version = bench.command("curl", &["-V"]).output().unwrap();
    if !text(&version.stdout).contains(" sftp ") {
        decnet_testing::skip("a curl without sftp");
        return None;
    }
    Some(bench)
}

fn curl(bench: &Bench, secret: &str, arguments: &[&str], url: &str) -> Command {
    let mut curl = bench.command("curl", &["-sSk", "-u", &format!("root:{secret}")]);
    curl.args(arguments).arg(url.replace("HOST", &format!("127.0.0.1:{}", bench.port)));
    curl
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_copies_by_sftp_and_scp() {
    let decoy = Decoy::start().await;
    let Some(bench) = bench(&decoy) else { return };
    let output = run(curl(&bench, "wrong", &[], "sftp://HOST/etc/hostname")).await;
    assert_eq!(text(&output.stderr), "curl: (67) Authentication failure\n");
    let output = run(curl(&bench, "root", &[], "sftp://HOST/nothere")).await;
    assert_eq!(
        text(&output.stderr),
        "curl: (78) Could not open remote file for reading: No such file or directory\n"
    );
    let up = bench.up();
    let mut addresses = 2;
    for (way, compressed) in [("sftp", &[][..]), ("scp", &["--compressed-ssh"][..])] {
        // Up and down in one connection.
        let url = format!("{way}://HOST/root/{way}");
        let put = ["-T", "up"].iter().chain(compressed).copied().collect::<Vec<_>>();
        let mut both = curl(&bench, "root", &put, &url);
        both.args(["--next", "-sSk", "-u", "root:root", "-o", way]);
        both.arg(url.replace("HOST", &format!("127.0.0.1:{}", bench.port)));
        let output = run(both).await;
        assert!(output.status.success(), "{output:?}");
        assert!(bench.read(way) == up, "{way}");
        addresses += 1;
    }
    until_ended(&decoy, addresses).await;
    let size = UP as u64;
    assert_eq!(written(&decoy), [("/root/sftp".into(), size), ("/root/scp".into(), size)]);
    assert!(asked(&decoy).starts_with(&["init".into(), "realpath".into(), "open".into()]));
    assert!(idents(&decoy)[0].starts_with("SSH-2.0-libssh2_"), "{:?}", idents(&decoy));
    assert_eq!(methods(&decoy)[..2], ["none", "password"]);
    assert!(disconnects(&decoy).contains(&(11, "Shutdown".to_owned())));
    assert!(windows(&decoy).iter().all(|sizes| *sizes == (2_097_152, 32_768)));
    assert!(offers(&decoy)[0].ends_with(",diffie-hellman-group-exchange-sha1"));
    assert_is(&decoy, "libssh2");
    decoy.stop().await;
}
