//! `for ((first; condition; step))`.
//!
//! **Invariant:** three parts, or bash's complaint of their number.

use crate::shell::parser::{Parsed, Parser, Place};
use crate::shell::tree::{CommandKind, Word};

impl Parser<'_> {
    /// Reads what stands behind `for ((`.
    pub(super) fn for_arithmetic(&mut self) -> Parsed<CommandKind> {
        let opened = self.token_line;
        let mark = self.input.mark();
        let mut parts: Vec<Word> = Vec::new();
        loop {
            while self.input.look().is_some_and(|byte| b" \t\n".contains(&byte)) {
                self.input.bump();
            }
            parts.push(self.arithmetic(b";)")?);
            if self.input.eat(b';') {
                continue;
            }
            let text = self.input.since(mark).to_vec();
            if !self.input.eat(b')') || !self.input.eat(b')') {
                return self.unclosed(b')', opened);
            }
            let Ok(parts) = <[Word; 3]>::try_from(parts) else {
                let few = text.iter().filter(|byte| **byte == b';').count() < 2;
                let why: &[u8] =
                    if few { b"arithmetic expression required" } else { b"`;' unexpected" };
                let text =
                    [b"syntax error: ".as_slice(), why, b"\nsyntax error: `((", &text, b"))'"]
                        .concat();
                return self.other(self.input.line(), text);
            };
            if self.eat(";", Place::Command)? || self.eat("newline", Place::Command)? {
                self.newlines(Place::Command)?;
            }
            let body = self.turn()?;
            return Ok(CommandKind::ForArithmetic { parts, body });
        }
    }
}
