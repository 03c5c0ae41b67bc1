//! The stream under the SSH library: counts and stamps what passes, shows the first packets to a
//! parser, and can be cut from outside.
//!
//! **Invariant:** the bytes are passed on unchanged and in order, but for the identification lines,
//! which were exchanged before.

use crate::clock::Clock;
use crate::decoy::allowance::Allowance;
use decnet_core::event::Timestamp;
use decnet_core::limits::{SSH_WAITING_ALL_BYTES, SSH_WAITING_BYTES, SSH_WAITING_PAUSE_BYTES};
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

/// What is known of a connection's bytes, while they pass and after.
///
/// The lock holds the waker of the task that reads; it is shared with whoever cuts the line, and
/// held for a move only.
#[derive(Debug)]
pub(super) struct Line {
    clock: Clock,
    last_read_ns: AtomicI64,
    received: AtomicU64,
    sent: AtomicU64,
    cut: AtomicBool,
    broken: AtomicBool,
    reader: Mutex<Option<Waker>>,
    /// Bytes that were read and that no program has taken.
    waiting: AtomicUsize,
    /// The same of all connections.
    waiting_all: Arc<AtomicUsize>,
    /// Programs that wait for the peer to read.
    stuck: AtomicUsize,
    allowance: Arc<Allowance>,
}

/// Bytes that wait for a program, for as long as this is there.
#[derive(Debug)]
pub(super) struct Waiting {
    line: Arc<Line>,
    bytes: usize,
}

/// A program that waits for the peer, for as long as this is there.
#[derive(Debug)]
pub(super) struct Stuck(Arc<Line>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.line.waiting_all.fetch_sub(self.bytes, Ordering::Relaxed);
        let before = self.line.waiting.fetch_sub(self.bytes, Ordering::AcqRel);
        if before >= SSH_WAITING_PAUSE_BYTES {
            self.line.wake_reader();
        }
    }
}

impl Drop for Stuck {
    fn drop(&mut self) {
        self.0.stuck.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Line {
    pub(super) fn new(clock: Clock, allowance: Arc<Allowance>, all: Arc<AtomicUsize>) -> Self {
        Self {
            clock,
            last_read_ns: AtomicI64::new(clock.begin().0),
            received: AtomicU64::new(0),
            sent: AtomicU64::new(0),
            cut: AtomicBool::new(false),
            broken: AtomicBool::new(false),
            reader: Mutex::new(None),
            waiting: AtomicUsize::new(0),
            waiting_all: all,
            stuck: AtomicUsize::new(0),
            allowance,
        }
    }

    /// When the socket last gave bytes: the instant of whatever is being handled.
    pub(super) fn last_read(&self) -> Timestamp {
        Timestamp(self.last_read_ns.load(Ordering::Acquire))
    }

    /// Bytes of the peer so far.
    pub(super) fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    /// Bytes to the peer so far.
    pub(super) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Whether the peer vanished rather than closed.
    pub(super) fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Acquire)
    }

    /// Notes that `count` bytes were read just now.
    pub(super) fn note_read(&self, count: usize) -> Timestamp {
        let at = self.clock.now();
        self.last_read_ns.store(at.0, Ordering::Release);
        self.received.fetch_add(u64::try_from(count).unwrap_or(u64::MAX), Ordering::Relaxed);
        at
    }

    /// Notes that `count` bytes were written.
    pub(super) fn note_written(&self, count: usize) {
        self.sent.fetch_add(u64::try_from(count).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Notes an error of the socket.
    pub(super) fn note_error(&self) {
        self.broken.store(true, Ordering::Release);
    }

    /// Ends the stream for the library: it reads the end, and can write no more.
    pub(super) fn cut(&self) {
        self.cut.store(true, Ordering::Release);
        self.wake_reader();
    }

    /// Notes bytes that wait for a program; `None` where there are too many.
    pub(super) fn wait_with(self: &Arc<Self>, bytes: usize) -> Option<Waiting> {
        let before = self.waiting.fetch_add(bytes, Ordering::AcqRel);
        self.waiting_all.fetch_add(bytes, Ordering::Relaxed);
        // Dropped where it is too much, which takes the bytes back.
        let waiting = Waiting { line: Arc::clone(self), bytes };
        (before.saturating_add(bytes) <= SSH_WAITING_BYTES).then_some(waiting)
    }

    /// Notes that a program waits for the peer, whose word that it has read has to be heard even
    /// where much waits.
    pub(super) fn stick(self: &Arc<Self>) -> Stuck {
        self.stuck.fetch_add(1, Ordering::AcqRel);
        self.wake_reader();
        Stuck(Arc::clone(self))
    }

    /// Whether nothing more should be read for now.
    fn is_full(&self) -> bool {
        let is_stuck = self.stuck.load(Ordering::Acquire) > 0
            && self.waiting_all.load(Ordering::Relaxed) < SSH_WAITING_ALL_BYTES;
        self.waiting.load(Ordering::Acquire) >= SSH_WAITING_PAUSE_BYTES && !is_stuck
    }

    fn wake_reader(&self) {
        let waker = self.reader.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn is_cut(&self) -> bool {
        self.cut.load(Ordering::Acquire)
    }

    fn wait_for_cut(&self, waker: &Waker) {
        let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        match reader.as_ref() {
            Some(known) if known.will_wake(waker) => {}
            Some(_) | None => *reader = Some(waker.clone()),
        }
    }
}

/// Looks at bytes as they pass, until it has seen enough.
pub(super) trait Tap: Send {
    /// The next bytes of the peer; `Enough` and it is dropped.
    fn pass(&mut self, at: Timestamp, bytes: &[u8]) -> Interest;
}

/// Whether a tap wants to see more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Interest {
    More,
    Enough,
}

/// The stream that the library is given.
pub(super) struct Tee {
    socket: TcpStream,
    line: std::sync::Arc<Line>,
    /// What was read before the library came, or stands for it.
    replay: std::collections::VecDeque<u8>,
    /// Bytes that the library writes and that were already sent.
    swallow: usize,
    tap: Option<Box<dyn Tap>>,
    /// Our side is closed; a peer that never closes its own is not waited for.
    finished: bool,
    /// Until a peer that caused too much is read again.
    pause: Option<Pin<Box<Sleep>>>,
}

impl Tee {
    /// A stream that first gives `replay`, and does not send the library's first `swallow` bytes.
    pub(super) fn new(
        socket: TcpStream,
        line: std::sync::Arc<Line>,
        replay: Vec<u8>,
        swallow: usize,
        tap: Option<Box<dyn Tap>>,
    ) -> Self {
        Self { socket, line, replay: replay.into(), swallow, tap, finished: false, pause: None }
    }
}

impl AsyncRead for Tee {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.line.is_cut() || this.finished {
            return Poll::Ready(Ok(()));
        }
        if !this.replay.is_empty() {
            let count = buf.remaining().min(this.replay.len());
            for byte in this.replay.drain(..count) {
                buf.put_slice(&[byte]);
            }
            if this.replay.is_empty() {
                this.replay.shrink_to_fit();
            }
            return Poll::Ready(Ok(()));
        }
        // Between this and the next line the stream may be cut: look again afterwards.
        this.line.wait_for_cut(cx.waker());
        if this.line.is_cut() {
            return Poll::Ready(Ok(()));
        }
        if this.line.is_full() {
            return Poll::Pending;
        }
        while let Some(debt) = this.line.allowance.debt() {
            let pause = this.pause.get_or_insert_with(|| Box::pin(tokio::time::sleep(debt)));
            ready!(pause.as_mut().poll(cx));
            this.pause = None;
        }
        let before = buf.filled().len();
        if let Err(error) = ready!(Pin::new(&mut this.socket).poll_read(cx, buf)) {
            this.line.note_error();
            return Poll::Ready(Err(error));
        }
        let new = buf.filled().get(before..).unwrap_or_default();
        if !new.is_empty() {
            let at = this.line.note_read(new.len());
            if let Some(tap) = &mut this.tap
                && tap.pass(at, new) == Interest::Enough
            {
                this.tap = None;
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Tee {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.swallow > 0 {
            let count = this.swallow.min(buf.len());
            this.swallow -= count;
            return Poll::Ready(Ok(count));
        }
        if !this.line.is_cut() {
            this.line.wait_for_cut(cx.waker());
        }
        if this.line.is_cut() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        match ready!(Pin::new(&mut this.socket).poll_write(cx, buf)) {
            Ok(count) => {
                this.line.note_written(count);
                Poll::Ready(Ok(count))
            }
            Err(error) => {
                this.line.note_error();
                Poll::Ready(Err(error))
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        // A peer that is gone already is no error when saying goodbye.
        let _ = ready!(Pin::new(&mut this.socket).poll_shutdown(cx));
        this.finished = true;
        Poll::Ready(Ok(()))
    }
}
