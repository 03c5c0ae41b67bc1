//! MySQL and MariaDB over their wire protocol.
//!
//! **Invariant:** one message never grows near the server's smallest usual `max_allowed_packet`
//! unless a single value does.

use crate::dialect::{Dialect, RowStatement};
use crate::error::Error;
use crate::journal::Columns;
use crate::lot::{Bound, Lot};
use crate::url::StoreUrl;
use decnet_core::event::Event;
use decnet_core::row::Value;
use mysql::consts::ColumnFlags;
use mysql::prelude::Queryable;
use mysql::{Conn, Opts, OptsBuilder, Params, Row, Value as Wire};
use std::time::Duration;

/// Rows of one statement, the largest first; each size is a prepared statement of its own.
const SIZES: &[usize] = &[256, 32, 8, 1];
/// Bytes of values in one statement.
const STATEMENT_BYTES: usize = 2 << 20;
/// How long to wait for a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// How long to wait for an answer: the longest statement is an index over a large journal.
const ANSWER: Duration = Duration::from_secs(600);
/// Prepared statements that a connection keeps.
const STATEMENTS: usize = 128;
/// The number of the character set of bytes that are no text.
const BINARY: u16 = 63;

/// A connection to a server.
pub(crate) struct Connection {
    inner: Conn,
    url: StoreUrl,
}

impl Connection {
    pub(super) fn open(url: &StoreUrl, address: &str) -> Result<Self, Error> {
        let opts = Opts::from_url(address)
            .map_err(|_| Error::Url { text: url.to_string(), why: "not an address" })?;
        let opts = OptsBuilder::from_opts(opts)
            .tcp_connect_timeout(Some(CONNECT))
            .read_timeout(Some(ANSWER))
            .write_timeout(Some(ANSWER))
            .tcp_nodelay(true)
            .prefer_socket(false)
            .stmt_cache_size(STATEMENTS)
            .init(vec![
                "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'".to_owned(),
                "SET NAMES utf8mb4 COLLATE utf8mb4_bin".to_owned(),
            ]);
        let inner = Conn::new(opts)
            .map_err(|source| Error::Mysql { url: url.to_string(), source: Box::new(source) })?;
        Ok(Self { inner, url: url.clone() })
    }

    pub(super) fn run(&mut self, sql: &str) -> Result<(), Error> {
        let answer = self.inner.query_drop(sql);
        answer.map_err(|source| fault(&self.url, source))
    }

    pub(super) fn execute(&mut self, sql: &str, values: &[Value]) -> Result<(), Error> {
        let answer = self.inner.exec_drop(sql, params(values));
        answer.map_err(|source| fault(&self.url, source))
    }

    pub(super) fn each(
        &mut self,
        sql: &str,
        values: &[Value],
        each: &mut dyn FnMut(Vec<Value>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let rows = self.inner.exec_iter(sql, params(values));
        for row in rows.map_err(|source| fault(&self.url, source))? {
            each(values_of(row.map_err(|source| fault(&self.url, source))?))?;
        }
        Ok(())
    }

    pub(super) fn write(&mut self, lot: &Lot) -> Result<(), Error> {
        let statement = Dialect::Mysql.write(lot.table, lot.conflict);
        let mut waiting: Vec<Vec<Wire>> = Vec::new();
        let mut bytes = 0;
        for row in lot.rows() {
            let row: Vec<Bound<'_>> = row.collect();
            bytes += row.iter().map(Bound::size).sum::<usize>();
            waiting.push(row.into_iter().map(wire_of).collect());
            if is_full(&waiting, bytes) {
                self.send_all(&statement, &mut waiting)?;
                bytes = 0;
            }
        }
        self.send_all(&statement, &mut waiting)
    }

    pub(super) fn append(
        &mut self,
        statement: &RowStatement,
        first: u64,
        events: &[Event],
    ) -> Result<(), Error> {
        let mut columns = Columns::default();
        let mut waiting: Vec<Vec<Wire>> = Vec::new();
        let mut bytes = 0;
        for (seq, event) in (first..).zip(events) {
            let row = columns.fill(seq, event);
            bytes += row.fact.len() + 256;
            waiting.push(vec![
                row.seq.into(),
                row.at_ns.into(),
                row.decky.into(),
                row.service.into(),
                row.connection.into(),
                row.src.into(),
                row.src_port.into(),
                row.dst.into(),
                row.dst_port.into(),
                row.session.into(),
                row.kind.into(),
                row.fact.into(),
            ]);
            if bytes >= STATEMENT_BYTES || SIZES.first().is_some_and(|most| waiting.len() >= *most)
            {
                self.send_all(statement, &mut waiting)?;
                bytes = 0;
            }
        }
        self.send_all(statement, &mut waiting)
    }

    fn send_all(
        &mut self,
        statement: &RowStatement,
        waiting: &mut Vec<Vec<Wire>>,
    ) -> Result<(), Error> {
        while !waiting.is_empty() {
            let ready = waiting.len();
            let fitting = SIZES.iter().copied().find(|size| *size <= ready).unwrap_or(1);
            let values = waiting.drain(..fitting).flatten().collect();
            self.send(statement, fitting, values)?;
        }
        Ok(())
    }

    fn send(
        &mut self,
        statement: &RowStatement,
        rows: usize,
        values: Vec<Wire>,
    ) -> Result<(), Error> {
        debug_assert_eq!(values.len(), rows * statement.width);
        let answer = self.inner.exec_drop(statement.text(rows), Params::Positional(values));
        answer.map_err(|source| fault(&self.url, source))
    }
}

fn fault(url: &StoreUrl, source: mysql::Error) -> Error {
    Error::Mysql { url: url.to_string(), source: Box::new(source) }
}

/// Whether the next row waits for the next statement.
fn is_full(waiting: &[Vec<Wire>], bytes: usize) -> bool {
    bytes >= STATEMENT_BYTES || SIZES.first().is_some_and(|most| waiting.len() >= *most)
}

fn wire_of(bound: Bound<'_>) -> Wire {
    match bound {
        Bound::Null => Wire::NULL,
        Bound::Int(number) => Wire::Int(number),
        Bound::Real(number) => Wire::Double(number),
        Bound::Text(bytes) | Bound::Blob(bytes) => Wire::Bytes(bytes.to_vec()),
    }
}

fn params(values: &[Value]) -> Params {
    if values.is_empty() {
        Params::Empty
    } else {
        Params::Positional(values.iter().map(wire).collect())
    }
}

fn wire(value: &Value) -> Wire {
    match value {
        Value::Null => Wire::NULL,
        Value::Int(number) => Wire::Int(*number),
        Value::Real(number) => Wire::Double(*number),
        Value::Text(text) => Wire::Bytes(text.clone().into_bytes()),
        Value::Blob(bytes) => Wire::Bytes(bytes.clone()),
    }
}

fn values_of(row: Row) -> Vec<Value> {
    let columns = row.columns();
    let values = row.unwrap().into_iter().zip(columns.iter());
    values
        .map(|(value, column)| match value {
            Wire::NULL => Value::Null,
            Wire::Int(number) => Value::Int(number),
            Wire::UInt(number) => Value::Int(i64::try_from(number).unwrap_or(i64::MAX)),
            Wire::Float(number) => Value::Real(number.into()),
            Wire::Double(number) => Value::Real(number),
            Wire::Bytes(bytes) if is_text(column) => {
                Value::Text(String::from_utf8_lossy(&bytes).into_owned())
            }
            Wire::Bytes(bytes) => Value::Blob(bytes),
            // No column of ours has a type of instants.
            Wire::Date(..) | Wire::Time(..) => Value::Null,
        })
        .collect()
}

fn is_text(column: &mysql::Column) -> bool {
    column.character_set() != BINARY || column.flags().contains(ColumnFlags::NUM_FLAG)
}
