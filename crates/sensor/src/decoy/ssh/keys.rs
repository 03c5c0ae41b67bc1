//! Host keys: read, and made.
//!
//! **Invariant:** a private key is never shown, not even in a debug print.

use russh::keys::ssh_key::LineEnding;
use russh::keys::ssh_key::private::{KeypairData, RsaKeypair};
use russh::keys::{Algorithm, EcdsaCurve, PrivateKey, ssh_key};
use std::fmt;

/// A host's private key.
#[derive(Clone)]
pub struct HostKey(PrivateKey);

/// A text that is no usable host key.
#[derive(Debug, thiserror::Error)]
pub enum HostKeyError {
    /// It cannot be read.
    #[error("not an OpenSSH private key: {0}")]
    Unreadable(#[from] ssh_key::Error),
    /// It has a passphrase, which nobody is there to type.
    #[error("the private key has a passphrase")]
    Encrypted,
}

impl HostKey {
    /// A key from the text of an OpenSSH private key file.
    ///
    /// # Errors
    /// [`HostKeyError`] for a text that is none, or is encrypted.
    pub fn parse(pem: &str) -> Result<Self, HostKeyError> {
        let key = PrivateKey::from_openssh(pem)?;
        if key.is_encrypted() { Err(HostKeyError::Encrypted) } else { Ok(Self(key)) }
    }

    pub(super) fn private(&self) -> PrivateKey {
        self.0.clone()
    }
}

impl fmt::Debug for HostKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HostKey({})", self.0.fingerprint(ssh_key::HashAlg::Sha256))
    }
}

/// New host keys as Debian's `ssh-keygen -A` makes them and in sshd's order: RSA of 3,072 bits,
/// ECDSA on P-256, Ed25519. Each is a file name and the file's text.
#[must_use]
pub fn generate_host_keys() -> Vec<(String, String)> {
    let kinds: [(&str, Make); 3] = [
        ("ssh_host_rsa_key", rsa),
        ("ssh_host_ecdsa_key", || random(Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 })),
        ("ssh_host_ed25519_key", || random(Algorithm::Ed25519)),
    ];
    let mut files = Vec::with_capacity(kinds.len());
    for (name, make) in kinds {
        match make().and_then(|key| key.to_openssh(LineEnding::LF)) {
            Ok(text) => files.push((name.to_owned(), text.to_string())),
            Err(error) => tracing::error!(%name, %error, "Host key cannot be made."),
        }
    }
    files
}

type Make = fn() -> Result<PrivateKey, ssh_key::Error>;

fn rsa() -> Result<PrivateKey, ssh_key::Error> {
    let pair = RsaKeypair::random(&mut russh::keys::key::safe_rng(), RSA_BITS)?;
    PrivateKey::new(KeypairData::from(pair), "")
}

fn random(algorithm: Algorithm) -> Result<PrivateKey, ssh_key::Error> {
    PrivateKey::random(&mut russh::keys::key::safe_rng(), algorithm)
}

const RSA_BITS: usize = 3_072;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_keys_can_be_read_again() {
        let files = generate_host_keys();
        let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["ssh_host_rsa_key", "ssh_host_ecdsa_key", "ssh_host_ed25519_key"]);
        for (_, text) in &files {
            let key = HostKey::parse(text).unwrap();
            assert!(!format!("{key:?}").contains("PRIVATE"));
        }
        assert!(HostKey::parse("nonsense").is_err());
    }
}
