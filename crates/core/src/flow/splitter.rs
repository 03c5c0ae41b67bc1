//! Which shard a packet belongs to.
//!
//! **Invariant:** both directions of a flow, all fragments of a packet, and errors about it go to
//! the flow's shard.

use crate::flow::capture::Record;
use crate::flow::fragment::{Fragments, Whole};
use crate::flow::key::Key;
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
    pub(super) ip: Ip<'a>,
    /// The payload, if it came in fragments.
    pub(super) whole: Option<Whole>,
    pub(super) key: Key,
    pub(super) hash: u64,
}

impl Packet<'_> {
    /// The number of its shard, below [`SHARDS`].
    #[must_use]
    pub fn shard(&self) -> usize {
        (self.hash >> 32) as usize % SHARDS
    }

    /// What it carries.
    pub(super) fn transport(&self) -> Result<Transport<'_>, Skip> {
        match &self.whole {
            None => self.ip.transport(),
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
        match self.decode(record, sure_ns) {
            Ok(packet) => packet,
            Err(Skip::NotIp) => {
                self.counts.not_ip += 1;
                None
            }
            Err(Skip::Cut) => {
                self.counts.cut += 1;
                None
            }
            Err(Skip::Broken) => {
                self.counts.broken += 1;
                None
            }
        }
    }

    #[inline]
    fn decode<'a>(
        &mut self,
        record: &Record<'a>,
        sure_ns: u64,
    ) -> Result<Option<Packet<'a>>, Skip> {
        let at = Moment { at_ns: record.at_ns, frame: record.frame };
        let mut path = Path::default();
        let outer = ip(link(record.link, record.bytes, &mut path)?)?;
        let mut inner_path = path;
        let ip = match outer.tunnelled(&mut inner_path).map(ip) {
            Some(Ok(inner)) => {
                path = inner_path;
                inner
            }
            Some(Err(_)) | None => outer,
        };
        let mut whole = None;
        if ip.fragment.is_some() {
            whole = self.fragments.insert(at.at_ns, &ip);
            if whole.is_none() {
                return Ok(None);
            }
        }
        let (protocol, payload) = match &whole {
            None => (ip.protocol, ip.payload),
            Some(whole) => (whole.protocol, whole.payload.as_slice()),
        };
        let Some((from, to)) = ends(&ip, protocol, payload)? else { return Ok(None) };
        let key = Key::new(from, to, path);
        let hash = key.hash(self.seed);
        Ok(Some(Packet { at, sure_ns, ip, whole, key, hash }))
    }
}

/// The ends of the flow that a packet belongs to, or is about.
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
pub(super) fn between(ip: &Ip<'_>, (source, destination): (u16, u16)) -> (Endpoint, Endpoint) {
    let from = Endpoint { address: ip.source, port: source };
    (from, Endpoint { address: ip.destination, port: destination })
}
