//! `zlib@openssh.com`: payloads packed as one stream for as long as the keys last.
//!
//! **Invariant:** unpacking stops at a cap, however little a peer had to send for it.

use flate2::{Compress, Decompress, FlushCompress, FlushDecompress, Status};

use super::algorithm::Compression;
use super::refusal::Refusal;
use crate::limits::{SSH_KEPT_BYTES, SSH_UNPACKED_BYTES};

/// What happens to the payloads of one direction.
pub(super) enum Packing<Stream> {
    /// Nothing, and nothing will.
    Never,
    /// Nothing before the end of authentication.
    Waits,
    /// They go through a stream.
    Runs(Box<Stream>),
}

impl<Stream: Default> Packing<Stream> {
    /// With new keys begins a new stream, after authentication at once.
    pub(super) fn new(compression: Compression, phase: Phase) -> Self {
        match (compression, phase) {
            (Compression::None, Phase::Authenticating | Phase::Authenticated) => Self::Never,
            (Compression::Delayed, Phase::Authenticating) => Self::Waits,
            (Compression::Delayed, Phase::Authenticated) => Self::Runs(Box::default()),
        }
    }

    /// The end of authentication.
    pub(super) fn start(&mut self) {
        if matches!(self, Self::Waits) {
            *self = Self::Runs(Box::default());
        }
    }
}

/// Whether delayed compression still waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Phase {
    #[default]
    Authenticating,
    Authenticated,
}

/// Bytes that are unpacked at a time, and the room for packing what is short.
const STEP: usize = 4_096;

/// A stream of payloads to send.
pub(super) struct Packer {
    stream: Compress,
}

impl Default for Packer {
    fn default() -> Self {
        // OpenSSH's level.
        Self { stream: Compress::new(flate2::Compression::new(6), true) }
    }
}

impl Packer {
    /// Appends a payload in a form that can be unpacked without what follows; `None` where the
    /// stream is broken.
    pub(super) fn pack(&mut self, payload: &[u8], to: &mut Vec<u8>) -> Option<()> {
        // All of it in one step: a step that was cut short for want of room can leave the next one
        // room and still something unsaid, and one too many says an empty block.
        let room = payload.len() + payload.len() / 8 + STEP;
        let mut packed = Vec::with_capacity(room);
        let read = self.stream.total_in();
        self.stream.compress_vec(payload, &mut packed, FlushCompress::Partial).ok()?;
        let is_all = grown(read, self.stream.total_in()) == payload.len() && packed.len() < room;
        is_all.then(|| to.extend_from_slice(&packed))
    }
}

/// A stream of payloads that came.
pub(super) struct Unpacker {
    stream: Decompress,
    payload: Vec<u8>,
}

impl Default for Unpacker {
    fn default() -> Self {
        Self { stream: Decompress::new(true), payload: Vec::new() }
    }
}

impl Unpacker {
    /// The payload that is packed in these bytes.
    pub(super) fn unpack(&mut self, packed: &[u8]) -> Result<&[u8], Refusal> {
        self.payload.clear();
        self.payload.shrink_to(SSH_KEPT_BYTES);
        let mut rest = packed;
        let mut step = [0; STEP];
        loop {
            let (read, written) = (self.stream.total_in(), self.stream.total_out());
            let status = self.stream.decompress(rest, &mut step, FlushDecompress::Sync);
            let read = grown(read, self.stream.total_in());
            let written = grown(written, self.stream.total_out());
            rest = rest.get(read..).ok_or(Refusal::Packing)?;
            if self.payload.len() + written > SSH_UNPACKED_BYTES {
                return Err(Refusal::Unpacked);
            }
            self.payload.extend_from_slice(step.get(..written).unwrap_or_default());
            match status.map_err(|_| Refusal::Packing)? {
                Status::Ok if read + written > 0 => {}
                Status::Ok | Status::BufError => return Ok(&self.payload),
                // OpenSSH knows of no end of a stream.
                Status::StreamEnd => return Err(Refusal::Packing),
            }
        }
    }
}

/// What was added to a count of bytes.
fn grown(before: u64, after: u64) -> usize {
    usize::try_from(after.saturating_sub(before)).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Packs with other flushes than ours.
    fn packed(stream: &mut Compress, payload: &[u8], flush: FlushCompress) -> Vec<u8> {
        let mut out = Vec::with_capacity(payload.len() + 1_024);
        stream.compress_vec(payload, &mut out, flush).unwrap();
        out
    }

    #[test]
    fn payloads_come_back_one_by_one() {
        let (mut packer, mut unpacker) = (Packer::default(), Unpacker::default());
        let noise: Vec<u8> = (0..9_000_u32).map(|at| (at.wrapping_mul(at) >> 7) as u8).collect();
        for payload in [&b"a"[..], b"", b"aaaaaaaa", &noise, &noise, &[7; 32_768], b"end"] {
            let mut packed = Vec::new();
            packer.pack(payload, &mut packed).unwrap();
            assert_eq!(unpacker.unpack(&packed), Ok(payload));
        }
    }

    /// Noise does not get smaller, and a payload may end anywhere in a block of the packer's.
    #[test]
    fn noise_comes_back_payload_by_payload() {
        let mut state = 1_u64;
        let mut noise = |length: usize| -> Vec<u8> {
            let mut byte = || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (state >> 56) as u8
            };
            std::iter::repeat_with(&mut byte).take(length).collect()
        };
        let (mut packer, mut unpacker) = (Packer::default(), Unpacker::default());
        for length in (0..40).map(|at| 32_777 - at % 3 * 9).chain([31, 255 << 10, 1, 100_000]) {
            let (payload, mut packed) = (noise(length), Vec::new());
            packer.pack(&payload, &mut packed).unwrap();
            assert!(unpacker.unpack(&packed).unwrap() == payload, "{length}");
        }
    }

    /// A payload whose packed form fills exactly one step, and those around it.
    #[test]
    fn a_full_step_loses_nothing() {
        for length in STEP - 64..STEP + 64 {
            let noise: Vec<u8> =
                (0..length as u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
            let (mut packer, mut unpacker) = (Packer::default(), Unpacker::default());
            for _ in 0..2 {
                let mut packed = Vec::new();
                packer.pack(&noise, &mut packed).unwrap();
                assert_eq!(unpacker.unpack(&packed), Ok(&*noise), "{length}");
            }
        }
    }

    #[test]
    fn a_payload_beyond_the_cap_is_refused() {
        let mut stream = Compress::new(flate2::Compression::new(6), true);
        let most = packed(&mut stream, &vec![0; SSH_UNPACKED_BYTES], FlushCompress::Sync);
        let bomb = packed(&mut stream, &vec![0; SSH_UNPACKED_BYTES + 1], FlushCompress::Sync);
        let mut unpacker = Unpacker::default();
        assert_eq!(unpacker.unpack(&most).map(<[u8]>::len), Ok(SSH_UNPACKED_BYTES));
        assert_eq!(unpacker.unpack(&bomb), Err(Refusal::Unpacked));
        assert!(unpacker.payload.capacity() <= 2 * SSH_UNPACKED_BYTES);
    }

    #[test]
    fn a_stream_that_ends_or_is_none_is_refused() {
        let mut stream = Compress::new(flate2::Compression::new(6), true);
        let ended = packed(&mut stream, b"end", FlushCompress::Finish);
        assert_eq!(Unpacker::default().unpack(&ended), Err(Refusal::Packing));
        assert_eq!(Unpacker::default().unpack(b"SSH-2.0-"), Err(Refusal::Packing));
        assert_eq!(Unpacker::default().unpack(b""), Ok(&[][..]));
    }

    /// Two payloads that zlib 1.3 packed, with the flush of OpenSSH and with that of others.
    #[test]
    fn payloads_of_others_are_unpacked() {
        let first = [
            0x78, 0x9c, 0x8a, 0x53, 0xc8, 0xcf, 0x4b, 0x55, 0x28, 0x48, 0xac, 0xcc, 0xc9, 0x4f,
            0x4c, 0x51, 0x48, 0xcc, 0x4b, 0x01, 0xf3, 0x73, 0xf3, 0x8b, 0x52, 0x01, 0x02,
        ];
        let second = [
            0x28, 0x0e, 0x43, 0x26, 0x31, 0x2f, 0xbf, 0x24, 0x23, 0xb5, 0x08, 0x00, 0x00, 0x00,
            0xff, 0xff,
        ];
        let mut unpacker = Unpacker::default();
        assert_eq!(unpacker.unpack(&first), Ok(&b"\x5e one payload and one more"[..]));
        assert_eq!(unpacker.unpack(&second), Ok(&b"\x5e one payload and another"[..]));
    }
}
