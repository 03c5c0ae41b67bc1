//! Dictionaries and sets: keys in the order in which they came.
//!
//! **Invariant:** a key is found by its value; equal numbers are one key, whatever their types.

use super::value::V;
use crate::commands::lang::heap::Id;
use crate::commands::lang::text::Text;
use num_bigint::BigInt;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a key is found by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    None,
    Int(i64),
    Big(Arc<BigInt>),
    Float(u64),
    Str(Vec<u8>),
    Bytes(Vec<u8>),
    Tuple(Vec<Key>),
    Set(Vec<Key>),
    /// A thing that is equal to itself alone.
    Thing(u8, usize),
}

impl Key {
    pub(super) fn float(value: f64) -> Self {
        if value.fract() == 0.0 && value.abs() < 9.0e15 {
            #[expect(clippy::cast_possible_truncation, reason = "an integer of 53 bits")]
            return Self::Int(value as i64);
        }
        Self::Float(value.to_bits())
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct Dict {
    places: BTreeMap<Key, usize>,
    /// In order; what was removed leaves a hole.
    entries: Vec<Option<(V, V)>>,
}

impl Dict {
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    pub(super) fn get(&self, key: &Key) -> Option<&V> {
        let at = self.places.get(key)?;
        self.entries.get(*at)?.as_ref().map(|(_, value)| value)
    }

    pub(super) fn has(&self, key: &Key) -> bool {
        self.places.contains_key(key)
    }

    /// Sets; the key that was there first stays.
    pub(super) fn set(&mut self, key: Key, shown: V, value: V) {
        if let Some(Some(entry)) = self.places.get(&key).and_then(|&at| self.entries.get_mut(at)) {
            entry.1 = value;
            return;
        }
        self.places.insert(key, self.entries.len());
        self.entries.push(Some((shown, value)));
    }

    pub(super) fn remove(&mut self, key: &Key) -> Option<(V, V)> {
        let at = self.places.remove(key)?;
        let entry = self.entries.get_mut(at)?.take();
        if self.entries.len() > 16 && self.places.len() * 2 < self.entries.len() {
            self.close_up();
        }
        entry
    }

    /// Takes the last.
    pub(super) fn pop(&mut self) -> Option<(V, V)> {
        while let Some(None) = self.entries.last() {
            self.entries.pop();
        }
        let at = self.entries.len().checked_sub(1)?;
        let key = self.places.iter().find(|(_, place)| **place == at).map(|(key, _)| key.clone())?;
        self.places.remove(&key);
        self.entries.pop().flatten()
    }

    fn close_up(&mut self) {
        let mut now = 0;
        let moved: Vec<Option<usize>> = self
            .entries
            .iter()
            .map(|entry| {
                entry.as_ref().map(|_| {
                    now += 1;
                    now - 1
                })
            })
            .collect();
        self.entries.retain(Option::is_some);
        for place in self.places.values_mut() {
            if let Some(Some(at)) = moved.get(*place) {
                *place = *at;
            }
        }
    }

    pub(super) fn clear(&mut self) {
        self.places.clear();
        self.entries.clear();
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &(V, V)> {
        self.entries.iter().flatten()
    }

    pub(super) fn keys(&self) -> Vec<V> {
        self.iter().map(|(key, _)| key.clone()).collect()
    }

    pub(super) fn values(&self) -> Vec<V> {
        self.iter().map(|(_, value)| value.clone()).collect()
    }

    /// Keys as they are found.
    pub(super) fn found_by(&self) -> impl Iterator<Item = &Key> {
        self.places.keys()
    }

    pub(super) fn get_text(&self, key: &str) -> Option<&V> {
        self.get(&Key::Str(key.as_bytes().to_vec()))
    }

    pub(super) fn set_text(&mut self, key: Text, value: V) {
        self.set(Key::Str(key.to_vec()), V::Str(key), value);
    }

    pub(super) fn reach(&self, found: &mut Vec<Id>) {
        for (key, value) in self.iter() {
            key.reach(found);
            value.reach(found);
        }
    }
}
