//! Redirections.
//!
//! **Invariant:** the numbers that bash takes where none stand are left out where it leaves them out
//! when it prints (`>`, `<`), and put in where it puts them in (`1>&2`, `0<&3`).

use crate::shell::here_doc::Tabs;
use crate::shell::parser::{Lexed, Parsed, Parser, Place, Token};
use crate::shell::token::lexed;
use crate::shell::tree::{Part, Redirect, RedirectKind, Word};

/// The number, the variable and the operator of a redirection.
type Begin = (Option<u32>, Option<Vec<u8>>, &'static str);

impl Parser<'_> {
    /// Reads a redirection, if one comes next.
    pub(super) fn redirect(&mut self, place: Place) -> Parsed<Option<Redirect>> {
        let Some((fd, variable, op)) = self.redirect_begin(place)? else { return Ok(None) };
        let target = self.target(op)?;
        let (number, kind) = self.kind((&variable, op), target, fd)?;
        let fd = if variable.is_some() { None } else { number };
        Ok(Some(Redirect { fd, variable, kind }))
    }

    /// Reads the operator, and what stands in front of it.
    fn redirect_begin(&mut self, place: Place) -> Parsed<Option<Begin>> {
        let (fd, variable) = match self.peek(place)? {
            Token::Number(number) => (Some(*number), None),
            Token::Variable(name) => (None, Some(name.clone())),
            Token::Op(op) if is_redirect(op) => (None, None),
            Token::Op(_) | Token::Word(_) | Token::End => return Ok(None),
        };
        if fd.is_some() || variable.is_some() {
            self.ahead = None;
        }
        let token = self.next(place)?;
        let op = match token {
            Token::Op(op) if is_redirect(op) => op,
            Token::Op(_) | Token::Word(_) | Token::Number(_) | Token::Variable(_) | Token::End => {
                return Err(self.complaint(&token));
            }
        };
        Ok(Some((fd, variable, op)))
    }

    /// Reads the word behind the operator.
    fn target(&mut self, op: &'static str) -> Parsed<Lexed> {
        match self.next(Place::Argument)? {
            Token::Word(lexed) => Ok(*lexed),
            Token::Number(number) if matches!(op, ">&" | "<&") => {
                let text = number.to_string().into_bytes();
                Ok(lexed(Word(vec![Part::Literal(text.clone())]), text))
            }
            other @ (Token::Number(_) | Token::Variable(_) | Token::Op(_) | Token::End) => {
                Err(self.complaint(&other))
            }
        }
    }

    fn kind(
        &mut self,
        (variable, op): (&Option<Vec<u8>>, &'static str),
        target: Lexed,
        fd: Option<u32>,
    ) -> Parsed<(Option<u32>, RedirectKind)> {
        let input = fd.filter(|fd| *fd != 0);
        let output = fd.filter(|fd| *fd != 1);
        let word = target.word;
        let named = variable.is_some();
        Ok(match op {
            "<" => (input, RedirectKind::Read(word)),
            ">" => (output, RedirectKind::Write(word)),
            ">|" => (output, RedirectKind::Clobber(word)),
            ">>" => (output, RedirectKind::Append(word)),
            "<>" => (input, RedirectKind::ReadWrite(word)),
            "&>" => (None, RedirectKind::WriteBoth(word)),
            "&>>" => (None, RedirectKind::AppendBoth(word)),
            "<&" => (Some(fd.unwrap_or(0)), RedirectKind::DupIn(word)),
            ">&" if output.is_none() && !named && is_file(&word) => {
                (None, RedirectKind::WriteBoth(word))
            }
            ">&" => (Some(fd.unwrap_or(1)), RedirectKind::DupOut(word)),
            "<<<" => (input, RedirectKind::HereString(word)),
            "<<" => (input, RedirectKind::HereDoc(self.here_doc(&target.raw, Tabs::Kept)?)),
            _ => (input, RedirectKind::HereDoc(self.here_doc(&target.raw, Tabs::Removed)?)),
        })
    }
}

fn is_redirect(op: &str) -> bool {
    matches!(op, "<" | ">" | ">>" | ">|" | "<>" | "&>" | "&>>" | "<&" | ">&" | "<<" | "<<-" | "<<<")
}

/// Whether the word behind `>&` is certainly no descriptor.
fn is_file(word: &Word) -> bool {
    let mut text = Vec::new();
    for part in &word.0 {
        match part {
            Part::Literal(bytes) | Part::Quoted(bytes) => text.extend_from_slice(bytes),
            Part::Double(_)
            | Part::Parameter(_)
            | Part::Command(_)
            | Part::Arithmetic(_)
            | Part::Broken { .. }
            | Part::Process { .. } => return false,
        }
    }
    let number = text.strip_suffix(b"-").unwrap_or(&text);
    !number.iter().all(u8::is_ascii_digit)
}
