//! The clock of a sensor: the wall clock, read once, and a monotonic one from there on.
//!
//! **Invariant:** within one clock's life no instant is before an earlier one, whatever is done to
//! the system's time.

use decnet_core::event::Timestamp;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// A clock that never steps back. Each connection has its own.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    wall_ns: i64,
    begin: Instant,
}

impl Clock {
    /// A clock that starts from the system's time now.
    #[must_use]
    pub fn start() -> Self {
        let begin = Instant::now();
        let wall_ns = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_nanos()).unwrap_or(i64::MAX),
            Err(_) => 0,
        };
        Self { wall_ns, begin }
    }

    /// The instant now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let since = i64::try_from(self.begin.elapsed().as_nanos()).unwrap_or(i64::MAX);
        Timestamp(self.wall_ns.saturating_add(since))
    }

    /// The instant at which the clock was started.
    #[must_use]
    pub fn begin(&self) -> Timestamp {
        Timestamp(self.wall_ns)
    }

    /// The timer's instant for one of this clock; one that has passed is now.
    #[must_use]
    pub fn timer(&self, at: Timestamp) -> tokio::time::Instant {
        let since = u64::try_from(at.0.saturating_sub(self.wall_ns)).unwrap_or(0);
        // A wish beyond a month is as good as never, and cannot overflow.
        let since = std::time::Duration::from_nanos(since).min(FAR);
        tokio::time::Instant::from_std(self.begin + since)
    }
}

const FAR: std::time::Duration = std::time::Duration::from_secs(30 * 86_400);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_follow_each_other() {
        let clock = Clock::start();
        let mut last = clock.begin();
        for _ in 0..1_000 {
            let now = clock.now();
            assert!(now >= last);
            last = now;
        }
        assert!(clock.timer(Timestamp(0)) <= tokio::time::Instant::now());
        let _ = clock.timer(Timestamp(i64::MAX));
    }
}
