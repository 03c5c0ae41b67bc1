//! IP packets put together from their fragments.
//!
//! **Invariant:** the bytes that came first win where fragments overlap; the oldest packet is given
//! up at a cap, and counted.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;

use crate::flow::packet::Ip;
use crate::limits::{FRAGMENT_AGE_NS, FRAGMENT_BYTES, FRAGMENT_PARTS, FRAGMENTED_PACKETS};

/// Fragmented packets that are not whole yet.
#[derive(Debug, Default)]
pub struct Fragments {
    waiting: BTreeMap<Key, Waiting>,
    /// In the order of their first fragments.
    order: VecDeque<(Key, u64)>,
    serial: u64,
    given_up: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    source: IpAddr,
    destination: IpAddr,
    id: u32,
    protocol: u8,
}

#[derive(Debug)]
struct Waiting {
    serial: u64,
    since_ns: u64,
    bytes: Vec<u8>,
    /// What is there, as ranges that neither touch nor overlap, in order.
    there: Vec<(usize, usize)>,
    end: Option<usize>,
    /// Of the first fragment; the header behind an extension header is only there.
    protocol: Option<u8>,
}

/// A packet that is whole.
#[derive(Debug, PartialEq, Eq)]
pub struct Whole {
    /// The protocol of the payload.
    pub protocol: u8,
    /// The payload.
    pub payload: Vec<u8>,
}

impl Fragments {
    /// Keeps a fragment; the packet if this was the last that it lacked.
    ///
    /// A fragment that a snap length cut is not kept, nor is one that is no fragment.
    pub fn insert(&mut self, at_ns: u64, ip: &Ip<'_>) -> Option<Whole> {
        let fragment = ip.fragment?;
        let end = fragment.offset + ip.length;
        let misfit = fragment.more && !ip.length.is_multiple_of(8);
        if ip.payload.len() != ip.length || ip.length == 0 || end > FRAGMENT_BYTES || misfit {
            self.given_up += 1;
            return None;
        }
        self.expire(at_ns);
        let (source, destination) = (ip.source, ip.destination);
        // The next header of a later fragment may differ in IPv6; its identification is long.
        let protocol = if ip.id.is_some() { ip.protocol } else { 0 };
        let key = Key { source, destination, id: fragment.id, protocol };
        let serial = self.serial;
        let waiting = self.waiting.entry(key).or_insert_with(|| Waiting {
            serial,
            since_ns: at_ns,
            bytes: Vec::new(),
            there: Vec::new(),
            end: None,
            protocol: None,
        });
        if waiting.serial == serial {
            self.serial += 1;
            self.order.push_back((key, serial));
        }
        if fragment.offset == 0 {
            waiting.protocol.get_or_insert(ip.protocol);
        }
        if !fragment.more {
            waiting.end.get_or_insert(end);
        }
        fill(&mut waiting.bytes, &mut waiting.there, fragment.offset, ip.payload);
        let is_whole = match (waiting.there.as_slice(), waiting.end) {
            (&[(0, there)], Some(end)) => there >= end,
            _ => false,
        };
        if is_whole {
            let mut whole = self.waiting.remove(&key)?;
            whole.bytes.truncate(whole.end?);
            return Some(Whole { protocol: whole.protocol?, payload: whole.bytes });
        }
        if waiting.there.len() > FRAGMENT_PARTS {
            self.waiting.remove(&key);
            self.given_up += 1;
        }
        while self.waiting.len() > FRAGMENTED_PACKETS || self.order.len() > 2 * FRAGMENTED_PACKETS {
            self.give_up_oldest();
        }
        None
    }

    /// Fragments and packets of fragments that were given up.
    #[must_use]
    pub fn given_up(&self) -> u64 {
        self.given_up
    }

    fn expire(&mut self, at_ns: u64) {
        while let Some((key, serial)) = self.order.front() {
            let waiting = self.waiting.get(key).filter(|waiting| waiting.serial == *serial);
            if waiting.is_some_and(|w| at_ns.saturating_sub(w.since_ns) <= FRAGMENT_AGE_NS) {
                break;
            }
            self.give_up_oldest();
        }
    }

    fn give_up_oldest(&mut self) {
        let Some((key, serial)) = self.order.pop_front() else { return };
        if self.waiting.get(&key).is_some_and(|waiting| waiting.serial == serial) {
            self.waiting.remove(&key);
            self.given_up += 1;
        }
    }
}

/// Writes `new` at `at` where nothing is yet, and joins the ranges of what is there.
pub(super) fn fill(bytes: &mut Vec<u8>, there: &mut Vec<(usize, usize)>, at: usize, new: &[u8]) {
    let end = at + new.len();
    if bytes.len() < end {
        bytes.resize(end, 0);
    }
    let mut hole = at;
    for &(from, to) in there.iter().chain(&[(end, end)]) {
        let until = from.min(end);
        if hole < until
            && let Some(target) = bytes.get_mut(hole..until)
            && let Some(source) = new.get(hole - at..until - at)
        {
            target.copy_from_slice(source);
        }
        hole = hole.max(to);
        if hole >= end {
            break;
        }
    }
    let (mut from, mut to) = (at, end);
    let first = there.partition_point(|range| range.1 < from);
    let behind = there.partition_point(|range| range.0 <= to);
    if let Some(touched) = there.get(first..behind)
        && let (Some(low), Some(high)) = (touched.first(), touched.last())
    {
        from = from.min(low.0);
        to = to.max(high.1);
    }
    there.splice(first..behind.max(first), [(from, to)]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::packet::Fragment;

    fn part(offset: usize, more: bool, payload: &[u8]) -> Ip<'_> {
        Ip {
            source: "192.0.2.1".parse().unwrap(),
            destination: "192.0.2.2".parse().unwrap(),
            ttl: 64,
            tos: 0,
            id: Some(9),
            df: false,
            flags: 0,
            label: 0,
            options: &[],
            fragment: Some(Fragment { id: 9, offset, more }),
            protocol: 17,
            payload,
            length: payload.len(),
        }
    }

    #[test]
    fn fragments_in_any_order_make_one_packet_in_which_the_first_bytes_win() {
        let mut fragments = Fragments::default();
        assert_eq!(fragments.insert(0, &part(16, false, b"end")), None);
        assert_eq!(fragments.insert(0, &part(8, true, b"SECONDxx")), None);
        let whole = fragments.insert(0, &part(0, true, b"firstly-overlaps"));
        let payload = b"firstly-SECONDxxend".to_vec();
        assert_eq!(whole, Some(Whole { protocol: 17, payload }));
    }

    #[test]
    fn one_that_never_ends_is_given_up() {
        let mut fragments = Fragments::default();
        fragments.insert(0, &part(0, true, b"12345678"));
        assert_eq!(fragments.insert(FRAGMENT_AGE_NS + 1, &part(8, false, b"late")), None);
        assert_eq!(fragments.given_up(), 1);
    }

    #[test]
    fn memory_is_bounded() {
        let mut fragments = Fragments::default();
        for id in 0..20_000 {
            let mut ip = part(8, true, b"12345678");
            ip.fragment = Some(Fragment { id, offset: 8, more: true });
            fragments.insert(0, &ip);
        }
        assert!(fragments.waiting.len() <= FRAGMENTED_PACKETS);
        assert_eq!(fragments.given_up() + fragments.waiting.len() as u64, 20_000);
    }
}
