//! `decnet status`: what the running program says of itself.

use crate::cli;
use crate::output::{self, Ink, Screen};
use crate::paths::Data;
use crate::settings::Settings;
use crate::show::table::{Cell, Column, number, table, text};
use crate::show::when;
use anyhow::Result;
use decnet_api::status::{Decoy, Health, Sniffer};
use decnet_api::{AskError, Status, ask};
use serde_json::json;
use std::fmt::Write as _;
use std::process::ExitCode;

/// `decnet status`.
pub(crate) fn run(arguments: &cli::Status) -> Result<ExitCode> {
    let settings = Settings::load(arguments.place.config.as_deref())?;
    let data = Data::find(arguments.place.data.as_deref().or(settings.data.as_deref()))?;
    match ask(&data.0) {
        Ok(status) if arguments.shape.json => output::print(&output::json(&status)?)?,
        Ok(status) => output::print(&plain(Screen::of_stdout(), &status))?,
        Err(error @ AskError::NotRunning(_)) => {
            if arguments.shape.json {
                output::print(&output::json(&json!({ "running": false }))?)?;
            } else {
                output::complain(&error.to_string());
            }
            return Ok(ExitCode::FAILURE);
        }
        Err(error) => return Err(error.into()),
    }
    Ok(ExitCode::SUCCESS)
}

fn plain(screen: Screen, status: &Status) -> String {
    let mut shown = String::new();
    let rows: Vec<Vec<Cell>> = status.decoys.iter().map(cells).collect();
    let up = when::duration(status.uptime_s as f64);
    let _ = writeln!(
        shown,
        "decnet {} runs since {} ({up}), process {}",
        output::safe(&status.version),
        output::safe(&when::short(&status.started_at)),
        status.pid
    );
    let _ = writeln!(shown, "data    {}", output::safe(&status.data));
    let store = &status.store;
    let _ = writeln!(shown, "store   {}", output::safe(&store.url));
    let health = if store.retrying {
        screen
            .paint(Ink::Bad, &format!("out of reach, trying again: {}", output::safe(&store.error)))
    } else {
        screen.paint(Ink::Good, "ok")
    };
    let _ = writeln!(
        shown,
        "        {health}; {} events committed, {} waiting, {} lost",
        store.committed, store.lag, status.events_lost
    );
    let _ = writeln!(shown, "wire    {}", wire(screen, &status.sniffer));
    shown.push('\n');
    shown.push_str(&table(screen, COLUMNS, &rows));
    for decoy in status.decoys.iter().filter(|decoy| !decoy.error.is_empty()) {
        let _ = writeln!(
            shown,
            "{} {}: {}",
            output::safe(&decoy.decky),
            decoy.service,
            output::safe(&decoy.error)
        );
    }
    shown
}

fn wire(screen: Screen, sniffer: &Sniffer) -> String {
    if !sniffer.error.is_empty() {
        return screen.paint(Ink::Fair, &format!("not watched: {}", output::safe(&sniffer.error)));
    }
    if !sniffer.watching {
        return "not watched".to_owned();
    }
    let watched = format!("watched on {}", output::safe(&sniffer.interfaces.join(", ")));
    format!(
        "{}\n        {} packets, {} lost; {} connections, {} given up; {} facts, {} lost",
        screen.paint(Ink::Good, &watched),
        sniffer.packets,
        sniffer.packets_lost,
        sniffer.flows,
        sniffer.given_up,
        sniffer.facts,
        sniffer.facts_lost
    )
}

fn cells(decoy: &Decoy) -> Vec<Cell> {
    let ink = match decoy.health {
        Health::Listening => Ink::Good,
        Health::Restarting => Ink::Fair,
        Health::Failed => Ink::Bad,
    };
    let counter = |name: &str| {
        let found = decoy.counters.iter().find(|counter| counter.name == name);
        Cell::new(found.map_or_else(|| "-".to_owned(), |counter| counter.value.to_string()))
    };
    vec![
        Cell::new(&decoy.decky),
        Cell::new(&decoy.service),
        Cell::new(&decoy.address),
        Cell::inked(ink, decoy.health.name()),
        counter("connections_open"),
        counter("connections"),
        counter("sessions_open"),
        counter("sessions"),
        counter("logins"),
        counter("refused"),
        Cell::new(decoy.restarts.to_string()),
    ]
}

const COLUMNS: &[Column] = &[
    text("DECKY", 5),
    text("SERVICE", 3),
    text("ADDRESS", 12),
    text("HEALTH", 9),
    number("OPEN"),
    number("CONNECTIONS"),
    number("IN SESSION"),
    number("SESSIONS"),
    number("LOGINS"),
    number("REFUSED"),
    number("RESTARTS"),
];
