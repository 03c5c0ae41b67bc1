//! Functions and classes that every program has.
//!
//! **Invariant:** whatever calls back into the program is written in Python, in `lib/builtins.py`.

mod attributes;
mod numbers;
mod output;

use super::ast::Name;
use super::compile::{Mode, module};
use super::machine::{Answer, Vm};
use super::native::{Args, Native, Ret};
use super::parser::parse;
use super::value::{Obj, Type, V};
use crate::commands::lang::heap::Id;
use std::collections::BTreeMap;

pub(super) use attributes::{CLASS_METHOD, OBJECT, PROPERTY, STATIC, SUPER, TYPE};

/// Types by the names that programs have for them.
const TYPES: &[Type] = &[
    Type::Object,
    Type::Type,
    Type::Bool,
    Type::Int,
    Type::Float,
    Type::Str,
    Type::Bytes,
    Type::ByteArray,
    Type::List,
    Type::Tuple,
    Type::Dict,
    Type::Set,
    Type::FrozenSet,
    Type::Range,
    Type::Slice,
    Type::Property,
    Type::StaticMethod,
    Type::ClassMethod,
    Type::Super,
];

/// Exceptions: each, and the one that it is a kind of.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("BaseException", ""),
    ("SystemExit", "BaseException"),
    ("KeyboardInterrupt", "BaseException"),
    ("GeneratorExit", "BaseException"),
    ("Exception", "BaseException"),
    ("StopIteration", "Exception"),
    ("StopAsyncIteration", "Exception"),
    ("ArithmeticError", "Exception"),
    ("FloatingPointError", "ArithmeticError"),
    ("OverflowError", "ArithmeticError"),
    ("ZeroDivisionError", "ArithmeticError"),
    ("AssertionError", "Exception"),
    ("AttributeError", "Exception"),
    ("BufferError", "Exception"),
    ("EOFError", "Exception"),
    ("ImportError", "Exception"),
    ("ModuleNotFoundError", "ImportError"),
    ("LookupError", "Exception"),
    ("IndexError", "LookupError"),
    ("KeyError", "LookupError"),
    ("MemoryError", "Exception"),
    ("NameError", "Exception"),
    ("UnboundLocalError", "NameError"),
    ("OSError", "Exception"),
    ("BlockingIOError", "OSError"),
    ("ChildProcessError", "OSError"),
    ("ConnectionError", "OSError"),
    ("BrokenPipeError", "ConnectionError"),
    ("ConnectionAbortedError", "ConnectionError"),
    ("ConnectionRefusedError", "ConnectionError"),
    ("ConnectionResetError", "ConnectionError"),
    ("FileExistsError", "OSError"),
    ("FileNotFoundError", "OSError"),
    ("InterruptedError", "OSError"),
    ("IsADirectoryError", "OSError"),
    ("NotADirectoryError", "OSError"),
    ("PermissionError", "OSError"),
    ("ProcessLookupError", "OSError"),
    ("TimeoutError", "OSError"),
    ("ReferenceError", "Exception"),
    ("RuntimeError", "Exception"),
    ("NotImplementedError", "RuntimeError"),
    ("RecursionError", "RuntimeError"),
    ("SyntaxError", "Exception"),
    ("IndentationError", "SyntaxError"),
    ("TabError", "IndentationError"),
    ("SystemError", "Exception"),
    ("TypeError", "Exception"),
    ("ValueError", "Exception"),
    ("UnicodeError", "ValueError"),
    ("UnicodeDecodeError", "UnicodeError"),
    ("UnicodeEncodeError", "UnicodeError"),
    ("Warning", "Exception"),
    ("UserWarning", "Warning"),
    ("DeprecationWarning", "Warning"),
    ("RuntimeWarning", "Warning"),
    ("UnsupportedOperation", "OSError"),
];

/// Fills the scope of the builtins, and gives what of it has to be run.
pub(super) fn fill(vm: &mut Vm) -> Option<std::sync::Arc<super::code::Code>> {
    let scope = vm.builtins;
    for (name, base) in EXCEPTIONS {
        let bases = vm.classes.get(*base).copied().into_iter().collect();
        let outside = *name == "UnsupportedOperation";
        let module: Name = if outside { "io" } else { "builtins" }.into();
        let id = vm.new_class((*name).into(), module, bases, BTreeMap::new());
        if let Some(Obj::Class(class)) = vm.heap.get_mut(id) {
            class.is_exception = true;
        }
        vm.classes.insert((*name).into(), id);
        if !outside {
            vm.set_name(scope, (*name).into(), V::Obj(id));
        }
    }
    for (alias, name) in [("IOError", "OSError"), ("EnvironmentError", "OSError")] {
        if let Some(id) = vm.classes.get(name).copied() {
            vm.set_name(scope, alias.into(), V::Obj(id));
        }
    }
    for kind in TYPES {
        vm.set_name(scope, kind.name().into(), V::Type(*kind));
    }
    for native in FUNCTIONS.iter().chain(output::FUNCTIONS).chain(numbers::FUNCTIONS) {
        vm.set_name(scope, native.name.into(), V::Native(native));
    }
    for native in attributes::FUNCTIONS {
        vm.set_name(scope, native.name.into(), V::Native(native));
    }
    vm.set_name(scope, "NotImplemented".into(), V::NotImplemented);
    vm.set_name(scope, "Ellipsis".into(), V::Ellipsis);
    vm.set_name(scope, "__debug__".into(), V::Bool(true));
    let body = parse(include_str!("lib/builtins.py")).ok()?;
    Some(module(&body, "/usr/lib/python3.11/builtins.py", Mode::Library, &vm.meter))
}

fn len(vm: &mut Vm, args: &Args) -> Answer<Ret> {
    let value = args.value(0);
    let count = match &value {
        V::Str(text) => {
            vm.work += text.len() / 16;
            Some(Vm::text_of(text).chars().count())
        }
        V::Bytes(bytes) => Some(bytes.len()),
        value => match vm.obj(value) {
            Some(Obj::List(all) | Obj::Tuple(all) | Obj::View(_, all)) => Some(all.len()),
            Some(Obj::Dict(dict) | Obj::Set(dict, _)) => Some(dict.len()),
            Some(Obj::ByteArray(bytes)) => Some(bytes.len()),
            Some(Obj::Range(from, to, step)) => Some(super::machine::range_len(*from, *to, *step)),
            _ => None,
        },
    };
    if let Some(count) = count {
        return Ok(Ret::Value(V::Int(i64::try_from(count).unwrap_or(i64::MAX))));
    }
    if let Some(method) = vm.text_method(&value, &["__len__"]) {
        return Ok(Ret::Call(method, Args::of(vec![value])));
    }
    let text = format!("object of type '{}' has no len()", vm.type_name(&value));
    Err(vm.type_error(&text))
}

/// The code of a text, for `exec` and `eval`.
fn compile(vm: &mut Vm, args: &Args, whole: bool) -> Answer<Ret> {
    let text = match args.value(0) {
        V::Str(text) => Vm::text_of(&text).to_owned(),
        V::Bytes(text) => String::from_utf8_lossy(&text).into_owned(),
        other => {
            let name = if whole { "exec" } else { "eval" };
            let kind = vm.type_name(&other);
            let text = format!("{name}() arg 1 must be a string, bytes or code object");
            let _ = kind;
            return Err(vm.type_error(&text));
        }
    };
    vm.work += text.len() * 10;
    if text.len() > 1 << 20 {
        return Err(vm.exception("MemoryError", Vec::new()));
    }
    let code = if whole {
        parse(&text).map(|body| module(&body, "<string>", Mode::Program, &vm.meter))
    } else {
        super::parser::parse_expression(&text)
            .map(|value| super::compile::expression(&value, "<string>", &vm.meter))
    };
    let code = match code {
        Ok(code) => code,
        Err(fault) => return Err(vm.syntax_error(&fault, "<string>")),
    };
    let scope = match vm.obj(&args.value(1)) {
        Some(Obj::Dict(dict)) => {
            let names: BTreeMap<Name, V> = dict
                .iter()
                .filter_map(|(key, value)| match key {
                    V::Str(key) => Some((Vm::text_of(key).into(), value.clone())),
                    _ => None,
                })
                .collect();
            vm.heap.add(Obj::Scope(super::value::Scope { names, ..Default::default() }))
        }
        _ => vm.here(),
    };
    Ok(Ret::Run(code, scope))
}

impl Vm {
    /// The scope that the program is in.
    pub(super) fn here(&self) -> Id {
        self.frames.last().and_then(|frame| frame.scopes.last().copied()).unwrap_or(self.main)
    }
}

const FUNCTIONS: &[Native] = &[
    Native::new("len", |vm, _, args| len(vm, &args)),
    Native::new("repr", |vm, _, args| {
        let value = args.value(0);
        if let Some(method) = vm.text_method(&value, &["__repr__"]) {
            return Ok(Ret::Call(method, Args::of(vec![value])));
        }
        vm.check_digits(&value)?;
        let text = vm.repr(&value);
        vm.room(text.len())?;
        Ok(Ret::Value(vm.str(text)))
    }),
    Native::new("ascii", |vm, _, args| {
        let text = vm.repr(&args.value(0));
        let plain: String = text
            .chars()
            .map(|c| match u32::from(c) {
                code if code < 128 => c.to_string(),
                code if code < 256 => format!("\\x{code:02x}"),
                code if code < 65_536 => format!("\\u{code:04x}"),
                code => format!("\\U{code:08x}"),
            })
            .collect();
        Ok(Ret::Value(vm.str(plain)))
    }),
    Native::new("format", |vm, _, args| {
        let value = args.value(0);
        let format = match args.get(1) {
            Some(V::Str(format)) => Vm::text_of(format).to_owned(),
            _ => String::new(),
        };
        if let Some(method) = vm.text_method(&value, &["__format__"]) {
            let format = vm.str(format);
            return Ok(Ret::Call(method, Args::of(vec![value, format])));
        }
        let text = super::format::value(vm, &value, &format)?;
        Ok(Ret::Value(vm.str(text)))
    }),
    Native::new("iter", |vm, _, args| {
        let value = args.value(0);
        if args.len() > 1 {
            let callee = vm.library("_iter_calls");
            return Ok(Ret::Call(callee, args));
        }
        if let Some(method) = vm.text_method(&value, &["__iter__"]) {
            return Ok(Ret::Call(method, Args::of(vec![value])));
        }
        vm.iter_over(&value).map(Ret::Value)
    }),
    Native::new("reversed", |vm, _, args| {
        let value = args.value(0);
        if let Some(method) = vm.text_method(&value, &["__reversed__"]) {
            return Ok(Ret::Call(method, Args::of(vec![value])));
        }
        let mut all = vm.values(&value)?;
        all.reverse();
        let list = vm.list(all);
        vm.iter_over(&list).map(Ret::Value)
    }),
    Native::gathering("any", |vm, _, args| {
        let all = vm.values(&args.value(0))?;
        Ok(Ret::Value(V::Bool(all.iter().any(|value| vm.truth(value)))))
    }),
    Native::gathering("all", |vm, _, args| {
        let all = vm.values(&args.value(0))?;
        Ok(Ret::Value(V::Bool(all.iter().all(|value| vm.truth(value)))))
    }),
    Native::new("exec", |vm, _, args| compile(vm, &args, true)),
    Native::new("eval", |vm, _, args| compile(vm, &args, false)),
    Native::new("_raw_sort", |vm, _, args| {
        let reverse = vm.truth(&args.value(1));
        let mut all = vm.sequence(&args.value(0)).unwrap_or_default().to_vec();
        super::types::sort(vm, &mut all, reverse)?;
        Ok(Ret::Value(vm.list(all)))
    }),
    Native::new("_lazy", |vm, _, args| Ok(Ret::Value(V::Bool(vm.is_lazy(&args.value(0)))))),
    Native::new("_assign", |vm, _, args| {
        let all = vm.sequence(&args.value(1)).unwrap_or_default().to_vec();
        vm.heap.grow(all.len() * 32);
        if let Some(Obj::List(list)) = vm.obj_mut(&args.value(0)) {
            *list = all;
        }
        Ok(Ret::Value(V::None))
    }),
];
