//! `xxd`.
//!
//! **Invariant:** a line at a time.

use super::write_file;
use crate::kernel::{Input, Proc};

const USAGE: &str = "Usage:
       xxd [options] [infile [outfile]]
    or
       xxd -r [-s [-]offset] [-c cols] [-ps] [infile [outfile]]
Options:
    -a          toggle autoskip: A single '*' replaces nul-lines. Default off.
    -b          binary digit dump (incompatible with -ps,-i,-r). Default hex.
    -C          capitalize variable names in C include file style (-i).
    -c cols     format <cols> octets per line. Default 16 (-i: 12, -ps: 30).
    -E          show characters in EBCDIC. Default ASCII.
    -e          little-endian dump (incompatible with -ps,-i,-r).
    -g bytes    number of octets per group in normal output. Default 2 (-e: 4).
    -h          print this summary.
    -i          output in C include file style.
    -l len      stop after <len> octets.
    -n name     set the variable name used in C include output (-i).
    -o off      add <off> to the displayed file position.
    -ps         output in postscript plain hexdump style.
    -r          reverse operation: convert (or patch) hexdump into binary.
    -r -s off   revert with <off> added to file positions found in hexdump.
    -d          show offset in decimal instead of hex.
    -s [+][-]seek  start at <seek> bytes abs. (or +: rel.) infile offset.
    -u          use upper case hex letters.
    -v          show version: \"xxd 2022-01-14 by Juergen Weigert et al.\".
";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    Normal,
    Little,
    Bits,
    Plain,
    Include,
}

#[expect(clippy::struct_excessive_bools, reason = "options, each on its own")]
struct Xxd {
    style: Style,
    cols: Option<usize>,
    group: Option<usize>,
    most: u64,
    seek: u64,
    offset: u64,
    upper: bool,
    capital: bool,
    decimal: bool,
    skip: bool,
    revert: bool,
    name: Option<Vec<u8>>,
    files: Vec<Vec<u8>>,
}

fn number(text: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(text).ok()?;
    let text = text.trim_start_matches('+');
    match text.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None if text.len() > 1 && text.starts_with('0') => u64::from_str_radix(text, 8).ok(),
        None => text.parse().ok(),
    }
}

/// Reads the command line, which is like nobody else's.
fn settings(args: &[Vec<u8>]) -> Option<Xxd> {
    let mut xxd = Xxd {
        style: Style::Normal,
        cols: None,
        group: None,
        most: u64::MAX,
        seek: 0,
        offset: 0,
        upper: false,
        capital: false,
        decimal: false,
        skip: false,
        revert: false,
        name: None,
        files: Vec::new(),
    };
    let mut all = args.iter();
    let mut options = true;
    while let Some(arg) = all.next() {
        // A second hyphen and what stands behind the letter are not looked at.
        let word = match arg.strip_prefix(b"--") {
            Some(b"") if options => {
                options = false;
                continue;
            }
            Some(rest) if options => rest,
            _ => match arg.strip_prefix(b"-") {
                Some(rest) if options && !rest.is_empty() => rest,
                _ => {
                    xxd.files.push(arg.clone());
                    continue;
                }
            },
        };
        let (letter, rest) = word.split_first()?;
        let mut value = || {
            let long = rest.iter().any(u8::is_ascii_alphabetic) && !rest.starts_with(b"0x");
            if rest.is_empty() || long { all.next().cloned() } else { Some(rest.to_vec()) }
        };
        match letter {
            b'a' => xxd.skip = !xxd.skip,
            b'b' => xxd.style = Style::Bits,
            b'e' => xxd.style = Style::Little,
            b'p' => xxd.style = Style::Plain,
            b'i' => xxd.style = Style::Include,
            b'u' => xxd.upper = true,
            b'C' => xxd.capital = true,
            b'd' => xxd.decimal = true,
            b'E' => {}
            b'r' => xxd.revert = true,
            b'c' => xxd.cols = usize::try_from(number(&value()?)?).ok(),
            b'g' => xxd.group = usize::try_from(number(&value()?)?).ok(),
            b'l' => xxd.most = number(&value()?)?,
            b's' => xxd.seek = number(&value()?)?,
            b'o' => xxd.offset = number(&value()?)?,
            b'n' => xxd.name = Some(value()?),
            _ => return None,
        }
    }
    (xxd.files.len() <= 2).then_some(xxd)
}

pub(super) async fn xxd(p: &mut Proc) -> u32 {
    let args = p.rest();
    if args.first().is_some_and(|arg| arg.starts_with(b"-v") || arg == b"--version") {
        p.error("xxd 2022-01-14 by Juergen Weigert et al.");
        return 0;
    }
    let Some(xxd) = settings(&args) else {
        p.put(2, USAGE.as_bytes());
        return 1;
    };
    let limit = if xxd.style == Style::Plain { usize::MAX } else { 256 };
    if xxd.cols.is_some_and(|cols| cols > limit) {
        p.error(format!("xxd: invalid number of columns (max. {limit})."));
        return 1;
    }
    let path = xxd.files.first().cloned().unwrap_or_else(|| b"-".to_vec());
    let mut input = match p.input(&path) {
        Ok(input) => input,
        Err(crate::files::Fault::IsFolder) => {
            p.error("xxd: Is a directory");
            return 2;
        }
        Err(why) => {
            p.complain(&path, why.text());
            return 2;
        }
    };
    if xxd.revert {
        return xxd.reverted(p, &mut input).await;
    }
    let file = xxd.files.get(1).filter(|path| *path != b"-").cloned();
    if let Some(file) = &file {
        match super::create(p, file, super::Writing::New) {
            Ok(fd) => {
                let open = p.fds.remove(&fd);
                if let Some(open) = open {
                    p.fds.insert(1, open);
                }
            }
            Err(why) => {
                p.complain(file, why.text());
                return 3;
            }
        }
    }
    xxd.dump(p, &mut input, &path).await;
    0
}

/// As many bytes as there are, up to a number.
async fn exactly(p: &mut Proc, input: &mut Input, buffer: &mut Vec<u8>, most: usize) -> Vec<u8> {
    while buffer.len() < most {
        let piece = input.chunk(p).await.unwrap_or_default();
        if piece.is_empty() {
            break;
        }
        buffer.extend(piece);
    }
    let most = most.min(buffer.len());
    buffer.drain(..most).collect()
}

impl Xxd {
    fn hex(&self, byte: u8) -> String {
        if self.upper { format!("{byte:02X}") } else { format!("{byte:02x}") }
    }

    async fn dump(&self, p: &mut Proc, input: &mut Input, path: &[u8]) {
        let mut buffer = Vec::new();
        let mut skip = self.seek;
        while skip > 0 {
            let most = usize::try_from(skip).unwrap_or(usize::MAX).min(16 << 10);
            let skipped = exactly(p, input, &mut buffer, most).await.len();
            if skipped == 0 {
                break;
            }
            skip -= skipped as u64;
        }
        let cols = match (self.cols, self.style) {
            (Some(0), Style::Plain) => usize::MAX,
            (Some(0) | None, Style::Normal | Style::Little) => 16,
            (Some(0) | None, Style::Bits) => 6,
            (Some(0) | None, Style::Include) => 12,
            (None, Style::Plain) => 30,
            (Some(cols), _) => cols,
        };
        if self.style == Style::Include {
            self.include(p, input, (&mut buffer, cols), path).await;
            return;
        }
        let (mut address, mut left) = (self.seek, self.most);
        let (mut zeros, mut held) = (0_u64, Vec::new());
        loop {
            let most = usize::try_from(left).unwrap_or(usize::MAX).min(cols.min(4_096));
            let line = exactly(p, input, &mut buffer, most).await;
            if line.is_empty() {
                break;
            }
            left -= line.len() as u64;
            let shown = if self.style == Style::Plain {
                let mut text: String = line.iter().map(|b| self.hex(*b)).collect();
                if cols != usize::MAX {
                    text.push('\n');
                }
                text.into_bytes()
            } else {
                self.line(&line, address, cols)
            };
            address += line.len() as u64;
            // The first and the last of many lines of zeros are shown.
            if self.skip && self.style != Style::Plain {
                if line.iter().all(|b| *b == 0) {
                    zeros += 1;
                    match zeros {
                        1 => p.print(&shown),
                        2 => held = shown.clone(),
                        3 => p.print("*\n"),
                        _ => {}
                    }
                    if zeros > 2 {
                        held.clone_from(&shown);
                    }
                    continue;
                }
                if zeros > 1 {
                    p.print(&held);
                }
                zeros = 0;
            }
            p.print(shown);
            p.flush_some().await;
        }
        if zeros > 1 {
            p.print(held);
        }
        if cols == usize::MAX {
            p.print("\n");
        }
    }

    fn line(&self, line: &[u8], address: u64, cols: usize) -> Vec<u8> {
        let group = match (self.group, self.style) {
            (Some(0), _) => cols,
            (Some(group), _) => group,
            (None, Style::Bits) => 1,
            (None, Style::Little) => 4,
            (None, _) => 2,
        };
        let address = address.wrapping_add(self.offset);
        let mut out =
            if self.decimal { format!("{address:08}: ") } else { format!("{address:08x}: ") };
        let digits = if self.style == Style::Bits { 8 } else { 2 };
        let groups = cols.div_ceil(group);
        let width = cols * digits + groups;
        let mut body = String::new();
        for part in line.chunks(group) {
            if self.style == Style::Little {
                body.push_str(&"  ".repeat(group - part.len()));
                body.extend(part.iter().rev().map(|b| self.hex(*b)));
            } else if self.style == Style::Bits {
                body.extend(part.iter().map(|b| format!("{b:08b}")));
            } else {
                body.extend(part.iter().map(|b| self.hex(*b)));
            }
            body.push(' ');
        }
        let width = if self.style == Style::Little { groups * (group * 2 + 1) } else { width };
        out.push_str(&format!("{body:width$} "));
        let text =
            line.iter().map(|b| if (b' '..=b'~').contains(b) { char::from(*b) } else { '.' });
        out.extend(text);
        out.push('\n');
        out.into_bytes()
    }

    async fn include(
        &self,
        p: &mut Proc,
        input: &mut Input,
        (buffer, cols): (&mut Vec<u8>, usize),
        path: &[u8],
    ) {
        let name = self.name.clone().or_else(|| (path != b"-").then(|| path.to_vec()));
        let name = name.map(|name| {
            let digit = name.first().is_some_and(u8::is_ascii_digit);
            let start = if digit { "__" } else { "" };
            let letters = name.iter().map(|b| match b {
                b if !b.is_ascii_alphanumeric() => '_',
                b if self.capital => char::from(b.to_ascii_uppercase()),
                b => char::from(*b),
            });
            start.chars().chain(letters).collect::<String>()
        });
        if let Some(name) = &name {
            p.line(format!("unsigned char {name}[] = {{"));
        }
        let (mut left, mut count) = (self.most, 0_u64);
        let prefix = if self.upper { "0X" } else { "0x" };
        loop {
            let most = usize::try_from(left).unwrap_or(usize::MAX).min(cols);
            let line = exactly(p, input, buffer, most).await;
            if line.is_empty() {
                break;
            }
            if count > 0 {
                p.print(",\n");
            }
            left -= line.len() as u64;
            count += line.len() as u64;
            let items: Vec<String> =
                line.iter().map(|b| format!("{prefix}{}", self.hex(*b))).collect();
            p.print(format!("  {}", items.join(", ")));
            p.flush_some().await;
        }
        if count > 0 {
            p.print("\n");
        }
        if let Some(name) = name {
            let len = if self.capital { "LEN" } else { "len" };
            p.line("};");
            p.line(format!("unsigned int {name}_{len} = {count};"));
        }
    }

    /// Bytes of a dump.
    async fn reverted(&self, p: &mut Proc, input: &mut Input) -> u32 {
        let mut out: Vec<u8> = Vec::new();
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|d| u8::try_from(d).ok());
        if self.style == Style::Plain {
            let mut half = None;
            while let Ok(Some(line)) = input.line(p).await {
                for byte in line {
                    match (digit(byte), half) {
                        (Some(low), Some(high)) => {
                            out.push(high << 4 | low);
                            half = None;
                        }
                        (Some(high), None) => half = Some(high),
                        (None, _) => {}
                    }
                }
            }
        } else {
            while let Ok(Some(line)) = input.line(p).await {
                let Some(colon) = line.iter().position(|&b| b == b':') else { continue };
                let address = line.get(..colon).and_then(|text| std::str::from_utf8(text).ok());
                let Some(address) =
                    address.and_then(|text| u64::from_str_radix(text.trim(), 16).ok())
                else {
                    continue;
                };
                let at = usize::try_from(address.wrapping_add(self.seek)).unwrap_or(usize::MAX);
                if at > crate::kernel::WHOLE_BYTES {
                    break;
                }
                out.resize(out.len().max(at), 0);
                let rest = line.get(colon + 1..).unwrap_or_default();
                out.truncate(at);
                let mut bytes = rest.iter().copied().skip_while(|b| *b == b' ').peekable();
                let mut count = 0;
                // Two blanks end the digits.
                while count < self.cols.unwrap_or(16) {
                    if bytes.peek() == Some(&b' ') {
                        bytes.next();
                        if bytes.peek() == Some(&b' ') {
                            break;
                        }
                    }
                    let (Some(high), Some(low)) =
                        (bytes.next().and_then(digit), bytes.next().and_then(digit))
                    else {
                        break;
                    };
                    out.push(high << 4 | low);
                    count += 1;
                }
            }
        }
        match self.files.get(1) {
            Some(path) if path != b"-" => {
                if let Err(why) = write_file(p, path, &out).await {
                    p.complain(path, why.text());
                    return 3;
                }
            }
            _ => p.print(out),
        }
        0
    }
}
