//! A session's shell, without I/O.
//!
//! **Invariant:** what the steps say depends on the bytes and instants only, never on how reads cut
//! the bytes. One call does a bounded amount of work; what is left is done at the next wake.

mod completion;
mod disk;
mod input;
mod transfer;

pub use disk::Disk;

use crate::commands::{OutKind, Stream};
use crate::editor::Editor;
use crate::record::Recorder;
use crate::sftp::Server;
use crate::shell::parse::{Parsed, parse};
use crate::shell::run::{Echo, Engine, Fed, Progress};
use crate::shell::{LevelKind, Shell};
use crate::terminal::{HiddenLine, Line};
use crate::{Login, Machine, Step};
use decnet_core::event::{Anomaly, Timestamp, WindowSize};
use decnet_core::limits::{COMMAND_BYTES, SESSION_INPUT_BYTES, WINDOW_CELLS};
use std::collections::VecDeque;
use std::sync::Arc;

/// The shell, or the one command, of one session.
#[derive(Debug)]
pub struct Console {
    engine: Engine,
    kind: Kind,
    state: State,
    /// Columns; `None` without a terminal.
    cols: Option<u32>,
    editor: Editor,
    line: Line,
    hidden: HiddenLine,
    /// A line from a pipe, or lines of which the last is not complete.
    partial: Vec<u8>,
    /// Lines that were pasted as one and have not run.
    lines: VecDeque<Vec<u8>>,
    /// What was typed while a program ran that does not read.
    ahead: VecDeque<u8>,
    /// What there was no time for.
    queue: VecDeque<u8>,
    received: u64,
    end: End,
    wake_asked: Option<Timestamp>,
    work: usize,
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
    /// A program waits.
    Running,
    /// A list rests and goes on at the next wake; input waits for it.
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
        let level = match (&kind, cols) {
            (Kind::Shell, Some(_)) => LevelKind::Login,
            (Kind::Shell, None) | (Kind::Exec(_) | Kind::Sftp(_), _) => LevelKind::Script,
        };
        let out_kind = cols.map_or(OutKind::Other, OutKind::Terminal);
        Self {
            engine: Engine::new(Shell::new(machine, login, level), out_kind),
            kind,
            state: State::Reading,
            cols,
            editor: Editor::default(),
            line: Line::default(),
            hidden: HiddenLine::default(),
            partial: Vec::new(),
            lines: VecDeque::new(),
            ahead: VecDeque::new(),
            queue: VecDeque::new(),
            received: 0,
            end: End::Open,
            wake_asked: None,
            work: 0,
            disk: None,
        }
    }

    /// What happens before the peer sends anything.
    pub fn open(&mut self, now: Timestamp, steps: &mut Vec<Step>) {
        self.with_disk(|console| console.begin(now, &mut Recorder::new(steps)));
    }

    fn begin(&mut self, now: Timestamp, rec: &mut Recorder<'_>) {
        self.engine.shell.open(now);
        match &self.kind {
            Kind::Shell => {
                self.engine.interactive();
                if self.cols.is_some() {
                    let machine = &self.engine.shell.machine;
                    let (host, kernel) = (&machine.hostname, machine.kernel);
                    let uname =
                        format!("Linux {host} {kernel} {} x86_64\n", machine.kernel_version);
                    let motd = [uname.as_str(), crate::files::base::MOTD].concat();
                    self.write(motd.as_bytes(), rec);
                    self.prompt(rec);
                }
            }
            Kind::Sftp(_) => {}
            Kind::Exec(command) => {
                let command = command.clone();
                rec.step(Step::Command(command.clone()));
                match parse(&command) {
                    Parsed::List(items) => self.engine.start(items),
                    Parsed::Incomplete => self.refuse(
                        "bash: -c: line 1: unexpected EOF while looking for matching `''",
                        rec,
                    ),
                    Parsed::Unexpected(token) => {
                        let token = String::from_utf8_lossy(&token);
                        self.refuse(
                            &format!(
                                "bash: -c: line 1: syntax error near unexpected token `{token}'"
                            ),
                            rec,
                        );
                    }
                }
                self.settle(now, rec);
                self.ask_for_time(now, rec);
            }
        }
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
            Kind::Shell | Kind::Exec(_) => self.queue.len(),
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

    /// The terminal has another size.
    pub fn resize(&mut self, size: WindowSize) {
        if let Some(cols) = &mut self.cols {
            *cols = size.cols.min(WINDOW_CELLS);
            self.editor.resize(*cols);
            self.engine.resize(*cols);
            if let Some(terminal) = &mut self.engine.shell.login.terminal {
                terminal.size = size;
            }
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
        match self.state {
            State::Running => {
                self.engine.wake(now);
                self.settle(now, rec);
            }
            State::Resting => self.settle(now, rec),
            State::Reading | State::Over => {}
        }
        self.pump(now, rec);
    }

    /// Does what waits, up to one call's share.
    fn pump(&mut self, now: Timestamp, rec: &mut Recorder<'_>) {
        self.work = 0;
        loop {
            self.drain_ahead(now, rec);
            if self.work >= WORK || matches!(self.state, State::Over | State::Resting) {
                break;
            }
            if self.queue.is_empty() {
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
        let resting = self.state == State::Resting;
        if resting || !self.queue.is_empty() || (!self.ahead.is_empty() && !self.paused()) {
            self.ask_wake(Timestamp(now.0.saturating_add(PAUSE_NS)), rec);
        }
    }

    fn ask_wake(&mut self, at: Timestamp, rec: &mut Recorder<'_>) {
        if self.wake_asked.is_none_or(|asked| at < asked || asked < at) {
            self.wake_asked = Some(at);
            rec.wake_at(at);
        }
    }

    /// Whether a program runs that neither reads nor ends before its time.
    fn paused(&mut self) -> bool {
        self.state == State::Running && self.engine.wake_at().is_some()
    }

    fn drain_ahead(&mut self, now: Timestamp, rec: &mut Recorder<'_>) {
        while !self.ahead.is_empty()
            && self.work < WORK
            && self.state != State::Resting
            && !self.paused()
        {
            let Some(byte) = self.ahead.pop_front() else { break };
            self.byte(now, byte, Seen::Yes, rec);
        }
    }

    /// The first of these bytes: one, or as many as a program without a terminal takes at once.
    /// Says how many.
    fn bytes(&mut self, now: Timestamp, bytes: &[u8], rec: &mut Recorder<'_>) -> usize {
        let piped = self.state == State::Running && self.cols.is_none();
        if piped && self.engine.program().is_some_and(|program| program.echo() == Echo::On) {
            let run = bytes.get(..RUN).unwrap_or(bytes);
            self.piped_input(run, Seen::No, rec);
            return run.len();
        }
        let Some(&byte) = bytes.first() else { return 0 };
        self.byte(now, byte, Seen::No, rec);
        1
    }

    /// Input for a program that has no terminal.
    fn piped_input(&mut self, bytes: &[u8], seen: Seen, rec: &mut Recorder<'_>) {
        if seen == Seen::No {
            for &byte in bytes {
                rec.input(byte);
            }
        }
        if self.engine.feed(bytes) == Fed::Left {
            self.keep_ahead(bytes);
        }
        self.show(rec);
        self.work += bytes.len() + self.engine.take_work();
    }

    fn byte(&mut self, now: Timestamp, byte: u8, seen: Seen, rec: &mut Recorder<'_>) {
        self.work += 1;
        match (self.state, self.cols) {
            (State::Over | State::Resting, _) => {}
            (State::Reading, Some(_)) => self.edit(now, byte, seen, rec),
            (State::Reading, None) => self.piped_line(now, byte, seen, rec),
            (State::Running, cols) => {
                let echo = self.engine.program().map_or(Echo::On, |program| program.echo());
                match (echo, cols) {
                    (Echo::Off, _) => self.hidden_byte(now, byte, rec),
                    (Echo::On, Some(_)) => self.cooked_byte(now, byte, seen, rec),
                    (Echo::On, None) => self.piped_input(&[byte], seen, rec),
                }
            }
        }
    }

    fn keep_ahead(&mut self, bytes: &[u8]) {
        let room = AHEAD_BYTES.saturating_sub(self.ahead.len());
        self.ahead.extend(bytes.iter().take(room));
    }

    /// Runs lines until one waits or none is left.
    fn next_lines(&mut self, now: Timestamp, rec: &mut Recorder<'_>) {
        while let Some(line) = self.lines.pop_front() {
            let text = if self.partial.is_empty() {
                line
            } else {
                [std::mem::take(&mut self.partial).as_slice(), &line].concat()
            };
            self.work += text.len();
            match parse(&text) {
                Parsed::List(items) if items.is_empty() => self.remember(&text),
                Parsed::Incomplete if text.len() < COMMAND_BYTES => {
                    self.partial = text;
                    self.partial.push(b'\n');
                }
                parsed @ (Parsed::List(_) | Parsed::Incomplete | Parsed::Unexpected(_)) => {
                    self.remember(&text);
                    rec.step(Step::Command(text.clone()));
                    match parsed {
                        Parsed::List(items) => self.engine.start(items),
                        Parsed::Incomplete => self.refuse("bash: line too long", rec),
                        Parsed::Unexpected(token) => {
                            let name = self.engine.shell.level().name();
                            let token = String::from_utf8_lossy(&token);
                            let text =
                                format!("{name}: syntax error near unexpected token `{token}'");
                            self.refuse(&text, rec);
                        }
                    }
                    self.state = State::Running;
                    self.settle(now, rec);
                    return;
                }
            }
        }
        self.prompt(rec);
    }

    /// Puts a line into the history, as an interactive shell does.
    fn remember(&mut self, text: &[u8]) {
        if self.cols.is_none() || text.iter().all(u8::is_ascii_whitespace) {
            return;
        }
        let shell = &mut self.engine.shell;
        // Users have HISTCONTROL=ignoreboth from the skeleton; root has not.
        let ignores = shell.level().user.uid != 0;
        let same = shell.history.last() == Some(text);
        if !(ignores && (same || text.starts_with(b" "))) {
            shell.history.push(text.to_vec());
        }
    }

    /// A message of the shell instead of a command's output.
    fn refuse(&mut self, text: &str, rec: &mut Recorder<'_>) {
        let text = [text.as_bytes(), b"\n"].concat();
        if self.cols.is_some() {
            self.write(&text, rec);
        } else {
            rec.error_output(text);
        }
        self.engine.shell.level().status = 2;
    }

    /// Goes on until something waits or a line is wanted.
    fn settle(&mut self, now: Timestamp, rec: &mut Recorder<'_>) {
        let progress = self.engine.advance(now);
        self.show(rec);
        self.work += self.engine.take_work();
        match progress {
            Progress::Busy => self.state = State::Resting,
            Progress::Waiting => {
                self.state = State::Running;
                if let Some(at) = self.engine.wake_at() {
                    self.ask_wake(at, rec);
                } else if self.engine.program().map(|program| program.echo()) == Some(Echo::Off) {
                    // Whoever asks for a password throws away what was typed before.
                    self.ahead.clear();
                    self.line.take();
                }
            }
            Progress::Prompt => {
                let status = self.engine.shell.level().status;
                rec.step(Step::CommandDone(status));
                self.state = State::Reading;
                let typed = self.line.take();
                self.keep_ahead(&typed);
                if self.lines.is_empty() {
                    self.prompt(rec);
                } else {
                    self.next_lines(now, rec);
                }
            }
            Progress::Exit(status) => {
                rec.step(Step::CommandDone(status));
                self.exit(status, rec);
            }
        }
    }

    fn exit(&mut self, status: u32, rec: &mut Recorder<'_>) {
        self.state = State::Over;
        self.queue.clear();
        self.ahead.clear();
        self.lines.clear();
        rec.step(Step::Exit(status));
    }

    /// No more input will come, and all that came is done.
    fn finish_input(&mut self, now: Timestamp, rec: &mut Recorder<'_>) {
        // Each turn ends a program or a shell; there are only so many inside each other.
        for _ in 0..256 {
            if self.paused() {
                return;
            }
            match self.state {
                State::Over | State::Resting => return,
                State::Running => {
                    self.engine.end_of_file(now);
                    self.settle(now, rec);
                }
                State::Reading => {
                    let rest = std::mem::take(&mut self.partial);
                    if self.cols.is_none() && !rest.is_empty() {
                        self.lines.push_back(rest);
                        self.next_lines(now, rec);
                        self.partial.clear();
                        continue;
                    }
                    self.engine.end_shell();
                    match self.engine.advance(now) {
                        Progress::Exit(status) => self.exit(status, rec),
                        Progress::Waiting => self.state = State::Running,
                        Progress::Busy => self.state = State::Resting,
                        Progress::Prompt => {}
                    }
                    self.show(rec);
                }
            }
        }
        self.exit(1, rec);
    }

    /// Shows the prompt and begins a line.
    fn prompt(&mut self, rec: &mut Recorder<'_>) {
        self.state = State::Reading;
        let Some(cols) = self.cols else { return };
        let prompt =
            if self.partial.is_empty() { self.engine.shell.prompt() } else { b"> ".to_vec() };
        self.editor.begin(&prompt, cols, rec.output());
        self.work += 100;
        rec.step(Step::Prompt);
    }

    /// Passes on what commands have written.
    fn show(&mut self, rec: &mut Recorder<'_>) {
        for step in std::mem::take(&mut self.engine.shell.noted) {
            rec.step(step);
        }
        for (stream, bytes) in std::mem::take(&mut self.engine.shown) {
            match stream {
                Stream::Err if self.cols.is_none() => rec.error_output(bytes),
                Stream::Out | Stream::Err => self.write(&bytes, rec),
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
