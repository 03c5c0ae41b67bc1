//! The formats of `hexdump -e`.
//!
//! **Invariant:** counts in a format are bounded, and so is a block.

use crate::text_format::{self, Spec};

/// Bytes of a block, and repetitions.
const MOST: usize = 4_096;

pub(super) struct Format {
    units: Vec<Unit>,
}

/// `8/2 "%04x "`.
struct Unit {
    repeat: usize,
    parts: Vec<Part>,
}

enum Part {
    Text(Vec<u8>),
    Item(Item),
}

#[derive(Clone, Copy)]
struct Item {
    spec: Spec,
    width: usize,
    kind: Kind,
    bytes: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// `%_ad`, `%_ax`, `%_ao`.
    Address(u8),
    /// The same, once all is shown.
    End(u8),
    Char,
    Escaped,
    Printable,
    Named,
    Signed,
    Unsigned(u8),
    Float(u8),
    Text,
}

impl Format {
    pub(super) fn parse(text: &[u8]) -> Result<Self, String> {
        let mut units = Vec::new();
        let mut at = 0;
        let bad = || format!("bad format {{{}}}", String::from_utf8_lossy(text));
        let number = |at: &mut usize| {
            let mut value = None;
            while let Some(digit) = text.get(*at).filter(|b| b.is_ascii_digit()) {
                let grown = value.unwrap_or(0_usize).saturating_mul(10);
                value = Some(grown.saturating_add(usize::from(digit - b'0')).min(MOST));
                *at += 1;
            }
            value
        };
        loop {
            while text.get(at).is_some_and(u8::is_ascii_whitespace) {
                at += 1;
            }
            if at >= text.len() {
                return Ok(Self { units });
            }
            let repeat = number(&mut at).unwrap_or(1);
            while text.get(at).is_some_and(u8::is_ascii_whitespace) {
                at += 1;
            }
            let mut bytes = None;
            if text.get(at) == Some(&b'/') {
                at += 1;
                bytes = number(&mut at);
                while text.get(at).is_some_and(u8::is_ascii_whitespace) {
                    at += 1;
                }
            }
            if text.get(at) != Some(&b'"') {
                return Err(bad());
            }
            let rest = text.get(at + 1..).unwrap_or_default();
            let mut end = 0;
            while rest.get(end).is_some_and(|b| *b != b'"') {
                end += if rest.get(end) == Some(&b'\\') { 2 } else { 1 };
            }
            let inner = rest.get(..end).ok_or_else(bad)?;
            if rest.get(end) != Some(&b'"') {
                return Err(bad());
            }
            at += end + 2;
            units.push(Unit { repeat, parts: parts(&unescaped(inner), bytes)? });
            if units.len() > 256 {
                return Err(bad());
            }
        }
    }

    /// Bytes that it shows.
    pub(super) fn size(&self) -> usize {
        self.units.iter().map(|unit| unit.repeat.saturating_mul(unit.bytes())).sum()
    }

    /// Shows a block, of which some may be missing at the end.
    pub(super) fn show(&self, block: &[u8], size: usize, address: u64, out: &mut Vec<u8>) {
        if self.units.iter().all(Unit::ends) {
            return;
        }
        let mut at = 0;
        let own = self.size().max(1);
        // The last unit goes on until the block is shown.
        let more = size.saturating_sub(own);
        for (index, unit) in self.units.iter().enumerate() {
            let last = index + 1 == self.units.len();
            let extra = if last && unit.bytes() > 0 { more / unit.bytes() } else { 0 };
            let repeat = unit.repeat + extra;
            for round in 0..repeat {
                for (place, part) in unit.parts.iter().enumerate() {
                    let trailing =
                        place + 1 == unit.parts.len() && round + 1 == repeat && repeat > 1;
                    match part {
                        Part::Text(text) if trailing => out.extend(text.trim_ascii_end()),
                        Part::Text(text) => out.extend(text),
                        Part::Item(item) => {
                            let piece = block.get(at..).unwrap_or_default();
                            item.show(piece, address + at as u64, out);
                            at += item.bytes;
                        }
                    }
                }
            }
        }
    }

    /// Shows what comes behind the last block.
    pub(super) fn finish(&self, address: u64, out: &mut Vec<u8>) {
        if self.units.iter().any(Unit::ends) {
            out.clear();
        }
        for unit in self.units.iter().filter(|unit| unit.ends()) {
            for part in &unit.parts {
                match part {
                    Part::Text(text) => out.extend(text),
                    Part::Item(item) => {
                        if let Kind::End(radix) = item.kind {
                            item.spec.unsigned(address, radix, out);
                        }
                    }
                }
            }
        }
    }
}

impl Unit {
    fn bytes(&self) -> usize {
        self.parts
            .iter()
            .map(|part| match part {
                Part::Text(_) => 0,
                Part::Item(item) => item.bytes,
            })
            .sum()
    }

    fn ends(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Item(Item { kind: Kind::End(_), .. })))
    }
}

fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut bytes = text.iter();
    while let Some(&byte) = bytes.next() {
        out.push(match byte {
            b'\\' => match bytes.next() {
                Some(b'n') => b'\n',
                Some(b't') => b'\t',
                Some(b'r') => b'\r',
                Some(b'a') => 7,
                Some(b'b') => 8,
                Some(b'f') => 12,
                Some(b'v') => 11,
                Some(b'0') => 0,
                Some(&other) => other,
                None => b'\\',
            },
            byte => byte,
        });
    }
    out
}

fn parts(text: &[u8], bytes: Option<usize>) -> Result<Vec<Part>, String> {
    let mut all = Vec::new();
    let mut plain = Vec::new();
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        at += 1;
        if byte != b'%' {
            plain.push(byte);
            continue;
        }
        if text.get(at) == Some(&b'%') {
            plain.push(b'%');
            at += 1;
            continue;
        }
        let mut spec = Spec::default();
        while let Some(flag) = text.get(at).filter(|b| b"-+ #0".contains(b)) {
            spec.flag(*flag);
            at += 1;
        }
        let number = |at: &mut usize| {
            let mut value = 0_usize;
            while let Some(digit) = text.get(*at).filter(|b| b.is_ascii_digit()) {
                value = (value * 10 + usize::from(digit - b'0')).min(MOST);
                *at += 1;
            }
            value
        };
        let width = number(&mut at);
        spec.width = width;
        if text.get(at) == Some(&b'.') {
            at += 1;
            spec.precision = Some(number(&mut at));
        }
        let rest = text.get(at..).unwrap_or_default();
        let wrong = || {
            let shown = String::from_utf8_lossy(rest.get(..1).unwrap_or_default()).into_owned();
            format!("bad conversion character %{shown}")
        };
        let (kind, used, size) = match rest {
            [b'_', b'a', radix @ (b'd' | b'o' | b'x'), ..] => (Kind::Address(*radix), 3, 0),
            [b'_', b'A', radix @ (b'd' | b'o' | b'x'), ..] => (Kind::End(*radix), 3, 0),
            [b'_', b'c', ..] => (Kind::Escaped, 2, 1),
            [b'_', b'p', ..] => (Kind::Printable, 2, 1),
            [b'_', b'u', ..] => (Kind::Named, 2, 1),
            [b'c', ..] => (Kind::Char, 1, 1),
            [b'd' | b'i', ..] => (Kind::Signed, 1, 4),
            [letter @ (b'o' | b'u' | b'x' | b'X'), ..] => (Kind::Unsigned(*letter), 1, 4),
            [letter @ (b'e' | b'E' | b'f' | b'g' | b'G'), ..] => (Kind::Float(*letter), 1, 8),
            [b's', ..] => (Kind::Text, 1, spec.precision.unwrap_or(1)),
            _ => return Err(wrong()),
        };
        at += used;
        let bytes = if size == 0 { 0 } else { bytes.unwrap_or(size) };
        if kind == Kind::Text && spec.precision.is_none() && bytes == 1 {
            return Err("%s requires a precision or a byte count".to_owned());
        }
        let known = match kind {
            Kind::Signed | Kind::Unsigned(_) => matches!(bytes, 1 | 2 | 4 | 8),
            Kind::Float(_) => matches!(bytes, 4 | 8),
            Kind::Text => bytes <= MOST,
            Kind::Address(_) | Kind::End(_) => true,
            Kind::Char | Kind::Escaped | Kind::Printable | Kind::Named => bytes == 1,
        };
        if !known {
            return Err(format!(
                "bad byte count for conversion character {}",
                char::from(rest.first().copied().unwrap_or(b'?'))
            ));
        }
        if !plain.is_empty() {
            all.push(Part::Text(std::mem::take(&mut plain)));
        }
        all.push(Part::Item(Item { spec, width, kind, bytes }));
    }
    if !plain.is_empty() {
        all.push(Part::Text(plain));
    }
    Ok(all)
}

impl Item {
    fn show(&self, piece: &[u8], address: u64, out: &mut Vec<u8>) {
        match self.kind {
            Kind::Address(radix) => return self.spec.unsigned(address, radix, out),
            Kind::End(_) => return,
            Kind::Char
            | Kind::Escaped
            | Kind::Printable
            | Kind::Named
            | Kind::Signed
            | Kind::Unsigned(_)
            | Kind::Float(_)
            | Kind::Text => {}
        }
        if piece.is_empty() {
            // What is missing is as wide as it would be.
            let width = self.width.max(self.spec.precision.unwrap_or(0));
            out.extend(b" ".repeat(width));
            return;
        }
        let mut whole = piece.get(..self.bytes).unwrap_or(piece).to_vec();
        whole.resize(self.bytes, 0);
        let value = whole.iter().rev().take(8).fold(0_u64, |value, b| value << 8 | u64::from(*b));
        let byte = whole.first().copied().unwrap_or(0);
        match self.kind {
            Kind::Signed => {
                let shift = 64 - 8 * self.bytes.clamp(1, 8);
                let value = (value << shift).cast_signed() >> shift;
                self.spec.signed(value.into(), out);
            }
            Kind::Unsigned(letter) => self.spec.unsigned(value, letter, out),
            Kind::Float(letter) => {
                let value = match self.bytes {
                    4 => f64::from(f32::from_bits(u32::try_from(value).unwrap_or(0))),
                    _ => f64::from_bits(value),
                };
                text_format::float(self.spec, value, letter, out);
            }
            Kind::Text => {
                let end = whole.iter().position(|&b| b == 0).unwrap_or(whole.len());
                self.spec.pad_text(whole.get(..end).unwrap_or_default(), out);
            }
            Kind::Char => self.spec.pad_text(&[byte], out),
            Kind::Printable => {
                let shown = if (b' '..=b'~').contains(&byte) { byte } else { b'.' };
                self.spec.pad_text(&[shown], out);
            }
            Kind::Escaped => self.spec.pad_text(escaped(byte).as_bytes(), out),
            Kind::Named => {
                let name = NAMES.get(usize::from(byte)).map(|name| (*name).to_owned());
                let name = name.unwrap_or_else(|| match byte {
                    127 => "del".to_owned(),
                    b' '..=b'~' => char::from(byte).to_string(),
                    byte => format!("{byte:02x}"),
                });
                self.spec.pad_text(name.as_bytes(), out);
            }
            Kind::Address(_) | Kind::End(_) => {}
        }
    }
}

const NAMES: [&str; 32] = [
    "nul", "soh", "stx", "etx", "eot", "enq", "ack", "bel", "bs", "ht", "lf", "vt", "ff", "cr",
    "so", "si", "dle", "dc1", "dc2", "dc3", "dc4", "nak", "syn", "etb", "can", "em", "sub", "esc",
    "fs", "gs", "rs", "us",
];

fn escaped(byte: u8) -> String {
    match byte {
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
    }
}
