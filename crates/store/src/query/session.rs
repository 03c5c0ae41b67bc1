//! Sessions: lists, one with everything that belongs to it, and its keystrokes.

use super::{Child, Conditions, Listing, Reader, Record, shown};
use crate::error::Error;
use decnet_core::event::{SessionId, Timestamp};
use decnet_core::row::Value;
use decnet_core::table::{Column, Sql, State, Table, table};
use std::net::IpAddr;
use uuid::Uuid;

/// Which sessions.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SessionFilter {
    /// Of this address.
    pub source: Option<IpAddr>,
    /// Of this user.
    pub user: Option<String>,
    /// Whose input is of this class: `human`, `scripted`, `mixed`.
    pub class: Option<String>,
    /// Opened at this instant or later.
    pub since: Option<Timestamp>,
    /// Opened before this instant.
    pub until: Option<Timestamp>,
    /// Going on (`true`), or ended (`false`).
    pub open: Option<bool>,
    /// Rows of the page; [`crate::LIMIT`] where nobody says, [`crate::LIMIT_MOST`] at most.
    pub limit: Option<u32>,
    /// Rows before the page.
    pub offset: u64,
}

/// The keystrokes of a session that came while echo was on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keystrokes {
    /// The session.
    pub sid: SessionId,
    /// Their instants, µs since the session began.
    pub instants_us: Vec<u64>,
}

/// The column that joins a session to its attacker's address.
const IP: Column = Column { name: "ip", sql: Sql::Text(45), unit: "", state: State::Key };

/// The tables that a session's record is made of.
const FROM: &str = "session LEFT JOIN session_profile ON session_profile.sid = session.sid \
                    LEFT JOIN attackers ON attackers.uuid = session.attacker_uuid";

impl Reader {
    /// Sessions, the latest first: `session` and `session_profile` joined, with the address.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn sessions(&mut self, filter: &SessionFilter) -> Result<Listing, Error> {
        let mut conditions = Conditions::default();
        if let Some(source) = filter.source {
            let ip = Value::Text(source.to_canonical().to_string());
            conditions.add("attackers.ip = ?", [ip]);
        }
        if let Some(user) = &filter.user {
            let sql = match self.url.dialect() {
                crate::Dialect::Sqlite => "session.\"user\" = ?",
                crate::Dialect::Mysql => "session.`user` = ?",
            };
            conditions.add(sql, [Value::Text(user.clone())]);
        }
        if let Some(class) = &filter.class {
            conditions.add("session_profile.input_class = ?", [Value::Text(class.clone())]);
        }
        if let Some(since) = filter.since {
            conditions.add("session.opened_at >= ?", [Value::Text(since.rfc3339())]);
        }
        if let Some(until) = filter.until {
            conditions.add("session.opened_at < ?", [Value::Text(until.rfc3339())]);
        }
        match filter.open {
            Some(true) => conditions.add("session.closed_at IS NULL", []),
            Some(false) => conditions.add("session.closed_at IS NOT NULL", []),
            None => {}
        }
        let condition = conditions.sql();
        let total = self.count(&format!("{FROM} WHERE {condition}"), &conditions.values)?;
        let tail = "ORDER BY session.opened_at DESC, session.sid LIMIT ? OFFSET ?";
        let values = conditions.with_page(filter.limit, filter.offset);
        let rows = self.session_records(&format!("WHERE {condition} {tail}"), &values)?;
        Ok(Listing { total, rows })
    }

    /// A session by its identifier or the beginning of one, with its connection's channels, keys
    /// and authentication attempts, and its own commands, corrections and files, the first
    /// [`crate::LIMIT_MOST`] of each.
    ///
    /// # Errors
    /// When the text begins more than one identifier, or none at all; when the store cannot be
    /// read.
    pub fn session(&mut self, prefix: &str) -> Result<Option<Record>, Error> {
        let Some(sid) = self.find_session(prefix)? else { return Ok(None) };
        let key = Value::Text(sid.0.to_string());
        let records = self.session_records("WHERE session.sid = ?", std::slice::from_ref(&key))?;
        let Some(mut record) = records.into_iter().next() else { return Ok(None) };
        let connection = record.value("connection").cloned().unwrap_or(Value::Null);
        for (name, of) in [
            ("channels", "session_channel"),
            ("keys", "ssh_key"),
            ("auth_attempts", "auth_attempt"),
        ] {
            let Some(table) = table(of) else { continue };
            let attacker = record.value("attacker_uuid").cloned().unwrap_or(Value::Null);
            let values = [attacker, connection.clone()];
            let condition = "attacker_uuid = ? AND connection = ?";
            let rows = self.all(table, condition, &values, "id")?;
            record.children.push((name, Child::Many(rows)));
        }
        for (name, of, order) in [
            ("commands", "session_command", "n"),
            ("typos", "session_typo", "n"),
            ("artifacts", "artifact", "id"),
        ] {
            let Some(table) = table(of) else { continue };
            let order = format!("{order} LIMIT {}", crate::LIMIT_MOST);
            let rows = self.all(table, "sid = ?", std::slice::from_ref(&key), &order)?;
            record.children.push((name, Child::Many(rows)));
        }
        Ok(Some(record))
    }

    /// The instants of a session's keystrokes, in order.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn keystrokes(&mut self, sid: SessionId) -> Result<Keystrokes, Error> {
        let mut instants_us = Vec::new();
        let sql = "SELECT instants_us FROM keystroke WHERE sid = ? ORDER BY part";
        let url = self.url.to_string();
        self.database.each(sql, &[Value::Text(sid.0.to_string())], &mut |row| {
            if let Some(Value::Text(text)) = row.first() {
                let part: Vec<u64> = serde_json::from_str(text).map_err(|error| {
                    let (url, why) = (url.clone(), error.to_string());
                    Error::Damaged { url, what: format!("keystrokes of {}", sid.0), why }
                })?;
                instants_us.extend(part);
            }
            Ok(())
        })?;
        Ok(Keystrokes { sid, instants_us })
    }

    /// The session whose identifier begins so.
    ///
    /// # Errors
    /// As [`Reader::session`].
    pub fn find_session(&mut self, prefix: &str) -> Result<Option<SessionId>, Error> {
        let Some(start) = dashed(prefix) else {
            return Err(Error::NoIdentifier { prefix: prefix.to_owned() });
        };
        // Every digit and the dash come before `g`.
        let values = [Value::Text(start.clone()), Value::Text(format!("{start}g"))];
        let sql = "SELECT sid FROM session WHERE sid >= ? AND sid < ? ORDER BY sid LIMIT 2";
        let rows = self.database.rows(sql, &values)?;
        if rows.len() > 1 {
            return Err(Error::Ambiguous { prefix: prefix.to_owned() });
        }
        Ok(match rows.first().and_then(|row| row.first()) {
            Some(Value::Text(sid)) => sid.parse::<Uuid>().ok().map(SessionId),
            Some(Value::Null | Value::Int(_) | Value::Real(_) | Value::Blob(_)) | None => None,
        })
    }

    fn session_records(&mut self, tail: &str, values: &[Value]) -> Result<Vec<Record>, Error> {
        let dialect = self.url.dialect();
        let columns = columns();
        let names: Vec<String> = columns
            .iter()
            .map(|(table, column)| format!("{table}.{}", dialect.quote(column.name)))
            .collect();
        let sql = format!("SELECT {} FROM {FROM} {tail}", names.join(", "));
        let mut records = Vec::new();
        self.database.each(&sql, values, &mut |row| {
            records.push(Record::of(columns.iter().map(|(_, column)| *column), row));
            Ok(())
        })?;
        Ok(records)
    }
}

/// The columns of a session's record: its row, the address, its profile.
fn columns() -> Vec<(&'static str, &'static Column)> {
    let of = |table: Option<&'static Table>, skipped: &'static [&'static str]| {
        table.into_iter().flat_map(move |table| {
            let columns = shown(table).filter(move |column| !skipped.contains(&column.name));
            columns.map(move |column| (table.name, column))
        })
    };
    let mut columns: Vec<_> = of(table("session"), &[]).collect();
    columns.insert(columns.len().min(2), ("attackers", &IP));
    columns.extend(of(table("session_profile"), &["sid"]));
    columns
}

/// The beginning of an identifier with its dashes where they belong; `None` where it is none.
fn dashed(prefix: &str) -> Option<String> {
    let digits: String = prefix.chars().filter(|c| *c != '-').collect();
    let all_hex = digits.chars().all(|c| c.is_ascii_hexdigit());
    if digits.is_empty() || digits.len() > 32 || !all_hex {
        return None;
    }
    let mut text = String::with_capacity(36);
    for (n, digit) in digits.to_ascii_lowercase().chars().enumerate() {
        if matches!(n, 8 | 12 | 16 | 20) {
            text.push('-');
        }
        text.push(digit);
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beginnings_get_their_dashes() {
        assert_eq!(dashed("ABCDEF0123"), Some("abcdef01-23".into()));
        assert_eq!(dashed("abcdef01-23"), Some("abcdef01-23".into()));
        assert_eq!(dashed("abcdef01"), Some("abcdef01".into()));
        assert_eq!(dashed("xyz"), None);
        assert_eq!(dashed(""), None);
        assert_eq!(dashed(&"a".repeat(33)), None);
    }

    #[test]
    fn no_state_and_no_column_twice() {
        let columns = columns();
        assert!(columns.iter().all(|(_, column)| column.sql != Sql::Octets));
        let mut names: Vec<&str> = columns.iter().map(|(_, column)| column.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), columns.len());
    }
}
