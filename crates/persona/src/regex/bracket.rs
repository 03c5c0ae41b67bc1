//! Bracket expressions: `[a-z[:digit:]]`.
//!
//! **Invariant:** none; it reads a pattern once.

use super::ast::Set;
use super::{Case, Chars, Error, Flavor, Syntax, decode};

/// What may stand at an end of a range.
enum Item {
    Char(u32),
    Set(Set),
}

/// Reads a bracket expression, whose `[` is at `at - 1`: the set, and where the pattern goes on.
pub(super) fn bracket(pattern: &[u8], at: usize, syntax: Syntax) -> Result<(Set, usize), Error> {
    let mut reader = Reader { pattern, at, syntax };
    let negated = reader.eat(b'^');
    let mut set = Set::new(syntax.chars);
    let mut first = true;
    loop {
        let byte = reader.peek(0).ok_or(Error::Bracket)?;
        if byte == b']' && !first {
            reader.at += 1;
            break;
        }
        first = false;
        match reader.item()? {
            Item::Set(named) => {
                set.join(&named);
                // A class cannot begin a range; Perl takes what looks like it for a hyphen.
                if reader.peek(0) == Some(b'-') && reader.peek(1).is_some_and(|b| b != b']') {
                    if syntax.flavor != Flavor::Perl {
                        return Err(Error::Range);
                    }
                    reader.at += 1;
                    set.add(b'-'.into(), b'-'.into());
                }
            }
            Item::Char(from) => {
                let range = reader.peek(0) == Some(b'-') && reader.peek(1) != Some(b']');
                if !range {
                    set.add(from, from);
                    continue;
                }
                reader.at += 1;
                reader.peek(0).ok_or(Error::Bracket)?;
                let Item::Char(to) = reader.item()? else {
                    if syntax.flavor != Flavor::Perl {
                        return Err(Error::Range);
                    }
                    // What the class has besides is lost; nobody writes `a-\d`.
                    set.add(from, from);
                    continue;
                };
                if to < from {
                    return Err(Error::Range);
                }
                set.add(from, to);
            }
        }
    }
    set.fold(syntax.case);
    if negated {
        set.negate();
    }
    Ok((set, reader.at))
}

struct Reader<'a> {
    pattern: &'a [u8],
    at: usize,
    syntax: Syntax,
}

impl Reader<'_> {
    fn peek(&self, ahead: usize) -> Option<u8> {
        self.pattern.get(self.at + ahead).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek(0) == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn item(&mut self) -> Result<Item, Error> {
        let escapes = matches!(self.syntax.flavor, Flavor::Awk | Flavor::Perl);
        match (self.peek(0), self.peek(1)) {
            (Some(b'['), Some(kind @ (b':' | b'.' | b'='))) => {
                if escapes && self.closes(kind).is_none() {
                    self.at += 1;
                    return Ok(Item::Char(b'['.into()));
                }
                self.named(kind)
            }
            (Some(b'\\'), Some(next)) if escapes => {
                self.at += 2;
                Ok(self.escaped(next))
            }
            _ => {
                let decoded = decode(self.syntax.chars, self.pattern, self.at);
                let (code, len) = decoded.ok_or(Error::Bracket)?;
                self.at += len;
                Ok(Item::Char(code))
            }
        }
    }

    /// Where `:]` is.
    fn closes(&self, kind: u8) -> Option<usize> {
        let rest = self.pattern.get(self.at + 2..)?;
        rest.windows(2).take(64).position(|pair| pair == [kind, b']'])
    }

    /// `[:alpha:]`, `[.x.]`, `[=x=]`.
    fn named(&mut self, kind: u8) -> Result<Item, Error> {
        let end = self.closes(kind).ok_or(Error::Bracket)?;
        let name = self.pattern.get(self.at + 2..self.at + 2 + end).unwrap_or_default();
        self.at += end + 4;
        let chars = self.syntax.chars;
        if kind == b':' {
            let (negated, name) = match (self.syntax.flavor, name.strip_prefix(b"^")) {
                (Flavor::Perl, Some(name)) => (true, name),
                _ => (false, name),
            };
            let name = match name {
                b"word" if self.syntax.flavor == Flavor::Perl => {
                    return Ok(Item::Set(Set::word(Chars::Bytes).as_chars(chars)));
                }
                // Both are the same where case does not matter.
                b"upper" | b"lower" if self.syntax.case == Case::Fold => b"alpha",
                name => name,
            };
            let mut set = if self.syntax.flavor == Flavor::Perl {
                Set::named(Chars::Bytes, name).map(|set| set.as_chars(chars))
            } else {
                Set::named(chars, name)
            }
            .ok_or(Error::Class)?;
            if negated {
                set.negate();
            }
            return Ok(Item::Set(set));
        }
        match decode(chars, name, 0) {
            Some((code, len)) if len == name.len() => Ok(Item::Char(code)),
            _ => Err(Error::Collate),
        }
    }

    /// Behind a backslash, for those who know escapes in brackets.
    fn escaped(&mut self, next: u8) -> Item {
        let chars = match self.syntax.flavor {
            Flavor::Perl => self.syntax.chars,
            Flavor::Basic | Flavor::Grep | Flavor::Extended | Flavor::Egrep | Flavor::Awk => {
                Chars::Bytes
            }
        };
        if self.syntax.flavor == Flavor::Perl
            && let Some(set) = class_escape(chars, next, Flavor::Perl)
        {
            return Item::Set(set);
        }
        let (code, used) = char_escape(self.pattern, self.at, next, self.syntax.flavor);
        self.at += used;
        Item::Char(code)
    }
}

/// `\d`, `\s`, `\w` and their opposites.
pub(super) fn class_escape(chars: Chars, letter: u8, flavor: Flavor) -> Option<Set> {
    let mut set = match letter {
        b'd' | b'D' => Set::named(Chars::Bytes, b"digit")?.as_chars(chars),
        b's' | b'S' => Set::named(Chars::Bytes, b"space")?.as_chars(chars),
        // PCRE knows ASCII only unless it is told otherwise, which grep does not do.
        b'w' | b'W' if flavor == Flavor::Perl => Set::word(Chars::Bytes).as_chars(chars),
        b'w' | b'W' => Set::word(chars),
        b'h' | b'H' => Set::named(Chars::Bytes, b"blank")?.as_chars(chars),
        b'v' | b'V' => {
            let mut set = Set::new(chars);
            set.add(10, 13);
            set
        }
        b'N' => {
            let mut set = Set::new(chars);
            set.add(10, 10);
            set.negate();
            set
        }
        _ => return None,
    };
    if letter.is_ascii_uppercase() && letter != b'N' {
        set.negate();
    }
    Some(set)
}

impl Set {
    /// The same of bytes below 128, as characters.
    fn as_chars(&self, chars: Chars) -> Self {
        let mut set = Self::new(chars);
        if let Self::Bytes(class) = self {
            for range in class.ranges() {
                set.add(range.start().into(), range.end().into());
            }
        }
        set
    }
}

/// `\n`, `\x41`, `\101` and so on: the character, and how much stands behind `letter` of it.
pub(super) fn char_escape(pattern: &[u8], at: usize, letter: u8, flavor: Flavor) -> (u32, usize) {
    let digits = |radix: u32, from: usize, most: usize| {
        let rest = pattern.get(from..).unwrap_or_default();
        let digits = rest.iter().take(most).map_while(|&b| char::from(b).to_digit(radix));
        digits.fold((0_u32, 0_usize), |(value, used), digit| (value * radix + digit, used + 1))
    };
    match letter {
        b'n' => (10, 0),
        b't' => (9, 0),
        b'r' => (13, 0),
        b'f' => (12, 0),
        b'a' => (7, 0),
        b'v' if flavor == Flavor::Awk => (11, 0),
        b'b' => (8, 0),
        b'e' if flavor == Flavor::Perl => (27, 0),
        b'x' if flavor == Flavor::Perl && pattern.get(at) == Some(&b'{') => {
            let (value, used) = digits(16, at + 1, 6);
            let closed = usize::from(pattern.get(at + 1 + used) == Some(&b'}'));
            (value, used + 1 + closed)
        }
        b'x' => digits(16, at, 2),
        b'0'..=b'7' => {
            let (value, used) = digits(8, at, 2);
            let first = (0..used).fold(u32::from(letter - b'0'), |first, _| first * 8);
            (first + value, used)
        }
        other => (u32::from(other), 0),
    }
}
