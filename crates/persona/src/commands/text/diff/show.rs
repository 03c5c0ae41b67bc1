//! How differences are written.
//!
//! **Invariant:** prints as it goes.

use super::compare::Change;
use super::{Diff, Style};
use crate::calendar::Date;
use crate::files::Last;
use crate::kernel::Proc;
use std::ops::Range;

/// Both files.
pub(super) struct Sides<'a> {
    pub(super) a: &'a [&'a [u8]],
    pub(super) b: &'a [&'a [u8]],
    pub(super) paths: [&'a [u8]; 2],
}

const RED: &str = "31";
const GREEN: &str = "32";
const CYAN: &str = "36";
const BOLD: &str = "1";

/// `3,5`, or `3`; of none, the line before.
fn span(range: &Range<usize>) -> String {
    match range.len() {
        0 => range.start.to_string(),
        1 => (range.start + 1).to_string(),
        _ => format!("{},{}", range.start + 1, range.end),
    }
}

impl Diff {
    fn colored(&self, p: &mut Proc, code: &str, text: &[u8]) {
        if self.color {
            p.print(format!("\x1b[{code}m"));
            p.print(text);
            p.print("\x1b[0m");
        } else {
            p.print(text);
        }
    }

    /// A line behind its mark.
    fn marked(&self, p: &mut Proc, mark: &str, line: &[u8], code: Option<&str>) {
        let (text, ended) = match line.strip_suffix(b"\n") {
            Some(text) => (text, true),
            None => (line, false),
        };
        let whole = [mark.as_bytes(), text].concat();
        match code {
            Some(code) => self.colored(p, code, &whole),
            None => p.print(whole),
        }
        p.print(if ended { "\n" } else { "\n\\ No newline at end of file\n" });
    }

    pub(super) async fn show(&self, p: &mut Proc, sides: &Sides<'_>, changes: &[Change]) {
        match self.style {
            Style::Normal => self.normal(p, sides, changes).await,
            Style::Unified(context) => self.unified(p, sides, changes, context).await,
            Style::Context(context) => self.context(p, sides, changes, context).await,
            Style::Ed => self.ed(p, sides, changes).await,
            Style::Rcs => self.rcs(p, sides, changes).await,
            Style::SideBySide => self.side_by_side(p, sides, changes).await,
            Style::Brief => {}
        }
    }

    async fn normal(&self, p: &mut Proc, sides: &Sides<'_>, changes: &[Change]) {
        for change in changes {
            let letter = match (change.a.is_empty(), change.b.is_empty()) {
                (true, _) => 'a',
                (false, true) => 'd',
                (false, false) => 'c',
            };
            let head = format!("{}{letter}{}", span(&change.a), span(&change.b));
            self.colored(p, CYAN, head.as_bytes());
            p.print("\n");
            for line in sides.a.get(change.a.clone()).unwrap_or_default() {
                self.marked(p, "< ", line, Some(RED));
            }
            if letter == 'c' {
                p.line("---");
            }
            for line in sides.b.get(change.b.clone()).unwrap_or_default() {
                self.marked(p, "> ", line, Some(GREEN));
            }
            p.flush_some().await;
        }
    }

    /// The name of a side, and its time as the style has it.
    fn header(&self, p: &mut Proc, sides: &Sides<'_>, side: usize, mark: &str) {
        let text = match self.labels.get(side) {
            Some(label) => [mark.as_bytes(), b" ", label].concat(),
            None => {
                let path = sides.paths.get(side).copied().unwrap_or_default();
                let stat = p.fs(|process| process.stat(path, Last::Follow));
                let now = crate::calendar::seconds(p.now());
                let seconds = match stat {
                    Ok(stat) => stat.changed,
                    Err(_) if path == b"-" => now,
                    Err(_) => 0,
                };
                let date = Date::new(seconds);
                // The files keep no parts of seconds: what stands there is made of the name.
                let part = match (seconds, path) {
                    (0, _) => 0,
                    (_, path) => {
                        path.iter().fold(seconds.unsigned_abs(), |part, b| {
                            part.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(u64::from(*b))
                        }) >> 20
                            & 0x1fff_ffff
                    }
                };
                let when = match self.style {
                    Style::Context(_) => format!(
                        "{} {} {:2} {:02}:{:02}:{:02} {}",
                        weekday(date.weekday),
                        date.month_name(),
                        date.day,
                        date.hour,
                        date.minute,
                        date.second,
                        date.year,
                    ),
                    Style::Normal
                    | Style::Unified(_)
                    | Style::Ed
                    | Style::Rcs
                    | Style::SideBySide
                    | Style::Brief => format!(
                        "{}-{:02}-{:02} {:02}:{:02}:{:02}.{part:09} +0000",
                        date.year, date.month, date.day, date.hour, date.minute, date.second,
                    ),
                };
                [mark.as_bytes(), b" ", path, b"\t", when.as_bytes()].concat()
            }
        };
        self.colored(p, BOLD, &text);
        p.print("\n");
    }

    async fn unified(&self, p: &mut Proc, sides: &Sides<'_>, changes: &[Change], context: usize) {
        self.header(p, sides, 0, "---");
        self.header(p, sides, 1, "+++");
        for hunk in hunks(changes, context) {
            let (a, b) = around(&hunk, sides, context);
            let range = |range: &Range<usize>| match range.len() {
                0 => format!("{},0", range.start),
                1 => (range.start + 1).to_string(),
                len => format!("{},{len}", range.start + 1),
            };
            let head = format!("@@ -{} +{} @@", range(&a), range(&b));
            self.colored(p, CYAN, head.as_bytes());
            p.print("\n");
            let mut at = a.start;
            for change in &hunk {
                for line in sides.a.get(at..change.a.start).unwrap_or_default() {
                    self.marked(p, " ", line, None);
                }
                for line in sides.a.get(change.a.clone()).unwrap_or_default() {
                    self.marked(p, "-", line, Some(RED));
                }
                for line in sides.b.get(change.b.clone()).unwrap_or_default() {
                    self.marked(p, "+", line, Some(GREEN));
                }
                at = change.a.end;
            }
            for line in sides.a.get(at..a.end).unwrap_or_default() {
                self.marked(p, " ", line, None);
            }
            p.flush_some().await;
        }
    }

    async fn context(&self, p: &mut Proc, sides: &Sides<'_>, changes: &[Change], context: usize) {
        self.header(p, sides, 0, "***");
        self.header(p, sides, 1, "---");
        for hunk in hunks(changes, context) {
            let (a, b) = around(&hunk, sides, context);
            let range = |range: &Range<usize>| match range.len() {
                0 | 1 => (range.start + range.len()).to_string(),
                _ => format!("{},{}", range.start + 1, range.end),
            };
            p.line("***************");
            let head = format!("*** {} ****", range(&a));
            self.colored(p, CYAN, head.as_bytes());
            p.print("\n");
            if hunk.iter().any(|change| !change.a.is_empty()) {
                let ranges = hunk.iter().map(|change| (change.a.clone(), !change.b.is_empty()));
                self.context_side(p, sides.a, &a, ranges, ("- ", RED));
            }
            let head = format!("--- {} ----", range(&b));
            self.colored(p, CYAN, head.as_bytes());
            p.print("\n");
            if hunk.iter().any(|change| !change.b.is_empty()) {
                let ranges = hunk.iter().map(|change| (change.b.clone(), !change.a.is_empty()));
                self.context_side(p, sides.b, &b, ranges, ("+ ", GREEN));
            }
            p.flush_some().await;
        }
    }

    fn context_side(
        &self,
        p: &mut Proc,
        lines: &[&[u8]],
        whole: &Range<usize>,
        changes: impl Iterator<Item = (Range<usize>, bool)>,
        (mark, code): (&str, &str),
    ) {
        let mut at = whole.start;
        for (range, both) in changes {
            for line in lines.get(at..range.start).unwrap_or_default() {
                self.marked(p, "  ", line, None);
            }
            for line in lines.get(range.clone()).unwrap_or_default() {
                self.marked(p, if both { "! " } else { mark }, line, Some(code));
            }
            at = range.end;
        }
        for line in lines.get(at..whole.end).unwrap_or_default() {
            self.marked(p, "  ", line, None);
        }
    }

    async fn ed(&self, p: &mut Proc, sides: &Sides<'_>, changes: &[Change]) {
        for change in changes.iter().rev() {
            let letter = match (change.a.is_empty(), change.b.is_empty()) {
                (true, _) => 'a',
                (false, true) => 'd',
                (false, false) => 'c',
            };
            p.line(format!("{}{letter}", span(&change.a)));
            if letter != 'd' {
                for line in sides.b.get(change.b.clone()).unwrap_or_default() {
                    self.marked(p, "", line, None);
                }
                p.line(".");
            }
            p.flush_some().await;
        }
    }

    async fn rcs(&self, p: &mut Proc, sides: &Sides<'_>, changes: &[Change]) {
        for change in changes {
            if !change.a.is_empty() {
                p.line(format!("d{} {}", change.a.start + 1, change.a.len()));
            }
            if !change.b.is_empty() {
                p.line(format!("a{} {}", change.a.end, change.b.len()));
                for line in sides.b.get(change.b.clone()).unwrap_or_default() {
                    p.print(line);
                }
            }
            p.flush_some().await;
        }
    }

    async fn side_by_side(&self, p: &mut Proc, sides: &Sides<'_>, changes: &[Change]) {
        // Columns begin at tab stops, as the gutter does.
        let tab = 8;
        let offset = (self.width + tab + 3) / 2 / tab * tab;
        let half = (self.width.saturating_sub(offset)).min(offset.saturating_sub(3));
        let (half, offset) = if half == 0 { (0, self.width) } else { (half, offset) };
        let (mut at, mut other) = (0, 0);
        let hides = self.given.has(super::SUPPRESS);
        let ends = Change { a: sides.a.len()..sides.a.len(), b: sides.b.len()..sides.b.len() };
        for change in changes.iter().chain([&ends]) {
            while at < change.a.start {
                if !hides {
                    let (left, right) = (sides.a.get(at).copied(), sides.b.get(other).copied());
                    self.row(p, left, ' ', right, (half, offset));
                }
                at += 1;
                other += 1;
            }
            let both = change.a.len().min(change.b.len());
            for index in 0..change.a.len().max(change.b.len()) {
                let left = (index < change.a.len()).then(|| sides.a.get(at + index)).flatten();
                let right = (index < change.b.len()).then(|| sides.b.get(other + index)).flatten();
                let mark = match index {
                    index if index < both => '|',
                    _ if left.is_some() => '<',
                    _ => '>',
                };
                self.row(p, left.copied(), mark, right.copied(), (half, offset));
            }
            (at, other) = (change.a.end, change.b.end);
            p.flush_some().await;
        }
    }

    fn row(
        &self,
        p: &mut Proc,
        left: Option<&[u8]>,
        mark: char,
        right: Option<&[u8]>,
        (half, offset): (usize, usize),
    ) {
        let mut out = Vec::new();
        let mut column = half_line(left.unwrap_or_default(), half, 0, &mut out);
        if mark != ' ' {
            column = tab_to(column, (half + offset - 1) / 2, &mut out) + 1;
            out.push(u8::try_from(mark).unwrap_or(b'|'));
        }
        if let Some(right) = right
            && right != b"\n"
        {
            tab_to(column, offset, &mut out);
            half_line(right, half, offset, &mut out);
        }
        out.push(b'\n');
        p.print(out);
    }
}

/// Goes to a column with tabs as far as they go.
fn tab_to(mut from: usize, to: usize, out: &mut Vec<u8>) -> usize {
    while from < to {
        let next = (from / 8 + 1) * 8;
        if next <= to {
            out.push(b'\t');
            from = next;
        } else {
            out.push(b' ');
            from += 1;
        }
    }
    from
}

/// As much of a line as fits: the column behind it.
fn half_line(line: &[u8], most: usize, indent: usize, out: &mut Vec<u8>) -> usize {
    let mut column = 0;
    for &byte in line.strip_suffix(b"\n").unwrap_or(line) {
        if byte == b'\t' {
            let next = (column / 8 + 1) * 8;
            if next > most {
                break;
            }
            tab_to(indent + column, indent + next, out);
            column = next;
        } else {
            if column + 1 > most {
                break;
            }
            out.push(byte);
            column += 1;
        }
    }
    indent + column
}

/// Changes that are shown together.
fn hunks(changes: &[Change], context: usize) -> Vec<Vec<Change>> {
    let mut all: Vec<Vec<Change>> = Vec::new();
    for change in changes {
        match all.last_mut() {
            Some(hunk)
                if hunk.last().is_some_and(|last| {
                    change.a.start.saturating_sub(last.a.end) <= context.saturating_mul(2)
                }) =>
            {
                hunk.push(change.clone());
            }
            _ => all.push(vec![change.clone()]),
        }
    }
    all
}

/// The lines of a hunk, with those around it.
fn around(hunk: &[Change], sides: &Sides<'_>, context: usize) -> (Range<usize>, Range<usize>) {
    let first = hunk.first().map_or((0, 0), |change| (change.a.start, change.b.start));
    let last = hunk.last().map_or((0, 0), |change| (change.a.end, change.b.end));
    let before = context.min(first.0).min(first.1);
    let behind =
        context.min(sides.a.len().saturating_sub(last.0)).min(sides.b.len().saturating_sub(last.1));
    (first.0 - before..last.0 + behind, first.1 - before..last.1 + behind)
}

fn weekday(day: i64) -> &'static str {
    const NAMES: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    usize::try_from(day).ok().and_then(|day| NAMES.get(day)).copied().unwrap_or("Sun")
}
