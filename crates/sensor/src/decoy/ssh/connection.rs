//! One connection: a task that owns its socket, its dialogue and its sessions.
//!
//! **Invariant:** whatever ends a connection, its sessions are closed by facts first, and
//! `ConnectionClosed` is the last of its facts. Every wait has an end.

use crate::clock::Clock;
use crate::decoy::ssh::SshSettings;
use crate::decoy::ssh::auth::AuthMemory;
use crate::decoy::ssh::disks::{Disks, OpenDisk};
use crate::decoy::ssh::line::{Line, Read};
use crate::decoy::ssh::network::{CONNECTION_REFUSED, reach};
use crate::decoy::ssh::random::{dice, draw};
use crate::decoy::ssh::session::{Scene, Session};
use crate::decoy::ssh::tunnel::{Going, Tunnel};
use crate::decoy::ssh::voice::Voice;
use crate::decoy::{DecoyCounters, count};
use crate::emit::Emitter;
use crate::recording::Recordings;
use decnet_core::dialogue::ssh::happening::{Connected, Ending, Login, Method, Verdict, What};
use decnet_core::dialogue::ssh::{Config, Reading, Server};
use decnet_core::event::{
    Anomaly, Answer, AuthOutcome, CloseCause, PeerFact, SessionFact, Timestamp,
};
use decnet_core::limits::{
    SSH_TUNNELS, SSH_WAITING_ALL_BYTES, SSH_WAITING_BYTES, SSH_WAITING_PAUSE_BYTES, USER_BYTES,
};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;
use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::Instant;

/// What a listener gives to each of its connections.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) settings: Arc<SshSettings>,
    pub(super) config: Arc<Config>,
    pub(super) memory: Arc<AuthMemory>,
    pub(super) disks: Arc<Disks>,
    pub(super) counters: Arc<DecoyCounters>,
    pub(super) recordings: Arc<dyn Recordings>,
    pub(super) emitter: Emitter,
    /// Bytes that wait for programs, in all connections.
    pub(super) waiting: Arc<AtomicUsize>,
}

thread_local! {
    /// What is read, until it is handed on, which is before the connection waits again.
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// A connection.
pub(super) struct Connection {
    shared: Shared,
    clock: Clock,
    pub(super) voice: Voice,
    server: Server,
    line: Line,
    /// Mostly one: a map has room for eleven at once.
    sessions: BTreeMap<u32, Box<Session>>,
    /// Servers at the other end of channels.
    tunnels: BTreeMap<u32, Box<Tunnel>>,
    /// The files that sessions of the address share.
    disk: OpenDisk,
    user: Vec<u8>,
    tries: u32,
    /// Of what the sessions wait with, as counted in all connections.
    waiting: usize,
    /// Nothing is written before.
    ident_at: Timestamp,
    /// When the peer last took something of what waits for it.
    written_at: Timestamp,
    is_stalled: bool,
    agent_asked: bool,
}

impl Connection {
    pub(super) fn new(
        shared: &Shared,
        voice: Voice,
        clock: Clock,
        socket: TcpStream,
        disk: OpenDisk,
    ) -> Box<Self> {
        let begin = clock.begin();
        let ident_at = after(begin, draw(&shared.settings.timing.ident_ms));
        // It is moved from future to future, each of which would have room for it.
        Box::new(Self {
            shared: shared.clone(),
            clock,
            voice,
            server: Server::new(Arc::clone(&shared.config), begin),
            line: Line::new(socket, clock),
            sessions: BTreeMap::new(),
            tunnels: BTreeMap::new(),
            disk,
            user: Vec::new(),
            tries: 0,
            waiting: 0,
            ident_at,
            written_at: ident_at,
            is_stalled: false,
            agent_asked: false,
        })
    }

    /// Serves from accept to close.
    pub(super) async fn serve(mut self: Box<Self>, untold: u64, shutdown: watch::Receiver<bool>) {
        let at = self.clock.begin();
        self.voice.peer(at, PeerFact::ConnectionOpened {});
        if untold > 0 {
            let detail = format!("{untold} not recorded");
            self.voice.anomaly(at, Anomaly::TooManyConnections, detail.as_bytes());
        }
        self.voice.send().await;
        let cause = tokio::select! {
            cause = guarded(self.run()) => cause.unwrap_or_else(|| {
                tracing::error!("Connection failed; it is closed.");
                CloseCause::Fault
            }),
            () = stopped(shutdown) => CloseCause::Shutdown,
        };
        self.close(cause);
        self.voice.send().await;
    }

    /// The last facts: of the sessions first.
    fn close(&mut self, cause: CloseCause) {
        let now = self.clock.now();
        if matches!(cause, CloseCause::Peer | CloseCause::Lost) {
            self.server.cut(now);
        }
        self.server.end(now);
        while let Some(happening) = self.server.happening() {
            self.happened(happening.at, happening.what, cause);
        }
        let mut scene = Scene {
            voice: &mut self.voice,
            server: &mut self.server,
            recordings: &*self.shared.recordings,
            machine: &self.shared.settings.machine,
            disk: self.disk.disk(),
        };
        for (_, mut session) in std::mem::take(&mut self.sessions) {
            session.abandon(now, &mut scene);
            session.close(now, cause, scene.voice);
        }
        self.count_waiting(0);
        let (received, sent) = (self.line.received, self.line.sent);
        if let Some(summary) = self.server.summary() {
            self.voice.peer(now, summary);
        }
        self.voice.peer(now, PeerFact::ConnectionClosed { cause, received, sent });
    }

    async fn run(&mut self) -> CloseCause {
        loop {
            let now = self.clock.now();
            if let Some(cause) = self.advance(now) {
                self.voice.send().await;
                Box::pin(self.say_goodbye()).await;
                return cause;
            }
            self.voice.send().await;
            if let Some(cause) = self.expired(now) {
                return cause;
            }
            let debt = self.voice.allowance.debt();
            let reading = if debt.is_some() { Reading::Rest } else { self.reading() };
            let wants_write = !self.server.output().is_empty() && self.ident_at <= now;
            let is_busy = debt.is_none() && self.is_busy();
            let wake = if is_busy { Instant::now() } else { self.wake_at(now, debt) };
            let interest = match (reading, wants_write) {
                (Reading::Rest, true) => Interest::WRITABLE,
                (_, false) => Interest::READABLE,
                (_, true) => Interest::READABLE | Interest::WRITABLE,
            };
            let is_idle = reading == Reading::Rest && !wants_write;
            let ready = tokio::select! {
                biased;
                ready = self.line.socket.ready(interest), if !is_idle => ready,
                () = tokio::time::sleep_until(wake) => continue,
            };
            let Ok(ready) = ready else {
                self.line.is_broken = true;
                return CloseCause::Lost;
            };
            if ready.is_readable() && reading != Reading::Rest && !self.read(reading) {
                let lost = self.line.is_broken;
                Box::pin(self.say_goodbye()).await;
                return if lost { CloseCause::Lost } else { CloseCause::Peer };
            }
            if ready.is_writable() && wants_write && !self.write() {
                return CloseCause::Lost;
            }
        }
    }

    /// Writes what the socket takes; `false` where the peer is gone.
    fn write(&mut self) -> bool {
        let Some(count) = self.line.write(self.server.output()) else { return false };
        if count > 0 {
            self.written_at = self.clock.now();
            self.is_stalled = false;
            self.server.written(count, &mut dice);
        }
        true
    }

    /// Reads what the dialogue takes; `false` where the peer has closed.
    fn read(&mut self, reading: Reading) -> bool {
        BUFFER.with_borrow_mut(|buffer| {
            let (size, is_peek) = match reading {
                Reading::Peek => (IDENT_READ_BYTES, true),
                Reading::Take(size) => (size, false),
                Reading::Rest => return true,
            };
            if buffer.len() < size {
                buffer.resize(size, 0);
            }
            let buffer = buffer.get_mut(..size).unwrap_or_default();
            let read = if is_peek { self.line.peek(buffer) } else { self.line.take(buffer) };
            match read {
                Read::Nothing => true,
                Read::End => false,
                Read::Bytes(count, at) if is_peek => {
                    let seen = buffer.get(..count).unwrap_or_default();
                    let heard = self.server.hear(at, seen, &mut dice);
                    let heard = buffer.get_mut(..heard).unwrap_or_default();
                    heard.is_empty() || self.line.take(heard) != Read::End
                }
                Read::Bytes(count, at) => {
                    let bytes = buffer.get(..count).unwrap_or_default();
                    self.server.receive(at, bytes, &mut dice);
                    true
                }
            }
        })
    }

    /// How the socket is to be read: not at all while much waits for programs, unless one of them
    /// waits for the peer, whose word may be in what was not read.
    fn reading(&self) -> Reading {
        let reading = self.server.reading();
        if self.waiting < SSH_WAITING_PAUSE_BYTES {
            return reading;
        }
        let is_stuck = self.sessions.values().any(|session| !session.may_run(&self.server));
        let all = self.shared.waiting.load(Ordering::Relaxed);
        if is_stuck && all < SSH_WAITING_ALL_BYTES { reading } else { Reading::Rest }
    }

    /// Lets everything happen that can at once; the cause, where it was the last.
    fn advance(&mut self, now: Timestamp) -> Option<CloseCause> {
        self.server.wake(now, &mut dice);
        let ending = self.happen();
        if self.voice.allowance.debt().is_none() {
            let mut scene = Scene {
                voice: &mut self.voice,
                server: &mut self.server,
                recordings: &*self.shared.recordings,
                machine: &self.shared.settings.machine,
                disk: self.disk.disk(),
            };
            for session in self.sessions.values_mut() {
                session.run(now, &mut scene);
            }
        }
        self.advance_tunnels(now);
        let ending = ending.or(self.happen());
        let waiting = self.sessions.values().map(|session| session.waiting()).sum();
        self.count_waiting(waiting);
        if ending.is_none() && waiting > SSH_WAITING_BYTES {
            self.voice.anomaly(now, Anomaly::PeerNotReading, b"");
            return Some(CloseCause::Limit);
        }
        ending
    }

    /// Everything that has happened; the cause, where something was the last.
    fn happen(&mut self) -> Option<CloseCause> {
        let mut ending = None;
        while let Some(happening) = self.server.happening() {
            let over = self.happened(happening.at, happening.what, CloseCause::Peer);
            ending = ending.or(over);
        }
        ending
    }

    fn advance_tunnels(&mut self, now: Timestamp) {
        let timing = &self.shared.settings.timing;
        let (server, voice) = (&mut self.server, &mut self.voice);
        let over: Vec<u32> = self
            .tunnels
            .iter_mut()
            .filter_map(|(&channel, tunnel)| {
                let going = tunnel.advance(now, (&mut *server, channel), timing, voice);
                (going == Going::Over).then_some(channel)
            })
            .collect();
        for channel in over {
            self.tunnels.remove(&channel);
            self.server.close(channel, &mut dice);
        }
    }

    fn count_waiting(&mut self, waiting: usize) {
        self.shared.waiting.fetch_add(waiting, Ordering::Relaxed);
        self.shared.waiting.fetch_sub(self.waiting, Ordering::Relaxed);
        self.waiting = waiting;
    }

    fn is_busy(&self) -> bool {
        self.sessions.values().any(|session| session.is_busy(&self.server))
    }

    /// When there is something to do without the peer.
    fn wake_at(&self, now: Timestamp, debt: Option<Duration>) -> Instant {
        let limits = &self.shared.settings.limits;
        let mut at = if self.server.is_logged_in() {
            after(self.line.last(), limits.idle)
        } else {
            after(self.clock.begin(), limits.grace)
        };
        let server = &self.server;
        let sessions = self.sessions.values();
        let wakes = sessions.clone().filter_map(|session| session.wake_at(server));
        let wakes = wakes.filter(|_| debt.is_none());
        let limits = sessions.map(|session| session.limit);
        let rest = debt.map(|debt| after(now, debt.min(REST)));
        let ident = (self.ident_at > now).then_some(self.ident_at);
        let stall = (!server.output().is_empty() && !self.is_stalled)
            .then(|| after(self.written_at.max(self.ident_at), STALL));
        for other in wakes
            .chain(limits)
            .chain(self.tunnels.values().filter_map(|tunnel| tunnel.wake_at()))
            .chain(server.wake_at())
            .chain(rest)
            .chain(ident)
            .chain(stall.filter(|stall| *stall > now))
        {
            at = at.min(other);
        }
        self.clock.timer(at)
    }

    /// What has taken too long; the cause, where that ends the connection.
    fn expired(&mut self, now: Timestamp) -> Option<CloseCause> {
        let limits = &self.shared.settings.limits;
        if !self.server.output().is_empty()
            && !self.is_stalled
            && after(self.written_at.max(self.ident_at), STALL) <= now
        {
            self.is_stalled = true;
            self.voice.anomaly(now, Anomaly::PeerNotReading, b"");
        }
        let mut scene = Scene {
            voice: &mut self.voice,
            server: &mut self.server,
            recordings: &*self.shared.recordings,
            machine: &self.shared.settings.machine,
            disk: self.disk.disk(),
        };
        for session in self.sessions.values_mut().filter(|session| session.limit <= now) {
            session.limit = Timestamp(i64::MAX);
            session.end(CloseCause::Timeout, &mut scene);
        }
        if self.server.is_logged_in() {
            return (after(self.line.last(), limits.idle) <= now).then_some(CloseCause::Timeout);
        }
        if after(self.clock.begin(), limits.grace) > now {
            return None;
        }
        let what = match self.server.reading() {
            Reading::Peek => Anomaly::SshIdentTimeout,
            Reading::Take(_) | Reading::Rest => Anomaly::LoginTimeout,
        };
        self.voice.anomaly(now, what, b"");
        Some(CloseCause::Timeout)
    }

    /// One thing that happened; the cause, where it was the last.
    fn happened(&mut self, at: Timestamp, what: What, gone: CloseCause) -> Option<CloseCause> {
        let mut scene = Scene {
            voice: &mut self.voice,
            server: &mut self.server,
            recordings: &*self.shared.recordings,
            machine: &self.shared.settings.machine,
            disk: self.disk.disk(),
        };
        match what {
            What::Peer(fact) => self.voice.peer(at, fact),
            What::Login(login) => self.decide(at, &login),
            What::LoggedIn => count(&self.shared.counters.logins),
            What::Opened { channel } => {
                let limit = after(self.clock.now(), self.shared.settings.limits.session);
                let session = Session::open(channel, &self.user, at, limit, &mut self.voice);
                self.sessions.insert(channel, Box::new(session));
            }
            What::Session { channel, fact } => {
                let is_agent =
                    matches!(fact, SessionFact::AgentForwarding { answer: Answer::Granted });
                let is_start = matches!(fact, SessionFact::ProgramStarted { .. });
                if let Some(session) = self.sessions.get_mut(&channel) {
                    session.told(at, fact, &mut scene);
                }
                // A login script that lists the agent's keys would ask now.
                self.agent_asked |= is_agent;
                if is_start && std::mem::take(&mut self.agent_asked) {
                    self.server.list_agent(&mut dice);
                }
            }
            What::Signal { channel, name } => {
                if let Some(session) = self.sessions.get_mut(&channel) {
                    session.signal(at, name, &mut scene);
                }
            }
            What::Connect { channel, host, port } => {
                let mut connected = reach(&host, port, scene.machine, &scene.voice.origin);
                if connected == Connected::Open && self.tunnels.len() >= SSH_TUNNELS {
                    connected = Connected::Refused { reason: 2, words: CONNECTION_REFUSED };
                }
                if connected == Connected::Open {
                    let tunnel = Tunnel::new(&self.shared.config, self.clock.now());
                    self.tunnels.insert(channel, Box::new(tunnel));
                }
                self.server.connect(channel, &connected, &mut dice);
            }
            What::Data { channel, bytes } => match self.sessions.get_mut(&channel) {
                Some(session) => session.receive(at, bytes),
                None => {
                    if let Some(tunnel) = self.tunnels.get_mut(&channel) {
                        tunnel.receive(at, &bytes);
                    }
                    self.server.consumed(channel, bytes.len(), &mut dice);
                }
            },
            What::HungUp { channel } => match self.sessions.get_mut(&channel) {
                Some(session) => session.hung_up(&mut scene),
                None => self.server.close(channel, &mut dice),
            },
            What::Eof { channel } => match self.sessions.get_mut(&channel) {
                Some(session) => session.end_of_input(),
                None => match self.tunnels.get_mut(&channel) {
                    Some(tunnel) => tunnel.end(),
                    None => self.server.close(channel, &mut dice),
                },
            },
            What::Closed { channel } => {
                self.tunnels.remove(&channel);
                if let Some(mut session) = self.sessions.remove(&channel) {
                    session.abandon(self.clock.now(), &mut scene);
                    session.close(self.clock.now(), gone, &mut self.voice);
                }
            }
            What::Over(ending) => {
                return Some(match ending {
                    Ending::Peer => CloseCause::Peer,
                    Ending::Protocol => CloseCause::Protocol,
                    Ending::Limit => CloseCause::Limit,
                });
            }
        }
        None
    }

    /// Whether somebody is let in, and how long that takes.
    fn decide(&mut self, at: Timestamp, login: &Login) {
        let settings = &self.shared.settings;
        let timing = &settings.timing;
        self.tries = self.tries.saturating_add(1);
        let address = self.voice.origin.peer.ip();
        let (verdict, delay) = match &login.method {
            Method::None => (Verdict::Refused, Duration::ZERO),
            // What can be nobody's password is not looked up.
            Method::Password(password) if password.is_empty() => {
                (Verdict::Refused, draw(&timing.refuse_key_ms))
            }
            Method::Password(password) => {
                let changed = self.disk.disk().verifies(&settings.machine, &login.user, password);
                let memory = &self.shared.memory;
                match memory.decide(&settings.auth, address, &login.user, password, changed) {
                    AuthOutcome::Accepted => (Verdict::Accepted, draw(&timing.accept_ms)),
                    AuthOutcome::Refused => (Verdict::Refused, draw(&timing.refuse_ms)),
                }
            }
            Method::Key { .. } | Method::Other => (Verdict::Refused, draw(&timing.refuse_key_ms)),
        };
        match verdict {
            Verdict::Accepted => {
                self.user = login.user.clone();
                self.user.truncate(USER_BYTES);
            }
            Verdict::Refused if self.tries == 1 && login.method == Method::None => {}
            Verdict::Refused => count(&self.shared.counters.auth_failures),
        }
        self.server.decide(verdict, after(at, delay), &mut dice);
    }

    /// Writes what is left, if the peer takes it soon.
    async fn say_goodbye(&mut self) {
        let deadline = Instant::now() + LAST_WORD_WAIT;
        let ident = self.clock.timer(self.ident_at);
        tokio::time::sleep_until(ident.min(deadline)).await;
        while !self.server.output().is_empty() {
            let writable = self.line.socket.writable();
            if !matches!(tokio::time::timeout_at(deadline, writable).await, Ok(Ok(()))) {
                return;
            }
            if !self.write() {
                return;
            }
        }
        // What is unread makes a reset of the close, which sshd's last bytes do not survive.
        if !matches!(self.line.peek(&mut [0]), Read::Bytes(..)) {
            self.line.write(self.server.line_ending());
        }
    }
}

/// Runs to the end; `None` where it panicked, which ends one connection and is told like any other
/// end.
async fn guarded<T>(work: impl Future<Output = T>) -> Option<T> {
    let mut work = std::pin::pin!(work);
    std::future::poll_fn(move |context| {
        match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
            Ok(poll) => poll.map(Some),
            Err(_) => Poll::Ready(None),
        }
    })
    .await
}

/// Waits until the program stops, which a lost sender means too.
pub(super) async fn stopped(mut shutdown: watch::Receiver<bool>) {
    let _ = shutdown.wait_for(|stop| *stop).await;
}

fn after(at: Timestamp, wait: Duration) -> Timestamp {
    Timestamp(at.0.saturating_add(i64::try_from(wait.as_nanos()).unwrap_or(i64::MAX)))
}

/// What is looked at of an identification line at once.
const IDENT_READ_BYTES: usize = 1_024;
const LAST_WORD_WAIT: Duration = Duration::from_millis(500);
/// How long a peer may read nothing before that is told.
const STALL: Duration = Duration::from_secs(30);
/// Between two looks at whether what was caused is paid back.
const REST: Duration = Duration::from_secs(1);
