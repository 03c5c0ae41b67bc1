//! `${…}`: names, and what is done with their values.
//!
//! **Invariant:** only a missing brace is an error of the text; whatever else is wrong in there is
//! [`Operation::Bad`], because bash complains of it no sooner than it gets there.

use crate::shell::double::Kind;
use crate::shell::parser::{Parsed, Parser};
use crate::shell::token::is_name_byte;
use crate::shell::tree::{Operation, Parameter, Part, Place, Word};
use crate::shell::word::Around;

/// Parameters whose names are one sign.
const SIGNS: &[u8] = b"@*#?-$!";

impl Parser<'_> {
    /// Reads what stands behind `${`, and its brace.
    pub(super) fn parameter(&mut self, kind: Kind) -> Parsed<Part> {
        let opened = self.input.line();
        // The brace and the `$` before it.
        let mark = self.input.mark().saturating_sub(2);
        self.enter()?;
        let inner = match kind {
            Kind::Bare => Kind::Bare,
            Kind::String | Kind::Brace | Kind::Hidden | Kind::HereDoc | Kind::Arithmetic => {
                Kind::Brace
            }
        };
        let mut parameter = Parameter {
            name: Vec::new(),
            index: None,
            indirect: false,
            operation: Operation::Value,
        };
        let good = self.known_parameter(&mut parameter, inner)?;
        if !good || self.input.look() != Some(b'}') {
            self.brace_word(inner, b"}")?;
            if self.input.look() != Some(b'}') {
                return self.unclosed(b'}', opened);
            }
            self.input.take();
            parameter.index = None;
            parameter.indirect = false;
            parameter.name = Vec::new();
            parameter.operation = Operation::Bad(self.input.since(mark).to_vec());
        } else {
            self.input.take();
        }
        self.leave();
        Ok(Part::Parameter(Box::new(parameter)))
    }

    /// Reads a parameter up to its brace, as far as it is one.
    fn known_parameter(&mut self, parameter: &mut Parameter, kind: Kind) -> Parsed<bool> {
        let behind = self.input.look_behind();
        match self.input.look() {
            Some(b'#') if behind != Some(b'}') && self.is_length(behind) => {
                self.input.take();
                if !self.name(parameter)? {
                    return Ok(false);
                }
                parameter.operation = Operation::Length;
                return Ok(self.input.look() == Some(b'}'));
            }
            Some(b'!')
                if behind.is_some_and(|byte| is_name_byte(byte) || b"@*#?$!".contains(&byte)) =>
            {
                self.input.take();
                parameter.indirect = true;
                let named = behind.is_some_and(|byte| is_name_byte(byte) && !byte.is_ascii_digit());
                if !self.name(parameter)? {
                    return Ok(false);
                }
                if let Some(found) = self.names(parameter, named) {
                    return Ok(found);
                }
            }
            _ => {
                if !self.name(parameter)? {
                    return Ok(false);
                }
            }
        }
        self.operation(parameter, kind)
    }

    /// Whether the `#` that comes next asks for a length.
    fn is_length(&mut self, behind: Option<u8>) -> bool {
        match behind {
            Some(byte) if is_name_byte(byte) || matches!(byte, b'@' | b'*') => true,
            Some(byte) if SIGNS.contains(&byte) => {
                let mut ahead = self.input.fork();
                ahead.take();
                ahead.take();
                ahead.look() == Some(b'}')
            }
            _ => false,
        }
    }

    /// Reads a name and its index.
    fn name(&mut self, parameter: &mut Parameter) -> Parsed<bool> {
        let Some(first) = self.input.look() else { return Ok(false) };
        if SIGNS.contains(&first) {
            self.input.take();
            parameter.name.push(first);
            return Ok(true);
        }
        if !is_name_byte(first) {
            return Ok(false);
        }
        let number = first.is_ascii_digit();
        while let Some(byte) = self
            .input
            .look()
            .filter(|byte| if number { byte.is_ascii_digit() } else { is_name_byte(*byte) })
        {
            self.input.bump();
            parameter.name.push(byte);
        }
        if number || self.input.look() != Some(b'[') {
            return Ok(true);
        }
        self.input.take();
        let mut parts = Vec::new();
        let mut open = 0_usize;
        loop {
            self.bare(&mut parts, b"[]}", Around::Inside)?;
            match self.input.look() {
                Some(b'[') => open = open.saturating_add(1),
                Some(b']') if open > 0 => open = open.saturating_sub(1),
                Some(b']') => break,
                _ => return Ok(false),
            }
            let byte = self.input.take().unwrap_or_default();
            crate::shell::token::push_literal(&mut parts, byte);
        }
        self.input.take();
        parameter.index = Some(Word(parts));
        Ok(!parameter.index.as_ref().is_none_or(|index| index.0.is_empty()))
    }

    /// Finds `${!name*}` and `${!name[@]}`.
    fn names(&mut self, parameter: &mut Parameter, named: bool) -> Option<bool> {
        if !named {
            return None;
        }
        let star = match parameter.index.as_ref().map(|index| index.0.as_slice()) {
            None => match (self.input.look(), self.input.look_behind()) {
                (Some(sign @ (b'@' | b'*')), Some(b'}')) => {
                    self.input.take();
                    parameter.indirect = false;
                    parameter.operation = Operation::Names { separate: sign == b'@' };
                    return Some(true);
                }
                _ => return None,
            },
            Some([Part::Literal(text)]) if text == b"@" || text == b"*" => text == b"*",
            Some(_) => return None,
        };
        if self.input.look() != Some(b'}') {
            return None;
        }
        parameter.indirect = false;
        parameter.index = None;
        parameter.operation = Operation::Keys { separate: !star };
        Some(true)
    }

    /// Reads what is done with the value.
    fn operation(&mut self, parameter: &mut Parameter, kind: Kind) -> Parsed<bool> {
        let Some(byte) = self.input.look() else { return Ok(false) };
        let colon = byte == b':';
        if byte == b'}' {
            return Ok(true);
        }
        if !b":-=?+#%^,/@".contains(&byte) {
            return Ok(false);
        }
        self.input.take();
        parameter.operation = match byte {
            b':' | b'-' | b'=' | b'?' | b'+' => {
                let sign = if colon { self.input.look() } else { Some(byte) };
                if colon && matches!(sign, Some(b'-' | b'=' | b'?' | b'+')) {
                    self.input.take();
                }
                match sign {
                    Some(b'-') => Operation::Default { colon, word: self.brace_word(kind, b"}")? },
                    Some(b'=') => Operation::Assign { colon, word: self.brace_word(kind, b"}")? },
                    Some(b'?') => Operation::Error { colon, word: self.brace_word(kind, b"}")? },
                    Some(b'+') => {
                        Operation::Alternative { colon, word: self.brace_word(kind, b"}")? }
                    }
                    Some(b'}') | None => return Ok(false),
                    Some(_) => self.slice()?,
                }
            }
            b'#' | b'%' => {
                let longest = self.input.eat(byte);
                let pattern = self.brace_word(Kind::Bare, b"}")?;
                Operation::Trim { suffix: byte == b'%', longest, pattern }
            }
            b'^' | b',' => {
                let all = self.input.eat(byte);
                let pattern = self.brace_word(Kind::Bare, b"}")?;
                Operation::Case { upper: byte == b'^', all, pattern }
            }
            b'/' => self.replace(kind)?,
            b'@' => match (self.input.look(), self.input.look_behind()) {
                (
                    Some(
                        letter @ (b'U' | b'u' | b'L' | b'Q' | b'E' | b'P' | b'A' | b'K' | b'a'
                        | b'k'),
                    ),
                    Some(b'}'),
                ) => {
                    self.input.take();
                    Operation::Transform(letter)
                }
                _ => return Ok(false),
            },
            _ => return Ok(false),
        };
        Ok(true)
    }

    fn slice(&mut self) -> Parsed<Operation> {
        let offset = self.arithmetic(b":}")?;
        let length = if self.input.eat(b':') { Some(self.arithmetic(b"}")?) } else { None };
        Ok(Operation::Slice { offset, length })
    }

    fn replace(&mut self, kind: Kind) -> Parsed<Operation> {
        let place = match self.input.look() {
            Some(b'/') => Place::All,
            Some(b'#') => Place::Begin,
            Some(b'%') => Place::End,
            _ => Place::First,
        };
        if place != Place::First {
            self.input.take();
        }
        let pattern = self.brace_word(Kind::Bare, b"/}")?;
        let with =
            if self.input.eat(b'/') { self.brace_word(Kind::Bare, b"}")? } else { Word::default() };
        let _ = kind;
        Ok(Operation::Replace { place, pattern, with })
    }

    /// Reads a word in braces.
    fn brace_word(&mut self, kind: Kind, ends: &[u8]) -> Parsed<Word> {
        let mut parts = Vec::new();
        if kind == Kind::Bare {
            self.bare(&mut parts, ends, Around::Inside)?;
        } else {
            self.double_until(&mut parts, kind, ends)?;
        }
        Ok(Word(parts))
    }
}
