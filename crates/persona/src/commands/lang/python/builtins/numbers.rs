//! Functions about numbers.
//!
//! **Invariant:** a whole number's size is checked before it is made.

use crate::commands::lang::python::ast::Binary;
use crate::commands::lang::python::machine::{Answer, Vm, floored};
use crate::commands::lang::python::native::{Args, Native, Ret};
use crate::commands::lang::python::value::V;
use num_bigint::{BigInt, Sign};
use std::cmp::Ordering;

/// `min` and `max`, where nothing has to be called.
fn extreme(vm: &mut Vm, args: &Args, wanted: Ordering) -> Answer<Ret> {
    let name = if wanted == Ordering::Less { "min" } else { "max" };
    if args.named("key").is_some() {
        let callee = vm.library("_extreme");
        let mut args = args.clone();
        args.plain.insert(0, V::Bool(wanted == Ordering::Greater));
        return Ok(Ret::Call(callee, args));
    }
    let all = if args.len() == 1 { vm.values(&args.value(0))? } else { args.plain.clone() };
    let mut best: Option<V> = None;
    for value in all {
        best = match best {
            None => Some(value),
            Some(best) => match vm.order(&value, &best) {
                Some(order) => Some(if order == wanted { value } else { best }),
                None => {
                    let sign = if wanted == Ordering::Less { "<" } else { ">" };
                    return Err(vm.not_ordered(sign, &value, &best));
                }
            },
        };
    }
    match best.or_else(|| args.named("default").cloned()) {
        Some(value) => Ok(Ret::Value(value)),
        None => Err(vm.value_error(&format!("{name}() arg is an empty sequence"))),
    }
}

fn in_base(vm: &mut Vm, value: &V, radix: u32, prefix: &str) -> Answer<Ret> {
    let Some(number) = vm.big_of(value) else {
        let kind = vm.type_name(value);
        let text = format!("'{kind}' object cannot be interpreted as an integer");
        return Err(vm.type_error(&text));
    };
    let sign = if number.sign() == Sign::Minus { "-" } else { "" };
    let digits = BigInt::from_biguint(Sign::Plus, number.magnitude().clone()).to_str_radix(radix);
    Ok(Ret::Value(vm.str(format!("{sign}{prefix}{digits}"))))
}

/// Half to even, as Python rounds.
fn round(vm: &mut Vm, args: &Args) -> Answer<Ret> {
    let value = args.value(0);
    let digits = args.either(1, "ndigits").and_then(|digits| vm.index(&digits));
    match (&value, digits) {
        (V::Float(number), None) => {
            if !number.is_finite() {
                return Err(vm.value_error("cannot convert float NaN to integer"));
            }
            let text = format!("{:.0}", number.round_ties_even());
            Ok(Ret::Value(V::big(text.parse().unwrap_or_default())))
        }
        (V::Float(number), Some(digits)) if digits >= 0 => {
            let digits = usize::try_from(digits).unwrap_or_default().min(40);
            let text = format!("{number:.digits$}");
            Ok(Ret::Value(V::Float(text.parse().unwrap_or(*number))))
        }
        (V::Float(number), Some(digits)) => {
            let scale = 10_f64.powi(i32::try_from(-digits).unwrap_or(400));
            Ok(Ret::Value(V::Float((number / scale).round_ties_even() * scale)))
        }
        (V::Int(number), Some(digits @ -18..=-1)) => {
            let scale = 10_i64.pow(u32::try_from(-digits).unwrap_or_default());
            let (low, rest) = (number.div_euclid(scale), number.rem_euclid(scale));
            let up = match (rest * 2).cmp(&scale) {
                Ordering::Less => 0,
                Ordering::Greater => 1,
                Ordering::Equal => low & 1,
            };
            Ok(Ret::Value(V::Int((low + up).saturating_mul(scale))))
        }
        (V::Int(_) | V::Bool(_) | V::Big(_), _) => match vm.big_of(&value) {
            Some(number) => Ok(Ret::Value(V::big(number))),
            None => Ok(Ret::Value(value)),
        },
        _ => {
            let kind = vm.type_name(&value);
            let text = format!("type {kind} doesn't define __round__ method");
            Err(vm.type_error(&text))
        }
    }
}

pub(super) const FUNCTIONS: &[Native] = &[
    Native::gathering("min", |vm, _, args| extreme(vm, &args, Ordering::Less)),
    Native::gathering("max", |vm, _, args| extreme(vm, &args, Ordering::Greater)),
    Native::gathering("sum", |vm, _, args| {
        let all = vm.values(&args.value(0))?;
        let mut sum = args.either(1, "start").unwrap_or(V::Int(0));
        for value in all {
            sum = vm.operate(Binary::Add, &sum, &value, false)?;
        }
        Ok(Ret::Value(sum))
    }),
    Native::new("abs", |vm, _, args| match args.value(0) {
        V::Float(number) => Ok(Ret::Value(V::Float(number.abs()))),
        value => match vm.big_of(&value) {
            Some(number) => {
                let size = BigInt::from_biguint(Sign::Plus, number.magnitude().clone());
                Ok(Ret::Value(V::big(size)))
            }
            None => {
                let text = format!("bad operand type for abs(): '{}'", vm.type_name(&value));
                Err(vm.type_error(&text))
            }
        },
    }),
    Native::new("round", |vm, _, args| round(vm, &args)),
    Native::new("pow", |vm, _, args| {
        let (a, b) = (args.value(0), args.value(1));
        let Some(modulus) = args.either(2, "mod").filter(|m| !matches!(m, V::None)) else {
            return vm.operate(Binary::Pow, &a, &b, false).map(Ret::Value);
        };
        let (Some(a), Some(b), Some(m)) = (vm.big_of(&a), vm.big_of(&b), vm.big_of(&modulus)) else {
            let text = "pow() 3rd argument not allowed unless all arguments are integers";
            return Err(vm.type_error(text));
        };
        if m.sign() == Sign::NoSign {
            return Err(vm.value_error("pow() 3rd argument cannot be 0"));
        }
        if b.sign() == Sign::Minus {
            return Err(vm.value_error("base is not invertible for the given modulus"));
        }
        let bits = usize::try_from(m.bits().saturating_mul(m.bits())).unwrap_or(usize::MAX);
        if bits > 1 << 26 {
            return Err(vm.exception("MemoryError", Vec::new()));
        }
        vm.work += usize::try_from(b.bits()).unwrap_or_default().saturating_mul(bits / 2_048 + 4);
        let (_, value) = floored(&a.modpow(&b, &m), &m);
        Ok(Ret::Value(V::big(value)))
    }),
    Native::new("divmod", |vm, _, args| {
        let (a, b) = (args.value(0), args.value(1));
        let quotient = vm.operate(Binary::FloorDiv, &a, &b, false)?;
        let rest = vm.operate(Binary::Mod, &a, &b, false)?;
        Ok(Ret::Value(vm.tuple(vec![quotient, rest])))
    }),
    Native::new("hex", |vm, _, args| in_base(vm, &args.value(0), 16, "0x")),
    Native::new("oct", |vm, _, args| in_base(vm, &args.value(0), 8, "0o")),
    Native::new("bin", |vm, _, args| in_base(vm, &args.value(0), 2, "0b")),
    Native::new("chr", |vm, _, args| {
        let Some(code) = vm.index(&args.value(0)) else {
            let kind = vm.type_name(&args.value(0));
            let text = format!("'{kind}' object cannot be interpreted as an integer");
            return Err(vm.type_error(&text));
        };
        match u32::try_from(code).ok().filter(|code| *code <= 0x10_ffff) {
            Some(code) => {
                let letter = char::from_u32(code).unwrap_or('\u{fffd}');
                Ok(Ret::Value(vm.str(letter.to_string())))
            }
            None => Err(vm.value_error("chr() arg not in range(0x110000)")),
        }
    }),
    Native::new("ord", |vm, _, args| {
        let value = args.value(0);
        let (first, count) = match &value {
            V::Str(text) => {
                let text = Vm::text_of(text);
                (text.chars().next().map(u32::from), text.chars().count())
            }
            V::Bytes(bytes) => (bytes.first().map(|byte| u32::from(*byte)), bytes.len()),
            other => {
                let kind = vm.type_name(other);
                let text = format!("ord() expected string of length 1, but {kind} found");
                return Err(vm.type_error(&text));
            }
        };
        match (first, count) {
            (Some(code), 1) => Ok(Ret::Value(V::Int(code.into()))),
            _ => {
                let text =
                    format!("ord() expected a character, but string of length {count} found");
                Err(vm.type_error(&text))
            }
        }
    }),
];
