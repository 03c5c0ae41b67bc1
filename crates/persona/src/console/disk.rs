//! The files that the sessions of one address share.
//!
//! **Invariant:** one session at a time has them, for one call. What is nobody's any more is gone
//! with the last clone.

use crate::files::Files;
use crate::people::{is_changed, kept, matches};
use crate::{Console, Machine};
use std::mem::swap;
use std::sync::{Arc, Mutex, PoisonError};

/// What sessions have changed. Each [`Console`] that is put [`Console::on`] it finds what those
/// before it left there.
///
/// The lock is held for one call of a console, which does a bounded amount of work.
#[derive(Clone, Debug, Default)]
pub struct Disk(Arc<Mutex<Option<Files>>>);

impl Disk {
    /// About how many bytes are kept of what was changed.
    #[must_use]
    pub fn kept(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map_or(0, Files::kept)
    }

    /// Whether this is the user's password; `None` where it was not changed here, so that it is not
    /// for these files to say.
    #[must_use]
    pub fn verifies(&self, machine: &Machine, user: &[u8], password: &[u8]) -> Option<bool> {
        let entry = {
            let files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let files = files.as_ref().filter(|files| is_changed(machine, files, user))?;
            kept(files, user)
        };
        Some(entry.is_some_and(|entry| matches(&entry, password)))
    }
}

impl Console {
    /// The same console with these files instead of its own.
    #[must_use]
    pub fn on(mut self, disk: &Disk) -> Self {
        self.disk = Some(disk.clone());
        self
    }

    /// Does something with the files that are shared.
    pub(super) fn with_disk(&mut self, work: impl FnOnce(&mut Self)) {
        let Some(disk) = self.disk.clone() else {
            work(self);
            return;
        };
        // Where a session failed, its files went with it.
        let mut shared = disk.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(files) = shared.as_mut() {
            self.world.with(|world| swap(&mut world.files, files));
        }
        work(self);
        self.world.with(|world| {
            let files = shared.get_or_insert_with(|| world.machine.files());
            swap(&mut world.files, files);
        });
    }
}
