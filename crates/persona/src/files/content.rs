//! What is in files: the bytes that were kept, and what is made when somebody reads it.
//!
//! **Invariant:** what is kept is counted before it is kept; what was not kept is behind all that
//! was, never between.

use crate::machine::Dice;
use decnet_core::limits::{FILE_KEPT_BYTES, FILES_KEPT_ALL_BYTES, FILES_KEPT_BYTES};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What is in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Content {
    /// The bytes, or the first ones where there was no room for all.
    pub(crate) bytes: Vec<u8>,
    /// How many came behind those: a large upload has its size without the memory.
    pub(crate) more: u64,
}

impl Content {
    /// The file's size.
    pub(crate) fn size(&self) -> u64 {
        (self.bytes.len() as u64).saturating_add(self.more)
    }

    /// Appends to `out` at most `length` bytes from `offset` on; what was not kept is zeros.
    pub(crate) fn read(&self, offset: u64, length: usize, out: &mut Vec<u8>) {
        let left = usize::try_from(self.size().saturating_sub(offset)).unwrap_or(usize::MAX);
        let (length, start) = (length.min(left), out.len());
        let rest = usize::try_from(offset).ok().and_then(|offset| self.bytes.get(offset..));
        let kept = rest.unwrap_or_default();
        out.extend_from_slice(kept.get(..length).unwrap_or(kept));
        out.resize(start + length, 0);
    }

    /// Writes at `offset`, with zeros where nothing was before it. Says how many bytes were moved.
    pub(super) fn write(&mut self, offset: u64, bytes: &[u8], kept: &mut Kept) -> usize {
        let size = self.size().max(offset.saturating_add(bytes.len() as u64));
        let have = self.bytes.len();
        let at = usize::try_from(offset).unwrap_or(usize::MAX);
        let over = have.saturating_sub(at).min(bytes.len());
        let (old, new) = bytes.split_at_checked(over).unwrap_or((bytes, &[]));
        if let Some(place) = self.bytes.get_mut(at..).and_then(|rest| rest.get_mut(..over)) {
            place.copy_from_slice(old);
        }
        let mut moved = over;
        if self.more == 0 {
            let end = at.saturating_add(bytes.len()).min(FILE_KEPT_BYTES);
            let grown = kept.some_of(end.saturating_sub(have));
            self.grow(grown);
            let gap = at.saturating_sub(have).min(grown);
            self.bytes.resize(have + gap, 0);
            self.bytes.extend_from_slice(new.get(..grown - gap).unwrap_or(new));
            moved += grown;
        }
        self.more = size - self.bytes.len() as u64;
        moved
    }

    /// Makes room for so many bytes more: twice of what there was, but no more than can be kept.
    fn grow(&mut self, more: usize) {
        let need = self.bytes.len() + more;
        if need > self.bytes.capacity() {
            let wanted = (2 * self.bytes.capacity()).min(FILE_KEPT_BYTES).max(need);
            self.bytes.reserve_exact(wanted - self.bytes.len());
        }
    }

    /// Takes away what is behind `size`.
    pub(super) fn truncate(&mut self, size: u64, kept: &mut Kept) {
        let before = self.bytes.len();
        self.bytes.truncate(usize::try_from(size).unwrap_or(usize::MAX));
        self.bytes.shrink_to_fit();
        kept.give_back(before - self.bytes.len());
        self.more = size.saturating_sub(self.bytes.len() as u64);
    }
}

impl From<&[u8]> for Content {
    fn from(bytes: &[u8]) -> Self {
        Self { bytes: bytes.to_vec(), more: 0 }
    }
}

/// How much one connection keeps, which counts with all others of the machine.
#[derive(Debug)]
pub(super) struct Kept {
    own: usize,
    all: Arc<AtomicUsize>,
}

impl Kept {
    pub(super) fn new(all: Arc<AtomicUsize>) -> Self {
        Self { own: 0, all }
    }

    /// Bytes that are kept.
    pub(super) fn own(&self) -> usize {
        self.own
    }

    /// Takes as many bytes as may be kept, and says how many.
    fn some_of(&mut self, bytes: usize) -> usize {
        let bytes = bytes.min(FILES_KEPT_BYTES.saturating_sub(self.own));
        let mut taken = 0;
        let _ = self.all.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |all| {
            taken = bytes.min(FILES_KEPT_ALL_BYTES.saturating_sub(all));
            Some(all + taken)
        });
        self.own += taken;
        taken
    }

    /// Takes all of so many bytes, or none.
    pub(super) fn all_of(&mut self, bytes: usize) -> bool {
        let taken = self.some_of(bytes);
        if taken < bytes {
            self.give_back(taken);
        }
        taken == bytes
    }

    pub(super) fn give_back(&mut self, bytes: usize) {
        let bytes = bytes.min(self.own);
        self.own -= bytes;
        self.all.fetch_sub(bytes, Ordering::Relaxed);
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.give_back(self.own);
    }
}

/// Bytes of a program from `offset` on: an ELF header for x86-64, and noise.
pub(crate) fn program(size: u64, offset: u64, length: usize, out: &mut Vec<u8>) {
    const HEADER: [u8; 64] = [
        0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0x3e, 0, 1, 0, 0, 0,
        0x60, 0x61, 0, 0, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0, 0x90, 0x1a, 2, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0x40, 0, 0x38, 0, 0x0d, 0, 0x40, 0, 0x1f, 0, 0x1e, 0,
    ];
    let left = usize::try_from(size.saturating_sub(offset)).unwrap_or(usize::MAX);
    let end = out.len() + length.min(left);
    let first = offset.min(64);
    let header = HEADER.get(usize::try_from(first).unwrap_or(64)..).unwrap_or_default();
    out.extend_from_slice(header);
    // The noise is numbers in a row, of which any can be had without those before.
    let noise = offset.max(64) - 64;
    let mut dice = Dice(size.wrapping_add((noise / 8).wrapping_mul(Dice::STRIDE)));
    let mut skip = usize::try_from(noise % 8).unwrap_or(0);
    while out.len() < end {
        let word = dice.roll().to_le_bytes();
        out.extend_from_slice(word.get(skip..).unwrap_or_default());
        skip = 0;
    }
    out.truncate(end);
}

/// A stream for `gunzip`, in which bytes are stored as they are.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    let mut blocks = bytes.chunks(0xffff).peekable();
    if blocks.peek().is_none() {
        out.extend_from_slice(&[1, 0, 0, 0xff, 0xff]);
    }
    while let Some(block) = blocks.next() {
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        out.push(u8::from(blocks.peek().is_none()));
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&(!length).to_le_bytes());
        out.extend_from_slice(block);
    }
    let mut sum = u32::MAX;
    for byte in bytes {
        sum ^= u32::from(*byte);
        for _ in 0..8 {
            sum = if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 };
        }
    }
    out.extend_from_slice(&(!sum).to_le_bytes());
    out.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(0).to_le_bytes());
    out
}

/// Bytes of a disk from `offset` on: it looks as if it was never the same twice.
pub(crate) fn disk(seed: u64, offset: u64, length: usize, out: &mut Vec<u8>) {
    let end = out.len() + length;
    let mut dice = Dice(seed.wrapping_add((offset / 8).wrapping_mul(Dice::STRIDE)));
    let mut skip = usize::try_from(offset % 8).unwrap_or(0);
    while out.len() < end {
        let word = dice.roll().to_le_bytes();
        out.extend_from_slice(word.get(skip..).unwrap_or_default());
        skip = 0;
    }
    out.truncate(end);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept() -> Kept {
        Kept::new(Arc::default())
    }

    #[test]
    fn what_is_written_is_read_wherever_it_was_put() {
        let (mut content, mut kept) = (Content::default(), kept());
        content.write(3, b"defg", &mut kept);
        content.write(0, b"abc", &mut kept);
        content.write(5, b"FGHI", &mut kept);
        assert_eq!((content.bytes.as_slice(), content.more), (&b"abcdeFGHI"[..], 0));
        content.write(11, b"", &mut kept);
        assert_eq!((content.bytes.as_slice(), kept.own), (&b"abcdeFGHI\0\0"[..], 11));
        content.truncate(2, &mut kept);
        assert_eq!((content.bytes.as_slice(), kept.own), (&b"ab"[..], 2));
        let mut out = Vec::new();
        content.read(1, 9, &mut out);
        content.read(2, 9, &mut out);
        assert_eq!(out, b"b");
    }

    #[test]
    fn beyond_the_cap_bytes_are_counted() {
        let (mut content, mut kept) = (Content::default(), kept());
        let piece = vec![7; 1 << 20];
        for part in 0..40 {
            content.write(part << 20, &piece, &mut kept);
        }
        assert_eq!((content.bytes.len(), content.size()), (FILE_KEPT_BYTES, 40 << 20));
        assert!(content.bytes.capacity() <= FILE_KEPT_BYTES);
        let mut out = Vec::new();
        content.read(FILE_KEPT_BYTES as u64 - 1, 3, &mut out);
        assert_eq!(out, [7, 0, 0]);
        content.truncate(33 << 20, &mut kept);
        assert_eq!(content.size(), 33 << 20);
        let all = Arc::clone(&kept.all);
        drop(kept);
        assert_eq!(all.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn any_part_of_a_program_is_what_it_is_in_the_whole() {
        let mut whole = Vec::new();
        program(1_000, 0, 2_000, &mut whole);
        assert_eq!(whole.len(), 1_000);
        for offset in [0_usize, 1, 63, 64, 65, 72, 500, 999] {
            let mut part = Vec::new();
            program(1_000, offset as u64, 100, &mut part);
            assert_eq!(part, whole[offset..1_000.min(offset + 100)], "{offset}");
        }
    }
}
