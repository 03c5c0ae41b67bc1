//! `PuTTY`'s plink, pscp and psftp.

use super::{
    Bench, LS, Target, UP, assert_is, exchanges, forwards, idents, methods, offers, requests, run,
    run_with, text, until_ended, windows, written,
};
use crate::support::Decoy;
use decnet_core::event::{Answer, PeerFact};
use std::process::Command;
use std::time::Duration;

/// A bench with a session that `PuTTY` has saved: each of its programs can load it.
async fn bench(decoy: &Decoy, settings: &str) -> Option<Bench> {
    let bench = Bench::new(decoy, &["plink", "pscp", "psftp", "ssh-keyscan", "ssh-keygen"])?;
    // It takes no key that it was not told.
    let mut scan = bench.command("ssh-keyscan", &["-t", "ed25519", "-p"]);
    scan.args([bench.port.to_string().as_str(), "127.0.0.1"]);
    let line = text(&run(scan).await.stdout);
    std::fs::write(bench.file("key"), line.split_once(' ').unwrap().1).unwrap();
    let print = run(bench.command("ssh-keygen", &["-l", "-f", "key"])).await;
    let print = text(&print.stdout).split(' ').nth(1).unwrap().to_owned();
    std::fs::create_dir_all(bench.path().join(".putty/sessions")).unwrap();
    let session = format!(
        "Protocol=ssh\nHostName=127.0.0.1\nPortNumber={}\nUserName=root\n{settings}",
        bench.port
    );
    std::fs::write(bench.file(".putty/sessions/decoy"), session).unwrap();
    std::fs::write(bench.file("print"), print).unwrap();
    Some(bench)
}

fn putty(bench: &Bench, program: &str, secret: &str, arguments: &[&str]) -> Command {
    let print = text(&bench.read("print"));
    let mut command = bench.command(program, &["-batch", "-pw", secret, "-hostkey", &print]);
    // pscp has the session's name before its path, and would take it for a host's.
    if program != "pscp" {
        command.args(["-load", "decoy"]);
    }
    command.args(arguments);
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn putty_logs_in_and_runs() {
    let decoy = Decoy::start().await;
    let Some(bench) = bench(&decoy, "").await else { return };
    let output = run(putty(&bench, "plink", "wrong", &["uname"])).await;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let words = text(&output.stderr);
    assert!(words.contains("Access denied"), "{words}");
    assert!(words.contains("Configured password was not accepted"), "{words}");
    for compression in [&[][..], &["-C"][..]] {
        let command = [compression, &["uname; ls /nothere"]].concat();
        let output = run(putty(&bench, "plink", "root", &command)).await;
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert_eq!(text(&output.stdout), "Linux\n");
        assert!(text(&output.stderr).ends_with(LS), "{output:?}");
    }
    until_ended(&decoy, 4).await;
    let idents = idents(&decoy);
    assert!(idents[1..].iter().all(|line| line.starts_with("SSH-2.0-PuTTY_")), "{idents:?}");
    assert!(offers(&decoy)[1].contains(",curve448-sha512,"), "{:?}", offers(&decoy));
    assert_eq!(methods(&decoy)[..2], ["none", "password"]);
    assert_eq!(requests(&decoy), ["simple@putty.projects.tartarus.org"; 2]);
    assert_eq!(windows(&decoy), [(0x7fff_ffff, 16_384); 2]);
    // A password goes with padding of its own.
    let facts = decoy.peer_facts();
    let hidden = facts.iter().filter(|fact| match fact {
        PeerFact::SshPackets { ignored, ignored_bytes, .. } => *ignored > 0 && *ignored_bytes > 60,
        _ => false,
    });
    assert_eq!(hidden.count(), 3);
    assert_is(&decoy, "PuTTY");
    decoy.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn putty_types_and_keeps_alive() {
    let decoy = Decoy::start().await;
    let Some(bench) = bench(&decoy, "PingInterval=0\nPingIntervalSecs=1\n").await else { return };
    let command = putty(&bench, "plink", "root", &["-t"]);
    let output = run_with(command, vec![(Duration::from_secs(3), b"uname\rexit 4\r")]).await;
    assert_eq!(output.status.code(), Some(4), "{output:?}");
    assert!(text(&output.stdout).contains("Linux"), "{output:?}");
    until_ended(&decoy, 2).await;
    // It asks nothing: an IGNORE that is empty says that it lives.
    assert!(decoy.peer_facts().iter().any(|fact| match fact {
        PeerFact::SshPackets { ignored, .. } => *ignored >= 2,
        _ => false,
    }));
    decoy.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn putty_copies_while_keys_change() {
    let decoy = Decoy::start().await;
    let Some(bench) = bench(&decoy, "RekeyBytes=256K\n").await else { return };
    let up = bench.up();
    std::fs::write(bench.file("batch"), "put up /root/up\nget /root/up down\n").unwrap();
    let output = run(putty(&bench, "psftp", "root", &["-b", "batch"])).await;
    assert!(output.status.success(), "{output:?}");
    assert!(bench.read("down") == up);
    for (way, to) in [("-sftp", "decoy:/root/sftp"), ("-scp", "decoy:/root/scp")] {
        let output = run(putty(&bench, "pscp", "root", &["-q", way, "up", to])).await;
        assert!(output.status.success(), "{output:?}");
    }
    until_ended(&decoy, 4).await;
    let size = UP as u64;
    let files = ["/root/up", "/root/sftp", "/root/scp"].map(|path| (path.to_owned(), size));
    assert_eq!(written(&decoy), files);
    let exchanges = exchanges(&decoy);
    assert!(exchanges[1..].iter().all(|(client, _)| *client >= 2), "{exchanges:?}");
    decoy.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn putty_is_refused_its_forwards() {
    let decoy = Decoy::start().await;
    let Some(bench) = bench(&decoy, "").await else { return };
    let target = Target::new().await;
    let way = format!("127.0.0.1:{}", target.port());
    let output = run(putty(&bench, "plink", "root", &["-nc", &way])).await;
    let words = text(&output.stderr);
    assert!(words.contains("Connect failed [Connection refused]"), "{words}");
    // A port of its own choice, since it takes none of ours.
    let free = Target::new().await;
    let back = format!("{}:{way}", free.port());
    drop(free);
    let output = run(putty(&bench, "plink", "root", &["-v", "-R", &back, "uname"])).await;
    let words = text(&output.stderr);
    assert!(words.contains("Remote port forwarding from "), "{words}");
    until_ended(&decoy, 3).await;
    assert_eq!(forwards(&decoy), (vec![target.port().into()], vec![Answer::Granted]));
    target.stays_alone().await;
    decoy.stop().await;
}
