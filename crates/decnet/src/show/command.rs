//! What was done in a session, as a person reads it.
//!
//! **Invariant:** nothing that is not in the rows; all of it is in the same command's JSON.

use crate::show::{value, when};
use decnet_core::row::Value;
use decnet_core::table::Sql;
use decnet_store::{Field, Record};

/// Commands: when, how long somebody thought, what it was, and what became of it.
pub(crate) fn commands(rows: &[Record]) -> Vec<Record> {
    let told = rows.iter().map(|row| {
        let begun = match value::of(row, "started_at") {
            begun if begun.is_empty() => value::of(row, "entered_at"),
            begun => begun,
        };
        let fields = [
            ("n", value::of(row, "n")),
            ("begun", when::short(&begun)),
            ("think_s", value::of(row, "think_s")),
            ("line", value::of(row, "line")),
            ("enter_latency_s", value::of(row, "enter_latency_s")),
            ("exit_status", value::of(row, "exit_status")),
            ("sensitive", value::of(row, "sensitive")),
            ("technique", value::of(row, "technique")),
            ("flags", value::of(row, "flags")),
            ("canonical", value::of(row, "canonical")),
        ];
        Record { fields: fields.map(field).into(), ..Record::default() }
    });
    told.collect()
}

/// Rows without what says that they are this session's.
pub(crate) fn own(rows: &[Record]) -> Vec<Record> {
    let mut rows = rows.to_vec();
    rows.iter_mut().for_each(|row| row.fields.retain(|field| field.name != "sid"));
    rows
}

fn field((name, text): (&'static str, String)) -> Field {
    let value = if text.is_empty() { Value::Null } else { Value::Text(text) };
    Field { name, sql: Sql::Long, value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_nobody_typed_begins_when_it_was_handed_over() {
        let at = "2026-11-22T04:35:52.000000Z".to_owned();
        let row = Record {
            fields: [("sid", "s".to_owned()), ("entered_at", at)].map(field).into(),
            ..Record::default()
        };
        let rows = std::slice::from_ref(&row);
        assert_eq!(commands(rows)[0].text("begun"), Some("2026-11-22 04:35:52"));
        assert_eq!(commands(rows)[0].text("think_s"), None);
        assert_eq!(own(rows)[0].fields.len(), 1);
    }
}
