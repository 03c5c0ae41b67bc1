//! `list`, `tuple`, `range`, `slice`, and iterators.
//!
//! **Invariant:** a list that is sorted is not looked at while that goes on.

use crate::commands::lang::python::machine::{Answer, Vm};
use crate::commands::lang::python::native::{Args, Native, Ret};
use crate::commands::lang::python::value::{Obj, V};
use std::cmp::Ordering;

pub(super) static NEW: Native = Native::gathering("list", |vm, _, args| {
    let all = match args.get(0) {
        Some(value) => {
            let value = value.clone();
            vm.values(&value)?
        }
        None => Vec::new(),
    };
    vm.room(all.len() * 32)?;
    Ok(Ret::Value(vm.list(all)))
});

pub(super) static NEW_TUPLE: Native = Native::gathering("tuple", |vm, _, args| {
    let all = match args.get(0) {
        Some(value) => {
            let value = value.clone();
            vm.values(&value)?
        }
        None => Vec::new(),
    };
    Ok(Ret::Value(vm.tuple(all)))
});

pub(super) static NEW_RANGE: Native = Native::new("range", |vm, _, args| {
    let mut numbers = Vec::new();
    for value in &args.plain {
        match vm.index(value) {
            Some(number) => numbers.push(number),
            None if matches!(value, V::Big(_)) => numbers.push(i64::MAX),
            None => {
                let kind = vm.type_name(value);
                let text = format!("'{kind}' object cannot be interpreted as an integer");
                return Err(vm.type_error(&text));
            }
        }
    }
    let (from, to, step) = match numbers.as_slice() {
        [to] => (0, *to, 1),
        [from, to] => (*from, *to, 1),
        [_, _, 0] => return Err(vm.value_error("range() arg 3 must not be zero")),
        [from, to, step] => (*from, *to, *step),
        [] => return Err(vm.type_error("range expected at least 1 argument, got 0")),
        more => {
            let text = format!("range expected at most 3 arguments, got {}", more.len());
            return Err(vm.type_error(&text));
        }
    };
    Ok(Ret::Value(vm.add(Obj::Range(from, to, step))))
});

pub(super) static NEW_SLICE: Native = Native::new("slice", |vm, _, args| {
    let slice = match args.len() {
        1 => Obj::Slice(V::None, args.value(0), V::None),
        _ => Obj::Slice(args.value(0), args.value(1), args.value(2)),
    };
    Ok(Ret::Value(vm.add(slice)))
});

fn this<'a>(vm: &'a mut Vm, args: &Args) -> Option<&'a mut Vec<V>> {
    match vm.obj_mut(&args.value(0)) {
        Some(Obj::List(all)) => Some(all),
        _ => None,
    }
}

fn none() -> Answer<Ret> {
    Ok(Ret::Value(V::None))
}

fn place(vm: &mut Vm, args: &Args, found: impl Fn(&Vm, &V, &V) -> bool) -> Option<usize> {
    let wanted = args.value(1);
    let all = vm.sequence(&args.value(0)).unwrap_or_default().to_vec();
    vm.work += all.len();
    let from = vm.index(&args.value(2)).and_then(|from| usize::try_from(from).ok());
    all.iter().enumerate().skip(from.unwrap_or(0)).find(|(_, one)| found(vm, one, &wanted)).map(|(at, _)| at)
}

fn index(vm: &mut Vm, args: &Args) -> Answer<Ret> {
    match place(vm, args, Vm::equal) {
        Some(at) => Ok(Ret::Value(V::Int(i64::try_from(at).unwrap_or_default()))),
        None => {
            let shown = vm.repr(&args.value(1));
            let is_list = matches!(vm.obj(&args.value(0)), Some(Obj::List(_)));
            let text = if is_list {
                format!("{shown} is not in list")
            } else {
                "tuple.index(x): x not in tuple".to_owned()
            };
            Err(vm.value_error(&text))
        }
    }
}

fn count(vm: &mut Vm, args: &Args) -> Answer<Ret> {
    let all = vm.sequence(&args.value(0)).unwrap_or_default().to_vec();
    vm.work += all.len();
    let count = all.iter().filter(|one| vm.equal(one, &args.value(1))).count();
    Ok(Ret::Value(V::Int(i64::try_from(count).unwrap_or_default())))
}

/// Sorts values that need no call to be compared.
pub(in crate::commands::lang::python) fn sort(vm: &mut Vm, all: &mut Vec<V>, reverse: bool) -> Answer<()> {
    let mut failed: Option<(V, V)> = None;
    let log = usize::BITS - all.len().leading_zeros();
    vm.work += all.len() * log as usize / 2;
    let compare = |a: &V, b: &V| match vm.order(a, b) {
        Some(order) => order,
        None => {
            failed.get_or_insert_with(|| (b.clone(), a.clone()));
            Ordering::Equal
        }
    };
    let mut sorted = std::mem::take(all);
    if reverse {
        sorted.reverse();
    }
    sorted.sort_by(compare);
    if reverse {
        sorted.reverse();
    }
    *all = sorted;
    match failed {
        Some((a, b)) => Err(vm.not_ordered("<", &a, &b)),
        None => Ok(()),
    }
}

pub(super) const METHODS: &[Native] = &[
    Native::new("append", |vm, _, args| {
        vm.heap.grow(32);
        if let Some(all) = this(vm, &args) {
            all.push(args.value(1));
        }
        none()
    }),
    Native::gathering("extend", |vm, _, args| {
        let more = vm.values(&args.value(1))?;
        vm.room(more.len() * 32)?;
        vm.heap.grow(more.len() * 32);
        if let Some(all) = this(vm, &args) {
            all.extend(more);
        }
        none()
    }),
    Native::new("insert", |vm, _, args| {
        let at = vm.index(&args.value(1)).unwrap_or_default();
        vm.heap.grow(32);
        if let Some(all) = this(vm, &args) {
            let len = i64::try_from(all.len()).unwrap_or(i64::MAX);
            let at = if at < 0 { (at + len).max(0) } else { at.min(len) };
            all.insert(usize::try_from(at).unwrap_or_default(), args.value(2));
            let moved = all.len();
            vm.work += moved / 16;
        }
        none()
    }),
    Native::new("pop", |vm, _, args| {
        let at = vm.index(&args.value(1)).unwrap_or(-1);
        let Some(all) = this(vm, &args) else { return none() };
        if all.is_empty() {
            return Err(vm.error("IndexError", "pop from empty list"));
        }
        let len = i64::try_from(all.len()).unwrap_or(i64::MAX);
        let at = usize::try_from(if at < 0 { at + len } else { at }).ok();
        match at.filter(|at| *at < all.len()) {
            Some(at) => {
                let value = all.remove(at);
                let moved = all.len() - at.min(all.len());
                vm.work += moved / 16;
                Ok(Ret::Value(value))
            }
            None => Err(vm.error("IndexError", "pop index out of range")),
        }
    }),
    Native::new("remove", |vm, _, args| match place(vm, &args, Vm::equal) {
        Some(at) => {
            if let Some(all) = this(vm, &args) {
                all.remove(at);
            }
            none()
        }
        None => Err(vm.value_error("list.remove(x): x not in list")),
    }),
    Native::new("clear", |vm, _, args| {
        if let Some(all) = this(vm, &args) {
            all.clear();
        }
        none()
    }),
    Native::new("copy", |vm, _, args| {
        let all = vm.sequence(&args.value(0)).unwrap_or_default().to_vec();
        vm.work += all.len() / 4;
        Ok(Ret::Value(vm.list(all)))
    }),
    Native::new("reverse", |vm, _, args| {
        if let Some(all) = this(vm, &args) {
            all.reverse();
        }
        none()
    }),
    Native::new("index", |vm, _, args| index(vm, &args)),
    Native::new("count", |vm, _, args| count(vm, &args)),
    Native::new("sort", |vm, _, args| {
        let reverse = args.named("reverse").is_some_and(|reverse| vm.truth(reverse));
        let key = args.named("key").cloned().unwrap_or(V::None);
        let all = vm.sequence(&args.value(0)).unwrap_or_default().to_vec();
        let instances = all.iter().any(|one| vm.class_of(one).is_some());
        if !matches!(key, V::None) || instances {
            let callee = vm.library("_sort_by");
            let args = vec![args.value(0), key, V::Bool(reverse)];
            return Ok(Ret::Call(callee, Args::of(args)));
        }
        let mut sorted = all;
        sort(vm, &mut sorted, reverse)?;
        if let Some(all) = this(vm, &args) {
            *all = sorted;
        }
        none()
    }),
];

pub(super) const TUPLE_METHODS: &[Native] = &[
    Native::new("index", |vm, _, args| index(vm, &args)),
    Native::new("count", |vm, _, args| count(vm, &args)),
];

pub(super) const GENERATOR_METHODS: &[Native] = &[
    Native::new("__next__", |vm, _, args| {
        let callee = vm.library("next");
        Ok(Ret::Call(callee, Args::of(vec![args.value(0)])))
    }),
    Native::new("send", |vm, _, args| {
        let callee = vm.library("_send");
        Ok(Ret::Call(callee, args))
    }),
    Native::new("close", |vm, _, args| {
        if let Some(Obj::Generator(frame, _)) = vm.obj_mut(&args.value(0)) {
            *frame = None;
        }
        none()
    }),
];

pub(super) const ITERATOR_METHODS: &[Native] = &[Native::new("__next__", |vm, _, args| {
    let callee = vm.library("next");
    Ok(Ret::Call(callee, Args::of(vec![args.value(0)])))
})];
