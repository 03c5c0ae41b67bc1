//! Texts in which only `$`, backticks and some backslashes mean something: `"…"`, here-documents and
//! expressions.
//!
//! **Invariant:** literals are as they will be: their backslashes are gone.

use crate::shell::parser::{Parsed, Parser};
use crate::shell::token::push_literal;
use crate::shell::tree::{Part, Word};

/// What is around a `$`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing.
    Bare,
    /// `"…"`
    String,
    /// `${…}` in such a text.
    Brace,
    /// `'…'` in that, which hides a brace and is no quote.
    Hidden,
    /// A here-document.
    HereDoc,
    /// An expression.
    Arithmetic,
}

impl Parser<'_> {
    /// Reads until what closes such a text, or to the end.
    pub(super) fn double(&mut self, parts: &mut Vec<Part>, kind: Kind) -> Parsed<()> {
        self.double_until(parts, kind, b"")
    }

    /// Reads until what closes such a text, or one of these bytes.
    pub(super) fn double_until(
        &mut self,
        parts: &mut Vec<Part>,
        kind: Kind,
        ends: &[u8],
    ) -> Parsed<()> {
        while let Some(byte) = self.input.look() {
            match byte {
                _ if ends.contains(&byte) => return Ok(()),
                b'"' if kind == Kind::String => return Ok(()),
                b'}' if kind == Kind::Brace => return Ok(()),
                b'"' if matches!(kind, Kind::Brace | Kind::Arithmetic) => self.string(parts)?,
                b'\'' if kind == Kind::Hidden => return Ok(()),
                b'\'' if kind == Kind::Brace => self.hidden(parts)?,
                b'\\' => self.backslash(parts, kind),
                b'$' => self.dollar(parts, kind)?,
                b'`' => self.backticks(parts, kind)?,
                _ => {
                    self.input.bump();
                    push_literal(parts, byte);
                }
            }
        }
        Ok(())
    }

    /// Reads `'…'` where that is no quote but hides what stands in it.
    fn hidden(&mut self, parts: &mut Vec<Part>) -> Parsed<()> {
        let opened = self.input.line();
        self.input.bump();
        push_literal(parts, b'\'');
        self.enter()?;
        self.double(parts, Kind::Hidden)?;
        self.leave();
        if !self.input.eat(b'\'') {
            return self.unclosed(b'\'', opened);
        }
        push_literal(parts, b'\'');
        Ok(())
    }

    fn backslash(&mut self, parts: &mut Vec<Part>, kind: Kind) {
        self.input.bump();
        let gone = match self.input.peek(0) {
            Some(b'$' | b'`' | b'\\') => true,
            Some(b'"') => kind != Kind::HereDoc,
            Some(b'}') => matches!(kind, Kind::Brace | Kind::Hidden),
            _ => false,
        };
        let byte = if gone { self.input.bump().unwrap_or_default() } else { b'\\' };
        push_literal(parts, byte);
    }

    /// Reads an expression until one of these bytes stands outside of its parentheses, or to the
    /// end. Of brackets and `?:`, too, where those bytes ask for it.
    pub(super) fn arithmetic(&mut self, ends: &[u8]) -> Parsed<Word> {
        let mut parts = Vec::new();
        let (mut parens, mut brackets, mut questions) = (0_usize, 0_usize, 0_usize);
        let stops: &[u8] = match ends {
            b"]" => b"()[]'",
            b":}" => b"()?:}'",
            b"}" => b"()}'",
            b";)" => b"();'",
            _ => b"()'",
        };
        loop {
            self.double_until(&mut parts, Kind::Arithmetic, stops)?;
            let Some(byte) = self.input.look() else { return Ok(Word(parts)) };
            match byte {
                b'\'' => {
                    self.hidden(&mut parts)?;
                    continue;
                }
                b':' if parens == 0 && questions > 0 => questions = questions.saturating_sub(1),
                b']' if brackets > 0 => brackets = brackets.saturating_sub(1),
                b')' if parens > 0 => parens = parens.saturating_sub(1),
                b'}' => return Ok(Word(parts)),
                _ if parens == 0 && ends.contains(&byte) => return Ok(Word(parts)),
                b'(' => parens = parens.saturating_add(1),
                b'[' => brackets = brackets.saturating_add(1),
                b'?' if parens == 0 => questions = questions.saturating_add(1),
                _ => {}
            }
            self.input.bump();
            push_literal(&mut parts, byte);
        }
    }
}
