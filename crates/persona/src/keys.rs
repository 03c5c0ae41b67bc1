//! Bytes of a terminal become keys, one byte at a time.
//!
//! **Invariant:** the answer depends on the bytes only, never on how reads cut them.

/// What one key asks the line editor to do, or the character it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    /// A character: UTF-8, up to four bytes, or one byte that is not valid.
    Text(Glyph),
    /// A control byte, 0x7f among them.
    Control(u8),
    /// ESC and a byte.
    Meta(u8),
    Up,
    Down,
    Left,
    Right,
    WordLeft,
    WordRight,
    Home,
    End,
    Delete,
    PasteBegin,
    /// A sequence that is bound to nothing.
    Unbound,
}

/// The bytes of one character.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Glyph {
    bytes: [u8; 4],
    len: u8,
}

impl Glyph {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        let mut glyph = Self::default();
        for &byte in bytes {
            glyph.push(byte);
        }
        glyph
    }

    /// Adds a byte; a fifth one is dropped.
    fn push(&mut self, byte: u8) {
        if let Some(slot) = self.bytes.get_mut(usize::from(self.len)) {
            *slot = byte;
            self.len += 1;
        }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or(&[])
    }
}

/// The decoder's state between two bytes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Decoder {
    state: State,
}

#[derive(Clone, Debug, Default)]
enum State {
    #[default]
    Ground,
    Escape,
    /// After `ESC [`: the bytes so far.
    Csi(Glyph),
    /// After `ESC O`.
    Ss3,
    /// A UTF-8 character that lacks so many bytes.
    Utf8(Glyph, u8),
}

impl Decoder {
    /// One byte; `out` gets the keys that it completes: none, one, or two where the byte also shows
    /// that what came before was no character.
    pub(crate) fn byte(&mut self, byte: u8, out: &mut Vec<Key>) {
        match std::mem::take(&mut self.state) {
            State::Ground => self.ground(byte, out),
            // The terminal makes a signal of ^C, wherever it comes.
            State::Escape | State::Csi(_) | State::Ss3 if byte == 3 => {
                out.push(Key::Control(3));
            }
            State::Escape => match byte {
                b'[' => self.state = State::Csi(Glyph::default()),
                b'O' => self.state = State::Ss3,
                0x1b => {
                    out.push(Key::Unbound);
                    self.state = State::Escape;
                }
                _ => out.push(Key::Meta(byte)),
            },
            State::Csi(mut read) => {
                read.push(byte);
                let bound = BOUND.iter().find(|(bytes, _)| bytes.starts_with(read.as_bytes()));
                match bound {
                    Some((bytes, key)) if bytes.len() == read.as_bytes().len() => out.push(*key),
                    Some(_) => self.state = State::Csi(read),
                    // What follows is text again.
                    None => out.push(Key::Unbound),
                }
            }
            State::Ss3 => {
                let bound = BOUND.iter().find(|(bytes, _)| *bytes == [byte]);
                out.push(bound.map_or(Key::Unbound, |(_, key)| *key));
            }
            State::Utf8(mut glyph, missing) => {
                if !(0x80..=0xbf).contains(&byte) {
                    for &lone in glyph.as_bytes() {
                        out.push(Key::Text(Glyph::new(&[lone])));
                    }
                    self.ground(byte, out);
                    return;
                }
                glyph.push(byte);
                let bytes = glyph.as_bytes();
                if missing > 1 {
                    self.state = State::Utf8(glyph, missing - 1);
                } else if std::str::from_utf8(bytes).is_ok() {
                    out.push(Key::Text(glyph));
                } else {
                    out.extend(bytes.iter().map(|&lone| Key::Text(Glyph::new(&[lone]))));
                }
            }
        }
    }

    fn ground(&mut self, byte: u8, out: &mut Vec<Key>) {
        match byte {
            0x1b => self.state = State::Escape,
            0..=0x1f | 0x7f => out.push(Key::Control(byte)),
            0xc2..=0xdf => self.state = State::Utf8(Glyph::new(&[byte]), 1),
            0xe0..=0xef => self.state = State::Utf8(Glyph::new(&[byte]), 2),
            0xf0..=0xf4 => self.state = State::Utf8(Glyph::new(&[byte]), 3),
            _ => out.push(Key::Text(Glyph::new(&[byte]))),
        }
    }
}

/// What Debian's /etc/inputrc and readline bind behind `ESC [`. None is longer than a [`Glyph`].
const BOUND: &[(&[u8], Key)] = &[
    (b"A", Key::Up),
    (b"B", Key::Down),
    (b"C", Key::Right),
    (b"D", Key::Left),
    (b"H", Key::Home),
    (b"F", Key::End),
    (b"1~", Key::Home),
    (b"4~", Key::End),
    (b"3~", Key::Delete),
    // Insert quotes the next key, as ^V does.
    (b"2~", Key::Control(0x16)),
    (b"5C", Key::WordRight),
    (b"5D", Key::WordLeft),
    (b"1;5C", Key::WordRight),
    (b"1;5D", Key::WordLeft),
    (b"1;3C", Key::WordRight),
    (b"1;3D", Key::WordLeft),
    (b"200~", Key::PasteBegin),
];

/// Counts keystrokes while echo is off: a character, a control byte or an escape sequence is one,
/// wherever reads cut it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counter {
    state: Counting,
}

#[derive(Clone, Copy, Debug, Default)]
enum Counting {
    #[default]
    Ground,
    Escape,
    Csi,
    Ss3,
    Utf8(u8),
}

impl Counter {
    /// One byte: 1 where a keystroke begins with it, 0 where it goes on.
    pub(crate) fn byte(&mut self, byte: u8) -> u32 {
        let begins = match (self.state, byte) {
            (Counting::Escape, 0x20..=0x7e) => {
                self.state = match byte {
                    b'[' => Counting::Csi,
                    b'O' => Counting::Ss3,
                    _ => Counting::Ground,
                };
                false
            }
            (Counting::Csi, 0x20..=0x3f) => false,
            (Counting::Csi, 0x40..=0x7e) | (Counting::Ss3, 0x20..=0x7e) => {
                self.state = Counting::Ground;
                false
            }
            (Counting::Utf8(missing), 0x80..=0xbf) => {
                self.state =
                    if missing > 1 { Counting::Utf8(missing - 1) } else { Counting::Ground };
                false
            }
            (
                Counting::Ground
                | Counting::Escape
                | Counting::Csi
                | Counting::Ss3
                | Counting::Utf8(_),
                _,
            ) => true,
        };
        if begins {
            self.state = match byte {
                0x1b => Counting::Escape,
                0xc2..=0xdf => Counting::Utf8(1),
                0xe0..=0xef => Counting::Utf8(2),
                0xf0..=0xf4 => Counting::Utf8(3),
                _ => Counting::Ground,
            };
        }
        u32::from(begins)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(bytes: &[u8]) -> Vec<Key> {
        let (mut decoder, mut out) = (Decoder::default(), Vec::new());
        for &byte in bytes {
            decoder.byte(byte, &mut out);
        }
        out
    }

    #[test]
    fn sequences_are_one_key() {
        assert_eq!(keys(b"\x1b[A\x1bOB\x1b[3~"), [Key::Up, Key::Down, Key::Delete]);
        assert_eq!(keys(b"\x1b[200~"), [Key::PasteBegin]);
        assert_eq!(keys(b"\x1bb\x7f"), [Key::Meta(b'b'), Key::Control(0x7f)]);
        assert_eq!(keys("ä日".as_bytes()).len(), 2);
        assert_eq!(keys(b"\xc3a").len(), 2);
        assert_eq!(keys(b"\x1b[\x03"), [Key::Control(3)]);
        assert_eq!(keys(b"\x1b[99~").len(), 3);
    }

    #[test]
    fn hidden_keys_are_counted_as_keys() {
        let count = |bytes: &[u8]| {
            let mut counter = Counter::default();
            bytes.iter().map(|&byte| counter.byte(byte)).sum::<u32>()
        };
        assert_eq!(count(b"secret\r"), 7);
        assert_eq!(count("p\u{e4}\u{65e5}\r".as_bytes()), 4);
        assert_eq!(count(b"\x1b[A\x1bOA\x1bx\x1b[1;5D"), 4);
        assert_eq!(count(b"\x1b\r\xc3\r"), 4);
    }
}
