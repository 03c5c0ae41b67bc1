//! `rm`, `shred`.
//!
//! **Invariant:** what is below a folder is removed before it; how deep that is costs memory, not
//! stack.

use super::{always, before_colon, join, last_part, options, with_unit};
use crate::commands::{Flag, Options, Program};
use crate::files::{Access, Fault, Last};
use crate::kernel::Proc;
use crate::process::{
    BLOCK, DEVICE, Direction, FIFO, FOLDER, KIND_BITS, LINK, Opening, SOCKET, Stat, mode_text,
};

pub(crate) const PROGRAMS: &[Program] = &[
    Program::new("rm", |p| Box::pin(rm(p)), 72_752, super::BUILT),
    Program::new("shred", |p| Box::pin(shred(p)), 64_656, super::BUILT),
];

const INTERACTIVE: u8 = 128;
const NO_PRESERVE: u8 = 129;
const PRESERVE: u8 = 130;
const ONE_SYSTEM: u8 = 131;

const RM: &[Flag] = &[
    Flag::new(b'd', "dir"),
    Flag::new(b'f', "force"),
    Flag::new(b'i', ""),
    Flag::new(b'I', ""),
    Flag::maybe(INTERACTIVE, "interactive"),
    Flag::new(NO_PRESERVE, "no-preserve-root"),
    Flag::maybe(PRESERVE, "preserve-root"),
    Flag::new(ONE_SYSTEM, "one-file-system"),
    Flag::new(b'r', "recursive"),
    Flag::new(b'R', ""),
    Flag::new(b'v', "verbose"),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asking {
    Always,
    Once,
    /// What is protected from writing, on a terminal.
    Protected,
    Never,
}

/// What is left to do.
enum Step {
    Remove(Vec<u8>),
    /// What was in it is gone, unless that failed.
    Leave(Vec<u8>),
}

struct Rm {
    asking: Asking,
    recursive: bool,
    folders: bool,
    verbose: bool,
    force: bool,
    failed: bool,
    /// In these folders something was left: they cannot be removed, and nobody is told again.
    left: Vec<Vec<u8>>,
}

async fn rm(p: &mut Proc) -> u32 {
    let given = match options(p, RM, 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    let asking = match given.last_of(&[b'i', b'I', b'f', INTERACTIVE]) {
        Some(b'i') => Asking::Always,
        Some(b'I') => Asking::Once,
        Some(b'f') => Asking::Never,
        Some(_) => match given.value(INTERACTIVE) {
            Some(b"never" | b"no" | b"none") => Asking::Never,
            Some(b"once") => Asking::Once,
            Some(_) | None => Asking::Always,
        },
        None => Asking::Protected,
    };
    let force = given.last_of(b"fi") == Some(b'f');
    if given.rest.is_empty() {
        if force {
            return 0;
        }
        p.misused(&[b"missing operand"]);
        return 1;
    }
    let recursive = given.has(b'r') || given.has(b'R');
    if asking == Asking::Once && (recursive || given.rest.len() > 3) && !once(p, &given).await {
        return 0;
    }
    let mut rm = Rm {
        asking,
        recursive,
        folders: given.has(b'd'),
        verbose: given.has(b'v'),
        force,
        failed: false,
        left: Vec::new(),
    };
    for name in &given.rest {
        if matches!(last_part(name), b"." | b"..") && recursive {
            let shown = always(p, name);
            p.say(&[b"refusing to remove '.' or '..' directory: skipping ", &shown]);
            rm.failed = true;
            continue;
        }
        let root = p.fs(|process| process.find(name, Last::Keep)).is_ok_and(|path| path.is_empty());
        if recursive && root && !given.has(NO_PRESERVE) {
            let what: &[u8] = if name == b"/" { b"'/'" } else { b"" };
            if what.is_empty() {
                let shown = always(p, name);
                let text = b" (same as '/')";
                p.say(&[b"it is dangerous to operate recursively on ", &shown, text]);
            } else {
                p.say(&[b"it is dangerous to operate recursively on ", what]);
            }
            p.say(&[b"use --no-preserve-root to override this failsafe"]);
            rm.failed = true;
            continue;
        }
        rm.tree(p, name.clone()).await;
    }
    u32::from(rm.failed)
}

async fn once(p: &mut Proc, given: &Options) -> bool {
    let count = given.rest.len();
    let arguments = if count == 1 { "argument" } else { "arguments" };
    let deep = if given.has(b'r') || given.has(b'R') { " recursively" } else { "" };
    p.asks(format!("remove {count} {arguments}{deep}? ").as_bytes()).await
}

/// What `rm` calls a file.
fn called(stat: &Stat) -> &'static str {
    match stat.mode & KIND_BITS {
        FOLDER => "directory",
        LINK => "symbolic link",
        DEVICE => "character special file",
        BLOCK => "block special file",
        FIFO => "fifo",
        SOCKET => "socket",
        _ if stat.size == 0 => "regular empty file",
        _ => "regular file",
    }
}

impl Rm {
    async fn tree(&mut self, p: &mut Proc, name: Vec<u8>) {
        let mut steps = vec![Step::Remove(name)];
        while let Some(step) = steps.pop() {
            p.tick(100).await;
            match step {
                Step::Remove(path) => self.enter(p, path, &mut steps).await,
                Step::Leave(path) => self.leave(p, path).await,
            }
            p.flush_some().await;
        }
    }

    fn fail(&mut self, p: &mut Proc, path: &[u8], fault: Fault) {
        p.cannot("cannot remove", path, fault);
        self.keep(path);
    }

    /// Something stays, and so do the folders that it is in.
    fn keep(&mut self, path: &[u8]) {
        self.failed = true;
        self.keep_quietly(path);
    }

    fn keep_quietly(&mut self, path: &[u8]) {
        let folder = super::folder_of(path).to_vec();
        if self.left.last() != Some(&folder) && self.left.len() < 10_000 {
            self.left.push(folder);
        }
    }

    async fn enter(&mut self, p: &mut Proc, path: Vec<u8>, steps: &mut Vec<Step>) {
        let stat = match p.stat(&path, Last::Keep) {
            Ok(stat) => stat,
            Err(Fault::Missing | Fault::NotFolder) if self.force => return,
            Err(fault) => return self.fail(p, &path, fault),
        };
        if stat.is(FOLDER) {
            let list = p.fs(|process| {
                let found = process.find(&path, Last::Keep)?;
                process.entries(&found)
            });
            if !self.recursive {
                let empty = list.is_ok_and(|names| names.is_empty());
                if !self.folders {
                    return self.fail(p, &path, Fault::IsFolder);
                }
                if !empty {
                    return self.fail(p, &path, Fault::NotEmpty);
                }
                return self.leave(p, path).await;
            }
            let names = match list {
                Ok(names) => names,
                Err(fault) => {
                    let empty = p.fs(|process| {
                        let found = process.find(&path, Last::Keep).unwrap_or_default();
                        process.world.files.is_empty(&found)
                    });
                    if empty {
                        return self.leave(p, path).await;
                    }
                    return self.fail(p, &path, fault);
                }
            };
            if !names.is_empty() && self.wants_answer(p, &path, &stat) {
                let shown = always(p, &path);
                let protected: &[u8] =
                    if self.asking == Asking::Always { b"" } else { b"write-protected " };
                let question = [b"descend into ", protected, b"directory ", &shown, b"? "].concat();
                if !p.asks(&question).await {
                    self.keep_quietly(&path);
                    return;
                }
            }
            steps.push(Step::Leave(path.clone()));
            steps.extend(names.iter().rev().map(|(name, _)| Step::Remove(join(&path, name))));
            return;
        }
        if self.wants_answer(p, &path, &stat) && !self.asks(p, &path, &stat).await {
            self.keep_quietly(&path);
            return;
        }
        match p.fs(|process| process.unlink(&path)) {
            Ok(_) if self.verbose => {
                let shown = always(p, &path);
                p.line([b"removed ", shown.as_slice()].concat());
            }
            Ok(_) => {}
            Err(fault) => self.fail(p, &path, fault),
        }
    }

    async fn leave(&mut self, p: &mut Proc, path: Vec<u8>) {
        if let Some(at) = self.left.iter().rposition(|left| *left == path) {
            self.left.truncate(at);
            self.keep_quietly(&path);
            return;
        }
        let Ok(stat) = p.stat(&path, Last::Keep) else { return };
        if self.wants_answer(p, &path, &stat) && !self.asks(p, &path, &stat).await {
            self.keep_quietly(&path);
            return;
        }
        match p.fs(|process| process.rmdir(&path)) {
            Ok(()) if self.verbose => {
                let shown = always(p, &path);
                p.line([b"removed directory ", shown.as_slice()].concat());
            }
            Ok(()) => {}
            Err(fault) => self.fail(p, &path, fault),
        }
    }

    fn wants_answer(&self, p: &Proc, path: &[u8], stat: &Stat) -> bool {
        match self.asking {
            Asking::Always => true,
            Asking::Once | Asking::Never => false,
            Asking::Protected => !stat.is(LINK) && p.is_terminal(0) && !may_write(p, path),
        }
    }

    async fn asks(&self, p: &mut Proc, path: &[u8], stat: &Stat) -> bool {
        let protected: &[u8] = if self.asking != Asking::Always && !may_write(p, path) {
            b"write-protected "
        } else {
            b""
        };
        let shown = always(p, path);
        let kind = called(stat).as_bytes();
        p.asks(&[b"remove ", protected, kind, b" ", &shown, b"? "].concat()).await
    }
}

pub(super) fn may_write(p: &Proc, path: &[u8]) -> bool {
    p.fs(|process| {
        let Ok(found) = process.find(path, Last::Follow) else { return true };
        process.world.files.allowed(process.me.who, &found, Access::Write).is_ok()
    })
}

/// `0644 (rw-r--r--)`
pub(super) fn mode_shown(stat: &Stat) -> String {
    let mode = u16::try_from(stat.mode & 0o7777).unwrap_or(0);
    format!("{mode:04o} ({})", mode_text(mode))
}

const REMOVE: u8 = 132;
const SOURCE: u8 = 133;

const SHRED: &[Flag] = &[
    Flag::new(b'f', "force"),
    Flag::with(b'n', "iterations"),
    Flag::with(SOURCE, "random-source"),
    Flag::with(b's', "size"),
    Flag::new(b'u', ""),
    Flag::maybe(REMOVE, "remove"),
    Flag::new(b'v', "verbose"),
    Flag::new(b'x', "exact"),
    Flag::new(b'z', "zero"),
];

async fn shred(p: &mut Proc) -> u32 {
    let given = match options(p, SHRED, 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    if given.rest.is_empty() {
        p.misused(&[b"missing file operand"]);
        return 1;
    }
    let rounds = match given.value(b'n') {
        None => 3,
        Some(text) => match with_unit(text, false) {
            Some(rounds) => rounds,
            None => {
                let text = super::quote(p, text);
                p.say(&[b"invalid number of passes: ", &text]);
                return 1;
            }
        },
    };
    let mut status = 0;
    for name in &given.rest {
        status |= u32::from(!shred_one(p, name, rounds.min(1_000), &given).await);
    }
    status
}

async fn shred_one(p: &mut Proc, name: &[u8], rounds: u64, given: &Options) -> bool {
    let shown = before_colon(p, name);
    let opened = p.fs(|process| process.open(name, Direction::Write, Opening::default()));
    let mut opened = match opened {
        Ok(opened) => opened,
        Err(fault) => {
            p.cannot_raw("", &[&shown, &b": failed to open for writing"[..]].concat(), fault);
            return false;
        }
    };
    let Ok(stat) = p.stat(name, Last::Follow) else { return false };
    let wanted = given.value(b's').and_then(|text| with_unit(text, false));
    let mut size = wanted.unwrap_or(stat.size);
    if !given.has(b'x') && wanted.is_none() {
        size = size.div_ceil(4_096) * 4_096;
    }
    let all = rounds + u64::from(given.has(b'z'));
    for round in 1..=all {
        let zero = given.has(b'z') && round == all;
        if given.has(b'v') {
            let kind = if zero { "000000" } else { "random" };
            let text = format!(": pass {round}/{all} ({kind})...");
            p.say(&[&shown, text.as_bytes()]);
        }
        let mut at = 0;
        while at < size {
            let length = usize::try_from((size - at).min(65_536)).unwrap_or(0);
            let mut bytes = Vec::new();
            if zero {
                bytes.resize(length, 0);
            } else {
                crate::files::content::disk(round ^ at, at, length, &mut bytes);
            }
            if p.fs(|process| process.write(&mut opened, at, &bytes)).is_err() {
                return false;
            }
            at += length as u64;
            p.tick(length / 8).await;
        }
        p.flush_some().await;
    }
    if !(given.has(b'u') || given.has(REMOVE)) {
        return true;
    }
    if given.has(b'v') {
        p.say(&[&shown, b": removing"]);
    }
    let mut path = name.to_vec();
    let mut length = last_part(name).len();
    while length > 0 && given.has(b'v') {
        let next = join(super::folder_of(name), &vec![b'0'; length]);
        let next = if name.contains(&b'/') { next } else { vec![b'0'; length] };
        let (from, to) = (before_colon(p, &path), before_colon(p, &next));
        p.say(&[&from, b": renamed to ", &to]);
        let _ = p.fs(|process| process.rename(&path, &next));
        path = next;
        length -= 1;
    }
    match p.fs(|process| process.unlink(&path)) {
        Ok(_) => {
            if given.has(b'v') {
                p.say(&[&shown, b": removed"]);
            }
            true
        }
        Err(fault) => {
            p.cannot_raw("", &[&shown, &b": failed to remove"[..]].concat(), fault);
            false
        }
    }
}
