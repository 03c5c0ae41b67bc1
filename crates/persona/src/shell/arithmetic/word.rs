//! Words of an expression: names, numbers, operators.
//!
//! **Invariant:** a word is read once, and is never empty but at the end.

use super::{Answer, Expression, Seen, Variables, number};

/// A word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word<'a> {
    End,
    Number(i64),
    /// A variable, and what is in the brackets behind it.
    Name(&'a [u8], Option<&'a [u8]>),
    Operator(Operator),
}

/// An operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Comma,
    /// `=`, or `+=` and its kind.
    Set(Option<&'static Operator>),
    Question,
    Colon,
    Or,
    And,
    BitOr,
    BitXor,
    BitAnd,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    More,
    MoreEqual,
    Left,
    Right,
    Plus,
    Minus,
    Times,
    Divide,
    Rest,
    Power,
    Not,
    BitNot,
    Open,
    Close,
    /// `++` and `--` before a name, by what they add.
    Before(i64),
    Behind(i64),
}

impl Operator {
    /// How much it binds, where it stands between two operands.
    pub(super) fn level(self) -> Option<u8> {
        Some(match self {
            Self::Or => 1,
            Self::And => 2,
            Self::BitOr => 3,
            Self::BitXor => 4,
            Self::BitAnd => 5,
            Self::Equal | Self::NotEqual => 6,
            Self::Less | Self::LessEqual | Self::More | Self::MoreEqual => 7,
            Self::Left | Self::Right => 8,
            Self::Plus | Self::Minus => 9,
            Self::Times | Self::Divide | Self::Rest => 10,
            Self::Power => 11,
            Self::Comma
            | Self::Set(_)
            | Self::Question
            | Self::Colon
            | Self::Not
            | Self::BitNot
            | Self::Open
            | Self::Close
            | Self::Before(_)
            | Self::Behind(_) => return None,
        })
    }
}

/// Operators as they are written, the longest of each begin first.
const OPERATORS: &[(&[u8], Operator)] = &[
    (b"<<=", Operator::Set(Some(&Operator::Left))),
    (b">>=", Operator::Set(Some(&Operator::Right))),
    (b"==", Operator::Equal),
    (b"!=", Operator::NotEqual),
    (b">=", Operator::MoreEqual),
    (b"<=", Operator::LessEqual),
    (b"<<", Operator::Left),
    (b">>", Operator::Right),
    (b"&&", Operator::And),
    (b"||", Operator::Or),
    (b"**", Operator::Power),
    (b"*=", Operator::Set(Some(&Operator::Times))),
    (b"/=", Operator::Set(Some(&Operator::Divide))),
    (b"%=", Operator::Set(Some(&Operator::Rest))),
    (b"+=", Operator::Set(Some(&Operator::Plus))),
    (b"-=", Operator::Set(Some(&Operator::Minus))),
    (b"&=", Operator::Set(Some(&Operator::BitAnd))),
    (b"^=", Operator::Set(Some(&Operator::BitXor))),
    (b"|=", Operator::Set(Some(&Operator::BitOr))),
    (b"=", Operator::Set(None)),
    (b">", Operator::More),
    (b"<", Operator::Less),
    (b"+", Operator::Plus),
    (b"-", Operator::Minus),
    (b"*", Operator::Times),
    (b"/", Operator::Divide),
    (b"%", Operator::Rest),
    (b"!", Operator::Not),
    (b"(", Operator::Open),
    (b")", Operator::Close),
    (b"&", Operator::BitAnd),
    (b"|", Operator::BitOr),
    (b"^", Operator::BitXor),
    (b"~", Operator::BitNot),
    (b"?", Operator::Question),
    (b":", Operator::Colon),
    (b",", Operator::Comma),
];

pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n')
}

fn begins_name(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_'
}

impl<'a, V: Variables> Expression<'a, V> {
    /// Reads the next word.
    pub(super) fn next(&mut self) -> Answer<()> {
        *self.words = self.words.saturating_sub(1);
        if *self.words == 0 {
            return Err(self.wrong("expression recursion level exceeded"));
        }
        let text = self.text;
        let rest = text.get(self.at..).unwrap_or_default();
        let blanks = rest.iter().take_while(|&&b| is_space(b)).count();
        let rest = rest.get(blanks..).unwrap_or_default();
        self.at += blanks;
        let Some(&first) = rest.first() else {
            self.last = Seen::of(&self.word);
            self.word = Word::End;
            return Ok(());
        };
        self.token = self.at;
        let word = if begins_name(first) {
            self.name(rest)?
        } else if first.is_ascii_digit() {
            self.number(rest)?
        } else {
            self.operator(rest)?
        };
        self.last = Seen::of(&self.word);
        self.word = word;
        Ok(())
    }

    fn name(&mut self, rest: &'a [u8]) -> Answer<Word<'a>> {
        let is_part = |&&b: &&u8| begins_name(b) || b.is_ascii_digit();
        let long = rest.iter().take_while(is_part).count();
        let (name, behind) = rest.split_at_checked(long).unwrap_or((rest, &[]));
        self.at += long;
        if !behind.starts_with(b"[") {
            return Ok(Word::Name(name, None));
        }
        let Some(close) = closing(behind) else { return Err(self.wrong("bad array subscript")) };
        self.at += close + 1;
        Ok(Word::Name(name, Some(behind.get(1..close).unwrap_or_default())))
    }

    fn number(&mut self, rest: &[u8]) -> Answer<Word<'a>> {
        let long = rest.iter().take_while(|&&b| number::is_digit(b) || b == b'#').count();
        let value = number::read(rest.get(..long).unwrap_or(rest));
        self.at += long;
        match value {
            Ok(value) => Ok(Word::Number(value)),
            // Nothing behind the number is shown.
            Err(why) => {
                let text = self.text.get(..self.at).unwrap_or(self.text);
                Err(self.wrong_at(why.text(), text, self.token))
            }
        }
    }

    fn operator(&mut self, rest: &[u8]) -> Answer<Word<'a>> {
        if let [sign @ (b'+' | b'-'), same, behind @ ..] = rest
            && sign == same
        {
            let step = if *sign == b'+' { 1 } else { -1 };
            match Seen::of(&self.word) {
                Seen::Name => {
                    self.at += 2;
                    return Ok(Word::Operator(Operator::Behind(step)));
                }
                Seen::Number if self.last == Seen::Step => {
                    let why = if step == 1 { "++" } else { "--" };
                    return Err(self.wrong(&format!("{why}: assignment requires lvalue")));
                }
                Seen::Nothing | Seen::Number | Seen::Step | Seen::Operator | Seen::Close => {}
            }
            if behind.iter().find(|&&b| !is_space(b)).is_some_and(|&b| begins_name(b)) {
                self.at += 2;
                return Ok(Word::Operator(Operator::Before(step)));
            }
            self.at += 1;
            let sign = if step == 1 { Operator::Plus } else { Operator::Minus };
            return Ok(Word::Operator(sign));
        }
        let Some((text, operator)) = OPERATORS.iter().find(|(text, _)| rest.starts_with(text))
        else {
            return Err(self.wrong(match Seen::of(&self.word) {
                Seen::Nothing | Seen::Step | Seen::Operator => "syntax error: operand expected",
                Seen::Name | Seen::Number | Seen::Close => {
                    "syntax error: invalid arithmetic operator"
                }
            }));
        };
        self.at += text.len();
        Ok(Word::Operator(*operator))
    }
}

/// Where the bracket is closed that the text begins with.
fn closing(text: &[u8]) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, &byte) in text.iter().enumerate() {
        match byte {
            b'[' => depth += 1,
            b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}
