//! The table of processes: who runs, whose child, in which state.

use super::signal::Effect;
use super::{Job, Signal, User, World};
use crate::files::Fault;
use decnet_core::event::Timestamp;
use decnet_core::limits::PROCESSES;

/// A process of the session.
pub(crate) struct Entry {
    pub(crate) parent: u32,
    /// Its process group.
    pub(crate) group: u32,
    /// The leader of its session.
    pub(crate) session: u32,
    pub(crate) nice: i32,
    pub(crate) image: Image,
    pub(crate) user: User,
    pub(crate) cwd: Vec<u8>,
    pub(crate) started: Timestamp,
    pub(crate) state: State,
    /// The program; not there while it is polled.
    pub(super) job: Option<Job<'static>>,
    /// It is polled.
    pub(crate) is_busy: bool,
    /// Signals that have come and were not looked at.
    pub(super) pending: u64,
    /// Signals that it ignores.
    pub(crate) ignored: u64,
    /// Signals that it handles itself; those that came are in `caught_now`.
    pub(crate) caught: u64,
    pub(crate) caught_now: u64,
    /// It was stopped or went on, and nobody has asked yet.
    pub(crate) changed: bool,
    /// Work since it was last given its turn.
    pub(super) slice: usize,
    /// All of its work: its processor time.
    pub(crate) spent: usize,
}

/// What a process runs, as /proc shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Image {
    /// The program's file.
    pub(crate) path: Vec<u8>,
    /// `argv`
    pub(crate) args: Vec<Vec<u8>>,
    /// `environ`
    pub(crate) env: Vec<(Vec<u8>, Vec<u8>)>,
}

/// What a process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Running,
    Stopped(Signal),
    /// It has ended, and its parent has not asked.
    Zombie(Ended),
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Exit(u32),
    Signal(Signal),
}

impl Ended {
    /// As `$?` has it.
    pub(crate) fn status(self) -> u32 {
        match self {
            Self::Exit(status) => status & 0xff,
            Self::Signal(signal) => 128 + signal.0,
        }
    }
}

impl World {
    /// A child of `parent`, which does nothing yet.
    pub(crate) fn fork(&mut self, parent: u32, like: &super::Proc) -> Result<u32, Fault> {
        if self.table.len() >= PROCESSES {
            return Err(Fault::Again);
        }
        let pid = self.next_pid();
        let (group, session, nice, ignored, image) = match self.table.get(&parent) {
            Some(entry) => {
                (entry.group, entry.session, entry.nice, entry.ignored, entry.image.clone())
            }
            None => (pid, pid, 0, 0, Image { args: like.args.clone(), ..Image::default() }),
        };
        self.work += 300;
        self.table.insert(
            pid,
            Entry {
                parent,
                group,
                session,
                nice,
                image,
                user: like.user.clone(),
                cwd: like.cwd.clone(),
                started: self.now,
                state: State::Running,
                job: None,
                is_busy: false,
                pending: 0,
                ignored,
                caught: 0,
                caught_now: 0,
                changed: false,
                slice: 0,
                spent: 0,
            },
        );
        Ok(pid)
    }

    fn next_pid(&mut self) -> u32 {
        loop {
            self.last_pid += 1;
            if self.last_pid > 4_194_303 {
                self.last_pid = 300;
            }
            if !self.table.contains_key(&self.last_pid) {
                return self.last_pid;
            }
        }
    }

    /// Lets a process run.
    pub(crate) fn start(&mut self, pid: u32, job: Job<'static>) {
        if let Some(entry) = self.table.get_mut(&pid) {
            entry.job = Some(job);
        }
        self.progress();
    }

    /// A process has ended. Its children are nobody's; a dead child of nobody is gone.
    pub(super) fn ended(&mut self, pid: u32, how: Ended) {
        self.progress();
        let orphans: Vec<u32> =
            self.table.iter().filter(|(_, e)| e.parent == pid).map(|(pid, _)| *pid).collect();
        for orphan in orphans {
            if let Some(entry) = self.table.get_mut(&orphan) {
                entry.parent = 1;
                if matches!(entry.state, State::Zombie(_)) {
                    self.table.remove(&orphan);
                }
            }
        }
        let Some(entry) = self.table.get_mut(&pid) else { return };
        let parent = entry.parent;
        entry.state = State::Zombie(how);
        entry.changed = true;
        let waited = self.table.contains_key(&parent);
        if waited {
            self.signal(parent, Signal::CHLD);
        } else {
            self.table.remove(&pid);
            // What it has left behind may end later.
            if self.first.is_none_or(|first| first == pid) {
                self.last_ended = how;
            }
        }
    }

    /// Takes a dead child out of the table.
    pub(crate) fn reap(&mut self, pid: u32) -> Option<Ended> {
        match self.table.get(&pid)?.state {
            State::Zombie(how) => {
                self.table.remove(&pid);
                Some(how)
            }
            State::Running | State::Stopped(_) => None,
        }
    }

    /// Sends a signal to one process of the session. `false` where there is none.
    pub(crate) fn signal(&mut self, pid: u32, signal: Signal) -> bool {
        let Some(entry) = self.table.get_mut(&pid) else { return false };
        if matches!(entry.state, State::Zombie(_)) || signal.0 == 0 {
            return true;
        }
        let bit = signal.bit();
        if signal == Signal::CONT || signal == Signal::KILL {
            if let State::Stopped(_) = entry.state {
                entry.state = State::Running;
                entry.changed = true;
            }
        }
        let unstoppable = signal == Signal::KILL || signal == Signal::STOP;
        if !unstoppable && entry.ignored & bit != 0 {
            // Nothing.
        } else if !unstoppable && entry.caught & bit != 0 {
            entry.caught_now |= bit;
        } else {
            match signal.effect() {
                Effect::Nothing | Effect::Continue => {}
                Effect::Kill | Effect::Core => entry.pending |= bit,
                Effect::Stop => {
                    entry.state = State::Stopped(signal);
                    entry.changed = true;
                }
            }
        }
        self.progress();
        true
    }

    /// Sends a signal to a group. `false` where it is empty.
    pub(crate) fn signal_group(&mut self, group: u32, signal: Signal) -> bool {
        let pids: Vec<u32> =
            self.table.iter().filter(|(_, e)| e.group == group).map(|(pid, _)| *pid).collect();
        for pid in &pids {
            self.signal(*pid, signal);
        }
        !pids.is_empty()
    }

    /// Whether signals that it handles have come; takes them.
    pub(crate) fn take_caught(&mut self, pid: u32) -> u64 {
        self.table.get_mut(&pid).map_or(0, |entry| std::mem::take(&mut entry.caught_now))
    }
}
