//! The seam to whatever keeps the files that peers bring.
//!
//! **Invariant:** bytes go over it and a word comes back; nothing that is kept is ever read again
//! here, or run.

use decnet_core::event::file::Keeping;
use std::net::IpAddr;

/// What became of a file's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quarantined {
    /// SHA-256 of them; nothing where they were not looked at.
    pub sha256: Option<[u8; 32]>,
    /// Whether they are kept.
    pub keeping: Keeping,
}

/// Where files are kept.
pub trait Quarantine: Send + Sync {
    /// Keeps the bytes that an address brought, if there is room for them.
    fn keep(&self, peer: IpAddr, bytes: &[u8]) -> Quarantined;
}

/// Keeps nothing, and looks at nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoQuarantine;

impl Quarantine for NoQuarantine {
    fn keep(&self, _peer: IpAddr, _bytes: &[u8]) -> Quarantined {
        Quarantined { sha256: None, keeping: Keeping::Off }
    }
}
