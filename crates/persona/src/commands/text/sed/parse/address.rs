//! Addresses and patterns of a script.
//!
//! **Invariant:** as in [`super`].

use super::{Parser, Wrong};
use crate::commands::text::sed::script::{Address, Pattern, Until};
use crate::commands::text::sed::words::{Place, understand};
use crate::regex::{self, Flavor, Lines, Regex, Syntax};
use std::sync::Arc;

impl Parser<'_> {
    pub(super) fn number(&mut self) -> u64 {
        let mut number = 0_u64;
        while let Some(digit) = self.peek().filter(u8::is_ascii_digit) {
            number = number.saturating_mul(10).saturating_add(u64::from(digit - b'0'));
            self.at += 1;
        }
        number
    }

    pub(super) fn address(&mut self) -> Result<Option<Address>, Wrong> {
        Ok(Some(match self.peek() {
            Some(b'$') => {
                self.at += 1;
                Address::Last
            }
            Some(b'/') => {
                self.at += 1;
                Address::Match(self.address_pattern(b'/')?)
            }
            Some(b'\\') => {
                self.at += 1;
                let Some(delimiter) = self.next() else {
                    return Err(self.wrong("unterminated address regex"));
                };
                Address::Match(self.address_pattern(delimiter)?)
            }
            Some(byte) if byte.is_ascii_digit() => {
                let number = self.number();
                self.skip_blanks();
                if self.peek() == Some(b'~') {
                    self.at += 1;
                    self.skip_blanks();
                    let step = self.number();
                    if step == 0 { Address::Line(number) } else { Address::Step(number, step) }
                } else if number == 0 {
                    Address::Zero
                } else {
                    Address::Line(number)
                }
            }
            Some(b'+' | b'~') => {
                self.at += 1;
                self.number();
                return Err(self.wrong("invalid usage of +N or ~N as first address"));
            }
            _ => return Ok(None),
        }))
    }

    pub(super) fn until(&mut self) -> Result<Until, Wrong> {
        let sign = self.peek();
        if let Some(b'+' | b'~') = sign {
            self.at += 1;
            let number = self.number();
            return Ok(if sign == Some(b'+') {
                Until::More(number)
            } else {
                Until::Multiple(number)
            });
        }
        match self.address()? {
            None => {
                self.at += usize::from(self.peek().is_some());
                Err(self.wrong("unexpected `,'"))
            }
            Some(Address::Last) => Ok(Until::Last),
            Some(Address::Match(pattern)) => Ok(Until::Match(pattern)),
            Some(Address::Line(number) | Address::Step(number, _)) => Ok(Until::Line(number)),
            Some(Address::Zero) => Ok(Until::Line(0)),
        }
    }

    fn address_pattern(&mut self, delimiter: u8) -> Result<Pattern, Wrong> {
        let Some(text) = self.delimited(delimiter, Place::Pattern) else {
            return Err(self.wrong("unterminated address regex"));
        };
        let (mut case, mut lines) = (regex::Case::Exact, Lines::Whole);
        loop {
            match self.peek() {
                Some(b'I') => case = regex::Case::Fold,
                Some(b'M') => lines = Lines::Each,
                _ => break,
            }
            self.at += 1;
        }
        self.pattern(&text, case, lines)
    }

    pub(super) fn pattern(
        &self,
        text: &[u8],
        case: regex::Case,
        lines: Lines,
    ) -> Result<Pattern, Wrong> {
        if text.is_empty() {
            return Ok(None);
        }
        let flavor = if self.settings.extended { Flavor::Extended } else { Flavor::Basic };
        let syntax = Syntax { flavor, case, chars: self.settings.chars, lines };
        match Regex::new(&understand(text, Place::Pattern), syntax) {
            Ok(regex) => Ok(Some(Arc::new(regex))),
            Err(why) => Err(self.wrong(why.text())),
        }
    }

    /// What is up to a delimiter, which may be in it behind a backslash.
    pub(super) fn delimited(&mut self, delimiter: u8, place: Place) -> Option<Vec<u8>> {
        let pattern = place == Place::Pattern;
        let mut out = Vec::new();
        loop {
            match self.next()? {
                byte if byte == delimiter => return Some(out),
                b'\n' if pattern => {
                    self.at -= 1;
                    return None;
                }
                b'[' if pattern => {
                    out.push(b'[');
                    self.bracket(delimiter, &mut out)?;
                }
                b'\\' => {
                    let next = self.next()?;
                    match next {
                        next if next == delimiter => {
                            // `&` is something else without its backslash.
                            if place == Place::Replacement && next == b'&' {
                                out.push(b'\\');
                            }
                            out.push(next);
                        }
                        b'n' if pattern => out.push(b'\n'),
                        b'\n' if place != Place::Replacement => out.push(b'\n'),
                        next => out.extend([b'\\', next]),
                    }
                }
                byte => out.push(byte),
            }
        }
    }

    /// A bracket expression, in which the delimiter is none.
    fn bracket(&mut self, delimiter: u8, out: &mut Vec<u8>) -> Option<()> {
        let mut first = true;
        loop {
            let byte = self.next()?;
            match byte {
                b'^' if first && out.last() == Some(&b'[') => {
                    out.push(byte);
                    continue;
                }
                b']' if !first => {
                    out.push(byte);
                    return Some(());
                }
                b'[' if matches!(self.peek(), Some(b':' | b'.' | b'=')) => {
                    let kind = self.next()?;
                    out.extend([b'[', kind]);
                    loop {
                        let byte = self.next()?;
                        out.push(byte);
                        if byte == kind && self.peek() == Some(b']') {
                            self.at += 1;
                            out.push(b']');
                            break;
                        }
                        if byte == b'\n' {
                            return None;
                        }
                    }
                }
                b'\n' => {
                    self.at -= 1;
                    return None;
                }
                b'\\' => match self.peek() {
                    Some(b'n') => {
                        self.at += 1;
                        out.push(b'\n');
                    }
                    Some(next) if next == delimiter => {
                        self.at += 1;
                        out.push(next);
                    }
                    Some(b']') | None => out.push(b'\\'),
                    // Not to be read as an escape, unless it is one of sed's.
                    Some(next) if b"tfvardox".contains(&next) => {
                        self.at += 1;
                        out.extend([b'\\', next]);
                    }
                    Some(_) => out.push(b'\\'),
                },
                byte => out.push(byte),
            }
            first = false;
        }
    }
}
