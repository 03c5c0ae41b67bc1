//! How a connection speaks to the queue: events are made without waiting, and sent in their order.
//!
//! **Invariant:** what was made is sent before anything newer; an anomaly is told once of each kind.

use crate::decoy::allowance::Allowance;
use crate::decoy::{DecoyCounters, count};
use crate::emit::Emitter;
use decnet_core::event::{
    About, Anomaly, Event, Origin, PeerFact, SessionFact, SessionId, Timestamp,
};
use decnet_core::limits::DETAIL_BYTES;
use decnet_core::octets::Octets;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a connection has to say.
#[derive(Debug)]
pub(super) struct Voice {
    pub(super) origin: Arc<Origin>,
    pub(super) allowance: Arc<Allowance>,
    pub(super) counters: Arc<DecoyCounters>,
    emitter: Emitter,
    said: BTreeSet<Anomaly>,
    waiting: Vec<Event>,
}

impl Voice {
    pub(super) fn new(
        origin: Origin,
        allowance: Arc<Allowance>,
        counters: Arc<DecoyCounters>,
        emitter: Emitter,
    ) -> Self {
        let origin = Arc::new(origin);
        Self { origin, allowance, counters, emitter, said: BTreeSet::new(), waiting: Vec::new() }
    }

    /// A fact about the peer.
    pub(super) fn peer(&mut self, at: Timestamp, fact: PeerFact) {
        if let PeerFact::Anomaly { what, .. } = &fact {
            if !self.said.insert(*what) {
                return;
            }
            count(&self.counters.anomalies);
        }
        let about = About::Peer { origin: Arc::clone(&self.origin), fact };
        self.push(Event { at, about });
    }

    /// A fact about a session.
    pub(super) fn session(&mut self, at: Timestamp, session: SessionId, fact: SessionFact) {
        let about = About::Session { origin: Arc::clone(&self.origin), session, fact };
        self.push(Event { at, about });
    }

    /// An anomaly, if it is the first of its kind.
    pub(super) fn anomaly(&mut self, at: Timestamp, what: Anomaly, detail: &[u8]) {
        let detail = Octets::capped(detail, DETAIL_BYTES);
        self.peer(at, PeerFact::Anomaly { what, detail });
    }

    /// Bytes up to their cap, with an anomaly where that cuts them.
    pub(super) fn kept(&mut self, at: Timestamp, bytes: &[u8], max: usize) -> Octets {
        if bytes.len() > max {
            self.anomaly(at, Anomaly::FieldTooLong, bytes.len().to_string().as_bytes());
        }
        Octets::capped(bytes, max)
    }

    fn push(&mut self, event: Event) {
        self.allowance.take(&event);
        self.waiting.push(event);
    }

    /// Sends what waits.
    pub(super) async fn send(&mut self) {
        for event in self.waiting.drain(..) {
            self.emitter.emit(event).await;
        }
        self.waiting = Vec::new();
    }
}
