//! One line of JSON for each fact, with the fingerprints that are computed from it.
//!
//! **Invariant:** the members of a line are those of [`super::schema`], by the names that the
//! signals have; what was not seen has no member.

use super::memo::Memo;
use super::object::{self, Flag, Object};
use decnet_core::event::wire::{
    FlowSide, Http2Settings, HttpRequest, SshTraffic, TcpFlow, TcpSyn, TlsCertificates, TlsMessage,
    WindowExtent,
};
use decnet_core::event::{PeerFact, Side, Timestamp};
use decnet_core::flow::eye::Sight;
use decnet_core::flow::tcp::Endpoint;
use decnet_core::octets::Octets;
use decnet_core::profile::fingerprint::shape::Shape;
use decnet_core::profile::fingerprint::{Fingerprint, http, os, ssh, tcp, tls};
use decnet_core::profile::rows::Pacing;
use decnet_core::profile::skew::{self, Tick};
use decnet_core::wire::tcp::ecn;
use decnet_core::wire::tls::hello;
use std::io::Write as _;
use std::net::IpAddr;

/// Writes lines.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// The day that was written last, and how.
    day: i64,
    text: String,
    shapes: Shapes,
    memo: Memo,
}

impl Lines {
    /// Appends the line of a fact.
    pub(super) fn write(&mut self, sight: &Sight, out: &mut Vec<u8>) {
        let mut line = Object::begin(out);
        self.instant(line.name("ts"), sight.at.at_ns);
        line.text("kind", kind(&sight.fact));
        let (from, to) = match sight.sender() {
            Side::Client => (sight.client, sight.server),
            Side::Server => (sight.server, sight.client),
        };
        end(&mut line, "src", "sport", from);
        end(&mut line, "dst", "dport", to);
        line.number("frame", sight.at.frame);
        match &sight.fact {
            PeerFact::TcpSyn(fact) => self.syn(&mut line, fact, sight.server),
            PeerFact::TcpFlow(fact) => flow(&mut line, fact, sight),
            PeerFact::SshIdent { line: ident, took_us, side } => {
                line.text("side", side.name());
                self.memo.key("ident").bytes(&ident.0);
                self.memo.members(&mut line, |line| {
                    let text = ident.0.strip_suffix(b"\n").unwrap_or(&ident.0);
                    line.octets("ssh_banner", text.strip_suffix(b"\r").unwrap_or(text));
                    line.octets("ssh_banner_raw", &ident.0);
                });
                line.seconds("took_s", took_us.saturating_mul(1_000));
            }
            PeerFact::SshKexInit { side, lists, first_kex_packet_follows, reserved: _ } => {
                line.text("side", side.name());
                let key = self.memo.key("kexinit").bytes(side.name().as_bytes());
                for list in lists {
                    key.bytes(&list.0);
                }
                self.memo.members(&mut line, |line| {
                    let (hash, raw) = match side {
                        Side::Client => ("hassh", "hassh_raw"),
                        Side::Server => ("hassh_server", "hassh_server_raw"),
                    };
                    print(line, hash, raw, &ssh::hassh(*side, lists));
                    line.list("kex_order_raw", lists, |out, list| object::octets(out, &list.0));
                });
                line.flag("first_kex_packet_follows", Flag::from(*first_kex_packet_follows));
            }
            PeerFact::SshTraffic(fact) => traffic(&mut line, fact),
            PeerFact::TlsClientHello(fact) => client_hello(&mut self.memo, &mut line, fact),
            PeerFact::TlsServerHello(fact) => server_hello(&mut self.memo, &mut line, fact),
            PeerFact::TlsCertificates(fact) => certificates(&mut line, fact),
            PeerFact::HttpRequest(fact) => request(&mut self.memo, &mut line, fact),
            PeerFact::Http2Settings(Http2Settings { side, settings }) => {
                line.text("side", side.name());
                let shown: Vec<String> =
                    settings.iter().map(|(id, value)| format!("{id}:{value}")).collect();
                line.text("h2_settings", &shown.join(";"));
            }
            PeerFact::Anomaly { what, detail } => {
                // A unit variant is a string.
                let name = serde_json::to_vec(what).unwrap_or_else(|_| b"null".to_vec());
                line.name("anomaly").extend(name);
                line.octets("detail", &detail.0);
            }
            // Decoys alone see these.
            PeerFact::ConnectionOpened {}
            | PeerFact::ConnectionClosed { .. }
            | PeerFact::AuthAttempt { .. }
            | PeerFact::KeyOffered { .. }
            | PeerFact::ChannelOpened { .. }
            | PeerFact::SshDisconnect { .. }
            | PeerFact::SshDebug { .. }
            | PeerFact::SshUnimplemented { .. }
            | PeerFact::SshExtensions { .. }
            | PeerFact::SshGlobalRequest { .. }
            | PeerFact::SshChannelRequest { .. }
            | PeerFact::AgentKeys { .. }
            | PeerFact::SshPackets { .. }
            | PeerFact::ChannelClosed { .. }
            | PeerFact::ForwardRequested { .. } => {}
        }
        line.end();
        out.push(b'\n');
    }

    /// RFC 3339 with nanoseconds.
    fn instant(&mut self, out: &mut Vec<u8>, at_ns: u64) {
        let second = i64::try_from(at_ns / 1_000_000_000).unwrap_or(i64::MAX);
        // Later ones have no place in a time stamp.
        let second = second.min(i64::MAX / 1_000_000_000);
        let (day, in_day) = (second / 86_400, second % 86_400);
        if self.text.is_empty() || day != self.day {
            let mut text = Timestamp(day * 86_400_000_000_000).rfc3339();
            text.truncate("2026-11-22T".len());
            (self.day, self.text) = (day, text);
        }
        out.push(b'"');
        out.extend_from_slice(self.text.as_bytes());
        let [hour, minute, second] =
            [in_day / 3_600, in_day / 60 % 60, in_day % 60].map(|part| object::two(part as u8));
        let [h0, h1] = hour;
        let [m0, m1] = minute;
        let [s0, s1] = second;
        out.extend_from_slice(&[h0, h1, b':', m0, m1, b':', s0, s1]);
        object::fraction(out, at_ns % 1_000_000_000);
        out.extend_from_slice(b"Z\"");
    }
}

/// The kind of a line: that of its fact, but that a SYN-ACK is no SYN.
pub(super) fn kind(fact: &PeerFact) -> &'static str {
    if let PeerFact::TcpSyn(syn) = fact
        && syn.side == Side::Server
    {
        return "tcp_synack";
    }
    fact.kind()
}

fn end(line: &mut Object<'_>, address: &str, port: &str, end: Endpoint) {
    let out = line.name(address);
    out.push(b'"');
    match end.address {
        IpAddr::V4(v4) => {
            object::dotted(out, v4);
        }
        IpAddr::V6(v6) => {
            // A vector takes everything.
            let _ = write!(out, "{v6}");
        }
    }
    out.push(b'"');
    line.number(port, end.port);
}

fn print(line: &mut Object<'_>, hash: &str, raw: &str, found: &Fingerprint) {
    line.text(hash, &found.hash);
    line.text(raw, &found.raw);
}

impl Lines {
    fn syn(&mut self, line: &mut Object<'_>, fact: &TcpSyn, server: Endpoint) {
        let syn = tcp::Syn::from(fact);
        let options = tcp::Options::new(&fact.options.0);
        let target = match fact.side {
            Side::Client => os::Target::new(server.address, server.port),
            Side::Server => None,
        };
        line.number("attempt", fact.attempt);
        if let Some(ns) = fact.since_ns {
            line.seconds("since_s", ns);
        }
        line.number("ip_version", if fact.ip_id.is_some() { 4_u8 } else { 6 });
        line.number("ttl", fact.ttl);
        line.number("tos", fact.tos);
        line.some_number("ip_id", fact.ip_id);
        line.some_number("ip_flags", fact.ip_flags);
        if fact.ip_id.is_none() {
            line.number("flow_label", fact.flow_label);
        }
        line.number("isn", fact.isn);
        line.number("ack", fact.ack);
        let known = self.shapes.of(Shape::new(&syn, &options, target.as_ref()), || {
            Alike::new(fact, &syn, &options, target.as_ref())
        });
        line.members(&known.options);
        line.hex("tcp_options_raw", &fact.options.0);
        line.members(&known.values);
        if let Some((value, echo)) = options.timestamps {
            line.number("tsval", value);
            line.number("tsecr", echo);
        }
        if fact.payload > 0 {
            line.number("payload", fact.payload);
        }
        line.members(&known.prints);
    }
}

/// The members that SYNs of one shape have in common.
#[derive(Debug, Default)]
struct Alike {
    options: Vec<u8>,
    values: Vec<u8>,
    prints: Vec<u8>,
}

/// Members by the shapes of SYNs: of those that share a place, of the latest.
#[derive(Debug, Default)]
struct Shapes {
    places: Vec<Option<Box<(Shape, Alike)>>>,
    other: Alike,
}

/// Places for shapes: several for each of the hundreds that a network has, since those that share
/// one are made again each time.
const SHAPES: usize = 8_192;

impl Shapes {
    fn of(&mut self, shape: Option<Shape>, make: impl FnOnce() -> Alike) -> &Alike {
        if self.places.is_empty() {
            self.places.resize_with(SHAPES, || None);
        }
        let Some(shape) = shape else {
            self.other = make();
            return &self.other;
        };
        let at = shape.number() as usize % SHAPES;
        let Some(place) = self.places.get_mut(at) else { return &self.other };
        if place.as_ref().is_none_or(|known| known.0 != shape) {
            *place = None;
        }
        &place.get_or_insert_with(|| Box::new((shape, make()))).1
    }
}

impl Alike {
    fn new(
        fact: &TcpSyn,
        syn: &tcp::Syn<'_>,
        options: &tcp::Options<'_>,
        target: Option<&os::Target>,
    ) -> Self {
        let mut made = Self::default();
        let mut line = Object::inside(&mut made.options);
        line.number("tcp_flags", fact.flags);
        line.text("ecn", ecn(fact.flags).unwrap_or("none"));
        line.number("window", fact.window);
        line.list("tcp_options", options.kinds(), |out, kind| object::number(out, *kind));
        let mut line = Object::inside(&mut made.values);
        line.some_number("mss", options.mss);
        line.some_number("wscale", options.scale);
        let mut line = Object::inside(&mut made.prints);
        let (ja4t, p0f) = match fact.side {
            Side::Client => ("ja4t", "p0f_syn"),
            Side::Server => ("ja4ts", "p0f_synack"),
        };
        #[cfg(feature = "ja4plus")]
        line.text(ja4t, &tcp::ja4t(syn).hash);
        #[cfg(not(feature = "ja4plus"))]
        let _ = ja4t;
        line.text(p0f, &tcp::p0f(syn));
        let guess = os::guess(syn, target);
        let Some(guess) = guess else {
            line.some_number("hop_distance", os::distance(fact.ttl));
            return made;
        };
        line.text("os_guess", guess.name);
        line.text(
            "os_confidence",
            match guess.confidence {
                os::Confidence::Exact => "exact",
                os::Confidence::Near => "near",
            },
        );
        line.some_number("hop_distance", guess.distance(fact.ttl));
        made
    }
}

fn flow(line: &mut Object<'_>, fact: &TcpFlow, sight: &Sight) {
    line.seconds("took_s", fact.took_ns);
    line.text("end", fact.end.name());
    let [client, server] = sight.first_frames;
    line.object("client", |object| side(object, &fact.client, client));
    line.object("server", |object| side(object, &fact.server, server));
}

fn side(object: &mut Object<'_>, side: &FlowSide, first_frame: Option<u64>) {
    object.some_number("first_frame", first_frame);
    object.number("packets", side.packets);
    object.number("bytes", side.bytes);
    object.some_number("mss", side.mss);
    if let Some(df) = side.df {
        object.flag("df", Flag::from(df));
    }
    object.number("max_segment", side.max_segment);
    object.number("initial_window_segments", side.flight_segments);
    object.number("initial_window_bytes", side.flight_bytes);
    object.number("retransmit_count", side.repeats);
    if !side.repeated.is_empty() {
        object.list("rto_s", &side.repeated, |out, (_, ns)| object::seconds(out, *ns));
        object.list("rto_attempt", &side.repeated, |out, (attempt, _)| {
            object::number(out, *attempt);
        });
    }
    if let Some(pacing) = Pacing::of(side) {
        object.object("pacing", |object| {
            object.number("gaps", pacing.gaps);
            object::real(object.name("p50_s"), pacing.p50_s);
            object::real(object.name("p95_s"), pacing.p95_s);
            object::real(object.name("under_1ms"), pacing.under_1ms);
            if let Some(paced) = pacing.paced {
                object.flag("paced", Flag::from(paced));
            }
        });
    }
    let [ect0, ect1, ce] = side.marks;
    let [ece, cwr] = side.echoes;
    for (name, count) in [("ect0", ect0), ("ect1", ect1), ("ce", ce), ("ece", ece), ("cwr", cwr)] {
        if count > 0 {
            object.number(name, count);
        }
    }
    if let Some(too_big) = side.too_big {
        object.number("pmtu", too_big.mtu);
        object.number("too_big", too_big.count);
    }
    let tick = |&(at_ns, value): &(u64, u32)| Tick { at_ns, value };
    // Most connections are too short to measure.
    let is_enough = side.ticks.len() >= skew::POINTS_MIN;
    let ticks: Vec<Tick> =
        if is_enough { side.ticks.iter().map(tick).collect() } else { Vec::new() };
    if let Some(clock) = skew::clock(&ticks) {
        object::real(object.name("ts_hz_measured"), clock.measured_hz);
        object.some_number("ts_hz", clock.nominal_hz);
        object.number("ts_points", clock.points);
        if let Some(skew) = clock.skew {
            object::real(object.name("clock_skew_ppm"), skew.ppm);
            object::real(object.name("clock_skew_ci"), skew.bound_ppm);
        }
    }
}

fn traffic(line: &mut Object<'_>, fact: &SshTraffic) {
    #[cfg(feature = "ja4plus")]
    line.text("ja4ssh", &tcp::ja4ssh(fact).hash);
    line.flag("whole", Flag::from(fact.extent == WindowExtent::Whole));
    for (name, value) in [
        ("client_packets", fact.client_packets),
        ("server_packets", fact.server_packets),
        ("client_acks", fact.client_acks),
        ("server_acks", fact.server_acks),
        ("client_mode", fact.client_mode),
        ("server_mode", fact.server_mode),
    ] {
        line.number(name, value);
    }
}

fn client_hello(memo: &mut Memo, line: &mut Object<'_>, fact: &TlsMessage) {
    line.text("carrier", fact.carrier.name());
    // The eye gives nothing that cannot be read.
    let Ok(found) = hello::client_hello(&fact.body.0, fact.carrier.transport()) else { return };
    let key = memo.key("client_hello").bytes(fact.carrier.name().as_bytes());
    key.number(found.version).bytes(found.ciphers.0);
    for (id, body) in found.extensions.iter() {
        key.number(id);
        // Of the others only that they are there is in a fingerprint.
        if matches!(
            id,
            hello::GROUPS
                | hello::POINT_FORMATS
                | hello::SIGNATURE_ALGORITHMS
                | hello::ALPN
                | hello::SUPPORTED_VERSIONS
        ) {
            key.bytes(body);
        }
    }
    memo.members(line, |line| {
        line.number("tls_version", found.version);
        print(line, "ja3", "ja3_raw", &tls::ja3(&found));
        print(line, "ja4", "ja4_raw", &tls::ja4(fact.carrier, &found));
    });
    if let Some(name) = found.server_name() {
        line.octets("sni", name);
    }
    line.list("alpn", found.alpn(), object::octets);
    let offer = found.resumption();
    line.object("resumption", |object| {
        object.text("session_id", offer.session_id.name());
        object.flag("ticket", Flag::from(offer.ticket));
        object.flag("psk", Flag::from(offer.psk));
        object.flag("early_data", Flag::from(offer.early_data));
    });
    line.hex("session_id", found.session_id);
}

fn server_hello(memo: &mut Memo, line: &mut Object<'_>, fact: &TlsMessage) {
    line.text("carrier", fact.carrier.name());
    let Ok(found) = hello::server_hello(&fact.body.0) else { return };
    let key = memo.key("server_hello").bytes(fact.carrier.name().as_bytes());
    key.number(found.version).number(found.cipher);
    for (id, body) in found.extensions.iter() {
        key.number(id);
        if matches!(id, hello::ALPN | hello::SUPPORTED_VERSIONS) {
            key.bytes(body);
        }
    }
    memo.members(line, |line| {
        line.number("tls_version", found.chosen_version());
        line.number("cipher", found.cipher);
        print(line, "ja3s", "ja3s_raw", &tls::ja3s(&found));
        #[cfg(feature = "ja4plus")]
        print(line, "ja4s", "ja4s_raw", &tls::ja4s(fact.carrier, &found));
        line.list("alpn", found.alpn(), object::octets);
    });
    line.flag("retry", Flag::from(found.is_retry()));
    line.flag("psk", Flag::from(found.has_psk()));
    line.hex("session_id", found.session_id);
}

fn certificates(line: &mut Object<'_>, fact: &TlsCertificates) {
    line.text("carrier", fact.carrier.name());
    line.text("side", fact.side.name());
    line.list("certificate_bytes", &fact.chain, |out, der| object::number(out, der.0.len()));
}

fn request(memo: &mut Memo, line: &mut Object<'_>, request: &HttpRequest) {
    line.octets("http_version", &request.version.0);
    line.octets("method", &request.method.0);
    line.octets("target", &request.target.0);
    let value = |name: &[u8]| {
        request.fields.iter().find(|(found, _)| found.0.eq_ignore_ascii_case(name)).map(|f| &f.1)
    };
    if let Some(host) = value(b"host").or_else(|| value(b":authority")) {
        line.octets("host", &host.0);
    }
    if let Some(agent) = value(b"user-agent") {
        line.octets("user_agent", &agent.0);
    }
    let key = memo.key("request").bytes(&request.method.0).bytes(&request.version.0);
    for (name, value) in &request.fields {
        key.bytes(&name.0);
        // Of the others only that they are there is in a fingerprint.
        if [&b"cookie"[..], b"accept-language"].iter().any(|n| name.0.eq_ignore_ascii_case(n)) {
            key.bytes(&value.0);
        }
    }
    memo.members(line, |line| {
        line.list("header_order", &request.fields, |out, (name, _): &(Octets, Octets)| {
            object::octets(out, &name.0);
        });
        #[cfg(feature = "ja4plus")]
        print(line, "ja4h", "ja4h_raw", &http::ja4h(request));
    });
    if let Some(string) = http::akamai(request) {
        line.text("h2_akamai", &string.raw);
        line.text("h2_akamai_hash", &string.hash);
    }
    if let Some(priority) = request.priority {
        line.object("h2_priority", |object| {
            object.number("stream", priority.stream);
            object.flag("exclusive", Flag::from(priority.exclusive));
            object.number("depends_on", priority.depends_on);
            object.number("weight", priority.weight);
        });
    }
}
