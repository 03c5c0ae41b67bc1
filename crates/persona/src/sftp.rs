//! OpenSSH's `sftp-server` 9.2p1, without I/O.
//!
//! **Invariant:** the answers are those of Debian's `/usr/lib/openssh/sftp-server`, byte by byte,
//! with the files of this machine. One call does a bounded amount of work and says a bounded
//! amount; what is left is done at the next.

mod copy;
mod extension;
mod handle;
mod names;
mod reply;
mod request;

use crate::kernel::{Shown, World};
use crate::process::{Me, Process};
use crate::record::Recorder;
use decnet_core::event::file::Means;
use decnet_core::event::{Anomaly, Timestamp};
use decnet_core::wire::Malformed;
use decnet_core::wire::sftp::{self, What};
use handle::Handles;

/// The server of one session.
#[derive(Debug, Default)]
pub(crate) struct Server {
    /// What came and was not read: a part of a message, or messages for which there was no time.
    input: Vec<u8>,
    /// The client's version, once it has said it.
    version: Option<u32>,
    handles: Handles,
    rest: Rest,
}

/// What becomes of whole messages in the input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Rest {
    /// There are none, or they wait for more input.
    #[default]
    None,
    /// They are done at the next wake.
    Waits,
}

/// Why reading stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    /// For more input: there is no whole message.
    Input,
    /// For more input, whatever there is: `sftp-server` looks at what else came only once it can
    /// write or read again.
    Silence,
    /// For a moment: there was enough to do.
    Work,
    /// Until what was said is sent.
    Output,
    /// For good, with this status.
    Exit(u32),
}

/// Work of one call, in about nanoseconds.
const WORK: usize = 20_000_000;
/// Work of one request, beside what it moves.
const REQUEST_WORK: usize = 2_000;
/// Bytes that one call says.
const OUTPUT_BYTES: usize = 1 << 20;
/// Bytes that wait for their turn; more is too much.
const INPUT_BYTES: usize = 1 << 20;
/// Bytes of memory that stay when nothing waits.
const INPUT_KEPT_BYTES: usize = 64 << 10;
/// How long the rest waits when a call has done its share.
const PAUSE_NS: i64 = 10_000_000;
/// What `sftp-server` ends with after a message that is too long, and after one that it cannot read.
const TOO_LONG: u32 = 11;
const FATAL: u32 = 255;

impl Server {
    /// How many bytes wait for their turn.
    pub(crate) fn waiting(&self) -> usize {
        if self.rest == Rest::Waits { self.input.len() } else { 0 }
    }

    /// Bytes of the client. Says the status if the server ends.
    pub(crate) fn receive(
        &mut self,
        world: &mut World,
        now: Timestamp,
        mut bytes: &[u8],
        rec: &mut Recorder<'_>,
    ) -> Option<u32> {
        if self.input.len().saturating_add(bytes.len()) > INPUT_BYTES {
            rec.anomaly(Anomaly::TooMuchInput, self.input.len().to_string().as_bytes());
            return Some(FATAL);
        }
        if self.rest == Rest::Waits {
            self.input.extend_from_slice(bytes);
            return None;
        }
        // What a message lacks is brought to its part; the rest is read where it is.
        while !self.input.is_empty() && !bytes.is_empty() {
            let taken = self.lacks().min(bytes.len());
            let (part, rest) = bytes.split_at_checked(taken).unwrap_or((bytes, &[]));
            self.input.extend_from_slice(part);
            bytes = rest;
            let stop = self.read_input(world, now, rec);
            if stop != Stop::Input {
                self.input.extend_from_slice(bytes);
                return self.stop(now, stop, rec);
            }
        }
        if bytes.is_empty() {
            return None;
        }
        let (used, stop) = self.read(world, now, bytes, rec);
        self.input.extend_from_slice(bytes.get(used..).unwrap_or_default());
        self.stop(now, stop, rec)
    }

    /// Goes on with what waits.
    pub(crate) fn wake(
        &mut self,
        world: &mut World,
        now: Timestamp,
        rec: &mut Recorder<'_>,
    ) -> Option<u32> {
        if self.rest == Rest::None {
            return None;
        }
        let stop = self.read_input(world, now, rec);
        self.stop(now, stop, rec)
    }

    fn read_input(&mut self, world: &mut World, now: Timestamp, rec: &mut Recorder<'_>) -> Stop {
        let mut input = std::mem::take(&mut self.input);
        let (used, stop) = self.read(world, now, &input, rec);
        input.drain(..used);
        if !input.is_empty() || input.capacity() <= INPUT_KEPT_BYTES {
            self.input = input;
        }
        stop
    }

    /// The client sends no more: the server ends, whatever it was doing.
    pub(crate) fn end(&mut self, world: &mut World, rec: &mut Recorder<'_>) {
        for written in self.handles.written() {
            world.note_written(written.name.clone(), written.bytes);
            world.note_artifact(written.name, written.at.as_deref(), Means::Sftp);
        }
        tell(world, rec);
    }

    fn stop(&mut self, now: Timestamp, stop: Stop, rec: &mut Recorder<'_>) -> Option<u32> {
        self.rest =
            if matches!(stop, Stop::Work | Stop::Output) { Rest::Waits } else { Rest::None };
        match stop {
            Stop::Input | Stop::Silence => {}
            Stop::Work => rec.wake_at(Timestamp(now.0.saturating_add(PAUSE_NS))),
            Stop::Output => rec.wake_at(now),
            Stop::Exit(status) => return Some(status),
        }
        None
    }

    /// How many bytes the message lacks whose first bytes are in the input.
    fn lacks(&self) -> usize {
        let length = self.input.first_chunk::<4>().map(|length| u32::from_be_bytes(*length));
        let whole =
            length.map_or(4, |length| usize::try_from(length).unwrap_or(0).saturating_add(4));
        // With a byte behind the length it is known whether it can be one.
        whole.saturating_sub(self.input.len()).max(5_usize.saturating_sub(self.input.len())).max(1)
    }

    /// Does what messages ask, as far as there is time. Says how many bytes were used.
    fn read(
        &mut self,
        world: &mut World,
        now: Timestamp,
        bytes: &[u8],
        rec: &mut Recorder<'_>,
    ) -> (usize, Stop) {
        let (mut used, mut work, mut said) = (0, 0, 0);
        let stop = loop {
            if work >= WORK {
                break Stop::Work;
            }
            if said >= OUTPUT_BYTES {
                break Stop::Output;
            }
            let rest = bytes.get(used..).unwrap_or_default();
            let (message, length) = match sftp::message(rest) {
                Ok(Some(found)) => found,
                Ok(None) => break Stop::Input,
                Err(Malformed::TooLong(_)) => break Stop::Exit(TOO_LONG),
                Err(Malformed::Cut(_) | Malformed::Value(_)) => break Stop::Exit(FATAL),
            };
            let Ok(request) = sftp::request(message) else { break Stop::Exit(FATAL) };
            if self.version.is_none() && !matches!(request.what, What::Init { .. }) {
                break Stop::Exit(FATAL);
            }
            used += length;
            let before = rec.output().len();
            let (cwd, who) = (world.user.home.clone(), world.user.who());
            let me = Me { cwd: &cwd, who, umask: 0o022, pid: 0, fds: None };
            let mut process = Process::new(world, me, now);
            let answer = self.answer(&mut process, &request, rec.output());
            let answered = rec.output().len() - before;
            work += REQUEST_WORK + answer.work + process.work + answered / 8;
            said += answered;
            if let Some(note) = request::note(&request.what, answer.code) {
                world.note_request(note);
            }
            tell(world, rec);
            if answered == 0 {
                break Stop::Silence;
            }
        };
        (used, stop)
    }
}

/// Passes on what is to be told.
fn tell(world: &mut World, rec: &mut Recorder<'_>) {
    for shown in world.take_shown() {
        match shown {
            Shown::Step(step) => rec.step(step),
            Shown::Bytes(..) => {}
        }
    }
}
