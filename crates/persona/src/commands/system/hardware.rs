//! `lsmod`, `modprobe`, `insmod`, `rmmod`, `modinfo`, `depmod`, `kmod`, `lspci`, `dmidecode`.
//!
//! **Invariant:** modules are those of /proc/modules; what is loaded or taken out is taken and
//! changes nothing that is listed.

use super::{text, usage};
use crate::Machine;
use crate::commands::Program;
use crate::files::Last;
use crate::kernel::Proc;
use crate::live::kernel::MODULES;

const KMOD: i64 = 1_669_600_000;
const PCIUTILS: i64 = 1_668_900_000;
const DMIDECODE: i64 = 1_656_400_000;

pub(super) const PROGRAMS: &[Program] = &[
    Program::new("lsmod", |p| Box::pin(lsmod(p)), 174_640, KMOD),
    Program::new("kmod", |p| Box::pin(kmod(p)), 174_640, KMOD),
    Program::system("lsmod", |p| Box::pin(lsmod(p)), 174_640, KMOD),
    Program::system("modprobe", |p| Box::pin(modprobe(p)), 174_640, KMOD),
    Program::system("insmod", |p| Box::pin(insmod(p)), 174_640, KMOD),
    Program::system("rmmod", |p| Box::pin(rmmod(p)), 174_640, KMOD),
    Program::system("modinfo", |p| Box::pin(modinfo(p)), 174_640, KMOD),
    Program::system("depmod", |p| Box::pin(depmod(p)), 174_640, KMOD),
    Program::new("lspci", |p| Box::pin(lspci(p)), 102_592, PCIUTILS),
    Program::system("dmidecode", |p| Box::pin(dmidecode(p)), 139_312, DMIDECODE),
];

const KMOD_VERSION: &str = "kmod version 30\n+ZSTD +XZ -ZLIB +LIBCRYPTO -EXPERIMENTAL";

async fn kmod(p: &mut Proc) -> u32 {
    match p.args.get(1).map(|word| text(word)).as_deref() {
        Some("list") => {
            p.args.truncate(1);
            lsmod(p).await
        }
        Some("-V" | "--version") => {
            p.line(KMOD_VERSION);
            0
        }
        _ => {
            p.error("missing command\nkmod - Manage kernel modules: list, load, unload, etc\nUsage:\n\tkmod [options] command [command_options]");
            1
        }
    }
}

async fn lsmod(p: &mut Proc) -> u32 {
    if p.args.len() > 1 {
        p.error("Usage: lsmod");
        return 1;
    }
    p.line("Module                  Size  Used by");
    for (name, size, count, users) in MODULES {
        let users = if users.is_empty() { String::new() } else { format!(" {users}") };
        p.line(format!("{name:<19} {size:>8}  {count}{users}"));
    }
    0
}

/// Words that are no options.
fn names(p: &Proc) -> Vec<String> {
    p.rest().iter().filter(|word| !word.starts_with(b"-")).map(|word| text(word)).collect()
}

fn has(p: &Proc, letter: char) -> bool {
    p.rest().iter().any(|word| word.starts_with(b"-") && !word.starts_with(b"--") && text(word).contains(letter))
}

fn loaded(name: &str) -> bool {
    let name = name.replace('-', "_");
    MODULES.iter().any(|(known, ..)| *known == name)
}

/// The file of a module, below the kernel's folder.
fn file(machine: &Machine, name: &str) -> Option<String> {
    let wanted = name.replace('-', "_");
    let names = crate::files::base::names::NAMES.iter();
    names
        .filter(|entry| entry.folder.starts_with("/usr/lib/modules/%k/kernel"))
        .find(|entry| entry.name.strip_suffix(".ko").is_some_and(|stem| stem.replace('-', "_") == wanted))
        .map(|entry| entry.path().replacen("/usr", "", 1).replace("%k", machine.kernel))
}

async fn modprobe(p: &mut Proc) -> u32 {
    if p.rest().iter().any(|word| word == b"-V" || word == b"--version") {
        p.line(KMOD_VERSION);
        return 0;
    }
    if p.rest().iter().any(|word| word == b"-h" || word == b"--help") {
        p.line(usage("modprobe"));
        return 0;
    }
    let names = names(p);
    let Some(name) = names.first() else {
        p.error("modprobe: ERROR: missing parameters. See -h.");
        return 1;
    };
    let machine = p.world.with(|world| world.machine.clone());
    let removes = has(p, 'r') || p.rest().iter().any(|word| word == b"--remove");
    if file(&machine, name).is_none() && !loaded(name) {
        if has(p, 'q') {
            return 1;
        }
        let behind = if removes { String::new() } else { format!(" in directory /lib/modules/{}", machine.kernel) };
        p.error(format!("modprobe: FATAL: Module {name} not found{behind}{}", if removes { "." } else { "" }));
        return 1;
    }
    if p.user.uid != 0 && (removes || !loaded(name)) {
        p.error(format!("modprobe: ERROR: could not {} '{name}': Operation not permitted", if removes { "remove" } else { "insert" }));
        return 1;
    }
    let used = MODULES.iter().find(|(known, ..)| *known == name.replace('-', "_"));
    if removes
        && let Some((known, _, count, _)) = used
        && *count > 0
    {
        p.error(format!("modprobe: FATAL: Module {known} is in use."));
        return 1;
    }
    p.sleep(20_000_000).await;
    0
}

async fn insmod(p: &mut Proc) -> u32 {
    let names = names(p);
    let Some(name) = names.first() else {
        p.error("insmod: ERROR: missing filename.");
        return 1;
    };
    if p.fs(|process| process.stat(name.as_bytes(), Last::Follow)).is_err() {
        p.error(format!("insmod: ERROR: could not load module {name}: No such file or directory"));
        return 1;
    }
    let why = if p.user.uid == 0 { "Invalid module format" } else { "Operation not permitted" };
    p.error(format!("insmod: ERROR: could not insert module {name}: {why}"));
    1
}

async fn rmmod(p: &mut Proc) -> u32 {
    let names = names(p);
    if names.is_empty() {
        p.error("rmmod: ERROR: missing module name.");
        return 1;
    }
    let mut status = 0;
    for name in names {
        let found = MODULES.iter().find(|(known, ..)| *known == name.replace('-', "_"));
        match found {
            None => {
                p.error(format!("rmmod: ERROR: Module {name} is not currently loaded"));
                status = 1;
            }
            Some((known, _, count, users)) if *count > 0 => {
                let by = if users.is_empty() { String::new() } else { format!(" by: {}", users.replace(',', " ")) };
                p.error(format!("rmmod: ERROR: Module {known} is in use{by}"));
                status = 1;
            }
            Some((known, ..)) if p.user.uid != 0 => {
                p.error(format!("rmmod: ERROR: ../libkmod/libkmod-module.c:799 kmod_module_remove_module() could not remove '{known}': Operation not permitted\nrmmod: ERROR: could not remove module {known}: Operation not permitted"));
                status = 1;
            }
            Some(_) => {}
        }
    }
    status
}

async fn modinfo(p: &mut Proc) -> u32 {
    let names = names(p);
    if names.is_empty() {
        p.error("modinfo: ERROR: missing module or filename.");
        return 1;
    }
    let machine = p.world.with(|world| world.machine.clone());
    let mut status = 0;
    for name in names {
        let Some(path) = file(&machine, &name) else {
            p.error(format!("modinfo: ERROR: Module {name} not found."));
            status = 1;
            continue;
        };
        if has(p, 'n') {
            p.line(path);
            continue;
        }
        let magic = format!("{} SMP preempt mod_unload modversions ", machine.kernel);
        for (field, value) in [
            ("filename", path.as_str()),
            ("license", "GPL"),
            ("retpoline", "Y"),
            ("intree", "Y"),
            ("name", name.as_str()),
            ("vermagic", magic.as_str()),
            ("sig_id", "PKCS#7"),
            ("signer", "Debian Secure Boot CA"),
            ("sig_hashalgo", "sha256"),
        ] {
            p.line(format!("{:<15} {value}", format!("{field}:")));
        }
    }
    status
}

async fn depmod(p: &mut Proc) -> u32 {
    if has(p, 'V') {
        p.line(KMOD_VERSION);
        return 0;
    }
    p.sleep(900_000_000).await;
    0
}

/// Devices: slot, class, vendor and device, their numbers, revision.
type Device = (&'static str, &'static str, &'static str, &'static str, &'static str, u32);

const I440FX: &[Device] = &[
    ("00:00.0", "Host bridge", "Intel Corporation 440FX - 82441FX PMC [Natoma]", "0600", "8086:1237", 2),
    ("00:01.0", "ISA bridge", "Intel Corporation 82371SB PIIX3 ISA [Natoma/Triton II]", "0601", "8086:7000", 0),
    ("00:01.1", "IDE interface", "Intel Corporation 82371SB PIIX3 IDE [Natoma/Triton II]", "0101", "8086:7010", 0),
    ("00:01.2", "USB controller", "Intel Corporation 82371SB PIIX3 USB [Natoma/Triton II]", "0c03", "8086:7020", 1),
    ("00:01.3", "Bridge", "Intel Corporation 82371AB/EB/MB PIIX4 ACPI", "0680", "8086:7113", 3),
    ("00:02.0", "VGA compatible controller", "Device 1234:1111", "0300", "1234:1111", 2),
    ("00:03.0", "Ethernet controller", "Red Hat, Inc. Virtio network device", "0200", "1af4:1000", 0),
    ("00:04.0", "Communication controller", "Red Hat, Inc. Virtio console", "0780", "1af4:1003", 0),
    ("00:05.0", "SCSI storage controller", "Red Hat, Inc. Virtio block device", "0100", "1af4:1001", 0),
    ("00:06.0", "Unclassified device [00ff]", "Red Hat, Inc. Virtio memory balloon", "00ff", "1af4:1002", 0),
];

const Q35: &[Device] = &[
    ("00:00.0", "Host bridge", "Intel Corporation 82G33/G31/P35/P31 Express DRAM Controller", "0600", "8086:29c0", 0),
    ("00:01.0", "VGA compatible controller", "Device 1234:1111", "0300", "1234:1111", 2),
    ("00:02.0", "PCI bridge", "Red Hat, Inc. QEMU PCIe Root port", "0604", "1b36:000c", 0),
    ("00:02.1", "PCI bridge", "Red Hat, Inc. QEMU PCIe Root port", "0604", "1b36:000c", 0),
    ("00:02.2", "PCI bridge", "Red Hat, Inc. QEMU PCIe Root port", "0604", "1b36:000c", 0),
    ("00:02.3", "PCI bridge", "Red Hat, Inc. QEMU PCIe Root port", "0604", "1b36:000c", 0),
    ("00:1f.0", "ISA bridge", "Intel Corporation 82801IB (ICH9) LPC Interface Controller", "0601", "8086:2918", 2),
    ("00:1f.2", "SATA controller", "Intel Corporation 82801IR/IO/IH (ICH9R/DO/DH) 6 port SATA Controller [AHCI mode]", "0106", "8086:2922", 2),
    ("00:1f.3", "SMBus", "Intel Corporation 82801I (ICH9 Family) SMBus Controller", "0c05", "8086:2930", 2),
    ("01:00.0", "Ethernet controller", "Red Hat, Inc. Virtio 1.0 network device", "0200", "1af4:1041", 1),
    ("02:00.0", "Communication controller", "Red Hat, Inc. Virtio 1.0 console", "0780", "1af4:1043", 1),
    ("03:00.0", "SCSI storage controller", "Red Hat, Inc. Virtio 1.0 block device", "0100", "1af4:1042", 1),
    ("04:00.0", "Unclassified device [00ff]", "Red Hat, Inc. Virtio 1.0 memory balloon", "00ff", "1af4:1045", 1),
];

async fn lspci(p: &mut Proc) -> u32 {
    if p.rest().iter().any(|word| word == b"--version") {
        p.line("lspci version 3.9.0");
        return 0;
    }
    let board = p.world.with(|world| world.machine.board);
    let devices = if board.is_q35 { Q35 } else { I440FX };
    let (numeric, both, verbose, drivers) = (has(p, 'n'), p.rest().iter().any(|word| text(word).contains("nn")), has(p, 'v'), has(p, 'k'));
    let machine_readable = has(p, 'm');
    for (slot, class, name, number, ids, revision) in devices {
        let end = if *revision > 0 { format!(" (rev {revision:02x})") } else { String::new() };
        if machine_readable {
            let (vendor, device) = name.split_once(". ").map_or(("Intel Corporation", *name), |(a, b)| (a, b));
            p.line(format!("{slot} \"{class}\" \"{vendor}\" \"{device}\"{} \"\" \"\"", if *revision > 0 { format!(" -r{revision:02x}") } else { String::new() }));
        } else if both {
            let class = class.split(" [").next().unwrap_or(class);
            p.line(format!("{slot} {class} [{number}]: {name} [{ids}]{end}"));
        } else if numeric {
            p.line(format!("{slot} {number}: {ids}{end}"));
        } else {
            p.line(format!("{slot} {class}: {name}{end}"));
        }
        if verbose || drivers {
            p.line(format!("\tSubsystem: {}", if name.starts_with("Red Hat") { "Red Hat, Inc. Device 1100" } else { "Red Hat, Inc. Qemu virtual machine" }));
            if verbose {
                p.line("\tFlags: bus master, fast devsel, latency 0, IRQ 11");
            }
            let driver = match *number {
                "0300" => Some("bochs-drm"),
                "0200" | "0780" | "0100" | "00ff" => Some("virtio-pci"),
                "0101" => Some("ata_piix"),
                "0106" => Some("ahci"),
                "0c03" => Some("uhci_hcd"),
                "0680" => Some("piix4_smbus"),
                "0604" => Some("pcieport"),
                "0c05" => Some("i801_smbus"),
                _ => None,
            };
            if let Some(driver) = driver {
                p.line(format!("\tKernel driver in use: {driver}"));
            }
            if verbose {
                p.line("");
            }
        }
    }
    0
}

const KEYWORDS: &[&str] = &[
    "bios-vendor", "bios-version", "bios-release-date", "bios-revision", "firmware-revision",
    "system-manufacturer", "system-product-name", "system-version", "system-serial-number",
    "system-uuid", "system-sku-number", "system-family", "baseboard-manufacturer",
    "baseboard-product-name", "baseboard-version", "baseboard-serial-number", "baseboard-asset-tag",
    "chassis-manufacturer", "chassis-type", "chassis-version", "chassis-serial-number",
    "chassis-asset-tag", "processor-family", "processor-manufacturer", "processor-version",
    "processor-frequency",
];

async fn dmidecode(p: &mut Proc) -> u32 {
    let words: Vec<String> = p.rest().iter().map(|word| text(word)).collect();
    let machine = p.world.with(|world| world.machine.clone());
    match words.first().map(String::as_str) {
        Some("-V" | "--version") => {
            p.line("3.4");
            return 0;
        }
        Some("-h" | "--help") => {
            p.line(usage("dmidecode"));
            return 0;
        }
        _ => {}
    }
    let after = |names: &[&str]| {
        let at = words.iter().position(|word| names.contains(&word.as_str()))?;
        words.get(at + 1).cloned()
    };
    if let Some(keyword) = after(&["-s", "--string"]) {
        if !KEYWORDS.contains(&keyword.as_str()) {
            p.error(format!("Invalid string keyword: {keyword}\nValid string keywords are:\n  {}", KEYWORDS.join("\n  ")));
            return 2;
        }
        if p.user.uid != 0 {
            p.error("/sys/firmware/dmi/tables/smbios_entry_point: Permission denied\n/dev/mem: Permission denied");
            return 1;
        }
        let value = string(&machine, &keyword);
        p.line(value);
        return 0;
    }
    let quiet = words.iter().any(|word| word == "-q" || word == "--quiet");
    if !quiet {
        p.line("# dmidecode 3.4");
    }
    if p.user.uid != 0 {
        p.error("/sys/firmware/dmi/tables/smbios_entry_point: Permission denied");
        p.line("Scanning /dev/mem for entry point.");
        p.error("/dev/mem: Permission denied");
        return 1;
    }
    let kinds: Option<Vec<u32>> = after(&["-t", "--type"]).map(|value| {
        value
            .split(',')
            .flat_map(|word| match word {
                "bios" => vec![0, 13],
                "system" => vec![1, 12, 15, 23, 32],
                "baseboard" => vec![2, 10, 41],
                "chassis" => vec![3],
                "processor" => vec![4],
                "memory" => vec![5, 6, 16, 17],
                "cache" => vec![7],
                "slot" => vec![9],
                number => number.parse().ok().into_iter().collect(),
            })
            .collect()
    });
    let tables = tables(&machine);
    if !quiet {
        p.line("Getting SMBIOS data from sysfs.\nSMBIOS 2.8 present.");
        if kinds.is_none() {
            p.line(format!("{} structures occupying {} bytes.\nTable at 0x{:08X}.", tables.len() + 1, 480 + machine.cpus * 41, 0xf5_a40));
        }
        p.line("");
    }
    for (kind, handle, size, body) in tables {
        if kinds.as_ref().is_some_and(|kinds| !kinds.contains(&kind)) {
            continue;
        }
        if !quiet {
            p.line(format!("Handle 0x{handle:04X}, DMI type {kind}, {size} bytes"));
        }
        p.line(format!("{body}\n"));
    }
    if kinds.is_none() && !quiet {
        p.line("Handle 0x7F00, DMI type 127, 4 bytes\nEnd Of Table\n");
    }
    0
}

fn string(machine: &Machine, keyword: &str) -> String {
    let board = machine.board;
    let [vendor, version, date] = board.bios;
    match keyword {
        "bios-vendor" => vendor.to_owned(),
        "bios-version" => version.to_owned(),
        "bios-release-date" => date.to_owned(),
        "bios-revision" => "0.0".to_owned(),
        "system-manufacturer" | "chassis-manufacturer" => board.vendor.to_owned(),
        "system-product-name" => board.product.to_owned(),
        "system-version" | "chassis-version" => board.version.to_owned(),
        "system-uuid" => machine.uuid("board"),
        "chassis-type" => "Other".to_owned(),
        "processor-family" => "Other\n".repeat(machine.cpus as usize).trim_end().to_owned(),
        "processor-manufacturer" => "QEMU\n".repeat(machine.cpus as usize).trim_end().to_owned(),
        "processor-version" => format!("{}\n", board.version).repeat(machine.cpus as usize).trim_end().to_owned(),
        "processor-frequency" => "2000 MHz\n".repeat(machine.cpus as usize).trim_end().to_owned(),
        _ => "Not Specified".to_owned(),
    }
}

fn tables(machine: &Machine) -> Vec<(u32, u32, u32, String)> {
    let board = machine.board;
    let [vendor, version, date] = board.bios;
    let gib = machine.memory_kib / 1_048_576 + 1;
    let uuid = machine.uuid("board");
    let mut all = vec![
        (0, 0, 24, format!("BIOS Information\n\tVendor: {vendor}\n\tVersion: {version}\n\tRelease Date: {date}\n\tAddress: 0xE8000\n\tRuntime Size: 96 kB\n\tROM Size: 64 kB\n\tCharacteristics:\n\t\tBIOS characteristics not supported\n\t\tTargeted content distribution is supported\n\tBIOS Revision: 0.0")),
        (1, 0x100, 27, format!("System Information\n\tManufacturer: {}\n\tProduct Name: {}\n\tVersion: {}\n\tSerial Number: Not Specified\n\tUUID: {uuid}\n\tWake-up Type: Power Switch\n\tSKU Number: Not Specified\n\tFamily: Not Specified", board.vendor, board.product, board.version)),
        (3, 0x300, 22, format!("Chassis Information\n\tManufacturer: {}\n\tType: Other\n\tLock: Not Present\n\tVersion: {}\n\tSerial Number: Not Specified\n\tAsset Tag: Not Specified\n\tBoot-up State: Safe\n\tPower Supply State: Safe\n\tThermal State: Safe\n\tSecurity Status: Unknown\n\tOEM Information: 0x00000000\n\tHeight: Unspecified\n\tNumber Of Power Cords: Unspecified\n\tContained Elements: 0\n\tSKU Number: Not Specified", board.vendor, board.version)),
    ];
    for cpu in 0..machine.cpus {
        all.push((4, 0x400 + cpu, 42, format!("Processor Information\n\tSocket Designation: CPU {cpu}\n\tType: Central Processor\n\tFamily: Other\n\tManufacturer: QEMU\n\tID: 57 06 05 00 FF FB 8B 07\n\tVersion: {}\n\tVoltage: Unknown\n\tExternal Clock: Unknown\n\tMax Speed: 2000 MHz\n\tCurrent Speed: 2000 MHz\n\tStatus: Populated, Enabled\n\tUpgrade: Other\n\tL1 Cache Handle: Not Provided\n\tL2 Cache Handle: Not Provided\n\tL3 Cache Handle: Not Provided\n\tSerial Number: Not Specified\n\tAsset Tag: Not Specified\n\tPart Number: Not Specified\n\tCore Count: 1\n\tCore Enabled: 1\n\tThread Count: 1\n\tCharacteristics: None", board.version)));
    }
    all.push((16, 0x1000, 23, format!("Physical Memory Array\n\tLocation: Other\n\tUse: System Memory\n\tError Correction Type: Multi-bit ECC\n\tMaximum Capacity: {gib} GB\n\tError Information Handle: Not Provided\n\tNumber Of Devices: 1")));
    all.push((17, 0x1100, 40, format!("Memory Device\n\tArray Handle: 0x1000\n\tError Information Handle: Not Provided\n\tTotal Width: Unknown\n\tData Width: Unknown\n\tSize: {gib} GB\n\tForm Factor: DIMM\n\tSet: None\n\tLocator: DIMM 0\n\tBank Locator: Not Specified\n\tType: RAM\n\tType Detail: Other\n\tSpeed: Unknown\n\tManufacturer: QEMU\n\tSerial Number: Not Specified\n\tAsset Tag: Not Specified\n\tPart Number: Not Specified\n\tRank: Unknown\n\tConfigured Memory Speed: Unknown\n\tMinimum Voltage: Unknown\n\tMaximum Voltage: Unknown\n\tConfigured Voltage: Unknown")));
    all.push((32, 0x2000, 11, "System Boot Information\n\tStatus: No errors detected".to_owned()));
    all
}

#[cfg(test)]
mod tests {
    use crate::testing::Bench;

    #[test]
    fn hardware_is_the_machines() {
        let mut bench = Bench::new();
        let board = bench.world.with(|world| world.machine.board);
        assert_eq!(bench.run(&["dmidecode", "-s", "system-product-name"], "").out, format!("{}\n", board.product));
        let modules = bench.run(&["lsmod"], "").out;
        let listed = bench.run(&["cat", "/proc/modules"], "").out;
        assert_eq!(modules.lines().count(), listed.lines().count() + 1);
        let kernel = bench.world.with(|world| world.machine.kernel);
        assert_eq!(bench.run(&["modprobe", "nosuch"], "").err, format!("modprobe: FATAL: Module nosuch not found in directory /lib/modules/{kernel}\n"));
        assert_eq!(bench.run(&["modprobe", "ext4"], "").status, 0);
        assert_eq!(bench.run(&["rmmod", "nosuch"], "").err, "rmmod: ERROR: Module nosuch is not currently loaded\n");
        assert!(bench.run(&["lspci"], "").out.contains(" VGA compatible controller: "));
    }
}
