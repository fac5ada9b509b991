//! K-means over rows of numbers and levels.

use ndarray::{Array2, ArrayView2};
use parable_seed::{Rng, Seed};
use rayon::prelude::*;

use crate::error::{LearnError, check};

/// Rows that are looked at to choose the best start of larger tables.
const TRIED: usize = 5_000;
/// Largest number of rounds.
const ROUNDS: usize = 100;
/// Rows per block of sums: blocks are added in order, so that threads do not change the result.
const BLOCK: usize = 4_096;

/// Rows of numbers and of levels; two different levels of a column are at squared distance 1.
#[derive(Clone, Debug)]
pub struct MixedRows<'a> {
    numbers: ArrayView2<'a, f64>,
    levels: ArrayView2<'a, u32>,
    level_count: usize,
}

impl<'a> MixedRows<'a> {
    /// Joins the two parts of each row.
    ///
    /// - `levels`: numbered over all columns, so that no two columns share a number
    /// - `level_count`: number of levels of all columns
    ///
    /// # Errors
    ///
    /// [`LearnError::ShapeMismatch`] if the parts have different numbers of rows.
    ///
    /// # Panics
    ///
    /// If a level is not below `level_count`.
    pub fn new(
        numbers: ArrayView2<'a, f64>,
        levels: ArrayView2<'a, u32>,
        level_count: usize,
    ) -> Result<Self, LearnError> {
        check("rows of levels", numbers.nrows(), levels.nrows())?;
        let known = levels.iter().all(|&level| (level as usize) < level_count);
        assert!(known, "levels are numbered below their count");
        Ok(Self {
            numbers,
            levels,
            level_count,
        })
    }

    fn rows(&self) -> usize {
        self.numbers.nrows()
    }
}

/// K-means with k-means++ starts (Lloyd 1982; Arthur & Vassilvitskii 2007).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KMeans {
    clusters: u8,
    restarts: u32,
}

/// Clusters of rows.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Clustering {
    /// Cluster of each row, from 0. A cluster can be empty.
    pub assigned: Vec<u8>,
    /// Sum of squared distances of the rows to the centres of their clusters.
    pub spread: f64,
}

impl KMeans {
    /// Asks for this many clusters, from 10 starts.
    pub const fn new(clusters: u8) -> Self {
        Self {
            clusters,
            restarts: 10,
        }
    }

    /// Sets the number of random starts (default 10), of which the tightest is used.
    #[must_use]
    pub const fn with_restarts(mut self, restarts: u32) -> Self {
        self.restarts = restarts;
        self
    }

    /// Clusters the rows. Of more than 5,000 rows, the best start is chosen on a random 5,000.
    ///
    /// - `seed`: decides the starts
    /// - `tried`: decides the rows on which starts are compared
    pub fn fit(&self, rows: &MixedRows<'_>, seed: &Seed, tried: &Seed) -> Clustering {
        let all: Vec<usize> = (0..rows.rows()).collect();
        let mut some = all.clone();
        if some.len() > TRIED {
            tried.rng().shuffle(&mut some);
            some.truncate(TRIED);
            some.sort_unstable();
        }
        let k = usize::from(self.clusters.max(1));
        let starts: Vec<Settled> = (0..u64::from(self.restarts.max(1)))
            .into_par_iter()
            .map(|restart| {
                let mut rng = seed.index(restart).rng();
                settle(rows, &some, start(rows, &some, k, &mut rng))
            })
            .collect();
        // Of equally tight starts the first.
        let best = starts
            .into_iter()
            .reduce(|a, b| if b.spread < a.spread { b } else { a });
        let settled = match best {
            Some(best) if some.len() < all.len() => settle(rows, &all, best.centres),
            Some(best) => best,
            None => settle(rows, &all, Vec::new()),
        };
        Clustering {
            assigned: settled.assigned,
            spread: settled.spread,
        }
    }
}

/// A centre: mean numbers and shares of levels.
#[derive(Clone)]
struct Centre {
    numbers: Vec<f64>,
    shares: Vec<f64>,
    /// The part of the distance that does not depend on the row.
    base: f64,
}

impl Centre {
    fn new(numbers: Vec<f64>, shares: Vec<f64>, columns: usize) -> Self {
        let squares: f64 = shares.iter().map(|s| s * s).sum();
        Self {
            numbers,
            shares,
            base: 0.5 * (columns as f64 + squares),
        }
    }

    fn at(rows: &MixedRows<'_>, row: usize) -> Self {
        let mut shares = vec![0.0; rows.level_count];
        for &level in rows.levels.row(row) {
            shares[level as usize] = 1.0;
        }
        let numbers = rows.numbers.row(row).to_vec();
        Self::new(numbers, shares, rows.levels.ncols())
    }

    /// The squared distance of a row.
    fn distance(&self, rows: &MixedRows<'_>, row: usize) -> f64 {
        let own = rows.numbers.row(row);
        let numbers: f64 = own
            .iter()
            .zip(&self.numbers)
            .map(|(x, c)| (x - c) * (x - c))
            .sum();
        let own = rows.levels.row(row);
        let levels: f64 = own.iter().map(|&level| self.shares[level as usize]).sum();
        (numbers + self.base - levels).max(0.0)
    }
}

/// Centres far apart with high probability.
fn start(rows: &MixedRows<'_>, tried: &[usize], k: usize, rng: &mut Rng) -> Vec<Centre> {
    if tried.is_empty() {
        return Vec::new();
    }
    let first = tried[rng.below(tried.len() as u64) as usize];
    let mut centres = vec![Centre::at(rows, first)];
    let mut nearest = vec![f64::INFINITY; tried.len()];
    while centres.len() < k {
        let last = &centres[centres.len() - 1];
        let mut total = 0.0;
        let cumulative: Vec<f64> = tried
            .iter()
            .zip(&mut nearest)
            .map(|(&row, nearest)| {
                *nearest = nearest.min(last.distance(rows, row));
                total += *nearest;
                total
            })
            .collect();
        // Fewer distinct rows than clusters leave nothing to choose.
        let Some(drawn) = rng.weighted(&cumulative) else {
            break;
        };
        centres.push(Centre::at(rows, tried[drawn]));
    }
    centres
}

/// Sums of one block of rows.
struct Block {
    assigned: Vec<u8>,
    counts: Vec<f64>,
    numbers: Array2<f64>,
    levels: Array2<f64>,
    spread: f64,
}

impl Block {
    fn empty(rows: &MixedRows<'_>, k: usize) -> Self {
        Self {
            assigned: Vec::new(),
            counts: vec![0.0; k],
            numbers: Array2::zeros((k, rows.numbers.ncols())),
            levels: Array2::zeros((k, rows.level_count)),
            spread: 0.0,
        }
    }
}

/// The nearest centre of every row, and the sums of the new centres.
fn assign(rows: &MixedRows<'_>, tried: &[usize], centres: &[Centre]) -> Block {
    let k = centres.len();
    let blocks: Vec<Block> = tried
        .par_chunks(BLOCK)
        .map(|chunk| {
            let mut block = Block::empty(rows, k);
            for &row in chunk {
                let (mut best, mut least) = (0, f64::INFINITY);
                for (cluster, centre) in centres.iter().enumerate() {
                    let distance = centre.distance(rows, row);
                    if distance < least {
                        (best, least) = (cluster, distance);
                    }
                }
                block.assigned.push(best as u8);
                block.counts[best] += 1.0;
                block.spread += least;
                let mut sums = block.numbers.row_mut(best);
                sums += &rows.numbers.row(row);
                for &level in rows.levels.row(row) {
                    block.levels[[best, level as usize]] += 1.0;
                }
            }
            block
        })
        .collect();
    blocks
        .into_iter()
        .fold(Block::empty(rows, k), |mut all, block| {
            all.counts
                .iter_mut()
                .zip(&block.counts)
                .for_each(|(a, b)| *a += b);
            all.numbers += &block.numbers;
            all.levels += &block.levels;
            all.spread += block.spread;
            all.assigned.extend(block.assigned);
            all
        })
}

/// Clusters that no longer change.
struct Settled {
    centres: Vec<Centre>,
    assigned: Vec<u8>,
    spread: f64,
}

/// Lloyd's rounds until no row changes its cluster.
fn settle(rows: &MixedRows<'_>, tried: &[usize], mut centres: Vec<Centre>) -> Settled {
    let mut assigned: Vec<u8> = Vec::new();
    let mut spread = 0.0;
    for _ in 0..if centres.is_empty() { 0 } else { ROUNDS } {
        let block = assign(rows, tried, &centres);
        spread = block.spread;
        if block.assigned == assigned {
            break;
        }
        for (cluster, centre) in centres.iter_mut().enumerate() {
            let n = block.counts[cluster];
            // A cluster that lost all its rows keeps its centre.
            if n > 0.0 {
                let mean =
                    |sums: &Array2<f64>| sums.row(cluster).iter().map(|sum| sum / n).collect();
                let (numbers, levels) = (mean(&block.numbers), mean(&block.levels));
                *centre = Centre::new(numbers, levels, rows.levels.ncols());
            }
        }
        assigned = block.assigned;
    }
    Settled {
        centres,
        assigned,
        spread,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_groups_apart_are_two_clusters() {
        let numbers = Array2::from_shape_fn((200, 1), |(row, _)| {
            50.0 * (row % 2) as f64 + (row % 7) as f64
        });
        let levels = Array2::from_shape_fn((200, 1), |(row, _)| (row % 2) as u32);
        let rows = MixedRows::new(numbers.view(), levels.view(), 2).unwrap();
        let seed = Seed::from_u64(1);
        let found = KMeans::new(2).fit(&rows, &seed, &seed);
        let first = found.assigned[0];
        let parted = found.assigned.iter().enumerate();
        assert!(
            parted
                .clone()
                .all(|(row, &own)| (own == first) == (row % 2 == 0))
        );
        let one = KMeans::new(1).fit(&rows, &seed, &seed);
        assert!(one.spread > 100.0 * found.spread);
        // One level of two, half the rows each: mean squared distance 1/4 + 1/4, halved.
        let none = Array2::zeros((200, 0));
        let rows = MixedRows::new(none.view(), levels.view(), 2).unwrap();
        let one = KMeans::new(1).fit(&rows, &seed, &seed);
        assert!((one.spread - 50.0).abs() < 1e-9, "{}", one.spread);
    }

    #[test]
    fn fewer_rows_than_clusters_and_no_rows_are_fine() {
        let seed = Seed::from_u64(1);
        let (numbers, levels) = (Array2::zeros((3, 1)), Array2::zeros((3, 0)));
        let rows = MixedRows::new(numbers.view(), levels.view(), 0).unwrap();
        let found = KMeans::new(5).with_restarts(2).fit(&rows, &seed, &seed);
        assert_eq!((found.assigned, found.spread), (vec![0; 3], 0.0));
        let (numbers, levels) = (Array2::zeros((0, 1)), Array2::zeros((0, 0)));
        let rows = MixedRows::new(numbers.view(), levels.view(), 0).unwrap();
        assert!(KMeans::new(2).fit(&rows, &seed, &seed).assigned.is_empty());
        assert!(MixedRows::new(Array2::zeros((2, 1)).view(), levels.view(), 0).is_err());
    }
}
