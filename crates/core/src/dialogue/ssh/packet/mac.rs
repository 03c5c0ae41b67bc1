//! Codes with their keys: what says that a packet is authentic.
//!
//! **Invariant:** codes are compared in a time that does not depend on where they differ.

use hmac::digest::KeyInit;
use hmac::digest::Mac as _;
use hmac::{EagerHash, Hmac};
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::algorithm::Mac;
use super::keys::first;
use super::umac::Umac;

/// A code with its key.
pub(super) enum Authenticator {
    Umac64(Box<Umac<2>>),
    Umac128(Box<Umac<4>>),
    Sha1(Box<Hmac<Sha1>>),
    Sha256(Box<Hmac<Sha256>>),
    Sha512(Box<Hmac<Sha512>>),
}

impl Authenticator {
    pub(super) fn new(mac: Mac, key: &[u8; 64]) -> Self {
        match mac {
            Mac::Umac64Etm | Mac::Umac64 => Self::Umac64(Box::new(Umac::new(first(key)))),
            Mac::Umac128Etm | Mac::Umac128 => Self::Umac128(Box::new(Umac::new(first(key)))),
            // A key is filled with zeros up to a block, RFC 2104 §2.
            Mac::HmacSha1Etm | Mac::HmacSha1 => {
                let block = Zeroizing::new(first::<64>(&first::<20>(key)));
                Self::Sha1(Box::new(KeyInit::new(&(*block).into())))
            }
            Mac::HmacSha256Etm | Mac::HmacSha256 => {
                let block = Zeroizing::new(first::<64>(&first::<32>(key)));
                Self::Sha256(Box::new(KeyInit::new(&(*block).into())))
            }
            Mac::HmacSha512Etm | Mac::HmacSha512 => {
                let block = Zeroizing::new(first::<128>(key));
                Self::Sha512(Box::new(KeyInit::new(&(*block).into())))
            }
        }
    }

    /// Bytes of the code.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Umac64(_) => 8,
            Self::Umac128(_) => 16,
            Self::Sha1(_) => 20,
            Self::Sha256(_) => 32,
            Self::Sha512(_) => 64,
        }
    }

    /// The code of a packet; UMAC's nonce is what HMAC hashes first.
    pub(super) fn tag(&self, sequence: u32, packet: &[u8]) -> Tag {
        match self {
            Self::Umac64(umac) => Tag::new(&umac.tag(u64::from(sequence), packet)),
            Self::Umac128(umac) => Tag::new(&umac.tag(u64::from(sequence), packet)),
            Self::Sha1(keyed) => hmac(keyed, sequence, packet),
            Self::Sha256(keyed) => hmac(keyed, sequence, packet),
            Self::Sha512(keyed) => hmac(keyed, sequence, packet),
        }
    }
}

fn hmac<D: EagerHash>(keyed: &Hmac<D>, sequence: u32, packet: &[u8]) -> Tag
where
    Hmac<D>: hmac::Mac + Clone,
{
    let mut keyed = keyed.clone();
    keyed.update(&sequence.to_be_bytes());
    keyed.update(packet);
    Tag::new(&keyed.finalize().into_bytes())
}

/// What stands behind a packet.
pub(super) struct Tag {
    bytes: [u8; 64],
    length: usize,
}

impl Tag {
    /// Of at most 64 bytes.
    pub(super) fn new(bytes: &[u8]) -> Self {
        Self { bytes: first(bytes), length: bytes.len().min(64) }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    /// Whether it is what the peer sent.
    pub(super) fn is(&self, sent: &[u8]) -> bool {
        self.as_bytes().ct_eq(sent).into()
    }
}
