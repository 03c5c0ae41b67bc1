//! The socket of a connection: bytes with the instants at which the kernel had them.
//!
//! **Invariant:** instants never step back and are never ahead of the clock; where the kernel gives
//! none, it is the instant of the read.

use crate::clock::Clock;
use decnet_core::event::Timestamp;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt, sockopt};
use nix::sys::time::TimeSpec;
use std::io::{self, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd};
use tokio::io::Interest;
use tokio::net::TcpStream;

/// A socket.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) socket: TcpStream,
    clock: Clock,
    last: Timestamp,
    pub(super) received: u64,
    pub(super) sent: u64,
    /// The peer vanished rather than closed.
    pub(super) is_broken: bool,
}

/// What a read came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Read {
    /// So many bytes, and when the last of them arrived.
    Bytes(usize, Timestamp),
    /// Nothing yet.
    Nothing,
    /// The peer has closed its side, or is gone.
    End,
}

/// Asks the kernel for stamps. Of a socket that listens, those that it accepts have the same; and
/// the kernel, which begins to stamp a moment after the first socket wants it, goes on while there
/// is one. A socket that refuses has the instants of its reads.
pub(super) fn stamp(socket: &impl AsFd) {
    let _ = setsockopt(socket, sockopt::ReceiveTimestampns, &true);
}

impl Line {
    pub(super) fn new(socket: TcpStream, clock: Clock) -> Self {
        // Echoes leave at once, as sshd's do; a socket that refuses this is slower and no more.
        let _ = socket.set_nodelay(true);
        stamp(&socket);
        let last = clock.begin();
        Self { socket, clock, last, received: 0, sent: 0, is_broken: false }
    }

    /// When bytes last arrived.
    pub(super) fn last(&self) -> Timestamp {
        self.last
    }

    /// Looks at what is there without taking it.
    pub(super) fn peek(&mut self, buffer: &mut [u8]) -> Read {
        self.receive(buffer, MsgFlags::MSG_PEEK)
    }

    /// Takes what is there.
    pub(super) fn take(&mut self, buffer: &mut [u8]) -> Read {
        let read = self.receive(buffer, MsgFlags::empty());
        if let Read::Bytes(count, _) = read {
            self.received = self.received.saturating_add(count as u64);
        }
        read
    }

    fn receive(&mut self, buffer: &mut [u8], flags: MsgFlags) -> Read {
        let fd = self.socket.as_raw_fd();
        let read = self.socket.try_io(Interest::READABLE, || {
            let mut space = nix::cmsg_space!(TimeSpec);
            let mut parts = [IoSliceMut::new(buffer)];
            let message = recvmsg::<()>(fd, &mut parts, Some(&mut space), flags)?;
            let stamp = message.cmsgs().ok().and_then(|mut messages| {
                messages.find_map(|message| {
                    if let ControlMessageOwned::ScmTimestampns(stamp) = message {
                        Some(stamp)
                    } else {
                        None
                    }
                })
            });
            Ok((message.bytes, stamp))
        });
        match read {
            Ok((0, _)) => Read::End,
            Ok((count, stamp)) => {
                let now = self.clock.now();
                let stamp = stamp.map_or(now, |stamp| {
                    let seconds = stamp.tv_sec().saturating_mul(1_000_000_000);
                    Timestamp(seconds.saturating_add(stamp.tv_nsec()))
                });
                self.last = stamp.min(now).max(self.last);
                Read::Bytes(count, self.last)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Read::Nothing,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Read::Nothing,
            // The peer had closed in order before we wrote what it does not want.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Read::End,
            Err(_) => {
                self.is_broken = true;
                Read::End
            }
        }
    }

    /// Writes what the socket takes; `None` where it takes nothing any more.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Option<usize> {
        match self.socket.try_write(bytes) {
            Ok(count) => {
                self.sent = self.sent.saturating_add(count as u64);
                Some(count)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Some(0),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Some(0),
            Err(_) => {
                self.is_broken = true;
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::io::AsyncWriteExt;

    #[tokio::test]
    async fn bytes_have_the_instant_at_which_the_kernel_had_them() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        stamp(&listener);
        // The kernel needs a moment after the first socket of the machine that asks.
        tokio::time::sleep(Duration::from_millis(100)).await;
        let mut peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (socket, _) = listener.accept().await.unwrap();
        let clock = Clock::start();
        let mut line = Line::new(socket, clock);
        peer.write_all(b"x").await.unwrap();
        // Whoever should read has something else to do.
        let busy = Duration::from_millis(100);
        tokio::time::sleep(busy).await;
        line.socket.readable().await.unwrap();
        let peeked = line.peek(&mut [0; 8]);
        let read = line.take(&mut [0; 8]);
        assert_eq!(peeked, read);
        let Read::Bytes(1, at) = read else { panic!("{read:?}") };
        let late = clock.now().0 - at.0;
        assert!(late >= i64::try_from(busy.as_nanos()).unwrap() * 9 / 10, "{late} ns");
        assert!(at >= clock.begin());
        assert_eq!(line.take(&mut [0; 8]), Read::Nothing);
        drop(peer);
        line.socket.readable().await.unwrap();
        assert_eq!(line.take(&mut [0; 8]), Read::End);
    }
}
