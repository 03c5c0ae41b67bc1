//! `systemctl`, `service`, `invoke-rc.d`, `update-rc.d`, and what halts a machine.
//!
//! **Invariant:** units are what their files say; a machine that is told to go down ends the
//! session, and is there again.

use super::units::{self, Unit, full};
use super::{logs, text, usage};
use crate::calendar::{Date, seconds};
use crate::commands::Program;
use crate::files::Last;
use crate::kernel::{Proc, Signal};
use crate::live::tasks;

const SYSTEMD: i64 = 1_781_000_000;
const INIT: i64 = 1_700_000_000;

pub(super) const PROGRAMS: &[Program] = &[
    Program::new("systemctl", |p| Box::pin(systemctl(p)), 1_042_496, SYSTEMD),
    Program::system("service", |p| Box::pin(service(p)), 9_047, INIT),
    Program::system("invoke-rc.d", |p| Box::pin(service(p)), 16_900, INIT),
    Program::system("update-rc.d", |p| Box::pin(update(p)), 17_600, INIT),
    Program::system("shutdown", |p| Box::pin(halt(p)), 1_042_496, SYSTEMD),
    Program::system("reboot", |p| Box::pin(halt(p)), 1_042_496, SYSTEMD),
    Program::system("poweroff", |p| Box::pin(halt(p)), 1_042_496, SYSTEMD),
    Program::system("halt", |p| Box::pin(halt(p)), 1_042_496, SYSTEMD),
    Program::system("init", |p| Box::pin(init(p)), 1_042_496, SYSTEMD),
    Program::system("telinit", |p| Box::pin(init(p)), 1_042_496, SYSTEMD),
    Program::system("runlevel", |p| Box::pin(runlevel(p)), 1_042_496, SYSTEMD),
];

const VERSION: &str = "systemd 252 (252.39-1~deb12u2)\n+PAM +AUDIT +SELINUX +APPARMOR +IMA +SMACK +SECCOMP +GCRYPT -GNUTLS +OPENSSL +ACL +BLKID +CURL +ELFUTILS +FIDO2 +IDN2 -IDN +IPTC +KMOD +LIBCRYPTSETUP +LIBFDISK +PCRE2 -PWQUALITY +P11KIT +QRENCODE +TPM2 +BZIP2 +LZ4 +XZ +ZLIB +ZSTD -BPF_FRAMEWORK -XKBCOMMON +UTMP +SYSVINIT default-hierarchy=unified";

pub(super) fn version(p: &mut Proc) {
    p.line(VERSION);
}

/// Signs: dots, trees and arrows where the locale has them.
#[derive(Clone, Copy)]
struct Signs {
    dot: &'static str,
    hollow: &'static str,
    failed: &'static str,
    branch: &'static str,
    last: &'static str,
    arrow: &'static str,
}

fn signs(p: &Proc) -> Signs {
    let names = ["LC_ALL", "LC_CTYPE", "LANG"];
    let locale = names.iter().filter_map(|name| p.var(name)).find(|value| !value.is_empty());
    let lower = locale.unwrap_or_default().to_ascii_lowercase();
    if lower.ends_with(b"utf-8") || lower.ends_with(b"utf8") {
        Signs { dot: "●", hollow: "○", failed: "×", branch: "├─", last: "└─", arrow: "→" }
    } else {
        Signs { dot: "*", hollow: "o", failed: "x", branch: "|-", last: "`-", arrow: "->" }
    }
}

#[derive(Debug, Default)]
struct Asked {
    words: Vec<String>,
    quiet: bool,
    all: bool,
    now: bool,
    no_legend: bool,
    full: bool,
    force: bool,
    kind: Vec<String>,
    state: Vec<String>,
    properties: Vec<String>,
    value: bool,
    user: bool,
    lines: usize,
    plain: bool,
}

fn parse(p: &mut Proc) -> Result<Asked, u32> {
    let mut asked = Asked { lines: 10, ..Asked::default() };
    let mut words = p.rest().into_iter().map(|word| text(&word));
    while let Some(word) = words.next() {
        let (name, given) = match word.split_once('=') {
            Some((name, value)) if name.starts_with("--") => (name.to_owned(), Some(value.to_owned())),
            _ => (word.clone(), None),
        };
        let list = |value: String| value.split(',').map(str::to_owned).collect::<Vec<_>>();
        match name.as_str() {
            "--version" => {
                p.line(VERSION);
                return Err(0);
            }
            "-h" | "--help" => {
                p.line(usage("systemctl"));
                return Err(0);
            }
            "-q" | "--quiet" => asked.quiet = true,
            "-a" | "--all" => asked.all = true,
            "-l" | "--full" => asked.full = true,
            "-f" | "--force" => asked.force = true,
            "--now" => asked.now = true,
            "--no-legend" => asked.no_legend = true,
            "--plain" => asked.plain = true,
            "--user" => asked.user = true,
            "--value" => asked.value = true,
            "-t" | "--type" => asked.kind.extend(list(given.or_else(|| words.next()).unwrap_or_default())),
            "--state" => asked.state.extend(list(given.or_else(|| words.next()).unwrap_or_default())),
            "--failed" => asked.state.push("failed".to_owned()),
            "-p" | "--property" | "-P" => {
                asked.value |= name == "-P";
                asked.properties.extend(list(given.or_else(|| words.next()).unwrap_or_default()));
            }
            "-n" | "--lines" => {
                asked.lines = given.or_else(|| words.next()).and_then(|value| value.parse().ok()).unwrap_or(10);
            }
            "-s" | "--signal" | "--kill-who" | "--kill-whom" | "-o" | "--output" | "-M" | "--machine" | "-H" | "--host" | "--job-mode" | "--root" | "--timestamp" | "--what" | "--message" => {
                if given.is_none() {
                    words.next();
                }
            }
            "--no-pager" | "--system" | "--no-block" | "--no-reload" | "--no-ask-password" | "--runtime" | "--wait" | "-r" | "--recursive" | "--reverse" | "--show-types" | "-i" | "--legend" | "--no-wall" | "--dry-run" | "--global" | "--check-inhibitors" | "--after" | "--before" => {}
            letters if letters.starts_with("-n") && letters.len() > 2 => {
                asked.lines = letters.trim_start_matches("-n").parse().unwrap_or(10);
            }
            "--" => asked.words.extend(words.by_ref()),
            word if word.starts_with("--") => {
                p.error(format!("systemctl: unrecognized option '{word}'"));
                return Err(1);
            }
            word if word.starts_with('-') && word.len() > 1 => {
                p.error(format!("systemctl: invalid option -- '{}'", word.chars().nth(1).unwrap_or('-')));
                return Err(1);
            }
            _ => asked.words.push(word),
        }
    }
    Ok(asked)
}

async fn systemctl(p: &mut Proc) -> u32 {
    // Other names of the same file.
    match p.name().as_str() {
        "shutdown" | "reboot" | "poweroff" | "halt" => return halt(p).await,
        "init" | "telinit" => return init(p).await,
        "runlevel" => return runlevel(p).await,
        _ => {}
    }
    let asked = match parse(p) {
        Ok(asked) => asked,
        Err(status) => return status,
    };
    if asked.user && p.var("XDG_RUNTIME_DIR").is_none() {
        p.error("Failed to connect to bus: No medium found");
        return 1;
    }
    let verb = asked.words.first().cloned().unwrap_or_else(|| "list-units".to_owned());
    let names: Vec<String> = asked.words.get(1..).unwrap_or_default().to_vec();
    match verb.as_str() {
        "list-units" => list_units(p, &asked),
        "list-unit-files" => list_files(p, &asked),
        "list-timers" => list_timers(p, &asked),
        "list-sockets" => list_sockets(p),
        "list-jobs" => p.line("No jobs running."),
        "status" if names.is_empty() => overview(p),
        "status" => return status(p, &asked, &names),
        "is-active" => return is_state(p, &asked, &names, "active"),
        "is-failed" => return is_state(p, &asked, &names, "failed"),
        "is-enabled" => return is_enabled(p, &asked, &names),
        "is-system-running" => p.line("running"),
        "get-default" => p.line("graphical.target"),
        "show" => show(p, &asked, &names),
        "cat" => return cat(p, &names),
        "daemon-reload" | "daemon-reexec" | "reset-failed" | "set-property" | "set-environment" | "unset-environment" | "import-environment" | "log-level" | "log-target" | "edit" | "preset" | "preset-all" | "set-default" | "isolate" | "default" | "rescue" | "emergency" | "service-watchdogs" => {
            return privileged(p, &verb);
        }
        "show-environment" => p.line("LANG=en_US.UTF-8\nPATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"),
        "start" | "stop" | "restart" | "reload" | "try-restart" | "reload-or-restart" | "force-reload" | "condrestart" | "kill" | "freeze" | "thaw" | "clean" => {
            return change(p, &verb, &names).await;
        }
        "enable" | "disable" | "mask" | "unmask" | "reenable" | "link" | "revert" => {
            let status = install(p, &verb, &names).await;
            if status == 0 && asked.now {
                let verb = if verb == "enable" || verb == "reenable" { "start" } else { "stop" };
                return change(p, verb, &names).await;
            }
            return status;
        }
        "list-dependencies" => dependencies(p, names.first().map_or("default.target", String::as_str)),
        "reboot" | "poweroff" | "halt" | "kexec" | "soft-reboot" => return down(p, &verb).await,
        "suspend" | "hibernate" | "hybrid-sleep" | "exit" | "switch-root" => return privileged(p, &verb),
        "help" => p.line("No manual entry for unit."),
        other => {
            p.error(format!("Unknown command verb {other}."));
            return 1;
        }
    }
    0
}

/// What only root may do.
fn privileged(p: &mut Proc, verb: &str) -> u32 {
    if p.user.uid != 0 {
        p.error(format!("Failed to {}: Access denied", if verb == "daemon-reload" { "reload daemon" } else { verb }));
        return 1;
    }
    0
}

fn loaded(p: &Proc, asked: &Asked) -> Vec<String> {
    let mut names: Vec<String> = units::ACTIVE.iter().map(|(name, _)| (*name).to_owned()).collect();
    names.extend(p.world.with(|world| world.units.keys().cloned().collect::<Vec<_>>()));
    let (uid, number) = p.world.with(|world| (world.user.uid, tasks::session_number(world)));
    for name in &mut names {
        if uid != 0 && name.contains("@0.service") {
            *name = name.replace("@0", &format!("@{uid}"));
        }
    }
    names.push(format!("session-{number}.scope"));
    names.push(format!("user-{uid}.slice"));
    if asked.all {
        names.extend(units::all(p).into_iter().filter(|name| !name.contains("@.")));
    }
    units::sort(&mut names);
    names.dedup();
    names
}

fn describe(p: &Proc, name: &str) -> String {
    let user = p.world.with(|world| String::from_utf8_lossy(&world.user.name).into_owned());
    if let Some(rest) = name.strip_prefix("session-") {
        return format!("Session {} of User {user}", rest.trim_end_matches(".scope"));
    }
    if let Some(rest) = name.strip_prefix("user-").filter(|rest| rest.ends_with(".slice")) {
        return format!("User Slice of UID {}", rest.trim_end_matches(".slice"));
    }
    units::find(p, name).map_or_else(|| name.to_owned(), |unit| unit.description())
}

fn state_of(p: &Proc, name: &str) -> (&'static str, &'static str) {
    if name.starts_with("session-") || name.starts_with("user@") {
        return ("active", "running");
    }
    if name.starts_with("user-") {
        return ("active", if name.ends_with(".slice") { "active" } else { "exited" });
    }
    p.world.with(|world| units::state(world, name))
}

fn list_units(p: &mut Proc, asked: &Asked) {
    let patterns = asked.words.get(1..).unwrap_or_default().to_vec();
    let mut rows = Vec::new();
    for name in loaded(p, asked) {
        let kind = name.rsplit_once('.').map_or("", |(_, kind)| kind).to_owned();
        let (active, sub) = state_of(p, &name);
        let wanted = (asked.kind.is_empty() || asked.kind.contains(&kind))
            && (asked.state.is_empty() || asked.state.iter().any(|state| state == active || state == sub || state == "loaded"))
            && (asked.all || !asked.state.is_empty() || active != "inactive")
            && (patterns.is_empty() || patterns.iter().any(|pattern| glob(pattern, &name) || full(pattern) == name));
        if wanted {
            let text = describe(p, &name);
            rows.push((name, active, sub, text));
        }
    }
    let signs = signs(p);
    let wide = |column: fn(&(String, &str, &str, String)) -> usize, least: usize| rows.iter().map(column).max().unwrap_or(0).max(least);
    let names = wide(|row| row.0.len(), 4);
    let (active, sub) = (wide(|row| row.1.len(), 6), wide(|row| row.2.len(), 3));
    if !asked.no_legend && !rows.is_empty() {
        p.line(format!("  {:<names$} LOAD   {:<active$} {:<sub$} DESCRIPTION", "UNIT", "ACTIVE", "SUB"));
    }
    for (name, on, what, text) in &rows {
        let mark = if *on == "failed" && !asked.plain { format!("{} ", signs.dot) } else { "  ".to_owned() };
        p.line(format!("{mark}{name:<names$} loaded {on:<active$} {what:<sub$} {text}"));
    }
    if !asked.no_legend {
        let count = rows.len();
        if count > 0 {
            p.line("\nLOAD   = Reflects whether the unit definition was properly loaded.\nACTIVE = The high-level unit activation state, i.e. generalization of SUB.\nSUB    = The low-level unit activation state, values depend on unit type.");
        }
        p.line(format!("{count} loaded units listed.{}", if asked.all { "" } else { " Pass --all to see loaded but inactive units, too." }));
        if count > 0 || asked.all {
            p.line("To show all installed unit files use 'systemctl list-unit-files'.");
        }
    }
}

/// `*` and `?` in names of units.
fn glob(pattern: &str, name: &str) -> bool {
    crate::regex::Regex::glob(pattern.as_bytes()).is_ok_and(|glob| glob.is_match(name.as_bytes()))
}

fn list_files(p: &mut Proc, asked: &Asked) {
    let patterns = asked.words.get(1..).unwrap_or_default().to_vec();
    let mut rows = Vec::new();
    for name in units::all(p) {
        let kind = name.rsplit_once('.').map_or("", |(_, kind)| kind).to_owned();
        if !asked.kind.is_empty() && !asked.kind.contains(&kind) {
            continue;
        }
        if !patterns.is_empty() && !patterns.iter().any(|pattern| glob(pattern, &name) || full(pattern) == name) {
            continue;
        }
        let state = match units::find(p, &name) {
            Some(unit) => units::enabled(p, &unit, &name),
            None => "static",
        };
        if !asked.state.is_empty() && !asked.state.iter().any(|wanted| wanted == state) {
            continue;
        }
        let preset = if matches!(state, "static" | "alias") { "-" } else { "enabled" };
        rows.push((name, state, preset));
    }
    let names = rows.iter().map(|(name, ..)| name.len()).max().unwrap_or(9).max(9);
    let states = rows.iter().map(|(_, state, _)| state.len()).max().unwrap_or(5).max(5);
    if !asked.no_legend {
        p.line(format!("{:<names$} {:<states$} PRESET", "UNIT FILE", "STATE"));
    }
    for (name, state, preset) in &rows {
        p.line(format!("{name:<names$} {state:<states$} {preset}"));
    }
    if !asked.no_legend {
        p.line(format!("\n{} unit files listed.", rows.len()));
    }
}

fn list_timers(p: &mut Proc, asked: &Asked) {
    let now = seconds(p.now());
    let mut rows = Vec::new();
    for (timer, at) in [("apt-daily", 22_000), ("apt-daily-upgrade", 23_400), ("dpkg-db-backup", 0), ("logrotate", 0), ("man-db", 5_400), ("systemd-tmpfiles-clean", 40_000)] {
        let day = now.div_euclid(86_400) * 86_400;
        let next = if day + at > now { day + at } else { day + at + 86_400 };
        rows.push((next, next - 86_400, timer));
    }
    let week = (now - 3 * 86_400).div_euclid(604_800) * 604_800 + 3 * 86_400;
    rows.push((week + 604_800 + 700, week + 700, "e2scrub_all"));
    rows.push((week + 691_200 + 3_000, week + 86_400 + 3_000, "fstrim"));
    rows.sort_unstable();
    let stamp = |at: i64| {
        let d = Date::new(at);
        format!("{} {:04}-{:02}-{:02} {} UTC", d.weekday_name(), d.year, d.month, d.day, d.clock())
    };
    if !asked.no_legend {
        p.line("NEXT                        LEFT          LAST                        PASSED       UNIT                         ACTIVATES");
    }
    let count = rows.len();
    for (next, last, name) in rows {
        let left = format!("{} left", span(next - now));
        let passed = format!("{} ago", span(now - last));
        p.line(format!("{} {left:<13} {} {passed:<12} {:<28} {name}.service", stamp(next), stamp(last), format!("{name}.timer")));
    }
    if !asked.no_legend {
        p.line(format!("\n{count} timers listed.\nPass --all to see loaded but inactive timers, too."));
    }
}

fn list_sockets(p: &mut Proc) {
    p.line("LISTEN                      UNIT                             ACTIVATES");
    let rows = [
        ("/dev/rfkill", "systemd-rfkill.socket", "systemd-rfkill.service"),
        ("/run/dbus/system_bus_socket", "dbus.socket", "dbus.service"),
        ("/run/initctl", "systemd-initctl.socket", "systemd-initctl.service"),
        ("/run/systemd/fsck.progress", "systemd-fsckd.socket", "systemd-fsckd.service"),
        ("/run/systemd/journal/dev-log", "systemd-journald-dev-log.socket", "systemd-journald.service"),
        ("/run/systemd/journal/socket", "systemd-journald.socket", "systemd-journald.service"),
        ("/run/systemd/journal/stdout", "systemd-journald.socket", "systemd-journald.service"),
        ("/run/systemd/journal/syslog", "syslog.socket", "rsyslog.service"),
        ("/run/udev/control", "systemd-udevd-control.socket", "systemd-udevd.service"),
    ];
    for (path, unit, service) in rows {
        p.line(format!("{path:<27} {unit:<32} {service}"));
    }
    p.line("\n9 sockets listed.\nPass --all to see loaded but inactive sockets, too.");
}

/// `1h 56min`, `3 days`, `2 weeks 1 day`
pub(super) fn span(seconds: i64) -> String {
    let s = seconds.max(0);
    let word = |count: i64, name: &str| format!("{count} {name}{}", if count == 1 { "" } else { "s" });
    match s {
        0..=59 => format!("{s}s"),
        60..=3_599 => format!("{}min{}", s / 60, if s < 600 && s % 60 > 0 { format!(" {}s", s % 60) } else { String::new() }),
        3_600..=86_399 => format!("{}h{}", s / 3_600, if s / 60 % 60 > 0 { format!(" {}min", s / 60 % 60) } else { String::new() }),
        86_400..=604_799 => word(s / 86_400, "day"),
        604_800..=2_629_799 => {
            let (weeks, days) = (s / 604_800, s / 86_400 % 7);
            if days > 0 { format!("{} {}", word(weeks, "week"), word(days, "day")) } else { word(weeks, "week") }
        }
        _ => {
            let (months, days) = (s / 2_629_800, s % 2_629_800 / 86_400);
            if days > 0 { format!("{} {}", word(months, "month"), word(days, "day")) } else { word(months, "month") }
        }
    }
}

fn overview(p: &mut Proc) {
    let signs = signs(p);
    let (host, booted, now) = p.world.with(|world| (text(&crate::live::hostname(world)), world.machine.booted(world.now), seconds(world.now)));
    let d = Date::new(booted);
    p.line(format!("{} {host}\n    State: running\n    Units: 246 loaded (incl. loaded aliases)\n     Jobs: 0 queued\n   Failed: 0 units", signs.dot));
    p.line(format!("    Since: {} {:04}-{:02}-{:02} {} UTC; {} ago", d.weekday_name(), d.year, d.month, d.day, d.clock(), span(now - booted)));
    p.line("  systemd: 252.39-1~deb12u2\n   CGroup: /");
    let all = p.world.with(|world| tasks::all(world));
    p.line(format!("           {}init.scope\n           {}", signs.branch, format!("{}  {}1 /sbin/init", if signs.branch == "├─" { "│" } else { "|" }, signs.last)));
    let services: Vec<_> = all.iter().filter(|task| task.cgroup.starts_with("/system.slice/")).collect();
    p.line(format!("           {}system.slice", signs.last));
    for (at, task) in services.iter().enumerate() {
        let unit = task.cgroup.rsplit('/').next().unwrap_or_default();
        let branch = if at + 1 == services.len() { signs.last } else { signs.branch };
        p.line(format!("             {branch}{unit}\n             {} {}{} {}", if signs.branch == "├─" { "│" } else { "|" }, signs.last, task.pid, text(&task.command())));
    }
}

fn status(p: &mut Proc, asked: &Asked, names: &[String]) -> u32 {
    let mut result = 0;
    let mut first = true;
    for name in names {
        // A number is a process.
        let by_pid = name.parse::<u32>().ok().and_then(|pid| p.world.with(|world| tasks::one(world, pid)));
        let name = by_pid.map_or(name.clone(), |task| task.cgroup.rsplit('/').next().unwrap_or_default().to_owned());
        let Some(unit) = units::find(p, &name) else {
            p.error(format!("Unit {} could not be found.", full(&name)));
            result = 4;
            continue;
        };
        if !first {
            p.line("");
        }
        first = false;
        let code = one_status(p, asked, &unit, &name);
        if result != 4 {
            result = result.max(code);
        }
    }
    result
}

fn one_status(p: &mut Proc, asked: &Asked, unit: &Unit, name: &str) -> u32 {
    let signs = signs(p);
    let (active, sub) = state_of(p, &unit.name);
    let enabled = units::enabled(p, unit, &unit.name);
    let mark = match active {
        "active" => signs.dot,
        "failed" => signs.failed,
        _ => signs.hollow,
    };
    let masked = units::enabled(p, unit, name) == "masked";
    p.line(format!("{mark} {} - {}", unit.name, unit.description()));
    if masked {
        p.line(format!("     Loaded: masked (Reason: Unit {} is masked.)", full(name)));
    } else if unit.path.is_empty() {
        p.line("     Loaded: loaded");
    } else if enabled == "static" {
        p.line(format!("     Loaded: loaded ({}; static)", unit.path));
    } else {
        p.line(format!("     Loaded: loaded ({}; {enabled}; preset: enabled)", unit.path));
    }
    let now = seconds(p.now());
    let booted = p.world.with(|world| world.machine.booted(world.now));
    let changed = p.world.with(|world| world.units.contains_key(&unit.name));
    let since = if changed { now - 1 } else { booted + 6 };
    let d = Date::new(since);
    let when = format!("since {} {:04}-{:02}-{:02} {} UTC; {} ago", d.weekday_name(), d.year, d.month, d.day, d.clock(), span(now - since));
    match active {
        "active" => p.line(format!("     Active: active ({sub}) {when}")),
        "failed" => p.line(format!("     Active: failed (Result: signal) {when}")),
        _ if changed => p.line(format!("     Active: inactive (dead) {when}")),
        _ => p.line("     Active: inactive (dead)"),
    }
    let docs: Vec<&str> = unit.values("Documentation").into_iter().flat_map(str::split_whitespace).collect();
    for (at, doc) in docs.iter().enumerate() {
        p.line(format!("{} {doc}", if at == 0 { "       Docs:" } else { "            " }));
    }
    let machine = p.world.with(|world| world.machine.clone());
    let pid = tasks::service_pid(&machine, &unit.name).filter(|_| active == "active");
    let task = pid.and_then(|pid| p.world.with(|world| tasks::one(world, pid)));
    if let Some(task) = task {
        p.line(format!("   Main PID: {} ({})", task.pid, text(&task.name)));
        p.line(format!("      Tasks: {} (limit: {})", task.threads, machine.memory_kib / 880));
        p.line(format!("     Memory: {}.{}M", task.resident_kib / 1_600, task.resident_kib % 10));
        p.line(format!("        CPU: {}", cpu(task.ticks)));
        p.line(format!("     CGroup: {}", task.cgroup));
        let command = text(&task.command());
        let command = if command.contains(": ") { format!("\"{command}\"") } else { command };
        p.line(format!("             {}{} {command}", signs.last, task.pid));
    } else if active == "active" && sub == "exited" {
        p.line(format!("        CPU: {}ms", 4 + unit.name.len()));
    }
    if units::is_service(unit) && asked.lines > 0 {
        let lines = logs::of_unit(p, &unit.name, asked.lines);
        if !lines.is_empty() {
            p.line("");
            for line in lines {
                p.line(line);
            }
        }
    }
    if active == "active" { 0 } else { 3 }
}

fn cpu(ticks: u64) -> String {
    match ticks {
        0..=99 => format!("{}ms", ticks * 10 + 7),
        100..=5_999 => format!("{}.{:03}s", ticks / 100, ticks % 100 * 10),
        _ => format!("{}min {}.{:03}s", ticks / 6_000, ticks / 100 % 60, ticks % 100 * 10),
    }
}

fn is_state(p: &mut Proc, asked: &Asked, names: &[String], wanted: &str) -> u32 {
    if names.is_empty() {
        p.error("Too few arguments.");
        return 1;
    }
    let mut result = if wanted == "active" { 3 } else { 1 };
    for name in names {
        let state = match units::find(p, name) {
            Some(unit) => state_of(p, &unit.name).0,
            None => "inactive",
        };
        if !asked.quiet {
            p.line(state);
        }
        if state == wanted {
            result = 0;
        }
    }
    result
}

fn is_enabled(p: &mut Proc, asked: &Asked, names: &[String]) -> u32 {
    if names.is_empty() {
        p.error("Too few arguments.");
        return 1;
    }
    let mut result = 1;
    for name in names {
        match units::find(p, name) {
            None => p.error(format!("Failed to get unit file state for {}: No such file or directory", full(name))),
            Some(unit) => {
                let state = units::enabled(p, &unit, name);
                if !asked.quiet {
                    p.line(state);
                }
                if !matches!(state, "disabled" | "masked") {
                    result = 0;
                }
            }
        }
    }
    result
}

fn show(p: &mut Proc, asked: &Asked, names: &[String]) {
    for name in names {
        let name = full(name);
        let unit = units::find(p, &name);
        let (active, sub) = unit.as_ref().map_or(("inactive", "dead"), |unit| state_of(p, &unit.name));
        let machine = p.world.with(|world| world.machine.clone());
        let pid = unit.as_ref().and_then(|unit| tasks::service_pid(&machine, &unit.name)).filter(|_| active == "active").unwrap_or(0);
        let state = unit.as_ref().map_or("", |unit| units::enabled(p, unit, &name));
        let rows = [
            ("Type", unit.as_ref().and_then(|unit| unit.value("Type")).unwrap_or("simple").to_owned()),
            ("Restart", unit.as_ref().and_then(|unit| unit.value("Restart")).unwrap_or("no").to_owned()),
            ("MainPID", pid.to_string()),
            ("ExecMainPID", pid.to_string()),
            ("Id", unit.as_ref().map_or(name.clone(), |unit| unit.name.clone())),
            ("Names", unit.as_ref().map_or(name.clone(), |unit| unit.name.clone())),
            ("Description", unit.as_ref().map_or(name.clone(), Unit::description)),
            ("LoadState", if unit.is_some() { "loaded" } else { "not-found" }.to_owned()),
            ("ActiveState", active.to_owned()),
            ("SubState", sub.to_owned()),
            ("FragmentPath", unit.as_ref().map_or(String::new(), |unit| unit.path.clone())),
            ("UnitFileState", state.to_owned()),
            ("UnitFilePreset", if unit.is_some() { "enabled" } else { "" }.to_owned()),
            ("CanStart", "yes".to_owned()),
            ("CanStop", "yes".to_owned()),
            ("NeedDaemonReload", "no".to_owned()),
        ];
        for (key, value) in rows {
            if asked.properties.is_empty() || asked.properties.iter().any(|wanted| wanted == key) {
                p.line(if asked.value { value } else { format!("{key}={value}") });
            }
        }
    }
}

fn cat(p: &mut Proc, names: &[String]) -> u32 {
    for (at, name) in names.iter().enumerate() {
        let Some(unit) = units::find(p, name) else {
            p.error(format!("No files found for {}.", full(name)));
            return 1;
        };
        if at > 0 {
            p.line("");
        }
        p.line(format!("# {}", unit.path));
        p.print(unit.body);
    }
    0
}

fn dependencies(p: &mut Proc, name: &str) {
    let signs = signs(p);
    let name = if name == "default.target" { "graphical.target" } else { name };
    let name = full(name);
    p.line(&name);
    let wanted: &[&str] = match name.as_str() {
        "graphical.target" => &["multi-user.target"],
        "multi-user.target" => &["console-setup.service", "cron.service", "dbus.service", "e2scrub_reap.service", "networking.service", "rsyslog.service", "ssh.service", "systemd-ask-password-wall.path", "systemd-logind.service", "basic.target", "getty.target", "remote-fs.target"],
        _ => &["system.slice", "sysinit.target"],
    };
    for (at, unit) in wanted.iter().enumerate() {
        let mark = if state_of(p, unit).0 == "active" { signs.dot } else { signs.hollow };
        p.line(format!("{mark} {}{unit}", if at + 1 == wanted.len() { signs.last } else { signs.branch }));
    }
}

pub(super) async fn change(p: &mut Proc, verb: &str, names: &[String]) -> u32 {
    if names.is_empty() {
        p.error("Too few arguments.");
        return 1;
    }
    let mut result = 0;
    for name in names {
        let shown = full(name);
        let action = match verb {
            "try-restart" | "condrestart" => "try-restart",
            "reload-or-restart" | "force-reload" => "reload-or-restart",
            verb => verb,
        };
        let Some(unit) = units::find(p, name) else {
            let missing = if matches!(verb, "stop" | "kill" | "reload" | "try-restart" | "condrestart") { "loaded" } else { "found" };
            if verb == "kill" {
                p.error(format!("Failed to kill unit {shown}: Unit {shown} not loaded."));
                result = 1;
            } else {
                p.error(format!("Failed to {action} {shown}: Unit {shown} not {missing}."));
                result = 5;
            }
            continue;
        };
        if p.user.uid != 0 {
            p.error(format!("Failed to {action} {shown}: Interactive authentication required.\nSee system logs and 'systemctl status {shown}' for details."));
            result = 1;
            continue;
        }
        if units::enabled(p, &unit, name) == "masked" && verb != "stop" {
            p.error(format!("Failed to {action} {shown}: Unit {shown} is masked."));
            result = 1;
            continue;
        }
        if verb == "reload" && unit.value("ExecReload").is_none() {
            p.error(format!("Failed to reload {shown}: Job type reload is not applicable for unit {shown}."));
            result = 1;
            continue;
        }
        p.sleep(60_000_000).await;
        let stops = matches!(verb, "stop" | "kill");
        let on = state_of(p, &unit.name).0 == "active";
        if matches!(verb, "reload" | "freeze" | "thaw" | "clean") || verb == "start" && on {
            continue;
        }
        if unit.path.starts_with("/etc/systemd/system/") && !stops {
            launch(p, &unit).await;
        }
        let machine = p.world.with(|world| world.machine.clone());
        let pid = tasks::service_pid(&machine, &unit.name);
        p.world.with(|world| {
            if world.units.len() < UNITS {
                world.units.insert(unit.name.clone(), !stops);
            }
            if let Some(pid) = pid {
                if stops {
                    tasks::end(world, pid, Signal::TERM);
                } else {
                    world.ended.remove(&pid);
                }
            }
        });
    }
    result
}

/// TM-SHL-021: units whose state a session has changed; of more, the state stays what it was.
const UNITS: usize = 256;

/// Runs what a unit of the session's own says, as a child of nobody.
async fn launch(p: &mut Proc, unit: &Unit) {
    let Some(line) = unit.value("ExecStart").map(|line| line.trim_start_matches(['-', '@', '+', '!', ':'])) else { return };
    let Ok(mut child) = p.fork() else { return };
    child.args = vec![b"/bin/sh".to_vec(), b"-c".to_vec(), format!("exec {line}").into_bytes()];
    child.cwd = unit.value("WorkingDirectory").map(|path| path.as_bytes().to_vec()).filter(|path| p.is_folder(path)).unwrap_or_default();
    for fd in [0, 1, 2] {
        if let Ok(open) = p.open(b"/dev/null", crate::process::Direction::Both, crate::process::Opening::default(), false) {
            child.fds.insert(fd, open);
        }
    }
    let pid = child.pid;
    p.world.with(|world| {
        if let Some(entry) = world.table.get_mut(&pid) {
            (entry.parent, entry.group, entry.session) = (1, pid, pid);
        }
    });
    child.spawn(|p| {
        Box::pin(async move {
            crate::commands::exec(p, b"/bin/sh").await.unwrap_or(203)
        })
    });
    p.sleep(10_000_000).await;
}

async fn install(p: &mut Proc, verb: &str, names: &[String]) -> u32 {
    if names.is_empty() {
        p.error("Too few arguments.");
        return 1;
    }
    let arrow = signs(p).arrow;
    for name in names {
        let name = if let Some(file) = name.strip_prefix("./").or_else(|| name.strip_prefix('/').map(|_| name.as_str())) {
            file.rsplit('/').next().unwrap_or(file).to_owned()
        } else {
            name.clone()
        };
        let shown = full(&name);
        let unit = units::find(p, &name);
        if p.user.uid != 0 {
            p.error(format!("Failed to {verb} unit: Interactive authentication required."));
            return 1;
        }
        let own = format!("/etc/systemd/system/{shown}");
        match verb {
            "mask" => {
                if unit.is_none() {
                    p.error(format!("Unit {shown} does not exist, proceeding anyway."));
                }
                let made = p.fs(|process| process.symlink(b"/dev/null", own.as_bytes()));
                match made {
                    Ok(()) => p.error(format!("Created symlink {own} {arrow} /dev/null.")),
                    Err(_) if p.fs(|process| process.readlink(own.as_bytes())).as_deref() == Ok(b"/dev/null") => {}
                    Err(_) => {
                        p.error(format!("Failed to mask unit: File {own} already exists."));
                        return 1;
                    }
                }
            }
            "unmask" => {
                if p.fs(|process| process.readlink(own.as_bytes())).as_deref() == Ok(b"/dev/null") {
                    let _ = p.fs(|process| process.unlink(own.as_bytes()));
                    p.error(format!("Removed \"{own}\"."));
                }
            }
            _ => {
                let Some(unit) = unit else {
                    p.error(format!("Failed to {verb} unit: Unit file {shown} does not exist."));
                    return 1;
                };
                if units::enabled(p, &unit, &name) == "masked" {
                    p.error(format!("Failed to {verb} unit: Unit file {own} is masked."));
                    return 1;
                }
                let script = format!("/etc/init.d/{}", unit.name.trim_end_matches(".service"));
                let both = p.fs(|process| process.stat(script.as_bytes(), Last::Follow)).is_ok();
                if both && units::is_service(&unit) {
                    let script = unit.name.trim_end_matches(".service").to_owned();
                    p.error(format!("Synchronizing state of {} with SysV service script with /lib/systemd/systemd-sysv-install.\nExecuting: /lib/systemd/systemd-sysv-install {verb} {script}", unit.name));
                    p.sleep(300_000_000).await;
                }
                links(p, verb, &unit, arrow);
            }
        }
    }
    p.sleep(80_000_000).await;
    0
}

/// Makes or removes what `[Install]` asks for.
fn links(p: &mut Proc, verb: &str, unit: &Unit, arrow: &str) {
    let mut wanted: Vec<String> = Vec::new();
    for target in unit.values("WantedBy").into_iter().flat_map(str::split_whitespace) {
        wanted.push(format!("/etc/systemd/system/{target}.wants/{}", unit.name));
    }
    for target in unit.values("RequiredBy").into_iter().flat_map(str::split_whitespace) {
        wanted.push(format!("/etc/systemd/system/{target}.requires/{}", unit.name));
    }
    for alias in unit.values("Alias").into_iter().flat_map(str::split_whitespace) {
        wanted.push(format!("/etc/systemd/system/{alias}"));
    }
    if wanted.is_empty() && verb != "disable" {
        p.error("The unit files have no installation config (WantedBy=, RequiredBy=, Also=,\nAlias= settings in the [Install] section, and DefaultInstance= for template\nunits). This means they are not meant to be enabled or disabled using systemctl.\n \nPossible reasons for having this kind of units are:\n* A unit may be statically enabled by being symlinked from another unit's\n  .wants/ or .requires/ directory.\n* A unit's purpose may be to act as a helper for some other unit which has\n  a requirement dependency on it.\n* A unit may be started when needed via activation (socket, path, timer,\n  D-Bus, udev, scripted systemctl call, ...).\n* In case of template units, the unit is meant to be enabled with some\n  instance name specified.");
        return;
    }
    for path in wanted {
        if verb == "disable" {
            if p.fs(|process| process.unlink(path.as_bytes())).is_ok() {
                p.error(format!("Removed \"{path}\"."));
            }
            continue;
        }
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
        let _ = p.fs(|process| process.mkdir(folder.as_bytes(), 0o755));
        if p.fs(|process| process.symlink(unit.path.as_bytes(), path.as_bytes())).is_ok() {
            p.error(format!("Created symlink {path} {arrow} {}.", unit.path));
        }
    }
}

async fn service(p: &mut Proc) -> u32 {
    let words: Vec<String> = p.rest().iter().map(|word| text(word)).collect();
    match words.first().map(String::as_str) {
        None | Some("-h" | "--help") => {
            p.error("Usage: service < option > | --status-all | [ service_name [ command | --full-restart ] ]");
            return 1;
        }
        Some("--version" | "-V") => {
            p.line("service ver. 1.65.2+deb12u1");
            return 0;
        }
        Some("--status-all") => {
            let (_, mut scripts) = p.fs(|process| process.list(b"/etc/init.d")).unwrap_or_default();
            scripts.retain(|name| !name.starts_with(b".") && name != b"README");
            scripts.sort();
            for name in scripts {
                let name = text(&name);
                let on = state_of(p, &full(&name)).0 == "active";
                p.line(format!(" [ {} ]  {name}", if on { "+" } else { "-" }));
            }
            return 0;
        }
        Some(_) => {}
    }
    let name = words.first().cloned().unwrap_or_default();
    let Some(action) = words.get(1) else {
        let script = format!("/etc/init.d/{name}");
        if p.fs(|process| process.stat(script.as_bytes(), Last::Follow)).is_ok() {
            p.error(format!("Usage: /etc/init.d/{name} {{start|stop|reload|force-reload|restart|try-restart|status}}"));
            return 1;
        }
        p.error(format!("{name}: unrecognized service"));
        return 1;
    };
    let list = vec![name.clone()];
    match action.as_str() {
        "status" => {
            let asked = Asked { lines: 10, ..Asked::default() };
            status(p, &asked, &list)
        }
        "start" | "stop" | "restart" | "reload" | "force-reload" | "try-restart" => change(p, action, &list).await,
        "--full-restart" => change(p, "restart", &list).await,
        _ => {
            let script = format!("/etc/init.d/{name}");
            if p.fs(|process| process.stat(script.as_bytes(), Last::Follow)).is_ok() {
                p.error(format!("Usage: {script} {{start|stop|reload|force-reload|restart|try-restart|status}}"));
            } else {
                p.error(format!("{name}: unrecognized service"));
            }
            1
        }
    }
}

async fn update(p: &mut Proc) -> u32 {
    let words: Vec<String> = p.rest().iter().map(|word| text(word)).filter(|word| word != "-f").collect();
    if words.len() < 2 {
        p.error("update-rc.d: error: not enough arguments\nusage: update-rc.d [-f] <basename> remove\n       update-rc.d [-f] <basename> defaults\n       update-rc.d [-f] <basename> defaults-disabled\n       update-rc.d <basename> disable|enable [S|2|3|4|5]\n\t\t-f: force\n\nThe disable|enable API is not stable and might change in the future.");
        return 1;
    }
    let (name, action) = (words.first().cloned().unwrap_or_default(), words.get(1).cloned().unwrap_or_default());
    let script = format!("/etc/init.d/{name}");
    let there = p.fs(|process| process.stat(script.as_bytes(), Last::Follow)).is_ok();
    if !there && action != "remove" {
        p.error(format!("update-rc.d: error: unable to read {script}"));
        return 1;
    }
    if p.user.uid != 0 {
        p.error("update-rc.d: error: Permission denied");
        return 1;
    }
    for level in ["rc0.d", "rc1.d", "rc6.d", "rc2.d", "rc3.d", "rc4.d", "rc5.d"] {
        let stop = matches!(level, "rc0.d" | "rc1.d" | "rc6.d");
        let path = format!("/etc/{level}/{}01{name}", if stop { "K" } else { "S" });
        match action.as_str() {
            "defaults" | "enable" => {
                let to = format!("../init.d/{name}");
                let _ = p.fs(|process| process.symlink(to.as_bytes(), path.as_bytes()));
            }
            "remove" => {
                let _ = p.fs(|process| process.unlink(path.as_bytes()));
            }
            _ => {}
        }
    }
    0
}

async fn halt(p: &mut Proc) -> u32 {
    let name = p.name();
    let words: Vec<String> = p.rest().iter().map(|word| text(word)).collect();
    let has = |letter: char| words.iter().any(|word| word.starts_with('-') && !word.starts_with("--") && word.contains(letter));
    if words.iter().any(|word| word == "--help") {
        p.line(usage(&name));
        return 0;
    }
    if name == "shutdown" {
        if has('c') {
            return 0;
        }
        let time = words.iter().find(|word| !word.starts_with('-')).cloned();
        let minutes = match time.as_deref() {
            None => 1,
            Some("now") => 0,
            Some(word) => match word.trim_start_matches('+').parse::<i64>() {
                Ok(minutes) => minutes,
                Err(_) if word.contains(':') => 60,
                Err(_) => {
                    p.error(format!("Failed to parse time specification: {word}"));
                    return 1;
                }
            },
        };
        if p.user.uid != 0 {
            p.error("Failed to schedule shutdown: Interactive authentication required.");
            return 1;
        }
        if minutes > 0 {
            let at = seconds(p.now()) + minutes * 60;
            let d = Date::new(at);
            let verb = if has('r') { "Reboot" } else { "Shutdown" };
            p.error(format!("{verb} scheduled for {} {:04}-{:02}-{:02} {} UTC, use 'shutdown -c' to cancel.", d.weekday_name(), d.year, d.month, d.day, d.clock()));
            return 0;
        }
        return down(p, if has('r') { "reboot" } else { "poweroff" }).await;
    }
    if has('w') || words.iter().any(|word| word == "--wtmp-only") {
        return 0;
    }
    down(p, &name).await
}

async fn init(p: &mut Proc) -> u32 {
    match p.rest().first().map(|word| text(word)).as_deref() {
        Some("0") => down(p, "poweroff").await,
        Some("6") => down(p, "reboot").await,
        Some("q" | "Q" | "u" | "U" | "1" | "2" | "3" | "4" | "5" | "s" | "S") => 0,
        _ => {
            let name = p.name();
            p.error(format!("{name}: required argument missing."));
            1
        }
    }
}

async fn runlevel(p: &mut Proc) -> u32 {
    p.line("N 5");
    0
}

/// The machine goes down: what runs in the session is ended, and with it the session.
async fn down(p: &mut Proc, verb: &str) -> u32 {
    if p.user.uid != 0 {
        p.error(format!("Failed to set wall message, ignoring: Interactive authentication required.\nFailed to {} system via logind: Interactive authentication required.", if verb == "poweroff" { "power off" } else { verb }));
        return 1;
    }
    p.flush().await;
    p.sleep(900_000_000).await;
    let others: Vec<u32> = p.world.with(|world| world.table.keys().copied().filter(|pid| *pid != p.pid).collect());
    for pid in others {
        p.world.with(|world| world.signal(pid, Signal::HUP));
    }
    p.pause().await;
    p.signal(p.pid, Signal::KILL).await;
    0
}

#[cfg(test)]
mod tests {
    use crate::testing::Bench;

    #[test]
    fn services_are_what_their_files_say() {
        let mut bench = Bench::new();
        assert_eq!(bench.run(&["systemctl", "is-active", "sshd"], "").out, "active\n");
        assert_eq!(bench.run(&["systemctl", "is-enabled", "ssh"], "").out, "enabled\n");
        let status = bench.run(&["systemctl", "status", "ssh"], "");
        assert!(status.out.starts_with("* ssh.service - OpenBSD Secure Shell server\n     Loaded: loaded (/lib/systemd/system/ssh.service; enabled; preset: enabled)\n     Active: active (running) since "), "{}", status.out);
        let gone = bench.run(&["systemctl", "status", "nosuch"], "");
        assert_eq!((gone.err.as_str(), gone.status), ("Unit nosuch.service could not be found.\n", 4));
        let stop = bench.run(&["service", "iptables", "stop"], "");
        assert_eq!((stop.err.as_str(), stop.status), ("Failed to stop iptables.service: Unit iptables.service not loaded.\n", 5));
        assert_eq!(bench.run(&["systemctl", "stop", "cron"], "").status, 0);
        assert_eq!(bench.run(&["systemctl", "is-active", "cron"], ""), crate::testing::Done { out: "inactive\n".to_owned(), status: 3, ..Default::default() });
        assert_eq!(bench.run(&["pidof", "cron"], "").status, 1);
        assert_eq!(bench.run(&["systemctl", "start", "cron"], "").status, 0);
        let units = bench.run(&["systemctl", "list-units", "--type=service"], "").out;
        assert!(units.starts_with("  UNIT ") && units.contains("  ssh.service ") && units.contains(" loaded active running OpenBSD Secure Shell server\n"), "{units}");
    }

    #[test]
    fn a_new_service_is_enabled() {
        let mut bench = Bench::new();
        let text = "[Unit]\\nDescription=Evil\\n[Service]\\nExecStart=/bin/sleep 100\\n[Install]\\nWantedBy=multi-user.target\\n";
        bench.run(&["sh", "-c", &format!("printf '{text}' > /etc/systemd/system/evil.service")], "");
        let enable = bench.run(&["systemctl", "enable", "evil"], "");
        assert_eq!(enable.err, "Created symlink /etc/systemd/system/multi-user.target.wants/evil.service -> /etc/systemd/system/evil.service.\n");
        assert_eq!(bench.run(&["systemctl", "is-enabled", "evil"], "").out, "enabled\n");
        assert_eq!(bench.run(&["systemctl", "start", "evil"], "").status, 0);
        assert_eq!(bench.run(&["systemctl", "is-active", "evil"], "").out, "active\n");
        assert_eq!(bench.run(&["pgrep", "-x", "sleep"], "").status, 0);
    }
}
