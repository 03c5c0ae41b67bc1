//! `uname`, `arch`, `hostname` and its other names, `hostid`, `nproc`, `getconf`.
//!
//! **Invariant:** the kernel's release and the processors are the machine's; the host's name is what
//! /proc/sys/kernel/hostname says.

use super::{COREUTILS, gnu, number, read, text, usage};
use crate::commands::{Flag, Options, Program, quote};
use crate::kernel::Proc;
use crate::live;
use crate::process::{Direction, Opening};
use std::net::IpAddr;

const HOSTNAME: i64 = 1_671_464_220;
const LIBC: i64 = 1_769_904_000;

pub(super) const PROGRAMS: &[Program] = &[
    Program::new("uname", |p| Box::pin(uname(p)), 39_776, COREUTILS),
    Program::new("arch", |p| Box::pin(arch(p)), 39_776, COREUTILS),
    Program::new("nproc", |p| Box::pin(nproc(p)), 39_744, COREUTILS),
    Program::new("hostid", |p| Box::pin(hostid(p)), 35_648, COREUTILS),
    Program::new("hostname", |p| Box::pin(hostname(p)), 26_984, HOSTNAME),
    Program::new("dnsdomainname", |p| Box::pin(hostname(p)), 26_984, HOSTNAME),
    Program::new("domainname", |p| Box::pin(hostname(p)), 26_984, HOSTNAME),
    Program::new("nisdomainname", |p| Box::pin(hostname(p)), 26_984, HOSTNAME),
    Program::new("ypdomainname", |p| Box::pin(hostname(p)), 26_984, HOSTNAME),
    Program::new("getconf", |p| Box::pin(getconf(p)), 35_136, LIBC),
];

async fn uname(p: &mut Proc) -> u32 {
    const FLAGS: &[Flag] = &[
        Flag::new(b'a', "all"),
        Flag::new(b's', "kernel-name"),
        Flag::new(b's', "sysname"),
        Flag::new(b'n', "nodename"),
        Flag::new(b'r', "kernel-release"),
        Flag::new(b'r', "release"),
        Flag::new(b'v', "kernel-version"),
        Flag::new(b'm', "machine"),
        Flag::new(b'p', "processor"),
        Flag::new(b'i', "hardware-platform"),
        Flag::new(b'o', "operating-system"),
    ];
    let options = match gnu(p, FLAGS, 1, "David MacKenzie") {
        Ok(options) => options,
        Err(status) => return status,
    };
    if let Some(extra) = options.rest.first() {
        let extra = quote(p, extra);
        p.error([b"uname: extra operand ", extra.as_slice()].concat());
        p.try_help();
        return 1;
    }
    let all = options.has(b'a');
    let (host, release, version) = p.world.with(|world| {
        let machine = &world.machine;
        (live::hostname(world), machine.kernel, machine.kernel_version.clone())
    });
    let fields: [(u8, &[u8]); 8] = [
        (b's', b"Linux"),
        (b'n', &host),
        (b'r', release.as_bytes()),
        (b'v', version.as_bytes()),
        (b'm', b"x86_64"),
        (b'p', b"unknown"),
        (b'i', b"unknown"),
        (b'o', b"GNU/Linux"),
    ];
    let none = options.given.is_empty();
    // `-a` leaves out what is unknown.
    let said = fields.iter().filter(|(letter, text)| match (all, none) {
        (true, _) => *text != b"unknown",
        (false, true) => *letter == b's',
        (false, false) => options.has(*letter),
    });
    let words: Vec<&[u8]> = said.map(|(_, text)| *text).collect();
    p.line(words.join(&b' '));
    0
}

async fn arch(p: &mut Proc) -> u32 {
    let options = match gnu(p, &[], 1, "David MacKenzie and Karel Zak") {
        Ok(options) => options,
        Err(status) => return status,
    };
    if let Some(extra) = options.rest.first() {
        let extra = quote(p, extra);
        p.error([b"arch: extra operand ", extra.as_slice()].concat());
        p.try_help();
        return 1;
    }
    p.line("x86_64");
    0
}

async fn nproc(p: &mut Proc) -> u32 {
    const FLAGS: &[Flag] = &[Flag::new(3, "all"), Flag::with(4, "ignore")];
    let options = match gnu(p, FLAGS, 1, "Giuseppe Scrivano") {
        Ok(options) => options,
        Err(status) => return status,
    };
    if let Some(extra) = options.rest.first() {
        let extra = quote(p, extra);
        p.error([b"nproc: extra operand ", extra.as_slice()].concat());
        p.try_help();
        return 1;
    }
    let mut ignored = 0_u32;
    if let Some(word) = options.value(4) {
        let Some(value) = number::<u64>(word.trim_ascii()) else {
            let word = quote(p, word);
            p.error([b"nproc: invalid number to ignore: ", word.as_slice()].concat());
            return 1;
        };
        ignored = u32::try_from(value).unwrap_or(u32::MAX);
    }
    let mut count = p.world.with(|world| world.machine.cpus);
    let variable = |name| p.var(name).and_then(number::<u32>).filter(|threads| *threads > 0);
    if !options.has(3) {
        count = variable("OMP_NUM_THREADS").unwrap_or(count);
        count = count.min(variable("OMP_THREAD_LIMIT").unwrap_or(u32::MAX));
    }
    p.line(count.saturating_sub(ignored).max(1).to_string());
    0
}

async fn hostid(p: &mut Proc) -> u32 {
    let options = match gnu(p, &[], 1, "Jim Meyering") {
        Ok(options) => options,
        Err(status) => return status,
    };
    if let Some(extra) = options.rest.first() {
        let extra = quote(p, extra);
        p.error([b"hostid: extra operand ", extra.as_slice()].concat());
        p.try_help();
        return 1;
    }
    // The C library takes it from the host's address: 127.0.1.1 by /etc/hosts, with its halves
    // swapped.
    let host = p.world.with(|world| live::hostname(world));
    let address = addresses_of(p, &host).into_iter().find_map(|address| match address {
        IpAddr::V4(address) => Some(address.to_bits().swap_bytes()),
        IpAddr::V6(_) => None,
    });
    p.line(format!("{:08x}", address.unwrap_or(0).rotate_left(16)));
    0
}

/// Addresses that /etc/hosts has for a name.
fn addresses_of(p: &Proc, name: &[u8]) -> Vec<IpAddr> {
    let hosts = read(p, b"/etc/hosts");
    let lines = hosts.split(|&b| b == b'\n');
    lines
        .filter_map(|line| {
            let line = line.split(|&b| b == b'#').next()?;
            let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
            let address = std::str::from_utf8(words.next()?).ok()?.parse().ok()?;
            words.any(|word| word == name).then_some(address)
        })
        .collect()
}

/// The first name of the line in /etc/hosts that has a name, and the other ones.
fn names_of(p: &Proc, name: &[u8]) -> Vec<Vec<u8>> {
    let hosts = read(p, b"/etc/hosts");
    for line in hosts.split(|&b| b == b'\n') {
        let line = line.split(|&b| b == b'#').next().unwrap_or_default();
        let words: Vec<&[u8]> =
            line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).collect();
        if words.iter().skip(1).any(|word| *word == name) {
            return words.iter().skip(1).map(|word| word.to_vec()).collect();
        }
    }
    Vec::new()
}

async fn hostname(p: &mut Proc) -> u32 {
    const FLAGS: &[Flag] = &[
        Flag::new(b'a', "alias"),
        Flag::new(b'A', "all-fqdns"),
        Flag::new(b'b', "boot"),
        Flag::new(b'd', "domain"),
        Flag::new(b'f', "fqdn"),
        Flag::new(b'f', "long"),
        Flag::with(b'F', "file"),
        Flag::new(b'h', "help"),
        Flag::new(b'i', "ip-address"),
        Flag::new(b'I', "all-ip-addresses"),
        Flag::new(b's', "short"),
        Flag::new(b'V', "version"),
        Flag::new(b'v', "verbose"),
        Flag::new(b'y', "yp"),
        Flag::new(b'y', "nis"),
    ];
    let called = p.name();
    let Some(options) = Options::read(p, FLAGS, false) else {
        p.error(usage("hostname"));
        return 255;
    };
    if options.has(b'V') {
        p.line("hostname 3.23");
        return 0;
    }
    if options.has(b'h') {
        p.line(usage("hostname"));
        return 0;
    }
    let host = p.world.with(|world| live::hostname(world));
    let mut new = options.rest.first().cloned();
    if let Some(file) = options.value(b'F').map(<[u8]>::to_vec) {
        match p.content(&file).await {
            Ok(bytes) => {
                let mut lines = bytes.split(|&b| b == b'\n').map(<[u8]>::trim_ascii);
                new = lines.find(|line| !line.is_empty() && !line.starts_with(b"#")).map(<[u8]>::to_vec);
            }
            Err(fault) => {
                p.error(format!("hostname: {}", fault.text()));
                return 1;
            }
        }
    }
    if let Some(name) = new {
        return set(p, &name).await;
    }
    let is_domain = called.ends_with("domainname") && called != "dnsdomainname";
    let what = options.last_of(b"aAdfiIsy");
    match what.unwrap_or(if is_domain { b'y' } else if called == "dnsdomainname" { b'd' } else { 0 }) {
        b'y' if called == "hostname" => {
            p.error("hostname: Local domain name not set");
            return 1;
        }
        b'y' => p.line("(none)"),
        b's' => p.line(host.split(|&b| b == b'.').next().unwrap_or_default()),
        b'I' => {
            let network = p.world.with(|world| live::net::network(world));
            let mut list = format!("{} ", network.address);
            if let Some(global) = network.global {
                list.push_str(&format!("{global} "));
            }
            p.line(list);
        }
        b'A' => {
            p.line(format!("{} ", text(&host)));
        }
        letter @ (b'a' | b'd' | b'f' | b'i') => {
            let names = names_of(p, &host);
            let Some(full) = names.first() else {
                p.error("hostname: Name or service not known");
                return 1;
            };
            match letter {
                b'a' => p.line(names.get(1..).unwrap_or_default().join(&b' ')),
                b'd' => {
                    // Without a domain there is no line.
                    if let Some(dot) = full.iter().position(|&b| b == b'.') {
                        p.line(full.get(dot + 1..).unwrap_or_default());
                    }
                }
                b'i' => {
                    let list: Vec<String> =
                        addresses_of(p, &host).iter().map(ToString::to_string).collect();
                    p.line(list.join(" "));
                }
                _ => p.line(full),
            }
        }
        _ => p.line(host),
    }
    0
}

/// Gives the host another name, as root may.
async fn set(p: &mut Proc, name: &[u8]) -> u32 {
    if p.user.uid != 0 {
        p.error("hostname: you must be root to change the host name");
        return 1;
    }
    let good = |b: &u8| b.is_ascii_alphanumeric() || b"-.".contains(b);
    if name.is_empty() || name.len() > 64 || !name.iter().all(good) || name.starts_with(b"-") {
        p.error("hostname: the specified hostname is invalid");
        return 1;
    }
    let opening = Opening { create: None, exclusive: false, truncate: false };
    if let Ok(open) = p.open(b"/proc/sys/kernel/hostname", Direction::Write, opening, false) {
        let fd = p.add(open, 3);
        let _ = p.fs(|process| process.truncate_at(b"/proc/sys/kernel/hostname", 0));
        let _ = p.write(fd, &[name, b"\n"].concat()).await;
        p.fds.remove(&fd);
    }
    0
}

async fn getconf(p: &mut Proc) -> u32 {
    let mut words = p.rest();
    if words.first().is_some_and(|word| word == b"-v") {
        words.drain(..words.len().min(2));
    }
    let (cpus, memory) = p.world.with(|world| (world.machine.cpus, world.machine.memory_kib));
    let values = configuration(u64::from(cpus), memory);
    match words.first().map(|word| text(word)).as_deref() {
        Some("-a") => {
            for (name, value) in values {
                p.line(format!("{name:<35}{value}"));
            }
            0
        }
        Some("--version" | "-V") => {
            p.line("getconf (Debian GLIBC 2.36-9+deb12u14) 2.36");
            0
        }
        Some(name) => match values.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => {
                p.line(value);
                0
            }
            None => {
                p.error(format!("getconf: Unrecognized variable `{name}'"));
                2
            }
        },
        None => {
            p.error("Usage: getconf [-v specification] variable_name [pathname]\n       getconf -a [pathname]");
            2
        }
    }
}

fn configuration(cpus: u64, memory_kib: u64) -> Vec<(&'static str, String)> {
    let list: [(&'static str, u64); 34] = [
        ("LINK_MAX", 65_000),
        ("NAME_MAX", 255),
        ("PATH_MAX", 4_096),
        ("PIPE_BUF", 4_096),
        ("ARG_MAX", 2_097_152),
        ("CHILD_MAX", memory_kib / 264),
        ("CLK_TCK", 100),
        ("OPEN_MAX", 1_024),
        ("NGROUPS_MAX", 65_536),
        ("STREAM_MAX", 16),
        ("TZNAME_MAX", 6),
        ("HOST_NAME_MAX", 64),
        ("LOGIN_NAME_MAX", 256),
        ("PAGESIZE", 4_096),
        ("PAGE_SIZE", 4_096),
        ("LINE_MAX", 2_048),
        ("CHAR_BIT", 8),
        ("INT_MAX", 2_147_483_647),
        ("INT_MIN", 0),
        ("LONG_BIT", 64),
        ("WORD_BIT", 32),
        ("SSIZE_MAX", 32_767),
        ("UINT_MAX", 4_294_967_295),
        ("ULONG_MAX", u64::MAX),
        ("USHRT_MAX", 65_535),
        ("_NPROCESSORS_CONF", cpus),
        ("_NPROCESSORS_ONLN", cpus),
        ("_PHYS_PAGES", memory_kib / 4),
        ("_AVPHYS_PAGES", memory_kib / 8),
        ("IOV_MAX", 1_024),
        ("SYMLOOP_MAX", 40),
        ("LEVEL1_DCACHE_LINESIZE", 64),
        ("LEVEL1_DCACHE_SIZE", 32_768),
        ("FILESIZEBITS", 64),
    ];
    let mut all: Vec<(&'static str, String)> =
        list.into_iter().map(|(name, value)| (name, value.to_string())).collect();
    for (name, value) in &mut all {
        if *name == "INT_MIN" {
            "-2147483648".clone_into(value);
        }
    }
    all.extend(
        [
            ("GNU_LIBC_VERSION", "glibc 2.36"),
            ("GNU_LIBPTHREAD_VERSION", "NPTL 2.36"),
            ("PATH", "/bin:/usr/bin"),
            ("CS_PATH", "/bin:/usr/bin"),
            ("POSIX2_VERSION", "200809"),
            ("_POSIX_VERSION", "200809"),
            ("POSIX_VERSION", "200809"),
            ("_XOPEN_VERSION", "700"),
        ]
        .map(|(name, value)| (name, value.to_owned())),
    );
    all
}

#[cfg(test)]
mod tests {
    use crate::testing::Bench;

    #[test]
    fn uname_says_what_the_machine_is() {
        let mut bench = Bench::new();
        let machine = bench.world.with(|world| world.machine.clone());
        let all = format!(
            "Linux {} {} {} x86_64 GNU/Linux\n",
            machine.hostname, machine.kernel, machine.kernel_version
        );
        assert_eq!(bench.run(&["uname", "-a"], "").out, all);
        assert_eq!(bench.run(&["uname"], "").out, "Linux\n");
        assert_eq!(bench.run(&["uname", "-mpio"], "").out, "x86_64 unknown unknown GNU/Linux\n");
        assert_eq!(bench.run(&["uname", "--kernel-release"], "").out, format!("{}\n", machine.kernel));
        let wrong = bench.run(&["uname", "x"], "");
        assert_eq!(wrong.err, "uname: extra operand 'x'\nTry 'uname --help' for more information.\n");
        assert_eq!(wrong.status, 1);
        let wrong = bench.run(&["uname", "-Z"], "");
        assert_eq!(wrong.err, "uname: invalid option -- 'Z'\nTry 'uname --help' for more information.\n");
    }

    #[test]
    fn a_host_can_have_another_name() {
        let mut bench = Bench::new();
        assert_eq!(bench.run(&["hostname", "-i"], "").out, "127.0.1.1\n");
        assert_eq!(bench.run(&["hostid"], "").out, "007f0101\n");
        assert_eq!(bench.run(&["hostname", "other"], "").status, 0);
        assert_eq!(bench.run(&["hostname"], "").out, "other\n");
        assert_eq!(bench.run(&["uname", "-n"], "").out, "other\n");
        assert_eq!(bench.run(&["cat", "/proc/sys/kernel/hostname"], "").out, "other\n");
    }

    #[test]
    fn processors_agree() {
        let mut bench = Bench::new();
        let cpus = bench.world.with(|world| world.machine.cpus);
        assert_eq!(bench.run(&["nproc"], "").out, format!("{cpus}\n"));
        let info = bench.run(&["grep", "-c", "^processor", "/proc/cpuinfo"], "");
        assert_eq!(info.out, format!("{cpus}\n"));
        assert_eq!(bench.run(&["getconf", "_NPROCESSORS_ONLN"], "").out, format!("{cpus}\n"));
        assert_eq!(bench.run(&["getconf", "LONG_BIT"], "").out, "64\n");
        assert_eq!(bench.run(&["getconf", "PAGESIZE"], "").out, "4096\n");
    }
}
