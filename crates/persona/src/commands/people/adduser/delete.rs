//! `deluser` and `delgroup`.
//!
//! **Invariant:** root's account stays, unless that was asked for.

use super::{QUIET, SYSTEM, options};
use crate::commands::{Flag, Options};
use crate::commands::people::{table, leave, remove_tree, take_subordinates};
use crate::kernel::Proc;
use crate::people::{List, Table};

const HELP: &str = include_str!("../usage/deluser.txt");

const REMOVE_HOME: u8 = 20;
const REMOVE_ALL: u8 = 21;
const FORCE_ROOT: u8 = 22;
const ONLY_EMPTY: u8 = 23;
const GROUP: u8 = 8;
const IGNORED: u8 = 18;
const IGNORED_VALUE: u8 = 19;

const FLAGS: &[Flag] = &[
    Flag::new(IGNORED, "backup"),
    Flag::with(IGNORED_VALUE, "backup-to"),
    Flag::with(IGNORED_VALUE, "backup-suffix"),
    Flag::with(IGNORED_VALUE, "conf"),
    Flag::new(IGNORED, "debug"),
    Flag::new(FORCE_ROOT, "no-preserve-root"),
    Flag::new(GROUP, "group"),
    Flag::new(b'h', "help"),
    Flag::new(ONLY_EMPTY, "only-if-empty"),
    Flag::new(QUIET, "quiet"),
    Flag::new(REMOVE_ALL, "remove-all-files"),
    Flag::new(REMOVE_HOME, "remove-home"),
    Flag::new(SYSTEM, "system"),
    Flag::new(IGNORED, "verbose"),
    Flag::new(b'v', "version"),
];

pub(in crate::commands::people) async fn deluser(p: &mut Proc) -> u32 {
    let name = p.name();
    let Some(options) = options(p, FLAGS, HELP) else { return 1 };
    if options.has(b'h') {
        p.print(HELP);
        return 0;
    }
    if options.has(b'v') {
        p.print(format!("{name} version 3.134\n\nRemoves users and groups from the system.\n"));
        return 0;
    }
    let complain = |p: &mut Proc, text: String, status| {
        p.error(format!("{name}: {text}"));
        status
    };
    if p.user.uid != 0 {
        let text = "Only root may remove a user or group from the system.".to_owned();
        return complain(p, text, 1);
    }
    let mut names = options.rest.clone();
    let group = name == "delgroup" || options.has(GROUP);
    if names.is_empty() {
        let what = if group { "group" } else { "user" };
        p.print(format!("Enter a {what} name to remove: "));
        match super::ask(p, b"", super::Echo::On).await {
            Some(answer) if !answer.is_empty() => names.push(answer),
            Some(_) => {}
            None => {
                p.error("Use of uninitialized value $answer in chomp at /usr/sbin/deluser line 140.");
                p.error("Use of uninitialized value $names[0] in numeric eq (==) at /usr/sbin/deluser line 144.");
            }
        }
    }
    let (subject, other) = match names.as_slice() {
        [subject] => (subject.clone(), None),
        [subject, other] => (subject.clone(), Some(other.clone())),
        _ => return complain(p, "Only one or two names allowed.".to_owned(), 1),
    };
    let shown = String::from_utf8_lossy(&subject).into_owned();
    let users = table(p, List::Passwd);
    let quiet = options.has(QUIET);
    if group {
        return remove_group(p, &name, &subject, &options);
    }
    if !users.has(&subject) {
        if options.has(SYSTEM) {
            complain(p, format!("The user `{shown}' does not exist, but --system was given. Exiting."), 0);
            return 0;
        }
        return complain(p, format!("The user `{shown}' does not exist."), 2);
    }
    if let Some(other) = other {
        return out_of_group(p, &name, &subject, &other, &options);
    }
    let uid = users.number(&subject, 2).unwrap_or(0);
    if uid == 0 && !options.has(FORCE_ROOT) {
        p.print(
            "WARNING: You are just about to delete the root account (uid 0)\nUsually this is never \
             required as it may render the whole system unusable\nIf you really want this, call \
             deluser with parameter --no-preserve-root\nStopping now without having performed any \
             action\n",
        );
        return 9;
    }
    if options.has(SYSTEM) && !(100..=999).contains(&uid) {
        return complain(p, format!("The user `{shown}' is not a system user. Exiting."), 1);
    }
    let home = users.field(&subject, 5).unwrap_or_default().to_vec();
    if options.has(REMOVE_HOME) || options.has(REMOVE_ALL) {
        if !quiet {
            p.print("Looking for files to backup/remove ...\nRemoving files ...\n");
        }
        if home.len() > 1 && home.starts_with(b"/") {
            remove_tree(p, &home);
        }
    }
    let crontab = [b"/var/spool/cron/crontabs/", subject.as_slice()].concat();
    if p.fs(|process| process.unlink(&crontab)).is_ok() && !quiet {
        p.line("Removing crontab ...");
    }
    if !quiet {
        p.line(format!("Removing user `{shown}' ..."));
    }
    erase(p, &subject);
    if !quiet {
        p.line("Done.");
    }
    0
}

/// Takes somebody out of all lists, with his own group.
fn erase(p: &Proc, name: &[u8]) {
    p.world.with(|world| {
        for list in [List::Passwd, List::Shadow] {
            let mut table = Table::load(&world.files, list);
            table.remove(name);
            table.save(world);
        }
        leave(world, name, &[]);
        take_subordinates(world, name);
        let users = Table::load(&world.files, List::Passwd);
        let groups = Table::load(&world.files, List::Group);
        let gid = groups.field(name, 2).map(<[u8]>::to_vec);
        let used = users.rows.iter().any(|row| row.get(3) == gid.as_ref() && gid.is_some());
        if !used && groups.names(name, 3).is_empty() {
            crate::commands::people::group::drop_group(world, name);
        }
    });
}

fn remove_group(p: &mut Proc, name: &str, group: &[u8], options: &Options) -> u32 {
    let shown = String::from_utf8_lossy(group).into_owned();
    let groups = table(p, List::Group);
    let Some(gid) = groups.field(group, 2).map(<[u8]>::to_vec) else {
        p.error(format!("{name}: The group `{shown}' does not exist."));
        return 3;
    };
    let quiet = options.has(QUIET);
    if options.has(ONLY_EMPTY) && !groups.names(group, 3).is_empty() {
        p.error(format!("{name}: The group `{shown}' is not empty!"));
        return 5;
    }
    if !quiet {
        p.line(format!("Removing group `{shown}' ..."));
    }
    let users = table(p, List::Passwd);
    if let Some(row) = users.rows.iter().find(|row| row.get(3) == Some(&gid)) {
        let user = String::from_utf8_lossy(row.first().map_or(&[][..], Vec::as_slice)).into_owned();
        p.error(format!("groupdel: cannot remove the primary group of user '{user}'"));
        p.error(format!("{name}: `/sbin/groupdel {shown}' returned error code 8. Exiting."));
        return 1;
    }
    p.world.with(|world| crate::commands::people::group::drop_group(world, group));
    if !quiet {
        p.line("Done.");
    }
    0
}

fn out_of_group(p: &mut Proc, name: &str, user: &[u8], group: &[u8], options: &Options) -> u32 {
    let quiet = options.has(QUIET);
    let (user_text, group_text) =
        (String::from_utf8_lossy(user).into_owned(), String::from_utf8_lossy(group).into_owned());
    let groups = table(p, List::Group);
    let Some(gid) = groups.field(group, 2) else {
        p.error(format!("{name}: The group `{group_text}' does not exist."));
        return 3;
    };
    if table(p, List::Passwd).field(user, 3) == Some(gid) {
        p.error(format!("{name}: You may not remove the user from their primary group."));
        return 7;
    }
    if !groups.names(group, 3).iter().any(|member| member == user) {
        p.error(format!("{name}: The user `{user_text}' is not a member of group `{group_text}'."));
        return 6;
    }
    if !quiet {
        p.line(format!("Removing user `{user_text}' from group `{group_text}' ..."));
    }
    let others: Vec<Vec<u8>> = groups
        .rows
        .iter()
        .filter_map(|row| row.first())
        .filter(|name| name.as_slice() != group)
        .cloned()
        .collect();
    p.world.with(|world| leave(world, user, &others));
    if !quiet {
        p.line("Done.");
    }
    0
}
