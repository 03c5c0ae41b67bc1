//! Dropbear's dbclient.

use super::{
    Bench, LS, Target, UP, assert_is, disconnects, forwards, idents, methods, offers, requests,
    run, run_with, text, until_ended, windows, written,
};
use crate::support::Decoy;
use decnet_core::event::{Answer, SessionFact};
use std::process::Command;
use std::time::Duration;

fn dbclient(bench: &Bench, secret: &str, arguments: &[&str]) -> Command {
    let port = bench.port.to_string();
    let mut command = bench.command("dbclient", &["-y", "-y", "-p", &port]);
    command.args(arguments).env("DROPBEAR_PASSWORD", secret);
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn dropbear_logs_in_and_runs() {
    let decoy = Decoy::start().await;
    let Some(bench) = Bench::new(&decoy, &["dbclient"]) else { return };
    let output = run(dbclient(&bench, "wrong", &["root@127.0.0.1", "uname"])).await;
    // What it exits with is 0.
    assert!(text(&output.stderr).ends_with("exited: Disconnect received\n"), "{output:?}");
    let output = run(dbclient(&bench, "root", &["root@127.0.0.1", "uname; ls /nothere"])).await;
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert_eq!(text(&output.stdout), "Linux\n");
    assert!(text(&output.stderr).ends_with(LS), "{output:?}");
    until_ended(&decoy, 2).await;
    assert!(idents(&decoy)[0].starts_with("SSH-2.0-dropbear"), "{:?}", idents(&decoy));
    assert!(offers(&decoy)[0].contains(",kexguess2@matt.ucc.asn.au,"), "{:?}", offers(&decoy));
    // Refused once, it goes on with empty passwords.
    assert_eq!(methods(&decoy)[..3], ["none", "password", "password"]);
    assert_eq!(disconnects(&decoy), []);
    assert_eq!(windows(&decoy), [(24_576, 32_759)]);
    assert_is(&decoy, "dropbear");
    decoy.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dropbear_types_and_keeps_alive() {
    let decoy = Decoy::start().await;
    let Some(bench) = Bench::new(&decoy, &["dbclient", "script"]) else { return };
    // It wants a terminal on this side.
    let port = bench.port;
    let line = format!("dbclient -y -y -K 1 -p {port} root@127.0.0.1");
    let mut command = bench.command("script", &["-qec", &line, "/dev/null"]);
    command.env("DROPBEAR_PASSWORD", "root");
    let output = run_with(command, vec![(Duration::from_secs(2), b"uname\rexit 4\r")]).await;
    assert_eq!(output.status.code(), Some(4), "{output:?}");
    assert!(text(&output.stdout).contains("Linux"), "{output:?}");
    until_ended(&decoy, 1).await;
    let alive = "keepalive@openssh.com".to_owned();
    assert!(requests(&decoy).contains(&alive), "{:?}", requests(&decoy));
    assert!(decoy.session_facts().iter().any(|fact| match fact {
        SessionFact::Pty { term, modes, .. } => term.as_bytes() == b"vt220" && modes.0.len() > 100,
        _ => false,
    }));
    decoy.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dropbear_copies_by_scp_and_sftp() {
    let decoy = Decoy::start().await;
    let Some(bench) = Bench::new(&decoy, &["dbclient", "scp", "sftp"]) else { return };
    let up = bench.up();
    let way = bench.script("way", "#!/bin/sh\nexec dbclient -y -y \"$@\"\n");
    let port = bench.port.to_string();
    // OpenSSH's sftp, dropbear's transport: up and down in one connection.
    std::fs::write(bench.file("batch"), "put up /root/up\nget /root/up down\n").unwrap();
    let mut sftp = bench.command("sftp", &["-q", "-S", &way, "-P", &port, "-b", "batch"]);
    sftp.arg("root@127.0.0.1").env("DROPBEAR_PASSWORD", "root");
    let output = run(sftp).await;
    assert!(output.status.success(), "{output:?}");
    assert!(bench.read("down") == up);
    let mut scp = bench.command("scp", &["-q", "-O", "-S", &way, "-P", &port]);
    scp.args(["up", "root@127.0.0.1:/root/scp"]).env("DROPBEAR_PASSWORD", "root");
    let output = run(scp).await;
    assert!(output.status.success(), "{output:?}");
    until_ended(&decoy, 2).await;
    let size = UP as u64;
    assert_eq!(written(&decoy), [("/root/up".into(), size), ("/root/scp".into(), size)]);
    decoy.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dropbear_is_refused_its_forwards() {
    let decoy = Decoy::start().await;
    let Some(bench) = Bench::new(&decoy, &["dbclient"]) else { return };
    let target = Target::new().await;
    let way = format!("127.0.0.1:{}", target.port());
    let output = run(dbclient(&bench, "root", &["-B", &way, "root@127.0.0.1"])).await;
    assert!(text(&output.stderr).contains("closed."), "{output:?}");
    // The shell's end ends the forward with it.
    let back = format!("0:{way}");
    let output = run(dbclient(&bench, "root", &["-R", &back, "root@127.0.0.1", "uname"])).await;
    assert!(text(&output.stderr).contains("Allocated port "), "{output:?}");
    until_ended(&decoy, 2).await;
    assert_eq!(forwards(&decoy), (vec![target.port().into()], vec![Answer::Granted]));
    target.stays_alone().await;
    decoy.stop().await;
}
