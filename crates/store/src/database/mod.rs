//! One connection to either store: statements with `?`, values bound, the same SQL text.
//!
//! **Invariant:** nothing outside of this folder knows which client library is at work.

mod mysql;
mod sqlite;

use crate::dialect::{Dialect, RowStatement};
use crate::error::Error;
use crate::lot::Lot;
use crate::url::StoreUrl;
use decnet_core::event::Event;
use decnet_core::row::Value;

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// The one that writes; makes what is not there.
    Write,
    /// Any other.
    Read,
}

/// A connection to a store.
pub(crate) enum Database {
    /// SQLite.
    Sqlite(sqlite::Connection),
    /// MySQL or MariaDB.
    Mysql(Box<mysql::Connection>),
}

impl Database {
    /// Connects.
    pub(crate) fn open(url: &StoreUrl, access: Access) -> Result<Self, Error> {
        match url {
            StoreUrl::Sqlite(path) => sqlite::Connection::open(url, path, access).map(Self::Sqlite),
            StoreUrl::Mysql(address) => mysql::Connection::open(url, address)
                .map(|connection| Self::Mysql(Box::new(connection))),
        }
    }

    pub(crate) fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Mysql(_) => Dialect::Mysql,
        }
    }

    /// Runs one statement that returns nothing.
    pub(crate) fn execute(&mut self, sql: &str, values: &[Value]) -> Result<(), Error> {
        match self {
            Self::Sqlite(connection) => connection.execute(sql, values),
            Self::Mysql(connection) => connection.execute(sql, values),
        }
    }

    /// Runs statements without values, as they are: schema, transactions.
    pub(crate) fn run(&mut self, sql: &str) -> Result<(), Error> {
        match self {
            Self::Sqlite(connection) => connection.run(sql),
            Self::Mysql(connection) => connection.run(sql),
        }
    }

    /// Calls `each` with every row of the answer.
    pub(crate) fn each(
        &mut self,
        sql: &str,
        values: &[Value],
        each: &mut dyn FnMut(Vec<Value>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        match self {
            Self::Sqlite(connection) => connection.each(sql, values, each),
            Self::Mysql(connection) => connection.each(sql, values, each),
        }
    }

    /// All rows of the answer.
    pub(crate) fn rows(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Vec<Value>>, Error> {
        let mut rows = Vec::new();
        self.each(sql, values, &mut |row| {
            rows.push(row);
            Ok(())
        })?;
        Ok(rows)
    }

    /// The first value of the first row; `None` where it is NULL or there is no row.
    pub(crate) fn number(&mut self, sql: &str, values: &[Value]) -> Result<Option<i64>, Error> {
        let rows = self.rows(sql, values)?;
        Ok(match rows.first().and_then(|row| row.first()) {
            Some(Value::Int(number)) => Some(*number),
            Some(Value::Null | Value::Real(_) | Value::Text(_) | Value::Blob(_)) | None => None,
        })
    }

    /// Writes rows of a profile table.
    pub(crate) fn write(&mut self, lot: &Lot) -> Result<(), Error> {
        if lot.len() == 0 {
            return Ok(());
        }
        match self {
            Self::Sqlite(connection) => connection.write(lot),
            Self::Mysql(connection) => connection.write(lot),
        }
    }

    /// Appends events to the journal, numbered from `first`.
    pub(crate) fn append(
        &mut self,
        statement: &RowStatement,
        first: u64,
        events: &[Event],
    ) -> Result<(), Error> {
        match self {
            Self::Sqlite(connection) => connection.append(statement, first, events),
            Self::Mysql(connection) => connection.append(statement, first, events),
        }
    }
}
