//! Basic and extended regular expressions, as glibc's `regcomp` and mawk read them.
//!
//! **Invariant:** parentheses nest [`DEPTH`] deep at most; a pattern is read once.

use super::ast::{Ast, DEPTH, DUP_MAX, Greed, Look, Set, Times, alternate, concat, literal};
use super::bracket::{bracket, char_escape, class_escape};
use super::{Chars, Error, Flavor, Lines, Syntax, decode};

/// A pattern, and the number of its groups.
pub(super) fn parse(pattern: &[u8], syntax: Syntax) -> Result<(Ast, usize), Error> {
    let mut parser = Parser { pattern, at: 0, syntax, groups: 0, closed: Vec::new() };
    let ast = parser.alternatives(0)?;
    if parser.at < pattern.len() {
        return Err(Error::CloseParen);
    }
    Ok((ast, parser.groups))
}

struct Parser<'a> {
    pattern: &'a [u8],
    at: usize,
    syntax: Syntax,
    groups: usize,
    /// Groups that can be referred to.
    closed: Vec<usize>,
}

/// What is read next, and how long it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    End,
    Open,
    Close,
    Bar,
    Star,
    Plus,
    Question,
    Brace,
    Dot,
    Bracket,
    Look(Look),
    Back(usize),
    /// `\w` and its like.
    Class(u8),
    /// A byte that stands for itself.
    Char,
    /// The one behind the backslash does.
    Escaped(u8),
}

impl Parser<'_> {
    fn basic(&self) -> bool {
        matches!(self.syntax.flavor, Flavor::Basic | Flavor::Grep)
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.pattern.get(self.at + ahead).copied()
    }

    /// `first`: nothing stands before it in its branch.
    fn token(&self, first: bool) -> Result<(Token, usize), Error> {
        let Some(byte) = self.peek(0) else { return Ok((Token::End, 0)) };
        if byte == b'\\' {
            let next = self.peek(1).ok_or(Error::Escape)?;
            return Ok((self.escape(next), 2));
        }
        let token = match byte {
            b'.' => Token::Dot,
            b'[' => Token::Bracket,
            b'*' => Token::Star,
            b'^' if !self.basic() || first => self.start(),
            b'$' if !self.basic() || self.ends_branch() => self.end(),
            b'+' if !self.basic() => Token::Plus,
            b'?' if !self.basic() => Token::Question,
            b'|' if !self.basic() => Token::Bar,
            b'(' if !self.basic() => Token::Open,
            b')' if !self.basic() => Token::Close,
            b'{' if matches!(self.syntax.flavor, Flavor::Extended | Flavor::Egrep) => Token::Brace,
            _ => Token::Char,
        };
        Ok((token, 1))
    }

    fn start(&self) -> Token {
        Token::Look(match self.syntax.lines {
            Lines::Whole => Look::TextStart,
            Lines::Each => Look::LineStart,
        })
    }

    fn end(&self) -> Token {
        Token::Look(match self.syntax.lines {
            Lines::Whole => Look::TextEnd,
            Lines::Each => Look::LineEnd,
        })
    }

    /// Whether `$` is an anchor here, in a basic one.
    fn ends_branch(&self) -> bool {
        matches!((self.peek(1), self.peek(2)), (None, _) | (Some(b'\\'), Some(b')' | b'|')))
    }

    fn escape(&self, next: u8) -> Token {
        if self.syntax.flavor == Flavor::Awk {
            return Token::Escaped(next);
        }
        match next {
            b'(' if self.basic() => Token::Open,
            b')' if self.basic() => Token::Close,
            b'|' if self.basic() => Token::Bar,
            b'{' if self.basic() => Token::Brace,
            b'+' if self.basic() => Token::Plus,
            b'?' if self.basic() => Token::Question,
            b'1'..=b'9' => Token::Back(usize::from(next - b'0')),
            b'w' | b'W' | b's' | b'S' => Token::Class(next),
            b'<' => Token::Look(Look::WordStart),
            b'>' => Token::Look(Look::WordEnd),
            b'b' => Token::Look(Look::Word),
            b'B' => Token::Look(Look::NotWord),
            b'`' => Token::Look(Look::TextStart),
            b'\'' => Token::Look(Look::TextEnd),
            other => Token::Escaped(other),
        }
    }

    fn alternatives(&mut self, depth: usize) -> Result<Ast, Error> {
        let mut branches = vec![self.branch(depth)?];
        while let (Token::Bar, len) = self.token(false)? {
            self.at += len;
            branches.push(self.branch(depth)?);
        }
        Ok(alternate(branches))
    }

    fn branch(&mut self, depth: usize) -> Result<Ast, Error> {
        let mut parts = Vec::new();
        let mut first = true;
        loop {
            let (token, len) = self.token(first)?;
            match token {
                Token::End | Token::Bar => break,
                Token::Close if depth > 0 || self.syntax.flavor != Flavor::Egrep => break,
                Token::Look(look) if self.syntax.flavor != Flavor::Awk => {
                    // An anchor cannot be repeated: what stands behind it is at a beginning.
                    self.at += len;
                    parts.push(Ast::Look(look));
                    if self.basic() {
                        self.star_behind_anchor(&mut parts);
                    }
                    first = !self.basic();
                    continue;
                }
                Token::Star | Token::Plus | Token::Question | Token::Brace if first => {
                    match self.syntax.flavor {
                        Flavor::Extended => return Err(self.misplaced(token)),
                        Flavor::Egrep => {
                            self.at += len;
                            let before = self.at;
                            if token == Token::Brace && self.interval()?.is_none() {
                                self.at = before;
                            }
                            continue;
                        }
                        Flavor::Basic if token == Token::Brace => return Err(Error::Repeat),
                        Flavor::Basic | Flavor::Grep | Flavor::Awk | Flavor::Perl => {}
                    }
                }
                Token::Open
                | Token::Close
                | Token::Star
                | Token::Plus
                | Token::Question
                | Token::Brace
                | Token::Dot
                | Token::Bracket
                | Token::Look(_)
                | Token::Back(_)
                | Token::Class(_)
                | Token::Char
                | Token::Escaped(_) => {}
            }
            let atom = self.atom(token, len, depth)?;
            parts.push(self.repeated(atom)?);
            first = false;
        }
        Ok(concat(parts))
    }

    /// In a basic one, `*` behind `^` is a star.
    fn star_behind_anchor(&mut self, parts: &mut Vec<Ast>) {
        if self.peek(0) == Some(b'*') {
            self.at += 1;
            parts.push(Ast::Literal(b"*".to_vec()));
        }
    }

    fn misplaced(&self, token: Token) -> Error {
        if token == Token::Brace && !self.pattern.get(self.at..).unwrap_or_default().contains(&b'}')
        {
            return Error::Brace;
        }
        Error::Repeat
    }

    fn atom(&mut self, token: Token, len: usize, depth: usize) -> Result<Ast, Error> {
        let (chars, case) = (self.syntax.chars, self.syntax.case);
        self.at += len;
        Ok(match token {
            Token::Open => return self.group(depth),
            Token::Dot => {
                // Not the zero byte, in C's strings; but GNU's programs count bytes.
                let mut set = Set::new(chars);
                set.add(0, 0x10_ffff);
                Ast::Set(set)
            }
            Token::Bracket => {
                let (set, at) = bracket(self.pattern, self.at, self.syntax)?;
                self.at = at;
                Ast::Set(set)
            }
            Token::Back(group) => {
                if !self.closed.contains(&group) {
                    return Err(Error::Reference);
                }
                Ast::Back(group)
            }
            Token::Class(letter) => {
                Ast::Set(class_escape(chars, letter, self.syntax.flavor).ok_or(Error::Unknown)?)
            }
            Token::Look(look) => Ast::Look(look),
            Token::Escaped(byte) if self.syntax.flavor == Flavor::Awk => {
                let (code, used) = char_escape(self.pattern, self.at, byte, Flavor::Awk);
                self.at += used;
                let byte = u8::try_from(code & 0xff).unwrap_or(0);
                literal(&[byte], byte.into(), Chars::Bytes, case)
            }
            // Whatever else it is, here it stands for itself.
            Token::Escaped(_)
            | Token::Char
            | Token::End
            | Token::Close
            | Token::Bar
            | Token::Star
            | Token::Plus
            | Token::Question
            | Token::Brace => {
                let from = self.at - 1;
                let (code, used) = decode(chars, self.pattern, from).ok_or(Error::Escape)?;
                self.at = from + used;
                literal(self.pattern.get(from..self.at).unwrap_or_default(), code, chars, case)
            }
        })
    }

    fn group(&mut self, depth: usize) -> Result<Ast, Error> {
        if depth >= DEPTH {
            return Err(Error::TooBig);
        }
        self.groups += 1;
        let number = self.groups;
        let inner = self.alternatives(depth + 1)?;
        let (Token::Close, len) = self.token(false)? else { return Err(Error::OpenParen) };
        self.at += len;
        if number < 10 {
            self.closed.push(number);
        }
        Ok(Ast::Group(Box::new(inner), Some(number)))
    }

    fn repeated(&mut self, mut atom: Ast) -> Result<Ast, Error> {
        loop {
            let (token, len) = self.token(false)?;
            let (min, max) = match token {
                Token::Star => (0, None),
                Token::Plus => (1, None),
                Token::Question => (0, Some(1)),
                Token::Brace => {
                    let before = self.at;
                    self.at += len;
                    match self.interval()? {
                        Some((min, max)) => {
                            atom = atom.repeat(Times { min, max, greed: Greed::Greedy })?;
                            self.once()?;
                            continue;
                        }
                        None => {
                            self.at = before;
                            return Ok(atom);
                        }
                    }
                }
                Token::End
                | Token::Open
                | Token::Close
                | Token::Bar
                | Token::Dot
                | Token::Bracket
                | Token::Look(_)
                | Token::Back(_)
                | Token::Class(_)
                | Token::Char
                | Token::Escaped(_) => return Ok(atom),
            };
            self.at += len;
            atom = atom.repeat(Times { min, max, greed: Greed::Greedy })?;
            self.once()?;
        }
    }

    /// What POSIX does not allow: a repetition of a repetition.
    fn once(&self) -> Result<(), Error> {
        let again = matches!(self.token(false)?.0, Token::Star | Token::Brace);
        if again && self.syntax.flavor == Flavor::Basic { Err(Error::Repeat) } else { Ok(()) }
    }

    /// Behind the `{` of an interval. `None` where it is none and that is forgiven.
    fn interval(&mut self) -> Result<Option<(u32, Option<u32>)>, Error> {
        let min = self.number();
        let (min, max) = if self.peek(0) == Some(b',') {
            self.at += 1;
            (Some(min.unwrap_or(0)), self.number())
        } else {
            (min, min)
        };
        let close: &[u8] = if self.basic() { b"\\}" } else { b"}" };
        let closed = self.pattern.get(self.at..).is_some_and(|rest| rest.starts_with(close));
        let Some(min) = min.filter(|_| closed) else {
            if self.syntax.flavor == Flavor::Egrep {
                return Ok(None);
            }
            let rest = self.pattern.get(self.at..).unwrap_or_default();
            let ends = rest.windows(close.len()).any(|part| part == close);
            return Err(if ends { Error::BraceContent } else { Error::Brace });
        };
        self.at += close.len();
        if max.is_some_and(|max| max < min) {
            return Err(Error::BraceContent);
        }
        if max.unwrap_or(min) > DUP_MAX {
            return Err(Error::TooBig);
        }
        Ok(Some((min, max)))
    }

    fn number(&mut self) -> Option<u32> {
        let mut number = None;
        while let Some(digit) = self.peek(0).and_then(|b| char::from(b).to_digit(10)) {
            number = Some(number.unwrap_or(0_u32).saturating_mul(10).saturating_add(digit));
            self.at += 1;
        }
        number
    }
}
