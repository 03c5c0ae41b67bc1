//! Equality, order, truth, and keys.
//!
//! **Invariant:** things in things are compared to a depth that has a cap.

use super::{After, Answer, Vm};
use crate::commands::lang::python::ast::Compare;
use crate::commands::lang::python::dict::{Dict, Key};
use crate::commands::lang::python::native::Args;
use crate::commands::lang::python::value::{Obj, V};
use crate::kernel::Proc;
use num_bigint::BigInt;
use std::cmp::Ordering;

/// Things in things that are compared.
const DEPTH: usize = 60;

impl Vm {
    /// The method that says whether an object counts as true.
    pub(super) fn truth_method(&mut self, value: &V) -> Option<V> {
        let Some(Obj::Instance(class, _)) = self.obj(value) else { return None };
        let class = *class;
        let method =
            self.class_name(class, "__bool__").or_else(|| self.class_name(class, "__len__"))?;
        Some(self.add(Obj::Bound(value.clone(), method)))
    }

    pub(in crate::commands::lang::python) fn truth(&self, value: &V) -> bool {
        match value {
            V::None => false,
            V::Bool(truth) => *truth,
            V::Int(number) => *number != 0,
            V::Float(number) => *number != 0.0,
            V::Str(text) | V::Bytes(text) => !text.is_empty(),
            V::Obj(id) => match self.heap.get(*id) {
                Some(Obj::List(all) | Obj::Tuple(all) | Obj::View(_, all)) => !all.is_empty(),
                Some(Obj::Dict(dict) | Obj::Set(dict, _)) => dict.len() > 0,
                Some(Obj::ByteArray(bytes)) => !bytes.is_empty(),
                Some(Obj::Range(from, to, step)) => super::iterate::range_len(*from, *to, *step) > 0,
                _ => true,
            },
            V::Big(_) | V::Ellipsis | V::NotImplemented | V::Type(_) | V::Native(_) => true,
        }
    }

    /// What a value is found by in dictionaries and sets.
    pub(in crate::commands::lang::python) fn key(&mut self, value: &V) -> Answer<Key> {
        match self.key_at(value, 0) {
            Some(key) => {
                self.work += 2;
                Ok(key)
            }
            None => {
                let text = format!("unhashable type: '{}'", self.unhashable(value));
                Err(self.type_error(&text))
            }
        }
    }

    fn unhashable(&self, value: &V) -> String {
        if let Some(Obj::Tuple(all)) = self.obj(value)
            && let Some(inner) = all.iter().find(|inner| self.key_at(inner, 1).is_none())
        {
            return self.type_name(inner);
        }
        self.type_name(value)
    }

    fn key_at(&self, value: &V, depth: usize) -> Option<Key> {
        if depth > DEPTH {
            return None;
        }
        Some(match value {
            V::None => Key::None,
            V::Bool(truth) => Key::Int(i64::from(*truth)),
            V::Int(number) => Key::Int(*number),
            V::Big(number) => Key::Big(number.clone()),
            V::Float(number) => Key::float(*number),
            V::Str(text) => Key::Str(text.to_vec()),
            V::Bytes(bytes) => Key::Bytes(bytes.to_vec()),
            V::Ellipsis => Key::Thing(0, 0),
            V::NotImplemented => Key::Thing(0, 1),
            V::Type(kind) => Key::Thing(1, *kind as usize),
            V::Native(native) => Key::Thing(2, std::ptr::from_ref(*native) as usize),
            V::Obj(id) => match self.heap.get(*id)? {
                Obj::List(_) | Obj::View(..) | Obj::Dict(_) | Obj::ByteArray(_) | Obj::Set(_, false) => return None,
                Obj::Tuple(all) => {
                    let keys: Option<Vec<Key>> =
                        all.iter().map(|value| self.key_at(value, depth + 1)).collect();
                    Key::Tuple(keys?)
                }
                Obj::Set(dict, true) => Key::Set(dict.found_by().cloned().collect()),
                _ => Key::Thing(3, *id),
            },
        })
    }

    pub(in crate::commands::lang::python) fn set_of(&mut self, all: Vec<V>, frozen: bool) -> Answer<V> {
        let mut dict = Dict::default();
        for value in all {
            dict.set(self.key(&value)?, value, V::None);
        }
        Ok(self.add(Obj::Set(dict, frozen)))
    }

    pub(in crate::commands::lang::python) fn equal(&self, a: &V, b: &V) -> bool {
        self.equal_at(a, b, 0)
    }

    fn equal_at(&self, a: &V, b: &V, depth: usize) -> bool {
        if depth > DEPTH {
            return false;
        }
        if let Some(order) = numbers(a, b) {
            return order == Some(Ordering::Equal);
        }
        if a.is(b) {
            return true;
        }
        let (V::Obj(x), V::Obj(y)) = (a, b) else {
            return match (a, b) {
                (V::Bytes(bytes), V::Obj(id)) | (V::Obj(id), V::Bytes(bytes)) => {
                    matches!(self.heap.get(*id), Some(Obj::ByteArray(all)) if all[..] == bytes[..])
                }
                _ => false,
            };
        };
        match (self.heap.get(*x), self.heap.get(*y)) {
            (Some(Obj::List(a)), Some(Obj::List(b)))
            | (Some(Obj::Tuple(a)), Some(Obj::Tuple(b))) => {
                a.len() == b.len()
                    && a.iter().zip(b).all(|(a, b)| self.equal_at(a, b, depth + 1))
            }
            (Some(Obj::Dict(a)), Some(Obj::Dict(b))) => {
                a.len() == b.len()
                    && a.iter().all(|(key, value)| {
                        let key = self.key_at(key, 0);
                        let other = key.and_then(|key| b.get(&key));
                        other.is_some_and(|other| self.equal_at(value, other, depth + 1))
                    })
            }
            (Some(Obj::Set(a, _)), Some(Obj::Set(b, _))) => a.found_by().eq(b.found_by()),
            (Some(Obj::ByteArray(a)), Some(Obj::ByteArray(b))) => a == b,
            (Some(Obj::Range(a, b, c)), Some(Obj::Range(d, e, f))) => (a, b, c) == (d, e, f),
            (Some(Obj::Bound(a, f)), Some(Obj::Bound(b, g))) => a.is(b) && f.is(g),
            _ => false,
        }
    }

    /// The order of two values; `None` where they have none.
    pub(in crate::commands::lang::python) fn order(&self, a: &V, b: &V) -> Option<Ordering> {
        self.order_at(a, b, 0)
    }

    fn order_at(&self, a: &V, b: &V, depth: usize) -> Option<Ordering> {
        if let Some(order) = numbers(a, b) {
            // What is no number is not less and not more.
            return Some(order.unwrap_or(Ordering::Equal));
        }
        match (a, b) {
            (V::Str(a), V::Str(b)) | (V::Bytes(a), V::Bytes(b)) => return Some(a[..].cmp(&b[..])),
            _ => {}
        }
        if depth > DEPTH {
            return None;
        }
        match (self.obj(a)?, self.obj(b)?) {
            (Obj::List(a), Obj::List(b)) | (Obj::Tuple(a), Obj::Tuple(b)) => {
                for (a, b) in a.iter().zip(b) {
                    if !self.equal_at(a, b, depth + 1) {
                        return self.order_at(a, b, depth + 1);
                    }
                }
                Some(a.len().cmp(&b.len()))
            }
            _ => None,
        }
    }

    pub(super) fn compare_op(&mut self, p: &mut Proc, compare: Compare, a: V, b: V) -> Answer<()> {
        let (method, turned) = match compare {
            Compare::Less => ("__lt__", "__gt__"),
            Compare::LessEqual => ("__le__", "__ge__"),
            Compare::Equal => ("__eq__", "__eq__"),
            Compare::NotEqual => ("__ne__", "__ne__"),
            Compare::More => ("__gt__", "__lt__"),
            Compare::MoreEqual => ("__ge__", "__le__"),
            Compare::In | Compare::NotIn => return self.contains_op(p, &a, &b, compare),
            Compare::Is | Compare::IsNot => {
                let same = a.is(&b) == (compare == Compare::Is);
                self.push(V::Bool(same));
                return Ok(());
            }
        };
        for (this, other, method) in [(&a, &b, method), (&b, &a, turned)] {
            let Some(Obj::Instance(class, _)) = self.obj(this) else { continue };
            let class = *class;
            if let Some(method) = self.class_name(class, method) {
                let args = Args::of(vec![this.clone(), other.clone()]);
                return self.call(p, method, args, After::Push);
            }
            if compare == Compare::NotEqual
                && let Some(method) = self.class_name(class, "__eq__")
            {
                let args = Args::of(vec![this.clone(), other.clone()]);
                return self.call(p, method, args, After::Truth(false));
            }
        }
        let answer = self.compared(compare, &a, &b)?;
        self.push(V::Bool(answer));
        Ok(())
    }

    fn compared(&mut self, compare: Compare, a: &V, b: &V) -> Answer<bool> {
        self.work += 4;
        match compare {
            Compare::Equal => return Ok(self.equal(a, b)),
            Compare::NotEqual => return Ok(!self.equal(a, b)),
            _ => {}
        }
        if let Some(order) = numbers(a, b) {
            let Some(order) = order else { return Ok(false) };
            return Ok(holds(compare, order));
        }
        if let (Some(Obj::Set(x, _)), Some(Obj::Set(y, _))) = (self.obj(a), self.obj(b)) {
            let inside = |a: &Dict, b: &Dict| a.found_by().all(|key| b.has(key));
            return Ok(match compare {
                Compare::Less => x.len() < y.len() && inside(x, y),
                Compare::LessEqual => inside(x, y),
                Compare::More => x.len() > y.len() && inside(y, x),
                _ => inside(y, x),
            });
        }
        match self.order(a, b) {
            Some(order) => Ok(holds(compare, order)),
            None => {
                let sign = match compare {
                    Compare::Less => "<",
                    Compare::LessEqual => "<=",
                    Compare::More => ">",
                    _ => ">=",
                };
                Err(self.not_ordered(sign, a, b))
            }
        }
    }

    pub(in crate::commands::lang::python) fn not_ordered(&mut self, sign: &str, a: &V, b: &V) -> super::Thrown {
        let (a, b) = (self.type_name(a), self.type_name(b));
        let text = format!("'{sign}' not supported between instances of '{a}' and '{b}'");
        self.type_error(&text)
    }

    fn contains_op(&mut self, p: &mut Proc, value: &V, container: &V, compare: Compare) -> Answer<()> {
        let wanted = compare == Compare::In;
        if let Some(class) = self.class_of(container)
            && let Some(method) = self.class_name(class, "__contains__")
        {
            let args = Args::of(vec![container.clone(), value.clone()]);
            return self.call(p, method, args, After::Truth(wanted));
        }
        if self.is_lazy(container) {
            let callee = self.library("_contains");
            let args = Args::of(vec![container.clone(), value.clone()]);
            return self.call(p, callee, args, After::Truth(wanted));
        }
        let found = self.contains(container, value)?;
        self.push(V::Bool(found == wanted));
        Ok(())
    }

    pub(in crate::commands::lang::python) fn contains(&mut self, container: &V, value: &V) -> Answer<bool> {
        match (container, value) {
            (V::Str(text), V::Str(part)) | (V::Bytes(text), V::Bytes(part)) => {
                self.work += text.len() / 16;
                return Ok(part.is_empty() || memchr::memmem::find(text, part).is_some());
            }
            (V::Str(_), _) => {
                let kind = self.type_name(value);
                let text = format!("'in <string>' requires string as left operand, not {kind}");
                return Err(self.type_error(&text));
            }
            (V::Bytes(bytes), V::Int(byte)) => {
                return Ok(bytes.iter().any(|found| i64::from(*found) == *byte));
            }
            _ => {}
        }
        match self.obj(container) {
            Some(Obj::List(all) | Obj::Tuple(all) | Obj::View(_, all)) => {
                let found = all.iter().any(|one| one.is(value) || self.equal(one, value));
                self.work += self.sequence(container).map_or(0, <[V]>::len);
                Ok(found)
            }
            Some(Obj::Dict(_) | Obj::Set(..)) => {
                let key = self.key(value)?;
                Ok(match self.obj(container) {
                    Some(Obj::Dict(dict) | Obj::Set(dict, _)) => dict.has(&key),
                    _ => false,
                })
            }
            Some(Obj::Range(from, to, step)) => {
                let Some(number) = self.index(value) else { return Ok(false) };
                let inside =
                    if *step > 0 { (*from..*to).contains(&number) } else { number <= *from && number > *to };
                Ok(inside && (number - from) % step == 0)
            }
            Some(Obj::Iter(_)) => {
                let all = self.values(container)?;
                Ok(all.iter().any(|one| self.equal(one, value)))
            }
            _ => {
                let text = format!("argument of type '{}' is not iterable", self.type_name(container));
                Err(self.type_error(&text))
            }
        }
    }
}

fn holds(compare: Compare, order: Ordering) -> bool {
    match compare {
        Compare::Less => order.is_lt(),
        Compare::LessEqual => order.is_le(),
        Compare::More => order.is_gt(),
        _ => order.is_ge(),
    }
}

/// The order of two numbers; nothing, if they are none.
fn numbers(a: &V, b: &V) -> Option<Option<Ordering>> {
    let whole = |value: &V| match value {
        V::Bool(truth) => Some(i64::from(*truth)),
        V::Int(number) => Some(*number),
        _ => None,
    };
    if let (Some(a), Some(b)) = (whole(a), whole(b)) {
        return Some(Some(a.cmp(&b)));
    }
    let big = |value: &V| match value {
        V::Big(number) => Some((**number).clone()),
        value => whole(value).map(BigInt::from),
    };
    if let (Some(a), Some(b)) = (big(a), big(b)) {
        return Some(Some(a.cmp(&b)));
    }
    let float = |value: &V| match value {
        V::Float(number) => Some(*number),
        V::Big(number) => number.to_string().parse().ok(),
        #[expect(clippy::cast_precision_loss, reason = "as Python compares, nearly")]
        value => whole(value).map(|number| number as f64),
    };
    match (a, b) {
        (V::Float(_), _) | (_, V::Float(_)) => Some(float(a)?.partial_cmp(&float(b)?)),
        _ => None,
    }
}
