//! Requests, for the whole connection and for sessions.
//!
//! **Invariant:** none is left without an answer that wants one.

use super::*;
use crate::dialogue::ssh::kex::blob::put_string;
use crate::event::{Answer, SessionFact};
use crate::limits::{SSH_FORWARDS, SSH_REQUESTS};

/// The answers to requests.
fn answers(client: &mut Client, requests: impl IntoIterator<Item = Payload>) -> Vec<u8> {
    requests.into_iter().for_each(|request| client.send(request));
    numbers(client)
}

fn forward(host: &[u8], port: u32) -> Payload {
    global(b"tcpip-forward").string(host).number(port)
}

fn plain() -> Client {
    let mut client = Client::keyed(config(), Wishes::default());
    client.log_in(b"me");
    client.heard();
    client.happened();
    client
}

#[test]
fn an_unknown_request_is_told_and_refused() {
    let mut client = fresh();
    client.send(global(b"keepalive@openssh.com").string(b"x"));
    client.send(Payload::new(GLOBAL_REQUEST).string(b"quiet").byte(0));
    assert_eq!(client.heard(), [[REQUEST_FAILURE]]);
    let told = client.happened();
    assert!(matches!(
        &told[..],
        [
            What::Peer(PeerFact::SshGlobalRequest {
                wants_reply: true,
                answer: Answer::Refused,
                ..
            }),
            What::Peer(PeerFact::SshGlobalRequest { wants_reply: false, .. }),
        ]
    ));
}

#[test]
fn ports_are_given_once() {
    let mut client = fresh();
    let granted = [forward(b"", 80), forward(b"localhost", 8_080)];
    assert_eq!(answers(&mut client, granted), [REQUEST_SUCCESS; 2]);
    // What is taken, and sshd's own.
    let refused = [forward(b"", 80), forward(b"x", 22)];
    assert_eq!(answers(&mut client, refused), [REQUEST_FAILURE; 2]);
    client.send(forward(b"", 0));
    let heard = client.heard();
    let port = Fields::new(&heard[0][1..]).u32().unwrap();
    assert!((32_768..61_000).contains(&port), "{port}");
    assert_eq!(answers(&mut client, [forward(b"", 1 << 31)]), [DEBUG, REQUEST_FAILURE]);
}

#[test]
fn low_ports_are_roots() {
    let mut client = plain();
    assert_eq!(answers(&mut client, [forward(b"", 1_023)]), [DEBUG, REQUEST_FAILURE]);
    assert_eq!(answers(&mut client, [forward(b"", 1_024)]), [REQUEST_SUCCESS]);
}

#[test]
fn forwards_have_caps() {
    let mut client = fresh();
    assert_eq!(answers(&mut client, [forward(&[b'x'; 1_025], 80)]), [REQUEST_FAILURE]);
    let path = |length: usize| {
        let path = [b"/tmp/", &vec![b'x'; length - 5][..]].concat();
        global(b"streamlocal-forward@openssh.com").string(&path)
    };
    assert_eq!(answers(&mut client, [path(107), path(108)]), [81, REQUEST_FAILURE]);
    for port in 1..SSH_FORWARDS as u32 {
        assert_eq!(answers(&mut client, [forward(b"", 2_000 + port)]), [REQUEST_SUCCESS]);
    }
    assert_eq!(answers(&mut client, [forward(b"", 9_000)]), [REQUEST_FAILURE]);
}

#[test]
fn sockets_are_where_one_may_write() {
    let path = |path: &[u8]| global(b"streamlocal-forward@openssh.com").string(path);
    let mut client = plain();
    let requests = [path(b"/tmp/a"), path(b"/tmp/a"), path(b"/root/a"), path(b"/none/a")];
    assert_eq!(answers(&mut client, requests), [81, 82, 82, 82]);
    let mut client = fresh();
    assert_eq!(answers(&mut client, [path(b"/root/a")]), [81]);
}

#[test]
fn host_keys_are_proved() {
    let mut client = fresh();
    let config = config();
    let [ecdsa, ed25519] = &config.host_keys[..] else { panic!() };
    let prove = || global(b"hostkeys-prove-00@openssh.com");
    client.send(prove().string(ed25519.blob()));
    let mut message = Vec::new();
    put_string(&mut message, b"hostkeys-prove-00@openssh.com");
    put_string(&mut message, client.session());
    put_string(&mut message, ed25519.blob());
    let algorithm = crate::dialogue::ssh::kex::hostkey::Algorithm::Ed25519;
    let signature = ed25519.sign(algorithm, &message, &mut dice).unwrap();
    assert_eq!(client.heard(), [Vec::from(Payload::new(81).string(&signature))]);
    let three = prove().string(ecdsa.blob()).string(ecdsa.blob()).string(ecdsa.blob());
    let requests = [prove().string(ecdsa.blob()), prove(), prove().string(b"x"), three];
    assert_eq!(answers(&mut client, requests), [81, 81, 82, 82]);
}

#[test]
fn beyond_a_cap_requests_are_answered_and_not_told() {
    let mut client = fresh();
    let mut bytes = Vec::new();
    for _ in 0..SSH_REQUESTS {
        client.seal(global(b"x"), &mut bytes);
    }
    client.give(&bytes);
    assert_eq!(numbers(&mut client).len(), SSH_REQUESTS as usize);
    assert_eq!(client.happened().len(), SSH_REQUESTS as usize);
    client.send(global(b"x"));
    client.send(forward(b"", 80));
    assert_eq!(numbers(&mut client), [REQUEST_FAILURE, REQUEST_SUCCESS]);
    assert_eq!(anomalies(&client.happened()), [Anomaly::TooManyRequests]);
    let id = session(&mut client, 7);
    client.happened();
    client.send(request(id, b"env").string(b"LANG").string(b"C"));
    client.send(request(id, b"shell"));
    let told = client.happened();
    assert_eq!(told.len(), 1, "but for the program: {told:?}");
}

#[test]
fn some_variables_are_taken() {
    let mut client = fresh();
    let id = session(&mut client, 7);
    let env = |name: &[u8]| request(id, b"env").string(name).string(b"C");
    let requests = [env(b"LANG"), env(b"LC_ALL"), env(b"LANGUAGE"), env(b"PATH")];
    assert_eq!(answers(&mut client, requests), [99, 99, 100, 100]);
    client.happened();
    for _ in 0..126 {
        client.send(env(b"LC_X"));
    }
    client.send(request(id, b"shell"));
    assert_eq!(anomalies(&client.happened()), [Anomaly::TooManyEnv]);
    // Behind the program there are none.
    client.heard();
    assert_eq!(answers(&mut client, [env(b"LANG")]), [CHANNEL_FAILURE]);
}

#[test]
fn a_display_is_asked_for_once_and_in_plain_letters() {
    let mut client = fresh();
    let id = session(&mut client, 7);
    let display = |protocol: &[u8], cookie: &[u8]| {
        request(id, b"x11-req").byte(0).string(protocol).string(cookie).number(0)
    };
    let requests =
        [display(b"a b", b"00"), display(b"M", b"$"), display(b"M", b"0"), display(b"M", b"0")];
    assert_eq!(answers(&mut client, requests), [100, 100, 99, 100]);
    client.send(display(b"M", b"0").byte(0));
    assert!(ended_silently(&mut client));
}

#[test]
fn an_agent_is_forwarded_once_in_a_connection() {
    let mut client = fresh();
    let ids = [session(&mut client, 7), session(&mut client, 7)];
    let requests = ids.map(|id| request(id, b"auth-agent-req@openssh.com"));
    assert_eq!(answers(&mut client, requests), [99, 100]);
}

#[test]
fn a_terminal_is_had_once() {
    let mut client = fresh();
    let id = session(&mut client, 7);
    let terminal = |modes: &[u8]| {
        let request = request(id, b"pty-req").string(b"xterm").number(0).number(24);
        request.number(0).number(0).string(modes)
    };
    assert_eq!(answers(&mut client, [request(id, b"break").number(0)]), [CHANNEL_FAILURE]);
    assert_eq!(answers(&mut client, [terminal(&[1, 0, 0, 0, 3, 0])]), [CHANNEL_SUCCESS]);
    assert_eq!(anomalies(&client.happened()), [Anomaly::WindowSizeAbsurd]);
    assert_eq!(answers(&mut client, [request(id, b"break").number(0)]), [CHANNEL_SUCCESS]);
    client.send(terminal(b""));
    assert_eq!(farewell(&mut client), "Protocol error: you already have a pty.");
    let mut client = fresh();
    session(&mut client, 7);
    client.send(terminal(&[1, 0, 0]));
    assert!(ended_silently(&mut client));
}

#[test]
fn signals_are_for_others_than_root() {
    for (mut client, answer) in [(fresh(), CHANNEL_FAILURE), (plain(), CHANNEL_SUCCESS)] {
        let (id, _) = running(&mut client);
        let signal = |name: &[u8]| request(id, b"signal").string(name);
        assert_eq!(answers(&mut client, [signal(b"TERM")]), [answer]);
        assert_eq!(answers(&mut client, [signal(b"WINCH")]), [CHANNEL_FAILURE]);
    }
}

#[test]
fn a_window_may_change_at_any_time() {
    let mut client = fresh();
    let id = session(&mut client, 7);
    let change = request(id, b"window-change").number(80).number(24).number(0).number(0);
    assert_eq!(answers(&mut client, [change]), [CHANNEL_SUCCESS]);
    let told = client.happened();
    let is_told =
        |what: &What| matches!(what, What::Session { fact: SessionFact::Resize { .. }, .. });
    assert!(told.iter().any(is_told));
}

#[test]
fn an_unknown_request_on_a_channel_is_told() {
    let mut client = fresh();
    let id = session(&mut client, 7);
    client.happened();
    assert_eq!(answers(&mut client, [request(id, b"xon-xoff").byte(1)]), [CHANNEL_FAILURE]);
    let told = client.happened();
    assert!(matches!(&told[..], [What::Peer(PeerFact::SshChannelRequest { .. })]), "{told:?}");
}
