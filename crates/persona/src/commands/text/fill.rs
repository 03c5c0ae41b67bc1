//! `expand`, `unexpand`, `fold`.
//!
//! **Invariant:** a line at a time.

use super::{bare, fault, inputs, next_line, options, quote, say};
use crate::commands::Flag;
use crate::kernel::Proc;

/// Where tabs stop.
struct Stops {
    list: Vec<usize>,
    /// Behind the list, each so many.
    every: Option<usize>,
}

impl Stops {
    fn parse(p: &mut Proc, texts: &[&[u8]]) -> Result<Self, u32> {
        let mut list = Vec::new();
        let mut every = None;
        for word in texts.iter().flat_map(|text| text.split(|b| b", ".contains(b))) {
            if word.is_empty() {
                continue;
            }
            let digits = word.strip_prefix(b"/").or(word.strip_prefix(b"+")).unwrap_or(word);
            let end = digits.iter().position(|b| !b.is_ascii_digit());
            if let Some(end) = end {
                let quoted = quote(p, digits.get(end..).unwrap_or_default());
                say(p, [b"tab size contains invalid character(s): ", &quoted[..]].concat());
                return Err(1);
            }
            let number =
                std::str::from_utf8(digits).ok().and_then(|text| text.parse::<usize>().ok());
            let Some(number) = number.filter(|number| *number < 1 << 30) else {
                let quoted = quote(p, digits);
                say(p, [b"tab stop is too large ", &quoted[..]].concat());
                return Err(1);
            };
            if digits.len() < word.len() {
                every = Some(number);
                continue;
            }
            if number == 0 {
                say(p, "tab size cannot be 0");
                return Err(1);
            }
            if list.last().is_some_and(|last| *last >= number) {
                say(p, "tab sizes must be ascending");
                return Err(1);
            }
            list.push(number);
        }
        if let ([only], None) = (list.as_slice(), every) {
            return Ok(Self { list: Vec::new(), every: Some(*only) });
        }
        if list.is_empty() && every.is_none() {
            every = Some(8);
        }
        Ok(Self { list, every: every.filter(|every| *every > 0) })
    }

    /// The stop behind a column, if there is one.
    fn next(&self, column: usize) -> Option<usize> {
        if let Some(stop) = self.list.iter().find(|stop| **stop > column) {
            return Some(*stop);
        }
        self.every.map(|every| (column / every + 1) * every)
    }
}

/// `-4`, as a list of stops.
fn digits_are_stops(p: &mut Proc) {
    for arg in p.args.iter_mut().skip(1).take_while(|arg| *arg != b"--") {
        let rest =
            arg.strip_prefix(b"-").filter(|rest| rest.first().is_some_and(u8::is_ascii_digit));
        if let Some(rest) = rest {
            *arg = [b"-t", rest].concat();
        }
    }
}

pub(super) async fn expand(p: &mut Proc) -> u32 {
    digits_are_stops(p);
    let flags = [Flag::new(b'i', "initial"), Flag::with(b't', "tabs")];
    let given = match options(p, &flags, 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    let texts: Vec<&[u8]> = given.given.iter().filter_map(|(_, value)| value.as_deref()).collect();
    let stops = match Stops::parse(p, &texts) {
        Ok(stops) => stops,
        Err(status) => return status,
    };
    each(p, &given.rest, |line| {
        let mut out = Vec::with_capacity(line.len());
        let (mut column, mut convert) = (0, true);
        for &byte in line {
            match byte {
                b'\t' if convert => {
                    let next = stops.next(column).unwrap_or(column + 1);
                    out.extend(b" ".repeat(next - column));
                    column = next;
                }
                8 => {
                    column = column.saturating_sub(1);
                    out.push(byte);
                }
                byte => {
                    column += 1;
                    out.push(byte);
                }
            }
            convert &= !given.has(b'i') || byte == b' ' || byte == b'\t';
        }
        out
    })
    .await
}

pub(super) async fn unexpand(p: &mut Proc) -> u32 {
    digits_are_stops(p);
    let flags = [Flag::new(b'a', "all"), Flag::new(3, "first-only"), Flag::with(b't', "tabs")];
    let given = match options(p, &flags, 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    let texts: Vec<&[u8]> = given.given.iter().filter_map(|(_, value)| value.as_deref()).collect();
    let stops = match Stops::parse(p, &texts) {
        Ok(stops) => stops,
        Err(status) => return status,
    };
    let all = (given.has(b'a') || given.has(b't')) && !given.has(3);
    each(p, &given.rest, |line| {
        let mut out = Vec::with_capacity(line.len());
        let (mut column, mut pending, mut convert) = (0, Vec::new(), true);
        let mut before_blank = true;
        for &byte in line {
            if convert && (byte == b' ' || byte == b'\t') {
                match stops.next(column) {
                    None => convert = false,
                    Some(next) if byte == b'\t' => {
                        column = next;
                        if let Some(first) = pending.first_mut() {
                            *first = b'\t';
                        }
                        pending.truncate(usize::from(pending.len() == 1 && !before_blank));
                        // A single blank before a stop stays with its tab.
                        pending.clear();
                        pending.push(b'\t');
                        out.append(&mut pending);
                        before_blank = true;
                        continue;
                    }
                    Some(next) => {
                        column += 1;
                        if column == next && (before_blank || !pending.is_empty()) {
                            pending.clear();
                            out.push(b'\t');
                            before_blank = true;
                        } else {
                            pending.push(b' ');
                        }
                        continue;
                    }
                }
            }
            out.append(&mut pending);
            out.push(byte);
            column = if byte == 8 { column.saturating_sub(1) } else { column + 1 };
            before_blank = false;
            convert &= all;
        }
        out.append(&mut pending);
        out
    })
    .await
}

/// Turns each line into another.
async fn each(p: &mut Proc, files: &[Vec<u8>], turn: impl Fn(&[u8]) -> Vec<u8>) -> u32 {
    let mut status = 0;
    for path in inputs(files) {
        let mut input = match p.input(&path) {
            Ok(input) => input,
            Err(why) => {
                fault(p, &path, why);
                status = 1;
                continue;
            }
        };
        while let Some(line) = next_line(p, &mut input, &path, b'\n', &mut status).await {
            let text = bare(&line, b'\n');
            let turned = turn(text);
            p.print(turned);
            p.print(line.get(text.len()..).unwrap_or_default());
            p.flush_some().await;
        }
        p.done(&input);
    }
    status
}

const FOLD: &[Flag] =
    &[Flag::new(b'b', "bytes"), Flag::new(b's', "spaces"), Flag::with(b'w', "width")];

pub(super) async fn fold(p: &mut Proc) -> u32 {
    for arg in p.args.iter_mut().skip(1).take_while(|arg| *arg != b"--") {
        let rest =
            arg.strip_prefix(b"-").filter(|rest| rest.first().is_some_and(u8::is_ascii_digit));
        if let Some(rest) = rest {
            *arg = [b"-w", rest].concat();
        }
    }
    let given = match options(p, FOLD, 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    let text = given.value(b'w').unwrap_or(b"80");
    let width = std::str::from_utf8(text).ok().and_then(|text| text.parse::<usize>().ok());
    let Some(width) = width.filter(|width| *width > 0) else {
        let quoted = quote(p, text);
        let why: &[u8] = if width == Some(0) { b": Numerical result out of range" } else { b"" };
        say(p, [b"invalid number of columns: ", &quoted[..], why].concat());
        return 1;
    };
    each(p, &given.rest, |line| folded(line, width, given.has(b'b'), given.has(b's'))).await
}

/// A line with line ends where it is too wide.
fn folded(line: &[u8], width: usize, bytes: bool, spaces: bool) -> Vec<u8> {
    let step = |column: usize, byte: u8| match byte {
        _ if bytes => column + 1,
        b'\t' => column + 8 - column % 8,
        8 => column.saturating_sub(1),
        b'\r' => 0,
        _ => column + 1,
    };
    let mut out = Vec::with_capacity(line.len() + line.len() / width + 1);
    let mut now: Vec<u8> = Vec::new();
    let mut column = 0;
    for &byte in line {
        let mut next = step(column, byte);
        while next > width && !now.is_empty() {
            let blank =
                if spaces { now.iter().rposition(|b| *b == b' ' || *b == b'\t') } else { None };
            let rest = match blank {
                Some(at) => now.split_off(at + 1),
                None => Vec::new(),
            };
            out.append(&mut now);
            out.push(b'\n');
            now = rest;
            column = now.iter().fold(0, |column, byte| step(column, *byte));
            next = step(column, byte);
        }
        column = next;
        now.push(byte);
    }
    out.append(&mut now);
    out
}
