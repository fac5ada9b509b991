//! Rank tests of single columns, for comparison with published tables.

use statrs::distribution::{ChiSquared, ContinuousCDF, Normal};

use super::UnivariateAnalysis;
use super::score::{mean_over_columns, warn_if_small, with_parts};
use crate::{Direction, Group, Metric, MetricContext, MetricError, MetricInfo, Outcome, Undefined};

/// A rank test of real against synthetic values of each numeric column (1.13). The score is the
/// mean of `1 - p` over columns: 0.5 is expected of a second sample of the same population, values
/// near 1 say that tables of this size can be told apart. Large tables reject always, so never gate
/// on it.
///
/// The signed-rank test of Wilcoxon is not offered: rows of the two tables are not pairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RankTest {
    /// Kruskal and Wallis (1952), corrected for ties.
    KruskalWallis,
    /// Mann and Whitney (1947), two-sided, normal approximation corrected for ties and continuity.
    MannWhitney,
}

/// A test statistic and the probability of one at least as extreme without a difference.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RankTestResult {
    /// H, or U of the first list: pairs in which its value is the larger, ties counting one half.
    pub statistic: f64,
    /// The p-value.
    pub p: f64,
}

impl RankTest {
    /// Compares two lists of numbers without NaN; `None` if one is empty or all values are equal.
    #[must_use]
    pub fn of_values(self, real: &[f64], synthetic: &[f64]) -> Option<RankTestResult> {
        if real.is_empty() || synthetic.is_empty() {
            return None;
        }
        let mut all: Vec<(f64, bool)> = real.iter().map(|&x| (x, true)).collect();
        all.extend(synthetic.iter().map(|&x| (x, false)));
        all.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let (mut before, mut ranks, mut ties) = (0.0, 0.0, 0.0);
        for tied in all.chunk_by(|a, b| a.0 == b.0) {
            let size = tied.len() as f64;
            let own = tied.iter().filter(|(_, real)| *real).count() as f64;
            ranks += own * (before + 0.5 * (size + 1.0));
            ties += size * size * size - size;
            before += size;
        }
        let (n, m) = (real.len() as f64, synthetic.len() as f64);
        let total = n + m;
        let u = ranks - 0.5 * n * (n + 1.0);
        match self {
            Self::KruskalWallis => {
                let correction = 1.0 - ties / (total * total * total - total);
                if correction <= 0.0 {
                    return None;
                }
                let others = 0.5 * total * (total + 1.0) - ranks;
                let between = ranks * ranks / n + others * others / m;
                let h = 12.0 / (total * (total + 1.0)) * between - 3.0 * (total + 1.0);
                let statistic = (h / correction).max(0.0);
                let p = ChiSquared::new(1.0).ok()?.sf(statistic);
                Some(RankTestResult { statistic, p })
            }
            Self::MannWhitney => {
                let variance = n * m / 12.0 * (total + 1.0 - ties / (total * (total - 1.0)));
                if variance <= 0.0 {
                    return None;
                }
                let larger = u.max(n * m - u);
                let z = (larger - 0.5 * n * m - 0.5) / variance.sqrt();
                let p = (2.0 * Normal::standard().sf(z)).min(1.0);
                Some(RankTestResult { statistic: u, p })
            }
        }
    }
}

static KRUSKAL_WALLIS: MetricInfo = MetricInfo::new(
    "kruskal_wallis",
    "Kruskal-Wallis test, mean of 1 - p over numeric columns",
    "Whether a rank test tells numeric columns apart; large tables always do, so it is only for comparison with published tables.",
)
.with_group(Group::Univariate)
.with_direction(Direction::Baseline);

static MANN_WHITNEY: MetricInfo = MetricInfo::new(
    "mann_whitney",
    "Mann-Whitney test, mean of 1 - p over numeric columns",
    "Whether a rank test tells numeric columns apart; large tables always do, so it is only for comparison with published tables.",
)
.with_group(Group::Univariate)
.with_direction(Direction::Baseline);

impl Metric for RankTest {
    fn info(&self) -> &MetricInfo {
        match self {
            Self::KruskalWallis => &KRUSKAL_WALLIS,
            Self::MannWhitney => &MANN_WHITNEY,
        }
    }

    fn compute(&self, context: &MetricContext<'_>) -> Result<Outcome, MetricError> {
        let cache = context.cache();
        let univariate = cache.get(&UnivariateAnalysis { bins: 10 })?;
        let frame = cache.frame();
        let given = |values: &[f64]| -> Vec<f64> {
            values.iter().copied().filter(|x| !x.is_nan()).collect()
        };
        let results: Vec<(&str, Result<RankTestResult, Undefined>)> = frame
            .comparable()
            .filter_map(|column| {
                let numbers = column.numbers()?;
                let (real, synthetic) = (given(&numbers.real), given(&numbers.synthetic));
                let why = match real.is_empty() || synthetic.is_empty() {
                    true => Undefined::NoRows,
                    false => Undefined::ConstantColumn,
                };
                let result = self.of_values(&real, &synthetic).ok_or(why);
                Some((column.name.as_str(), result))
            })
            .collect();
        let parts: Vec<(&str, Result<f64, Undefined>)> = results
            .iter()
            .map(|(name, result)| (*name, result.map(|result| 1.0 - result.p)))
            .collect();
        let values = |of: fn(&RankTestResult) -> f64| -> Vec<f64> {
            let results = results
                .iter()
                .filter_map(|(_, result)| result.as_ref().ok());
            results.map(of).collect()
        };
        let score = mean_over_columns(self, parts.iter().copied(), &univariate)
            .with_detail("statistics", values(|result| result.statistic))
            .with_detail("p_values", values(|result| result.p));
        Ok(warn_if_small(with_parts(score, &parts), &univariate).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_lists_give_textbook_values() {
        // Ranks of the first list 1, 2, 4 of 1..5: U = 7 - 6 = 1; H = 12/30 (49/3 + 64/2) - 18 =
        // 1.3333.
        let (a, b) = ([1.0, 2.0, 4.0], [3.0, 5.0]);
        let u = RankTest::MannWhitney.of_values(&a, &b).unwrap();
        assert_eq!(u.statistic, 1.0);
        let h = RankTest::KruskalWallis.of_values(&a, &b).unwrap();
        assert!((h.statistic - 4.0 / 3.0).abs() < 1e-12);
        assert!((h.p - 0.248_213_078_989_922).abs() < 1e-9);
    }

    #[test]
    fn ties_count_one_half_and_constant_lists_have_no_test() {
        let tied = RankTest::MannWhitney
            .of_values(&[1.0, 2.0], &[2.0, 1.0])
            .unwrap();
        assert_eq!((tied.statistic, tied.p), (2.0, 1.0));
        assert_eq!(RankTest::MannWhitney.of_values(&[1.0], &[]), None);
        for test in [RankTest::MannWhitney, RankTest::KruskalWallis] {
            assert_eq!(test.of_values(&[1.0, 1.0], &[1.0]), None);
        }
    }
}
