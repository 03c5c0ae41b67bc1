//! `strings`.
//!
//! **Invariant:** holds one text of its input, up to a cap.

use super::inputs;
use crate::commands::{Flag, Options};
use crate::files::Fault;
use crate::kernel::Proc;

const FLAGS: &[Flag] = &[
    Flag::new(b'a', "all"),
    Flag::new(b'd', "data"),
    Flag::with(b'e', "encoding"),
    Flag::new(b'f', "print-file-name"),
    Flag::new(b'h', "help"),
    Flag::with(b'n', "bytes"),
    Flag::new(b'o', ""),
    Flag::with(b's', "output-separator"),
    Flag::with(b't', "radix"),
    Flag::with(b'T', "target"),
    Flag::with(b'U', "unicode"),
    Flag::new(b'v', "version"),
    Flag::new(b'V', ""),
    Flag::new(b'w', "include-all-whitespace"),
];

const USAGE: &str = "Usage: strings [option(s)] [file(s)]
 Display printable strings in [file(s)] (stdin by default)
";

/// Bytes of one text.
const TEXT: usize = 1 << 20;

struct Strings {
    least: usize,
    names: bool,
    radix: Option<u8>,
    separator: Vec<u8>,
    spaces: bool,
    /// Bytes of a character, and whether high ones are printed.
    unit: usize,
    big: bool,
    eight: bool,
}

pub(super) async fn strings(p: &mut Proc) -> u32 {
    // `-8` is `-n 8`.
    for arg in p.args.iter_mut().skip(1) {
        let digits = arg.strip_prefix(b"-").filter(|rest| !rest.is_empty());
        if let Some(digits) = digits.filter(|rest| rest.iter().all(u8::is_ascii_digit)) {
            *arg = [b"-n", digits].concat();
        }
    }
    let Some(given) = Options::read(p, FLAGS, false) else {
        p.put(2, USAGE.as_bytes());
        return 1;
    };
    if given.has(b'h') {
        p.print(USAGE);
        return 0;
    }
    if given.has(b'v') || given.has(b'V') {
        p.line("GNU strings (GNU Binutils for Debian) 2.40");
        p.line("Copyright (C) 2023 Free Software Foundation, Inc.");
        p.line("This program is free software; you may redistribute it under the terms of");
        p.line("the GNU General Public License version 3 or (at your option) any later version.");
        p.line("This program has absolutely no warranty.");
        return 0;
    }
    let mut least = 4;
    if let Some(text) = given.value(b'n') {
        let value = std::str::from_utf8(text).ok().and_then(|text| text.parse::<usize>().ok());
        let Some(value) = value else {
            super::say(p, [b"invalid integer argument ", text].concat());
            return 1;
        };
        if value == 0 {
            super::say(p, "invalid minimum string length 0");
            return 1;
        }
        least = value;
    }
    let radix = given.value(b't').and_then(|text| text.first().copied());
    let encoding = given.value(b'e').and_then(|text| text.first().copied()).unwrap_or(b's');
    let strings = Strings {
        least,
        names: given.has(b'f'),
        radix: if given.has(b'o') { Some(b'o') } else { radix },
        separator: given.value(b's').unwrap_or(b"\n").to_vec(),
        spaces: given.has(b'w'),
        unit: match encoding {
            b'b' | b'l' => 2,
            b'B' | b'L' => 4,
            _ => 1,
        },
        big: matches!(encoding, b'b' | b'B'),
        eight: encoding == b'S',
    };
    let mut status = 0;
    for path in inputs(&given.rest) {
        if !strings.file(p, &path).await {
            status = 1;
        }
    }
    status
}

impl Strings {
    async fn file(&self, p: &mut Proc, path: &[u8]) -> bool {
        let mut input = match p.input(path) {
            Ok(input) => input,
            Err(Fault::IsFolder) => {
                super::say(p, [b"Warning: '", path, b"' is a directory"].concat());
                return false;
            }
            Err(Fault::Missing) => {
                super::say(p, [b"'", path, b"': No such file"].concat());
                return false;
            }
            Err(why) => {
                p.complain(path, why.text());
                return false;
            }
        };
        let (mut text, mut offset, mut start) = (Vec::new(), 0_u64, 0_u64);
        let mut held: Vec<u8> = Vec::new();
        loop {
            let piece = input.chunk(p).await.unwrap_or_default();
            let ended = piece.is_empty();
            p.tick(piece.len()).await;
            held.extend(piece);
            let whole = held.len() - held.len() % self.unit;
            let now: Vec<u8> = held.drain(..whole).collect();
            for unit in now.chunks(self.unit) {
                let (byte, rest) = if self.big {
                    unit.split_last().unwrap_or((&0, &[]))
                } else {
                    unit.split_first().unwrap_or((&0, &[]))
                };
                let shows = rest.iter().all(|b| *b == 0) && self.shows(*byte);
                if shows && text.len() < TEXT {
                    if text.is_empty() {
                        start = offset;
                    }
                    text.push(*byte);
                } else {
                    self.show(p, path, &text, start);
                    text.clear();
                }
                offset += unit.len() as u64;
            }
            p.flush_some().await;
            if ended {
                self.show(p, path, &text, start);
                p.done(&input);
                return true;
            }
        }
    }

    fn shows(&self, byte: u8) -> bool {
        (b' '..=b'~').contains(&byte)
            || byte == b'\t'
            || self.eight && byte >= 0x80
            || self.spaces && byte.is_ascii_whitespace()
    }

    fn show(&self, p: &mut Proc, path: &[u8], text: &[u8], start: u64) {
        if text.len() < self.least {
            return;
        }
        if self.names {
            let name = if path == b"-" { b"{standard input}" } else { path };
            p.print([name, b": "].concat());
        }
        match self.radix {
            Some(b'o') => p.print(format!("{start:7o} ")),
            Some(b'd') => p.print(format!("{start:7} ")),
            Some(b'x') => p.print(format!("{start:7x} ")),
            _ => {}
        }
        p.print(text);
        p.print(&self.separator);
    }
}
