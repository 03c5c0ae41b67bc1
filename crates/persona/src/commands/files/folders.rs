//! `mkdir`, `rmdir`, `mkfifo`, `mknod`, `mktemp`.
//!
//! **Invariant:** what is made gets the permissions that were asked for, whatever the umask.

use super::mode::{Folder, Mode};
use super::{always, folder_of, join, number, options, quote};
use crate::commands::{Flag, Program};
use crate::files::{Fault, Kind, Last, Special};
use crate::kernel::Proc;
use crate::machine::Dice;
use crate::process::FOLDER;

pub(crate) const PROGRAMS: &[Program] = &[
    Program::new("mkdir", |p| Box::pin(mkdir(p)), 97_552, super::BUILT),
    Program::new("rmdir", |p| Box::pin(rmdir(p)), 56_240, super::BUILT),
    Program::new("mkfifo", |p| Box::pin(mkfifo(p)), 68_784, super::BUILT),
    Program::new("mknod", |p| Box::pin(mknod(p)), 72_912, super::BUILT),
    Program::new("mktemp", |p| Box::pin(mktemp(p)), 43_952, super::BUILT),
];

const CONTEXT: u8 = 128;

async fn mkdir(p: &mut Proc) -> u32 {
    let flags = [
        Flag::with(b'm', "mode"),
        Flag::new(b'p', "parents"),
        Flag::new(b'v', "verbose"),
        Flag::new(b'Z', ""),
        Flag::maybe(CONTEXT, "context"),
    ];
    let given = match options(p, &flags, 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    if given.rest.is_empty() {
        p.misused(&[b"missing operand"]);
        return 1;
    }
    let mode = match given.value(b'm').map(|text| (text, Mode::read(text))) {
        None => None,
        Some((_, Some(mode))) => Some(mode.apply(0o777, Folder::Yes, p.umask)),
        Some((text, None)) => {
            let text = quote(p, text);
            p.say(&[b"invalid mode ", &text]);
            return 1;
        }
    };
    let mut status = 0;
    for name in &given.rest {
        let made = if given.has(b'p') {
            parents(p, name, mode, given.has(b'v')).await
        } else {
            one(p, name, mode).map_err(|fault| (name.clone(), fault)).map(|()| {
                if given.has(b'v') {
                    created(p, name);
                }
            })
        };
        if let Err((path, fault)) = made {
            let path = quote(p, &path);
            p.cannot_raw("cannot create directory", &path, fault);
            status = 1;
        }
        p.flush_some().await;
    }
    status
}

fn created(p: &mut Proc, name: &[u8]) {
    let (program, name) = (p.name(), always(p, name));
    let verb: &[u8] =
        if program == "install" { b": creating directory " } else { b": created directory " };
    p.line([program.as_bytes(), verb, &name].concat());
}

fn one(p: &Proc, name: &[u8], mode: Option<u16>) -> Result<(), Fault> {
    p.fs(|process| {
        process.mkdir(name, 0o777)?;
        match mode {
            Some(mode) => process.chmod(name, mode, Last::Follow),
            None => Ok(()),
        }
    })
}

/// Makes a folder and those above it that are missing.
pub(super) async fn parents(
    p: &mut Proc,
    name: &[u8],
    mode: Option<u16>,
    verbose: bool,
) -> Result<(), (Vec<u8>, Fault)> {
    let mut ends: Vec<usize> = Vec::new();
    for (at, pair) in name.windows(2).enumerate() {
        if let [first, b'/'] = pair
            && *first != b'/'
        {
            ends.push(at + 1);
        }
    }
    let trimmed = name.iter().rposition(|&b| b != b'/').map_or(0, |at| at + 1);
    ends.retain(|end| *end < trimmed);
    ends.push(trimmed.max(1));
    for (place, end) in ends.iter().enumerate() {
        p.tick(100).await;
        let path = name.get(..*end).unwrap_or(name);
        let last = place + 1 == ends.len();
        match one(p, path, mode.filter(|_| last)) {
            Ok(()) if verbose => created(p, path),
            Ok(()) => {}
            Err(fault) => {
                let there = p.stat(path, Last::Follow);
                match there {
                    Ok(stat) if stat.is(FOLDER) => {}
                    Ok(_) if !last => return Err((path.to_vec(), Fault::NotFolder)),
                    Ok(_) | Err(_) => return Err((path.to_vec(), fault)),
                }
            }
        }
    }
    Ok(())
}

const IGNORE: u8 = 129;

async fn rmdir(p: &mut Proc) -> u32 {
    let flags = [
        Flag::new(IGNORE, "ignore-fail-on-non-empty"),
        Flag::new(b'p', "parents"),
        Flag::new(b'v', "verbose"),
    ];
    let given = match options(p, &flags, 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    if given.rest.is_empty() {
        p.misused(&[b"missing operand"]);
        return 1;
    }
    let mut status = 0;
    for name in &given.rest {
        let mut path = name.as_slice();
        let mut first = true;
        loop {
            p.tick(50).await;
            if given.has(b'v') {
                let (program, shown) = (p.name(), always(p, path));
                p.line([program.as_bytes(), b": removing directory, ", &shown].concat());
            }
            match p.fs(|process| process.rmdir(path)) {
                Ok(()) => {}
                Err(Fault::NotEmpty) if given.has(IGNORE) => break,
                Err(fault) => {
                    let why = if first { "failed to remove" } else { "failed to remove directory" };
                    p.cannot(why, path, fault);
                    status = 1;
                    break;
                }
            }
            if !given.has(b'p') {
                break;
            }
            first = false;
            let end = path.iter().rposition(|&b| b != b'/').map_or(0, |at| at + 1);
            let trimmed = path.get(..end).unwrap_or(path);
            if !trimmed.contains(&b'/') {
                break;
            }
            path = folder_of(trimmed);
            if path == b"/" {
                break;
            }
        }
    }
    status
}

/// The permissions that `-m` names; without, those that the umask leaves.
fn special_mode(p: &mut Proc, text: Option<&[u8]>) -> Result<u16, u32> {
    let Some(text) = text else { return Ok(0o666) };
    match Mode::read(text) {
        Some(mode) => match mode.apply(0o666, Folder::No, p.umask) {
            mode if mode & !0o777 == 0 => Ok(mode | 0o1000),
            _ => {
                p.say(&[b"mode must specify only file permission bits"]);
                Err(1)
            }
        },
        None => {
            p.say(&[b"invalid mode"]);
            Err(1)
        }
    }
}

fn special(p: &Proc, name: &[u8], kind: Kind, mode: u16) -> Result<(), Fault> {
    p.fs(|process| {
        process.mknod(name, kind, mode & 0o777)?;
        if mode & 0o1000 != 0 { process.chmod(name, mode & 0o777, Last::Keep) } else { Ok(()) }
    })
}

async fn mkfifo(p: &mut Proc) -> u32 {
    let flags = [Flag::with(b'm', "mode"), Flag::new(b'Z', ""), Flag::maybe(CONTEXT, "context")];
    let given = match options(p, &flags, 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    if given.rest.is_empty() {
        p.misused(&[b"missing operand"]);
        return 1;
    }
    let mode = match special_mode(p, given.value(b'm')) {
        Ok(mode) => mode,
        Err(status) => return status,
    };
    let mut status = 0;
    for name in &given.rest {
        if let Err(fault) = special(p, name, Kind::Special(Special::Fifo), mode) {
            p.cannot("cannot create fifo", name, fault);
            status = 1;
        }
    }
    status
}

async fn mknod(p: &mut Proc) -> u32 {
    let flags = [Flag::with(b'm', "mode"), Flag::new(b'Z', ""), Flag::maybe(CONTEXT, "context")];
    let given = match options(p, &flags, 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    let mode = match special_mode(p, given.value(b'm')) {
        Ok(mode) => mode,
        Err(status) => return status,
    };
    let kind = given.rest.get(1).and_then(|kind| kind.first()).copied();
    let wanted = if kind == Some(b'p') { 2 } else { 4 };
    let have = given.rest.len();
    if have < wanted {
        match given.rest.last() {
            None => p.say(&[b"missing operand"]),
            Some(last) => {
                let last = quote(p, last);
                p.say(&[b"missing operand after ", &last]);
            }
        }
        if wanted == 4 && have == 2 {
            p.error("Special files require major and minor device numbers.");
        }
        p.try_help();
        return 1;
    }
    if let Some(extra) = given.rest.get(wanted) {
        let extra = quote(p, extra);
        p.say(&[b"extra operand ", &extra]);
        if wanted == 2 && have == 4 {
            p.error("Fifos do not have major and minor device numbers.");
        }
        p.try_help();
        return 1;
    }
    let word = |at: usize| given.rest.get(at).cloned().unwrap_or_default();
    let node = match kind {
        Some(b'p') => Kind::Special(Special::Fifo),
        Some(b'b' | b'c' | b'u') => {
            let mut numbers = [0; 2];
            for (place, what) in [(2, "major"), (3, "minor")] {
                let Some(value) = number(&word(place)) else {
                    let text = quote(p, &word(place));
                    p.say(&[b"invalid ", what.as_bytes(), b" device number ", &text]);
                    return 1;
                };
                if let Some(slot) = numbers.get_mut(place - 2) {
                    *slot = value;
                }
            }
            let [major, minor] = numbers;
            if kind == Some(b'b') {
                Kind::Special(Special::Block(major, minor))
            } else {
                Kind::Device(major, minor)
            }
        }
        Some(_) | None => {
            let text = quote(p, &word(1));
            p.misused(&[b"invalid device type ", &text]);
            return 1;
        }
    };
    let name = word(0);
    if let Err(fault) = special(p, &name, node, mode) {
        let shown = super::before_colon(p, &name);
        p.cannot_raw("", &shown, fault);
        return 1;
    }
    0
}

const SUFFIX: u8 = 130;

async fn mktemp(p: &mut Proc) -> u32 {
    let flags = [
        Flag::new(b'd', "directory"),
        Flag::new(b'u', "dry-run"),
        Flag::new(b'q', "quiet"),
        Flag::with(SUFFIX, "suffix"),
        Flag::with(b'p', ""),
        Flag::maybe(b'P', "tmpdir"),
        Flag::new(b't', ""),
    ];
    let given = match options(p, &flags, 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    if given.rest.len() > 1 {
        p.misused(&[b"too many templates"]);
        return 1;
    }
    let template = given.rest.first().cloned();
    let usual = template.is_none();
    let template = template.unwrap_or_else(|| b"tmp.XXXXXXXXXX".to_vec());
    let end = template.iter().rposition(|&b| b == b'X').map_or(0, |at| at + 1);
    let (body, mut suffix) = match given.value(SUFFIX) {
        Some(suffix) => {
            if !template.ends_with(b"X") {
                let text = quote(p, &template);
                p.say(&[b"with --suffix, template ", &text, b" must end in X"]);
                return 1;
            }
            (template.clone(), suffix.to_vec())
        }
        None => {
            let (body, suffix) = template.split_at_checked(end).unwrap_or((&template, &[]));
            (body.to_vec(), suffix.to_vec())
        }
    };
    if suffix.contains(&b'/') {
        let text = quote(p, &suffix);
        p.say(&[b"invalid suffix ", &text, b", contains directory separator"]);
        return 1;
    }
    let letters = body.iter().rev().take_while(|b| **b == b'X').count();
    if letters < 3 {
        let whole = [body.as_slice(), &suffix].concat();
        let text = quote(p, &whole);
        p.say(&[b"too few X's in template ", &text]);
        return 1;
    }
    let named = given.last_of(b"pP").and_then(|letter| given.value(letter));
    let in_folder = usual || given.has(b't') || given.has(b'p') || given.has(b'P');
    let variable = p.var("TMPDIR").filter(|value| !value.is_empty());
    let folder = match (given.has(b't'), named) {
        (true, _) => variable.or(named).unwrap_or(b"/tmp").to_vec(),
        (false, Some(named)) if !named.is_empty() => named.to_vec(),
        (false, _) => variable.unwrap_or(b"/tmp").to_vec(),
    };
    if given.has(b't') && body.contains(&b'/') {
        let text = quote(p, &template);
        p.say(&[b"invalid template, ", &text, b", contains directory separator"]);
        return 1;
    }
    if !given.has(b't') && in_folder && body.starts_with(b"/") {
        let text = quote(p, &template);
        let head: &[u8] = b"invalid template, ";
        p.say(&[head, &text, b"; with --tmpdir, it may not be absolute"]);
        return 1;
    }
    let whole = if in_folder { join(&folder, &body) } else { body };
    let start = whole.len() - letters;
    let stem = whole.get(..start).unwrap_or_default();
    suffix.truncate(200);
    let made = temporary(p, stem, letters, &suffix, given.has(b'd'), given.has(b'u'));
    match made {
        Ok(path) => {
            p.line(path);
            0
        }
        Err(fault) => {
            if !given.has(b'q') {
                let why = if given.has(b'd') {
                    "failed to create directory via template"
                } else {
                    "failed to create file via template"
                };
                let text = quote(p, &[whole.as_slice(), &suffix].concat());
                p.cannot_raw(why, &text, fault);
            }
            1
        }
    }
}

#[expect(clippy::fn_params_excessive_bools, reason = "flags of the command line")]
fn temporary(
    p: &Proc,
    stem: &[u8],
    letters: usize,
    suffix: &[u8],
    folder: bool,
    dry: bool,
) -> Result<Vec<u8>, Fault> {
    const LETTERS: &[u8; 62] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    let seed = p
        .world
        .with(|world| world.machine.ids[0] ^ u64::from(p.pid) << 32 ^ world.now.0.unsigned_abs());
    let mut dice = Dice(seed);
    for _ in 0..100 {
        let mut path = stem.to_vec();
        for _ in 0..letters {
            let letter = usize::try_from(dice.below(62)).ok().and_then(|at| LETTERS.get(at));
            path.push(letter.copied().unwrap_or(b'a'));
        }
        path.extend_from_slice(suffix);
        let made = p.fs(|process| {
            if dry {
                return match process.stat(&path, Last::Keep) {
                    Ok(_) => Err(Fault::Exists),
                    Err(Fault::Missing) => Ok(()),
                    Err(fault) => Err(fault),
                };
            }
            if folder {
                return process.mkdir(&path, 0o700);
            }
            let opening =
                crate::process::Opening { create: Some(0o600), exclusive: true, truncate: false };
            process.open(&path, crate::process::Direction::Write, opening).map(drop)
        });
        match made {
            Ok(()) => return Ok(path),
            Err(Fault::Exists) => {}
            Err(fault) => return Err(fault),
        }
    }
    Err(Fault::Exists)
}
