//! Inference: the secret of the synthetic row nearest to a person is taken for the person's
//! (specification 5.7).

use parable_seed::Seed;
use rustc_hash::FxHashMap;

use super::{Made, Targets};
use crate::BlindGuess;
use crate::data::frame::{Data, FrameColumn};
use crate::data::neighbours::{Capped, Index, Points, Space};
use parable_linalg::quantile;

/// A guess of a number counts if it is within this part of the truth.
const TOLERANCE: f64 = 0.05;

/// For each target the secret of the nearest synthetic row by all other columns.
pub(super) fn inference(
    space: &Space,
    (axis, secret): (usize, &FrameColumn),
    targets: &Targets,
    asked: usize,
    seed: &Seed,
) -> Made {
    let known: Vec<usize> = (0..space.columns.len())
        .filter(|&other| other != axis)
        .collect();
    let synthetic = space.points.synthetic.select(&known);
    let index = Index::<Capped>::new(&synthetic);
    let nearest = |points: &Points, rows: &[usize]| {
        index
            .nearest(&points.take(rows).select(&known), 1, false)
            .rows
    };
    let judge = Judge::of(secret);
    // Rows are matched by position, never by a name: names of different tables have nothing to do
    // with each other.
    let judged = |on_holdout: bool, rows: &[usize], guesses: &[u32]| -> Vec<bool> {
        rows.iter()
            .zip(guesses)
            .map(|(&row, &guess)| judge.right(on_holdout, row, guess as usize))
            .collect()
    };
    let on_real = judged(
        false,
        &targets.real,
        &nearest(&space.points.real, &targets.real),
    );
    let on_holdout = (space.points.holdout.as_ref())
        .filter(|_| !targets.holdout.is_empty())
        .map(|points| judged(true, &targets.holdout, &nearest(points, &targets.holdout)));

    let mut rng = seed.stream("random value").rng();
    let rows = synthetic_rows(secret);
    let random: Vec<u32> = targets
        .real
        .iter()
        .map(|_| rng.below(rows as u64) as u32)
        .collect();
    let majority = vec![most_frequent(secret) as u32; targets.real.len()];
    let share = |guesses: &[u32]| {
        let right = judged(false, &targets.real, guesses);
        right.iter().filter(|&&right| right).count() as f64 / right.len().max(1) as f64
    };
    let guesses = vec![
        BlindGuess {
            how: "the value of a random synthetic row".to_owned(),
            share: share(&random),
        },
        BlindGuess {
            how: "the most frequent synthetic value".to_owned(),
            share: share(&majority),
        },
    ];
    Made::of_targets(
        asked,
        &targets.real,
        &on_real,
        on_holdout.as_deref(),
        guesses,
    )
}

/// Says whether a guess is right.
enum Judge<'a> {
    Levels(&'a crate::data::frame::Each<Vec<u32>>),
    Numbers {
        numbers: &'a crate::data::frame::Each<Vec<f64>>,
        /// How far a guess may be from a truth of 0.
        around_zero: f64,
    },
}

impl<'a> Judge<'a> {
    fn of(secret: &'a FrameColumn) -> Self {
        match &secret.data {
            Data::Codes { codes, .. } => Self::Levels(codes),
            Data::Numbers(numbers) => {
                let mut sorted: Vec<f64> = numbers
                    .real
                    .iter()
                    .copied()
                    .filter(|x| !x.is_nan())
                    .collect();
                sorted.sort_unstable_by(f64::total_cmp);
                let middle = match sorted.is_empty() {
                    true => 0.0,
                    false => quantile(&sorted, 0.75) - quantile(&sorted, 0.25),
                };
                Self::Numbers {
                    numbers,
                    around_zero: TOLERANCE * middle,
                }
            }
        }
    }

    /// Whether the secret of the synthetic row `guess` counts as that of a row of the real table or
    /// the holdout.
    fn right(&self, on_holdout: bool, row: usize, guess: usize) -> bool {
        match self {
            Self::Levels(codes) => {
                let truth = if on_holdout {
                    codes.holdout.as_ref()
                } else {
                    Some(&codes.real)
                };
                truth.is_some_and(|truth| truth[row] == codes.synthetic[guess])
            }
            Self::Numbers {
                numbers,
                around_zero,
            } => {
                let truth = if on_holdout {
                    numbers.holdout.as_ref()
                } else {
                    Some(&numbers.real)
                };
                truth.is_some_and(|truth| close(truth[row], numbers.synthetic[guess], *around_zero))
            }
        }
    }
}

/// Whether a guess is within 5 % of the truth, by absolute values throughout: dividing by a
/// negative guess would make all of them right.
fn close(truth: f64, guess: f64, around_zero: f64) -> bool {
    if truth.is_nan() || guess.is_nan() {
        return truth.is_nan() && guess.is_nan();
    }
    let allowed = if truth == 0.0 {
        around_zero
    } else {
        TOLERANCE * truth.abs()
    };
    (guess - truth).abs() <= allowed
}

fn synthetic_rows(secret: &FrameColumn) -> usize {
    match &secret.data {
        Data::Codes { codes, .. } => codes.synthetic.len(),
        Data::Numbers(numbers) => numbers.synthetic.len(),
    }
}

/// The first synthetic row that has the most frequent value.
fn most_frequent(secret: &FrameColumn) -> usize {
    let bits: Vec<u64> = match &secret.data {
        Data::Codes { codes, .. } => codes
            .synthetic
            .iter()
            .map(|&code| u64::from(code))
            .collect(),
        Data::Numbers(numbers) => (numbers.synthetic.iter())
            .map(|x| if x.is_nan() { u64::MAX } else { x.to_bits() })
            .collect(),
    };
    let mut seen: FxHashMap<u64, (usize, usize)> = FxHashMap::default();
    for (row, &value) in bits.iter().enumerate() {
        seen.entry(value).or_insert((0, row)).0 += 1;
    }
    let best = seen
        .into_values()
        .max_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1)));
    best.map_or(0, |(_, row)| row)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::frame::Frame;
    use crate::testing::{numbers, table, text};

    #[test]
    fn negative_guesses_are_measured_by_their_distance() {
        assert!(!close(100.0, -100.0, 1.0));
        assert!(!close(-100.0, -50.0, 1.0));
        assert!(close(-100.0, -104.9, 1.0));
        assert!(close(-100.0, -95.1, 1.0));
        assert!(!close(1.0, -1e9, 1.0));
        assert!(close(0.0, -0.9, 1.0) && !close(0.0, -1.1, 1.0));
        assert!(close(f64::NAN, f64::NAN, 1.0) && !close(f64::NAN, 0.0, 1.0));
        assert!(!close(0.0, f64::NAN, 1.0));
    }

    #[test]
    fn the_most_frequent_value_counts_missing_and_breaks_ties_by_row() {
        let real = table(vec![numbers("x", &[1.0])]);
        let synthetic = table(vec![numbers("x", &[3.0, 2.0, 2.0, 3.0, 1.0])]);
        let frame = Frame::new(&real, &synthetic, None);
        assert_eq!(most_frequent(&frame.columns[0]), 0);
        let real = table(vec![text("x", &[Some("a")])]);
        let synthetic = table(vec![text("x", &[Some("a"), None, None])]);
        let frame = Frame::new(&real, &synthetic, None);
        assert_eq!(most_frequent(&frame.columns[0]), 1);
    }
}
