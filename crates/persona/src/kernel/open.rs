//! What file descriptors stand for: the session, files, pipes.

use super::Stream;
use crate::process::Opened;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

/// File descriptors by number. Those of a child are the same as its parent's: one offset for both.
pub(crate) type Fds = BTreeMap<u32, Arc<Open>>;

/// An open file, shared by all descriptors that were made from it.
#[derive(Debug)]
pub(crate) enum Open {
    /// The terminal, or the channel of a session without one.
    Session(Stream),
    File(Mutex<OpenFile>),
    Reader(Reader),
    Writer(Writer),
}

#[derive(Debug)]
pub(crate) struct OpenFile {
    pub(crate) opened: Opened,
    pub(crate) offset: u64,
    pub(crate) append: bool,
    /// Bytes written, and whether that was told.
    pub(crate) written: u64,
}

/// The end of a pipe that is read.
#[derive(Debug)]
pub(crate) struct Reader(pub(super) Arc<Mutex<Pipe>>);

/// The end of a pipe that is written.
#[derive(Debug)]
pub(crate) struct Writer(pub(super) Arc<Mutex<Pipe>>);

#[derive(Debug)]
pub(super) struct Pipe {
    pub(super) bytes: VecDeque<u8>,
    pub(super) read: Ends,
    pub(super) written: Ends,
    /// How many hold each end.
    readers: u32,
    writers: u32,
}

/// Whether anybody holds an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ends {
    /// Nobody has yet: who has the other end waits.
    Awaited,
    Open,
    Closed,
}

/// A pipe that has a name, and so may be opened more than once.
#[derive(Clone, Debug)]
pub(crate) struct Named(Arc<Mutex<Pipe>>);

impl Named {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(Pipe {
            bytes: VecDeque::new(),
            read: Ends::Awaited,
            written: Ends::Awaited,
            readers: 0,
            writers: 0,
        })))
    }

    pub(crate) fn reader(&self) -> Arc<Open> {
        let mut pipe = locked(&self.0);
        (pipe.read, pipe.readers) = (Ends::Open, pipe.readers.saturating_add(1));
        if pipe.written == Ends::Closed && pipe.bytes.is_empty() {
            pipe.written = Ends::Awaited;
        }
        Arc::new(Open::Reader(Reader(Arc::clone(&self.0))))
    }

    pub(crate) fn writer(&self) -> Arc<Open> {
        let mut pipe = locked(&self.0);
        (pipe.written, pipe.writers) = (Ends::Open, pipe.writers.saturating_add(1));
        if pipe.read == Ends::Closed {
            pipe.read = Ends::Awaited;
        }
        Arc::new(Open::Writer(Writer(Arc::clone(&self.0))))
    }
}

/// Bytes in a pipe, as Linux holds.
pub(super) const PIPE_BYTES: usize = 65_536;

/// A pipe: what is written to the second can be read from the first.
pub(crate) fn pipe() -> (Arc<Open>, Arc<Open>) {
    let pipe = Arc::new(Mutex::new(Pipe {
        bytes: VecDeque::new(),
        read: Ends::Open,
        written: Ends::Open,
        readers: 1,
        writers: 1,
    }));
    (Arc::new(Open::Reader(Reader(Arc::clone(&pipe)))), Arc::new(Open::Writer(Writer(pipe))))
}

pub(super) fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut pipe = locked(&self.0);
        pipe.readers = pipe.readers.saturating_sub(1);
        if pipe.readers == 0 {
            pipe.read = Ends::Closed;
            pipe.bytes = VecDeque::new();
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let mut pipe = locked(&self.0);
        pipe.writers = pipe.writers.saturating_sub(1);
        if pipe.writers == 0 {
            pipe.written = Ends::Closed;
        }
    }
}

impl Open {
    /// A regular file, or a device, at this offset.
    pub(crate) fn file(opened: Opened, append: bool) -> Arc<Self> {
        let file = OpenFile { opened, offset: 0, append, written: 0 };
        Arc::new(Self::File(Mutex::new(file)))
    }

    pub(crate) fn is_session(&self) -> bool {
        matches!(self, Self::Session(_))
    }

    /// Where the file is, if it is one.
    pub(crate) fn path(&self) -> Option<Vec<u8>> {
        match self {
            Self::File(file) => locked(file).opened.path.clone(),
            Self::Session(_) | Self::Reader(_) | Self::Writer(_) => None,
        }
    }

    /// Where the next byte is read or written, if it is a file.
    pub(crate) fn offset(&self) -> Option<u64> {
        match self {
            Self::File(file) => Some(locked(file).offset),
            Self::Session(_) | Self::Reader(_) | Self::Writer(_) => None,
        }
    }

    /// Goes to another place in a file. `false` for what has none.
    pub(crate) fn seek(&self, offset: u64) -> bool {
        match self {
            Self::File(file) => {
                locked(file).offset = offset;
                true
            }
            Self::Session(_) | Self::Reader(_) | Self::Writer(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_with_a_name_waits_for_its_other_end() {
        let named = Named::new();
        let ends = || {
            let pipe = locked(&named.0);
            (pipe.read, pipe.written)
        };
        let reader = named.reader();
        assert_eq!(ends(), (Ends::Open, Ends::Awaited));
        let writers = [named.writer(), named.writer()];
        assert_eq!(ends(), (Ends::Open, Ends::Open));
        drop(writers);
        assert_eq!(ends(), (Ends::Open, Ends::Closed));
        let writer = named.writer();
        drop(reader);
        assert_eq!(ends(), (Ends::Closed, Ends::Open));
        drop(writer);
        drop(named.reader());
        assert_eq!(ends(), (Ends::Closed, Ends::Awaited));
    }
}
