//! What begins with `$` or a backtick, but for `${…}`.
//!
//! **Invariant:** whether `((` begins an expression is found by reading ahead over parentheses and
//! quotes alone: nothing is parsed twice for it.

use crate::shell::double::Kind;
use crate::shell::input::Input;
use crate::shell::parser::{Parsed, Parser};
use crate::shell::token::{is_name_byte, push_literal, push_quoted};
use crate::shell::tree::{Missing, Operation, Parameter, Part, Script, Wrong};

/// What two opened parentheses are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Parens {
    /// `(( … ))`
    Expression,
    /// `( ( … ) … )`
    Nested,
    /// One of them is not closed.
    Open,
    /// The text ends behind the first that closes.
    Cut,
}

impl Parser<'_> {
    /// Reads what a `$` begins, or the `$`.
    pub(super) fn dollar(&mut self, parts: &mut Vec<Part>, kind: Kind) -> Parsed<()> {
        let part = match self.input.look_behind() {
            Some(b'(') => self.dollar_paren()?,
            Some(b'{') => {
                self.input.take();
                self.input.take();
                self.parameter(kind)?
            }
            Some(b'[') => {
                let opened = self.input.line();
                self.enter()?;
                self.input.take();
                self.input.take();
                let word = self.arithmetic(b"]")?;
                if !self.input.eat(b']') {
                    return self.unclosed(b']', opened);
                }
                self.leave();
                Part::Arithmetic(word)
            }
            Some(b'\'') if kind == Kind::Bare => {
                self.input.take();
                let text = self.ansi()?;
                push_quoted(parts, &text);
                return Ok(());
            }
            Some(b'"') if kind == Kind::Bare => {
                self.input.take();
                return self.string(parts);
            }
            Some(byte) if is_name_byte(byte) || b"@*#?-$!".contains(&byte) => {
                self.input.take();
                self.variable()
            }
            _ => {
                self.input.take();
                push_literal(parts, b'$');
                return Ok(());
            }
        };
        parts.push(part);
        Ok(())
    }

    /// Reads the name behind a `$`.
    fn variable(&mut self) -> Part {
        let mut name = Vec::new();
        let first = self.input.take();
        name.extend(first);
        if first.is_some_and(|byte| is_name_byte(byte) && !byte.is_ascii_digit()) {
            while let Some(byte) = self.input.look().filter(|byte| is_name_byte(*byte)) {
                self.input.bump();
                name.push(byte);
            }
        }
        Part::Parameter(Box::new(Parameter {
            name,
            index: None,
            indirect: false,
            operation: Operation::Value,
        }))
    }

    /// Reads `$(…)` or `$((…))`.
    fn dollar_paren(&mut self) -> Parsed<Part> {
        let opened = self.input.line();
        self.input.take();
        self.input.take();
        if self.input.look() == Some(b'(') {
            match self.parens() {
                Parens::Open | Parens::Cut => return self.unclosed(b')', opened),
                Parens::Nested => {}
                Parens::Expression => return self.dollar_expression(opened),
            }
        }
        Ok(Part::Command(self.substitution()?.into()))
    }

    fn dollar_expression(&mut self, opened: u32) -> Parsed<Part> {
        self.enter()?;
        self.input.take();
        let word = self.arithmetic(b")")?;
        if !self.input.eat(b')') || !self.input.eat(b')') {
            return self.unclosed(b')', opened);
        }
        self.leave();
        Ok(Part::Arithmetic(word))
    }

    /// What the second of two opened parentheses begins, which comes next.
    pub(super) fn parens(&mut self) -> Parens {
        let mut ahead = self.input.fork();
        ahead.take();
        let found = parens(&mut ahead);
        self.input.set_fuel(ahead.fuel());
        found
    }

    /// Reads the script behind `$(`, `<(` or `>(`, and what closes it.
    pub(super) fn substitution(&mut self) -> Parsed<Script> {
        self.enter_command()?;
        let outside = std::mem::take(&mut self.docs.pending);
        let ahead = self.ahead.take();
        let lines = (self.token_line, self.token_end, self.token_mark);
        self.substitutions = self.substitutions.saturating_add(1);
        let script = match self.until_close() {
            Err(Wrong::Incomplete { why: Missing::End, line }) => {
                return self.unclosed(b')', line);
            }
            result => result?,
        };
        self.substitutions = self.substitutions.saturating_sub(1);
        (self.token_line, self.token_end, self.token_mark) = lines;
        self.ahead = ahead;
        let inside = std::mem::replace(&mut self.docs.pending, outside);
        self.docs.pending.extend(inside);
        self.leave_command();
        Ok(script)
    }

    /// Reads `` `…` ``.
    pub(super) fn backticks(&mut self, parts: &mut Vec<Part>, kind: Kind) -> Parsed<()> {
        let line = self.input.line();
        let mark = self.input.mark();
        self.input.take();
        let mut text = Vec::new();
        loop {
            match self.input.bump() {
                None => return self.unclosed(b'`', line),
                Some(b'`') => break,
                Some(b'\\') => match self.input.peek(0) {
                    Some(b'$' | b'`' | b'\\') => text.extend(self.input.bump()),
                    Some(b'"') if matches!(kind, Kind::String | Kind::Brace) => {
                        text.extend(self.input.bump());
                    }
                    _ => text.push(b'\\'),
                },
                Some(byte) => text.push(byte),
            }
        }
        let script = self.inside(&text, line, all)?;
        parts.push(match script {
            Ok(script) => Part::Command(script.into()),
            Err(wrong) => {
                let text = self.input.since(mark).to_vec();
                Part::Broken { text, wrong: wrong.into() }
            }
        });
        Ok(())
    }

    /// Reads `'…'` behind a `$`.
    fn ansi(&mut self) -> Parsed<Vec<u8>> {
        let opened = self.input.line();
        self.input.bump();
        let mut text = Vec::new();
        loop {
            match self.input.bump() {
                None => return self.unclosed(b'\'', opened),
                Some(b'\'') => break,
                Some(b'\\') => match self.input.bump() {
                    Some(byte) => {
                        text.push(b'\\');
                        text.push(byte);
                    }
                    None => return self.unclosed(b'\'', opened),
                },
                Some(byte) => text.push(byte),
            }
        }
        Ok(unescape(&text))
    }
}

/// Whether a text between `((` and `))` is taken for an expression.
pub(super) fn is_expression(text: &[u8]) -> bool {
    let text = [text, b"))"].concat();
    let mut input = Input::new(&text, 1);
    parens(&mut input) == Parens::Expression && input.peek(0).is_none()
}

/// Reads ahead behind `((` and says what it begins.
fn parens(input: &mut Input<'_>) -> Parens {
    let mut open: Vec<u8> = vec![b')'];
    while let Some(byte) = input.bump() {
        let inner = open.last().copied().unwrap_or_default();
        match (inner, byte) {
            (b'\'', b'\'') => {
                open.pop();
            }
            (b'\'', _) => {}
            (_, b'\\') => {
                input.bump();
            }
            (b'"', b'"') | (b'`', b'`') | (b'}', b'}') => {
                open.pop();
            }
            (b'`', _) => {}
            (_, b'$') if input.peek(0) == Some(b'(') => {
                input.bump();
                open.push(b')');
            }
            (_, b'$') if input.peek(0) == Some(b'{') => {
                input.bump();
                open.push(b'}');
            }
            (_, b'`' | b'"') => open.push(byte),
            (b')', b'(') => open.push(b')'),
            (b')', b'\'') => open.push(b'\''),
            (b')', b')') => {
                open.pop();
                if open.is_empty() {
                    return match input.take() {
                        Some(b')') => Parens::Expression,
                        Some(_) => Parens::Nested,
                        None => Parens::Cut,
                    };
                }
            }
            _ => {}
        }
    }
    Parens::Open
}

fn all(parser: &mut Parser<'_>) -> Parsed<Script> {
    parser.all()
}

/// `$'…'` without its escapes. It ends where a zero byte would stand.
fn unescape(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        if *byte != b'\\' {
            out.push(*byte);
            continue;
        }
        let Some((letter, after)) = rest.split_first() else {
            out.push(b'\\');
            break;
        };
        rest = after;
        let digits = |radix: u32, most: usize, from: &[u8]| {
            let length = from
                .iter()
                .take(most)
                .take_while(|byte| char::from(**byte).is_digit(radix))
                .count();
            let value = from.iter().take(length).fold(0_u32, |value, byte| {
                let digit = char::from(*byte).to_digit(radix).unwrap_or_default();
                value.wrapping_mul(radix).wrapping_add(digit)
            });
            (length, value)
        };
        let low = |value: u32| u8::try_from(value & 0xff).unwrap_or_default();
        let byte = match letter {
            b'a' => 7,
            b'b' => 8,
            b'e' | b'E' => 27,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 11,
            b'\\' | b'\'' | b'"' | b'?' => *letter,
            b'0'..=b'7' => {
                let (more, _) = digits(8, 2, rest);
                let (_, value) = digits(
                    8,
                    3,
                    text.get(text.len().saturating_sub(rest.len()).saturating_sub(1)..)
                        .unwrap_or_default(),
                );
                rest = rest.get(more..).unwrap_or_default();
                low(value)
            }
            b'x' => {
                let (length, value) = digits(16, 2, rest);
                rest = rest.get(length..).unwrap_or_default();
                if length == 0 {
                    out.push(b'\\');
                    b'x'
                } else {
                    low(value)
                }
            }
            b'u' | b'U' => {
                let (length, value) = digits(16, if *letter == b'u' { 4 } else { 8 }, rest);
                rest = rest.get(length..).unwrap_or_default();
                if length == 0 {
                    out.push(b'\\');
                    *letter
                } else if value < 128 {
                    low(value)
                } else {
                    push_code(&mut out, value);
                    continue;
                }
            }
            b'c' => {
                let Some((control, after)) = rest.split_first() else {
                    out.extend(b"\\c");
                    break;
                };
                rest = after;
                if *control == b'\\' && rest.first() == Some(&b'\\') {
                    rest = rest.get(1..).unwrap_or_default();
                }
                if *control == b'?' { 127 } else { control.to_ascii_uppercase() & 0x1f }
            }
            other => {
                out.push(b'\\');
                *other
            }
        };
        if byte == 0 {
            break;
        }
        out.push(byte);
    }
    out
}

/// Adds a character in UTF-8, whatever the number.
fn push_code(out: &mut Vec<u8>, code: u32) {
    if let Some(character) = char::from_u32(code) {
        let mut buffer = [0; 4];
        out.extend_from_slice(character.encode_utf8(&mut buffer).as_bytes());
    } else if code < 0x1_0000 {
        // A half of a surrogate pair, which bash writes as if it were a character.
        let byte = |shift: u32| u8::try_from(code >> shift & 0x3f).unwrap_or_default() | 0x80;
        out.push(u8::try_from(code >> 12).unwrap_or_default() | 0xe0);
        out.extend([byte(6), byte(0)]);
    }
}
