//! Functions about attributes, classes and names.
//!
//! **Invariant:** nothing here changes a type that is there.

use crate::commands::lang::heap::Id;
use crate::commands::lang::python::ast::Name;
use crate::commands::lang::python::machine::{Answer, Vm};
use crate::commands::lang::python::native::{Args, Native, Ret};
use crate::commands::lang::python::value::{Obj, Type, V};
use std::collections::BTreeMap;

pub(in crate::commands::lang::python) static TYPE: Native = Native::new("type", |vm, _, args| {
    if args.len() < 3 {
        return Ok(Ret::Value(vm.type_value(&args.value(0))));
    }
    let bases: Vec<Id> = vm
        .sequence(&args.value(1))
        .unwrap_or_default()
        .iter()
        .filter_map(|base| match base {
            V::Obj(id) => Some(*id),
            _ => None,
        })
        .collect();
    let names: BTreeMap<Name, V> = match vm.obj(&args.value(2)) {
        Some(Obj::Dict(dict)) => dict
            .iter()
            .filter_map(|(key, value)| match key {
                V::Str(key) => Some((Vm::text_of(key).into(), value.clone())),
                _ => None,
            })
            .collect(),
        _ => BTreeMap::new(),
    };
    let name = vm.text(&args.value(0));
    let id = vm.new_class(name.into(), "__main__".into(), bases, names);
    Ok(Ret::Value(V::Obj(id)))
});

pub(in crate::commands::lang::python) static OBJECT: Native = Native::new("object", |vm, _, _| {
    let class = vm.new_class("object".into(), "builtins".into(), Vec::new(), BTreeMap::new());
    Ok(Ret::Value(vm.add(Obj::Instance(class, BTreeMap::new()))))
});

pub(in crate::commands::lang::python) static PROPERTY: Native =
    Native::new("property", |vm, _, args| {
        let property = Obj::Property(args.value(0), args.value(1));
        Ok(Ret::Value(vm.add(property)))
    });

pub(in crate::commands::lang::python) static STATIC: Native =
    Native::new("staticmethod", |vm, _, args| Ok(Ret::Value(vm.add(Obj::Static(args.value(0))))));

pub(in crate::commands::lang::python) static CLASS_METHOD: Native =
    Native::new("classmethod", |vm, _, args| {
        Ok(Ret::Value(vm.add(Obj::ClassMethod(args.value(0)))))
    });

pub(in crate::commands::lang::python) static SUPER: Native = Native::new("super", |vm, _, args| {
    let (class, this) = match (args.get(0), args.get(1)) {
        (Some(V::Obj(class)), Some(this)) => (Some(*class), this.clone()),
        _ => {
            let function = vm.frames.last().and_then(|frame| frame.function);
            let (owner, first) = match function.and_then(|id| vm.heap.get(id)) {
                Some(Obj::Function(function)) => {
                    let first = function.code.params.first().map(|(name, _)| Name::clone(name));
                    (function.owner, first)
                }
                _ => (None, None),
            };
            let this = first.and_then(|first| vm.name_in(vm.here(), &first));
            (owner, this.unwrap_or(V::None))
        }
    };
    match class {
        Some(class) => Ok(Ret::Value(vm.add(Obj::Super(class, this)))),
        None => Err(vm.error("RuntimeError", "super(): no arguments")),
    }
});

fn name(vm: &mut Vm, value: &V, what: &str) -> Answer<Name> {
    match value {
        V::Str(name) => Ok(Vm::text_of(name).into()),
        _ => Err(vm.type_error(&format!("{what}(): attribute name must be string"))),
    }
}

/// Whether a value is of a class, or of one of several.
fn is_instance(vm: &mut Vm, value: &V, kind: &V) -> Answer<bool> {
    if let Some(Obj::Tuple(all)) = vm.obj(kind) {
        for kind in all.clone() {
            if is_instance(vm, value, &kind)? {
                return Ok(true);
            }
        }
        return Ok(false);
    }
    match kind {
        V::Type(Type::Object) => Ok(true),
        V::Type(Type::Int) => Ok(matches!(vm.type_of(value), Type::Int | Type::Bool)),
        V::Type(kind) => Ok(vm.type_of(value) == *kind),
        V::Obj(class) if matches!(vm.heap.get(*class), Some(Obj::Class(_))) => {
            Ok(vm.class_of(value).is_some_and(|own| vm.is_subclass(own, *class)))
        }
        _ => {
            let text =
                "isinstance() arg 2 must be a type, a tuple of types, or a union".to_owned();
            Err(vm.type_error(&text))
        }
    }
}

fn scope_dict(vm: &mut Vm, scope: Id) -> V {
    let names: Vec<(Name, V)> = match vm.heap.get(scope) {
        Some(Obj::Scope(scope)) => {
            scope.names.iter().map(|(name, value)| (Name::clone(name), value.clone())).collect()
        }
        _ => Vec::new(),
    };
    vm.named_dict(names)
}

fn call_code(value: &V) -> i64 {
    match value {
        V::Obj(id) => i64::try_from(0x7f3a_5c00_0000_usize + id * 0x30).unwrap_or_default(),
        V::Int(number) => 0x0095_8000 + number * 32,
        _ => 0x0095_4be0,
    }
}

pub(super) const FUNCTIONS: &[Native] = &[
    Native::new("isinstance", |vm, _, args| {
        let found = is_instance(vm, &args.value(0), &args.value(1))?;
        Ok(Ret::Value(V::Bool(found)))
    }),
    Native::new("issubclass", |vm, _, args| {
        let found = match (args.value(0), args.value(1)) {
            (V::Obj(class), V::Obj(of)) => vm.is_subclass(class, of),
            (V::Type(a), V::Type(b)) => {
                a == b || b == Type::Object || (a == Type::Bool && b == Type::Int)
            }
            (V::Obj(_), V::Type(Type::Object)) => true,
            _ => false,
        };
        Ok(Ret::Value(V::Bool(found)))
    }),
    Native::new("hasattr", |vm, _, args| {
        let name = name(vm, &args.value(1), "hasattr")?;
        let value = args.value(0);
        let found = vm.attribute(&value, &name)?.is_some() || vm.names_of(&value).iter().any(|n| **n == *name);
        Ok(Ret::Value(V::Bool(found)))
    }),
    Native::new("getattr", |vm, _, args| {
        let name = name(vm, &args.value(1), "getattr")?;
        let value = args.value(0);
        if let Some(found) = vm.attribute(&value, &name)? {
            return Ok(Ret::Value(found));
        }
        match args.get(2) {
            Some(other) => Ok(Ret::Value(other.clone())),
            None => Err(vm.attribute_error(&value, &name)),
        }
    }),
    Native::new("setattr", |vm, _, args| {
        let name = name(vm, &args.value(1), "setattr")?;
        vm.put_attribute(&args.value(0), &name, args.value(2))?;
        Ok(Ret::Value(V::None))
    }),
    Native::new("callable", |vm, _, args| {
        let value = args.value(0);
        let found = match &value {
            V::Native(_) | V::Type(_) => true,
            value => match vm.obj(value) {
                Some(Obj::Function(_) | Obj::Bound(..) | Obj::Class(_)) => true,
                Some(Obj::Instance(class, _)) => vm.class_name(*class, "__call__").is_some(),
                _ => false,
            },
        };
        Ok(Ret::Value(V::Bool(found)))
    }),
    Native::new("id", |_, _, args| Ok(Ret::Value(V::Int(call_code(&args.value(0)))))),
    Native::new("hash", |vm, _, args| {
        let value = args.value(0);
        if let Some(method) = vm.text_method(&value, &["__hash__"]) {
            return Ok(Ret::Call(method, Args::of(vec![value])));
        }
        let key = vm.key(&value)?;
        if let crate::commands::lang::python::dict::Key::Int(number) = key {
            return Ok(Ret::Value(V::Int(number)));
        }
        let text = format!("{key:?}");
        let hash = text.bytes().fold(0x3243_f6a8_885a_308d_i64, |hash, byte| {
            (hash ^ i64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Ok(Ret::Value(V::Int(hash)))
    }),
    Native::new("dir", |vm, _, args| {
        let names = match args.get(0) {
            Some(value) => {
                let value = value.clone();
                vm.names_of(&value)
            }
            None => match vm.heap.get(vm.here()) {
                Some(Obj::Scope(scope)) => scope.names.keys().map(ToString::to_string).collect(),
                _ => Vec::new(),
            },
        };
        let names = names.iter().map(|name| vm.str(name)).collect();
        Ok(Ret::Value(vm.list(names)))
    }),
    Native::new("vars", |vm, _, args| match args.get(0) {
        Some(value) => {
            let value = value.clone();
            if let Some(Obj::Module(_, scope)) = vm.obj(&value) {
                let scope = *scope;
                return Ok(Ret::Value(scope_dict(vm, scope)));
            }
            match vm.attribute(&value, "__dict__")? {
                Some(dict) => Ok(Ret::Value(dict)),
                None => Err(vm.type_error("vars() argument must have __dict__ attribute")),
            }
        }
        None => {
            let here = vm.here();
            Ok(Ret::Value(scope_dict(vm, here)))
        }
    }),
    Native::new("globals", |vm, _, _| {
        let scope = vm.frames.last().map_or(vm.main, |frame| frame.globals);
        Ok(Ret::Value(scope_dict(vm, scope)))
    }),
    Native::new("locals", |vm, _, _| {
        let here = vm.here();
        Ok(Ret::Value(scope_dict(vm, here)))
    }),
];
