//! `mv`.
//!
//! **Invariant:** what goes to another file system is copied first, and only then removed.

use super::copy::{Copying, Over, Target, same, target};
use super::remove::{may_write, mode_shown};
use super::{always, join, last_part, options};
use crate::commands::{Flag, Program};
use crate::files::{Fault, Last};
use crate::kernel::Proc;
use crate::process::{FOLDER, LINK, Stat};

pub(crate) const PROGRAMS: &[Program] =
    &[Program::new("mv", |p| Box::pin(mv(p)), 142_968, super::BUILT)];

const BACKUP: u8 = 128;
const STRIP: u8 = 129;
const CONTEXT: u8 = 130;

const MV: &[Flag] = &[
    Flag::new(b'b', ""),
    Flag::maybe(BACKUP, "backup"),
    Flag::new(b'f', "force"),
    Flag::new(b'i', "interactive"),
    Flag::new(b'n', "no-clobber"),
    Flag::new(STRIP, "strip-trailing-slashes"),
    Flag::with(b'S', "suffix"),
    Flag::with(b't', "target-directory"),
    Flag::new(b'T', "no-target-directory"),
    Flag::new(b'u', "update"),
    Flag::new(b'v', "verbose"),
    Flag::new(CONTEXT, "context"),
    Flag::new(b'Z', ""),
];

struct Moving {
    over: Option<Over>,
    update: bool,
    verbose: bool,
    backup: bool,
}

async fn mv(p: &mut Proc) -> u32 {
    let given = match options(p, MV, 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    let mut names = given.rest.clone();
    let to = match target(p, &given, &mut names) {
        Ok(to) => to,
        Err(status) => return status,
    };
    let moving = Moving {
        over: match given.last_of(b"fin") {
            Some(b'i') => Some(Over::Ask),
            Some(b'n') => Some(Over::Keep),
            Some(_) => Some(Over::Write),
            None => None,
        },
        update: given.has(b'u'),
        verbose: given.has(b'v'),
        backup: given.has(b'b') || given.has(BACKUP),
    };
    let mut status = 0;
    for name in &names {
        p.tick(200).await;
        let to = match &to {
            Target::Name(name) => name.clone(),
            Target::Folder(folder) => join(folder, last_part(name)),
        };
        status |= u32::from(!moving.one(p, name, &to).await);
        p.flush_some().await;
    }
    status
}

impl Moving {
    async fn one(&self, p: &mut Proc, from: &[u8], to: &[u8]) -> bool {
        let stat = match p.stat(from, Last::Keep) {
            Ok(stat) => stat,
            Err(fault) => {
                p.cannot("cannot stat", from, fault);
                return false;
            }
        };
        if let Ok(old) = p.stat(to, Last::Keep) {
            let one = !old.is(LINK) && same(p, from, to, Last::Keep);
            let path = |p: &Proc, name: &[u8]| p.fs(|process| process.find(name, Last::Keep)).ok();
            if one || path(p, from) == path(p, to) {
                let (from, to) = (always(p, from), always(p, to));
                p.say(&[&from, b" and ", &to, b" are the same file"]);
                return false;
            }
            if let Some(done) = self.over_old(p, from, to, &stat, &old).await {
                return done;
            }
        }
        if is_inside(p, from, to) && stat.is(FOLDER) {
            let (from, to) = (always(p, from), always(p, to));
            p.say(&[b"cannot move ", &from, b" to a subdirectory of itself, ", &to]);
            return false;
        }
        match p.fs(|process| process.rename(from, to)) {
            Ok(_) => {
                if self.verbose {
                    let (from, to) = (always(p, from), always(p, to));
                    p.line([b"renamed ", from.as_slice(), b" -> ", &to].concat());
                }
                true
            }
            Err(Fault::OtherDevice) => self.across(p, from, to, &stat).await,
            Err(fault) => {
                let (from, to) = (always(p, from), always(p, to));
                p.cannot_raw("cannot move", &[&from, &b" to "[..], &to].concat(), fault);
                false
            }
        }
    }

    /// What is there already: `Some` where that ends it.
    async fn over_old(
        &self,
        p: &mut Proc,
        from: &[u8],
        to: &[u8],
        stat: &Stat,
        old: &Stat,
    ) -> Option<bool> {
        match (stat.is(FOLDER), old.is(FOLDER)) {
            (true, false) => {
                let (to, from) = (always(p, to), always(p, from));
                let lead = b"cannot overwrite non-directory ";
                p.say(&[lead, &to, b" with directory ", &from]);
                return Some(false);
            }
            (false, true) => {
                let shown = always(p, to);
                p.say(&[b"cannot overwrite directory ", &shown, b" with non-directory"]);
                return Some(false);
            }
            (true, true) | (false, false) => {}
        }
        let newer = (old.changed, old.changed_ns) >= (stat.changed, stat.changed_ns);
        if self.over == Some(Over::Keep) || self.update && newer {
            return Some(true);
        }
        let protected = self.over.is_none() && p.is_terminal(0) && !may_write(p, to);
        if self.over == Some(Over::Ask) || protected {
            let shown = always(p, to);
            let question = if may_write(p, to) {
                [b"overwrite ", shown.as_slice(), b"? "].concat()
            } else {
                let mode = mode_shown(old);
                [b"replace ", shown.as_slice(), b", overriding mode ", mode.as_bytes(), b"? "]
                    .concat()
            };
            if !p.asks(&question).await {
                return Some(true);
            }
        }
        if self.backup {
            let kept = [to, b"~"].concat();
            let _ = p.fs(|process| process.rename(to, &kept));
        }
        None
    }

    async fn across(&self, p: &mut Proc, from: &[u8], to: &[u8], stat: &Stat) -> bool {
        let mut copying = Copying::moving();
        if !stat.is(FOLDER) && p.stat(to, Last::Keep).is_ok() {
            let _ = p.fs(|process| process.unlink(to));
        }
        copying.tree(p, from.to_vec(), to.to_vec()).await;
        if copying.failed {
            return false;
        }
        if self.verbose {
            let (from, to) = (always(p, from), always(p, to));
            p.line([b"copied ", from.as_slice(), b" -> ", &to].concat());
        }
        let all = p.fs(|process| {
            let found = process.find(from, Last::Keep).unwrap_or_default();
            process.world.files.below(&found, decnet_core::limits::FILES_NODES)
        });
        for path in all.iter().rev() {
            let gone = p.fs(|process| {
                if process.stat_at(path)?.is(FOLDER) {
                    process.rmdir(path)
                } else {
                    process.unlink(path).map(drop)
                }
            });
            if let Err(fault) = gone {
                p.cannot("cannot remove", from, fault);
                return false;
            }
            p.tick(100).await;
        }
        true
    }
}

fn is_inside(p: &Proc, from: &[u8], to: &[u8]) -> bool {
    p.fs(|process| {
        let (Ok(from), Ok(to)) = (process.find(from, Last::Keep), process.find(to, Last::Keep))
        else {
            return false;
        };
        to.starts_with(&[from.as_slice(), b"/"].concat())
    })
}
