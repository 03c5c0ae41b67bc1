//! How a pattern is written.
//!
//! **Invariant:** every text is a pattern: what is not well formed stands for itself.

use super::{Piece, Style};
use decnet_core::limits::PATTERN_DEPTH;

/// A part of a pattern that stands for something in the text.
#[derive(Clone, Debug)]
pub(super) enum Node {
    /// One character, or a byte that is none.
    Unit(Vec<u8>),
    /// `?`
    Any,
    /// `*`
    Star,
    /// `[…]`
    Set(Set),
    /// `@(…|…)` and its kind.
    Group(Kind, Vec<Vec<Node>>),
}

/// How often a group's text may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `@(…)`
    Once,
    /// `?(…)`
    Maybe,
    /// `*(…)`
    Any,
    /// `+(…)`
    Some,
    /// `!(…)`: whatever is none of these.
    Not,
}

/// Characters of which one is meant.
#[derive(Clone, Debug, Default)]
pub(super) struct Set {
    negated: bool,
    items: Vec<Item>,
}

#[derive(Clone, Debug)]
enum Item {
    Range(u32, u32),
    Class(fn(char) -> bool),
}

impl Set {
    pub(super) fn holds(&self, unit: &[u8], any_case: bool) -> bool {
        let code = code(unit);
        let other = char::from_u32(code).filter(|_| any_case).map(swapped);
        let found = self.has(code) || other.is_some_and(|other| self.has(u32::from(other)));
        found != self.negated
    }

    fn has(&self, code: u32) -> bool {
        self.items.iter().any(|item| match item {
            Item::Range(low, high) => (*low..=*high).contains(&code),
            Item::Class(class) => char::from_u32(code).is_some_and(class),
        })
    }
}

/// The other case of a letter that has one.
fn swapped(letter: char) -> char {
    let single =
        |mut all: Box<dyn Iterator<Item = char>>| all.next().filter(|_| all.next().is_none());
    let other = if letter.is_lowercase() {
        single(Box::new(letter.to_uppercase()))
    } else {
        single(Box::new(letter.to_lowercase()))
    };
    other.unwrap_or(letter)
}

/// Whether two units are the same letter.
pub(super) fn same(a: &[u8], b: &[u8], any_case: bool) -> bool {
    let other = |unit: &[u8]| char::from_u32(code(unit)).map(swapped);
    a == b || (any_case && other(a) == char::from_u32(code(b)))
}

/// Bytes that are no character lie behind all characters.
fn code(unit: &[u8]) -> u32 {
    match std::str::from_utf8(unit).ok().and_then(|text| text.chars().next()) {
        Some(letter) => u32::from(letter),
        None => 0x11_0000 + u32::from(unit.first().copied().unwrap_or_default()),
    }
}

/// Bytes of the character that the text begins with; 1 for a byte that is none.
pub(super) fn unit_bytes(text: &[u8]) -> usize {
    let long = match text.first() {
        Some(0xc2..=0xdf) => 2,
        Some(0xe0..=0xef) => 3,
        Some(0xf0..=0xf4) => 4,
        _ => return 1,
    };
    match text.get(..long) {
        Some(unit) if std::str::from_utf8(unit).is_ok() => long,
        _ => 1,
    }
}

/// One character of a pattern's text.
#[derive(Clone, Debug)]
struct Sign {
    unit: Vec<u8>,
    quoted: bool,
}

impl Sign {
    /// It is this character and may mean something.
    fn is(&self, byte: u8) -> bool {
        !self.quoted && self.unit.as_slice() == [byte]
    }

    fn is_one_of(&self, bytes: &[u8]) -> bool {
        bytes.iter().any(|&byte| self.is(byte))
    }
}

pub(super) fn parse(pieces: &[Piece<'_>], style: Style) -> Vec<Node> {
    let signs = signs(pieces);
    let mut parser = Parser { signs: &signs, closes: Vec::new(), at: 0, looked: 0 };
    if style.groups {
        parser.closes = parser.groups();
    }
    parser.sequence(signs.len(), 0)
}

/// The characters of all pieces, with backslashes taken for what they are.
fn signs(pieces: &[Piece<'_>]) -> Vec<Sign> {
    let mut signs: Vec<Sign> = Vec::new();
    for piece in pieces {
        let (mut rest, bare) = match piece {
            Piece::Quoted(text) => (*text, false),
            Piece::Bare(text) => (*text, true),
        };
        while !rest.is_empty() {
            let escaped = bare && rest.len() > 1 && rest.starts_with(b"\\");
            let begin = usize::from(escaped);
            let long = unit_bytes(rest.get(begin..).unwrap_or_default());
            let unit = rest.get(begin..begin + long).unwrap_or_default().to_vec();
            signs.push(Sign { unit, quoted: escaped || !bare });
            rest = rest.get(begin + long..).unwrap_or_default();
        }
    }
    signs
}

/// Signs of a pattern that are looked at for the ends of `[…]`; behind them, `[` is itself.
const SET_SIGNS: usize = 1 << 20;

struct Parser<'a> {
    signs: &'a [Sign],
    /// For each round bracket that opens, where it is closed.
    closes: Vec<Option<usize>>,
    at: usize,
    /// Signs that were looked at for the ends of `[…]`.
    looked: usize,
}

impl Parser<'_> {
    /// Round brackets, without those in `[…]`.
    fn groups(&mut self) -> Vec<Option<usize>> {
        let mut closes = vec![None; self.signs.len()];
        let (mut open, mut at) = (Vec::new(), 0);
        while let Some(sign) = self.signs.get(at) {
            at += 1;
            if sign.is(b'(') {
                open.push(at - 1);
            } else if sign.is(b')')
                && let Some(begin) = open.pop()
                && let Some(close) = closes.get_mut(begin)
            {
                *close = Some(at - 1);
            } else if sign.is(b'[')
                && let Some((_, behind)) = self.set(at, self.signs.len())
            {
                at = behind;
            }
        }
        closes
    }

    fn sequence(&mut self, end: usize, depth: usize) -> Vec<Node> {
        let mut nodes = Vec::new();
        while self.at < end {
            let Some(sign) = self.signs.get(self.at) else { break };
            if let Some((kind, close)) = self.group(sign, end, depth) {
                nodes.push(self.alternatives(kind, close, depth));
                continue;
            }
            self.at += 1;
            if sign.is(b'*') {
                if !matches!(nodes.last(), Some(Node::Star)) {
                    nodes.push(Node::Star);
                }
            } else if sign.is(b'?') {
                nodes.push(Node::Any);
            } else if sign.is(b'[')
                && let Some((set, behind)) = self.set(self.at, end)
            {
                nodes.push(Node::Set(set));
                self.at = behind;
            } else {
                nodes.push(Node::Unit(sign.unit.clone()));
            }
        }
        nodes
    }

    /// The group that begins here, and its end.
    fn group(&self, sign: &Sign, end: usize, depth: usize) -> Option<(Kind, usize)> {
        let close = (*self.closes.get(self.at + 1)?)?;
        if sign.quoted || close >= end || depth >= PATTERN_DEPTH {
            return None;
        }
        let kind = match sign.unit.as_slice() {
            b"@" => Kind::Once,
            b"?" => Kind::Maybe,
            b"*" => Kind::Any,
            b"+" => Kind::Some,
            b"!" => Kind::Not,
            _ => return None,
        };
        Some((kind, close))
    }

    fn alternatives(&mut self, kind: Kind, close: usize, depth: usize) -> Node {
        let mut all = Vec::new();
        self.at += 2;
        loop {
            let end = self.next_bar(self.at, close);
            all.push(self.sequence(end, depth + 1));
            self.at = end + 1;
            if end >= close {
                return Node::Group(kind, all);
            }
        }
    }

    /// Where the alternative ends that begins here.
    fn next_bar(&mut self, from: usize, close: usize) -> usize {
        let mut at = from;
        while at < close {
            let Some(sign) = self.signs.get(at) else { break };
            if sign.is(b'|') {
                return at;
            }
            // What is in brackets of its own is passed.
            at = match self.closes.get(at).copied().flatten() {
                Some(inner) => inner.max(at) + 1,
                None if sign.is(b'[') => {
                    self.set(at + 1, close).map_or(at + 1, |(_, behind)| behind)
                }
                None => at + 1,
            };
        }
        close
    }

    /// `[…]` from behind its bracket, and the place behind it.
    fn set(&mut self, from: usize, end: usize) -> Option<(Set, usize)> {
        let mut at = from;
        let mut set = Set::default();
        if self.signs.get(at).is_some_and(|sign| sign.is_one_of(b"!^")) {
            set.negated = true;
            at += 1;
        }
        let first = at;
        loop {
            self.looked += 1;
            let sign = self.signs.get(at).filter(|_| at < end && self.looked < SET_SIGNS)?;
            if sign.is(b']') && at > first {
                return Some((set, at + 1));
            }
            if sign.is(b'[')
                && let Some((item, behind)) = self.named(at + 1, end)
            {
                set.items.extend(item);
                at = behind;
                continue;
            }
            at += 1;
            let low = code(&sign.unit);
            let dash = self.signs.get(at).filter(|sign| sign.is(b'-'));
            match self.signs.get(at + 1) {
                Some(high) if dash.is_some() && at + 1 < end && !high.is(b']') => {
                    set.items.push(Item::Range(low, code(&high.unit)));
                    at += 2;
                }
                _ => set.items.push(Item::Range(low, low)),
            }
        }
    }

    /// `[:alpha:]`, `[.x.]`, `[=x=]` from behind the first bracket.
    fn named(&self, from: usize, end: usize) -> Option<(Option<Item>, usize)> {
        let mark = *self.signs.get(from)?.unit.first()?;
        if !b":.=".contains(&mark) {
            return None;
        }
        let mut name = Vec::new();
        // The longest name is `[:xdigit:]`.
        for at in from + 1..end.min(from + 16) {
            let (sign, next) = (self.signs.get(at)?, self.signs.get(at + 1)?);
            if sign.unit.as_slice() == [mark] && next.is(b']') && at + 1 < end {
                let item = if mark == b':' {
                    class(&name).map(Item::Class)
                } else {
                    let code = code(&name);
                    Some(Item::Range(code, code))
                };
                return Some((item, at + 2));
            }
            name.extend_from_slice(&sign.unit);
        }
        None
    }
}

fn class(name: &[u8]) -> Option<fn(char) -> bool> {
    Some(match name {
        b"alpha" => char::is_alphabetic,
        b"digit" => |c| c.is_ascii_digit(),
        b"alnum" => |c| c.is_alphabetic() || c.is_ascii_digit(),
        b"upper" => char::is_uppercase,
        b"lower" => char::is_lowercase,
        b"space" => char::is_whitespace,
        b"blank" => |c| matches!(c, ' ' | '\t'),
        b"punct" => |c| c.is_ascii_punctuation() || (!c.is_ascii() && !c.is_alphanumeric()),
        b"cntrl" => char::is_control,
        b"print" => |c| !c.is_control(),
        b"graph" => |c| !c.is_control() && !c.is_whitespace(),
        b"xdigit" => |c| c.is_ascii_hexdigit(),
        b"word" => |c| c.is_alphanumeric() || c == '_',
        b"ascii" => |c| c.is_ascii(),
        _ => return None,
    })
}

/// The pattern for texts that are read from their ends.
pub(super) fn reversed(nodes: &[Node]) -> Vec<Node> {
    let turn = |node: &Node| match node {
        Node::Group(kind, all) => {
            Node::Group(*kind, all.iter().map(|nodes| reversed(nodes)).collect())
        }
        Node::Unit(_) | Node::Any | Node::Star | Node::Set(_) => node.clone(),
    };
    nodes.iter().rev().map(turn).collect()
}
