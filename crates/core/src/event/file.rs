//! Facts about files that a peer brings, writes or asks for.
//!
//! **Invariant:** of what is in a file there are its first bytes, and a digest that names the rest in
//! the quarantine; what kind of file it is is for the fold to say.

use crate::octets::{Binary, Octets};
use serde::{Deserialize, Serialize};

/// A file that a peer brought or wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// Its path, as sent.
    pub path: Octets,
    /// How it came.
    pub means: Means,
    /// Its size.
    pub size: u64,
    /// How many of its bytes were there to be looked at: the first ones.
    pub held: u64,
    /// SHA-256 of those, and their name in the quarantine; nothing where the address had used up
    /// what is looked at.
    pub sha256: Option<Binary>,
    /// The first of them.
    pub head: Binary,
    /// What became of them.
    pub keeping: Keeping,
    /// Lines of an `authorized_keys`.
    pub keys: Vec<Octets>,
}

/// Whether a path is that of a file that says whose keys may log in: sshd's `AuthorizedKeysFile` as
/// it comes, whatever the folder.
#[must_use]
pub fn is_authorized_keys(path: &[u8]) -> bool {
    let name = path.rsplit(|&byte| byte == b'/').next().unwrap_or(path);
    name == b"authorized_keys" || name == b"authorized_keys2"
}

/// How a file came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Means {
    /// By SFTP.
    Sftp,
    /// By `scp`.
    Scp,
    /// By a redirection of the shell.
    Redirect,
    /// By a program that ran in the session.
    Program,
}

/// What became of a file's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keeping {
    /// They are in the quarantine since now.
    Kept,
    /// They were there before.
    Known,
    /// There was no room for them.
    Dropped,
    /// The quarantine could not be written.
    Failed,
    /// Nothing is kept in this place.
    Off,
}

impl Means {
    /// One word for tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sftp => "sftp",
            Self::Scp => "scp",
            Self::Redirect => "redirect",
            Self::Program => "program",
        }
    }
}

impl Keeping {
    /// One word for tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Known => "known",
            Self::Dropped => "dropped",
            Self::Failed => "failed",
            Self::Off => "off",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_with_keys_are_known_by_name() {
        assert!(is_authorized_keys(b"~/.ssh/authorized_keys"));
        assert!(is_authorized_keys(b"authorized_keys2"));
        assert!(!is_authorized_keys(b"/tmp/authorized_keys.bak"));
    }
}
