//! `getent`, `run-parts`, `crontab`.
//!
//! **Invariant:** tables are the files that the session sees.

use super::{number, read, text, usage};
use crate::commands::{Flag, Options, Program};
use crate::files::{Fault, Last};
use crate::kernel::Proc;
use crate::process::{Direction, Opening};

const LIBC: i64 = 1_769_904_000;
const DEBIANUTILS: i64 = 1_700_000_000;
const CRON: i64 = 1_677_000_000;

pub(super) const PROGRAMS: &[Program] = &[
    Program::new("getent", |p| Box::pin(getent(p)), 40_272, LIBC),
    Program::new("run-parts", |p| Box::pin(run_parts(p)), 27_168, DEBIANUTILS),
    Program::new("crontab", |p| Box::pin(crontab(p)), 43_248, CRON),
];

fn rows(p: &Proc, path: &str) -> Vec<String> {
    let bytes = read(p, path.as_bytes());
    let lines = bytes.split(|&b| b == b'\n').map(|line| text(line));
    lines.filter(|line| !line.trim().is_empty() && !line.starts_with('#')).collect()
}

async fn getent(p: &mut Proc) -> u32 {
    let words: Vec<String> = p.rest().iter().map(|word| text(word)).filter(|word| word != "-i" && word != "--no-idn").collect();
    let tail = "Try `getent --help' or `getent --usage' for more information.";
    match words.first().map(String::as_str) {
        None => {
            p.error(format!("getent: wrong number of arguments\n{tail}"));
            return 1;
        }
        Some("--help" | "-?") => {
            p.line(usage("getent"));
            return 0;
        }
        Some("--version" | "-V") => {
            p.line("getent (Debian GLIBC 2.36-9+deb12u14) 2.36");
            return 0;
        }
        Some(_) => {}
    }
    let table = words.first().cloned().unwrap_or_default();
    let keys = words.get(1..).unwrap_or_default().to_vec();
    match table.as_str() {
        "passwd" | "group" | "shadow" | "gshadow" => {
            let all = rows(p, &format!("/etc/{table}"));
            if matches!(table.as_str(), "shadow" | "gshadow") && p.user.uid != 0 {
                return 2;
            }
            let by_number = matches!(table.as_str(), "passwd" | "group");
            find(p, &all, &keys, |row, key| {
                let mut fields = row.split(':');
                fields.next() == Some(key) || by_number && fields.nth(1) == Some(key)
            })
        }
        "hosts" | "ahosts" | "ahostsv4" | "ahostsv6" => hosts(p, &table, &keys),
        "services" | "protocols" | "networks" | "rpc" | "ethers" => {
            let all = rows(p, &format!("/etc/{table}"));
            let mut status = 0;
            if keys.is_empty() {
                for row in &all {
                    p.line(service_row(row));
                }
            }
            for key in keys {
                let (name, kind) = key.split_once('/').map_or((key.as_str(), None), |(name, kind)| (name, Some(kind)));
                let found = all.iter().find(|row| {
                    let bare = row.split('#').next().unwrap_or("");
                    let fields: Vec<&str> = bare.split_whitespace().collect();
                    let value = fields.get(1).copied().unwrap_or("");
                    let (port, proto) = value.split_once('/').unwrap_or((value, ""));
                    let named = fields.first() == Some(&name) || port == name || fields.iter().skip(2).any(|alias| *alias == name);
                    named && kind.is_none_or(|kind| kind == proto)
                });
                match found {
                    Some(row) => p.line(service_row(row)),
                    None => status = 2,
                }
            }
            status
        }
        "initgroups" => {
            for key in keys {
                let groups = p.world.with(|world| crate::people::groups(&world.files));
                let list: Vec<String> = groups.iter().filter(|(_, _, members)| members.contains(&key.clone().into_bytes())).map(|(_, gid, _)| gid.to_string()).collect();
                p.line(format!("{key:<20} {}", list.join(" ")).trim_end());
            }
            0
        }
        "aliases" | "netgroup" => 2,
        other => {
            p.error(format!("Unknown database: {other}\n{tail}"));
            1
        }
    }
}

fn service_row(row: &str) -> String {
    let bare = row.split('#').next().unwrap_or("");
    let mut fields = bare.split_whitespace();
    let (name, value) = (fields.next().unwrap_or(""), fields.next().unwrap_or(""));
    let rest: Vec<&str> = fields.collect();
    format!("{name:<21} {value} {}", rest.join(" ")).trim_end().to_owned()
}

fn find(p: &mut Proc, all: &[String], keys: &[String], is: impl Fn(&str, &str) -> bool) -> u32 {
    if keys.is_empty() {
        for row in all {
            p.line(row);
        }
        return 0;
    }
    let mut status = 0;
    for key in keys {
        match all.iter().find(|row| is(row, key)) {
            Some(row) => p.line(row),
            None => status = 2,
        }
    }
    status
}

fn hosts(p: &mut Proc, table: &str, keys: &[String]) -> u32 {
    let all: Vec<(String, Vec<String>)> = rows(p, "/etc/hosts")
        .iter()
        .filter_map(|row| {
            let bare = row.split('#').next()?;
            let mut words = bare.split_whitespace().map(str::to_owned);
            Some((words.next()?, words.collect()))
        })
        .collect();
    if keys.is_empty() {
        for (address, names) in &all {
            p.line(format!("{address:<15} {}", names.join(" ")));
        }
        return 0;
    }
    let mut status = 0;
    for key in keys {
        let mut found: Vec<&(String, Vec<String>)> = all.iter().filter(|(address, names)| address == key || names.contains(key)).collect();
        // The newer kind of address comes first.
        found.sort_by_key(|(address, _)| !address.contains(':'));
        if table != "hosts" {
            found.retain(|(address, _)| match table {
                "ahostsv4" => !address.contains(':'),
                "ahostsv6" => address.contains(':'),
                _ => true,
            });
            let mut name = key.as_str();
            for (address, _) in &found {
                for kind in ["STREAM", "DGRAM", "RAW"] {
                    p.line(format!("{address:<15} {kind:<6} {name}"));
                    name = "";
                }
            }
            if found.is_empty() {
                match key.parse::<std::net::IpAddr>() {
                    Ok(address) => {
                        for kind in ["STREAM", "DGRAM", "RAW"] {
                            p.line(format!("{:<15} {kind:<6} {name}", address.to_string()));
                            name = "";
                        }
                    }
                    Err(_) => status = 2,
                }
            }
            continue;
        }
        match found.first() {
            Some((address, names)) => p.line(format!("{address:<15} {}", names.join(" "))),
            None => status = 2,
        }
    }
    status
}

const RUN_PARTS: &[Flag] = &[
    Flag::new(2, "test"),
    Flag::new(3, "list"),
    Flag::new(b'v', "verbose"),
    Flag::new(b'd', "debug"),
    Flag::new(4, "report"),
    Flag::new(5, "reverse"),
    Flag::new(6, "exit-on-error"),
    Flag::new(7, "stdin"),
    Flag::new(8, "new-session"),
    Flag::new(9, "lsbsysinit"),
    Flag::with(10, "regex"),
    Flag::with(b'u', "umask"),
    Flag::with(b'a', "arg"),
    Flag::new(b'V', "version"),
    Flag::new(b'h', "help"),
];

async fn run_parts(p: &mut Proc) -> u32 {
    let Some(options) = Options::read(p, RUN_PARTS, false) else {
        p.error("Try `run-parts --help' for more information.");
        return 1;
    };
    if options.has(b'h') {
        p.line(usage("run-parts"));
        return 0;
    }
    if options.has(b'V') {
        p.line("Debian run-parts program, version 5.7-0.5~deb12u1");
        return 0;
    }
    let [folder] = options.rest.as_slice() else {
        p.error(if options.rest.is_empty() { "run-parts: missing operand" } else { "run-parts: extra operand" });
        p.error("Try `run-parts --help' for more information.");
        return 1;
    };
    let (_, mut names) = match p.fs(|process| process.list(folder)) {
        Ok(listed) => listed,
        Err(fault) => {
            p.error([b"run-parts: failed to open directory ", folder.as_slice(), b": ", fault.text().as_bytes()].concat());
            return 1;
        }
    };
    let pattern = options.value(10).and_then(|pattern| crate::regex::Regex::extended(pattern, crate::regex::Case::Exact).ok());
    let plain = |name: &[u8]| name.iter().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(b));
    names.retain(|name| match &pattern {
        Some(pattern) => pattern.is_match(name) && !name.starts_with(b"."),
        None => plain(name),
    });
    names.sort();
    if options.has(5) {
        names.reverse();
    }
    let arguments: Vec<Vec<u8>> = options.given.iter().filter(|(letter, _)| *letter == b'a').filter_map(|(_, value)| value.clone()).collect();
    let mut status = 0;
    for name in names {
        let path = [folder.strip_suffix(b"/").unwrap_or(folder), b"/", name.as_slice()].concat();
        let Ok(stat) = p.fs(|process| process.stat(&path, Last::Follow)) else { continue };
        if stat.is(crate::process::FOLDER) {
            continue;
        }
        if options.has(3) {
            p.line(&path);
            continue;
        }
        if stat.mode & 0o111 == 0 {
            continue;
        }
        if options.has(2) {
            p.line(&path);
            continue;
        }
        if options.has(b'v') {
            p.error([b"run-parts: executing ", path.as_slice()].concat());
        }
        let mut args = vec![path.clone()];
        args.extend(arguments.iter().cloned());
        match crate::commands::run(p, args).await {
            Ok(ended) if ended.status() == 0 => {}
            Ok(ended) => {
                p.error([b"run-parts: ", path.as_slice(), format!(" exited with return code {}", ended.status()).as_bytes()].concat());
                status = 1;
                if options.has(6) {
                    return ended.status();
                }
            }
            Err(_) => {
                p.error([b"run-parts: failed to exec ", path.as_slice(), b": Exec format error"].concat());
                status = 1;
            }
        }
    }
    status
}

/// TM-SHL-022: bytes of a crontab; what is longer is refused.
const CRONTAB_BYTES: usize = 1 << 20;

const CRON_USAGE: &str = "usage:\tcrontab [-u user] [-n] file\n\tcrontab [ -u user ] [ -i ] { -e | -l | -r }\n\n\t-h\t(displays this help message)\n\tfile \tcrontab file to install (default: standard input)\n\t-n\t(dry run: checks the syntax, then bails out)\n\t-u user\t(choose the user whose crontab is touched)\n\t-e\t(edit user's crontab)\n\t-l\t(list user's crontab)\n\t-r\t(delete user's crontab)\n\t-i\t(prompt before deleting user's crontab)";

async fn crontab(p: &mut Proc) -> u32 {
    const FLAGS: &[Flag] = &[
        Flag::with(b'u', ""),
        Flag::new(b'n', ""),
        Flag::new(b'e', ""),
        Flag::new(b'l', ""),
        Flag::new(b'r', ""),
        Flag::new(b'i', ""),
        Flag::new(b'h', ""),
        Flag::new(b'q', ""),
    ];
    let Some(options) = Options::read(p, FLAGS, false) else {
        p.error(format!("crontab: usage error: unrecognized option\n{CRON_USAGE}"));
        return 1;
    };
    if options.has(b'h') {
        p.error(format!("{CRON_USAGE}\n"));
        return 0;
    }
    let mut user = p.user.name.clone();
    if let Some(name) = options.value(b'u') {
        if p.user.uid != 0 {
            p.error("must be privileged to use -u");
            return 1;
        }
        if p.world.with(|world| crate::people::by_name(&world.files, name)).is_none() {
            p.error(format!("crontab:  user `{}' unknown", text(name)));
            return 1;
        }
        user = name.to_vec();
    }
    let verbs = b"elr".iter().filter(|letter| options.has(**letter)).count();
    if verbs > 1 {
        p.error(format!("crontab: usage error: only one operation permitted\n{CRON_USAGE}"));
        return 1;
    }
    // The spool is its group's, as which the program runs.
    let mine = p.user.clone();
    p.user.uid = 0;
    let status = with_spool(p, &options, &user, &mine).await;
    p.user = mine;
    status
}

async fn with_spool(p: &mut Proc, options: &Options, user: &[u8], mine: &crate::kernel::User) -> u32 {
    let path = [b"/var/spool/cron/crontabs/", user].concat();
    let name = text(user);
    if options.has(b'l') {
        return match p.content(&path).await {
            Ok(bytes) => {
                p.print(bytes);
                0
            }
            Err(_) => {
                p.error(format!("no crontab for {name}"));
                1
            }
        };
    }
    if options.has(b'r') {
        if options.has(b'i') {
            p.error("crontab: really delete crontab? (y/n) ");
            let answer = p.read_line(0, 256).await.unwrap_or_default();
            if !answer.starts_with(b"y") && !answer.starts_with(b"Y") {
                return 0;
            }
        }
        return match p.fs(|process| process.unlink(&path)) {
            Ok(_) => 0,
            Err(_) => {
                p.error(format!("no crontab for {name}"));
                1
            }
        };
    }
    if options.has(b'e') {
        return edit(p, &path, &name, mine).await;
    }
    let file = options.rest.first().cloned().unwrap_or_else(|| b"-".to_vec());
    // The file is read as whoever asks.
    let root = std::mem::replace(&mut p.user, mine.clone());
    let read = p.content(&file).await;
    p.user = root;
    let bytes = match read {
        Ok(bytes) => bytes,
        Err(fault) => {
            let why = if fault == Fault::IsFolder { "Is a directory" } else { fault.text() };
            p.error([file.as_slice(), b": ", why.as_bytes()].concat());
            return 1;
        }
    };
    let shown = if file == b"-" { "-".to_owned() } else { text(&file) };
    if let Some((line, why)) = wrong(&bytes) {
        p.error(format!("\"{shown}\":{line}: {why}\nerrors in crontab file, can't install."));
        return 1;
    }
    if options.has(b'n') {
        p.error("The syntax of the crontab file was successfully checked.");
        return 0;
    }
    install(p, &path, &bytes, mine).await
}

async fn install(p: &mut Proc, path: &[u8], bytes: &[u8], mine: &crate::kernel::User) -> u32 {
    if bytes.len() > CRONTAB_BYTES {
        p.error("crontab: crontab file too large");
        return 1;
    }
    let opening = Opening { create: Some(0o600), exclusive: false, truncate: true };
    let Ok(open) = p.open(path, Direction::Write, opening, false) else {
        p.error("/var/spool/cron/crontabs/: mkstemp: No space left on device");
        return 1;
    };
    let fd = p.add(open, 3);
    let written = p.write(fd, bytes).await;
    p.fds.remove(&fd);
    let _ = p.fs(|process| process.chmod(path, 0o600, Last::Follow));
    let _ = p.fs(|process| process.chown(path, (mine.uid, 105), Last::Follow));
    u32::from(written.is_err())
}

async fn edit(p: &mut Proc, path: &[u8], name: &str, mine: &crate::kernel::User) -> u32 {
    let before = match p.content(path).await {
        Ok(bytes) => bytes,
        Err(_) => {
            p.error(format!("no crontab for {name} - using an empty one"));
            HEAD.as_bytes().to_vec()
        }
    };
    let copy = format!("/tmp/crontab.{:06x}", p.pid).into_bytes();
    install(p, &copy, &before, mine).await;
    let editor = p.var("VISUAL").or_else(|| p.var("EDITOR")).unwrap_or(b"/usr/bin/sensible-editor").to_vec();
    let editor = if editor == b"/usr/bin/sensible-editor" { b"/usr/bin/editor".to_vec() } else { editor };
    let mut args: Vec<Vec<u8>> = editor.split(|&b| b == b' ').map(<[u8]>::to_vec).collect();
    args.push(copy.clone());
    let root = std::mem::replace(&mut p.user, mine.clone());
    let ran = crate::commands::run(p, args).await;
    p.user = root;
    let after = p.content(&copy).await.unwrap_or_default();
    let _ = p.fs(|process| process.unlink(&copy));
    if !matches!(ran, Ok(ended) if ended.status() == 0) {
        p.error(format!("crontab: \"{}\" exited with status 1", text(&editor)));
        return 1;
    }
    if after == before {
        p.error("No modification made");
        return 0;
    }
    if let Some((line, why)) = wrong(&after) {
        p.error(format!("\"{}\":{line}: {why}\nerrors in crontab file, can't install.", text(&copy)));
        return 1;
    }
    p.error("crontab: installing new crontab");
    install(p, path, &after, mine).await
}

const HEAD: &str = "# Edit this file to introduce tasks to be run by cron.
# 
# Each task to run has to be defined through a single line
# indicating with different fields when the task will be run
# and what command to run for the task
# 
# To define the time you can provide concrete values for
# minute (m), hour (h), day of month (dom), month (mon),
# and day of week (dow) or use '*' in these fields (for 'any').
# 
# Notice that tasks will be started based on the cron's system
# daemon's notion of time and timezones.
# 
# Output of the crontab jobs (including errors) is sent through
# email to the user the crontab file belongs to (unless redirected).
# 
# For example, you can run a backup of all your user accounts
# at 5 a.m every week with:
# 0 5 * * 1 tar -zcf /var/backups/home.tgz /home/
# 
# For more information see the manual pages of crontab(5) and cron(8)
# 
# m h  dom mon dow   command
";

/// The first wrong line, counted from 0 as cron counts, and what is wrong.
fn wrong(bytes: &[u8]) -> Option<(usize, &'static str)> {
    for (line, number) in bytes.split(|&b| b == b'\n').zip(0..) {
        let line = text(line);
        let line = line.trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(word) = line.strip_prefix('@') {
            let name = word.split_whitespace().next().unwrap_or("");
            if !matches!(name, "reboot" | "yearly" | "annually" | "monthly" | "weekly" | "daily" | "midnight" | "hourly") {
                return Some((number, "bad time specifier"));
            }
            if word.split_whitespace().nth(1).is_none() {
                return Some((number, "bad command"));
            }
            continue;
        }
        let first = line.split_whitespace().next().unwrap_or("");
        let is_setting = line.split_once('=').is_some_and(|(name, _)| {
            let name = name.trim();
            !name.is_empty() && (name.starts_with(['"', '\'']) || name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !first.starts_with(|c: char| c.is_ascii_digit()))
        });
        if is_setting {
            continue;
        }
        let mut fields = line.split_whitespace();
        let limits = [
            (0, 59, "bad minute"),
            (0, 23, "bad hour"),
            (1, 31, "bad day-of-month"),
            (1, 12, "bad month"),
            (0, 7, "bad day-of-week"),
        ];
        for (place, (low, high, why)) in limits.into_iter().enumerate() {
            let field = fields.next().unwrap_or("");
            if !good(field, low, high, place) {
                return Some((number, why));
            }
        }
        if fields.next().is_none() {
            return Some((number, "bad command"));
        }
    }
    None
}

/// `*/5`, `1-3,7`, `mon`
fn good(field: &str, low: u32, high: u32, place: usize) -> bool {
    const MONTHS: &[&str] = &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    const DAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
    let value = |word: &str| {
        let lower = word.to_ascii_lowercase();
        let named = match place {
            3 => MONTHS.contains(&lower.as_str()),
            4 => DAYS.contains(&lower.as_str()),
            _ => false,
        };
        named || number::<u32>(word.as_bytes()).is_some_and(|value| (low..=high).contains(&value))
    };
    !field.is_empty()
        && field.split(',').all(|part| {
            let (range, step) = part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
            let stepped = step.is_none_or(|step| step.parse::<u32>().is_ok_and(|step| step > 0));
            stepped
                && (range == "*"
                    || match range.split_once('-') {
                        Some((from, to)) => value(from) && value(to),
                        None => value(range),
                    })
        })
}

#[cfg(test)]
mod tests {
    use crate::testing::{Bench, Done};

    #[test]
    fn a_crontab_comes_and_goes() {
        let mut bench = Bench::new();
        assert_eq!(bench.run(&["crontab", "-l"], ""), Done { err: "no crontab for root\n".to_owned(), status: 1, ..Done::default() });
        assert_eq!(bench.run(&["crontab", "-"], "* * * * * /tmp/x\n"), Done::default());
        assert_eq!(bench.run(&["crontab", "-l"], "").out, "* * * * * /tmp/x\n");
        assert_eq!(bench.run(&["crontab", "-"], "nonsense here\n").err, "\"-\":0: bad minute\nerrors in crontab file, can't install.\n");
        assert_eq!(bench.run(&["crontab", "-r"], "").status, 0);
        assert_eq!(bench.run(&["crontab", "-r"], "").err, "no crontab for root\n");
        assert_eq!(bench.run(&["crontab", "/nosuch"], "").err, "/nosuch: No such file or directory\n");
    }

    #[test]
    fn tables_are_asked() {
        let mut bench = Bench::new();
        assert_eq!(bench.run(&["getent", "passwd", "root"], "").out, "root:x:0:0:root:/root:/bin/bash\n");
        assert_eq!(bench.run(&["getent", "passwd", "0"], "").out, "root:x:0:0:root:/root:/bin/bash\n");
        assert_eq!(bench.run(&["getent", "passwd", "nosuch"], "").status, 2);
        assert_eq!(bench.run(&["getent", "hosts", "localhost"], "").out, "::1             localhost ip6-localhost ip6-loopback\n");
        assert_eq!(bench.run(&["getent", "foo"], "").err, "Unknown database: foo\nTry `getent --help' or `getent --usage' for more information.\n");
        assert_eq!(bench.run(&["run-parts", "--test", "/etc/cron.daily"], "").out, "/etc/cron.daily/apt-compat\n/etc/cron.daily/dpkg\n/etc/cron.daily/logrotate\n/etc/cron.daily/man-db\n");
    }
}
