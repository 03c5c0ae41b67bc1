//! Rows that add up: credentials and fingerprints, one row however often they are seen.
//!
//! **Invariant:** sums, least and greatest only, so that it does not matter where a batch ends.

use crate::cache::Cache;
use crate::database::Database;
use crate::dialect::{Conflict, placeholders};
use crate::error::Error;
use crate::lot::Lot;
use decnet_core::profile::Learned;
use decnet_core::profile::rows::{CredentialRow, FingerprintRow};
use decnet_core::row::Value;
use decnet_core::table::Table;
use serde::Serialize;
use std::collections::BTreeMap;
use uuid::Uuid;

type Id = [u8; 16];

/// What is asked for in one statement.
const ASKED: usize = 128;

/// A row that adds up with others of its id.
pub(crate) trait Tally: Serialize {
    fn id(&self) -> Id;
    fn attacker(&self) -> Uuid;
    fn add(&mut self, other: Self);
    /// Counts one that the store did not hold.
    fn learn(learned: &mut Learned);
}

impl Tally for CredentialRow {
    fn id(&self) -> Id {
        self.id.0
    }
    fn attacker(&self) -> Uuid {
        self.attacker_uuid
    }
    fn add(&mut self, other: Self) {
        self.accepted |= other.accepted;
        self.count += other.count;
        widen(&mut self.first_seen, &mut self.last_seen, other.first_seen, other.last_seen);
    }
    fn learn(learned: &mut Learned) {
        learned.credentials += 1;
    }
}

impl Tally for FingerprintRow {
    fn id(&self) -> Id {
        self.id.0
    }
    fn attacker(&self) -> Uuid {
        self.attacker_uuid
    }
    fn add(&mut self, other: Self) {
        self.count += other.count;
        widen(&mut self.first_seen, &mut self.last_seen, other.first_seen, other.last_seen);
    }
    fn learn(learned: &mut Learned) {
        learned.fingerprints += 1;
    }
}

fn widen(first: &mut String, last: &mut String, other_first: String, other_last: String) {
    if other_first < *first {
        *first = other_first;
    }
    if other_last > *last {
        *last = other_last;
    }
}

/// Rows of one table, added up over a batch.
pub(crate) struct Sum<T> {
    table: &'static Table,
    rows: BTreeMap<Id, T>,
}

impl<T: Tally> Sum<T> {
    pub(crate) fn new(table: &'static Table) -> Self {
        Self { table, rows: BTreeMap::new() }
    }

    pub(crate) fn add(&mut self, row: T) {
        match self.rows.entry(row.id()) {
            std::collections::btree_map::Entry::Vacant(place) => {
                place.insert(row);
            }
            std::collections::btree_map::Entry::Occupied(mut place) => place.get_mut().add(row),
        }
    }

    /// The rows; counts into `learned` those that the store does not hold. `known` remembers what
    /// it holds.
    pub(crate) fn finish(
        self,
        reader: &mut Database,
        known: &mut Cache<Id, ()>,
        learned: &mut BTreeMap<Uuid, Learned>,
    ) -> Result<Lot, Error> {
        let asked: Vec<Id> =
            self.rows.keys().filter(|id| known.get(id).is_none()).copied().collect();
        for ids in asked.chunks(ASKED) {
            held(reader, self.table, ids, known)?;
        }
        for id in asked {
            if !known.contains(&id) {
                known.insert(id, ());
                if let Some(row) = self.rows.get(&id) {
                    T::learn(learned.entry(row.attacker()).or_default());
                }
            }
        }
        let mut lot = Lot::new(self.table, Conflict::AddUp);
        for row in self.rows.values() {
            add_row(&mut lot, row)?;
        }
        Ok(lot)
    }
}

/// Puts into `known` those of `ids` that the store holds.
fn held(
    reader: &mut Database,
    table: &Table,
    ids: &[Id],
    known: &mut Cache<Id, ()>,
) -> Result<(), Error> {
    // A short list is filled up with its first entry: one statement to prepare instead of many.
    let first = ids.first().copied().unwrap_or_default();
    let all = ids.iter().copied().chain(std::iter::repeat(first)).take(ASKED);
    let asked: Vec<Value> = all.map(|id| Value::Blob(id.to_vec())).collect();
    let sql = format!("SELECT id FROM {} WHERE id IN {}", table.name, placeholders(ASKED));
    reader.each(&sql, &asked, &mut |row| {
        if let Some(Value::Blob(id)) = row.first()
            && let Ok(id) = Id::try_from(id.as_slice())
        {
            known.insert(id, ());
        }
        Ok(())
    })
}

/// Adds a row to a lot.
pub(crate) fn add_row<T: Serialize>(lot: &mut Lot, row: &T) -> Result<(), Error> {
    lot.add(row).map_err(|error| Error::Damaged {
        url: String::new(),
        what: format!("a row of {}", lot.table.name),
        why: error.to_string(),
    })
}
