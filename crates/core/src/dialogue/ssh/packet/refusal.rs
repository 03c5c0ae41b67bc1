//! Why a packet ends its connection, and what the peer sees of that.
//!
//! **Invariant:** whether the peer is told anything is OpenSSH's choice and not ours. It makes a
//! DISCONNECT `Packet corrupt` for most of these too, but ends before it is written.

use std::fmt;

/// Why a packet ends its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A `packet_length` under 5 or above
    /// [`SSH_PACKET_BYTES`](crate::limits::SSH_PACKET_BYTES), as it was decrypted.
    Length(u32),
    /// A `packet_length` that does not fill the cipher's blocks.
    Blocks(u32),
    /// A wrong tag or code.
    Forged,
    /// A `padding_length` under 4.
    ShortPadding(u8),
    /// A `padding_length` that leaves less than nothing of the packet.
    LongPadding(u8),
    /// Nothing but padding, or nothing unpacked.
    Empty,
    /// A message number that is none: 0, or of those for local use from 192 on.
    Message(u8),
    /// A payload that cannot be unpacked, or whose stream ends.
    Packing,
    /// A payload that is longer than
    /// [`SSH_UNPACKED_BYTES`](crate::limits::SSH_UNPACKED_BYTES) once it is unpacked.
    Unpacked,
    /// As many packets under the same keys as a sequence number can count.
    Exhausted,
    /// A packet behind one that was refused.
    After,
}

/// `SSH_DISCONNECT_PROTOCOL_ERROR`, RFC 4253 §11.1: the reason of every DISCONNECT for a packet.
pub const PROTOCOL_ERROR: u32 = 2;

impl Refusal {
    /// The description of the DISCONNECT that the peer gets, with [`PROTOCOL_ERROR`] for a reason
    /// and no language; `None` where the connection is closed without a word.
    #[must_use]
    pub fn farewell(self) -> Option<String> {
        match self {
            Self::ShortPadding(length) => Some(format!("Corrupted padlen {length} on input.")),
            Self::Message(number) => Some(format!("Invalid ssh2 packet type: {number}")),
            Self::Length(_)
            | Self::Blocks(_)
            | Self::Forged
            | Self::LongPadding(_)
            | Self::Empty
            | Self::Packing
            | Self::Unpacked
            | Self::Exhausted
            | Self::After => None,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length(length) => write!(f, "packet length {length}"),
            Self::Blocks(length) => write!(f, "packet length {length} fills no blocks"),
            Self::Forged => f.write_str("packet is not authentic"),
            Self::ShortPadding(length) | Self::LongPadding(length) => {
                write!(f, "padding length {length}")
            }
            Self::Empty => f.write_str("packet without payload"),
            Self::Message(number) => write!(f, "message number {number}"),
            Self::Packing => f.write_str("payload cannot be unpacked"),
            Self::Unpacked => f.write_str("payload too long when unpacked"),
            Self::Exhausted => f.write_str("too many packets under the same keys"),
            Self::After => f.write_str("packet behind a refused one"),
        }
    }
}

impl std::error::Error for Refusal {}
