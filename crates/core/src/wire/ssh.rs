//! What an SSH client sends in the clear: the identification line and its first packets.
//!
//! **Invariant:** answers are those of OpenSSH's server 9.2, byte for byte the same line accepted
//! or refused at the same byte; what is accepted is kept raw.

use crate::limits::{SSH_CLEAR_PACKET_BYTES, SSH_IDENT_BYTES, SSH_WATCHED_PACKET_BYTES};
use crate::wire::reader::Reader;
use crate::wire::{Malformed, Parsed};

/// `SSH_MSG_KEXINIT`, RFC 4253 §7.1.
pub const MSG_KEXINIT: u8 = 20;

/// An identification line, RFC 4253 §4.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ident<'a> {
    /// The line as it came, with its line ending.
    pub raw: &'a [u8],
    /// The line without its line ending: what the key exchange hashes.
    pub text: &'a [u8],
    /// Protocol major version.
    pub major: i64,
    /// Protocol minor version.
    pub minor: i64,
    /// Software version and comments.
    pub software: &'a [u8],
}

impl Ident<'_> {
    /// Whether a server that speaks version 2 goes on: 2.x, or 1.99 for "both".
    #[must_use]
    pub fn speaks_version_2(&self) -> bool {
        self.major == 2 || (self.major == 1 && self.minor == 99)
    }
}

/// The identification line of a client, as OpenSSH's server reads it: one byte after the other, no
/// line before it, no NUL, nothing between CR and LF.
///
/// # Errors
/// [`Malformed::TooLong`] for a line beyond 8,192 bytes, [`Malformed::Value`] for one that is no
/// identification; either as soon as the byte that decides it is there.
pub fn ident(bytes: &[u8]) -> Parsed<Ident<'_>> {
    let mut length = 0;
    let mut after_cr = false;
    for (at, &byte) in bytes.iter().enumerate() {
        match byte {
            b'\n' => {
                let raw = bytes.get(..=at).unwrap_or_default();
                return Ok(Some((split(raw)?, at + 1)));
            }
            b'\r' => after_cr = true,
            0 => return Err(Malformed::Value("identification line")),
            _ if after_cr => return Err(Malformed::Value("identification line")),
            _ => length += 1,
        }
        // Carriage returns alone must not make an endless line either.
        if length > SSH_IDENT_BYTES || at > 2 * SSH_IDENT_BYTES {
            return Err(Malformed::TooLong("identification line"));
        }
    }
    Ok(None)
}

fn split(raw: &[u8]) -> Result<Ident<'_>, Malformed> {
    let no = Malformed::Value("identification line");
    let end = raw.iter().position(|&byte| byte == b'\r' || byte == b'\n').unwrap_or(raw.len());
    let text = raw.get(..end).unwrap_or_default();
    let rest = text.strip_prefix(b"SSH-").ok_or(no)?;
    let (major, rest) = number(rest).ok_or(no)?;
    let rest = rest.strip_prefix(b".").ok_or(no)?;
    let (minor, rest) = number(rest).ok_or(no)?;
    let software = rest.strip_prefix(b"-").ok_or(no)?;
    if software.is_empty() {
        return Err(no);
    }
    Ok(Ident { raw, text, major, minor, software })
}

/// A number as `scanf("%d")` takes it: white space, a sign, digits. glibc reads 64 bits, in which
/// large ones saturate, and keeps the lower half.
fn number(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let spaces =
        bytes.iter().take_while(|byte| byte.is_ascii_whitespace() || **byte == 0x0b).count();
    let (sign, digits) = match bytes.get(spaces..)?.split_first()? {
        (b'-', rest) => (-1, rest),
        (b'+', rest) => (1, rest),
        _ => (1, bytes.get(spaces..)?),
    };
    let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = digits.split_at_checked(count)?;
    if digits.is_empty() {
        return None;
    }
    let value = digits.iter().fold(0_i64, |value, &digit| {
        value.saturating_mul(10).saturating_add(i64::from(digit - b'0'))
    });
    let value = (sign * value) as i32;
    Some((value.into(), rest))
}

/// A binary packet before encryption, RFC 4253 §6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Its content, with the message number first; never empty.
    pub payload: &'a [u8],
    /// Its padding.
    pub padding: &'a [u8],
}

/// One packet before encryption.
///
/// # Errors
/// [`Malformed`] where no packet can have this length or padding, or where it is longer than is
/// kept.
pub fn packet(bytes: &[u8]) -> Parsed<Packet<'_>> {
    let mut reader = Reader::new(bytes);
    let Some(length) = reader.u32() else { return Ok(None) };
    let length = usize::try_from(length).map_err(|_| Malformed::TooLong("packet"))?;
    if length > SSH_CLEAR_PACKET_BYTES {
        return Err(Malformed::TooLong("packet"));
    }
    // OpenSSH takes no packet under 5 bytes, and none that does not fill 8-byte blocks.
    if length < 5 || (length + 4) % 8 != 0 {
        return Err(Malformed::Value("packet length"));
    }
    let Some(padding_length) = reader.u8() else { return Ok(None) };
    let padding_length = usize::from(padding_length);
    // At least the message number must be left.
    let Some(payload_length) = (length - 1).checked_sub(padding_length).filter(|&left| left > 0)
    else {
        return Err(Malformed::Value("padding length"));
    };
    if padding_length < 4 {
        return Err(Malformed::Value("padding length"));
    }
    let Some(payload) = reader.take(payload_length) else { return Ok(None) };
    let Some(padding) = reader.take(padding_length) else { return Ok(None) };
    Ok(Some((Packet { payload, padding }, 4 + length)))
}

/// `SSH_MSG_KEXINIT`, RFC 4253 §7.1, borrowed from its packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KexInit<'a> {
    /// The random cookie.
    pub cookie: &'a [u8],
    /// The ten name-lists, raw, in the order of the RFC.
    pub lists: [&'a [u8]; 10],
    /// `first_kex_packet_follows`.
    pub first_kex_packet_follows: bool,
    /// The reserved number.
    pub reserved: u32,
}

/// A KEXINIT from the whole payload of its packet. Bytes after it are ignored, as OpenSSH does.
///
/// # Errors
/// [`Malformed`] where the payload is another message, or ends too early.
pub fn kexinit(payload: &[u8]) -> Result<KexInit<'_>, Malformed> {
    let mut reader = Reader::new(payload);
    if reader.u8() != Some(MSG_KEXINIT) {
        return Err(Malformed::Value("message number"));
    }
    let cookie = reader.take(16).ok_or(Malformed::Cut("cookie"))?;
    let mut lists = [&[][..]; 10];
    for list in &mut lists {
        *list = reader.string().ok_or(Malformed::Cut("name-list"))?;
    }
    let follows = reader.u8().ok_or(Malformed::Cut("first_kex_packet_follows"))?;
    let reserved = reader.u32().ok_or(Malformed::Cut("reserved"))?;
    Ok(KexInit { cookie, lists, first_kex_packet_follows: follows != 0, reserved })
}

/// The KEXINIT of a stream of packets before encryption: DISCONNECT, IGNORE, UNIMPLEMENTED and
/// DEBUG may stand before it (RFC 4253 §11), nothing else.
///
/// # Errors
/// [`Malformed`] where the packets are none, or the first other message is no KEXINIT.
pub fn first_kexinit(bytes: &[u8]) -> Parsed<KexInit<'_>> {
    let mut used = 0;
    loop {
        // What may stand before the KEXINIT must not grow without an end.
        if used > SSH_CLEAR_PACKET_BYTES {
            return Err(Malformed::TooLong("messages before KEXINIT"));
        }
        let rest = bytes.get(used..).unwrap_or_default();
        let Some((packet, taken)) = packet(rest)? else { return Ok(None) };
        used += taken;
        match packet.payload.first() {
            Some(1..=4) => {}
            _ => return kexinit(packet.payload).map(|offer| Some((offer, used))),
        }
    }
}

/// The KEXINIT of a stream that is only watched: a peer of its own kind may take packets that
/// OpenSSH does not, larger ones and such as fill no block.
///
/// # Errors
/// [`Malformed`] where the packets are none, or the first other message is no KEXINIT.
pub fn watched_kexinit(bytes: &[u8]) -> Parsed<KexInit<'_>> {
    let mut reader = Reader::new(bytes);
    loop {
        if bytes.len() - reader.rest().len() > SSH_WATCHED_PACKET_BYTES {
            return Err(Malformed::TooLong("messages before KEXINIT"));
        }
        let Some(length) = reader.u32() else { return Ok(None) };
        let length = usize::try_from(length).map_err(|_| Malformed::TooLong("packet"))?;
        if length > SSH_WATCHED_PACKET_BYTES {
            return Err(Malformed::TooLong("packet"));
        }
        let Some(body) = reader.take(length) else { return Ok(None) };
        let (&padding, body) = body.split_first().ok_or(Malformed::Value("packet length"))?;
        let payload = body.len().checked_sub(padding.into()).and_then(|end| body.get(..end));
        let payload = payload.ok_or(Malformed::Value("padding length"))?;
        if !matches!(payload.first(), Some(1..=4)) {
            let used = bytes.len() - reader.rest().len();
            return kexinit(payload).map(|offer| Some((offer, used)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn framed(payload: &[u8]) -> Vec<u8> {
        let mut padding = 8 - (payload.len() + 5) % 8;
        if padding < 4 {
            padding += 8;
        }
        let mut packet = u32::try_from(payload.len() + 1 + padding).unwrap().to_be_bytes().to_vec();
        packet.push(u8::try_from(padding).unwrap());
        packet.extend_from_slice(payload);
        packet.resize(packet.len() + padding, 0);
        packet
    }

    fn offer() -> Vec<u8> {
        let mut payload = vec![MSG_KEXINIT];
        payload.extend_from_slice(&[7; 16]);
        for index in 0..10_u8 {
            let list = vec![b'a' + index; usize::from(index)];
            payload.extend_from_slice(&u32::from(index).to_be_bytes());
            payload.extend_from_slice(&list);
        }
        payload.extend_from_slice(&[1, 0, 0, 0, 9]);
        payload
    }

    #[test]
    fn lines_are_taken_as_openssh_takes_them() {
        let check = |line: &[u8], expected: Option<(i64, i64)>| {
            let answer = ident(line).ok().flatten().map(|(ident, used)| {
                assert_eq!(used, line.len());
                (ident.major, ident.minor)
            });
            assert_eq!(answer, expected, "{line:?}");
        };
        check(b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u6\r\n", Some((2, 0)));
        check(b"SSH-2.0-libssh\n", Some((2, 0)));
        check(b"SSH-2.1-foo\r\n", Some((2, 1)));
        check(b"SSH-1.99-foo\r\n", Some((1, 99)));
        check(b"SSH-1.5-x\n", Some((1, 5)));
        check(b"SSH- +2.0-x\r\r\n", Some((2, 0)));
        check(b"SSH-2.0-\r\n", None);
        check(b"SSH-1337\n", None);
        check(b"SSH-1111-..\n", None);
        check(b"ssh-2.0-x\n", None);
        check(b"GET / HTTP/1.1\r\n", None);
        check(b"\n", None);
        check(&[b"SSH-2.0-".to_vec(), vec![b'a'; 300], b"\r\n".to_vec()].concat(), Some((2, 0)));
    }

    #[test]
    fn a_line_is_refused_at_the_byte_that_decides() {
        assert_eq!(ident(b"SSH-2.0-x"), Ok(None));
        assert_eq!(ident(b"garbage"), Ok(None));
        assert!(ident(b"\x16\x03\x01\x00").is_err());
        assert!(ident(b"SSH-2.0-x\ry").is_err());
        assert_eq!(ident(&[b'a'; 8_192]), Ok(None));
        assert_eq!(ident(&[b'a'; 8_193]), Err(Malformed::TooLong("identification line")));
        assert!(ident(&[b'\r'; 20_000]).is_err());
    }

    #[test]
    fn an_offer_is_read_in_order_behind_ignored_messages() {
        let mut bytes = framed(&[2, 0, 0, 0, 1, b'x']);
        bytes.extend(framed(&offer()));
        let length = bytes.len();
        bytes.extend_from_slice(b"more");
        let (found, used) = first_kexinit(&bytes).unwrap().unwrap();
        assert_eq!(used, length);
        assert_eq!(found.lists[3], b"ddd");
        assert!(found.first_kex_packet_follows);
        assert_eq!(found.reserved, 9);
        assert_eq!(first_kexinit(&bytes[..length - 1]), Ok(None));
    }

    #[test]
    fn what_is_no_offer_is_malformed() {
        assert!(first_kexinit(&framed(&[30, 1, 2])).is_err());
        assert!(first_kexinit(&[0; 8]).is_err());
        assert!(first_kexinit(&300_000_u32.to_be_bytes()).is_err());
        assert!(first_kexinit(&framed(&offer()[..60])).is_err());
        assert!(first_kexinit(&[0, 0, 0, 12, 12, 20, 0, 0]).is_err());
    }

    #[test]
    fn a_watched_offer_need_not_fill_blocks() {
        let payload = offer();
        let length = u32::try_from(payload.len() + 1).unwrap().to_be_bytes();
        let bytes = [&length[..], &[0], &payload].concat();
        assert!(first_kexinit(&bytes).is_err());
        let (found, used) = watched_kexinit(&bytes).unwrap().unwrap();
        assert_eq!((found.lists[3], used), (&b"ddd"[..], bytes.len()));
        assert_eq!(watched_kexinit(&bytes[..used - 1]), Ok(None));
        assert!(watched_kexinit(&[0, 0, 0, 1, 1]).is_err());
        assert!(watched_kexinit(&[0, 0, 0, 0]).is_err());
        assert!(watched_kexinit(&[0, 4, 0, 1]).is_err());
    }

    fn agrees<T: PartialEq + std::fmt::Debug>(
        bytes: &[u8],
        parse: for<'a> fn(&'a [u8]) -> Parsed<T>,
    ) {
        let mut given = None;
        for end in 0..=bytes.len() {
            let answer = parse(&bytes[..end]);
            match given {
                Some(ref given) => assert_eq!(&answer, given, "at {end}"),
                None if answer != Ok(None) => given = Some(answer),
                None => {}
            }
        }
    }

    /// The parts that do not borrow, so that answers over different prefixes compare.
    fn ident_owned(bytes: &[u8]) -> Parsed<(Vec<u8>, i64, i64)> {
        Ok(ident(bytes)?
            .map(|(found, used)| ((found.raw.to_vec(), found.major, found.minor), used)))
    }

    fn offer_owned(bytes: &[u8]) -> Parsed<Vec<Vec<u8>>> {
        let lists = |found: KexInit<'_>| found.lists.iter().map(|list| list.to_vec()).collect();
        Ok(first_kexinit(bytes)?.map(|(found, used)| (lists(found), used)))
    }

    proptest! {
        #[test]
        fn more_bytes_never_change_an_answer(
            bytes in proptest::collection::vec(any::<u8>(), 0..64),
            change in 0_usize..80,
            to: u8,
        ) {
            agrees(&bytes, ident_owned);
            agrees(&bytes, offer_owned);
            let line = [&b"SSH-2.0-"[..], &bytes, b"\r\nrest"].concat();
            agrees(&line, ident_owned);
            let mut packets = framed(&offer());
            if let Some(byte) = packets.get_mut(change) {
                *byte = to;
            }
            packets.extend_from_slice(&bytes);
            agrees(&packets, offer_owned);
        }
    }
}
