//! The machine's interfaces, and which of them the decoys can be reached over.
//!
//! **Invariant:** read once, changed never. An address that comes later is not watched until the
//! sniffer is opened again.

use super::SniffError;
use nix::ifaddrs::getifaddrs;
use nix::net::if_::{InterfaceFlags, if_nametoindex};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// An interface and its addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// Its number, from 1.
    pub index: u32,
    /// Its name, such as `eth0`.
    pub name: String,
    /// Whether it is loopback, to which all of 127.0.0.0/8 leads.
    pub is_loopback: bool,
    /// Its addresses of both families.
    pub addresses: BTreeSet<IpAddr>,
}

/// What is watched for decoys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Watch {
    /// Numbers of the interfaces.
    pub interfaces: BTreeSet<u32>,
    /// The addresses of the decoys. None, if no decoy listens.
    pub addresses: BTreeSet<IpAddr>,
}

/// The interfaces of this machine (of the network namespace of this thread) that have an address.
///
/// # Errors
///
/// If the system does not say.
pub fn interfaces() -> Result<Vec<Interface>, SniffError> {
    let failed = |error: nix::Error| SniffError::io("listing interfaces", error.into());
    let mut interfaces: BTreeMap<String, Interface> = BTreeMap::new();
    for entry in getifaddrs().map_err(failed)? {
        let address = entry.address.and_then(|address| {
            let v4 = address.as_sockaddr_in().map(|v4| IpAddr::from(v4.ip()));
            v4.or_else(|| address.as_sockaddr_in6().map(|v6| IpAddr::from(v6.ip())))
        });
        let Some(address) = address else { continue };
        // A labelled address of IPv4 is under `eth0:label`.
        let name = entry.interface_name.split(':').next().unwrap_or_default();
        if !interfaces.contains_key(name) {
            // One that has just gone is none.
            let Ok(index) = if_nametoindex(name) else { continue };
            let is_loopback = entry.flags.contains(InterfaceFlags::IFF_LOOPBACK);
            let addresses = BTreeSet::new();
            let new = Interface { index, name: name.to_owned(), is_loopback, addresses };
            interfaces.insert(name.to_owned(), new);
        }
        if let Some(interface) = interfaces.get_mut(name) {
            interface.addresses.insert(address);
        }
    }
    Ok(interfaces.into_values().collect())
}

impl Watch {
    /// What to watch for decoys that listen at these addresses.
    ///
    /// A wildcard stands for all addresses of the machine (0.0.0.0 for those of IPv4), and so for
    /// all interfaces that have one. Those that have none are parts of others, ports of a bridge
    /// or a bond, whose frames would be seen twice.
    ///
    /// # Errors
    ///
    /// [`SniffError::NoInterface`] for an address that the machine has not.
    pub fn of(interfaces: &[Interface], listen: &[IpAddr]) -> Result<Self, SniffError> {
        let mut watch = Self::default();
        for address in listen {
            let address = address.to_canonical();
            let mut is_found = false;
            for interface in interfaces {
                let found: Vec<IpAddr> = if address.is_unspecified() {
                    let is_meant = |one: &&IpAddr| address.is_ipv6() || one.is_ipv4();
                    interface.addresses.iter().filter(is_meant).copied().collect()
                } else if interface.addresses.contains(&address)
                    || (interface.is_loopback && address.is_loopback())
                {
                    vec![address]
                } else {
                    Vec::new()
                };
                if !found.is_empty() {
                    is_found = true;
                    watch.interfaces.insert(interface.index);
                    watch.addresses.extend(found);
                }
            }
            if !is_found {
                return Err(SniffError::NoInterface(address));
            }
        }
        Ok(watch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine() -> Vec<Interface> {
        let interface = |index, name: &str, addresses: &[&str]| Interface {
            index,
            name: name.to_owned(),
            is_loopback: index == 1,
            addresses: addresses.iter().map(|address| address.parse().unwrap()).collect(),
        };
        vec![
            interface(1, "lo", &["127.0.0.1", "::1"]),
            interface(2, "eth0", &["192.0.2.1", "192.0.2.2", "2001:db8::1"]),
            interface(5, "eth1", &["2001:db8:1::1"]),
        ]
    }

    fn watch(listen: &[&str]) -> Result<(Vec<u32>, Vec<String>), String> {
        let listen: Vec<IpAddr> = listen.iter().map(|one| one.parse().unwrap()).collect();
        let watch = Watch::of(&machine(), &listen).map_err(|error| error.to_string())?;
        let addresses = watch.addresses.iter().map(ToString::to_string).collect();
        Ok((watch.interfaces.into_iter().collect(), addresses))
    }

    #[test]
    fn an_address_leads_to_its_interface() {
        assert_eq!(watch(&["192.0.2.2"]).unwrap(), (vec![2], vec!["192.0.2.2".into()]));
        assert_eq!(watch(&["::ffff:192.0.2.2"]).unwrap(), (vec![2], vec!["192.0.2.2".into()]));
        assert_eq!(watch(&["127.0.0.9"]).unwrap(), (vec![1], vec!["127.0.0.9".into()]));
        assert_eq!(watch(&["::1", "2001:db8:1::1"]).unwrap().0, [1, 5]);
        let error = watch(&["192.0.2.2", "192.0.2.3"]).unwrap_err();
        assert_eq!(error, "no interface has the address 192.0.2.3");
        assert_eq!(watch(&[]).unwrap(), (vec![], vec![]));
    }

    #[test]
    fn a_wildcard_is_every_address() {
        let v4 = ["127.0.0.1", "192.0.2.1", "192.0.2.2"].map(String::from);
        assert_eq!(watch(&["0.0.0.0"]).unwrap(), (vec![1, 2], v4.to_vec()));
        let (interfaces, addresses) = watch(&["::"]).unwrap();
        assert_eq!((interfaces, addresses.len()), (vec![1, 2, 5], 6));
    }

    #[test]
    fn this_machine_has_interfaces() {
        for interface in interfaces().unwrap() {
            assert!(interface.index > 0 && !interface.addresses.is_empty(), "{interface:?}");
            let loopback = interface.addresses.iter().any(IpAddr::is_loopback);
            assert!(!loopback || interface.is_loopback, "{interface:?}");
        }
    }
}
