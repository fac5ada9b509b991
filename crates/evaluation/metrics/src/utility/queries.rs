//! Counting queries on one and two columns (specification 4.7).

use parable_seed::Rng;
use rayon::prelude::*;

use crate::data::frame::{Data, FrameColumn, Side};
use crate::{Group, Metric, MetricContext, MetricError, MetricInfo, Outcome, Undefined, Unit};

/// Relative error of counts over ranges of one or two columns, mean over random queries (4.7): how
/// many people are 20 to 35 and in work?
///
/// Half of the queries look at one column, half at two. Ranges of numbers and of ordered levels lie
/// between the values of two random real rows; other levels are those of one random real row.
/// Synthetic counts are scaled to the number of real rows; errors are divided by the real count, or
/// by 1 % of the rows if that is more.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct QueryWorkload {
    /// Queries. Default 1,000.
    pub queries: u32,
}

impl Default for QueryWorkload {
    fn default() -> Self {
        Self { queries: 1_000 }
    }
}

/// What is asked of one column: both ends included.
enum Asked<'a> {
    Numbers(&'a FrameColumn, f64, f64),
    Codes(&'a FrameColumn, u32, u32),
}

impl<'a> Asked<'a> {
    fn draw(column: &'a FrameColumn, rows: usize, rng: &mut Rng) -> Self {
        let mut row = || rng.below(rows as u64) as usize;
        let (a, b) = (row(), row());
        match &column.data {
            Data::Numbers(numbers) => {
                // Comparisons with NaN are false: a missing end asks for no row, and counts 0 on
                // both sides.
                let (a, b) = (numbers.real[a], numbers.real[b]);
                Self::Numbers(column, a.min(b), a.max(b))
            }
            Data::Codes { codes, .. } if column.scale == crate::ColumnScale::Ordinal => {
                let (a, b) = (codes.real[a], codes.real[b]);
                Self::Codes(column, a.min(b), a.max(b))
            }
            Data::Codes { codes, .. } => Self::Codes(column, codes.real[a], codes.real[a]),
        }
    }

    fn holds(&self, side: Side, row: usize) -> bool {
        match self {
            Self::Numbers(column, low, high) => column.numbers().is_some_and(|numbers| {
                let x = numbers.of(side)[row];
                *low <= x && x <= *high
            }),
            Self::Codes(column, low, high) => column
                .codes()
                .is_some_and(|(_, codes)| (*low..=*high).contains(&codes.of(side)[row])),
        }
    }
}

static QUERY_WORKLOAD: MetricInfo = MetricInfo::new(
    "query_workload",
    "Counts over ranges of one and two columns, mean relative error",
    "How far counts such as \"people of 20 to 35 in work\" are off, relative to the count itself.",
)
.with_group(Group::Utility);

impl Metric for QueryWorkload {
    fn info(&self) -> &MetricInfo {
        &QUERY_WORKLOAD
    }

    fn compute(&self, context: &MetricContext<'_>) -> Result<Outcome, MetricError> {
        let cache = context.cache();
        let seed = context.seed();
        let frame = cache.frame();
        let columns: Vec<&FrameColumn> = frame.comparable().collect();
        let score = |value| {
            self.info()
                .score(value)
                .with_param("queries", u64::from(self.queries))
        };
        let (n, m) = (frame.rows.real, frame.rows.synthetic);
        if n == 0 || m == 0 || self.queries == 0 {
            return Ok(score(Err(Undefined::NoRows)).into());
        }
        if columns.is_empty() {
            return Ok(score(Err(Undefined::NoColumns)).into());
        }
        let errors: Vec<f64> = (0..u64::from(self.queries))
            .into_par_iter()
            .map(|query| {
                let mut rng = seed.index(query).rng();
                let first = rng.below(columns.len() as u64) as usize;
                let mut asked = vec![Asked::draw(columns[first], n, &mut rng)];
                if query % 2 == 1 && columns.len() > 1 {
                    let other = rng.below(columns.len() as u64 - 1) as usize;
                    let other = other + usize::from(other >= first);
                    asked.push(Asked::draw(columns[other], n, &mut rng));
                }
                let count = |side: Side, rows: usize| {
                    let holds = |row: &usize| asked.iter().all(|asked| asked.holds(side, *row));
                    (0..rows).filter(holds).count() as f64
                };
                let real = count(Side::Real, n);
                let synthetic = count(Side::Synthetic, m) * n as f64 / m as f64;
                (synthetic - real).abs() / real.max(0.01 * n as f64)
            })
            .collect();
        let mean = errors.iter().sum::<f64>() / errors.len() as f64;
        let squares: f64 = errors.iter().map(|e| (e - mean) * (e - mean)).sum();
        let largest = errors.iter().copied().fold(0.0, f64::max);
        let mut score = score(Ok(mean))
            .with_used(errors.len(), Unit::Queries)
            .with_detail("largest", largest);
        if errors.len() > 1 {
            let n = errors.len() as f64;
            score.se = Some((squares / (n - 1.0) / n).sqrt());
        }
        score.seed = Some(*seed);
        Ok(score.into())
    }
}

#[cfg(test)]
mod tests {
    use parable_seed::Seed;

    use super::*;
    use crate::Pair;
    use crate::testing::{numbers, table, texts};

    #[test]
    fn a_copy_of_another_size_has_no_error_and_other_values_have_one() {
        let x: Vec<f64> = (0..60).map(|i| f64::from(i % 12)).collect();
        let level: Vec<&str> = (0..60).map(|i| ["a", "b", "c"][i % 3]).collect();
        let real = table(vec![numbers("x", &x), texts("g", &level)]);
        let twice: Vec<usize> = (0..120).map(|row| row % 60).collect();
        let score = |synthetic: &parable_table::Table| {
            let pair = Pair::new(&real, synthetic).unwrap();
            QueryWorkload::default()
                .score(&pair, &Seed::from_u64(1))
                .unwrap()
        };
        let copy = score(&real.take(&twice)).value.unwrap();
        assert!(copy < 1e-12, "{copy}");
        assert!(score(&real.take(&[0; 60])).value.unwrap() > 0.5);
    }
}
