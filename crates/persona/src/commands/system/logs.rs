//! `dmesg`, `journalctl`, `logger`.
//!
//! **Invariant:** entries are those of [`logs`](crate::live::logs); what the session adds goes into
//! the files that `rsyslogd` writes.

use super::{UTIL_LINUX, linux, number, systemctl, text, usage};
use crate::calendar::{Date, seconds};
use crate::commands::{Flag, Options, Program};
use crate::kernel::Proc;
use crate::live::logs::{self, Entry, Facility};

const SYSTEMD: i64 = 1_781_000_000;

pub(super) const PROGRAMS: &[Program] = &[
    Program::new("dmesg", |p| Box::pin(dmesg(p)), 84_384, UTIL_LINUX),
    Program::new("journalctl", |p| Box::pin(journalctl(p)), 80_424, SYSTEMD),
    Program::new("logger", |p| Box::pin(logger(p)), 47_472, UTIL_LINUX),
];

const DMESG: &[Flag] = &[
    Flag::new(b'C', "clear"),
    Flag::new(b'c', "read-clear"),
    Flag::new(b'D', "console-off"),
    Flag::new(b'E', "console-on"),
    Flag::with(b'F', "file"),
    Flag::with(b'f', "facility"),
    Flag::new(b'H', "human"),
    Flag::new(b'J', "json"),
    Flag::new(b'k', "kernel"),
    Flag::maybe(b'L', "color"),
    Flag::with(b'l', "level"),
    Flag::with(b'n', "console-level"),
    Flag::new(b'P', "nopager"),
    Flag::new(b'p', "force-prefix"),
    Flag::new(b'r', "raw"),
    Flag::new(2, "noescape"),
    Flag::new(b'S', "syslog"),
    Flag::with(b's', "buffer-size"),
    Flag::new(b'u', "userspace"),
    Flag::new(b'w', "follow"),
    Flag::new(b'W', "follow-new"),
    Flag::new(b'x', "decode"),
    Flag::new(b'd', "show-delta"),
    Flag::new(b'e', "reltime"),
    Flag::new(b'T', "ctime"),
    Flag::new(b't', "notime"),
    Flag::with(3, "time-format"),
    Flag::with(4, "since"),
    Flag::with(5, "until"),
];

async fn dmesg(p: &mut Proc) -> u32 {
    let options = match linux(p, DMESG) {
        Ok(options) => options,
        Err(status) => return status,
    };
    if p.user.uid != 0 {
        p.error("dmesg: read kernel buffer failed: Operation not permitted");
        return 1;
    }
    if options.has(b'C') {
        p.world.with(|world| world.dmesg_cleared = true);
        return 0;
    }
    if options.has(b'D') || options.has(b'E') || options.has(b'n') {
        return 0;
    }
    let (machine, cleared, booted) = p.world.with(|world| (world.machine.clone(), world.dmesg_cleared, world.machine.booted(world.now)));
    let messages = if cleared || options.has(b'W') { Vec::new() } else { crate::live::messages(&machine) };
    let level = options.value(b'l').map(text);
    for (at, words) in messages {
        // Few of them are warnings.
        let is_warning = words.contains("protection") || words.contains("disabled");
        if level.as_deref().is_some_and(|level| level.contains("err") || level.contains("crit") || level.contains("warn") && !is_warning) {
            continue;
        }
        if options.has(b'u') && !words.starts_with("systemd[") {
            continue;
        }
        let (whole, part) = (at / 1_000_000, at % 1_000_000);
        let line = if options.has(b't') {
            words
        } else if options.has(b'T') || options.has(b'H') || options.has(b'e') {
            let d = Date::new(booted + i64::try_from(whole).unwrap_or(0));
            format!("[{} {} {:2} {} {:04}] {words}", d.weekday_name(), d.month_name(), d.day, d.clock(), d.year)
        } else if options.has(b'r') {
            format!("<6>[{whole:>5}.{part:06}] {words}")
        } else if options.has(b'x') {
            format!("kern  :info  : [{whole:>5}.{part:06}] {words}")
        } else {
            format!("[{whole:>5}.{part:06}] {words}")
        };
        p.line(line);
        p.flush_some().await;
    }
    if options.has(b'c') {
        p.world.with(|world| world.dmesg_cleared = true);
    }
    if options.has(b'w') || options.has(b'W') {
        p.flush().await;
        loop {
            p.sleep(3_600_000_000_000).await;
        }
    }
    0
}

const JOURNAL: &[Flag] = &[
    Flag::new(b'a', "all"),
    Flag::maybe(b'b', "boot"),
    Flag::with(b'c', "cursor"),
    Flag::new(b'e', "pager-end"),
    Flag::new(b'f', "follow"),
    Flag::with(b'F', "field"),
    Flag::with(b'g', "grep"),
    Flag::new(b'k', "dmesg"),
    Flag::new(b'l', "full"),
    Flag::new(b'm', "merge"),
    Flag::maybe(b'n', "lines"),
    Flag::new(b'N', "fields"),
    Flag::with(b'o', "output"),
    Flag::with(b'p', "priority"),
    Flag::new(b'q', "quiet"),
    Flag::new(b'r', "reverse"),
    Flag::with(b'S', "since"),
    Flag::with(b't', "identifier"),
    Flag::with(b'u', "unit"),
    Flag::with(b'U', "until"),
    Flag::new(b'x', "catalog"),
    Flag::with(b'D', "directory"),
    Flag::with(b'M', "machine"),
    Flag::new(2, "no-pager"),
    Flag::new(3, "disk-usage"),
    Flag::with(4, "vacuum-size"),
    Flag::with(5, "vacuum-time"),
    Flag::with(6, "vacuum-files"),
    Flag::new(7, "rotate"),
    Flag::new(8, "flush"),
    Flag::new(9, "list-boots"),
    Flag::new(10, "no-hostname"),
    Flag::new(11, "sync"),
    Flag::new(12, "verify"),
    Flag::new(13, "no-tail"),
    Flag::with(14, "user-unit"),
    Flag::new(15, "system"),
    Flag::new(16, "user"),
    Flag::new(17, "utc"),
    Flag::with(18, "output-fields"),
    Flag::with(19, "facility"),
    Flag::with(20, "case-sensitive"),
    Flag::new(21, "header"),
    Flag::new(22, "no-full"),
    Flag::new(23, "list-catalog"),
    Flag::new(b'h', "help"),
    Flag::new(24, "version"),
];

async fn journalctl(p: &mut Proc) -> u32 {
    // The value of -b and -n may stand behind a blank.
    join_values(p);
    let Some(options) = Options::read(p, JOURNAL, false) else { return 1 };
    if options.has(b'h') {
        p.line(usage("journalctl"));
        return 0;
    }
    if options.has(24) {
        systemctl::version(p);
        return 0;
    }
    let id = p.world.with(|world| world.machine.machine_id());
    let folder = format!("/var/log/journal/{id}");
    let files = p.fs(|process| process.list(folder.as_bytes())).map(|(_, names)| names).unwrap_or_default();
    let there = files.iter().any(|name| name.ends_with(b".journal"));
    if options.has(3) {
        p.line(format!("Archived and active journals take up {} in the file system.", if there { "24.0M" } else { "0B" }));
        return 0;
    }
    if options.has(4) || options.has(5) || options.has(6) {
        for folder in [folder.as_str(), "/run/log/journal", "/var/log/journal"] {
            p.error(format!("Vacuuming done, freed 0B of archived journals from {folder}."));
        }
        return 0;
    }
    if options.has(7) || options.has(8) || options.has(11) {
        return 0;
    }
    if options.has(12) {
        p.error(format!("PASS: {folder}/system.journal"));
        return 0;
    }
    if !there {
        p.error("No journal files were found.");
        p.line("-- No entries --");
        return 0;
    }
    if p.user.uid != 0 {
        p.error("Hint: You are currently not seeing messages from other users and the system.\n      Users in groups 'adm', 'systemd-journal' can see all messages.\n      Pass -q to turn off this notice.");
    }
    let (booted, now) = p.world.with(|world| (world.machine.booted(world.now), seconds(world.now)));
    if options.has(9) {
        let boot = p.world.with(|world| crate::live::boot_id(world)).replace('-', "");
        let stamp = |at: i64| {
            let d = Date::new(at);
            format!("{} {:04}-{:02}-{:02} {} UTC", d.weekday_name(), d.year, d.month, d.day, d.clock())
        };
        p.line(format!("IDX BOOT ID                          FIRST ENTRY                 LAST ENTRY\n  0 {boot} {} {}", stamp(booted + 2), stamp(now)));
        return 0;
    }
    let entries = match chosen(p, &options, booted) {
        Ok(entries) => entries,
        Err(status) => return status,
    };
    p.tick(entries.len() * 8).await;
    if entries.is_empty() {
        p.line("-- No entries --");
    }
    let host = if options.has(10) { String::new() } else { p.world.with(|world| format!("{} ", world.machine.hostname)) };
    let form = options.value(b'o').map_or_else(|| "short".to_owned(), text);
    for entry in &entries {
        let line = shown(entry, &host, &form);
        p.line(line);
        p.flush_some().await;
    }
    if options.has(b'f') {
        p.flush().await;
        loop {
            p.sleep(3_600_000_000_000).await;
        }
    }
    0
}

fn join_values(p: &mut Proc) {
    let mut out: Vec<Vec<u8>> = Vec::new();
    let mut words = std::mem::take(&mut p.args).into_iter().peekable();
    while let Some(word) = words.next() {
        let takes = matches!(word.as_slice(), b"-n" | b"--lines" | b"-b" | b"--boot");
        let digits = |next: &Vec<u8>| {
            let next = next.strip_prefix(b"-").or(next.strip_prefix(b"+")).unwrap_or(next);
            !next.is_empty() && next.iter().all(u8::is_ascii_digit) || next == b"all"
        };
        if takes && words.peek().is_some_and(digits) {
            let value = words.next().unwrap_or_default();
            let sign: &[u8] = if word.starts_with(b"--") { b"=" } else { b"" };
            out.push([word.as_slice(), sign, &value].concat());
        } else {
            out.push(word);
        }
    }
    p.args = out;
}

fn chosen(p: &mut Proc, options: &Options, booted: i64) -> Result<Vec<Entry>, u32> {
    let now = seconds(p.now());
    let zone = super::date::zone(p);
    let mut from = booted.max(now - 40 * 86_400);
    let mut to = now + 1;
    for (letter, place) in [(b'S', &mut from), (b'U', &mut to)] {
        if let Some(word) = options.value(letter) {
            let Some((at, _)) = super::date::parse(word, (now, 0), &zone) else {
                p.error(format!("Failed to parse timestamp: {}", text(word)));
                return Err(1);
            };
            // A word such as `today` is its midnight.
            *place = if matches!(word, b"today" | b"yesterday" | b"tomorrow") { at.div_euclid(86_400) * 86_400 } else { at };
        }
    }
    let units: Vec<String> = options.given.iter().filter(|(letter, _)| *letter == b'u').filter_map(|(_, value)| value.as_deref().map(text)).collect();
    let tags: Vec<String> = options.given.iter().filter(|(letter, _)| *letter == b't').filter_map(|(_, value)| value.as_deref().map(text)).collect();
    let pattern = match options.value(b'g') {
        None => None,
        Some(pattern) => {
            let case = if pattern.iter().any(u8::is_ascii_uppercase) { crate::regex::Case::Exact } else { crate::regex::Case::Fold };
            crate::regex::Regex::extended(pattern, case).ok()
        }
    };
    let few = options.value(b'p').is_some_and(|level| matches!(level, b"0" | b"1" | b"2" | b"3" | b"emerg" | b"alert" | b"crit" | b"err"));
    let mut entries = p.world.with(|world| logs::all(world, from, to));
    entries.retain(|entry| {
        let program = entry.tag.split('[').next().unwrap_or_default();
        (!options.has(b'k') || entry.facility == Facility::Kernel)
            && (units.is_empty() || units.iter().any(|unit| is_of_unit(entry, unit)))
            && (tags.is_empty() || tags.iter().any(|tag| tag == program))
            && (!few || entry.text.contains("error:"))
            && pattern.as_ref().is_none_or(|pattern| pattern.is_match(entry.text.as_bytes()))
            && options.rest.iter().all(|word| match text(word).split_once('=') {
                Some(("_SYSTEMD_UNIT", unit)) => is_of_unit(entry, unit),
                Some(("SYSLOG_IDENTIFIER" | "_COMM", name)) => name == program,
                _ => true,
            })
    });
    let most = match options.given.iter().rev().find(|(letter, _)| *letter == b'n') {
        Some((_, Some(value))) if value == b"all" => usize::MAX,
        Some((_, Some(value))) => match number::<usize>(value.strip_prefix(b"+").unwrap_or(value)) {
            Some(most) => most,
            None => {
                p.error(format!("Failed to parse lines '{}'", text(value)));
                return Err(1);
            }
        },
        Some((_, None)) => 10,
        None if options.has(b'f') => 10,
        None if options.has(b'e') => 1_000,
        None => usize::MAX,
    };
    let skip = entries.len().saturating_sub(most);
    entries.drain(..skip);
    if options.has(b'r') {
        entries.reverse();
    }
    Ok(entries)
}

/// Whether an entry is one of a unit, or about it.
fn is_of_unit(entry: &Entry, unit: &str) -> bool {
    let unit = super::units::full(unit);
    let unit = if unit == "sshd.service" { "ssh.service".to_owned() } else { unit };
    let program = entry.tag.split('[').next().unwrap_or_default();
    let own = match unit.as_str() {
        "ssh.service" => program == "sshd",
        "cron.service" => program == "CRON" || program == "cron",
        "systemd-logind.service" => program == "systemd-logind",
        "networking.service" => program == "dhclient",
        _ => false,
    };
    own || entry.tag == "systemd[1]" && entry.text.contains(&unit)
}

/// The last lines of a unit, as `systemctl status` shows them.
pub(super) fn of_unit(p: &Proc, unit: &str, most: usize) -> Vec<String> {
    let now = seconds(p.now());
    let booted = p.world.with(|world| world.machine.booted(world.now));
    let mut entries = p.world.with(|world| logs::all(world, booted.max(now - 8 * 86_400), now + 1));
    entries.retain(|entry| is_of_unit(entry, unit));
    let host = p.world.with(|world| format!("{} ", world.machine.hostname));
    let skip = entries.len().saturating_sub(most);
    entries.iter().skip(skip).map(|entry| shown(entry, &host, "short")).collect()
}

fn shown(entry: &Entry, host: &str, form: &str) -> String {
    let d = Date::new(entry.at);
    let (tag, words) = (&entry.tag, &entry.text);
    let micros = entry.micros;
    match form {
        "cat" => words.clone(),
        "short-iso" => format!("{:04}-{:02}-{:02}T{}+0000 {host}{tag}: {words}", d.year, d.month, d.day, d.clock()),
        "short-iso-precise" => format!("{:04}-{:02}-{:02}T{}.{micros:06}+0000 {host}{tag}: {words}", d.year, d.month, d.day, d.clock()),
        "short-precise" => format!("{} {:02} {}.{micros:06} {host}{tag}: {words}", d.month_name(), d.day, d.clock()),
        "short-unix" => format!("{}.{micros:06} {host}{tag}: {words}", entry.at),
        "short-full" => format!("{} {:04}-{:02}-{:02} {} UTC {host}{tag}: {words}", d.weekday_name(), d.year, d.month, d.day, d.clock()),
        "json" => {
            let (words, program) = (words.replace('\\', "\\\\").replace('"', "\\\""), tag.split('[').next().unwrap_or_default());
            format!("{{\"__REALTIME_TIMESTAMP\":\"{}{micros:06}\",\"_HOSTNAME\":\"{}\",\"SYSLOG_IDENTIFIER\":\"{program}\",\"MESSAGE\":\"{words}\"}}", entry.at, host.trim())
        }
        _ => format!("{} {:02} {} {host}{tag}: {words}", d.month_name(), d.day, d.clock()),
    }
}

const LOGGER: &[Flag] = &[
    Flag::new(b'i', ""),
    Flag::maybe(2, "id"),
    Flag::with(b'f', "file"),
    Flag::new(b'e', "skip-empty"),
    Flag::new(3, "no-act"),
    Flag::with(b'p', "priority"),
    Flag::new(4, "octet-count"),
    Flag::new(5, "prio-prefix"),
    Flag::new(b's', "stderr"),
    Flag::with(b'S', "size"),
    Flag::with(b't', "tag"),
    Flag::with(b'n', "server"),
    Flag::with(b'P', "port"),
    Flag::new(b'T', "tcp"),
    Flag::new(b'd', "udp"),
    Flag::with(b'u', "socket"),
];

async fn logger(p: &mut Proc) -> u32 {
    let options = match linux(p, LOGGER) {
        Ok(options) => options,
        Err(status) => return status,
    };
    let tag = options.value(b't').map_or_else(|| p.user.name.clone(), <[u8]>::to_vec);
    let mut tag = text(&tag);
    if options.has(b'i') || options.has(2) {
        tag = format!("{tag}[{}]", p.pid);
    }
    let auth = options.value(b'p').is_some_and(|level| level.starts_with(b"auth"));
    let lines: Vec<Vec<u8>> = if options.rest.is_empty() {
        let path = options.value(b'f').unwrap_or(b"-").to_vec();
        match p.content(&path).await {
            Ok(bytes) => bytes.split(|&b| b == b'\n').filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect(),
            Err(fault) => {
                p.error(format!("logger: file {}: {}", text(&path), fault.text()));
                return 1;
            }
        }
    } else {
        vec![options.rest.join(&b' ')]
    };
    let now = p.now();
    let d = Date::new(seconds(now));
    let micros = now.0.rem_euclid(1_000_000_000) / 1_000;
    let host = p.world.with(|world| text(&crate::live::hostname(world)));
    for line in lines {
        let words = text(&line);
        let entry = format!("{:04}-{:02}-{:02}T{}.{micros:06}+00:00 {host} {tag}: {words}\n", d.year, d.month, d.day, d.clock());
        if options.has(b's') {
            p.error(format!("<13>{} {:2} {} {tag}: {words}", d.month_name(), d.day, d.clock()));
        }
        if options.has(3) || options.has(b'n') {
            continue;
        }
        let files: &[&[u8]] = if auth { &[b"/var/log/auth.log"] } else { &[b"/var/log/syslog", b"/var/log/user.log"] };
        for file in files {
            write(p, file, entry.as_bytes()).await;
        }
    }
    0
}

/// `rsyslogd` writes as root, whoever has something to say.
async fn write(p: &mut Proc, path: &[u8], bytes: &[u8]) {
    let user = p.user.clone();
    p.user.uid = 0;
    let opened = p.open(path, crate::process::Direction::Write, crate::process::Opening::default(), true);
    p.user = user;
    if let Ok(open) = opened {
        let fd = p.add(open, 3);
        let _ = p.write(fd, bytes).await;
        p.fds.remove(&fd);
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::Bench;

    #[test]
    fn logs_are_fresh_and_can_be_added_to() {
        let mut bench = Bench::new();
        let auth = bench.run(&["tail", "-n", "6", "/var/log/auth.log"], "").out;
        assert!(auth.contains(" sshd[") && auth.contains("Accepted password for root from 198.51.100.7 port 40000 ssh2\n"), "{auth}");
        assert!(auth.starts_with("2026-11-22T04:"), "{auth}");
        assert_eq!(bench.run(&["logger", "-t", "me", "hello"], "").status, 0);
        let last = bench.run(&["tail", "-n", "1", "/var/log/syslog"], "").out;
        assert!(last.ends_with(" me: hello\n"), "{last}");
        let size = bench.run(&["wc", "-c", "/var/log/auth.log"], "").out;
        let read = bench.run(&["cat", "/var/log/auth.log"], "").out.len();
        assert_eq!(size, format!("{read} /var/log/auth.log\n"));
        assert!(bench.run(&["dmesg"], "").out.starts_with("[    0.000000] Linux version "));
        let journal = bench.run(&["journalctl", "-u", "ssh", "-n", "3", "--no-pager"], "").out;
        assert_eq!(journal.lines().count(), 3, "{journal}");
        bench.run(&["sh", "-c", "> /var/log/auth.log"], "");
        assert_eq!(bench.run(&["cat", "/var/log/auth.log"], "").out, "");
    }
}
