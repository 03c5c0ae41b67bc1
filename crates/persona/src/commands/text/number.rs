//! `nl`.
//!
//! **Invariant:** a line at a time.

use super::{bare, fault, inputs, next_line, options, quote, say};
use crate::commands::Flag;
use crate::kernel::Proc;
use crate::regex::{Case, Regex};

const NL: &[Flag] = &[
    Flag::with(b'b', "body-numbering"),
    Flag::with(b'd', "section-delimiter"),
    Flag::with(b'f', "footer-numbering"),
    Flag::with(b'h', "header-numbering"),
    Flag::with(b'i', "line-increment"),
    Flag::with(b'l', "join-blank-lines"),
    Flag::with(b'n', "number-format"),
    Flag::new(b'p', "no-renumber"),
    Flag::with(b's', "number-separator"),
    Flag::with(b'v', "starting-line-number"),
    Flag::with(b'w', "number-width"),
];

/// Which lines get a number.
enum Style {
    All,
    NotEmpty,
    None,
    Matching(Regex),
}

struct Nl {
    header: Style,
    body: Style,
    footer: Style,
    delimiter: Vec<u8>,
    step: i64,
    join: i64,
    format: Vec<u8>,
    separator: Vec<u8>,
    width: usize,
    number: i64,
    start: i64,
    renumber: bool,
    blanks: i64,
}

/// The part of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Header,
    Body,
    Footer,
}

pub(super) async fn nl(p: &mut Proc) -> u32 {
    let given = match options(p, NL, 1) {
        Ok(given) => given,
        Err(status) => return status,
    };
    let mut nl = Nl {
        header: Style::None,
        body: Style::NotEmpty,
        footer: Style::None,
        delimiter: b"\\:".to_vec(),
        step: 1,
        join: 1,
        format: b"rn".to_vec(),
        separator: b"\t".to_vec(),
        width: 6,
        number: 1,
        start: 1,
        renumber: !given.has(b'p'),
        blanks: 0,
    };
    for (letter, value) in &given.given {
        let value = value.as_deref().unwrap_or_default();
        if let Err(what) = nl.set(*letter, value) {
            let quoted = quote(p, value);
            say(p, [what.as_bytes(), b": ", &quoted].concat());
            if what.ends_with("style") || what.ends_with("format") {
                p.try_help();
            }
            return 1;
        }
    }
    nl.number = nl.start;
    let (mut part, mut status) = (Part::Body, 0);
    for path in inputs(&given.rest) {
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
            match nl.section(text) {
                Some(next) => {
                    part = next;
                    if nl.renumber {
                        nl.number = nl.start;
                    }
                    p.print("\n");
                }
                None => {
                    let shown = nl.line(text, part);
                    p.line(shown);
                }
            }
            p.flush_some().await;
        }
        p.done(&input);
    }
    status
}

impl Nl {
    fn set(&mut self, letter: u8, value: &[u8]) -> Result<(), &'static str> {
        let number = || std::str::from_utf8(value).ok().and_then(|text| text.parse::<i64>().ok());
        match letter {
            b'h' => self.header = style(value).ok_or("invalid header numbering style")?,
            b'b' => self.body = style(value).ok_or("invalid body numbering style")?,
            b'f' => self.footer = style(value).ok_or("invalid footer numbering style")?,
            b'd' => {
                self.delimiter = value.to_vec();
                if value.len() == 1 {
                    self.delimiter.push(b':');
                }
            }
            b'i' => self.step = number().ok_or("invalid line number increment")?,
            b'l' => {
                let join = number().filter(|&n| n > 0);
                self.join = join.ok_or("invalid line number of blank lines")?;
            }
            b'n' if !matches!(value, b"ln" | b"rn" | b"rz") => {
                return Err("invalid line numbering format");
            }
            b'n' => self.format = value.to_vec(),
            b's' => self.separator = value.to_vec(),
            b'v' => self.start = number().ok_or("invalid starting line number")?,
            b'w' => {
                let width = number().and_then(|n| usize::try_from(n).ok());
                let width = width.filter(|&n| n > 0 && n <= 0x7fff_ffff);
                self.width = width.ok_or("invalid line number field width")?.min(4_096);
            }
            _ => {}
        }
        Ok(())
    }

    fn section(&self, text: &[u8]) -> Option<Part> {
        if self.delimiter.is_empty() || !text.len().is_multiple_of(self.delimiter.len()) {
            return None;
        }
        let all = text.chunks(self.delimiter.len()).all(|part| part == self.delimiter);
        match text.len() / self.delimiter.len() {
            1 if all => Some(Part::Footer),
            2 if all => Some(Part::Body),
            3 if all => Some(Part::Header),
            _ => None,
        }
    }

    fn line(&mut self, text: &[u8], part: Part) -> Vec<u8> {
        let style = match part {
            Part::Header => &self.header,
            Part::Body => &self.body,
            Part::Footer => &self.footer,
        };
        let numbered = match style {
            Style::All if self.join > 1 => {
                self.blanks = if text.is_empty() { self.blanks + 1 } else { 0 };
                let due = self.blanks == self.join;
                if due {
                    self.blanks = 0;
                }
                !text.is_empty() || due
            }
            Style::All => true,
            Style::NotEmpty => !text.is_empty(),
            Style::None => false,
            Style::Matching(regex) => regex.is_match(text),
        };
        if !numbered {
            return [&b" ".repeat(self.width + self.separator.len())[..], text].concat();
        }
        let width = self.width;
        let number = match self.format.as_slice() {
            b"ln" => format!("{:<width$}", self.number),
            b"rz" => format!("{:0width$}", self.number),
            _ => format!("{:width$}", self.number),
        };
        self.number = self.number.saturating_add(self.step);
        [number.as_bytes(), &self.separator, text].concat()
    }
}

fn style(value: &[u8]) -> Option<Style> {
    match value {
        b"a" => Some(Style::All),
        b"t" => Some(Style::NotEmpty),
        b"n" => Some(Style::None),
        [b'p', pattern @ ..] => Regex::basic(pattern, Case::Exact).ok().map(Style::Matching),
        _ => None,
    }
}
