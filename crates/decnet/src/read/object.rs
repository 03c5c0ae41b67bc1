//! JSON objects, written as they are made.
//!
//! **Invariant:** what a peer chose is escaped before it is text: no control character and none
//! that hides or reorders text is ever written. Nothing is kept of an object but its bytes.

use decnet_core::octets::Octets;

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

    pub(super) fn end(self) {
        self.out.push(b'}');
    }

    /// The name of a member; its value is the caller's to write.
    pub(super) fn name(&mut self, name: &str) -> &mut Vec<u8> {
        if !self.is_first {
            self.out.push(b',');
        }
        self.is_first = false;
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
        self.out
    }

    pub(super) fn number(&mut self, name: &str, value: impl itoa::Integer) {
        number(self.name(name), value);
    }

    pub(super) fn some_number(&mut self, name: &str, value: Option<impl itoa::Integer>) {
        if let Some(value) = value {
            self.number(name, value);
        }
    }

    /// Seconds of so many nanoseconds.
    pub(super) fn seconds(&mut self, name: &str, ns: u64) {
        seconds(self.name(name), ns);
    }

    pub(super) fn flag(&mut self, name: &str, value: Flag) {
        let text: &[u8] = match value {
            Flag::Yes => b"true",
            Flag::No => b"false",
        };
        self.name(name).extend_from_slice(text);
    }

    /// Text of ours, or readable already.
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
        for byte in value {
            out.extend([byte >> 4, byte & 15].map(|digit| match digit {
                0..=9 => b'0' + digit,
                _ => b'a' + digit - 10,
            }));
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

pub(super) fn number(out: &mut Vec<u8>, value: impl itoa::Integer) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
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
    let text = if value.is_finite() { format!("{value}") } else { "null".to_owned() };
    out.extend_from_slice(text.as_bytes());
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
        fn any_bytes_are_a_string_that_moves_no_terminal(bytes: Vec<u8>) {
            let mut out = Vec::new();
            octets(&mut out, &bytes);
            let read: String = serde_json::from_slice(&out).unwrap();
            prop_assert_eq!(read, Octets(bytes).readable());
            prop_assert!(!String::from_utf8(out).unwrap().chars().any(crate::output::is_unsafe));
        }

        #[test]
        fn any_text_is_what_it_was(given: String) {
            let mut out = Vec::new();
            text(&mut out, &given);
            prop_assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), given);
        }
    }
}
