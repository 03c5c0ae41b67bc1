//! One session: its shell, its recording and its facts.
//!
//! **Invariant:** each session is opened and closed by facts exactly once, whatever happens to the
//! shell or the peer. What the shell does when it was told something has the instant of that;
//! recordings never step back. Facts go out even where bytes cannot, and hidden input is a number
//! here already.

use crate::decoy::ssh::artifact::Artifacts;
use crate::decoy::ssh::random::dice;
use crate::decoy::ssh::voice::Voice;
use crate::decoy::{count, uncount};
use crate::recording::{Recorder, RecordingHeader, Recordings};
use decnet_core::dialogue::ssh::Server;
use decnet_core::dialogue::ssh::happening::Stream;
use decnet_core::event::{
    Anomaly, Answer, CloseCause, Program, SessionFact, SessionId, Timestamp, WindowSize,
};
use decnet_core::limits::{
    COMMAND_BYTES, DETAIL_BYTES, FILE_PATH_BYTES, INPUT_FACT_BYTES, RECORDING_BYTES,
    SESSION_INPUT_KEPT_BYTES, WINDOW_CELLS,
};
use decnet_core::octets::Octets;
use decnet_persona::{Console, Disk, Login, Machine, Step, Terminal};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// What a session needs of its connection.
pub(super) struct Scene<'a> {
    pub(super) voice: &'a mut Voice,
    pub(super) server: &'a mut Server,
    pub(super) recordings: &'a dyn Recordings,
    pub(super) machine: &'a Arc<Machine>,
    pub(super) disk: &'a Disk,
}

/// A session.
pub(super) struct Session {
    id: SessionId,
    channel: u32,
    user: Vec<u8>,
    opened: Timestamp,
    /// When it has lasted too long.
    pub(super) limit: Timestamp,
    env: Vec<(Vec<u8>, Vec<u8>)>,
    terminal: Option<Terminal>,
    console: Option<Box<Console>>,
    recorder: Option<Box<dyn Recorder>>,
    /// The latest instant in the recording.
    recorded_us: u64,
    /// About the size of the recording.
    recorded_bytes: u64,
    /// Bytes of input in facts.
    input_kept: u64,
    artifacts: Artifacts,
    /// What the shell has not been given yet, and whether there will be more.
    inbox: VecDeque<(Timestamp, Vec<u8>)>,
    waiting: usize,
    /// What it has been given and the peer does not know yet.
    taken: usize,
    end: End,
    wake: Option<Timestamp>,
    /// The peer closed the channel: nothing more goes out.
    is_silent: bool,
    status: Option<u32>,
    cause: Option<CloseCause>,
}

/// Whether the peer sends more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Open,
    /// It does not; the shell is to be told behind what waits.
    Untold,
    Told,
}

impl Session {
    /// A session that was opened; its facts begin here.
    pub(super) fn open(
        channel: u32,
        user: &[u8],
        at: Timestamp,
        limit: Timestamp,
        voice: &mut Voice,
    ) -> Self {
        let id = SessionId(uuid::Uuid::new_v4());
        count(&voice.counters.sessions_open);
        count(&voice.counters.sessions_total);
        let fact = SessionFact::SessionOpened { channel, user: Octets::from(user) };
        voice.session(at, id, fact);
        Self {
            id,
            channel,
            user: user.to_vec(),
            opened: at,
            limit,
            env: Vec::new(),
            terminal: None,
            console: None,
            recorder: None,
            recorded_us: 0,
            recorded_bytes: 0,
            input_kept: 0,
            artifacts: Artifacts::default(),
            inbox: VecDeque::new(),
            waiting: 0,
            taken: 0,
            end: End::Open,
            wake: None,
            is_silent: false,
            status: None,
            cause: None,
        }
    }

    /// A fact that the dialogue tells; some of them are for the shell too.
    pub(super) fn told(&mut self, at: Timestamp, fact: SessionFact, scene: &mut Scene<'_>) {
        match fact {
            SessionFact::ProgramStarted { ref program } => return self.start(at, program, scene),
            SessionFact::Env { ref name, ref value, answer: Answer::Granted } => {
                self.env.push((name.0.clone(), value.0.clone()));
            }
            SessionFact::Pty { ref term, size, ref modes } => {
                self.terminal = Some(Terminal {
                    term: term.0.clone(),
                    size: possible(size),
                    modes: modes.0.clone(),
                });
            }
            SessionFact::AgentForwarding { answer: Answer::Granted } => {
                let (mut name, mut process) = ([0; 10], [0; 2]);
                dice(&mut name);
                dice(&mut process);
                let name: String = name.iter().map(|byte| letter(*byte)).collect();
                let process = 1_000 + u32::from(u16::from_be_bytes(process)) % 30_000;
                let path = format!("/tmp/ssh-{name}/agent.{process}");
                self.env.push((b"SSH_AUTH_SOCK".to_vec(), path.into_bytes()));
            }
            SessionFact::X11Forwarding { answer: Answer::Granted, .. } => {
                self.env.push((b"DISPLAY".to_vec(), b"localhost:10.0".to_vec()));
            }
            SessionFact::Resize { size } => {
                scene.voice.session(at, self.id, fact);
                return self.resize(at, possible(size), scene);
            }
            SessionFact::SessionOpened { .. }
            | SessionFact::Env { .. }
            | SessionFact::ProgramRefused { .. }
            | SessionFact::AgentForwarding { .. }
            | SessionFact::X11Forwarding { .. }
            | SessionFact::Signal { .. }
            | SessionFact::Prompt {}
            | SessionFact::Input { .. }
            | SessionFact::HiddenInput { .. }
            | SessionFact::Command { .. }
            | SessionFact::CommandDone { .. }
            | SessionFact::Recorded { .. }
            | SessionFact::SessionClosed { .. }
            | SessionFact::FileRequest { .. }
            | SessionFact::FileWritten { .. }
            | SessionFact::Artifact(_)
            | SessionFact::Wish { .. } => {}
        }
        scene.voice.session(at, self.id, fact);
    }

    fn start(&mut self, at: Timestamp, program: &Program, scene: &mut Scene<'_>) {
        let terminal = self.terminal.as_ref();
        let size = terminal.map(|terminal| terminal.size).unwrap_or_default();
        let command = match program {
            Program::Exec(command) => Some(command.clone()),
            Program::Shell | Program::Subsystem(_) => None,
        };
        let origin = Arc::clone(&scene.voice.origin);
        let title = format!("{}@{}", Octets::from(self.user.as_slice()), origin.decky);
        // What a subsystem says is no text, and its files are not kept twice.
        let is_text = !matches!(program, Program::Subsystem(_));
        self.recorder = if is_text { self.record(&command, size, title, scene) } else { None };
        let machine = Arc::clone(scene.machine);
        let login = Login {
            user: self.user.clone(),
            peer: origin.peer,
            local: origin.local,
            env: std::mem::take(&mut self.env),
            terminal: self.terminal.clone(),
        };
        let kept = match program {
            Program::Exec(command) => {
                Program::Exec(Octets::capped(command.as_bytes(), COMMAND_BYTES))
            }
            Program::Shell | Program::Subsystem(_) => program.clone(),
        };
        scene.voice.session(at, self.id, SessionFact::ProgramStarted { program: kept });
        let console = guarded(|| match program {
            Program::Exec(command) => Some(Console::exec(machine, login, command.as_bytes())),
            Program::Subsystem(name) => Console::subsystem(machine, login, name.as_bytes()),
            Program::Shell => Some(Console::shell(machine, login)),
        });
        match console.flatten() {
            Some(console) => {
                self.console = Some(Box::new(console.on(scene.disk)));
                self.drive(at, scene, Console::open);
            }
            None => self.fail(scene),
        }
    }

    fn record(
        &self,
        command: &Option<Octets>,
        size: WindowSize,
        title: String,
        scene: &Scene<'_>,
    ) -> Option<Box<dyn Recorder>> {
        let terminal = self.terminal.as_ref();
        scene.voice.allowance.take_file();
        scene.recordings.open(RecordingHeader {
            session: self.id,
            started: self.opened,
            cols: if size.cols == 0 { 80 } else { size.cols },
            rows: if size.rows == 0 { 24 } else { size.rows },
            term: terminal.map(|terminal| Octets::from(terminal.term.as_slice()).readable()),
            command: command.as_ref().map(Octets::readable),
            title: Some(title),
        })
    }

    fn resize(&mut self, at: Timestamp, size: WindowSize, scene: &mut Scene<'_>) {
        if let Some(terminal) = &mut self.terminal {
            terminal.size = size;
        }
        let at_us = self.at_us(at);
        if let Some(recorder) = &mut self.recorder {
            recorder.resize(at_us, size.cols, size.rows);
        }
        self.drive(at, scene, |console, _, _| console.resize(size));
    }

    /// A signal for what runs.
    pub(super) fn signal(&mut self, at: Timestamp, name: &[u8], scene: &mut Scene<'_>) {
        self.drive(at, scene, |console, now, steps| console.signal(now, name, steps));
    }

    /// Bytes of the peer, which wait for their turn.
    pub(super) fn receive(&mut self, at: Timestamp, bytes: Vec<u8>) {
        self.waiting += bytes.len();
        self.inbox.push_back((at, bytes));
    }

    /// No more of them will come.
    pub(super) fn end_of_input(&mut self) {
        // A terminal stays as it is.
        if self.end == End::Open && self.terminal.is_none() {
            self.end = End::Untold;
        }
    }

    /// Bytes that wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    /// Whether the shell may go on: the peer takes what it writes.
    pub(super) fn may_run(&self, server: &Server) -> bool {
        server.room(self.channel) > 0
    }

    /// Whether the shell has something to do at once.
    pub(super) fn is_busy(&self, server: &Server) -> bool {
        let has_input = !self.inbox.is_empty() || self.end == End::Untold;
        has_input && self.console.is_some() && !self.is_behind() && self.may_run(server)
    }

    /// When the shell wants to go on.
    pub(super) fn wake_at(&self, server: &Server) -> Option<Timestamp> {
        self.wake.filter(|_| self.may_run(server))
    }

    /// Lets the shell do what it can: a little, so that other sessions come to their turn.
    pub(super) fn run(&mut self, now: Timestamp, scene: &mut Scene<'_>) {
        if self.console.is_none() || !self.may_run(scene.server) {
            return;
        }
        if self.wake.is_some_and(|wake| wake <= now) {
            self.wake = None;
            self.drive(now, scene, Console::wake);
        }
        if self.is_behind() || !self.may_run(scene.server) {
            return;
        }
        let (mut taken, before) = (0, self.taken);
        while taken < TURN_BYTES
            && self.console.is_some()
            && !self.is_behind()
            && self.may_run(scene.server)
            && let Some((at, bytes)) = self.inbox.pop_front()
        {
            self.waiting -= bytes.len();
            taken += bytes.len();
            self.drive(at, scene, |console, now, steps| console.receive(now, &bytes, steps));
        }
        self.taken += taken;
        // The peer's window grows in steps that are not small.
        let is_through = self.inbox.is_empty() && !self.is_behind();
        if self.taken > 0 && (self.taken >= TURN_BYTES || is_through) {
            scene.server.consumed(self.channel, std::mem::take(&mut self.taken), &mut dice);
        }
        if taken > 0 || before > 0 {
            // More may come of it before the end is told.
        } else if self.end == End::Untold {
            self.end = End::Told;
            self.drive(now, scene, Console::end_of_input);
        }
        if self.inbox.is_empty() {
            self.inbox.shrink_to(0);
        }
    }

    /// Whether the shell has enough to do.
    fn is_behind(&self) -> bool {
        self.console.as_ref().is_some_and(|console| console.waiting() >= BEHIND_BYTES)
    }

    /// The peer closed the channel: a program loses its terminal and ends, and without one goes on
    /// until it does by itself.
    pub(super) fn hung_up(&mut self, scene: &mut Scene<'_>) {
        self.is_silent = true;
        self.cause.get_or_insert(CloseCause::Peer);
        if self.terminal.is_some() || self.console.is_none() {
            self.console = None;
            scene.server.close(self.channel, &mut dice);
        } else {
            self.end_of_input();
        }
    }

    /// Nobody is there any more: what was being written is closed.
    pub(super) fn abandon(&mut self, at: Timestamp, scene: &mut Scene<'_>) {
        self.is_silent = true;
        if self.terminal.is_none() && self.end != End::Told {
            self.end = End::Told;
            let (status, cause) = (self.status, self.cause);
            self.drive(at, scene, Console::end_of_input);
            // Whatever it came to, nobody was told.
            (self.status, self.cause) = (status, cause);
        }
        self.console = None;
    }

    /// The last facts. The channel's own cause stands before that of its connection.
    pub(super) fn close(mut self, at: Timestamp, cause: CloseCause, voice: &mut Voice) {
        let at_us = self.at_us(at);
        if let Some(recorder) = self.recorder.take() {
            let recorded = recorder.close(at_us);
            let fact = SessionFact::Recorded {
                file: recorded.file,
                bytes: recorded.bytes,
                extent: recorded.extent,
            };
            voice.session(at, self.id, fact);
        }
        uncount(&voice.counters.sessions_open);
        let cause = self.cause.unwrap_or(cause);
        voice.session(at, self.id, SessionFact::SessionClosed { cause, status: self.status });
    }

    /// Ends the session from our side.
    pub(super) fn end(&mut self, cause: CloseCause, scene: &mut Scene<'_>) {
        self.cause.get_or_insert(cause);
        self.console = None;
        scene.server.close(self.channel, &mut dice);
    }

    fn fail(&mut self, scene: &mut Scene<'_>) {
        tracing::error!("Shell failed; its session is closed.");
        self.end(CloseCause::Fault, scene);
    }

    /// Lets the shell do something, then does what it wants.
    fn drive(
        &mut self,
        at: Timestamp,
        scene: &mut Scene<'_>,
        work: impl FnOnce(&mut Console, Timestamp, &mut Vec<Step>),
    ) {
        let Some(console) = self.console.as_mut() else { return };
        let mut steps = Vec::new();
        if guarded(|| work(console, at, &mut steps)).is_none() {
            // It may be in any state: it is not asked again.
            return self.fail(scene);
        }
        for step in steps {
            self.perform(at, step, scene);
        }
    }

    fn perform(&mut self, at: Timestamp, step: Step, scene: &mut Scene<'_>) {
        match step {
            Step::Output(bytes) => self.output(at, Stream::Output, &bytes, scene),
            Step::ErrorOutput(bytes) => self.output(at, Stream::Error, &bytes, scene),
            Step::Prompt => {
                scene.voice.session(at, self.id, SessionFact::Prompt {});
                let at_us = self.at_us(at);
                if let Some(recorder) = &mut self.recorder {
                    recorder.marker(at_us, "prompt");
                }
            }
            Step::Input(bytes) => self.input(at, &bytes, scene.voice),
            Step::HiddenInput(keys) => {
                scene.voice.session(at, self.id, SessionFact::HiddenInput { keys });
            }
            Step::Command(line) => {
                let line = scene.voice.kept(at, &line, COMMAND_BYTES);
                scene.voice.session(at, self.id, SessionFact::Command { line });
            }
            Step::CommandDone(status) => {
                scene.voice.session(at, self.id, SessionFact::CommandDone { status });
            }
            Step::Anomaly(what, detail) => scene.voice.anomaly(at, what, &detail),
            Step::WakeAt(at) => self.wake = Some(at),
            Step::FileRequest(asked) => {
                let request = scene.voice.kept(at, &asked.request, DETAIL_BYTES);
                let path = scene.voice.kept(at, &asked.path, FILE_PATH_BYTES);
                let second = asked.second.map(|path| scene.voice.kept(at, &path, FILE_PATH_BYTES));
                let (number, answer) = (asked.number, asked.answer);
                let fact = SessionFact::FileRequest { request, path, second, number, answer };
                scene.voice.session(at, self.id, fact);
            }
            Step::FileWritten(path, bytes) => {
                let path = scene.voice.kept(at, &path, FILE_PATH_BYTES);
                scene.voice.session(at, self.id, SessionFact::FileWritten { path, bytes });
            }
            Step::Artifact(brought) => {
                if let Some(fact) = self.artifacts.fact(at, &brought, scene) {
                    scene.voice.session(at, self.id, fact);
                }
            }
            Step::Wish { url, tool } => {
                let url = scene.voice.kept(at, &url, COMMAND_BYTES);
                let tool = scene.voice.kept(at, &tool, DETAIL_BYTES);
                scene.voice.session(at, self.id, SessionFact::Wish { url, tool });
            }
            Step::Exit(status) => {
                self.ended(Some(status));
                scene.server.exit(self.channel, status, &mut dice);
            }
            Step::Killed(signal) => {
                self.ended(None);
                scene.server.killed(self.channel, signal, &mut dice);
            }
        }
    }

    /// The shell is over, with the status that is told.
    fn ended(&mut self, status: Option<u32>) {
        self.console = None;
        self.wake = None;
        if !self.is_silent {
            self.status = status;
            self.cause.get_or_insert(CloseCause::Exit);
        }
    }

    fn input(&mut self, at: Timestamp, bytes: &[u8], voice: &mut Voice) {
        let at_us = self.at_us(at);
        if let Some(recorder) = &mut self.recorder {
            recorder.input(at_us, bytes);
            self.pay(bytes, voice);
        }
        if self.input_kept >= SESSION_INPUT_KEPT_BYTES {
            let detail = format!("after {}", self.input_kept);
            return voice.anomaly(at, Anomaly::TooMuchInput, detail.as_bytes());
        }
        self.input_kept += u64::try_from(bytes.len()).unwrap_or(0);
        for part in bytes.chunks(INPUT_FACT_BYTES) {
            voice.session(at, self.id, SessionFact::Input { bytes: Octets::from(part) });
        }
    }

    fn output(&mut self, at: Timestamp, stream: Stream, bytes: &[u8], scene: &mut Scene<'_>) {
        if self.is_silent || bytes.is_empty() {
            return;
        }
        let at_us = self.at_us(at);
        if let Some(recorder) = &mut self.recorder {
            recorder.output(at_us, bytes);
            self.pay(bytes, scene.voice);
        }
        scene.server.write(self.channel, stream, bytes, &mut dice);
    }

    /// Takes from the address's allowance what a recording grows by, while it grows.
    fn pay(&mut self, bytes: &[u8], voice: &Voice) {
        if self.recorded_bytes < RECORDING_BYTES {
            let cost = voice.allowance.take_recorded(bytes);
            self.recorded_bytes += u64::try_from(cost).unwrap_or(0);
        }
    }

    /// Microseconds since the session was opened, never before the last ones.
    fn at_us(&mut self, at: Timestamp) -> u64 {
        let since = at.0.saturating_sub(self.opened.0) / 1_000;
        self.recorded_us = self.recorded_us.max(u64::try_from(since).unwrap_or(0));
        self.recorded_us
    }
}

/// Runs something of the shell's; `None` where it panicked, which ends one session and no more.
fn guarded<T>(work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}

/// A letter as `mkdtemp` draws them.
fn letter(byte: u8) -> char {
    const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    LETTERS.get(usize::from(byte) % LETTERS.len()).map_or('a', |letter| char::from(*letter))
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

/// Bytes that the shell has not come to, from which on it is given no more.
const BEHIND_BYTES: usize = 65_536;
/// Bytes that the shell is given before others have their turn.
const TURN_BYTES: usize = 128 << 10;

#[cfg(test)]
mod tests {
    use super::guarded;

    #[test]
    fn a_shell_that_fails_takes_nobody_with_it() {
        assert_eq!(guarded(|| 1), Some(1));
        assert_eq!(guarded(|| -> u8 { panic!("as asked") }), None);
    }
}
