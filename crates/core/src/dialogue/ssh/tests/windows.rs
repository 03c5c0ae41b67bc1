//! Windows, both ways.
//!
//! **Invariant:** what is sent never exceeds what the other side allowed, but for the tenth that
//! sshd forgives.

use super::*;
use crate::dialogue::ssh::happening::Stream;

const WINDOW: u32 = 2_097_152;
const PACKET: usize = 32_768;

/// Fills a window to its last byte.
fn filled(client: &mut Client, id: u32) {
    for _ in 0..64 {
        client.send(data(id, &[0; PACKET]));
    }
    assert!(client.heard().is_empty());
}

#[test]
fn a_window_grows_by_what_was_taken_once_three_packets_are_used() {
    let mut client = fresh();
    let (id, number) = running(&mut client);
    for _ in 0..3 {
        client.send(data(id, &[0; PACKET]));
    }
    client.server.consumed(number, 3 * PACKET, &mut dice);
    assert!(client.heard().is_empty());
    client.send(data(id, &[0]));
    // More has come, and nothing more was taken.
    assert!(client.heard().is_empty());
    client.server.consumed(number, 1, &mut dice);
    assert_eq!(client.heard(), [Vec::from(to(CHANNEL_WINDOW_ADJUST, 7).number(98_305))]);
}

#[test]
fn more_than_a_packet_is_dropped() {
    let mut client = fresh();
    let (id, _) = running(&mut client);
    client.send(data(id, &[0; PACKET + 1]));
    assert_eq!(anomalies(&client.happened()), [Anomaly::TooMuchInput]);
    assert!(!client.server.is_over());
}

#[test]
fn a_tenth_more_than_the_window_is_forgiven() {
    let mut client = fresh();
    let (id, _) = running(&mut client);
    filled(&mut client, id);
    let grace = WINDOW as usize / 10;
    for _ in 0..grace / PACKET {
        client.send(data(id, &[0; PACKET]));
    }
    client.send(data(id, &vec![0; grace % PACKET]));
    assert!(!client.server.is_over());
    client.send(data(id, &[0]));
    assert_eq!(farewell(&mut client), "channel 0: peer ignored channel window");
}

#[test]
fn what_nobody_wants_lets_the_window_grow_again() {
    let mut client = fresh();
    let (id, _) = running(&mut client);
    client.send(to(CHANNEL_EOF, id));
    client.happened();
    for _ in 0..4 {
        client.send(data(id, &[0; PACKET]));
    }
    assert!(client.happened().is_empty());
    assert_eq!(client.heard(), [Vec::from(to(CHANNEL_WINDOW_ADJUST, 7).number(131_072))]);
}

#[test]
fn data_before_a_program_is_dropped() {
    let mut client = fresh();
    let id = session(&mut client, 7);
    client.happened();
    client.send(data(id, b"x"));
    assert_eq!(anomalies(&client.happened()), [Anomaly::UnexpectedRequest]);
    client.send(to(CHANNEL_EXTENDED_DATA, id).number(1).string(b"x"));
    assert!(client.heard().is_empty() && !client.server.is_over());
}

#[test]
fn what_is_written_waits_for_the_clients_window() {
    let mut client = fresh();
    client.send(Payload::new(CHANNEL_OPEN).string(b"session").number(7).number(5).number(3));
    client.send(request(0, b"shell"));
    client.heard();
    client.server.write(0, Stream::Output, b"abcdefgh", &mut dice);
    assert_eq!(client.heard(), [data(7, b"abc").into(), Vec::from(data(7, b"de"))]);
    assert!(!client.server.is_drained(0));
    client.send(to(CHANNEL_WINDOW_ADJUST, 0).number(2));
    assert_eq!(client.heard(), [Vec::from(data(7, b"fg"))]);
    client.send(to(CHANNEL_WINDOW_ADJUST, 0).number(9));
    assert_eq!(client.heard(), [Vec::from(data(7, b"h"))]);
    assert!(client.server.is_drained(0));
    client.send(to(CHANNEL_WINDOW_ADJUST, 0).number(u32::MAX));
    assert!(ended_silently(&mut client));
}

#[test]
fn nobody_reads_what_is_written_behind_an_end_of_reading() {
    let mut client = fresh();
    let (id, number) = running(&mut client);
    client.send(request(id, b"eow@openssh.com"));
    assert_eq!(numbers(&mut client), [CHANNEL_FAILURE]);
    client.server.write(number, Stream::Output, b"x", &mut dice);
    client.server.exit(number, 0, &mut dice);
    assert!(!numbers(&mut client).contains(&CHANNEL_DATA));
}
