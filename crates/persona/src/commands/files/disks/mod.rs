//! `mount`, `umount`, `findmnt`, `mountpoint`, `lsblk`, `blkid`, `swapon`, `swapoff`, `fdisk`.
//!
//! **Invariant:** what is mounted is what the session's files say; the disk is the machine's.

mod block;
mod list;
mod mount;

use super::quote::utf8;
use crate::commands::{Flag, Options, Program};
use crate::files::mounts::Mount;
use crate::kernel::Proc;

pub(crate) const PROGRAMS: &[Program] = &[
    Program::new("mount", |p| Box::pin(mount::mount(p)), 59_704, UTIL_LINUX).as_root(),
    Program::new("umount", |p| Box::pin(mount::umount(p)), 35_128, UTIL_LINUX).as_root(),
    Program::new("findmnt", |p| Box::pin(list::findmnt(p)), 85_600, UTIL_LINUX),
    Program::new("mountpoint", |p| Box::pin(mount::mountpoint(p)), 18_744, UTIL_LINUX),
    Program::new("lsblk", |p| Box::pin(block::lsblk(p)), 207_168, UTIL_LINUX),
    Program::system("blkid", |p| Box::pin(block::blkid(p)), 125_280, UTIL_LINUX),
    Program::system("swapon", |p| Box::pin(block::swapon(p)), 51_512, UTIL_LINUX),
    Program::system("swapoff", |p| Box::pin(block::swapoff(p)), 22_840, UTIL_LINUX),
    Program::system("fdisk", |p| Box::pin(block::fdisk(p)), 145_040, UTIL_LINUX),
];

const UTIL_LINUX: i64 = 1_732_219_314;

/// Reads a command line of util-linux; what is wrong ends the program with this status.
fn read(p: &mut Proc, flags: &[Flag], wrong: u32) -> Result<Options, u32> {
    let mut all = flags.to_vec();
    all.extend([Flag::new(b'h', "help"), Flag::new(b'V', "version")]);
    let Some(given) = Options::read(p, &all, false) else {
        p.try_help();
        return Err(wrong);
    };
    let name = p.name();
    if given.has(b'V') {
        let more = match name.as_str() {
            "mount" | "umount" => {
                " (libmount 2.38.1: selinux, smack, btrfs, verity, namespaces, assert, debug)"
            }
            _ => "",
        };
        p.line(format!("{name} from util-linux 2.38.1{more}"));
        return Err(0);
    }
    if given.has(b'h') {
        p.line(format!("\nUsage:\n {name} [options]\n"));
        return Err(0);
    }
    Ok(given)
}

fn bad_usage(p: &mut Proc, status: u32) -> u32 {
    p.say(&[b"bad usage"]);
    p.try_help();
    status
}

fn all(p: &Proc) -> Vec<Mount> {
    p.world.with(|world| world.files.mounts.all().to_vec())
}

/// The end of a branch of a tree, and a line beside it.
struct Branches {
    middle: &'static str,
    last: &'static str,
    line: &'static str,
}

fn branches(p: &Proc) -> Branches {
    if utf8(p) {
        Branches { middle: "├─", last: "└─", line: "│ " }
    } else {
        Branches { middle: "|-", last: "`-", line: "| " }
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Columns, of which those in `right` are flush right and the last is not filled up.
fn table(p: &mut Proc, lines: &[Vec<String>], right: &[bool]) {
    let count = lines.first().map_or(0, Vec::len);
    let width = |at: usize| {
        let cells = lines.iter().filter_map(|line| line.get(at));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..count).map(width).collect();
    for line in lines {
        let mut out = String::new();
        for (at, cell) in line.iter().enumerate() {
            let wide = widths.get(at).copied().unwrap_or(0);
            let flush = right.get(at).copied().unwrap_or(false);
            if at > 0 {
                out.push(' ');
            }
            if flush {
                out.push_str(&format!("{cell:>wide$}"));
            } else if at + 1 < line.len() {
                out.push_str(&format!("{cell:<wide$}"));
            } else {
                out.push_str(cell);
            }
        }
        p.line(out);
    }
}
