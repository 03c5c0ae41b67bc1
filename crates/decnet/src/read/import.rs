//! Facts of a capture into the store.
//!
//! **Invariant:** the instants are the capture's. Who opened a connection is its peer, and the same
//! connection has the same name whenever its capture is read.

use super::line::kind;
use super::{Done, Sink};
use crate::cli;
use crate::show::store::Located;
use anyhow::{Result, bail};
use decnet_core::event::Event;
use decnet_core::flow::eye::Sight;
use decnet_core::flow::origin;
use decnet_store::Engine;
use decnet_store::journal::DECKY_CHARS;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Events of one transaction.
const BATCH: usize = 16_384;

/// The way into the store.
pub(super) struct Import {
    engine: Engine,
    /// What the machine that was reached is called; its address without.
    decky: Option<String>,
    events: Vec<Event>,
    facts: BTreeMap<&'static str, u64>,
    _held: Option<crate::paths::Held>,
}

impl Import {
    pub(super) fn open(arguments: &cli::Read) -> Result<Self> {
        let located = Located::find(&arguments.place)?;
        if let Some(name) = &arguments.decky
            && (name.is_empty() || name.chars().count() > DECKY_CHARS)
        {
            bail!("--decky: 1 to {DECKY_CHARS} characters");
        }
        nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o077));
        if decnet_api::ask(&located.data.0).is_ok() {
            bail!(
                "`decnet up` is running on {}: stop it first, or read into another store with \
                 --data",
                located.data.0.display()
            );
        }
        located.data.create()?;
        let held = located.data.hold()?;
        Ok(Self {
            engine: Engine::open(&located.url)?,
            decky: arguments.decky.clone(),
            events: Vec::with_capacity(BATCH),
            facts: BTreeMap::new(),
            _held: Some(held),
        })
    }

    pub(super) fn finish(mut self) -> Result<Done> {
        self.engine.commit(&self.events)?;
        Ok(Done { facts: self.facts, store: self.engine.url().to_string() })
    }
}

impl Sink for Import {
    fn take(&mut self, sight: Sight) {
        *self.facts.entry(kind(&sight.fact)).or_default() += 1;
        let decky = match &self.decky {
            Some(decky) => Cow::Borrowed(decky.as_str()),
            None => Cow::Owned(sight.server.address.to_string()),
        };
        let before = self.events.last().and_then(Event::origin);
        self.events.push(origin::event(sight, &decky, before));
    }

    fn settle(&mut self) -> Result<()> {
        while self.events.len() >= BATCH {
            let rest = self.events.split_off(BATCH);
            self.engine.commit(&self.events)?;
            self.events = rest;
        }
        Ok(())
    }
}
