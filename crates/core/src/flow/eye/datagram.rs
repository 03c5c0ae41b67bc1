//! Handshakes over UDP: QUIC and DTLS.
//!
//! **Invariant:** at most its part of [`DATAGRAM_HANDSHAKES`] at once; of more, the one that began first is
//! given up and counted.

use std::collections::{BTreeMap, VecDeque};

use super::{Mark, Sight};
use crate::event::wire::{Carrier, TlsCertificates, TlsMessage};
use crate::event::{PeerFact, Service, Side};
use crate::flow::tcp::{Endpoint, Moment};
use crate::flow::tracker::SHARDS;
use crate::limits::DATAGRAM_HANDSHAKES;
use crate::octets::Binary;
use crate::wire::quic;
use crate::wire::tls::{self, dtls, hello};

/// A shard's part of them.
const OPEN: usize = DATAGRAM_HANDSHAKES / SHARDS;

/// Who asked, and who was asked.
type Ends = (Endpoint, Endpoint);

#[derive(Debug, Default)]
pub(super) struct Datagrams {
    open: BTreeMap<Ends, Handshake>,
    /// In the order in which they began.
    order: VecDeque<(Ends, u64)>,
    serial: u64,
    given_up: u64,
}

#[derive(Debug)]
struct Handshake {
    serial: u64,
    began_ns: u64,
    protocol: Protocol,
}

#[derive(Debug)]
enum Protocol {
    Quic(Box<quic::Opening>),
    Dtls(Box<[dtls::Assembler; 2]>),
}

impl Datagrams {
    pub(super) fn given_up(&self) -> u64 {
        self.given_up
    }

    pub(super) fn read(
        &mut self,
        from: Endpoint,
        to: Endpoint,
        bytes: &[u8],
        at: Moment,
        out: &mut impl FnMut(Sight),
    ) {
        // Nearly all datagrams are neither, and one byte tells.
        let carrier = match bytes.first() {
            Some(0x80..) if quic::packet(bytes).is_ok_and(|found| found.is_some()) => Carrier::Quic,
            Some(&tls::HANDSHAKE) if dtls::record(bytes).is_ok_and(|found| found.is_some()) => {
                Carrier::Dtls
            }
            _ => return,
        };
        let (ends, side) = match self.open.contains_key(&(to, from)) {
            true => ((to, from), Side::Server),
            false => ((from, to), Side::Client),
        };
        if !self.open.get(&ends).is_some_and(|found| found.protocol.carrier() == carrier) {
            self.begin(ends, carrier, at);
        }
        let Some(handshake) = self.open.get_mut(&ends) else { return };
        let mark = Mark::Instant(handshake.began_ns);
        let mut is_over = false;
        for (kind, body) in handshake.protocol.messages(side, bytes) {
            let Some(fact) = fact(carrier, side, kind, &body) else { continue };
            // An answer that asks for another hello is not the last.
            is_over |= matches!(&fact, PeerFact::TlsServerHello(message)
                if !hello::server_hello(&message.body.0).is_ok_and(|found| found.is_retry()))
                && carrier == Carrier::Quic;
            let (client, server) = ends;
            out(Sight {
                at,
                transport: Service::Udp,
                client,
                server,
                mark,
                first_frames: [None; 2],
                is_answered: false,
                fact,
            });
        }
        if is_over {
            self.open.remove(&ends);
        }
    }

    fn begin(&mut self, ends: Ends, carrier: Carrier, at: Moment) {
        self.serial += 1;
        let protocol = match carrier {
            Carrier::Quic => Protocol::Quic(Box::default()),
            Carrier::Tcp | Carrier::Dtls => Protocol::Dtls(Box::default()),
        };
        let handshake = Handshake { serial: self.serial, began_ns: at.at_ns, protocol };
        self.open.insert(ends, handshake);
        self.order.push_back((ends, self.serial));
        // What ended by itself leaves its place in the order.
        while self.open.len() > OPEN || self.order.len() > 4 * OPEN {
            let Some((oldest, serial)) = self.order.pop_front() else { break };
            if self.open.get(&oldest).is_some_and(|found| found.serial == serial) {
                self.open.remove(&oldest);
                self.given_up += 1;
            }
        }
    }
}

impl Protocol {
    fn carrier(&self) -> Carrier {
        match self {
            Self::Quic(_) => Carrier::Quic,
            Self::Dtls(_) => Carrier::Dtls,
        }
    }

    /// Types and bodies of the messages that a datagram completes.
    fn messages(&mut self, side: Side, bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
        let mut found = Vec::new();
        match self {
            Self::Quic(opening) => {
                let sender = match side {
                    Side::Client => quic::Sender::Client,
                    Side::Server => quic::Sender::Server,
                };
                let _ = opening.read(sender, bytes);
                while let Ok(Some(message)) = opening.message(sender) {
                    found.push((message.kind, message.body.into_owned()));
                }
            }
            Self::Dtls(assemblers) => {
                let [client, server] = assemblers.as_mut();
                let assembler = match side {
                    Side::Client => client,
                    Side::Server => server,
                };
                let messages = assembler.read(bytes).unwrap_or_default();
                found.extend(messages.into_iter().map(|message| (message.kind, message.body)));
            }
        }
        found
    }
}

/// The fact that a handshake message is, if it is one that we know.
pub(super) fn fact(carrier: Carrier, side: Side, kind: u8, body: &[u8]) -> Option<PeerFact> {
    let transport = carrier.transport();
    let message = || TlsMessage { carrier, body: Binary(body.to_vec()) };
    match kind {
        tls::CLIENT_HELLO if hello::client_hello(body, transport).is_ok() => {
            Some(PeerFact::TlsClientHello(message()))
        }
        tls::SERVER_HELLO if hello::server_hello(body).is_ok() => {
            Some(PeerFact::TlsServerHello(message()))
        }
        tls::CERTIFICATE => {
            let chain = tls::certificates(body).ok()?.map(|der| Binary(der.to_vec())).collect();
            Some(PeerFact::TlsCertificates(TlsCertificates { side, carrier, chain }))
        }
        _ => None,
    }
}
