//! Commands that write, read and test text.

use crate::commands::{Call, Outcome, Stdin};
use crate::files::{Fault, Kind};
use crate::shell::run::Program;

pub(crate) fn echo(call: &mut Call<'_>) -> Outcome {
    let options = call.args.iter().take_while(|arg| {
        matches!(arg.as_slice(), [b'-', letters @ ..] if !letters.is_empty()
            && letters.iter().all(|b| b"neE".contains(b)))
    });
    let letters: Vec<u8> = options.clone().flatten().copied().collect();
    let words = call.args.get(options.count()..).unwrap_or(&[]);
    let text = words.join(&b' ');
    let escapes = letters.iter().rev().find(|b| b"eE".contains(b)) == Some(&b'e');
    let (text, ended) = if escapes { unescape(&text) } else { (text, Ended::No) };
    call.print(text);
    if !letters.contains(&b'n') && ended == Ended::No {
        call.print(b"\n");
    }
    Outcome::Done(0)
}

/// Whether `\c` cut the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    No,
    Yes,
}

fn unescape(text: &[u8]) -> (Vec<u8>, Ended) {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    loop {
        match rest {
            [] => return (out, Ended::No),
            [b'\\', b'c', ..] => return (out, Ended::Yes),
            [b'\\', b'x', behind @ ..] => {
                let (value, used) = number(behind, 16, 2);
                if used == 0 {
                    out.extend_from_slice(b"\\x");
                } else {
                    out.push(value);
                }
                rest = behind.get(used..).unwrap_or(&[]);
            }
            [b'\\', b'0', behind @ ..] => {
                let (value, used) = number(behind, 8, 3);
                out.push(value);
                rest = behind.get(used..).unwrap_or(&[]);
            }
            [b'\\', byte @ b'1'..=b'7', behind @ ..] => {
                let (value, used) = number(rest.get(1..).unwrap_or(&[]), 8, 3);
                out.push(if used == 0 { *byte } else { value });
                rest = behind.get(used.saturating_sub(1)..).unwrap_or(&[]);
            }
            [b'\\', byte, behind @ ..] => {
                match byte {
                    b'n' => out.push(b'\n'),
                    b't' => out.push(b'\t'),
                    b'r' => out.push(b'\r'),
                    b'a' => out.push(7),
                    b'b' => out.push(8),
                    b'f' => out.push(0x0c),
                    b'v' => out.push(0x0b),
                    b'e' | b'E' => out.push(0x1b),
                    b'\\' => out.push(b'\\'),
                    other => out.extend_from_slice(&[b'\\', *other]),
                }
                rest = behind;
            }
            [byte, behind @ ..] => {
                out.push(*byte);
                rest = behind;
            }
        }
    }
}

/// Up to `max` digits; the low eight bits.
fn number(text: &[u8], radix: u32, max: usize) -> (u8, usize) {
    let digits = text.iter().take(max).map_while(|&b| char::from(b).to_digit(radix));
    let (value, used) =
        digits.fold((0, 0), |(value, used), digit| (value * radix + digit, used + 1));
    (u8::try_from(value & 0xff).unwrap_or(0), used)
}

/// Rounds over the format while arguments are left.
const ROUNDS: usize = 1_024;

pub(crate) fn printf(call: &mut Call<'_>) -> Outcome {
    let Some((format, args)) = call.args.split_first() else {
        call.error("printf: usage: printf [-v var] format [arguments]");
        return Outcome::Done(2);
    };
    let (format, _) = unescape(format);
    let mut args = args.iter();
    for _ in 0..ROUNDS {
        let before = args.len();
        let mut out = Vec::new();
        let mut rest = format.as_slice();
        while let [byte, behind @ ..] = rest {
            rest = behind;
            if *byte != b'%' {
                out.push(*byte);
                continue;
            }
            let flags = rest.iter().take_while(|b| b"-0123456789.+ #".contains(b)).count();
            let spec = rest.get(..flags).unwrap_or(&[]);
            let Some(&conversion) = rest.get(flags) else { break };
            rest = rest.get(flags + 1..).unwrap_or(&[]);
            if conversion == b'%' {
                out.push(b'%');
                continue;
            }
            let arg = args.next().map_or(&[][..], Vec::as_slice);
            let text = match conversion {
                b's' | b'q' => arg.to_vec(),
                b'b' => unescape(arg).0,
                b'c' => arg.iter().take(1).copied().collect(),
                b'd' | b'i' | b'u' => integer(arg).to_string().into_bytes(),
                b'x' => format!("{:x}", integer(arg)).into_bytes(),
                b'X' => format!("{:X}", integer(arg)).into_bytes(),
                b'o' => format!("{:o}", integer(arg)).into_bytes(),
                _ => Vec::new(),
            };
            pad(spec, &text, &mut out);
        }
        call.print(out);
        if args.len() == 0 || args.len() == before {
            break;
        }
    }
    Outcome::Done(0)
}

fn integer(text: &[u8]) -> i64 {
    let text = std::str::from_utf8(text).unwrap_or("");
    match text.strip_prefix("0x") {
        Some(hex) => i64::from_str_radix(hex, 16).unwrap_or(0),
        None => text.parse().unwrap_or(0),
    }
}

fn pad(spec: &[u8], text: &[u8], out: &mut Vec<u8>) {
    let left = spec.contains(&b'-');
    let digits = spec.iter().skip_while(|b| !b.is_ascii_digit()).take_while(|b| b.is_ascii_digit());
    let digits: Vec<u8> = digits.copied().collect();
    let fill = if digits.first() == Some(&b'0') && !left { b'0' } else { b' ' };
    let width = std::str::from_utf8(&digits).ok().and_then(|d| d.parse::<usize>().ok());
    let blanks = width.unwrap_or(0).min(4_096).saturating_sub(text.len());
    let padding = vec![fill; blanks];
    if left {
        out.extend([text, &padding].concat());
    } else {
        out.extend([&padding, text].concat());
    }
}

pub(crate) fn cat(call: &mut Call<'_>) -> Outcome {
    let (flags, _, names) = call.flags();
    let numbered = flags.contains(&b'n');
    if names.is_empty() || names == [b"-"] {
        return match std::mem::replace(&mut call.stdin, Stdin::Session) {
            Stdin::Bytes(bytes) => {
                call.print(bytes);
                Outcome::Done(0)
            }
            Stdin::Session => Outcome::Wait(Program::Copy),
        };
    }
    let mut status = 0;
    let mut count = 0;
    for name in names {
        match call.read(name) {
            Ok(bytes) if numbered => {
                for line in bytes.split_inclusive(|&b| b == b'\n') {
                    count += 1;
                    call.print(format!("{count:6}\t"));
                    call.print(line);
                }
            }
            Ok(bytes) => call.print(bytes),
            Err(fault) => {
                call.complain("cat", name, fault.text());
                status = 1;
            }
        }
    }
    Outcome::Done(status)
}

/// The inputs of a command: its files, or standard input without a name. `None` where the peer
/// has to send it first.
fn inputs(call: &mut Call<'_>, name: &str, files: &[&[u8]]) -> Option<(Vec<Input>, u32)> {
    if files.is_empty() {
        return match std::mem::replace(&mut call.stdin, Stdin::Session) {
            Stdin::Bytes(bytes) => Some((vec![(Vec::new(), bytes)], 0)),
            Stdin::Session => None,
        };
    }
    let (mut list, mut status) = (Vec::new(), 0);
    for file in files {
        match call.read(file) {
            Ok(bytes) => list.push((file.to_vec(), bytes)),
            Err(Fault::IsFolder) if name == "head" => {
                call.error([b"head: error reading '", *file, b"': Is a directory"].concat());
                status = 1;
            }
            Err(fault) if name == "head" => {
                let what = [b"cannot open '", *file, b"' for reading"].concat();
                call.complain(name, &what, fault.text());
                status = 1;
            }
            Err(fault) => {
                call.complain(name, file, fault.text());
                status = 1;
            }
        }
    }
    Some((list, status))
}

type Input = (Vec<u8>, Vec<u8>);

pub(crate) fn head(call: &mut Call<'_>) -> Outcome {
    let mut lines = 10;
    let mut bytes = None;
    let mut files = Vec::new();
    let mut args = call.args.iter().map(Vec::as_slice);
    let parse = |text: &[u8]| std::str::from_utf8(text).ok().and_then(|t| t.parse::<usize>().ok());
    while let Some(arg) = args.next() {
        match arg {
            [b'-', b'c', rest @ ..] => {
                bytes = parse(if rest.is_empty() { args.next().unwrap_or(&[]) } else { rest });
            }
            [b'-', b'n', rest @ ..] => {
                let text = if rest.is_empty() { args.next().unwrap_or(&[]) } else { rest };
                lines = parse(text).unwrap_or(10);
            }
            [b'-', digits @ ..] if parse(digits).is_some() => lines = parse(digits).unwrap_or(10),
            file => files.push(file),
        }
    }
    let Some((inputs, status)) = inputs(call, "head", &files) else {
        return Outcome::collect(head, call.args);
    };
    for (index, (name, text)) in inputs.iter().enumerate() {
        if files.len() > 1 {
            let gap: &[u8] = if index > 0 { b"\n" } else { b"" };
            call.print([gap, b"==> ", name, b" <==\n"].concat());
        }
        match bytes {
            Some(count) => call.print(text.get(..count).unwrap_or(text)),
            None => {
                for line in text.split_inclusive(|&b| b == b'\n').take(lines) {
                    call.print(line);
                }
            }
        }
    }
    Outcome::Done(status)
}

pub(crate) fn wc(call: &mut Call<'_>) -> Outcome {
    let (flags, _, files) = call.flags();
    let piped = files.is_empty();
    let Some((inputs, status)) = inputs(call, "wc", &files) else {
        return Outcome::collect(wc, call.args);
    };
    let sizes: Vec<usize> = inputs
        .iter()
        .map(|(name, text)| {
            let more = if piped { call.stdin_more } else { call.more(name) };
            text.len().saturating_add(usize::try_from(more).unwrap_or(usize::MAX))
        })
        .collect();
    let all = !flags.iter().any(|b| b"lwcm".contains(b));
    let on = |flag: u8| all && flag != b'm' || flags.contains(&flag);
    let counts: Vec<(Vec<usize>, &[u8])> = inputs
        .iter()
        .zip(&sizes)
        .map(|((name, text), size)| {
            let mut columns = Vec::new();
            if on(b'l') {
                columns.push(text.iter().filter(|&&b| b == b'\n').count());
            }
            if on(b'w') {
                columns.push(text.split(u8::is_ascii_whitespace).filter(|w| !w.is_empty()).count());
            }
            if on(b'm') {
                columns.push(text.iter().filter(|&&b| b & 0xc0 != 0x80).count());
            }
            if on(b'c') {
                columns.push(*size);
            }
            (columns, name.as_slice())
        })
        .collect();
    let digits = sizes.iter().sum::<usize>().to_string().len();
    let single = counts.iter().all(|(columns, _)| columns.len() == 1) && counts.len() == 1;
    let width = match (single, piped) {
        (true, _) => 1,
        (false, true) => 7,
        (false, false) => digits,
    };
    let mut totals = vec![0; counts.first().map_or(0, |(columns, _)| columns.len())];
    for (columns, name) in &counts {
        totals.iter_mut().zip(columns).for_each(|(total, count)| *total += count);
        call.line(wc_line(columns, width, name));
    }
    if counts.len() > 1 {
        call.line(wc_line(&totals, width, b"total"));
    }
    Outcome::Done(status)
}

fn wc_line(columns: &[usize], width: usize, name: &[u8]) -> Vec<u8> {
    let numbers: Vec<String> = columns.iter().map(|count| format!("{count:width$}")).collect();
    let mut line = numbers.join(" ").into_bytes();
    if !name.is_empty() {
        line.push(b' ');
        line.extend_from_slice(name);
    }
    line
}

/// `test` and `[`: one comparison, or one question about a file.
pub(crate) fn test(call: &mut Call<'_>) -> Outcome {
    let mut args: Vec<&[u8]> = call.args.iter().map(Vec::as_slice).collect();
    if args.last() == Some(&b"]".as_slice()) {
        args.pop();
    }
    let negated = args.first() == Some(&b"!".as_slice()) && args.len() > 1;
    if negated {
        args.remove(0);
    }
    let holds = match args.as_slice() {
        [] => false,
        [text] | [b"-n", text] => !text.is_empty(),
        [b"-z", text] => text.is_empty(),
        [b"-f", path] => call.readable(path).is_ok_and(|(_, n)| !matches!(n.kind, Kind::Folder)),
        [b"-d", path] => call.readable(path).is_ok_and(|(_, n)| matches!(n.kind, Kind::Folder)),
        [b"-e" | b"-r" | b"-w" | b"-s", path] => call.readable(path).is_ok(),
        [b"-x", path] => call.readable(path).is_ok_and(|(_, n)| n.mode & 0o111 != 0),
        [a, b"=" | b"==", b] => a == b,
        [a, b"!=", b] => a != b,
        [a, b"-eq", b] => integer(a) == integer(b),
        [a, b"-ne", b] => integer(a) != integer(b),
        [a, b"-lt", b] => integer(a) < integer(b),
        [a, b"-le", b] => integer(a) <= integer(b),
        [a, b"-gt", b] => integer(a) > integer(b),
        [a, b"-ge", b] => integer(a) >= integer(b),
        _ => false,
    };
    Outcome::Done(u32::from(holds == negated))
}
