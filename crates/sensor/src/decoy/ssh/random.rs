//! Random bytes for keys, padding and delays.
//!
//! **Invariant:** all of them come from one generator that is fit for cryptography.

use rand::Rng;
use std::ops::RangeInclusive;
use std::time::Duration;

/// Fills `bytes`, in the form in which the dialogue asks for them.
pub(super) fn dice(bytes: &mut [u8]) {
    rand::rng().fill_bytes(bytes);
}

/// A duration drawn from a range of milliseconds, to the microsecond.
pub(super) fn draw(range: &RangeInclusive<u64>) -> Duration {
    let from_us = range.start().saturating_mul(1_000);
    let width_us = range.end().saturating_mul(1_000).saturating_sub(from_us);
    let mut bytes = [0; 8];
    dice(&mut bytes);
    let random = u64::from_be_bytes(bytes);
    Duration::from_micros(from_us.saturating_add(random % width_us.saturating_add(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draw_stays_in_its_range() {
        for _ in 0..100 {
            let drawn = draw(&(2..=4));
            assert!(drawn >= Duration::from_millis(2) && drawn <= Duration::from_millis(4));
        }
        assert_eq!(draw(&(0..=0)), Duration::ZERO);
    }
}
