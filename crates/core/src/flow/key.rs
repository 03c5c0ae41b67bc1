//! What tells flows apart.
//!
//! **Invariant:** both directions of a flow have one key, and one hash under one seed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::flow::packet::Path;
use crate::flow::tcp::Endpoint;

/// Both ends, the lower first, and the network they were seen in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    low: u128,
    high: u128,
    ports: u64,
    path: u64,
}

/// Which end of a key comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    LowFirst,
    HighFirst,
}

/// Among the ports, that the addresses are of version 6.
const V6: u64 = 1 << 32;

impl Key {
    #[inline]
    pub(super) fn new(one: Endpoint, other: Endpoint, path: Path) -> (Self, Turn) {
        let path = path.number();
        let (one_port, other_port) = (u64::from(one.port), u64::from(other.port));
        // Nearly all; their numbers fit in one word each.
        if let (IpAddr::V4(one), IpAddr::V4(other)) = (one.address, other.address) {
            let (one, other) = (u64::from(one.to_bits()), u64::from(other.to_bits()));
            let is_ordered = one << 16 | one_port <= other << 16 | other_port;
            let (low, high, ports, turn) = if is_ordered {
                (one, other, one_port << 16 | other_port, Turn::LowFirst)
            } else {
                (other, one, other_port << 16 | one_port, Turn::HighFirst)
            };
            return (Self { low: low.into(), high: high.into(), ports, path }, turn);
        }
        let number = |end: Endpoint| match end.address {
            IpAddr::V4(v4) => (u128::from(v4.to_bits()), 0),
            IpAddr::V6(v6) => (v6.to_bits(), V6),
        };
        let ((one_number, version), (other_number, _)) = (number(one), number(other));
        if (one_number, one_port) <= (other_number, other_port) {
            let ports = version | one_port << 16 | other_port;
            (Self { low: one_number, high: other_number, ports, path }, Turn::LowFirst)
        } else {
            let ports = version | other_port << 16 | one_port;
            (Self { low: other_number, high: one_number, ports, path }, Turn::HighFirst)
        }
    }

    /// Both ends, in the order in which they were given.
    #[inline]
    pub(super) fn ends(&self, turn: Turn) -> (Endpoint, Endpoint) {
        let address = |number: u128| match self.ports & V6 {
            0 => IpAddr::V4(Ipv4Addr::from_bits(number as u32)),
            _ => IpAddr::V6(Ipv6Addr::from_bits(number)),
        };
        let low = Endpoint { address: address(self.low), port: (self.ports >> 16) as u16 };
        let high = Endpoint { address: address(self.high), port: self.ports as u16 };
        match turn {
            Turn::LowFirst => (low, high),
            Turn::HighFirst => (high, low),
        }
    }

    /// A hash that nobody who does not know the seed can make collide.
    #[inline]
    pub(super) fn hash(&self, seed: u64) -> u64 {
        let state =
            fold(seed ^ self.ports ^ self.path.rotate_left(33), 0xa076_1d64_78bd_642f ^ seed);
        let words = |number: u128| (number as u64, (number >> 64) as u64);
        let ((low, low_top), (high, high_top)) = (words(self.low), words(self.high));
        let state = fold(state ^ low, high ^ 0xe703_7ed1_a0b4_28db ^ seed.rotate_left(17));
        if self.ports & V6 == 0 {
            return fold(state, 0x8ebc_6af0_9c88_c6e3 ^ seed);
        }
        let state = fold(state ^ low_top, high_top ^ 0x5899_65cc_7537_4cc3 ^ seed.rotate_left(40));
        fold(state, 0x8ebc_6af0_9c88_c6e3 ^ seed)
    }
}

/// Multiplies to 128 bits and folds the halves.
fn fold(left: u64, right: u64) -> u64 {
    let product = u128::from(left) * u128::from(right);
    product as u64 ^ (product >> 64) as u64
}
