use super::*;
use crate::event::wire::{
    Carrier, FlowEnd, Http2Opening, Http2Priority, HttpRequest, TlsMessage, TooBig,
};
use crate::event::{About, Event, PeerFact, Service};
use crate::octets::{Binary, Octets};
use crate::profile::{Behavior, fold};
use std::sync::Arc;
use uuid::Uuid;

/// Folds facts, the first at 2026-11-22T04:35:52Z and each a second after the one before.
struct Fold {
    attacker: Attacker,
    behavior: Behavior,
    out: Output,
    seq: u64,
}

impl Fold {
    fn new() -> Self {
        let attacker = Attacker::new("198.51.100.7".parse().unwrap());
        let behavior = Behavior::new(attacker.uuid());
        Self { attacker, behavior, out: Output::default(), seq: 0 }
    }

    fn on(&mut self, connection: u128, fact: PeerFact) {
        self.from(Service::Tcp, connection, fact);
    }

    fn from(&mut self, service: Service, connection: u128, fact: PeerFact) {
        let origin = Origin {
            decky: "decky-01".into(),
            service,
            connection: ConnectionId(Uuid::from_u128(connection)),
            peer: "198.51.100.7:40000".parse().unwrap(),
            local: "192.0.2.9:443".parse().unwrap(),
        };
        self.seq += 1;
        let at =
            Timestamp(1_795_322_152_000_000_000 + i64::try_from(self.seq).unwrap() * 1_000_000_000);
        let event = Event { at, about: About::Peer { origin: Arc::new(origin), fact } };
        fold(self.seq, &event, &mut self.attacker, None, &mut self.out);
        for (_, change) in self.out.behavior.drain(..) {
            self.behavior.apply(&change);
        }
    }

    fn kinds(&self) -> Vec<&str> {
        self.out.fingerprints.iter().map(|row| row.kind.as_str()).collect()
    }
}

/// As Linux sends it, through a tunnel with 1,420 bytes.
fn syn(side: Side, isn: u32) -> TcpSyn {
    TcpSyn {
        side,
        ttl: 53,
        tos: 0,
        ip_id: Some(0x1234),
        ip_flags: Some(2),
        flow_label: 0,
        ip_options: 0,
        isn,
        ack: 0,
        flags: if side == Side::Client { 0xc2 } else { 0x52 },
        window: 64_860,
        urgent: 0,
        options: Binary(vec![2, 4, 5, 0x64, 4, 2, 8, 10, 0, 0, 1, 0, 0, 0, 0, 0, 1, 3, 3, 7]),
        payload: 0,
        attempt: 1,
        since_ns: None,
    }
}

fn opened(side: Side, isn: u32) -> PeerFact {
    PeerFact::TcpSyn(Box::new(syn(side, isn)))
}

fn flow(client: FlowSide) -> PeerFact {
    let (end, server) = (FlowEnd::Finished, FlowSide::default());
    PeerFact::TcpFlow(Box::new(TcpFlow { took_ns: 2_500_000_000, end, client, server }))
}

fn long(bytes: &[u8]) -> Vec<u8> {
    [&u16::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat()
}

fn hello(
    fixed: &[u8],
    session_id: &[u8],
    rest: &[u8],
    extensions: &[(u16, Vec<u8>)],
) -> TlsMessage {
    let mut body = vec![3, 3];
    body.extend(fixed);
    body.push(u8::try_from(session_id.len()).unwrap());
    body.extend(session_id);
    body.extend(rest);
    let all: Vec<u8> =
        extensions.iter().flat_map(|(id, b)| [&id.to_be_bytes()[..], &long(b)].concat()).collect();
    body.extend(long(&all));
    TlsMessage { carrier: Carrier::Tcp, body: Binary(body) }
}

fn client_hello(session_id: &[u8], extensions: &[(u16, Vec<u8>)]) -> PeerFact {
    let rest = [0, 4, 0x13, 1, 0xc0, 0x2f, 1, 0];
    PeerFact::TlsClientHello(hello(&[7; 32], session_id, &rest, extensions))
}

fn server_hello(random: &[u8], session_id: &[u8], extensions: &[(u16, Vec<u8>)]) -> PeerFact {
    PeerFact::TlsServerHello(hello(random, session_id, &[0x13, 1, 0], extensions))
}

const V13: (u16, [u8; 3]) = (43, [2, 3, 4]);

#[test]
fn a_syn_is_a_row_with_its_options_by_name() {
    let mut fold = Fold::new();
    fold.on(1, opened(Side::Client, 99));
    let row = &fold.out.tcp_syns[0];
    assert_eq!((row.side, row.src_port, row.dst_port, row.isn), ("client", 40_000, 443, 99));
    assert_eq!((row.mss, row.wscale, row.tsval), (Some(1_380), Some(7), Some(256)));
    assert_eq!((row.ecn, row.df, row.ip_id), (Some("ece+cwr"), Some(true), Some(0x1234)));
    let names: Vec<&str> = row.options.0.options.iter().map(|o| o.name.as_str()).collect();
    assert_eq!(names, ["mss", "sack_permitted", "timestamps", "nop", "wscale"]);
    let behavior = fold.behavior.row();
    let fingerprint = behavior.tcp_fingerprint.unwrap().0;
    assert_eq!(fingerprint.latest.signature, "4:64:0:1380:mss*47,7:mss,sok,ts,nop,ws:df,id+,ecn:0");
    assert_eq!(behavior.link_type.as_deref(), Some("WireGuard"));
    assert_eq!((behavior.ecn, behavior.retransmit_count), (Some("offers"), Some(0)));
    assert_eq!(behavior.hop_distance, Some(11));
    assert_eq!(fold.attacker.row().services.0, [""; 0]);
    assert_eq!(fold.out.fingerprints[0].seen_by, "sniffer");
}

#[test]
fn an_answer_may_count_in_the_segments_of_who_asked() {
    let mut fold = Fold::new();
    fold.on(1, opened(Side::Client, 99));
    let mut answer = syn(Side::Server, 5);
    answer.window = 1_380 * 20;
    answer.options = Binary(vec![2, 4, 5, 0xb4]);
    fold.on(1, PeerFact::TcpSyn(Box::new(answer.clone())));
    fold.on(2, PeerFact::TcpSyn(Box::new(answer)));
    let raw = |n: usize| {
        let mut rows = fold.out.fingerprints.iter().filter(|row| row.kind == "p0f_synack");
        rows.nth(n).unwrap().raw.clone()
    };
    assert!(raw(0).contains(":mss*20,0:"), "{}", raw(0));
    assert!(raw(1).contains(":27600,0:"), "{}", raw(1));
}

#[test]
fn a_flood_of_syns_changes_nothing_after_the_first_ones() {
    let mut fold = Fold::new();
    for n in 0..200 {
        fold.on(n, opened(Side::Client, 7));
    }
    let (state, behavior) = (fold.attacker.row().state.0.len(), fold.behavior.row());
    assert_eq!(behavior.isn_class.as_deref(), Some("constant (0x7)"));
    for n in 200..4_000 {
        let mut bare = syn(Side::Client, 99);
        bare.options = Binary(vec![2, 4, 5, 0x64]);
        fold.on(n, PeerFact::TcpSyn(Box::new(bare)));
    }
    let later = fold.behavior.row();
    assert_eq!(later.isn_class, behavior.isn_class);
    assert!(fold.attacker.row().state.0.len() < state + 32);
    let updated = later.updated_at;
    fold.on(9_999, opened(Side::Client, 7));
    assert_eq!(fold.out.tcp_syns.len(), 4_001);
    assert!(updated < fold.behavior.row().updated_at, "its timestamp is worth a point");
}

#[test]
fn a_syn_sent_again_is_counted_and_says_nothing_of_its_number() {
    let mut fold = Fold::new();
    for attempt in 1..=4 {
        let since_ns = (attempt > 1).then_some(1_000_000_000);
        let again = TcpSyn { attempt, since_ns, ..syn(Side::Client, 7) };
        fold.on(1, PeerFact::TcpSyn(Box::new(again)));
    }
    let row = fold.behavior.row();
    assert_eq!((row.retransmit_count, row.isn_class), (Some(3), None));
    assert_eq!(fold.out.tcp_syns[3].since_s, Some(1.0));
}

#[test]
fn a_connection_is_a_row_and_its_clock_counts() {
    let mut fold = Fold::new();
    // An hour's worth of a clock with 1,000 Hz that is 50 ppm fast.
    let ticks = (0..64_u32).map(|n| {
        let value = (f64::from(n) * 60.0 * 1_000.0 * (1.0 + 50e-6)) as u32;
        (u64::from(n) * 60_000_000_000, value + 9)
    });
    let client = FlowSide {
        packets: 7,
        df: Some(true),
        flight_segments: 3,
        flight_bytes: 3_000,
        repeats: 2,
        repeated: vec![(1, 200_000_000), (2, 600_000_000)],
        marks: [0, 0, 4],
        too_big: Some(TooBig { mtu: 1_492, count: 1 }),
        ticks: ticks.collect(),
        ..FlowSide::default()
    };
    fold.on(1, flow(client));
    let row = &fold.out.tcp_flows[0];
    assert_eq!(row.began_at, "2026-11-22T04:35:50.500000Z");
    assert_eq!(row.direction.initial_window_bytes, Some(3_000));
    assert_eq!(row.direction.pmtud.as_deref(), Some("too_big:1492"));
    assert_eq!(row.direction.rto_s.as_ref().unwrap().0.backoff, [2.0]);
    let behavior = fold.behavior.row();
    assert!((behavior.clock_skew_ppm.unwrap() - 50.0).abs() < 1.0);
    assert_eq!((behavior.ts_hz, behavior.clock_skew_points), (Some(1_000.0), Some(64)));
    assert_eq!((behavior.retransmit_count, behavior.ecn), (Some(2), Some("uses")));
    assert_eq!(behavior.link_type.as_deref(), Some("PPPoE"));
}

#[test]
fn a_fresh_client_of_tls_1_3_resumes_nothing_also_after_a_retry() {
    let mut fold = Fold::new();
    let versions = (V13.0, V13.1.to_vec());
    let chosen = (43, vec![3, 4]);
    let retry: Vec<u8> = {
        use sha2::Digest as _;
        sha2::Sha256::digest(b"HelloRetryRequest").to_vec()
    };
    fold.on(1, client_hello(&[9; 32], std::slice::from_ref(&versions)));
    fold.on(1, server_hello(&retry, &[9; 32], std::slice::from_ref(&chosen)));
    fold.on(1, client_hello(&[9; 32], &[versions]));
    fold.on(1, server_hello(&[3; 32], &[9; 32], &[chosen]));
    let rows: Vec<(u64, bool, Option<&str>)> = fold
        .out
        .tls_sessions
        .iter()
        .map(|row| (row.id, row.resumption.0.retry, row.resumption.0.accepted.as_deref()))
        .collect();
    let nothing = Some("nothing");
    assert_eq!(rows, [(1, false, None), (1, true, nothing), (3, false, None), (3, false, nothing)]);
    let last = fold.out.tls_sessions.last().unwrap();
    assert_eq!(last.resumption.0.offered.session_id, "unclear");
    assert_eq!((last.version.as_deref(), last.cipher.as_deref()), (Some("TLS 1.3"), Some("1301")));
    assert_eq!(fold.attacker.row().services.0, ["tls"]);
    assert!(fold.kinds().contains(&"ja3s") && fold.kinds().contains(&"ja4"));
    assert_eq!(fold.attacker.watched.hellos.len(), 0);
}

#[test]
fn tickets_and_sessions_are_offered_and_taken() {
    let mut fold = Fold::new();
    let name = (0, long(&[&[0][..], &long(b"decoy.example")].concat()));
    let alpn = (16, long(b"\x02h2\x08http/1.1"));
    fold.on(1, client_hello(&[5; 32], &[name, alpn, (35, vec![1, 2, 3])]));
    fold.on(1, server_hello(&[3; 32], &[5; 32], &[]));
    let row = fold.out.tls_sessions.last().unwrap();
    assert_eq!(row.sni.as_deref(), Some("decoy.example"));
    assert_eq!(row.alpn.as_ref().unwrap().0, ["h2", "http/1.1"]);
    let resumption = &row.resumption.0;
    assert!(resumption.offered.ticket && resumption.offered.session_id == "offered");
    assert_eq!(resumption.accepted.as_deref(), Some("session"));
    // A key of TLS 1.3: one identity, and a binder.
    let identity = [&long(b"ticket")[..], &[0; 4]].concat();
    let key = (41, [long(&identity), long(&[4, 1, 2, 3, 4])].concat());
    fold.on(2, client_hello(&[], &[(V13.0, V13.1.to_vec()), key]));
    fold.on(2, server_hello(&[3; 32], &[], &[(43, vec![3, 4]), (41, vec![0, 0])]));
    let resumption = &fold.out.tls_sessions.last().unwrap().resumption.0;
    assert!(resumption.offered.psk);
    assert_eq!(resumption.accepted.as_deref(), Some("psk"));
}

#[test]
fn hellos_without_an_answer_are_forgotten() {
    let mut fold = Fold::new();
    for n in 0..50 {
        fold.on(n, client_hello(&[], &[]));
    }
    assert_eq!(fold.attacker.watched.hellos.len(), limits::FOLD_HELLOS);
    let malformed = TlsMessage { carrier: Carrier::Quic, body: Binary(vec![3, 3, 1]) };
    fold.on(1, PeerFact::TlsClientHello(malformed.clone()));
    fold.on(1, PeerFact::TlsServerHello(malformed));
    assert_eq!(fold.out.tls_sessions.len(), 50);
    fold.on(49, flow(FlowSide::default()));
    assert_eq!(fold.attacker.watched.hellos.len(), limits::FOLD_HELLOS - 1);
}

#[test]
fn a_request_keeps_the_order_of_its_fields_and_what_opened_its_connection() {
    let mut fold = Fold::new();
    let names = [":method", ":path", ":authority", ":scheme", "user-agent", "priority"];
    let priority = Http2Priority { stream: 1, exclusive: true, depends_on: 0, weight: 256 };
    let request = HttpRequest {
        version: "2".into(),
        method: "GET".into(),
        target: "/".into(),
        fields: names.map(|name| (Octets::from(name), Octets::from("u=1, i"))).to_vec(),
        priority: Some(priority),
        opening: Some(Box::new(Http2Opening {
            settings: vec![(1, 65_536), (4, 6_291_456), (0x0a0a, 1)],
            window_update: Some(15_663_105),
            priorities: Vec::new(),
            priority_updates: Vec::new(),
        })),
    };
    let later = HttpRequest { opening: None, ..request.clone() };
    fold.from(Service::Http, 1, PeerFact::HttpRequest(Box::new(request)));
    fold.from(Service::Http, 1, PeerFact::HttpRequest(Box::new(later)));
    assert_eq!((fold.out.http_requests.len(), fold.out.http_clients.len()), (2, 1));
    assert_eq!(fold.out.http_requests[1].header_order.0, names);
    let client = &fold.out.http_clients[0];
    let settings = &client.h2_settings.0;
    assert_eq!(settings.settings[1].name, Some("INITIAL_WINDOW_SIZE"));
    assert_eq!(settings.pseudo_headers, names[..4]);
    let priorities = &client.h2_priority.as_ref().unwrap().0;
    assert_eq!(priorities.headers.unwrap().weight, 256);
    assert_eq!(priorities.priority.as_deref(), Some("u=1, i"));
    let akamai = fold.out.fingerprints.iter().find(|row| row.kind == "h2_akamai").unwrap();
    assert_eq!(akamai.raw, "1:65536;4:6291456;2570:1|15663105|0|m,p,a,s");
    assert_eq!(akamai.seen_by, "http decoy");
}

#[cfg(feature = "ja4plus")]
#[test]
fn only_whole_windows_have_a_fingerprint() {
    let traffic = |extent| SshTraffic {
        client_packets: 56,
        server_packets: 144,
        client_acks: 71,
        server_acks: 0,
        client_mode: 36,
        server_mode: 36,
        extent,
    };
    let mut fold = Fold::new();
    fold.on(1, PeerFact::SshTraffic(traffic(WindowExtent::Whole)));
    fold.on(1, PeerFact::SshTraffic(traffic(WindowExtent::Cut)));
    assert_eq!(fold.out.fingerprints.len(), 1);
    assert_eq!(fold.out.fingerprints[0].hash, "c36s36_c56s144_c71s0");
    assert_eq!(fold.attacker.row().services.0, ["ssh"]);
}

#[test]
fn states_survive_their_bytes() {
    let mut fold = Fold::new();
    fold.on(1, opened(Side::Client, 9));
    fold.on(1, client_hello(&[1; 32], &[]));
    fold.on(2, opened(Side::Client, 10));
    fold.on(2, flow(FlowSide { ticks: vec![(0, 1), (9, 2)], ..FlowSide::default() }));
    let mut bare = syn(Side::Client, 11);
    bare.options = Binary(Vec::new());
    fold.on(3, PeerFact::TcpSyn(Box::new(bare)));
    let row = fold.attacker.row();
    let mut back: Attacker = postcard::from_bytes(&row.state.0).unwrap();
    let fingerprints = serde_json::to_string(&row.fingerprints).unwrap();
    back.restore(&fingerprints, "[]").unwrap();
    assert_eq!(back, fold.attacker);
    let row = fold.behavior.row();
    let mut back: Behavior = postcard::from_bytes(&row.state.0).unwrap();
    let shapes = serde_json::to_string(&row.tcp_fingerprint).unwrap();
    assert!(shapes.contains("\"others\":[{"));
    back.restore(None, None, Some(&shapes), None).unwrap();
    assert_eq!(back, fold.behavior);
    assert_eq!(serde_json::to_string(&back.row()).unwrap(), serde_json::to_string(&row).unwrap());
}
