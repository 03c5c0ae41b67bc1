//! Values of Python.
//!
//! **Invariant:** what refers to other values is in the heap; a value itself is small and copied.

use super::ast::Name;
use super::code::Code;
use super::dict::Dict;
use super::machine::{Frame, Trace};
use super::native::Native;
use crate::commands::lang::heap::{Id, Thing};
use crate::commands::lang::text::Text;
use num_bigint::BigInt;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Clone, Debug)]
pub(super) enum V {
    None,
    Ellipsis,
    NotImplemented,
    Bool(bool),
    Int(i64),
    Big(Arc<BigInt>),
    Float(f64),
    Str(Text),
    Bytes(Text),
    Type(Type),
    Native(&'static Native),
    Obj(Id),
}

/// Types that are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Type {
    Object,
    Type,
    NoneType,
    Ellipsis,
    NotImplemented,
    Bool,
    Int,
    Float,
    Str,
    Bytes,
    ByteArray,
    List,
    Tuple,
    Dict,
    Set,
    FrozenSet,
    Range,
    Slice,
    Function,
    Native,
    Method,
    Module,
    Generator,
    Iterator,
    File,
    Property,
    StaticMethod,
    ClassMethod,
    Super,
}

impl Type {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Object => "object",
            Self::Type => "type",
            Self::NoneType => "NoneType",
            Self::Ellipsis => "ellipsis",
            Self::NotImplemented => "NotImplementedType",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Float => "float",
            Self::Str => "str",
            Self::Bytes => "bytes",
            Self::ByteArray => "bytearray",
            Self::List => "list",
            Self::Tuple => "tuple",
            Self::Dict => "dict",
            Self::Set => "set",
            Self::FrozenSet => "frozenset",
            Self::Range => "range",
            Self::Slice => "slice",
            Self::Function => "function",
            Self::Native => "builtin_function_or_method",
            Self::Method => "method",
            Self::Module => "module",
            Self::Generator => "generator",
            Self::Iterator => "iterator",
            Self::File => "_io.TextIOWrapper",
            Self::Property => "property",
            Self::StaticMethod => "staticmethod",
            Self::ClassMethod => "classmethod",
            Self::Super => "super",
        }
    }
}

/// What is in the heap.
#[derive(Debug)]
pub(super) enum Obj {
    List(Vec<V>),
    Tuple(Vec<V>),
    Dict(Dict),
    /// `dict_keys` and its kind.
    View(&'static str, Vec<V>),
    Set(Dict, bool),
    ByteArray(Vec<u8>),
    Range(i64, i64, i64),
    Slice(V, V, V),
    Function(Function),
    Bound(V, V),
    Class(Class),
    Instance(Id, BTreeMap<Name, V>),
    Exception(Exception),
    Module(Name, Id),
    Scope(Scope),
    Iter(Iter),
    Generator(Option<Box<Frame>>, bool),
    File(File),
    Property(V, V),
    Static(V),
    ClassMethod(V),
    Super(Id, V),
}

#[derive(Clone, Debug)]
pub(super) struct Function {
    pub(super) code: Arc<Code>,
    pub(super) defaults: Vec<V>,
    pub(super) named: BTreeMap<Name, V>,
    /// Where its names are looked up.
    pub(super) scope: Id,
    pub(super) globals: Id,
    /// The class in whose body it was made.
    pub(super) owner: Option<Id>,
    pub(super) attributes: BTreeMap<Name, V>,
}

#[derive(Debug)]
pub(super) struct Class {
    pub(super) name: Name,
    pub(super) module: Name,
    pub(super) bases: Vec<Id>,
    /// Itself and all classes that it is one of, the nearest first.
    pub(super) order: Vec<Id>,
    pub(super) names: BTreeMap<Name, V>,
    /// Its instances are exceptions.
    pub(super) is_exception: bool,
}

#[derive(Debug, Default)]
pub(super) struct Exception {
    pub(super) class: Id,
    pub(super) args: Vec<V>,
    pub(super) names: BTreeMap<Name, V>,
    /// Where it passed, the innermost first.
    pub(super) trace: Vec<Trace>,
    pub(super) context: Option<Id>,
    pub(super) cause: Option<Id>,
    pub(super) no_context: bool,
}

/// Names of a module, a class's body or a call.
#[derive(Debug, Default)]
pub(super) struct Scope {
    pub(super) names: BTreeMap<Name, V>,
    pub(super) outer: Option<Id>,
    /// Functions inside do not see it.
    pub(super) is_class: bool,
    /// Names that are its own, set or not.
    pub(super) code: Option<Arc<Code>>,
}

#[derive(Debug)]
pub(super) enum Iter {
    /// A list or a tuple, and where it goes on.
    Sequence(Id, usize),
    /// Values that were there when it began.
    Values(std::vec::IntoIter<V>),
    Range(i64, i64, i64),
    Text(Text, usize),
    Bytes(Text, usize),
    Reversed(Id, usize),
    /// Lines of a file.
    File(Id),
    /// `iter(call, end)`
    Call(V, V),
}

/// An open file, or a stream.
#[derive(Debug)]
pub(super) struct File {
    pub(super) fd: Option<u32>,
    pub(super) name: String,
    pub(super) mode: String,
    pub(super) binary: bool,
    /// What was read and not asked for.
    pub(super) buffer: Vec<u8>,
    pub(super) ended: bool,
    /// `io.StringIO` and `io.BytesIO`: all is here, and where it goes on.
    pub(super) memory: Option<(Vec<u8>, usize)>,
    pub(super) reads: bool,
    pub(super) writes: bool,
}

impl V {
    /// Whether two are the same thing.
    pub(super) fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::None, Self::None)
            | (Self::Ellipsis, Self::Ellipsis)
            | (Self::NotImplemented, Self::NotImplemented) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Float(a), Self::Float(b)) => a.to_bits() == b.to_bits(),
            (Self::Str(a), Self::Str(b)) | (Self::Bytes(a), Self::Bytes(b)) => a == b,
            (Self::Type(a), Self::Type(b)) => a == b,
            (Self::Native(a), Self::Native(b)) => std::ptr::eq(*a, *b),
            (Self::Obj(a), Self::Obj(b)) => a == b,
            _ => false,
        }
    }

    pub(super) fn reach(&self, found: &mut Vec<Id>) {
        if let Self::Obj(id) = self {
            found.push(*id);
        }
    }

    pub(super) fn big(value: BigInt) -> Self {
        match i64::try_from(&value) {
            Ok(small) => Self::Int(small),
            Err(_) => Self::Big(Arc::new(value)),
        }
    }
}

fn reach_all<'a>(values: impl IntoIterator<Item = &'a V>, found: &mut Vec<Id>) {
    for value in values {
        value.reach(found);
    }
}

impl Thing for Obj {
    fn reach(&self, found: &mut Vec<Id>) {
        match self {
            Self::List(all) | Self::Tuple(all) | Self::View(_, all) => reach_all(all, found),
            Self::Dict(dict) | Self::Set(dict, _) => dict.reach(found),
            Self::ByteArray(_) | Self::Range(..) | Self::File(_) => {}
            Self::Slice(a, b, c) => reach_all([a, b, c], found),
            Self::Function(function) => {
                reach_all(&function.defaults, found);
                reach_all(function.named.values(), found);
                reach_all(function.attributes.values(), found);
                found.extend([function.scope, function.globals]);
                found.extend(function.owner);
            }
            Self::Bound(a, b) | Self::Property(a, b) => reach_all([a, b], found),
            Self::Class(class) => {
                found.extend(class.bases.iter().chain(&class.order));
                reach_all(class.names.values(), found);
            }
            Self::Instance(class, names) => {
                found.push(*class);
                reach_all(names.values(), found);
            }
            Self::Exception(exception) => {
                found.push(exception.class);
                found.extend(exception.context);
                found.extend(exception.cause);
                reach_all(&exception.args, found);
                reach_all(exception.names.values(), found);
            }
            Self::Module(_, scope) => found.push(*scope),
            Self::Scope(scope) => {
                found.extend(scope.outer);
                reach_all(scope.names.values(), found);
            }
            Self::Iter(iter) => iter.reach(found),
            Self::Generator(frame, _) => {
                if let Some(frame) = frame {
                    frame.reach(found);
                }
            }
            Self::Static(value) | Self::ClassMethod(value) => value.reach(found),
            Self::Super(class, value) => {
                found.push(*class);
                value.reach(found);
            }
        }
    }

    fn size(&self) -> usize {
        let inside = match self {
            Self::List(all) | Self::Tuple(all) | Self::View(_, all) => all.len() * 32,
            Self::Dict(dict) | Self::Set(dict, _) => dict.len() * 160,
            Self::ByteArray(bytes) => bytes.len(),
            Self::Instance(_, names) => names.len() * 100,
            Self::Scope(scope) => scope.names.len() * 100,
            Self::Class(class) => class.names.len() * 100,
            Self::Exception(exception) => {
                exception.args.len() * 32 + exception.trace.len() * 64 + exception.names.len() * 100
            }
            Self::File(file) => {
                file.buffer.len() + file.memory.as_ref().map_or(0, |(bytes, _)| bytes.len())
            }
            Self::Generator(Some(frame), _) => 300 + frame.stack.len() * 32,
            Self::Iter(Iter::Values(values)) => values.len() * 32,
            Self::Function(function) => (function.defaults.len() + function.named.len()) * 64,
            Self::Range(..)
            | Self::Slice(..)
            | Self::Bound(..)
            | Self::Module(..)
            | Self::Iter(_)
            | Self::Generator(None, _)
            | Self::Property(..)
            | Self::Static(_)
            | Self::ClassMethod(_)
            | Self::Super(..) => 0,
        };
        inside + 200
    }
}

impl Iter {
    fn reach(&self, found: &mut Vec<Id>) {
        match self {
            Self::Sequence(id, _) | Self::Reversed(id, _) | Self::File(id) => found.push(*id),
            Self::Values(values) => reach_all(values.as_slice(), found),
            Self::Range(..) | Self::Text(..) | Self::Bytes(..) => {}
            Self::Call(a, b) => reach_all([a, b], found),
        }
    }
}
