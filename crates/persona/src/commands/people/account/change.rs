//! `usermod`.
//!
//! **Invariant:** what is wrong is complained about before anything is changed.

use super::{check_shell, group_of, groups_of, is_path, whole};
use crate::commands::people::{
    busy, day, fail, is_name, is_root, join, leave, number_of, quoted, table, usage,
};
use crate::commands::{Flag, Options};
use crate::files::Last;
use crate::kernel::{Proc, World};
use crate::people::{List, Table};

const USERMOD: &str = include_str!("../usage/usermod.txt");

const FLAGS: &[Flag] = &[
    Flag::new(b'a', "append"),
    Flag::new(b'b', "badname"),
    Flag::with(b'c', "comment"),
    Flag::with(b'd', "home"),
    Flag::with(b'e', "expiredate"),
    Flag::with(b'f', "inactive"),
    Flag::with(b'g', "gid"),
    Flag::with(b'G', "groups"),
    Flag::new(b'h', "help"),
    Flag::with(b'l', "login"),
    Flag::new(b'L', "lock"),
    Flag::new(b'm', "move-home"),
    Flag::new(b'o', "non-unique"),
    Flag::with(b'p', "password"),
    Flag::with(b'P', "prefix"),
    Flag::new(b'r', "remove"),
    Flag::with(b'R', "root"),
    Flag::with(b's', "shell"),
    Flag::with(b'u', "uid"),
    Flag::new(b'U', "unlock"),
    Flag::with(b'v', "add-subuids"),
    Flag::with(b'V', "del-subuids"),
    Flag::with(b'w', "add-subgids"),
    Flag::with(b'W', "del-subgids"),
    Flag::with(b'Z', "selinux-user"),
];

/// What is to be changed of somebody.
#[derive(Default)]
struct Change {
    gid: Option<i64>,
    uid: Option<i64>,
    groups: Option<Vec<Vec<u8>>>,
    expires: Option<i64>,
}

pub(in crate::commands::people) async fn usermod(p: &mut Proc) -> u32 {
    let Some(options) = Options::read(p, FLAGS, false) else { return usage(p, USERMOD, 2) };
    if options.has(b'h') {
        p.print(USERMOD);
        return 0;
    }
    let change = match read(p, &options) {
        Ok(change) => change,
        Err(status) => return status,
    };
    let [name] = options.rest.as_slice() else { return usage(p, USERMOD, 2) };
    let name = name.clone();
    if let Err(status) = check(p, &options, &change, &name) {
        return status;
    }
    if options.given.is_empty() {
        return fail(p, "no options", 0);
    }
    if !is_root(p, "/etc/passwd") {
        return 1;
    }
    let status = move_home(p, &options, &name);
    if status != 0 {
        return status;
    }
    apply(p, &options, &change, &name);
    0
}

fn read(p: &mut Proc, options: &Options) -> Result<Change, u32> {
    let mut change = Change::default();
    for (letter, value) in &options.given {
        let value = value.as_deref().unwrap_or_default();
        match letter {
            b'u' => match whole(value) {
                Some(uid) => change.uid = Some(uid),
                None => return Err(fail(p, quoted("invalid user ID ", value, ""), 3)),
            },
            b'g' => match group_of(&table(p, List::Group), value) {
                Some((_, gid)) => change.gid = Some(gid),
                None => return Err(fail(p, quoted("group ", value, " does not exist"), 6)),
            },
            b'G' => change.groups = Some(groups_of(p, value)?),
            b'd' if !is_path(value) => {
                return Err(fail(p, quoted("homedir must be an absolute path ", value, ""), 3));
            }
            b'c' if value.iter().any(|b| matches!(b, b':' | b'\n')) => {
                return Err(fail(p, quoted("invalid field ", value, ""), 3));
            }
            b'p' if value.iter().any(|b| matches!(b, b':' | b'\n')) => {
                return Err(fail(p, quoted("invalid field ", value, ""), 3));
            }
            b'l' if !is_name(value) => {
                let text = quoted("invalid user name ", value, ": use --badname to ignore");
                return Err(fail(p, text, 3));
            }
            b's' if !value.is_empty() && !is_path(value) => {
                return Err(fail(p, quoted("invalid shell ", value, ""), 3));
            }
            b's' => check_shell(p, value),
            b'e' => match day(value) {
                Some(day) => change.expires = Some(day),
                None => return Err(fail(p, quoted("invalid date ", value, ""), 3)),
            },
            b'f' if number_of(value).is_none() => {
                return Err(fail(p, quoted("invalid numeric argument ", value, ""), 3));
            }
            _ => {}
        }
    }
    Ok(change)
}

fn check(p: &mut Proc, options: &Options, change: &Change, name: &[u8]) -> Result<(), u32> {
    let users = table(p, List::Passwd);
    let Some(uid) = users.number(name, 2) else {
        return Err(fail(p, quoted("user ", name, " does not exist"), 6));
    };
    for (letter, needs) in [(b'a', b'G'), (b'o', b'u'), (b'm', b'd')] {
        if options.has(letter) && !options.has(needs) {
            let (letter, needs) = (char::from(letter), char::from(needs));
            fail(p, format!("-{letter} flag is only allowed with the -{needs} flag"), 2);
            return Err(usage(p, USERMOD, 2));
        }
    }
    let exclusive = [b'L', b'p', b'U'].iter().filter(|letter| options.has(**letter)).count();
    if exclusive > 1 {
        fail(p, "the -L, -p, and -U flags are exclusive", 2);
        return Err(usage(p, USERMOD, 2));
    }
    if let Some(new) = options.value(b'l').filter(|new| *new != name)
        && users.has(new)
    {
        return Err(fail(p, quoted("user ", new, " already exists"), 9));
    }
    if let Some(new) = change.uid.filter(|new| *new != uid)
        && users.numbers(2).contains(&new)
        && !options.has(b'o')
    {
        return Err(fail(p, format!("UID '{new}' already exists"), 4));
    }
    let moves = [b'l', b'u', b'd'].iter().any(|letter| options.has(*letter));
    let uid = u32::try_from(uid).unwrap_or(u32::MAX);
    if moves && let Some(pid) = p.world.with(|world| busy(world, uid)) {
        let text = [b"user ", name, b" is currently used by process "].concat();
        return Err(fail(p, [&text, pid.to_string().as_bytes()].concat(), 8));
    }
    Ok(())
}

/// Moves what is in the home folder, where that is asked for.
fn move_home(p: &mut Proc, options: &Options, name: &[u8]) -> u32 {
    let Some(to) = options.value(b'd').filter(|_| options.has(b'm')) else { return 0 };
    let from = table(p, List::Passwd).field(name, 5).unwrap_or_default().to_vec();
    let from = from.strip_suffix(b"/").unwrap_or(&from).to_vec();
    if from == to || !p.is_folder(&from) {
        return 0;
    }
    if p.fs(|process| process.stat(to, Last::Follow)).is_ok() {
        return fail(p, [b"directory ", to, b" exists"].concat(), 12);
    }
    match p.fs(|process| process.rename(&from, to)) {
        Ok(_) => 0,
        Err(fault) => {
            let text = [
                b"cannot rename directory ",
                from.as_slice(),
                b" to ",
                to,
                b": ",
                fault.text().as_bytes(),
            ];
            fail(p, text.concat(), 12)
        }
    }
}

fn apply(p: &mut Proc, options: &Options, change: &Change, name: &[u8]) {
    if options.has(b'U') {
        unlock(p, name);
    }
    p.world.with(|world| {
        apply_users(world, options, change, name);
        apply_shadow(world, options, change, name);
        if let Some(groups) = &change.groups {
            if options.has(b'r') {
                let all = Table::load(&world.files, List::Group);
                let names = all.rows.iter().filter_map(|row| row.first().cloned());
                let others: Vec<_> = names.filter(|name| !groups.contains(name)).collect();
                leave(world, name, &others);
            } else {
                if !options.has(b'a') {
                    leave(world, name, groups);
                }
                join(world, name, groups);
            }
        }
        if let Some(new) = options.value(b'l') {
            rename(world, name, new);
        }
    });
}

fn apply_users(world: &mut World, options: &Options, change: &Change, name: &[u8]) {
    let mut users = Table::load(&world.files, List::Passwd);
    let before = users.number(name, 2).and_then(|uid| u32::try_from(uid).ok());
    for (letter, at) in [(b'c', 4), (b'd', 5), (b's', 6)] {
        if let Some(value) = options.value(letter) {
            users.set(name, at, value);
        }
    }
    for (number, at) in [(change.uid, 2), (change.gid, 3)] {
        if let Some(number) = number {
            users.set(name, at, number.to_string().as_bytes());
        }
    }
    let home = users.field(name, 5).unwrap_or_default().to_vec();
    users.save(world);
    let new = change.uid.and_then(|uid| u32::try_from(uid).ok());
    if let (Some(before), Some(new)) = (before, new)
        && let Ok(home) = world.files.resolve(&[], &home, Last::Follow)
        && !home.is_empty()
    {
        for path in world.files.below(&home, 1_000) {
            if world.files.node(&path).is_ok_and(|node| node.uid == before) {
                // Where there is no room, it stays as it was.
                let _ = world.files.change(&path, |node| node.uid = new);
            }
        }
    }
}

fn apply_shadow(world: &mut World, options: &Options, change: &Change, name: &[u8]) {
    let mut shadow = Table::load(&world.files, List::Shadow);
    if let Some(password) = options.value(b'p') {
        let day = crate::calendar::seconds(world.now).div_euclid(86_400).to_string();
        shadow.set(name, 1, password);
        shadow.set(name, 2, day.as_bytes());
    }
    if options.has(b'L') {
        let kept = shadow.field(name, 1).unwrap_or_default().to_vec();
        if !kept.starts_with(b"!") {
            shadow.set(name, 1, &[b"!", kept.as_slice()].concat());
        }
    }
    if let Some(day) = change.expires {
        let text = if day < 0 { String::new() } else { day.to_string() };
        shadow.set(name, 7, text.as_bytes());
    }
    if let Some(days) = options.value(b'f') {
        shadow.set(name, 6, if days == b"-1" { b"" } else { days });
    }
    shadow.save(world);
}

fn unlock(p: &mut Proc, name: &[u8]) {
    let kept = table(p, List::Shadow).field(name, 1).unwrap_or_default().to_vec();
    let Some(rest) = kept.strip_prefix(b"!") else { return };
    if rest.is_empty() {
        fail(p, "unlocking the user's password would result in a passwordless account.", 0);
        p.error("You should set a password with usermod -p to unlock this user's password.");
        return;
    }
    p.world.with(|world| {
        let mut shadow = Table::load(&world.files, List::Shadow);
        shadow.set(name, 1, rest);
        shadow.save(world);
    });
}

fn rename(world: &mut World, name: &[u8], new: &[u8]) {
    for list in [List::Passwd, List::Shadow] {
        let mut table = Table::load(&world.files, list);
        table.set(name, 0, new);
        table.save(world);
    }
    for list in [List::Group, List::Gshadow] {
        let mut table = Table::load(&world.files, list);
        for row in &mut table.rows {
            if let Some(members) = row.get_mut(3) {
                let names = members.split(|&b| b == b',');
                let names: Vec<&[u8]> =
                    names.map(|member| if member == name { new } else { member }).collect();
                *members = names.join(&b',');
            }
        }
        table.save(world);
    }
}
