//! `cmp`.
//!
//! **Invariant:** a piece of each file at a time.

use super::{about, say};
use crate::commands::{Flag, Options};
use crate::kernel::{Input, Proc};

const VERSION: u8 = 1;
const HELP: u8 = 2;

const FLAGS: &[Flag] = &[
    Flag::new(b'b', "print-bytes"),
    Flag::new(b'c', "print-chars"),
    Flag::with(b'i', "ignore-initial"),
    Flag::new(b'l', "verbose"),
    Flag::with(b'n', "bytes"),
    Flag::new(b's', "quiet"),
    Flag::new(b's', "silent"),
    Flag::new(b'v', "version"),
    Flag::new(VERSION, ""),
    Flag::new(HELP, "help"),
];

fn wrong(p: &mut Proc, text: &str) -> u32 {
    say(p, text);
    p.error("cmp: Try 'cmp --help' for more information.");
    2
}

/// A byte as `-b` shows it.
fn shown(byte: u8) -> String {
    let low = byte & 0x7f;
    let mut text = if byte >= 0x80 { "M-".to_owned() } else { String::new() };
    match low {
        127 => text.push_str("^?"),
        0..=31 => {
            text.push('^');
            text.push(char::from(low + 64));
        }
        low => text.push(char::from(low)),
    }
    text
}

struct Side {
    path: Vec<u8>,
    input: Input,
    buffer: Vec<u8>,
    at: usize,
    offset: u64,
    last: Option<u8>,
}

impl Side {
    async fn next(&mut self, p: &mut Proc) -> Option<u8> {
        if self.at >= self.buffer.len() {
            self.buffer = self.input.chunk(p).await.unwrap_or_default();
            self.at = 0;
            p.tick(self.buffer.len()).await;
        }
        let byte = self.buffer.get(self.at).copied()?;
        self.at += 1;
        self.offset += 1;
        self.last = Some(byte);
        Some(byte)
    }
}

pub(super) async fn cmp(p: &mut Proc) -> u32 {
    let Some(given) = Options::read(p, FLAGS, false) else {
        p.error("cmp: Try 'cmp --help' for more information.");
        return 2;
    };
    if given.has(b'v') {
        p.line("cmp (GNU diffutils) 3.8");
        about::licence(p, "2021");
        p.line("\nWritten by Torbjorn Granlund and David MacKenzie.");
        return 0;
    }
    if given.has(HELP) {
        p.line("Usage: cmp [OPTION]... FILE1 [FILE2 [SKIP1 [SKIP2]]]");
        p.line("Compare two files byte by byte.");
        return 0;
    }
    let Some(first) = given.rest.first().cloned() else {
        return wrong(p, "missing operand after 'cmp'");
    };
    let second = given.rest.get(1).cloned().unwrap_or_else(|| b"-".to_vec());
    let mut skips = [0, 0];
    let mut skip_words: Vec<Vec<u8>> = Vec::new();
    if let Some(text) = given.value(b'i') {
        skip_words.extend(text.splitn(2, |&b| b == b':').map(<[u8]>::to_vec));
        if skip_words.len() == 1 {
            skip_words.extend(skip_words.clone());
        }
    }
    for (index, word) in given.rest.iter().skip(2).take(2).enumerate() {
        skip_words.resize(skip_words.len().max(index + 1), b"0".to_vec());
        if let Some(place) = skip_words.get_mut(index) {
            place.clone_from(word);
        }
    }
    for (place, word) in skips.iter_mut().zip(&skip_words) {
        let Some(number) = super::size(word) else {
            let shown = String::from_utf8_lossy(word).into_owned();
            return wrong(p, &format!("invalid --ignore-initial value '{shown}'"));
        };
        *place = number;
    }
    if let Some(extra) = given.rest.get(4) {
        let shown = String::from_utf8_lossy(extra).into_owned();
        return wrong(p, &format!("extra operand '{shown}'"));
    }
    let most = match given.value(b'n').map(super::size) {
        None => u64::MAX,
        Some(Some(most)) => most,
        Some(None) => {
            let shown = String::from_utf8_lossy(given.value(b'n').unwrap_or_default()).into_owned();
            return wrong(p, &format!("invalid --bytes value '{shown}'"));
        }
    };
    let mut sides = Vec::new();
    for (path, skip) in [first, second].into_iter().zip(skips) {
        match p.input(&path) {
            Ok(input) => {
                let mut side =
                    Side { path, input, buffer: Vec::new(), at: 0, offset: 0, last: None };
                while side.offset < skip && side.next(p).await.is_some() {}
                side.offset = 0;
                sides.push(side);
            }
            Err(why) => {
                if !given.has(b's') {
                    p.complain(&path, why.text());
                }
                return 2;
            }
        }
    }
    let [first, second] = sides.as_mut_slice() else { return 2 };
    compare(p, &given, first, second, most).await
}

async fn compare(
    p: &mut Proc,
    given: &Options,
    first: &mut Side,
    second: &mut Side,
    most: u64,
) -> u32 {
    let all = given.has(b'l');
    let bytes = given.has(b'b') || given.has(b'c');
    let quiet = given.has(b's');
    let size = |p: &Proc, side: &Side| {
        let path = p.fds.get(&side.input.fd).and_then(|open| open.path())?;
        p.fs(|process| process.stat_at(&path)).ok().map(|stat| stat.size)
    };
    let longest = size(p, first).into_iter().chain(size(p, second)).min().unwrap_or(1 << 31);
    let width = longest.min(most).max(1).to_string().len();
    let (mut number, mut line, mut status) = (0_u64, 1_u64, 0);
    while number < most {
        let (a, b) = (first.next(p).await, second.next(p).await);
        number += 1;
        let (Some(a), Some(b)) = (a, b) else {
            let short = match (a, b) {
                (None, None) => return status,
                (None, _) => first,
                (Some(_), _) => second,
            };
            if !quiet {
                let name = String::from_utf8_lossy(&short.path).into_owned();
                let place = match (number - 1, all) {
                    (0, _) => "which is empty".to_owned(),
                    (count, true) => format!("after byte {count}"),
                    (count, false) => {
                        let ends = short.last == Some(b'\n');
                        let line = if ends { line - 1 } else { line };
                        let within = if ends { "" } else { "in " };
                        format!("after byte {count}, {within}line {line}")
                    }
                };
                p.flush().await;
                say(p, format!("EOF on {name} {place}"));
            }
            return 1;
        };
        if a != b {
            if quiet {
                return 1;
            }
            status = 1;
            if all {
                if bytes {
                    p.line(format!("{number:width$} {a:3o} {:4} {b:3o} {}", shown(a), shown(b)));
                } else {
                    p.line(format!("{number:width$} {a:3o} {b:3o}"));
                }
                p.flush_some().await;
            } else {
                let names = [&first.path[..], b" ", &second.path, b" differ: "].concat();
                p.print(names);
                if bytes {
                    p.line(format!(
                        "byte {number}, line {line} is {a:3o} {} {b:3o} {}",
                        shown(a),
                        shown(b)
                    ));
                } else {
                    p.line(format!("char {number}, line {line}"));
                }
                return 1;
            }
        }
        line += u64::from(a == b'\n');
    }
    status
}
