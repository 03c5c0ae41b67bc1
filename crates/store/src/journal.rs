//! The journal: every event, in the one order there is; append-only.
//!
//! **Invariant:** what was appended is never changed and never lost. The format is for ever:
//! columns and JSON names are never renamed or removed; `testdata/journal/` keeps a fixture of every
//! released version.

use crate::database::Database;
use crate::dialect::{Dialect, RowStatement};
use crate::engine::Engine;
use crate::error::Error;
use crate::query::Reader;
use crate::schema::JOURNAL;
use decnet_core::event::{About, ConnectionId, Event, Origin, Service, SessionId, Timestamp};
use decnet_core::row::Value;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{BufRead, Write};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use uuid::Uuid;

/// Events that are read or written at once where many are.
pub(crate) const CHUNK: usize = 8_192;

/// An event as one line of JSON: the journal's columns, the fact as an object.
#[derive(Serialize, Deserialize)]
struct Line<'a> {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seq: Option<u64>,
    at_ns: i64,
    #[serde(default, borrow)]
    decky: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    service: Option<Cow<'a, str>>,
    #[serde(default)]
    connection: Option<Uuid>,
    #[serde(default)]
    src: Option<IpAddr>,
    #[serde(default)]
    src_port: Option<u16>,
    #[serde(default)]
    dst: Option<IpAddr>,
    #[serde(default)]
    dst_port: Option<u16>,
    #[serde(default)]
    session: Option<Uuid>,
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    fact: Cow<'a, RawValue>,
}

/// Writes the journal from `from` on, one line of JSON an event; gives how many.
///
/// # Errors
/// When the store cannot be read or `out` cannot be written.
pub fn export(reader: &mut Reader, from: u64, out: &mut dyn Write) -> Result<u64, Error> {
    let mut next = from;
    let mut count = 0;
    loop {
        let events = read(reader.database(), next, CHUNK)?;
        let Some((last, _)) = events.last() else { break };
        next = last + 1;
        for (seq, event) in &events {
            let line = to_line(Some(*seq), event).map_err(|error| reader.damaged(*seq, &error))?;
            out.write_all(line.as_bytes())
                .and_then(|()| out.write_all(b"\n"))
                .map_err(|source| Error::File { path: "export".into(), source })?;
        }
        count += events.len() as u64;
    }
    Ok(count)
}

/// Appends the events of an export, in its order and with new numbers; gives how many.
///
/// # Errors
/// When a line is no event (what stands before it has been appended), or the store refuses.
pub fn import(engine: &mut Engine, input: &mut dyn BufRead) -> Result<u64, Error> {
    let (mut count, mut number) = (0, 0);
    let mut batch = Vec::with_capacity(CHUNK);
    let mut text = String::new();
    loop {
        text.clear();
        number += 1;
        let fault = |why: String| Error::Import { line: number, why };
        if input.read_line(&mut text).map_err(|error| fault(error.to_string()))? == 0 {
            break;
        }
        if text.trim().is_empty() {
            continue;
        }
        match from_line(&text) {
            Ok(event) => batch.push(event),
            Err(why) => {
                engine.commit(&batch)?;
                return Err(fault(why));
            }
        }
        if batch.len() == CHUNK {
            count += batch.len() as u64;
            engine.commit(&batch)?;
            batch.clear();
        }
    }
    count += batch.len() as u64;
    engine.commit(&batch)?;
    Ok(count)
}

/// One event as a line of JSON, without a line's end.
///
/// # Errors
/// Never for the facts that there are; the signature is that of the serialiser.
pub fn to_line(seq: Option<u64>, event: &Event) -> Result<String, serde_json::Error> {
    let origin = event.origin();
    serde_json::to_string(&Line {
        seq,
        at_ns: event.at.0,
        decky: origin.map(|origin| Cow::Borrowed(origin.decky.as_str())),
        service: origin.map(|origin| Cow::Borrowed(origin.service.name())),
        connection: origin.map(|origin| origin.connection.0),
        src: origin.map(|origin| origin.peer.ip()),
        src_port: origin.map(|origin| origin.peer.port()),
        dst: origin.map(|origin| origin.local.ip()),
        dst_port: origin.map(|origin| origin.local.port()),
        session: event.session().map(|session| session.0),
        kind: Cow::Borrowed(event.kind()),
        fact: Cow::Owned(RawValue::from_string(event.fact_json()?)?),
    })
}

/// The event that a line of JSON holds.
///
/// # Errors
/// Says what is wrong with the line.
pub fn from_line(text: &str) -> Result<Event, String> {
    let line: Line<'_> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let origin = match (line.decky, line.service, line.connection, line.src, line.dst) {
        (None, None, None, None, None) => None,
        (Some(decky), Some(service), Some(connection), Some(src), Some(dst)) => {
            if decky.chars().count() > DECKY_CHARS {
                return Err(format!("decky: longer than {DECKY_CHARS} characters"));
            }
            let Some(service) = Service::from_name(&service) else {
                return Err(format!("service {service:?} is not known"));
            };
            Some(Arc::new(Origin {
                decky: decky.into_owned(),
                service,
                connection: ConnectionId(connection),
                peer: SocketAddr::new(src, line.src_port.ok_or("src_port: missing")?),
                local: SocketAddr::new(dst, line.dst_port.ok_or("dst_port: missing")?),
            }))
        }
        _ => return Err("decky, service, connection, src and dst: all or none".into()),
    };
    let session = line.session.map(SessionId);
    let event = Event::from_parts(Timestamp(line.at_ns), origin, session, line.fact.get())
        .map_err(|error| format!("fact: {error}"))?;
    if event.kind() != line.kind {
        return Err(format!("kind {:?}: the fact is {:?}", line.kind, event.kind()));
    }
    Ok(event)
}

/// Longest name of a decky, characters.
pub const DECKY_CHARS: usize = 255;

/// The statement that appends.
pub(crate) fn statement(dialect: Dialect) -> RowStatement {
    let names: Vec<&str> = JOURNAL.iter().map(|(name, _, _)| *name).collect();
    dialect.insert("journal", &names)
}

/// Up to `limit` events from `from` on, with their numbers.
pub(crate) fn read(
    database: &mut Database,
    from: u64,
    limit: usize,
) -> Result<Vec<(u64, Event)>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM journal WHERE seq >= ? ORDER BY seq LIMIT ?");
    let values = [whole(from), whole(limit as u64)];
    let mut events: Vec<(u64, Event)> = Vec::with_capacity(limit);
    database.each(&sql, &values, &mut |row| {
        let before = events.last().and_then(|(_, event)| event.origin());
        events.push(from_row(&row, before)?);
        Ok(())
    })?;
    Ok(events)
}

/// The columns that [`from_row`] takes, in its order.
pub(crate) const COLUMNS: &str =
    "seq, at_ns, decky, service, connection, src, src_port, dst, dst_port, session, fact";

/// A row of the journal as an event. An origin that equals the one before is shared with it.
pub(crate) fn from_row(row: &[Value], before: Option<&Arc<Origin>>) -> Result<(u64, Event), Error> {
    let [seq, at, decky, service, connection, src, src_port, dst, dst_port, session, fact] = row
    else {
        return Err(unreadable(0, "a row of another width"));
    };
    let seq = match seq {
        Value::Int(seq) => u64::try_from(*seq).unwrap_or_default(),
        Value::Null | Value::Real(_) | Value::Text(_) | Value::Blob(_) => 0,
    };
    let read = || -> Option<Result<Event, serde_json::Error>> {
        let origin = match text(decky) {
            None => None,
            Some(decky) => {
                let origin = Origin {
                    decky: decky.to_owned(),
                    service: Service::from_name(text(service)?)?,
                    connection: ConnectionId(text(connection)?.parse().ok()?),
                    peer: SocketAddr::new(text(src)?.parse().ok()?, port(src_port)?),
                    local: SocketAddr::new(text(dst)?.parse().ok()?, port(dst_port)?),
                };
                match before {
                    Some(before) if **before == origin => Some(Arc::clone(before)),
                    _ => Some(Arc::new(origin)),
                }
            }
        };
        let session = match text(session) {
            None => None,
            Some(session) => Some(SessionId(session.parse().ok()?)),
        };
        let Value::Int(at) = at else { return None };
        Some(Event::from_parts(Timestamp(*at), origin, session, text(fact)?))
    };
    match read() {
        Some(Ok(event)) => Ok((seq, event)),
        Some(Err(error)) => Err(unreadable(seq, &error.to_string())),
        None => Err(unreadable(seq, "a column that holds something else")),
    }
}

fn unreadable(seq: u64, why: &str) -> Error {
    Error::Damaged { url: String::new(), what: format!("journal event {seq}"), why: why.to_owned() }
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::Text(text) => Some(text),
        Value::Null | Value::Int(_) | Value::Real(_) | Value::Blob(_) => None,
    }
}

fn port(value: &Value) -> Option<u16> {
    match value {
        Value::Int(number) => u16::try_from(*number).ok(),
        Value::Null | Value::Real(_) | Value::Text(_) | Value::Blob(_) => None,
    }
}

/// A number as a value; one beyond SQL's range as the largest there is.
pub(crate) fn whole(number: u64) -> Value {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

/// The columns of one event at a time, in buffers that are used again.
#[derive(Default)]
pub(crate) struct Columns {
    /// Whose texts the next four are.
    origin: Option<Arc<Origin>>,
    connection: String,
    src: String,
    dst: String,
    session: String,
    fact: Vec<u8>,
}

/// The journal's columns for one event.
pub(crate) struct JournalRow<'a> {
    pub(crate) seq: i64,
    pub(crate) at_ns: i64,
    pub(crate) decky: Option<&'a str>,
    pub(crate) service: Option<&'a str>,
    pub(crate) connection: Option<&'a str>,
    pub(crate) src: Option<&'a str>,
    pub(crate) src_port: Option<u16>,
    pub(crate) dst: Option<&'a str>,
    pub(crate) dst_port: Option<u16>,
    pub(crate) session: Option<&'a str>,
    pub(crate) kind: &'a str,
    pub(crate) fact: &'a str,
    /// Whether the origin is that of the row before.
    pub(crate) origin: Same,
}

/// Whether something is what it was in the row before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Same {
    Yes,
    No,
}

impl Columns {
    /// The columns of `event`.
    pub(crate) fn fill<'a>(&'a mut self, seq: u64, event: &'a Event) -> JournalRow<'a> {
        let origin = event.origin();
        let same = match (origin, &self.origin) {
            (Some(origin), Some(known)) if Arc::ptr_eq(known, origin) => Same::Yes,
            (Some(_) | None, _) => Same::No,
        };
        if let Some(origin) = origin
            && same == Same::No
        {
            write_over(&mut self.connection, &origin.connection.0.hyphenated());
            write_over(&mut self.src, &origin.peer.ip());
            write_over(&mut self.dst, &origin.local.ip());
        }
        self.origin = origin.cloned();
        let session = event.session();
        if let Some(session) = session {
            write_over(&mut self.session, &session.0.hyphenated());
        }
        self.fact.clear();
        // Facts are plain data: neither a map with keys that are no text nor an error of our own.
        let written = match &event.about {
            About::Sensor(fact) => serde_json::to_writer(&mut self.fact, fact),
            About::Peer { fact, .. } => serde_json::to_writer(&mut self.fact, fact),
            About::Session { fact, .. } => serde_json::to_writer(&mut self.fact, fact),
        };
        debug_assert!(written.is_ok(), "a fact that is no JSON");
        JournalRow {
            seq: i64::try_from(seq).unwrap_or(i64::MAX),
            at_ns: event.at.0,
            decky: origin.map(|origin| origin.decky.as_str()),
            service: origin.map(|origin| origin.service.name()),
            connection: origin.map(|_| self.connection.as_str()),
            src: origin.map(|_| self.src.as_str()),
            src_port: origin.map(|origin| origin.peer.port()),
            dst: origin.map(|_| self.dst.as_str()),
            dst_port: origin.map(|origin| origin.local.port()),
            session: session.map(|_| self.session.as_str()),
            kind: event.kind(),
            fact: std::str::from_utf8(&self.fact).unwrap_or_default(),
            origin: same,
        }
    }
}

fn write_over(text: &mut String, value: &impl std::fmt::Display) {
    text.clear();
    // Writing into a string cannot fail.
    let _ = write!(text, "{value}");
}
