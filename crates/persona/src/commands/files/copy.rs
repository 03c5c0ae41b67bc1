//! `cp`, `install`.
//!
//! **Invariant:** a copy costs what it changes: the bytes of a file are shared until one of both is
//! written.

mod file;
mod install;

use super::folders::parents;
use super::remove::{may_write, mode_shown};
use super::{always, folder_of, join, last_part, options};
use crate::commands::{Flag, Options, Program};
use crate::files::{Fault, Last};
use crate::kernel::Proc;
use crate::process::{FILE, FOLDER, Stat};
use install::install;

pub(crate) const PROGRAMS: &[Program] = &[
    Program::new("cp", |p| Box::pin(cp(p)), 151_152, super::BUILT),
    Program::new("install", |p| Box::pin(install(p)), 159_544, super::BUILT),
];

const ATTRIBUTES_ONLY: u8 = 128;
const BACKUP: u8 = 129;
const COPY_CONTENTS: u8 = 130;
const NO_PRESERVE: u8 = 131;
const PRESERVE: u8 = 132;
const PARENTS: u8 = 133;
const REFLINK: u8 = 134;
const REMOVE: u8 = 135;
const SPARSE: u8 = 136;
const STRIP: u8 = 137;
const CONTEXT: u8 = 138;

const CP: &[Flag] = &[
    Flag::new(b'a', "archive"),
    Flag::new(ATTRIBUTES_ONLY, "attributes-only"),
    Flag::new(b'b', ""),
    Flag::maybe(BACKUP, "backup"),
    Flag::new(COPY_CONTENTS, "copy-contents"),
    Flag::new(b'd', ""),
    Flag::new(b'f', "force"),
    Flag::new(b'H', ""),
    Flag::new(b'i', "interactive"),
    Flag::new(b'l', "link"),
    Flag::new(b'L', "dereference"),
    Flag::new(b'n', "no-clobber"),
    Flag::new(b'P', "no-dereference"),
    Flag::new(b'p', ""),
    Flag::maybe(PRESERVE, "preserve"),
    Flag::with(NO_PRESERVE, "no-preserve"),
    Flag::new(PARENTS, "parents"),
    Flag::new(b'R', "recursive"),
    Flag::new(b'r', ""),
    Flag::maybe(REFLINK, "reflink"),
    Flag::new(REMOVE, "remove-destination"),
    Flag::with(SPARSE, "sparse"),
    Flag::new(STRIP, "strip-trailing-slashes"),
    Flag::new(b's', "symbolic-link"),
    Flag::with(b'S', "suffix"),
    Flag::with(b't', "target-directory"),
    Flag::new(b'T', "no-target-directory"),
    Flag::new(b'u', "update"),
    Flag::new(b'v', "verbose"),
    Flag::new(b'x', "one-file-system"),
    Flag::new(b'Z', ""),
    Flag::maybe(CONTEXT, "context"),
];

/// What becomes of a file that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    Write,
    Ask,
    Keep,
}

/// Which links are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Links {
    All,
    Given,
    None,
}

/// How files are copied.
#[expect(clippy::struct_excessive_bools, reason = "options, each on its own")]
pub(super) struct Copying {
    pub(super) recursive: bool,
    links: Links,
    pub(super) over: Over,
    force: bool,
    remove: bool,
    backup: bool,
    pub(super) update: bool,
    pub(super) verbose: bool,
    pub(super) keep_mode: bool,
    pub(super) keep_owner: bool,
    pub(super) keep_times: bool,
    hard: bool,
    soft: bool,
    attributes_only: bool,
    pub(super) failed: bool,
}

impl Copying {
    /// As `mv` copies to another file system.
    pub(super) fn moving() -> Self {
        Self {
            recursive: true,
            links: Links::None,
            over: Over::Write,
            force: true,
            remove: true,
            backup: false,
            update: false,
            verbose: false,
            keep_mode: true,
            keep_owner: true,
            keep_times: true,
            hard: false,
            soft: false,
            attributes_only: false,
            failed: false,
        }
    }

    fn new(given: &Options) -> Self {
        let recursive = given.has(b'r') || given.has(b'R') || given.has(b'a');
        let links = match given.last_of(b"LPHda") {
            Some(b'L') => Links::All,
            Some(b'H') => Links::Given,
            Some(_) => Links::None,
            None if recursive => Links::None,
            None => Links::All,
        };
        let mut copying = Self {
            recursive,
            links,
            over: match given.last_of(b"infu") {
                _ if given.last_of(b"in") == Some(b'n') => Over::Keep,
                Some(_) if given.last_of(b"in") == Some(b'i') => Over::Ask,
                Some(_) | None => Over::Write,
            },
            force: given.has(b'f'),
            remove: given.has(REMOVE),
            backup: given.has(b'b') || given.has(BACKUP),
            update: given.has(b'u'),
            verbose: given.has(b'v'),
            keep_mode: given.has(b'a') || given.has(b'p'),
            keep_owner: given.has(b'a') || given.has(b'p'),
            keep_times: given.has(b'a') || given.has(b'p'),
            hard: given.has(b'l'),
            soft: given.has(b's'),
            attributes_only: given.has(ATTRIBUTES_ONLY),
            failed: false,
        };
        for (letter, value) in &given.given {
            let on = match *letter {
                PRESERVE => true,
                NO_PRESERVE => false,
                _ => continue,
            };
            let words = value.as_deref().unwrap_or(b"mode,ownership,timestamps");
            for word in words.split(|&b| b == b',') {
                let all = word == b"all";
                if all || word == b"mode" {
                    copying.keep_mode = on;
                }
                if all || word == b"ownership" {
                    copying.keep_owner = on;
                }
                if all || word == b"timestamps" {
                    copying.keep_times = on;
                }
            }
        }
        copying
    }
}

/// Where things go: a folder, or one name.
pub(super) enum Target {
    Folder(Vec<u8>),
    Name(Vec<u8>),
}

/// Reads operands as `cp`, `mv` and `install` do.
pub(super) fn target(
    p: &mut Proc,
    given: &Options,
    names: &mut Vec<Vec<u8>>,
) -> Result<Target, u32> {
    if names.is_empty() {
        p.misused(&[b"missing file operand"]);
        return Err(1);
    }
    let check = |p: &mut Proc, folder: &[u8], why: &str| -> Result<(), u32> {
        match p.stat(folder, Last::Follow) {
            Ok(stat) if stat.is(FOLDER) => Ok(()),
            Ok(_) => {
                p.cannot(why, folder, Fault::NotFolder);
                Err(1)
            }
            Err(fault) => {
                p.cannot(why, folder, fault);
                Err(1)
            }
        }
    };
    if let Some(folder) = given.value(b't') {
        if given.has(b'T') {
            p.say(&[b"cannot combine --target-directory (-t) and --no-target-directory (-T)"]);
            return Err(1);
        }
        check(p, folder, "target directory")?;
        return Ok(Target::Folder(folder.to_vec()));
    }
    if let [only] = names.as_slice() {
        let only = always(p, only);
        p.misused(&[b"missing destination file operand after ", &only]);
        return Err(1);
    }
    if given.has(b'T') {
        if let Some(extra) = names.get(2) {
            let extra = always(p, extra);
            p.misused(&[b"extra operand ", &extra]);
            return Err(1);
        }
        return Ok(Target::Name(names.pop().unwrap_or_default()));
    }
    let last = names.pop().unwrap_or_default();
    if p.stat(&last, Last::Follow).is_ok_and(|stat| stat.is(FOLDER)) {
        return Ok(Target::Folder(last));
    }
    if names.len() > 1 {
        check(p, &last, "target")?;
    }
    Ok(Target::Name(last))
}

async fn cp(p: &mut Proc) -> u32 {
    let given = match options(p, CP, 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    let mut names = given.rest.clone();
    let to = match target(p, &given, &mut names) {
        Ok(to) => to,
        Err(status) => return status,
    };
    if given.has(PARENTS) && matches!(to, Target::Name(_)) {
        p.say(&[b"with --parents, the destination must be a directory"]);
        p.try_help();
        return 1;
    }
    let mut copying = Copying::new(&given);
    for name in &names {
        let target = match &to {
            Target::Name(name) => name.clone(),
            Target::Folder(folder) if given.has(PARENTS) => {
                let inside = join(folder, name);
                let above = folder_of(&inside).to_vec();
                if let Err((path, fault)) = parents(p, &above, None, false).await {
                    p.cannot("cannot make directory", &path, fault);
                    copying.failed = true;
                    continue;
                }
                inside
            }
            Target::Folder(folder) => match last_part(name) {
                b".." | b"." => folder.clone(),
                last => join(folder, last),
            },
        };
        copying.tree(p, name.clone(), target).await;
    }
    u32::from(copying.failed)
}

/// What is left to do.
enum Step {
    Copy {
        from: Vec<u8>,
        to: Vec<u8>,
        given: bool,
    },
    /// A folder is complete: its dates and permissions.
    Finish {
        to: Vec<u8>,
        stat: Stat,
        made: bool,
    },
}

impl Copying {
    pub(super) async fn tree(&mut self, p: &mut Proc, from: Vec<u8>, to: Vec<u8>) {
        let mut steps = vec![Step::Copy { from, to, given: true }];
        while let Some(step) = steps.pop() {
            p.tick(150).await;
            match step {
                Step::Copy { from, to, given } => self.one(p, from, to, given, &mut steps).await,
                Step::Finish { to, stat, made } => self.finish(p, &to, &stat, made),
            }
            p.flush_some().await;
        }
    }

    fn fail(&mut self, p: &mut Proc, why: &str, path: &[u8], fault: Fault) {
        p.cannot(why, path, fault);
        self.failed = true;
    }

    async fn one(
        &mut self,
        p: &mut Proc,
        from: Vec<u8>,
        to: Vec<u8>,
        given: bool,
        steps: &mut Vec<Step>,
    ) {
        let last = match self.links {
            Links::All => Last::Follow,
            Links::Given if given => Last::Follow,
            Links::Given | Links::None => Last::Keep,
        };
        let stat = match p.stat(&from, last) {
            Ok(stat) => stat,
            Err(fault) => return self.fail(p, "cannot stat", &from, fault),
        };
        if stat.is(FOLDER) {
            return self.folder(p, &from, &to, stat, given, steps);
        }
        let old = p.stat(&to, if stat.is(FILE) { Last::Follow } else { Last::Keep });
        let old = match old.or_else(|_| p.stat(&to, Last::Keep)) {
            Ok(old) => Some(old),
            Err(Fault::NotFolder) => return self.fail(p, "cannot stat", &to, Fault::NotFolder),
            Err(_) => None,
        };
        if let Some(old) = old {
            if same(p, &from, &to, last) {
                let (from, to) = (always(p, &from), always(p, &to));
                p.say(&[&from, b" and ", &to, b" are the same file"]);
                self.failed = true;
                return;
            }
            if old.is(FOLDER) {
                let shown = always(p, &to);
                p.say(&[b"cannot overwrite directory ", &shown, b" with non-directory"]);
                self.failed = true;
                return;
            }
            let newer = (old.changed, old.changed_ns) >= (stat.changed, stat.changed_ns);
            if self.over == Over::Keep
                || self.update && newer
                || !self.may_replace(p, &to, &old).await
            {
                return;
            }
            if self.backup {
                let kept = [to.as_slice(), b"~"].concat();
                let _ = p.fs(|process| process.rename(&to, &kept));
            } else if (self.remove || self.hard || self.soft || !stat.is(FILE))
                && let Err(fault) = p.fs(|process| process.unlink(&to))
            {
                return self.fail(p, "cannot remove", &to, fault);
            }
        }
        if self.verbose {
            let (from, to) = (always(p, &from), always(p, &to));
            p.line([&from, &b" -> "[..], &to].concat());
        }
        let made = self.make(p, &from, &to, &stat, last).await;
        if made {
            self.attributes(p, &to, &stat);
        }
    }

    async fn may_replace(&self, p: &mut Proc, to: &[u8], old: &Stat) -> bool {
        if self.over != Over::Ask {
            return true;
        }
        let shown = always(p, to);
        if !may_write(p, to) {
            let mode = mode_shown(old);
            let verb = if self.force { "replace" } else { "unwritable" };
            let question = if self.force {
                [verb.as_bytes(), b" ", &shown, b", overriding mode ", mode.as_bytes(), b"? "]
                    .concat()
            } else {
                [verb.as_bytes(), b" ", &shown, b" (mode ", mode.as_bytes(), b"); try anyway? "]
                    .concat()
            };
            return p.asks(&question).await;
        }
        p.asks(&[b"overwrite ", shown.as_slice(), b"? "].concat()).await
    }

    fn folder(
        &mut self,
        p: &mut Proc,
        from: &[u8],
        to: &[u8],
        stat: Stat,
        given: bool,
        steps: &mut Vec<Step>,
    ) {
        if !self.recursive {
            let shown = always(p, from);
            p.say(&[b"-r not specified; omitting directory ", &shown]);
            self.failed = true;
            return;
        }
        let old = p.stat(to, Last::Follow).ok();
        if let Some(old) = old
            && !old.is(FOLDER)
        {
            let (to, from) = (always(p, to), always(p, from));
            let lead = b"cannot overwrite non-directory ";
            p.say(&[lead, &to, b" with directory ", &from]);
            self.failed = true;
            return;
        }
        let inside = p.fs(|process| {
            let (Ok(from), Ok(to)) =
                (process.find(from, Last::Follow), process.find(to, Last::Follow))
            else {
                return false;
            };
            to == from || to.starts_with(&[from.as_slice(), b"/"].concat())
        });
        if inside && given {
            if old.is_none() {
                let _ = p.fs(|process| process.mkdir(to, 0o755));
            }
            let (from, to) = (always(p, from), always(p, to));
            p.say(&[b"cannot copy a directory, ", &from, b", into itself, ", &to]);
            self.failed = true;
            return;
        }
        let list = p.fs(|process| {
            let found = process.find(from, Last::Follow)?;
            process.entries(&found)
        });
        let made = old.is_none();
        if made {
            let mode = u16::try_from(stat.mode & 0o777).unwrap_or(0o755);
            if let Err(fault) = p.fs(|process| process.mkdir(to, mode | 0o700)) {
                return self.fail(p, "cannot create directory", to, fault);
            }
            if self.verbose {
                let (from, to) = (always(p, from), always(p, to));
                p.line([&from, &b" -> "[..], &to].concat());
            }
        }
        steps.push(Step::Finish { to: to.to_vec(), stat, made });
        match list {
            Ok(names) => steps.extend(names.iter().rev().map(|(name, _)| Step::Copy {
                from: join(from, name),
                to: join(to, name),
                given: false,
            })),
            Err(fault) => self.fail(p, "cannot access", from, fault),
        }
    }

    fn finish(&mut self, p: &mut Proc, to: &[u8], stat: &Stat, made: bool) {
        if made && !self.keep_mode {
            let mode = u16::try_from(stat.mode & 0o777).unwrap_or(0o755) & !p.umask;
            let _ = p.fs(|process| process.chmod(to, mode, Last::Follow));
        }
        self.attributes(p, to, stat);
    }

}

/// Whether two names are one file.
pub(super) fn same(p: &Proc, from: &[u8], to: &[u8], last: Last) -> bool {
    p.fs(|process| {
        let (Ok(a), Ok(b)) = (process.find(from, last), process.find(to, Last::Follow)) else {
            return false;
        };
        if a == b {
            return true;
        }
        match (process.stat_at(&a), process.stat_at(&b)) {
            (Ok(a), Ok(b)) => {
                a.links > 1 && a.is(FILE) && a.inode == b.inode && a.device == b.device
            }
            _ => false,
        }
    })
}
