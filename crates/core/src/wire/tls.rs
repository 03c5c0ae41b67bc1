//! TLS before encryption: records, the handshake messages in them, and what hellos hold.
//!
//! **Invariant:** a message is given once all its bytes are there, whatever records and segments
//! they came in; nothing behind the start of encryption is read as a message.

pub mod dtls;
pub mod hello;

use crate::limits::TLS_MESSAGE_BYTES;
use crate::wire::reader::Reader;
use crate::wire::{Malformed, Parsed};
use std::borrow::Cow;

/// The type of a record with handshake messages, RFC 8446 §5.1.
pub const HANDSHAKE: u8 = 22;
/// `client_hello`, RFC 8446 §4.
pub const CLIENT_HELLO: u8 = 1;
/// `server_hello`; also HelloRetryRequest, RFC 8446 §4.1.4.
pub const SERVER_HELLO: u8 = 2;
/// `certificate`.
pub const CERTIFICATE: u8 = 11;

const CHANGE_CIPHER_SPEC: u8 = 20;
const ALERT: u8 = 21;
const APPLICATION_DATA: u8 = 23;
const HEARTBEAT: u8 = 24;
/// 2^14 and what TLS 1.2 lets a cipher add, RFC 5246 §6.2.3.
const RECORD_BYTES: usize = 16_384 + 2_048;

/// A record, RFC 8446 §5.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// Its content type.
    pub kind: u8,
    /// Its version field.
    pub version: u16,
    /// Its content, perhaps encrypted.
    pub fragment: &'a [u8],
}

/// One record of SSL 3 to TLS 1.3.
///
/// # Errors
/// [`Malformed`] at the byte that no record can have.
pub fn record(bytes: &[u8]) -> Parsed<Record<'_>> {
    let mut reader = Reader::new(bytes);
    let Some(kind) = reader.u8() else { return Ok(None) };
    if !(CHANGE_CIPHER_SPEC..=HEARTBEAT).contains(&kind) {
        return Err(Malformed::Value("record type"));
    }
    let Some(major) = reader.u8() else { return Ok(None) };
    if major != 3 {
        return Err(Malformed::Value("record version"));
    }
    let Some(minor) = reader.u8() else { return Ok(None) };
    let Some(length) = reader.u16() else { return Ok(None) };
    let length = usize::from(length);
    if length > RECORD_BYTES {
        return Err(Malformed::TooLong("record"));
    }
    let Some(fragment) = reader.take(length) else { return Ok(None) };
    let version = u16::from_be_bytes([major, minor]);
    Ok(Some((Record { kind, version, fragment }, 5 + length)))
}

/// A handshake message, RFC 8446 §4.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// Its type.
    pub kind: u8,
    /// What is behind its header; a copy only where records had cut it.
    pub body: Cow<'a, [u8]>,
}

/// One message without records around it, as QUIC carries it.
///
/// # Errors
/// [`Malformed::TooLong`] for one beyond [`TLS_MESSAGE_BYTES`].
pub fn message(bytes: &[u8]) -> Parsed<Message<'_>> {
    let mut reader = Reader::new(bytes);
    let Some(kind) = reader.u8() else { return Ok(None) };
    let Some(length) = reader.u24() else { return Ok(None) };
    if length > TLS_MESSAGE_BYTES {
        return Err(Malformed::TooLong("handshake message"));
    }
    let Some(body) = reader.take(length) else { return Ok(None) };
    Ok(Some((Message { kind, body: Cow::Borrowed(body) }, 4 + length)))
}

/// What comes next in one direction of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// A whole message.
    Message(Message<'a>),
    /// From here on nothing can be read; the answer stays this one.
    Encrypted,
}

/// A cursor over the handshake messages of one direction.
#[derive(Clone, Copy, Debug)]
pub struct Handshake<'a> {
    /// What is left of the record that was opened last.
    open: &'a [u8],
    /// Records that have not been opened.
    rest: &'a [u8],
    /// Whether a ChangeCipherSpec came by: only a hello can still be readable (RFC 8446 §D.4).
    changed: bool,
}

impl<'a> Handshake<'a> {
    /// A cursor at the first record of a direction.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { open: &[], rest: bytes, changed: false }
    }

    /// The bytes behind the last record that was opened.
    #[must_use]
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The next message; `None` asks for more bytes, and moves nothing.
    ///
    /// # Errors
    /// [`Malformed`] where no TLS goes on like this.
    pub fn step(&mut self) -> Result<Option<Step<'a>>, Malformed> {
        let mut ahead = *self;
        if ahead.open.is_empty() && !ahead.next_fragment(Between::Messages)? {
            return Ok(if ahead.is_encrypted() { Some(Step::Encrypted) } else { None });
        }
        if ahead.changed && !looks_like_hello(ahead.open) {
            return Ok(Some(Step::Encrypted));
        }
        if let Some((message, used)) = message(ahead.open)? {
            ahead.open = ahead.open.get(used..).unwrap_or_default();
            *self = ahead;
            return Ok(Some(Step::Message(message)));
        }
        ahead.joined().map(|joined| {
            joined.map(|(message, behind)| {
                *self = behind;
                Step::Message(message)
            })
        })
    }

    /// Whether the next whole record is one of encrypted data.
    fn is_encrypted(&self) -> bool {
        matches!(record(self.rest), Ok(Some((record, _))) if record.kind == APPLICATION_DATA)
    }

    /// Opens the next record that holds a handshake fragment; `false` where there is none (yet).
    fn next_fragment(&mut self, between: Between) -> Result<bool, Malformed> {
        while let Some((record, used)) = record(self.rest)? {
            if record.kind == APPLICATION_DATA {
                return Ok(false);
            }
            self.rest = self.rest.get(used..).unwrap_or_default();
            match (record.kind, between) {
                (HANDSHAKE, _) if record.fragment.is_empty() => {}
                (HANDSHAKE, _) => {
                    self.open = record.fragment;
                    return Ok(true);
                }
                // RFC 8446 §5.1: nothing may stand between the fragments of a message.
                (_, Between::Fragments) => return Err(Malformed::Value("record in a message")),
                (CHANGE_CIPHER_SPEC, Between::Messages) => self.changed = true,
                (ALERT | HEARTBEAT, Between::Messages) => {}
                _ => return Err(Malformed::Value("record type")),
            }
        }
        Ok(false)
    }

    /// A message that goes on in the records behind: counted first, copied once it is whole.
    fn joined(self) -> Result<Option<(Message<'a>, Self)>, Malformed> {
        let mut ahead = self;
        let mut header = Vec::with_capacity(4);
        let mut there = 0_usize;
        let length = loop {
            header.extend(ahead.open.iter().take(4 - header.len()));
            there += ahead.open.len();
            if let [_, rest @ ..] = header.as_slice()
                && let Some(length) = Reader::new(rest).u24()
            {
                if length > TLS_MESSAGE_BYTES {
                    return Err(Malformed::TooLong("handshake message"));
                }
                if there >= 4 + length {
                    break length;
                }
            }
            ahead.open = &[];
            if !ahead.next_fragment(Between::Fragments)? {
                return match ahead.is_encrypted() {
                    true => Err(Malformed::Value("record in a message")),
                    false => Ok(None),
                };
            }
        };
        let mut bytes = Vec::with_capacity(4 + length);
        let mut again = self;
        while bytes.len() < 4 + length {
            let wanted = (4 + length - bytes.len()).min(again.open.len());
            let (taken, left) = again.open.split_at_checked(wanted).unwrap_or_default();
            bytes.extend_from_slice(taken);
            again.open = left;
            if bytes.len() < 4 + length && !again.next_fragment(Between::Fragments)? {
                return Ok(None);
            }
        }
        let kind = header.first().copied().unwrap_or_default();
        bytes.drain(..4);
        Ok(Some((Message { kind, body: Cow::Owned(bytes) }, again)))
    }
}

/// Where a record is looked for.
#[derive(Clone, Copy)]
enum Between {
    Messages,
    Fragments,
}

/// A hello in the clear behind a ChangeCipherSpec, against encrypted bytes that begin alike: its
/// length is below 2^16, and its version begins with 3.
fn looks_like_hello(fragment: &[u8]) -> bool {
    matches!(fragment, [CLIENT_HELLO | SERVER_HELLO, 0, _, _, 3, 0..=4, ..])
}

/// The certificates of a Certificate message of TLS 1.2 and before, RFC 5246 §7.4.2: DER, as sent.
///
/// # Errors
/// [`Malformed::Cut`] where a length does not fit.
pub fn certificates(body: &[u8]) -> Result<Certificates<'_>, Malformed> {
    let mut reader = Reader::new(body);
    let length = reader.u24().ok_or(Malformed::Cut("certificate list"))?;
    let list = reader.take(length).ok_or(Malformed::Cut("certificate list"))?;
    let mut check = Reader::new(list);
    while !check.rest().is_empty() {
        let length = check.u24().ok_or(Malformed::Cut("certificate"))?;
        check.take(length).ok_or(Malformed::Cut("certificate"))?;
    }
    Ok(Certificates(Reader::new(list)))
}

/// Certificates in the order sent, the server's own first.
#[derive(Clone, Copy, Debug)]
pub struct Certificates<'a>(Reader<'a>);

impl<'a> Iterator for Certificates<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let length = self.0.u24()?;
        self.0.take(length)
    }
}

#[cfg(test)]
mod tests;
