//! In which order names are shown.
//!
//! **Invariant:** two names are never equal unless they are the same.

use super::Entry;
use super::settings::{By, Settings};
use crate::process::FOLDER;
use std::cmp::{Ordering, Reverse};

pub(super) fn sort(entries: &mut [Entry], settings: &Settings) {
    let collated = settings.collated;
    match settings.by {
        By::Nothing => return,
        By::Name => sort_by(entries, settings, |_| ()),
        By::Size => sort_by(entries, settings, |e| Reverse(e.stat.map(|stat| stat.size))),
        By::Time => {
            sort_by(entries, settings, |e| Reverse(e.stat.map(|stat| settings.time.of(&stat))));
        }
        By::Extension => sort_by(entries, settings, |e| {
            let dot = e.name.iter().rposition(|&b| b == b'.');
            dot.and_then(|dot| e.name.get(dot..)).unwrap_or_default().to_vec()
        }),
        By::Width => sort_by(entries, settings, |e| e.name.len()),
        By::Version => {
            entries.sort_by(|a, b| {
                version(&a.name, &b.name).then_with(|| compare(&a.name, &b.name, collated))
            });
        }
    }
    if settings.reverse {
        entries.reverse();
    }
    if settings.folders_first {
        let is_folder = |e: &Entry| {
            let there = e.target.as_ref().and_then(|(_, there)| *there).or(e.stat);
            there.is_some_and(|stat| stat.is(FOLDER))
        };
        entries.sort_by_key(|e| !is_folder(e));
    }
}

fn sort_by<K: Ord>(entries: &mut [Entry], settings: &Settings, key: impl Fn(&Entry) -> K) {
    let collated = settings.collated;
    entries.sort_by_cached_key(|e| {
        let letters = if collated { collation(&e.name) } else { (Vec::new(), Vec::new()) };
        (key(e), letters, e.name.clone())
    });
}

fn compare(a: &[u8], b: &[u8], collated: bool) -> Ordering {
    if collated { collation(a).cmp(&collation(b)).then_with(|| a.cmp(b)) } else { a.cmp(b) }
}

/// As glibc's locales order: marks, digits, letters whatever their case; then small before large.
fn collation(name: &[u8]) -> (Vec<u16>, Vec<bool>) {
    const MARKS: &[u8] = b"_-,;:!?/.`^~'\"()[]{}@$*\\&#%+<=>| ";
    let first = name.iter().map(|b| {
        let place = MARKS.iter().position(|mark| mark == b);
        match place {
            Some(place) => u16::try_from(place).unwrap_or(0),
            None => 100 + u16::from(b.to_ascii_lowercase()),
        }
    });
    (first.collect(), name.iter().map(u8::is_ascii_uppercase).collect())
}

/// As versions are ordered: numbers in names count as numbers.
pub(super) fn version(a: &[u8], b: &[u8]) -> Ordering {
    let rank = |name: &[u8]| match name {
        b"." => 0,
        b".." => 1,
        name if name.starts_with(b".") => 2,
        _ => 3,
    };
    let (mut x, mut y) = (a, b);
    let ranks = rank(a).cmp(&rank(b));
    if ranks != Ordering::Equal {
        return ranks;
    }
    while !x.is_empty() || !y.is_empty() {
        let digits = |text: &[u8]| text.iter().position(u8::is_ascii_digit).unwrap_or(text.len());
        let (p, q) = (digits(x), digits(y));
        let weight = |b: Option<&u8>| match b {
            None => 0,
            Some(b'~') => -1,
            Some(b) if b.is_ascii_alphabetic() => i32::from(*b),
            Some(b) => i32::from(*b) + 256,
        };
        for place in 0..p.max(q) {
            let of = |text: &[u8], end: usize| {
                if place < end { weight(text.get(place)) } else { 0 }
            };
            let order = of(x, p).cmp(&of(y, q));
            if order != Ordering::Equal {
                return order;
            }
        }
        (x, y) = (x.get(p..).unwrap_or_default(), y.get(q..).unwrap_or_default());
        let number = |text: &[u8]| {
            let end = text.iter().position(|b| !b.is_ascii_digit()).unwrap_or(text.len());
            let zeros = text.iter().take(end).take_while(|b| **b == b'0').count();
            (text.get(zeros..end).unwrap_or_default().to_vec(), end)
        };
        let ((m, i), (n, j)) = (number(x), number(y));
        let order = m.len().cmp(&n.len()).then_with(|| m.cmp(&n));
        if order != Ordering::Equal {
            return order;
        }
        (x, y) = (x.get(i..).unwrap_or_default(), y.get(j..).unwrap_or_default());
    }
    Ordering::Equal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_as_numbers() {
        let mut names = ["a10", "a2", "a1", ".x", "a1.5", "b", "a01"];
        names.sort_by(|a, b| version(a.as_bytes(), b.as_bytes()).then_with(|| a.cmp(b)));
        assert_eq!(names, [".x", "a01", "a1", "a1.5", "a2", "a10", "b"]);
    }
}
