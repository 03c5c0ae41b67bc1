//! What a pattern says, whichever way it was written.
//!
//! **Invariant:** no node is deeper than [`DEPTH`].

use super::{Around, Case, Chars, Error};
use regex_syntax::hir::{ClassBytes, ClassBytesRange, ClassUnicode, ClassUnicodeRange};

/// Parentheses and repetitions in each other.
pub(super) const DEPTH: usize = 120;
/// GNU's `RE_DUP_MAX`.
pub(super) const DUP_MAX: u32 = 0x7fff;

#[derive(Clone, Debug)]
pub(super) enum Ast {
    Empty,
    /// These bytes, in this case.
    Literal(Vec<u8>),
    Set(Set),
    Look(Look),
    /// With its number, where it has one.
    Group(Box<Ast>, Option<usize>),
    Concat(Vec<Ast>),
    Alternate(Vec<Ast>),
    Repeat(Box<Ast>, Times),
    /// What that group matched.
    Back(usize),
    /// `(?=`, `(?!`, `(?<=`, `(?<!`, `(?>`.
    Assert(Box<Ast>, Assert),
    /// `\K`.
    Keep,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Times {
    pub(super) min: u32,
    pub(super) max: Option<u32>,
    pub(super) greed: Greed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Greed {
    Greedy,
    Lazy,
    Possessive,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Assert {
    Ahead,
    NotAhead,
    Behind,
    NotBehind,
    Atomic,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    LineStart,
    LineEnd,
    TextStart,
    TextEnd,
    /// Perl's `$` and `\Z`: the end, or before the line end that is there.
    TextEndLine,
    Word,
    NotWord,
    WordStart,
    WordEnd,
    /// No part of a word is before it.
    NoWordBefore,
    NoWordBehind,
}

/// One character of several.
#[derive(Clone, Debug)]
pub(super) enum Set {
    Bytes(ClassBytes),
    Chars(ClassUnicode),
}

impl Set {
    pub(super) fn new(chars: Chars) -> Self {
        match chars {
            Chars::Bytes => Self::Bytes(ClassBytes::empty()),
            Chars::Utf8 => Self::Chars(ClassUnicode::empty()),
        }
    }

    /// From one character to another, these among them; characters beyond what there is are left
    /// out.
    pub(super) fn add(&mut self, from: u32, to: u32) {
        match self {
            Self::Bytes(class) => {
                if let Ok(from) = u8::try_from(from) {
                    class.push(ClassBytesRange::new(from, u8::try_from(to).unwrap_or(u8::MAX)));
                }
            }
            Self::Chars(class) => {
                // Surrogates are no characters.
                let parts = [(from, to.min(0xd7ff)), (from.max(0xe000), to.min(0x10_ffff))];
                for (from, to) in parts.into_iter().filter(|(from, to)| from <= to) {
                    if let (Some(from), Some(to)) = (char::from_u32(from), char::from_u32(to)) {
                        class.push(ClassUnicodeRange::new(from, to));
                    }
                }
            }
        }
    }

    pub(super) fn join(&mut self, other: &Self) {
        match (self, other) {
            (Self::Bytes(class), Self::Bytes(other)) => class.union(other),
            (Self::Chars(class), Self::Chars(other)) => class.union(other),
            (Self::Bytes(_), Self::Chars(_)) | (Self::Chars(_), Self::Bytes(_)) => {}
        }
    }

    pub(super) fn negate(&mut self) {
        match self {
            Self::Bytes(class) => class.negate(),
            Self::Chars(class) => class.negate(),
        }
    }

    pub(super) fn fold(&mut self, case: Case) {
        if case == Case::Fold {
            match self {
                Self::Bytes(class) => class.case_fold_simple(),
                // Fails only without its tables.
                Self::Chars(class) => drop(class.try_case_fold_simple()),
            }
        }
    }

    pub(super) fn has(&self, code: u32) -> bool {
        use std::cmp::Ordering::{Equal, Greater, Less};
        let order = |from: u32, to: u32| {
            if to < code {
                Less
            } else if from > code {
                Greater
            } else {
                Equal
            }
        };
        match self {
            Self::Bytes(class) => class
                .ranges()
                .binary_search_by(|range| order(range.start().into(), range.end().into()))
                .is_ok(),
            Self::Chars(class) => class
                .ranges()
                .binary_search_by(|range| order(range.start().into(), range.end().into()))
                .is_ok(),
        }
    }

    /// `\w`, and what is a part of a word for `\<`.
    pub(super) fn word(chars: Chars) -> Self {
        let mut set = Self::named(chars, b"alnum").unwrap_or_else(|| Self::new(chars));
        set.add(b'_'.into(), b'_'.into());
        set
    }

    /// One of `[:alpha:]` and so on.
    pub(super) fn named(chars: Chars, name: &[u8]) -> Option<Self> {
        let ranges: &[(u8, u8)] = match name {
            b"alpha" => &[(b'a', b'z'), (b'A', b'Z')],
            b"digit" => &[(b'0', b'9')],
            b"alnum" => &[(b'0', b'9'), (b'a', b'z'), (b'A', b'Z')],
            b"upper" => &[(b'A', b'Z')],
            b"lower" => &[(b'a', b'z')],
            b"space" => &[(9, 13), (b' ', b' ')],
            b"blank" => &[(9, 9), (b' ', b' ')],
            b"punct" => &[(b'!', b'/'), (b':', b'@'), (b'[', b'`'), (b'{', b'~')],
            b"print" => &[(b' ', b'~')],
            b"graph" => &[(b'!', b'~')],
            b"cntrl" => &[(0, 31), (127, 127)],
            b"xdigit" => &[(b'0', b'9'), (b'a', b'f'), (b'A', b'F')],
            _ => return None,
        };
        let mut set = Self::new(chars);
        for &(from, to) in ranges {
            set.add(from.into(), to.into());
        }
        if chars == Chars::Utf8 {
            let more: &str = match name {
                b"alpha" | b"alnum" => r"[\p{L}\p{Nl}&&[^\x00-\x7f]]|[\p{Nd}&&[^\x00-\x7f]]",
                b"upper" => r"[\p{Lu}&&[^\x00-\x7f]]",
                b"lower" => r"[\p{Ll}&&[^\x00-\x7f]]",
                b"punct" => r"[\p{P}\p{S}\p{M}\p{No}&&[^\x00-\x7f]]",
                b"print" => r"[[^\p{C}\p{Zl}\p{Zp}]&&[^\x00-\x7f]]",
                b"graph" => r"[[^\p{C}\p{Z}]&&[^\x00-\x7f]]",
                b"space" | b"blank" => {
                    r"[\u{1680}\u{2000}-\u{2006}\u{2008}-\u{200a}\u{205f}\u{3000}]"
                }
                _ => "",
            };
            set.join_pattern(more);
        }
        Some(set)
    }

    /// Adds what one of our own patterns says.
    pub(super) fn join_pattern(&mut self, pattern: &str) -> bool {
        use regex_syntax::hir::{Class, HirKind};
        if pattern.is_empty() {
            return true;
        }
        let Ok(hir) = regex_syntax::Parser::new().parse(pattern) else { return false };
        match (hir.kind(), self) {
            (HirKind::Class(Class::Unicode(more)), Self::Chars(class)) => class.union(more),
            (HirKind::Literal(one), set @ Self::Chars(_)) => {
                if let Some(found) = std::str::from_utf8(&one.0).ok().and_then(|t| t.chars().next())
                {
                    set.add(found.into(), found.into());
                }
            }
            _ => return false,
        }
        true
    }
}

/// A character as it stands in a pattern.
pub(super) fn literal(bytes: &[u8], code: u32, chars: Chars, case: Case) -> Ast {
    if case == Case::Fold {
        let mut set = Set::new(chars);
        set.add(code, code);
        set.fold(case);
        let several = match &set {
            Set::Bytes(class) => class.literal().is_none(),
            Set::Chars(class) => class.literal().is_none(),
        };
        if several && set.has(code) {
            return Ast::Set(set);
        }
    }
    Ast::Literal(bytes.to_vec())
}

/// What stands behind each other.
pub(super) fn concat(mut parts: Vec<Ast>) -> Ast {
    match parts.len() {
        0 => Ast::Empty,
        1 => parts.pop().unwrap_or(Ast::Empty),
        _ => Ast::Concat(parts),
    }
}

pub(super) fn alternate(mut parts: Vec<Ast>) -> Ast {
    match parts.len() {
        0 | 1 => parts.pop().unwrap_or(Ast::Empty),
        _ => Ast::Alternate(parts),
    }
}

impl Ast {
    pub(super) fn within(self, around: Around) -> Self {
        let (before, behind) = match around {
            Around::Anything => return self,
            Around::NoWord => (Look::NoWordBefore, Look::NoWordBehind),
            Around::Nothing => (Look::TextStart, Look::TextEnd),
        };
        let inner = Self::Group(Box::new(self), None);
        Self::Concat(vec![Self::Look(before), inner, Self::Look(behind)])
    }

    /// Repeats it. `x**` is `x*`.
    pub(super) fn repeat(self, times: Times) -> Result<Self, Error> {
        let star = Times { min: 0, max: None, greed: Greed::Greedy };
        if let Self::Repeat(_, inner) = &self
            && *inner == star
            && times.greed == Greed::Greedy
            && times.max != Some(0)
        {
            return Ok(self);
        }
        if self.depth() > DEPTH {
            return Err(Error::TooBig);
        }
        Ok(Self::Repeat(Box::new(self), times))
    }

    /// Repetitions right in each other, groups not counted: those have a cap of their own.
    fn depth(&self) -> usize {
        let (mut node, mut depth) = (self, 0);
        while let Self::Repeat(inner, _) = node {
            (node, depth) = (inner, depth + 1);
        }
        depth
    }

    /// Whether an automaton cannot do it.
    pub(super) fn needs_steps(&self) -> bool {
        match self {
            Self::Back(_) | Self::Assert(..) | Self::Keep => true,
            Self::Empty | Self::Literal(_) | Self::Set(_) | Self::Look(_) => false,
            Self::Group(inner, _) | Self::Repeat(inner, _) => inner.needs_steps(),
            Self::Concat(parts) | Self::Alternate(parts) => parts.iter().any(Self::needs_steps),
        }
    }

    /// Characters that it matches at least and at most.
    pub(super) fn widths(&self, chars: Chars) -> (usize, Option<usize>) {
        match self {
            Self::Empty | Self::Look(_) | Self::Assert(..) | Self::Keep => (0, Some(0)),
            Self::Literal(bytes) => {
                let (mut at, mut count) = (0, 0);
                while at < bytes.len() {
                    at += super::width_at(chars, bytes, at);
                    count += 1;
                }
                (count, Some(count))
            }
            Self::Set(_) => (1, Some(1)),
            Self::Back(_) => (0, None),
            Self::Group(inner, _) => inner.widths(chars),
            Self::Concat(parts) => parts.iter().map(|part| part.widths(chars)).fold(
                (0, Some(0)),
                |(min, max): (usize, Option<usize>), (from, to)| {
                    (min.saturating_add(from), max.zip(to).map(|(a, b)| a.saturating_add(b)))
                },
            ),
            Self::Alternate(parts) => parts
                .iter()
                .map(|part| part.widths(chars))
                .reduce(|(min, max), (from, to)| {
                    (min.min(from), max.zip(to).map(|(a, b)| a.max(b)))
                })
                .unwrap_or((0, Some(0))),
            Self::Repeat(inner, times) => {
                let (min, max) = inner.widths(chars);
                let least = min.saturating_mul(usize::try_from(times.min).unwrap_or(usize::MAX));
                let most = max.zip(times.max).map(|(max, times)| {
                    max.saturating_mul(usize::try_from(times).unwrap_or(usize::MAX))
                });
                (least, most)
            }
        }
    }
}
