//! Bounded tables of flows, in which those that are silent longest are known.
//!
//! **Invariant:** nobody sees in which order keys are found: whoever walks the entries gets them in
//! the order of a queue. An entry that was touched goes behind the others when it comes to the
//! front, so that touching it writes to it alone.

use crate::flow::key::Key;

/// Where the entries of several tables are, by the hash of their keys.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// A hash and a place plus one; zero is nothing. At most two thirds are taken.
    entries: Vec<u64>,
    count: usize,
}

/// Entries and the places that they are at.
#[derive(Debug)]
pub(super) struct Table<V> {
    /// Rows of so many places, so that a table that grows moves nothing.
    rows: Vec<Vec<Option<Slot<V>>>>,
    free: Vec<u32>,
    length: usize,
}

/// An entry.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Slot<V> {
    pub(super) key: Key,
    pub(super) hash: u32,
    older: u32,
    newer: u32,
    pub(super) queue: Class,
    pub(super) is_touched: bool,
    pub(super) value: V,
}

/// Which queue an entry is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    OneSided,
    TwoSided,
    HalfOpen,
}

/// Entries of a table, in the order in which they came to its end.
#[derive(Debug)]
pub(super) struct Queue {
    oldest: u32,
    newest: u32,
    length: usize,
}

const NONE: u32 = u32::MAX;
/// Places in a row.
const ROW: usize = 64;

impl Index {
    /// The place under `hash` that `is_it` says yes to.
    #[inline]
    pub(super) fn find(&self, hash: u32, mut is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        let mask = self.entries.len().checked_sub(1)?;
        let mut at = hash as usize & mask;
        loop {
            let entry = *self.entries.get(at)?;
            if entry == 0 {
                return None;
            }
            let place = (entry as u32).wrapping_sub(1);
            if (entry >> 32) as u32 == hash && is_it(place) {
                return Some(place);
            }
            at = (at + 1) & mask;
        }
    }

    /// Adds a place that is not there yet.
    pub(super) fn insert(&mut self, hash: u32, place: u32) {
        if self.count * 3 >= self.entries.len() * 2 {
            let room = (self.entries.len() * 2).max(64);
            let before = std::mem::replace(&mut self.entries, vec![0; room]);
            before.into_iter().filter(|entry| *entry != 0).for_each(|entry| self.put(entry));
        }
        self.put(u64::from(hash) << 32 | u64::from(place.wrapping_add(1)));
        self.count += 1;
    }

    fn put(&mut self, entry: u64) {
        let mask = self.entries.len() - 1;
        let mut at = (entry >> 32) as usize & mask;
        while self.entries.get(at).is_some_and(|taken| *taken != 0) {
            at = (at + 1) & mask;
        }
        if let Some(room) = self.entries.get_mut(at) {
            *room = entry;
        }
    }

    /// Takes out a place that is there.
    pub(super) fn remove(&mut self, hash: u32, place: u32) {
        let Some(mask) = self.entries.len().checked_sub(1) else { return };
        let entry = u64::from(hash) << 32 | u64::from(place.wrapping_add(1));
        let mut hole = hash as usize & mask;
        while let Some(there) = self.entries.get(hole).filter(|there| **there != entry) {
            if *there == 0 {
                return;
            }
            hole = (hole + 1) & mask;
        }
        self.count -= 1;
        // Those behind come forward, unless they would come in front of where they are looked for.
        let mut at = hole;
        loop {
            at = (at + 1) & mask;
            let Some(&next) = self.entries.get(at).filter(|next| **next != 0) else { break };
            let home = (next >> 32) as usize & mask;
            if at.wrapping_sub(home) & mask >= at.wrapping_sub(hole) & mask {
                if let Some(room) = self.entries.get_mut(hole) {
                    *room = next;
                }
                hole = at;
            }
        }
        if let Some(room) = self.entries.get_mut(hole) {
            *room = 0;
        }
    }
}

impl<V> Default for Table<V> {
    fn default() -> Self {
        Self { rows: Vec::new(), free: Vec::new(), length: 0 }
    }
}

impl<V> Table<V> {
    #[inline]
    pub(super) fn get(&self, at: u32) -> Option<&Slot<V>> {
        let at = at as usize;
        self.rows.get(at / ROW)?.get(at % ROW)?.as_ref()
    }

    #[inline]
    pub(super) fn get_mut(&mut self, at: u32) -> Option<&mut Slot<V>> {
        let at = at as usize;
        self.rows.get_mut(at / ROW)?.get_mut(at % ROW)?.as_mut()
    }

    /// Puts an entry at a place, which is not in a queue yet.
    pub(super) fn insert(&mut self, key: Key, hash: u32, queue: Class, value: V) -> u32 {
        let (older, newer, is_touched) = (NONE, NONE, false);
        let slot = Slot { key, hash, older, newer, queue, is_touched, value };
        self.length += 1;
        if let Some(at) = self.free.pop() {
            let row = self.rows.get_mut(at as usize / ROW);
            if let Some(place) = row.and_then(|row| row.get_mut(at as usize % ROW)) {
                *place = Some(slot);
            }
            return at;
        }
        if self.rows.last().is_none_or(|row| row.len() == ROW) {
            self.rows.push(Vec::with_capacity(ROW));
        }
        let before = (self.rows.len() - 1) * ROW;
        let Some(row) = self.rows.last_mut() else { return NONE };
        row.push(Some(slot));
        (before + row.len() - 1) as u32
    }

    /// Takes out what is no longer in a queue.
    pub(super) fn remove(&mut self, at: u32) -> Option<Slot<V>> {
        let slot = self.rows.get_mut(at as usize / ROW)?.get_mut(at as usize % ROW)?.take()?;
        self.free.push(at);
        self.length -= 1;
        Some(slot)
    }

    /// Lets go of what is no longer in a queue, where it is; the hash of its key.
    pub(super) fn clear(&mut self, at: u32) -> Option<u32> {
        let place = self.rows.get_mut(at as usize / ROW)?.get_mut(at as usize % ROW)?;
        let hash = place.as_ref()?.hash;
        *place = None;
        self.free.push(at);
        self.length -= 1;
        Some(hash)
    }

    pub(super) fn len(&self) -> usize {
        self.length
    }

    /// All places that are taken.
    pub(super) fn places(&self) -> impl Iterator<Item = (u32, &Slot<V>)> {
        let slots = self.rows.iter().flatten().zip(0_u32..);
        slots.filter_map(|(slot, at)| slot.as_ref().map(|slot| (at, slot)))
    }
}

impl Queue {
    pub(super) const EMPTY: Self = Self { oldest: NONE, newest: NONE, length: 0 };

    pub(super) fn len(&self) -> usize {
        self.length
    }

    /// Puts a place behind all others.
    pub(super) fn push<V>(&mut self, table: &mut Table<V>, at: u32) {
        let newest = self.newest;
        if let Some(slot) = table.get_mut(at) {
            (slot.older, slot.newer, slot.is_touched) = (newest, NONE, false);
        }
        match table.get_mut(newest) {
            Some(slot) => slot.newer = at,
            None => self.oldest = at,
        }
        self.newest = at;
        self.length += 1;
    }

    /// Takes a place out.
    pub(super) fn unlink<V>(&mut self, table: &mut Table<V>, at: u32) {
        let Some(slot) = table.get(at) else { return };
        let (older, newer) = (slot.older, slot.newer);
        match table.get_mut(older) {
            Some(slot) => slot.newer = newer,
            None => self.oldest = newer,
        }
        match table.get_mut(newer) {
            Some(slot) => slot.older = older,
            None => self.newest = older,
        }
        self.length -= 1;
    }

    /// The place at the front, after those that were touched since they came to the end have gone
    /// there again. None if it takes more than `turns` of them.
    pub(super) fn front<V>(&mut self, table: &mut Table<V>, turns: usize) -> Option<u32> {
        for _ in 0..=turns {
            let at = self.oldest;
            if !table.get(at)?.is_touched {
                return Some(at);
            }
            self.unlink(table, at);
            self.push(table, at);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::packet::Path;
    use crate::flow::tcp::Endpoint;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn key(port: u16) -> Key {
        let end = |port| Endpoint { address: [192, 0, 2, 1].into(), port };
        Key::new(end(0), end(port), Path::default()).0
    }

    #[test]
    fn who_is_silent_longest_is_in_front() {
        let (mut table, mut queue) = (Table::default(), Queue::EMPTY);
        for port in 0..5 {
            let at = table.insert(key(port), 0, Class::OneSided, port);
            queue.push(&mut table, at);
        }
        table.get_mut(0).unwrap().is_touched = true;
        queue.unlink(&mut table, 2);
        table.remove(2).unwrap();
        let mut order = Vec::new();
        while let Some(at) = queue.front(&mut table, 9) {
            queue.unlink(&mut table, at);
            order.push(table.remove(at).unwrap().value);
        }
        assert_eq!((order, queue.len()), (vec![1, 3, 4, 0], 0));
    }

    proptest! {
        #[test]
        fn an_index_finds_what_is_in_it_and_nothing_else(
            steps in prop::collection::vec((0_u32..40, 0_u32..6, any::<bool>()), 0..400),
        ) {
            let (mut index, mut there) = (Index::default(), BTreeMap::new());
            for (place, hash, goes) in steps {
                // Few hashes, so that most collide, and some beyond the end of the entries.
                let hash = hash.wrapping_mul(31).wrapping_sub(3);
                if let Some(hash) = there.get(&place).copied() {
                    if goes {
                        index.remove(hash, place);
                        there.remove(&place);
                    }
                } else {
                    index.insert(hash, place);
                    there.insert(place, hash);
                }
                for place in 0..40 {
                    let hash = there.get(&place).copied();
                    let found = index.find(hash.unwrap_or(28), |at| at == place);
                    prop_assert_eq!(found, hash.map(|_| place));
                }
            }
        }
    }
}
