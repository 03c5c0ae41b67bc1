//! `cut` and `paste`.
//!
//! **Invariant:** a line at a time.

use super::{bare, fault, inputs, next_line, options, quote, say};
use crate::commands::Flag;
use crate::kernel::Proc;

const COMPLEMENT: u8 = 3;
const OUTPUT: u8 = 4;

const CUT: &[Flag] = &[
    Flag::with(b'b', "bytes"),
    Flag::with(b'c', "characters"),
    Flag::with(b'd', "delimiter"),
    Flag::with(b'f', "fields"),
    Flag::new(b'n', ""),
    Flag::new(b's', "only-delimited"),
    Flag::new(COMPLEMENT, "complement"),
    Flag::with(OUTPUT, "output-delimiter"),
    Flag::new(b'z', "zero-terminated"),
];

/// Ranges from one on, in order, that do not overlap.
type Ranges = Vec<(usize, usize)>;

pub(super) async fn cut(p: &mut Proc) -> u32 {
    let given = match options(p, CUT, 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    let lists: Vec<&(u8, Option<Vec<u8>>)> =
        given.given.iter().filter(|(letter, _)| b"bcf".contains(letter)).collect();
    let [(kind, Some(list))] = lists.as_slice() else {
        return wrong(
            p,
            if lists.is_empty() {
                "you must specify a list of bytes, characters, or fields"
            } else {
                "only one list may be specified"
            },
        );
    };
    let fields = *kind == b'f';
    let delimiter = match given.value(b'd') {
        None => b'\t',
        Some([]) => 0,
        Some([byte]) => *byte,
        Some(_) => return wrong(p, "the delimiter must be a single character"),
    };
    if given.has(b'd') && !fields {
        return wrong(p, "an input delimiter may be specified only when operating on fields");
    }
    if given.has(b's') && !fields {
        return wrong(
            p,
            "suppressing non-delimited lines makes sense\n\tonly when operating on fields",
        );
    }
    let mut ranges = match ranges(list, fields) {
        Ok(ranges) => ranges,
        Err((text, part)) => {
            let quoted = part.map(|part| quote(p, &part)).unwrap_or_default();
            say(p, text.replace("{}", &String::from_utf8_lossy(&quoted)));
            p.try_help();
            return 1;
        }
    };
    if given.has(COMPLEMENT) {
        ranges = complement(&ranges);
    }
    let end = if given.has(b'z') { 0 } else { b'\n' };
    let between =
        given.value(OUTPUT).map(|text| if text.is_empty() { vec![0] } else { text.to_vec() });
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
        while let Some(line) = next_line(p, &mut input, &path, end, &mut status).await {
            let text = bare(&line, end);
            let shown = if fields {
                let glue = between.clone().unwrap_or_else(|| vec![delimiter]);
                by_fields(text, &ranges, delimiter, &glue, given.has(b's'))
            } else {
                Some(by_bytes(text, &ranges, between.as_deref()))
            };
            if let Some(mut shown) = shown {
                shown.push(end);
                p.print(shown);
            }
            p.flush_some().await;
        }
        p.done(&input);
    }
    status
}

fn wrong(p: &mut Proc, text: &str) -> u32 {
    say(p, text);
    p.try_help();
    1
}

fn by_fields(
    text: &[u8],
    ranges: &Ranges,
    delimiter: u8,
    glue: &[u8],
    only: bool,
) -> Option<Vec<u8>> {
    if !text.contains(&delimiter) {
        return (!only).then(|| text.to_vec());
    }
    let mut out = Vec::with_capacity(text.len());
    let mut first = true;
    let mut wanted = ranges.iter();
    let mut range = wanted.next();
    for (index, field) in text.split(|&b| b == delimiter).enumerate() {
        while range.is_some_and(|(_, to)| *to < index + 1) {
            range = wanted.next();
        }
        let Some((from, _)) = range else { break };
        if *from <= index + 1 {
            if !first {
                out.extend(glue);
            }
            out.extend(field);
            first = false;
        }
    }
    Some(out)
}

fn by_bytes(text: &[u8], ranges: &Ranges, glue: Option<&[u8]>) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for (index, (from, to)) in ranges.iter().enumerate() {
        let Some(rest) = text.get(from - 1..).filter(|rest| !rest.is_empty()) else { break };
        if index > 0
            && let Some(glue) = glue
        {
            out.extend(glue);
        }
        let len = to.saturating_sub(from - 1);
        out.extend(rest.get(..len).unwrap_or(rest));
    }
    out
}

type Wrong = (&'static str, Option<Vec<u8>>);

/// `1,3-5,7-`.
fn ranges(list: &[u8], fields: bool) -> Result<Ranges, Wrong> {
    let pick = |field: &'static str, byte: &'static str| if fields { field } else { byte };
    let zero = pick("fields are numbered from 1", "byte/character positions are numbered from 1");
    let mut all = Vec::new();
    for part in list.split(|b| b", \t".contains(b)) {
        let number = |text: &[u8]| -> Result<Option<usize>, Wrong> {
            if text.is_empty() {
                return Ok(None);
            }
            if !text.iter().all(u8::is_ascii_digit) {
                let bad = text.iter().skip_while(|b| b.is_ascii_digit()).copied().collect();
                let text = pick("invalid field value {}", "invalid byte/character position {}");
                return Err((text, Some(bad)));
            }
            let value = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
            match value.filter(|value| *value != usize::MAX) {
                Some(0) => Err((zero, None)),
                Some(value) => Ok(Some(value)),
                None => {
                    let what = pick(
                        "field number {} is too large",
                        "byte/character offset {} is too large",
                    );
                    Err((what, Some(text.to_vec())))
                }
            }
        };
        let mut ends = part.split(|&b| b == b'-');
        let from = number(ends.next().unwrap_or_default())?;
        let Some(to) = ends.next() else {
            let one = from.ok_or((zero, None))?;
            all.push((one, one));
            continue;
        };
        if ends.next().is_some() {
            return Err((pick("invalid field range", "invalid byte or character range"), None));
        }
        let to = number(to)?;
        if from.is_none() && to.is_none() {
            return Err(("invalid range with no endpoint: -", None));
        }
        let (from, to) = (from.unwrap_or(1), to.unwrap_or(usize::MAX));
        if to < from {
            return Err(("invalid decreasing range", None));
        }
        all.push((from, to));
    }
    all.sort_unstable();
    let mut joined: Ranges = Vec::new();
    for (from, to) in all {
        match joined.last_mut() {
            Some((_, end)) if from <= *end => *end = to.max(*end),
            _ => joined.push((from, to)),
        }
    }
    Ok(joined)
}

fn complement(ranges: &Ranges) -> Ranges {
    let mut out = Vec::new();
    let mut next = 1;
    for (from, to) in ranges {
        if *from > next {
            out.push((next, from - 1));
        }
        next = to.saturating_add(1);
    }
    if next < usize::MAX {
        out.push((next, usize::MAX));
    }
    out
}

const PASTE: &[Flag] = &[
    Flag::with(b'd', "delimiters"),
    Flag::new(b's', "serial"),
    Flag::new(b'z', "zero-terminated"),
];

/// What goes between, in turn; nothing where it says `\0`.
fn delimiters(text: &[u8]) -> Option<Vec<Option<u8>>> {
    let mut all = Vec::new();
    let mut bytes = text.iter();
    while let Some(&byte) = bytes.next() {
        all.push(match byte {
            b'\\' => match *bytes.next()? {
                b'0' => None,
                b'n' => Some(b'\n'),
                b't' => Some(b'\t'),
                b'r' => Some(b'\r'),
                b'b' => Some(8),
                b'f' => Some(12),
                b'v' => Some(11),
                other => Some(other),
            },
            byte => Some(byte),
        });
    }
    Some(if all.is_empty() { vec![None] } else { all })
}

pub(super) async fn paste(p: &mut Proc) -> u32 {
    let given = match options(p, PASTE, 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    let text = given.value(b'd').unwrap_or(b"\t");
    let Some(glue) = delimiters(text) else {
        let text = [b"delimiter list ends with an unescaped backslash: ", text].concat();
        say(p, text);
        return 1;
    };
    let end = if given.has(b'z') { 0 } else { b'\n' };
    let paths = inputs(&given.rest);
    if given.has(b's') {
        return serial(p, &paths, &glue, end).await;
    }
    let mut opened = Vec::new();
    for path in &paths {
        match p.input(path) {
            Ok(input) => opened.push(Some(input)),
            Err(why) => {
                fault(p, path, why);
                return 1;
            }
        }
        if opened.len() >= 1_000 {
            p.complain(path, "Too many open files");
            return 1;
        }
    }
    let mut status = 0;
    loop {
        let mut row = Vec::new();
        let mut any = false;
        for (index, path) in paths.iter().enumerate() {
            // All that read standard input take its lines in turn.
            let shared =
                if path == b"-" { paths.iter().position(|path| path == b"-") } else { None };
            let place = shared.unwrap_or(index);
            let line = match opened.get_mut(place).and_then(Option::as_mut) {
                Some(input) => next_line(p, input, path, end, &mut status).await,
                None => None,
            };
            if line.is_none()
                && let Some(slot) = opened.get_mut(place)
            {
                *slot = None;
            }
            any |= line.is_some();
            if index > 0
                && let Some(byte) = glue.get((index - 1) % glue.len()).copied().flatten()
            {
                row.push(byte);
            }
            row.extend(line.as_deref().map(|line| bare(line, end)).unwrap_or_default());
        }
        if !any {
            return status;
        }
        row.push(end);
        p.print(row);
        p.flush_some().await;
    }
}

async fn serial(p: &mut Proc, paths: &[Vec<u8>], glue: &[Option<u8>], end: u8) -> u32 {
    let mut status = 0;
    for path in paths {
        let mut input = match p.input(path) {
            Ok(input) => input,
            Err(why) => {
                fault(p, path, why);
                status = 1;
                continue;
            }
        };
        let mut count = 0;
        while let Some(line) = next_line(p, &mut input, path, end, &mut status).await {
            if count > 0
                && let Some(byte) = glue.get((count - 1) % glue.len()).copied().flatten()
            {
                p.print([byte]);
            }
            p.print(bare(&line, end));
            count += 1;
            p.flush_some().await;
        }
        p.print([end]);
        p.done(&input);
    }
    status
}
