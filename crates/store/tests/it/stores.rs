//! Stores to test with: SQLite always, MySQL or MariaDB where `DECNET_TEST_MYSQL` names a server.

use decnet_core::row::hex;
use decnet_core::table::{Sql, TABLES};
use decnet_store::{Dialect, StoreUrl};
use mysql::prelude::Queryable;
use std::path::Path;
use tempfile::TempDir;
use uuid::Uuid;

/// A store of its own for one test; gone with it.
pub(crate) struct TestStore {
    pub(crate) url: StoreUrl,
    folder: TempDir,
    server: Option<(String, String)>,
}

impl TestStore {
    pub(crate) fn sqlite() -> Self {
        let folder = TempDir::new().unwrap();
        let url = StoreUrl::Sqlite(folder.path().join("decnet.db"));
        Self { url, folder, server: None }
    }

    /// A database on the server that the environment names.
    pub(crate) fn mysql() -> Option<Self> {
        let address = std::env::var("DECNET_TEST_MYSQL").ok()?;
        let opts = mysql::Opts::from_url(&address).unwrap();
        let prefix = opts.get_db_name().unwrap_or("decnet_test").to_owned();
        let name = format!("{prefix}_{}", Uuid::new_v4().simple());
        let (scheme, rest) = address.split_once("://").unwrap();
        let host = rest.split(['/', '?']).next().unwrap();
        let server = format!("{scheme}://{host}/");
        connect(&server).query_drop(format!("CREATE DATABASE {name}")).unwrap();
        Some(Self {
            url: StoreUrl::parse(&format!("{server}{name}")).unwrap(),
            folder: TempDir::new().unwrap(),
            server: Some((server, name)),
        })
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A connection to the server, in no database.
    pub(crate) fn server(&self) -> Option<mysql::Conn> {
        self.server.as_ref().map(|(server, _)| connect(server))
    }

    pub(crate) fn database(&self) -> Option<&str> {
        self.server.as_ref().map(|(_, name)| name.as_str())
    }

    /// What a child process is told.
    pub(crate) fn address(&self) -> String {
        match (&self.url, &self.server) {
            (_, Some((server, name))) => format!("{server}{name}"),
            (url, None) => url.to_string(),
        }
    }
}

impl Drop for TestStore {
    fn drop(&mut self) {
        if let Some((server, name)) = &self.server {
            let _ = connect(server).query_drop(format!("DROP DATABASE IF EXISTS {name}"));
        }
    }
}

fn connect(server: &str) -> mysql::Conn {
    // Over TCP as the store does: over its socket the server may take us for another account, and
    // one account does not see the connections of another.
    let opts = mysql::OptsBuilder::from_opts(mysql::Opts::from_url(server).unwrap());
    mysql::Conn::new(opts.prefer_socket(false)).unwrap()
}

/// Runs a test on every kind of store that can be reached, and says which could not.
pub(crate) fn on_every_store(test: impl Fn(&TestStore)) {
    test(&TestStore::sqlite());
    match TestStore::mysql() {
        Some(store) => test(&store),
        None => decnet_testing::skip("MySQL: DECNET_TEST_MYSQL is not set"),
    }
}

/// Every row of every table and view, as text that is the same for every kind of store.
pub(crate) fn dump(store: &TestStore) -> Vec<String> {
    let mut lines = Vec::new();
    for table in TABLES {
        let columns: Vec<(&str, Sql)> = table.columns.iter().map(|c| (c.name, c.sql)).collect();
        lines.extend(rows(store, table.name, &columns));
    }
    let text = |names: &[&'static str]| -> Vec<(&str, Sql)> {
        names.iter().map(|name| (*name, Sql::Long)).collect()
    };
    let logs = ["id", "timestamp", "decky", "event_type", "attacker_ip", "session", "event"];
    lines.extend(rows(store, "logs", &text(&logs)));
    let bounty =
        ["attacker_uuid", "bounty_type", "name", "value", "first_seen", "last_seen", "count"];
    lines.extend(rows(store, "bounty", &text(&bounty)));
    lines
}

/// Two dumps are equal; else the first line that is not.
#[track_caller]
pub(crate) fn same(found: &[String], expected: &[String]) {
    let other = found.iter().zip(expected).find(|(found, expected)| found != expected);
    assert!(other.is_none(), "{other:#?}");
    assert_eq!(found.len(), expected.len());
}

fn rows(store: &TestStore, table: &str, columns: &[(&str, Sql)]) -> Vec<String> {
    let names: Vec<String> = columns
        .iter()
        .map(|(name, _)| match store.url.dialect() {
            Dialect::Sqlite => format!("\"{name}\""),
            Dialect::Mysql => format!("`{name}`"),
        })
        .collect();
    let sql = format!("SELECT {} FROM {table}", names.join(", "));
    let rows: Vec<Vec<Held>> = match &store.url {
        StoreUrl::Sqlite(path) => sqlite_rows(path, &sql),
        StoreUrl::Mysql(address) => mysql_rows(address, &sql),
    };
    let mut lines: Vec<String> = rows
        .into_iter()
        .map(|row| {
            let values = row.into_iter().zip(columns).filter_map(|(value, (name, sql))| {
                let text = match value {
                    Held::Nothing => return None,
                    Held::Number(text) => text,
                    Held::Bytes(bytes) if matches!(sql, Sql::Bytes(_) | Sql::Octets) => hex(&bytes),
                    Held::Bytes(bytes) => String::from_utf8(bytes).unwrap(),
                };
                Some(format!("{name}={text}"))
            });
            format!("{table}: {}", values.collect::<Vec<_>>().join(" "))
        })
        .collect();
    lines.sort();
    lines
}

/// A value as either client gives it.
enum Held {
    Nothing,
    Number(String),
    Bytes(Vec<u8>),
}

fn sqlite_rows(path: &Path, sql: &str) -> Vec<Vec<Held>> {
    use rusqlite::types::Value;
    let connection = rusqlite::Connection::open(path).unwrap();
    let mut statement = connection.prepare(sql).unwrap();
    let width = statement.column_count();
    let rows = statement.query_map([], |row| {
        (0..width)
            .map(|n| {
                Ok(match row.get::<_, Value>(n)? {
                    Value::Null => Held::Nothing,
                    Value::Integer(number) => Held::Number(number.to_string()),
                    Value::Real(number) => Held::Number(number.to_string()),
                    Value::Text(text) => Held::Bytes(text.into_bytes()),
                    Value::Blob(bytes) => Held::Bytes(bytes),
                })
            })
            .collect()
    });
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}

fn mysql_rows(address: &str, sql: &str) -> Vec<Vec<Held>> {
    use mysql::Value;
    let rows: Vec<mysql::Row> = connect(address).exec(sql, ()).unwrap();
    let held = |value: Value| match value {
        Value::NULL => Held::Nothing,
        Value::Int(number) => Held::Number(number.to_string()),
        Value::UInt(number) => Held::Number(number.to_string()),
        Value::Float(number) => Held::Number(number.to_string()),
        Value::Double(number) => Held::Number(number.to_string()),
        Value::Bytes(bytes) => Held::Bytes(bytes),
        Value::Date(..) | Value::Time(..) => panic!("a column of a type that we never make"),
    };
    rows.into_iter().map(|row| row.unwrap().into_iter().map(held).collect()).collect()
}
