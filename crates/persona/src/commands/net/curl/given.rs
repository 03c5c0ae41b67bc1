//! The command line of `curl`, which reads it in its own way.
//!
//! **Invariant:** what is given is one of [`ROWS`].

use super::rows::{ROWS, Row, Takes};

/// What was given.
#[derive(Debug, Default)]
pub(super) struct Given {
    /// Names of options in order, with values; a name begins with `no-` where it was taken back.
    options: Vec<(&'static str, bool, Vec<u8>)>,
    pub(super) urls: Vec<Vec<u8>>,
}

/// Why a command line is none.
pub(super) enum Wrong {
    /// `option -o: requires parameter`
    Option(Vec<u8>, &'static str),
    /// It wants help.
    Help(Vec<u8>),
    Version,
}

/// Arguments that are looked at.
const ARGS: usize = 4_000;

impl Given {
    pub(super) fn read(args: &[Vec<u8>]) -> Result<Self, Wrong> {
        let mut given = Self::default();
        let mut args = args.iter().take(ARGS);
        let mut plain = false;
        while let Some(arg) = args.next() {
            if plain || !arg.starts_with(b"-") || arg.len() < 2 {
                given.urls.push(arg.clone());
            } else if arg == b"--" {
                plain = true;
            } else if let Some(long) = arg.strip_prefix(b"--") {
                given.long(arg, long, &mut args)?;
            } else {
                given.short(arg, &mut args)?;
            }
        }
        Ok(given)
    }

    fn long<'a>(
        &mut self,
        arg: &[u8],
        long: &[u8],
        args: &mut impl Iterator<Item = &'a Vec<u8>>,
    ) -> Result<(), Wrong> {
        let (word, on) = match long.strip_prefix(b"no-") {
            Some(rest) if !ROWS.iter().any(|row| row.1.as_bytes() == long) => (rest, false),
            Some(_) | None => (long, true),
        };
        let exact = ROWS.iter().find(|row| row.1.as_bytes() == word);
        let row = match exact {
            Some(row) => row,
            None => {
                let mut all = ROWS.iter().filter(|row| row.1.as_bytes().starts_with(word));
                match (all.next(), all.next()) {
                    (Some(row), None) => row,
                    (Some(_), Some(_)) => return Err(Wrong::Option(arg.to_vec(), "is ambiguous")),
                    (None, _) => return Err(Wrong::Option(arg.to_vec(), "is unknown")),
                }
            }
        };
        if row.1 == "help" {
            return Err(Wrong::Help(args.next().cloned().unwrap_or_default()));
        }
        let value = match row.2 {
            Takes::Nothing => Vec::new(),
            Takes::Value => match args.next() {
                Some(value) => value.clone(),
                None => return Err(Wrong::Option(arg.to_vec(), "requires parameter")),
            },
        };
        self.push(row, on, value, arg)
    }

    fn short<'a>(
        &mut self,
        arg: &[u8],
        args: &mut impl Iterator<Item = &'a Vec<u8>>,
    ) -> Result<(), Wrong> {
        let mut letters = arg.get(1..).unwrap_or_default();
        while let Some((letter, rest)) = letters.split_first() {
            letters = rest;
            let row = ROWS.iter().find(|row| row.0 == *letter && *letter != b' ');
            let Some(row) = row else {
                return Err(Wrong::Option(arg.to_vec(), "is unknown"));
            };
            if row.1 == "help" {
                return Err(Wrong::Help(args.next().cloned().unwrap_or_default()));
            }
            let value = match row.2 {
                Takes::Nothing => Vec::new(),
                Takes::Value if !letters.is_empty() => std::mem::take(&mut letters).to_vec(),
                Takes::Value => match args.next() {
                    Some(value) => value.clone(),
                    None => return Err(Wrong::Option(arg.to_vec(), "requires parameter")),
                },
            };
            self.push(row, true, value, arg)?;
        }
        Ok(())
    }

    fn push(&mut self, row: &Row, on: bool, value: Vec<u8>, arg: &[u8]) -> Result<(), Wrong> {
        match row.1 {
            "version" => return Err(Wrong::Version),
            "url" => self.urls.push(value.clone()),
            "max-time" | "connect-timeout" | "retry-delay" | "retry" | "retry-max-time"
            | "speed-time" | "speed-limit" | "max-redirs"
                if seconds(&value).is_none() =>
            {
                return Err(Wrong::Option(arg.to_vec(), "expected a proper numerical parameter"));
            }
            _ => {}
        }
        self.options.push((row.1, on, value));
        Ok(())
    }

    /// Whether an option is on.
    pub(super) fn has(&self, name: &str) -> bool {
        let last = self.options.iter().rev().find(|(given, ..)| *given == name);
        last.is_some_and(|(_, on, _)| *on)
    }

    /// The last value of an option.
    pub(super) fn value(&self, name: &str) -> Option<&[u8]> {
        let last = self.options.iter().rev().find(|(given, ..)| *given == name);
        last.map(|(_, _, value)| value.as_slice())
    }

    /// All values of an option.
    pub(super) fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let all = self.options.iter().filter(move |(given, ..)| *given == name);
        all.map(|(_, _, value)| value.as_slice())
    }

    /// Nanoseconds of an option's value.
    pub(super) fn time(&self, name: &str) -> Option<i64> {
        self.value(name).and_then(seconds).filter(|ns| *ns > 0)
    }

    /// Where outputs go, one for each URL: `-o` and `-O` in order.
    pub(super) fn outputs(&self) -> Vec<Output> {
        let outputs = self.options.iter().filter_map(|(name, _, value)| match *name {
            "output" => Some(Output::File(value.clone())),
            "remote-name" => Some(Output::Remote),
            _ => None,
        });
        outputs.collect()
    }
}

/// Where what comes is to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Output {
    Standard,
    File(Vec<u8>),
    /// A file of the same name.
    Remote,
}

/// Nanoseconds of a number of seconds.
fn seconds(text: &[u8]) -> Option<i64> {
    let number: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    #[expect(clippy::cast_possible_truncation, reason = "saturates at 292 years")]
    (number >= 0.0).then_some((number * 1e9) as i64)
}
