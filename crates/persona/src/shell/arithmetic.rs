//! Arithmetic of the shell: `$((…))`, `((…))`, `let`, and subscripts.
//!
//! **Invariant:** the work is bounded in words and in depth, those of variables' values included.
//! Numbers have 64 bits and wrap; nothing panics.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "where few operators are meant the others are all alike"
)]

mod number;
mod word;

use decnet_core::limits::{ARITHMETIC_DEPTH, ARITHMETIC_WORDS};
use word::{Operator, Word};

/// Variables as an expression sees them. The index is the text between the brackets.
pub(crate) trait Variables {
    /// The value, empty where there is none.
    fn get(&mut self, name: &[u8], index: Option<&[u8]>) -> Vec<u8>;
    /// Sets it, or says why that cannot be.
    fn set(&mut self, name: &[u8], index: Option<&[u8]>, value: i64) -> Result<(), Vec<u8>>;
}

/// The value of an expression, or what bash complains about, without the shell's name.
pub(crate) fn evaluate(text: &[u8], variables: &mut impl Variables) -> Result<i64, Vec<u8>> {
    let mut words = ARITHMETIC_WORDS;
    Expression::new(text, variables, &mut words, 0).whole()
}

/// One expression: the text, or a variable's value.
struct Expression<'a, V> {
    text: &'a [u8],
    /// Behind the word that was read last.
    at: usize,
    /// Where that began; at the end of the text, the one before.
    token: usize,
    word: Word<'a>,
    /// What came before it.
    last: Seen,
    variables: &'a mut V,
    /// Words that may still be read.
    words: &'a mut usize,
    depth: usize,
    /// Parts that are read and not done: behind `0 &&`.
    skips: usize,
}

/// As much of a word as matters to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    Nothing,
    Name,
    Number,
    /// `++` or `--` before a name.
    Step,
    Operator,
    Close,
}

impl Seen {
    fn of(word: &Word<'_>) -> Self {
        match word {
            Word::End => Self::Nothing,
            Word::Name(..) => Self::Name,
            Word::Number(_) => Self::Number,
            Word::Operator(Operator::Before(_)) => Self::Step,
            Word::Operator(Operator::Close) => Self::Close,
            Word::Operator(_) => Self::Operator,
        }
    }
}

type Answer<T> = Result<T, Vec<u8>>;

/// What a variable's name stands for.
type Name<'a> = (&'a [u8], Option<&'a [u8]>);

impl<'a, V: Variables> Expression<'a, V> {
    fn new(text: &'a [u8], variables: &'a mut V, words: &'a mut usize, depth: usize) -> Self {
        let (word, last) = (Word::End, Seen::Nothing);
        Self { text, at: 0, token: 0, word, last, variables, words, depth, skips: 0 }
    }

    fn whole(mut self) -> Answer<i64> {
        if self.text.iter().all(|&b| word::is_space(b)) {
            return Ok(0);
        }
        if self.depth >= ARITHMETIC_DEPTH {
            return Err(self.wrong("expression recursion level exceeded"));
        }
        self.next()?;
        let value = self.comma()?;
        match self.word {
            Word::End => Ok(value),
            Word::Name(..) | Word::Number(_) | Word::Operator(_) => {
                Err(self.wrong("syntax error in expression"))
            }
        }
    }

    /// `text: why (error token is "rest")`
    fn wrong(&self, why: &str) -> Vec<u8> {
        self.wrong_at(why, self.text, self.token)
    }

    fn wrong_at(&self, why: &str, text: &[u8], token: usize) -> Vec<u8> {
        let shown = text.iter().position(|&b| !word::is_blank(b)).unwrap_or(text.len());
        let shown = text.get(shown..).unwrap_or_default();
        let rest = text.get(token..).unwrap_or_default();
        [shown, b": ", why.as_bytes(), b" (error token is \"", rest, b"\")"].concat()
    }

    fn deeper<T>(&mut self, then: impl FnOnce(&mut Self) -> Answer<T>) -> Answer<T> {
        self.depth += 1;
        if self.depth >= ARITHMETIC_DEPTH {
            return Err(self.wrong("expression recursion level exceeded"));
        }
        let answer = then(self);
        self.depth -= 1;
        answer
    }

    /// Reads and does not do, where `skip` says so.
    fn maybe<T>(&mut self, skip: bool, then: impl FnOnce(&mut Self) -> Answer<T>) -> Answer<T> {
        self.skips += usize::from(skip);
        let answer = then(self);
        self.skips -= usize::from(skip);
        answer
    }

    fn is(&self, operator: Operator) -> bool {
        matches!(self.word, Word::Operator(found) if found == operator)
    }

    fn comma(&mut self) -> Answer<i64> {
        let mut value = self.assignment()?;
        while self.is(Operator::Comma) {
            self.next()?;
            value = self.assignment()?;
        }
        Ok(value)
    }

    fn assignment(&mut self) -> Answer<i64> {
        let target = match self.word {
            Word::Name(name, index) => Some((name, index)),
            Word::End | Word::Number(_) | Word::Operator(_) => None,
        };
        let before = self.token;
        let value = self.condition()?;
        let Word::Operator(Operator::Set(operator)) = self.word else { return Ok(value) };
        if self.last != Seen::Name {
            return Err(self.wrong("attempted assignment to non-variable"));
        }
        let Some(target) = target.filter(|_| before < self.token) else {
            return Err(self.wrong("attempted assignment to non-variable"));
        };
        self.deeper(|this| {
            this.next()?;
            let operand = this.token;
            let right = this.assignment()?;
            let value = match operator {
                Some(operator) => this.calculate(*operator, value, right, operand)?,
                None => right,
            };
            this.set(target, value)?;
            Ok(value)
        })
    }

    fn set(&mut self, (name, index): Name<'_>, value: i64) -> Answer<()> {
        if self.skips == 0 { self.variables.set(name, index, value) } else { Ok(()) }
    }

    fn condition(&mut self) -> Answer<i64> {
        let value = self.binary(0)?;
        if !self.is(Operator::Question) {
            return Ok(value);
        }
        self.deeper(|this| {
            this.next()?;
            if matches!(this.word, Word::End) || this.is(Operator::Colon) {
                return Err(this.wrong("expression expected"));
            }
            let yes = this.maybe(value == 0, Self::comma)?;
            if !this.is(Operator::Colon) {
                return Err(this.wrong("`:' expected for conditional expression"));
            }
            let no = this.maybe(value != 0, |this| {
                this.next()?;
                if matches!(this.word, Word::End) {
                    return Err(this.wrong("expression expected"));
                }
                this.condition()
            })?;
            this.last = Seen::Operator;
            Ok(if value == 0 { no } else { yes })
        })
    }

    /// Operators that bind at least so much.
    fn binary(&mut self, least: u8) -> Answer<i64> {
        let mut left = self.unary()?;
        loop {
            let Word::Operator(operator) = self.word else { return Ok(left) };
            let Some(level) = operator.level().filter(|&level| level >= least) else {
                return Ok(left);
            };
            let skip = match operator {
                Operator::And => left == 0,
                Operator::Or => left != 0,
                _ => false,
            };
            // `**` is the only one that binds to its right.
            let to_right = operator == Operator::Power;
            let (right, operand) = self.deeper(|this| {
                this.maybe(skip, |this| {
                    this.next()?;
                    let operand = this.token;
                    Ok((this.binary(if to_right { level } else { level + 1 })?, operand))
                })
            })?;
            left = self.calculate(operator, left, right, operand)?;
            self.last = if self.last == Seen::Name { Seen::Number } else { self.last };
        }
    }

    fn calculate(&self, operator: Operator, a: i64, b: i64, operand: usize) -> Answer<i64> {
        let shift = u32::try_from(b & 63).unwrap_or_default();
        Ok(match operator {
            Operator::Divide | Operator::Rest if b == 0 => {
                if self.skips > 0 {
                    return Ok(0);
                }
                return Err(self.wrong_at("division by 0", self.text, operand));
            }
            Operator::Divide => a.wrapping_div(b),
            Operator::Rest => a.wrapping_rem(b),
            Operator::Power if b < 0 && self.skips == 0 => {
                return Err(self.wrong("exponent less than 0"));
            }
            Operator::Power => number::power(a, b),
            Operator::Times => a.wrapping_mul(b),
            Operator::Plus => a.wrapping_add(b),
            Operator::Minus => a.wrapping_sub(b),
            Operator::Left => a.wrapping_shl(shift),
            Operator::Right => a.wrapping_shr(shift),
            Operator::Less => i64::from(a < b),
            Operator::LessEqual => i64::from(a <= b),
            Operator::More => i64::from(a > b),
            Operator::MoreEqual => i64::from(a >= b),
            Operator::Equal => i64::from(a == b),
            Operator::NotEqual => i64::from(a != b),
            Operator::BitAnd => a & b,
            Operator::BitXor => a ^ b,
            Operator::BitOr => a | b,
            Operator::And => i64::from(a != 0 && b != 0),
            Operator::Or => i64::from(a != 0 || b != 0),
            Operator::Not
            | Operator::BitNot
            | Operator::Question
            | Operator::Colon
            | Operator::Comma
            | Operator::Open
            | Operator::Close
            | Operator::Set(_)
            | Operator::Before(_)
            | Operator::Behind(_) => b,
        })
    }

    fn unary(&mut self) -> Answer<i64> {
        let Word::Operator(operator) = self.word else { return self.primary() };
        let apply: fn(i64) -> i64 = match operator {
            Operator::Not => |value| i64::from(value == 0),
            Operator::BitNot => |value| !value,
            Operator::Minus => i64::wrapping_neg,
            Operator::Plus => |value| value,
            _ => return self.primary(),
        };
        self.deeper(|this| {
            this.next()?;
            let value = apply(this.unary()?);
            this.last = if this.last == Seen::Name { Seen::Number } else { this.last };
            Ok(value)
        })
    }

    fn primary(&mut self) -> Answer<i64> {
        match self.word {
            Word::Operator(Operator::Before(step)) => {
                self.next()?;
                let Word::Name(name, index) = self.word else {
                    let why = "identifier expected after pre-increment or pre-decrement";
                    return Err(self.wrong(why));
                };
                let value = self.value(name, index)?.wrapping_add(step);
                self.set((name, index), value)?;
                self.word = Word::Number(value);
                self.next()?;
                Ok(value)
            }
            Word::Operator(Operator::Open) => self.deeper(|this| {
                this.next()?;
                let value = this.comma()?;
                if !this.is(Operator::Close) {
                    return Err(this.wrong("missing `)'"));
                }
                this.next()?;
                Ok(value)
            }),
            Word::Number(value) => {
                self.next()?;
                Ok(value)
            }
            Word::Name(name, index) => self.named(name, index),
            Word::End | Word::Operator(_) => Err(self.wrong("syntax error: operand expected")),
        }
    }

    fn named(&mut self, name: &'a [u8], index: Option<&'a [u8]>) -> Answer<i64> {
        // What is only set is not looked at.
        let value = if self.is_set_next() { 0 } else { self.value(name, index)? };
        self.next()?;
        if let Word::Operator(Operator::Behind(step)) = self.word {
            self.set((name, index), value.wrapping_add(step))?;
            self.word = Word::Number(value);
            self.next()?;
        }
        Ok(value)
    }

    /// Whether what follows is a single `=`.
    fn is_set_next(&self) -> bool {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let rest = rest.trim_ascii_start();
        rest.starts_with(b"=") && !rest.starts_with(b"==")
    }

    /// A variable's value is an expression itself.
    fn value(&mut self, name: &[u8], index: Option<&[u8]>) -> Answer<i64> {
        if self.skips > 0 {
            return Ok(0);
        }
        let value = self.variables.get(name, index);
        if let Ok(value) = number::plain(&value) {
            return Ok(value);
        }
        Expression::new(&value, self.variables, self.words, self.depth + 1).whole()
    }
}

#[cfg(test)]
mod tests;
