//! States that were used lately, bounded by their weight.
//!
//! **Invariant:** what was changed since the last [`Cache::settle`] is never given up: it exists
//! nowhere else.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// A map that forgets what was not used for longest, once it weighs too much.
pub(crate) struct Cache<K, V> {
    slots: HashMap<K, Slot<V>>,
    /// Keys in order of use. An entry counts only where its round is that of the slot.
    order: VecDeque<(K, u64)>,
    /// Changed in this round, in order of the first change.
    changed: Vec<K>,
    round: u64,
    weight: usize,
    capacity: usize,
}

struct Slot<V> {
    value: V,
    weight: usize,
    used: u64,
    changed: bool,
}

/// What a slot and its entry in the order weigh besides the value.
const SLOT_WEIGHT: usize = 160;

impl<K: Copy + Eq + Hash, V> Cache<K, V> {
    /// An empty one that keeps about so many bytes from round to round.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            slots: HashMap::new(),
            order: VecDeque::new(),
            changed: Vec::new(),
            round: 1,
            weight: 0,
            capacity,
        }
    }

    pub(crate) fn contains(&self, key: &K) -> bool {
        self.slots.contains_key(key)
    }

    /// The value, to be looked at. It will stay for this round.
    pub(crate) fn get(&mut self, key: &K) -> Option<&mut V> {
        let slot = self.slots.get_mut(key)?;
        if slot.used != self.round {
            slot.used = self.round;
            self.order.push_back((*key, self.round));
        }
        Some(&mut slot.value)
    }

    /// The value, to be changed.
    pub(crate) fn change(&mut self, key: &K) -> Option<&mut V> {
        let slot = self.slots.get_mut(key)?;
        if slot.used != self.round {
            slot.used = self.round;
            self.order.push_back((*key, self.round));
        }
        if !slot.changed {
            slot.changed = true;
            self.changed.push(*key);
        }
        Some(&mut slot.value)
    }

    /// Puts in what the store holds, or what it will hold once changed.
    pub(crate) fn insert(&mut self, key: K, value: V) {
        self.weight += SLOT_WEIGHT;
        let slot = Slot { value, weight: SLOT_WEIGHT, used: self.round, changed: false };
        if let Some(old) = self.slots.insert(key, slot) {
            self.weight = self.weight.saturating_sub(old.weight);
        }
        self.order.push_back((key, self.round));
    }

    /// The keys of what was changed, in order of the first change.
    pub(crate) fn changed(&self) -> &[K] {
        &self.changed
    }

    /// The value, for its row to be made.
    pub(crate) fn value(&mut self, key: &K) -> Option<&mut V> {
        self.slots.get_mut(key).map(|slot| &mut slot.value)
    }

    /// Ends the round: what was changed is on its way to the store. Weighs what was changed or
    /// came in, and gives up what is too much.
    pub(crate) fn settle(&mut self, weigh: impl Fn(&V) -> usize) {
        self.changed.clear();
        for (key, round) in self.order.iter().rev() {
            if *round != self.round {
                break;
            }
            if let Some(slot) = self.slots.get_mut(key) {
                slot.changed = false;
                let weight = SLOT_WEIGHT + weigh(&slot.value);
                self.weight = (self.weight + weight).saturating_sub(slot.weight);
                slot.weight = weight;
            }
        }
        while self.weight > self.capacity {
            let Some((key, round)) = self.order.pop_front() else { break };
            if self.slots.get(&key).is_some_and(|slot| slot.used == round)
                && let Some(slot) = self.slots.remove(&key)
            {
                self.weight = self.weight.saturating_sub(slot.weight);
            }
        }
        // Entries of earlier uses are left behind by each later one.
        if self.order.len() > 1_024 + 4 * self.slots.len() {
            let slots = &self.slots;
            self.order.retain(|(key, round)| slots.get(key).is_some_and(|s| s.used == *round));
        }
        self.round += 1;
    }

    /// Forgets everything: what is here may not be what the store holds.
    pub(crate) fn clear(&mut self) {
        *self = Self::new(self.capacity);
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.slots.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_used_is_given_up() {
        let mut cache = Cache::new(10 * (SLOT_WEIGHT + 100));
        for n in 0..100_u32 {
            cache.insert(n, n);
            assert_eq!(cache.get(&0), Some(&mut 0));
            cache.settle(|_| 100);
        }
        assert_eq!(cache.len(), 10);
        assert!(cache.contains(&0) && cache.contains(&99) && !cache.contains(&50));
    }

    #[test]
    fn what_changed_stays_for_its_round() {
        let mut cache = Cache::new(0);
        for n in 0..10_u32 {
            cache.insert(n, n);
            *cache.change(&n).unwrap() += 1;
        }
        assert_eq!(cache.changed().len(), 10);
        assert_eq!(cache.value(&3), Some(&mut 4));
        cache.settle(|_| 1);
        assert_eq!((cache.len(), cache.changed().len()), (0, 0));
    }

    #[test]
    fn uses_leave_nothing_behind() {
        let mut cache = Cache::new(usize::MAX);
        cache.insert(1_u32, ());
        for _ in 0..100_000 {
            cache.change(&1);
            cache.settle(|()| 0);
        }
        assert!(cache.order.len() < 2_000);
    }
}
