//! OpenSSH's ssh, scp and sftp: all that they can agree on, and the ways to copy.

use super::{
    Bench, UP, asked, assert_is, disconnects, exchanges, idents, methods, requests, run, run_with,
    text, until_ended, windows, written,
};
use crate::support::Decoy;
use decnet_core::dialogue::ssh::Release;
use decnet_core::event::Answer;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// `None` where there is no OpenSSH.
fn bench(decoy: &Decoy) -> Option<Bench> {
    let bench = Bench::new(decoy, &["ssh", "scp", "sftp"])?;
    bench.script("ask", "#!/bin/sh\necho root\n");
    Some(bench)
}

fn openssh(bench: &Bench, program: &str, arguments: &[&str]) -> Command {
    let port = format!("Port={}", bench.port);
    let mut command = bench.command(program, &["-F", "/dev/null", "-o", &port]);
    for option in [
        "StrictHostKeyChecking=no",
        "UserKnownHostsFile=/dev/null",
        "NumberOfPasswordPrompts=1",
        "IdentityAgent=none",
        // Which sftp's batches forbid.
        "BatchMode=no",
    ] {
        command.args(["-o", option]);
    }
    if !["-v", "-W"].iter().any(|option| arguments.contains(option)) {
        command.args(["-o", "LogLevel=ERROR"]);
    }
    command
        .args(arguments)
        .env("SSH_ASKPASS", bench.file("ask"))
        .env("SSH_ASKPASS_REQUIRE", "force");
    command
}

/// The names of a list of ours, each of which Debian's client has.
async fn spoken(bench: &Bench, query: &str, ours: &str) -> Vec<String> {
    let known = text(&run(bench.command("ssh", &["-Q", query])).await.stdout);
    let names = ours.split(',').filter(|name| !name.starts_with("kex-strict-"));
    names
        .inspect(|name| assert!(known.lines().any(|line| line == *name), "no {name} here"))
        .map(ToOwned::to_owned)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn openssh_agrees_with_us_on_everything() {
    let decoy = Decoy::start().await;
    let Some(bench) = bench(&decoy) else { return };
    let ours = Release::nearest("");
    let kex = spoken(&bench, "kex", ours.kex).await;
    let keys = spoken(&bench, "HostKeyAlgorithms", ours.host_key).await;
    let ciphers = spoken(&bench, "cipher", ours.ciphers).await;
    let macs = spoken(&bench, "mac", ours.macs).await;
    assert_eq!((kex.len(), keys.len(), ciphers.len(), macs.len()), (11, 4, 6, 10));
    // Every exchange with every host key; beside them every cipher with every code, where a cipher
    // does not bring its own.
    let exchanges = kex.iter().flat_map(|kex| keys.iter().map(move |key| (kex, key)));
    let mut protections = Vec::new();
    for cipher in &ciphers {
        let codes = if cipher.ends_with("-ctr") { &macs[..] } else { &macs[..1] };
        protections.extend(codes.iter().map(|mac| (cipher, mac)));
    }
    assert_eq!(protections.len(), 33);
    let content: Arc<[u8]> = bench.up()[..100_000].into();
    std::fs::write(bench.file("small"), &content).unwrap();
    let mut running = JoinSet::new();
    let mut runs = 0;
    for ((kex, key), (cipher, mac)) in exchanges.zip(protections.iter().cycle()) {
        let options = [
            format!("KexAlgorithms={kex}"),
            format!("HostKeyAlgorithms={key}"),
            format!("Ciphers={cipher}"),
            format!("MACs={mac}"),
        ];
        let mut command = openssh(&bench, "ssh", &[]);
        for option in &options {
            command.args(["-o", option]);
        }
        command.args(["root@127.0.0.1", "cat"]);
        command.stdin(std::fs::File::open(bench.file("small")).unwrap());
        let content = Arc::clone(&content);
        running.spawn(async move {
            let output = run(command).await;
            assert!(output.status.success(), "{options:?}: {}", text(&output.stderr));
            assert!(output.stdout[..] == content[..], "{options:?}");
        });
        runs += 1;
        if running.len() == 4 {
            running.join_next().await.unwrap().unwrap();
        }
    }
    while let Some(done) = running.join_next().await {
        done.unwrap();
    }
    assert_eq!(runs, 44);
    until_ended(&decoy, runs).await;
    assert_eq!(decoy.anomalies(), []);
    decoy.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn openssh_copies_while_keys_change() {
    let decoy = Decoy::start().await;
    let Some(bench) = bench(&decoy) else { return };
    let up = bench.up();
    let rekey = ["-o", "RekeyLimit=1M", "-o", "Compression=yes"];
    std::fs::write(bench.file("batch"), "put up /root/up\nget /root/up down\n").unwrap();
    let mut sftp = openssh(&bench, "sftp", &rekey);
    sftp.args(["-q", "-b", "batch", "root@127.0.0.1"]);
    let output = run(sftp).await;
    assert!(output.status.success(), "{output:?}");
    assert!(bench.read("down") == up);
    for (way, to) in [(&["-O"][..], "root@127.0.0.1:/root/scp"), (&[], "root@127.0.0.1:/root/sftp")]
    {
        let mut scp = openssh(&bench, "scp", &rekey[..2]);
        scp.args(way).args(["-q", "up", to]);
        let output = run(scp).await;
        assert!(output.status.success(), "{output:?}");
    }
    until_ended(&decoy, 3).await;
    let exchanges = exchanges(&decoy);
    assert!(exchanges.iter().all(|(client, server)| *client >= 1 && *server == 0), "{exchanges:?}");
    let files = ["/root/up", "/root/scp", "/root/sftp"].map(|path| (path.to_owned(), UP as u64));
    assert_eq!(written(&decoy), files);
    assert!(asked(&decoy).contains(&"limits@openssh.com".to_owned()), "{:?}", asked(&decoy));
    assert_eq!(windows(&decoy), [(2_097_152, 32_768); 3]);
    decoy.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn openssh_reads_back_through_another_session() {
    let decoy = Decoy::start().await;
    let Some(bench) = bench(&decoy) else { return };
    let up = bench.up();
    let control = format!("ControlPath={}", bench.file("control"));
    let mut master = openssh(&bench, "ssh", &["-o", &control, "-M", "-N", "root@127.0.0.1"]);
    let mut master = master.spawn().unwrap();
    while !bench.path().join("control").exists() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    for way in [&["-O"][..], &[]] {
        for (from, to) in [("up", "root@127.0.0.1:/root/up"), ("root@127.0.0.1:/root/up", "down")] {
            let mut scp = openssh(&bench, "scp", &["-o", &control, "-q"]);
            scp.args(way).args([from, to]);
            let output = run(scp).await;
            assert!(output.status.success(), "{output:?}");
        }
        assert!(bench.read("down") == up);
        std::fs::remove_file(bench.file("down")).unwrap();
    }
    let output = run(openssh(&bench, "ssh", &["-o", &control, "-O", "exit", "decoy"])).await;
    assert!(output.status.success(), "{output:?}");
    master.wait().unwrap();
    until_ended(&decoy, 1).await;
    assert_eq!(windows(&decoy), [(2_097_152, 32_768); 4]);
    assert_eq!(requests(&decoy), Vec::<String>::new(), "a master may want more sessions");
    decoy.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn openssh_types_and_keeps_alive() {
    let decoy = Decoy::start().await;
    let Some(bench) = bench(&decoy) else { return };
    let alive = ["-o", "ServerAliveInterval=1", "-tt", "root@127.0.0.1"];
    let command = openssh(&bench, "ssh", &alive);
    let output = run_with(command, vec![(Duration::from_secs(3), b"uname\rexit 4\r")]).await;
    assert_eq!(output.status.code(), Some(4), "{output:?}");
    assert!(text(&output.stdout).contains("Linux"), "{output:?}");
    until_ended(&decoy, 1).await;
    let requests = requests(&decoy);
    assert_eq!(requests[..2], ["no-more-sessions@openssh.com", "keepalive@openssh.com"]);
    assert!(idents(&decoy)[0].starts_with("SSH-2.0-OpenSSH_"), "{:?}", idents(&decoy));
    assert_eq!(methods(&decoy), ["none", "password"]);
    assert_eq!(disconnects(&decoy), [(11, "disconnected by user".to_owned())]);
    // With a terminal it takes less at once.
    assert_eq!(windows(&decoy), [(1_048_576, 16_384)]);
    assert_is(&decoy, "OpenSSH");
    decoy.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn openssh_is_told_as_by_a_server_that_its_forward_failed() {
    let decoy = Decoy::start().await;
    let Some(bench) = bench(&decoy) else { return };
    let target = super::Target::new().await;
    let way = format!("127.0.0.1:{}", target.port());
    let output = run(openssh(&bench, "ssh", &["-W", &way, "root@127.0.0.1"])).await;
    assert_eq!(output.status.code(), Some(255));
    let words = "channel 0: open failed: connect failed: Connection refused\n\
                 stdio forwarding failed\n";
    let told = text(&output.stderr).replace('\r', "");
    assert!(told.ends_with(words), "{told}");
    let back = format!("0:{way}");
    let output = run(openssh(&bench, "ssh", &["-v", "-R", &back, "root@127.0.0.1", "uname"])).await;
    assert_eq!(text(&output.stdout), "Linux\n");
    assert!(text(&output.stderr).contains("Allocated port "), "{output:?}");
    until_ended(&decoy, 2).await;
    let (locals, remotes) = super::forwards(&decoy);
    assert_eq!((locals, remotes[0]), (vec![target.port().into()], Answer::Granted));
    target.stays_alone().await;
    decoy.stop().await;
}
