//! Commands that make, move and remove files.

use crate::calendar::seconds;
use crate::commands::{Call, Outcome};
use crate::files::{Access, Fault, Kind, Last, Node};
use std::sync::Arc;

/// Files that one command touches.
const NODES: usize = 2_048;

fn parent(path: &[u8]) -> &[u8] {
    path.get(..path.iter().rposition(|&b| b == b'/').unwrap_or(0)).unwrap_or(&[])
}

fn base(path: &[u8]) -> &[u8] {
    path.rsplit(|&b| b == b'/').next().unwrap_or(&[])
}

fn node(call: &mut Call<'_>, kind: Kind, mode: u16) -> Node {
    let who = call.shell.who();
    let changed = seconds(call.now);
    Node { kind, mode, uid: who.uid, gid: who.gid, accessed: changed, changed }
}

/// Puts a node where the user may write.
fn create(call: &mut Call<'_>, path: &[u8], node: Node) -> Result<(), Fault> {
    let who = call.shell.who();
    call.shell.files.allowed(who, parent(path), Access::Write)?;
    call.shell.files.put(path, node)
}

pub(crate) fn touch(call: &mut Call<'_>) -> Outcome {
    let (_, _, names) = call.flags();
    let mut status = missing_operand(call, "touch", names.len(), 1);
    for name in names {
        let done = call.resolve(name, Last::Follow).and_then(|path| {
            let now = seconds(call.now);
            match call.shell.files.node(&path).cloned() {
                Ok(old) => {
                    let who = call.shell.who();
                    call.shell.files.allowed(who, &path, Access::Write)?;
                    call.shell.files.put(&path, Node { accessed: now, changed: now, ..old })
                }
                Err(_) => {
                    let new = node(call, Kind::File(Arc::default()), 0o644);
                    create(call, &path, new)
                }
            }
        });
        if let Err(fault) = done {
            call.complain("touch", &[b"cannot touch '", name, b"'"].concat(), fault.text());
            status = 1;
        }
    }
    Outcome::Done(status)
}

fn missing_operand(call: &mut Call<'_>, name: &str, have: usize, need: usize) -> u32 {
    if have >= need {
        return 0;
    }
    let what =
        if name == "touch" || name == "cp" || name == "mv" { "file operand" } else { "operand" };
    call.error(format!("{name}: missing {what}\nTry '{name} --help' for more information."));
    1
}

pub(crate) fn mkdir(call: &mut Call<'_>) -> Outcome {
    let (flags, long, names) = call.flags();
    let parents = flags.contains(&b'p') || long.contains(&b"--parents".as_slice());
    let mut status = missing_operand(call, "mkdir", names.len(), 1);
    for name in names {
        let mut steps = vec![name.to_vec()];
        if parents {
            let ends = name.iter().enumerate().filter(|(at, b)| **b == b'/' && *at > 0);
            steps = ends.filter_map(|(at, _)| Some(name.get(..at)?.to_vec())).collect();
            steps.push(name.to_vec());
        }
        for step in steps {
            let done = call.resolve(&step, Last::Follow).and_then(|path| {
                match call.shell.files.node(&path).map(|node| matches!(node.kind, Kind::Folder)) {
                    Ok(true) if parents => Ok(()),
                    Ok(_) => Err(Fault::Exists),
                    Err(_) => {
                        let new = node(call, Kind::Folder, 0o755);
                        create(call, &path, new)
                    }
                }
            });
            if let Err(fault) = done {
                let what = [b"cannot create directory '", name, b"'"].concat();
                // GNU mkdir sets the name in typographic quotes only in UTF-8 locales with
                // translations; Debian's C.UTF-8 and en_US.UTF-8 have none.
                call.complain("mkdir", &what, fault.text());
                status = 1;
                break;
            }
        }
    }
    Outcome::Done(status)
}

pub(crate) fn rm(call: &mut Call<'_>) -> Outcome {
    let (flags, long, names) = call.flags();
    let force = flags.contains(&b'f') || long.contains(&b"--force".as_slice());
    let deep = flags.iter().any(|b| b"rR".contains(b)) || long.contains(&b"--recursive".as_slice());
    let mut status = if force { 0 } else { missing_operand(call, "rm", names.len(), 1) };
    for name in names {
        if name == b"/" && deep {
            call.error("rm: it is dangerous to operate recursively on '/'");
            call.error("rm: use --no-preserve-root to override this failsafe");
            status = 1;
            continue;
        }
        let done = call.resolve(name, Last::Keep).and_then(|path| {
            let who = call.shell.who();
            let folder = matches!(call.shell.files.node(&path)?.kind, Kind::Folder);
            if folder && !deep {
                return Err(Fault::IsFolder);
            }
            call.shell.files.allowed(who, parent(&path), Access::Write)?;
            for one in call.shell.files.below(&path, NODES).iter().rev() {
                call.shell.files.remove(one)?;
            }
            Ok(())
        });
        match done {
            Ok(()) => {}
            Err(Fault::Missing) if force => {}
            Err(fault) => {
                call.complain("rm", &[b"cannot remove '", name, b"'"].concat(), fault.text());
                status = 1;
            }
        }
    }
    Outcome::Done(status)
}

pub(crate) fn mv(call: &mut Call<'_>) -> Outcome {
    transfer(call, "mv")
}

pub(crate) fn cp(call: &mut Call<'_>) -> Outcome {
    transfer(call, "cp")
}

fn transfer(call: &mut Call<'_>, program: &'static str) -> Outcome {
    let (flags, _, names) = call.flags();
    let Some((to, from)) = names.split_last().filter(|(_, from)| !from.is_empty()) else {
        if let Some(only) = names.first() {
            let what = [b"missing destination file operand after '", *only, b"'"].concat();
            call.error([program.as_bytes(), b": ", &what].concat());
            call.error(format!("Try '{program} --help' for more information."));
            return Outcome::Done(1);
        }
        return Outcome::Done(missing_operand(call, program, 0, 1));
    };
    let deep = program == "mv" || flags.iter().any(|b| b"rRa".contains(b));
    let mut status = 0;
    for name in from {
        let source = call.resolve(name, Last::Keep);
        let found =
            source.and_then(|path| call.shell.files.node(&path).cloned().map(|n| (path, n)));
        let (source, first) = match found {
            Ok(found) => found,
            Err(fault) => {
                let what = [b"cannot stat '", *name, b"'"].concat();
                call.complain(program, &what, fault.text());
                status = 1;
                continue;
            }
        };
        if matches!(first.kind, Kind::Folder) && !deep {
            call.error([b"cp: -r not specified; omitting directory '", *name, b"'"].concat());
            status = 1;
            continue;
        }
        let moved = call.resolve(to, Last::Follow).and_then(|target| {
            let into = matches!(call.shell.files.node(&target).map(|n| &n.kind), Ok(Kind::Folder));
            let target =
                if into { [target.as_slice(), b"/", base(&source)].concat() } else { target };
            if target.starts_with(&[source.as_slice(), b"/"].concat()) || target == source {
                return Err(Fault::Exists);
            }
            let who = call.shell.who();
            let all = call.shell.files.below(&source, NODES);
            for path in &all {
                call.shell.files.allowed(who, path, Access::Read)?;
                let mut copy = call.shell.files.node(path)?.clone();
                if program == "cp" {
                    (copy.uid, copy.gid, copy.changed) = (who.uid, who.gid, seconds(call.now));
                }
                let below = path.get(source.len()..).unwrap_or(&[]);
                create(call, &[target.as_slice(), below].concat(), copy)?;
            }
            if program == "mv" {
                call.shell.files.allowed(who, parent(&source), Access::Write)?;
                for path in all.iter().rev() {
                    call.shell.files.remove(path)?;
                }
            }
            Ok(())
        });
        if let Err(fault) = moved {
            let verb: &[u8] =
                if program == "mv" { b"cannot move '" } else { b"cannot create regular file '" };
            let what = if program == "mv" {
                [verb, name, b"' to '", to, b"'"].concat()
            } else {
                [verb, to, b"'"].concat()
            };
            call.complain(program, &what, fault.text());
            status = 1;
        }
    }
    Outcome::Done(status)
}
