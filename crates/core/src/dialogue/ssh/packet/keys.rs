//! The keys of one direction, RFC 4253 §7.2.
//!
//! **Invariant:** what keys are made of is overwritten when it is dropped, and never shown.

use sha1::Sha1;
use sha2::digest::Digest;
use sha2::{Sha256, Sha384, Sha512};
use std::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::algorithm::{Compression, Suite};
use super::protection::Protection;

/// The hash of a key exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Hash {
    /// Appends the digest of all parts, one after the other.
    fn append(self, parts: &[&[u8]], to: &mut Vec<u8>) {
        fn one<D: Digest>(parts: &[&[u8]], to: &mut Vec<u8>) {
            let mut hash = D::new();
            parts.iter().for_each(|part| hash.update(part));
            to.extend_from_slice(&hash.finalize());
        }
        match self {
            Self::Sha1 => one::<Sha1>(parts, to),
            Self::Sha256 => one::<Sha256>(parts, to),
            Self::Sha384 => one::<Sha384>(parts, to),
            Self::Sha512 => one::<Sha512>(parts, to),
        }
    }
}

/// Who sends what a key protects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// What an [`Opener`](super::opener::Opener) of a server takes.
    ClientToServer,
    /// What a [`Sealer`](super::sealer::Sealer) of a server gives.
    ServerToClient,
}

/// What a key exchange ends with.
#[derive(Clone, Copy)]
pub struct Exchange<'a> {
    /// The hash that the method names.
    pub hash: Hash,
    /// The shared secret `K` as it is hashed: with its length in front, an `mpint` for most methods
    /// and a `string` for those with sntrup761.
    pub secret: &'a [u8],
    /// The exchange hash `H`.
    pub digest: &'a [u8],
    /// The session identifier: `H` of the connection's first exchange.
    pub session: &'a [u8],
}

impl fmt::Debug for Exchange<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Exchange({:?})", self.hash)
    }
}

/// Bytes of the longest key: that of ChaCha20-Poly1305, and of HMAC with SHA-512.
const LONGEST: usize = 64;

/// What keys are cut out of.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(super) struct Material {
    pub(super) iv: [u8; LONGEST],
    pub(super) cipher: [u8; LONGEST],
    pub(super) mac: [u8; LONGEST],
}

impl Material {
    /// From the beginnings of the three, what is missing being zero.
    pub(super) fn new(iv: &[u8], cipher: &[u8], mac: &[u8]) -> Self {
        Self { iv: first(iv), cipher: first(cipher), mac: first(mac) }
    }

    /// A longer key than needed begins with the shorter one, so that all are derived alike.
    fn derive(exchange: &Exchange<'_>, direction: Direction) -> Self {
        let letters = match direction {
            Direction::ClientToServer => b"ACE",
            Direction::ServerToClient => b"BDF",
        };
        let [iv, cipher, mac] = letters.map(|letter| {
            let mut bytes = Zeroizing::new(Vec::with_capacity(2 * LONGEST));
            let Exchange { hash, secret, digest, session } = *exchange;
            hash.append(&[secret, digest, &[letter], session], &mut bytes);
            while bytes.len() < LONGEST {
                let so_far = bytes.clone();
                hash.append(&[secret, digest, &so_far], &mut bytes);
            }
            Zeroizing::new(first::<LONGEST>(&bytes))
        });
        Self::new(&*iv, &*cipher, &*mac)
    }
}

/// The first bytes, what is missing being zero.
pub(super) fn first<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut out = [0; N];
    out.iter_mut().zip(bytes).for_each(|(out, byte)| *out = *byte);
    out
}

/// The keys of one direction, ready to be installed.
pub struct Keys {
    pub(super) protection: Protection,
    pub(super) compression: Compression,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys")
    }
}

impl Keys {
    /// The keys that follow from an exchange.
    #[must_use]
    pub fn derive(exchange: &Exchange<'_>, direction: Direction, suite: Suite) -> Self {
        Self::cut(suite, &Material::derive(exchange, direction))
    }

    /// Keys that are known already, as tests and fuzzers do; what is missing of one is zero.
    #[must_use]
    pub fn known(suite: Suite, iv: &[u8], cipher: &[u8], mac: &[u8]) -> Self {
        Self::cut(suite, &Material::new(iv, cipher, mac))
    }

    fn cut(suite: Suite, material: &Material) -> Self {
        Self { protection: Protection::new(suite, material), compression: suite.compression }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::hex;

    fn pattern(length: usize, factor: usize, first: usize) -> Vec<u8> {
        (0..length).map(|at| (at * factor + first) as u8).collect()
    }

    fn derived(hash: Hash, direction: Direction) -> Material {
        let secret = [&[0, 0, 0, 33, 0][..], &pattern(32, 5, 200)].concat();
        let (digest, session) = (pattern(20, 11, 3), pattern(20, 17, 9));
        let exchange = Exchange { hash, secret: &secret, digest: &digest, session: &session };
        Material::derive(&exchange, direction)
    }

    /// As `AsyncSSH` 2 derives them.
    #[test]
    fn keys_are_extended_as_others_extend_them() {
        let expected = [
            (
                Hash::Sha1,
                "63f82ccc171ce63e1eb935b35a4fb3cf91e5ab4f4577defaa3d97a3071a1e64b\
                 2f887f14a0363a4540408f3924f1b9985111962747d1f163a962f031f80bd0c3",
            ),
            (
                Hash::Sha256,
                "9d5b6dde18bfeb270eb01c1d2587c329d1c16590c63dcdb1968a9bdfde62ef30\
                 e28a2b6b084d78ee089d412a6bc8f0858851140a310c160614cd86743ff3a999",
            ),
            (
                Hash::Sha384,
                "2ba35bdb8cfca2606996a43ec50ae5cb0e59193b86b539b3bf02a50e6075782b\
                 66d6aca70519ccb68abd3837f6a9fa255d424af9e579fa6de84d61f1c917e3bd",
            ),
            (
                Hash::Sha512,
                "4033cc71a2a44ccab9bb1de1abc2860aa0e1c73f92b2209b4c59a46b349d04d0\
                 7f96d21b426c9f852b92c04e76072f103c90132d3a4eeb230481e9588e29968d",
            ),
        ];
        for (hash, cipher) in expected {
            let found = derived(hash, Direction::ClientToServer);
            assert_eq!(hex(&found.cipher), cipher, "{hash:?}");
        }
    }

    #[test]
    fn each_key_has_its_letter() {
        let begin = |direction| {
            let found = derived(Hash::Sha256, direction);
            [&found.iv, &found.cipher, &found.mac].map(|key| hex(&key[..8]))
        };
        let [a, b, c, d, e, f] = [
            "5352da2ee3cb0f4f",
            "89c4ad3b2174c8f2",
            "9d5b6dde18bfeb27",
            "aad4ed237fed54d2",
            "adf3ec000a621337",
            "3fbc538252d29bc7",
        ];
        assert_eq!(begin(Direction::ClientToServer), [a, c, e]);
        assert_eq!(begin(Direction::ServerToClient), [b, d, f]);
    }
}
