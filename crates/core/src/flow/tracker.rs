//! From packets to flows.
//!
//! **Invariant:** handshakes, flows of one side and flows of both sides have tables of their own,
//! so that whoever forges addresses cannot push out flows in which both sides have spoken. Each
//! table has a cap, what is given up is counted, and time never has to go forward.

use crate::event::Side;
use crate::flow::capture::Record;
use crate::flow::fragment::Fragments;
use crate::flow::lru::Lru;
use crate::flow::packet::{ACK, Icmp, Ip, RST, SYN, Skip, Tcp, Transport, ip, link, transport};
use crate::flow::tcp::{Direction, Endpoint, Flow, Moment, Opening};
use crate::limits::{
    FLOW_BUFFER_BYTES, FLOW_IDLE_NS, FLOW_STREAM_BYTES, FLOWS, FLOWS_HALF_OPEN, FLOWS_ONE_SIDED,
};

/// What a tracker may keep.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// Bytes of each direction that are put together.
    pub stream_bytes: usize,
    /// Flows in which both sides have spoken.
    pub flows: usize,
    /// Flows of which one side is seen.
    pub one_sided: usize,
    /// Connections that are not more than a handshake.
    pub half_open: usize,
    /// Bytes of all streams; flows of one side may have a quarter of it.
    pub buffer_bytes: usize,
    /// Silence after which a flow has ended.
    pub idle_ns: u64,
    /// What the places in the tables depend on; nobody else should know it.
    pub seed: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            stream_bytes: FLOW_STREAM_BYTES,
            flows: FLOWS,
            one_sided: FLOWS_ONE_SIDED,
            half_open: FLOWS_HALF_OPEN,
            buffer_bytes: FLOW_BUFFER_BYTES,
            idle_ns: FLOW_IDLE_NS,
            seed: 0x5bd1_e995_9e37_79b9,
        }
    }
}

/// What a tracker tells.
#[derive(Debug)]
pub enum Event<'a> {
    /// A SYN or SYN-ACK.
    Opening {
        /// Who sent it.
        from: Endpoint,
        /// To whom.
        to: Endpoint,
        /// What it says.
        opening: &'a Opening,
        /// 1, or more if it was sent before.
        attempt: u32,
        /// Nanoseconds since it was sent last.
        since_ns: Option<u64>,
    },
    /// There is more of a direction. The answer tells whether it is put together further.
    Bytes {
        /// The flow.
        flow: &'a Flow,
        /// Whose direction.
        side: Side,
        /// All of it from its first byte on, or from behind the last that was used.
        bytes: &'a [u8],
        /// The packet that brought the last that was missing.
        at: Moment,
    },
    /// A UDP datagram.
    Datagram {
        /// Who sent it.
        from: Endpoint,
        /// To whom.
        to: Endpoint,
        /// What was captured of the payload.
        bytes: &'a [u8],
        /// The packet.
        at: Moment,
    },
    /// A flow is over.
    Ended {
        /// The flow.
        flow: &'a Flow,
        /// Why.
        why: End,
    },
}

/// Why a flow is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Both sides finished.
    Finished,
    /// One side reset it.
    Reset,
    /// Another connection began between the same ports.
    Reused,
    /// It was silent for too long.
    Idle,
    /// A cap was reached.
    Evicted,
    /// Nothing more is read.
    Stopped,
}

/// Whether who got bytes of a direction wants more of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wants {
    /// It does.
    More,
    /// It does, and so many bytes of it were used: they are not given again.
    Used(usize),
    /// It does not; the direction is only counted from here on.
    Enough,
}

/// What went through a tracker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Packets.
    pub packets: u64,
    /// Packets of something else than IP.
    pub not_ip: u64,
    /// Packets that end inside a header.
    pub cut: u64,
    /// Packets whose headers contradict themselves.
    pub broken: u64,
    /// Flows that began.
    pub flows: u64,
    /// Flows of both sides that were given up at a cap.
    pub evicted: u64,
    /// Flows of one side that were given up at a cap.
    pub evicted_one_sided: u64,
    /// Handshakes that were given up at a cap.
    pub evicted_half_open: u64,
}

/// Flows, and what it takes to tell them apart.
#[derive(Debug)]
pub struct Tracker {
    config: Config,
    half: Lru<Key, Half>,
    one_sided: Class,
    flows: Class,
    fragments: Fragments,
    counts: Counts,
    /// The time of the packet before.
    before_ns: u64,
}

/// Both ends, the lower first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    low: u128,
    high: u128,
    ports: u64,
}

/// A connection that is not more than a handshake.
#[derive(Clone, Copy, Debug)]
struct Half {
    client: Endpoint,
    server: Endpoint,
    syn: Option<Opening>,
    answer: Option<Opening>,
    syns: u32,
    answers: u32,
    latest_ns: u64,
}

/// Flows of one kind.
#[derive(Debug)]
struct Class {
    table: Lru<Key, Box<Flow>>,
    held: usize,
    cap: usize,
    held_cap: usize,
    evicted: u64,
}

impl Key {
    fn new(one: Endpoint, other: Endpoint) -> Self {
        let (low, high) = if one <= other { (one, other) } else { (other, one) };
        let number = |end: Endpoint| match end.address {
            std::net::IpAddr::V4(v4) => (u128::from(v4.to_bits()), 0),
            std::net::IpAddr::V6(v6) => (v6.to_bits(), 1_u64 << 32),
        };
        let ((low_number, version), (high_number, _)) = (number(low), number(high));
        let ports = version | u64::from(low.port) << 16 | u64::from(high.port);
        Self { low: low_number, high: high_number, ports }
    }
}

impl Class {
    fn new(seed: u64, cap: usize, held_cap: usize) -> Self {
        Self { table: Lru::new(seed), held: 0, cap: cap.max(1), held_cap, evicted: 0 }
    }

    fn insert(&mut self, key: Key, flow: Box<Flow>) {
        self.held += flow.held();
        self.table.insert(key, flow);
    }

    fn remove(&mut self, key: &Key) -> Option<Box<Flow>> {
        let flow = self.table.remove(key)?;
        self.held = self.held.saturating_sub(flow.held());
        Some(flow)
    }

    /// Gives up who is silent longest, down to the caps and but for the latest.
    fn evict(&mut self, out: &mut impl FnMut(Event<'_>) -> Wants) {
        while self.table.len() > self.cap || (self.held > self.held_cap && self.table.len() > 1) {
            let Some((_, flow)) = self.table.remove_oldest() else { break };
            self.held = self.held.saturating_sub(flow.held());
            self.evicted += 1;
            out(Event::Ended { flow: &flow, why: End::Evicted });
        }
    }

    /// Ends a few of those that are silent for too long.
    fn expire(&mut self, at_ns: u64, idle_ns: u64, out: &mut impl FnMut(Event<'_>) -> Wants) {
        for _ in 0..EXPIRED_AT_ONCE {
            let Some((key, oldest)) = self.table.oldest() else { break };
            if at_ns.saturating_sub(oldest.latest.at_ns) <= idle_ns {
                break;
            }
            let Some(flow) = self.remove(&key) else { break };
            out(Event::Ended { flow: &flow, why: End::Idle });
        }
    }

    fn stop(&mut self, out: &mut impl FnMut(Event<'_>) -> Wants) {
        while let Some((_, flow)) = self.table.remove_oldest() {
            out(Event::Ended { flow: &flow, why: End::Stopped });
        }
        self.held = 0;
    }
}

/// Silent flows that one packet ends, so that none takes long.
const EXPIRED_AT_ONCE: usize = 4;

impl Tracker {
    /// A tracker that has seen nothing.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let quarter = config.buffer_bytes / 4;
        Self {
            half: Lru::new(config.seed),
            one_sided: Class::new(config.seed, config.one_sided, quarter),
            flows: Class::new(config.seed, config.flows, config.buffer_bytes - quarter),
            fragments: Fragments::default(),
            counts: Counts::default(),
            before_ns: 0,
            config,
        }
    }

    /// What went through, and what was given up.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let (evicted, evicted_one_sided) = (self.flows.evicted, self.one_sided.evicted);
        Counts { evicted, evicted_one_sided, ..self.counts }
    }

    /// Takes in a packet.
    pub fn packet(&mut self, record: &Record<'_>, out: &mut impl FnMut(Event<'_>) -> Wants) {
        let at = Moment { at_ns: record.at_ns, frame: record.frame };
        self.counts.packets += 1;
        // One packet alone with a time far ahead ends nothing.
        let sure_ns = at.at_ns.min(self.before_ns);
        self.before_ns = at.at_ns;
        self.flows.expire(sure_ns, self.config.idle_ns, out);
        self.one_sided.expire(sure_ns, self.config.idle_ns, out);
        self.expire_half(sure_ns);
        let decoded = link(record.link, record.bytes).and_then(ip);
        match decoded.and_then(|outer| match outer.tunnelled().map(ip) {
            Some(Ok(inner)) => self.network(at, &inner, out),
            Some(Err(_)) | None => self.network(at, &outer, out),
        }) {
            Ok(()) => {}
            Err(Skip::NotIp) => self.counts.not_ip += 1,
            Err(Skip::Cut) => self.counts.cut += 1,
            Err(Skip::Broken) => self.counts.broken += 1,
        }
    }

    /// Ends all flows: nothing more is read.
    pub fn stop(&mut self, out: &mut impl FnMut(Event<'_>) -> Wants) {
        self.one_sided.stop(out);
        self.flows.stop(out);
    }

    fn network(
        &mut self,
        at: Moment,
        ip: &Ip<'_>,
        out: &mut impl FnMut(Event<'_>) -> Wants,
    ) -> Result<(), Skip> {
        if ip.fragment.is_none() {
            let transport = ip.transport()?;
            self.transport(at, ip, &transport, out);
        } else if let Some(whole) = self.fragments.insert(at.at_ns, ip) {
            let transport = transport(whole.protocol, &whole.payload, whole.payload.len())?;
            self.transport(at, ip, &transport, out);
        }
        Ok(())
    }

    fn transport(
        &mut self,
        at: Moment,
        ip: &Ip<'_>,
        transport: &Transport<'_>,
        out: &mut impl FnMut(Event<'_>) -> Wants,
    ) {
        match transport {
            Transport::Tcp(tcp) => self.tcp(at, ip, tcp, out),
            Transport::Udp(udp) => {
                let from = Endpoint { address: ip.source, port: udp.source };
                let to = Endpoint { address: ip.destination, port: udp.destination };
                out(Event::Datagram { from, to, bytes: udp.payload, at });
            }
            Transport::Icmp(icmp) => self.too_big(at, icmp),
            Transport::Other => {}
        }
    }

    fn tcp(
        &mut self,
        at: Moment,
        ip: &Ip<'_>,
        tcp: &Tcp<'_>,
        out: &mut impl FnMut(Event<'_>) -> Wants,
    ) {
        let from = Endpoint { address: ip.source, port: tcp.source };
        let to = Endpoint { address: ip.destination, port: tcp.destination };
        let key = Key::new(from, to);
        if tcp.flags & (SYN | RST) == SYN | RST {
            // No system sends one; who does wants to see what becomes of it.
            let opening = Opening::new(at, ip, tcp);
            out(Event::Opening { from, to, opening: &opening, attempt: 1, since_ns: None });
            return;
        }
        if tcp.flags & SYN != 0 {
            self.opening(at, ip, tcp, (key, from, to), out);
            if tcp.length == 0 {
                return;
            }
        }
        let packet = (at, ip, tcp);
        if segment(&mut self.flows, (key, from), packet, &self.config, out).is_some() {
            return;
        }
        let answered = segment(&mut self.one_sided, (key, from), packet, &self.config, out);
        let is_answered = if let Some(is_answered) = answered {
            is_answered
        } else {
            // A handshake that is refused stays: some try the same again, and that is told.
            if tcp.length == 0 || tcp.flags & RST != 0 {
                if let Some(half) = self.half.touch(&key) {
                    half.latest_ns = at.at_ns;
                }
                return;
            }
            let half = self.half.remove(&key);
            self.counts.flows += 1;
            let flow = Box::new(begin(self.counts.flows, at, half, from, to));
            self.one_sided.insert(key, flow);
            segment(&mut self.one_sided, (key, from), packet, &self.config, out) == Some(true)
        };
        // An acknowledgement of what the other side sent cannot be made from elsewhere.
        if is_answered && let Some(flow) = self.one_sided.remove(&key) {
            self.flows.insert(key, flow);
            self.flows.evict(out);
        }
        self.one_sided.evict(out);
    }

    /// A SYN or SYN-ACK.
    fn opening(
        &mut self,
        at: Moment,
        ip: &Ip<'_>,
        tcp: &Tcp<'_>,
        (key, from, to): (Key, Endpoint, Endpoint),
        out: &mut impl FnMut(Event<'_>) -> Wants,
    ) {
        let opening = Opening::new(at, ip, tcp);
        for class in [&mut self.flows, &mut self.one_sided] {
            let Some(flow) = class.table.touch(&key) else { continue };
            let side = side_of(flow, from);
            let (sender, _) = flow.both(side);
            if sender.opening.is_none_or(|known| known.isn == opening.isn) {
                // It was sent again, or came late.
                let (attempt, since_ns) = sender.open(opening);
                out(Event::Opening { from, to, opening: &opening, attempt, since_ns });
                return;
            }
            if opening.is_answer() {
                // One that answers another connection, or a forged one.
                out(Event::Opening { from, to, opening: &opening, attempt: 1, since_ns: None });
                return;
            }
            if let Some(flow) = class.remove(&key) {
                out(Event::Ended { flow: &flow, why: End::Reused });
            }
        }
        let (client, server) = if opening.is_answer() { (to, from) } else { (from, to) };
        let fresh = Half {
            client,
            server,
            syn: None,
            answer: None,
            syns: 0,
            answers: 0,
            latest_ns: at.at_ns,
        };
        if self.half.touch(&key).is_none() {
            self.half.insert(key, fresh);
            while self.half.len() > self.config.half_open.max(1) {
                self.half.remove_oldest();
                self.counts.evicted_half_open += 1;
            }
        }
        let Some(half) = self.half.peek(&key) else { return };
        half.latest_ns = at.at_ns;
        let known = if opening.is_answer() { half.answer } else { half.syn };
        let is_again = known.is_some_and(|known| known.isn == opening.isn);
        if known.is_some() && !is_again && !opening.is_answer() {
            *half = fresh;
        }
        let (kept, count) = if opening.is_answer() {
            (&mut half.answer, &mut half.answers)
        } else {
            (&mut half.syn, &mut half.syns)
        };
        *count = if is_again { count.saturating_add(1) } else { 1 };
        let latest = kept.filter(|_| is_again).map(|kept| kept.at.at_ns);
        let since_ns = latest.map(|latest| at.at_ns.saturating_sub(latest));
        let attempt = *count;
        out(Event::Opening { from, to, opening: &opening, attempt, since_ns });
        // The first frame stays, the time is that of the latest.
        match kept {
            Some(kept) if is_again => kept.at.at_ns = at.at_ns,
            _ => *kept = Some(opening),
        }
    }

    fn expire_half(&mut self, at_ns: u64) {
        for _ in 0..EXPIRED_AT_ONCE {
            let Some((key, oldest)) = self.half.oldest() else { break };
            if at_ns.saturating_sub(oldest.latest_ns) <= self.config.idle_ns {
                break;
            }
            self.half.remove(&key);
        }
    }

    fn too_big(&mut self, at: Moment, icmp: &Icmp<'_>) {
        let (Some(mtu), Some(quoted)) = (icmp.too_big, icmp.quoted) else { return };
        let Ok(refused) = ip(quoted) else { return };
        // Of the segment, eight bytes are sure to be quoted: both ports and the sequence number.
        let (6, Some(&[s0, s1, d0, d1, q0, q1, q2, q3])) =
            (refused.protocol, refused.payload.first_chunk::<8>())
        else {
            return;
        };
        let port = |high, low| u16::from_be_bytes([high, low]);
        let from = Endpoint { address: refused.source, port: port(s0, s1) };
        let to = Endpoint { address: refused.destination, port: port(d0, d1) };
        let key = Key::new(from, to);
        for class in [&mut self.flows, &mut self.one_sided] {
            if let Some(flow) = class.table.peek(&key) {
                let side = side_of(flow, from);
                let (sender, _) = flow.both(side);
                // Who does not know the flow cannot quote from it.
                if sender.is_near(u32::from_be_bytes([q0, q1, q2, q3])) {
                    sender.refused(at, mtu);
                }
            }
        }
    }
}

/// A flow, from what was seen of its handshake.
fn begin(id: u64, at: Moment, half: Option<Half>, from: Endpoint, to: Endpoint) -> Flow {
    let (client, server) = match half {
        Some(half) => (
            Direction::opened(half.client, half.syn, half.syns),
            Direction::opened(half.server, half.answer, half.answers),
        ),
        None => (Direction::new(from), Direction::new(to)),
    };
    let began = client.first.or(server.first).unwrap_or(at);
    Flow { id, began, latest: at, client, server, last_sender: None }
}

fn side_of(flow: &Flow, from: Endpoint) -> Side {
    if flow.client.endpoint == from { Side::Client } else { Side::Server }
}

/// Takes in a segment of a flow in `class`; nothing if there is no such flow, or whether the
/// segment acknowledges what the other side sent.
fn segment(
    class: &mut Class,
    (key, from): (Key, Endpoint),
    (at, ip, tcp): (Moment, &Ip<'_>, &Tcp<'_>),
    config: &Config,
    out: &mut impl FnMut(Event<'_>) -> Wants,
) -> Option<bool> {
    let flow = class.table.touch(&key)?;
    let side = side_of(flow, from);
    if tcp.flags & RST != 0 {
        if flow.direction(side).is_near(tcp.seq)
            && let Some(flow) = class.remove(&key)
        {
            out(Event::Ended { flow: &flow, why: End::Reset });
        }
        return Some(false);
    }
    let is_answer = flow.segment(side, at, ip, tcp) && tcp.flags & ACK != 0;
    let held = flow.held();
    let seq = if tcp.flags & SYN == 0 { tcp.seq } else { tcp.seq.wrapping_add(1) };
    bytes(flow, side, at, (seq, tcp.payload), config.stream_bytes, out);
    let is_over = flow.is_over();
    class.held = (class.held + flow.held()).saturating_sub(held);
    if is_over && let Some(flow) = class.remove(&key) {
        out(Event::Ended { flow: &flow, why: End::Finished });
        return Some(false);
    }
    class.evict(out);
    Some(is_answer)
}

/// Puts a payload where it belongs, and tells of it if it is the next.
fn bytes(
    flow: &mut Flow,
    side: Side,
    at: Moment,
    (seq, payload): (u32, &[u8]),
    cap: usize,
    out: &mut impl FnMut(Event<'_>) -> Wants,
) {
    if payload.is_empty() || flow.direction(side).stream.is_done() {
        return;
    }
    // Nearly all that is looked for is in one segment, which then need not be copied.
    if flow.direction(side).stream.is_first(seq)
        && let Some(first) = payload.get(..payload.len().min(cap))
    {
        let wants = out(Event::Bytes { flow, side, bytes: first, at });
        let (sender, _) = flow.both(side);
        match wants {
            Wants::Used(count) if count >= payload.len() => {
                sender.stream.begin(seq);
                sender.stream.advance(payload.len());
            }
            Wants::More | Wants::Used(_) if payload.len() < cap => {
                sender.stream.push(seq, payload, cap);
                if let Wants::Used(count) = wants {
                    sender.stream.advance(count);
                }
            }
            Wants::More | Wants::Used(_) | Wants::Enough => sender.stream.finish(),
        }
        return;
    }
    let (sender, _) = flow.both(side);
    if !sender.stream.push(seq, payload, cap) {
        return;
    }
    let ready = flow.direction(side).stream.ready();
    let wants = out(Event::Bytes { flow, side, bytes: ready, at });
    let held = ready.len();
    let stream = &mut flow.both(side).0.stream;
    match wants {
        Wants::Used(count) if count > 0 && count <= held => stream.advance(count),
        Wants::More | Wants::Used(_) if held < cap => {}
        Wants::More | Wants::Used(_) | Wants::Enough => stream.finish(),
    }
}
