//! The hash of an exchange, which signs for everything that was said before.
//!
//! **Invariant:** what goes in is never kept, only its hash.

use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use crate::dialogue::ssh::packet::keys::Hash;

/// The hash of `bytes`.
#[must_use]
pub fn digest(hash: Hash, bytes: &[u8]) -> Digest {
    let mut running = Running::new(hash);
    running.put(bytes);
    running.finish()
}

/// What a hash comes to: 20, 32, 48 or 64 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest {
    bytes: [u8; 64],
    length: usize,
}

impl Digest {
    fn new(content: &[u8]) -> Self {
        let (mut bytes, length) = ([0; 64], content.len().min(64));
        bytes.iter_mut().zip(content).for_each(|(to, from)| *to = *from);
        Self { bytes, length }
    }
}

impl AsRef<[u8]> for Digest {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

/// A hash that is not at its end.
#[derive(Clone, Debug)]
pub(super) enum Running {
    Sha1(Sha1),
    Sha256(Sha256),
    Sha384(Sha384),
    Sha512(Sha512),
}

impl Running {
    pub(super) fn new(hash: Hash) -> Self {
        match hash {
            Hash::Sha1 => Self::Sha1(Sha1::new()),
            Hash::Sha256 => Self::Sha256(Sha256::new()),
            Hash::Sha384 => Self::Sha384(Sha384::new()),
            Hash::Sha512 => Self::Sha512(Sha512::new()),
        }
    }

    pub(super) fn put(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha1(state) => state.update(bytes),
            Self::Sha256(state) => state.update(bytes),
            Self::Sha384(state) => state.update(bytes),
            Self::Sha512(state) => state.update(bytes),
        }
    }

    /// A string with its length.
    pub(super) fn put_string(&mut self, bytes: &[u8]) {
        self.put(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
        self.put(bytes);
    }

    pub(super) fn finish(self) -> Digest {
        match self {
            Self::Sha1(state) => Digest::new(&state.finalize()),
            Self::Sha256(state) => Digest::new(&state.finalize()),
            Self::Sha384(state) => Digest::new(&state.finalize()),
            Self::Sha512(state) => Digest::new(&state.finalize()),
        }
    }
}
