//! The tables, made from the catalogue, in the words of either store.
//!
//! **Invariant:** no profile table is written by hand, and none is ever altered: a store whose
//! profile tables were made from another catalogue, or by another fold, is rebuilt.

use crate::dialect::Dialect;
use decnet_core::table::{Rows, Sql, State, TABLES, Table};

/// Version of the journal's table. A program refuses to write into a newer one.
pub(crate) const JOURNAL_FORMAT: u32 = 1;

/// The journal's columns, in order.
pub(crate) const JOURNAL: &[(&str, Sql, Null)] = &[
    ("seq", Sql::Integer, Null::No),
    ("at_ns", Sql::Integer, Null::No),
    ("decky", Sql::Text(255), Null::Yes),
    ("service", Sql::Text(16), Null::Yes),
    ("connection", Sql::Uuid, Null::Yes),
    ("src", Sql::Text(45), Null::Yes),
    ("src_port", Sql::Integer, Null::Yes),
    ("dst", Sql::Text(45), Null::Yes),
    ("dst_port", Sql::Integer, Null::Yes),
    ("session", Sql::Uuid, Null::Yes),
    ("kind", Sql::Text(64), Null::No),
    ("fact", Sql::Long, Null::No),
];

/// Whether a column may be NULL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Null {
    No,
    Yes,
}

/// The views, in order.
pub(crate) const VIEWS: &[&str] = &["logs", "bounty"];

/// Everything that a store holds, as SQL statements.
#[must_use]
pub fn schema(dialect: Dialect) -> String {
    let mut statements = lasting(dialect);
    statements.extend(profile(dialect));
    statements.extend(views(dialect));
    let mut text = String::new();
    for statement in statements {
        text.push_str(&statement);
        text.push_str(";\n");
    }
    text
}

/// What no rebuild touches: the journal, and what the store knows about itself.
pub(crate) fn lasting(dialect: Dialect) -> Vec<String> {
    let columns = JOURNAL.iter().map(|(name, sql, null)| {
        let null = if *null == Null::No { " NOT NULL" } else { "" };
        format!("{} {}{null}", dialect.quote(name), dialect.sql_type(*sql))
    });
    let journal = create(dialect, "journal", columns.collect(), &["seq"]);
    let meta = ["name", "value"].map(|name| {
        format!("{} {} NOT NULL", dialect.quote(name), dialect.sql_type(Sql::Text(64)))
    });
    vec![journal, create(dialect, "meta", meta.to_vec(), &["name"])]
}

/// The profile tables and their indexes.
pub(crate) fn profile(dialect: Dialect) -> Vec<String> {
    TABLES.iter().flat_map(|table| table_statements(dialect, table)).collect()
}

fn table_statements(dialect: Dialect, table: &Table) -> Vec<String> {
    let columns = table.columns.iter().map(|column| {
        let key = column.state == State::Key && table.primary_key.contains(&column.name);
        let null = if key { " NOT NULL" } else { "" };
        format!("{} {}{null}", dialect.quote(column.name), dialect.sql_type(column.sql))
    });
    let mut statements = vec![create(dialect, table.name, columns.collect(), table.primary_key)];
    for index in table.indexes {
        let unique = if index.rows == Rows::One { "UNIQUE " } else { "" };
        let name = format!("{}_by_{}", table.name, index.columns.join("_and_"));
        statements.push(format!(
            "CREATE {unique}INDEX {} ON {} ({})",
            dialect.quote(&name),
            dialect.quote(table.name),
            quoted(dialect, index.columns)
        ));
    }
    statements
}

fn create(dialect: Dialect, name: &str, mut columns: Vec<String>, key: &[&str]) -> String {
    columns.push(format!("PRIMARY KEY ({})", quoted(dialect, key)));
    let columns = columns.join(",\n  ");
    let options = match dialect {
        Dialect::Sqlite => "",
        Dialect::Mysql => {
            " ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"
        }
    };
    format!("CREATE TABLE IF NOT EXISTS {} (\n  {columns}\n){options}", dialect.quote(name))
}

fn quoted(dialect: Dialect, names: &[&str]) -> String {
    names.iter().map(|name| dialect.quote(name)).collect::<Vec<_>>().join(", ")
}

/// The journal as operators know it, and what attackers left or gave away, typed and distinct.
pub(crate) fn views(dialect: Dialect) -> Vec<String> {
    // Floor division, so that an instant before 1970 reads as what it is.
    let instant = match dialect {
        Dialect::Sqlite => {
            "strftime('%Y-%m-%dT%H:%M:%S', (at_ns - ((at_ns % 1000000000) + 1000000000) % 1000000000) \
             / 1000000000, 'unixepoch') || printf('.%06dZ', (((at_ns % 1000000000) + 1000000000) \
             % 1000000000) / 1000)"
        }
        Dialect::Mysql => {
            "DATE_FORMAT(DATE_ADD('1970-01-01 00:00:00', INTERVAL FLOOR(at_ns / 1000) MICROSECOND), \
             '%Y-%m-%dT%H:%i:%s.%fZ')"
        }
    };
    let replace = match dialect {
        Dialect::Sqlite => "CREATE VIEW IF NOT EXISTS",
        Dialect::Mysql => "CREATE OR REPLACE VIEW",
    };
    let q = |name| dialect.quote(name);
    let (count, user, timestamp, value) = (q("count"), q("user"), q("timestamp"), q("value"));
    vec![
        format!(
            "{replace} logs AS SELECT seq AS id, {instant} AS {timestamp}, decky, service, \
             kind AS event_type, CASE WHEN src LIKE '::ffff:%.%' THEN substr(src, 8) ELSE src END \
             AS attacker_ip, session, fact AS event FROM journal"
        ),
        format!(
            "{replace} bounty AS SELECT attacker_uuid, 'fingerprint' AS bounty_type, kind AS name, \
             hash AS {value}, first_seen, last_seen, {count} FROM fingerprint \
             UNION ALL SELECT attacker_uuid, 'credential', {user}, secret, first_seen, last_seen, \
             {count} FROM credential"
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_of_sqlite_is_this() {
        insta::assert_snapshot!(schema(Dialect::Sqlite));
    }

    #[test]
    fn the_schema_of_mysql_is_this() {
        insta::assert_snapshot!(schema(Dialect::Mysql));
    }
}
