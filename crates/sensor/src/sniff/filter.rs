//! Which frames are wanted, decided by the kernel, or here where the kernel cannot.
//!
//! **Invariant:** [`Selection::program`] and [`Selection::is_wanted`] agree on every frame.

use super::Frame;
use super::network::{Network, Prefix};
use super::program::{Backwards, Condition, INTERFACE, Instruction, Label, PROTOCOL, Step};
use decnet_core::limits;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Addresses that a program lists; with more, frames are chosen in user space.
const ADDRESSES: usize = 1_024;
/// Instructions that the kernel takes (`BPF_MAXINSNS`).
const INSTRUCTIONS: usize = 4_096;

const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;
const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMP: u8 = 1;
const ICMPV6: u8 = 58;
/// Unreachable, quench, redirect, time exceeded, parameter problem.
const ICMP_ERRORS: [u8; 5] = [3, 4, 5, 11, 12];
/// Unreachable, packet too big, time exceeded, parameter problem.
const ICMPV6_ERRORS: [u8; 4] = [1, 2, 3, 4];
/// Hop by hop, routing, fragment, authentication, destination, mobility, HIP, shim6: what is behind
/// them is for user space to see.
const EXTENSIONS: [u8; 8] = [0, 43, 44, 51, 60, 135, 139, 140];

/// Which frames are wanted: TCP and UDP from or to a local address, what may be part of them, and
/// ICMP errors to a local address, whose quoted packet is for user space to look at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Numbers of the interfaces; none are all.
    pub interfaces: BTreeSet<u32>,
    /// The addresses of the decoys; none are all.
    pub local: BTreeSet<IpAddr>,
    /// Whoever is in one of these is never recorded, from whichever side it speaks. Where all
    /// addresses are local, that goes for both ends.
    pub never: Vec<Network>,
}

impl Selection {
    /// Whether a frame is wanted.
    #[must_use]
    pub fn is_wanted(&self, frame: &Frame<'_>) -> bool {
        if !self.interfaces.is_empty() && !self.interfaces.contains(&frame.interface) {
            return false;
        }
        let Some(ends) = Ends::of(frame) else { return false };
        let is_local = |address| self.local.is_empty() || self.local.contains(&address);
        let is_excluded = |address| self.never.iter().any(|network| network.contains(address));
        let (from, to) = (is_local(ends.source), is_local(ends.destination));
        if (to && is_excluded(ends.source)) || (from && is_excluded(ends.destination)) {
            return false;
        }
        to || (from && !ends.is_error)
    }

    /// The same as a program for the kernel over cooked frames; `None` if it would be too long, in
    /// which case a [wider](Self::wider) one has to do.
    #[must_use]
    pub fn program(&self) -> Option<Vec<Instruction>> {
        if self.local.len() > ADDRESSES {
            return None;
        }
        let mut code = Backwards::default();
        let reject = code.keep(0);
        let accept = code.keep(limits::SNIFF_FRAME_BYTES);
        let v4 = self.ipv4(&mut code, accept, reject);
        let v6 = self.ipv6(&mut code, accept, reject);
        let first = code.ask(Condition::Is(IPV6.into()), v6, reject);
        let first = code.ask(Condition::Is(IPV4.into()), v4, first);
        let mut first = code.step(Step::Word(PROTOCOL), first);
        if !self.interfaces.is_empty() {
            let interfaces: Vec<u32> = self.interfaces.iter().copied().collect();
            first = code.ask_any(&interfaces, first, reject);
            first = code.step(Step::Word(INTERFACE), first);
        }
        let program = code.finish(first);
        (program.len() <= INSTRUCTIONS).then_some(program)
    }

    /// A selection that takes all that this one does, and more, with a short program.
    #[must_use]
    pub fn wider(&self) -> Self {
        let interfaces = &self.interfaces;
        let interfaces =
            if interfaces.len() > ADDRESSES { BTreeSet::new() } else { interfaces.clone() };
        Self { interfaces, local: BTreeSet::new(), never: Vec::new() }
    }

    fn ipv4(&self, code: &mut Backwards, accept: Label, reject: Label) -> Label {
        let sides = Sides { source: 12, destination: 16, takes: |address| address.is_ipv4() };
        let sides = self.sides(code, &sides, accept, reject);
        // A later fragment of an error has no type; a first one quotes all there is.
        let error = code.ask_any(&ICMP_ERRORS.map(u32::from), sides.error, reject);
        let error = code.step(Step::ByteBehind(0), error);
        let error = code.step(Step::HeaderLength(0), error);
        let error = code.ask(Condition::HasAny(0x1fff), reject, error);
        let error = code.step(Step::Half(6), error);
        let first = code.ask(Condition::Is(ICMP.into()), error, reject);
        let first = code.ask_any(&[TCP.into(), UDP.into()], sides.transport, first);
        let first = code.step(Step::Byte(9), first);
        let first = code.ask(Condition::AtLeast(20), first, reject);
        code.step(Step::Length, first)
    }

    fn ipv6(&self, code: &mut Backwards, accept: Label, reject: Label) -> Label {
        let sides = Sides { source: 8, destination: 24, takes: |address| address.is_ipv6() };
        let sides = self.sides(code, &sides, accept, reject);
        let error = code.ask_any(&ICMPV6_ERRORS.map(u32::from), sides.error, reject);
        let error = code.step(Step::Byte(40), error);
        let first = code.ask(Condition::Is(ICMPV6.into()), error, reject);
        let first = code.ask_any(&EXTENSIONS.map(u32::from), sides.transport, first);
        let first = code.ask_any(&[TCP.into(), UDP.into()], sides.transport, first);
        let first = code.step(Step::Byte(6), first);
        let first = code.ask(Condition::AtLeast(40), first, reject);
        code.step(Step::Length, first)
    }

    /// What is asked about both addresses. X is 1 once the destination was found local, and M is 1
    /// for an error.
    fn sides(&self, code: &mut Backwards, at: &Sides, accept: Label, reject: Label) -> Entries {
        let local =
            Prefix::least(self.local.iter().filter(|one| (at.takes)(one)), |one| Prefix::one(*one));
        let never =
            Prefix::least(self.never.iter().filter(|one| (at.takes)(&one.address)), |one| {
                Prefix::from(*one)
            });
        let is_local = |code: &mut Backwards, at, yes, no| {
            if self.local.is_empty() { yes } else { test(code, at, &local, 0, yes, no) }
        };
        let between_others = code.ask(Condition::Is(0), reject, accept);
        let between_others = code.step(Step::Marked, between_others);
        let sent = test(code, at.destination, &never, 0, reject, accept);
        let source = is_local(code, at.source, sent, between_others);
        let received = code.step(Step::Mark(1), source);
        let received = test(code, at.source, &never, 0, reject, received);
        let not_received = code.step(Step::Mark(0), source);
        let not_received = code.ask(Condition::Is(1), reject, not_received);
        let not_received = code.step(Step::Recall, not_received);
        let both = is_local(code, at.destination, received, not_received);
        let both = code.step(Step::Remember, both);
        let transport = code.step(Step::Value(0), both);
        Entries { transport, error: code.step(Step::Value(1), both) }
    }
}

/// Where a family has its addresses, and which they are.
struct Sides {
    source: u32,
    destination: u32,
    takes: fn(&IpAddr) -> bool,
}

/// Where to go on with a frame of either kind.
struct Entries {
    transport: Label,
    error: Label,
}

/// The ends of a packet of a kind that is wanted.
struct Ends {
    source: IpAddr,
    destination: IpAddr,
    is_error: bool,
}

impl Ends {
    fn of(frame: &Frame<'_>) -> Option<Self> {
        let bytes = frame.bytes;
        match frame.protocol {
            IPV4 => {
                let header = bytes.first_chunk::<20>()?;
                let &[first, _, _, _, _, _, f0, f1, _, protocol, ..] = header;
                let &[.., s0, s1, s2, s3, d0, d1, d2, d3] = header;
                let is_error = match protocol {
                    TCP | UDP => false,
                    ICMP if u16::from_be_bytes([f0, f1]) & 0x1fff == 0 => {
                        let kind = bytes.get(usize::from(first & 0x0f) * 4)?;
                        ICMP_ERRORS.contains(kind).then_some(true)?
                    }
                    _ => return None,
                };
                Some(Self {
                    source: Ipv4Addr::new(s0, s1, s2, s3).into(),
                    destination: Ipv4Addr::new(d0, d1, d2, d3).into(),
                    is_error,
                })
            }
            IPV6 => {
                let (header, payload) = bytes.split_first_chunk::<40>()?;
                let &[_, _, _, _, _, _, protocol, _, ..] = header;
                let source: [u8; 16] = *header.get(8..)?.first_chunk()?;
                let is_error = match protocol {
                    TCP | UDP => false,
                    ICMPV6 => ICMPV6_ERRORS.contains(payload.first()?).then_some(true)?,
                    other => EXTENSIONS.contains(&other).then_some(false)?,
                };
                Some(Self {
                    source: Ipv6Addr::from(source).into(),
                    destination: Ipv6Addr::from(*header.last_chunk::<16>()?).into(),
                    is_error,
                })
            }
            _ => None,
        }
    }
}

/// Whether the address there has one of the prefixes, which begin alike up to this word.
fn test(code: &mut Backwards, at: u32, set: &[Prefix], word: u32, yes: Label, no: Label) -> Label {
    if set.is_empty() {
        return no;
    }
    if set.iter().any(|prefix| prefix.length <= 32 * word) {
        return yes;
    }
    let mut whole: BTreeMap<u32, Vec<Prefix>> = BTreeMap::new();
    let mut partial: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for prefix in set {
        match prefix.word(word) {
            (bits, u32::BITS) => whole.entry(bits).or_default().push(*prefix),
            (bits, length) => partial.entry(length).or_default().push(bits),
        }
    }
    let mut next = no;
    for (length, values) in partial {
        next = code.ask_any(&values, yes, next);
        next = code.step(Step::Mask(u32::MAX << (u32::BITS - length)), next);
        next = code.step(Step::Word(at + 4 * word), next);
    }
    if whole.is_empty() {
        return next;
    }
    // The longer way first: the questions of this word stay together and near.
    let inner: Vec<(u32, Label)> = whole
        .iter()
        .map(|(bits, group)| (*bits, test(code, at, group, word + 1, yes, no)))
        .collect();
    for (bits, inner) in inner.into_iter().rev() {
        next = code.ask(Condition::Is(bits), inner, next);
    }
    code.step(Step::Word(at + 4 * word), next)
}

#[cfg(test)]
mod tests {
    use super::super::Direction;
    use super::super::program::tests::{Seen, run};
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn frame(interface: u32, protocol: u16, bytes: &[u8]) -> Frame<'_> {
        Frame {
            at_ns: 0,
            interface,
            direction: Direction::Incoming,
            protocol,
            vlan: None,
            is_merged: false,
            original_length: bytes.len() as u32,
            bytes,
        }
    }

    fn v4(protocol: u8, source: &str, destination: &str, payload: &[u8]) -> Vec<u8> {
        let mut packet = vec![0x45, 0, 0, 0, 0, 0, 0, 0, 64, protocol, 0, 0];
        for address in [source, destination] {
            packet.extend(address.parse::<Ipv4Addr>().unwrap().octets());
        }
        packet.extend(payload);
        packet
    }

    fn v6(protocol: u8, source: &str, destination: &str, payload: &[u8]) -> Vec<u8> {
        let mut packet = vec![0x60, 0, 0, 0, 0, 0, protocol, 64];
        for address in [source, destination] {
            packet.extend(address.parse::<Ipv6Addr>().unwrap().octets());
        }
        packet.extend(payload);
        packet
    }

    fn selection(interfaces: &[u32], local: &[&str], never: &[&str]) -> Selection {
        Selection {
            interfaces: interfaces.iter().copied().collect(),
            local: local.iter().map(|one| one.parse().unwrap()).collect(),
            never: never.iter().map(|one| one.parse().unwrap()).collect(),
        }
    }

    /// What both say, once they say the same.
    fn wanted(selection: &Selection, interface: u32, protocol: u16, bytes: &[u8]) -> bool {
        let program = selection.program().unwrap();
        let kept = run(&program, &Seen { interface, protocol, bytes });
        assert!(kept == 0 || kept == limits::SNIFF_FRAME_BYTES);
        let is_wanted = selection.is_wanted(&frame(interface, protocol, bytes));
        assert_eq!(kept > 0, is_wanted, "{selection:?} {bytes:x?}");
        let wider = selection.wider();
        assert!(!is_wanted || wider.is_wanted(&frame(interface, protocol, bytes)));
        is_wanted
    }

    #[test]
    fn both_directions_of_a_decoy_are_wanted() {
        let decoys = selection(&[], &["192.0.2.1", "2001:db8::1"], &[]);
        let is_wanted = |protocol, bytes: Vec<u8>| wanted(&decoys, 1, protocol, &bytes);
        for transport in [TCP, UDP] {
            assert!(is_wanted(IPV4, v4(transport, "198.51.100.7", "192.0.2.1", &[])));
            assert!(is_wanted(IPV4, v4(transport, "192.0.2.1", "198.51.100.7", &[])));
            assert!(!is_wanted(IPV4, v4(transport, "192.0.2.2", "198.51.100.7", &[])));
            assert!(is_wanted(IPV6, v6(transport, "2001:db8:7::7", "2001:db8::1", &[])));
            assert!(is_wanted(IPV6, v6(transport, "2001:db8::1", "2001:db8:7::7", &[])));
            assert!(!is_wanted(IPV6, v6(transport, "2001:db8::2", "2001:db8:7::7", &[])));
        }
        assert!(!is_wanted(IPV4, v4(47, "198.51.100.7", "192.0.2.1", &[])));
        assert!(!is_wanted(0x0806, v4(TCP, "198.51.100.7", "192.0.2.1", &[])));
        assert!(is_wanted(IPV6, v6(44, "2001:db8:7::7", "2001:db8::1", &[])));
        let mut fragment = v4(UDP, "198.51.100.7", "192.0.2.1", &[]);
        fragment[7] = 9;
        assert!(is_wanted(IPV4, fragment));
    }

    #[test]
    fn errors_to_a_decoy_are_wanted_and_other_icmp_is_not() {
        let decoys = selection(&[], &["192.0.2.1", "2001:db8::1"], &[]);
        for kind in 0..=255 {
            let to = v4(ICMP, "198.51.100.7", "192.0.2.1", &[kind]);
            assert_eq!(wanted(&decoys, 1, IPV4, &to), ICMP_ERRORS.contains(&kind));
            let from = v4(ICMP, "192.0.2.1", "198.51.100.7", &[kind]);
            assert!(!wanted(&decoys, 1, IPV4, &from));
            let to = v6(ICMPV6, "2001:db8:7::7", "2001:db8::1", &[kind]);
            assert_eq!(wanted(&decoys, 1, IPV6, &to), ICMPV6_ERRORS.contains(&kind));
        }
        let mut options = v4(ICMP, "198.51.100.7", "192.0.2.1", &[0, 0, 0, 0, 3]);
        assert!(!wanted(&decoys, 1, IPV4, &options));
        options[0] = 0x46;
        assert!(wanted(&decoys, 1, IPV4, &options));
        assert!(!wanted(&decoys, 1, IPV4, &v4(ICMP, "198.51.100.7", "192.0.2.1", &[])));
    }

    #[test]
    fn the_operator_is_not_recorded_though_the_decoy_is_near() {
        let decoys = selection(&[], &["10.0.0.1", "192.0.2.1"], &["10.0.0.0/8"]);
        let is_wanted = |from, to| {
            let there = wanted(&decoys, 1, IPV4, &v4(TCP, from, to, &[]));
            assert_eq!(there, wanted(&decoys, 1, IPV4, &v4(TCP, to, from, &[])));
            there
        };
        assert!(is_wanted("198.51.100.7", "10.0.0.1"));
        assert!(is_wanted("198.51.100.7", "192.0.2.1"));
        assert!(!is_wanted("10.0.0.7", "10.0.0.1"));
        assert!(!is_wanted("10.0.0.7", "192.0.2.1"));
        // Two decoys of one machine, one of them in the operator's network.
        assert!(!is_wanted("10.0.0.1", "192.0.2.1"));
    }

    #[test]
    fn other_interfaces_are_left_alone() {
        let decoys = selection(&[2, 7], &["192.0.2.1"], &[]);
        let packet = v4(TCP, "198.51.100.7", "192.0.2.1", &[]);
        let seen: Vec<u32> =
            (1..9).filter(|interface| wanted(&decoys, *interface, IPV4, &packet)).collect();
        assert_eq!(seen, [2, 7]);
    }

    #[test]
    fn a_thousand_addresses_fit_and_more_are_chosen_here() {
        let many = |count: u32| Selection {
            local: (0..count)
                .map(|one| Ipv4Addr::from_bits(0xc633_0000 + one * 3).into())
                .collect(),
            ..Selection::default()
        };
        let program = many(ADDRESSES as u32).program().unwrap();
        for one in 0..3_200 {
            let address = Ipv4Addr::from_bits(0xc633_0000 + one).to_string();
            let bytes = v4(TCP, "192.0.2.1", &address, &[]);
            let kept = run(&program, &Seen { interface: 1, protocol: IPV4, bytes: &bytes });
            assert_eq!(kept > 0, one % 3 == 0 && one < 3_072);
        }
        assert_eq!(many(ADDRESSES as u32 + 1).program(), None);
        // As many networks of their own are more instructions than there may be.
        let spread = (0..1_000_u128).map(|one| Ipv6Addr::from_bits(one << 96 | 1).into());
        let spread = Selection { local: spread.collect(), ..Selection::default() };
        assert_eq!(spread.program(), None);
        assert!(spread.wider().program().unwrap().len() < 100);
    }

    /// Addresses that are often equal, alike or in the same network.
    fn address() -> impl Strategy<Value = IpAddr> {
        let near = prop::sample::select(vec![0_u32, 1, 2, 3, 127, 128, 255, 256, 65_536, 1 << 24]);
        let v4 = near.clone().prop_map(|low| Ipv4Addr::from_bits(0xc000_0200 ^ low).into());
        let v6 = (near.clone(), 0..4_u32).prop_map(|(low, word)| {
            Ipv6Addr::from_bits((0x2001_0db8 << 96) ^ (u128::from(low) << (32 * word))).into()
        });
        prop_oneof![v4, v6]
    }

    fn network() -> impl Strategy<Value = Network> {
        (address(), 0..=128_u8).prop_map(|(address, prefix)| {
            Network::new(address, if address.is_ipv4() { prefix % 33 } else { prefix }).unwrap()
        })
    }

    fn packet() -> impl Strategy<Value = (u16, Vec<u8>)> {
        let kind = prop_oneof![
            prop::sample::select(vec![TCP, UDP, ICMP, ICMPV6, 0, 44, 60]),
            any::<u8>(),
        ];
        let ends = (address(), address()).prop_filter("two families", |(source, destination)| {
            source.is_ipv4() == destination.is_ipv4()
        });
        let payload = vec(prop_oneof![0..13_u8, any::<u8>()], 0..48);
        let place = prop::sample::select(vec![0_u8, 0x20, 0x40, 0x01]);
        (ends, kind, payload, 0..16_u8, place, any::<prop::sample::Index>()).prop_map(
            |((source, destination), kind, payload, words, place, cut)| {
                let (protocol, mut packet) = match (source, destination) {
                    (IpAddr::V4(source), IpAddr::V4(destination)) => {
                        let (source, destination) = (source.to_string(), destination.to_string());
                        let mut packet = v4(kind, &source, &destination, &payload);
                        (packet[0], packet[6]) = (0x40 | words, place);
                        (IPV4, packet)
                    }
                    (source, destination) => {
                        let (source, destination) = (source.to_string(), destination.to_string());
                        (IPV6, v6(kind, &source, &destination, &payload))
                    }
                };
                // One in eight is cut.
                if words % 8 == 3 {
                    packet.truncate(cut.index(packet.len() + 1));
                }
                (protocol, packet)
            },
        )
    }

    /// What the rules say, address by address.
    fn naive(selection: &Selection, protocol: u16, packet: &[u8]) -> bool {
        let (length, at, width, kind_at) =
            if protocol == IPV4 { (20, 12, 4, 9) } else { (40, 8, 16, 6) };
        if packet.len() < length {
            return false;
        }
        let address = |at: usize| -> IpAddr {
            if width == 4 {
                <[u8; 4]>::try_from(&packet[at..at + 4]).unwrap().into()
            } else {
                <[u8; 16]>::try_from(&packet[at..at + 16]).unwrap().into()
            }
        };
        let (source, destination) = (address(at), address(at + width));
        let local = |address| selection.local.is_empty() || selection.local.contains(&address);
        let excluded = |address: IpAddr| {
            let octets = |address: IpAddr| match address {
                IpAddr::V4(address) => address.octets().to_vec(),
                IpAddr::V6(address) => address.octets().to_vec(),
            };
            let bit = |octets: &[u8], bit: usize| octets[bit / 8] >> (7 - bit % 8) & 1;
            selection.never.iter().any(|network| {
                let (a, b) = (octets(address), octets(network.address));
                a.len() == b.len()
                    && (0..Prefix::from(*network).length as usize)
                        .all(|at| bit(&a, at) == bit(&b, at))
            })
        };
        if local(destination) && excluded(source) || local(source) && excluded(destination) {
            return false;
        }
        let either = local(source) || local(destination);
        match (protocol, packet[kind_at]) {
            (_, 6 | 17) => either,
            (IPV4, 1) => {
                let is_first = packet[6] & 0x1f == 0 && packet[7] == 0;
                let kind = packet.get(usize::from(packet[0] % 16) * 4);
                is_first && local(destination) && matches!(kind, Some(3 | 4 | 5 | 11 | 12))
            }
            (IPV6, 58) => local(destination) && matches!(packet.get(40), Some(1..=4)),
            (IPV6, 0 | 43 | 44 | 51 | 60 | 135 | 139 | 140) => either,
            _ => false,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn the_program_says_what_the_rules_say(
            local in vec(address(), 0..5),
            never in vec(network(), 0..3),
            packets in vec(packet(), 1..8),
        ) {
            let local = local.into_iter().collect();
            let selection = Selection { interfaces: BTreeSet::new(), local, never };
            for (protocol, packet) in packets {
                let is_wanted = wanted(&selection, 1, protocol, &packet);
                prop_assert_eq!(is_wanted, naive(&selection, protocol, &packet));
            }
        }
    }
}
