//! Commands about the machine, its users and its processes.

use crate::calendar::{Date, seconds};
use crate::commands::{Call, Outcome};
use crate::files::Live;
use crate::machine::Dice;
use crate::shell::run::Program;
use crate::shell::{Shell, User};
use decnet_core::event::Timestamp;

/// What the kernel says in a file of its own.
pub(crate) fn live(shell: &mut Shell, now: Timestamp, live: Live) -> Vec<u8> {
    let machine = std::sync::Arc::clone(&shell.machine);
    match live {
        Live::Cpuinfo => {
            (0..machine.cpus).flat_map(|index| cpu_text(&machine, index).into_bytes()).collect()
        }
        Live::Meminfo => {
            let memory = memory(shell, now);
            [
                ("MemTotal:", memory.total),
                ("MemFree:", memory.free),
                ("MemAvailable:", memory.available),
                ("Buffers:", memory.buffers),
                ("Cached:", memory.cached),
                ("SwapCached:", 0),
                ("SwapTotal:", 0),
                ("SwapFree:", 0),
                ("Shmem:", memory.shared),
            ]
            .iter()
            .flat_map(|(name, value)| format!("{name:<15} {value:8} kB\n").into_bytes())
            .collect()
        }
        Live::Uptime => {
            let up = up_seconds(shell, now);
            let idle = up * i64::from(machine.cpus) * 98 / 100;
            format!("{up}.{:02} {idle}.{:02}\n", up % 97, idle % 89).into_bytes()
        }
        Live::Loadavg => {
            let [one, five, fifteen] = load(shell, now);
            format!("{one} {five} {fifteen} 1/{} {}\n", 118 + machine.cpus * 9, shell.pid)
                .into_bytes()
        }
        Live::Version => format!(
            "Linux version {} (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14+deb12u1) \
             12.2.0, GNU ld (GNU Binutils for Debian) 2.40) {}\n",
            machine.kernel, machine.kernel_version
        )
        .into_bytes(),
        Live::Mounts => format!(
            "sysfs /sys sysfs rw,nosuid,nodev,noexec,relatime 0 0\n\
             proc /proc proc rw,nosuid,nodev,noexec,relatime 0 0\n\
             udev /dev devtmpfs rw,nosuid,relatime,size={}k,nr_inodes={},mode=755,inode64 0 0\n\
             devpts /dev/pts devpts rw,nosuid,noexec,relatime,gid=5,mode=620,ptmxmode=000 0 0\n\
             tmpfs /run tmpfs rw,nosuid,nodev,noexec,relatime,size={}k,mode=755,inode64 0 0\n\
             /dev/vda1 / ext4 rw,relatime,errors=remount-ro 0 0\n",
            machine.memory_kib / 2 - 20_000,
            machine.memory_kib / 8 - 5_000,
            machine.memory_kib / 10
        )
        .into_bytes(),
        Live::Passwd => {
            let mut text = crate::files::base::PASSWD.to_owned();
            for user in people(shell) {
                let (name, home) = (user.name, user.home);
                let (name, home) = (String::from_utf8_lossy(&name), String::from_utf8_lossy(&home));
                let (uid, gid) = (user.uid, user.gid);
                text.push_str(&format!("{name}:x:{uid}:{gid}:,,,:{home}:/bin/bash\n"));
            }
            text.into_bytes()
        }
        Live::Group => {
            let mut text = crate::files::base::GROUP.replace("%user%", machine.user);
            for user in people(shell) {
                text.push_str(&format!(
                    "{}:x:{}:\n",
                    String::from_utf8_lossy(&user.name),
                    user.gid
                ));
            }
            text.into_bytes()
        }
    }
}

/// Users with a shell, but for root.
fn people(shell: &mut Shell) -> Vec<User> {
    let machine = std::sync::Arc::clone(&shell.machine);
    let mut list: Vec<User> =
        User::by_name(&machine, machine.user.as_bytes()).into_iter().collect();
    let own = &shell.first.user;
    if own.uid > 1000 {
        list.push(own.clone());
    }
    list
}

fn cpu_text(machine: &crate::Machine, index: u32) -> String {
    let cpu = machine.cpu;
    let [family, model, stepping] = cpu.ids;
    let (vendor, name, mhz, cache) = (cpu.vendor, cpu.name, cpu.mhz, cpu.cache_kib);
    let cores = machine.cpus;
    format!(
        "processor\t: {index}\nvendor_id\t: {vendor}\ncpu family\t: {family}\nmodel\t\t: {model}\n\
         model name\t: {name}\nstepping\t: {stepping}\nmicrocode\t: 0x1\ncpu MHz\t\t: {mhz}\n\
         cache size\t: {cache} KB\nphysical id\t: 0\nsiblings\t: {cores}\ncore id\t\t: {index}\n\
         cpu cores\t: {cores}\napicid\t\t: {index}\ninitial apicid\t: {index}\nfpu\t\t: yes\n\
         fpu_exception\t: yes\ncpuid level\t: 13\nwp\t\t: yes\nflags\t\t: fpu vme de pse tsc msr \
         pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 ht syscall nx \
         rdtscp lm constant_tsc rep_good nopl cpuid pni pclmulqdq ssse3 fma cx16 sse4_1 sse4_2 \
         x2apic movbe popcnt aes xsave avx f16c rdrand hypervisor lahf_lm abm avx2 bmi1 bmi2\n\
         bugs\t\t: spectre_v1 spectre_v2 spec_store_bypass\nclflush size\t: 64\n\
         cache_alignment\t: 64\naddress sizes\t: 40 bits physical, 48 bits virtual\n\
         power management:\n\n"
    )
}

struct Memory {
    total: u64,
    free: u64,
    available: u64,
    buffers: u64,
    cached: u64,
    shared: u64,
}

/// Changes a little every minute.
fn memory(shell: &Shell, now: Timestamp) -> Memory {
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

fn load(shell: &Shell, now: Timestamp) -> [String; 3] {
    let minute = u64::try_from(seconds(now) / 60).unwrap_or(0);
    [(1, 9), (5, 6), (15, 3)].map(|(span, most)| {
        let mut dice = Dice((minute / span) ^ shell.machine.ids[1]);
        format!("0.{:02}", dice.below(most + 1))
    })
}

fn up_seconds(shell: &Shell, now: Timestamp) -> i64 {
    seconds(now) - shell.machine.booted(now)
}

/// ` 05:14:20 up 12 days,  3:39,  1 user,  load average: 0.02, 0.01, 0.00`
fn uptime_line(shell: &Shell, now: Timestamp) -> String {
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

pub(crate) fn w(call: &mut Call<'_>) -> Outcome {
    call.line(uptime_line(call.shell, call.now));
    call.line("USER     TTY      FROM             LOGIN@   IDLE   JCPU   PCPU WHAT");
    if call.shell.login.terminal.is_some() {
        let user = String::from_utf8_lossy(&call.shell.first.user.name).into_owned();
        let from = call.shell.login.peer.ip().to_canonical().to_string();
        let date = Date::new(call.shell.logged_in);
        let at = format!("{:02}:{:02}", date.hour, date.minute);
        call.line(format!("{user:<8.8} pts/0    {from:<16.16} {at}    1.00s  0.03s  0.00s w"));
    }
    Outcome::Done(0)
}

pub(crate) fn who(call: &mut Call<'_>) -> Outcome {
    if call.shell.login.terminal.is_some() {
        let user = String::from_utf8_lossy(&call.shell.first.user.name).into_owned();
        let from = call.shell.login.peer.ip().to_canonical();
        let d = Date::new(call.shell.logged_in);
        let at = format!("{:04}-{:02}-{:02} {:02}:{:02}", d.year, d.month, d.day, d.hour, d.minute);
        call.line(format!("{user:<8} pts/0        {at} ({from})"));
    }
    Outcome::Done(0)
}

pub(crate) fn whoami(call: &mut Call<'_>) -> Outcome {
    let name = call.shell.level().user.name.clone();
    call.line(name);
    Outcome::Done(0)
}

/// The groups of a user, the first one his own.
fn groups_of(call: &mut Call<'_>, user: &User) -> Vec<(u32, Vec<u8>)> {
    let mut list = vec![(user.gid, user.name.clone())];
    if user.uid >= 1000 && user.uid < 65_534 {
        let text = live(call.shell, call.now, Live::Group);
        let first = call.shell.first.user.name == user.name;
        for line in text.split(|&b| b == b'\n') {
            let mut fields = line.split(|&b| b == b':');
            let name = fields.next().unwrap_or(&[]);
            let gid = fields.nth(1).and_then(|gid| std::str::from_utf8(gid).ok()?.parse().ok());
            let members = fields.next().unwrap_or(&[]);
            let member = members.split(|&b| b == b',').any(|m| m == user.name);
            if let (true, Some(gid)) = (member || (first && name == b"sudo"), gid) {
                list.push((gid, name.to_vec()));
            }
        }
    }
    list
}

/// A user by name, system users too.
fn any_user(call: &mut Call<'_>, name: &[u8]) -> Option<User> {
    let text = live(call.shell, call.now, Live::Passwd);
    text.split(|&b| b == b'\n').find_map(|line| {
        let fields: Vec<&[u8]> = line.split(|&b| b == b':').collect();
        let [known, _, uid, gid, _, home, _] = fields.as_slice() else { return None };
        let number = |text: &[u8]| std::str::from_utf8(text).ok()?.parse().ok();
        (*known == name).then(|| {
            Some(User {
                name: name.to_vec(),
                uid: number(uid)?,
                gid: number(gid)?,
                home: home.to_vec(),
            })
        })?
    })
}

fn group_name(call: &mut Call<'_>, gid: u32) -> Vec<u8> {
    let text = live(call.shell, call.now, Live::Group);
    let wanted = gid.to_string();
    let line = text
        .split(|&b| b == b'\n')
        .find(|line| line.split(|&b| b == b':').nth(2) == Some(wanted.as_bytes()));
    line.and_then(|line| line.split(|&b| b == b':').next()).unwrap_or(wanted.as_bytes()).to_vec()
}

pub(crate) fn id(call: &mut Call<'_>) -> Outcome {
    let (flags, _, names) = call.flags();
    let user = match names.first() {
        None => call.shell.level().user.clone(),
        Some(name) => match any_user(call, name) {
            Some(user) => user,
            None => {
                call.error([b"id: '", *name, b"': no such user"].concat());
                return Outcome::Done(1);
            }
        },
    };
    let mut groups = groups_of(call, &user);
    if let Some(first) = groups.first_mut() {
        first.1 = group_name(call, user.gid);
    }
    let join = |parts: Vec<Vec<u8>>, by: &[u8]| parts.join(by);
    let named = flags.contains(&b'n');
    let name = |(gid, name): &(u32, Vec<u8>)| {
        if named { name.clone() } else { gid.to_string().into_bytes() }
    };
    if flags.contains(&b'u') {
        call.line(name(&(user.uid, user.name)));
    } else if flags.contains(&b'g') {
        call.line(groups.first().map(name).unwrap_or_default());
    } else if flags.contains(&b'G') {
        call.line(join(groups.iter().map(name).collect(), b" "));
    } else {
        let pair = |id: u32, name: &[u8]| [id.to_string().as_bytes(), b"(", name, b")"].concat();
        let all = join(groups.iter().map(|(gid, name)| pair(*gid, name)).collect(), b",");
        let group = groups.first().map(|(gid, name)| pair(*gid, name)).unwrap_or_default();
        let user = pair(user.uid, &user.name);
        call.line([b"uid=", user.as_slice(), b" gid=", &group, b" groups=", &all].concat());
    }
    Outcome::Done(0)
}

pub(crate) fn groups(call: &mut Call<'_>) -> Outcome {
    let user = call.shell.level().user.clone();
    let names: Vec<Vec<u8>> = groups_of(call, &user).into_iter().map(|(_, name)| name).collect();
    call.line(names.join(&b" "[..]));
    Outcome::Done(0)
}

pub(crate) fn hostname(call: &mut Call<'_>) -> Outcome {
    let host = call.shell.machine.hostname.clone();
    match call.arg(0) {
        None | Some(b"-s" | b"-f" | b"--short" | b"--fqdn") => call.line(host),
        Some(b"-I" | b"-i") => {
            let ip = call.shell.login.local.ip().to_canonical();
            call.line(format!("{ip} "));
        }
        Some(_) if call.shell.level().user.uid != 0 => {
            call.error("hostname: you must be root to change the host name");
            return Outcome::Done(1);
        }
        Some(_) => {}
    }
    Outcome::Done(0)
}

pub(crate) fn uname(call: &mut Call<'_>) -> Outcome {
    let machine = std::sync::Arc::clone(&call.shell.machine);
    let (short, long, rest) = call.flags();
    if let Some(extra) = rest.first() {
        call.error([b"uname: extra operand '", *extra, b"'"].concat());
        call.error("Try 'uname --help' for more information.");
        return Outcome::Done(1);
    }
    let mut letters = short;
    for long in long {
        letters.push(match long {
            b"--all" => b'a',
            b"--kernel-name" => b's',
            b"--nodename" => b'n',
            b"--kernel-release" => b'r',
            b"--kernel-version" => b'v',
            b"--machine" => b'm',
            b"--processor" => b'p',
            b"--hardware-platform" => b'i',
            b"--operating-system" => b'o',
            _ => b'?',
        });
    }
    if let Some(bad) = letters.iter().find(|b| !b"asnrvmpio".contains(b)) {
        call.error(format!("uname: invalid option -- '{}'", char::from(*bad)));
        call.error("Try 'uname --help' for more information.");
        return Outcome::Done(1);
    }
    if letters.is_empty() {
        letters.push(b's');
    }
    let all = letters.contains(&b'a');
    let fields = [
        (b's', "Linux"),
        (b'n', machine.hostname.as_str()),
        (b'r', machine.kernel),
        (b'v', machine.kernel_version.as_str()),
        (b'm', "x86_64"),
        (b'p', "unknown"),
        (b'i', "unknown"),
        (b'o', "GNU/Linux"),
    ];
    // `-a` leaves out what is unknown.
    let said = fields
        .iter()
        .filter(|(letter, text)| letters.contains(letter) || (all && *text != "unknown"));
    call.line(said.map(|(_, text)| *text).collect::<Vec<_>>().join(" "));
    Outcome::Done(0)
}

pub(crate) fn date(call: &mut Call<'_>) -> Outcome {
    let now = seconds(call.now);
    let d = Date::new(now);
    let format = call.args.iter().find_map(|arg| arg.strip_prefix(b"+"));
    let Some(format) = format else {
        let (hour, half) = twelve(d.hour);
        call.line(format!(
            "{} {} {:2} {:02}:{:02}:{:02} {} UTC {:04}",
            d.weekday_name(),
            d.month_name(),
            d.day,
            hour,
            d.minute,
            d.second,
            half,
            d.year
        ));
        return Outcome::Done(0);
    };
    let mut out = Vec::new();
    let mut bytes = format.iter().copied();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let text = match bytes.next() {
            Some(b's') => now.to_string(),
            Some(b'Y') => format!("{:04}", d.year),
            Some(b'y') => format!("{:02}", d.year % 100),
            Some(b'm') => format!("{:02}", d.month),
            Some(b'd') => format!("{:02}", d.day),
            Some(b'e') => format!("{:2}", d.day),
            Some(b'H') => format!("{:02}", d.hour),
            Some(b'M') => format!("{:02}", d.minute),
            Some(b'S') => format!("{:02}", d.second),
            Some(b'N') => format!("{:09}", call.now.0.rem_euclid(1_000_000_000)),
            Some(b'F') => format!("{:04}-{:02}-{:02}", d.year, d.month, d.day),
            Some(b'T') => d.clock(),
            Some(b'R') => format!("{:02}:{:02}", d.hour, d.minute),
            Some(b'a') => d.weekday_name().to_owned(),
            Some(b'b' | b'h') => d.month_name().to_owned(),
            Some(b'j') => format!("{:03}", d.day_of_year),
            Some(b'u') => (if d.weekday == 0 { 7 } else { d.weekday }).to_string(),
            Some(b'w') => d.weekday.to_string(),
            Some(b'Z') => "UTC".to_owned(),
            Some(b'z') => "+0000".to_owned(),
            Some(b'%') => "%".to_owned(),
            Some(other) => format!("%{}", char::from(other)),
            None => "%".to_owned(),
        };
        out.extend_from_slice(text.as_bytes());
    }
    call.line(out);
    Outcome::Done(0)
}

fn twelve(hour: i64) -> (i64, &'static str) {
    let half = if hour < 12 { "AM" } else { "PM" };
    (if hour % 12 == 0 { 12 } else { hour % 12 }, half)
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

pub(crate) fn df(call: &mut Call<'_>) -> Outcome {
    let (flags, ..) = call.flags();
    let machine = std::sync::Arc::clone(&call.shell.machine);
    let (size, memory) = (machine.disk_kib, machine.memory_kib);
    let used = 1_600_000 + machine.ids[1] % 2_400_000;
    let rows = [
        ("udev", memory / 2 - 20_000, 0, "/dev"),
        ("tmpfs", memory / 10, 400 + machine.ids[0] % 500, "/run"),
        ("/dev/vda1", size, used, "/"),
        ("tmpfs", memory / 2, 0, "/dev/shm"),
        ("tmpfs", 5_120, 0, "/run/lock"),
        ("tmpfs", memory / 10, 0, "/run/user/0"),
    ];
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
        let free = size - used - kept;
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

pub(crate) fn nproc(call: &mut Call<'_>) -> Outcome {
    let cpus = call.shell.machine.cpus;
    call.line(cpus.to_string());
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

/// No longer than a session may last.
const SLEEP_S: f64 = 864_000.0;

pub(crate) fn sleep(call: &mut Call<'_>) -> Outcome {
    if call.args.is_empty() {
        call.error("sleep: missing operand\nTry 'sleep --help' for more information.");
        return Outcome::Done(1);
    }
    let mut total = 0.0;
    for arg in call.args {
        let text = std::str::from_utf8(arg).unwrap_or("");
        let (digits, factor) = match text.as_bytes().last() {
            Some(b's') => (text.strip_suffix('s'), 1.0),
            Some(b'm') => (text.strip_suffix('m'), 60.0),
            Some(b'h') => (text.strip_suffix('h'), 3_600.0),
            Some(b'd') => (text.strip_suffix('d'), 86_400.0),
            _ => (Some(text), 1.0),
        };
        match digits.and_then(|digits| digits.parse::<f64>().ok()).filter(|value| *value >= 0.0) {
            Some(value) => total += value * factor,
            None => {
                call.error([b"sleep: invalid time interval '", arg.as_slice(), b"'"].concat());
                call.error("Try 'sleep --help' for more information.");
                return Outcome::Done(1);
            }
        }
    }
    #[expect(clippy::cast_possible_truncation, reason = "capped to ten days")]
    let wait_ns = (total.min(SLEEP_S) * 1e9) as i64;
    let until = Timestamp(call.now.0.saturating_add(wait_ns));
    Outcome::Wait(Program::Pause { until, text: Vec::new(), status: 0 })
}

pub(crate) fn stty(call: &mut Call<'_>) -> Outcome {
    let Some(terminal) = call.shell.login.terminal.clone() else {
        call.error("stty: 'standard input': Inappropriate ioctl for device");
        return Outcome::Done(1);
    };
    match call.arg(0) {
        Some(b"size") => call.line(format!("{} {}", terminal.size.rows, terminal.size.cols)),
        None => call.line("speed 38400 baud; line = 0;\n-brkint -imaxbel iutf8"),
        Some(b"-a") => {
            let (rows, cols) = (terminal.size.rows, terminal.size.cols);
            call.line(format!("speed 38400 baud; rows {rows}; columns {cols}; line = 0;"));
            call.line(STTY_ALL);
        }
        Some(_) => {}
    }
    Outcome::Done(0)
}

const STTY_ALL: &str = "intr = ^C; quit = ^\\; erase = ^?; kill = ^U; eof = ^D; eol = <undef>;\n\
eol2 = <undef>; swtch = <undef>; start = ^Q; stop = ^S; susp = ^Z; rprnt = ^R;\n\
werase = ^W; lnext = ^V; discard = ^O; min = 1; time = 0;\n\
-parenb -parodd -cmspar cs8 -hupcl -cstopb cread -clocal -crtscts\n\
-ignbrk -brkint -ignpar -parmrk -inpck -istrip -inlcr -igncr icrnl ixon -ixoff\n\
-iuclc -ixany -imaxbel iutf8\n\
opost -olcuc -ocrnl onlcr -onocr -onlret -ofill -ofdel nl0 cr0 tab0 bs0 vt0 ff0\n\
isig icanon iexten echo echoe echok -echonl -noflsh -xcase -tostop -echoprt\n\
echoctl echoke -flusho -extproc";

pub(crate) fn tty(call: &mut Call<'_>) -> Outcome {
    if call.shell.login.terminal.is_some() {
        call.line("/dev/pts/0");
        Outcome::Done(0)
    } else {
        call.line("not a tty");
        Outcome::Done(1)
    }
}

pub(crate) fn clear(call: &mut Call<'_>) -> Outcome {
    if call.shell.login.terminal.is_none() {
        call.error("TERM environment variable not set.");
        return Outcome::Done(1);
    }
    call.print(b"\x1b[H\x1b[2J\x1b[3J");
    Outcome::Done(0)
}
