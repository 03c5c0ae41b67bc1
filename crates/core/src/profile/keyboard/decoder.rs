//! Turns the reads of a session into strokes, one key each, wherever the reads were cut.
//!
//! What is one keystroke: a printable character (a UTF-8 sequence is one), a control byte, or one
//! CSI or SS3 sequence (`ESC [` or `ESC O` up to its final byte). Of malformed UTF-8 each byte is
//! one. `ESC` before anything else is a key of its own: `ESC b` is two. The two sequences that
//! frame a bracketed paste are typed by no one: they become marks, not keystrokes.
//!
//! **Invariant:** packet edges do not matter. A read that is split anywhere, at the same instant,
//! gives the same keys; there are never more strokes than bytes, plus one for every hidden input.

use serde::{Deserialize, Serialize};

use crate::profile::keyboard::keys::{KeyClass, Stroke};

/// What of the reads so far is not yet a stroke: at most one unfinished sequence or character.
#[derive(Serialize, Deserialize, Clone, Default, PartialEq, Eq, Debug)]
pub struct Decoder {
    state: State,
    /// Instant of the first byte of what is unfinished, µs.
    began_us: u64,
    /// Instant of the last read, µs.
    read_us: u64,
    /// Whether what is unfinished began its read.
    begins_read: bool,
    /// Whether we are inside bracketed paste.
    pasting: bool,
}

#[derive(Serialize, Deserialize, Clone, Copy, Default, PartialEq, Eq, Debug)]
enum State {
    #[default]
    Ground,
    /// After `ESC`.
    Escape,
    /// After `ESC [` or `ESC O`; `seen` bytes followed, `param` is what a paste frame is known by.
    Sequence { seen: u8, param: Param },
    /// Inside a UTF-8 character: `have` bytes came, `need` more do, the next from `low` to `high`.
    Character { have: u8, need: u8, low: u8, high: u8 },
}

/// How much of `200` or `201` a sequence has shown.
#[derive(Serialize, Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
enum Param {
    Start,
    Two,
    Twenty,
    PasteBegin,
    PasteEnd,
    Unlike,
}

impl Decoder {
    /// Takes what arrived in one read at `at_us`, µs since the session began, and appends the keys
    /// that it completed to `out`. A key that a later read completes keeps the instant of its first
    /// byte.
    pub fn read(&mut self, at_us: u64, bytes: &[u8], out: &mut Vec<Stroke>) {
        if at_us.saturating_sub(self.read_us) > SEQUENCE_WAIT_US {
            self.give_up_sequence(out);
        }
        self.read_us = at_us;
        let mut begins_read = true;
        for &byte in bytes {
            if self.continues(byte, out) {
                continue;
            }
            self.began_us = at_us;
            self.begins_read = begins_read;
            begins_read = false;
            self.state = match byte {
                ESCAPE => State::Escape,
                0xc2..=0xdf => State::Character { have: 1, need: 1, low: 0x80, high: 0xbf },
                0xe0 => State::Character { have: 1, need: 2, low: 0xa0, high: 0xbf },
                0xed => State::Character { have: 1, need: 2, low: 0x80, high: 0x9f },
                0xe1..=0xef => State::Character { have: 1, need: 2, low: 0x80, high: 0xbf },
                0xf0 => State::Character { have: 1, need: 3, low: 0x90, high: 0xbf },
                0xf1..=0xf3 => State::Character { have: 1, need: 3, low: 0x80, high: 0xbf },
                0xf4 => State::Character { have: 1, need: 3, low: 0x80, high: 0x8f },
                _ => {
                    self.push(KeyClass::of_byte(byte), out);
                    State::Ground
                }
            };
        }
    }

    /// Takes the fact that `keys` keys were typed at `at_us` while echo was off. However many, they
    /// become one mark: no feature may know how long a password is.
    pub fn hidden(&mut self, at_us: u64, keys: u32, out: &mut Vec<Stroke>) {
        self.finish(out);
        self.read_us = at_us;
        if keys > 0 {
            out.push(Stroke::new(at_us, KeyClass::Hidden).first_of_read());
        }
    }

    /// Appends what is unfinished as the keys it is: at the end of a session nothing completes it.
    pub fn finish(&mut self, out: &mut Vec<Stroke>) {
        self.give_up_sequence(out);
        self.give_up_character(out);
    }

    /// Whether `byte` belonged to what is unfinished. If not, that has been given up.
    fn continues(&mut self, byte: u8, out: &mut Vec<Stroke>) -> bool {
        match self.state {
            State::Ground => false,
            State::Escape => {
                let param = match byte {
                    b'[' => Param::Start,
                    b'O' => Param::Unlike,
                    _ => {
                        self.give_up_sequence(out);
                        return false;
                    }
                };
                self.state = State::Sequence { seen: 0, param };
                true
            }
            State::Sequence { seen, param } => {
                let class = match byte {
                    b'~' if param == Param::PasteBegin => Some(KeyClass::PasteBegin),
                    b'~' if param == Param::PasteEnd => Some(KeyClass::PasteEnd),
                    b'A'..=b'D' => Some(KeyClass::Arrow),
                    b'@'..=b'~' => Some(KeyClass::Sequence),
                    _ if seen >= SEQUENCE_MAX => Some(KeyClass::Sequence),
                    _ => None,
                };
                match class {
                    Some(class) => {
                        self.state = State::Ground;
                        self.push(class, out);
                    }
                    None => {
                        let param = param.then(byte);
                        self.state = State::Sequence { seen: seen.saturating_add(1), param };
                    }
                }
                true
            }
            State::Character { have, need, low, high } => {
                if !(low..=high).contains(&byte) {
                    self.give_up_character(out);
                    return false;
                }
                if need > 1 {
                    let (have, need) = (have.saturating_add(1), need - 1);
                    self.state = State::Character { have, need, low: 0x80, high: 0xbf };
                } else {
                    self.state = State::Ground;
                    self.push(KeyClass::Other, out);
                }
                true
            }
        }
    }

    fn give_up_sequence(&mut self, out: &mut Vec<Stroke>) {
        let class = match self.state {
            State::Escape => KeyClass::Other,
            State::Sequence { .. } => KeyClass::Sequence,
            State::Ground | State::Character { .. } => return,
        };
        self.state = State::Ground;
        self.push(class, out);
    }

    fn give_up_character(&mut self, out: &mut Vec<Stroke>) {
        if let State::Character { have, .. } = self.state {
            self.state = State::Ground;
            for _ in 0..have {
                self.push(KeyClass::Other, out);
                self.begins_read = false;
            }
        }
    }

    fn push(&mut self, class: KeyClass, out: &mut Vec<Stroke>) {
        let mut stroke = Stroke::new(self.began_us, class);
        if self.begins_read {
            stroke = stroke.first_of_read();
        }
        if class == KeyClass::PasteBegin || class == KeyClass::PasteEnd {
            self.pasting = class == KeyClass::PasteBegin;
        } else if self.pasting {
            stroke = stroke.pasted();
        }
        out.push(stroke);
    }
}

impl Param {
    fn then(self, byte: u8) -> Self {
        match (self, byte) {
            (Self::Start, b'2') => Self::Two,
            (Self::Two, b'0') => Self::Twenty,
            (Self::Twenty, b'0') => Self::PasteBegin,
            (Self::Twenty, b'1') => Self::PasteEnd,
            _ => Self::Unlike,
        }
    }
}

const ESCAPE: u8 = 0x1b;
/// How long a sequence that a read left unfinished waits for the next read, µs. A terminal writes a
/// sequence at once, so only the network splits it; a person who presses Escape and then `O` in vi
/// takes longer. (Vim itself waits 100 ms by default, tmux 10 ms.)
const SEQUENCE_WAIT_US: u64 = 50_000;
/// Bytes between the start of a sequence and its final byte. At the cap the sequence is one key and
/// what follows is keys again. The longest that terminals send, answers included, are about 40.
const SEQUENCE_MAX: u8 = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decode(reads: &[(u64, &[u8])]) -> Vec<Stroke> {
        let (mut decoder, mut out) = (Decoder::default(), Vec::new());
        for (at_us, bytes) in reads {
            decoder.read(*at_us, bytes, &mut out);
        }
        decoder.finish(&mut out);
        out
    }

    fn keys(strokes: &[Stroke]) -> Vec<(u64, KeyClass, bool)> {
        strokes.iter().map(|s| (s.at_us(), s.key(), s.is_pasted())).collect()
    }

    #[test]
    fn one_read_gives_these_keys() {
        use KeyClass::{Arrow, Other, PasteBegin, PasteEnd, Sequence};
        let l = |byte| KeyClass::of_byte(byte);
        let table: &[(&[u8], &[KeyClass])] = &[
            (b"", &[]),
            (b"ls\r", &[l(b'l'), l(b's'), l(b'\r')]),
            (b"\x1b[A\x1bOB", &[Arrow, Arrow]),
            (b"\x1b[1;5C", &[Arrow]),
            (b"\x1b[3~", &[Sequence]),
            (b"\x1bOP", &[Sequence]),
            (b"\x1b", &[Other]),
            (b"\x1b[", &[Sequence]),
            (b"\x1bb", &[Other, l(b'b')]),
            (b"\x1b\x1b[D", &[Other, Arrow]),
            ("é€😀".as_bytes(), &[Other, Other, Other]),
            (b"\xc3", &[Other]),
            (b"\xe2\x82", &[Other, Other]),
            (b"\xe2\x82a", &[Other, Other, l(b'a')]),
            (b"\xe0\x80\x80", &[Other, Other, Other]),
            (b"\xed\xa0\x80", &[Other, Other, Other]),
            (b"\x80\xff\xc0", &[Other, Other, Other]),
            (b"\xc3\xc3\xa9", &[Other, Other]),
            (b"\x1b[200~a\x1b[201~", &[PasteBegin, l(b'a'), PasteEnd]),
            (b"\x1b[0200~", &[Sequence]),
            (b"\x1b[2000~", &[Sequence]),
            (b"\x1bO200~", &[Sequence]),
        ];
        for (bytes, expected) in table {
            let got: Vec<KeyClass> = decode(&[(0, bytes)]).iter().map(|s| s.key()).collect();
            assert_eq!(&got, expected, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn a_split_sequence_is_one_key_at_its_first_byte() {
        let strokes = decode(&[(10, b"a\x1b"), (20, b"["), (30, b"Ab")]);
        let at: Vec<_> = strokes.iter().map(|s| (s.at_us(), s.begins_read())).collect();
        assert_eq!(at, [(10, true), (10, false), (30, true)]);
        assert_eq!(strokes[1].key(), KeyClass::Arrow);
    }

    #[test]
    fn escape_and_a_key_long_after_are_two() {
        let later = SEQUENCE_WAIT_US + 1;
        let strokes = decode(&[(0, b"\x1b"), (later, b"O"), (2 * later, b"A")]);
        assert_eq!(strokes.len(), 3);
        assert!(strokes.iter().all(|s| s.begins_read()));
        assert_eq!(strokes[0].key(), KeyClass::Other);
    }

    #[test]
    fn a_split_character_is_one_key_however_late_the_rest() {
        assert_eq!(decode(&[(0, b"\xe2\x82"), (9_000_000, b"\xac")]).len(), 1);
    }

    #[test]
    fn an_endless_sequence_ends_at_the_cap() {
        let mut bytes = b"\x1b[".to_vec();
        bytes.extend([b'0'; 200]);
        assert_eq!(decode(&[(0, &bytes)]).len(), 200 - usize::from(SEQUENCE_MAX));
    }

    #[test]
    fn paste_is_kept_over_reads_and_ends() {
        let strokes = decode(&[(0, b"\x1b[200~a"), (1, b"b"), (2, b"c\x1b[201~d")]);
        let pasted: String = strokes
            .iter()
            .filter(|s| s.is_keystroke())
            .map(|s| if s.is_pasted() { 'p' } else { 't' })
            .collect();
        assert_eq!(pasted, "pppt");
    }

    #[test]
    fn hidden_input_is_one_mark_and_no_letters() {
        let (mut decoder, mut out) = (Decoder::default(), Vec::new());
        decoder.read(0, b"\x1b", &mut out);
        decoder.hidden(5, 8, &mut out);
        decoder.hidden(6, 0, &mut out);
        let kinds: Vec<_> = out.iter().map(|s| s.key()).collect();
        assert_eq!(kinds, [KeyClass::Other, KeyClass::Hidden]);
        assert!(out[1].is_hidden() && !out[1].is_keystroke());
    }

    #[test]
    fn the_state_survives_storing_at_every_byte() {
        let bytes = "a\u{20ac}\x1b[1;5C\x1b[200~x\x1b[201~\x1b".as_bytes();
        let (mut decoder, mut out) = (Decoder::default(), Vec::new());
        for (at, byte) in bytes.iter().enumerate() {
            decoder.read(at as u64, &[*byte], &mut out);
            let stored = postcard::to_stdvec(&decoder).unwrap();
            let loaded: Decoder = postcard::from_bytes(&stored).unwrap();
            assert_eq!(loaded, decoder);
            decoder = loaded;
        }
        decoder.finish(&mut out);
        assert_eq!(out.len(), 7);
    }

    /// Bytes that are more often than not something a decoder must think about.
    fn input() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            any::<u8>().prop_map(|b| vec![b]),
            proptest::sample::select(vec![
                &b"\x1b"[..],
                b"[",
                b"O",
                b"A",
                b"~",
                b"1;5C",
                b"\x1b[200~",
                b"\x1b[201~",
                b"\xe2\x82\xac",
                b"\xf0\x9f",
            ])
            .prop_map(<[u8]>::to_vec),
        ];
        proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn packet_edges_do_not_matter(bytes in input(), at in 0..1_000_000_000_u64, cut: u16) {
            let (left, right) = bytes.split_at(usize::from(cut) % (bytes.len() + 1));
            let whole = decode(&[(at, &bytes)]);
            let split = decode(&[(at, left), (at, right)]);
            prop_assert_eq!(keys(&whole), keys(&split));
        }

        #[test]
        fn there_are_never_more_strokes_than_bytes(
            reads in proptest::collection::vec((any::<u64>(), input()), 0..8),
        ) {
            let reads: Vec<(u64, &[u8])> = reads.iter().map(|(at, b)| (*at, &b[..])).collect();
            let bytes: usize = reads.iter().map(|(_, b)| b.len()).sum();
            prop_assert!(decode(&reads).len() <= bytes);
        }

        #[test]
        fn the_first_stroke_of_a_read_says_so(bytes in input()) {
            let strokes = decode(&[(3, &bytes)]);
            let begins = strokes.iter().filter(|s| s.begins_read()).count();
            prop_assert_eq!(begins, usize::from(!strokes.is_empty()));
            if let Some(first) = strokes.first() {
                prop_assert!(first.begins_read());
            }
        }
    }
}
