//! One connection: its identity, its way to the queue, and its life from accept to close.
//!
//! **Invariant:** whatever ends a connection, its sessions are closed by facts first, and
//! `ConnectionClosed` is the last of its facts.

use crate::clock::Clock;
use crate::decoy::allowance::Allowance;
use crate::decoy::ssh::auth::AuthMemory;
use crate::decoy::ssh::handler::{Closing, SshHandler};
use crate::decoy::ssh::session::SessionCore;
use crate::decoy::ssh::tee::{Interest, Line, Tap, Tee};
use crate::decoy::ssh::{SshSettings, greeting};
use crate::decoy::{DecoyCounters, count};
use crate::emit::Emitter;
use crate::recording::Recordings;
use decnet_core::event::{
    About, Anomaly, CloseCause, Event, Origin, PeerFact, SessionFact, SessionId, Side, Timestamp,
};
use decnet_core::limits::{DETAIL_BYTES, SSH_CLEAR_PACKET_BYTES, SSH_LIST_BYTES};
use decnet_core::octets::Octets;
use decnet_core::wire::ssh;
use russh::Error;
use russh::keys::ssh_encoding::Error as Encoding;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

/// What all tasks of a connection share.
pub(super) struct Connection {
    pub(super) origin: Arc<Origin>,
    pub(super) settings: Arc<SshSettings>,
    pub(super) memory: Arc<AuthMemory>,
    pub(super) counters: Arc<DecoyCounters>,
    pub(super) recordings: Arc<dyn Recordings>,
    pub(super) clock: Clock,
    pub(super) line: Arc<Line>,
    /// The library's way in, once it runs.
    pub(super) library: OnceLock<russh::server::Handle>,
    emitter: Emitter,
    pub(super) allowance: Arc<Allowance>,
    authenticated: AtomicBool,
    login: Notify,
    /// The first cause wins; everybody who waits for anything waits for this too.
    ending: watch::Sender<Option<CloseCause>>,
    /// Kinds of anomaly said already: asked by all tasks, held for a look-up.
    said: Mutex<BTreeSet<Anomaly>>,
    /// Sessions and their tasks: added by the handler, taken at the end.
    sessions: Mutex<Vec<(Arc<SessionCore>, JoinHandle<()>)>>,
}

/// What a listener gives to each of its connections.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) settings: Arc<SshSettings>,
    pub(super) library: Arc<russh::server::Config>,
    pub(super) memory: Arc<AuthMemory>,
    pub(super) counters: Arc<DecoyCounters>,
    pub(super) recordings: Arc<dyn Recordings>,
    pub(super) emitter: Emitter,
    /// Bytes that wait for programs, in all connections.
    pub(super) waiting: Arc<AtomicUsize>,
}

impl Connection {
    pub(super) fn new(
        shared: &Shared,
        origin: Origin,
        clock: Clock,
        allowance: Arc<Allowance>,
    ) -> Self {
        let line = Line::new(clock, Arc::clone(&allowance), Arc::clone(&shared.waiting));
        Self {
            origin: Arc::new(origin),
            settings: Arc::clone(&shared.settings),
            memory: Arc::clone(&shared.memory),
            counters: Arc::clone(&shared.counters),
            recordings: Arc::clone(&shared.recordings),
            clock,
            line: Arc::new(line),
            library: OnceLock::new(),
            emitter: shared.emitter.clone(),
            allowance,
            authenticated: AtomicBool::new(false),
            login: Notify::new(),
            ending: watch::Sender::new(None),
            said: Mutex::default(),
            sessions: Mutex::default(),
        }
    }

    async fn emit(&self, event: Event) {
        self.allowance.take(&event);
        self.emitter.emit(event).await;
    }

    fn emit_now(&self, event: Event) {
        self.allowance.take(&event);
        self.emitter.emit_now(event);
    }

    /// Emits a fact about the peer.
    pub(super) async fn fact(&self, at: Timestamp, fact: PeerFact) {
        let about = About::Peer { origin: Arc::clone(&self.origin), fact };
        self.emit(Event { at, about }).await;
    }

    /// Emits a fact about a session.
    pub(super) async fn session_fact(&self, at: Timestamp, session: SessionId, fact: SessionFact) {
        let about = About::Session { origin: Arc::clone(&self.origin), session, fact };
        self.emit(Event { at, about }).await;
    }

    /// Emits an anomaly, once per kind.
    pub(super) async fn anomaly(&self, at: Timestamp, what: Anomaly, detail: &[u8]) {
        if let Some(event) = self.first_of(at, what, detail) {
            self.emit(event).await;
        }
    }

    fn anomaly_now(&self, at: Timestamp, what: Anomaly, detail: &[u8]) {
        if let Some(event) = self.first_of(at, what, detail) {
            self.emit_now(event);
        }
    }

    fn first_of(&self, at: Timestamp, what: Anomaly, detail: &[u8]) -> Option<Event> {
        if !self.said.lock().unwrap_or_else(PoisonError::into_inner).insert(what) {
            return None;
        }
        count(&self.counters.anomalies);
        let fact = PeerFact::Anomaly { what, detail: Octets::capped(detail, DETAIL_BYTES) };
        Some(Event { at, about: About::Peer { origin: Arc::clone(&self.origin), fact } })
    }

    /// Bytes up to their cap, with an anomaly where that cuts them.
    pub(super) async fn kept(&self, at: Timestamp, bytes: &[u8], max: usize) -> Octets {
        if bytes.len() > max {
            self.anomaly(at, Anomaly::FieldTooLong, bytes.len().to_string().as_bytes()).await;
        }
        Octets::capped(bytes, max)
    }

    /// Asks for the end of the connection.
    pub(super) fn end(&self, cause: CloseCause) {
        self.ending.send_if_modified(|ending| {
            let first = ending.is_none();
            ending.get_or_insert(cause);
            first
        });
    }

    /// Waits until somebody asked for the end.
    pub(super) async fn ended(&self) -> CloseCause {
        let mut ending = self.ending.subscribe();
        match ending.wait_for(Option::is_some).await {
            Ok(cause) => cause.unwrap_or(CloseCause::Fault),
            // Not reached: the sender is in `self`.
            Err(_) => CloseCause::Fault,
        }
    }

    /// Notes that the peer has logged in.
    pub(super) fn log_in(&self) {
        self.authenticated.store(true, Ordering::Release);
        self.login.notify_one();
    }

    fn is_logged_in(&self) -> bool {
        self.authenticated.load(Ordering::Acquire)
    }

    /// Hands a session over, to be waited for.
    pub(super) fn add_session(&self, core: Arc<SessionCore>, task: JoinHandle<()>) {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|(core, task)| !(core.is_closed() && task.is_finished()));
        sessions.push((core, task));
    }

    /// The end: sessions first, then the connection.
    async fn close(&self, cause: CloseCause) {
        self.end(cause);
        let sessions =
            std::mem::take(&mut *self.sessions.lock().unwrap_or_else(PoisonError::into_inner));
        let deadline = tokio::time::Instant::now() + SESSIONS_WAIT;
        for (core, mut task) in sessions {
            if tokio::time::timeout_at(deadline, &mut task).await.is_err() {
                task.abort();
            }
            // A task that failed, or does not end, is spoken for.
            core.close(self, CloseCause::Fault, None).await;
        }
        let (received, sent) = (self.line.received(), self.line.sent());
        let fact = PeerFact::ConnectionClosed { cause, received, sent };
        self.fact(self.clock.now(), fact).await;
    }
}

/// Serves one connection from accept to close.
pub(super) async fn serve(
    connection: Arc<Connection>,
    library: Arc<russh::server::Config>,
    socket: TcpStream,
    untold: u64,
    shutdown: watch::Receiver<bool>,
) {
    let at = connection.clock.begin();
    connection.fact(at, PeerFact::ConnectionOpened {}).await;
    if untold > 0 {
        let detail = format!("{untold} not recorded");
        connection.anomaly(at, Anomaly::TooManyConnections, detail.as_bytes()).await;
    }
    // In a task of its own, so that a panic in it is one connection's and is told.
    let task = tokio::spawn(run(Arc::clone(&connection), library, socket));
    let mut task = AbortOnDrop(task);
    let cause = tokio::select! {
        result = &mut task.0 => result.unwrap_or(CloseCause::Fault),
        () = stopped(shutdown) => {
            connection.end(CloseCause::Shutdown);
            // Its own waits are all short once the end is asked for.
            let _ = tokio::time::timeout(SESSIONS_WAIT, &mut task.0).await;
            CloseCause::Shutdown
        }
    };
    connection.close(cause).await;
}

struct AbortOnDrop<T>(JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Waits until the program stops, which a lost sender means too.
pub(super) async fn stopped(mut shutdown: watch::Receiver<bool>) {
    let _ = shutdown.wait_for(|stop| *stop).await;
}

async fn run(
    connection: Arc<Connection>,
    library: Arc<russh::server::Config>,
    mut socket: TcpStream,
) -> CloseCause {
    let greeting = match greeting::exchange(&connection, &mut socket).await {
        Ok(greeting) => greeting,
        Err(cause) => return cause,
    };
    let mut tap = OfferTap { connection: Arc::clone(&connection), bytes: Vec::new() };
    let interest = tap.pass(connection.line.last_read(), &greeting.rest);
    let tap: Option<Box<dyn Tap>> = match interest {
        Interest::More => Some(Box::new(tap)),
        Interest::Enough => None,
    };
    let replay = [greeting.line, greeting.rest].concat();
    let our_line = connection.settings.server_id.len() + 2;
    let tee = Tee::new(socket, Arc::clone(&connection.line), replay, our_line, tap);
    let handler = SshHandler::new(Arc::clone(&connection));
    let mut running = match russh::server::run_stream(library, tee, handler).await {
        Ok(running) => running,
        Err(error) => return why(&connection, Err(error)).await,
    };
    let _ = connection.library.set(running.handle());

    let clock = connection.clock;
    let limits = connection.settings.limits;
    let mut deadline = clock.timer(after(clock.begin(), limits.grace));
    let cause = loop {
        tokio::select! {
            result = &mut running => return why(&connection, result).await,
            cause = connection.ended() => {
                // A last word may be on its way.
                let has_words = matches!(cause, CloseCause::Limit | CloseCause::Protocol);
                let wait = if has_words { LAST_WORD_WAIT } else { Duration::ZERO };
                if tokio::time::timeout(wait, &mut running).await.is_ok() {
                    return cause;
                }
                break cause;
            }
            () = connection.login.notified() => {
                deadline = clock.timer(after(connection.line.last_read(), limits.idle));
            }
            () = tokio::time::sleep_until(deadline) => {
                if !connection.is_logged_in() {
                    connection.anomaly(clock.now(), Anomaly::LoginTimeout, b"").await;
                    break CloseCause::Timeout;
                }
                deadline = clock.timer(after(connection.line.last_read(), limits.idle));
                if deadline <= tokio::time::Instant::now() {
                    break CloseCause::Timeout;
                }
            }
        }
    };
    connection.end(cause);
    connection.line.cut();
    let _ = tokio::time::timeout(LAST_WORD_WAIT, &mut running).await;
    cause
}

fn after(at: Timestamp, wait: Duration) -> Timestamp {
    Timestamp(at.0.saturating_add(i64::try_from(wait.as_nanos()).unwrap_or(i64::MAX)))
}

/// Who ended a connection whose library has ended by itself.
async fn why(connection: &Connection, result: Result<(), Closing>) -> CloseCause {
    let at = connection.clock.now();
    if let Some(cause) = *connection.ending.borrow() {
        return cause;
    }
    let error = match result {
        Ok(()) => return CloseCause::Peer,
        Err(Closing::Asked) => return connection.ended().await,
        Err(Closing::Library(error)) => error,
    };
    if matches!(error, Error::Join(_)) {
        return CloseCause::Fault;
    }
    if matches!(error, Error::IO(_) | Error::Disconnect | Error::HUP | Error::SendError) {
        return if connection.line.is_broken() { CloseCause::Lost } else { CloseCause::Peer };
    }
    let what = if is_text(&error) { Anomaly::InvalidText } else { Anomaly::SshProtocolError };
    connection.anomaly(at, what, error.to_string().as_bytes()).await;
    CloseCause::Protocol
}

/// Whether the library stumbled over text that is not UTF-8: a user name or a password, most
/// likely, which it does not show.
fn is_text(error: &Error) -> bool {
    matches!(error, Error::Utf8(_) | Error::SshEncoding(Encoding::CharacterEncoding))
}

/// Reads the client's KEXINIT as it passes.
struct OfferTap {
    connection: Arc<Connection>,
    bytes: Vec<u8>,
}

impl Tap for OfferTap {
    fn pass(&mut self, at: Timestamp, bytes: &[u8]) -> Interest {
        self.bytes.extend_from_slice(bytes);
        match ssh::first_kexinit(&self.bytes) {
            Ok(None) => return Interest::More,
            Ok(Some((offer, _))) => {
                let fact = PeerFact::SshKexInit {
                    side: Side::Client,
                    lists: offer.lists.map(|list| Octets::capped(list, SSH_LIST_BYTES)),
                    first_kex_packet_follows: offer.first_kex_packet_follows,
                    reserved: offer.reserved,
                };
                let about = About::Peer { origin: Arc::clone(&self.connection.origin), fact };
                // A reader cannot wait; the queue is long.
                self.connection.emit_now(Event { at, about });
            }
            Err(malformed) => {
                let shown = self.bytes.get(..SHOWN_BYTES).unwrap_or(&self.bytes);
                let detail = [malformed.to_string().as_bytes(), b": ", shown].concat();
                self.connection.anomaly_now(at, Anomaly::SshKexInitMalformed, &detail);
            }
        }
        self.bytes = Vec::new();
        Interest::Enough
    }
}

const SHOWN_BYTES: usize = 128;
const SESSIONS_WAIT: Duration = Duration::from_millis(1_000);
const LAST_WORD_WAIT: Duration = Duration::from_millis(500);
const _: () = assert!(SHOWN_BYTES < SSH_CLEAR_PACKET_BYTES);
