//! Everything that is known of one thing, signal by signal, in the catalogue's order.
//!
//! **Invariant:** every column of the catalogue that belongs to the thing is shown, whether or not
//! it holds anything: what is missing is to be seen.

use crate::output::{Ink, Screen, safe};
use crate::show::table::{Cell, Column, Side, table, wrap};
use crate::show::value;
use decnet_core::signal::{SIGNALS, Signal, group_title};
use decnet_core::table::{self as catalogue, State};
use decnet_store::{Child, Record};
use serde::de::IgnoredAny;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// One thing: its rows by table, and the lists that belong to it.
pub(crate) struct Thing<'a> {
    /// Tables of which it has one row, and the row.
    pub(crate) rows: Vec<(&'static str, Option<&'a Record>)>,
    /// Tables of which it has many.
    pub(crate) lists: Vec<(&'static str, &'a [Record])>,
}

impl Thing<'_> {
    /// All its signals.
    pub(crate) fn show(&self, screen: Screen) -> String {
        let mut shown = String::new();
        let mut group = "";
        let mut listed = BTreeMap::new();
        for signal in SIGNALS {
            let fields = self.fields(screen, signal);
            let mut lists = self.signal_lists(screen, signal, &mut listed);
            if fields.is_empty() && lists.is_empty() {
                lists = elsewhere(screen, signal, &listed);
            }
            if fields.is_empty() && lists.is_empty() {
                continue;
            }
            if signal.group() != group {
                group = signal.group();
                let heading = format!("{group}. {}", group_title(group));
                let _ = writeln!(shown, "\n{}", screen.paint(Ink::Bold, &heading));
            }
            let _ = writeln!(shown, "{:<4}{}", signal.id, signal.title);
            shown.push_str(&fields);
            shown.push_str(&lists);
        }
        shown
    }

    /// The columns of a signal that are in a row of this thing.
    fn fields(&self, screen: Screen, signal: &Signal) -> String {
        let mut shown = String::new();
        for (of, name) in signal.columns {
            let Some((_, row)) = self.rows.iter().find(|(table, _)| table == of) else { continue };
            let Some(column) = catalogue::table(of).and_then(|table| table.column(name)) else {
                continue;
            };
            let text = row.map(|row| value::of(row, name)).unwrap_or_default();
            let (text, ink) = match (text.is_empty(), column.state) {
                (false, _) => (text, None),
                (true, State::Planned) => ("not wired yet".to_owned(), Some(Ink::Dim)),
                (true, State::Key | State::Written) => ("not observed".to_owned(), Some(Ink::Dim)),
            };
            let unit = if column.unit.is_empty() || ink.is_some() {
                String::new()
            } else {
                format!("  [{}]", column.unit)
            };
            shown.push_str(&line(screen, name, &text, &unit, ink));
        }
        shown
    }

    /// Lists of which this signal is the first to name the table. Fingerprints are shown with each
    /// signal that has kinds of its own, those kinds.
    fn signal_lists(
        &self,
        screen: Screen,
        signal: &Signal,
        listed: &mut BTreeMap<&'static str, &'static str>,
    ) -> String {
        let mut own = BTreeSet::new();
        let mut shown = String::new();
        for (of, name) in signal.columns {
            let column = catalogue::table(of).and_then(|table| table.column(name));
            if column.is_none_or(|column| column.state == State::Planned) {
                continue;
            }
            let Some((of, rows)) = self.lists.iter().find(|(table, _)| table == of) else {
                continue;
            };
            let kinds = signal.fingerprints();
            let is_due = match *of {
                FINGERPRINT => !kinds.is_empty() && own.insert(FINGERPRINT),
                of => match listed.entry(of) {
                    Entry::Vacant(place) => {
                        place.insert(signal.id);
                        true
                    }
                    Entry::Occupied(_) => false,
                },
            };
            if !is_due {
                continue;
            }
            let rows: Vec<Record> = rows
                .iter()
                .filter(|row| *of != FINGERPRINT || is_of(row, kinds))
                .cloned()
                .collect();
            if rows.is_empty() {
                shown.push_str(&line(screen, of, "none", "", Some(Ink::Dim)));
                continue;
            }
            let inner =
                Screen { width: screen.width.map(|width| width.saturating_sub(4)), ..screen };
            for text in list(inner, &rows).lines().chain(units(of, &rows).lines()) {
                let _ = writeln!(shown, "    {text}");
            }
        }
        shown
    }
}

/// Where the lists of a signal are that has nothing of its own: with the signal that names them too.
fn elsewhere(
    screen: Screen,
    signal: &Signal,
    listed: &BTreeMap<&'static str, &'static str>,
) -> String {
    let tables: BTreeSet<&str> = signal.columns.iter().map(|(table, _)| *table).collect();
    let mut shown = String::new();
    for table in tables {
        if let Some(with) = listed.get(table) {
            shown.push_str(&line(screen, table, &format!("with {with}"), "", Some(Ink::Dim)));
        }
    }
    shown
}

/// One named value, broken into lines below each other where it is long. A list or document that is
/// long has a line for each of its entries.
pub(crate) fn line(screen: Screen, name: &str, text: &str, unit: &str, ink: Option<Ink>) -> String {
    let room = screen.width.map(|width| width.saturating_sub(NAME_END).max(20));
    let mut shown = String::new();
    let mut entries = entries(text);
    if let Some(last) = entries.last_mut() {
        last.push_str(unit);
    }
    let parts = entries.iter().flat_map(|entry| wrap(&safe(entry), room));
    for (n, part) in parts.enumerate() {
        let part = ink.map_or_else(|| part.clone(), |ink| screen.paint(ink, &part));
        let label = if n == 0 { name } else { "" };
        let _ = writeln!(shown, "    {label:<width$}  {part}", width = NAME_END - 6);
    }
    shown
}

/// The entries of a JSON document that is long, in its order; any other text as it is.
fn entries(text: &str) -> Vec<String> {
    let inner = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .or_else(|| text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')));
    let is_json = text.len() > SHORT && serde_json::from_str::<IgnoredAny>(text).is_ok();
    let Some(inner) = inner.filter(|_| is_json) else { return vec![text.to_owned()] };
    let (mut depth, mut place) = (0_usize, Place::Outside);
    let mut entries = vec![String::new()];
    for c in inner.chars() {
        place = match (place, c) {
            (Place::Outside, '"') | (Place::Escape, _) => Place::Inside,
            (Place::Outside, _) | (Place::Inside, '"') => Place::Outside,
            (Place::Inside, '\\') => Place::Escape,
            (Place::Inside, _) => Place::Inside,
        };
        if place == Place::Outside {
            match c {
                '[' | '{' => depth += 1,
                ']' | '}' => depth = depth.saturating_sub(1),
                ',' if depth == 0 => {
                    entries.push(String::new());
                    continue;
                }
                _ => {}
            }
        }
        if let Some(entry) = entries.last_mut() {
            entry.push(c);
        }
    }
    entries
}

/// Where in JSON a character stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Outside,
    Inside,
    Escape,
}

/// Rows of one table, without the columns that only join, and without those that hold nothing.
fn list(screen: Screen, rows: &[Record]) -> String {
    let names = names(rows);
    let columns: Vec<Column> =
        names.iter().map(|name| Column { title: name, side: Side::Left, least: 6 }).collect();
    let cells: Vec<Vec<Cell>> = rows
        .iter()
        .map(|row| names.iter().map(|name| Cell::new(value::of(row, name))).collect())
        .collect();
    table(screen, &columns, &cells)
}

/// Whether a fingerprint is of one of these kinds.
fn is_of(fingerprint: &Record, kinds: &[&str]) -> bool {
    fingerprint.text("kind").is_some_and(|kind| kinds.contains(&kind))
}

/// The columns of a list that say something.
fn names(rows: &[Record]) -> Vec<&'static str> {
    let fields = rows.first().into_iter().flat_map(|row| &row.fields);
    fields
        .map(|field| field.name)
        .filter(|name| !JOINS.contains(name))
        .filter(|name| rows.iter().any(|row| row.value(name).is_some()))
        .collect()
}

/// What the values of a list's columns are measured in, a line each.
fn units(of: &str, rows: &[Record]) -> String {
    let mut shown = String::new();
    for name in names(rows) {
        let column = catalogue::table(of).and_then(|table| table.column(name));
        if let Some(column) = column.filter(|column| !column.unit.is_empty()) {
            let _ = writeln!(shown, "[{name}: {}]", column.unit);
        }
    }
    shown
}

/// The rows of a record's child; none where it has no such child.
pub(crate) fn many<'a>(record: &'a Record, name: &str) -> &'a [Record] {
    match record.children.iter().find(|(child, _)| *child == name) {
        Some((_, Child::Many(rows))) => rows,
        Some((_, Child::One(_))) | None => &[],
    }
}

/// The one row of a record's child.
pub(crate) fn one<'a>(record: &'a Record, name: &str) -> Option<&'a Record> {
    match record.children.iter().find(|(child, _)| *child == name) {
        Some((_, Child::One(row))) => row.as_ref(),
        Some((_, Child::Many(_))) | None => None,
    }
}

/// The table that many signals share.
const FINGERPRINT: &str = "fingerprint";

/// Columns that join rows and say nothing to a person.
const JOINS: &[&str] = &["id", "attacker_uuid", "connection"];

/// A document of so many bytes needs no lines of its own.
const SHORT: usize = 72;

/// Where values begin.
const NAME_END: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_documents_have_a_line_for_each_entry() {
        let check = |text: &str, wanted: &[&str]| assert_eq!(entries(text), wanted);
        let long = "x".repeat(SHORT);
        check("[1,2]", &["[1,2]"]);
        check(
            &format!("[\"a,{long}\",{{\"b\":[1,2]}},3]"),
            &[&format!("\"a,{long}\""), "{\"b\":[1,2]}", "3"],
        );
        check(
            &format!("{{\"a\":\"\\\",{long}\",\"b\":2}}"),
            &[&format!("\"a\":\"\\\",{long}\""), "\"b\":2"],
        );
        check(&format!("[no json {long}]"), &[&format!("[no json {long}]")]);
    }
}
