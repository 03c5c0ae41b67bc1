//! Functions that are there, and only compute.
//!
//! **Invariant:** each takes its arguments off the stack and leaves one value.

use super::{Answer, Machine, Stop};
use crate::commands::lang::awk::array::Array;
use crate::commands::lang::awk::code::{Special, Target, Var};
use crate::commands::lang::awk::lexer::Builtin;
use crate::commands::lang::awk::printf;
use crate::commands::lang::awk::record::Separator;
use crate::commands::lang::awk::value::{INT_MAX, Value};
use crate::regex::Regex;

impl Builtin {
    /// Whether it does something that takes time.
    pub(super) fn waits(self) -> bool {
        matches!(self, Self::System | Self::Close | Self::Fflush | Self::Systime | Self::Srand)
    }
}

#[expect(clippy::cast_precision_loss, reason = "memory has fewer bytes")]
fn count(value: usize) -> Value {
    Value::Number(value as f64)
}

/// What is no number comes out as a negative one.
fn real(value: f64) -> Value {
    Value::Number(if value.is_nan() { -f64::NAN.abs() } else { value })
}

impl Machine {
    pub(super) fn builtin(&mut self, builtin: Builtin, given: usize) -> Answer<()> {
        let value = match builtin {
            Builtin::Length => {
                let text = if given == 0 { self.whole_record() } else { self.pop_text() };
                count(text.len())
            }
            Builtin::Substr => {
                let length = if given > 2 { Some(self.pop_number()) } else { None };
                let from = self.pop_number();
                let text = self.pop_text();
                let (from, to) = part(from, length, text.len());
                let part = text.get(from..to).unwrap_or_default();
                Value::Text(self.meter.text(part))
            }
            Builtin::Index => {
                let what = self.pop_text();
                let text = self.pop_text();
                self.work += text.len() / 8;
                count(position(&text, &what).map_or(0, |at| at + 1))
            }
            Builtin::Match => self.find()?,
            Builtin::Sprintf => self.sprintf(given)?,
            Builtin::Sin => Value::Number(self.pop_number().sin()),
            Builtin::Cos => Value::Number(self.pop_number().cos()),
            Builtin::Atan2 => {
                let x = self.pop_number();
                Value::Number(self.pop_number().atan2(x))
            }
            Builtin::Exp => Value::Number(self.pop_number().exp()),
            Builtin::Log => real(self.pop_number().ln()),
            Builtin::Sqrt => real(self.pop_number().sqrt()),
            Builtin::Int => Value::Number(self.pop_number().trunc()),
            Builtin::Rand => Value::Number(self.random()),
            Builtin::ToUpper => {
                let text = self.pop_text().to_ascii_uppercase();
                Value::Text(self.meter.text(text))
            }
            Builtin::ToLower => {
                let text = self.pop_text().to_ascii_lowercase();
                Value::Text(self.meter.text(text))
            }
            Builtin::Mktime => self.mktime(),
            Builtin::Strftime
            | Builtin::Split
            | Builtin::Sub
            | Builtin::Gsub
            | Builtin::System
            | Builtin::Close
            | Builtin::Fflush
            | Builtin::Systime
            | Builtin::Srand => Value::Nothing,
        };
        self.push(value);
        Ok(())
    }

    /// From 0 to 1, by an xorshift.
    fn random(&mut self) -> f64 {
        let mut x = self.random | 1;
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        self.random = x;
        #[expect(clippy::cast_precision_loss, reason = "31 bits")]
        let value = (x >> 33) as f64;
        value / 2_147_483_648.0
    }

    /// `match`
    fn find(&mut self) -> Answer<Value> {
        let pattern = self.pop();
        let text = self.pop_text();
        let regex = self.pattern_of(&pattern)?;
        let found = regex.find_at(&text, 0);
        self.work += regex.work() + text.len() / 16;
        let (start, length) = match found {
            Some((start, end)) => (count(start + 1), count(end - start)),
            None => (Value::Number(0.0), Value::Number(-1.0)),
        };
        self.set_special(Special::Rstart, start.clone())?;
        self.set_special(Special::Rlength, length)?;
        Ok(start)
    }

    fn sprintf(&mut self, given: usize) -> Answer<Value> {
        let from = self.stack.len().saturating_sub(given);
        let values = self.stack.split_off(from);
        let text = self.format(&values, "sprintf")?;
        Ok(Value::Text(self.meter.text(text)))
    }

    /// The first value is the format.
    pub(super) fn format(&mut self, values: &[Value], name: &str) -> Answer<Vec<u8>> {
        let (format, rest) = values.split_first().unwrap_or((&Value::Nothing, &[]));
        let format = self.text_of(format);
        let convert = self.special_text(Special::Convfmt);
        let printed = printf::print(&format, rest, &convert, name, &self.meter);
        self.work += printed.text.len() / 8;
        match printed.trouble {
            Some(trouble) => Err(Stop::Trouble(trouble)),
            None => Ok(printed.text),
        }
    }

    fn mktime(&mut self) -> Value {
        let text = self.pop_text();
        let text = String::from_utf8_lossy(&text).into_owned();
        let parts: Vec<i64> = text.split_whitespace().map_while(|part| part.parse().ok()).collect();
        let [year, month, day, hour, minute, second, ..] = parts.as_slice() else {
            return Value::Number(-1.0);
        };
        if !(1..=9_999).contains(year) || parts.iter().any(|part| part.abs() > 100_000) {
            return Value::Number(-1.0);
        }
        let (year, month) = (year + (month - 1).div_euclid(12), (month - 1).rem_euclid(12) + 1);
        // Days from 1970 to the first of the month; years begin in March inside.
        let (y, m) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
        let days =
            365 * y + y.div_euclid(4) - y.div_euclid(100) + y.div_euclid(400) + (153 * m + 2) / 5
                - 719_468
                + day
                - 1;
        let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second;
        #[expect(clippy::cast_precision_loss, reason = "dates have few digits")]
        Value::Number(seconds as f64)
    }

    pub(super) fn split_into(&mut self, into: Var, separator: bool) -> Answer<()> {
        let by = if separator {
            match self.pop() {
                Value::Pattern(regex) => Separator::Pattern(regex),
                value => {
                    let text = self.text_of(&value);
                    let fault = |text: Vec<u8>| Stop::Fatal([b"line 0: ", &text[..]].concat());
                    Separator::of(&text).map_err(fault)?
                }
            }
        } else {
            self.separator.clone()
        };
        let text = self.pop_text();
        if self.meter.is_full(text.len().saturating_mul(3)) {
            return Err(Stop::memory());
        }
        let meter = self.meter.clone();
        let piece = |piece: &[u8]| Value::Input(meter.text(piece));
        let pieces: Vec<Value> = by.split(&text, &mut self.work).into_iter().map(piece).collect();
        self.work += pieces.len() * 10;
        let found = pieces.len();
        *self.array(into)? = Array::of_pieces(pieces, &meter);
        self.push(count(found));
        Ok(())
    }

    /// `sub` and `gsub`: what the target is found by is on top, then the replacement, the pattern.
    pub(super) fn replace(&mut self, all: bool, target: Target) -> Answer<()> {
        self.load(target, true)?;
        let text = self.pop_text();
        let key = match target {
            Target::Var(_) => None,
            Target::Element(_) | Target::Field => Some(self.pop()),
        };
        let by = self.pop_text();
        let pattern = self.pop();
        let regex = self.pattern_of(&pattern)?;
        let by = Replacement::new(&by);
        let (replaced, times) = self.replaced(&regex, &text, &by, all)?;
        if times > 0 {
            if let Some(key) = key {
                self.push(key);
            }
            let value = Value::Text(self.meter.text(replaced));
            self.save(target, value)?;
        }
        self.push(count(times));
        Ok(())
    }

    fn replaced(
        &mut self,
        regex: &Regex,
        text: &[u8],
        by: &Replacement,
        all: bool,
    ) -> Answer<(Vec<u8>, usize)> {
        let mut out = Vec::new();
        let (mut at, mut copied, mut times) = (0, 0, 0);
        let mut last_end = None;
        while let Some((start, end)) = regex.find_at(text, at) {
            self.work += regex.work() + 8;
            if start == end && last_end == Some(start) {
                // No empty match stands right behind another match.
                at = start + 1;
                if start >= text.len() {
                    break;
                }
                continue;
            }
            out.extend_from_slice(text.get(copied..start).unwrap_or_default());
            by.append(&mut out, text.get(start..end).unwrap_or_default());
            (times, copied) = (times + 1, end);
            if start != end {
                last_end = Some(end);
            }
            at = if start == end { end + 1 } else { end };
            if !all || end >= text.len() {
                break;
            }
            if self.meter.is_full(out.len()) {
                return Err(Stop::memory());
            }
        }
        out.extend_from_slice(text.get(copied..).unwrap_or_default());
        Ok((out, times))
    }
}

/// A replacement: texts, and places for what was found.
struct Replacement(Vec<Option<Vec<u8>>>);

impl Replacement {
    fn new(raw: &[u8]) -> Self {
        let mut parts: Vec<Option<Vec<u8>>> = Vec::new();
        let mut text = Vec::new();
        let mut bytes = raw.iter().copied().peekable();
        while let Some(byte) = bytes.next() {
            match byte {
                b'&' => {
                    parts.push(Some(std::mem::take(&mut text)));
                    parts.push(None);
                }
                b'\\' if matches!(bytes.peek(), Some(b'&' | b'\\')) => text.extend(bytes.next()),
                byte => text.push(byte),
            }
        }
        parts.push(Some(text));
        Self(parts)
    }

    fn append(&self, out: &mut Vec<u8>, found: &[u8]) {
        for part in &self.0 {
            out.extend_from_slice(part.as_deref().unwrap_or(found));
        }
    }
}

/// Where `substr` begins and ends. A begin before the text makes the part longer, in this mawk.
fn part(from: f64, length: Option<f64>, bytes: usize) -> (usize, usize) {
    let whole = |number: f64| {
        #[expect(clippy::cast_possible_truncation, reason = "it is within the bounds, or 0")]
        let whole = number.clamp(-INT_MAX, INT_MAX) as i64;
        whole
    };
    let (mut from, mut length) = (whole(from), length.map_or(i64::MAX / 2, whole));
    if from < 1 {
        length -= from;
        from = 1;
    }
    let start = usize::try_from(from - 1).unwrap_or_default().min(bytes);
    let length = usize::try_from(length).unwrap_or_default();
    (start, start.saturating_add(length).min(bytes))
}

/// Where a text stands in another.
fn position(text: &[u8], what: &[u8]) -> Option<usize> {
    if what.is_empty() {
        return Some(0);
    }
    memchr::memmem::find(text, what)
}
