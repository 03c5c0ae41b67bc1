//! /proc, /sys, /dev and /run, as far as they do not come and go.
//!
//! **Invariant:** numbers that change are computed when they are read.

use super::{Builder, command_line, file};
use crate::files::{Kind, Live, Special};
use crate::live::{NetFile, kernel, pid, tasks};
use crate::machine::{Machine, mac_text};

/// Puts them where they are.
pub(super) fn put(machine: &Machine, builder: &mut Builder) {
    proc(machine, builder);
    settings(machine, builder);
    sys(machine, builder);
    dev(machine, builder);
    run(machine, builder);
}

fn proc(machine: &Machine, builder: &mut Builder) {
    let at = machine.installed;
    for path in [
        "/proc",
        "/proc/net",
        "/proc/sys",
        "/proc/bus",
        "/proc/bus/pci",
        "/proc/driver",
        "/proc/fs",
        "/proc/irq",
        "/proc/tty",
        "/proc/acpi",
        "/proc/sysvipc",
        "/proc/pressure",
        "/proc/scsi",
    ] {
        builder.folder(path, 0o555, at);
    }
    for (name, live, mode) in [
        ("cpuinfo", Live::Cpuinfo, 0o444),
        ("meminfo", Live::Meminfo, 0o444),
        ("uptime", Live::Uptime, 0o444),
        ("loadavg", Live::Loadavg, 0o444),
        ("version", Live::Version, 0o444),
        ("stat", Live::Stat, 0o444),
        ("vmstat", Live::Vmstat, 0o444),
        ("interrupts", Live::Interrupts, 0o444),
        ("modules", Live::Modules, 0o444),
        ("diskstats", Live::Diskstats, 0o444),
        ("partitions", Live::Partitions, 0o444),
        ("swaps", Live::Swaps, 0o444),
        ("net/arp", Live::Net(NetFile::Arp), 0o444),
        ("net/dev", Live::Net(NetFile::Dev), 0o444),
        ("net/if_inet6", Live::Net(NetFile::IfInet6), 0o444),
        ("net/route", Live::Net(NetFile::Route), 0o444),
        ("net/sockstat", Live::Net(NetFile::Sockstat), 0o444),
        ("net/tcp", Live::Net(NetFile::Tcp), 0o444),
        ("net/tcp6", Live::Net(NetFile::Tcp6), 0o444),
        ("net/udp", Live::Net(NetFile::Udp), 0o444),
        ("net/udp6", Live::Net(NetFile::Udp6), 0o444),
        ("net/unix", Live::Net(NetFile::Unix), 0o444),
    ] {
        builder.add(&format!("/proc/{name}"), Kind::Live(live), mode, at);
    }
    let line = format!("{}\n", command_line(machine));
    for (name, text, mode) in [
        ("cmdline", line.as_str(), 0o444),
        ("filesystems", kernel::FILE_SYSTEMS, 0o444),
        ("devices", kernel::DEVICES, 0o444),
        (
            "misc",
            "144 nvram\n183 hw_random\n227 mcelog\n231 snapshot\n228 hpet\n229 fuse\n235 autofs\n237 loop-control\n",
            0o444,
        ),
        ("consoles", "tty0                 -WU (EC  p  )    4:2\n", 0o444),
        (
            "cgroups",
            "#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpuset\t0\t78\t1\ncpu\t0\t78\t1\ncpuacct\t0\t78\t1\nblkio\t0\t78\t1\nmemory\t0\t78\t1\ndevices\t0\t78\t1\nfreezer\t0\t78\t1\nnet_cls\t0\t78\t1\nperf_event\t0\t78\t1\nnet_prio\t0\t78\t1\nhugetlb\t0\t78\t1\npids\t0\t78\t1\nrdma\t0\t78\t1\nmisc\t0\t78\t1\n",
            0o444,
        ),
        ("execdomains", "0-0\tLinux           \t[kernel]\n", 0o444),
        ("dma", " 2: floppy\n 4: cascade\n", 0o444),
        ("crypto", "", 0o444),
        ("kallsyms", "", 0o444),
        ("kmsg", "", 0o400),
        ("iomem", "", 0o400),
        ("ioports", "", 0o444),
        ("keys", "", 0o444),
        ("locks", "", 0o444),
        ("mtrr", "", 0o644),
        ("softirqs", "", 0o444),
        ("slabinfo", "", 0o400),
        ("sysrq-trigger", "", 0o200),
        ("timer_list", "", 0o400),
        ("zoneinfo", "", 0o444),
        ("buddyinfo", "", 0o444),
        ("pagetypeinfo", "", 0o400),
        ("key-users", "", 0o444),
        ("fb", "0 bochs-drmdrmfb\n", 0o444),
        ("kcore", "", 0o400),
        ("kpagecount", "", 0o400),
        ("vmallocinfo", "", 0o400),
        ("mdstat", "Personalities : \nunused devices: <none>\n", 0o444),
        ("net/dev_mcast", "", 0o444),
        ("net/protocols", "", 0o444),
        ("net/packet", "sk       RefCnt Type Proto  Iface R Rmem   User   Inode\n", 0o444),
        (
            "net/raw",
            "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n",
            0o444,
        ),
        (
            "net/wireless",
            "Inter-| sta-|   Quality        |   Discarded packets               | Missed | WE\n face | tus | link level noise |  nwid  crypt   frag  retry   misc | beacon | 22\n",
            0o444,
        ),
        (
            "tty/drivers",
            "/dev/tty             /dev/tty        5       0 system:/dev/tty\npty_slave            /dev/pts      136 0-1048575 pty:slave\nserial               /dev/ttyS       4 64-95 serial\n",
            0o444,
        ),
    ] {
        builder.add(&format!("/proc/{name}"), file(text.as_bytes()), mode, at);
    }
    builder.link("/proc/mounts", "self/mounts", at);
    for task in tasks::system(machine, at, at) {
        let fds: Vec<(u32, Vec<u8>)> = if task.is_kernel {
            Vec::new()
        } else {
            let socket = format!("socket:[{}]", 9_000 + task.pid * 3);
            vec![
                (0, b"/dev/null".to_vec()),
                (1, socket.clone().into_bytes()),
                (2, socket.into_bytes()),
            ]
        };
        builder.tree.extend(pid::nodes(&task, &fds, at));
    }
}

/// Lines of the list: name and value.
fn listed() -> impl Iterator<Item = (&'static str, &'static str)> {
    include_str!("../../../data/sysctl.txt").lines().filter_map(|line| line.split_once(" = "))
}

/// /proc/sys
fn settings(machine: &Machine, builder: &mut Builder) {
    let at = machine.installed;
    let mut put = |name: &str, text: String, mode: u16| {
        let path = format!("/proc/sys/{name}");
        for (end, _) in path.match_indices('/').skip(2) {
            let above = path.get(..end).unwrap_or_default();
            if !builder.tree.contains_key(above.as_bytes()) {
                builder.add(above, Kind::Folder, 0o555, at);
            }
        }
        builder.add(&path, file(text.as_bytes()), mode, at);
    };
    for (name, value) in listed() {
        let name = name.replace('.', "/").replace("%i", machine.interface);
        let threads = machine.memory_kib / 132;
        let value = match name.as_str() {
            "kernel/threads-max" => threads.to_string(),
            name if name.starts_with("user/max_") && name.ends_with("namespaces") => {
                (threads / 2).to_string()
            }
            _ => value.to_owned(),
        };
        let mode = match name.as_str() {
            "vm/drop_caches" | "vm/compact_memory" => 0o200,
            "kernel/ostype" | "kernel/arch" | "kernel/cap_last_cap" | "kernel/ngroups_max" => 0o444,
            _ => 0o644,
        };
        put(&name, format!("{value}\n"), mode);
    }
    put("kernel/hostname", format!("{}\n", machine.hostname), 0o644);
    put("kernel/osrelease", format!("{}\n", machine.kernel), 0o444);
    put("kernel/version", format!("{}\n", machine.kernel_version), 0o444);
    put("kernel/random/entropy_avail", "256\n".to_owned(), 0o444);
    put("kernel/random/poolsize", "256\n".to_owned(), 0o444);
    put("kernel/random/write_wakeup_threshold", "256\n".to_owned(), 0o644);
    put("kernel/random/urandom_min_reseed_secs", "60\n".to_owned(), 0o644);
    builder.add("/proc/sys/kernel/random/boot_id", Kind::Live(Live::BootId), 0o444, at);
    builder.add("/proc/sys/kernel/random/uuid", Kind::Live(Live::RandomUuid), 0o444, at);
    builder.folder("/proc/sys/fs/binfmt_misc", 0o755, at);
}

fn sys(machine: &Machine, builder: &mut Builder) {
    let at = machine.installed;
    let mut text = |path: &str, text: String, mode: u16| {
        builder.folder(path.rsplit_once('/').map_or("/sys", |(folder, _)| folder), 0o755, at);
        builder.add(&path, file(text.as_bytes()), mode, at);
    };
    let cpus = machine.cpus;
    let range = if cpus > 1 { format!("0-{}\n", cpus - 1) } else { "0\n".to_owned() };
    for name in ["online", "present", "possible"] {
        text(&format!("/sys/devices/system/cpu/{name}"), range.clone(), 0o444);
    }
    text("/sys/devices/system/cpu/offline", "\n".to_owned(), 0o444);
    text("/sys/devices/system/cpu/kernel_max", "8191\n".to_owned(), 0o444);
    for cpu in 0..cpus {
        let folder = format!("/sys/devices/system/cpu/cpu{cpu}/topology");
        text(&format!("{folder}/core_id"), format!("{cpu}\n"), 0o444);
        text(&format!("{folder}/physical_package_id"), "0\n".to_owned(), 0o444);
        text(&format!("{folder}/thread_siblings_list"), format!("{cpu}\n"), 0o444);
        text(&format!("{folder}/core_siblings_list"), range.clone(), 0o444);
    }
    for (name, value) in vulnerabilities(machine) {
        text(
            &format!("/sys/devices/system/cpu/vulnerabilities/{name}"),
            format!("{value}\n"),
            0o444,
        );
    }
    let board = machine.board;
    let [vendor, version, date] = board.bios;
    for (name, value, mode) in [
        ("bios_date", date.to_owned(), 0o444),
        ("bios_release", "0.0".to_owned(), 0o444),
        ("bios_vendor", vendor.to_owned(), 0o444),
        ("bios_version", version.to_owned(), 0o444),
        ("chassis_type", "1".to_owned(), 0o444),
        ("chassis_vendor", board.vendor.to_owned(), 0o444),
        ("chassis_version", board.version.to_owned(), 0o444),
        ("chassis_serial", String::new(), 0o400),
        ("product_name", board.product.to_owned(), 0o444),
        ("product_version", board.version.to_owned(), 0o444),
        ("product_serial", String::new(), 0o400),
        ("product_uuid", machine.uuid("board"), 0o400),
        ("sys_vendor", board.vendor.to_owned(), 0o444),
        (
            "modalias",
            format!(
                "dmi:bvn{vendor}:bvr{version}:bd{date}:br0.0:svn{}:pn{}:pvr{}:cvn{}:ct1:cvr{}:",
                board.vendor,
                board.product.replace(' ', ""),
                board.version,
                board.vendor,
                board.version
            ),
            0o444,
        ),
    ] {
        text(&format!("/sys/devices/virtual/dmi/id/{name}"), format!("{value}\n"), mode);
    }
    let device = format!("/sys/devices/pci0000:00/0000:00:03.0/virtio0/net/{}", machine.interface);
    for (folder, mac, mtu, kind, state, index) in [
        (device.as_str(), mac_text(machine.mac), "1500", "1", "up", "2"),
        (
            "/sys/devices/virtual/net/lo",
            "00:00:00:00:00:00".to_owned(),
            "65536",
            "772",
            "unknown",
            "1",
        ),
    ] {
        for (name, value) in [
            ("address", mac.as_str()),
            ("mtu", mtu),
            ("type", kind),
            ("operstate", state),
            ("ifindex", index),
            ("carrier", "1"),
            ("dev_id", "0x0"),
            ("tx_queue_len", "1000"),
            ("flags", if index == "1" { "0x9" } else { "0x1003" }),
        ] {
            text(&format!("{folder}/{name}"), format!("{value}\n"), 0o444);
        }
    }
    text(&format!("{device}/speed"), "-1\n".to_owned(), 0o444);
    let block = "/sys/devices/pci0000:00/0000:00:05.0/virtio1/block/vda";
    for (name, value) in [
        ("size", (machine.disk_gib * 2_097_152).to_string()),
        ("ro", "0".to_owned()),
        ("removable", "0".to_owned()),
        ("dev", "254:0".to_owned()),
        ("queue/rotational", "1".to_owned()),
        ("queue/scheduler", "[none] mq-deadline".to_owned()),
        ("queue/logical_block_size", "512".to_owned()),
        ("vda1/dev", "254:1".to_owned()),
        ("vda1/start", "2048".to_owned()),
        ("vda1/partition", "1".to_owned()),
    ] {
        text(&format!("{block}/{name}"), format!("{value}\n"), 0o444);
    }
    text(
        "/sys/kernel/mm/transparent_hugepage/enabled",
        "[always] madvise never\n".to_owned(),
        0o644,
    );
    text("/sys/kernel/uevent_seqnum", "1184\n".to_owned(), 0o444);
    text("/sys/power/state", "freeze mem disk\n".to_owned(), 0o644);
    text("/sys/hypervisor/type", String::new(), 0o444);
    builder.tree.remove(b"/sys/hypervisor/type".as_slice());
    for (controller, path) in
        [("cgroup.controllers", "/sys/fs/cgroup"), ("cgroup.subtree_control", "/sys/fs/cgroup")]
    {
        builder.folder(path, 0o555, at);
        builder.text(
            &format!("{path}/{controller}"),
            "cpuset cpu io memory hugetlb pids rdma misc\n",
            0o444,
            at,
        );
    }
    for path in [
        "/sys/fs/cgroup/system.slice",
        "/sys/fs/cgroup/user.slice",
        "/sys/fs/cgroup/init.scope",
        "/sys/firmware",
        "/sys/module",
        "/sys/bus/pci/devices",
        "/sys/fs/ext4/vda1",
        "/sys/kernel/debug",
        "/sys/kernel/security",
        "/sys/class/tty",
        "/sys/block",
        "/sys/dev/block",
        "/sys/class/net",
        "/sys/class/dmi",
        "/sys/class/block",
    ] {
        builder.folder(path, 0o755, at);
    }
    for (name, ..) in kernel::MODULES {
        builder.folder(&format!("/sys/module/{name}"), 0o755, at);
    }
    builder.link("/sys/class/dmi/id", "../../devices/virtual/dmi/id", at);
    let from_class = |path: &str| path.replacen("/sys", "../..", 1);
    builder.link(&format!("/sys/class/net/{}", machine.interface), &from_class(&device), at);
    builder.link("/sys/class/net/lo", "../../devices/virtual/net/lo", at);
    builder.link("/sys/block/vda", &block.replacen("/sys", "..", 1), at);
    builder.link("/sys/class/block/vda", &from_class(block), at);
    builder.folder(&format!("{device}/statistics"), 0o755, at);
    for (name, which) in [("rx_bytes", 0), ("rx_packets", 1), ("tx_bytes", 2), ("tx_packets", 3)] {
        builder.add(
            &format!("{device}/statistics/{name}"),
            Kind::Live(Live::Counter(which)),
            0o444,
            at,
        );
    }
}

/// What the kernel says of each bug of processors.
pub(crate) fn vulnerabilities(machine: &Machine) -> Vec<(&'static str, &'static str)> {
    let intel = machine.cpu.vendor == "GenuineIntel";
    let old = machine.cpu.ids == [6, 79, 1];
    let pick = |on_old: &'static str, on_new: &'static str, on_amd: &'static str| match (intel, old)
    {
        (true, true) => on_old,
        (true, false) => on_new,
        (false, _) => on_amd,
    };
    const NOT: &str = "Not affected";
    vec![
        ("gather_data_sampling", pick(NOT, "Unknown: Dependent on hypervisor status", NOT)),
        ("indirect_target_selection", pick(NOT, "Mitigation; Aligned branch/return thunks", NOT)),
        ("itlb_multihit", pick("KVM: Mitigation: VMX disabled", NOT, NOT)),
        (
            "l1tf",
            pick("Mitigation; PTE Inversion; VMX flush not necessary, SMT disabled", NOT, NOT),
        ),
        ("mds", pick("Mitigation; Clear CPU buffers; SMT Host state unknown", NOT, NOT)),
        ("meltdown", pick("Mitigation; PTI", NOT, NOT)),
        (
            "mmio_stale_data",
            pick(
                "Vulnerable: Clear CPU buffers attempted, no microcode; SMT Host state unknown",
                "Vulnerable: Clear CPU buffers attempted, no microcode; SMT Host state unknown",
                NOT,
            ),
        ),
        ("reg_file_data_sampling", NOT),
        (
            "retbleed",
            pick(
                NOT,
                "Mitigation; Enhanced IBRS",
                "Mitigation; untrained return thunk; SMT disabled",
            ),
        ),
        ("spec_rstack_overflow", pick(NOT, NOT, "Vulnerable: Safe RET, no microcode")),
        ("spec_store_bypass", "Mitigation; Speculative Store Bypass disabled via prctl"),
        ("spectre_v1", "Mitigation; usercopy/swapgs barriers and __user pointer sanitization"),
        (
            "spectre_v2",
            pick(
                "Mitigation; Retpolines; IBPB conditional; IBRS_FW; STIBP disabled; RSB filling; PBRSB-eIBRS Not affected; BHI Retpoline",
                "Mitigation; Enhanced / Automatic IBRS; IBPB conditional; RSB filling; PBRSB-eIBRS SW sequence; BHI SW loop, KVM SW loop",
                "Mitigation; Retpolines; IBPB conditional; STIBP disabled; RSB filling; PBRSB-eIBRS Not affected; BHI Not affected",
            ),
        ),
        ("srbds", NOT),
        ("tsa", NOT),
        (
            "tsx_async_abort",
            pick(
                "Mitigation; Clear CPU buffers; SMT Host state unknown",
                "Mitigation; TSX disabled",
                NOT,
            ),
        ),
    ]
}

fn dev(machine: &Machine, builder: &mut Builder) {
    let at = machine.installed;
    for (path, mode) in [
        ("/dev", 0o755),
        ("/dev/pts", 0o755),
        ("/dev/shm", 0o1777),
        ("/dev/mqueue", 0o1777),
        ("/dev/hugepages", 0o755),
        ("/dev/block", 0o755),
        ("/dev/char", 0o755),
        ("/dev/bus", 0o755),
        ("/dev/cpu", 0o755),
        ("/dev/disk", 0o755),
        ("/dev/disk/by-uuid", 0o755),
        ("/dev/disk/by-path", 0o755),
        ("/dev/input", 0o755),
        ("/dev/mapper", 0o755),
        ("/dev/net", 0o755),
        ("/dev/dri", 0o755),
        ("/dev/snd", 0o755),
        ("/dev/vfio", 0o755),
    ] {
        if path != "/dev/snd" {
            builder.folder(path, mode, at);
        }
    }
    for (name, major, minor, mode, gid) in [
        ("null", 1, 3, 0o666, 0),
        ("zero", 1, 5, 0o666, 0),
        ("full", 1, 7, 0o666, 0),
        ("random", 1, 8, 0o666, 0),
        ("urandom", 1, 9, 0o666, 0),
        ("kmsg", 1, 11, 0o644, 4),
        ("mem", 1, 1, 0o640, 15),
        ("port", 1, 4, 0o640, 15),
        ("tty", 5, 0, 0o666, 5),
        ("console", 5, 1, 0o600, 5),
        ("ptmx", 5, 2, 0o666, 5),
        ("pts/ptmx", 5, 2, 0o000, 0),
        ("fuse", 10, 229, 0o666, 0),
        ("hpet", 10, 228, 0o600, 0),
        ("hwrng", 10, 183, 0o600, 0),
        ("loop-control", 10, 237, 0o660, 6),
        ("mapper/control", 10, 236, 0o600, 0),
        ("net/tun", 10, 200, 0o666, 0),
        ("rtc0", 248, 0, 0o600, 0),
        ("snapshot", 10, 231, 0o600, 0),
        ("uinput", 10, 223, 0o600, 0),
        ("vcs", 7, 0, 0o660, 5),
        ("vcsa", 7, 128, 0o660, 5),
        ("vga_arbiter", 10, 63, 0o600, 0),
        ("vhost-net", 10, 238, 0o600, 0),
        ("fb0", 29, 0, 0o660, 44),
        ("cpu_dma_latency", 10, 126, 0o600, 0),
        ("input/event0", 13, 64, 0o660, 101),
        ("input/mice", 13, 63, 0o660, 101),
        ("dri/card0", 226, 0, 0o660, 44),
        ("vport1p1", 239, 1, 0o600, 0),
    ] {
        builder.own(&format!("/dev/{name}"), Kind::Device(major, minor), mode, at, (0, gid));
    }
    builder.own("/dev/pts/0", Kind::Device(136, 0), 0o620, at, (0, 5));
    for number in 0..16 {
        builder.own(&format!("/dev/tty{number}"), Kind::Device(4, number), 0o620, at, (0, 5));
    }
    for number in 0..4 {
        builder.own(
            &format!("/dev/ttyS{number}"),
            Kind::Device(4, 64 + number),
            0o660,
            at,
            (0, 20),
        );
    }
    for (name, major, minor, gid) in [("vda", 254, 0, 6), ("vda1", 254, 1, 6), ("sr0", 11, 0, 24)] {
        let kind = Kind::Special(Special::Block(major, minor));
        builder.own(&format!("/dev/{name}"), kind, 0o660, at, (0, gid));
    }
    let uuid = machine.uuid("disk");
    builder.link(&format!("/dev/disk/by-uuid/{uuid}"), "../../vda1", at);
    if machine.swap_kib > 0 {
        builder.own("/dev/vda2", Kind::Special(Special::Block(254, 2)), 0o660, at, (0, 6));
        builder.own("/dev/vda5", Kind::Special(Special::Block(254, 5)), 0o660, at, (0, 6));
        builder.link(&format!("/dev/disk/by-uuid/{}", machine.uuid("swap")), "../../vda5", at);
    }
    builder.link("/dev/disk/by-path/virtio-pci-0000:00:05.0", "../../vda", at);
    for (name, to) in [
        ("fd", "/proc/self/fd"),
        ("stdin", "/proc/self/fd/0"),
        ("stdout", "/proc/self/fd/1"),
        ("stderr", "/proc/self/fd/2"),
        ("core", "/proc/kcore"),
        ("log", "/run/systemd/journal/dev-log"),
        ("rtc", "rtc0"),
        ("initctl", "/run/initctl"),
        ("cdrom", "sr0"),
    ] {
        builder.link(&format!("/dev/{name}"), to, at);
    }
}

fn run(machine: &Machine, builder: &mut Builder) {
    let at = machine.installed;
    for (path, mode) in [
        ("/run", 0o755),
        ("/run/lock", 0o1777),
        ("/run/user", 0o755),
        ("/run/user/0", 0o700),
        ("/run/sshd", 0o755),
        ("/run/dbus", 0o755),
        ("/run/systemd", 0o755),
        ("/run/systemd/system", 0o755),
        ("/run/systemd/journal", 0o755),
        ("/run/systemd/sessions", 0o755),
        ("/run/systemd/users", 0o755),
        ("/run/udev", 0o755),
        ("/run/mount", 0o755),
        ("/run/network", 0o755),
        ("/run/screen", 0o1777),
        ("/run/sudo", 0o711),
        ("/run/log", 0o755),
        ("/run/initramfs", 0o755),
        ("/run/blkid", 0o755),
        ("/run/tmpfiles.d", 0o755),
        ("/run/console-setup", 0o755),
    ] {
        builder.folder(path, mode, at);
    }
    builder.own("/run/utmp", Kind::Live(Live::Utmp), 0o664, at, (0, 43));
    for (name, unit) in [
        ("sshd.pid", "ssh.service"),
        ("crond.pid", "cron.service"),
        ("rsyslogd.pid", "rsyslog.service"),
    ] {
        let pid = tasks::service_pid(machine, unit).unwrap_or(1);
        builder.text(&format!("/run/{name}"), &format!("{pid}\n"), 0o644, at);
    }
    builder.text(
        &format!("/run/dhclient.{}.pid", machine.interface),
        &format!("{}\n", tasks::service_pid(machine, "ifup@%i.service").unwrap_or(400)),
        0o644,
        at,
    );
    builder.text("/run/motd.dynamic", "", 0o644, at);
}
