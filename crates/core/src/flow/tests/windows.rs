//! JA4SSH's windows of flows that are written here.

use super::{Packet, Tracker, record};
use crate::flow::tracker::{Config, Event, Wants};
use crate::flow::window::SshWindow;
use crate::wire::tcp::{ACK, FIN, SYN};

/// The windows of `packets` for who asks at the `asks`th time that bytes are told, and the frames
/// that they are told at.
fn windows(packets: &[Packet], asks: usize) -> Vec<(u64, SshWindow)> {
    let mut tracker = Tracker::new(Config::default());
    let (mut found, mut times) = (Vec::new(), 0);
    let mut listen = |event: Event<'_>| {
        match event {
            Event::Window { window, at, .. } => found.push((at.frame, *window)),
            Event::Bytes { bytes, .. } => {
                times += 1;
                return if times == asks { Wants::Windows } else { Wants::Used(bytes.len()) };
            }
            Event::Opening { .. } | Event::Datagram { .. } | Event::Ended { .. } => {}
        }
        Wants::More
    };
    for (number, packet) in packets.iter().enumerate() {
        tracker.packet(&record(number as u64 + 1, 0, &packet.bytes()), &mut listen);
    }
    tracker.stop(&mut listen);
    found
}

/// A conversation: the server's line, then `turns` of a line of the client of 36 bytes, every
/// third one of 40, its echo, and the client's acknowledgement.
fn session(turns: u32) -> Vec<Packet> {
    let mut packets = Packet::handshake(9).to_vec();
    packets.push(Packet::new(9, 0, 501, &[7; 20]).acks(101).turned());
    let (mut client, mut server) = (101, 521);
    for turn in 0..turns {
        let line = vec![b'c'; if turn % 3 == 2 { 40 } else { 36 }];
        packets.push(Packet::new(9, 8, client, &line).acks(server));
        client += line.len() as u32;
        packets.push(Packet::new(9, 8, server, &[b's'; 52]).acks(client).turned());
        server += 52;
        packets.push(Packet::new(9, 0, client, b"").acks(server));
    }
    packets
}

#[test]
fn a_window_is_two_hundred_segments_from_the_first_on() {
    let found = windows(&session(150), 3);
    let first = SshWindow {
        number: 0,
        client_packets: 100,
        server_packets: 100,
        client_acks: 100,
        server_acks: 0,
        client_mode: 36,
        server_mode: 52,
        is_full: true,
    };
    // The 200th segment with payload is the client's hundredth, before it is acknowledged.
    assert_eq!(found[0], (4 + 99 * 3 + 1, first));
    let rest = found[1].1;
    assert_eq!((found.len(), rest.number, rest.is_full), (2, 1, false));
    assert_eq!((rest.client_packets, rest.server_packets), (50, 51));
    assert_eq!((rest.client_acks, rest.server_acks), (51, 0));
}

#[test]
fn what_is_sent_again_or_late_and_what_is_more_than_an_acknowledgement_does_not_count() {
    let mut packets = session(10);
    let plain = windows(&packets, 2);
    let again = packets[4].clone();
    packets.insert(9, again);
    packets.insert(9, Packet::new(9, FIN | ACK, 5_000, b""));
    packets.insert(9, Packet::new(9, 8, 101, b"").acks(521));
    packets.insert(9, Packet::new(9, SYN, 100, b""));
    let more: Vec<_> = windows(&packets, 2).iter().map(|(_, window)| *window).collect();
    assert_eq!(more, [plain[0].1]);
}

#[test]
fn who_does_not_ask_gets_none_and_who_asks_late_gets_what_is_left() {
    assert_eq!(windows(&session(150), usize::MAX), []);
    let found = windows(&session(150), 101);
    assert_eq!((found.len(), found[0].1.is_full), (1, true));
    assert_eq!((found[0].1.client_packets, found[0].1.server_packets), (100, 100));
}
