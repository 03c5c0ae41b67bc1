//! `wc`.
//!
//! **Invariant:** counts as it reads; holds a piece at a time.

use super::{fault, inputs, is_file, options, quotef};
use crate::commands::Flag;
use crate::files::{Fault, Last};
use crate::kernel::Proc;
use crate::process::FILE;
use crate::regex::Chars;

const WC: &[Flag] = &[
    Flag::new(b'c', "bytes"),
    Flag::new(b'm', "chars"),
    Flag::new(b'l', "lines"),
    Flag::new(b'L', "max-line-length"),
    Flag::new(b'w', "words"),
];

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    lines: u64,
    words: u64,
    chars: u64,
    bytes: u64,
    longest: u64,
}

/// What a count needs of the piece before.
#[derive(Default)]
struct Where {
    in_word: bool,
    column: u64,
}

pub(super) async fn wc(p: &mut Proc) -> u32 {
    let given = match options(p, WC, 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    let mut columns: Vec<u8> = b"lwmcL".iter().copied().filter(|&b| given.has(b)).collect();
    if columns.is_empty() {
        columns = b"lwc".to_vec();
    }
    let files = inputs(&given.rest);
    let width = width(p, &files, columns.len());
    let chars = super::chars(p);
    let named = !given.rest.is_empty();
    let (mut total, mut status) = (Counts::default(), 0);
    for path in &files {
        let counts = match count(p, path, chars).await {
            Ok(counts) => counts,
            Err((why, reading)) => {
                fault(p, path, why);
                status = 1;
                if !reading {
                    continue;
                }
                Counts::default()
            }
        };
        total.lines += counts.lines;
        total.words += counts.words;
        total.chars += counts.chars;
        total.bytes += counts.bytes;
        total.longest = total.longest.max(counts.longest);
        let name = if named { Some(quotef(path)) } else { None };
        let text = shown(counts, &columns, width, name.as_deref());
        p.line(text);
        p.flush_some().await;
    }
    if files.len() > 1 {
        let text = shown(total, &columns, width, Some(b"total"));
        p.line(text);
    }
    status
}

/// How wide columns are: as the sizes of the files ask for.
fn width(p: &Proc, files: &[Vec<u8>], columns: usize) -> usize {
    if files.len() == 1 && columns == 1 {
        return 1;
    }
    let (mut sum, mut least) = (0_u64, 1);
    for path in files {
        if path == b"-" {
            if is_file(p, 0) {
                let path = p.fds.get(&0).and_then(|open| open.path()).unwrap_or_default();
                sum += p.fs(|process| process.stat_at(&path)).map_or(0, |stat| stat.size);
            } else {
                least = 7;
            }
            continue;
        }
        match p.fs(|process| process.stat(path, Last::Follow)) {
            Ok(stat) if stat.is(FILE) => sum = sum.saturating_add(stat.size),
            Ok(_) => least = 7,
            Err(_) => {}
        }
    }
    sum.to_string().len().max(least)
}

fn shown(counts: Counts, columns: &[u8], width: usize, name: Option<&[u8]>) -> Vec<u8> {
    let numbers = columns.iter().map(|column| match column {
        b'l' => counts.lines,
        b'w' => counts.words,
        b'm' => counts.chars,
        b'c' => counts.bytes,
        _ => counts.longest,
    });
    let numbers: Vec<String> = numbers.map(|number| format!("{number:width$}")).collect();
    let mut line = numbers.join(" ").into_bytes();
    if let Some(name) = name {
        line.push(b' ');
        line.extend(name);
    }
    line
}

/// Counts, or why not, and whether the file could be opened.
async fn count(p: &mut Proc, path: &[u8], chars: Chars) -> Result<Counts, (Fault, bool)> {
    let mut input = match p.input(path) {
        Ok(input) => input,
        Err(why) => return Err((why, why == Fault::IsFolder)),
    };
    let (mut counts, mut place) = (Counts::default(), Where::default());
    loop {
        let piece = match input.chunk(p).await {
            Ok(piece) => piece,
            Err(why) => {
                p.done(&input);
                return Err((why, true));
            }
        };
        if piece.is_empty() {
            break;
        }
        p.tick(piece.len()).await;
        counts.add(&piece, chars, &mut place);
    }
    // What is bigger than is kept is as long as it was.
    if let Some(open) = p.fds.get(&input.fd)
        && let Some(offset) = open.offset()
    {
        counts.bytes = counts.bytes.max(offset.min(counts.bytes));
    }
    counts.longest = counts.longest.max(place.column);
    p.done(&input);
    Ok(counts)
}

impl Counts {
    fn add(&mut self, piece: &[u8], chars: Chars, place: &mut Where) {
        self.bytes += piece.len() as u64;
        for &byte in piece {
            // A byte that goes on a character is not counted as one.
            let goes_on = chars == Chars::Utf8 && byte & 0xc0 == 0x80;
            self.chars += u64::from(!goes_on);
            match byte {
                b'\n' | b'\r' | 12 => {
                    self.lines += u64::from(byte == b'\n');
                    self.longest = self.longest.max(place.column);
                    place.column = 0;
                    place.in_word = false;
                }
                b'\t' => {
                    place.column += 8 - place.column % 8;
                    place.in_word = false;
                }
                b' ' => {
                    place.column += 1;
                    place.in_word = false;
                }
                11 => place.in_word = false,
                byte => {
                    let prints = byte.is_ascii_graphic() || chars == Chars::Utf8 && byte >= 0x80;
                    place.column += u64::from(prints && !goes_on);
                    self.words += u64::from(prints && !place.in_word);
                    place.in_word |= prints;
                }
            }
        }
    }
}
