//! What the kernel says of disks, mounts, modules and interrupts.
//!
//! **Invariant:** disks and file systems are those of [`disks`]; modules are those of [`MODULES`].

use crate::kernel::World;
use crate::live::up_seconds;

/// File systems that have a size: name, KiB, KiB used, and where they are.
pub(crate) fn disks(world: &World) -> Vec<(String, u64, u64, String)> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let sized = world.files.mounts.all().iter().filter(|mount| mount.kib > 0);
    sized
        .map(|mount| {
            let used = match mount.at.as_slice() {
                b"" => world.machine.used_kib() + world.files.sizes().div_ceil(1_024),
                b"/run" => 400 + world.machine.ids[0] % 500,
                _ => 0,
            };
            let at: &[u8] = if mount.at.is_empty() { b"/" } else { &mount.at };
            (text(&mount.source), mount.kib, used, text(at))
        })
        .collect()
}

/// /proc/self/mountinfo
pub(crate) fn mountinfo(world: &World) -> String {
    let parent = |at: &str| match at {
        "/" => 1,
        _ if at.starts_with("/sys/") => 22,
        _ if at.starts_with("/dev/") => 24,
        _ if at.starts_with("/run/") => 26,
        _ if at.starts_with("/proc/") => 23,
        _ => 27,
    };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mounts = world.files.mounts.all();
    mounts
        .iter()
        .zip(22..)
        .map(|(mount, number)| {
            let at = if mount.at.is_empty() { "/".to_owned() } else { text(&mount.at) };
            let options = text(&mount.options);
            // Options of the mount, then those of the file system.
            let own = ["rw", "ro", "nosuid", "nodev", "noexec", "relatime", "noatime"];
            let (first, mut rest): (Vec<&str>, Vec<&str>) =
                options.split(',').partition(|option| own.contains(option));
            rest.insert(0, if mount.is_read_only() { "ro" } else { "rw" });
            format!(
                "{number} {} {}:{} / {at} {} shared:{} - {} {} {}\n",
                parent(&at),
                mount.device >> 8,
                mount.device & 0xff,
                first.join(","),
                number - 21,
                mount.system.name(),
                text(&mount.source),
                rest.join(",")
            )
        })
        .collect()
}

/// Disks and partitions: major, minor, KiB, name.
pub(crate) fn partitions(world: &World) -> Vec<(u32, u32, u64, &'static str)> {
    let machine = &world.machine;
    let all = machine.disk_gib * 1_048_576;
    let mut list = vec![(254, 0, all, "vda")];
    if machine.swap_kib == 0 {
        list.push((254, 1, all - 1_024, "vda1"));
    } else {
        list.push((254, 1, all - machine.swap_kib - 2_048, "vda1"));
        list.push((254, 2, 1, "vda2"));
        list.push((254, 5, machine.swap_kib + 4, "vda5"));
    }
    list.push((11, 0, 1_048_575, "sr0"));
    list
}

/// /proc/partitions
pub(crate) fn partition_text(world: &World) -> String {
    let rows = partitions(world);
    let rows = rows
        .iter()
        .map(|(major, minor, kib, name)| format!("{major:>4}  {minor:>7} {kib:>10} {name}\n"));
    std::iter::once("major minor  #blocks  name\n\n".to_owned()).chain(rows).collect()
}

/// Reads, sectors read, writes, sectors written of the disk.
pub(crate) fn disk_counts(world: &World) -> [u64; 4] {
    let up = u64::try_from(up_seconds(world)).unwrap_or(0);
    let ids = world.machine.ids;
    let (reads, writes) = (11_200 + ids[0] % 4_000 + up / 90, 2_900 + up / (3 + ids[1] % 4));
    [reads, reads * 58 + ids[1] % 90_000, writes, writes * 17]
}

/// /proc/diskstats
pub(crate) fn diskstats(world: &World) -> String {
    let [reads, read, writes, written] = disk_counts(world);
    let mut text = String::new();
    for (major, minor, _, name) in partitions(world) {
        let (reads, read, writes, written) = match name {
            "vda" => (reads, read, writes, written),
            "vda1" => (reads - 310, read - 11_000, writes - 3, written - 24),
            "vda2" => (2, 4, 0, 0),
            "vda5" => (120, 4_900, 2, 16),
            _ => (0, 0, 0, 0),
        };
        text.push_str(&format!(
            "{major:>4} {minor:>7} {name} {reads} {} {read} {} {writes} {} {written} {} 0 {} {} 0 0 0 0 {} {}\n",
            reads * 3 / 10,
            reads * 7 / 10,
            writes * 9 / 10,
            writes * 12 / 10,
            (reads + writes) * 6 / 10,
            (reads * 7 + writes * 12) / 10,
            writes / 40,
            writes / 90
        ));
    }
    text
}

/// /proc/swaps
pub(crate) fn swaps(world: &World) -> String {
    let m = super::memory::memory(world);
    let mut text = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n".to_owned();
    if m.swap > 0 {
        let used = m.swap - m.swap_free;
        text.push_str(&format!(
            "/dev/vda5                               partition\t{}\t\t{used}\t\t-2\n",
            m.swap
        ));
    }
    text
}

/// /proc/interrupts
pub(crate) fn interrupts(world: &World) -> String {
    let cpus = u64::from(world.machine.cpus);
    let up = u64::try_from(up_seconds(world)).unwrap_or(0);
    let mut text = format!("{:>10}", "");
    for cpu in 0..cpus {
        text.push_str(&format!(" {:<10}", format!("CPU{cpu}")));
    }
    text.push('\n');
    let rows: [(&str, u64, &str); 19] = [
        ("0", 9, "  IO-APIC   2-edge      timer"),
        ("1", 9, "  IO-APIC   1-edge      i8042"),
        ("8", 1, "  IO-APIC   8-edge      rtc0"),
        ("9", 0, "  IO-APIC   9-fasteoi   acpi"),
        ("11", 0, "  IO-APIC  11-fasteoi   uhci_hcd:usb1, qxl"),
        ("12", 15, "  IO-APIC  12-edge      i8042"),
        ("14", 0, "  IO-APIC  14-edge      ata_piix"),
        ("15", 0, "  IO-APIC  15-edge      ata_piix"),
        ("24", 0, "  PCI-MSI 49152-edge      virtio0-config"),
        ("25", up / 2 + 30_114, "  PCI-MSI 49153-edge      virtio0-input.0"),
        ("26", up / 5 + 9_212, "  PCI-MSI 49154-edge      virtio0-output.0"),
        ("27", 0, "  PCI-MSI 65536-edge      virtio1-config"),
        ("28", up / 3 + 21_000, "  PCI-MSI 65537-edge      virtio1-req.0"),
        ("NMI", 0, "  Non-maskable interrupts"),
        ("LOC", up * 41, "  Local timer interrupts"),
        ("SPU", 0, "  Spurious interrupts"),
        ("RES", up / 6, "  Rescheduling interrupts"),
        ("CAL", up / 9, "  Function call interrupts"),
        ("TLB", up / 60, "  TLB shootdowns"),
    ];
    for (name, count, what) in rows {
        text.push_str(&format!("{name:>4}:"));
        for cpu in 0..cpus {
            let numbered = name.bytes().all(|b| b.is_ascii_digit());
            let here = match numbered {
                true if cpu == count % cpus => count,
                true => 0,
                false => count / cpus + count % 97 * cpu / 3,
            };
            text.push_str(&format!(" {here:>10}"));
        }
        text.push_str(what);
        text.push('\n');
    }
    text.push_str(" ERR:          0\n MIS:          0\n");
    text
}

/// Modules that are loaded: name, size, count of users, users.
pub(crate) const MODULES: &[(&str, u32, u32, &str)] = &[
    ("tls", 135_168, 0, ""),
    ("nft_compat", 20_480, 0, ""),
    ("nf_tables", 303_104, 1, "nft_compat"),
    ("nfnetlink", 20_480, 2, "nft_compat,nf_tables"),
    ("binfmt_misc", 24_576, 1, ""),
    ("intel_rapl_msr", 20_480, 0, ""),
    ("intel_rapl_common", 32_768, 1, "intel_rapl_msr"),
    ("ghash_clmulni_intel", 16_384, 0, ""),
    ("sha512_ssse3", 49_152, 0, ""),
    ("sha512_generic", 16_384, 1, "sha512_ssse3"),
    ("sha256_ssse3", 32_768, 0, ""),
    ("sha1_ssse3", 32_768, 0, ""),
    ("aesni_intel", 393_216, 0, ""),
    ("crypto_simd", 16_384, 1, "aesni_intel"),
    ("cryptd", 28_672, 2, "crypto_simd,ghash_clmulni_intel"),
    ("rapl", 20_480, 0, ""),
    ("bochs", 16_384, 0, ""),
    ("drm_vram_helper", 28_672, 1, "bochs"),
    ("drm_ttm_helper", 16_384, 2, "bochs,drm_vram_helper"),
    ("ttm", 94_208, 2, "drm_vram_helper,drm_ttm_helper"),
    ("drm_kms_helper", 208_896, 4, "bochs,drm_vram_helper"),
    ("pcspkr", 16_384, 0, ""),
    ("virtio_balloon", 28_672, 0, ""),
    ("virtio_console", 40_960, 1, ""),
    ("joydev", 28_672, 0, ""),
    ("evdev", 28_672, 4, ""),
    ("serio_raw", 20_480, 0, ""),
    ("button", 24_576, 0, ""),
    ("sg", 40_960, 0, ""),
    ("drm", 614_400, 6, "drm_kms_helper,bochs,drm_vram_helper,drm_ttm_helper,ttm"),
    ("fuse", 180_224, 1, ""),
    ("dm_mod", 184_320, 0, ""),
    ("loop", 32_768, 0, ""),
    ("efi_pstore", 16_384, 0, ""),
    ("configfs", 57_344, 1, ""),
    ("qemu_fw_cfg", 20_480, 0, ""),
    ("ip_tables", 36_864, 0, ""),
    ("x_tables", 61_440, 2, "nft_compat,ip_tables"),
    ("autofs4", 53_248, 2, ""),
    ("ext4", 983_040, 1, ""),
    ("crc16", 16_384, 1, "ext4"),
    ("mbcache", 16_384, 1, "ext4"),
    ("jbd2", 167_936, 1, "ext4"),
    ("crc32c_generic", 16_384, 0, ""),
    ("sr_mod", 28_672, 0, ""),
    ("cdrom", 81_920, 1, "sr_mod"),
    ("ata_generic", 16_384, 0, ""),
    ("virtio_net", 69_632, 0, ""),
    ("net_failover", 24_576, 1, "virtio_net"),
    ("failover", 16_384, 1, "net_failover"),
    ("virtio_blk", 28_672, 2, ""),
    ("crct10dif_pclmul", 16_384, 1, ""),
    ("crct10dif_common", 16_384, 1, "crct10dif_pclmul"),
    ("crc32_pclmul", 16_384, 0, ""),
    ("ata_piix", 45_056, 0, ""),
    ("uhci_hcd", 57_344, 0, ""),
    ("libata", 401_408, 2, "ata_piix,ata_generic"),
    ("crc32c_intel", 24_576, 2, ""),
    ("psmouse", 184_320, 0, ""),
    ("usbcore", 344_064, 1, "uhci_hcd"),
    ("scsi_mod", 286_720, 3, "libata,sg,sr_mod"),
    ("virtio_pci", 24_576, 0, ""),
    ("virtio_pci_legacy_dev", 16_384, 1, "virtio_pci"),
    ("virtio_pci_modern_dev", 20_480, 1, "virtio_pci"),
    ("virtio", 16_384, 5, "virtio_balloon,virtio_console,virtio_blk,virtio_pci,virtio_net"),
    ("virtio_ring", 45_056, 5, "virtio_balloon,virtio_console,virtio_blk,virtio_pci,virtio_net"),
    ("i2c_piix4", 28_672, 0, ""),
    ("scsi_common", 16_384, 3, "scsi_mod,sg,sr_mod"),
    ("usb_common", 16_384, 2, "usbcore,uhci_hcd"),
    ("floppy", 102_400, 0, ""),
];

/// /proc/modules
pub(crate) fn modules(world: &World) -> String {
    let mut dice = world.machine.dice("modules");
    let mut at = 0xffff_ffff_c000_0000_u64 + (dice.roll() & 0x3f_f000);
    let mut text = String::new();
    for (name, size, count, users) in MODULES {
        at += u64::from(*size) + 0x2_1000;
        let users = if users.is_empty() { "-".to_owned() } else { format!("{users},") };
        text.push_str(&format!("{name} {size} {count} {users} Live 0x{at:016x}\n"));
    }
    text
}

/// /proc/filesystems
pub(crate) const FILE_SYSTEMS: &str = "nodev\tsysfs\nnodev\ttmpfs\nnodev\tbdev\nnodev\tproc\n\
nodev\tcgroup\nnodev\tcgroup2\nnodev\tcpuset\nnodev\tdevtmpfs\nnodev\tdebugfs\nnodev\ttracefs\n\
nodev\tsecurityfs\nnodev\tsockfs\nnodev\tbpf\nnodev\tpipefs\nnodev\tramfs\nnodev\thugetlbfs\n\
nodev\tdevpts\nnodev\tmqueue\nnodev\tpstore\n\text3\n\text2\n\text4\nnodev\tautofs\nnodev\tconfigfs\n\
\tfuseblk\nnodev\tfuse\nnodev\tfusectl\nnodev\tefivarfs\nnodev\tbinfmt_misc\n";

/// /proc/devices
pub(crate) const DEVICES: &str = "Character devices:\n  1 mem\n  4 /dev/vc/0\n  4 tty\n  4 ttyS\n\
  5 /dev/tty\n  5 /dev/console\n  5 /dev/ptmx\n  7 vcs\n 10 misc\n 13 input\n 21 sg\n 29 fb\n\
128 ptm\n136 pts\n180 usb\n189 usb_device\n226 drm\n238 virtio-portsdev\n239 aux\n240 hidraw\n\
241 bsg\n242 watchdog\n243 ptp\n244 pps\n245 lirc\n246 rtc\n247 dma_heap\n248 dax\n\
249 gpiochip\n\nBlock devices:\n  2 fd\n  7 loop\n  8 sd\n  9 md\n 11 sr\n 65 sd\n 66 sd\n\
254 virtblk\n259 blkext\n";
