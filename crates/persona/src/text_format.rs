//! What `printf` and `echo -e` make of their arguments, in each shell's way and in coreutils'.
//!
//! **Invariant:** pure: no process, no clock. Widths and rounds have caps; what is over them is
//! not printed.

mod escape;
mod number;
#[cfg(test)]
mod tests;
mod time;

pub(crate) use escape::{Escapes, quote_gnu, unescape};
pub(crate) use number::{Spec, float, parse_float, strtod};

use decnet_core::limits::FORMATTED_BYTES;
use escape::Ended;
use number::{Parsed, integer};

/// Whose printf it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Bash,
    Dash,
    /// coreutils': /usr/bin/printf.
    Gnu,
}

/// What is wrong with a format or an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    NotNumeric,
    Trailing,
    Octal,
    Overflow,
    Directive,
    NoDirective,
    Excess,
    NoHex,
}

/// A complaint, in the words of a dialect, without `printf: ` before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Complaint {
    wrong: Wrong,
    what: Vec<u8>,
}

impl Complaint {
    /// `quotes` are what GNU puts around a name in the present locale.
    pub(crate) fn text(&self, dialect: Dialect, quotes: (&str, &str)) -> Vec<u8> {
        let what = self.what.as_slice();
        let (open, close) = (quotes.0.as_bytes(), quotes.1.as_bytes());
        let quoted = [open, what, close].concat();
        let last: &[u8] = what.last().map_or(&[], std::slice::from_ref);
        match (dialect, self.wrong) {
            (Dialect::Bash, Wrong::NotNumeric | Wrong::Trailing) => {
                [what, b": invalid number"].concat()
            }
            (Dialect::Bash, Wrong::Octal) => [what, b": invalid octal number"].concat(),
            (Dialect::Bash, Wrong::Overflow) => {
                [b"warning: ", what, b": Numerical result out of range"].concat()
            }
            (Dialect::Bash, Wrong::Directive) => {
                [b"`", last, b"': invalid format character"].concat()
            }
            (Dialect::Bash, Wrong::NoDirective) => {
                [b"`", what, b"': missing format character"].concat()
            }
            (Dialect::Bash, Wrong::NoHex) => b"missing hex digit for \\x".to_vec(),
            (Dialect::Dash, Wrong::NotNumeric) => [what, b": expected numeric value"].concat(),
            (Dialect::Dash, Wrong::Trailing | Wrong::Octal) => {
                [what, b": not completely converted"].concat()
            }
            (Dialect::Dash, Wrong::Overflow) => [what, b": Numerical result out of range"].concat(),
            (Dialect::Dash, Wrong::Directive) => [what, b": invalid directive"].concat(),
            (Dialect::Dash, Wrong::NoDirective) => b"missing format character".to_vec(),
            (Dialect::Gnu, Wrong::NotNumeric) => {
                [&quoted, &b": expected a numeric value"[..]].concat()
            }
            (Dialect::Gnu, Wrong::Trailing | Wrong::Octal) => {
                [&quoted, &b": value not completely converted"[..]].concat()
            }
            (Dialect::Gnu, Wrong::Overflow) => {
                [&quoted, &b": Numerical result out of range"[..]].concat()
            }
            (Dialect::Gnu, Wrong::Directive | Wrong::NoDirective) => {
                [what, b": invalid conversion specification"].concat()
            }
            (_, Wrong::Excess) => {
                [b"warning: ignoring excess arguments, starting with ", quoted.as_slice()].concat()
            }
            (_, Wrong::NoHex) => b"missing hexadecimal number in escape".to_vec(),
        }
    }
}

/// What a format became.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Formatted {
    pub(crate) out: Vec<u8>,
    pub(crate) complaints: Vec<Complaint>,
    pub(crate) status: u32,
}

/// Formats as coreutils' printf does.
pub(crate) fn format(format: &[u8], args: &[Vec<u8>]) -> (Vec<u8>, Vec<Complaint>, u32) {
    let done = printf(Dialect::Gnu, format, args, 0);
    (done.out, done.complaints, done.status)
}

/// Formats. `now` is what bash's `%(…)T` means with -1, or without an argument: seconds since 1970.
pub(crate) fn printf(dialect: Dialect, format: &[u8], args: &[Vec<u8>], now: i64) -> Formatted {
    let mut printer =
        Printer { dialect, now, args: args.iter(), done: Formatted::default(), used: 0 };
    loop {
        let before = printer.args.len();
        printer.used = 0;
        if printer.round(format) == Goes::Ends {
            return printer.done;
        }
        let left = printer.args.len();
        if left == 0 || printer.done.out.len() >= FORMATTED_BYTES {
            break;
        }
        if left == before {
            if dialect == Dialect::Gnu {
                let what = printer.args.next().cloned().unwrap_or_default();
                printer.done.complaints.push(Complaint { wrong: Wrong::Excess, what });
            }
            break;
        }
    }
    printer.done
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Goes {
    On,
    Ends,
}

struct Printer<'a> {
    dialect: Dialect,
    now: i64,
    args: std::slice::Iter<'a, Vec<u8>>,
    done: Formatted,
    used: usize,
}

impl Printer<'_> {
    /// Once through the format.
    fn round(&mut self, format: &[u8]) -> Goes {
        let mut at = 0;
        while let Some(&byte) = format.get(at) {
            if self.done.out.len() >= FORMATTED_BYTES {
                return Goes::Ends;
            }
            match byte {
                b'\\' => {
                    let escapes = Escapes::of_format(self.dialect);
                    let (used, ended) = escapes.one(format, at, &mut self.done.out);
                    match ended {
                        Ended::No => {}
                        Ended::Yes => return Goes::Ends,
                        Ended::NoHex => {
                            self.wrong(Wrong::NoHex, b"");
                            if self.dialect == Dialect::Gnu {
                                return Goes::Ends;
                            }
                        }
                    }
                    at += used;
                }
                b'%' if format.get(at + 1) == Some(&b'%') => {
                    self.done.out.push(b'%');
                    at += 2;
                }
                b'%' => match self.directive(format, at) {
                    Some(next) => at = next,
                    None => return Goes::Ends,
                },
                byte => {
                    self.done.out.push(byte);
                    at += 1;
                }
            }
        }
        Goes::On
    }

    fn wrong(&mut self, wrong: Wrong, what: &[u8]) {
        // A format may be wrong for each of many arguments.
        if self.done.complaints.len() < 1_024 {
            self.done.complaints.push(Complaint { wrong, what: what.to_vec() });
        }
        self.done.status = 1;
    }

    fn next(&mut self) -> Option<&[u8]> {
        self.used += 1;
        self.args.next().map(Vec::as_slice)
    }

    fn number(&mut self) -> i128 {
        let dialect = self.dialect;
        let text = self.args.next().cloned();
        self.used += 1;
        let Some(text) = text else { return 0 };
        let Parsed { value, wrong } = integer(&text, dialect);
        if let Some(wrong) = wrong {
            self.wrong(wrong, &text);
            if wrong == Wrong::Overflow && dialect == Dialect::Bash {
                self.done.status = 0;
            }
        }
        value
    }

    /// One `%…`: where the format goes on behind it.
    fn directive(&mut self, format: &[u8], start: usize) -> Option<usize> {
        let mut spec = Spec::default();
        let mut at = start + 1;
        while let Some(&flag) = format.get(at).filter(|b| b"-+ #0'".contains(b)) {
            spec.flag(flag);
            at += 1;
        }
        at = self.width(format, at, &mut spec);
        if format.get(at) == Some(&b'.') {
            at = self.precision(format, at + 1, &mut spec);
        }
        if self.dialect == Dialect::Bash && format.get(at) == Some(&b'(') {
            return self.date(format, at, spec);
        }
        while format.get(at).is_some_and(|b| b"lhjztLq".contains(b) && *b != b'q') {
            at += 1;
        }
        let what = format.get(start..=at).or_else(|| format.get(start..)).unwrap_or_default();
        let Some(&letter) = format.get(at) else {
            self.wrong(Wrong::NoDirective, what);
            return None;
        };
        if !self.convert(letter, spec)? {
            self.wrong(Wrong::Directive, what);
            return None;
        }
        Some(at + 1)
    }

    fn width(&mut self, format: &[u8], mut at: usize, spec: &mut Spec) -> usize {
        if format.get(at) == Some(&b'*') {
            let width = self.number();
            if width < 0 {
                spec.flag(b'-');
            }
            spec.width = usize::try_from(width.unsigned_abs()).unwrap_or(usize::MAX);
            return at + 1;
        }
        while let Some(digit) = format.get(at).and_then(|b| char::from(*b).to_digit(10)) {
            let digit = usize::try_from(digit).unwrap_or(0);
            spec.width = spec.width.saturating_mul(10).saturating_add(digit);
            at += 1;
        }
        at
    }

    fn precision(&mut self, format: &[u8], mut at: usize, spec: &mut Spec) -> usize {
        if format.get(at) == Some(&b'*') {
            spec.precision = usize::try_from(self.number()).ok();
            return at + 1;
        }
        let mut precision = 0_usize;
        while let Some(digit) = format.get(at).and_then(|b| char::from(*b).to_digit(10)) {
            let digit = usize::try_from(digit).unwrap_or(0);
            precision = precision.saturating_mul(10).saturating_add(digit);
            at += 1;
        }
        spec.precision = Some(precision);
        at
    }

    /// bash's `%(%F %T)T`.
    fn date(&mut self, format: &[u8], at: usize, spec: Spec) -> Option<usize> {
        let rest = format.get(at + 1..).unwrap_or_default();
        let end = rest.iter().position(|&b| b == b')');
        let Some(end) = end.filter(|&end| rest.get(end + 1) == Some(&b'T')) else {
            self.wrong(Wrong::Directive, format.get(at..=at).unwrap_or_default());
            return None;
        };
        let now = self.now;
        let when = match self.args.len() {
            0 => now,
            _ => match i64::try_from(self.number()).unwrap_or(i64::MAX) {
                -1 | -2 => now,
                when => when,
            },
        };
        let text = time::strftime(rest.get(..end).unwrap_or_default(), when);
        spec.pad_text(&text, &mut self.done.out);
        Some(at + 1 + end + 2)
    }

    /// Prints an argument. `Some(false)` where there is no such letter.
    fn convert(&mut self, letter: u8, spec: Spec) -> Option<bool> {
        let dialect = self.dialect;
        match letter {
            b's' => {
                let text = self.next().unwrap_or_default().to_vec();
                spec.pad_text(&text, &mut self.done.out);
            }
            b'b' => {
                let text = self.next().unwrap_or_default().to_vec();
                let (text, ended) = unescape(&text, Escapes::of_argument(dialect));
                spec.pad_text(&text, &mut self.done.out);
                if ended {
                    return None;
                }
            }
            b'q' if dialect != Dialect::Dash => {
                let text = self.next().unwrap_or_default().to_vec();
                let text = match dialect {
                    Dialect::Bash => escape::quote_bash(&text),
                    Dialect::Gnu | Dialect::Dash => escape::quote_gnu(&text),
                };
                spec.pad_text(&text, &mut self.done.out);
            }
            b'c' => {
                let text = self.next().unwrap_or_default();
                let byte = text.first().copied();
                let bytes = match (byte, dialect) {
                    (Some(byte), _) => vec![byte],
                    (None, Dialect::Dash) => Vec::new(),
                    (None, Dialect::Bash | Dialect::Gnu) => vec![0],
                };
                let mut spec = spec;
                spec.precision = None;
                spec.pad_text(&bytes, &mut self.done.out);
            }
            b'd' | b'i' => {
                let value = self.number();
                let value = value.clamp(i64::MIN.into(), i64::MAX.into());
                spec.signed(value, &mut self.done.out);
            }
            b'u' | b'o' | b'x' | b'X' => {
                let value = self.number();
                spec.unsigned(number::wrapped(value), letter, &mut self.done.out);
            }
            b'e' | b'E' | b'f' | b'F' | b'g' | b'G' | b'a' | b'A' => {
                let text = self.args.next().cloned();
                self.used += 1;
                let mut value = 0.0;
                if let Some(text) = text {
                    let (parsed, wrong) = parse_float(&text, dialect);
                    value = parsed;
                    if let Some(wrong) = wrong {
                        self.wrong(wrong, &text);
                    }
                }
                float(spec, value, letter, &mut self.done.out);
            }
            b'n' if dialect == Dialect::Bash => {
                self.next();
            }
            _ => return Some(false),
        }
        Some(true)
    }
}
