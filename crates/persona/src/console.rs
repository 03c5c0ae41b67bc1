//! A session's shell, without I/O.
//!
//! **Invariant:** what the steps say depends on the bytes and instants only, never on how reads cut
//! the bytes. One call does a bounded amount of work; what is left is done at the next wake.

mod completion;
mod disk;
mod input;
mod transfer;

pub use disk::Disk;

use crate::editor::Editor;
use crate::kernel::{Answer, Ended, Handle, Job, Proc, Ran, Shown, Signal, Stream};
use crate::record::Recorder;
use crate::sftp::Server;
use crate::terminal::{HiddenLine, Line};
use crate::{Login, Machine, Step};
use decnet_core::event::{Anomaly, Timestamp, WindowSize};
use decnet_core::limits::{COMMAND_BYTES, SESSION_INPUT_BYTES, WINDOW_CELLS};
use std::collections::VecDeque;
use std::sync::Arc;

/// The shell, or the one command, of one session.
#[derive(Debug)]
pub struct Console {
    world: Handle,
    kind: Kind,
    state: State,
    /// The session's own process.
    first: u32,
    /// Columns; `None` without a terminal.
    cols: Option<u32>,
    editor: Editor,
    line: Line,
    hidden: HiddenLine,
    /// What was typed while a program ran that does not read.
    ahead: VecDeque<u8>,
    /// What there was no time for.
    queue: VecDeque<u8>,
    received: u64,
    end: End,
    wake_asked: Option<Timestamp>,
    work: usize,
    /// All work of the session.
    spent: usize,
    /// The files that it shares with other sessions.
    disk: Option<Disk>,
}

#[derive(Debug)]
enum Kind {
    Shell,
    Exec(Vec<u8>),
    Sftp(Box<Server>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// A line is wanted.
    Reading,
    /// Programs run, or wait.
    Running,
    /// There was enough to do for now; it goes on at the next wake.
    Resting,
    Over,
}

/// Whether more input can come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Open,
    Closed,
}

/// Whether a byte has been recorded and echoed before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    No,
    Yes,
}

/// Work of a session after which it gets less of it: seconds of processor time.
const GENEROUS_WORK: usize = 400_000_000;
/// How long the rest waits then.
const LONG_PAUSE_NS: i64 = 200_000_000;
/// Bytes that programs have not read, from which on no more are taken.
const UNREAD_BYTES: usize = 256 << 10;

/// Work of one call: about one for a character looked at or written.
const WORK: usize = 100_000;
/// How long the rest waits when a call has done its share.
const PAUSE_NS: i64 = 10_000_000;
/// Bytes that a program without a terminal is given at once.
const RUN: usize = 4_096;
/// Bytes that wait for their turn; more is too much.
const QUEUE_BYTES: usize = 1 << 20;
/// Bytes typed ahead that are kept, as the kernel keeps 4,095 of a terminal.
const AHEAD_BYTES: usize = 65_536;

impl Console {
    /// An interactive login shell, or a shell on a pipe where `login` has no terminal.
    #[must_use]
    pub fn shell(machine: Arc<Machine>, login: Login) -> Self {
        Self::new(machine, login, Kind::Shell)
    }

    /// One command, as `ssh host COMMAND` runs it.
    #[must_use]
    pub fn exec(machine: Arc<Machine>, login: Login, command: &[u8]) -> Self {
        // Clients that know where it is start it without its name.
        if command == crate::files::base::SFTP_SERVER.as_bytes() && login.terminal.is_none() {
            return Self::new(machine, login, Kind::Sftp(Box::default()));
        }
        let command = command.get(..COMMAND_BYTES).unwrap_or(command).to_vec();
        Self::new(machine, login, Kind::Exec(command))
    }

    /// A subsystem by its name, as `ssh -s host NAME` runs it; `None` for one that the machine does
    /// not know.
    #[must_use]
    pub fn subsystem(machine: Arc<Machine>, login: Login, name: &[u8]) -> Option<Self> {
        (name == b"sftp").then(|| Self::new(machine, login, Kind::Sftp(Box::default())))
    }

    fn new(machine: Arc<Machine>, login: Login, kind: Kind) -> Self {
        let cols = login.terminal.as_ref().map(|terminal| terminal.size.cols.min(WINDOW_CELLS));
        Self {
            world: Handle::new(machine, login),
            kind,
            state: State::Running,
            first: 0,
            cols,
            editor: Editor::default(),
            line: Line::default(),
            hidden: HiddenLine::default(),
            ahead: VecDeque::new(),
            queue: VecDeque::new(),
            received: 0,
            end: End::Open,
            wake_asked: None,
            work: 0,
            spent: 0,
            disk: None,
        }
    }

    /// What happens before the peer sends anything.
    pub fn open(&mut self, now: Timestamp, steps: &mut Vec<Step>) {
        self.with_disk(|console| console.begin(now, &mut Recorder::new(steps)));
    }

    fn begin(&mut self, now: Timestamp, rec: &mut Recorder<'_>) {
        self.world.with(|world| {
            world.open(now);
            // An earlier session may have changed who this is.
            world.user = crate::people::login(&world.files, &world.login.user);
            crate::people::ensure(world);
        });
        if let Kind::Sftp(_) = self.kind {
            return;
        }
        if matches!(self.kind, Kind::Shell) && self.cols.is_some() {
            let motd = self.world.with(crate::people::greeting);
            self.write(&motd, rec);
        }
        let name =
            if matches!(self.kind, Kind::Shell) && self.cols.is_some() { "-bash" } else { "bash" };
        let Ok(mut first) = Proc::first(&self.world, vec![name.as_bytes().to_vec()]) else {
            return;
        };
        first.env = self.world.with(|world| crate::people::environment(world));
        first.becomes(b"/usr/bin/bash".to_vec());
        self.first = first.pid;
        let pid = first.pid;
        let job: Job<'static> = match &self.kind {
            Kind::Exec(command) => {
                self.world.with(|world| world.begin_command(command));
                Box::pin(crate::shell::once(first, command.clone()))
            }
            Kind::Shell | Kind::Sftp(_) => Box::pin(crate::shell::interactive(first)),
        };
        self.world.with(|world| {
            world.tty.foreground = 0;
            world.first = Some(pid);
            world.start(pid, job);
        });
        self.settle(now, rec);
        self.ask_for_time(now, rec);
    }

    /// Bytes of the peer.
    pub fn receive(&mut self, now: Timestamp, bytes: &[u8], steps: &mut Vec<Step>) {
        self.with_disk(|console| console.take(now, bytes, &mut Recorder::new(steps)));
    }

    fn take(&mut self, now: Timestamp, bytes: &[u8], rec: &mut Recorder<'_>) {
        if self.state == State::Over || self.end == End::Closed {
            return;
        }
        if self.takes_files() {
            self.take_file(now, bytes, rec);
            return;
        }
        self.received = self.received.saturating_add(bytes.len() as u64);
        if self.received > SESSION_INPUT_BYTES || self.queue.len() + bytes.len() > QUEUE_BYTES {
            rec.anomaly(Anomaly::TooMuchInput, self.received.to_string().as_bytes());
            self.exit(255, rec);
            return;
        }
        if self.queue.is_empty() {
            // The common case: nothing waits, and nothing is copied twice.
            self.work = 0;
            let mut rest = bytes;
            while self.work < WORK && !rest.is_empty() {
                self.drain_ahead(now, rec);
                if self.work >= WORK || matches!(self.state, State::Resting | State::Over) {
                    break;
                }
                let taken = self.bytes(now, rest, rec);
                rest = rest.get(taken..).unwrap_or(&[]);
            }
            self.queue.extend(rest);
            self.drain_ahead(now, rec);
        } else {
            self.queue.extend(bytes);
        }
        self.ask_for_time(now, rec);
    }

    /// How many bytes wait for their turn. Whoever can should send nothing while there are some:
    /// the next wake works on them.
    #[must_use]
    pub fn waiting(&self) -> usize {
        match &self.kind {
            Kind::Sftp(server) => server.waiting(),
            Kind::Shell | Kind::Exec(_) => {
                let unread = self.world.with(|world| world.input.len());
                self.queue.len() + if unread > UNREAD_BYTES { unread } else { 0 }
            }
        }
    }

    /// The peer's side of the channel has ended.
    pub fn end_of_input(&mut self, now: Timestamp, steps: &mut Vec<Step>) {
        self.with_disk(|console| {
            let mut rec = Recorder::new(steps);
            console.end = End::Closed;
            if console.is_server() {
                console.end_server(&mut rec);
            } else {
                console.pump(now, &mut rec);
            }
        });
    }

    /// A signal by its name, as sshd passes it on to what it has started.
    pub fn signal(&mut self, now: Timestamp, name: &[u8], steps: &mut Vec<Step>) {
        self.with_disk(|console| {
            let Some(signal) = Signal::parse(name) else { return };
            let first = console.first;
            let group = console.world.with(|world| {
                let group = world.table.get(&first).map(|entry| entry.group);
                group.is_some_and(|group| world.signal_group(group, signal))
            });
            if group && console.state != State::Over {
                let mut rec = Recorder::new(steps);
                console.settle(now, &mut rec);
                console.ask_for_time(now, &mut rec);
            }
        });
    }

    /// The terminal has another size.
    pub fn resize(&mut self, size: WindowSize) {
        if let Some(cols) = &mut self.cols {
            *cols = size.cols.min(WINDOW_CELLS);
            self.editor.resize(*cols);
            self.world.with(|world| world.tty.resize(size));
        }
    }

    /// The instant of the last [`Step::WakeAt`] has come.
    pub fn wake(&mut self, now: Timestamp, steps: &mut Vec<Step>) {
        self.with_disk(|console| console.go_on(now, &mut Recorder::new(steps)));
    }

    fn go_on(&mut self, now: Timestamp, rec: &mut Recorder<'_>) {
        self.wake_asked = None;
        if self.is_server() {
            self.wake_server(now, rec);
            return;
        }
        self.work = 0;
        match self.state {
            State::Running | State::Resting => self.settle(now, rec),
            State::Reading | State::Over => {
                // Jobs in the background go on while a line is typed.
                if self.state == State::Reading {
                    self.background(now, rec);
                }
            }
        }
        self.pump(now, rec);
    }

    /// Does what waits, up to one call's share.
    fn pump(&mut self, now: Timestamp, rec: &mut Recorder<'_>) {
        self.work = 0;
        loop {
            self.drain_ahead(now, rec);
            if self.work >= WORK
                || matches!(self.state, State::Over | State::Resting)
                || self.queue.is_empty()
            {
                break;
            }
            let mut queue = std::mem::take(&mut self.queue);
            let taken = self.bytes(now, queue.as_slices().0, rec);
            queue.drain(..taken);
            // What ends a session leaves nothing in the queue.
            if self.state != State::Over {
                self.queue = queue;
            }
        }
        if self.end == End::Closed && self.queue.is_empty() {
            self.finish_input(now, rec);
        }
        self.ask_for_time(now, rec);
    }

    fn ask_for_time(&mut self, now: Timestamp, rec: &mut Recorder<'_>) {
        if self.state == State::Over {
            return;
        }
        if self.state == State::Resting || !self.queue.is_empty() {
            let pause = if self.spent > GENEROUS_WORK { LONG_PAUSE_NS } else { PAUSE_NS };
            self.ask_wake(Timestamp(now.0.saturating_add(pause)), rec);
        } else if let Some(at) = self.world.with(|world| world.alarm()) {
            self.ask_wake(at, rec);
        }
    }

    fn ask_wake(&mut self, at: Timestamp, rec: &mut Recorder<'_>) {
        if self.wake_asked != Some(at) {
            self.wake_asked = Some(at);
            rec.wake_at(at);
        }
    }

    fn drain_ahead(&mut self, now: Timestamp, rec: &mut Recorder<'_>) {
        while !self.ahead.is_empty() && self.work < WORK && self.state == State::Reading {
            let Some(byte) = self.ahead.pop_front() else { break };
            self.byte(now, byte, Seen::Yes, rec);
        }
    }

    /// The first of these bytes: one, or as many as programs without a terminal take at once.
    /// Says how many.
    fn bytes(&mut self, now: Timestamp, bytes: &[u8], rec: &mut Recorder<'_>) -> usize {
        if self.cols.is_none() {
            let mut run = bytes.get(..RUN).unwrap_or(bytes);
            // A shell that reads lines may end with any of them.
            if matches!(self.kind, Kind::Shell)
                && let Some(end) = run.iter().position(|&b| b == b'\n')
            {
                run = run.get(..=end).unwrap_or(run);
            }
            for &byte in run {
                rec.input(byte);
            }
            self.give(now, run, rec);
            return run.len();
        }
        let Some(&byte) = bytes.first() else { return 0 };
        self.byte(now, byte, Seen::No, rec);
        1
    }

    /// Input for programs.
    fn give(&mut self, now: Timestamp, bytes: &[u8], rec: &mut Recorder<'_>) {
        self.work += bytes.len();
        self.world.with(|world| world.feed(bytes));
        self.settle(now, rec);
    }

    fn byte(&mut self, now: Timestamp, byte: u8, seen: Seen, rec: &mut Recorder<'_>) {
        self.work += 1;
        match self.state {
            State::Over => {}
            State::Reading => self.edit(now, byte, seen, rec),
            State::Running | State::Resting => {
                let modes = self.world.with(|world| world.tty.modes);
                match (modes.icanon, modes.echo) {
                    (true, true) => self.cooked_byte(now, byte, seen, rec),
                    (true, false) => self.hidden_byte(now, byte, rec),
                    (false, _) => self.raw_byte(now, byte, rec),
                }
            }
        }
    }

    fn keep_ahead(&mut self, bytes: &[u8]) {
        let room = AHEAD_BYTES.saturating_sub(self.ahead.len());
        self.ahead.extend(bytes.iter().take(room));
    }

    /// Goes on until all wait, a line is wanted, or the session is over.
    fn settle(&mut self, now: Timestamp, rec: &mut Recorder<'_>) {
        if self.state == State::Over {
            return;
        }
        let ran = self.world.run(now);
        self.show(rec);
        let (work, asked, gone) = self.world.with(|world| {
            let gone = !world.table.contains_key(&self.first);
            (world.take_work(), world.tty.asked.clone(), gone)
        });
        self.work += work;
        self.spent = self.spent.saturating_add(work);
        if gone && self.is_done() {
            let ended = self.world.with(|world| {
                world.end_command(world.last_ended.status());
                world.last_ended
            });
            self.show(rec);
            self.over(ended, rec);
            return;
        }
        self.state = match (ran, asked) {
            (_, Some(asked)) if self.cols.is_some() => {
                if self.state != State::Reading {
                    self.prompt(&asked.prompt, rec);
                }
                State::Reading
            }
            (Ran::Busy, _) => State::Resting,
            (Ran::Idle, _) => State::Running,
        };
    }

    /// Whether nothing is left that could write to the peer.
    fn is_done(&self) -> bool {
        self.cols.is_some() || self.world.with(|world| world.table.is_empty())
    }

    /// Lets jobs in the background go on.
    fn background(&mut self, now: Timestamp, rec: &mut Recorder<'_>) {
        self.settle(now, rec);
    }

    fn exit(&mut self, status: u32, rec: &mut Recorder<'_>) {
        self.over(Ended::Exit(status), rec);
    }

    fn over(&mut self, ended: Ended, rec: &mut Recorder<'_>) {
        self.state = State::Over;
        self.queue.clear();
        self.ahead.clear();
        self.world.clear();
        rec.step(match ended {
            Ended::Exit(status) => Step::Exit(status),
            Ended::Signal(signal) => Step::Killed(signal.0),
        });
    }

    /// No more input will come, and all that came is done.
    fn finish_input(&mut self, now: Timestamp, rec: &mut Recorder<'_>) {
        if self.state == State::Over || self.ended_input() {
            return;
        }
        if self.cols.is_some() {
            // A terminal that is gone hangs up.
            let pids = self.world.with(|world| world.table.keys().copied().collect::<Vec<_>>());
            let _ = pids;
        }
        self.world.with(|world| {
            world.input_ends = 1_000;
            if let Some(asked) = world.tty.asked.take() {
                let _ = asked;
                world.tty.answer = Some(Answer::EndOfFile);
                world.progress();
            }
            world.progress();
        });
        if self.state == State::Reading {
            self.state = State::Running;
        }
        self.settle(now, rec);
    }

    fn ended_input(&self) -> bool {
        self.world.with(|world| world.input_ends >= 1_000 && world.tty.asked.is_none())
    }

    /// Shows the prompt and begins a line.
    fn prompt(&mut self, prompt: &[u8], rec: &mut Recorder<'_>) {
        self.state = State::Reading;
        let Some(cols) = self.cols else { return };
        self.editor.begin(prompt, cols, rec.output());
        self.work += 100;
        rec.step(Step::Prompt);
        let unread: Vec<u8> = self.world.with(|world| world.input.drain(..).collect());
        let typed = self.line.take();
        let later: Vec<u8> = self.ahead.drain(..).collect();
        self.keep_ahead(&unread);
        self.keep_ahead(&typed);
        self.keep_ahead(&later);
    }

    /// Answers the shell that wants a line.
    fn answer(&mut self, now: Timestamp, answer: Answer, rec: &mut Recorder<'_>) {
        self.world.with(|world| {
            world.tty.asked = None;
            world.tty.answer = Some(answer);
            world.progress();
        });
        self.state = State::Running;
        self.settle(now, rec);
    }

    /// Passes on what programs have written.
    fn show(&mut self, rec: &mut Recorder<'_>) {
        for shown in self.world.with(|world| world.take_shown()) {
            match shown {
                Shown::Step(step) => rec.step(step),
                Shown::Bytes(Stream::Err, bytes) if self.cols.is_none() => rec.error_output(bytes),
                Shown::Bytes(_, bytes) => self.write(&bytes, rec),
            }
        }
    }

    /// Bytes to the peer; a terminal gets a carriage return before each line feed.
    fn write(&self, bytes: &[u8], rec: &mut Recorder<'_>) {
        let out = rec.output();
        if self.cols.is_none() {
            out.extend_from_slice(bytes);
            return;
        }
        for line in bytes.split_inclusive(|&b| b == b'\n') {
            match line.strip_suffix(b"\n") {
                Some(text) => {
                    out.extend_from_slice(text);
                    out.extend_from_slice(b"\r\n");
                }
                None => out.extend_from_slice(line),
            }
        }
    }
}
