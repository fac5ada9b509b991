//! Conditions on several columns at once (specification 3.5).

use parable_seed::Rng;
use rayon::prelude::*;

use crate::data::frame::{Data, Frame, FrameColumn, Side};
use crate::{
    Direction, Group, Metric, MetricContext, MetricError, MetricInfo, Outcome, Undefined, Unit,
};

/// How many rows satisfy random conditions on several columns, in both tables: the higher-order
/// conjunctions of NIST's challenges (Technical Note 2151). 1 is identical, 0 is off by a factor of
/// 1000 in the root mean square.
///
/// Each test picks a real row and each column with the same probability, at least one. A numeric
/// condition is a window around the row's value, half-width uniform up to half the real range; a
/// condition on levels is a random half of the others with the row's own; a missing number asks for
/// missing.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Conjunctions {
    /// Tests. Default 300.
    pub tests: u32,
    /// Probability of each column; `None` (the default) for the larger of 0.1 and 3 over the
    /// columns.
    pub probability: Option<f64>,
}

impl Default for Conjunctions {
    fn default() -> Self {
        Self {
            tests: 300,
            probability: None,
        }
    }
}

impl Conjunctions {
    /// The same, each column being picked with this probability (0 to 1, 0 excluded).
    #[must_use]
    pub fn with_probability(mut self, probability: f64) -> Self {
        self.probability = Some(probability.clamp(1e-6, 1.0));
        self
    }

    /// The difference of the log shares of one test.
    fn test(
        &self,
        columns: &[&FrameColumn],
        frame: &Frame,
        probability: f64,
        rng: &mut Rng,
    ) -> f64 {
        const LEAST: f64 = 1e-6;
        let row = rng.below(frame.rows.real as u64) as usize;
        let picked: Vec<&FrameColumn> = loop {
            let picked = columns.iter().filter(|_| rng.chance(probability));
            let picked: Vec<&FrameColumn> = picked.copied().collect();
            if !picked.is_empty() {
                break picked;
            }
        };
        let mut hold = [
            vec![true; frame.rows.real],
            vec![true; frame.rows.synthetic],
        ];
        for column in picked {
            let condition = Condition::draw(column, row, rng);
            for (hold, side) in hold.iter_mut().zip([Side::Real, Side::Synthetic]) {
                condition.apply(column, side, hold);
            }
        }
        let share =
            |hold: &[bool]| hold.iter().filter(|&&holds| holds).count() as f64 / hold.len() as f64;
        share(&hold[1]).max(LEAST).ln() - share(&hold[0]).ln()
    }
}

enum Condition {
    Window {
        low: f64,
        high: f64,
    },
    Missing,
    /// Which codes are allowed, missing at position 0.
    Levels(Vec<bool>),
}

impl Condition {
    /// A condition that the row fulfils.
    fn draw(column: &FrameColumn, row: usize, rng: &mut Rng) -> Self {
        match &column.data {
            Data::Numbers(numbers) => {
                let at = numbers.real[row];
                let given = numbers.real.iter().filter(|x| !x.is_nan());
                let (low, high) = given
                    .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &x| {
                        (low.min(x), high.max(x))
                    });
                let half_width = 0.5 * (high - low) * rng.uniform();
                if at.is_nan() {
                    return Self::Missing;
                }
                Self::Window {
                    low: at - half_width,
                    high: at + half_width,
                }
            }
            Data::Codes { labels, codes } => {
                let seen = crate::data::frame::seen(&codes.real, labels.len());
                let mut allowed: Vec<bool> =
                    seen.iter().map(|&seen| rng.chance(0.5) && seen).collect();
                allowed[codes.real[row] as usize] = true;
                Self::Levels(allowed)
            }
        }
    }

    fn apply(&self, column: &FrameColumn, side: Side, hold: &mut [bool]) {
        match (self, &column.data) {
            (Self::Window { low, high }, Data::Numbers(numbers)) => {
                for (hold, x) in hold.iter_mut().zip(numbers.of(side)) {
                    *hold &= low <= x && x <= high;
                }
            }
            (Self::Levels(allowed), Data::Codes { codes, .. }) => {
                for (hold, &code) in hold.iter_mut().zip(codes.of(side)) {
                    *hold &= allowed[code as usize];
                }
            }
            (_, Data::Numbers(numbers)) => {
                for (hold, x) in hold.iter_mut().zip(numbers.of(side)) {
                    *hold &= x.is_nan();
                }
            }
            (_, Data::Codes { .. }) => {}
        }
    }
}

static CONJUNCTIONS: MetricInfo = MetricInfo::new(
    "conjunctions",
    "Shares of rows under random conditions on several columns (0 to 1)",
    "Whether as many rows fit random descriptions, such as women of 30 to 45 in two regions, as in the real table.",
)
.with_group(Group::Multivariate)
.with_direction(Direction::Max1);

impl Metric for Conjunctions {
    fn info(&self) -> &MetricInfo {
        &CONJUNCTIONS
    }

    fn compute(&self, context: &MetricContext<'_>) -> Result<Outcome, MetricError> {
        let cache = context.cache();
        let seed = context.seed();
        let frame = cache.frame();
        let columns: Vec<&FrameColumn> = frame.comparable().collect();
        let default = (3.0 / columns.len().max(1) as f64).clamp(0.1, 1.0);
        let probability = self.probability.unwrap_or(default);
        let undefined = if columns.is_empty() {
            Some(Undefined::NoColumns)
        } else if frame.rows.real == 0 || frame.rows.synthetic == 0 || self.tests == 0 {
            Some(Undefined::NoRows)
        } else {
            None
        };
        let score = |value| {
            self.info()
                .score(value)
                .with_param("tests", u64::from(self.tests))
                .with_param("probability", probability)
        };
        if let Some(why) = undefined {
            return Ok(score(Err(why)).into());
        }
        let differences: Vec<f64> = (0..u64::from(self.tests))
            .into_par_iter()
            .map(|test| {
                let mut rng = seed.index(test).rng();
                self.test(&columns, &frame, probability, &mut rng)
            })
            .collect();
        let squares: f64 = differences.iter().map(|d| d * d).sum();
        let rms = (squares / differences.len() as f64).sqrt();
        let value = (1.0 - rms / 1000f64.ln()).max(0.0);
        let empty = differences.iter().filter(|&&d| d < -10.0).count();
        let mut score = score(Ok(value))
            .with_used(differences.len(), Unit::Queries)
            .with_detail("root_mean_square_log_ratio", rms)
            .with_detail("without_a_synthetic_row", empty);
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
    fn every_test_has_a_condition_and_a_copy_fulfils_it() {
        let x: Vec<f64> = (0..100).map(f64::from).collect();
        let level: Vec<&str> = (0..100).map(|i| ["a", "b", "c"][i % 3]).collect();
        let real = table(vec![numbers("x", &x), texts("g", &level)]);
        let pair = Pair::new(&real, &real).unwrap();
        // One package leaves tests without a condition in, which makes its score 0.
        let rarely = Conjunctions::default().with_probability(0.02);
        for metric in [Conjunctions::default(), rarely] {
            let score = metric.score(&pair, &Seed::from_u64(1)).unwrap();
            assert_eq!((score.value, score.n_used), (Some(1.0), 300));
        }
    }
}
