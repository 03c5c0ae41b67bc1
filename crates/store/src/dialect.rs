//! What differs between SQLite and MySQL/MariaDB: types, quotes, upsert.
//!
//! **Invariant:** only names from the catalogue, which are constants, are ever put into SQL text;
//! every value is bound.

use decnet_core::table::{Column, Sql, Table};

/// Which words of SQL a store understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite.
    Sqlite,
    /// MySQL and MariaDB.
    Mysql,
}

/// What to do with a row whose key is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Conflict {
    /// The later one wins.
    Replace,
    /// It is there, and these columns of it are what they were: their indexes stay as they are.
    Update {
        /// The columns.
        except: &'static [&'static str],
        /// How the row is found.
        by: By,
    },
    /// `count` is added up, instants are widened, flags stay set.
    AddUp,
}

/// How a row is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// By its key.
    Key,
    /// By its place in the file, where a store tells such a thing (SQLite's `rowid`).
    Place,
}

/// A statement that writes rows: what stands before, for each row, between and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RowStatement {
    /// Up to `VALUES `.
    head: String,
    /// One row's placeholders in parentheses.
    row: String,
    /// What follows the last row.
    tail: String,
    /// Placeholders in a row.
    pub(crate) width: usize,
}

impl RowStatement {
    /// The text for so many rows at once.
    pub(crate) fn text(&self, rows: usize) -> String {
        let mut text =
            String::with_capacity(self.head.len() + self.tail.len() + rows * (self.row.len() + 1));
        text.push_str(&self.head);
        for n in 0..rows {
            if n > 0 {
                text.push(',');
            }
            text.push_str(&self.row);
        }
        text.push_str(&self.tail);
        text
    }
}

/// Columns that follow from their row's key: they are never other than they were, and their
/// indexes need not be touched.
const CONSTANT: &[(&str, &[&str])] = &[
    ("attackers", &["ip"]),
    ("session_channel", &["attacker_uuid", "connection"]),
    ("tls_session", &["attacker_uuid"]),
];

impl Dialect {
    /// What to select for the place of a row.
    pub(crate) fn place(self) -> &'static str {
        match self {
            Self::Sqlite => "rowid",
            Self::Mysql => "NULL",
        }
    }

    /// A name as it stands in SQL, so that none is taken for a reserved word.
    pub(crate) fn quote(self, name: &str) -> String {
        match self {
            Self::Sqlite => format!("\"{name}\""),
            Self::Mysql => format!("`{name}`"),
        }
    }

    /// The type of a column.
    pub(crate) fn sql_type(self, sql: Sql) -> String {
        match self {
            Self::Sqlite => match sql {
                Sql::Integer | Sql::Flag => "INTEGER".into(),
                Sql::Real => "REAL".into(),
                Sql::Text(_) | Sql::Long | Sql::Json | Sql::Instant | Sql::Uuid => "TEXT".into(),
                Sql::Bytes(_) | Sql::Octets => "BLOB".into(),
            },
            Self::Mysql => match sql {
                Sql::Integer => "BIGINT".into(),
                Sql::Flag => "TINYINT".into(),
                Sql::Real => "DOUBLE".into(),
                Sql::Text(n) => format!("VARCHAR({n})"),
                Sql::Long | Sql::Json => "MEDIUMTEXT".into(),
                Sql::Instant => "CHAR(27) CHARACTER SET ascii COLLATE ascii_bin".into(),
                Sql::Uuid => "CHAR(36) CHARACTER SET ascii COLLATE ascii_bin".into(),
                Sql::Bytes(n) => format!("BINARY({n})"),
                Sql::Octets => "MEDIUMBLOB".into(),
            },
        }
    }

    /// The statement that changes a row that is there; takes the values of a whole row, in order,
    /// and after them its place if it is found by that.
    pub(crate) fn update(self, table: &Table, except: &[&str], by: By) -> String {
        let (mut changes, mut keys) = (Vec::new(), Vec::new());
        let mut width = 0;
        for (n, column) in (1..).zip(table.filled()) {
            width = n;
            let part = format!("{} = ?{n}", self.quote(column.name));
            if table.primary_key.contains(&column.name) {
                keys.push(part);
            } else if !except.contains(&column.name) {
                changes.push(part);
            }
        }
        if by == By::Place {
            // The key too: a VACUUM gives rows other places.
            keys.insert(0, format!("rowid = ?{}", width + 1));
        }
        let name = self.quote(table.name);
        format!("UPDATE {name} SET {} WHERE {}", changes.join(", "), keys.join(" AND "))
    }

    /// The statement that writes rows of `table`: its filled columns, in order.
    pub(crate) fn write(self, table: &Table, conflict: Conflict) -> RowStatement {
        let columns: Vec<&Column> = table.filled().collect();
        let names: Vec<String> = columns.iter().map(|column| self.quote(column.name)).collect();
        let constant = CONSTANT.iter().find(|(name, _)| *name == table.name);
        let constant = constant.map_or([].as_slice(), |(_, columns)| columns);
        let changed = columns.iter().filter(|column| {
            !table.primary_key.contains(&column.name) && !constant.contains(&column.name)
        });
        let changes: Vec<String> = match conflict {
            // Many rows in one statement are worth more to MySQL than what each of them says, and
            // it compares before it touches an index.
            Conflict::Replace | Conflict::Update { .. } => {
                changed.map(|column| self.set(column.name, &self.brought(column.name))).collect()
            }
            Conflict::AddUp => changed.filter_map(|column| self.added_up(table, column)).collect(),
        };
        let tail = if changes.is_empty() {
            String::new()
        } else {
            let changes = changes.join(", ");
            match self {
                Self::Sqlite => {
                    let key: Vec<String> =
                        table.primary_key.iter().map(|name| self.quote(name)).collect();
                    format!(" ON CONFLICT({}) DO UPDATE SET {changes}", key.join(", "))
                }
                Self::Mysql => format!(" ON DUPLICATE KEY UPDATE {changes}"),
            }
        };
        RowStatement {
            head: format!("INSERT INTO {} ({}) VALUES ", self.quote(table.name), names.join(", ")),
            row: placeholders(columns.len()),
            tail,
            width: columns.len(),
        }
    }

    /// `count`, the instants and the flags of a tally; the rest of the row stays as it was first.
    fn added_up(self, table: &Table, column: &Column) -> Option<String> {
        let old = format!("{}.{}", self.quote(table.name), self.quote(column.name));
        let new = self.brought(column.name);
        let (least, most) = match self {
            Self::Sqlite => ("min", "max"),
            Self::Mysql => ("LEAST", "GREATEST"),
        };
        let value = match (column.name, column.sql) {
            ("count", _) => format!("{old} + {new}"),
            ("first_seen", _) => format!("{least}({old}, {new})"),
            ("last_seen", _) | (_, Sql::Flag) => format!("{most}({old}, {new})"),
            _ => return None,
        };
        Some(self.set(column.name, &value))
    }

    fn set(self, name: &str, value: &str) -> String {
        format!("{} = {value}", self.quote(name))
    }

    /// The value that the row in conflict brings.
    fn brought(self, name: &str) -> String {
        match self {
            Self::Sqlite => format!("excluded.{}", self.quote(name)),
            Self::Mysql => format!("VALUES({})", self.quote(name)),
        }
    }

    /// A statement over a table that is not in the catalogue.
    pub(crate) fn insert(self, table: &str, columns: &[&str]) -> RowStatement {
        let names: Vec<String> = columns.iter().map(|name| self.quote(name)).collect();
        RowStatement {
            head: format!("INSERT INTO {} ({}) VALUES ", self.quote(table), names.join(", ")),
            row: placeholders(columns.len()),
            tail: String::new(),
            width: columns.len(),
        }
    }
}

/// `(?, ?, ?)`.
pub(crate) fn placeholders(count: usize) -> String {
    let mut text = String::with_capacity(count * 2 + 2);
    text.push('(');
    for n in 0..count {
        text.push_str(if n == 0 { "?" } else { ",?" });
    }
    text.push(')');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use decnet_core::table::table;

    #[test]
    fn a_statement_has_as_many_places_as_filled_columns() {
        let keystroke = table("keystroke").unwrap();
        let statement = Dialect::Mysql.write(keystroke, Conflict::Replace);
        assert_eq!(
            statement.text(2),
            "INSERT INTO `keystroke` (`sid`, `part`, `keys`, `instants_us`, `strokes`) VALUES \
             (?,?,?,?,?),(?,?,?,?,?) ON DUPLICATE KEY UPDATE `keys` = VALUES(`keys`), \
             `instants_us` = VALUES(`instants_us`), `strokes` = VALUES(`strokes`)"
        );
    }

    #[test]
    fn a_tally_adds_up() {
        let statement = Dialect::Sqlite.write(table("credential").unwrap(), Conflict::AddUp);
        assert!(
            statement.text(1).ends_with(
                "ON CONFLICT(\"id\") DO UPDATE SET \
                 \"accepted\" = max(\"credential\".\"accepted\", excluded.\"accepted\"), \
                 \"first_seen\" = min(\"credential\".\"first_seen\", excluded.\"first_seen\"), \
                 \"last_seen\" = max(\"credential\".\"last_seen\", excluded.\"last_seen\"), \
                 \"count\" = \"credential\".\"count\" + excluded.\"count\""
            ),
            "{}",
            statement.text(1)
        );
    }
}
