//! `install`.
//!
//! **Invariant:** what it copies it copies as `cp` does; it sets owner and permissions after.

use super::{BACKUP, CONTEXT, Copying, Links, Target, target};
use crate::commands::Flag;
use crate::commands::files::folders::parents;
use crate::commands::files::mode::{Folder, Mode};
use crate::commands::files::{Names, always, folder_of, join, last_part, options, quote};
use crate::files::Last;
use crate::kernel::Proc;
use crate::process::FOLDER;

const INSTALL: &[Flag] = &[
    Flag::new(b'b', ""),
    Flag::maybe(BACKUP, "backup"),
    Flag::new(b'c', ""),
    Flag::new(b'C', "compare"),
    Flag::new(b'd', "directory"),
    Flag::new(b'D', ""),
    Flag::with(b'g', "group"),
    Flag::with(b'm', "mode"),
    Flag::with(b'o', "owner"),
    Flag::new(b'p', "preserve-timestamps"),
    Flag::new(b's', "strip"),
    Flag::with(b'S', "suffix"),
    Flag::with(b't', "target-directory"),
    Flag::new(b'T', "no-target-directory"),
    Flag::new(b'v', "verbose"),
    Flag::new(b'Z', ""),
    Flag::maybe(CONTEXT, "context"),
];

pub(super) async fn install(p: &mut Proc) -> u32 {
    let given = match options(p, INSTALL, 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    let mode = given.value(b'm').unwrap_or(b"755");
    let Some(parsed) = Mode::read(mode) else {
        let text = quote(p, mode);
        p.say(&[b"invalid mode ", &text]);
        return 1;
    };
    let mode = parsed.apply(0, Folder::No, 0);
    let names = Names::read(p);
    let mut owner = (u32::MAX, u32::MAX);
    if let Some(user) = given.value(b'o') {
        let Some(uid) = names.uid(user) else {
            let text = quote(p, user);
            p.say(&[b"invalid user ", &text]);
            return 1;
        };
        owner.0 = uid;
    }
    if let Some(group) = given.value(b'g') {
        let Some(gid) = names.gid(group) else {
            let text = quote(p, group);
            p.say(&[b"invalid group ", &text]);
            return 1;
        };
        owner.1 = gid;
    }
    let mut rest = given.rest.clone();
    let mut status = 0;
    if given.has(b'd') {
        if rest.is_empty() {
            p.misused(&[b"missing file operand"]);
            return 1;
        }
        for name in &rest {
            match parents(p, name, None, given.has(b'v')).await {
                Ok(()) => {
                    let _ = p.fs(|process| process.chmod(name, mode, Last::Follow));
                    let _ = p.fs(|process| process.chown(name, owner, Last::Follow));
                }
                Err((path, fault)) => {
                    let path = quote(p, &path);
                    p.cannot_raw("cannot create directory", &path, fault);
                    status = 1;
                }
            }
        }
        return status;
    }
    if given.has(b'D') {
        let above = match (given.value(b't'), rest.last()) {
            (Some(folder), _) => Some(folder.to_vec()),
            (None, Some(last)) if rest.len() > 1 => Some(folder_of(last).to_vec()),
            (None, _) => None,
        };
        if let Some(above) = above
            && let Err((path, fault)) = parents(p, &above, None, given.has(b'v')).await
        {
            let path = quote(p, &path);
            p.cannot_raw("cannot create directory", &path, fault);
            return 1;
        }
    }
    let to = match target(p, &given, &mut rest) {
        Ok(to) => to,
        Err(status) => return status,
    };
    let mut copying = Copying {
        recursive: false,
        links: Links::All,
        keep_mode: false,
        keep_owner: false,
        keep_times: given.has(b'p'),
        verbose: given.has(b'v'),
        backup: given.has(b'b') || given.has(BACKUP),
        ..Copying::moving()
    };
    for name in &rest {
        let to = match &to {
            Target::Name(name) => name.clone(),
            Target::Folder(folder) => join(folder, last_part(name)),
        };
        if p.stat(name, Last::Follow).is_ok_and(|stat| stat.is(FOLDER)) {
            let shown = always(p, name);
            p.say(&[b"omitting directory ", &shown]);
            copying.failed = true;
            continue;
        }
        let before = std::mem::replace(&mut copying.failed, false);
        copying.tree(p, name.clone(), to.clone()).await;
        if !copying.failed {
            let _ = p.fs(|process| process.chown(&to, owner, Last::Follow));
            let _ = p.fs(|process| process.chmod(&to, mode, Last::Follow));
        }
        copying.failed |= before;
    }
    u32::from(copying.failed)
}
