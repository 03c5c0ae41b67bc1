//! `AsyncSSH`, by a program of ours.

use super::paramiko::{bench, drive};
use super::{
    Bench, Target, UP, assert_is, disconnects, exchanges, forwards, idents, methods, offers,
    requests, until_ended, windows, written,
};
use crate::support::Decoy;
use decnet_core::event::Answer;

fn with_asyncssh(decoy: &Decoy) -> Option<Bench> {
    bench(decoy, "asyncssh", include_str!("with_asyncssh.py"))
}

#[tokio::test(flavor = "multi_thread")]
async fn asyncssh_logs_in_and_runs() {
    let decoy = Decoy::start().await;
    let Some(bench) = with_asyncssh(&decoy) else { return };
    assert_eq!(drive(&bench, "refused", "").await, "refused 'Permission denied'\n");
    let ran = |compression: &str| {
        format!(
            "stdout b'Linux\\n'\nstderr b\"ls: cannot access '/nothere': No such file or \
             directory\\n\"\nstatus 2\ncipher 'chacha20-poly1305@openssh.com'\n\
             compression '{compression}'\n"
        )
    };
    // It prefers compression, unlike everybody else but dropbear.
    assert_eq!(drive(&bench, "runs", "").await, ran("zlib@openssh.com"));
    assert_eq!(drive(&bench, "runs", "only").await, ran("zlib@openssh.com"));
    until_ended(&decoy, 3).await;
    assert!(idents(&decoy)[0].starts_with("SSH-2.0-AsyncSSH_"), "{:?}", idents(&decoy));
    assert_eq!(methods(&decoy)[..2], ["none", "password"]);
    let end = (11, "Disconnected by application".to_owned());
    assert!(disconnects(&decoy).ends_with(&[end.clone(), end]), "{:?}", disconnects(&decoy));
    assert_eq!(windows(&decoy), [(2_097_152, 32_768); 2]);
    assert!(offers(&decoy)[0].contains(",ecdh-sha2-1.3.132.0.10,"), "{:?}", offers(&decoy));
    assert_is(&decoy, "AsyncSSH");
    decoy.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn asyncssh_types_and_keeps_alive() {
    let decoy = Decoy::start().await;
    let Some(bench) = with_asyncssh(&decoy) else { return };
    assert_eq!(drive(&bench, "types", "").await, "typed True\nstatus 4\n");
    until_ended(&decoy, 1).await;
    let alive = "keepalive@openssh.com".to_owned();
    assert!(requests(&decoy).contains(&alive), "{:?}", requests(&decoy));
    decoy.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn asyncssh_copies_while_keys_change() {
    let decoy = Decoy::start().await;
    let Some(bench) = with_asyncssh(&decoy) else { return };
    let up = bench.up();
    let words = drive(&bench, "copies", "rekeys").await;
    assert!(words.starts_with("size 1500000\nnothere 'No such file'\nhead True\n"), "{words}");
    assert!(words.ends_with("status 2\n"), "{words}");
    assert!(bench.read("down") == up && bench.read("down.scp") == up);
    until_ended(&decoy, 1).await;
    assert!(exchanges(&decoy)[0].0 >= 2, "{:?}", exchanges(&decoy));
    let size = UP as u64;
    assert_eq!(written(&decoy), [("/root/up".into(), size), ("/root/scp".into(), size)]);
    assert!(windows(&decoy).contains(&(65_536, 1_024)), "{:?}", windows(&decoy));
    decoy.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn asyncssh_is_refused_its_forwards() {
    let decoy = Decoy::start().await;
    let Some(bench) = with_asyncssh(&decoy) else { return };
    let target = Target::new().await;
    let words = drive(&bench, "forwards", &target.port().to_string()).await;
    assert_eq!(words, "local (2, 'Connection refused')\nremote True\n");
    until_ended(&decoy, 1).await;
    let (locals, remotes) = forwards(&decoy);
    assert_eq!(locals, [u32::from(target.port())]);
    assert_eq!(remotes[0], Answer::Granted);
    target.stays_alone().await;
    decoy.stop().await;
}
