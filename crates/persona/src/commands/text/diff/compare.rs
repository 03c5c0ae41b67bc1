//! Which lines differ.
//!
//! **Invariant:** [`COST`] bounds what is kept and done; beyond it, the middle that is left is one
//! change.

use crate::kernel::Proc;
use std::collections::BTreeMap;
use std::ops::Range;

/// Lines of the first that became lines of the second.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) a: Range<usize>,
    pub(super) b: Range<usize>,
}

/// Edits that are looked for.
const COST: usize = 1_500;

pub(super) fn lines(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|&b| b == b'\n').collect()
}

/// The changes, in order.
pub(super) async fn changes(p: &Proc, a: &[Vec<u8>], b: &[Vec<u8>]) -> Vec<Change> {
    // Lines that are the same have the same number.
    let mut known: BTreeMap<&[u8], u32> = BTreeMap::new();
    let mut codes = [Vec::with_capacity(a.len()), Vec::with_capacity(b.len())];
    for (side, out) in [a, b].into_iter().zip(codes.iter_mut()) {
        for line in side {
            let next = u32::try_from(known.len()).unwrap_or(u32::MAX);
            out.push(*known.entry(line.as_slice()).or_insert(next));
        }
        p.tick(side.len() * 4).await;
    }
    let [a, b] = codes;
    let before = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let rest = (a.get(before..).unwrap_or_default(), b.get(before..).unwrap_or_default());
    let behind = rest.0.iter().rev().zip(rest.1.iter().rev()).take_while(|(a, b)| a == b).count();
    let middle = (
        rest.0.get(..rest.0.len() - behind).unwrap_or_default(),
        rest.1.get(..rest.1.len() - behind).unwrap_or_default(),
    );
    let mut gone = vec![false; a.len()];
    let mut new = vec![false; b.len()];
    match script(p, middle.0, middle.1).await {
        Some((deleted, inserted)) => {
            for index in deleted {
                if let Some(mark) = gone.get_mut(before + index) {
                    *mark = true;
                }
            }
            for index in inserted {
                if let Some(mark) = new.get_mut(before + index) {
                    *mark = true;
                }
            }
        }
        None => {
            gone.iter_mut().skip(before).take(middle.0.len()).for_each(|mark| *mark = true);
            new.iter_mut().skip(before).take(middle.1.len()).for_each(|mark| *mark = true);
        }
    }
    shift(&a, &mut gone, &new);
    shift(&b, &mut new, &gone);
    grouped(&gone, &new)
}

type Edits = (Vec<usize>, Vec<usize>);

/// The shortest way from one to the other: what is deleted, and what is inserted.
async fn script(p: &Proc, a: &[u32], b: &[u32]) -> Option<Edits> {
    let at =
        |side: &[u32], index: i64| usize::try_from(index).ok().and_then(|i| side.get(i).copied());
    let (n, m) = (i64::try_from(a.len()).ok()?, i64::try_from(b.len()).ok()?);
    let most = (a.len() + b.len()).min(COST);
    let mut trace: Vec<Vec<i64>> = Vec::new();
    let mut best: Vec<i64> = vec![0; 2 * most + 3];
    let middle = i64::try_from(most + 1).ok()?;
    let get = |best: &[i64], k: i64| {
        usize::try_from(k + middle).ok().and_then(|i| best.get(i).copied()).unwrap_or(-1)
    };
    for d in 0..=i64::try_from(most).ok()? {
        let (from, to) = (usize::try_from(middle - d).ok()?, usize::try_from(middle + d).ok()?);
        let mut work = 0;
        let mut k = -d;
        while k <= d {
            let down = k == -d || k != d && get(&best, k - 1) < get(&best, k + 1);
            let mut x = if down { get(&best, k + 1) } else { get(&best, k - 1) + 1 };
            if d == 0 {
                x = 0;
            }
            let mut y = x - k;
            while x < n && y < m && at(a, x) == at(b, y) {
                x += 1;
                y += 1;
                work += 1;
            }
            if let Ok(index) = usize::try_from(k + middle)
                && let Some(place) = best.get_mut(index)
            {
                *place = x;
            }
            if x >= n && y >= m {
                return Some(back(&trace, d, (n, m)));
            }
            k += 2;
            work += 4;
        }
        p.tick(work).await;
        trace.push(best.get(from..=to).unwrap_or_default().to_vec());
    }
    None
}

/// Goes the way back.
fn back(trace: &[Vec<i64>], mut d: i64, (mut x, mut y): (i64, i64)) -> Edits {
    let (mut deleted, mut inserted) = (Vec::new(), Vec::new());
    while d > 0 {
        let k = x - y;
        let row = usize::try_from(d - 1).ok().and_then(|row| trace.get(row));
        // A row begins at the diagonal `1 - d`.
        let get = |k: i64| {
            let index = usize::try_from(k + d - 1).ok();
            index.and_then(|index| row?.get(index).copied()).unwrap_or(-1)
        };
        let down = k == -d || k != d && get(k - 1) < get(k + 1);
        let before = if down { k + 1 } else { k - 1 };
        let from = get(before);
        if down {
            inserted.extend(usize::try_from(from - before).ok());
            (x, y) = (from, from - before);
        } else {
            deleted.extend(usize::try_from(from).ok());
            (x, y) = (from, from - before);
        }
        d -= 1;
    }
    (deleted, inserted)
}

/// Moves changes down as far as the lines allow, joining those that meet, as GNU's diff does; and
/// back up to where the other file has a change too.
fn shift(codes: &[u32], marks: &mut [bool], other: &[bool]) {
    let marked = |marks: &[bool], at: usize| marks.get(at).copied().unwrap_or(false);
    let (mut i, mut j) = (0, 0);
    let end = codes.len();
    loop {
        // Lines that are the same in both.
        while i < end && !marked(marks, i) {
            while marked(other, j) {
                j += 1;
            }
            j += 1;
            i += 1;
        }
        if i >= end {
            return;
        }
        let mut start = i;
        while marked(marks, i) {
            i += 1;
        }
        while marked(other, j) {
            j += 1;
        }
        let mut corresponding;
        loop {
            let length = i - start;
            // Up, to join with what is before.
            while start > 0 && codes.get(start - 1) == codes.get(i - 1) {
                if let Some(mark) = marks.get_mut(start - 1) {
                    *mark = true;
                }
                if let Some(mark) = marks.get_mut(i - 1) {
                    *mark = false;
                }
                start -= 1;
                i -= 1;
                while start > 0 && marked(marks, start - 1) {
                    start -= 1;
                }
                j = before(other, j);
            }
            corresponding = if j > 0 && marked(other, j - 1) { i } else { end };
            // Down, to join with what is behind.
            while i < end && codes.get(start) == codes.get(i) {
                if let Some(mark) = marks.get_mut(start) {
                    *mark = false;
                }
                if let Some(mark) = marks.get_mut(i) {
                    *mark = true;
                }
                start += 1;
                i += 1;
                while marked(marks, i) {
                    i += 1;
                }
                j += 1;
                while marked(other, j) {
                    j += 1;
                    corresponding = i;
                }
            }
            if i - start == length {
                break;
            }
        }
        // Back to where the other one has a change.
        while corresponding < i && start > 0 {
            start -= 1;
            i -= 1;
            if let Some(mark) = marks.get_mut(start) {
                *mark = true;
            }
            if let Some(mark) = marks.get_mut(i) {
                *mark = false;
            }
            j = before(other, j);
        }
    }
}

/// The line before that the other file has too.
fn before(other: &[bool], mut at: usize) -> usize {
    loop {
        let Some(next) = at.checked_sub(1) else { return 0 };
        at = next;
        if other.get(at) != Some(&true) {
            return at;
        }
    }
}

fn grouped(gone: &[bool], new: &[bool]) -> Vec<Change> {
    let mut all = Vec::new();
    let (mut i, mut j) = (0, 0);
    while i < gone.len() || j < new.len() {
        let (from, to) = (i, j);
        while gone.get(i) == Some(&true) {
            i += 1;
        }
        while new.get(j) == Some(&true) {
            j += 1;
        }
        if i > from || j > to {
            all.push(Change { a: from..i, b: to..j });
        }
        i += 1;
        j += 1;
    }
    all
}
