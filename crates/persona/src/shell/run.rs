//! Lists, pipelines and commands being run, with stops where a program waits.
//!
//! **Invariant:** never blocks and never recurses into the peer's nesting beyond the cap: what is
//! running is a stack of frames, and a program that waits is left on top of it.

mod program;
mod stream;

pub(crate) use program::{Echo, Fed, Program};

use crate::commands::{Call, Found, OUTPUT_BYTES, OutKind, Outcome, Stdin, Stream, find, program};
use crate::files::{Access, Fault, Kind, Last};
use crate::shell::parse::{Item, Negated, Parsed, Place, Stage, When, parse};
use crate::shell::{Level, LevelKind, Scope, Shell};
use decnet_core::event::Timestamp;
use stream::{Destination, To};

/// The shells of a session and what they run.
#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) shell: Shell,
    frames: Vec<Frame>,
    /// What is to be shown, in order.
    pub(crate) shown: Vec<(Stream, Vec<u8>)>,
    shown_bytes: usize,
    /// What standard output is, outside pipes and files.
    out_kind: OutKind,
    depth: usize,
    now: Timestamp,
    /// What has been done since [`Engine::take_work`], in about bytes looked at.
    work: usize,
}

/// What happens next.
#[derive(Debug)]
pub(crate) enum Progress {
    /// The shell wants a line.
    Prompt,
    /// The program on top waits.
    Waiting,
    /// The share of work is used up; call again in a while.
    Busy,
    /// The last shell has ended.
    Exit(u32),
}

#[derive(Debug)]
enum Frame {
    /// A shell that reads lines.
    Shell,
    /// A list that is being run.
    Task(Box<Task>),
    /// Catches standard output for `$(...)`.
    Capture(Vec<u8>),
}

#[derive(Debug)]
struct Task {
    items: std::vec::IntoIter<Item>,
    stages: std::vec::IntoIter<Stage>,
    negated: Negated,
    /// Standard input of the whole list, where it is not the peer's.
    stdin: Option<Vec<u8>>,
    /// What the stage before wrote.
    input: Option<Vec<u8>>,
    /// What the stage that runs writes.
    pipe: Vec<u8>,
    targets: [To; 2],
    level: OwnLevel,
    program: Option<Program>,
}

/// Whether a shell ends with the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OwnLevel {
    No,
    Yes,
}

/// Lists in lists, shells in shells.
const FRAMES: usize = 64;
/// Work after which a list rests.
const WORK: usize = 100_000;
/// Work after which `$(...)`, which cannot rest, gives nothing.
const SUBSTITUTE_WORK: usize = 4 * WORK;
/// Work of one command beside what it reads and writes.
const COMMAND_WORK: usize = 2_000;
/// `$(...)` in `$(...)`.
const DEPTH: usize = 64;
/// Bytes shown for one line.
const SHOWN_BYTES: usize = 2 * OUTPUT_BYTES;

impl Engine {
    pub(crate) fn new(shell: Shell, out_kind: OutKind) -> Self {
        Self {
            shell,
            frames: Vec::new(),
            shown: Vec::new(),
            shown_bytes: 0,
            out_kind,
            depth: 0,
            now: Timestamp::default(),
            work: 0,
        }
    }

    /// From now on this shell reads lines.
    pub(crate) fn interactive(&mut self) {
        self.frames.push(Frame::Shell);
    }

    pub(crate) fn resize(&mut self, cols: u32) {
        if let OutKind::Terminal(_) = self.out_kind {
            self.out_kind = OutKind::Terminal(cols);
        }
    }

    /// What was done since the last call.
    pub(crate) fn take_work(&mut self) -> usize {
        std::mem::take(&mut self.work)
    }

    /// Counts work that is done elsewhere.
    pub(crate) fn count_work(&mut self, work: usize) {
        self.work += work;
    }

    /// Begins a list.
    pub(crate) fn start(&mut self, items: Vec<Item>) {
        self.shown_bytes = 0;
        self.push_task(items, OwnLevel::No, None);
    }

    fn push_task(&mut self, items: Vec<Item>, level: OwnLevel, stdin: Option<Vec<u8>>) {
        self.frames.push(Frame::Task(Box::new(Task {
            items: items.into_iter(),
            stages: Vec::new().into_iter(),
            negated: Negated::No,
            stdin,
            input: None,
            pipe: Vec::new(),
            targets: [To::Outer(Stream::Out), To::Outer(Stream::Err)],
            level,
            program: None,
        })));
    }

    fn task(&mut self) -> Option<&mut Task> {
        match self.frames.last_mut() {
            Some(Frame::Task(task)) => Some(task),
            Some(Frame::Shell | Frame::Capture(_)) | None => None,
        }
    }

    /// The program that waits.
    pub(crate) fn program(&mut self) -> Option<&mut Program> {
        self.task()?.program.as_mut()
    }

    /// Runs until something waits, a line is wanted, or all is over.
    pub(crate) fn advance(&mut self, now: Timestamp) -> Progress {
        self.now = now;
        let bottom = self.frames.iter().rposition(|frame| matches!(frame, Frame::Capture(_)));
        loop {
            if bottom.is_some_and(|bottom| self.frames.len() <= bottom + 1) {
                return Progress::Prompt;
            }
            let Some(task) = self.task() else {
                return match self.frames.last() {
                    Some(Frame::Shell) => Progress::Prompt,
                    _ => Progress::Exit(self.shell.level().status),
                };
            };
            if task.program.is_some() {
                return Progress::Waiting;
            }
            if self.work >= WORK && bottom.is_none() {
                return Progress::Busy;
            }
            let Some(task) = self.task() else { continue };
            if let Some(stage) = task.stages.next() {
                self.stage(now, stage);
            } else if let Some(item) = task.items.next() {
                let status = self.shell.level().status;
                let runs = match item.when {
                    When::Always => true,
                    When::Succeeded => status == 0,
                    When::Failed => status != 0,
                };
                if let (true, Some(task)) = (runs, self.task()) {
                    task.negated = item.negated;
                    task.input = None;
                    task.stages = item.stages.into_iter();
                    if item.place == Place::Background {
                        self.announce_background();
                    }
                }
            } else {
                self.pop_task();
            }
        }
    }

    fn announce_background(&mut self) {
        let pid = self.shell.next_pid();
        if self.shell.level().kind != LevelKind::Script {
            self.deliver(self.frames.len(), Stream::Err, format!("[1] {pid}\n").as_bytes());
        }
    }

    fn pop_task(&mut self) {
        let Some(Frame::Task(task)) = self.frames.pop() else { return };
        if task.level == OwnLevel::Yes {
            let status = self.shell.level().status;
            self.shell.inner.pop();
            self.finish_stage(status);
        }
    }

    /// The stage that ran has ended; what it wrote is the next one's input.
    fn finish_stage(&mut self, status: u32) {
        let Some(task) = self.task() else {
            self.shell.level().status = status;
            return;
        };
        task.program = None;
        let pipe = std::mem::take(&mut task.pipe);
        task.input = Some(pipe);
        let last = task.stages.len() == 0;
        let status = match (task.negated, last) {
            (Negated::Yes, true) => u32::from(status == 0),
            (Negated::Yes | Negated::No, _) => status,
        };
        task.targets = [To::Outer(Stream::Out), To::Outer(Stream::Err)];
        self.shell.level().status = status;
    }

    fn stage(&mut self, now: Timestamp, stage: Stage) {
        let Some(task) = self.task() else { return };
        let last = task.stages.len() == 0;
        let first_out = if last { To::Outer(Stream::Out) } else { To::Pipe };
        task.targets = [first_out, To::Outer(Stream::Err)];
        let mut stdin = task.input.take();
        let words = match self.expand(&stage.words) {
            Ok(words) => words,
            Err(crate::shell::expand::TooLong) => {
                self.fail(&stage_name(&stage), "Argument list too long", 126);
                return;
            }
        };
        for redirect in &stage.redirects {
            match self.redirect(now, redirect) {
                Ok(Some(bytes)) => stdin = Some(bytes),
                Ok(None) => {}
                Err((name, fault)) => {
                    self.fail(&name, fault.text(), 1);
                    return;
                }
            }
        }
        if let Some(items) = stage.group {
            let level = self.shell.level().clone();
            self.nest(items, level, stdin);
            return;
        }
        let mut assigned = Vec::new();
        for (name, word) in &stage.assignments {
            match self.expand_one(word) {
                Ok(value) => assigned.push((name.clone(), value)),
                Err(crate::shell::expand::TooLong) => {
                    self.fail(name, "Argument list too long", 126);
                    return;
                }
            }
        }
        let Some((name, args)) = words.split_first() else {
            for (name, value) in assigned {
                self.shell.level().set(&name, value, None);
            }
            self.finish_stage(0);
            return;
        };
        // Variables before a command are only for that command.
        let mut before = Vec::new();
        let depth = self.shell.inner.len();
        for (name, value) in assigned {
            let level = self.shell.level();
            before.push((name.clone(), level.variables.get(&name).cloned()));
            level.set(&name, value, Some(Scope::Exported));
        }
        self.command(now, name, args, stdin);
        for (name, old) in before {
            let Some(level) = self.shell.level_at(depth) else { continue };
            match old {
                Some(old) => drop(level.variables.insert(name, old)),
                None => drop(level.variables.remove(&name)),
            }
        }
    }

    /// Runs one command as the stage on top.
    fn command(&mut self, now: Timestamp, name: &[u8], args: &[Vec<u8>], stdin: Option<Vec<u8>>) {
        let run = match self.look_up(name) {
            Ok(run) => run,
            Err((text, status)) => {
                self.fail(name, text, status);
                return;
            }
        };
        let index = self.frames.len();
        let out_kind = match self.destination(index, Stream::Out) {
            Destination::Session(Stream::Out | Stream::Err) => self.out_kind,
            Destination::Frame(_) | Destination::File(_) | Destination::Null => OutKind::Other,
        };
        // A list with an input of its own hands it to the first command that reads.
        let stdin = stdin.or_else(|| {
            self.frames.iter_mut().rev().find_map(|frame| match frame {
                Frame::Task(task) => task.stdin.as_mut().map(std::mem::take),
                Frame::Shell | Frame::Capture(_) => None,
            })
        });
        let read = stdin.as_ref().map_or(0, Vec::len);
        let stdin = stdin.map_or(Stdin::Session, Stdin::Bytes);
        let mut call = Call::new(&mut self.shell, now, args, stdin, out_kind);
        let outcome = run(&mut call);
        let out = std::mem::take(&mut call.out);
        self.work += COMMAND_WORK + read / 8;
        for (stream, bytes) in out {
            self.work += bytes.len() / 4;
            self.deliver(index, stream, &bytes);
        }
        self.outcome(outcome);
    }

    /// What becomes of the stage on top.
    fn outcome(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Done(status) => self.finish_stage(status),
            Outcome::Wait(program) if self.depth == 0 => {
                if let Some(task) = self.task() {
                    task.program = Some(program);
                }
            }
            // Nothing can wait inside `$(...)`.
            Outcome::Wait(_) => self.finish_stage(0),
            Outcome::Exit(status) => self.exit(status),
            Outcome::List(items, level) => self.nest(items, *level, None),
            Outcome::Shell(level) => {
                if self.depth == 0 && self.frames.len() < FRAMES {
                    self.shell.inner.push(*level);
                    self.frames.push(Frame::Shell);
                } else {
                    self.finish_stage(0);
                }
            }
            Outcome::Command(words, level) => {
                let words = words
                    .into_iter()
                    .map(|word| vec![crate::shell::parse::Part::Quoted(word)])
                    .collect();
                self.nest(vec![one(Stage { words, ..Stage::default() })], *level, None);
            }
        }
    }

    fn take_program(&mut self) -> Option<Program> {
        self.task()?.program.take()
    }

    fn put_program(&mut self, program: Program) {
        if let Some(task) = self.task() {
            task.program = Some(program);
        }
    }

    fn deliver_top(&mut self, stream: Stream, bytes: &[u8]) {
        self.deliver(self.frames.len(), stream, bytes);
    }

    /// The function behind a command's name, or what the shell says instead, and the status.
    fn look_up(&mut self, name: &[u8]) -> Result<crate::commands::Run, (&'static str, u32)> {
        if !name.contains(&b'/') {
            return match find(name) {
                Some(Found::Builtin(run) | Found::Program(run)) => Ok(run),
                None => Err(("command not found", 127)),
            };
        }
        let (cwd, who) = (self.shell.level().cwd.clone(), self.shell.who());
        let path = self.shell.files.resolve(&cwd, name, Last::Follow);
        let path = path.map_err(|fault| (fault.text(), 127))?;
        let node = self.shell.files.node(&path).map_err(|fault| (fault.text(), 127))?;
        if let Kind::Folder = node.kind {
            return Err((Fault::IsFolder.text(), 126));
        }
        let runs = node.mode & 0o111 != 0;
        if !runs || self.shell.files.allowed(who, &path, Access::Execute).is_err() {
            return Err((Fault::Denied.text(), 126));
        }
        let file = path.rsplit(|&b| b == b'/').next().unwrap_or(&[]);
        program(file).ok_or(("cannot execute binary file: Exec format error", 126))
    }

    /// A list in a shell of its own, as the stage on top.
    fn nest(&mut self, items: Vec<Item>, level: Level, stdin: Option<Vec<u8>>) {
        if self.frames.len() >= FRAMES {
            self.fail(b"fork: retry", "Resource temporarily unavailable", 254);
            return;
        }
        self.shell.inner.push(level);
        self.push_task(items, OwnLevel::Yes, stdin);
    }

    /// A message of the shell about a command that does not run.
    fn fail(&mut self, what: &[u8], why: &str, status: u32) {
        let level = self.shell.level();
        let place: &[u8] = if level.kind == LevelKind::Script { b": line 1" } else { b"" };
        let name = level.name().as_bytes();
        let text = [name, place, b": ", what, b": ", why.as_bytes(), b"\n"].concat();
        self.deliver(self.frames.len(), Stream::Err, &text);
        self.finish_stage(status);
    }

    /// `$(text)`: what it writes, without the line ends at the end.
    pub(crate) fn substitute(&mut self, text: &[u8]) -> Vec<u8> {
        let items = match parse(text) {
            Parsed::List(items)
                if self.work < SUBSTITUTE_WORK
                    && self.depth < DEPTH
                    && self.frames.len() < 2 * DEPTH =>
            {
                items
            }
            Parsed::List(_) | Parsed::Incomplete | Parsed::Unexpected(_) => return Vec::new(),
        };
        self.depth += 1;
        let level = self.shell.level().clone();
        self.frames.push(Frame::Capture(Vec::new()));
        self.shell.inner.push(level);
        self.push_task(items, OwnLevel::Yes, None);
        let _ = self.advance(self.now);
        self.depth -= 1;
        let Some(Frame::Capture(mut text)) = self.frames.pop() else { return Vec::new() };
        while text.last() == Some(&b'\n') {
            text.pop();
        }
        text
    }

    /// The innermost shell, or list with a shell of its own, ends.
    fn exit(&mut self, status: u32) {
        while let Some(frame) = self.frames.pop() {
            match frame {
                Frame::Task(task) if task.level == OwnLevel::Yes => {
                    self.shell.inner.pop();
                    self.finish_stage(status);
                    return;
                }
                Frame::Task(_) => {}
                Frame::Shell => {
                    self.shell.inner.pop();
                    self.finish_stage(status);
                    return;
                }
                Frame::Capture(_) => {
                    // Never: a capture always has a list with a shell of its own above it.
                    self.frames.push(frame);
                    return;
                }
            }
        }
        self.shell.level().status = status;
    }

    /// ^D at the prompt.
    pub(crate) fn end_shell(&mut self) {
        let status = self.shell.level().status;
        self.exit(status);
    }

    /// A signal from the terminal ends everything down to the shell that has the prompt.
    pub(crate) fn interrupt(&mut self, status: u32) {
        while let Some(Frame::Task(task)) = self.frames.last() {
            if task.level == OwnLevel::Yes {
                self.shell.inner.pop();
            }
            self.frames.pop();
        }
        self.shell.level().status = status;
    }
}

fn one(stage: Stage) -> Item {
    Item { when: When::Always, negated: Negated::No, stages: vec![stage], place: Place::Foreground }
}

fn stage_name(stage: &Stage) -> Vec<u8> {
    match stage.words.first().and_then(|word| word.first()) {
        Some(crate::shell::parse::Part::Bare(name)) => name.clone(),
        _ => Vec::new(),
    }
}
