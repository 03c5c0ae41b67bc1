//! Tokens: operators, and the words between them.
//!
//! **Invariant:** which words mean something where is the grammar's business; here is only the one
//! place that puts in aliases, before the grammar sees a word.

use crate::shell::parser::{Lexed, Parsed, Parser, Place, Token};
use crate::shell::tree::{Part, Wrong};

impl Parser<'_> {
    /// The next token.
    pub(super) fn token(&mut self, place: Place) -> Parsed<Token> {
        let mut anywhere = false;
        loop {
            self.blanks();
            self.token_line = self.input.line();
            self.token_mark = self.input.mark();
            self.token_end = self.token_line;
            anywhere |= self.input.expands_next();
            let Some(byte) = self.input.look() else {
                if self.input.close() {
                    self.read_here_docs()?;
                    return Ok(Token::Op("newline"));
                }
                self.token_line = self.input.line();
                self.token_end = self.token_line;
                return Ok(Token::End);
            };
            if byte == b'\n' {
                self.input.bump();
                self.read_here_docs()?;
                return Ok(Token::Op("newline"));
            }
            let in_word = place == Place::Regex && matches!(byte, b'(' | b'|');
            if !in_word && let Some(op) = self.operator(byte) {
                return Ok(Token::Op(op));
            }
            let lexed = self.word(place)?;
            self.token_end = self.input.line();
            if let Some(token) = self.taken(lexed, place, anywhere)? {
                return Ok(token);
            }
        }
    }

    /// What a word is that was read; nothing where an alias stands in for it.
    fn taken(&mut self, lexed: Lexed, place: Place, anywhere: bool) -> Parsed<Option<Token>> {
        if let Some(plain) = lexed.plain() {
            if let Some(token) = self.in_front_of_redirect(plain) {
                return Ok(Some(token));
            }
            let may = match place {
                Place::Command => true,
                Place::Argument | Place::Declare => anywhere,
                Place::Pattern | Place::Regex => false,
            };
            if may && self.alias(plain)? {
                return Ok(None);
            }
        }
        Ok(Some(Token::Word(Box::new(lexed))))
    }

    /// Steps over blanks and comments.
    pub(super) fn blanks(&mut self) {
        while let Some(byte) = self.input.look() {
            match byte {
                b' ' | b'\t' => {
                    self.input.bump();
                }
                b'#' => {
                    while self.input.peek(0).is_some_and(|byte| byte != b'\n') {
                        self.input.bump();
                    }
                }
                _ => return,
            }
        }
    }

    /// Takes an operator, unless it begins a process substitution.
    pub(super) fn operator(&mut self, byte: u8) -> Option<&'static str> {
        if !b"&|;<>()".contains(&byte) {
            return None;
        }
        let second = self.input.look_behind();
        if matches!(byte, b'<' | b'>') && second == Some(b'(') {
            return None;
        }
        self.input.take();
        let op = match (byte, second) {
            (b'&', Some(b'&')) => "&&",
            (b'&', Some(b'>')) => "&>",
            (b'|', Some(b'|')) => "||",
            (b'|', Some(b'&')) => "|&",
            (b';', Some(b';')) => ";;",
            (b';', Some(b'&')) => ";&",
            (b'<', Some(b'<')) => "<<",
            (b'<', Some(b'&')) => "<&",
            (b'<', Some(b'>')) => "<>",
            (b'>', Some(b'>')) => ">>",
            (b'>', Some(b'&')) => ">&",
            (b'>', Some(b'|')) => ">|",
            (b'&', _) => return Some("&"),
            (b'|', _) => return Some("|"),
            (b';', _) => return Some(";"),
            (b'<', _) => return Some("<"),
            (b'>', _) => return Some(">"),
            (b'(', _) => return Some("("),
            _ => return Some(")"),
        };
        self.input.take();
        let longer = match op {
            "&>" => (b'>', "&>>"),
            ";;" => (b'&', ";;&"),
            "<<" if self.input.eat(b'<') => return Some("<<<"),
            "<<" => (b'-', "<<-"),
            _ => return Some(op),
        };
        Some(if self.input.eat(longer.0) { longer.1 } else { op })
    }

    /// A number or `{name}` directly in front of `<` or `>`.
    fn in_front_of_redirect(&mut self, plain: &[u8]) -> Option<Token> {
        if !matches!(self.input.look(), Some(b'<' | b'>')) {
            return None;
        }
        if plain.iter().all(u8::is_ascii_digit) {
            let number = std::str::from_utf8(plain).ok()?.parse::<u32>().ok()?;
            return (number <= i32::MAX.unsigned_abs()).then_some(Token::Number(number));
        }
        let name = plain.strip_prefix(b"{")?.strip_suffix(b"}")?;
        let base = name.split(|byte| *byte == b'[').next().unwrap_or_default();
        is_name(base).then(|| Token::Variable(name.to_vec()))
    }

    /// Puts an alias's text in place of its name.
    fn alias(&mut self, name: &[u8]) -> Parsed<bool> {
        let Some(aliases) = self.options.aliases else { return Ok(false) };
        if !self.input.may_expand(name) {
            return Ok(false);
        }
        let Some(text) = aliases(name) else { return Ok(false) };
        if self.input.expand(name, text) { Ok(true) } else { Err(Wrong::TooMuch) }
    }
}

/// Whether this is a variable's name.
pub(super) fn is_name(text: &[u8]) -> bool {
    text.first().is_some_and(|byte| is_name_byte(*byte) && !byte.is_ascii_digit())
        && text.iter().all(|byte| is_name_byte(*byte))
}

/// Whether a name may have this in it.
pub(super) fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Adds a byte that is not quoted.
pub(super) fn push_literal(parts: &mut Vec<Part>, byte: u8) {
    if let Some(Part::Literal(text)) = parts.last_mut() {
        text.push(byte);
    } else {
        parts.push(Part::Literal(vec![byte]));
    }
}

/// Adds quoted bytes.
pub(super) fn push_quoted(parts: &mut Vec<Part>, bytes: &[u8]) {
    if let Some(Part::Quoted(text)) = parts.last_mut() {
        text.extend_from_slice(bytes);
    } else {
        parts.push(Part::Quoted(bytes.to_vec()));
    }
}

/// A word without text around it.
pub(super) fn lexed(word: crate::shell::tree::Word, raw: Vec<u8>) -> Lexed {
    Lexed { word, raw, assignment: None }
}
