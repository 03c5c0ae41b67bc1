//! The machine's place in the network: addresses, gateway, neighbours.
//!
//! **Invariant:** the address that a peer reached is the machine's own; where it is none that a
//! machine's interface may have, the machine is behind a router that passes connections on.

use crate::machine::{Dice, Machine};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The interface, as `ip` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Network {
    pub(crate) interface: &'static str,
    pub(crate) mac: [u8; 6],
    pub(crate) address: Ipv4Addr,
    pub(crate) prefix: u32,
    pub(crate) gateway: Ipv4Addr,
    pub(crate) gateway_mac: [u8; 6],
    /// Made from the MAC.
    pub(crate) link_local: Ipv6Addr,
    /// A global address, where the peer reached it.
    pub(crate) global: Option<Ipv6Addr>,
}

/// The prefix that QEMU's interfaces have, and three bytes.
pub(super) fn mac(seed: u64) -> [u8; 6] {
    let [a, b, c, ..] = seed.to_le_bytes();
    [0x52, 0x54, 0x00, a, b, c]
}

/// `52:54:00:12:34:56`
pub(crate) fn mac_text(mac: [u8; 6]) -> String {
    let [a, b, c, d, e, f] = mac;
    format!("{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}")
}

impl Network {
    /// What the machine has where a peer reached it at `local`.
    pub(crate) fn new(machine: &Machine, local: IpAddr) -> Self {
        let mut dice = machine.dice("network");
        let (b, c) = (dice.below(250), dice.below(250));
        let host = 10 + dice.below(240);
        let number = |value: i64| u8::try_from(value).unwrap_or(1);
        let private = Ipv4Addr::new(10, number(b), number(c), number(host));
        let local = local.to_canonical();
        let address = match local {
            IpAddr::V4(address) if usable(address) => address,
            IpAddr::V4(_) | IpAddr::V6(_) => private,
        };
        let [a, b, c, d] = address.octets();
        let gateway = Ipv4Addr::new(a, b, c, if d == 1 { 254 } else { 1 });
        let [_, _, third, fourth, fifth, sixth] = machine.mac;
        let low = |x: u8, y: u8| u16::from(x) << 8 | u16::from(y);
        let link_local = Ipv6Addr::new(
            0xfe80,
            0,
            0,
            0,
            0x5054,
            low(third, 0xff),
            low(0xfe, fourth),
            low(fifth, sixth),
        );
        let global = match local {
            IpAddr::V6(address) if !address.is_loopback() && !address.is_unspecified() => {
                Some(address)
            }
            IpAddr::V4(_) | IpAddr::V6(_) => None,
        };
        let [x, y, z, ..] =
            Dice(u64::from(gateway.to_bits()) ^ machine.ids[1]).roll().to_le_bytes();
        Self {
            interface: machine.interface,
            mac: machine.mac,
            address,
            prefix: 24,
            gateway,
            gateway_mac: [0xfe, 0x54, 0x00, x, y, z],
            link_local,
            global,
        }
    }

    /// The first address of the network.
    pub(crate) fn base(&self) -> Ipv4Addr {
        Ipv4Addr::from_bits(self.address.to_bits() & self.mask().to_bits())
    }

    pub(crate) fn mask(&self) -> Ipv4Addr {
        Ipv4Addr::from_bits(u32::MAX.checked_shl(32 - self.prefix).unwrap_or(0))
    }

    /// The last address of the network.
    pub(crate) fn broadcast(&self) -> Ipv4Addr {
        Ipv4Addr::from_bits(self.address.to_bits() | !self.mask().to_bits())
    }
}

/// Whether an interface may have that address.
fn usable(address: Ipv4Addr) -> bool {
    !address.is_loopback()
        && !address.is_unspecified()
        && !address.is_broadcast()
        && !address.is_multicast()
        && !matches!(address.octets(), [0, ..] | [_, _, _, 0 | 255])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_that_was_reached_is_the_machines() {
        let machine = Machine::from_seed(5);
        let network = Network::new(&machine, IpAddr::V4(Ipv4Addr::new(203, 0, 113, 77)));
        assert_eq!(network.address.to_string(), "203.0.113.77");
        assert_eq!(network.gateway.to_string(), "203.0.113.1");
        assert_eq!(network.base().to_string(), "203.0.113.0");
        assert_eq!(network.broadcast().to_string(), "203.0.113.255");
        let network = Network::new(&machine, IpAddr::V4(Ipv4Addr::LOCALHOST));
        assert!(network.address.is_private(), "{}", network.address);
        assert_eq!(network.mask().to_string(), "255.255.255.0");
    }
}
