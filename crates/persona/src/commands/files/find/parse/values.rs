//! What stands behind the tests of `find`.
//!
//! **Invariant:** what cannot be read is complained about as findutils does, and nothing is found.

use super::{Place, Reader, Sign, Test, Time, old_quote};
use crate::commands::files::find::Follow;
use crate::commands::files::mode::{Folder, Mode};
use crate::commands::files::{quote, when};
use crate::files::Last;
use crate::process::Stat;
use crate::regex::{Case, Regex};

impl Reader<'_> {
    pub(super) fn exec(&mut self, word: &[u8], name: &[u8], place: Place) -> Option<Test> {
        let mut args: Vec<Vec<u8>> = Vec::new();
        let asks = name.starts_with(b"ok");
        loop {
            let Some(arg) = self.args.get(self.at).cloned() else {
                let shown = old_quote(word);
                self.say(&[b"missing argument to ", &shown]);
                return None;
            };
            self.at += 1;
            let many = arg == b"+" && args.last().is_some_and(|last| last == b"{}") && !asks;
            if arg != b";" && !many {
                args.push(arg);
                continue;
            }
            if args.is_empty() || many && args.len() == 1 {
                self.bad(word, if many { b"+" } else { b";" });
                return None;
            }
            if many {
                args.pop();
                if args.iter().any(|arg| arg.windows(2).any(|pair| pair == b"{}")) {
                    self.say(&[b"only one instance of {} is supported with ", word, b" ... +"]);
                    return None;
                }
            }
            let inside = name.ends_with(b"dir");
            return Some(Test::Exec { args, many, place, inside, asks });
        }
    }

    pub(super) fn kinds(&mut self, word: &[u8]) -> Option<Vec<u32>> {
        use crate::process::{BLOCK, DEVICE, FIFO, FILE, FOLDER, LINK, SOCKET};
        let value = self.value(word)?;
        let mut kinds = Vec::new();
        if value.is_empty() {
            self.say(&[b"Arguments to ", word, b" should contain at least one letter"]);
            return None;
        }
        for part in value.split(|&b| b == b',') {
            kinds.push(match part {
                b"f" => FILE,
                b"d" => FOLDER,
                b"l" => LINK,
                b"c" => DEVICE,
                b"b" => BLOCK,
                b"p" => FIFO,
                b"s" => SOCKET,
                b"D" => 0,
                [] => {
                    let lead = b"Last file type in list argument to ";
                    self.say(&[lead, word, b" is missing, i.e., list is ending on: ','"]);
                    return None;
                }
                [letter] => {
                    self.say(&[b"Unknown argument to ", word, b": ", &[*letter]]);
                    return None;
                }
                _ => {
                    let lead = b"Must separate multiple arguments to ";
                    self.say(&[lead, word, b" using: ','"]);
                    return None;
                }
            });
        }
        Some(kinds)
    }

    pub(super) fn perm(&mut self, word: &[u8]) -> Option<Test> {
        let value = self.value(word)?;
        let (sign, text) = match value.split_first() {
            Some((sign @ (b'-' | b'/'), text)) => (*sign, text),
            Some((b'+', [b'0'..=b'7', ..])) | None => {
                let shown = quote(self.p, &value);
                self.say(&[b"invalid mode ", &shown]);
                return None;
            }
            Some(_) => (b'=', value.as_slice()),
        };
        let Some(mode) = Mode::read(text) else {
            let shown = quote(self.p, &value);
            self.say(&[b"invalid mode ", &shown]);
            return None;
        };
        let file = mode.apply(0, Folder::No, 0);
        Some(Test::Perm { sign, file, folder: mode.apply(0, Folder::Yes, 0) })
    }

    pub(super) fn sign_or_name(&mut self, word: &[u8], user: bool) -> Option<(Sign, u64)> {
        let value = self.value(word)?;
        let known = if user { self.names.uid(&value) } else { self.names.gid(&value) };
        if let Some(id) = known {
            return Some((Sign::Equal, id.into()));
        }
        let shown = quote(self.p, &value);
        if user {
            self.say(&[&shown, b" is not the name of a known user"]);
        } else {
            self.say(&[&shown, b" is not the name of an existing group"]);
        }
        None
    }

    pub(super) fn regex(&mut self, word: &[u8], any_case: bool) -> Option<Test> {
        let value = self.value(word)?;
        let case = if any_case { Case::Fold } else { Case::Exact };
        let regex = match self.regex_type.as_slice() {
            b"posix-basic" | b"ed" | b"sed" | b"grep" | b"posix-minimal-basic" => {
                Regex::basic(&[b"^\\(", value.as_slice(), b"\\)$"].concat(), case)
            }
            b"posix-extended" | b"posix-egrep" | b"egrep" | b"awk" | b"gnu-awk" | b"posix-awk" => {
                Regex::extended(&[b"^(", value.as_slice(), b")$"].concat(), case)
            }
            _ => Regex::extended(&[b"^(", from_emacs(&value).as_slice(), b")$"].concat(), case),
        };
        match regex {
            Ok(regex) => Some(Test::Regex(regex)),
            Err(error) => {
                let shown = quote(self.p, &value);
                let lead = b"failed to compile regular expression ";
                self.say(&[lead, &shown, b": ", error.text().as_bytes()]);
                None
            }
        }
    }

    pub(super) fn size(&mut self, word: &[u8]) -> Option<Test> {
        let value = self.value(word)?;
        let (digits, unit) = match value.split_last() {
            Some((b'b', rest)) => (rest, 512),
            Some((b'c', rest)) => (rest, 1),
            Some((b'w', rest)) => (rest, 2),
            Some((b'k', rest)) => (rest, 1_024),
            Some((b'M', rest)) => (rest, 1 << 20),
            Some((b'G', rest)) => (rest, 1 << 30),
            Some((b'0'..=b'9', _)) => (value.as_slice(), 512),
            Some((letter, _)) => {
                let letter = [*letter];
                let shown = old_quote(&letter);
                self.say(&[b"invalid ", word, b" type ", &shown]);
                return None;
            }
            None => {
                self.say(&[b"invalid null argument to ", word]);
                return None;
            }
        };
        match signed(digits) {
            Some((sign, count)) => Some(Test::Size { sign, count, unit }),
            None => {
                let shown = old_quote(&value);
                self.say(&[b"Invalid argument ", &shown, b" to ", word]);
                None
            }
        }
    }

    pub(super) fn age(&mut self, word: &[u8], time: Time, unit: i128) -> Option<Test> {
        let value = self.value(word)?;
        let whole = std::str::from_utf8(&value).ok().and_then(|text| {
            let text = text.strip_prefix(['+', '-']).unwrap_or(text);
            text.parse::<f64>().ok().filter(|n| n.is_finite() && *n >= 0.0)
        });
        let Some(count) = whole else {
            self.bad(word, &value);
            return None;
        };
        let sign = match value.first() {
            Some(b'+') => Sign::More,
            Some(b'-') => Sign::Less,
            Some(_) | None => Sign::Equal,
        };
        #[expect(clippy::cast_possible_truncation, reason = "saturates")]
        let count = (count * 1e9) as i128;
        Some(Test::Age { time, sign, count, unit })
    }

    pub(super) fn file(&mut self) -> Option<Stat> {
        let word = self.args.get(self.at - 1).cloned().unwrap_or_default();
        let value = self.value(&word)?;
        let last = if self.plan.follow == Follow::Never { Last::Keep } else { Last::Follow };
        match self.p.stat(&value, last) {
            Ok(stat) => Some(stat),
            Err(fault) => {
                let shown = quote(self.p, &value);
                self.p.cannot_raw("", &shown, fault);
                None
            }
        }
    }

    pub(super) fn time_of_file(&mut self, time: Time) -> Option<i128> {
        self.file().map(|stat| time.of(&stat))
    }

    pub(super) fn newer(&mut self, word: &[u8], x: u8, y: u8) -> Option<Test> {
        let time = |letter| match letter {
            b'a' => Time::Accessed,
            b'c' => Time::Altered,
            b'B' => Time::Born,
            _ => Time::Changed,
        };
        let than = if y == b't' {
            let value = self.value(word)?;
            let now = self.p.now().0;
            match when::read(&value, now) {
                Some(at) => at.into(),
                None => {
                    let shown = quote(self.p, &value);
                    let lead = b"I cannot figure out how to interpret ";
                    self.say(&[lead, &shown, b" as a date or time"]);
                    return None;
                }
            }
        } else {
            self.time_of_file(time(y))?
        };
        Some(Test::Newer { time: time(x), than })
    }
}

/// What Emacs writes with a backslash is written without, and the other way round.
fn from_emacs(pattern: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = pattern.iter().copied();
    while let Some(b) = rest.next() {
        match b {
            b'\\' => match rest.next() {
                Some(b @ (b'(' | b')' | b'|')) => out.push(b),
                Some(b) => out.extend_from_slice(&[b'\\', b]),
                None => out.push(b'\\'),
            },
            b'(' | b')' | b'|' | b'{' | b'}' => out.extend_from_slice(&[b'\\', b]),
            b => out.push(b),
        }
    }
    out
}

pub(super) fn signed(value: &[u8]) -> Option<(Sign, u64)> {
    let (sign, digits) = match value.split_first() {
        Some((b'+', rest)) => (Sign::More, rest),
        Some((b'-', rest)) => (Sign::Less, rest),
        Some(_) | None => (Sign::Equal, value),
    };
    let text = std::str::from_utf8(digits).ok()?;
    let right = text.bytes().all(|b| b.is_ascii_digit());
    right.then(|| text.parse().ok()).flatten().map(|count| (sign, count))
}
