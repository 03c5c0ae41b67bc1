//! The fold's states: loaded when an event needs them, kept while there is room, written when they
//! changed.
//!
//! **Invariant:** a state in memory is the one that the store holds, plus the batch at work. When a
//! batch fails, everything here is forgotten.

use crate::cache::Cache;
use crate::database::Database;
use crate::dialect::{By, Conflict, placeholders};
use crate::error::Error;
use crate::lot::Lot;
use crate::tally::{Sum, add_row};
use decnet_core::event::{About, Event, SessionFact, SessionId};
use decnet_core::profile::{
    self, Attacker, Behavior, BehaviorChange, Learned, Output, Session, attacker_uuid,
};
use decnet_core::row::Value;
use decnet_core::table::{self, Table};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, HashSet};
use std::hash::Hash;
use std::net::IpAddr;
use uuid::Uuid;

/// States asked for in one statement.
const ASKED: usize = 64;
/// Rows that are handed over together.
const HANDED: usize = 128;
/// Bytes of states kept from batch to batch.
const ATTACKER_BYTES: usize = 8 << 20;
const SESSION_BYTES: usize = 8 << 20;
const TALLY_BYTES: usize = 2 << 20;

/// Takes rows that are ready to be written.
pub(crate) type Emit<'a> = dyn FnMut(Lot) -> Result<(), Error> + 'a;

/// The states in memory.
pub(crate) struct States {
    attackers: Cache<IpAddr, Held>,
    sessions: Cache<SessionId, Known>,
    tallies: Cache<[u8; 16], ()>,
}

/// What is known of an attacker.
struct Held {
    attacker: Attacker,
    /// What its row says; `None` where there is none yet.
    row: Option<HeldRow>,
}

/// What the row of an attacker says.
struct HeldRow {
    first_seen: String,
    last_seen: String,
    /// Where it is, if the store has told.
    place: Option<i64>,
}

/// What is known of a session.
enum Known {
    /// It goes on; facts of any other attacker are none of it.
    Open { owner: Uuid, session: Box<Session>, row: Row },
    /// Nothing changes it any more.
    Closed,
}

/// What the store has of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Row {
    /// None, or one of another beginning.
    Old,
    /// One with this beginning.
    Current,
}

/// What does not change in a row of `attackers` from event to event. (`first_seen` does where a
/// clock stepped back; that is looked at.)
const ATTACKER_CONSTANT: &[&str] = &["ip", "first_seen"];
/// What does not change in a row of `session` once it began.
const SESSION_CONSTANT: &[&str] = &["attacker_uuid", "connection", "opened_at"];
/// As above, while the session goes on.
const OPEN_CONSTANT: &[&str] =
    &["attacker_uuid", "connection", "opened_at", "closed_at", "close_cause", "exit_status"];

impl States {
    pub(crate) fn new() -> Self {
        Self {
            attackers: Cache::new(ATTACKER_BYTES),
            sessions: Cache::new(SESSION_BYTES),
            tallies: Cache::new(TALLY_BYTES),
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.attackers.clear();
        self.sessions.clear();
        self.tallies.clear();
    }

    /// Folds a batch whose first event has the number `first`, and hands over every row that it
    /// changed or made.
    pub(crate) fn fold(
        &mut self,
        reader: &mut Database,
        first: u64,
        events: &[Event],
        emit: &mut Emit<'_>,
    ) -> Result<(), Error> {
        self.load(reader, events)?;
        let mut batch = Batch::new()?;
        for (seq, event) in (first..).zip(events) {
            let Some(ip) = event.attacker() else { continue };
            let Some(Held { attacker, .. }) = self.attackers.change(&ip) else { continue };
            let session = open_session(&mut self.sessions, event, attacker.uuid());
            profile::fold(seq, event, attacker, session, &mut batch.out);
            batch.take(emit)?;
        }
        batch.auth_attempts.flush(emit)?;
        batch.ssh_keys.flush(emit)?;
        batch.channels.flush(emit)?;
        batch.tcp_syns.flush(emit)?;
        batch.tcp_flows.flush(emit)?;
        batch.tls_sessions.flush(emit)?;
        batch.http_clients.flush(emit)?;
        batch.http_requests.flush(emit)?;
        batch.session_commands.flush(emit)?;
        batch.session_typos.flush(emit)?;
        batch.artifacts.flush(emit)?;
        let mut learned = BTreeMap::new();
        emit(batch.credentials.finish(reader, &mut self.tallies, &mut learned)?)?;
        emit(batch.fingerprints.finish(reader, &mut self.tallies, &mut learned)?)?;
        self.write_attackers(&learned, emit)?;
        self.write_sessions(emit)?;
        write_behaviors(reader, batch.behavior, emit)?;
        self.attackers.settle(|held| held.attacker.weight());
        self.sessions.settle(|known| match known {
            Known::Open { session, .. } => session.weight(),
            Known::Closed => 0,
        });
        self.tallies.settle(|()| 0);
        Ok(())
    }

    /// Loads what the batch needs and is not here.
    fn load(&mut self, reader: &mut Database, events: &[Event]) -> Result<(), Error> {
        let attackers = missing(events.iter().filter_map(Event::attacker), &mut self.attackers);
        let keyed: BTreeMap<Uuid, IpAddr> =
            attackers.iter().map(|ip| (attacker_uuid(*ip), *ip)).collect();
        let keys: Vec<Uuid> = keyed.keys().copied().collect();
        let place = reader.dialect().place();
        let sql = format!(
            "SELECT uuid, first_seen, last_seen, state, fingerprints, commands, {place} \
             FROM attackers WHERE uuid IN "
        );
        ask(reader, &sql, &keys, &mut |row| {
            if let [uuid, first_seen, last_seen, Value::Blob(state), lists @ .., place] =
                row.as_slice()
                && let (Value::Text(uuid), Value::Text(first_seen), Value::Text(last_seen)) =
                    (uuid, first_seen, last_seen)
            {
                let mut attacker: Attacker = read_state("attackers", uuid, state)?;
                if let [Value::Text(fingerprints), Value::Text(commands)] = lists {
                    attacker
                        .restore(fingerprints, commands)
                        .map_err(|error| damaged("attackers", uuid, &error))?;
                }
                let place = match place {
                    Value::Int(place) => Some(*place),
                    Value::Null | Value::Real(_) | Value::Text(_) | Value::Blob(_) => None,
                };
                let (first_seen, last_seen) = (first_seen.clone(), last_seen.clone());
                let row = Some(HeldRow { first_seen, last_seen, place });
                self.attackers.insert(attacker.ip(), Held { attacker, row });
            }
            Ok(())
        })?;
        for ip in attackers {
            if !self.attackers.contains(&ip) {
                let attacker = Attacker::new(ip);
                self.attackers.insert(ip, Held { attacker, row: None });
            }
        }
        let sessions = missing(events.iter().filter_map(Event::session), &mut self.sessions);
        let mut keys: Vec<Uuid> = sessions.iter().map(|sid| sid.0).collect();
        keys.sort_unstable();
        let sql = "SELECT sid, attacker_uuid, state FROM session WHERE sid IN ";
        let mut open = Vec::new();
        ask(reader, sql, &keys, &mut |row| {
            if let [Value::Text(sid), Value::Text(owner), Value::Blob(state)] = row.as_slice()
                && let (Ok(id), Ok(owner)) = (sid.parse::<Uuid>(), owner.parse::<Uuid>())
            {
                let known = if state.is_empty() {
                    Known::Closed
                } else {
                    open.push(SessionId(id));
                    let session = Box::new(read_state("session", sid, state)?);
                    Known::Open { owner, session, row: Row::Current }
                };
                self.sessions.insert(SessionId(id), known);
            }
            Ok(())
        })?;
        for sid in open {
            if let Some(Known::Open { session, .. }) = self.sessions.value(&sid) {
                restore_parts(reader, session)?;
            }
        }
        Ok(())
    }

    fn write_attackers(
        &mut self,
        learned: &BTreeMap<Uuid, Learned>,
        emit: &mut Emit<'_>,
    ) -> Result<(), Error> {
        let mut new = Pending::new("attackers", Conflict::Replace)?;
        let except = ATTACKER_CONSTANT;
        let mut by_key = Pending::new("attackers", Conflict::Update { except, by: By::Key })?;
        let mut by_place = Pending::new("attackers", Conflict::Update { except, by: By::Place })?;
        // In the order of the instants that they had: each change takes an entry out of an index
        // over these, and with many attackers that is where the time goes. New ones in the order
        // of their keys, for the same reason.
        let mut order = Vec::with_capacity(self.attackers.changed().len());
        for ip in self.attackers.changed().to_vec() {
            let Some(held) = self.attackers.value(&ip) else { continue };
            let instant = held.row.as_ref().map(|row| row.last_seen.clone());
            order.push((instant, held.attacker.uuid(), ip));
        }
        order.sort_unstable();
        for (_, uuid, ip) in order {
            let Some(held) = self.attackers.value(&ip) else { continue };
            if let Some(learned) = learned.get(&uuid) {
                held.attacker.learned(learned);
            }
            let row = held.attacker.row();
            match &mut held.row {
                Some(old) if old.first_seen == row.first_seen => {
                    match old.place {
                        Some(place) => by_place.add_at(&row, place, emit)?,
                        None => by_key.add(&row, emit)?,
                    }
                    old.last_seen = row.last_seen;
                }
                old => {
                    new.add(&row, emit)?;
                    let place = old.as_ref().and_then(|old| old.place);
                    let (first_seen, last_seen) = (row.first_seen, row.last_seen);
                    *old = Some(HeldRow { first_seen, last_seen, place });
                }
            }
        }
        new.flush(emit)?;
        by_key.flush(emit)?;
        by_place.flush(emit)
    }

    fn write_sessions(&mut self, emit: &mut Emit<'_>) -> Result<(), Error> {
        let mut rows = Pending::new("session", Conflict::Replace)?;
        let except = OPEN_CONSTANT;
        let mut open = Pending::new("session", Conflict::Update { except, by: By::Key })?;
        let except = SESSION_CONSTANT;
        let mut closed = Pending::new("session", Conflict::Update { except, by: By::Key })?;
        let mut profiles = Pending::new("session_profile", Conflict::Replace)?;
        let mut parts = Pending::new("keystroke", Conflict::Replace)?;
        for key in self.sessions.changed().to_vec() {
            let Some(known) = self.sessions.value(&key) else { continue };
            let Known::Open { session, row, .. } = known else { continue };
            let pending = match (*row, session.is_closed()) {
                (Row::Old, _) => &mut rows,
                (Row::Current, false) => &mut open,
                (Row::Current, true) => &mut closed,
            };
            pending.add(&session.row(), emit)?;
            *row = Row::Current;
            for part in session.new_parts() {
                parts.add(&part, emit)?;
            }
            session.mark_stored();
            if let Some(profile) = session.profile() {
                profiles.add(&profile, emit)?;
                *known = Known::Closed;
            }
        }
        rows.flush(emit)?;
        open.flush(emit)?;
        closed.flush(emit)?;
        profiles.flush(emit)?;
        parts.flush(emit)
    }
}

/// Takes up what is new about how attackers behave. These states are large and change a few times
/// in an attacker's life, so that none is kept.
fn write_behaviors(
    reader: &mut Database,
    mut changes: Vec<(Uuid, BehaviorChange)>,
    emit: &mut Emit<'_>,
) -> Result<(), Error> {
    // Those of one attacker stay in order.
    changes.sort_by_key(|(uuid, _)| *uuid);
    let mut rows = Pending::new("attacker_behavior", Conflict::Replace)?;
    let sql = "SELECT attacker_uuid, state, kex_order_raw, ssh_client_banners, tcp_fingerprint, \
               tool_guesses FROM attacker_behavior WHERE attacker_uuid IN ";
    let attackers: Vec<&[(Uuid, BehaviorChange)]> = changes.chunk_by(|a, b| a.0 == b.0).collect();
    for attackers in attackers.chunks(ASKED) {
        let keys: Vec<Uuid> =
            attackers.iter().filter_map(|one| one.first()).map(|(uuid, _)| *uuid).collect();
        let mut behaviors: BTreeMap<Uuid, Behavior> =
            keys.iter().map(|uuid| (*uuid, Behavior::new(*uuid))).collect();
        ask(reader, sql, &keys, &mut |row| {
            if let [Value::Text(uuid), Value::Blob(state), offers, banners, syns, tools] =
                row.as_slice()
                && let Ok(key) = uuid.parse()
            {
                let mut behavior: Behavior = read_state("attacker_behavior", uuid, state)?;
                behavior
                    .restore(text(offers), text(banners), text(syns), text(tools))
                    .map_err(|error| damaged("attacker_behavior", uuid, &error))?;
                behaviors.insert(key, behavior);
            }
            Ok(())
        })?;
        for (uuid, change) in attackers.iter().copied().flatten() {
            if let Some(behavior) = behaviors.get_mut(uuid) {
                behavior.apply(change);
            }
        }
        for behavior in behaviors.values() {
            rows.add(&behavior.row(), emit)?;
        }
    }
    rows.flush(emit)
}

/// The session that an event is about, where it is there, goes on, and is the attacker's.
fn open_session<'a>(
    sessions: &'a mut Cache<SessionId, Known>,
    event: &Event,
    attacker: Uuid,
) -> Option<&'a mut Session> {
    let About::Session { session: sid, fact, .. } = &event.about else { return None };
    let begins = matches!(fact, SessionFact::SessionOpened { .. });
    match sessions.get(sid) {
        Some(Known::Open { owner, row, .. }) if *owner == attacker => {
            // A second beginning: the row is no longer what it was.
            if begins {
                *row = Row::Old;
            }
        }
        None if begins => {
            let session = Box::new(Session::new(*sid));
            sessions.insert(*sid, Known::Open { owner: attacker, session, row: Row::Old });
        }
        Some(Known::Open { .. } | Known::Closed) | None => return None,
    }
    match sessions.change(sid) {
        Some(Known::Open { session, .. }) => Some(session),
        Some(Known::Closed) | None => None,
    }
}

/// The keys that the cache does not hold, each once, in order; the others stay for this round.
fn missing<K: Copy + Eq + Hash, V>(
    keys: impl Iterator<Item = K>,
    cache: &mut Cache<K, V>,
) -> Vec<K> {
    let mut seen = HashSet::new();
    let mut missing = Vec::new();
    let mut last = None;
    for key in keys {
        // Events of one peer often follow each other.
        if last == Some(key) {
            continue;
        }
        last = Some(key);
        if cache.get(&key).is_none() && seen.insert(key) {
            missing.push(key);
        }
    }
    missing
}

/// Asks for the rows of many keys.
fn ask(
    reader: &mut Database,
    sql: &str,
    keys: &[Uuid],
    each: &mut dyn FnMut(Vec<Value>) -> Result<(), Error>,
) -> Result<(), Error> {
    let many = format!("{sql}{}", placeholders(ASKED));
    for keys in keys.chunks(ASKED) {
        // A short list is filled up with its first entry: one statement to prepare, not many.
        let first = keys.first().copied().unwrap_or_default();
        let all = keys.iter().copied().chain(std::iter::repeat(first)).take(ASKED);
        let asked: Vec<Value> = all.map(|key| Value::Text(key.to_string())).collect();
        reader.each(&many, &asked, each)?;
    }
    Ok(())
}

fn read_state<T: DeserializeOwned>(table: &str, key: &str, state: &[u8]) -> Result<T, Error> {
    postcard::from_bytes(state).map_err(|error| damaged(table, key, &error))
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::Text(text) => Some(text),
        Value::Null | Value::Int(_) | Value::Real(_) | Value::Blob(_) => None,
    }
}

fn damaged(table: &str, key: &str, error: &dyn std::error::Error) -> Error {
    Error::Damaged {
        url: String::new(),
        what: format!("the state of {key} in {table}"),
        why: error.to_string(),
    }
}

fn restore_parts(reader: &mut Database, session: &mut Session) -> Result<(), Error> {
    let sql = "SELECT strokes FROM keystroke WHERE sid = ? ORDER BY part";
    let sid = Value::Text(session.sid().0.to_string());
    reader.each(sql, &[sid], &mut |row| {
        if let Some(Value::Blob(strokes)) = row.first() {
            session.restore_part(strokes);
        }
        Ok(())
    })
}

/// A table of the catalogue, by name.
fn named(name: &str) -> Result<&'static Table, Error> {
    table::table(name).ok_or_else(|| Error::Damaged {
        url: String::new(),
        what: format!("table {name}"),
        why: "not in the catalogue".into(),
    })
}

/// Rows of one table on their way, handed over in lots.
struct Pending(Lot);

impl Pending {
    fn new(name: &str, conflict: Conflict) -> Result<Self, Error> {
        Ok(Self(Lot::new(named(name)?, conflict)))
    }

    fn add<T: Serialize>(&mut self, row: &T, emit: &mut Emit<'_>) -> Result<(), Error> {
        add_row(&mut self.0, row)?;
        if self.0.len() >= HANDED { emit(self.0.take()) } else { Ok(()) }
    }

    /// Adds all of `rows`, which is empty then.
    fn drain<T: Serialize>(&mut self, rows: &mut Vec<T>, emit: &mut Emit<'_>) -> Result<(), Error> {
        rows.drain(..).try_for_each(|row| self.add(&row, emit))
    }

    /// Adds a row that is found by its place.
    fn add_at<T: Serialize>(
        &mut self,
        row: &T,
        place: i64,
        emit: &mut Emit<'_>,
    ) -> Result<(), Error> {
        self.0.place(place);
        self.add(row, emit)
    }

    fn flush(mut self, emit: &mut Emit<'_>) -> Result<(), Error> {
        emit(self.0.take())
    }
}

/// What the fold of a batch adds besides states.
struct Batch {
    out: Output,
    auth_attempts: Pending,
    ssh_keys: Pending,
    channels: Pending,
    tcp_syns: Pending,
    tcp_flows: Pending,
    tls_sessions: Pending,
    http_clients: Pending,
    http_requests: Pending,
    session_commands: Pending,
    session_typos: Pending,
    artifacts: Pending,
    credentials: Sum<profile::rows::CredentialRow>,
    fingerprints: Sum<profile::rows::FingerprintRow>,
    behavior: Vec<(Uuid, BehaviorChange)>,
}

impl Batch {
    fn new() -> Result<Self, Error> {
        Ok(Self {
            out: Output::default(),
            auth_attempts: Pending::new("auth_attempt", Conflict::Replace)?,
            ssh_keys: Pending::new("ssh_key", Conflict::Replace)?,
            channels: Pending::new("session_channel", Conflict::Replace)?,
            tcp_syns: Pending::new("tcp_syn", Conflict::Replace)?,
            tcp_flows: Pending::new("tcp_flow", Conflict::Replace)?,
            tls_sessions: Pending::new("tls_session", Conflict::Replace)?,
            http_clients: Pending::new("http_client", Conflict::Replace)?,
            http_requests: Pending::new("http_request", Conflict::Replace)?,
            session_commands: Pending::new("session_command", Conflict::Replace)?,
            session_typos: Pending::new("session_typo", Conflict::Replace)?,
            artifacts: Pending::new("artifact", Conflict::Replace)?,
            credentials: Sum::new(named("credential")?),
            fingerprints: Sum::new(named("fingerprint")?),
            behavior: Vec::new(),
        })
    }

    /// Takes over what one event gave.
    fn take(&mut self, emit: &mut Emit<'_>) -> Result<(), Error> {
        self.auth_attempts.drain(&mut self.out.auth_attempts, emit)?;
        self.ssh_keys.drain(&mut self.out.ssh_keys, emit)?;
        self.channels.drain(&mut self.out.channels, emit)?;
        self.tcp_syns.drain(&mut self.out.tcp_syns, emit)?;
        self.tcp_flows.drain(&mut self.out.tcp_flows, emit)?;
        self.tls_sessions.drain(&mut self.out.tls_sessions, emit)?;
        self.http_clients.drain(&mut self.out.http_clients, emit)?;
        self.http_requests.drain(&mut self.out.http_requests, emit)?;
        self.session_commands.drain(&mut self.out.session_commands, emit)?;
        self.session_typos.drain(&mut self.out.session_typos, emit)?;
        self.artifacts.drain(&mut self.out.artifacts, emit)?;
        self.out.credentials.drain(..).for_each(|row| self.credentials.add(row));
        self.out.fingerprints.drain(..).for_each(|row| self.fingerprints.add(row));
        self.behavior.append(&mut self.out.behavior);
        Ok(())
    }
}
