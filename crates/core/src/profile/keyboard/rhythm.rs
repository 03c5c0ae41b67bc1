//! How the keys follow each other: gaps, pauses and the share of control keys (B2 to B7).
//!
//! A gap lies between every two successive keystrokes; keys of one read have a gap of 0. Percentiles
//! are interpolated linearly between the closest ranks (type 7 of Hyndman and Fan, the default of
//! numpy and R). Sums are whole microseconds and divided once.
//!
//! **Invariant:** hidden input is in no gap and in no count: it only breaks the chain.

use crate::profile::keyboard::keys::{Code, Stroke};

/// Gaps and counts of one session.
#[derive(Default)]
pub(super) struct Rhythm {
    last: Option<(u64, Code)>,
    counts: Counts,
    gaps_us: Vec<u64>,
    /// From the last key of a line to its Enter.
    enter_gaps_us: Vec<u64>,
    /// Gaps of more than a second, and the one from the first prompt to the first key.
    idle_gaps_us: Vec<u64>,
    sum_us: u64,
    squares: u128,
    under_30_ms: u64,
    /// Time in pauses of more than two seconds.
    thinking_us: u64,
    pauses: Pauses,
}

/// The pause histogram: counts of gaps.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(super) struct Pauses {
    /// Under 0.2 s.
    pub(super) burst: u64,
    /// From 0.2 s to under 1.5 s.
    pub(super) think: u64,
    /// From 1.5 s.
    pub(super) distracted: u64,
}

/// Keystrokes by class.
struct Counts([u64; 128]);

impl Default for Counts {
    fn default() -> Self {
        Self([0; 128])
    }
}

impl Rhythm {
    /// A rhythm with room for the gaps of `keys` keystrokes.
    pub(super) fn with_capacity(keys: usize) -> Self {
        Self { gaps_us: Vec::with_capacity(keys), ..Self::default() }
    }

    /// Takes the next keystroke.
    pub(super) fn key(&mut self, stroke: Stroke) {
        let (at_us, code) = (stroke.at_us(), stroke.code());
        if let Some(count) = self.counts.0.get_mut(code.index()) {
            *count += 1;
        }
        // A clock that steps back gives no gap, rather than a negative one.
        if let Some((last_us, last)) = self.last
            && let Some(gap_us) = at_us.checked_sub(last_us)
        {
            self.gap(gap_us);
            if code == Code::ENTER && last != Code::ENTER {
                self.enter_gaps_us.push(gap_us);
            }
        }
        self.last = Some((at_us, code));
    }

    /// Takes the wait from the first prompt to the first key.
    pub(super) fn first_wait(&mut self, wait_us: u64) {
        self.idle_gaps_us.push(wait_us);
    }

    /// Something was typed unseen: the next key follows nothing.
    pub(super) fn hidden(&mut self) {
        self.last = None;
    }

    fn gap(&mut self, gap_us: u64) {
        self.gaps_us.push(gap_us);
        self.sum_us = self.sum_us.saturating_add(gap_us);
        self.squares = self.squares.saturating_add(u128::from(gap_us) * u128::from(gap_us));
        self.under_30_ms += u64::from(gap_us < 30_000);
        self.pauses.burst += u64::from(gap_us < 200_000);
        self.pauses.think += u64::from((200_000..1_500_000).contains(&gap_us));
        self.pauses.distracted += u64::from(gap_us >= 1_500_000);
        if gap_us > 1_000_000 {
            self.idle_gaps_us.push(gap_us);
            if gap_us > 2_000_000 {
                self.thinking_us = self.thinking_us.saturating_add(gap_us);
            }
        }
    }

    /// How many keystrokes there were.
    pub(super) fn keystrokes(&self) -> u64 {
        self.counts.0.iter().sum()
    }

    /// Keystrokes of these classes ÷ all keystrokes.
    pub(super) fn rate<const N: usize>(&self, codes: [Code; N]) -> Option<f64> {
        let count = codes.iter().filter_map(|code| self.counts.0.get(code.index())).sum();
        ratio(count, self.keystrokes())
    }

    /// Mean gap, s.
    pub(super) fn mean(&self) -> Option<f64> {
        ratio(self.sum_us, self.gaps()).map(|us| us / 1e6)
    }

    /// Sample standard deviation of the gaps, s; `None` under two.
    pub(super) fn stdev(&self) -> Option<f64> {
        let n = u128::from(self.gaps());
        if n < 2 {
            return None;
        }
        // Exact for every session shorter than the instants of a stroke can say.
        let sum = u128::from(self.sum_us);
        let spread = n.saturating_mul(self.squares).saturating_sub(sum.saturating_mul(sum));
        Some((spread as f64 / (n * (n - 1)) as f64).sqrt() / 1e6)
    }

    /// Share of gaps under 30 ms.
    pub(super) fn burst_ratio(&self) -> Option<f64> {
        ratio(self.under_30_ms, self.gaps())
    }

    /// Time in pauses of more than 2 s ÷ `duration_us` of the session; `None` without a gap.
    pub(super) fn think_ratio(&self, duration_us: u64) -> Option<f64> {
        if self.gaps_us.is_empty() { None } else { ratio(self.thinking_us, duration_us) }
    }

    /// The pause histogram.
    pub(super) fn pauses(&self) -> Pauses {
        self.pauses
    }

    /// p50 and p95 of the gaps, s.
    pub(super) fn gap_percentiles(&mut self) -> [Option<f64>; 2] {
        median_and_p95(&mut self.gaps_us)
    }

    /// p50 and p95 of the time from the last key of a line to its Enter, s.
    pub(super) fn enter_percentiles(&mut self) -> [Option<f64>; 2] {
        median_and_p95(&mut self.enter_gaps_us)
    }

    /// Median wait before the first key after an idle of more than 1 s, s.
    pub(super) fn start_of_action(&mut self) -> Option<f64> {
        median(&mut self.idle_gaps_us)
    }

    fn gaps(&self) -> u64 {
        self.gaps_us.len() as u64
    }
}

/// The median in seconds of durations in µs; reorders them.
pub(super) fn median(durations_us: &mut [u64]) -> Option<f64> {
    percentile(durations_us, 50)
}

/// The median and the 95th percentile, in seconds of durations in µs; reorders them.
pub(in crate::profile) fn median_and_p95(durations_us: &mut [u64]) -> [Option<f64>; 2] {
    [percentile(durations_us, 50), percentile(durations_us, 95)]
}

/// The percentile, by linear interpolation between closest ranks, in seconds of durations in µs.
fn percentile(durations_us: &mut [u64], percent: u128) -> Option<f64> {
    let last = u128::try_from(durations_us.len().checked_sub(1)?).ok()?;
    let (rank, rest) = (last * percent / 100, last * percent % 100);
    let rank = usize::try_from(rank).ok()?;
    let (_, low, above) = durations_us.select_nth_unstable(rank);
    let low = *low;
    let high = if rest == 0 { low } else { above.iter().copied().min().unwrap_or(low) };
    Some((low as f64 + (high - low) as f64 * rest as f64 / 100.0) / 1e6)
}

/// `part ÷ whole`; `None` where the whole is nothing.
pub(super) fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::keyboard::keys::KeyClass;

    #[test]
    fn percentiles_lie_between_the_closest_ranks() {
        // Checked with numpy.percentile, default method.
        let table: &[(&[u64], f64, f64)] = &[
            (&[5], 5e-6, 5e-6),
            (&[4, 2], 3e-6, 3.9e-6),
            (&[3, 1, 2], 2e-6, 2.9e-6),
            (&[40, 10, 30, 20], 25e-6, 38.5e-6),
            (&[0, 0, 0, 0, 100], 0.0, 80e-6),
        ];
        for (durations_us, p50, p95) in table {
            let [median, high] = median_and_p95(&mut durations_us.to_vec());
            assert!((median.unwrap() - p50).abs() < 1e-15, "{durations_us:?}");
            assert!((high.unwrap() - p95).abs() < 1e-15, "{durations_us:?}");
        }
        assert_eq!(median_and_p95(&mut []), [None, None]);
    }

    #[test]
    fn a_clock_that_steps_back_gives_no_gap() {
        let mut rhythm = Rhythm::default();
        for at_us in [500, 100, 400] {
            rhythm.key(Stroke::new(at_us, KeyClass::Space));
        }
        assert_eq!(rhythm.mean(), Some(300e-6));
        assert_eq!(rhythm.keystrokes(), 3);
    }

    #[test]
    fn an_enter_after_an_enter_ends_no_line() {
        let mut rhythm = Rhythm::default();
        let keys = [KeyClass::Enter, KeyClass::Space, KeyClass::Enter, KeyClass::Enter];
        for (at_us, key) in (0..).step_by(1_000).zip(keys) {
            rhythm.key(Stroke::new(at_us, key));
        }
        assert_eq!(rhythm.enter_gaps_us, [1_000]);
    }

    #[test]
    fn the_bounds_of_the_histogram_belong_to_the_longer_pause() {
        let mut rhythm = Rhythm::default();
        for gap_us in [29_999, 30_000, 199_999, 200_000, 1_499_999, 1_500_000, 2_000_000] {
            rhythm.gap(gap_us);
        }
        assert_eq!(rhythm.pauses(), Pauses { burst: 3, think: 2, distracted: 2 });
        assert_eq!(rhythm.under_30_ms, 1);
        assert_eq!(rhythm.think_ratio(10_000_000), Some(0.0));
        rhythm.gap(2_000_001);
        assert_eq!(rhythm.think_ratio(4_000_002), Some(0.5));
        assert_eq!(rhythm.think_ratio(0), None);
    }

    #[test]
    fn a_spread_among_long_gaps_is_not_lost_in_rounding() {
        let mut rhythm = Rhythm::default();
        for gap_us in [1_000_000_000_000, 1_000_000_000_001, 1_000_000_000_002] {
            rhythm.gap(gap_us);
        }
        assert_eq!(rhythm.stdev(), Some(1e-6));
    }
}
