//! All captures of the reference data, and the values that an independent script found in them.
//!
//! The captures are not part of the repository: `DECNET_TEST_DATA` names the folder they are in.
#![expect(
    clippy::disallowed_methods,
    reason = "the captures are not ours to ship, so they cannot be included"
)]

use decnet_testing::reference;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::Tracker;
use crate::event::Side;
use crate::flow::capture::{Block, Reader};
use crate::flow::tcp::{Endpoint, Flow, Opening};
use crate::flow::tracker::{Config, Event, Wants};
use crate::profile::skew::{Tick, clock};
use crate::wire::tcp::TcpOptions;

/// Kinds, and how many in a hundred of the reference values are found at least.
///
/// What is missing is not ours: the script takes bytes behind the end of the options for options
/// (`tcp_synack`), measures a clock on fewer points than we trust (`tcp_clock`), and counts what is
/// sent again, and packets that the capture has twice, into the first flight (`init_window`).
const FLOORS: &[(&str, u64)] = &[
    ("tcp_syn", 100),
    ("tcp_synack", 99),
    ("syn_retx", 100),
    ("data_retx", 100),
    ("init_window", 98),
    ("tcp_clock", 98),
];

/// A value by what it is of: its kind, first frame, and both ends.
type Found = BTreeMap<(String, u64, String), String>;

#[test]
fn reference_values_are_found() {
    let Some(folder) = reference("pcap") else { return };
    let mut score: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    let (mut captures, mut packets, mut said) = (0, 0, 0);
    let verbose = std::env::var("DECNET_TEST_VERBOSE").is_ok();
    let files = captures_in(&folder);
    for file in files {
        let name = file.strip_prefix(&folder).unwrap().to_string_lossy().into_owned();
        let bytes = read(&file);
        let (found, frames) = walk(&bytes);
        (captures, packets) = (captures + 1, packets + frames);
        let reference = folder.join("expected").join(format!("{name}.jsonl"));
        let Ok(lines) = std::fs::read_to_string(reference) else { continue };
        // Made to tell conversations with equal ends in several VLANs or VXLANs apart, which the
        // script does not.
        let are_one = name.contains("vlan-collisions") || name.contains("vxlan-overlapping");
        for line in lines.lines() {
            let value: Value = serde_json::from_str(line).unwrap();
            let kind = value["kind"].as_str().unwrap();
            let Some((kind, _)) = FLOORS.iter().find(|(known, _)| *known == kind) else {
                continue;
            };
            if are_one && !matches!(*kind, "tcp_syn" | "tcp_synack" | "tcp_clock") {
                continue;
            }
            let score = score.entry(kind).or_default();
            score.1 += 1;
            let ends = format!(
                "{}:{}>{}:{}",
                value["src"].as_str().unwrap(),
                value["sport"],
                value["dst"].as_str().unwrap(),
                value["dport"]
            );
            let frame = value["frame"].as_u64().unwrap();
            let ours = found.get(&((*kind).to_owned(), frame, ends.clone()));
            if ours.is_some_and(|ours| agrees(kind, ours, &value)) {
                score.0 += 1;
            } else if verbose && said < 400 {
                said += 1;
                println!("{name} {kind} {frame} {ends}: {ours:?}, not {line}");
            }
        }
    }
    println!("{captures} captures, {packets} packets");
    for (kind, floor) in FLOORS {
        let (found, all) = score.get(kind).copied().unwrap_or_default();
        println!("{kind}: {found} / {all}");
        assert!(found * 100 >= all * floor, "{kind}: {found} of {all}, under {floor} %");
    }
}

#[test]
fn captures_with_wrong_bytes_are_survived() {
    let Some(folder) = reference("pcap") else { return };
    let mut state = 0x2545_f491_u32;
    for file in captures_in(&folder) {
        let mut bytes = read(&file);
        // The file's header stays. Where a packet's length is hit, the rest cannot be read.
        for byte in bytes.iter_mut().skip(40) {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            if state.is_multiple_of(199) {
                *byte ^= (state >> 8) as u8;
            }
        }
        let _ = walk(&bytes);
    }
}

pub(super) fn read(file: &Path) -> Vec<u8> {
    std::fs::read(file).unwrap()
}

pub(super) fn captures_in(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for source in std::fs::read_dir(folder).unwrap() {
        let source = source.unwrap().path();
        if source.is_dir() && !source.ends_with("expected") {
            files.extend(std::fs::read_dir(&source).unwrap().map(|file| file.unwrap().path()));
        }
    }
    files.sort();
    files
}

/// What a capture says by our reading, and how many packets it has.
fn walk(mut bytes: &[u8]) -> (Found, u64) {
    let (mut reader, mut found) = (Reader::default(), Found::new());
    let mut tracker = Tracker::new(Config::default());
    let mut listen = |event: Event<'_>| {
        match event {
            Event::Opening { from, to, opening, attempt, since_ns } => {
                let ends = ends(from, to);
                let kind = if opening.is_answer() { "tcp_synack" } else { "tcp_syn" };
                let frame = opening.at.frame;
                found.insert((kind.to_owned(), frame, ends.clone()), shape(opening));
                if let Some(ns) = since_ns.filter(|_| !opening.is_answer()) {
                    let value = format!("{} {attempt}", ns as f64 / 1e9);
                    found.insert(("syn_retx".to_owned(), frame, ends), value);
                }
            }
            Event::Ended { flow, .. } => {
                summary(flow, Side::Client, &mut found);
                summary(flow, Side::Server, &mut found);
            }
            Event::Bytes { .. } | Event::Datagram { .. } | Event::Window { .. } => {}
        }
        Wants::More
    };
    while let Ok(Some((block, used))) = reader.next(bytes) {
        if let Block::Packet(record) = block {
            tracker.packet(&record, &mut listen);
        }
        bytes = &bytes[used..];
    }
    tracker.stop(&mut listen);
    (found, reader.frames())
}

fn summary(flow: &Flow, side: Side, found: &mut Found) {
    let sender = flow.direction(side);
    let receiver = match side {
        Side::Client => &flow.server,
        Side::Server => &flow.client,
    };
    let Some(first) = sender.first else { return };
    let ends = ends(sender.endpoint, receiver.endpoint);
    let mut put = |kind: &str, value| {
        found.insert((kind.to_owned(), first.frame, ends.clone()), value);
    };
    if sender.flight.segments > 0 {
        put("init_window", format!("{}/{}", sender.flight.segments, sender.flight.bytes));
    }
    if sender.repeats > 0 {
        let repeats: Vec<String> = sender
            .repeated
            .iter()
            .map(|repeat| format!("{} {}", repeat.at.frame, repeat.delay_ns))
            .collect();
        put("data_retx", repeats.join(","));
    }
    let ticks: Vec<_> =
        sender.ticks().map(|tick| Tick { at_ns: tick.at_ns, value: tick.value }).collect();
    if let Some(clock) = clock(&ticks) {
        put("tcp_clock", format!("{} {:?}", clock.measured_hz, clock.nominal_hz));
    }
}

fn ends(from: Endpoint, to: Endpoint) -> String {
    format!("{}:{}>{}:{}", from.address, from.port, to.address, to.port)
}

/// A SYN as the reference values have it, with all that they name.
fn shape(opening: &Opening) -> String {
    let mut walk = TcpOptions::new(opening.options());
    let kinds: Vec<String> = walk.by_ref().map(|option| option.kind.to_string()).collect();
    let kinds = if kinds.is_empty() { "00".to_owned() } else { kinds.join("-") };
    let two = |value: u32| if value == 0 { "00".to_owned() } else { value.to_string() };
    let mss = two(u32::from(opening.mss().unwrap_or(0)));
    let scale = two(u32::from(opening.scale().unwrap_or(0)));
    let hex: String = opening.options().iter().map(|byte| format!("{byte:02x}")).collect();
    format!(
        "{}_{kinds}_{mss}_{scale} {} {} {} {} {hex} {:?}",
        opening.window, opening.isn, opening.ttl, opening.df, opening.tos, opening.id
    )
}

fn agrees(kind: &str, ours: &str, value: &Value) -> bool {
    match kind {
        "tcp_syn" | "tcp_synack" => {
            let df = value["df"].as_bool().unwrap_or(true);
            let id = value["ipid"].as_u64().filter(|_| value["ipv"] == 4);
            let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
            let expected = format!(
                "{} {} {} {df} {} {} {id:?}",
                text("value"),
                value["isn"],
                value["ttl"],
                value["tos"],
                text("opts_hex")
            );
            // The script leaves the flag out where there is none.
            ours == expected || (value["ipv"] == 6 && ours == expected.replace("false", "true"))
        }
        "syn_retx" => {
            let (seconds, attempt) = ours.split_once(' ').unwrap();
            let seconds: f64 = seconds.parse().unwrap();
            (seconds - value["value"].as_f64().unwrap()).abs() < 1e-5
                && attempt.parse() == Ok(value["attempt"].as_u64().unwrap())
        }
        // The script looks no further back than the latest acknowledgement; so ours may be more.
        "data_retx" => {
            let ours: BTreeMap<&str, f64> = ours
                .split(',')
                .filter_map(|repeat| repeat.split_once(' '))
                .map(|(frame, delay_ns)| (frame, delay_ns.parse::<f64>().unwrap() / 1e9))
                .collect();
            let (frames, deltas) = (value["frames"].as_array(), value["deltas"].as_array());
            frames.unwrap().iter().zip(deltas.unwrap()).all(|(frame, delta)| {
                let ours = ours.get(frame.to_string().as_str());
                ours.is_some_and(|ours| (ours - delta.as_f64().unwrap()).abs() < 1e-5)
            })
        }
        "init_window" => ours == value["value"].as_str().unwrap(),
        // The script fits all points by least squares; ours is the line that none lies above.
        "tcp_clock" => {
            let (hz, nominal) = ours.split_once(' ').unwrap();
            let hz: f64 = hz.parse().unwrap();
            nominal == format!("Some({})", value["value"])
                && (hz / value["hz_ols"].as_f64().unwrap() - 1.0).abs() < 0.01
        }
        _ => false,
    }
}
