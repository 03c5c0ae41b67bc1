//! Formats: what stands behind `:` in `{x:…}`, `%` of texts, and `str.format`.
//!
//! **Invariant:** no text is made wider than [`WIDTH_MAX`] by a format.

use super::machine::{Answer, Vm};
use super::native::Args;
use super::value::{Obj, V};
use crate::commands::lang::number::{Spec, WIDTH_MAX};
use num_bigint::{BigInt, Sign};

/// `[[fill]align][sign][#][0][width][,][.precision][type]`
#[derive(Clone, Copy, Debug)]
struct Format {
    fill: char,
    align: Option<char>,
    sign: char,
    other: bool,
    zero: bool,
    width: usize,
    comma: Option<char>,
    precision: Option<usize>,
    kind: Option<char>,
}

fn read(text: &str) -> Option<Format> {
    let mut format = Format {
        fill: ' ',
        align: None,
        sign: '-',
        other: false,
        zero: false,
        width: 0,
        comma: None,
        precision: None,
        kind: None,
    };
    let mut letters = text.chars().peekable();
    let is_align = |letter: char| matches!(letter, '<' | '>' | '=' | '^');
    let mut ahead = text.chars();
    if let (Some(fill), Some(align)) = (ahead.next(), ahead.next())
        && is_align(align)
    {
        (format.fill, format.align) = (fill, Some(align));
        letters.next();
        letters.next();
    } else if let Some(align) = letters.next_if(|letter| is_align(*letter)) {
        format.align = Some(align);
    }
    if let Some(sign) = letters.next_if(|letter| matches!(letter, '+' | '-' | ' ')) {
        format.sign = sign;
    }
    format.other = letters.next_if_eq(&'#').is_some();
    if letters.next_if_eq(&'0').is_some() {
        format.zero = true;
    }
    let number = |letters: &mut std::iter::Peekable<std::str::Chars<'_>>| {
        let mut value: Option<usize> = None;
        while let Some(digit) = letters.peek().and_then(|letter| letter.to_digit(10)) {
            letters.next();
            let before = value.unwrap_or_default().saturating_mul(10);
            value = Some(before.saturating_add(digit as usize));
        }
        value
    };
    format.width = number(&mut letters).unwrap_or_default();
    format.comma = letters.next_if(|letter| matches!(letter, ',' | '_'));
    if letters.next_if_eq(&'.').is_some() {
        format.precision = Some(number(&mut letters)?);
    }
    format.kind = letters.next();
    if letters.next().is_some() { None } else { Some(format) }
}

/// A value in a format.
pub(super) fn value(vm: &mut Vm, value: &V, text: &str) -> Answer<String> {
    let kind = vm.type_name(value);
    let Some(format) = read(text) else {
        let text = format!("Invalid format specifier '{text}' for object of type '{kind}'");
        return Err(vm.value_error(&text));
    };
    let unknown = |vm: &mut Vm, code: char| {
        vm.value_error(&format!("Unknown format code '{code}' for object of type '{kind}'"))
    };
    match value {
        V::Str(_) => match format.kind {
            None | Some('s') => {
                let text = vm.text(value);
                Ok(of_text(&format, &text))
            }
            Some(code) => Err(unknown(vm, code)),
        },
        V::Int(_) | V::Big(_) | V::Bool(_) => match format.kind {
            None if matches!(value, V::Bool(_)) && text.is_empty() => Ok(vm.text(value)),
            None | Some('d' | 'n' | 'b' | 'o' | 'x' | 'X' | 'c') => {
                vm.check_digits(value)?;
                let number = vm.big_of(value).unwrap_or_default();
                Ok(of_whole(&format, &number))
            }
            Some('e' | 'E' | 'f' | 'F' | 'g' | 'G' | '%') => {
                let number = vm.float_of(value).unwrap_or_default();
                Ok(of_float(&format, number))
            }
            Some(code) => Err(unknown(vm, code)),
        },
        V::Float(number) => match format.kind {
            None | Some('e' | 'E' | 'f' | 'F' | 'g' | 'G' | '%' | 'n') => {
                Ok(of_float(&format, *number))
            }
            Some(code) => Err(unknown(vm, code)),
        },
        value => {
            if text.is_empty() {
                return Ok(vm.text(value));
            }
            let text = format!("unsupported format string passed to {kind}.__format__");
            Err(vm.type_error(&text))
        }
    }
}

/// The text in its width, its sign apart.
fn placed(format: &Format, sign: &str, text: &str, align: char) -> String {
    let width = sign.chars().count() + text.chars().count();
    let missing = format.width.min(WIDTH_MAX).saturating_sub(width);
    let align = format.align.unwrap_or(align);
    let (fill, align) = match (format.zero && format.align.is_none(), align) {
        (true, '>') => ('0', '='),
        (true, other) => ('0', other),
        (false, other) => (format.fill, other),
    };
    let pad = |count: usize| fill.to_string().repeat(count);
    match align {
        '<' => format!("{sign}{text}{}", pad(missing)),
        '^' => {
            let left = missing / 2;
            format!("{}{sign}{text}{}", pad(left), pad(missing - left))
        }
        '=' => format!("{sign}{}{text}", pad(missing)),
        _ => format!("{}{sign}{text}", pad(missing)),
    }
}

fn of_text(format: &Format, text: &str) -> String {
    let cut: String = match format.precision {
        Some(most) => text.chars().take(most).collect(),
        None => text.to_owned(),
    };
    placed(format, "", &cut, '<')
}

fn sign_of(format: &Format, minus: bool) -> &'static str {
    match (minus, format.sign) {
        (true, _) => "-",
        (false, '+') => "+",
        (false, ' ') => " ",
        (false, _) => "",
    }
}

/// Digits in groups.
fn grouped(digits: &str, comma: Option<char>, each: usize) -> String {
    let Some(comma) = comma else { return digits.to_owned() };
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(each) {
            out.push(comma);
        }
        out.push(digit);
    }
    out
}

fn of_whole(format: &Format, number: &BigInt) -> String {
    let minus = number.sign() == Sign::Minus;
    let size = if minus { -number.clone() } else { number.clone() };
    let (prefix, digits, each) = match format.kind {
        Some('b') => ("0b", size.to_str_radix(2), 4),
        Some('o') => ("0o", size.to_str_radix(8), 4),
        Some('x') => ("0x", size.to_str_radix(16), 4),
        Some('X') => ("0X", size.to_str_radix(16).to_uppercase(), 4),
        Some('c') => {
            let letter = u32::try_from(&size).ok().and_then(char::from_u32).unwrap_or_default();
            return placed(format, "", &letter.to_string(), '<');
        }
        _ => ("", size.to_string(), 3),
    };
    let prefix = if format.other { prefix } else { "" };
    let sign = format!("{}{prefix}", sign_of(format, minus));
    placed(format, &sign, &grouped(&digits, format.comma, each), '>')
}

fn of_float(format: &Format, number: f64) -> String {
    let spec = Spec { precision: format.precision, other: format.other, ..Spec::default() };
    let size = number.abs();
    let (text, percent) = match format.kind {
        Some('%') => {
            let spec = Spec { precision: Some(format.precision.unwrap_or(6)), ..spec };
            (spec.float(size * 100.0, b'f'), "%")
        }
        Some(kind @ ('e' | 'E' | 'f' | 'F' | 'g' | 'G')) => {
            (spec.float(size, u8::try_from(kind).unwrap_or(b'f')), "")
        }
        _ => match format.precision {
            Some(_) => {
                let text = spec.float(size, b'g');
                let whole = !text.iter().any(|b| matches!(b, b'.' | b'e' | b'n' | b'i'));
                (if whole { [&text[..], b".0"].concat() } else { text }, "")
            }
            None => (super::show::float(size).into_bytes(), ""),
        },
    };
    let text = String::from_utf8_lossy(&text).into_owned();
    let (whole, rest) = match text.find(['.', 'e']) {
        Some(at) => text.split_at_checked(at).unwrap_or((&text, "")),
        None => (text.as_str(), ""),
    };
    let text = format!("{}{rest}{percent}", grouped(whole, format.comma, 3));
    placed(format, sign_of(format, number.is_sign_negative() && !number.is_nan()), &text, '>')
}

/// `text % values`
pub(super) fn percent(vm: &mut Vm, text: &[u8], values: &V) -> Answer<V> {
    let all = match vm.obj(values) {
        Some(Obj::Tuple(all)) => all.clone(),
        _ => vec![values.clone()],
    };
    let is_dict = matches!(vm.obj(values), Some(Obj::Dict(_)));
    let mut next = all.into_iter();
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.iter().position(|&b| b == b'%') {
        out.extend_from_slice(rest.get(..at).unwrap_or_default());
        rest = rest.get(at + 1..).unwrap_or_default();
        let mut key = None;
        if let Some(inside) = rest.strip_prefix(b"(")
            && let Some(end) = inside.iter().position(|&b| b == b')')
        {
            key = Some(inside.get(..end).unwrap_or_default().to_vec());
            rest = inside.get(end + 1..).unwrap_or_default();
        }
        let (mut spec, mut behind) = Spec::read(rest);
        let missing = "not enough arguments for format string";
        if behind.starts_with(b"*") {
            let width = next.next().and_then(|value| vm.index(&value));
            let Some(width) = width else { return Err(vm.type_error(missing)) };
            if spec.precision.is_some() {
                spec.precision = usize::try_from(width).ok();
            } else {
                spec.left |= width < 0;
                spec.width = usize::try_from(width.unsigned_abs()).unwrap_or_default();
            }
            behind = behind.get(1..).unwrap_or_default();
            if behind.starts_with(b".") {
                let (more, after) = Spec::read(behind);
                (spec.precision, behind) = (more.precision, after);
            }
        }
        while let [b'l' | b'h' | b'L', after @ ..] = behind {
            behind = after;
        }
        let Some((&letter, after)) = behind.split_first() else {
            return Err(vm.value_error("incomplete format"));
        };
        rest = after;
        if letter == b'%' {
            out.push(b'%');
            continue;
        }
        let value = match key {
            Some(key) => {
                let key = V::Str(vm.meter.text(key));
                if !is_dict {
                    return Err(vm.type_error("format requires a mapping"));
                }
                vm.item_of(values, &key)?
            }
            None => match next.next() {
                Some(value) => value,
                None => return Err(vm.type_error(missing)),
            },
        };
        let part = one(vm, spec, letter, &value)?;
        vm.room(out.len() + part.len())?;
        out.extend(part);
    }
    out.extend_from_slice(rest);
    if next.next().is_some() && !is_dict {
        let text = "not all arguments converted during string formatting";
        return Err(vm.type_error(text));
    }
    Ok(V::Str(vm.meter.text(out)))
}

fn one(vm: &mut Vm, spec: Spec, letter: u8, value: &V) -> Answer<Vec<u8>> {
    let kind = vm.type_name(value);
    let wants = |vm: &mut Vm, what: &str| {
        let text = format!("%{} format: {what} is required, not {kind}", char::from(letter));
        vm.type_error(&text)
    };
    match letter {
        b's' | b'r' | b'a' => {
            let text = match value {
                V::Bytes(bytes) if letter == b's' => String::from_utf8_lossy(bytes).into_owned(),
                value if letter == b's' => vm.text(value),
                value => vm.repr(value),
            };
            let cut: String = match spec.precision {
                Some(most) => text.chars().take(most).collect(),
                None => text,
            };
            Ok(spec.pad_chars(cut.as_bytes(), cut.chars().count()))
        }
        b'd' | b'i' | b'u' => {
            let number = match value {
                V::Float(number) => {
                    #[expect(clippy::cast_possible_truncation, reason = "it saturates")]
                    let whole = number.trunc() as i64;
                    Some(BigInt::from(whole))
                }
                value => vm.big_of(value),
            };
            let Some(number) = number else { return Err(wants(vm, "a real number")) };
            match i128::try_from(&number) {
                Ok(number) => Ok(spec.signed(number)),
                Err(_) => Ok(spec.pad(number.to_string().as_bytes())),
            }
        }
        b'x' | b'X' | b'o' => {
            let Some(number) = vm.big_of(value) else { return Err(wants(vm, "an integer")) };
            let size = u128::try_from(number.magnitude().clone()).unwrap_or(u128::MAX);
            let mut text = spec.unsigned(size, letter);
            if letter == b'o' && spec.other {
                text = Spec { other: false, ..spec }.pad(&[b"0o", format!("{size:o}").as_bytes()].concat());
            }
            if number.sign() == Sign::Minus {
                text.insert(0, b'-');
            }
            Ok(text)
        }
        b'e' | b'E' | b'f' | b'F' | b'g' | b'G' => match vm.float_of(value) {
            Some(number) => Ok(spec.float(number, letter)),
            None => {
                let text = format!("must be real number, not {kind}");
                Err(vm.type_error(&text))
            }
        },
        b'c' => match (value, vm.index(value)) {
            (V::Str(text), _) => Ok(spec.pad_chars(text, 1)),
            (_, Some(code)) => {
                let letter = u32::try_from(code).ok().and_then(char::from_u32).unwrap_or_default();
                Ok(spec.pad_chars(letter.to_string().as_bytes(), 1))
            }
            _ => Err(vm.type_error("%c requires int or char")),
        },
        letter => {
            let letter = char::from(letter);
            let text = format!("unsupported format character '{letter}' ({:#x}) at index 1", u32::from(letter));
            Err(vm.value_error(&text))
        }
    }
}

/// `text.format(…)`
pub(super) fn format_method(vm: &mut Vm, text: &str, args: &Args) -> Answer<String> {
    let mut automatic = 0;
    fields(vm, text, args, &mut automatic, 0)
}

fn fields(vm: &mut Vm, text: &str, args: &Args, automatic: &mut usize, depth: usize) -> Answer<String> {
    if depth > 2 {
        return Err(vm.value_error("Max string recursion exceeded"));
    }
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        out.push_str(rest.get(..at).unwrap_or_default());
        let brace = rest.as_bytes().get(at).copied().unwrap_or_default();
        let behind = rest.get(at + 1..).unwrap_or_default();
        if behind.as_bytes().first() == Some(&brace) {
            out.push(char::from(brace));
            rest = behind.get(1..).unwrap_or_default();
            continue;
        }
        if brace == b'}' {
            return Err(vm.value_error("Single '}' encountered in format string"));
        }
        let mut open = 1_usize;
        let end = behind.bytes().position(|byte| {
            match byte {
                b'{' => open += 1,
                b'}' => open -= 1,
                _ => {}
            }
            open == 0
        });
        let Some(end) = end else {
            let text = if behind.is_empty() {
                "Single '{' encountered in format string"
            } else {
                "expected '}' before end of string"
            };
            return Err(vm.value_error(text));
        };
        let field = behind.get(..end).unwrap_or_default();
        rest = behind.get(end + 1..).unwrap_or_default();
        let (name, format) = match field.split_once(':') {
            Some((name, format)) => (name, format),
            None => (field, ""),
        };
        let (name, convert) = match name.split_once('!') {
            Some((name, convert)) => (name, convert),
            None => (name, ""),
        };
        let found = field_value(vm, name, args, automatic)?;
        let format = fields(vm, format, args, automatic, depth + 1)?;
        let found = match convert {
            "r" | "a" => {
                let text = vm.repr(&found);
                vm.str(text)
            }
            "s" => {
                let text = vm.text(&found);
                vm.str(text)
            }
            _ => found,
        };
        let part = value(vm, &found, &format)?;
        vm.room(out.len() + part.len())?;
        out.push_str(&part);
    }
    out.push_str(rest);
    Ok(out)
}

/// `0.name[key]`
fn field_value(vm: &mut Vm, field: &str, args: &Args, automatic: &mut usize) -> Answer<V> {
    let end = field.find(['.', '[']).unwrap_or(field.len());
    let (first, mut rest) = field.split_at_checked(end).unwrap_or((field, ""));
    let found = if first.is_empty() {
        *automatic += 1;
        args.get(*automatic - 1).cloned()
    } else if let Ok(number) = first.parse::<usize>() {
        args.get(number).cloned()
    } else {
        match args.named(first) {
            Some(value) => Some(value.clone()),
            None => {
                let name = vm.str(first);
                return Err(vm.exception("KeyError", vec![name]));
            }
        }
    };
    let Some(mut found) = found else {
        let number = if first.is_empty() { *automatic - 1 } else { first.parse().unwrap_or(0) };
        let text =
            format!("Replacement index {number} out of range for positional args tuple");
        return Err(vm.error("IndexError", &text));
    };
    while !rest.is_empty() {
        if let Some(inside) = rest.strip_prefix('[') {
            let end = inside.find(']').unwrap_or(inside.len());
            let key = inside.get(..end).unwrap_or_default();
            let key = match key.parse::<i64>() {
                Ok(number) => V::Int(number),
                Err(_) => vm.str(key),
            };
            found = vm.item_of(&found, &key)?;
            rest = inside.get(end + 1..).unwrap_or_default();
        } else {
            let inside = rest.get(1..).unwrap_or_default();
            let end = inside.find(['.', '[']).unwrap_or(inside.len());
            let name = inside.get(..end).unwrap_or_default();
            found = match vm.attribute(&found, name)? {
                Some(value) => value,
                None => return Err(vm.attribute_error(&found, name)),
            };
            rest = inside.get(end..).unwrap_or_default();
        }
    }
    Ok(found)
}
