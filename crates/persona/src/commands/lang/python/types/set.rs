//! Methods of `set` and `frozenset`.
//!
//! **Invariant:** a value is in a set once.

use crate::commands::lang::python::ast::Binary;
use crate::commands::lang::python::machine::{Answer, Vm};
use crate::commands::lang::python::native::{Args, Native, Ret};
use crate::commands::lang::python::value::{Obj, V};

fn make(vm: &mut Vm, args: &Args, frozen: bool) -> Answer<Ret> {
    let all = match args.get(0) {
        Some(value) => {
            let value = value.clone();
            vm.values(&value)?
        }
        None => Vec::new(),
    };
    vm.room(all.len() * 160)?;
    vm.set_of(all, frozen).map(Ret::Value)
}

pub(super) static NEW: Native = Native::gathering("set", |vm, _, args| make(vm, &args, false));

pub(super) static NEW_FROZEN: Native =
    Native::gathering("frozenset", |vm, _, args| make(vm, &args, true));

/// This and all arguments, by that operator.
fn with_all(vm: &mut Vm, args: &Args, binary: Binary) -> Answer<V> {
    let mut set = args.value(0);
    for value in args.plain.iter().skip(1) {
        let all = vm.values(value)?;
        let other = vm.set_of(all, false)?;
        set = vm.operate(binary, &set, &other, false)?;
    }
    if args.len() == 1 {
        let all = vm.values(&set)?;
        set = vm.set_of(all, false)?;
    }
    Ok(set)
}

/// Puts what came out in the place of what was there.
fn replace(vm: &mut Vm, args: &Args, binary: Binary) -> Answer<Ret> {
    let set = with_all(vm, args, binary)?;
    let made = match vm.obj(&set) {
        Some(Obj::Set(dict, _)) => dict.clone(),
        _ => return Ok(Ret::Value(V::None)),
    };
    vm.heap.grow(made.len() * 160);
    if let Some(Obj::Set(dict, _)) = vm.obj_mut(&args.value(0)) {
        *dict = made;
    }
    Ok(Ret::Value(V::None))
}

fn remove(vm: &mut Vm, args: &Args) -> Answer<bool> {
    let key = vm.key(&args.value(1))?;
    Ok(match vm.obj_mut(&args.value(0)) {
        Some(Obj::Set(dict, _)) => dict.remove(&key).is_some(),
        _ => false,
    })
}

fn inside(vm: &mut Vm, a: &V, b: &V) -> Answer<Ret> {
    for value in vm.values(a)? {
        if !vm.contains(b, &value)? {
            return Ok(Ret::Value(V::Bool(false)));
        }
    }
    Ok(Ret::Value(V::Bool(true)))
}

pub(super) const METHODS: &[Native] = &[
    Native::new("add", |vm, _, args| {
        let key = vm.key(&args.value(1))?;
        vm.heap.grow(160);
        if let Some(Obj::Set(dict, _)) = vm.obj_mut(&args.value(0))
            && !dict.has(&key)
        {
            dict.set(key, args.value(1), V::None);
        }
        Ok(Ret::Value(V::None))
    }),
    Native::new("discard", |vm, _, args| {
        remove(vm, &args)?;
        Ok(Ret::Value(V::None))
    }),
    Native::new("remove", |vm, _, args| {
        if remove(vm, &args)? {
            return Ok(Ret::Value(V::None));
        }
        Err(vm.exception("KeyError", vec![args.value(1)]))
    }),
    Native::new("pop", |vm, _, args| {
        let pair = match vm.obj_mut(&args.value(0)) {
            Some(Obj::Set(dict, _)) => dict.pop(),
            _ => None,
        };
        match pair {
            Some((value, _)) => Ok(Ret::Value(value)),
            None => {
                let text = vm.str("pop from an empty set");
                Err(vm.exception("KeyError", vec![text]))
            }
        }
    }),
    Native::new("clear", |vm, _, args| {
        if let Some(Obj::Set(dict, _)) = vm.obj_mut(&args.value(0)) {
            dict.clear();
        }
        Ok(Ret::Value(V::None))
    }),
    Native::new("copy", |vm, _, args| with_all(vm, &args, Binary::Or).map(Ret::Value)),
    Native::gathering("union", |vm, _, args| with_all(vm, &args, Binary::Or).map(Ret::Value)),
    Native::gathering("intersection", |vm, _, args| {
        with_all(vm, &args, Binary::And).map(Ret::Value)
    }),
    Native::gathering("difference", |vm, _, args| {
        with_all(vm, &args, Binary::Sub).map(Ret::Value)
    }),
    Native::gathering("symmetric_difference", |vm, _, args| {
        with_all(vm, &args, Binary::Xor).map(Ret::Value)
    }),
    Native::gathering("update", |vm, _, args| replace(vm, &args, Binary::Or)),
    Native::gathering("intersection_update", |vm, _, args| replace(vm, &args, Binary::And)),
    Native::gathering("difference_update", |vm, _, args| replace(vm, &args, Binary::Sub)),
    Native::gathering("issubset", |vm, _, args| inside(vm, &args.value(0), &args.value(1))),
    Native::gathering("issuperset", |vm, _, args| inside(vm, &args.value(1), &args.value(0))),
    Native::gathering("isdisjoint", |vm, _, args| {
        for value in vm.values(&args.value(1))? {
            if vm.contains(&args.value(0), &value)? {
                return Ok(Ret::Value(V::Bool(false)));
            }
        }
        Ok(Ret::Value(V::Bool(true)))
    }),
];
