//! The files that the sessions of one connection share.
//!
//! **Invariant:** one session at a time has them, for one call.

use crate::Console;
use crate::files::Files;
use std::sync::{Arc, Mutex, PoisonError};

/// What the sessions of one connection have written. Each [`Console`] that is put [`Console::on`]
/// it finds what those before it left there.
#[derive(Clone, Debug, Default)]
pub struct Disk(Arc<Mutex<Option<Files>>>);

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
        let mut files = disk.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(files) = files.take() {
            self.engine.shell.files = files;
        }
        work(self);
        let none = self.engine.shell.machine.files();
        *files = Some(std::mem::replace(&mut self.engine.shell.files, none));
    }
}
