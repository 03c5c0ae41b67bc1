//! `free` and `vmstat`.
//!
//! **Invariant:** numbers are those of /proc/meminfo and /proc/stat.

use super::{PROCPS, number, procps, text, usage};
use crate::commands::{Flag, Options, Program};
use crate::kernel::{Proc, World};
use crate::live::{self, cpu, kernel, memory};

pub(super) const PROGRAMS: &[Program] = &[
    Program::new("free", |p| Box::pin(free(p)), 26_832, PROCPS),
    Program::new("vmstat", |p| Box::pin(vmstat(p)), 39_632, PROCPS),
];

const FREE: &[Flag] = &[
    Flag::new(b'b', "bytes"),
    Flag::new(2, "kilo"),
    Flag::new(3, "mega"),
    Flag::new(4, "giga"),
    Flag::new(5, "tera"),
    Flag::new(6, "peta"),
    Flag::new(b'k', "kibi"),
    Flag::new(b'm', "mebi"),
    Flag::new(b'g', "gibi"),
    Flag::new(7, "tebi"),
    Flag::new(8, "pebi"),
    Flag::new(b'h', "human"),
    Flag::new(9, "si"),
    Flag::new(b'l', "lohi"),
    Flag::new(b't', "total"),
    Flag::new(b'v', "committed"),
    Flag::with(b's', "seconds"),
    Flag::with(b'c', "count"),
    Flag::new(b'w', "wide"),
];

async fn free(p: &mut Proc) -> u32 {
    let options = match procps(p, FREE) {
        Ok(options) => options,
        Err(status) => return status,
    };
    if !options.rest.is_empty() {
        p.error(usage("free"));
        return 1;
    }
    let mut pause_ns = None;
    if let Some(word) = options.value(b's') {
        let seconds = number::<f64>(word).filter(|seconds| seconds.is_finite());
        let Some(seconds) = seconds else {
            p.error(format!("free: seconds argument failed: '{}': Invalid argument", text(word)));
            return 1;
        };
        if seconds < 0.001 {
            p.error(format!("free: seconds argument '{}' is not positive number", text(word)));
            return 1;
        }
        #[expect(clippy::cast_possible_truncation, reason = "saturates at 292 years")]
        let ns = (seconds * 1e9) as i64;
        pause_ns = Some(ns);
    }
    let mut left = if pause_ns.is_some() { u64::MAX } else { 1 };
    if let Some(word) = options.value(b'c') {
        let Some(count) = number::<i64>(word) else {
            p.error(format!("free: failed to parse count argument: '{}': Invalid argument", text(word)));
            return 1;
        };
        let Some(count) = u64::try_from(count).ok().filter(|count| *count > 0) else {
            p.error(format!(
                "free: failed to parse count argument: '{}': Numerical result out of range",
                text(word)
            ));
            return 1;
        };
        left = count;
        pause_ns = pause_ns.or(Some(1_000_000_000));
    }
    loop {
        let table = p.world.with(|world| free_table(world, &options));
        p.print(table);
        left -= 1;
        if left == 0 {
            return 0;
        }
        p.line("");
        p.flush().await;
        p.sleep(pause_ns.unwrap_or(1_000_000_000)).await;
    }
}

fn free_table(world: &World, options: &Options) -> String {
    let m = memory(world);
    let unit = options.last_of(&[b'b', b'k', b'm', b'g', b'h', 2, 3, 4, 5, 6, 7, 8]);
    let si = options.has(9);
    let show = |kib: u64| scale(kib, unit, si);
    let wide = options.has(b'w');
    let cache = m.cached + m.reclaimable;
    let used = m.total - m.available;
    let mut rows = vec![];
    let mut row = |name: &str, values: &[u64]| {
        let cells: Vec<String> = values.iter().map(|&kib| format!("{:>12}", show(kib))).collect();
        let line = format!("{name:<8}{}", cells.join(""));
        rows.push(line);
    };
    if wide {
        row("Mem:", &[m.total, used, m.free, m.shared, m.buffers, cache, m.available]);
    } else {
        row("Mem:", &[m.total, used, m.free, m.shared, m.buffers + cache, m.available]);
    }
    if options.has(b'l') {
        row("Low:", &[m.total, m.total - m.free, m.free]);
        row("High:", &[0, 0, 0]);
    }
    row("Swap:", &[m.swap, m.swap - m.swap_free, m.swap_free]);
    if options.has(b't') {
        row("Total:", &[m.total + m.swap, used + m.swap - m.swap_free, m.free + m.swap_free]);
    }
    if options.has(b'v') {
        let limit = m.total / 2 + m.swap;
        let taken = used + 160_000;
        row("Comm:", &[limit, taken, limit.saturating_sub(taken)]);
    }
    let head = if wide {
        "               total        used        free      shared     buffers       cache   available"
    } else {
        "               total        used        free      shared  buff/cache   available"
    };
    format!("{head}\n{}\n", rows.join("\n"))
}

/// A size in the unit that was asked for.
#[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
fn scale(kib: u64, unit: Option<u8>, si: bool) -> String {
    let bytes = kib * 1_024;
    let power = |base: u64, n: u32| bytes / base.pow(n);
    match unit {
        None | Some(b'k') if !si => kib.to_string(),
        Some(b'b') => bytes.to_string(),
        Some(b'm') if !si => power(1_024, 2).to_string(),
        Some(b'g') if !si => power(1_024, 3).to_string(),
        Some(7) => power(1_024, 4).to_string(),
        Some(8) => power(1_024, 5).to_string(),
        None | Some(b'k' | 2) => power(1_000, 1).to_string(),
        Some(b'm' | 3) => power(1_000, 2).to_string(),
        Some(b'g' | 4) => power(1_000, 3).to_string(),
        Some(5) => power(1_000, 4).to_string(),
        Some(6) => power(1_000, 5).to_string(),
        Some(_) => {
            let (base, end, most) = if si { (1_000_u64, "", 4) } else { (1_024, "i", 5) };
            if bytes < 1_000 {
                return format!("{bytes}B");
            }
            let mut divisor = 1_u64;
            for letter in ["K", "M", "G", "T", "P"] {
                divisor = divisor.saturating_mul(base);
                let fine = format!("{:.1}{letter}{end}", bytes as f64 / divisor as f64);
                if fine.len() <= most {
                    return fine;
                }
                let whole = format!("{}{letter}{end}", bytes / divisor);
                if whole.len() <= most {
                    return whole;
                }
            }
            bytes.to_string()
        }
    }
}

const VMSTAT: &[Flag] = &[
    Flag::new(b'a', "active"),
    Flag::new(b'f', "forks"),
    Flag::new(b'm', "slabs"),
    Flag::new(b'n', "one-header"),
    Flag::new(b's', "stats"),
    Flag::new(b'd', "disk"),
    Flag::new(b'D', "disk-sum"),
    Flag::with(b'p', "partition"),
    Flag::with(b'S', "unit"),
    Flag::new(b'w', "wide"),
    Flag::new(b't', "timestamp"),
    Flag::new(b'y', "no-first"),
];

async fn vmstat(p: &mut Proc) -> u32 {
    let options = match procps(p, VMSTAT) {
        Ok(options) => options,
        Err(status) => return status,
    };
    let mut numbers = Vec::new();
    for word in &options.rest {
        match number::<u64>(word) {
            Some(value) => numbers.push(value),
            None => {
                p.error(format!("vmstat: failed to parse argument: '{}'", text(word)));
                return 1;
            }
        }
    }
    if options.has(b's') {
        let said = p.world.with(|world| statistics(world));
        p.print(said);
        return 0;
    }
    if options.has(b'f') {
        let forks = p.world.with(|world| world.table.keys().next_back().copied().unwrap_or(0));
        p.line(format!("{forks:>13} forks"));
        return 0;
    }
    if options.has(b'd') {
        let said = p.world.with(|world| disks(world));
        p.print(said);
        return 0;
    }
    let delay = numbers.first().copied();
    if delay == Some(0) {
        p.error("vmstat: delay must be positive integer");
        return 1;
    }
    let mut left = match (delay, numbers.get(1)) {
        (_, Some(count)) => *count,
        (Some(_), None) => u64::MAX,
        (None, None) => 1,
    };
    let mut row = 0_u64;
    while left > 0 {
        if row % 22 == 0 {
            p.print(head(&options));
        }
        let line = p.world.with(|world| line(world, &options, row));
        p.line(line);
        row += 1;
        left -= 1;
        if left > 0 {
            p.flush().await;
            p.sleep(i64::try_from(delay.unwrap_or(1)).unwrap_or(1).saturating_mul(1_000_000_000)).await;
        }
    }
    0
}

fn head(options: &Options) -> &'static str {
    match (options.has(b'w'), options.has(b'a')) {
        (true, _) => {
            "--procs-- -----------------------memory---------------------- ---swap-- -----io---- -system-- ----------cpu----------\n   r    b         swpd         free         buff        cache   si   so    bi    bo   in   cs  us  sy  id  wa  st  gu\n"
        }
        (false, true) => {
            "procs -----------memory---------- ---swap-- -----io---- -system-- ------cpu-----\n r  b   swpd   free  inact active   si   so    bi    bo   in   cs us sy id wa st\n"
        }
        (false, false) => {
            "procs -----------memory---------- ---swap-- -----io---- -system-- ------cpu-----\n r  b   swpd   free   buff  cache   si   so    bi    bo   in   cs us sy id wa st\n"
        }
    }
}

fn line(world: &World, options: &Options, row: u64) -> String {
    let m = memory(world);
    let divisor = match options.value(b'S') {
        Some(b"m") => 1_000,
        Some(b"M") => 1_024,
        _ => 1,
    };
    let [user, nice, system, idle, wait, .., steal] = cpu::times(world);
    let all = (user + nice + system + idle + wait + steal).max(1);
    let percent = |part: u64| part * 100 / all;
    let [_, read, _, written] = kernel::disk_counts(world);
    let up = u64::try_from(live::up_seconds(world)).unwrap_or(1).max(1);
    let mut dice = crate::machine::Dice(row ^ world.now.0.unsigned_abs() >> 30);
    let (bi, bo, interrupts, switches) = if row == 0 {
        (read / 2 / up, written / 2 / up, 61, 104)
    } else {
        (0, dice.roll() % 3 * 4, 58 + dice.roll() % 30, 90 + dice.roll() % 60)
    };
    let cpu = if row == 0 {
        [percent(user + nice), percent(system), percent(idle) + 1, percent(wait), percent(steal)]
    } else {
        [0, 0, 100, 0, 0]
    };
    let [us, sy, id, wa, st] = cpu.map(|value| value.min(100));
    let swapped = (m.swap - m.swap_free) / divisor;
    let (third, fourth) = if options.has(b'a') {
        ((m.buffers + m.cached) / 2, (m.buffers + m.cached) * 4 / 10)
    } else {
        (m.buffers, m.cached + m.reclaimable)
    };
    let (free, third, fourth) = (m.free / divisor, third / divisor, fourth / divisor);
    if options.has(b'w') {
        return format!(
            "{:>4} {:>4} {swapped:>12} {free:>12} {third:>12} {fourth:>12} {:>4} {:>4} {bi:>5} {bo:>5} {interrupts:>4} {switches:>4} {us:>3} {sy:>3} {id:>3} {wa:>3} {st:>3} {:>3}",
            1, 0, 0, 0, 0
        );
    }
    format!(
        "{:>2} {:>2} {swapped:>6} {free:>6} {third:>6} {fourth:>6} {:>4} {:>4} {bi:>5} {bo:>5} {interrupts:>4} {switches:>4} {us:>2} {sy:>2} {id:>2} {wa:>2} {st:>2}",
        1, 0, 0, 0
    )
}

fn statistics(world: &World) -> String {
    let m = memory(world);
    let [user, nice, system, idle, wait, irq, soft, steal] = cpu::times(world);
    let [_, read, _, written] = kernel::disk_counts(world);
    let up = u64::try_from(live::up_seconds(world)).unwrap_or(0);
    let files = m.buffers + m.cached;
    let forks = u64::from(world.table.keys().next_back().copied().unwrap_or(0));
    let booted = u64::try_from(world.machine.booted(world.now)).unwrap_or(0);
    let rows: [(u64, &str); 26] = [
        (m.total, "K total memory"),
        (m.total - m.available, "K used memory"),
        (files * 4 / 10, "K active memory"),
        (files / 2, "K inactive memory"),
        (m.free, "K free memory"),
        (m.buffers, "K buffer memory"),
        (m.cached + m.reclaimable, "K swap cache"),
        (m.swap, "K total swap"),
        (m.swap - m.swap_free, "K used swap"),
        (m.swap_free, "K free swap"),
        (user, "non-nice user cpu ticks"),
        (nice, "nice user cpu ticks"),
        (system, "system cpu ticks"),
        (idle, "idle cpu ticks"),
        (wait, "IO-wait cpu ticks"),
        (irq, "IRQ cpu ticks"),
        (soft, "softirq cpu ticks"),
        (steal, "stolen cpu ticks"),
        (0, "non-nice guest cpu ticks"),
        (0, "nice guest cpu ticks"),
        (read / 2, "K paged in"),
        (written / 2, "K paged out"),
        (0, "pages swapped in"),
        ((m.swap - m.swap_free) / 4, "pages swapped out"),
        (up * 61, "interrupts"),
        (up * 104, "CPU context switches"),
    ];
    let mut text: String = rows.iter().map(|(value, name)| format!("{value:>13} {name}\n")).collect();
    text.push_str(&format!("{booted:>13} boot time\n{forks:>13} forks\n"));
    text
}

fn disks(world: &World) -> String {
    let mut text = String::from(
        "disk- ------------reads------------ ------------writes----------- -----IO------\n       total merged sectors      ms  total merged sectors      ms    cur    sec\n",
    );
    let [reads, read, writes, written] = kernel::disk_counts(world);
    for (name, reads, read, writes, written) in [("vda", reads, read, writes, written), ("sr0", 0, 0, 0, 0)] {
        text.push_str(&format!(
            "{name:<5} {reads:>6} {:>6} {read:>7} {:>7} {writes:>6} {:>6} {written:>7} {:>7} {:>6} {:>6}\n",
            reads * 3 / 10,
            reads * 7 / 10,
            writes * 9 / 10,
            writes * 12 / 10,
            0,
            (reads + writes) * 6 / 10_000
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Bench;

    #[test]
    fn sizes_read_as_free_writes_them() {
        assert_eq!(scale(24_684_084, Some(b'h'), false), "23Gi");
        assert_eq!(scale(8_998_284, Some(b'h'), false), "8.6Gi");
        assert_eq!(scale(69_664, Some(b'h'), false), "68Mi");
        assert_eq!(scale(0, Some(b'h'), false), "0B");
        assert_eq!(scale(24_684_084, Some(b'h'), true), "25G");
        assert_eq!(scale(69_664, Some(b'h'), true), "71M");
        assert_eq!(scale(24_684_084, Some(b'm'), false), "24105");
    }

    #[test]
    fn free_and_the_kernel_agree() {
        let mut bench = Bench::new();
        let out = bench.run(&["free"], "").out;
        let total = bench.world.with(|world| world.machine.memory_kib);
        let line = out.lines().nth(1).unwrap();
        assert!(line.starts_with(&format!("Mem:    {total:>12}")), "{line}");
        let info = bench.run(&["head", "-1", "/proc/meminfo"], "").out;
        assert_eq!(info, format!("MemTotal:       {total:>8} kB\n"));
        assert_eq!(bench.run(&["free", "-c", "0"], "").err, "free: failed to parse count argument: '0': Numerical result out of range\n");
        assert_eq!(bench.run(&["vmstat", "1", "2"], "").out.lines().count(), 4);
    }
}
