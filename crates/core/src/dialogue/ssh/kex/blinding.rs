//! Signatures of RSA keys, whose numbers are hidden while they are computed with.
//!
//! **Invariant:** no two signatures are hidden by the same factors, and what comes out does not depend
//! on them.

use rsa::hazmat::{rsa_decrypt_and_check, rsa_encrypt};
use rsa::traits::PublicKeyParts as _;
use rsa::{BoxedUint, Pkcs1v15Sign, RsaPrivateKey};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use zeroize::{Zeroize as _, Zeroizing};

use crate::dialogue::ssh::kex::random::{Random, Source};

/// The factors of the next signature. Drawing some takes a tenth of a signature's time, and squaring
/// those of the last one next to nothing, which is how OpenSSL does it.
#[derive(Clone, Default)]
pub(super) struct Blinding(Arc<Mutex<Option<Factors>>>);

impl fmt::Debug for Blinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Blinding")
    }
}

/// `r^e` and `r^-1`.
struct Factors {
    hides: BoxedUint,
    shows: BoxedUint,
    /// Signatures until others are drawn.
    left: u32,
}

impl Drop for Factors {
    fn drop(&mut self) {
        self.hides.zeroize();
        self.shows.zeroize();
    }
}

impl Factors {
    fn draw(key: &RsaPrivateKey, random: &mut Random<'_>) -> Option<Self> {
        let mut bytes = Zeroizing::new(vec![0; key.size()]);
        (0..DRAWS).find_map(|_| {
            random(bytes.as_mut());
            let drawn = BoxedUint::from_be_slice(&bytes, key.n_bits_precision()).ok()?;
            let mut drawn = drawn.rem(key.n());
            let shows: Option<BoxedUint> = drawn.invert_mod(key.n()).into();
            let hides = rsa_encrypt(key, &drawn);
            drawn.zeroize();
            Some(Self { hides: hides.ok()?, shows: shows?, left: SIGNATURES })
        })
    }

    /// Those of the signature after this one.
    fn next(&self, key: &RsaPrivateKey) -> Option<Self> {
        let left = self.left.checked_sub(1).filter(|left| *left > 0)?;
        let squared = |factor: &BoxedUint| factor.mul_mod(factor, key.n());
        Some(Self { hides: squared(&self.hides), shows: squared(&self.shows), left })
    }
}

impl Blinding {
    fn factors(&self, key: &RsaPrivateKey, random: &mut Random<'_>) -> Option<Factors> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let factors = match kept.take() {
            Some(factors) => factors,
            None => Factors::draw(key, random)?,
        };
        *kept = factors.next(key);
        Some(factors)
    }

    /// RFC 8017 §8.2.1 with the digest of a message. `None` where the key is too short for it.
    pub(super) fn sign(
        &self,
        key: &RsaPrivateKey,
        form: &Pkcs1v15Sign,
        digest: &[u8],
        random: &mut Random<'_>,
    ) -> Option<Vec<u8>> {
        let ones = key.size().checked_sub(form.prefix.len() + digest.len() + 3)?;
        if ones < ONES_LEAST {
            return None;
        }
        let padded = [&[0, 1][..], &vec![0xff; ones], &[0], &form.prefix, digest].concat();
        let number = BoxedUint::from_be_slice(&padded, key.n_bits_precision()).ok()?;
        let factors = self.factors(key, random)?;
        let hidden = number.mul_mod(&factors.hides, key.n());
        let signed = rsa_decrypt_and_check(key, None::<&mut Source<'_, '_>>, &hidden).ok()?;
        let bytes = signed.mul_mod(&factors.shows, key.n()).to_be_bytes();
        bytes.get(bytes.len().checked_sub(key.size())?..).map(<[u8]>::to_vec)
    }
}

/// As in OpenSSL.
const SIGNATURES: u32 = 32;
/// A draw has no inverse about never.
const DRAWS: usize = 4;
/// RFC 8017 §9.2.
const ONES_LEAST: usize = 8;

#[cfg(test)]
mod tests {
    use crate::dialogue::ssh::kex::hostkey::{Algorithm, HostKey};

    const KEY: &str = include_str!("../../../../../../testdata/ssh-kex/rsa_key");

    #[test]
    fn a_signature_does_not_depend_on_what_hides_it() {
        let key = HostKey::parse(KEY).unwrap();
        let (mut state, mut drawn) = (1_u64, 0);
        let mut random = |bytes: &mut [u8]| {
            drawn += 1;
            for byte in bytes {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                *byte = (state >> 56) as u8;
            }
        };
        let mut sign = || key.sign(Algorithm::RsaSha512, b"message", &mut random).unwrap();
        let first = sign();
        for _ in 0..super::SIGNATURES {
            assert_eq!(sign(), first);
        }
        assert_eq!(drawn, 2);
    }

    #[test]
    fn what_has_no_inverse_hides_nothing() {
        let key = HostKey::parse(KEY).unwrap();
        let signature = key.sign(Algorithm::RsaSha256, b"message", &mut |bytes| bytes.fill(0));
        assert_eq!(signature, None);
    }
}
