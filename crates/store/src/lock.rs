//! One writer at a time.
//!
//! **Invariant:** a process that was killed leaves no lock behind: the system, or the server, lets
//! it go.

use crate::database::Database;
use crate::error::Error;
use crate::url::StoreUrl;
use decnet_core::row::Value;
use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use uuid::Uuid;

/// Seconds to wait for a lock that a connection of ours, which the server still holds for alive,
/// may have.
const SERVER_WAIT_S: i64 = 5;

/// The lock of a store that is a file: a file beside it, with `.lock` after its name.
///
/// SQLite's own locks come and go with transactions, and what is locked here is the whole life of a
/// writer.
pub(crate) fn of_file(url: &StoreUrl, path: &Path) -> Result<File, Error> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let place = Path::new(&name);
    let fault = |source| Error::File { path: place.to_owned(), source };
    if let Some(folder) = place.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(fault)?;
    }
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true).mode(0o600);
    let file = options.open(place).map_err(fault)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::Locked { url: url.to_string() }),
        Err(TryLockError::Error(source)) => Err(fault(source)),
    }
}

/// The lock of a store on a server: held by the connection, as long as it lives.
pub(crate) fn of_server(url: &StoreUrl, database: &mut Database) -> Result<(), Error> {
    // Names of locks are the server's, not the database's, and of 64 characters at most.
    let name = database.rows("SELECT DATABASE()", &[])?;
    let name = match name.first().and_then(|row| row.first()) {
        Some(Value::Text(name)) => name.clone(),
        Some(Value::Null | Value::Int(_) | Value::Real(_) | Value::Blob(_)) | None => String::new(),
    };
    let name = format!("decnet.{}", Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes()));
    let values = [Value::Text(name), Value::Int(SERVER_WAIT_S)];
    match database.number("SELECT GET_LOCK(?, ?)", &values)? {
        Some(1) => Ok(()),
        Some(_) | None => Err(Error::Locked { url: url.to_string() }),
    }
}
