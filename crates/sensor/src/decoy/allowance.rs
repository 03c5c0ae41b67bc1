//! How much one address may cause to be written down: a store that is kept for years has to outlast
//! a peer that has an hour.
//!
//! **Invariant:** nothing is dropped here. Whoever has used up an allowance is read more slowly, and
//! what would begin anew is turned away, until it is paid back.

use decnet_core::event::{About, Event, PeerFact, SessionFact};
use decnet_core::limits::{JOURNAL_BURST_BYTES, JOURNAL_BYTES_PER_S};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

/// What one address may still cause. Shared by its connections.
#[derive(Debug)]
pub(crate) struct Allowance {
    begin: Instant,
    /// Microseconds after `begin` at which everything is paid back: the bucket as one number.
    paid_us: AtomicI64,
    /// How much later than now that may be.
    burst_us: i64,
}

impl Default for Allowance {
    fn default() -> Self {
        Self::new(JOURNAL_BURST_BYTES)
    }
}

impl Allowance {
    /// An allowance of so many bytes at once.
    pub(crate) fn new(burst: i64) -> Self {
        let burst_us = burst.saturating_mul(BYTE_US);
        Self { begin: Instant::now(), paid_us: AtomicI64::new(0), burst_us }
    }

    /// Takes what an event costs.
    pub(crate) fn take(&self, event: &Event) {
        self.take_bytes(weight(event), self.now_us());
    }

    /// Takes what bytes cost that go to a recording, and says how much that is.
    pub(crate) fn take_recorded(&self, bytes: &[u8]) -> usize {
        let length = |&byte: &u8| match byte {
            b' '..=b'~' => 1,
            0..=0x1f => 6,
            // In a character of its own length, or replaced by one of three.
            0x7f.. => 2,
        };
        let cost = bytes.iter().map(length).sum::<usize>().saturating_add(LINE_BYTES);
        self.take_bytes(cost, self.now_us());
        cost
    }

    /// Takes what a recording costs that holds nothing.
    pub(crate) fn take_file(&self) {
        self.take_bytes(FILE_BYTES, self.now_us());
    }

    /// How long until something may be caused again; `None` where it may be now.
    pub(crate) fn debt(&self) -> Option<Duration> {
        self.debt_at(self.now_us())
    }

    /// Whether nothing is owed, so that forgetting this changes nothing.
    pub(crate) fn is_whole(&self) -> bool {
        self.paid_us.load(Ordering::Relaxed) <= self.now_us()
    }

    fn now_us(&self) -> i64 {
        i64::try_from(self.begin.elapsed().as_micros()).unwrap_or(i64::MAX)
    }

    fn take_bytes(&self, bytes: usize, now_us: i64) {
        let cost_us = i64::try_from(bytes).unwrap_or(i64::MAX).saturating_mul(BYTE_US);
        let _ = self.paid_us.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |paid| {
            Some(paid.max(now_us).saturating_add(cost_us))
        });
    }

    fn debt_at(&self, now_us: i64) -> Option<Duration> {
        let owed = self.paid_us.load(Ordering::Relaxed).saturating_sub(now_us);
        let beyond = u64::try_from(owed.saturating_sub(self.burst_us)).unwrap_or(0);
        (beyond > 0).then(|| Duration::from_micros(beyond))
    }
}

/// About the bytes that an event takes in the journal.
pub(crate) fn weight(event: &Event) -> usize {
    let content = match &event.about {
        // The one that comes often and long is not written out for this.
        About::Session { fact: SessionFact::Input { bytes }, .. } => escaped(bytes.as_bytes()),
        About::Peer { fact: PeerFact::ConnectionOpened {}, .. } => 0,
        About::Session { .. } | About::Peer { .. } | About::Sensor(_) => {
            event.fact_json().map_or(0, |json| json.len())
        }
    };
    content.saturating_add(ROW_BYTES)
}

/// The length of bytes as JSON has them: what is not printable takes five.
fn escaped(bytes: &[u8]) -> usize {
    bytes.iter().map(|byte| if (b' '..=b'~').contains(byte) { 1 } else { 5 }).sum()
}

/// What an event takes beside its content: identifiers, addresses, indexes.
const ROW_BYTES: usize = 256;
/// What a line of a recording takes beside its content.
const LINE_BYTES: usize = 20;
/// What a small file takes of a disk.
const FILE_BYTES: usize = 4_096;
/// Microseconds in which one byte is paid back.
const BYTE_US: i64 = 1_000_000 / JOURNAL_BYTES_PER_S;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_free_and_the_rest_is_waited_for() {
        let allowance = Allowance::default();
        let burst = usize::try_from(JOURNAL_BURST_BYTES).unwrap();
        allowance.take_bytes(burst, 0);
        assert_eq!(allowance.debt_at(0), None);
        allowance.take_bytes(1_000, 0);
        let wait = Duration::from_micros(1_000 * BYTE_US.unsigned_abs());
        assert_eq!(allowance.debt_at(0), Some(wait));
        assert_eq!(allowance.debt_at(1_000 * BYTE_US), None);
        assert!(!allowance.is_whole());
    }

    #[test]
    fn what_was_not_used_is_not_saved_up() {
        let allowance = Allowance::default();
        let burst = usize::try_from(JOURNAL_BURST_BYTES).unwrap();
        allowance.take_bytes(1, 0);
        let later = 1_000_000_000_000;
        allowance.take_bytes(burst + 1, later);
        assert!(allowance.debt_at(later).is_some());
    }
}
