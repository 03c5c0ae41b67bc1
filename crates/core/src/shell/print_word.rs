//! Writes words down.
//!
//! **Invariant:** what is written is read as the same word again; which quotes there were is not known,
//! so those that read best are taken.

use crate::shell::dollar::is_expression;
use crate::shell::print::Printer;
use crate::shell::token::is_name_byte;
use crate::shell::tree::{Assignment, Operation, Parameter, Part, Place, Script, Value, Word};

/// What a part stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Around {
    /// Nothing, or braces outside of quotes.
    Bare,
    /// `"…"`, or an expression.
    Double,
    /// Braces in such a text.
    Brace,
    /// A here-document.
    HereDoc,
}

/// Writes a word.
pub(super) fn word(word: &Word, around: Around, out: &mut Vec<u8>) {
    parts(&word.0, around, out);
}

/// Writes parts.
pub(super) fn parts(parts: &[Part], around: Around, out: &mut Vec<u8>) {
    let mut dollar = false;
    let mut rest = parts;
    while let Some((part, after)) = rest.split_first() {
        rest = after;
        let begin = out.len();
        match part {
            Part::Literal(text) => literal(text, around, out),
            Part::Quoted(text) if dollar => quoted_behind_dollar(text, out),
            Part::Quoted(text) => quoted(text, out),
            Part::Double(inner) if around == Around::HereDoc => {
                self::parts(inner, Around::HereDoc, out);
            }
            Part::Double(inner) => {
                out.push(b'"');
                self::parts(inner, Around::Double, out);
                out.push(b'"');
            }
            Part::Parameter(found) => parameter(found, around, after.first(), out),
            Part::Command(script) if dollar => backticks(script, out),
            Part::Command(script) => substitution(b"$(", script, out),
            Part::Process { out: true, script } => substitution(b">(", script, out),
            Part::Process { out: false, script } => substitution(b"<(", script, out),
            Part::Arithmetic(found) => arithmetic(found, out),
            Part::Broken { text, .. } => out.extend_from_slice(text),
        }
        dollar = around == Around::Bare
            && matches!(part, Part::Literal(_))
            && out.get(begin..).is_some_and(|text| text.ends_with(b"$"));
    }
}

fn literal(text: &[u8], around: Around, out: &mut Vec<u8>) {
    let special: &[u8] = match around {
        Around::Bare => b"",
        Around::Double => b"$`\"\\",
        Around::Brace => b"$`\"\\}",
        Around::HereDoc => b"$`\\",
    };
    for byte in text {
        if special.contains(byte) {
            out.push(b'\\');
        }
        out.push(*byte);
    }
}

fn quoted(text: &[u8], out: &mut Vec<u8>) {
    match text {
        [byte] if byte.is_ascii_graphic() || *byte == b' ' => out.extend([b'\\', *byte]),
        _ => {
            out.push(b'\'');
            for byte in text {
                match byte {
                    b'\'' => out.extend(b"'\\''"),
                    _ => out.push(*byte),
                }
            }
            out.push(b'\'');
        }
    }
}

/// Behind a `$`, a quote would be one with it.
fn quoted_behind_dollar(text: &[u8], out: &mut Vec<u8>) {
    if let Some((first, rest)) = text.split_first() {
        out.extend([b'\\', *first]);
        if !rest.is_empty() {
            quoted(rest, out);
        }
    }
}

fn substitution(open: &[u8], script: &Script, out: &mut Vec<u8>) {
    let text = Printer::inside(script);
    out.extend_from_slice(open);
    if text.starts_with(b"(") {
        out.push(b' ');
    }
    out.extend(text);
    out.push(b')');
}

fn backticks(script: &Script, out: &mut Vec<u8>) {
    out.push(b'`');
    literal(&Printer::inside(script), Around::HereDoc, out);
    out.push(b'`');
}

/// Writes `$((…))`, or `$[…]` where a parenthesis would end that.
fn arithmetic(found: &Word, out: &mut Vec<u8>) {
    let mut text = Vec::new();
    word(found, Around::Double, &mut text);
    if is_expression(&text) {
        out.extend(b"$((");
        out.extend(text);
        out.extend(b"))");
    } else {
        out.extend(b"$[");
        out.extend(text);
        out.push(b']');
    }
}

fn parameter(found: &Parameter, around: Around, next: Option<&Part>, out: &mut Vec<u8>) {
    let Parameter { name, index, indirect, operation } = found;
    if let Operation::Bad(text) = operation {
        out.extend_from_slice(text);
        return;
    }
    let glued = match next {
        Some(Part::Literal(text)) => text.first().is_some_and(|byte| is_name_byte(*byte)),
        _ => false,
    };
    let long = name.len() > 1 && name.first().is_some_and(u8::is_ascii_digit);
    let simple = matches!(operation, Operation::Value) && index.is_none() && !indirect;
    let letters = name.first().is_some_and(|byte| is_name_byte(*byte) && !byte.is_ascii_digit());
    if simple && !long && !(glued && letters) {
        out.push(b'$');
        out.extend_from_slice(name);
        return;
    }
    out.extend(b"${");
    if *indirect || matches!(operation, Operation::Names { .. } | Operation::Keys { .. }) {
        out.push(b'!');
    }
    if matches!(operation, Operation::Length) {
        out.push(b'#');
    }
    out.extend_from_slice(name);
    if let Some(index) = index {
        out.push(b'[');
        word(index, Around::Bare, out);
        out.push(b']');
    }
    self::operation(operation, around, out);
    out.push(b'}');
}

fn operation(operation: &Operation, around: Around, out: &mut Vec<u8>) {
    let inner = if around == Around::Bare { Around::Bare } else { Around::Brace };
    let mut otherwise = |colon: &bool, sign: u8, with: &Word| {
        if *colon {
            out.push(b':');
        }
        out.push(sign);
        word(with, inner, out);
    };
    match operation {
        Operation::Value | Operation::Length | Operation::Bad(_) => {}
        Operation::Names { separate } => out.push(if *separate { b'@' } else { b'*' }),
        Operation::Keys { separate } => out.extend(if *separate { b"[@]" } else { b"[*]" }),
        Operation::Default { colon, word } => otherwise(colon, b'-', word),
        Operation::Assign { colon, word } => otherwise(colon, b'=', word),
        Operation::Error { colon, word } => otherwise(colon, b'?', word),
        Operation::Alternative { colon, word } => otherwise(colon, b'+', word),
        Operation::Trim { suffix, longest, pattern } => {
            let sign = if *suffix { b'%' } else { b'#' };
            out.push(sign);
            if *longest {
                out.push(sign);
            }
            word(pattern, Around::Bare, out);
        }
        Operation::Slice { offset, length } => {
            out.push(b':');
            word(offset, Around::Double, out);
            if let Some(length) = length {
                out.push(b':');
                word(length, Around::Double, out);
            }
        }
        Operation::Replace { place, pattern, with } => {
            out.extend_from_slice(match place {
                Place::First => b"/",
                Place::All => b"//",
                Place::Begin => b"/#",
                Place::End => b"/%",
            });
            word(pattern, Around::Bare, out);
            if !with.0.is_empty() {
                out.push(b'/');
                word(with, Around::Bare, out);
            }
        }
        Operation::Case { upper, all, pattern } => {
            let sign = if *upper { b'^' } else { b',' };
            out.push(sign);
            if *all {
                out.push(sign);
            }
            word(pattern, Around::Bare, out);
        }
        Operation::Transform(letter) => out.extend([b'@', *letter]),
    }
}

/// Writes an assignment.
pub(super) fn assignment(found: &Assignment, out: &mut Vec<u8>) {
    out.extend_from_slice(&found.name);
    if let Some(index) = &found.index {
        out.push(b'[');
        word(index, Around::Bare, out);
        out.push(b']');
    }
    if found.append {
        out.push(b'+');
    }
    out.push(b'=');
    match &found.value {
        Value::Scalar(value) => word(value, Around::Bare, out),
        Value::Array(elements) => {
            out.push(b'(');
            for (at, (index, value)) in elements.iter().enumerate() {
                if at > 0 {
                    out.push(b' ');
                }
                if let Some(index) = index {
                    out.push(b'[');
                    word(index, Around::Bare, out);
                    out.extend(b"]=");
                }
                word(value, Around::Bare, out);
            }
            out.push(b')');
        }
    }
}
