//! The journal as operators know it.

use super::{Conditions, Field, Listing, Reader, Record};
use crate::error::Error;
use decnet_core::event::{SessionId, Timestamp};
use decnet_core::row::Value;
use decnet_core::table::Sql;
use std::net::IpAddr;

/// Which events.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LogFilter {
    /// Of this address.
    pub source: Option<IpAddr>,
    /// Of this session.
    pub session: Option<SessionId>,
    /// Of this kind.
    pub kind: Option<String>,
    /// At this instant or later.
    pub since: Option<Timestamp>,
    /// Before this instant.
    pub until: Option<Timestamp>,
    /// Numbered higher than this: for who follows the journal.
    pub after: Option<u64>,
    /// Rows of the page; [`crate::LIMIT`] where nobody says, [`crate::LIMIT_MOST`] at most.
    pub limit: Option<u32>,
    /// Rows before the page.
    pub offset: u64,
}

/// The columns of a log record: the view's, and their types.
const COLUMNS: &[(&str, Sql)] = &[
    ("id", Sql::Integer),
    ("timestamp", Sql::Instant),
    ("decky", Sql::Text(255)),
    ("service", Sql::Text(16)),
    ("event_type", Sql::Text(64)),
    ("attacker_ip", Sql::Text(45)),
    ("session", Sql::Uuid),
    ("event", Sql::Json),
];

impl Reader {
    /// Events: those after a number in their order, else the latest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn logs(&mut self, filter: &LogFilter) -> Result<Listing, Error> {
        let mut conditions = Conditions::default();
        if let Some(source) = filter.source {
            // The journal holds the address as the socket gave it.
            let plain = source.to_canonical();
            let mapped = match plain {
                IpAddr::V4(v4) => IpAddr::V6(v4.to_ipv6_mapped()),
                IpAddr::V6(_) => plain,
            };
            let values = [Value::Text(plain.to_string()), Value::Text(mapped.to_string())];
            conditions.add("src IN (?, ?)", values);
        }
        if let Some(session) = filter.session {
            conditions.add("session = ?", [Value::Text(session.0.to_string())]);
        }
        if let Some(kind) = &filter.kind {
            conditions.add("kind = ?", [Value::Text(kind.clone())]);
        }
        if let Some(since) = filter.since {
            conditions.add("at_ns >= ?", [Value::Int(since.0)]);
        }
        if let Some(until) = filter.until {
            conditions.add("at_ns < ?", [Value::Int(until.0)]);
        }
        if let Some(after) = filter.after {
            let after = i64::try_from(after).unwrap_or(i64::MAX);
            conditions.add("seq > ?", [Value::Int(after)]);
        }
        let condition = conditions.sql();
        // Numbers have no holes, so that the whole need not be counted.
        let total = if conditions.values.is_empty() {
            let head = self.database.number("SELECT MAX(seq) FROM journal", &[])?;
            head.and_then(|head| u64::try_from(head).ok()).unwrap_or(0)
        } else {
            self.count(&format!("journal WHERE {condition}"), &conditions.values)?
        };
        let dialect = self.url.dialect();
        let names: Vec<String> = COLUMNS.iter().map(|(name, _)| dialect.quote(name)).collect();
        let order = if filter.after.is_some() { "seq" } else { "seq DESC" };
        // The page first, and what is shown of it after: the view computes an instant a row.
        let sql = format!(
            "SELECT {} FROM logs WHERE id IN (SELECT seq FROM (SELECT seq FROM journal \
             WHERE {condition} ORDER BY {order} LIMIT ? OFFSET ?) AS page) ORDER BY {}",
            names.join(", "),
            order.replace("seq", "id")
        );
        let mut rows = Vec::new();
        let values = conditions.with_page(filter.limit, filter.offset);
        self.database.each(&sql, &values, &mut |row| {
            let fields = COLUMNS.iter().zip(row);
            let fields =
                fields.map(|((name, sql), value)| Field { name, sql: *sql, value }).collect();
            rows.push(Record { fields, children: Vec::new() });
            Ok(())
        })?;
        Ok(Listing { total, rows })
    }
}
