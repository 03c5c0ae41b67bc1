//! Bytes that a peer chose, kept as they came.
//!
//! **Invariant:** nothing is ever cleaned or replaced here; escaping is reversible.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Text-like bytes: printable ASCII reads as itself, every other byte as `\xNN`, a backslash as
/// `\\`. The escaped form is what JSON holds and what a terminal is shown.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Octets(pub Vec<u8>);

/// Bytes that are not text (key blobs, encoded terminal modes): base64 in JSON.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Binary(pub Vec<u8>);

impl Octets {
    /// The first `max` bytes; the rest is dropped by the caller's documented cap.
    #[must_use]
    pub fn capped(bytes: &[u8], max: usize) -> Self {
        Self(bytes.get(..max).unwrap_or(bytes).to_vec())
    }

    /// The bytes as they came.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Readable text for a person or a text column: valid UTF-8 without control characters stays,
    /// anything else is escaped as in [`fmt::Display`]. Not reversible where non-ASCII is valid.
    #[must_use]
    pub fn readable(&self) -> String {
        // Nearly all text of peers.
        let is_plain = |byte: &u8| matches!(byte, 0x20..=0x7e) & (*byte != b'\\');
        if self.0.iter().fold(true, |all, byte| all & is_plain(byte)) {
            return String::from_utf8(self.0.clone()).unwrap_or_default();
        }
        match std::str::from_utf8(&self.0) {
            Ok(text) if !text.chars().any(|c| c.is_control() || c == '\\' || is_deceptive(c)) => {
                text.to_owned()
            }
            _ => self.to_string(),
        }
    }
}

/// Characters that reorder or hide text on a screen (bidirectional controls, zero width, tags).
fn is_deceptive(c: char) -> bool {
    matches!(u32::from(c), 0xad | 0x61c | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f
        | 0xfe00..=0xfe0f | 0xfeff | 0xfff9..=0xfffb | 0xe0000..=0xe0fff)
}

impl From<&[u8]> for Octets {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl From<&str> for Octets {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

impl From<String> for Octets {
    fn from(text: String) -> Self {
        Self(text.into_bytes())
    }
}

impl From<Vec<u8>> for Octets {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for Octets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Runs of what stays as it is are written in one piece: most of what peers send is text.
        let mut rest = self.0.as_slice();
        while !rest.is_empty() {
            let plain =
                rest.iter().take_while(|byte| matches!(byte, 0x20..=0x7e) && **byte != b'\\');
            let (run, after) = rest.split_at(plain.count());
            f.write_str(std::str::from_utf8(run).unwrap_or_default())?;
            rest = after;
            if let Some((byte, after)) = rest.split_first() {
                match byte {
                    b'\\' => f.write_str("\\\\")?,
                    _ => write!(f, "\\x{byte:02x}")?,
                }
                rest = after;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Octets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Octets(\"{self}\")")
    }
}

impl fmt::Debug for Binary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Binary({})", crate::row::hex(&self.0))
    }
}

impl Serialize for Octets {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_bytes(&self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Octets {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            unescape(&text).map(Octets).ok_or_else(|| D::Error::custom("broken escape in octets"))
        } else {
            Vec::<u8>::deserialize(deserializer).map(Octets)
        }
    }
}

impl Serialize for Binary {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use base64::Engine as _;
        if serializer.is_human_readable() {
            serializer.serialize_str(&base64::engine::general_purpose::STANDARD.encode(&self.0))
        } else {
            serializer.serialize_bytes(&self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Binary {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use base64::Engine as _;
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            base64::engine::general_purpose::STANDARD
                .decode(text)
                .map(Binary)
                .map_err(D::Error::custom)
        } else {
            Vec::<u8>::deserialize(deserializer).map(Binary)
        }
    }
}

/// The bytes that an escaped text stands for; `None` where an escape is broken.
#[must_use]
pub fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        match rest.next()? {
            b'\\' => bytes.push(b'\\'),
            b'x' => {
                let high = char::from(rest.next()?).to_digit(16)?;
                let low = char::from(rest.next()?).to_digit(16)?;
                bytes.push(u8::try_from(high << 4 | low).ok()?);
            }
            _ => return None,
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes_survive_json(bytes: Vec<u8>) {
            let octets = Octets(bytes.clone());
            let text = serde_json::to_string(&octets).unwrap();
            prop_assert!(text.is_ascii());
            prop_assert_eq!(serde_json::from_str::<Octets>(&text).unwrap(), octets);
            let binary = Binary(bytes);
            let text = serde_json::to_string(&binary).unwrap();
            prop_assert_eq!(serde_json::from_str::<Binary>(&text).unwrap(), binary);
        }

        #[test]
        fn nothing_readable_can_move_a_terminal(bytes: Vec<u8>) {
            prop_assert!(!Octets(bytes).readable().chars().any(char::is_control));
        }
    }

    #[test]
    fn text_stays_readable() {
        assert_eq!(Octets::from("root\r\n").to_string(), r"root\x0d\x0a");
        assert_eq!(Octets::from("naïve").readable(), "naïve");
        assert_eq!(Octets::from("a\u{202e}b").readable(), r"a\xe2\x80\xaeb");
    }
}
