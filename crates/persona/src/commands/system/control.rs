//! `hostnamectl`, `timedatectl`, `localectl`, `loginctl`, `systemd-detect-virt`.
//!
//! **Invariant:** what they set goes into the files that the real daemons write.

use super::systemctl::span;
use super::{read, systemctl, text, usage};
use crate::calendar::{Date, seconds};
use crate::commands::Program;
use crate::files::Last;
use crate::kernel::Proc;
use crate::live::tasks;
use crate::process::{Direction, Opening};

const SYSTEMD: i64 = 1_781_000_000;

pub(super) const PROGRAMS: &[Program] = &[
    Program::new("hostnamectl", |p| Box::pin(hostnamectl(p)), 31_064, SYSTEMD),
    Program::new("timedatectl", |p| Box::pin(timedatectl(p)), 43_440, SYSTEMD),
    Program::new("localectl", |p| Box::pin(localectl(p)), 26_960, SYSTEMD),
    Program::new("loginctl", |p| Box::pin(loginctl(p)), 63_840, SYSTEMD),
    Program::new("systemd-detect-virt", |p| Box::pin(virtual_machine(p)), 18_776, SYSTEMD),
];

/// The words that are no options; `None` where one has answered already.
fn words(p: &mut Proc) -> Option<Vec<String>> {
    let all: Vec<String> = p.rest().iter().map(|word| text(word)).collect();
    if all.iter().any(|word| word == "--version") {
        systemctl::version(p);
        return None;
    }
    if all.iter().any(|word| word == "-h" || word == "--help") {
        let name = p.name();
        p.line(usage(&name));
        return None;
    }
    Some(all.into_iter().filter(|word| !word.starts_with('-')).collect())
}

/// Writes a file as root does.
async fn put(p: &mut Proc, path: &str, bytes: &[u8]) {
    let opening = Opening { create: Some(0o644), exclusive: false, truncate: !path.starts_with("/proc") };
    if let Ok(open) = p.open(path.as_bytes(), Direction::Write, opening, false) {
        let fd = p.add(open, 3);
        if path.starts_with("/proc") {
            let _ = p.fs(|process| process.truncate_at(path.as_bytes(), 0));
        }
        let _ = p.write(fd, bytes).await;
        p.fds.remove(&fd);
    }
}

async fn hostnamectl(p: &mut Proc) -> u32 {
    let Some(words) = words(p) else { return 0 };
    match words.first().map(String::as_str) {
        None | Some("status") => {}
        Some("hostname" | "set-hostname") => {
            let Some(name) = words.get(1).cloned() else {
                let host = p.world.with(|world| crate::live::hostname(world));
                p.line(host);
                return 0;
            };
            if p.user.uid != 0 {
                p.error("Could not set static hostname: Interactive authentication required.");
                return 1;
            }
            let good = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
            if name.is_empty() || name.len() > 64 || !name.chars().all(good) {
                p.error(format!("Could not set static hostname: Invalid static hostname '{name}'"));
                return 1;
            }
            put(p, "/etc/hostname", format!("{name}\n").as_bytes()).await;
            put(p, "/proc/sys/kernel/hostname", format!("{name}\n").as_bytes()).await;
            return 0;
        }
        Some("set-icon-name" | "icon-name" | "set-chassis" | "chassis" | "set-deployment" | "deployment" | "set-location" | "location") => {
            if words.len() > 1 && p.user.uid != 0 {
                p.error("Could not set property: Interactive authentication required.");
                return 1;
            }
            return 0;
        }
        Some(other) => {
            p.error(format!("Unknown command verb {other}."));
            return 1;
        }
    }
    let host = text(read(p, b"/etc/hostname").trim_ascii());
    let (machine, boot) = p.world.with(|world| (world.machine.clone(), crate::live::boot_id(world)));
    let board = machine.board;
    p.line(format!(" Static hostname: {host}"));
    let now = p.world.with(|world| text(&crate::live::hostname(world)));
    if now != host {
        p.line(format!("Transient hostname: {now}"));
    }
    p.line(format!("       Icon name: computer-vm\n         Chassis: vm\n      Machine ID: {}\n         Boot ID: {}\n  Virtualization: kvm", machine.machine_id(), boot.replace('-', "")));
    p.line(format!("Operating System: Debian GNU/Linux 12 (bookworm)\n          Kernel: Linux {}\n    Architecture: x86-64\n Hardware Vendor: {}\n  Hardware Model: {}\nFirmware Version: {}", machine.kernel, board.vendor, board.product, board.bios.get(1).copied().unwrap_or("")));
    0
}

async fn timedatectl(p: &mut Proc) -> u32 {
    let Some(words) = words(p) else { return 0 };
    let zone_name = zone_name(p);
    match words.first().map(String::as_str) {
        None | Some("status") => {}
        Some("show") => {
            let now = seconds(p.now());
            let d = Date::new(now);
            let stamp = format!("{} {:04}-{:02}-{:02} {} UTC", d.weekday_name(), d.year, d.month, d.day, d.clock());
            p.line(format!("Timezone={zone_name}\nLocalRTC=no\nCanNTP=yes\nNTP=yes\nNTPSynchronized=yes\nTimeUSec={stamp}\nRTCTimeUSec={stamp}"));
            return 0;
        }
        Some("list-timezones") => {
            let zones = crate::files::base::documents::ZONES.lines().filter_map(|line| line.split(' ').next());
            let mut names: Vec<&str> = zones.filter(|name| name.contains('/') || *name == "UTC").collect();
            names.sort_unstable();
            p.line(names.join("\n"));
            return 0;
        }
        Some("set-timezone") => {
            let name = words.get(1).cloned().unwrap_or_default();
            let path = format!("/usr/share/zoneinfo/{name}");
            let there = p.fs(|process| process.stat(path.as_bytes(), Last::Follow)).is_ok_and(|stat| !stat.is(crate::process::FOLDER));
            if p.user.uid != 0 {
                p.error("Failed to set time zone: Interactive authentication required.");
                return 1;
            }
            if name.is_empty() || !there {
                p.error(format!("Failed to set time zone: Invalid or not installed time zone '{name}'"));
                return 1;
            }
            let _ = p.fs(|process| process.unlink(b"/etc/localtime"));
            let _ = p.fs(|process| process.symlink(path.as_bytes(), b"/etc/localtime"));
            put(p, "/etc/timezone", format!("{name}\n").as_bytes()).await;
            return 0;
        }
        Some("set-ntp" | "set-local-rtc") => {
            if p.user.uid != 0 {
                p.error("Failed to set ntp: Interactive authentication required.");
                return 1;
            }
            return 0;
        }
        Some("set-time") => {
            if p.user.uid != 0 {
                p.error("Failed to set time: Interactive authentication required.");
            } else {
                p.error("Failed to set time: Automatic time synchronization is enabled");
            }
            return 1;
        }
        Some("timesync-status") => {
            p.line("       Server: 92.243.6.5 (2.debian.pool.ntp.org)\nPoll interval: 34min 8s (min: 32s; max 34min 8s)\n         Leap: normal\n      Version: 4\n      Stratum: 2\n    Reference: C31D0B2C\n    Precision: 1us (-24)\nRoot distance: 15.037ms (max: 5s)\n       Offset: -412us\n        Delay: 11.204ms\n       Jitter: 731us\n Packet count: 214\n    Frequency: -12.406ppm");
            return 0;
        }
        Some(other) => {
            p.error(format!("Unknown command verb {other}."));
            return 1;
        }
    }
    let now = seconds(p.now());
    let zone = super::date::zone(p);
    let (offset, short) = zone.at(now);
    let stamp = |at: i64| {
        let d = Date::new(at);
        format!("{} {:04}-{:02}-{:02} {}", d.weekday_name(), d.year, d.month, d.day, d.clock())
    };
    let sign = if offset < 0 { '-' } else { '+' };
    let hours = format!("{sign}{:02}{:02}", offset.abs() / 3_600, offset.abs() / 60 % 60);
    p.line(format!("               Local time: {} {short}\n           Universal time: {} UTC\n                 RTC time: {}\n                Time zone: {zone_name} ({short}, {hours})\nSystem clock synchronized: yes\n              NTP service: active\n          RTC in local TZ: no", stamp(now + offset), stamp(now), stamp(now)));
    0
}

fn zone_name(p: &Proc) -> String {
    let link = p.fs(|process| process.readlink(b"/etc/localtime")).unwrap_or_default();
    let link = text(&link);
    link.strip_prefix("/usr/share/zoneinfo/").unwrap_or("UTC").to_owned()
}

async fn localectl(p: &mut Proc) -> u32 {
    let Some(words) = words(p) else { return 0 };
    match words.first().map(String::as_str) {
        None | Some("status") => {
            let file = read(p, b"/etc/default/locale");
            let lang = text(&file).lines().find_map(|line| line.strip_prefix("LANG=").map(|value| value.trim_matches('"').to_owned()));
            p.line(format!("System Locale: LANG={}\n    VC Keymap: (unset)\n   X11 Layout: us\n    X11 Model: pc105", lang.unwrap_or_else(|| "C.UTF-8".to_owned())));
            0
        }
        Some("list-locales") => {
            p.line("C.UTF-8\nen_US.UTF-8");
            0
        }
        Some("set-locale") => {
            if p.user.uid != 0 {
                p.error("Failed to issue method call: Interactive authentication required.");
                return 1;
            }
            let value = words.get(1).cloned().unwrap_or_default();
            let value = value.strip_prefix("LANG=").unwrap_or(&value).to_owned();
            put(p, "/etc/default/locale", format!("LANG={value}\n").as_bytes()).await;
            0
        }
        Some("list-keymaps" | "list-x11-keymap-layouts" | "set-keymap" | "set-x11-keymap") => 0,
        Some(other) => {
            p.error(format!("Unknown command verb {other}."));
            1
        }
    }
}

async fn loginctl(p: &mut Proc) -> u32 {
    let Some(words) = words(p) else { return 0 };
    let (number, user, terminal, since, peer, server) = p.world.with(|world| {
        (
            tasks::session_number(world),
            world.user.clone(),
            world.tty.is_there(),
            world.logged_in,
            world.login.peer.ip().to_canonical(),
            tasks::shell_parent(world),
        )
    });
    let (name, uid) = (text(&user.name), user.uid);
    let tty = if terminal { "pts/0" } else { "" };
    let d = Date::new(since);
    let when = format!("{} {:04}-{:02}-{:02} {} UTC; {} ago", d.weekday_name(), d.year, d.month, d.day, d.clock(), span(seconds(p.now()) - since));
    match words.first().map(String::as_str) {
        None | Some("list-sessions") => {
            let wide = number.to_string().len().max(7);
            let user_wide = name.len().max(4);
            p.line(format!("{:>wide$}  {:>4} {:<user_wide$} SEAT TTY  ", "SESSION", "UID", "USER").trim_end());
            p.line(format!("{number:>wide$}  {uid:>4} {name:<user_wide$}      {tty}").trim_end());
            p.line("\n1 sessions listed.");
            0
        }
        Some("list-users") => {
            p.line(format!(" UID USER\n{uid:>4} {name}\n\n1 users listed."));
            0
        }
        Some("list-seats") => {
            p.line("SEAT \nseat0\n\n1 seats listed.");
            0
        }
        Some("show-user" | "show-session" | "show-seat") => {
            p.line(format!("Id={number}\nUser={uid}\nName={name}\nTimestamp={}\nTTY={tty}\nRemote=yes\nRemoteHost={peer}\nService=sshd\nScope=session-{number}.scope\nLeader={server}\nType=tty\nClass=user\nActive=yes\nState=active\nIdleHint=no", when.split(';').next().unwrap_or("")));
            0
        }
        Some("session-status") => {
            p.line(format!("{number} - {name} ({uid})\n           Since: {when}\n          Leader: {server} (sshd)\n             TTY: {tty}\n          Remote: {peer}\n         Service: sshd; type tty; class user\n           State: active\n            Unit: session-{number}.scope"));
            0
        }
        Some("user-status") => {
            p.line(format!("{name} ({uid})\n           Since: {when}\n           State: active\n        Sessions: *{number}\n          Linger: no\n            Unit: user-{uid}.slice"));
            0
        }
        Some("enable-linger" | "disable-linger" | "lock-session" | "unlock-session" | "activate" | "lock-sessions" | "flush-devices" | "attach") => 0,
        Some("terminate-session" | "kill-session" | "terminate-user" | "kill-user") => {
            let all: Vec<u32> = p.world.with(|world| world.table.keys().copied().collect());
            for pid in all {
                p.world.with(|world| world.signal(pid, crate::kernel::Signal::HUP));
            }
            p.pause().await;
            0
        }
        Some(other) => {
            p.error(format!("Unknown command verb {other}."));
            1
        }
    }
}

async fn virtual_machine(p: &mut Proc) -> u32 {
    let words = p.rest();
    let has = |short: &[u8], long: &[u8]| words.iter().any(|word| word == short || word == long);
    if has(b"--version", b"--version") {
        systemctl::version(p);
        return 0;
    }
    if has(b"-c", b"--container") || has(b"-r", b"--chroot") {
        if !has(b"-r", b"--chroot") {
            p.line("none");
        }
        return 1;
    }
    if !has(b"-q", b"--quiet") {
        p.line("kvm");
    }
    0
}

#[cfg(test)]
mod tests {
    use crate::testing::Bench;

    #[test]
    fn the_zone_is_what_was_set() {
        let mut bench = Bench::new();
        assert_eq!(bench.run(&["timedatectl", "set-timezone", "Europe/Paris"], "").status, 0);
        assert_eq!(bench.run(&["date", "+%Z"], "").out, "CET\n");
        assert!(bench.run(&["timedatectl"], "").out.contains("                Time zone: Europe/Paris (CET, +0100)\n"));
        assert_eq!(bench.run(&["timedatectl", "set-timezone", "No/Where"], "").err, "Failed to set time zone: Invalid or not installed time zone 'No/Where'\n");
        assert_eq!(bench.run(&["hostnamectl", "set-hostname", "box"], "").status, 0);
        assert_eq!(bench.run(&["hostname"], "").out, "box\n");
        assert!(bench.run(&["hostnamectl"], "").out.starts_with(" Static hostname: box\n"));
        assert_eq!(bench.run(&["systemd-detect-virt"], "").out, "kvm\n");
    }
}
