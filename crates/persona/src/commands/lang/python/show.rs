//! Values as texts: `repr` and `str`, and what types are called.
//!
//! **Invariant:** what refers to itself is shown as `...`; depth and length have caps.

use super::ast::Name;
use super::machine::{After, Answer, Vm};
use super::native::Args;
use super::value::{Iter, Obj, Type, V};
use crate::commands::lang::heap::Id;
use crate::kernel::Proc;

/// Things in things that are shown.
const DEPTH: usize = 50;
/// Digits that a whole number is shown with.
const DIGITS: usize = 4_300;

impl Vm {
    pub(super) fn type_of(&self, value: &V) -> Type {
        match value {
            V::None => Type::NoneType,
            V::Ellipsis => Type::Ellipsis,
            V::NotImplemented => Type::NotImplemented,
            V::Bool(_) => Type::Bool,
            V::Int(_) | V::Big(_) => Type::Int,
            V::Float(_) => Type::Float,
            V::Str(_) => Type::Str,
            V::Bytes(_) => Type::Bytes,
            V::Type(_) => Type::Type,
            V::Native(_) => Type::Native,
            V::Obj(id) => match self.heap.get(*id) {
                Some(Obj::List(_)) => Type::List,
                Some(Obj::Tuple(_)) => Type::Tuple,
                Some(Obj::Dict(_)) => Type::Dict,
                Some(Obj::Set(_, false)) => Type::Set,
                Some(Obj::Set(_, true)) => Type::FrozenSet,
                Some(Obj::ByteArray(_)) => Type::ByteArray,
                Some(Obj::Range(..)) => Type::Range,
                Some(Obj::Slice(..)) => Type::Slice,
                Some(Obj::Function(_)) => Type::Function,
                Some(Obj::Bound(_, V::Native(_))) => Type::Native,
                Some(Obj::Bound(..)) => Type::Method,
                Some(Obj::Class(_)) => Type::Type,
                Some(Obj::Module(..)) => Type::Module,
                Some(Obj::Iter(_)) => Type::Iterator,
                Some(Obj::Generator(..)) => Type::Generator,
                Some(Obj::File(_)) => Type::File,
                Some(Obj::Property(..)) => Type::Property,
                Some(Obj::Static(_)) => Type::StaticMethod,
                Some(Obj::ClassMethod(_)) => Type::ClassMethod,
                Some(Obj::Super(..)) => Type::Super,
                Some(
                    Obj::View(..) | Obj::Instance(..) | Obj::Exception(_) | Obj::Scope(_),
                )
                | None => Type::Object,
            },
        }
    }

    /// `type(value)`
    pub(super) fn type_value(&self, value: &V) -> V {
        match self.class_of(value) {
            Some(class) => V::Obj(class),
            None => V::Type(self.type_of(value)),
        }
    }

    pub(super) fn type_name(&self, value: &V) -> String {
        match self.obj(value) {
            Some(Obj::Instance(class, _)) => self.name_of_class(*class),
            Some(Obj::Exception(exception)) => self.name_of_class(exception.class),
            Some(Obj::Iter(iter)) => iter_name(iter).to_owned(),
            Some(Obj::View(name, _)) => (*name).to_owned(),
            Some(Obj::File(file)) if file.memory.is_some() => {
                if file.binary { "_io.BytesIO" } else { "_io.StringIO" }.to_owned()
            }
            Some(Obj::File(file)) if file.binary && file.writes => "_io.BufferedWriter".to_owned(),
            Some(Obj::File(file)) if file.binary => "_io.BufferedReader".to_owned(),
            _ => self.type_of(value).name().to_owned(),
        }
    }

    pub(super) fn name_of_class(&self, class: Id) -> String {
        match self.heap.get(class) {
            Some(Obj::Class(class)) => class.name.to_string(),
            _ => "?".to_owned(),
        }
    }

    /// With its module, unless that is one that is not said.
    fn full_name(&self, class: Id) -> String {
        match self.heap.get(class) {
            Some(Obj::Class(class)) if &*class.module == "builtins" => class.name.to_string(),
            Some(Obj::Class(class)) => format!("{}.{}", class.module, class.name),
            _ => "?".to_owned(),
        }
    }

    /// As a traceback names an exception's class.
    pub(super) fn exception_name(&self, class: Id) -> String {
        let name = self.full_name(class);
        name.strip_prefix("__main__.").map_or(name.clone(), ToOwned::to_owned)
    }

    pub(super) fn text(&self, value: &V) -> String {
        match value {
            V::Str(text) => Self::text_of(text).to_owned(),
            value => match self.obj(value) {
                Some(Obj::Exception(exception)) => match exception.args.as_slice() {
                    _ if exception.names.contains_key("strerror") => self.os_error_text(value),
                    [] => String::new(),
                    [V::Str(text)] if self.name_of_class(exception.class) != "KeyError" => {
                        Self::text_of(text).to_owned()
                    }
                    [only] if self.name_of_class(exception.class) != "KeyError" => self.text(only),
                    [only] => self.repr(only),
                    all => self.tuple_text(all, 0),
                },
                _ => self.repr(value),
            },
        }
    }

    fn os_error_text(&self, value: &V) -> String {
        let Some(Obj::Exception(exception)) = self.obj(value) else { return String::new() };
        let part = |name: &str| exception.names.get(name).cloned().unwrap_or(V::None);
        let (number, text) = (self.text(&part("errno")), self.text(&part("strerror")));
        match part("filename") {
            V::None => format!("[Errno {number}] {text}"),
            path => format!("[Errno {number}] {text}: {}", self.repr(&path)),
        }
    }

    pub(super) fn repr(&self, value: &V) -> String {
        self.repr_at(value, 0)
    }

    fn all(&self, values: &[V], depth: usize) -> String {
        let parts: Vec<String> = values.iter().map(|value| self.repr_at(value, depth + 1)).collect();
        parts.join(", ")
    }

    fn tuple_text(&self, all: &[V], depth: usize) -> String {
        let comma = if all.len() == 1 { "," } else { "" };
        format!("({}{comma})", self.all(all, depth))
    }

    fn repr_at(&self, value: &V, depth: usize) -> String {
        match value {
            V::None => "None".to_owned(),
            V::Ellipsis => "Ellipsis".to_owned(),
            V::NotImplemented => "NotImplemented".to_owned(),
            V::Bool(true) => "True".to_owned(),
            V::Bool(false) => "False".to_owned(),
            V::Int(number) => number.to_string(),
            V::Big(number) => number.to_string(),
            V::Float(number) => float(*number),
            V::Str(text) => quoted(Self::text_of(text)),
            V::Bytes(bytes) => format!("b{}", quoted_bytes(bytes)),
            V::Type(kind) => format!("<class '{}'>", kind.name()),
            V::Native(native) => format!("<built-in function {}>", native.name),
            V::Obj(id) => self.repr_obj(*id, depth),
        }
    }

    fn repr_obj(&self, id: Id, depth: usize) -> String {
        let place = 0x7f3a_5c00_0000_usize + id * 0x30;
        if depth > DEPTH {
            return "...".to_owned();
        }
        let pairs = |dict: &super::dict::Dict| {
            let pair = |(key, value): &(V, V)| {
                format!("{}: {}", self.repr_at(key, depth + 1), self.repr_at(value, depth + 1))
            };
            dict.iter().map(pair).collect::<Vec<_>>().join(", ")
        };
        match self.heap.get(id) {
            Some(Obj::List(all)) => format!("[{}]", self.all(all, depth)),
            Some(Obj::Tuple(all)) => self.tuple_text(all, depth),
            Some(Obj::View(name, all)) => format!("{name}([{}])", self.all(all, depth)),
            Some(Obj::Dict(dict)) => format!("{{{}}}", pairs(dict)),
            Some(Obj::Set(dict, frozen)) => {
                let mut keys = dict.keys();
                if keys.iter().all(|key| matches!(key, V::Int(0..=255))) {
                    keys.sort_by_key(|key| self.index(key));
                }
                match (keys.is_empty(), frozen) {
                    (true, false) => "set()".to_owned(),
                    (true, true) => "frozenset()".to_owned(),
                    (false, false) => format!("{{{}}}", self.all(&keys, depth)),
                    (false, true) => format!("frozenset({{{}}})", self.all(&keys, depth)),
                }
            }
            Some(Obj::ByteArray(bytes)) => format!("bytearray(b{})", quoted_bytes(bytes)),
            Some(Obj::Range(from, to, 1)) => format!("range({from}, {to})"),
            Some(Obj::Range(from, to, step)) => format!("range({from}, {to}, {step})"),
            Some(Obj::Slice(from, to, step)) => {
                let parts = [from, to, step].map(|part| self.repr_at(part, depth + 1));
                format!("slice({})", parts.join(", "))
            }
            Some(Obj::Function(function)) => {
                format!("<function {} at {place:#x}>", function.code.name)
            }
            Some(Obj::Bound(this, V::Native(native))) => {
                let kind = self.type_name(this);
                format!("<built-in method {} of {kind} object at {place:#x}>", native.name)
            }
            Some(Obj::Bound(this, function)) => {
                let name = match self.obj(function) {
                    Some(Obj::Function(function)) => function.code.name.to_string(),
                    _ => "?".to_owned(),
                };
                let kind = self.type_name(this);
                format!("<bound method {kind}.{name} of {}>", self.repr_at(this, depth + 1))
            }
            Some(Obj::Class(_)) => format!("<class '{}'>", self.full_name(id)),
            Some(Obj::Instance(class, _)) => {
                format!("<{} object at {place:#x}>", self.full_name(*class))
            }
            Some(Obj::Exception(exception)) => {
                let name = self.name_of_class(exception.class);
                format!("{name}({})", self.all(&exception.args, depth))
            }
            Some(Obj::Module(name, _)) if super::modules::is_builtin(name) => {
                format!("<module '{name}' (built-in)>")
            }
            Some(Obj::Module(name, _)) => {
                format!("<module '{name}' from '/usr/lib/python3.11/{}.py'>", name.replace('.', "/"))
            }
            Some(Obj::Generator(frame, _)) => {
                let name = frame.as_ref().map_or("generator", |frame| &*frame.code.name);
                format!("<generator object {name} at {place:#x}>")
            }
            Some(Obj::Iter(iter)) => format!("<{} object at {place:#x}>", iter_name(iter)),
            Some(Obj::File(file)) => {
                let (name, mode) = (quoted(&file.name), quoted(&file.mode));
                if file.binary {
                    format!("<_io.BufferedReader name={name}>")
                } else {
                    format!("<_io.TextIOWrapper name={name} mode={mode} encoding='utf-8'>")
                }
            }
            Some(Obj::Property(..)) => format!("<property object at {place:#x}>"),
            Some(Obj::Static(_)) => format!("<staticmethod object at {place:#x}>"),
            Some(Obj::ClassMethod(_)) => format!("<classmethod object at {place:#x}>"),
            Some(Obj::Super(..)) => "<super object>".to_owned(),
            Some(Obj::Scope(_)) | None => "<object>".to_owned(),
        }
    }

    /// The method of a class of the program that makes a text of its instances.
    pub(super) fn text_method(&self, value: &V, names: &[&str]) -> Option<V> {
        let class = self.class_of(value)?;
        names.iter().find_map(|name| self.class_name(class, name))
    }

    /// `repr(value)`, which may be a call.
    pub(super) fn call_repr(&mut self, p: &mut Proc, value: V, after: After) -> Answer<()> {
        if let Some(method) = self.text_method(&value, &["__repr__"]) {
            return self.call(p, method, Args::of(vec![value]), after);
        }
        self.check_digits(&value)?;
        let text = self.repr(&value);
        self.room(text.len())?;
        let text = self.str(text);
        self.finish(text, after)
    }

    /// `str(value)`, which may be a call.
    pub(super) fn call_str(&mut self, p: &mut Proc, value: V, after: After) -> Answer<()> {
        if let Some(method) = self.text_method(&value, &["__str__", "__repr__"]) {
            return self.call(p, method, Args::of(vec![value]), after);
        }
        self.check_digits(&value)?;
        let text = match &value {
            V::Str(_) => value,
            value => {
                let text = self.text(value);
                self.room(text.len())?;
                self.str(text)
            }
        };
        self.finish(text, after)
    }

    /// Numbers of too many digits have no text.
    pub(super) fn check_digits(&mut self, value: &V) -> Answer<()> {
        if let V::Big(number) = value
            && number.bits() > 14_000
            && number.to_string().trim_start_matches('-').len() > DIGITS
        {
            let text = "Exceeds the limit (4300 digits) for integer string conversion; use sys.set_int_max_str_digits() to increase the limit";
            return Err(self.value_error(text));
        }
        Ok(())
    }

    /// `{value!r:format}` of an f-string.
    pub(super) fn format_op(
        &mut self,
        p: &mut Proc,
        convert: Option<char>,
        has_format: bool,
    ) -> Answer<()> {
        let format = if has_format { self.taken() } else { V::None };
        let value = self.taken();
        let value = match convert {
            Some('r' | 'a') => {
                if self.text_method(&value, &["__repr__"]).is_some() {
                    return self.call_repr(p, value, After::Push);
                }
                let text = self.repr(&value);
                self.str(text)
            }
            _ => value,
        };
        let empty = match &format {
            V::Str(text) => text.is_empty(),
            _ => true,
        };
        if empty {
            return self.call_str(p, value, After::Push);
        }
        if let Some(method) = self.text_method(&value, &["__format__"]) {
            return self.call(p, method, Args::of(vec![value, format]), After::Push);
        }
        let V::Str(format) = format else { return Ok(()) };
        let text = super::format::value(self, &value, Self::text_of(&format))?;
        let text = self.str(text);
        self.finish(text, After::Push)?;
        Ok(())
    }

    pub(super) fn name(text: &str) -> Name {
        text.into()
    }
}

fn iter_name(iter: &Iter) -> &'static str {
    match iter {
        Iter::Sequence(..) => "list_iterator",
        Iter::Values(_) => "dict_keyiterator",
        Iter::Range(..) => "range_iterator",
        Iter::Text(..) => "str_iterator",
        Iter::Bytes(..) => "bytes_iterator",
        Iter::Reversed(..) => "list_reverseiterator",
        Iter::File(_) => "_io.TextIOWrapper",
        Iter::Call(..) => "callable_iterator",
    }
}

/// The shortest text that is this number.
pub(super) fn float(number: f64) -> String {
    if number.is_nan() {
        return "nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let text = format!("{number:e}");
    let (digits, power) = text.split_once('e').unwrap_or((&text, "0"));
    let power: i32 = power.parse().unwrap_or_default();
    if (-4..16).contains(&power) {
        let plain = format!("{number}");
        return if plain.contains('.') { plain } else { format!("{plain}.0") };
    }
    let sign = if power < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", power.unsigned_abs())
}

/// A text in quotes, as a program would have it.
pub(super) fn quoted(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for letter in text.chars() {
        match letter {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            letter if letter == quote => {
                out.push('\\');
                out.push(letter);
            }
            letter if letter.is_ascii_control() || ('\u{7f}'..='\u{a0}').contains(&letter) => {
                out.push_str(&format!("\\x{:02x}", u32::from(letter)));
            }
            letter if matches!(letter, '\u{ad}' | '\u{2028}' | '\u{2029}' | '\u{200b}'..='\u{200f}' | '\u{e000}'..='\u{f8ff}' | '\u{fff0}'..='\u{fffc}') => {
                let code = u32::from(letter);
                out.push_str(&if code < 256 {
                    format!("\\x{code:02x}")
                } else {
                    format!("\\u{code:04x}")
                });
            }
            letter => out.push(letter),
        }
    }
    out.push(quote);
    out
}

pub(super) fn quoted_bytes(bytes: &[u8]) -> String {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') { '"' } else { '\'' };
    let mut out = String::with_capacity(bytes.len() + 2);
    out.push(quote);
    for &byte in bytes {
        match byte {
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            byte if char::from(byte) == quote => {
                out.push('\\');
                out.push(quote);
            }
            0x20..=0x7e => out.push(char::from(byte)),
            byte => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out.push(quote);
    out
}
