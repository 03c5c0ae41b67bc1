//! `chmod`, `chown`, `chgrp`.
//!
//! **Invariant:** what is below a folder is walked with a list, not by calls in calls.

use super::mode::{Folder, Mode};
use super::remove::mode_shown;
use super::{Names, always, join, options, quote};
use crate::commands::{Flag, Options, Program};
use crate::files::{Fault, Last};
use crate::kernel::Proc;
use crate::process::{FOLDER, LINK, Stat, mode_text};

pub(crate) const PROGRAMS: &[Program] = &[
    Program::new("chmod", |p| Box::pin(chmod(p)), 64_496, super::BUILT),
    Program::new("chown", |p| Box::pin(chown(p)), 72_752, super::BUILT),
    Program::new("chgrp", |p| Box::pin(chgrp(p)), 68_656, super::BUILT),
];

const NO_PRESERVE: u8 = 128;
const PRESERVE: u8 = 129;
const REFERENCE: u8 = 130;
const FROM: u8 = 131;
const FOLLOW: u8 = 132;

/// What is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Telling {
    Nothing,
    Changes,
    All,
}

struct Job {
    telling: Telling,
    quiet: bool,
    recursive: bool,
    preserve: bool,
    failed: bool,
}

impl Job {
    fn new(given: &Options) -> Self {
        let telling = match given.last_of(b"cv") {
            Some(b'v') => Telling::All,
            Some(_) => Telling::Changes,
            None => Telling::Nothing,
        };
        Self {
            telling,
            quiet: given.has(b'f'),
            recursive: given.has(b'R'),
            preserve: given.has(PRESERVE),
            failed: false,
        }
    }

    fn fail(&mut self, p: &mut Proc, why: &str, path: &[u8], fault: Fault) {
        self.failed = true;
        if !self.quiet {
            p.cannot(why, path, fault);
        }
    }

    fn is_root(&mut self, p: &mut Proc, path: &[u8]) -> bool {
        let root = self.preserve
            && self.recursive
            && p.fs(|process| process.find(path, Last::Follow)).is_ok_and(|path| path.is_empty());
        if root {
            p.say(&[b"it is dangerous to operate recursively on '/'"]);
            p.say(&[b"use --no-preserve-root to override this failsafe"]);
            self.failed = true;
        }
        root
    }
}

/// What is below a folder, to be looked at next.
fn below(p: &Proc, path: &[u8]) -> Result<Vec<Vec<u8>>, Fault> {
    let names = p.fs(|process| {
        let found = process.find(path, Last::Follow)?;
        process.entries(&found)
    })?;
    Ok(names.iter().rev().map(|(name, _)| join(path, name)).collect())
}

/// The mode among the arguments of `chmod`, which may look like options.
fn take_mode(p: &mut Proc) -> Option<Vec<u8>> {
    let is_mode = |arg: &Vec<u8>| {
        let mut rest = arg.iter().skip(1).copied();
        let letters = b"rwxXstugoa,+=-01234567";
        arg.first() == Some(&b'-')
            && arg.get(1).is_some_and(|b| b"rwxXstugoa,+=01234567".contains(b))
            && rest.all(|b| letters.contains(&b))
    };
    let end = p.args.iter().position(|arg| arg == b"--").unwrap_or(p.args.len());
    let at = p.args.iter().take(end).position(is_mode)?;
    Some(p.args.remove(at))
}

async fn chmod(p: &mut Proc) -> u32 {
    let flags = [
        Flag::new(b'c', "changes"),
        Flag::new(b'f', "silent"),
        Flag::new(b'f', "quiet"),
        Flag::new(NO_PRESERVE, "no-preserve-root"),
        Flag::new(PRESERVE, "preserve-root"),
        Flag::new(b'R', "recursive"),
        Flag::with(REFERENCE, "reference"),
        Flag::new(b'v', "verbose"),
    ];
    let minus = take_mode(p);
    let given = match options(p, &flags, 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    let mut names = given.rest.clone();
    let mut text = minus;
    let reference = given.value(REFERENCE);
    if reference.is_none() && text.is_none() && !names.is_empty() {
        text = Some(names.remove(0));
    }
    if names.is_empty() {
        match &text {
            Some(text) if reference.is_none() && !given.rest.is_empty() => {
                let text = quote(p, text);
                p.misused(&[b"missing operand after ", &text]);
            }
            Some(_) | None => p.misused(&[b"missing operand"]),
        }
        return 1;
    }
    let mode = match (reference, &text) {
        (Some(name), _) => match p.stat(name, Last::Follow) {
            Ok(stat) => Mode::read(format!("{:05o}", stat.mode & 0o7777).as_bytes()),
            Err(fault) => {
                p.cannot("failed to get attributes of", name, fault);
                return 1;
            }
        },
        (None, text) => Mode::read(text.as_deref().unwrap_or_default()),
    };
    let Some(mode) = mode else {
        let text = quote(p, &text.unwrap_or_default());
        p.misused(&[b"invalid mode: ", &text]);
        return 1;
    };
    let mut job = Job::new(&given);
    for name in names {
        if job.is_root(p, &name) {
            continue;
        }
        let mut todo = vec![(name, true)];
        while let Some((path, first)) = todo.pop() {
            p.tick(100).await;
            let stat = match p.stat(&path, Last::Keep) {
                Ok(stat) if stat.is(LINK) && first => p.stat(&path, Last::Follow),
                stat => stat,
            };
            let stat = match stat {
                Ok(stat) => stat,
                Err(fault) => {
                    let dangling = p.stat(&path, Last::Keep).is_ok();
                    let why = if dangling {
                        "cannot operate on dangling symlink"
                    } else {
                        "cannot access"
                    };
                    if dangling {
                        job.failed = true;
                        let shown = always(p, &path);
                        p.say(&[why.as_bytes(), b" ", &shown]);
                    } else {
                        job.fail(p, why, &path, fault);
                    }
                    continue;
                }
            };
            if stat.is(LINK) {
                continue;
            }
            job.chmod(p, &path, &stat, &mode);
            if job.recursive && stat.is(FOLDER) {
                match below(p, &path) {
                    Ok(more) => todo.extend(more.into_iter().map(|path| (path, false))),
                    Err(fault) => job.fail(p, "cannot read directory", &path, fault),
                }
            }
            p.flush_some().await;
        }
    }
    u32::from(job.failed)
}

impl Job {
    fn chmod(&mut self, p: &mut Proc, path: &[u8], stat: &Stat, mode: &Mode) {
        let old = u16::try_from(stat.mode & 0o7777).unwrap_or(0);
        let folder = if stat.is(FOLDER) { Folder::Yes } else { Folder::No };
        let new = mode.apply(old, folder, p.umask);
        let done = p.fs(|process| process.chmod(path, new, Last::Follow));
        let shown = |mode: u16| format!("{mode:04o} ({})", mode_text(mode));
        let name = always(p, path);
        match done {
            Ok(()) => {
                let text = match (self.telling, new == old) {
                    (Telling::All, true) => format!(" retained as {}", mode_shown(stat)),
                    (Telling::All | Telling::Changes, false) => {
                        format!(" changed from {} to {}", shown(old), shown(new))
                    }
                    (Telling::Nothing, _) | (Telling::Changes, true) => String::new(),
                };
                if !text.is_empty() {
                    p.line([b"mode of ", name.as_slice(), text.as_bytes()].concat());
                }
                let naive = mode.apply(old, folder, 0);
                if mode.uses_umask() && new & !naive != 0 {
                    self.failed = true;
                }
            }
            Err(fault) => {
                self.fail(p, "changing permissions of", path, fault);
                if self.telling == Telling::All {
                    let text = format!(" from {} to {}", shown(old), shown(new));
                    let lead = b"failed to change mode of ";
                    p.line([&lead[..], &name, text.as_bytes()].concat());
                }
            }
        }
    }
}

/// Whom files are given to.
struct Owner {
    uid: Option<u32>,
    gid: Option<u32>,
    /// As it was written.
    text: Vec<u8>,
    group: bool,
}

async fn chown(p: &mut Proc) -> u32 {
    owners(p, false).await
}

async fn chgrp(p: &mut Proc) -> u32 {
    owners(p, true).await
}

async fn owners(p: &mut Proc, group: bool) -> u32 {
    let flags = [
        Flag::new(b'c', "changes"),
        Flag::new(b'f', "silent"),
        Flag::new(b'f', "quiet"),
        Flag::new(FOLLOW, "dereference"),
        Flag::new(b'h', "no-dereference"),
        Flag::with(FROM, "from"),
        Flag::new(b'H', ""),
        Flag::new(b'L', ""),
        Flag::new(b'P', ""),
        Flag::new(NO_PRESERVE, "no-preserve-root"),
        Flag::new(PRESERVE, "preserve-root"),
        Flag::new(b'R', "recursive"),
        Flag::with(REFERENCE, "reference"),
        Flag::new(b'v', "verbose"),
    ];
    let given = match options(p, &flags, 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    let names = Names::read(p);
    let mut rest = given.rest.clone();
    let reference = given.value(REFERENCE);
    let text = (reference.is_none() && !rest.is_empty()).then(|| rest.remove(0));
    if rest.is_empty() {
        match &text {
            Some(text) => {
                let text = quote(p, text);
                p.misused(&[b"missing operand after ", &text]);
            }
            None => p.misused(&[b"missing operand"]),
        }
        return 1;
    }
    let owner = match (reference, &text) {
        (Some(name), _) => match p.stat(name, Last::Follow) {
            Ok(stat) => {
                let (user, of) = (names.user(stat.uid), names.group(stat.gid));
                let uid = (!group).then_some(stat.uid);
                let text = if group { of } else { [user, b":".to_vec(), of].concat() };
                Owner { uid, gid: Some(stat.gid), text, group }
            }
            Err(fault) => {
                p.cannot("failed to get attributes of", name, fault);
                return 1;
            }
        },
        (None, text) => match owner(p, &names, text.as_deref().unwrap_or_default(), group) {
            Some(owner) => owner,
            None => return 1,
        },
    };
    let from = match given.value(FROM) {
        None => None,
        Some(text) => match self::owner(p, &names, text, false) {
            Some(from) => Some(from),
            None => return 1,
        },
    };
    let mut job = Job::new(&given);
    let last = if given.has(b'h') { Last::Keep } else { Last::Follow };
    for name in rest {
        if job.is_root(p, &name) {
            continue;
        }
        let mut todo = vec![(name, true)];
        while let Some((path, first)) = todo.pop() {
            p.tick(100).await;
            let last = if job.recursive && !given.has(b'L') && !first { Last::Keep } else { last };
            let stat = match p.stat(&path, last) {
                Ok(stat) => stat,
                Err(fault) => {
                    let dangling = p.stat(&path, Last::Keep).is_ok();
                    let why = if dangling { "cannot dereference" } else { "cannot access" };
                    job.fail(p, why, &path, fault);
                    continue;
                }
            };
            let wanted = from.as_ref().is_none_or(|from| {
                from.uid.is_none_or(|uid| uid == stat.uid)
                    && from.gid.is_none_or(|gid| gid == stat.gid)
            });
            if wanted {
                job.chown(p, &path, &stat, &owner, &names, last);
            }
            if job.recursive && stat.is(FOLDER) {
                match below(p, &path) {
                    Ok(more) => todo.extend(more.into_iter().map(|path| (path, false))),
                    Err(fault) => job.fail(p, "cannot read directory", &path, fault),
                }
            }
            p.flush_some().await;
        }
    }
    u32::from(job.failed)
}

/// `user`, `user:`, `user:group`, `:group`; or a group alone.
fn owner(p: &mut Proc, names: &Names, text: &[u8], group: bool) -> Option<Owner> {
    let whole = text.to_vec();
    if group {
        let gid = if text.is_empty() { None } else { names.gid(text) };
        if gid.is_none() && !text.is_empty() {
            let text = quote(p, text);
            p.say(&[b"invalid group: ", &text]);
            return None;
        }
        return Some(Owner { uid: None, gid, text: whole, group });
    }
    let mut at = text.iter().position(|&b| b == b':');
    if at.is_none() && !text.is_empty() && names.uid(text).is_none() {
        // As it was written once.
        at = text.iter().position(|&b| b == b'.').filter(|at| {
            let (user, rest) = text.split_at_checked(*at).unwrap_or_default();
            names.uid(user).is_some() && names.gid(rest.get(1..).unwrap_or_default()).is_some()
        });
        if at.is_some() {
            let text = quote(p, text);
            p.say(&[b"warning: '.' should be ':': ", &text]);
        }
    }
    let (user, rest) = text.split_at_checked(at.unwrap_or(text.len()))?;
    let mut owner = Owner { uid: None, gid: None, text: whole.clone(), group };
    if !user.is_empty() {
        owner.uid = names.uid(user);
        if owner.uid.is_none() {
            let text = quote(p, &whole);
            p.say(&[b"invalid user: ", &text]);
            return None;
        }
    }
    match rest.get(1..) {
        None => {}
        Some([]) if user.is_empty() => {}
        // The group that the user logs in with.
        Some([]) => {
            let uid = owner.uid.unwrap_or(0);
            let found = p.world.with(|world| crate::people::by_uid(&world.files, uid));
            match found {
                Some(user) => owner.gid = Some(user.gid),
                None => {
                    let text = quote(p, &whole);
                    p.say(&[b"invalid spec: ", &text]);
                    return None;
                }
            }
        }
        Some(group) => {
            owner.gid = names.gid(group);
            if owner.gid.is_none() {
                let text = quote(p, &whole);
                p.say(&[b"invalid group: ", &text]);
                return None;
            }
        }
    }
    Some(owner)
}

impl Job {
    fn chown(
        &mut self,
        p: &mut Proc,
        path: &[u8],
        stat: &Stat,
        owner: &Owner,
        names: &Names,
        last: Last,
    ) {
        let to = (owner.uid.unwrap_or(u32::MAX), owner.gid.unwrap_or(u32::MAX));
        let done = p.fs(|process| process.chown(path, to, last));
        let what = if owner.group || owner.uid.is_none() && owner.gid.is_some() {
            "group"
        } else {
            "ownership"
        };
        let shown = always(p, path);
        let old = match (owner.uid.is_some(), owner.gid.is_some()) {
            (true, true) => [names.user(stat.uid), b":".to_vec(), names.group(stat.gid)].concat(),
            (false, true) => names.group(stat.gid),
            (true | false, false) => names.user(stat.uid),
        };
        let new = owner.text.strip_prefix(b":").unwrap_or(&owner.text).to_vec();
        let same = owner.uid.is_none_or(|uid| uid == stat.uid)
            && owner.gid.is_none_or(|gid| gid == stat.gid);
        match done {
            Ok(()) => match (self.telling, same) {
                (Telling::All, true) => {
                    p.line([what.as_bytes(), b" of ", &shown, b" retained as ", &old].concat());
                }
                (Telling::All | Telling::Changes, false) => {
                    let what = what.as_bytes();
                    let parts =
                        [b"changed ", what, b" of ", &shown, b" from ", &old, b" to ", &new];
                    p.line(parts.concat());
                }
                (Telling::Nothing, _) | (Telling::Changes, true) => {}
            },
            Err(fault) => {
                let why =
                    if what == "group" { "changing group of" } else { "changing ownership of" };
                self.fail(p, why, path, fault);
                if self.telling == Telling::All {
                    let what = what.as_bytes();
                    let lead = b"failed to change ";
                    let parts = [&lead[..], what, b" of ", &shown, b" from ", &old, b" to ", &new];
                    p.line(parts.concat());
                }
            }
        }
    }
}
