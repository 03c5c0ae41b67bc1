//! Opens what a command asks about: settings, data folder, store.
//!
//! **Invariant:** read-only; a command that shows never makes a folder or a file.

use crate::cli::{Page, Place, Span};
use crate::config;
use crate::paths::Data;
use crate::settings::Settings;
use crate::show::when;
use anyhow::{Context as _, Result, bail};
use decnet_core::event::{SessionId, Timestamp};
use decnet_store::{Listing, Reader, Record, SessionFilter, StoreUrl};
use serde_json::json;
use std::net::IpAddr;

/// Where things are: the command line goes before the configuration, and that before the defaults.
#[derive(Clone, Debug)]
pub(crate) struct Located {
    pub(crate) settings: Settings,
    pub(crate) data: Data,
    pub(crate) url: StoreUrl,
}

impl Located {
    /// What the command line says.
    pub(crate) fn find(place: &Place) -> Result<Self> {
        let settings = Settings::load(place.config.as_deref())?;
        let data = Data::find(place.data.as_deref().or(settings.data.as_deref()))?;
        let url = match (&place.store, &settings.store) {
            (Some(text), _) => StoreUrl::parse(text).map_err(|error| wrong("--store", &error))?,
            (None, Some(url)) => url.clone(),
            (None, None) => StoreUrl::Sqlite(data.database()),
        };
        Ok(Self { settings, data, url })
    }
}

/// A store that is open for questions.
pub(crate) struct Opened {
    pub(crate) data: Data,
    pub(crate) reader: Reader,
}

impl Opened {
    /// Opens the store that the command line names.
    pub(crate) fn open(place: &Place) -> Result<Self> {
        let located = Located::find(place)?;
        Ok(Self { data: located.data, reader: Reader::open(&located.url)? })
    }

    /// The session that `text` means: an identifier, the beginning of one, or `last`.
    pub(crate) fn session(&mut self, text: &str) -> Result<Record> {
        let sid = self.sid(text)?;
        self.reader
            .session(&sid.0.to_string())?
            .with_context(|| format!("session {text}: there is none"))
    }

    /// The identifier of that session.
    pub(crate) fn sid(&mut self, text: &str) -> Result<SessionId> {
        if text == "last" {
            let filter = SessionFilter { limit: Some(1), ..SessionFilter::default() };
            let latest = self.reader.sessions(&filter)?;
            let sid = latest.rows.first().and_then(|row| row.text("sid"));
            let Some(sid) = sid else { bail!("session last: there is no session yet") };
            let sid = sid.to_owned();
            return self.reader.find_session(&sid)?.context("session last: it is gone");
        }
        self.reader
            .find_session(text)?
            .with_context(|| format!("session {text}: no session's identifier begins so"))
    }

    /// The file name of a session's recording.
    pub(crate) fn recording(mut self, text: &str) -> Result<(Data, String)> {
        let session = self.session(text)?;
        let Some(file) = session.text("recording") else {
            let state = match session.text("closed_at") {
                Some(_) => "it has no recording",
                None => "it has not ended, and its recording is not known yet",
            };
            bail!("session {text}: {state}")
        };
        let file = file.to_owned();
        Ok((self.data, file))
    }
}

/// What is wrong with an argument, for exit status 2.
pub(crate) fn wrong(argument: &str, why: &impl std::fmt::Display) -> anyhow::Error {
    config::Error { lines: vec![format!("{argument}: {why}")] }.into()
}

/// A source address that somebody typed.
pub(crate) fn address(argument: &str, text: &str) -> Result<IpAddr> {
    text.parse().map_err(|_| {
        wrong(argument, &format!("{text:?} is no address; right would be 192.0.2.7 or 2001:db8::7"))
    })
}

/// The instants of a span that somebody typed.
pub(crate) fn span(span: &Span) -> Result<(Option<Timestamp>, Option<Timestamp>)> {
    let now = when::now();
    let instant = |argument: &str, text: Option<&String>| match text {
        None => Ok(None),
        Some(text) => match when::parse(text, now) {
            Some(instant) => Ok(Some(instant)),
            None => {
                let why = format!(
                    "{text:?} is no instant; right would be 2026-11-22, 2026-11-22T04:35:52Z, or \
                     90s, 15m, 12h, 7d for how long ago"
                );
                Err(wrong(argument, &why))
            }
        },
    };
    Ok((instant("--since", span.since.as_ref())?, instant("--until", span.until.as_ref())?))
}

/// A list as JSON.
pub(crate) fn page_json(listing: &Listing, page: Page) -> serde_json::Value {
    json!({
        "total": listing.total,
        "limit": page.limit,
        "offset": page.offset,
        "data": listing.rows.iter().map(Record::to_json).collect::<Vec<_>>(),
    })
}

/// What a table leaves out, in one line below it.
pub(crate) fn page_note(listing: &Listing, page: Page, what: &str) -> String {
    let shown = listing.rows.len() as u64;
    match (listing.total, shown) {
        (0, _) => format!("no {what}\n"),
        (total, shown) if shown == total => String::new(),
        (total, 0) => format!("{total} {what}, none after --offset {}\n", page.offset),
        (total, shown) => {
            let first = page.offset + 1;
            format!("{first} to {} of {total} {what}\n", page.offset + shown)
        }
    }
}
