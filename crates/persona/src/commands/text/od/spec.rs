//! `-t x1z`: what bytes are taken for.
//!
//! **Invariant:** pure.

use crate::text_format;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Endian {
    Little,
    Big,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Named,
    Char,
    Signed,
    Unsigned,
    Octal,
    Hex,
    Float,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Spec {
    kind: Kind,
    /// Bytes of one.
    pub(super) size: usize,
    /// Characters of one.
    pub(super) width: usize,
    /// `z`: the bytes are shown too.
    pub(super) shows: bool,
}

/// Reads types. What is wrong is said with `{}` for the text itself.
pub(super) fn parse(text: &[u8]) -> Result<Vec<Spec>, String> {
    let mut specs = Vec::new();
    let mut at = 0;
    while let Some(&letter) = text.get(at) {
        at += 1;
        let kind = match letter {
            b'a' => Kind::Named,
            b'c' => Kind::Char,
            b'd' => Kind::Signed,
            b'u' => Kind::Unsigned,
            b'o' => Kind::Octal,
            b'x' => Kind::Hex,
            b'f' => Kind::Float,
            letter => {
                return Err(format!(
                    "invalid character '{}' in type string {{}}",
                    char::from(letter)
                ));
            }
        };
        let mut size = match kind {
            Kind::Named | Kind::Char => 1,
            Kind::Float => 8,
            Kind::Signed | Kind::Unsigned | Kind::Octal | Kind::Hex => 4,
        };
        if !matches!(kind, Kind::Named | Kind::Char) {
            let named = match (kind, text.get(at)) {
                (Kind::Float, Some(b'F')) => Some(4),
                (Kind::Float, Some(b'D')) => Some(8),
                (Kind::Float, Some(b'L')) => Some(16),
                (Kind::Float, _) => None,
                (_, Some(b'C')) => Some(1),
                (_, Some(b'S')) => Some(2),
                (_, Some(b'I')) => Some(4),
                (_, Some(b'L')) => Some(8),
                _ => None,
            };
            if let Some(named) = named {
                size = named;
                at += 1;
            } else {
                let rest = text.get(at..).unwrap_or_default();
                let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
                if digits > 0 {
                    let number = rest.get(..digits).and_then(|text| std::str::from_utf8(text).ok());
                    size = number.and_then(|text| text.parse().ok()).unwrap_or(0);
                    at += digits;
                }
            }
            let known = match size {
                4 | 8 => true,
                1 | 2 => kind != Kind::Float,
                _ => false,
            };
            if !known {
                let what = if kind == Kind::Float { "floating point" } else { "integral" };
                return Err(format!(
                    "invalid type string {{}};\nthis system doesn't provide a {size}-byte {what} type"
                ));
            }
        }
        let shows = text.get(at) == Some(&b'z');
        at += usize::from(shows);
        specs.push(Spec { kind, size, width: width(kind, size), shows });
    }
    Ok(specs)
}

fn width(kind: Kind, size: usize) -> usize {
    let pick = |all: [usize; 4]| match size {
        1 => all[0],
        2 => all[1],
        4 => all[2],
        _ => all[3],
    };
    match kind {
        Kind::Named | Kind::Char => 3,
        Kind::Signed => pick([4, 6, 11, 20]),
        Kind::Unsigned => pick([3, 5, 10, 20]),
        Kind::Octal => pick([3, 6, 11, 22]),
        Kind::Hex => pick([2, 4, 8, 16]),
        Kind::Float => pick([0, 0, 15, 24]),
    }
}

const NAMES: [&str; 33] = [
    "nul", "soh", "stx", "etx", "eot", "enq", "ack", "bel", "bs", "ht", "nl", "vt", "ff", "cr",
    "so", "si", "dle", "dc1", "dc2", "dc3", "dc4", "nak", "syn", "etb", "can", "em", "sub", "esc",
    "fs", "gs", "rs", "us", "sp",
];

impl Spec {
    pub(super) fn text(&self, bytes: &[u8], endian: Endian) -> String {
        let mut ordered = bytes.to_vec();
        if endian == Endian::Big {
            ordered.reverse();
        }
        let value = ordered.iter().rev().fold(0_u64, |value, b| value << 8 | u64::from(*b));
        let byte = bytes.first().copied().unwrap_or(0);
        match (self.kind, self.size) {
            (Kind::Named, _) => {
                let byte = byte & 0x7f;
                match NAMES.get(usize::from(byte)) {
                    Some(name) => (*name).to_owned(),
                    None if byte == 127 => "del".to_owned(),
                    None => char::from(byte).to_string(),
                }
            }
            (Kind::Char, _) => match byte {
                0 => "\\0".to_owned(),
                7 => "\\a".to_owned(),
                8 => "\\b".to_owned(),
                12 => "\\f".to_owned(),
                10 => "\\n".to_owned(),
                13 => "\\r".to_owned(),
                9 => "\\t".to_owned(),
                11 => "\\v".to_owned(),
                b' '..=b'~' => char::from(byte).to_string(),
                byte => format!("{byte:03o}"),
            },
            (Kind::Signed, size) => {
                let shift = 64 - 8 * size.clamp(1, 8);
                (((value << shift).cast_signed()) >> shift).to_string()
            }
            (Kind::Unsigned, _) => value.to_string(),
            (Kind::Octal, _) => format!("{value:0width$o}", width = self.width),
            (Kind::Hex, _) => format!("{value:0width$x}", width = self.width),
            (Kind::Float, 4) => {
                let value = f32::from_bits(u32::try_from(value & 0xffff_ffff).unwrap_or(0));
                let least = if value.abs() < f32::MIN_POSITIVE { 1 } else { 6 };
                shortest(f64::from(value), &format!("{value:e}"), least)
            }
            (Kind::Float, _) => {
                let value = f64::from_bits(value);
                let least = if value.abs() < f64::MIN_POSITIVE { 1 } else { 15 };
                shortest(value, &format!("{value:e}"), least)
            }
        }
    }
}

/// As few digits as tell it from its neighbours, and not fewer than `least`.
fn shortest(value: f64, scientific: &str, least: usize) -> String {
    let digits = scientific.split('e').next().unwrap_or("");
    let digits = digits.bytes().filter(u8::is_ascii_digit).count();
    let mut spec = text_format::Spec::default();
    spec.precision = Some(digits.max(least));
    let mut out = Vec::new();
    text_format::float(spec, value, b'g', &mut out);
    String::from_utf8_lossy(&out).into_owned()
}
