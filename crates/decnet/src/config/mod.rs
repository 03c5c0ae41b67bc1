//! The configuration as it is written: the first of two steps, the second being [`crate::settings`].
//!
//! **Invariant:** nothing is checked here but spelling and types; every key has a default.

pub(crate) mod document;
pub(crate) mod keys;

use self::document::Place;
use serde::Deserialize;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// The whole file.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    pub(crate) data: Option<PathBuf>,
    pub(crate) store: Option<String>,
    pub(crate) user: Option<String>,
    pub(crate) recordings: Recordings,
    pub(crate) sniffer: Sniffer,
    pub(crate) decky: Vec<Decky>,
}

/// `[recordings]`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Recordings {
    pub(crate) file_mib: u64,
    pub(crate) total_mib: u64,
    pub(crate) days: u64,
}

/// `[sniffer]`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Sniffer {
    pub(crate) enabled: String,
    pub(crate) never: Vec<String>,
    pub(crate) ring_mib: u64,
}

/// `[[decky]]`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Decky {
    pub(crate) name: String,
    pub(crate) ssh: Option<Ssh>,
}

/// `[decky.ssh]`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Ssh {
    pub(crate) listen: Vec<String>,
    pub(crate) server_id: Option<String>,
    pub(crate) login_grace_s: u64,
    pub(crate) idle_s: u64,
    pub(crate) session_s: u64,
    pub(crate) connections_per_address: u64,
    pub(crate) connections: u64,
    pub(crate) auth_tries: u64,
    pub(crate) changes_days: u64,
    pub(crate) login: Vec<Login>,
}

/// One of `decky.ssh.login`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Login {
    pub(crate) user: String,
    pub(crate) password: Option<String>,
    pub(crate) after_tries: Option<u64>,
}

impl Default for Config {
    fn default() -> Self {
        let decky = Decky { ssh: Some(Ssh::default()), ..Decky::default() };
        Self {
            data: None,
            store: None,
            user: None,
            recordings: Recordings::default(),
            sniffer: Sniffer::default(),
            decky: vec![decky],
        }
    }
}

impl Default for Recordings {
    fn default() -> Self {
        use decnet_core::limits::{RECORDING_BYTES, RECORDING_DAYS, RECORDINGS_BYTES};
        Self {
            file_mib: RECORDING_BYTES >> 20,
            total_mib: RECORDINGS_BYTES >> 20,
            days: RECORDING_DAYS,
        }
    }
}

impl Default for Sniffer {
    fn default() -> Self {
        use decnet_core::limits::{SNIFF_BLOCK_BYTES, SNIFF_BLOCKS};
        let ring_mib = (u64::from(SNIFF_BLOCKS) * SNIFF_BLOCK_BYTES as u64) >> 20;
        Self { enabled: "auto".to_owned(), never: Vec::new(), ring_mib }
    }
}

impl Default for Decky {
    fn default() -> Self {
        Self { name: "decky-01".to_owned(), ssh: None }
    }
}

impl Default for Ssh {
    fn default() -> Self {
        use decnet_core::limits;
        let login = |user: &str, password: &str| Login {
            user: user.to_owned(),
            password: Some(password.to_owned()),
            after_tries: None,
        };
        Self {
            listen: vec!["0.0.0.0:2222".to_owned()],
            server_id: None,
            login_grace_s: limits::LOGIN_GRACE_S,
            idle_s: limits::IDLE_S,
            session_s: limits::SESSION_S,
            connections_per_address: limits::CONNECTIONS_PER_ADDRESS as u64,
            connections: limits::CONNECTIONS_MAX as u64,
            auth_tries: u64::from(limits::SSH_AUTH_TRIES),
            changes_days: limits::DISK_DAYS,
            login: vec![
                login("root", "root"),
                login("root", "123456"),
                login("admin", "admin"),
                login("ubuntu", "ubuntu"),
            ],
        }
    }
}

/// Where a configuration comes from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Source {
    /// The file; `None` for the defaults.
    pub(crate) file: Option<PathBuf>,
    /// Its text.
    pub(crate) text: String,
}

/// What is wrong with a configuration: the operator's to repair, exit status 2.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Error {
    /// One line for each fault.
    pub(crate) lines: Vec<String>,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines.join("\n"))
    }
}

impl std::error::Error for Error {}

impl Source {
    /// The text of a file; nothing where none is named.
    pub(crate) fn read(file: Option<&Path>) -> Result<Self, Error> {
        let Some(file) = file else { return Ok(Self::default()) };
        let text = fs::read_to_string(file).map_err(|error| Error {
            lines: vec![format!("cannot read the configuration {}: {error}", file.display())],
        })?;
        Ok(Self { file: Some(file.to_owned()), text })
    }

    /// The configuration that is written.
    pub(crate) fn parse(&self) -> Result<Config, Error> {
        toml::from_str(&self.text).map_err(|error| {
            let span = error.span().unwrap_or(0..0);
            let line = document::line(&self.text, span.start);
            if toml::de::DeTable::parse(&self.text).is_err() {
                let what = error.message().lines().collect::<Vec<_>>().join(", ");
                return Error { lines: vec![format!("{}: not TOML: {what}", self.line(line))] };
            }
            let place = document::around(&self.text, &span);
            Error { lines: vec![self.misfit(&place, error.message())] }
        })
    }

    /// One line about the value at `path`.
    pub(crate) fn fault(&self, path: &str, why: &str, wants: &str) -> String {
        let place = document::at(&self.text, path).unwrap_or_default();
        let line = self.line(place.line);
        let value = if place.path == path { shown(&place) } else { String::new() };
        format!("{line}: {path}{value}: {why}; right would be {wants}")
    }

    /// One line about a key that serde refused.
    fn misfit(&self, place: &Place, message: &str) -> String {
        let plain = place.plain();
        let (table, name) = plain.rsplit_once('.').unwrap_or(("", &plain));
        let line = self.line(place.line);
        let path = &place.path;
        if keys::key(&plain).is_none() {
            let known = match keys::nearest(table, name) {
                Some(meant) => format!("did you mean {meant}?"),
                None => {
                    format!("known here: {}", keys::under(table).collect::<Vec<_>>().join(", "))
                }
            };
            let value = shown(place);
            return format!("{line}: {path}{value}: no such key; {known}");
        }
        let wants = keys::key(&plain).map_or("", |key| key.wants);
        if let Some(missing) = message.strip_prefix("missing field ") {
            let missing = missing.trim_matches('`');
            let wants = keys::key(&format!("{plain}.{missing}")).map_or("", |key| key.wants);
            return format!("{line}: {path}.{missing}: not given; right would be {wants}");
        }
        let value = shown(place);
        format!("{line}: {path}{value}: of the wrong type; right would be {wants}")
    }

    fn line(&self, line: usize) -> String {
        match &self.file {
            Some(file) if line > 0 => format!("{}:{line}", file.display()),
            Some(file) => file.display().to_string(),
            None => "configuration".to_owned(),
        }
    }
}

/// A value as it is written, where there is one to show: an address of a store may hold a password.
fn shown(place: &Place) -> String {
    if place.value.is_empty() || place.value.contains("://") {
        return String::new();
    }
    format!(" = {}", place.value)
}
