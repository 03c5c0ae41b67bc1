//! `s` and `y` in a script.
//!
//! **Invariant:** as in [`super`].

use super::{Parser, Wrong};
use crate::commands::text::sed::script::{Case, Part, Substitute, Table, What};
use crate::commands::text::sed::words::{Place, understand};
use crate::regex::{self, Lines, width_at};

impl Parser<'_> {
    pub(super) fn substitute(&mut self) -> Result<What, Wrong> {
        const OPEN: &str = "unterminated `s' command";
        let delimiter = self.next().ok_or_else(|| self.wrong(OPEN))?;
        let pattern = self.delimited(delimiter, Place::Pattern).ok_or_else(|| self.wrong(OPEN))?;
        let text = self.delimited(delimiter, Place::Replacement).ok_or_else(|| self.wrong(OPEN))?;
        let mut made = Substitute {
            pattern: None,
            parts: Vec::new(),
            all: false,
            nth: 0,
            print: 0,
            evaluate: false,
            file: None,
        };
        let (mut case, mut lines) = (regex::Case::Exact, Lines::Whole);
        while let Some(letter) = self.next() {
            match letter {
                b'g' if made.all => return Err(self.wrong("multiple `g' options to `s' command")),
                b'g' => made.all = true,
                b'p' if made.print > 0 => {
                    return Err(self.wrong("multiple `p' options to `s' command"));
                }
                b'p' => made.print = if made.evaluate { 2 } else { 1 },
                b'i' | b'I' => case = regex::Case::Fold,
                b'm' | b'M' => lines = Lines::Each,
                b'e' => {
                    self.forbidden()?;
                    made.evaluate = true;
                }
                b'0'..=b'9' => {
                    if made.nth > 0 {
                        return Err(self.wrong("multiple number options to `s' command"));
                    }
                    self.at -= 1;
                    made.nth = self.number();
                    if made.nth == 0 {
                        return Err(self.wrong("number option to `s' command may not be zero"));
                    }
                }
                b'w' => {
                    self.forbidden()?;
                    self.skip_blanks();
                    let name = self.line();
                    if name.is_empty() {
                        return Err(self.wrong("missing filename in r/R/w/W commands"));
                    }
                    made.file = Some(self.file(name));
                    break;
                }
                b'}' | b'#' => {
                    self.at -= 1;
                    break;
                }
                b'\n' | b';' => break,
                b' ' | b'\t' | b'\r' => {}
                _ => return Err(self.wrong("unknown option to `s'")),
            }
        }
        made.pattern = self.pattern(&pattern, case, lines)?;
        let (parts, highest) = replacement(&understand(&text, Place::Replacement));
        made.parts = parts;
        if let Some(pattern) = &made.pattern
            && highest >= pattern.groups()
        {
            return Err(self.wrong(&format!("invalid reference \\{highest} on `s' command's RHS")));
        }
        Ok(What::Substitute(Box::new(made)))
    }

    pub(super) fn translate(&mut self) -> Result<What, Wrong> {
        const OPEN: &str = "unterminated `y' command";
        let delimiter = self.next().ok_or_else(|| self.wrong(OPEN))?;
        let from = self.delimited(delimiter, Place::Text).ok_or_else(|| self.wrong(OPEN))?;
        let to = self.delimited(delimiter, Place::Text).ok_or_else(|| self.wrong(OPEN))?;
        let (from, to) = (self.characters(&from)?, self.characters(&to)?);
        if from.len() != to.len() {
            return Err(self.wrong("strings for `y' command are different lengths"));
        }
        self.end()?;
        Ok(What::Translate(Box::new(Table(from.into_iter().zip(to).collect()))))
    }

    fn characters(&self, text: &[u8]) -> Result<Vec<Vec<u8>>, Wrong> {
        let text = understand(text, Place::Text);
        let mut out = Vec::new();
        let mut at = 0;
        while let Some(&byte) = text.get(at) {
            if byte == b'\\' {
                match text.get(at + 1) {
                    Some(b'n') => out.push(b"\n".to_vec()),
                    Some(b'\\') => out.push(b"\\".to_vec()),
                    Some(b'\n') => out.push(b"\n".to_vec()),
                    _ => {
                        out.push(b"\\".to_vec());
                        at += 1;
                        continue;
                    }
                }
                at += 2;
                continue;
            }
            let width = width_at(self.settings.chars, &text, at);
            out.push(text.get(at..at + width).unwrap_or_default().to_vec());
            at += width;
        }
        Ok(out)
    }
}

/// What is put in, and the highest group that it names.
fn replacement(text: &[u8]) -> (Vec<Part>, usize) {
    let mut parts = Vec::new();
    let mut plain = Vec::new();
    let mut highest = 0;
    let mut bytes = text.iter();
    while let Some(&byte) = bytes.next() {
        let part = match byte {
            b'&' => Part::Group(0),
            b'\\' => match bytes.next() {
                Some(digit @ b'0'..=b'9') => {
                    let group = usize::from(digit - b'0');
                    highest = highest.max(group);
                    Part::Group(group)
                }
                Some(b'L') => Part::Case(Case::Lower),
                Some(b'U') => Part::Case(Case::Upper),
                Some(b'E') => Part::Case(Case::AsIs),
                Some(b'l') => Part::Case(Case::LowerNext),
                Some(b'u') => Part::Case(Case::UpperNext),
                Some(b'n') => {
                    plain.push(b'\n');
                    continue;
                }
                Some(&other) => {
                    plain.push(other);
                    continue;
                }
                None => {
                    plain.push(b'\\');
                    continue;
                }
            },
            byte => {
                plain.push(byte);
                continue;
            }
        };
        if !plain.is_empty() {
            parts.push(Part::Text(std::mem::take(&mut plain)));
        }
        parts.push(part);
    }
    if !plain.is_empty() {
        parts.push(Part::Text(plain));
    }
    (parts, highest)
}
