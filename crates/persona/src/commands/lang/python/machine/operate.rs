//! Operators.
//!
//! **Invariant:** a number has at most [`BITS`] bits, and a text or a list is not made larger than
//! memory is: what would be is `MemoryError`.

use super::{After, Answer, Thrown, Vm};
use crate::commands::lang::python::ast::{Binary, Unary};
use crate::commands::lang::python::format;
use crate::commands::lang::python::native::Args;
use crate::commands::lang::python::value::{Obj, V};
use crate::kernel::Proc;
use num_bigint::{BigInt, Sign};

/// Bits of a whole number.
const BITS: u64 = 1 << 18;

impl Binary {
    pub(in crate::commands::lang::python) fn sign(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Sub => "-",
            Self::Mul => "*",
            Self::Div => "/",
            Self::FloorDiv => "//",
            Self::Mod => "%",
            Self::Pow => "** or pow()",
            Self::Left => "<<",
            Self::Right => ">>",
            Self::And => "&",
            Self::Or => "|",
            Self::Xor => "^",
            Self::MatMul => "@",
        }
    }

    fn method(self) -> (&'static str, &'static str) {
        match self {
            Self::Add => ("__add__", "__radd__"),
            Self::Sub => ("__sub__", "__rsub__"),
            Self::Mul => ("__mul__", "__rmul__"),
            Self::Div => ("__truediv__", "__rtruediv__"),
            Self::FloorDiv => ("__floordiv__", "__rfloordiv__"),
            Self::Mod => ("__mod__", "__rmod__"),
            Self::Pow => ("__pow__", "__rpow__"),
            Self::Left => ("__lshift__", "__rlshift__"),
            Self::Right => ("__rshift__", "__rrshift__"),
            Self::And => ("__and__", "__rand__"),
            Self::Or => ("__or__", "__ror__"),
            Self::Xor => ("__xor__", "__rxor__"),
            Self::MatMul => ("__matmul__", "__rmatmul__"),
        }
    }
}

/// A number for arithmetic.
enum Number {
    Whole(BigInt),
    Float(f64),
}

impl Vm {
    pub(in crate::commands::lang::python) fn big_of(&self, value: &V) -> Option<BigInt> {
        match value {
            V::Bool(truth) => Some(BigInt::from(u8::from(*truth))),
            V::Int(number) => Some(BigInt::from(*number)),
            V::Big(number) => Some((**number).clone()),
            _ => None,
        }
    }

    pub(in crate::commands::lang::python) fn float_of(&self, value: &V) -> Option<f64> {
        match value {
            V::Float(number) => Some(*number),
            V::Bool(truth) => Some(f64::from(u8::from(*truth))),
            #[expect(clippy::cast_precision_loss, reason = "as Python does")]
            V::Int(number) => Some(*number as f64),
            V::Big(number) => number.to_string().parse().ok(),
            _ => None,
        }
    }

    fn number(&self, value: &V) -> Option<Number> {
        match value {
            V::Float(number) => Some(Number::Float(*number)),
            value => self.big_of(value).map(Number::Whole),
        }
    }

    pub(super) fn binary(&mut self, p: &mut Proc, binary: Binary, a: V, b: V, update: bool) -> Answer<()> {
        if let (V::Int(x), V::Int(y)) = (&a, &b)
            && let Some(value) = small(binary, *x, *y)
        {
            self.push(value);
            return Ok(());
        }
        if update && self.updates_in_place(binary, &a) {
            self.extend_by(p, &a, b)?;
            self.push(a);
            return Ok(());
        }
        let (method, turned) = binary.method();
        for (this, other, method) in [(&a, &b, method), (&b, &a, turned)] {
            let Some(Obj::Instance(class, _)) = self.obj(this) else { continue };
            let class = *class;
            let update_method = method.replacen("__", "__i", 1);
            let found = if update { self.class_name(class, &update_method) } else { None };
            if let Some(method) = found.or_else(|| self.class_name(class, method)) {
                let args = Args::of(vec![this.clone(), other.clone()]);
                return self.call(p, method, args, After::Push);
            }
        }
        let value = self.operate(binary, &a, &b, update)?;
        self.push(value);
        Ok(())
    }

    pub(in crate::commands::lang::python) fn operate(
        &mut self,
        binary: Binary,
        a: &V,
        b: &V,
        update: bool,
    ) -> Answer<V> {
        if let (V::Bool(a), V::Bool(b)) = (a, b) {
            match binary {
                Binary::And => return Ok(V::Bool(*a && *b)),
                Binary::Or => return Ok(V::Bool(*a || *b)),
                Binary::Xor => return Ok(V::Bool(a != b)),
                _ => {}
            }
        }
        if let (Some(x), Some(y)) = (self.number(a), self.number(b)) {
            let value = match (x, y) {
                (Number::Whole(x), Number::Whole(y)) => self.whole(binary, &x, &y)?,
                (Number::Float(x), Number::Float(y)) => self.float(binary, x, y)?,
                (Number::Float(x), Number::Whole(_)) => {
                    let y = self.float_of(b).unwrap_or(f64::INFINITY);
                    self.float(binary, x, y)?
                }
                (Number::Whole(_), Number::Float(y)) => {
                    let x = self.float_of(a).unwrap_or(f64::INFINITY);
                    self.float(binary, x, y)?
                }
            };
            if let Some(value) = value {
                return Ok(value);
            }
        } else if let Some(value) = self.of_sequences(binary, a, b)? {
            return Ok(value);
        }
        Err(self.unsupported(binary, a, b, update))
    }

    fn unsupported(&mut self, binary: Binary, a: &V, b: &V, update: bool) -> Thrown {
        let (left, right) = (self.type_name(a), self.type_name(b));
        let text = match (binary, a) {
            (Binary::Add, V::Str(_)) => {
                format!("can only concatenate str (not \"{right}\") to str")
            }
            (Binary::Add, V::Bytes(_)) => format!("can't concat {right} to bytes"),
            (Binary::Add, V::Obj(_)) if left == "list" || left == "tuple" => {
                format!("can only concatenate {left} (not \"{right}\") to {left}")
            }
            (Binary::Mul, _) if is_sequence(&left) && right != "int" => {
                format!("can't multiply sequence by non-int of type '{right}'")
            }
            (Binary::Mul, _) if is_sequence(&right) => {
                format!("can't multiply sequence by non-int of type '{left}'")
            }
            _ => {
                let sign = binary.sign();
                let sign = match (update, binary) {
                    (true, Binary::Pow) => "**=".to_owned(),
                    (true, _) => format!("{sign}="),
                    (false, _) => sign.to_owned(),
                };
                format!("unsupported operand type(s) for {sign}: '{left}' and '{right}'")
            }
        };
        self.type_error(&text)
    }

    fn divided_by_zero(&mut self, text: &str) -> Thrown {
        self.error("ZeroDivisionError", text)
    }

    fn whole(&mut self, binary: Binary, a: &BigInt, b: &BigInt) -> Answer<Option<V>> {
        let zero = b.sign() == Sign::NoSign;
        let (bits, other) = (a.bits(), b.bits());
        self.work += usize::try_from((bits + other) / 64).unwrap_or_default();
        let value = match binary {
            Binary::Add => a + b,
            Binary::Sub => a - b,
            Binary::Mul => {
                if bits + other > BITS {
                    return Err(self.memory_error());
                }
                self.work += usize::try_from(bits * other / 4_096).unwrap_or_default();
                a * b
            }
            Binary::Div => {
                if zero {
                    return Err(self.divided_by_zero("division by zero"));
                }
                return self.divided(a, b).map(Some);
            }
            Binary::FloorDiv | Binary::Mod => {
                if zero {
                    let text = if binary == Binary::Mod {
                        "integer modulo by zero"
                    } else {
                        "integer division or modulo by zero"
                    };
                    return Err(self.divided_by_zero(text));
                }
                self.work += usize::try_from(bits * other / 4_096).unwrap_or_default();
                let (quotient, rest) = floored(a, b);
                if binary == Binary::Mod { rest } else { quotient }
            }
            Binary::Pow => return self.power(a, b).map(Some),
            Binary::Left | Binary::Right => {
                let Ok(by) = u64::try_from(b) else {
                    if b.sign() == Sign::Minus {
                        return Err(self.value_error("negative shift count"));
                    }
                    return Err(self.memory_error());
                };
                if binary == Binary::Right {
                    return Ok(Some(V::big(a >> by.min(BITS * 2))));
                }
                if bits + by > BITS {
                    return Err(self.memory_error());
                }
                a << by
            }
            Binary::And => a & b,
            Binary::Or => a | b,
            Binary::Xor => a ^ b,
            Binary::MatMul => return Ok(None),
        };
        Ok(Some(V::big(value)))
    }

    /// `a / b` of whole numbers.
    fn divided(&mut self, a: &BigInt, b: &BigInt) -> Answer<V> {
        let small = |number: &BigInt| i64::try_from(number).ok().filter(|n| n.abs() < 1 << 53);
        if let (Some(a), Some(b)) = (small(a), small(b)) {
            #[expect(clippy::cast_precision_loss, reason = "53 bits at most")]
            return Ok(V::Float(a as f64 / b as f64));
        }
        // With 64 bits more than the divisor has, the quotient is right to the last digit.
        let shift = i64::try_from(b.bits()).unwrap_or(i64::MAX) - i64::try_from(a.bits()).unwrap_or_default() + 66;
        let scaled = if shift > 0 { a << shift.unsigned_abs() } else { a.clone() };
        let quotient: f64 = (scaled / b).to_string().parse().unwrap_or(f64::INFINITY);
        let value = if shift > 0 {
            quotient / 2_f64.powi(i32::try_from(shift).unwrap_or(i32::MAX))
        } else {
            quotient
        };
        if value.is_infinite() {
            return Err(self.error("OverflowError", "integer division result too large for a float"));
        }
        Ok(V::Float(value))
    }

    fn power(&mut self, a: &BigInt, b: &BigInt) -> Answer<V> {
        if b.sign() == Sign::Minus {
            let base: f64 = a.to_string().parse().unwrap_or(f64::INFINITY);
            let exponent: f64 = b.to_string().parse().unwrap_or(f64::NEG_INFINITY);
            if base == 0.0 {
                return Err(self.divided_by_zero("0.0 cannot be raised to a negative power"));
            }
            return Ok(V::Float(base.powf(exponent)));
        }
        let one = BigInt::from(1);
        let trivial = a.sign() == Sign::NoSign || *a == one || *a == -one;
        let exponent = match u32::try_from(b) {
            Ok(exponent) => exponent,
            Err(_) if trivial => {
                let even = (b & BigInt::from(1)).sign() == Sign::NoSign;
                if even { 2 } else { 1 }
            }
            Err(_) => return Err(self.memory_error()),
        };
        if !trivial && a.bits().saturating_mul(exponent.into()) > BITS {
            return Err(self.memory_error());
        }
        let bits = usize::try_from(a.bits()).unwrap_or_default().saturating_mul(exponent as usize);
        self.work += bits.saturating_mul(bits) / 65_536;
        Ok(V::big(a.pow(exponent)))
    }

    fn float(&mut self, binary: Binary, a: f64, b: f64) -> Answer<Option<V>> {
        let value = match binary {
            Binary::Add => a + b,
            Binary::Sub => a - b,
            Binary::Mul => a * b,
            Binary::Div => {
                if b == 0.0 {
                    return Err(self.divided_by_zero("float division by zero"));
                }
                a / b
            }
            Binary::FloorDiv => {
                if b == 0.0 {
                    return Err(self.divided_by_zero("float floor division by zero"));
                }
                (a / b).floor()
            }
            Binary::Mod => {
                if b == 0.0 {
                    return Err(self.divided_by_zero("float modulo"));
                }
                let rest = a % b;
                if rest != 0.0 && (rest < 0.0) != (b < 0.0) { rest + b } else { rest }
            }
            Binary::Pow => {
                if a == 0.0 && b < 0.0 {
                    return Err(self.divided_by_zero("0.0 cannot be raised to a negative power"));
                }
                let value = a.powf(b);
                if value.is_infinite() && a.is_finite() && b.is_finite() {
                    let text = self.str("Numerical result out of range");
                    return Err(self.exception("OverflowError", vec![V::Int(34), text]));
                }
                value
            }
            Binary::Left
            | Binary::Right
            | Binary::And
            | Binary::Or
            | Binary::Xor
            | Binary::MatMul => return Ok(None),
        };
        Ok(Some(V::Float(value)))
    }

    fn of_sequences(&mut self, binary: Binary, a: &V, b: &V) -> Answer<Option<V>> {
        match (binary, a, b) {
            (Binary::Add, V::Str(x), V::Str(y)) => {
                self.room(x.len() + y.len())?;
                Ok(Some(V::Str(self.meter.text([&x[..], &y[..]].concat()))))
            }
            (Binary::Add, V::Bytes(x), V::Bytes(y)) => {
                self.room(x.len() + y.len())?;
                Ok(Some(self.bytes([&x[..], &y[..]].concat())))
            }
            (Binary::Mod, V::Str(text), _) => format::percent(self, text, b).map(Some),
            (Binary::Mod, V::Bytes(text), _) => {
                let text = format::percent(self, text, b)?;
                Ok(Some(match text {
                    V::Str(text) => V::Bytes(text),
                    other => other,
                }))
            }
            (Binary::Mul, _, _) => self.repeated(a, b),
            (Binary::Add, V::Obj(_), V::Obj(_)) => {
                let same = |vm: &Self, v: &V| match vm.obj(v) {
                    Some(Obj::List(_)) => 1,
                    Some(Obj::Tuple(_)) => 2,
                    _ => 0,
                };
                let kind = same(self, a);
                if kind == 0 || kind != same(self, b) {
                    return Ok(None);
                }
                let parts = [a, b].map(|v| self.sequence(v).unwrap_or_default().to_vec());
                let all = parts.concat();
                self.work += all.len();
                Ok(Some(if kind == 1 { self.list(all) } else { self.tuple(all) }))
            }
            (_, V::Obj(_), V::Obj(_)) => self.of_sets(binary, a, b),
            _ => Ok(None),
        }
    }

    fn of_sets(&mut self, binary: Binary, a: &V, b: &V) -> Answer<Option<V>> {
        match (self.obj(a), self.obj(b)) {
            (Some(Obj::Dict(x)), Some(Obj::Dict(_))) if binary == Binary::Or => {
                let dict = x.clone();
                let made = self.add(Obj::Dict(dict));
                self.merge(&made, b)?;
                Ok(Some(made))
            }
            (Some(Obj::Set(x, frozen)), Some(Obj::Set(y, _))) => {
                let (mut all, frozen) = (crate::commands::lang::python::dict::Dict::default(), *frozen);
                let keys = |dict: &crate::commands::lang::python::dict::Dict| dict.keys();
                let (xs, ys, x, y) = (keys(x), keys(y), x.clone(), y.clone());
                self.work += xs.len() + ys.len();
                let list: Vec<V> = match binary {
                    Binary::Or => xs.into_iter().chain(ys).collect(),
                    Binary::And | Binary::Sub => xs,
                    Binary::Xor => xs.into_iter().chain(ys).collect(),
                    _ => return Ok(None),
                };
                for value in list {
                    let key = self.key(&value)?;
                    let keeps = match binary {
                        Binary::And => y.has(&key),
                        Binary::Sub => !y.has(&key),
                        Binary::Xor => x.has(&key) != y.has(&key),
                        _ => true,
                    };
                    if keeps {
                        all.set(key, value, V::None);
                    }
                }
                Ok(Some(self.add(Obj::Set(all, frozen))))
            }
            _ => Ok(None),
        }
    }

    /// Whether so much more memory may be used.
    pub(in crate::commands::lang::python) fn room(&mut self, bytes: usize) -> Answer<()> {
        self.work += bytes / 32;
        if self.meter.is_full(self.heap.bytes().saturating_add(bytes)) {
            let roots = self.roots();
            self.heap.sweep(roots);
            if self.meter.is_full(self.heap.bytes().saturating_add(bytes)) {
                return Err(self.exception("MemoryError", Vec::new()));
            }
        }
        Ok(())
    }

    fn repeated(&mut self, a: &V, b: &V) -> Answer<Option<V>> {
        let (what, times) = match (self.index(a), self.index(b)) {
            (None, Some(times)) => (a, times),
            (Some(times), None) => (b, times),
            _ => return Ok(None),
        };
        let times = usize::try_from(times).unwrap_or_default();
        match what {
            V::Str(text) | V::Bytes(text) => {
                self.room(text.len().saturating_mul(times))?;
                let text = self.meter.text(text.repeat(times));
                Ok(Some(if matches!(what, V::Str(_)) { V::Str(text) } else { V::Bytes(text) }))
            }
            what => {
                let is_list = match self.obj(what) {
                    Some(Obj::List(_)) => true,
                    Some(Obj::Tuple(_)) => false,
                    _ => return Ok(None),
                };
                let all = self.sequence(what).unwrap_or_default().to_vec();
                self.room(all.len().saturating_mul(times).saturating_mul(32))?;
                let mut out = Vec::with_capacity(all.len() * times);
                for _ in 0..times {
                    out.extend(all.iter().cloned());
                }
                Ok(Some(if is_list { self.list(out) } else { self.tuple(out) }))
            }
        }
    }

    pub(super) fn unary(&mut self, p: &mut Proc, unary: Unary, value: V) -> Answer<()> {
        if unary == Unary::Not {
            if let Some(method) = self.truth_method(&value) {
                return self.call(p, method, Args::default(), After::Truth(false));
            }
            let truth = self.truth(&value);
            self.push(V::Bool(!truth));
            return Ok(());
        }
        let (name, sign) = match unary {
            Unary::Minus => ("__neg__", "-"),
            Unary::Plus => ("__pos__", "+"),
            Unary::Invert | Unary::Not => ("__invert__", "~"),
        };
        if let Some(class) = self.class_of(&value)
            && let Some(method) = self.class_name(class, name)
        {
            return self.call(p, method, Args::of(vec![value]), After::Push);
        }
        let made = match (unary, &value, self.big_of(&value)) {
            (Unary::Minus, V::Float(number), _) => Some(V::Float(-number)),
            (Unary::Plus, V::Float(number), _) => Some(V::Float(*number)),
            (Unary::Minus, _, Some(number)) => Some(V::big(-number)),
            (Unary::Plus, _, Some(number)) => Some(V::big(number)),
            (Unary::Invert, _, Some(number)) => Some(V::big(-number - 1)),
            _ => None,
        };
        match made {
            Some(made) => {
                self.push(made);
                Ok(())
            }
            None => {
                let text = format!("bad operand type for unary {sign}: '{}'", self.type_name(&value));
                Err(self.type_error(&text))
            }
        }
    }

    /// Puts all values of one behind a list's.
    pub(super) fn extend_by(&mut self, p: &mut Proc, list: &V, more: V) -> Answer<()> {
        if self.is_lazy(&more) {
            let callee = self.library("_extend");
            let args = Args::of(vec![list.clone(), more]);
            return self.call(p, callee, args, After::Drop);
        }
        let more = self.values(&more)?;
        self.room(more.len() * 32)?;
        self.heap.grow(more.len() * 32);
        if let Some(Obj::List(all)) = self.obj_mut(list) {
            all.extend(more);
        }
        Ok(())
    }

    /// Puts all pairs of one dictionary into another.
    pub(in crate::commands::lang::python) fn merge(&mut self, dict: &V, more: &V) -> Answer<()> {
        let pairs: Vec<(V, V)> = match self.obj(more) {
            Some(Obj::Dict(more)) => more.iter().cloned().collect(),
            _ => {
                let text = format!("'{}' object is not a mapping", self.type_name(more));
                return Err(self.type_error(&text));
            }
        };
        self.heap.grow(pairs.len() * 160);
        for (key, value) in pairs {
            let found_by = self.key(&key)?;
            if let Some(Obj::Dict(dict)) = self.obj_mut(dict) {
                dict.set(found_by, key, value);
            }
        }
        Ok(())
    }
}

fn is_sequence(kind: &str) -> bool {
    matches!(kind, "str" | "bytes" | "list" | "tuple" | "bytearray")
}

/// Of numbers that fit, where the answer fits too.
fn small(binary: Binary, a: i64, b: i64) -> Option<V> {
    let value = match binary {
        Binary::Add => a.checked_add(b)?,
        Binary::Sub => a.checked_sub(b)?,
        Binary::Mul => a.checked_mul(b)?,
        Binary::FloorDiv if b != 0 => {
            let quotient = a.checked_div(b)?;
            if a % b != 0 && (a < 0) != (b < 0) { quotient - 1 } else { quotient }
        }
        Binary::Mod if b != 0 => {
            let rest = a.checked_rem(b)?;
            if rest != 0 && (rest < 0) != (b < 0) { rest + b } else { rest }
        }
        Binary::And => a & b,
        Binary::Or => a | b,
        Binary::Xor => a ^ b,
        Binary::FloorDiv
        | Binary::Mod
        | Binary::Div
        | Binary::Pow
        | Binary::Left
        | Binary::Right
        | Binary::MatMul => return None,
    };
    Some(V::Int(value))
}

/// The quotient rounded down, and what is left.
pub(in crate::commands::lang::python) fn floored(a: &BigInt, b: &BigInt) -> (BigInt, BigInt) {
    let (quotient, rest) = (a / b, a % b);
    if rest.sign() != Sign::NoSign && rest.sign() != b.sign() {
        (quotient - 1, rest + b)
    } else {
        (quotient, rest)
    }
}
