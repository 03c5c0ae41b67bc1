//! `sort`.
//!
//! **Invariant:** lines are sorted in place of their text, which is held once; every comparison is
//! counted as work.

mod compare;
mod key;

use super::{bare, inputs, options, quote, quotef, say};
use crate::commands::Flag;
use crate::files::Fault;
use crate::kernel::Proc;
use compare::Comparer;
use key::Key;
use std::cmp::Ordering;

const SORT: u8 = 3;
const PARALLEL: u8 = 4;
const COMPRESS: u8 = 5;
const BATCH: u8 = 6;
const SOURCE: u8 = 7;
const FILES0: u8 = 8;
const DEBUG: u8 = 9;

const FLAGS: &[Flag] = &[
    Flag::new(b'b', "ignore-leading-blanks"),
    Flag::maybe(b'c', "check"),
    Flag::new(b'C', ""),
    Flag::new(b'd', "dictionary-order"),
    Flag::new(b'f', "ignore-case"),
    Flag::new(b'g', "general-numeric-sort"),
    Flag::new(b'h', "human-numeric-sort"),
    Flag::new(b'i', "ignore-nonprinting"),
    Flag::with(b'k', "key"),
    Flag::new(b'M', "month-sort"),
    Flag::new(b'm', "merge"),
    Flag::new(b'n', "numeric-sort"),
    Flag::with(b'o', "output"),
    Flag::new(b'r', "reverse"),
    Flag::new(b'R', "random-sort"),
    Flag::new(b's', "stable"),
    Flag::with(b'S', "buffer-size"),
    Flag::with(b't', "field-separator"),
    Flag::with(b'T', "temporary-directory"),
    Flag::new(b'u', "unique"),
    Flag::new(b'V', "version-sort"),
    Flag::with(b'y', ""),
    Flag::new(b'z', "zero-terminated"),
    Flag::with(SORT, "sort"),
    Flag::with(PARALLEL, "parallel"),
    Flag::with(COMPRESS, "compress-program"),
    Flag::with(BATCH, "batch-size"),
    Flag::with(SOURCE, "random-source"),
    Flag::with(FILES0, "files0-from"),
    Flag::new(DEBUG, "debug"),
];

/// The kinds of order that `--sort` names.
const KINDS: &[(&str, u8)] = &[
    ("general-numeric", b'g'),
    ("human-numeric", b'h'),
    ("month", b'M'),
    ("numeric", b'n'),
    ("random", b'R'),
    ("version", b'V'),
];

pub(super) async fn sort(p: &mut Proc) -> u32 {
    part_check(p);
    let given = match options(p, FLAGS, 2) {
        Ok(given) => given,
        Err(status) => return status,
    };
    let seed = p.world.with(|world| world.machine.ids[0]) ^ p.now().0.unsigned_abs();
    let mut comparer = Comparer::new(seed);
    let mut quiet = given.has(b'C');
    for (letter, value) in &given.given {
        let value = value.as_deref().unwrap_or_default();
        match letter {
            b'k' => match Key::parse(value) {
                Ok(key) => comparer.keys.push(key),
                Err((why, part)) => {
                    let quoted = quote(p, &part);
                    say(p, [why.as_bytes(), b" ", &quoted].concat());
                    return 2;
                }
            },
            b't' => match tab(p, value) {
                Some(byte) => comparer.tab = Some(byte),
                None => return 2,
            },
            b'c' if matches!(value, b"quiet" | b"silent") => quiet = true,
            b'S' if super::size(value.strip_suffix(b"%").unwrap_or(value)).is_none() => {
                let quoted = quote(p, value);
                say(p, [b"invalid suffix in -S argument ", &quoted[..]].concat());
                return 2;
            }
            &SORT => match KINDS.iter().find(|(name, _)| name.as_bytes() == value) {
                Some((_, letter)) => comparer.global.set(*letter),
                None => return wrong_kind(p, value),
            },
            b'r' => comparer.global.reverse = true,
            letter => comparer.global.set(*letter),
        }
    }
    if let Some(both) = comparer.settle() {
        say(p, format!("options '-{both}' are incompatible"));
        return 2;
    }
    comparer.unique = given.has(b'u');
    comparer.stable = given.has(b's');
    let end = if given.has(b'z') { 0 } else { b'\n' };
    let files = inputs(&given.rest);
    if given.has(b'c') || given.has(b'C') {
        if let Some(extra) = given.rest.get(1) {
            let quoted = quote(p, extra);
            let letter = if given.has(b'C') { "C" } else { "c" };
            let text = [b"extra operand ", &quoted[..], b" not allowed with -", letter.as_bytes()];
            say(p, text.concat());
            return 2;
        }
        return check(p, &comparer, files.first().map_or(b"-", Vec::as_slice), end, quiet).await;
    }
    let text = match gather(p, &files, end).await {
        Some(text) => text,
        None => return 2,
    };
    if super::too_many_lines(p, &text, end) {
        return 2;
    }
    let lines = lines(&text, end);
    let sorted = merge_sort(p, &comparer, lines).await;
    print(p, &comparer, &sorted, end, given.value(b'o')).await
}

/// `-c` takes a value only in its long form.
fn part_check(p: &mut Proc) {
    for arg in p.args.iter_mut().skip(1).take_while(|arg| *arg != b"--") {
        if arg.starts_with(b"-c") && arg.len() > 2 {
            arg.remove(1);
            arg.push(b'c');
        }
    }
}

fn tab(p: &mut Proc, value: &[u8]) -> Option<u8> {
    match value {
        [] => say(p, "empty tab"),
        [byte] => return Some(*byte),
        b"\\0" => return Some(0),
        _ => {
            let quoted = quote(p, value);
            say(p, [b"multi-character tab ", &quoted[..]].concat());
        }
    }
    None
}

fn wrong_kind(p: &mut Proc, value: &[u8]) -> u32 {
    let (quoted, name) = (quote(p, value), quote(p, b"--sort"));
    say(p, [b"invalid argument ", &quoted[..], b" for ", &name].concat());
    p.error("Valid arguments are:");
    for (name, _) in KINDS {
        let quoted = quote(p, name.as_bytes());
        p.error([b"  - ", &quoted[..]].concat());
    }
    p.try_help();
    1
}

fn cannot_read(p: &mut Proc, path: &[u8], why: Fault) {
    let what: &[u8] = if why == Fault::IsFolder { b"read failed: " } else { b"cannot read: " };
    p.complain(&[what, &quotef(path)].concat(), why.text());
}

/// All inputs, each ended by a line end.
async fn gather(p: &mut Proc, files: &[Vec<u8>], end: u8) -> Option<Vec<u8>> {
    let mut all = Vec::new();
    for path in files {
        match p.content(path).await {
            Ok(text) => all.extend(text),
            Err(why) => {
                cannot_read(p, path, why);
                return None;
            }
        }
        if all.last().is_some_and(|&last| last != end) {
            all.push(end);
        }
        if all.len() > crate::kernel::WHOLE_BYTES {
            break;
        }
    }
    Some(all)
}

fn lines(text: &[u8], end: u8) -> Vec<&[u8]> {
    text.split_inclusive(|&b| b == end).map(|line| bare(line, end)).collect()
}

/// A stable sort that lets others have their turn.
async fn merge_sort<'a>(p: &Proc, comparer: &Comparer, mut lines: Vec<&'a [u8]>) -> Vec<&'a [u8]> {
    const RUN: usize = 64;
    for run in lines.chunks_mut(RUN) {
        let work: usize = run.iter().map(|line| line.len() + 16).sum();
        run.sort_by(|a, b| comparer.compare(a, b));
        p.tick(work * 2).await;
    }
    let mut width = RUN;
    let mut spare: Vec<&[u8]> = Vec::with_capacity(lines.len());
    while width < lines.len() {
        spare.clear();
        for pair in lines.chunks(width * 2) {
            let (left, right) = pair.split_at_checked(width).unwrap_or((pair, &[]));
            let (mut left, mut right) = (left.iter(), right.iter());
            let (mut a, mut b) = (left.next(), right.next());
            let mut work = 0;
            while let (Some(first), Some(second)) = (a, b) {
                work += first.len().min(second.len()) / 2 + 8;
                if comparer.compare(first, second) == Ordering::Greater {
                    spare.push(second);
                    b = right.next();
                } else {
                    spare.push(first);
                    a = left.next();
                }
                if work > 4_096 {
                    p.tick(std::mem::take(&mut work)).await;
                }
            }
            spare.extend(a.into_iter().chain(left).chain(b).chain(right));
        }
        std::mem::swap(&mut lines, &mut spare);
        width *= 2;
    }
    lines
}

async fn print(
    p: &mut Proc,
    comparer: &Comparer,
    lines: &[&[u8]],
    end: u8,
    output: Option<&[u8]>,
) -> u32 {
    let fd = match output {
        None | Some(b"-") => 1,
        Some(path) => match super::create(p, path, super::Writing::New) {
            Ok(fd) => fd,
            Err(why) => {
                p.complain(&[b"open failed: ", &quotef(path)[..]].concat(), why.text());
                return 2;
            }
        },
    };
    let mut before: Option<&[u8]> = None;
    for line in lines {
        if comparer.unique && before.is_some_and(|b| comparer.keys_of(b, line) == Ordering::Equal) {
            continue;
        }
        before = Some(line);
        p.put(fd, line);
        p.put(fd, &[end]);
        p.flush_some().await;
    }
    p.flush().await;
    if fd != 1 {
        p.fds.remove(&fd);
    }
    0
}

/// Whether the lines are in order already.
async fn check(p: &mut Proc, comparer: &Comparer, path: &[u8], end: u8, quiet: bool) -> u32 {
    let text = match p.content(path).await {
        Ok(text) => text,
        Err(why) => {
            cannot_read(p, path, why);
            return 2;
        }
    };
    if super::too_many_lines(p, &text, end) {
        return 2;
    }
    let lines = lines(&text, end);
    for (index, pair) in lines.windows(2).enumerate() {
        let [first, second] = pair else { continue };
        p.tick(second.len() / 4 + 4).await;
        let order = if comparer.unique {
            comparer.keys_of(first, second)
        } else {
            comparer.compare(first, second)
        };
        if order == Ordering::Greater || order == Ordering::Equal && comparer.unique {
            if !quiet {
                let place = format!(":{}: disorder: ", index + 2);
                say(p, [path, place.as_bytes(), second].concat());
            }
            return 1;
        }
    }
    0
}
