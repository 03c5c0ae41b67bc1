//! The format of gzip, as a stream.
//!
//! **Invariant:** what is packed or unpacked goes through in pieces, however large it becomes.

use flate2::{Compress, Compression, Crc, Decompress, FlushCompress, FlushDecompress, Status};

/// What is wrong with packed bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    NotPacked,
    Data,
    Crc,
    End,
}

impl Wrong {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::NotPacked => "not in gzip format",
            Self::Data => "invalid compressed data--format violated",
            Self::Crc => "invalid compressed data--crc error",
            Self::End => "unexpected end of file",
        }
    }
}

/// Bytes that come out at once.
const PIECE: usize = 64 << 10;

/// Packs a stream.
pub(super) struct Packer {
    inner: Compress,
    crc: Crc,
    begun: bool,
    head: Vec<u8>,
}

impl Packer {
    pub(super) fn new(level: u32, name: &[u8], changed: i64) -> Self {
        let mut head = vec![0x1f, 0x8b, 8, if name.is_empty() { 0 } else { 8 }];
        head.extend(u32::try_from(changed).unwrap_or(0).to_le_bytes());
        head.extend([
            match level {
                9 => 2,
                1 => 4,
                _ => 0,
            },
            3,
        ]);
        if !name.is_empty() {
            head.extend_from_slice(name);
            head.push(0);
        }
        let inner = Compress::new(Compression::new(level), false);
        Self { inner, crc: Crc::new(), begun: false, head }
    }

    pub(super) fn push(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.begun, true) {
            out.append(&mut self.head);
        }
        self.crc.update(bytes);
        while !bytes.is_empty() {
            out.reserve(PIECE);
            let before = self.inner.total_in();
            if self.inner.compress_vec(bytes, out, FlushCompress::None).is_err() {
                return;
            }
            let used = usize::try_from(self.inner.total_in() - before).unwrap_or(0);
            bytes = bytes.get(used..).unwrap_or_default();
        }
    }

    pub(super) fn finish(&mut self, out: &mut Vec<u8>) {
        self.push(&[], out);
        loop {
            out.reserve(PIECE);
            match self.inner.compress_vec(&[], out, FlushCompress::Finish) {
                Ok(Status::StreamEnd) | Err(_) => break,
                Ok(Status::Ok | Status::BufError) => {}
            }
        }
        out.extend(self.crc.sum().to_le_bytes());
        out.extend(self.crc.amount().to_le_bytes());
    }

    /// Bytes of its head.
    pub(super) fn head_bytes(&self) -> u64 {
        self.head.len() as u64
    }

    /// Bytes that went in.
    pub(super) fn amount(&self) -> u64 {
        self.inner.total_in()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Head,
    Body,
    Tail,
}

/// Unpacks a stream of one or more members.
pub(super) struct Unpacker {
    inner: Decompress,
    crc: Crc,
    part: Part,
    input: Vec<u8>,
    members: u32,
    /// The name in the head of the first.
    pub(super) name: Vec<u8>,
}

impl Unpacker {
    pub(super) fn new() -> Self {
        Self {
            inner: Decompress::new(false),
            crc: Crc::new(),
            part: Part::Head,
            input: Vec::new(),
            members: 0,
            name: Vec::new(),
        }
    }

    pub(super) fn give(&mut self, bytes: &[u8]) {
        self.input.extend_from_slice(bytes);
    }

    /// More output, as far as there is input; nothing where more is needed.
    pub(super) fn take(&mut self) -> Result<Vec<u8>, Wrong> {
        loop {
            match self.part {
                Part::Head => match head(&self.input) {
                    Ok(Some((length, name))) => {
                        self.input.drain(..length);
                        if self.members == 0 {
                            self.name = name;
                        }
                        self.members += 1;
                        self.inner.reset(false);
                        self.crc = Crc::new();
                        self.part = Part::Body;
                    }
                    Ok(None) => return Ok(Vec::new()),
                    // What stands behind the last member is left alone.
                    Err(_) if self.members > 0 => {
                        self.input.clear();
                        return Ok(Vec::new());
                    }
                    Err(wrong) => return Err(wrong),
                },
                Part::Body => {
                    if self.input.is_empty() {
                        return Ok(Vec::new());
                    }
                    let mut out = Vec::with_capacity(PIECE);
                    let before = self.inner.total_in();
                    let done =
                        self.inner.decompress_vec(&self.input, &mut out, FlushDecompress::None);
                    let used = usize::try_from(self.inner.total_in() - before).unwrap_or(0);
                    self.input.drain(..used.min(self.input.len()));
                    self.crc.update(&out);
                    match done {
                        Ok(Status::StreamEnd) => self.part = Part::Tail,
                        Ok(Status::Ok | Status::BufError) => {
                            if out.is_empty() && used == 0 {
                                return Ok(out);
                            }
                        }
                        Err(_) => return Err(Wrong::Data),
                    }
                    if !out.is_empty() {
                        return Ok(out);
                    }
                }
                Part::Tail => {
                    let Some(tail) = self.input.first_chunk::<8>() else { return Ok(Vec::new()) };
                    let [a, b, c, d, ..] = *tail;
                    if u32::from_le_bytes([a, b, c, d]) != self.crc.sum() {
                        return Err(Wrong::Crc);
                    }
                    self.input.drain(..8);
                    self.part = Part::Head;
                }
            }
        }
    }

    /// The input is at its end: whether that is one.
    pub(super) fn end(&self) -> Result<(), Wrong> {
        match (self.part, self.members, self.input.len()) {
            (Part::Head, 0, 0) => Err(Wrong::End),
            (Part::Head, 0, _) => Err(Wrong::NotPacked),
            (Part::Head, ..) => Ok(()),
            (Part::Body | Part::Tail, ..) => Err(Wrong::End),
        }
    }
}

/// The head of a member: its length, and the name in it. `None` where there is more to come.
fn head(input: &[u8]) -> Result<Option<(usize, Vec<u8>)>, Wrong> {
    let magic = [0x1f, 0x8b];
    if !input.iter().zip(magic).all(|(have, want)| *have == want) {
        return Err(Wrong::NotPacked);
    }
    let Some(fixed) = input.first_chunk::<10>() else { return Ok(None) };
    let [_, _, method, flags, ..] = *fixed;
    if method != 8 {
        return Err(Wrong::NotPacked);
    }
    let mut at = 10;
    if flags & 4 != 0 {
        let Some(&[low, high]) = input.get(at..at + 2).and_then(|b| b.first_chunk::<2>()) else {
            return Ok(None);
        };
        at += 2 + usize::from(u16::from_le_bytes([low, high]));
    }
    let mut name = Vec::new();
    for flag in [8, 16] {
        if flags & flag == 0 {
            continue;
        }
        let rest = input.get(at..).unwrap_or_default();
        let Some(end) = rest.iter().position(|&b| b == 0) else {
            return if rest.len() > PIECE { Err(Wrong::Data) } else { Ok(None) };
        };
        if flag == 8 {
            name = rest.get(..end).unwrap_or_default().to_vec();
        }
        at += end + 1;
    }
    if flags & 2 != 0 {
        at += 2;
    }
    Ok((input.len() >= at).then_some((at, name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_out_again_in_any_pieces() {
        let text: Vec<u8> = (0..100_000_u32).flat_map(|n| (n % 977).to_le_bytes()).collect();
        let mut packed = Vec::new();
        for _ in 0..2 {
            let mut packer = Packer::new(6, b"x", 0);
            packer.push(&text, &mut packed);
            packer.finish(&mut packed);
        }
        for size in [1, 7, 5_000] {
            let mut unpacker = Unpacker::new();
            let mut out = Vec::new();
            for piece in packed.chunks(size) {
                unpacker.give(piece);
                loop {
                    let more = unpacker.take().unwrap();
                    if more.is_empty() {
                        break;
                    }
                    out.extend(more);
                }
            }
            assert_eq!(unpacker.end(), Ok(()));
            assert!(out == [text.as_slice(), &text].concat(), "{size}");
            assert_eq!(unpacker.name, b"x");
        }
        let mut unpacker = Unpacker::new();
        unpacker.give(b"hello");
        assert_eq!(unpacker.take(), Err(Wrong::NotPacked));
    }
}
