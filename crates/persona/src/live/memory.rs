//! What the kernel says of memory.
//!
//! **Invariant:** `free`, `top`, `vmstat` and /proc/meminfo show one set of numbers.

use crate::calendar::seconds;
use crate::kernel::World;
use crate::machine::Dice;

/// KiB.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    pub(crate) total: u64,
    pub(crate) free: u64,
    pub(crate) available: u64,
    pub(crate) buffers: u64,
    pub(crate) cached: u64,
    /// Kernel objects that can be given up; `free` counts them as cache.
    pub(crate) reclaimable: u64,
    pub(crate) shared: u64,
    pub(crate) swap: u64,
    pub(crate) swap_free: u64,
}

/// What `free` shows. Changes a little every minute.
pub(crate) fn memory(world: &World) -> Memory {
    let machine = &world.machine;
    let total = machine.memory_kib;
    let now = seconds(world.now);
    let minute = u64::try_from(now / 60).unwrap_or(0);
    let mut dice = Dice(minute ^ machine.ids[0]);
    // Caches fill in the days after a start.
    let days = u64::try_from((now - machine.booted(world.now)) / 86_400).unwrap_or(0).min(12);
    let used = 150_000 + total / 14 + machine.ids[1] % (total / 30).max(1) + dice.roll() % 9_000;
    let used = used.min(total / 2) / 4 * 4;
    let buffers = total / 90 + (total / 200) * days / 4;
    let cached = total / 8 + (total / 40) * days + machine.ids[0] % (total / 30).max(1);
    let (buffers, cached) = (buffers / 4 * 4, cached / 4 * 4);
    let reclaimable = (total / 70 + days * 1_800) / 4 * 4;
    let free = total.saturating_sub(used + buffers + cached + reclaimable);
    let available = free + (buffers + cached) * 9 / 10 + reclaimable / 2;
    let swapped = if machine.swap_kib == 0 { 0 } else { machine.ids[1] % 4_000 / 4 * 4 };
    Memory {
        total,
        free,
        available: available.min(total - total / 20),
        buffers,
        cached,
        reclaimable,
        shared: 420 + total / 4_000 * 4,
        swap: machine.swap_kib,
        swap_free: machine.swap_kib.saturating_sub(swapped),
    }
}

/// /proc/meminfo
pub(crate) fn info(world: &World) -> String {
    let m = memory(world);
    let anonymous = m.total.saturating_sub(m.free + m.buffers + m.cached + m.reclaimable) * 6 / 10;
    let files = m.buffers + m.cached;
    let direct = m.total / 40 / 4 * 4 + 90_000;
    let gib = (m.total / 1_048_576 + 1) * 1_048_576;
    let rows: [(&str, u64); 49] = [
        ("MemTotal:", m.total),
        ("MemFree:", m.free),
        ("MemAvailable:", m.available),
        ("Buffers:", m.buffers),
        ("Cached:", m.cached),
        ("SwapCached:", 0),
        ("Active:", files * 4 / 10 + anonymous / 10),
        ("Inactive:", files * 5 / 10 + anonymous * 9 / 10),
        ("Active(anon):", anonymous / 10),
        ("Inactive(anon):", anonymous * 9 / 10),
        ("Active(file):", files * 4 / 10),
        ("Inactive(file):", files * 5 / 10),
        ("Unevictable:", 0),
        ("Mlocked:", 0),
        ("SwapTotal:", m.swap),
        ("SwapFree:", m.swap_free),
        ("Zswap:", 0),
        ("Zswapped:", 0),
        ("Dirty:", 12 + m.free % 200 / 4 * 4),
        ("Writeback:", 0),
        ("AnonPages:", anonymous),
        ("Mapped:", m.cached / 5),
        ("Shmem:", m.shared),
        ("KReclaimable:", m.reclaimable),
        ("Slab:", m.reclaimable + 21_000 + m.total / 300),
        ("SReclaimable:", m.reclaimable),
        ("SUnreclaim:", 21_000 + m.total / 300),
        ("KernelStack:", 1_900 + u64::from(world.machine.cpus) * 128),
        ("PageTables:", 2_100 + m.total / 5_000),
        ("SecPageTables:", 0),
        ("NFS_Unstable:", 0),
        ("Bounce:", 0),
        ("WritebackTmp:", 0),
        ("CommitLimit:", m.total / 2 + m.swap),
        ("Committed_AS:", anonymous * 3 + 160_000),
        ("VmallocTotal:", 34_359_738_367),
        ("VmallocUsed:", 9_200 + u64::from(world.machine.cpus) * 640),
        ("VmallocChunk:", 0),
        ("Percpu:", 560 * u64::from(world.machine.cpus)),
        ("HardwareCorrupted:", 0),
        ("AnonHugePages:", anonymous / 4 / 2_048 * 2_048),
        ("ShmemHugePages:", 0),
        ("ShmemPmdMapped:", 0),
        ("FileHugePages:", 0),
        ("FilePmdMapped:", 0),
        ("Hugetlb:", 0),
        ("DirectMap4k:", direct),
        ("DirectMap2M:", gib.saturating_sub(direct) / 2_048 * 2_048),
        ("DirectMap1G:", 0),
    ];
    let mut text = String::new();
    for (name, value) in rows {
        if name == "Hugetlb:" {
            for name in
                ["HugePages_Total:", "HugePages_Free:", "HugePages_Rsvd:", "HugePages_Surp:"]
            {
                text.push_str(&format!("{name:<15} {:>8}\n", 0));
            }
            text.push_str("Hugepagesize:       2048 kB\n");
        }
        text.push_str(&format!("{name:<15} {value:>8} kB\n"));
    }
    text
}

/// /proc/vmstat, the first part of it.
pub(crate) fn vmstat(world: &World) -> String {
    let m = memory(world);
    let up = u64::try_from(crate::live::up_seconds(world)).unwrap_or(0);
    let rows = [
        ("nr_free_pages", m.free / 4),
        ("nr_zone_inactive_anon", m.shared / 4 + 20_000),
        ("nr_zone_active_anon", 2_400),
        ("nr_zone_inactive_file", (m.buffers + m.cached) / 8),
        ("nr_zone_active_file", (m.buffers + m.cached) / 10),
        ("nr_zone_unevictable", 0),
        ("nr_zone_write_pending", 9),
        ("nr_mlock", 0),
        ("nr_bounce", 0),
        ("nr_zspages", 0),
        ("nr_free_cma", 0),
        ("numa_hit", up * 310),
        ("numa_miss", 0),
        ("nr_dirty", 9),
        ("nr_writeback", 0),
        ("pgpgin", 480_000 + up / 4),
        ("pgpgout", up * 7),
        ("pswpin", 0),
        ("pswpout", (m.swap - m.swap_free) / 4),
        ("pgalloc_normal", up * 190),
        ("pgfree", up * 200),
        ("pgfault", up * 230),
        ("pgmajfault", 2_100 + up / 900),
        ("oom_kill", 0),
    ];
    rows.iter().map(|(name, value)| format!("{name} {value}\n")).collect()
}
