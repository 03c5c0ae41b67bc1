//! Files of private keys in the form that OpenSSH made for them.
//!
//! **Invariant:** whatever held a private part is wiped; files with a passphrase are not read.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crypto_bigint::BoxedUint;
use rsa::RsaPrivateKey;
use std::fmt;
use zeroize::Zeroizing;

use crate::dialogue::ssh::kex::blob::{mpint, put_mpint, put_string, put_u32};
use crate::dialogue::ssh::kex::hostkey::{ECDSA_NISTP256, ED25519, HostKey, RSA, Secret};
use crate::dialogue::ssh::kex::random::Random;
use crate::wire::reader::Reader;

/// Why a file is no host key of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// No private key in OpenSSH's form, or one that is cut.
    Form,
    /// It is locked with a passphrase.
    Locked,
    /// A kind of key that OpenSSH 9.2p1 does not make for a host.
    Kind,
    /// Its numbers do not belong together.
    Numbers,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form => "not a private key in OpenSSH's form",
            Self::Locked => "a private key with a passphrase",
            Self::Kind => "neither an Ed25519, an ECDSA P-256 nor an RSA key",
            Self::Numbers => "a private key whose numbers do not belong together",
        })
    }
}

impl std::error::Error for Unreadable {}

/// A key from the text of its file.
pub(super) fn read(text: &str) -> Result<HostKey, Unreadable> {
    let lines = text.trim().strip_prefix(BEGIN).and_then(|rest| rest.strip_suffix(END));
    let lines = lines.ok_or(Unreadable::Form)?;
    let packed: Zeroizing<String> =
        Zeroizing::new(lines.chars().filter(|letter| !letter.is_ascii_whitespace()).collect());
    let bytes = STANDARD.decode(packed.as_bytes()).map(Zeroizing::new);
    let bytes = bytes.map_err(|_| Unreadable::Form)?;
    let mut reader = Reader::new(bytes.strip_prefix(MAGIC).ok_or(Unreadable::Form)?);
    let cipher = reader.string().ok_or(Unreadable::Form)?;
    let derivation = reader.string().ok_or(Unreadable::Form)?;
    if (cipher, derivation) != (b"none", b"none") {
        return Err(Unreadable::Locked);
    }
    let _options = reader.string().ok_or(Unreadable::Form)?;
    let count = reader.u32();
    let blob = reader.string().ok_or(Unreadable::Form)?;
    let private = reader.string().ok_or(Unreadable::Form)?;
    if count != Some(1) {
        return Err(Unreadable::Form);
    }
    let mut reader = Reader::new(private);
    let (check, again) = (reader.u32(), reader.u32());
    if check.is_none() || check != again {
        return Err(Unreadable::Form);
    }
    let kind = reader.string().ok_or(Unreadable::Form)?;
    let secret = match kind {
        kind if kind == ED25519.as_bytes() => ed25519(&mut reader),
        kind if kind == ECDSA_NISTP256.as_bytes() => ecdsa_nistp256(&mut reader),
        kind if kind == RSA.as_bytes() => rsa(&mut reader),
        _ => Err(Unreadable::Kind),
    }?;
    let key = HostKey::new(secret);
    if key.blob() == blob { Ok(key) } else { Err(Unreadable::Numbers) }
}

fn ed25519(reader: &mut Reader<'_>) -> Result<Secret, Unreadable> {
    let public = reader.string().ok_or(Unreadable::Form)?;
    let pair = reader.string().and_then(|pair| pair.first_chunk::<32>());
    let key = ed25519_dalek::SigningKey::from_bytes(pair.ok_or(Unreadable::Form)?);
    if key.verifying_key().as_bytes() == public {
        Ok(Secret::Ed25519(key))
    } else {
        Err(Unreadable::Numbers)
    }
}

fn ecdsa_nistp256(reader: &mut Reader<'_>) -> Result<Secret, Unreadable> {
    let _curve = reader.string().ok_or(Unreadable::Form)?;
    let _point = reader.string().ok_or(Unreadable::Form)?;
    let number = mpint(reader).ok_or(Unreadable::Form)?;
    let mut bytes = Zeroizing::new([0; 32]);
    let start = bytes.len().checked_sub(number.len()).ok_or(Unreadable::Numbers)?;
    bytes.iter_mut().skip(start).zip(number).for_each(|(to, from)| *to = *from);
    let key = p256::ecdsa::SigningKey::from_slice(bytes.as_ref());
    key.map(Secret::EcdsaNistp256).map_err(|_| Unreadable::Numbers)
}

fn rsa(reader: &mut Reader<'_>) -> Result<Secret, Unreadable> {
    let mut number = || {
        let bytes = mpint(reader).ok_or(Unreadable::Form)?;
        Ok(BoxedUint::from_be_slice_vartime(bytes))
    };
    let (n, e, d, _inverse, p, q) =
        (number()?, number()?, number()?, number()?, number()?, number()?);
    let key = RsaPrivateKey::from_components(n, e, d, vec![p, q]);
    key.map(|key| Secret::Rsa(Box::new(key))).map_err(|_| Unreadable::Numbers)
}

/// The text of a key's file.
pub(super) fn write(
    blob: &[u8],
    secret: &Secret,
    comment: &str,
    random: &mut Random<'_>,
) -> Zeroizing<String> {
    let mut check = [0; 4];
    random(&mut check);
    let mut private = Zeroizing::new(Vec::with_capacity(PRIVATE_BYTES));
    private.extend_from_slice(&check);
    private.extend_from_slice(&check);
    put_private(&mut private, secret);
    put_string(&mut private, comment.as_bytes());
    for padding in 1..8 {
        if private.len() % 8 != 0 {
            private.push(padding);
        }
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(2 * PRIVATE_BYTES));
    bytes.extend_from_slice(MAGIC);
    for none in [&b"none"[..], b"none", b""] {
        put_string(&mut bytes, none);
    }
    put_u32(&mut bytes, 1);
    put_string(&mut bytes, blob);
    put_string(&mut bytes, &private);
    let mut text = Zeroizing::new(String::with_capacity(4 * PRIVATE_BYTES));
    text.push_str(BEGIN);
    let packed = Zeroizing::new(STANDARD.encode(bytes.as_slice()));
    for (at, letter) in packed.chars().enumerate() {
        if at % LINE == 0 {
            text.push('\n');
        }
        text.push(letter);
    }
    text.push('\n');
    text.push_str(END);
    text.push('\n');
    text
}

fn put_private(out: &mut Vec<u8>, secret: &Secret) {
    use rsa::traits::{PrivateKeyParts as _, PublicKeyParts as _};
    match secret {
        Secret::Ed25519(key) => {
            put_string(out, ED25519.as_bytes());
            put_string(out, key.verifying_key().as_bytes());
            put_string(out, Zeroizing::new(key.to_keypair_bytes()).as_ref());
        }
        Secret::EcdsaNistp256(key) => {
            put_string(out, ECDSA_NISTP256.as_bytes());
            put_string(out, b"nistp256");
            put_string(out, key.verifying_key().to_sec1_point(false).as_bytes());
            put_mpint(out, &Zeroizing::new(key.to_bytes()));
        }
        Secret::Rsa(key) => {
            put_string(out, RSA.as_bytes());
            let inverse = Zeroizing::new(key.crt_coefficient().unwrap_or_default());
            let [p, q, ..] = key.primes() else { return };
            for number in [key.n(), key.e(), key.d(), &inverse, p, q] {
                put_mpint(out, &Zeroizing::new(number.to_be_bytes()));
            }
        }
    }
}

const BEGIN: &str = "-----BEGIN OPENSSH PRIVATE KEY-----";
const END: &str = "-----END OPENSSH PRIVATE KEY-----";
const MAGIC: &[u8] = b"openssh-key-v1\0";
/// Letters in a line.
const LINE: usize = 70;
/// The private part of an RSA key of 3,072 bits and its comment fit, so that nothing is moved and
/// left behind.
const PRIVATE_BYTES: usize = 4 << 10;
