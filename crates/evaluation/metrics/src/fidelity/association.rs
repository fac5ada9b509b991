//! How two columns of one table go together: correlation, correlation ratio, Cramér's V
//! (specification 2.1 to 2.3).

use rayon::prelude::*;

use crate::data::frame::{Data, Frame, Side};
use crate::{Analysis, Cache, EvaluationProgress, MetricError};
use parable_linalg::dot;

/// The association of every pair of columns of one table, in the order (0,1), (0,2), ..., (1,2),
/// ...
#[derive(Debug)]
pub(crate) struct TableAssociations {
    columns: usize,
    pairs: Vec<PairAssociation>,
}

/// The association of two columns; `None` where a measure is undefined. Rows complete in both
/// columns count.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum PairAssociation {
    /// Two numeric columns.
    Correlation {
        pearson: Option<f64>,
        spearman: Option<f64>,
    },
    /// A numeric column and one of levels.
    Ratio {
        plain: Option<f64>,
        /// The same on average ranks, on which one outlying row weighs little.
        ranks: Option<f64>,
    },
    /// Two columns of levels.
    CramersV {
        plain: Option<f64>,
        corrected: Option<f64>,
    },
}

/// A column prepared for pairing.
enum Prepared<'a> {
    Numbers(Ranked<'a>),
    Codes { codes: &'a [u32], levels: usize },
}

/// A numeric column and what all its pairs share.
struct Ranked<'a> {
    values: &'a [f64],
    /// Rows with a value, by ascending value.
    order: Vec<u32>,
    /// Whether every row has a value.
    complete: bool,
    /// Average ranks among the rows with a value, NaN elsewhere.
    ranks: Vec<f64>,
    /// For complete columns: values and average ranks minus their means, and the square roots of
    /// their sums of squares.
    centred: [Vec<f64>; 2],
    norms: [f64; 2],
}

/// The key of the associations of the real table in a cache.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct RealAssociations;

/// The key of the associations of the synthetic table in a cache.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct SyntheticAssociations;

impl Analysis for RealAssociations {
    type Output = TableAssociations;
    const REAL_TABLE_ONLY: bool = true;

    fn compute(
        &self,
        cache: &Cache<'_>,
        _: EvaluationProgress<'_>,
    ) -> Result<TableAssociations, MetricError> {
        Ok(TableAssociations::of(&cache.frame(), Side::Real))
    }
}

impl Analysis for SyntheticAssociations {
    type Output = TableAssociations;

    fn compute(
        &self,
        cache: &Cache<'_>,
        _: EvaluationProgress<'_>,
    ) -> Result<TableAssociations, MetricError> {
        Ok(TableAssociations::of(&cache.frame(), Side::Synthetic))
    }
}

impl TableAssociations {
    pub(crate) fn of(frame: &Frame, side: Side) -> Self {
        let prepared: Vec<Prepared<'_>> = frame
            .columns
            .par_iter()
            .map(|column| match &column.data {
                Data::Numbers(numbers) => Prepared::Numbers(Ranked::new(numbers.of(side))),
                Data::Codes { labels, codes } => Prepared::Codes {
                    codes: codes.of(side),
                    levels: labels.len(),
                },
            })
            .collect();
        let columns = prepared.len();
        let positions: Vec<(usize, usize)> = (0..columns)
            .flat_map(|i| (i + 1..columns).map(move |j| (i, j)))
            .collect();
        let pairs = positions
            .par_iter()
            .map(|&(i, j)| associate(&prepared[i], &prepared[j]))
            .collect();
        Self { columns, pairs }
    }

    pub(crate) fn columns(&self) -> usize {
        self.columns
    }

    /// The association of columns `i < j`.
    pub(crate) fn get(&self, i: usize, j: usize) -> PairAssociation {
        debug_assert!(i < j && j < self.columns);
        self.pairs[i * self.columns - i * (i + 1) / 2 + j - i - 1]
    }
}

fn associate(a: &Prepared<'_>, b: &Prepared<'_>) -> PairAssociation {
    match (a, b) {
        (Prepared::Numbers(x), Prepared::Numbers(y)) => PairAssociation::Correlation {
            pearson: x.pearson(y),
            spearman: x.spearman(y),
        },
        (Prepared::Numbers(x), &Prepared::Codes { codes, levels })
        | (&Prepared::Codes { codes, levels }, Prepared::Numbers(x)) => PairAssociation::Ratio {
            plain: correlation_ratio(codes, levels, x.values),
            ranks: correlation_ratio(codes, levels, &x.ranks),
        },
        (
            &Prepared::Codes {
                codes: a,
                levels: la,
            },
            &Prepared::Codes {
                codes: b,
                levels: lb,
            },
        ) => {
            let table = Contingency::of(a, la, b, lb);
            PairAssociation::CramersV {
                plain: table.cramers_v(),
                corrected: table.cramers_v_corrected(),
            }
        }
    }
}

impl<'a> Ranked<'a> {
    fn new(values: &'a [f64]) -> Self {
        let mut order: Vec<u32> = (0..values.len() as u32)
            .filter(|&row| !values[row as usize].is_nan())
            .collect();
        order.sort_unstable_by(|&a, &b| {
            values[a as usize]
                .total_cmp(&values[b as usize])
                .then(a.cmp(&b))
        });
        let complete = order.len() == values.len();
        let mut ranked = Self {
            values,
            order,
            complete,
            ranks: Vec::new(),
            centred: [Vec::new(), Vec::new()],
            norms: [0.0; 2],
        };
        let mut ranks = vec![f64::NAN; values.len()];
        ranked.average_ranks(|_| true, &mut ranks);
        ranked.ranks = ranks;
        if complete && !values.is_empty() {
            let both = [values.to_vec(), ranked.ranks.clone()];
            for (slot, values) in both.into_iter().enumerate() {
                let (centred, norm) = centre(values);
                ranked.norms[slot] = norm;
                ranked.centred[slot] = centred;
            }
        }
        ranked
    }

    /// Average ranks, from 1, among the kept rows that have a value.
    fn average_ranks(&self, keep: impl Fn(usize) -> bool, ranks: &mut [f64]) {
        let mut tied: Vec<u32> = Vec::new();
        let mut before = 0usize;
        let mut flush = |tied: &mut Vec<u32>| {
            let rank = before as f64 + (tied.len() as f64 + 1.0) / 2.0;
            before += tied.len();
            for &row in tied.iter() {
                ranks[row as usize] = rank;
            }
            tied.clear();
        };
        let mut last = f64::NAN;
        for &row in &self.order {
            if !keep(row as usize) {
                continue;
            }
            let value = self.values[row as usize];
            if value != last && !tied.is_empty() {
                flush(&mut tied);
            }
            last = value;
            tied.push(row);
        }
        if !tied.is_empty() {
            flush(&mut tied);
        }
    }

    fn both_complete(&self, other: &Self) -> bool {
        self.complete && other.complete
    }

    fn common_rows(&self, other: &Self) -> Vec<usize> {
        (0..self.values.len())
            .filter(|&row| !self.values[row].is_nan() && !other.values[row].is_nan())
            .collect()
    }

    fn pearson(&self, other: &Self) -> Option<f64> {
        if self.both_complete(other) {
            return self.shared(other, 0);
        }
        let rows = self.common_rows(other);
        let pick = |column: &Self| centre(rows.iter().map(|&row| column.values[row]).collect());
        cosine(&pick(self), &pick(other))
    }

    fn spearman(&self, other: &Self) -> Option<f64> {
        if self.both_complete(other) {
            return self.shared(other, 1);
        }
        let rows = self.common_rows(other);
        let mut ranks = vec![0.0; self.values.len()];
        let mut pick = |column: &Self, against: &Self| {
            column.average_ranks(|row| !against.values[row].is_nan(), &mut ranks);
            centre(rows.iter().map(|&row| ranks[row]).collect())
        };
        let x = pick(self, other);
        let y = pick(other, self);
        cosine(&x, &y)
    }

    fn shared(&self, other: &Self, slot: usize) -> Option<f64> {
        if self.values.is_empty() || self.norms[slot] == 0.0 || other.norms[slot] == 0.0 {
            return None;
        }
        let dot = dot(&self.centred[slot], &other.centred[slot]);
        Some((dot / (self.norms[slot] * other.norms[slot])).clamp(-1.0, 1.0))
    }
}

/// Values minus their mean, and the square root of the sum of their squares: exactly 0 for a
/// constant column.
fn centre(mut values: Vec<f64>) -> (Vec<f64>, f64) {
    let constant = values.windows(2).all(|pair| pair[0] == pair[1]);
    if constant {
        values.fill(0.0);
        return (values, 0.0);
    }
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    for value in &mut values {
        *value -= mean;
    }
    let norm = dot(&values, &values).sqrt();
    (values, norm)
}

fn cosine((x, x_norm): &(Vec<f64>, f64), (y, y_norm): &(Vec<f64>, f64)) -> Option<f64> {
    (*x_norm > 0.0 && *y_norm > 0.0).then(|| (dot(x, y) / (x_norm * y_norm)).clamp(-1.0, 1.0))
}

/// Pearson's correlation over rows complete in both; `None` if one is constant there.
pub(crate) fn correlation(x: &[f64], y: &[f64]) -> Option<f64> {
    Ranked::new(x).pearson(&Ranked::new(y))
}

/// The correlation ratio of numbers by level: the square root of the share of variation that lies
/// between levels. `None` for a constant column.
pub(crate) fn correlation_ratio(codes: &[u32], levels: usize, values: &[f64]) -> Option<f64> {
    let mut counts = vec![0u32; levels + 1];
    let mut sums = vec![0.0; levels + 1];
    let (mut n, mut total) = (0u32, 0.0);
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for (&code, &value) in codes.iter().zip(values) {
        if code != 0 && !value.is_nan() {
            counts[code as usize] += 1;
            sums[code as usize] += value;
            n += 1;
            total += value;
            low = low.min(value);
            high = high.max(value);
        }
    }
    if n == 0 || low == high {
        return None;
    }
    let mean = total / f64::from(n);
    let between: f64 = (1..=levels)
        .filter(|&level| counts[level] > 0)
        .map(|level| {
            let n = f64::from(counts[level]);
            let deviation = sums[level] / n - mean;
            n * deviation * deviation
        })
        .sum();
    let around: f64 = codes
        .iter()
        .zip(values)
        .filter(|&(&code, value)| code != 0 && !value.is_nan())
        .map(|(_, value)| (value - mean) * (value - mean))
        .sum();
    Some((between / around).sqrt().min(1.0))
}

/// The counts of two columns of levels that matter for chi-squared.
pub(crate) struct Contingency {
    /// Rows with both levels.
    n: u64,
    /// Levels that occur, of the first and of the second column.
    levels: [usize; 2],
    /// Chi-squared over n.
    phi_squared: f64,
}

impl Contingency {
    fn of(a: &[u32], a_levels: usize, b: &[u32], b_levels: usize) -> Self {
        const DENSE: usize = 1 << 20;
        let mut a_counts = vec![0u64; a_levels];
        let mut b_counts = vec![0u64; b_levels];
        let both = a.iter().zip(b).filter(|&(&a, &b)| a != 0 && b != 0);
        let mut n = 0u64;
        for (&a, &b) in both.clone() {
            a_counts[a as usize - 1] += 1;
            b_counts[b as usize - 1] += 1;
            n += 1;
        }
        // chi-squared / n = sum n_ij^2 / (n_i n_j) - 1.
        let term = |a: usize, b: usize, count: f64| {
            count * count / (a_counts[a] as f64 * b_counts[b] as f64)
        };
        let mut sum = 0.0;
        if a_levels * b_levels <= DENSE {
            let mut cells = vec![0u32; a_levels * b_levels];
            for (&a, &b) in both {
                cells[(a as usize - 1) * b_levels + b as usize - 1] += 1;
            }
            for (cell, &count) in cells.iter().enumerate() {
                if count > 0 {
                    sum += term(cell / b_levels, cell % b_levels, f64::from(count));
                }
            }
        } else {
            let mut keys: Vec<u64> = both
                .map(|(&a, &b)| u64::from(a - 1) << 32 | u64::from(b - 1))
                .collect();
            keys.sort_unstable();
            for run in keys.chunk_by(|x, y| x == y) {
                let (a, b) = ((run[0] >> 32) as usize, run[0] as u32 as usize);
                sum += term(a, b, run.len() as f64);
            }
        }
        let occurring = |counts: &[u64]| counts.iter().filter(|&&count| count > 0).count();
        Self {
            n,
            levels: [occurring(&a_counts), occurring(&b_counts)],
            phi_squared: (sum - 1.0).max(0.0),
        }
    }

    /// Cramér's V without continuity correction; `None` if a column has fewer than two levels.
    fn cramers_v(&self) -> Option<f64> {
        let smaller = self.levels[0].min(self.levels[1]);
        (smaller > 1).then(|| (self.phi_squared / (smaller - 1) as f64).sqrt().min(1.0))
    }

    /// The same with the bias correction of Bergsma 2013.
    fn cramers_v_corrected(&self) -> Option<f64> {
        let [r, k] = self.levels.map(|levels| levels as f64);
        if r < 2.0 || k < 2.0 {
            return None;
        }
        let n1 = self.n as f64 - 1.0;
        let phi_squared = (self.phi_squared - (r - 1.0) * (k - 1.0) / n1).max(0.0);
        let shrink = |levels: f64| levels - (levels - 1.0) * (levels - 1.0) / n1;
        let smaller = shrink(r).min(shrink(k)) - 1.0;
        // As many levels as rows leave no room for an association.
        (smaller > 0.0).then(|| (phi_squared / smaller).sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranked_correlations(x: &[f64], y: &[f64]) -> (Option<f64>, Option<f64>) {
        let (x, y) = (Ranked::new(x), Ranked::new(y));
        (x.pearson(&y), x.spearman(&y))
    }

    #[test]
    fn correlations_use_rows_complete_in_the_pair() {
        let nan = f64::NAN;
        let (pearson, spearman) =
            ranked_correlations(&[1.0, 2.0, nan, 4.0, 8.0], &[1.0, nan, 3.0, 5.0, 2.0]);
        let (same, same_ranks) = ranked_correlations(&[1.0, 4.0, 8.0], &[1.0, 5.0, 2.0]);
        assert!((pearson.unwrap() - same.unwrap()).abs() < 1e-15);
        assert!((spearman.unwrap() - same_ranks.unwrap()).abs() < 1e-15);
        assert!((spearman.unwrap() - 0.5).abs() < 1e-15);
    }

    #[test]
    fn ties_get_average_ranks() {
        let values = [2.0, 1.0, 2.0, 3.0];
        let mut ranks = vec![0.0; 4];
        Ranked::new(&values).average_ranks(|_| true, &mut ranks);
        assert_eq!(ranks, [2.5, 1.0, 2.5, 4.0]);
        Ranked::new(&values).average_ranks(|row| row != 1, &mut ranks);
        assert_eq!(ranks, [1.5, 1.0, 1.5, 3.0]);
    }

    #[test]
    fn a_constant_column_has_no_correlation_even_when_its_mean_rounds() {
        let tenth = [0.1; 7];
        let other = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0];
        assert_eq!(ranked_correlations(&tenth, &other), (None, None));
        assert_eq!(correlation_ratio(&[1, 2, 1, 2, 1, 2, 1], 2, &tenth), None);
    }

    #[test]
    fn sparse_and_dense_counting_agree() {
        let a: Vec<u32> = (0..500u32).map(|i| i * 7 % 31 % 5).collect();
        let b: Vec<u32> = (0..500u32).map(|i| i * 11 % 17 % 4).collect();
        let dense = Contingency::of(&a, 4, &b, 3);
        let sparse = Contingency::of(&a, 2_000_000, &b, 3);
        assert_eq!((dense.n, dense.levels), (sparse.n, sparse.levels));
        assert!((dense.phi_squared - sparse.phi_squared).abs() < 1e-14);
    }

    #[test]
    fn pairs_are_found_where_they_were_put() {
        let columns = 7;
        let mut expected = 0;
        for i in 0..columns {
            for j in i + 1..columns {
                assert_eq!(i * columns - i * (i + 1) / 2 + j - i - 1, expected);
                expected += 1;
            }
        }
    }
}
