//! Builtins about the shell itself: folders, variables, names, history.

use crate::commands::{Call, Found, OutKind, Outcome, Stdin, find, program};
use crate::files::{Access, Fault, Kind, Last};
use crate::shell::parse::is_name;
use crate::shell::{LevelKind, Scope, shown};

pub(crate) fn cd(call: &mut Call<'_>) -> Outcome {
    let target = match call.arg(0) {
        Some(b"-") => match call.shell.level().get(b"OLDPWD").map(<[u8]>::to_vec) {
            Some(old) => {
                call.line(&old);
                old
            }
            None => {
                shell_error(call, b"cd", b"OLDPWD not set");
                return Outcome::Done(1);
            }
        },
        Some(path) => path.to_vec(),
        None => call.shell.level().get(b"HOME").unwrap_or(b"/").to_vec(),
    };
    if call.args.len() > 1 {
        shell_error(call, b"cd", b"too many arguments");
        return Outcome::Done(1);
    }
    match enter(call, &target) {
        Ok(path) => {
            let level = call.shell.level();
            let old = shown(&level.cwd);
            let new = shown(&path);
            level.cwd = path;
            level.set(b"OLDPWD", old, None);
            level.set(b"PWD", new, None);
            Outcome::Done(0)
        }
        Err(fault) => {
            let text = [target.as_slice(), b": ", fault.text().as_bytes()].concat();
            shell_error(call, b"cd", &text);
            Outcome::Done(1)
        }
    }
}

fn enter(call: &mut Call<'_>, target: &[u8]) -> Result<Vec<u8>, Fault> {
    let who = call.shell.who();
    let path = call.resolve(target, Last::Follow)?;
    match call.shell.files.node(&path)?.kind {
        Kind::Folder => {}
        Kind::File(_) | Kind::Program(_) | Kind::Live(_) | Kind::Link(_) | Kind::Device(..) => {
            return Err(Fault::NotFolder);
        }
    }
    call.shell.files.allowed(who, &path, Access::Execute)?;
    Ok(path)
}

/// `-bash: builtin: text`
fn shell_error(call: &mut Call<'_>, builtin: &[u8], text: &[u8]) {
    let level = call.shell.level();
    let place: &[u8] = if level.kind == LevelKind::Script { b": line 1" } else { b"" };
    let name = level.name().as_bytes();
    call.error([name, place, b": ", builtin, b": ", text].concat());
}

pub(crate) fn pwd(call: &mut Call<'_>) -> Outcome {
    let cwd = shown(&call.shell.level().cwd);
    call.line(cwd);
    Outcome::Done(0)
}

pub(crate) fn exit(call: &mut Call<'_>) -> Outcome {
    let (kind, last) = (call.shell.level().kind, call.shell.level().status);
    if let OutKind::Terminal(_) = call.out_kind {
        match kind {
            LevelKind::Login => call.error("logout"),
            LevelKind::Interactive => call.error("exit"),
            LevelKind::Script => {}
        }
    }
    let status = call.arg(0).map_or(Some(last), |text| {
        let number = std::str::from_utf8(text).ok()?.parse::<i64>().ok()?;
        u32::try_from(number.rem_euclid(256)).ok()
    });
    match (status, call.arg(0)) {
        (Some(status), _) => Outcome::Exit(status),
        (None, text) => {
            let text = [text.unwrap_or(b""), b": numeric argument required"].concat();
            shell_error(call, b"exit", &text);
            Outcome::Exit(2)
        }
    }
}

pub(crate) fn export(call: &mut Call<'_>) -> Outcome {
    let mut status = 0;
    if call.args.is_empty() || call.arg(0) == Some(b"-p") {
        for (name, variable) in call.shell.level().variables.clone() {
            if variable.scope == Scope::Exported {
                let value = quoted(&variable.value);
                call.line([b"declare -x ", name.as_slice(), b"=\"", &value, b"\""].concat());
            }
        }
        return Outcome::Done(0);
    }
    for arg in call.args {
        let (name, value) = match arg.iter().position(|&b| b == b'=') {
            Some(at) => (arg.get(..at).unwrap_or(&[]), arg.get(at + 1..)),
            None => (arg.as_slice(), None),
        };
        if !is_name(name) {
            let text = [b"`", arg.as_slice(), b"': not a valid identifier"].concat();
            shell_error(call, b"export", &text);
            status = 1;
            continue;
        }
        let level = call.shell.level();
        let value = value.or(level.get(name)).unwrap_or(b"").to_vec();
        level.set(name, value, Some(Scope::Exported));
    }
    Outcome::Done(status)
}

fn quoted(value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len());
    for &byte in value {
        if matches!(byte, b'"' | b'\\' | b'$' | b'`') {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out
}

pub(crate) fn unset(call: &mut Call<'_>) -> Outcome {
    for name in call.args {
        call.shell.level().variables.remove(name);
    }
    Outcome::Done(0)
}

pub(crate) fn set(call: &mut Call<'_>) -> Outcome {
    if call.args.is_empty() {
        for (name, variable) in call.shell.level().variables.clone() {
            let plain = |b: &u8| b.is_ascii_alphanumeric() || b"_/.:,+-@%=".contains(b);
            if variable.value.iter().all(plain) {
                call.line([name.as_slice(), b"=", &variable.value].concat());
            } else {
                call.line([name.as_slice(), b"='", &variable.value, b"'"].concat());
            }
        }
    }
    Outcome::Done(0)
}

pub(crate) fn env(call: &mut Call<'_>) -> Outcome {
    let set = call.args.iter().take_while(|arg| arg.contains(&b'=')).count();
    if let Some(words) = call.args.get(set..).filter(|words| !words.is_empty()) {
        let user = call.shell.level().user.clone();
        let mut level = call.shell.fresh_level(user, LevelKind::Script);
        for arg in call.args.iter().take(set) {
            if let Some(at) = arg.iter().position(|&b| b == b'=') {
                let value = arg.get(at + 1..).unwrap_or(&[]).to_vec();
                level.set(arg.get(..at).unwrap_or(&[]), value, Some(Scope::Exported));
            }
        }
        return Outcome::Command(words.to_vec(), Box::new(level));
    }
    for (name, variable) in call.shell.level().variables.clone() {
        if variable.scope == Scope::Exported {
            call.line([name.as_slice(), b"=", &variable.value].concat());
        }
    }
    for arg in call.args {
        call.line(arg);
    }
    call.line("_=/usr/bin/env");
    Outcome::Done(0)
}

pub(crate) fn history(call: &mut Call<'_>) -> Outcome {
    if call.arg(0) == Some(b"-c") {
        call.shell.history.clear();
        return Outcome::Done(0);
    }
    let wanted = call.arg(0).and_then(|text| std::str::from_utf8(text).ok()?.parse().ok());
    let skip = call.shell.history.len().saturating_sub(wanted.unwrap_or(usize::MAX));
    let mut text = Vec::new();
    for (number, line) in call.shell.history.numbered().skip(skip) {
        text.extend_from_slice(format!("{number:5}  ").as_bytes());
        text.extend_from_slice(line);
        text.push(b'\n');
    }
    call.print(text);
    Outcome::Done(0)
}

pub(crate) fn which(call: &mut Call<'_>) -> Outcome {
    let mut status = u32::from(call.args.is_empty());
    for name in call.args {
        match path_of(call, name) {
            Some(path) => call.line(path),
            None => status = 1,
        }
    }
    Outcome::Done(status)
}

/// Where a program is.
fn path_of(call: &mut Call<'_>, name: &[u8]) -> Option<Vec<u8>> {
    if name.contains(&b'/') {
        return call.readable(name).is_ok().then(|| name.to_vec());
    }
    program(name).map(|_| [b"/usr/bin/", name].concat())
}

pub(crate) fn type_(call: &mut Call<'_>) -> Outcome {
    let mut status = 0;
    for name in call.args {
        let text: Vec<u8> = match find(name) {
            Some(Found::Builtin(_)) => [name, &b" is a shell builtin"[..]].concat(),
            Some(Found::Program(_)) => [name, &b" is /usr/bin/"[..], name].concat(),
            None => {
                shell_error(call, b"type", &[name, &b": not found"[..]].concat());
                status = 1;
                continue;
            }
        };
        call.line(text);
    }
    Outcome::Done(status)
}

pub(crate) fn command(call: &mut Call<'_>) -> Outcome {
    let mut status = 0;
    // `command command ...` is `command`: nothing recurses on what the peer repeats.
    let repeated = call.args.iter().take_while(|arg| arg.as_slice() == b"command").count();
    match call.args.get(repeated..).unwrap_or(&[]).split_first() {
        None => {}
        Some((flag, names)) if flag == b"-v" || flag == b"-V" => {
            for name in names {
                match find(name) {
                    Some(Found::Builtin(_)) => call.line(name),
                    Some(Found::Program(_)) => call.line([&b"/usr/bin/"[..], name].concat()),
                    None => status = 1,
                }
            }
        }
        Some((name, args)) => match find(name) {
            Some(Found::Builtin(run) | Found::Program(run)) => {
                let stdin = std::mem::replace(&mut call.stdin, Stdin::Session);
                let mut inner = Call::new(call.shell, call.now, args, stdin, call.out_kind);
                let outcome = run(&mut inner);
                call.out.append(&mut inner.out);
                return outcome;
            }
            None => {
                let level = call.shell.level().name();
                call.complain(level, name, "command not found");
                status = 127;
            }
        },
    }
    Outcome::Done(status)
}
