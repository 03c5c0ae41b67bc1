use super::*;
use crate::flow::capture::Record;
use crate::octets::Octets;
use crate::wire::tcp::{ACK, SYN};
use proptest::prelude::*;

/// A connection between 192.0.2.1:40000 and 192.0.2.9:22, as raw IP packets.
struct Wire {
    eye: Eye,
    frame: u64,
    /// What each side sends next.
    next: [u32; 2],
    sights: Vec<Sight>,
}

impl Wire {
    fn new() -> Self {
        Self {
            eye: Eye::new(&Config::default()),
            frame: 0,
            next: [1_000, 9_000],
            sights: Vec::new(),
        }
    }

    fn opened() -> Self {
        let mut wire = Self::new();
        wire.send(Side::Client, SYN, b"");
        wire.send(Side::Server, SYN | ACK, b"");
        wire.send(Side::Client, ACK, b"");
        wire
    }

    fn send(&mut self, side: Side, flags: u16, payload: &[u8]) {
        let [client, server] = &mut self.next;
        let (own, other) = match side {
            Side::Client => (client, *server),
            Side::Server => (server, *client),
        };
        let seq = *own;
        *own = own.wrapping_add(payload.len() as u32 + u32::from(flags & SYN != 0));
        let ends = [([192, 0, 2, 1], 40_000_u16), ([192, 0, 2, 9], 22)];
        let (from, to) = match side {
            Side::Client => (ends[0], ends[1]),
            Side::Server => (ends[1], ends[0]),
        };
        let length = (40 + payload.len()) as u16;
        let [high, low] = length.to_be_bytes();
        let mut packet = vec![0x45, 0, high, low, 0, 7, 0x40, 0, 64, 6, 0, 0];
        packet.extend(from.0.iter().chain(&to.0));
        packet.extend([from.1.to_be_bytes(), to.1.to_be_bytes()].concat());
        packet.extend([seq.to_be_bytes(), other.to_be_bytes()].concat());
        packet.extend([0x50, flags as u8, 0xfa, 0xf0, 0, 0, 0, 0]);
        packet.extend(payload);
        self.frame += 1;
        let record = Record {
            frame: self.frame,
            link: 101,
            at_ns: self.frame * 1_000_000,
            original: u32::from(length),
            bytes: &packet,
        };
        let Self { eye, sights, .. } = self;
        eye.packet(&record, &mut |sight| sights.push(sight));
    }

    fn say(&mut self, side: Side, payload: &[u8]) -> &mut Self {
        self.send(side, ACK, payload);
        self
    }

    /// Kinds of what was seen, and who sent it.
    fn kinds(&self) -> Vec<(&'static str, Side)> {
        self.sights.iter().map(|sight| (sight.fact.kind(), sight.sender())).collect()
    }

    fn speeches(&self) -> usize {
        self.eye.parts.iter().map(|part| part.listener.speeches.iter().flatten().count()).sum()
    }

    fn end(&mut self) -> &mut Self {
        let Self { eye, sights, .. } = self;
        eye.stop(&mut |sight| sights.push(sight));
        self
    }
}

fn kexinit() -> Vec<u8> {
    let mut payload = vec![20];
    payload.extend([7; 16]);
    for list in ["kex", "key", "c1", "c2", "m1", "m2", "none", "none", "", ""] {
        payload.extend((list.len() as u32).to_be_bytes());
        payload.extend(list.as_bytes());
    }
    payload.extend([0; 5]);
    let padding = 4 + (8 - (payload.len() + 9) % 8) % 8;
    let mut packet = ((payload.len() + 1 + padding) as u32).to_be_bytes().to_vec();
    packet.push(padding as u8);
    packet.extend(payload);
    packet.extend(vec![0; padding]);
    packet
}

#[test]
fn ssh_is_heard_on_any_port_and_behind_a_greeting() {
    let mut wire = Wire::opened();
    wire.say(Side::Server, b"Hello\r\nSSH-2.0-srv\r\n").say(Side::Client, b"SSH-2.0-cl");
    wire.say(Side::Client, b"ient x\n").say(Side::Client, &kexinit()).end();
    let (client, server) = (Side::Client, Side::Server);
    assert_eq!(
        wire.kinds(),
        [
            ("tcp_syn", client),
            ("tcp_syn", server),
            ("ssh_ident", server),
            ("ssh_ident", client),
            ("ssh_kex_init", client),
            ("ssh_traffic", client),
            ("tcp_flow", client),
        ]
    );
    let PeerFact::SshIdent { line, took_us, .. } = &wire.sights[3].fact else { panic!() };
    assert_eq!((line, *took_us), (&Octets::from("SSH-2.0-client x\n"), 5_000));
    assert_eq!(wire.sights[3].at.frame, 6);
    let marks: Vec<Mark> = wire.sights.iter().map(|sight| sight.mark).collect();
    assert_eq!(marks, [Mark::Sequence(1_000); 7], "one connection, one name");
}

#[test]
fn who_speaks_as_a_client_is_the_client_of_a_connection_whose_begin_is_missing() {
    let mut wire = Wire::new();
    wire.say(Side::Server, b"HTTP/1.1 200 OK\r\n\r\n");
    wire.say(Side::Client, b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").end();
    let ports: Vec<_> = wire.sights.iter().map(|s| (s.fact.kind(), s.client.port)).collect();
    assert_eq!(ports, [("http_request", 40_000), ("tcp_flow", 40_000)]);
}

#[test]
fn requests_are_told_one_by_one_whatever_the_edges() {
    let mut wire = Wire::opened();
    wire.say(Side::Client, b"POST /a HTTP/1.1\r\ncontent-length: 9\r\n\r\n123456789");
    wire.say(Side::Client, b"more of it").say(Side::Client, b"GET /b HTTP/1.1\r\n\r\nGET /c HT");
    wire.say(Side::Client, b"TP/1.0\r\n\r\n");
    let targets: Vec<_> = wire
        .sights
        .iter()
        .filter_map(|sight| {
            let PeerFact::HttpRequest(request) = &sight.fact else { return None };
            Some(request.target.readable())
        })
        .collect();
    assert_eq!(targets, ["/a", "/b", "/c"]);
}

#[test]
fn one_byte_before_a_protocol_does_not_hide_it() {
    let mut wire = Wire::opened();
    wire.say(Side::Server, b"S").say(Side::Server, b"SSH-2.0-x\r\n");
    assert_eq!(wire.kinds()[2..], [("ssh_ident", Side::Server)]);
}

#[test]
fn nobody_listens_for_ever() {
    let mut wire = Wire::opened();
    for _ in 0..crate::limits::EYE_TRIES {
        wire.say(Side::Client, b"\x01\x02\x03").say(Side::Server, b"\x01");
    }
    assert!(wire.speeches() == 0);
    wire.say(Side::Client, b"SSH-2.0-late\r\n").end();
    assert_eq!(wire.kinds().len(), 3);
}

#[test]
fn a_message_in_too_many_pieces_is_given_up_and_told() {
    let mut wire = Wire::opened();
    wire.say(Side::Client, b"GET / HTTP/1.1\r\n");
    for _ in 1..crate::limits::EYE_WAITS {
        wire.say(Side::Client, b"a");
    }
    assert_eq!(wire.kinds()[2..], [("anomaly", Side::Client)]);
    wire.say(Side::Client, b"\r\n\r\nGET / HTTP/1.1\r\n\r\n");
    assert_eq!(wire.kinds().len(), 3);
}

proptest! {
    #[test]
    fn any_bytes_are_heard(pieces in prop::collection::vec((any::<bool>(), "(SSH-2.0-a\r?\n|GET / HTTP/1.1\r\n|\r\n|PRI \\* HTTP/2.0\r\n\r\nSM\r\n\r\n|[\u{0}-\u{ff}]{0,9})"), 0..30)) {
        let mut wire = Wire::opened();
        for (is_client, piece) in pieces {
            let side = if is_client { Side::Client } else { Side::Server };
            wire.say(side, piece.as_bytes());
        }
        wire.end();
        prop_assert_eq!(wire.speeches(), 0);
    }
}
