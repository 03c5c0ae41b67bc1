//! Whether a client holds the key that it shows: signatures of public key authentication, RFC 4252
//! §7, RFC 8332, RFC 5656 and RFC 8709.
//!
//! **Invariant:** nothing secret is in here; keys and signatures of any size within the caps of
//! OpenSSH are answered.

use crypto_bigint::BoxedUint;
use p256::ecdsa::signature::Verifier as _;
use p256::elliptic_curve::sec1::{FromSec1Point, ModulusSize, ToSec1Point};
use p256::elliptic_curve::{AffinePoint, CurveArithmetic, FieldBytesSize};
use rsa::{Pkcs1v15Sign, RsaPublicKey};
use sha2::{Digest as _, Sha256, Sha512};

use crate::dialogue::ssh::kex::blob::mpint;
use crate::dialogue::ssh::kex::curve;
use crate::dialogue::ssh::kex::hostkey::{ECDSA_NISTP256, ED25519, RSA};
use crate::limits::SSH_NUMBER_BYTES;
use crate::wire::reader::Reader;

/// What comes of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the key's, over that message.
    Good,
    /// It is not.
    Bad,
    /// The key or the signature is none of its kind.
    Malformed,
    /// A kind of key, or an algorithm for it, that is not checked here: certificates, keys on
    /// tokens (`sk-*`), DSA, and `ssh-rsa` with SHA-1.
    Unsupported,
}

/// A public key that a client shows.
#[derive(Clone, Debug)]
pub struct PublicKey(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Ed25519(ed25519_dalek::VerifyingKey),
    /// Any 32 bytes are taken as a key; these are no point, and nothing is signed with them.
    Ed25519None,
    EcdsaNistp256(p256::ecdsa::VerifyingKey),
    EcdsaNistp384(p384::ecdsa::VerifyingKey),
    EcdsaNistp521(p521::ecdsa::VerifyingKey),
    Rsa(Box<RsaPublicKey>),
}

impl PublicKey {
    /// A key from its blob.
    ///
    /// # Errors
    /// [`Verdict::Malformed`] or [`Verdict::Unsupported`].
    pub fn read(blob: &[u8]) -> Result<Self, Verdict> {
        let mut reader = Reader::new(blob);
        let kind = match reader.string().ok_or(Verdict::Malformed)? {
            kind if kind == ED25519.as_bytes() => {
                let bytes = reader.string().and_then(|bytes| bytes.try_into().ok());
                let key = ed25519_dalek::VerifyingKey::from_bytes(bytes.ok_or(Verdict::Malformed)?);
                key.map_or(Kind::Ed25519None, Kind::Ed25519)
            }
            kind if kind == ECDSA_NISTP256.as_bytes() => {
                Kind::EcdsaNistp256(point::<p256::NistP256>(&mut reader, b"nistp256")?.into())
            }
            kind if kind == ECDSA_NISTP384.as_bytes() => {
                Kind::EcdsaNistp384(point::<p384::NistP384>(&mut reader, b"nistp384")?.into())
            }
            kind if kind == ECDSA_NISTP521.as_bytes() => {
                Kind::EcdsaNistp521(point::<p521::NistP521>(&mut reader, b"nistp521")?.into())
            }
            kind if kind == RSA.as_bytes() => {
                let mut number = || mpint(&mut reader).ok_or(Verdict::Malformed);
                let (e, n) = (number()?, number()?);
                let number = BoxedUint::from_be_slice_vartime;
                if number(n).bits_vartime() < RSA_BITS_MIN {
                    return Err(Verdict::Malformed);
                }
                let key =
                    RsaPublicKey::new_with_max_size(number(n), number(e), SSH_NUMBER_BYTES * 8);
                Kind::Rsa(Box::new(key.map_err(|_| Verdict::Malformed)?))
            }
            _ => return Err(Verdict::Unsupported),
        };
        if reader.rest().is_empty() { Ok(Self(kind)) } else { Err(Verdict::Malformed) }
    }

    /// Whether `signature`, in the form in which it is sent, is this key's over `message`.
    #[must_use]
    pub fn verify(&self, algorithm: &[u8], message: &[u8], signature: &[u8]) -> Verdict {
        let mut reader = Reader::new(signature);
        let (name, content) = (reader.string(), reader.string());
        let (Some(name), Some(content)) = (name, content) else { return Verdict::Malformed };
        if !reader.rest().is_empty() {
            return Verdict::Malformed;
        }
        if name != algorithm {
            return Verdict::Bad;
        }
        match (&self.0, algorithm) {
            (Kind::Ed25519(key), name) if name == ED25519.as_bytes() => {
                let signature = ed25519_dalek::Signature::from_slice(content);
                signature
                    .map_or(Verdict::Malformed, |signature| said(&key.verify(message, &signature)))
            }
            (Kind::Ed25519None, name) if name == ED25519.as_bytes() => Verdict::Bad,
            (Kind::EcdsaNistp256(key), name) if name == ECDSA_NISTP256.as_bytes() => {
                let signature =
                    scalars(content, 32).map(|both| p256::ecdsa::Signature::from_slice(&both));
                checked(signature, |signature| said(&key.verify(message, signature)))
            }
            (Kind::EcdsaNistp384(key), name) if name == ECDSA_NISTP384.as_bytes() => {
                let signature =
                    scalars(content, 48).map(|both| p384::ecdsa::Signature::from_slice(&both));
                checked(signature, |signature| said(&key.verify(message, signature)))
            }
            (Kind::EcdsaNistp521(key), name) if name == ECDSA_NISTP521.as_bytes() => {
                let signature =
                    scalars(content, 66).map(|both| p521::ecdsa::Signature::from_slice(&both));
                checked(signature, |signature| said(&key.verify(message, signature)))
            }
            (Kind::Rsa(key), b"rsa-sha2-256") => {
                rsa(key, Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(message), content)
            }
            (Kind::Rsa(key), b"rsa-sha2-512") => {
                rsa(key, Pkcs1v15Sign::new::<Sha512>(), &Sha512::digest(message), content)
            }
            (
                Kind::Ed25519(_)
                | Kind::Ed25519None
                | Kind::EcdsaNistp256(_)
                | Kind::EcdsaNistp384(_)
                | Kind::EcdsaNistp521(_)
                | Kind::Rsa(_),
                _,
            ) => Verdict::Unsupported,
        }
    }
}

/// What comes of a signature by the key of a blob.
#[must_use]
pub fn verify(blob: &[u8], algorithm: &[u8], message: &[u8], signature: &[u8]) -> Verdict {
    match PublicKey::read(blob) {
        Ok(key) => key.verify(algorithm, message, signature),
        Err(verdict) => verdict,
    }
}

fn point<C>(
    reader: &mut Reader<'_>,
    curve: &[u8],
) -> Result<p256::elliptic_curve::PublicKey<C>, Verdict>
where
    C: CurveArithmetic,
    AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C>,
    FieldBytesSize<C>: ModulusSize,
{
    if reader.string() != Some(curve) {
        return Err(Verdict::Malformed);
    }
    reader.string().and_then(curve::point).ok_or(Verdict::Malformed)
}

/// The two numbers of a signature, each filled up to `size` bytes.
fn scalars(content: &[u8], size: usize) -> Option<Vec<u8>> {
    let mut reader = Reader::new(content);
    let (r, s) = (mpint(&mut reader)?, mpint(&mut reader)?);
    let mut both = Vec::with_capacity(2 * size);
    for number in [r, s] {
        let zeros = size.checked_sub(number.len())?;
        both.resize(both.len() + zeros, 0);
        both.extend_from_slice(number);
    }
    reader.rest().is_empty().then_some(both)
}

fn checked<T, E>(signature: Option<Result<T, E>>, check: impl Fn(&T) -> Verdict) -> Verdict {
    match signature {
        Some(Ok(signature)) => check(&signature),
        // A number that is zero or beyond the order belongs to no signature.
        Some(Err(_)) => Verdict::Bad,
        None => Verdict::Malformed,
    }
}

fn rsa(key: &RsaPublicKey, form: Pkcs1v15Sign, hash: &[u8], content: &[u8]) -> Verdict {
    use rsa::traits::PublicKeyParts as _;
    // Some clients leave zeros away before a short one.
    let Some(zeros) = key.size().checked_sub(content.len()) else { return Verdict::Malformed };
    let mut filled = vec![0; zeros];
    filled.extend_from_slice(content);
    said(&key.verify(form, hash, &filled))
}

fn said<E>(answer: &Result<(), E>) -> Verdict {
    if answer.is_ok() { Verdict::Good } else { Verdict::Bad }
}

const ECDSA_NISTP384: &str = "ecdsa-sha2-nistp384";
const ECDSA_NISTP521: &str = "ecdsa-sha2-nistp521";
/// OpenSSH's `SSH_RSA_MINIMUM_MODULUS_SIZE`.
const RSA_BITS_MIN: u32 = 1_024;
