//! The kernel's own: `dmesg`, `lsmod`, `sysctl`, `iptables`; and `crontab`, `service`, `systemctl`.
//!
//! **Invariant:** units are those whose processes `ps` shows; keys are files below /proc/sys.

use crate::calendar::Date;
use crate::commands::{Flag, Options, Program};
use crate::kernel::Proc;
use crate::live::{self, tasks};
use crate::process::{Direction, Opening};

pub(super) const PROGRAMS: &[Program] = &[
    Program::new("dmesg", |p| Box::pin(dmesg(p)), 88_656, super::UTIL_LINUX),
    Program::new("lsmod", |p| Box::pin(lsmod(p)), 174_424, 1_667_000_000),
    Program::new("lspci", |p| Box::pin(async { lspci(p) }), 97_568, 1_669_000_000),
    Program::system("iptables", |p| Box::pin(iptables(p)), 227_104, 1_674_000_000),
    Program::system("ip6tables", |p| Box::pin(iptables(p)), 227_104, 1_674_000_000),
    Program::system("service", |p| Box::pin(service(p)), 9_099, 1_663_465_999),
    Program::new("systemctl", |p| Box::pin(systemctl(p)), 1_353_368, super::SYSTEMD),
    Program::new("crontab", |p| Box::pin(crontab(p)), 43_648, 1_677_742_000),
];

async fn dmesg(p: &mut Proc) -> u32 {
    let words = super::words(p);
    let dated = words.iter().any(|word| word == "-T" || word == "--ctime");
    let (said, booted) = p.world.with(|world| (live::messages(&world.machine), world.machine.booted(world.now)));
    for (at, text) in said {
        let (second, micro) = (at / 1_000_000, at % 1_000_000);
        p.line(if dated {
            let d = Date::new(booted + i64::try_from(second).unwrap_or(0));
            format!("[{} {} {:2} {} {}] {text}", d.weekday_name(), d.month_name(), d.day, d.clock(), d.year)
        } else {
            format!("[{second:>5}.{micro:06}] {text}")
        });
        p.flush_some().await;
    }
    0
}

async fn lsmod(p: &mut Proc) -> u32 {
    p.line("Module                  Size  Used by");
    for (name, size, count, users) in live::kernel::MODULES {
        p.line(format!("{name:<19} {size:>8}  {count} {users}").trim_end());
    }
    0
}

fn lspci(p: &mut Proc) -> u32 {
    p.line(
        "00:00.0 Host bridge: Intel Corporation 440FX - 82441FX PMC [Natoma] (rev 02)\n\
         00:01.0 ISA bridge: Intel Corporation 82371SB PIIX3 ISA [Natoma/Triton II]\n\
         00:01.1 IDE interface: Intel Corporation 82371SB PIIX3 IDE [Natoma/Triton II]\n\
         00:01.2 USB controller: Intel Corporation 82371SB PIIX3 USB [Natoma/Triton II] (rev 01)\n\
         00:01.3 Bridge: Intel Corporation 82371AB/EB/MB PIIX4 ACPI (rev 03)\n\
         00:02.0 VGA compatible controller: Device 1234:1111 (rev 02)\n\
         00:03.0 Ethernet controller: Red Hat, Inc. Virtio network device\n\
         00:04.0 SCSI storage controller: Red Hat, Inc. Virtio block device",
    );
    0
}

async fn iptables(p: &mut Proc) -> u32 {
    let (words, name) = (super::words(p), p.name());
    if p.user.uid != 0 {
        p.error(format!("{name} v1.8.9 (nf_tables): Could not fetch rule set generation id: Permission denied (you must be root)"));
        return 4;
    }
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    if words.is_empty() {
        p.error(format!("{name} v1.8.9 (nf_tables): no command specified\nTry `{name} -h' or '{name} --help' for more information."));
        return 2;
    }
    if has(&["-V", "--version"]) {
        p.line(format!("{name} v1.8.9 (nf_tables)"));
    } else if has(&["-S", "--list-rules"]) {
        p.line("-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT");
    } else if words.iter().any(|word| word == "--list" || word.strip_prefix('-').is_some_and(|w| !w.starts_with('-') && w.contains('L'))) {
        let nat = has(&["nat"]);
        let verbose = words.iter().any(|word| word.starts_with('-') && word.contains('v'));
        let chains: &[&str] = if nat { &["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"] } else { &["INPUT", "FORWARD", "OUTPUT"] };
        for (index, chain) in chains.iter().enumerate() {
            if index > 0 {
                p.line("");
            }
            p.line(if verbose {
                format!("Chain {chain} (policy ACCEPT 0 packets, 0 bytes)\n pkts bytes target     prot opt in     out     source               destination         ")
            } else {
                format!("Chain {chain} (policy ACCEPT)\ntarget     prot opt source               destination         ")
            });
        }
    }
    0
}

/// Units that have a process, and how they call themselves.
const UNITS: &[(&str, &str)] = &[
    ("ssh", "OpenBSD Secure Shell server"),
    ("cron", "Regular background program processing daemon"),
    ("rsyslog", "System Logging Service"),
    ("dbus", "D-Bus System Message Bus"),
    ("systemd-journald", "Journal Service"),
    ("systemd-logind", "User Login Management"),
    ("systemd-timesyncd", "Network Time Synchronization"),
    ("systemd-udevd", "Rule-based Manager for Device Events and Files"),
    ("getty@tty1", "Getty on tty1"),
    ("qemu-guest-agent", "QEMU Guest Agent"),
];

fn unit(name: &str) -> Option<(&'static str, &'static str)> {
    let name = name.strip_suffix(".service").unwrap_or(name);
    let name = if name == "sshd" { "ssh" } else { name };
    UNITS.iter().find(|(known, _)| *known == name).copied()
}

fn full(name: &str) -> String {
    if name.contains('.') { name.to_owned() } else { format!("{name}.service") }
}

async fn service(p: &mut Proc) -> u32 {
    let words = super::words(p);
    let (name, verb) = match words.as_slice() {
        [all, ..] if all == "--status-all" => {
            p.line(" [ + ]  cron\n [ + ]  dbus\n [ - ]  hwclock.sh\n [ + ]  kmod\n [ + ]  networking\n [ + ]  procps\n [ + ]  rsyslog\n [ + ]  ssh\n [ + ]  udev");
            return 0;
        }
        [name, verb, ..] => (name.clone(), verb.clone()),
        [] | [_] => {
            p.error("Usage: service < option > | --status-all | [ service_name [ command | --full-restart ] ]");
            return 1;
        }
    };
    let script = [b"/etc/init.d/", name.as_bytes()].concat();
    let exists = p.fs(|process| process.stat(&script, crate::files::Last::Follow)).is_ok();
    if !exists && unit(&name).is_none() {
        p.error(format!("{name}: unrecognized service"));
        return 1;
    }
    p.args = vec![b"systemctl".to_vec(), verb.into_bytes(), full(&name).into_bytes()];
    systemctl(p).await
}

async fn systemctl(p: &mut Proc) -> u32 {
    let words = super::words(p);
    let quiet = words.iter().any(|word| word == "-q" || word == "--quiet");
    let plain: Vec<&String> = words.iter().filter(|word| !word.starts_with('-')).collect();
    let verb = plain.first().map_or("list-units", |verb| verb.as_str()).to_owned();
    let names: Vec<String> = plain.iter().skip(1).map(|name| (*name).clone()).collect();
    match verb.as_str() {
        "daemon-reload" | "daemon-reexec" | "reset-failed" | "preset-all" => return 0,
        "is-system-running" => {
            p.line("running");
            return 0;
        }
        "list-units" | "list-unit-files" => {
            list(p);
            return 0;
        }
        "start" | "stop" | "restart" | "reload" | "enable" | "disable" | "mask" | "unmask" | "status" | "show"
        | "is-active" | "is-enabled" | "is-failed" | "try-restart" | "cat" | "kill" | "condrestart" | "force-reload" => {}
        _ => {
            p.error(format!("Unknown command verb {verb}."));
            return 1;
        }
    }
    if names.is_empty() && verb != "status" {
        p.error("Too few arguments.");
        return 1;
    }
    let mut status = 0;
    for name in &names {
        let one = one_unit(p, &verb, name, quiet);
        status = if one == 0 { status } else { one };
    }
    status
}

fn one_unit(p: &mut Proc, verb: &str, name: &str, quiet: bool) -> u32 {
    let known = unit(name);
    let file = known.map_or_else(|| full(name), |(unit, _)| format!("{unit}.service"));
    let Some((_, what)) = known else {
        return match verb {
            "is-active" | "is-failed" => {
                if !quiet {
                    p.line("inactive");
                }
                if verb == "is-active" { 3 } else { 1 }
            }
            "is-enabled" => {
                p.error(format!("Failed to get unit file state for {file}: No such file or directory"));
                1
            }
            "status" => {
                p.error(format!("Unit {file} could not be found."));
                4
            }
            "start" | "restart" | "reload" | "try-restart" | "force-reload" => {
                p.error(format!("Failed to {verb} {file}: Unit {file} not found."));
                5
            }
            "stop" | "kill" => {
                p.error(format!("Failed to {verb} {file}: Unit {file} not loaded."));
                5
            }
            "cat" => {
                p.error(format!("No files found for {file}."));
                1
            }
            "show" => 0,
            _ => {
                p.error(format!("Failed to {verb} unit: Unit file {file} does not exist."));
                1
            }
        };
    };
    if p.user.uid != 0 && !matches!(verb, "status" | "show" | "is-active" | "is-enabled" | "is-failed" | "cat") {
        p.error(format!("Failed to {verb} {file}: Interactive authentication required.\nSee system logs and 'systemctl status {file}' for details."));
        return 1;
    }
    match verb {
        "is-active" | "is-failed" => {
            if !quiet {
                p.line("active");
            }
            u32::from(verb == "is-failed")
        }
        "is-enabled" => {
            if !quiet {
                p.line(if file.starts_with("systemd-") { "static" } else { "enabled" });
            }
            0
        }
        "status" => {
            show_status(p, &file, what);
            0
        }
        _ => 0,
    }
}

fn show_status(p: &mut Proc, file: &str, what: &str) {
    let (task, up) = p.world.with(|world| {
        let pid = tasks::service_pid(&world.machine, file);
        (pid.and_then(|pid| tasks::one(world, pid)), live::up_seconds(world))
    });
    let Some(task) = task else { return };
    let d = Date::new(task.started.div_euclid(1_000_000_000));
    let since = format!("{} {:04}-{:02}-{:02} {} UTC", d.weekday_name(), d.year, d.month, d.day, d.clock());
    let ago = match up / 86_400 {
        0 => format!("{}h {}min", up / 3_600, up / 60 % 60),
        days if days < 14 => format!("{days} days"),
        days => format!("{} weeks {} days", days / 7, days % 7),
    };
    let name = String::from_utf8_lossy(&task.name).into_owned();
    let command = String::from_utf8_lossy(&task.command()).into_owned();
    p.line(format!(
        "\u{25cf} {file} - {what}\n     Loaded: loaded (/lib/systemd/system/{file}; enabled; preset: enabled)\n     \
         Active: active (running) since {since}; {ago} ago\n   Main PID: {} ({name})\n      Tasks: {} (limit: {})\n     \
         Memory: {}.{}M\n        CPU: {}ms\n     CGroup: {}\n             \u{2514}\u{2500}{} {command:?}",
        task.pid,
        task.threads,
        p.world.with(|world| world.machine.memory_kib / 1_780),
        task.resident_kib / 1_024,
        task.resident_kib % 1_024 * 10 / 1_024,
        task.ticks * 10,
        task.cgroup,
        task.pid,
    ).replace('"', ""));
}

fn list(p: &mut Proc) {
    p.line("  UNIT                      LOAD   ACTIVE SUB     DESCRIPTION");
    for (name, what) in UNITS {
        p.line(format!("  {:<25} loaded active running {what}", format!("{name}.service")));
    }
    p.line(format!(
        "\nLOAD   = Reflects whether the unit definition was properly loaded.\nACTIVE = The high-level unit \
         activation state, i.e. generalization of SUB.\nSUB    = The low-level unit activation state, values \
         depend on unit type.\n{} loaded units listed.",
        UNITS.len()
    ));
}

async fn crontab(p: &mut Proc) -> u32 {
    let flags = [Flag::new(b'l', ""), Flag::new(b'r', ""), Flag::new(b'e', ""), Flag::new(b'i', ""), Flag::with(b'u', "")];
    let Some(options) = Options::read(p, &flags, false) else {
        p.error("crontab: usage error: unrecognized option");
        p.error("usage:\tcrontab [-u user] file\n\tcrontab [ -u user ] [ -i ] { -e | -l | -r }\n\t\t(default operation is replace, per 1003.2)\n\t-e\t(edit user's crontab)\n\t-l\t(list user's crontab)\n\t-r\t(delete user's crontab)\n\t-i\t(prompt before deleting user's crontab)");
        return 1;
    };
    let own = p.user.clone();
    let user = options.value(b'u').map_or(own.name.clone(), <[u8]>::to_vec);
    if user != own.name && own.uid != 0 {
        p.error("must be privileged to use -u");
        return 1;
    }
    if p.world.with(|world| crate::people::by_name(&world.files, &user)).is_none() {
        p.error([b"crontab:  user `", user.as_slice(), b"' unknown"].concat());
        return 1;
    }
    let path = [b"/var/spool/cron/crontabs/", user.as_slice()].concat();
    // The program is of the group `crontab`: the folder is open to it.
    p.user.uid = 0;
    let status = match options.last_of(b"lre") {
        Some(b'l') => match p.content(&path).await {
            Ok(text) => {
                p.print(text);
                0
            }
            Err(_) => none(p, &user),
        },
        Some(b'r') => match p.fs(|process| process.unlink(&path)) {
            Ok(_) => 0,
            Err(_) => none(p, &user),
        },
        Some(_) => {
            p.error([b"no crontab for ", user.as_slice(), b" - using an empty one"].concat());
            p.error("crontab: no changes made to crontab");
            0
        }
        None => replace(p, &options, &own, &path).await,
    };
    p.user = own;
    status
}

fn none(p: &mut Proc, user: &[u8]) -> u32 {
    p.error([b"no crontab for ", user].concat());
    1
}

async fn replace(p: &mut Proc, options: &Options, own: &crate::kernel::User, path: &[u8]) -> u32 {
    let source = options.rest.first().cloned().unwrap_or_else(|| b"-".to_vec());
    p.user.uid = own.uid;
    let text = match p.content(&source).await {
        Ok(text) => text,
        Err(fault) => {
            p.error([source.as_slice(), b": ", fault.text().as_bytes()].concat());
            return 1;
        }
    };
    for (line, number) in text.split(|&b| b == b'\n').zip(1..) {
        p.tick(line.len()).await;
        let line = line.trim_ascii();
        let is_rule = !line.is_empty() && !line.starts_with(b"#") && !line.starts_with(b"@");
        let first = line.split(u8::is_ascii_whitespace).next().unwrap_or_default();
        let is_setting = first.contains(&b'=') || line.split(|&b| b == b' ').nth(1) == Some(b"=");
        let minute = first.iter().all(|b| b.is_ascii_digit() || b"*,-/~".contains(b));
        if is_rule && !is_setting && !minute {
            p.error(format!("\"{}\":{}: bad minute", String::from_utf8_lossy(&source), number - 1));
            p.error("errors in crontab file, can't install.");
            return 1;
        }
    }
    p.user.uid = 0;
    for folder in [&b"/var/spool/cron"[..], b"/var/spool/cron/crontabs"] {
        // They are there, as a rule.
        let _ = p.fs(|process| process.mkdir(folder, 0o755));
    }
    let opening = Opening { create: Some(0o600), truncate: true, ..Opening::default() };
    match p.open(path, Direction::Write, opening, false) {
        Ok(open) => {
            let fd = p.add(open, 3);
            let written = p.write(fd, &text).await;
            p.fds.remove(&fd);
            u32::from(written.is_err())
        }
        Err(fault) => {
            p.error([path, b": ", fault.text().as_bytes()].concat());
            1
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::Bench;

    #[test]
    fn a_crontab_is_kept() {
        let mut bench = Bench::new();
        let done = bench.run(&["crontab", "-l"], "");
        assert_eq!((done.out.as_str(), done.err.as_str(), done.status), ("", "no crontab for root\n", 1));
        assert_eq!(bench.run(&["crontab", "-"], "* * * * * /tmp/x\n").status, 0);
        assert_eq!(bench.run(&["crontab", "-l"], "").out, "* * * * * /tmp/x\n");
        assert_eq!(bench.run(&["crontab", "-r"], "").status, 0);
        assert_eq!(bench.run(&["crontab", "-l"], "").status, 1);
    }

    #[test]
    fn units_that_are_not_there_are_refused() {
        let mut bench = Bench::new();
        assert_eq!(bench.run(&["systemctl", "is-active", "ssh"], "").out, "active\n");
        let done = bench.run(&["systemctl", "stop", "x"], "");
        assert_eq!((done.err.as_str(), done.status), ("Failed to stop x.service: Unit x.service not loaded.\n", 5));
        let done = bench.run(&["systemctl", "status", "x"], "");
        assert_eq!((done.err.as_str(), done.status), ("Unit x.service could not be found.\n", 4));
        let done = bench.run(&["service", "iptables", "stop"], "");
        assert_eq!((done.err.as_str(), done.status), ("iptables: unrecognized service\n", 1));
        assert_eq!(bench.run(&["iptables", "-F"], "").status, 0);
        assert!(bench.run(&["lsmod"], "").out.starts_with("Module                  Size  Used by\n"));
    }
}
