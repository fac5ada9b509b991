//! Counts over small sets of columns, on the scale of NIST's k-marginal score (specification 2.5).

use parable_seed::Seed;
use rayon::prelude::*;

use crate::data::contingency::{Grouped, cross};
use crate::data::frame::{Data, Frame};
use crate::data::reference::subsample;
use crate::{
    Cache, Direction, Group, Metric, MetricContext, MetricError, MetricInfo, Outcome, Undefined,
    Unit,
};
use parable_linalg::quantile;

/// How far the counts of all sets of `k` columns agree: `500 (2 - d)`, `d` being the mean over sets
/// of the sum of absolute differences of shares over all cells (NIST Technical Note 2151). 1000 is
/// identical, 0 disjoint. It falls with the number of cells, so compare within one table only.
///
/// Numbers are cut at the distinct 20-quantiles of the real table, ties to the left; missing is a
/// cell of its own.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct KMarginal {
    /// Columns per set: 1, 2 or 3.
    pub k: usize,
    /// Quantiles that numbers are cut at. Default 20.
    pub bins: usize,
    /// Most sets; with more, so many are drawn at random. Default 2,000.
    pub most_sets: usize,
}

impl KMarginal {
    /// Sets of this many columns, 1 to 3.
    #[must_use]
    pub fn new(k: usize) -> Self {
        Self {
            k: k.clamp(1, 3),
            bins: 20,
            most_sets: 2_000,
        }
    }

    /// The sets of columns, and whether they were drawn.
    fn sets(&self, columns: usize, seed: &Seed) -> (Vec<Vec<usize>>, bool) {
        let mut sets: Vec<Vec<usize>> = Vec::new();
        for a in 0..columns {
            if self.k == 1 {
                sets.push(vec![a]);
                continue;
            }
            for b in a + 1..columns {
                if self.k == 2 {
                    sets.push(vec![a, b]);
                    continue;
                }
                sets.extend((b + 1..columns).map(|c| vec![a, b, c]));
            }
        }
        if sets.len() <= self.most_sets {
            return (sets, false);
        }
        seed.rng().shuffle(&mut sets);
        sets.truncate(self.most_sets);
        sets.sort_unstable();
        (sets, true)
    }

    fn value(&self, columns: &[Grouped], sets: &[Vec<usize>]) -> f64 {
        let distances: Vec<f64> = sets
            .par_iter()
            .map(|set| {
                let picked: Vec<&Grouped> = set.iter().map(|&i| &columns[i]).collect();
                let (real, synthetic) = cross(&picked);
                let total = |counts: &[u64]| counts.iter().sum::<u64>() as f64;
                let (n, m) = (total(&real), total(&synthetic));
                let cells = real.iter().zip(&synthetic);
                cells
                    .map(|(&o, &s)| (o as f64 / n - s as f64 / m).abs())
                    .sum()
            })
            .collect();
        500.0 * (2.0 - distances.iter().sum::<f64>() / distances.len() as f64)
    }

    fn columns(&self, frame: &Frame) -> Vec<Grouped> {
        let columns: Vec<_> = frame.comparable().collect();
        columns
            .par_iter()
            .map(|column| match &column.data {
                Data::Numbers(numbers) => {
                    let edges = edges(&numbers.real, self.bins);
                    let bin = |&x: &f64| match x.is_nan() {
                        true => 0,
                        false => edges.partition_point(|&edge| edge < x) as u32 + 1,
                    };
                    Grouped::new(
                        edges.len() + 2,
                        numbers.real.iter().map(bin).collect(),
                        numbers.synthetic.iter().map(bin).collect(),
                    )
                }
                Data::Codes { labels, codes } => Grouped::new(
                    labels.len() + 1,
                    codes.real.clone(),
                    codes.synthetic.clone(),
                ),
            })
            .collect()
    }

    fn check(&self, cache: &Cache<'_>, columns: usize) -> Result<(), Undefined> {
        if cache.real().rows() == 0 || cache.synthetic().rows() == 0 {
            Err(Undefined::NoRows)
        } else if columns < self.k {
            Err(Undefined::NoPairs)
        } else {
            Ok(())
        }
    }
}

/// The distinct quantiles of the values without the smallest and the largest: a value that many
/// rows share is never cut off by itself at the low end.
pub(crate) fn edges(real: &[f64], bins: usize) -> Vec<f64> {
    let mut sorted: Vec<f64> = real.iter().copied().filter(|x| !x.is_nan()).collect();
    if sorted.is_empty() {
        return Vec::new();
    }
    sorted.sort_unstable_by(f64::total_cmp);
    let mut edges: Vec<f64> = (0..=bins)
        .map(|bin| quantile(&sorted, bin as f64 / bins as f64))
        .collect();
    edges.dedup();
    edges.pop();
    edges.drain(..1.min(edges.len()));
    edges
}

static K_MARGINAL_1: MetricInfo = MetricInfo::new(
    "k_marginal_1",
    "Agreement of counts, single columns (0 to 1000)",
    "Whether small sets of columns have the same counts; the score of NIST's challenges, 1000 is identical.",
)
.with_group(Group::Multivariate)
.with_direction(Direction::Max);

static K_MARGINAL_2: MetricInfo = MetricInfo::new(
    "k_marginal_2",
    "Agreement of counts, pairs of columns (0 to 1000)",
    "Whether small sets of columns have the same counts; the score of NIST's challenges, 1000 is identical.",
)
.with_group(Group::Multivariate)
.with_direction(Direction::Max);

static K_MARGINAL_3: MetricInfo = MetricInfo::new(
    "k_marginal_3",
    "Agreement of counts, triples of columns (0 to 1000)",
    "Whether small sets of columns have the same counts; the score of NIST's challenges, 1000 is identical.",
)
.with_group(Group::Multivariate)
.with_direction(Direction::Max);

impl Metric for KMarginal {
    fn info(&self) -> &MetricInfo {
        match self.k {
            1 => &K_MARGINAL_1,
            2 => &K_MARGINAL_2,
            _ => &K_MARGINAL_3,
        }
    }

    fn compute(&self, context: &MetricContext<'_>) -> Result<Outcome, MetricError> {
        let cache = context.cache();
        let seed = context.seed();
        let columns = self.columns(&cache.frame());
        let (sets, drawn) = self.sets(columns.len(), seed);
        let value = self
            .check(cache, columns.len())
            .map(|()| self.value(&columns, &sets));
        let mut score = self
            .info()
            .score(value)
            .with_param("k", self.k)
            .with_param("bins", self.bins)
            .with_used(if value.is_ok() { sets.len() } else { 0 }, Unit::Tables);
        if drawn {
            score.seed = Some(*seed);
            score = score.with_warning("a random part of all sets of columns");
        }
        Ok(score.into())
    }
}

/// How large a random part of the real rows has the same [`KMarginal`] score for pairs of columns:
/// "as good as an x % sample". 1 is as good as nearly all rows.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct SubsampleEquivalent {}

/// The shares of the real rows that are tried.
const SHARES: [f64; 12] = [0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0];

static SUBSAMPLE_EQUIVALENT: MetricInfo = MetricInfo::new(
    "subsample_equivalent",
    "Share of the real rows whose random sample keeps counts of pairs as well",
    "A random sample of how many of the real rows would keep the counts of pairs as well.",
)
.with_group(Group::Multivariate)
.with_direction(Direction::Max1)
.without_anchors();

impl Metric for SubsampleEquivalent {
    fn info(&self) -> &MetricInfo {
        &SUBSAMPLE_EQUIVALENT
    }

    fn compute(&self, context: &MetricContext<'_>) -> Result<Outcome, MetricError> {
        let cache = context.cache();
        let seed = context.seed();
        let marginal = KMarginal::new(2);
        let columns = marginal.columns(&cache.frame());
        let score = |value| self.info().score(value);
        if let Err(why) = marginal.check(cache, columns.len()) {
            return Ok(score(Err(why)).into());
        }
        let (sets, _) = marginal.sets(columns.len(), &seed.stream("sets"));
        let own = marginal.value(&columns, &sets);
        let curve: Vec<f64> = SHARES
            .iter()
            .enumerate()
            .map(|(at, &share)| {
                let rows = cache.real().rows();
                let wanted = ((rows as f64 * share).round() as usize).clamp(1, rows);
                let drawn = subsample(rows, wanted, &seed.stream("rows").index(at as u64));
                let sampled: Vec<Grouped> = columns
                    .iter()
                    .map(|column| column.against_own_rows(&drawn))
                    .collect();
                marginal.value(&sampled, &sets)
            })
            .collect();
        // The score rises with the share; in between linearly, below the smallest share 0.
        let value = match curve.iter().position(|&there| there >= own) {
            Some(0) => SHARES[0],
            Some(at) => {
                let part = (own - curve[at - 1]) / (curve[at] - curve[at - 1]);
                SHARES[at - 1] + part.clamp(0.0, 1.0) * (SHARES[at] - SHARES[at - 1])
            }
            None => 1.0,
        };
        let mut score = score(Ok(value))
            .with_used(sets.len(), Unit::Tables)
            .with_detail("k_marginal_2", own)
            .with_detail("shares", SHARES.to_vec())
            .with_detail("k_marginal_2_of_shares", curve.clone());
        if own <= curve[0] {
            score = score.with_warning("no better than a sample of 1 % of the rows");
        }
        score.seed = Some(*seed);
        Ok(score.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Pair;
    use crate::Score;
    use crate::testing::{numbers, table};

    fn normal(seed: u64, rows: usize) -> parable_table::Table {
        let mut rng = Seed::from_u64(seed).rng();
        let x: Vec<f64> = (0..rows).map(|_| rng.normal()).collect();
        let y: Vec<f64> = x.iter().map(|x| x + rng.normal()).collect();
        table(vec![numbers("x", &x), numbers("y", &y)])
    }

    fn score(
        metric: &dyn Metric,
        real: &parable_table::Table,
        synthetic: &parable_table::Table,
    ) -> Score {
        let pair = Pair::new(real, synthetic).unwrap();
        metric.score(&pair, &Seed::from_u64(1)).unwrap()
    }

    #[test]
    fn a_copy_scores_a_thousand_and_disjoint_tables_nothing() {
        let real = normal(1, 300);
        assert_eq!(score(&KMarginal::new(2), &real, &real).value, Some(1000.0));
        let texts = |level: &str| table(vec![crate::testing::texts("a", &[level; 5])]);
        let found = score(&KMarginal::new(1), &texts("p"), &texts("q"));
        assert_eq!(found.value, Some(0.0));
        let one = score(&KMarginal::new(2), &texts("p"), &texts("p"));
        assert_eq!(one.reason, Some(Undefined::NoPairs));
    }

    #[test]
    fn a_sample_is_recognised_by_its_size() {
        // 30 % of 4,000 rows, drawn twice: the two scores differ by noise of about 3 % of the
        // score, which moves the share by less than 0.1.
        let real = normal(1, 4000);
        let part = real.take(&subsample(4000, 1200, &Seed::from_u64(5)));
        let found = score(&SubsampleEquivalent::default(), &real, &part)
            .value
            .unwrap();
        assert!((found - 0.3).abs() < 0.1, "{found}");
        assert_eq!(
            score(&SubsampleEquivalent::default(), &real, &real).value,
            Some(1.0)
        );
    }
}
