//! What happens at each cap.

use crate::support::{Decoy, connect, log_in};
use decnet_core::event::{Anomaly, CloseCause, PeerFact, SessionFact};
use decnet_core::limits::{ENV_VALUE_BYTES, ENV_VARIABLES, SESSION_INPUT_KEPT_BYTES};
use russh::ChannelMsg;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

fn details(decoy: &Decoy, wanted: Anomaly) -> Vec<String> {
    let detail = |fact| match fact {
        PeerFact::Anomaly { what, detail } if what == wanted => Some(detail.to_string()),
        _ => None,
    };
    decoy.peer_facts().into_iter().filter_map(detail).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_variables_are_some_and_a_count() {
    let decoy = Decoy::start().await;
    let client = log_in(&decoy).await;
    let mut channel = client.channel_open_session().await.unwrap();
    for count in 0..10_000 {
        channel.set_env(false, format!("LC_{count}"), "x".repeat(count)).await.unwrap();
    }
    channel.exec(true, "uname").await.unwrap();
    while let Some(message) = channel.wait().await {
        assert!(!matches!(message, ChannelMsg::Failure));
    }
    decoy.until("count", |decoy| !details(decoy, Anomaly::TooManyEnv).is_empty()).await;
    assert_eq!(details(&decoy, Anomaly::TooManyEnv), [(10_000 - ENV_VARIABLES).to_string()]);
    assert_eq!(details(&decoy, Anomaly::TooManyRequests), ["4096"]);
    let kept =
        decoy.session_facts().iter().filter(|f| matches!(f, SessionFact::Env { .. })).count();
    assert_eq!(kept, ENV_VARIABLES);
    decoy.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_beyond_its_cap_is_cut_and_told() {
    let decoy = Decoy::start().await;
    let client = log_in(&decoy).await;
    let channel = client.channel_open_session().await.unwrap();
    channel.set_env(false, "LANG", "x".repeat(5_000)).await.unwrap();
    decoy
        .until("variable", |decoy| {
            decoy.session_facts().iter().any(|fact| match fact {
                SessionFact::Env { value, .. } => {
                    assert_eq!(value.as_bytes().len(), ENV_VALUE_BYTES);
                    true
                }
                _ => false,
            })
        })
        .await;
    decoy.until_anomalies(&[Anomaly::FieldTooLong]).await;
    assert_eq!(details(&decoy, Anomaly::FieldTooLong), ["5000"]);
    decoy.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_try_ends_the_connection() {
    let decoy = Decoy::start_with(|settings| settings.limits.auth_tries = 3).await;
    let mut client = connect(&decoy).await;
    // The first `none` is no failure.
    assert!(!client.authenticate_none("root").await.unwrap().success());
    for _ in 0..2 {
        assert!(!client.authenticate_password("root", "no").await.unwrap().success());
    }
    let _ = client.authenticate_password("root", "no").await;
    assert_eq!(decoy.until_closed().await, CloseCause::Limit);
    assert_eq!(decoy.anomalies(), [Anomaly::TooManyAuthAttempts]);
    let more = client.authenticate_password("root", "root").await;
    assert!(!more.is_ok_and(|result| result.success()));
    decoy.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_of_one_address_are_counted_and_given_back() {
    let decoy = Decoy::start_with(|settings| settings.limits.connections_per_address = 2).await;
    let first = TcpStream::connect(decoy.address).await.unwrap();
    let _second = TcpStream::connect(decoy.address).await.unwrap();
    let mut third = TcpStream::connect(decoy.address).await.unwrap();
    let mut words = String::new();
    third.read_to_string(&mut words).await.unwrap();
    assert_eq!(words, "Exceeded MaxStartups\r\n");
    assert_eq!(decoy.until_closed().await, CloseCause::Limit);
    assert_eq!(details(&decoy, Anomaly::TooManyConnections), ["2"]);
    drop(first);
    let open = || decoy.counters.connections_open.load(std::sync::atomic::Ordering::Relaxed);
    while open() == 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop(log_in(&decoy).await);
    decoy.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_sessions_at_once_and_no_more() {
    let decoy = Decoy::start().await;
    let client = log_in(&decoy).await;
    let mut channels = Vec::new();
    for _ in 0..10 {
        channels.push(client.channel_open_session().await.unwrap());
    }
    assert!(client.channel_open_session().await.is_err());
    decoy.until_anomalies(&[Anomaly::TooManyChannels]).await;
    channels.pop().unwrap().close().await.unwrap();
    decoy.until("end", |decoy| !decoy.session_causes().is_empty()).await;
    channels.push(client.channel_open_session().await.unwrap());
    decoy.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn channels_of_one_connection_have_an_end() {
    let decoy = Decoy::start().await;
    let client = log_in(&decoy).await;
    for _ in 0..1_100 {
        match client.channel_open_session().await {
            Ok(channel) => channel.close().await.unwrap(),
            Err(_) if client.is_closed() => break,
            Err(_) => tokio::task::yield_now().await,
        }
    }
    assert_eq!(decoy.until_closed().await, CloseCause::Limit);
    decoy.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_peer_is_closed() {
    let decoy =
        Decoy::start_with(|settings| settings.limits.idle = Duration::from_millis(200)).await;
    let client = log_in(&decoy).await;
    let channel = client.channel_open_session().await.unwrap();
    channel.request_pty(true, "xterm", 80, 24, 0, 0, &[]).await.unwrap();
    channel.request_shell(true).await.unwrap();
    assert_eq!(decoy.until_closed().await, CloseCause::Timeout);
    assert_eq!(decoy.session_causes(), [(CloseCause::Timeout, None)]);
    decoy.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_lasts_too_long_is_closed_alone() {
    let decoy =
        Decoy::start_with(|settings| settings.limits.session = Duration::from_millis(200)).await;
    let client = log_in(&decoy).await;
    let mut channel = client.channel_open_session().await.unwrap();
    channel.request_shell(true).await.unwrap();
    while channel.wait().await.is_some() {}
    decoy.until("end", |decoy| !decoy.session_causes().is_empty()).await;
    assert_eq!(decoy.session_causes(), [(CloseCause::Timeout, None)]);
    assert!(!client.is_closed());
    assert!(client.channel_open_session().await.is_ok());
    decoy.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_out_of_order_are_refused_and_told() {
    let decoy = Decoy::start().await;
    let client = log_in(&decoy).await;
    let mut channel = client.channel_open_session().await.unwrap();
    channel.request_shell(true).await.unwrap();
    channel.exec(true, "uname").await.unwrap();
    channel.set_env(true, "LANG", "C").await.unwrap();
    channel.agent_forward(true).await.unwrap();
    let mut refused = 0;
    while refused < 3 {
        if matches!(channel.wait().await.unwrap(), ChannelMsg::Failure) {
            refused += 1;
        }
    }
    decoy.until_anomalies(&[Anomaly::UnexpectedRequest]).await;
    decoy.stop().await;
}

/// Sends so much to a command and says what came back.
async fn pipe(decoy: &Decoy, command: &str, bytes: Vec<u8>) -> (Vec<u8>, Option<u32>) {
    let client = log_in(decoy).await;
    let channel = client.channel_open_session().await.unwrap();
    channel.exec(true, command).await.unwrap();
    let (mut reader, writer) = channel.split();
    let sending = tokio::spawn(async move {
        writer.data(bytes.as_slice()).await.unwrap();
        writer.eof().await.unwrap();
    });
    let (mut got, mut status) = (Vec::new(), None);
    while let Some(message) = reader.wait().await {
        match message {
            ChannelMsg::Data { data } => got.extend_from_slice(&data),
            ChannelMsg::ExitStatus { exit_status } => status = Some(exit_status),
            _ => {}
        }
    }
    sending.await.unwrap();
    (got, status)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_upload_arrives() {
    let decoy = Decoy::start().await;
    let bytes: Vec<u8> = (0..5_u32 << 20).map(|at| at.to_le_bytes()[1]).collect();
    let (got, status) = pipe(&decoy, "cat > /tmp/x; wc -c /tmp/x", bytes).await;
    assert_eq!((got.as_slice(), status), (&b"5242880 /tmp/x\n"[..], Some(0)));
    // What is beyond is in the recording alone, and said.
    decoy.until_anomalies(&[Anomaly::TooMuchInput]).await;
    let kept: usize = decoy
        .session_facts()
        .iter()
        .map(|fact| match fact {
            SessionFact::Input { bytes } => bytes.as_bytes().len(),
            _ => 0,
        })
        .sum();
    assert_eq!(u64::try_from(kept).unwrap(), SESSION_INPUT_KEPT_BYTES);
    decoy.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn both_directions_are_full_at_once() {
    let decoy = Decoy::start().await;
    let bytes: Vec<u8> = (0..5_u32 << 20).map(|at| at.to_le_bytes()[1]).collect();
    let (got, status) = pipe(&decoy, "cat", bytes.clone()).await;
    assert!(got == bytes, "{} bytes", got.len());
    assert_eq!(status, Some(0));
    decoy.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_fills_the_disk_is_turned_away() {
    let decoy = Decoy::start_with(|settings| settings.limits.burst = 8 << 20).await;
    // Each byte is five or six in the journal and in the recording: two of these are too much.
    let zeros = || vec![0; 512 << 10];
    let (got, _) = pipe(&decoy, "wc -c", zeros()).await;
    assert_eq!(got, b"524288\n");
    let second = pipe(&decoy, "wc -c", zeros());
    let refused = async {
        loop {
            let mut next = TcpStream::connect(decoy.address).await.unwrap();
            let mut words = [0; 22];
            if next.read_exact(&mut words).await.is_ok() && &words == b"Exceeded MaxStartups\r\n" {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        _ = second => panic!("not held back"),
        () = refused => {}
    }
    let opened = |decoy: &Decoy| decoy.kinds("connection_opened");
    // The one that is held back stays.
    let is_quiet = |decoy: &Decoy| opened(decoy) <= decoy.kinds("connection_closed") + 1;
    decoy.until("ends", is_quiet).await;
    let before = opened(&decoy);
    for _ in 0..100 {
        drop(TcpStream::connect(decoy.address).await.unwrap());
    }
    assert_eq!(opened(&decoy), before);
    assert!(details(&decoy, Anomaly::TooManyConnections).is_empty());
    decoy.stop().await;
}
