//! Programs that wait for the peer or for time.

use crate::commands::privilege::{Dialog, Secret, answer};
use crate::commands::{Call, OUTPUT_BYTES, OutKind, Outcome, Run, Stdin, Stream};
use crate::process::Process;
use crate::scp::Scp;
use crate::shell::run::Engine;
use decnet_core::event::Timestamp;

/// What the foreground program waits for.
#[derive(Debug)]
pub(crate) enum Program {
    /// For time; then it says something and ends.
    Pause { until: Timestamp, text: Vec<u8>, status: u32 },
    /// For lines, which it writes again: `cat`.
    Copy,
    /// For all input, with which it runs anew.
    /// Beyond a cap input is counted and not kept.
    Collect { run: Collect, args: Vec<Vec<u8>>, data: Vec<u8>, more: u64 },
    /// For a line with echo off.
    Ask(Dialog),
    /// For files, or until it may send more: `scp`.
    Scp(Box<Scp>),
}

/// A command that reads all of its input.
#[derive(Clone, Copy)]
pub(crate) struct Collect(pub(crate) Run);

impl std::fmt::Debug for Collect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Collect")
    }
}

/// Whether the terminal shows what is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Echo {
    On,
    Off,
}

impl Program {
    pub(crate) fn echo(&self) -> Echo {
        match self {
            Self::Ask(_) => Echo::Off,
            Self::Pause { .. } | Self::Copy | Self::Collect { .. } | Self::Scp(_) => Echo::On,
        }
    }
}

impl Engine {
    /// Input for the program that waits. Says whether it took it.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Fed {
        match self.program() {
            Some(Program::Copy) => {
                // Each piece is shown before the next one comes.
                self.shown_bytes = 0;
                self.deliver_top(Stream::Out, bytes);
                Fed::Taken
            }
            Some(Program::Collect { data, more, .. }) => {
                let room = OUTPUT_BYTES.saturating_sub(data.len()).min(bytes.len());
                data.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
                *more = more.saturating_add((bytes.len() - room) as u64);
                Fed::Taken
            }
            Some(Program::Scp(_)) => {
                self.scp(|scp, process| scp.feed(process, bytes));
                Fed::Taken
            }
            Some(Program::Pause { .. } | Program::Ask(_)) | None => Fed::Left,
        }
    }

    /// No more input for the program that waits.
    pub(crate) fn end_of_file(&mut self, now: Timestamp) {
        match self.take_program() {
            Some(Program::Copy) => self.finish_stage(0),
            Some(Program::Collect { run, args, data, more }) => {
                let stdin = Stdin::Bytes(data);
                let mut call = Call::new(&mut self.shell, now, &args, stdin, OutKind::Other);
                call.stdin_more = more;
                let outcome = (run.0)(&mut call);
                let out = std::mem::take(&mut call.out);
                for (stream, bytes) in out {
                    self.deliver_top(stream, &bytes);
                }
                self.outcome(outcome);
            }
            Some(Program::Ask(_)) => {
                self.deliver_top(Stream::Err, b"\n");
                self.finish_stage(1);
            }
            Some(pause @ Program::Pause { .. }) => self.put_program(pause),
            Some(scp @ Program::Scp(_)) => {
                self.put_program(scp);
                self.now = now;
                self.scp(Scp::end_of_file);
            }
            None => {}
        }
    }

    /// Lets `scp` do something, shows what it says and sees whether it has ended.
    fn scp(&mut self, work: impl FnOnce(&mut Scp, &mut Process<'_>)) {
        match self.take_program() {
            Some(Program::Scp(mut scp)) => {
                work(&mut scp, &mut Process::new(&mut self.shell, self.now));
                self.shown_bytes = 0;
                for (stream, bytes) in scp.said() {
                    self.deliver_top(stream, &bytes);
                }
                match scp.ended() {
                    Some(status) => self.finish_stage(status),
                    None => self.put_program(Program::Scp(scp)),
                }
            }
            Some(program) => self.put_program(program),
            None => {}
        }
    }

    /// The instant of what is fed next.
    pub(crate) fn now(&mut self, now: Timestamp) {
        self.now = now;
    }

    /// The line that was typed with echo off.
    pub(crate) fn secret(&mut self, now: Timestamp, secret: Secret) {
        let Some(Program::Ask(dialog)) = self.take_program() else { return };
        let (text, outcome) = answer(&mut self.shell, now, dialog, secret);
        self.deliver_top(Stream::Err, b"\n");
        self.deliver_top(Stream::Err, &text);
        self.outcome(outcome);
    }

    /// Time has passed.
    pub(crate) fn wake(&mut self, now: Timestamp) {
        match self.take_program() {
            Some(Program::Pause { until, text, status }) if until <= now => {
                self.deliver_top(Stream::Err, &text);
                self.finish_stage(status);
            }
            Some(scp @ Program::Scp(_)) => {
                self.put_program(scp);
                self.now = now;
                self.scp(Scp::go_on);
            }
            Some(program) => self.put_program(program),
            None => {}
        }
    }

    /// When to call [`Engine::wake`].
    pub(crate) fn wake_at(&mut self) -> Option<Timestamp> {
        match self.program() {
            Some(Program::Pause { until, .. }) => Some(*until),
            // At once: what it has said is sent then.
            Some(Program::Scp(scp)) if scp.is_sending() => Some(self.now),
            Some(Program::Scp(_)) => None,
            Some(Program::Copy | Program::Collect { .. } | Program::Ask(_)) | None => None,
        }
    }
}

/// What became of input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fed {
    Taken,
    /// It is for whoever reads next.
    Left,
}

impl Outcome {
    /// A command that reads all of the peer's input before it answers.
    pub(crate) fn collect(run: Run, args: &[Vec<u8>]) -> Self {
        Self::Wait(Program::Collect {
            run: Collect(run),
            args: args.to_vec(),
            data: Vec::new(),
            more: 0,
        })
    }
}
