//! The bytes of an archive, packed or not.
//!
//! **Invariant:** no more than a few pieces wait in memory.

use super::options::Packed;
use crate::commands::files::packed::{Packer, Unpacker, Wrong};
use crate::files::Fault;
use crate::kernel::Proc;

/// An archive that is read.
pub(super) struct Source {
    fd: u32,
    unpacker: Option<Unpacker>,
    buffer: Vec<u8>,
    at: usize,
    begun: bool,
    packed: Packed,
    /// Whether it turned out to be packed in a way that nobody here reads.
    pub(super) trouble: Option<Trouble>,
}

/// Why an archive cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    Wrong(Wrong),
    Bzip2,
    Xz,
    Read(Fault),
}

impl Source {
    pub(super) fn new(fd: u32, packed: Packed) -> Self {
        Self { fd, unpacker: None, buffer: Vec::new(), at: 0, begun: false, packed, trouble: None }
    }

    /// So many bytes; fewer at the end.
    pub(super) async fn take(&mut self, p: &mut Proc, count: usize) -> Vec<u8> {
        while self.buffer.len() - self.at < count && self.trouble.is_none() {
            if self.at > 0 {
                self.buffer.drain(..self.at);
                self.at = 0;
            }
            if !self.more(p).await {
                break;
            }
        }
        let end = (self.at + count).min(self.buffer.len());
        let bytes = self.buffer.get(self.at..end).unwrap_or_default().to_vec();
        self.at = end;
        bytes
    }

    async fn more(&mut self, p: &mut Proc) -> bool {
        if let Some(unpacker) = &mut self.unpacker {
            match unpacker.take() {
                Ok(bytes) if !bytes.is_empty() => {
                    self.buffer.extend(bytes);
                    p.tick(8_192).await;
                    return true;
                }
                Ok(_) => {}
                Err(wrong) => {
                    self.trouble = Some(Trouble::Wrong(wrong));
                    return false;
                }
            }
        }
        let bytes = match p.read(self.fd, 32_768).await {
            Ok(bytes) => bytes,
            Err(fault) => {
                self.trouble = Some(Trouble::Read(fault));
                return false;
            }
        };
        if !std::mem::replace(&mut self.begun, true) {
            match self.packed {
                Packed::Gzip => self.unpacker = Some(Unpacker::new()),
                Packed::Bzip2 => self.trouble = Some(Trouble::Bzip2),
                Packed::Xz => self.trouble = Some(Trouble::Xz),
                Packed::Any if bytes.starts_with(&[0x1f, 0x8b]) => {
                    self.unpacker = Some(Unpacker::new());
                }
                Packed::Any if bytes.starts_with(b"BZh") => self.trouble = Some(Trouble::Bzip2),
                Packed::Any if bytes.starts_with(b"\xfd7zXZ") => self.trouble = Some(Trouble::Xz),
                Packed::Any => {}
            }
        }
        if bytes.is_empty() {
            if let Some(unpacker) = &self.unpacker
                && let Err(wrong) = unpacker.end()
            {
                self.trouble = Some(Trouble::Wrong(wrong));
            }
            return false;
        }
        match &mut self.unpacker {
            Some(unpacker) => unpacker.give(&bytes),
            None => self.buffer.extend(bytes),
        }
        true
    }
}

/// An archive that is written.
pub(super) struct Sink {
    fd: u32,
    packer: Option<Packer>,
    waiting: Vec<u8>,
    /// Bytes of the archive itself.
    pub(super) written: u64,
}

impl Sink {
    pub(super) fn new(fd: u32, packed: bool) -> Self {
        let packer = packed.then(|| Packer::new(6, b"", 0));
        Self { fd, packer, waiting: Vec::new(), written: 0 }
    }

    pub(super) async fn put(&mut self, p: &mut Proc, bytes: &[u8]) -> Result<(), Fault> {
        self.written = self.written.saturating_add(bytes.len() as u64);
        match &mut self.packer {
            Some(packer) => {
                packer.push(bytes, &mut self.waiting);
                p.tick(bytes.len()).await;
            }
            None => self.waiting.extend_from_slice(bytes),
        }
        if self.waiting.len() >= 10_240 { self.flush(p).await } else { Ok(()) }
    }

    async fn flush(&mut self, p: &mut Proc) -> Result<(), Fault> {
        let bytes = std::mem::take(&mut self.waiting);
        p.write(self.fd, &bytes).await
    }

    /// Two empty blocks, and what fills the record.
    pub(super) async fn finish(&mut self, p: &mut Proc) -> Result<(), Fault> {
        let end = (self.written + 1_024).next_multiple_of(super::header::RECORD);
        let fill = usize::try_from(end - self.written).unwrap_or(1_024);
        self.put(p, &vec![0; fill]).await?;
        if let Some(packer) = &mut self.packer {
            packer.finish(&mut self.waiting);
        }
        self.flush(p).await
    }
}
