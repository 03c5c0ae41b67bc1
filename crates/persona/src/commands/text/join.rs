//! `join`.
//!
//! **Invariant:** holds the lines of the second file that have one key; not more than a cap.

use super::uniq::two;
use super::{bare, fault, next_line, options, quote, say};
use crate::commands::{Flag, Options};
use crate::files::Fault;
use crate::kernel::{Input, Proc};
use std::cmp::Ordering;

const CHECK: u8 = 3;
const NOCHECK: u8 = 4;
const HEADER: u8 = 5;

const FLAGS: &[Flag] = &[
    Flag::with(b'1', ""),
    Flag::with(b'2', ""),
    Flag::with(b'a', ""),
    Flag::with(b'e', ""),
    Flag::new(b'i', "ignore-case"),
    Flag::with(b'j', ""),
    Flag::with(b'o', ""),
    Flag::with(b't', ""),
    Flag::with(b'v', ""),
    Flag::new(b'z', "zero-terminated"),
    Flag::new(CHECK, "check-order"),
    Flag::new(NOCHECK, "nocheck-order"),
    Flag::new(HEADER, "header"),
];

/// Lines of one key that are held.
const GROUP: usize = 20_000;

/// A field of the output: the key, or one of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Key,
    Of(usize, usize),
}

struct Join {
    keys: [usize; 2],
    unpaired: [bool; 2],
    paired: bool,
    empty: Vec<u8>,
    fold: bool,
    tab: Option<u8>,
    format: Vec<Field>,
    auto: bool,
    end: u8,
    counts: [usize; 2],
    /// Whether order is looked at: always, never, or once a line had no partner.
    checks: bool,
    lazy: bool,
}

type Row = (Vec<u8>, Vec<Vec<u8>>);

pub(super) async fn join(p: &mut Proc) -> u32 {
    // `-o 1.1 2.2`: a format may go on in the next word.
    let given = match options(p, FLAGS, 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    let (mut join, rest) = match settings(p, &given) {
        Ok(all) => all,
        Err(status) => return status,
    };
    let Some(paths) = two(p, &rest) else { return 1 };
    if paths.iter().all(|path| path == b"-") {
        say(p, "both files cannot be standard input");
        return 1;
    }
    let mut inputs = Vec::new();
    for path in &paths {
        match p.input(path) {
            Ok(input) => inputs.push(input),
            Err(Fault::IsFolder) => {
                p.complain(b"read error", Fault::IsFolder.text());
                return 1;
            }
            Err(why) => {
                fault(p, path, why);
                return 1;
            }
        }
    }
    let mut sides: Vec<Side> = inputs
        .into_iter()
        .zip(paths)
        .map(|(input, path)| Side { input, path, number: 0, ahead: None, last: None, told: false })
        .collect();
    let [first, second] = sides.as_mut_slice() else { return 1 };
    join.run(p, &given, first, second).await
}

fn settings(p: &mut Proc, given: &Options) -> Result<(Join, Vec<Vec<u8>>), u32> {
    let mut join = Join {
        keys: [0, 0],
        unpaired: [false, false],
        paired: !given.has(b'v'),
        empty: given.value(b'e').unwrap_or_default().to_vec(),
        fold: given.has(b'i'),
        tab: None,
        format: Vec::new(),
        auto: false,
        end: if given.has(b'z') { 0 } else { b'\n' },
        counts: [0, 0],
        checks: given.has(CHECK),
        lazy: !given.has(CHECK) && !given.has(NOCHECK),
    };
    let mut rest = given.rest.clone();
    let bad = |p: &mut Proc, what: &str, text: &[u8]| {
        let quoted = quote(p, text);
        say(p, [what.as_bytes(), b": ", &quoted].concat());
        1
    };
    let number =
        |text: &[u8]| std::str::from_utf8(text).ok()?.parse::<usize>().ok()?.checked_sub(1);
    for (letter, value) in &given.given {
        let text = value.as_deref().unwrap_or_default();
        match letter {
            b'1' | b'2' | b'j' => {
                let Some(field) = number(text) else {
                    return Err(bad(p, "invalid field number", text));
                };
                if *letter != b'2' {
                    join.keys[0] = field;
                }
                if *letter != b'1' {
                    join.keys[1] = field;
                }
            }
            b'a' | b'v' => match text {
                b"1" => join.unpaired[0] = true,
                b"2" => join.unpaired[1] = true,
                _ => return Err(bad(p, "invalid field number", text)),
            },
            b't' => match text {
                [] => join.tab = Some(b'\n'),
                [byte] => join.tab = Some(*byte),
                b"\\0" => join.tab = Some(0),
                _ => {
                    let quoted = quote(p, text);
                    say(p, [b"multi-character tab ", &quoted[..]].concat());
                    return Err(1);
                }
            },
            b'o' if text == b"auto" => join.auto = true,
            b'o' => {
                let mut words = vec![text.to_vec()];
                // Behind it, whatever looks like a field is one.
                while rest.len() > 2
                    && rest.first().is_some_and(|word| {
                        word == b"0" || word.starts_with(b"1.") || word.starts_with(b"2.")
                    })
                {
                    words.push(rest.remove(0));
                }
                for word in words.iter().flat_map(|word| word.split(|b| b", \t".contains(b))) {
                    let field = match word {
                        b"0" => Field::Key,
                        [side @ (b'1' | b'2'), b'.', digits @ ..] => match number(digits) {
                            Some(field) => Field::Of(usize::from(side - b'1'), field),
                            None => return Err(bad(p, "invalid field number", digits)),
                        },
                        [b'1' | b'2', ..] => return Err(bad(p, "invalid field specifier", word)),
                        word => return Err(bad(p, "invalid file number in field spec", word)),
                    };
                    join.format.push(field);
                }
            }
            _ => {}
        }
    }
    Ok((join, rest))
}

struct Side {
    input: Input,
    path: Vec<u8>,
    number: u64,
    ahead: Option<Row>,
    last: Option<Vec<u8>>,
    told: bool,
}

impl Join {
    fn fields(&self, line: &[u8]) -> Vec<Vec<u8>> {
        match self.tab {
            Some(tab) => line.split(|&b| b == tab).map(<[u8]>::to_vec).collect(),
            None => {
                let parts = line.split(|b| *b == b' ' || *b == b'\t');
                parts.filter(|part| !part.is_empty()).map(<[u8]>::to_vec).collect()
            }
        }
    }

    fn key(&self, row: &Row, side: usize) -> Vec<u8> {
        let field = self.keys.get(side).copied().unwrap_or(0);
        let key = row.1.get(field).cloned().unwrap_or_default();
        if self.fold { key.to_ascii_uppercase() } else { key }
    }

    /// The next row of a side, which may be out of order.
    async fn next(&self, p: &mut Proc, side: &mut Side, index: usize) -> Option<Row> {
        if let Some(row) = side.ahead.take() {
            return Some(row);
        }
        let mut status = 0;
        let path = side.path.clone();
        let line = next_line(p, &mut side.input, &path, self.end, &mut status).await?;
        side.number += 1;
        let text = bare(&line, self.end).to_vec();
        let row = (text.clone(), self.fields(&text));
        let key = self.key(&row, index);
        if self.checks && !side.told && side.last.as_ref().is_some_and(|last| *last > key) {
            side.told = true;
            let place = format!(":{}: is not sorted: ", side.number);
            say(p, [&path[..], place.as_bytes(), &text].concat());
        }
        side.last = Some(key);
        Some(row)
    }

    async fn run(
        &mut self,
        p: &mut Proc,
        given: &Options,
        first: &mut Side,
        second: &mut Side,
    ) -> u32 {
        let mut a = self.next(p, first, 0).await;
        let mut b = self.next(p, second, 1).await;
        if self.auto {
            let count = |row: &Option<Row>| row.as_ref().map_or(0, |row| row.1.len());
            self.counts = [count(&a), count(&b)];
        }
        if given.has(HEADER) && (a.is_some() || b.is_some()) {
            self.show(p, a.as_ref(), b.as_ref());
            first.last = None;
            second.last = None;
            a = self.next(p, first, 0).await;
            b = self.next(p, second, 1).await;
        }
        while let (Some(left), Some(right)) = (&a, &b) {
            match self.key(left, 0).cmp(&self.key(right, 1)) {
                Ordering::Less => {
                    self.checks |= self.lazy;
                    if self.unpaired[0] {
                        self.show(p, Some(left), None);
                    }
                    a = self.next(p, first, 0).await;
                }
                Ordering::Greater => {
                    self.checks |= self.lazy;
                    if self.unpaired[1] {
                        self.show(p, None, Some(right));
                    }
                    b = self.next(p, second, 1).await;
                }
                Ordering::Equal => {
                    let key = self.key(right, 1);
                    let mut group = vec![right.clone()];
                    b = self.next(p, second, 1).await;
                    while let Some(row) = b.take() {
                        if self.key(&row, 1) != key || group.len() >= GROUP {
                            b = Some(row);
                            break;
                        }
                        group.push(row);
                        b = self.next(p, second, 1).await;
                    }
                    while let Some(row) = a.take() {
                        if self.key(&row, 0) != key {
                            a = Some(row);
                            break;
                        }
                        for other in &group {
                            if self.paired {
                                self.show(p, Some(&row), Some(other));
                            }
                            p.flush_some().await;
                        }
                        a = self.next(p, first, 0).await;
                    }
                }
            }
            p.flush_some().await;
        }
        if a.is_some() || b.is_some() {
            self.checks |= self.lazy;
        }
        while let Some(row) = a.take() {
            if self.unpaired[0] {
                self.show(p, Some(&row), None);
            } else if !self.checks {
                break;
            }
            a = self.next(p, first, 0).await;
            p.flush_some().await;
        }
        while let Some(row) = b.take() {
            if self.unpaired[1] {
                self.show(p, None, Some(&row));
            } else if !self.checks {
                break;
            }
            b = self.next(p, second, 1).await;
            p.flush_some().await;
        }
        if first.told || second.told {
            say(p, "input is not in sorted order");
            return 1;
        }
        0
    }

    fn show(&self, p: &mut Proc, a: Option<&Row>, b: Option<&Row>) {
        let mut out: Vec<Vec<u8>> = Vec::new();
        let or_empty = |field: Option<&Vec<u8>>| match field {
            Some(field) if !field.is_empty() => field.clone(),
            _ => self.empty.clone(),
        };
        let (row, side) = match (a, b) {
            (Some(row), _) => (row, 0),
            (None, Some(row)) => (row, 1),
            (None, None) => return,
        };
        let key_at = self.keys.get(side).copied().unwrap_or(0);
        let key = or_empty(row.1.get(key_at));
        if !self.format.is_empty() {
            for field in &self.format {
                out.push(match field {
                    Field::Key => key.clone(),
                    Field::Of(0, field) => or_empty(a.and_then(|row| row.1.get(*field))),
                    Field::Of(_, field) => or_empty(b.and_then(|row| row.1.get(*field))),
                });
            }
        } else {
            out.push(key);
            for (row, side) in [(a, 0), (b, 1)] {
                let skip = self.keys.get(side).copied().unwrap_or(0);
                let count = match (self.auto, row) {
                    (true, _) => self.counts.get(side).copied().unwrap_or(0),
                    (false, Some(row)) => row.1.len(),
                    (false, None) => 0,
                };
                for at in (0..count).filter(|at| *at != skip) {
                    out.push(or_empty(row.and_then(|row| row.1.get(at))));
                }
            }
        }
        let mut line = out.join(&self.tab.unwrap_or(b' '));
        line.push(self.end);
        p.print(line);
    }
}
