//! What a machine runs from its start on.
//!
//! **Invariant:** a list of facts; numbers of processes are given elsewhere.

/// A service that has one process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Service {
    pub(crate) unit: &'static str,
    pub(crate) path: &'static str,
    /// The command line; `%i` is the network interface.
    pub(crate) args: &'static str,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) tty: Option<&'static str>,
    pub(crate) nice: i32,
    pub(crate) threads: u32,
    pub(crate) size_kib: u64,
    pub(crate) resident_kib: u64,
    /// How many numbers behind the one before, at least.
    pub(crate) step: u32,
    /// How long after the start of the kernel, milliseconds.
    pub(crate) after_ms: u32,
}

const PLAIN: Service = Service {
    unit: "",
    path: "",
    args: "",
    uid: 0,
    gid: 0,
    tty: None,
    nice: 0,
    threads: 1,
    size_kib: 0,
    resident_kib: 0,
    step: 1,
    after_ms: 4_000,
};

/// In the order in which they start.
pub(crate) const SERVICES: &[Service] = &[
    Service {
        unit: "systemd-journald.service",
        path: "/usr/lib/systemd/systemd-journald",
        args: "/lib/systemd/systemd-journald",
        size_kib: 32_996,
        resident_kib: 12_240,
        step: 12,
        after_ms: 2_300,
        ..PLAIN
    },
    Service {
        unit: "systemd-udevd.service",
        path: "/usr/lib/systemd/systemd-udevd",
        args: "/lib/systemd/systemd-udevd",
        size_kib: 26_440,
        resident_kib: 6_420,
        step: 22,
        after_ms: 2_600,
        ..PLAIN
    },
    Service {
        unit: "systemd-timesyncd.service",
        path: "/usr/lib/systemd/systemd-timesyncd",
        args: "/lib/systemd/systemd-timesyncd",
        uid: 997,
        gid: 997,
        threads: 2,
        size_kib: 90_068,
        resident_kib: 6_720,
        step: 60,
        after_ms: 3_700,
        ..PLAIN
    },
    Service {
        unit: "ifup@%i.service",
        path: "/usr/sbin/dhclient",
        args: "dhclient -4 -v -i -pf /run/dhclient.%i.pid -lf /var/lib/dhcp/dhclient.%i.leases -I -df \
               /var/lib/dhcp/dhclient6.%i.leases %i",
        size_kib: 5_868,
        resident_kib: 3_540,
        threads: 4,
        step: 50,
        after_ms: 4_200,
        ..PLAIN
    },
    Service {
        unit: "cron.service",
        path: "/usr/sbin/cron",
        args: "/usr/sbin/cron -f",
        size_kib: 6_608,
        resident_kib: 2_640,
        step: 24,
        after_ms: 4_800,
        ..PLAIN
    },
    Service {
        unit: "dbus.service",
        path: "/usr/bin/dbus-daemon",
        args: "/usr/bin/dbus-daemon --system --address=systemd: --nofork --nopidfile \
               --systemd-activation --syslog-only",
        uid: 100,
        gid: 107,
        size_kib: 9_136,
        resident_kib: 4_640,
        after_ms: 4_800,
        ..PLAIN
    },
    Service {
        unit: "qemu-guest-agent.service",
        path: "/usr/sbin/qemu-ga",
        args: "/usr/sbin/qemu-ga",
        size_kib: 81_792,
        resident_kib: 4_060,
        threads: 2,
        after_ms: 4_850,
        ..PLAIN
    },
    Service {
        unit: "rsyslog.service",
        path: "/usr/sbin/rsyslogd",
        args: "/usr/sbin/rsyslogd -n -iNONE",
        threads: 4,
        size_kib: 221_776,
        resident_kib: 5_120,
        after_ms: 4_900,
        ..PLAIN
    },
    Service {
        unit: "systemd-logind.service",
        path: "/usr/lib/systemd/systemd-logind",
        args: "/lib/systemd/systemd-logind",
        size_kib: 50_320,
        resident_kib: 7_340,
        after_ms: 4_950,
        ..PLAIN
    },
    Service {
        unit: "getty@tty1.service",
        path: "/usr/sbin/agetty",
        args: "/sbin/agetty -o -p -- \\u --noclear - linux",
        tty: Some("tty1"),
        size_kib: 5_872,
        resident_kib: 1_012,
        step: 9,
        after_ms: 5_300,
        ..PLAIN
    },
    Service {
        unit: "ssh.service",
        path: "/usr/sbin/sshd",
        args: "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups",
        size_kib: 15_440,
        resident_kib: 9_120,
        step: 3,
        after_ms: 5_500,
        ..PLAIN
    },
];

/// Threads of the kernel: name, nice, state, how far behind the one before.
type Thread = (&'static str, i32, u8, u32);

/// Those that are there before other processors are.
pub(crate) const KERNEL_FIRST: &[Thread] = &[
    ("kthreadd", 0, b'S', 1),
    ("rcu_gp", -20, b'I', 1),
    ("rcu_par_gp", -20, b'I', 1),
    ("slub_flushwq", -20, b'I', 1),
    ("netns", -20, b'I', 1),
    ("kworker/0:0H-events_highpri", -20, b'I', 2),
    ("mm_percpu_wq", -20, b'I', 2),
    ("rcu_tasks_kthread", 0, b'I', 1),
    ("rcu_tasks_rude_kthread", 0, b'I', 1),
    ("rcu_tasks_trace_kthread", 0, b'I', 1),
    ("ksoftirqd/0", 0, b'S', 1),
    ("rcu_preempt", 0, b'I', 1),
    ("migration/0", 0, b'S', 1),
    ("cpuhp/0", 0, b'S', 2),
];

/// Those of each processor.
pub(crate) const KERNEL_CPU: &[Thread] = &[
    ("cpuhp/%c", 0, b'S', 1),
    ("migration/%c", 0, b'S', 1),
    ("ksoftirqd/%c", 0, b'S', 1),
    ("kworker/%c:0H-events_highpri", -20, b'I', 2),
];

/// Those that come when the devices are found; `%d` is the disk.
pub(crate) const KERNEL_REST: &[Thread] = &[
    ("kdevtmpfs", 0, b'S', 4),
    ("inet_frag_wq", -20, b'I', 1),
    ("kauditd", 0, b'S', 1),
    ("khungtaskd", 0, b'S', 1),
    ("oom_reaper", 0, b'S', 2),
    ("writeback", -20, b'I', 1),
    ("kcompactd0", 0, b'S', 1),
    ("ksmd", 5, b'S', 1),
    ("khugepaged", 19, b'S', 1),
    ("kintegrityd", -20, b'I', 1),
    ("kblockd", -20, b'I', 1),
    ("blkcg_punt_bio", -20, b'I', 1),
    ("tpm_dev_wq", -20, b'I', 1),
    ("edac-poller", -20, b'I', 1),
    ("devfreq_wq", -20, b'I', 1),
    ("kswapd0", 0, b'S', 2),
    ("kthrotld", -20, b'I', 7),
    ("acpi_thermal_pm", -20, b'I', 2),
    ("mld", -20, b'I', 2),
    ("ipv6_addrconf", -20, b'I', 1),
    ("kstrp", -20, b'I', 6),
    ("zswap-shrink", -20, b'I', 5),
    ("kworker/u5:0", -20, b'I', 1),
    ("ata_sff", -20, b'I', 46),
    ("scsi_eh_0", 0, b'S', 1),
    ("scsi_tmf_0", -20, b'I', 1),
    ("scsi_eh_1", 0, b'S', 1),
    ("scsi_tmf_1", -20, b'I', 1),
    ("jbd2/%d", 0, b'S', 41),
    ("ext4-rsv-conver", -20, b'I', 1),
];
