//! One keystroke in eight bytes, and the classes that keys fall into.
//!
//! **Invariant:** a stroke holds when a key came and what kind of key it was. Letters are kept as
//! letters, because the rhythm of a digraph depends on them; every other character only as its
//! class, and what was typed while echo was off only as the fact that there was something.

use std::fmt;

/// What kind of key a stroke is. The typing classes are those of `kd_table_v1`, with the keys that
/// `SIGNALS.md` B7 counts set apart from them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum KeyClass {
    /// `a` to `z`.
    Letter(Letter),
    /// `A` to `Z`: arrives as a shifted letter, is left behind as its letter.
    Capital(Letter),
    /// A symbol that needs shift on a US keyboard: ``~!@#$%^&*()_+{}|:"<>?``.
    Shifted,
    /// `0` to `9`.
    Digit,
    /// `.`
    Dot,
    /// `,`
    Comma,
    /// `-`
    Dash,
    /// `/`
    Slash,
    /// `'`
    Quote,
    /// Unshifted punctuation of no class of its own: `` `;=[]\ ``.
    Punctuation,
    /// Space.
    Space,
    /// 0x7f or 0x08.
    Backspace,
    /// Carriage return or line feed.
    Enter,
    /// Tab.
    Tab,
    /// An arrow key in CSI or SS3 form, with or without modifiers.
    Arrow,
    /// Any other CSI or SS3 sequence.
    Sequence,
    /// `^W`.
    WordKill,
    /// `^U`.
    LineKill,
    /// `^C`.
    Abort,
    /// `^D`.
    EndOfFile,
    /// Everything else: other control bytes, a lone escape, characters outside ASCII.
    Other,
    /// No keystroke but a mark: something was typed while echo was off.
    Hidden,
    /// No keystroke but a mark: bracketed paste began (`ESC[200~`).
    PasteBegin,
    /// No keystroke but a mark: bracketed paste ended (`ESC[201~`).
    PasteEnd,
}

/// A letter of the Latin alphabet without its case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Letter(u8);

impl Letter {
    /// The letter in lower case.
    #[must_use]
    pub fn lower(self) -> char {
        char::from(b'a' + self.0)
    }
}

impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.lower())
    }
}

impl KeyClass {
    /// The class of one byte that is a key of its own.
    #[must_use]
    pub fn of_byte(byte: u8) -> Self {
        match byte {
            b'a'..=b'z' => Self::Letter(Letter(byte - b'a')),
            b'A'..=b'Z' => Self::Capital(Letter(byte - b'A')),
            b'0'..=b'9' => Self::Digit,
            b'.' => Self::Dot,
            b',' => Self::Comma,
            b'-' => Self::Dash,
            b'/' => Self::Slash,
            b'\'' => Self::Quote,
            b'`' | b';' | b'=' | b'[' | b']' | b'\\' => Self::Punctuation,
            b'~' | b'!' | b'@' | b'#' | b'$' | b'%' | b'^' | b'&' | b'*' | b'(' | b')' | b'_'
            | b'+' | b'{' | b'}' | b'|' | b':' | b'"' | b'<' | b'>' | b'?' => Self::Shifted,
            b' ' => Self::Space,
            0x7f | 0x08 => Self::Backspace,
            b'\r' | b'\n' => Self::Enter,
            b'\t' => Self::Tab,
            0x17 => Self::WordKill,
            0x15 => Self::LineKill,
            0x03 => Self::Abort,
            0x04 => Self::EndOfFile,
            _ => Self::Other,
        }
    }

    fn code(self) -> Code {
        Code(match self {
            Self::Letter(letter) => letter.0,
            Self::Capital(letter) => Code::CAPITAL_A + letter.0,
            Self::Shifted => Code::SHIFTED.0,
            Self::Digit => 28,
            Self::Dot => 29,
            Self::Comma => 30,
            Self::Dash => 31,
            Self::Slash => 32,
            Self::Quote => 33,
            Self::Punctuation => 34,
            Self::Space => Code::SPACE.0,
            Self::Backspace => Code::BACKSPACE.0,
            Self::Enter => Code::ENTER.0,
            Self::Tab => Code::TAB.0,
            Self::Sequence => Code::SEQUENCE.0,
            Self::Other => Code::OTHER.0,
            Self::Arrow => Code::ARROW.0,
            Self::WordKill => Code::WORD_KILL.0,
            Self::LineKill => Code::LINE_KILL.0,
            Self::Abort => Code::ABORT.0,
            Self::EndOfFile => Code::END_OF_FILE.0,
            Self::Hidden => Code::HIDDEN.0,
            Self::PasteBegin => Code::PASTE_BEGIN.0,
            Self::PasteEnd => Code::PASTE_END.0,
        })
    }
}

/// A key class as the number that the fold works with: 0 to 40 are the classes of `kd_table_v1`,
/// the rest are refinements of them and marks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Code(u8);

impl Code {
    pub(super) const SHIFTED: Self = Self(27);
    pub(super) const SPACE: Self = Self(35);
    pub(super) const BACKSPACE: Self = Self(36);
    pub(super) const ENTER: Self = Self(37);
    pub(super) const TAB: Self = Self(38);
    pub(super) const SEQUENCE: Self = Self(39);
    pub(super) const OTHER: Self = Self(40);
    pub(super) const ARROW: Self = Self(41);
    pub(super) const WORD_KILL: Self = Self(42);
    pub(super) const LINE_KILL: Self = Self(43);
    pub(super) const ABORT: Self = Self(44);
    pub(super) const END_OF_FILE: Self = Self(45);
    pub(super) const HIDDEN: Self = Self(61);
    pub(super) const PASTE_BEGIN: Self = Self(62);
    pub(super) const PASTE_END: Self = Self(63);
    const CAPITAL_A: u8 = 64;
    const CAPITAL_Z: u8 = 89;
    /// `SHL` of the table: what every capital arrives as. No key's own code.
    const SHIFTED_LETTER: u8 = 26;

    /// Whether this is a mark rather than a keystroke.
    pub(super) fn is_mark(self) -> bool {
        (Self::HIDDEN.0..=Self::PASTE_END.0).contains(&self.0)
    }

    /// The place of this class among all, below 128.
    pub(super) fn index(self) -> usize {
        usize::from(self.0)
    }

    /// The table's class of this key as one that arrives, 0 to 40.
    pub(super) fn arriving(self) -> u8 {
        match self.0 {
            Self::CAPITAL_A..=Self::CAPITAL_Z => Self::SHIFTED_LETTER,
            _ => self.left(),
        }
    }

    /// The table's class of this key as the one that the next key follows, 0 to 40.
    pub(super) fn left(self) -> u8 {
        match self.0 {
            0..=40 => self.0,
            41 => Self::SEQUENCE.0,
            Self::CAPITAL_A..=Self::CAPITAL_Z => self.0 - Self::CAPITAL_A,
            _ => Self::OTHER.0,
        }
    }

    fn class(self) -> KeyClass {
        match self.0 {
            letter @ 0..=25 => KeyClass::Letter(Letter(letter)),
            27 => KeyClass::Shifted,
            28 => KeyClass::Digit,
            29 => KeyClass::Dot,
            30 => KeyClass::Comma,
            31 => KeyClass::Dash,
            32 => KeyClass::Slash,
            33 => KeyClass::Quote,
            34 => KeyClass::Punctuation,
            35 => KeyClass::Space,
            36 => KeyClass::Backspace,
            37 => KeyClass::Enter,
            38 => KeyClass::Tab,
            39 => KeyClass::Sequence,
            41 => KeyClass::Arrow,
            42 => KeyClass::WordKill,
            43 => KeyClass::LineKill,
            44 => KeyClass::Abort,
            45 => KeyClass::EndOfFile,
            61 => KeyClass::Hidden,
            62 => KeyClass::PasteBegin,
            63 => KeyClass::PasteEnd,
            capital @ Self::CAPITAL_A..=Self::CAPITAL_Z => {
                KeyClass::Capital(Letter(capital - Self::CAPITAL_A))
            }
            _ => KeyClass::Other,
        }
    }
}

/// One keystroke, or one mark between keystrokes, as the fold keeps it: the instant in µs since the
/// session began (44 bits, more than 200 days), the key's class, and two flags.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stroke(u64);

impl Stroke {
    /// A stroke at `at_us`, µs since the session began; an instant past 44 bits is kept as the
    /// largest.
    #[must_use]
    pub fn new(at_us: u64, key: KeyClass) -> Self {
        Self(at_us.min(AT_MAX) | u64::from(key.code().0) << AT_BITS)
    }

    /// The same stroke, as the first of its read.
    #[must_use]
    pub fn first_of_read(self) -> Self {
        Self(self.0 | BEGINS_READ)
    }

    /// The same stroke, as part of a bracketed paste.
    #[must_use]
    pub fn pasted(self) -> Self {
        Self(self.0 | PASTED)
    }

    /// The instant at which the first byte of the key arrived, µs since the session began.
    #[must_use]
    pub fn at_us(self) -> u64 {
        self.0 & AT_MAX
    }

    /// What kind of key it is.
    #[must_use]
    pub fn key(self) -> KeyClass {
        self.code().class()
    }

    /// Whether it is the first stroke of a read: all up to the next such came in the same one.
    #[must_use]
    pub fn begins_read(self) -> bool {
        self.0 & BEGINS_READ != 0
    }

    /// Whether it came inside bracketed paste.
    #[must_use]
    pub fn is_pasted(self) -> bool {
        self.0 & PASTED != 0
    }

    /// Whether it is the mark that something was typed while echo was off.
    #[must_use]
    pub fn is_hidden(self) -> bool {
        self.code() == Code::HIDDEN
    }

    /// Whether it counts as a keystroke: all but the marks of hidden input and of bracketed paste.
    #[must_use]
    pub fn is_keystroke(self) -> bool {
        !self.code().is_mark()
    }

    /// The stroke as a number, for storing.
    #[must_use]
    pub fn to_bits(self) -> u64 {
        self.0
    }

    /// The stroke of a stored number. Any number gives one: what no stroke has is taken as
    /// [`KeyClass::Other`], bits that mean nothing are dropped.
    #[must_use]
    pub fn from_bits(bits: u64) -> Self {
        let flags = bits & (BEGINS_READ | PASTED);
        let stroke = Self::new(bits & AT_MAX, Self(bits).code().class());
        Self(stroke.0 | flags)
    }

    pub(super) fn code(self) -> Code {
        Code((self.0 >> AT_BITS & CODE_MASK) as u8)
    }
}

const AT_BITS: u32 = 44;
const AT_MAX: u64 = (1 << AT_BITS) - 1;
const CODE_MASK: u64 = 0x7f;
const BEGINS_READ: u64 = 1 << 51;
const PASTED: u64 = 1 << 52;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_byte_keeps_its_class_in_a_stroke() {
        for byte in 0..=u8::MAX {
            let class = KeyClass::of_byte(byte);
            assert_eq!(Stroke::new(7, class).key(), class, "byte {byte:#04x}");
        }
    }

    #[test]
    fn classes_have_the_numbers_of_the_table() {
        // Names and order: `classes` of kd_table_v1.
        let table = [
            (b'a', 0, 0),
            (b'z', 25, 25),
            (b'A', 26, 0),
            (b'Z', 26, 25),
            (b'!', 27, 27),
            (b'7', 28, 28),
            (b'.', 29, 29),
            (b',', 30, 30),
            (b'-', 31, 31),
            (b'/', 32, 32),
            (b'\'', 33, 33),
            (b';', 34, 34),
            (b' ', 35, 35),
            (0x08, 36, 36),
            (b'\n', 37, 37),
            (b'\t', 38, 38),
            (0x1b, 40, 40),
            (0x17, 40, 40),
            (0x03, 40, 40),
        ];
        for (byte, arriving, left) in table {
            let code = Stroke::new(0, KeyClass::of_byte(byte)).code();
            assert_eq!((code.arriving(), code.left()), (arriving, left), "byte {byte:#04x}");
        }
        let arrow = KeyClass::Arrow.code();
        assert_eq!((arrow.arriving(), arrow.left()), (39, 39));
    }

    #[test]
    fn an_instant_past_the_bits_is_the_largest() {
        assert_eq!(Stroke::new(u64::MAX, KeyClass::Enter).at_us(), AT_MAX);
        assert_eq!(Stroke::new(u64::MAX, KeyClass::Enter).key(), KeyClass::Enter);
    }

    proptest! {
        #[test]
        fn any_number_is_a_stroke_that_survives_storing(bits: u64) {
            let stroke = Stroke::from_bits(bits);
            prop_assert_eq!(Stroke::from_bits(stroke.to_bits()), stroke);
            prop_assert_eq!(stroke.key().code(), stroke.code());
            prop_assert!(stroke.code().arriving() <= 40 && stroke.code().left() <= 40);
        }
    }
}
