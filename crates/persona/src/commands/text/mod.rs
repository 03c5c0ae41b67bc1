//! Programs that read, change and compare text.
//!
//! **Invariant:** a program here holds no more of its input than it must, and never more than the
//! caps of [`crate::kernel::Proc::content`].

mod about;
mod column;
mod compare;
mod convert;
mod count;
mod cut;
mod diff;
mod digest;
mod encode;
mod fill;
mod fmt;
mod grep;
mod hexdump;
mod join;
mod number;
mod od;
mod pieces;
mod print;
mod quote;
mod sed;
mod sort;
mod strings;
mod tail;
mod translate;
mod uniq;
mod view;
mod xargs;
mod xxd;

pub(crate) use about::options;
pub(crate) use quote::{chars, quote, quoteaf, quotef};

use crate::commands::Program;
use crate::files::Fault;
use crate::kernel::{Input, Open, Proc};
use crate::process::{Direction, Opening};
use decnet_core::limits::TEXT_LINES;

/// Dates of packages' files.
const COREUTILS: i64 = 1_663_687_647;
const DIFFUTILS: i64 = 1_675_450_800;
const UTIL_LINUX: i64 = 1_732_219_314;

pub(super) const PROGRAMS: &[Program] = &[
    Program::new("cat", |p| Box::pin(view::cat(p)), 44_016, COREUTILS),
    Program::new("head", |p| Box::pin(view::head(p)), 48_080, COREUTILS),
    Program::new("nl", |p| Box::pin(number::nl(p)), 113_776, COREUTILS),
    Program::new("rev", |p| Box::pin(view::rev(p)), 14_648, UTIL_LINUX),
    Program::new("tac", |p| Box::pin(view::tac(p)), 113_712, COREUTILS),
    Program::new("tail", |p| Box::pin(tail::tail(p)), 76_944, COREUTILS),
    Program::new("wc", |p| Box::pin(count::wc(p)), 52_280, COREUTILS),
    Program::new("comm", |p| Box::pin(uniq::comm(p)), 48_048, COREUTILS),
    Program::new("cut", |p| Box::pin(cut::cut(p)), 48_112, COREUTILS),
    Program::new("paste", |p| Box::pin(cut::paste(p)), 43_920, COREUTILS),
    Program::new("sort", |p| Box::pin(sort::sort(p)), 118_456, COREUTILS),
    Program::new("uniq", |p| Box::pin(uniq::uniq(p)), 48_080, COREUTILS),
    Program::new("grep", |p| Box::pin(grep::grep(p)), 203_152, 1_674_571_380),
    Program::new("egrep", |p| Box::pin(grep::grep(p)), 41, 1_674_571_380),
    Program::new("fgrep", |p| Box::pin(grep::grep(p)), 41, 1_674_571_380),
    Program::new("rgrep", |p| Box::pin(grep::grep(p)), 30, 1_674_571_380),
    Program::new("sed", |p| Box::pin(sed::sed(p)), 126_424, 1_672_948_525),
    Program::new("tr", |p| Box::pin(translate::tr(p)), 56_208, COREUTILS),
    Program::new("tee", |p| Box::pin(translate::tee(p)), 43_984, COREUTILS),
    Program::new("echo", |p| Box::pin(print::echo(p)), 43_856, COREUTILS),
    Program::new("printf", |p| Box::pin(print::printf(p)), 64_432, COREUTILS),
    Program::new("seq", |p| Box::pin(print::seq(p)), 60_336, COREUTILS),
    Program::new("base64", |p| Box::pin(encode::base64(p)), 48_016, COREUTILS),
    Program::new("base32", |p| Box::pin(encode::base32(p)), 48_016, COREUTILS),
    Program::new("md5sum", |p| Box::pin(digest::md5(p)), 52_176, COREUTILS),
    Program::new("sha1sum", |p| Box::pin(digest::sha1(p)), 56_272, COREUTILS),
    Program::new("sha224sum", |p| Box::pin(digest::sha224(p)), 60_368, COREUTILS),
    Program::new("sha256sum", |p| Box::pin(digest::sha256(p)), 60_368, COREUTILS),
    Program::new("sha384sum", |p| Box::pin(digest::sha384(p)), 64_464, COREUTILS),
    Program::new("sha512sum", |p| Box::pin(digest::sha512(p)), 64_464, COREUTILS),
    Program::new("b2sum", |p| Box::pin(digest::b2(p)), 60_400, COREUTILS),
    Program::new("cksum", |p| Box::pin(digest::cksum(p)), 142_384, COREUTILS),
    Program::new("sum", |p| Box::pin(digest::sum(p)), 52_184, COREUTILS),
    Program::new("xargs", |p| Box::pin(xargs::xargs(p)), 72_136, 1_673_201_273),
    Program::new("od", |p| Box::pin(od::od(p)), 80_912, COREUTILS),
    Program::new("hexdump", |p| Box::pin(hexdump::hexdump(p)), 59_720, UTIL_LINUX),
    Program::new("hd", |p| Box::pin(hexdump::hexdump(p)), 59_720, UTIL_LINUX),
    Program::new("xxd", |p| Box::pin(xxd::xxd(p)), 18_648, 1_739_683_421),
    Program::new("strings", |p| Box::pin(strings::strings(p)), 31_728, 1_673_717_062),
    Program::new("cmp", |p| Box::pin(compare::cmp(p)), 52_176, DIFFUTILS),
    Program::new("diff", |p| Box::pin(diff::diff(p)), 155_216, DIFFUTILS),
    Program::new("join", |p| Box::pin(join::join(p)), 56_304, COREUTILS),
    Program::new("expand", |p| Box::pin(fill::expand(p)), 43_952, COREUTILS),
    Program::new("unexpand", |p| Box::pin(fill::unexpand(p)), 43_952, COREUTILS),
    Program::new("fold", |p| Box::pin(fill::fold(p)), 43_920, COREUTILS),
    Program::new("fmt", |p| Box::pin(fmt::fmt(p)), 48_016, COREUTILS),
    Program::new("column", |p| Box::pin(column::column(p)), 55_616, UTIL_LINUX),
    Program::new("split", |p| Box::pin(pieces::split(p)), 60_984, COREUTILS),
    Program::new("csplit", |p| Box::pin(pieces::csplit(p)), 122_032, COREUTILS),
    Program::new("shuf", |p| Box::pin(pieces::shuf(p)), 60_400, COREUTILS),
    Program::new("iconv", |p| Box::pin(convert::iconv(p)), 64_648, 1_745_000_000),
];

/// `name: path: why`, with the path quoted where it has to be.
pub(crate) fn fault(p: &mut Proc, path: &[u8], fault: Fault) {
    p.complain(&quotef(path), fault.text());
}

/// `name: text` on standard error.
pub(crate) fn say(p: &mut Proc, text: impl AsRef<[u8]>) {
    let name = p.name();
    p.error([name.as_bytes(), b": ", text.as_ref()].concat());
}

/// The files of a command line: standard input where there are none.
pub(crate) fn inputs(rest: &[Vec<u8>]) -> Vec<Vec<u8>> {
    if rest.is_empty() { vec![b"-".to_vec()] } else { rest.to_vec() }
}

/// The next line; a fault is complained about and is the end.
pub(crate) async fn next_line(
    p: &mut Proc,
    input: &mut Input,
    path: &[u8],
    end: u8,
    status: &mut u32,
) -> Option<Vec<u8>> {
    match input.until(p, end).await {
        Ok(line) => line,
        Err(why) => {
            fault(p, path, why);
            *status = 1;
            None
        }
    }
}

/// A file that is written from its beginning, or at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Writing {
    New,
    Append,
}

/// Opens a file to write it: its descriptor.
pub(crate) fn create(p: &mut Proc, path: &[u8], writing: Writing) -> Result<u32, Fault> {
    // As many as a process of Debian may have open.
    if p.fds.len() > 1_020 {
        return Err(Fault::TooManyHandles);
    }
    let truncate = writing == Writing::New;
    let opening = Opening { create: Some(0o666), truncate, exclusive: false };
    let open = p.open(path, Direction::Write, opening, writing == Writing::Append)?;
    Ok(p.add(open, 3))
}

/// Writes a whole file.
pub(crate) async fn write_file(p: &mut Proc, path: &[u8], bytes: &[u8]) -> Result<(), Fault> {
    let fd = create(p, path, Writing::New)?;
    let mut done = Ok(());
    for part in bytes.chunks(64 << 10) {
        done = p.write(fd, part).await;
        if done.is_err() {
            break;
        }
    }
    p.fds.remove(&fd);
    done
}

/// What a command that a shell runs prints.
pub(crate) async fn shell_output(p: &mut Proc, command: &[u8]) -> Vec<u8> {
    p.flush().await;
    let Ok(mut child) = p.fork() else { return Vec::new() };
    let (reader, writer) = crate::kernel::pipe();
    child.args = vec![b"sh".to_vec(), b"-c".to_vec(), command.to_vec()];
    child.fds.insert(1, writer);
    let pid = child
        .spawn(|p| Box::pin(async { crate::commands::exec(p, b"/bin/sh").await.unwrap_or(127) }));
    let fd = p.add(reader, 3);
    let out = p.read_all(fd).await.unwrap_or_default();
    p.fds.remove(&fd);
    p.wait(pid).await;
    out
}

/// Whether a descriptor is a file that can be gone back in.
pub(crate) fn is_file(p: &Proc, fd: u32) -> bool {
    p.fds.get(&fd).and_then(|open| Open::path(open)).is_some_and(|path| {
        p.fs(|process| process.stat_at(&path)).is_ok_and(|stat| stat.is(crate::process::FILE))
    })
}

/// Whether there are more lines than a program holds, which it then says.
pub(crate) fn too_many_lines(p: &mut Proc, text: &[u8], end: u8) -> bool {
    let many = text.iter().filter(|b| **b == end).count() > TEXT_LINES;
    if many {
        say(p, "memory exhausted");
    }
    many
}

/// A line without its end.
pub(crate) fn bare(line: &[u8], end: u8) -> &[u8] {
    match line.split_last() {
        Some((last, rest)) if *last == end => rest,
        _ => line,
    }
}

/// A number with a multiplier behind it, as coreutils take it: `10`, `4K`, `2MB`, `1b`.
pub(crate) fn size(text: &[u8]) -> Option<u64> {
    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
    let (number, unit) = text.split_at_checked(digits)?;
    let factor: u64 = match unit {
        b"" => 1,
        b"b" => 512,
        b"kB" => 1_000,
        b"k" | b"K" | b"KiB" => 1 << 10,
        b"MB" => 1_000_000,
        b"M" | b"m" | b"MiB" => 1 << 20,
        b"GB" => 1_000_000_000,
        b"G" | b"GiB" => 1 << 30,
        b"TB" => 1_000_000_000_000,
        b"T" | b"TiB" => 1 << 40,
        b"P" | b"PiB" => 1 << 50,
        b"E" | b"EiB" => 1 << 60,
        _ => return None,
    };
    let number = match number {
        b"" if unit.is_empty() => return None,
        b"" => 1,
        number => number
            .iter()
            .fold(0_u64, |value, b| value.saturating_mul(10).saturating_add(u64::from(b - b'0'))),
    };
    Some(number.saturating_mul(factor))
}

#[cfg(test)]
mod tests;
