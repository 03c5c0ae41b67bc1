//! `int`, `float` and `bool`.
//!
//! **Invariant:** a text of more digits than CPython takes is no number.

use super::bytes::bytes_of;
use crate::commands::lang::python::machine::{Answer, Vm};
use crate::commands::lang::python::native::{Args, Native, Ret};
use crate::commands::lang::python::value::V;
use num_bigint::{BigInt, Sign};

/// Digits that a text of a whole number may have.
const DIGITS: usize = 4_300;

pub(super) static NEW_BOOL: Native = Native::new("bool", |vm, _, args| {
    let value = args.value(0);
    if let Some(method) = vm.text_method(&value, &["__bool__", "__len__"]) {
        let callee = vm.library("_truth");
        let _ = method;
        return Ok(Ret::Call(callee, Args::of(vec![value])));
    }
    Ok(Ret::Value(V::Bool(vm.truth(&value))))
});

pub(super) static NEW_INT: Native = Native::new("int", |vm, _, args| {
    let base = args.either(1, "base");
    match (args.get(0), base) {
        (None, _) => Ok(Ret::Value(V::Int(0))),
        (Some(V::Float(number)), None) => {
            if !number.is_finite() {
                let what = if number.is_nan() { "NaN" } else { "infinity" };
                let class = if number.is_nan() { "ValueError" } else { "OverflowError" };
                let kind = if number.is_nan() { "float NaN" } else { "float infinity" };
                let _ = what;
                return Err(vm.error(class, &format!("cannot convert {kind} to integer")));
            }
            let text = format!("{:.0}", number.trunc());
            Ok(Ret::Value(V::big(text.parse().unwrap_or_default())))
        }
        (Some(value), base) => {
            let value = value.clone();
            if let (Some(number), None) = (vm.big_of(&value), &base) {
                return Ok(Ret::Value(V::big(number)));
            }
            if let Some(method) = vm.text_method(&value, &["__int__", "__index__"]) {
                return Ok(Ret::Call(method, Args::of(vec![value])));
            }
            let text = match &value {
                V::Str(text) => Vm::text_of(text).to_owned(),
                value => match bytes_of(vm, value) {
                    Some(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
                    None => {
                        let kind = vm.type_name(value);
                        let text = format!(
                            "int() argument must be a string, a bytes-like object or a real number, not '{kind}'"
                        );
                        return Err(vm.type_error(&text));
                    }
                },
            };
            let base = base.and_then(|base| vm.index(&base)).unwrap_or(10);
            whole(vm, &text, base, &value).map(Ret::Value)
        }
    }
});

fn whole(vm: &mut Vm, text: &str, base: i64, shown: &V) -> Answer<V> {
    if base != 0 && !(2..=36).contains(&base) {
        return Err(vm.value_error("int() base must be >= 2 and <= 36, or 0"));
    }
    let trimmed = text.trim();
    let (minus, digits) = match trimmed.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, trimmed.strip_prefix('+').unwrap_or(trimmed)),
    };
    let lower = digits.to_ascii_lowercase();
    let (mut radix, mut rest) = (base, lower.as_str());
    for (prefix, of) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if (base == 0 || base == of)
            && let Some(behind) = lower.strip_prefix(prefix)
        {
            (radix, rest) = (of, behind);
        }
    }
    if radix == 0 {
        radix = 10;
    }
    let plain = rest.replace('_', "");
    let bad_underscore = rest.starts_with('_') || rest.ends_with('_') || rest.contains("__");
    if plain.len() > DIGITS && radix.count_ones() != 1 {
        let text = format!(
            "Exceeds the limit (4300 digits) for integer string conversion: value has {} digits; use sys.set_int_max_str_digits() to increase the limit",
            plain.len()
        );
        return Err(vm.value_error(&text));
    }
    let radix32 = u32::try_from(radix).unwrap_or(10);
    let digits_only = !plain.is_empty() && plain.chars().all(|c| c.is_digit(radix32));
    if !digits_only || bad_underscore || plain.len() > 100_000 {
        let shown = vm.repr(shown);
        let text = format!("invalid literal for int() with base {base}: {shown}");
        return Err(vm.value_error(&text));
    }
    vm.work += plain.len() * plain.len() / 1_000;
    let number = BigInt::parse_bytes(plain.as_bytes(), radix32).unwrap_or_default();
    Ok(V::big(if minus { -number } else { number }))
}

pub(super) static NEW_FLOAT: Native = Native::new("float", |vm, _, args| {
    let value = match args.get(0) {
        None => return Ok(Ret::Value(V::Float(0.0))),
        Some(value) => value.clone(),
    };
    if let Some(number) = vm.float_of(&value) {
        if number.is_infinite() && !matches!(value, V::Float(_)) {
            return Err(vm.error("OverflowError", "int too large to convert to float"));
        }
        return Ok(Ret::Value(V::Float(number)));
    }
    if let Some(method) = vm.text_method(&value, &["__float__"]) {
        return Ok(Ret::Call(method, Args::of(vec![value])));
    }
    let V::Str(text) = &value else {
        let kind = vm.type_name(&value);
        let text = format!("float() argument must be a string or a real number, not '{kind}'");
        return Err(vm.type_error(&text));
    };
    let trimmed = Vm::text_of(text).trim().replace('_', "").to_ascii_lowercase();
    let named = ["inf", "infinity", "nan"];
    let bare = trimmed.trim_start_matches(['-', '+']);
    let good = named.contains(&bare) || bare.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    match trimmed.parse::<f64>() {
        Ok(number) if good => Ok(Ret::Value(V::Float(number))),
        _ => {
            let shown = vm.repr(&value);
            Err(vm.value_error(&format!("could not convert string to float: {shown}")))
        }
    }
});

pub(super) const INT_METHODS: &[Native] = &[
    Native::new("bit_length", |vm, _, args| {
        let bits = vm.big_of(&args.value(0)).unwrap_or_default().bits();
        Ok(Ret::Value(V::Int(i64::try_from(bits).unwrap_or_default())))
    }),
    Native::new("bit_count", |vm, _, args| {
        let number = vm.big_of(&args.value(0)).unwrap_or_default();
        let ones: u32 = number.magnitude().iter_u32_digits().map(u32::count_ones).sum();
        Ok(Ret::Value(V::Int(ones.into())))
    }),
    Native::new("to_bytes", |vm, _, args| {
        let number = vm.big_of(&args.value(0)).unwrap_or_default();
        let length = args.either(1, "length").and_then(|length| vm.index(&length)).unwrap_or(1);
        let length = usize::try_from(length).unwrap_or_default().min(1 << 16);
        let little = match args.either(2, "byteorder") {
            Some(V::Str(order)) => &order[..] == b"little",
            _ => false,
        };
        let signed = args.named("signed").is_some_and(|signed| vm.truth(signed));
        if number.sign() == Sign::Minus && !signed {
            return Err(vm.error("OverflowError", "can't convert negative int to unsigned"));
        }
        let mut bytes = if signed { number.to_signed_bytes_le() } else { number.to_bytes_le().1 };
        let fill = if number.sign() == Sign::Minus { 255 } else { 0 };
        while bytes.len() > length && bytes.last() == Some(&fill) {
            bytes.pop();
        }
        if bytes.len() > length {
            return Err(vm.error("OverflowError", "int too big to convert"));
        }
        bytes.resize(length, fill);
        if !little {
            bytes.reverse();
        }
        Ok(Ret::Value(vm.bytes(bytes)))
    }),
    Native::new("conjugate", |_, _, args| Ok(Ret::Value(args.value(0)))),
    Native::new("__index__", |_, _, args| Ok(Ret::Value(args.value(0)))),
];

pub(super) const INT_STATIC: &[Native] = &[Native::gathering("from_bytes", |vm, _, args| {
    let bytes = match bytes_of(vm, &args.value(0)) {
        Some(bytes) => bytes,
        None => {
            let all = vm.values(&args.value(0))?;
            all.iter().filter_map(|v| vm.index(v).and_then(|v| u8::try_from(v).ok())).collect()
        }
    };
    let little = match args.either(1, "byteorder") {
        Some(V::Str(order)) => &order[..] == b"little",
        _ => false,
    };
    let signed = args.named("signed").is_some_and(|signed| vm.truth(signed));
    if bytes.len() > 1 << 15 {
        return Err(vm.exception("MemoryError", Vec::new()));
    }
    let number = match (little, signed) {
        (true, true) => BigInt::from_signed_bytes_le(&bytes),
        (false, true) => BigInt::from_signed_bytes_be(&bytes),
        (true, false) => BigInt::from_bytes_le(Sign::Plus, &bytes),
        (false, false) => BigInt::from_bytes_be(Sign::Plus, &bytes),
    };
    Ok(Ret::Value(V::big(number)))
})];

pub(super) const FLOAT_METHODS: &[Native] = &[
    Native::new("is_integer", |vm, _, args| {
        let number = vm.float_of(&args.value(0)).unwrap_or_default();
        Ok(Ret::Value(V::Bool(number.fract() == 0.0)))
    }),
    Native::new("hex", |vm, _, args| {
        let number = vm.float_of(&args.value(0)).unwrap_or_default();
        let bits = number.to_bits();
        let power = i64::try_from(bits >> 52 & 0x7ff).unwrap_or_default() - 1_023;
        let sign = if number < 0.0 { "-" } else { "" };
        let text = if number == 0.0 {
            format!("{sign}0x0.0p+0")
        } else {
            format!("{sign}0x1.{:013x}p{power:+}", bits & ((1 << 52) - 1))
        };
        Ok(Ret::Value(vm.str(text)))
    }),
];

pub(super) const FLOAT_STATIC: &[Native] = &[];
