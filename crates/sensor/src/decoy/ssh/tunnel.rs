//! A connection that a client makes through its own to the same server: it is answered as any other,
//! and nobody gets in that way.
//!
//! **Invariant:** it cannot make another one; what is tried in it is a fact of the outer connection.

use crate::decoy::ssh::SshTiming;
use crate::decoy::ssh::network::OPEN_FAILED;
use crate::decoy::ssh::random::{dice, draw};
use crate::decoy::ssh::voice::Voice;
use decnet_core::dialogue::ssh::happening::{Connected, Method, Stream, Verdict, What};
use decnet_core::dialogue::ssh::{Config, Server};
use decnet_core::event::{PeerFact, Timestamp};
use std::sync::Arc;

/// The server at the other end of a channel.
#[derive(Debug)]
pub(super) struct Tunnel {
    server: Server,
    /// The client sends no more.
    has_ended: bool,
}

/// Whether it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Going {
    On,
    Over,
}

impl Tunnel {
    pub(super) fn new(config: &Arc<Config>, at: Timestamp) -> Self {
        Self { server: Server::new(Arc::clone(config), at), has_ended: false }
    }

    /// Bytes of the client.
    pub(super) fn receive(&mut self, at: Timestamp, bytes: &[u8]) {
        self.server.receive(at, bytes, &mut dice);
    }

    /// No more of them will come.
    pub(super) fn end(&mut self) {
        self.has_ended = true;
    }

    /// When there is something to do without the client.
    pub(super) fn wake_at(&self) -> Option<Timestamp> {
        self.server.wake_at()
    }

    /// Does what can be done, and says it in the channel of the outer server.
    pub(super) fn advance(
        &mut self,
        now: Timestamp,
        (outer, channel): (&mut Server, u32),
        timing: &SshTiming,
        voice: &mut Voice,
    ) -> Going {
        self.server.wake(now, &mut dice);
        let mut going = Going::On;
        while let Some(happening) = self.server.happening() {
            match happening.what {
                What::Peer(fact @ (PeerFact::AuthAttempt { .. } | PeerFact::KeyOffered { .. })) => {
                    voice.peer(happening.at, fact);
                }
                What::Login(login) => {
                    let delay = match login.method {
                        Method::None => draw(&(0..=0)),
                        Method::Password(password) if !password.is_empty() => {
                            draw(&timing.refuse_ms)
                        }
                        Method::Password(_) | Method::Key { .. } | Method::Other => {
                            draw(&timing.refuse_key_ms)
                        }
                    };
                    let wait = i64::try_from(delay.as_nanos()).unwrap_or(i64::MAX);
                    let ready = Timestamp(happening.at.0.saturating_add(wait));
                    self.server.decide(Verdict::Refused, ready, &mut dice);
                }
                What::Connect { channel, .. } => {
                    let refused = Connected::Refused { reason: 2, words: OPEN_FAILED };
                    self.server.connect(channel, &refused, &mut dice);
                }
                What::Over(_) => going = Going::Over,
                What::Peer(_)
                | What::LoggedIn
                | What::Opened { .. }
                | What::Session { .. }
                | What::Signal { .. }
                | What::Data { .. }
                | What::Eof { .. }
                | What::HungUp { .. }
                | What::Closed { .. } => {}
            }
        }
        let said = self.server.output().len().min(outer.room(channel));
        let bytes = self.server.output().get(..said).unwrap_or_default().to_vec();
        if !bytes.is_empty() {
            outer.write(channel, Stream::Output, &bytes, &mut dice);
            self.server.written(said, &mut dice);
        }
        if self.has_ended { Going::Over } else { going }
    }
}
