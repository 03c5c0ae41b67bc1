//! Channels: their numbers, and how they begin and end.
//!
//! **Invariant:** a session is opened and closed once in the facts, whoever ends it.

use super::*;
use crate::dialogue::ssh::happening::{Connected, Ending, Stream};
use crate::event::{AgentKey, Answer, SessionFact};
use crate::limits::SSH_CHANNELS;
use crate::octets::{Binary, Octets};

fn close(client: &mut Client, id: u32) {
    client.send(to(CHANNEL_CLOSE, id));
    assert_eq!(client.heard(), [Vec::from(to(CHANNEL_CLOSE, 7))]);
}

#[test]
fn numbers_are_used_again_from_the_lowest() {
    let mut client = fresh();
    assert_eq!([0; 3].map(|_| session(&mut client, 7)), [0, 1, 2]);
    close(&mut client, 1);
    assert_eq!(session(&mut client, 7), 1);
    assert_eq!(session(&mut client, 7), 3);
}

#[test]
fn listeners_take_numbers_and_give_them_back() {
    let mut client = fresh();
    let id = session(&mut client, 7);
    client.send(request(id, b"x11-req").byte(0).string(b"MIT").string(b"00").number(0));
    client.send(request(id, b"auth-agent-req@openssh.com"));
    client.send(global(b"tcpip-forward").string(b"").number(8_080));
    client.send(global(b"tcpip-forward").string(b"127.0.0.1").number(8_081));
    client.send(global(b"streamlocal-forward@openssh.com").string(b"/tmp/a"));
    let answers = numbers(&mut client);
    assert_eq!(answers, [CHANNEL_SUCCESS, CHANNEL_SUCCESS, 81, 81, 81]);
    assert_eq!(session(&mut client, 7), 8);
    client.send(global(b"cancel-tcpip-forward").string(b"").number(8_080));
    client.send(global(b"cancel-streamlocal-forward@openssh.com").string(b"/tmp/a"));
    client.send(global(b"cancel-tcpip-forward").string(b"").number(8_080));
    assert_eq!(numbers(&mut client), [81, 81, REQUEST_FAILURE]);
    assert_eq!([0; 3].map(|_| session(&mut client, 7)), [4, 5, 7]);
    // The ports of a display go with the session that asked for them.
    close(&mut client, 0);
    assert_eq!([0; 3].map(|_| session(&mut client, 7)), [0, 1, 2]);
}

#[test]
fn ten_sessions_are_enough() {
    let mut client = fresh();
    (0..10).for_each(|id| assert_eq!(session(&mut client, 7), id));
    client.send(opening(b"session", 3));
    let failure = Payload::new(CHANNEL_OPEN_FAILURE).number(3).number(2);
    assert_eq!(client.heard(), [Vec::from(failure.string(b"open failed").string(b""))]);
    client.send(global(b"no-more-sessions@openssh.com"));
    client.send(opening(b"session", 3));
    let words = "Possible attack: attempt to open a session after additional sessions disabled";
    assert_eq!(farewell(&mut client), words);
}

#[test]
fn channels_of_a_life_have_a_cap() {
    let mut client = fresh();
    for _ in 0..SSH_CHANNELS {
        client.send(opening(b"nothing", 3));
    }
    assert!(!client.server.is_over());
    client.send(opening(b"nothing", 3));
    let happened = client.happened();
    assert!(anomalies(&happened).contains(&Anomaly::TooManyChannels));
    assert_eq!(happened.last(), Some(&What::Over(Ending::Limit)));
}

#[test]
fn stray_messages_have_their_words() {
    let check = |number: u8, words: &str| {
        let mut client = fresh();
        client.send(Payload::new(number).number(5).string(b"x").byte(0));
        assert_eq!(farewell(&mut client), words);
    };
    check(CHANNEL_DATA, "data packet referred to nonexistent channel 5");
    check(CHANNEL_EXTENDED_DATA, "extended data packet referred to nonexistent channel 5");
    check(CHANNEL_EOF, "ieof packet referred to nonexistent channel 5");
    check(CHANNEL_CLOSE, "oclose packet referred to nonexistent channel 5");
    check(CHANNEL_REQUEST, "server_input_channel_req: unknown channel 5");
    check(91, "open confirmation packet referred to nonexistent channel 5");
    check(92, "open failure packet referred to nonexistent channel 5");
    let mut client = fresh();
    for number in [REQUEST_SUCCESS, REQUEST_FAILURE, CHANNEL_SUCCESS, CHANNEL_FAILURE] {
        client.send([number]);
    }
    client.send(to(CHANNEL_WINDOW_ADJUST, 5).number(1));
    assert!(client.heard().is_empty() && !client.server.is_over());
    client.send(to(CHANNEL_EOF, 1 << 31));
    assert_eq!(farewell(&mut client), "Invalid ieof channel id");
}

#[test]
fn answers_to_what_was_not_asked_end_it() {
    let words = "Received open confirmation for non-opening channel 0.";
    let mut client = fresh();
    session(&mut client, 7);
    client.send(to(CHANNEL_OPEN_CONFIRMATION, 0).number(0).number(0).number(0));
    assert_eq!(farewell(&mut client), words);
}

#[test]
fn a_program_ends_with_its_output_its_status_and_the_channel() {
    let mut client = fresh();
    let (_, number) = running(&mut client);
    client.server.write(number, Stream::Output, b"out", &mut dice);
    client.server.write(number, Stream::Error, b"err", &mut dice);
    client.server.exit(number, 3, &mut dice);
    let request = |name: &[u8]| Payload::new(CHANNEL_REQUEST).number(7).string(name).byte(0);
    let expected = [
        data(7, b"out").into(),
        Payload::new(CHANNEL_EXTENDED_DATA).number(7).number(1).string(b"err").into(),
        to(CHANNEL_EOF, 7).into(),
        request(b"exit-status").number(3).into(),
        request(b"eow@openssh.com").into(),
        Vec::from(to(CHANNEL_CLOSE, 7)),
    ];
    assert_eq!(client.heard(), expected);
    assert!(client.happened().is_empty());
    client.send(to(CHANNEL_CLOSE, 0));
    assert!(client.heard().is_empty());
    assert!(client.happened().contains(&What::Closed { channel: number }));
}

#[test]
fn a_program_that_a_signal_ended_is_told_by_its_name() {
    for (signal, name) in [(15, &b"TERM"[..]), (31, b"SIG@openssh.com")] {
        let mut client = fresh();
        let (_, number) = running(&mut client);
        client.server.killed(number, signal, &mut dice);
        client.server.exit(number, 0, &mut dice);
        let request = |name: &[u8]| Payload::new(CHANNEL_REQUEST).number(7).string(name).byte(0);
        let told = request(b"exit-signal").string(name).byte(0).string(b"").string(b"");
        let expected = [
            Vec::from(to(CHANNEL_EOF, 7)),
            told.into(),
            request(b"eow@openssh.com").into(),
            to(CHANNEL_CLOSE, 7).into(),
        ];
        assert_eq!(client.heard(), expected);
    }
}

#[test]
fn a_terminals_end_is_behind_its_programs() {
    let mut client = fresh();
    let id = session(&mut client, 7);
    let size = request(id, b"pty-req").string(b"xterm").number(80).number(24).number(0).number(0);
    client.send(size.string(b"\0"));
    client.send(request(id, b"shell"));
    client.heard();
    client.server.exit(0, 0, &mut dice);
    // Status, the end of reading, EOF, CLOSE.
    assert_eq!(numbers(&mut client), [98, 98, CHANNEL_EOF, CHANNEL_CLOSE]);
}

#[test]
fn a_client_that_takes_nothing_hears_the_status_first() {
    let mut client = fresh();
    client.send(Payload::new(CHANNEL_OPEN).string(b"session").number(7).number(2).number(1_024));
    client.send(request(0, b"exec").string(b"ls"));
    client.heard();
    client.server.write(0, Stream::Output, b"four", &mut dice);
    client.server.exit(0, 0, &mut dice);
    assert_eq!(numbers(&mut client), [CHANNEL_DATA, 98, 98]);
    client.send(to(CHANNEL_WINDOW_ADJUST, 0).number(9));
    assert_eq!(client.heard().first(), Some(&data(7, b"ur").into()));
}

#[test]
fn who_knows_no_end_of_reading_is_not_told() {
    let mut client = fresh_with(Wishes { line: "SSH-2.0-Go", ..Wishes::default() });
    let (_, number) = running(&mut client);
    client.server.exit(number, 0, &mut dice);
    assert_eq!(numbers(&mut client), [CHANNEL_EOF, 98, CHANNEL_CLOSE]);
}

#[test]
fn a_session_that_is_closed_waits_for_its_program() {
    let mut client = fresh();
    let (id, number) = running(&mut client);
    client.send(to(CHANNEL_CLOSE, id));
    assert!(client.heard().is_empty());
    assert_eq!(client.happened(), [What::HungUp { channel: number }]);
    client.server.exit(number, 1, &mut dice);
    assert_eq!(numbers(&mut client), [98, CHANNEL_CLOSE]);
    assert!(client.happened().contains(&What::Closed { channel: number }));
}

#[test]
fn the_end_of_a_connection_closes_all_once() {
    let mut client = fresh();
    running(&mut client);
    session(&mut client, 8);
    client.happened();
    client.send(Payload::new(DISCONNECT).number(11).string(b"").string(b""));
    client.server.end(AT);
    let happened = client.happened();
    let closed =
        |channel| happened.iter().filter(|what| **what == What::Closed { channel }).count();
    assert_eq!((closed(0), closed(1)), (1, 1));
    assert_eq!(happened.last(), Some(&What::Over(Ending::Peer)));
}

#[test]
fn a_connection_that_is_wanted_is_answered_by_the_driver() {
    let direct = |client: &mut Client, port: u32| {
        client.send(opening(b"direct-tcpip", 7).string(b"a").number(port).string(b"b").number(1));
    };
    let mut client = fresh();
    direct(&mut client, 80);
    let asked = What::Connect { channel: 0, host: b"a".to_vec(), port: Some(80) };
    assert!(client.heard().is_empty());
    assert_eq!(client.happened(), [asked]);
    client.server.connect(0, &Connected::Open, &mut dice);
    let confirmation = to(91, 7).number(0).number(2_097_152).number(32_768);
    assert_eq!(client.heard(), [Vec::from(confirmation)]);
    client.happened();
    client.send(data(0, b"x"));
    assert_eq!(client.happened(), [What::Data { channel: 0, bytes: b"x".to_vec() }]);
    direct(&mut client, 81);
    client.server.connect(1, &Connected::Refused { reason: 2, words: "no" }, &mut dice);
    let failure = to(92, 7).number(2).string(b"no").string(b"");
    assert_eq!(client.heard(), [Vec::from(failure)]);
    direct(&mut client, 65_536);
    assert_eq!(client.heard(), [Vec::from(to(92, 7).number(1).string(b"open failed").string(b""))]);
}

/// It is told as refused, and not as an end of what never began.
#[test]
fn a_connection_that_is_given_up_is_told_once() {
    let mut client = fresh();
    client.send(opening(b"direct-tcpip", 7).string(b"a").number(1).string(b"b").number(1));
    client.happened();
    client.send(to(CHANNEL_CLOSE, 0));
    let happened = client.happened();
    let told = happened.iter().filter(|what| {
        matches!(what, What::Peer(PeerFact::ChannelOpened { answer: Answer::Refused, .. }))
    });
    assert_eq!(told.count(), 1);
    assert!(!happened.contains(&What::Closed { channel: 0 }), "{happened:?}");
    client.server.connect(0, &Connected::Open, &mut dice);
    assert!(client.heard().is_empty());
}

#[test]
fn a_socket_is_answered_before_anything_else() {
    let mut client = fresh();
    client.send(opening(b"direct-streamlocal@openssh.com", 7).string(b"/a").string(b"").number(0));
    client.send(global(b"x"));
    assert!(client.heard().is_empty());
    client.server.connect(0, &Connected::Refused { reason: 2, words: "no" }, &mut dice);
    assert_eq!(numbers(&mut client), [CHANNEL_OPEN_FAILURE, REQUEST_FAILURE]);
}

#[test]
fn tunnels_are_refused_with_a_word() {
    let mut client = fresh();
    client.send(opening(b"tun@openssh.com", 7).number(1).number(0));
    client.send(opening(b"tun@openssh.com", 7).number(3));
    assert_eq!(numbers(&mut client), [DEBUG, 92, DEBUG, 92]);
}

#[test]
fn the_keys_of_an_agent_are_listed() {
    let mut client = fresh();
    client.server.list_agent(&mut dice);
    client.hear();
    let asked = Payload::new(CHANNEL_OPEN).string(b"auth-agent@openssh.com");
    let asked = asked.number(0).number(65_536).number(16_384);
    assert_eq!(client.heard(), [Vec::from(asked)]);
    client.send(to(91, 0).number(7).number(1_024).number(1_024));
    assert_eq!(client.heard(), [Vec::from(data(7, &[0, 0, 0, 1, 11]))]);
    let keys = Payload::new(12).number(1).string(b"key").string(b"me@home");
    let length = u32::try_from(keys.as_ref().len()).unwrap().to_be_bytes();
    client.send(data(0, &[&length, keys.as_ref()].concat()));
    let key = AgentKey { key: Binary(b"key".to_vec()), comment: Octets::from(&b"me@home"[..]) };
    assert_eq!(client.happened(), [What::Peer(PeerFact::AgentKeys { keys: vec![key] })]);
    assert_eq!(numbers(&mut client), [CHANNEL_EOF, CHANNEL_CLOSE]);
    client.send(to(CHANNEL_CLOSE, 0));
    assert_eq!(session(&mut client, 7), 0);
}

#[test]
fn an_agent_is_not_asked_behind_the_end() {
    let mut client = fresh();
    client.send(Payload::new(DISCONNECT).number(11).string(b"").string(b""));
    client.server.list_agent(&mut dice);
    client.hear();
    assert!(client.heard().is_empty());
}

#[test]
fn a_program_has_its_facts() {
    let mut client = fresh();
    let id = session(&mut client, 7);
    client.send(request(id, b"subsystem").string(b"x"));
    assert_eq!(numbers(&mut client), [CHANNEL_FAILURE]);
    client.send(request(id, b"shell"));
    let facts = client
        .happened()
        .into_iter()
        .filter_map(|what| if let What::Session { fact, .. } = what { Some(fact) } else { None });
    let facts: Vec<_> = facts.collect();
    let [SessionFact::ProgramRefused { .. }, SessionFact::ProgramStarted { .. }] = &facts[..]
    else {
        panic!("{facts:?}");
    };
    client.heard();
    client.send(request(id, b"shell"));
    assert_eq!(numbers(&mut client), [CHANNEL_FAILURE]);
    assert_eq!(anomalies(&client.happened()), [Anomaly::UnexpectedRequest]);
}
