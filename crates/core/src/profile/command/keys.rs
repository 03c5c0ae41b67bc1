//! From bytes to the keys of a line editor, with their characters.
//!
//! [`crate::profile::keyboard`] keeps classes of keys, since a rhythm must not say what was typed;
//! here it is the text of a line that is rebuilt, and only of what was typed while echo was on.
//!
//! **Invariant:** where reads were cut does not matter; there are never more keys than bytes.

use serde::{Deserialize, Serialize};

/// One character: its code point, or for a byte that is part of none [`STRAY`] and the byte.
pub(super) type Glyph = u32;

/// What stands for a byte that is part of no character: behind the last code point.
const STRAY: Glyph = 0x11_0000;

/// One key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Text(Glyph),
    /// A byte under 0x20, or 0x7f.
    Control(u8),
    /// Escape and a byte.
    Meta(u8),
    Up,
    Down,
    Left,
    Right,
    Home,
    End,
    Delete,
    WordLeft,
    WordRight,
    PasteBegin,
    PasteEnd,
    /// A sequence that an editor of lines does nothing for.
    Unbound,
}

/// What of the bytes so far is not yet a key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Decoder {
    state: State,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum State {
    #[default]
    Ground,
    Escape,
    /// Behind `ESC [`: what stood there so far, at most [`PARAMETERS`] bytes.
    Csi(Vec<u8>),
    /// Behind `ESC O`.
    Ss3,
    /// Inside a character: its first bytes, and how many it has.
    Character(Vec<u8>, usize),
}

impl Decoder {
    /// Takes a byte and hands over the keys that it completes: none, one, or several where it shows
    /// that what came before is no character.
    pub(super) fn byte(&mut self, byte: u8, each: &mut impl FnMut(Key)) {
        match std::mem::take(&mut self.state) {
            State::Ground => self.first(byte, each),
            State::Escape => match byte {
                b'[' => self.state = State::Csi(Vec::new()),
                b'O' => self.state = State::Ss3,
                0x1b => self.state = State::Escape,
                byte => each(Key::Meta(byte)),
            },
            State::Ss3 => each(final_key(byte, &[])),
            State::Csi(mut parameters) => match byte {
                b'@'..=b'~' => each(final_key(byte, &parameters)),
                _ if parameters.len() >= PARAMETERS => each(Key::Unbound),
                _ => {
                    parameters.push(byte);
                    self.state = State::Csi(parameters);
                }
            },
            State::Character(mut bytes, length) => {
                if !matches!(byte, 0x80..=0xbf) {
                    bytes.iter().for_each(|byte| each(stray(*byte)));
                    return self.first(byte, each);
                }
                bytes.push(byte);
                if bytes.len() < length {
                    self.state = State::Character(bytes, length);
                    return;
                }
                match std::str::from_utf8(&bytes).ok().and_then(|text| text.chars().next()) {
                    Some(c) => each(Key::Text(c.into())),
                    None => bytes.iter().for_each(|byte| each(stray(*byte))),
                }
            }
        }
    }

    fn first(&mut self, byte: u8, each: &mut impl FnMut(Key)) {
        match byte {
            0x1b => self.state = State::Escape,
            0x00..=0x1f | 0x7f => each(Key::Control(byte)),
            0x20..=0x7e => each(Key::Text(byte.into())),
            0xc2..=0xdf => self.state = State::Character(vec![byte], 2),
            0xe0..=0xef => self.state = State::Character(vec![byte], 3),
            0xf0..=0xf4 => self.state = State::Character(vec![byte], 4),
            0x80..=0xc1 | 0xf5.. => each(stray(byte)),
        }
    }
}

/// The glyphs of bytes, as the same bytes typed would be.
#[cfg(test)]
pub(super) fn glyphs(bytes: &[u8]) -> Vec<Glyph> {
    let mut glyphs = Vec::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        glyphs.extend(chunk.valid().chars().map(Glyph::from));
        glyphs.extend(chunk.invalid().iter().map(|byte| STRAY + Glyph::from(*byte)));
    }
    glyphs
}

/// The bytes of glyphs.
pub(super) fn bytes(glyphs: &[Glyph]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(glyphs.len());
    for glyph in glyphs {
        match char::from_u32(*glyph) {
            Some(c) => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            None => bytes.extend(u8::try_from(glyph.saturating_sub(STRAY))),
        }
    }
    bytes
}

fn stray(byte: u8) -> Key {
    Key::Text(STRAY + Glyph::from(byte))
}

fn final_key(byte: u8, parameters: &[u8]) -> Key {
    let moved = matches!(parameters, b"1;5" | b"5" | b"1;3" | b"3");
    match (byte, parameters) {
        (b'A', _) => Key::Up,
        (b'B', _) => Key::Down,
        (b'C', _) if moved => Key::WordRight,
        (b'D', _) if moved => Key::WordLeft,
        (b'C', _) => Key::Right,
        (b'D', _) => Key::Left,
        (b'H', _) | (b'~', b"1" | b"7") => Key::Home,
        (b'F', _) | (b'~', b"4" | b"8") => Key::End,
        (b'~', b"3") => Key::Delete,
        (b'~', b"200") => Key::PasteBegin,
        (b'~', b"201") => Key::PasteEnd,
        _ => Key::Unbound,
    }
}

/// Bytes between the start of a sequence and its end; with more it is none.
const PARAMETERS: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn keys(text: &[u8]) -> Vec<Key> {
        let (mut decoder, mut keys) = (Decoder::default(), Vec::new());
        text.iter().for_each(|byte| decoder.byte(*byte, &mut |key| keys.push(key)));
        keys
    }

    #[test]
    fn sequences_are_keys() {
        assert_eq!(
            keys(b"a\x1b[A\x1bOB\x1b[1;5D\x1b[3~\x1bb\x1b[200~\x03"),
            [
                Key::Text('a'.into()),
                Key::Up,
                Key::Down,
                Key::WordLeft,
                Key::Delete,
                Key::Meta(b'b'),
                Key::PasteBegin,
                Key::Control(3),
            ]
        );
    }

    proptest! {
        #[test]
        fn text_without_controls_comes_back(text in "[^\\p{C}]{0,40}", stray: Vec<u8>) {
            let text = [text.as_bytes(), &stray.iter().map(|b| b | 0x80).collect::<Vec<_>>()].concat();
            let typed: Vec<Glyph> = keys(&text)
                .into_iter()
                .map(|key| if let Key::Text(glyph) = key { glyph } else { panic!("{key:?}") })
                .collect();
            // What is cut at the end has not become a key.
            prop_assert!(text.starts_with(&bytes(&typed)));
            prop_assert_eq!(bytes(&glyphs(&text)), text);
        }

        #[test]
        fn there_are_never_more_keys_than_bytes(text: Vec<u8>) {
            prop_assert!(keys(&text).len() <= text.len());
        }
    }
}
