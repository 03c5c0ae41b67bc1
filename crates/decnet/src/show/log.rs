//! `decnet logs`.

use crate::cli;
use crate::output::{self, Screen};
use crate::show::store::{Opened, address, page_json, page_note, span, wrong};
use crate::show::table::{Cell, Column, number, table, text};
use crate::show::value;
use anyhow::Result;
use decnet_core::event::KINDS;
use decnet_store::{LogFilter, Record};

/// `decnet logs`.
pub(crate) fn list(arguments: &cli::Logs) -> Result<()> {
    let (since, until) = span(&arguments.span)?;
    let source = arguments.source.as_deref().map(|text| address("--source", text)).transpose()?;
    if let Some(kind) = &arguments.kind
        && !KINDS.contains(&kind.as_str())
    {
        let why = format!("{kind:?} is no kind of event; right would be {}", KINDS.join(", "));
        return Err(wrong("--kind", &why));
    }
    let mut store = Opened::open(&arguments.place)?;
    let session = match &arguments.session {
        Some(text) => Some(store.sid(text)?),
        None => None,
    };
    let filter = LogFilter {
        source,
        session,
        kind: arguments.kind.clone(),
        since,
        until,
        after: arguments.after,
        limit: Some(arguments.page.limit),
        offset: arguments.page.offset,
    };
    let listing = store.reader.logs(&filter)?;
    if arguments.shape.json {
        output::print(&output::json(&page_json(&listing, arguments.page))?)?;
        return Ok(());
    }
    let mut shown = String::new();
    if !listing.rows.is_empty() {
        let cells: Vec<Vec<Cell>> = listing.rows.iter().map(cells).collect();
        shown = table(Screen::of_stdout(), COLUMNS, &cells);
    }
    shown.push_str(&page_note(&listing, arguments.page, "events"));
    output::print(&shown)?;
    Ok(())
}

fn cells(event: &Record) -> Vec<Cell> {
    let session = value::of(event, "session");
    vec![
        Cell::new(value::of(event, "id")),
        Cell::new(value::of(event, "timestamp")),
        Cell::new(value::of(event, "attacker_ip")),
        Cell::new(value::of(event, "decky")),
        Cell::new(session.get(..8).unwrap_or(&session)),
        Cell::new(fact(&value::of(event, "event"))),
    ]
}

/// `{"kind":{…}}` as `kind {…}`.
fn fact(event: &str) -> String {
    let fact = serde_json::from_str::<serde_json::Value>(event).ok();
    let parts = fact.as_ref().and_then(|fact| fact.as_object()).and_then(|fact| fact.iter().next());
    match parts {
        Some((kind, content)) => match content.as_object() {
            Some(fields) if fields.is_empty() => kind.clone(),
            _ => format!("{kind} {content}"),
        },
        None => event.to_owned(),
    }
}

const COLUMNS: &[Column] = &[
    number("ID"),
    text("INSTANT", 27),
    text("SOURCE", 9),
    text("DECKY", 6),
    text("SESSION", 8),
    text("EVENT", 12),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_is_shown_kind_first() {
        assert_eq!(fact(r#"{"prompt":{}}"#), "prompt");
        assert_eq!(fact(r#"{"command":{"line":"id"}}"#), r#"command {"line":"id"}"#);
        assert_eq!(fact("nonsense"), "nonsense");
    }
}
