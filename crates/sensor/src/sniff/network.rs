//! Networks, and the bits that the addresses of one have in common.
//!
//! **Invariant:** a network of one family has no address of the other.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::str::FromStr;

/// Addresses that begin alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Network {
    pub(super) address: IpAddr,
    prefix: u8,
}

/// What is not a network: the address or the length of its prefix is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an address or network such as 192.0.2.0/24 or 2001:db8::/32")]
pub struct BadNetwork;

impl Network {
    /// The network of an address, whose first bits, 0 to 32 or 128 of them, are common to all.
    pub fn new(address: IpAddr, prefix: u8) -> Result<Self, BadNetwork> {
        if prefix > widest(address) { Err(BadNetwork) } else { Ok(Self { address, prefix }) }
    }

    /// Whether an address is in it.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let same_family = address.is_ipv4() == self.address.is_ipv4();
        same_family && Prefix::from(*self).covers(&Prefix::one(address))
    }
}

impl FromStr for Network {
    type Err = BadNetwork;

    fn from_str(text: &str) -> Result<Self, BadNetwork> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address = address.parse().map_err(|_| BadNetwork)?;
        let prefix = prefix.map_or(Ok(widest(address)), str::parse).map_err(|_| BadNetwork)?;
        Self::new(address, prefix)
    }
}

fn widest(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// The first bits of an address, from the highest of 128 on; the others are zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Prefix {
    bits: u128,
    pub(super) length: u32,
}

impl Prefix {
    pub(super) fn one(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => {
                Self { bits: u128::from(address.to_bits()) << 96, length: u32::BITS }
            }
            IpAddr::V6(address) => Self { bits: address.to_bits(), length: u128::BITS },
        }
    }

    fn covers(&self, other: &Self) -> bool {
        self.length <= other.length && (self.bits ^ other.bits) & mask(self.length) == 0
    }

    /// Sorted, and without those that another covers.
    pub(super) fn least<T>(from: impl Iterator<Item = T>, prefix: impl Fn(T) -> Self) -> Vec<Self> {
        // A shorter one with the same bits sorts before those that it covers, and covers them all
        // until one comes that it does not.
        let sorted: BTreeSet<Self> = from.map(prefix).collect();
        let mut least: Vec<Self> = Vec::new();
        for prefix in sorted {
            if !least.last().is_some_and(|last| last.covers(&prefix)) {
                least.push(prefix);
            }
        }
        least
    }

    /// Its bits in a word of 32, from 0 on, and how many of those count.
    pub(super) fn word(&self, number: u32) -> (u32, u32) {
        let bits = (self.bits >> (96 - 32 * number)) as u32;
        (bits, self.length.saturating_sub(32 * number).min(u32::BITS))
    }
}

impl From<Network> for Prefix {
    fn from(network: Network) -> Self {
        let length = u32::from(network.prefix);
        Self { bits: Self::one(network.address).bits & mask(length), length }
    }
}

fn mask(length: u32) -> u128 {
    u128::MAX.checked_shl(u128::BITS - length).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_the_addresses_that_begin_alike() {
        let network: Network = "192.0.2.77/26".parse().unwrap();
        let has = |address: &str| network.contains(address.parse().unwrap());
        assert!(has("192.0.2.64") && has("192.0.2.127"));
        assert!(!has("192.0.2.63") && !has("192.0.2.128") && !has("c000:240::"));
        let all: Network = "::/0".parse().unwrap();
        assert!(all.contains("2001:db8::1".parse().unwrap()));
        assert!(!all.contains("192.0.2.1".parse().unwrap()));
        let one: Network = "2001:db8::1".parse().unwrap();
        assert!(one.contains("2001:db8::1".parse().unwrap()));
        assert!(!one.contains("2001:db8::2".parse().unwrap()));
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in ["", "192.0.2.0/33", "192.0.2.0/", "2001:db8::/129", "192.0.2/24", "a/8", "/8"]
        {
            assert_eq!(text.parse::<Network>(), Err(BadNetwork), "{text}");
        }
    }

    #[test]
    fn a_prefix_within_another_goes() {
        let networks =
            ["192.0.2.0/24", "192.0.2.9/32", "192.0.0.0/16", "192.1.0.0/16", "192.0.2.0/25"];
        let networks = networks.map(|text| text.parse::<Network>().unwrap());
        let least = Prefix::least(networks.iter(), |network| Prefix::from(*network));
        assert_eq!(least, [networks[2].into(), networks[3].into()]);
    }
}
