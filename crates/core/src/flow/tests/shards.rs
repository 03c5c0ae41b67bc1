//! Shards that are run apart tell what one tracker tells.

use decnet_testing::reference;
use std::collections::BTreeMap;

use super::captures::{captures_in, read};
use super::{Packet, Tracker, record};
use crate::flow::capture::{Block, Reader, Record};
use crate::flow::shard::Shard;
use crate::flow::splitter::Splitter;
use crate::flow::tracker::{Config, Counts, Event, SHARDS, Wants};
use crate::wire::tcp::{FIN, RST};

fn answer(event: &Event<'_>) -> Wants {
    match event {
        Event::Bytes { bytes, .. } if bytes.len() > 200 => Wants::Enough,
        Event::Bytes { bytes, .. } if bytes.starts_with(b"SSH-") => Wants::Windows,
        Event::Bytes { .. }
        | Event::Opening { .. }
        | Event::Datagram { .. }
        | Event::Window { .. }
        | Event::Ended { .. } => Wants::More,
    }
}

/// All that one tracker tells.
fn together(records: &[Record<'_>], config: &Config) -> (Vec<String>, Counts) {
    let (mut tracker, mut told) = (Tracker::new(*config), Vec::new());
    let mut listen = |event: Event<'_>| {
        told.push(format!("{event:?}"));
        answer(&event)
    };
    records.iter().for_each(|record| tracker.packet(record, &mut listen));
    tracker.stop(&mut listen);
    (told, tracker.counts())
}

/// The same from shards that get all of their packets one after the other, the last shard first,
/// put in the order of the packets and, at the end, of the flows.
fn apart(records: &[Record<'_>], config: &Config) -> (Vec<String>, Counts) {
    let mut splitter = Splitter::new(config);
    let packets: Vec<_> =
        records.iter().filter_map(|r| Some((r.frame, splitter.packet(r)?))).collect();
    let (mut told, mut ends) = (BTreeMap::<u64, Vec<String>>::new(), BTreeMap::new());
    let mut counts = splitter.counts();
    for number in (0..SHARDS).rev() {
        let mut shard = Shard::new(config);
        for (frame, packet) in packets.iter().filter(|(_, packet)| packet.shard() == number) {
            shard.packet(packet, &mut |event| {
                told.entry(*frame).or_default().push(format!("{event:?}"));
                answer(&event)
            });
        }
        shard.stop(&mut |event| {
            let (Event::Ended { flow, .. } | Event::Window { flow, .. }) = &event else {
                panic!("{event:?}")
            };
            let of_flow: &mut Vec<String> = ends.entry(flow.id).or_default();
            of_flow.push(format!("{event:?}"));
            answer(&event)
        });
        counts = counts.and(shard.counts());
    }
    (told.into_values().chain(ends.into_values()).flatten().collect(), counts)
}

#[test]
fn captures_give_the_same_in_one_thread_and_in_many() {
    let Some(folder) = reference("pcap") else { return };
    for file in captures_in(&folder) {
        let bytes = read(&file);
        let (mut reader, mut rest, mut records) = (Reader::default(), &bytes[..], Vec::new());
        while let Ok(Some((block, used))) = reader.next(rest) {
            if let Block::Packet(record) = block {
                records.push(record);
            }
            rest = &rest[used..];
        }
        let config = Config { flows: 48, one_sided: 32, half_open: 32, ..Config::default() };
        assert!(together(&records, &config) == apart(&records, &config), "{}", file.display());
    }
}

#[test]
fn floods_silence_and_fragments_give_the_same_in_one_thread_and_in_many() {
    let mut packets = Vec::new();
    for number in 0..2_000_u32 {
        // Rounds of ever more hosts, each with a conversation of seven turns.
        let (round, hosts) = (number / 350, 20 * (number / 350) + 10);
        let (turn, from) = (number % 350 / hosts % 7, (number % hosts) << 8 | round);
        let at = u64::from(number) * 20;
        let packet = match turn {
            0 => Packet::handshake(from)[0].clone(),
            1 => Packet::handshake(from)[1].clone(),
            2 => Packet::new(from, 0, 101, b"SSH-2.0-a\r\n").acks(501),
            3 => Packet::new(from, 0, 501, b"SSH-2.0-b\r\n").acks(112).turned(),
            4 => Packet::new(from, if number % 2 == 0 { RST } else { FIN }, 112, b"").acks(512),
            _ => Packet::new(from, 0, 112, b"more").acks(512),
        };
        packets.push(packet.at(at));
    }
    let mut bytes: Vec<Vec<u8>> = packets.iter().map(Packet::bytes).collect();
    // Some come in two fragments, of which the first stays where the packet was.
    for number in (700..1_100).step_by(7) {
        let whole = bytes[number].clone();
        if whole.len() <= 44 {
            continue;
        }
        let (first, second) = (whole[..44].to_vec(), [&whole[..20], &whole[44..]].concat());
        for (mut part, place, flags) in [(first, number, [0x20, 0]), (second, number + 1, [0, 3])] {
            let length = part.len() as u16;
            part[2..4].copy_from_slice(&length.to_be_bytes());
            part[6..8].copy_from_slice(&flags);
            part[4..6].copy_from_slice(&(number as u16).to_be_bytes());
            bytes[place] = part;
        }
    }
    let records: Vec<_> = bytes
        .iter()
        .zip(1..)
        .map(|(bytes, frame)| record(frame, packets[frame as usize - 1].at_ms, bytes))
        .collect();
    let config = Config {
        flows: 160,
        one_sided: 64,
        half_open: 64,
        idle_ns: 4_000_000_000,
        ..Config::default()
    };
    let (told, counts) = together(&records, &config);
    for word in ["Idle", "Evicted", "Reset", "Stopped", "Window"] {
        assert!(told.iter().any(|line| line.contains(word)), "no {word}: {counts:?}");
    }
    let (told_apart, counts_apart) = apart(&records, &config);
    assert_eq!(counts, counts_apart);
    assert!(told == told_apart, "another order or other events");
}
