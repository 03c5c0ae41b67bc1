//! `lscpu` and `lsmem`.
//!
//! **Invariant:** processors and memory are those of /proc/cpuinfo and /proc/meminfo.

use super::{UTIL_LINUX, linux};
use crate::Machine;
use crate::commands::{Flag, Program};
use crate::files::base::vulnerabilities;
use crate::kernel::Proc;
use crate::live::cpu;

pub(super) const PROGRAMS: &[Program] = &[
    Program::new("lscpu", |p| Box::pin(lscpu(p)), 96_776, UTIL_LINUX),
    Program::new("lsmem", |p| Box::pin(lsmem(p)), 43_304, UTIL_LINUX),
];

const FLAGS: &[Flag] = &[
    Flag::new(b'a', "all"),
    Flag::new(b'b', "online"),
    Flag::new(b'B', "bytes"),
    Flag::maybe(b'C', "caches"),
    Flag::new(b'c', "offline"),
    Flag::maybe(b'e', "extended"),
    Flag::new(b'J', "json"),
    Flag::maybe(b'p', "parse"),
    Flag::with(b's', "sysroot"),
    Flag::new(b'x', "hex"),
    Flag::new(b'y', "physical"),
    Flag::new(2, "output-all"),
];

async fn lscpu(p: &mut Proc) -> u32 {
    let options = match linux(p, FLAGS) {
        Ok(options) => options,
        Err(status) => return status,
    };
    let machine = p.world.with(|world| world.machine.clone());
    if options.has(b'p') {
        p.line("# The following is the parsable format, which can be fed to other\n# programs. Each different item in every column has an unique ID\n# starting usually from zero.\n# CPU,Core,Socket,Node,,L1d,L1i,L2,L3");
        for cpu in 0..machine.cpus {
            p.line(format!("{cpu},{cpu},0,0,,{cpu},{cpu},{cpu},0"));
        }
        return 0;
    }
    if options.has(b'e') {
        p.line("CPU NODE SOCKET CORE L1d:L1i:L2:L3 ONLINE");
        for cpu in 0..machine.cpus {
            let caches = format!("{cpu}:{cpu}:{cpu}:0");
            p.line(format!("{cpu:>3} {:>4} {:>6} {cpu:>4} {caches:<13}    yes", 0, 0));
        }
        return 0;
    }
    if options.has(b'C') {
        let [data, code, second, third] = machine.cpu.caches;
        let all = u64::from(machine.cpus);
        p.line("NAME ONE-SIZE ALL-SIZE WAYS TYPE        LEVEL  SETS PHY-LINE COHERENCY-SIZE");
        for (name, one, total, ways, kind, level) in [
            ("L1d", data, u64::from(data) * all, 8, "Data", 1),
            ("L1i", code, u64::from(code) * all, 8, "Instruction", 1),
            ("L2", second, u64::from(second) * all, 16, "Unified", 2),
            ("L3", third, u64::from(third), 16, "Unified", 3),
        ] {
            let sets = u64::from(one) * 1_024 / 64 / ways;
            p.line(format!(
                "{name:<4} {:>8} {:>8} {ways:>4} {kind:<11} {level:>5} {sets:>5} {:>8} {:>14}",
                short(u64::from(one)),
                short(total),
                1,
                64
            ));
        }
        return 0;
    }
    let rows = rows(&machine);
    if options.has(b'J') {
        let objects: Vec<String> = rows
            .iter()
            .filter_map(|row| row.flat())
            .map(|(name, value)| {
                let value = value.replace('"', "\\\"");
                format!("{{\n         \"field\": \"{name}\",\n         \"data\": \"{value}\"\n      }}")
            })
            .collect();
        p.line(format!("{{\n   \"lscpu\": [\n      {}\n   ]\n}}", objects.join(",")));
        return 0;
    }
    let lines: Vec<(String, String)> = if p.is_terminal(1) {
        rows.iter().map(|row| (row.name.clone(), row.value.clone())).collect()
    } else {
        // Off a terminal, what is below a group has the group in its name.
        rows.iter().filter_map(Row::flat).collect()
    };
    let wide = lines.iter().map(|(name, _)| name.len()).max().unwrap_or(0) + 1;
    for (name, value) in lines {
        p.line(format!("{name:<wide$}{value}").trim_end());
    }
    0
}

/// A line, with two blanks before it for each group that it is in.
struct Row {
    name: String,
    value: String,
    /// Before and behind its name where there are no groups.
    around: (&'static str, &'static str),
}

impl Row {
    fn flat(&self) -> Option<(String, String)> {
        let name = self.name.trim_start().trim_end_matches(':');
        let (before, behind) = self.around;
        (!self.value.is_empty()).then(|| (format!("{before}{name}{behind}:"), self.value.clone()))
    }
}

/// `28 KiB`, `27.5 MiB`
fn size(kib: u64, instances: u64) -> String {
    let text = if kib >= 1_024 {
        let (whole, part) = (kib / 1_024, kib % 1_024 * 10 / 1_024);
        if part == 0 { format!("{whole} MiB") } else { format!("{whole}.{part} MiB") }
    } else {
        format!("{kib} KiB")
    };
    format!("{text} ({instances} instance{})", if instances == 1 { "" } else { "s" })
}

fn short(kib: u64) -> String {
    match kib {
        0..=1_023 => format!("{kib}K"),
        _ if kib % 1_024 == 0 => format!("{}M", kib / 1_024),
        _ => format!("{}.{}M", kib / 1_024, kib % 1_024 * 10 / 1_024),
    }
}

fn rows(machine: &Machine) -> Vec<Row> {
    let cpu = machine.cpu;
    let [family, model, stepping] = cpu.ids;
    let [data, code, second, third] = cpu.caches;
    let cpus = machine.cpus;
    let range = match cpus {
        1 => "0".to_owned(),
        2 => "0,1".to_owned(),
        cpus => format!("0-{}", cpus - 1),
    };
    let all = u64::from(cpus);
    let intel = cpu::is_intel(machine);
    let mut rows: Vec<Row> = Vec::new();
    let mut row = |name: &str, value: String| {
        let around = match name.trim_start() {
            "L1d" | "L1i" | "L2" | "L3" => ("", " cache"),
            _ => ("", ""),
        };
        rows.push(Row { name: format!("{name}:"), value, around });
    };
    row("Architecture", "x86_64".to_owned());
    row("  CPU op-mode(s)", "32-bit, 64-bit".to_owned());
    row("  Address sizes", format!("{} bits physical, 48 bits virtual", cpu.physical_bits));
    row("  Byte Order", "Little Endian".to_owned());
    row("CPU(s)", cpus.to_string());
    row("  On-line CPU(s) list", range.clone());
    row("Vendor ID", cpu.vendor.to_owned());
    row("  BIOS Vendor ID", "QEMU".to_owned());
    row("  Model name", cpu.name.to_owned());
    let board = if machine.board.is_q35 { "pc-q35-7.2" } else { machine.board.version };
    row("    BIOS Model name", format!("{board}  CPU @ 2.0GHz"));
    row("    BIOS CPU family", "1".to_owned());
    row("    CPU family", family.to_string());
    row("    Model", model.to_string());
    row("    Thread(s) per core", "1".to_owned());
    row("    Core(s) per socket", cpus.to_string());
    row("    Socket(s)", "1".to_owned());
    row("    Stepping", stepping.to_string());
    row("    BogoMIPS", cpu.bogomips.to_owned());
    row("    Flags", cpu::flags(machine));
    row("Virtualization features", String::new());
    row("  Virtualization", if intel { "VT-x" } else { "AMD-V" }.to_owned());
    row("  Hypervisor vendor", "KVM".to_owned());
    row("  Virtualization type", "full".to_owned());
    row("Caches (sum of all)", String::new());
    row("  L1d", size(u64::from(data) * all, all));
    row("  L1i", size(u64::from(code) * all, all));
    row("  L2", size(u64::from(second) * all, all));
    row("  L3", size(u64::from(third), 1));
    row("NUMA", String::new());
    row("  NUMA node(s)", "1".to_owned());
    row("  NUMA node0 CPU(s)", range);
    row("Vulnerabilities", String::new());
    for (name, value) in vulnerabilities(machine) {
        let words = name.replace('_', " ");
        let mut letters = words.chars();
        let first = letters.next().map(|c| c.to_ascii_uppercase()).into_iter();
        let name: String = first.chain(letters).collect();
        let around = ("Vulnerability ", "");
        rows.push(Row { name: format!("  {name}:"), value: value.to_owned(), around });
    }
    rows
}

async fn lsmem(p: &mut Proc) -> u32 {
    const FLAGS: &[Flag] = &[
        Flag::new(b'J', "json"),
        Flag::new(b'P', "pairs"),
        Flag::new(b'a', "all"),
        Flag::new(b'b', "bytes"),
        Flag::new(b'n', "noheadings"),
        Flag::with(b'o', "output"),
        Flag::new(b'r', "raw"),
        Flag::maybe(2, "summary"),
    ];
    let options = match linux(p, FLAGS) {
        Ok(options) => options,
        Err(status) => return status,
    };
    let kib = p.world.with(|world| world.machine.memory_kib);
    let gib = kib / 1_048_576 + 1;
    // Above 3 GiB, memory goes on behind the hole for devices.
    let low = gib.min(3);
    let mut rows = vec![(0_u64, low << 30)];
    if gib > low {
        rows.push((4 << 30, (4 + gib - low) << 30));
    }
    let wide = rows.iter().map(|(from, to)| blocks(*from, *to).len()).max().unwrap_or(0).max(5);
    if options.value(2) != Some(b"only") {
        if !options.has(b'n') {
            p.line(&format!("RANGE                                 SIZE  STATE REMOVABLE {:>wide$}", "BLOCK"));
        }
        for (from, to) in rows {
            let size = format!("{}G", (to - from) >> 30);
            let block = blocks(from, to);
            p.line(format!("0x{from:016x}-0x{:016x} {size:>4} online       yes {block:>wide$}", to - 1));
        }
        p.line("");
    }
    p.line("Memory block size:       128M");
    p.line(format!("Total online memory:     {:>4}", format!("{gib}G")));
    p.line("Total offline memory:      0B");
    0
}

/// Numbers of blocks of 128 MiB.
fn blocks(from: u64, to: u64) -> String {
    let (first, last) = (from >> 27, (to >> 27) - 1);
    if first == last { first.to_string() } else { format!("{first}-{last}") }
}

#[cfg(test)]
mod tests {
    use crate::testing::Bench;

    #[test]
    fn lscpu_counts_what_the_kernel_counts() {
        let mut bench = Bench::new();
        let machine = bench.world.with(|world| world.machine.clone());
        let out = bench.run(&["lscpu"], "").out;
        assert!(out.starts_with("Architecture:                            x86_64\nCPU op-mode(s):                          32-bit, 64-bit\n"), "{out}");
        assert!(out.contains(&format!("\nCPU(s):                                  {}\n", machine.cpus)), "{out}");
        assert!(out.contains(machine.cpu.name));
        assert_eq!(bench.run(&["lscpu", "-p"], "").out.lines().filter(|l| !l.starts_with('#')).count(), machine.cpus as usize);
        assert_eq!(bench.run(&["lsmem", "-n"], "").status, 0);
    }
}
