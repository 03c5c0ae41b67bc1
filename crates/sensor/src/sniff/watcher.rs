//! The frames of the decoys' interfaces, until told to stop.
//!
//! **Invariant:** one ring, so that the frames of a connection that comes in over one interface and
//! goes out over another stay in their order.

use super::filter::Selection;
use super::interfaces::Watch;
use super::network::Network;
use super::ring::{Ring, Statistics};
use super::{Frame, SniffError};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::io::{PipeReader, PipeWriter, pipe};
use std::num::NonZeroU32;
use std::os::fd::AsFd;
use std::time::Duration;

/// Reads frames.
#[derive(Debug)]
pub struct Watcher {
    ring: Ring,
    /// What the kernel could not choose.
    unchosen: Option<Selection>,
    stop: PipeReader,
}

/// Stops a [`Watcher`] when it is dropped, also while that waits.
#[derive(Debug)]
pub struct Stop(#[expect(dead_code, reason = "dropping it is what it is for")] PipeWriter);

/// What a turn came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// So many frames were handed on; none, if the time was up.
    Frames(usize),
    /// It is over.
    Stopped,
}

impl Watcher {
    /// Opens the ring for a watch: the only part that needs `CAP_NET_RAW`.
    ///
    /// Networks in `never` are never recorded. `blocks` of 256 KiB are the ring's.
    ///
    /// # Errors
    ///
    /// As [`Ring::open`]; and [`SniffError::NoListener`] if nothing is to be watched.
    pub fn open(
        watch: &Watch,
        never: &[Network],
        blocks: NonZeroU32,
    ) -> Result<(Self, Stop), SniffError> {
        if watch.interfaces.is_empty() || watch.addresses.is_empty() {
            return Err(SniffError::NoListener);
        }
        let mut selection = Selection {
            interfaces: watch.interfaces.clone(),
            local: watch.addresses.clone(),
            never: never.to_vec(),
        };
        let mut interface = None;
        if let (Some(one), 1) = (watch.interfaces.first(), watch.interfaces.len()) {
            interface = NonZeroU32::new(*one);
            selection.interfaces.clear();
        }
        let (reader, writer) = pipe().map_err(|error| SniffError::io("making a pipe", error))?;
        let exact = selection.program().map(|program| Ring::open(interface, blocks, &program));
        let (ring, unchosen) = match exact {
            Some(Ok(ring)) => (ring, None),
            Some(Err(SniffError::FilterTooLong(_))) | None => {
                let program = selection.wider().program().unwrap_or_default();
                (Ring::open(interface, blocks, &program)?, Some(selection))
            }
            Some(Err(error)) => return Err(error),
        };
        Ok((Self { ring, unchosen, stop: reader }, Stop(writer)))
    }

    /// Waits for frames, so long at most, and hands on those that are there; also those that are
    /// when it is stopped, but for what came in the last milliseconds.
    ///
    /// # Errors
    ///
    /// [`SniffError::InterfaceDown`], after which it can go on; anything else is final.
    pub fn turn(
        &mut self,
        timeout: Duration,
        mut each: impl FnMut(Frame<'_>),
    ) -> Result<Turn, SniffError> {
        let timeout = PollTimeout::try_from(timeout).unwrap_or(PollTimeout::MAX);
        let mut polled = [
            PollFd::new(self.ring.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.stop.as_fd(), PollFlags::POLLIN),
        ];
        match poll(&mut polled, timeout) {
            Ok(_) | Err(nix::Error::EINTR) => {}
            Err(error) => return Err(SniffError::io("waiting for frames", error.into())),
        }
        let [ring, stop] = polled.map(|one| one.revents().unwrap_or(PollFlags::empty()));
        if ring.contains(PollFlags::POLLERR) && stop.is_empty() {
            self.ring.check()?;
        }
        let unchosen = self.unchosen.as_ref();
        let mut frames = 0;
        self.ring.drain(|frame| {
            if unchosen.is_none_or(|selection| selection.is_wanted(&frame)) {
                frames += 1;
                each(frame);
            }
        });
        Ok(if stop.is_empty() { Turn::Frames(frames) } else { Turn::Stopped })
    }

    /// What the kernel counted since the last call.
    ///
    /// # Errors
    ///
    /// As [`Ring::statistics`].
    pub fn statistics(&self) -> Result<Statistics, SniffError> {
        self.ring.statistics()
    }
}
