//! Parsers: functions from bytes to "more please", "this, and I used n bytes" or "this cannot be
//! one".
//!
//! **Invariant:** short input is never an error, and more bytes never change an answer already
//! given. A parser borrows, and never panics. What joins pieces (of a handshake, of a header block)
//! owns them, up to a cap of `limits`.

pub mod http;
pub mod pieces;
pub mod quic;
pub mod reader;
pub mod sftp;
pub mod ssh;
pub mod tcp;
pub mod tls;
pub mod x509;

use std::fmt;

/// What a parser answers: `Ok(None)` asks for more bytes; `Ok(Some((value, used)))` is the value
/// and how many bytes it took; `Err` means that no continuation of these bytes can be one.
pub type Parsed<T> = Result<Option<(T, usize)>, Malformed>;

/// Why bytes cannot be what they should be, and the place in the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// Longer than the protocol, or a cap of ours, allows.
    TooLong(&'static str),
    /// A field ends before its content does.
    Cut(&'static str),
    /// A value that has no meaning there.
    Value(&'static str),
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong(place) => write!(f, "{place} too long"),
            Self::Cut(place) => write!(f, "{place} cut"),
            Self::Value(place) => write!(f, "{place} has no meaning"),
        }
    }
}
