//! Questions to a store: read-only, on connections of their own, while a writer writes.
//!
//! **Invariant:** values are bound, always. States of the fold are never shown.

mod attacker;
mod log;
mod record;
mod session;

pub use attacker::AttackerFilter;
pub use log::LogFilter;
pub use record::{Child, Field, Record};
pub use session::{Keystrokes, SessionFilter};

use crate::database::{Access, Database};
use crate::dialect::Dialect;
use crate::engine::meta;
use crate::error::Error;
use crate::schema::JOURNAL_FORMAT;
use crate::url::StoreUrl;
use decnet_core::row::Value;
use decnet_core::table::{Column, Sql, TABLES, Table};

/// Rows of a list where nobody says how many.
pub const LIMIT: u32 = 50;
/// Rows of a list, at most.
pub const LIMIT_MOST: u32 = 1_000;

/// One page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Listing {
    /// Rows that the filter lets through.
    pub total: u64,
    /// Those of this page.
    pub rows: Vec<Record>,
}

/// How many rows hold a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColumnCount {
    /// The table.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    /// Rows in which it is not NULL.
    pub count: u64,
}

/// A connection that reads.
pub struct Reader {
    database: Database,
    url: StoreUrl,
}

impl Reader {
    /// Opens a store that is there.
    ///
    /// # Errors
    /// When nothing is there yet, when it is none of ours or a newer one, or when it cannot be
    /// reached.
    pub fn open(url: &StoreUrl) -> Result<Self, Error> {
        let mut database = Database::open(url, Access::Read)?;
        let tables = match url.dialect() {
            Dialect::Sqlite => "SELECT COUNT(*) FROM sqlite_master WHERE name = 'meta'",
            Dialect::Mysql => {
                "SELECT COUNT(*) FROM information_schema.tables \
                 WHERE table_schema = DATABASE() AND table_name = 'meta'"
            }
        };
        if database.number(tables, &[])? != Some(1) {
            return Err(Error::Absent { url: url.to_string() });
        }
        let meta = meta(&mut database)?;
        let held = |name: &str| meta.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
        match held("format").and_then(|format| format.parse::<u32>().ok()) {
            None => Err(Error::Absent { url: url.to_string() }),
            Some(format) if format > JOURNAL_FORMAT => Err(Error::Foreign {
                url: url.to_string(),
                why: format!("its journal is of format {format}; use a newer program"),
            }),
            Some(_) => Ok(Self { database, url: url.clone() }),
        }
    }

    /// Where the store is.
    #[must_use]
    pub fn url(&self) -> &StoreUrl {
        &self.url
    }

    pub(crate) fn database(&mut self) -> &mut Database {
        &mut self.database
    }

    pub(crate) fn damaged(&self, seq: u64, why: &impl std::fmt::Display) -> Error {
        let (url, what) = (self.url.to_string(), format!("journal event {seq}"));
        Error::Damaged { url, what, why: why.to_string() }
    }

    /// The last number in the journal, and the last one that the rows hold: they differ while rows
    /// are made anew.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn progress(&mut self) -> Result<(u64, u64), Error> {
        let head = self.database.number("SELECT MAX(seq) FROM journal", &[])?;
        let meta = meta(&mut self.database)?;
        let cursor = meta.iter().find(|(name, _)| name == "cursor");
        let cursor = cursor.and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
        Ok((head.and_then(|head| u64::try_from(head).ok()).unwrap_or(0), cursor))
    }

    /// For every column of the catalogue, in its order, the rows that hold it. One scan a table.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn audit_counts(&mut self) -> Result<Vec<ColumnCount>, Error> {
        let dialect = self.url.dialect();
        let mut counts = Vec::new();
        for table in TABLES {
            let columns: Vec<String> = table
                .columns
                .iter()
                .map(|column| format!("COUNT({})", dialect.quote(column.name)))
                .collect();
            let sql = format!("SELECT {} FROM {}", columns.join(", "), dialect.quote(table.name));
            let rows = self.database.rows(&sql, &[])?;
            let row = rows.into_iter().next().unwrap_or_default();
            for (column, value) in table.columns.iter().zip(row) {
                let count = number(Some(&value));
                counts.push(ColumnCount { table: table.name, column: column.name, count });
            }
        }
        Ok(counts)
    }

    /// How many rows of `fingerprint` there are of each kind.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn fingerprint_counts(&mut self) -> Result<Vec<(String, u64)>, Error> {
        let sql = "SELECT kind, COUNT(*) FROM fingerprint GROUP BY kind ORDER BY kind";
        let mut counts = Vec::new();
        self.database.each(sql, &[], &mut |row| {
            if let [Value::Text(kind), count] = row.as_slice() {
                counts.push((kind.clone(), number(Some(count))));
            }
            Ok(())
        })?;
        Ok(counts)
    }

    /// Every row of a table of the catalogue, in the order of its key.
    fn all(
        &mut self,
        table: &'static Table,
        condition: &str,
        values: &[Value],
        order: &str,
    ) -> Result<Vec<Record>, Error> {
        let dialect = self.url.dialect();
        let columns: Vec<&'static Column> = shown(table).collect();
        let names: Vec<String> = columns.iter().map(|column| dialect.quote(column.name)).collect();
        let sql = format!(
            "SELECT {} FROM {} WHERE {condition} ORDER BY {order}",
            names.join(", "),
            dialect.quote(table.name)
        );
        let mut records = Vec::new();
        self.database.each(&sql, values, &mut |row| {
            records.push(Record::of(columns.iter().copied(), row));
            Ok(())
        })?;
        Ok(records)
    }

    /// How many rows a condition lets through.
    fn count(&mut self, from: &str, values: &[Value]) -> Result<u64, Error> {
        let rows = self.database.rows(&format!("SELECT COUNT(*) FROM {from}"), values)?;
        Ok(number(rows.first().and_then(|row| row.first())))
    }
}

/// The columns that are anybody's business: all but the fold's own states.
fn shown(table: &'static Table) -> impl Iterator<Item = &'static Column> {
    table.columns.iter().filter(|column| column.sql != Sql::Octets)
}

fn number(value: Option<&Value>) -> u64 {
    match value {
        Some(Value::Int(number)) => u64::try_from(*number).unwrap_or(0),
        Some(Value::Null | Value::Real(_) | Value::Text(_) | Value::Blob(_)) | None => 0,
    }
}

/// Conditions that are joined by `AND`, with their values.
#[derive(Default)]
struct Conditions {
    texts: Vec<&'static str>,
    values: Vec<Value>,
}

impl Conditions {
    fn add(&mut self, text: &'static str, values: impl IntoIterator<Item = Value>) {
        self.texts.push(text);
        self.values.extend(values);
    }

    fn sql(&self) -> String {
        if self.texts.is_empty() { "1 = 1".to_owned() } else { self.texts.join(" AND ") }
    }

    /// The values of the conditions, then those of a page.
    fn with_page(&self, limit: Option<u32>, offset: u64) -> Vec<Value> {
        let limit = limit.unwrap_or(LIMIT).min(LIMIT_MOST);
        let offset = i64::try_from(offset).unwrap_or(i64::MAX);
        let page = [Value::Int(limit.into()), Value::Int(offset)];
        self.values.iter().cloned().chain(page).collect()
    }
}
