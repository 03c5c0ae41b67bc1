//! HTTP requests: heads of HTTP/1, and in [`h2`] what an HTTP/2 client opens with.
//!
//! **Invariant:** names and values as sent, in order and case; a head is refused by its first line
//! only, what its fields hold is for others to judge.

pub mod h2;
mod hpack;

use crate::limits::HTTP_HEAD_BYTES;
use crate::wire::{Malformed, Parsed};

/// Methods are no longer than this; what is longer is another protocol.
const METHOD_BYTES: usize = 32;

/// The head of a request, RFC 9112 §2.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestHead<'a> {
    /// The method, as sent.
    pub method: &'a [u8],
    /// The target, as sent.
    pub target: &'a [u8],
    /// What stands behind `HTTP/`.
    pub version: &'a [u8],
    /// The lines behind the first one.
    pub fields: Fields<'a>,
}

/// The head of a request, up to its empty line.
///
/// # Errors
/// [`Malformed`] at the byte that no request line can have, or for a head beyond
/// [`HTTP_HEAD_BYTES`].
pub fn request_head(bytes: &[u8]) -> Parsed<RequestHead<'_>> {
    // Empty lines before a request are passed over, RFC 9112 §2.2.
    let start = bytes.iter().take(4).take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    let rest = bytes.get(start..).unwrap_or_default();
    let no = Malformed::Value("method");
    let method_length = rest.iter().take_while(|byte| is_token(**byte)).count();
    match rest.get(method_length) {
        _ if method_length > METHOD_BYTES => return Err(Malformed::TooLong("method")),
        Some(b' ') if method_length > 0 => {}
        Some(_) => return Err(no),
        None => return Ok(None),
    }
    let head = rest.get(..HTTP_HEAD_BYTES).unwrap_or(rest);
    let short = || match head.len() < HTTP_HEAD_BYTES {
        true => Ok(None),
        false => Err(Malformed::TooLong("request head")),
    };
    let Some((line, behind)) = split_line(head) else { return short() };
    let line = line.get(method_length + 1..).unwrap_or_default();
    let space =
        line.iter().rposition(|byte| *byte == b' ').ok_or(Malformed::Cut("request line"))?;
    let (target, version) = line.split_at_checked(space).unwrap_or_default();
    let version = version.strip_prefix(b" HTTP/").ok_or(Malformed::Value("HTTP version"))?;
    if !matches!(version, [b'0'..=b'9', b'.', b'0'..=b'9']) {
        return Err(Malformed::Value("HTTP version"));
    }
    let mut left = behind;
    loop {
        let Some((line, after)) = split_line(left) else { return short() };
        if line.is_empty() {
            let fields = behind.get(..behind.len() - left.len()).unwrap_or_default();
            let used = start + head.len() - after.len();
            let method = head.get(..method_length).unwrap_or_default();
            return Ok(Some((
                RequestHead { method, target, version, fields: Fields(fields) },
                used,
            )));
        }
        left = after;
    }
}

/// A character of a token, RFC 9110 §5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// A line without its ending, and what is behind it.
fn split_line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let line = bytes.get(..end)?;
    Some((line.strip_suffix(b"\r").unwrap_or(line), bytes.get(end + 1..)?))
}

/// The lines of a head that are fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fields<'a>(&'a [u8]);

/// A field of a head, of HTTP/1 or HTTP/2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// Its name, as sent.
    pub name: &'a [u8],
    /// Its value without white space around it; of a line without a colon, nothing.
    pub value: &'a [u8],
}

impl<'a> Fields<'a> {
    /// The lines as they came.
    #[must_use]
    pub fn raw(self) -> &'a [u8] {
        self.0
    }

    /// The fields in order. A line that goes on with the one before (RFC 9112 §5.2) is none.
    pub fn iter(self) -> impl Iterator<Item = Field<'a>> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let (line, behind) = split_line(rest)?;
            rest = behind;
            Some(line)
        })
        .filter(|line| !matches!(line.first(), Some(b' ' | b'\t')))
        .map(|line| {
            let end = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
            let (name, value) = line.split_at_checked(end).unwrap_or_default();
            Field { name, value: value.strip_prefix(b":").unwrap_or(value).trim_ascii() }
        })
    }
}

/// The cookies of a value of `cookie`, RFC 6265 §4.2.1: names, and all of each pair.
pub fn cookies(value: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    value.split(|byte| *byte == b';').map(<[u8]>::trim_ascii).filter(|pair| !pair.is_empty()).map(
        |pair| {
            let end = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
            (pair.get(..end).unwrap_or_default(), pair)
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names(head: &RequestHead<'_>) -> Vec<String> {
        head.fields.iter().map(|field| String::from_utf8(field.name.to_vec()).unwrap()).collect()
    }

    #[test]
    fn fields_keep_their_order_and_case() {
        let bytes =
            b"\r\nGET /a b HTTP/1.1\r\nHost: x\r\nuser-AGENT:  curl \n folded\r\nodd\r\n\r\nbody";
        let (head, used) = request_head(bytes).unwrap().unwrap();
        assert_eq!(
            (head.method, head.target, head.version),
            (&b"GET"[..], &b"/a b"[..], &b"1.1"[..])
        );
        assert_eq!(names(&head), ["Host", "user-AGENT", "odd"]);
        assert_eq!(head.fields.iter().nth(1).unwrap().value, b"curl");
        assert_eq!(&bytes[used..], b"body");
        for end in 0..used {
            assert_eq!(request_head(&bytes[..end]), Ok(None), "at {end}");
        }
    }

    #[test]
    fn what_is_no_request_is_refused_early() {
        assert!(request_head(b"\x16\x03").is_err());
        assert!(request_head(b" GET").is_err());
        assert!(request_head(&[b'A'; 33]).is_err());
        assert!(request_head(b"SSH-2.0-x\r\n").is_err());
        assert!(request_head(b"GET /\r\n").is_err());
        assert!(request_head(b"GET / HTTP/x\r\n").is_err());
        let long = [&b"GET / HTTP/1.0\r\nx: "[..], &[b'y'; HTTP_HEAD_BYTES]].concat();
        assert_eq!(request_head(&long), Err(Malformed::TooLong("request head")));
        let bare = request_head(b"GET / HTTP/1.0\n\n").unwrap().unwrap();
        assert_eq!((bare.0.fields.raw(), bare.1), (&b""[..], 16));
    }

    #[test]
    fn cookies_are_pairs() {
        let found: Vec<_> = cookies(b"a=1; b=x=y;c ;").collect();
        assert_eq!(found, [(&b"a"[..], &b"a=1"[..]), (b"b", b"b=x=y"), (b"c", b"c")]);
    }

    proptest! {
        #[test]
        fn more_bytes_never_change_an_answer(bytes in "(\r\n)?[A-Z ]{0,5}(GET / HTTP/1.[01]\r?\n)?([a-z: \r]{0,9}\r?\n){0,3}\r?\n?.{0,9}") {
            let bytes = bytes.into_bytes();
            let mut given = None;
            for end in 0..=bytes.len() {
                let answer = request_head(&bytes[..end]);
                match given {
                    Some(ref given) => prop_assert_eq!(&answer, given),
                    None if answer != Ok(None) => given = Some(answer),
                    None => {}
                }
            }
        }

        #[test]
        fn any_bytes_are_read(bytes: Vec<u8>) {
            let _ = request_head(&bytes);
            let all = [&b"GET / HTTP/1.1\r\n"[..], &bytes, b"\r\n\r\n"].concat();
            if let Ok(Some((head, _))) = request_head(&all) {
                let _: usize = head.fields.iter().map(|field| cookies(field.value).count()).sum();
            }
        }
    }
}
