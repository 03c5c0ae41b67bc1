//! Words of a Python program.
//!
//! **Invariant:** every byte is read once. Lines that begin deeper or less deep than the one before
//! come as words of their own.

mod string;

pub(super) use string::unescape;

use super::parser::SyntaxFault;
use num_bigint::BigInt;

/// A word, and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) line: u32,
    /// Columns in bytes.
    pub(super) start: u32,
    pub(super) end: u32,
    /// The line where it ends.
    pub(super) last: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Name(String),
    Int(BigInt),
    Float(f64),
    Text(String),
    Bytes(Vec<u8>),
    /// An f-string: its text, not taken apart.
    Format(String, bool),
    Sign(&'static str),
    LineEnd,
    Indent,
    Dedent,
    End,
}

const SIGNS: &[&str] = &[
    "**=", "//=", ">>=", "<<=", "...", "**", "//", ">>", "<<", "<=", ">=", "==", "!=", "->", "+=",
    "-=", "*=", "/=", "%=", "&=", "|=", "^=", "@=", ":=", "+", "-", "*", "/", "%", "@", "&", "|",
    "^", "~", "<", ">", "(", ")", "[", "]", "{", "}", ",", ":", ".", ";", "=",
];

/// Depths of blocks in each other.
const INDENTS: usize = 100;

pub(super) struct Lexer<'a> {
    text: &'a str,
    at: usize,
    line: u32,
    line_start: usize,
    tokens: Vec<Token>,
    indents: Vec<usize>,
    /// Brackets that are open, and where.
    open: Vec<(u8, u32, u32)>,
}

/// All words of a text.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, SyntaxFault> {
    let mut lexer = Lexer {
        text,
        at: 0,
        line: 1,
        line_start: 0,
        tokens: Vec::new(),
        indents: vec![0],
        open: Vec::new(),
    };
    lexer.all()?;
    Ok(lexer.tokens)
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn byte(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + ahead).copied()
    }

    fn column(&self) -> u32 {
        u32::try_from(self.at - self.line_start).unwrap_or(u32::MAX)
    }

    fn push(&mut self, kind: Kind, start: u32) {
        let (line, end) = (self.line, self.column());
        self.tokens.push(Token { kind, line, start, end, last: line });
    }

    fn fault(&self, what: &str) -> SyntaxFault {
        SyntaxFault::new("SyntaxError", what, self.line, self.column(), self.column() + 1)
    }

    fn new_line(&mut self) {
        self.line += 1;
        self.line_start = self.at;
    }

    fn all(&mut self) -> Result<(), SyntaxFault> {
        let mut begins = true;
        loop {
            if begins && self.open.is_empty() {
                if self.blank_line() {
                    continue;
                }
                self.indent()?;
            }
            begins = false;
            let blanks = self.rest().bytes().take_while(|b| matches!(b, b' ' | b'\t' | 12)).count();
            self.at += blanks;
            let Some(first) = self.byte(0) else { break };
            match first {
                b'#' => {
                    self.at += self.rest().bytes().take_while(|&b| b != b'\n').count();
                }
                b'\r' if self.byte(1) == Some(b'\n') => self.at += 1,
                b'\n' => {
                    if self.open.is_empty() {
                        let column = self.column();
                        self.push(Kind::LineEnd, column);
                        begins = true;
                    }
                    self.at += 1;
                    self.new_line();
                }
                b'\\' if self.byte(1) == Some(b'\n') => {
                    self.at += 2;
                    self.new_line();
                }
                b'\\' => {
                    return Err(self.fault("unexpected character after line continuation character"));
                }
                _ => self.word(first)?,
            }
        }
        self.finish()
    }

    fn finish(&mut self) -> Result<(), SyntaxFault> {
        if let Some((bracket, line, column)) = self.open.last() {
            let what = format!("'{}' was never closed", char::from(*bracket));
            return Err(SyntaxFault::new("SyntaxError", &what, *line, *column, column + 1));
        }
        let column = self.column();
        if !matches!(self.tokens.last(), None | Some(Token { kind: Kind::LineEnd, .. })) {
            self.push(Kind::LineEnd, column);
        }
        while self.indents.len() > 1 {
            self.indents.pop();
            self.push(Kind::Dedent, 0);
        }
        self.push(Kind::End, 0);
        Ok(())
    }

    /// Passes a line without words.
    fn blank_line(&mut self) -> bool {
        let rest = self.rest();
        let blanks = rest.bytes().take_while(|b| matches!(b, b' ' | b'\t' | 12 | b'\r')).count();
        let behind = rest.get(blanks..).unwrap_or_default();
        let comment = if behind.starts_with('#') {
            behind.bytes().take_while(|&b| b != b'\n').count()
        } else {
            0
        };
        if behind.get(comment..).unwrap_or_default().starts_with('\n') {
            self.at += blanks + comment + 1;
            self.new_line();
            return true;
        }
        if behind.len() == comment {
            self.at += blanks + comment;
        }
        false
    }

    fn indent(&mut self) -> Result<(), SyntaxFault> {
        if self.rest().is_empty() {
            return Ok(());
        }
        let mut width = 0;
        while let Some(byte) = self.byte(0) {
            match byte {
                b' ' => width += 1,
                b'\t' => width = width / 8 * 8 + 8,
                12 => width = 0,
                _ => break,
            }
            self.at += 1;
        }
        let now = self.indents.last().copied().unwrap_or_default();
        if width > now {
            if self.indents.len() >= INDENTS {
                let what = "too many levels of indentation";
                return Err(SyntaxFault::new("IndentationError", what, self.line, 0, 1));
            }
            self.indents.push(width);
            self.push(Kind::Indent, 0);
        }
        while width < self.indents.last().copied().unwrap_or_default() {
            self.indents.pop();
            if width > self.indents.last().copied().unwrap_or_default() {
                let what = "unindent does not match any outer indentation level";
                let line = self.rest().split('\n').next().unwrap_or_default().len();
                let end = self.column() + u32::try_from(line).unwrap_or_default();
                return Err(SyntaxFault::new("IndentationError", what, self.line, end, end + 1));
            }
            self.push(Kind::Dedent, 0);
        }
        Ok(())
    }

    fn word(&mut self, first: u8) -> Result<(), SyntaxFault> {
        let start = self.column();
        if first.is_ascii_digit()
            || (first == b'.' && self.byte(1).is_some_and(|b| b.is_ascii_digit()))
        {
            return self.number(start);
        }
        if let Some((prefix, _)) = string::begins(self.rest()) {
            return self.string(prefix);
        }
        let is_part = |c: char| c == '_' || c.is_alphanumeric();
        if first == b'_' || self.rest().starts_with(char::is_alphabetic) {
            let end = self.rest().find(|c| !is_part(c)).unwrap_or(self.rest().len());
            let name = self.rest().get(..end).unwrap_or_default().to_owned();
            self.at += end;
            self.push(Kind::Name(name), start);
            return Ok(());
        }
        let Some(sign) = SIGNS.iter().find(|sign| self.rest().starts_with(**sign)) else {
            let letter = self.rest().chars().next().unwrap_or_default();
            let what = if letter.is_ascii() {
                "invalid syntax".to_owned()
            } else {
                format!("invalid character '{letter}' (U+{:04X})", u32::from(letter))
            };
            return Err(self.fault(&what));
        };
        match *sign {
            "(" | "[" | "{" => self.open.push((first, self.line, start)),
            ")" | "]" | "}" => self.close(first)?,
            _ => {}
        }
        self.at += sign.len();
        self.push(Kind::Sign(sign), start);
        Ok(())
    }

    fn close(&mut self, bracket: u8) -> Result<(), SyntaxFault> {
        let wanted = match bracket {
            b')' => b'(',
            b']' => b'[',
            _ => b'{',
        };
        let close = char::from(bracket);
        match self.open.pop() {
            None => Err(self.fault(&format!("unmatched '{close}'"))),
            Some((open, line, _)) if open != wanted => {
                let open = char::from(open);
                let mut what = format!(
                    "closing parenthesis '{close}' does not match opening parenthesis '{open}'"
                );
                if line != self.line {
                    what += &format!(" on line {line}");
                }
                Err(self.fault(&what))
            }
            Some(_) => Ok(()),
        }
    }

    fn number(&mut self, start: u32) -> Result<(), SyntaxFault> {
        let rest = self.rest();
        let radix = match rest.as_bytes() {
            [b'0', b'x' | b'X', ..] => 16,
            [b'0', b'o' | b'O', ..] => 8,
            [b'0', b'b' | b'B', ..] => 2,
            _ => 10,
        };
        if radix != 10 {
            let digits = rest.get(2..).unwrap_or_default();
            let end = digits.find(|c: char| !c.is_digit(radix) && c != '_').unwrap_or(digits.len());
            let text: String = digits.chars().take(end).filter(|&c| c != '_').collect();
            let value = BigInt::parse_bytes(text.as_bytes(), radix);
            let name = ["binary", "octal", "hexadecimal"][match radix {
                2 => 0,
                8 => 1,
                _ => 2,
            }];
            self.at += end + 2;
            let Some(value) = value else {
                return Err(self.fault(&format!("invalid {name} literal")));
            };
            self.push(Kind::Int(value), start);
            return Ok(());
        }
        let (text, bytes, is_float) = decimal(rest);
        self.at += bytes;
        let follows = self.rest().chars().next().is_some_and(|c| c == '_' || c.is_alphanumeric());
        let keyword = ["and", "else", "for", "if", "in", "is", "or", "not"];
        if follows && !keyword.iter().any(|word| self.rest().starts_with(word)) {
            let end = self.column();
            let what = "invalid decimal literal";
            return Err(SyntaxFault::new("SyntaxError", what, self.line, end - 1, end));
        }
        if !is_float && text.len() > 1 && text.starts_with('0') && text.bytes().any(|b| b != b'0') {
            let what = "leading zeros in decimal integer literals are not permitted; use an 0o prefix for octal integers";
            let zeros = u32::try_from(text.bytes().take_while(|&b| b == b'0').count());
            let end = start + zeros.unwrap_or(1);
            return Err(SyntaxFault::new("SyntaxError", what, self.line, start, end));
        }
        let kind = if is_float {
            Kind::Float(text.parse().unwrap_or_default())
        } else if text.len() > 4_300 {
            let what = "Exceeds the limit (4300 digits) for integer string conversion: value has too many digits";
            return Err(self.fault(what));
        } else {
            Kind::Int(text.parse().unwrap_or_default())
        };
        self.push(kind, start);
        Ok(())
    }
}

/// The digits of a number, the bytes that they take, and whether it is a float.
fn decimal(rest: &str) -> (String, usize, bool) {
    let bytes = rest.as_bytes();
    let (mut text, mut at, mut is_float) = (String::new(), 0, false);
    let digits = |from: &mut usize, text: &mut String| {
        while let Some(&b) = bytes.get(*from) {
            if b.is_ascii_digit() {
                text.push(char::from(b));
            } else if b != b'_' || !bytes.get(*from + 1).is_some_and(u8::is_ascii_digit) {
                break;
            }
            *from += 1;
        }
    };
    digits(&mut at, &mut text);
    if bytes.get(at) == Some(&b'.') {
        is_float = true;
        text.push('.');
        at += 1;
        digits(&mut at, &mut text);
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        if bytes.get(at + 1 + sign).is_some_and(u8::is_ascii_digit) {
            is_float = true;
            text.push('e');
            if sign == 1 {
                text.push(char::from(bytes.get(at + 1).copied().unwrap_or(b'+')));
            }
            at += 1 + sign;
            digits(&mut at, &mut text);
        }
    }
    (text, at, is_float)
}
