//! `tail`, which may wait for more.
//!
//! **Invariant:** what follows is read as it grows; nothing of it is kept.

use super::view::{modern, title};
use super::{inputs, options, quote, quoteaf, say, size};
use crate::commands::Flag;
use crate::files::{Fault, Last};
use crate::kernel::Proc;

const PID: u8 = 3;
const RETRY: u8 = 4;

const TAIL: &[Flag] = &[
    Flag::with(b'c', "bytes"),
    Flag::maybe(b'f', "follow"),
    Flag::new(b'F', ""),
    Flag::with(b'n', "lines"),
    Flag::with(PID, "pid"),
    Flag::new(b'q', "quiet"),
    Flag::new(b'q', "silent"),
    Flag::new(RETRY, "retry"),
    Flag::with(b's', "sleep-interval"),
    Flag::new(b'v', "verbose"),
    Flag::new(b'z', "zero-terminated"),
];

/// Where the end begins.
#[derive(Clone, Copy, Debug)]
enum Amount {
    Last(u64),
    /// Counted from one.
    From(u64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Lines,
    Bytes,
}

/// What is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Follow {
    Nothing,
    /// The file that was opened.
    Descriptor,
    /// Whatever has the name.
    Name,
}

struct Followed {
    path: Vec<u8>,
    fd: Option<u32>,
    size: u64,
    /// Its inode's stand-in: when it was replaced, this differs.
    there: bool,
}

/// Where the last so many lines begin.
pub(super) fn last_lines(text: &[u8], end: u8, lines: u64) -> usize {
    if lines == 0 {
        return text.len();
    }
    let body = match text.split_last() {
        Some((last, rest)) if *last == end => rest,
        _ => text,
    };
    let mut left = lines;
    for (index, _) in body.iter().enumerate().rev().filter(|(_, b)| **b == end) {
        left -= 1;
        if left == 0 {
            return index + 1;
        }
    }
    0
}

/// Splits `-f` from the letters behind it: it takes a value only in its long form.
fn part_follow(p: &mut Proc) {
    let mut done = false;
    for arg in p.args.iter_mut().skip(1) {
        done |= arg == b"--";
        let short = arg.starts_with(b"-") && !arg.starts_with(b"--") && arg.len() > 2;
        // `-fn 5` and `-f5n`: letters that take no value come first.
        if !done && short && !arg.iter().any(|b| b"ncs".contains(b)) {
            let follows = arg.contains(&b'f');
            let mut rest: Vec<u8> = arg.iter().copied().filter(|b| *b != b'f').collect();
            if follows {
                rest.push(b'f');
            }
            *arg = rest;
        } else if !done && short && arg.starts_with(b"-f") {
            arg.drain(1..2);
            // The first letter that takes a value ends the others.
            let at = arg.iter().position(|b| b"ncs".contains(b)).unwrap_or(1);
            arg.splice(at..at, *b"F");
            arg.retain({
                let mut seen = 0;
                move |b| {
                    seen += usize::from(*b == b'F');
                    *b != b'F' || seen <= 1
                }
            });
            if let Some(letter) = arg.iter_mut().find(|b| **b == b'F') {
                *letter = DESCRIPTOR;
            }
        }
    }
}

/// A letter of our own for `-f` in the middle of others.
const DESCRIPTOR: u8 = b'~';

pub(super) async fn tail(p: &mut Proc) -> u32 {
    modern(p, b'-');
    modern(p, b'+');
    part_follow(p);
    let flags = [TAIL, &[Flag::new(DESCRIPTOR, "")]].concat();
    let given = match options(p, &flags, 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    let mut amount = Amount::Last(10);
    let mut unit = Unit::Lines;
    for (letter, value) in given.given.iter().filter(|(letter, _)| b"nc".contains(letter)) {
        let value = value.as_deref().unwrap_or_default();
        let digits = value.strip_prefix(b"-").or(value.strip_prefix(b"+")).unwrap_or(value);
        let Some(number) = size(digits) else {
            let what = if *letter == b'c' { "bytes" } else { "lines" };
            let quoted = quote(p, value);
            say(p, [b"invalid number of ", what.as_bytes(), b": ", &quoted].concat());
            return 1;
        };
        unit = if *letter == b'c' { Unit::Bytes } else { Unit::Lines };
        amount = if value.starts_with(b"+") { Amount::From(number) } else { Amount::Last(number) };
    }
    let mut follow = Follow::Nothing;
    for (letter, value) in &given.given {
        match (*letter, value.as_deref()) {
            (b'F', _) | (b'f', Some(b"name")) => follow = Follow::Name,
            (b'f' | DESCRIPTOR, _) => follow = Follow::Descriptor,
            _ => {}
        }
    }
    let interval = given.value(b's').and_then(crate::commands::basic_duration).unwrap_or(1.0);
    let end = if given.has(b'z') { 0 } else { b'\n' };
    let files = inputs(&given.rest);
    let titles = match given.last_of(b"qv") {
        Some(b'v') => true,
        Some(_) => false,
        None => files.len() > 1,
    };
    let mut status = 0;
    let mut first = true;
    let mut followed = Vec::new();
    for path in files {
        match start(p, &path, titles, &mut first, (amount, unit, end)).await {
            Ok(Some(file)) => followed.push(file),
            Ok(None) => {}
            Err(why) => {
                status = 1;
                complain_open(p, &path, why);
                if follow == Follow::Name {
                    followed.push(Followed { path, fd: None, size: 0, there: false });
                }
            }
        }
    }
    if follow == Follow::Nothing {
        return status;
    }
    if followed.is_empty() {
        if status != 0 {
            say(p, "no files remaining");
        }
        return status;
    }
    let pid = given.value(PID).and_then(|text| std::str::from_utf8(text).ok()?.parse().ok());
    wait(p, &mut followed, follow, (titles, interval, pid)).await
}

fn complain_open(p: &mut Proc, path: &[u8], why: Fault) {
    if why == Fault::IsFolder {
        p.complain(&[b"error reading ", &quoteaf(path)[..]].concat(), why.text());
    } else {
        let what = [b"cannot open ", &quoteaf(path)[..], b" for reading"].concat();
        p.complain(&what, why.text());
    }
}

/// Shows the end of a file; what can be followed of it.
async fn start(
    p: &mut Proc,
    path: &[u8],
    titles: bool,
    first: &mut bool,
    (amount, unit, end): (Amount, Unit, u8),
) -> Result<Option<Followed>, Fault> {
    let input = match p.input(path) {
        Err(Fault::IsFolder) => {
            title(p, path, titles, first);
            return Err(Fault::IsFolder);
        }
        input => input?,
    };
    title(p, path, titles, first);
    let fd = input.fd;
    let known = p.fds.get(&fd).and_then(|open| open.path());
    match (amount, unit) {
        (Amount::From(number), unit) => from(p, fd, number.saturating_sub(1), unit, end).await?,
        (Amount::Last(number), unit) => {
            // Of a long file only the end is looked at.
            if let Some(path) = &known {
                let size = p.fs(|process| process.stat_at(path)).map_or(0, |stat| stat.size);
                let least = match unit {
                    Unit::Bytes => number,
                    Unit::Lines => number.saturating_mul(2_048).max(1 << 20),
                };
                if let Some(open) = p.fds.get(&fd)
                    && size > least
                    && open.offset() == Some(0)
                {
                    open.seek(size - least);
                }
            }
            let text = p.read_all(fd).await?;
            p.tick(text.len()).await;
            let cut = match unit {
                Unit::Bytes => {
                    text.len().saturating_sub(usize::try_from(number).unwrap_or(usize::MAX))
                }
                Unit::Lines => last_lines(&text, end, number),
            };
            p.print(text.get(cut..).unwrap_or_default());
        }
    }
    p.flush().await;
    if known.is_none() {
        p.done(&input);
        return Ok(None);
    }
    let size = p.fds.get(&fd).and_then(|open| open.offset()).unwrap_or(0);
    Ok(Some(Followed { path: path.to_vec(), fd: Some(fd), size, there: true }))
}

/// Shows all but so much of the beginning.
async fn from(p: &mut Proc, fd: u32, mut skip: u64, unit: Unit, end: u8) -> Result<(), Fault> {
    loop {
        let piece = p.read(fd, crate::kernel::CHUNK).await?;
        if piece.is_empty() {
            return Ok(());
        }
        let mut at = 0;
        if skip > 0 {
            match unit {
                Unit::Bytes => {
                    at = usize::try_from(skip).unwrap_or(usize::MAX).min(piece.len());
                    skip -= at as u64;
                }
                Unit::Lines => {
                    while skip > 0 && at < piece.len() {
                        let rest = piece.get(at..).unwrap_or_default();
                        match rest.iter().position(|&b| b == end) {
                            Some(found) => {
                                at += found + 1;
                                skip -= 1;
                            }
                            None => at = piece.len(),
                        }
                    }
                }
            }
        }
        p.print(piece.get(at..).unwrap_or_default());
        p.flush().await;
    }
}

/// Shows what comes, for as long as it may.
async fn wait(
    p: &mut Proc,
    files: &mut [Followed],
    follow: Follow,
    (titles, interval, pid): (bool, f64, Option<u32>),
) -> u32 {
    let mut shown = files.len().saturating_sub(1);
    #[expect(clippy::cast_possible_truncation, reason = "saturates")]
    let pause = ((interval * 1e9) as i64).max(10_000_000);
    loop {
        p.sleep(pause).await;
        for (index, file) in files.iter_mut().enumerate() {
            if follow == Follow::Name {
                look_again(p, file);
            }
            let Some(fd) = file.fd else { continue };
            let known = p.fds.get(&fd).and_then(|open| open.path());
            let size = known.and_then(|path| p.fs(|process| process.stat_at(&path)).ok());
            let size = size.map_or(file.size, |stat| stat.size);
            if size < file.size {
                let name = file.path.clone();
                p.complain(&super::quotef(&name), "file truncated");
                if let Some(open) = p.fds.get(&fd) {
                    open.seek(0);
                }
            }
            file.size = size;
            loop {
                let piece = p.read(fd, crate::kernel::CHUNK).await.unwrap_or_default();
                if piece.is_empty() {
                    break;
                }
                if shown != index {
                    let mut first = false;
                    title(p, &file.path, titles, &mut first);
                    shown = index;
                }
                p.print(piece);
                p.flush().await;
            }
        }
        let gone = |pid: u32| p.world.with(|world| !world.table.contains_key(&pid));
        if pid.is_some_and(gone) {
            return 0;
        }
    }
}

/// Whether the name is still, or again, a file.
fn look_again(p: &mut Proc, file: &mut Followed) {
    let found = p.fs(|process| process.stat(&file.path, Last::Follow));
    let opened = file.fd.and_then(|fd| p.fds.get(&fd)).and_then(|open| open.path());
    match (found, file.there) {
        (Err(why), true) => {
            let what = [&quoteaf(&file.path)[..], b" has become inaccessible"].concat();
            p.complain(&what, why.text());
            file.there = false;
        }
        (Ok(_), there) if !there || opened.is_none() => {
            let Ok(input) = p.input(&file.path) else { return };
            let how: &[u8] = if there {
                b" has been replaced;  following new file"
            } else {
                b" has appeared;  following new file"
            };
            let text = [&quoteaf(&file.path)[..], how].concat();
            say(p, text);
            if let Some(old) = file.fd.replace(input.fd) {
                p.fds.remove(&old);
            }
            file.size = 0;
            file.there = true;
        }
        (Ok(_) | Err(_), _) => {}
    }
}
