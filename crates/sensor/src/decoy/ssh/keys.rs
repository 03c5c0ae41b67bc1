//! Host keys: read, and made.
//!
//! **Invariant:** a private key is never shown, not even in a debug print.

use crate::decoy::ssh::random::dice;
use decnet_core::dialogue::ssh::kex::hostkey::Kind;
pub use decnet_core::dialogue::ssh::kex::hostkey::{HostKey, Unreadable as HostKeyError};

/// New host keys as Debian's `ssh-keygen -A` makes them and in sshd's order: RSA of 3,072 bits,
/// ECDSA on P-256, Ed25519. Each is a file name and the file's text.
#[must_use]
pub fn generate_host_keys() -> Vec<(String, String)> {
    let kinds = [
        ("ssh_host_rsa_key", Kind::Rsa),
        ("ssh_host_ecdsa_key", Kind::EcdsaNistp256),
        ("ssh_host_ed25519_key", Kind::Ed25519),
    ];
    let mut files = Vec::with_capacity(kinds.len());
    for (name, kind) in kinds {
        match HostKey::generate(kind, &mut dice) {
            Some(key) => files.push((name.to_owned(), key.file("", &mut dice).to_string())),
            None => tracing::error!(%name, "Host key cannot be made."),
        }
    }
    files
}

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
