//! What the kernel said when the machine started.
//!
//! **Invariant:** memory, processors, disks and addresses in it are the machine's.

use crate::Machine;

/// Microseconds since the start, and words.
pub(crate) fn messages(machine: &Machine) -> Vec<(u64, String)> {
    let kib = machine.memory_kib;
    let cpus = machine.cpus;
    let [family, model, stepping] = machine.cpu.ids;
    let board = machine.board;
    let [_, version, date] = board.bios;
    let whole = (kib / 1_048_576 + 1) * 1_048_576;
    let top = whole * 1_024 - 1;
    let sectors = machine.disk_gib * 2_097_152;
    let line = crate::files::base::command_line(machine);
    let parts = if machine.swap_kib > 0 { "vda1 vda2 < vda5 >" } else { "vda1" };
    let gigabytes = machine.disk_gib * 1_073_741_824 / 100_000_000;
    let mut said: Vec<(u64, String)> = Vec::new();
    let mut say = |at: u64, text: String| said.push((at, text));
    say(
        0,
        format!(
            "Linux version {} (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14+deb12u1) \
         12.2.0, GNU ld (GNU Binutils for Debian) 2.40) {}",
            machine.kernel, machine.kernel_version
        ),
    );
    say(0, format!("Command line: {line}"));
    say(0, "BIOS-provided physical RAM map:".to_owned());
    say(0, "BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable".to_owned());
    say(0, "BIOS-e820: [mem 0x000000000009fc00-0x000000000009ffff] reserved".to_owned());
    say(0, "BIOS-e820: [mem 0x00000000000f0000-0x00000000000fffff] reserved".to_owned());
    say(
        0,
        format!(
            "BIOS-e820: [mem 0x0000000000100000-0x{:016x}] usable",
            (top & 0xffff_ffff).saturating_sub(0x2_0000)
        ),
    );
    say(0, "BIOS-e820: [mem 0x00000000feffc000-0x00000000feffffff] reserved".to_owned());
    say(0, "BIOS-e820: [mem 0x00000000fffc0000-0x00000000ffffffff] reserved".to_owned());
    say(0, "NX (Execute Disable) protection: active".to_owned());
    say(0, "SMBIOS 2.8 present.".to_owned());
    say(0, format!("DMI: {} {}, BIOS {version} {date}", board.vendor, board.product));
    say(0, "Hypervisor detected: KVM".to_owned());
    say(0, "kvm-clock: Using msrs 4b564d01 and 4b564d00".to_owned());
    say(2, "kvm-clock: using sched offset of 5893472117 cycles".to_owned());
    say(9, format!("tsc: Detected {} MHz processor", machine.cpu.mhz));
    say(1_100, format!("last_pfn = 0x{:x} max_arch_pfn = 0x400000000", whole / 4));
    say(9_200, "found SMP MP-table at [mem 0x000f5a90-0x000f5a9f]".to_owned());
    say(9_700, "RAMDISK: [mem 0x33b6c000-0x35db5fff]".to_owned());
    say(9_800, "ACPI: Early table checksum verification disabled".to_owned());
    say(9_900, "ACPI: RSDP 0x00000000000F5890 000014 (v00 BOCHS )".to_owned());
    say(31_000, format!("smpboot: Allowing {cpus} CPUs, 0 hotplug CPUs"));
    say(42_000, format!("Kernel command line: {line}"));
    say(
        52_700,
        format!(
            "Memory: {}K/{}K available (14342K kernel code, 2337K rwdata, 9056K rodata, 2796K init, 17404K bss, {}K reserved, 0K cma-reserved)",
            kib - 70_000,
            whole - 500,
            whole - kib + 70_000
        ),
    );
    say(54_000, format!("SLUB: HWalign=64, Order=0-3, MinObjects=0, CPUs={cpus}, Nodes=1"));
    say(
        120_000,
        format!(
            "smpboot: CPU0: {} (family: 0x{family:x}, model: 0x{model:x}, stepping: 0x{stepping:x})",
            machine.cpu.name
        ),
    );
    say(131_000, format!("smp: Brought up 1 node, {cpus} CPU{}", if cpus == 1 { "" } else { "s" }));
    say(
        131_200,
        format!(
            "smpboot: Total of {cpus} processors activated ({} BogoMIPS)",
            machine.cpu.bogomips
        ),
    );
    say(160_000, "NET: Registered PF_NETLINK/PF_ROUTE protocol family".to_owned());
    say(230_000, "PCI: Using configuration type 1 for base access".to_owned());
    say(300_000, "SCSI subsystem initialized".to_owned());
    say(420_000, "clocksource: Switched to clocksource kvm-clock".to_owned());
    say(440_000, "NET: Registered PF_INET protocol family".to_owned());
    say(460_000, "TCP: Hash tables configured (established 16384 bind 16384)".to_owned());
    say(760_000, "Serial: 8250/16550 driver, 4 ports, IRQ sharing enabled".to_owned());
    say(900_000, "Freeing unused kernel image (initmem) memory: 2796K".to_owned());
    say(905_000, "Run /init as init process".to_owned());
    say(
        1_310_000,
        format!(
            "virtio_blk virtio1: [vda] {sectors} 512-byte logical blocks ({}.{} GB/{}.0 GiB)",
            gigabytes / 10,
            gigabytes % 10,
            machine.disk_gib
        ),
    );
    say(1_316_000, format!(" vda: {parts}"));
    say(1_330_000, format!("virtio_net virtio0 {}: renamed from eth0", machine.interface));
    say(1_402_000, "ata_piix 0000:00:01.1: version 2.13".to_owned());
    say(
        1_980_000,
        "EXT4-fs (vda1): mounted filesystem with ordered data mode. Quota mode: none.".to_owned(),
    );
    say(2_310_000, ("systemd[1]: systemd 252.39-1~deb12u2 running in system mode (+PAM +AUDIT +SELINUX +APPARMOR +IMA +SMACK +SECCOMP +GCRYPT -GNUTLS +OPENSSL +ACL +BLKID +CURL +ELFUTILS +FIDO2 +IDN2 -IDN +IPTC +KMOD +LIBCRYPTSETUP +LIBFDISK +PCRE2 -PWQUALITY +P11KIT +QRENCODE +TPM2 +BZIP2 +LZ4 +XZ +ZLIB +ZSTD -BPF_FRAMEWORK -XKBCOMMON +UTMP +SYSVINIT default-hierarchy=unified)").to_owned());
    say(2_311_000, "systemd[1]: Detected virtualization kvm.".to_owned());
    say(2_312_000, "systemd[1]: Detected architecture x86-64.".to_owned());
    say(2_330_000, format!("systemd[1]: Hostname set to <{}>.", machine.hostname));
    say(2_990_000, "EXT4-fs (vda1): re-mounted. Quota mode: none.".to_owned());
    if machine.swap_kib > 0 {
        say(
            3_210_000,
            format!(
                "Adding {}k swap on /dev/vda5.  Priority:-2 extents:1 across:{}k FS",
                machine.swap_kib, machine.swap_kib
            ),
        );
    }
    say(
        3_420_000,
        "input: Power Button as /devices/LNXSYSTM:00/LNXPWRBN:00/input/input4".to_owned(),
    );
    say(
        3_700_000,
        format!(
            "audit: type=1400 audit(1.{:03}:2): apparmor=\"STATUS\" operation=\"profile_load\" profile=\"unconfined\" name=\"lsb_release\" pid=301 comm=\"apparmor_parser\"",
            machine.ids[0] % 1_000
        ),
    );
    say(
        4_830_000,
        format!("IPv6: ADDRCONF(NETDEV_CHANGE): {}: link becomes ready", machine.interface),
    );
    said
}
