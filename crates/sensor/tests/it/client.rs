//! With russh as the client.

use crate::support::{Client, Decoy, connect, log_in};
use decnet_core::event::{
    Anomaly, Answer, AuthOutcome, CloseCause, KeyProof, PeerFact, Program, SessionFact, WindowSize,
};
use decnet_core::octets::Octets;
use russh::client::Msg;
use russh::keys::{Algorithm, PrivateKey, PrivateKeyWithHashAlg};
use russh::{Channel, ChannelMsg, Disconnect, MethodKind, Pty, Sig};
use std::sync::Arc;
use std::time::Duration;

async fn shell(client: &Client) -> Channel<Msg> {
    let channel = client.channel_open_session().await.unwrap();
    let modes = [(Pty::VERASE, 127), (Pty::ECHO, 1), (Pty::TTY_OP_ISPEED, 38_400)];
    channel.request_pty(true, "xterm-256color", 120, 40, 960, 800, &modes).await.unwrap();
    channel.request_shell(true).await.unwrap();
    channel
}

/// Everything that the channel says until it is closed.
async fn read(channel: &mut Channel<Msg>) -> (Vec<u8>, Vec<u8>, Option<u32>, Vec<&'static str>) {
    let (mut output, mut errors, mut status, mut order) =
        (Vec::new(), Vec::new(), None, Vec::new());
    while let Some(message) = channel.wait().await {
        match message {
            ChannelMsg::Data { data } => output.extend_from_slice(&data),
            ChannelMsg::ExtendedData { data, ext: 1 } => errors.extend_from_slice(&data),
            ChannelMsg::ExitStatus { exit_status } => {
                status = Some(exit_status);
                order.push("status");
            }
            ChannelMsg::Eof => order.push("eof"),
            ChannelMsg::Close => order.push("close"),
            ChannelMsg::Success => order.push("success"),
            ChannelMsg::Failure => order.push("failure"),
            _ => {}
        }
    }
    (output, errors, status, order)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_and_a_shell_are_facts_from_first_to_last() {
    let decoy = Decoy::start().await;
    let client = log_in(&decoy).await;
    let mut channel = shell(&client).await;
    decoy.until("prompt", |decoy| decoy.session_facts().contains(&SessionFact::Prompt {})).await;
    for key in b"uname\r" {
        channel.data(&[*key][..]).await.unwrap();
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    decoy
        .until("two prompts", |decoy| {
            decoy.session_facts().iter().filter(|fact| **fact == SessionFact::Prompt {}).count()
                == 2
        })
        .await;
    channel.window_change(200, 50, 0, 0).await.unwrap();
    channel.signal(Sig::INT).await.unwrap();
    channel.data(&b"exit 3\r"[..]).await.unwrap();
    let (output, _, status, order) = read(&mut channel).await;
    assert!(String::from_utf8_lossy(&output).contains("Linux"), "{output:?}");
    assert_eq!(status, Some(3));
    assert_eq!(order, ["success", "success", "status", "eof", "close"]);
    client.disconnect(Disconnect::ByApplication, "", "").await.unwrap();
    assert_eq!(decoy.until_closed().await, CloseCause::Peer);

    let facts = decoy.session_facts();
    let size = WindowSize { cols: 120, rows: 40, px_width: 960, px_height: 800 };
    let modes = vec![3, 0, 0, 0, 127, 53, 0, 0, 0, 1, 128, 0, 0, 0x96, 0, 0];
    assert!(facts.iter().any(|fact| match fact {
        SessionFact::Pty { term, size: asked, modes: sent } =>
            term.as_bytes() == b"xterm-256color" && *asked == size && sent.0 == modes,
        _ => false,
    }));
    assert!(facts.contains(&SessionFact::ProgramStarted { program: Program::Shell }));
    let resized = WindowSize { cols: 200, rows: 50, px_width: 0, px_height: 0 };
    assert!(facts.contains(&SessionFact::Resize { size: resized }));
    assert!(facts.contains(&SessionFact::Signal { name: Octets::from("INT") }));
    assert!(facts.contains(&SessionFact::Command { line: Octets::from("uname") }));
    assert!(facts.contains(&SessionFact::CommandDone { status: 0 }));
    assert_eq!(decoy.input(), b"uname\rexit 3\r");
    let keys = facts.iter().filter(|fact| matches!(fact, SessionFact::Input { .. })).count();
    assert!(keys >= 7, "each key is a fact of its own: {keys}");
    assert_eq!(decoy.session_causes(), [(CloseCause::Exit, Some(3))]);
    assert!(facts.iter().any(|fact| matches!(fact, SessionFact::Recorded { .. })));
    assert_eq!(decoy.recordings.bytes('i'), b"uname\rexit 3\r");
    assert_eq!(decoy.recordings.bytes('r'), b"200x50");
    assert!(decoy.recordings.bytes('m').starts_with(b"promptprompt"));
    assert!(decoy.recordings.bytes('o').starts_with(&output[..20]));
    let header = decoy.recordings.headers.lock().unwrap()[0].clone();
    assert_eq!((header.cols, header.rows), (120, 40));
    assert_eq!(header.term.as_deref(), Some("xterm-256color"));
    assert_eq!(header.title.as_deref(), Some("root@decky-01"));
    assert_eq!(decoy.anomalies(), []);
    let order: Vec<&str> = decoy.events().iter().map(decnet_core::event::Event::kind).collect();
    assert_eq!(order[..4], ["connection_opened", "ssh_ident", "ssh_kex_init", "auth_attempt"]);
    decoy.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_offer_of_a_client_is_kept_in_order() {
    let decoy = Decoy::start().await;
    let client = connect(&decoy).await;
    decoy
        .until("KEXINIT", |decoy| {
            decoy.peer_facts().iter().any(|fact| matches!(fact, PeerFact::SshKexInit { .. }))
        })
        .await;
    let facts = decoy.peer_facts();
    let Some(PeerFact::SshKexInit { lists, .. }) =
        facts.iter().find(|fact| matches!(fact, PeerFact::SshKexInit { .. }))
    else {
        panic!("{facts:#?}");
    };
    let kex = lists[0].to_string();
    assert!(kex.starts_with("mlkem768x25519-sha256,curve25519-sha256,"), "{kex}");
    assert!(kex.ends_with("kex-strict-c-v00@openssh.com"), "{kex}");
    assert!(lists[2].to_string().starts_with("chacha20-poly1305@openssh.com,"));
    drop(client);
    assert_eq!(decoy.until_closed().await, CloseCause::Peer);
    decoy.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_credentials_are_kept_and_stay_refused() {
    let decoy = Decoy::start().await;
    let mut client = connect(&decoy).await;
    let none = client.authenticate_none("root").await.unwrap();
    let russh::client::AuthResult::Failure { remaining_methods, .. } = none else { panic!() };
    assert_eq!(&remaining_methods[..], [MethodKind::PublicKey, MethodKind::Password]);
    for _ in 0..2 {
        let result = client.authenticate_password("root", "wrong").await.unwrap();
        let russh::client::AuthResult::Failure { remaining_methods, .. } = result else { panic!() };
        assert_eq!(&remaining_methods[..], [MethodKind::PublicKey, MethodKind::Password]);
    }
    assert!(client.authenticate_password("root", "123456").await.unwrap().success());
    decoy.until("login", |decoy| decoy.kinds("auth_attempt") == 4).await;
    let tries: Vec<(String, String, Vec<String>, AuthOutcome)> = decoy
        .peer_facts()
        .into_iter()
        .filter_map(|fact| match fact {
            PeerFact::AuthAttempt { method, user, secrets, outcome } => Some((
                method.to_string(),
                user.to_string(),
                secrets.iter().map(ToString::to_string).collect(),
                outcome,
            )),
            _ => None,
        })
        .collect();
    let try_of = |method: &str, secrets: &[&str], outcome| {
        let secrets = secrets.iter().map(ToString::to_string).collect();
        (method.to_owned(), "root".to_owned(), secrets, outcome)
    };
    let expected = [
        try_of("none", &[], AuthOutcome::Refused),
        try_of("password", &["wrong"], AuthOutcome::Refused),
        try_of("password", &["wrong"], AuthOutcome::Refused),
        try_of("password", &["123456"], AuthOutcome::Accepted),
    ];
    assert_eq!(tries, expected);
    decoy.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_refused_and_kept_in_order() {
    let decoy = Decoy::start().await;
    let mut client = connect(&decoy).await;
    let mut blobs = Vec::new();
    for _ in 0..2 {
        let mut random = russh::keys::key::safe_rng();
        let key = PrivateKey::random(&mut random, Algorithm::Ed25519).unwrap();
        blobs.push(key.public_key().to_bytes().unwrap());
        let key = PrivateKeyWithHashAlg::new(Arc::new(key), None);
        assert!(!client.authenticate_publickey("root", key).await.unwrap().success());
    }
    decoy.until("keys", |decoy| decoy.kinds("key_offered") == 2).await;
    let offered: Vec<Vec<u8>> = decoy
        .peer_facts()
        .into_iter()
        .filter_map(|fact| match fact {
            PeerFact::KeyOffered { user, algorithm, key, proof, outcome } => {
                assert_eq!(user.as_bytes(), b"root");
                assert_eq!(algorithm.as_bytes(), b"ssh-ed25519");
                assert_eq!((proof, outcome), (KeyProof::Asked, AuthOutcome::Refused));
                Some(key.0)
            }
            _ => None,
        })
        .collect();
    assert_eq!(offered, blobs);
    decoy.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_has_two_outputs_and_a_status() {
    let decoy = Decoy::start().await;
    let client = log_in(&decoy).await;
    let mut channel = client.channel_open_session().await.unwrap();
    channel.exec(true, "ls /nothere").await.unwrap();
    let (output, errors, status, order) = read(&mut channel).await;
    assert_eq!(String::from_utf8_lossy(&output), "");
    let words = "ls: cannot access '/nothere': No such file or directory\n";
    assert_eq!(String::from_utf8_lossy(&errors), words);
    assert_eq!(status, Some(2));
    assert_eq!(order, ["success", "eof", "status", "close"]);
    decoy.until("end", |decoy| !decoy.session_causes().is_empty()).await;
    let facts = decoy.session_facts();
    let program = Program::Exec(Octets::from("ls /nothere"));
    assert!(facts.contains(&SessionFact::ProgramStarted { program }));
    assert!(facts.contains(&SessionFact::Command { line: Octets::from("ls /nothere") }));
    let header = decoy.recordings.headers.lock().unwrap()[0].clone();
    assert_eq!(header.command.as_deref(), Some("ls /nothere"));
    assert_eq!((header.cols, header.rows), (80, 24));
    decoy.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_sshd_has_not_is_refused_and_kept() {
    let decoy = Decoy::start().await;
    let client = log_in(&decoy).await;
    let mut channel = client.channel_open_session().await.unwrap();
    channel.set_env(true, "LANG", "de_DE.UTF-8").await.unwrap();
    channel.set_env(true, "LC_ALL", "C").await.unwrap();
    channel.set_env(true, "FOO", "bar").await.unwrap();
    channel.agent_forward(true).await.unwrap();
    channel.request_x11(true, false, "MIT-MAGIC-COOKIE-1", "00", 0).await.unwrap();
    channel.request_subsystem(true, "nothere").await.unwrap();
    let mut answers = Vec::new();
    while answers.len() < 6 {
        match channel.wait().await.unwrap() {
            ChannelMsg::Success => answers.push(true),
            ChannelMsg::Failure => answers.push(false),
            _ => {}
        }
    }
    assert_eq!(answers, [true, true, false, true, true, false]);
    decoy
        .until("subsystem", |decoy| {
            let program = Program::Subsystem(Octets::from("nothere"));
            decoy.session_facts().contains(&SessionFact::ProgramRefused { program })
        })
        .await;
    let facts = decoy.session_facts();
    let env = |name: &str, value: &str, answer| SessionFact::Env {
        name: Octets::from(name),
        value: Octets::from(value),
        answer,
    };
    assert!(facts.contains(&env("LANG", "de_DE.UTF-8", Answer::Granted)));
    assert!(facts.contains(&env("LC_ALL", "C", Answer::Granted)));
    assert!(facts.contains(&env("FOO", "bar", Answer::Refused)));
    assert!(facts.contains(&SessionFact::AgentForwarding { answer: Answer::Granted }));
    channel.close().await.unwrap();
    decoy.until("end", |decoy| !decoy.session_causes().is_empty()).await;
    assert_eq!(decoy.session_causes(), [(CloseCause::Peer, None)]);
    assert_eq!(decoy.anomalies(), []);
    decoy.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn forwards_are_kept_and_go_nowhere() {
    let target = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = u32::from(target.local_addr().unwrap().port());
    let decoy = Decoy::start().await;
    let client = log_in(&decoy).await;
    let refused = client.channel_open_direct_tcpip("127.0.0.1", port, "10.0.0.9", 5_555).await;
    assert!(refused.is_err());
    assert!(client.channel_open_direct_streamlocal("/run/docker.sock").await.is_err());
    assert!(client.channel_open_x11("10.0.0.9", 6_000).await.is_err());
    let granted = client.tcpip_forward("0.0.0.0", 0).await.unwrap();
    assert!((32_768..=61_000).contains(&granted), "{granted}");
    let bound =
        tokio::net::TcpStream::connect(("127.0.0.1", u16::try_from(granted).unwrap())).await;
    assert!(bound.is_err());
    assert_eq!(client.tcpip_forward("localhost", 8_080).await.unwrap(), 0);
    assert!(client.tcpip_forward("localhost", 8_080).await.is_err());
    assert!(client.cancel_tcpip_forward("localhost", 8_080).await.is_ok());
    assert!(client.cancel_tcpip_forward("localhost", 8_080).await.is_err());
    let nobody = tokio::time::timeout(Duration::from_millis(100), target.accept()).await;
    assert!(nobody.is_err(), "the decoy connected to something");
    decoy.until("forwards", |decoy| decoy.kinds("forward_requested") == 5).await;
    let facts = decoy.peer_facts();
    let opened: Vec<String> = facts
        .iter()
        .filter_map(|fact| match fact {
            PeerFact::ChannelOpened { kind, target, originator, answer, .. } => {
                assert_eq!(*answer, Answer::Refused);
                let shown = |target: &Option<decnet_core::event::Target>| {
                    target.as_ref().map_or("-".to_owned(), |at| format!("{}:{}", at.host, at.port))
                };
                Some(format!("{kind} {} {}", shown(target), shown(originator)))
            }
            _ => None,
        })
        .collect();
    let expected = [
        format!("direct-tcpip 127.0.0.1:{port} 10.0.0.9:5555"),
        "direct-streamlocal@openssh.com /run/docker.sock:0 -".to_owned(),
        "x11 - 10.0.0.9:6000".to_owned(),
    ];
    assert_eq!(opened, expected);
    decoy.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_end_with_the_program() {
    let decoy = Decoy::start().await;
    let client = log_in(&decoy).await;
    let _first = shell(&client).await;
    let _second = shell(&client).await;
    decoy
        .until("prompts", |decoy| {
            decoy.session_facts().iter().filter(|fact| **fact == SessionFact::Prompt {}).count()
                == 2
        })
        .await;
    let counters = Arc::clone(&decoy.counters);
    let open =
        |counter: &std::sync::atomic::AtomicU64| counter.load(std::sync::atomic::Ordering::Relaxed);
    assert_eq!((open(&counters.sessions_open), open(&counters.connections_open)), (2, 1));
    let events = decoy.stop().await;
    assert_eq!((open(&counters.sessions_open), open(&counters.connections_open)), (0, 0));
    assert_eq!((open(&counters.sessions_total), open(&counters.logins)), (2, 1));
    let shutdowns = events
        .iter()
        .filter(|event| event.fact_json().unwrap().contains(r#""cause":"shutdown""#))
        .count();
    assert_eq!(shutdowns, 3);
    let recorded = events.iter().filter(|event| event.kind() == "recorded").count();
    assert_eq!(recorded, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_is_being_thought_over_does_not_hold_up_the_end() {
    let decoy = Decoy::start_with(|settings| settings.timing.refuse_ms = 30_000..=30_000).await;
    let mut client = connect(&decoy).await;
    let trying = tokio::spawn(async move { client.authenticate_password("root", "no").await });
    decoy
        .until("try", |decoy| {
            decoy.peer_facts().iter().any(|fact| matches!(fact, PeerFact::AuthAttempt { .. }))
        })
        .await;
    decoy.stop().await;
    let result = trying.await.unwrap();
    assert!(!result.is_ok_and(|result| result.success()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_that_cannot_be_is_told() {
    let decoy = Decoy::start().await;
    let client = log_in(&decoy).await;
    for (cols, rows) in [(0, 0), (4_000_000_000, 4_000_000_000)] {
        let mut channel = client.channel_open_session().await.unwrap();
        channel.request_pty(true, "xterm", cols, rows, 0, 0, &[]).await.unwrap();
        channel.request_shell(true).await.unwrap();
        channel.window_change(rows, cols, 0, 0).await.unwrap();
        channel.data(&b"uname\rexit\r"[..]).await.unwrap();
        let (output, _, status, _) = read(&mut channel).await;
        assert_eq!(status, Some(0), "{:?}", String::from_utf8_lossy(&output));
        assert!(String::from_utf8_lossy(&output).contains("Linux"));
    }
    decoy.until_anomalies(&[Anomaly::WindowSizeAbsurd]).await;
    decoy.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_is_gone_ends_its_sessions() {
    let decoy = Decoy::start().await;
    let client = log_in(&decoy).await;
    let channel = shell(&client).await;
    decoy.until("prompt", |decoy| decoy.kinds("prompt") == 1).await;
    drop((channel, client));
    assert_eq!(decoy.until_closed().await, CloseCause::Peer);
    assert_eq!(decoy.session_causes(), [(CloseCause::Peer, None)]);
    assert_eq!(decoy.kinds("recorded"), 1);
    assert_eq!(decoy.anomalies(), []);
    decoy.stop().await;
}
