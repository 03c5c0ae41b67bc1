//! Elliptic curves, and the lattice beside one of them: methods of one message each way.
//!
//! **Invariant:** a public value of the client's is checked before a secret touches it.

use curve25519_dalek::MontgomeryPoint;
use p256::elliptic_curve::sec1::{FromSec1Point, ModulusSize, ToSec1Point};
use p256::elliptic_curve::{
    AffinePoint, CurveArithmetic, FieldBytesSize, PublicKey, SecretKey, bigint,
};
use sntrup761::EncapsulationKey;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::dialogue::ssh::kex::Refusal;
use crate::dialogue::ssh::kex::blob;
use crate::dialogue::ssh::kex::hash::digest;
use crate::dialogue::ssh::kex::random::{Random, Source};
use crate::dialogue::ssh::packet::keys::Hash;

/// What a method comes to on our side.
#[derive(Debug)]
pub(super) struct Side {
    /// What is sent.
    pub(super) public: Vec<u8>,
    /// What both know, in the form in which it is hashed: with its length.
    pub(super) shared: Zeroizing<Vec<u8>>,
}

/// X25519, RFC 7748 and RFC 8731.
///
/// # Errors
/// [`Refusal::PublicValue`] for a value of another length, or one that makes every secret zero.
pub(super) fn curve25519(client: &[u8], random: &mut Random<'_>) -> Result<Side, Refusal> {
    let client = <&[u8; X25519_BYTES]>::try_from(client).map_err(|_| Refusal::PublicValue)?;
    let (public, secret) = x25519(client, random)?;
    let mut shared = Zeroizing::new(Vec::with_capacity(X25519_BYTES + 5));
    blob::put_mpint(&mut shared, secret.as_ref());
    Ok(Side { public: public.to_vec(), shared })
}

/// Streamlined NTRU Prime 761 before X25519, each with its value and its secret.
///
/// # Errors
/// As [`curve25519`].
pub(super) fn sntrup761_x25519(client: &[u8], random: &mut Random<'_>) -> Result<Side, Refusal> {
    let (lattice, curve) =
        client.split_first_chunk::<{ sntrup761::PUBLIC_KEY_SIZE }>().ok_or(Refusal::PublicValue)?;
    let curve = <&[u8; X25519_BYTES]>::try_from(curve).map_err(|_| Refusal::PublicValue)?;
    let (public, secret) = x25519(curve, random)?;
    let (cipher, key) = EncapsulationKey::from(*lattice).encapsulate(Source(random));
    let both = Zeroizing::new([key.as_ref(), secret.as_ref()].concat());
    let mut shared = Zeroizing::new(Vec::with_capacity(68));
    blob::put_string(&mut shared, digest(Hash::Sha512, &both).as_ref());
    Ok(Side { public: [cipher.as_ref(), &public].concat(), shared })
}

fn x25519(
    client: &[u8; X25519_BYTES],
    random: &mut Random<'_>,
) -> Result<([u8; X25519_BYTES], Zeroizing<[u8; X25519_BYTES]>), Refusal> {
    let mut own = Zeroizing::new([0; X25519_BYTES]);
    random(own.as_mut());
    let public = MontgomeryPoint::mul_base_clamped(*own).to_bytes();
    let shared = Zeroizing::new(MontgomeryPoint(*client).mul_clamped(*own).to_bytes());
    if bool::from(shared.ct_eq(&[0; X25519_BYTES])) {
        return Err(Refusal::PublicValue);
    }
    Ok((public, shared))
}

/// Diffie-Hellman on a curve of NIST's, RFC 5656 §4.
///
/// # Errors
/// [`Refusal::PublicValue`] for what is no point in the long form, or one that OpenSSH calls weak.
pub(super) fn nist<C>(client: &[u8], random: &mut Random<'_>) -> Result<Side, Refusal>
where
    C: CurveArithmetic,
    AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C>,
    FieldBytesSize<C>: ModulusSize,
{
    let point = point::<C>(client).ok_or(Refusal::PublicValue)?;
    for _ in 0..DRAWS {
        let mut bytes = Zeroizing::new(p256::elliptic_curve::FieldBytes::<C>::default());
        random(bytes.as_mut_slice());
        // The highest byte of a number below 2^521 has one bit.
        let spare = bytes.len() * 8 - bits(order::<C>().as_ref());
        if let Some(first) = bytes.first_mut() {
            *first &= 0xff >> spare;
        }
        let Ok(secret) = SecretKey::<C>::from_bytes(&bytes) else { continue };
        let public = secret.public_key().as_affine().to_sec1_point(false).as_bytes().to_vec();
        let known = secret.diffie_hellman(&point);
        let mut shared = Zeroizing::new(Vec::with_capacity(known.raw_secret_bytes().len() + 5));
        blob::put_mpint(&mut shared, known.raw_secret_bytes());
        return Ok(Side { public, shared });
    }
    Err(Refusal::Randomness)
}

/// A point of the curve as OpenSSH takes it: in the long form, and neither coordinate tiny or at
/// least as large as the order less 1.
pub(super) fn point<C>(bytes: &[u8]) -> Option<PublicKey<C>>
where
    C: CurveArithmetic,
    AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C>,
    FieldBytesSize<C>: ModulusSize,
{
    let coordinates = bytes.strip_prefix(&[UNCOMPRESSED])?;
    let point = PublicKey::<C>::from_sec1_bytes(bytes).ok()?;
    let order = order::<C>();
    let (last, rest) = order.split_last()?;
    let most = [rest, &[last.checked_sub(1)?]].concat();
    let is_ordinary = |coordinate: &[u8]| {
        let coordinate = blob::trimmed(coordinate);
        bits(coordinate) > bits(&order) / 2 && (coordinate.len(), coordinate) < (most.len(), &most)
    };
    let (x, y) = coordinates.split_at(coordinates.len() / 2);
    (is_ordinary(x) && is_ordinary(y)).then_some(point)
}

/// The order of the curve, without zeros before it.
fn order<C: CurveArithmetic>() -> Vec<u8> {
    let bytes = bigint::Encoding::to_be_bytes(C::ORDER.as_ref());
    blob::trimmed(bytes.as_ref()).to_vec()
}

/// Bits of a number without zeros before it.
fn bits(trimmed: &[u8]) -> usize {
    let spare = trimmed.first().map_or(0, |first| first.leading_zeros());
    trimmed.len() * 8 - usize::try_from(spare).unwrap_or(0)
}

const X25519_BYTES: usize = 32;
const UNCOMPRESSED: u8 = 4;
/// A draw is no secret once in 2^32 on the curve over 256 bits.
const DRAWS: usize = 4;
