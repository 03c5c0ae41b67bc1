//! `diff`.
//!
//! **Invariant:** what it costs to compare has a cap; what differs more is told as all different.

mod compare;
mod show;
mod walk;

use super::{about, say};
use crate::commands::{Flag, Options};
use crate::files::{Fault, Last};
use crate::kernel::Proc;
use compare::Change;

const HELP: u8 = 1;
const LABEL: u8 = 3;
const COLOR: u8 = 4;
const NORMAL: u8 = 5;
const STRIP: u8 = 6;
const NO_DEREFERENCE: u8 = 7;
const SUPPRESS: u8 = 8;
const IGNORE_NAME_CASE: u8 = 9;

const FLAGS: &[Flag] = &[
    Flag::new(b'a', "text"),
    Flag::new(b'b', "ignore-space-change"),
    Flag::new(b'B', "ignore-blank-lines"),
    Flag::new(b'c', ""),
    Flag::with(b'C', "context"),
    Flag::new(b'd', "minimal"),
    Flag::new(b'e', "ed"),
    Flag::new(b'E', "ignore-tab-expansion"),
    Flag::with(b'F', "show-function-line"),
    Flag::new(b'i', "ignore-case"),
    Flag::with(b'I', "ignore-matching-lines"),
    Flag::new(b'n', "rcs"),
    Flag::new(b'N', "new-file"),
    Flag::new(b'p', "show-c-function"),
    Flag::new(b'q', "brief"),
    Flag::new(b'r', "recursive"),
    Flag::new(b's', "report-identical-files"),
    Flag::new(b't', "expand-tabs"),
    Flag::new(b'T', "initial-tab"),
    Flag::new(b'u', ""),
    Flag::maybe(b'U', "unified"),
    Flag::new(b'v', "version"),
    Flag::new(b'w', "ignore-all-space"),
    Flag::with(b'W', "width"),
    Flag::with(b'x', "exclude"),
    Flag::new(b'y', "side-by-side"),
    Flag::new(b'Z', "ignore-trailing-space"),
    Flag::with(LABEL, "label"),
    Flag::maybe(COLOR, "color"),
    Flag::new(NORMAL, "normal"),
    Flag::new(STRIP, "strip-trailing-cr"),
    Flag::new(NO_DEREFERENCE, "no-dereference"),
    Flag::new(SUPPRESS, "suppress-common-lines"),
    Flag::new(IGNORE_NAME_CASE, "ignore-file-name-case"),
    Flag::new(HELP, "help"),
];

/// How differences are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    Normal,
    Context(usize),
    Unified(usize),
    Ed,
    Rcs,
    SideBySide,
    Brief,
}

struct Diff {
    style: Style,
    given: Options,
    labels: Vec<Vec<u8>>,
    width: usize,
    color: bool,
    /// Options as they are repeated before each pair of files in folders.
    words: Vec<Vec<u8>>,
}

/// Trouble.
const TROUBLE: u32 = 2;

fn wrong(p: &mut Proc, text: impl AsRef<[u8]>) -> u32 {
    say(p, text);
    p.error("diff: Try 'diff --help' for more information.");
    TROUBLE
}

pub(super) async fn diff(p: &mut Proc) -> u32 {
    // `-U` takes a value, though `--unified` need not have one; `-3` is `-U 3` behind `-u`.
    for index in 1..p.args.len() {
        let Some(arg) = p.args.get(index).cloned() else { break };
        if arg == b"--" {
            break;
        }
        if arg.ends_with(b"U")
            && arg.starts_with(b"-")
            && !arg.starts_with(b"--")
            && index + 1 < p.args.len()
        {
            let value = p.args.remove(index + 1);
            if let Some(place) = p.args.get_mut(index) {
                place.extend(value);
            }
        }
    }
    let Some(given) = Options::read(p, FLAGS, false) else {
        p.error("diff: Try 'diff --help' for more information.");
        return TROUBLE;
    };
    if given.has(b'v') {
        p.line("diff (GNU diffutils) 3.8");
        about::licence(p, "2021");
        p.line("\nWritten by Paul Eggert, Mike Haertel, David Hayes,");
        p.line("Richard Stallman, and Len Tower.");
        return 0;
    }
    if given.has(HELP) {
        p.line("Usage: diff [OPTION]... FILES");
        p.line("Compare FILES line by line.");
        return 0;
    }
    let mut diff = Diff {
        style: Style::Normal,
        labels: Vec::new(),
        width: 130,
        color: false,
        words: p.rest().into_iter().filter(|arg| arg.starts_with(b"-") && arg.len() > 1).collect(),
        given,
    };
    if let Err(status) = diff.settle(p) {
        return status;
    }
    match diff.given.rest.clone().as_slice() {
        [first, second] => diff.pair(p, first, second).await,
        [] => wrong(p, "missing operand after 'diff'"),
        [only] => wrong(p, [b"missing operand after '", only.as_slice(), b"'"].concat()),
        [_, _, extra, ..] => wrong(p, [b"extra operand '", extra.as_slice(), b"'"].concat()),
    }
}

impl Diff {
    fn settle(&mut self, p: &mut Proc) -> Result<(), u32> {
        let mut context = 3;
        for (letter, value) in self.given.given.clone() {
            let text = value.as_deref().unwrap_or_default();
            let number = std::str::from_utf8(text).ok().and_then(|text| text.parse::<usize>().ok());
            match letter {
                b'c' => self.style = Style::Context(context),
                b'u' => self.style = Style::Unified(context),
                b'C' | b'U' if value.is_none() => self.style = Style::Unified(context),
                b'C' | b'U' => {
                    let Some(lines) = number else {
                        let shown = String::from_utf8_lossy(text).into_owned();
                        return Err(wrong(p, format!("invalid context length '{shown}'")));
                    };
                    context = lines;
                    self.style =
                        if letter == b'C' { Style::Context(lines) } else { Style::Unified(lines) };
                }
                b'e' => self.style = Style::Ed,
                b'n' => self.style = Style::Rcs,
                b'y' => self.style = Style::SideBySide,
                b'q' => self.style = Style::Brief,
                NORMAL => self.style = Style::Normal,
                b'W' => match number.filter(|width| *width > 0) {
                    Some(width) => self.width = width.min(4_096),
                    None => {
                        let shown = String::from_utf8_lossy(text).into_owned();
                        return Err(wrong(p, format!("invalid width '{shown}'")));
                    }
                },
                LABEL => self.labels.push(text.to_vec()),
                COLOR => {
                    self.color = match text {
                        b"always" => true,
                        b"never" => false,
                        _ => p.is_terminal(1),
                    };
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Two names of a command line.
    async fn pair(&self, p: &mut Proc, first: &[u8], second: &[u8]) -> u32 {
        let folder = |p: &Proc, path: &[u8]| path != b"-" && p.is_folder(path);
        let base = |path: &[u8]| {
            let parts = path.rsplit(|&b| b == b'/');
            parts.into_iter().find(|part| !part.is_empty()).unwrap_or_default().to_vec()
        };
        let inside = |folder: &[u8], name: &[u8]| {
            let folder = folder.strip_suffix(b"/").unwrap_or(folder);
            [folder, b"/", name].concat()
        };
        match (folder(p, first), folder(p, second)) {
            (true, true) => self.folders(p, first, second).await,
            (true, false) => {
                let first = inside(first, &base(second));
                self.files(p, &first, second, None).await
            }
            (false, true) => {
                let second = inside(second, &base(first));
                self.files(p, first, &second, None).await
            }
            (false, false) => self.files(p, first, second, None).await,
        }
    }

    /// One file, or why there is none; an absent one may count as empty.
    async fn content(&self, p: &mut Proc, path: &[u8], other: &[u8]) -> Result<Vec<u8>, Fault> {
        match p.content(path).await {
            Err(Fault::Missing) if self.given.has(b'N') => {
                let there = p.fs(|process| process.stat(other, Last::Follow)).is_ok();
                if there { Ok(Vec::new()) } else { Err(Fault::Missing) }
            }
            content => content,
        }
    }

    /// Compares two files; `before` is printed where they differ.
    async fn files(&self, p: &mut Proc, first: &[u8], second: &[u8], before: Option<&[u8]>) -> u32 {
        let (a, b) = (self.content(p, first, second).await, self.content(p, second, first).await);
        let (a, b) = match (a, b) {
            (Ok(a), Ok(b)) => (a, b),
            (a, b) => {
                for (path, side) in [(first, a), (second, b)] {
                    if let Err(why) = side {
                        p.complain(path, why.text());
                    }
                }
                return TROUBLE;
            }
        };
        let names = || [&b"Files "[..], first, b" and ", second].concat();
        if a == b {
            if self.given.has(b's') {
                p.line([&names()[..], b" are identical"].concat());
            }
            if self.style != Style::SideBySide {
                return 0;
            }
        }
        let binary = |text: &[u8]| text.iter().take(32 << 10).any(|b| *b == 0);
        if (binary(&a) || binary(&b)) && !self.given.has(b'a') {
            if self.style == Style::Brief {
                p.line([&names()[..], b" differ"].concat());
            } else {
                p.line([&b"Binary files "[..], first, b" and ", second, b" differ"].concat());
            }
            return 1;
        }
        if super::too_many_lines(p, &a, b'\n') || super::too_many_lines(p, &b, b'\n') {
            return TROUBLE;
        }
        let (a, b) = (compare::lines(&a), compare::lines(&b));
        let (keys_a, keys_b) = (self.keys(&a), self.keys(&b));
        let mut changes = compare::changes(p, &keys_a, &keys_b).await;
        if self.given.has(b'B') {
            changes.retain(|change| !change.is_blank(&a, &b));
        }
        if changes.is_empty() && self.style != Style::SideBySide {
            return 0;
        }
        if self.style == Style::Brief {
            p.line([&names()[..], b" differ"].concat());
            return 1;
        }
        if let Some(before) = before {
            p.line(before);
        }
        let sides = show::Sides { a: &a, b: &b, paths: [first, second] };
        self.show(p, &sides, &changes).await;
        u32::from(!changes.is_empty())
    }

    /// Lines as they are compared.
    fn keys(&self, lines: &[&[u8]]) -> Vec<Vec<u8>> {
        let has = |letter: u8| self.given.has(letter);
        let changes = has(b'i') || has(b'b') || has(b'w') || has(b'Z') || has(b'E') || has(STRIP);
        lines
            .iter()
            .map(|line| {
                if !changes {
                    return line.to_vec();
                }
                let mut key = line.to_vec();
                if has(STRIP) && key.ends_with(b"\r\n") {
                    key.truncate(key.len() - 2);
                    key.push(b'\n');
                }
                if has(b'i') {
                    key.make_ascii_lowercase();
                }
                if has(b'w') {
                    key.retain(|b| !b.is_ascii_whitespace());
                } else if has(b'b') || has(b'Z') {
                    let mut text = key.trim_ascii_end().to_vec();
                    if has(b'b') {
                        text = squeezed(&text);
                    }
                    key = text;
                }
                key
            })
            .collect()
    }

    fn excluded(&self, name: &[u8]) -> bool {
        let globs = self.given.given.iter().filter(|(letter, _)| *letter == b'x');
        let mut globs = globs.filter_map(|(_, value)| value.as_deref());
        globs.any(|glob| crate::regex::Regex::glob(glob).is_ok_and(|glob| glob.is_match(name)))
    }
}

/// Blanks that follow each other are one.
fn squeezed(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut blank = false;
    for &byte in text {
        if byte.is_ascii_whitespace() {
            if !blank {
                out.push(b' ');
            }
            blank = true;
        } else {
            out.push(byte);
            blank = false;
        }
    }
    out
}

impl Change {
    /// Whether only empty lines differ.
    fn is_blank(&self, a: &[&[u8]], b: &[&[u8]]) -> bool {
        let lines = a.get(self.a.clone()).into_iter().chain(b.get(self.b.clone()));
        lines.flatten().all(|line| line.trim_ascii().is_empty())
    }
}
