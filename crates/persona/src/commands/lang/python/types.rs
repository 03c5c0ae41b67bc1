//! Types that are there: how they are made, and their methods.
//!
//! **Invariant:** a method finds what it is called on as its first argument.

mod bytes;
mod dict;
mod file;
mod list;
mod number;
mod set;
mod text;

pub(super) use bytes::bytes_of;
pub(super) use file::{file_of, give};
pub(super) use list::sort;

use super::machine::Vm;
use super::native::Native;
use super::value::{Iter, Obj, Type, V};

/// What makes a value of a type when it is called.
pub(super) fn construct(_: &Vm, kind: Type) -> Option<&'static Native> {
    Some(match kind {
        Type::Str => &text::NEW,
        Type::Bytes => &bytes::NEW,
        Type::ByteArray => &bytes::NEW_ARRAY,
        Type::Int => &number::NEW_INT,
        Type::Float => &number::NEW_FLOAT,
        Type::Bool => &number::NEW_BOOL,
        Type::List => &list::NEW,
        Type::Tuple => &list::NEW_TUPLE,
        Type::Dict => &dict::NEW,
        Type::Set => &set::NEW,
        Type::FrozenSet => &set::NEW_FROZEN,
        Type::Range => &list::NEW_RANGE,
        Type::Slice => &list::NEW_SLICE,
        Type::Type => &super::builtins::TYPE,
        Type::Object => &super::builtins::OBJECT,
        Type::Property => &super::builtins::PROPERTY,
        Type::StaticMethod => &super::builtins::STATIC,
        Type::ClassMethod => &super::builtins::CLASS_METHOD,
        Type::Super => &super::builtins::SUPER,
        Type::NoneType
        | Type::Ellipsis
        | Type::NotImplemented
        | Type::Function
        | Type::Native
        | Type::Method
        | Type::Module
        | Type::Generator
        | Type::Iterator
        | Type::File => return None,
    })
}

/// All methods of a type.
pub(super) fn methods(kind: Type) -> impl Iterator<Item = &'static Native> {
    let list: &'static [Native] = match kind {
        Type::Str => text::METHODS,
        Type::Bytes => bytes::METHODS,
        Type::ByteArray => bytes::METHODS,
        Type::Int | Type::Bool => number::INT_METHODS,
        Type::Float => number::FLOAT_METHODS,
        Type::List => list::METHODS,
        Type::Tuple => list::TUPLE_METHODS,
        Type::Dict => dict::METHODS,
        Type::Set | Type::FrozenSet => set::METHODS,
        Type::File => file::METHODS,
        Type::Generator => list::GENERATOR_METHODS,
        Type::Iterator => list::ITERATOR_METHODS,
        Type::Range
        | Type::Slice
        | Type::Object
        | Type::Type
        | Type::NoneType
        | Type::Ellipsis
        | Type::NotImplemented
        | Type::Function
        | Type::Native
        | Type::Method
        | Type::Module
        | Type::Property
        | Type::StaticMethod
        | Type::ClassMethod
        | Type::Super => &[],
    };
    list.iter()
}

pub(super) fn method(kind: Type, name: &str) -> Option<&'static Native> {
    methods(kind).find(|native| native.name == name)
}

/// A method that is called on the type itself.
pub(super) fn static_method(kind: Type, name: &str) -> Option<&'static Native> {
    let list: &'static [Native] = match kind {
        Type::Str => text::STATIC,
        Type::Bytes | Type::ByteArray => bytes::STATIC,
        Type::Int => number::INT_STATIC,
        Type::Float => number::FLOAT_STATIC,
        Type::Dict => dict::STATIC,
        _ => &[],
    };
    list.iter().find(|native| native.name == name)
}

/// An attribute that is no method.
pub(super) fn field(vm: &mut Vm, value: &V, name: &str) -> Option<V> {
    match (value, name) {
        (V::Int(_) | V::Big(_) | V::Bool(_), "real" | "numerator") => return Some(value.clone()),
        (V::Int(_) | V::Big(_) | V::Bool(_), "imag") => return Some(V::Int(0)),
        (V::Int(_) | V::Big(_) | V::Bool(_), "denominator") => return Some(V::Int(1)),
        (V::Float(_), "real") => return Some(value.clone()),
        (V::Native(native), "__name__" | "__qualname__") => return Some(vm.str(native.name)),
        (V::Native(_), "__doc__") => return Some(V::None),
        _ => {}
    }
    let made = match (vm.obj(value)?, name) {
        (Obj::Range(from, _, _), "start") => V::Int(*from),
        (Obj::Range(_, to, _), "stop") => V::Int(*to),
        (Obj::Range(_, _, step), "step") => V::Int(*step),
        (Obj::Slice(from, _, _), "start") => from.clone(),
        (Obj::Slice(_, to, _), "stop") => to.clone(),
        (Obj::Slice(_, _, step), "step") => step.clone(),
        (Obj::File(file), "name") => {
            let name = file.name.clone();
            vm.str(name)
        }
        (Obj::File(file), "mode") => {
            let mode = file.mode.clone();
            vm.str(mode)
        }
        (Obj::File(file), "closed") => V::Bool(file.fd.is_none() && file.memory.is_none()),
        (Obj::File(_), "encoding") => vm.str("utf-8"),
        (Obj::File(_), "buffer") => return file::buffer(vm, value),
        (Obj::Bound(_, function), "__func__") => function.clone(),
        (Obj::Bound(this, _), "__self__") => this.clone(),
        (Obj::Bound(_, function), "__name__") => {
            let function = function.clone();
            return match function {
                V::Native(native) => Some(vm.str(native.name)),
                function => vm.attribute(&function, "__name__").ok().flatten(),
            };
        }
        (Obj::Iter(Iter::Sequence(..)), "__name__") => return None,
        _ => return None,
    };
    Some(made)
}
