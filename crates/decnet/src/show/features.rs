//! `decnet features`: the typing features of a recording, without any store.

use crate::cli;
use crate::output::{self, Screen};
use crate::show::table::{Cell, Column, table, text};
use crate::show::value;
use anyhow::{Context as _, Result};
use decnet_core::cast;
use decnet_core::table as catalogue;
use serde_json::Value;
use std::fs;

/// `decnet features`.
pub(crate) fn run(arguments: &cli::Features) -> Result<()> {
    let file = &arguments.file;
    let bytes =
        fs::read(file).with_context(|| format!("cannot read the recording {}", file.display()))?;
    let recording = cast::read(&bytes)
        .with_context(|| format!("{} is not a recording (asciicast v2)", file.display()))?;
    let features = cast::features(&recording);
    if recording.torn {
        output::complain("the recording's last line is torn: the end is missing");
    }
    if arguments.shape.json {
        output::print(&output::json(&features)?)?;
        return Ok(());
    }
    let object = serde_json::to_value(&features)?;
    output::print(&plain(Screen::of_stdout(), &object))?;
    Ok(())
}

fn plain(screen: Screen, features: &Value) -> String {
    let columns = catalogue::table("session_profile").map_or(&[][..], |table| table.columns);
    let rows: Vec<Vec<Cell>> = columns
        .iter()
        .filter_map(|column| {
            let shown = match features.get(column.name)? {
                Value::Null => "not observed".to_owned(),
                Value::Number(number) if number.is_f64() => {
                    number.as_f64().map(value::real).unwrap_or_default()
                }
                Value::String(text) => text.clone(),
                other
                @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                    other.to_string()
                }
            };
            Some(vec![Cell::new(column.name), Cell::new(shown), Cell::new(column.unit)])
        })
        .collect();
    table(screen, COLUMNS, &rows)
}

const COLUMNS: &[Column] = &[text("FEATURE", 12), text("VALUE", 12), text("UNIT", 6)];
