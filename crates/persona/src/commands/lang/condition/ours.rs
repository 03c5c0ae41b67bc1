//! `test` of dash: operators are taken for what they look like, wherever they stand.
//!
//! **Invariant:** brackets nest no deeper than [`SCRIPT_DEPTH`].

use super::files;
use super::ladder::Whole;
use crate::kernel::Proc;
use decnet_core::limits::SCRIPT_DEPTH;

type Answer<T> = Result<T, Vec<u8>>;

/// What a word is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    End,
    Operand,
    Unary,
    Binary,
    And,
    Or,
    Not,
    Open,
    Close,
}

const BINARY: &[&[u8]] = &[
    b"=", b"!=", b"<", b">", b"-eq", b"-ne", b"-ge", b"-gt", b"-le", b"-lt", b"-nt", b"-ot", b"-ef",
];

fn kind_of(word: &[u8]) -> Kind {
    match word {
        b"-a" => Kind::And,
        b"-o" => Kind::Or,
        b"!" => Kind::Not,
        b"(" => Kind::Open,
        b")" => Kind::Close,
        [b'-', letter] if b"bcdefgGhkLnOprsStuwxz".contains(letter) => Kind::Unary,
        word if BINARY.contains(&word) => Kind::Binary,
        _ => Kind::Operand,
    }
}

struct Reader<'a> {
    p: &'a Proc,
    words: &'a [Vec<u8>],
    at: usize,
    depth: usize,
}

pub(super) fn evaluate(p: &Proc, words: &[Vec<u8>]) -> Answer<bool> {
    let mut words = words;
    let mut not = false;
    loop {
        if words.is_empty() {
            return Ok(not);
        }
        let binary = words.get(1).is_some_and(|word| kind_of(word) == Kind::Binary);
        let counted = matches!(words.len(), 3 | 4) && !(words.len() == 3 && binary);
        match words {
            [open, inside @ .., close] if counted && open == b"(" && close == b")" => {
                words = inside
            }
            [bang, rest @ ..] if counted && bang == b"!" => {
                (not, words) = (true, rest);
                continue;
            }
            _ => {}
        }
        break;
    }
    let mut reader = Reader { p, words, at: 0, depth: 0 };
    let binary = words.len() == 3 && words.get(1).is_some_and(|w| kind_of(w) == Kind::Binary);
    let first = if binary { Kind::Operand } else { reader.kind(0) };
    let value = reader.any(first)?;
    match (words.get(reader.at), words.get(reader.at + 1)) {
        (Some(word), Some(_)) if word.is_empty() => Err(b"unexpected operator".to_vec()),
        (Some(word), Some(_)) => Err([word.as_slice(), b": unexpected operator"].concat()),
        _ => Ok(value != not),
    }
}

impl<'a> Reader<'a> {
    fn word(&self, at: usize) -> Option<&'a [u8]> {
        self.words.get(at).map(Vec::as_slice)
    }

    fn kind(&self, at: usize) -> Kind {
        let Some(word) = self.word(at) else { return Kind::End };
        let kind = kind_of(word);
        let plain = match kind {
            Kind::Unary => self.is_operand(at),
            Kind::Open => self.word(at + 1).is_none(),
            Kind::End
            | Kind::Operand
            | Kind::Binary
            | Kind::And
            | Kind::Or
            | Kind::Not
            | Kind::Close => false,
        };
        if plain { Kind::Operand } else { kind }
    }

    /// An operator before a word that is a word itself: nothing, or a binary one, follows.
    fn is_operand(&self, at: usize) -> bool {
        let Some(next) = self.word(at + 1) else { return true };
        let Some(third) = self.word(at + 2) else { return false };
        kind_of(next) == Kind::Binary && third != b")"
    }

    fn any(&mut self, first: Kind) -> Answer<bool> {
        self.depth += 1;
        if self.depth > SCRIPT_DEPTH {
            return Err(b"too many arguments".to_vec());
        }
        let (mut value, mut kind) = (false, first);
        loop {
            value |= self.all(kind)?;
            if self.kind(self.at + 1) != Kind::Or {
                self.depth -= 1;
                return Ok(value);
            }
            self.at += 2;
            kind = self.kind(self.at);
        }
    }

    fn all(&mut self, first: Kind) -> Answer<bool> {
        let (mut value, mut kind) = (true, first);
        loop {
            value &= self.not(kind)?;
            if self.kind(self.at + 1) != Kind::And {
                return Ok(value);
            }
            self.at += 2;
            kind = self.kind(self.at);
        }
    }

    fn not(&mut self, first: Kind) -> Answer<bool> {
        let (mut turned, mut kind) = (false, first);
        while kind == Kind::Not {
            kind = self.kind(self.at + 1);
            if kind != Kind::End {
                self.at += 1;
            }
            turned = !turned;
        }
        Ok(self.primary(kind)? != turned)
    }

    fn primary(&mut self, kind: Kind) -> Answer<bool> {
        let word = self.word(self.at).unwrap_or_default();
        match kind {
            Kind::End => return Ok(false),
            Kind::Open => {
                self.at += 1;
                let inside = self.kind(self.at);
                if inside == Kind::Close {
                    return Ok(false);
                }
                let value = self.any(inside)?;
                self.at += 1;
                if self.kind(self.at) != Kind::Close {
                    return Err(b"closing paren expected".to_vec());
                }
                return Ok(value);
            }
            Kind::Unary => {
                self.at += 1;
                let letter = word.get(1).copied().unwrap_or_default();
                let Some(operand) = self.word(self.at) else {
                    return Err([word, b": argument expected"].concat());
                };
                if letter == b't' {
                    number(operand)?;
                    return Ok(files::is_terminal(self.p, operand));
                }
                return Ok(files::unary(self.p, letter, operand));
            }
            Kind::Operand | Kind::Binary | Kind::And | Kind::Or | Kind::Not | Kind::Close => {}
        }
        if self.kind(self.at + 1) != Kind::Binary {
            return Ok(!word.is_empty());
        }
        let operator = self.word(self.at + 1).unwrap_or_default();
        self.at += 2;
        let Some(right) = self.word(self.at) else {
            return Err([operator, b": argument expected"].concat());
        };
        compare(self.p, word, operator, right)
    }
}

fn compare(p: &Proc, left: &[u8], operator: &[u8], right: &[u8]) -> Answer<bool> {
    match operator {
        b"=" => return Ok(left == right),
        b"!=" => return Ok(left != right),
        b"<" => return Ok(left < right),
        b">" => return Ok(left > right),
        b"-nt" | b"-ot" | b"-ef" => {
            let both = [left, right].iter().all(|path| files::unary(p, b'e', path));
            return Ok(both && files::binary(p, operator, left, right));
        }
        _ => {}
    }
    let (left, right) = (number(left)?, number(right)?);
    Ok(match operator {
        b"-eq" => left == right,
        b"-ne" => left != right,
        b"-ge" => left >= right,
        b"-gt" => left > right,
        b"-le" => left <= right,
        _ => left < right,
    })
}

fn number(word: &[u8]) -> Answer<i64> {
    Whole::read(word)
        .and_then(|whole| whole.value())
        .ok_or_else(|| [b"Illegal number: ", word].concat())
}
