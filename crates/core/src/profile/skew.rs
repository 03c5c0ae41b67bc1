//! D1: the skew of a remote clock from its TCP timestamps, after Kohno, Broido and Claffy,
//! "Remote physical device fingerprinting", 2005.
//!
//! A packet is never early: each timestamp is at most as far ahead of our clock as the clocks
//! differ. So the line that lies above all offsets and, summed over them, closest to them has the
//! slope of the clocks' difference, whatever the delays are. That linear program is solved by the
//! edge of the upper convex hull over the mean of the arrivals.
//!
//! **Invariant:** only sums, products and quotients, so that every machine gets the same bits. No
//! answer is given before its bound is useful.

/// A packet's arrival, by our clock, and the timestamp in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tick {
    /// Nanoseconds, from any start.
    pub at_ns: u64,
    /// The timestamp as it was sent.
    pub value: u32,
}

/// A remote clock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clock {
    /// Ticks in a second as they were measured.
    pub measured_hz: f64,
    /// What its maker meant, where the measure is near to a frequency that systems use.
    pub nominal_hz: Option<u32>,
    /// The points it was measured on.
    pub points: usize,
    /// How far it runs from ours, if there is enough to tell.
    pub skew: Option<Skew>,
}

/// How far a clock runs from ours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Skew {
    /// Parts per million; positive: it is faster than ours.
    pub ppm: f64,
    /// The bound on either side that the measure holds within.
    pub bound_ppm: f64,
}

/// Frequencies of timestamp clocks that are in use.
pub const NOMINAL_HZ: &[u32] =
    &[2, 10, 64, 100, 128, 200, 250, 256, 300, 500, 512, 1_000, 1_024, 1_000_000];

/// Points below which nothing is said.
pub const POINTS_MIN: usize = 10;
/// Points below which no skew is said.
const SKEW_POINTS_MIN: usize = 30;
/// Bounds above which the skew is not useful: quartz clocks are within some 100 ppm.
const USEFUL_PPM: f64 = 50.0;
/// A nominal frequency is this near, in parts of it.
const NEAR: f64 = 0.02;
/// Parts that the points are dealt out to, each measured on its own, to see how far they agree.
const PARTS: usize = 5;

/// Measures the clock behind `ticks`, which are of one clock and in order of arrival.
#[must_use]
pub fn clock(ticks: &[Tick]) -> Option<Clock> {
    if ticks.len() < POINTS_MIN {
        return None;
    }
    let points = unwrapped(ticks);
    let (first, last) = (points.first()?, points.last()?);
    let span_s = last.0 - first.0;
    if points.len() < POINTS_MIN || span_s <= 0.0 {
        return None;
    }
    let measured_hz = frequency(&points)?;
    if measured_hz <= 0.0 {
        return None;
    }
    let nominal_hz = nominal(measured_hz);
    let skew = nominal_hz.and_then(|hz| skew(&points, f64::from(hz), span_s));
    Some(Clock { measured_hz, nominal_hz, points: points.len(), skew })
}

/// Seconds since the first arrival, and ticks since the first timestamp.
///
/// A point whose timestamp went back is left out: it was sent before the one in front of it. So is
/// one whose timestamp leapt by half of all numbers.
fn unwrapped(ticks: &[Tick]) -> Vec<(f64, f64)> {
    let Some(first) = ticks.first() else { return Vec::new() };
    let (mut highest, mut sum) = (first.value, 0_u64);
    let mut points = Vec::with_capacity(ticks.len());
    for tick in ticks {
        let step = tick.value.wrapping_sub(highest);
        if step > u32::MAX / 2 {
            continue;
        }
        highest = tick.value;
        sum += u64::from(step);
        let Some(since_ns) = tick.at_ns.checked_sub(first.at_ns) else { continue };
        points.push((since_ns as f64 / 1e9, sum as f64));
    }
    points
}

/// Ticks a second: the slope of the line above all ticks, which late packets do not bend.
fn frequency(points: &[(f64, f64)]) -> Option<f64> {
    edge(points.iter().copied()).map(|edge| edge.slope)
}

fn nominal(measured: f64) -> Option<u32> {
    let off = |hz: &u32| (measured / f64::from(*hz) - 1.0).abs();
    let nearest = NOMINAL_HZ.iter().min_by(|a, b| off(a).total_cmp(&off(b)))?;
    (off(nearest) <= NEAR).then_some(*nearest)
}

fn skew(points: &[(f64, f64)], hz: f64, span_s: f64) -> Option<Skew> {
    if points.len() < SKEW_POINTS_MIN {
        return None;
    }
    let offsets = || points.iter().map(|&(at, ticks)| (at, ticks / hz - at));
    let all = edge(offsets())?;
    let mut spread = 0.0_f64;
    for part in 0..PARTS {
        let slope = edge(offsets().skip(part).step_by(PARTS))?.slope;
        spread = spread.max((slope - all.slope).abs());
    }
    // A tick is as long as it is; an edge on few points says no more than its ends do.
    let tick = 1.0 / hz / span_s / (points.len() as f64).sqrt();
    let bound_ppm = spread.max(tick) * 1e6;
    (bound_ppm <= USEFUL_PPM).then_some(Skew { ppm: all.slope * 1e6, bound_ppm })
}

struct Edge {
    slope: f64,
}

/// The edge of the upper hull over the mean of the first coordinates, which come in order.
fn edge(points: impl Iterator<Item = (f64, f64)>) -> Option<Edge> {
    let mut hull: Vec<(f64, f64)> = Vec::new();
    let (mut sum, mut count) = (0.0, 0.0);
    let mut latest = f64::NEG_INFINITY;
    for point in points {
        // Our clock stepped back: the point has no place in the order.
        if point.0 < latest {
            continue;
        }
        latest = point.0;
        sum += point.0;
        count += 1.0;
        while let [.., a, b] = hull.as_slice() {
            // Whether the last one is on or below the line from the one before it to the new one.
            let turn = (b.0 - a.0) * (point.1 - a.1) - (b.1 - a.1) * (point.0 - a.0);
            if turn < 0.0 {
                break;
            }
            hull.pop();
        }
        match hull.last_mut() {
            Some(top) if top.0 >= point.0 => top.1 = top.1.max(point.1),
            _ => hull.push(point),
        }
    }
    let mean = sum / count;
    let right = hull.partition_point(|point| point.0 < mean).max(1);
    let (a, b) = (hull.get(right - 1)?, hull.get(right)?);
    Some(Edge { slope: (b.1 - a.1) / (b.0 - a.0) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Anything between 0 and 1, the same every time.
    struct Dice(u64);

    impl Dice {
        fn roll(&mut self) -> f64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 >> 11) as f64 / (1_u64 << 53) as f64
        }
    }

    fn hour(hz: f64, ppm: f64, dice: &mut Dice) -> Vec<Tick> {
        let mut at = 0.0;
        let mut ticks: Vec<Tick> = Vec::new();
        while at < 3_600.0 {
            let arrival = 0.030 + at + 0.005 * dice.roll();
            let value = (at * (1.0 + ppm / 1e6) * hz) as u64 + u64::from(u32::MAX) - 5_000;
            ticks.push(Tick { at_ns: (arrival * 1e9) as u64, value: value as u32 });
            at += 0.2 + 1.6 * dice.roll();
        }
        ticks
    }

    #[test]
    fn an_hour_with_jitter_gives_the_skew_within_one_part_per_million() {
        let mut dice = Dice(0x1234_5678_9abc_def1);
        for hz in [100, 250, 1_000] {
            for ppm in [50.0, -50.0, 0.0, 7.3] {
                let found = clock(&hour(f64::from(hz), ppm, &mut dice)).unwrap();
                let skew = found.skew.unwrap();
                assert_eq!(found.nominal_hz, Some(hz));
                assert!((skew.ppm - ppm).abs() < 1.0, "{hz} Hz, {ppm} ppm: {skew:?}");
                assert!((skew.ppm - ppm).abs() <= skew.bound_ppm, "{hz} Hz, {ppm} ppm: {skew:?}");
                assert!(skew.bound_ppm < 5.0, "{hz} Hz, {ppm} ppm: {skew:?}");
            }
        }
    }

    #[test]
    fn a_few_seconds_tell_the_frequency_and_no_skew() {
        let mut dice = Dice(99);
        let ticks = hour(1_000.0, 50.0, &mut dice);
        let found = clock(&ticks[..12]).unwrap();
        assert_eq!((found.nominal_hz, found.skew), (Some(1_000), None));
        assert_eq!(clock(&ticks[..5]), None);
    }

    #[test]
    fn a_clock_that_goes_back_is_survived() {
        let mut dice = Dice(5);
        let mut ticks = hour(1_000.0, 50.0, &mut dice);
        ticks.iter_mut().skip(10).step_by(7).for_each(|tick| tick.at_ns = 0);
        ticks.iter_mut().skip(11).step_by(9).for_each(|tick| tick.value = 3);
        let _ = clock(&ticks);
        assert_eq!(clock(&[]), None);
        assert_eq!(clock(&[Tick { at_ns: 5, value: 5 }; 100]), None);
    }
}
