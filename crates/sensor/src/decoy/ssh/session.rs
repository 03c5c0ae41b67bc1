//! One session: a task that owns its shell, its recording and its facts.
//!
//! **Invariant:** each session is opened and closed by facts exactly once, whatever happens to the
//! shell, the peer or the task. What the shell does when it was told something has the instant of
//! that; recordings never step back.

use crate::decoy::ssh::connection::Connection;
use crate::decoy::ssh::tee::{Line, Waiting};
use crate::decoy::{count, uncount};
use crate::recording::{Recorder, RecordingHeader};
use decnet_core::event::{
    Anomaly, Answer, CloseCause, PeerFact, Program, SessionFact, SessionId, Timestamp, WindowSize,
};
use decnet_core::limits::{SESSION_INPUT_BYTES, WINDOW_CELLS};
use decnet_core::octets::{Binary, Octets};
use decnet_persona::{Console, Login, Step, Terminal};
use russh::ChannelId;
use russh::server::Handle;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{Notify, mpsc};

mod steps;

/// What a session is told, with the instant of the bytes that said so.
pub(super) enum Told {
    /// A variable, and what was answered.
    Env(Octets, Octets, Answer),
    /// A terminal, granted.
    Pty(Octets, WindowSize, Binary),
    /// A new size.
    Resize(WindowSize),
    /// The program to run, granted. The bytes of a command are whole.
    Start(Program),
    /// A program refused.
    Refused(Program),
    /// Agent forwarding, and what was answered.
    Agent(Answer),
    /// X11 forwarding: protocol, screen, and what was answered.
    X11(Octets, u32, Answer),
    /// A signal.
    Signal(Octets),
    /// Channel data; it is counted for as long as it waits.
    Data(Vec<u8>, Waiting),
    /// The peer sends no more data.
    Eof,
    /// The peer closed the channel.
    Close,
}

/// What the task and those who speak for it share.
pub(super) struct SessionCore {
    pub(super) id: SessionId,
    number: u32,
    closed: AtomicBool,
    /// The program takes no more: it has ended, or the peer has overrun it.
    deaf: AtomicBool,
    overrun: Notify,
}

/// The handler's end of a session.
pub(super) struct SessionDoor {
    pub(super) core: Arc<SessionCore>,
    sender: mpsc::UnboundedSender<(Timestamp, Told)>,
}

impl SessionCore {
    /// Notes that the program takes no more.
    fn deafen(&self) {
        self.deaf.store(true, Ordering::Release);
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Closes the session by facts, the first time.
    pub(super) async fn close(
        &self,
        connection: &Connection,
        cause: CloseCause,
        status: Option<u32>,
    ) {
        if self.closed.swap(true, Ordering::AcqRel) {
            return;
        }
        uncount(&connection.counters.sessions_open);
        let at = connection.clock.now();
        let fact = SessionFact::SessionClosed { cause, status };
        connection.session_fact(at, self.id, fact).await;
        connection.fact(at, PeerFact::ChannelClosed { channel: self.number }).await;
    }
}

impl SessionDoor {
    /// Opens a session by facts and starts its task.
    pub(super) async fn open(
        connection: &Arc<Connection>,
        at: Timestamp,
        number: u32,
        user: &[u8],
        wire: (Handle, ChannelId),
    ) -> Self {
        let core = Arc::new(SessionCore {
            id: SessionId(uuid::Uuid::new_v4()),
            number,
            closed: AtomicBool::new(false),
            deaf: AtomicBool::new(false),
            overrun: Notify::new(),
        });
        count(&connection.counters.sessions_open);
        count(&connection.counters.sessions_total);
        let fact = SessionFact::SessionOpened { channel: number, user: Octets::from(user) };
        connection.session_fact(at, core.id, fact).await;
        let (sender, told) = mpsc::unbounded_channel();
        let session = Session {
            connection: Arc::clone(connection),
            core: Arc::clone(&core),
            user: user.to_vec(),
            library: wire.0,
            channel: wire.1,
            opened: at,
            limit: tokio::time::Instant::now() + connection.settings.limits.session,
            env: Vec::new(),
            terminal: None,
            console: None,
            recorder: None,
            recorded_us: 0,
            recorded_bytes: 0,
            input_bytes: 0,
            input_kept: 0,
            wake: None,
            is_silent: false,
            has_eof: false,
            status: None,
        };
        let task = tokio::spawn(session.run(told));
        connection.add_session(Arc::clone(&core), task);
        Self { core, sender }
    }

    /// Tells the session something small.
    pub(super) fn tell(&self, at: Timestamp, told: Told) {
        // A session that has ended does not care.
        let _ = self.sender.send((at, told));
    }

    /// Tells the session channel data, and never waits: whoever reads the socket stops where much
    /// waits already. A peer for whom that was not enough has overrun the session.
    pub(super) fn tell_data(&self, at: Timestamp, line: &Arc<Line>, bytes: &[u8]) {
        if self.core.is_closed() || self.core.deaf.load(Ordering::Acquire) {
            return;
        }
        // A message's own size is not free.
        match line.wait_with(bytes.len().saturating_add(MESSAGE_BYTES)) {
            Some(waiting) => self.tell(at, Told::Data(bytes.to_vec(), waiting)),
            None => {
                self.core.deafen();
                self.core.overrun.notify_one();
            }
        }
    }
}

struct Session {
    connection: Arc<Connection>,
    core: Arc<SessionCore>,
    user: Vec<u8>,
    library: Handle,
    channel: ChannelId,
    opened: Timestamp,
    /// When the session has lasted too long.
    limit: tokio::time::Instant,
    env: Vec<(Vec<u8>, Vec<u8>)>,
    terminal: Option<Terminal>,
    console: Option<Box<Console>>,
    recorder: Option<Box<dyn Recorder>>,
    /// The latest instant in the recording.
    recorded_us: u64,
    /// About the size of the recording.
    recorded_bytes: u64,
    input_bytes: u64,
    /// Of those, bytes in facts.
    input_kept: u64,
    wake: Option<Timestamp>,
    /// Nothing more goes to the peer.
    is_silent: bool,
    /// The peer's side has ended.
    has_eof: bool,
    status: Option<u32>,
}

impl Session {
    async fn run(mut self, mut told: mpsc::UnboundedReceiver<(Timestamp, Told)>) {
        let connection = Arc::clone(&self.connection);
        let clock = connection.clock;
        let limit = self.limit;
        let mut is_told = true;
        let cause = loop {
            if let Some(debt) = connection.allowance.debt() {
                // What one call has caused is done; the next one waits until that is paid back.
                tokio::select! {
                    cause = connection.ended() => break cause,
                    () = tokio::time::sleep(debt.min(REST)) => {}
                    () = tokio::time::sleep_until(limit) => break CloseCause::Timeout,
                }
                continue;
            }
            let wake = self.wake.map(|at| clock.timer(at));
            let ended = tokio::select! {
                biased;
                cause = connection.ended() => Some(cause),
                next = told.recv(), if is_told && !self.is_behind() => match next {
                    Some((at, told)) => self.take(at, told).await,
                    // The library's task has ended; its connection will say why.
                    None => {
                        is_told = false;
                        None
                    }
                },
                () = tokio::time::sleep_until(wake.unwrap_or(limit)), if wake.is_some() => {
                    self.wake = None;
                    self.drive(clock.now(), Console::wake).await
                }
                () = self.core.overrun.notified() => Some(overrun(&connection).await),
                () = tokio::time::sleep_until(limit) => Some(CloseCause::Timeout),
            };
            if let Some(cause) = ended {
                break cause;
            }
        };
        self.finish(cause).await;
    }

    async fn take(&mut self, at: Timestamp, told: Told) -> Option<CloseCause> {
        match told {
            Told::Env(name, value, answer) => {
                if answer == Answer::Granted {
                    self.env.push((name.0.clone(), value.0.clone()));
                }
                self.fact(at, SessionFact::Env { name, value, answer }).await;
            }
            Told::Pty(term, size, modes) => {
                self.terminal = Some(Terminal {
                    term: term.0.clone(),
                    size: possible(size),
                    modes: modes.0.clone(),
                });
                self.fact(at, SessionFact::Pty { term, size, modes }).await;
            }
            Told::Resize(size) => {
                self.fact(at, SessionFact::Resize { size }).await;
                return self.resize(at, possible(size)).await;
            }
            Told::Start(program) => return self.start(at, program).await,
            Told::Refused(program) => {
                self.fact(at, SessionFact::ProgramRefused { program }).await;
            }
            Told::Agent(answer) => self.fact(at, SessionFact::AgentForwarding { answer }).await,
            Told::X11(protocol, screen, answer) => {
                self.fact(at, SessionFact::X11Forwarding { protocol, screen, answer }).await;
            }
            Told::Signal(name) => self.fact(at, SessionFact::Signal { name }).await,
            // What waited does so no longer when the shell has it.
            Told::Data(bytes, waiting) => {
                let ended = self.receive(at, &bytes).await;
                drop(waiting);
                return ended;
            }
            // It is told to the program when there is one.
            Told::Eof if self.console.is_none() => self.has_eof = true,
            Told::Eof => {
                return self.drive(at, Console::end_of_input).await;
            }
            Told::Close => {
                self.is_silent = true;
                return Some(CloseCause::Peer);
            }
        }
        None
    }

    async fn start(&mut self, at: Timestamp, program: Program) -> Option<CloseCause> {
        let terminal = self.terminal.as_ref();
        let size = terminal.map(|terminal| terminal.size).unwrap_or_default();
        let command = match &program {
            Program::Exec(command) => Some(command.clone()),
            Program::Shell | Program::Subsystem(_) => None,
        };
        let title =
            format!("{}@{}", Octets::from(self.user.as_slice()), self.connection.origin.decky);
        self.recorder = self.connection.recordings.open(RecordingHeader {
            session: self.core.id,
            started: self.opened,
            cols: if size.cols == 0 { 80 } else { size.cols },
            rows: if size.rows == 0 { 24 } else { size.rows },
            term: terminal.map(|terminal| Octets::from(terminal.term.as_slice()).readable()),
            command: command.as_ref().map(Octets::readable),
            title: Some(title),
        });
        self.connection.allowance.take_file();
        let machine = Arc::clone(&self.connection.settings.machine);
        let login = Login {
            user: self.user.clone(),
            peer: self.connection.origin.peer,
            local: self.connection.origin.local,
            env: std::mem::take(&mut self.env),
            terminal: self.terminal.clone(),
        };
        let kept = match program {
            Program::Exec(command) => {
                let max = decnet_core::limits::COMMAND_BYTES;
                Program::Exec(self.connection.kept(at, command.as_bytes(), max).await)
            }
            Program::Shell | Program::Subsystem(_) => program,
        };
        self.fact(at, SessionFact::ProgramStarted { program: kept }).await;
        let console = steps::guarded(|| match &command {
            Some(command) => Console::exec(machine, login, command.as_bytes()),
            None => Console::shell(machine, login),
        });
        let Some(console) = console else { return Some(CloseCause::Fault) };
        self.console = Some(Box::new(console));
        let ended = self.drive(at, Console::open).await;
        if ended.is_none() && self.has_eof {
            return self.drive(at, Console::end_of_input).await;
        }
        ended
    }

    async fn receive(&mut self, at: Timestamp, bytes: &[u8]) -> Option<CloseCause> {
        self.input_bytes = self.input_bytes.saturating_add(u64::try_from(bytes.len()).unwrap_or(0));
        if self.input_bytes > SESSION_INPUT_BYTES {
            let detail = self.input_bytes.to_string();
            let what = Anomaly::TooMuchInput;
            self.connection.anomaly(at, what, detail.as_bytes()).await;
            return Some(CloseCause::Limit);
        }
        self.drive(at, |console, now, steps| console.receive(now, bytes, steps)).await
    }

    async fn resize(&mut self, at: Timestamp, size: WindowSize) -> Option<CloseCause> {
        if let Some(terminal) = &mut self.terminal {
            terminal.size = size;
        }
        let at_us = self.at_us(at);
        if let Some(recorder) = &mut self.recorder {
            recorder.resize(at_us, size.cols, size.rows);
        }
        self.drive(at, |console, _, _: &mut Vec<Step>| console.resize(size)).await
    }

    /// Whether the shell has enough to do.
    fn is_behind(&self) -> bool {
        self.console.as_ref().is_some_and(|console| console.waiting() >= BEHIND_BYTES)
    }

    async fn finish(mut self, cause: CloseCause) {
        if !matches!(cause, CloseCause::Exit) && !self.is_silent {
            // The channel goes; where the whole connection does, nobody reads this.
            let goodbye = self.library.close(self.channel);
            let _ = tokio::time::timeout(GOODBYE_WAIT, goodbye).await;
        }
        let at_us = self.at_us(self.connection.clock.now());
        if let Some(recorder) = self.recorder.take() {
            let recorded = recorder.close(at_us);
            let fact = SessionFact::Recorded {
                file: recorded.file,
                bytes: recorded.bytes,
                extent: recorded.extent,
            };
            self.fact(self.connection.clock.now(), fact).await;
        }
        self.core.close(&self.connection, cause, self.status).await;
    }

    async fn fact(&mut self, at: Timestamp, fact: SessionFact) {
        self.connection.session_fact(at, self.core.id, fact).await;
    }

    /// Microseconds since the session was opened, never before the last ones.
    fn at_us(&mut self, at: Timestamp) -> u64 {
        let since = at.0.saturating_sub(self.opened.0) / 1_000;
        self.recorded_us = self.recorded_us.max(u64::try_from(since).unwrap_or(0));
        self.recorded_us
    }
}

/// The peer sends, does not read, and there is no more room.
async fn overrun(connection: &Connection) -> CloseCause {
    connection.anomaly(connection.clock.now(), Anomaly::PeerNotReading, b"").await;
    CloseCause::Limit
}

/// A size that a terminal can have. Zero stays zero, as on a real one.
fn possible(size: WindowSize) -> WindowSize {
    WindowSize {
        cols: size.cols.min(WINDOW_CELLS),
        rows: size.rows.min(WINDOW_CELLS),
        px_width: size.px_width,
        px_height: size.px_height,
    }
}

const MESSAGE_BYTES: usize = 64;
/// Bytes that the shell has not come to, from which on it is told no more.
const BEHIND_BYTES: usize = 65_536;
const GOODBYE_WAIT: Duration = Duration::from_millis(100);
/// Between two looks at whether what was caused is paid back.
const REST: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use decnet_core::limits::SSH_WAITING_BYTES;

    #[tokio::test]
    async fn what_waits_is_bounded_and_its_end_is_told() {
        let core = Arc::new(SessionCore {
            id: SessionId(uuid::Uuid::nil()),
            number: 0,
            closed: AtomicBool::new(false),
            deaf: AtomicBool::new(false),
            overrun: Notify::new(),
        });
        let (sender, mut told) = mpsc::unbounded_channel();
        let door = SessionDoor { core: Arc::clone(&core), sender };
        let line = Arc::new(Line::new(Clock::start(), Arc::default(), Arc::default()));
        let messages = SSH_WAITING_BYTES / 32_768;
        for _ in 0..messages + 10 {
            door.tell_data(Timestamp(0), &line, &[0; 32_768]);
        }
        core.overrun.notified().await;
        let mut waiting = 0;
        while let Ok((_, Told::Data(bytes, _))) = told.try_recv() {
            waiting += bytes.len();
        }
        assert_eq!(waiting, (messages - 1) * 32_768);
        assert!(line.wait_with(SSH_WAITING_BYTES).is_some());
    }
}
