//! The signal catalogue: everything an attacker gives away, as one const table.
//!
//! **Invariant:** every row of the specification is here from the start. Whether a signal is wired
//! is derived from what exists (facts, written columns), never claimed.

mod catalogue;

pub use catalogue::{FINGERPRINTS, SIGNALS};

use crate::event;
use crate::table::{self, State};

/// One thing that an attacker gives away.
#[derive(Debug)]
pub struct Signal {
    /// Its id in the specification: a group letter and a number.
    pub id: &'static str,
    /// A few words.
    pub title: &'static str,
    /// What exactly.
    pub what: &'static str,
    /// What kind of knowledge about a person it is.
    pub privacy: Privacy,
    /// The kinds of facts that it is computed from; empty until a source emits them.
    pub from: &'static [&'static str],
    /// Where it is stored: table and column.
    pub columns: &'static [(&'static str, &'static str)],
}

/// What kind of knowledge a signal is, for retention and export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Privacy {
    /// What their software says about itself.
    Software,
    /// What their network says.
    Network,
    /// How they behave.
    Behaviour,
    /// What they typed, sent or tried.
    Content,
    /// Who they are: keys, identities.
    Identity,
    /// What only their body does: typing rhythm.
    Biometric,
}

/// How much of a stage is wired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wired {
    /// Nothing of it.
    No,
    /// Some of it.
    Partly,
    /// All of it.
    Fully,
}

/// The four stages of one signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stages {
    /// A source puts it into a typed event.
    pub emission: Wired,
    /// The event survives the journal and every transport.
    pub transport: Wired,
    /// It is in its columns.
    pub storage: Wired,
    /// API, dashboard and audit show it.
    pub query: Wired,
}

/// A way for events to reach the journal, and whether it exists.
pub const TRANSPORTS: &[(&str, Wired)] =
    &[("in-process", Wired::Fully), ("syslog", Wired::No), ("nats", Wired::No)];

/// Kinds of facts that are known and that no source tells yet.
const AWAITED: &[&str] = &["wish"];

/// A way to ask for rows, and whether it exists.
pub const QUERIES: &[(&str, Wired)] = &[
    ("sql", Wired::Fully),
    ("command line", Wired::Fully),
    ("audit", Wired::Fully),
    ("api", Wired::No),
    ("dashboard", Wired::No),
];

impl Wired {
    /// One word for tables and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Partly => "partly",
            Self::Fully => "yes",
        }
    }

    fn all<I: IntoIterator<Item = Self>>(parts: I) -> Self {
        let (mut low, mut high) = (Self::Fully, Self::No);
        for part in parts {
            low = low.min(part);
            high = high.max(part);
        }
        match (low, high) {
            (Self::Fully, Self::Fully) => Self::Fully,
            (_, Self::No) => Self::No,
            _ => Self::Partly,
        }
    }
}

impl Privacy {
    /// One word for tables and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Software => "software",
            Self::Network => "network",
            Self::Behaviour => "behaviour",
            Self::Content => "content",
            Self::Identity => "identity",
            Self::Biometric => "biometric",
        }
    }
}

impl Signal {
    /// The group's letter.
    #[must_use]
    pub fn group(&self) -> &'static str {
        self.id.get(..1).unwrap_or(self.id)
    }

    /// The kinds of rows of `fingerprint` that are this signal's; those of others are none of it.
    #[must_use]
    pub fn fingerprints(&self) -> &'static [&'static str] {
        let found = FINGERPRINTS.iter().find(|(id, _)| *id == self.id);
        found.map_or(&[], |(_, kinds)| kinds)
    }

    /// What of the signal is wired, from what exists in the code.
    #[must_use]
    pub fn stages(&self) -> Stages {
        let storage = Wired::all(self.columns.iter().map(|(table, column)| {
            match table::table(table).and_then(|t| t.column(column)).map(|c| c.state) {
                Some(State::Key | State::Written) => Wired::Fully,
                Some(State::Planned) | None => Wired::No,
            }
        }));
        let known = self.from.iter().all(|kind| event::KINDS.contains(kind));
        // A column without a source, or facts that feed only part of the columns: not all is seen.
        let awaited = self.from.iter().any(|kind| AWAITED.contains(kind));
        let emission = match (self.from.is_empty() || !known, storage) {
            (true, _) => Wired::No,
            (false, _) if awaited => Wired::Partly,
            (false, Wired::No | Wired::Fully) => Wired::Fully,
            (false, Wired::Partly) => Wired::Partly,
        };
        let storage = if emission == Wired::No { Wired::No } else { storage };
        let reach = |ways: &[(&str, Wired)], upper: Wired| match upper {
            Wired::No => Wired::No,
            Wired::Partly | Wired::Fully => {
                Wired::all(ways.iter().map(|(_, wired)| *wired).chain([upper]))
            }
        };
        Stages {
            emission,
            transport: reach(TRANSPORTS, emission),
            storage,
            query: reach(QUERIES, storage),
        }
    }
}

/// The name of a group.
#[must_use]
pub fn group_title(group: &str) -> &'static str {
    match group {
        "A" => "Session environment",
        "B" => "Keyboard and human",
        "C" => "SSH transport",
        "D" => "Network and TCP",
        "E" => "TLS and HTTP",
        "F" => "Behaviour over an attacker",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::TABLES;
    use std::collections::BTreeSet;

    #[test]
    fn every_place_of_a_signal_is_a_column() {
        for signal in SIGNALS {
            assert!(!signal.columns.is_empty(), "{} is stored nowhere", signal.id);
            for (table, column) in signal.columns {
                let found = table::table(table).and_then(|t| t.column(column));
                assert!(found.is_some(), "{}: no column {table}.{column}", signal.id);
            }
        }
    }

    #[test]
    fn every_column_that_is_no_key_is_a_place_of_a_signal() {
        let places: BTreeSet<_> = SIGNALS.iter().flat_map(|s| s.columns).collect();
        for table in TABLES {
            for column in table.columns.iter().filter(|c| c.state != State::Key) {
                assert!(
                    places.contains(&(table.name, column.name)),
                    "{}.{} belongs to no signal",
                    table.name,
                    column.name
                );
            }
        }
    }

    #[test]
    fn kinds_of_fingerprints_belong_to_one_signal_that_is_stored_there() {
        let mut kinds = BTreeSet::new();
        for (id, of_signal) in FINGERPRINTS {
            let signal = SIGNALS.iter().find(|signal| signal.id == *id).unwrap();
            let is_there = signal.columns.iter().any(|(table, _)| *table == "fingerprint");
            assert!(is_there, "{id} has no fingerprints");
            assert!(of_signal.iter().all(|kind| kinds.insert(kind)), "{id}: a kind twice");
        }
    }

    #[test]
    fn signals_name_facts_that_exist() {
        for signal in SIGNALS {
            for kind in signal.from {
                assert!(event::KINDS.contains(kind), "{}: no fact {kind}", signal.id);
            }
        }
    }

    #[test]
    fn written_columns_have_a_source() {
        for signal in SIGNALS.iter().filter(|s| s.from.is_empty()) {
            for (table, column) in signal.columns {
                let shared = SIGNALS
                    .iter()
                    .any(|s| !s.from.is_empty() && s.columns.contains(&(*table, *column)));
                let state = table::table(table).and_then(|t| t.column(column)).map(|c| c.state);
                assert!(
                    shared || state == Some(State::Planned),
                    "{}: {table}.{column} is written from no fact",
                    signal.id
                );
            }
        }
    }

    #[test]
    fn ids_are_unique_and_in_order() {
        let numbers: Vec<(String, u32)> = SIGNALS
            .iter()
            .map(|s| (s.group().to_owned(), s.id.split_at(1).1.parse().unwrap()))
            .collect();
        assert!(numbers.is_sorted() && numbers.windows(2).all(|w| w[0] != w[1]));
        assert_eq!(SIGNALS.len(), 64);
    }

    /// The specification's own table, where it lies beside the workspace: its rows, in order, and
    /// every column that it names.
    #[test]
    #[allow(clippy::disallowed_methods, reason = "tests read the specification where it is")]
    fn the_catalogue_is_the_specifications_table() {
        let Some(path) = decnet_testing::reference("../design/SIGNALS.md") else { return };
        let text = std::fs::read_to_string(path).unwrap();
        let rows: Vec<Vec<&str>> = text
            .lines()
            .filter(|line| line.starts_with("| ") && !line.starts_with("| id "))
            .map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect())
            .collect();
        let ids: Vec<&str> = rows.iter().map(|row| row[0]).collect();
        assert_eq!(ids, SIGNALS.iter().map(|signal| signal.id).collect::<Vec<_>>());
        for (row, signal) in rows.iter().zip(SIGNALS) {
            let stored = *row.last().unwrap();
            for name in stored.split('`').skip(1).step_by(2) {
                // `table`, `table.column`, `.column` of the table before, or a column alone.
                let column = name.rsplit('.').next().unwrap();
                let known = table::table(column)
                    .is_some_and(|table| signal.columns.iter().any(|(t, _)| *t == table.name));
                // Of a table that holds the signal: `schema_version` is B8's, and every feature's.
                let held = signal.columns.iter().any(|(t, _)| {
                    table::table(t).is_some_and(|table| table.column(column).is_some())
                });
                // An event of a recording.
                let known = known || column.len() == 1;
                assert!(held || known, "{}: {name} is not in the catalogue", signal.id);
            }
        }
    }
}
