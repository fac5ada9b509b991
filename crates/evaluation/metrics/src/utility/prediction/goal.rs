//! What is predicted, and the rows it is predicted for.

use parable_seed::Seed;
use parable_tree::Response;

use super::measure::{Measured, classification, regression};
use crate::ColumnScale;
use crate::data::features::Features;
use crate::data::frame::{FrameColumn, Side};

/// Share of the real rows that are trained on.
const TRAINED: f64 = 0.8;

/// What is predicted, for the rows of all tables one after another.
pub(super) enum Goal {
    /// Positions among the labels; `NONE` where missing.
    Classes {
        labels: Vec<String>,
        of: Vec<u8>,
        /// Which labels real rows have.
        real: Vec<bool>,
    },
    /// NaN where missing.
    Numbers(Vec<f64>),
}

const NONE: u8 = u8::MAX;

impl Goal {
    pub(super) fn of(column: &FrameColumn) -> Self {
        if column.scale == ColumnScale::Numeric
            && let Some(numbers) = column.numbers()
        {
            let holdout = numbers.holdout.iter().flatten();
            let all = numbers.real.iter().chain(&numbers.synthetic).chain(holdout);
            return Self::Numbers(all.copied().collect());
        }
        let Some((labels, codes)) = column.codes() else {
            return Self::Numbers(Vec::new());
        };
        let holdout = codes.holdout.iter().flatten();
        let all = codes.real.iter().chain(&codes.synthetic).chain(holdout);
        let place = |&code: &u32| match code {
            0 => NONE,
            code => u8::try_from(code - 1).unwrap_or(NONE),
        };
        let seen = crate::data::frame::seen(codes.of(Side::Real), labels.len());
        Self::Classes {
            labels: labels.to_vec(),
            of: all.map(place).collect(),
            real: seen[1..].to_vec(),
        }
    }

    pub(super) fn is_classes(&self) -> bool {
        matches!(self, Self::Classes { .. })
    }

    pub(super) fn real_classes(&self) -> Vec<String> {
        match self {
            Self::Classes { labels, real, .. } => labels
                .iter()
                .zip(real)
                .filter(|&(_, &real)| real)
                .map(|(label, _)| label.clone())
                .collect(),
            Self::Numbers(_) => Vec::new(),
        }
    }

    pub(super) fn is_given(&self, row: u32) -> bool {
        match self {
            Self::Classes { of, .. } => of[row as usize] != NONE,
            Self::Numbers(of) => !of[row as usize].is_nan(),
        }
    }

    pub(super) fn is_constant(&self, rows: &[u32]) -> bool {
        match self {
            Self::Numbers(of) => rows
                .iter()
                .all(|&row| of[row as usize] == of[rows[0] as usize]),
            Self::Classes { .. } => false,
        }
    }

    /// The goal as trees read it; rows without it hold a filler.
    pub(super) fn response(&self) -> Response {
        match self {
            Self::Numbers(of) => {
                let fill = |&x: &f64| if x.is_nan() { 0.0 } else { x };
                Response::Numbers(of.iter().map(fill).collect())
            }
            Self::Classes { labels, of, .. } => Response::Classes {
                codes: of
                    .iter()
                    .map(|&c| if c == NONE { 0 } else { c.into() })
                    .collect(),
                count: labels.len(),
            },
        }
    }

    /// The measures of whoever always says the most frequent class, or the mean.
    pub(super) fn majority(&self, train: &[u32], test: &[u32]) -> Measured {
        match self {
            Self::Classes { labels, of, real } => {
                let mut counts = vec![0usize; labels.len()];
                train
                    .iter()
                    .for_each(|&row| counts[usize::from(of[row as usize])] += 1);
                // Of equal counts the first.
                let most = (0..counts.len()).rev().max_by_key(|&class| counts[class]);
                let guess = vec![most.unwrap_or(0) as u8; test.len()];
                let truth: Vec<u8> = test.iter().map(|&row| of[row as usize]).collect();
                classification(&truth, &guess, None, real)
            }
            Self::Numbers(of) => {
                let sum: f64 = train.iter().map(|&row| of[row as usize]).sum();
                let truth: Vec<f64> = test.iter().map(|&row| of[row as usize]).collect();
                regression(&truth, &vec![sum / train.len() as f64; test.len()])
            }
        }
    }
}

/// The rows of each table that have the target.
pub(super) struct Rows {
    pub(super) real: Vec<u32>,
    pub(super) synthetic: Vec<u32>,
    pub(super) holdout: Vec<u32>,
}

/// The rows of one split.
pub(super) struct Split {
    pub(super) real: Vec<u32>,
    pub(super) synthetic: Vec<u32>,
    pub(super) test: Vec<u32>,
}

impl Rows {
    pub(super) fn of(data: &Features, goal: &Goal) -> Self {
        let pick = |from: usize, count: usize| -> Vec<u32> {
            let rows = from as u32..(from + count) as u32;
            rows.filter(|&row| goal.is_given(row)).collect()
        };
        Self {
            real: pick(0, data.real),
            synthetic: pick(data.real, data.synthetic),
            holdout: pick(data.real + data.synthetic, data.holdout),
        }
    }

    /// Four fifths of the real rows of every class to train on, the rest to test on unless there is
    /// a holdout; as many synthetic rows as there are, and no more.
    pub(super) fn split(&self, goal: &Goal, seed: &Seed) -> Split {
        let mut rng = seed.stream("split").rng();
        let mut groups: Vec<Vec<u32>> = vec![Vec::new()];
        if let Goal::Classes { labels, of, .. } = goal {
            groups = vec![Vec::new(); labels.len()];
            for &row in &self.real {
                groups[usize::from(of[row as usize])].push(row);
            }
        } else {
            groups[0].clone_from(&self.real);
        }
        let (mut real, mut test) = (Vec::new(), Vec::new());
        for group in &mut groups {
            rng.shuffle(group);
            let train = (group.len() as f64 * TRAINED).round() as usize;
            // A class with one row only is trained on.
            let train = train.max(usize::from(!group.is_empty()));
            real.extend_from_slice(&group[..train]);
            test.extend_from_slice(&group[train..]);
        }
        let mut synthetic = self.synthetic.clone();
        rng.shuffle(&mut synthetic);
        synthetic.truncate(real.len());
        for rows in [&mut real, &mut test, &mut synthetic] {
            rows.sort_unstable();
        }
        if !self.holdout.is_empty() {
            test.clone_from(&self.holdout);
        }
        Split {
            real,
            synthetic,
            test,
        }
    }
}
