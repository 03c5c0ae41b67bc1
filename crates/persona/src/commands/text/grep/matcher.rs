//! All patterns of a `grep` together.
//!
//! **Invariant:** patterns are joined as far as they can be, so that a line is looked at few times.

use super::settings::Settings;
use crate::kernel::Proc;
use crate::regex::{Error, Flavor, Lines, Regex, Syntax};
use decnet_core::limits::GREP_PATTERNS;

pub(super) struct Matcher {
    all: Vec<Regex>,
}

/// Bytes of patterns that become one.
const TOGETHER: usize = 4_096;

impl Matcher {
    pub(super) fn new(
        p: &mut Proc,
        settings: &Settings,
        patterns: &[Vec<u8>],
    ) -> Result<Self, String> {
        let syntax = Syntax {
            flavor: settings.flavor,
            case: settings.case,
            chars: settings.chars,
            lines: Lines::Whole,
        };
        let perl = settings.flavor == Flavor::Perl && !settings.fixed;
        let mut all = Vec::new();
        let mut joined: Vec<u8> = Vec::new();
        let mut any = false;
        let bar: &[u8] = if syntax.flavor == Flavor::Grep { b"\\|" } else { b"|" };
        let build = |text: &[u8]| {
            Regex::within(text, syntax, settings.around).map_err(|why| words(why, perl))
        };
        for pattern in patterns.iter().take(GREP_PATTERNS) {
            if !settings.fixed {
                self::check(p, pattern, syntax.flavor)?;
            }
            let pattern = if settings.fixed { escaped(pattern) } else { pattern.clone() };
            // What refers to groups stays alone.
            let refers = |pair: &[u8]| matches!(pair, [b'\\', b'1'..=b'9']);
            let alone = perl || patterns.len() == 1 || pattern.windows(2).any(refers);
            if alone || joined.len() + pattern.len() > TOGETHER {
                if any {
                    all.push(build(&joined)?);
                }
                joined.clear();
                any = false;
            }
            if alone {
                all.push(build(&pattern)?);
                continue;
            }
            // A wrong one must not become right by what stands beside it.
            if !settings.fixed {
                Regex::check(&pattern, syntax).map_err(|why| words(why, perl))?;
            }
            if any {
                joined.extend(bar);
            }
            joined.extend(pattern);
            any = true;
        }
        if any {
            all.push(build(&joined)?);
        }
        Ok(Self { all })
    }

    pub(super) fn is_match(&self, line: &[u8]) -> bool {
        self.all.iter().any(|regex| regex.is_match(line))
    }

    /// The leftmost of all, the longest there.
    pub(super) fn find(&self, line: &[u8], start: usize) -> Option<(usize, usize)> {
        let found = self.all.iter().filter_map(|regex| regex.find_at(line, start));
        found.min_by_key(|(from, to)| (*from, usize::MAX - to))
    }

    /// What that cost.
    pub(super) fn work(&self) -> usize {
        self.all.iter().map(Regex::work).sum()
    }
}

/// What GNU's grep says beside the pattern's own errors.
fn check(p: &mut Proc, pattern: &[u8], flavor: Flavor) -> Result<(), String> {
    if let [b'[', b':', inner @ .., b':', b']'] = pattern
        && !inner.is_empty()
        && !inner.contains(&b':')
        && flavor != Flavor::Perl
    {
        return Err("character class syntax is [[:space:]], not [:space:]".to_owned());
    }
    if flavor == Flavor::Egrep {
        let mut first = true;
        let mut bytes = pattern.iter();
        while let Some(byte) = bytes.next() {
            match byte {
                b'*' | b'+' | b'?' if first => {
                    let text = format!("warning: {} at start of expression", char::from(*byte));
                    crate::commands::text::say(p, text);
                }
                b'{' if first => {
                    crate::commands::text::say(p, "warning: {...} at start of expression");
                }
                b'\\' => {
                    bytes.next();
                }
                // What is in brackets is no operator.
                b'[' => {
                    let rest = bytes.as_slice();
                    let skip = rest.iter().skip(1).position(|&b| b == b']').map_or(0, |at| at + 2);
                    bytes = rest.get(skip..).unwrap_or_default().iter();
                }
                _ => {}
            }
            first = matches!(byte, b'(' | b'|') || *byte == b'^' && first;
        }
    }
    Ok(())
}

/// A string as a basic pattern.
fn escaped(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for &byte in text {
        if b"\\.[]*^$".contains(&byte) {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out
}

fn words(error: Error, perl: bool) -> String {
    if !perl {
        return error.text().to_owned();
    }
    match error {
        Error::Collate => "POSIX collating elements are not supported",
        Error::Class => "unknown POSIX class name",
        Error::Escape => "\\ at end of pattern",
        Error::Reference => "reference to non-existent subpattern",
        Error::Bracket => "missing terminating ] for character class",
        Error::OpenParen => "missing closing parenthesis",
        Error::Brace | Error::BraceContent => "numbers out of order in {} quantifier",
        Error::Range => "range out of order in character class",
        Error::Repeat => "quantifier does not follow a repeatable item",
        Error::TooBig => "regular expression is too large",
        Error::CloseParen => "unmatched closing parenthesis",
        Error::Lookbehind | Error::Unknown => error.text(),
    }
    .to_owned()
}
