//! `echo`, `printf` and `seq`, as files.
//!
//! **Invariant:** `seq` prints as it counts.

use super::{about, options, quote, say};
use crate::commands::Flag;
use crate::kernel::Proc;
use crate::text_format::{Dialect, Escapes, Spec, float, printf as print, strtod, unescape};

pub(super) async fn echo(p: &mut Proc) -> u32 {
    let args = p.rest();
    match args.as_slice() {
        [only] if only == b"--version" => {
            about::version(p);
            return 0;
        }
        [only] if only == b"--help" => {
            about::help(p);
            return 0;
        }
        _ => {}
    }
    let (mut end, mut escapes, mut from) = (true, false, 0);
    for arg in &args {
        let Some(letters) = arg.strip_prefix(b"-").filter(|letters| !letters.is_empty()) else {
            break;
        };
        if !letters.iter().all(|b| b"neE".contains(b)) {
            break;
        }
        for letter in letters {
            match letter {
                b'n' => end = false,
                letter => escapes = *letter == b'e',
            }
        }
        from += 1;
    }
    let text = args.get(from..).unwrap_or_default().join(&b' ');
    if !escapes {
        p.print(text);
    } else {
        let (text, cut) = unescape(&text, Escapes::GnuEcho);
        p.print(text);
        if cut {
            return 0;
        }
    }
    if end {
        p.print("\n");
    }
    0
}

pub(super) async fn printf(p: &mut Proc) -> u32 {
    let mut args = p.rest();
    match args.first().map(Vec::as_slice) {
        Some(b"--version") if args.len() == 1 => {
            about::version(p);
            return 0;
        }
        Some(b"--help") if args.len() == 1 => {
            about::help(p);
            return 0;
        }
        Some(b"--") => {
            args.remove(0);
        }
        Some(_) | None => {}
    }
    let Some((format, args)) = args.split_first() else {
        say(p, "missing operand");
        p.try_help();
        return 1;
    };
    let done = print(Dialect::Gnu, format, args, 0);
    p.print(&done.out);
    let quotes = super::quote::quotes(p);
    for complaint in done.complaints {
        let text = complaint.text(Dialect::Gnu, quotes);
        say(p, text);
    }
    done.status
}

const SEQ: &[Flag] =
    &[Flag::new(b'w', "equal-width"), Flag::with(b'f', "format"), Flag::with(b's', "separator")];

/// A number of a command line.
struct Number {
    value: f64,
    /// Digits behind the point.
    precision: usize,
    /// Characters, with the sign.
    width: usize,
}

pub(super) async fn seq(p: &mut Proc) -> u32 {
    // A negative number is no option.
    let mut args = p.rest();
    let mut at = 0;
    while let Some(arg) = args.get(at) {
        let negative =
            arg.starts_with(b"-") && arg.get(1).is_some_and(|b| b.is_ascii_digit() || *b == b'.');
        if negative || !arg.starts_with(b"-") || arg == b"--" || arg == b"-" {
            break;
        }
        at += if matches!(arg.as_slice(), b"-f" | b"-s" | b"--format" | b"--separator") {
            2
        } else {
            1
        };
    }
    if args.get(at).is_some_and(|arg| arg != b"--") {
        args.insert(at, b"--".to_vec());
    }
    p.args.truncate(1);
    p.args.extend(args);
    let given = match options(p, SEQ, 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    if given.rest.is_empty() {
        say(p, "missing operand");
        p.try_help();
        return 1;
    }
    if let Some(extra) = given.rest.get(3) {
        let quoted = quote(p, extra);
        say(p, [b"extra operand ", &quoted[..]].concat());
        p.try_help();
        return 1;
    }
    let shape = match given.value(b'f') {
        None => None,
        Some(text) => match shape(text) {
            Ok(shape) => Some(shape),
            Err(what) => {
                let quoted = quote(p, text);
                say(p, [b"format ", &quoted[..], what.as_bytes()].concat());
                return 1;
            }
        },
    };
    let mut numbers = Vec::new();
    for word in &given.rest {
        match number(word) {
            Ok(number) => numbers.push(number),
            Err(what) => {
                let quoted = quote(p, word);
                let what = if what == "not-a-number" {
                    [b"invalid ", &quote(p, what.as_bytes())[..], b" argument: "].concat()
                } else {
                    b"invalid floating point argument: ".to_vec()
                };
                say(p, [what, quoted].concat());
                p.try_help();
                return 1;
            }
        }
    }
    let one = || Number { value: 1.0, precision: 0, width: 1 };
    let last = numbers.pop().unwrap_or_else(one);
    let mut numbers = numbers.into_iter();
    let first = numbers.next().unwrap_or_else(one);
    let step = numbers.next().unwrap_or_else(one);
    if step.value == 0.0 {
        let quoted = quote(p, given.rest.get(1).map_or(b"0", Vec::as_slice));
        say(p, [b"invalid Zero increment value: ", &quoted[..]].concat());
        p.try_help();
        return 1;
    }
    let separator = given.value(b's').unwrap_or(b"\n").to_vec();
    count(p, (&first, &step, &last), shape, &separator, given.has(b'w')).await
}

fn number(word: &[u8]) -> Result<Number, &'static str> {
    let (value, used) = strtod(word);
    if used == 0 || used < word.len() {
        return Err("");
    }
    if value.is_nan() {
        return Err("not-a-number");
    }
    let word = word.strip_prefix(b"+").unwrap_or(word);
    let exponent = word.iter().position(|b| b"eE".contains(b));
    let (digits, power) = match exponent.and_then(|at| word.split_at_checked(at)) {
        Some((digits, power)) if !word.contains(&b'x') => {
            let power = std::str::from_utf8(power.get(1..).unwrap_or_default()).unwrap_or("");
            (digits, power.parse::<i64>().unwrap_or(0))
        }
        _ => (word, 0),
    };
    let point = digits.iter().position(|&b| b == b'.');
    let behind = point.map_or(0, |at| digits.len() - at - 1);
    let precision = i64::try_from(behind).unwrap_or(0) - power;
    let precision = usize::try_from(precision.clamp(0, 1_000)).unwrap_or(0);
    let whole = point.unwrap_or(digits.len());
    let whole = i64::try_from(whole).unwrap_or(0).saturating_add(power.clamp(0, 1_000));
    Ok(Number { value, precision, width: usize::try_from(whole.max(1)).unwrap_or(1) })
}

/// A format: what is before, the one conversion, what is behind.
type Shape = (Vec<u8>, Spec, u8, Vec<u8>);

fn shape(text: &[u8]) -> Result<Shape, String> {
    let (mut before, mut behind) = (Vec::new(), Vec::new());
    let mut found: Option<(Spec, u8)> = None;
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        at += 1;
        let side = if found.is_some() { &mut behind } else { &mut before };
        if byte != b'%' {
            side.push(byte);
            continue;
        }
        if text.get(at) == Some(&b'%') {
            side.push(b'%');
            at += 1;
            continue;
        }
        if found.is_some() {
            return Err(" has too many % directives".to_owned());
        }
        let mut spec = Spec::default();
        while let Some(flag) = text.get(at).filter(|b| b"-+ #0'".contains(b)) {
            spec.flag(*flag);
            at += 1;
        }
        let digits = |at: &mut usize| {
            let mut number = 0_usize;
            while let Some(digit) = text.get(*at).filter(|b| b.is_ascii_digit()) {
                number = number.saturating_mul(10).saturating_add(usize::from(digit - b'0'));
                *at += 1;
            }
            number
        };
        spec.width = digits(&mut at);
        if text.get(at) == Some(&b'.') {
            at += 1;
            spec.precision = Some(digits(&mut at));
        }
        if text.get(at) == Some(&b'L') {
            at += 1;
        }
        let Some(&letter) = text.get(at) else { return Err(" ends in %".to_owned()) };
        if !b"efgaEFGA".contains(&letter) {
            return Err(format!(" has unknown %{} directive", char::from(letter)));
        }
        at += 1;
        found = Some((spec, letter));
    }
    match found {
        Some((spec, letter)) => Ok((before, spec, letter, behind)),
        None => Err(" has no % directive".to_owned()),
    }
}

async fn count(
    p: &mut Proc,
    (first, step, last): (&Number, &Number, &Number),
    shape: Option<Shape>,
    separator: &[u8],
    same_width: bool,
) -> u32 {
    let precision = first.precision.max(step.precision);
    let point = usize::from(precision > 0) + precision;
    let width = if same_width { first.width.max(last.width) + point } else { 0 };
    // Rounding must not take the last one away.
    let slack = step.value.abs() * 1e-9;
    let mut index = 0.0_f64;
    loop {
        let value = first.value + index * step.value;
        let beyond =
            if step.value > 0.0 { value > last.value + slack } else { value < last.value - slack };
        if beyond {
            break;
        }
        let mut text = Vec::new();
        if index > 0.0 {
            text.extend(separator);
        }
        match &shape {
            Some((before, spec, letter, behind)) => {
                text.extend(before);
                float(*spec, value, *letter, &mut text);
                text.extend(behind);
            }
            None => {
                let value = if value == 0.0 { 0.0 } else { value };
                text.extend(format!("{value:0width$.precision$}").into_bytes());
            }
        }
        p.print(text);
        p.flush_some().await;
        index += 1.0;
    }
    if index > 0.0 {
        p.print("\n");
    }
    0
}
