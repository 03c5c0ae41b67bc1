//! The fold's states: loaded when an event needs them, kept while there is room, written when they
//! changed.
//!
//! **Invariant:** a state in memory is the one that the store holds, plus the batch at work. When a
//! batch fails, everything here is forgotten.

use crate::cache::Cache;
use crate::database::Database;
use crate::dialect::{Conflict, placeholders};
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
const HANDED: usize = 256;
/// Bytes of states kept from batch to batch.
const ATTACKER_BYTES: usize = 16 << 20;
const SESSION_BYTES: usize = 16 << 20;
const BEHAVIOR_BYTES: usize = 4 << 20;
const TALLY_BYTES: usize = 4 << 20;

/// Takes rows that are ready to be written.
pub(crate) type Emit<'a> = dyn FnMut(Lot) -> Result<(), Error> + 'a;

/// The states in memory.
pub(crate) struct States {
    attackers: Cache<IpAddr, Held>,
    sessions: Cache<SessionId, Known>,
    behaviors: Cache<Uuid, Behavior>,
    tallies: Cache<[u8; 16], ()>,
}

/// What is known of an attacker.
struct Held {
    attacker: Attacker,
    /// What its row says; `None` where there is none yet.
    first_seen: Option<String>,
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
            behaviors: Cache::new(BEHAVIOR_BYTES),
            tallies: Cache::new(TALLY_BYTES),
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.attackers.clear();
        self.sessions.clear();
        self.behaviors.clear();
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
        let mut learned = BTreeMap::new();
        emit(batch.credentials.finish(reader, &mut self.tallies, &mut learned)?)?;
        emit(batch.fingerprints.finish(reader, &mut self.tallies, &mut learned)?)?;
        self.write_attackers(&learned, emit)?;
        self.write_sessions(emit)?;
        self.write_behaviors(reader, batch.behavior, emit)?;
        self.attackers.settle(|held| held.attacker.weight());
        self.sessions.settle(|known| match known {
            Known::Open { session, .. } => session.weight(),
            Known::Closed => 0,
        });
        self.behaviors.settle(|_| BEHAVIOR_WEIGHT);
        self.tallies.settle(|()| 0);
        Ok(())
    }

    /// Loads what the batch needs and is not here.
    fn load(&mut self, reader: &mut Database, events: &[Event]) -> Result<(), Error> {
        let attackers = missing(events.iter().filter_map(Event::attacker), &mut self.attackers);
        let keyed: BTreeMap<Uuid, IpAddr> =
            attackers.iter().map(|ip| (attacker_uuid(*ip), *ip)).collect();
        let keys: Vec<Uuid> = keyed.keys().copied().collect();
        let sql = "SELECT uuid, first_seen, state FROM attackers WHERE uuid IN ";
        ask(reader, sql, &keys, &mut |row| {
            if let [Value::Text(uuid), Value::Text(first), Value::Blob(state)] = row.as_slice() {
                let attacker: Attacker = read_state("attackers", uuid, state)?;
                let first_seen = Some(first.clone());
                self.attackers.insert(attacker.ip(), Held { attacker, first_seen });
            }
            Ok(())
        })?;
        for ip in attackers {
            if !self.attackers.contains(&ip) {
                let attacker = Attacker::new(ip);
                self.attackers.insert(ip, Held { attacker, first_seen: None });
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
        let mut seen = Pending::new("attackers", Conflict::Update { except })?;
        // In the order of their keys, so that what is near in the store is written together.
        let mut keys: Vec<(Uuid, IpAddr)> = Vec::with_capacity(self.attackers.changed().len());
        for ip in self.attackers.changed().to_vec() {
            keys.extend(self.attackers.value(&ip).map(|held| (held.attacker.uuid(), ip)));
        }
        keys.sort_unstable();
        for (uuid, ip) in keys {
            let Some(held) = self.attackers.value(&ip) else { continue };
            if let Some(learned) = learned.get(&uuid) {
                held.attacker.learned(learned);
            }
            let row = held.attacker.row();
            if held.first_seen.as_ref() == Some(&row.first_seen) {
                seen.add(&row, emit)?;
            } else {
                new.add(&row, emit)?;
                held.first_seen = Some(row.first_seen);
            }
        }
        new.flush(emit)?;
        seen.flush(emit)
    }

    fn write_sessions(&mut self, emit: &mut Emit<'_>) -> Result<(), Error> {
        let mut rows = Pending::new("session", Conflict::Replace)?;
        let except = OPEN_CONSTANT;
        let mut open = Pending::new("session", Conflict::Update { except })?;
        let except = SESSION_CONSTANT;
        let mut closed = Pending::new("session", Conflict::Update { except })?;
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

    fn write_behaviors(
        &mut self,
        reader: &mut Database,
        changes: Vec<(Uuid, BehaviorChange)>,
        emit: &mut Emit<'_>,
    ) -> Result<(), Error> {
        let mut keys = missing(changes.iter().map(|(uuid, _)| *uuid), &mut self.behaviors);
        keys.sort_unstable();
        let sql = "SELECT attacker_uuid, state FROM attacker_behavior WHERE attacker_uuid IN ";
        ask(reader, sql, &keys, &mut |row| {
            if let [Value::Text(uuid), Value::Blob(state)] = row.as_slice()
                && let Ok(key) = uuid.parse()
            {
                self.behaviors.insert(key, read_state("attacker_behavior", uuid, state)?);
            }
            Ok(())
        })?;
        for (uuid, change) in changes {
            if !self.behaviors.contains(&uuid) {
                self.behaviors.insert(uuid, Behavior::new(uuid));
            }
            if let Some(behavior) = self.behaviors.change(&uuid) {
                behavior.apply(&change);
            }
        }
        let mut rows = Pending::new("attacker_behavior", Conflict::Replace)?;
        let mut keys = self.behaviors.changed().to_vec();
        keys.sort_unstable();
        for key in keys {
            let Some(behavior) = self.behaviors.value(&key) else { continue };
            rows.add(&behavior.row(), emit)?;
        }
        rows.flush(emit)
    }
}

/// What a behaviour weighs, roughly: a banner and a KEXINIT.
const BEHAVIOR_WEIGHT: usize = 4 << 10;

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
    postcard::from_bytes(state).map_err(|error| Error::Damaged {
        url: String::new(),
        what: format!("the state of {key} in {table}"),
        why: error.to_string(),
    })
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
            credentials: Sum::new(named("credential")?),
            fingerprints: Sum::new(named("fingerprint")?),
            behavior: Vec::new(),
        })
    }

    /// Takes over what one event gave.
    fn take(&mut self, emit: &mut Emit<'_>) -> Result<(), Error> {
        for row in self.out.auth_attempts.drain(..) {
            self.auth_attempts.add(&row, emit)?;
        }
        for row in self.out.ssh_keys.drain(..) {
            self.ssh_keys.add(&row, emit)?;
        }
        for row in self.out.channels.drain(..) {
            self.channels.add(&row, emit)?;
        }
        self.out.credentials.drain(..).for_each(|row| self.credentials.add(row));
        self.out.fingerprints.drain(..).for_each(|row| self.fingerprints.add(row));
        self.behavior.append(&mut self.out.behavior);
        Ok(())
    }
}
