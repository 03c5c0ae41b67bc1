//! Which shard a packet belongs to.
//!
//! **Invariant:** both directions of a flow, all fragments of a packet, and errors about it go to
//! the flow's shard.

use crate::flow::capture::Record;
use crate::flow::fragment::{Fragments, Whole};
use crate::flow::key::{Key, Turn};
use crate::flow::packet::{Ip, Path, Skip, Transport, ip, link, ports, transport};
use crate::flow::tcp::{Endpoint, Moment};
use crate::flow::tracker::{Config, Counts, SHARDS};

/// Decodes packets down to their ports, and puts together those that came in fragments.
#[derive(Debug)]
pub struct Splitter {
    seed: u64,
    fragments: Fragments,
    counts: Counts,
    /// The time of the packet before.
    before_ns: u64,
}

/// A packet that has a shard.
#[derive(Debug)]
pub struct Packet<'a> {
    pub(super) at: Moment,
    /// The time that this packet and the one before it have come to: one packet alone with a time
    /// far ahead ends nothing.
    pub(super) sure_ns: u64,
    /// All of it, from the network's header on.
    bytes: &'a [u8],
    pub(super) tos: u8,
    protocol: u8,
    payload: &'a [u8],
    length: usize,
    /// The payload, if it came in fragments.
    whole: Option<Box<Whole>>,
    pub(super) key: Key,
    pub(super) turn: Turn,
    pub(super) hash: u64,
}

impl<'a> Packet<'a> {
    /// The number of its shard, below [`SHARDS`].
    #[must_use]
    pub fn shard(&self) -> usize {
        (self.hash >> 32) as usize % SHARDS
    }

    /// Who sent it, and to whom; of an error, those of the packet that it is about.
    #[inline]
    pub(super) fn ends(&self) -> (Endpoint, Endpoint) {
        self.key.ends(self.turn)
    }

    /// The turn of packets that `end` sends in this flow.
    pub(super) fn turn_of(&self, end: Endpoint) -> Turn {
        let (low, _) = self.key.ends(Turn::LowFirst);
        if low == end { Turn::LowFirst } else { Turn::HighFirst }
    }

    /// The network's header.
    pub(super) fn ip(&self) -> Result<Ip<'a>, Skip> {
        ip(self.bytes)
    }

    /// What it carries.
    #[inline]
    pub(super) fn transport(&self) -> Result<Transport<'_>, Skip> {
        match &self.whole {
            None => transport(self.protocol, self.payload, self.length),
            Some(whole) => transport(whole.protocol, &whole.payload, whole.payload.len()),
        }
    }
}

impl Splitter {
    /// One that has seen nothing. The shards are to be made from the same configuration.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let (fragments, counts) = (Fragments::default(), Counts::default());
        Self { seed: config.seed, fragments, counts, before_ns: 0 }
    }

    /// What went through; the shards count what becomes of it.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts { given_up_fragments: self.fragments.given_up(), ..self.counts }
    }

    /// The packet of a record, unless it is of no flow or is a fragment that others are lacking to.
    #[inline]
    pub fn packet<'a>(&mut self, record: &Record<'a>) -> Option<Packet<'a>> {
        self.counts.packets += 1;
        let sure_ns = record.at_ns.min(self.before_ns);
        self.before_ns = record.at_ns;
        self.decode(record, sure_ns)
    }

    /// What was found in a packet; counts those in which nothing was.
    #[inline]
    fn counted<T>(&mut self, found: Result<T, Skip>) -> Option<T> {
        match found {
            Ok(found) => return Some(found),
            Err(Skip::NotIp) => self.counts.not_ip += 1,
            Err(Skip::Cut) => self.counts.cut += 1,
            Err(Skip::Broken) => self.counts.broken += 1,
        }
        None
    }

    #[inline]
    fn decode<'a>(&mut self, record: &Record<'a>, sure_ns: u64) -> Option<Packet<'a>> {
        let at = Moment { at_ns: record.at_ns, frame: record.frame };
        let mut path = Path::default();
        let mut bytes = self.counted(link(record.link, record.bytes, &mut path))?;
        let mut ip = self.counted(self::ip(bytes))?;
        let mut inner_path = path;
        if let Some(carried) = ip.tunnelled(&mut inner_path)
            && let Ok(inner) = self::ip(carried)
        {
            (ip, bytes, path) = (inner, carried, inner_path);
        }
        let mut whole = None;
        if ip.fragment.is_some() {
            whole = self.fragments.insert(at.at_ns, &ip).map(Box::new);
            whole.as_ref()?;
        }
        let (protocol, payload) = match &whole {
            None => (ip.protocol, ip.payload),
            Some(whole) => (whole.protocol, whole.payload.as_slice()),
        };
        let (from, to) = self.counted(ends(&ip, protocol, payload))??;
        let (key, turn) = Key::new(from, to, path);
        let hash = key.hash(self.seed);
        let Ip { tos, protocol, payload, length, .. } = ip;
        Some(Packet { at, sure_ns, bytes, tos, protocol, payload, length, whole, key, turn, hash })
    }
}

/// The ends of the flow that a packet belongs to, or is about.
#[inline]
fn ends(ip: &Ip<'_>, protocol: u8, payload: &[u8]) -> Result<Option<(Endpoint, Endpoint)>, Skip> {
    if let Some(ports) = ports(protocol, payload)? {
        return Ok(Some(between(ip, ports)));
    }
    let Transport::Icmp(icmp) = transport(protocol, payload, payload.len())? else {
        return Ok(None);
    };
    let quoted = icmp.quoted.map(self::ip).and_then(Result::ok);
    let found = quoted.and_then(|refused| {
        let ports = ports(refused.protocol, refused.payload).ok().flatten()?;
        Some(between(&refused, ports))
    });
    Ok(found)
}

/// The ends of a packet with `ports`.
#[inline]
fn between(ip: &Ip<'_>, (source, destination): (u16, u16)) -> (Endpoint, Endpoint) {
    let from = Endpoint { address: ip.source, port: source };
    (from, Endpoint { address: ip.destination, port: destination })
}
