//! Fingerprints against those that other tools give for captures of public test suites.
//!
//! **Invariant:** the captures are not part of the repository; where they are absent the test says
//! so and passes. Captures are read as the program reads them.
#![allow(
    missing_docs,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "tests"
)]

mod sights;

use decnet_testing::reference;
use std::collections::BTreeMap;
use std::fs;
use std::net::IpAddr;

/// What a tool or we say of a message: between whom, which kind, which value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Sight {
    kind: String,
    value: String,
    source: (IpAddr, u16),
    target: (IpAddr, u16),
}

#[derive(Default)]
struct Count {
    expected: usize,
    found: usize,
    /// Of those found, how many in the very packet that was named.
    in_frame: usize,
}

/// Kinds, and whose word counts.
const KINDS: &[(&str, Opinion)] = &[
    ("ja3", Opinion::Agreed),
    ("ja3s", Opinion::Agreed),
    ("ja4", Opinion::Agreed),
    ("ja4s", Opinion::Agreed),
    ("ja4h", Opinion::Agreed),
    ("ja4t", Opinion::Agreed),
    ("ja4ts", Opinion::Agreed),
    ("ja4ssh", Opinion::Agreed),
    ("hassh", Opinion::Agreed),
    ("hassh_server", Opinion::Agreed),
    ("ssh_banner_client", Opinion::Agreed),
    ("ssh_banner_server", Opinion::Agreed),
    ("h2_settings_client", Opinion::One),
    ("h2_settings_server", Opinion::One),
    ("h2_akamai", Opinion::One),
    ("p0f_syn", Opinion::One),
    ("p0f_synack", Opinion::One),
];

/// Of what one tool alone says, how much must be found, in percent: it may be wrong.
const ONE_PERCENT: usize = 99;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Opinion {
    /// Only what two tools agree on counts, and all of it must be found.
    Agreed,
    /// No other tool has the kind.
    One,
}

#[test]
fn fingerprints_are_those_of_other_tools() {
    let Some(root) = reference("pcap") else { return };
    let index = fs::read_to_string(root.join("INDEX.tsv")).unwrap();
    let mut counts: BTreeMap<&str, Count> = BTreeMap::new();
    let mut alone: BTreeMap<&str, Count> = BTreeMap::new();
    let is_chatty = std::env::var_os("DECNET_TEST_MISSING").is_some();
    let mut seen_all = 0;
    for line in index.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let (Some(file), Some(expected)) = (columns.first(), columns.get(9)) else { continue };
        let Ok(expected) = fs::read_to_string(root.join(expected)) else { continue };
        let Ok(capture) = fs::read(root.join(file)) else {
            println!("{file} is missing");
            continue;
        };
        let mut seen: BTreeMap<Sight, Vec<usize>> = BTreeMap::new();
        for (frame, sight) in sights::all(&capture) {
            seen_all += 1;
            seen.entry(sight).or_default().push(frame);
        }
        for line in expected.lines() {
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
            let note = text("note");
            let Some((kind, opinion)) = KINDS.iter().find(|(kind, _)| *kind == value["kind"])
            else {
                continue;
            };
            let agreed = value["agree"].as_array().is_some_and(|list| !list.is_empty());
            if note.contains("contested") || note.contains("partial window") {
                continue;
            }
            let end = |host: &str, port: &str| {
                (text(host).parse().unwrap(), u16::try_from(value[port].as_u64().unwrap()).unwrap())
            };
            let (source, target) = (end("src", "sport"), end("dst", "dport"));
            let sight = Sight { kind: (*kind).to_owned(), value: text("value"), source, target };
            let frame = usize::try_from(value["frame"].as_u64().unwrap()).unwrap();
            // What one tool says alone is counted too, and may be wrong.
            let counts =
                if *opinion == Opinion::Agreed && !agreed { &mut alone } else { &mut counts };
            let count = counts.entry(kind).or_default();
            count.expected += 1;
            let ours: Vec<String> = seen
                .iter()
                .filter(|(own, at)| own.kind == sight.kind && at.contains(&frame))
                .map(|(own, _)| own.value.clone())
                .collect();
            let frames = seen.entry(sight).or_default();
            let same = frames.iter().position(|found| *found == frame);
            match (same, frames.is_empty()) {
                (Some(at), _) => {
                    frames.remove(at);
                    count.found += 1;
                    count.in_frame += 1;
                }
                (None, false) => {
                    frames.remove(0);
                    count.found += 1;
                }
                (None, true) if is_chatty => println!("missing: {file}: {line} ours: {ours:?}"),
                (None, true) => {}
            }
        }
    }
    println!("{seen_all} fingerprints in all; found / expected (in the very packet):");
    let mut failed = Vec::new();
    for (kind, opinion) in KINDS {
        let is_plus = *kind != "ja4" && kind.starts_with("ja4");
        if is_plus && !cfg!(feature = "ja4plus") {
            println!("{kind:20} not in this build (no ja4plus)");
            continue;
        }
        let Some(count) = counts.get(kind) else { continue };
        let other = alone.get(kind).map_or((0, 0), |count| (count.found, count.expected));
        println!(
            "{kind:20} {:5} / {:5} ({}); of one tool alone {} / {}",
            count.found, count.expected, count.in_frame, other.0, other.1
        );
        let floor = match opinion {
            Opinion::Agreed => count.expected,
            Opinion::One => count.expected * ONE_PERCENT / 100,
        };
        if count.found < floor {
            failed.push(format!("{kind}: {} of {}", count.found, count.expected));
        }
    }
    assert_eq!(failed, Vec::<String>::new());
}
