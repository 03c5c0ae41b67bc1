//! `math`
//!
//! **Invariant:** what has no answer is `ValueError`, as CPython has it.

use crate::commands::lang::python::machine::{Answer, Vm};
use crate::commands::lang::python::native::{Args, Native, Ret};
use crate::commands::lang::python::value::V;
use num_bigint::{BigInt, Sign};

fn float(vm: &mut Vm, args: &Args, at: usize) -> Answer<f64> {
    let value = args.value(at);
    match vm.float_of(&value) {
        Some(number) => Ok(number),
        None => {
            let kind = vm.type_name(&value);
            Err(vm.type_error(&format!("must be real number, not {kind}")))
        }
    }
}

fn of_one(vm: &mut Vm, args: &Args, compute: fn(f64) -> f64) -> Answer<Ret> {
    let number = float(vm, args, 0)?;
    let value = compute(number);
    if value.is_nan() && !number.is_nan() {
        return Err(vm.value_error("math domain error"));
    }
    if value.is_infinite() && number.is_finite() {
        return Err(vm.error("OverflowError", "math range error"));
    }
    Ok(Ret::Value(V::Float(value)))
}

fn whole(vm: &mut Vm, args: &Args, round: fn(f64) -> f64) -> Answer<Ret> {
    let value = args.value(0);
    if let Some(number) = vm.big_of(&value) {
        return Ok(Ret::Value(V::big(number)));
    }
    let number = round(float(vm, args, 0)?);
    if !number.is_finite() {
        let class = if number.is_nan() { "ValueError" } else { "OverflowError" };
        let kind = if number.is_nan() { "NaN" } else { "infinity" };
        return Err(vm.error(class, &format!("cannot convert float {kind} to integer")));
    }
    Ok(Ret::Value(V::big(format!("{number:.0}").parse().unwrap_or_default())))
}

fn big(vm: &mut Vm, value: &V) -> Answer<BigInt> {
    match vm.big_of(value) {
        Some(number) => Ok(number),
        None => {
            let kind = vm.type_name(value);
            let text = format!("'{kind}' object cannot be interpreted as an integer");
            Err(vm.type_error(&text))
        }
    }
}

/// A logarithm, of numbers too large for a float too.
fn log(vm: &mut Vm, args: &Args, base: Option<f64>) -> Answer<Ret> {
    let value = args.value(0);
    let natural = match &value {
        V::Big(number) if number.sign() == Sign::Plus => {
            let bits = number.bits().saturating_sub(60);
            let top = (&**number >> bits).to_string().parse::<f64>().unwrap_or(1.0);
            #[expect(clippy::cast_precision_loss, reason = "few bits")]
            let bits = bits as f64;
            top.ln() + bits * std::f64::consts::LN_2
        }
        _ => {
            let number = float(vm, args, 0)?;
            if number <= 0.0 {
                return Err(vm.value_error("math domain error"));
            }
            if base == Some(10.0) {
                return Ok(Ret::Value(V::Float(number.log10())));
            }
            if base == Some(2.0) {
                return Ok(Ret::Value(V::Float(number.log2())));
            }
            number.ln()
        }
    };
    let base = match base {
        Some(base) => Some(base),
        None if args.len() > 1 => Some(float(vm, args, 1)?),
        None => None,
    };
    Ok(Ret::Value(V::Float(base.map_or(natural, |base| natural / base.ln()))))
}

fn factorial(vm: &mut Vm, args: &Args) -> Answer<Ret> {
    let number = big(vm, &args.value(0))?;
    let Ok(number) = u32::try_from(&number) else {
        return Err(vm.value_error("factorial() not defined for negative values"));
    };
    if number > 3_000 {
        return Err(vm.exception("MemoryError", Vec::new()));
    }
    vm.work += number as usize * number as usize / 64;
    let product = (2..=number).fold(BigInt::from(1), |product, next| product * next);
    Ok(Ret::Value(V::big(product)))
}

fn gcd(a: BigInt, b: BigInt) -> BigInt {
    let (mut a, mut b) = (a, b);
    while b.sign() != Sign::NoSign {
        let rest = &a % &b;
        (a, b) = (b, rest);
    }
    if a.sign() == Sign::Minus { -a } else { a }
}

pub(super) const FUNCTIONS: &[Native] = &[
    Native::new("sqrt", |vm, _, args| of_one(vm, &args, f64::sqrt)),
    Native::new("sin", |vm, _, args| of_one(vm, &args, f64::sin)),
    Native::new("cos", |vm, _, args| of_one(vm, &args, f64::cos)),
    Native::new("tan", |vm, _, args| of_one(vm, &args, f64::tan)),
    Native::new("asin", |vm, _, args| of_one(vm, &args, f64::asin)),
    Native::new("acos", |vm, _, args| of_one(vm, &args, f64::acos)),
    Native::new("atan", |vm, _, args| of_one(vm, &args, f64::atan)),
    Native::new("exp", |vm, _, args| of_one(vm, &args, f64::exp)),
    Native::new("fabs", |vm, _, args| of_one(vm, &args, f64::abs)),
    Native::new("radians", |vm, _, args| of_one(vm, &args, f64::to_radians)),
    Native::new("degrees", |vm, _, args| of_one(vm, &args, f64::to_degrees)),
    Native::new("log", |vm, _, args| log(vm, &args, None)),
    Native::new("log2", |vm, _, args| log(vm, &args, Some(2.0))),
    Native::new("log10", |vm, _, args| log(vm, &args, Some(10.0))),
    Native::new("floor", |vm, _, args| whole(vm, &args, f64::floor)),
    Native::new("ceil", |vm, _, args| whole(vm, &args, f64::ceil)),
    Native::new("trunc", |vm, _, args| whole(vm, &args, f64::trunc)),
    Native::new("pow", |vm, _, args| {
        let value = float(vm, &args, 0)?.powf(float(vm, &args, 1)?);
        Ok(Ret::Value(V::Float(value)))
    }),
    Native::new("atan2", |vm, _, args| {
        let value = float(vm, &args, 0)?.atan2(float(vm, &args, 1)?);
        Ok(Ret::Value(V::Float(value)))
    }),
    Native::new("hypot", |vm, _, args| {
        let value = float(vm, &args, 0)?.hypot(float(vm, &args, 1)?);
        Ok(Ret::Value(V::Float(value)))
    }),
    Native::new("fmod", |vm, _, args| {
        let value = float(vm, &args, 0)? % float(vm, &args, 1)?;
        Ok(Ret::Value(V::Float(value)))
    }),
    Native::new("isnan", |vm, _, args| Ok(Ret::Value(V::Bool(float(vm, &args, 0)?.is_nan())))),
    Native::new("isinf", |vm, _, args| {
        Ok(Ret::Value(V::Bool(float(vm, &args, 0)?.is_infinite())))
    }),
    Native::new("isfinite", |vm, _, args| {
        Ok(Ret::Value(V::Bool(float(vm, &args, 0)?.is_finite())))
    }),
    Native::new("factorial", |vm, _, args| factorial(vm, &args)),
    Native::new("gcd", |vm, _, args| {
        let mut value = BigInt::from(0);
        for one in &args.plain {
            let one = big(vm, one)?;
            vm.work += usize::try_from(one.bits()).unwrap_or_default();
            value = gcd(value, one);
        }
        Ok(Ret::Value(V::big(value)))
    }),
    Native::new("lcm", |vm, _, args| {
        let (a, b) = (big(vm, &args.value(0))?, big(vm, &args.value(1))?);
        let common = gcd(a.clone(), b.clone());
        let value = if common.sign() == Sign::NoSign { common } else { a * b / common };
        Ok(Ret::Value(V::big(value)))
    }),
    Native::new("isqrt", |vm, _, args| {
        let number = big(vm, &args.value(0))?;
        if number.sign() == Sign::Minus {
            return Err(vm.value_error("isqrt() argument must be nonnegative"));
        }
        Ok(Ret::Value(V::big(number.sqrt())))
    }),
    Native::gathering("prod", |vm, _, args| {
        let mut product = V::Int(1);
        for value in vm.values(&args.value(0))? {
            product = vm.operate(
                crate::commands::lang::python::ast::Binary::Mul,
                &product,
                &value,
                false,
            )?;
        }
        Ok(Ret::Value(product))
    }),
    Native::gathering("fsum", |vm, _, args| {
        let mut sum = 0.0;
        for value in vm.values(&args.value(0))? {
            sum += vm.float_of(&value).unwrap_or_default();
        }
        Ok(Ret::Value(V::Float(sum)))
    }),
];
