//! Host keys: made, shown as blobs, and what signs exchanges.
//!
//! **Invariant:** a private part is wiped when it is dropped, and nothing shows it.

use ed25519_dalek::Signer as _;
use p256::ecdsa::signature::RandomizedSigner as _;
use rsa::{Pkcs1v15Sign, RsaPrivateKey};
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha512};
use std::fmt;
use zeroize::Zeroizing;

use crate::dialogue::ssh::kex::blinding::Blinding;
use crate::dialogue::ssh::kex::blob::{put_mpint, put_string};
use crate::dialogue::ssh::kex::keyfile;
pub use crate::dialogue::ssh::kex::keyfile::Unreadable;
use crate::dialogue::ssh::kex::random::{Random, Source};

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
    /// `ssh-rsa` with SHA-1, RFC 4253 §6.6: for servers and clients of old.
    RsaSha1,
}

impl Algorithm {
    /// The algorithm of a name in a list.
    #[must_use]
    pub fn by_name(name: &[u8]) -> Option<Self> {
        [Self::Ed25519, Self::EcdsaNistp256, Self::RsaSha256, Self::RsaSha512, Self::RsaSha1]
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
            Self::RsaSha1 => RSA,
        }
    }
}

/// A kind of host key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// RSA of 3,072 bits.
    Rsa,
    /// ECDSA on NIST's curve over 256 bits.
    EcdsaNistp256,
    /// Ed25519.
    Ed25519,
}

/// A host key with its private part.
#[derive(Clone)]
pub struct HostKey {
    blob: Vec<u8>,
    secret: Secret,
    /// Of an RSA key.
    blinding: Blinding,
}

/// The private part.
#[derive(Clone)]
pub(super) enum Secret {
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
        keyfile::read(text)
    }

    /// A new key, as `ssh-keygen -A` makes one. `None` where the random bytes make none.
    #[must_use]
    pub fn generate(kind: Kind, random: &mut Random<'_>) -> Option<Self> {
        let mut bytes = Zeroizing::new([0; 32]);
        let secret = match kind {
            Kind::Ed25519 => {
                random(bytes.as_mut());
                Secret::Ed25519(ed25519_dalek::SigningKey::from_bytes(&bytes))
            }
            // A draw is no secret once in 2^32.
            Kind::EcdsaNistp256 => Secret::EcdsaNistp256((0..DRAWS).find_map(|_| {
                random(bytes.as_mut());
                p256::ecdsa::SigningKey::from_slice(bytes.as_ref()).ok()
            })?),
            Kind::Rsa => {
                Secret::Rsa(Box::new(RsaPrivateKey::new(&mut Source(random), RSA_BITS).ok()?))
            }
        };
        Some(Self::new(secret))
    }

    pub(super) fn new(secret: Secret) -> Self {
        Self { blob: secret.blob(), secret, blinding: Blinding::default() }
    }

    /// The text of its file, as `ssh-keygen` writes it without a passphrase, with a comment.
    #[must_use]
    pub fn file(&self, comment: &str, random: &mut Random<'_>) -> Zeroizing<String> {
        keyfile::write(&self.blob, &self.secret, comment, random)
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
            Algorithm::RsaSha256 | Algorithm::RsaSha512 | Algorithm::RsaSha1 => {
                matches!(self.secret, Secret::Rsa(_))
            }
        }
    }

    /// A signature as it is sent: the algorithm's name and its own form. `None` where this key does
    /// not sign with it. RSA uses `random` to blind, which does not show in what comes out, and ECDSA
    /// for its nonce, which does.
    pub fn sign(
        &self,
        algorithm: Algorithm,
        message: &[u8],
        random: &mut Random<'_>,
    ) -> Option<Vec<u8>> {
        let content = match (&self.secret, algorithm) {
            (Secret::Ed25519(key), Algorithm::Ed25519) => key.sign(message).to_bytes().to_vec(),
            (Secret::EcdsaNistp256(key), Algorithm::EcdsaNistp256) => {
                // OpenSSH's differ each time, also for the same message.
                let signature: p256::ecdsa::Signature =
                    key.try_sign_with_rng(&mut Source(random), message).ok()?;
                let (r, s) = signature.split_bytes();
                let mut content = Vec::new();
                put_mpint(&mut content, &r);
                put_mpint(&mut content, &s);
                content
            }
            (Secret::Rsa(key), Algorithm::RsaSha256) => {
                let (form, digest) = (Pkcs1v15Sign::new::<Sha256>(), Sha256::digest(message));
                self.blinding.sign(key, &form, &digest, random)?
            }
            (Secret::Rsa(key), Algorithm::RsaSha512) => {
                let (form, digest) = (Pkcs1v15Sign::new::<Sha512>(), Sha512::digest(message));
                self.blinding.sign(key, &form, &digest, random)?
            }
            (Secret::Rsa(key), Algorithm::RsaSha1) => {
                let (form, digest) = (Pkcs1v15Sign::new::<Sha1>(), Sha1::digest(message));
                self.blinding.sign(key, &form, &digest, random)?
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

pub(super) const ED25519: &str = "ssh-ed25519";
pub(super) const ECDSA_NISTP256: &str = "ecdsa-sha2-nistp256";
pub(super) const RSA: &str = "ssh-rsa";
/// What `ssh-keygen` makes since OpenSSH 8.0.
const RSA_BITS: usize = 3_072;
const DRAWS: usize = 4;
