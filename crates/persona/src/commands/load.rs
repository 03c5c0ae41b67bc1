//! Commands about what the machine is busy with: time, memory, disks, processes.

use crate::calendar::{Date, seconds};
use crate::commands::{Call, Outcome};
use crate::machine::Dice;
use crate::shell::Shell;
use decnet_core::event::Timestamp;

pub(super) struct Memory {
    pub(super) total: u64,
    pub(super) free: u64,
    pub(super) available: u64,
    pub(super) buffers: u64,
    pub(super) cached: u64,
    pub(super) shared: u64,
}

/// What `free` shows, KiB. Changes a little every minute.
pub(super) fn memory(shell: &Shell, now: Timestamp) -> Memory {
    let total = shell.machine.memory_kib;
    let minute = u64::try_from(seconds(now) / 60).unwrap_or(0);
    let mut dice = Dice(minute ^ shell.machine.ids[0]);
    let used = total / 9 + dice.roll() % (total / 90).max(1);
    let buffers = total / 60;
    let cached = total / 4 + shell.machine.ids[0] % (total / 20).max(1);
    let free = total - used - buffers - cached;
    let available = free + cached * 9 / 10;
    Memory { total, free, available, buffers, cached, shared: total / 2_000 + 400 }
}

pub(super) fn load(shell: &Shell, now: Timestamp) -> [String; 3] {
    let minute = u64::try_from(seconds(now) / 60).unwrap_or(0);
    [(1, 9), (5, 6), (15, 3)].map(|(span, most)| {
        let mut dice = Dice((minute / span) ^ shell.machine.ids[1]);
        format!("0.{:02}", dice.below(most + 1))
    })
}

pub(super) fn up_seconds(shell: &Shell, now: Timestamp) -> i64 {
    seconds(now) - shell.machine.booted(now)
}

/// ` 05:14:20 up 12 days,  3:39,  1 user,  load average: 0.02, 0.01, 0.00`
pub(super) fn uptime_line(shell: &Shell, now: Timestamp) -> String {
    let up = up_seconds(shell, now);
    let (days, hours, minutes) = (up / 86_400, up / 3_600 % 24, up / 60 % 60);
    let days = match days {
        0 => String::new(),
        1 => "1 day, ".to_owned(),
        _ => format!("{days} days, "),
    };
    let rest = if hours > 0 { format!("{hours:2}:{minutes:02}") } else { format!("{minutes} min") };
    let users = if shell.login.terminal.is_some() { "1 user" } else { "0 user" };
    let [one, five, fifteen] = load(shell, now);
    let clock = Date::new(seconds(now)).clock();
    format!(" {clock} up {days}{rest},  {users},  load average: {one}, {five}, {fifteen}")
}

pub(crate) fn uptime(call: &mut Call<'_>) -> Outcome {
    let up = up_seconds(call.shell, call.now);
    match call.arg(0) {
        Some(b"-s" | b"--since") => {
            let d = Date::new(call.shell.machine.booted(call.now));
            call.line(format!("{:04}-{:02}-{:02} {}", d.year, d.month, d.day, d.clock()));
        }
        Some(b"-p" | b"--pretty") => {
            let unit = |count: i64, name: &str| {
                (count > 0).then(|| format!("{count} {name}{}", if count == 1 { "" } else { "s" }))
            };
            let parts = [
                unit(up / 604_800, "week"),
                unit(up / 86_400 % 7, "day"),
                unit(up / 3_600 % 24, "hour"),
                unit(up / 60 % 60, "minute"),
            ];
            call.line(format!("up {}", parts.into_iter().flatten().collect::<Vec<_>>().join(", ")));
        }
        _ => call.line(uptime_line(call.shell, call.now)),
    }
    Outcome::Done(0)
}

pub(crate) fn free(call: &mut Call<'_>) -> Outcome {
    let (flags, ..) = call.flags();
    let memory = memory(call.shell, call.now);
    let human = |kib: u64| {
        let bytes = kib * 1_024;
        match bytes {
            0..=1_023 => format!("{bytes}B"),
            1_024..=1_048_575 => format!("{}Ki", bytes >> 10),
            1_048_576..=10_485_759 => format!("{:.1}Mi", bytes as f64 / 1_048_576.0),
            10_485_760..=1_073_741_823 => format!("{}Mi", bytes >> 20),
            1_073_741_824..=10_737_418_239 => format!("{:.1}Gi", bytes as f64 / 1_073_741_824.0),
            _ => format!("{}Gi", bytes >> 30),
        }
    };
    let show = |kib: u64| match flags.iter().find(|b| b"hmgb".contains(b)) {
        Some(b'h') => human(kib),
        Some(b'm') => (kib / 1_024).to_string(),
        Some(b'g') => (kib / 1_048_576).to_string(),
        Some(b'b') => (kib * 1_024).to_string(),
        _ => kib.to_string(),
    };
    let cache = memory.buffers + memory.cached;
    let used = memory.total - memory.available;
    call.line("               total        used        free      shared  buff/cache   available");
    let columns = [memory.total, used, memory.free, memory.shared, cache, memory.available];
    let columns: Vec<String> = columns.iter().map(|&kib| format!("{:>12}", show(kib))).collect();
    call.line(format!("Mem:    {}", columns.join("")));
    let none = show(0);
    call.line(format!("Swap:   {none:>12}{none:>12}{none:>12}"));
    Outcome::Done(0)
}

/// File systems: name, KiB, KiB used, and where they are.
pub(crate) fn disks(shell: &Shell) -> [(&'static str, u64, u64, &'static str); 6] {
    let machine = &shell.machine;
    let memory = machine.memory_kib;
    let used = machine.used_kib() + shell.files.sizes().div_ceil(1_024);
    [
        ("udev", memory / 2 - 20_000, 0, "/dev"),
        ("tmpfs", memory / 10, 400 + machine.ids[0] % 500, "/run"),
        ("/dev/vda1", machine.disk_kib, used, "/"),
        ("tmpfs", memory / 2, 0, "/dev/shm"),
        ("tmpfs", 5_120, 0, "/run/lock"),
        ("tmpfs", memory / 10, 0, "/run/user/0"),
    ]
}

pub(crate) fn df(call: &mut Call<'_>) -> Outcome {
    let (flags, ..) = call.flags();
    let rows = disks(call.shell);
    let human = flags.contains(&b'h');
    let show = |kib: u64| {
        if !human {
            return kib.to_string();
        }
        let (mut value, mut unit) = (kib, "K");
        let mut rest = 0;
        for next in ["M", "G", "T"] {
            if value < 1_024 {
                break;
            }
            (rest, value, unit) = (value % 1_024, value / 1_024, next);
        }
        if kib == 0 {
            "0".to_owned()
        } else if value < 10 && unit != "K" {
            let tenths = (rest * 10).div_ceil(1_024);
            format!("{}.{}{unit}", value + tenths / 10, tenths % 10)
        } else {
            format!("{}{unit}", value + u64::from(rest > 0))
        }
    };
    if human {
        call.line("Filesystem      Size  Used Avail Use% Mounted on");
    } else {
        call.line("Filesystem     1K-blocks    Used Available Use% Mounted on");
    }
    for (name, size, used, at) in rows {
        // Five per cent of a disk are kept back for root.
        let kept = if at == "/" { size / 20 } else { 0 };
        let free = (size - used).saturating_sub(kept);
        let percent = (used * 100).div_ceil((used + free).max(1));
        let (size, used, free) = (show(size), show(used), show(free));
        if human {
            call.line(format!("{name:<14} {size:>5} {used:>5} {free:>5} {percent:>3}% {at}"));
        } else {
            call.line(format!("{name:<14} {size:>9} {used:>7} {free:>9} {percent:>3}% {at}"));
        }
    }
    Outcome::Done(0)
}

pub(crate) fn ps(call: &mut Call<'_>) -> Outcome {
    let letters: Vec<u8> = call.args.iter().flatten().copied().filter(|b| *b != b'-').collect();
    let own = call.shell.next_pid();
    let bash = call.shell.level().pid;
    let uid = call.shell.level().user.name.clone();
    let user = String::from_utf8_lossy(&uid).into_owned();
    let tty = if call.shell.login.terminal.is_some() { "pts/0" } else { "?" };
    if !letters.iter().any(|b| b"aexA".contains(b)) {
        call.line("    PID TTY          TIME CMD");
        call.line(format!("{bash:7} {tty:<8} 00:00:00 bash"));
        call.line(format!("{own:7} {tty:<8} 00:00:00 ps"));
        return Outcome::Done(0);
    }
    let boot = Date::new(call.shell.machine.booted(call.now));
    let started = format!("{}{:02}", boot.month_name(), boot.day);
    let here = Date::new(call.shell.logged_in);
    let here = format!("{:02}:{:02}", here.hour, here.minute);
    let sshd = format!("sshd: {user}@{}", if tty == "?" { "notty" } else { "pts/0" });
    let name: &str = call.shell.level().name();
    let text = call.args.join(&b' ');
    let command = format!("ps {}", String::from_utf8_lossy(&text));
    let wide = letters.contains(&b'u');
    let full = letters.contains(&b'f') && !wide;
    /// Process, parent, user, terminal, state, command line, size and resident size in KiB.
    type Process<'a> = (u32, u32, &'a str, &'a str, &'a str, &'a str, u32, u32);
    let mut rows: Vec<Process<'_>> = vec![
        (1, 0, "root", "?", "Ss", "/sbin/init", 168_500, 12_900),
        (2, 0, "root", "?", "S", "[kthreadd]", 0, 0),
        (3, 2, "root", "?", "I<", "[rcu_gp]", 0, 0),
        (14, 2, "root", "?", "S", "[ksoftirqd/0]", 0, 0),
        (15, 2, "root", "?", "I", "[rcu_preempt]", 0, 0),
        (241, 1, "root", "?", "Ss", "/lib/systemd/systemd-journald", 32_980, 12_400),
        (268, 1, "root", "?", "Ss", "/lib/systemd/systemd-udevd", 26_300, 6_100),
        (412, 1, "systemd+", "?", "Ssl", "/lib/systemd/systemd-timesyncd", 90_080, 6_700),
        (470, 1, "root", "?", "Ss", "/usr/sbin/cron -f", 6_610, 2_700),
        (471, 1, "message+", "?", "Ss", "/usr/bin/dbus-daemon --system --nofork", 9_120, 4_900),
        (474, 1, "root", "?", "Ss", "/lib/systemd/systemd-logind", 25_400, 7_900),
        (
            498,
            1,
            "root",
            "tty1",
            "Ss+",
            "/sbin/agetty -o -p -- \\u --noclear tty1 linux",
            5_870,
            1_070,
        ),
        (
            512,
            1,
            "root",
            "?",
            "Ss",
            "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups",
            15_440,
            9_300,
        ),
    ];
    rows.push((bash - 1, 512, "root", "?", "Ss", &sshd, 17_700, 10_900));
    rows.push((bash, bash - 1, &user, tty, "Ss", name, 7_200, 4_000));
    rows.push((own, bash, &user, tty, "R+", &command, 11_200, 4_800));
    let memory = call.shell.machine.memory_kib;
    let mut out = String::new();
    out.push_str(match (wide, full) {
        (true, _) => "USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND\n",
        (false, true) => "UID          PID    PPID  C STIME TTY          TIME CMD\n",
        (false, false) => "    PID TTY          TIME CMD\n",
    });
    for (pid, parent, user, tty, stat, command, size, resident) in rows {
        let start = if pid < bash - 1 { &started } else { &here };
        let share = f64::from(resident) * 100.0 / memory as f64;
        let first = command.split(' ').next().unwrap_or(command);
        let short =
            first.rsplit('/').next().unwrap_or(first).trim_matches(&['[', ']', ':', '-'][..]);
        out.push_str(&if wide {
            format!(
                "{user:<8} {pid:7}  0.0 {share:4.1} {size:6} {resident:5} {tty:<8} {stat:<4} \
                 {start:>5}   0:00 {command}\n"
            )
        } else if full {
            format!("{user:<8} {pid:7} {parent:7}  0 {start:>5} {tty:<8} 00:00:00 {command}\n")
        } else {
            format!("{pid:7} {tty:<8} 00:00:00 {short}\n")
        });
    }
    call.print(out);
    Outcome::Done(0)
}
