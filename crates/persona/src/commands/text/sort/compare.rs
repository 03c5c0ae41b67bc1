//! Comparing lines by their keys.
//!
//! **Invariant:** a total order for each kind: the same lines are sorted the same way whatever
//! order they came in, but for those that are equal.

use super::key::{Key, Order};
use crate::text_format::strtod;
use std::cmp::Ordering;

pub(super) struct Comparer {
    pub(super) keys: Vec<Key>,
    pub(super) global: Order,
    pub(super) tab: Option<u8>,
    pub(super) unique: bool,
    pub(super) stable: bool,
    seed: u64,
}

impl Comparer {
    pub(super) fn new(seed: u64) -> Self {
        let global = Order::default();
        Self { keys: Vec::new(), global, tab: None, unique: false, stable: false, seed }
    }

    /// Gives keys what holds for all; letters that cannot go together.
    pub(super) fn settle(&mut self) -> Option<String> {
        for key in &mut self.keys {
            if key.order.is_default() && !key.order.reverse {
                key.order = self.global;
            }
        }
        if self.keys.is_empty() && !self.global.is_default() {
            self.keys.push(Key::whole(self.global));
        }
        self.keys.iter().map(|key| key.order).chain([self.global]).find_map(Order::conflict)
    }

    /// By keys, then by the whole line.
    pub(super) fn compare(&self, a: &[u8], b: &[u8]) -> Ordering {
        let by_keys = self.keys_of(a, b);
        if by_keys != Ordering::Equal || self.unique || self.stable || self.keys.is_empty() {
            return by_keys;
        }
        let whole = a.cmp(b);
        if self.global.reverse { whole.reverse() } else { whole }
    }

    /// By keys alone.
    pub(super) fn keys_of(&self, a: &[u8], b: &[u8]) -> Ordering {
        if self.keys.is_empty() {
            let whole = a.cmp(b);
            return if self.global.reverse { whole.reverse() } else { whole };
        }
        for key in &self.keys {
            let order = self.parts(key.order, key.part(a, self.tab), key.part(b, self.tab));
            if order != Ordering::Equal {
                return if key.order.reverse { order.reverse() } else { order };
            }
        }
        Ordering::Equal
    }

    fn parts(&self, order: Order, a: &[u8], b: &[u8]) -> Ordering {
        if order.numeric {
            return Number::read(a).cmp(&Number::read(b));
        }
        if order.human {
            return human(a).cmp(&human(b));
        }
        if order.general {
            return general(a, b);
        }
        if order.month {
            return month(a).cmp(&month(b));
        }
        if order.version {
            return version(a, b);
        }
        if order.random {
            let hash = |part: &[u8]| {
                part.iter().fold(self.seed, |hash, &b| {
                    (hash ^ u64::from(b)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23)
                })
            };
            return hash(a).cmp(&hash(b)).then_with(|| a.cmp(b));
        }
        if order.dictionary || order.printing || order.fold {
            let seen = |b: &&u8| {
                if order.dictionary {
                    b.is_ascii_alphanumeric() || **b == b' ' || **b == b'\t'
                } else {
                    !order.printing || (b' '..=b'~').contains(*b)
                }
            };
            let folded = |b: &u8| if order.fold { b.to_ascii_uppercase() } else { *b };
            return a.iter().filter(seen).map(folded).cmp(b.iter().filter(seen).map(folded));
        }
        a.cmp(b)
    }
}

/// A decimal number of any length.
#[derive(PartialEq, Eq)]
struct Number<'a> {
    negative: bool,
    whole: &'a [u8],
    fraction: &'a [u8],
    used: usize,
}

impl<'a> Number<'a> {
    fn read(text: &'a [u8]) -> Self {
        let blanks = text.iter().take_while(|b| b.is_ascii_whitespace()).count();
        let body = text.get(blanks..).unwrap_or_default();
        let negative = body.first() == Some(&b'-');
        let body = if negative { body.get(1..).unwrap_or_default() } else { body };
        let digits = |text: &[u8]| text.iter().take_while(|b| b.is_ascii_digit()).count();
        let (whole, rest) = body.split_at_checked(digits(body)).unwrap_or_default();
        let fraction = match rest {
            [b'.', rest @ ..] => rest.get(..digits(rest)).unwrap_or_default(),
            _ => &[],
        };
        let point = usize::from(rest.first() == Some(&b'.'));
        let used = blanks + usize::from(negative) + whole.len() + point + fraction.len();
        let zeros = whole.iter().take_while(|b| **b == b'0').count();
        let whole = whole.get(zeros..).unwrap_or_default();
        let ends = fraction.iter().rev().take_while(|b| **b == b'0').count();
        let fraction = fraction.get(..fraction.len() - ends).unwrap_or_default();
        let negative = negative && !(whole.is_empty() && fraction.is_empty());
        Self { negative, whole, fraction, used }
    }

    fn is_zero(&self) -> bool {
        self.whole.is_empty() && self.fraction.is_empty()
    }
}

impl PartialOrd for Number<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, true) => return Ordering::Greater,
            (true, false) => return Ordering::Less,
            (true, true) | (false, false) => {}
        }
        let whole = self.whole.len().cmp(&other.whole.len()).then(self.whole.cmp(other.whole));
        let order = whole.then(self.fraction.cmp(other.fraction));
        if self.negative { order.reverse() } else { order }
    }
}

/// `2K` is more than `1000`: the unit first, then the number.
fn human(text: &[u8]) -> (i8, Number<'_>) {
    let number = Number::read(text);
    let unit = match text.get(number.used) {
        _ if number.is_zero() => 0,
        Some(b'k' | b'K') => 1,
        Some(b'M') => 2,
        Some(b'G') => 3,
        Some(b'T') => 4,
        Some(b'P') => 5,
        Some(b'E') => 6,
        Some(b'Z') => 7,
        Some(b'Y') => 8,
        _ => 0,
    };
    (if number.negative { -unit } else { unit }, number)
}

/// As floats; what is none comes first.
fn general(a: &[u8], b: &[u8]) -> Ordering {
    let read = |text: &[u8]| {
        let blanks = text.iter().take_while(|b| b.is_ascii_whitespace()).count();
        let (value, used) = strtod(text.get(blanks..).unwrap_or_default());
        let rank = match (used, value.is_nan()) {
            (0, _) => 0,
            (_, true) => 1,
            (_, false) => 2,
        };
        (rank, value)
    };
    let ((rank_a, a), (rank_b, b)) = (read(a), read(b));
    rank_a.cmp(&rank_b).then(a.partial_cmp(&b).unwrap_or(Ordering::Equal))
}

fn month(text: &[u8]) -> usize {
    const NAMES: [&[u8; 3]; 12] = [
        b"JAN", b"FEB", b"MAR", b"APR", b"MAY", b"JUN", b"JUL", b"AUG", b"SEP", b"OCT", b"NOV",
        b"DEC",
    ];
    let blanks = text.iter().take_while(|b| **b == b' ' || **b == b'\t').count();
    let name = text.get(blanks..blanks + 3).unwrap_or_default().to_ascii_uppercase();
    NAMES.iter().position(|known| known.as_slice() == name).map_or(0, |at| at + 1)
}

/// Names with versions in them, as `filevercmp` does.
pub(crate) fn version(a: &[u8], b: &[u8]) -> Ordering {
    if a == b {
        return Ordering::Equal;
    }
    let rank = |name: &[u8]| match name {
        [] => 0,
        b"." => 1,
        b".." => 2,
        [b'.', ..] => 3,
        _ => 4,
    };
    let (rank_a, rank_b) = (rank(a), rank(b));
    if rank_a != rank_b || rank_a < 3 {
        return rank_a.cmp(&rank_b);
    }
    let (short_a, short_b) = (without_suffix(a), without_suffix(b));
    let order = if short_a == a && short_b == b {
        Ordering::Equal
    } else {
        version_parts(short_a, short_b)
    };
    order.then_with(|| version_parts(a, b))
}

/// Without `.tar.gz` and the like.
fn without_suffix(name: &[u8]) -> &[u8] {
    let start = usize::from(name.first() == Some(&b'.'));
    let mut end = name.len();
    loop {
        let body = name.get(..end).unwrap_or_default();
        let tail =
            body.iter().rev().take_while(|b| b.is_ascii_alphanumeric() || **b == b'~').count();
        let Some(dot) = end.checked_sub(tail + 1) else { break };
        let letter = body.get(dot + 1).is_some_and(|b| b.is_ascii_alphabetic() || *b == b'~');
        if body.get(dot) != Some(&b'.') || !letter || dot < start.max(1) {
            break;
        }
        end = dot;
    }
    name.get(..end).unwrap_or(name)
}

fn version_parts(a: &[u8], b: &[u8]) -> Ordering {
    let digit = |text: &[u8], at: usize| text.get(at).is_some_and(u8::is_ascii_digit);
    let rank = |text: &[u8], at: usize| match text.get(at) {
        None => -1,
        Some(b) if b.is_ascii_digit() => 0,
        Some(b) if b.is_ascii_alphabetic() => i32::from(*b),
        Some(b'~') => -2,
        Some(b) => i32::from(*b) + 256,
    };
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        while i < a.len() && !digit(a, i) || j < b.len() && !digit(b, j) {
            let order = rank(a, i).cmp(&rank(b, j));
            if order != Ordering::Equal {
                return order;
            }
            i += 1;
            j += 1;
        }
        while a.get(i) == Some(&b'0') {
            i += 1;
        }
        while b.get(j) == Some(&b'0') {
            j += 1;
        }
        let mut first = Ordering::Equal;
        while digit(a, i) && digit(b, j) {
            first = first.then(a.get(i).cmp(&b.get(j)));
            i += 1;
            j += 1;
        }
        if digit(a, i) {
            return Ordering::Greater;
        }
        if digit(b, j) {
            return Ordering::Less;
        }
        if first != Ordering::Equal {
            return first;
        }
    }
    Ordering::Equal
}
