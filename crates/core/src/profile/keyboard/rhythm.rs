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

fn median_and_p95(durations_us: &mut [u64]) -> [Option<f64>; 2] {
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
