//! `readlink`, `realpath`, `basename`, `dirname`, `pwd`, `which`.
//!
//! **Invariant:** links are followed no further than Linux follows them.

use super::{before_colon, folder_of, last_part, options, quote};
use crate::commands::{Flag, Program};
use crate::files::{Access, Fault, Last};
use crate::kernel::Proc;
use crate::process::{FILE, shown};

pub(crate) const PROGRAMS: &[Program] = &[
    Program::new("readlink", |p| Box::pin(readlink(p)), 52_112, super::BUILT),
    Program::new("realpath", |p| Box::pin(realpath(p)), 52_144, super::BUILT),
    Program::new("basename", |p| Box::pin(basename(p)), 43_856, super::BUILT),
    Program::new("dirname", |p| Box::pin(dirname(p)), 39_760, super::BUILT),
    Program::new("pwd", |p| Box::pin(pwd(p)), 43_952, super::BUILT),
    Program::new("which", |p| Box::pin(which(p)), 946, 1_690_587_995),
];

/// What may be missing of a path that is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Missing {
    Nothing,
    Last,
    All,
}

/// The absolute path without links.
fn canonical(p: &Proc, name: &[u8], missing: Missing) -> Result<Vec<u8>, Fault> {
    p.fs(|process| {
        let found = process.find(name, Last::Follow);
        match (found, missing) {
            (Ok(path), Missing::Nothing) => {
                process.node(&path)?;
                Ok(shown(&path))
            }
            (Ok(path), Missing::Last | Missing::All) => Ok(shown(&path)),
            (Err(fault), Missing::Nothing | Missing::Last) => Err(fault),
            (Err(fault), Missing::All) if name.is_empty() || fault == Fault::Loop => Err(fault),
            (Err(_), Missing::All) => {
                // As far as it is there, then the rest as it stands.
                let mut here =
                    if name.starts_with(b"/") { Vec::new() } else { process.me.cwd.to_vec() };
                for part in crate::files::parts(name) {
                    match part {
                        b"." => {}
                        b".." => here.truncate(crate::process::parent(&here).len()),
                        part => {
                            let next = [here.as_slice(), b"/", part].concat();
                            here = process.find(&next, Last::Follow).unwrap_or(next);
                        }
                    }
                }
                Ok(shown(&here))
            }
        }
    })
}

async fn readlink(p: &mut Proc) -> u32 {
    let flags = [
        Flag::new(b'f', "canonicalize"),
        Flag::new(b'e', "canonicalize-existing"),
        Flag::new(b'm', "canonicalize-missing"),
        Flag::new(b'n', "no-newline"),
        Flag::new(b'q', "quiet"),
        Flag::new(b's', "silent"),
        Flag::new(b'v', "verbose"),
        Flag::new(b'z', "zero"),
    ];
    let given = match options(p, &flags, 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    if given.rest.is_empty() {
        p.misused(&[b"missing operand"]);
        return 1;
    }
    let mut no_newline = given.has(b'n');
    if no_newline && given.rest.len() > 1 {
        p.say(&[b"ignoring --no-newline with multiple arguments"]);
        no_newline = false;
    }
    let verbose = given.last_of(b"vqs") == Some(b'v');
    let mut status = 0;
    for name in &given.rest {
        let read = match given.last_of(b"fem") {
            Some(b'f') => canonical(p, name, Missing::Last),
            Some(b'e') => canonical(p, name, Missing::Nothing),
            Some(_) => canonical(p, name, Missing::All),
            None => p.fs(|process| process.readlink(name)),
        };
        match read {
            Ok(path) => {
                p.print(path);
                if !no_newline {
                    p.print(if given.has(b'z') { b"\0" } else { b"\n" });
                }
            }
            Err(fault) => {
                status = 1;
                if verbose {
                    let name = before_colon(p, name);
                    p.cannot_raw("", &name, fault);
                }
            }
        }
        p.flush_some().await;
    }
    status
}

const RELATIVE_TO: u8 = 128;
const RELATIVE_BASE: u8 = 129;

async fn realpath(p: &mut Proc) -> u32 {
    let flags = [
        Flag::new(b'e', "canonicalize-existing"),
        Flag::new(b'm', "canonicalize-missing"),
        Flag::new(b'L', "logical"),
        Flag::new(b'P', "physical"),
        Flag::new(b'q', "quiet"),
        Flag::with(RELATIVE_TO, "relative-to"),
        Flag::with(RELATIVE_BASE, "relative-base"),
        Flag::new(b's', "strip"),
        Flag::new(b's', "no-symlinks"),
        Flag::new(b'z', "zero"),
    ];
    let given = match options(p, &flags, 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    if given.rest.is_empty() {
        p.misused(&[b"missing operand"]);
        return 1;
    }
    let missing = match given.last_of(b"em") {
        Some(b'e') => Missing::Nothing,
        Some(_) => Missing::All,
        None => Missing::Last,
    };
    let real = |p: &Proc, name: &[u8]| {
        if given.has(b's') { plain(p, name, missing) } else { canonical(p, name, missing) }
    };
    let mut bases = [None, None];
    for (slot, letter) in bases.iter_mut().zip([RELATIVE_TO, RELATIVE_BASE]) {
        if let Some(name) = given.value(letter) {
            match real(p, name) {
                Ok(path) => *slot = Some(path),
                Err(fault) => {
                    let name = before_colon(p, name);
                    p.cannot_raw("", &name, fault);
                    return 1;
                }
            }
        }
    }
    let [to, base] = bases;
    let mut status = 0;
    for name in &given.rest {
        match real(p, name) {
            Ok(path) => {
                let below = base.as_ref().is_none_or(|base| is_below(&path, base));
                let from = to.as_ref().or(base.as_ref()).filter(|_| below);
                p.print(match from {
                    Some(from) => between(&path, from),
                    None => path,
                });
                p.print(if given.has(b'z') { b"\0" } else { b"\n" });
            }
            Err(fault) => {
                status = 1;
                if !given.has(b'q') {
                    let name = before_colon(p, name);
                    p.cannot_raw("", &name, fault);
                }
            }
        }
        p.flush_some().await;
    }
    status
}

/// The absolute path, with its links.
fn plain(p: &Proc, name: &[u8], missing: Missing) -> Result<Vec<u8>, Fault> {
    if name.is_empty() {
        return Err(Fault::Missing);
    }
    let mut here = if name.starts_with(b"/") { Vec::new() } else { p.cwd.clone() };
    for part in crate::files::parts(name) {
        match part {
            b"." => {}
            b".." => here.truncate(crate::process::parent(&here).len()),
            part => here = [here.as_slice(), b"/", part].concat(),
        }
    }
    let there = |path: &[u8]| p.stat(path, Last::Follow);
    match missing {
        Missing::All => {}
        Missing::Nothing => drop(there(&shown(&here))?),
        Missing::Last => drop(there(folder_of(&shown(&here)))?),
    }
    Ok(shown(&here))
}

fn is_below(path: &[u8], folder: &[u8]) -> bool {
    folder == b"/"
        || path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
}

/// The way from a folder to a path.
fn between(path: &[u8], from: &[u8]) -> Vec<u8> {
    let path: Vec<&[u8]> = crate::files::parts(path).collect();
    let from: Vec<&[u8]> = crate::files::parts(from).collect();
    let same = path.iter().zip(&from).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n(&b".."[..], from.len() - same);
    let all: Vec<&[u8]> = up.chain(path.iter().skip(same).copied()).collect();
    if all.is_empty() { b".".to_vec() } else { all.join(&b'/') }
}

/// How a link in that folder names something.
pub(super) fn relative(p: &Proc, name: &[u8], folder: &[u8]) -> Vec<u8> {
    match (canonical(p, name, Missing::All), canonical(p, folder, Missing::All)) {
        (Ok(path), Ok(folder)) => between(&path, &folder),
        _ => name.to_vec(),
    }
}

async fn basename(p: &mut Proc) -> u32 {
    let flags = [Flag::new(b'a', "multiple"), Flag::with(b's', "suffix"), Flag::new(b'z', "zero")];
    let given = match super::about::strict_options(p, &flags, 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    if given.rest.is_empty() {
        p.misused(&[b"missing operand"]);
        return 1;
    }
    let end: &[u8] = if given.has(b'z') { b"\0" } else { b"\n" };
    let many = given.has(b'a') || given.has(b's');
    if !many && let Some(extra) = given.rest.get(2) {
        let extra = quote(p, extra);
        p.misused(&[b"extra operand ", &extra]);
        return 1;
    }
    let (names, suffix) = match given.rest.as_slice() {
        [name, suffix] if !many => (std::slice::from_ref(name), suffix.clone()),
        names => (names, given.value(b's').unwrap_or_default().to_vec()),
    };
    for name in names {
        let part = if name.is_empty() { b"" } else { last_part(name) };
        let cut = part.strip_suffix(suffix.as_slice()).filter(|cut| !cut.is_empty());
        p.print(cut.unwrap_or(part));
        p.print(end);
    }
    0
}

async fn dirname(p: &mut Proc) -> u32 {
    let given = match options(p, &[Flag::new(b'z', "zero")], 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    if given.rest.is_empty() {
        p.misused(&[b"missing operand"]);
        return 1;
    }
    for name in &given.rest {
        p.print(folder_of(name));
        p.print(if given.has(b'z') { b"\0" } else { b"\n" });
    }
    0
}

async fn pwd(p: &mut Proc) -> u32 {
    let flags = [Flag::new(b'L', "logical"), Flag::new(b'P', "physical")];
    let given = match options(p, &flags, 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    if !given.rest.is_empty() {
        p.say(&[b"ignoring non-option arguments"]);
    }
    let here = shown(&p.cwd);
    if given.last_of(b"LP") == Some(b'L')
        && let Some(path) = p.var("PWD").map(<[u8]>::to_vec)
        && path.starts_with(b"/")
        && p.fs(|process| process.find(&path, Last::Follow)).is_ok_and(|found| found == p.cwd)
    {
        p.line(path);
        return 0;
    }
    p.line(here);
    0
}

/// Debian's `which` is a script of dash.
async fn which(p: &mut Proc) -> u32 {
    let mut args = p.rest();
    let mut all = false;
    while let Some(word) = args.first().cloned() {
        let Some(letters) = word.strip_prefix(b"-").filter(|letters| !letters.is_empty()) else {
            break;
        };
        args.remove(0);
        if letters == b"-" {
            break;
        }
        for letter in letters {
            match letter {
                b'a' => all = true,
                b's' => {}
                _ => {
                    p.error([b"Illegal option -", &[*letter][..]].concat());
                    p.line("Usage: /usr/bin/which [-a] args");
                    return 2;
                }
            }
        }
    }
    if args.is_empty() {
        return 1;
    }
    let path = p.var("PATH").unwrap_or_default().to_vec();
    let mut status = 0;
    for name in args {
        if name.is_empty() {
            status = 1;
            continue;
        }
        let mut found = false;
        let places: Vec<Vec<u8>> = if name.contains(&b'/') {
            vec![name.clone()]
        } else {
            let folders = path.split(|&b| b == b':');
            folders
                .map(|folder| {
                    let folder = if folder.is_empty() { b"." } else { folder };
                    [folder, b"/", name.as_slice()].concat()
                })
                .collect()
        };
        for place in places {
            p.tick(50).await;
            if runs(p, &place) {
                p.line(place);
                found = true;
                if !all {
                    break;
                }
            }
        }
        if !found {
            status = 1;
        }
    }
    status
}

fn runs(p: &Proc, path: &[u8]) -> bool {
    p.fs(|process| {
        let Ok(found) = process.find(path, Last::Follow) else { return false };
        let Ok(stat) = process.stat_at(&found) else { return false };
        let who = process.me.who;
        stat.is(FILE)
            && stat.mode & 0o111 != 0
            && process.world.files.allowed(who, &found, Access::Execute).is_ok()
    })
}
