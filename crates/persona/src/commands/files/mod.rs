//! Programs that look at files, make, move and change them.
//!
//! **Invariant:** they ask the file system as their user; what that refuses is what they complain
//! about.

mod about;
mod attributes;
mod copy;
mod dd;
mod df;
mod disks;
mod du;
mod elf;
mod find;
mod folders;
mod glob;
mod gzip;
mod links;
mod ls;
mod magic;
mod mode;
mod mv;
mod packed;
mod path;
mod quote;
mod remove;
mod rights;
mod stat;
mod tar;
#[cfg(test)]
mod tests;
mod when;

use crate::commands::Program;
use crate::files::{Fault, Last};
use crate::kernel::Proc;
use crate::people;
use crate::process::Stat;
use about::options;
use quote::{always, before_colon, quote};
use std::collections::BTreeMap;

/// All of them.
pub(super) const ALL: &[&[Program]] = &[
    attributes::PROGRAMS,
    copy::PROGRAMS,
    dd::PROGRAMS,
    df::PROGRAMS,
    disks::PROGRAMS,
    du::PROGRAMS,
    find::PROGRAMS,
    folders::PROGRAMS,
    gzip::PROGRAMS,
    links::PROGRAMS,
    ls::PROGRAMS,
    magic::PROGRAMS,
    mv::PROGRAMS,
    path::PROGRAMS,
    remove::PROGRAMS,
    rights::PROGRAMS,
    stat::PROGRAMS,
    tar::PROGRAMS,
];

/// The date of coreutils' files.
const BUILT: i64 = 1_663_687_647;

/// A name in a folder, as the GNU programs write it.
fn join(folder: &[u8], name: &[u8]) -> Vec<u8> {
    let slash: &[u8] = if folder.is_empty() || folder.ends_with(b"/") { b"" } else { b"/" };
    [folder, slash, name].concat()
}

/// The last part of a path, without slashes behind it.
fn last_part(path: &[u8]) -> &[u8] {
    let end = path.iter().rposition(|&b| b != b'/').map_or(0, |at| at + 1);
    let path = path.get(..end).unwrap_or(path);
    if path.is_empty() {
        return b"/";
    }
    path.rsplit(|&b| b == b'/').next().unwrap_or(path)
}

/// The folder that a path names something in.
fn folder_of(path: &[u8]) -> &[u8] {
    let cut = |path: &[u8]| path.iter().rposition(|&b| b != b'/').map_or(0, |at| at + 1);
    let whole = path;
    let path = path.get(..cut(path)).unwrap_or(path);
    if path.is_empty() && !whole.is_empty() {
        return b"/";
    }
    match path.iter().rposition(|&b| b == b'/') {
        None => b".",
        Some(at) => {
            let path = path.get(..at).unwrap_or(path);
            match path.get(..cut(path)) {
                None | Some([]) => b"/",
                Some(path) => path,
            }
        }
    }
}

impl Proc {
    fn stat(&self, path: &[u8], last: Last) -> Result<Stat, Fault> {
        self.fs(|process| process.stat(path, last))
    }

    /// `name: why it failed 'what': strerror`, with the name quoted for a shell.
    fn cannot(&mut self, why: &str, what: &[u8], fault: Fault) {
        let what = always(self, what);
        self.cannot_raw(why, &what, fault);
    }

    fn cannot_raw(&mut self, why: &str, what: &[u8], fault: Fault) {
        let name = self.name();
        let (name, text) = (name.as_bytes(), fault.text().as_bytes());
        let gap: &[u8] = if why.is_empty() { b"" } else { b" " };
        self.error([name, b": ", why.as_bytes(), gap, what, b": ", text].concat());
    }

    /// `name: what was said`.
    fn say(&mut self, parts: &[&[u8]]) {
        let name = self.name();
        self.error([name.as_bytes(), b": ", &parts.concat()].concat());
    }

    /// A complaint about the command line, and where to read more.
    fn misused(&mut self, parts: &[&[u8]]) {
        self.say(parts);
        self.try_help();
    }

    /// Asks on standard error, and reads a line: whether the answer is yes.
    async fn asks(&mut self, question: &[u8]) -> bool {
        let name = self.name();
        self.put(2, &[name.as_bytes(), b": ", question].concat());
        let answer = self.read_line(0, 4_096).await.unwrap_or_default();
        matches!(answer.first(), Some(b'y' | b'Y'))
    }
}

/// Names of users and groups, as they were when the program began.
struct Names {
    users: BTreeMap<u32, Vec<u8>>,
    groups: BTreeMap<u32, Vec<u8>>,
}

impl Names {
    fn read(p: &Proc) -> Self {
        p.world.with(|world| {
            let mut names = Self { users: BTreeMap::new(), groups: BTreeMap::new() };
            for user in people::users(&world.files) {
                names.users.entry(user.uid).or_insert(user.name);
            }
            for (name, gid, _) in people::groups(&world.files) {
                names.groups.entry(gid).or_insert(name);
            }
            names
        })
    }

    /// The name, or the number.
    fn user(&self, uid: u32) -> Vec<u8> {
        self.users.get(&uid).cloned().unwrap_or_else(|| uid.to_string().into_bytes())
    }

    fn group(&self, gid: u32) -> Vec<u8> {
        self.groups.get(&gid).cloned().unwrap_or_else(|| gid.to_string().into_bytes())
    }

    fn uid(&self, name: &[u8]) -> Option<u32> {
        let found = self.users.iter().find(|(_, user)| *user == name);
        found.map(|(uid, _)| *uid).or_else(|| number(name))
    }

    fn gid(&self, name: &[u8]) -> Option<u32> {
        let found = self.groups.iter().find(|(_, group)| *group == name);
        found.map(|(gid, _)| *gid).or_else(|| number(name))
    }
}

fn number(text: &[u8]) -> Option<u32> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// A size as `-h` shows it: rounded up, with one decimal below ten.
fn human(size: u64, base: u64) -> String {
    if size < base {
        return size.to_string();
    }
    let units = if base == 1_024 { b"KMGTPE" } else { b"kMGTPE" };
    let mut scale = u128::from(base);
    for unit in units {
        let size = u128::from(size);
        let tenths = (size * 10).div_ceil(scale);
        if tenths < 100 {
            return format!("{}.{}{}", tenths / 10, tenths % 10, char::from(*unit));
        }
        let whole = size.div_ceil(scale);
        if whole < u128::from(base) || *unit == b'E' {
            return format!("{whole}{}", char::from(*unit));
        }
        scale *= u128::from(base);
    }
    size.to_string()
}

/// A number with a unit behind it: `1`, `4k`, `1M`, `10GB`, `1KiB`, as coreutils read it.
fn with_unit(text: &[u8], block: bool) -> Option<u64> {
    let end = text.iter().position(|b| !b.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at_checked(end)?;
    let count: u64 = match digits {
        [] if unit.is_empty() => return None,
        [] => 1,
        digits => std::str::from_utf8(digits).ok()?.parse().ok()?,
    };
    let (letter, rest) = match unit.split_first() {
        None => return Some(count),
        Some(found) => found,
    };
    let power = match letter {
        b'b' if block && rest.is_empty() => return count.checked_mul(512),
        b'c' if block && rest.is_empty() => return Some(count),
        b'w' if block && rest.is_empty() => return count.checked_mul(2),
        b'k' | b'K' => 1,
        b'm' | b'M' => 2,
        b'g' | b'G' => 3,
        b't' | b'T' => 4,
        b'P' => 5,
        b'E' => 6,
        _ => return None,
    };
    let base: u64 = match rest {
        b"" | b"iB" => 1_024,
        b"B" => 1_000,
        _ => return None,
    };
    count.checked_mul(base.checked_pow(power)?)
}
