//! Command lines as `getopt_long` reads them, with its complaints.

use crate::kernel::Proc;

/// An option that a program has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flag {
    /// Its letter, and the letter that [`Options`] has it under; a long option without a letter has
    /// some byte that is none.
    pub(crate) letter: u8,
    /// Without `--`; empty where it has none.
    pub(crate) long: &'static str,
    /// How it takes a value.
    pub(crate) value: Takes,
}

/// Whether an option takes a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    No,
    Yes,
    /// Only where it is written without space: `--color=always`, `-i.bak`.
    Maybe,
}

impl Flag {
    pub(crate) const fn new(letter: u8, long: &'static str) -> Self {
        Self { letter, long, value: Takes::No }
    }

    pub(crate) const fn with(letter: u8, long: &'static str) -> Self {
        Self { letter, long, value: Takes::Yes }
    }

    pub(crate) const fn maybe(letter: u8, long: &'static str) -> Self {
        Self { letter, long, value: Takes::Maybe }
    }
}

/// What was given: options in order, and the other arguments.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    pub(crate) given: Vec<(u8, Option<Vec<u8>>)>,
    pub(crate) rest: Vec<Vec<u8>>,
}

impl Options {
    /// Reads the arguments. A wrong one is complained about, and `None`. Options may stand behind
    /// other arguments, unless `strict`.
    pub(crate) fn read(p: &mut Proc, flags: &[Flag], strict: bool) -> Option<Self> {
        let args = p.rest();
        let mut all = args.iter().map(Vec::as_slice);
        let mut options = Self::default();
        while let Some(arg) = all.next() {
            if arg == b"--" {
                options.rest.extend(all.by_ref().map(<[u8]>::to_vec));
            } else if let Some(long) = arg.strip_prefix(b"--") {
                options.long(p, flags, long, &mut all)?;
            } else if let Some(letters) = arg.strip_prefix(b"-")
                && !letters.is_empty()
            {
                options.short(p, flags, letters, &mut all)?;
            } else {
                options.rest.push(arg.to_vec());
                if strict {
                    options.rest.extend(all.by_ref().map(<[u8]>::to_vec));
                }
            }
        }
        Some(options)
    }

    fn short<'a>(
        &mut self,
        p: &mut Proc,
        flags: &[Flag],
        letters: &[u8],
        all: &mut impl Iterator<Item = &'a [u8]>,
    ) -> Option<()> {
        let mut rest = letters;
        while let Some((letter, more)) = rest.split_first() {
            rest = more;
            let name = p.name();
            let known =
                flags.iter().find(|flag| flag.letter == *letter && letter.is_ascii_graphic());
            let Some(flag) = known else {
                let text = [name.as_bytes(), b": invalid option -- '", &[*letter], b"'"].concat();
                p.error(text);
                return None;
            };
            let value = match flag.value {
                Takes::No => None,
                Takes::Maybe if rest.is_empty() => None,
                Takes::Maybe => Some(std::mem::take(&mut rest).to_vec()),
                Takes::Yes if !rest.is_empty() => Some(std::mem::take(&mut rest).to_vec()),
                Takes::Yes => match all.next() {
                    Some(value) => Some(value.to_vec()),
                    None => {
                        let text = [name.as_bytes(), b": option requires an argument -- '"];
                        p.error([&text.concat(), &[*letter][..], b"'"].concat());
                        return None;
                    }
                },
            };
            self.given.push((*letter, value));
        }
        Some(())
    }

    fn long<'a>(
        &mut self,
        p: &mut Proc,
        flags: &[Flag],
        long: &[u8],
        all: &mut impl Iterator<Item = &'a [u8]>,
    ) -> Option<()> {
        let name = p.name();
        let mut parts = long.splitn(2, |&b| b == b'=');
        let word = parts.next().unwrap_or_default();
        let given = parts.next().map(<[u8]>::to_vec);
        let exact = flags.iter().find(|flag| !flag.long.is_empty() && flag.long.as_bytes() == word);
        let begin: Vec<&Flag> =
            flags.iter().filter(|flag| flag.long.as_bytes().starts_with(word)).collect();
        let flag = match (exact, begin.as_slice()) {
            (Some(flag), _) | (None, &[flag]) => flag,
            (None, []) => {
                p.error([name.as_bytes(), b": unrecognized option '--", word, b"'"].concat());
                return None;
            }
            (None, many) => {
                let mut text =
                    [name.as_bytes(), b": option '--", word, b"' is ambiguous; possibilities:"]
                        .concat();
                for flag in many {
                    text.extend([b" '--", flag.long.as_bytes(), b"'"].concat());
                }
                p.error(text);
                return None;
            }
        };
        let value = match (flag.value, given) {
            (Takes::No, Some(_)) => {
                let text = format!("{name}: option '--{}' doesn't allow an argument", flag.long);
                p.error(text);
                return None;
            }
            (Takes::Yes, None) => match all.next() {
                Some(value) => Some(value.to_vec()),
                None => {
                    p.error(format!("{name}: option '--{}' requires an argument", flag.long));
                    return None;
                }
            },
            (Takes::No, None) => None,
            (Takes::Yes | Takes::Maybe, given) => given,
        };
        self.given.push((flag.letter, value));
        Some(())
    }

    /// Whether an option was given.
    pub(crate) fn has(&self, letter: u8) -> bool {
        self.given.iter().any(|(given, _)| *given == letter)
    }

    /// The last value that was given for an option.
    pub(crate) fn value(&self, letter: u8) -> Option<&[u8]> {
        self.given.iter().rev().find(|(given, _)| *given == letter)?.1.as_deref()
    }

    /// The option that was given last of these.
    pub(crate) fn last_of(&self, letters: &[u8]) -> Option<u8> {
        self.given.iter().rev().map(|(given, _)| *given).find(|given| letters.contains(given))
    }
}
