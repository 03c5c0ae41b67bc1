//! Packets that are sent.
//!
//! **Invariant:** lengths and padding are those that OpenSSH gives the same payloads.

use std::fmt;

use super::compression::{Packer, Packing, Phase};
use super::keys::Keys;
use super::opener::Traffic;
use super::protection::{LENGTH_BYTES, Protection};

/// Where random bytes come from: it fills what it is given.
pub type Random<'a> = dyn FnMut(&mut [u8]) + 'a;

/// What the sequence number does at NEWKEYS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sequence {
    /// It counts on, RFC 4253 §6.4.
    Continues,
    /// It begins again at zero: strict key exchange was agreed on.
    Restarts,
}

/// What packets are filled with before there are keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClearPadding {
    /// As OpenSSH fills them.
    #[default]
    Zeros,
    /// As RFC 4253 §6 asks for, and Dropbear does.
    Random,
}

/// Makes packets out of payloads, in their order.
pub struct Sealer {
    protection: Protection,
    sequence: u32,
    packing: Packing<Packer>,
    phase: Phase,
    traffic: Traffic,
    padding: ClearPadding,
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer").field("sequence", &self.sequence).finish_non_exhaustive()
    }
}

impl Default for Sealer {
    fn default() -> Self {
        Self::new()
    }
}

impl Sealer {
    /// At the beginning of a connection: nothing is protected.
    #[must_use]
    pub fn new() -> Self {
        Self {
            protection: Protection::Clear,
            sequence: 0,
            packing: Packing::Never,
            phase: Phase::default(),
            traffic: Traffic::default(),
            padding: ClearPadding::default(),
        }
    }

    /// The same with another padding.
    #[must_use]
    pub fn padded(self, padding: ClearPadding) -> Self {
        Self { padding, ..self }
    }

    /// Uses new keys from the next packet on: what is to be done behind NEWKEYS.
    pub fn install(&mut self, keys: Keys, sequence: Sequence) {
        self.traffic = Traffic::new(keys.protection.block_bytes());
        self.packing = Packing::new(keys.compression, self.phase);
        self.protection = keys.protection;
        match sequence {
            Sequence::Continues => {}
            Sequence::Restarts => self.sequence = 0,
        }
    }

    /// Delayed compression begins with the next packet: what is to be done behind
    /// `USERAUTH_SUCCESS`.
    pub fn authenticated(&mut self) {
        self.phase = Phase::Authenticated;
        self.packing.start();
    }

    /// The number of the next packet.
    #[must_use]
    pub fn sequence(&self) -> u32 {
        self.sequence
    }

    /// Whether OpenSSH would exchange keys before it sends a payload of this many bytes.
    #[must_use]
    pub fn is_exhausted(&self, payload: usize) -> bool {
        // It counts the two lengths in front of the payload, and not what comes behind.
        self.traffic.is_exhausted(payload.saturating_add(LENGTH_BYTES + 1))
    }

    /// As if as much had passed under these keys as may, for tests and fuzzers.
    pub(in crate::dialogue::ssh) fn wear_out(&mut self) {
        self.traffic.wear_out();
    }

    /// What went out under these keys.
    #[must_use]
    pub fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    /// Appends the packet of a payload, which begins with its message number and has less than
    /// 4 GiB.
    pub fn seal(&mut self, payload: &[u8], random: &mut Random<'_>, out: &mut Vec<u8>) {
        debug_assert!(!payload.is_empty(), "a payload has a message number");
        let start = out.len();
        let done = self.write(payload, random, out, start);
        debug_assert!(done.is_some(), "a packet is too long");
        // Nothing must go out that is not protected.
        if done.is_none() {
            out.truncate(start);
        }
    }

    fn write(
        &mut self,
        payload: &[u8],
        random: &mut Random<'_>,
        out: &mut Vec<u8>,
        start: usize,
    ) -> Option<()> {
        out.extend_from_slice(&[0; LENGTH_BYTES + 1]);
        match &mut self.packing {
            Packing::Never | Packing::Waits => out.extend_from_slice(payload),
            Packing::Runs(packer) => packer.pack(payload, out)?,
        }
        let block = self.protection.block_bytes();
        let filled = out.len() - start - self.protection.apart_bytes();
        let mut padding = block - filled % block;
        if padding < 4 {
            padding += block;
        }
        let content = out.len();
        out.resize(content + padding, 0);
        match (&self.protection, self.padding) {
            (Protection::Clear, ClearPadding::Zeros) => {}
            (Protection::Clear, ClearPadding::Random)
            | (Protection::ChaCha(_) | Protection::Gcm { .. } | Protection::Ctr { .. }, _) => {
                random(out.get_mut(content..)?);
            }
        }
        let packet = out.get_mut(start..)?;
        let bytes = packet.len();
        let length = u32::try_from(bytes - LENGTH_BYTES).ok()?;
        let (field, rest) = packet.split_first_chunk_mut()?;
        *field = length.to_be_bytes();
        *rest.first_mut()? = u8::try_from(padding).ok()?;
        let tag = self.protection.seal(self.sequence, packet)?;
        out.extend_from_slice(tag.as_bytes());
        self.sequence = self.sequence.wrapping_add(1);
        self.traffic.count(bytes);
        Some(())
    }
}
