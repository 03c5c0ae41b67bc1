//! Words: quotes, what begins an assignment, and patterns with parentheses in them.
//!
//! **Invariant:** neighbouring literal bytes are one part, and so are neighbouring quoted ones: there
//! is one way to write down what a word means.

use crate::shell::double::Kind;
use crate::shell::parser::{Lexed, Parsed, Parser, Place, Token};
use crate::shell::token::{is_name_byte, push_literal, push_quoted};
use crate::shell::tree::{Assignment, Missing, Part, Value, Word, Wrong};

/// What ends a word outside of everything.
const ENDS: &[u8] = b" \t\n|&;<>()";

/// What has a meaning besides quotes and `$`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Around {
    /// A word of a command: `<(…)`.
    Word,
    /// A pattern: also `@(…)`.
    Pattern,
    /// An expression: also `(…)` and `|`.
    Regex,
    /// Something in braces or brackets.
    Inside,
}

/// How a word begins that may be an assignment.
enum Begin {
    /// It is none.
    Word,
    /// `name=` and `name[index]+=` were read.
    Assignment { name: Vec<u8>, index: Option<Word>, append: bool },
}

impl Parser<'_> {
    /// Reads a word, of which there must be at least a byte.
    pub(super) fn word(&mut self, place: Place) -> Parsed<Lexed> {
        let mark = self.input.mark();
        let mut parts = Vec::new();
        let around = match place {
            Place::Pattern => Around::Pattern,
            Place::Regex => Around::Regex,
            Place::Command | Place::Declare | Place::Argument => Around::Word,
        };
        let begin = self.begin(place, &mut parts)?;
        let assignment = match begin {
            Begin::Assignment { name, index, append }
                if place != Place::Declare || self.input.look() == Some(b'(') =>
            {
                let value = self.value(around)?;
                Some(Assignment { name, index, append, value })
            }
            Begin::Assignment { .. } | Begin::Word => {
                self.bare(&mut parts, ENDS, around)?;
                None
            }
        };
        let raw = self.input.since(mark).to_vec();
        Ok(Lexed { word: Word(parts), raw, assignment })
    }

    /// Reads what stands behind `name=`.
    fn value(&mut self, around: Around) -> Parsed<Value> {
        if self.input.look() == Some(b'(') {
            return Ok(Value::Array(self.array()?));
        }
        let mut value = Vec::new();
        self.bare(&mut value, ENDS, around)?;
        Ok(Value::Scalar(Word(value)))
    }

    /// Reads the begin of an assignment, or as much of the word as could have been one.
    fn begin(&mut self, place: Place, parts: &mut Vec<Part>) -> Parsed<Begin> {
        if !matches!(place, Place::Command | Place::Declare) {
            return Ok(Begin::Word);
        }
        if !self.input.look().is_some_and(|byte| is_name_byte(byte) && !byte.is_ascii_digit()) {
            return Ok(Begin::Word);
        }
        let mut name = Vec::new();
        while let Some(byte) = self.input.look().filter(|byte| is_name_byte(*byte)) {
            self.input.bump();
            name.push(byte);
            push_literal(parts, byte);
        }
        let mut index = None;
        if self.input.look() == Some(b'[') {
            let opened = self.input.line();
            self.input.bump();
            push_literal(parts, b'[');
            self.enter()?;
            let mut inner = Vec::new();
            self.index(&mut inner)?;
            self.leave();
            if !self.input.eat(b']') {
                return self.unclosed(b']', opened);
            }
            for part in &inner {
                append(parts, part.clone());
            }
            push_literal(parts, b']');
            index = Some(Word(inner));
        }
        let append = self.input.look() == Some(b'+') && self.input.look_behind() == Some(b'=');
        if append {
            self.input.take();
            push_literal(parts, b'+');
        }
        if !self.input.eat(b'=') {
            return Ok(Begin::Word);
        }
        push_literal(parts, b'=');
        Ok(Begin::Assignment { name, index, append })
    }

    /// Reads what stands in `[…]` behind a name, with brackets of its own.
    pub(super) fn index(&mut self, parts: &mut Vec<Part>) -> Parsed<()> {
        let mut open = 0_usize;
        loop {
            self.bare(parts, b"[]", Around::Inside)?;
            match self.input.look() {
                Some(b'[') => open = open.saturating_add(1),
                Some(b']') if open > 0 => open = open.saturating_sub(1),
                _ => return Ok(()),
            }
            push_literal(parts, self.input.bump().unwrap_or_default());
        }
    }

    /// Reads `( … )` behind `name=`.
    fn array(&mut self) -> Parsed<Vec<(Option<Word>, Word)>> {
        let opened = self.input.line();
        self.input.take();
        self.enter()?;
        let mut elements = Vec::new();
        loop {
            self.blanks();
            match self.input.look() {
                None => return self.unclosed(b')', opened),
                Some(b'\n') => {
                    self.input.bump();
                    self.read_here_docs()?;
                    continue;
                }
                Some(b')') => {
                    self.input.bump();
                    break;
                }
                Some(byte) => {
                    self.token_end = self.input.line();
                    if let Some(op) = self.operator(byte) {
                        return Err(self.complaint(&Token::Op(op)));
                    }
                }
            }
            elements.push(self.element()?);
        }
        self.leave();
        Ok(elements)
    }

    fn element(&mut self) -> Parsed<(Option<Word>, Word)> {
        let mut parts = Vec::new();
        if self.input.look() == Some(b'[') {
            self.input.bump();
            let mut inner = Vec::new();
            self.enter()?;
            let opened = self.input.line();
            self.index(&mut inner)?;
            self.leave();
            if self.input.look().is_none() {
                return self.unclosed(b']', opened);
            }
            if self.input.look() == Some(b']') && self.input.look_behind() == Some(b'=') {
                self.input.take();
                self.input.take();
                self.bare(&mut parts, ENDS, Around::Word)?;
                return Ok((Some(Word(inner)), Word(parts)));
            }
            push_literal(&mut parts, b'[');
            for part in inner {
                append(&mut parts, part);
            }
        }
        self.bare(&mut parts, ENDS, Around::Word)?;
        Ok((None, Word(parts)))
    }

    /// Reads what is not in double quotes, until one of these bytes stands there unquoted.
    pub(super) fn bare(
        &mut self,
        parts: &mut Vec<Part>,
        ends: &[u8],
        around: Around,
    ) -> Parsed<()> {
        while let Some(byte) = self.input.look() {
            match byte {
                b'<' | b'>'
                    if around != Around::Inside && self.input.look_behind() == Some(b'(') =>
                {
                    self.input.take();
                    self.input.take();
                    let script = self.substitution()?.into();
                    parts.push(Part::Process { out: byte == b'>', script });
                }
                b'(' if opens_group(parts, around) => self.group(parts)?,
                b'|' if around == Around::Regex => {
                    self.input.bump();
                    push_literal(parts, byte);
                }
                _ if ends.contains(&byte) => return Ok(()),
                b'\\' => {
                    self.input.bump();
                    match self.input.bump() {
                        Some(byte) => push_quoted(parts, &[byte]),
                        None if self.options.here_docs_end => push_quoted(parts, b"\\"),
                        None => {
                            let line = self.input.line();
                            return Err(Wrong::Incomplete { why: Missing::Continuation, line });
                        }
                    }
                }
                b'\'' => self.single(parts)?,
                b'"' => self.string(parts)?,
                b'$' => self.dollar(parts, Kind::Bare)?,
                b'`' => self.backticks(parts, Kind::Bare)?,
                _ => {
                    self.input.bump();
                    push_literal(parts, byte);
                }
            }
        }
        Ok(())
    }

    /// Reads `( … )` in a pattern, in which blanks and operators are like all else.
    fn group(&mut self, parts: &mut Vec<Part>) -> Parsed<()> {
        let opened = self.input.line();
        self.enter()?;
        self.input.take();
        push_literal(parts, b'(');
        let mut open = 1_usize;
        loop {
            self.bare(parts, b"()", Around::Inside)?;
            match self.input.look() {
                Some(b'(') => open = open.saturating_add(1),
                Some(_) => open = open.saturating_sub(1),
                None => return self.unclosed(b')', opened),
            }
            push_literal(parts, self.input.bump().unwrap_or_default());
            if open == 0 {
                self.leave();
                return Ok(());
            }
        }
    }

    /// Reads `'…'`.
    fn single(&mut self, parts: &mut Vec<Part>) -> Parsed<()> {
        let opened = self.input.line();
        self.input.bump();
        let mut text = Vec::new();
        loop {
            match self.input.bump() {
                None => return self.unclosed(b'\'', opened),
                Some(b'\'') => break,
                Some(byte) => text.push(byte),
            }
        }
        push_quoted(parts, &text);
        Ok(())
    }

    /// Reads `"…"`.
    pub(super) fn string(&mut self, parts: &mut Vec<Part>) -> Parsed<()> {
        let opened = self.input.line();
        self.enter()?;
        self.input.take();
        let mut inner = Vec::new();
        self.double(&mut inner, Kind::String)?;
        if !self.input.eat(b'"') {
            return self.unclosed(b'"', opened);
        }
        self.leave();
        parts.push(Part::Double(inner));
        Ok(())
    }
}

/// Whether a parenthesis belongs to the word here.
fn opens_group(parts: &[Part], around: Around) -> bool {
    match around {
        Around::Word | Around::Inside => false,
        Around::Regex => true,
        Around::Pattern => match parts.last() {
            Some(Part::Literal(text)) => text.last().is_some_and(|byte| b"?*+@!".contains(byte)),
            _ => false,
        },
    }
}

/// Adds a part, as one with its neighbour where they are of a kind.
pub(super) fn append(parts: &mut Vec<Part>, part: Part) {
    match (parts.last_mut(), part) {
        (Some(Part::Literal(text)), Part::Literal(more))
        | (Some(Part::Quoted(text)), Part::Quoted(more)) => text.extend(more),
        (_, part) => parts.push(part),
    }
}
