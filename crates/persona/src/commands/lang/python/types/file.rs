//! Files: `open`, the standard streams, `io.StringIO` and `io.BytesIO`.
//!
//! **Invariant:** what is read from a descriptor is waited for by whoever runs the machine.

use super::bytes::bytes_of;
use crate::commands::lang::python::machine::{Answer, Vm};
use crate::commands::lang::python::native::{Args, Effect, Native, Ret};
use crate::commands::lang::python::value::{File, Obj, V};
use crate::kernel::Proc;

pub(in crate::commands::lang::python) fn file_of<'a>(vm: &'a mut Vm, value: &V) -> Option<&'a mut File> {
    match vm.obj_mut(value) {
        Some(Obj::File(file)) => Some(file),
        _ => None,
    }
}

/// `sys.stdout.buffer`: the same stream, of bytes.
pub(super) fn buffer(vm: &mut Vm, value: &V) -> Option<V> {
    let file = file_of(vm, value)?;
    let made = File {
        fd: file.fd,
        name: file.name.clone(),
        mode: format!("{}b", file.mode),
        binary: true,
        buffer: Vec::new(),
        ended: false,
        memory: None,
        reads: file.reads,
        writes: file.writes,
    };
    Some(vm.add(Obj::File(made)))
}

fn check(vm: &mut Vm, this: &V) -> Answer<()> {
    let closed = file_of(vm, this).is_none_or(|file| file.fd.is_none() && file.memory.is_none());
    if closed { Err(vm.value_error("I/O operation on closed file.")) } else { Ok(()) }
}

/// What cannot be read, or written.
fn unsupported(vm: &mut Vm, what: &str) -> crate::commands::lang::python::machine::Thrown {
    vm.error("UnsupportedOperation", what)
}

pub(in crate::commands::lang::python) fn give(vm: &mut Vm, binary: bool, bytes: Vec<u8>) -> V {
    if binary { vm.bytes(bytes) } else { vm.str(String::from_utf8_lossy(&bytes)) }
}

fn read(vm: &mut Vm, args: &Args) -> Answer<Ret> {
    let this = args.value(0);
    check(vm, &this)?;
    let most = vm.index(&args.value(1)).and_then(|most| usize::try_from(most).ok());
    let Some(file) = file_of(vm, &this) else { return Ok(Ret::Value(V::None)) };
    if !file.reads {
        return Err(unsupported(vm, "not readable"));
    }
    let binary = file.binary;
    if let Some((bytes, at)) = &mut file.memory {
        let rest = bytes.get(*at..).unwrap_or_default();
        let part = rest.get(..most.unwrap_or(rest.len())).unwrap_or(rest).to_vec();
        *at += part.len();
        vm.room(part.len())?;
        return Ok(Ret::Value(give(vm, binary, part)));
    }
    match this {
        V::Obj(id) => Ok(Ret::Wait(Effect::All(id, most))),
        _ => Ok(Ret::Value(V::None)),
    }
}

fn memory_line(file: &mut File) -> Option<Vec<u8>> {
    let (bytes, at) = file.memory.as_mut()?;
    let rest = bytes.get(*at..).unwrap_or_default();
    let end = rest.iter().position(|&b| b == b'\n').map_or(rest.len(), |end| end + 1);
    let line = rest.get(..end).unwrap_or_default().to_vec();
    *at += end;
    Some(line)
}

fn read_line(vm: &mut Vm, args: &Args) -> Answer<Ret> {
    let this = args.value(0);
    check(vm, &this)?;
    let Some(file) = file_of(vm, &this) else { return Ok(Ret::Value(V::None)) };
    if !file.reads {
        return Err(unsupported(vm, "not readable"));
    }
    let binary = file.binary;
    if let Some(line) = memory_line(file) {
        return Ok(Ret::Value(give(vm, binary, line)));
    }
    match this {
        V::Obj(id) => Ok(Ret::Wait(Effect::Line(id, None))),
        _ => Ok(Ret::Value(V::None)),
    }
}

fn read_lines(vm: &mut Vm, args: &Args) -> Answer<Ret> {
    let this = args.value(0);
    check(vm, &this)?;
    let mut lines = Vec::new();
    if let Some(file) = file_of(vm, &this)
        && file.memory.is_some()
    {
        let binary = file.binary;
        while let Some(line) = file_of(vm, &this).and_then(memory_line).filter(|l| !l.is_empty()) {
            let line = give(vm, binary, line);
            lines.push(line);
        }
        return Ok(Ret::Value(vm.list(lines)));
    }
    match this {
        V::Obj(id) => Ok(Ret::Wait(Effect::Lines(id))),
        _ => Ok(Ret::Value(V::None)),
    }
}

fn write(vm: &mut Vm, p: &mut Proc, args: &Args) -> Answer<Ret> {
    let this = args.value(0);
    check(vm, &this)?;
    let binary = file_of(vm, &this).is_some_and(|file| file.binary);
    let (bytes, count) = match (args.value(1), binary) {
        (V::Str(text), false) => (text.to_vec(), Vm::text_of(&text).chars().count()),
        (value, true) => match bytes_of(vm, &value) {
            Some(bytes) => {
                let count = bytes.len();
                (bytes, count)
            }
            None => {
                let kind = vm.type_name(&value);
                let text = format!("a bytes-like object is required, not '{kind}'");
                return Err(vm.type_error(&text));
            }
        },
        (value, false) => {
            let kind = vm.type_name(&value);
            return Err(vm.type_error(&format!("write() argument must be str, not {kind}")));
        }
    };
    let Some(file) = file_of(vm, &this) else { return Ok(Ret::Value(V::None)) };
    if !file.writes {
        return Err(unsupported(vm, "not writable"));
    }
    if let Some((all, at)) = &mut file.memory {
        let end = (*at + bytes.len()).max(all.len());
        all.resize(end, 0);
        if let Some(place) = all.get_mut(*at..*at + bytes.len()) {
            place.copy_from_slice(&bytes);
        }
        *at += bytes.len();
        vm.heap.grow(bytes.len());
    } else if let Some(fd) = file.fd {
        p.put(fd, &bytes);
        vm.work += bytes.len() / 8;
        if p.printed() > 32_768 {
            let count = V::Int(i64::try_from(count).unwrap_or_default());
            let callee = vm.library("_flushed");
            return Ok(Ret::Call(callee, Args::of(vec![count])));
        }
    }
    Ok(Ret::Value(V::Int(i64::try_from(count).unwrap_or_default())))
}

impl Vm {
    pub(in crate::commands::lang::python) fn close_file(&mut self, p: &mut Proc, value: &V) {
        let fd = file_of(self, value).and_then(|file| {
            file.memory = None;
            file.fd.take()
        });
        if let Some(fd) = fd.filter(|fd| *fd > 2) {
            self.closing.push(fd);
            let _ = p;
        }
    }
}

pub(super) const METHODS: &[Native] = &[
    Native::new("read", |vm, _, args| read(vm, &args)),
    Native::new("readline", |vm, _, args| read_line(vm, &args)),
    Native::new("readlines", |vm, _, args| read_lines(vm, &args)),
    Native::new("write", |vm, p, args| write(vm, p, &args)),
    Native::gathering("writelines", |vm, p, args| {
        for line in vm.values(&args.value(1))? {
            write(vm, p, &Args::of(vec![args.value(0), line]))?;
        }
        Ok(Ret::Value(V::None))
    }),
    Native::new("flush", |_, _, _| Ok(Ret::Wait(Effect::Flush))),
    Native::new("close", |vm, p, args| {
        vm.close_file(p, &args.value(0));
        Ok(Ret::Wait(Effect::Flush))
    }),
    Native::new("fileno", |vm, _, args| {
        check(vm, &args.value(0))?;
        match file_of(vm, &args.value(0)).and_then(|file| file.fd) {
            Some(fd) => Ok(Ret::Value(V::Int(fd.into()))),
            None => Err(unsupported(vm, "fileno")),
        }
    }),
    Native::new("isatty", |vm, p, args| {
        let fd = file_of(vm, &args.value(0)).and_then(|file| file.fd);
        Ok(Ret::Value(V::Bool(fd.is_some_and(|fd| p.is_terminal(fd)))))
    }),
    Native::new("readable", |vm, _, args| {
        let reads = file_of(vm, &args.value(0)).is_some_and(|file| file.reads);
        Ok(Ret::Value(V::Bool(reads)))
    }),
    Native::new("writable", |vm, _, args| {
        let writes = file_of(vm, &args.value(0)).is_some_and(|file| file.writes);
        Ok(Ret::Value(V::Bool(writes)))
    }),
    Native::new("reconfigure", |_, _, _| Ok(Ret::Value(V::None))),
    Native::new("getvalue", |vm, _, args| {
        let Some(file) = file_of(vm, &args.value(0)) else { return Ok(Ret::Value(V::None)) };
        let binary = file.binary;
        let bytes = file.memory.as_ref().map(|(bytes, _)| bytes.clone()).unwrap_or_default();
        Ok(Ret::Value(give(vm, binary, bytes)))
    }),
    Native::new("seek", |vm, p, args| {
        let to = vm.index(&args.value(1)).unwrap_or_default();
        let from = vm.index(&args.value(2)).unwrap_or_default();
        let Some(file) = file_of(vm, &args.value(0)) else { return Ok(Ret::Value(V::None)) };
        file.buffer.clear();
        file.ended = false;
        let mut place = usize::try_from(to).unwrap_or_default();
        if let Some((bytes, at)) = &mut file.memory {
            if from == 2 {
                place += bytes.len();
            }
            *at = place.min(bytes.len());
        } else if let Some(open) = file.fd.and_then(|fd| p.fds.get(&fd)) {
            if from == 2
                && let Some(path) = open.path()
            {
                let size = p.fs(|process| process.stat(&path, crate::files::Last::Follow));
                place += usize::try_from(size.map_or(0, |stat| stat.size)).unwrap_or_default();
            }
            open.seek(place as u64);
        }
        Ok(Ret::Value(V::Int(i64::try_from(place).unwrap_or_default())))
    }),
    Native::new("tell", |vm, p, args| {
        let Some(file) = file_of(vm, &args.value(0)) else { return Ok(Ret::Value(V::None)) };
        let kept = file.buffer.len();
        let place = match (&file.memory, file.fd) {
            (Some((_, at)), _) => *at,
            (None, Some(fd)) => {
                let offset = p.fds.get(&fd).and_then(|open| open.offset()).unwrap_or_default();
                usize::try_from(offset).unwrap_or_default().saturating_sub(kept)
            }
            (None, None) => 0,
        };
        Ok(Ret::Value(V::Int(i64::try_from(place).unwrap_or_default())))
    }),
];
