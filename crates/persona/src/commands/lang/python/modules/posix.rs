//! `posix`: what `os` asks of the system.
//!
//! **Invariant:** every answer is the machine's, as this process' user.

use crate::commands::lang::child;
use crate::commands::lang::python::machine::{Answer, Thrown, Vm};
use crate::commands::lang::python::native::{Args, Effect, Native, Ret};
use crate::commands::lang::python::types::bytes_of;
use crate::commands::lang::python::value::{Obj, V};
use crate::commands::{NoExec, find};
use crate::files::{Access, Fault, Last};
use crate::kernel::{Proc, Signal, pipe};
use crate::process::{Direction, Opening};

/// A path: text, or bytes.
fn path(vm: &mut Vm, value: &V, what: &str) -> Answer<Vec<u8>> {
    match value {
        V::Str(text) | V::Bytes(text) => Ok(text.to_vec()),
        value => {
            let kind = vm.type_name(value);
            let text = format!("{what}: path should be string, bytes or os.PathLike, not {kind}");
            Err(vm.type_error(&text))
        }
    }
}

fn number(vm: &Vm, args: &Args, at: usize) -> Option<u32> {
    vm.index(&args.value(at)).and_then(|number| u32::try_from(number).ok())
}

fn done(vm: &mut Vm, answer: Result<(), Fault>, path: &[u8]) -> Answer<Ret> {
    match answer {
        Ok(()) => Ok(Ret::Value(V::None)),
        Err(fault) => Err(vm.os_error(fault, Some(path))),
    }
}

/// A call of one path.
macro_rules! one_path {
    ($name:literal, $ask:expr) => {
        Native::new($name, |vm, p, args| {
            let path = path(vm, &args.value(0), $name)?;
            let ask = $ask;
            let answer = p.fs(|process| ask(process, &path));
            done(vm, answer.map(|_| ()), &path)
        })
    };
}

/// A call of two paths.
fn two_paths(
    vm: &mut Vm,
    args: &Args,
    ask: impl FnOnce(&[u8], &[u8]) -> Result<(), Fault>,
) -> Answer<Ret> {
    let (from, to) = (path(vm, &args.value(0), "src")?, path(vm, &args.value(1), "dst")?);
    match ask(&from, &to) {
        Ok(()) => Ok(Ret::Value(V::None)),
        Err(fault) => {
            let thrown = vm.os_error(fault, None);
            let arrow = format!(
                "{} -> {}",
                crate::commands::lang::python::show::quoted(&String::from_utf8_lossy(&from)),
                crate::commands::lang::python::show::quoted(&String::from_utf8_lossy(&to))
            );
            let text = format!("{}: {arrow}", fault.text());
            let text = vm.str(text);
            if let Some(Obj::Exception(exception)) = vm.heap.get_mut(thrown.0) {
                exception.names.insert("strerror".into(), text);
            }
            Err(thrown)
        }
    }
}

fn stat(vm: &mut Vm, p: &mut Proc, args: &Args) -> Answer<Ret> {
    let last = if vm.truth(&args.value(1)) { Last::Follow } else { Last::Keep };
    let found = match number(vm, args, 0) {
        Some(fd) => {
            let path = p.fds.get(&fd).and_then(|open| open.path());
            path.ok_or(Fault::BadHandle).and_then(|path| {
                p.fs(|process| process.stat(&path, last))
            })
        }
        None => {
            let path = path(vm, &args.value(0), "stat")?;
            let found = p.fs(|process| process.stat(&path, last));
            if let Err(fault) = found {
                return Err(vm.os_error(fault, Some(&path)));
            }
            found
        }
    };
    match found {
        Ok(stat) => {
            let number = |value: u64| V::Int(i64::try_from(value).unwrap_or_default());
            let parts = vec![
                V::Int(stat.mode.into()),
                V::Int(2),
                V::Int(2_049),
                number(stat.links),
                V::Int(stat.uid.into()),
                V::Int(stat.gid.into()),
                number(stat.size),
                V::Int(stat.accessed),
                V::Int(stat.changed),
                V::Int(stat.changed),
            ];
            Ok(Ret::Value(vm.tuple(parts)))
        }
        Err(fault) => Err(vm.os_error(fault, None)),
    }
}

fn list(vm: &mut Vm, p: &mut Proc, args: &Args) -> Answer<Ret> {
    let path = match args.get(0) {
        Some(value) if !matches!(value, V::None) => {
            let value = value.clone();
            path(vm, &value, "listdir")?
        }
        _ => b".".to_vec(),
    };
    let names = p.fs(|process| process.list(&path));
    match names {
        Ok((_, names)) => {
            vm.work += names.len() * 4;
            let names = names.iter().map(|name| vm.str(String::from_utf8_lossy(name))).collect();
            Ok(Ret::Value(vm.list(names)))
        }
        Err(fault) => Err(vm.os_error(fault, Some(&path))),
    }
}

/// Words of a command: a list, or one text for the shell.
fn words(vm: &mut Vm, value: &V) -> Answer<Vec<Vec<u8>>> {
    let mut words = Vec::new();
    for word in vm.values(value)? {
        match bytes_of(vm, &word) {
            Some(bytes) => words.push(bytes),
            None => match word {
                V::Str(text) => words.push(text.to_vec()),
                other => {
                    let kind = vm.type_name(&other);
                    let text = format!("expected str, bytes or os.PathLike object, not {kind}");
                    return Err(vm.type_error(&text));
                }
            },
        }
    }
    Ok(words)
}

/// `spawn(words, env, cwd, stdin, stdout, stderr)`: the child's number.
fn spawn(vm: &mut Vm, p: &mut Proc, args: &Args) -> Answer<Ret> {
    let words = words(vm, &args.value(0))?;
    let name = words.first().cloned().unwrap_or_default();
    let mut streams = child::Streams::default();
    for (at, place) in
        [(3, &mut streams.input), (4, &mut streams.output), (5, &mut streams.errors)]
    {
        if let Some(fd) = vm.index(&args.value(at)).and_then(|fd| u32::try_from(fd).ok()) {
            *place = p.fds.get(&fd).cloned();
        }
    }
    let (env, cwd) = (p.env.clone(), p.cwd.clone());
    if let Some(Obj::Dict(dict)) = vm.obj(&args.value(1)) {
        p.env = dict
            .iter()
            .map(|(key, value)| (vm.text(key).into_bytes(), vm.text(value).into_bytes()))
            .collect();
    }
    let mut started = Err(NoExec::Unknown);
    let mut folder = Ok(());
    if let V::Str(path) = args.value(2) {
        folder = change_folder(p, &path);
    }
    if folder.is_ok() {
        started = child::start(p, words, streams);
    }
    (p.env, p.cwd) = (env, cwd);
    if let (Err(fault), V::Str(path)) = (folder, args.value(2)) {
        return Err(vm.os_error(fault, Some(&path)));
    }
    match started {
        Ok(pid) => Ok(Ret::Value(V::Int(pid.into()))),
        Err(NoExec::Unknown) => Err(vm.os_error(Fault::Missing, Some(&name))),
        Err(NoExec::Fault(fault)) => Err(vm.os_error(fault, Some(&name))),
    }
}

fn change_folder(p: &mut Proc, path: &[u8]) -> Result<(), Fault> {
    let found = p.fs(|process| process.find(path, Last::Follow))?;
    if !p.is_folder(path) {
        let exists = p.fs(|process| process.stat(path, Last::Follow)).is_ok();
        return Err(if exists { Fault::NotFolder } else { Fault::Missing });
    }
    p.cwd = if found == b"/" { Vec::new() } else { found };
    Ok(())
}

fn open(vm: &mut Vm, p: &mut Proc, args: &Args) -> Answer<Ret> {
    let path = path(vm, &args.value(0), "open")?;
    let flags = vm.index(&args.value(1)).unwrap_or_default();
    let direction = match flags & 3 {
        0 => Direction::Read,
        1 => Direction::Write,
        _ => Direction::Both,
    };
    let mode = vm.index(&args.value(2)).and_then(|mode| u16::try_from(mode).ok()).unwrap_or(0o777);
    let opening = Opening {
        create: (flags & 0o100 != 0).then_some(mode),
        truncate: flags & 0o1000 != 0,
        exclusive: flags & 0o200 != 0,
    };
    match p.open(&path, direction, opening, flags & 0o2000 != 0) {
        Ok(open) => Ok(Ret::Value(V::Int(p.add(open, 3).into()))),
        Err(fault) => Err(vm.os_error(fault, Some(&path))),
    }
}

fn bad_handle(vm: &mut Vm) -> Thrown {
    vm.os_error(Fault::BadHandle, None)
}

pub(super) const FUNCTIONS: &[Native] = &[
    Native::new("getcwd", |vm, p, _| {
        let cwd = p.fs(|process| process.folder());
        Ok(Ret::Value(vm.str(String::from_utf8_lossy(&cwd))))
    }),
    Native::new("chdir", |vm, p, args| {
        let path = path(vm, &args.value(0), "chdir")?;
        let changed = change_folder(p, &path);
        done(vm, changed, &path)
    }),
    Native::new("listdir", |vm, p, args| list(vm, p, &args)),
    Native::new("stat", |vm, p, args| stat(vm, p, &args)),
    Native::new("mkdir", |vm, p, args| {
        let path = path(vm, &args.value(0), "mkdir")?;
        let mode = vm.index(&args.value(1)).and_then(|mode| u16::try_from(mode).ok());
        let made = p.fs(|process| process.mkdir(&path, mode.unwrap_or(0o777)));
        done(vm, made, &path)
    }),
    one_path!("rmdir", |process: &mut crate::process::Process<'_>, path: &[u8]| process.rmdir(path)),
    one_path!("unlink", |process: &mut crate::process::Process<'_>, path: &[u8]| process
        .unlink(path)),
    Native::new("rename", |vm, p, args| {
        two_paths(vm, &args, |from, to| p.fs(|process| process.rename(from, to)).map(|_| ()))
    }),
    Native::new("symlink", |vm, p, args| {
        two_paths(vm, &args, |from, to| p.fs(|process| process.symlink(from, to)))
    }),
    Native::new("link", |vm, p, args| {
        two_paths(vm, &args, |from, to| p.fs(|process| process.link(from, to)))
    }),
    Native::new("readlink", |vm, p, args| {
        let path = path(vm, &args.value(0), "readlink")?;
        match p.fs(|process| process.readlink(&path)) {
            Ok(to) => Ok(Ret::Value(vm.str(String::from_utf8_lossy(&to)))),
            Err(fault) => Err(vm.os_error(fault, Some(&path))),
        }
    }),
    Native::new("realpath", |vm, p, args| {
        let path = path(vm, &args.value(0), "realpath")?;
        let found = p.fs(|process| process.find(&path, Last::Follow)).unwrap_or(path);
        let found = if found.is_empty() { b"/".to_vec() } else { found };
        Ok(Ret::Value(vm.str(String::from_utf8_lossy(&found))))
    }),
    Native::new("chmod", |vm, p, args| {
        let path = path(vm, &args.value(0), "chmod")?;
        let mode = number(vm, &args, 1).unwrap_or_default();
        let mode = u16::try_from(mode & 0o7777).unwrap_or_default();
        let answer = p.fs(|process| process.chmod(&path, mode, Last::Follow));
        done(vm, answer, &path)
    }),
    Native::new("access", |vm, p, args| {
        let path = path(vm, &args.value(0), "access")?;
        let mode = vm.index(&args.value(1)).unwrap_or_default();
        let wants = [(4, Access::Read), (2, Access::Write), (1, Access::Execute)];
        let may = p.fs(|process| {
            let found = process.find(&path, Last::Follow)?;
            process.node(&found)?;
            let who = process.me.who;
            for (bit, access) in wants {
                if mode & bit != 0 {
                    process.world.files.allowed(who, &found, access)?;
                }
            }
            Ok::<(), Fault>(())
        });
        Ok(Ret::Value(V::Bool(may.is_ok())))
    }),
    Native::new("getpid", |_, p, _| Ok(Ret::Value(V::Int(p.pid.into())))),
    Native::new("getppid", |_, p, _| {
        let pid = p.pid;
        let parent = p.world.with(|world| world.table.get(&pid).map(|entry| entry.parent));
        Ok(Ret::Value(V::Int(parent.unwrap_or(1).into())))
    }),
    Native::new("getuid", |_, p, _| Ok(Ret::Value(V::Int(p.user.uid.into())))),
    Native::new("getgid", |_, p, _| Ok(Ret::Value(V::Int(p.user.gid.into())))),
    Native::new("user", |vm, p, _| {
        let (name, home, shell) =
            (p.user.name.clone(), p.user.home.clone(), p.user.shell.clone());
        let parts = [name, home, shell].map(|part| vm.str(String::from_utf8_lossy(&part)));
        Ok(Ret::Value(vm.tuple(parts.to_vec())))
    }),
    Native::new("umask", |vm, p, args| {
        let before = p.umask;
        if let Some(mask) = number(vm, &args, 0) {
            p.umask = u16::try_from(mask & 0o777).unwrap_or_default();
        }
        Ok(Ret::Value(V::Int(before.into())))
    }),
    Native::new("environ", |vm, p, _| {
        let all: Vec<(crate::commands::lang::python::ast::Name, V)> = p
            .env
            .iter()
            .map(|(name, value)| {
                let value = vm.str(String::from_utf8_lossy(value));
                (String::from_utf8_lossy(name).as_ref().into(), value)
            })
            .collect();
        Ok(Ret::Value(vm.named_dict(all)))
    }),
    Native::new("putenv", |vm, p, args| {
        let (name, value) = (vm.text(&args.value(0)), vm.text(&args.value(1)));
        p.env.insert(name.into_bytes(), value.into_bytes());
        Ok(Ret::Value(V::None))
    }),
    Native::new("unsetenv", |vm, p, args| {
        p.env.remove(vm.text(&args.value(0)).as_bytes());
        Ok(Ret::Value(V::None))
    }),
    Native::new("uname", |vm, p, _| {
        let (host, release, version) = p.world.with(|world| {
            let machine = &world.machine;
            (machine.hostname.clone(), machine.kernel.to_owned(), machine.kernel_version.clone())
        });
        let parts = ["Linux".to_owned(), host, release, version, "x86_64".to_owned()];
        let parts = parts.iter().map(|part| vm.str(part)).collect();
        Ok(Ret::Value(vm.tuple(parts)))
    }),
    Native::new("system", |vm, _, args| {
        let line = path(vm, &args.value(0), "system")?;
        Ok(Ret::Wait(Effect::System(line)))
    }),
    Native::new("spawn", |vm, p, args| spawn(vm, p, &args)),
    Native::new("find", |vm, p, args| {
        let name = vm.text(&args.value(0)).into_bytes();
        let path = p.var("PATH").unwrap_or(b"/usr/local/bin:/usr/bin:/bin").to_vec();
        match find(p, &name, &path) {
            Ok(file) => Ok(Ret::Value(vm.str(String::from_utf8_lossy(&file)))),
            Err(_) => Ok(Ret::Value(V::None)),
        }
    }),
    Native::new("wait", |vm, _, args| match number(vm, &args, 0) {
        Some(pid) => Ok(Ret::Wait(Effect::Wait(pid))),
        None => Err(vm.os_error_number(10, "No child processes", None)),
    }),
    Native::new("kill", |vm, p, args| {
        let (pid, signal) = (number(vm, &args, 0), number(vm, &args, 1));
        let known = pid.is_some_and(|pid| p.world.with(|world| world.table.contains_key(&pid)));
        if !known {
            return Err(vm.os_error_number(3, "No such process", None));
        }
        if let (Some(pid), Some(signal @ 1..)) = (pid, signal) {
            p.world.with(|world| world.signal(pid, Signal(signal)));
        }
        Ok(Ret::Wait(Effect::Flush))
    }),
    Native::new("pipe", |vm, p, _| {
        let (reader, writer) = pipe();
        let (reader, writer) = (p.add(reader, 3), p.add(writer, 3));
        Ok(Ret::Value(vm.tuple(vec![V::Int(reader.into()), V::Int(writer.into())])))
    }),
    Native::new("open", |vm, p, args| open(vm, p, &args)),
    Native::new("read", |vm, p, args| match number(vm, &args, 0) {
        Some(fd) if p.fds.contains_key(&fd) => {
            let most = number(vm, &args, 1).unwrap_or(4_096) as usize;
            Ok(Ret::Wait(Effect::Read(fd, most.min(1 << 20))))
        }
        _ => Err(bad_handle(vm)),
    }),
    Native::new("write", |vm, p, args| {
        let bytes = bytes_of(vm, &args.value(1)).unwrap_or_default();
        match number(vm, &args, 0) {
            Some(fd) if p.fds.contains_key(&fd) => Ok(Ret::Wait(Effect::Write(fd, bytes))),
            _ => Err(bad_handle(vm)),
        }
    }),
    Native::new("close", |vm, p, args| {
        match number(vm, &args, 0).and_then(|fd| p.fds.remove(&fd)) {
            Some(_) => Ok(Ret::Value(V::None)),
            None => Err(bad_handle(vm)),
        }
    }),
    Native::new("dup2", |vm, p, args| {
        let (Some(from), Some(to)) = (number(vm, &args, 0), number(vm, &args, 1)) else {
            return Err(bad_handle(vm));
        };
        match p.fds.get(&from).cloned() {
            Some(open) if to < 1_024 => {
                p.fds.insert(to, open);
                Ok(Ret::Value(V::Int(to.into())))
            }
            _ => Err(bad_handle(vm)),
        }
    }),
    Native::new("isatty", |vm, p, args| {
        let fd = number(vm, &args, 0);
        Ok(Ret::Value(V::Bool(fd.is_some_and(|fd| p.is_terminal(fd)))))
    }),
    Native::new("terminal_size", |vm, p, _| {
        let size = p.world.with(|world| world.tty.size);
        let (cols, rows) = size.map_or((80, 24), |size| (size.cols, size.rows));
        let parts = vec![V::Int(cols.into()), V::Int(rows.into())];
        Ok(Ret::Value(vm.tuple(parts)))
    }),
    Native::new("connect", |vm, _, args| {
        let host = vm.text(&args.value(0));
        let port = number(vm, &args, 1).and_then(|port| u16::try_from(port).ok());
        Ok(Ret::Wait(Effect::Connect(host, port.unwrap_or_default())))
    }),
    Native::new("resolve", |vm, _, args| {
        let host = vm.text(&args.value(0));
        Ok(Ret::Wait(Effect::Resolve(host)))
    }),
    Native::new("wish", |vm, p, args| {
        let url = vm.text(&args.value(0));
        crate::commands::net::wish(p, url.as_bytes(), "python3");
        Ok(Ret::Value(V::None))
    }),
    Native::new("forever", |_, _, _| Ok(Ret::Wait(Effect::Forever))),
    Native::new("hostname", |vm, p, _| {
        let host = p.world.with(|world| world.machine.hostname.clone());
        Ok(Ret::Value(vm.str(host)))
    }),
    Native::new("own_address", |vm, p, _| {
        let address = p.world.with(|world| world.login.local.ip());
        Ok(Ret::Value(vm.str(address.to_string())))
    }),
    Native::new("cpu_count", |_, p, _| {
        let count = p.world.with(|world| world.machine.cpus);
        Ok(Ret::Value(V::Int(count.into())))
    }),
];
