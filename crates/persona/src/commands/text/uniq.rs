//! `uniq` and `comm`.
//!
//! **Invariant:** two lines at a time; groups are not held.

use super::{Writing, bare, create, fault, next_line, options, quote, quoteaf, say};
use crate::commands::{Flag, Options};
use crate::files::Fault;
use crate::kernel::{Input, Proc};
use std::cmp::Ordering;

const GROUP: u8 = 3;

const UNIQ: &[Flag] = &[
    Flag::new(b'c', "count"),
    Flag::new(b'd', "repeated"),
    Flag::maybe(b'D', "all-repeated"),
    Flag::with(b'f', "skip-fields"),
    Flag::maybe(GROUP, "group"),
    Flag::new(b'i', "ignore-case"),
    Flag::with(b's', "skip-chars"),
    Flag::new(b'u', "unique"),
    Flag::with(b'w', "check-chars"),
    Flag::new(b'z', "zero-terminated"),
];

struct Uniq {
    fields: usize,
    skip: usize,
    most: usize,
    fold: bool,
    count: bool,
    /// Lines that are alone, the first of several, the others of several.
    alone: bool,
    first: bool,
    others: bool,
    between: Between,
}

/// Where empty lines go around groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Between {
    None,
    Prepend,
    Append,
    Separate,
    Both,
}

pub(super) async fn uniq(p: &mut Proc) -> u32 {
    for arg in p.args.iter_mut().skip(1).take_while(|arg| *arg != b"--") {
        // A letter takes no value here, but its long form does.
        if arg.starts_with(b"-D") && arg.len() > 2 {
            arg.remove(1);
            arg.push(b'D');
        }
    }
    let given = match options(p, UNIQ, 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    let uniq = match settings(p, &given) {
        Ok(uniq) => uniq,
        Err(status) => return status,
    };
    if let Some(extra) = given.rest.get(2) {
        let quoted = quote(p, extra);
        say(p, [b"extra operand ", &quoted[..]].concat());
        p.try_help();
        return 1;
    }
    let end = if given.has(b'z') { 0 } else { b'\n' };
    let path = given.rest.first().cloned().unwrap_or_else(|| b"-".to_vec());
    let mut input = match p.input(&path) {
        Ok(input) => input,
        Err(Fault::IsFolder) => {
            say(p, [b"error reading ", &quoteaf(&path)[..]].concat());
            return 1;
        }
        Err(why) => {
            fault(p, &path, why);
            return 1;
        }
    };
    let out = match given.rest.get(1) {
        None => 1,
        Some(path) if path == b"-" => 1,
        Some(path) => match create(p, path, Writing::New) {
            Ok(fd) => fd,
            Err(why) => {
                fault(p, path, why);
                return 1;
            }
        },
    };
    let mut status = 0;
    let mut before: Option<(Vec<u8>, u64)> = None;
    let mut groups = 0_u64;
    loop {
        let line = next_line(p, &mut input, &path, end, &mut status).await;
        let line = line.map(|line| bare(&line, end).to_vec());
        let same = matches!((&line, &before), (Some(a), Some((b, _))) if uniq.same(a, b));
        if let Some((text, count)) = before.take() {
            uniq.show(p, out, (&text, count, same), end, &mut groups);
            if same {
                before =
                    Some((if uniq.others { line.unwrap_or_default() } else { text }, count + 1));
                p.flush_some().await;
                continue;
            }
        }
        p.flush_some().await;
        match line {
            Some(line) => before = Some((line, 1)),
            None => break,
        }
    }
    if groups > 0 && matches!(uniq.between, Between::Append | Between::Both) {
        p.put(out, &[end]);
    }
    status
}

fn settings(p: &mut Proc, given: &Options) -> Result<Uniq, u32> {
    let (once, twice) = (given.has(b'u'), given.has(b'd'));
    let mut uniq = Uniq {
        fields: 0,
        skip: 0,
        most: usize::MAX,
        fold: given.has(b'i'),
        count: given.has(b'c'),
        alone: !twice,
        first: !once,
        others: false,
        between: Between::None,
    };
    for (letter, value) in &given.given {
        let text = value.as_deref().unwrap_or_default();
        let what = match letter {
            b'f' => "fields to skip",
            b's' => "bytes to skip",
            b'w' => "bytes to compare",
            b'D' => {
                uniq.between = method(
                    p,
                    text,
                    "--all-repeated",
                    &[
                        ("none", Between::None),
                        ("prepend", Between::Prepend),
                        ("separate", Between::Separate),
                    ],
                )?;
                (uniq.alone, uniq.first, uniq.others) = (false, true, true);
                continue;
            }
            &GROUP => {
                let text = if value.is_none() { b"separate" } else { text };
                uniq.between = method(
                    p,
                    text,
                    "--group",
                    &[
                        ("prepend", Between::Prepend),
                        ("append", Between::Append),
                        ("separate", Between::Separate),
                        ("both", Between::Both),
                    ],
                )?;
                (uniq.alone, uniq.first, uniq.others) = (true, true, true);
                continue;
            }
            _ => continue,
        };
        let number = super::size(text).filter(|_| text.iter().all(u8::is_ascii_digit));
        let Some(number) = number else {
            p.complain(text, &format!("invalid number of {what}"));
            return Err(1);
        };
        let number = usize::try_from(number).unwrap_or(usize::MAX);
        match letter {
            b'f' => uniq.fields = number,
            b's' => uniq.skip = number,
            _ => uniq.most = number,
        }
    }
    if given.has(GROUP) && (uniq.count || once || twice || given.has(b'D')) {
        say(p, "--group is mutually exclusive with -c/-d/-D/-u");
        p.try_help();
        return Err(1);
    }
    if given.has(b'D') && uniq.count {
        say(p, "printing all duplicated lines and repeat counts is meaningless");
        p.try_help();
        return Err(1);
    }
    if given.has(b'D') && once {
        uniq.first = false;
    }
    Ok(uniq)
}

fn method(
    p: &mut Proc,
    text: &[u8],
    option: &str,
    known: &[(&str, Between)],
) -> Result<Between, u32> {
    if text.is_empty() {
        return Ok(Between::None);
    }
    if let Some((_, found)) = known.iter().find(|(name, _)| name.as_bytes().starts_with(text)) {
        return Ok(*found);
    }
    let (quoted, name) = (quote(p, text), quote(p, option.as_bytes()));
    say(p, [b"invalid argument ", &quoted[..], b" for ", &name].concat());
    p.error("Valid arguments are:");
    for (name, _) in known {
        let quoted = quote(p, name.as_bytes());
        p.error([b"  - ", &quoted[..]].concat());
    }
    p.try_help();
    Err(1)
}

impl Uniq {
    fn part<'a>(&self, line: &'a [u8]) -> &'a [u8] {
        let mut rest = line;
        for _ in 0..self.fields {
            let blanks = rest.iter().take_while(|b| b.is_ascii_whitespace()).count();
            let field = rest.iter().skip(blanks).take_while(|b| !b.is_ascii_whitespace()).count();
            if blanks + field == 0 {
                break;
            }
            rest = rest.get(blanks + field..).unwrap_or_default();
        }
        let rest = rest.get(self.skip..).unwrap_or_default();
        rest.get(..self.most).unwrap_or(rest)
    }

    fn same(&self, a: &[u8], b: &[u8]) -> bool {
        let (a, b) = (self.part(a), self.part(b));
        if self.fold { a.eq_ignore_ascii_case(b) } else { a == b }
    }

    /// Shows a line, of which `more` says whether another like it follows.
    fn show(
        &self,
        p: &mut Proc,
        out: u32,
        (text, count, more): (&[u8], u64, bool),
        end: u8,
        groups: &mut u64,
    ) {
        let wanted = if self.others {
            count > 1 || more || self.alone
        } else {
            !more && if count == 1 { self.alone } else { self.first }
        };
        if !wanted || self.others && !self.first && !more {
            return;
        }
        if count == 1 || !self.others {
            *groups += 1;
            let apart = match self.between {
                Between::Prepend | Between::Both => true,
                Between::Separate | Between::Append => *groups > 1,
                Between::None => false,
            };
            if apart && self.others {
                p.put(out, &[end]);
            }
        }
        if self.count {
            p.put(out, format!("{count:7} ").as_bytes());
        }
        p.put(out, text);
        p.put(out, &[end]);
    }
}

const CHECK: u8 = 3;
const NOCHECK: u8 = 4;
const DELIMITER: u8 = 5;
const TOTAL: u8 = 6;

const COMM: &[Flag] = &[
    Flag::new(b'1', ""),
    Flag::new(b'2', ""),
    Flag::new(b'3', ""),
    Flag::new(CHECK, "check-order"),
    Flag::new(NOCHECK, "nocheck-order"),
    Flag::with(DELIMITER, "output-delimiter"),
    Flag::new(TOTAL, "total"),
    Flag::new(b'z', "zero-terminated"),
];

/// Complains where there are not two files.
pub(super) fn two(p: &mut Proc, rest: &[Vec<u8>]) -> Option<[Vec<u8>; 2]> {
    match rest {
        [first, second] => return Some([first.clone(), second.clone()]),
        [] => say(p, "missing operand"),
        [only] => {
            let quoted = quote(p, only);
            say(p, [b"missing operand after ", &quoted[..]].concat());
        }
        [_, _, extra, ..] => {
            let quoted = quote(p, extra);
            say(p, [b"extra operand ", &quoted[..]].concat());
        }
    }
    p.try_help();
    None
}

/// One of the two files of `comm`.
struct Sorted {
    path: Vec<u8>,
    input: Input,
    line: Option<Vec<u8>>,
    disorder: bool,
}

impl Sorted {
    /// Goes to the next line. Whether it should have come before this one.
    async fn next(&mut self, p: &mut Proc, end: u8, status: &mut u32) -> bool {
        let next = next_line(p, &mut self.input, &self.path, end, status).await;
        let next = next.map(|line| bare(&line, end).to_vec());
        let backwards = matches!((&self.line, &next), (Some(a), Some(b)) if b < a);
        self.line = next;
        backwards
    }
}

pub(super) async fn comm(p: &mut Proc) -> u32 {
    let given = match options(p, COMM, 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    let Some(paths) = two(p, &given.rest) else { return 1 };
    let end = if given.has(b'z') { 0 } else { b'\n' };
    let delimiter = match given.value(DELIMITER) {
        None => b"\t".to_vec(),
        Some([]) => vec![0],
        Some(text) => text.to_vec(),
    };
    let mut status = 0;
    let mut sides = Vec::new();
    for path in paths {
        match p.input(&path) {
            Ok(input) => {
                let mut side = Sorted { path, input, line: None, disorder: false };
                side.next(p, end, &mut status).await;
                sides.push(side);
            }
            Err(why) => {
                fault(p, &path, why);
                return 1;
            }
        }
    }
    let mut totals = [0_u64; 3];
    loop {
        let [first, second] = sides.as_slice() else { return 1 };
        let (order, line) = match (&first.line, &second.line) {
            (None, None) => break,
            (Some(a), None) => (Ordering::Less, a),
            (None, Some(b)) => (Ordering::Greater, b),
            (Some(a), Some(b)) => match a.cmp(b) {
                Ordering::Greater => (Ordering::Greater, b),
                order @ (Ordering::Less | Ordering::Equal) => (order, a),
            },
        };
        let (column, letter) = match order {
            Ordering::Less => (0, b'1'),
            Ordering::Greater => (1, b'2'),
            Ordering::Equal => (2, b'3'),
        };
        if let Some(total) = totals.get_mut(column) {
            *total += 1;
        }
        if !given.has(letter) {
            let before = b"12".iter().take(column).filter(|letter| !given.has(**letter)).count();
            let text = [&delimiter.repeat(before)[..], line, &[end]].concat();
            p.print(text);
        }
        let stays = [Ordering::Greater, Ordering::Less];
        for (index, (side, stays)) in sides.iter_mut().zip(stays).enumerate() {
            if order == stays {
                continue;
            }
            let backwards = side.next(p, end, &mut status).await;
            let checks = given.has(CHECK) || order != Ordering::Equal && !given.has(NOCHECK);
            if backwards && checks && !side.disorder {
                side.disorder = true;
                say(p, format!("file {} is not in sorted order", index + 1));
                if given.has(CHECK) {
                    return 1;
                }
            }
        }
        p.flush_some().await;
    }
    if given.has(TOTAL) {
        for total in totals {
            p.print([total.to_string().as_bytes(), &delimiter].concat());
        }
        p.print([b"total", &[end][..]].concat());
    }
    if sides.iter().any(|side| side.disorder) {
        say(p, "input is not in sorted order");
        status = 1;
    }
    status
}
