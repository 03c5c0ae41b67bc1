//! Our guesses of senders against p0f's labels of the SYNs of public captures.
//!
//! **Invariant:** the labels are an opinion to compare with and no source of signatures; the
//! captures are not part of the repository, and where they are absent the test says so and passes.
#![allow(
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "tests"
)]

use decnet_core::profile::fingerprint::os::{self, Confidence};
use decnet_core::profile::fingerprint::tcp::{Ip, Syn};
use decnet_testing::reference;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;

/// Of a hundred SYNs that both name, those whose family may differ.
const CONTRADICTIONS_PERCENT: usize = 1;
/// Of the SYNs that p0f names, those that we must name, in percent.
const NAMED_PERCENT: usize = 99;
/// Of those, the ones that fit exactly.
const EXACT_PERCENT: usize = 97;

#[test]
fn families_are_those_that_another_tool_gives() {
    let Some(root) = reference("pcap") else { return };
    let index = fs::read_to_string(root.join("INDEX.tsv")).unwrap();
    let is_chatty = std::env::var_os("DECNET_TEST_MISSING").is_some();
    let mut table: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut names: BTreeMap<(&str, Confidence), usize> = BTreeMap::new();
    let (mut labelled, mut named, mut exact, mut contradicted) = (0, 0, 0, 0);
    for line in index.lines().skip(1) {
        let Some(path) = line.split('\t').nth(9) else { continue };
        let Ok(expected) = fs::read_to_string(root.join(path)) else { continue };
        let rows: Vec<Value> =
            expected.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let of = |kind: &'static str| rows.iter().filter(move |row| row["kind"] == kind);
        let labels: BTreeMap<u64, &str> = of("p0f_syn")
            .map(|row| (row["frame"].as_u64().unwrap(), row["os"].as_str().unwrap_or_default()))
            .collect();
        for row in of("tcp_syn") {
            let found = guess(row);
            let label = labels.get(&row["frame"].as_u64().unwrap()).copied().and_then(family);
            if let Some(found) = found {
                *names.entry((found.name, found.confidence)).or_default() += 1;
            }
            let ours = found.map_or("-", |found| found.family);
            let cell = (label.unwrap_or("-").to_owned(), ours.to_owned());
            *table.entry(cell).or_default() += 1;
            if let Some(label) = label {
                labelled += 1;
                named += usize::from(found.is_some());
                exact +=
                    usize::from(found.is_some_and(|found| found.confidence == Confidence::Exact));
                let is_contradiction = found.is_some_and(|found| found.family != label);
                contradicted += usize::from(is_contradiction);
                if is_chatty && (is_contradiction || found.is_none()) {
                    println!("{path}: {label} against {ours}: {row}");
                }
            } else if is_chatty && found.is_none() {
                println!("nobody knows: {path}: {row}");
            }
        }
    }
    println!("p0f's family, ours, SYNs:");
    for ((label, ours), count) in &table {
        println!("{label:10} {ours:10} {count:5}");
    }
    for ((name, confidence), count) in &names {
        println!("{count:5} {confidence:?} {name}");
    }
    println!("{labelled} named by p0f; by us {named}, exactly {exact}; {contradicted} differ");
    assert!(contradicted * 100 <= named * CONTRADICTIONS_PERCENT, "{contradicted} of {named}");
    assert!(named * 100 >= labelled * NAMED_PERCENT, "{named} of {labelled}");
    assert!(exact * 100 >= labelled * EXACT_PERCENT, "{exact} of {labelled}");
}

fn guess(row: &Value) -> Option<os::Guess> {
    let number = |key: &str| row[key].as_u64().unwrap_or(0);
    let hex = row["opts_hex"].as_str().unwrap_or_default();
    let options: Vec<u8> = (0..hex.len() / 2)
        .map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap())
        .collect();
    let ecn = match row["ecn"].as_str() {
        Some("ece+cwr") => 0xc0,
        Some("ece") => 0x40,
        Some("cwr") => 0x80,
        _ => 0,
    };
    let ip = match number("ipv") {
        4 => {
            let df = row["df"].as_bool().unwrap();
            Ip::V4 { id: number("ipid") as u16, flags: if df { 2 } else { 0 } }
        }
        _ => Ip::V6 { flow: 0 },
    };
    os::guess(
        &Syn {
            ip,
            ttl: number("ttl") as u8,
            ip_options: 0,
            ecn: 0,
            sequence: number("isn") as u32,
            acknowledgement: number("ack") as u32,
            flags: 2 | ecn,
            window: number("win") as u16,
            urgent: 0,
            options: &options,
            payload: number("paylen") as usize,
        },
        None,
    )
}

/// Of a label, by how it begins.
fn family(label: &str) -> Option<&'static str> {
    let families = [
        ("Windows", "Windows"),
        ("Linux", "Linux"),
        ("Mac", "Darwin"),
        ("iOS", "Darwin"),
        ("FreeBSD", "FreeBSD"),
        ("OpenBSD", "OpenBSD"),
        ("Solaris", "Solaris"),
        ("NMap", "nmap"),
    ];
    families.iter().find(|(start, _)| label.starts_with(start)).map(|(_, family)| *family)
}
