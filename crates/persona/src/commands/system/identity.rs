//! `id`, `groups`, `whoami`, `logname`.
//!
//! **Invariant:** names and numbers come from /etc/passwd and /etc/group as the session sees them.

use super::{COREUTILS, gnu, number};
use crate::commands::{Flag, Program, quote};
use crate::kernel::{Proc, User};
use crate::people;

pub(super) const PROGRAMS: &[Program] = &[
    Program::new("id", |p| Box::pin(id(p)), 44_080, COREUTILS),
    Program::new("groups", |p| Box::pin(groups(p)), 39_776, COREUTILS),
    Program::new("whoami", |p| Box::pin(whoami(p)), 35_680, COREUTILS),
    Program::new("logname", |p| Box::pin(logname(p)), 35_680, COREUTILS),
];

/// The groups of a user, his own first.
fn groups_of(p: &Proc, user: &User) -> Vec<u32> {
    let mut list = vec![user.gid];
    let all = p.world.with(|world| people::groups(&world.files));
    for (_, gid, members) in all {
        if members.contains(&user.name) && !list.contains(&gid) {
            list.push(gid);
        }
    }
    list
}

fn group_name(p: &Proc, gid: u32) -> Option<Vec<u8>> {
    let all = p.world.with(|world| people::groups(&world.files));
    all.into_iter().find(|(_, number, _)| *number == gid).map(|(name, ..)| name)
}

fn find(p: &Proc, word: &[u8]) -> Option<User> {
    p.world.with(|world| {
        let name = word.strip_prefix(b"+").unwrap_or(word);
        people::by_name(&world.files, word)
            .or_else(|| number(name).and_then(|uid| people::by_uid(&world.files, uid)))
    })
}

async fn whoami(p: &mut Proc) -> u32 {
    let options = match gnu(p, &[], 1, "Richard Mlynarik") {
        Ok(options) => options,
        Err(status) => return status,
    };
    if let Some(extra) = options.rest.first() {
        let extra = quote(p, extra);
        p.error([b"whoami: extra operand ", extra.as_slice()].concat());
        p.try_help();
        return 1;
    }
    let uid = p.user.uid;
    match p.world.with(|world| people::by_uid(&world.files, uid)) {
        Some(user) => {
            p.line(user.name);
            0
        }
        None => {
            p.error(format!("whoami: cannot find name for user ID {uid}: No such file or directory"));
            1
        }
    }
}

async fn logname(p: &mut Proc) -> u32 {
    let options = match gnu(p, &[], 1, "FIXME: unknown") {
        Ok(options) => options,
        Err(status) => return status,
    };
    if let Some(extra) = options.rest.first() {
        let extra = quote(p, extra);
        p.error([b"logname: extra operand ", extra.as_slice()].concat());
        p.try_help();
        return 1;
    }
    // Without a terminal nothing is known of who logged in.
    match p.world.with(|world| world.tty.is_there().then(|| world.user.name.clone())) {
        Some(name) => {
            p.line(name);
            0
        }
        None => {
            p.error("logname: no login name");
            1
        }
    }
}

async fn groups(p: &mut Proc) -> u32 {
    let options = match gnu(p, &[], 1, "David MacKenzie and James Youngman") {
        Ok(options) => options,
        Err(status) => return status,
    };
    let mut status = 0;
    if options.rest.is_empty() {
        let user = p.user.clone();
        let line = names(p, &user, &mut status);
        p.line(line);
    }
    for word in options.rest {
        match p.world.with(|world| people::by_name(&world.files, &word)) {
            Some(user) => {
                let line = names(p, &user, &mut status);
                p.line([word.as_slice(), b" : ", &line].concat());
            }
            None => {
                let word = quote(p, &word);
                p.error([b"groups: ", word.as_slice(), b": no such user"].concat());
                status = 1;
            }
        }
    }
    status
}

fn names(p: &mut Proc, user: &User, status: &mut u32) -> Vec<u8> {
    let mut words = Vec::new();
    for gid in groups_of(p, user) {
        match group_name(p, gid) {
            Some(name) => words.push(name),
            None => {
                p.error(format!("groups: cannot find name for group ID {gid}"));
                *status = 1;
                words.push(gid.to_string().into_bytes());
            }
        }
    }
    words.join(&b' ')
}

async fn id(p: &mut Proc) -> u32 {
    const FLAGS: &[Flag] = &[
        Flag::new(b'a', ""),
        Flag::new(b'Z', "context"),
        Flag::new(b'g', "group"),
        Flag::new(b'G', "groups"),
        Flag::new(b'n', "name"),
        Flag::new(b'r', "real"),
        Flag::new(b'u', "user"),
        Flag::new(b'z', "zero"),
    ];
    let options = match gnu(p, FLAGS, 1, "Arnold Robbins and David MacKenzie") {
        Ok(options) => options,
        Err(status) => return status,
    };
    let kinds: Vec<u8> = b"ugGZ".iter().copied().filter(|letter| options.has(*letter)).collect();
    if options.has(b'Z') {
        p.error("id: --context (-Z) works only on an SELinux-enabled kernel");
        return 1;
    }
    if kinds.len() > 1 {
        p.error("id: cannot print \"only\" of more than one choice");
        return 1;
    }
    let kind = kinds.first().copied();
    if kind.is_none() && (options.has(b'n') || options.has(b'r')) {
        p.error("id: printing only names or real IDs requires -u, -g, or -G");
        return 1;
    }
    if kind.is_none() && options.has(b'z') {
        p.error("id: option --zero not permitted in default format");
        return 1;
    }
    let end: &[u8] = if options.has(b'z') { b"\0" } else { b"\n" };
    let mut status = 0;
    let mut users = Vec::new();
    if options.rest.is_empty() {
        users.push(p.user.clone());
    }
    for word in &options.rest {
        match find(p, word) {
            Some(user) => users.push(user),
            None => {
                let word = quote(p, word);
                p.error([b"id: ", word.as_slice(), b": no such user"].concat());
                status = 1;
            }
        }
    }
    for user in users {
        let line = match kind {
            None => full(p, &user),
            Some(kind) => only(p, &user, kind, options.has(b'n'), options.has(b'z')),
        };
        p.print(line);
        p.print(end);
        if kind == Some(b'G') && options.has(b'z') && options.rest.len() > 1 {
            p.print(b"\0");
        }
    }
    status
}

fn only(p: &Proc, user: &User, kind: u8, by_name: bool, zero: bool) -> Vec<u8> {
    let group = |gid: u32| match group_name(p, gid).filter(|_| by_name) {
        Some(name) => name,
        None => gid.to_string().into_bytes(),
    };
    match kind {
        b'u' if by_name => user.name.clone(),
        b'u' => user.uid.to_string().into_bytes(),
        b'g' => group(user.gid),
        _ => {
            let all: Vec<Vec<u8>> = groups_of(p, user).into_iter().map(group).collect();
            all.join(if zero { &b'\0' } else { &b' ' })
        }
    }
}

fn full(p: &Proc, user: &User) -> Vec<u8> {
    let pair = |number: u32, name: Option<&[u8]>| match name {
        Some(name) => [number.to_string().as_bytes(), b"(", name, b")"].concat(),
        None => number.to_string().into_bytes(),
    };
    let known = p.world.with(|world| people::by_uid(&world.files, user.uid));
    let known = known.map(|user| user.name);
    let groups: Vec<Vec<u8>> = groups_of(p, user)
        .into_iter()
        .map(|gid| pair(gid, group_name(p, gid).as_deref()))
        .collect();
    let group = groups.first().cloned().unwrap_or_default();
    let uid = pair(user.uid, known.as_deref());
    [b"uid=", uid.as_slice(), b" gid=", &group, b" groups=", &groups.join(&b',')].concat()
}

#[cfg(test)]
mod tests {
    use crate::testing::Bench;

    #[test]
    fn root_is_root() {
        let mut bench = Bench::new();
        assert_eq!(bench.run(&["id"], "").out, "uid=0(root) gid=0(root) groups=0(root)\n");
        assert_eq!(bench.run(&["whoami"], "").out, "root\n");
        assert_eq!(bench.run(&["groups"], "").out, "root\n");
        assert_eq!(bench.run(&["id", "-u"], "").out, "0\n");
        assert_eq!(bench.run(&["id", "-un"], "").out, "root\n");
        assert_eq!(bench.run(&["id", "nobody"], "").out, "uid=65534(nobody) gid=65534(nogroup) groups=65534(nogroup)\n");
        let user = bench.world.with(|world| world.machine.user);
        let said = bench.run(&["id", user], "").out;
        assert!(said.starts_with(&format!("uid=1000({user}) gid=1000({user}) groups=1000({user}),24(cdrom),")), "{said}");
        assert_eq!(bench.run(&["id", "nosuch"], "").err, "id: 'nosuch': no such user\n");
        assert_eq!(bench.run(&["id", "-n"], "").err, "id: printing only names or real IDs requires -u, -g, or -G\n");
        assert_eq!(bench.run(&["logname"], "").err, "logname: no login name\n");
    }
}
