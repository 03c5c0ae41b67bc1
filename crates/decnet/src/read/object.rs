//! JSON objects, written as they are made.
//!
//! **Invariant:** what a peer chose is escaped before it is text: no control character and none
//! that hides or reorders text is ever written. Nothing is kept of an object but its bytes.

use decnet_core::octets::Octets;
use decnet_core::row::hex_digit;
use std::io::Write as _;
use std::net::Ipv4Addr;

/// Bytes of the longest name, with what stands around it.
const NAME_BYTES: usize = 40;

/// An object that is being written. Names are ours, and in ASCII.
pub(super) struct Object<'a> {
    out: &'a mut Vec<u8>,
    is_first: bool,
}

impl<'a> Object<'a> {
    pub(super) fn begin(out: &'a mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, is_first: true }
    }

    /// Goes on with an object that has members already, in `out` or where that is put later.
    pub(super) fn inside(out: &'a mut Vec<u8>) -> Self {
        Self { out, is_first: false }
    }

    /// Members that were written [inside](Self::inside) of another.
    pub(super) fn members(&mut self, written: &[u8]) {
        self.out.extend_from_slice(written);
    }

    pub(super) fn end(self) {
        self.out.push(b'}');
    }

    /// The name of a member; its value is the caller's to write.
    // Where it stands, the name is known: all of this is a few stores.
    #[inline(always)]
    pub(super) fn name(&mut self, name: &str) -> &mut Vec<u8> {
        let mut text = [b'"'; NAME_BYTES];
        let length = name.len() + 4;
        if let [comma, _, rest @ ..] = &mut text
            && let Some((place, [_, colon, ..])) = rest.split_at_mut_checked(name.len())
        {
            place.copy_from_slice(name.as_bytes());
            (*comma, *colon) = (b',', b':');
        }
        let begin = usize::from(self.is_first);
        self.is_first = false;
        self.out.extend_from_slice(text.get(begin..length).unwrap_or_default());
        self.out
    }

    #[inline]
    pub(super) fn number(&mut self, name: &str, value: impl itoa::Integer) {
        number(self.name(name), value);
    }

    #[inline]
    pub(super) fn some_number(&mut self, name: &str, value: Option<impl itoa::Integer>) {
        if let Some(value) = value {
            self.number(name, value);
        }
    }

    /// Seconds of so many nanoseconds.
    pub(super) fn seconds(&mut self, name: &str, ns: u64) {
        seconds(self.name(name), ns);
    }

    #[inline]
    pub(super) fn flag(&mut self, name: &str, value: Flag) {
        let text: &[u8] = match value {
            Flag::Yes => b"true",
            Flag::No => b"false",
        };
        self.name(name).extend_from_slice(text);
    }

    /// Text of ours, or readable already.
    #[inline]
    pub(super) fn text(&mut self, name: &str, value: &str) {
        text(self.name(name), value);
    }

    /// Bytes of a peer.
    pub(super) fn octets(&mut self, name: &str, value: &[u8]) {
        octets(self.name(name), value);
    }

    /// Bytes as hexadecimal digits.
    pub(super) fn hex(&mut self, name: &str, value: &[u8]) {
        let out = self.name(name);
        out.push(b'"');
        // Sixteen at once need not ask for room for each.
        for part in value.chunks(16) {
            let mut digits = [0; 32];
            for (pair, byte) in digits.chunks_exact_mut(2).zip(part) {
                pair.copy_from_slice(&[hex_digit(byte >> 4), hex_digit(byte & 15)]);
            }
            out.extend_from_slice(digits.get(..part.len() * 2).unwrap_or_default());
        }
        out.push(b'"');
    }

    pub(super) fn list<T>(
        &mut self,
        name: &str,
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Vec<u8>, T),
    ) {
        let out = self.name(name);
        out.push(b'[');
        for (place, item) in items.into_iter().enumerate() {
            if place > 0 {
                out.push(b',');
            }
            write(out, item);
        }
        out.push(b']');
    }

    pub(super) fn object(&mut self, name: &str, fill: impl FnOnce(&mut Object<'_>)) {
        let mut object = Object::begin(self.name(name));
        fill(&mut object);
        object.end();
    }
}

/// Yes or no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flag {
    Yes,
    No,
}

impl From<bool> for Flag {
    fn from(value: bool) -> Self {
        if value { Self::Yes } else { Self::No }
    }
}

#[inline]
pub(super) fn number(out: &mut Vec<u8>, value: impl itoa::Integer) {
    let mut buffer = itoa::Buffer::new();
    let digits = buffer.format(value).as_bytes();
    match digits {
        [one] => out.push(*one),
        [one, two] => out.extend_from_slice(&[*one, *two]),
        [one, two, three] => out.extend_from_slice(&[*one, *two, *three]),
        _ => out.extend_from_slice(digits),
    }
}

/// The numbers of an address, each with a dot behind it.
const PARTS: [[u8; 4]; 256] = {
    let mut parts = [[0; 4]; 256];
    let mut rest = parts.as_mut_slice();
    let mut number = 0_u8;
    while let Some((part, others)) = rest.split_first_mut() {
        let [ones, tens, hundreds] =
            [b'0' + number % 10, b'0' + number / 10 % 10, b'0' + number / 100];
        *part = match number {
            0..=9 => [ones, b'.', 0, 0],
            10..=99 => [tens, ones, b'.', 0],
            100..=255 => [hundreds, tens, ones, b'.'],
        };
        number = number.wrapping_add(1);
        rest = others;
    }
    parts
};

/// An address, its numbers with dots between.
pub(super) fn dotted(out: &mut Vec<u8>, address: Ipv4Addr) {
    let mut text = [0; 16];
    let mut length = 0;
    for number in address.octets() {
        let part = PARTS.get(usize::from(number)).copied().unwrap_or_default();
        if let Some(place) = text.get_mut(length..length + 4) {
            place.copy_from_slice(&part);
        }
        length += 2 + usize::from(number >= 10) + usize::from(number >= 100);
    }
    // But for the last dot.
    some(out, &text, length - 1);
}

/// The first `length` of a few bytes: to write all and take the rest back is a few stores, and a
/// copy of any length is a call.
#[inline]
fn some<const N: usize>(out: &mut Vec<u8>, text: &[u8; N], length: usize) {
    let begin = out.len();
    out.extend_from_slice(text);
    out.truncate(begin + length);
}

/// The two digits of a number below a hundred.
#[inline]
pub(super) fn two(number: u8) -> [u8; 2] {
    [b'0' + number / 10, b'0' + number % 10]
}

pub(super) fn seconds(out: &mut Vec<u8>, ns: u64) {
    number(out, ns / 1_000_000_000);
    fraction(out, ns % 1_000_000_000);
}

/// A point and nine digits.
pub(super) fn fraction(out: &mut Vec<u8>, ns: u64) {
    let mut digits = *b".000000000";
    let mut rest = ns;
    for digit in digits.iter_mut().skip(1).rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    out.extend_from_slice(&digits);
}

pub(super) fn real(out: &mut Vec<u8>, value: f64) {
    // Neither infinite nor undefined values have a place in JSON.
    if !value.is_finite() {
        out.extend_from_slice(b"null");
        return;
    }
    let begin = out.len();
    // What is neither large nor small has the same digits as with `Display`, and is written by what
    // is made for it.
    if (1e-4..1e15).contains(&value.abs()) && serde_json::to_writer(&mut *out, &value).is_ok() {
        if out.ends_with(b".0") {
            out.truncate(out.len() - 2);
        }
        return;
    }
    out.truncate(begin);
    // A vector takes everything.
    let _ = write!(out, "{value}");
}

pub(super) fn octets(out: &mut Vec<u8>, value: &[u8]) {
    if is_plain(value) {
        out.push(b'"');
        out.extend_from_slice(value);
        out.push(b'"');
    } else {
        text(out, &Octets::from(value).readable());
    }
}

/// Whether bytes are a string of JSON as they are.
fn is_plain(bytes: &[u8]) -> bool {
    // Without an end before the last byte, many are looked at at once.
    bytes.iter().fold(true, |all, byte| {
        all & (*byte >= 0x20) & (*byte <= 0x7e) & (*byte != b'"') & (*byte != b'\\')
    })
}

pub(super) fn text(out: &mut Vec<u8>, value: &str) {
    out.push(b'"');
    if is_plain(value.as_bytes()) {
        out.extend_from_slice(value.as_bytes());
        out.push(b'"');
        return;
    }
    for part in value.split_inclusive(|c: char| matches!(c, '"' | '\\') || c.is_control()) {
        let mut rest = part.chars();
        match rest.next_back() {
            Some(last @ ('"' | '\\')) => {
                out.extend_from_slice(rest.as_str().as_bytes());
                out.extend([b'\\', last as u8]);
            }
            Some(last) if last.is_control() => {
                out.extend_from_slice(rest.as_str().as_bytes());
                out.extend_from_slice(format!("\\u{:04x}", u32::from(last)).as_bytes());
            }
            Some(_) | None => out.extend_from_slice(part.as_bytes()),
        }
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn members_follow_one_another() {
        let mut out = Vec::new();
        let mut object = Object::begin(&mut out);
        object.number("a", 7_u8);
        object.seconds("b", 1_000_000_009);
        object.octets("c", b"x\"\\\x1b");
        object.list("d", [1_u8, 2], number);
        object.object("e", |inner| inner.hex("f", &[0, 0xab]));
        object.flag("g", Flag::No);
        object.end();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            r#"{"a":7,"b":1.000000009,"c":"x\"\\\\\\x1b","d":[1,2],"e":{"f":"00ab"},"g":false}"#
        );
    }

    proptest! {
        #[test]
        fn any_address_is_as_it_is_written(bytes: [u8; 4]) {
            let mut out = Vec::new();
            dotted(&mut out, bytes.into());
            prop_assert_eq!(String::from_utf8(out).unwrap(), Ipv4Addr::from(bytes).to_string());
        }

        #[test]
        fn any_bytes_are_a_string_that_moves_no_terminal(bytes: Vec<u8>) {
            let mut out = Vec::new();
            octets(&mut out, &bytes);
            let read: String = serde_json::from_slice(&out).unwrap();
            prop_assert_eq!(read, Octets(bytes).readable());
            prop_assert!(!String::from_utf8(out).unwrap().chars().any(crate::output::is_unsafe));
        }

        #[test]
        fn any_number_is_as_it_is_displayed(value: f64, part in 0.0..2e6) {
            for value in [value, part, value.trunc()] {
                let mut out = Vec::new();
                real(&mut out, value);
                prop_assert_eq!(String::from_utf8(out).unwrap(), format!("{value}"));
            }
        }

        #[test]
        fn any_text_is_what_it_was(given: String) {
            let mut out = Vec::new();
            text(&mut out, &given);
            prop_assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), given);
        }
    }
}
