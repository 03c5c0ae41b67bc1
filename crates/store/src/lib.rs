//! The journal, the rows made from it, recordings and queries, in SQLite or MySQL/MariaDB.
//!
//! **Invariant:** the journal is the truth and every profile row is a cache of it: whatever is in a
//! profile table can be dropped and comes out the same again. One writer; no async runtime.

mod backlog;
mod cache;
mod database;
mod dialect;
mod engine;
mod error;
pub mod journal;
mod lock;
mod lot;
pub mod quarantine;
mod query;
pub mod recording;
mod schema;
mod states;
mod tally;
mod url;
mod writer;

pub use dialect::Dialect;
pub use engine::{Committed, Engine, Progress};
pub use error::Error;
pub use query::{
    AttackerFilter, Child, ColumnCount, Field, Keystrokes, LIMIT, LIMIT_MOST, Listing, LogFilter,
    Reader, Record, SessionFilter,
};
pub use schema::schema;
pub use url::StoreUrl;
pub use writer::{Health, Source, Watch, Writer};
