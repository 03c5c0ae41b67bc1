//! Iteration.
//!
//! **Invariant:** one value is made when one value is asked for.

use super::{After, Answer, Vm};
use crate::commands::lang::python::native::{Args, Effect};
use crate::commands::lang::python::value::{Iter, Obj, V};
use crate::kernel::Proc;

/// What an iterator has to say.
enum Next {
    Value(V),
    End,
    /// Lines of a file: somebody has to read.
    Line(crate::commands::lang::heap::Id),
    Call(V, V),
}

impl Vm {
    /// Pushes an iterator over a value.
    pub(super) fn iter(&mut self, p: &mut Proc, value: V) -> Answer<()> {
        if let Some(Obj::Instance(class, _)) = self.obj(&value) {
            let class = *class;
            if let Some(method) = self.class_name(class, "__iter__") {
                return self.call(p, method, Args::of(vec![value]), After::Push);
            }
            if self.class_name(class, "__getitem__").is_some() {
                let callee = self.library("_by_index");
                return self.call(p, callee, Args::of(vec![value]), After::Push);
            }
        }
        let iter = self.iter_over(&value)?;
        self.push(iter);
        Ok(())
    }

    /// An iterator over what needs no call.
    pub(in crate::commands::lang::python) fn iter_over(&mut self, value: &V) -> Answer<V> {
        let iter = match value {
            V::Str(text) => Iter::Text(text.clone(), 0),
            V::Bytes(bytes) => Iter::Bytes(bytes.clone(), 0),
            V::Obj(id) => match self.heap.get(*id) {
                Some(Obj::List(_) | Obj::Tuple(_) | Obj::View(..)) => Iter::Sequence(*id, 0),
                Some(Obj::Dict(dict) | Obj::Set(dict, _)) => Iter::Values(dict.keys().into_iter()),
                Some(Obj::Range(from, to, step)) => Iter::Range(*from, *to, *step),
                Some(Obj::ByteArray(bytes)) => Iter::Bytes(self.meter.text(bytes.clone()), 0),
                Some(Obj::File(_)) => Iter::File(*id),
                Some(Obj::Iter(_) | Obj::Generator(..)) => return Ok(value.clone()),
                Some(Obj::Instance(class, _)) if self.class_name(*class, "__next__").is_some() => {
                    return Ok(value.clone());
                }
                _ => return Err(self.not_iterable(value)),
            },
            _ => return Err(self.not_iterable(value)),
        };
        Ok(self.add(Obj::Iter(iter)))
    }

    pub(in crate::commands::lang::python) fn not_iterable(&mut self, value: &V) -> super::Thrown {
        let text = format!("'{}' object is not iterable", self.type_name(value));
        self.type_error(&text)
    }

    /// The next value of the iterator on top, which stays; or on to the end, without it.
    pub(super) fn next(&mut self, p: &mut Proc, end: Option<usize>) -> Answer<()> {
        let iter = self.top(0);
        self.next_of(p, &iter, end)
    }

    /// As `next`; where there is no place for the end, that is an exception.
    pub(super) fn next_of(&mut self, p: &mut Proc, iter: &V, end: Option<usize>) -> Answer<()> {
        let V::Obj(id) = iter else { return Err(self.not_iterator(iter)) };
        if let Some(Obj::Generator(..)) = self.heap.get(*id) {
            return self.go_on(*id, end, None);
        }
        if let Some(Obj::Instance(class, _)) = self.heap.get(*id)
            && let Some(method) = self.class_name(*class, "__next__")
        {
            return self.call(p, method, Args::of(vec![iter.clone()]), After::Next(end));
        }
        let next = match self.advance(*id) {
            Some(next) => next,
            None => return Err(self.not_iterator(iter)),
        };
        match next {
            Next::Value(value) => self.push(value),
            Next::End => match end {
                Some(end) => {
                    self.pop();
                    self.jump(end);
                }
                None => return Err(self.stop_iteration(V::None)),
            },
            Next::Line(file) => {
                self.pending = Some((Effect::Line(file, Some(end.unwrap_or(usize::MAX))), After::Push));
            }
            Next::Call(callee, _) => return self.call(p, callee, Args::default(), After::Push),
        }
        Ok(())
    }

    /// A file has no more lines.
    pub(in crate::commands::lang::python) fn end_of_lines(&mut self, end: usize) -> Answer<()> {
        self.pending = None;
        if end == usize::MAX {
            return Err(self.stop_iteration(V::None));
        }
        self.pop();
        self.jump(end);
        Ok(())
    }

    fn not_iterator(&mut self, value: &V) -> super::Thrown {
        let text = format!("'{}' object is not an iterator", self.type_name(value));
        self.type_error(&text)
    }

    fn advance(&mut self, id: crate::commands::lang::heap::Id) -> Option<Next> {
        let meter = self.meter.clone();
        let Some(Obj::Iter(iter)) = self.heap.get_mut(id) else { return None };
        let value = match iter {
            Iter::Sequence(list, at) => {
                let (list, place) = (*list, *at);
                *at += 1;
                return Some(match self.heap.get(list) {
                    Some(Obj::List(all) | Obj::Tuple(all) | Obj::View(_, all)) => {
                        all.get(place).cloned().map_or(Next::End, Next::Value)
                    }
                    _ => Next::End,
                });
            }
            Iter::Reversed(list, at) => {
                let Some(place) = at.checked_sub(1) else { return Some(Next::End) };
                let list = *list;
                *at = place;
                return Some(match self.heap.get(list) {
                    Some(Obj::List(all) | Obj::Tuple(all) | Obj::View(_, all)) => {
                        all.get(place).cloned().map_or(Next::End, Next::Value)
                    }
                    _ => Next::End,
                });
            }
            Iter::Values(values) => values.next(),
            Iter::Range(from, to, step) => {
                let inside = if *step > 0 { *from < *to } else { *from > *to };
                if inside {
                    let value = *from;
                    match from.checked_add(*step) {
                        Some(next) => *from = next,
                        None => *from = *to,
                    }
                    Some(V::Int(value))
                } else {
                    None
                }
            }
            Iter::Text(text, at) => {
                let rest = Self::text_of(text).get(*at..).unwrap_or_default();
                let letter = rest.chars().next();
                letter.map(|letter| {
                    *at += letter.len_utf8();
                    V::Str(meter.text(letter.to_string()))
                })
            }
            Iter::Bytes(bytes, at) => {
                let byte = bytes.get(*at).copied();
                *at += 1;
                byte.map(|byte| V::Int(byte.into()))
            }
            Iter::File(file) => return Some(Next::Line(*file)),
            Iter::Call(callee, end) => return Some(Next::Call(callee.clone(), end.clone())),
        };
        Some(value.map_or(Next::End, Next::Value))
    }

    /// All values of what needs no call; what does has been gathered before.
    pub(in crate::commands::lang::python) fn values(&mut self, value: &V) -> Answer<Vec<V>> {
        let all = match value {
            V::Str(text) => {
                let letters: Vec<String> =
                    Self::text_of(text).chars().map(|letter| letter.to_string()).collect();
                if self.meter.is_full(letters.len() * 120) {
                    return Err(self.memory_error());
                }
                letters.iter().map(|letter| self.str(letter)).collect()
            }
            V::Bytes(bytes) => bytes.iter().map(|byte| V::Int((*byte).into())).collect(),
            V::Obj(id) => match self.heap.get(*id) {
                Some(Obj::List(all) | Obj::Tuple(all) | Obj::View(_, all)) => all.clone(),
                Some(Obj::Dict(dict) | Obj::Set(dict, _)) => dict.keys(),
                Some(Obj::Range(from, to, step)) => {
                    let count = range_len(*from, *to, *step);
                    let (from, step) = (*from, *step);
                    if self.meter.is_full(self.heap.bytes().saturating_add(count.saturating_mul(32))) {
                        return Err(self.memory_error());
                    }
                    (0..count)
                        .map(|at| V::Int(from + step * i64::try_from(at).unwrap_or_default()))
                        .collect()
                }
                Some(Obj::ByteArray(bytes)) => {
                    bytes.iter().map(|byte| V::Int((*byte).into())).collect()
                }
                Some(Obj::Iter(_)) => {
                    let mut all = Vec::new();
                    while let Some(Next::Value(value)) = self.advance(*id) {
                        all.push(value);
                        if self.meter.is_full(all.len() * 32 + self.heap.bytes()) {
                            return Err(self.memory_error());
                        }
                    }
                    all
                }
                _ => return Err(self.not_iterable(value)),
            },
            _ => return Err(self.not_iterable(value)),
        };
        self.work += all.len();
        Ok(all)
    }

    /// `a, b = …`, with a star where `behind` says so.
    pub(super) fn unpack(&mut self, p: &mut Proc, count: usize, behind: Option<usize>) -> Answer<()> {
        let value = self.pop();
        if self.is_lazy(&value) {
            // It is made a list, and the same step takes that.
            if let Some(frame) = self.frames.last_mut() {
                frame.at -= 1;
            }
            let callee = self.library("_listed");
            return self.call(p, callee, Args::of(vec![value]), After::Push);
        }
        let all = match self.values(&value) {
            Ok(all) => all,
            Err(_) => {
                let text = format!("cannot unpack non-iterable {} object", self.type_name(&value));
                return Err(self.type_error(&text));
            }
        };
        let least = count + behind.unwrap_or_default();
        if all.len() < least || (behind.is_none() && all.len() > count) {
            let got = all.len();
            let text = if got > least {
                format!("too many values to unpack (expected {least})")
            } else if behind.is_some() {
                format!("not enough values to unpack (expected at least {least}, got {got})")
            } else {
                format!("not enough values to unpack (expected {least}, got {got})")
            };
            return Err(self.value_error(&text));
        }
        let mut parts = all;
        if let Some(behind) = behind {
            let middle = parts.len() - least;
            let tail = parts.split_off(count + middle);
            debug_assert!(tail.len() == behind, "the tail has its length");
            let star = parts.split_off(count);
            let star = self.list(star);
            parts.push(star);
            parts.extend(tail);
        }
        for part in parts.into_iter().rev() {
            self.push(part);
        }
        Ok(())
    }
}

pub(in crate::commands::lang::python) fn range_len(from: i64, to: i64, step: i64) -> usize {
    let (low, high) = if step > 0 { (from, to) } else { (to, from) };
    if low >= high || step == 0 {
        return 0;
    }
    let span = i128::from(high) - i128::from(low) - 1;
    usize::try_from(span / i128::from(step.unsigned_abs()) + 1).unwrap_or(usize::MAX)
}
