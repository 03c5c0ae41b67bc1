//! `decnet sessions`, `decnet session`.

use crate::cli;
use crate::output::{self, Ink, Screen};
use crate::show::detail::{Thing, line, many};
use crate::show::store::{Opened, address, page_json, page_note, span};
use crate::show::table::{Cell, Column, number, table, text};
use crate::show::{command, value, when};
use anyhow::Result;
use decnet_store::{Record, SessionFilter};
use serde_json::json;

/// `decnet sessions`.
pub(crate) fn list(arguments: &cli::Sessions) -> Result<()> {
    let (since, until) = span(&arguments.span)?;
    let source = arguments.source.as_deref().map(|text| address("--source", text)).transpose()?;
    let filter = SessionFilter {
        source,
        user: arguments.user.clone(),
        class: arguments.class.map(|class| class.name().to_owned()),
        since,
        until,
        open: arguments.open.then_some(true),
        limit: Some(arguments.page.limit),
        offset: arguments.page.offset,
    };
    let mut store = Opened::open(&arguments.place)?;
    let listing = store.reader.sessions(&filter)?;
    if arguments.shape.json {
        output::print(&output::json(&page_json(&listing, arguments.page))?)?;
        return Ok(());
    }
    let mut shown = String::new();
    if !listing.rows.is_empty() {
        shown = rows(Screen::of_stdout(), &listing.rows);
    }
    shown.push_str(&page_note(&listing, arguments.page, "sessions"));
    output::print(&shown)?;
    Ok(())
}

/// Sessions as a table.
pub(crate) fn rows(screen: Screen, sessions: &[Record]) -> String {
    let cells: Vec<Vec<Cell>> = sessions.iter().map(cells).collect();
    table(screen, COLUMNS, &cells)
}

fn cells(session: &Record) -> Vec<Cell> {
    let sid = value::of(session, "sid");
    let class = value::of(session, "input_class");
    let duration = match (session.text("closed_at"), value::number(session, "session_duration_s")) {
        (None, _) => Cell::inked(Ink::Good, "open"),
        (Some(_), Some(seconds)) => Cell::new(when::duration(seconds)),
        (Some(_), None) => Cell::new("-"),
    };
    let program = [value::of(session, "program"), value::of(session, "command")].join(" ");
    vec![
        Cell::new(sid.get(..8).unwrap_or(&sid)),
        Cell::new(when::short(&value::of(session, "opened_at"))),
        Cell::new(value::of(session, "ip")),
        Cell::new(value::of(session, "user")),
        duration,
        Cell::new(or_dash(value::of(session, "total_keystrokes"))),
        Cell::new(or_dash(class)),
        Cell::new(or_dash(program.trim().to_owned())),
    ]
}

fn or_dash(text: String) -> String {
    if text.is_empty() { "-".to_owned() } else { text }
}

const COLUMNS: &[Column] = &[
    text("SID", 8),
    text("STARTED", 19),
    text("SOURCE", 9),
    text("USER", 4),
    number("DURATION"),
    number("KEYS"),
    text("CLASS", 8),
    text("PROGRAM", 7),
];

/// `decnet session`.
pub(crate) fn one(arguments: &cli::One) -> Result<()> {
    let mut store = Opened::open(&arguments.place)?;
    let session = store.session(&arguments.sid)?;
    let sid = store.sid(session.text("sid").unwrap_or(&arguments.sid))?;
    let instants = store.reader.keystrokes(sid)?.instants_us;
    if arguments.shape.json {
        let mut object = session.to_json();
        if let Some(object) = object.as_object_mut() {
            object.insert("keystroke".to_owned(), json!({ "instants_us": instants }));
        }
        output::print(&output::json(&object)?)?;
        return Ok(());
    }
    output::print(&detail(Screen::of_stdout(), &session, instants.len()))?;
    Ok(())
}

fn detail(screen: Screen, session: &Record, keystrokes: usize) -> String {
    let mut shown = String::new();
    let heading = format!("session {}", value::of(session, "sid"));
    shown.push_str(&screen.paint(Ink::Bold, &output::safe(&heading)));
    shown.push('\n');
    for name in HEAD {
        let text = value::of(session, name);
        if !text.is_empty() {
            shown.push_str(&line(screen, name, &text, "", None));
        }
    }
    let indexed =
        format!("{keystrokes} instants, µs since the session began (all of them: --json)");
    shown.push_str(&line(screen, "keystroke", &indexed, "", None));
    let commands = command::commands(many(session, "commands"));
    let [typos, artifacts] = ["typos", "artifacts"].map(|name| command::own(many(session, name)));
    let thing = Thing {
        rows: vec![("session", Some(session)), ("session_profile", Some(session))],
        lists: vec![
            ("session_channel", many(session, "channels")),
            ("ssh_key", many(session, "keys")),
            ("auth_attempt", many(session, "auth_attempts")),
            ("session_command", &commands),
            ("session_typo", &typos),
            ("artifact", &artifacts),
        ],
    };
    shown.push_str(&thing.show(screen));
    shown
}

/// What names and joins a session: columns of the catalogue that are no signals.
const HEAD: &[&str] = &[
    "ip",
    "attacker_uuid",
    "connection",
    "channel",
    "decky",
    "service",
    "user",
    "program",
    "command",
    "opened_at",
    "closed_at",
    "close_cause",
    "exit_status",
    "log_id",
    "schema_version",
];

impl cli::Class {
    fn name(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Scripted => "scripted",
            Self::Mixed => "mixed",
        }
    }
}
