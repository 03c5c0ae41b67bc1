//! What is in /proc/PID.
//!
//! **Invariant:** a process is what [`tasks`](crate::live::tasks) lists; nothing is known of it
//! that is not there.

use crate::files::{Kind, Live, Node};
use crate::kernel::World;
use crate::live::tasks::Task;
use crate::machine::Dice;

/// A file of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    Cgroup,
    Cmdline,
    Comm,
    Environ,
    Io,
    Limits,
    Maps,
    Mountinfo,
    Mounts,
    Schedstat,
    Stat,
    Statm,
    Status,
    /// A number or word that is the same for all.
    Fixed(&'static str),
}

/// Files of a process, with their permissions.
const ITEMS: &[(&str, Item, u16)] = &[
    ("arch_status", Item::Fixed("AVX512_elapsed_ms:\t-1\n"), 0o444),
    ("autogroup", Item::Fixed(""), 0o644),
    ("auxv", Item::Fixed(""), 0o400),
    ("cgroup", Item::Cgroup, 0o444),
    ("clear_refs", Item::Fixed(""), 0o200),
    ("cmdline", Item::Cmdline, 0o444),
    ("comm", Item::Comm, 0o644),
    ("coredump_filter", Item::Fixed("00000033\n"), 0o644),
    ("cpuset", Item::Fixed("/\n"), 0o444),
    ("environ", Item::Environ, 0o400),
    ("gid_map", Item::Fixed("         0          0 4294967295\n"), 0o644),
    ("io", Item::Io, 0o400),
    ("limits", Item::Limits, 0o444),
    ("loginuid", Item::Fixed("4294967295"), 0o644),
    ("maps", Item::Maps, 0o444),
    ("mem", Item::Fixed(""), 0o600),
    ("mountinfo", Item::Mountinfo, 0o444),
    ("mounts", Item::Mounts, 0o444),
    ("mountstats", Item::Fixed(""), 0o400),
    ("numa_maps", Item::Fixed(""), 0o444),
    ("oom_adj", Item::Fixed("0\n"), 0o644),
    ("oom_score", Item::Fixed("667\n"), 0o444),
    ("oom_score_adj", Item::Fixed("0\n"), 0o644),
    ("pagemap", Item::Fixed(""), 0o400),
    ("personality", Item::Fixed("00000000\n"), 0o400),
    ("projid_map", Item::Fixed("         0          0 4294967295\n"), 0o644),
    ("sched", Item::Fixed(""), 0o644),
    ("schedstat", Item::Schedstat, 0o444),
    ("sessionid", Item::Fixed("4294967295"), 0o444),
    ("setgroups", Item::Fixed("allow\n"), 0o644),
    ("smaps", Item::Maps, 0o444),
    ("smaps_rollup", Item::Fixed(""), 0o444),
    ("stack", Item::Fixed(""), 0o400),
    ("stat", Item::Stat, 0o444),
    ("statm", Item::Statm, 0o444),
    ("status", Item::Status, 0o444),
    ("syscall", Item::Fixed("running\n"), 0o400),
    (
        "timens_offsets",
        Item::Fixed("monotonic           0         0\nboottime            0         0\n"),
        0o644,
    ),
    ("timers", Item::Fixed(""), 0o444),
    ("timerslack_ns", Item::Fixed("50000\n"), 0o666),
    ("uid_map", Item::Fixed("         0          0 4294967295\n"), 0o644),
    ("wchan", Item::Fixed("0"), 0o444),
];

/// Names of its namespaces.
const SPACES: &[(&str, &str)] = &[
    ("cgroup", "cgroup:[4026531835]"),
    ("ipc", "ipc:[4026531839]"),
    ("mnt", "mnt:[4026531841]"),
    ("net", "net:[4026531840]"),
    ("pid", "pid:[4026531836]"),
    ("pid_for_children", "pid:[4026531836]"),
    ("time", "time:[4026531834]"),
    ("time_for_children", "time:[4026531834]"),
    ("user", "user:[4026531837]"),
    ("uts", "uts:[4026531838]"),
];

/// All that is in /proc/PID of a process: paths and nodes, the folder first. `fds` are its
/// descriptors and what they lead to.
pub(crate) fn nodes(task: &Task, fds: &[(u32, Vec<u8>)], now: i64) -> Vec<(Vec<u8>, Node)> {
    let root = format!("/proc/{}", task.pid);
    let mut all = Vec::with_capacity(80);
    let mut add = |name: &str, kind: Kind, mode: u16| {
        let path = format!("{root}{name}").into_bytes();
        all.push((path, Node::new(kind, mode, (task.uid, task.gid), now * 1_000_000_000)));
    };
    add("", Kind::Folder, 0o555);
    for (name, item, mode) in ITEMS {
        add(&format!("/{name}"), Kind::Live(Live::Process(task.pid, *item)), *mode);
    }
    let cwd = if task.cwd.is_empty() { b"/".to_vec() } else { task.cwd.clone() };
    add("/cwd", Kind::Link(cwd), 0o777);
    add("/root", Kind::Link(b"/".to_vec()), 0o777);
    add("/net", Kind::Link(b"../net".to_vec()), 0o777);
    add("/exe", Kind::Link(task.path.clone()), 0o777);
    for (name, mode) in [
        ("/fd", 0o500),
        ("/fdinfo", 0o555),
        ("/ns", 0o511),
        ("/attr", 0o555),
        ("/map_files", 0o500),
    ] {
        add(name, Kind::Folder, mode);
    }
    add("/attr/current", Kind::Live(Live::Process(task.pid, Item::Fixed("unconfined\n"))), 0o666);
    add("/task", Kind::Folder, 0o555);
    add(&format!("/task/{}", task.pid), Kind::Folder, 0o555);
    for (name, item) in [
        ("cmdline", Item::Cmdline),
        ("comm", Item::Comm),
        ("stat", Item::Stat),
        ("status", Item::Status),
    ] {
        let path = format!("/task/{}/{name}", task.pid);
        add(&path, Kind::Live(Live::Process(task.pid, item)), 0o444);
    }
    for (name, to) in SPACES {
        add(&format!("/ns/{name}"), Kind::Link(to.as_bytes().to_vec()), 0o777);
    }
    for (fd, to) in fds {
        add(&format!("/fd/{fd}"), Kind::Link(to.clone()), 0o700);
        let info = Item::Fixed("pos:\t0\nflags:\t0100002\nmnt_id:\t24\nino:\t3\n");
        add(&format!("/fdinfo/{fd}"), Kind::Live(Live::Process(task.pid, info)), 0o444);
    }
    all
}

/// What is in a file of a process.
pub(crate) fn text(world: &World, task: &Task, item: Item) -> Vec<u8> {
    match item {
        Item::Cmdline => {
            task.args.iter().flat_map(|arg| [arg.as_slice(), b"\0"].concat()).collect()
        }
        Item::Comm => [task.name.as_slice(), b"\n"].concat(),
        Item::Environ => task
            .env
            .iter()
            .flat_map(|(name, value)| [name.as_slice(), b"=", value, b"\0"].concat())
            .collect(),
        Item::Cgroup => match task.is_kernel {
            true => b"0::/\n".to_vec(),
            false => format!("0::{}\n", task.cgroup).into_bytes(),
        },
        Item::Io => format!(
            "rchar: {0}\nwchar: {1}\nsyscr: {2}\nsyscw: {3}\nread_bytes: 0\nwrite_bytes: 0\n\
             cancelled_write_bytes: 0\n",
            task.resident_kib * 3,
            task.resident_kib,
            task.resident_kib / 90,
            task.resident_kib / 300
        )
        .into_bytes(),
        Item::Limits => limits(world).into_bytes(),
        Item::Maps => maps(task).into_bytes(),
        Item::Mounts => world.files.mounts.text(),
        Item::Mountinfo => super::kernel::mountinfo(world).into_bytes(),
        Item::Schedstat => format!("{} {} 12\n", task.ticks * 10_000_000, 41_822).into_bytes(),
        Item::Stat => stat(world, task).into_bytes(),
        Item::Statm => format!(
            "{} {} {} {} 0 {} 0\n",
            task.size_kib / 4,
            task.resident_kib / 4,
            task.resident_kib / 6,
            if task.is_kernel { 0 } else { 12 },
            task.size_kib / 24
        )
        .into_bytes(),
        Item::Status => status(world, task).into_bytes(),
        Item::Fixed(text) => text.as_bytes().to_vec(),
    }
}

/// Hundredths of a second from the start of the machine to that of the process.
fn start_ticks(world: &World, task: &Task) -> i64 {
    let booted = world.machine.booted(world.now);
    ((task.started - booted * 1_000_000_000) / 10_000_000).max(if task.is_kernel { 1 } else { 4 })
}

/// The number of its terminal's device.
fn terminal(task: &Task) -> u32 {
    match task.tty {
        Some("tty1") => 1_025,
        Some(_) => 34_816,
        None => 0,
    }
}

fn stat(world: &World, task: &Task) -> String {
    let mut dice = Dice(u64::from(task.pid) ^ world.machine.ids[0]);
    let code = 0x55_5555_0000_0000 + (dice.roll() & 0xff_ffff_f000);
    let stack = 0x7ffc_0000_0000 + (dice.roll() & 0x3_ffff_fff0);
    let foreground = if task.tty.is_some() { i64::from(task.foreground) } else { -1 };
    let user = task.ticks / 3;
    let flags = if task.is_kernel { 2_129_984 } else { 4_194_560 };
    let addresses = if task.is_kernel {
        [0; 5]
    } else {
        [code, code + 0x5_0000, stack, code + 0x7_0000, code + 0x7_4000]
    };
    let [start, end, stack, data, brk] = addresses;
    let limit = u64::MAX;
    format!(
        "{} ({}) {} {} {} {} {} {foreground} {flags} {} 0 {} 0 {user} {} 0 0 {} {} {} 0 {} {} {} \
         {limit} {start} {end} {stack} 0 0 0 0 {} {} 0 0 0 17 {} 0 0 0 0 0 {data} {brk} {} {} {} {} {} 0\n",
        task.pid,
        String::from_utf8_lossy(&task.name),
        char::from(task.state),
        task.parent,
        task.group,
        task.session,
        terminal(task),
        task.resident_kib / 5,
        task.resident_kib / 400,
        task.ticks - user,
        20 + task.nice,
        task.nice,
        task.threads,
        start_ticks(world, task),
        task.size_kib * 1_024,
        task.resident_kib / 4,
        if task.is_kernel { 2_147_483_647_u64 } else { 4_096 },
        if task.is_kernel { 0 } else { 65_536 },
        u64::from(task.pid) % u64::from(world.machine.cpus.max(1)),
        brk + u64::from(!task.is_kernel) * 0x20_0000,
        if task.is_kernel { 0 } else { stack + 0x400 },
        if task.is_kernel { 0 } else { stack + 0x410 },
        if task.is_kernel { 0 } else { stack + 0x410 },
        if task.is_kernel { 0 } else { stack + 0xfe0 },
    )
}

fn status(world: &World, task: &Task) -> String {
    let state = match task.state {
        b'R' => "R (running)",
        b'T' => "T (stopped)",
        b'Z' => "Z (zombie)",
        b'I' => "I (idle)",
        _ => "S (sleeping)",
    };
    let (uid, gid, pid) = (task.uid, task.gid, task.pid);
    let mut text = format!(
        "Name:\t{}\nUmask:\t0022\nState:\t{state}\nTgid:\t{pid}\nNgid:\t0\nPid:\t{pid}\nPPid:\t{}\n\
         TracerPid:\t0\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\nGid:\t{gid}\t{gid}\t{gid}\t{gid}\n\
         FDSize:\t{}\nGroups:\t{} \nNStgid:\t{pid}\nNSpid:\t{pid}\nNSpgid:\t{}\nNSsid:\t{}\n",
        String::from_utf8_lossy(&task.name),
        task.parent,
        if task.is_kernel { 64 } else { 256 },
        if task.is_kernel { String::new() } else { gid.to_string() },
        task.group,
        task.session,
    );
    if !task.is_kernel {
        let (size, resident) = (task.size_kib, task.resident_kib);
        let rows = [
            ("VmPeak", size),
            ("VmSize", size),
            ("VmLck", 0),
            ("VmPin", 0),
            ("VmHWM", resident),
            ("VmRSS", resident),
            ("RssAnon", resident / 8),
            ("RssFile", resident - resident / 8),
            ("RssShmem", 0),
            ("VmData", size / 10),
            ("VmStk", 132),
            ("VmExe", size / 40),
            ("VmLib", 1_520 + size / 30),
            ("VmPTE", 44 + size / 900),
            ("VmSwap", 0),
            ("HugetlbPages", 0),
        ];
        for (name, value) in rows {
            text.push_str(&format!("{name}:\t{value:>8} kB\n"));
        }
        text.push_str("CoreDumping:\t0\nTHP_enabled:\t1\n");
    }
    let caps = if uid == 0 { "000001ffffffffff" } else { "0000000000000000" };
    let cpus = world.machine.cpus;
    let mask = 1_u64.checked_shl(cpus).map_or(u64::MAX, |bit| bit - 1);
    text.push_str(&format!(
        "Threads:\t{}\nSigQ:\t0/{}\nSigPnd:\t0000000000000000\nShdPnd:\t0000000000000000\n\
         SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\nSigCgt:\t0000000000000000\n\
         CapInh:\t0000000000000000\nCapPrm:\t{caps}\nCapEff:\t{caps}\nCapBnd:\t000001ffffffffff\n\
         CapAmb:\t0000000000000000\nNoNewPrivs:\t0\nSeccomp:\t0\nSeccomp_filters:\t0\n\
         Speculation_Store_Bypass:\tthread vulnerable\nSpeculationIndirectBranch:\tconditional enabled\n\
         Cpus_allowed:\t{mask:x}\nCpus_allowed_list:\t{}\nMems_allowed:\t00000000,00000001\n\
         Mems_allowed_list:\t0\nvoluntary_ctxt_switches:\t{}\nnonvoluntary_ctxt_switches:\t{}\n",
        task.threads,
        world.machine.memory_kib / 264,
        if cpus > 1 { format!("0-{}", cpus - 1) } else { "0".to_owned() },
        task.ticks * 40 + 3,
        task.ticks / 2 + 1,
    ));
    text
}

fn limits(world: &World) -> String {
    let processes = (world.machine.memory_kib / 264).to_string();
    let locked = (world.machine.memory_kib / 8 * 1_024).to_string();
    let (processes, locked) = (processes.as_str(), locked.as_str());
    let rows = [
        ("Limit", "Soft Limit", "Hard Limit", "Units"),
        ("Max cpu time", "unlimited", "unlimited", "seconds"),
        ("Max file size", "unlimited", "unlimited", "bytes"),
        ("Max data size", "unlimited", "unlimited", "bytes"),
        ("Max stack size", "8388608", "unlimited", "bytes"),
        ("Max core file size", "0", "unlimited", "bytes"),
        ("Max resident set", "unlimited", "unlimited", "bytes"),
        ("Max processes", processes, processes, "processes"),
        ("Max open files", "1024", "1048576", "files"),
        ("Max locked memory", locked, locked, "bytes"),
        ("Max address space", "unlimited", "unlimited", "bytes"),
        ("Max file locks", "unlimited", "unlimited", "locks"),
        ("Max pending signals", processes, processes, "signals"),
        ("Max msgqueue size", "819200", "819200", "bytes"),
        ("Max nice priority", "0", "0", ""),
        ("Max realtime priority", "0", "0", ""),
        ("Max realtime timeout", "unlimited", "unlimited", "us"),
    ];
    rows.iter()
        .map(|(name, soft, hard, unit)| format!("{name:<25} {soft:<20} {hard:<20} {unit:<10}\n"))
        .collect()
}

/// Parts of memory, as `pmap` lists them too: start, end, rights, offset, inode, file.
pub(crate) fn regions(task: &Task) -> Vec<(u64, u64, &'static str, u64, u64, String)> {
    if task.is_kernel || task.state == b'Z' {
        return Vec::new();
    }
    let mut dice = Dice(u64::from(task.pid) ^ task.started.unsigned_abs());
    let file = String::from_utf8_lossy(&task.path).into_owned();
    let inode =
        file.bytes().fold(131_072_u64, |sum, b| (sum * 31 + u64::from(b)) % 262_144) + 131_072;
    let mut all = Vec::new();
    let mut part = |at: &mut u64, kib: u64, rights, offset, inode, name: &str| {
        all.push((*at, *at + kib * 1_024, rights, offset, inode, name.to_owned()));
        *at += kib * 1_024;
    };
    let mut code = 0x5500_0000_0000 + (dice.roll() & 0xff_ffff_f000);
    let size = (task.size_kib / 30).clamp(8, 1_000) / 4 * 4;
    part(&mut code, 8, "r--p", 0, inode, &file);
    part(&mut code, size, "r-xp", 0x2000, inode, &file);
    part(&mut code, size / 3 / 4 * 4 + 4, "r--p", 0x2000 + size * 1_024, inode, &file);
    part(&mut code, 4, "r--p", 0x3000 + size * 1_024, inode, &file);
    part(&mut code, 4, "rw-p", 0x4000 + size * 1_024, inode, &file);
    code += 0x20_0000;
    part(&mut code, 132, "rw-p", 0, 0, "[heap]");
    let mut library = 0x7f00_0000_0000 + (dice.roll() & 0xff_ffff_f000);
    let libc = "/usr/lib/x86_64-linux-gnu/libc.so.6";
    part(&mut library, 12, "rw-p", 0, 0, "");
    part(&mut library, 152, "r--p", 0, 135_411, libc);
    part(&mut library, 1_368, "r-xp", 0x26000, 135_411, libc);
    part(&mut library, 332, "r--p", 0x17_c000, 135_411, libc);
    part(&mut library, 16, "r--p", 0x1c_f000, 135_411, libc);
    part(&mut library, 8, "rw-p", 0x1d_3000, 135_411, libc);
    part(&mut library, 52, "rw-p", 0, 0, "");
    let loader = "/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2";
    library += 0x1_4000;
    part(&mut library, 4, "r--p", 0, 135_408, loader);
    part(&mut library, 152, "r-xp", 0x1000, 135_408, loader);
    part(&mut library, 40, "r--p", 0x2_7000, 135_408, loader);
    part(&mut library, 8, "r--p", 0x3_1000, 135_408, loader);
    part(&mut library, 8, "rw-p", 0x3_3000, 135_408, loader);
    let mut stack = 0x7ffc_0000_0000 + (dice.roll() & 0x3_ffff_f000);
    part(&mut stack, 132, "rw-p", 0, 0, "[stack]");
    stack += 0x4_5000;
    part(&mut stack, 16, "r--p", 0, 0, "[vvar]");
    part(&mut stack, 8, "r-xp", 0, 0, "[vdso]");
    all
}

fn maps(task: &Task) -> String {
    regions(task)
        .iter()
        .map(|(from, to, rights, offset, inode, name)| {
            let device = if *inode == 0 { "00:00" } else { "fe:01" };
            let head = format!("{from:x}-{to:x} {rights} {offset:08x} {device} {inode} ");
            if name.is_empty() { format!("{head}\n") } else { format!("{head:<73}{name}\n") }
        })
        .collect()
}
