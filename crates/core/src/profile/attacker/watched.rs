//! What is known of an attacker from the wire: SYNs, connections, handshakes, requests.
//!
//! **Invariant:** bounded by `limits.rs`: a flood of SYNs costs a row each and changes nothing
//! beyond the first few.

mod direction;
mod web;

use super::Attacker;
use crate::event::wire::{FlowSide, SshTraffic, TcpFlow, TcpSyn, WindowExtent};
use crate::event::{ConnectionId, Origin, Side, Timestamp};
use crate::limits;
use crate::profile::behavior::BehaviorChange;
use crate::profile::fingerprint::tcp::{self, Options, Syn};
use crate::profile::fingerprint::{Fingerprint, os};
use crate::profile::network::{
    self, Ecn, FlowNews, Shape, SynNews, Thinning, estimate, nanoseconds,
};
use crate::profile::rows::{SynShape, TcpFlowRow, TcpOptions, TcpSynRow};
use crate::profile::skew::Tick;
use crate::profile::{Output, seconds_of_ns};
use crate::row::Json;
use crate::wire::tcp::{AE, CWR, ECE, ecn};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::net::IpAddr;

/// State of an attacker that comes from the wire.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Watched {
    /// SYNs, counted up to [`limits::FOLD_SYNS`].
    syns: u32,
    /// Which timestamps are kept, by the address that they went to.
    clocks: Vec<(IpAddr, Thinning)>,
    /// Segment sizes of SYNs that no SYN-ACK has answered yet.
    openings: VecDeque<(ConnectionId, u16)>,
    hellos: VecDeque<web::Hello>,
}

impl Watched {
    /// As [`Attacker::weight`].
    pub(super) fn weight(&self) -> usize {
        let hellos: usize = self.hellos.iter().map(web::Hello::weight).sum();
        hellos + self.clocks.len() * 48 + self.openings.len() * 24
    }

    /// Whether the next timestamp that went to `local` is one to keep.
    fn keeps_tick(&mut self, local: IpAddr) -> bool {
        if let Some((_, thinning)) = self.clocks.iter_mut().find(|(known, _)| *known == local) {
            return thinning.takes();
        }
        if self.clocks.len() >= limits::CLOCK_SERIES {
            return false;
        }
        let mut thinning = Thinning::default();
        let takes = thinning.takes();
        self.clocks.push((local, thinning));
        takes
    }

    fn opened(&mut self, connection: ConnectionId, mss: u16) {
        if self.openings.iter().any(|(known, _)| *known == connection) {
            return;
        }
        if self.openings.len() >= limits::FOLD_OPENINGS {
            self.openings.pop_front();
        }
        self.openings.push_back((connection, mss));
    }

    fn opening(&self, connection: ConnectionId) -> Option<u16> {
        let known = self.openings.iter().find(|(known, _)| *known == connection);
        known.map(|(_, mss)| *mss)
    }

    fn ended(&mut self, connection: ConnectionId) {
        self.openings.retain(|(known, _)| *known != connection);
        self.hellos.retain(|hello| hello.connection() != connection);
    }
}

impl Attacker {
    pub(in crate::profile) fn syn(
        &mut self,
        seq: u64,
        at: Timestamp,
        origin: &Origin,
        syn: &TcpSyn,
        out: &mut Output,
    ) {
        let header = Syn::from(syn);
        let options = Options::new(header.options);
        out.tcp_syns.push(self.syn_row(seq, at, origin, syn, &options));
        match syn.side {
            Side::Client => {
                if let Some(mss) = options.mss {
                    self.watched.opened(origin.connection, mss);
                }
                let signature = tcp::signature(&header, None);
                self.syn_news(at, origin, syn, &options, &signature, out);
                self.fingerprinted("p0f", signature, origin, at, out);
                #[cfg(feature = "ja4plus")]
                self.fingerprinted("ja4t", tcp::ja4t(&header), origin, at, out);
            }
            Side::Server => {
                let peer_mss = self.watched.opening(origin.connection);
                let signature = tcp::signature(&header, peer_mss);
                self.fingerprinted("p0f_synack", signature, origin, at, out);
                #[cfg(feature = "ja4plus")]
                self.fingerprinted("ja4ts", tcp::ja4t(&header), origin, at, out);
            }
        }
    }

    fn syn_row(
        &self,
        seq: u64,
        at: Timestamp,
        origin: &Origin,
        syn: &TcpSyn,
        options: &Options,
    ) -> TcpSynRow {
        TcpSynRow {
            id: seq,
            attacker_uuid: self.uuid,
            connection: origin.connection.0,
            at: at.rfc3339(),
            side: syn.side.name(),
            src_port: origin.peer.port(),
            dst_port: origin.local.port(),
            attempt: syn.attempt,
            since_s: syn.since_ns.map(seconds_of_ns),
            isn: syn.isn,
            options: Json(TcpOptions::new(&syn.options.0)),
            ecn: ecn(syn.flags),
            ttl: syn.ttl,
            ip_id: syn.ip_id,
            df: syn.ip_flags.map(|flags| flags & 2 != 0),
            window: syn.window,
            mss: options.mss,
            wscale: options.scale,
            tsval: options.timestamps.map(|(value, _)| value),
        }
    }

    /// Tells the behaviour what it does not know yet.
    fn syn_news(
        &mut self,
        at: Timestamp,
        origin: &Origin,
        syn: &TcpSyn,
        options: &Options,
        signature: &Fingerprint,
        out: &mut Output,
    ) {
        let is_early = (self.watched.syns as usize) < limits::FOLD_SYNS;
        self.watched.syns += u32::from(is_early);
        let repeats = u32::from(syn.attempt > 1);
        let local = origin.local.ip().to_canonical();
        let tick = network::tick(options.timestamps);
        let tick = tick.filter(|_| self.watched.keeps_tick(local));
        let is_new = self.is_new(b's', signature.raw.as_bytes(), limits::SYN_SHAPES);
        let shape = is_new.then(|| Box::new(shape(at, origin, syn, options, signature)));
        if !is_early && repeats == 0 && shape.is_none() && tick.is_none() {
            return;
        }
        let news = SynNews {
            at,
            // The same number again says nothing of how numbers are chosen.
            isn: (is_early && repeats == 0).then_some(syn.isn),
            ip_id: syn.ip_id.filter(|_| is_early),
            repeats,
            shape,
            tick: tick.map(|value| (local, value)),
        };
        out.behavior.push((self.uuid, BehaviorChange::Syn(Box::new(news))));
    }

    pub(in crate::profile) fn flow(
        &mut self,
        seq: u64,
        at: Timestamp,
        origin: &Origin,
        flow: &TcpFlow,
        out: &mut Output,
    ) {
        let began = Timestamp(at.0.saturating_sub(i64::try_from(flow.took_ns).unwrap_or(i64::MAX)));
        self.watched.ended(origin.connection);
        let ip = origin.attacker();
        out.tcp_flows.push(TcpFlowRow {
            id: seq,
            attacker_uuid: self.uuid,
            connection: origin.connection.0,
            began_at: began.rfc3339(),
            ended_at: at.rfc3339(),
            end: flow.end.name(),
            src_port: origin.peer.port(),
            dst_port: origin.local.port(),
            direction: direction::columns(ip, &flow.client),
            server: Json(direction::columns(ip, &flow.server)),
        });
        self.flow_news(at, began, origin, &flow.client, out);
    }

    fn flow_news(
        &mut self,
        at: Timestamp,
        began: Timestamp,
        origin: &Origin,
        client: &FlowSide,
        out: &mut Output,
    ) {
        let start = nanoseconds(began);
        let local = origin.local.ip().to_canonical();
        let ticks: Vec<Tick> = client
            .ticks
            .iter()
            .filter(|(_, value)| *value != 0)
            .map(|&(since, value)| Tick { at_ns: start.saturating_add(since), value })
            .collect();
        // The first one came with the SYN, and is known.
        let rest = ticks.get(usize::from(client.df.is_some())..).unwrap_or_default();
        let step = rest.len().div_ceil(limits::CLOCK_FLOW_POINTS).max(1);
        let mut kept = Vec::new();
        for tick in rest.iter().step_by(step) {
            if self.watched.keeps_tick(local) {
                kept.push((tick.at_ns, tick.value));
            }
        }
        let is_marked = client.marks.iter().chain(&client.echoes).any(|count| *count > 0);
        let news = FlowNews {
            at,
            repeats: client.repeats,
            ecn: is_marked.then_some(Ecn::Uses),
            too_big: client.too_big,
            local,
            ticks: kept,
            clock: estimate(&ticks),
        };
        let is_quiet = news.repeats == 0
            && news.ecn.is_none()
            && news.too_big.is_none()
            && news.ticks.is_empty()
            && news.clock.is_none();
        // That there was a connection is news once: nothing was sent again until now.
        if !is_quiet || self.is_new(b'f', &[], 1) {
            out.behavior.push((self.uuid, BehaviorChange::Flow(Box::new(news))));
        }
    }

    pub(in crate::profile) fn ssh_traffic(
        &mut self,
        at: Timestamp,
        origin: &Origin,
        traffic: &SshTraffic,
        out: &mut Output,
    ) {
        match traffic.extent {
            #[cfg(feature = "ja4plus")]
            WindowExtent::Whole => {
                self.fingerprinted("ja4ssh", tcp::ja4ssh(traffic), origin, at, out);
            }
            #[cfg(not(feature = "ja4plus"))]
            WindowExtent::Whole => {
                let _ = (at, origin, out);
            }
            WindowExtent::Cut => {}
        }
    }
}

/// What all SYNs of one machine have in common.
fn shape(
    at: Timestamp,
    origin: &Origin,
    syn: &TcpSyn,
    options: &Options,
    signature: &Fingerprint,
) -> Shape {
    let header = Syn::from(syn);
    let target = os::Target::new(origin.local.ip(), origin.local.port());
    let guess = os::guess(&header, target.as_ref());
    // The headers of IP and TCP without options are not counted in a segment's size.
    let headers = if syn.ip_id.is_some() { 40 } else { 60 };
    Shape {
        shown: SynShape {
            window: syn.window,
            wscale: options.scale,
            mss: options.mss,
            ttl: syn.ttl,
            options: TcpOptions::new(&syn.options.0).options,
            signature: signature.raw.clone(),
            first_seen: at.rfc3339(),
        },
        ecn: match syn.flags & (AE | CWR | ECE) {
            ALL => Ecn::OffersAccurate,
            CLASSIC => Ecn::Offers,
            _ => Ecn::None,
        },
        mtu: options.mss.map(|mss| u32::from(mss) + headers),
        os: guess.map(|guess| guess.name.to_owned()),
        hops: match guess {
            Some(guess) => guess.distance(syn.ttl),
            None => os::distance(syn.ttl),
        },
    }
}

const CLASSIC: u16 = ECE | CWR;
const ALL: u16 = AE | ECE | CWR;

#[cfg(test)]
mod tests;
