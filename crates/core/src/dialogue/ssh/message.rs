//! Messages: their numbers, and what is read out of them as OpenSSH reads it.
//!
//! **Invariant:** a message that ends too early, or has a NUL where a C program wants text, is
//! [`Malformed`] and nothing else.

use crate::wire::reader::Reader;

/// RFC 4253 §11.1.
pub const DISCONNECT: u8 = 1;
/// RFC 4253 §11.2.
pub const IGNORE: u8 = 2;
/// RFC 4253 §11.4.
pub const UNIMPLEMENTED: u8 = 3;
/// RFC 4253 §11.3.
pub const DEBUG: u8 = 4;
/// RFC 4253 §10.
pub const SERVICE_REQUEST: u8 = 5;
/// RFC 4253 §10.
pub const SERVICE_ACCEPT: u8 = 6;
/// RFC 8308 §2.3.
pub const EXT_INFO: u8 = 7;
/// RFC 4253 §7.1.
pub const KEXINIT: u8 = 20;
/// RFC 4253 §7.3.
pub const NEWKEYS: u8 = 21;
/// The last number of the transport layer and of key exchange.
pub const TRANSPORT_MAX: u8 = 49;
/// RFC 4252 §5.
pub const USERAUTH_REQUEST: u8 = 50;
/// RFC 4252 §5.1.
pub const USERAUTH_FAILURE: u8 = 51;
/// RFC 4252 §5.1.
pub const USERAUTH_SUCCESS: u8 = 52;
/// RFC 4252 §7.
pub const USERAUTH_PK_OK: u8 = 60;
/// RFC 4254 §4.
pub const GLOBAL_REQUEST: u8 = 80;
/// RFC 4254 §4.
pub const REQUEST_SUCCESS: u8 = 81;
/// RFC 4254 §4.
pub const REQUEST_FAILURE: u8 = 82;
/// RFC 4254 §5.1.
pub const CHANNEL_OPEN: u8 = 90;
/// RFC 4254 §5.1.
pub const CHANNEL_OPEN_CONFIRMATION: u8 = 91;
/// RFC 4254 §5.1.
pub const CHANNEL_OPEN_FAILURE: u8 = 92;
/// RFC 4254 §5.2.
pub const CHANNEL_WINDOW_ADJUST: u8 = 93;
/// RFC 4254 §5.2.
pub const CHANNEL_DATA: u8 = 94;
/// RFC 4254 §5.2.
pub const CHANNEL_EXTENDED_DATA: u8 = 95;
/// RFC 4254 §5.3.
pub const CHANNEL_EOF: u8 = 96;
/// RFC 4254 §5.3.
pub const CHANNEL_CLOSE: u8 = 97;
/// RFC 4254 §5.4.
pub const CHANNEL_REQUEST: u8 = 98;
/// RFC 4254 §5.4.
pub const CHANNEL_SUCCESS: u8 = 99;
/// RFC 4254 §5.4.
pub const CHANNEL_FAILURE: u8 = 100;

/// A message that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// A cursor over the fields of one message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'a>(Reader<'a>);

impl<'a> Fields<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(Reader::new(bytes))
    }

    /// What has not been read.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.0.rest()
    }

    pub(super) fn u8(&mut self) -> Result<u8, Malformed> {
        self.0.u8().ok_or(Malformed)
    }

    pub(super) fn u32(&mut self) -> Result<u32, Malformed> {
        self.0.u32().ok_or(Malformed)
    }

    /// A string of any bytes.
    pub(super) fn string(&mut self) -> Result<&'a [u8], Malformed> {
        self.0.string().ok_or(Malformed)
    }

    /// A string that a C program holds: a NUL may only end it, and is left out.
    pub(super) fn text(&mut self) -> Result<&'a [u8], Malformed> {
        let bytes = self.string()?;
        let text = bytes.strip_suffix(&[0]).unwrap_or(bytes);
        if text.contains(&0) { Err(Malformed) } else { Ok(text) }
    }

    /// That nothing follows.
    pub(super) fn end(self) -> Result<(), Malformed> {
        if self.0.rest().is_empty() { Ok(()) } else { Err(Malformed) }
    }
}

/// A payload under construction.
#[derive(Debug)]
pub(super) struct Payload(Vec<u8>);

impl Payload {
    pub(super) fn new(number: u8) -> Self {
        Self(vec![number])
    }

    pub(super) fn byte(mut self, value: u8) -> Self {
        self.0.push(value);
        self
    }

    pub(super) fn number(mut self, value: u32) -> Self {
        self.0.extend_from_slice(&value.to_be_bytes());
        self
    }

    pub(super) fn string(mut self, bytes: &[u8]) -> Self {
        super::kex::blob::put_string(&mut self.0, bytes);
        self
    }

    pub(super) fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }
}

impl AsRef<[u8]> for Payload {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Payload> for Vec<u8> {
    fn from(payload: Payload) -> Self {
        payload.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_as_a_c_program_reads_them() {
        let payload = Payload::new(1).number(7).string(b"a\0").string(b"b\0c").byte(9);
        let mut fields = Fields::new(payload.as_ref());
        assert_eq!(fields.u8(), Ok(1));
        assert_eq!(fields.u32(), Ok(7));
        assert_eq!(fields.text(), Ok(&b"a"[..]));
        let mut other = fields;
        assert_eq!(other.text(), Err(Malformed));
        assert_eq!(fields.string(), Ok(&b"b\0c"[..]));
        assert_eq!(fields.end(), Err(Malformed));
        assert_eq!(fields.u32(), Err(Malformed));
        assert_eq!(fields.u8(), Ok(9));
        assert_eq!(fields.end(), Ok(()));
    }
}
