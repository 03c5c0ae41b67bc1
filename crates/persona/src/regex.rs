//! Regular expressions as the machine's programs take them: POSIX basic and extended ones with
//! GNU's extensions, mawk's, and most of Perl's.
//!
//! **Invariant:** a pattern and a text are hostile: what a pattern grows to, and what one search
//! costs, has a cap, and nothing recurses deeper than parentheses may nest. What a search cost is
//! told by [`Regex::work`], for `Proc::tick`.

mod ast;
mod automaton;
mod backtrack;
mod bracket;
mod perl;
mod posix;
mod program;
#[cfg(test)]
mod tests;

use automaton::Automaton;
use program::Program;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How a pattern is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flavor {
    /// `sed`, `expr`.
    Basic,
    /// `grep`, which forgives repeated repetitions.
    Grep,
    /// `sed -E`, bash's `=~`.
    Extended,
    /// `grep -E`, which forgives what [`Flavor::Extended`] does not.
    Egrep,
    /// mawk's: escapes like those of its strings, no intervals, no references back.
    Awk,
    /// `grep -P`, `perl`: the first alternative that matches wins, not the longest.
    Perl,
}

/// Whether letters match those of the other case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    Exact,
    Fold,
}

/// What a character is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chars {
    /// Any byte: the C locale.
    Bytes,
    /// UTF-8; a byte that is none of it matches nothing but itself.
    Utf8,
}

/// Where `^` and `$` match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lines {
    /// At the ends of the text.
    Whole,
    /// Behind and before each line end too.
    Each,
}

/// How a pattern is to be understood.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Syntax {
    pub(crate) flavor: Flavor,
    pub(crate) case: Case,
    pub(crate) chars: Chars,
    pub(crate) lines: Lines,
}

impl Syntax {
    /// Bytes, exact case, one text.
    pub(crate) const fn new(flavor: Flavor) -> Self {
        Self { flavor, case: Case::Exact, chars: Chars::Bytes, lines: Lines::Whole }
    }
}

/// What may stand around a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Around {
    Anything,
    /// No part of the same word: `grep -w`.
    NoWord,
    /// Nothing: `grep -x`.
    Nothing,
}

/// Why a pattern is none; [`Error::text`] is `regerror`'s.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Error {
    Collate,
    Class,
    Escape,
    Reference,
    Bracket,
    OpenParen,
    Brace,
    BraceContent,
    Range,
    Repeat,
    TooBig,
    CloseParen,
    /// Perl's lookbehind of no certain length.
    Lookbehind,
    /// What this engine does not know of Perl's.
    Unknown,
}

impl Error {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Collate => "Invalid collation character",
            Self::Class => "Invalid character class name",
            Self::Escape => "Trailing backslash",
            Self::Reference => "Invalid back reference",
            Self::Bracket => "Unmatched [, [^, [:, [., or [=",
            Self::OpenParen => "Unmatched ( or \\(",
            Self::Brace => "Unmatched \\{",
            Self::BraceContent => "Invalid content of \\{\\}",
            Self::Range => "Invalid range end",
            Self::Repeat => "Invalid preceding regular expression",
            Self::TooBig => "Regular expression too big",
            Self::CloseParen => "Unmatched ) or \\)",
            Self::Lookbehind => "lookbehind assertion is not fixed length",
            Self::Unknown => "unrecognized character follows \\",
        }
    }
}

/// A pattern that can be searched for.
#[derive(Debug)]
pub(crate) struct Regex {
    engine: Engine,
    groups: usize,
    work: AtomicUsize,
}

#[derive(Debug)]
enum Engine {
    /// Linear in the text.
    Automaton(Box<Automaton>),
    /// For references back and for Perl's: tries, up to a number of steps.
    Program(Program),
}

/// Where a match and its groups are; the first is the whole.
pub(crate) type Captures = Vec<Option<(usize, usize)>>;

impl Regex {
    pub(crate) fn new(pattern: &[u8], syntax: Syntax) -> Result<Self, Error> {
        Self::within(pattern, syntax, Around::Anything)
    }

    /// A pattern whose matches have nothing of that around them.
    pub(crate) fn within(pattern: &[u8], syntax: Syntax, around: Around) -> Result<Self, Error> {
        let (ast, groups) = match syntax.flavor {
            Flavor::Perl => perl::parse(pattern, syntax)?,
            Flavor::Basic | Flavor::Grep | Flavor::Extended | Flavor::Egrep | Flavor::Awk => {
                posix::parse(pattern, syntax)?
            }
        };
        let ast = ast.within(around);
        let engine = if syntax.flavor == Flavor::Perl || ast.needs_steps() {
            Engine::Program(Program::new(&ast, groups, syntax)?)
        } else {
            Engine::Automaton(Box::new(Automaton::new(&ast, groups)?))
        };
        Ok(Self { engine, groups: groups + 1, work: AtomicUsize::new(0) })
    }

    /// Whether a pattern is one, without making it.
    pub(crate) fn check(pattern: &[u8], syntax: Syntax) -> Result<(), Error> {
        match syntax.flavor {
            Flavor::Perl => perl::parse(pattern, syntax).map(drop),
            Flavor::Basic | Flavor::Grep | Flavor::Extended | Flavor::Egrep | Flavor::Awk => {
                posix::parse(pattern, syntax).map(drop)
            }
        }
    }

    /// A basic one, of bytes.
    pub(crate) fn basic(pattern: &[u8], case: Case) -> Result<Self, Error> {
        Self::new(pattern, Syntax { case, ..Syntax::new(Flavor::Basic) })
    }

    /// An extended one, of bytes.
    pub(crate) fn extended(pattern: &[u8], case: Case) -> Result<Self, Error> {
        Self::new(pattern, Syntax { case, ..Syntax::new(Flavor::Extended) })
    }

    /// A shell's pattern, of bytes, for whole names: `*`, `?`, `[…]`.
    pub(crate) fn glob(pattern: &[u8]) -> Result<Self, Error> {
        let mut out = Vec::with_capacity(pattern.len() + 8);
        let mut bytes = pattern.iter();
        while let Some(&byte) = bytes.next() {
            match byte {
                b'*' => out.extend(b".*"),
                b'?' => out.push(b'.'),
                b'[' => {
                    let rest = bytes.as_slice();
                    let closed = rest.iter().skip(1).position(|&b| b == b']');
                    let set = closed.and_then(|end| rest.get(..end + 2));
                    let Some(set) = set else {
                        out.extend(b"\\[");
                        continue;
                    };
                    out.push(b'[');
                    match set.split_first() {
                        Some((b'!', set)) => out.extend([b"^", set].concat()),
                        _ => out.extend(set),
                    }
                    bytes = rest.get(set.len()..).unwrap_or_default().iter();
                }
                b'\\' => {
                    let next = bytes.next().copied().unwrap_or(b'\\');
                    out.extend(escaped(next));
                }
                byte => out.extend(escaped(byte)),
            }
        }
        Self::within(&out, Syntax::new(Flavor::Extended), Around::Nothing)
    }

    /// The number of groups, the whole match among them.
    pub(crate) fn groups(&self) -> usize {
        self.groups
    }

    /// The leftmost match that starts at `start` or behind: the longest of those there. What is
    /// before `start` is seen by `^`, `\<` and the like.
    pub(crate) fn find_at(&self, text: &[u8], start: usize) -> Option<(usize, usize)> {
        self.spent(text.len().saturating_sub(start) / 8 + 1);
        match &self.engine {
            Engine::Automaton(automaton) => automaton.find(text, start),
            Engine::Program(program) => {
                let (found, steps) = program.search(text, start);
                self.spent(steps);
                found?.first().copied().flatten()
            }
        }
    }

    /// As [`Regex::find_at`], with the groups.
    pub(crate) fn captures_at(&self, text: &[u8], start: usize) -> Option<Captures> {
        match &self.engine {
            Engine::Automaton(automaton) => {
                self.spent(text.len().saturating_sub(start) / 2 + 1);
                automaton.captures(text, start, self.groups)
            }
            Engine::Program(program) => {
                let (found, steps) = program.search(text, start);
                self.spent(steps);
                found
            }
        }
    }

    pub(crate) fn is_match(&self, text: &[u8]) -> bool {
        match &self.engine {
            Engine::Automaton(automaton) => {
                self.spent(text.len() / 8 + 1);
                automaton.is_match(text)
            }
            Engine::Program(_) => self.find_at(text, 0).is_some(),
        }
    }

    fn spent(&self, work: usize) {
        self.work.fetch_add(work, Ordering::Relaxed);
    }

    /// What searches cost since the last call, in about bytes looked at.
    pub(crate) fn work(&self) -> usize {
        self.work.swap(0, Ordering::Relaxed)
    }
}

/// A byte that stands for itself in an extended pattern.
fn escaped(byte: u8) -> Vec<u8> {
    if byte.is_ascii_alphanumeric() || byte >= 0x80 || b"-_/ ".contains(&byte) {
        vec![byte]
    } else {
        vec![b'\\', byte]
    }
}

/// The character at a place, and its bytes. A byte that is none is a number that no set has.
fn decode(chars: Chars, text: &[u8], at: usize) -> Option<(u32, usize)> {
    let first = *text.get(at)?;
    if chars == Chars::Bytes || first < 0x80 {
        return Some((u32::from(first), 1));
    }
    let len = match first {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => 1,
    };
    let found = text.get(at..at + len).and_then(|bytes| std::str::from_utf8(bytes).ok());
    match found.and_then(|text| text.chars().next()) {
        Some(found) => Some((u32::from(found), len)),
        None => Some((NO_CHAR + u32::from(first), 1)),
    }
}

/// Bytes of the character at a place; one behind the end.
pub(crate) fn width_at(chars: Chars, text: &[u8], at: usize) -> usize {
    decode(chars, text, at).map_or(1, |(_, len)| len)
}

/// Above all characters.
const NO_CHAR: u32 = 0x11_0000;
