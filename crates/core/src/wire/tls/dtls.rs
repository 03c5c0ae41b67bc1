//! DTLS 1.0 to 1.3 before encryption: handshake messages out of the fragments of datagrams.
//!
//! **Invariant:** what a datagram holds beyond what can be read is ignored; what a peer can make it
//! keep is one message, bounded by [`TLS_MESSAGE_BYTES`].

use crate::limits::TLS_MESSAGE_BYTES;
use crate::wire::pieces::Pieces;
use crate::wire::reader::Reader;
use crate::wire::tls::HANDSHAKE;
use crate::wire::{Malformed, Parsed};

/// A record in the clear, RFC 6347 §4.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// Its content type.
    pub kind: u8,
    /// Its version field: `0xfeff` for 1.0, `0xfefd` for 1.2.
    pub version: u16,
    /// 0 before encryption.
    pub epoch: u16,
    /// Its content, perhaps encrypted.
    pub fragment: &'a [u8],
}

/// One record with a header of DTLS 1.2 and before, which also the hellos of 1.3 have.
///
/// # Errors
/// [`Malformed`] at the byte that no record can have.
pub fn record(bytes: &[u8]) -> Parsed<Record<'_>> {
    let mut reader = Reader::new(bytes);
    let Some(kind) = reader.u8() else { return Ok(None) };
    if !(20..=26).contains(&kind) {
        return Err(Malformed::Value("record type"));
    }
    let Some(version) = reader.u16() else { return Ok(None) };
    // 0x0100 is what OpenSSL sent before the standard.
    if !matches!(version, 0xfeff | 0xfefd | 0xfefc | 0x0100) {
        return Err(Malformed::Value("record version"));
    }
    let Some(epoch) = reader.u16() else { return Ok(None) };
    let Some(_sequence) = reader.take(6) else { return Ok(None) };
    let Some(length) = reader.u16() else { return Ok(None) };
    let Some(fragment) = reader.take(length.into()) else { return Ok(None) };
    Ok(Some((Record { kind, version, epoch, fragment }, 13 + usize::from(length))))
}

/// A part of a handshake message, RFC 6347 §4.2.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fragment<'a> {
    /// The type of the message.
    pub kind: u8,
    /// The length of the whole message.
    pub length: usize,
    /// The number of the message in its direction.
    pub number: u16,
    /// Where this part belongs.
    pub offset: usize,
    /// This part.
    pub bytes: &'a [u8],
}

/// One fragment of a record's content.
///
/// # Errors
/// [`Malformed`] where it lies outside of its message, or the message is too long.
pub fn fragment(bytes: &[u8]) -> Parsed<Fragment<'_>> {
    let mut reader = Reader::new(bytes);
    let Some(kind) = reader.u8() else { return Ok(None) };
    let Some(length) = reader.u24() else { return Ok(None) };
    if length > TLS_MESSAGE_BYTES {
        return Err(Malformed::TooLong("handshake message"));
    }
    let Some(number) = reader.u16() else { return Ok(None) };
    let Some(offset) = reader.u24() else { return Ok(None) };
    let Some(size) = reader.u24() else { return Ok(None) };
    if offset.saturating_add(size) > length {
        return Err(Malformed::Value("fragment of a message"));
    }
    let Some(bytes) = reader.take(size) else { return Ok(None) };
    Ok(Some((Fragment { kind, length, number, offset, bytes }, 12 + size)))
}

/// A whole message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its type.
    pub kind: u8,
    /// Its number: 1 for a ClientHello that returns a cookie.
    pub number: u16,
    /// What is behind its header.
    pub body: Vec<u8>,
}

/// Joins the fragments of one direction, one message at a time.
#[derive(Debug, Default)]
pub struct Assembler {
    open: Option<Open>,
    /// The number of the message that is next; those before were given.
    next: u16,
}

#[derive(Debug)]
struct Open {
    kind: u8,
    length: usize,
    number: u16,
    pieces: Pieces,
}

impl Assembler {
    /// Takes a datagram and gives the messages that it made whole, each once.
    ///
    /// # Errors
    /// [`Malformed`] where the datagram does not begin with a record in the clear, or a fragment
    /// cannot be one. Messages that were whole before that place are lost.
    pub fn read(&mut self, datagram: &[u8]) -> Result<Vec<Message>, Malformed> {
        let mut found = Vec::new();
        let mut rest = datagram;
        while let Some((record, used)) = record(rest)? {
            rest = rest.get(used..).unwrap_or_default();
            if record.kind != HANDSHAKE || record.epoch != 0 {
                continue;
            }
            let mut inside = record.fragment;
            while let Some((fragment, used)) = fragment(inside)? {
                inside = inside.get(used..).unwrap_or_default();
                found.extend(self.put(fragment)?);
            }
        }
        Ok(found)
    }

    fn put(&mut self, fragment: Fragment<'_>) -> Result<Option<Message>, Malformed> {
        // Sent again, since an answer got lost.
        if fragment.number < self.next {
            return Ok(None);
        }
        let is_same = |open: &Open| open.number == fragment.number;
        if !self.open.as_ref().is_some_and(is_same) {
            self.open = Some(Open {
                kind: fragment.kind,
                length: fragment.length,
                number: fragment.number,
                pieces: Pieces::new(fragment.length),
            });
        }
        let Some(open) = &mut self.open else { return Ok(None) };
        if (open.kind, open.length) != (fragment.kind, fragment.length) {
            return Err(Malformed::Value("fragment of a message"));
        }
        open.pieces.put(fragment.offset, fragment.bytes)?;
        if open.pieces.start().len() < open.length {
            return Ok(None);
        }
        let body = open.pieces.start().to_vec();
        let message = Message { kind: open.kind, number: open.number, body };
        self.next = open.number.saturating_add(1);
        self.open = None;
        Ok(Some(message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn datagram(number: u16, whole: &[u8], offset: usize, size: usize) -> Vec<u8> {
        let u24 = |value: usize| u32::try_from(value).unwrap().to_be_bytes()[1..].to_vec();
        let inside = [
            vec![1],
            u24(whole.len()),
            number.to_be_bytes().to_vec(),
            u24(offset),
            u24(size),
            whole[offset..offset + size].to_vec(),
        ]
        .concat();
        let length = u16::try_from(inside.len()).unwrap().to_be_bytes();
        [&[22, 0xfe, 0xff, 0, 0, 0, 0, 0, 0, 0, 1][..], &length, &inside].concat()
    }

    #[test]
    fn fragments_are_joined_in_any_order_and_given_once() {
        let whole: Vec<u8> = (0..100).collect();
        let mut assembler = Assembler::default();
        assert_eq!(assembler.read(&datagram(0, &whole, 60, 40)), Ok(vec![]));
        let found = assembler.read(&datagram(0, &whole, 0, 70)).unwrap();
        assert_eq!(found, [Message { kind: 1, number: 0, body: whole.clone() }]);
        assert_eq!(assembler.read(&datagram(0, &whole, 0, 100)), Ok(vec![]));
        assert_eq!(assembler.read(&datagram(1, &whole, 0, 100)).unwrap().len(), 1);
    }

    #[test]
    fn what_cannot_be_a_part_is_refused() {
        let whole = [0; 20];
        let mut lie = datagram(0, &whole, 0, 20);
        lie[21] = 1;
        assert!(Assembler::default().read(&lie).is_err());
        assert!(Assembler::default().read(b"\x16\x03\x01").is_err());
        assert!(Assembler::default().read(b"GET").is_err());
    }

    proptest! {
        #[test]
        fn any_datagrams_are_read(datagrams: Vec<Vec<u8>>, body in prop::collection::vec(any::<u8>(), 12..60)) {
            let mut assembler = Assembler::default();
            for bytes in datagrams.iter().chain([&body]) {
                let length = u16::try_from(bytes.len()).unwrap().to_be_bytes();
                let framed = [&[22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 1][..], &length, bytes].concat();
                let _ = (assembler.read(bytes), assembler.read(&framed));
            }
        }
    }
}
