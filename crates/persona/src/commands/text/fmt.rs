//! `fmt`: paragraphs, broken where it costs least.
//!
//! **Invariant:** a paragraph has [`WORDS`] words at most; a longer one is broken there.

use super::{bare, inputs, next_line, options, quote, quoteaf, say};
use crate::commands::Flag;
use crate::files::Fault;
use crate::kernel::Proc;

const FLAGS: &[Flag] = &[
    Flag::new(b'c', "crown-margin"),
    Flag::with(b'p', "prefix"),
    Flag::new(b's', "split-only"),
    Flag::new(b't', "tagged-paragraph"),
    Flag::new(b'u', "uniform-spacing"),
    Flag::with(b'w', "width"),
    Flag::with(b'g', "goal"),
];

const WORDS: usize = 4_000;

struct Word {
    text: Vec<u8>,
    space: usize,
    paren: bool,
    period: bool,
    punct: bool,
    last: bool,
    /// How the rest is broken from here on.
    cost: i64,
    next: usize,
    length: i64,
}

struct Fmt {
    width: i64,
    goal: i64,
    crown: bool,
    tagged: bool,
    split: bool,
    uniform: bool,
    words: Vec<Word>,
    first: usize,
    other: usize,
    /// The width of the line that was printed last of a paragraph that goes on.
    tabs: bool,
}

pub(super) async fn fmt(p: &mut Proc) -> u32 {
    if let Some(first) = p.args.get_mut(1)
        && let Some(rest) = first.strip_prefix(b"-")
        && rest.first().is_some_and(u8::is_ascii_digit)
    {
        *first = [b"-w", rest].concat();
    }
    let given = match options(p, FLAGS, 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    let number = |text: &[u8]| {
        let value = std::str::from_utf8(text).ok().and_then(|text| text.parse::<i64>().ok());
        value.filter(|value| (0..=2_500).contains(value))
    };
    let mut sizes = [None, None];
    for (place, letter, what) in [(0, b'w', "width"), (1, b'g', "width")] {
        if let Some(text) = given.value(letter) {
            let Some(value) = number(text) else {
                let quoted = quote(p, text);
                let range = text.iter().all(u8::is_ascii_digit) && !text.is_empty();
                let why: &[u8] = if range { b": Numerical result out of range" } else { b"" };
                say(p, [b"invalid ", what.as_bytes(), b": ", &quoted, why].concat());
                return 1;
            };
            if let Some(size) = sizes.get_mut(place) {
                *size = Some(value);
            }
        }
    }
    let (width, goal) = match sizes {
        [Some(width), Some(goal)] => (width, goal),
        [Some(width), None] => (width, width * 187 / 200),
        [None, Some(goal)] => (goal + 10, goal),
        [None, None] => (75, 75 * 187 / 200),
    };
    let mut fmt = Fmt {
        width,
        goal,
        crown: given.has(b'c'),
        tagged: given.has(b't'),
        split: given.has(b's'),
        uniform: given.has(b'u'),
        words: Vec::new(),
        first: 0,
        other: 0,
        tabs: false,
    };
    let mut status = 0;
    for path in inputs(&given.rest) {
        let mut input = match p.input(&path) {
            Ok(input) => input,
            Err(Fault::IsFolder) => {
                p.complain(b"read error", Fault::IsFolder.text());
                status = 1;
                continue;
            }
            Err(why) => {
                p.complain(
                    &[b"cannot open ", &quoteaf(&path)[..], b" for reading"].concat(),
                    why.text(),
                );
                status = 1;
                continue;
            }
        };
        let mut count = 0;
        while let Some(line) = next_line(p, &mut input, &path, b'\n', &mut status).await {
            let text = bare(&line, b'\n');
            fmt.tabs |= text.contains(&b'\t');
            let indent = indent_of(text);
            if text.trim_ascii().is_empty() {
                fmt.paragraph(p).await;
                count = 0;
                p.print("\n");
                continue;
            }
            let goes_on = match count {
                0 => false,
                _ if fmt.split || fmt.words.len() >= WORDS => false,
                1 if fmt.crown => true,
                1 if fmt.tagged => indent != fmt.first,
                _ => indent == fmt.other,
            };
            if !goes_on {
                fmt.paragraph(p).await;
                count = 0;
                fmt.first = indent;
                fmt.other = indent;
                if fmt.tagged {
                    fmt.other = if indent == 0 { 3 } else { 0 };
                }
            } else if count == 1 {
                fmt.other = indent;
            }
            count += 1;
            fmt.add(text);
        }
        fmt.paragraph(p).await;
        p.done(&input);
    }
    status
}

fn indent_of(text: &[u8]) -> usize {
    let mut column = 0;
    for byte in text {
        match byte {
            b' ' => column += 1,
            b'\t' => column += 8 - column % 8,
            _ => break,
        }
    }
    column
}

fn signed(value: usize) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn square(value: i64) -> i64 {
    value.saturating_mul(value)
}

impl Fmt {
    /// Adds the words of a line.
    fn add(&mut self, text: &[u8]) {
        let mut at = 0;
        let blank = |b: &u8| b.is_ascii_whitespace();
        let mut column = 0;
        loop {
            let rest = text.get(at..).unwrap_or_default();
            let skip = rest.iter().take_while(|b| blank(b)).count();
            for byte in rest.iter().take(skip) {
                column = if *byte == b'\t' { column + 8 - column % 8 } else { column + 1 };
            }
            at += skip;
            let rest = text.get(at..).unwrap_or_default();
            let len = rest.iter().take_while(|b| !blank(b)).count();
            if len == 0 {
                return;
            }
            let word = rest.get(..len).unwrap_or_default();
            at += len;
            column += len;
            let behind = text.get(at..).unwrap_or_default();
            let mut next = column;
            for byte in behind.iter().take_while(|b| blank(b)) {
                next = if *byte == b'\t' { next + 8 - next % 8 } else { next + 1 };
            }
            let ends = behind.trim_ascii().is_empty();
            let space = next - column;
            let closed = word.iter().rposition(|b| !b")]'\"".contains(b)).unwrap_or(0);
            let period = word.get(closed).is_some_and(|b| b".?!".contains(b));
            let last = period && (ends || space > 1);
            let space = if ends || self.uniform { if last { 2 } else { 1 } } else { space };
            self.words.push(Word {
                text: word.to_vec(),
                space,
                paren: word.first().is_some_and(|b| b"(['`\"".contains(b)),
                period,
                punct: word.last().is_some_and(u8::is_ascii_punctuation),
                last,
                cost: 0,
                next: 0,
                length: 0,
            });
        }
    }

    fn base_cost(&self, at: usize) -> i64 {
        let mut cost = square(70);
        let word = |at: Option<usize>| at.and_then(|at| self.words.get(at));
        if let Some(before) = word(at.checked_sub(1)) {
            if before.period {
                cost += if before.last { -square(50) } else { square(600) };
            } else if before.punct {
                cost -= square(40);
            } else if word(at.checked_sub(2)).is_some_and(|word| word.last) {
                cost += square(200) / (signed(before.text.len()) + 2);
            }
        }
        if let Some(this) = word(Some(at)) {
            if this.paren {
                cost -= square(40);
            } else if this.last {
                cost += square(150) / (signed(this.text.len()) + 2);
            }
        }
        cost
    }

    fn line_cost(&self, next: usize, len: i64) -> i64 {
        let Some(word) = self.words.get(next) else { return 0 };
        let mut cost = square((self.goal - len).saturating_mul(10));
        if word.next < self.words.len() {
            cost += square((len - word.length).saturating_mul(10)) / 2;
        }
        cost
    }

    /// Breaks what was gathered, and prints it.
    async fn paragraph(&mut self, p: &mut Proc) {
        let count = self.words.len();
        if let Some(last) = self.words.last_mut() {
            last.last = true;
        }
        let mut work = 0;
        for start in (0..count).rev() {
            let mut len = signed(if start == 0 { self.first } else { self.other });
            len += self.words.get(start).map_or(0, |word| signed(word.text.len()));
            let mut best = (i64::MAX, start + 1, len);
            let mut at = start;
            loop {
                at += 1;
                work += 1;
                let later = self.words.get(at).map_or(0, |word| word.cost);
                let cost = self.line_cost(at, len).saturating_add(later);
                if cost < best.0 {
                    best = (cost, at, len);
                }
                if at == count {
                    break;
                }
                let space = self.words.get(at - 1).map_or(1, |word| word.space);
                len += signed(space) + self.words.get(at).map_or(0, |word| signed(word.text.len()));
                if len >= self.width {
                    break;
                }
            }
            let base = self.base_cost(start);
            if let Some(word) = self.words.get_mut(start) {
                (word.cost, word.next, word.length) = (best.0.saturating_add(base), best.1, best.2);
            }
        }
        p.tick(work * 8).await;
        let mut at = 0;
        while at < count {
            let next = self.words.get(at).map_or(count, |word| word.next).max(at + 1);
            let mut line = Vec::new();
            self.indent(if at == 0 { self.first } else { self.other }, &mut line);
            let mut column = if at == 0 { self.first } else { self.other };
            for index in at..next {
                let Some(word) = self.words.get(index) else { break };
                line.extend(&word.text);
                column += word.text.len();
                if index + 1 < next {
                    self.space(column, word.space, &mut line);
                    column += word.space;
                }
            }
            p.line(line);
            p.flush_some().await;
            at = next;
        }
        self.words.clear();
    }

    fn indent(&self, width: usize, out: &mut Vec<u8>) {
        self.space(0, width, out);
    }

    /// Blanks, as tabs where the input has them.
    fn space(&self, column: usize, width: usize, out: &mut Vec<u8>) {
        let (mut column, end) = (column, column + width);
        if self.tabs {
            let stop = end / 8 * 8;
            if column + 1 < stop {
                while column < stop {
                    out.push(b'\t');
                    column = (column / 8 + 1) * 8;
                }
            }
        }
        while column < end {
            out.push(b' ');
            column += 1;
        }
    }
}
