//! Kinds of processors and of virtual machines.
//!
//! **Invariant:** what is in one row is found together on real machines.

/// A kind of processor.
#[derive(Clone, Copy, Debug)]
pub struct Cpu {
    /// `vendor_id` of /proc/cpuinfo.
    pub vendor: &'static str,
    /// `model name`.
    pub name: &'static str,
    /// `cpu family`, `model` and `stepping`.
    pub ids: [u32; 3],
    /// `microcode`
    pub microcode: &'static str,
    /// `cpu MHz`, with three decimals.
    pub mhz: &'static str,
    /// `cache size`, KiB.
    pub cache_kib: u32,
    /// `bogomips`
    pub bogomips: &'static str,
    /// Data, instructions and second level of one processor, and the last level, KiB.
    pub caches: [u32; 4],
    /// Bits of physical addresses.
    pub physical_bits: u32,
}

/// A kind of virtual machine, as `dmidecode` shows it.
#[derive(Clone, Copy, Debug)]
pub struct Board {
    /// System manufacturer.
    pub vendor: &'static str,
    /// Product name.
    pub product: &'static str,
    /// Its version.
    pub version: &'static str,
    /// Firmware: vendor, version, date.
    pub bios: [&'static str; 3],
    /// Q35, rather than i440FX.
    pub is_q35: bool,
}

pub(super) const FIRST_CPU: Cpu = Cpu {
    vendor: "GenuineIntel",
    name: "Intel(R) Xeon(R) Gold 6248 CPU @ 2.50GHz",
    ids: [6, 85, 7],
    microcode: "0x5003604",
    mhz: "2494.140",
    cache_kib: 28_160,
    bogomips: "4988.28",
    caches: [32, 32, 1_024, 28_160],
    physical_bits: 46,
};

pub(super) const CPUS: &[Cpu] = &[
    FIRST_CPU,
    Cpu {
        vendor: "GenuineIntel",
        name: "Intel(R) Xeon(R) CPU E5-2680 v4 @ 2.40GHz",
        ids: [6, 79, 1],
        microcode: "0xb000040",
        mhz: "2399.996",
        cache_kib: 35_840,
        bogomips: "4799.99",
        caches: [32, 32, 256, 35_840],
        physical_bits: 46,
    },
    Cpu {
        vendor: "GenuineIntel",
        name: "Intel(R) Xeon(R) Silver 4214 CPU @ 2.20GHz",
        ids: [6, 85, 7],
        microcode: "0x5003604",
        mhz: "2194.844",
        cache_kib: 16_896,
        bogomips: "4389.68",
        caches: [32, 32, 1_024, 16_896],
        physical_bits: 46,
    },
    Cpu {
        vendor: "AuthenticAMD",
        name: "AMD EPYC 7282 16-Core Processor",
        ids: [23, 49, 0],
        microcode: "0x830107d",
        mhz: "2794.748",
        cache_kib: 512,
        bogomips: "5589.49",
        caches: [32, 32, 512, 16_384],
        physical_bits: 48,
    },
    Cpu {
        vendor: "AuthenticAMD",
        name: "AMD EPYC 7543 32-Core Processor",
        ids: [25, 1, 1],
        microcode: "0xa0011d5",
        mhz: "2794.750",
        cache_kib: 512,
        bogomips: "5589.50",
        caches: [32, 32, 512, 32_768],
        physical_bits: 48,
    },
];

pub(super) const FIRST_BOARD: Board = Board {
    vendor: "QEMU",
    product: "Standard PC (i440FX + PIIX, 1996)",
    version: "pc-i440fx-7.2",
    bios: ["SeaBIOS", "1.16.2-debian-1.16.2-1", "04/01/2014"],
    is_q35: false,
};

pub(super) const BOARDS: &[Board] = &[
    FIRST_BOARD,
    Board {
        vendor: "QEMU",
        product: "Standard PC (i440FX + PIIX, 1996)",
        version: "pc-i440fx-8.1",
        bios: ["SeaBIOS", "rel-1.16.3-0-ga6ed6b701f0a-prebuilt.qemu.org", "04/01/2014"],
        is_q35: false,
    },
    Board {
        vendor: "QEMU",
        product: "Standard PC (Q35 + ICH9, 2009)",
        version: "pc-q35-7.2",
        bios: ["SeaBIOS", "1.16.2-debian-1.16.2-1", "04/01/2014"],
        is_q35: true,
    },
    Board {
        vendor: "OpenStack Foundation",
        product: "OpenStack Nova",
        version: "25.2.1",
        bios: ["SeaBIOS", "1.15.0-1", "04/01/2014"],
        is_q35: false,
    },
    Board {
        vendor: "Red Hat",
        product: "KVM",
        version: "RHEL-9.4.0 PC (Q35 + ICH9, 2009)",
        bios: ["SeaBIOS", "1.16.3-2.el9", "04/01/2014"],
        is_q35: true,
    },
];
