//! `dd`.
//!
//! **Invariant:** one block is held at a time; how long it took is what the disk would have taken.

use super::{always, options, quote, with_unit};
use crate::commands::Program;
use crate::files::{Fault, Last};
use crate::kernel::Proc;
use crate::machine::Dice;
use crate::process::{Direction, Opening};
use decnet_core::limits::DD_BLOCK_BYTES;

pub(crate) const PROGRAMS: &[Program] =
    &[Program::new("dd", |p| Box::pin(dd(p)), 89_240, super::BUILT)];

/// What it was asked for.
#[expect(clippy::struct_excessive_bools, reason = "operands, each on its own")]
#[derive(Default)]
struct Asked {
    input: Option<Vec<u8>>,
    output: Option<Vec<u8>>,
    block: Option<u64>,
    in_block: u64,
    out_block: u64,
    count: Option<u64>,
    skip: u64,
    seek: u64,
    count_bytes: bool,
    skip_bytes: bool,
    seek_bytes: bool,
    whole: bool,
    append: bool,
    silent: bool,
    quiet: bool,
    progress: bool,
    conversions: Vec<Vec<u8>>,
    cbs: usize,
}

/// What was moved.
#[derive(Default)]
struct Moved {
    whole_in: u64,
    part_in: u64,
    whole_out: u64,
    part_out: u64,
    bytes: u64,
}

const CONVERSIONS: &[&str] = &[
    "ascii", "ebcdic", "ibm", "block", "unblock", "lcase", "ucase", "sparse", "swab", "noerror",
    "nocreat", "excl", "notrunc", "sync", "fdatasync", "fsync",
];
const FLAGS: &[&str] = &[
    "append", "direct", "directory", "dsync", "sync", "fullblock", "nonblock", "noatime", "nocache",
    "noctty", "nofollow", "count_bytes", "skip_bytes", "seek_bytes", "nolinks", "binary", "text",
];

fn read(p: &mut Proc, rest: &[Vec<u8>]) -> Result<Asked, u32> {
    let mut asked = Asked { in_block: 512, out_block: 512, ..Asked::default() };
    for operand in rest {
        let mut parts = operand.splitn(2, |&b| b == b'=');
        let (name, value) = (parts.next().unwrap_or_default(), parts.next());
        let Some(value) = value else {
            let text = quote(p, operand);
            p.misused(&[b"unrecognized operand ", &text]);
            return Err(1);
        };
        match name {
            b"if" => asked.input = Some(value.to_vec()),
            b"of" => asked.output = Some(value.to_vec()),
            b"conv" => asked.conversions = words(p, value, CONVERSIONS, "invalid conversion: ")?,
            b"iflag" => {
                for word in words(p, value, FLAGS, "invalid input flag: ")? {
                    asked.whole |= word == b"fullblock";
                    asked.count_bytes |= word == b"count_bytes";
                    asked.skip_bytes |= word == b"skip_bytes";
                }
            }
            b"oflag" => {
                for word in words(p, value, FLAGS, "invalid output flag: ")? {
                    asked.append |= word == b"append";
                    asked.seek_bytes |= word == b"seek_bytes";
                }
            }
            b"status" => match value {
                b"none" => asked.silent = true,
                b"noxfer" => asked.quiet = true,
                b"progress" => asked.progress = true,
                _ => {
                    let text = quote(p, value);
                    p.misused(&[b"invalid status level: ", &text]);
                    return Err(1);
                }
            },
            b"bs" | b"ibs" | b"obs" | b"cbs" | b"count" | b"skip" | b"seek" | b"iseek"
            | b"oseek" => number(p, &mut asked, name, value)?,
            _ => {
                let text = quote(p, operand);
                p.misused(&[b"unrecognized operand ", &text]);
                return Err(1);
            }
        }
    }
    if let Some(block) = asked.block {
        (asked.in_block, asked.out_block) = (block, block);
    }
    Ok(asked)
}

fn words(p: &mut Proc, value: &[u8], known: &[&str], why: &str) -> Result<Vec<Vec<u8>>, u32> {
    let mut all = Vec::new();
    for word in value.split(|&b| b == b',') {
        if !known.iter().any(|known| known.as_bytes() == word) {
            let text = quote(p, word);
            p.misused(&[why.as_bytes(), &text]);
            return Err(1);
        }
        all.push(word.to_vec());
    }
    Ok(all)
}

/// `3x4k`
fn product(text: &[u8]) -> Option<u64> {
    let mut all = 1_u64;
    for factor in text.split(|&b| b == b'x') {
        all = all.checked_mul(with_unit(factor, true)?)?;
    }
    Some(all)
}

fn number(p: &mut Proc, asked: &mut Asked, name: &[u8], value: &[u8]) -> Result<(), u32> {
    let (plain, bytes) = match value.strip_suffix(b"B") {
        Some(rest) if rest.iter().all(u8::is_ascii_digit) && !rest.is_empty() => (rest, true),
        Some(_) | None => (value, false),
    };
    let block = matches!(name, b"bs" | b"ibs" | b"obs" | b"cbs");
    let Some(number) = product(plain).filter(|number| *number > 0 || !block) else {
        let text = quote(p, value);
        p.say(&[b"invalid number: ", &text]);
        return Err(1);
    };
    match name {
        b"bs" => asked.block = Some(number),
        b"ibs" => asked.in_block = number,
        b"obs" => asked.out_block = number,
        b"cbs" => asked.cbs = usize::try_from(number).unwrap_or(0).min(1 << 20),
        b"count" => (asked.count, asked.count_bytes) = (Some(number), asked.count_bytes | bytes),
        b"skip" | b"iseek" => (asked.skip, asked.skip_bytes) = (number, asked.skip_bytes | bytes),
        _ => (asked.seek, asked.seek_bytes) = (number, asked.seek_bytes | bytes),
    }
    Ok(())
}

async fn dd(p: &mut Proc) -> u32 {
    let given = match options(p, &[], 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    let asked = match read(p, &given.rest) {
        Ok(asked) => asked,
        Err(status) => return status,
    };
    if asked.in_block.max(asked.out_block) > DD_BLOCK_BYTES {
        let bytes = asked.in_block.max(asked.out_block);
        let size = super::human(bytes, 1_024);
        let unit = size.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        let digits = size.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let text = format!("memory exhausted by input buffer of size {bytes} bytes ({digits} {unit}iB)");
        p.say(&[text.as_bytes()]);
        return 1;
    }
    let source = match open_input(p, &asked).await {
        Ok(source) => source,
        Err(status) => return status,
    };
    let sink = match open_output(p, &asked) {
        Ok(sink) => sink,
        Err(status) => return status,
    };
    let start = p.now().0;
    let mut moved = Moved::default();
    let status = copy(p, &asked, source, sink, &mut moved).await;
    p.fds.remove(&source);
    report(p, &asked, &moved, start).await;
    status
}

async fn open_input(p: &mut Proc, asked: &Asked) -> Result<u32, u32> {
    let (fd, shown) = match &asked.input {
        None => {
            let Some(open) = p.fds.get(&0).cloned() else {
                p.say(&[b"failed to open 'standard input': Bad file descriptor"]);
                return Err(1);
            };
            (p.add(open, 3), quote(p, b"standard input"))
        }
        Some(name) => match p.open(name, Direction::Read, Opening::default(), false) {
            Ok(open) => (p.add(open, 3), super::before_colon(p, name)),
            Err(fault) => {
                p.cannot("failed to open", name, fault);
                return Err(1);
            }
        },
    };
    let skip = if asked.skip_bytes { asked.skip } else { asked.skip.saturating_mul(asked.in_block) };
    if skip == 0 {
        return Ok(fd);
    }
    let open = p.fds.get(&fd).cloned();
    let size = open.as_ref().and_then(|open| open.path()).map(|path| {
        let stat = p.fs(|process| process.stat_at(&path));
        stat.map_or((0, false), |stat| (stat.size, stat.is(crate::process::FILE)))
    });
    match (open, size) {
        (Some(open), Some((size, is_file))) => {
            let at = open.offset().unwrap_or(0);
            if is_file && at.saturating_add(skip) > size {
                open.seek(size);
                if !asked.silent {
                    p.say(&[&shown, b": cannot skip to specified offset"]);
                }
            } else {
                open.seek(at.saturating_add(skip));
            }
        }
        _ => {
            let mut left = skip;
            while left > 0 {
                let most = usize::try_from(left.min(65_536)).unwrap_or(65_536);
                match p.read(fd, most).await {
                    Ok(bytes) if !bytes.is_empty() => left -= bytes.len() as u64,
                    Ok(_) | Err(_) => {
                        p.say(&[&shown, b": cannot skip to specified offset"]);
                        break;
                    }
                }
            }
        }
    }
    Ok(fd)
}

fn open_output(p: &mut Proc, asked: &Asked) -> Result<u32, u32> {
    let Some(name) = &asked.output else { return Ok(1) };
    let has = |word: &[u8]| asked.conversions.iter().any(|have| have == word);
    let seek = if asked.seek_bytes { asked.seek } else { asked.seek.saturating_mul(asked.out_block) };
    let truncate = !has(b"notrunc") && seek == 0;
    let opening = Opening {
        create: (!has(b"nocreat")).then_some(0o666),
        exclusive: has(b"excl"),
        truncate,
    };
    let open = match p.open(name, Direction::Write, opening, asked.append) {
        Ok(open) => open,
        Err(fault) => {
            p.cannot("failed to open", name, fault);
            return Err(1);
        }
    };
    if seek > 0 {
        if !has(b"notrunc")
            && let Some(path) = open.path()
            && p.stat(name, Last::Follow).is_ok_and(|stat| stat.is(crate::process::FILE))
            && let Err(fault) = p.fs(|process| process.truncate_at(&path, seek))
        {
            let shown = always(p, name);
            let text = format!("failed to truncate to {seek} bytes in output file ");
            p.cannot_raw("", &[text.as_bytes(), &shown].concat(), fault);
            return Err(1);
        }
        open.seek(seek);
    }
    Ok(p.add(open, 3))
}

/// Changes a block as `conv` says.
fn convert(asked: &Asked, block: &mut Vec<u8>) {
    for word in &asked.conversions {
        match word.as_slice() {
            b"lcase" => block.make_ascii_lowercase(),
            b"ucase" => block.make_ascii_uppercase(),
            b"swab" => {
                for pair in block.chunks_exact_mut(2) {
                    pair.reverse();
                }
            }
            b"sync" => {
                let size = usize::try_from(asked.in_block).unwrap_or(0);
                if block.len() < size {
                    block.resize(size, 0);
                }
            }
            b"block" if asked.cbs > 0 => {
                let mut out = Vec::new();
                let text = block.strip_suffix(b"\n").unwrap_or(block);
                for line in text.split(|&b| b == b'\n') {
                    let start = out.len();
                    out.extend(line.iter().take(asked.cbs));
                    out.resize((start + asked.cbs).min(64 << 20), b' ');
                }
                *block = out;
            }
            b"unblock" if asked.cbs > 0 => {
                let mut out = Vec::new();
                for record in block.chunks(asked.cbs) {
                    let end = record.iter().rposition(|&b| b != b' ').map_or(0, |at| at + 1);
                    out.extend_from_slice(record.get(..end).unwrap_or(record));
                    out.push(b'\n');
                }
                *block = out;
            }
            _ => {}
        }
    }
}

async fn copy(p: &mut Proc, asked: &Asked, source: u32, sink: u32, moved: &mut Moved) -> u32 {
    let size = usize::try_from(asked.in_block).unwrap_or(512);
    let out_size = asked.out_block;
    let mut left = asked.count.map(|count| {
        if asked.count_bytes { count } else { count.saturating_mul(asked.in_block) }
    });
    let mut blocks = if asked.count_bytes { None } else { asked.count };
    // What waits for a whole block of output, where those have another size.
    let mut waiting = Vec::new();
    let direct = asked.block.is_some() || asked.in_block == out_size;
    loop {
        if blocks == Some(0) || left == Some(0) {
            break;
        }
        let most = left.filter(|_| asked.count_bytes).map_or(size, |left| {
            usize::try_from(left.min(asked.in_block)).unwrap_or(size)
        });
        let mut block = Vec::new();
        let fault = loop {
            match p.read(source, most - block.len()).await {
                Ok(bytes) => {
                    let end = bytes.is_empty();
                    block.extend(bytes);
                    let whole = asked.whole || is_file(p, source);
                    if end || !whole || block.len() >= most {
                        break None;
                    }
                }
                Err(fault) => break Some(fault),
            }
        };
        if let Some(fault) = fault {
            let name = asked.input.clone().unwrap_or_else(|| b"standard input".to_vec());
            p.cannot("error reading", &name, fault);
            return 1;
        }
        if block.is_empty() {
            break;
        }
        if block.len() == size {
            moved.whole_in += 1;
        } else {
            moved.part_in += 1;
        }
        left = left.map(|left| left.saturating_sub(block.len() as u64));
        blocks = blocks.map(|blocks| blocks.saturating_sub(1));
        convert(asked, &mut block);
        if direct {
            if let Err(fault) = put(p, asked, sink, &block, moved).await {
                return fault;
            }
        } else {
            waiting.extend(block);
            let out_size = usize::try_from(out_size).unwrap_or(512);
            while waiting.len() >= out_size {
                let rest = waiting.split_off(out_size);
                let whole = std::mem::replace(&mut waiting, rest);
                if let Err(fault) = put(p, asked, sink, &whole, moved).await {
                    return fault;
                }
            }
        }
    }
    if !waiting.is_empty()
        && let Err(fault) = put(p, asked, sink, &waiting, moved).await
    {
        return fault;
    }
    0
}

fn is_file(p: &Proc, fd: u32) -> bool {
    p.fds.get(&fd).is_some_and(|open| open.path().is_some())
}

async fn put(
    p: &mut Proc,
    asked: &Asked,
    sink: u32,
    block: &[u8],
    moved: &mut Moved,
) -> Result<(), u32> {
    if let Err(fault) = p.write(sink, block).await {
        let name = asked.output.clone().unwrap_or_else(|| b"standard output".to_vec());
        let why = if fault == Fault::NoSpace || asked.output.is_some() {
            "error writing"
        } else {
            "writing to"
        };
        p.cannot(why, &name, fault);
        return Err(1);
    }
    if block.len() as u64 >= asked.out_block {
        moved.whole_out += 1;
    } else {
        moved.part_out += 1;
    }
    moved.bytes = moved.bytes.saturating_add(block.len() as u64);
    Ok(())
}

/// As C's `%g` shows seconds.
fn seconds_text(seconds: f64) -> String {
    if seconds == 0.0 {
        return "0".to_owned();
    }
    let exact = format!("{seconds:.5e}");
    let exponent: i32 = exact.split('e').nth(1).and_then(|text| text.parse().ok()).unwrap_or(0);
    let trim = |text: &str| {
        if text.contains('.') {
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        } else {
            text.to_owned()
        }
    };
    if (-4..6).contains(&exponent) {
        let digits = usize::try_from(5 - exponent).unwrap_or(0);
        return trim(&format!("{seconds:.digits$}"));
    }
    let digits = exact.split('e').next().unwrap_or_default();
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{}e{sign}{:02}", trim(digits), exponent.abs())
}

/// `4.1 kB`, `4.0 KiB`: rounded to the nearest.
fn size_text(bytes: u64, base: u64) -> String {
    let units = if base == 1_024 {
        ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
    } else {
        ["kB", "MB", "GB", "TB", "PB", "EB"]
    };
    let mut scale = u128::from(base);
    for unit in units {
        let tenths = (u128::from(bytes) * 20 / scale).div_ceil(2);
        if tenths < 100 {
            return format!("{}.{} {unit}", tenths / 10, tenths % 10);
        }
        let whole = (u128::from(bytes) * 2 / scale).div_ceil(2);
        if whole < u128::from(base) {
            return format!("{whole} {unit}");
        }
        scale *= u128::from(base);
    }
    format!("{bytes} B")
}

fn rate_text(mut rate: f64) -> String {
    rate /= 1_000.0;
    for unit in ["kB", "MB", "GB", "TB"] {
        if rate < 999.5 {
            let digits = usize::from(rate < 99.95);
            return format!("{rate:.digits$} {unit}/s");
        }
        rate /= 1_000.0;
    }
    format!("{rate:.0} PB/s")
}

async fn report(p: &mut Proc, asked: &Asked, moved: &Moved, start: i64) {
    let calls = moved.whole_in + moved.part_in;
    let (bytes, calls) = (moved.bytes, calls.min(1 << 40));
    // About what a disk of a rented machine takes.
    let mut dice = Dice(p.now().0.unsigned_abs() ^ bytes ^ u64::from(p.pid));
    let noise = u64::try_from(dice.below(400)).unwrap_or(0);
    let each = 350 + noise;
    let ns = (20_000 + noise * 97).saturating_add(calls.saturating_mul(each));
    let per_kib = if asked.output.as_deref().is_none_or(|name| name.starts_with(b"/dev/")) {
        90
    } else {
        900 + noise
    };
    let ns = ns.saturating_add((bytes / 1_024).saturating_mul(per_kib));
    let passed = p.now().0.saturating_sub(start).unsigned_abs();
    if ns > passed {
        p.sleep(i64::try_from(ns - passed).unwrap_or(i64::MAX).min(60_000_000_000)).await;
    }
    if asked.silent {
        return;
    }
    let ns = ns.max(passed);
    p.error(format!("{}+{} records in", moved.whole_in, moved.part_in));
    p.error(format!("{}+{} records out", moved.whole_out, moved.part_out));
    if asked.quiet {
        return;
    }
    #[expect(clippy::cast_precision_loss, reason = "shown with six digits")]
    let (seconds, rate) = (ns as f64 / 1e9, bytes as f64 * 1e9 / ns as f64);
    let amount = match bytes {
        1 => "1 byte".to_owned(),
        0..=999 => format!("{bytes} bytes"),
        1_000..=1_023 => format!("{bytes} bytes ({})", size_text(bytes, 1_000)),
        _ => format!("{bytes} bytes ({}, {})", size_text(bytes, 1_000), size_text(bytes, 1_024)),
    };
    let line = format!("{amount} copied, {} s, {}", seconds_text(seconds), rate_text(rate));
    if asked.progress {
        let whole = format!("{:.0}", seconds.floor());
        if seconds >= 1.0 {
            let text = format!("\r{amount} copied, {whole} s, {}", rate_text(rate));
            p.put(2, text.as_bytes());
            p.put(2, b"\n");
        }
    }
    p.error(line);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_shown_as_by_coreutils() {
        assert_eq!((size_text(68_248, 1_000), size_text(68_248, 1_024)), ("68 kB".into(), "67 KiB".into()));
        assert_eq!((size_text(3_145_728, 1_000), size_text(3_145_728, 1_024)), ("3.1 MB".into(), "3.0 MiB".into()));
        assert_eq!(seconds_text(4.2986e-05), "4.2986e-05");
        assert_eq!(seconds_text(0.004_525_67), "0.00452567");
        assert_eq!(seconds_text(1.5), "1.5");
        assert_eq!(rate_text(47_643_000.0), "47.6 MB/s");
        assert_eq!(rate_text(1_007_500_000.0), "1.0 GB/s");
        assert_eq!(rate_text(0.0), "0.0 kB/s");
    }
}
