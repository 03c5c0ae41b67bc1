//! The bodies of the fuzz targets: each takes any bytes and holds a law.
//!
//! **Invariant:** no body looks at what it is given; the laws hold for every input. The unit tests
//! run each body on every prefix of its seeds, `fuzz/` runs them on what a fuzzer finds.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use crate::cast;
use crate::dialogue::ssh::packet::algorithm::{Cipher, Compression, Mac, Suite};
use crate::dialogue::ssh::packet::keys::Keys;
use crate::dialogue::ssh::packet::opener::Opener;
use crate::dialogue::ssh::packet::refusal::Refusal;
use crate::dialogue::ssh::packet::sealer::{Sealer, Sequence};
use crate::event::wire::{
    Carrier, FlowEnd, FlowSide, HttpRequest, TcpFlow, TcpSyn, TlsCertificates, TlsMessage,
};
use crate::event::{self, About, ConnectionId, Origin, PeerFact, Service, Side, Timestamp};
use crate::flow::capture::{Reader, Record};
use crate::flow::eye::Eye;
use crate::flow::origin;
use crate::flow::shard::Shard;
use crate::flow::splitter::Splitter;
use crate::flow::tracker::{self, Config, SHARDS, Wants};
use crate::octets::{Binary, Octets, unescape};
use crate::profile::keyboard::{Context, Decoder, Stroke, columns};
use crate::profile::{self, Attacker, Behavior, Output};
use crate::wire::http::{self, h2};
use crate::wire::tls::{dtls, hello};
use crate::wire::{quic, sftp as requests, ssh, tls, x509};

/// The body of a target.
pub type Target = fn(&[u8]);

/// Every body by the name of its target.
pub const TARGETS: &[(&str, Target)] = &[
    ("ssh_ident", ssh_ident),
    ("ssh_kexinit", ssh_kexinit),
    ("ssh_kex", crate::dialogue::ssh::kex::fuzz::messages),
    ("tls", tls),
    ("dtls", dtls),
    ("quic", quic),
    ("http", http),
    ("h2", h2),
    ("capture", capture),
    ("flow", flow),
    ("shards", shards),
    ("eye", eye),
    ("keyboard", keyboard),
    ("recording", recording),
    ("octets", octets),
    ("shell", crate::shell::fuzz::script),
    ("x509", x509),
    ("fold", fold),
    ("ssh_packet", ssh_packet),
    ("sftp", sftp),
    ("ssh_server_clear", crate::dialogue::ssh::fuzz::clear),
    ("ssh_server_auth", crate::dialogue::ssh::fuzz::authentication),
    ("ssh_server_connection", crate::dialogue::ssh::fuzz::connection),
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
    let mut said: BTreeMap<(u64, bool), Vec<u8>> = BTreeMap::new();
    let mut listen = |event: tracker::Event<'_>| {
        if let tracker::Event::Bytes { flow, side, bytes, .. } = event {
            let before = said.entry((flow.id, side == Side::Client)).or_default();
            assert!(bytes.len() > before.len(), "nothing new was told");
            assert!(bytes.starts_with(before), "what was said changed");
            assert!(bytes.len() <= config.stream_bytes, "more was kept than may be");
            *before = bytes.to_vec();
        }
        Wants::More
    };
    let mut splitter = Splitter::new(&config);
    let mut shards: Vec<Shard> = (0..SHARDS).map(|_| Shard::new(&config)).collect();
    for record in records(bytes) {
        if let Some(packet) = splitter.packet(&record)
            && let Some(shard) = shards.get_mut(packet.shard())
        {
            shard.packet(&packet, &mut listen);
        }
    }
    shards.iter_mut().for_each(|shard| shard.stop(&mut listen));
}

/// The parts of an eye that are run one after the other see what the eye sees.
pub fn shards(bytes: &[u8]) {
    let config = Config { idle_ns: 200, ..Config::default() };
    let (records, mut eye) = (records(bytes), Eye::new(&config));
    let mut together: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    for record in &records {
        let seen = together.entry(record.frame).or_default();
        eye.packet(record, &mut |sight| seen.push(format!("{sight:?}")));
    }
    let (mut splitter, parts) = Eye::apart(&config);
    let mut apart: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    let packets: Vec<_> =
        records.iter().map(|record| (record.frame, splitter.packet(record))).collect();
    for (number, mut part) in parts.into_iter().enumerate() {
        for (frame, packet) in &packets {
            let seen = apart.entry(*frame).or_default();
            if let Some(packet) = packet
                && packet.shard() == number
            {
                part.packet(packet, &mut |sight| seen.push(format!("{sight:?}")));
            }
        }
    }
    assert_eq!(together, apart, "parts see something else");
}

/// Whatever is said on connections becomes facts that can be folded, and each survives its journal.
pub fn eye(bytes: &[u8]) {
    let mut eye = Eye::new(&Config { idle_ns: 200, ..Config::default() });
    let mut seen = Vec::new();
    records(bytes).iter().for_each(|record| eye.packet(record, &mut |sight| seen.push(sight)));
    let packets = conversation(bytes);
    for (number, packet) in packets.iter().enumerate() {
        let (frame, original) = (number as u64 + 1, packet.len() as u32);
        let record = Record { frame, link: 101, at_ns: frame, original, bytes: packet };
        eye.packet(&record, &mut |sight| seen.push(sight));
    }
    eye.stop(&mut |sight| seen.push(sight));
    let mut attackers: BTreeMap<IpAddr, (Attacker, Behavior)> = BTreeMap::new();
    let mut out = Output::default();
    for (seq, sight) in (1..).zip(seen) {
        let event = origin::event(sight, "decky", None);
        let (at, origin) = (event.at, event.origin().map(Arc::clone));
        let address = event.attacker().unwrap_or(IpAddr::from([0; 4]));
        let read =
            event.fact_json().and_then(|json| event::Event::from_parts(at, origin, None, &json));
        assert_eq!(read.ok().as_ref(), Some(&event), "a fact did not survive its journal");
        let (attacker, behavior) = attackers.entry(address).or_insert_with(|| {
            let attacker = Attacker::new(address);
            let behavior = Behavior::new(attacker.uuid());
            (attacker, behavior)
        });
        profile::fold(seq, &event, attacker, None, &mut out);
        out.behavior.drain(..).for_each(|(_, change)| behavior.apply(&change));
    }
    for (attacker, behavior) in attackers.values() {
        let _ = (attacker.row(), behavior.row());
    }
}

/// A connection in raw IP packets that says what is in `bytes`: pieces, each behind a byte for its
/// length and one for its kind.
fn conversation(bytes: &[u8]) -> Vec<Vec<u8>> {
    let (mut rest, mut packets) = (bytes, Vec::new());
    let mut next = [1_000_u32, 9_000];
    while let [length, kind, tail @ ..] = rest {
        let (payload, behind) = tail.split_at(tail.len().min(usize::from(*length)));
        rest = behind;
        let (is_server, is_udp) = (kind & 1 != 0, kind & 2 != 0);
        let [client, server] = &mut next;
        let (own, other) = if is_server { (server, *client) } else { (client, *server) };
        let syn = u8::from(kind & 4 != 0) * 2;
        let (from, to) = if is_server { ([9, 22], [1, 200]) } else { ([1, 200], [9, 22]) };
        let header = if is_udp { 8 } else { 20 };
        let size = (20 + header + payload.len()) as u16;
        let mut packet = vec![0x45, 0];
        packet.extend(size.to_be_bytes());
        packet.extend([0, *kind, 0x40, 0, 64, if is_udp { 17 } else { 6 }, 0, 0]);
        packet.extend([192, 0, 2, from[0], 192, 0, 2, to[0], 0, from[1], 0, to[1]]);
        if is_udp {
            packet.extend((size - 20).to_be_bytes());
            packet.extend([0, 0]);
        } else {
            packet.extend(own.to_be_bytes());
            packet.extend(other.to_be_bytes());
            packet.extend([0x50, 0x10 | syn | kind >> 7, 255, 255, 0, 0, 0, 0]);
            *own = own.wrapping_add(payload.len() as u32 + u32::from(syn / 2));
        }
        packet.extend(payload);
        packets.push(packet);
    }
    packets
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

/// What is sealed is opened as it was; what is changed on the way is not, whatever comes in which
/// pieces. What is authentic may still be anything.
pub fn ssh_packet(bytes: &[u8]) {
    let Some((&[cipher, mac, piece, at, flip], rest)) = bytes.split_first_chunk() else { return };
    let suite = |compression| {
        let cipher = *Cipher::ALL.get(usize::from(cipher))?;
        let mac = *Mac::ALL.get(usize::from(mac) % Mac::ALL.len())?;
        Some(Suite { cipher, mac, compression })
    };
    let keys =
        |compression| suite(compression).map(|suite| Keys::known(suite, b"iv", b"key", b"mac"));
    let sealed = |compression, payloads: &[&[u8]]| {
        let (mut sealer, mut out) = (Sealer::new(), Vec::new());
        keys(compression).into_iter().for_each(|keys| sealer.install(keys, Sequence::Restarts));
        sealer.authenticated();
        payloads.iter().for_each(|payload| sealer.seal(payload, &mut |to| to.fill(9), &mut out));
        out
    };
    let opened = |compression, wire: &[u8], piece: usize| {
        let mut opener = Opener::new();
        keys(compression).into_iter().for_each(|keys| opener.install(keys, Sequence::Restarts));
        opener.authenticated();
        ssh_payloads(&mut opener, wire, piece)
    };
    let piece = usize::from(piece).max(1);
    // Message numbers that are none are refused, which other inputs show.
    let is_message = |part: &&[u8]| matches!(part.first(), Some(1..=191));
    let payloads: Vec<_> = rest.split(|byte| *byte == b'|').filter(is_message).collect();
    for compression in Compression::ALL {
        let mut wire = sealed(compression, &payloads);
        let whole = opened(compression, &wire, wire.len().max(1));
        assert!(whole.0.iter().eq(&payloads) && whole.1.is_none(), "a payload changed");
        let changed = usize::from(at) % wire.len().max(1);
        wire.get_mut(changed).into_iter().for_each(|byte| *byte ^= flip);
        let found = opened(compression, &wire, piece);
        assert_eq!(found, opened(compression, &wire, wire.len().max(1)), "pieces are told apart");
        if suite(compression).is_some() {
            let whole = whole.0.get(..found.0.len());
            assert_eq!(whole, Some(&*found.0), "a payload was forged");
        }
        // Authentic, but packed by somebody else.
        let parts: Vec<_> = rest.chunks(256).collect();
        let wire = sealed(Compression::None, &parts);
        let found = opened(compression, &wire, wire.len().max(1));
        assert_eq!(found, opened(compression, &wire, piece), "pieces are told apart");
        assert_eq!(opened(compression, rest, piece), opened(compression, rest, rest.len().max(1)));
    }
}

/// The payloads of a stream that comes in pieces, and how it ends.
fn ssh_payloads(opener: &mut Opener, wire: &[u8], piece: usize) -> (Vec<Vec<u8>>, Option<Refusal>) {
    let (mut waiting, mut payloads) = (Vec::new(), Vec::new());
    for piece in wire.chunks(piece) {
        waiting.extend_from_slice(piece);
        loop {
            match opener.open(&mut waiting) {
                Ok(Some(packet)) => {
                    payloads.push(packet.payload.to_vec());
                    let used = packet.used;
                    waiting.drain(..used);
                }
                Ok(None) => break,
                Err(refusal) => return (payloads, Some(refusal)),
            }
        }
    }
    (payloads, None)
}

/// Messages of SFTP are cut where they claim to end, and what one asks does not change with what
/// comes behind it.
pub fn sftp(bytes: &[u8]) {
    let mut rest = bytes;
    while let Ok(Some((message, used))) = requests::message(rest) {
        assert_eq!(message.len() + 4, used, "a message is not as long as it says");
        let alone = rest.get(..used).map(requests::message);
        assert_eq!(alone, Some(Ok(Some((message, used)))), "an answer changed");
        let _ = requests::request(message);
        rest = rest.get(used..).unwrap_or_default();
    }
}

/// What a certificate names stands in it.
pub fn x509(bytes: &[u8]) {
    if let Ok(found) = x509::objects(bytes) {
        let lists = [found.issuer, found.subject, found.extensions];
        let named: usize = lists.iter().flatten().map(|object| object.len()).sum();
        assert!(named < bytes.len(), "more numbers than bytes");
    }
}

/// Whatever is seen on the wire, each fact is folded, and states survive their bytes.
pub fn fold(bytes: &[u8]) {
    let mut attacker = Attacker::new(IpAddr::from([192, 0, 2, 1]));
    let mut behavior = Behavior::new(attacker.uuid());
    let mut out = Output::default();
    for (seq, chunk) in (1_u64..).zip(bytes.split(|byte| *byte == b'|')) {
        let [kind, body @ ..] = chunk else { continue };
        let about = About::Peer { origin: Arc::new(origin(*kind)), fact: fact(*kind, body) };
        let event = event::Event { at: Timestamp(i64::from(*kind) * seq.cast_signed()), about };
        profile::fold(seq, &event, &mut attacker, None, &mut out);
    }
    out.behavior.iter().for_each(|(_, change)| behavior.apply(change));
    let row = behavior.row();
    let mut again = postcard::from_bytes::<Behavior>(&row.state.0).ok();
    let banners = row.ssh_client_banners.and_then(|json| serde_json::to_string(&json).ok());
    let shapes = row.tcp_fingerprint.and_then(|json| serde_json::to_string(&json).ok());
    let tools = row.tool_guesses.and_then(|json| serde_json::to_string(&json).ok());
    if let Some(again) = &mut again {
        let _ = again.restore(None, banners.as_deref(), shapes.as_deref(), tools.as_deref());
    }
    assert_eq!(again, Some(behavior), "a state did not survive its bytes");
    let state = attacker.row().state.0;
    let again = postcard::from_bytes::<Attacker>(&state).map(|again| again.row().state.0);
    assert_eq!(again, Ok(state), "a state did not survive its bytes");
}

fn origin(kind: u8) -> Origin {
    Origin {
        decky: String::new(),
        service: Service::Tcp,
        connection: ConnectionId(uuid::Uuid::from_u128(u128::from(kind >> 4))),
        peer: ([192, 0, 2, 1], 40_000).into(),
        local: ([192, 0, 2, kind & 7], 22).into(),
    }
}

/// A fact whose kind and sides a byte says, and whose content the others are.
fn fact(kind: u8, body: &[u8]) -> PeerFact {
    let side = if kind & 8 == 0 { Side::Client } else { Side::Server };
    let number = |at: usize| u32::from(body.get(at).copied().unwrap_or(0));
    let message = || TlsMessage {
        carrier: if kind & 16 == 0 { Carrier::Tcp } else { Carrier::Dtls },
        body: Binary(body.to_vec()),
    };
    match kind & 7 {
        0 | 1 => PeerFact::TcpSyn(Box::new(TcpSyn {
            side,
            ttl: kind,
            tos: kind,
            ip_id: (kind & 16 == 0).then_some(7),
            ip_flags: (kind & 16 == 0).then_some(2),
            flow_label: 0,
            ip_options: 0,
            isn: number(0),
            ack: number(1),
            flags: u16::from(kind) << 2 | 2,
            window: u16::from(kind) << 8,
            urgent: 0,
            options: Binary(body.to_vec()),
            payload: 0,
            attempt: number(2),
            since_ns: None,
        })),
        2 => PeerFact::TcpFlow(Box::new(TcpFlow {
            took_ns: u64::from(number(0)) << 56,
            end: FlowEnd::Idle,
            client: FlowSide {
                repeated: body.iter().map(|byte| (u16::from(*byte), u64::from(*byte))).collect(),
                gaps_ns: body.iter().copied().map(u32::from).collect(),
                ticks: (0..).zip(body.iter().copied().map(u32::from)).collect(),
                ..FlowSide::default()
            },
            server: FlowSide::default(),
        })),
        3 => PeerFact::TlsClientHello(message()),
        4 => PeerFact::TlsServerHello(message()),
        5 => PeerFact::TlsCertificates(TlsCertificates {
            side,
            carrier: Carrier::Tcp,
            chain: vec![Binary(body.to_vec())],
        }),
        6 => PeerFact::SshIdent { side, line: Octets(body.to_vec()), took_us: 0 },
        _ => PeerFact::HttpRequest(Box::new(HttpRequest {
            version: "2".into(),
            method: Octets(body.to_vec()),
            target: Octets(body.to_vec()),
            fields: vec![(Octets(body.to_vec()), Octets(body.to_vec()))],
            priority: None,
            opening: Some(Box::default()),
        })),
    }
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

    /// Nothing but a name and an extension.
    const CERTIFICATE: &[u8] = &[
        48, 49, 48, 47, 2, 1, 9, 48, 0, 48, 12, 49, 10, 48, 8, 6, 3, 85, 4, 3, 12, 1, 120, 48, 0,
        48, 12, 49, 10, 48, 8, 6, 3, 85, 4, 3, 12, 1, 121, 48, 0, 163, 9, 48, 7, 48, 5, 6, 3, 85,
        29, 15,
    ];

    const SEEDS: &[(&str, &[u8])] = &[
        ("ssh_ident", b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u6\r\nrest"),
        ("ssh_ident", b"SSH-1.99-x\nmore"),
        ("ssh_ident", b"GET / HTTP/1.1\r\n"),
        ("ssh_kexinit", &[0, 0, 0, 12, 4, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        ("ssh_kex", b"\0\0\x25\x1e\0\0\0\x20................................\0\x05\x1e\0\0\0\0"),
        ("ssh_kex", b"\x02\0\x46\x1e\0\0\0\x41\x04................................................................"),
        ("ssh_kex", b"\x06\0\x0d\x22\0\0\x08\0\0\0\x08\0\0\0\x20\0\0\x06\x20\0\0\0\x01\x0f"),
        ("ssh_kex", b"\x05\0\x06\x1e\0\0\0\x01\x0f\0\x01\x1e"),
        ("tls", b"\x16\x03\x01\x00\x04\x0e\x00\x00\x00\x14\x03\x03\x00\x01\x01\x17\x03\x03\x00\x01x"),
        ("tls", b"\x16\x03\x01\x00\x02\x0b\x00\x16\x03\x01\x00\x06\x00\x04\x00\x00\x01x"),
        ("dtls", b"\x16\xfe\xff\0\0\0\0\0\0\0\0\0\x0d\x01\0\0\x01\0\0\0\0\0\0\0\x01x"),
        ("quic", b"\xc3\0\0\0\x01\x01a\x01b\0\x18000000000000000000000000"),
        ("http", b"GET / HTTP/1.1\r\nCookie: a=b; c\r\n\r\nrest"),
        ("h2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\0\0\x03\x01\x04\0\0\0\x01\x82\x84\xbe"),
        ("capture", &[212, 195, 178, 161, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 0, 0, 101, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 3, 0, 0, 0, 97, 98, 99, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        ("flow", PACKETS),
        ("shards", PACKETS),
        ("eye", PACKETS),
        ("eye", b"\0\x04\0\x05\x0fSSH-2.0-client\n\x10\x01SSH-2.0-server\r\n\x11\0\0\0\0\x0c\x04\x14\0\0\0\0\0\0\0\0\0\0"),
        ("eye", b"\0\x04\x1c\0GET / HTTP/1.1\r\nCookie: a\r\n\r\n\x18\0PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x09\0\0\0\0\x04\0\0\0\0\0"),
        ("eye", b"\x36\x04\x16\x03\x01\x00\x31\x01\0\0\x2d\x03\x0300000000000000000000000000000000\0\0\x02\x13\x01\x01\0\0\x02\0\0"),
        ("keyboard", b"ls -la\r\x1b[A\x1b[200~pasted\x1b[201~\xc3\xa4\x7f\x03\xff123456"),
        ("keyboard", b"the other thing that is there and then over there in the other house\r"),
        (
            "recording",
            b"{\"version\":2,\"width\":80,\"height\":24}\n[0.1,\"i\",\"l\"]\n[0.2,\"o\",\"l\"]\n",
        ),
        ("x509", CERTIFICATE),
        ("sftp", b"\0\0\0\x05\x01\0\0\0\x03\0\0\0\x14\x03\0\0\0\x01\0\0\0\x02/x\0\0\0\x1a\0\0\0\0\x01"),
        ("sftp", b"\0\0\0\x17\xc8\0\0\0\x09\0\0\0\x09copy-data\0\0\0\0\x01\0\0\0\x07\x63\0\0\0\x01\0\0"),
        ("ssh_packet", b"\0\0\x05\x30\x01\x14offer|\x32\0\0\0\x04root|\x5e"),
        ("ssh_packet", b"\x01\x03\x01\x44\x80\x14offer|\x5eletters"),
        ("ssh_packet", b"\x02\x05\x07\x09\x20\x5eone|\x5etwo"),
        ("ssh_packet", b"\x04\0\x09\x11\x04\x5eone|\x5etwo"),
        ("ssh_packet", b"\x06\0\x03\x04\x02\0\0\0\x0c\x0a\x14\0\0\0\0\0\0\0\0\0\0"),
        ("ssh_packet", b"\x05\0\x40\0\0x\x9c\x8a\x4b\x04\0\0\0\xff\xff"),
        (
            "fold",
            b"\0\x02\x04\x05\xb4\x08\x0a0123\0\0\0\0|\x08\x02\x04\x05\xb4|\x02repeated and repeated|\x03\x03\x03\
              00000000000000000000000000000000\0\0\x02\x13\x01\x01\0|\x04\x03\x03\
              00000000000000000000000000000000\0\x13\x01\0|\x06SSH-2.0-x|\x07GET",
        ),
        ("ssh_server_clear", b"\x03SSH-2.0-x\x0d\x0a\x00\x00\x00\x0c\x0a\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x0c\x0a\x05\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x0c\x0a2\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
        ("ssh_server_auth", b"!\x11\x05\x00\x00\x00\x0cssh-userauth#2\x00\x00\x00\x04root\x00\x00\x00\x0essh-connection\x00\x00\x00\x04none\x02\x00\x01.2\x00\x00\x00\x04root\x00\x00\x00\x0essh-connection\x00\x00\x00\x08password\x00\x00\x00\x00\x02pw\x02\x00\x00\x07P\x00\x00\x00\x01x\x01"),
        ("ssh_server_connection", b"\x10\x18Z\x00\x00\x00\x07session\x00\x00\x00\x07\x00\x00\x00c\x00\x00\x00\x09\x14b\x00\x00\x00\x00\x00\x00\x00\x04exec\x01\x00\x00\x00\x02ls\x04\x00\x02\x00\x01\x0b^\x00\x00\x00\x00\x00\x00\x00\x02hi\x02\x00\x08\x09]\x00\x00\x00\x00\x00\x00\x03\xe7\x05a\x00\x00\x00\x00\x03\x00\x04\x00"),
        ("ssh_server_connection", b"b\x1bP\x00\x00\x00\x0dtcpip-forward\x01\x00\x00\x00\x00\x00\x00\x1f\x90/Z\x00\x00\x00\x0cdirect-tcpip\x00\x00\x00\x07\x00\x00\x00c\x00\x00\x00\x09\x00\x00\x00\x01o\x00\x00\x00P\x00\x00\x00\x01b\x00\x00\x00\x01\x02\x00\x07\x11[\x00\x00\x00\x03\x00\x00\x00\x09\x00\x00\x00c\x00\x00\x00\x09\x02\x00\x0a\x01\x15\x02\x00\x0c\x05`\x00\x00\x00\x02"),
        ("shell", b"if a; then b && c | d || e & fi; for x in a \"b $c\"; do $(d `e` <f); done"),
        ("shell", b"f() { case ${a:-b} in (c|d) e;; *) ((1+2));& esac >g 2>&1; }; [[ a == b && ! ( c =~ d ) ]]"),
        ("shell", b"cat <<A <<-'B' | x=(1 [2]=3) y+=$((4)) z\n$a\nA\n\tb\nB\ncoproc n { :; }; time ! w {v}<>u"),
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
