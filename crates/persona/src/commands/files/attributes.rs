//! `chattr`, `lsattr`: attributes of files on ext4.
//!
//! **Invariant:** what they set is what the file system then obeys.

use crate::commands::Program;
use crate::files::{Fault, Last};
use crate::kernel::Proc;
use crate::process::{EXTENTS, FILE, FOLDER};

pub(crate) const PROGRAMS: &[Program] = &[
    Program::new("chattr", |p| Box::pin(chattr(p)), 14_584, 1_677_986_168),
    Program::new("lsattr", |p| Box::pin(lsattr(p)), 14_584, 1_677_986_168),
];

/// Flags in the order in which they are shown, with the letters that set them.
const FLAGS: [(u32, u8); 22] = [
    (0x1, b's'),
    (0x2, b'u'),
    (0x8, b'S'),
    (0x1_0000, b'D'),
    (0x10, b'i'),
    (0x20, b'a'),
    (0x40, b'd'),
    (0x80, b'A'),
    (0x4, b'c'),
    (0x800, b'E'),
    (0x4000, b'j'),
    (0x1000, b'I'),
    (0x8000, b't'),
    (0x2_0000, b'T'),
    (EXTENTS, b'e'),
    (0x80_0000, b'C'),
    (0x200_0000, b'x'),
    (0x4000_0000, b'F'),
    (0x1000_0000, b'N'),
    (0x2000_0000, b'P'),
    (0x10_0000, b'V'),
    (0x400, b'm'),
];
const VERSION: &str = "1.47.0 (5-Feb-2023)";
/// Files below one name.
const FILES: usize = 100_000;

fn letters(flags: u32) -> String {
    let letter = |(flag, letter): &(u32, u8)| {
        if flags & flag != 0 { char::from(*letter) } else { '-' }
    };
    FLAGS.iter().map(letter).collect()
}

fn usage(p: &mut Proc) -> u32 {
    p.error("Usage: chattr [-RVf] [-+=aAcCdDeijPsStTuFx] [-p project] [-v version] files...");
    1
}

async fn chattr(p: &mut Proc) -> u32 {
    let (mut add, mut remove, mut set) = (0_u32, 0_u32, None);
    let (mut recursive, mut verbose, mut quiet) = (false, false, false);
    let mut args = p.rest().into_iter().peekable();
    while let Some(arg) = args.peek().cloned() {
        let (sign, rest) = match arg.split_first() {
            Some((sign @ (b'-' | b'+' | b'='), rest)) => (*sign, rest.to_vec()),
            Some(_) | None => break,
        };
        if arg == b"--" {
            args.next();
            break;
        }
        args.next();
        for letter in rest {
            let known = FLAGS.iter().find(|(_, known)| *known == letter && letter != b'I');
            match (sign, letter, known) {
                (b'-', b'R', _) => recursive = true,
                (b'-', b'V', _) => verbose = true,
                (b'-', b'f', _) => quiet = true,
                (b'-', b'p' | b'v', _) => drop(args.next()),
                (b'-', _, Some((flag, _))) => remove |= flag,
                (b'+', _, Some((flag, _))) => add |= flag,
                (b'=', _, Some((flag, _))) => set = Some(set.unwrap_or(0) | flag),
                (_, _, _) => return usage(p),
            }
        }
        if sign == b'=' && set.is_none() {
            set = Some(0);
        }
    }
    let files: Vec<Vec<u8>> = args.collect();
    if files.is_empty() {
        return usage(p);
    }
    if set.is_some() && (add | remove) != 0 {
        p.error("= is incompatible with - and +");
        return 1;
    }
    if add & remove != 0 {
        p.error("Can't both set and unset same flag.");
        return 1;
    }
    if set.is_none() && add == 0 && remove == 0 {
        p.error("Must use '-v', =, - or +");
        return 1;
    }
    if verbose {
        p.error(format!("chattr {VERSION}"));
    }
    let mut failed = false;
    for name in files {
        let mut todo = vec![name];
        while let Some(path) = todo.pop() {
            p.tick(100).await;
            let change = |old: u32| set.unwrap_or((old | add) & !remove);
            match one(p, &path, change) {
                Ok((folder, new)) => {
                    if verbose {
                        let text = format!("Flags of {} set as {}", shown(&path), letters(new));
                        p.line(text);
                    }
                    if recursive && folder && todo.len() < FILES {
                        todo.extend(below(p, &path));
                    }
                }
                Err((why, fault)) => {
                    failed = true;
                    if !quiet {
                        p.error(format!("chattr: {} {why} {}", text(fault), shown(&path)));
                    }
                }
            }
            p.flush_some().await;
        }
    }
    u32::from(failed)
}

fn shown(path: &[u8]) -> String {
    String::from_utf8_lossy(path).into_owned()
}

/// A file system without attributes says the same as what has none.
fn text(fault: Fault) -> &'static str {
    if fault == Fault::Loop { Fault::NotSupported.text() } else { fault.text() }
}

fn below(p: &Proc, path: &[u8]) -> Vec<Vec<u8>> {
    let names = p.fs(|process| {
        let found = process.find(path, Last::Follow)?;
        process.entries(&found)
    });
    let names = names.unwrap_or_default();
    names.iter().rev().map(|(name, _)| super::join(path, name)).collect()
}

fn one(
    p: &Proc,
    path: &[u8],
    change: impl FnOnce(u32) -> u32,
) -> Result<(bool, u32), (&'static str, Fault)> {
    p.fs(|process| {
        let stat = process.stat(path, Last::Keep).map_err(|fault| ("while trying to stat", fault))?;
        let folder = stat.is(FOLDER);
        if !folder && !stat.is(FILE) {
            // Links and devices have none.
            return Err(("while reading flags on", Fault::Loop));
        }
        let found = process.find(path, Last::Keep).map_err(|fault| ("while trying to stat", fault))?;
        let old = process.flags(&found).map_err(|fault| ("while reading flags on", fault))?;
        let new = change(old);
        let set = process.set_flags(&found, new);
        set.map_err(|fault| ("while setting flags on", fault))?;
        Ok((folder, new))
    })
}

async fn lsattr(p: &mut Proc) -> u32 {
    let (mut all, mut itself, mut recursive, mut version, mut long) =
        (false, false, false, false, false);
    let mut files = Vec::new();
    let mut plain = false;
    for arg in p.rest() {
        let Some(letters) = arg.strip_prefix(b"-").filter(|rest| !rest.is_empty() && !plain) else {
            files.push(arg);
            continue;
        };
        if letters == b"-" {
            plain = true;
            continue;
        }
        for letter in letters {
            match letter {
                b'a' => all = true,
                b'd' => itself = true,
                b'R' => recursive = true,
                b'V' => version = true,
                b'l' => long = true,
                b'v' | b'p' => {}
                _ => {
                    p.error([b"lsattr: invalid option -- '", &[*letter][..], b"'"].concat());
                    p.error("Usage: lsattr [-RVadlpv] [files...]");
                    return 1;
                }
            }
        }
    }
    if version {
        p.error(format!("lsattr {VERSION}"));
    }
    let here = files.is_empty();
    if here {
        files.push(b".".to_vec());
    }
    let mut failed = false;
    for name in files {
        let folder = match p.stat(&name, Last::Keep) {
            Ok(stat) => stat.is(FOLDER),
            Err(fault) => {
                let text = fault.text();
                p.error(format!("lsattr: {text} while trying to stat {}", shown(&name)));
                failed = true;
                continue;
            }
        };
        if !folder || itself {
            failed |= !show(p, &name, long);
            continue;
        }
        let mut todo = vec![(name, true)];
        while let Some((path, first)) = todo.pop() {
            p.tick(100).await;
            if !first {
                p.line(format!("\n{}:", shown(&path)));
            }
            let mut deeper = Vec::new();
            let mut names: Vec<Vec<u8>> = Vec::new();
            if all {
                names.extend([b".".to_vec(), b"..".to_vec()]);
            }
            let list = p.fs(|process| {
                let found = process.find(&path, Last::Follow)?;
                process.entries(&found)
            });
            let list = match list {
                Ok(list) => list,
                Err(fault) => {
                    p.error(format!("lsattr: {} While reading {}", fault.text(), shown(&path)));
                    failed = true;
                    continue;
                }
            };
            names.extend(list.into_iter().map(|(name, _)| name));
            for name in names {
                if name.starts_with(b".") && !all {
                    continue;
                }
                let inner = super::join(&path, &name);
                failed |= !show(p, &inner, long);
                let dots = name == b"." || name == b"..";
                let folder = p.stat(&inner, Last::Keep).is_ok_and(|stat| stat.is(FOLDER));
                if recursive && folder && !dots && todo.len() < FILES {
                    deeper.push((inner, false));
                }
                p.flush_some().await;
            }
            todo.extend(deeper.into_iter().rev());
        }
    }
    u32::from(failed)
}

fn show(p: &mut Proc, path: &[u8], long: bool) -> bool {
    let flags = p.fs(|process| {
        let stat = process.stat(path, Last::Keep)?;
        if !stat.is(FOLDER) && !stat.is(FILE) {
            return Err(Fault::Loop);
        }
        let found = process.find(path, Last::Keep)?;
        process.flags(&found)
    });
    match flags {
        Ok(flags) if long => {
            let names = [(0x10, "Immutable"), (0x20, "Append_Only"), (EXTENTS, "Extents")];
            let set: Vec<&str> =
                names.iter().filter(|(flag, _)| flags & flag != 0).map(|(_, name)| *name).collect();
            let text = if set.is_empty() { "---".to_owned() } else { set.join(", ") };
            p.line(format!("{:<28} {text}", shown(path)));
            true
        }
        Ok(flags) => {
            p.line([letters(flags).as_bytes(), b" ", path].concat());
            true
        }
        Err(fault) => {
            p.error(format!("lsattr: {} While reading flags on {}", text(fault), shown(path)));
            false
        }
    }
}
