//! Whom a connection reached: which decky, and whether it is a fact about anybody.
//!
//! **Invariant:** what this machine itself opens is nobody's fact; and of what never leaves it only
//! what goes to a decoy's own port is one.

use super::{Interface, Watch};
use decnet_core::event::{PeerFact, Service, Side};
use decnet_core::flow::eye::{Mark, Sight};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

/// The addresses of this machine, and the deckies behind them.
#[derive(Clone, Debug)]
pub(super) struct Homes {
    watched: BTreeSet<IpAddr>,
    /// All addresses of this machine.
    own: BTreeSet<IpAddr>,
    ports: BTreeMap<SocketAddr, Arc<str>>,
    addresses: BTreeMap<IpAddr, Arc<str>>,
    first: Arc<str>,
}

impl Homes {
    /// The homes of decoys: their deckies' names, and where they listen.
    pub(super) fn new(
        interfaces: &[Interface],
        watch: &Watch,
        decoys: &[(String, SocketAddr)],
    ) -> Self {
        let own = interfaces.iter().flat_map(|interface| interface.addresses.iter().copied());
        let (mut ports, mut addresses) = (BTreeMap::new(), BTreeMap::new());
        let mut first = None;
        for (decky, socket) in decoys {
            let decky: Arc<str> = decky.as_str().into();
            let socket = SocketAddr::new(socket.ip().to_canonical(), socket.port());
            ports.insert(socket, Arc::clone(&decky));
            addresses.entry(socket.ip()).or_insert_with(|| Arc::clone(&decky));
            first.get_or_insert(decky);
        }
        Self {
            watched: watch.addresses.clone(),
            own: own.collect(),
            ports,
            addresses,
            first: first.unwrap_or_else(|| "".into()),
        }
    }

    /// The decky that a sight is a fact about; `None` if it is none.
    pub(super) fn decky(&self, sight: &Sight) -> Option<&str> {
        let (client, server) = (sight.client.address, sight.server.address);
        if !self.watched.contains(&server) {
            return None;
        }
        let decoy = self.decoy(SocketAddr::new(server, sight.server.port));
        // Who is the client of a connection is known only if its begin was seen.
        let has_begin = sight.transport == Service::Udp || matches!(sight.mark, Mark::Sequence(_));
        if decoy.is_none() && (self.is_own(client) || !has_begin) {
            return None;
        }
        // Our own certificates tell nothing of anybody.
        if let PeerFact::TlsCertificates(certificates) = &sight.fact
            && certificates.side == Side::Server
        {
            return None;
        }
        let of_address = || addresses(server).find_map(|address| self.addresses.get(&address));
        Some(decoy.or_else(of_address).unwrap_or(&self.first))
    }

    fn decoy(&self, server: SocketAddr) -> Option<&Arc<str>> {
        addresses(server.ip())
            .find_map(|address| self.ports.get(&SocketAddr::new(address, server.port())))
    }

    fn is_own(&self, address: IpAddr) -> bool {
        address.is_loopback() || self.own.contains(&address)
    }
}

/// An address, and those that stand for it in what is listened on.
fn addresses(address: IpAddr) -> impl Iterator<Item = IpAddr> {
    let v4 = address.is_ipv4().then_some(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    [Some(address), v4, Some(IpAddr::V6(Ipv6Addr::UNSPECIFIED))].into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use decnet_core::event::wire::{Carrier, TlsCertificates};
    use decnet_core::flow::tcp::{Endpoint, Moment};

    fn homes() -> Homes {
        let interface = |index, name: &str, addresses: &[&str]| Interface {
            index,
            name: name.to_owned(),
            is_loopback: index == 1,
            addresses: addresses.iter().map(|address| address.parse().unwrap()).collect(),
        };
        let interfaces =
            [interface(1, "lo", &["127.0.0.1"]), interface(2, "eth0", &["192.0.2.1", "192.0.2.9"])];
        let decoys = [("a", "0.0.0.0:22"), ("b", "192.0.2.9:22"), ("c", "192.0.2.9:23")]
            .map(|(decky, address)| (decky.to_owned(), address.parse::<SocketAddr>().unwrap()));
        let listen: Vec<IpAddr> = decoys.iter().map(|(_, address)| address.ip()).collect();
        Homes::new(&interfaces, &Watch::of(&interfaces, &listen).unwrap(), &decoys)
    }

    fn sight(client: &str, server: &str) -> Sight {
        let end = |text: &str| {
            let socket: SocketAddr = text.parse().unwrap();
            Endpoint { address: socket.ip(), port: socket.port() }
        };
        Sight {
            at: Moment::default(),
            transport: Service::Tcp,
            client: end(client),
            server: end(server),
            mark: Mark::Sequence(7),
            first_frames: [None; 2],
            is_answered: false,
            fact: PeerFact::ConnectionOpened {},
        }
    }

    #[test]
    fn the_nearest_decky_is_meant() {
        let homes = homes();
        let check = |server, decky| {
            assert_eq!(homes.decky(&sight("198.51.100.7:4000", server)), decky, "{server}");
        };
        check("192.0.2.1:22", Some("a"));
        check("192.0.2.9:22", Some("b"));
        check("192.0.2.9:23", Some("c"));
        check("192.0.2.9:443", Some("b"));
        check("192.0.2.1:443", Some("a"));
        check("192.0.2.2:22", None);
    }

    #[test]
    fn what_is_ours_is_no_fact() {
        let homes = homes();
        let check = |client, server, decky| {
            assert_eq!(homes.decky(&sight(client, server)), decky, "{client} {server}");
        };
        // Opened by this machine, to others and to itself.
        check("192.0.2.1:4000", "198.51.100.7:443", None);
        check("127.0.0.1:4000", "127.0.0.1:3306", None);
        check("192.0.2.1:4000", "192.0.2.9:3306", None);
        // Somebody at this machine who attacks a decoy.
        check("127.0.0.1:4000", "127.0.0.1:22", Some("a"));
        check("192.0.2.1:4000", "192.0.2.9:23", Some("c"));
    }

    #[test]
    fn without_its_begin_only_a_decoy_tells_which_end_is_the_client() {
        let homes = homes();
        let late = |server| Sight { mark: Mark::Instant(7), ..sight("198.51.100.7:443", server) };
        assert_eq!(homes.decky(&late("192.0.2.1:4000")), None);
        assert_eq!(homes.decky(&late("192.0.2.1:22")), Some("a"));
    }

    #[test]
    fn our_own_certificates_are_not_kept() {
        let homes = homes();
        let check = |side, decky| {
            let chain = TlsCertificates { side, carrier: Carrier::Tcp, chain: Vec::new() };
            let fact = PeerFact::TlsCertificates(chain);
            let sight = Sight { fact, ..sight("198.51.100.7:4000", "192.0.2.1:443") };
            assert_eq!(homes.decky(&sight), decky);
        };
        check(Side::Server, None);
        check(Side::Client, Some("a"));
    }
}
