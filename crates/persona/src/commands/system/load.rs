//! `uptime` and `w`.
//!
//! **Invariant:** who is there is who /run/utmp has.

use super::{PROCPS, procps, read};
use crate::calendar::{Date, seconds};
use crate::commands::{Flag, Program};
use crate::kernel::{Proc, World};
use crate::live::{self, logins, tasks};

pub(super) const PROGRAMS: &[Program] = &[
    Program::new("uptime", |p| Box::pin(uptime(p)), 14_664, PROCPS),
    Program::new("w.procps", |p| Box::pin(w(p)), 26_832, PROCPS),
    Program::new("w", |p| Box::pin(w(p)), 26_832, PROCPS),
];

/// Those who are there.
fn users(p: &Proc) -> Vec<logins::Record> {
    let mut all = logins::parse(&read(p, b"/run/utmp"));
    all.retain(|record| record.kind == logins::USER && !record.user.is_empty());
    all
}

/// ` 05:14:20 up 12 days,  3:39,  1 user,  load average: 0.02, 0.01, 0.00`
pub(super) fn line(p: &Proc) -> String {
    let users = users(p).len();
    p.world.with(|world| said(world, users))
}

fn said(world: &World, users: usize) -> String {
    let up = live::up_seconds(world);
    let (days, hours, minutes) = (up / 86_400, up / 3_600 % 24, up / 60 % 60);
    let days = match days {
        0 => String::new(),
        1 => "1 day, ".to_owned(),
        _ => format!("{days} days, "),
    };
    let rest = if hours > 0 { format!("{hours:2}:{minutes:02}") } else { format!("{minutes} min") };
    let [one, five, fifteen] = live::load(world);
    let clock = Date::new(seconds(world.now)).clock();
    let word = if users > 1 { "users" } else { "user" };
    format!(" {clock} up {days}{rest}, {users:2} {word},  load average: {one}, {five}, {fifteen}")
}

async fn uptime(p: &mut Proc) -> u32 {
    const FLAGS: &[Flag] = &[Flag::new(b'p', "pretty"), Flag::new(b's', "since")];
    let options = match procps(p, FLAGS) {
        Ok(options) => options,
        Err(status) => return status,
    };
    if !options.rest.is_empty() {
        p.error(super::usage("uptime"));
        return 1;
    }
    if options.has(b's') {
        let d = p.world.with(|world| Date::new(world.machine.booted(world.now)));
        p.line(format!("{:04}-{:02}-{:02} {}", d.year, d.month, d.day, d.clock()));
    } else if options.has(b'p') {
        let up = p.world.with(|world| live::up_seconds(world));
        let unit = |count: i64, name: &str| {
            (count > 0).then(|| format!("{count} {name}{}", if count == 1 { "" } else { "s" }))
        };
        let parts: Vec<String> = [
            unit(up / 604_800, "week"),
            unit(up / 86_400 % 7, "day"),
            unit(up / 3_600 % 24, "hour"),
            unit(up / 60 % 60, "minute"),
        ]
        .into_iter()
        .flatten()
        .collect();
        let parts = if parts.is_empty() { "0 minutes".to_owned() } else { parts.join(", ") };
        p.line(format!("up {parts}"));
    } else {
        let line = line(p);
        p.line(line);
    }
    0
}

async fn w(p: &mut Proc) -> u32 {
    const FLAGS: &[Flag] = &[
        Flag::new(b'h', "no-header"),
        Flag::new(b'u', "no-current"),
        Flag::new(b's', "short"),
        Flag::new(b'f', "from"),
        Flag::new(b'o', "old-style"),
        Flag::new(b'i', "ip-addr"),
        Flag::new(b'p', "pids"),
    ];
    let options = match procps(p, FLAGS) {
        Ok(options) => options,
        Err(status) => return status,
    };
    let from = !options.has(b'f');
    let short = options.has(b's');
    if !options.has(b'h') {
        let line = line(p);
        p.line(line);
        let mut head = String::from("USER     TTY      ");
        head.push_str(if from { "FROM             " } else { "" });
        head.push_str(if short { " IDLE WHAT" } else { "LOGIN@   IDLE   JCPU   PCPU WHAT" });
        if !from && !short {
            head = head.replace("LOGIN@", "  LOGIN@");
        }
        p.line(head);
    }
    let now = seconds(p.now());
    let what = p.world.with(|world| {
        let all = tasks::all(world);
        let front = all.iter().rev().find(|task| task.tty == Some("pts/0") && task.group == task.foreground);
        front.or(all.last()).map(tasks::Task::command).unwrap_or_default()
    });
    let cols = if p.is_terminal(1) { p.world.with(|world| world.tty.cols()) } else { 80 };
    for record in users(p) {
        if options.rest.first().is_some_and(|name| *name != record.user) {
            continue;
        }
        let user = String::from_utf8_lossy(&record.user).into_owned();
        let line = String::from_utf8_lossy(&record.line).into_owned();
        let host = String::from_utf8_lossy(&record.host).into_owned();
        let host = if host.is_empty() { "-".to_owned() } else { host };
        let mut row = format!("{user:<8.8} {line:<8.8} ");
        if from {
            row.push_str(&format!("{host:<16.16} "));
        }
        if !short {
            row.push_str(&login_time(record.at, now));
            row.push_str("  1.00s  0.03s  0.00s ");
        } else {
            row.push_str(" 1.00s ");
        }
        let room = usize::try_from(cols).unwrap_or(80).saturating_sub(row.len()).max(4);
        let what = String::from_utf8_lossy(&what).into_owned();
        row.push_str(&what.chars().take(room).collect::<String>());
        p.line(row);
    }
    0
}

fn login_time(at: i64, now: i64) -> String {
    let d = Date::new(at);
    if now - at > 86_400 * 6 {
        format!("{:02}{}{:02}  ", d.day, d.month_name(), d.year % 100)
    } else if now.div_euclid(86_400) != at.div_euclid(86_400) {
        format!("{}{:02}  ", d.weekday_name(), d.hour)
    } else {
        format!("{:02}:{:02}  ", d.hour, d.minute)
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::Bench;

    #[test]
    fn uptime_counts_nobody_without_a_terminal() {
        let mut bench = Bench::new();
        let out = bench.run(&["uptime"], "").out;
        assert!(out.starts_with(" 04:35:52 up ") && out.contains(",  0 user,  load average: 0."), "{out}");
        let since = bench.run(&["uptime", "-s"], "").out;
        assert_eq!(since.len(), 20, "{since}");
        let up = bench.run(&["cat", "/proc/uptime"], "").out;
        assert!(up.contains('.'));
        let rows = bench.run(&["w"], "").out;
        assert_eq!(rows.lines().nth(1), Some("USER     TTY      FROM             LOGIN@   IDLE   JCPU   PCPU WHAT"));
    }
}
