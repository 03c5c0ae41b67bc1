//! Who has an account and who is there: `id`, `whoami`, `groups`, `w`, `who`, `last`, `getent`.
//!
//! **Invariant:** accounts are those of /etc/passwd and /etc/group, logins those of /run/utmp and
//! /var/log/wtmp.

use crate::calendar::{Date, seconds};
use crate::commands::{Flag, Options, Program, quote};
use crate::kernel::{Proc, User};
use crate::live::logins::{self, Record};
use crate::people;

pub(super) const PROGRAMS: &[Program] = &[
    Program::new("id", |p| Box::pin(id(p)), 48_144, super::COREUTILS),
    Program::new("whoami", |p| Box::pin(whoami(p)), 39_792, super::COREUTILS),
    Program::new("groups", |p| Box::pin(groups(p)), 43_920, super::COREUTILS),
    Program::new("logname", |p| Box::pin(logname(p)), 39_760, super::COREUTILS),
    Program::new("users", |p| Box::pin(users(p)), 39_824, super::COREUTILS),
    Program::new("who", |p| Box::pin(who(p)), 60_432, super::COREUTILS),
    Program::new("w", |p| Box::pin(w(p)), 22_840, super::PROCPS),
    Program::new("last", |p| Box::pin(last(p)), 51_520, super::UTIL_LINUX),
    Program::new("getent", |p| Box::pin(getent(p)), 36_320, super::LIBC),
];

async fn whoami(p: &mut Proc) -> u32 {
    if let Some(word) = p.rest().first() {
        return super::extra(p, word);
    }
    p.line(p.user.name.clone());
    0
}

async fn logname(p: &mut Proc) -> u32 {
    if !p.world.with(|world| world.tty.is_there()) {
        p.error("logname: no login name");
        return 1;
    }
    let name = p.world.with(|world| world.user.name.clone());
    p.line(name);
    0
}

/// The groups of a user, the first one his own.
fn groups_of(p: &Proc, user: &User) -> Vec<(u32, Vec<u8>)> {
    let all = p.world.with(|world| people::groups(&world.files));
    let first = all.iter().find(|(_, gid, _)| *gid == user.gid);
    let first = first.map_or_else(|| user.gid.to_string().into_bytes(), |(name, ..)| name.clone());
    let mut list = vec![(user.gid, first)];
    let others = all.into_iter().filter(|(_, gid, members)| *gid != user.gid && members.contains(&user.name));
    list.extend(others.map(|(name, gid, _)| (gid, name)));
    list
}

const ID: &[Flag] = &[
    Flag::new(b'u', "user"),
    Flag::new(b'g', "group"),
    Flag::new(b'G', "groups"),
    Flag::new(b'n', "name"),
    Flag::new(b'r', "real"),
    Flag::new(b'z', "zero"),
    Flag::new(b'Z', "context"),
    Flag::new(b'a', ""),
];

async fn id(p: &mut Proc) -> u32 {
    let Some(options) = Options::read(p, ID, false) else {
        p.try_help();
        return 1;
    };
    let only = b"ugG".iter().filter(|letter| options.has(**letter)).count();
    if only > 1 {
        p.error("id: cannot print \"only\" of more than one choice");
        p.try_help();
        return 1;
    }
    if only == 0 && options.has(b'n') {
        p.error("id: cannot print only names or real IDs in default format");
        p.try_help();
        return 1;
    }
    if options.rest.is_empty() {
        let user = p.user.clone();
        show_id(p, &options, &user);
        return 0;
    }
    let mut status = 0;
    for name in &options.rest {
        let number = std::str::from_utf8(name).ok().and_then(|text| text.parse().ok());
        let user = p.world.with(|world| {
            people::by_name(&world.files, name)
                .or_else(|| people::by_uid(&world.files, number?))
        });
        match user {
            Some(user) => show_id(p, &options, &user),
            None => {
                let text = [b"id: ", quote(p, name).as_slice(), b": no such user"].concat();
                p.error(text);
                status = 1;
            }
        }
    }
    status
}

fn show_id(p: &mut Proc, options: &Options, user: &User) {
    let groups = groups_of(p, user);
    let named = options.has(b'n');
    let name = |(id, name): &(u32, Vec<u8>)| {
        if named { name.clone() } else { id.to_string().into_bytes() }
    };
    let pair = |id: u32, name: &[u8]| [id.to_string().as_bytes(), b"(", name, b")"].concat();
    let end: &[u8] = if options.has(b'z') { b"\0" } else { b"\n" };
    let text = match options.last_of(b"ugG") {
        Some(b'u') => name(&(user.uid, user.name.clone())),
        Some(b'g') => groups.first().map(name).unwrap_or_default(),
        Some(_) => {
            let by: &[u8] = if options.has(b'z') { b"\0" } else { b" " };
            groups.iter().map(name).collect::<Vec<_>>().join(by)
        }
        None => {
            let all: Vec<Vec<u8>> = groups.iter().map(|(gid, name)| pair(*gid, name)).collect();
            let own = all.first().cloned().unwrap_or_default();
            let user = pair(user.uid, &user.name);
            [b"uid=", user.as_slice(), b" gid=", &own, b" groups=", &all.join(&b","[..])].concat()
        }
    };
    p.print([text.as_slice(), end].concat());
}

async fn groups(p: &mut Proc) -> u32 {
    let names = p.rest();
    let own = p.user.clone();
    let list = |p: &Proc, user: &User| {
        let names: Vec<Vec<u8>> = groups_of(p, user).into_iter().map(|(_, name)| name).collect();
        names.join(&b" "[..])
    };
    if names.is_empty() {
        let text = list(p, &own);
        p.line(text);
    }
    let mut status = 0;
    for name in names {
        match p.world.with(|world| people::by_name(&world.files, &name)) {
            Some(user) => {
                let text = [name.as_slice(), b" : ", &list(p, &user)].concat();
                p.line(text);
            }
            None => {
                let text = [b"groups: ", quote(p, &name).as_slice(), b": no such user"].concat();
                p.error(text);
                status = 1;
            }
        }
    }
    status
}

fn records(p: &Proc, kind: i16) -> Vec<Record> {
    let all = p.world.with(|world| logins::parse(&logins::utmp(world)));
    all.into_iter().filter(|record| record.kind == kind).collect()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn stamp(at: i64) -> String {
    let d = Date::new(at);
    format!("{:04}-{:02}-{:02} {:02}:{:02}", d.year, d.month, d.day, d.hour, d.minute)
}

async fn users(p: &mut Proc) -> u32 {
    let names: Vec<Vec<u8>> = records(p, logins::USER).into_iter().map(|record| record.user).collect();
    if !names.is_empty() {
        p.line(names.join(&b" "[..]));
    }
    0
}

const WHO: &[Flag] = &[
    Flag::new(b'a', "all"),
    Flag::new(b'b', "boot"),
    Flag::new(b'd', "dead"),
    Flag::new(b'H', "heading"),
    Flag::new(b'l', "login"),
    Flag::new(b'm', ""),
    Flag::new(b'p', "process"),
    Flag::new(b'q', "count"),
    Flag::new(b'r', "runlevel"),
    Flag::new(b's', "short"),
    Flag::new(b't', "time"),
    Flag::new(b'T', "mesg"),
    Flag::new(b'w', ""),
    Flag::new(b'u', "users"),
    Flag::new(1, "ips"),
];

async fn who(p: &mut Proc) -> u32 {
    let Some(options) = Options::read(p, WHO, false) else {
        p.try_help();
        return 1;
    };
    let people = records(p, logins::USER);
    if options.has(b'q') {
        let names: Vec<Vec<u8>> = people.iter().map(|record| record.user.clone()).collect();
        p.line(names.join(&b" "[..]));
        p.line(format!("# users={}", names.len()));
        return 0;
    }
    let long = options.has(b'u') || options.has(b'a');
    let state = if options.has(b'T') || options.has(b'w') || options.has(b'a') { "+ " } else { "" };
    if options.has(b'H') {
        p.line(if long { "NAME     LINE         TIME             IDLE          PID COMMENT" } else { "NAME     LINE         TIME             COMMENT" });
    }
    let pad = if state.is_empty() { "" } else { "  " };
    if options.has(b'b') || options.has(b'a') {
        for record in records(p, logins::BOOT) {
            p.line(format!("{pad}         system boot  {}", stamp(record.at)));
        }
    }
    if options.has(b'r') || options.has(b'a') {
        for record in records(p, logins::RUN_LEVEL) {
            p.line(format!("{pad}         run-level 5  {}", stamp(record.at)));
        }
    }
    if options.has(b'l') || options.has(b'a') {
        for record in records(p, logins::LOGIN) {
            p.line(format!("{pad}LOGIN    {:<12} {}             {:>9} id={}", text(&record.line), stamp(record.at), record.pid, text(&record.id)));
        }
    }
    let special = options.has(b'b') || options.has(b'r') || options.has(b'l');
    for record in people.iter().filter(|_| !special || options.has(b'a') || long) {
        let idle = if long { format!("   .     {:>9}", record.pid) } else { String::new() };
        p.line(format!("{:<8} {state}{:<12} {}{idle} ({})", text(&record.user), text(&record.line), stamp(record.at), text(&record.host)));
    }
    0
}

async fn w(p: &mut Proc) -> u32 {
    let flags = [Flag::new(b'h', "no-header"), Flag::new(b's', "short"), Flag::new(b'f', "from"), Flag::new(b'i', "ip-addr"), Flag::new(b'o', "old-style"), Flag::new(b'u', "no-current")];
    let Some(options) = Options::read(p, &flags, false) else {
        p.error("\nUsage:\n w [options] [user]\n\nFor more details see w(1).");
        return 1;
    };
    let line = p.world.with(|world| super::machine::uptime_line(world));
    let (short, from) = (options.has(b's'), !options.has(b'f'));
    if !options.has(b'h') {
        p.line(line);
        let from = if from { "FROM             " } else { "" };
        let more = if short { " IDLE WHAT" } else { "LOGIN@   IDLE   JCPU   PCPU WHAT" };
        p.line(format!("USER     TTY      {from}{more}"));
    }
    let what = p.args.join(&b' ');
    for record in records(p, logins::USER) {
        if options.rest.first().is_some_and(|name| *name != record.user) {
            continue;
        }
        let d = Date::new(record.at);
        let host = if from { format!("{:<16.16} ", text(&record.host)) } else { String::new() };
        let at = format!("{:02}:{:02}", d.hour, d.minute);
        let rest = if short { " 1.00s ".to_owned() } else { format!("{at}    1.00s  0.03s  0.00s ") };
        p.line(format!("{:<8.8} {:<8} {host}{rest}{}", text(&record.user), text(&record.line), text(&what)));
    }
    0
}

async fn last(p: &mut Proc) -> u32 {
    let mut most = usize::MAX;
    let mut wanted = Vec::new();
    let mut words = super::words(p).into_iter();
    while let Some(word) = words.next() {
        match word.strip_prefix('-') {
            Some("n") => most = words.next().and_then(|n| n.parse().ok()).unwrap_or(most),
            Some(rest) => most = rest.trim_start_matches('n').parse().unwrap_or(most),
            None => wanted.push(word),
        }
    }
    let (all, now, kernel) = p.world.with(|world| (logins::parse(&logins::wtmp(world)), seconds(world.now), world.machine.kernel));
    let begin = all.first().map_or(now, |record| record.at);
    let mut rows = Vec::new();
    for (index, record) in all.iter().enumerate() {
        let behind = all.get(index + 1..).unwrap_or_default();
        let row = match record.kind {
            logins::BOOT => Some(("reboot".to_owned(), "system boot".to_owned(), kernel.to_owned(), "  still running".to_owned())),
            logins::USER => {
                let end = behind.iter().find(|other| other.kind == logins::DEAD && other.line == record.line);
                let end = match end {
                    Some(end) => {
                        let (d, long) = (Date::new(end.at), (end.at - record.at) / 60);
                        format!("- {:02}:{:02}  ({:02}:{:02})", d.hour, d.minute, long / 60, long % 60)
                    }
                    None => "  still logged in".to_owned(),
                };
                Some((text(&record.user), text(&record.line), text(&record.host), end))
            }
            _ => None,
        };
        let Some((user, line, host, end)) = row else { continue };
        if wanted.is_empty() || wanted.iter().any(|word| *word == user || *word == line) {
            let d = Date::new(record.at);
            rows.push(format!("{user:<8.8} {line:<12.12} {host:<16.16} {} {} {:2} {:02}:{:02} {end}", d.weekday_name(), d.month_name(), d.day, d.hour, d.minute));
        }
        p.tick(20).await;
    }
    for row in rows.iter().rev().take(most) {
        p.line(row);
        p.flush_some().await;
    }
    let d = Date::new(begin);
    p.line(format!("\nwtmp begins {} {} {:2} {} {}", d.weekday_name(), d.month_name(), d.day, d.clock(), d.year));
    0
}

async fn getent(p: &mut Proc) -> u32 {
    let words = p.rest();
    let Some((base, keys)) = words.split_first() else {
        p.error("getent: wrong number of arguments\nTry `getent --help' or `getent --usage' for more information.");
        return 1;
    };
    let file: &[u8] = match base.as_slice() {
        b"passwd" => b"/etc/passwd",
        b"group" => b"/etc/group",
        b"shadow" => b"/etc/shadow",
        b"hosts" | b"ahosts" => b"/etc/hosts",
        b"services" => b"/etc/services",
        b"protocols" => b"/etc/protocols",
        b"networks" => b"/etc/networks",
        _ => {
            p.error([b"Unknown database: ", base.as_slice(), b"\nTry `getent --help' or `getent --usage' for more information."].concat());
            return 1;
        }
    };
    let content = p.content(file).await.unwrap_or_default();
    let lines = content.split(|&b| b == b'\n').filter(|line| !line.is_empty() && !line.starts_with(b"#"));
    let colons = matches!(base.as_slice(), b"passwd" | b"group" | b"shadow");
    let rows: Vec<Vec<Vec<u8>>> = lines
        .map(|line| match colons {
            true => line.split(|&b| b == b':').map(<[u8]>::to_vec).collect(),
            false => line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).map(<[u8]>::to_vec).collect(),
        })
        .collect();
    let shown = |row: &Vec<Vec<u8>>| match colons {
        true => row.join(&b':'),
        false => {
            let first = text(row.first().map_or(&[][..], Vec::as_slice));
            let rest = row.get(1..).unwrap_or_default().join(&b' ');
            format!("{first:<15} {}", text(&rest)).into_bytes()
        }
    };
    if keys.is_empty() {
        for row in &rows {
            p.line(shown(row));
            p.flush_some().await;
        }
        return 0;
    }
    let mut status = 0;
    for key in keys {
        let number = if colons { 2 } else { 0 };
        let found = rows.iter().find(|row| match colons {
            true => row.first() == Some(key) || row.get(number) == Some(key),
            false => row.contains(key),
        });
        match found {
            Some(row) => p.line(shown(row)),
            None => status = 2,
        }
    }
    status
}

#[cfg(test)]
mod tests {
    use crate::testing::Bench;

    #[test]
    fn people_are_those_of_the_files() {
        let mut bench = Bench::new();
        assert_eq!(bench.run(&["id"], "").out, "uid=0(root) gid=0(root) groups=0(root)\n");
        assert_eq!(bench.run(&["id", "-un"], "").out, "root\n");
        assert_eq!(bench.run(&["id", "-u", "www-data"], "").out, "33\n");
        let done = bench.run(&["id", "nosuch"], "");
        assert_eq!((done.err.as_str(), done.status), ("id: 'nosuch': no such user\n", 1));
        assert_eq!(bench.run(&["whoami"], "").out, "root\n");
        assert_eq!(bench.run(&["groups", "root"], "").out, "root : root\n");
        assert_eq!(bench.run(&["getent", "passwd", "root"], "").out, "root:x:0:0:root:/root:/bin/bash\n");
        assert_eq!(bench.run(&["getent", "passwd", "nosuch"], "").status, 2);
    }
}
