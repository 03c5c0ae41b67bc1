//! `print`, `input`, `open`.
//!
//! **Invariant:** what is printed is kept by the process until it is written; whoever prints much
//! waits for that.

use crate::commands::lang::python::machine::{Answer, Vm};
use crate::commands::lang::python::native::{Args, Effect, Native, Ret};
use crate::commands::lang::python::value::{File, Obj, V};
use crate::kernel::Proc;
use crate::process::{Direction, Opening};

fn print(vm: &mut Vm, p: &mut Proc, args: &Args) -> Answer<Ret> {
    let calls = args.plain.iter().any(|v| vm.text_method(v, &["__str__", "__repr__"]).is_some());
    let target = match args.named("file") {
        Some(file) if !matches!(file, V::None) => file.clone(),
        _ => vm.stream("stdout"),
    };
    let fd = match vm.obj(&target) {
        Some(Obj::File(File { fd: Some(fd), .. })) => Some(*fd),
        _ => None,
    };
    let part = |vm: &mut Vm, name: &str, other: &str| match args.named(name) {
        Some(V::Str(text)) => Ok(Vm::text_of(text).to_owned()),
        Some(V::None) | None => Ok(other.to_owned()),
        Some(value) => {
            let kind = vm.type_name(value);
            Err(vm.type_error(&format!("{name} must be None or a string, not {kind}")))
        }
    };
    let (between, end) = (part(vm, "sep", " ")?, part(vm, "end", "\n")?);
    if calls || fd.is_none() {
        let list = vm.list(args.plain.clone());
        let (between, end) = (vm.str(between), vm.str(end));
        let callee = vm.library("_print");
        return Ok(Ret::Call(callee, Args::of(vec![list, between, end, target])));
    }
    let mut text = String::new();
    for (at, value) in args.plain.iter().enumerate() {
        if at > 0 {
            text.push_str(&between);
        }
        vm.check_digits(value)?;
        text.push_str(&vm.text(value));
        vm.room(text.len())?;
    }
    text.push_str(&end);
    vm.work += text.len() / 8;
    p.put(fd.unwrap_or(1), text.as_bytes());
    let flush = args.named("flush").is_some_and(|flush| vm.truth(flush));
    if flush || p.printed() > 8_192 {
        return Ok(Ret::Wait(Effect::Flush));
    }
    Ok(Ret::Value(V::None))
}

impl Vm {
    /// `sys.stdout` and its kind, as the program has them now.
    pub(in crate::commands::lang::python) fn stream(&self, name: &str) -> V {
        let scope = match self.modules.get("sys").and_then(|id| self.heap.get(*id)) {
            Some(Obj::Module(_, scope)) => *scope,
            _ => return V::None,
        };
        self.name_in(scope, name).unwrap_or(V::None)
    }
}

/// `open(path, mode)`
pub(in crate::commands::lang::python) fn open_file(vm: &mut Vm, p: &mut Proc, args: &Args) -> Answer<V> {
    let path = args.value(0);
    let mode = match args.either(1, "mode") {
        Some(V::Str(mode)) => Vm::text_of(&mode).to_owned(),
        _ => "r".to_owned(),
    };
    let known = mode.chars().all(|c| "rwaxbt+U".contains(c));
    let kinds = mode.chars().filter(|c| "rwax".contains(*c)).count();
    if !known {
        return Err(vm.value_error(&format!("invalid mode: '{mode}'")));
    }
    if kinds != 1 {
        let text = "must have exactly one of create/read/write/append mode";
        return Err(vm.value_error(text));
    }
    let plus = mode.contains('+');
    let (reads, writes) = (mode.contains('r') || plus, !mode.contains('r') || plus);
    let binary = mode.contains('b');
    let shown = match &path {
        V::Str(text) => Vm::text_of(text).to_owned(),
        V::Bytes(text) => String::from_utf8_lossy(text).into_owned(),
        V::Int(fd) => fd.to_string(),
        value => match vm.attribute(value, "_path")? {
            Some(V::Str(text)) => Vm::text_of(&text).to_owned(),
            _ => {
                let kind = vm.type_name(value);
                let text = format!("expected str, bytes or os.PathLike object, not {kind}");
                return Err(vm.type_error(&text));
            }
        },
    };
    let fd = match &path {
        V::Int(fd) => u32::try_from(*fd).unwrap_or_default(),
        _ => {
            let direction = match (reads, writes) {
                (true, true) => Direction::Both,
                (false, _) => Direction::Write,
                (true, false) => Direction::Read,
            };
            let create = if mode.contains('r') { None } else { Some(0o666) };
            let (truncate, exclusive) = (mode.contains('w'), mode.contains('x'));
            let opening = Opening { create, truncate, exclusive };
            let opened = p.open(shown.as_bytes(), direction, opening, mode.contains('a'));
            match opened {
                Ok(open) => {
                    if let Some(path) = open.path()
                        && p.is_folder(&path)
                    {
                        let fault = crate::files::Fault::IsFolder;
                        return Err(vm.os_error(fault, Some(shown.as_bytes())));
                    }
                    p.add(open, 3)
                }
                Err(fault) => return Err(vm.os_error(fault, Some(shown.as_bytes()))),
            }
        }
    };
    let file = File {
        fd: Some(fd),
        name: shown,
        mode,
        binary,
        buffer: Vec::new(),
        ended: false,
        memory: None,
        reads,
        writes,
    };
    Ok(vm.add(Obj::File(file)))
}

/// `io.StringIO` and `io.BytesIO`.
fn memory_file(vm: &mut Vm, args: &Args, binary: bool) -> V {
    let bytes = match args.get(0) {
        Some(V::Str(text) | V::Bytes(text)) => text.to_vec(),
        _ => Vec::new(),
    };
    let file = File {
        fd: None,
        name: String::new(),
        mode: "r+".to_owned(),
        binary,
        buffer: Vec::new(),
        ended: false,
        memory: Some((bytes, 0)),
        reads: true,
        writes: true,
    };
    vm.add(Obj::File(file))
}

pub(super) const FUNCTIONS: &[Native] = &[
    Native::new("print", |vm, p, args| print(vm, p, &args)),
    Native::new("open", |vm, p, args| open_file(vm, p, &args).map(Ret::Value)),
    Native::new("input", |vm, p, args| {
        let prompt = match args.get(0) {
            Some(value) => vm.text(value),
            None => String::new(),
        };
        let _ = p;
        Ok(Ret::Wait(Effect::Input(vm.meter.text(prompt))))
    }),
    Native::new("_string_io", |vm, _, args| Ok(Ret::Value(memory_file(vm, &args, false)))),
    Native::new("_bytes_io", |vm, _, args| Ok(Ret::Value(memory_file(vm, &args, true)))),
    Native::new("_flush", |_, _, _| Ok(Ret::Wait(Effect::Flush))),
];
