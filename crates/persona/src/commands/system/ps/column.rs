//! The columns of `ps`: their titles, widths, and what is in them.

use crate::calendar::{Date, seconds};
use crate::kernel::World;
use crate::live::tasks::Task;
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// What columns need to know of the machine.
pub(in crate::commands::system) struct Facts {
    users: BTreeMap<u32, String>,
    groups: BTreeMap<u32, String>,
    now: i64,
    memory_kib: u64,
}

impl Facts {
    pub(in crate::commands::system) fn new(world: &World) -> Self {
        let text = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
        let users = crate::people::users(&world.files);
        let groups = crate::people::groups(&world.files);
        Self {
            users: users.iter().rev().map(|user| (user.uid, text(&user.name))).collect(),
            groups: groups.iter().rev().map(|(name, gid, _)| (*gid, text(name))).collect(),
            now: seconds(world.now),
            memory_kib: world.machine.memory_kib,
        }
    }

    pub(in crate::commands::system) fn user(&self, uid: u32) -> Option<&str> {
        self.users.get(&uid).map(String::as_str)
    }

    pub(super) fn group(&self, gid: u32) -> Option<&str> {
        self.groups.get(&gid).map(String::as_str)
    }

    /// Seconds since it began.
    fn age(&self, task: &Task) -> i64 {
        (self.now - task.started.div_euclid(1_000_000_000)).max(0)
    }

    pub(in crate::commands::system) fn memory(&self, task: &Task) -> String {
        super::super::tenths(task.resident_kib, self.memory_kib)
    }

    pub(in crate::commands::system) fn processor(&self, task: &Task) -> String {
        let age = u64::try_from(self.age(task)).unwrap_or(0);
        super::super::tenths(task.ticks, (age * 100).max(task.ticks).max(1))
    }
}

#[derive(Clone)]
pub(super) struct Column {
    key: &'static str,
    pub(super) title: String,
    pub(super) width: usize,
    pub(super) right: bool,
    pub(super) cuts: bool,
}

/// Names, title, width, whether it is to the right, and whether it is cut.
type Known = (&'static [&'static str], &'static str, usize, bool, bool);

const KNOWN: &[Known] = &[
    (&["pid", "tgid"], "PID", 7, true, false),
    (&["ppid"], "PPID", 7, true, false),
    (&["pgid", "pgrp"], "PGID", 7, true, false),
    (&["sid", "sess", "session"], "SID", 7, true, false),
    (&["tpgid"], "TPGID", 7, true, false),
    (&["lwp", "tid", "spid"], "LWP", 7, true, false),
    (&["user", "euser", "uname"], "USER", 8, false, false),
    (&["ruser"], "RUSER", 8, false, false),
    (&["UID"], "UID", 8, false, false),
    (&["uid"], "UID", 5, true, false),
    (&["euid"], "EUID", 5, true, false),
    (&["ruid"], "RUID", 5, true, false),
    (&["group", "egroup"], "GROUP", 8, false, false),
    (&["rgroup"], "RGROUP", 8, false, false),
    (&["gid"], "GID", 5, true, false),
    (&["egid"], "EGID", 5, true, false),
    (&["rgid"], "RGID", 5, true, false),
    (&["%cpu", "pcpu"], "%CPU", 4, true, false),
    (&["%mem", "pmem"], "%MEM", 4, true, false),
    (&["c"], "C", 2, true, false),
    (&["vsz", "vsize"], "VSZ", 6, true, false),
    (&["rss", "rssize", "rsz"], "RSS", 5, true, false),
    (&["sz"], "SZ", 5, true, false),
    (&["size"], "SIZE", 5, true, false),
    (&["tname"], "TTY", 8, false, false),
    (&["tty"], "TT", 8, false, false),
    (&["tt"], "TT", 8, false, false),
    (&["stat"], "STAT", 4, false, false),
    (&["s", "state"], "S", 1, false, false),
    (&["start_time"], "START", 5, true, false),
    (&["stime"], "STIME", 5, true, false),
    (&["bsdstart"], "START", 6, true, false),
    (&["start"], "STARTED", 8, true, false),
    (&["lstart"], "STARTED", 24, true, false),
    (&["time", "cputime"], "TIME", 8, true, false),
    (&["times", "cputimes"], "TIME", 8, true, false),
    (&["bsdtime"], "TIME", 6, true, false),
    (&["etime"], "ELAPSED", 11, true, false),
    (&["etimes"], "ELAPSED", 7, true, false),
    (&["ni", "nice"], "NI", 3, true, false),
    (&["pri"], "PRI", 3, true, false),
    (&["psr"], "PSR", 3, true, false),
    (&["nlwp", "thcount"], "NLWP", 4, true, false),
    (&["f", "flag", "flags"], "F", 1, true, false),
    (&["addr"], "ADDR", 4, false, false),
    (&["wchan"], "WCHAN", 6, false, true),
    (&["cls", "class", "policy"], "CLS", 3, true, false),
    (&["rtprio"], "RTPRIO", 6, true, false),
    (&["ucmd"], "CMD", 15, false, true),
    (&["comm", "ucomm"], "COMMAND", 15, false, true),
    (&["args", "command"], "COMMAND", 27, false, true),
    (&["cmd"], "CMD", 27, false, true),
    (&["exe"], "EXE", 27, false, true),
    (&["cgroup"], "CGROUP", 27, false, true),
    (&["unit"], "UNIT", 31, false, true),
    (&["label"], "LABEL", 31, false, true),
];

/// A list of columns, each with a title of its own or not: `pid,user=WHO`.
pub(super) fn list(text: &str) -> Result<Vec<Column>, String> {
    let mut columns = Vec::new();
    let mut rest = text;
    while !rest.is_empty() && columns.len() < 100 {
        let end = rest.find([',', ' ', '=']).unwrap_or(rest.len());
        let name = rest.get(..end).unwrap_or_default();
        let tail = rest.get(end..).unwrap_or_default();
        // A title goes on until the end of the word.
        let title = tail.strip_prefix('=');
        rest = match title {
            Some(title) if title.starts_with(',') => title,
            Some(_) => "",
            None => tail,
        };
        rest = rest.strip_prefix([',', ' ']).unwrap_or(rest);
        if name.is_empty() {
            continue;
        }
        let known = KNOWN.iter().find(|(names, ..)| names.contains(&name));
        let Some((names, heading, width, right, cuts)) = known else {
            return Err(format!("unknown user-defined format specifier \"{name}\""));
        };
        let title = match title {
            Some(title) if title.starts_with(',') => String::new(),
            Some(title) => title.to_owned(),
            None => (*heading).to_owned(),
        };
        let width = (*width).max(title.len());
        let key = names.first().copied().unwrap_or_default();
        columns.push(Column { key, title, width, right: *right, cuts: *cuts });
    }
    Ok(columns)
}

/// Of a name that is too long, what fits, and a plus.
fn short(name: Option<&str>, id: u32, width: usize) -> String {
    match name {
        Some(name) if name.len() <= width => name.to_owned(),
        Some(name) => format!("{}+", name.get(..width.saturating_sub(1)).unwrap_or(name)),
        None => id.to_string(),
    }
}

impl Column {
    pub(super) fn text(&self, task: &Task, branch: &str, env: bool, facts: &Facts) -> Vec<u8> {
        let n = |number: u64| number.to_string();
        let second = i64::try_from(task.ticks / 100).unwrap_or(0);
        let started = task.started.div_euclid(1_000_000_000);
        let text = match self.key {
            "pid" | "lwp" => task.pid.to_string(),
            "ppid" => task.parent.to_string(),
            "pgid" => task.group.to_string(),
            "sid" => task.session.to_string(),
            "tpgid" if task.tty.is_some() => task.foreground.to_string(),
            "tpgid" => "-1".to_owned(),
            "user" | "ruser" | "UID" => short(facts.user(task.uid), task.uid, self.width),
            "uid" | "euid" | "ruid" => task.uid.to_string(),
            "group" | "rgroup" => short(facts.group(task.gid), task.gid, self.width),
            "gid" | "egid" | "rgid" => task.gid.to_string(),
            "%cpu" => facts.processor(task),
            "%mem" => facts.memory(task),
            "c" => facts.processor(task).split('.').next().unwrap_or("0").to_owned(),
            "vsz" => n(task.size_kib),
            "rss" => n(task.resident_kib),
            "sz" => n(task.size_kib / 4),
            "size" => n(task.size_kib / 10),
            "tname" | "tty" | "tt" => task.tty.unwrap_or("?").to_owned(),
            "stat" => task.stat(),
            "s" => char::from(task.state).to_string(),
            "start_time" | "stime" | "bsdstart" => began(started, facts.now),
            "start" => began_long(started, facts.now),
            "lstart" => long_date(started),
            "time" => clock(second),
            "times" => second.to_string(),
            "bsdtime" => format!("{}:{:02}", second / 60, second % 60),
            "etime" => elapsed(facts.age(task)),
            "etimes" => facts.age(task).to_string(),
            "ni" => task.nice.to_string(),
            "pri" => (19 - task.nice).to_string(),
            "psr" => "0".to_owned(),
            "nlwp" => task.threads.to_string(),
            "f" => (if task.is_kernel { "1" } else { "4" }).to_owned(),
            "cls" => "TS".to_owned(),
            "ucmd" | "comm" => {
                let dead = if task.state == b'Z' { &b" <defunct>"[..] } else { b"" };
                return [branch.as_bytes(), &task.name, dead].concat();
            }
            "args" | "cmd" => {
                let mut text = [branch.as_bytes(), &task.command()].concat();
                for (name, value) in task.env.iter().filter(|_| env) {
                    text.extend([b" ", name.as_slice(), b"=", value].concat());
                }
                for byte in &mut text {
                    if byte.is_ascii_control() {
                        *byte = b'?';
                    }
                }
                return text;
            }
            "exe" => String::from_utf8_lossy(&task.path).into_owned(),
            "cgroup" if !task.is_kernel => format!("0::{}", task.cgroup),
            "unit" => task
                .cgroup
                .rsplit('/')
                .next()
                .filter(|unit| !unit.is_empty())
                .unwrap_or("-")
                .to_owned(),
            "label" => "unconfined".to_owned(),
            _ => "-".to_owned(),
        };
        text.into_bytes()
    }
}

/// `12:34` of today, `Nov22` of this year, `2025`.
fn began(at: i64, now: i64) -> String {
    let (date, today) = (Date::new(at), Date::new(now));
    if date.year != today.year {
        format!("{}", date.year)
    } else if date.day_of_year != today.day_of_year {
        format!("{}{:02}", date.month_name(), date.day)
    } else {
        format!("{:02}:{:02}", date.hour, date.minute)
    }
}

fn began_long(at: i64, now: i64) -> String {
    let date = Date::new(at);
    if now - at >= 86_400 {
        format!("  {} {:02}", date.month_name(), date.day)
    } else {
        date.clock()
    }
}

fn long_date(at: i64) -> String {
    let d = Date::new(at);
    format!("{} {} {:2} {} {}", d.weekday_name(), d.month_name(), d.day, d.clock(), d.year)
}

/// `00:00:00`, `1-02:03:04`
fn clock(seconds: i64) -> String {
    let text = format!("{:02}:{:02}:{:02}", seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    match seconds / 86_400 {
        0 => text,
        days => format!("{days}-{text}"),
    }
}

/// `01:02`, `01:02:03`, `12-01:02:03`
fn elapsed(seconds: i64) -> String {
    if seconds < 3_600 {
        return format!("{:02}:{:02}", seconds / 60, seconds % 60);
    }
    match seconds / 86_400 {
        0 => clock(seconds),
        days => format!("{days:02}-{}", clock(seconds % 86_400)),
    }
}

/// Puts processes into an order: the first key counts most.
pub(super) fn sort(tasks: &mut [Task], keys: &[(String, bool)], facts: &Facts) {
    if keys.is_empty() {
        return;
    }
    tasks.sort_by(|one, other| {
        for (key, down) in keys {
            let order = compare(one, other, key, facts);
            let order = if *down { order.reverse() } else { order };
            if order != Ordering::Equal {
                return order;
            }
        }
        Ordering::Equal
    });
}

fn compare(one: &Task, other: &Task, key: &str, facts: &Facts) -> Ordering {
    match key {
        "ppid" => one.parent.cmp(&other.parent),
        "pgid" | "pgrp" => one.group.cmp(&other.group),
        "sid" | "session" | "sess" => one.session.cmp(&other.session),
        "uid" | "euid" => one.uid.cmp(&other.uid),
        "user" | "euser" | "ruser" | "U" => facts.user(one.uid).cmp(&facts.user(other.uid)),
        "%cpu" | "pcpu" | "C" | "c" => {
            let share = |task: &Task| {
                let age = u64::try_from(facts.age(task)).unwrap_or(0) * 100;
                task.ticks.saturating_mul(1_000_000) / age.max(task.ticks).max(1)
            };
            share(one).cmp(&share(other))
        }
        "%mem" | "pmem" | "rss" | "rssize" | "rsz" => one.resident_kib.cmp(&other.resident_kib),
        "vsz" | "vsize" | "sz" | "size" => one.size_kib.cmp(&other.size_kib),
        "time" | "cputime" | "bsdtime" => one.ticks.cmp(&other.ticks),
        "start_time" | "start" | "stime" | "lstart" => one.started.cmp(&other.started),
        "etime" | "etimes" => other.started.cmp(&one.started),
        "ni" | "nice" => one.nice.cmp(&other.nice),
        "tty" | "tname" | "tt" => one.tty.cmp(&other.tty),
        "comm" | "ucmd" | "ucomm" => one.name.cmp(&other.name),
        "args" | "cmd" | "command" => one.command().cmp(&other.command()),
        "stat" | "s" | "state" => one.state.cmp(&other.state),
        _ => one.pid.cmp(&other.pid),
    }
}
