//! Which facts are recorded where somebody causes more of them than a store can keep.
//!
//! **Invariant:** who has shown that an address is not forged is not limited by what others forge.
//! Memory is bounded, and every fact that was not let through is counted once.

use crate::decoy::allowance::weight;
use decnet_core::event::{Event, PeerFact, network};
use decnet_core::flow::eye::{Mark, Sight};
use decnet_core::flow::tcp::Endpoint;
use decnet_core::limits::{
    SNIFF_HELD_NS, SNIFF_HELD_SYNS, SNIFF_SOURCE_BURST_BYTES, SNIFF_SOURCE_BYTES_PER_S,
    SNIFF_SOURCES, SNIFF_STRANGER_BURST, SNIFF_STRANGER_PER_S, SNIFF_STRANGERS_BURST,
    SNIFF_STRANGERS_PER_S,
};
use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;

/// How much may come at once, and how fast that is paid back.
#[derive(Clone, Copy, Debug)]
struct Rate {
    burst: u64,
    per_s: u64,
}

const STRANGERS: Rate = Rate { burst: SNIFF_STRANGERS_BURST, per_s: SNIFF_STRANGERS_PER_S };
const STRANGER: Rate = Rate { burst: SNIFF_STRANGER_BURST, per_s: SNIFF_STRANGER_PER_S };
const SOURCE: Rate = Rate { burst: SNIFF_SOURCE_BURST_BYTES, per_s: SNIFF_SOURCE_BYTES_PER_S };
/// Bytes in the journal that count as one more fact of a stranger.
const STRANGERS_BYTES: usize = 1_024;
/// SYNs and SYN-ACKs of one connection that are held.
const HELD_OF_ONE: usize = 4;

/// Whom there is a place for where events go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    /// Everybody.
    ForAll,
    /// Those that have shown that they get what they are sent.
    ForKnown,
}

/// What decides, and remembers what it must.
#[derive(Debug, Default)]
pub(super) struct Gate {
    strangers: Bucket,
    each_stranger: Sources,
    /// Those that have shown that they get what they are sent.
    known: Sources,
    held: Held,
    lost: u64,
}

/// An allowance as one number: nanoseconds at which everything is paid back.
#[derive(Clone, Copy, Debug, Default)]
struct Bucket(u64);

/// Allowances of addresses: those of which something came lately.
#[derive(Debug, Default)]
struct Sources {
    latest: BTreeMap<IpAddr, Bucket>,
    before: BTreeMap<IpAddr, Bucket>,
}

/// Who spoke with whom, and which of their connections it was.
type Connection = (Endpoint, Endpoint, Mark);

/// SYNs that were refused, until their connection turns out to be one.
#[derive(Debug, Default)]
struct Held {
    sights: BTreeMap<Connection, Vec<Sight>>,
    /// Since when, in the order in which they came; also of some that are gone.
    order: VecDeque<(u64, Connection)>,
}

impl Gate {
    /// Decides on a sight, whose event is made if it matters; gives those that pass to `out`. Time
    /// goes from any begin, in nanoseconds, and never back.
    pub(super) fn take(
        &mut self,
        sight: Sight,
        now_ns: u64,
        room: Room,
        mut event: impl FnMut(Sight) -> Event,
        out: &mut impl FnMut(Event),
    ) {
        let who = network(sight.client.address);
        let connection = (sight.client, sight.server, sight.mark);
        if sight.is_answered {
            for held in self.held.give(&connection) {
                out(event(held));
            }
            let event = event(sight);
            if self.known.take(who, now_ns, weight(&event) as u64, SOURCE) {
                out(event);
            } else {
                self.lost += 1;
            }
            return;
        }
        if matches!(sight.fact, PeerFact::TcpSyn(_)) {
            // The one that comes in floods is not made an event before it is to be one.
            if room == Room::ForAll && self.is_let_in(who, now_ns, 1) {
                out(event(sight));
            } else {
                self.lost += self.held.put(connection, now_ns, sight);
            }
            return;
        }
        let event = event(sight);
        let cost = 1 + (weight(&event) / STRANGERS_BYTES) as u64;
        if room == Room::ForAll && self.is_let_in(who, now_ns, cost) {
            out(event);
        } else {
            self.lost += 1;
        }
    }

    /// What was lost since the last call, now that it is so late.
    pub(super) fn lost(&mut self, now_ns: u64) -> u64 {
        self.lost += self.held.drop_until(now_ns.saturating_sub(SNIFF_HELD_NS));
        std::mem::take(&mut self.lost)
    }

    /// What was lost by the end.
    pub(super) fn lost_at_end(&mut self) -> u64 {
        self.lost += self.held.drop_until(u64::MAX);
        std::mem::take(&mut self.lost)
    }

    fn is_let_in(&mut self, who: IpAddr, now_ns: u64, cost: u64) -> bool {
        if self.known.has(who) {
            return self.each_stranger.take(who, now_ns, cost, STRANGER);
        }
        // First what all have together, so that a flood does not make addresses forgotten.
        let Some(strangers) = self.strangers.after(now_ns, cost, STRANGERS) else { return false };
        if !self.each_stranger.take(who, now_ns, cost, STRANGER) {
            return false;
        }
        self.strangers = strangers;
        true
    }
}

impl Bucket {
    /// What it is after so much was taken, if there was so much.
    fn after(self, now_ns: u64, cost: u64, rate: Rate) -> Option<Self> {
        let each_ns = 1_000_000_000 / rate.per_s;
        let paid_ns = self.0.max(now_ns).saturating_add(cost.saturating_mul(each_ns));
        (paid_ns - now_ns <= rate.burst.saturating_mul(each_ns)).then_some(Self(paid_ns))
    }
}

impl Sources {
    fn has(&self, who: IpAddr) -> bool {
        self.latest.contains_key(&who) || self.before.contains_key(&who)
    }

    fn take(&mut self, who: IpAddr, now_ns: u64, cost: u64, rate: Rate) -> bool {
        if !self.latest.contains_key(&who) {
            if self.latest.len() >= SNIFF_SOURCES / 2 {
                self.before = std::mem::take(&mut self.latest);
            }
            let bucket = self.before.remove(&who).unwrap_or_default();
            self.latest.insert(who, bucket);
        }
        let Some(bucket) = self.latest.get_mut(&who) else { return false };
        let after = bucket.after(now_ns, cost, rate);
        *bucket = after.unwrap_or(*bucket);
        after.is_some()
    }
}

impl Held {
    /// Keeps a sight; how many were lost by that.
    fn put(&mut self, connection: Connection, now_ns: u64, sight: Sight) -> u64 {
        let there = self.sights.entry(connection).or_default();
        if there.len() >= HELD_OF_ONE {
            return 1;
        }
        there.push(sight);
        self.order.push_back((now_ns, connection));
        let mut lost = 0;
        while self.order.len() > SNIFF_HELD_SYNS {
            lost += self.drop_first();
        }
        lost
    }

    fn give(&mut self, connection: &Connection) -> Vec<Sight> {
        if self.sights.is_empty() {
            return Vec::new();
        }
        self.sights.remove(connection).unwrap_or_default()
    }

    fn drop_until(&mut self, until_ns: u64) -> u64 {
        let mut lost = 0;
        while self.order.front().is_some_and(|(since_ns, _)| *since_ns < until_ns) {
            lost += self.drop_first();
        }
        lost
    }

    fn drop_first(&mut self) -> u64 {
        let Some((_, connection)) = self.order.pop_front() else { return 0 };
        self.sights.remove(&connection).map_or(0, |sights| sights.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use decnet_core::event::wire::TcpSyn;
    use decnet_core::event::{About, SensorFact, Service, Side, Timestamp};
    use decnet_core::flow::tcp::Moment;
    use decnet_core::octets::Binary;
    use std::net::Ipv4Addr;

    const SECOND: u64 = 1_000_000_000;

    fn syn() -> PeerFact {
        PeerFact::TcpSyn(Box::new(TcpSyn {
            side: Side::Client,
            ttl: 64,
            tos: 0,
            ip_id: None,
            ip_flags: None,
            flow_label: 0,
            ip_options: 0,
            isn: 0,
            ack: 0,
            flags: 2,
            window: 1,
            urgent: 0,
            options: Binary(Vec::new()),
            payload: 0,
            attempt: 1,
            since_ns: None,
        }))
    }

    fn sight(client: u32, mark: u64, fact: PeerFact) -> Sight {
        let end = |address: u32, port| Endpoint { address: Ipv4Addr::from(address).into(), port };
        Sight {
            at: Moment::default(),
            transport: Service::Tcp,
            client: end(client, 4_000),
            server: end(1, 22),
            mark: Mark::Instant(mark),
            first_frames: [None; 2],
            is_answered: false,
            fact,
        }
    }

    fn answered(client: u32, mark: u64) -> Sight {
        Sight { is_answered: true, ..sight(client, mark, PeerFact::ConnectionOpened {}) }
    }

    /// Takes a sight, and gives the marks of what passes.
    fn take(gate: &mut Gate, sight: Sight, now_ns: u64) -> Vec<i64> {
        let mut passed = Vec::new();
        let event = |sight: Sight| Event {
            at: Timestamp(sight.mark.number() as i64),
            about: About::Sensor(SensorFact::Stopped {}),
        };
        gate.take(sight, now_ns, Room::ForAll, event, &mut |event| passed.push(event.at.0));
        passed
    }

    #[test]
    fn a_flood_is_let_in_up_to_its_burst_and_the_rest_is_counted() {
        let mut gate = Gate::default();
        let sources = 100_000;
        let passed: usize =
            (0..sources).map(|n| take(&mut gate, sight(9 + n, 0, syn()), 0).len()).sum();
        assert_eq!(passed as u64, SNIFF_STRANGERS_BURST);
        assert_eq!(gate.held.order.len(), SNIFF_HELD_SYNS);
        let held = SNIFF_HELD_SYNS as u64;
        assert_eq!(gate.lost(0), u64::from(sources) - SNIFF_STRANGERS_BURST - held);
        assert_eq!(gate.lost(SECOND), 0);
        assert_eq!(gate.lost(SNIFF_HELD_NS + 1), held);
        assert!(gate.held.sights.is_empty());
        assert_eq!(gate.lost_at_end(), 0);
        let passed: usize =
            (0..sources).map(|n| take(&mut gate, sight(9 + n, 1, syn()), SECOND).len()).sum();
        assert_eq!(passed as u64, SNIFF_STRANGERS_PER_S);
    }

    #[test]
    fn one_address_does_not_take_what_all_have() {
        let mut gate = Gate::default();
        let count = SNIFF_STRANGERS_BURST;
        let passed: usize = (0..count).map(|n| take(&mut gate, sight(9, n, syn()), 0).len()).sum();
        assert_eq!(passed as u64, SNIFF_STRANGER_BURST);
        assert_eq!(take(&mut gate, sight(10, 3, syn()), 0), [3]);
    }

    #[test]
    fn who_is_answered_gets_through_a_flood_with_the_syn_that_was_refused() {
        let mut gate = Gate::default();
        for client in 0..20_000 {
            take(&mut gate, sight(1_000 + client, 0, syn()), 0);
        }
        assert!(take(&mut gate, sight(9, 5, syn()), 0).is_empty());
        assert!(take(&mut gate, sight(9, 6, PeerFact::ConnectionOpened {}), 0).is_empty());
        assert_eq!(take(&mut gate, answered(9, 5), 0), [5, 5]);
        assert_eq!(take(&mut gate, answered(9, 5), 0), [5]);
        // From now on its SYNs pass at once.
        assert_eq!(take(&mut gate, sight(9, 7, syn()), 0), [7]);
        assert!(take(&mut gate, sight(10, 8, syn()), 0).is_empty());
        let lost = gate.lost_at_end();
        assert_eq!(lost, 20_000 - SNIFF_STRANGERS_BURST + 2);
    }

    #[test]
    fn where_there_is_little_room_those_who_are_answered_get_it() {
        let mut gate = Gate::default();
        let mut passed = 0;
        for sight in [sight(9, 5, syn()), answered(10, 6), answered(9, 5)] {
            let event =
                |_| Event { at: Timestamp(0), about: About::Sensor(SensorFact::Stopped {}) };
            gate.take(sight, 0, Room::ForKnown, event, &mut |_| passed += 1);
        }
        assert_eq!((passed, gate.lost_at_end()), (3, 0));
    }

    #[test]
    fn what_an_answered_address_causes_has_an_end_too() {
        let mut gate = Gate::default();
        let each = 256 + r#"{"stopped":{}}"#.len() as u64;
        let passed = (0..).take_while(|n| !take(&mut gate, answered(9, *n), 0).is_empty()).count();
        assert_eq!(passed as u64, SNIFF_SOURCE_BURST_BYTES / each);
        assert_eq!(gate.lost(0), 1);
        assert_eq!(take(&mut gate, answered(10, 3), 0), [3]);
        assert_eq!(take(&mut gate, answered(9, 4), SECOND), [4]);
    }

    #[test]
    fn the_addresses_that_are_remembered_are_bounded() {
        let mut gate = Gate::default();
        for client in 0..100_000 {
            take(&mut gate, answered(client, 0), 0);
        }
        let Sources { latest, before } = &gate.known;
        assert!(latest.len() + before.len() <= SNIFF_SOURCES);
        assert!(gate.known.has(Ipv4Addr::from(99_999).into()));
    }
}
