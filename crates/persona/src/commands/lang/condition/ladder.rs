//! `test` of bash and of coreutils: the number of words says how they are read.
//!
//! **Invariant:** a word is looked at where the ladder stands and never again.

use super::{Ask, Voice, files};
use crate::kernel::Proc;
use decnet_core::limits::SCRIPT_DEPTH;

type Answer<T> = Result<T, Vec<u8>>;

pub(super) fn evaluate(
    p: &Proc,
    words: &[Vec<u8>],
    voice: Voice,
    ask: Ask<'_>,
) -> Result<bool, Vec<u8>> {
    let mut ladder = Ladder { p, words, at: 0, voice, ask, depth: 0 };
    let value = ladder.by_number(words.len())?;
    match words.get(ladder.at) {
        None => Ok(value),
        Some(word) if voice == Voice::Coreutils => Err(ladder.about(b"extra argument ", word, b"")),
        Some(_) => Err(b"too many arguments".to_vec()),
    }
}

struct Ladder<'a> {
    p: &'a Proc,
    words: &'a [Vec<u8>],
    at: usize,
    voice: Voice,
    ask: Ask<'a>,
    depth: usize,
}

/// Operators between two words.
const BINARY: &[&[u8]] =
    &[b"=", b"!=", b"==", b"-nt", b"-ot", b"-ef", b"-eq", b"-ne", b"-lt", b"-le", b"-gt", b"-ge"];

impl<'a> Ladder<'a> {
    fn word(&self, ahead: usize) -> Option<&'a [u8]> {
        self.words.get(self.at + ahead).map(Vec::as_slice)
    }

    fn is(&self, ahead: usize, text: &[u8]) -> bool {
        self.word(ahead) == Some(text)
    }

    /// The word in a message: quoted by coreutils.
    fn about(&self, before: &[u8], word: &[u8], behind: &[u8]) -> Vec<u8> {
        let word = match self.voice {
            Voice::Coreutils => crate::commands::quote(self.p, word),
            Voice::Bash | Voice::Dash => word.to_vec(),
        };
        [before, &word, behind].concat()
    }

    /// There should be more words.
    fn missing(&self) -> Vec<u8> {
        match (self.voice, self.words.last()) {
            (Voice::Coreutils, Some(last)) => self.about(b"missing argument after ", last, b""),
            _ => b"argument expected".to_vec(),
        }
    }

    fn is_unary(&self, word: &[u8]) -> bool {
        let [b'-', letter] = word else { return false };
        let more: &[u8] = if self.voice == Voice::Bash { b"avoR" } else { b"" };
        files::UNARY.contains(letter) || more.contains(letter)
    }

    fn is_binary(&self, word: Option<&[u8]>) -> bool {
        let Some(word) = word else { return false };
        BINARY.contains(&word) || (self.voice == Voice::Bash && (word == b"<" || word == b">"))
    }

    fn by_number(&mut self, number: usize) -> Answer<bool> {
        match number {
            0 => Ok(false),
            1 => self.one(),
            2 => self.two(),
            3 => self.three(),
            4 if self.is(0, b"!") => {
                self.at += 1;
                Ok(!self.three()?)
            }
            4 if self.is(0, b"(") && self.is(3, b")") => {
                self.at += 1;
                let value = self.two()?;
                self.at += 1;
                Ok(value)
            }
            _ => self.any(),
        }
    }

    fn one(&mut self) -> Answer<bool> {
        let word = self.word(0).unwrap_or_default();
        self.at += 1;
        Ok(!word.is_empty())
    }

    fn two(&mut self) -> Answer<bool> {
        let first = self.word(0).unwrap_or_default();
        if first == b"!" {
            self.at += 1;
            return Ok(!self.one()?);
        }
        if self.is_unary(first) {
            return self.unary();
        }
        let looks_like_one = matches!(first, [b'-', _]);
        if self.voice == Voice::Coreutils && !looks_like_one {
            return Err(self.missing());
        }
        Err(self.about(b"", first, b": unary operator expected"))
    }

    fn three(&mut self) -> Answer<bool> {
        let middle = self.word(1).unwrap_or_default();
        if self.is_binary(Some(middle)) {
            return self.binary();
        }
        if middle == b"-a" || middle == b"-o" {
            if self.voice == Voice::Coreutils {
                return self.any();
            }
            let (a, b) = (self.word(0), self.word(2));
            let [a, b] = [a, b].map(|word| word.is_some_and(|word| !word.is_empty()));
            self.at += 3;
            return Ok(if middle == b"-a" { a && b } else { a || b });
        }
        if self.is(0, b"!") {
            self.at += 1;
            return Ok(!self.two()?);
        }
        if self.is(0, b"(") && self.is(2, b")") {
            self.at += 1;
            let value = self.one()?;
            self.at += 1;
            return Ok(value);
        }
        Err(self.about(b"", middle, b": binary operator expected"))
    }

    /// `a -o b`
    fn any(&mut self) -> Answer<bool> {
        self.depth += 1;
        if self.depth > SCRIPT_DEPTH {
            return Err(b"too many arguments".to_vec());
        }
        let mut value = false;
        loop {
            value |= self.all()?;
            if !self.is(0, b"-o") {
                self.depth -= 1;
                return Ok(value);
            }
            self.at += 1;
        }
    }

    /// `a -a b`
    fn all(&mut self) -> Answer<bool> {
        let mut value = true;
        loop {
            value &= self.term()?;
            if !self.is(0, b"-a") {
                return Ok(value);
            }
            self.at += 1;
        }
    }

    fn term(&mut self) -> Answer<bool> {
        let mut not = false;
        while self.is(0, b"!") {
            self.at += 1;
            not = !not;
        }
        let Some(first) = self.word(0) else { return Err(self.missing()) };
        let left = self.words.len() - self.at;
        let value = if first == b"(" {
            self.group()?
        } else if left >= 4
            && self.voice == Voice::Coreutils
            && first == b"-l"
            && self.is_binary(self.word(2))
        {
            self.at += 1;
            let length = self.word(0).unwrap_or_default().len().to_string();
            self.compare(length.as_bytes())?
        } else if left >= 3 && self.is_binary(self.word(1)) {
            self.binary()?
        } else if self.is_unary(first) {
            self.unary()?
        } else if let [b'-', _] = first {
            return Err(self.about(b"", first, b": unary operator expected"));
        } else {
            self.one()?
        };
        Ok(value != not)
    }

    fn group(&mut self) -> Answer<bool> {
        self.at += 1;
        if self.word(0).is_none() {
            return Err(self.missing());
        }
        let value = if self.voice == Voice::Coreutils {
            let left = self.words.len() - self.at;
            let inside = (1..left.min(4)).find(|&ahead| self.is(ahead, b")"));
            self.by_number(inside.unwrap_or(left))?
        } else {
            self.any()?
        };
        let Some(close) = self.word(0) else {
            return Err(match self.voice {
                Voice::Coreutils => self.about(b"", b")", b" expected"),
                Voice::Bash | Voice::Dash => b"`)' expected".to_vec(),
            });
        };
        if close != b")" {
            return Err(match self.voice {
                Voice::Coreutils => {
                    let close = crate::commands::quote(self.p, close);
                    [&self.about(b"", b")", b" expected, found ")[..], &close].concat()
                }
                Voice::Bash | Voice::Dash => [b"`)' expected, found ", close].concat(),
            });
        }
        self.at += 1;
        Ok(value)
    }

    fn unary(&mut self) -> Answer<bool> {
        let letter = self.word(0).and_then(|word| word.get(1)).copied().unwrap_or_default();
        self.at += 1;
        let Some(word) = self.word(0) else {
            if letter == b't' && self.voice == Voice::Bash {
                return Ok(files::is_terminal(self.p, b"1"));
            }
            return Err(self.missing());
        };
        self.at += 1;
        match letter {
            b't' => {
                if self.voice == Voice::Coreutils {
                    self.number(word)?;
                }
                Ok(files::is_terminal(self.p, word))
            }
            b'v' | b'o' | b'R' => Ok((self.ask)(letter, word)),
            letter => Ok(files::unary(self.p, letter, word)),
        }
    }

    fn binary(&mut self) -> Answer<bool> {
        let left = self.word(0).unwrap_or_default();
        self.compare(left)
    }

    /// The operator and the right word are ahead.
    fn compare(&mut self, left: &[u8]) -> Answer<bool> {
        let operator = self.word(1).unwrap_or_default();
        let Some(mut right) = self.word(2) else { return Err(self.missing()) };
        let length;
        let also = self.voice == Voice::Coreutils && right == b"-l" && self.word(3).is_some();
        if also && !b"=!".contains(operator.first().unwrap_or(&b'=')) {
            length = self.word(3).unwrap_or_default().len().to_string();
            right = length.as_bytes();
            self.at += 1;
        }
        self.at += 3;
        match operator {
            b"=" | b"==" => return Ok(left == right),
            b"!=" => return Ok(left != right),
            b"<" => return Ok(left < right),
            b">" => return Ok(left > right),
            b"-nt" | b"-ot" | b"-ef" => {
                return Ok(files::binary(self.p, operator, left, right));
            }
            _ => {}
        }
        let (left, right) = (self.number(left)?, self.number(right)?);
        let order = left.compare(&right);
        Ok(match operator {
            b"-eq" => order.is_eq(),
            b"-ne" => order.is_ne(),
            b"-lt" => order.is_lt(),
            b"-le" => order.is_le(),
            b"-gt" => order.is_gt(),
            _ => order.is_ge(),
        })
    }

    fn number(&self, word: &[u8]) -> Answer<Whole> {
        let wrong = || match self.voice {
            Voice::Coreutils => self.about(b"invalid integer ", word, b""),
            Voice::Bash | Voice::Dash => self.about(b"", word, b": integer expression expected"),
        };
        let whole = Whole::read(word).ok_or_else(wrong)?;
        let fits = self.voice == Voice::Coreutils || whole.value().is_some();
        if fits { Ok(whole) } else { Err(wrong()) }
    }
}

/// An integer of any length: its sign, and its digits without zeros in front.
pub(super) struct Whole {
    minus: bool,
    digits: Vec<u8>,
}

impl Whole {
    pub(super) fn read(word: &[u8]) -> Option<Self> {
        let text = word.trim_ascii();
        let (minus, digits) = match text.split_first()? {
            (b'-', digits) => (true, digits),
            (b'+', digits) => (false, digits),
            _ => (false, text),
        };
        if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let zeros = digits.iter().take_while(|&&b| b == b'0').count();
        let digits = digits.get(zeros..).unwrap_or_default().to_vec();
        Some(Self { minus: minus && !digits.is_empty(), digits })
    }

    /// Its value, if 64 bits hold it.
    pub(super) fn value(&self) -> Option<i64> {
        let digits = std::str::from_utf8(&self.digits).ok()?;
        let sign = if self.minus { "-" } else { "" };
        format!("{sign}0{digits}").parse().ok()
    }

    fn compare(&self, other: &Self) -> std::cmp::Ordering {
        let size = |a: &Self, b: &Self| {
            a.digits.len().cmp(&b.digits.len()).then_with(|| a.digits.cmp(&b.digits))
        };
        match (self.minus, other.minus) {
            (false, false) => size(self, other),
            (true, true) => size(other, self),
            (true, false) => std::cmp::Ordering::Less,
            (false, true) => std::cmp::Ordering::Greater,
        }
    }
}
