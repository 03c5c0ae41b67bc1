//! Use of the shell's history: expansions in the line as it was typed, recall by keys, `fc` and
//! `history`.
//!
//! The line is scanned as bash 5.2 scans it with its defaults: `!` expands outside of single quotes
//! where no blank, `=`, `(`, or end of the line follows, nor inside of double quotes their end, and
//! where no backslash stands before it; `^a^b` at the line's begin.
//!
//! **Invariant:** one pass, counts only.

use serde::{Deserialize, Serialize};

/// How often each way was used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Uses {
    /// `!!`
    pub(super) last: u32,
    /// `!$`
    pub(super) last_word: u32,
    /// `!^`, `!*`, `!:n`, `!#`
    pub(super) word: u32,
    /// `!n`, `!-n`
    pub(super) number: u32,
    /// `!string`, `!?string?`
    pub(super) string: u32,
    /// `^a^b`
    pub(super) quick: u32,
    pub(super) fc: u32,
    pub(super) history: u32,
    /// Searches begun with `^R`.
    pub(super) search: u32,
    /// Lines in which the arrow up, or `^P`, was pressed.
    pub(super) up: u32,
}

impl Uses {
    /// Name and count of each way that was used, in a fixed order.
    pub(super) fn used(&self) -> Vec<(&'static str, u32)> {
        let all = [
            ("!!", self.last),
            ("!$", self.last_word),
            ("!word", self.word),
            ("!n", self.number),
            ("!string", self.string),
            ("^a^b", self.quick),
            ("fc", self.fc),
            ("history", self.history),
            ("^R", self.search),
            ("up", self.up),
        ];
        all.into_iter().filter(|(_, count)| *count > 0).collect()
    }

    pub(super) fn add(&mut self, other: &Self) {
        let add = |to: &mut u32, more: u32| *to = to.saturating_add(more);
        add(&mut self.last, other.last);
        add(&mut self.last_word, other.last_word);
        add(&mut self.word, other.word);
        add(&mut self.number, other.number);
        add(&mut self.string, other.string);
        add(&mut self.quick, other.quick);
        add(&mut self.fc, other.fc);
        add(&mut self.history, other.history);
        add(&mut self.search, other.search);
        add(&mut self.up, other.up);
    }

    /// The expansions in a line as it was typed.
    pub(super) fn of_line(line: &[u8]) -> Self {
        let mut uses = Self::default();
        if line.first() == Some(&b'^') {
            uses.quick = 1;
        }
        let mut quote = Quote::None;
        let mut rest = line;
        while let Some((&byte, behind)) = rest.split_first() {
            rest = behind;
            match (byte, quote) {
                (b'\\', Quote::None | Quote::Double) => {
                    rest = behind.get(1..).unwrap_or_default();
                }
                (b'\'', Quote::None) => quote = Quote::Single,
                (b'\'', Quote::Single) => quote = Quote::None,
                (b'"', Quote::None) => quote = Quote::Double,
                (b'"', Quote::Double) => quote = Quote::None,
                (b'!', Quote::None | Quote::Double) => rest = uses.expansion(behind, quote),
                _ => {}
            }
        }
        uses
    }

    /// What stands behind a `!`; gives what is behind that.
    fn expansion<'a>(&mut self, behind: &'a [u8], quote: Quote) -> &'a [u8] {
        let (count, length) = match behind {
            [] | [b' ' | b'\t' | b'\n' | b'\r' | b'=' | b'(' | b'\'' | b';' | b'&' | b'|', ..] => {
                return behind;
            }
            [b'"', ..] if quote == Quote::Double => return behind,
            [b'!', ..] => (&mut self.last, 1),
            [b'$', ..] => (&mut self.last_word, 1),
            [b'^' | b'*' | b':' | b'#', ..] => (&mut self.word, 1),
            [b'0'..=b'9', ..] | [b'-', b'0'..=b'9', ..] => (&mut self.number, 1),
            _ => (&mut self.string, 1),
        };
        *count = count.saturating_add(1);
        behind.get(length..).unwrap_or_default()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quote {
    None,
    Single,
    Double,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: &[(&str, u32)]) {
        assert_eq!(Uses::of_line(line.as_bytes()).used(), expected, "{line}");
    }

    #[test]
    fn expansions_are_found_as_bash_finds_them() {
        check("sudo !!", &[("!!", 1)]);
        check("cd !$ && ls !$", &[("!$", 2)]);
        check("!42; !-2; !ls; !?etc?", &[("!n", 2), ("!string", 2)]);
        check("echo !* !^ !:2", &[("!word", 3)]);
        check("^sl^ls", &[("^a^b", 1)]);
        check("echo \"a!!\"", &[("!!", 1)]);
        check("echo 'a!!' b\\!! c! \"d!\" [ a != b ] x^y", &[]);
        check("! true", &[]);
        check("if ! test -f x; then :; fi", &[]);
    }
}
