//! Who types: the digraph SimHash, the vector it is cut from, and the commonest digraphs.
//!
//! The construction is `kd_table_v1` of the design paper on typists: residuals of ln(latency)
//! against the population's, averaged over 169 classes, projected on learned directions. All of it
//! is whole numbers after one logarithm for each latency, so that every machine gets the same bits.
//!
//! **Invariant:** what goes in is (class, class, latency); no text, and nothing typed unseen.

use crate::profile::keyboard::keys::Code;
use crate::profile::keyboard::table::{
    BITS, CLASSES, DIGRAPHS, FEATURES, MOTOR_CLASSES, NUMBERS, Table, VECTOR_SCALE, table,
};

/// Sums over the usable digraphs of one session.
pub(super) struct Typist {
    table: &'static Table,
    tallies: Vec<Tally>,
    /// How many residuals there are of each value, from −3 to 3.
    residuals: Vec<u32>,
    usable: i64,
    under_80_ms: i64,
    under_120_ms: i64,
    over_400_ms: i64,
    structure: Structure,
    /// Sum of squares of ln(latency) over digraphs of two letters.
    letter_log_squared: i64,
}

/// Sums over one digraph.
#[derive(Clone, Copy, Default)]
struct Tally {
    count: i64,
    residual: i64,
    log: i64,
    latency_us: u64,
}

/// Sums for the correlation of ln(latency) with what the population takes for the digraph.
#[derive(Default)]
struct Structure {
    log: i64,
    log_squared: i64,
    mean: i64,
    mean_squared: i64,
    product: i64,
}

impl Default for Typist {
    fn default() -> Self {
        Self {
            table: table(),
            tallies: vec![Tally::default(); DIGRAPHS],
            residuals: vec![0; RESIDUALS],
            usable: 0,
            under_80_ms: 0,
            under_120_ms: 0,
            over_400_ms: 0,
            structure: Structure::default(),
            letter_log_squared: 0,
        }
    }
}

impl Typist {
    /// Takes the latency from the key `left` to the key `arriving`, and `log` of it
    /// ([`log_q10`]). A latency that is a wait or an auto-repeat rather than a movement is dropped.
    pub(super) fn digraph(&mut self, left: Code, arriving: Code, latency_us: u64, log: i64) {
        if !(USABLE_MIN_US..=USABLE_MAX_US).contains(&latency_us) {
            return;
        }
        let (left, arriving) = (left.left(), arriving.arriving());
        if is_wait(left, arriving) || is_repeat(left, arriving, latency_us) {
            return;
        }
        let digraph = usize::from(left) * CLASSES + usize::from(arriving);
        let (Some(cell), Some(tally)) =
            (self.table.cells.get(digraph), self.tallies.get_mut(digraph))
        else {
            return;
        };
        let mean = i64::from(cell.mean);
        let residual = ((log - mean) * i64::from(cell.inverse_stdev)) >> 10;
        let residual = residual.clamp(-RESIDUAL_MAX, RESIDUAL_MAX);
        tally.count += 1;
        tally.residual += residual;
        tally.log += log;
        tally.latency_us += latency_us;
        if let Some(count) = self.residuals.get_mut((residual + RESIDUAL_MAX) as usize) {
            *count += 1;
        }
        self.usable += 1;
        self.under_80_ms += i64::from(latency_us < 80_000);
        self.under_120_ms += i64::from(latency_us < 120_000);
        self.over_400_ms += i64::from(latency_us > 400_000);
        self.structure.log += log;
        self.structure.log_squared += log * log;
        self.structure.mean += mean;
        self.structure.mean_squared += mean * mean;
        self.structure.product += log * mean;
        if usize::from(left.max(arriving)) < LETTERS {
            self.letter_log_squared += log * log;
        }
    }

    /// How many digraphs were usable.
    pub(super) fn usable(&self) -> u64 {
        self.usable.unsigned_abs()
    }

    /// The hash and the vector; `None` under [`HASH_MIN`] usable digraphs.
    pub(super) fn prints(&self) -> Option<([u8; 8], [u8; 32])> {
        if self.usable() < HASH_MIN {
            return None;
        }
        let features = self.features();
        Some((hash(self.table, &features), vector(self.table, &features)))
    }

    /// At most 32 of (digraph, count, mean latency in s), the most frequent first; letters and
    /// space only, seen three times or more. `None` under [`TOP_BIGRAMS_MIN`] usable digraphs.
    pub(super) fn top_bigrams(&self) -> Option<Vec<(String, u64, f64)>> {
        if self.usable() < TOP_BIGRAMS_MIN {
            return None;
        }
        let mut seen: Vec<(Tally, String)> = self
            .tallies
            .iter()
            .enumerate()
            .filter(|(_, tally)| tally.count >= 3)
            .filter_map(|(digraph, tally)| Some((*tally, spelling(digraph)?)))
            .collect();
        seen.sort_by(|(a, a_text), (b, b_text)| (b.count, a_text).cmp(&(a.count, b_text)));
        let row = |(tally, text): (Tally, String)| {
            let count = tally.count.unsigned_abs();
            (text, count, tally.latency_us as f64 / count as f64 / 1e6)
        };
        Some(seen.into_iter().take(TOP_BIGRAMS_MAX).map(row).collect())
    }

    /// Student's t of the correlation between ln(latency) and the population's mean for the
    /// digraph: how far the rhythm follows what is typed. `None` under three usable digraphs; 0
    /// where one of the two does not vary.
    pub(super) fn structure_t(&self) -> Option<f64> {
        let (n, sums) = (i128::from(self.usable), &self.structure);
        if n < 3 {
            return None;
        }
        let moment = |product: i64, a: i64, b: i64| {
            (n * i128::from(product) - i128::from(a) * i128::from(b)) as f64
        };
        let covariance = moment(sums.product, sums.log, sums.mean);
        let log = moment(sums.log_squared, sums.log, sums.log);
        let mean = moment(sums.mean_squared, sums.mean, sums.mean);
        if log <= 0.0 || mean <= 0.0 {
            return Some(0.0);
        }
        let square = (covariance * covariance / (log * mean)).min(1.0);
        let t = ((n - 2) as f64 * square / (1.0 - square).max(f64::EPSILON)).sqrt();
        Some(t.copysign(covariance))
    }

    /// How far the digraphs of two letters come back each with a rhythm of its own, whatever the
    /// population's is: by how many standard deviations the F of an analysis of variance of
    /// ln(latency) between and within digraphs is over 1. Unlike [`Self::structure_t`] it knows no
    /// language and no keyboard layout. `None` where there is too little to compare.
    pub(super) fn repeat_z(&self) -> Option<f64> {
        let letters = self
            .tallies
            .chunks(CLASSES)
            .take(LETTERS)
            .flat_map(|row| row.iter().take(LETTERS).filter(|tally| tally.count > 0));
        let (mut digraphs, mut count, mut sum, mut between) = (0_i64, 0_i64, 0_i64, 0.0);
        for tally in letters {
            digraphs += 1;
            count += tally.count;
            sum += tally.log;
            between += (tally.log as f64).powi(2) / tally.count as f64;
        }
        let (above, below) = (digraphs - 1, count - digraphs);
        if above < 1 || below < 1 || count < REPEAT_MIN {
            return None;
        }
        let (above, below) = (above as f64, below as f64);
        let within = self.letter_log_squared as f64 - between;
        let spread = between - (sum as f64).powi(2) / count as f64;
        if within <= 0.0 {
            return None;
        }
        let f = (spread / above) / (within / below);
        Some((f - 1.0) / (2.0 / above + 2.0 / below).sqrt())
    }

    /// The features: shrunk means of the residuals by class, and numbers about their distribution.
    fn features(&self) -> Vec<i64> {
        let mut previous = [Tally::default(); CLASSES];
        let mut next = [Tally::default(); CLASSES];
        let mut motor = [Tally::default(); MOTOR_CLASSES];
        for (digraph, (tally, cell)) in self.tallies.iter().zip(&self.table.cells).enumerate() {
            if tally.count > 0 {
                add(&mut previous, digraph / CLASSES, *tally);
                add(&mut next, digraph % CLASSES, *tally);
                add(&mut motor, usize::from(cell.motor), *tally);
            }
        }
        let top = self.table.top.iter().filter_map(|digraph| self.tallies.get(*digraph));
        let classes = top.chain(&previous).chain(&next).chain(&motor);
        let mut features = Vec::with_capacity(FEATURES);
        features.extend(classes.map(|t| t.residual.div_euclid(t.count + 4)));
        features.extend(self.summary());
        features
    }

    /// The ten numbers about the distribution of the residuals. The constants are the population's.
    fn summary(&self) -> [i64; 10] {
        let n = self.usable.max(1);
        let sum: i64 = self.tallies.iter().map(|tally| tally.residual).sum();
        let squares: i64 =
            self.residual_counts().map(|(value, count)| value * value * i64::from(count)).sum();
        let spread = i128::from(n) * i128::from(squares) - i128::from(sum) * i128::from(sum);
        let stdev = (spread.max(0).isqrt() / i128::from(n)) as i64;
        let shrunk = |value: i64| (value * n).div_euclid(n + 20);
        let share = |count: i64| (3 * Q10 * count).div_euclid(n);
        let [p10, p25, p50, p75, p90] = self.residual_percentiles([10, 25, 50, 75, 90]);
        [
            sum.div_euclid(n + 5),
            shrunk(stdev - 922),
            shrunk(p10 + 1229),
            shrunk(p25 + 666),
            shrunk(p50),
            shrunk(p75 - 614),
            shrunk(p90 - 1331),
            shrunk(share(self.under_80_ms) - 246),
            shrunk(share(self.under_120_ms) - 922),
            shrunk(share(self.over_400_ms) - 307),
        ]
    }

    fn residual_counts(&self) -> impl Iterator<Item = (i64, u32)> {
        (-RESIDUAL_MAX..).zip(self.residuals.iter().copied())
    }

    /// Percentiles of the residuals by nearest rank; `percents` ascend.
    fn residual_percentiles<const N: usize>(&self, percents: [i64; N]) -> [i64; N] {
        let mut counts = self.residual_counts();
        let (mut value, mut seen) = (-RESIDUAL_MAX, 0);
        percents.map(|percent| {
            let rank = (percent * (self.usable - 1) + 50).div_euclid(100);
            while seen <= rank
                && let Some((next, count)) = counts.next()
            {
                value = next;
                seen += i64::from(count);
            }
            value
        })
    }
}

/// 1024 × ln of a latency in seconds, rounded to the nearest whole number, halves up.
///
/// For no latency from 100 µs to 1 s is the value nearer than 5e-7 to a half, so that a logarithm
/// that is right to twelve digits gives the same number on every machine.
pub(super) fn log_q10(latency_us: u64) -> i64 {
    (Q10 as f64 * (latency_us as f64 / 1e6).ln() + 0.5).floor() as i64
}

/// How many of the 64 bits of two hashes differ: for different typists about 25, and "perhaps the
/// same" from 8 or 10 down. Both must be of one table version.
#[must_use]
pub fn hamming(a: [u8; 8], b: [u8; 8]) -> u32 {
    (u64::from_be_bytes(a) ^ u64::from_be_bytes(b)).count_ones()
}

/// The log likelihood ratio that two typist vectors are of one typist rather than of two: above 0
/// is for one. Two-covariance model, variance within a typist 1 and between as the table says. Both
/// must be of one table version.
#[must_use]
pub fn same_typist_score(a: &[u8; 32], b: &[u8; 32]) -> f64 {
    let number = |byte: &u8| f64::from(byte.cast_signed()) / VECTOR_STEPS as f64;
    let mut score = 0.0;
    for ((a, b), e) in a.iter().map(number).zip(b.iter().map(number)).zip(&table().between) {
        let (sum, difference) = (a + b, a - b);
        let same = sum * sum / (4.0 * e + 2.0) + difference * difference / 2.0;
        let apart = (a * a + b * b) / (e + 1.0);
        score += (e + 1.0).ln() - (2.0 * e + 1.0).ln() / 2.0 + (apart - same) / 2.0;
    }
    score
}

/// Bit i, from the least significant, says on which side of the i-th threshold the session lies.
fn hash(table: &Table, features: &[i64]) -> [u8; 8] {
    let bits = table.bits.iter().take(BITS).map(|(direction, threshold)| {
        let dot: i64 = direction.iter().zip(features).map(|(w, x)| i64::from(*w) * x).sum();
        u64::from(dot > *threshold)
    });
    bits.enumerate().fold(0, |hash, (place, bit)| hash | bit << place).to_be_bytes()
}

/// `round(16 × (features ÷ 1024 − mean) · weights)`, each clamped to eight signed bits. The
/// published numbers have five decimals, so the sums are exact; halves go away from zero.
fn vector(table: &Table, features: &[i64]) -> [u8; 32] {
    let mut sums = [0_i64; NUMBERS];
    for (x, (mean, weights)) in features.iter().zip(&table.vector) {
        let centred = x * VECTOR_SCALE - mean * Q10;
        for (sum, weight) in sums.iter_mut().zip(weights) {
            *sum += centred * weight;
        }
    }
    let unit = Q10 * VECTOR_SCALE * VECTOR_SCALE / VECTOR_STEPS;
    sums.map(|sum| {
        let rounded = (2 * sum.abs() + unit).div_euclid(2 * unit) * sum.signum();
        (rounded.clamp(-128, 127) as i8).cast_unsigned()
    })
}

fn add<const N: usize>(tallies: &mut [Tally; N], class: usize, more: Tally) {
    if let Some(tally) = tallies.get_mut(class) {
        tally.count += more.count;
        tally.residual += more.residual;
    }
}

/// Whether the latency is a wait for output or for thought rather than a movement of the hands.
fn is_wait(left: u8, arriving: u8) -> bool {
    ENTER_TO_OTHER.contains(&left) || TAB_TO_OTHER.contains(&arriving)
}

/// Whether the keyboard repeated the key by itself.
fn is_repeat(left: u8, arriving: u8, latency_us: u64) -> bool {
    latency_us < REPEAT_US
        && left == arriving
        && (left == Code::BACKSPACE.left() || left == Code::SPACE.left())
}

/// The digraph in letters and space; `None` where it has another key.
fn spelling(digraph: usize) -> Option<String> {
    let letter = |class: usize| match u8::try_from(class).ok()? {
        class @ 0..=25 => Some(char::from(b'a' + class)),
        SPACE => Some(' '),
        _ => None,
    };
    Some(String::from_iter([letter(digraph / CLASSES)?, letter(digraph % CLASSES)?]))
}

/// 1 in fixed point.
const Q10: i64 = 1024;
/// Residuals are clamped to three standard deviations.
const RESIDUAL_MAX: i64 = 3 * Q10;
const RESIDUALS: usize = 2 * RESIDUAL_MAX as usize + 1;
/// Latencies shorter than this are of the network, µs.
const USABLE_MIN_US: u64 = 10_000;
/// Latencies longer than this are pauses, µs.
const USABLE_MAX_US: u64 = 1_000_000;
/// The same key again within this is the keyboard's auto-repeat, µs.
const REPEAT_US: u64 = 60_000;
const SPACE: u8 = 35;
/// The first classes are the letters.
const LETTERS: usize = 26;
/// Digraphs of two letters from which their own rhythm can be told from chance.
const REPEAT_MIN: i64 = 30;
/// Enter, tab, sequences and the rest: what is typed after them was waited for.
const ENTER_TO_OTHER: std::ops::RangeInclusive<u8> = 37..=40;
/// Tab, sequences and the rest: what is typed to look or to move, not in the flow of writing.
const TAB_TO_OTHER: std::ops::RangeInclusive<u8> = 38..=40;
/// Steps of the vector in one standard deviation within a typist.
const VECTOR_STEPS: i64 = 16;
/// Usable digraphs from which a hash says something.
pub(super) const HASH_MIN: u64 = 40;
/// Usable digraphs from which the commonest digraphs are kept: fewer could spell a secret.
const TOP_BIGRAMS_MIN: u64 = 100;
const TOP_BIGRAMS_MAX: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::keyboard::keys::{KeyClass, Stroke};

    fn code(key: char) -> Code {
        Stroke::new(0, KeyClass::of_byte(key as u8)).code()
    }

    fn type_each(typist: &mut Typist, pairs: &[(char, char, u64)]) {
        for (left, arriving, latency_us) in pairs {
            typist.digraph(code(*left), code(*arriving), *latency_us, log_q10(*latency_us));
        }
    }

    #[test]
    fn no_logarithm_is_near_enough_to_a_half_to_differ_between_machines() {
        for latency_us in 1_000..=1_000_000_u64 {
            let exact = 1024.0 * (latency_us as f64 / 1e6).ln() + 0.5;
            assert!((exact - exact.round()).abs() > 5e-7, "{latency_us} µs");
        }
    }

    #[test]
    fn waits_and_repeats_are_no_digraphs() {
        let table = [
            ('a', 'b', 10_000, 1),
            ('a', 'b', 9_999, 0),
            ('a', 'b', 1_000_000, 1),
            ('a', 'b', 1_000_001, 0),
            (' ', ' ', 59_999, 0),
            (' ', ' ', 60_000, 1),
            ('\x7f', '\x08', 59_999, 0),
            ('a', 'a', 20_000, 1),
            ('\r', 'a', 100_000, 0),
            ('a', '\r', 100_000, 1),
            ('\t', 'a', 100_000, 0),
            ('a', '\t', 100_000, 0),
            ('\x1b', 'a', 100_000, 0),
            ('a', '\x17', 100_000, 0),
        ];
        for (left, arriving, latency_us, usable) in table {
            let mut typist = Typist::default();
            type_each(&mut typist, &[(left, arriving, latency_us)]);
            assert_eq!(typist.usable(), usable, "{left:?} {arriving:?} {latency_us}");
        }
    }

    #[test]
    fn prints_need_forty_digraphs_and_bigrams_a_hundred() {
        let mut typist = Typist::default();
        for usable in 1..=101_u64 {
            type_each(&mut typist, &[('t', 'h', 100_000 + usable)]);
            assert_eq!(typist.prints().is_some(), usable >= 40, "{usable}");
            assert_eq!(typist.top_bigrams().is_some(), usable >= 100, "{usable}");
        }
    }

    #[test]
    fn the_commonest_digraphs_are_letters_and_space_in_order() {
        let mut typist = Typist::default();
        let pairs = [
            ('b', 'c', 100_000),
            ('a', ' ', 150_000),
            ('T', 'h', 200_000),
            ('t', 'H', 100_000),
            ('a', '1', 100_000),
            ('a', '\x7f', 100_000),
        ];
        for _ in 0..16 {
            type_each(&mut typist, &pairs);
        }
        type_each(&mut typist, &[('t', 'h', 300_000), ('x', 'y', 100_000), ('x', 'y', 100_000)]);
        type_each(&mut typist, &[('.', 'c', 100_000)]);
        let mean = (16.0 * 200_000.0 + 300_000.0) / 17.0 / 1e6;
        let expected = [("th", 17, mean), ("a ", 16, 0.15), ("bc", 16, 0.1)];
        let expected: Vec<_> = expected.map(|(text, n, s)| (text.to_owned(), n, s)).into();
        assert_eq!(typist.top_bigrams(), Some(expected));
    }

    #[test]
    fn there_are_at_most_thirty_two_commonest_digraphs() {
        let mut typist = Typist::default();
        for arriving in 'a'..='z' {
            for left in ['x', 'y'] {
                type_each(&mut typist, &[(left, arriving, 100_000); 3]);
            }
        }
        assert_eq!(typist.top_bigrams().map(|list| list.len()), Some(32));
    }

    #[test]
    fn distance_counts_bits_and_the_score_falls_with_it() {
        assert_eq!(hamming([0; 8], [0xff; 8]), 64);
        assert_eq!(hamming([1; 8], [1, 1, 1, 3, 1, 1, 1, 0]), 2);
        let (near, far) =
            (same_typist_score(&[16; 32], &[17; 32]), { same_typist_score(&[16; 32], &[240; 32]) });
        assert!(near > 0.0 && far < 0.0, "{near} {far}");
        let both = |a: &[u8; 32], b: &[u8; 32]| (same_typist_score(a, b), same_typist_score(b, a));
        let (one, other) = both(&[5; 32], &[130; 32]);
        assert!((one - other).abs() < 1e-9);
    }

    #[test]
    fn a_rhythm_that_knows_nothing_of_the_digraphs_has_no_structure() {
        let letters: Vec<char> = ('a'..='h').collect();
        let mut random = 7_u64;
        let mut next = || {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            random >> 33
        };
        let (mut aimless, mut own) = (Typist::default(), Typist::default());
        let mut left = 0;
        for _ in 0..400 {
            let arriving = next() as usize % letters.len();
            let noise = next() % 100_000;
            let pair = |latency_us| [(letters[left], letters[arriving], latency_us)];
            type_each(&mut aimless, &pair(50_000 + 2 * noise));
            // Fixed by the pair, in an order that is not the population's.
            let slow = (left * 5 + arriving * 3) as u64 % 8;
            type_each(&mut own, &pair(60_000 + 40_000 * slow + noise / 10));
            left = arriving;
        }
        assert!(aimless.repeat_z().unwrap() < 4.0, "{:?}", aimless.repeat_z());
        assert!(own.repeat_z().unwrap() > 10.0, "{:?}", own.repeat_z());
        assert!(aimless.structure_t().unwrap().abs() < 3.0);
        assert_eq!(Typist::default().repeat_z(), None);
        assert_eq!(Typist::default().structure_t(), None);
    }
}
