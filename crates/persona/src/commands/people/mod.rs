//! Accounts: programs that say who may come in, and as whom programs run.
//!
//! **Invariant:** what they change are the session's /etc/passwd, /etc/shadow, /etc/group and
//! /etc/gshadow; what they check is there too.

mod account;
mod adduser;
mod age;
mod ask;
mod group;
mod login;
mod number;
mod passwd;
mod profile;
mod sudo;
mod switch;

use crate::commands::Program;
use crate::files::{Kind, Last, Node};
use crate::kernel::{Proc, World};
use crate::machine::Dice;
use crate::people::{List, Table};

pub(super) use ask::{Echo, ask};

/// When the package `passwd` was built.
const SHADOW: i64 = 1_744_022_326;

pub(super) const PROGRAMS: &[Program] = &[
    Program::system("useradd", |p| Box::pin(account::useradd(p)), 159_536, SHADOW),
    Program::system("userdel", |p| Box::pin(account::userdel(p)), 113_608, SHADOW),
    Program::system("usermod", |p| Box::pin(account::usermod(p)), 147_056, SHADOW),
    Program::system("groupadd", |p| Box::pin(group::groupadd(p)), 101_416, SHADOW),
    Program::system("groupdel", |p| Box::pin(group::groupdel(p)), 88_936, SHADOW),
    Program::system("groupmod", |p| Box::pin(group::groupmod(p)), 101_384, SHADOW),
    Program::new("gpasswd", |p| Box::pin(group::gpasswd(p)), 88_496, SHADOW).as_root(),
    Program::new("passwd", |p| Box::pin(passwd::passwd(p)), 68_248, SHADOW).as_root(),
    Program::system("chpasswd", |p| Box::pin(passwd::chpasswd(p)), 63_856, SHADOW),
    Program::new("chage", |p| Box::pin(age::chage(p)), 80_376, SHADOW).as_group(),
    Program::new("chsh", |p| Box::pin(profile::chsh(p)), 52_880, SHADOW).as_root(),
    Program::new("chfn", |p| Box::pin(profile::chfn(p)), 62_672, SHADOW).as_root(),
    Program::new("newgrp", |p| Box::pin(login::newgrp(p)), 48_896, SHADOW).as_root(),
    Program::new("sg", |p| Box::pin(login::newgrp(p)), 48_896, SHADOW).as_root(),
    Program::new("login", |p| Box::pin(login::login(p)), 53_024, SHADOW),
    Program::system("nologin", |p| Box::pin(login::nologin(p)), 14_568, SHADOW),
    Program::system("vipw", |p| Box::pin(login::vipw(p)), 74_384, SHADOW),
    Program::system("vigr", |p| Box::pin(login::vipw(p)), 74_384, SHADOW),
    Program::system("adduser", |p| Box::pin(adduser::adduser(p)), 48_382, 1_685_030_075),
    Program::system("addgroup", |p| Box::pin(adduser::adduser(p)), 48_382, 1_685_030_075),
    Program::system("deluser", |p| Box::pin(adduser::deluser(p)), 16_727, 1_685_030_075),
    Program::system("delgroup", |p| Box::pin(adduser::deluser(p)), 16_727, 1_685_030_075),
    Program::new("su", |p| Box::pin(switch::su(p)), 72_000, 1_732_219_314).as_root(),
    Program::new("sudo", |p| Box::pin(sudo::sudo(p)), 281_624, 1_775_908_883).as_root(),
    Program::system("visudo", |p| Box::pin(sudo::visudo(p)), 262_784, 1_775_908_883),
];

/// Numbers that no two programs get at the same time.
pub(crate) fn dice(p: &Proc) -> Dice {
    let pid = u64::from(p.pid);
    p.world.with(|world| {
        let mut dice = Dice(world.machine.ids[0] ^ world.now.0.unsigned_abs() ^ pid << 40);
        Dice(dice.roll() ^ u64::from(world.login.peer.port()))
    })
}

/// A list as it is now.
fn table(p: &Proc, list: List) -> Table {
    p.world.with(|world| Table::load(&world.files, list))
}

/// Days since 1970.
fn today(p: &Proc) -> i64 {
    crate::calendar::seconds(p.now()).div_euclid(86_400)
}

/// Whether it runs as root; complains as the programs of `shadow` do, which open that file first.
fn is_root(p: &mut Proc, file: &str) -> bool {
    if p.user.uid == 0 {
        return true;
    }
    let name = p.name();
    p.error(format!("{name}: Permission denied."));
    p.error(format!("{name}: cannot lock {file}; try again later."));
    false
}

/// `name: text` on standard error, and a status.
fn fail(p: &mut Proc, text: impl AsRef<[u8]>, status: u32) -> u32 {
    let name = p.name();
    p.error([name.as_bytes(), b": ", text.as_ref()].concat());
    status
}

/// How it is used, on standard error.
fn usage(p: &mut Proc, text: &str, status: u32) -> u32 {
    p.put(2, text.as_bytes());
    status
}

/// `'name'` between two texts.
fn quoted(before: &str, name: &[u8], after: &str) -> Vec<u8> {
    [before.as_bytes(), b"'", name, b"'", after.as_bytes()].concat()
}

/// A name as Debian lets users and groups have.
fn is_name(name: &[u8]) -> bool {
    let first = name.first().copied().unwrap_or(b'-');
    !name.is_empty()
        && name.len() <= 32
        && !matches!(first, b'-' | b'+' | b'~')
        && name != b"."
        && name != b".."
        && !name.iter().any(|b| b.is_ascii_whitespace() || matches!(b, b':' | b',' | b'/' | 0))
}

/// A process that runs as that user.
fn busy(world: &World, uid: u32) -> Option<u32> {
    if uid == 0 {
        return Some(1);
    }
    world.table.iter().find(|(_, entry)| entry.user.uid == uid).map(|(pid, _)| *pid)
}

/// Makes somebody a member of groups, in both lists of groups.
fn join(world: &mut World, user: &[u8], groups: &[Vec<u8>]) {
    for (list, at) in [(List::Group, 3), (List::Gshadow, 3)] {
        let mut table = Table::load(&world.files, list);
        for group in groups {
            let mut names = table.names(group, at);
            if !names.iter().any(|name| name == user) {
                names.push(user.to_vec());
                table.set(group, at, &names.join(&b','));
            }
        }
        table.save(world);
    }
}

/// Takes somebody out of groups: of all but `kept`.
fn leave(world: &mut World, user: &[u8], kept: &[Vec<u8>]) {
    for list in [List::Group, List::Gshadow] {
        let mut table = Table::load(&world.files, list);
        for row in &mut table.rows {
            let Some(name) = row.first().cloned() else { continue };
            if kept.contains(&name) {
                continue;
            }
            if let Some(members) = row.get_mut(3) {
                let mut names: Vec<&[u8]> =
                    members.split(|&b| b == b',').filter(|name| !name.is_empty()).collect();
                names.retain(|name| *name != user);
                *members = names.join(&b',');
            }
        }
        table.save(world);
    }
}

/// Makes a home folder with what a new one has. `false` where there is one.
fn make_home(world: &mut World, home: &[u8], skeleton: &[u8], ids: (u32, u32), mode: u16) -> bool {
    let now = crate::calendar::seconds(world.now);
    let Ok(path) = world.files.resolve(&[], home, Last::Follow) else {
        return true;
    };
    if world.files.node(&path).is_ok() {
        return false;
    }
    let folder = Node {
        kind: Kind::Folder,
        mode,
        uid: ids.0,
        gid: ids.1,
        accessed: now,
        changed: now,
        detail: crate::files::Detail::default(),
    };
    // Where the disk is full, there is no home.
    let _ = world.files.put(&path, folder);
    for name in world.files.names(skeleton).into_iter().take(64) {
        let from = [skeleton, b"/", name.as_slice()].concat();
        let to = [path.as_slice(), b"/", name.as_slice()].concat();
        if let Ok(node) = world.files.node(&from).cloned()
            && !matches!(node.kind, Kind::Folder)
        {
            let _ = world.files.put(&to, Node { uid: ids.0, gid: ids.1, ..node });
        }
    }
    true
}

/// A number, with a sign or without.
fn number_of(text: &[u8]) -> Option<i64> {
    std::str::from_utf8(text).ok()?.parse::<i32>().ok().map(i64::from)
}

/// Lines of /etc/subuid and /etc/subgid: what is behind the last.
fn give_subordinates(world: &mut World, name: &[u8]) {
    for path in [&b"/etc/subuid"[..], b"/etc/subgid"] {
        let text = crate::people::text(&world.files, path);
        let ends = text.split(|&b| b == b'\n').filter_map(|line| {
            let mut fields = line.split(|&b| b == b':').skip(1);
            Some(number_of(fields.next()?)? + number_of(fields.next()?)?)
        });
        let begin = ends.max().unwrap_or(100_000).to_string();
        let line = [name, b":", begin.as_bytes(), b":65536\n"].concat();
        // Nothing where the files are not there.
        crate::people::append(&mut world.files, path, &line);
    }
}

fn take_subordinates(world: &mut World, name: &[u8]) {
    for path in [&b"/etc/subuid"[..], b"/etc/subgid"] {
        let text = crate::people::text(&world.files, path);
        let begin = [name, b":"].concat();
        let kept = text.split_inclusive(|&b| b == b'\n').filter(|line| !line.starts_with(&begin));
        let kept = kept.collect::<Vec<_>>().concat();
        if kept != text {
            crate::people::replace(world, path, &kept);
        }
    }
}

/// Removes a folder with all that is in it.
fn remove_tree(p: &mut Proc, path: &[u8]) {
    p.world.with(|world| {
        let Ok(path) = world.files.resolve(&[], path, Last::Follow) else { return };
        let mut below = world.files.below(&path, decnet_core::limits::FILES_NODES);
        below.sort_by_key(|path| std::cmp::Reverse(path.len()));
        for path in below.iter().chain([&path]) {
            // What cannot be removed stays.
            let _ = world.files.remove(path);
        }
    });
}

/// Days since 1970 of `2030-01-31`, `-1`, or a number of days.
fn day(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?;
    if text.is_empty() {
        return Some(-1);
    }
    if let Ok(days) = text.parse::<i64>() {
        return Some(days);
    }
    let mut parts = text.split('-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    let fits = (1970..=9_999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && parts.next().is_none();
    fits.then(|| days_before(year, month) + day - 1)
}

/// Days from 1970 to the first of a month.
fn days_before(year: i64, month: i64) -> i64 {
    // The year begins in March, so that the odd day is its last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    days + (month * 153 + 2) / 5 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Bench;

    #[test]
    fn days_are_counted() {
        assert_eq!(day(b"1970-01-01"), Some(0));
        assert_eq!(day(b"2030-01-01"), Some(21_915));
        assert_eq!(day(b"2000-03-01"), Some(11_017));
        assert_eq!(day(b"-1"), Some(-1));
        assert_eq!(day(b"foo"), None);
    }

    #[test]
    fn names_are_checked() {
        for good in ["bob", "Abc", "1abc", "a.b", "_x"] {
            assert!(is_name(good.as_bytes()), "{good}");
        }
        for bad in ["", "-a", "a b", "a:b", "a/b", "+x"] {
            assert!(!is_name(bad.as_bytes()), "{bad}");
        }
    }

    /// The last lines of a file, for tests.
    pub(super) fn tail(bench: &mut Bench, path: &str) -> String {
        let text = bench.world.with(|world| crate::people::text(&world.files, path.as_bytes()));
        let text = String::from_utf8_lossy(&text).into_owned();
        text.lines().last().unwrap_or_default().to_owned()
    }

    /// The lines of a file that begin so, for tests.
    pub(super) fn lines(bench: &mut Bench, path: &str, begin: &str) -> String {
        let text = bench.world.with(|world| crate::people::text(&world.files, path.as_bytes()));
        let text = String::from_utf8_lossy(&text).into_owned();
        let lines: Vec<&str> = text.lines().filter(|line| line.starts_with(begin)).collect();
        lines.join("\n")
    }
}
