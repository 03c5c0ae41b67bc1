//! `groupadd`, `groupdel`, `groupmod`, `gpasswd` of shadow 4.13.
//!
//! **Invariant:** /etc/group and /etc/gshadow have the same groups and members.

use super::account::{enter_group, whole};
use super::number::{self, Sort};
use super::{Echo, ask, dice, fail, is_name, is_root, quoted, table, usage};
use crate::commands::{Flag, Options};
use crate::kernel::{Proc, World};
use crate::people::{List, Method, Table, crypt};

const GROUPADD: &str = include_str!("usage/groupadd.txt");
const GROUPDEL: &str = include_str!("usage/groupdel.txt");
const GROUPMOD: &str = include_str!("usage/groupmod.txt");
const GPASSWD: &str = include_str!("usage/gpasswd.txt");

const GROUPADD_FLAGS: &[Flag] = &[
    Flag::new(b'f', "force"),
    Flag::with(b'g', "gid"),
    Flag::new(b'h', "help"),
    Flag::with(b'K', "key"),
    Flag::new(b'o', "non-unique"),
    Flag::with(b'p', "password"),
    Flag::new(b'r', "system"),
    Flag::with(b'R', "root"),
    Flag::with(b'P', "prefix"),
    Flag::with(b'U', "users"),
];

pub(super) async fn groupadd(p: &mut Proc) -> u32 {
    let Some(options) = Options::read(p, GROUPADD_FLAGS, false) else {
        return usage(p, GROUPADD, 2);
    };
    if options.has(b'h') {
        p.print(GROUPADD);
        return 0;
    }
    let mut gid = None;
    if let Some(text) = options.value(b'g') {
        gid = whole(text);
        if gid.is_none() {
            return fail(p, quoted("invalid group ID ", text, ""), 3);
        }
    }
    let [name] = options.rest.as_slice() else { return usage(p, GROUPADD, 2) };
    if options.has(b'o') && gid.is_none() {
        return usage(p, GROUPADD, 2);
    }
    if !is_name(name) {
        return fail(p, quoted("", name, " is not a valid group name"), 3);
    }
    let groups = table(p, List::Group);
    if groups.has(name) {
        return if options.has(b'f') {
            0
        } else {
            fail(p, quoted("group ", name, " already exists"), 9)
        };
    }
    let taken = groups.numbers(2);
    if let Some(wanted) = gid
        && taken.contains(&wanted)
        && !options.has(b'o')
    {
        if !options.has(b'f') {
            return fail(p, format!("GID '{wanted}' already exists"), 4);
        }
        gid = None;
    }
    let sort = if options.has(b'r') { Sort::System } else { Sort::Person };
    let Some(gid) = gid.or_else(|| number::next(&taken, sort, None)) else {
        return fail(p, "Can't get unique GID (no more available GIDs)", 4);
    };
    if !is_root(p, "/etc/group") {
        return 10;
    }
    let members = options.value(b'U').unwrap_or_default();
    p.world.with(|world| enter_group(world, name, gid, members));
    0
}

const GROUPDEL_FLAGS: &[Flag] = &[
    Flag::new(b'h', "help"),
    Flag::with(b'R', "root"),
    Flag::with(b'P', "prefix"),
    Flag::new(b'f', "force"),
];

pub(super) async fn groupdel(p: &mut Proc) -> u32 {
    let Some(options) = Options::read(p, GROUPDEL_FLAGS, false) else {
        return usage(p, GROUPDEL, 2);
    };
    if options.has(b'h') {
        p.print(GROUPDEL);
        return 0;
    }
    let [name] = options.rest.as_slice() else { return usage(p, GROUPDEL, 2) };
    let Some(gid) = table(p, List::Group).field(name, 2).map(<[u8]>::to_vec) else {
        return fail(p, quoted("group ", name, " does not exist"), 6);
    };
    let users = table(p, List::Passwd);
    let user = users.rows.iter().find(|row| row.get(3) == Some(&gid)).and_then(|row| row.first());
    if let Some(user) = user
        && !options.has(b'f')
    {
        return fail(p, quoted("cannot remove the primary group of user ", user, ""), 8);
    }
    if !is_root(p, "/etc/group") {
        return 10;
    }
    p.world.with(|world| drop_group(world, name));
    0
}

/// Takes a group out of both lists.
pub(super) fn drop_group(world: &mut World, name: &[u8]) {
    for list in [List::Group, List::Gshadow] {
        let mut table = Table::load(&world.files, list);
        table.remove(name);
        table.save(world);
    }
}

const GROUPMOD_FLAGS: &[Flag] = &[
    Flag::new(b'a', "append"),
    Flag::with(b'g', "gid"),
    Flag::new(b'h', "help"),
    Flag::with(b'n', "new-name"),
    Flag::new(b'o', "non-unique"),
    Flag::with(b'p', "password"),
    Flag::with(b'R', "root"),
    Flag::with(b'P', "prefix"),
    Flag::with(b'U', "users"),
];

pub(super) async fn groupmod(p: &mut Proc) -> u32 {
    let Some(options) = Options::read(p, GROUPMOD_FLAGS, false) else {
        return usage(p, GROUPMOD, 2);
    };
    if options.has(b'h') {
        p.print(GROUPMOD);
        return 0;
    }
    let gid = options.value(b'g');
    if let Some(text) = gid
        && whole(text).is_none()
    {
        return fail(p, quoted("invalid group ID ", text, ""), 3);
    }
    let [name] = options.rest.as_slice() else { return usage(p, GROUPMOD, 2) };
    let mut groups = table(p, List::Group);
    let Some(before) = groups.field(name, 2).map(<[u8]>::to_vec) else {
        return fail(p, quoted("group ", name, " does not exist"), 6);
    };
    if let Some(gid) = gid
        && gid != before
        && groups.numbers(2).contains(&whole(gid).unwrap_or(0))
        && !options.has(b'o')
    {
        return fail(p, quoted("GID ", gid, " already exists"), 4);
    }
    let new = options.value(b'n').filter(|new| new != name);
    if let Some(new) = new {
        if !is_name(new) {
            return fail(p, quoted("invalid group name ", new, ""), 3);
        }
        if groups.has(new) {
            return fail(p, quoted("group ", new, " already exists"), 9);
        }
    }
    if !is_root(p, "/etc/group") {
        return 10;
    }
    let mut shadow = table(p, List::Gshadow);
    let mut users = table(p, List::Passwd);
    if let Some(gid) = gid {
        groups.set(name, 2, gid);
        for row in &mut users.rows {
            if let Some(field) = row.get_mut(3)
                && *field == before
            {
                *field = gid.to_vec();
            }
        }
    }
    if let Some(password) = options.value(b'p') {
        shadow.set(name, 1, password);
    }
    if let Some(members) = options.value(b'U') {
        groups.set(name, 3, members);
        shadow.set(name, 3, members);
    }
    if let Some(new) = new {
        groups.set(name, 0, new);
        shadow.set(name, 0, new);
    }
    p.world.with(|world| {
        groups.save(world);
        shadow.save(world);
        if gid.is_some() {
            users.save(world);
        }
    });
    0
}

const GPASSWD_FLAGS: &[Flag] = &[
    Flag::with(b'a', "add"),
    Flag::with(b'd', "delete"),
    Flag::new(b'h', "help"),
    Flag::with(b'Q', "root"),
    Flag::new(b'r', "remove-password"),
    Flag::new(b'R', "restrict"),
    Flag::with(b'M', "members"),
    Flag::with(b'A', "administrators"),
];

pub(super) async fn gpasswd(p: &mut Proc) -> u32 {
    let Some(options) = Options::read(p, GPASSWD_FLAGS, false) else {
        return usage(p, GPASSWD, 2);
    };
    if options.has(b'h') {
        p.print(GPASSWD);
        return 0;
    }
    let users = table(p, List::Passwd);
    for letter in [b'a', b'd', b'M', b'A'] {
        let names = options.value(letter).unwrap_or_default().split(|&b| b == b',');
        if letter == b'd' {
            continue;
        }
        for name in names.filter(|name| !name.is_empty() && !users.has(name)) {
            return fail(p, quoted("user ", name, " does not exist"), 3);
        }
    }
    let [group] = options.rest.as_slice() else { return usage(p, GPASSWD, 2) };
    let group = group.clone();
    if !table(p, List::Group).has(&group) {
        return fail(p, quoted("group ", &group, " does not exist in /etc/group"), 3);
    }
    let admins = table(p, List::Gshadow).names(&group, 2);
    if p.user.uid != 0 && !admins.contains(&p.user.name) {
        return fail(p, "Permission denied.", 1);
    }
    for (letter, value) in &options.given {
        let value = value.as_deref().unwrap_or_default();
        match letter {
            b'a' => add(p, value, &group),
            b'd' => return delete(p, value, &group),
            b'M' => set(p, &group, 3, value),
            b'A' => set(p, &group, 2, value),
            b'r' => set(p, &group, 1, b""),
            b'R' => set(p, &group, 1, b"!"),
            _ => {}
        }
    }
    if options.given.is_empty() { password(p, &group).await } else { 0 }
}

fn add(p: &mut Proc, user: &[u8], group: &[u8]) {
    p.line([b"Adding user ", user, b" to group ", group].concat());
    p.world.with(|world| super::join(world, user, &[group.to_vec()]));
}

fn delete(p: &mut Proc, user: &[u8], group: &[u8]) -> u32 {
    p.line([b"Removing user ", user, b" from group ", group].concat());
    let mut names = table(p, List::Group).names(group, 3);
    let before = names.len();
    names.retain(|name| name != user);
    if names.len() == before {
        let text = [quoted("user ", user, " is not a member of "), quoted("", group, "")].concat();
        return fail(p, text, 3);
    }
    set(p, group, 3, &names.join(&b','));
    0
}

/// Sets a field of /etc/gshadow; that of the members in both lists.
fn set(p: &Proc, group: &[u8], at: usize, value: &[u8]) {
    p.world.with(|world| {
        let lists = if at == 3 { &[List::Group, List::Gshadow][..] } else { &[List::Gshadow] };
        for list in lists {
            let mut table = Table::load(&world.files, *list);
            table.set(group, at, value);
            table.save(world);
        }
    });
}

async fn password(p: &mut Proc, group: &[u8]) -> u32 {
    p.line([b"Changing the password for group ", group].concat());
    for _ in 0..3 {
        let Some(first) = ask(p, b"New Password: ", Echo::Off).await else { return 1 };
        let Some(second) = ask(p, b"Re-enter new password: ", Echo::Off).await else { return 1 };
        if first == second {
            let setting = Method::Sha512.setting(&mut dice(p));
            let kept = crypt(&first, &setting).unwrap_or_default();
            set(p, group, 1, &kept);
            return 0;
        }
        p.error("They don't match; try again");
    }
    fail(p, "Try again later", 1)
}
