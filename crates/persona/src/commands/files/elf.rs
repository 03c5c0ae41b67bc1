//! What the headers of an ELF file say, as `file` puts it.
//!
//! **Invariant:** reading survives any bytes.

/// Processors, by their numbers in ELF headers.
const MACHINES: &[(u16, &str)] = &[
    (2, "SPARC"),
    (3, "Intel 80386"),
    (4, "Motorola m68k, 68020"),
    (8, "MIPS"),
    (20, "PowerPC or cisco 4500"),
    (21, "64-bit PowerPC or cisco 7500"),
    (22, "IBM S/390"),
    (40, "ARM"),
    (42, "Renesas SH"),
    (43, "SPARC V9"),
    (62, "x86-64"),
    (93, "ARC Cores Tangent-A5"),
    (183, "ARM aarch64"),
    (243, "UCB RISC-V"),
];

/// An ELF file, as far as its headers say.
struct Elf<'a> {
    bytes: &'a [u8],
    wide: bool,
    big: bool,
}

impl Elf<'_> {
    fn number(&self, at: usize, length: usize) -> Option<u64> {
        let bytes = self.bytes.get(at..at.checked_add(length)?)?;
        let fold = |value: u64, b: &u8| value << 8 | u64::from(*b);
        Some(if self.big { bytes.iter().fold(0, fold) } else { bytes.iter().rev().fold(0, fold) })
    }

    fn place(&self, at: usize, wide: usize) -> Option<usize> {
        let (at, length) = if self.wide { (wide, 8) } else { (at, 4) };
        usize::try_from(self.number(at, length)?).ok()
    }
}

/// Program headers and sections that are looked at.
const PARTS: u64 = 256;

pub(super) fn describe(bytes: &[u8]) -> String {
    let wide = bytes.get(4) == Some(&2);
    let big = bytes.get(5) == Some(&2);
    let elf = Elf { bytes, wide, big };
    let mut text = format!(
        "ELF {} {}",
        if wide { "64-bit" } else { "32-bit" },
        if big { "MSB" } else { "LSB" }
    );
    let (Some(kind), Some(machine)) = (elf.number(16, 2), elf.number(18, 2)) else { return text };
    let (interpreter, dynamic) = programs(&elf);
    let kind = match kind {
        1 => "relocatable",
        2 => "executable",
        3 if interpreter.is_some() => "pie executable",
        3 => "shared object",
        4 => "core file",
        _ => "*unknown type*",
    };
    let machine = MACHINES.iter().find(|(number, _)| u64::from(*number) == machine);
    let machine = machine.map_or("*unknown arch*", |(_, name)| name);
    text.push_str(&format!(" {kind}, {machine}"));
    if machine == "ARM" {
        match elf.number(36, 4).map(|flags| flags >> 24) {
            Some(5) => text.push_str(", EABI5"),
            Some(4) => text.push_str(", EABI4"),
            Some(_) | None => {}
        }
    }
    if machine == "MIPS" {
        let level = elf.number(if wide { 48 } else { 36 }, 4).map(|flags| flags >> 28);
        text.push_str(match level {
            Some(0) => ", MIPS-I",
            Some(5) => ", MIPS32",
            Some(7) => ", MIPS32 rel2",
            Some(_) | None => "",
        });
    }
    let system = match bytes.get(7) {
        Some(3) => "GNU/Linux",
        Some(97) => "ARM",
        Some(_) | None => "SYSV",
    };
    text.push_str(&format!(", version 1 ({system})"));
    if elf.number(if wide { 56 } else { 44 }, 2).is_none_or(|count| count == 0) {
        return text;
    }
    match (interpreter, dynamic) {
        (Some(name), _) => {
            text.push_str(", dynamically linked, interpreter ");
            text.push_str(&String::from_utf8_lossy(&name));
        }
        (None, true) => text.push_str(", dynamically linked"),
        (None, false) => text.push_str(", statically linked"),
    }
    text.push_str(match symbols(&elf) {
        Some(true) => ", not stripped",
        Some(false) => ", stripped",
        None => ", no section header",
    });
    text
}

/// The interpreter, and whether it is linked when it starts.
fn programs(elf: &Elf<'_>) -> (Option<Vec<u8>>, bool) {
    let mut found = (None, false);
    let Some(start) = elf.place(28, 32) else { return found };
    let size = elf.number(if elf.wide { 54 } else { 42 }, 2).unwrap_or(0);
    let count = elf.number(if elf.wide { 56 } else { 44 }, 2).unwrap_or(0).min(PARTS);
    for index in 0..count {
        let at = usize::try_from(index * size).unwrap_or(usize::MAX).saturating_add(start);
        let Some(kind) = elf.number(at, 4) else { break };
        match kind {
            2 => found.1 = true,
            3 => {
                let field = |narrow: usize, wide: usize| {
                    elf.place(at.saturating_add(narrow), at.saturating_add(wide))
                };
                let (Some(from), Some(length)) = (field(4, 8), field(16, 32)) else { continue };
                let end = from.saturating_add(length.min(256));
                let name = elf.bytes.get(from..end).unwrap_or_default();
                let name = name.split(|&b| b == 0).next().unwrap_or_default();
                found.0 = Some(name.to_vec());
            }
            _ => {}
        }
    }
    found
}

/// Whether there are symbols; `None` where there are no sections.
fn symbols(elf: &Elf<'_>) -> Option<bool> {
    let start = elf.place(32, 40).filter(|start| *start > 0)?;
    let size = elf.number(if elf.wide { 58 } else { 46 }, 2)?;
    let count = elf.number(if elf.wide { 60 } else { 48 }, 2)?.min(PARTS);
    if count == 0 {
        return None;
    }
    for index in 0..count {
        let at = usize::try_from(index * size).unwrap_or(usize::MAX).saturating_add(start);
        if elf.number(at.saturating_add(4), 4) == Some(2) {
            return Some(true);
        }
    }
    Some(false)
}
