//! `decnet audit`: the catalogue, what of it is wired, and how many rows hold it.
//!
//! **Invariant:** what is wired comes from the catalogue's own derivation, counts come from the
//! store or are not shown, and a column that two signals share counts only for one that is emitted.

use crate::cli;
use crate::output::{self, Ink, Screen};
use crate::show::store::Located;
use crate::show::table::{Cell, Column, number, table, text};
use anyhow::Result;
use decnet_core::signal::{QUERIES, SIGNALS, Signal, TRANSPORTS, Wired, group_title};
use decnet_core::table as catalogue;
use decnet_store::{ColumnCount, Error, Reader};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// `decnet audit`.
pub(crate) fn run(arguments: &cli::Audit) -> Result<()> {
    let signals: Vec<&Signal> = SIGNALS
        .iter()
        .filter(|signal| !arguments.wired || is_wired(signal))
        .filter(|signal| !arguments.pending || !is_wired(signal))
        .collect();
    if arguments.markdown {
        output::print(&markdown(&signals))?;
        return Ok(());
    }
    let counts = Counts::ask(arguments)?;
    if arguments.shape.json {
        output::print(&output::json(&as_json(&signals, &counts))?)?;
    } else {
        output::print(&plain(Screen::of_stdout(), &signals, &counts))?;
    }
    Ok(())
}

/// Rows that hold each column, where there is a store.
struct Counts {
    store: String,
    found: Result<Found, String>,
}

/// What a store holds.
struct Found {
    columns: Vec<ColumnCount>,
    /// Rows of `fingerprint` by kind.
    fingerprints: Vec<(String, u64)>,
}

impl Counts {
    fn ask(arguments: &cli::Audit) -> Result<Self> {
        let url = Located::find(&arguments.place)?.url;
        let counted = Reader::open(&url).and_then(|mut reader| {
            let fingerprints = reader.fingerprint_counts()?;
            Ok(Found { columns: reader.audit_counts()?, fingerprints })
        });
        let found = match counted {
            Ok(counts) => Ok(counts),
            // Nothing there yet is no fault: the catalogue can be shown all the same.
            Err(error @ Error::Absent { .. }) => Err(error.to_string()),
            Err(error) => return Err(error.into()),
        };
        Ok(Self { store: url.to_string(), found })
    }

    /// Rows that hold a column of a signal. Of fingerprints, which many signals share, the
    /// signal's own kinds count.
    fn column(&self, signal: &Signal, table: &str, column: &str) -> Option<u64> {
        let found = self.found.as_ref().ok()?;
        if (table, column) == ("attackers", "fingerprints") {
            return None;
        }
        if table == "fingerprint" {
            let kinds = signal.fingerprints();
            let own = found.fingerprints.iter().filter(|(kind, _)| kinds.contains(&kind.as_str()));
            return Some(own.map(|(_, count)| count).sum());
        }
        found
            .columns
            .iter()
            .find(|count| count.table == table && count.column == column)
            .map(|count| count.count)
    }

    /// The rows of the signal's best filled column; `None` where nothing is counted or wired.
    fn signal(&self, signal: &Signal) -> Option<u64> {
        if signal.stages().storage == Wired::No {
            return None;
        }
        let counts = signal.columns.iter();
        counts.filter_map(|(table, column)| self.column(signal, table, column)).max()
    }
}

fn is_wired(signal: &Signal) -> bool {
    let stages = signal.stages();
    stages.emission == Wired::Fully && stages.storage == Wired::Fully
}

fn plain(screen: Screen, signals: &[&Signal], counts: &Counts) -> String {
    let mut cells = Vec::new();
    for signal in signals {
        let stages = signal.stages();
        let rows = counts.signal(signal).map_or_else(|| "-".to_owned(), |count| count.to_string());
        let mut row = vec![Cell::new(signal.id), Cell::new(signal.title)];
        for wired in [stages.emission, stages.transport, stages.storage, stages.query] {
            row.push(Cell::inked(ink(wired), wired.name()));
        }
        row.push(Cell::new(rows));
        row.push(Cell::new(places(signal)));
        cells.push(row);
    }
    let mut shown = table(screen, COLUMNS, &cells);
    let _ = writeln!(shown, "\n{}", summary());
    let _ = writeln!(shown, "transports: {}", ways(TRANSPORTS));
    let _ = writeln!(shown, "queries: {}", ways(QUERIES));
    match &counts.found {
        Ok(_) => {
            let store = output::safe(&counts.store);
            let _ = writeln!(shown, "ROWS: rows of {store} that hold the signal's fullest column");
        }
        Err(why) => {
            let _ = writeln!(shown, "no counts: {}", output::safe(why));
        }
    }
    shown
}

fn ink(wired: Wired) -> Ink {
    match wired {
        Wired::Fully => Ink::Good,
        Wired::Partly => Ink::Fair,
        Wired::No => Ink::Dim,
    }
}

fn summary() -> String {
    let (mut full, mut part, mut none) = (0, 0, 0);
    for signal in SIGNALS {
        match (is_wired(signal), signal.stages().emission) {
            (true, _) => full += 1,
            (false, Wired::No) => none += 1,
            (false, Wired::Partly | Wired::Fully) => part += 1,
        }
    }
    format!(
        "{} signals: {full} emitted and stored in full, {part} in part, {none} not yet",
        SIGNALS.len()
    )
}

fn ways(ways: &[(&str, Wired)]) -> String {
    let ways: Vec<String> =
        ways.iter().map(|(name, wired)| format!("{name} {}", wired.name())).collect();
    ways.join(", ")
}

fn places(signal: &Signal) -> String {
    let places: Vec<String> =
        signal.columns.iter().map(|(table, column)| format!("{table}.{column}")).collect();
    places.join(", ")
}

const COLUMNS: &[Column] = &[
    text("ID", 3),
    text("SIGNAL", 16),
    text("EMISSION", 8),
    text("TRANSPORT", 9),
    text("STORAGE", 7),
    text("QUERY", 6),
    number("ROWS"),
    text("STORED IN", 10),
];

fn as_json(signals: &[&Signal], counts: &Counts) -> Value {
    let data: Vec<Value> = signals.iter().map(|signal| signal_json(signal, counts)).collect();
    let ways = |ways: &[(&str, Wired)]| -> Value {
        ways.iter().map(|(name, wired)| json!({ "name": name, "wired": wired.name() })).collect()
    };
    json!({
        "store": counts.store,
        "counted": counts.found.is_ok(),
        "why_not_counted": counts.found.as_ref().err(),
        "transports": ways(TRANSPORTS),
        "queries": ways(QUERIES),
        "total": data.len(),
        "limit": data.len(),
        "offset": 0,
        "data": data,
    })
}

fn signal_json(signal: &Signal, counts: &Counts) -> Value {
    let stages = signal.stages();
    let columns: Vec<Value> = signal
        .columns
        .iter()
        .map(|(table, column)| {
            let found = catalogue::table(table).and_then(|table| table.column(column));
            let written = found.is_some_and(|column| column.state != catalogue::State::Planned);
            let counted = stages.storage != Wired::No && written;
            json!({
                "table": table,
                "column": column,
                "unit": found.map_or("", |column| column.unit),
                "written": counted,
                "rows": if counted { counts.column(signal, table, column) } else { None },
            })
        })
        .collect();
    json!({
        "id": signal.id,
        "group": group_title(signal.group()),
        "title": signal.title,
        "what": signal.what,
        "privacy": signal.privacy.name(),
        "facts": signal.from,
        "emission": stages.emission.name(),
        "transport": stages.transport.name(),
        "storage": stages.storage.name(),
        "query": stages.query.name(),
        "rows": counts.signal(signal),
        "columns": columns,
    })
}

/// The catalogue as a document: no counts, so that it is the same everywhere.
fn markdown(signals: &[&Signal]) -> String {
    let mut shown = String::from(
        "# The signals\n\n<!-- Made by `decnet audit --markdown`. -->\n\nWhat an attacker gives \
         away, where it is stored, and which of its four stages are wired: **emission** (a source \
         puts it into a typed event), **transport** (the event survives the journal and every \
         transport), **storage** (it is in its columns) and **query** (it can be asked for in every \
         way).\n",
    );
    let _ = writeln!(shown, "\n{}.", summary());
    let _ = writeln!(shown, "\nTransports: {}.", ways(TRANSPORTS));
    let _ = writeln!(shown, "\nQueries: {}.", ways(QUERIES));
    let mut group = "";
    for signal in signals {
        if signal.group() != group {
            group = signal.group();
            let _ = writeln!(shown, "\n## {group}. {}\n", group_title(group));
            shown.push_str(
                "| id | signal | what exactly | privacy | emission | transport | storage | query | \
                 stored in |\n|---|---|---|---|---|---|---|---|---|\n",
            );
        }
        let stages = signal.stages();
        let _ = writeln!(
            shown,
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            signal.id,
            cell(signal.title),
            cell(signal.what),
            signal.privacy.name(),
            stages.emission.name(),
            stages.transport.name(),
            stages.storage.name(),
            stages.query.name(),
            signal
                .columns
                .iter()
                .map(|(table, column)| format!("`{table}.{column}`"))
                .collect::<Vec<_>>()
                .join(", "),
        );
    }
    shown
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('*', "\\*").replace('_', "\\_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::Colours;

    #[test]
    fn without_a_store_there_are_no_counts() {
        let counts = Counts { store: "x.db".into(), found: Err("nothing is there".into()) };
        let screen = Screen { width: Some(100), colours: Colours::Plain };
        let signals: Vec<&Signal> = SIGNALS.iter().collect();
        let shown = plain(screen, &signals, &counts);
        assert!(shown.contains("no counts: nothing is there"));
        let json = as_json(&signals, &counts);
        assert_eq!(json["counted"], false);
        assert!(json["data"].as_array().unwrap().iter().all(|signal| signal["rows"].is_null()));
        assert_eq!(json["data"].as_array().unwrap().len(), SIGNALS.len());
    }

    #[test]
    fn a_shared_column_counts_only_for_who_fills_it() {
        let columns = vec![ColumnCount { table: "fingerprint", column: "hash", count: 9 }];
        let fingerprints = vec![("hassh".to_owned(), 7), ("ja4".to_owned(), 2)];
        let found = Ok(Found { columns, fingerprints });
        let counts = Counts { store: String::new(), found };
        let rows = |id: &str| counts.signal(SIGNALS.iter().find(|signal| signal.id == id).unwrap());
        assert_eq!((rows("C1"), rows("E1"), rows("E3")), (Some(7), Some(2), Some(0)));
        assert_eq!(rows("E7"), None);
    }

    #[test]
    fn every_signal_is_in_the_document() {
        let signals: Vec<&Signal> = SIGNALS.iter().collect();
        let document = markdown(&signals);
        assert!(SIGNALS.iter().all(|signal| document.contains(&format!("| {} |", signal.id))));
    }
}
