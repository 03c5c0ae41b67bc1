//! Words of an awk program.
//!
//! **Invariant:** every byte of the program is read once, but for those of a regular expression,
//! whose begin the parser alone knows.

use super::parser::Wrong;

/// A word.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Word {
    Number(f64),
    Text(Vec<u8>),
    /// A name that is no keyword; followed by `(` without space it is a function's.
    Name(Vec<u8>),
    Call(Vec<u8>),
    Key(Key),
    /// An operator, as it is written.
    Sign(&'static str),
    LineEnd,
    End,
}

/// Words that mean something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Begin,
    End,
    Function,
    If,
    Else,
    While,
    For,
    Do,
    Break,
    Continue,
    Next,
    NextFile,
    Exit,
    Return,
    Delete,
    In,
    Getline,
    Print,
    Printf,
    Builtin(Builtin),
}

/// Functions that are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Builtin {
    Length,
    Substr,
    Index,
    Split,
    Match,
    Sub,
    Gsub,
    Sprintf,
    Sin,
    Cos,
    Atan2,
    Exp,
    Log,
    Sqrt,
    Int,
    Rand,
    Srand,
    ToUpper,
    ToLower,
    System,
    Close,
    Fflush,
    Systime,
    Mktime,
    Strftime,
}

const KEYS: &[(&str, Key)] = &[
    ("BEGIN", Key::Begin),
    ("END", Key::End),
    ("function", Key::Function),
    ("if", Key::If),
    ("else", Key::Else),
    ("while", Key::While),
    ("for", Key::For),
    ("do", Key::Do),
    ("break", Key::Break),
    ("continue", Key::Continue),
    ("next", Key::Next),
    ("nextfile", Key::NextFile),
    ("exit", Key::Exit),
    ("return", Key::Return),
    ("delete", Key::Delete),
    ("in", Key::In),
    ("getline", Key::Getline),
    ("print", Key::Print),
    ("printf", Key::Printf),
    ("length", Key::Builtin(Builtin::Length)),
    ("substr", Key::Builtin(Builtin::Substr)),
    ("index", Key::Builtin(Builtin::Index)),
    ("split", Key::Builtin(Builtin::Split)),
    ("match", Key::Builtin(Builtin::Match)),
    ("sub", Key::Builtin(Builtin::Sub)),
    ("gsub", Key::Builtin(Builtin::Gsub)),
    ("sprintf", Key::Builtin(Builtin::Sprintf)),
    ("sin", Key::Builtin(Builtin::Sin)),
    ("cos", Key::Builtin(Builtin::Cos)),
    ("atan2", Key::Builtin(Builtin::Atan2)),
    ("exp", Key::Builtin(Builtin::Exp)),
    ("log", Key::Builtin(Builtin::Log)),
    ("sqrt", Key::Builtin(Builtin::Sqrt)),
    ("int", Key::Builtin(Builtin::Int)),
    ("rand", Key::Builtin(Builtin::Rand)),
    ("srand", Key::Builtin(Builtin::Srand)),
    ("toupper", Key::Builtin(Builtin::ToUpper)),
    ("tolower", Key::Builtin(Builtin::ToLower)),
    ("system", Key::Builtin(Builtin::System)),
    ("close", Key::Builtin(Builtin::Close)),
    ("fflush", Key::Builtin(Builtin::Fflush)),
    ("systime", Key::Builtin(Builtin::Systime)),
    ("mktime", Key::Builtin(Builtin::Mktime)),
    ("strftime", Key::Builtin(Builtin::Strftime)),
];

impl Builtin {
    /// Its name, and how many arguments it takes at least and at most.
    pub(super) fn shape(self) -> (&'static str, usize, usize) {
        let name = KEYS.iter().find(|(_, key)| *key == Key::Builtin(self)).map_or("", |(n, _)| n);
        let (least, most) = match self {
            Self::Length | Self::Srand | Self::Fflush => (0, 1),
            Self::Substr => (2, 3),
            Self::Index | Self::Match | Self::Atan2 => (2, 2),
            Self::Split | Self::Sub | Self::Gsub => (2, 3),
            Self::Sprintf => (1, 255),
            Self::Sin
            | Self::Cos
            | Self::Exp
            | Self::Log
            | Self::Sqrt
            | Self::Int
            | Self::ToUpper
            | Self::ToLower
            | Self::System
            | Self::Close
            | Self::Mktime => (1, 1),
            Self::Rand | Self::Systime => (0, 0),
            Self::Strftime => (0, 3),
        };
        (name, least, most)
    }
}

/// Operators, the longest of each begin first.
const SIGNS: &[&str] = &[
    "&&", "||", "++", "--", "+=", "-=", "*=", "/=", "%=", "^=", "==", "!=", "<=", ">=", ">>", "!~",
    "+", "-", "*", "/", "%", "^", "!", "<", ">", "|", "?", ":", "~", "$", "=", "(", ")", "{", "}",
    "[", "]", ",", ";",
];

#[derive(Clone)]
pub(super) struct Lexer<'a> {
    text: &'a [u8],
    at: usize,
    pub(super) line: usize,
    /// Brackets that are open.
    pub(super) braces: usize,
    pub(super) parens: usize,
    /// Where the word begins that was read last.
    word_start: usize,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0, line: 1, braces: 0, parens: 0, word_start: 0 }
    }

    fn rest(&self) -> &'a [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The text of the word that was read last.
    pub(super) fn shown(&self) -> &'a [u8] {
        self.text.get(self.word_start..self.at).unwrap_or_default()
    }

    pub(super) fn next(&mut self) -> Result<Word, Wrong> {
        self.blanks();
        self.word_start = self.at;
        let rest = self.rest();
        let Some(&first) = rest.first() else { return Ok(Word::End) };
        if first == b'\n' {
            self.at += 1;
            self.line += 1;
            return Ok(Word::LineEnd);
        }
        if first.is_ascii_alphabetic() || first == b'_' {
            return Ok(self.name(rest));
        }
        let digit = first.is_ascii_digit()
            || (first == b'.' && rest.get(1).is_some_and(u8::is_ascii_digit));
        if digit {
            let (value, bytes) = crate::commands::lang::number::prefix(
                rest,
                crate::commands::lang::number::Also::Nothing,
            );
            self.at += bytes.max(1);
            return Ok(Word::Number(value));
        }
        if first == b'"' {
            return self.string(rest);
        }
        let found = SIGNS.iter().find(|sign| rest.starts_with(sign.as_bytes()));
        let Some(sign) = found else { return Err(Wrong::Unexpected(first, self.line)) };
        self.at += sign.len();
        self.brackets(sign)?;
        Ok(Word::Sign(sign))
    }

    fn brackets(&mut self, sign: &str) -> Result<(), Wrong> {
        match sign {
            "(" => self.parens += 1,
            "{" => self.braces += 1,
            ")" if self.parens == 0 => return Err(Wrong::said("extra ')'", self.line)),
            ")" => self.parens -= 1,
            "}" if self.braces == 0 => {
                let line = self.line;
                return Err(Wrong::Twice("extra '}'", "syntax error at or near end of line", line));
            }
            "}" => self.braces -= 1,
            _ => {}
        }
        Ok(())
    }

    /// Blanks, comments, and line ends that a backslash hides.
    fn blanks(&mut self) {
        loop {
            match self.rest() {
                [b' ' | b'\t' | b'\r', ..] => self.at += 1,
                [b'\\', b'\n', ..] => {
                    self.at += 2;
                    self.line += 1;
                }
                [b'\\', b'\r', b'\n', ..] => {
                    self.at += 3;
                    self.line += 1;
                }
                [b'#', ..] => {
                    self.at += self.rest().iter().take_while(|&&b| b != b'\n').count();
                }
                _ => return,
            }
        }
    }

    fn name(&mut self, rest: &[u8]) -> Word {
        let is_part = |b: &&u8| b.is_ascii_alphanumeric() || **b == b'_';
        let long = rest.iter().take_while(is_part).count();
        let name = rest.get(..long).unwrap_or(rest);
        self.at += long;
        let name = if name == b"func" { b"function" } else { name };
        match KEYS.iter().find(|(text, _)| text.as_bytes() == name) {
            Some((_, key)) => Word::Key(*key),
            None if rest.get(long) == Some(&b'(') => Word::Call(name.to_vec()),
            None => Word::Name(name.to_vec()),
        }
    }

    fn string(&mut self, rest: &[u8]) -> Result<Word, Wrong> {
        let body = rest.get(1..).unwrap_or_default();
        let Some(raw) = quoted(body, b'"') else {
            let shown = body.split(|&b| b == b'\n').next().unwrap_or_default();
            let shown = shown.get(..10).unwrap_or(shown);
            let what = [b"runaway string constant \"", shown, b" ..."].concat();
            return Err(Wrong::Said(what, self.line));
        };
        self.at += raw.len() + 2;
        self.line += raw.iter().filter(|&&b| b == b'\n').count();
        Ok(Word::Text(unescape(raw)))
    }

    /// The regular expression whose first `/` was the last word (or `/=`): its text.
    pub(super) fn regex(&mut self, sign: &str) -> Result<Vec<u8>, Wrong> {
        self.at = self.at.saturating_sub(sign.len() - 1);
        let body = self.rest();
        let Some(raw) = quoted_regex(body) else {
            let shown = body.split(|&b| b == b'\n').next().unwrap_or_default();
            let shown = shown.get(..10).unwrap_or(shown);
            let what = [b"runaway regular expression /", shown, b" ..."].concat();
            return Err(Wrong::Said(what, self.line));
        };
        self.at += raw.len() + 1;
        let mut text = Vec::with_capacity(raw.len());
        let mut bytes = raw.iter().copied().peekable();
        while let Some(byte) = bytes.next() {
            if byte == b'\\' && bytes.peek() == Some(&b'/') {
                continue;
            }
            text.push(byte);
            if byte == b'\\' {
                text.extend(bytes.next());
            }
        }
        Ok(text)
    }
}

/// What is before the closing quote; a line end ends it too, unless a backslash hides it.
fn quoted(body: &[u8], end: u8) -> Option<&[u8]> {
    let mut at = 0;
    loop {
        match body.get(at)? {
            b'\\' => at += 2,
            b'\n' => return None,
            byte if *byte == end => return body.get(..at),
            _ => at += 1,
        }
    }
}

/// As [`quoted`], for `/`, which in brackets is no end.
fn quoted_regex(body: &[u8]) -> Option<&[u8]> {
    let mut at = 0;
    let mut bracket: Option<usize> = None;
    loop {
        match (body.get(at)?, bracket) {
            (b'\n', _) => return None,
            (b'\\', _) => at += 1,
            (b'[', None) => {
                let negated = usize::from(body.get(at + 1) == Some(&b'^'));
                bracket = Some(at + 1 + negated);
                at += negated;
            }
            (b'[', Some(_)) if body.get(at + 1) == Some(&b':') => {
                let rest = body.get(at + 2..)?;
                if let Some(end) = rest.iter().take(12).position(|&b| b == b':')
                    && rest.get(end + 1) == Some(&b']')
                {
                    at += end + 3;
                }
            }
            (b']', Some(first)) if at > first => bracket = None,
            (b'/', None) => return body.get(..at),
            _ => {}
        }
        at += 1;
    }
}

/// Escapes of a text: C's, and others stay as they are.
pub(super) fn unescape(raw: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        if byte != b'\\' {
            text.push(byte);
            continue;
        }
        let Some((&letter, behind)) = rest.split_first() else {
            text.push(b'\\');
            break;
        };
        rest = behind;
        match letter {
            b'"' | b'\\' => text.push(letter),
            b'a' => text.push(7),
            b'b' => text.push(8),
            b'f' => text.push(12),
            b'n' => text.push(b'\n'),
            b'r' => text.push(b'\r'),
            b't' => text.push(b'\t'),
            b'v' => text.push(11),
            b'\n' => {}
            b'x' if rest.first().is_some_and(u8::is_ascii_hexdigit) => {
                let mut value = 0_u32;
                for _ in 0..2 {
                    let digit = rest.first().and_then(|&b| char::from(b).to_digit(16));
                    let Some(digit) = digit else { break };
                    value = value * 16 + digit;
                    rest = rest.get(1..).unwrap_or_default();
                }
                text.push(u8::try_from(value).unwrap_or_default());
            }
            b'0'..=b'7' => {
                let mut value = u32::from(letter - b'0');
                for _ in 0..2 {
                    let Some((&digit @ b'0'..=b'7', behind)) = rest.split_first() else { break };
                    value = value * 8 + u32::from(digit - b'0');
                    rest = behind;
                }
                text.push(u8::try_from(value & 255).unwrap_or_default());
            }
            _ => text.extend([b'\\', letter]),
        }
    }
    text
}
