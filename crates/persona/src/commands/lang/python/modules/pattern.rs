//! `re`: searching.
//!
//! **Invariant:** a search costs what the engine lets it cost, and that is counted.

use crate::commands::lang::python::machine::{Answer, Vm};
use crate::commands::lang::python::native::{Args, Native, Ret};
use crate::commands::lang::python::value::V;
use crate::regex::{Case, Chars, Error, Flavor, Lines, Regex, Syntax};

/// `re.I`, `re.M`, `re.S`, `re.X`
const FOLD: i64 = 2;
const EACH_LINE: i64 = 8;
const DOT_ALL: i64 = 16;
const VERBOSE: i64 = 64;

/// Places of groups that have names.
fn names(pattern: &[u8]) -> Vec<(String, i64)> {
    let (mut names, mut count, mut inside) = (Vec::new(), 0, false);
    let mut rest = pattern;
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        match byte {
            b'\\' => rest = rest.get(1..).unwrap_or_default(),
            b'[' => inside = true,
            b']' => inside = false,
            b'(' if !inside => {
                if rest.first() != Some(&b'?') {
                    count += 1;
                } else if let Some(name) = rest.strip_prefix(b"?P<") {
                    count += 1;
                    let end = name.iter().position(|&b| b == b'>').unwrap_or_default();
                    let name = name.get(..end).unwrap_or_default();
                    names.push((String::from_utf8_lossy(name).into_owned(), count));
                }
            }
            _ => {}
        }
    }
    names
}

fn compile(vm: &mut Vm, pattern: &V, flags: i64) -> Answer<Regex> {
    let (bytes, chars) = match pattern {
        V::Bytes(bytes) => (bytes.to_vec(), Chars::Bytes),
        V::Str(text) => (text.to_vec(), Chars::Utf8),
        other => {
            let kind = vm.type_name(other);
            let text = format!("first argument must be string or compiled pattern, not {kind}");
            return Err(vm.type_error(&text));
        }
    };
    let mut options = String::new();
    for (flag, letter) in [(DOT_ALL, 's'), (VERBOSE, 'x')] {
        if flags & flag != 0 {
            options.push(letter);
        }
    }
    let bytes = if options.is_empty() {
        bytes
    } else {
        [format!("(?{options})").as_bytes(), &bytes].concat()
    };
    let syntax = Syntax {
        flavor: Flavor::Perl,
        case: if flags & FOLD != 0 { Case::Fold } else { Case::Exact },
        chars,
        lines: if flags & EACH_LINE != 0 { Lines::Each } else { Lines::Whole },
    };
    vm.work += bytes.len() * 20 + 100;
    Regex::new(&bytes, syntax).map_err(|error| {
        let text = match error {
            Error::OpenParen => "missing ), unterminated subpattern at position 0",
            Error::CloseParen => "unbalanced parenthesis at position 0",
            Error::Bracket => "unterminated character set at position 0",
            Error::Repeat => "nothing to repeat at position 0",
            Error::Range => "bad character range at position 0",
            _ => "bad escape at position 0",
        };
        vm.error("re.error", text)
    })
}

/// `find(pattern, flags, text, from)`: spans of all groups in bytes, or nothing.
fn find(vm: &mut Vm, args: &Args) -> Answer<Ret> {
    let flags = vm.index(&args.value(1)).unwrap_or_default();
    let key = (vm.text(&args.value(0)), flags, matches!(args.value(0), V::Bytes(_)));
    let from = vm.index(&args.value(3)).and_then(|from| usize::try_from(from).ok());
    let text = match args.value(2) {
        V::Str(text) | V::Bytes(text) => text,
        other => {
            let kind = vm.type_name(&other);
            let text = format!("expected string or bytes-like object, got '{kind}'");
            return Err(vm.type_error(&text));
        }
    };
    if vm.patterns.len() > 64 {
        vm.patterns.clear();
    }
    let regex = match vm.patterns.get(&key) {
        Some(regex) => std::sync::Arc::clone(regex),
        None => {
            let regex = std::sync::Arc::new(compile(vm, &args.value(0), flags)?);
            vm.patterns.insert(key, std::sync::Arc::clone(&regex));
            regex
        }
    };
    let found = regex.captures_at(&text, from.unwrap_or_default());
    vm.work += regex.work() + 10;
    let Some(groups) = found else { return Ok(Ret::Value(V::None)) };
    let place = |at: usize| V::Int(i64::try_from(at).unwrap_or(-1));
    let spans: Vec<V> = groups
        .into_iter()
        .map(|group| {
            let (start, end) = group.map_or((V::Int(-1), V::Int(-1)), |(a, b)| (place(a), place(b)));
            vm.tuple(vec![start, end])
        })
        .collect();
    Ok(Ret::Value(vm.list(spans)))
}

pub(super) const FUNCTIONS: &[Native] = &[
    Native::new("_find", |vm, _, args| find(vm, &args)),
    Native::new("_names", |vm, _, args| {
        let pattern = match args.value(0) {
            V::Str(text) | V::Bytes(text) => text.to_vec(),
            _ => Vec::new(),
        };
        let names = names(&pattern)
            .into_iter()
            .map(|(name, place)| (name.as_str().into(), V::Int(place)))
            .collect();
        Ok(Ret::Value(vm.named_dict(names)))
    }),
    Native::new("_groups", |vm, _, args| {
        let flags = vm.index(&args.value(1)).unwrap_or_default();
        let regex = compile(vm, &args.value(0), flags)?;
        Ok(Ret::Value(V::Int(i64::try_from(regex.groups()).unwrap_or(1) - 1)))
    }),
    // Texts are searched as bytes: a part of one, and a place in characters.
    Native::new("_part", |vm, _, args| {
        let at = |n: usize| vm.index(&args.value(n)).and_then(|at| usize::try_from(at).ok());
        let (Some(start), Some(end)) = (at(1), at(2)) else { return Ok(Ret::Value(V::None)) };
        Ok(Ret::Value(match args.value(0) {
            V::Str(text) => V::Str(vm.meter.text(text.get(start..end).unwrap_or_default())),
            V::Bytes(text) => V::Bytes(vm.meter.text(text.get(start..end).unwrap_or_default())),
            _ => V::None,
        }))
    }),
    Native::new("_place", |vm, _, args| {
        let at = vm.index(&args.value(1)).and_then(|at| usize::try_from(at).ok());
        Ok(Ret::Value(match (args.value(0), at) {
            (V::Str(text), Some(at)) => {
                let before = text.get(..at).unwrap_or_default();
                let count = String::from_utf8_lossy(before).chars().count();
                V::Int(i64::try_from(count).unwrap_or_default())
            }
            (_, Some(at)) => V::Int(i64::try_from(at).unwrap_or_default()),
            _ => V::Int(-1),
        }))
    }),
    Native::new("_width", |vm, _, args| {
        let at = vm.index(&args.value(1)).and_then(|at| usize::try_from(at).ok());
        let width = match (args.value(0), at) {
            (V::Str(text), Some(at)) => crate::regex::width_at(Chars::Utf8, &text, at),
            _ => 1,
        };
        Ok(Ret::Value(V::Int(i64::try_from(width.max(1)).unwrap_or(1))))
    }),
    Native::new("_size", |_, _, args| {
        let size = match args.value(0) {
            V::Str(text) | V::Bytes(text) => text.len(),
            _ => 0,
        };
        Ok(Ret::Value(V::Int(i64::try_from(size).unwrap_or_default())))
    }),
];
