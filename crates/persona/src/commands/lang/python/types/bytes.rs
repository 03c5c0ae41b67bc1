//! Methods of `bytes` and `bytearray`.
//!
//! **Invariant:** what comes out is `bytes`, unless it changes an array in place.

use super::text::decode;
use crate::commands::lang::python::machine::{Answer, Vm};
use crate::commands::lang::python::native::{Args, Native, Ret};
use crate::commands::lang::python::value::{Obj, V};
use memchr::memmem;

/// Bytes of a value that has some.
pub(in crate::commands::lang::python) fn bytes_of(vm: &Vm, value: &V) -> Option<Vec<u8>> {
    match value {
        V::Bytes(bytes) => Some(bytes.to_vec()),
        value => match vm.obj(value)? {
            Obj::ByteArray(bytes) => Some(bytes.clone()),
            _ => None,
        },
    }
}

fn make(vm: &mut Vm, args: &Args) -> Answer<Vec<u8>> {
    match args.get(0) {
        None => Ok(Vec::new()),
        Some(V::Str(text)) => {
            if args.either(1, "encoding").is_none() {
                return Err(vm.type_error("string argument without an encoding"));
            }
            Ok(text.to_vec())
        }
        Some(value) => {
            let value = value.clone();
            if let Some(bytes) = bytes_of(vm, &value) {
                return Ok(bytes);
            }
            if let Some(count) = vm.index(&value) {
                let Ok(count) = usize::try_from(count) else {
                    return Err(vm.value_error("negative count"));
                };
                vm.room(count)?;
                return Ok(vec![0; count]);
            }
            let all = vm.values(&value)?;
            let mut bytes = Vec::with_capacity(all.len());
            for one in all {
                match vm.index(&one).map(u8::try_from) {
                    Some(Ok(byte)) => bytes.push(byte),
                    Some(Err(_)) => {
                        return Err(vm.value_error("bytes must be in range(0, 256)"));
                    }
                    None => {
                        let kind = vm.type_name(&one);
                        let text = format!("'{kind}' object cannot be interpreted as an integer");
                        return Err(vm.type_error(&text));
                    }
                }
            }
            Ok(bytes)
        }
    }
}

pub(super) static NEW: Native = Native::gathering("bytes", |vm, _, args| {
    let bytes = make(vm, &args)?;
    Ok(Ret::Value(vm.bytes(bytes)))
});

pub(super) static NEW_ARRAY: Native = Native::gathering("bytearray", |vm, _, args| {
    let bytes = make(vm, &args)?;
    Ok(Ret::Value(vm.add(Obj::ByteArray(bytes))))
});

fn this(vm: &Vm, args: &Args) -> Vec<u8> {
    bytes_of(vm, &args.value(0)).unwrap_or_default()
}

fn need(vm: &mut Vm, value: &V) -> Answer<Vec<u8>> {
    match bytes_of(vm, value) {
        Some(bytes) => Ok(bytes),
        None => {
            let kind = vm.type_name(value);
            Err(vm.type_error(&format!("a bytes-like object is required, not '{kind}'")))
        }
    }
}

fn give(vm: &mut Vm, bytes: impl Into<Vec<u8>>) -> Answer<Ret> {
    Ok(Ret::Value(vm.bytes(bytes)))
}

fn pieces(vm: &mut Vm, parts: Vec<Vec<u8>>) -> Answer<Ret> {
    let parts = parts.into_iter().map(|part| vm.bytes(part)).collect();
    Ok(Ret::Value(vm.list(parts)))
}

fn split(vm: &mut Vm, args: &Args) -> Answer<Ret> {
    let this = this(vm, args);
    let most = args.either(2, "maxsplit").and_then(|most| vm.index(&most));
    let most = most.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX);
    vm.room(this.len() * 4)?;
    match args.either(1, "sep").unwrap_or(V::None) {
        V::None => {
            let words = this.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
            pieces(vm, words.map(<[u8]>::to_vec).collect())
        }
        by => {
            let by = need(vm, &by)?;
            if by.is_empty() {
                return Err(vm.value_error("empty separator"));
            }
            let mut parts = Vec::new();
            let mut from = 0;
            for at in memmem::find_iter(&this, &by).take(most) {
                parts.push(this.get(from..at).unwrap_or_default().to_vec());
                from = at + by.len();
            }
            parts.push(this.get(from..).unwrap_or_default().to_vec());
            pieces(vm, parts)
        }
    }
}

fn strip(vm: &mut Vm, args: &Args, left: bool, right: bool) -> Answer<Ret> {
    let this = this(vm, args);
    let set = match args.value(1) {
        V::None => b" \t\n\r\x0b\x0c".to_vec(),
        set => need(vm, &set)?,
    };
    let start = if left { this.iter().take_while(|b| set.contains(b)).count() } else { 0 };
    let rest = this.get(start..).unwrap_or_default();
    let cut = if right { rest.iter().rev().take_while(|b| set.contains(b)).count() } else { 0 };
    give(vm, rest.get(..rest.len() - cut).unwrap_or_default())
}

pub(super) const METHODS: &[Native] = &[
    Native::new("decode", |vm, _, args| {
        let this = this(vm, &args);
        let encoding = args.either(1, "encoding").unwrap_or(V::None);
        vm.room(this.len())?;
        decode(vm, &this, &encoding, args.either(2, "errors")).map(Ret::Value)
    }),
    Native::new("hex", |vm, _, args| {
        let this = this(vm, &args);
        let by = match args.get(1) {
            Some(V::Str(by)) => Vm::text_of(by).to_owned(),
            _ => String::new(),
        };
        vm.room(this.len() * 2)?;
        let parts: Vec<String> = this.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Ret::Value(vm.str(parts.join(&by))))
    }),
    Native::new("split", |vm, _, args| split(vm, &args)),
    Native::new("splitlines", |vm, _, args| {
        let this = this(vm, &args);
        let mut parts: Vec<Vec<u8>> = this.split(|&b| b == b'\n').map(<[u8]>::to_vec).collect();
        if parts.last().is_some_and(Vec::is_empty) {
            parts.pop();
        }
        pieces(vm, parts)
    }),
    Native::new("strip", |vm, _, args| strip(vm, &args, true, true)),
    Native::new("lstrip", |vm, _, args| strip(vm, &args, true, false)),
    Native::new("rstrip", |vm, _, args| strip(vm, &args, false, true)),
    Native::gathering("join", |vm, _, args| {
        let this = this(vm, &args);
        let mut out = Vec::new();
        for (at, part) in vm.values(&args.value(1))?.iter().enumerate() {
            if at > 0 {
                out.extend_from_slice(&this);
            }
            out.extend(need(vm, part)?);
            vm.room(out.len())?;
        }
        give(vm, out)
    }),
    Native::new("replace", |vm, _, args| {
        let this = this(vm, &args);
        let (from, to) = (need(vm, &args.value(1))?, need(vm, &args.value(2))?);
        let mut out = Vec::new();
        let mut at = 0;
        for found in memmem::find_iter(&this, &from) {
            if from.is_empty() {
                break;
            }
            out.extend_from_slice(this.get(at..found).unwrap_or_default());
            out.extend_from_slice(&to);
            at = found + from.len();
            vm.room(out.len())?;
        }
        out.extend_from_slice(this.get(at..).unwrap_or_default());
        give(vm, out)
    }),
    Native::new("find", |vm, _, args| {
        let (this, what) = (this(vm, &args), need(vm, &args.value(1))?);
        let found = memmem::find(&this, &what).and_then(|at| i64::try_from(at).ok());
        Ok(Ret::Value(V::Int(found.unwrap_or(-1))))
    }),
    Native::new("index", |vm, _, args| {
        let (this, what) = (this(vm, &args), need(vm, &args.value(1))?);
        match memmem::find(&this, &what).and_then(|at| i64::try_from(at).ok()) {
            Some(at) => Ok(Ret::Value(V::Int(at))),
            None => Err(vm.value_error("subsection not found")),
        }
    }),
    Native::new("count", |vm, _, args| {
        let (this, what) = (this(vm, &args), need(vm, &args.value(1))?);
        let count = memmem::find_iter(&this, &what).count();
        Ok(Ret::Value(V::Int(i64::try_from(count).unwrap_or_default())))
    }),
    Native::new("startswith", |vm, _, args| {
        let (this, what) = (this(vm, &args), need(vm, &args.value(1))?);
        Ok(Ret::Value(V::Bool(this.starts_with(&what))))
    }),
    Native::new("endswith", |vm, _, args| {
        let (this, what) = (this(vm, &args), need(vm, &args.value(1))?);
        Ok(Ret::Value(V::Bool(this.ends_with(&what))))
    }),
    Native::new("upper", |vm, _, args| {
        let this = this(vm, &args);
        give(vm, this.to_ascii_uppercase())
    }),
    Native::new("lower", |vm, _, args| {
        let this = this(vm, &args);
        give(vm, this.to_ascii_lowercase())
    }),
    Native::new("ljust", |vm, _, args| {
        let mut this = this(vm, &args);
        let width = vm.index(&args.value(1)).and_then(|width| usize::try_from(width).ok());
        let fill = bytes_of(vm, &args.value(2)).and_then(|fill| fill.first().copied());
        let width = width.unwrap_or_default().max(this.len());
        vm.room(width)?;
        this.resize(width, fill.unwrap_or(b' '));
        give(vm, this)
    }),
    Native::new("append", |vm, _, args| {
        let byte = vm.index(&args.value(1)).and_then(|byte| u8::try_from(byte).ok());
        vm.heap.grow(1);
        if let (Some(byte), Some(Obj::ByteArray(all))) = (byte, vm.obj_mut(&args.value(0))) {
            all.push(byte);
        }
        Ok(Ret::Value(V::None))
    }),
    Native::gathering("extend", |vm, _, args| {
        let mut rest = args.clone();
        rest.plain.remove(0);
        let more = make(vm, &rest)?;
        vm.room(more.len())?;
        vm.heap.grow(more.len());
        if let Some(Obj::ByteArray(all)) = vm.obj_mut(&args.value(0)) {
            all.extend(more);
        }
        Ok(Ret::Value(V::None))
    }),
];

pub(super) const STATIC: &[Native] = &[Native::new("fromhex", |vm, _, args| {
    let text = match args.plain.last() {
        Some(V::Str(text)) => Vm::text_of(text).to_owned(),
        _ => String::new(),
    };
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(16)).collect();
    let bad = text.chars().position(|c| !c.is_whitespace() && !c.is_ascii_hexdigit());
    if let Some(at) = bad.or_else(|| (digits.len() % 2 == 1).then_some(text.len())) {
        let text = format!("non-hexadecimal number found in fromhex() arg at position {at}");
        return Err(vm.value_error(&text));
    }
    let bytes: Vec<u8> = digits
        .chunks_exact(2)
        .map(|two| u8::try_from(two.iter().fold(0, |byte, digit| byte * 16 + digit)).unwrap_or(0))
        .collect();
    give(vm, bytes)
})];
