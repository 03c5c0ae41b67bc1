//! The facts of the machine: every program's answer comes from here, so that answers agree.
//!
//! **Invariant:** a pure function of the seed. What changes with time is computed from the instant
//! that a caller passes.

use crate::files::{Files, Tree};
use decnet_core::event::Timestamp;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

/// One coherent machine.
#[derive(Clone, Debug)]
pub struct Machine {
    /// Host name, short.
    pub hostname: String,
    /// `uname -r`.
    pub kernel: &'static str,
    /// `uname -v`.
    pub kernel_version: String,
    /// The content of `/etc/debian_version`.
    pub debian: &'static str,
    /// The OpenSSH server's package version that goes with it: `9.2p1 Debian-2+deb12u7`.
    pub openssh: &'static str,
    /// Processors.
    pub cpus: u32,
    /// What kind they are.
    pub cpu: Cpu,
    /// `MemTotal`, KiB.
    pub memory_kib: u64,
    /// Size of the root file system, KiB.
    pub disk_kib: u64,
    /// The user with uid 1000.
    pub user: &'static str,
    /// When the system was installed, seconds since 1970.
    pub installed: i64,
    /// 128 random bits for identifiers.
    pub ids: [u64; 2],
    reboot_every: i64,
    reboot_phase: i64,
    tree: Arc<Tree>,
    /// Bytes that all sessions keep in files.
    kept: Arc<AtomicUsize>,
}

/// A kind of processor.
#[derive(Clone, Copy, Debug)]
pub struct Cpu {
    /// `vendor_id` of /proc/cpuinfo.
    pub vendor: &'static str,
    /// `model name`.
    pub name: &'static str,
    /// `cpu family`, `model` and `stepping`.
    pub ids: [u32; 3],
    /// `cpu MHz`, with three decimals.
    pub mhz: &'static str,
    /// `cache size`, KiB.
    pub cache_kib: u32,
}

/// `SplitMix64`: each call another number.
#[derive(Clone, Debug)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// From one number to the next: any one of a row can be had without those before.
    pub(crate) const STRIDE: u64 = 0x9e37_79b9_7f4a_7c15;

    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(Self::STRIDE);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// 0 to `sides` - 1.
    pub(crate) fn below(&mut self, sides: i64) -> i64 {
        i64::try_from(self.roll() >> 1).unwrap_or(0) % sides.max(1)
    }

    fn one_of<T: Copy>(&mut self, list: &[T], default: T) -> T {
        let index = self.below(i64::try_from(list.len()).unwrap_or(1));
        usize::try_from(index).ok().and_then(|index| list.get(index)).copied().unwrap_or(default)
    }
}

impl Machine {
    /// The machine that grows from `seed`; the same seed gives the same machine.
    #[must_use]
    pub fn from_seed(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let release = dice.one_of(RELEASES, FIRST_RELEASE);
        let cpu = dice.one_of(CPUS, FIRST_CPU);
        let cpus = dice.one_of(&[1, 2, 2, 2, 4, 4, 8], 2);
        let gib = u64::from(cpus) * dice.one_of(&[1, 2, 2, 4], 2);
        // The kernel and its tables take a few per cent before MemTotal is counted.
        let taken = 40_000 + gib * 14_000 + dice.roll() % 6_000 / 4 * 4;
        let disk_gib = dice.one_of(&[20, 25, 40, 50, 80, 100], 40);
        let mut machine = Self {
            hostname: hostname(&mut dice),
            kernel: release.kernel,
            kernel_version: format!("#1 SMP PREEMPT_DYNAMIC Debian {}", release.package),
            debian: release.debian,
            openssh: release.openssh,
            cpus,
            cpu,
            memory_kib: gib * 1_048_576 - taken,
            disk_kib: disk_gib * 1_048_576 * 98 / 100 - dice.roll() % 900_000,
            user: dice.one_of(USERS, "debian"),
            installed: release.built + 86_400 * (3 + dice.below(40)) + dice.below(86_400),
            ids: [dice.roll(), dice.roll()],
            reboot_every: 86_400 * (19 + dice.below(60)) + dice.below(80_000),
            reboot_phase: dice.below(86_400 * 60),
            tree: Arc::new(Tree::default()),
            kept: Arc::default(),
        };
        machine.tree = Arc::new(crate::files::base::tree(&machine));
        machine
    }

    /// Seconds since 1970 of the last start before `now`. The machine starts anew every few weeks,
    /// as it does for a new kernel.
    #[must_use]
    pub fn booted(&self, now: Timestamp) -> i64 {
        let now = crate::calendar::seconds(now);
        let since = (now - self.reboot_phase).rem_euclid(self.reboot_every);
        (now - since).max(self.installed)
    }

    /// The files that every session finds, before it changes some.
    pub(crate) fn files(&self) -> Files {
        let room = self.disk_kib * 95 / 100 - self.used_kib();
        Files::new(Arc::clone(&self.tree), Arc::clone(&self.kept), room * 1_024)
    }

    /// What is used of the root file system when a session begins, KiB.
    pub(crate) fn used_kib(&self) -> u64 {
        1_600_000 + self.ids[1] % 2_400_000
    }
}

fn hostname(dice: &mut Dice) -> String {
    let role = dice.one_of(ROLES, "srv");
    let place = dice.one_of(PLACES, "a");
    let number = 1 + dice.below(29);
    match dice.below(6) {
        0 => format!("{role}{number}"),
        1 => format!("{role}{number:02}"),
        2 => format!("{role}-{number:02}"),
        3 => format!("{role}-{place}{number}"),
        4 => format!("{place}-{role}{number}"),
        _ => format!("{role}-{:06x}", dice.roll() & 0xff_ffff),
    }
}

#[derive(Clone, Copy, Debug)]
struct Release {
    kernel: &'static str,
    package: &'static str,
    debian: &'static str,
    openssh: &'static str,
    /// When the kernel package was built, seconds since 1970.
    built: i64,
}

const FIRST_RELEASE: Release = Release {
    kernel: "6.1.0-37-amd64",
    package: "6.1.140-1 (2025-05-22)",
    debian: "12.11",
    openssh: "9.2p1 Debian-2+deb12u6",
    built: 1_747_872_000,
};

const RELEASES: &[Release] = &[
    FIRST_RELEASE,
    Release {
        kernel: "6.1.0-35-amd64",
        package: "6.1.137-1 (2025-05-07)",
        debian: "12.11",
        openssh: "9.2p1 Debian-2+deb12u6",
        built: 1_746_576_000,
    },
    Release {
        kernel: "6.1.0-38-amd64",
        package: "6.1.147-1 (2025-08-02)",
        debian: "12.11",
        openssh: "9.2p1 Debian-2+deb12u6",
        built: 1_754_092_800,
    },
    Release {
        kernel: "6.1.0-39-amd64",
        package: "6.1.148-1 (2025-08-26)",
        debian: "12.12",
        openssh: "9.2p1 Debian-2+deb12u7",
        built: 1_756_166_400,
    },
];

const FIRST_CPU: Cpu = Cpu {
    vendor: "GenuineIntel",
    name: "Intel(R) Xeon(R) Gold 6248 CPU @ 2.50GHz",
    ids: [6, 85, 7],
    mhz: "2494.140",
    cache_kib: 28_160,
};

const CPUS: &[Cpu] = &[
    FIRST_CPU,
    Cpu {
        vendor: "GenuineIntel",
        name: "Intel(R) Xeon(R) CPU E5-2680 v4 @ 2.40GHz",
        ids: [6, 79, 1],
        mhz: "2399.996",
        cache_kib: 35_840,
    },
    Cpu {
        vendor: "GenuineIntel",
        name: "Intel(R) Xeon(R) Silver 4214 CPU @ 2.20GHz",
        ids: [6, 85, 7],
        mhz: "2194.844",
        cache_kib: 16_896,
    },
    Cpu {
        vendor: "AuthenticAMD",
        name: "AMD EPYC 7282 16-Core Processor",
        ids: [23, 49, 0],
        mhz: "2794.748",
        cache_kib: 512,
    },
    Cpu {
        vendor: "AuthenticAMD",
        name: "AMD EPYC 7543 32-Core Processor",
        ids: [25, 1, 1],
        mhz: "2794.750",
        cache_kib: 512,
    },
];

const ROLES: &[&str] = &[
    "web", "www", "app", "db", "mail", "mx", "srv", "node", "build", "ci", "git", "proxy", "lb",
    "cache", "backup", "files", "log", "mon", "vpn", "dev", "stage", "shop", "wiki", "api", "vps",
];
const PLACES: &[&str] =
    &["fra", "ams", "lon", "par", "nyc", "sgp", "waw", "hel", "a", "b", "c", "int", "ext", "prod"];
const USERS: &[&str] = &[
    "debian", "deploy", "ops", "alex", "martin", "anna", "thomas", "sven", "peter", "julia",
    "michael", "daniel", "laura", "marek", "pavel", "olga", "luis", "carlos", "sara", "jan",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_is_its_seed() {
        let (one, same, other) =
            (Machine::from_seed(7), Machine::from_seed(7), Machine::from_seed(8));
        assert_eq!(one.hostname, same.hostname);
        assert_eq!(one.ids, same.ids);
        assert_ne!(one.ids, other.ids);
        let names: std::collections::BTreeSet<_> =
            (0..200).map(|seed| Machine::from_seed(seed).hostname).collect();
        assert!(names.len() > 150, "{}", names.len());
    }

    #[test]
    fn the_last_start_was_before_now_and_is_the_same_for_a_while() {
        let machine = Machine::from_seed(3);
        let now = Timestamp(1_795_322_152_000_000_000);
        let booted = machine.booted(now);
        assert!(booted <= 1_795_322_152 && booted > 1_795_322_152 - 81 * 86_400);
        assert!(machine.installed < booted);
    }
}
