//! The worst case of membership inference: one conspicuous person, a synthesizer that is run many
//! times with and without them.

use parable_dp::{Delta, Epsilon, ParameterError, Probability, epsilon_lower_from_rates};
use parable_seed::Seed;
use parable_table::Table;

use crate::data::frame::{Each, Frame};
use crate::data::neighbours::{Capped, Index, Points, Space, Term, local_outlier_factors};
use crate::{Distance, MetricError, Pair};

/// Neighbours that decide who is conspicuous.
const NEIGHBOURS: usize = 5;

/// Who is attacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum VulnerableRecord {
    /// The row with the largest local outlier factor.
    HighestFactor,
    /// The row furthest from its nearest other row.
    FurthestApart,
    /// The row at this position, from 0.
    Row(usize),
}

/// A game against a synthesizer: it is run many times on the table with one vulnerable record and
/// on the table without, and the attacker, who knows all else, tells from the synthetic rows
/// nearest to the record which of the two it was.
///
/// The first third of the runs sets the attacker's threshold, the rest is counted, so that the
/// bounds hold.
#[derive(Clone, Debug, PartialEq)]
pub struct ShadowGame {
    record: VulnerableRecord,
    runs: usize,
    delta: Delta,
    confidence: Probability,
}

/// How the game ended.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct ShadowResult {
    /// The row that was attacked, from 0.
    pub row: usize,
    /// Runs with and as many without the record that were counted.
    pub runs_each: u64,
    /// Runs with the record that were taken for such.
    pub true_positives: u64,
    /// Runs without the record that were taken for runs with it.
    pub false_positives: u64,
    /// The largest distance at which the attacker says "with".
    pub threshold: f64,
    /// The synthesizer is not `(epsilon, delta)`-private for any smaller epsilon, by `ln max((TPR -
    /// δ)/FPR, (TNR - δ)/FNR)` with one-sided bounds of Clopper and Pearson on both rates. 0 says
    /// that this attacker saw nothing; it is no proof of privacy.
    pub epsilon_lower: Epsilon,
    /// The failure probability the bound allows for.
    pub delta: Delta,
    /// The confidence of each of the two bounds on a rate; both hold together with at least `2 ·
    /// confidence - 1`.
    pub confidence: Probability,
}

/// A game that could not be played.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ShadowError<E> {
    /// The synthesizer failed.
    #[error("run {run} of the synthesizer failed")]
    Synthesizer {
        /// The run, from 0.
        run: u64,
        /// What it said.
        source: E,
    },
    /// Its rows cannot be compared with the real ones.
    #[error(transparent)]
    Tables(#[from] MetricError),
    /// Fewer than 100 runs, or a confidence of one half or less.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// There is no such row, or there are too few rows for one to stand apart (at least 7).
    #[error("the table has no such row to attack: it has {rows} rows")]
    NoRecord {
        /// Rows of the table.
        rows: usize,
    },
    /// A run gave no synthetic row.
    #[error("run {run} of the synthesizer gave no row")]
    NoRows {
        /// The run, from 0.
        run: u64,
    },
}

impl ShadowGame {
    /// So many runs with and as many without the row with the largest local outlier factor; `delta`
    /// 0, confidence 95 %.
    #[must_use]
    pub fn new(runs: usize) -> Self {
        Self {
            record: VulnerableRecord::HighestFactor,
            runs,
            delta: Delta::ZERO,
            confidence: Probability::new(0.95).expect("0.95 is a probability"),
        }
    }

    /// The same against another record.
    #[must_use]
    pub fn with_record(mut self, record: VulnerableRecord) -> Self {
        self.record = record;
        self
    }

    /// The same with this failure probability of the claim that is checked.
    #[must_use]
    pub fn with_delta(mut self, delta: Delta) -> Self {
        self.delta = delta;
        self
    }

    /// The same with this confidence of each bound on a rate; above one half.
    #[must_use]
    pub fn with_confidence(mut self, confidence: Probability) -> Self {
        self.confidence = confidence;
        self
    }

    /// Plays the game. `synthesize` fits a fresh model to the table it is given and returns its
    /// rows; the seed is its own.
    ///
    /// # Errors
    /// [`ShadowError`].
    pub fn play<E>(
        &self,
        real: &Table,
        seed: &Seed,
        mut synthesize: impl FnMut(&Table, &Seed) -> Result<Table, E>,
    ) -> Result<ShadowResult, ShadowError<E>> {
        let count = |value: usize| ParameterError::InvalidCount {
            parameter: "runs of a shadow game",
            value: value as i128,
            rule: "at least 100",
        };
        if self.runs < 100 {
            return Err(count(self.runs).into());
        }
        let significance = Probability::new(2.0 * (1.0 - self.confidence.get()))?;
        let row = self
            .vulnerable(real)
            .ok_or(ShadowError::NoRecord { rows: real.rows() })?;
        let others: Vec<usize> = (0..real.rows()).filter(|&other| other != row).collect();
        let without = real.take(&others);
        let mut distances = [Vec::with_capacity(self.runs), Vec::with_capacity(self.runs)];
        for run in 0..self.runs as u64 {
            for (world, table) in [real, &without].into_iter().enumerate() {
                let run = 2 * run + world as u64;
                let synthetic = synthesize(table, &seed.stream("run").index(run))
                    .map_err(|source| ShadowError::Synthesizer { run, source })?;
                let found = distance(real, row, &synthetic)?;
                distances[world].push(found.ok_or(ShadowError::NoRows { run })?);
            }
        }
        let split = self.runs / 3;
        let [with, without] = &distances;
        let threshold = best_threshold(&with[..split], &without[..split]);
        let below = |distances: &[f64]| -> u64 {
            distances[split..]
                .iter()
                .filter(|&&distance| distance <= threshold)
                .count() as u64
        };
        let runs_each = (self.runs - split) as u64;
        let (true_positives, false_positives) = (below(with), below(without));
        Ok(ShadowResult {
            row,
            runs_each,
            true_positives,
            false_positives,
            threshold,
            epsilon_lower: epsilon_lower_from_rates(
                true_positives,
                false_positives,
                runs_each,
                self.delta,
                significance,
            )?,
            delta: self.delta,
            confidence: self.confidence,
        })
    }

    fn vulnerable(&self, real: &Table) -> Option<usize> {
        if let VulnerableRecord::Row(row) = self.record {
            return (row < real.rows()).then_some(row);
        }
        let space = Space::of(&Frame::new(real, real, None), Distance::Gower);
        let points = &space.points.real;
        let found = Index::<Capped>::new(points).nearest(points, NEIGHBOURS, true);
        let scores = match self.record {
            VulnerableRecord::FurthestApart => {
                let first = found.first(1).sums;
                first.iter().all(|sum| sum.is_finite()).then_some(first)
            }
            _ => local_outlier_factors(&found, |sum| sum / space.divisor),
        }?;
        // The first of equal ones.
        (0..scores.len())
            .rev()
            .max_by(|&a, &b| scores[a].total_cmp(&scores[b]))
    }
}

/// Gower's distance from a real row to the nearest synthetic one; `None` without a synthetic row or
/// a column to compare.
fn distance(real: &Table, row: usize, synthetic: &Table) -> Result<Option<f64>, MetricError> {
    Pair::new(real, synthetic)?;
    let space = Space::of(&Frame::new(real, synthetic, None), Distance::Gower);
    let Each {
        real, synthetic, ..
    } = &space.points;
    let sum = |other: &Points, at: usize| -> f64 {
        real.row(row)
            .iter()
            .zip(other.row(at))
            .map(|(a, b)| Capped::double(a - b))
            .sum()
    };
    let sums = (0..synthetic.len()).map(|at| sum(synthetic, at));
    Ok(sums.reduce(f64::min).map(|sum| sum / space.divisor))
}

/// The distance up to which "with" is said, so that right and wrong answers differ most; the
/// smaller of equally good ones.
fn best_threshold(with: &[f64], without: &[f64]) -> f64 {
    let mut candidates = with.to_vec();
    candidates.sort_unstable_by(f64::total_cmp);
    candidates.dedup();
    let advantage = |threshold: f64| {
        let share = |distances: &[f64]| {
            distances.iter().filter(|&&d| d <= threshold).count() as f64 / distances.len() as f64
        };
        share(with) - share(without)
    };
    let best = candidates
        .iter()
        .rev()
        .max_by(|a, b| advantage(**a).total_cmp(&advantage(**b)));
    best.copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{numbers, table};

    /// Forty people in a row and one far away.
    fn people() -> Table {
        let mut x: Vec<f64> = (0..40).map(f64::from).collect();
        x.push(500.0);
        table(vec![numbers("x", &x)])
    }

    #[test]
    fn a_synthesizer_that_copies_is_caught() {
        let result = ShadowGame::new(120)
            .play(&people(), &Seed::from_u64(1), |table, _| {
                Ok::<_, String>(table.clone())
            })
            .unwrap();
        assert_eq!((result.row, result.runs_each), (40, 80));
        assert_eq!((result.true_positives, result.false_positives), (80, 0));
        // All of 80 right: rates of at least 0.05^(1/80) = 0.9632 and at most 0.0368, so
        // ln(0.9632/0.0368).
        let low = 0.05f64.powf(1.0 / 80.0);
        let expected = (low / (1.0 - low)).ln();
        assert!(
            (result.epsilon_lower.get() - expected).abs() < 1e-9,
            "{result:?}"
        );
    }

    #[test]
    fn a_synthesizer_that_ignores_the_table_is_not() {
        let fixed = table(vec![numbers("x", &[1.0, 480.0])]);
        let blind = |_: &Table, seed: &Seed| {
            let mut rng = seed.rng();
            let x: Vec<f64> = (0..20).map(|_| rng.uniform() * 600.0).collect();
            Ok::<_, String>(table(vec![numbers("x", &x)]))
        };
        for result in [
            ShadowGame::new(150)
                .play(&people(), &Seed::from_u64(2), blind)
                .unwrap(),
            ShadowGame::new(150)
                .play(&people(), &Seed::from_u64(2), |_, _| {
                    Ok::<_, String>(fixed.clone())
                })
                .unwrap(),
        ] {
            // Both bounds at 95 %: the probability of a bound above 0 is at most 10 %, of one above
            // 0.4 far less.
            assert!(result.epsilon_lower.get() < 0.4, "{result:?}");
        }
    }

    #[test]
    fn the_record_can_be_chosen_and_what_cannot_be_played_is_refused() {
        let real = people();
        let copy = |table: &Table, _: &Seed| Ok::<_, String>(table.clone());
        let seed = Seed::from_u64(3);
        let game = ShadowGame::new(100);
        let row = |record| {
            let game = game.clone().with_record(record);
            game.play(&real, &seed, copy).map(|result| result.row)
        };
        assert_eq!(row(VulnerableRecord::FurthestApart).unwrap(), 40);
        assert_eq!(row(VulnerableRecord::Row(3)).unwrap(), 3);
        assert!(matches!(
            row(VulnerableRecord::Row(41)),
            Err(ShadowError::NoRecord { rows: 41 })
        ));
        let few = ShadowGame::new(99).play(&real, &seed, copy);
        assert!(matches!(few, Err(ShadowError::Parameter(_))));
        let failing = game.play(&real, &seed, |_, _| Err::<Table, _>("no".to_owned()));
        assert!(matches!(
            failing,
            Err(ShadowError::Synthesizer { run: 0, .. })
        ));
        let empty = game.play(&real, &seed, |table, _| Ok::<_, String>(table.take(&[])));
        assert!(matches!(empty, Err(ShadowError::NoRows { run: 0 })));
    }
}
