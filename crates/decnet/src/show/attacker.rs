//! `decnet attackers`, `decnet attacker`.

use crate::cli;
use crate::output::{self, Ink, Screen};
use crate::show::detail::{Thing, line, many, one as child};
use crate::show::store::{Opened, address, page_json, page_note, span};
use crate::show::table::{Cell, Column, number, table, text};
use crate::show::{session, value, when, wire};
use anyhow::{Context as _, Result};
use decnet_core::row::Value;
use decnet_store::{AttackerFilter, Record};
use std::fmt::Write as _;

/// `decnet attackers`.
pub(crate) fn list(arguments: &cli::Attackers) -> Result<()> {
    let (since, until) = span(&arguments.span)?;
    let filter = AttackerFilter {
        since,
        until,
        events: arguments.events,
        limit: Some(arguments.page.limit),
        offset: arguments.page.offset,
    };
    let mut store = Opened::open(&arguments.place)?;
    let listing = store.reader.attackers(&filter)?;
    if arguments.shape.json {
        output::print(&output::json(&page_json(&listing, arguments.page))?)?;
        return Ok(());
    }
    let mut shown = String::new();
    if !listing.rows.is_empty() {
        let cells: Vec<Vec<Cell>> = listing.rows.iter().map(cells).collect();
        shown = table(Screen::of_stdout(), COLUMNS, &cells);
    }
    shown.push_str(&page_note(&listing, arguments.page, "attackers"));
    output::print(&shown)?;
    Ok(())
}

fn cells(attacker: &Record) -> Vec<Cell> {
    vec![
        Cell::new(value::of(attacker, "ip")),
        Cell::new(when::short(&value::of(attacker, "first_seen"))),
        Cell::new(when::short(&value::of(attacker, "last_seen"))),
        Cell::new(value::of(attacker, "event_count")),
        Cell::new(value::of(attacker, "credential_count")),
        Cell::new(entries(attacker, "services")),
        Cell::new(value::of(attacker, "traversal_path")),
    ]
}

/// The entries of a JSON list of names.
fn entries(attacker: &Record, name: &str) -> String {
    let text = value::of(attacker, name);
    serde_json::from_str::<Vec<String>>(&text).map(|names| names.join(", ")).unwrap_or(text)
}

const COLUMNS: &[Column] = &[
    text("SOURCE", 9),
    text("FIRST SEEN", 19),
    text("LAST SEEN", 19),
    number("EVENTS"),
    number("CREDENTIALS"),
    text("SERVICES", 8),
    text("DECKIES", 8),
];

/// `decnet attacker`.
pub(crate) fn one(arguments: &cli::Attacker) -> Result<()> {
    let address = address("ADDRESS", &arguments.address)?;
    let mut store = Opened::open(&arguments.place)?;
    let attacker = store
        .reader
        .attacker(address)?
        .with_context(|| format!("attacker {address}: never seen"))?;
    if arguments.shape.json {
        output::print(&output::json(&attacker.to_json())?)?;
        return Ok(());
    }
    output::print(&detail(Screen::of_stdout(), &attacker))?;
    Ok(())
}

fn detail(screen: Screen, attacker: &Record) -> String {
    let mut shown = String::new();
    let heading = format!("attacker {}", value::of(attacker, "ip"));
    shown.push_str(&screen.paint(Ink::Bold, &output::safe(&heading)));
    shown.push('\n');
    for name in HEAD {
        let text = value::of(attacker, name);
        if !text.is_empty() {
            shown.push_str(&line(screen, name, &text, "", None));
        }
    }
    // Each has a line of its own below, with its signal.
    let mut own = attacker.clone();
    if let Some(field) = own.fields.iter_mut().find(|field| field.name == "fingerprints") {
        let known = many(attacker, "fingerprints").len();
        field.value = Value::Text(format!("{known}, below"));
    }
    let syns = wire::syns(many(attacker, "syns"));
    let flows = wire::flows(many(attacker, "flows"));
    let tls_sessions = wire::tls_sessions(many(attacker, "tls_sessions"));
    let http_clients = wire::http_clients(many(attacker, "http_clients"));
    let http_requests = wire::http_requests(many(attacker, "http_requests"));
    let thing = Thing {
        rows: vec![
            ("attackers", Some(&own)),
            ("attacker_behavior", child(attacker, "behavior")),
            ("attacker_aggregate", child(attacker, "aggregate")),
        ],
        lists: vec![
            ("credential", many(attacker, "credentials")),
            ("ssh_key", many(attacker, "keys")),
            ("fingerprint", many(attacker, "fingerprints")),
            ("tcp_syn", &syns),
            ("tcp_flow", &flows),
            ("tls_session", &tls_sessions),
            ("http_client", &http_clients),
            ("http_request", &http_requests),
            ("artifact", many(attacker, "artifacts")),
        ],
    };
    shown.push_str(&thing.show(screen));
    let sessions = many(attacker, "sessions");
    if !sessions.is_empty() {
        let _ = writeln!(shown, "\n{}", screen.paint(Ink::Bold, "Sessions"));
        shown.push_str(&session::rows(screen, sessions));
    }
    shown
}

/// What names an attacker: columns of the catalogue that are no signals.
const HEAD: &[&str] = &[
    "uuid",
    "first_seen",
    "last_seen",
    "event_count",
    "service_count",
    "decky_count",
    "services",
    "deckies",
    "bounty_count",
    "commands",
    "updated_at",
];
