//! The server's side of one connection: bytes in, packets, happenings and bytes out.
//!
//! **Invariant:** where packets are cut into reads changes nothing but how much is shown of a packet
//! that is none; after [`What::Over`] nothing is read, and what was to be said is in the output.

use std::collections::VecDeque;
use std::sync::Arc;

use super::agent::Agent;
use super::auth::Auth;
use super::connection::Connection;
use super::exchanging::Exchanging;
use super::habits::Habits;
use super::happening::{Connected, Ending, Happening, Stream, Verdict, What};
use super::kex::hostkey::HostKey;
use super::message::{Malformed, NEWKEYS};
use super::outgoing::Outgoing;
use super::packet::keys::Keys;
use super::packet::opener::{Opener, PACKET_MAX};
use super::packet::sealer::{Random, Sealer, Sequence};
use super::release::Release;
use super::traffic::Traffic;
use crate::event::{Anomaly, PeerFact, Timestamp};
use crate::limits::{SSH_IDENT_BYTES, SSH_UNSENT_BYTES};

/// What all connections of a decoy share.
#[derive(Debug)]
pub struct Config {
    /// The identification line without its ending.
    pub line: String,
    /// What is announced.
    pub release: &'static Release,
    /// The host keys, in the order in which sshd names them.
    pub host_keys: Vec<HostKey>,
    /// Failed tries to log in after which a connection ends (OpenSSH's `MaxAuthTries`).
    pub auth_tries: u32,
    /// The port that sshd believes to listen on.
    pub port: u16,
}

/// How the driver is to read from the socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// Look at what is there without taking it, give it to [`Server::hear`], and take what that
    /// says: sshd reads the identification byte by byte, and what follows stays in the socket.
    Peek,
    /// Up to so many bytes, for [`Server::receive`].
    Take(usize),
    /// Nothing for now.
    Rest,
}

/// A connection.
#[derive(Debug)]
pub struct Server {
    opener: Opener,
    /// What has come and is no whole packet yet.
    input: Vec<u8>,
    core: Core,
}

/// All but the way in, so that a packet can be looked at where it lies.
#[derive(Debug)]
pub(super) struct Core {
    pub(super) config: Arc<Config>,
    pub(super) out: Outgoing,
    pub(super) exchanging: Exchanging,
    pub(super) habits: Habits,
    pub(super) auth: Auth,
    pub(super) connection: Connection,
    pub(super) agent: Agent,
    pub(super) traffic: Traffic,
    pub(super) begin: Timestamp,
    /// Of what is being handled.
    pub(super) at: Timestamp,
    pub(super) stage: Stage,
    /// The last line of the output has no ending yet.
    pub(super) has_unended_line: bool,
    pub(super) happenings: VecDeque<Happening>,
}

/// How far a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Before the client's identification line.
    Ident,
    /// Before the first keys.
    FirstKeys,
    /// Before a login.
    Authentication,
    /// Behind it.
    Connection,
    /// Over.
    Over,
}

/// Why a connection ends, as handlers say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// sshd says nothing; the text is for the anomaly.
    Silent(&'static str),
    /// sshd says this in a DISCONNECT.
    Words(Vec<u8>),
    /// The client ended it.
    Peer,
    /// A limit of ours, with sshd's words where it has the same.
    Limit(&'static str),
}

impl End {
    pub(super) fn words(text: impl Into<Vec<u8>>) -> Self {
        Self::Words(text.into())
    }
}

impl From<Malformed> for End {
    fn from(_: Malformed) -> Self {
        Self::Silent("a message that cannot be read")
    }
}

/// What a message does to the way in.
pub(super) enum Effect {
    Nothing,
    /// From the next packet on.
    Keys(Box<Keys>, Sequence),
}

pub(super) type Handled<T = ()> = Result<T, End>;

impl Server {
    /// A connection that was accepted at `begin`. The driver writes [`Server::output`] from now on:
    /// the identification line is in it.
    #[must_use]
    pub fn new(config: Arc<Config>, begin: Timestamp) -> Self {
        let mut out = Outgoing::default();
        out.sealer = Sealer::new().padded(config.release.padding);
        out.bytes.extend_from_slice(config.line.as_bytes());
        out.bytes.extend_from_slice(b"\r\n");
        let core = Core {
            config,
            out,
            exchanging: Exchanging::default(),
            habits: Habits::default(),
            auth: Auth::default(),
            connection: Connection::default(),
            agent: Agent::default(),
            traffic: Traffic::new(begin),
            begin,
            at: begin,
            stage: Stage::Ident,
            has_unended_line: false,
            happenings: VecDeque::new(),
        };
        Self { opener: Opener::new(), input: Vec::new(), core }
    }

    /// How the driver is to go on reading.
    #[must_use]
    pub fn reading(&self) -> Reading {
        if self.core.is_waiting() || self.core.out.bytes.len() >= SSH_UNSENT_BYTES {
            return Reading::Rest;
        }
        match self.core.stage {
            Stage::Ident => Reading::Peek,
            Stage::FirstKeys | Stage::Authentication => Reading::Take(EARLY_READ_BYTES),
            Stage::Connection => Reading::Take(READ_BYTES),
            Stage::Over => Reading::Rest,
        }
    }

    /// Whether somebody is logged in.
    #[must_use]
    pub fn is_logged_in(&self) -> bool {
        self.core.stage == Stage::Connection
    }

    /// Whether the connection is over, and only the output is left to be written.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.core.stage == Stage::Over
    }

    /// Takes what it wants of the identification line from `bytes`, which stand at the beginning of
    /// what has not been read; how many that were.
    pub fn hear(&mut self, at: Timestamp, bytes: &[u8], random: &mut Random<'_>) -> usize {
        self.core.at = at;
        for (before, &byte) in bytes.iter().enumerate() {
            if self.core.stage != Stage::Ident {
                return before;
            }
            let after_return = self.input.last() == Some(&b'\r');
            self.input.push(byte);
            // Carriage returns are no part of a line's length, and are counted on their own: looking
            // at the whole line with each of them would cost its square.
            let longest = if byte == b'\r' { 2 * SSH_IDENT_BYTES + 1 } else { SSH_IDENT_BYTES };
            let decides = byte == b'\n'
                || byte == 0
                || (after_return && byte != b'\r')
                || self.input.len() > longest;
            if decides {
                self.core.identify(&mut self.input, random);
            }
        }
        bytes.len()
    }

    /// Takes bytes that were read.
    pub fn receive(&mut self, at: Timestamp, bytes: &[u8], random: &mut Random<'_>) {
        let heard = if self.core.stage == Stage::Ident { self.hear(at, bytes, random) } else { 0 };
        if self.core.stage == Stage::Over {
            return;
        }
        self.core.at = at;
        self.input.extend_from_slice(bytes.get(heard..).unwrap_or_default());
        self.go_on(random);
    }

    /// What is to be written behind the output where nothing of the client is left unread. sshd ends
    /// its last line in a write of its own, which a reset overtakes.
    #[must_use]
    pub fn line_ending(&self) -> &'static [u8] {
        if self.core.has_unended_line { b"\r\n" } else { b"" }
    }

    /// The client closed its side, or is gone: a line that it left unfinished is told.
    pub fn cut(&mut self, at: Timestamp) {
        self.core.at = at;
        if self.core.stage == Stage::Ident {
            let detail = self.input.clone();
            self.core.anomaly(Anomaly::SshIdentCut, &detail);
        }
    }

    /// The connection is over, and every channel with it.
    pub fn end(&mut self, at: Timestamp) {
        self.core.at = at;
        self.core.close_all();
    }

    /// What became of a try to log in, to be told at `ready` and not before: sshd takes its time.
    pub fn decide(&mut self, verdict: Verdict, ready: Timestamp, random: &mut Random<'_>) {
        self.core.decided(verdict, ready);
        let at = self.core.at;
        self.wake(at, random);
    }

    /// When to call [`Server::wake`].
    #[must_use]
    pub fn wake_at(&self) -> Option<Timestamp> {
        self.core.auth.ready()
    }

    /// Does what had to wait until now.
    pub fn wake(&mut self, at: Timestamp, random: &mut Random<'_>) {
        if self.core.auth.ready().is_none_or(|ready| ready > at) {
            return;
        }
        self.core.at = at;
        match self.core.answer_login(random) {
            Ok(Verdict::Accepted) => {
                self.opener.authenticated();
                self.core.out.sealer.authenticated();
                self.core.out.renews = !self.core.habits.no_rekey;
                self.core.stage = Stage::Connection;
                self.core.say(What::LoggedIn);
                self.core.tell_host_keys(random);
            }
            Ok(Verdict::Refused) => {}
            Err(end) => self.core.finish(end, random),
        }
        self.go_on(random);
    }

    /// Asks the client's agent for the keys that it has, as a program in a session would.
    pub fn list_agent(&mut self, random: &mut Random<'_>) {
        // The end may have come behind what made the driver ask.
        if self.core.stage == Stage::Connection {
            self.core.open_agent(random);
        }
    }

    /// What became of [`What::Connect`].
    pub fn connect(&mut self, channel: u32, connected: &Connected, random: &mut Random<'_>) {
        self.core.connected(channel, connected, random);
        self.go_on(random);
    }

    /// How many bytes a channel takes now from what runs in it.
    #[must_use]
    pub fn room(&self, channel: u32) -> usize {
        self.core.connection.room(channel)
    }

    /// Whether nothing of a channel waits to be sent.
    #[must_use]
    pub fn is_drained(&self, channel: u32) -> bool {
        self.core.connection.is_drained(channel)
    }

    /// Bytes of what runs in a channel; they wait until the client takes them.
    pub fn write(&mut self, channel: u32, stream: Stream, bytes: &[u8], random: &mut Random<'_>) {
        self.core.connection.write(channel, stream, bytes);
        self.pump(random);
    }

    /// What runs in a channel has taken so many bytes of the client's.
    pub fn consumed(&mut self, channel: u32, bytes: usize, random: &mut Random<'_>) {
        self.core.consumed(channel, bytes);
        self.pump(random);
    }

    /// What runs in a channel has ended with this status, after what it wrote.
    pub fn exit(&mut self, channel: u32, status: u32, random: &mut Random<'_>) {
        self.core.connection.exit(channel, status);
        self.pump(random);
    }

    /// A signal, by its number on Linux, has ended what runs in a channel, after what it wrote.
    pub fn killed(&mut self, channel: u32, signal: u32, random: &mut Random<'_>) {
        self.core.connection.killed(channel, signal);
        self.pump(random);
    }

    /// Closes a channel whose other side the driver speaks for, after what it wrote.
    pub fn close(&mut self, channel: u32, random: &mut Random<'_>) {
        self.core.connection.hang_up(channel);
        self.pump(random);
    }

    /// What is to be written; the driver says with [`Server::written`] what it has.
    #[must_use]
    pub fn output(&self) -> &[u8] {
        &self.core.out.bytes
    }

    /// The first `count` bytes of the output are written.
    pub fn written(&mut self, count: usize, random: &mut Random<'_>) {
        let bytes = &mut self.core.out.bytes;
        if count >= bytes.len() {
            bytes.clear();
            bytes.shrink_to(KEPT_BYTES);
        } else {
            bytes.drain(..count);
        }
        self.pump(random);
        if !self.input.is_empty() {
            self.go_on(random);
        }
    }

    /// The next thing that happened.
    pub fn happening(&mut self) -> Option<Happening> {
        let next = self.core.happenings.pop_front();
        if self.core.happenings.is_empty() {
            self.core.happenings.shrink_to(0);
        }
        next
    }

    /// What came in all, to be told once at the end; nothing where no packet came.
    #[must_use]
    pub fn summary(&self) -> Option<PeerFact> {
        self.core.traffic.fact()
    }

    /// Bytes that wait to be a packet, and bytes that wait to be written.
    pub(super) fn waiting(&self) -> (usize, usize) {
        (self.input.len(), self.core.out.bytes.len())
    }

    /// As if as much had passed under these keys as may.
    pub(super) fn wear_out(&mut self) {
        self.opener.wear_out();
        self.core.out.sealer.wear_out();
    }

    /// Packets that are whole are opened and handled, in their order.
    fn go_on(&mut self, random: &mut Random<'_>) {
        let mut used = 0;
        while !matches!(self.core.stage, Stage::Ident | Stage::Over)
            && !self.core.is_waiting()
            && self.core.out.bytes.len() < SSH_UNSENT_BYTES
        {
            // When sshd ends without a word, what it has just made is never sent.
            let mark = self.core.out.bytes.len();
            let rest = self.input.get_mut(used..).unwrap_or_default();
            let packet = match self.opener.open(rest) {
                Ok(Some(packet)) => packet,
                Ok(None) => break,
                Err(refusal) => {
                    let shown = self.input.get(used..).unwrap_or_default();
                    let shown = shown.get(..SHOWN_BYTES).unwrap_or(shown);
                    let detail = [refusal.to_string().as_bytes(), b": ", shown].concat();
                    // Behind the exchange they are keys' work, and say nothing.
                    if self.core.stage == Stage::FirstKeys && self.core.exchanging.waits_for_offer()
                    {
                        self.core.anomaly(Anomaly::SshKexInitMalformed, &detail);
                    } else {
                        let detail = refusal.to_string();
                        self.core.anomaly(Anomaly::SshProtocolError, detail.as_bytes());
                    }
                    match refusal.farewell() {
                        Some(words) => self.core.out.farewell(words.as_bytes(), random),
                        None => self.core.out.bytes.truncate(mark),
                    }
                    self.core.over(Ending::Protocol);
                    break;
                }
            };
            used += packet.used;
            self.core.traffic.packet(self.core.at, packet.used);
            let is_new_keys = packet.payload.first() == Some(&NEWKEYS);
            match self.core.message(packet.sequence, packet.payload, random) {
                // As sshd does it: also for one that means nothing.
                Ok(Effect::Nothing) if is_new_keys && self.core.exchanging.restarts() => {
                    self.opener.restart();
                }
                Ok(Effect::Nothing) => {}
                Ok(Effect::Keys(keys, sequence)) => self.opener.install(*keys, sequence),
                Err(end) => {
                    if matches!(end, End::Silent(_)) {
                        self.core.out.bytes.truncate(mark);
                    }
                    self.core.finish(end, random);
                }
            }
            let is_worn_out = self.core.out.renews && self.opener.is_exhausted();
            if self.core.stage == Stage::Connection && (is_worn_out || self.core.out.is_worn_out())
            {
                self.core.exchange_again(random);
            }
        }
        if used >= self.input.len() {
            self.input.clear();
            self.input.shrink_to(KEPT_BYTES);
        } else if used > 0 {
            self.input.drain(..used);
        }
        debug_assert!(
            self.input.len() <= PACKET_MAX + READ_BYTES || self.core.is_waiting(),
            "what waits is at most a packet and a read"
        );
        self.pump(random);
    }

    fn pump(&mut self, random: &mut Random<'_>) {
        if self.core.stage == Stage::Connection {
            self.core.pump(random);
            if self.core.out.is_worn_out() {
                self.core.exchange_again(random);
            }
        }
    }
}

/// What sshd reads at once before a login.
const EARLY_READ_BYTES: usize = 8_192;
/// And behind it: half of what OpenSSH reads, which is no less fast.
const READ_BYTES: usize = 128 << 10;
/// What of a buffer's memory stays while nothing is in it.
const KEPT_BYTES: usize = 128;
/// What is shown of a packet that is none.
const SHOWN_BYTES: usize = 128;
