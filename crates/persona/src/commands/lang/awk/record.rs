//! The record and its fields, and how texts are split.
//!
//! **Invariant:** fields are split once per record and only if somebody asks; the record is put
//! together from its fields only if somebody asks.

use super::value::Value;
use crate::commands::lang::text::{Meter, Text};
use crate::regex::Regex;
use std::sync::Arc;

/// What stands between fields, or between records.
#[derive(Clone, Debug)]
pub(super) enum Separator {
    /// Any white space, that at the ends too.
    Blanks,
    Byte(u8),
    Pattern(Arc<Regex>),
    /// Every byte is a field; of records: empty lines.
    Empty,
}

impl Separator {
    /// What FS, or `split`'s third argument, means.
    pub(super) fn of(text: &[u8]) -> Result<Self, Vec<u8>> {
        match text {
            b" " => Ok(Self::Blanks),
            [] => Ok(Self::Empty),
            [byte] => Ok(Self::Byte(*byte)),
            text => super::parser::compile(text).map(|regex| Self::Pattern(Arc::new(regex))),
        }
    }

    /// The pieces of a text; none of an empty one.
    pub(super) fn split<'a>(&self, text: &'a [u8], work: &mut usize) -> Vec<&'a [u8]> {
        *work += text.len() / 4;
        if text.is_empty() {
            return Vec::new();
        }
        match self {
            Self::Blanks => {
                let blank = |b: &u8| matches!(b, b' ' | b'\t' | b'\n' | 11 | 12 | b'\r');
                text.split(blank).filter(|piece| !piece.is_empty()).collect()
            }
            Self::Byte(byte) => text.split(|b| b == byte).collect(),
            Self::Empty => text.chunks(1).collect(),
            Self::Pattern(regex) => {
                let pieces = by_pattern(regex, text);
                *work += regex.work();
                pieces
            }
        }
    }
}

fn by_pattern<'a>(regex: &Regex, text: &'a [u8]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    let (mut from, mut at) = (0, 0);
    while let Some((start, end)) = regex.find_at(text, at) {
        if end == start {
            // An empty match separates nothing.
            at = start + 1;
            if at > text.len() {
                break;
            }
            continue;
        }
        pieces.push(text.get(from..start).unwrap_or_default());
        (from, at) = (end, end);
    }
    pieces.push(text.get(from..).unwrap_or_default());
    pieces
}

/// The record.
#[derive(Debug)]
pub(super) struct Record {
    text: Text,
    fields: Vec<Value>,
    /// The fields are those of the text.
    is_split: bool,
    /// The text is that of the fields.
    is_joined: bool,
}

impl Record {
    pub(super) fn new(meter: &Meter) -> Self {
        Self { text: meter.text(""), fields: Vec::new(), is_split: false, is_joined: true }
    }

    pub(super) fn set(&mut self, text: Text) {
        self.text = text;
        self.fields.clear();
        (self.is_split, self.is_joined) = (false, true);
    }

    pub(super) fn split(&mut self, by: &Separator, lines: bool, meter: &Meter, work: &mut usize) {
        if self.is_split {
            return;
        }
        let text = self.text.clone();
        let pieces = by.split(&text, work);
        let field = |piece: &[u8]| Value::Input(meter.text(piece));
        self.fields = if lines && !matches!(by, Separator::Blanks) {
            // Where records are separated by empty lines, line ends separate fields too.
            let lines = pieces.iter().flat_map(|piece| piece.split(|&b| b == b'\n'));
            lines.map(field).collect()
        } else {
            pieces.into_iter().map(field).collect()
        };
        self.is_split = true;
    }

    /// The whole text; numbers in it by this format.
    pub(super) fn text(&mut self, between: &[u8], format: &[u8], meter: &Meter) -> Text {
        if !self.is_joined {
            let mut all = Vec::new();
            for (at, field) in self.fields.iter().enumerate() {
                if at > 0 {
                    all.extend_from_slice(between);
                }
                all.extend_from_slice(&field.text(format, meter));
                if meter.is_full(all.len()) {
                    break;
                }
            }
            self.text = meter.text(all);
            self.is_joined = true;
        }
        self.text.clone()
    }

    /// How many fields there are, once they are split.
    pub(super) fn count(&self) -> usize {
        self.fields.len()
    }

    /// A field from 1 on.
    pub(super) fn field(&self, number: usize, meter: &Meter) -> Value {
        let found = number.checked_sub(1).and_then(|at| self.fields.get(at)).cloned();
        found.unwrap_or_else(|| Value::Text(meter.text("")))
    }

    pub(super) fn set_field(&mut self, number: usize, value: Value, meter: &Meter) {
        if number > self.fields.len() {
            self.fields.resize(number, Value::Input(meter.text("")));
        }
        if let Some(field) = number.checked_sub(1).and_then(|at| self.fields.get_mut(at)) {
            *field = value;
        }
        self.is_joined = false;
    }

    pub(super) fn set_count(&mut self, count: usize, meter: &Meter) {
        self.fields.resize(count, Value::Input(meter.text("")));
        self.is_joined = false;
    }
}
