//! `od`.
//!
//! **Invariant:** a block at a time.

mod spec;

use super::{inputs, options, quote, quotef, say};
use crate::commands::{Flag, Options};
use crate::kernel::{Input, Proc};
use spec::{Endian, Spec};
use std::collections::VecDeque;

const ENDIAN: u8 = 3;
const TRADITIONAL: u8 = 4;

const FLAGS: &[Flag] = &[
    Flag::with(b'A', "address-radix"),
    Flag::with(b'j', "skip-bytes"),
    Flag::with(b'N', "read-bytes"),
    Flag::with(b'S', "strings"),
    Flag::with(b't', "format"),
    Flag::new(b'v', "output-duplicates"),
    Flag::maybe(b'w', "width"),
    Flag::with(ENDIAN, "endian"),
    Flag::new(TRADITIONAL, "traditional"),
    Flag::new(b'a', ""),
    Flag::new(b'b', ""),
    Flag::new(b'c', ""),
    Flag::new(b'd', ""),
    Flag::new(b'f', ""),
    Flag::new(b'h', ""),
    Flag::new(b'i', ""),
    Flag::new(b'l', ""),
    Flag::new(b'o', ""),
    Flag::new(b's', ""),
    Flag::new(b'x', ""),
];

/// How addresses are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Radix {
    Octal,
    Decimal,
    Hex,
    None,
}

impl Radix {
    fn text(self, address: u64) -> String {
        match self {
            Self::Octal => format!("{address:07o}"),
            Self::Decimal => format!("{address:07}"),
            Self::Hex => format!("{address:06x}"),
            Self::None => String::new(),
        }
    }
}

struct Od {
    specs: Vec<Spec>,
    radix: Radix,
    skip: u64,
    most: u64,
    width: usize,
    every: bool,
    endian: Endian,
    strings: Option<usize>,
}

/// What all files together hold.
struct Source {
    files: VecDeque<Vec<u8>>,
    now: Option<(Vec<u8>, Input)>,
    buffer: Vec<u8>,
    opened: bool,
    failed: bool,
}

impl Source {
    /// At most so many bytes.
    async fn take(&mut self, p: &mut Proc, most: usize) -> Vec<u8> {
        while self.buffer.len() < most {
            let Some((path, input)) = self.now.as_mut() else {
                let Some(path) = self.files.pop_front() else { break };
                match p.input(&path) {
                    Ok(input) => {
                        self.opened = true;
                        self.now = Some((path, input));
                    }
                    Err(why) => {
                        // A folder can be opened; that it cannot be read shows later.
                        self.opened |= why == crate::files::Fault::IsFolder;
                        p.complain(&quotef(&path), why.text());
                        self.failed = true;
                    }
                }
                continue;
            };
            match input.chunk(p).await {
                Ok(piece) if !piece.is_empty() => self.buffer.extend(piece),
                Ok(_) => {
                    p.done(input);
                    self.now = None;
                }
                Err(why) => {
                    p.complain(&quotef(path), why.text());
                    self.failed = true;
                    p.done(input);
                    self.now = None;
                }
            }
        }
        let most = most.min(self.buffer.len());
        self.buffer.drain(..most).collect()
    }
}

pub(super) async fn od(p: &mut Proc) -> u32 {
    let given = match options(p, FLAGS, 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    let (od, files) = match settings(p, &given) {
        Ok(all) => all,
        Err(status) => return status,
    };
    let mut source = Source {
        files: inputs(&files).into(),
        now: None,
        buffer: Vec::new(),
        opened: false,
        failed: false,
    };
    let mut left = od.skip;
    while left > 0 {
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(16 << 10);
        let skipped = source.take(p, most).await;
        if skipped.is_empty() {
            if !source.failed {
                say(p, "cannot skip past end of combined input");
            }
            return 1;
        }
        left -= skipped.len() as u64;
    }
    if let Some(least) = od.strings {
        return od.strings(p, &mut source, least).await;
    }
    od.dump(p, &mut source).await;
    u32::from(source.failed)
}

fn settings(p: &mut Proc, given: &Options) -> Result<(Od, Vec<Vec<u8>>), u32> {
    let mut od = Od {
        specs: Vec::new(),
        radix: Radix::Octal,
        skip: 0,
        most: u64::MAX,
        width: 16,
        every: given.has(b'v'),
        endian: Endian::Little,
        strings: None,
    };
    let mut width = None;
    for (letter, value) in &given.given {
        let value = value.as_deref().unwrap_or_default();
        match letter {
            b'A' => {
                od.radix = match value.first() {
                    Some(b'o') => Radix::Octal,
                    Some(b'd') => Radix::Decimal,
                    Some(b'x') => Radix::Hex,
                    Some(b'n') => Radix::None,
                    other => {
                        let letter = char::from(other.copied().unwrap_or(0));
                        say(
                            p,
                            format!(
                                "invalid output address radix '{letter}'; it must be one character from [doxn]"
                            ),
                        );
                        return Err(1);
                    }
                };
            }
            b'j' => od.skip = number(p, value, b'j')?,
            b'N' => od.most = number(p, value, b'N')?,
            b'S' => od.strings = usize::try_from(number(p, value, b'S')?).ok(),
            b'w' if value.is_empty() => width = Some(32),
            b'w' => width = Some(usize::try_from(number(p, value, b'w')?).unwrap_or(usize::MAX)),
            b't' => match spec::parse(value) {
                Ok(specs) => od.specs.extend(specs),
                Err(text) => {
                    let shown = String::from_utf8_lossy(&quote(p, value)).into_owned();
                    say(p, text.replace("{}", &shown));
                    return Err(1);
                }
            },
            &ENDIAN => match value {
                b"little" => od.endian = Endian::Little,
                b"big" => od.endian = Endian::Big,
                _ => {
                    let (quoted, name) = (quote(p, value), quote(p, b"--endian"));
                    say(p, [b"invalid argument ", &quoted[..], b" for ", &name].concat());
                    p.error("Valid arguments are:\n  - 'little'\n  - 'big'");
                    p.try_help();
                    return Err(1);
                }
            },
            b'a' | b'b' | b'c' | b'd' | b'f' | b'h' | b'i' | b'l' | b'o' | b's' | b'x' => {
                let text: &[u8] = match letter {
                    b'a' => b"a",
                    b'b' => b"o1",
                    b'c' => b"c",
                    b'd' => b"u2",
                    b'f' => b"fF",
                    b'h' | b'x' => b"x2",
                    b'i' => b"dI",
                    b'l' => b"dL",
                    b's' => b"d2",
                    _ => b"o2",
                };
                od.specs.extend(spec::parse(text).unwrap_or_default());
            }
            _ => {}
        }
    }
    if od.specs.is_empty() {
        od.specs.extend(spec::parse(b"o2").unwrap_or_default());
    }
    let unit = od.specs.iter().map(|spec| spec.size).max().unwrap_or(1);
    match width {
        Some(width) if width > 0 && width % unit == 0 => od.width = width.min(4_096),
        Some(width) => {
            say(p, format!("warning: invalid width {width}; using {unit} instead"));
            od.width = unit;
        }
        None => {}
    }
    let mut files = given.rest.clone();
    // `od file +8`: an offset as it was given once.
    if let [.., last] = files.as_slice()
        && last.starts_with(b"+")
        && files.len() <= 2
        && given.given.iter().all(|(letter, _)| b"abcdfhiloxsv".contains(letter))
    {
        let digits = last.get(1..).unwrap_or_default();
        let text = std::str::from_utf8(digits).unwrap_or("");
        let offset = match text.strip_prefix("0x") {
            Some(hex) => u64::from_str_radix(hex, 16),
            None => match text.strip_suffix('.') {
                Some(decimal) => decimal.parse(),
                None => u64::from_str_radix(text, 8),
            },
        };
        if let Ok(offset) = offset {
            od.skip = offset;
            files.pop();
        }
    }
    Ok((od, files))
}

fn number(p: &mut Proc, text: &[u8], letter: u8) -> Result<u64, u32> {
    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
    let (number, unit) = text.split_at_checked(digits).unwrap_or_default();
    let value = match text {
        [b'0', b'x' | b'X', hex @ ..] => {
            std::str::from_utf8(hex).ok().and_then(|hex| u64::from_str_radix(hex, 16).ok())
        }
        [b'0', _, ..] => {
            let octal = std::str::from_utf8(number).ok();
            let octal = octal.and_then(|text| u64::from_str_radix(text, 8).ok());
            octal.and_then(|value| super::size(&[value.to_string().as_bytes(), unit].concat()))
        }
        _ if digits == 0 => None,
        text => super::size(text),
    };
    value.ok_or_else(|| {
        let quoted = quote(p, text);
        let what = format!("invalid -{} argument ", char::from(letter));
        say(p, [what.as_bytes(), &quoted].concat());
        1
    })
}

impl Od {
    async fn dump(&self, p: &mut Proc, source: &mut Source) {
        let mut address = self.skip;
        let mut left = self.most;
        let mut before: Option<Vec<u8>> = None;
        let mut same = false;
        loop {
            let most = usize::try_from(left).unwrap_or(usize::MAX).min(self.width);
            let block = source.take(p, most).await;
            if block.is_empty() {
                break;
            }
            left -= block.len() as u64;
            let full = block.len() == self.width;
            if full && !self.every && before.as_ref() == Some(&block) {
                if !same {
                    p.line("*");
                    same = true;
                }
            } else {
                same = false;
                let text = self.block(&block, address);
                p.print(text);
            }
            address += block.len() as u64;
            before = Some(block);
            p.tick(self.width).await;
            p.flush_some().await;
            if !full {
                break;
            }
        }
        let nothing = source.failed && address == self.skip && !source.opened;
        if self.radix != Radix::None && !nothing {
            p.line(self.radix.text(address));
        }
    }

    fn block(&self, block: &[u8], address: u64) -> Vec<u8> {
        let wide = |spec: &Spec| (spec.width + 1) * (self.width / spec.size);
        let widest = self.specs.iter().map(wide).max().unwrap_or(0);
        let mut out = Vec::new();
        for (index, spec) in self.specs.iter().enumerate() {
            let prefix = self.radix.text(address);
            if index == 0 {
                out.extend(prefix.as_bytes());
            } else {
                out.extend(b" ".repeat(prefix.len()));
            }
            let fields = self.width / spec.size;
            let pad = widest - wide(spec);
            let mut used = 0;
            let mut pad_left = pad;
            for (at, item) in block.chunks(spec.size).enumerate() {
                let mut whole = item.to_vec();
                whole.resize(spec.size, 0);
                let text = spec.text(&whole, self.endian);
                let next = pad * (fields - at - 1) / fields.max(1);
                let width = spec.width + 1 + pad_left - next;
                pad_left = next;
                out.extend(b" ".repeat(width.saturating_sub(text.len())));
                out.extend(text.as_bytes());
                used += width;
            }
            if spec.shows {
                out.extend(b" ".repeat(widest.saturating_sub(used)));
                out.extend(b"  >");
                out.extend(block.iter().map(|b| if (b' '..=b'~').contains(b) { *b } else { b'.' }));
                out.push(b'<');
            }
            out.push(b'\n');
        }
        out
    }

    /// `-S`: texts that end with a zero byte.
    async fn strings(&self, p: &mut Proc, source: &mut Source, least: usize) -> u32 {
        let (mut address, mut left) = (self.skip, self.most);
        let mut text = Vec::new();
        loop {
            let most = usize::try_from(left).unwrap_or(usize::MAX).min(4_096);
            let piece = source.take(p, most).await;
            if piece.is_empty() {
                return u32::from(source.failed);
            }
            left -= piece.len() as u64;
            for byte in piece {
                if byte == 0 && text.len() >= least {
                    let start = address - text.len() as u64;
                    let mut prefix = self.radix.text(start);
                    if self.radix != Radix::None {
                        prefix.push(' ');
                    }
                    p.line([prefix.as_bytes(), &text].concat());
                }
                if (b' '..=b'~').contains(&byte) && text.len() < 1 << 20 {
                    text.push(byte);
                } else {
                    text.clear();
                }
                address += 1;
            }
            p.flush_some().await;
        }
    }
}
