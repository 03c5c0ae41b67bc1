//! `column`.
//!
//! **Invariant:** the input is held once, up to the cap of whole inputs.

use super::{inputs, say};
use crate::commands::{Flag, Options};
use crate::kernel::Proc;
use decnet_core::limits::XARGS_BYTES;

const FLAGS: &[Flag] = &[
    Flag::with(b'c', "output-width"),
    Flag::new(b'd', "table-noheadings"),
    Flag::new(b'e', "table-header-repeat"),
    Flag::with(b'E', "table-noextreme"),
    Flag::with(b'H', "table-hide"),
    Flag::new(b'J', "json"),
    Flag::new(b'L', "keep-empty-lines"),
    Flag::with(b'l', "table-columns-limit"),
    Flag::with(b'n', "table-name"),
    Flag::with(b'N', "table-columns"),
    Flag::with(b'o', "output-separator"),
    Flag::with(b'O', "table-order"),
    Flag::with(b'R', "table-right"),
    Flag::with(b's', "separator"),
    Flag::new(b't', "table"),
    Flag::with(b'T', "table-truncate"),
    Flag::with(b'W', "table-wrap"),
    Flag::new(b'x', "fillrows"),
    Flag::new(b'h', "help"),
    Flag::new(b'V', "version"),
];

fn width(text: &[u8]) -> usize {
    text.iter().filter(|b| **b & 0xc0 != 0x80).count()
}

pub(super) async fn column(p: &mut Proc) -> u32 {
    let Some(given) = Options::read(p, FLAGS, false) else {
        p.try_help();
        return 1;
    };
    if given.has(b'V') {
        p.line("column from util-linux 2.38.1");
        return 0;
    }
    if given.has(b'h') {
        p.print("\nUsage:\n column [options] [<file>...]\n\nColumnate lists.\n");
        return 0;
    }
    let total = match given.value(b'c') {
        None => usize::try_from(p.world.with(|world| world.tty.cols())).unwrap_or(80),
        Some(b"unlimited") => usize::MAX,
        Some(text) => {
            let value = std::str::from_utf8(text).ok().and_then(|text| text.parse::<usize>().ok());
            match value.filter(|value| *value > 0) {
                Some(value) => value,
                None => {
                    say(p, [b"invalid columns argument: '", text, b"'"].concat());
                    return 1;
                }
            }
        }
    };
    let mut status = 0;
    let mut lines: Vec<Vec<u8>> = Vec::new();
    for path in inputs(&given.rest) {
        match p.content(&path).await {
            Ok(text) => {
                p.tick(text.len()).await;
                // Words are held one by one.
                if super::too_many_lines(p, &text, b'\n') || text.len() > XARGS_BYTES {
                    return 1;
                }
                let all = text.split(|&b| b == b'\n').map(<[u8]>::to_vec);
                let keeps = given.has(b'L') && text.ends_with(b"\n");
                let count = text.iter().filter(|b| **b == b'\n').count() + usize::from(!keeps);
                let wanted = |line: &Vec<u8>| given.has(b'L') || !line.trim_ascii().is_empty();
                lines.extend(all.take(count).filter(wanted));
            }
            Err(why) => {
                p.complain(&path, why.text());
                status = 1;
            }
        }
    }
    if given.has(b't') || given.has(b'J') {
        table(p, &given, lines).await;
    } else {
        grid(p, lines, total, given.has(b'x')).await;
    }
    status
}

/// Numbers of columns that a list names, by number or name.
fn named(list: &[u8], names: &[Vec<u8>], count: usize) -> Vec<usize> {
    let mut all = Vec::new();
    for word in list.split(|&b| b == b',') {
        if word == b"0" {
            all.extend(0..count);
        } else if word == b"-1" {
            all.extend(count.checked_sub(1));
        } else if let Some(at) = names.iter().position(|name| name == word) {
            all.push(at);
        } else {
            let number = std::str::from_utf8(word).ok().and_then(|text| text.parse::<usize>().ok());
            all.extend(number.and_then(|number| number.checked_sub(1)));
        }
    }
    all
}

/// What stands between blanks; the last of so many is the rest.
fn words(line: &[u8], most: usize) -> Vec<Vec<u8>> {
    let blank = |b: &u8| *b == b' ' || *b == b'\t';
    let mut all: Vec<Vec<u8>> = Vec::new();
    let mut rest = line;
    loop {
        let skip = rest.iter().take_while(|b| blank(b)).count();
        rest = rest.get(skip..).unwrap_or_default();
        if rest.is_empty() {
            return all;
        }
        let len = rest.iter().take_while(|b| !blank(b)).count();
        let len = if all.len() + 1 >= most { rest.len() } else { len };
        all.push(rest.get(..len).unwrap_or_default().to_vec());
        rest = rest.get(len..).unwrap_or_default();
    }
}

async fn table(p: &mut Proc, given: &Options, lines: Vec<Vec<u8>>) {
    let separators = given.value(b's');
    let limit = given.value(b'l').and_then(|text| std::str::from_utf8(text).ok()?.parse().ok());
    let limit: usize = limit.unwrap_or(usize::MAX).max(1);
    let mut rows: Vec<Vec<Vec<u8>>> = Vec::new();
    for line in &lines {
        let row: Vec<Vec<u8>> = match separators {
            Some(set) => line.splitn(limit, |b| set.contains(b)).map(<[u8]>::to_vec).collect(),
            None => words(line, limit),
        };
        rows.push(row);
    }
    let names: Vec<Vec<u8>> = match given.value(b'N') {
        Some(list) => list.split(|&b| b == b',').map(<[u8]>::to_vec).collect(),
        None => Vec::new(),
    };
    let count = rows.iter().map(Vec::len).chain([names.len()]).max().unwrap_or(0);
    let shows_names = !names.is_empty() && !given.has(b'd');
    if shows_names {
        rows.insert(0, names.clone());
    }
    let list =
        |letter: u8| given.value(letter).map(|list| named(list, &names, count)).unwrap_or_default();
    let (right, hidden) = (list(b'R'), list(b'H'));
    let mut shown: Vec<usize> = (0..count).filter(|at| !hidden.contains(at)).collect();
    let order = list(b'O');
    shown.sort_by_key(|at| order.iter().position(|first| first == at).unwrap_or(order.len() + at));
    let mut widths = vec![0; count];
    for row in &rows {
        for (place, cell) in widths.iter_mut().zip(row) {
            *place = width(cell).max(*place);
        }
    }
    let glue = given.value(b'o').unwrap_or(b"  ").to_vec();
    for row in &rows {
        let mut out = Vec::new();
        for (index, at) in shown.iter().enumerate() {
            let cell = row.get(*at).map(Vec::as_slice).unwrap_or_default();
            let fill = widths.get(*at).copied().unwrap_or(0).saturating_sub(width(cell));
            let last = index + 1 == shown.len();
            if right.contains(at) {
                out.extend(b" ".repeat(fill));
                out.extend(cell);
            } else {
                out.extend(cell);
                if !last {
                    out.extend(b" ".repeat(fill));
                }
            }
            if !last {
                out.extend(&glue);
            }
        }
        p.line(out);
        p.flush_some().await;
    }
}

async fn grid(p: &mut Proc, lines: Vec<Vec<u8>>, total: usize, rows_first: bool) {
    let longest = lines.iter().map(|line| width(line)).max().unwrap_or(0);
    let cell = (longest + 8) & !7;
    if longest >= total || lines.is_empty() {
        for line in lines {
            p.line(line);
            p.flush_some().await;
        }
        return;
    }
    let columns = (total / cell).max(1);
    let rows = lines.len().div_ceil(columns);
    for row in 0..rows {
        let mut out = Vec::new();
        let (mut at, mut end) = (0, cell);
        for column in 0..columns {
            let index = if rows_first { row * columns + column } else { column * rows + row };
            let Some(line) = lines.get(index) else { break };
            out.extend(line);
            at += width(line);
            let next = if rows_first { index + 1 } else { index + rows };
            let more = column + 1 < columns && next < lines.len();
            if more {
                while (at + 8) & !7 <= end {
                    out.push(b'\t');
                    at = (at + 8) & !7;
                }
                end += cell;
            }
        }
        p.line(out);
        p.flush_some().await;
    }
}
