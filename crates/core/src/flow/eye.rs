//! From what a tracker tells to facts: who opened what, what was said before encryption, and how
//! each connection went.
//!
//! **Invariant:** a protocol is recognised by its bytes, never by its port. What is kept of a
//! connection is bounded, and nothing is kept of one that has nothing more to say.

mod datagram;
mod http;
mod speech;
mod summary;

use std::collections::BTreeMap;

use crate::event::{PeerFact, Service, Side};
use crate::flow::tcp::{Endpoint, Flow, Moment};
use crate::flow::tracker::{Event, Wants};
use datagram::Datagrams;
use speech::Speech;

/// A fact that was seen on the wire.
#[derive(Debug)]
pub struct Sight {
    /// The packet that completed it.
    pub at: Moment,
    /// [`Service::Tcp`] or [`Service::Udp`].
    pub transport: Service,
    /// Who opened the connection; of one whose begin was not seen, who speaks as a client does.
    pub client: Endpoint,
    /// The other.
    pub server: Endpoint,
    /// Tells one connection between the two from another: the client's initial sequence number, or
    /// when it was first seen.
    pub mark: u64,
    /// The first packets of client and server; only with a connection's summary.
    pub first_frames: [Option<u64>; 2],
    /// The fact.
    pub fact: PeerFact,
}

impl Sight {
    /// Who sent it; of a connection's summary, the client.
    #[must_use]
    pub fn sender(&self) -> Side {
        match &self.fact {
            PeerFact::SshIdent { side, .. } | PeerFact::SshKexInit { side, .. } => *side,
            PeerFact::TcpSyn(syn) => syn.side,
            PeerFact::TlsServerHello(_) => Side::Server,
            PeerFact::TlsCertificates(certificates) => certificates.side,
            PeerFact::Http2Settings(settings) => settings.side,
            PeerFact::ConnectionOpened {}
            | PeerFact::ConnectionClosed { .. }
            | PeerFact::AuthAttempt { .. }
            | PeerFact::KeyOffered { .. }
            | PeerFact::ChannelOpened { .. }
            | PeerFact::ChannelClosed { .. }
            | PeerFact::ForwardRequested { .. }
            | PeerFact::TcpFlow(_)
            | PeerFact::SshTraffic(_)
            | PeerFact::TlsClientHello(_)
            | PeerFact::HttpRequest(_)
            | PeerFact::Anomaly { .. } => Side::Client,
        }
    }
}

/// What is known of connections beyond what a tracker knows: the state of their parsers.
#[derive(Debug, Default)]
pub struct Eye {
    speeches: BTreeMap<u64, Box<Speech>>,
    datagrams: Datagrams,
}

impl Eye {
    /// Takes what a tracker tells, and gives facts to `out`.
    pub fn event(&mut self, event: &Event<'_>, out: &mut impl FnMut(Sight)) -> Wants {
        match *event {
            Event::Opening { from, to, opening, attempt, since_ns } => {
                out(summary::opening(from, to, opening, attempt, since_ns));
                Wants::More
            }
            Event::Bytes { flow, side, bytes, at } => {
                let speech = self.speeches.entry(flow.id).or_default();
                let wants = speech.read(flow, side, bytes, at, out);
                if speech.is_done() && !speech.is_turned() {
                    self.speeches.remove(&flow.id);
                }
                wants
            }
            Event::Datagram { from, to, bytes, at } => {
                self.datagrams.read(from, to, bytes, at, out);
                Wants::More
            }
            Event::Window { .. } => Wants::More,
            Event::Ended { flow, why } => {
                let speech = self.speeches.remove(&flow.id);
                let orientation = match speech {
                    Some(speech) => speech.orientation(),
                    None => Orientation::AsSeen,
                };
                out(summary::flow(flow, orientation, why));
                Wants::More
            }
        }
    }

    /// Handshakes over datagrams that were given up at a cap.
    #[must_use]
    pub fn given_up(&self) -> u64 {
        self.datagrams.given_up()
    }
}

/// Whether a flow's client is the client, or speaks as a server does: of a flow whose begin was
/// not seen, the tracker takes for a client who was seen first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Orientation {
    #[default]
    AsSeen,
    Turned,
}

impl Orientation {
    /// The part that `side` of the flow plays.
    fn part(self, side: Side) -> Side {
        match (self, side) {
            (Self::AsSeen, side) => side,
            (Self::Turned, Side::Client) => Side::Server,
            (Self::Turned, Side::Server) => Side::Client,
        }
    }

    /// A fact about a flow.
    fn sight(self, flow: &Flow, at: Moment, fact: PeerFact) -> Sight {
        let (client, server) = match self {
            Self::AsSeen => (&flow.client, &flow.server),
            Self::Turned => (&flow.server, &flow.client),
        };
        let isn = match (&client.opening, &server.opening) {
            (Some(syn), _) => Some(syn.isn),
            (None, Some(answer)) => Some(answer.ack.wrapping_sub(1)),
            (None, None) => None,
        };
        Sight {
            at,
            transport: Service::Tcp,
            client: client.endpoint,
            server: server.endpoint,
            mark: isn.map_or(flow.began.at_ns, u64::from),
            first_frames: [None; 2],
            fact,
        }
    }
}

#[cfg(test)]
mod tests;
