//! `decnet read`: captures as lines, and into a store.

use crate::running::{command, complaint, printed};
use serde_json::Value;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Output, Stdio};

/// The reference capture of that name, or nothing where there are none.
fn capture(name: &str) -> Option<PathBuf> {
    decnet_testing::reference(&format!("pcap/{name}"))
}

fn read(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = command(&["read"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // Whoever refuses its input does not read all of it.
    let _ = stdin.write_all(input);
    drop(stdin);
    child.wait_with_output().unwrap()
}

/// A SYN from 192.0.2.1 to 192.0.2.9, in a pcap with nanoseconds.
fn syn() -> Vec<u8> {
    let mut file =
        vec![0x4d, 0x3c, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0];
    file.extend(101_u32.to_le_bytes());
    for word in [1_795_322_152_u32, 7, 44, 44] {
        file.extend(word.to_le_bytes());
    }
    file.extend([0x45, 0, 0, 44, 0x30, 0x39, 0x40, 0, 60, 6, 0, 0, 192, 0, 2, 1, 192, 0, 2, 9]);
    file.extend([0x9c, 0x40, 0, 22, 0, 0, 0, 42, 0, 0, 0, 0, 0x60, 0xc2, 4, 0, 0, 0, 0, 0]);
    file.extend([2, 4, 5, 0xb4]);
    file
}

#[test]
fn a_syn_is_a_line() {
    let line = printed(&read(&["--json"], &syn()));
    let value: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line.lines().count(), 1);
    let expected = serde_json::json!({
        "ts": "2026-11-22T04:35:52.000000007Z",
        "kind": "tcp_syn",
        "src": "192.0.2.1", "sport": 40_000, "dst": "192.0.2.9", "dport": 22,
        "frame": 1, "isn": 42, "mss": 1_460, "ecn": "ece+cwr", "ttl": 60, "hop_distance": 4,
        "tcp_options": [2], "tcp_options_raw": "020405b4", "window": 1_024, "ip_id": 12_345,
        "p0f_syn": "4:60+4:0:1460:1024,0:mss:df,id+,ecn:0",
    });
    for (name, wanted) in expected.as_object().unwrap() {
        assert_eq!(&value[name], wanted, "{name} in {line}");
    }
    assert_eq!(printed(&read(&["--json", "--threads", "3"], &syn())), line);
}

#[test]
fn what_is_no_capture_or_is_cut_says_so_and_keeps_what_was_read() {
    let line = printed(&read(&["--json"], &syn()));
    let check = |input: &[u8], wanted: &str, printed: &str| {
        for threads in ["1", "3"] {
            let output = read(&["--json", "--threads", threads], input);
            let said = complaint(&output, 1);
            assert!(said.contains(wanted), "{said}");
            assert_eq!(String::from_utf8(output.stdout).unwrap(), printed);
        }
    };
    check(b"", "standard input: no capture: it is empty", "");
    check(b"\xd4\xc3", "standard input: cut behind packet 0", "");
    check(b"GET / HTTP/1.1\r\n\r\n", "no capture that can be read (pcap, pcapng)", "");
    let mut cut = syn();
    cut.extend([1; 9]);
    check(&cut, "standard input: cut behind packet 1; what was there is kept", &line);
    let mut lies = syn();
    lies.extend([0xff; 16]);
    check(&lies, "standard input: captured packet too long behind packet 1", &line);
    let output = read(&["/nowhere/at.all"], b"");
    assert!(complaint(&output, 1).contains("cannot open /nowhere/at.all"));
    let output = read(&["--json"], b"\x1f\x8b\x08\0");
    assert!(complaint(&output, 1).contains("compressed; `zcat"));
}

#[test]
fn threads_print_what_one_prints() {
    for name in [
        "zeek+zeek/testing__btest__Traces__tls__tls13draft16-ff52.a01.pcap",
        "OISF+suricata-verify/tests__base64-decode-5885__input.pcap",
        "zeek+zeek/testing__btest__Traces__vlan-collisions.pcap",
    ] {
        let Some(path) = capture(name) else { continue };
        let file = path.to_str().unwrap();
        let one = printed(&read(&[file, "--json"], b""));
        assert!(one.lines().count() > 10, "{name}");
        for threads in ["2", "5", "16", "40"] {
            let several = printed(&read(&[file, "--json", "--threads", threads], b""));
            assert_eq!(several, one, "{name} with {threads} threads");
        }
    }
}

#[test]
fn a_capture_is_in_the_store_and_its_attacker_can_be_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let said = printed(&read(&["--data", data, "--decky", "decky-07"], &syn()));
    assert!(said.contains("packets") && said.contains("tcp_syn"), "{said}");
    let json =
        printed(&command(&["attacker", "192.0.2.1", "--json", "--data", data]).output().unwrap());
    let value: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(value["deckies"], serde_json::json!(["decky-07"]), "{json}");
    assert_eq!(value["behavior"]["hop_distance"], 4, "{json}");
    let kinds: Vec<&str> = value["fingerprints"]
        .as_array()
        .unwrap()
        .iter()
        .map(|found| found["kind"].as_str().unwrap())
        .collect();
    assert!(kinds.contains(&"p0f"), "{kinds:?}");
}

#[test]
fn the_schema_is_in_the_documents() {
    let document = printed(&command(&["read", "--schema"]).output().unwrap());
    let value: Value = serde_json::from_str(&document).unwrap();
    assert_eq!(value["$schema"], "https://json-schema.org/draft/2020-12/schema");
}

/// An hour of a connection whose client's clock is 50 ppm fast, as seen through up to 5 ms of
/// jitter: the sender's timestamps tick a thousand times a second.
fn hour() -> Vec<u8> {
    let mut file =
        vec![0x4d, 0x3c, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0];
    file.extend(101_u32.to_le_bytes());
    let mut dice = 0x2545_f491_4f6c_dd1d_u64;
    let mut roll = || {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        (dice >> 11) as f64 / (1_u64 << 53) as f64
    };
    let (mut at, mut seq, mut count) = (0.0, 1_000_u32, 0_u32);
    while at < 3_600.0 {
        let arrival = ((1_795_322_152.0 + at + 0.005 * roll()) * 1e9) as u64;
        let stamp = (at * 1.000_05 * 1_000.0) as u32;
        let stamp = stamp.wrapping_add(u32::MAX - 100_000);
        // A SYN first, then one byte at a time; each is acknowledged.
        let (flags, payload) = if count == 0 { (0x02, &b""[..]) } else { (0x18, &b"x"[..]) };
        for (ends, flags, payload) in [(false, flags, payload), (true, 0x10, &b""[..])] {
            let mut packet = vec![0x45, 0, 0, 52 + payload.len() as u8, 0, 7, 0x40, 0, 64, 6, 0, 0];
            let (from, to) = ([192, 0, 2, 1], [192, 0, 2, 9]);
            let (ports, numbers) = ([40_000_u16, 22], [seq, 9_000]);
            let turn = usize::from(ends);
            packet.extend([from, to][turn]);
            packet.extend([from, to][1 - turn]);
            packet.extend(ports[turn].to_be_bytes());
            packet.extend(ports[1 - turn].to_be_bytes());
            let own = if ends { numbers[1] } else { numbers[0] };
            let other = if ends { seq.wrapping_add(1) } else { numbers[1] };
            packet.extend(own.to_be_bytes());
            packet.extend(other.to_be_bytes());
            let flags = if ends && count == 0 { 0x12 } else { flags };
            packet.extend([0x80, flags, 0xfa, 0xf0, 0, 0, 0, 0, 1, 1, 8, 10]);
            packet.extend((if ends { 7 } else { stamp }).to_be_bytes());
            packet.extend([0; 4]);
            packet.extend(payload);
            let ns = arrival + u64::from(ends) * 1_000;
            let length = packet.len() as u32;
            for word in [(ns / 1_000_000_000) as u32, (ns % 1_000_000_000) as u32, length, length] {
                file.extend(word.to_le_bytes());
            }
            file.extend(packet);
        }
        seq = seq.wrapping_add(1);
        count += 1;
        at += 0.2 + 1.6 * roll();
    }
    file
}

#[test]
fn an_hour_with_jitter_tells_the_skew_of_a_clock_within_one_part_per_million() {
    let file = hour();
    let lines = printed(&read(&["--json"], &file));
    let flow: Value = lines.lines().last().map(|line| serde_json::from_str(line).unwrap()).unwrap();
    assert_eq!(flow["kind"], "tcp_flow");
    assert_eq!(flow["client"]["ts_hz"], 1_000, "{flow}");
    let skew = flow["client"]["clock_skew_ppm"].as_f64().unwrap();
    assert!((skew - 50.0).abs() < 1.0, "{skew} ppm");
    assert_eq!(flow["server"]["clock_skew_ppm"], Value::Null, "a clock that stands still");
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    printed(&read(&["--data", data], &file));
    let json =
        printed(&command(&["attacker", "192.0.2.1", "--json", "--data", data]).output().unwrap());
    let behavior = &serde_json::from_str::<Value>(&json).unwrap()["behavior"];
    let skew = behavior["clock_skew_ppm"].as_f64().unwrap();
    let bound = behavior["clock_skew_ci"].as_f64().unwrap();
    assert!((skew - 50.0).abs() < 1.0 && bound < 5.0, "{behavior}");
    assert_eq!(behavior["ts_hz"], 1_000.0, "{behavior}");
}
