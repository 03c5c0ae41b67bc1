//! What the machine's services have written down.
//!
//! **Invariant:** an entry's instant, words and process are the same whenever and wherever it is
//! shown; what the session has done since it began is not known here.

use crate::calendar::{Date, seconds};
use crate::kernel::World;
use crate::live::{kernel_log, logins, tasks};
use crate::machine::Dice;

/// A file that `rsyslogd` writes, or its predecessor of so many weeks before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Log {
    Auth(u8),
    Cron(u8),
    Kern(u8),
    Syslog(u8),
    User(u8),
}

impl Log {
    /// How many weeks before it was written.
    pub(crate) fn weeks(self) -> u8 {
        match self {
            Self::Auth(weeks)
            | Self::Cron(weeks)
            | Self::Kern(weeks)
            | Self::Syslog(weeks)
            | Self::User(weeks) => weeks,
        }
    }
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) at: i64,
    pub(crate) micros: u32,
    /// `sshd[123]`, `kernel`
    pub(crate) tag: String,
    pub(crate) text: String,
    pub(crate) facility: Facility,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Facility {
    Auth,
    Cron,
    Daemon,
    Kernel,
}

/// Lines of one file.
const LINES: usize = 40_000;
const WEEK: i64 = 604_800;
const HOUR: i64 = 3_600;

/// When the logs were rotated last: on Sunday, soon after midnight.
pub(crate) fn rotated(world: &World) -> i64 {
    let now = seconds(world.now);
    let at = i64::try_from(world.machine.ids[1] % 40).unwrap_or(0) + 3;
    // The first Sunday was the fourth day.
    let since = (now - at - 3 * 86_400).rem_euclid(WEEK);
    now - since
}

/// From when to when the entries of a file are.
pub(crate) fn span(world: &World, weeks: u8) -> (i64, i64) {
    let to = rotated(world) - (i64::from(weeks) - 1) * WEEK;
    let until = if weeks == 0 { seconds(world.now) + 1 } else { to };
    (to - WEEK, until)
}

/// What is in a file.
pub(crate) fn text(world: &World, log: Log) -> Vec<u8> {
    let weeks = log.weeks();
    let (from, to) = span(world, weeks);
    let entries = all(world, from, to);
    let is_kept = |entry: &&Entry| match log {
        Log::Auth(_) => entry.facility == Facility::Auth,
        Log::Cron(_) => entry.facility == Facility::Cron,
        Log::Kern(_) => entry.facility == Facility::Kernel,
        Log::Syslog(_) => entry.facility != Facility::Auth,
        Log::User(_) => false,
    };
    let host = &world.machine.hostname;
    let mut text = Vec::new();
    for entry in entries.iter().filter(is_kept).take(LINES) {
        text.extend_from_slice(line(entry, host).as_bytes());
    }
    if weeks >= 2 { crate::files::content::gzip(&text) } else { text }
}

/// A line as Debian's `rsyslogd` writes it.
fn line(entry: &Entry, host: &str) -> String {
    let d = Date::new(entry.at);
    format!(
        "{:04}-{:02}-{:02}T{}.{:06}+00:00 {host} {}: {}\n",
        d.year,
        d.month,
        d.day,
        d.clock(),
        entry.micros,
        entry.tag,
        entry.text
    )
}

/// All entries between two instants, in order.
pub(crate) fn all(world: &World, from: i64, to: i64) -> Vec<Entry> {
    let from = from.max(world.machine.installed);
    let mut entries = Vec::new();
    started(world, from, to, &mut entries);
    hourly(world, from, to, &mut entries);
    tried(world, from, &mut entries);
    visited(world, from, &mut entries);
    own(world, &mut entries);
    entries.retain(|entry| entry.at >= from && entry.at < to && entry.at <= seconds(world.now));
    entries.sort_by_key(|entry| (entry.at, entry.micros));
    entries
}

fn micros(at: i64, salt: u64) -> u32 {
    let number = Dice(at.unsigned_abs() ^ salt << 40).roll() % 1_000_000;
    u32::try_from(number).unwrap_or(0)
}

fn entry(at: i64, salt: u64, tag: String, text: String, facility: Facility) -> Entry {
    Entry { at, micros: micros(at, salt), tag, text, facility }
}

/// The number that a process had at some instant.
fn pid_at(world: &World, at: i64) -> u32 {
    let booted = world.machine.booted(world.now);
    1_500 + u32::try_from((at - booted).rem_euclid(80 * 86_400) / 3).unwrap_or(0)
}

fn started(world: &World, from: i64, to: i64, out: &mut Vec<Entry>) {
    let booted = world.machine.booted(world.now);
    if booted < from || booted >= to {
        return;
    }
    for (at, text) in kernel_log::messages(&world.machine) {
        let micros = u32::try_from(at % 1_000_000).unwrap_or(0);
        let at = booted + i64::try_from(at / 1_000_000).unwrap_or(0);
        let tag = "kernel".to_owned();
        out.push(Entry { at, micros, tag, text, facility: Facility::Kernel });
    }
    for (number, (after, tag, text)) in (0..).zip(SYSTEM_START) {
        let tag = (*tag).to_owned();
        out.push(entry(booted + after, number, tag, (*text).to_owned(), Facility::Daemon));
    }
}

/// What happens every hour and every day.
fn hourly(world: &World, from: i64, to: i64, out: &mut Vec<Entry>) {
    let machine = &world.machine;
    let dhclient = tasks::service_pid(machine, "ifup@%i.service").unwrap_or(400);
    let network = crate::live::net::network(world);
    let minute = i64::try_from(machine.ids[0] % 50).unwrap_or(0);
    for hour in from.div_euclid(HOUR)..=to.min(seconds(world.now)).div_euclid(HOUR) {
        let at = hour * HOUR + 17 * 60 + 1;
        let pid = pid_at(world, at);
        let session = "pam_unix(cron:session): session";
        out.push(entry(
            at,
            1,
            format!("CRON[{pid}]"),
            format!("{session} opened for user root(uid=0) by (uid=0)"),
            Facility::Auth,
        ));
        out.push(entry(
            at,
            2,
            format!("CRON[{}]", pid + 1),
            "(root) CMD (cd / && run-parts --report /etc/cron.hourly)".to_owned(),
            Facility::Cron,
        ));
        out.push(entry(
            at,
            3,
            format!("CRON[{pid}]"),
            format!("{session} closed for user root"),
            Facility::Auth,
        ));
        let renew = hour * HOUR + minute * 60;
        let pid = format!("dhclient[{dhclient}]");
        let (address, server, interface) = (network.address, network.gateway, network.interface);
        for (number, text) in [
            format!("DHCPREQUEST for {address} on {interface} to {server} port 67"),
            format!("DHCPACK of {address} from {server}"),
            format!("bound to {address} -- renewal in {} seconds.", 3_400 + hour % 190),
        ]
        .into_iter()
        .enumerate()
        {
            out.push(entry(
                renew + number as i64 / 2,
                9 + number as u64,
                pid.clone(),
                text,
                Facility::Daemon,
            ));
        }
        for (unit, what, of_day) in DAILY {
            let mut dice = Dice((hour.unsigned_abs() / 24) ^ machine.ids[0] ^ *of_day);
            let at = hour.div_euclid(24) * 86_400
                + i64::try_from(*of_day).unwrap_or(0)
                + dice.below(1_800);
            if at.div_euclid(HOUR) == hour {
                let tag = "systemd[1]".to_owned();
                for (number, text) in [
                    format!("Starting {unit}.service - {what}..."),
                    format!("{unit}.service: Deactivated successfully."),
                    format!("Finished {unit}.service - {what}."),
                ]
                .into_iter()
                .enumerate()
                {
                    let late = i64::try_from(number).unwrap_or(0);
                    out.push(entry(at + late, 20, tag.clone(), text, Facility::Daemon));
                }
            }
        }
    }
}

fn tried(world: &World, from: i64, out: &mut Vec<Entry>) {
    for (at, host, name, port) in logins::attempts(world, from) {
        let tag = format!("sshd[{}]", pid_at(world, at));
        let mut add = |late: i64, text: String| {
            out.push(entry(at + late, u64::from(port), tag.clone(), text, Facility::Auth));
        };
        let known =
            matches!(name, "root" | "debian") && (name == "root" || world.machine.user == name);
        let (invalid, user) =
            if known { ("", format!("user={name}")) } else { ("invalid user ", String::new()) };
        if !known {
            add(0, format!("Invalid user {name} from {host} port {port}"));
            add(0, "pam_unix(sshd:auth): check pass; user unknown".to_owned());
        }
        let end = if user.is_empty() { String::new() } else { format!("  {user}") };
        add(
            0,
            format!(
                "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost={host}{end}"
            ),
        );
        add(2, format!("Failed password for {invalid}{name} from {host} port {port} ssh2"));
        add(
            3,
            format!(
                "Connection closed by {}{name} {host} port {port} [preauth]",
                if known { "authenticating user " } else { invalid }
            ),
        );
    }
}

fn login(
    world: &World,
    at: i64,
    how: &str,
    user: &str,
    host: &str,
    port: u16,
    pid: u32,
    out: &mut Vec<Entry>,
) -> String {
    let files = &world.files;
    let uid = crate::people::by_name(files, user.as_bytes()).map_or(1_000, |user| user.uid);
    let number = pid / 31 + 1;
    let tag = format!("sshd[{pid}]");
    let logind = tasks::service_pid(&world.machine, "systemd-logind.service").unwrap_or(470);
    let mut add = |salt, tag: String, text: String, facility| {
        out.push(entry(at, salt, tag, text, facility));
    };
    add(
        1,
        tag.clone(),
        format!("Accepted {how} for {user} from {host} port {port} ssh2"),
        Facility::Auth,
    );
    add(
        1,
        tag.clone(),
        format!("pam_unix(sshd:session): session opened for user {user}(uid={uid}) by (uid=0)"),
        Facility::Auth,
    );
    add(
        1,
        format!("systemd-logind[{logind}]"),
        format!("New session {number} of user {user}."),
        Facility::Auth,
    );
    add(
        1,
        format!("(systemd)[{}]", pid + 3),
        format!(
            "pam_unix(systemd-user:session): session opened for user {user}(uid={uid}) by (uid=0)"
        ),
        Facility::Auth,
    );
    add(
        2,
        "systemd[1]".to_owned(),
        format!("Created slice user-{uid}.slice - User Slice of UID {uid}."),
        Facility::Daemon,
    );
    add(
        2,
        "systemd[1]".to_owned(),
        format!("Started user@{uid}.service - User Manager for UID {uid}."),
        Facility::Daemon,
    );
    add(
        2,
        "systemd[1]".to_owned(),
        format!("Started session-{number}.scope - Session {number} of User {user}."),
        Facility::Daemon,
    );
    tag
}

fn visited(world: &World, from: i64, out: &mut Vec<Entry>) {
    let host = logins::home_address(world).to_string();
    let key = world.machine.dice("key").roll();
    for (at, long, user) in logins::visits(world, from) {
        let user = String::from_utf8_lossy(&user).into_owned();
        let pid = pid_at(world, at);
        let port = u16::try_from(49_152 + at % 16_000).unwrap_or(50_000);
        let how = "publickey";
        let before = out.len();
        let tag = login(world, at, how, &user, &host, port, pid, out);
        if let Some(first) = out.get_mut(before) {
            first.text.push_str(&format!(": ED25519 SHA256:{}", fingerprint(key)));
        }
        let logind = tasks::service_pid(&world.machine, "systemd-logind.service").unwrap_or(470);
        let number = pid / 31 + 1;
        out.push(entry(
            at + long,
            1,
            tag.clone(),
            format!("Received disconnect from {host} port {port}:11: disconnected by user"),
            Facility::Auth,
        ));
        out.push(entry(
            at + long,
            1,
            tag.clone(),
            format!("Disconnected from user {user} {host} port {port}"),
            Facility::Auth,
        ));
        out.push(entry(
            at + long,
            1,
            tag,
            format!("pam_unix(sshd:session): session closed for user {user}"),
            Facility::Auth,
        ));
        out.push(entry(
            at + long,
            1,
            format!("systemd-logind[{logind}]"),
            format!("Session {number} logged out. Waiting for processes to exit."),
            Facility::Auth,
        ));
        out.push(entry(
            at + long,
            1,
            format!("systemd-logind[{logind}]"),
            format!("Removed session {number}."),
            Facility::Auth,
        ));
    }
}

/// 43 letters of base64.
pub(crate) fn fingerprint(seed: u64) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut dice = Dice(seed);
    (0..43).map(|_| char::from(dice.one_of(LETTERS, b'A'))).collect()
}

/// How the session came to be.
fn own(world: &World, out: &mut Vec<Entry>) {
    let user = String::from_utf8_lossy(&world.user.name).into_owned();
    let peer = world.login.peer;
    let host = peer.ip().to_canonical().to_string();
    login(world, world.logged_in, "password", &user, &host, peer.port(), world.sshd, out);
}

/// Timers: unit, what it does, when on a day.
const DAILY: &[(&str, &str, u64)] = &[
    ("apt-daily", "Daily apt download activities", 22_000),
    ("apt-daily-upgrade", "Daily apt upgrade and clean activities", 23_400),
    ("dpkg-db-backup", "Daily dpkg database backup service", 0),
    ("logrotate", "Rotate log files", 0),
    ("man-db", "Daily man-db regeneration", 5_400),
    ("systemd-tmpfiles-clean", "Cleanup of Temporary Directories", 40_000),
];

/// What services say when the machine starts: how many seconds after, who, what.
const SYSTEM_START: &[(i64, &str, &str)] = &[
    (2, "systemd[1]", "Queued start job for default target graphical.target."),
    (2, "systemd[1]", "Created slice system-getty.slice - Slice /system/getty."),
    (2, "systemd[1]", "Created slice system-modprobe.slice - Slice /system/modprobe."),
    (2, "systemd[1]", "Created slice user.slice - User and Session Slice."),
    (2, "systemd[1]", "Listening on systemd-journald.socket - Journal Socket."),
    (3, "systemd[1]", "Starting systemd-journald.service - Journal Service..."),
    (3, "systemd[1]", "Started systemd-journald.service - Journal Service."),
    (
        3,
        "systemd[1]",
        "Starting systemd-udevd.service - Rule-based Manager for Device Events and Files...",
    ),
    (4, "systemd[1]", "Finished systemd-sysctl.service - Apply Kernel Variables."),
    (4, "systemd[1]", "Starting networking.service - Raise network interfaces..."),
    (4, "systemd[1]", "Started cron.service - Regular background program processing daemon."),
    (4, "systemd[1]", "Started dbus.service - D-Bus System Message Bus."),
    (5, "systemd[1]", "Started rsyslog.service - System Logging Service."),
    (5, "systemd[1]", "Started systemd-logind.service - User Login Management."),
    (5, "systemd[1]", "Finished networking.service - Raise network interfaces."),
    (5, "systemd[1]", "Reached target network.target - Network."),
    (5, "systemd[1]", "Started getty@tty1.service - Getty on tty1."),
    (6, "systemd[1]", "Starting ssh.service - OpenBSD Secure Shell server..."),
    (6, "systemd[1]", "Started ssh.service - OpenBSD Secure Shell server."),
    (6, "systemd[1]", "Reached target multi-user.target - Multi-User System."),
    (6, "systemd[1]", "Reached target graphical.target - Graphical Interface."),
];
