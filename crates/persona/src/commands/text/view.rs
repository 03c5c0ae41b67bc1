//! `cat`, `tac`, `rev`, `head`.
//!
//! **Invariant:** `cat` and `head` hold a piece of their input at a time.

use super::{bare, fault, inputs, is_file, next_line, options, quote, quoteaf, quotef, say, size};
use crate::commands::Flag;
use crate::files::Fault;
use crate::kernel::{Open, Proc};

const CAT: &[Flag] = &[
    Flag::new(b'A', "show-all"),
    Flag::new(b'b', "number-nonblank"),
    Flag::new(b'e', ""),
    Flag::new(b'E', "show-ends"),
    Flag::new(b'n', "number"),
    Flag::new(b's', "squeeze-blank"),
    Flag::new(b't', ""),
    Flag::new(b'T', "show-tabs"),
    Flag::new(b'u', ""),
    Flag::new(b'v', "show-nonprinting"),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Numbers {
    None,
    All,
    NotBlank,
}

/// What `cat` does to its lines, and where it is.
#[expect(clippy::struct_excessive_bools, reason = "options, each on its own")]
struct Cat {
    numbers: Numbers,
    squeeze: bool,
    ends: bool,
    tabs: bool,
    visible: bool,
    count: u64,
    blank_before: bool,
    at_start: bool,
}

pub(super) async fn cat(p: &mut Proc) -> u32 {
    let given = match options(p, CAT, 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    let has = |letters: &[u8]| letters.iter().any(|&letter| given.has(letter));
    let numbers = match (given.has(b'b'), given.has(b'n')) {
        (true, _) => Numbers::NotBlank,
        (false, true) => Numbers::All,
        (false, false) => Numbers::None,
    };
    let mut cat = Cat {
        numbers,
        squeeze: given.has(b's'),
        ends: has(b"AeE"),
        tabs: has(b"AtT"),
        visible: has(b"Aetv"),
        count: 0,
        blank_before: false,
        at_start: true,
    };
    let plain = numbers == Numbers::None && !(cat.squeeze || cat.ends || cat.tabs || cat.visible);
    let target = p.fds.get(&1).and_then(|open| Open::path(open));
    let mut status = 0;
    for path in inputs(&given.rest) {
        let mut input = match p.input(&path) {
            Ok(input) => input,
            Err(why) => {
                fault(p, &path, why);
                status = 1;
                continue;
            }
        };
        let source = p.fds.get(&input.fd).and_then(|open| Open::path(open));
        if source.is_some() && source == target && is_file(p, 1) && !is_empty(p, &path) {
            p.complain(&quotef(&path), "input file is output file");
            status = 1;
        } else if plain {
            loop {
                match input.chunk(p).await {
                    Ok(bytes) if bytes.is_empty() => break,
                    Ok(bytes) => p.print(bytes),
                    Err(why) => {
                        fault(p, &path, why);
                        status = 1;
                        break;
                    }
                }
                p.flush().await;
            }
        } else {
            while let Some(line) = next_line(p, &mut input, &path, b'\n', &mut status).await {
                let text = cat.line(&line);
                p.print(text);
                p.flush_some().await;
            }
        }
        p.done(&input);
    }
    status
}

fn is_empty(p: &Proc, path: &[u8]) -> bool {
    p.fs(|process| process.stat(path, crate::files::Last::Follow)).is_ok_and(|stat| stat.size == 0)
}

impl Cat {
    fn line(&mut self, line: &[u8]) -> Vec<u8> {
        let blank = line == b"\n" && self.at_start;
        if blank && self.squeeze && self.blank_before {
            return Vec::new();
        }
        self.blank_before = blank;
        let mut out = Vec::with_capacity(line.len() + 8);
        let numbered = match self.numbers {
            Numbers::None => false,
            Numbers::All => self.at_start,
            Numbers::NotBlank => self.at_start && !blank,
        };
        if numbered {
            self.count += 1;
            out.extend(format!("{:6}\t", self.count).into_bytes());
        }
        let text = bare(line, b'\n');
        for (index, &byte) in text.iter().enumerate() {
            let ends =
                self.ends && byte == b'\r' && index + 1 == text.len() && line.len() > text.len();
            self.byte(byte, ends, &mut out);
        }
        self.at_start = line.ends_with(b"\n");
        if self.at_start {
            out.extend(if self.ends { &b"$\n"[..] } else { b"\n" });
        }
        out
    }

    fn byte(&self, byte: u8, before_end: bool, out: &mut Vec<u8>) {
        match byte {
            b'\t' if self.tabs => out.extend(b"^I"),
            b'\t' => out.push(byte),
            b'\r' if before_end => out.extend(b"^M"),
            byte if !self.visible => out.push(byte),
            byte => {
                let low = byte & 0x7f;
                if byte >= 0x80 {
                    out.extend(b"M-");
                }
                match low {
                    0x7f => out.extend(b"^?"),
                    0..=31 => out.extend([b'^', low + 64]),
                    low => out.push(low),
                }
            }
        }
    }
}

const TAC: &[Flag] =
    &[Flag::new(b'b', "before"), Flag::new(b'r', "regex"), Flag::with(b's', "separator")];

pub(super) async fn tac(p: &mut Proc) -> u32 {
    let given = match options(p, TAC, 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    let separator = match given.value(b's') {
        Some(b"") => b"\0",
        Some(text) => text,
        None => b"\n",
    };
    let mut status = 0;
    for path in inputs(&given.rest) {
        let text = match p.content(&path).await {
            Ok(text) => text,
            Err(Fault::IsFolder) => {
                p.complain(&quotef(&path), "read error: Is a directory");
                status = 1;
                continue;
            }
            Err(why) => {
                let what = [b"failed to open ", &quoteaf(&path)[..], b" for reading"].concat();
                p.complain(&what, why.text());
                status = 1;
                continue;
            }
        };
        let before = given.has(b'b');
        let mut end = text.len();
        while end > 0 {
            // What ends here belongs to this piece already.
            let most = if before { end } else { end - 1 };
            let rest = text.get(..most).unwrap_or_default();
            let found = rest.windows(separator.len()).rposition(|part| part == separator);
            let start = match found {
                Some(at) if before => at,
                Some(at) => at + separator.len(),
                None => 0,
            };
            p.print(text.get(start..end).unwrap_or_default());
            p.tick((end - start) / 4 + 1).await;
            p.flush_some().await;
            end = start;
        }
    }
    status
}

pub(super) async fn rev(p: &mut Proc) -> u32 {
    let flags = [Flag::new(b'h', "help"), Flag::new(b'V', "version")];
    let Some(given) = crate::commands::Options::read(p, &flags, false) else {
        p.try_help();
        return 1;
    };
    if given.has(b'V') {
        p.line("rev from util-linux 2.38.1");
        return 0;
    }
    if given.has(b'h') {
        p.print(
            "\nUsage:\n rev [options] [<file> ...]\n\nReverse lines characterwise.\n\nOptions:\n",
        );
        p.print(" -h, --help     display this help\n -V, --version  display version\n\n");
        p.line("For more details see rev(1).");
        return 0;
    }
    let mut status = 0;
    for path in inputs(&given.rest) {
        let mut input = match p.input(&path) {
            Ok(input) => input,
            Err(Fault::IsFolder) => {
                fault(p, &path, Fault::IsFolder);
                status = 1;
                continue;
            }
            Err(why) => {
                p.complain(&[b"cannot open ", path.as_slice()].concat(), why.text());
                status = 1;
                continue;
            }
        };
        while let Some(line) = next_line(p, &mut input, &path, b'\n', &mut status).await {
            let text = bare(&line, b'\n');
            let reversed: Vec<u8> = match std::str::from_utf8(text) {
                Ok(text) => text.chars().rev().collect::<String>().into_bytes(),
                Err(_) => text.iter().rev().copied().collect(),
            };
            p.print(reversed);
            p.print(line.get(text.len()..).unwrap_or_default());
            p.flush_some().await;
        }
        p.done(&input);
    }
    status
}

const HEAD: &[Flag] = &[
    Flag::with(b'c', "bytes"),
    Flag::with(b'n', "lines"),
    Flag::new(b'q', "quiet"),
    Flag::new(b'q', "silent"),
    Flag::new(b'v', "verbose"),
    Flag::new(b'z', "zero-terminated"),
];

/// How much `head` shows.
#[derive(Clone, Copy, Debug)]
pub(super) enum Amount {
    Lines(u64),
    Bytes(u64),
    /// All but the last.
    NotLastLines(u64),
    NotLastBytes(u64),
}

/// `-5`, `-5c` as the first argument, as old scripts have it: as today's options.
pub(super) fn modern(p: &mut Proc, sign: u8) {
    let Some(first) = p.args.get(1).cloned() else { return };
    let Some(rest) = first.strip_prefix(&[sign]) else { return };
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    if digits == 0 {
        return;
    }
    let (number, letters) = rest.split_at_checked(digits).unwrap_or_default();
    let known = |b: &u8| b"bckmlqvzf".contains(b);
    if !letters.iter().all(known) {
        return;
    }
    let mut words = Vec::new();
    let option: &[u8] = if letters.iter().any(|b| b"cbkm".contains(b)) { b"-c" } else { b"-n" };
    let unit: &[u8] = match letters.iter().find(|b| b"bkm".contains(b)) {
        Some(b'b') => b"b",
        Some(b'k') => b"K",
        Some(_) => b"M",
        None => b"",
    };
    let plus: &[u8] = if sign == b'+' { b"+" } else { b"" };
    words.push([option, plus, number, unit].concat());
    words.extend(letters.iter().filter(|b| b"qvzf".contains(b)).map(|&b| vec![b'-', b]));
    p.args.splice(1..2, words);
}

pub(super) async fn head(p: &mut Proc) -> u32 {
    modern(p, b'-');
    let given = match options(p, HEAD, 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    let mut amount = Amount::Lines(10);
    for (letter, value) in &given.given {
        let Some(value) = value else { continue };
        let (but_last, digits) = match value.strip_prefix(b"-") {
            Some(rest) => (true, rest),
            None => (false, value.strip_prefix(b"+").unwrap_or(value)),
        };
        let Some(number) = size(digits) else {
            let what = if *letter == b'c' { "bytes" } else { "lines" };
            let quoted = quote(p, digits);
            say(p, [b"invalid number of ", what.as_bytes(), b": ", &quoted].concat());
            return 1;
        };
        amount = match (letter, but_last) {
            (b'c', false) => Amount::Bytes(number),
            (b'c', true) => Amount::NotLastBytes(number),
            (_, false) => Amount::Lines(number),
            (_, true) => Amount::NotLastLines(number),
        };
    }
    let end = if given.has(b'z') { 0 } else { b'\n' };
    let files = inputs(&given.rest);
    let titles = match given.last_of(b"qv") {
        Some(b'v') => true,
        Some(_) => false,
        None => files.len() > 1,
    };
    let mut status = 0;
    let mut first = true;
    for path in files {
        let input = match p.input(&path) {
            Ok(input) => input,
            Err(Fault::IsFolder) => {
                title(p, &path, titles, &mut first);
                p.complain(&[b"error reading ", &quoteaf(&path)[..]].concat(), "Is a directory");
                status = 1;
                continue;
            }
            Err(why) => {
                let what = [b"cannot open ", &quoteaf(&path)[..], b" for reading"].concat();
                p.complain(&what, why.text());
                status = 1;
                continue;
            }
        };
        title(p, &path, titles, &mut first);
        if let Err(why) = show(p, input.fd, amount, end).await {
            p.complain(&[b"error reading ", &quoteaf(&path)[..]].concat(), why.text());
            status = 1;
        }
        p.done(&input);
    }
    status
}

/// `==> name <==`
pub(super) fn title(p: &mut Proc, path: &[u8], wanted: bool, first: &mut bool) {
    if wanted {
        let gap: &[u8] = if *first { b"" } else { b"\n" };
        let name = if path == b"-" { b"standard input" } else { path };
        p.print([gap, b"==> ", name, b" <==\n"].concat());
    }
    *first = false;
}

/// Prints the beginning of what can be read, and leaves a file's offset behind it.
async fn show(p: &mut Proc, fd: u32, amount: Amount, end: u8) -> Result<(), Fault> {
    if let Amount::NotLastLines(_) | Amount::NotLastBytes(_) = amount {
        let text = p.read_all(fd).await?;
        let cut = match amount {
            Amount::NotLastBytes(number) => {
                text.len().saturating_sub(usize::try_from(number).unwrap_or(usize::MAX))
            }
            Amount::Lines(_) | Amount::Bytes(_) | Amount::NotLastLines(_) => {
                let Amount::NotLastLines(number) = amount else { return Ok(()) };
                p.tick(text.len()).await;
                super::tail::last_lines(&text, end, number)
            }
        };
        p.print(text.get(..cut).unwrap_or_default());
        return Ok(());
    }
    let (mut bytes, mut lines) = match amount {
        Amount::Bytes(number) => (number, u64::MAX),
        Amount::Lines(number) | Amount::NotLastLines(number) | Amount::NotLastBytes(number) => {
            (u64::MAX, number)
        }
    };
    while bytes > 0 && lines > 0 {
        let most = usize::try_from(bytes).unwrap_or(usize::MAX).min(8_192);
        let piece = p.read(fd, most).await?;
        if piece.is_empty() {
            break;
        }
        bytes = bytes.saturating_sub(piece.len() as u64);
        let mut used = piece.len();
        if lines != u64::MAX {
            for (index, _) in piece.iter().enumerate().filter(|(_, b)| **b == end) {
                lines -= 1;
                if lines == 0 {
                    used = index + 1;
                    break;
                }
            }
        }
        p.print(piece.get(..used).unwrap_or_default());
        give_back(p, fd, piece.len() - used);
        p.flush().await;
    }
    Ok(())
}

/// Goes back by what was read and not used, in what can be gone back in.
pub(super) fn give_back(p: &Proc, fd: u32, unused: usize) {
    if unused > 0
        && let Some(open) = p.fds.get(&fd)
        && let Some(offset) = open.offset()
    {
        open.seek(offset.saturating_sub(unused as u64));
    }
}

/// A byte as messages show it.
pub(super) fn visible(byte: u8) -> Vec<u8> {
    if (b' '..=b'~').contains(&byte) { vec![byte] } else { format!("\\{byte:03o}").into_bytes() }
}
