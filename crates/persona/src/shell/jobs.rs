//! Jobs: what was started and may be stopped, continued and waited for.

use super::{Flow, Shell};
use crate::kernel::{Ended, Signal, State};

/// What one line started.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) number: usize,
    pub(super) pids: Vec<u32>,
    pub(super) text: Vec<u8>,
    /// How the last of its processes ended.
    pub(super) ended: Option<Ended>,
    pub(super) stopped: Option<Signal>,
    /// What it does now was told.
    pub(super) told: bool,
}

impl Job {
    pub(super) fn new(pids: Vec<u32>, text: Vec<u8>) -> Self {
        Self { number: 0, pids, text, ended: None, stopped: None, told: true }
    }
}

/// Jobs that a shell remembers.
const JOBS: usize = 256;

impl Shell {
    pub(super) fn add_job(&mut self, mut job: Job) -> usize {
        job.number = self.jobs.iter().map(|job| job.number).max().unwrap_or(0) + 1;
        let number = job.number;
        if self.jobs.len() >= JOBS {
            self.jobs.remove(0);
        }
        self.jobs.push(job);
        number
    }

    /// Waits for the processes of a pipeline in the foreground. What is stopped becomes a job.
    pub(super) async fn foreground(&mut self, pids: &[u32], text: Vec<u8>) -> Vec<Ended> {
        let mut ended = Vec::new();
        for pid in pids {
            let job_control = self.has("m");
            let how = self
                .p
                .wait_for(|world| match world.table.get(pid).map(|entry| entry.state) {
                    None => Some(Ok(Ended::Exit(127))),
                    Some(State::Zombie(_)) => world.reap(*pid).map(Ok),
                    Some(State::Stopped(signal)) if job_control => Some(Err(signal)),
                    Some(State::Stopped(_) | State::Running) => None,
                })
                .await;
            match how {
                Ok(how) => ended.push(how),
                Err(signal) => {
                    let mut job = Job::new(pids.to_vec(), text);
                    job.stopped = Some(signal);
                    let number = self.add_job(job);
                    self.take_terminal();
                    self.p.error("");
                    self.show_job(number, true);
                    ended.push(Ended::Signal(signal));
                    return ended;
                }
            }
        }
        self.take_terminal();
        if let Some(Ended::Signal(signal)) = ended.last() {
            self.tell_signal(*signal, pids, &text);
            if *signal == Signal::INT && self.kind.interactive {
                // What stands behind it does not run.
                let pid = self.p.pid;
                self.p.world.with(|world| {
                    if let Some(entry) = world.table.get_mut(&pid) {
                        entry.caught_now |= Signal::INT.bit();
                    }
                });
                self.p.pause().await;
            }
        }
        ended
    }

    /// What a shell says of a command that a signal ended.
    fn tell_signal(&mut self, signal: Signal, pids: &[u32], text: &[u8]) {
        match signal {
            Signal::INT | Signal::PIPE => {}
            signal if self.kind.interactive || self.kind.dash => self.p.error(signal.text()),
            signal => {
                let pid = pids.last().copied().unwrap_or(0);
                let what = format!("{pid:>5} {:<23} ", signal.text());
                self.complain([what.as_bytes(), text].concat());
            }
        }
    }

    /// The terminal belongs to the shell again.
    pub(super) fn take_terminal(&self) {
        if self.has("m") {
            let pid = self.p.pid;
            self.p.world.with(|world| {
                world.tty.foreground = world.table.get(&pid).map_or(pid, |entry| entry.group);
                world.tty.modes = crate::kernel::Modes::COOKED;
            });
        }
    }

    /// Sees what became of jobs.
    pub(super) fn look_at_jobs(&mut self) {
        let world = self.p.world.clone();
        for job in &mut self.jobs {
            if job.ended.is_some() {
                continue;
            }
            let last = job.pids.last().copied().unwrap_or(0);
            world.with(|world| {
                for pid in job.pids.clone() {
                    if pid != last {
                        world.reap(pid);
                    }
                }
                match world.table.get(&last).map(|entry| entry.state) {
                    Some(State::Running) => {
                        if job.stopped.take().is_some() {
                            job.told = true;
                        }
                    }
                    Some(State::Stopped(signal)) => {
                        if job.stopped.replace(signal).is_none() {
                            job.told = false;
                        }
                    }
                    Some(State::Zombie(_)) => {
                        job.ended = world.reap(last);
                        job.told = false;
                    }
                    None => {
                        job.ended = Some(Ended::Exit(0));
                        job.told = false;
                    }
                }
            });
        }
    }

    /// Before a prompt: which jobs ended or stopped.
    pub(super) fn tell_jobs(&mut self) {
        self.look_at_jobs();
        let news: Vec<usize> =
            self.jobs.iter().filter(|job| !job.told).map(|job| job.number).collect();
        for number in news {
            self.show_job(number, true);
        }
        self.forget_jobs();
    }

    /// Takes those that have ended off the list.
    pub(super) fn forget_jobs(&mut self) {
        self.jobs.retain(|job| job.ended.is_none() || !job.told);
    }

    fn mark(&self, number: usize) -> char {
        let mut order: Vec<&Job> = self.jobs.iter().filter(|job| job.ended.is_none()).collect();
        order.sort_by_key(|job| (job.stopped.is_none(), std::cmp::Reverse(job.number)));
        match order.iter().position(|job| job.number == number) {
            Some(0) => '+',
            Some(1) => '-',
            _ if order.is_empty() && self.jobs.last().is_some_and(|job| job.number == number) => {
                '+'
            }
            _ => ' ',
        }
    }

    pub(super) fn show_job(&mut self, number: usize, errors: bool) {
        let mark = self.mark(number);
        let Some(job) = self.jobs.iter_mut().find(|job| job.number == number) else { return };
        job.told = true;
        let state = match (job.ended, job.stopped) {
            (Some(Ended::Exit(0)), _) => "Done".to_owned(),
            (Some(Ended::Exit(status)), _) => format!("Exit {status}"),
            (Some(Ended::Signal(signal)), _) => signal.text().to_owned(),
            (None, Some(_)) => "Stopped".to_owned(),
            (None, None) => "Running".to_owned(),
        };
        let end: &[u8] = if job.ended.is_none() && job.stopped.is_none() { b" &" } else { b"" };
        let line = [format!("[{number}]{mark}  {state:<24}").as_bytes(), &job.text, end].concat();
        if errors {
            self.p.error(line);
        } else {
            self.p.line(line);
        }
    }

    /// The job that `%1`, `%+`, `%name` means.
    pub(super) fn job(&self, text: &[u8]) -> Option<usize> {
        let text = text.strip_prefix(b"%").unwrap_or(text);
        let alive = || self.jobs.iter().filter(|job| job.ended.is_none());
        match text {
            b"" | b"+" | b"%" => alive().map(|job| job.number).find(|n| self.mark(*n) == '+'),
            b"-" => alive().map(|job| job.number).find(|n| self.mark(*n) == '-'),
            text => {
                let number: Option<usize> =
                    std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
                match number {
                    Some(number) => alive().map(|job| job.number).find(|n| *n == number),
                    None => alive().find(|job| job.text.starts_with(text)).map(|job| job.number),
                }
            }
        }
    }

    /// `fg` and `bg`
    pub(super) async fn resume(&mut self, args: &[Vec<u8>], foreground: bool) -> Flow {
        let name = if foreground { "fg" } else { "bg" };
        if !self.has("m") {
            self.complain(format!("{name}: no job control"));
            self.status = 1;
            return Flow::Next;
        }
        self.look_at_jobs();
        let wanted = args.first().map_or(&b"%+"[..], Vec::as_slice);
        let Some(number) = self.job(wanted) else {
            let what = args
                .first()
                .map_or("current".to_owned(), |arg| String::from_utf8_lossy(arg).into_owned());
            self.complain(format!("{name}: {what}: no such job"));
            self.status = 1;
            return Flow::Next;
        };
        let mark = self.mark(number);
        let Some(at) = self.jobs.iter().position(|job| job.number == number) else {
            return Flow::Next;
        };
        let job = if foreground {
            self.jobs.remove(at)
        } else {
            self.jobs.get(at).cloned().unwrap_or_else(|| Job::new(Vec::new(), Vec::new()))
        };
        if foreground {
            self.p.line(&job.text);
        } else {
            let line = [format!("[{number}]{mark} ").as_bytes(), &job.text, b" &"].concat();
            self.p.line(line);
        }
        self.flush().await;
        let group = job.pids.first().copied().unwrap_or(0);
        self.p.world.with(|world| {
            if foreground {
                world.tty.foreground = group;
            }
            for pid in &job.pids {
                world.signal(*pid, Signal::CONT);
            }
        });
        if foreground {
            let ended = self.foreground(&job.pids, job.text).await;
            self.status = ended.last().map_or(0, |how| how.status());
        } else {
            if let Some(job) = self.jobs.get_mut(at) {
                job.stopped = None;
            }
            self.status = 0;
        }
        Flow::Next
    }

    /// `wait`
    pub(super) async fn wait_builtin(&mut self, args: &[Vec<u8>]) {
        self.look_at_jobs();
        let args: Vec<&Vec<u8>> = args.iter().filter(|arg| !arg.starts_with(b"-")).collect();
        if args.is_empty() {
            let pids: Vec<u32> = self
                .jobs
                .iter()
                .filter(|job| job.ended.is_none())
                .flat_map(|job| job.pids.clone())
                .collect();
            for pid in pids {
                self.p.wait(pid).await;
            }
            for job in &mut self.jobs {
                if job.ended.is_none() {
                    job.ended = Some(Ended::Exit(0));
                }
                job.told = !self.kind.interactive;
            }
            self.forget_jobs();
            self.status = 0;
            return;
        }
        for arg in args {
            let number = if arg.starts_with(b"%") {
                self.job(arg)
            } else {
                let pid: Option<u32> =
                    std::str::from_utf8(arg).ok().and_then(|text| text.parse().ok());
                self.jobs
                    .iter()
                    .find(|job| pid.is_some_and(|pid| job.pids.contains(&pid)))
                    .map(|job| job.number)
            };
            let Some(at) = self.jobs.iter().position(|job| Some(job.number) == number) else {
                let text = if arg.starts_with(b"%") {
                    [b"wait: ", arg.as_slice(), b": no such job"].concat()
                } else {
                    [b"wait: pid ", arg.as_slice(), b" is not a child of this shell"].concat()
                };
                self.complain(text);
                self.status = 127;
                continue;
            };
            let job = self.jobs.remove(at);
            self.status = match job.ended {
                Some(how) => how.status(),
                None => {
                    let mut status = 0;
                    for pid in &job.pids {
                        status = self.p.wait(*pid).await.status();
                    }
                    status
                }
            };
        }
    }
}
