//! Methods of `dict`.
//!
//! **Invariant:** keys come in the order in which they were put in.

use crate::commands::lang::python::dict::Dict;
use crate::commands::lang::python::machine::{Answer, Vm};
use crate::commands::lang::python::native::{Args, Native, Ret};
use crate::commands::lang::python::value::{Obj, V};

/// Puts pairs, or another dictionary, and named values into one.
fn fill(vm: &mut Vm, dict: &V, args: &Args, first: usize) -> Answer<()> {
    if let Some(value) = args.get(first) {
        let value = value.clone();
        if matches!(vm.obj(&value), Some(Obj::Dict(_))) {
            vm.merge(dict, &value)?;
        } else {
            for (at, pair) in vm.values(&value)?.iter().enumerate() {
                let Ok(parts) = vm.values(pair) else {
                    let text = format!("cannot convert dictionary update sequence element #{at} to a sequence");
                    return Err(vm.type_error(&text));
                };
                let [key, value] = parts.as_slice() else {
                    let text = format!(
                        "dictionary update sequence element #{at} has length {}; 2 is required",
                        parts.len()
                    );
                    return Err(vm.value_error(&text));
                };
                put(vm, dict, key, value)?;
            }
        }
    }
    for (name, value) in &args.named {
        let name = vm.str(&**name);
        put(vm, dict, &name, value)?;
    }
    Ok(())
}

fn put(vm: &mut Vm, dict: &V, key: &V, value: &V) -> Answer<()> {
    let found_by = vm.key(key)?;
    vm.heap.grow(160);
    if let Some(Obj::Dict(dict)) = vm.obj_mut(dict) {
        dict.set(found_by, key.clone(), value.clone());
    }
    Ok(())
}

pub(super) static NEW: Native = Native::gathering("dict", |vm, _, args| {
    let dict = vm.add(Obj::Dict(Dict::default()));
    fill(vm, &dict, &args, 0)?;
    Ok(Ret::Value(dict))
});

fn get(vm: &mut Vm, args: &Args) -> Answer<Option<V>> {
    let key = vm.key(&args.value(1))?;
    Ok(match vm.obj(&args.value(0)) {
        Some(Obj::Dict(dict)) => dict.get(&key).cloned(),
        _ => None,
    })
}

fn this<'a>(vm: &'a Vm, args: &Args) -> Option<&'a Dict> {
    match vm.obj(&args.value(0)) {
        Some(Obj::Dict(dict)) => Some(dict),
        _ => None,
    }
}

pub(super) const METHODS: &[Native] = &[
    Native::new("get", |vm, _, args| {
        let found = get(vm, &args)?;
        Ok(Ret::Value(found.unwrap_or_else(|| args.value(2))))
    }),
    Native::new("keys", |vm, _, args| {
        let keys = this(vm, &args).map(Dict::keys).unwrap_or_default();
        vm.work += keys.len();
        let list = vm.add(Obj::View("dict_keys", keys));
        Ok(Ret::Value(list))
    }),
    Native::new("values", |vm, _, args| {
        let values = this(vm, &args).map(Dict::values).unwrap_or_default();
        vm.work += values.len();
        let list = vm.add(Obj::View("dict_values", values));
        Ok(Ret::Value(list))
    }),
    Native::new("items", |vm, _, args| {
        let pairs: Vec<(V, V)> =
            this(vm, &args).map(|dict| dict.iter().cloned().collect()).unwrap_or_default();
        vm.room(pairs.len() * 300)?;
        let pairs = pairs.into_iter().map(|(key, value)| vm.tuple(vec![key, value])).collect();
        let list = vm.add(Obj::View("dict_items", pairs));
        Ok(Ret::Value(list))
    }),
    Native::new("pop", |vm, _, args| {
        let key = vm.key(&args.value(1))?;
        let removed = match vm.obj_mut(&args.value(0)) {
            Some(Obj::Dict(dict)) => dict.remove(&key).map(|(_, value)| value),
            _ => None,
        };
        match removed.or_else(|| args.get(2).cloned()) {
            Some(value) => Ok(Ret::Value(value)),
            None => Err(vm.exception("KeyError", vec![args.value(1)])),
        }
    }),
    Native::new("popitem", |vm, _, args| {
        let pair = match vm.obj_mut(&args.value(0)) {
            Some(Obj::Dict(dict)) => dict.pop(),
            _ => None,
        };
        match pair {
            Some((key, value)) => Ok(Ret::Value(vm.tuple(vec![key, value]))),
            None => {
                let text = vm.str("popitem(): dictionary is empty");
                Err(vm.exception("KeyError", vec![text]))
            }
        }
    }),
    Native::new("setdefault", |vm, _, args| {
        if let Some(found) = get(vm, &args)? {
            return Ok(Ret::Value(found));
        }
        put(vm, &args.value(0), &args.value(1), &args.value(2))?;
        Ok(Ret::Value(args.value(2)))
    }),
    Native::gathering("update", |vm, _, args| {
        fill(vm, &args.value(0), &args, 1)?;
        Ok(Ret::Value(V::None))
    }),
    Native::new("clear", |vm, _, args| {
        if let Some(Obj::Dict(dict)) = vm.obj_mut(&args.value(0)) {
            dict.clear();
        }
        Ok(Ret::Value(V::None))
    }),
    Native::new("copy", |vm, _, args| {
        let dict = this(vm, &args).cloned().unwrap_or_default();
        vm.work += dict.len();
        Ok(Ret::Value(vm.add(Obj::Dict(dict))))
    }),
];

pub(super) const STATIC: &[Native] = &[Native::gathering("fromkeys", |vm, _, args| {
    let dict = vm.add(Obj::Dict(Dict::default()));
    for key in vm.values(&args.value(0))? {
        put(vm, &dict, &key, &args.value(1))?;
    }
    Ok(Ret::Value(dict))
})];
