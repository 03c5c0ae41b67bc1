//! `useradd`, `userdel`, `usermod` of shadow 4.13.
//!
//! **Invariant:** what is wrong is complained about before anything is changed.

mod change;

pub(super) use change::usermod;

use super::number::{self, PEOPLE, SYSTEM, Sort};
use super::{
    busy, day, fail, is_name, is_root, join, leave, make_home, quoted, table, today, usage,
};
use crate::commands::{Flag, Options};
use crate::files::{Access, Kind, Last};
use crate::kernel::{Proc, World};
use crate::people::{List, Table};

const USERADD: &str = include_str!("usage/useradd.txt");
const USERDEL: &str = include_str!("usage/userdel.txt");

const USERADD_FLAGS: &[Flag] = &[
    Flag::with(b'b', "base-dir"),
    Flag::new(1, "btrfs-subvolume-home"),
    Flag::new(2, "badname"),
    Flag::with(b'c', "comment"),
    Flag::with(b'd', "home-dir"),
    Flag::new(b'D', "defaults"),
    Flag::with(b'e', "expiredate"),
    Flag::with(b'f', "inactive"),
    Flag::new(b'F', "add-subids-for-system"),
    Flag::with(b'g', "gid"),
    Flag::with(b'G', "groups"),
    Flag::new(b'h', "help"),
    Flag::with(b'k', "skel"),
    Flag::with(b'K', "key"),
    Flag::new(b'l', "no-log-init"),
    Flag::new(b'm', "create-home"),
    Flag::new(b'M', "no-create-home"),
    Flag::new(b'N', "no-user-group"),
    Flag::new(b'o', "non-unique"),
    Flag::with(b'p', "password"),
    Flag::new(b'r', "system"),
    Flag::with(b'R', "root"),
    Flag::with(b'P', "prefix"),
    Flag::with(b's', "shell"),
    Flag::with(b'u', "uid"),
    Flag::new(b'U', "user-group"),
    Flag::with(b'Z', "selinux-user"),
];

const DEFAULTS: &str = "GROUP=100\nHOME=/home\nINACTIVE=-1\nEXPIRE=\nSHELL=/bin/sh\nSKEL=/etc/skel\n\
                        CREATE_MAIL_SPOOL=no\nLOG_INIT=yes\n";

/// What a new user is to have.
struct Wanted {
    name: Vec<u8>,
    uid: Option<i64>,
    gid: Option<i64>,
    groups: Vec<Vec<u8>>,
    home: Vec<u8>,
    shell: Vec<u8>,
    expires: Option<i64>,
}

pub(super) async fn useradd(p: &mut Proc) -> u32 {
    let Some(options) = Options::read(p, USERADD_FLAGS, false) else {
        return usage(p, USERADD, 2);
    };
    if options.has(b'h') {
        p.print(USERADD);
        return 0;
    }
    if options.has(b'D') && options.rest.is_empty() {
        p.print(DEFAULTS);
        return 0;
    }
    let wanted = match wanted(p, &options) {
        Ok(wanted) => wanted,
        Err(status) => return status,
    };
    if !is_root(p, "/etc/passwd") {
        return 1;
    }
    add(p, &options, &wanted)
}

/// The group of that name or number.
fn group_of(groups: &Table, name: &[u8]) -> Option<(Vec<u8>, i64)> {
    let by_name = groups.number(name, 2).map(|gid| (name.to_vec(), gid));
    by_name.or_else(|| {
        let gid = whole(name)?;
        let row = groups.rows.iter().find(|row| row.get(2).is_some_and(|field| field == name))?;
        Some((row.first()?.clone(), gid))
    })
}

/// Names of groups behind `-G`.
fn groups_of(p: &mut Proc, list: &[u8]) -> Result<Vec<Vec<u8>>, u32> {
    let groups = table(p, List::Group);
    let mut names = Vec::new();
    let mut status = Ok(());
    for name in list.split(|&b| b == b',').filter(|name| !name.is_empty()) {
        match group_of(&groups, name) {
            Some((name, _)) => names.push(name),
            None => status = Err(fail(p, quoted("group ", name, " does not exist"), 6)),
        }
    }
    status.map(|()| names)
}

/// Complains about a shell that is none.
fn check_shell(p: &mut Proc, shell: &[u8]) {
    let runs = p.fs(|process| {
        let path = process.find(shell, Last::Follow)?;
        if matches!(process.node(&path)?.kind, Kind::Folder) {
            return Err(crate::files::Fault::IsFolder);
        }
        let mode = process.node(&path)?.mode;
        process.world.files.allowed(process.me.who, &path, Access::Execute).map(|()| mode)
    });
    let special = [&b"/sbin/nologin"[..], b"/usr/sbin/nologin", b""].contains(&shell);
    if !special && !runs.is_ok_and(|mode| mode & 0o111 != 0) {
        fail(p, quoted("Warning: missing or non-executable shell ", shell, ""), 0);
    }
}

fn wanted(p: &mut Proc, options: &Options) -> Result<Wanted, u32> {
    let mut wanted = Wanted {
        name: Vec::new(),
        uid: None,
        gid: None,
        groups: Vec::new(),
        home: Vec::new(),
        shell: options.value(b's').unwrap_or(b"/bin/sh").to_vec(),
        expires: None,
    };
    for (letter, value) in &options.given {
        let value = value.as_deref().unwrap_or_default();
        match letter {
            b'u' => match whole(value) {
                Some(uid) => wanted.uid = Some(uid),
                None => return Err(fail(p, quoted("invalid user ID ", value, ""), 3)),
            },
            b'g' => match group_of(&table(p, List::Group), value) {
                Some((_, gid)) => wanted.gid = Some(gid),
                None => return Err(fail(p, quoted("group ", value, " does not exist"), 6)),
            },
            b'G' => wanted.groups = groups_of(p, value)?,
            b'd' if !is_path(value) => {
                return Err(fail(p, quoted("invalid home directory ", value, ""), 3));
            }
            b'b' if !is_path(value) => {
                return Err(fail(p, quoted("invalid base directory ", value, ""), 3));
            }
            b'c' if value.iter().any(|b| matches!(b, b':' | b'\n')) => {
                return Err(fail(p, quoted("invalid comment ", value, ""), 3));
            }
            b'p' if value.iter().any(|b| matches!(b, b':' | b'\n')) => {
                return Err(fail(p, quoted("invalid field ", value, ""), 3));
            }
            b's' => {
                let good = value.is_empty() || is_path(value);
                if !good {
                    return Err(fail(p, quoted("invalid shell ", value, ""), 3));
                }
                check_shell(p, value);
            }
            b'e' => match day(value) {
                Some(day) => wanted.expires = (day >= 0).then_some(day),
                None => return Err(fail(p, quoted("invalid date ", value, ""), 3)),
            },
            b'f' if super::number_of(value).is_none() => {
                return Err(fail(p, quoted("invalid numeric argument ", value, ""), 3));
            }
            _ => {}
        }
    }
    conflicts(p, options)?;
    let [name] = options.rest.as_slice() else { return Err(usage(p, USERADD, 2)) };
    if !is_name(name) {
        return Err(fail(p, quoted("invalid user name ", name, ": use --badname to ignore"), 3));
    }
    wanted.name.clone_from(name);
    let base = options.value(b'b').unwrap_or(b"/home");
    wanted.home =
        options.value(b'd').map_or_else(|| [base, b"/", name.as_slice()].concat(), <[u8]>::to_vec);
    Ok(wanted)
}

fn conflicts(p: &mut Proc, options: &Options) -> Result<(), u32> {
    for (letter, needs) in [(b'o', b'u'), (b'k', b'm')] {
        if options.has(letter) && !options.has(needs) {
            let (letter, needs) = (char::from(letter), char::from(needs));
            fail(p, format!("-{letter} flag is only allowed with the -{needs} flag"), 2);
            return Err(usage(p, USERADD, 2));
        }
    }
    for (one, other) in [(b'm', b'M'), (b'U', b'g'), (b'U', b'N')] {
        if options.has(one) && options.has(other) {
            let (one, other) = (char::from(one), char::from(other));
            fail(p, format!("options -{one} and -{other} conflict"), 2);
            return Err(usage(p, USERADD, 2));
        }
    }
    Ok(())
}

fn add(p: &mut Proc, options: &Options, wanted: &Wanted) -> u32 {
    let (users, groups) = (table(p, List::Passwd), table(p, List::Group));
    let name = &wanted.name;
    if users.has(name) {
        return fail(p, quoted("user ", name, " already exists"), 9);
    }
    let own_group = wanted.gid.is_none() && !options.has(b'N');
    if own_group && groups.has(name) {
        let text = [
            b"group ",
            name.as_slice(),
            b" exists - if you want to add this user to that group, use -g.",
        ];
        return fail(p, text.concat(), 9);
    }
    let sort = if options.has(b'r') { Sort::System } else { Sort::Person };
    let taken = users.numbers(2);
    if let Some(uid) = wanted.uid
        && taken.contains(&uid)
        && !options.has(b'o')
    {
        return fail(p, format!("UID {uid} is not unique"), 4);
    }
    let Some(uid) = wanted.uid.or_else(|| number::next(&taken, sort, None)) else {
        fail(p, "Can't get unique UID (no more available UIDs)", 4);
        return fail(p, "can't create user", 4);
    };
    if wanted.uid.is_some() {
        warn_of_range(p, name, uid, sort);
    }
    let next = || number::next(&groups.numbers(2), sort, Some(uid)).unwrap_or(uid);
    let gid = wanted.gid.unwrap_or_else(|| if own_group { next() } else { 100 });
    let today = today(p);
    p.world.with(|world| {
        enter(world, options, wanted, (uid, gid), today);
        if own_group {
            enter_group(world, name, gid, &[]);
        }
        join(world, name, &wanted.groups);
    });
    if options.has(b'm') {
        let skeleton = options.value(b'k').unwrap_or(b"/etc/skel");
        let ids = (u32::try_from(uid).unwrap_or(0), u32::try_from(gid).unwrap_or(0));
        let made = p.world.with(|world| make_home(world, &wanted.home, skeleton, ids, 0o755));
        if !made {
            let home = wanted.home.as_slice();
            fail(p, [b"warning: the home directory ", home, b" already exists."].concat(), 0);
            fail(p, "Not copying any file from skel directory into it.", 0);
        }
    }
    0
}

fn warn_of_range(p: &mut Proc, name: &[u8], uid: i64, sort: Sort) {
    let (range, prefix) = match sort {
        Sort::Person => (PEOPLE, ""),
        Sort::System => (SYSTEM, "SYS_"),
    };
    if !range.contains(&uid) {
        let (low, high) = (range.start(), range.end());
        let text = format!(
            "'s uid {uid} outside of the {prefix}UID_MIN {low} and {prefix}UID_MAX {high} range."
        );
        p.error([b"useradd warning: ", name, text.as_bytes()].concat());
    }
}

/// Lines for a new user.
fn enter(world: &mut World, options: &Options, wanted: &Wanted, ids: (i64, i64), today: i64) {
    let name = wanted.name.as_slice();
    let (uid, gid) = (ids.0.to_string(), ids.1.to_string());
    let comment = options.value(b'c').unwrap_or_default();
    let mut users = Table::load(&world.files, List::Passwd);
    let (home, shell) = (wanted.home.as_slice(), wanted.shell.as_slice());
    users.add([name, b"x", uid.as_bytes(), gid.as_bytes(), comment, home, shell].join(&b':'));
    users.save(world);
    let mut shadow = Table::load(&world.files, List::Shadow);
    let password = options.value(b'p').unwrap_or(b"!");
    let aging = if options.has(b'r') { ["", "", ""] } else { ["0", "99999", "7"] };
    let inactive = options.value(b'f').filter(|text| *text != b"-1").unwrap_or_default();
    let expires = wanted.expires.map(|day| day.to_string()).unwrap_or_default();
    let today = today.to_string();
    let [low, high, warn] = aging.map(str::as_bytes);
    let fields =
        [name, password, today.as_bytes(), low, high, warn, inactive, expires.as_bytes(), b""];
    shadow.add(fields.join(&b':'));
    shadow.save(world);
    if !options.has(b'r') {
        super::give_subordinates(world, name);
    }
}

/// Lines for a new group.
pub(super) fn enter_group(world: &mut World, name: &[u8], gid: i64, members: &[u8]) {
    let mut groups = Table::load(&world.files, List::Group);
    groups.add([name, b"x", gid.to_string().as_bytes(), members].join(&b':'));
    groups.save(world);
    let mut shadow = Table::load(&world.files, List::Gshadow);
    shadow.add([name, b"!", b"", members].join(&b':'));
    shadow.save(world);
}

/// A number without a sign.
pub(super) fn whole(text: &[u8]) -> Option<i64> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number: u32 = std::str::from_utf8(text).ok()?.parse().ok()?;
    (number != u32::MAX).then_some(number.into())
}

fn is_path(path: &[u8]) -> bool {
    path.starts_with(b"/") && !path.iter().any(|b| matches!(b, b':' | b'\n'))
}

const USERDEL_FLAGS: &[Flag] = &[
    Flag::new(b'f', "force"),
    Flag::new(b'h', "help"),
    Flag::new(b'r', "remove"),
    Flag::with(b'R', "root"),
    Flag::with(b'P', "prefix"),
    Flag::new(b'Z', "selinux-user"),
];

pub(super) async fn userdel(p: &mut Proc) -> u32 {
    let Some(options) = Options::read(p, USERDEL_FLAGS, false) else {
        return usage(p, USERDEL, 2);
    };
    if options.has(b'h') {
        p.print(USERDEL);
        return 0;
    }
    let [name] = options.rest.as_slice() else { return usage(p, USERDEL, 2) };
    let users = table(p, List::Passwd);
    let Some(uid) = users.number(name, 2) else {
        return fail(p, quoted("user ", name, " does not exist"), 6);
    };
    let home = users.field(name, 5).unwrap_or_default().to_vec();
    let uid = u32::try_from(uid).unwrap_or(u32::MAX);
    if let Some(pid) = p.world.with(|world| busy(world, uid)) {
        let text = [b"user ", name.as_slice(), b" is currently used by process "].concat();
        fail(p, [&text, pid.to_string().as_bytes()].concat(), 0);
        if !options.has(b'f') {
            return 8;
        }
    }
    if !is_root(p, "/etc/passwd") {
        return 1;
    }
    remove(p, name);
    if options.has(b'r') { remove_files(p, name, &home, uid) } else { 0 }
}

/// Takes somebody out of all lists.
fn remove(p: &mut Proc, name: &[u8]) {
    let groups = table(p, List::Group);
    let gid = table(p, List::Passwd).field(name, 3).map(<[u8]>::to_vec);
    p.world.with(|world| {
        for list in [List::Passwd, List::Shadow] {
            let mut table = Table::load(&world.files, list);
            table.remove(name);
            table.save(world);
        }
        leave(world, name, &[]);
        super::take_subordinates(world, name);
    });
    let Some(own) = groups.field(name, 2).map(<[u8]>::to_vec) else { return };
    let name_text = String::from_utf8_lossy(name).into_owned();
    if Some(&own) != gid.as_ref() {
        let text = format!(
            "group {name_text} not removed because it is not the primary group of user {name_text}."
        );
        fail(p, text, 0);
        return;
    }
    if groups.names(name, 3).iter().any(|member| member != name) {
        fail(p, format!("group {name_text} not removed because it has other members."), 0);
        return;
    }
    let users = table(p, List::Passwd);
    if let Some(other) = users.rows.iter().find(|row| row.get(3) == Some(&own)) {
        let other = String::from_utf8_lossy(other.first().map_or(&[][..], Vec::as_slice));
        let text = format!(
            "group {name_text} is the primary group of another user ({other}) and is not removed."
        );
        fail(p, text, 0);
        return;
    }
    p.world.with(|world| super::group::drop_group(world, name));
}

fn remove_files(p: &mut Proc, name: &[u8], home: &[u8], uid: u32) -> u32 {
    let spool = [b"/var/mail/", name].concat();
    if p.fs(|process| process.unlink(&spool)).is_err() {
        let text = [name, b" mail spool (", spool.as_slice(), b") not found"].concat();
        fail(p, text, 0);
    }
    let found = p.fs(|process| process.stat(home, Last::Follow));
    let Ok(stat) = found else {
        let text = [name, b" home directory (", home, b") not found"].concat();
        fail(p, text, 0);
        return 0;
    };
    if stat.uid != uid {
        let text = [home, b" not owned by ", name, b", not removing"].concat();
        return fail(p, text, 12);
    }
    super::remove_tree(p, home);
    0
}

#[cfg(test)]
mod tests;
