//! The bodies of the fuzz targets: each takes any bytes and holds a law.
//!
//! **Invariant:** no body looks at what it is given; the laws hold for every input. The unit tests
//! run each body on every prefix of its seeds, `fuzz/` runs them on what a fuzzer finds.

use std::collections::BTreeMap;

use crate::cast;
use crate::event::Side;
use crate::flow::capture::{Reader, Record};
use crate::flow::shard::Shard;
use crate::flow::splitter::Splitter;
use crate::flow::tracker::{Config, Event, SHARDS, Tracker, Wants};
use crate::octets::{Octets, unescape};
use crate::profile::keyboard::{Context, Decoder, Stroke, columns};
use crate::wire::http::{self, h2};
use crate::wire::tls::{dtls, hello};
use crate::wire::{quic, ssh, tls};

/// The body of a target.
pub type Target = fn(&[u8]);

/// Every body by the name of its target.
pub const TARGETS: &[(&str, Target)] = &[
    ("ssh_ident", ssh_ident),
    ("ssh_kexinit", ssh_kexinit),
    ("tls", tls),
    ("dtls", dtls),
    ("quic", quic),
    ("http", http),
    ("h2", h2),
    ("capture", capture),
    ("flow", flow),
    ("shards", shards),
    ("keyboard", keyboard),
    ("recording", recording),
    ("octets", octets),
];

/// More bytes never change an answer about the identification line.
pub fn ssh_ident(bytes: &[u8]) {
    if let Ok(Some((found, used))) = ssh::ident(bytes) {
        let alone = bytes.get(..used).map(ssh::ident);
        assert_eq!(alone, Some(Ok(Some((found, used)))), "an answer changed");
    }
}

/// A KEXINIT is read from exactly the bytes that it claims.
pub fn ssh_kexinit(bytes: &[u8]) {
    if let Ok(Some((_, used))) = ssh::first_kexinit(bytes) {
        let alone = bytes.get(..used).map(ssh::first_kexinit);
        assert!(matches!(alone, Some(Ok(Some(_)))), "an answer changed");
    }
    // Whatever it says of any payload, it says so without a panic.
    let _ = (ssh::kexinit(bytes), ssh::watched_kexinit(bytes));
}

/// What the first half of a stream shows, the whole of it shows too; hellos are total.
pub fn tls(bytes: &[u8]) {
    let messages = |bytes| {
        let (mut cursor, mut found) = (tls::Handshake::new(bytes), Vec::new());
        while let Ok(Some(tls::Step::Message(message))) = cursor.step() {
            let _ = hello::client_hello(&message.body, hello::Transport::Stream)
                .map(|hello| (hello.server_name(), hello.alpn().count(), hello.resumption()));
            let _ = hello::server_hello(&message.body).map(|hello| hello.chosen_version());
            let _ = tls::certificates(&message.body).map(Iterator::count);
            found.push(message);
        }
        found
    };
    let half = messages(bytes.get(..bytes.len() / 2).unwrap_or_default());
    assert!(messages(bytes).starts_with(&half), "an answer changed");
}

/// Any datagrams are read; no message is longer than it says.
pub fn dtls(bytes: &[u8]) {
    let mut assembler = dtls::Assembler::default();
    for datagram in bytes.chunks(64).chain([bytes]) {
        for message in assembler.read(datagram).unwrap_or_default() {
            let _ = hello::client_hello(&message.body, hello::Transport::Datagram);
        }
    }
}

/// Any datagrams are read, from both ends.
pub fn quic(bytes: &[u8]) {
    let mut opening = quic::Opening::default();
    for sender in [quic::Sender::Client, quic::Sender::Server] {
        let _ = opening.read(sender, bytes);
        while let Ok(Some(_)) = opening.message(sender) {}
    }
    if let Ok(Some((found, used))) = quic::packet(bytes)
        && found != quic::Packet::Other
    {
        let alone = bytes.get(..used).map(quic::packet);
        assert_eq!(alone, Some(Ok(Some((found, used)))), "an answer changed");
    }
}

/// A head is read from exactly the bytes that it claims.
pub fn http(bytes: &[u8]) {
    if let Ok(Some((head, used))) = http::request_head(bytes) {
        let alone = bytes.get(..used).map(http::request_head);
        assert_eq!(alone, Some(Ok(Some((head, used)))), "an answer changed");
        let cookies = head.fields.iter().map(|field| http::cookies(field.value).count());
        assert!(cookies.sum::<usize>() <= used, "more cookies than bytes");
    }
}

/// Any frames are read, until one cannot be.
pub fn h2(bytes: &[u8]) {
    let mut client = h2::Client::default();
    let mut rest = match h2::preface(bytes) {
        Ok(Some(((), used))) => bytes.get(used..).unwrap_or_default(),
        Ok(None) | Err(_) => bytes,
    };
    while let Ok(Some((frame, used))) = h2::frame(rest) {
        rest = rest.get(used..).unwrap_or_default();
        if client.read(&frame).is_err() {
            break;
        }
    }
}

/// A block of a capture is read from exactly the bytes that it claims.
pub fn capture(bytes: &[u8]) {
    let (mut reader, mut rest) = (Reader::default(), bytes);
    loop {
        let mut again = reader.clone();
        let Ok(Some((block, used))) = reader.next(rest) else { break };
        let alone = rest.get(..used).map(|bytes| again.next(bytes));
        assert_eq!(alone, Some(Ok(Some((block, used)))), "an answer changed");
        assert!(used > 0, "a block of nothing");
        rest = rest.get(used..).unwrap_or_default();
    }
}

/// Whatever packets come, at whatever times: what a direction has said, it has said.
pub fn flow(bytes: &[u8]) {
    let config = Config { flows: 3, one_sided: 2, half_open: 2, idle_ns: 200, ..Config::default() };
    let mut tracker = Tracker::new(config);
    let mut said: BTreeMap<(u64, bool), Vec<u8>> = BTreeMap::new();
    let mut listen = |event: Event<'_>| {
        if let Event::Bytes { flow, side, bytes, .. } = event {
            let before = said.entry((flow.id, side == Side::Client)).or_default();
            assert!(bytes.len() > before.len(), "nothing new was told");
            assert!(bytes.starts_with(before), "what was said changed");
            assert!(bytes.len() <= config.stream_bytes, "more was kept than may be");
            *before = bytes.to_vec();
        }
        Wants::More
    };
    records(bytes).iter().for_each(|record| tracker.packet(record, &mut listen));
    tracker.stop(&mut listen);
}

/// Shards that are run one after the other tell what one tracker tells.
pub fn shards(bytes: &[u8]) {
    let config = Config { idle_ns: 200, ..Config::default() };
    let (records, mut tracker) = (records(bytes), Tracker::new(config));
    let mut together: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    for record in &records {
        tracker.packet(record, &mut |event| {
            together.entry(record.frame).or_default().push(format!("{event:?}"));
            Wants::Windows
        });
    }
    let (mut splitter, mut apart) = (Splitter::new(&config), BTreeMap::<u64, Vec<String>>::new());
    let packets: Vec<_> =
        records.iter().filter_map(|r| Some((r.frame, splitter.packet(r)?))).collect();
    for number in 0..SHARDS {
        let mut shard = Shard::new(&config);
        for (frame, packet) in packets.iter().filter(|(_, packet)| packet.shard() == number) {
            shard.packet(packet, &mut |event| {
                apart.entry(*frame).or_default().push(format!("{event:?}"));
                Wants::Windows
            });
        }
    }
    assert_eq!(together, apart, "shards tell something else");
}

/// Records, each of a link type, a time, a length and as many bytes.
fn records(bytes: &[u8]) -> Vec<Record<'_>> {
    let (mut rest, mut records) = (bytes, Vec::new());
    while let [link, at, length, tail @ ..] = rest {
        let (packet, behind) = tail.split_at(tail.len().min(usize::from(*length)));
        let (link, at_ns, frame) = (u16::from(*link), u64::from(*at), records.len() as u64 + 1);
        records.push(Record { frame, link, at_ns, original: u32::MAX, bytes: packet });
        rest = behind;
    }
    records
}

/// A stroke for a byte at most; a session of them has columns; its state survives its bytes.
pub fn keyboard(bytes: &[u8]) {
    let (mut decoder, mut strokes) = (Decoder::default(), Vec::new());
    let mut at_us = 0;
    for read in bytes.chunks(7) {
        at_us += u64::from(read.first().copied().unwrap_or(0)) * 1_000;
        match read {
            [0xff, rest @ ..] => decoder.hidden(at_us, rest.len() as u32, &mut strokes),
            read => decoder.read(at_us, read, &mut strokes),
        }
    }
    decoder.finish(&mut strokes);
    assert!(strokes.len() <= bytes.len(), "more strokes than bytes");
    let again: Vec<Stroke> = strokes.iter().map(|s| Stroke::from_bits(s.to_bits())).collect();
    assert_eq!(again, strokes, "a stroke did not survive its bits");
    let _ = columns(&strokes, &Context { duration_us: at_us, prompts_us: &[0] });
}

/// Any file is a recording with features, or an error that says why not.
pub fn recording(bytes: &[u8]) {
    match cast::read(bytes) {
        Ok(recording) => drop(cast::features(&recording)),
        Err(error) => assert!(!error.to_string().is_empty(), "an error without words"),
    }
}

/// Any bytes survive their escaped form, which never moves a terminal.
pub fn octets(bytes: &[u8]) {
    let octets = Octets(bytes.to_vec());
    assert_eq!(unescape(&octets.to_string()).as_deref(), Some(bytes), "bytes were lost");
    assert!(!octets.readable().chars().any(char::is_control), "a control character is shown");
    let _ = unescape(&String::from_utf8_lossy(bytes));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A SYN and two segments, the second of which comes first, and a reset.
    const PACKETS: &[u8] = &[
        101, 9, 40, 69, 0, 0, 40, 0, 1, 64, 0, 64, 6, 0, 0, 0, 0, 0, 9, 0, 0, 0, 1, 3, 232, 0, 22,
        0, 0, 0, 100, 0, 0, 0, 0, 80, 2, 255, 255, 0, 0, 0, 0, 101, 9, 43, 69, 0, 0, 43, 0, 1, 64,
        0, 64, 6, 0, 0, 0, 0, 0, 9, 0, 0, 0, 1, 3, 232, 0, 22, 0, 0, 0, 103, 0, 0, 0, 0, 80, 16,
        255, 255, 0, 0, 0, 0, 116, 119, 111, 101, 9, 42, 69, 0, 0, 42, 0, 1, 64, 0, 64, 6, 0, 0, 0,
        0, 0, 9, 0, 0, 0, 1, 3, 232, 0, 22, 0, 0, 0, 101, 0, 0, 0, 0, 80, 16, 255, 255, 0, 0, 0, 0,
        111, 110, 101, 9, 40, 69, 0, 0, 40, 0, 1, 64, 0, 64, 6, 0, 0, 0, 0, 0, 9, 0, 0, 0, 1, 3,
        232, 0, 22, 0, 0, 0, 106, 0, 0, 0, 0, 80, 4, 255, 255, 0, 0, 0, 0,
    ];

    const SEEDS: &[(&str, &[u8])] = &[
        ("ssh_ident", b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u6\r\nrest"),
        ("ssh_ident", b"SSH-1.99-x\nmore"),
        ("ssh_ident", b"GET / HTTP/1.1\r\n"),
        ("ssh_kexinit", &[0, 0, 0, 12, 4, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        ("tls", b"\x16\x03\x01\x00\x04\x0e\x00\x00\x00\x14\x03\x03\x00\x01\x01\x17\x03\x03\x00\x01x"),
        ("tls", b"\x16\x03\x01\x00\x02\x0b\x00\x16\x03\x01\x00\x06\x00\x04\x00\x00\x01x"),
        ("dtls", b"\x16\xfe\xff\0\0\0\0\0\0\0\0\0\x0d\x01\0\0\x01\0\0\0\0\0\0\0\x01x"),
        ("quic", b"\xc3\0\0\0\x01\x01a\x01b\0\x18000000000000000000000000"),
        ("http", b"GET / HTTP/1.1\r\nCookie: a=b; c\r\n\r\nrest"),
        ("h2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\0\0\x03\x01\x04\0\0\0\x01\x82\x84\xbe"),
        ("capture", &[212, 195, 178, 161, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 0, 0, 101, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 3, 0, 0, 0, 97, 98, 99, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        ("flow", PACKETS),
        ("shards", PACKETS),
        ("keyboard", b"ls -la\r\x1b[A\x1b[200~pasted\x1b[201~\xc3\xa4\x7f\x03\xff123456"),
        ("keyboard", b"the other thing that is there and then over there in the other house\r"),
        (
            "recording",
            b"{\"version\":2,\"width\":80,\"height\":24}\n[0.1,\"i\",\"l\"]\n[0.2,\"o\",\"l\"]\n",
        ),
        ("octets", b"a\\x41\x1b]0;title\x07\xff\xe2\x80\xae"),
    ];

    #[test]
    fn every_target_holds_on_every_prefix_of_its_seeds() {
        for (name, body) in TARGETS {
            let seeds: Vec<_> = SEEDS.iter().filter(|(target, _)| target == name).collect();
            assert!(!seeds.is_empty(), "{name} has no seed");
            for (_, seed) in seeds {
                (0..=seed.len()).for_each(|end| body(&seed[..end]));
            }
        }
    }
}
