//! What holds whatever a client says.
//!
//! **Invariant:** knows only what both sides said, and nothing of the server's state.

use std::collections::{BTreeMap, BTreeSet};

use super::client::{AT, Client, dice};
use crate::dialogue::ssh::Server;
use crate::dialogue::ssh::happening::{Connected, Stream, What};
use crate::dialogue::ssh::message::{
    CHANNEL_DATA, CHANNEL_EXTENDED_DATA, CHANNEL_OPEN, CHANNEL_OPEN_CONFIRMATION,
    CHANNEL_WINDOW_ADJUST, Fields,
};
use crate::dialogue::ssh::packet::opener::PACKET_MAX;
use crate::event::SessionFact;
use crate::limits::{SSH_CHANNEL_UNSENT_BYTES, SSH_HELD_BYTES, SSH_UNSENT_BYTES};

pub(super) const OUTPUT: Stream = Stream::Output;
pub(super) const ERROR: Stream = Stream::Error;

/// What was said so far.
#[derive(Debug, Default)]
pub(super) struct Laws {
    opened: BTreeSet<u32>,
    asked: BTreeSet<u32>,
    closed: BTreeSet<u32>,
    is_over: bool,
    /// By the client's numbers: what it allows in all, and what it was sent.
    allowed: BTreeMap<u32, u64>,
    largest: BTreeMap<u32, u32>,
    sent: BTreeMap<u32, u64>,
    /// The client's number of the server's.
    names: BTreeMap<u32, u32>,
}

impl Laws {
    /// What a client is about to send.
    pub(super) fn sends(&mut self, payload: &[u8]) {
        let Some((&number, body)) = payload.split_first() else { return };
        let mut fields = Fields::new(body);
        let mut number_of = || fields.u32().unwrap_or_default();
        match number {
            CHANNEL_OPEN => {
                let _ = fields.string();
                let mut number_of = || fields.u32().unwrap_or_default();
                let (name, window, packet) = (number_of(), number_of(), number_of());
                self.allow(name, window, packet);
            }
            CHANNEL_OPEN_CONFIRMATION => {
                let (id, name) = (number_of(), number_of());
                let (window, packet) = (number_of(), number_of());
                self.names.insert(id, name);
                self.allow(name, window, packet);
            }
            CHANNEL_WINDOW_ADJUST => {
                let (id, grown) = (number_of(), number_of());
                if let Some(name) = self.names.get(&id) {
                    *self.allowed.entry(*name).or_default() += u64::from(grown);
                }
            }
            _ => {}
        }
    }

    fn allow(&mut self, name: u32, window: u32, packet: u32) {
        *self.allowed.entry(name).or_default() += u64::from(window);
        let largest = self.largest.entry(name).or_default();
        *largest = packet.max(*largest);
    }

    /// What the server has said, and what happened: the driver does what it has to.
    pub(super) fn settle(&mut self, client: &mut Client) {
        loop {
            client.hear();
            for payload in client.heard() {
                self.hears(&payload);
            }
            let Some(happening) = client.server.happening() else { break };
            self.happened(&happening.what);
            let server = &mut client.server;
            match happening.what {
                What::Connect { channel, host, .. } => {
                    let is_there = host.first() == Some(&b'o');
                    let refused = Connected::Refused { reason: 2, words: "no" };
                    let connected = if is_there { Connected::Open } else { refused };
                    server.connect(channel, &connected, &mut dice);
                }
                What::Session { channel, fact: SessionFact::ProgramStarted { .. } } => {
                    let count = server.room(channel).min(100);
                    server.write(channel, OUTPUT, &vec![b'x'; count], &mut dice);
                }
                What::Data { channel, bytes } => {
                    server.consumed(channel, bytes.len() / 2, &mut dice);
                }
                What::HungUp { channel } => server.close(channel, &mut dice),
                What::Peer(_)
                | What::Login(_)
                | What::LoggedIn
                | What::Opened { .. }
                | What::Session { .. }
                | What::Signal { .. }
                | What::Eof { .. }
                | What::Closed { .. }
                | What::Over(_) => {}
            }
        }
    }

    /// The connection is over, and every channel with it.
    pub(super) fn end(&mut self, client: &mut Client) {
        client.server.end(AT);
        self.settle(client);
        assert!(self.opened.is_subset(&self.closed), "a channel is never closed");
    }

    fn hears(&mut self, payload: &[u8]) {
        let Some((&number, body)) = payload.split_first() else { return };
        let mut fields = Fields::new(body);
        let Ok(name) = fields.u32() else { return };
        match number {
            CHANNEL_OPEN_CONFIRMATION => {
                if let Ok(id) = fields.u32() {
                    self.names.insert(id, name);
                }
            }
            CHANNEL_DATA | CHANNEL_EXTENDED_DATA => {
                if number == CHANNEL_EXTENDED_DATA {
                    let _ = fields.u32();
                }
                let count = fields.string().unwrap_or_default().len();
                let sent = self.sent.entry(name).or_default();
                *sent += count as u64;
                let allowed = self.allowed.get(&name).copied().unwrap_or_default();
                assert!(*sent <= allowed, "more than the client's window");
                let largest = self.largest.get(&name).copied().unwrap_or_default();
                assert!(count as u64 <= u64::from(largest), "more than the client takes at once");
                assert!(count > 0, "a message of nothing");
            }
            _ => {}
        }
    }

    /// One thing that happened.
    pub(super) fn happened(&mut self, what: &What) {
        assert!(!self.is_over, "{what:?} behind the end");
        match what {
            What::Opened { channel } => {
                assert!(self.opened.insert(*channel), "a channel is opened twice");
            }
            What::Connect { channel, .. } => {
                assert!(self.asked.insert(*channel), "a channel is asked for twice");
            }
            What::Closed { channel } => {
                let is_known = self.opened.contains(channel) || self.asked.contains(channel);
                assert!(is_known, "a channel is closed that was not there");
                assert!(self.closed.insert(*channel), "a channel is closed twice");
            }
            What::Session { channel, .. } | What::Signal { channel, .. } => {
                let is_there = self.opened.contains(channel) && !self.closed.contains(channel);
                assert!(is_there, "a fact of no session");
            }
            What::Data { channel, bytes } => {
                assert!(!self.closed.contains(channel), "data of a closed channel");
                assert!(bytes.len() <= PACKET_MAX, "more than a packet");
            }
            What::Over(_) => self.is_over = true,
            What::Peer(_)
            | What::Login(_)
            | What::LoggedIn
            | What::Eof { .. }
            | What::HungUp { .. } => {}
        }
    }

    /// What waits in a server has its caps.
    pub(super) fn memory(&self, server: &Server) {
        let (input, output) = server.waiting();
        assert!(input <= PACKET_MAX + (128 << 10), "{input} bytes of input wait");
        assert!(output <= UNSENT_MOST, "{output} bytes of output wait");
    }
}

/// A cap, what was held, and a reply to the longest packet; a channel's own have caps too.
const UNSENT_MOST: usize =
    SSH_UNSENT_BYTES + 2 * SSH_HELD_BYTES + SSH_CHANNEL_UNSENT_BYTES + 4 * PACKET_MAX;
