//! `stat`.
//!
//! **Invariant:** each letter of a format prints one fact of the file or of its file system.

use super::{Names, always, options, when};
use crate::commands::{Flag, Program};
use crate::files::mounts::{Mount, System};
use crate::files::{Fault, Last};
use crate::kernel::Proc;
use crate::process::{BLOCK, DEVICE, FIFO, FOLDER, KIND_BITS, LINK, SOCKET, Stat, shown};

pub(crate) const PROGRAMS: &[Program] =
    &[Program::new("stat", |p| Box::pin(stat(p)), 97_488, super::BUILT)];

const PRINTF: u8 = 128;
const CACHED: u8 = 129;

const FLAGS: &[Flag] = &[
    Flag::new(b'L', "dereference"),
    Flag::new(b'f', "file-system"),
    Flag::with(CACHED, "cached"),
    Flag::with(b'c', "format"),
    Flag::with(PRINTF, "printf"),
    Flag::new(b't', "terse"),
];

const USUAL: &[u8] = b"  File: %N\n  Size: %-10s\tBlocks: %-10b IO Block: %-6o %F\n\
Device: %Hd,%Ld\tInode: %-10i  Links: ";
const USUAL_LINKS: &[u8] = b"%h";
const USUAL_DEVICE: &[u8] = b"%-5h Device type: %Hr,%Lr";
const USUAL_REST: &[u8] = b"\nAccess: (%04a/%10.10A)  Uid: (%5u/%8U)   Gid: (%5g/%8G)\n\
Access: %x\nModify: %y\nChange: %z\n Birth: %w\n";
const TERSE: &[u8] = b"%n %s %b %f %u %g %D %i %h %t %T %X %Y %Z %W %o\n";
const SYSTEM: &[u8] = b"  File: \"%n\"\n    ID: %-8i Namelen: %-7l Type: %T\n\
Block size: %-10s Fundamental block size: %S\n\
Blocks: Total: %-10b Free: %-10f Available: %a\nInodes: Total: %-10c Free: %d\n";
const SYSTEM_TERSE: &[u8] = b"%n %i %l %t %s %S %b %f %a %c %d\n";

async fn stat(p: &mut Proc) -> u32 {
    let given = match options(p, FLAGS, 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    if given.rest.is_empty() {
        p.misused(&[b"missing operand"]);
        return 1;
    }
    let system = given.has(b'f');
    let format = match given.last_of(&[b'c', PRINTF]) {
        Some(b'c') => {
            let format = given.value(b'c').unwrap_or_default();
            Some((format, false))
        }
        Some(_) => given.value(PRINTF).map(|format| (format, true)),
        None => None,
    };
    let names = Names::read(p);
    let mut status = 0;
    for name in &given.rest {
        p.tick(100).await;
        let known = if system {
            p.fs(|process| {
                let path = process.find(name, Last::Follow)?;
                process.node(&path)?;
                Ok(Known::System(Room::of(process, &path)))
            })
        } else {
            let last = if given.has(b'L') { Last::Follow } else { Last::Keep };
            let dash = name == b"-";
            if dash { Err(Fault::BadHandle) } else { of(p, name, last) }
        };
        let known: Known = match known {
            Ok(known) => known,
            Err(fault) => {
                let why = if system {
                    "cannot read file system information for"
                } else if name == b"-" {
                    "cannot stat standard input"
                } else {
                    "cannot statx"
                };
                p.cannot(why, name, fault);
                status = 1;
                continue;
            }
        };
        let mut out = Vec::new();
        let shape = match (format, &known) {
            (Some((format, _)), _) => format.to_vec(),
            (None, Known::System(_)) if given.has(b't') => SYSTEM_TERSE.to_vec(),
            (None, Known::System(_)) => SYSTEM.to_vec(),
            (None, Known::File(..)) if given.has(b't') => TERSE.to_vec(),
            (None, Known::File(stat, ..)) => {
                let device = stat.is(DEVICE) || stat.is(BLOCK);
                let middle = if device { USUAL_DEVICE } else { USUAL_LINKS };
                [USUAL, middle, USUAL_REST].concat()
            }
        };
        let usual = format.is_none();
        print(p, &known, name, &names, &shape, format.is_some_and(|(_, c)| c), usual, &mut out);
        if format.is_some_and(|(_, printf)| !printf) {
            out.push(b'\n');
        }
        p.print(out);
        p.flush_some().await;
    }
    status
}

/// What is known of a file.
enum Known {
    File(Stat, Option<Vec<u8>>, Vec<u8>),
    System(Room),
}

fn of(p: &Proc, name: &[u8], last: Last) -> Result<Known, Fault> {
    p.fs(|process| {
        let path = process.find(name, last)?;
        let stat = process.stat_at(&path)?;
        let to = if stat.is(LINK) { process.readlink(name).ok() } else { None };
        let at = shown(&process.world.files.mount(&path).at);
        Ok(Known::File(stat, to, at))
    })
}

/// How much is in a file system.
pub(super) struct Room {
    pub(super) mount: Mount,
    pub(super) blocks: u64,
    pub(super) free: u64,
    pub(super) available: u64,
    pub(super) files: u64,
    pub(super) files_free: u64,
    id: u64,
}

impl Room {
    /// Of the file system on which a resolved path is, in blocks of 4,096 bytes.
    pub(super) fn of(process: &crate::process::Process<'_>, path: &[u8]) -> Self {
        let mount = process.world.files.mount(path).clone();
        Self::on(process, mount)
    }

    pub(super) fn on(process: &crate::process::Process<'_>, mount: Mount) -> Self {
        let at = shown(&mount.at);
        let disks = crate::live::disks(process.world);
        let used = disks.iter().rev().find(|(.., place)| place.as_bytes() == at);
        let used = used.map_or(0, |(_, _, used, _)| *used);
        let blocks = mount.kib / 4;
        let free = mount.kib.saturating_sub(used) / 4;
        let root = mount.system == System::Ext4;
        let grown = process.world.files.grown();
        let taken = if root {
            (58_000 + process.world.machine.ids[0] % 300).saturating_add_signed(grown)
        } else {
            let mut names = 1;
            process.world.files.each(&mount.at, |_, _| names += 1);
            names
        };
        let files = match (mount.kib, root) {
            (0, _) => 0,
            (kib, true) => kib / 16,
            (kib, false) => kib / 4,
        };
        Self {
            blocks,
            free,
            available: if root { free.saturating_sub(blocks / 20) } else { free },
            files,
            files_free: files.saturating_sub(taken),
            id: process.world.machine.ids[1].wrapping_mul(mount.device | 1),
            mount,
        }
    }
}

/// What a kind of file is called.
fn called(stat: &Stat) -> &'static str {
    match stat.mode & KIND_BITS {
        FOLDER => "directory",
        LINK => "symbolic link",
        DEVICE => "character special file",
        BLOCK => "block special file",
        FIFO => "fifo",
        SOCKET => "socket",
        _ if stat.size == 0 => "regular empty file",
        _ => "regular file",
    }
}

/// Flags, width and precision of one letter.
#[derive(Clone, Debug, Default)]
struct Spec {
    left: bool,
    zero: bool,
    alternate: bool,
    plus: bool,
    width: usize,
    precision: Option<usize>,
}

/// Widths that are printed.
const WIDTH: usize = 4_096;

impl Spec {
    fn pad(&self, text: &[u8], number: bool, out: &mut Vec<u8>) {
        let cut = self.precision.filter(|_| !number).unwrap_or(usize::MAX);
        let text = text.get(..cut.min(text.len())).unwrap_or(text);
        let gap = self.width.min(WIDTH).saturating_sub(text.len());
        if self.left {
            out.extend_from_slice(text);
            out.resize(out.len() + gap, b' ');
            return;
        }
        out.resize(out.len() + gap, if self.zero && number { b'0' } else { b' ' });
        out.extend_from_slice(text);
    }
}

/// Prints by a format.
#[expect(clippy::too_many_arguments, reason = "what a format needs")]
fn print(
    p: &mut Proc,
    known: &Known,
    name: &[u8],
    names: &Names,
    format: &[u8],
    escapes: bool,
    usual: bool,
    out: &mut Vec<u8>,
) {
    let mut rest = format;
    while let Some((b, more)) = rest.split_first() {
        rest = more;
        if *b == b'\\' && escapes {
            rest = escape(p, rest, out);
            continue;
        }
        if *b != b'%' {
            out.push(*b);
            continue;
        }
        let mut spec = Spec::default();
        while let Some((flag @ (b'-' | b'0' | b'#' | b'+' | b' ' | b'\''), more)) =
            rest.split_first()
        {
            rest = more;
            match flag {
                b'-' => spec.left = true,
                b'0' => spec.zero = true,
                b'#' => spec.alternate = true,
                b'+' => spec.plus = true,
                _ => {}
            }
        }
        let number = |rest: &mut &[u8]| {
            let mut value = 0_usize;
            while let Some((digit @ b'0'..=b'9', more)) = rest.split_first() {
                value = (value * 10 + usize::from(digit - b'0')).min(WIDTH);
                *rest = more;
            }
            value
        };
        spec.width = number(&mut rest);
        if let Some((b'.', more)) = rest.split_first() {
            rest = more;
            spec.precision = Some(number(&mut rest));
        }
        let Some((mut letter, more)) = rest.split_first() else {
            out.push(b'%');
            break;
        };
        rest = more;
        let mut half = 0;
        if let (b'H' | b'L', Some((next @ (b'd' | b'r'), more))) = (letter, rest.split_first()) {
            half = *letter;
            letter = next;
            rest = more;
        }
        match known {
            Known::File(stat, to, at) => {
                let file = (stat, to.as_deref(), at.as_slice());
                self::file(p, file, name, names, (*letter, half), &spec, usual, out);
            }
            Known::System(room) => self::system(room, name, *letter, &spec, out),
        }
    }
}

fn escape<'a>(p: &mut Proc, rest: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
    let Some((letter, more)) = rest.split_first() else {
        p.say(&[b"warning: backslash at end of format"]);
        out.push(b'\\');
        return rest;
    };
    let plain = match letter {
        b'n' => b'\n',
        b't' => b'\t',
        b'r' => b'\r',
        b'a' => 7,
        b'b' => 8,
        b'e' => 27,
        b'f' => 12,
        b'v' => 11,
        b'0'..=b'7' => {
            let digits = rest.iter().take(3).take_while(|b| (b'0'..=b'7').contains(*b)).count();
            let value = rest.iter().take(digits).fold(0_u32, |v, b| v * 8 + u32::from(b - b'0'));
            out.push(u8::try_from(value & 0xff).unwrap_or(0));
            return rest.get(digits..).unwrap_or_default();
        }
        b'x' => {
            let digits = more.iter().take(2).take_while(|b| b.is_ascii_hexdigit()).count();
            let text = std::str::from_utf8(more.get(..digits).unwrap_or_default());
            let value = text.ok().and_then(|text| u8::from_str_radix(text, 16).ok());
            out.push(value.unwrap_or(b'x'));
            return more.get(digits..).unwrap_or_default();
        }
        b'\\' | b'"' => *letter,
        _ => {
            p.say(&[b"warning: unrecognized escape '\\", &[*letter], b"'"]);
            *letter
        }
    };
    out.push(plain);
    more
}

/// Seconds, with as many digits behind the point as the precision says.
fn seconds(seconds: i64, ns: u32, spec: &Spec) -> Vec<u8> {
    match spec.precision {
        None | Some(0) => seconds.to_string().into_bytes(),
        Some(digits) => {
            let all = format!("{ns:09}");
            let digits = digits.min(9);
            format!("{seconds}.{}", all.get(..digits).unwrap_or(&all)).into_bytes()
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "what a letter needs")]
fn file(
    p: &Proc,
    (stat, to, at): (&Stat, Option<&[u8]>, &[u8]),
    name: &[u8],
    names: &Names,
    (letter, half): (u8, u8),
    spec: &Spec,
    usual: bool,
    out: &mut Vec<u8>,
) {
    let number = |value: u64, out: &mut Vec<u8>| spec.pad(value.to_string().as_bytes(), true, out);
    let hex = |value: u64, out: &mut Vec<u8>| spec.pad(format!("{value:x}").as_bytes(), true, out);
    let text = |value: &[u8], out: &mut Vec<u8>| spec.pad(value, false, out);
    let time = |at: i128, out: &mut Vec<u8>| {
        spec.pad(&when::format(b"%F %T.%N %z", at), false, out);
    };
    let whole = |seconds: i64, ns: u32| i128::from(seconds) * 1_000_000_000 + i128::from(ns);
    let stamp = |at: i64, ns: u32, out: &mut Vec<u8>| spec.pad(&seconds(at, ns, spec), true, out);
    let split = |at: i64| crate::files::split(at);
    let mode = u16::try_from(stat.mode & 0o7777).unwrap_or(0);
    let (major, minor) = (stat.device >> 8, stat.device & 0xff);
    match letter {
        b'a' => {
            let lead = if spec.alternate && mode != 0 { "0" } else { "" };
            spec.pad(format!("{lead}{mode:o}").as_bytes(), true, out);
        }
        b'A' => text(super::ls::permissions(stat).as_bytes(), out),
        b'b' => number(stat.blocks, out),
        b'B' => number(512, out),
        b'C' => text(b"?", out),
        b'd' if half == b'H' => number(major, out),
        b'd' if half == b'L' => number(minor, out),
        b'd' => number(stat.device, out),
        b'D' => hex(stat.device, out),
        b'f' => hex(stat.mode.into(), out),
        b'F' => text(called(stat).as_bytes(), out),
        b'g' => number(stat.gid.into(), out),
        b'G' => text(&named(names.groups.get(&stat.gid)), out),
        b'h' => number(stat.links, out),
        b'i' => number(stat.inode, out),
        b'm' => text(at, out),
        b'n' => text(name, out),
        b'N' => {
            let quote = |p: &Proc, name: &[u8]| {
                if usual {
                    super::quote::maybe(name, super::quote::utf8(p))
                } else {
                    always(p, name)
                }
            };
            let mut whole = quote(p, name);
            if let Some(to) = to {
                whole.extend_from_slice(b" -> ");
                whole.extend_from_slice(&quote(p, to));
            }
            text(&whole, out);
        }
        b'o' => number(4_096, out),
        b's' => number(stat.size, out),
        b'r' if half == b'H' => number(stat.numbers.0.into(), out),
        b'r' if half == b'L' => number(stat.numbers.1.into(), out),
        b'r' => number(u64::from(stat.numbers.0) << 8 | u64::from(stat.numbers.1), out),
        b'R' => hex(u64::from(stat.numbers.0) << 8 | u64::from(stat.numbers.1), out),
        b't' => hex(stat.numbers.0.into(), out),
        b'T' => hex(stat.numbers.1.into(), out),
        b'u' => number(stat.uid.into(), out),
        b'U' => text(&named(names.users.get(&stat.uid)), out),
        b'w' => time(stat.born.into(), out),
        b'W' => stamp(split(stat.born).0, split(stat.born).1, out),
        b'x' => time(whole(stat.accessed, stat.accessed_ns), out),
        b'X' => stamp(stat.accessed, stat.accessed_ns, out),
        b'y' => time(whole(stat.changed, stat.changed_ns), out),
        b'Y' => stamp(stat.changed, stat.changed_ns, out),
        b'z' => time(stat.altered.into(), out),
        b'Z' => stamp(split(stat.altered).0, split(stat.altered).1, out),
        b'%' => out.push(b'%'),
        _ => out.push(b'?'),
    }
}

fn named(name: Option<&Vec<u8>>) -> Vec<u8> {
    name.cloned().unwrap_or_else(|| b"UNKNOWN".to_vec())
}

/// What `statfs` calls a file system, and its magic number.
fn magic(system: System) -> (&'static str, u64) {
    match system {
        System::Ext4 => ("ext2/ext3", 0xef53),
        System::Proc => ("proc", 0x9fa0),
        System::Sysfs => ("sysfs", 0x6265_6572),
        System::Devtmpfs | System::Tmpfs => ("tmpfs", 0x0102_1994),
        System::Devpts => ("devpts", 0x1cd1),
        System::Other("cgroup2") => ("cgroup2fs", 0x6367_7270),
        System::Other("securityfs") => ("securityfs", 0x7363_6673),
        System::Other("debugfs") => ("debugfs", 0x6462_6720),
        System::Other("tracefs") => ("tracefs", 0x7472_6163),
        System::Other("hugetlbfs") => ("hugetlbfs", 0x9584_58f6),
        System::Other("mqueue") => ("mqueue", 0x1980_0202),
        System::Other(name) => (name, 0x1373),
    }
}

fn system(room: &Room, name: &[u8], letter: u8, spec: &Spec, out: &mut Vec<u8>) {
    let number = |value: u64, out: &mut Vec<u8>| spec.pad(value.to_string().as_bytes(), true, out);
    let (called, magic) = magic(room.mount.system);
    match letter {
        b'a' => number(room.available, out),
        b'b' => number(room.blocks, out),
        b'c' => number(room.files, out),
        b'd' => number(room.files_free, out),
        b'f' => number(room.free, out),
        b'i' => spec.pad(format!("{:x}", room.id).as_bytes(), true, out),
        b'l' => number(255, out),
        b'n' => spec.pad(name, false, out),
        b's' | b'S' => number(4_096, out),
        b't' => spec.pad(format!("{magic:x}").as_bytes(), true, out),
        b'T' => spec.pad(called.as_bytes(), false, out),
        b'%' => out.push(b'%'),
        _ => out.push(b'?'),
    }
}
