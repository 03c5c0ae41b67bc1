//! Turns: who may go on, for how long, and when nobody can.

use super::table::{Ended, State};
use super::{Handle, Job, Signal, World};
use decnet_core::event::Timestamp;
use std::task::{Context, Poll, Waker};

/// Why nobody goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ran {
    /// All wait: for input, for a line, for time.
    Idle,
    /// The share of work is used up, or what is shown has to be sent first.
    Busy,
}

/// Work of one call, in about bytes looked at.
const WORK: usize = 200_000;
/// Work of one turn of one process.
const SLICE: usize = 8_000;
/// Work of a turn, whatever is done in it.
const TURN: usize = 20;

impl Handle {
    /// Gives everybody turns until all wait or the work is enough.
    pub(crate) fn run(&self, now: Timestamp) -> Ran {
        let end = self.with(|world| {
            world.now = now;
            world.reading = false;
            world.work + WORK
        });
        loop {
            let (turn, before) = self.with(|world| (world.turn(), world.progress));
            for pid in turn {
                self.poll(pid);
                if self.with(|world| world.work >= end || world.is_full()) {
                    return Ran::Busy;
                }
            }
            if self.with(|world| world.progress == before) {
                return Ran::Idle;
            }
        }
    }

    /// Lets one process go on. Jobs end, and are dropped, without the lock.
    fn poll(&self, pid: u32) {
        let (job, dead) = self.with(|world| world.take_turn(pid));
        if let Some(signal) = dead {
            drop(job);
            self.with(|world| world.ended(pid, Ended::Signal(signal)));
            return;
        }
        let Some(mut job) = job else { return };
        match job.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(status) => {
                drop(job);
                self.with(|world| world.ended(pid, Ended::Exit(status)));
            }
            Poll::Pending => {
                let gone = self.with(|world| match world.table.get_mut(&pid) {
                    Some(entry) => {
                        entry.is_busy = false;
                        entry.job = Some(job);
                        None
                    }
                    None => Some(job),
                });
                drop(gone);
            }
        }
    }

    /// Ends everything: the peer is gone.
    pub(crate) fn clear(&self) {
        let jobs = self.with(|world| {
            let jobs: Vec<Option<Job<'static>>> =
                world.table.values_mut().map(|entry| entry.job.take()).collect();
            world.table.clear();
            jobs
        });
        drop(jobs);
    }
}

impl World {
    fn turn(&self) -> Vec<u32> {
        self.table
            .iter()
            .filter(|(_, entry)| match entry.state {
                State::Running => true,
                State::Stopped(_) => entry.pending != 0,
                State::Zombie(_) => false,
            })
            .map(|(pid, _)| *pid)
            .collect()
    }

    /// The job, and the signal that ends it.
    fn take_turn(&mut self, pid: u32) -> (Option<Job<'static>>, Option<Signal>) {
        self.work += TURN;
        let Some(entry) = self.table.get_mut(&pid) else { return (None, None) };
        if let State::Zombie(_) = entry.state {
            return (None, None);
        }
        entry.slice = 0;
        entry.is_busy = true;
        let job = entry.job.take();
        let signal = (entry.pending != 0).then(|| Signal(entry.pending.trailing_zeros() + 1));
        (job, signal)
    }

    /// Counts work of a process. Whether its turn goes on.
    pub(super) fn spend(&mut self, pid: u32, work: usize) -> bool {
        self.work += work;
        let Some(entry) = self.table.get_mut(&pid) else { return true };
        entry.slice += work;
        entry.spent += work;
        entry.slice < SLICE && entry.pending == 0 && entry.state == State::Running
    }
}
