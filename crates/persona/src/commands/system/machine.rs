//! What the machine is: `uname`, `nproc`, `lscpu`, `free`, `uptime`, `getconf`…
//!
//! **Invariant:** all of it comes from the machine's facts.

use crate::calendar::{Date, seconds};
use crate::commands::{Flag, Options, Program};
use crate::kernel::{Proc, World};
use crate::live;
use std::sync::Arc;

pub(super) const PROGRAMS: &[Program] = &[
    Program::new("uname", |p| Box::pin(uname(p)), 43_888, super::COREUTILS),
    Program::new("arch", |p| Box::pin(uname(p)), 43_888, super::COREUTILS),
    Program::new("nproc", |p| Box::pin(nproc(p)), 43_920, super::COREUTILS),
    Program::new("hostid", |p| Box::pin(hostid(p)), 39_760, super::COREUTILS),
    Program::new("hostname", |p| Box::pin(hostname(p)), 22_680, 1_671_456_791),
    Program::new("hostnamectl", |p| Box::pin(hostnamectl(p)), 31_104, super::SYSTEMD),
    Program::new("timedatectl", |p| Box::pin(timedatectl(p)), 43_384, super::SYSTEMD),
    Program::new("lscpu", |p| Box::pin(lscpu(p)), 129_344, super::UTIL_LINUX),
    Program::new("free", |p| Box::pin(free(p)), 26_936, super::PROCPS),
    Program::new("uptime", |p| Box::pin(uptime(p)), 14_648, super::PROCPS),
    Program::new("getconf", |p| Box::pin(getconf(p)), 27_136, super::LIBC),
    Program::new("locale", |p| Box::pin(locale(p)), 47_272, super::LIBC),
];

fn machine(p: &Proc) -> Arc<crate::Machine> {
    p.world.with(|world| Arc::clone(&world.machine))
}

const UNAME: &[Flag] = &[
    Flag::new(b'a', "all"),
    Flag::new(b's', "kernel-name"),
    Flag::new(b'n', "nodename"),
    Flag::new(b'r', "kernel-release"),
    Flag::new(b'v', "kernel-version"),
    Flag::new(b'm', "machine"),
    Flag::new(b'p', "processor"),
    Flag::new(b'i', "hardware-platform"),
    Flag::new(b'o', "operating-system"),
    Flag::new(1, "help"),
    Flag::new(2, "version"),
];

async fn uname(p: &mut Proc) -> u32 {
    let is_arch = p.name() == "arch";
    let flags = if is_arch { UNAME.get(9..).unwrap_or_default() } else { UNAME };
    let Some(options) = Options::read(p, flags, false) else {
        p.try_help();
        return 1;
    };
    if options.has(1) || options.has(2) {
        let name = p.name();
        p.line(match options.has(1) {
            true => format!("Usage: {name} [OPTION]..."),
            false => format!("{name} (GNU coreutils) 9.1"),
        });
        return 0;
    }
    if let Some(word) = options.rest.first() {
        return super::extra(p, word);
    }
    if is_arch {
        p.line("x86_64");
        return 0;
    }
    let machine = machine(p);
    let host = p.world.with(|world| live::hostname(world));
    let fields: [(u8, &[u8]); 8] = [
        (b's', b"Linux"),
        (b'n', &host),
        (b'r', machine.kernel.as_bytes()),
        (b'v', machine.kernel_version.as_bytes()),
        (b'm', b"x86_64"),
        (b'p', b"unknown"),
        (b'i', b"unknown"),
        (b'o', b"GNU/Linux"),
    ];
    let none = options.given.is_empty();
    // `-a` leaves out what is unknown.
    let said = fields.iter().filter(|(letter, text)| {
        options.has(*letter)
            || (options.has(b'a') && *text != b"unknown")
            || (none && *letter == b's')
    });
    let said: Vec<&[u8]> = said.map(|(_, text)| *text).collect();
    p.line(said.join(&b' '));
    0
}

async fn nproc(p: &mut Proc) -> u32 {
    let flags = [Flag::new(b'a', "all"), Flag::with(b'i', "ignore")];
    // Neither has a letter.
    if let Some(word) = p
        .rest()
        .iter()
        .find(|word| matches!(word.as_slice(), [b'-', letter, ..] if *letter != b'-'))
    {
        p.error(format!(
            "nproc: invalid option -- '{}'",
            char::from(word.get(1).copied().unwrap_or(b'?'))
        ));
        p.try_help();
        return 1;
    }
    let Some(options) = Options::read(p, &flags, false) else {
        p.try_help();
        return 1;
    };
    if let Some(word) = options.rest.first() {
        return super::extra(p, word);
    }
    let ignored = options.value(b'i').and_then(|text| std::str::from_utf8(text).ok()?.parse().ok());
    let cpus = machine(p).cpus;
    p.line(cpus.saturating_sub(ignored.unwrap_or(0)).max(1).to_string());
    0
}

async fn hostid(p: &mut Proc) -> u32 {
    if let Some(word) = p.rest().first() {
        return super::extra(p, word);
    }
    // That of 127.0.1.1, which its own name stands for.
    p.line("007f0101");
    0
}

const HOSTNAME: &[Flag] = &[
    Flag::new(b's', "short"),
    Flag::new(b'f', "fqdn"),
    Flag::new(b'f', "long"),
    Flag::new(b'd', "domain"),
    Flag::new(b'i', "ip-address"),
    Flag::new(b'I', "all-ip-addresses"),
    Flag::new(b'A', "all-fqdns"),
    Flag::new(b'a', "alias"),
    Flag::new(b'y', "yp"),
    Flag::new(b'b', "boot"),
    Flag::with(b'F', "file"),
    Flag::new(b'h', "help"),
    Flag::new(b'V', "version"),
];

const HOSTNAME_USAGE: &str = "Usage: hostname [-b] {hostname|-F file}         set host name (from file)\n       \
hostname [-a|-A|-d|-f|-i|-I|-s|-y]       display formatted name\n       \
hostname                                 display host name\n\n       \
{yp,nis,}domainname {nisdomain|-F file}  set NIS domain name (from file)\n       \
{yp,nis,}domainname                      display NIS domain name\n\n       \
dnsdomainname                            display dns domain name\n\n       \
hostname -V|--version|-h|--help          print info and exit\n";

async fn hostname(p: &mut Proc) -> u32 {
    let Some(options) = Options::read(p, HOSTNAME, false) else {
        p.error(HOSTNAME_USAGE);
        return 255;
    };
    if options.has(b'h') || options.has(b'V') {
        p.line(if options.has(b'V') { "hostname 3.23" } else { HOSTNAME_USAGE });
        return 0;
    }
    let host = p.world.with(|world| live::hostname(world));
    if let Some(name) = options.rest.first().cloned() {
        if p.user.uid != 0 {
            p.error("hostname: you must be root to change the host name");
            return 1;
        }
        let name = name.get(..64).unwrap_or(&name).to_vec();
        p.world.with(|world| {
            let path = b"/proc/sys/kernel/hostname";
            if let Ok(node) = world.files.node(path).cloned() {
                let text = [name.as_slice(), b"\n"].concat();
                let kind = crate::files::Kind::File(Arc::new(text.as_slice().into()));
                // Where there is no room, it keeps its name.
                let _ = world.files.put(path, crate::files::Node { kind, ..node });
            }
        });
        return 0;
    }
    match options.last_of(b"sfdiIAaybF") {
        None | Some(b'f' | b'A') => p.line(host),
        Some(b's') => {
            let short = host.split(|&b| b == b'.').next().unwrap_or_default().to_vec();
            p.line(short);
        }
        Some(b'i') => p.line("127.0.1.1"),
        Some(b'I') => {
            let n = p.world.with(|world| live::net::network(world));
            let global = n.global.map(|address| format!("{address} ")).unwrap_or_default();
            p.line(format!("{} {global}", n.address));
        }
        Some(b'y') => {
            p.error("hostname: Local domain name not set");
            return 1;
        }
        Some(_) => p.line(""),
    }
    0
}

async fn hostnamectl(p: &mut Proc) -> u32 {
    let machine = machine(p);
    let (host, boot) = p.world.with(|world| (live::hostname(world), live::boot_id(world)));
    let host = String::from_utf8_lossy(&host).into_owned();
    match p.rest().first().map(Vec::as_slice) {
        None | Some(b"status") => {}
        Some(b"hostname" | b"--static") => {
            p.line(host);
            return 0;
        }
        Some(b"set-hostname") => return 0,
        Some(word) => {
            p.error([b"Unknown command verb ", word, b"."].concat());
            return 1;
        }
    }
    let rows = [
        (" Static hostname", host),
        ("       Icon name", "computer-vm".to_owned()),
        ("         Chassis", "vm \u{1f5b4}".to_owned()),
        ("      Machine ID", machine.machine_id()),
        ("         Boot ID", boot.replace('-', "")),
        ("  Virtualization", "kvm".to_owned()),
        ("Operating System", "Debian GNU/Linux 12 (bookworm)".to_owned()),
        ("          Kernel", format!("Linux {}", machine.kernel)),
        ("    Architecture", "x86-64".to_owned()),
        (" Hardware Vendor", machine.board.vendor.to_owned()),
        ("  Hardware Model", machine.board.product.to_owned()),
        ("Firmware Version", machine.board.bios[1].to_owned()),
    ];
    for (name, value) in rows {
        p.line(format!("{name}: {value}"));
    }
    0
}

async fn timedatectl(p: &mut Proc) -> u32 {
    let d = Date::new(seconds(p.now()));
    let text =
        format!("{} {:04}-{:02}-{:02} {}", d.weekday_name(), d.year, d.month, d.day, d.clock());
    match p.rest().first().map(Vec::as_slice) {
        None | Some(b"status") => p.line(format!(
            "               Local time: {text} UTC\n           Universal time: {text} UTC\n                 \
             RTC time: {text}\n                Time zone: Etc/UTC (UTC, +0000)\nSystem clock synchronized: \
             yes\n              NTP service: active\n          RTC in local TZ: no"
        )),
        Some(b"show") => p.line("Timezone=Etc/UTC\nLocalRTC=no\nCanNTP=yes\nNTP=yes\nNTPSynchronized=yes"),
        Some(_) => {}
    }
    0
}

async fn lscpu(p: &mut Proc) -> u32 {
    let m = machine(p);
    let cpu = m.cpu;
    let [family, model, stepping] = cpu.ids;
    let [data, code, second, third] = cpu.caches;
    let list = match m.cpus {
        1 => "0".to_owned(),
        2 => "0,1".to_owned(),
        cpus => format!("0-{}", cpus - 1),
    };
    let count = m.cpus;
    let plural = if count == 1 { "instance" } else { "instances" };
    let size = |kib: u32| {
        if kib.is_multiple_of(1_024) { format!("{} MiB", kib / 1_024) } else { format!("{kib} KiB") }
    };
    let virtualization = if live::cpu::is_intel(&m) { "VT-x" } else { "AMD-V" };
    let rows = [
        ("Architecture", "x86_64".to_owned()),
        ("  CPU op-mode(s)", "32-bit, 64-bit".to_owned()),
        ("  Address sizes", format!("{} bits physical, 48 bits virtual", cpu.physical_bits)),
        ("  Byte Order", "Little Endian".to_owned()),
        ("CPU(s)", count.to_string()),
        ("  On-line CPU(s) list", list.clone()),
        ("Vendor ID", cpu.vendor.to_owned()),
        ("  BIOS Vendor ID", m.board.vendor.to_owned()),
        ("  Model name", cpu.name.to_owned()),
        ("    CPU family", family.to_string()),
        ("    Model", model.to_string()),
        ("    Thread(s) per core", "1".to_owned()),
        ("    Core(s) per socket", count.to_string()),
        ("    Socket(s)", "1".to_owned()),
        ("    Stepping", stepping.to_string()),
        ("    BogoMIPS", cpu.bogomips.to_owned()),
        ("    Flags", live::cpu::flags(&m)),
        ("Virtualization features", String::new()),
        ("  Virtualization", virtualization.to_owned()),
        ("  Hypervisor vendor", "KVM".to_owned()),
        ("  Virtualization type", "full".to_owned()),
        ("Caches (sum of all)", String::new()),
        ("  L1d", format!("{} ({count} {plural})", size(data * count))),
        ("  L1i", format!("{} ({count} {plural})", size(code * count))),
        ("  L2", format!("{} ({count} {plural})", size(second * count))),
        ("  L3", format!("{} (1 instance)", size(third))),
        ("NUMA", String::new()),
        ("  NUMA node(s)", "1".to_owned()),
        ("  NUMA node0 CPU(s)", list),
    ];
    let flat = !p.is_terminal(1);
    for (name, value) in rows {
        // Titles of groups and the space before what is in them are for terminals.
        let titled = value.is_empty();
        match (flat, titled) {
            (true, true) => {}
            (true, false) => {
                let name = name.trim_start();
                let name = if name.starts_with('L') && name.len() <= 3 {
                    format!("{name} cache")
                } else {
                    name.to_owned()
                };
                p.line(format!("{:<40} {value}", format!("{name}:")));
            }
            (false, true) => p.line(format!("{name}:")),
            (false, false) => p.line(format!("{:<25} {value}", format!("{name}:"))),
        }
    }
    0
}

const FREE: &[Flag] = &[
    Flag::new(b'b', "bytes"),
    Flag::new(b'k', "kibi"),
    Flag::new(b'm', "mebi"),
    Flag::new(b'g', "gibi"),
    Flag::new(b'h', "human"),
    Flag::new(1, "kilo"),
    Flag::new(2, "mega"),
    Flag::new(3, "giga"),
    Flag::new(4, "si"),
    Flag::new(b'l', "lohi"),
    Flag::new(b't', "total"),
    Flag::new(b'w', "wide"),
    Flag::with(b's', "seconds"),
    Flag::with(b'c', "count"),
    Flag::new(b'V', "version"),
];

/// Three or fewer digits and a unit, as `free -h` has it.
fn human(kib: u64) -> String {
    let mut value = kib.saturating_mul(1_024);
    if value < 1_024 {
        return format!("{value}B");
    }
    let mut rest = 0;
    for unit in ["Ki", "Mi", "Gi", "Ti"] {
        (rest, value) = (value % 1_024, value / 1_024);
        if value < 1_024 {
            let tenth = rest * 10 / 1_024;
            return if value < 10 {
                format!("{value}.{tenth}{unit}")
            } else {
                format!("{value}{unit}")
            };
        }
    }
    format!("{value}.{rest}Pi")
}

async fn free(p: &mut Proc) -> u32 {
    let Some(options) = Options::read(p, FREE, false) else {
        p.error("\nUsage:\n free [options]\n\nFor more details see free(1).");
        return 1;
    };
    if options.has(b'V') {
        p.line("free from procps-ng 4.0.2");
        return 0;
    }
    let m = p.world.with(|world| live::memory(world));
    let unit = options.last_of(&[b'b', b'k', b'm', b'g', b'h', 1, 2, 3]);
    let show = |kib: u64| match unit {
        Some(b'h') => human(kib),
        Some(b'b') => (kib * 1_024).to_string(),
        Some(b'm') => (kib / 1_024).to_string(),
        Some(b'g') => (kib / 1_048_576).to_string(),
        Some(1) => (kib * 1_024 / 1_000).to_string(),
        Some(2) => (kib * 1_024 / 1_000_000).to_string(),
        Some(3) => (kib * 1_024 / 1_000_000_000).to_string(),
        Some(_) | None => kib.to_string(),
    };
    let cached = m.cached + m.reclaimable;
    let used = m.total.saturating_sub(m.available);
    let row = |name: &str, numbers: &[u64]| {
        let fields: String =
            numbers.iter().map(|number| format!("{:>12}", show(*number))).collect();
        format!("{name:<8}{fields}")
    };
    if options.has(b'w') {
        p.line("               total        used        free      shared     buffers       cache   available");
        p.line(row("Mem:", &[m.total, used, m.free, m.shared, m.buffers, cached, m.available]));
    } else {
        p.line("               total        used        free      shared  buff/cache   available");
        p.line(row("Mem:", &[m.total, used, m.free, m.shared, m.buffers + cached, m.available]));
    }
    let swapped = m.swap.saturating_sub(m.swap_free);
    p.line(row("Swap:", &[m.swap, swapped, m.swap_free]));
    if options.has(b't') {
        p.line(row("Total:", &[m.total + m.swap, used + swapped, m.free + m.swap_free]));
    }
    0
}

/// ` 05:14:20 up 12 days,  3:39,  1 user,  load average: 0.02, 0.01, 0.00`
pub(super) fn uptime_line(world: &World) -> String {
    let up = live::up_seconds(world);
    let (days, hours, minutes) = (up / 86_400, up / 3_600 % 24, up / 60 % 60);
    let days = match days {
        0 => String::new(),
        1 => "1 day, ".to_owned(),
        _ => format!("{days} days, "),
    };
    let rest = if hours > 0 { format!("{hours:2}:{minutes:02}") } else { format!("{minutes} min") };
    let users = u32::from(world.tty.is_there());
    let [one, five, fifteen] = live::load(world);
    let clock = Date::new(seconds(world.now)).clock();
    format!(" {clock} up {days}{rest},  {users} user,  load average: {one}, {five}, {fifteen}")
}

async fn uptime(p: &mut Proc) -> u32 {
    let flags = [Flag::new(b'p', "pretty"), Flag::new(b's', "since"), Flag::new(b'V', "version")];
    let Some(options) = Options::read(p, &flags, false) else {
        p.error("\nUsage:\n uptime [options]\n\nFor more details see uptime(1).");
        return 1;
    };
    let (up, booted) =
        p.world.with(|world| (live::up_seconds(world), world.machine.booted(world.now)));
    match options.last_of(b"psV") {
        Some(b's') => {
            let d = Date::new(booted);
            p.line(format!("{:04}-{:02}-{:02} {}", d.year, d.month, d.day, d.clock()));
        }
        Some(b'p') => {
            let unit = |count: i64, name: &str| {
                (count > 0).then(|| format!("{count} {name}{}", if count == 1 { "" } else { "s" }))
            };
            let parts = [
                unit(up / 604_800, "week"),
                unit(up / 86_400 % 7, "day"),
                unit(up / 3_600 % 24, "hour"),
                unit(up / 60 % 60, "minute"),
            ];
            p.line(format!("up {}", parts.into_iter().flatten().collect::<Vec<_>>().join(", ")));
        }
        Some(b'V') => p.line("uptime from procps-ng 4.0.2"),
        Some(_) | None => {
            let line = p.world.with(|world| uptime_line(world));
            p.line(line);
        }
    }
    0
}

async fn getconf(p: &mut Proc) -> u32 {
    let words = super::words(p);
    let m = machine(p);
    let table: Vec<(&str, String)> = [
        ("LONG_BIT", "64"),
        ("WORD_BIT", "32"),
        ("CHAR_BIT", "8"),
        ("INT_MAX", "2147483647"),
        ("PAGESIZE", "4096"),
        ("PAGE_SIZE", "4096"),
        ("ARG_MAX", "2097152"),
        ("CHILD_MAX", "7826"),
        ("OPEN_MAX", "1024"),
        ("CLK_TCK", "100"),
        ("HOST_NAME_MAX", "64"),
        ("LOGIN_NAME_MAX", "256"),
        ("NGROUPS_MAX", "65536"),
        ("IOV_MAX", "1024"),
        ("NAME_MAX", "255"),
        ("PATH_MAX", "4096"),
        ("PIPE_BUF", "4096"),
        ("LINK_MAX", "65000"),
        ("LEVEL1_DCACHE_LINESIZE", "64"),
        ("PATH", "/bin:/usr/bin"),
        ("GNU_LIBC_VERSION", "glibc 2.36"),
        ("GNU_LIBPTHREAD_VERSION", "NPTL 2.36"),
        ("_POSIX_VERSION", "200809"),
        ("POSIX2_VERSION", "200809"),
    ]
    .into_iter()
    .map(|(name, value)| (name, value.to_owned()))
    .chain([
        ("_NPROCESSORS_ONLN", m.cpus.to_string()),
        ("_NPROCESSORS_CONF", m.cpus.to_string()),
        ("_PHYS_PAGES", (m.memory_kib / 4).to_string()),
        ("_AVPHYS_PAGES", p.world.with(|world| live::memory(world).free / 4).to_string()),
        ("LEVEL1_DCACHE_SIZE", (m.cpu.caches[0] * 1_024).to_string()),
        ("LEVEL2_CACHE_SIZE", (m.cpu.caches[2] * 1_024).to_string()),
        ("LEVEL3_CACHE_SIZE", (m.cpu.caches[3] * 1_024).to_string()),
    ])
    .collect();
    match words.first().map(String::as_str) {
        None => {
            p.error("Usage: getconf [-v SPEC] VAR\n  or:  getconf [-v SPEC] PATH_VAR PATH\n");
            2
        }
        Some("-a") => {
            for (name, value) in table {
                p.line(format!("{name:<34} {value}"));
            }
            0
        }
        Some(name) => match table.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => {
                p.line(value);
                0
            }
            None => {
                p.error(format!("getconf: Unrecognized variable `{name}'"));
                2
            }
        },
    }
}

const CATEGORIES: [&str; 12] = [
    "LC_CTYPE",
    "LC_NUMERIC",
    "LC_TIME",
    "LC_COLLATE",
    "LC_MONETARY",
    "LC_MESSAGES",
    "LC_PAPER",
    "LC_NAME",
    "LC_ADDRESS",
    "LC_TELEPHONE",
    "LC_MEASUREMENT",
    "LC_IDENTIFICATION",
];

async fn locale(p: &mut Proc) -> u32 {
    let words = super::words(p);
    let text = |name: &str| String::from_utf8_lossy(p.var(name).unwrap_or_default()).into_owned();
    let (lang, all) = (text("LANG"), text("LC_ALL"));
    let rows: Vec<String> = CATEGORIES
        .iter()
        .map(|name| match text(name) {
            _ if !all.is_empty() => format!("{name}=\"{all}\""),
            own if !own.is_empty() => format!("{name}={own}"),
            _ if lang.is_empty() => format!("{name}=\"POSIX\""),
            _ => format!("{name}=\"{lang}\""),
        })
        .collect();
    match words.first().map(String::as_str) {
        None => {
            let language = text("LANGUAGE");
            p.line(format!("LANG={lang}\nLANGUAGE={language}"));
            p.line(rows.join("\n"));
            p.line(format!("LC_ALL={all}"));
        }
        Some("-a" | "--all-locales") => p.line("C\nC.utf8\nen_US.utf8\nPOSIX"),
        Some("-m" | "--charmaps") => p.line("ANSI_X3.4-1968\nUTF-8"),
        Some("charmap") => {
            let utf8 = format!("{all}{lang}").to_ascii_lowercase().contains("utf");
            p.line(if utf8 { "UTF-8" } else { "ANSI_X3.4-1968" });
        }
        Some(name) => {
            p.error(format!("locale: unknown name \"{name}\""));
            return 1;
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use crate::testing::Bench;

    #[test]
    fn facts_agree() {
        let mut bench = Bench::new();
        assert_eq!(bench.run(&["uname"], "").out, "Linux\n");
        assert_eq!(bench.run(&["uname", "-mpio"], "").out, "x86_64 unknown unknown GNU/Linux\n");
        assert_eq!(
            bench.run(&["uname", "-z"], "").err,
            "uname: invalid option -- 'z'\nTry 'uname --help' for more information.\n"
        );
        assert!(bench.run(&["uname", "-a"], "").out.ends_with(" x86_64 GNU/Linux\n"));
        assert_eq!(bench.run(&["uname", "-n"], "").out, bench.run(&["hostname"], "").out);
        assert_eq!(
            bench.run(&["nproc"], "").out,
            bench.run(&["getconf", "_NPROCESSORS_ONLN"], "").out
        );
        assert_eq!(bench.run(&["getconf", "LONG_BIT"], "").out, "64\n");
        assert_eq!(bench.run(&["getconf", "X"], "").err, "getconf: Unrecognized variable `X'\n");
        let out = bench.run(&["free", "-h"], "").out;
        assert!(out.starts_with("               total        used"), "{out}");
        assert!(bench.run(&["uptime", "-p"], "").out.starts_with("up "));
    }
}
