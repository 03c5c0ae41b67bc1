//! Host keys: read from OpenSSH's files, shown as blobs, and what signs exchanges.
//!
//! **Invariant:** a private part is wiped when it is dropped, and nothing shows it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crypto_bigint::BoxedUint;
use ed25519_dalek::Signer as _;
use rsa::{Pkcs1v15Sign, RsaPrivateKey};
use sha2::{Digest as _, Sha256, Sha512};
use std::fmt;
use zeroize::Zeroizing;

use crate::dialogue::ssh::kex::blob::{mpint, put_mpint, put_string};
use crate::dialogue::ssh::kex::random::{Random, Source};
use crate::wire::reader::Reader;

/// What a host key signs with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// `ssh-ed25519`, RFC 8709.
    Ed25519,
    /// `ecdsa-sha2-nistp256`, RFC 5656.
    EcdsaNistp256,
    /// `rsa-sha2-256`, RFC 8332.
    RsaSha256,
    /// `rsa-sha2-512`, RFC 8332.
    RsaSha512,
}

impl Algorithm {
    /// The algorithm of a name in a list.
    #[must_use]
    pub fn by_name(name: &[u8]) -> Option<Self> {
        [Self::Ed25519, Self::EcdsaNistp256, Self::RsaSha256, Self::RsaSha512]
            .into_iter()
            .find(|algorithm| algorithm.name().as_bytes() == name)
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ed25519 => ED25519,
            Self::EcdsaNistp256 => ECDSA_NISTP256,
            Self::RsaSha256 => "rsa-sha2-256",
            Self::RsaSha512 => "rsa-sha2-512",
        }
    }
}

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

/// A host key with its private part.
pub struct HostKey {
    blob: Vec<u8>,
    secret: Secret,
}

enum Secret {
    Ed25519(ed25519_dalek::SigningKey),
    EcdsaNistp256(p256::ecdsa::SigningKey),
    Rsa(Box<RsaPrivateKey>),
}

impl fmt::Debug for HostKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostKey").field("blob", &self.blob).finish_non_exhaustive()
    }
}

impl HostKey {
    /// A key from the text of a file as `ssh-keygen` writes it, without a passphrase.
    ///
    /// # Errors
    /// [`Unreadable`].
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
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
        let key = Self { blob: secret.blob(), secret };
        if key.blob == blob { Ok(key) } else { Err(Unreadable::Numbers) }
    }

    /// The public part, as it is sent and hashed: RFC 4253 §6.6.
    #[must_use]
    pub fn blob(&self) -> &[u8] {
        &self.blob
    }

    /// Whether this is the key that an algorithm signs with.
    #[must_use]
    pub fn signs_with(&self, algorithm: Algorithm) -> bool {
        match algorithm {
            Algorithm::Ed25519 => matches!(self.secret, Secret::Ed25519(_)),
            Algorithm::EcdsaNistp256 => matches!(self.secret, Secret::EcdsaNistp256(_)),
            Algorithm::RsaSha256 | Algorithm::RsaSha512 => matches!(self.secret, Secret::Rsa(_)),
        }
    }

    /// A signature as it is sent: the algorithm's name and its own form. `None` where this key does
    /// not sign with it. Only RSA uses `random`, to blind, and not in what comes out.
    pub fn sign(
        &self,
        algorithm: Algorithm,
        message: &[u8],
        random: &mut Random<'_>,
    ) -> Option<Vec<u8>> {
        let content = match (&self.secret, algorithm) {
            (Secret::Ed25519(key), Algorithm::Ed25519) => key.sign(message).to_bytes().to_vec(),
            (Secret::EcdsaNistp256(key), Algorithm::EcdsaNistp256) => {
                let signature: p256::ecdsa::Signature = key.try_sign(message).ok()?;
                let (r, s) = signature.split_bytes();
                let mut content = Vec::new();
                put_mpint(&mut content, &r);
                put_mpint(&mut content, &s);
                content
            }
            (Secret::Rsa(key), Algorithm::RsaSha256) => {
                let (form, hash) = (Pkcs1v15Sign::new::<Sha256>(), Sha256::digest(message));
                key.sign_with_rng(&mut Source(random), form, &hash).ok()?
            }
            (Secret::Rsa(key), Algorithm::RsaSha512) => {
                let (form, hash) = (Pkcs1v15Sign::new::<Sha512>(), Sha512::digest(message));
                key.sign_with_rng(&mut Source(random), form, &hash).ok()?
            }
            (Secret::Ed25519(_) | Secret::EcdsaNistp256(_) | Secret::Rsa(_), _) => return None,
        };
        let mut signature = Vec::new();
        put_string(&mut signature, algorithm.name().as_bytes());
        put_string(&mut signature, &content);
        Some(signature)
    }
}

impl Secret {
    fn blob(&self) -> Vec<u8> {
        use rsa::traits::PublicKeyParts as _;
        let mut blob = Vec::new();
        match self {
            Self::Ed25519(key) => {
                put_string(&mut blob, ED25519.as_bytes());
                put_string(&mut blob, key.verifying_key().as_bytes());
            }
            Self::EcdsaNistp256(key) => {
                put_string(&mut blob, ECDSA_NISTP256.as_bytes());
                put_string(&mut blob, b"nistp256");
                put_string(&mut blob, key.verifying_key().to_sec1_point(false).as_bytes());
            }
            Self::Rsa(key) => {
                put_string(&mut blob, RSA.as_bytes());
                put_mpint(&mut blob, &key.e().to_be_bytes());
                put_mpint(&mut blob, &key.n().to_be_bytes());
            }
        }
        blob
    }
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

pub(super) const ED25519: &str = "ssh-ed25519";
pub(super) const ECDSA_NISTP256: &str = "ecdsa-sha2-nistp256";
pub(super) const RSA: &str = "ssh-rsa";
const BEGIN: &str = "-----BEGIN OPENSSH PRIVATE KEY-----";
const END: &str = "-----END OPENSSH PRIVATE KEY-----";
const MAGIC: &[u8] = b"openssh-key-v1\0";
