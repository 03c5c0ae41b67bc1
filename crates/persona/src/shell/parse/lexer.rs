//! Words, quotes and operators of a command line.

use crate::shell::parse::{Part, Quotes, Stop, TOKENS, Token, Word};

const OPERATORS: &[&[u8]] = &[
    b"&&", b"||", b"|&", b"<<<", b"<<", b">>", b">&", b"&>", b";", b"&", b"|", b"<", b">", b"(",
    b")", b"\n",
];

/// Cuts a text into tokens.
pub(super) struct Lexer<'a> {
    text: &'a [u8],
    at: usize,
    tokens: Vec<Token>,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0, tokens: Vec::new() }
    }

    fn rest(&self) -> &'a [u8] {
        self.text.get(self.at..).unwrap_or(&[])
    }

    pub(super) fn run(mut self) -> Result<Vec<Token>, Stop> {
        loop {
            match self.rest() {
                [] => return Ok(self.tokens),
                [b' ' | b'\t' | b'\r', ..] => self.at += 1,
                [b'\\', b'\n', ..] => self.at += 2,
                [b'#', ..] => {
                    self.at += self.rest().iter().take_while(|&&b| b != b'\n').count();
                }
                rest => match OPERATORS.iter().find(|operator| rest.starts_with(operator)) {
                    Some(operator) => {
                        self.at += operator.len();
                        self.tokens.push(Token::Operator(operator));
                    }
                    None => self.word()?,
                },
            }
            if self.tokens.len() > TOKENS {
                return Err(Stop::Unexpected(b"newline".to_vec()));
            }
        }
    }

    fn word(&mut self) -> Result<(), Stop> {
        let mut word = Word::new();
        let mut bare = Vec::new();
        loop {
            match self.rest() {
                []
                | [
                    b' ' | b'\t' | b'\r' | b'\n' | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')',
                    ..,
                ] => {
                    break;
                }
                [b'\\', b'\n', ..] => self.at += 2,
                [b'\\', byte, ..] => {
                    flush(&mut bare, &mut word);
                    word.push(Part::Quoted(vec![*byte]));
                    self.at += 2;
                }
                [b'\\'] => return Err(Stop::Incomplete),
                [b'\'', rest @ ..] => {
                    let Some(end) = rest.iter().position(|&b| b == b'\'') else {
                        return Err(Stop::Incomplete);
                    };
                    flush(&mut bare, &mut word);
                    word.push(Part::Quoted(rest.get(..end).unwrap_or(&[]).to_vec()));
                    self.at += end + 2;
                }
                [b'"', ..] => {
                    flush(&mut bare, &mut word);
                    self.at += 1;
                    self.double(&mut word)?;
                }
                [b'$' | b'`', ..] => {
                    let begin = self.at;
                    match self.dollar(Quotes::None)? {
                        Some(part) => {
                            flush(&mut bare, &mut word);
                            word.push(part);
                        }
                        None => bare.extend(self.text.get(begin..self.at).unwrap_or(&[])),
                    }
                }
                [byte, ..] => {
                    bare.push(*byte);
                    self.at += 1;
                }
            }
        }
        let digit = match bare.as_slice() {
            [digit @ b'0'..=b'2'] if word.is_empty() => Some(digit - b'0'),
            _ => None,
        };
        if let (Some(digit), [b'<' | b'>', ..]) = (digit, self.rest()) {
            self.tokens.push(Token::Descriptor(digit));
            return Ok(());
        }
        flush(&mut bare, &mut word);
        self.tokens.push(Token::Word(word));
        Ok(())
    }

    /// Behind the opening quote, up to the closing one.
    fn double(&mut self, word: &mut Word) -> Result<(), Stop> {
        let mut quoted = Vec::new();
        loop {
            match self.rest() {
                [] | [b'\\'] => return Err(Stop::Incomplete),
                [b'"', ..] => {
                    self.at += 1;
                    word.push(Part::Quoted(quoted));
                    return Ok(());
                }
                [b'\\', b'\n', ..] => self.at += 2,
                [b'\\', byte @ (b'"' | b'\\' | b'$' | b'`'), ..] => {
                    quoted.push(*byte);
                    self.at += 2;
                }
                [b'$' | b'`', ..] => {
                    let begin = self.at;
                    match self.dollar(Quotes::Double)? {
                        Some(part) => {
                            word.push(Part::Quoted(std::mem::take(&mut quoted)));
                            word.push(part);
                        }
                        None => quoted.extend(self.text.get(begin..self.at).unwrap_or(&[])),
                    }
                }
                [byte, ..] => {
                    quoted.push(*byte);
                    self.at += 1;
                }
            }
        }
    }

    /// What begins with a dollar sign or a backquote; `None` where it stands for itself, which has
    /// then been skipped.
    fn dollar(&mut self, quotes: Quotes) -> Result<Option<Part>, Stop> {
        let rest = self.rest();
        let (skip, end) = match rest {
            [b'`', behind @ ..] => (1, behind.iter().position(|&b| b == b'`')),
            [b'$', b'(', behind @ ..] => (2, closing(behind)),
            [b'$', b'{', behind @ ..] => (2, behind.iter().position(|&b| b == b'}')),
            [b'$', b'?' | b'$' | b'!' | b'#' | b'@' | b'*' | b'-' | b'0'..=b'9', ..] => {
                (1, Some(1))
            }
            [b'$', behind @ ..] => {
                let digits = behind.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_');
                (1, Some(digits.count()))
            }
            _ => (1, Some(0)),
        };
        let Some(end) = end else { return Err(Stop::Incomplete) };
        let inside = rest.get(skip..skip + end).unwrap_or(&[]).to_vec();
        match rest {
            [b'`', ..] | [b'$', b'(', ..] => {
                self.at += skip + end + 1;
                Ok(Some(Part::Command(inside, quotes)))
            }
            [b'$', b'{', ..] => {
                self.at += skip + end + 1;
                Ok(Some(Part::Variable(inside, quotes)))
            }
            _ => {
                self.at += skip + end;
                Ok((end > 0).then_some(Part::Variable(inside, quotes)))
            }
        }
    }
}

fn flush(bare: &mut Vec<u8>, word: &mut Word) {
    if !bare.is_empty() {
        word.push(Part::Bare(std::mem::take(bare)));
    }
}

/// Where the parenthesis that is open closes.
fn closing(text: &[u8]) -> Option<usize> {
    let mut depth = 0_usize;
    let mut quote = None;
    let mut escaped = false;
    for (index, &byte) in text.iter().enumerate() {
        if std::mem::take(&mut escaped) {
            continue;
        }
        match (quote, byte) {
            (Some(open), _) if byte == open => quote = None,
            (Some(_), _) => {}
            (None, b'\\') => escaped = true,
            (None, b'\'' | b'"') => quote = Some(byte),
            (None, b'(') => depth += 1,
            (None, b')') => match depth.checked_sub(1) {
                Some(outer) => depth = outer,
                None => return Some(index),
            },
            (None, _) => {}
        }
    }
    None
}
