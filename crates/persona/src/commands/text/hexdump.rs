//! `hexdump` and `hd`.
//!
//! **Invariant:** a block at a time; formats are read once.

mod format;

use super::{inputs, say};
use crate::commands::{Flag, Options};
use crate::kernel::{Input, Proc};
use format::Format;
use std::collections::VecDeque;

const FLAGS: &[Flag] = &[
    Flag::new(b'b', "one-byte-octal"),
    Flag::new(b'c', "one-byte-char"),
    Flag::new(b'C', "canonical"),
    Flag::new(b'd', "two-bytes-decimal"),
    Flag::with(b'e', "format"),
    Flag::with(b'f', "format-file"),
    Flag::maybe(b'L', "color"),
    Flag::with(b'n', "length"),
    Flag::new(b'o', "two-bytes-octal"),
    Flag::with(b's', "skip"),
    Flag::new(b'v', "no-squeezing"),
    Flag::new(b'x', "two-bytes-hex"),
    Flag::new(b'h', "help"),
    Flag::new(b'V', "version"),
];

/// The formats behind the letters: addresses at the end, and lines.
fn canned(letter: u8) -> &'static [&'static str] {
    match letter {
        b'b' => &["\"%07.7_Ax\\n\"", "\"%07.7_ax \" 16/1 \"%03o \" \"\\n\""],
        b'c' => &["\"%07.7_Ax\\n\"", "\"%07.7_ax \" 16/1 \"%3_c \" \"\\n\""],
        b'C' => &[
            "\"%08.8_Ax\\n\"",
            "\"%08.8_ax  \" 8/1 \"%02x \" \"  \" 8/1 \"%02x \"",
            "\"  |\" 16/1 \"%_p\" \"|\\n\"",
        ],
        b'd' => &["\"%07.7_Ax\\n\"", "\"%07.7_ax \" 8/2 \"  %05u \" \"\\n\""],
        b'o' => &["\"%07.7_Ax\\n\"", "\"%07.7_ax \" 8/2 \" %06o \" \"\\n\""],
        b'x' => &["\"%07.7_Ax\\n\"", "\"%07.7_ax \" 8/2 \"   %04x \" \"\\n\""],
        _ => &["\"%07.7_Ax\\n\"", "\"%07.7_ax \" 8/2 \"%04x \" \"\\n\""],
    }
}

fn number(text: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(text).ok()?;
    if let Some(hex) = text.strip_prefix("0x") {
        return u64::from_str_radix(hex, 16).ok();
    }
    super::size(text.as_bytes())
}

pub(super) async fn hexdump(p: &mut Proc) -> u32 {
    let Some(given) = Options::read(p, FLAGS, false) else {
        p.try_help();
        return 1;
    };
    let name = p.name();
    if given.has(b'V') {
        p.line(format!("{name} from util-linux 2.38.1"));
        return 0;
    }
    if given.has(b'h') {
        p.print(format!("\nUsage:\n {name} [options] <file>...\n\nDisplay file contents in hexadecimal, decimal, octal, or ascii.\n"));
        return 0;
    }
    let mut formats = Vec::new();
    if name == "hd" {
        formats.extend(canned(b'C').iter().map(|text| text.as_bytes().to_vec()));
    }
    for (letter, value) in &given.given {
        match (letter, value) {
            (b'e', Some(text)) => formats.push(text.clone()),
            (b'f', Some(path)) => {
                let text = p.content(path).await.unwrap_or_default();
                let lines = text.split(|&b| b == b'\n');
                formats.extend(lines.filter(|line| !line.is_empty()).map(<[u8]>::to_vec));
            }
            (b'b' | b'c' | b'C' | b'd' | b'o' | b'x', _) => {
                formats.extend(canned(*letter).iter().map(|text| text.as_bytes().to_vec()));
            }
            _ => {}
        }
    }
    if formats.is_empty() {
        formats.extend(canned(0).iter().map(|text| text.as_bytes().to_vec()));
    }
    let mut all = Vec::new();
    for text in formats.iter().take(64) {
        match Format::parse(text) {
            Ok(format) => all.push(format),
            Err(why) => {
                say(p, why);
                return 1;
            }
        }
    }
    let most = given.value(b'n').map_or(Some(u64::MAX), number);
    let skip = given.value(b's').map_or(Some(0), number);
    let (Some(most), Some(skip)) = (most, skip) else {
        let text = given.value(if most.is_none() { b'n' } else { b's' }).unwrap_or_default();
        let what: &[u8] =
            if most.is_none() { b"failed to parse length" } else { b"failed to parse offset" };
        say(p, [what, b": '", text, b"': Invalid argument"].concat());
        return 1;
    };
    dump(p, &all, inputs(&given.rest), (skip, most, given.has(b'v'))).await
}

/// What all files together hold.
struct Source {
    files: VecDeque<Vec<u8>>,
    now: Option<Input>,
    buffer: Vec<u8>,
    opened: bool,
    failed: bool,
}

impl Source {
    async fn take(&mut self, p: &mut Proc, most: usize) -> Vec<u8> {
        while self.buffer.len() < most {
            let Some(input) = self.now.as_mut() else {
                let Some(path) = self.files.pop_front() else { break };
                match p.input(&path) {
                    Ok(input) => {
                        self.now = Some(input);
                        self.opened = true;
                    }
                    Err(why) => {
                        self.opened |= why == crate::files::Fault::IsFolder;
                        self.failed |= why != crate::files::Fault::IsFolder;
                        p.complain(&path, why.text());
                    }
                }
                continue;
            };
            let piece = input.chunk(p).await.unwrap_or_default();
            if piece.is_empty() {
                p.done(input);
                self.now = None;
            }
            self.buffer.extend(piece);
        }
        let most = most.min(self.buffer.len());
        self.buffer.drain(..most).collect()
    }
}

async fn dump(
    p: &mut Proc,
    formats: &[Format],
    files: Vec<Vec<u8>>,
    (skip, most, every): (u64, u64, bool),
) -> u32 {
    let mut source =
        Source { files: files.into(), now: None, buffer: Vec::new(), opened: false, failed: false };
    let size = formats.iter().map(Format::size).max().unwrap_or(16).clamp(1, 4_096);
    let mut left = skip;
    while left > 0 {
        let piece = usize::try_from(left).unwrap_or(usize::MAX).min(16 << 10);
        let skipped = source.take(p, piece).await.len();
        if skipped == 0 {
            break;
        }
        left -= skipped as u64;
    }
    let (mut address, mut left) = (skip, most);
    let mut before: Option<Vec<u8>> = None;
    let mut same = false;
    loop {
        let piece = usize::try_from(left).unwrap_or(usize::MAX).min(size);
        let block = source.take(p, piece).await;
        if block.is_empty() {
            break;
        }
        left -= block.len() as u64;
        if !every && block.len() == size && before.as_ref() == Some(&block) {
            if !same {
                p.line("*");
                same = true;
            }
        } else {
            same = false;
            for format in formats {
                let mut out = Vec::new();
                format.show(&block, size, address, &mut out);
                p.print(out);
            }
        }
        address += block.len() as u64;
        before = Some(block);
        p.tick(size).await;
        p.flush_some().await;
    }
    if !source.opened {
        say(p, "all input file arguments failed");
        return 1;
    }
    if address > skip {
        // The last format that has an end is the one that shows it.
        let mut out = Vec::new();
        for format in formats {
            format.finish(address, &mut out);
        }
        p.print(out);
    }
    u32::from(source.failed)
}
