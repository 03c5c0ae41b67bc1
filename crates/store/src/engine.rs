//! The one writer: journal, fold, rows and cursor of a batch in one transaction.
//!
//! **Invariant:** an event is in the journal and in every row that it changes, or in neither,
//! whatever is killed when. After an error the batch is still the caller's, and what was in memory
//! is forgotten.

use crate::backlog;
use crate::database::{Access, Database};
use crate::dialect::RowStatement;
use crate::error::Error;
use crate::journal::{self, CHUNK};
use crate::lock;
use crate::lot::Lot;
use crate::schema::{self, JOURNAL_FORMAT, VIEWS};
use crate::states::{Emit, States};
use crate::url::StoreUrl;
use decnet_core::event::Event;
use decnet_core::profile::FOLD_VERSION;
use decnet_core::row::Value;
use decnet_core::table::TABLES;
use std::fs::File;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use uuid::Uuid;

/// From how many events on a second thread writes while this one folds.
const PARALLEL: usize = 512;
/// Lots of rows between the two threads.
const LOTS: usize = 8;

/// The one writer of a store.
pub struct Engine {
    url: StoreUrl,
    /// Held as long as this lives; where the store is a server, its connection holds the lock.
    _lock: Option<File>,
    connections: Option<Connections>,
    states: States,
    append: RowStatement,
    /// The last number in the journal.
    head: u64,
    /// The numbers of a batch of which nobody knows whether it was committed.
    uncertain: Option<Committed>,
}

struct Connections {
    /// Sees what was committed, and nothing of the batch at work. Closed first: SQLite merges its
    /// log into the database when the last connection closes, and a reader may not.
    reader: Database,
    writer: Database,
}

/// The numbers that a batch was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Committed {
    /// Of the first event.
    pub first_seq: u64,
    /// Of the last event; one less than the first where the batch was empty.
    pub last_seq: u64,
}

/// How far a replay of the journal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Events folded.
    pub done: u64,
    /// Events in the journal.
    pub total: u64,
}

impl Engine {
    /// Opens a store for writing, and makes it where there is none. Folds what an earlier run did
    /// not, or everything anew where rows were made by another version of the fold.
    ///
    /// # Errors
    /// When another process writes into it, when it is none of ours or a newer one, or when it
    /// cannot be reached.
    pub fn open(url: &StoreUrl) -> Result<Self, Error> {
        Self::open_with(url, &mut |_| {})
    }

    /// As [`Engine::open`]; tells how far a replay is.
    ///
    /// # Errors
    /// As [`Engine::open`].
    pub fn open_with(url: &StoreUrl, progress: &mut dyn FnMut(Progress)) -> Result<Self, Error> {
        let lock = url.path().map(|path| lock::of_file(url, path)).transpose()?;
        let mut engine = Self {
            url: url.clone(),
            _lock: lock,
            connections: None,
            states: States::new(),
            append: journal::statement(url.dialect()),
            head: 0,
            uncertain: None,
        };
        engine.connect()?;
        let current = engine.prepare()?;
        if current {
            engine.catch_up(progress)?;
        } else {
            engine.rebuild(progress)?;
        }
        Ok(engine)
    }

    /// Where the store is.
    #[must_use]
    pub fn url(&self) -> &StoreUrl {
        &self.url
    }

    /// The last number in the journal; 0 where it is empty.
    #[must_use]
    pub fn head(&self) -> u64 {
        self.head
    }

    /// Appends a batch, folds it and writes the rows that it changes, in one transaction.
    ///
    /// # Errors
    /// Then nothing of the batch is in the store, or, where the connection broke at the very end,
    /// all of it is. Either way the caller gives the same batch again, and it will be there once.
    pub fn commit(&mut self, events: &[Event]) -> Result<Committed, Error> {
        if self.connections.is_none() {
            self.connect()?;
            if let Some(committed) = self.was_committed(events)? {
                return Ok(committed);
            }
        }
        let first_seq = self.head + 1;
        let last_seq = self.head + events.len() as u64;
        let committed = Committed { first_seq, last_seq };
        if events.is_empty() {
            return Ok(committed);
        }
        match self.attempt(Append::Yes, first_seq, events) {
            Ok(()) => {
                self.head = last_seq;
                Ok(committed)
            }
            Err(error) => {
                self.uncertain = Some(committed);
                Err(self.forget(error))
            }
        }
    }

    /// Drops every profile table and makes it anew from the journal.
    ///
    /// # Errors
    /// When the store refuses; the next start goes on where this one stopped.
    pub fn rebuild(&mut self, progress: &mut dyn FnMut(Progress)) -> Result<(), Error> {
        let made = self.drop_profile();
        made.map_err(|error| self.forget(error))?;
        self.states.clear();
        self.catch_up(progress)
    }

    /// What has to be said about sessions that nobody saw the end of, since the program was
    /// killed: a `SessionClosed` for each, and a `ConnectionClosed` where that is missing too, each
    /// with the instant of the last thing that was seen. To be committed before anything else.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn abandoned_sessions(&mut self) -> Result<Vec<Event>, Error> {
        let head = self.head;
        backlog::abandoned(&mut self.connections()?.reader, head)
    }

    /// An error after which nothing in memory is trusted.
    fn forget(&mut self, error: Error) -> Error {
        self.states.clear();
        if let Some(mut connections) = self.connections.take() {
            // Closing would do the same; a server that is slow to notice would keep the locks.
            let _ = connections.writer.run("ROLLBACK");
        }
        self.named(error)
    }

    /// Errors from below do not always know which store they are about.
    fn named(&self, mut error: Error) -> Error {
        if let Error::Damaged { url, .. } = &mut error
            && url.is_empty()
        {
            *url = self.url.to_string();
        }
        error
    }

    fn connections(&mut self) -> Result<&mut Connections, Error> {
        if self.connections.is_none() {
            self.connect()?;
        }
        let url = &self.url;
        self.connections.as_mut().ok_or_else(|| Error::Absent { url: url.to_string() })
    }

    fn connect(&mut self) -> Result<(), Error> {
        let mut writer = Database::open(&self.url, Access::Write)?;
        if matches!(self.url, StoreUrl::Mysql(_)) {
            lock::of_server(&self.url, &mut writer)?;
        }
        refuse_foreign(&self.url, &mut writer)?;
        for statement in schema::lasting(self.url.dialect()) {
            writer.run(&statement)?;
        }
        self.head = number(writer.number("SELECT MAX(seq) FROM journal", &[])?);
        let reader = Database::open(&self.url, Access::Read)?;
        self.connections = Some(Connections { reader, writer });
        Ok(())
    }

    /// Whether the batch of which nobody knew is in the journal, its end being that of `events`.
    fn was_committed(&mut self, events: &[Event]) -> Result<Option<Committed>, Error> {
        let head = self.head;
        let Some(uncertain) = self.uncertain.take().filter(|batch| batch.last_seq == head) else {
            return Ok(None);
        };
        let last = journal::read(&mut self.connections()?.reader, head, 1)?;
        let same = last.first().map(|(_, event)| event) == events.last();
        let length = (uncertain.last_seq + 1).saturating_sub(uncertain.first_seq);
        Ok((same && length == events.len() as u64).then_some(uncertain))
    }

    /// Checks versions; says whether the profile tables are those of this program.
    fn prepare(&mut self) -> Result<bool, Error> {
        let url = self.url.to_string();
        let expected = [
            ("format", JOURNAL_FORMAT.to_string()),
            ("fold", FOLD_VERSION.to_string()),
            ("schema", schema_id(&self.url)),
        ];
        let writer = &mut self.connections()?.writer;
        let found = meta(writer)?;
        let held = |name: &str| found.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
        if let Some(format) = held("format").and_then(|format| format.parse::<u32>().ok())
            && format > JOURNAL_FORMAT
        {
            let why = format!(
                "its journal is of format {format}, and this program knows {JOURNAL_FORMAT}; use a newer one"
            );
            return Err(Error::Foreign { url, why });
        }
        Ok(expected.iter().all(|(name, value)| held(name) == Some(value)))
    }

    fn drop_profile(&mut self) -> Result<(), Error> {
        let dialect = self.url.dialect();
        let id = schema_id(&self.url);
        let writer = &mut self.connections()?.writer;
        // MySQL ends a transaction at each of these, so the versions are taken away first and come
        // back last: whoever is killed in between starts again.
        writer.run(begin(writer))?;
        for name in ["fold", "schema", "cursor"] {
            writer.execute("DELETE FROM meta WHERE name = ?", &[Value::Text(name.into())])?;
        }
        writer.run("COMMIT")?;
        writer.run(begin(writer))?;
        for view in VIEWS {
            writer.run(&format!("DROP VIEW IF EXISTS {view}"))?;
        }
        for table in TABLES {
            writer.run(&format!("DROP TABLE IF EXISTS {}", dialect.quote(table.name)))?;
        }
        for statement in schema::profile(dialect).iter().chain(&schema::views(dialect)) {
            writer.run(statement)?;
        }
        let versions = [
            ("format", JOURNAL_FORMAT.to_string()),
            ("fold", FOLD_VERSION.to_string()),
            ("schema", id),
            ("cursor", "0".to_owned()),
        ];
        for (name, value) in versions {
            let name = Value::Text(name.into());
            writer.execute("DELETE FROM meta WHERE name = ?", std::slice::from_ref(&name))?;
            writer.execute(
                "INSERT INTO meta (name, value) VALUES (?, ?)",
                &[name, Value::Text(value)],
            )?;
        }
        writer.run("COMMIT")
    }

    /// Folds what is in the journal and not in the rows.
    fn catch_up(&mut self, progress: &mut dyn FnMut(Progress)) -> Result<(), Error> {
        let total = self.head;
        let found = meta(&mut self.connections()?.writer)?;
        let cursor = found.iter().find(|(name, _)| name == "cursor");
        let mut done = cursor.and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
        while done < total {
            progress(Progress { done, total });
            let events = journal::read(&mut self.connections()?.reader, done + 1, CHUNK)
                .map_err(|error| self.named(error))?;
            let (Some((first, _)), Some((last, _))) = (events.first(), events.last()) else {
                break;
            };
            let (first, last) = (*first, *last);
            let events: Vec<Event> = events.into_iter().map(|(_, event)| event).collect();
            self.attempt(Append::No, first, &events).map_err(|error| self.forget(error))?;
            done = last;
        }
        progress(Progress { done: total, total });
        Ok(())
    }

    /// One transaction.
    fn attempt(&mut self, append: Append, first: u64, events: &[Event]) -> Result<(), Error> {
        let statement = match append {
            Append::Yes => Some(&self.append),
            Append::No => None,
        };
        let last = first + events.len() as u64 - 1;
        let url = &self.url;
        let connections = self.connections.as_mut();
        let Connections { reader, writer } =
            connections.ok_or_else(|| Error::Absent { url: url.to_string() })?;
        let states = &mut self.states;
        writer.run(begin(writer))?;
        if events.len() < PARALLEL {
            if let Some(statement) = statement {
                writer.append(statement, first, events)?;
            }
            states.fold(reader, first, events, &mut |lot| writer.write(&lot))?;
        } else {
            in_parallel(writer, statement, first, events, |emit| {
                states.fold(reader, first, events, emit)
            })?;
        }
        let values = [Value::Text(last.to_string())];
        writer.execute("UPDATE meta SET value = ? WHERE name = 'cursor'", &values)?;
        writer.run("COMMIT")
    }
}

/// Whether the events are to be appended, or are in the journal already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Append {
    Yes,
    No,
}

/// Appends and writes rows on a second thread, in order, while `fold` makes them on this one.
fn in_parallel(
    writer: &mut Database,
    statement: Option<&RowStatement>,
    first: u64,
    events: &[Event],
    fold: impl FnOnce(&mut Emit<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    thread::scope(|scope| {
        let (sender, receiver): (_, Receiver<Lot>) = sync_channel(LOTS);
        let write = move || -> Result<(), Error> {
            if let Some(statement) = statement {
                writer.append(statement, first, events)?;
            }
            receiver.iter().try_for_each(|lot| writer.write(&lot))
        };
        let writing = thread::Builder::new().name("journal".into()).spawn_scoped(scope, write);
        let writing = writing
            .map_err(|source| Error::File { path: "the journal's thread".into(), source })?;
        // Where the writer has given up, its error is the one that counts.
        let folded = fold(&mut |lot| match sender.send(lot) {
            Ok(()) => Ok(()),
            Err(_) => Err(Error::Absent { url: String::new() }),
        });
        drop(sender);
        match writing.join() {
            Ok(written) => written.and(folded),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

fn begin(database: &Database) -> &'static str {
    match database {
        // The write lock at once: a transaction that has read cannot always get it later.
        Database::Sqlite(_) => "BEGIN IMMEDIATE",
        Database::Mysql(_) => "START TRANSACTION",
    }
}

fn number(value: Option<i64>) -> u64 {
    value.and_then(|value| u64::try_from(value).ok()).unwrap_or(0)
}

/// What the store knows about itself.
pub(crate) fn meta(database: &mut Database) -> Result<Vec<(String, String)>, Error> {
    let rows = database.rows("SELECT name, value FROM meta", &[])?;
    let pairs = rows.into_iter().filter_map(|row| match <[Value; 2]>::try_from(row) {
        Ok([Value::Text(name), Value::Text(value)]) => Some((name, value)),
        Ok(_) | Err(_) => None,
    });
    Ok(pairs.collect())
}

/// A name for the profile tables as they are now: another catalogue has another.
fn schema_id(url: &StoreUrl) -> String {
    let text = schema::schema(url.dialect());
    Uuid::new_v5(&Uuid::NAMESPACE_URL, text.as_bytes()).to_string()
}

/// Refuses a database that holds tables and no journal: it is somebody else's.
fn refuse_foreign(url: &StoreUrl, database: &mut Database) -> Result<(), Error> {
    let sql = match database {
        Database::Sqlite(_) => "SELECT name FROM sqlite_master WHERE type = 'table'",
        Database::Mysql(_) => {
            "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"
        }
    };
    let names = database.rows(sql, &[])?;
    let is = |row: &Vec<Value>, name: &str| row.first() == Some(&Value::Text(name.to_owned()));
    // The journal is the first table to be made.
    if names.is_empty() || names.iter().any(|row| is(row, "journal")) {
        return Ok(());
    }
    let why =
        "it holds tables and no journal of ours; give the sensor a database of its own".into();
    Err(Error::Foreign { url: url.to_string(), why })
}

#[cfg(test)]
mod tests {
    use super::*;
    use decnet_core::event::{About, SensorFact, Timestamp};

    fn lost(count: u64) -> Event {
        Event { at: Timestamp(1), about: About::Sensor(SensorFact::Lost { count }) }
    }

    /// The answer to COMMIT never came: the batch is in the journal, and the caller has an error.
    #[test]
    fn a_batch_whose_commit_was_not_answered_is_there_once() {
        let folder = tempfile::TempDir::new().unwrap();
        let mut engine = Engine::open(&StoreUrl::Sqlite(folder.path().join("a.db"))).unwrap();
        let batch = [lost(1), lost(2)];
        let committed = engine.commit(&batch).unwrap();
        engine.uncertain = Some(committed);
        engine.forget(Error::Absent { url: String::new() });
        assert_eq!(engine.commit(&batch).unwrap(), committed);
        assert_eq!(engine.head(), 2);
        // The same, but nothing of the batch arrived.
        engine.uncertain = Some(Committed { first_seq: 3, last_seq: 4 });
        engine.forget(Error::Absent { url: String::new() });
        assert_eq!(engine.commit(&[lost(3), lost(4)]).unwrap().first_seq, 3);
        assert_eq!(engine.head(), 4);
    }
}
