//! Elements: `a[b]`, slices, and what may be put there.
//!
//! **Invariant:** an index is inside its sequence, or it is an exception.

use super::iterate::range_len;
use super::{After, Answer, Vm};
use crate::commands::lang::python::native::Args;
use crate::commands::lang::python::value::{Obj, V};
use crate::kernel::Proc;

/// A slice made definite: places, in order.
pub(in crate::commands::lang::python) struct Places {
    from: i64,
    step: i64,
    pub(in crate::commands::lang::python) count: usize,
}

impl Places {
    pub(in crate::commands::lang::python) fn iter(&self) -> impl Iterator<Item = usize> + use<> {
        let (from, step) = (self.from, self.step);
        (0..self.count)
            .filter_map(move |at| usize::try_from(from + step * i64::try_from(at).ok()?).ok())
    }

    fn pick<T: Clone>(&self, all: &[T]) -> Vec<T> {
        self.iter().filter_map(|at| all.get(at).cloned()).collect()
    }
}

impl Vm {
    /// An index as a whole number.
    pub(in crate::commands::lang::python) fn index(&self, value: &V) -> Option<i64> {
        match value {
            V::Int(number) => Some(*number),
            V::Bool(truth) => Some(i64::from(*truth)),
            _ => None,
        }
    }

    pub(in crate::commands::lang::python) fn places(&mut self, key: &V, len: usize) -> Answer<Option<Places>> {
        let (from, to, step) = match self.obj(key) {
            Some(Obj::Slice(from, to, step)) => (from.clone(), to.clone(), step.clone()),
            _ => return Ok(None),
        };
        let len = i64::try_from(len).unwrap_or(i64::MAX);
        let part = |vm: &mut Self, value: &V| match (value, vm.index(value)) {
            (V::None, _) => Ok(None),
            (_, Some(number)) => Ok(Some(number)),
            (V::Big(_), _) => Ok(Some(i64::MAX)),
            _ => Err(vm.type_error(
                "slice indices must be integers or None or have an __index__ method",
            )),
        };
        let step = part(self, &step)?.unwrap_or(1);
        if step == 0 {
            return Err(self.value_error("slice step cannot be zero"));
        }
        let step = step.max(-i64::MAX);
        let (low, high) = if step > 0 { (0, len) } else { (-1, len - 1) };
        let clamp = |number: i64| {
            let number = if number < 0 { number.saturating_add(len) } else { number };
            number.clamp(low, high)
        };
        let from = part(self, &from)?.map_or(if step > 0 { low } else { high }, clamp);
        let to = part(self, &to)?.map_or(if step > 0 { high } else { low }, clamp);
        Ok(Some(Places { from, step, count: range_len(from, to, step) }))
    }

    /// The place of an index, counted from the end where it is negative.
    fn place(&mut self, key: &V, len: usize, what: &str) -> Answer<usize> {
        let Some(number) = self.index(key) else {
            let kind = self.type_name(key);
            let text = match what {
                "string" => format!("string indices must be integers, not '{kind}'"),
                "bytes" => format!("byte indices must be integers or slices, not {kind}"),
                what => format!("{what} indices must be integers or slices, not {kind}"),
            };
            return Err(self.type_error(&text));
        };
        let count = i64::try_from(len).unwrap_or(i64::MAX);
        let place = if number < 0 { number.saturating_add(count) } else { number };
        match usize::try_from(place) {
            Ok(place) if place < len => Ok(place),
            _ => {
                let what = if what == "bytes" { "index" } else { what };
                let text = if what == "index" {
                    "index out of range".to_owned()
                } else {
                    format!("{what} index out of range")
                };
                Err(self.error("IndexError", &text))
            }
        }
    }

    pub(super) fn item(&mut self, p: &mut Proc, target: V, key: V) -> Answer<()> {
        if let Some(class) = self.class_of(&target) {
            if let Some(method) = self.class_name(class, "__getitem__") {
                return self.call(p, method, Args::of(vec![target, key]), After::Push);
            }
            let text = format!("'{}' object is not subscriptable", self.type_name(&target));
            return Err(self.type_error(&text));
        }
        let value = self.item_of(&target, &key)?;
        self.push(value);
        Ok(())
    }

    pub(in crate::commands::lang::python) fn item_of(&mut self, target: &V, key: &V) -> Answer<V> {
        match target {
            V::Str(text) => {
                let text = text.clone();
                self.work += text.len() / 16;
                let text = Self::text_of(&text);
                if text.is_ascii() {
                    return match self.places(key, text.len())? {
                        Some(places) => {
                            let part = places.pick(text.as_bytes());
                            Ok(V::Str(self.meter.text(part)))
                        }
                        None => {
                            let at = self.place(key, text.len(), "string")?;
                            Ok(self.str(text.get(at..=at).unwrap_or_default()))
                        }
                    };
                }
                let letters: Vec<char> = text.chars().collect();
                match self.places(key, letters.len())? {
                    Some(places) => {
                        let part: String = places.pick(&letters).into_iter().collect();
                        Ok(self.str(part))
                    }
                    None => {
                        let at = self.place(key, letters.len(), "string")?;
                        Ok(self.str(letters.get(at).map(ToString::to_string).unwrap_or_default()))
                    }
                }
            }
            V::Bytes(bytes) => {
                let bytes = bytes.clone();
                match self.places(key, bytes.len())? {
                    Some(places) => Ok(self.bytes(places.pick(&bytes))),
                    None => {
                        let at = self.place(key, bytes.len(), "bytes")?;
                        Ok(V::Int(bytes.get(at).copied().unwrap_or_default().into()))
                    }
                }
            }
            V::Type(_) => Ok(target.clone()),
            value => self.item_of_obj(value, key),
        }
    }

    fn item_of_obj(&mut self, target: &V, key: &V) -> Answer<V> {
        match self.obj(target) {
            Some(Obj::List(all)) | Some(Obj::Tuple(all)) => {
                let is_list = matches!(self.obj(target), Some(Obj::List(_)));
                let len = all.len();
                if let Some(places) = self.places(key, len)? {
                    let part = places.pick(self.sequence(target).unwrap_or_default());
                    return Ok(if is_list { self.list(part) } else { self.tuple(part) });
                }
                let at = self.place(key, len, if is_list { "list" } else { "tuple" })?;
                Ok(self.sequence(target).and_then(|all| all.get(at)).cloned().unwrap_or(V::None))
            }
            Some(Obj::Dict(_)) => {
                let found_by = self.key(key)?;
                match self.obj(target) {
                    Some(Obj::Dict(dict)) => match dict.get(&found_by) {
                        Some(value) => Ok(value.clone()),
                        None => Err(self.exception("KeyError", vec![key.clone()])),
                    },
                    _ => Ok(V::None),
                }
            }
            Some(Obj::ByteArray(bytes)) => {
                let bytes = bytes.clone();
                match self.places(key, bytes.len())? {
                    Some(places) => Ok(self.add(Obj::ByteArray(places.pick(&bytes)))),
                    None => {
                        let at = self.place(key, bytes.len(), "bytearray")?;
                        Ok(V::Int(bytes.get(at).copied().unwrap_or_default().into()))
                    }
                }
            }
            Some(Obj::Range(from, to, step)) => {
                let (from, to, step) = (*from, *to, *step);
                let len = range_len(from, to, step);
                if let Some(places) = self.places(key, len)? {
                    let first = from + step * places.from;
                    let step = step * places.step;
                    let end = first + step * i64::try_from(places.count).unwrap_or_default();
                    return Ok(self.add(Obj::Range(first, end, step)));
                }
                let at = self.place(key, len, "range object")?;
                Ok(V::Int(from + step * i64::try_from(at).unwrap_or_default()))
            }
            _ => {
                let text = format!("'{}' object is not subscriptable", self.type_name(target));
                Err(self.type_error(&text))
            }
        }
    }

    pub(super) fn set_item(&mut self, p: &mut Proc, target: V, key: V, value: V) -> Answer<()> {
        if let Some(class) = self.class_of(&target)
            && let Some(method) = self.class_name(class, "__setitem__")
        {
            return self.call(p, method, Args::of(vec![target, key, value]), After::Drop);
        }
        match self.obj(&target) {
            Some(Obj::List(all)) => {
                let len = all.len();
                if let Some(places) = self.places(&key, len)? {
                    return self.set_slice(&target, &places, &value);
                }
                let at = self.place(&key, len, "list").map_err(|thrown| {
                    self.rename(thrown, "list index out of range", "list assignment index out of range")
                })?;
                if let Some(Obj::List(all)) = self.obj_mut(&target)
                    && let Some(place) = all.get_mut(at)
                {
                    *place = value;
                }
                Ok(())
            }
            Some(Obj::Dict(_)) => {
                let found_by = self.key(&key)?;
                self.heap.grow(160);
                if let Some(Obj::Dict(dict)) = self.obj_mut(&target) {
                    dict.set(found_by, key, value);
                }
                Ok(())
            }
            Some(Obj::ByteArray(bytes)) => {
                let at = self.place(&key, bytes.len(), "bytearray")?;
                let byte = self.index(&value).and_then(|number| u8::try_from(number).ok());
                let Some(byte) = byte else {
                    return Err(self.value_error("byte must be in range(0, 256)"));
                };
                if let Some(Obj::ByteArray(bytes)) = self.obj_mut(&target)
                    && let Some(place) = bytes.get_mut(at)
                {
                    *place = byte;
                }
                Ok(())
            }
            _ => {
                let kind = self.type_name(&target);
                let text = format!("'{kind}' object does not support item assignment");
                Err(self.type_error(&text))
            }
        }
    }

    fn rename(&mut self, thrown: super::Thrown, from: &str, to: &str) -> super::Thrown {
        let is_it = match self.heap.get(thrown.0) {
            Some(Obj::Exception(exception)) => {
                matches!(exception.args.first(), Some(V::Str(text)) if &text[..] == from.as_bytes())
            }
            _ => false,
        };
        if is_it { self.error("IndexError", to) } else { thrown }
    }

    fn set_slice(&mut self, target: &V, places: &Places, value: &V) -> Answer<()> {
        let more = self.values(value)?;
        self.heap.grow(more.len() * 32);
        if places.step == 1 {
            let from = usize::try_from(places.from).unwrap_or_default();
            if let Some(Obj::List(all)) = self.obj_mut(target) {
                let from = from.min(all.len());
                let to = (from + places.count).min(all.len());
                all.splice(from..to, more);
            }
            return Ok(());
        }
        if more.len() != places.count {
            let text = format!(
                "attempt to assign sequence of size {} to extended slice of size {}",
                more.len(),
                places.count
            );
            return Err(self.value_error(&text));
        }
        if let Some(Obj::List(all)) = self.obj_mut(target) {
            for (at, value) in places.iter().zip(more) {
                if let Some(place) = all.get_mut(at) {
                    *place = value;
                }
            }
        }
        Ok(())
    }

    pub(super) fn delete_item(&mut self, p: &mut Proc, target: V, key: V) -> Answer<()> {
        if let Some(class) = self.class_of(&target)
            && let Some(method) = self.class_name(class, "__delitem__")
        {
            return self.call(p, method, Args::of(vec![target, key]), After::Drop);
        }
        match self.obj(&target) {
            Some(Obj::List(all)) => {
                let len = all.len();
                if let Some(places) = self.places(&key, len)? {
                    let gone: std::collections::BTreeSet<usize> = places.iter().collect();
                    if let Some(Obj::List(all)) = self.obj_mut(&target) {
                        let mut at = 0;
                        all.retain(|_| {
                            at += 1;
                            !gone.contains(&(at - 1))
                        });
                    }
                    return Ok(());
                }
                let at = self.place(&key, len, "list").map_err(|thrown| {
                    self.rename(thrown, "list index out of range", "list assignment index out of range")
                })?;
                if let Some(Obj::List(all)) = self.obj_mut(&target) {
                    all.remove(at);
                }
                Ok(())
            }
            Some(Obj::Dict(_)) => {
                let found_by = self.key(&key)?;
                let removed = match self.obj_mut(&target) {
                    Some(Obj::Dict(dict)) => dict.remove(&found_by),
                    _ => None,
                };
                match removed {
                    Some(_) => Ok(()),
                    None => Err(self.exception("KeyError", vec![key])),
                }
            }
            _ => {
                let kind = self.type_name(&target);
                let text = format!("'{kind}' object doesn't support item deletion");
                Err(self.type_error(&text))
            }
        }
    }
}
