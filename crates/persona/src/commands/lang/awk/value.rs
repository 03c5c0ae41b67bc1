//! Values of awk: numbers, texts, and texts that may be numbers.
//!
//! **Invariant:** whether a text of the input is a number is decided by the text alone.

use crate::commands::lang::number::{Also, Spec, is_space, prefix};
use crate::commands::lang::text::{Meter, Text};
use crate::regex::Regex;
use std::sync::Arc;

#[derive(Clone, Debug)]
pub(super) enum Value {
    /// Never set: 0 and empty.
    Nothing,
    Number(f64),
    Text(Text),
    /// From the input: a number if it looks like one.
    Input(Text),
    /// A pattern of the program.
    Pattern(Arc<Regex>),
    /// The array of that number, or what may become one.
    Open(usize),
}

/// Numbers beyond these are no integers for mawk.
pub(super) const INT_MAX: f64 = 2_147_483_647.0;

/// What two values are to a comparison.
pub(super) enum Pair {
    Numbers(f64, f64),
    Texts,
}

impl Value {
    pub(super) fn truth(value: bool) -> Self {
        Self::Number(if value { 1.0 } else { 0.0 })
    }

    pub(super) fn number(&self) -> f64 {
        match self {
            Self::Number(number) => *number,
            Self::Text(text) | Self::Input(text) => prefix(text, Also::HexAndNames).0,
            Self::Nothing | Self::Pattern(_) | Self::Open(_) => 0.0,
        }
    }

    /// As a text, numbers by this format.
    pub(super) fn text(&self, format: &[u8], meter: &Meter) -> Text {
        match self {
            Self::Text(text) | Self::Input(text) => text.clone(),
            Self::Number(number) => meter.text(shown(*number, format)),
            Self::Nothing | Self::Pattern(_) | Self::Open(_) => meter.text(""),
        }
    }

    pub(super) fn is_true(&self) -> bool {
        match self {
            Self::Number(number) => *number != 0.0,
            Self::Text(text) => !text.is_empty(),
            Self::Input(text) => match as_number(text) {
                Some(number) => number != 0.0,
                None => !text.is_empty(),
            },
            Self::Nothing | Self::Pattern(_) | Self::Open(_) => false,
        }
    }

    pub(super) fn as_number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Input(text) => as_number(text),
            Self::Nothing | Self::Open(_) => Some(0.0),
            Self::Text(_) | Self::Pattern(_) => None,
        }
    }

    pub(super) fn pair(&self, other: &Self) -> Pair {
        match (self.as_number(), other.as_number()) {
            (Some(a), Some(b)) => Pair::Numbers(a, b),
            _ => Pair::Texts,
        }
    }
}

/// The number that the whole of a text is.
fn as_number(text: &[u8]) -> Option<f64> {
    let text = text.trim_ascii_end();
    let first = text.iter().find(|&&b| !is_space(b))?;
    // Names of numbers are no numbers here.
    if !first.is_ascii_digit() && !matches!(first, b'+' | b'-' | b'.') {
        return None;
    }
    if !text.last().is_some_and(|&b| b.is_ascii_digit() || b == b'.') {
        return None;
    }
    let (number, bytes) = prefix(text, Also::HexAndNames);
    (bytes == text.len() && bytes > 0).then_some(number)
}

/// A number as a text.
pub(super) fn shown(number: f64, format: &[u8]) -> Vec<u8> {
    if number.fract() == 0.0 && number.abs() <= INT_MAX {
        #[expect(clippy::cast_possible_truncation, reason = "an integer in these bounds")]
        return (number as i64).to_string().into_bytes();
    }
    let spec = format.strip_prefix(b"%").map(Spec::read);
    match spec {
        Some((spec, [letter @ (b'd' | b'i')])) => {
            #[expect(clippy::cast_possible_truncation, reason = "it saturates")]
            let value = number as i64;
            let _ = letter;
            spec.signed(value.into())
        }
        Some((spec, [letter])) if b"eEfFgG".contains(letter) => spec.float(number, *letter),
        _ => crate::commands::lang::awk::printf::of_number(format, number),
    }
}
