//! `[[ … ]]`.
//!
//! **Invariant:** bash has its own words for what is wrong in here, so every complaint is an `Other`.

use crate::shell::parser::{Parsed, Parser, Place, Token};
use crate::shell::tree::{Condition, Part, Word, Wrong};

const UNARY: &[u8] = b"abcdefghknoprstuvwxzGLNORS";
const BINARY: &[&[u8]] = &[
    b"=", b"==", b"!=", b"=~", b"-nt", b"-ot", b"-ef", b"-eq", b"-ne", b"-lt", b"-le", b"-gt",
    b"-ge",
];

/// A token of a condition.
enum Piece {
    Word { word: Word, raw: Vec<u8>, plain: bool },
    Op(&'static str),
    End,
}

impl Piece {
    /// As complaints name it.
    fn name(&self) -> Vec<u8> {
        match self {
            Self::Word { raw, .. } => raw.clone(),
            Self::Op(op) => op.as_bytes().to_vec(),
            Self::End => b"EOF".to_vec(),
        }
    }

    fn is(&self, text: &[u8]) -> bool {
        match self {
            Self::Word { raw, plain, .. } => *plain && raw == text,
            Self::Op(_) | Self::End => false,
        }
    }
}

impl Parser<'_> {
    /// Reads what stands behind `[[`, and `]]`.
    pub(super) fn condition(&mut self, opened: u32) -> Parsed<Condition> {
        let condition = self.either()?;
        let piece = self.piece(Place::Argument)?;
        if piece.is(b"]]") {
            return Ok(condition);
        }
        match &piece {
            Piece::Op("newline") | Piece::End if !self.options.here_docs_end => self.ends(),
            Piece::Op("newline") | Piece::End => {
                self.other(opened, "unexpected EOF while looking for `]]'")
            }
            Piece::Op(_) => self.complain(&[
                b"syntax error in conditional expression: unexpected token `",
                &piece.name(),
                b"'",
            ]),
            Piece::Word { .. } => self.complain(&[b"syntax error in conditional expression"]),
        }
    }

    /// A token of a condition, put into the parser's slot for one.
    fn piece(&mut self, place: Place) -> Parsed<Piece> {
        Ok(match self.next(place)? {
            Token::Word(lexed) => {
                let plain = lexed.plain().is_some();
                Piece::Word { raw: lexed.raw, plain, word: lexed.word }
            }
            Token::Number(number) => {
                let raw = number.to_string().into_bytes();
                Piece::Word { word: Word(vec![Part::Literal(raw.clone())]), raw, plain: true }
            }
            Token::Variable(name) => {
                let raw = [b"{", name.as_slice(), b"}"].concat();
                Piece::Word { word: Word(vec![Part::Literal(raw.clone())]), raw, plain: true }
            }
            Token::Op(op) => Piece::Op(op),
            Token::End => Piece::End,
        })
    }

    fn either(&mut self) -> Parsed<Condition> {
        self.enter()?;
        let mut left = self.both()?;
        let mut all = Vec::new();
        while self.joint("||")? {
            all.push(left);
            left = self.both()?;
        }
        let whole = fold(all, left, Condition::Or);
        self.leave();
        Ok(whole)
    }

    fn both(&mut self) -> Parsed<Condition> {
        let mut left = self.term()?;
        let mut all = Vec::new();
        while self.joint("&&")? {
            all.push(left);
            left = self.term()?;
        }
        Ok(fold(all, left, Condition::And))
    }

    /// Takes `&&` or `||`. Their number is bounded as depth is, because they nest in the tree.
    fn joint(&mut self, op: &'static str) -> Parsed<bool> {
        let is = self.eat(op, Place::Argument)?;
        if is {
            self.joints = self.joints.saturating_add(1);
            if self.joints > crate::limits::SHELL_NESTING {
                return Err(Wrong::TooMuch);
            }
        }
        Ok(is)
    }

    fn term(&mut self) -> Parsed<Condition> {
        self.newlines(Place::Argument)?;
        let first = self.piece(Place::Argument)?;
        match first {
            Piece::Op("(") => {
                self.newlines(Place::Argument)?;
                if self.peek_plain(Place::Argument)? == Some(b"]]") {
                    return self.complain(&[b"expected `)'"]);
                }
                let inner = self.either()?;
                let piece = self.piece(Place::Argument)?;
                match &piece {
                    Piece::Op(")") => {
                        self.newlines(Place::Argument)?;
                        Ok(inner)
                    }
                    Piece::Word { .. } | Piece::Op(_) | Piece::End => {
                        self.complain(&[b"unexpected token `", &piece.name(), b"', expected `)'"])
                    }
                }
            }
            Piece::End if !self.options.here_docs_end => self.ends(),
            Piece::Op(_) | Piece::End => {
                self.complain(&[b"unexpected token `", &first.name(), b"' in conditional command"])
            }
            Piece::Word { ref raw, plain: true, .. } if raw == b"!" => {
                self.enter()?;
                let inner = self.term()?;
                self.leave();
                Ok(Condition::Not(Box::new(inner)))
            }
            Piece::Word { ref raw, plain: true, .. } if raw == b"]]" => self.nothing(),
            Piece::Word { ref raw, plain: true, .. } if unary(raw).is_some() => {
                let letter = unary(raw).unwrap_or_default();
                self.unary_argument(letter)
            }
            Piece::Word { word, .. } => self.binary(word),
        }
    }

    /// Says that `]]` comes too early, of which bash says nothing but at a prompt.
    fn nothing<T>(&self) -> Parsed<T> {
        if self.options.here_docs_end {
            return self.complain(&[]);
        }
        let line = self.token_end;
        Err(Wrong::Unexpected { token: b"]]".to_vec(), line, source: self.input.source(line) })
    }

    fn unary_argument(&mut self, letter: u8) -> Parsed<Condition> {
        let piece = self.piece(Place::Argument)?;
        match piece {
            Piece::Word { ref raw, plain: true, .. } if raw == b"]]" => {}
            Piece::Word { word, .. } => {
                self.newlines(Place::Argument)?;
                return Ok(Condition::Unary(letter, word));
            }
            Piece::Op(_) | Piece::End => {}
        }
        self.complain(&[
            b"unexpected argument `",
            &piece.name(),
            b"' to conditional unary operator",
        ])
    }

    fn binary(&mut self, left: Word) -> Parsed<Condition> {
        let op = match self.peek(Place::Argument)? {
            Token::Word(lexed) => match lexed.plain() {
                Some(b"]]") => return Ok(Condition::Word(left)),
                Some(op) if BINARY.contains(&op) => op.to_vec(),
                _ => return self.complain(&[b"conditional binary operator expected"]),
            },
            Token::Op(op @ ("<" | ">")) => op.as_bytes().to_vec(),
            Token::Op("&&" | "||" | ")") => return Ok(Condition::Word(left)),
            Token::Op(op) => {
                let op = op.as_bytes();
                return self.complain(&[
                    b"unexpected token `",
                    op,
                    b"', conditional binary operator expected",
                ]);
            }
            Token::Number(_) | Token::Variable(_) => {
                return self.complain(&[b"conditional binary operator expected"]);
            }
            Token::End => return self.complain(&[b"unexpected EOF while looking for `]]'"]),
        };
        self.ahead = None;
        let place = match op.as_slice() {
            b"=~" => Place::Regex,
            b"=" | b"==" | b"!=" => Place::Pattern,
            _ => Place::Argument,
        };
        let piece = self.piece(place)?;
        match piece {
            Piece::Word { ref raw, plain: true, .. } if raw == b"]]" => {}
            Piece::Word { word, .. } => {
                self.newlines(Place::Argument)?;
                return Ok(Condition::Binary(left, op, word));
            }
            Piece::Op(found) if place == Place::Regex && found != "newline" => {
                return self.complain(&[
                    b"syntax error in conditional expression: unexpected token `",
                    found.as_bytes(),
                    b"'",
                ]);
            }
            Piece::Op(_) | Piece::End => {}
        }
        self.complain(&[
            b"unexpected argument `",
            &piece.name(),
            b"' to conditional binary operator",
        ])
    }

    fn complain<T>(&self, text: &[&[u8]]) -> Parsed<T> {
        self.other(self.token_end, text.concat())
    }
}

/// Joins conditions from the right, as bash does.
fn fold(
    all: Vec<Condition>,
    last: Condition,
    join: fn(Box<Condition>, Box<Condition>) -> Condition,
) -> Condition {
    all.into_iter().rev().fold(last, |right, left| join(Box::new(left), Box::new(right)))
}

fn unary(word: &[u8]) -> Option<u8> {
    match word {
        [b'-', letter] if UNARY.contains(letter) => Some(*letter),
        _ => None,
    }
}
