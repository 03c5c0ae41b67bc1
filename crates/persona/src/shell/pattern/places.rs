//! Places of a text that a pattern leads to.
//!
//! **Invariant:** places are in order and each is there once; a place goes through a part of the
//! pattern at most once.

use super::syntax::{Kind, Node, same, unit_bytes};

/// A text as characters.
#[derive(Clone)]
pub(super) struct Text<'a> {
    bytes: &'a [u8],
    /// Where each character begins, and the end.
    offsets: Vec<u32>,
    /// Places are counted from the end.
    back: bool,
}

impl<'a> Text<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        let mut offsets = vec![0];
        let mut at = 0;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            at += unit_bytes(rest);
            offsets.push(u32::try_from(at).unwrap_or(u32::MAX));
        }
        Self { bytes, offsets, back: false }
    }

    /// From its end to its begin.
    pub(super) fn reversed(&self) -> Self {
        Self { back: !self.back, ..self.clone() }
    }

    /// Characters of it.
    pub(super) fn len(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    /// Bytes before a place, counted from the begin.
    pub(super) fn offset(&self, place: usize) -> usize {
        self.offsets.get(place).map_or(self.bytes.len(), |&offset| offset as usize)
    }

    /// The character behind a place.
    fn unit(&self, place: usize) -> Option<&'a [u8]> {
        if place >= self.len() {
            return None;
        }
        let place = if self.back { self.len() - 1 - place } else { place };
        self.bytes.get(self.offset(place)..self.offset(place + 1))
    }
}

/// A walk of many places through a pattern at once.
pub(super) struct Places<'a> {
    pub(super) text: &'a Text<'a>,
    pub(super) any_case: bool,
    /// What may still be done; nothing matches once it is used up.
    pub(super) work: &'a mut usize,
}

impl Places<'_> {
    /// Where one gets to from these places.
    pub(super) fn through(&mut self, nodes: &[Node], mut places: Vec<usize>) -> Vec<usize> {
        for node in nodes {
            if places.is_empty() || !self.spend(places.len()) {
                return Vec::new();
            }
            places = match node {
                Node::Unit(unit) => {
                    self.step(&places, |found, any_case| same(unit, found, any_case))
                }
                Node::Any => self.step(&places, |_, _| true),
                Node::Set(set) => self.step(&places, |found, any_case| set.holds(found, any_case)),
                Node::Star => {
                    let first = places.first().copied().unwrap_or_default();
                    self.spend(self.text.len() - first);
                    (first..=self.text.len()).collect()
                }
                Node::Group(kind, all) => self.group(*kind, all, places),
            };
        }
        places
    }

    /// Takes from the work that is left.
    fn spend(&mut self, work: usize) -> bool {
        *self.work = self.work.saturating_sub(work + 1);
        *self.work > 0
    }

    fn step(&self, places: &[usize], fits: impl Fn(&[u8], bool) -> bool) -> Vec<usize> {
        let fits = |&&at: &&usize| self.text.unit(at).is_some_and(|unit| fits(unit, self.any_case));
        places.iter().filter(fits).map(|at| at + 1).collect()
    }

    fn group(&mut self, kind: Kind, all: &[Vec<Node>], places: Vec<usize>) -> Vec<usize> {
        match kind {
            Kind::Once => self.either(all, &places),
            Kind::Maybe => {
                let found = self.either(all, &places);
                union(&places, &found)
            }
            Kind::Any => self.again(all, places),
            Kind::Some => {
                let once = self.either(all, &places);
                self.again(all, once)
            }
            Kind::Not => self.none_of(all, &places),
        }
    }

    fn either(&mut self, all: &[Vec<Node>], places: &[usize]) -> Vec<usize> {
        let mut found = Vec::new();
        for nodes in all {
            let more = self.through(nodes, places.to_vec());
            found = union(&found, &more);
        }
        found
    }

    /// These places, and all that one gets to from them by going through again and again.
    fn again(&mut self, all: &[Vec<Node>], places: Vec<usize>) -> Vec<usize> {
        let mut seen = vec![false; self.text.len() + 1];
        let mut new = places;
        let mut count = 0_usize;
        while !new.is_empty() && self.spend(new.len()) {
            for &at in &new {
                if let Some(seen) = seen.get_mut(at) {
                    *seen = true;
                }
            }
            count += new.len();
            new = self.either(all, &new);
            new.retain(|&at| seen.get(at) == Some(&false));
        }
        self.spend(count);
        seen.iter().enumerate().filter(|(_, seen)| **seen).map(|(at, _)| at).collect()
    }

    /// All places behind one of these, unless the way between is one of the group's.
    fn none_of(&mut self, all: &[Vec<Node>], places: &[usize]) -> Vec<usize> {
        let len = self.text.len();
        let mut missing: Option<Vec<usize>> = None;
        let mut first = 0;
        for &at in places {
            let begin = missing.is_none();
            if begin {
                first = at;
            }
            // What could not be reached from an earlier place may be from this one.
            if missing.as_ref().is_some_and(Vec::is_empty) || !self.spend(len - at) {
                break;
            }
            let found = self.either(all, &[at]);
            missing = Some(match missing {
                None => found,
                Some(missing) => missing
                    .into_iter()
                    .filter(|place| *place < at || found.binary_search(place).is_ok())
                    .collect(),
            });
        }
        let missing = missing.unwrap_or_default();
        (first..=len).filter(|place| missing.binary_search(place).is_err()).collect()
    }
}

fn union(a: &[usize], b: &[usize]) -> Vec<usize> {
    let mut all = Vec::with_capacity(a.len() + b.len());
    let (mut a, mut b) = (a.iter().copied().peekable(), b.iter().copied().peekable());
    loop {
        let next = match (a.peek(), b.peek()) {
            (Some(x), Some(y)) if x == y => {
                b.next();
                a.next()
            }
            (Some(x), Some(y)) if x < y => a.next(),
            (Some(_), None) => a.next(),
            (_, Some(_)) => b.next(),
            (None, None) => return all,
        };
        all.extend(next);
    }
}
