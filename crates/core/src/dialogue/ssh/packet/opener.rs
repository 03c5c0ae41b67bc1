//! Packets that came.
//!
//! **Invariant:** keeps nothing of a packet but its first block. Who reads from the peer keeps the
//! rest, and needs never keep more than [`PACKET_MAX`] bytes for a packet to be complete.

use std::fmt;

use super::compression::{Packing, Phase, Unpacker};
use super::keys::Keys;
use super::protection::{Head, LENGTH_BYTES, Protection};
use super::refusal::Refusal;
use super::sealer::Sequence;
use crate::limits::SSH_PACKET_BYTES;

/// Bytes of the longest packet with its length and the longest code.
pub const PACKET_MAX: usize = LENGTH_BYTES + SSH_PACKET_BYTES + 64;

/// A packet that was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// The packet's number, which an UNIMPLEMENTED names.
    pub sequence: u32,
    /// Its content, unpacked, with the message number first; never empty.
    pub payload: &'a [u8],
    /// Its padding, at least 4 bytes.
    pub padding: &'a [u8],
    /// Bytes that it had on the wire.
    pub used: usize,
}

/// How much has passed under the same keys, as OpenSSH counts it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Packets.
    pub packets: u32,
    /// Full blocks of the cipher.
    pub blocks: u64,
    /// Bytes of the cipher's blocks; 0 before the first keys.
    block_bytes: u64,
}

/// Packets after which OpenSSH always wants new keys.
const PACKETS_MAX: u32 = 1 << 31;

impl Traffic {
    pub(super) fn new(block_bytes: usize) -> Self {
        Self { packets: 0, blocks: 0, block_bytes: block_bytes as u64 }
    }

    /// As if as much had passed as may.
    pub(super) fn wear_out(&mut self) {
        self.blocks = u64::MAX;
    }

    /// Counts a packet of this many bytes without its code; whether the count was full.
    pub(super) fn count(&mut self, bytes: usize) -> Count {
        self.blocks = self.blocks.saturating_add(bytes as u64 / self.block_bytes.max(8));
        self.packets = self.packets.wrapping_add(1);
        if self.packets == 0 { Count::Full } else { Count::Goes }
    }

    /// 2³² blocks of 16 bytes (RFC 4344 §3.2), or 1 GiB of smaller ones; with `bytes` more.
    pub(super) fn is_exhausted(&self, bytes: usize) -> bool {
        let blocks = match self.block_bytes {
            0 => return false,
            16.. => 1 << 32,
            small => (1 << 30) / small,
        };
        let more = (bytes as u64).div_ceil(self.block_bytes);
        self.packets > PACKETS_MAX || self.blocks.saturating_add(more) > blocks
    }
}

/// Whether packets can be counted on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Count {
    Goes,
    Full,
}

/// Makes payloads out of packets, in their order.
pub struct Opener {
    protection: Protection,
    sequence: u32,
    packing: Packing<Unpacker>,
    phase: Phase,
    traffic: Traffic,
    /// Of the packet that is not complete yet.
    head: Option<Head>,
    is_over: bool,
}

impl fmt::Debug for Opener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opener").field("sequence", &self.sequence).finish_non_exhaustive()
    }
}

impl Default for Opener {
    fn default() -> Self {
        Self::new()
    }
}

impl Opener {
    /// At the beginning of a connection: nothing is protected.
    #[must_use]
    pub fn new() -> Self {
        Self {
            protection: Protection::Clear,
            sequence: 0,
            packing: Packing::Never,
            phase: Phase::default(),
            traffic: Traffic::default(),
            head: None,
            is_over: false,
        }
    }

    /// Uses new keys from the next packet on: what is to be done behind NEWKEYS, and before another
    /// packet is opened.
    pub fn install(&mut self, keys: Keys, sequence: Sequence) {
        debug_assert!(self.head.is_none(), "keys are installed between packets");
        self.traffic = Traffic::new(keys.protection.block_bytes());
        self.packing = Packing::new(keys.compression, self.phase);
        self.protection = keys.protection;
        match sequence {
            Sequence::Continues => {}
            Sequence::Restarts => self.sequence = 0,
        }
    }

    /// Delayed compression begins with the next packet: what is to be done when `USERAUTH_SUCCESS`
    /// goes out.
    pub fn authenticated(&mut self) {
        self.phase = Phase::Authenticated;
        self.packing.start();
    }

    /// The next packet is the first again.
    pub(in crate::dialogue::ssh) fn restart(&mut self) {
        self.sequence = 0;
    }

    /// The number of the next packet.
    #[must_use]
    pub fn sequence(&self) -> u32 {
        self.sequence
    }

    /// Whether OpenSSH would exchange keys now.
    #[must_use]
    pub fn is_exhausted(&self) -> bool {
        self.traffic.is_exhausted(0)
    }

    /// As if as much had passed under these keys as may, for tests and fuzzers.
    pub(in crate::dialogue::ssh) fn wear_out(&mut self) {
        self.traffic.wear_out();
    }

    /// What came in under these keys.
    #[must_use]
    pub fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    /// The packet at the beginning of `bytes`, decrypted in its place; `None` where it is not
    /// complete, and then nothing of `bytes` was changed. The next call is to be given the same
    /// bytes and what came since, or, after a packet, what is behind its [`Packet::used`] bytes.
    ///
    /// # Errors
    /// [`Refusal`] at the byte at which OpenSSH would end the connection; from then on always.
    pub fn open<'a>(&'a mut self, bytes: &'a mut [u8]) -> Result<Option<Packet<'a>>, Refusal> {
        if self.is_over {
            return Err(Refusal::After);
        }
        // What happens in between is forgotten unless it ends well.
        self.is_over = true;
        let Some(used) = self.complete(bytes)? else {
            self.is_over = false;
            return Ok(None);
        };
        let sequence = self.sequence;
        let (padding, content) = self.decrypt(bytes, used)?;
        let payload = match &mut self.packing {
            Packing::Never | Packing::Waits => content,
            Packing::Runs(unpacker) => unpacker.unpack(content)?,
        };
        match payload.first() {
            None => return Err(Refusal::Empty),
            Some(&number @ (0 | 192..)) => return Err(Refusal::Message(number)),
            Some(1..=191) => {}
        }
        self.is_over = false;
        Ok(Some(Packet { sequence, payload, padding, used }))
    }

    /// How many bytes the packet has with its code, once all of them are there.
    fn complete(&mut self, bytes: &[u8]) -> Result<Option<usize>, Refusal> {
        if self.head.is_none() {
            self.head = self.protection.head(self.sequence, bytes);
        }
        let Some(Head { length, .. }) = self.head else { return Ok(None) };
        let size = usize::try_from(length).map_err(|_| Refusal::Length(length))?;
        if !(5..=SSH_PACKET_BYTES).contains(&size) {
            return Err(Refusal::Length(length));
        }
        let filled = LENGTH_BYTES + size - self.protection.apart_bytes();
        if !filled.is_multiple_of(self.protection.block_bytes()) {
            return Err(Refusal::Blocks(length));
        }
        let used = LENGTH_BYTES + size + self.protection.tag_bytes();
        Ok((used <= bytes.len()).then_some(used))
    }

    /// Padding and content of a packet that is complete.
    fn decrypt<'a>(
        &mut self,
        bytes: &'a mut [u8],
        used: usize,
    ) -> Result<(&'a [u8], &'a [u8]), Refusal> {
        let head = self.head.take().ok_or(Refusal::Forged)?;
        let tag_at = used - self.protection.tag_bytes();
        let (packet, tag) = bytes
            .get_mut(..used)
            .and_then(|all| all.split_at_mut_checked(tag_at))
            .ok_or(Refusal::Forged)?;
        if !self.protection.open(self.sequence, &head, packet, tag) {
            return Err(Refusal::Forged);
        }
        self.sequence = self.sequence.wrapping_add(1);
        if self.traffic.count(packet.len()) == Count::Full {
            return Err(Refusal::Exhausted);
        }
        let rest = packet.get(LENGTH_BYTES..).unwrap_or_default();
        let (&padding, rest) = rest.split_first().ok_or(Refusal::Empty)?;
        if padding < 4 {
            return Err(Refusal::ShortPadding(padding));
        }
        let end = rest.len().checked_sub(padding.into()).ok_or(Refusal::LongPadding(padding))?;
        let (content, padding) = rest.split_at(end);
        Ok((padding, content))
    }
}
