//! The facts of the machine: every program's answer comes from here, so that answers agree.
//!
//! **Invariant:** a pure function of the seed. What changes with time is computed from the instant
//! that a caller passes.

mod hardware;
mod network;
mod release;

pub use hardware::{Board, Cpu};
pub(crate) use network::{Network, mac_text};

use crate::files::{Files, Tree};
use decnet_core::event::Timestamp;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, OnceLock};

/// One coherent machine.
#[derive(Clone, Debug)]
pub struct Machine {
    /// Host name, short.
    pub hostname: String,
    /// `uname -r`.
    pub kernel: &'static str,
    /// `uname -v`.
    pub kernel_version: String,
    /// The version of the kernel's package: `6.1.140-1`.
    pub kernel_package: &'static str,
    /// The content of `/etc/debian_version`.
    pub debian: &'static str,
    /// The OpenSSH server's package version that goes with it: `9.2p1 Debian-2+deb12u7`.
    pub openssh: &'static str,
    /// Processors.
    pub cpus: u32,
    /// What kind they are.
    pub cpu: Cpu,
    /// What it is built of, as its firmware says.
    pub board: Board,
    /// `MemTotal`, KiB.
    pub memory_kib: u64,
    /// Size of the root file system, KiB.
    pub disk_kib: u64,
    /// Size of the disk, GiB.
    pub disk_gib: u64,
    /// Size of the swap partition, KiB; none where it is 0.
    pub swap_kib: u64,
    /// Its network interface.
    pub interface: &'static str,
    /// The address of that.
    pub mac: [u8; 6],
    /// The user with uid 1000.
    pub user: &'static str,
    /// When the system was installed, seconds since 1970.
    pub installed: i64,
    /// 128 random bits for identifiers.
    pub ids: [u64; 2],
    reboot_every: i64,
    reboot_phase: i64,
    /// Made when it is first needed.
    tree: Arc<OnceLock<Arc<Tree>>>,
    /// Bytes that all sessions keep in files.
    kept: Arc<AtomicUsize>,
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

    pub(crate) fn one_of<T: Copy>(&mut self, list: &[T], default: T) -> T {
        let index = self.below(i64::try_from(list.len()).unwrap_or(1));
        usize::try_from(index).ok().and_then(|index| list.get(index)).copied().unwrap_or(default)
    }
}

impl Machine {
    /// The machine that grows from `seed`; the same seed gives the same machine.
    #[must_use]
    pub fn from_seed(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let release = dice.one_of(release::ALL, release::FIRST);
        let cpu = dice.one_of(hardware::CPUS, hardware::FIRST_CPU);
        let cpus = dice.one_of(&[1, 2, 2, 2, 4, 4, 8], 2);
        let gib = u64::from(cpus) * dice.one_of(&[1, 2, 2, 4], 2);
        // The kernel and its tables take a few per cent before MemTotal is counted.
        let taken = 40_000 + gib * 14_000 + dice.roll() % 6_000 / 4 * 4;
        let disk_gib = dice.one_of(&[20, 25, 40, 50, 80, 100], 40);
        let swap_kib = dice.one_of(&[0, 0, 998_396, 1_998_844], 0);
        let root_kib = disk_gib * 1_048_576 - if swap_kib > 0 { swap_kib + 2_048 } else { 1_024 };
        let mut more = Dice(dice.roll());
        Self {
            hostname: hostname(&mut dice),
            kernel: release.kernel,
            kernel_version: format!(
                "#1 SMP PREEMPT_DYNAMIC Debian {} ({})",
                release.package, release.date
            ),
            kernel_package: release.package,
            debian: release.debian,
            openssh: release.openssh,
            cpus,
            cpu,
            board: more.one_of(hardware::BOARDS, hardware::FIRST_BOARD),
            memory_kib: gib * 1_048_576 - taken,
            // The file system keeps 1.6 % for itself.
            disk_kib: root_kib / 4 * 4 * 984 / 1_000 / 4 * 4,
            disk_gib,
            swap_kib,
            interface: more.one_of(&["eth0", "ens3", "ens18", "enp1s0"], "eth0"),
            mac: network::mac(more.roll()),
            user: dice.one_of(USERS, "debian"),
            installed: release.built + 86_400 * (3 + dice.below(40)) + dice.below(86_400),
            ids: [dice.roll(), dice.roll()],
            reboot_every: 86_400 * (19 + dice.below(60)) + dice.below(80_000),
            reboot_phase: dice.below(86_400 * 60),
            tree: Arc::default(),
            kept: Arc::default(),
        }
    }

    /// Seconds since 1970 of the last start before `now`. The machine starts anew every few weeks,
    /// as it does for a new kernel.
    #[must_use]
    pub fn booted(&self, now: Timestamp) -> i64 {
        let now = crate::calendar::seconds(now);
        let since = (now - self.reboot_phase).rem_euclid(self.reboot_every);
        // A clock that is behind finds a machine that has just started.
        (now - since).max(self.installed).min(now - 900)
    }

    /// A UUID that is the machine's own, another one for each `what`.
    #[must_use]
    pub fn uuid(&self, what: &str) -> String {
        let seed = what.bytes().fold(self.ids[1], |seed, b| Dice(seed ^ u64::from(b)).roll());
        let mut dice = Dice(seed);
        let (a, b) = (dice.roll(), dice.roll());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            a >> 32,
            a >> 16 & 0xffff,
            a & 0xfff,
            0x8000 | b >> 48 & 0x3fff,
            b & 0xffff_ffff_ffff
        )
    }

    /// Numbers that are the machine's own, others for each `what`.
    pub(crate) fn dice(&self, what: &str) -> Dice {
        Dice(what.bytes().fold(self.ids[0], |seed, b| Dice(seed ^ u64::from(b)).roll()))
    }

    /// `/etc/machine-id`
    #[must_use]
    pub fn machine_id(&self) -> String {
        format!("{:016x}{:016x}", self.ids[0], self.ids[1])
    }

    /// When somebody last changed something in the system, seconds since 1970.
    pub(crate) fn settled(&self) -> i64 {
        self.installed + 5_400
    }

    /// The files that every session finds, before it changes some.
    pub(crate) fn files(&self) -> Files {
        let room = (self.disk_kib * 95 / 100).saturating_sub(self.used_kib());
        let tree = self.tree.get_or_init(|| Arc::new(crate::files::base::tree(self)));
        let mounts = crate::files::mounts::mounts(self);
        Files::new(Arc::clone(tree), mounts, Arc::clone(&self.kept), room * 1_024)
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
