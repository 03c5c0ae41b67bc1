//! Fingerprints: what implementations have in common, as a hash and as the text behind it.
//!
//! **Invariant:** total functions of what was parsed; each is as its publication defines it, and
//! where tools disagree the publication decides. JA4S, JA4H, JA4T, JA4SSH and JA4X are under the
//! FoxIO License and only with the feature `ja4plus`.

mod ascii;
pub mod http;
pub mod os;
pub mod shape;
pub mod ssh;
pub mod tcp;
pub mod tls;

use crate::row::hex;
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

impl Fingerprint {
    /// Text that is quoted by its MD5.
    fn of(raw: String) -> Self {
        Self { hash: md5_of(raw.as_bytes()), raw }
    }

    /// Text that is quoted as it is.
    #[cfg(feature = "ja4plus")]
    fn plain(raw: String) -> Self {
        Self { hash: raw.clone(), raw }
    }
}

fn md5_of(bytes: &[u8]) -> String {
    hex(&Md5::digest(bytes))
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
