//! Stores to test with: SQLite always, MySQL or MariaDB where `DECNET_TEST_MYSQL` names a server.

use decnet_store::{Dialect, StoreUrl};
use mysql::prelude::Queryable;
use std::path::{Path, PathBuf};
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
        let (place, _) = address.split_at(address.find("://").unwrap() + 3);
        let rest = &address[place.len()..];
        let host = rest.split(['/', '?']).next().unwrap();
        let server = format!("{place}{host}/");
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

    /// The file of the store, or of nothing where it is on a server.
    pub(crate) fn file(&self) -> PathBuf {
        self.url.path().map(Path::to_owned).unwrap_or_default()
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
    mysql::Conn::new(mysql::Opts::from_url(server).unwrap()).unwrap()
}

/// Runs a test on every kind of store that can be reached, and says which could not.
pub(crate) fn on_every_store(test: impl Fn(&TestStore)) {
    test(&TestStore::sqlite());
    match TestStore::mysql() {
        Some(store) => test(&store),
        None => skipped("MySQL: DECNET_TEST_MYSQL is not set"),
    }
}

/// Says that something was not tested; fails where everything has to be.
pub(crate) fn skipped(what: &str) {
    assert!(std::env::var_os("DECNET_TEST_REQUIRE_ALL").is_none(), "skipped: {what}");
    eprintln!("skipped: {what}");
}

/// Every row of every table, view and the journal, as text.
pub(crate) fn dump(store: &TestStore) -> Vec<String> {
    let tables = decnet_core::table::TABLES.iter().map(|table| table.name);
    let mut lines = Vec::new();
    for name in tables.chain(["logs", "bounty"]) {
        let mut rows = match &store.url {
            StoreUrl::Sqlite(path) => sqlite_rows(path, name),
            StoreUrl::Mysql(address) => mysql_rows(address, name),
        };
        rows.sort();
        lines.extend(rows.into_iter().map(|row| format!("{name}: {row}")));
    }
    assert_eq!(store.url.dialect() == Dialect::Sqlite, store.database().is_none());
    lines
}

fn sqlite_rows(path: &Path, table: &str) -> Vec<String> {
    let connection = rusqlite::Connection::open(path).unwrap();
    let mut statement = connection.prepare(&format!("SELECT * FROM {table}")).unwrap();
    let width = statement.column_count();
    let mut rows = statement.query([]).unwrap();
    let mut lines = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        let values = (0..width).map(|n| row.get::<_, rusqlite::types::Value>(n).unwrap());
        lines.push(format!("{:?}", values.collect::<Vec<_>>()));
    }
    lines
}

fn mysql_rows(address: &str, table: &str) -> Vec<String> {
    let rows: Vec<mysql::Row> =
        connect(address).exec(format!("SELECT * FROM {table}"), ()).unwrap();
    rows.into_iter().map(|row| format!("{:?}", row.unwrap())).collect()
}
