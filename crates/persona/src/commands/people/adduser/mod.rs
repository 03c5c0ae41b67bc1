//! `adduser` and `addgroup`, Debian's own, 3.134.
//!
//! **Invariant:** what they change are the same lists as `useradd` changes; a number is free as user
//! and as group before both get it.

mod delete;

pub(super) use delete::deluser;

use super::account::{enter_group, whole};
use super::{Echo, ask, join, make_home, table, today};
use crate::commands::{Flag, Options};
use crate::kernel::Proc;
use crate::people::{List, Table};
use std::ops::RangeInclusive;

const HELP: &str = include_str!("../usage/adduser.txt");

const QUIET: u8 = 1;
const GECOS: u8 = 2;
const HOME: u8 = 3;
const NO_HOME: u8 = 4;
const NO_PASSWORD: u8 = 5;
const NO_LOGIN: u8 = 6;
const SYSTEM: u8 = 7;
const GROUP: u8 = 8;
const UID: u8 = 9;
const GID: u8 = 11;
const IN_GROUP: u8 = 12;
const FIRST_UID: u8 = 14;
const LAST_UID: u8 = 15;
const BAD_NAMES: u8 = 16;
const ALL_NAMES: u8 = 17;
const IGNORED: u8 = 18;
const IGNORED_VALUE: u8 = 19;

const FLAGS: &[Flag] = &[
    Flag::new(IGNORED, "add-extra-groups"),
    Flag::new(IGNORED, "add_extra_groups"),
    Flag::new(ALL_NAMES, "allow-all-names"),
    Flag::new(BAD_NAMES, "allow-badname"),
    Flag::new(BAD_NAMES, "allow-bad-names"),
    Flag::new(BAD_NAMES, "force-badname"),
    Flag::with(GECOS, "comment"),
    Flag::with(GECOS, "gecos"),
    Flag::with(IGNORED_VALUE, "conf"),
    Flag::new(IGNORED, "debug"),
    Flag::new(NO_LOGIN, "disabled-login"),
    Flag::new(NO_PASSWORD, "disabled-password"),
    Flag::new(IGNORED, "encrypt-home"),
    Flag::with(FIRST_UID, "firstuid"),
    Flag::with(IGNORED_VALUE, "firstgid"),
    Flag::with(GID, "gid"),
    Flag::new(GROUP, "group"),
    Flag::new(b'h', "help"),
    Flag::with(HOME, "home"),
    Flag::with(IN_GROUP, "ingroup"),
    Flag::with(IGNORED_VALUE, "lastgid"),
    Flag::with(LAST_UID, "lastuid"),
    Flag::new(NO_HOME, "no-create-home"),
    Flag::new(QUIET, "quiet"),
    Flag::new(QUIET, "q"),
    Flag::with(b's', "shell"),
    Flag::new(SYSTEM, "system"),
    Flag::with(UID, "uid"),
    Flag::new(IGNORED, "verbose"),
    Flag::new(b'v', "version"),
];

/// Reads options as Perl's `Getopt::Long` does: a wrong one is complained about in its words.
fn options(p: &mut Proc, flags: &[Flag], help: &str) -> Option<Options> {
    for word in p.rest().iter().take_while(|word| word.as_slice() != b"--") {
        let name = word.strip_prefix(b"--").or_else(|| word.strip_prefix(b"-"));
        let name = name.unwrap_or_default().split(|&b| b == b'=').next().unwrap_or_default();
        let short = name.len() == 1 && flags.iter().any(|flag| [flag.letter] == *name);
        if !name.is_empty() && !short && !flags.iter().any(|f| f.long.as_bytes().starts_with(name)) {
            p.error([b"Unknown option: ", name].concat());
            p.print(help);
            return None;
        }
    }
    Options::read(p, flags, false)
}

/// A run.
struct Adduser {
    options: Options,
    name: String,
    /// The user's or group's.
    subject: Vec<u8>,
}

pub(super) async fn adduser(p: &mut Proc) -> u32 {
    let name = p.name();
    let Some(options) = options(p, FLAGS, HELP) else { return 1 };
    if options.has(b'h') {
        p.print(HELP);
        return 0;
    }
    if options.has(b'v') {
        p.print(format!(
            "{name} version 3.134\n\nAdds a user or group to the system.\n\nFor detailed copyright \
             information, please refer to\n/usr/share/doc/adduser/copyright.\n"
        ));
        return 0;
    }
    if p.user.uid != 0 {
        p.error(format!("{name}: Only root may add a user or group to the system."));
        return 1;
    }
    let (subject, group) = match options.rest.as_slice() {
        [subject] => (subject.clone(), None),
        [subject, group] if name == "adduser" => (subject.clone(), Some(group.clone())),
        _ => {
            p.error(format!("{name}: Only one or two names allowed."));
            return 1;
        }
    };
    let run = Adduser { options, name, subject };
    if let Some(group) = group {
        return run.into_group(p, &group);
    }
    if let Err(status) = run.check_name(p) {
        return status;
    }
    let group = run.name == "addgroup" || (run.options.has(GROUP) && !run.options.has(SYSTEM));
    match (group, run.options.has(SYSTEM)) {
        (true, _) => run.add_group(p),
        (false, true) => run.add_system(p),
        (false, false) => run.add_person(p).await,
    }
}

impl Adduser {
    fn say(&self, p: &mut Proc, text: impl AsRef<[u8]>) {
        if !self.options.has(QUIET) {
            p.line(text);
        }
    }

    fn complain(&self, p: &mut Proc, text: impl AsRef<[u8]>) -> u32 {
        p.error([self.name.as_bytes(), b": ", text.as_ref()].concat());
        1
    }

    /// The name between the quotes that it puts.
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.subject).into_owned()
    }

    fn check_name(&self, p: &mut Proc) -> Result<(), u32> {
        let name = self.subject.as_slice();
        let odd = |b: &u8| b.is_ascii_whitespace() || b":,/".contains(b) || *b == 0;
        if name.iter().any(odd) || name.starts_with(b"-") || name.starts_with(b"+") || name.starts_with(b"~") {
            return Err(self.complain(
                p,
                "To avoid problems, the username must not start with a\n            dash, plus sign, \
                 or tilde, and it must not contain any of the\n            following: colon, comma, \
                 slash, or any whitespace characters\n            including spaces, tabs, and newlines.",
            ));
        }
        let first = name.first().copied().unwrap_or(b' ');
        let plain = (first.is_ascii_lowercase() || (self.options.has(SYSTEM) && (first == b'_' || first.is_ascii_uppercase())))
            && name.iter().all(|b| {
                b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_".contains(b)
                    || (self.options.has(SYSTEM) && b.is_ascii_uppercase())
            });
        let free = self.options.has(BAD_NAMES) || self.options.has(ALL_NAMES);
        if plain || (free && name.iter().all(u8::is_ascii_graphic)) {
            return Ok(());
        }
        Err(self.complain(
            p,
            "Please enter a username matching the regular expression\n            configured via the \
             NAME_REGEX configuration variable.  Use the\n            `--allow-bad-names' option to \
             relax this check or reconfigure\n            NAME_REGEX in configuration.",
        ))
    }

    fn into_group(&self, p: &mut Proc, group: &[u8]) -> u32 {
        let (user, shown) = (self.text(), String::from_utf8_lossy(group).into_owned());
        if !table(p, List::Passwd).has(&self.subject) {
            return self.complain(p, format!("The user `{user}' does not exist."));
        }
        let groups = table(p, List::Group);
        if !groups.has(group) {
            return self.complain(p, format!("The group `{shown}' does not exist."));
        }
        if groups.names(group, 3).contains(&self.subject) {
            self.complain(p, format!("The user `{user}' is already a member of `{shown}'."));
            return 0;
        }
        self.say(p, format!("Adding user `{user}' to group `{shown}' ..."));
        p.world.with(|world| join(world, &self.subject, &[group.to_vec()]));
        self.say(p, "Done.");
        0
    }

    fn add_group(&self, p: &mut Proc) -> u32 {
        let groups = table(p, List::Group);
        let name = self.text();
        if groups.has(&self.subject) {
            if self.options.has(SYSTEM) {
                self.complain(p, format!("The group `{name}' already exists as a system group. Exiting."));
                return 0;
            }
            return self.complain(p, format!("The group `{name}' already exists."));
        }
        let taken = groups.numbers(2);
        let range = if self.options.has(SYSTEM) { 100..=999 } else { 1_000..=59_999 };
        let gid = match self.options.value(GID) {
            Some(text) => match whole(text) {
                Some(gid) if taken.contains(&gid) => {
                    return self.complain(p, format!("The GID {gid} is already in use."));
                }
                gid => gid,
            },
            None => range.into_iter().find(|gid| !taken.contains(gid)),
        };
        let Some(gid) = gid else { return self.complain(p, "No GID is available.") };
        self.say(p, format!("Adding group `{name}' (GID {gid}) ..."));
        p.world.with(|world| enter_group(world, &self.subject, gid, b""));
        self.say(p, "Done.");
        0
    }

    /// The first number in a range that neither a user nor a group has.
    fn free(users: &Table, groups: &Table, range: RangeInclusive<i64>) -> Option<i64> {
        let (uids, gids) = (users.numbers(2), groups.numbers(2));
        range.into_iter().find(|number| !uids.contains(number) && !gids.contains(number))
    }

    fn home(&self, p: &mut Proc, default: &[u8]) -> Result<Vec<u8>, u32> {
        let home = self.options.value(HOME).map_or_else(|| default.to_vec(), <[u8]>::to_vec);
        if home.starts_with(b"/") && !home.contains(&b':') {
            return Ok(home);
        }
        Err(self.complain(p, "The home dir must be an absolute path."))
    }

    fn add_system(&self, p: &mut Proc) -> u32 {
        let (users, groups) = (table(p, List::Passwd), table(p, List::Group));
        let name = self.text();
        if let Some(uid) = users.number(&self.subject, 2) {
            if (100..=999).contains(&uid) {
                self.say(p, format!("The system user `{name}' already exists. Exiting."));
                return 0;
            }
            let text = format!("The user `{name}' already exists, but is not a system user. Exiting.");
            return self.complain(p, text);
        }
        let home = match self.home(p, b"/nonexistent") {
            Ok(home) => home,
            Err(status) => return status,
        };
        let uid = match self.uid(p, &users) {
            Ok(uid) => uid.or_else(|| {
                let taken = users.numbers(2);
                (100..=999).find(|uid| !taken.contains(uid))
            }),
            Err(status) => return status,
        };
        let Some(uid) = uid else { return self.complain(p, "No UID is available.") };
        self.say(p, format!("Adding system user `{name}' (UID {uid}) ..."));
        let own = self.options.has(GROUP);
        let in_group = self.options.value(IN_GROUP).unwrap_or(b"nogroup").to_vec();
        let gid = if own {
            let taken = groups.numbers(2);
            let Some(gid) = (100..=999).find(|gid| !taken.contains(gid)) else { return 1 };
            self.say(p, format!("Adding new group `{name}' (GID {gid}) ..."));
            p.world.with(|world| enter_group(world, &self.subject, gid, b""));
            gid
        } else {
            match groups.number(&in_group, 2) {
                Some(gid) => gid,
                None => return self.no_group(p, &in_group),
            }
        };
        let group = if own { name.clone() } else { String::from_utf8_lossy(&in_group).into_owned() };
        self.say(p, format!("Adding new user `{name}' (UID {uid}) with group `{group}' ..."));
        let shell = self.options.value(b's').unwrap_or(b"/usr/sbin/nologin");
        let comment = self.options.value(GECOS).unwrap_or_default();
        self.enter(p, (uid, gid), comment, &home, shell);
        self.make_home(p, &home, (uid, gid), 0o755, b"/nonexistent/skel");
        0
    }

    fn no_group(&self, p: &mut Proc, group: &[u8]) -> u32 {
        let group = String::from_utf8_lossy(group).into_owned();
        self.complain(p, format!("The group `{group}' does not exist."))
    }

    /// The number that was asked for.
    fn uid(&self, p: &mut Proc, users: &Table) -> Result<Option<i64>, u32> {
        let Some(text) = self.options.value(UID) else { return Ok(None) };
        match whole(text) {
            Some(uid) if users.numbers(2).contains(&uid) => {
                Err(self.complain(p, format!("The UID {uid} is already in use.")))
            }
            Some(uid) => Ok(Some(uid)),
            None => {
                let text = String::from_utf8_lossy(text).into_owned();
                p.error(format!(
                    "Value \"{text}\" invalid for option uid (number expected)"
                ));
                Err(1)
            }
        }
    }

    fn enter(&self, p: &Proc, ids: (i64, i64), comment: &[u8], home: &[u8], shell: &[u8]) {
        let (uid, gid) = (ids.0.to_string(), ids.1.to_string());
        let name = self.subject.as_slice();
        let today = today(p).to_string();
        let aging = if self.options.has(SYSTEM) { "::::::" } else { ":0:99999:7:::" };
        p.world.with(|world| {
            let mut users = Table::load(&world.files, List::Passwd);
            users.add([name, b"x", uid.as_bytes(), gid.as_bytes(), comment, home, shell].join(&b':'));
            users.save(world);
            let mut shadow = Table::load(&world.files, List::Shadow);
            shadow.add([name, b":!:", today.as_bytes(), aging.as_bytes()].concat());
            shadow.save(world);
            if !self.options.has(SYSTEM) {
                super::give_subordinates(world, name);
            }
        });
    }

    fn make_home(&self, p: &mut Proc, home: &[u8], ids: (i64, i64), mode: u16, skeleton: &[u8]) {
        let shown = String::from_utf8_lossy(home).into_owned();
        if home.starts_with(b"/nonexistent") {
            self.say(p, format!("Not creating `{shown}'."));
            return;
        }
        if self.options.has(NO_HOME) {
            self.say(p, format!("Not creating home directory `{shown}'."));
            return;
        }
        if p.is_folder(home) {
            p.error(format!("{}: Warning: The home dir {shown} you specified already exists.", self.name));
            return;
        }
        self.say(p, format!("Creating home directory `{shown}' ..."));
        let ids = (u32::try_from(ids.0).unwrap_or(0), u32::try_from(ids.1).unwrap_or(0));
        p.world.with(|world| make_home(world, home, skeleton, ids, mode));
        if !self.options.has(SYSTEM) {
            self.say(p, "Copying files from `/etc/skel' ...");
        }
    }

    async fn add_person(&self, p: &mut Proc) -> u32 {
        let (users, groups) = (table(p, List::Passwd), table(p, List::Group));
        let name = self.text();
        if users.has(&self.subject) {
            return self.complain(p, format!("The user `{name}' already exists."));
        }
        let home = match self.home(p, &[b"/home/", self.subject.as_slice()].concat()) {
            Ok(home) => home,
            Err(status) => return status,
        };
        let uid = match self.uid(p, &users) {
            Ok(uid) => uid,
            Err(status) => return status,
        };
        let group = match self.group(p, &groups) {
            Ok(group) => group,
            Err(status) => return status,
        };
        let bound = |letter, default| self.options.value(letter).and_then(whole).unwrap_or(default);
        let range = bound(FIRST_UID, 1_000)..=bound(LAST_UID, 59_999).min(60_000);
        let Some(uid) = uid.or_else(|| Self::free(&users, &groups, range)) else {
            return self.complain(p, "No UID/GID pair is available in the range.");
        };
        self.say(p, format!("Adding user `{name}' ..."));
        let (group, gid) = match group {
            Some((group, gid)) => (group, gid),
            None => {
                self.say(p, format!("Adding new group `{name}' ({uid}) ..."));
                p.world.with(|world| enter_group(world, &self.subject, uid, b""));
                (name.clone(), uid)
            }
        };
        self.say(p, format!("Adding new user `{name}' ({uid}) with group `{group} ({gid})' ..."));
        let default: &[u8] = if self.options.has(NO_LOGIN) { b"/usr/sbin/nologin" } else { b"/bin/bash" };
        let shell = self.options.value(b's').unwrap_or(default).to_vec();
        let comment = match self.options.value(GECOS) {
            Some(text) if text.contains(&b',') => text.to_vec(),
            Some(text) => [text, b",,,"].concat(),
            None => Vec::new(),
        };
        if p.fs(|process| process.stat(&shell, crate::files::Last::Follow)).is_err() {
            let shell = String::from_utf8_lossy(&shell).into_owned();
            p.error(format!("useradd: Warning: missing or non-executable shell '{shell}'"));
        }
        self.enter(p, (uid, gid), &comment, &home, &shell);
        self.make_home(p, &home, (uid, gid), 0o700, b"/etc/skel");
        if !self.options.has(NO_PASSWORD) && !self.options.has(NO_LOGIN) {
            self.ask_password(p).await;
        }
        if self.options.value(GECOS).is_none() {
            self.ask_comment(p).await;
        }
        self.say(p, format!("Adding new user `{name}' to supplemental / extra groups `users' ..."));
        self.say(p, format!("Adding user `{name}' to group `users' ..."));
        p.world.with(|world| join(world, &self.subject, &[b"users".to_vec()]));
        0
    }

    /// The group that was asked for.
    fn group(&self, p: &mut Proc, groups: &Table) -> Result<Option<(String, i64)>, u32> {
        if let Some(name) = self.options.value(IN_GROUP) {
            return match groups.number(name, 2) {
                Some(gid) => Ok(Some((String::from_utf8_lossy(name).into_owned(), gid))),
                None => Err(self.no_group(p, name)),
            };
        }
        let Some(text) = self.options.value(GID) else {
            return if groups.has(&self.subject) {
                let name = self.text();
                Err(self.complain(p, format!("The group `{name}' already exists.")))
            } else {
                Ok(None)
            };
        };
        let row = groups.rows.iter().find(|row| row.get(2).is_some_and(|gid| gid == text));
        let found = row.and_then(|row| Some((row.first()?, whole(text)?)));
        match found {
            Some((name, gid)) => Ok(Some((String::from_utf8_lossy(name).into_owned(), gid))),
            None => {
                let gid = String::from_utf8_lossy(text).into_owned();
                Err(self.complain(p, format!("The GID {gid} does not exist.")))
            }
        }
    }

    async fn ask_password(&self, p: &mut Proc) {
        for _ in 0..50 {
            if super::passwd::new_password(p, &self.subject).await == 0 {
                return;
            }
            if !self.again(p, "Try again? [y/N] ", 740).await {
                return;
            }
        }
    }

    async fn ask_comment(&self, p: &mut Proc) {
        for _ in 0..50 {
            let mut child_args = vec![b"chfn".to_vec(), self.subject.clone()];
            std::mem::swap(&mut p.args, &mut child_args);
            super::profile::chfn(p).await;
            p.args = child_args;
            p.print("Is the information correct? [Y/n] ");
            loop {
                match ask(p, b"", Echo::On).await {
                    None => {
                        uninitialized(p, 766);
                        return;
                    }
                    Some(answer) if answer.is_empty() || answer.eq_ignore_ascii_case(b"y") => return,
                    Some(answer) if answer.eq_ignore_ascii_case(b"n") => break,
                    Some(_) => p.print("Is the information correct? [Y/n] "),
                }
            }
        }
    }

    /// Whether the answer is yes.
    async fn again(&self, p: &mut Proc, question: &str, line: u32) -> bool {
        p.print(question);
        match ask(p, b"", Echo::On).await {
            Some(answer) => answer.first().is_some_and(|b| b.eq_ignore_ascii_case(&b'y')),
            None => {
                uninitialized(p, line);
                false
            }
        }
    }
}

/// What Perl says where an answer was wanted and the input had ended.
fn uninitialized(p: &mut Proc, line: u32) {
    for (what, line) in [("chop", line), ("pattern match (m//)", line + 1), ("pattern match (m//)", line + 2)] {
        p.error(format!("Use of uninitialized value $answer in {what} at /usr/sbin/adduser line {line}."));
    }
}

#[cfg(test)]
mod tests;
