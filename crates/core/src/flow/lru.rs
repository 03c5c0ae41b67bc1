//! A bounded table whose least recently used entry is known.
//!
//! **Invariant:** the order of the hash table is never seen: whoever walks the entries gets them
//! from the least recently used on.

#[expect(clippy::disallowed_types, reason = "the order of the entries never leaves this file")]
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher};

#[derive(Debug)]
pub(super) struct Lru<K, V> {
    #[expect(clippy::disallowed_types, reason = "found by key only")]
    index: HashMap<K, u32, Seed>,
    slots: Vec<Slot<K, V>>,
    free: Vec<u32>,
    oldest: u32,
    newest: u32,
}

#[derive(Debug)]
struct Slot<K, V> {
    key: K,
    value: Option<V>,
    older: u32,
    newer: u32,
}

const NONE: u32 = u32::MAX;

impl<K: Copy + Eq + Hash, V> Lru<K, V> {
    pub(super) fn new(seed: u64) -> Self {
        #[expect(clippy::disallowed_types, reason = "found by key only")]
        let index = HashMap::with_hasher(Seed(seed));
        Self { index, slots: Vec::new(), free: Vec::new(), oldest: NONE, newest: NONE }
    }

    pub(super) fn len(&self) -> usize {
        self.index.len()
    }

    pub(super) fn peek(&mut self, key: &K) -> Option<&mut V> {
        let at = *self.index.get(key)?;
        self.slots.get_mut(at as usize)?.value.as_mut()
    }

    /// The value, which becomes the most recently used.
    pub(super) fn touch(&mut self, key: &K) -> Option<&mut V> {
        let at = *self.index.get(key)?;
        if at != self.newest {
            self.unlink(at);
            self.link(at);
        }
        self.slots.get_mut(at as usize)?.value.as_mut()
    }

    /// Puts in a value for a key that is not there yet.
    pub(super) fn insert(&mut self, key: K, value: V) {
        let slot = Slot { key, value: Some(value), older: NONE, newer: NONE };
        let at = match self.free.pop() {
            Some(at) => {
                if let Some(place) = self.slots.get_mut(at as usize) {
                    *place = slot;
                }
                at
            }
            None => {
                self.slots.push(slot);
                (self.slots.len() - 1) as u32
            }
        };
        self.link(at);
        self.index.insert(key, at);
    }

    pub(super) fn remove(&mut self, key: &K) -> Option<V> {
        let at = self.index.remove(key)?;
        self.unlink(at);
        self.free.push(at);
        self.slots.get_mut(at as usize)?.value.take()
    }

    /// The least recently used.
    pub(super) fn oldest(&self) -> Option<(K, &V)> {
        let slot = self.slots.get(self.oldest as usize)?;
        Some((slot.key, slot.value.as_ref()?))
    }

    pub(super) fn remove_oldest(&mut self) -> Option<(K, V)> {
        let key = self.slots.get(self.oldest as usize)?.key;
        self.remove(&key).map(|value| (key, value))
    }

    fn unlink(&mut self, at: u32) {
        let Some(slot) = self.slots.get(at as usize) else { return };
        let (older, newer) = (slot.older, slot.newer);
        match self.slots.get_mut(older as usize) {
            Some(slot) => slot.newer = newer,
            None => self.oldest = newer,
        }
        match self.slots.get_mut(newer as usize) {
            Some(slot) => slot.older = older,
            None => self.newest = older,
        }
    }

    fn link(&mut self, at: u32) {
        let newest = self.newest;
        if let Some(slot) = self.slots.get_mut(at as usize) {
            (slot.older, slot.newer) = (newest, NONE);
        }
        match self.slots.get_mut(newest as usize) {
            Some(slot) => slot.newer = at,
            None => self.oldest = at,
        }
        self.newest = at;
    }
}

/// A keyed hash: who does not know the seed cannot choose addresses and ports that collide.
#[derive(Clone, Copy, Debug)]
struct Seed(u64);

impl BuildHasher for Seed {
    type Hasher = Folded;

    fn build_hasher(&self) -> Folded {
        Folded { state: self.0, key: self.0 ^ 0x9e37_79b9_7f4a_7c15 }
    }
}

/// Multiplies to 128 bits and folds the halves.
struct Folded {
    state: u64,
    key: u64,
}

impl Folded {
    fn fold(left: u64, right: u64) -> u64 {
        let product = u128::from(left) * u128::from(right);
        product as u64 ^ (product >> 64) as u64
    }
}

impl Hasher for Folded {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            self.write_u64(chunk.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)));
        }
    }

    fn write_u32(&mut self, word: u32) {
        self.write_u64(u64::from(word));
    }

    fn write_u64(&mut self, word: u64) {
        self.state = Self::fold(self.state ^ word, 0xa076_1d64_78bd_642f ^ self.key)
            .wrapping_add(0xe703_7ed1_a0b4_28db);
    }

    fn write_u128(&mut self, word: u128) {
        self.write_u64(word as u64);
        self.write_u64((word >> 64) as u64);
    }

    fn finish(&self) -> u64 {
        Self::fold(self.state, 0x8ebc_6af0_9c88_c6e3 ^ self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_recently_used_goes_first() {
        let mut lru = Lru::new(7);
        for key in 0..5_u32 {
            lru.insert(key, key * 10);
        }
        assert_eq!(lru.touch(&0), Some(&mut 0));
        assert_eq!(lru.remove(&2), Some(20));
        lru.insert(9, 90);
        let order: Vec<_> = std::iter::from_fn(|| lru.remove_oldest()).collect();
        assert_eq!(order, [(1, 10), (3, 30), (4, 40), (0, 0), (9, 90)]);
        assert_eq!((lru.len(), lru.oldest()), (0, None));
    }
}
