//! `who`, `users`, `last`, `lastb`, `lastlog`.
//!
//! **Invariant:** what they show is in the files that they read; where those are emptied, it is gone.

use super::{COREUTILS, UTIL_LINUX, gnu, linux, number, read, text, usage};
use crate::calendar::{Date, seconds};
use crate::commands::{Flag, Options, Program, quote};
use crate::files::Fault;
use crate::kernel::Proc;
use crate::live::logins::{self, Record};
use std::collections::BTreeMap;

const SHADOW: i64 = 1_744_000_000;

pub(super) const PROGRAMS: &[Program] = &[
    Program::new("who", |p| Box::pin(who(p)), 51_992, COREUTILS),
    Program::new("pinky", |p| Box::pin(pinky(p)), 39_776, COREUTILS),
    Program::new("users", |p| Box::pin(users(p)), 39_744, COREUTILS),
    Program::new("last", |p| Box::pin(last(p)), 51_664, UTIL_LINUX),
    Program::new("lastb", |p| Box::pin(last(p)), 51_664, UTIL_LINUX),
    Program::new("lastlog", |p| Box::pin(lastlog(p)), 31_184, SHADOW),
];

/// Records of a file; one that is missing has none, as the C library reads it.
async fn records(p: &mut Proc, path: &[u8]) -> Vec<Record> {
    logins::parse(&p.content(path).await.unwrap_or_default())
}

/// Whether dates are written as in the C locale.
fn plain(p: &Proc) -> bool {
    let names = ["LC_ALL", "LC_TIME", "LANG"];
    let set = names.iter().filter_map(|name| p.var(name)).find(|value| !value.is_empty());
    matches!(set, None | Some(b"C" | b"POSIX"))
}

const WHO: &[Flag] = &[
    Flag::new(b'a', "all"),
    Flag::new(b'b', "boot"),
    Flag::new(b'd', "dead"),
    Flag::new(b'H', "heading"),
    Flag::new(b'l', "login"),
    Flag::new(2, "lookup"),
    Flag::new(b'm', ""),
    Flag::new(b'p', "process"),
    Flag::new(b'q', "count"),
    Flag::new(b'r', "runlevel"),
    Flag::new(b's', "short"),
    Flag::new(b't', "time"),
    Flag::new(b'T', "mesg"),
    Flag::new(b'w', "message"),
    Flag::new(b'w', "writable"),
    Flag::new(b'u', "users"),
];

async fn who(p: &mut Proc) -> u32 {
    let mut options = match gnu(p, WHO, 1, "Joseph Arceneaux, David MacKenzie, and Michael Stone") {
        Ok(options) => options,
        Err(status) => return status,
    };
    let mut path = b"/run/utmp".to_vec();
    match options.rest.as_slice() {
        [] => {}
        [file] => path.clone_from(file),
        [_, _] => options.given.push((b'm', None)),
        [_, _, extra, ..] => {
            let extra = quote(p, extra);
            p.error([b"who: extra operand ", extra.as_slice()].concat());
            p.try_help();
            return 1;
        }
    }
    let all = records(p, &path).await;
    if options.has(b'q') {
        let names: Vec<&[u8]> =
            all.iter().filter(|r| r.kind == logins::USER).map(|r| r.user.as_slice()).collect();
        p.line(names.join(&b' '));
        p.line(format!("# users={}", names.len()));
        return 0;
    }
    show(p, &options, &all);
    0
}

fn show(p: &mut Proc, options: &Options, all: &[Record]) {
    let has = |letter: u8| options.has(b'a') && b"bdlprtTu".contains(&letter) || options.has(letter);
    let mesg = has(b'T') || has(b'w');
    // Without one of these, users are shown, and little of them.
    let asked = b"bdlprtu".iter().any(|letter| has(*letter));
    let idle = has(b'u') || has(b'l') || has(b'd');
    let short = !(has(b'd') || has(b'l') || has(b'p') || has(b'u') || has(b'b') && has(b'a'));
    let exit = has(b'd');
    let plain = plain(p);
    let row = |user: &str, state: char, line: &str, at: i64, pid: String, idle_text: &str, comment: &str, ended: &str| {
        let state = if mesg { format!(" {state}") } else { String::new() };
        let width = if plain { 12 } else { 16 };
        let mut text = format!("{user:<8}{state} {line:<12} {:<width$}", time(at, plain));
        if idle && !short {
            text.push_str(&format!(" {idle_text:<6}"));
        }
        if !short {
            text.push_str(&format!(" {pid:>10}"));
        }
        text.push_str(&format!(" {comment:<8}"));
        if exit {
            text.push_str(&format!(" {ended:<12}"));
        }
        format!("{}\n", text.trim_end())
    };
    if has(b'H') {
        let state = if mesg { "  " } else { "" };
        let width = if plain { 12 } else { 16 };
        let mut head = format!("NAME    {state} LINE         {:<width$}", "TIME");
        if idle && !short {
            head.push_str(" IDLE  ");
        }
        if !short {
            head.push_str("        PID");
        }
        head.push_str(" COMMENT");
        if exit {
            head.push_str(" EXIT");
        }
        p.line(head);
    }
    let mut out = String::new();
    for record in all {
        let (user, line) = (text(&record.user), text(&record.line));
        let pid = record.pid.to_string();
        match record.kind {
            logins::USER if !asked || has(b'u') => {
                if options.has(b'm') && line != "pts/0" {
                    continue;
                }
                let host = text(&record.host);
                let host = if host.is_empty() { host } else { format!("({host})") };
                out.push_str(&row(&user, '+', &line, record.at, pid, "  .", &host, ""));
            }
            logins::BOOT if has(b'b') => {
                out.push_str(&row("", ' ', "system boot", record.at, String::new(), "", "", ""));
            }
            logins::RUN_LEVEL if has(b'r') => {
                let level = char::from(u8::try_from(record.pid % 256).unwrap_or(b'5'));
                let line = format!("run-level {level}");
                out.push_str(&row("", ' ', &line, record.at, String::new(), "", "", ""));
            }
            logins::LOGIN if has(b'l') => {
                let id = format!("id={}", text(&record.id));
                out.push_str(&row("LOGIN", ' ', &line, record.at, pid, "", &id, ""));
            }
            logins::DEAD if has(b'd') => {
                let id = format!("id={}", text(&record.id));
                out.push_str(&row("", ' ', &line, record.at, pid, "", &id, "term=0 exit=0"));
            }
            _ => {}
        }
    }
    p.print(out);
}

/// `2026-11-29 17:38`, or `Nov 29 17:38`.
fn time(at: i64, plain: bool) -> String {
    let d = Date::new(at);
    if plain {
        format!("{} {:2} {:02}:{:02}", d.month_name(), d.day, d.hour, d.minute)
    } else {
        format!("{:04}-{:02}-{:02} {:02}:{:02}", d.year, d.month, d.day, d.hour, d.minute)
    }
}

async fn pinky(p: &mut Proc) -> u32 {
    let all = records(p, b"/run/utmp").await;
    p.line("Login    Name                 TTY      Idle   When             Where");
    for record in all.iter().filter(|record| record.kind == logins::USER) {
        let (user, line, host) = (text(&record.user), text(&record.line), text(&record.host));
        let name = p.world.with(|world| crate::people::text(&world.files, b"/etc/passwd"));
        let name = name
            .split(|&b| b == b'\n')
            .find(|row| row.starts_with(&[record.user.as_slice(), b":"].concat()))
            .and_then(|row| row.split(|&b| b == b':').nth(4))
            .map(|gecos| text(gecos.split(|&b| b == b',').next().unwrap_or_default()));
        let (name, when) = (name.unwrap_or_default(), time(record.at, plain(p)));
        p.line(format!("{user:<8} {name:<19.19}  {line:<8}        {when} {host}"));
    }
    0
}

async fn users(p: &mut Proc) -> u32 {
    let options = match gnu(p, &[], 1, "Joseph Arceneaux and David MacKenzie") {
        Ok(options) => options,
        Err(status) => return status,
    };
    if let Some(extra) = options.rest.get(1) {
        let extra = quote(p, extra);
        p.error([b"users: extra operand ", extra.as_slice()].concat());
        p.try_help();
        return 1;
    }
    let path = options.rest.first().cloned().unwrap_or_else(|| b"/run/utmp".to_vec());
    let all = records(p, &path).await;
    let mut names: Vec<Vec<u8>> =
        all.into_iter().filter(|r| r.kind == logins::USER).map(|r| r.user).collect();
    names.sort();
    if !names.is_empty() {
        p.line(names.join(&b' '));
    }
    0
}

const LAST: &[Flag] = &[
    Flag::with(b'n', "limit"),
    Flag::new(b'a', "hostlast"),
    Flag::new(b'd', "dns"),
    Flag::with(b'f', "file"),
    Flag::new(b'F', "fulltimes"),
    Flag::new(b'i', "ip"),
    Flag::with(b'p', "present"),
    Flag::new(b'R', "nohostname"),
    Flag::with(b's', "since"),
    Flag::with(b't', "until"),
    Flag::new(b'w', "fullnames"),
    Flag::new(b'x', "system"),
    Flag::with(2, "time-format"),
];

/// What `last` makes of a record.
struct Stay {
    user: Vec<u8>,
    line: String,
    host: String,
    from: i64,
    end: End,
}

enum End {
    At(i64, &'static str),
    Here,
    Running,
    Gone,
}

async fn last(p: &mut Proc) -> u32 {
    let name = p.name();
    // `-5` is `-n 5`.
    for word in p.args.iter_mut().skip(1) {
        if let Some(digits) = word.strip_prefix(b"-")
            && !digits.is_empty()
            && digits.iter().all(u8::is_ascii_digit)
        {
            *word = [b"-n", digits].concat();
        }
    }
    let options = match linux(p, LAST) {
        Ok(options) => options,
        Err(status) => return status,
    };
    let limit = match options.value(b'n').map(|word| (number::<usize>(word), word)) {
        Some((Some(0), _)) | None => usize::MAX,
        Some((Some(limit), _)) => limit,
        Some((None, word)) => {
            p.error(format!("{name}: failed to parse number: '{}'", text(word)));
            return 1;
        }
    };
    let default: &[u8] = if name == "lastb" { b"/var/log/btmp" } else { b"/var/log/wtmp" };
    let path = options.value(b'f').unwrap_or(default).to_vec();
    let bytes = match p.content(&path).await {
        Ok(bytes) => bytes,
        Err(fault) => {
            let why = if fault == Fault::Denied { "Permission denied" } else { fault.text() };
            p.error(format!("{name}: cannot open {}: {why}", text(&path)));
            return 1;
        }
    };
    let all = logins::parse(&bytes);
    let stays = stays(p, &all, options.has(b'x'), name == "lastb");
    let mut shown = 0;
    for stay in stays {
        let words = &options.rest;
        let wanted = words.is_empty()
            || words.iter().any(|word| *word == stay.user || text(word) == stay.line || stay.line == format!("tty{}", text(word)));
        if !wanted {
            continue;
        }
        if shown >= limit {
            break;
        }
        shown += 1;
        let row = row(&options, &stay);
        p.line(row);
        p.flush_some().await;
    }
    let begins = all.first().map_or_else(|| seconds(p.now()), |record| record.at);
    let file = text(path.rsplit(|&b| b == b'/').next().unwrap_or_default());
    let d = Date::new(begins);
    p.line(format!(
        "\n{file} begins {} {} {:2} {} {:04}",
        d.weekday_name(),
        d.month_name(),
        d.day,
        d.clock(),
        d.year
    ));
    0
}

/// From the last record to the first.
fn stays(p: &Proc, all: &[Record], system: bool, bad: bool) -> Vec<Stay> {
    let booted = p.world.with(|world| world.machine.booted(world.now));
    let here: Vec<Vec<u8>> =
        logins::parse(&read(p, b"/run/utmp")).into_iter().filter(|r| r.kind == logins::USER).map(|r| r.line).collect();
    let mut ends: BTreeMap<Vec<u8>, i64> = BTreeMap::new();
    let mut list = Vec::new();
    let mut down: Option<i64> = None;
    for record in all.iter().rev() {
        let (line, host) = (text(&record.line), text(&record.host));
        match record.kind {
            logins::BOOT => {
                let end = match down {
                    _ if record.at >= booted => End::Running,
                    Some(at) => End::At(at, "crash"),
                    None => End::Running,
                };
                list.push(Stay { user: b"reboot".to_vec(), line: "system boot".to_owned(), host, from: record.at, end });
                down = Some(record.at);
                ends.clear();
            }
            logins::RUN_LEVEL if system => {
                let level = char::from(u8::try_from(record.pid % 256).unwrap_or(b'5'));
                list.push(Stay { user: b"runlevel".to_vec(), line: format!("(to lvl {level})"), host, from: record.at, end: End::Running });
            }
            logins::LOGIN if bad => {
                list.push(Stay { user: record.user.clone(), line, host, from: record.at, end: End::At(record.at, "") });
            }
            logins::USER => {
                let end = match ends.remove(&record.line) {
                    Some(at) => End::At(at, ""),
                    None if down.is_some() => End::At(down.unwrap_or(0), "crash"),
                    None if here.contains(&record.line) => End::Here,
                    None => End::Gone,
                };
                list.push(Stay { user: record.user.clone(), line, host, from: record.at, end });
                ends.insert(record.line.clone(), record.at);
            }
            logins::DEAD => {
                ends.insert(record.line.clone(), record.at);
            }
            _ => {}
        }
    }
    list
}

fn row(options: &Options, stay: &Stay) -> String {
    let full = options.has(b'F');
    let iso = options.value(2) == Some(b"iso");
    let hidden = options.value(2) == Some(b"notime");
    let stamp = |at: i64| {
        let d = Date::new(at);
        match (iso, full) {
            _ if hidden => String::new(),
            (true, _) => format!("{:04}-{:02}-{:02}T{}+00:00", d.year, d.month, d.day, d.clock()),
            (false, true) => format!("{} {} {:2} {} {:04}", d.weekday_name(), d.month_name(), d.day, d.clock(), d.year),
            (false, false) => format!("{} {} {:2} {:02}:{:02}", d.weekday_name(), d.month_name(), d.day, d.hour, d.minute),
        }
    };
    let wide = if iso { 25 } else if full { 24 } else { 16 };
    let out_wide = if iso { 27 } else if full { 26 } else { 7 };
    let (until, length) = match &stay.end {
        End::At(at, word) => {
            let d = Date::new(*at);
            let end = if full || iso { stamp(*at) } else { format!("{:02}:{:02}", d.hour, d.minute) };
            let end = if word.is_empty() { end } else { (*word).to_owned() };
            let long = (at - stay.from).max(0);
            let (days, hours, minutes) = (long / 86_400, long / 3_600 % 24, long / 60 % 60);
            let length = if days > 0 {
                format!("({days}+{hours:02}:{minutes:02})")
            } else {
                format!(" ({hours:02}:{minutes:02})")
            };
            (format!("- {end}"), length)
        }
        End::Here => ("  still".to_owned(), "logged in".to_owned()),
        End::Running => ("  still".to_owned(), "running".to_owned()),
        End::Gone => ("   gone".to_owned(), "- no logout".to_owned()),
    };
    let user = text(&stay.user);
    let user = if options.has(b'w') { format!("{user:<8}") } else { format!("{user:<8.8}") };
    let (line, host) = (&stay.line, &stay.host);
    let host = if options.has(b'i') && host.is_empty() { "0.0.0.0" } else { host };
    let (from, rest) = (stamp(stay.from), format!("{until:<out_wide$} {length}"));
    if options.has(b'R') {
        return format!("{user} {line:<12.12} {from:<wide$} {rest}").trim_end().to_owned();
    }
    if options.has(b'a') {
        return format!("{user} {line:<12.12} {from:<wide$} {until:<out_wide$} {length:<12} {host}");
    }
    format!("{user} {line:<12.12} {host:<16.16} {from:<wide$} {rest}").trim_end().to_owned()
}

async fn lastlog(p: &mut Proc) -> u32 {
    const FLAGS: &[Flag] = &[
        Flag::with(b'b', "before"),
        Flag::new(b'C', "clear"),
        Flag::new(b'h', "help"),
        Flag::with(b'R', "root"),
        Flag::new(b'S', "set"),
        Flag::with(b't', "time"),
        Flag::with(b'u', "user"),
    ];
    let Some(options) = Options::read(p, FLAGS, false) else {
        p.error(usage("lastlog"));
        return 1;
    };
    if options.has(b'h') {
        p.line(usage("lastlog"));
        return 0;
    }
    let bytes = match p.content(b"/var/log/lastlog").await {
        Ok(bytes) => bytes,
        Err(fault) => {
            p.error(format!("lastlog: Cannot open /var/log/lastlog: {}", fault.text()));
            return 1;
        }
    };
    let wanted = options.value(b'u').map(<[u8]>::to_vec);
    let people = p.world.with(|world| crate::people::users(&world.files));
    if let Some(name) = &wanted
        && !people.iter().any(|user| user.name == *name || number(name) == Some(user.uid))
    {
        p.error(format!("lastlog: Unknown user or range: {}", text(name)));
        return 1;
    }
    let days = options.value(b't').and_then(number::<i64>);
    let mut out = String::from("Username         Port     From                                       Latest\n");
    for user in people {
        if wanted.as_ref().is_some_and(|name| user.name != *name && number(name) != Some(user.uid)) {
            continue;
        }
        let place = usize::try_from(user.uid).unwrap_or(usize::MAX).saturating_mul(292);
        let record = bytes.get(place..).and_then(|rest| rest.get(..292)).unwrap_or_default();
        let at = record.get(..4).and_then(|at| at.try_into().ok()).map_or(0, u32::from_le_bytes);
        let field = |from: usize, to: usize| {
            text(record.get(from..to).unwrap_or_default().split(|&b| b == 0).next().unwrap_or_default())
        };
        let name = text(&user.name);
        if days.is_some_and(|days| seconds(p.now()) - i64::from(at) > days * 86_400) {
            continue;
        }
        if at == 0 {
            out.push_str(&format!("{name:<16}{:36}                **Never logged in**\n", ""));
            continue;
        }
        let d = Date::new(i64::from(at));
        let when = format!("{} {} {:2} {} +0000 {:04}", d.weekday_name(), d.month_name(), d.day, d.clock(), d.year);
        out.push_str(&format!("{name:<16} {:<8.8} {:<42} {when}\n", field(4, 36), field(36, 292)));
    }
    p.print(out);
    0
}

#[cfg(test)]
mod tests {
    use crate::testing::Bench;

    fn terminal() -> crate::Terminal {
        let size = decnet_core::event::WindowSize { cols: 80, rows: 24, ..Default::default() };
        crate::Terminal { term: b"xterm".to_vec(), size, modes: Vec::new() }
    }

    #[test]
    fn who_is_there_is_seen_by_all() {
        let mut bench = Bench::with(Some(terminal()));
        let who = bench.run(&["who"], "").out;
        assert_eq!(who, "root     pts/0        Nov 22 04:35 (198.51.100.7)\n");
        assert_eq!(bench.run(&["users"], "").out, "root\n");
        assert_eq!(bench.run(&["who", "-q"], "").out, "root\n# users=1\n");
        let w = bench.run(&["w", "-h"], "").out;
        assert!(w.starts_with("root     pts/0    198.51.100.7     04:35    1.00s  0.03s  0.00s "), "{w}");
        let last = bench.run(&["last", "-n1"], "").out;
        assert!(last.starts_with("root     pts/0        198.51.100.7     Sun Nov 22 04:35   still logged in\n\nwtmp begins "), "{last}");
        let log = bench.run(&["lastlog", "-u", "root"], "").out;
        assert!(log.contains("root             pts/0    198.51.100.7                               Sun Nov 22 04:35:52 +0000 2026\n"), "{log}");
        let log = bench.run(&["lastlog", "-u", "daemon"], "").out;
        assert!(log.contains("daemon                                                              **Never logged in**\n"), "{log}");
    }

    #[test]
    fn what_was_wiped_is_gone() {
        let mut bench = Bench::new();
        assert_eq!(bench.run(&["who"], "").out, "");
        assert!(bench.run(&["lastb"], "").out.lines().count() > 3);
        bench.run(&["sh", "-c", ": > /var/log/wtmp"], "");
        let last = bench.run(&["last"], "");
        assert!(last.out.starts_with("\nwtmp begins "), "{last:?}");
    }
}
