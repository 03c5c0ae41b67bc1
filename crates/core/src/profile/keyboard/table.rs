//! The population's digraph latencies and the learned directions, read from the shipped tables.
//!
//! What they are, where they come from and how they are laid out is in `table/README.md`
//! (the `KLiCKe` corpus, The Learning Agency Lab, CC BY 4.0).
//!
//! **Invariant:** nothing here depends on a session. A table of another version is another table.

use std::sync::LazyLock;

/// Everything that is learned, read once.
pub(super) struct Table {
    /// Version of the table; hashes and vectors of different versions are never compared.
    pub(super) version: u32,
    /// One cell for each digraph: previous class × [`CLASSES`] + arriving class.
    pub(super) cells: Vec<Cell>,
    /// The commonest digraphs, which have a feature each.
    pub(super) top: Vec<usize>,
    /// One direction over the features and one threshold for each bit of the hash.
    pub(super) bits: Vec<(Vec<i8>, i64)>,
    /// Mean of each feature ÷ 1024, and its weights in the vector, both × [`VECTOR_SCALE`].
    pub(super) vector: Vec<(i64, Vec<i64>)>,
    /// Variance between typists of each number of the vector, where within one it is 1.
    pub(super) between: Vec<f64>,
}

/// What the population's latencies of one digraph are like, in fixed point: 1024 is 1.
#[derive(Clone, Copy)]
pub(super) struct Cell {
    /// Mean of ln(seconds).
    pub(super) mean: i16,
    /// 1 ÷ standard deviation of ln(seconds).
    pub(super) inverse_stdev: i16,
    /// Which movement of the hands it is, below [`MOTOR_CLASSES`].
    pub(super) motor: u8,
}

/// The table of this build.
pub(super) fn table() -> &'static Table {
    static TABLE: LazyLock<Table> = LazyLock::new(|| Table::parse(HASH, VECTOR));
    &TABLE
}

impl Table {
    /// Reads both files. They are our own: a short one gives a short table, which a test would see.
    fn parse(hash: &[u8], vector: &[u8]) -> Self {
        let mut hash = Reader(hash);
        let version = hash.number(u32::from_le_bytes);
        let means = hash.numbers(DIGRAPHS, i16::from_le_bytes);
        let inverse_stdevs = hash.numbers(DIGRAPHS, i16::from_le_bytes);
        let motors = hash.numbers(DIGRAPHS, u8::from_le_bytes);
        let cells = means.into_iter().zip(inverse_stdevs).zip(motors);
        let top = hash.numbers(TOP, u16::from_le_bytes);
        let directions: Vec<Vec<i8>> =
            (0..BITS).map(|_| hash.numbers(FEATURES, i8::from_le_bytes)).collect();
        let thresholds = hash.numbers(BITS, i32::from_le_bytes);

        let mut vector = Reader(vector);
        let vector_version = vector.number(u32::from_le_bytes);
        debug_assert_eq!(version, vector_version, "hash and vector are of one version");
        let feature_means = vector.numbers(FEATURES, i32::from_le_bytes);
        let weights: Vec<Vec<i64>> = (0..FEATURES)
            .map(|_| vector.numbers(NUMBERS, i32::from_le_bytes))
            .map(|row| row.into_iter().map(i64::from).collect())
            .collect();
        let between = vector.numbers(NUMBERS, i32::from_le_bytes);
        Self {
            version,
            cells: cells
                .map(|((mean, inverse_stdev), motor)| Cell { mean, inverse_stdev, motor })
                .collect(),
            top: top.into_iter().map(usize::from).collect(),
            bits: directions.into_iter().zip(thresholds.into_iter().map(i64::from)).collect(),
            vector: feature_means.into_iter().map(i64::from).zip(weights).collect(),
            between: between.into_iter().map(|e| f64::from(e) / VECTOR_SCALE as f64).collect(),
        }
    }
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn number<const N: usize, T: Default>(&mut self, from: fn([u8; N]) -> T) -> T {
        let Some((bytes, rest)) = self.0.split_first_chunk::<N>() else {
            debug_assert!(false, "the shipped table is whole");
            return T::default();
        };
        self.0 = rest;
        from(*bytes)
    }

    fn numbers<const N: usize, T: Default>(
        &mut self,
        count: usize,
        from: fn([u8; N]) -> T,
    ) -> Vec<T> {
        (0..count).map(|_| self.number(from)).collect()
    }
}

/// Classes of keys.
pub(super) const CLASSES: usize = 41;
/// Pairs of classes.
pub(super) const DIGRAPHS: usize = CLASSES * CLASSES;
/// Movements of the hands that digraphs fall into.
pub(super) const MOTOR_CLASSES: usize = 13;
/// Digraphs that have a feature each.
pub(super) const TOP: usize = 64;
/// Features of a session: the means of its residuals by digraph, previous key, next key and
/// movement, and ten numbers about their distribution.
pub(super) const FEATURES: usize = TOP + 2 * CLASSES + MOTOR_CLASSES + 10;
/// Bits of the hash.
pub(super) const BITS: usize = 64;
/// Numbers of the vector.
pub(super) const NUMBERS: usize = 32;
/// What a mean or a weight of the vector is multiplied by: they are published with five decimals.
pub(super) const VECTOR_SCALE: i64 = 100_000;

/// The table of the hash.
pub(super) const HASH: &[u8] = include_bytes!("table/kd_table_v1.bin");
/// The table of the vector.
pub(super) const VECTOR: &[u8] = include_bytes!("table/kd_plda32_v1.bin");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole() {
        let table = table();
        assert_eq!(HASH.len(), 4 + DIGRAPHS * 5 + TOP * 2 + BITS * (FEATURES + 4));
        assert_eq!(VECTOR.len(), 4 + FEATURES * 4 * (1 + NUMBERS) + NUMBERS * 4);
        assert_eq!(table.version, 1);
        assert_eq!((table.cells.len(), table.top.len()), (DIGRAPHS, TOP));
        assert!(table.cells.iter().all(|cell| usize::from(cell.motor) < MOTOR_CLASSES));
        assert!(table.cells.iter().all(|cell| cell.inverse_stdev > 0));
        assert!(table.top.iter().all(|digraph| *digraph < DIGRAPHS));
        assert!(table.between.iter().all(|e| *e > 0.0));
    }
}
