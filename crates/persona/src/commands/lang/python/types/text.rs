//! Methods of `str`.
//!
//! **Invariant:** places are counted in characters.

use crate::commands::lang::python::format::format_method;
use crate::commands::lang::python::machine::{After, Answer, Vm};
use crate::commands::lang::python::native::{Args, Native, Ret};
use crate::commands::lang::python::value::{Obj, V};

pub(super) static NEW: Native = Native::new("str", |vm, p, args| {
    match (args.get(0), args.either(1, "encoding")) {
        (None, _) => Ok(Ret::Value(vm.str(""))),
        (Some(V::Bytes(bytes)), Some(encoding)) => {
            let bytes = bytes.to_vec();
            decode(vm, &bytes, &encoding, args.either(2, "errors")).map(Ret::Value)
        }
        (Some(value), _) => {
            let value = value.clone();
            if let Some(method) = vm.text_method(&value, &["__str__", "__repr__"]) {
                return Ok(Ret::Call(method, Args::of(vec![value])));
            }
            let _ = (p, After::Push);
            vm.check_digits(&value)?;
            let text = vm.text(&value);
            vm.room(text.len())?;
            Ok(Ret::Value(vm.str(text)))
        }
    }
});

/// What it is called on.
fn this(args: &Args) -> String {
    match args.get(0) {
        Some(V::Str(text)) => Vm::text_of(text).to_owned(),
        _ => String::new(),
    }
}

fn text(vm: &mut Vm, value: &V, what: &str) -> Answer<String> {
    match value {
        V::Str(text) => Ok(Vm::text_of(text).to_owned()),
        other => {
            let kind = vm.type_name(other);
            Err(vm.type_error(&what.replace("{}", &kind)))
        }
    }
}

fn give(vm: &mut Vm, text: impl AsRef<str>) -> Answer<Ret> {
    vm.room(text.as_ref().len())?;
    Ok(Ret::Value(vm.str(text)))
}

pub(super) fn decode(vm: &mut Vm, bytes: &[u8], encoding: &V, errors: Option<V>) -> Answer<V> {
    let name = match encoding {
        V::Str(name) => Vm::text_of(name).to_ascii_lowercase().replace(['-', '_'], ""),
        _ => "utf8".to_owned(),
    };
    let errors = match &errors {
        Some(V::Str(errors)) => Vm::text_of(errors).to_owned(),
        _ => "strict".to_owned(),
    };
    match name.as_str() {
        "latin1" | "iso88591" | "8859" | "l1" | "cp1252" => {
            let text: String = bytes.iter().map(|&byte| char::from(byte)).collect();
            return Ok(vm.str(text));
        }
        "utf8" | "u8" | "utf" | "ascii" | "usascii" => {}
        "utf16" | "utf16le" => {
            let units: Vec<u16> =
                bytes.chunks_exact(2).map(|two| u16::from_le_bytes([two[0], two[1]])).collect();
            let text = String::from_utf16_lossy(&units);
            return Ok(vm.str(text.trim_start_matches('\u{feff}')));
        }
        _ => {
            let shown = vm.text(encoding);
            return Err(vm.error("LookupError", &format!("unknown encoding: {shown}")));
        }
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(vm.str(text)),
        Err(fault) => match errors.as_str() {
            "ignore" => {
                let text: String =
                    bytes.utf8_chunks().map(|chunk| chunk.valid().to_owned()).collect();
                Ok(vm.str(text))
            }
            "replace" | "backslashreplace" | "surrogateescape" => {
                let text = String::from_utf8_lossy(bytes).into_owned();
                Ok(vm.str(text))
            }
            _ => {
                let at = fault.valid_up_to();
                let byte = bytes.get(at).copied().unwrap_or_default();
                let why = match fault.error_len() {
                    None => "unexpected end of data",
                    Some(_) if matches!(byte, 0xc2..=0xf4) => "invalid continuation byte",
                    Some(_) => "invalid start byte",
                };
                let text = format!(
                    "'utf-8' codec can't decode byte {byte:#04x} in position {at}: {why}"
                );
                Err(vm.error("UnicodeDecodeError", &text))
            }
        },
    }
}

fn encode(vm: &mut Vm, _: &mut crate::kernel::Proc, args: Args) -> Answer<Ret> {
    let this = this(&args);
    let encoding = args.either(1, "encoding").unwrap_or(V::None);
    let name = match &encoding {
        V::Str(name) => Vm::text_of(name).to_ascii_lowercase().replace(['-', '_'], ""),
        _ => "utf8".to_owned(),
    };
    let most = match name.as_str() {
        "utf8" | "u8" | "utf" => return Ok(Ret::Value(vm.bytes(this))),
        "utf16le" | "utf16" => {
            let mut bytes = if name == "utf16" { vec![0xff, 0xfe] } else { Vec::new() };
            bytes.extend(this.encode_utf16().flat_map(u16::to_le_bytes));
            return Ok(Ret::Value(vm.bytes(bytes)));
        }
        "latin1" | "iso88591" | "l1" => 255,
        "ascii" | "usascii" => 127,
        "idna" => return Ok(Ret::Value(vm.bytes(this))),
        _ => {
            let shown = vm.text(&encoding);
            return Err(vm.error("LookupError", &format!("unknown encoding: {shown}")));
        }
    };
    let strict = args.either(2, "errors").is_none();
    let mut bytes = Vec::new();
    for (at, letter) in this.chars().enumerate() {
        match u8::try_from(u32::from(letter)).ok().filter(|byte| *byte <= most) {
            Some(byte) => bytes.push(byte),
            None if strict => {
                let codec = if most == 127 { "ascii" } else { "latin-1" };
                let code = u32::from(letter);
                let code = if code < 256 { format!("\\x{code:02x}") } else { format!("\\u{code:04x}") };
                let text = format!(
                    "'{codec}' codec can't encode character '{code}' in position {at}: ordinal not in range({})",
                    u16::from(most) + 1
                );
                return Err(vm.error("UnicodeEncodeError", &text));
            }
            None => bytes.push(b'?'),
        }
    }
    Ok(Ret::Value(vm.bytes(bytes)))
}

fn split(vm: &mut Vm, args: &Args, from_right: bool) -> Answer<Ret> {
    let this = this(args);
    let most = args.either(2, "maxsplit").and_then(|most| vm.index(&most)).unwrap_or(-1);
    let most = usize::try_from(most).ok();
    vm.room(this.len())?;
    let parts: Vec<String> = match args.either(1, "sep").unwrap_or(V::None) {
        V::None => {
            let words: Vec<&str> = match (most, from_right) {
                (None, _) => this.split_whitespace().collect(),
                (Some(most), false) => split_words(&this, most),
                (Some(most), true) => split_words_right(&this, most),
            };
            words.into_iter().map(str::to_owned).collect()
        }
        by => {
            let by = text(vm, &by, "must be str or None, not {}")?;
            if by.is_empty() {
                return Err(vm.value_error("empty separator"));
            }
            let mut parts: Vec<&str> = match (most, from_right) {
                (None, _) => this.split(&by).collect(),
                (Some(most), false) => this.splitn(most + 1, &by).collect(),
                (Some(most), true) => this.rsplitn(most + 1, &by).collect(),
            };
            if from_right && most.is_some() {
                parts.reverse();
            }
            parts.into_iter().map(str::to_owned).collect()
        }
    };
    vm.room(parts.len() * 120)?;
    let parts = parts.iter().map(|part| vm.str(part)).collect();
    Ok(Ret::Value(vm.list(parts)))
}

fn split_words(text: &str, most: usize) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        if parts.len() == most {
            parts.push(rest.trim_end());
            break;
        }
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let (word, behind) = rest.split_at_checked(end).unwrap_or((rest, ""));
        parts.push(word);
        rest = behind.trim_start();
    }
    parts
}

fn split_words_right(text: &str, most: usize) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text.trim_end();
    while !rest.is_empty() {
        if parts.len() == most {
            parts.push(rest.trim_start());
            break;
        }
        let start = rest.rfind(char::is_whitespace).map_or(0, |at| {
            at + rest.get(at..).and_then(|r| r.chars().next()).map_or(1, char::len_utf8)
        });
        let (behind, word) = rest.split_at_checked(start).unwrap_or(("", rest));
        parts.push(word);
        rest = behind.trim_end();
    }
    parts.reverse();
    parts
}

fn strip(vm: &mut Vm, args: &Args, left: bool, right: bool) -> Answer<Ret> {
    let this = this(args);
    let set: Option<Vec<char>> = match args.value(1) {
        V::None => None,
        set => {
            let set = text(vm, &set, "strip arg must be None or str")?;
            Some(set.chars().collect())
        }
    };
    let is_in = |letter: char| match &set {
        Some(set) => set.contains(&letter),
        None => letter.is_whitespace(),
    };
    let mut part = this.as_str();
    if left {
        part = part.trim_start_matches(is_in);
    }
    if right {
        part = part.trim_end_matches(is_in);
    }
    give(vm, part)
}

/// Bytes of the characters before a place.
fn bytes_before(text: &str, place: usize) -> usize {
    if text.is_ascii() {
        return place.min(text.len());
    }
    text.char_indices().nth(place).map_or(text.len(), |(at, _)| at)
}

/// Where a text is found: in characters.
fn find(vm: &mut Vm, args: &Args, last: bool) -> Answer<Option<usize>> {
    let this = this(args);
    let what = text(vm, &args.value(1), "must be str, not {}")?;
    vm.work += this.len() / 16;
    let count = i64::try_from(this.chars().count()).unwrap_or(i64::MAX);
    let place = |value: &V, other: i64| match vm.index(value) {
        Some(number) if number < 0 => (number + count).max(0),
        Some(number) => number.min(count),
        None => other,
    };
    let from = usize::try_from(place(&args.value(2), 0)).unwrap_or_default();
    let to = usize::try_from(place(&args.value(3), count)).unwrap_or_default();
    let (start, end) = (bytes_before(&this, from), bytes_before(&this, to));
    let Some(part) = this.get(start..end.max(start)) else { return Ok(None) };
    if from > to {
        return Ok(None);
    }
    let found = if last { part.rfind(&what) } else { part.find(&what) };
    Ok(found.map(|at| this.get(..start + at).unwrap_or_default().chars().count()))
}

fn found(place: Option<usize>) -> Ret {
    Ret::Value(V::Int(place.map_or(-1, |place| i64::try_from(place).unwrap_or(-1))))
}

/// `startswith` and `endswith`, of one text or of several.
fn edge(vm: &mut Vm, args: &Args, begin: bool) -> Answer<Ret> {
    let this = this(args);
    let from = vm.index(&args.value(2)).and_then(|from| usize::try_from(from).ok());
    let part = this.get(bytes_before(&this, from.unwrap_or(0))..).unwrap_or_default();
    let all = match vm.obj(&args.value(1)) {
        Some(Obj::Tuple(all)) => all.clone(),
        _ => vec![args.value(1)],
    };
    let name = if begin { "startswith" } else { "endswith" };
    for one in all {
        let what = format!("{name} first arg must be str or a tuple of str, not {{}}");
        let one = text(vm, &one, &what)?;
        if if begin { part.starts_with(&one) } else { part.ends_with(&one) } {
            return Ok(Ret::Value(V::Bool(true)));
        }
    }
    Ok(Ret::Value(V::Bool(false)))
}

/// Whether all characters are such, and there is one.
fn all(args: &Args, is: impl Fn(char) -> bool) -> Answer<Ret> {
    let this = this(args);
    Ok(Ret::Value(V::Bool(!this.is_empty() && this.chars().all(is))))
}

fn pad(vm: &mut Vm, args: &Args, align: char) -> Answer<Ret> {
    let this = this(args);
    let width = vm.index(&args.value(1)).and_then(|width| usize::try_from(width).ok());
    let fill = match args.get(2) {
        Some(V::Str(fill)) => Vm::text_of(fill).to_owned(),
        _ => " ".to_owned(),
    };
    let missing = width.unwrap_or_default().saturating_sub(this.chars().count());
    vm.room(missing.saturating_mul(fill.len()))?;
    let (left, right) = match align {
        '<' => (0, missing),
        '>' => (missing, 0),
        _ => {
            let width = missing + this.chars().count();
            let left = missing / 2 + (missing & width & 1);
            (left, missing - left)
        }
    };
    give(vm, format!("{}{this}{}", fill.repeat(left), fill.repeat(right)))
}

fn part(vm: &mut Vm, args: &Args, last: bool) -> Answer<Ret> {
    let this = this(args);
    let by = text(vm, &args.value(1), "must be str, not {}")?;
    if by.is_empty() {
        return Err(vm.value_error("empty separator"));
    }
    let halves = if last { this.rsplit_once(&by) } else { this.split_once(&by) };
    let parts = match halves {
        Some((a, b)) => [a, by.as_str(), b],
        None if last => ["", "", this.as_str()],
        None => [this.as_str(), "", ""],
    };
    let parts = parts.iter().map(|part| vm.str(part)).collect();
    Ok(Ret::Value(vm.tuple(parts)))
}

fn replace(vm: &mut Vm, args: &Args) -> Answer<Ret> {
    let this = this(args);
    let from = text(vm, &args.value(1), "replace() argument 1 must be str, not {}")?;
    let to = text(vm, &args.value(2), "replace() argument 2 must be str, not {}")?;
    let most = vm.index(&args.value(3)).and_then(|most| usize::try_from(most).ok());
    let times = if from.is_empty() { this.len() + 1 } else { this.len() / from.len() + 1 };
    vm.room(this.len().saturating_add(times.saturating_mul(to.len())).min(this.len() + to.len() * this.matches(from.as_str()).count()))?;
    let text = match most {
        Some(most) => this.replacen(&from, &to, most),
        None => this.replace(&from, &to),
    };
    give(vm, text)
}

/// Each word with a capital.
fn title(text: &str) -> String {
    let mut inside = false;
    let mut out = String::new();
    for letter in text.chars() {
        if inside {
            out.extend(letter.to_lowercase());
        } else {
            out.extend(letter.to_uppercase());
        }
        inside = letter.is_alphabetic();
    }
    out
}

fn join(vm: &mut Vm, args: &Args) -> Answer<Ret> {
    let this = this(args);
    let parts = match vm.values(&args.value(1)) {
        Ok(parts) => parts,
        Err(_) => return Err(vm.type_error("can only join an iterable")),
    };
    let mut out = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        let V::Str(part) = part else {
            let kind = vm.type_name(part);
            let text = format!("sequence item {at}: expected str instance, {kind} found");
            return Err(vm.type_error(&text));
        };
        if at > 0 {
            out.extend_from_slice(this.as_bytes());
        }
        out.extend_from_slice(part);
        if at % 64 == 0 {
            vm.room(out.len())?;
        }
    }
    vm.room(out.len())?;
    Ok(Ret::Value(V::Str(vm.meter.text(out))))
}

fn translate(vm: &mut Vm, args: &Args) -> Answer<Ret> {
    let this = this(args);
    let table = args.value(1);
    let mut out = String::new();
    for letter in this.chars() {
        let key = vm.key(&V::Int(i64::from(u32::from(letter))))?;
        let to = match vm.obj(&table) {
            Some(Obj::Dict(dict)) => dict.get(&key).cloned(),
            _ => None,
        };
        match to {
            None => out.push(letter),
            Some(V::None) => {}
            Some(V::Str(text)) => out.push_str(Vm::text_of(&text)),
            Some(code) => {
                let code = vm.index(&code).and_then(|code| u32::try_from(code).ok());
                out.extend(code.and_then(char::from_u32));
            }
        }
    }
    give(vm, out)
}

fn lines(vm: &mut Vm, args: &Args) -> Answer<Ret> {
    let this = this(args);
    let keep = args.either(1, "keepends").is_some_and(|keep| vm.truth(&keep));
    let mut parts = Vec::new();
    for line in this.split_inclusive('\n') {
        let bare = line.strip_suffix('\n').map_or(line, |line| line.strip_suffix('\r').unwrap_or(line));
        parts.push(vm.str(if keep { line } else { bare }));
    }
    vm.room(parts.len() * 100)?;
    Ok(Ret::Value(vm.list(parts)))
}

pub(super) const METHODS: &[Native] = &[
    Native::new("upper", |vm, _, args| give(vm, this(&args).to_uppercase())),
    Native::new("lower", |vm, _, args| give(vm, this(&args).to_lowercase())),
    Native::new("casefold", |vm, _, args| give(vm, this(&args).to_lowercase())),
    Native::new("title", |vm, _, args| give(vm, title(&this(&args)))),
    Native::new("capitalize", |vm, _, args| {
        let this = this(&args);
        let mut letters = this.chars();
        let first: String = letters.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
        give(vm, first + &letters.as_str().to_lowercase())
    }),
    Native::new("swapcase", |vm, _, args| {
        let swap = |letter: char| -> String {
            if letter.is_uppercase() {
                letter.to_lowercase().collect()
            } else {
                letter.to_uppercase().collect()
            }
        };
        give(vm, this(&args).chars().map(swap).collect::<String>())
    }),
    Native::new("split", |vm, _, args| split(vm, &args, false)),
    Native::new("rsplit", |vm, _, args| split(vm, &args, true)),
    Native::new("splitlines", |vm, _, args| lines(vm, &args)),
    Native::new("strip", |vm, _, args| strip(vm, &args, true, true)),
    Native::new("lstrip", |vm, _, args| strip(vm, &args, true, false)),
    Native::new("rstrip", |vm, _, args| strip(vm, &args, false, true)),
    Native::gathering("join", |vm, _, args| join(vm, &args)),
    Native::new("replace", |vm, _, args| replace(vm, &args)),
    Native::new("find", |vm, _, args| find(vm, &args, false).map(found)),
    Native::new("rfind", |vm, _, args| find(vm, &args, true).map(found)),
    Native::new("index", |vm, _, args| match find(vm, &args, false)? {
        None => Err(vm.value_error("substring not found")),
        place => Ok(found(place)),
    }),
    Native::new("rindex", |vm, _, args| match find(vm, &args, true)? {
        None => Err(vm.value_error("substring not found")),
        place => Ok(found(place)),
    }),
    Native::new("count", |vm, _, args| {
        let this = this(&args);
        let what = text(vm, &args.value(1), "must be str, not {}")?;
        vm.work += this.len() / 16;
        let count =
            if what.is_empty() { this.chars().count() + 1 } else { this.matches(&what).count() };
        Ok(Ret::Value(V::Int(i64::try_from(count).unwrap_or_default())))
    }),
    Native::new("startswith", |vm, _, args| edge(vm, &args, true)),
    Native::new("endswith", |vm, _, args| edge(vm, &args, false)),
    Native::new("removeprefix", |vm, _, args| {
        let this = this(&args);
        let prefix = text(vm, &args.value(1), "removeprefix() argument must be str, not {}")?;
        give(vm, this.strip_prefix(&prefix).unwrap_or(&this))
    }),
    Native::new("removesuffix", |vm, _, args| {
        let this = this(&args);
        let suffix = text(vm, &args.value(1), "removesuffix() argument must be str, not {}")?;
        give(vm, this.strip_suffix(&suffix).unwrap_or(&this))
    }),
    Native::new("isdigit", |_, _, args| all(&args, |c| c.is_numeric() && c.is_digit(10) || c.is_ascii_digit())),
    Native::new("isdecimal", |_, _, args| all(&args, |c| c.is_ascii_digit())),
    Native::new("isnumeric", |_, _, args| all(&args, char::is_numeric)),
    Native::new("isalpha", |_, _, args| all(&args, char::is_alphabetic)),
    Native::new("isalnum", |_, _, args| all(&args, char::is_alphanumeric)),
    Native::new("isspace", |_, _, args| all(&args, char::is_whitespace)),
    Native::new("isascii", |_, _, args| Ok(Ret::Value(V::Bool(this(&args).is_ascii())))),
    Native::new("isprintable", |_, _, args| {
        Ok(Ret::Value(V::Bool(this(&args).chars().all(|c| !c.is_control()))))
    }),
    Native::new("isupper", |_, _, args| {
        let this = this(&args);
        let some = this.chars().any(char::is_uppercase);
        Ok(Ret::Value(V::Bool(some && !this.chars().any(char::is_lowercase))))
    }),
    Native::new("islower", |_, _, args| {
        let this = this(&args);
        let some = this.chars().any(char::is_lowercase);
        Ok(Ret::Value(V::Bool(some && !this.chars().any(char::is_uppercase))))
    }),
    Native::new("istitle", |_, _, args| {
        let this = this(&args);
        let some = this.chars().any(char::is_alphabetic);
        Ok(Ret::Value(V::Bool(some && title(&this) == this)))
    }),
    Native::new("isidentifier", |_, _, args| {
        let this = this(&args);
        let begins = this.starts_with(|c: char| c == '_' || c.is_alphabetic());
        let rest = this.chars().all(|c| c == '_' || c.is_alphanumeric());
        Ok(Ret::Value(V::Bool(begins && rest)))
    }),
    Native::new("ljust", |vm, _, args| pad(vm, &args, '<')),
    Native::new("rjust", |vm, _, args| pad(vm, &args, '>')),
    Native::new("center", |vm, _, args| pad(vm, &args, '^')),
    Native::new("zfill", |vm, _, args| {
        let this = this(&args);
        let width = vm.index(&args.value(1)).and_then(|width| usize::try_from(width).ok());
        let missing = width.unwrap_or_default().saturating_sub(this.chars().count());
        vm.room(missing)?;
        let (sign, rest) = match this.as_bytes().first() {
            Some(b'-' | b'+') => this.split_at_checked(1).unwrap_or(("", &this)),
            _ => ("", this.as_str()),
        };
        give(vm, format!("{sign}{}{rest}", "0".repeat(missing)))
    }),
    Native::new("partition", |vm, _, args| part(vm, &args, false)),
    Native::new("rpartition", |vm, _, args| part(vm, &args, true)),
    Native::new("expandtabs", |vm, _, args| {
        let size = vm.index(&args.value(1)).and_then(|size| usize::try_from(size).ok());
        let size = size.unwrap_or(8).min(1_000);
        let mut out = String::new();
        let mut column = 0;
        for letter in this(&args).chars() {
            if letter == '\t' {
                let count = if size == 0 { 0 } else { size - column % size };
                out.push_str(&" ".repeat(count));
                column += count;
            } else {
                column = if letter == '\n' { 0 } else { column + 1 };
                out.push(letter);
            }
        }
        give(vm, out)
    }),
    Native::new("translate", |vm, _, args| translate(vm, &args)),
    Native::new("encode", encode),
    Native::new("format", |vm, _, args| {
        let this = this(&args);
        let mut args = args;
        args.plain.remove(0);
        let text = format_method(vm, &this, &args)?;
        give(vm, text)
    }),
    Native::new("format_map", |vm, _, args| {
        let this = this(&args);
        let mut named = Args::default();
        if let Some(Obj::Dict(dict)) = vm.obj(&args.value(1)) {
            for (key, value) in dict.iter() {
                if let V::Str(key) = key {
                    named.named.push((Vm::text_of(key).into(), value.clone()));
                }
            }
        }
        let text = format_method(vm, &this, &named)?;
        give(vm, text)
    }),
    Native::new("__len__", |_, _, args| {
        Ok(Ret::Value(V::Int(i64::try_from(this(&args).chars().count()).unwrap_or_default())))
    }),
];

pub(super) const STATIC: &[Native] = &[Native::new("maketrans", |vm, _, args| {
    let mut args = args;
    // Called on a text, that comes first.
    if args.len() == 3 && matches!(args.get(0), Some(V::Str(text)) if text.is_empty()) {
        args.plain.remove(0);
    }
    let mut dict = crate::commands::lang::python::dict::Dict::default();
    if let Some(Obj::Dict(table)) = vm.obj(&args.value(0)) {
        let pairs: Vec<(V, V)> = table.iter().cloned().collect();
        for (key, value) in pairs {
            let key = match &key {
                V::Str(text) => {
                    let letter = Vm::text_of(text).chars().next().unwrap_or_default();
                    V::Int(i64::from(u32::from(letter)))
                }
                other => other.clone(),
            };
            dict.set(vm.key(&key)?, key, value);
        }
    } else {
        let from = text(vm, &args.value(0), "maketrans() argument must be str, not {}")?;
        let to = match args.get(1) {
            Some(V::Str(to)) => Vm::text_of(to).to_owned(),
            _ => String::new(),
        };
        let code = |letter: char| V::Int(i64::from(u32::from(letter)));
        for (from, to) in from.chars().zip(to.chars()) {
            dict.set(vm.key(&code(from))?, code(from), code(to));
        }
        if let Some(V::Str(gone)) = args.get(2) {
            for letter in Vm::text_of(gone).chars() {
                dict.set(vm.key(&code(letter))?, code(letter), V::None);
            }
        }
    }
    Ok(Ret::Value(vm.add(Obj::Dict(dict))))
})];
