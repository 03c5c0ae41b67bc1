//! How an attacker's machine and its way to us behave, over all that was seen of it on the wire.
//!
//! **Invariant:** the attacker's direction only. Each sample is bounded by `limits.rs`, and what is
//! in its row but for samples follows from them alone.

mod clock;
mod link;

pub(super) use clock::{Estimate, Thinning, estimate, tick};

use super::isn::{Class, Sent, Width, class};
use super::rows::{SynShape, TcpFingerprint};
use crate::event::Timestamp;
use crate::event::wire::TooBig;
use crate::limits;
use clock::Clock;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// What of a SYN is news.
#[derive(Debug, Clone, PartialEq)]
pub struct SynNews {
    pub(super) at: Timestamp,
    /// Its number, of one of the first.
    pub(super) isn: Option<u32>,
    /// Its identification, of one of the first.
    pub(super) ip_id: Option<u16>,
    /// 1 of one that was sent before.
    pub(super) repeats: u32,
    /// Of one that is unlike those before it.
    pub(super) shape: Option<Box<Shape>>,
    /// Its timestamp and the address that it was sent to.
    pub(super) tick: Option<(IpAddr, u32)>,
}

/// A SYN that is unlike those before it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Shape {
    pub(super) shown: SynShape,
    pub(super) ecn: Ecn,
    /// Bytes of the largest packet that its sender takes.
    pub(super) mtu: Option<u32>,
    pub(super) os: Option<String>,
    pub(super) hops: Option<u8>,
}

/// What of a connection is news.
#[derive(Debug, Clone, PartialEq)]
pub struct FlowNews {
    pub(super) at: Timestamp,
    pub(super) repeats: u32,
    pub(super) ecn: Option<Ecn>,
    pub(super) too_big: Option<TooBig>,
    pub(super) local: IpAddr,
    /// Arrivals and timestamps that go into the series of that address.
    pub(super) ticks: Vec<(u64, u32)>,
    /// What its own timestamps say.
    pub(super) clock: Option<Estimate>,
}

/// How far a machine goes along with explicit congestion notification, RFC 3168.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Ecn {
    /// Its SYNs do not ask for it.
    None,
    /// Its SYNs ask for it.
    Offers,
    /// Its SYNs ask for the accurate kind, RFC 9768.
    OffersAccurate,
    /// Its packets are marked.
    Uses,
}

impl Ecn {
    fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Offers => "offers",
            Self::OffersAccurate => "offers_accurate",
            Self::Uses => "uses",
        }
    }
}

/// The part of a behaviour's state that comes from the wire.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Network {
    isns: Vec<(u64, u32)>,
    ip_ids: Vec<(u64, u16)>,
    repeats: Option<u64>,
    ecn: Option<Ecn>,
    mtu: Option<u32>,
    path_mtu: Option<u32>,
    os: Option<String>,
    hops: Option<u8>,
    clock: Clock,
    /// In a column of its own.
    #[serde(skip)]
    pub(super) fingerprint: Option<TcpFingerprint>,
}

/// The columns that come from it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Columns {
    pub(super) retransmit_count: Option<u64>,
    pub(super) clock: Option<Estimate>,
    pub(super) isn_class: Option<String>,
    pub(super) ipid_class: Option<String>,
    pub(super) link_type: Option<String>,
    pub(super) ecn: Option<&'static str>,
    pub(super) os_guess: Option<String>,
    pub(super) hop_distance: Option<u8>,
}

impl Network {
    pub(super) fn syn(&mut self, news: &SynNews) {
        let at_ns = nanoseconds(news.at);
        if let Some(isn) = news.isn.filter(|_| self.isns.len() < limits::FOLD_SYNS) {
            self.isns.push((at_ns, isn));
        }
        if let Some(id) = news.ip_id.filter(|_| self.ip_ids.len() < limits::FOLD_SYNS) {
            self.ip_ids.push((at_ns, id));
        }
        *self.repeats.get_or_insert(0) += u64::from(news.repeats);
        if let Some((local, value)) = news.tick {
            self.clock.add(local, at_ns, value);
        }
        let Some(shape) = news.shape.as_deref() else { return };
        self.ecn = self.ecn.max(Some(shape.ecn));
        self.mtu = shape.mtu.or(self.mtu);
        self.hops = shape.hops.or(self.hops);
        if shape.os.is_some() {
            self.os.clone_from(&shape.os);
        }
        let latest = shape.shown.clone();
        self.fingerprint = Some(match self.fingerprint.take() {
            None => TcpFingerprint { latest, others: Vec::new() },
            Some(TcpFingerprint { latest: before, mut others }) => {
                if others.len() + 1 < limits::SYN_SHAPES {
                    others.push(before);
                }
                TcpFingerprint { latest, others }
            }
        });
    }

    pub(super) fn flow(&mut self, news: &FlowNews) {
        *self.repeats.get_or_insert(0) += u64::from(news.repeats);
        self.ecn = self.ecn.max(news.ecn);
        if let Some(too_big) = news.too_big {
            self.path_mtu = Some(self.path_mtu.map_or(too_big.mtu, |mtu| mtu.min(too_big.mtu)));
        }
        for (at_ns, value) in &news.ticks {
            self.clock.add(news.local, *at_ns, *value);
        }
        if let Some(clock) = news.clock {
            self.clock.measured(clock);
        }
    }

    pub(super) fn columns(&self) -> Columns {
        let isns: Vec<Sent> =
            self.isns.iter().map(|&(at_ns, value)| Sent { at_ns, value }).collect();
        let ids: Vec<Sent> =
            self.ip_ids.iter().map(|&(at_ns, id)| Sent { at_ns, value: u32::from(id) }).collect();
        let mtu = match (self.mtu, self.path_mtu) {
            (Some(mtu), Some(path)) => Some(mtu.min(path)),
            (mtu, path) => mtu.or(path),
        };
        Columns {
            retransmit_count: self.repeats,
            clock: self.clock.estimate(),
            isn_class: class(&isns, Width::Bits32).map(class_text),
            ipid_class: class(&ids, Width::Bits16).map(class_text),
            link_type: mtu.map(link::name),
            ecn: self.ecn.map(Ecn::name),
            os_guess: self.os.clone(),
            hop_distance: self.hops,
        }
    }
}

/// A class, and the statistic behind it.
fn class_text(class: Class) -> String {
    match class {
        Class::Constant { value } => format!("constant ({value:#x})"),
        Class::Incremental { step, divisor } => {
            format!("incremental (step {step}, divisor {divisor})")
        }
        Class::TimeDriven { rate } => format!("time_driven ({rate}/s)"),
        Class::Random { bits } => format!("random ({bits} bits)"),
    }
}

/// Nanoseconds since 1970, or 0 of an instant before.
pub(super) fn nanoseconds(at: Timestamp) -> u64 {
    u64::try_from(at.0).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn news(at: i64) -> SynNews {
        let at = Timestamp(at);
        SynNews { at, isn: None, ip_id: None, repeats: 0, shape: None, tick: None }
    }

    fn shape(window: u16, ecn: Ecn) -> Box<Shape> {
        let shown = SynShape {
            window,
            wscale: None,
            mss: Some(1_460),
            ttl: 64,
            options: Vec::new(),
            signature: String::new(),
            first_seen: String::new(),
        };
        Box::new(Shape { shown, ecn, mtu: Some(1_500), os: None, hops: Some(3) })
    }

    #[test]
    fn numbers_of_syns_have_a_class_with_its_statistic() {
        let mut network = Network::default();
        for n in 0..100 {
            let isn = Some(64_000 * n);
            network.syn(&SynNews { isn, ip_id: Some(7), ..news(i64::from(n)) });
        }
        let columns = network.columns();
        let expected = "incremental (step 64000, divisor 64000)";
        assert_eq!(columns.isn_class.as_deref(), Some(expected));
        assert_eq!(columns.ipid_class.as_deref(), Some("constant (0x7)"));
        assert_eq!(network.isns.len(), limits::FOLD_SYNS);
    }

    #[test]
    fn the_latest_shape_stands_first_and_the_others_are_capped() {
        let mut network = Network::default();
        for window in 0..40 {
            let ecn = if window == 5 { Ecn::Offers } else { Ecn::None };
            network.syn(&SynNews { shape: Some(shape(window, ecn)), ..news(0) });
        }
        let fingerprint = network.fingerprint.as_ref().unwrap();
        assert_eq!(fingerprint.latest.window, 39);
        assert_eq!(fingerprint.others.len() + 1, limits::SYN_SHAPES);
        let columns = network.columns();
        assert_eq!((columns.ecn, columns.hop_distance), (Some("offers"), Some(3)));
        assert_eq!(columns.link_type.as_deref(), Some("Ethernet"));
    }

    #[test]
    fn a_smaller_packet_that_a_router_wants_tells_more_than_the_segment_size() {
        let mut network = Network::default();
        network.syn(&SynNews { shape: Some(shape(1, Ecn::None)), ..news(0) });
        let too_big = Some(TooBig { mtu: 1_492, count: 1 });
        network.flow(&FlowNews {
            at: Timestamp(1),
            repeats: 2,
            ecn: Some(Ecn::Uses),
            too_big,
            local: IpAddr::from([192, 0, 2, 9]),
            ticks: Vec::new(),
            clock: None,
        });
        let columns = network.columns();
        assert_eq!(columns.link_type.as_deref(), Some("PPPoE"));
        assert_eq!((columns.retransmit_count, columns.ecn), (Some(2), Some("uses")));
    }
}
