//! `gzip`, `gunzip`, `zcat`.
//!
//! **Invariant:** what is packed or unpacked goes through in pieces, however large it becomes.

use super::packed::{Packer, Unpacker, Wrong};
use super::{join, last_part};
use crate::commands::{Flag, Options, Program};
use crate::files::{Fault, Last};
use crate::kernel::Proc;
use crate::process::{Direction, FOLDER, LINK, Opening, Stat, Times};

pub(crate) const PROGRAMS: &[Program] = &[
    Program::new("gzip", |p| Box::pin(gzip(p)), 98_136, BUILT),
    Program::new("gunzip", |p| Box::pin(gzip(p)), 2_346, BUILT),
    Program::new("uncompress", |p| Box::pin(gzip(p)), 2_346, BUILT),
    Program::new("zcat", |p| Box::pin(gzip(p)), 1_984, BUILT),
];

const BUILT: i64 = 1_649_557_346;
const LICENSE: u8 = b'L';
const RSYNCABLE: u8 = 130;
const SYNCHRONOUS: u8 = 131;

const FLAGS: &[Flag] = &[
    Flag::new(b'a', "ascii"),
    Flag::new(b'c', "stdout"),
    Flag::new(b'c', "to-stdout"),
    Flag::new(b'd', "decompress"),
    Flag::new(b'd', "uncompress"),
    Flag::new(b'f', "force"),
    Flag::new(b'h', "help"),
    Flag::new(b'k', "keep"),
    Flag::new(b'l', "list"),
    Flag::new(LICENSE, "license"),
    Flag::new(b'n', "no-name"),
    Flag::new(b'N', "name"),
    Flag::new(b'q', "quiet"),
    Flag::new(b'q', "silent"),
    Flag::new(b'r', "recursive"),
    Flag::with(b'S', "suffix"),
    Flag::new(b't', "test"),
    Flag::new(b'v', "verbose"),
    Flag::new(b'V', "version"),
    Flag::new(b'1', "fast"),
    Flag::new(b'2', ""),
    Flag::new(b'3', ""),
    Flag::new(b'4', ""),
    Flag::new(b'5', ""),
    Flag::new(b'6', ""),
    Flag::new(b'7', ""),
    Flag::new(b'8', ""),
    Flag::new(b'9', "best"),
    Flag::new(RSYNCABLE, "rsyncable"),
    Flag::new(SYNCHRONOUS, "synchronous"),
];

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doing {
    Pack,
    Unpack,
    Test,
    List,
}

struct Run {
    doing: Doing,
    given: Options,
    level: u32,
    suffix: Vec<u8>,
    stdout: bool,
    status: u32,
    listed: bool,
    /// Of all that was listed.
    totals: (u64, u64, u32),
}

async fn gzip(p: &mut Proc) -> u32 {
    let name = p.name();
    // The others are scripts that run gzip.
    let args = p.args.clone();
    if let Some(first) = p.args.first_mut() {
        *first = b"gzip".to_vec();
    }
    let Some(given) = Options::read(p, FLAGS, false) else {
        p.error("Try `gzip --help' for more information.");
        return 1;
    };
    p.args = args;
    if let Some(first) = p.args.first_mut() {
        *first = b"gzip".to_vec();
    }
    if given.has(b'V') {
        p.line("gzip 1.12");
        p.line("Copyright (C) 2018 Free Software Foundation, Inc.");
        p.line("Copyright (C) 1993 Jean-loup Gailly.");
        p.line("This is free software.  You may redistribute copies of it under the terms of");
        p.line("the GNU General Public License <https://www.gnu.org/licenses/gpl.html>.");
        p.line("There is NO WARRANTY, to the extent permitted by law.\n");
        p.line("Written by Jean-loup Gailly.");
        return 0;
    }
    if given.has(b'h') {
        p.line("Usage: gzip [OPTION]... [FILE]...");
        p.line("Compress or uncompress FILEs (by default, compress FILES in-place).\n");
        return 0;
    }
    let doing = match name.as_str() {
        _ if given.has(b'l') => Doing::List,
        _ if given.has(b't') => Doing::Test,
        "gunzip" | "zcat" | "uncompress" => Doing::Unpack,
        _ if given.has(b'd') => Doing::Unpack,
        _ => Doing::Pack,
    };
    let level = given.last_of(b"123456789").map_or(6, |digit| u32::from(digit - b'0'));
    let suffix = given.value(b'S').unwrap_or(b".gz").to_vec();
    let stdout = given.has(b'c') || name == "zcat";
    let names = given.rest.clone();
    let mut run =
        Run { doing, given, level, suffix, stdout, status: 0, listed: false, totals: (0, 0, 0) };
    if names.is_empty() {
        run.standard(p).await;
    }
    for name in names {
        if name == b"-" {
            run.standard(p).await;
        } else {
            run.tree(p, name).await;
        }
        p.flush_some().await;
    }
    if run.totals.2 > 1 {
        let (packed, plain, _) = run.totals;
        run.list_line(p, packed, plain, 10, b"(totals)");
    }
    run.status
}

impl Run {
    fn fail(&mut self, p: &mut Proc, text: &[u8]) {
        p.error([b"gzip: ", text].concat());
        self.status = 1;
    }

    fn warn(&mut self, p: &mut Proc, text: &[u8]) {
        if !self.given.has(b'q') {
            p.error([b"gzip: ", text].concat());
        }
        if self.status == 0 {
            self.status = 2;
        }
    }

    async fn standard(&mut self, p: &mut Proc) {
        if self.doing == Doing::Pack && p.is_terminal(1) && !self.given.has(b'f') {
            p.error(
                "gzip: compressed data not written to a terminal. Use -f to force compression.",
            );
            p.error("For help, type: gzip -h");
            self.status = 1;
            return;
        }
        if self.doing == Doing::Unpack && p.is_terminal(0) && !self.given.has(b'f') {
            p.error(
                "gzip: compressed data not read from a terminal. Use -f to force decompression.",
            );
            p.error("For help, type: gzip -h");
            self.status = 1;
            return;
        }
        match self.doing {
            Doing::Pack => {
                let packer = Packer::new(self.level, b"", 0);
                let _ = pack(p, 0, Some(1), packer).await;
            }
            Doing::Unpack | Doing::Test | Doing::List => {
                let out = (self.doing == Doing::Unpack).then_some(1);
                match unpack(p, 0, out, self.given.has(b'f')).await {
                    Ok(sizes) if self.doing == Doing::List => {
                        self.list(p, sizes, b"stdout");
                    }
                    Ok(_) => {}
                    Err((wrong, _)) => self.complain(p, b"stdin", wrong),
                }
            }
        }
    }

    /// A complaint about what was read, with a blank line before it as gzip has it.
    fn complain(&mut self, p: &mut Proc, name: &[u8], wrong: Wrong) {
        if !(wrong == Wrong::End && self.doing == Doing::Pack) {
            p.put(2, b"\n");
        }
        let text = [name, b": ", wrong.text().as_bytes()].concat();
        self.fail(p, &text);
    }

    async fn tree(&mut self, p: &mut Proc, name: Vec<u8>) {
        let mut todo = vec![name];
        while let Some(name) = todo.pop() {
            p.tick(200).await;
            let mut name = name;
            let mut found = p.stat(&name, Last::Keep);
            if found == Err(Fault::Missing) && self.doing != Doing::Pack {
                let with = [name.as_slice(), &self.suffix].concat();
                found = p.stat(&with, Last::Keep);
                name = with;
            }
            let stat = match found {
                Ok(stat) => stat,
                Err(fault) => {
                    let text = [name.as_slice(), b": ", fault.text().as_bytes()].concat();
                    self.fail(p, &text);
                    continue;
                }
            };
            if stat.is(FOLDER) {
                if !self.given.has(b'r') {
                    self.warn(p, &[name.as_slice(), b" is a directory -- ignored"].concat());
                    continue;
                }
                let names = p.fs(|process| {
                    let found = process.find(&name, Last::Follow)?;
                    process.entries(&found)
                });
                match names {
                    Ok(names) => {
                        todo.extend(names.iter().rev().map(|(inner, _)| join(&name, inner)));
                    }
                    Err(fault) => {
                        let text = [name.as_slice(), b": ", fault.text().as_bytes()].concat();
                        self.fail(p, &text);
                    }
                }
                continue;
            }
            let plain = self.stdout || matches!(self.doing, Doing::Test | Doing::List);
            if stat.is(LINK) && !plain && !self.given.has(b'f') {
                let text = [name.as_slice(), b": ", Fault::Loop.text().as_bytes()].concat();
                self.fail(p, &text);
                continue;
            }
            self.file(p, name, stat).await;
        }
    }

    async fn file(&mut self, p: &mut Proc, name: Vec<u8>, stat: Stat) {
        let plain = self.stdout || matches!(self.doing, Doing::Test | Doing::List);
        let target = match self.doing {
            Doing::Pack if name.ends_with(&self.suffix) && !self.stdout => {
                let suffix = String::from_utf8_lossy(&self.suffix).into_owned();
                let text = format!(" already has {suffix} suffix -- unchanged");
                return self.warn(p, &[name.as_slice(), text.as_bytes()].concat());
            }
            Doing::Pack => [name.as_slice(), &self.suffix].concat(),
            Doing::Unpack | Doing::Test | Doing::List => match self.stem(&name) {
                Some(target) => target,
                None if plain => name.clone(),
                None => {
                    let text = b": unknown suffix -- ignored";
                    return self.warn(p, &[name.as_slice(), text].concat());
                }
            },
        };
        if stat.links > 1 && !plain && !self.given.has(b'f') {
            let others = stat.links - 1;
            let plural = if others == 1 { "" } else { "s" };
            let text = format!(" has {others} other link{plural} -- file ignored");
            return self.warn(p, &[name.as_slice(), text.as_bytes()].concat());
        }
        let source = match p.open(&name, Direction::Read, Opening::default(), false) {
            Ok(open) => p.add(open, 3),
            Err(fault) => {
                let text = [name.as_slice(), b": ", fault.text().as_bytes()].concat();
                return self.fail(p, &text);
            }
        };
        let mut sink = None;
        if self.stdout && self.doing != Doing::Test && self.doing != Doing::List {
            sink = Some(1);
        } else if !plain {
            match self.create(p, &target).await {
                Some(fd) => sink = Some(fd),
                None => {
                    p.fds.remove(&source);
                    return;
                }
            }
        }
        let done = match self.doing {
            Doing::Pack => {
                let kept = if self.given.has(b'n') { b"" } else { last_part(&name) };
                let changed = if self.given.has(b'n') { 0 } else { stat.changed };
                let packer = Packer::new(self.level, kept, changed);
                pack(p, source, sink, packer).await.map_err(|fault| (Wrong::End, Some(fault)))
            }
            Doing::Unpack | Doing::Test | Doing::List => {
                let through = self.given.has(b'f') && self.stdout;
                unpack(p, source, sink, through).await
            }
        };
        p.fds.remove(&source);
        if let Some(fd) = sink.filter(|fd| *fd > 2) {
            p.fds.remove(&fd);
        }
        match done {
            Ok(sizes) => self.done(p, &name, &target, &stat, sizes, plain),
            Err((wrong, fault)) => {
                match fault {
                    Some(fault) => {
                        let text = [target.as_slice(), b": ", fault.text().as_bytes()].concat();
                        self.fail(p, &text);
                    }
                    None => self.complain(p, &name, wrong),
                }
                if !plain {
                    let _ = p.fs(|process| process.unlink(&target));
                }
            }
        }
    }

    /// The name without what says that it is packed.
    fn stem(&self, name: &[u8]) -> Option<Vec<u8>> {
        let lower = name.to_ascii_lowercase();
        for (end, instead) in [
            (self.suffix.as_slice(), &b""[..]),
            (b".gz", b""),
            (b".z", b""),
            (b".tgz", b".tar"),
            (b".taz", b".tar"),
            (b"-gz", b""),
            (b"-z", b""),
            (b"_z", b""),
        ] {
            let long = last_part(name).len() > end.len();
            if long && !end.is_empty() && lower.ends_with(end) {
                let length = name.len() - end.len();
                return Some([name.get(..length).unwrap_or_default(), instead].concat());
            }
        }
        None
    }

    async fn create(&mut self, p: &mut Proc, target: &[u8]) -> Option<u32> {
        if p.stat(target, Last::Keep).is_ok() {
            let mut over = self.given.has(b'f');
            if !over && p.is_terminal(0) {
                let question =
                    [b"gzip: ", target, b" already exists; do you wish to overwrite (y or n)? "];
                p.put(2, &question.concat());
                let answer = p.read_line(0, 4_096).await.unwrap_or_default();
                over = matches!(answer.first(), Some(b'y' | b'Y'));
                if !over {
                    p.error("\tnot overwritten");
                    self.status = 2;
                    return None;
                }
            }
            if !over {
                self.warn(p, &[target, b" already exists;\tnot overwritten"].concat());
                return None;
            }
            let _ = p.fs(|process| process.unlink(target));
        }
        let opening = Opening { create: Some(0o600), exclusive: true, truncate: true };
        match p.open(target, Direction::Write, opening, false) {
            Ok(open) => Some(p.add(open, 3)),
            Err(fault) => {
                let text = [target, b": ", fault.text().as_bytes()].concat();
                self.fail(p, &text);
                None
            }
        }
    }

    fn done(
        &mut self,
        p: &mut Proc,
        name: &[u8],
        target: &[u8],
        stat: &Stat,
        sizes: Sizes,
        plain: bool,
    ) {
        if self.doing == Doing::List {
            return self.list(p, sizes, target);
        }
        if !plain {
            let mode = u16::try_from(stat.mode & 0o777).unwrap_or(0o644);
            let whole = |seconds: i64, ns: u32| {
                Some(seconds.saturating_mul(1_000_000_000).saturating_add(i64::from(ns)))
            };
            let times = Times::To {
                accessed: whole(stat.accessed, stat.accessed_ns),
                changed: whole(stat.changed, stat.changed_ns),
            };
            p.fs(|process| {
                let _ = process.chown(target, (stat.uid, stat.gid), Last::Keep);
                let _ = process.chmod(target, mode, Last::Keep);
                let _ = process.set_times(target, times, Last::Keep);
                if !self.given.has(b'k') {
                    let _ = process.unlink(name);
                }
            });
        }
        if self.given.has(b'v') {
            let mut line = [name, b":\t"].concat();
            if self.doing == Doing::Test {
                line.extend_from_slice(b" OK");
            } else {
                let (whole, packed) = match self.doing {
                    Doing::Pack => (sizes.read, sizes.written),
                    Doing::Unpack | Doing::Test | Doing::List => (sizes.written, sizes.read),
                };
                line.extend(ratio(whole, packed, sizes.head).bytes());
                if !plain {
                    let verb: &[u8] =
                        if self.given.has(b'k') { b" -- created " } else { b" -- replaced with " };
                    line.extend_from_slice(&[verb, target].concat());
                }
            }
            p.error(line);
        }
    }

    fn list(&mut self, p: &mut Proc, sizes: Sizes, name: &[u8]) {
        let (packed, plain) = (sizes.read, sizes.written);
        if !std::mem::replace(&mut self.listed, true) && !self.given.has(b'q') {
            p.line("         compressed        uncompressed  ratio uncompressed_name");
        }
        self.totals = (self.totals.0 + packed, self.totals.1 + plain, self.totals.2 + 1);
        self.list_line(p, packed, plain, sizes.head, name);
    }

    fn list_line(&self, p: &mut Proc, packed: u64, plain: u64, head: u64, name: &[u8]) {
        let line = format!("{packed:19} {plain:19} {} ", ratio(plain, packed, head));
        p.line([line.as_bytes(), name].concat());
    }
}

/// How much smaller it is, without the head.
fn ratio(plain: u64, packed: u64, head: u64) -> String {
    if plain == 0 {
        return "  0.0%".to_owned();
    }
    let body = i128::from(packed) - i128::from(head) - 8;
    let thousandths = ((i128::from(plain) - body) * 2_000 / i128::from(plain) + 1).div_euclid(2);
    let sign = if thousandths < 0 { "-" } else { "" };
    let thousandths = thousandths.abs();
    let text = format!("{sign}{}.{}%", thousandths / 10, thousandths % 10);
    format!("{text:>6}")
}

/// What went in and came out, and the length of the head.
#[derive(Clone, Copy, Debug)]
struct Sizes {
    read: u64,
    written: u64,
    head: u64,
}

/// Packs all that can be read; says what went in and came out.
async fn pack(
    p: &mut Proc,
    source: u32,
    sink: Option<u32>,
    mut packer: Packer,
) -> Result<Sizes, Fault> {
    let head = packer.head_bytes();
    let mut written = 0_u64;
    loop {
        let bytes = p.read(source, 32_768).await?;
        let mut out = Vec::new();
        if bytes.is_empty() {
            packer.finish(&mut out);
        } else {
            packer.push(&bytes, &mut out);
            p.tick(bytes.len()).await;
        }
        written += out.len() as u64;
        if let Some(sink) = sink
            && !out.is_empty()
        {
            p.write(sink, &out).await?;
        }
        if bytes.is_empty() {
            return Ok(Sizes { read: packer.amount(), written, head });
        }
    }
}

/// Unpacks all that can be read; says what went in and came out.
async fn unpack(
    p: &mut Proc,
    source: u32,
    sink: Option<u32>,
    through: bool,
) -> Result<Sizes, (Wrong, Option<Fault>)> {
    let fault = |fault| (Wrong::End, Some(fault));
    let mut unpacker = Unpacker::new();
    let (mut read, mut written) = (0_u64, 0_u64);
    let mut plain = false;
    loop {
        let bytes = p.read(source, 32_768).await.map_err(fault)?;
        if bytes.is_empty() {
            if !plain {
                unpacker.end().map_err(|wrong| (wrong, None))?;
            }
            let name = unpacker.name.len() as u64;
            let head = 10 + if name > 0 { name + 1 } else { 0 };
            return Ok(Sizes { read, written, head });
        }
        plain |= through && read == 0 && !bytes.starts_with(&[0x1f, 0x8b]);
        read += bytes.len() as u64;
        if plain {
            if let Some(sink) = sink {
                p.write(sink, &bytes).await.map_err(fault)?;
            }
            continue;
        }
        unpacker.give(&bytes);
        loop {
            let out = unpacker.take().map_err(|wrong| (wrong, None))?;
            if out.is_empty() {
                break;
            }
            p.tick(out.len() / 2).await;
            written += out.len() as u64;
            if let Some(sink) = sink {
                p.write(sink, &out).await.map_err(fault)?;
            }
        }
    }
}
