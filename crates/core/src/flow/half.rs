//! What is kept of a connection before anything is said on it.
//!
//! **Invariant:** of a fixed size, whatever is sent.

use crate::flow::packet::Tcp;
use crate::flow::tcp::{Endpoint, Moment, Opening};
use crate::flow::window::is_bare_ack;

/// A connection that is not more than a handshake.
#[derive(Debug)]
pub(super) struct Half {
    pub(super) client: Endpoint,
    pub(super) latest_ns: u64,
    pub(super) syn: Option<Opening>,
    pub(super) answer: Option<Box<Opening>>,
    pub(super) syns: u32,
    pub(super) answers: u32,
    /// Packets of client and server that do not open it, and the bare acknowledgements of them.
    pub(super) others: [u16; 2],
    pub(super) acks: [u16; 2],
    /// The first of the others that the server sent.
    pub(super) server_first: Option<Moment>,
}

impl Half {
    pub(super) fn new(client: Endpoint, at: Moment) -> Self {
        Self {
            client,
            latest_ns: at.at_ns,
            syn: None,
            answer: None,
            syns: 0,
            answers: 0,
            others: [0; 2],
            acks: [0; 2],
            server_first: None,
        }
    }

    /// Takes in an opening; how often it was sent by now, and how long after the last time.
    pub(super) fn open(&mut self, opening: &Opening, from: Endpoint) -> (u32, Option<u64>) {
        let at_ns = opening.at.at_ns;
        let (known, count) = if opening.is_answer() {
            (self.answer.as_deref_mut(), self.answers)
        } else {
            (self.syn.as_mut(), self.syns)
        };
        self.latest_ns = at_ns;
        let is_known = known.is_some();
        if let Some(known) = known
            && known.isn == opening.isn
        {
            // The first frame stays, the time is that of the latest.
            let since_ns = at_ns.saturating_sub(known.at.at_ns);
            known.at.at_ns = at_ns;
            let count = count.saturating_add(1);
            if opening.is_answer() {
                self.answers = count;
            } else {
                self.syns = count;
            }
            return (count, Some(since_ns));
        }
        if opening.is_answer() {
            self.answer = Some(Box::new(*opening));
            self.answers = 1;
        } else {
            if is_known {
                *self = Self::new(from, opening.at);
            }
            self.syn = Some(*opening);
            self.syns = 1;
        }
        (1, None)
    }

    /// A segment without payload.
    pub(super) fn segment(&mut self, at: Moment, from: Endpoint, tcp: &Tcp<'_>) {
        self.latest_ns = at.at_ns;
        let ([client, server], [client_acks, server_acks]) = (&mut self.others, &mut self.acks);
        let (others, acks) =
            if from == self.client { (client, client_acks) } else { (server, server_acks) };
        *others = others.saturating_add(1);
        if is_bare_ack(tcp) {
            *acks = acks.saturating_add(1);
        }
        if from != self.client {
            self.server_first.get_or_insert(at);
        }
    }
}
