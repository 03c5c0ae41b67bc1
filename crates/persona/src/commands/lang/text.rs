//! Texts of a script, and how much memory all of them take together.
//!
//! **Invariant:** a text counts from when it is made until the last holder is gone.

use decnet_core::limits::SCRIPT_BYTES;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How much a script holds.
#[derive(Clone, Debug, Default)]
pub(super) struct Meter(Arc<AtomicUsize>);

/// What a text, an entry of a table, or a variable costs beside its bytes.
const EACH: usize = 64;

impl Meter {
    /// A text that is counted.
    pub(super) fn text(&self, bytes: impl Into<Vec<u8>>) -> Text {
        let bytes = bytes.into();
        self.take(bytes.len() + EACH);
        Text(Arc::new(Held { bytes, meter: self.clone() }))
    }

    pub(super) fn take(&self, bytes: usize) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn give_back(&self, bytes: usize) {
        self.0.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Whether so much more would be too much.
    pub(super) fn is_full(&self, more: usize) -> bool {
        self.0.load(Ordering::Relaxed).saturating_add(more) > SCRIPT_BYTES
    }
}

#[derive(Debug)]
struct Held {
    bytes: Vec<u8>,
    meter: Meter,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.meter.give_back(self.bytes.len() + EACH);
    }
}

/// A text that does not change.
#[derive(Clone, Debug)]
pub(super) struct Text(Arc<Held>);

impl std::ops::Deref for Text {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0.bytes
    }
}

impl AsRef<[u8]> for Text {
    fn as_ref(&self) -> &[u8] {
        &self.0.bytes
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.0.bytes == other.0.bytes
    }
}

impl Eq for Text {}
