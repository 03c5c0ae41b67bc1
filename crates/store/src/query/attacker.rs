//! Attackers: lists, and one with everything that is known of it.

use super::{Child, Conditions, Listing, Reader, Record, SessionFilter, shown};
use crate::error::Error;
use decnet_core::event::Timestamp;
use decnet_core::profile::attacker_uuid;
use decnet_core::row::Value;
use decnet_core::table::{Column, table};
use std::net::IpAddr;

/// Which attackers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AttackerFilter {
    /// Seen at this instant or later.
    pub since: Option<Timestamp>,
    /// Seen first before this instant.
    pub until: Option<Timestamp>,
    /// With at least so many events.
    pub events: Option<u64>,
    /// Rows of the page; [`crate::LIMIT`] where nobody says, [`crate::LIMIT_MOST`] at most.
    pub limit: Option<u32>,
    /// Rows before the page.
    pub offset: u64,
}

impl Reader {
    /// Attackers, the last seen first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn attackers(&mut self, filter: &AttackerFilter) -> Result<Listing, Error> {
        let mut conditions = Conditions::default();
        if let Some(since) = filter.since {
            conditions.add("last_seen >= ?", [Value::Text(since.rfc3339())]);
        }
        if let Some(until) = filter.until {
            conditions.add("first_seen < ?", [Value::Text(until.rfc3339())]);
        }
        if let Some(events) = filter.events {
            let events = i64::try_from(events).unwrap_or(i64::MAX);
            conditions.add("event_count >= ?", [Value::Int(events)]);
        }
        let condition = conditions.sql();
        let total = self.count(&format!("attackers WHERE {condition}"), &conditions.values)?;
        let Some(attackers) = table("attackers") else {
            return Ok(Listing { total, rows: Vec::new() });
        };
        let columns: Vec<&'static Column> = shown(attackers).collect();
        let dialect = self.url.dialect();
        let names: Vec<String> = columns.iter().map(|column| dialect.quote(column.name)).collect();
        let sql = format!(
            "SELECT {} FROM attackers WHERE {condition} ORDER BY last_seen DESC, uuid \
             LIMIT ? OFFSET ?",
            names.join(", ")
        );
        let mut rows = Vec::new();
        let values = conditions.with_page(filter.limit, filter.offset);
        self.database.each(&sql, &values, &mut |row| {
            rows.push(Record::of(columns.iter().copied(), row));
            Ok(())
        })?;
        Ok(Listing { total, rows })
    }

    /// One attacker by its address, with its behaviour, its life's sums, credentials, keys,
    /// fingerprints and sessions (the latest [`crate::LIMIT_MOST`] of these), and the latest
    /// [`crate::LIMIT`] of its files and of what was seen on the wire, the latest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn attacker(&mut self, ip: IpAddr) -> Result<Option<Record>, Error> {
        let uuid = Value::Text(attacker_uuid(ip).to_string());
        let key = std::slice::from_ref(&uuid);
        let mut one = |of: &str, column: &str| -> Result<Option<Record>, Error> {
            let Some(table) = table(of) else { return Ok(None) };
            let condition = format!("{column} = ?");
            Ok(self.all(table, &condition, key, column)?.into_iter().next())
        };
        let Some(mut record) = one("attackers", "uuid")? else { return Ok(None) };
        let behavior = one("attacker_behavior", "attacker_uuid")?;
        let aggregate = one("attacker_aggregate", "attacker_uuid")?;
        record.children.push(("behavior", Child::One(behavior)));
        record.children.push(("aggregate", Child::One(aggregate)));
        for (name, of, order) in [
            ("credentials", "credential", "first_seen, id"),
            ("keys", "ssh_key", "id"),
            ("fingerprints", "fingerprint", "first_seen, id"),
        ] {
            let Some(table) = table(of) else { continue };
            let rows = self.all(table, "attacker_uuid = ?", key, order)?;
            record.children.push((name, Child::Many(rows)));
        }
        for (name, of) in [
            ("syns", "tcp_syn"),
            ("flows", "tcp_flow"),
            ("tls_sessions", "tls_session"),
            ("http_clients", "http_client"),
            ("http_requests", "http_request"),
            ("artifacts", "artifact"),
        ] {
            let Some(table) = table(of) else { continue };
            let order = format!("id DESC LIMIT {}", crate::LIMIT);
            let rows = self.all(table, "attacker_uuid = ?", key, &order)?;
            record.children.push((name, Child::Many(rows)));
        }
        let filter = SessionFilter {
            source: Some(ip),
            limit: Some(crate::LIMIT_MOST),
            ..SessionFilter::default()
        };
        let sessions = self.sessions(&filter)?;
        record.children.push(("sessions", Child::Many(sessions.rows)));
        Ok(Some(record))
    }
}
