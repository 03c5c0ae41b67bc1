//! Decoys: what listens, answers and emits.

pub(crate) mod allowance;
pub mod ssh;

use std::sync::atomic::{AtomicU64, Ordering};

/// What a decoy did so far; readable at any time.
#[derive(Debug, Default)]
pub struct DecoyCounters {
    /// Connections open now.
    pub connections_open: AtomicU64,
    /// Connections accepted since the start, without the refused ones.
    pub connections_total: AtomicU64,
    /// Connections closed at accept, since a limit was reached.
    pub refused: AtomicU64,
    /// Sessions open now.
    pub sessions_open: AtomicU64,
    /// Sessions since the start.
    pub sessions_total: AtomicU64,
    /// Successful logins.
    pub logins: AtomicU64,
    /// Refused tries to log in.
    pub auth_failures: AtomicU64,
    /// Anomalies emitted.
    pub anomalies: AtomicU64,
}

pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

pub(crate) fn uncount(counter: &AtomicU64) {
    counter.fetch_sub(1, Ordering::Relaxed);
}
