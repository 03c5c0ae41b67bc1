//! Values of rows as a person reads them.

use decnet_core::row::{Value, hex};
use decnet_core::table::Sql;
use decnet_store::{Field, Record};

/// A value; empty where it is not observed.
pub(crate) fn plain(field: &Field) -> String {
    match (&field.value, field.sql) {
        (Value::Null, _) => String::new(),
        (Value::Int(number), Sql::Flag) => if *number == 0 { "no" } else { "yes" }.to_owned(),
        (Value::Int(number), _) => number.to_string(),
        (Value::Real(number), _) => real(*number),
        (Value::Text(text), _) => text.clone(),
        (Value::Blob(bytes), _) => hex(bytes),
    }
}

/// A number with at most six decimals, and no zeros behind the last that counts.
pub(crate) fn real(number: f64) -> String {
    let text = format!("{number:.6}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    match text {
        // Too small for six decimals, and not zero.
        "0" | "-0" if number != 0.0 => format!("{number:.2e}"),
        "-0" => "0".to_owned(),
        _ => text.to_owned(),
    }
}

/// The value of a column; empty where it is not observed or not there.
pub(crate) fn of(record: &Record, name: &str) -> String {
    record.fields.iter().find(|field| field.name == name).map(plain).unwrap_or_default()
}

/// The number in a column.
pub(crate) fn number(record: &Record, name: &str) -> Option<f64> {
    match record.value(name) {
        Some(Value::Int(number)) => Some(*number as f64),
        Some(Value::Real(number)) => Some(*number),
        Some(Value::Null | Value::Text(_) | Value::Blob(_)) | None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_show_what_counts() {
        let check = |number, text: &str| assert_eq!(real(number), text);
        check(0.25, "0.25");
        check(3.0, "3");
        check(0.0, "0");
        check(-0.0, "0");
        check(0.123_456_78, "0.123457");
        check(0.000_000_04, "4.00e-8");
    }
}
