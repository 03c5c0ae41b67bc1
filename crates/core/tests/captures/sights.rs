//! What a capture holds, with a naive reassembly: everything in order, gaps closed at the end.

use super::Sight;
use super::pcap::{Inside, Packet, Transport, inside};
use decnet_core::event::Side;
use decnet_core::profile::fingerprint::tcp::{Ip, Syn, p0f};
use decnet_core::profile::fingerprint::tls::Carrier;
use decnet_core::profile::fingerprint::{self, http as http_print, tls as tls_print};
use decnet_core::wire::http::{self, h2};
use decnet_core::wire::tls::{self, dtls, hello};
use decnet_core::wire::{quic, ssh};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

type End = (IpAddr, u16);
type Way = (End, End);

/// Everything that is seen, with the frame in which it was complete.
pub(crate) fn all(packets: &[Packet<'_>]) -> Vec<(usize, Sight)> {
    let mut eye = Eye::default();
    for packet in packets {
        let Some(found) = inside(packet) else { continue };
        match found.transport {
            Transport::Tcp(header) => eye.segment(packet.frame, &found, header),
            Transport::Udp => {
                eye.datagram(packet.frame, (found.source, found.target), found.payload);
            }
        }
    }
    let ways: Vec<Way> = eye.streams.keys().copied().collect();
    for way in ways {
        while eye.close_gap(way) {}
    }
    eye.seen
}

#[derive(Default)]
struct Eye {
    seen: Vec<(usize, Sight)>,
    streams: BTreeMap<Way, Stream>,
    /// The directions from a client, as the SYN says.
    clients: BTreeSet<Way>,
    quic: BTreeMap<Way, quic::Opening>,
    dtls: BTreeMap<Way, dtls::Assembler>,
}

#[derive(Default)]
struct Stream {
    next: Option<u32>,
    /// Segments ahead, by how far.
    ahead: BTreeMap<u32, (usize, Vec<u8>)>,
    bytes: Vec<u8>,
    mode: Mode,
}

#[derive(Default)]
enum Mode {
    #[default]
    Unknown,
    /// Messages that were given.
    Tls(usize),
    Ssh,
    Http,
    H2(Box<h2::Client>, usize),
    Done,
}

impl Eye {
    fn see(&mut self, frame: usize, (source, target): Way, kind: &str, value: String) {
        let kind = kind.to_owned();
        self.seen.push((frame, Sight { kind, value, source, target }));
    }

    fn segment(&mut self, frame: usize, found: &Inside<'_>, header: &[u8]) {
        let way = (found.source, found.target);
        let word = |at: usize| u32::from_be_bytes([0, 1, 2, 3].map(|n| header[at + n]));
        let flags = u16::from_be_bytes([header[12] & 15, header[13]]);
        let mut sequence = word(4);
        if flags & 0x07 == 2 {
            let syn = Syn {
                ip: match found.ip.version {
                    4 => Ip::V4 { id: found.ip.mark as u16, flags: found.ip.flags },
                    _ => Ip::V6 { flow: found.ip.mark },
                },
                ttl: found.ip.ttl,
                ip_options: found.ip.options,
                ecn: found.ip.ecn,
                sequence,
                acknowledgement: word(8),
                flags,
                window: u16::from_be_bytes([header[14], header[15]]),
                urgent: u16::from_be_bytes([header[18], header[19]]),
                options: &header[20..],
                payload: found.payload.len(),
            };
            let (ja4t, signature) = match flags & 0x10 {
                0 => ("ja4t", "p0f_syn"),
                _ => ("ja4ts", "p0f_synack"),
            };
            #[cfg(feature = "ja4plus")]
            self.see(frame, way, ja4t, fingerprint::tcp::ja4t(&syn).hash);
            let _ = ja4t;
            self.see(frame, way, signature, p0f(&syn));
            sequence = sequence.wrapping_add(1);
            let fresh = self.streams.get(&way).is_none_or(|stream| stream.next != Some(sequence));
            if fresh {
                let stream = Stream { next: Some(sequence), ..Stream::default() };
                self.streams.insert(way, stream);
            }
            self.clients.insert(if flags & 0x10 == 0 { way } else { (way.1, way.0) });
        }
        if found.payload.is_empty() {
            return;
        }
        let stream = self.streams.entry(way).or_default();
        let next = *stream.next.get_or_insert(sequence);
        let distance = sequence.wrapping_sub(next);
        let (distance, payload) = if distance > u32::MAX / 2 {
            let known = next.wrapping_sub(sequence) as usize;
            (0, found.payload.get(known..).unwrap_or_default())
        } else {
            (distance, found.payload)
        };
        if payload.is_empty() {
            return;
        }
        if distance == 0 {
            self.deliver(frame, way, payload);
            self.catch_up(frame, way);
        } else {
            stream.ahead.entry(sequence).or_insert_with(|| (frame, payload.to_vec()));
            if stream.ahead.len() > 300 {
                self.close_gap(way);
            }
        }
    }

    /// Goes on with the segments that are no longer ahead.
    fn catch_up(&mut self, frame: usize, way: Way) {
        loop {
            let Some(stream) = self.streams.get_mut(&way) else { return };
            let next = stream.next.unwrap_or(0);
            let reached = |sequence: &u32| next.wrapping_sub(*sequence) < u32::MAX / 2;
            let Some(sequence) = stream.ahead.keys().copied().find(reached) else { return };
            let Some((own, bytes)) = stream.ahead.remove(&sequence) else { return };
            let known = next.wrapping_sub(sequence) as usize;
            if let Some(fresh) = bytes.get(known..).filter(|fresh| !fresh.is_empty()) {
                self.deliver(frame.max(own), way, fresh);
            }
        }
    }

    fn close_gap(&mut self, way: Way) -> bool {
        let Some(stream) = self.streams.get_mut(&way) else { return false };
        let next = stream.next.unwrap_or(0);
        let nearest = stream.ahead.keys().copied().min_by_key(|at| at.wrapping_sub(next));
        let Some(sequence) = nearest else { return false };
        stream.next = Some(sequence);
        stream.mode = Mode::Unknown;
        stream.bytes.clear();
        let frame = stream.ahead.get(&sequence).map_or(0, |(frame, _)| *frame);
        self.catch_up(frame, way);
        true
    }

    fn deliver(&mut self, frame: usize, way: Way, fresh: &[u8]) {
        let Some(stream) = self.streams.get_mut(&way) else { return };
        stream.next = stream.next.map(|next| next.wrapping_add(fresh.len() as u32));
        let mut mode = std::mem::take(&mut stream.mode);
        let mut bytes = std::mem::take(&mut stream.bytes);
        if matches!(mode, Mode::Unknown) {
            bytes.clear();
        }
        bytes.extend_from_slice(fresh);
        if matches!(mode, Mode::Unknown) {
            let line = bytes.windows(5).position(|part| part == b"\nSSH-").map(|at| at + 1);
            if bytes.starts_with(b"SSH-") {
                mode = Mode::Ssh;
            } else if let Some(at) = line.filter(|_| !self.clients.contains(&way)) {
                bytes.drain(..at);
                mode = Mode::Ssh;
            } else if bytes.starts_with(&[0x16, 3]) && matches!(bytes.get(5), None | Some(1 | 2)) {
                mode = Mode::Tls(0);
            } else if bytes.starts_with(b"PRI * HTTP/2.0\r\n") {
                mode = Mode::H2(Box::default(), 0);
            } else if let Ok(Some((found, _))) = h2::frame(&bytes)
                && found.stream == 0
                && found.payload.len() % 6 == 0
                && let Some(settings) = found.settings()
            {
                self.see(frame, way, "h2_settings_server", shown(&settings));
                mode = Mode::Done;
            } else if http::request_head(&bytes).is_ok()
                && bytes.iter().take_while(|byte| byte.is_ascii_uppercase()).count() > 2
            {
                mode = Mode::Http;
            }
        }
        mode = match mode {
            Mode::Tls(given) => self.tls(frame, way, &bytes, given),
            Mode::Ssh => self.ssh(frame, way, &bytes),
            Mode::Http => self.http(frame, way, &mut bytes),
            Mode::H2(client, used) => self.h2(frame, way, &bytes, client, used),
            other => other,
        };
        if matches!(mode, Mode::Unknown | Mode::Done) || bytes.len() > 300_000 {
            bytes.clear();
        }
        if let Some(stream) = self.streams.get_mut(&way) {
            (stream.mode, stream.bytes) = (mode, bytes);
        }
    }

    fn tls(&mut self, frame: usize, way: Way, bytes: &[u8], given: usize) -> Mode {
        let mut cursor = tls::Handshake::new(bytes);
        let mut count = 0;
        loop {
            match cursor.step() {
                Ok(Some(tls::Step::Message(message))) => {
                    count += 1;
                    if count > given {
                        self.message(frame, way, Carrier::Tcp, message.kind, &message.body);
                    }
                }
                Ok(Some(tls::Step::Encrypted)) => return Mode::Done,
                Ok(None) => return Mode::Tls(count),
                Err(_) => return Mode::Unknown,
            }
        }
    }

    fn message(&mut self, frame: usize, way: Way, carrier: Carrier, kind: u8, body: &[u8]) {
        let transport = match carrier {
            Carrier::Dtls => hello::Transport::Datagram,
            _ => hello::Transport::Stream,
        };
        match kind {
            tls::CLIENT_HELLO => {
                let Ok(found) = hello::client_hello(body, transport) else { return };
                self.see(frame, way, "ja3", tls_print::ja3(&found).hash);
                self.see(frame, way, "ja4", tls_print::ja4(carrier, &found).hash);
            }
            tls::SERVER_HELLO => {
                let Ok(found) = hello::server_hello(body) else { return };
                self.see(frame, way, "ja3s", tls_print::ja3s(&found).hash);
                #[cfg(feature = "ja4plus")]
                self.see(frame, way, "ja4s", tls_print::ja4s(carrier, &found).hash);
            }
            _ => {}
        }
    }

    fn ssh(&mut self, frame: usize, way: Way, bytes: &[u8]) -> Mode {
        let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else { return Mode::Ssh };
        match ssh::watched_kexinit(&bytes[end + 1..]) {
            Ok(None) => Mode::Ssh,
            Ok(Some((offer, _))) => {
                let is_client = match self.clients.contains(&way) {
                    true => true,
                    false if self.clients.contains(&(way.1, way.0)) => false,
                    false => way.0.1 > way.1.1,
                };
                let (side, kind) = match is_client {
                    true => (Side::Client, "hassh"),
                    false => (Side::Server, "hassh_server"),
                };
                let hash = fingerprint::hassh(side, &offer).hash;
                self.see(frame, way, kind, hash);
                Mode::Done
            }
            Err(_) => Mode::Done,
        }
    }

    fn http(&mut self, frame: usize, way: Way, bytes: &mut Vec<u8>) -> Mode {
        loop {
            match http::request_head(bytes) {
                Ok(Some((head, used))) => {
                    #[cfg(feature = "ja4plus")]
                    {
                        let fields = head.fields.iter();
                        let found = http_print::ja4h(head.method, head.version, fields);
                        self.see(frame, way, "ja4h", found.hash);
                    }
                    let _ = (head, frame, way);
                    bytes.drain(..used);
                    if bytes.is_empty() {
                        return Mode::Unknown;
                    }
                }
                Ok(None) => return Mode::Http,
                Err(_) => return Mode::Unknown,
            }
        }
    }

    fn h2(
        &mut self,
        frame: usize,
        way: Way,
        bytes: &[u8],
        mut client: Box<h2::Client>,
        mut used: usize,
    ) -> Mode {
        if used == 0 {
            match h2::preface(bytes) {
                Ok(Some(((), length))) => used = length,
                Ok(None) => return Mode::H2(client, 0),
                Err(_) => return Mode::Done,
            }
        }
        while let Ok(Some((found, length))) = h2::frame(&bytes[used..]) {
            used += length;
            if let Some(settings) = found.settings().filter(|_| client.opening().settings.is_none())
            {
                self.see(frame, way, "h2_settings_client", shown(&settings));
            }
            let before = client.opening().clone();
            let Ok(request) = client.read(&found) else { return Mode::Done };
            let Some(request) = request else { continue };
            let value = http_print::akamai(&before, &request);
            self.see(frame, way, "h2_akamai", value);
            #[cfg(feature = "ja4plus")]
            {
                let fields: Vec<_> = request
                    .fields
                    .iter()
                    .map(|field| http::Field { name: &field.name, value: &field.value })
                    .collect();
                let method = fields.iter().find(|field| field.name == b":method");
                let method = method.map_or(&b""[..], |field| field.value);
                let found = http_print::ja4h(method, b"2", fields.iter().copied());
                self.see(frame, way, "ja4h", found.hash);
            }
        }
        Mode::H2(client, used)
    }

    fn datagram(&mut self, frame: usize, way: Way, payload: &[u8]) {
        let back = (way.1, way.0);
        if dtls::record(payload).is_ok_and(|found| found.is_some()) {
            let found = self.dtls.entry(way).or_default().read(payload).unwrap_or_default();
            for message in found {
                self.message(frame, way, Carrier::Dtls, message.kind, &message.body);
            }
        } else if quic::packet(payload).is_ok_and(|found| found.is_some()) {
            let (client, sender) = match self.quic.contains_key(&back) {
                true => (back, quic::Sender::Server),
                false => (way, quic::Sender::Client),
            };
            let opening = self.quic.entry(client).or_default();
            let _ = opening.read(sender, payload);
            let mut found = Vec::new();
            while let Ok(Some(message)) = opening.message(sender) {
                found.push((message.kind, message.body.into_owned()));
            }
            for (kind, body) in found {
                self.message(frame, way, Carrier::Quic, kind, &body);
            }
        }
    }
}

fn shown(settings: &[(u16, u32)]) -> String {
    settings.iter().map(|(id, value)| format!("{id}:{value}")).collect::<Vec<_>>().join(";")
}
