//! `-printf` and `-ls`.
//!
//! **Invariant:** a format is read once.

use super::{Found, Run, base};
use crate::commands::files::{folder_of, quote as names, when};
use crate::files::Last;
use crate::kernel::Proc;
use crate::process::{BLOCK, DEVICE, FIFO, FILE, FOLDER, KIND_BITS, LINK, SOCKET, Stat};

/// A format, taken apart.
#[derive(Debug)]
pub(super) struct Format(Vec<Piece>);

#[derive(Debug)]
enum Piece {
    Text(Vec<u8>),
    /// Flags and width, a letter, and the one behind it for times.
    Letter { left: bool, zero: bool, width: usize, precision: Option<usize>, letter: u8, of: u8 },
    /// `\c`: no more.
    Stop,
}

/// Widths that are printed.
const WIDTH: usize = 4_096;

impl Format {
    pub(super) fn read(p: &mut Proc, format: &[u8]) -> Self {
        let mut pieces = Vec::new();
        let mut text = Vec::new();
        let mut rest = format;
        while let Some((b, more)) = rest.split_first() {
            rest = more;
            if *b == b'\\' {
                match escape(p, rest) {
                    Some((byte, length)) => {
                        text.push(byte);
                        rest = rest.get(length..).unwrap_or_default();
                    }
                    None => {
                        pieces.push(Piece::Text(std::mem::take(&mut text)));
                        pieces.push(Piece::Stop);
                        return Self(pieces);
                    }
                }
                continue;
            }
            if *b != b'%' {
                text.push(*b);
                continue;
            }
            if let Some((b'%', more)) = rest.split_first() {
                text.push(b'%');
                rest = more;
                continue;
            }
            let whole = rest;
            let (mut left, mut zero) = (false, false);
            while let Some((flag @ (b'-' | b'0' | b'+' | b' ' | b'#'), more)) = rest.split_first() {
                left |= *flag == b'-';
                zero |= *flag == b'0';
                rest = more;
            }
            let number = |rest: &mut &[u8]| {
                let mut value = 0;
                while let Some((digit @ b'0'..=b'9', more)) = rest.split_first() {
                    value = (value * 10 + usize::from(digit - b'0')).min(WIDTH);
                    *rest = more;
                }
                value
            };
            let width = number(&mut rest);
            let mut precision = None;
            if let Some((b'.', more)) = rest.split_first() {
                rest = more;
                precision = Some(number(&mut rest));
            }
            let Some((letter, more)) = rest.split_first() else {
                p.error("find: error: % at end of format string");
                break;
            };
            rest = more;
            let mut of = 0;
            if b"ACTB".contains(letter)
                && let Some((next, more)) = rest.split_first()
            {
                of = *next;
                rest = more;
            }
            if !b"aAbBcCdDfFgGhHiklmMnpPsStTuUyYZ".contains(letter) {
                let shown = [b"`%", &[*letter][..], b"'"].concat();
                p.say(&[b"warning: unrecognized format directive ", &shown]);
                text.push(b'%');
                let used = whole.len() - rest.len();
                text.extend_from_slice(whole.get(..used).unwrap_or_default());
                continue;
            }
            pieces.push(Piece::Text(std::mem::take(&mut text)));
            pieces.push(Piece::Letter { left, zero, width, precision, letter: *letter, of });
        }
        pieces.push(Piece::Text(text));
        Self(pieces)
    }

    pub(super) fn print(&self, p: &Proc, run: &Run, found: &Found, stat: &Stat) -> Vec<u8> {
        let mut out = Vec::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => out.extend_from_slice(text),
                Piece::Stop => break,
                Piece::Letter { left, zero, width, precision, letter, of } => {
                    let (mut text, number) = fact(p, run, found, stat, (*letter, *of));
                    if let Some(most) = precision
                        && !number
                    {
                        text.truncate(*most);
                    }
                    let gap = width.saturating_sub(text.len());
                    let fill = if *zero && b"dm".contains(letter) && !left { b'0' } else { b' ' };
                    if !left {
                        out.resize(out.len() + gap, fill);
                    }
                    out.extend_from_slice(&text);
                    if *left {
                        out.resize(out.len() + gap, b' ');
                    }
                }
            }
        }
        out
    }
}

/// What a backslash stands for, and how many bytes behind it.
fn escape(p: &mut Proc, rest: &[u8]) -> Option<(u8, usize)> {
    let Some(letter) = rest.first() else { return Some((b'\\', 0)) };
    Some(match letter {
        b'a' => (7, 1),
        b'b' => (8, 1),
        b'c' => return None,
        b'f' => (12, 1),
        b'n' => (b'\n', 1),
        b'r' => (b'\r', 1),
        b't' => (b'\t', 1),
        b'v' => (11, 1),
        b'\\' => (b'\\', 1),
        b'0'..=b'7' => {
            let digits = rest.iter().take(3).take_while(|b| (b'0'..=b'7').contains(*b)).count();
            let value = rest.iter().take(digits).fold(0_u32, |v, b| v * 8 + u32::from(b - b'0'));
            (u8::try_from(value & 0xff).unwrap_or(0), digits)
        }
        _ => {
            let shown = [b"`\\", &[*letter][..], b"'"].concat();
            p.say(&[b"warning: unrecognized escape ", &shown]);
            (b'\\', 0)
        }
    })
}

/// The letter of a kind, as `-type` reads it.
fn kind_letter(kind: u32) -> u8 {
    match kind & KIND_BITS {
        FILE => b'f',
        FOLDER => b'd',
        LINK => b'l',
        DEVICE => b'c',
        BLOCK => b'b',
        FIFO => b'p',
        SOCKET => b's',
        _ => b'U',
    }
}

/// An instant as find prints it: with ten digits behind the seconds.
fn time(at: i128, letter: u8) -> Vec<u8> {
    let part = format!(".{:09}0", at.rem_euclid(1_000_000_000));
    let with = |format: &[u8]| when::format(format, at);
    match letter {
        0 => [with(b"%a %b %e %H:%M:%S"), part.into_bytes(), with(b" %Y")].concat(),
        b'@' => [with(b"%s"), part.into_bytes()].concat(),
        b'+' => [with(b"%F+%T"), part.into_bytes()].concat(),
        b'T' | b'X' => [with(b"%T"), part.into_bytes()].concat(),
        b'S' => [with(b"%S"), part.into_bytes()].concat(),
        b'c' => [with(b"%a %b %e %H:%M:%S"), part.into_bytes(), with(b" %Y")].concat(),
        letter => with(&[b'%', letter]),
    }
}

/// What a letter stands for, and whether it is a number.
fn fact(p: &Proc, run: &Run, found: &Found, stat: &Stat, (letter, of): (u8, u8)) -> (Vec<u8>, bool) {
    let number = |value: u64| (value.to_string().into_bytes(), true);
    let text = |value: Vec<u8>| (value, false);
    let whole = |seconds: i64, ns: u32| i128::from(seconds) * 1_000_000_000 + i128::from(ns);
    let accessed = whole(stat.accessed, stat.accessed_ns);
    let changed = whole(stat.changed, stat.changed_ns);
    match letter {
        b'a' => text(time(accessed, 0)),
        b'A' => text(time(accessed, of)),
        b'c' => text(time(stat.altered.into(), 0)),
        b'C' => text(time(stat.altered.into(), of)),
        b't' => text(time(changed, 0)),
        b'T' => text(time(changed, of)),
        b'B' => text(time(stat.born.into(), of)),
        b'b' => number(stat.blocks),
        b'k' => number(stat.blocks.div_ceil(2)),
        b'd' => number(found.depth as u64),
        b'D' => number(stat.device),
        b'f' => text(base(&found.path).to_vec()),
        b'F' => {
            let system = p.world.with(|world| world.files.mount(&found.at).system.name());
            text(system.as_bytes().to_vec())
        }
        b'g' => text(run.names.group(stat.gid)),
        b'G' => number(stat.gid.into()),
        b'u' => text(run.names.user(stat.uid)),
        b'U' => number(stat.uid.into()),
        b'h' => text(match found.path.contains(&b'/') {
            true if folder_of(&found.path) == b"/" => Vec::new(),
            true => folder_of(&found.path).to_vec(),
            false => b".".to_vec(),
        }),
        b'H' => text(run.starts.get(found.start).cloned().unwrap_or_default()),
        b'i' => number(stat.inode),
        b'l' => {
            let to = p.fs(|process| process.readlink(&found.at));
            text(if stat.is(LINK) { to.unwrap_or_default() } else { Vec::new() })
        }
        b'm' => (format!("{:o}", stat.mode & 0o7777).into_bytes(), true),
        b'M' => text(crate::commands::files::ls::permissions(stat).into_bytes()),
        b'n' => number(stat.links),
        b'p' => text(found.path.clone()),
        b'P' => text(run.below_start(found)),
        b's' => number(stat.size),
        b'S' => text(b"1".to_vec()),
        b'y' => text(vec![kind_letter(stat.mode)]),
        b'Y' => {
            let there = p.stat(&found.at, Last::Follow);
            let lost = if stat.is(LINK) { b'N' } else { b'U' };
            text(vec![there.map_or(lost, |there| kind_letter(there.mode))])
        }
        _ => text(Vec::new()),
    }
}

/// How long a date is shown with its time, nanoseconds.
const HALF_YEAR: i128 = 31_556_952 / 2 * 1_000_000_000;

/// A line of `-ls`.
pub(super) fn ls(p: &Proc, run: &Run, found: &Found, stat: &Stat) -> Vec<u8> {
    let user = String::from_utf8_lossy(&run.names.user(stat.uid)).into_owned();
    let group = String::from_utf8_lossy(&run.names.group(stat.gid)).into_owned();
    let size = if stat.is(DEVICE) || stat.is(BLOCK) {
        format!("{:3}, {:3}", stat.numbers.0, stat.numbers.1)
    } else {
        format!("{:8}", stat.size)
    };
    let at = i128::from(stat.changed) * 1_000_000_000 + i128::from(stat.changed_ns);
    let now = i128::from(run.now);
    let recent = at <= now + 3_600_000_000_000 && at > now - HALF_YEAR;
    let date = when::format(if recent { b"%b %e %H:%M" } else { b"%b %e  %Y" }, at);
    let mut line = format!(
        "{:9} {:6} {} {:3} {user:<8} {group:<8} {size} {} ",
        stat.inode,
        stat.blocks.div_ceil(2),
        crate::commands::files::ls::permissions(stat),
        stat.links,
        String::from_utf8_lossy(&date),
    )
    .into_bytes();
    let utf8 = names::utf8(p);
    line.extend(names::escaped(&found.path, b" \"", utf8));
    if stat.is(LINK) {
        let to = p.fs(|process| process.readlink(&found.at)).unwrap_or_default();
        line.extend_from_slice(b" -> ");
        line.extend(names::escaped(&to, b" \"", utf8));
    }
    line.push(b'\n');
    line
}
