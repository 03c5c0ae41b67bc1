//! `chsh` and `chfn` of shadow 4.13.
//!
//! **Invariant:** who is not root changes only himself, and says his password.

use super::passwd::wait_for_failure;
use super::switch::is_listed;
use super::{Echo, ask, fail, quoted, table, usage};
use crate::commands::{Flag, Options};
use crate::files::{Access, Last};
use crate::kernel::Proc;
use crate::people::{self, List};

const CHSH: &str = include_str!("usage/chsh.txt");
const CHFN: &str = include_str!("usage/chfn.txt");

const CHSH_FLAGS: &[Flag] =
    &[Flag::new(b'h', "help"), Flag::with(b'R', "root"), Flag::with(b's', "shell")];
const CHFN_FLAGS: &[Flag] = &[
    Flag::with(b'f', "full-name"),
    Flag::with(b'h', "home-phone"),
    Flag::with(b'o', "other"),
    Flag::with(b'r', "room"),
    Flag::with(b'R', "root"),
    Flag::new(b'u', "help"),
    Flag::with(b'w', "work-phone"),
];

/// Asks those who are not root for their password.
async fn is_himself(p: &mut Proc) -> bool {
    if p.user.uid == 0 {
        return true;
    }
    let name = p.user.name.clone();
    let password = ask(p, b"Password: ", Echo::Off).await.unwrap_or_default();
    if p.world.with(|world| people::knows(world, &name, &password)) {
        return true;
    }
    wait_for_failure(p).await;
    fail(p, "PAM: Authentication failure", 1);
    false
}

/// Who is to be changed.
fn whom(p: &mut Proc, options: &Options, text: &str) -> Result<Vec<u8>, u32> {
    let name = match options.rest.as_slice() {
        [] => return Ok(p.user.name.clone()),
        [name] => name.clone(),
        _ => return Err(usage(p, text, 1)),
    };
    if table(p, List::Passwd).has(&name) {
        Ok(name)
    } else {
        Err(fail(p, quoted("user ", &name, " does not exist"), 1))
    }
}

pub(super) async fn chsh(p: &mut Proc) -> u32 {
    let Some(options) = Options::read(p, CHSH_FLAGS, false) else { return usage(p, CHSH, 1) };
    if options.has(b'h') {
        p.print(CHSH);
        return 0;
    }
    let name = match whom(p, &options, CHSH) {
        Ok(name) => name,
        Err(status) => return status,
    };
    if p.user.uid != 0 && name != p.user.name {
        p.error(quoted("You may not change the shell for ", &name, "."));
        return 1;
    }
    let now = table(p, List::Passwd).field(&name, 6).unwrap_or_default().to_vec();
    if p.user.uid != 0 && !is_listed(p, &now) {
        p.error(quoted("You may not change the shell for ", &name, "."));
        return 1;
    }
    if !is_himself(p).await {
        return 1;
    }
    let shell = match options.value(b's') {
        Some(shell) => shell.to_vec(),
        None => {
            p.line([b"Changing the login shell for ", name.as_slice()].concat());
            p.line("Enter the new value, or press ENTER for the default");
            p.print([b"\tLogin Shell [", now.as_slice(), b"]: "].concat());
            match ask(p, b"", Echo::On).await {
                Some(answer) if !answer.is_empty() => answer,
                Some(_) | None => now,
            }
        }
    };
    if shell.iter().any(|b| matches!(b, b':' | b',' | b'=' | b'\n')) {
        return fail(p, [b"Invalid entry: ", shell.as_slice()].concat(), 1);
    }
    let runs = p.fs(|process| {
        let path = process.find(&shell, Last::Follow)?;
        process.world.files.allowed(process.me.who, &path, Access::Execute)
    });
    if p.user.uid != 0 && (!is_listed(p, &shell) || runs.is_err()) {
        return fail(p, [shell.as_slice(), b" is an invalid shell"].concat(), 1);
    }
    if let Err(fault) = p.fs(|process| process.stat(&shell, Last::Follow)) {
        let why = match fault {
            crate::files::Fault::Missing => "does not exist",
            _ => "is not executable",
        };
        fail(p, [b"Warning: ", shell.as_slice(), b" ", why.as_bytes()].concat(), 0);
    }
    let mut users = table(p, List::Passwd);
    users.set(&name, 6, &shell);
    p.world.with(|world| users.save(world));
    0
}

/// Parts of the comment: the letter, what they are called, and whether only root may change them.
const PARTS: [(u8, &str, &str, bool); 5] = [
    (b'f', "Full Name", "name", true),
    (b'r', "Room Number", "room number", false),
    (b'w', "Work Phone", "work phone", false),
    (b'h', "Home Phone", "home phone", false),
    (b'o', "Other", "other", true),
];

pub(super) async fn chfn(p: &mut Proc) -> u32 {
    let Some(options) = Options::read(p, CHFN_FLAGS, false) else { return usage(p, CHFN, 1) };
    if options.has(b'u') {
        p.print(CHFN);
        return 0;
    }
    let name = match whom(p, &options, CHFN) {
        Ok(name) => name,
        Err(status) => return status,
    };
    let rooted = PARTS.iter().any(|part| part.3 && options.has(part.0));
    if p.user.uid != 0 && (name != p.user.name || rooted) {
        return fail(p, "Permission denied.", 1);
    }
    let mut users = table(p, List::Passwd);
    let comment = users.field(&name, 4).unwrap_or_default().to_vec();
    let mut parts: Vec<Vec<u8>> =
        comment.splitn(5, |&b| b == b',').map(<[u8]>::to_vec).collect();
    parts.resize(5, Vec::new());
    if !is_himself(p).await {
        return 1;
    }
    if options.given.is_empty() {
        p.line([b"Changing the user information for ", name.as_slice()].concat());
        p.line("Enter the new value, or press ENTER for the default");
    }
    for (part, (letter, label, what, rooted)) in parts.iter_mut().zip(PARTS) {
        let value = if options.given.is_empty() {
            if rooted && p.user.uid != 0 {
                p.line([b"\t", label.as_bytes(), b": ", part.as_slice()].concat());
                continue;
            }
            p.print([b"\t", label.as_bytes(), b" [", part.as_slice(), b"]: "].concat());
            ask(p, b"", Echo::On).await.filter(|answer| !answer.is_empty())
        } else {
            options.value(letter).map(<[u8]>::to_vec)
        };
        let Some(value) = value else { continue };
        if value.iter().any(|b| matches!(b, b':' | b',' | b'=' | b'\n')) {
            return fail(p, quoted(&format!("invalid {what}: "), &value, ""), 1);
        }
        *part = value;
    }
    if parts.last().is_some_and(Vec::is_empty) {
        parts.pop();
    }
    let mut comment = parts.join(&b',');
    if comment.iter().all(|&b| b == b',') {
        comment = b",,,".to_vec();
    }
    users.set(&name, 4, &comment);
    p.world.with(|world| users.save(world));
    0
}
