//! From what a tracker tells to facts: who opened what, what was said before encryption, and how
//! each connection went.
//!
//! **Invariant:** a protocol is recognised by its bytes, never by its port. What is kept of a
//! connection is bounded, and nothing is kept of one that has nothing more to say.

mod datagram;
mod http;
mod speech;
mod summary;

use crate::event::{PeerFact, Service, Side};
use crate::flow::capture::Record;
use crate::flow::shard::Shard;
use crate::flow::splitter::{Packet, Splitter};
use crate::flow::tcp::{Endpoint, Flow, Moment};
use crate::flow::tracker::{Config, Counts, End, Event, SHARDS, Wants};
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
    /// Tells one connection between the two from another.
    pub mark: Mark,
    /// The first packets of client and server; only with a connection's summary.
    pub first_frames: [Option<u64>; 2],
    /// Whether the client has shown that it gets what the server sends: an address without that may
    /// be forged.
    pub is_answered: bool,
    /// The fact.
    pub fact: PeerFact,
}

/// What tells a connection from others between the same ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// The client's initial sequence number: the begin was seen, or its answer.
    Sequence(u32),
    /// When it was first seen, nanoseconds since 1970: there is no such number, or its begin is
    /// missing.
    Instant(u64),
}

impl Mark {
    /// As one number.
    #[must_use]
    pub fn number(self) -> u64 {
        match self {
            Self::Sequence(number) => number.into(),
            Self::Instant(number) => number,
        }
    }
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
            | PeerFact::SshDisconnect { .. }
            | PeerFact::SshDebug { .. }
            | PeerFact::SshUnimplemented { .. }
            | PeerFact::SshExtensions { .. }
            | PeerFact::SshGlobalRequest { .. }
            | PeerFact::SshChannelRequest { .. }
            | PeerFact::AgentKeys { .. }
            | PeerFact::SshPackets { .. }
            | PeerFact::TcpFlow(_)
            | PeerFact::SshTraffic(_)
            | PeerFact::TlsClientHello(_)
            | PeerFact::HttpRequest(_)
            | PeerFact::Anomaly { .. } => Side::Client,
        }
    }
}

/// Sees the facts in packets: all flows, in one thread.
#[derive(Debug)]
pub struct Eye {
    splitter: Splitter,
    parts: Vec<Part>,
}

/// Sees the facts in the packets of one shard.
#[derive(Debug)]
pub struct Part {
    shard: Shard,
    listener: Listener,
}

/// What is known of connections beyond what a shard knows: the state of their parsers.
#[derive(Debug, Default)]
struct Listener {
    /// By the places of their flows.
    speeches: Vec<Option<Box<Speech>>>,
    datagrams: Datagrams,
}

impl Eye {
    /// One that has seen nothing.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let (splitter, parts) = Self::apart(config);
        Self { splitter, parts }
    }

    /// Its parts, for several threads: the splitter says which of the [`SHARDS`] parts a packet
    /// belongs to.
    #[must_use]
    pub fn apart(config: &Config) -> (Splitter, Vec<Part>) {
        let part = |_| Part { shard: Shard::new(config), listener: Listener::default() };
        (Splitter::new(config), (0..SHARDS).map(part).collect())
    }

    /// What went through, and what was given up.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.parts.iter().fold(self.splitter.counts(), |sum, part| sum.and(part.counts()))
    }

    /// Takes in a packet, and gives the facts that it completes to `out`.
    #[inline]
    pub fn packet(&mut self, record: &Record<'_>, out: &mut impl FnMut(Sight)) {
        // It is large, and stays where it was made.
        let packet = self.splitter.packet(record);
        if let Some(packet) = &packet
            && let Some(part) = self.parts.get_mut(packet.shard())
        {
            part.packet(packet, out);
        }
    }

    /// Says how late it is where no packet does; ends some of those that are silent for too long.
    pub fn pass(&mut self, now_ns: u64, out: &mut impl FnMut(Sight)) {
        for Part { shard, listener } in &mut self.parts {
            shard.pass(now_ns, &mut |event| listener.event(&event, out));
        }
    }

    /// Ends all flows: nothing more is read. They end in the order in which they began.
    pub fn stop(&mut self, out: &mut impl FnMut(Sight)) {
        let mut all = Vec::new();
        for (number, part) in self.parts.iter().enumerate() {
            all.extend(part.shard.flows().map(|(began, place)| (began, number, place)));
        }
        all.sort_unstable();
        for (_, number, place) in all {
            if let Some(Part { shard, listener }) = self.parts.get_mut(number) {
                shard.end(place, End::Stopped, &mut |event| listener.event(&event, out));
            }
        }
    }
}

impl Part {
    /// What became of its packets, without their number.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let given_up_datagrams = self.listener.datagrams.given_up();
        Counts { given_up_datagrams, ..self.shard.counts() }
    }

    /// Takes in a packet that is of this part, and gives the facts that it completes to `out`.
    #[inline]
    pub fn packet(&mut self, packet: &Packet<'_>, out: &mut impl FnMut(Sight)) {
        let Self { shard, listener } = self;
        shard.packet(packet, &mut |event| listener.event(&event, out));
    }

    /// Ends all flows in the order in which they began, and tells the first packet of each.
    pub fn stop(&mut self, out: &mut impl FnMut(u64, Sight)) {
        let Self { shard, listener } = self;
        shard.stop(&mut |event| {
            let began = match &event {
                Event::Bytes { flow, .. } | Event::Window { flow, .. } => flow.id,
                Event::Ended { flow, .. } => flow.id,
                Event::Opening { .. } | Event::Datagram { .. } => 0,
            };
            listener.event(&event, &mut |sight| out(began, sight))
        });
    }
}

impl Listener {
    /// Takes what a tracker tells, and gives facts to `out`.
    fn event(&mut self, event: &Event<'_>, out: &mut impl FnMut(Sight)) -> Wants {
        match *event {
            Event::Opening { from, to, opening, attempt, since_ns } => {
                out(summary::opening(from, to, opening, attempt, since_ns));
                Wants::More
            }
            Event::Bytes { flow, side, bytes, at } => {
                let place = flow.place as usize;
                if self.speeches.len() <= place {
                    self.speeches.resize_with(place + 1, || None);
                }
                let Some(place) = self.speeches.get_mut(place) else { return Wants::Enough };
                let speech = place.get_or_insert_default();
                let wants = speech.read(flow, side, bytes, at, out);
                if speech.is_done() && !speech.is_turned() {
                    *place = None;
                }
                wants
            }
            Event::Datagram { from, to, bytes, at } => {
                self.datagrams.read(from, to, bytes, at, out);
                Wants::More
            }
            Event::Window { flow, window, at } => {
                let speech = self.speeches.get(flow.place as usize).and_then(Option::as_deref);
                let turned = speech.map(Speech::orientation);
                out(summary::window(flow, turned.unwrap_or_default(), window, at));
                Wants::More
            }
            Event::Ended { flow, why } => {
                let speech = self.speeches.get_mut(flow.place as usize).and_then(Option::take);
                let turned = speech.map(|speech| speech.orientation());
                out(summary::flow(flow, turned.unwrap_or_default(), why));
                Wants::More
            }
        }
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
            mark: isn.map_or(Mark::Instant(flow.began.at_ns), Mark::Sequence),
            first_frames: [None; 2],
            is_answered: flow.is_answered && self == Self::AsSeen,
            fact,
        }
    }
}

#[cfg(test)]
mod tests;
