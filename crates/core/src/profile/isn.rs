//! D2: how a source chooses its initial sequence numbers, or its IP identifications.
//!
//! **Invariant:** integers only; the order of the values is the order in which they were sent, and
//! a number that wraps around is a small step.

/// How wide the numbers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// Initial sequence numbers.
    Bits32,
    /// IP identifications.
    Bits16,
}

/// A number and when it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Nanoseconds, from any start.
    pub at_ns: u64,
    /// The number.
    pub value: u32,
}

/// How numbers are chosen, with the statistic behind the verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Always the same.
    Constant {
        /// It.
        value: u32,
    },
    /// Each a little after the one before.
    Incremental {
        /// The middle one of the steps.
        step: u32,
        /// What divides all steps.
        divisor: u32,
    },
    /// After a clock.
    TimeDriven {
        /// Ticks of it in a second.
        rate: u64,
    },
    /// Not to be foreseen.
    Random {
        /// Binary digits of the mean step, either way round: about two below the width.
        bits: u32,
    },
}

/// Steps from which on there is a verdict.
const STEPS_MIN: usize = 3;

/// The class of `sent`; none where there is too little of it.
#[must_use]
pub fn class(sent: &[Sent], width: Width) -> Option<Class> {
    let (mask, small, distance_bits) = match width {
        Width::Bits32 => (u32::MAX, 1 << 20, 31),
        Width::Bits16 => (0xffff, 1_024, 15),
    };
    let mut steps = Vec::with_capacity(sent.len());
    for pair in sent.windows(2) {
        let [before, after] = pair else { continue };
        let step = after.value.wrapping_sub(before.value) & mask;
        steps.push((step, after.at_ns.saturating_sub(before.at_ns)));
    }
    if steps.len() < STEPS_MIN {
        return None;
    }
    if steps.iter().all(|(step, _)| *step == 0) {
        return sent.first().map(|first| Class::Constant { value: first.value });
    }
    let divisor = steps.iter().fold(0, |divisor, (step, _)| common(divisor, *step));
    // Some systems count in the other byte order, in steps of 256.
    let reach = if width == Width::Bits16 && divisor % 256 == 0 { small * 32 } else { small };
    let rate = rate(&steps, width);
    if let Some(rate) = rate
        && width == Width::Bits32
    {
        return Some(Class::TimeDriven { rate });
    }
    // One step that is out of line is a packet that came late.
    let near = steps.iter().filter(|(step, _)| *step <= reach).count();
    if near * 10 >= steps.len() * 9 {
        let mut sorted: Vec<u32> = steps.iter().map(|(step, _)| *step).collect();
        sorted.sort_unstable();
        let step = sorted.get(sorted.len() / 2).copied().unwrap_or(0);
        return Some(Class::Incremental { step, divisor });
    }
    if let Some(rate) = rate {
        return Some(Class::TimeDriven { rate });
    }
    let wrapped = 1_u64 << (distance_bits + 1);
    let sum: u64 =
        steps.iter().map(|(step, _)| u64::from(*step).min(wrapped - u64::from(*step))).sum();
    let mean = sum / steps.len() as u64;
    Some(Class::Random { bits: u64::BITS - mean.leading_zeros() })
}

/// The rate that at least nine in ten steps agree with, within a tenth.
fn rate(steps: &[(u32, u64)], width: Width) -> Option<u64> {
    let wrap = match width {
        Width::Bits32 => 1_u128 << 32,
        Width::Bits16 => 1_u128 << 16,
    };
    // Gaps that are too short say nothing of a rate.
    let timed = || steps.iter().filter(|(_, gap_ns)| *gap_ns >= 1_000_000);
    let mut rates: Vec<u64> = timed()
        .map(|(step, gap_ns)| (u128::from(*step) * 1_000_000_000 / u128::from(*gap_ns)) as u64)
        .collect();
    if rates.len() < STEPS_MIN {
        return None;
    }
    rates.sort_unstable();
    let rate = rates.get(rates.len() / 2).copied().filter(|rate| *rate > 0)?;
    let (mut agree, mut longest, mut shortest) = (0, 0, u64::MAX);
    for (step, gap_ns) in timed() {
        let expected = u128::from(rate) * u128::from(*gap_ns) / 1_000_000_000;
        let off = (expected % wrap).abs_diff(u128::from(*step));
        // Beyond a few turns of the numbers a tenth is all of them.
        if expected < 4 * wrap && off.min(wrap - off) * 10 <= expected {
            agree += 1;
            longest = longest.max(*gap_ns);
            shortest = shortest.min(*gap_ns);
        }
    }
    // Equal gaps with equal steps may as well be a counter.
    let told_apart = longest > shortest.saturating_add(shortest / 4);
    let is_small = steps.iter().all(|(step, _)| *step <= 1_024);
    (agree * 10 >= rates.len() * 9 && (told_apart || !is_small)).then_some(rate)
}

fn common(mut left: u32, mut right: u32) -> u32 {
    while right != 0 {
        (left, right) = (right, left % right);
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(values: impl IntoIterator<Item = (u64, u32)>, width: Width) -> Option<Class> {
        let sent: Vec<_> = values
            .into_iter()
            .map(|(at_ms, value)| Sent { at_ns: at_ms * 1_000_000, value })
            .collect();
        class(&sent, width)
    }

    #[test]
    fn each_class_is_told() {
        use Width::{Bits16, Bits32};
        let gaps = [0, 130, 190, 900, 1_450, 1_490, 3_000];
        let same = gaps.map(|at| (at, 7));
        assert_eq!(check(same, Bits32), Some(Class::Constant { value: 7 }));
        let mut id = 65_533_u32;
        let counted = gaps.map(|at| {
            id = (id + 2) & 0xffff;
            (at, id)
        });
        let expected = Class::Incremental { step: 2, divisor: 2 };
        assert_eq!(check(counted, Bits16), Some(expected));
        let swapped = [0, 1, 2, 5, 6, 7].map(|n| (n * n * 50, (n as u32 * 256 + 0xfe00) & 0xffff));
        assert!(matches!(check(swapped, Bits16), Some(Class::Incremental { divisor: 256, .. })));
        // RFC 793: one every 4 µs.
        let clock = gaps.map(|at| (at, (u64::from(u32::MAX) - 100_000 + at * 250) as u32));
        assert_eq!(check(clock, Bits32), Some(Class::TimeDriven { rate: 250_000 }));
        let mut state = 1_u32;
        let random: Vec<_> = (0..40)
            .map(|at| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (at * at * 7, state ^ state >> 15)
            })
            .collect();
        let class32 = check(random.clone(), Bits32);
        assert!(matches!(class32, Some(Class::Random { bits: 29..=31 })), "{class32:?}");
        let class16 = check(random.into_iter().map(|(at, value)| (at, value >> 16)), Bits16);
        assert!(matches!(class16, Some(Class::Random { bits: 13..=15 })), "{class16:?}");
    }

    #[test]
    fn three_values_are_too_few() {
        assert_eq!(check([(0, 1), (1, 2), (2, 3)], Width::Bits32), None);
    }
}
