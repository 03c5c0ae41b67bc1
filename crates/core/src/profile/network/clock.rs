//! D1 over an attacker: the clock behind the timestamps of its connections.
//!
//! Systems differ in what is common to two connections: some add another number to the timestamps
//! of each, some one for each pair of addresses, some none. So connections are measured each on its
//! own, and all that go to one address of ours together; what has the smaller bound counts.
//!
//! **Invariant:** bounded samples, and sums in a fixed order: a replay gives the same bits.

use crate::limits;
use crate::profile::skew::{self, Tick};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// A clock as it was measured.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(in crate::profile) struct Estimate {
    /// Ticks in a second: as their maker meant it where that is known.
    pub(in crate::profile) hz: f64,
    /// Timestamps that it was measured on.
    pub(in crate::profile) points: u64,
    /// How far it runs from ours, and the bound on either side, ppm.
    pub(in crate::profile) skew: Option<(f64, f64)>,
}

/// Bounds above which a skew is not told, ppm: quartz clocks are within some 100.
const USEFUL_PPM: f64 = 50.0;

/// What is known of an attacker's clock.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Clock {
    /// Of connections: those with the smallest bounds, the smallest first.
    flows: Vec<Estimate>,
    series: Vec<Series>,
    /// Of the latest connection that tells it.
    hz: Option<f64>,
}

/// Timestamps that went to one address.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Series {
    local: IpAddr,
    points: Vec<(u64, u32)>,
}

/// Which points of a series are kept: all, then every second, every fourth and so on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::profile) struct Thinning {
    stride: u32,
    skipped: u32,
    kept: u32,
}

impl Default for Thinning {
    fn default() -> Self {
        Self { stride: 1, skipped: 0, kept: 0 }
    }
}

impl Thinning {
    /// Whether the next point is one to keep.
    pub(in crate::profile) fn takes(&mut self) -> bool {
        self.skipped += 1;
        if self.skipped < self.stride {
            return false;
        }
        self.skipped = 0;
        // As `Clock::add` does with the points themselves.
        if self.kept as usize >= limits::CLOCK_POINTS {
            self.kept = self.kept.div_ceil(2);
            self.stride = self.stride.saturating_mul(2);
        }
        self.kept += 1;
        true
    }
}

/// The value of a SYN's timestamp where it has one. Zero is what a sender without a clock says.
pub(in crate::profile) fn tick(timestamps: Option<(u32, u32)>) -> Option<u32> {
    timestamps.map(|(value, _)| value).filter(|value| *value != 0)
}

/// What the timestamps of one connection say: `ticks` in order of arrival.
pub(in crate::profile) fn estimate(ticks: &[Tick]) -> Option<Estimate> {
    skew::clock(ticks).map(|clock| Estimate {
        hz: clock.nominal_hz.map_or(clock.measured_hz, f64::from),
        points: clock.points as u64,
        skew: clock.skew.map(|skew| (skew.ppm, skew.bound_ppm)),
    })
}

impl Clock {
    /// Adds a timestamp that went to `local`; [`Thinning`] has said that it is one to keep.
    pub(super) fn add(&mut self, local: IpAddr, at_ns: u64, value: u32) {
        let place = self.series.iter().position(|series| series.local == local);
        let place = match place {
            Some(place) => place,
            None if self.series.len() < limits::CLOCK_SERIES => {
                self.series.push(Series { local, points: Vec::new() });
                self.series.len() - 1
            }
            None => return,
        };
        let Some(series) = self.series.get_mut(place) else { return };
        if series.points.len() >= limits::CLOCK_POINTS {
            let mut number = 0_u32;
            series.points.retain(|_| {
                number += 1;
                number % 2 == 1
            });
        }
        series.points.push((at_ns, value));
    }

    /// Takes in what one connection says.
    pub(super) fn measured(&mut self, estimate: Estimate) {
        self.hz = Some(estimate.hz);
        let Some((_, bound)) = estimate.skew else { return };
        let place = self.flows.partition_point(|known| bound_of(known) <= bound);
        self.flows.insert(place, estimate);
        self.flows.truncate(limits::CLOCK_FLOWS);
    }

    /// The clock, as well as it is known.
    pub(super) fn estimate(&self) -> Option<Estimate> {
        let joint = self.series.iter().filter_map(Series::estimate);
        let best = self
            .combined()
            .into_iter()
            .chain(joint)
            .min_by(|one, other| bound_of(one).total_cmp(&bound_of(other)));
        best.or_else(|| self.hz.map(|hz| Estimate { hz, points: 0, skew: None }))
    }

    /// Connections weighed by their bounds. Where they agree less than their bounds say, so does
    /// the bound of the whole.
    fn combined(&self) -> Option<Estimate> {
        let (mut weights, mut sum, mut points) = (0.0, 0.0, 0);
        let measured = || self.flows.iter().filter_map(|flow| flow.skew);
        for (ppm, bound) in measured() {
            let weight = 1.0 / (bound * bound).max(f64::MIN_POSITIVE);
            weights += weight;
            sum += weight * ppm;
        }
        let first = self.flows.first().filter(|_| weights > 0.0)?;
        let mean = sum / weights;
        let mut scatter = 0.0;
        for (ppm, bound) in measured() {
            scatter += (ppm - mean) * (ppm - mean) / (bound * bound).max(f64::MIN_POSITIVE);
        }
        for flow in &self.flows {
            points += flow.points;
        }
        let bound = (1.0 / weights).sqrt().max((scatter / weights).sqrt());
        let skew = (bound <= USEFUL_PPM).then_some((mean, bound));
        skew.map(|skew| Estimate { hz: first.hz, points, skew: Some(skew) })
    }
}

/// The bound of an estimate; more than all where there is none.
fn bound_of(estimate: &Estimate) -> f64 {
    estimate.skew.map_or(f64::INFINITY, |(_, bound)| bound)
}

impl Series {
    /// The clock behind the series, if it is one clock.
    fn estimate(&self) -> Option<Estimate> {
        let mut points = self.points.clone();
        points.sort_unstable();
        points.dedup();
        let ticks: Vec<Tick> = points.iter().map(|&(at_ns, value)| Tick { at_ns, value }).collect();
        let clock = skew::clock(&ticks)?;
        // A number of its own for each connection shows in timestamps that go back.
        let is_one = clock.points * 10 >= ticks.len() * 9;
        let (hz, skew) = clock.nominal_hz.zip(clock.skew).filter(|_| is_one)?;
        Some(Estimate {
            hz: f64::from(hz),
            points: clock.points as u64,
            skew: Some((skew.ppm, skew.bound_ppm)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCAL: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 9));
    const HOUR_S: f64 = 3_600.0;

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

    /// A packet `at` seconds after the start, of a clock with 1,000 Hz that is 50 ppm fast, with 5
    /// ms of jitter.
    fn packet(at: f64, offset: u32, dice: &mut Dice) -> Tick {
        let arrival = 1_000.0 + at + 0.005 * dice.roll();
        let value = (at * (1.0 + 50e-6) * 1_000.0) as u32;
        Tick { at_ns: (arrival * 1e9) as u64, value: value.wrapping_add(offset) }
    }

    fn add_all(clock: &mut Clock, ticks: &[Tick], thinning: &mut Thinning) {
        for tick in ticks {
            if thinning.takes() {
                clock.add(LOCAL, tick.at_ns, tick.value);
            }
        }
    }

    #[track_caller]
    fn check(clock: &Clock) {
        let found = clock.estimate().unwrap();
        let (ppm, bound) = found.skew.unwrap();
        assert!((ppm - 50.0).abs() < 1.0 && bound < 5.0, "{found:?}");
        assert_eq!(found.hz, 1_000.0);
    }

    #[test]
    fn short_connections_of_one_clock_give_the_skew_together() {
        let (mut clock, mut thinning) = (Clock::default(), Thinning::default());
        let mut dice = Dice(0x1234_5678_9abc_def1);
        for n in 0..600 {
            let at = HOUR_S * f64::from(n) / 600.0;
            let ticks: Vec<Tick> =
                (0..5).map(|k| packet(at + 0.1 * f64::from(k), 77, &mut dice)).collect();
            assert_eq!(estimate(&ticks), None);
            add_all(&mut clock, &ticks, &mut thinning);
        }
        check(&clock);
        assert!(clock.series[0].points.len() <= limits::CLOCK_POINTS);
    }

    #[test]
    fn long_connections_give_the_skew_each_on_its_own() {
        let (mut clock, mut thinning) = (Clock::default(), Thinning::default());
        let mut dice = Dice(0x9876_5432_1234_5671);
        for n in 0..6 {
            let offset = (dice.roll() * 4e9) as u32;
            let ticks: Vec<Tick> = (0..64)
                .map(|k| {
                    packet(HOUR_S / 6.0 * (f64::from(n) + f64::from(k) / 64.0), offset, &mut dice)
                })
                .collect();
            clock.measured(estimate(&ticks).unwrap());
            add_all(&mut clock, &ticks, &mut thinning);
        }
        check(&clock);
    }

    #[test]
    fn connections_with_numbers_of_their_own_are_no_series() {
        let (mut clock, mut thinning) = (Clock::default(), Thinning::default());
        let mut dice = Dice(0x5555_1234_9999_4321);
        for n in 0..600 {
            let offset = (dice.roll() * 4e9) as u32;
            let tick = packet(HOUR_S * f64::from(n) / 600.0, offset, &mut dice);
            add_all(&mut clock, &[tick], &mut thinning);
        }
        assert_eq!(clock.estimate(), None);
    }

    #[test]
    fn clocks_that_differ_have_a_wide_bound() {
        let mut clock = Clock::default();
        let one = |ppm| Estimate { hz: 1_000.0, points: 64, skew: Some((ppm, 0.5)) };
        clock.measured(one(-20.0));
        clock.measured(one(20.0));
        assert_eq!(clock.estimate().unwrap().skew, Some((0.0, 20.0)));
        for _ in 0..20 {
            clock.measured(Estimate { skew: Some((3.0, 0.1)), ..one(0.0) });
        }
        assert_eq!(clock.flows.len(), limits::CLOCK_FLOWS);
        assert!((clock.estimate().unwrap().skew.unwrap().0 - 3.0).abs() < 1e-9);
    }
}
