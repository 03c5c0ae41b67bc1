//! What the kernel says of processors.
//!
//! **Invariant:** how many there are and what they are comes from the machine alone.

use crate::Machine;
use crate::calendar::seconds;
use crate::kernel::World;

/// /proc/cpuinfo
pub(crate) fn info(machine: &Machine) -> String {
    (0..machine.cpus).map(|index| one(machine, index)).collect()
}

fn one(machine: &Machine, index: u32) -> String {
    let cpu = machine.cpu;
    let [family, model, stepping] = cpu.ids;
    let (vendor, name, cores) = (cpu.vendor, cpu.name, machine.cpus);
    let bits = cpu.physical_bits;
    let intel = is_intel(machine);
    // Each processor of a guest is a socket of its own on some hosts; here they are cores of one.
    let tlb = if intel { "" } else { "TLB size\t: 1024 4K pages\n" };
    format!(
        "processor\t: {index}\nvendor_id\t: {vendor}\ncpu family\t: {family}\nmodel\t\t: {model}\n\
         model name\t: {name}\nstepping\t: {stepping}\nmicrocode\t: {}\ncpu MHz\t\t: {}\n\
         cache size\t: {} KB\nphysical id\t: 0\nsiblings\t: {cores}\ncore id\t\t: {index}\n\
         cpu cores\t: {cores}\napicid\t\t: {index}\ninitial apicid\t: {index}\nfpu\t\t: yes\n\
         fpu_exception\t: yes\ncpuid level\t: {}\nwp\t\t: yes\nflags\t\t: {}\n{}bugs\t\t: {}\n\
         bogomips\t: {}\n{tlb}clflush size\t: 64\ncache_alignment\t: 64\n\
         address sizes\t: {bits} bits physical, 48 bits virtual\npower management:\n\n",
        cpu.microcode,
        cpu.mhz,
        cpu.cache_kib,
        if intel { if cpu.ids == [6, 79, 1] { 20 } else { 22 } } else { 16 },
        flags(machine),
        if intel { format!("vmx flags\t: {VMX}\n") } else { String::new() },
        bugs(machine),
        cpu.bogomips,
    )
}

pub(crate) fn is_intel(machine: &Machine) -> bool {
    machine.cpu.vendor == "GenuineIntel"
}

pub(crate) fn flags(machine: &Machine) -> String {
    match (is_intel(machine), machine.cpu.ids) {
        (true, [6, 79, _]) => format!("{INTEL} {BROADWELL}"),
        (true, _) => format!("{INTEL} {CASCADE_LAKE}"),
        (false, [25, ..]) => format!("{AMD} {ZEN} {ZEN3}"),
        (false, _) => format!("{AMD} {ZEN}"),
    }
}

pub(crate) fn bugs(machine: &Machine) -> &'static str {
    match (is_intel(machine), machine.cpu.ids) {
        (true, [6, 79, _]) => {
            "cpu_meltdown spectre_v1 spectre_v2 spec_store_bypass l1tf mds swapgs taa itlb_multihit \
             mmio_stale_data bhi"
        }
        (true, _) => {
            "spectre_v1 spectre_v2 spec_store_bypass swapgs taa mmio_stale_data retbleed eibrs_pbrsb \
             gds bhi its"
        }
        (false, [25, ..]) => {
            "sysret_ss_attrs spectre_v1 spectre_v2 spec_store_bypass srso ibpb_no_ret tsa"
        }
        (false, _) => {
            "sysret_ss_attrs spectre_v1 spectre_v2 spec_store_bypass retbleed smt_rsb srso"
        }
    }
}

/// Time of all processors since the start, 1/100 s: user, nice, system, idle, iowait, irq, softirq,
/// steal.
pub(crate) fn times(world: &World) -> [u64; 8] {
    let machine = &world.machine;
    let up = seconds(world.now) - machine.booted(world.now);
    let up = u64::try_from(up.max(1)).unwrap_or(1);
    let all = up * 100 * u64::from(machine.cpus);
    let share = |per_million: u64| {
        all / 1_000_000 * per_million + all % 1_000_000 * per_million / 1_000_000
    };
    let (user, system) = (4_000 + machine.ids[0] % 6_000, 2_500 + machine.ids[1] % 3_000);
    let parts = [user, 150, system, 0, 900, 0, 260, 400].map(share);
    let busy: u64 = parts.iter().sum();
    let [user, nice, system, _, wait, irq, soft, steal] = parts;
    [user + 812, nice, system + 640, all.saturating_sub(busy), wait + 390, irq, soft, steal]
}

/// /proc/stat
pub(crate) fn stat(world: &World) -> String {
    let machine = &world.machine;
    let times = times(world);
    let row = |name: String, times: [u64; 8]| {
        let numbers: Vec<String> = times.iter().map(u64::to_string).collect();
        format!("{name} {} 0 0\n", numbers.join(" "))
    };
    let mut text = row("cpu ".to_owned(), times);
    let count = u64::from(machine.cpus.max(1));
    for cpu in 0..machine.cpus {
        let skew = u64::from(cpu) * 37;
        text.push_str(&row(
            format!("cpu{cpu}"),
            times.map(|time| time / count + (time > 0).then_some(skew).unwrap_or(0)),
        ));
    }
    let up = u64::try_from(seconds(world.now) - machine.booted(world.now)).unwrap_or(0);
    let interrupts = up * (61 + machine.ids[0] % 40);
    text.push_str(&format!(
        "intr {interrupts} 0 9 0 0 0 0 0 0 0 0 0 0 15 0 0 0 0 0 0 0 0 0 0 0 {}",
        up / 9
    ));
    text.push_str(&" 0".repeat(230));
    let pid = world.table.keys().next_back().copied().unwrap_or(world.sshd);
    text.push_str(&format!(
        "\nctxt {}\nbtime {}\nprocesses {pid}\nprocs_running 1\nprocs_blocked 0\nsoftirq {} {} {} 2 {} \
         {} 0 {} {} 0 {}\n",
        up * (104 + machine.ids[1] % 50),
        machine.booted(world.now),
        up * 41,
        up / 7,
        up * 12,
        up / 3,
        up / 11,
        up / 60,
        up * 15,
        up * 13,
    ));
    text
}

const INTEL: &str = "fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 ss ht syscall nx pdpe1gb rdtscp lm constant_tsc arch_perfmon rep_good nopl xtopology cpuid tsc_known_freq pni pclmulqdq vmx ssse3 fma cx16 pdcm pcid sse4_1 sse4_2 x2apic movbe popcnt tsc_deadline_timer aes xsave avx f16c rdrand hypervisor lahf_lm abm 3dnowprefetch cpuid_fault invpcid_single";
const BROADWELL: &str = "pti ssbd ibrs ibpb stibp tpr_shadow vnmi flexpriority ept vpid ept_ad fsgsbase tsc_adjust bmi1 hle avx2 smep bmi2 erms invpcid rtm rdseed adx smap xsaveopt arat umip md_clear arch_capabilities";
const CASCADE_LAKE: &str = "ssbd ibrs ibpb stibp ibrs_enhanced tpr_shadow vnmi flexpriority ept vpid ept_ad fsgsbase tsc_adjust bmi1 avx2 smep bmi2 erms invpcid mpx avx512f avx512dq rdseed adx smap clflushopt clwb avx512cd avx512bw avx512vl xsaveopt xsavec xgetbv1 xsaves arat umip pku ospke avx512_vnni md_clear arch_capabilities";
const VMX: &str = "vnmi preemption_timer posted_intr invvpid ept_x_only ept_ad ept_1gb flexpriority apicv tsc_offset vtpr mtf vapic ept vpid unrestricted_guest vapic_reg vid shadow_vmcs pml";
const AMD: &str = "fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 ht syscall nx mmxext fxsr_opt pdpe1gb rdtscp lm rep_good nopl cpuid extd_apicid tsc_known_freq pni pclmulqdq ssse3 fma cx16 sse4_1 sse4_2 x2apic movbe popcnt tsc_deadline_timer aes xsave avx f16c rdrand hypervisor lahf_lm cmp_legacy svm cr8_legacy abm sse4a misalignsse 3dnowprefetch osvw topoext perfctr_core";
const ZEN: &str = "ssbd ibrs ibpb stibp vmmcall fsgsbase tsc_adjust bmi1 avx2 smep bmi2 rdseed adx smap clflushopt clwb sha_ni xsaveopt xsavec xgetbv1 clzero xsaveerptr wbnoinvd arat npt nrip_save umip rdpid arch_capabilities";
const ZEN3: &str = "invpcid pku ospke vaes vpclmulqdq fsrm";
