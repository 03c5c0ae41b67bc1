//! Key exchange, RFC 4253 §7 and §8: from two offers to keys, as OpenSSH's server does it.
//!
//! **Invariant:** no secret leaves here but as [`Secrets`], which are wiped when they are dropped;
//! randomness is an argument, and whatever the client sends costs at most two exponentiations in
//! the largest group.

mod blinding;
pub mod blob;
mod curve;
pub mod exchange;
pub mod fuzz;
mod group;
pub mod hash;
pub mod hostkey;
mod keyfile;
pub mod method;
pub mod negotiation;
pub mod random;
pub mod verification;

pub use exchange::{Answer, Exchange, Identities, Secrets};
pub use method::Method;
pub use negotiation::{Agreement, Occasion, Slot, agree};

/// `SSH_MSG_KEXDH_INIT` and `SSH_MSG_KEX_ECDH_INIT`, RFC 4253 §8, RFC 5656 §7.1.
pub const MSG_INIT: u8 = 30;
/// `SSH_MSG_KEXDH_REPLY` and `SSH_MSG_KEX_ECDH_REPLY`; with a group exchange, its group.
pub const MSG_REPLY: u8 = 31;
/// `SSH_MSG_KEX_DH_GEX_INIT`, RFC 4419 §5.
pub const MSG_GROUP_INIT: u8 = 32;
/// `SSH_MSG_KEX_DH_GEX_REPLY`, RFC 4419 §5.
pub const MSG_GROUP_REPLY: u8 = 33;
/// `SSH_MSG_KEX_DH_GEX_REQUEST`, RFC 4419 §5.
pub const MSG_GROUP_REQUEST: u8 = 34;

/// Why a key exchange ends its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A message ends too early, goes on too long, or has a field that is none.
    Malformed,
    /// The two offers have nothing in common there.
    NoCommon(Slot),
    /// What was agreed on names no method of ours, like a mark that is listed among the methods.
    NotAMethod,
    /// No host key of ours can sign with what was agreed on.
    NoHostKey,
    /// Something stood before the KEXINIT of a client that asked for a strict exchange.
    NotFirst,
    /// The client's public value is no member of its group, or one that gives its secret away.
    PublicValue,
    /// The sizes of a group exchange contradict each other or leave nothing.
    GroupSizes,
    /// The random bytes that were given make no secret.
    Randomness,
}

impl Refusal {
    /// The description of the DISCONNECT that sshd sends before it closes, with
    /// `SSH_DISCONNECT_PROTOCOL_ERROR` for a reason and no language; `None` where it closes without
    /// a word.
    #[must_use]
    pub fn farewell(self) -> Option<&'static str> {
        match self {
            Self::NotFirst => Some("strict KEX violation: KEXINIT was not the first packet"),
            Self::Malformed
            | Self::NoCommon(_)
            | Self::NotAMethod
            | Self::NoHostKey
            | Self::PublicValue
            | Self::GroupSizes
            | Self::Randomness => None,
        }
    }
}

#[cfg(test)]
mod tests;
