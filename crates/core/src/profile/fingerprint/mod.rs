//! Fingerprints: what implementations have in common, as a hash and as the text behind it.
//!
//! **Invariant:** total functions of what was parsed; each is as its publication defines it, and
//! where tools disagree the publication decides. JA4S, JA4H and JA4T are under the FoxIO License
//! and only with the feature `ja4plus`.

mod ascii;
pub mod fact;
pub mod http;
pub mod os;
pub mod shape;
pub mod tcp;
pub mod tls;

use crate::event::Side;
use crate::octets::Octets;
use crate::row::hex;
use crate::wire::ssh::KexInit;
use md5::Md5;
use sha2::{Digest as _, Sha256};

/// A fingerprint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// As it is quoted and compared.
    pub hash: String,
    /// The text that its hashes are of.
    pub raw: String,
}

/// HASSH or `HASSHServer` (Salesforce, 2018) of an offer as it came.
#[must_use]
pub fn hassh(side: Side, offer: &KexInit<'_>) -> Fingerprint {
    let (raw, hash) = super::ssh::hassh(side, &offer.lists.map(Octets::from));
    Fingerprint { hash, raw }
}

/// Text with its MD5.
fn md5_of(raw: String) -> Fingerprint {
    Fingerprint { hash: hex(&Md5::digest(&raw)), raw }
}

/// The first twelve digits of a SHA-256, as JA4 abbreviates it.
fn sha256_12(bytes: &[u8]) -> String {
    let mut text = hex(&Sha256::digest(bytes));
    text.truncate(12);
    text
}

/// As [`sha256_12`], but twelve zeros of nothing.
fn sha256_12_or_zeros(bytes: &[u8]) -> String {
    match bytes {
        [] => ZEROS.to_owned(),
        bytes => sha256_12(bytes),
    }
}

/// What JA4 puts where there is nothing to hash.
const ZEROS: &str = "000000000000";
