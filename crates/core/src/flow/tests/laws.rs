//! What holds for every order, every cut and every flood.

use proptest::prelude::*;

use super::{Packet, Tracker, record};
use crate::event::Side;
use crate::flow::tcp::Repeat;
use crate::flow::tracker::{Config, End, Event, Wants};
use crate::wire::tcp::{ACK, FIN, RST, SYN};

/// What a tracker tells of `packets`, in words.
fn told(packets: &[Packet], config: Config) -> (Vec<String>, Tracker) {
    let mut tracker = Tracker::new(config);
    let mut told = Vec::new();
    for (number, packet) in packets.iter().enumerate() {
        let bytes = packet.bytes();
        tracker.packet(&record(number as u64 + 1, packet.at_ms, &bytes), &mut |event| {
            told.push(words(&event));
            Wants::More
        });
    }
    (told, tracker)
}

fn words(event: &Event<'_>) -> String {
    match event {
        Event::Opening { opening, attempt, since_ns, .. } => {
            let kind = if opening.is_answer() { "syn-ack" } else { "syn" };
            let since = since_ns.map_or_else(String::new, |ns| format!(" +{}ms", ns / 1_000_000));
            format!("{} {kind} {attempt}{since}", opening.at.frame)
        }
        Event::Bytes { side, bytes, at, .. } => {
            format!("{} {side:?} {}", at.frame, String::from_utf8_lossy(bytes))
        }
        Event::Datagram { at, bytes, .. } => format!("{} datagram {}", at.frame, bytes.len()),
        Event::Window { window, at, .. } => format!("{} {window:?}", at.frame),
        Event::Ended { why, .. } => format!("{why:?}"),
    }
}

#[test]
fn a_conversation_is_told() {
    let [syn, answer, ack] = Packet::handshake(9);
    let packets = [
        syn.clone(),
        syn.at(1_000),
        answer,
        ack,
        Packet::new(9, 0, 501, b"SSH-2.0-server").acks(101).turned(),
        Packet::new(9, 0, 105, b"client").acks(515),
        Packet::new(9, 0, 101, b"the ").acks(515),
        Packet::new(9, FIN, 111, b"").acks(515),
        Packet::new(9, FIN, 515, b"").acks(112).turned(),
    ];
    assert_eq!(
        told(&packets, Config::default()).0,
        [
            "1 syn 1",
            "2 syn 2 +1000ms",
            "3 syn-ack 1",
            "5 Server SSH-2.0-server",
            "7 Client the client",
            "Finished"
        ]
    );
}

#[test]
fn a_flow_without_its_handshake_has_its_bytes() {
    let packets = [
        Packet::new(9, 0, 700, b"GET /").acks(3),
        Packet::new(9, 0, 705, b" HTTP").acks(3),
        Packet::new(9, RST, 710, b""),
    ];
    let expected = ["1 Client GET /", "2 Client GET / HTTP", "Reset"];
    assert_eq!(told(&packets, Config::default()).0, expected);
}

#[test]
fn a_reset_from_far_away_ends_nothing() {
    let packets = [
        Packet::new(9, 0, 700, b"GET /").acks(3),
        Packet::new(9, RST, 700 + (1 << 24), b""),
        Packet::new(9, 0, 705, b" HTTP").acks(3),
    ];
    assert_eq!(told(&packets, Config::default()).0.len(), 2);
}

#[test]
fn repeats_the_first_flight_gaps_and_refusals_are_kept() {
    let [syn, answer, ack] = Packet::handshake(9);
    let data = |seq, payload: &[u8], at| Packet::new(9, 0, seq, payload).acks(501).at(at);
    let packets = [
        syn,
        answer,
        ack,
        data(101, b"first", 10),
        data(106, b"second", 12),
        data(106, b"second", 212),
        data(106, b"second", 612),
        Packet::new(9, 0, 501, b"answer").acks(112).turned().at(700),
        data(112, b"third", 720),
    ];
    let (_, mut tracker) = told(&packets, Config::default());
    let mut quote = data(112, b"third", 0).bytes();
    quote.truncate(28);
    let mut too_big = vec![0x45, 0, 0, 56, 0, 0, 0, 0, 64, 1, 0, 0, 9, 9, 9, 9, 0, 0, 0, 9];
    too_big.extend([3, 4, 0, 0, 0, 0, 0x05, 0x14]);
    too_big.extend(quote);
    tracker.packet(&record(10, 721, &too_big), &mut |_| Wants::More);
    let mut flows = 0;
    tracker.stop(&mut |event| {
        let Event::Ended { flow, why: End::Stopped } = event else { panic!("{event:?}") };
        flows += 1;
        let client = &flow.client;
        let delays: Vec<_> = client
            .repeated
            .iter()
            .map(|Repeat { delay_ns, attempt, .. }| (delay_ns / 1_000_000, *attempt))
            .collect();
        assert_eq!((client.repeats, delays), (2, vec![(200, 1), (600, 2)]));
        let flight = client.flight;
        assert_eq!((flight.segments, flight.bytes, flight.is_acked), (2, 11, true));
        assert_eq!(client.gaps_ns, [2_000_000]);
        assert_eq!(client.max_segment, 6);
        assert_eq!(client.too_big.map(|big| (big.mtu, big.count)), Some((1_300, 1)));
        Wants::Enough
    });
    assert_eq!(flows, 1);
}

#[test]
fn a_million_syns_leave_flows_with_data_alone_and_stay_small() {
    let config = Config { half_open: 1_024, one_sided: 64, ..Config::default() };
    let [syn, answer, ack] = Packet::handshake(9);
    let spoken = [syn, answer, ack, Packet::new(9, 0, 101, b"he").acks(501)];
    let (_, mut tracker) = told(&spoken, config);
    let mut bytes = Packet::new(0, SYN, 1, b"").bytes();
    for source in 0..1_000_000_u32 {
        bytes[12..16].copy_from_slice(&(source | 1 << 31).to_be_bytes());
        // Some of them pretend to have a connection.
        bytes[33] = if source % 3 == 0 { ACK as u8 } else { SYN as u8 };
        tracker.packet(&record(u64::from(source) + 5, 0, &bytes), &mut |_| Wants::More);
    }
    let mut forged = Packet::new(0, 0, 1, b"forged").acks(7).bytes();
    for source in 0..10_000_u32 {
        forged[12..16].copy_from_slice(&(source | 1 << 30).to_be_bytes());
        tracker.packet(&record(2_000_000, 0, &forged), &mut |_| Wants::More);
    }
    let counts = tracker.counts();
    assert_eq!(counts.evicted_half_open, 1_000_000 - 333_334 - 1_024);
    assert_eq!((counts.evicted, counts.evicted_one_sided), (0, 10_000 - 64));
    let rest = Packet::new(9, 0, 103, b"llo").acks(501).bytes();
    let mut heard = Vec::new();
    tracker.packet(&record(3_000_000, 0, &rest), &mut |event| {
        heard.push(words(&event));
        Wants::More
    });
    assert_eq!(heard, ["3000000 Client hello"]);
}

#[test]
fn streams_that_nobody_reads_to_the_end_have_a_cap_together() {
    let config = Config { buffer_bytes: 64 << 10, ..Config::default() };
    let packets: Vec<Packet> = (1..200_u32)
        .flat_map(|from| {
            let mut all = Packet::handshake(from << 8).to_vec();
            all.push(Packet::new(from << 8, 0, 101, &[7; 1_000]).acks(501));
            all.push(Packet::new(from << 8, 0, 501, b"").acks(1_101).turned());
            all.push(Packet::new(from << 8, 0, 1_101, &[8; 1_000]).acks(501));
            all
        })
        .collect();
    let (_, mut tracker) = told(&packets, config);
    let counts = tracker.counts();
    assert_eq!((counts.flows, counts.evicted), (199, 0));
    assert!((100..200).contains(&counts.given_up_streams), "{counts:?}");
    // What was counted of them is there.
    let mut held = 0;
    tracker.stop(&mut |event| {
        let Event::Ended { flow, .. } = event else { panic!("{event:?}") };
        assert_eq!((flow.client.bytes, flow.client.flight.segments), (2_000, 1));
        held += flow.client.ready().len();
        Wants::Enough
    });
    assert!(held <= 64 << 10, "{held} bytes");
}

#[test]
fn a_hole_that_a_snap_length_cut_is_not_passed_over() {
    let [syn, answer, ack] = Packet::handshake(9);
    let whole = Packet::new(9, 0, 101, b"one, two").acks(501).bytes();
    let behind = Packet::new(9, 0, 109, b"three").acks(501).bytes();
    let mut tracker = Tracker::new(Config::default());
    let mut heard = Vec::new();
    let (syn, answer, ack) = (syn.bytes(), answer.bytes(), ack.bytes());
    for bytes in [&syn[..], &answer, &ack, &whole[..45], &behind] {
        tracker.packet(&record(1, 0, bytes), &mut |event| {
            if let Event::Bytes { bytes, .. } = event {
                heard.push(bytes.to_vec());
            }
            Wants::More
        });
    }
    assert_eq!(heard, [b"one, "]);
    tracker.stop(&mut |event| {
        let Event::Ended { flow, .. } = event else { panic!("{event:?}") };
        assert_eq!(flow.client.bytes, 13);
        Wants::Enough
    });
}

#[test]
fn a_flow_has_the_number_of_its_first_packet_whoever_else_is_there() {
    let [syn, answer, ack] = Packet::handshake(9);
    let data = Packet::new(9, 0, 101, b"x").acks(501);
    let packets = [Packet::new(8, 0, 5, b"x"), syn, answer, ack, data, Packet::new(7, 0, 5, b"x")];
    let (_, mut tracker) = told(&packets, Config::default());
    let mut numbers = Vec::new();
    tracker.stop(&mut |event| {
        let Event::Ended { flow, .. } = event else { panic!("{event:?}") };
        numbers.push(flow.id);
        Wants::Enough
    });
    assert_eq!(numbers, [1, 2, 6]);
}

#[test]
fn silence_ends_a_flow_and_what_comes_then_begins_another() {
    let config = Config { idle_ns: 1_000_000_000, ..Config::default() };
    let data = |seq, payload: &[u8], at_ms| Packet::new(9, 0, seq, payload).acks(3).at(at_ms);
    let packets = [
        data(700, b"one", 0),
        data(703, b"two", 900),
        // One time far ahead ends nothing.
        data(706, b"six", 9_000_000),
        data(709, b"ten", 1_000),
        Packet::new(8, 0, 5, b"another").at(2_400),
        data(712, b"new", 2_500),
    ];
    let expected = [
        "1 Client one",
        "2 Client onetwo",
        "3 Client onetwosix",
        "4 Client onetwosixten",
        "5 Client another",
        "Idle",
        "6 Client new",
    ];
    let (told, _) = told(&packets, config);
    assert_eq!(told, expected);
}

#[test]
fn who_has_enough_of_a_direction_hears_no_more_of_it() {
    let mut tracker = Tracker::new(Config::default());
    let mut heard = 0;
    for (number, payload) in [b"one", b"two", b"six"].into_iter().enumerate() {
        let packet = Packet::new(9, 0, 101 + 3 * number as u32, payload).bytes();
        tracker.packet(&record(1, 0, &packet), &mut |event| {
            heard += usize::from(matches!(event, Event::Bytes { .. }));
            Wants::Enough
        });
    }
    assert_eq!(heard, 1);
}

proptest! {
    #[test]
    fn order_cuts_and_repeats_give_the_same_streams(
        isn: u32,
        client in prop::collection::vec(any::<u8>(), 1..400),
        server in prop::collection::vec(any::<u8>(), 1..400),
        cuts in prop::collection::vec((any::<bool>(), 0_usize..400, 1_usize..60, 0_u64..9), 0..30),
    ) {
        let syn = Packet::new(9, SYN, isn, b"");
        let answer = Packet::new(9, SYN, !isn, b"").acks(isn.wrapping_add(1)).turned();
        let mut packets = vec![syn, answer];
        let every = (0..400).step_by(31).flat_map(|at| [(true, at, 40, 1), (false, at, 40, 2)]);
        for (is_client, at, length, at_ms) in cuts.into_iter().chain(every) {
            let (all, isn) = if is_client { (&client, isn) } else { (&server, !isn) };
            let at = at.min(all.len() - 1);
            let part = &all[at..(at + length).min(all.len())];
            let seq = isn.wrapping_add(1).wrapping_add(at as u32);
            let packet = Packet::new(9, ACK, seq, part).at(at_ms);
            packets.push(if is_client { packet } else { packet.turned() });
        }
        let mut tracker = Tracker::new(Config::default());
        let (mut from_client, mut from_server) = (Vec::new(), Vec::new());
        for packet in &packets {
            tracker.packet(&record(1, packet.at_ms, &packet.bytes()), &mut |event| {
                match event {
                    Event::Bytes { side: Side::Client, bytes, .. } => from_client = bytes.to_vec(),
                    Event::Bytes { side: Side::Server, bytes, .. } => from_server = bytes.to_vec(),
                    Event::Opening { .. }
                    | Event::Datagram { .. }
                    | Event::Window { .. }
                    | Event::Ended { .. } => {}
                }
                Wants::More
            });
        }
        prop_assert_eq!(from_client, client);
        prop_assert_eq!(from_server, server);
    }

    #[test]
    fn any_bytes_are_survived(
        packets in prop::collection::vec((0_u16..300, any::<u64>(), prop::collection::vec(any::<u8>(), 0..120)), 0..20),
    ) {
        let mut tracker = Tracker::new(Config { idle_ns: 5, ..Config::default() });
        for (link, at_ns, bytes) in &packets {
            let mut record = record(1, 0, bytes);
            (record.link, record.at_ns) = (*link, *at_ns);
            tracker.packet(&record, &mut |_| Wants::More);
        }
        tracker.stop(&mut |_| Wants::More);
    }
}

#[test]
fn silence_ends_flows_without_a_packet() {
    let mut tracker = Tracker::new(Config { idle_ns: 60_000_000_000, ..Config::default() });
    let [syn, answer, ack] = Packet::handshake(7);
    let first = Packet::new(7, 0, 101, b"x").acks(501);
    let mut told = Vec::new();
    let mut out = |event: Event<'_>| {
        if let Event::Ended { flow, why } = event {
            told.push((flow.client.endpoint.port, flow.is_answered, why));
        }
        Wants::More
    };
    for (packet, frame) in [syn, answer, ack, first].iter().zip(1..) {
        tracker.packet(&record(frame, 1_000, &packet.bytes()), &mut out);
    }
    tracker.pass(61_000_000_000, &mut out);
    tracker.pass(61_000_000_001, &mut out);
    assert_eq!(told, [(1_000, true, End::Idle)]);
}

/// The sensor misses what is lost before it, and sees twice what is lost behind it.
#[test]
fn what_fills_a_gap_is_late_and_what_was_seen_long_ago_is_sent_again() {
    let data = |number: u32| Packet::new(7, 0, 101 + 10 * number, b"0123456789").acks(501);
    let mut packets = Packet::handshake(7).to_vec();
    let missed = [3, 50, 51];
    packets.extend((0..100).filter(|number| !missed.contains(number)).map(data));
    // Late; and from longer ago than is known when, from lately, and with a part of what is new.
    packets.extend([3, 51, 50].map(data));
    packets.extend([3, 10, 99].map(data));
    packets.push(Packet::new(7, 0, 101 + 995, b"0123456789").acks(501));
    // A byte that keeps alive.
    packets.push(Packet::new(7, 0, 100 + 1_005, b"x").acks(501));
    let mut tracker = Tracker::new(Config::default());
    let mut repeats = Vec::new();
    let mut out = |event: Event<'_>| {
        if let Event::Ended { flow, .. } = event {
            repeats.push((flow.client.repeats, flow.client.repeated.len()));
        }
        Wants::More
    };
    for (packet, frame) in packets.iter().zip(1..) {
        tracker.packet(&record(frame, 1_000, &packet.bytes()), &mut out);
    }
    tracker.stop(&mut out);
    assert_eq!(repeats, [(4, 2)]);
}
