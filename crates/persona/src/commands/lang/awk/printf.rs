//! `printf` and `sprintf`.
//!
//! **Invariant:** every conversion takes one value, and every `*` one more; nothing else is taken.

use super::value::{INT_MAX, Value};
use crate::commands::lang::number::{Spec, WIDTH_MAX};
use crate::commands::lang::text::Meter;

/// What came out, and what mawk complains about.
pub(super) struct Printed {
    pub(super) text: Vec<u8>,
    pub(super) trouble: Option<Vec<u8>>,
}

/// A number by a format that is no plain one.
pub(super) fn of_number(format: &[u8], number: f64) -> Vec<u8> {
    let meter = Meter::default();
    print(format, &[Value::Number(number)], b"%.6g", "sprintf", &meter).text
}

pub(super) fn print(
    format: &[u8],
    values: &[Value],
    convert: &[u8],
    name: &str,
    meter: &Meter,
) -> Printed {
    let mut text = Vec::new();
    let mut values = values.iter();
    let mut conversions = 0_usize;
    let mut rest = format;
    let wrong =
        |why: &str| Some([why.as_bytes(), b" ", name.as_bytes(), b"(\"", format, b"\")"].concat());
    while let Some(at) = rest.iter().position(|&b| b == b'%') {
        text.extend_from_slice(rest.get(..at).unwrap_or_default());
        rest = rest.get(at + 1..).unwrap_or_default();
        if let Some(behind) = rest.strip_prefix(b"%") {
            text.push(b'%');
            rest = behind;
            continue;
        }
        conversions += 1;
        let missing = wrong("not enough arguments passed to");
        let Some((spec, letter, behind)) = conversion(rest, &mut values) else {
            return Printed { text, trouble: missing };
        };
        rest = behind;
        let Some(value) = values.next() else { return Printed { text, trouble: missing } };
        if !b"diouxXeEfFgGcs".contains(&letter) {
            let why = format!("improper conversion(number {conversions}) in");
            return Printed { text, trouble: wrong(&why) };
        }
        text.extend(one(spec, letter, value, convert, meter));
        if text.len() > WIDTH_MAX * 64 {
            break;
        }
    }
    text.extend_from_slice(rest);
    Printed { text, trouble: None }
}

/// Flags, width and precision, `*` among them; the letter; what is behind it.
fn conversion<'a, 'v>(
    text: &'a [u8],
    values: &mut impl Iterator<Item = &'v Value>,
) -> Option<(Spec, u8, &'a [u8])> {
    let (mut spec, mut rest) = Spec::read(text);
    if rest.starts_with(b"*") && spec.precision.is_none() {
        let width = whole(values.next()?.number());
        spec.left |= width < 0;
        spec.width = usize::try_from(width.unsigned_abs()).unwrap_or_default();
        rest = rest.get(1..).unwrap_or_default();
        if rest.starts_with(b".") {
            let (more, behind) = Spec::read(rest);
            (spec.precision, rest) = (more.precision, behind);
        }
    }
    if rest.starts_with(b"*") && spec.precision.is_some() {
        spec.precision = usize::try_from(whole(values.next()?.number())).ok();
        rest = rest.get(1..).unwrap_or_default();
    }
    while let Some(behind) = rest.strip_prefix(b"l").or_else(|| rest.strip_prefix(b"h")) {
        rest = behind;
    }
    let (&letter, behind) = rest.split_first().unwrap_or((&0, &[]));
    Some((spec, letter, behind))
}

#[expect(clippy::cast_possible_truncation, reason = "it is within the bounds, or saturates")]
fn whole(number: f64) -> i64 {
    if number.is_nan() { -2_147_483_648 } else { number.clamp(-INT_MAX, INT_MAX) as i64 }
}

fn one(spec: Spec, letter: u8, value: &Value, convert: &[u8], meter: &Meter) -> Vec<u8> {
    match letter {
        b'd' | b'i' => spec.signed(whole(value.number()).into()),
        b'o' | b'u' | b'x' | b'X' => {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "it saturates"
            )]
            let number = value.number() as u32;
            spec.unsigned(number.into(), letter)
        }
        b's' => spec.text(&value.text(convert, meter)),
        b'c' => match value.as_number() {
            Some(number) => {
                let byte = whole(number).rem_euclid(256);
                spec.pad(&[u8::try_from(byte).unwrap_or_default()])
            }
            None => {
                let text = value.text(convert, meter);
                // An empty text has its end.
                spec.pad(&[text.first().copied().unwrap_or_default()])
            }
        },
        _ => spec.float(value.number(), letter),
    }
}
