//! Perl's regular expressions, as far as PCRE's users write them.
//!
//! **Invariant:** as in [`super::posix`].

use super::ast::{
    Assert, Ast, DEPTH, DUP_MAX, Greed, Look, Set, Times, alternate, concat, literal,
};
use super::bracket::{bracket, char_escape, class_escape};
use super::{Case, Error, Lines, Syntax, decode};

pub(super) fn parse(pattern: &[u8], syntax: Syntax) -> Result<(Ast, usize), Error> {
    let mut parser = Parser {
        pattern,
        at: 0,
        syntax,
        dot_all: false,
        extended: false,
        groups: 0,
        names: Vec::new(),
    };
    let ast = parser.alternatives(0)?;
    if parser.at < pattern.len() {
        return Err(Error::CloseParen);
    }
    Ok((ast, parser.groups))
}

struct Parser<'a> {
    pattern: &'a [u8],
    at: usize,
    /// Case and lines change with `(?i)` and `(?m)`.
    syntax: Syntax,
    /// `(?s)`, `(?x)`.
    dot_all: bool,
    extended: bool,
    groups: usize,
    names: Vec<(Vec<u8>, usize)>,
}

impl Parser<'_> {
    fn peek(&self, ahead: usize) -> Option<u8> {
        self.pattern.get(self.at + ahead).copied()
    }

    fn rest(&self) -> &[u8] {
        self.pattern.get(self.at..).unwrap_or_default()
    }

    fn eat(&mut self, text: &[u8]) -> bool {
        let found = self.rest().starts_with(text);
        self.at += if found { text.len() } else { 0 };
        found
    }

    fn alternatives(&mut self, depth: usize) -> Result<Ast, Error> {
        let mut branches = vec![self.branch(depth)?];
        while self.eat(b"|") {
            branches.push(self.branch(depth)?);
        }
        Ok(alternate(branches))
    }

    fn branch(&mut self, depth: usize) -> Result<Ast, Error> {
        let mut parts = Vec::new();
        loop {
            self.skip();
            match self.peek(0) {
                None | Some(b'|') => break,
                Some(b')') if depth > 0 => break,
                Some(b')') => return Err(Error::CloseParen),
                Some(b'*' | b'+' | b'?') => return Err(Error::Repeat),
                Some(_) => {}
            }
            if let Some(atom) = self.atom(depth)? {
                parts.push(self.repeated(atom)?);
            }
        }
        Ok(concat(parts))
    }

    /// Blanks and comments, where `(?x)` says so.
    fn skip(&mut self) {
        while self.extended {
            match self.peek(0) {
                Some(b) if b.is_ascii_whitespace() => self.at += 1,
                Some(b'#') => {
                    let line = self.rest().iter().position(|&b| b == b'\n');
                    self.at += line.unwrap_or(self.rest().len());
                }
                _ => return,
            }
        }
    }

    fn atom(&mut self, depth: usize) -> Result<Option<Ast>, Error> {
        let (chars, case) = (self.syntax.chars, self.syntax.case);
        let byte = self.peek(0).ok_or(Error::Escape)?;
        if matches!(byte, b'(' | b'\\' | b'[' | b'.' | b'^' | b'$') {
            self.at += 1;
        }
        Ok(Some(match byte {
            b'(' => return self.group(depth),
            b'\\' => return self.escape(),
            b'[' => {
                let (set, at) = bracket(self.pattern, self.at, self.syntax)?;
                self.at = at;
                Ast::Set(set)
            }
            b'.' => {
                let mut set = Set::new(chars);
                if self.dot_all {
                    set.add(0, 0x10_ffff);
                } else {
                    set.add(0, 9);
                    set.add(11, 0x10_ffff);
                }
                Ast::Set(set)
            }
            b'^' => Ast::Look(match self.syntax.lines {
                Lines::Whole => Look::TextStart,
                Lines::Each => Look::LineStart,
            }),
            b'$' => Ast::Look(match self.syntax.lines {
                Lines::Whole => Look::TextEndLine,
                Lines::Each => Look::LineEnd,
            }),
            _ => {
                let from = self.at;
                let (code, used) = decode(chars, self.pattern, from).ok_or(Error::Escape)?;
                self.at += used;
                literal(self.pattern.get(from..self.at).unwrap_or_default(), code, chars, case)
            }
        }))
    }

    fn escape(&mut self) -> Result<Option<Ast>, Error> {
        let (chars, case) = (self.syntax.chars, self.syntax.case);
        let letter = self.peek(0).ok_or(Error::Escape)?;
        self.at += 1;
        if let Some(set) = class_escape(chars, letter, self.syntax.flavor) {
            return Ok(Some(Ast::Set(set)));
        }
        Ok(Some(match letter {
            b'b' => Ast::Look(Look::Word),
            b'B' => Ast::Look(Look::NotWord),
            b'A' | b'G' => Ast::Look(Look::TextStart),
            b'z' => Ast::Look(Look::TextEnd),
            b'Z' => Ast::Look(Look::TextEndLine),
            b'K' => Ast::Keep,
            b'R' => {
                let mut set = Set::new(chars);
                set.add(10, 13);
                Ast::Alternate(vec![Ast::Literal(b"\r\n".to_vec()), Ast::Set(set)])
            }
            b'Q' => {
                let end = self.rest().windows(2).position(|pair| pair == b"\\E");
                let text = self.rest().get(..end.unwrap_or(self.rest().len())).unwrap_or_default();
                let text = text.to_vec();
                self.at += text.len() + if end.is_some() { 2 } else { 0 };
                let mut parts = Vec::new();
                let mut at = 0;
                while let Some((code, len)) = decode(chars, &text, at) {
                    let bytes = text.get(at..at + len).unwrap_or_default();
                    parts.push(literal(bytes, code, chars, case));
                    at += len;
                }
                concat(parts)
            }
            b'E' => return Ok(None),
            b'1'..=b'9' => {
                self.at -= 1;
                Ast::Back(self.reference()?)
            }
            b'g' | b'k' => Ast::Back(self.named_reference()?),
            b'p' | b'P' => Ast::Set(self.property(letter)?),
            _ => {
                let (code, used) = char_escape(self.pattern, self.at, letter, self.syntax.flavor);
                if used == 0 && letter.is_ascii_alphanumeric() && code == u32::from(letter) {
                    return Err(Error::Unknown);
                }
                self.at += used;
                let mut set = Set::new(chars);
                set.add(code, code);
                set.fold(case);
                Ast::Set(set)
            }
        }))
    }

    fn reference(&mut self) -> Result<usize, Error> {
        let digits = self.rest().iter().take_while(|b| b.is_ascii_digit()).take(3).count();
        let number = std::str::from_utf8(self.rest().get(..digits).unwrap_or_default())
            .ok()
            .and_then(|text| text.parse().ok())
            .ok_or(Error::Reference)?;
        self.at += digits;
        Ok(number)
    }

    /// `\g1`, `\g{-1}`, `\k<name>`.
    fn named_reference(&mut self) -> Result<usize, Error> {
        let close = match self.peek(0) {
            Some(b'{') => b'}',
            Some(b'<') => b'>',
            Some(b'\'') => b'\'',
            _ => return self.reference(),
        };
        self.at += 1;
        let end = self.rest().iter().position(|&b| b == close).ok_or(Error::Reference)?;
        let name = self.rest().get(..end).unwrap_or_default().to_vec();
        self.at += end + 1;
        if let Some((_, number)) = self.names.iter().find(|(known, _)| *known == name) {
            return Ok(*number);
        }
        let number: i64 = std::str::from_utf8(&name)
            .ok()
            .and_then(|text| text.parse().ok())
            .ok_or(Error::Reference)?;
        let groups = i64::try_from(self.groups).unwrap_or(i64::MAX);
        let number = if number < 0 { groups + 1 + number } else { number };
        usize::try_from(number).ok().filter(|&number| number > 0).ok_or(Error::Reference)
    }

    /// `\p{L}`.
    fn property(&mut self, letter: u8) -> Result<Set, Error> {
        let end = match self.peek(0) {
            Some(b'{') => self.rest().iter().position(|&b| b == b'}').ok_or(Error::Unknown)? + 1,
            _ => 1,
        };
        let name = self.rest().get(..end).unwrap_or_default();
        let name = std::str::from_utf8(name).map_err(|_| Error::Unknown)?;
        let pattern = format!("\\{}{name}", char::from(letter));
        self.at += end;
        let mut set = Set::new(super::Chars::Utf8);
        if pattern.len() > 40 || !set.join_pattern(&pattern) {
            return Err(Error::Unknown);
        }
        match self.syntax.chars {
            super::Chars::Utf8 => Ok(set),
            super::Chars::Bytes => {
                let mut bytes = Set::new(super::Chars::Bytes);
                (0..128).filter(|&code| set.has(code)).for_each(|code| bytes.add(code, code));
                Ok(bytes)
            }
        }
    }

    /// Behind `(`. `None` for what only sets options, and for comments.
    fn group(&mut self, depth: usize) -> Result<Option<Ast>, Error> {
        if depth >= DEPTH {
            return Err(Error::TooBig);
        }
        if self.eat(b"?#") {
            let end = self.rest().iter().position(|&b| b == b')').ok_or(Error::OpenParen)?;
            self.at += end + 1;
            return Ok(None);
        }
        let before = (self.syntax.case, self.syntax.lines, self.dot_all, self.extended);
        let mut number = None;
        let mut assert = None;
        if self.eat(b"?=") {
            assert = Some(Assert::Ahead);
        } else if self.eat(b"?!") {
            assert = Some(Assert::NotAhead);
        } else if self.eat(b"?<=") {
            assert = Some(Assert::Behind);
        } else if self.eat(b"?<!") {
            assert = Some(Assert::NotBehind);
        } else if self.eat(b"?>") {
            assert = Some(Assert::Atomic);
        } else if self.eat(b"?P<") || self.eat(b"?<") {
            number = Some(self.name(b'>')?);
        } else if self.eat(b"?'") {
            number = Some(self.name(b'\'')?);
        } else if self.eat(b"?") {
            if self.options()? {
                // Until the end of the group that it stands in.
                return Ok(None);
            }
        } else if self.peek(0) == Some(b'*') {
            return Err(Error::Unknown);
        } else {
            self.groups += 1;
            number = Some(self.groups);
        }
        let inner = self.alternatives(depth + 1)?;
        if !self.eat(b")") {
            return Err(Error::OpenParen);
        }
        (self.syntax.case, self.syntax.lines, self.dot_all, self.extended) = before;
        Ok(Some(match assert {
            None => Ast::Group(Box::new(inner), number),
            Some(kind) => {
                let behind = matches!(kind, Assert::Behind | Assert::NotBehind);
                if behind && inner.widths(self.syntax.chars).1.is_none_or(|most| most > 255) {
                    return Err(Error::Lookbehind);
                }
                Ast::Assert(Box::new(inner), kind)
            }
        }))
    }

    fn name(&mut self, close: u8) -> Result<usize, Error> {
        let end = self.rest().iter().position(|&b| b == close).ok_or(Error::OpenParen)?;
        let name = self.rest().get(..end).unwrap_or_default().to_vec();
        self.at += end + 1;
        self.groups += 1;
        if self.names.len() < 64 {
            self.names.push((name, self.groups));
        }
        Ok(self.groups)
    }

    /// `i-m:` or `i)`. Whether it was the latter.
    fn options(&mut self) -> Result<bool, Error> {
        let mut on = true;
        loop {
            let letter = self.peek(0).ok_or(Error::OpenParen)?;
            self.at += 1;
            match letter {
                b':' => return Ok(false),
                b')' => return Ok(true),
                b'-' => on = false,
                b'^' => {}
                b'i' => self.syntax.case = if on { Case::Fold } else { Case::Exact },
                b'm' => self.syntax.lines = if on { Lines::Each } else { Lines::Whole },
                b's' => self.dot_all = on,
                b'x' => self.extended = on,
                b'U' | b'J' | b'n' | b'u' | b'a' => {}
                _ => return Err(Error::Unknown),
            }
        }
    }

    fn repeated(&mut self, mut atom: Ast) -> Result<Ast, Error> {
        loop {
            self.skip();
            let (min, max, len) = match self.peek(0) {
                Some(b'*') => (0, None, 1),
                Some(b'+') => (1, None, 1),
                Some(b'?') => (0, Some(1), 1),
                Some(b'{') => match interval(self.rest()) {
                    Some((min, max, len)) => (min, max, len),
                    None => return Ok(atom),
                },
                _ => return Ok(atom),
            };
            if max.is_some_and(|max| max < min) {
                return Err(Error::BraceContent);
            }
            if max.unwrap_or(min) > DUP_MAX {
                return Err(Error::TooBig);
            }
            self.at += len;
            let greed = if self.eat(b"?") {
                Greed::Lazy
            } else if self.eat(b"+") {
                Greed::Possessive
            } else {
                Greed::Greedy
            };
            atom = atom.repeat(Times { min, max, greed })?;
        }
    }
}

/// `{2}`, `{2,}`, `{2,3}`; anything else stands for itself.
fn interval(text: &[u8]) -> Option<(u32, Option<u32>, usize)> {
    let end = text.iter().take(16).position(|&b| b == b'}')?;
    let inner = std::str::from_utf8(text.get(1..end)?).ok()?;
    if !inner.bytes().all(|b| b.is_ascii_digit() || b == b',') {
        return None;
    }
    let number = |text: &str| text.parse::<u32>().ok();
    let (min, max) = match inner.split_once(',') {
        None => (number(inner)?, Some(number(inner)?)),
        Some((min, "")) => (number(min)?, None),
        Some((min, max)) => (number(min)?, Some(number(max)?)),
    };
    Some((min, max, end + 1))
}
