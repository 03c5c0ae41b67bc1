//! What is kept of a TCP flow: how each side opened it, what it sent, and when.
//!
//! **Invariant:** raw values; each list is a bounded sample and stands beside a count of all. A
//! clock that steps back gives no gap and no delay, rather than a negative one.

use std::net::IpAddr;

use crate::event::Side;
use crate::flow::key::Turn;
use crate::flow::opening::timestamps;
use crate::flow::packet::Tcp;
use crate::flow::splitter::Packet;
use crate::flow::stream::Stream;
use crate::flow::tracker::{Event, Wants};
use crate::flow::window::{Early, SshWindow, Watch};
use crate::limits::{FLOW_GAPS, FLOW_SAMPLES, FLOW_SEGMENTS};
use crate::wire::tcp::{ACK, CWR, ECE, FIN, SYN};

pub use crate::flow::opening::Opening;

/// When a packet was captured, and its number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// Nanoseconds since 1970.
    pub at_ns: u64,
    /// The number, from 1.
    pub frame: u64,
}

/// A packet's arrival, and the timestamp in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tick {
    /// Nanoseconds since 1970.
    pub at_ns: u64,
    /// The timestamp as it was sent.
    pub value: u32,
}

/// An address and a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    /// The address.
    pub address: IpAddr,
    /// The port.
    pub port: u16,
}

/// A segment that was sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repeat {
    /// When.
    pub at: Moment,
    /// Nanoseconds after it was sent first.
    pub delay_ns: u64,
    /// 1 the first time.
    pub attempt: u16,
}

/// What was sent before the other side acknowledged any of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flight {
    /// Segments with payload.
    pub segments: u32,
    /// Bytes of payload.
    pub bytes: u64,
    /// Whether the acknowledgement was seen.
    pub is_acked: bool,
}

/// An ICMP "fragmentation needed" or "packet too big" about a packet of a direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooBig {
    /// The first.
    pub at: Moment,
    /// The smallest MTU in any of them.
    pub mtu: u32,
    /// How many there were.
    pub count: u32,
}

/// One direction of a flow.
// What every packet writes to stands together, in lines of the cache of its own.
#[derive(Debug)]
#[repr(C, align(64))]
pub struct Direction {
    /// Packets, with those that open.
    pub packets: u64,
    /// Bytes of payload on the wire, repeated ones too.
    pub bytes: u64,
    data_ns: u64,
    /// The sequence number behind the last byte that was sent.
    highest: Option<u32>,
    fin: Option<u32>,
    pub(super) stream: Stream,
    /// What was sent before the first acknowledgement of data.
    pub flight: Flight,
    /// Bytes of the largest payload.
    pub max_segment: u32,
    /// Packets marked ECT(0), ECT(1) and CE.
    pub marks: [u32; 3],
    latest_tick: Option<Tick>,
    stride: u32,
    skipped: u32,
    sent_next: u32,
    /// Gaps between segments with payload that nobody answered in between, each under
    /// [`BURST_NS`]: their number.
    pub gaps: u32,
    /// Packets after the opening with ECE, and with CWR.
    pub echoes: [u32; 2],
    sent: Vec<Sent>,
    /// Parts of what was sent that were not seen: what comes there is late, and was not sent again.
    missing: Vec<(u32, u32)>,
    ticks: Vec<Tick>,
    /// The first of the gaps, nanoseconds.
    pub gaps_ns: Vec<u32>,
    /// Who sends.
    pub endpoint: Endpoint,
    /// The SYN or SYN-ACK.
    pub opening: Option<Opening>,
    /// How often that was sent.
    pub openings: u32,
    /// Segments with payload that were sent again.
    pub repeats: u32,
    /// The first of those.
    pub repeated: Vec<Repeat>,
    /// The first packet that was seen.
    pub first: Option<Moment>,
    /// Whether and with what a router refused this direction's packets.
    pub too_big: Option<TooBig>,
    /// When the opening was sent last.
    opened_ns: Option<u64>,
}

#[derive(Clone, Copy, Debug)]
struct Sent {
    seq: u32,
    tries: u16,
    at_ns: u64,
}

/// A longer gap, in nanoseconds, ends a burst.
pub const BURST_NS: u64 = 100_000_000;

/// A flow of both directions.
#[derive(Debug)]
#[repr(C)]
pub struct Flow {
    /// When its latest packet was seen.
    pub latest: Moment,
    pub(super) last_sender: Option<Side>,
    /// Whether it is in the list of those that hold bytes.
    pub(super) is_holder: bool,
    /// Whether the client acknowledged what the server sent: only who gets the server's packets
    /// can.
    pub is_answered: bool,
    client_turn: Turn,
    pub(super) watch: Watch,
    /// Who opened it; who was seen first, if nobody was seen to open it.
    pub client: Direction,
    /// The other.
    pub server: Direction,
    /// A number of its own that no other flow moves: the frame of its first packet.
    pub id: u64,
    /// A small number that no other flow of its shard has at the same time.
    pub(super) place: u32,
    /// When its first packet was seen.
    pub began: Moment,
}

/// What a segment means for its flow.
pub(super) struct Told {
    /// Whether it acknowledges what the other side sent.
    pub(super) is_answer: bool,
    /// The window that it fills.
    pub(super) window: Option<SshWindow>,
}

impl Flow {
    pub(super) fn new(
        packet: &Packet<'_>,
        client: Direction,
        server: Direction,
        early: Early,
    ) -> Self {
        let began = client.first.or(server.first).unwrap_or(packet.at);
        Self {
            latest: packet.at,
            last_sender: None,
            is_holder: false,
            is_answered: false,
            client_turn: packet.turn_of(client.endpoint),
            watch: Watch::Early(early),
            client,
            server,
            id: began.frame,
            place: 0,
            began,
        }
    }

    /// The direction in which `side` sends.
    #[must_use]
    pub fn direction(&self, side: Side) -> &Direction {
        match side {
            Side::Client => &self.client,
            Side::Server => &self.server,
        }
    }

    /// The direction in which `side` sends, and the other one.
    pub(super) fn both(&mut self, side: Side) -> (&mut Direction, &mut Direction) {
        match side {
            Side::Client => (&mut self.client, &mut self.server),
            Side::Server => (&mut self.server, &mut self.client),
        }
    }

    /// Bytes of memory that its streams hold.
    pub(super) fn held(&self) -> usize {
        self.client.stream.held() + self.server.stream.held()
    }

    /// Whether both sides have said their last, and all before it was seen.
    pub(super) fn is_over(&self) -> bool {
        self.client.is_over() && self.server.is_over()
    }

    /// Who sends packets with a turn.
    #[inline]
    pub(super) fn side(&self, turn: Turn) -> Side {
        if turn == self.client_turn { Side::Client } else { Side::Server }
    }

    /// Gives up what its streams hold, and those that hold something with it.
    pub(super) fn let_go(&mut self) {
        for stream in [&mut self.client.stream, &mut self.server.stream] {
            if stream.held() > 0 {
                stream.finish();
            }
        }
    }

    /// Takes in a segment that is no opening.
    #[inline]
    pub(super) fn segment(&mut self, side: Side, at: Moment, tos: u8, tcp: &Tcp<'_>) -> Told {
        let follows = self.last_sender == Some(side);
        self.latest = at;
        if tcp.length > 0 {
            self.last_sender = Some(side);
        }
        let (sender, other) = self.both(side);
        let is_new = sender.sent(at, tos, tcp, follows);
        let is_answer = tcp.flags & ACK != 0 && other.acknowledged(tcp.ack);
        self.is_answered |= is_answer && side == Side::Client;
        Told { is_answer, window: self.watch.segment(side, tcp, is_new) }
    }

    /// Puts a payload where it belongs, and tells of it if it is the next.
    pub(super) fn bytes(
        &mut self,
        side: Side,
        at: Moment,
        (seq, payload): (u32, &[u8]),
        cap: usize,
        out: &mut impl FnMut(Event<'_>) -> Wants,
    ) {
        // Nearly all that is looked for is in one segment, which then need not be copied.
        if self.direction(side).stream.is_first(seq)
            && let Some(first) = payload.get(..payload.len().min(cap))
        {
            let wants = out(Event::Bytes { flow: self, side, bytes: first, at });
            let stream = &mut self.both(side).0.stream;
            match wants {
                Wants::Used(count) if count >= payload.len() => {
                    stream.begin(seq);
                    stream.advance(payload.len());
                }
                Wants::More | Wants::Used(_) if payload.len() < cap => {
                    stream.push(seq, payload, cap);
                    if let Wants::Used(count) = wants {
                        stream.advance(count);
                    }
                }
                Wants::More | Wants::Used(_) | Wants::Enough | Wants::Windows => stream.finish(),
            }
            self.asked(wants);
            return;
        }
        if !self.both(side).0.stream.push(seq, payload, cap) {
            return;
        }
        let ready = self.direction(side).stream.ready();
        let wants = out(Event::Bytes { flow: self, side, bytes: ready, at });
        let held = ready.len();
        let stream = &mut self.both(side).0.stream;
        match wants {
            Wants::Used(count) if count > 0 && count <= held => stream.advance(count),
            Wants::More | Wants::Used(_) if held < cap => {}
            Wants::More | Wants::Used(_) | Wants::Enough | Wants::Windows => stream.finish(),
        }
        self.asked(wants);
    }

    fn asked(&mut self, wants: Wants) {
        if wants == Wants::Windows {
            self.watch.start();
        }
    }
}

impl Direction {
    pub(super) fn new(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            opening: None,
            openings: 0,
            first: None,
            packets: 0,
            bytes: 0,
            max_segment: 0,
            flight: Flight::default(),
            repeats: 0,
            repeated: Vec::new(),
            gaps: 0,
            gaps_ns: Vec::new(),
            marks: [0; 3],
            echoes: [0; 2],
            too_big: None,
            ticks: Vec::new(),
            stride: 1,
            skipped: 0,
            latest_tick: None,
            stream: Stream::default(),
            highest: None,
            fin: None,
            opened_ns: None,
            data_ns: 0,
            sent: Vec::new(),
            missing: Vec::new(),
            sent_next: 0,
        }
    }

    /// A direction that opened with `opening`, sent `openings` times.
    pub(super) fn opened(endpoint: Endpoint, opening: Option<Opening>, openings: u32) -> Self {
        let mut direction = Self::new(endpoint);
        if let Some(opening) = opening {
            direction.open(opening);
            direction.openings = openings;
            direction.packets = u64::from(openings);
        }
        direction
    }

    /// Takes in how many packets without payload were seen beside the opening, and the first if it
    /// is known.
    pub(super) fn saw_others(&mut self, first: Option<Moment>, packets: u16) {
        self.packets += u64::from(packets);
        let earlier = |first: &Moment| self.first.is_none_or(|known| first.frame < known.frame);
        self.first = first.filter(earlier).or(self.first);
    }

    /// Takes in an opening; how often it has been sent by now, and how long after the last time.
    pub(super) fn open(&mut self, opening: Opening) -> (u32, Option<u64>) {
        let at_ns = opening.at.at_ns;
        let since_ns = self.opened_ns.replace(at_ns).map(|before| at_ns.saturating_sub(before));
        self.openings += 1;
        self.packets += 1;
        if self.opening.is_none() {
            self.opening = Some(opening);
            self.first.get_or_insert(opening.at);
            self.highest.get_or_insert(opening.isn.wrapping_add(1));
            self.stream.begin(opening.isn.wrapping_add(1));
            self.mark(opening.tos);
            if let Some((value, _)) = opening.timestamps() {
                self.tick(Tick { at_ns: opening.at.at_ns, value });
            }
        }
        (self.openings, since_ns)
    }

    /// Arrivals and timestamps: a sample of at most [`FLOW_SAMPLES`], in order.
    pub fn ticks(&self) -> impl Iterator<Item = Tick> {
        let latest = self.latest_tick.filter(|latest| self.ticks.last() != Some(latest));
        self.ticks.iter().copied().chain(latest)
    }

    /// The bytes that are there from the first on, as far as they are still held.
    #[must_use]
    pub fn ready(&self) -> &[u8] {
        self.stream.ready()
    }

    /// Whether a sequence number is near to what this side sends.
    pub(super) fn is_near(&self, seq: u32) -> bool {
        self.highest.is_none_or(|highest| {
            let off = seq.wrapping_sub(highest);
            off.min(off.wrapping_neg()) <= 1 << 20
        })
    }

    pub(super) fn refused(&mut self, at: Moment, mtu: u32) {
        let too_big = self.too_big.get_or_insert(TooBig { at, mtu, count: 0 });
        too_big.mtu = too_big.mtu.min(mtu);
        too_big.count += 1;
    }

    fn is_over(&self) -> bool {
        self.fin.is_some_and(|fin| self.stream.is_done() || self.stream.next() == Some(fin))
    }

    fn mark(&mut self, tos: u8) {
        let [ect0, ect1, ce] = &mut self.marks;
        match tos & 3 {
            1 => *ect1 += 1,
            2 => *ect0 += 1,
            3 => *ce += 1,
            _ => {}
        }
    }

    fn tick(&mut self, tick: Tick) {
        // Of equal timestamps the first to arrive is the nearest to the clock.
        if let Some(latest) = self.latest_tick {
            let step = tick.value.wrapping_sub(latest.value);
            if step == 0 || step > u32::MAX / 2 {
                return;
            }
        }
        self.latest_tick = Some(tick);
        self.skipped += 1;
        if self.skipped < self.stride && !self.ticks.is_empty() {
            return;
        }
        self.skipped = 0;
        if self.ticks.len() >= FLOW_SAMPLES {
            let mut number = 0_u32;
            self.ticks.retain(|_| {
                number += 1;
                number % 2 == 1
            });
            self.stride = self.stride.saturating_mul(2);
        }
        push(&mut self.ticks, tick, FLOW_SAMPLES);
    }

    /// Takes in a segment; whether it brings bytes beyond all that were sent before.
    #[inline]
    fn sent(&mut self, at: Moment, tos: u8, tcp: &Tcp<'_>, follows: bool) -> bool {
        if self.packets == 0 || self.first.is_none() {
            self.first = Some(at);
        }
        self.packets += 1;
        self.mark(tos);
        if let Some((value, _)) = timestamps(tcp.options) {
            self.tick(Tick { at_ns: at.at_ns, value });
        }
        let [ece, cwr] = &mut self.echoes;
        *ece += u32::from(tcp.flags & (ECE | SYN) == ECE);
        *cwr += u32::from(tcp.flags & (CWR | SYN) == CWR);
        let length = tcp.length as u32;
        let seq = if tcp.flags & SYN == 0 { tcp.seq } else { tcp.seq.wrapping_add(1) };
        let end = seq.wrapping_add(length);
        if tcp.flags & FIN != 0 {
            self.fin = Some(end);
        }
        if length == 0 {
            return false;
        }
        self.stream.begin(seq);
        self.bytes += u64::from(length);
        self.max_segment = self.max_segment.max(length);
        let is_new = self.highest.is_none_or(|highest| is_behind(end, highest));
        let is_repeat = match self.highest {
            Some(highest) if is_behind(highest, seq) => self.repeat(at, seq, end),
            Some(highest) if seq != highest => {
                if self.missing.len() >= FLOW_GAPS {
                    self.missing.remove(0);
                }
                self.missing.push((highest, seq));
                false
            }
            Some(_) | None => false,
        };
        if is_new {
            self.highest = Some(end);
        }
        if is_repeat {
            return is_new;
        }
        self.remember(Sent { seq, tries: 0, at_ns: at.at_ns });
        if !self.flight.is_acked {
            self.flight.segments = self.flight.segments.saturating_add(1);
            self.flight.bytes += u64::from(length);
        }
        let gap = at.at_ns.checked_sub(self.data_ns).filter(|gap| *gap < BURST_NS && follows);
        if let Some(gap_ns) = gap {
            self.gaps += 1;
            if self.gaps_ns.len() < FLOW_SAMPLES {
                push(&mut self.gaps_ns, gap_ns as u32, FLOW_SAMPLES);
            }
        }
        self.data_ns = at.at_ns;
        is_new
    }

    /// Whether a segment was seen before, all or a part of it; if so it was sent again.
    fn repeat(&mut self, at: Moment, seq: u32, end: u32) -> bool {
        if self.fills(seq, end) {
            return false;
        }
        let Some(sent) = self.sent.iter_mut().find(|sent| sent.seq == seq) else {
            // It is too long ago to know when, or was cut elsewhere. One byte keeps alive.
            let is_seen = self.stream.first().is_some_and(|start| !is_behind(start, seq));
            let is_again = is_seen && end.wrapping_sub(seq) > 1;
            self.repeats += u32::from(is_again);
            return is_again;
        };
        sent.tries = sent.tries.saturating_add(1);
        let delay_ns = at.at_ns.saturating_sub(sent.at_ns);
        let repeat = Repeat { at, delay_ns, attempt: sent.tries };
        self.repeats += 1;
        if self.repeated.len() < FLOW_SAMPLES {
            self.repeated.push(repeat);
        }
        true
    }

    /// Whether something was missing there.
    fn fills(&mut self, seq: u32, end: u32) -> bool {
        let overlaps = |&(from, to): &(u32, u32)| is_behind(end, from) && is_behind(to, seq);
        let Some(place) = self.missing.iter().position(overlaps) else { return false };
        let (from, to) = self.missing.remove(place);
        for (from, to) in [(from, seq), (end, to)] {
            if is_behind(to, from) && self.missing.len() < FLOW_GAPS {
                self.missing.push((from, to));
            }
        }
        true
    }

    fn remember(&mut self, sent: Sent) {
        if self.sent.len() < FLOW_SEGMENTS {
            push(&mut self.sent, sent, FLOW_SEGMENTS);
        } else if let Some(place) = self.sent.get_mut(self.sent_next as usize) {
            *place = sent;
            self.sent_next = (self.sent_next + 1) % FLOW_SEGMENTS as u32;
        }
    }

    /// Takes in the other side's acknowledgement; whether it is of something that was sent.
    fn acknowledged(&mut self, ack: u32) -> bool {
        let (Some(start), Some(highest)) = (self.stream.first(), self.highest) else {
            return false;
        };
        if self.flight.segments > 0 && is_behind(ack, start) {
            self.flight.is_acked = true;
        }
        let is_sent = ack == start || is_behind(ack, start);
        is_sent && !is_behind(ack, highest.wrapping_add(1))
    }
}

/// Appends to a sample of at most `cap`, which takes room for four times as many whenever there is
/// none: most stay small, and those that do not are moved seldom.
fn push<T>(sample: &mut Vec<T>, item: T, cap: usize) {
    if sample.len() == sample.capacity() {
        // New room comes from what was given back a moment ago; room that grows does not.
        let mut larger = Vec::with_capacity((sample.len() * 4).clamp(4, cap));
        larger.append(sample);
        *sample = larger;
    }
    sample.push(item);
}

/// Whether `seq` is behind `other` in the stream.
fn is_behind(seq: u32, other: u32) -> bool {
    let ahead = seq.wrapping_sub(other);
    ahead != 0 && ahead <= u32::MAX / 2
}
