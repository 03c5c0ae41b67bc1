//! `xargs`.
//!
//! **Invariant:** words of one command are bounded as Linux bounds them.

use super::{about, quotef, say};
use crate::commands::{Flag, NoExec, Options, run};
use crate::kernel::{Ended, Proc};
use decnet_core::limits::XARGS_BYTES;

const HELP: u8 = 1;
const VERSION: u8 = 2;
const SHOW_LIMITS: u8 = 3;
const SLOT: u8 = 4;

const FLAGS: &[Flag] = &[
    Flag::new(b'0', "null"),
    Flag::with(b'a', "arg-file"),
    Flag::with(b'd', "delimiter"),
    Flag::with(b'E', ""),
    Flag::maybe(b'e', "eof"),
    Flag::with(b'I', ""),
    Flag::maybe(b'i', "replace"),
    Flag::with(b'L', ""),
    Flag::maybe(b'l', "max-lines"),
    Flag::with(b'n', "max-args"),
    Flag::new(b'o', "open-tty"),
    Flag::with(b'P', "max-procs"),
    Flag::new(b'p', "interactive"),
    Flag::with(SLOT, "process-slot-var"),
    Flag::new(b'r', "no-run-if-empty"),
    Flag::with(b's', "max-chars"),
    Flag::new(SHOW_LIMITS, "show-limits"),
    Flag::new(b't', "verbose"),
    Flag::new(b'x', "exit"),
    Flag::new(HELP, "help"),
    Flag::new(VERSION, "version"),
];

/// Bytes of one command's words.
const COMMAND_BYTES: usize = 131_072;

struct Xargs {
    command: Vec<Vec<u8>>,
    /// What is replaced in the command, a line at a time.
    replace: Option<Vec<u8>>,
    words: usize,
    lines: usize,
    bytes: usize,
    verbose: bool,
    asks: bool,
    /// What was run ended badly.
    status: u32,
}

/// What splits the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Split {
    /// Blanks, with quotes.
    Blanks,
    /// Line ends, with quotes.
    Lines,
    Byte(u8),
}

pub(super) async fn xargs(p: &mut Proc) -> u32 {
    let Some(given) = Options::read(p, FLAGS, true) else {
        p.try_help();
        return 1;
    };
    if given.has(VERSION) {
        p.line("xargs (GNU findutils) 4.9.0");
        about::licence(p, "2022");
        p.line("\nWritten by Eric B. Decker, James Youngman, and Kevin Dalley.");
        return 0;
    }
    if given.has(HELP) {
        p.line("Usage: xargs [OPTION]... COMMAND [INITIAL-ARGS]...");
        p.line("Run COMMAND with arguments INITIAL-ARGS and more arguments read from input.\n");
        return 0;
    }
    let (mut xargs, split, end) = match settings(p, &given) {
        Ok(all) => all,
        Err(status) => return status,
    };
    let path = given.value(b'a').unwrap_or(b"-").to_vec();
    let input = match p.input(&path) {
        Ok(input) => input,
        Err(why) => {
            p.complain(
                &[b"Cannot open input file ", &super::quote(p, &path)[..]].concat(),
                why.text(),
            );
            return 1;
        }
    };
    let mut text = p.read_all(input.fd).await.unwrap_or_default();
    text.truncate(XARGS_BYTES);
    p.done(&input);
    p.tick(text.len()).await;
    // What is run reads nothing of what was to be read here.
    if path == b"-"
        && let Ok(null) =
            p.open(b"/dev/null", crate::process::Direction::Read, Default::default(), false)
    {
        p.fds.insert(0, null);
    }
    let (words, wrong) = split_words(&text, split, end.as_deref());
    if words.is_empty() && wrong.is_none() {
        if xargs.replace.is_none() && !given.has(b'r') {
            let command = xargs.command.clone();
            xargs.start(p, command).await;
        }
        return xargs.status;
    }
    let ended = xargs.all(p, &words).await;
    if let (Some(quote), false) = (wrong, ended) {
        say(
            p,
            format!(
                "unmatched {quote} quote; by default quotes are special to xargs unless you use the -0 option"
            ),
        );
        return 1;
    }
    xargs.status
}

fn settings(p: &mut Proc, given: &Options) -> Result<(Xargs, Split, Option<Vec<u8>>), u32> {
    let mut command = given.rest.clone();
    if command.is_empty() {
        command.push(b"echo".to_vec());
    }
    let mut xargs = Xargs {
        command,
        replace: None,
        words: usize::MAX,
        lines: usize::MAX,
        bytes: COMMAND_BYTES,
        verbose: given.has(b't') || given.has(b'p'),
        asks: given.has(b'p'),
        status: 0,
    };
    let mut split = Split::Blanks;
    let mut end = None;
    for (letter, value) in &given.given {
        let text = value.as_deref().unwrap_or_default();
        match letter {
            b'0' => split = Split::Byte(0),
            b'd' => split = Split::Byte(delimiter(p, text)?),
            b'E' | b'e' => end = Some(text.to_vec()).filter(|text| !text.is_empty()),
            b'I' | b'i' => {
                xargs.replace = Some(if text.is_empty() { b"{}".to_vec() } else { text.to_vec() });
                (xargs.words, xargs.lines) = (usize::MAX, usize::MAX);
            }
            b'L' | b'l' => {
                let text = if text.is_empty() { b"1" } else { text };
                xargs.lines = number(p, text, *letter, 1)?;
                (xargs.words, xargs.replace) = (usize::MAX, None);
            }
            b'n' => {
                xargs.words = number(p, text, b'n', 1)?;
                xargs.lines = usize::MAX;
                if xargs.words > 1 {
                    xargs.replace = None;
                }
            }
            b'P' => {
                number(p, text, b'P', 0)?;
            }
            b's' => xargs.bytes = number(p, text, b's', 1)?.min(COMMAND_BYTES),
            _ => {}
        }
    }
    if xargs.replace.is_some() && split == Split::Blanks {
        split = Split::Lines;
    }
    Ok((xargs, split, end))
}

fn number(p: &mut Proc, text: &[u8], letter: u8, least: usize) -> Result<usize, u32> {
    let value = std::str::from_utf8(text).ok().and_then(|text| text.parse::<i64>().ok());
    let shown = String::from_utf8_lossy(text).into_owned();
    let letter = char::from(letter);
    let Some(value) = value else {
        say(p, format!("invalid number \"{shown}\" for -{letter} option"));
        p.try_help();
        return Err(1);
    };
    match usize::try_from(value).ok().filter(|value| *value >= least) {
        Some(value) => Ok(value),
        None => {
            say(p, format!("value {shown} for -{letter} option should be >= {least}"));
            p.try_help();
            Err(1)
        }
    }
}

fn delimiter(p: &mut Proc, text: &[u8]) -> Result<u8, u32> {
    match text {
        [byte] => Ok(*byte),
        [b'\\', rest @ ..] => {
            let (made, _) =
                crate::text_format::unescape(text, crate::text_format::Escapes::GnuFormat);
            match made.as_slice() {
                [byte] => Ok(*byte),
                _ => {
                    let shown = String::from_utf8_lossy(rest).into_owned();
                    say(
                        p,
                        format!(
                            "Invalid escape sequence \\{shown} in input delimiter specification."
                        ),
                    );
                    Err(1)
                }
            }
        }
        text => {
            let shown = String::from_utf8_lossy(text).into_owned();
            say(
                p,
                format!(
                    "Invalid input delimiter specification {shown}: the delimiter must be either a single character or an escape sequence starting with \\."
                ),
            );
            Err(1)
        }
    }
}

/// A word, and whether it is the last of its line.
type Word = (Vec<u8>, bool);

/// The words, and the kind of quote that is not closed.
fn split_words(text: &[u8], split: Split, end: Option<&[u8]>) -> (Vec<Word>, Option<&'static str>) {
    let mut words: Vec<Word> = Vec::new();
    if let Split::Byte(byte) = split {
        let body = text.strip_suffix(&[byte]).unwrap_or(text);
        if !text.is_empty() {
            words.extend(body.split(|&b| b == byte).map(|word| (word.to_vec(), true)));
        }
        return (words, None);
    }
    let (mut word, mut any) = (Vec::new(), false);
    let mut blank_end = false;
    let mut bytes = text.iter().peekable();
    while let Some(&byte) = bytes.next() {
        match byte {
            b'\n' => {
                if any {
                    words.push((std::mem::take(&mut word), !blank_end));
                    any = false;
                } else if let Some((_, last)) = words.last_mut() {
                    // A blank at its end makes a line go on in the next.
                    *last |= !blank_end;
                }
                blank_end = false;
            }
            b' ' | b'\t' if split == Split::Blanks || !any => {
                if any && split == Split::Blanks {
                    words.push((std::mem::take(&mut word), false));
                    any = false;
                }
                blank_end = split == Split::Blanks && bytes.peek() == Some(&&b'\n');
            }
            b'\'' | b'"' => {
                any = true;
                loop {
                    match bytes.next() {
                        Some(&inner) if inner == byte => break,
                        Some(b'\n') | None => {
                            return (words, Some(if byte == b'"' { "double" } else { "single" }));
                        }
                        Some(&inner) => word.push(inner),
                    }
                }
            }
            b'\\' => {
                any = true;
                word.extend(bytes.next());
            }
            byte => {
                any = true;
                word.push(byte);
            }
        }
        if let (Some(end), Some((last, _))) = (end, words.last())
            && !any
            && last == end
        {
            words.pop();
            return (words, None);
        }
    }
    if any && end != Some(word.as_slice()) {
        words.push((word, true));
    }
    (words, None)
}

impl Xargs {
    /// Runs commands for all words. Whether it ended before the last.
    async fn all(&mut self, p: &mut Proc, words: &[Word]) -> bool {
        if let Some(replace) = self.replace.clone() {
            for (word, _) in words {
                let command = self.command.iter().map(|part| replaced(part, &replace, word));
                let command: Vec<Vec<u8>> = command.collect();
                let long: usize = command.iter().map(|part| part.len() + 1).sum();
                if long > self.bytes {
                    say(p, "argument line too long");
                    self.status = 1;
                    return true;
                }
                if !self.start(p, command).await {
                    return true;
                }
            }
            return false;
        }
        let base: usize = self.command.iter().map(|part| part.len() + 1).sum();
        let mut command = self.command.clone();
        let (mut long, mut count, mut lines) = (base, 0, 0);
        for (word, ends_line) in words {
            if base + word.len() + 1 > self.bytes {
                say(p, "argument line too long");
                self.status = 1;
                return true;
            }
            if count > 0
                && (count >= self.words
                    || lines >= self.lines
                    || long + word.len() + 1 > self.bytes)
            {
                let now = std::mem::replace(&mut command, self.command.clone());
                if !self.start(p, now).await {
                    return true;
                }
                (long, count, lines) = (base, 0, 0);
            }
            long += word.len() + 1;
            count += 1;
            lines += usize::from(*ends_line);
            command.push(word.clone());
        }
        count > 0 && !self.start(p, command).await
    }

    /// Runs one command. Whether to go on.
    async fn start(&mut self, p: &mut Proc, command: Vec<Vec<u8>>) -> bool {
        if self.verbose {
            let words: Vec<Vec<u8>> = command.iter().map(|word| quotef_word(word)).collect();
            p.put(2, &words.join(&b' '));
            if self.asks {
                p.put(2, b" ?...");
                p.flush().await;
                let answer = match p.input(b"/dev/tty") {
                    Ok(mut tty) => {
                        let line = tty.line(p).await.unwrap_or(None);
                        p.done(&tty);
                        line
                    }
                    Err(_) => None,
                };
                if !answer.is_some_and(|line| line.starts_with(b"y") || line.starts_with(b"Y")) {
                    return true;
                }
            } else {
                p.put(2, b"\n");
            }
        }
        let name = command.first().cloned().unwrap_or_default();
        match run(p, command).await {
            Ok(Ended::Exit(255)) => {
                let shown = String::from_utf8_lossy(&name).into_owned();
                say(p, format!("{shown}: exited with status 255; aborting"));
                self.status = 124;
                false
            }
            Ok(Ended::Exit(0)) => true,
            Ok(Ended::Exit(_)) => {
                self.status = 123;
                true
            }
            Ok(Ended::Signal(signal)) => {
                let shown = String::from_utf8_lossy(&name).into_owned();
                say(p, format!("{shown}: terminated by signal {}", signal.0));
                self.status = 125;
                false
            }
            Err(why) => {
                let (text, status) = match why {
                    NoExec::Unknown => ("No such file or directory", 127),
                    NoExec::Fault(crate::files::Fault::Missing) => {
                        ("No such file or directory", 127)
                    }
                    NoExec::Fault(why) => (why.text(), 126),
                };
                p.complain(&quotef(&name), text);
                self.status = status;
                false
            }
        }
    }
}

fn quotef_word(word: &[u8]) -> Vec<u8> {
    crate::text_format::quote_gnu(word)
}

fn replaced(part: &[u8], what: &[u8], with: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(part.len());
    let mut rest = part;
    while !rest.is_empty() {
        if let Some(behind) = rest.strip_prefix(what) {
            out.extend(with);
            rest = behind;
            if out.len() > COMMAND_BYTES {
                break;
            }
        } else if let Some((byte, behind)) = rest.split_first() {
            out.push(*byte);
            rest = behind;
        }
    }
    out
}
