//! Columns of `ps`: their names, heads and widths, and what is in them.
//!
//! **Invariant:** a column is one row of a table; what is in it comes from the process alone.

use crate::calendar::Date;
use crate::live::tasks::Task;
use std::collections::BTreeMap;

/// What columns need to know beside the process.
pub(super) struct Around {
    /// Seconds since 1970.
    pub(super) now: i64,
    pub(super) memory_kib: u64,
    pub(super) cpus: u32,
    pub(super) users: BTreeMap<u32, Vec<u8>>,
    pub(super) groups: BTreeMap<u32, Vec<u8>>,
    /// What stands before a command in a tree, by process.
    pub(super) branches: BTreeMap<u32, String>,
    /// `ps e`: the environment behind the command.
    pub(super) with_env: bool,
}

/// A column.
#[derive(Clone, Copy)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) head: &'static str,
    pub(super) width: usize,
    pub(super) is_left: bool,
    pub(super) show: fn(&Task, &Around) -> Vec<u8>,
}

const fn right(name: &'static str, head: &'static str, width: usize, show: fn(&Task, &Around) -> Vec<u8>) -> Column {
    Column { name, head, width, is_left: false, show }
}

const fn left(name: &'static str, head: &'static str, width: usize, show: fn(&Task, &Around) -> Vec<u8>) -> Column {
    Column { name, head, width, is_left: true, show }
}

fn text(value: impl ToString) -> Vec<u8> {
    value.to_string().into_bytes()
}

fn user(t: &Task, around: &Around) -> Vec<u8> {
    around.users.get(&t.uid).cloned().unwrap_or_else(|| text(t.uid))
}

fn group(t: &Task, around: &Around) -> Vec<u8> {
    around.groups.get(&t.gid).cloned().unwrap_or_else(|| text(t.gid))
}

fn command(t: &Task, around: &Around) -> Vec<u8> {
    let branch = around.branches.get(&t.pid).map_or("", String::as_str);
    let mut line = [branch.as_bytes(), &t.command()].concat();
    if around.with_env && !t.is_kernel {
        for (name, value) in &t.env {
            line.extend([b" ", name.as_slice(), b"=", value].concat());
        }
    }
    // What would move the cursor is shown as `?`.
    line.iter().map(|&b| if b.is_ascii_control() { b'?' } else { b }).collect()
}

fn comm(t: &Task, around: &Around) -> Vec<u8> {
    let branch = around.branches.get(&t.pid).map_or("", String::as_str);
    let end: &[u8] = if t.state == b'Z' { b" <defunct>" } else { b"" };
    [branch.as_bytes(), &t.name, end].concat()
}

fn elapsed(t: &Task, around: &Around) -> i64 {
    (around.now - t.started.div_euclid(1_000_000_000)).max(0)
}

/// Tenths of a per cent of a processor since it began.
fn busy(t: &Task, around: &Around) -> u64 {
    let seconds = u64::try_from(elapsed(t, around)).unwrap_or(0);
    if seconds == 0 { 0 } else { (t.ticks * 10 / seconds).min(999) }
}

fn memory(t: &Task, around: &Around) -> u64 {
    t.resident_kib * 1_000 / around.memory_kib.max(1)
}

fn tenths(value: u64) -> Vec<u8> {
    text(format!("{}.{}", value / 10, value % 10))
}

/// `00:00:45`, `1-02:03:04`
fn time(t: &Task, _: &Around) -> Vec<u8> {
    let s = t.ticks / 100;
    let (days, hours) = (s / 86_400, s / 3_600 % 24);
    let days = if days > 0 { format!("{days}-") } else { String::new() };
    text(format!("{days}{hours:02}:{:02}:{:02}", s / 60 % 60, s % 60))
}

/// `0:45`
fn bsd_time(t: &Task, _: &Around) -> Vec<u8> {
    let s = t.ticks / 100;
    text(format!("{:>3}:{:02}", s / 60, s % 60))
}

fn etime(t: &Task, around: &Around) -> Vec<u8> {
    let s = elapsed(t, around);
    let (days, hours, minutes, seconds) = (s / 86_400, s / 3_600 % 24, s / 60 % 60, s % 60);
    text(match (days, hours) {
        (0, 0) => format!("{minutes:02}:{seconds:02}"),
        (0, _) => format!("{hours:02}:{minutes:02}:{seconds:02}"),
        _ => format!("{days}-{hours:02}:{minutes:02}:{seconds:02}"),
    })
}

/// The time of today, the day of this year, or the year.
fn stime(t: &Task, around: &Around) -> Vec<u8> {
    let at = t.started.div_euclid(1_000_000_000);
    let (d, now) = (Date::new(at), Date::new(around.now));
    text(if d.year != now.year {
        format!("{:04}", d.year)
    } else if d.day_of_year == now.day_of_year {
        format!("{:02}:{:02}", d.hour, d.minute)
    } else {
        format!("{}{:02}", d.month_name(), d.day)
    })
}

fn start(t: &Task, around: &Around) -> Vec<u8> {
    let at = t.started.div_euclid(1_000_000_000);
    let d = Date::new(at);
    text(if around.now - at > 86_400 { format!("  {} {:02}", d.month_name(), d.day) } else { d.clock() })
}

fn lstart(t: &Task, _: &Around) -> Vec<u8> {
    let d = Date::new(t.started.div_euclid(1_000_000_000));
    text(format!("{} {} {:2} {} {:04}", d.weekday_name(), d.month_name(), d.day, d.clock(), d.year))
}

fn tty(t: &Task, _: &Around) -> Vec<u8> {
    text(t.tty.unwrap_or("?"))
}

fn priority(t: &Task, _: &Around) -> Vec<u8> {
    text(19 - t.nice)
}

fn group_of_terminal(t: &Task, _: &Around) -> Vec<u8> {
    if t.tty.is_some() { text(t.foreground) } else { text(-1) }
}

fn wchan(t: &Task, _: &Around) -> Vec<u8> {
    text(match (t.state, t.is_kernel) {
        (b'R', _) => "-",
        (_, true) => "-",
        (_, false) => match t.name.as_slice() {
            b"bash" | b"sh" | b"dash" => "do_wait",
            b"systemd" | b"systemd-journal" | b"systemd-udevd" | b"systemd-logind" | b"dbus-daemon" => "ep_poll",
            b"cron" | b"sleep" => "hrtimer_nanosleep",
            _ => "do_sys_poll",
        },
    })
}

fn flag(t: &Task, _: &Around) -> Vec<u8> {
    text(if t.is_kernel { 1 } else if t.uid == 0 && t.state != b'R' { 4 } else { 0 })
}

fn label(_: &Task, _: &Around) -> Vec<u8> {
    text("unconfined")
}

fn nothing(_: &Task, _: &Around) -> Vec<u8> {
    text("-")
}

fn zero(_: &Task, _: &Around) -> Vec<u8> {
    text(0)
}

fn mask(_: &Task, _: &Around) -> Vec<u8> {
    text("0000000000000000")
}

/// All that can be asked for.
pub(super) const COLUMNS: &[Column] = &[
    right("pid", "PID", 7, |t, _| text(t.pid)),
    right("ppid", "PPID", 7, |t, _| text(t.parent)),
    right("pgid", "PGID", 7, |t, _| text(t.group)),
    right("pgrp", "PGRP", 7, |t, _| text(t.group)),
    right("sid", "SID", 7, |t, _| text(t.session)),
    right("sess", "SESS", 7, |t, _| text(t.session)),
    right("session", "SESS", 7, |t, _| text(t.session)),
    right("tgid", "TGID", 7, |t, _| text(t.pid)),
    right("lwp", "LWP", 7, |t, _| text(t.pid)),
    right("tid", "TID", 7, |t, _| text(t.pid)),
    right("spid", "SPID", 7, |t, _| text(t.pid)),
    right("nlwp", "NLWP", 4, |t, _| text(t.threads)),
    right("thcount", "THCNT", 5, |t, _| text(t.threads)),
    right("tpgid", "TPGID", 7, group_of_terminal),
    left("user", "USER", 8, user),
    left("euser", "EUSER", 8, user),
    left("ruser", "RUSER", 8, user),
    left("suser", "SUSER", 8, user),
    left("uname", "USER", 8, user),
    left("uid_hack", "UID", 8, user),
    right("uid", "UID", 5, |t, _| text(t.uid)),
    right("euid", "EUID", 5, |t, _| text(t.uid)),
    right("ruid", "RUID", 5, |t, _| text(t.uid)),
    left("group", "GROUP", 8, group),
    left("egroup", "EGROUP", 8, group),
    left("rgroup", "RGROUP", 8, group),
    right("gid", "GID", 5, |t, _| text(t.gid)),
    right("egid", "EGID", 5, |t, _| text(t.gid)),
    right("rgid", "RGID", 5, |t, _| text(t.gid)),
    right("%cpu", "%CPU", 4, |t, around| tenths(busy(t, around))),
    right("pcpu", "%CPU", 4, |t, around| tenths(busy(t, around))),
    right("c", "C", 2, |t, around| text(busy(t, around) / 10)),
    right("cp", "CP", 3, |t, around| text(busy(t, around))),
    right("%mem", "%MEM", 4, |t, around| tenths(memory(t, around))),
    right("pmem", "%MEM", 4, |t, around| tenths(memory(t, around))),
    right("vsz", "VSZ", 6, |t, _| text(t.size_kib)),
    right("vsize", "VSZ", 6, |t, _| text(t.size_kib)),
    right("rss", "RSS", 5, |t, _| text(t.resident_kib)),
    right("rssize", "RSS", 5, |t, _| text(t.resident_kib)),
    right("rsz", "RSZ", 5, |t, _| text(t.resident_kib)),
    right("pss", "PSS", 5, |t, _| text(t.resident_kib / 2)),
    right("sz", "SZ", 5, |t, _| text(t.size_kib / 4)),
    right("size", "SIZE", 5, |t, _| text(t.size_kib / 10)),
    right("trs", "TRS", 5, |t, _| text(t.size_kib / 40)),
    right("drs", "DRS", 5, |t, _| text(t.size_kib - t.size_kib / 40)),
    right("maj_flt", "MAJFL", 6, zero),
    right("majflt", "MAJFLT", 6, zero),
    right("min_flt", "MINFL", 6, |t, _| text(t.resident_kib / 5)),
    left("tname", "TTY", 8, tty),
    left("tty", "TT", 8, tty),
    left("tt", "TT", 8, tty),
    left("stat", "STAT", 4, |t, _| text(t.stat())),
    left("state", "S", 1, |t, _| vec![t.state]),
    left("s", "S", 1, |t, _| vec![t.state]),
    right("time", "TIME", 8, time),
    right("cputime", "TIME", 8, time),
    right("atime", "TIME", 8, time),
    right("cputimes", "TIME", 8, |t, _| text(t.ticks / 100)),
    right("times", "TIME", 8, |t, _| text(t.ticks / 100)),
    right("bsdtime", "TIME", 6, bsd_time),
    right("etime", "ELAPSED", 11, etime),
    right("etimes", "ELAPSED", 7, |t, around| text(elapsed(t, around))),
    right("stime", "STIME", 5, stime),
    right("start_time", "START", 5, stime),
    right("bsdstart", "START", 6, stime),
    right("start", "STARTED", 8, start),
    right("lstart", "STARTED", 24, lstart),
    right("ni", "NI", 3, |t, _| text(t.nice)),
    right("nice", "NI", 3, |t, _| text(t.nice)),
    right("pri", "PRI", 3, priority),
    right("opri", "PRI", 3, |t, _| text(80 + t.nice)),
    right("priority", "PRI", 3, |t, _| text(20 + t.nice)),
    right("intpri", "PRI", 3, |t, _| text(80 + t.nice)),
    right("rtprio", "RTPRIO", 6, nothing),
    left("cls", "CLS", 3, |_, _| text(" TS")),
    left("class", "CLS", 3, |_, _| text(" TS")),
    left("policy", "POL", 3, |_, _| text("TS")),
    right("sched", "SCH", 3, zero),
    right("psr", "PSR", 3, |t, around| text(t.pid % around.cpus.max(1))),
    right("cpuid", "CPUID", 5, |t, around| text(t.pid % around.cpus.max(1))),
    right("f", "F", 1, flag),
    right("flags", "F", 1, flag),
    right("addr_sz", "ADDR SZ", 7, |t, _| text(format!("- {:>5}", t.size_kib / 4))),
    left("wchan", "WCHAN", 6, wchan),
    left("label", "LABEL", 31, label),
    left("context", "CONTEXT", 31, label),
    left("cgroup", "CGROUP", 27, |t, _| text(if t.cgroup.is_empty() { "-".to_owned() } else { format!("0::{}", t.cgroup) })),
    left("unit", "UNIT", 31, |t, _| text(t.cgroup.rsplit('/').find(|part| part.contains('.')).unwrap_or("-"))),
    left("slice", "SLICE", 31, |t, _| text(t.cgroup.split('/').rev().find(|part| part.ends_with(".slice")).unwrap_or("-"))),
    right("oom", "OOM", 5, |_, _| text(666)),
    right("oomadj", "OOMADJ", 5, zero),
    left("pending", "PENDING", 16, mask),
    left("blocked", "BLOCKED", 16, mask),
    left("ignored", "IGNORED", 16, mask),
    left("caught", "CAUGHT", 16, mask),
    left("exe", "EXE", 27, |t, _| if t.path.is_empty() { text("-") } else { t.path.clone() }),
    left("ucmd", "CMD", 27, comm),
    left("ucomm", "COMMAND", 15, comm),
    left("comm", "COMMAND", 15, comm),
    left("fname", "COMMAND", 8, |t, _| t.name.get(..8).unwrap_or(&t.name).to_vec()),
    left("cmd", "CMD", 27, command),
    left("args", "COMMAND", 27, command),
    left("command", "COMMAND", 27, command),
];

/// The column of that name.
pub(super) fn column(name: &str) -> Option<Column> {
    let name = name.to_ascii_lowercase();
    COLUMNS.iter().find(|column| column.name == name).copied()
}

/// A key by which rows are put in order.
pub(super) fn key(name: &str, t: &Task, around: &Around) -> (i64, Vec<u8>) {
    let number = |value: u64| (i64::try_from(value).unwrap_or(i64::MAX), Vec::new());
    match name {
        "pid" | "tgid" | "lwp" => (i64::from(t.pid), Vec::new()),
        "ppid" => (i64::from(t.parent), Vec::new()),
        "pgid" | "pgrp" => (i64::from(t.group), Vec::new()),
        "sid" | "sess" | "session" => (i64::from(t.session), Vec::new()),
        "%cpu" | "pcpu" | "c" | "cp" => number(busy(t, around) * 1_000 + t.ticks.min(999)),
        "%mem" | "pmem" | "rss" | "rssize" | "rsz" => number(t.resident_kib),
        "vsz" | "vsize" | "sz" | "size" => number(t.size_kib),
        "time" | "cputime" | "bsdtime" | "times" | "cputimes" => number(t.ticks),
        "start" | "start_time" | "lstart" | "bsdstart" | "stime" => (t.started, Vec::new()),
        "etime" | "etimes" => (-t.started, Vec::new()),
        "ni" | "nice" => (i64::from(t.nice), Vec::new()),
        "pri" => (i64::from(19 - t.nice), Vec::new()),
        "uid" | "euid" => (i64::from(t.uid), Vec::new()),
        "nlwp" | "thcount" => (i64::from(t.threads), Vec::new()),
        name => (0, column(name).map(|column| (column.show)(t, around)).unwrap_or_default()),
    }
}

