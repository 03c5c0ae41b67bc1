//! A part of all flows, which knows nothing of the others.
//!
//! **Invariant:** a packet looks for its flow once, and writes to it alone: which flows are silent
//! longest is found out when it is asked. What is told of a packet depends on this shard's packets
//! only.

use std::collections::VecDeque;

use crate::flow::half::Half;
use crate::flow::packet::Skip;
use crate::flow::packet::{Icmp, Tcp, Transport, ip};
use crate::flow::splitter::Packet;
use crate::flow::table::{Class, Index, Queue, Slot, Table};
use crate::flow::tcp::{Direction, Flow, Moment, Opening};
use crate::flow::tracker::{Config, Counts, End, Event, SHARDS, Wants};
use crate::flow::window::Early;
use crate::wire::tcp::{RST, SYN};

/// Flows, and what it takes to tell them apart.
#[derive(Debug)]
pub struct Shard {
    stream_bytes: usize,
    idle_ns: u64,
    index: Index,
    halves: Table<Half>,
    half_open: Kind,
    flows: Table<Flow>,
    one_sided: Kind,
    two_sided: Kind,
    counts: Counts,
    /// Nobody has been silent for too long before this.
    quiet_until_ns: u64,
}

/// Entries of one kind, and their caps.
#[derive(Debug)]
struct Kind {
    queue: Queue,
    cap: usize,
    /// Flows that hold bytes, in the order in which they began to.
    holders: VecDeque<(u32, u64)>,
    held: usize,
    held_cap: usize,
}

/// In the index, whether a place is one of the handshakes'.
const HALF: u32 = 1 << 31;
/// Silent entries of each kind that one packet ends, so that none takes long.
const EXPIRED_AT_ONCE: usize = 4;
/// How often that many are ended where no packet comes.
const EXPIRED_IN_SILENCE: usize = 64;

impl Kind {
    fn new(cap: usize, held_cap: usize) -> Self {
        let cap = cap.div_ceil(SHARDS).max(1);
        let held_cap = held_cap / SHARDS;
        Self { queue: Queue::EMPTY, cap, holders: VecDeque::new(), held: 0, held_cap }
    }

    /// Counts what a flow holds now, and remembers that it does.
    fn holds(&mut self, at: u32, flow: &mut Flow, before: usize) {
        let now = flow.held();
        self.held = (self.held + now).saturating_sub(before);
        if now > 0 && !flow.is_holder {
            flow.is_holder = true;
            self.holders.push_back((at, flow.id));
        }
    }
}

impl Shard {
    /// One that has seen nothing.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let quarter = config.buffer_bytes / 4;
        Self {
            stream_bytes: config.stream_bytes,
            idle_ns: config.idle_ns,
            index: Index::default(),
            halves: Table::default(),
            half_open: Kind::new(config.half_open, 0),
            flows: Table::default(),
            one_sided: Kind::new(config.one_sided, quarter),
            two_sided: Kind::new(config.flows, config.buffer_bytes - quarter),
            counts: Counts::default(),
            quiet_until_ns: 0,
        }
    }

    /// What became of its packets, without their number.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// The flows that have not ended, in no order: their numbers and places.
    pub(super) fn flows(&self) -> impl Iterator<Item = (u64, u32)> {
        self.flows.places().map(|(place, slot)| (slot.value.id, place))
    }

    /// Ends all flows, in the order of their numbers; so does who runs all shards.
    pub fn stop(&mut self, out: &mut impl FnMut(Event<'_>) -> Wants) {
        let mut all: Vec<_> = self.flows().collect();
        all.sort_unstable();
        for (_, place) in all {
            self.end(place, End::Stopped, out);
        }
    }

    /// Ends some of those that are silent for too long now.
    pub(super) fn pass(&mut self, now_ns: u64, out: &mut impl FnMut(Event<'_>) -> Wants) {
        for _ in 0..EXPIRED_IN_SILENCE {
            if now_ns <= self.quiet_until_ns {
                break;
            }
            self.expire(now_ns, out);
        }
    }

    /// Takes in a packet that is of this shard.
    #[inline]
    pub fn packet(&mut self, packet: &Packet<'_>, out: &mut impl FnMut(Event<'_>) -> Wants) {
        if packet.sure_ns > self.quiet_until_ns {
            self.expire(packet.sure_ns, out);
        }
        match packet.transport() {
            Ok(Transport::Tcp(tcp)) => self.tcp(packet, &tcp, out),
            Ok(Transport::Udp(udp)) => {
                let (from, to) = packet.ends();
                out(Event::Datagram { from, to, bytes: udp.payload, at: packet.at });
            }
            Ok(Transport::Icmp(icmp)) => self.too_big(packet, &icmp),
            Ok(Transport::Other) => {}
            Err(Skip::NotIp) => self.counts.not_ip += 1,
            Err(Skip::Cut) => self.counts.cut += 1,
            Err(Skip::Broken) => self.counts.broken += 1,
        }
    }

    #[inline]
    fn find(&self, packet: &Packet<'_>) -> Option<u32> {
        self.index.find(packet.hash as u32, |place| {
            if place & HALF == 0 {
                self.flows.get(place).is_some_and(|slot| slot.key == packet.key)
            } else {
                self.halves.get(place ^ HALF).is_some_and(|slot| slot.key == packet.key)
            }
        })
    }

    fn tcp(
        &mut self,
        packet: &Packet<'_>,
        tcp: &Tcp<'_>,
        out: &mut impl FnMut(Event<'_>) -> Wants,
    ) {
        let at = packet.at;
        if tcp.flags & (SYN | RST) == SYN | RST {
            // No system sends one; who does wants to see what becomes of it.
            let Ok(ip) = packet.ip() else { return };
            let (from, to) = packet.ends();
            let opening = Opening::new(at, &ip, tcp);
            out(Event::Opening { from, to, opening: &opening, attempt: 1, since_ns: None });
            return;
        }
        let mut place = self.find(packet).and_then(|place| self.fresh(place, packet.sure_ns, out));
        if tcp.flags & SYN != 0 {
            place = self.opening(packet, tcp, place, out);
            if tcp.length == 0 {
                return;
            }
        }
        let place = match place {
            Some(place) if place & HALF == 0 => place,
            half => {
                // A handshake that is refused stays: some try the same again, and that is told.
                if tcp.length == 0 || tcp.flags & RST != 0 {
                    let half = half.and_then(|place| self.halves.get_mut(place ^ HALF));
                    if let Some(slot) = half {
                        slot.is_touched = true;
                        slot.value.segment(at, packet.ends().0, tcp);
                    }
                    return;
                }
                self.begin(packet, half)
            }
        };
        self.segment(place, packet, tcp, out);
    }

    /// A place whose entry has not been silent for too long; the entry ends if it has.
    #[inline]
    fn fresh(
        &mut self,
        place: u32,
        sure_ns: u64,
        out: &mut impl FnMut(Event<'_>) -> Wants,
    ) -> Option<u32> {
        if place & HALF == 0 {
            let latest = self.flows.get(place)?.value.latest.at_ns;
            if sure_ns.saturating_sub(latest) > self.idle_ns {
                self.end(place, End::Idle, out);
                return None;
            }
        } else {
            let latest_ns = self.halves.get(place ^ HALF)?.value.latest_ns;
            if sure_ns.saturating_sub(latest_ns) > self.idle_ns {
                self.drop_half(place);
                return None;
            }
        }
        Some(place)
    }

    /// A flow that begins, from what was seen of its handshake.
    fn begin(&mut self, packet: &Packet<'_>, half: Option<u32>) -> u32 {
        let (from, to) = packet.ends();
        self.counts.flows += 1;
        let half = half.and_then(|place| self.forget(place));
        let flow = match half {
            Some(slot) => {
                let half = &slot.value;
                let answer = half.answer.as_deref().copied();
                let server = if half.client == from { to } else { from };
                let mut client = Direction::opened(half.client, half.syn, half.syns);
                let mut server = Direction::opened(server, answer, half.answers);
                let [client_others, server_others] = half.others;
                client.saw_others(None, client_others);
                server.saw_others(half.server_first, server_others);
                Flow::new(packet, client, server, Early::after(half.acks))
            }
            None => {
                let (client, server) = (Direction::new(from), Direction::new(to));
                Flow::new(packet, client, server, Early::default())
            }
        };
        let hash = packet.hash as u32;
        let place = self.flows.insert(packet.key, hash, Class::OneSided, flow);
        if let Some(slot) = self.flows.get_mut(place) {
            slot.value.place = place;
        }
        self.one_sided.queue.push(&mut self.flows, place);
        self.index.insert(hash, place);
        self.wake_for(packet.at);
        place
    }

    /// A SYN or SYN-ACK; where its flow or handshake is now.
    fn opening(
        &mut self,
        packet: &Packet<'_>,
        tcp: &Tcp<'_>,
        mut place: Option<u32>,
        out: &mut impl FnMut(Event<'_>) -> Wants,
    ) -> Option<u32> {
        let (at, (from, to)) = (packet.at, packet.ends());
        let Ok(ip) = packet.ip() else { return place };
        let opening = Opening::new(at, &ip, tcp);
        if let Some(there) = place.filter(|place| place & HALF == 0) {
            let slot = self.flows.get_mut(there)?;
            slot.is_touched = true;
            let side = slot.value.side(packet.turn);
            let (sender, _) = slot.value.both(side);
            if sender.opening.is_none_or(|known| known.isn == opening.isn) {
                // It was sent again, or came late.
                let (attempt, since_ns) = sender.open(opening);
                out(Event::Opening { from, to, opening: &opening, attempt, since_ns });
                return place;
            }
            if opening.is_answer() {
                // One that answers another connection, or a forged one.
                out(Event::Opening { from, to, opening: &opening, attempt: 1, since_ns: None });
                return place;
            }
            self.end(there, End::Reused, out);
            place = None;
        }
        let hash = packet.hash as u32;
        let (there, is_fresh) = if let Some(there) = place {
            (there ^ HALF, false)
        } else {
            let fresh = Half::new(if opening.is_answer() { to } else { from }, at);
            let there = self.halves.insert(packet.key, hash, Class::HalfOpen, fresh);
            self.half_open.queue.push(&mut self.halves, there);
            self.index.insert(hash, there | HALF);
            self.wake_for(at);
            (there, true)
        };
        let slot = self.halves.get_mut(there)?;
        slot.is_touched = !is_fresh;
        let (attempt, since_ns) = slot.value.open(&opening, from);
        out(Event::Opening { from, to, opening: &opening, attempt, since_ns });
        if is_fresh {
            self.evict_half();
        }
        Some(there | HALF)
    }

    /// Takes in a segment of a flow.
    #[inline]
    fn segment(
        &mut self,
        place: u32,
        packet: &Packet<'_>,
        tcp: &Tcp<'_>,
        out: &mut impl FnMut(Event<'_>) -> Wants,
    ) {
        let Some(slot) = self.flows.get_mut(place) else { return };
        slot.is_touched = true;
        let class = slot.queue;
        let flow = &mut slot.value;
        let side = flow.side(packet.turn);
        if tcp.flags & RST != 0 {
            if flow.direction(side).is_near(tcp.seq) {
                self.end(place, End::Reset, out);
            }
            return;
        }
        let told = flow.segment(side, packet.at, packet.tos, tcp);
        if !tcp.payload.is_empty() && !flow.direction(side).stream.is_done() {
            let held = flow.held();
            let seq = if tcp.flags & SYN == 0 { tcp.seq } else { tcp.seq.wrapping_add(1) };
            flow.bytes(side, packet.at, (seq, tcp.payload), self.stream_bytes, out);
            let kind = match class {
                Class::TwoSided => &mut self.two_sided,
                Class::OneSided | Class::HalfOpen => &mut self.one_sided,
            };
            kind.holds(place, flow, held);
        }
        if let Some(window) = &told.window {
            out(Event::Window { flow, window, at: packet.at });
        }
        if flow.is_over() {
            self.end(place, End::Finished, out);
            return;
        }
        match class {
            // An acknowledgement of what the other side sent cannot be made from elsewhere.
            Class::OneSided if told.is_answer => {
                self.promote(place);
                self.evict(Class::TwoSided, out);
            }
            Class::OneSided => self.evict(Class::OneSided, out),
            Class::TwoSided if self.two_sided.held > self.two_sided.held_cap => {
                self.evict(Class::TwoSided, out);
            }
            Class::TwoSided | Class::HalfOpen => {}
        }
    }

    /// Both sides of a flow have spoken.
    fn promote(&mut self, place: u32) {
        self.one_sided.queue.unlink(&mut self.flows, place);
        self.two_sided.queue.push(&mut self.flows, place);
        let Some(slot) = self.flows.get_mut(place) else { return };
        slot.queue = Class::TwoSided;
        let held = slot.value.held();
        self.one_sided.held = self.one_sided.held.saturating_sub(held);
        slot.value.is_holder = false;
        self.two_sided.holds(place, &mut slot.value, 0);
    }

    fn kind(&mut self, class: Class) -> &mut Kind {
        match class {
            Class::OneSided => &mut self.one_sided,
            Class::TwoSided => &mut self.two_sided,
            Class::HalfOpen => &mut self.half_open,
        }
    }

    /// Gives up flows that are silent longest, down to the cap, and what was held longest, down to
    /// the cap of that.
    fn evict(&mut self, class: Class, out: &mut impl FnMut(Event<'_>) -> Wants) {
        loop {
            let (flows, kind) = match class {
                Class::TwoSided => (&mut self.flows, &mut self.two_sided),
                Class::OneSided | Class::HalfOpen => (&mut self.flows, &mut self.one_sided),
            };
            if kind.queue.len() <= kind.cap {
                break;
            }
            let turns = kind.queue.len();
            let Some(place) = kind.queue.front(flows, turns) else { break };
            match class {
                Class::TwoSided => self.counts.evicted += 1,
                Class::OneSided | Class::HalfOpen => self.counts.evicted_one_sided += 1,
            }
            self.end(place, End::Evicted, out);
        }
        let live = self.flows.len();
        let (flows, counts) = (&mut self.flows, &mut self.counts);
        let kind = match class {
            Class::TwoSided => &mut self.two_sided,
            Class::OneSided | Class::HalfOpen => &mut self.one_sided,
        };
        let is_there = |flows: &Table<Flow>, (place, id): (u32, u64)| {
            flows.get(place).is_some_and(|slot| slot.value.id == id && slot.queue == class)
        };
        while kind.held > kind.held_cap {
            let Some(holder) = kind.holders.pop_front() else { break };
            if !is_there(flows, holder) {
                continue;
            }
            let Some(slot) = flows.get_mut(holder.0) else { continue };
            slot.value.is_holder = false;
            let held = slot.value.held();
            if held > 0 {
                slot.value.let_go();
                kind.held = (kind.held + slot.value.held()).saturating_sub(held);
                counts.given_up_streams += 1;
            }
        }
        // Most of those that are listed are gone or hold nothing any more.
        if kind.holders.len() > 2 * live + 64 {
            kind.holders.retain(|holder| is_there(flows, *holder));
        }
    }

    fn evict_half(&mut self) {
        while self.half_open.queue.len() > self.half_open.cap {
            let turns = self.half_open.queue.len();
            let Some(place) = self.half_open.queue.front(&mut self.halves, turns) else { break };
            self.counts.evicted_half_open += 1;
            self.drop_half(place | HALF);
        }
    }

    /// Ends a few of those that are silent for too long.
    fn expire(&mut self, sure_ns: u64, out: &mut impl FnMut(Event<'_>) -> Wants) {
        let mut quiet_until_ns = u64::MAX;
        for class in [Class::TwoSided, Class::OneSided, Class::HalfOpen] {
            for turn in 0..=EXPIRED_AT_ONCE {
                let front = match class {
                    Class::TwoSided => self.two_sided.queue.front(&mut self.flows, 8),
                    Class::OneSided => self.one_sided.queue.front(&mut self.flows, 8),
                    Class::HalfOpen => self.half_open.queue.front(&mut self.halves, 8),
                };
                let Some(place) = front else {
                    // Either there is none, or there are many that were touched.
                    if self.kind(class).queue.len() > 0 {
                        quiet_until_ns = quiet_until_ns.min(sure_ns);
                    }
                    break;
                };
                let latest_ns = match class {
                    Class::TwoSided | Class::OneSided => {
                        self.flows.get(place).map(|slot| slot.value.latest.at_ns)
                    }
                    Class::HalfOpen => self.halves.get(place).map(|slot| slot.value.latest_ns),
                };
                let until_ns = latest_ns.unwrap_or(0).saturating_add(self.idle_ns);
                if until_ns >= sure_ns || turn == EXPIRED_AT_ONCE {
                    quiet_until_ns = quiet_until_ns.min(until_ns);
                    break;
                }
                match class {
                    Class::TwoSided | Class::OneSided => self.end(place, End::Idle, out),
                    Class::HalfOpen => self.drop_half(place | HALF),
                }
            }
        }
        self.quiet_until_ns = quiet_until_ns;
    }

    /// Something is there that will have been silent for too long some day.
    fn wake_for(&mut self, at: Moment) {
        self.quiet_until_ns = self.quiet_until_ns.min(at.at_ns.saturating_add(self.idle_ns));
    }

    /// Takes out a handshake.
    fn forget(&mut self, place: u32) -> Option<Slot<Half>> {
        self.half_open.queue.unlink(&mut self.halves, place ^ HALF);
        let slot = self.halves.remove(place ^ HALF)?;
        self.index.remove(slot.hash, place);
        Some(slot)
    }

    /// Gives up a handshake.
    fn drop_half(&mut self, place: u32) {
        self.half_open.queue.unlink(&mut self.halves, place ^ HALF);
        if let Some(hash) = self.halves.clear(place ^ HALF) {
            self.index.remove(hash, place);
        }
    }

    /// Takes out a flow, and says so.
    pub(super) fn end(&mut self, place: u32, why: End, out: &mut impl FnMut(Event<'_>) -> Wants) {
        let Some(class) = self.flows.get(place).map(|slot| slot.queue) else { return };
        let kind = match class {
            Class::TwoSided => &mut self.two_sided,
            Class::OneSided | Class::HalfOpen => &mut self.one_sided,
        };
        kind.queue.unlink(&mut self.flows, place);
        // It is large, so that it is told of where it is.
        let Some(slot) = self.flows.get_mut(place) else { return };
        let flow = &mut slot.value;
        kind.held = kind.held.saturating_sub(flow.held());
        if let Some(window) = flow.watch.rest() {
            out(Event::Window { flow, window: &window, at: flow.latest });
        }
        out(Event::Ended { flow, why });
        if let Some(hash) = self.flows.clear(place) {
            self.index.remove(hash, place);
        }
    }

    fn too_big(&mut self, packet: &Packet<'_>, icmp: &Icmp<'_>) {
        let (Some(mtu), Some(quoted)) = (icmp.too_big, icmp.quoted) else { return };
        let Ok(refused) = ip(quoted) else { return };
        // Of the segment, eight bytes are sure to be quoted: both ports and the sequence number.
        let (6, Some(&[.., q0, q1, q2, q3])) =
            (refused.protocol, refused.payload.first_chunk::<8>())
        else {
            return;
        };
        let Some(place) = self.find(packet).filter(|place| place & HALF == 0) else { return };
        let Some(slot) = self.flows.get_mut(place) else { return };
        let side = slot.value.side(packet.turn);
        let (sender, _) = slot.value.both(side);
        // Who does not know the flow cannot quote from it.
        if sender.is_near(u32::from_be_bytes([q0, q1, q2, q3])) {
            sender.refused(packet.at, mtu);
        }
    }
}
