//! SQLite, compiled in: one file, a write-ahead log beside it.
//!
//! **Invariant:** the file is its owner's alone (0600), and so are those that SQLite puts beside it.

use super::Access;
use crate::dialect::{Conflict, Dialect, RowStatement};
use crate::error::Error;
use crate::journal::{Columns, Same};
use crate::lot;
use crate::lot::Lot;
use crate::url::StoreUrl;
use decnet_core::event::Event;
use decnet_core::row::Value;
use rusqlite::types::{ToSqlOutput, Value as Owned, ValueRef};
use rusqlite::{OpenFlags, Row, ToSql};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

/// Bytes of a page. Chosen by measurement (bench/README.md).
const PAGE_BYTES: u32 = 4_096;
/// Memory for pages of the writer, KiB.
const WRITER_CACHE_KIB: u32 = 32 << 10;
/// Memory for pages of any other connection, KiB.
const READER_CACHE_KIB: u32 = 8 << 10;
/// Pages in the write-ahead log before they are moved into the file: 256 MiB. The longer the log,
/// the more often a page that is changed again is moved once.
const CHECKPOINT_PAGES: u32 = 65_536;
/// How long a statement waits for another process that holds the file.
const BUSY: Duration = Duration::from_secs(10);
/// Prepared statements that a connection keeps.
const STATEMENTS: usize = 64;

/// A connection to a file.
pub(crate) struct Connection {
    inner: rusqlite::Connection,
    url: StoreUrl,
}

/// A value as SQLite binds it.
struct Bound<'a>(&'a Value);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self.0 {
            Value::Null => ToSqlOutput::Owned(Owned::Null),
            Value::Int(number) => ToSqlOutput::Owned(Owned::Integer(*number)),
            Value::Real(number) => ToSqlOutput::Owned(Owned::Real(*number)),
            Value::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Value::Blob(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
        })
    }
}

/// A value of a lot as SQLite binds it.
struct Parameter<'a>(lot::Bound<'a>);

impl ToSql for Parameter<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self.0 {
            lot::Bound::Null => ToSqlOutput::Owned(Owned::Null),
            lot::Bound::Int(number) => ToSqlOutput::Owned(Owned::Integer(number)),
            lot::Bound::Real(number) => ToSqlOutput::Owned(Owned::Real(number)),
            lot::Bound::Text(bytes) => ToSqlOutput::Borrowed(ValueRef::Text(bytes)),
            lot::Bound::Blob(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
        })
    }
}

impl Connection {
    pub(super) fn open(url: &StoreUrl, path: &Path, access: Access) -> Result<Self, Error> {
        let fault = |source| Error::Sqlite { url: url.to_string(), source };
        let flags = match access {
            Access::Write => {
                make(path)?;
                OpenFlags::SQLITE_OPEN_READ_WRITE
            }
            Access::Read => {
                if !path.exists() {
                    return Err(Error::Absent { url: url.to_string() });
                }
                OpenFlags::SQLITE_OPEN_READ_ONLY
            }
        };
        let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let inner = rusqlite::Connection::open_with_flags(path, flags).map_err(fault)?;
        inner.busy_timeout(BUSY).map_err(fault)?;
        inner.set_prepared_statement_cache_capacity(STATEMENTS);
        let settings = match access {
            Access::Write => format!(
                "PRAGMA page_size = {PAGE_BYTES}; PRAGMA journal_mode = WAL; \
                 PRAGMA synchronous = NORMAL; PRAGMA cache_size = -{WRITER_CACHE_KIB}; \
                 PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}; \
                 PRAGMA temp_store = MEMORY;"
            ),
            Access::Read => format!("PRAGMA cache_size = -{READER_CACHE_KIB};"),
        };
        inner.execute_batch(&settings).map_err(fault)?;
        Ok(Self { inner, url: url.clone() })
    }

    fn fault(&self, source: rusqlite::Error) -> Error {
        Error::Sqlite { url: self.url.to_string(), source }
    }

    pub(super) fn run(&mut self, sql: &str) -> Result<(), Error> {
        self.inner.execute_batch(sql).map_err(|source| self.fault(source))
    }

    pub(super) fn execute(&mut self, sql: &str, values: &[Value]) -> Result<(), Error> {
        let mut statement = self.inner.prepare_cached(sql).map_err(|source| self.fault(source))?;
        let bound = rusqlite::params_from_iter(values.iter().map(Bound));
        statement.execute(bound).map(|_| ()).map_err(|source| self.fault(source))
    }

    pub(super) fn each(
        &mut self,
        sql: &str,
        values: &[Value],
        each: &mut dyn FnMut(Vec<Value>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut statement = self.inner.prepare_cached(sql).map_err(|source| self.fault(source))?;
        let width = statement.column_count();
        let bound = rusqlite::params_from_iter(values.iter().map(Bound));
        let mut rows = statement.query(bound).map_err(|source| self.fault(source))?;
        while let Some(row) = rows.next().map_err(|source| self.fault(source))? {
            each(values_of(row, width).map_err(|source| self.fault(source))?)?;
        }
        Ok(())
    }

    pub(super) fn write(&mut self, lot: &Lot) -> Result<(), Error> {
        let sql = match lot.conflict {
            Conflict::Update { except, by } => Dialect::Sqlite.update(lot.table, except, by),
            Conflict::Replace | Conflict::AddUp => {
                Dialect::Sqlite.write(lot.table, lot.conflict).text(1)
            }
        };
        let fault = |source| Error::Sqlite { url: self.url.to_string(), source };
        let mut statement = self.inner.prepare_cached(&sql).map_err(fault)?;
        let mut places = lot.places().iter();
        for row in lot.rows() {
            for (n, value) in (1..).zip(row) {
                statement.raw_bind_parameter(n, Parameter(value)).map_err(fault)?;
            }
            if let Some(place) = places.next() {
                statement.raw_bind_parameter(lot.width() + 1, *place).map_err(fault)?;
            }
            let changed = statement.raw_execute().map_err(fault)?;
            if changed != 1 {
                let what = format!("a row of {}", lot.table.name);
                let why = "it is not where it was; it will be looked for again".to_owned();
                return Err(Error::Damaged { url: self.url.to_string(), what, why });
            }
        }
        Ok(())
    }

    pub(super) fn append(
        &mut self,
        statement: &RowStatement,
        first: u64,
        events: &[Event],
    ) -> Result<(), Error> {
        let fault = |source| Error::Sqlite { url: self.url.to_string(), source };
        let mut prepared = self.inner.prepare_cached(&statement.text(1)).map_err(fault)?;
        let mut columns = Columns::default();
        for (seq, event) in (first..).zip(events) {
            let row = columns.fill(seq, event);
            let p = &mut prepared;
            p.raw_bind_parameter(1, row.seq).map_err(fault)?;
            p.raw_bind_parameter(2, row.at_ns).map_err(fault)?;
            p.raw_bind_parameter(11, row.kind).map_err(fault)?;
            p.raw_bind_parameter(12, row.fact).map_err(fault)?;
            p.raw_bind_parameter(10, row.session).map_err(fault)?;
            // What is bound stays, and events of one connection often follow each other.
            if row.origin == Same::No {
                p.raw_bind_parameter(3, row.decky).map_err(fault)?;
                p.raw_bind_parameter(4, row.service).map_err(fault)?;
                p.raw_bind_parameter(5, row.connection).map_err(fault)?;
                p.raw_bind_parameter(6, row.src).map_err(fault)?;
                p.raw_bind_parameter(7, row.src_port).map_err(fault)?;
                p.raw_bind_parameter(8, row.dst).map_err(fault)?;
                p.raw_bind_parameter(9, row.dst_port).map_err(fault)?;
            }
            p.raw_execute().map_err(fault)?;
        }
        Ok(())
    }
}

/// Makes an empty file for its owner alone, with the folders above it, if none is there.
fn make(path: &Path) -> Result<(), Error> {
    let fault = |source| Error::File { path: path.to_owned(), source };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(fault)?;
    }
    // Only if it is not there: to close a file takes away the locks that other connections of this
    // process have on it.
    let mut options = std::fs::OpenOptions::new();
    match options.write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(fault(error)),
    }
}

fn values_of(row: &Row<'_>, width: usize) -> rusqlite::Result<Vec<Value>> {
    (0..width)
        .map(|n| {
            Ok(match row.get_ref(n)? {
                ValueRef::Null => Value::Null,
                ValueRef::Integer(number) => Value::Int(number),
                ValueRef::Real(number) => Value::Real(number),
                ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
                ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
            })
        })
        .collect()
}
