//! Where a store is.
//!
//! **Invariant:** the password is in no message; only a connection sees it.

use crate::dialect::Dialect;
use crate::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};

/// The address of a store: a file for SQLite, a server and database for MySQL or MariaDB.
#[derive(Clone, PartialEq, Eq)]
pub enum StoreUrl {
    /// A file on this machine.
    Sqlite(PathBuf),
    /// A database on a server: the address as the client library reads it.
    Mysql(String),
}

impl StoreUrl {
    /// Reads an address: `mysql://user:password@host:port/database`, or a path, with `sqlite:` or
    /// `sqlite://` before it or without.
    ///
    /// # Errors
    /// When it names no file or no database.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let fault = |why| Err(Error::Url { text: hide_password(text), why });
        if text.starts_with("mysql://") || text.starts_with("mariadb://") {
            let address = text.replacen("mariadb://", "mysql://", 1);
            return match mysql::Opts::from_url(&address) {
                Err(_) => fault("not an address that MySQL's client understands"),
                Ok(opts) if opts.get_db_name().is_none_or(str::is_empty) => {
                    fault("names no database")
                }
                Ok(_) => Ok(Self::Mysql(address)),
            };
        }
        let path =
            text.strip_prefix("sqlite://").or_else(|| text.strip_prefix("sqlite:")).unwrap_or(text);
        if path.is_empty() {
            return fault("names no file");
        }
        if path == text && text.contains("://") {
            return fault("is of a kind that is not known");
        }
        Ok(Self::Sqlite(PathBuf::from(path)))
    }

    /// Which words of SQL the store understands.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Mysql(_) => Dialect::Mysql,
        }
    }

    /// The file, where it is one.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Sqlite(path) => Some(path),
            Self::Mysql(_) => None,
        }
    }
}

impl From<&Path> for StoreUrl {
    fn from(path: &Path) -> Self {
        Self::Sqlite(path.to_owned())
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "{}", path.display()),
            Self::Mysql(address) => f.write_str(&hide_password(address)),
        }
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreUrl({self})")
    }
}

/// The address with `***` for what stands between the first colon and the last `@` of its user
/// part.
fn hide_password(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let Some((user, place)) = rest.rsplit_once('@') else { return text.to_owned() };
    match user.split_once(':') {
        Some((name, _)) => format!("{scheme}://{name}:***@{place}"),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_addresses_are_told_apart() {
        let path = |text: &str| StoreUrl::parse(text).unwrap().path().map(Path::to_owned);
        assert_eq!(path("/var/lib/decnet/decnet.db"), Some("/var/lib/decnet/decnet.db".into()));
        assert_eq!(path("sqlite:decnet.db"), Some("decnet.db".into()));
        assert_eq!(path("sqlite:///tmp/a.db"), Some("/tmp/a.db".into()));
        assert_eq!(path("mysql://u:p@127.0.0.1:3306/decnet"), None);
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in ["", "sqlite:", "mysql://u:p@host", "mysql://", "postgres://u:p@host/db"] {
            assert!(StoreUrl::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn no_message_shows_a_password() {
        let url = StoreUrl::parse("mysql://decnet:s3:cr@t@db.example:3306/decnet").unwrap();
        assert_eq!(url.to_string(), "mysql://decnet:***@db.example:3306/decnet");
        let error = StoreUrl::parse("mysql://decnet:s3cret@db.example").unwrap_err().to_string();
        assert!(!error.contains("s3cret"), "{error}");
    }
}
