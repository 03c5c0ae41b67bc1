//! The machine that a session's programs run on: processes, pipes, the terminal, signals, time.
//!
//! **Invariant:** nothing blocks and nothing is shared with another session. A program is a future
//! that [`run`] polls; it waits for bytes, for time, for a child, or for its share of work, and is
//! dropped where it is killed.

mod open;
mod proc;
mod run;
mod signal;
mod table;
mod tty;

pub(crate) use open::{Fds, Named, Open, pipe};
pub(crate) use proc::{CHUNK, Input, Proc, WHOLE_BYTES};
pub(crate) use run::Ran;
pub(crate) use signal::{Effect, Signal};
pub(crate) use table::{Ended, Entry, Image, State};
pub(crate) use tty::{Answer, Asked, Modes, Tty};

use crate::calendar::seconds;
use crate::files::{Files, Who};
use crate::history::History;
use crate::{Login, Machine, Step};
use decnet_core::event::Timestamp;
use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

/// Standard streams of a session without a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    Out,
    Err,
}

/// A program that runs. Its output is its exit status.
pub(crate) type Job<'a> = Pin<Box<dyn Future<Output = u32> + Send + 'a>>;

/// What a program is: a function of its process.
pub(crate) type Main = for<'a> fn(&'a mut Proc) -> Job<'a>;

/// A user, as /etc/passwd has him.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) name: Vec<u8>,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) home: Vec<u8>,
    pub(crate) shell: Vec<u8>,
}

impl User {
    pub(crate) fn who(&self) -> Who {
        Who { uid: self.uid, gid: self.gid }
    }
}

/// What leaves the session, in order.
#[derive(Debug)]
pub(crate) enum Shown {
    Bytes(Stream, Vec<u8>),
    Step(Step),
}

/// What all processes of a session share.
pub(crate) struct World {
    pub(crate) machine: Arc<Machine>,
    pub(crate) login: Login,
    /// Who logged in.
    pub(crate) user: User,
    pub(crate) files: Files,
    pub(crate) history: History,
    /// Seconds since 1970.
    pub(crate) logged_in: i64,
    pub(crate) now: Timestamp,
    /// What is to be told and shown, in order.
    pub(crate) shown: Vec<Shown>,
    /// Bytes of it.
    shown_bytes: usize,
    /// How many requests for files were told.
    pub(crate) requests: u32,
    pub(crate) tty: Tty,
    /// What the peer has sent to whoever reads.
    pub(crate) input: VecDeque<u8>,
    /// Ends of input that a terminal has seen (^D) and nobody has read; what is not a terminal has
    /// one that stays.
    pub(crate) input_ends: u32,
    /// Somebody waits for input.
    pub(crate) reading: bool,
    /// What comes are files: it is no step.
    pub(crate) takes_files: bool,
    /// A command was told that has not been told to be done.
    pub(crate) command_open: bool,
    pub(crate) table: BTreeMap<u32, Entry>,
    /// Processes of the machine's own that were ended.
    pub(crate) ended: std::collections::BTreeSet<u32>,
    /// Pipes with names that were opened, by the numbers of their files.
    pub(crate) fifos: BTreeMap<u64, Named>,
    /// Who waits for an instant.
    alarms: BTreeMap<u32, Timestamp>,
    /// The process of the SSH server that serves the session.
    pub(crate) sshd: u32,
    last_pid: u32,
    /// The session's own process, whose parent nobody is.
    pub(crate) first: Option<u32>,
    /// How that one ended; where there is none, the last one without a parent.
    pub(crate) last_ended: Ended,
    /// Grows whenever something happened that somebody may wait for.
    progress: u64,
    /// What has been done, in about bytes looked at.
    pub(crate) work: usize,
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World").field("processes", &self.table.len()).finish_non_exhaustive()
    }
}

/// A session's world, as its processes hold it.
#[derive(Clone, Debug)]
pub(crate) struct Handle(Arc<Mutex<World>>);

/// Bytes that wait to be shown before programs that write have to wait.
const SHOWN_BYTES: usize = 64 << 10;

impl Handle {
    pub(crate) fn new(machine: Arc<Machine>, login: Login) -> Self {
        let files = machine.files();
        let user = crate::people::login(&files, &login.user);
        let last_pid = 2_000 + u32::from(login.peer.port()) % 30_000;
        let tty = Tty::new(login.terminal.as_ref());
        let world = World {
            machine,
            login,
            user,
            files,
            history: History::default(),
            logged_in: 0,
            now: Timestamp::default(),
            shown: Vec::new(),
            shown_bytes: 0,
            requests: 0,
            tty,
            input: VecDeque::new(),
            input_ends: 0,
            reading: false,
            takes_files: false,
            command_open: false,
            table: BTreeMap::new(),
            ended: std::collections::BTreeSet::new(),
            fifos: BTreeMap::new(),
            alarms: BTreeMap::new(),
            sshd: last_pid,
            last_pid,
            first: None,
            last_ended: Ended::Exit(0),
            progress: 0,
            work: 0,
        };
        Self(Arc::new(Mutex::new(world)))
    }

    /// Does something with the world. What is done must not hold on to it: nothing here waits.
    pub(crate) fn with<R>(&self, work: impl FnOnce(&mut World) -> R) -> R {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl World {
    /// The time of login is the time of the first byte, not of construction.
    pub(crate) fn open(&mut self, now: Timestamp) {
        self.now = now;
        self.logged_in = seconds(now);
        // Numbers grow as long as the machine runs.
        let up = self.logged_in - self.machine.booted(now);
        self.sshd = 1_500 + u32::try_from(up / 3).unwrap_or(0) % 4_000_000;
        self.last_pid = self.sshd + 17;
    }

    /// Something happened that somebody may wait for.
    pub(crate) fn progress(&mut self) {
        self.progress = self.progress.wrapping_add(1);
    }

    /// Whether what is shown waits to be sent.
    pub(crate) fn is_full(&self) -> bool {
        self.shown_bytes >= SHOWN_BYTES
    }

    /// Bytes to the peer.
    pub(crate) fn show(&mut self, stream: Stream, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.progress();
        self.work += bytes.len() / 4;
        self.shown_bytes += bytes.len();
        match self.shown.last_mut() {
            Some(Shown::Bytes(last, text)) if *last == stream => text.extend_from_slice(bytes),
            _ => self.shown.push(Shown::Bytes(stream, bytes.to_vec())),
        }
    }

    /// Tells something, behind all that was shown.
    pub(crate) fn tell(&mut self, step: Step) {
        self.shown.push(Shown::Step(step));
    }

    /// What is to be told and shown.
    pub(crate) fn take_shown(&mut self) -> Vec<Shown> {
        self.shown_bytes = 0;
        std::mem::take(&mut self.shown)
    }

    /// What was done since the last call.
    pub(crate) fn take_work(&mut self) -> usize {
        std::mem::take(&mut self.work)
    }

    /// When somebody wants to go on.
    pub(crate) fn alarm(&mut self) -> Option<Timestamp> {
        let table = &self.table;
        self.alarms.retain(|pid, _| table.contains_key(pid));
        self.alarms.values().min().copied()
    }

    /// A line is about to run.
    pub(crate) fn begin_command(&mut self, line: &[u8]) {
        self.tell(Step::Command(line.to_vec()));
        self.command_open = true;
    }

    /// It has run, if one did.
    pub(crate) fn end_command(&mut self, status: u32) {
        if std::mem::take(&mut self.command_open) {
            self.tell(Step::CommandDone(status));
        }
    }

    /// Puts a process into a group.
    pub(crate) fn regroup(&mut self, pid: u32, group: u32) {
        if let Some(entry) = self.table.get_mut(&pid) {
            entry.group = group;
        }
    }

    /// Input for whoever reads.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        self.input.extend(bytes);
        self.progress();
    }

    /// No more input: for now, where it comes from a terminal.
    pub(crate) fn end_input(&mut self) {
        self.input_ends += 1;
        self.progress();
    }
}
