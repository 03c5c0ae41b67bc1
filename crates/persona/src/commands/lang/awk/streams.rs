//! Files and commands that an awk program reads and writes.
//!
//! **Invariant:** a name stands for one stream until it is closed.

use super::record::Separator;
use crate::commands::lang::child;
use crate::files::Fault;
use crate::kernel::{Ended, Proc};
use crate::process::{Direction, Opening};
use std::collections::BTreeMap;

/// Bytes that one record may have.
const RECORD_BYTES: usize = 4 << 20;
/// Bytes that are read at once.
const READ_BYTES: usize = 4_096;

/// What is read record by record.
#[derive(Debug)]
pub(super) struct Reader {
    fd: u32,
    buffer: Vec<u8>,
    at: usize,
    ended: bool,
    child: Option<u32>,
}

impl Reader {
    pub(super) fn new(fd: u32) -> Self {
        Self { fd, buffer: Vec::new(), at: 0, ended: false, child: None }
    }

    /// Opens a file; `-` is standard input.
    pub(super) fn open(p: &mut Proc, path: &[u8]) -> Result<Self, Fault> {
        if path == b"-" || path == b"/dev/stdin" {
            return Ok(Self::new(0));
        }
        let open = p.open(path, Direction::Read, Opening::default(), false)?;
        Ok(Self::new(p.add(open, 3)))
    }

    async fn more(&mut self, p: &mut Proc) -> Result<(), Fault> {
        if self.at > 0 {
            self.buffer.drain(..self.at);
            self.at = 0;
        }
        if self.buffer.len() >= RECORD_BYTES {
            self.ended = true;
            return Ok(());
        }
        let bytes = p.read(self.fd, READ_BYTES).await?;
        self.ended = bytes.is_empty();
        self.buffer.extend_from_slice(&bytes);
        Ok(())
    }

    /// The next record, without what separates it.
    pub(super) async fn record(
        &mut self,
        p: &mut Proc,
        by: &Separator,
    ) -> Result<Option<Vec<u8>>, Fault> {
        if let Separator::Empty = by {
            while !self.ended || self.at < self.buffer.len() {
                match self.buffer.get(self.at) {
                    Some(b'\n') => self.at += 1,
                    Some(_) => break,
                    None => self.more(p).await?,
                }
            }
        }
        let mut seen = 0;
        loop {
            let rest = self.buffer.get(self.at..).unwrap_or_default();
            let before = rest.len();
            if let Some((end, next)) = ends(rest, by, seen, self.ended) {
                let record = rest.get(..end).unwrap_or_default().to_vec();
                self.at += next;
                p.tick(record.len() / 8 + 2).await;
                return Ok(Some(record));
            }
            if self.ended {
                let mut record = rest.to_vec();
                self.at = self.buffer.len();
                if let Separator::Empty = by {
                    let end = record.iter().rposition(|&b| b != b'\n').map_or(0, |at| at + 1);
                    record.truncate(end);
                }
                return Ok((!record.is_empty()).then_some(record));
            }
            seen = before.saturating_sub(1);
            if let Separator::Pattern(_) = by {
                seen = 0;
            }
            p.tick(before / 8).await;
            self.more(p).await?;
        }
    }

    pub(super) async fn close(self, p: &mut Proc) -> f64 {
        if self.fd > 2 {
            p.fds.remove(&self.fd);
        }
        match self.child {
            Some(pid) => status(p.wait(pid).await),
            None => 0.0,
        }
    }
}

/// Where a record ends, and where the next begins.
fn ends(rest: &[u8], by: &Separator, seen: usize, ended: bool) -> Option<(usize, usize)> {
    let new = rest.get(seen..).unwrap_or_default();
    match by {
        Separator::Byte(byte) => {
            let at = seen + new.iter().position(|b| b == byte)?;
            Some((at, at + 1))
        }
        Separator::Blanks => {
            let at = seen + new.iter().position(|&b| b == b' ')?;
            Some((at, at + 1))
        }
        Separator::Empty => {
            let at = seen + new.windows(2).position(|two| two == b"\n\n")?;
            let lines = rest.get(at..)?.iter().take_while(|&&b| b == b'\n').count();
            // More empty lines may come.
            (ended || at + lines < rest.len()).then_some((at, at + lines))
        }
        Separator::Pattern(regex) => {
            let (start, end) = regex.find_at(rest, 0).filter(|(start, end)| end > start)?;
            (ended || end < rest.len()).then_some((start, end))
        }
    }
}

/// As mawk's `close` and `system` say how a child ended.
pub(super) fn status(ended: Ended) -> f64 {
    match ended {
        Ended::Exit(status) => status.into(),
        Ended::Signal(_) => f64::from(ended.status().saturating_sub(128) + 256),
    }
}

/// All streams by name.
#[derive(Debug, Default)]
pub(super) struct Streams {
    pub(super) readers: BTreeMap<Vec<u8>, Reader>,
    /// Descriptors that are written, and who reads.
    writers: BTreeMap<Vec<u8>, (u32, Option<u32>)>,
}

/// How a stream is opened to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum To {
    File,
    Append,
    Command,
}

impl Streams {
    /// The descriptor of a file or a command that is written to.
    pub(super) fn writer(&mut self, p: &mut Proc, name: &[u8], to: To) -> Result<u32, Fault> {
        if to != To::Command {
            match name {
                b"/dev/stdout" | b"-" => return Ok(1),
                b"/dev/stderr" => return Ok(2),
                _ => {}
            }
        }
        if let Some((fd, _)) = self.writers.get(name) {
            return Ok(*fd);
        }
        let (fd, child) = if to == To::Command {
            let (pid, fd) = child::writing(p, child::shell(name)).map_err(|_| Fault::Again)?;
            (fd, Some(pid))
        } else {
            let append = to == To::Append;
            let opening = Opening { create: Some(0o666), truncate: !append, exclusive: false };
            let open = p.open(name, Direction::Write, opening, append)?;
            (p.add(open, 3), None)
        };
        self.writers.insert(name.to_vec(), (fd, child));
        Ok(fd)
    }

    /// The reader of a command's output.
    pub(super) fn command(&mut self, p: &mut Proc, line: &[u8]) -> Option<&mut Reader> {
        if !self.readers.contains_key(line) {
            let (pid, fd) = child::reading(p, child::shell(line)).ok()?;
            let reader = Reader { child: Some(pid), ..Reader::new(fd) };
            self.readers.insert(line.to_vec(), reader);
        }
        self.readers.get_mut(line)
    }

    /// The reader of a file.
    pub(super) fn file(&mut self, p: &mut Proc, path: &[u8]) -> Option<&mut Reader> {
        if !self.readers.contains_key(path) {
            let reader = Reader::open(p, path).ok()?;
            self.readers.insert(path.to_vec(), reader);
        }
        self.readers.get_mut(path)
    }

    /// Closes what has that name: how its child ended, 0 for a file, -1 for nothing.
    pub(super) async fn close(&mut self, p: &mut Proc, name: &[u8]) -> f64 {
        p.flush().await;
        let mut answer = -1.0;
        if let Some((fd, child)) = self.writers.remove(name) {
            p.fds.remove(&fd);
            answer = match child {
                Some(pid) => status(p.wait(pid).await),
                None => 0.0,
            };
        }
        if let Some(reader) = self.readers.remove(name) {
            answer = reader.close(p).await;
        }
        answer
    }

    /// The end of the program: everything is written, and every command has ended.
    pub(super) async fn close_all(&mut self, p: &mut Proc) {
        p.flush().await;
        for (_, (fd, child)) in std::mem::take(&mut self.writers) {
            p.fds.remove(&fd);
            if let Some(pid) = child {
                p.wait(pid).await;
            }
        }
        for (_, reader) in std::mem::take(&mut self.readers) {
            if reader.fd > 2 {
                p.fds.remove(&reader.fd);
            }
        }
    }
}
