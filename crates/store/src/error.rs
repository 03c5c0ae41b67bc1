//! What can go wrong between the program and the disk.
//!
//! **Invariant:** every message names the store it is about and never its password.

use std::io;
use std::path::PathBuf;

/// What went wrong, with which store, and what would help.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is no address of a store.
    #[error("store {text:?}: {why}; write a path, or mysql://user:password@host:port/database")]
    Url {
        /// What was given, its password hidden.
        text: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Nothing is there yet.
    #[error("store {url}: nothing is there yet; it is made when the sensor first starts")]
    Absent {
        /// Which store.
        url: String,
    },
    /// Something is there that is no store of ours, or one that a newer program wrote.
    #[error("store {url}: {why}")]
    Foreign {
        /// Which store.
        url: String,
        /// What was found.
        why: String,
    },
    /// Another process writes into it.
    #[error(
        "store {url}: another process writes into it; stop that one, or name another store for this"
    )]
    Locked {
        /// Which store.
        url: String,
    },
    /// A file cannot be opened, made or written.
    #[error("{path}: {source}", path = path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// SQLite refuses.
    #[error("store {url}: {source}")]
    Sqlite {
        /// Which store.
        url: String,
        /// Why.
        source: rusqlite::Error,
    },
    /// MySQL or MariaDB refuses, or is gone.
    #[error("store {url}: {source}")]
    Mysql {
        /// Which store.
        url: String,
        /// Why.
        source: Box<mysql::Error>,
    },
    /// What is stored cannot be read: damage, or a mistake of ours.
    #[error(
        "store {url}: {what} cannot be read: {why}; `decnet rebuild` makes rows from the journal anew"
    )]
    Damaged {
        /// Which store.
        url: String,
        /// Which thing.
        what: String,
        /// Why.
        why: String,
    },
    /// The beginning of an identifier fits more than one.
    #[error("session {prefix}: more than one begins so; give more of it")]
    Ambiguous {
        /// What was asked for.
        prefix: String,
    },
    /// The text is not the beginning of an identifier.
    #[error("session {prefix:?}: not the beginning of a session's identifier (hexadecimal digits)")]
    NoIdentifier {
        /// What was asked for.
        prefix: String,
    },
    /// A line of an import is no event.
    #[error("line {line}: {why}")]
    Import {
        /// Its number, from 1.
        line: u64,
        /// Why.
        why: String,
    },
    /// The store stayed out of reach until the writer had to end.
    #[error("store {url}: {events} accepted events could not be written before the end: {why}")]
    Unwritten {
        /// Which store.
        url: String,
        /// How many events.
        events: usize,
        /// The last error.
        why: String,
    },
}
