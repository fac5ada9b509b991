//! The best split found so far in a node.

use crate::binning::Binning;
use crate::nodes::SplitRule;
use crate::options::{GrowOptions, Ties};
use crate::predictor::Predictor;

/// A predictor as the search for splits sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Axis {
    /// Position in the list of predictors.
    pub(crate) predictor: usize,
    /// Bins below this are values, the others missing values.
    pub(crate) values: usize,
    pub(crate) ordered: bool,
    /// Fewest rows on each side of a split.
    pub(crate) min_rows: f64,
}

impl Axis {
    pub(crate) fn of(position: usize, predictor: &Predictor<'_>, min_leaf_rows: usize) -> Self {
        Self {
            predictor: position,
            values: predictor.binning.values(),
            ordered: predictor.binning.is_ordered(),
            min_rows: predictor.min_rows.max(min_leaf_rows) as f64,
        }
    }
}

/// A split of a node, by the bins that are in the node.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Split {
    /// Values up to bin `low` go left, from bin `high` on right; missing values with a set bit
    /// left.
    Cut { low: u16, high: u16, missing: u64 },
    /// Bins that go left and bins that go right; the others are not in the node.
    Sets { left: Vec<u16>, right: Vec<u16> },
}

/// All missing values go left.
pub(crate) const ALL_MISSING: u64 = u64::MAX;

/// The bit of a bin of missing values.
pub(crate) fn missing_bit(bin: u16, values: usize) -> u64 {
    1 << (usize::from(bin) - values).min(63)
}

impl Split {
    /// A cut between two bins of values, or after all of them.
    pub(crate) fn cut(low: u16, high: Option<u16>, axis: Axis, missing: u64) -> Self {
        Self::Cut {
            low,
            high: high.unwrap_or(axis.values as u16),
            missing,
        }
    }

    /// All values and all missing values but these go left.
    pub(crate) fn all_but_missing(bin: u16, axis: Axis) -> Self {
        Self::Cut {
            low: axis.values.saturating_sub(1) as u16,
            high: axis.values as u16,
            missing: !missing_bit(bin, axis.values),
        }
    }

    /// The first `count` of these bins go left, the others right.
    pub(crate) fn sets(order: impl Iterator<Item = u16>, count: usize) -> Self {
        let mut left: Vec<u16> = order.collect();
        let right = left.split_off(count);
        Self::Sets { left, right }
    }

    /// The rule of the split and, by bin, whether it sends left.
    ///
    /// Bins that are not in the node go with the larger child; `left_is_larger` finds it given the
    /// directions of those that are.
    pub(crate) fn rule(
        &self,
        binning: &Binning,
        left_is_larger: impl FnOnce(&[bool]) -> bool,
    ) -> (SplitRule, Vec<bool>) {
        let values = binning.values();
        let mut goes_left = vec![false; binning.bins()];
        match self {
            Self::Cut { low, high, missing } => {
                let last = if usize::from(*high) < values {
                    binning.cut_between(usize::from(*low), usize::from(*high)) as u16
                } else {
                    *low
                };
                let rule = SplitRule::Cut {
                    last,
                    missing: *missing,
                };
                for (bin, left) in goes_left.iter_mut().enumerate() {
                    *left = rule.goes_left(bin as u16, values);
                }
                (rule, goes_left)
            }
            Self::Sets { left, right } => {
                let mut known = vec![false; binning.bins()];
                for &bin in left {
                    goes_left[usize::from(bin)] = true;
                    known[usize::from(bin)] = true;
                }
                for &bin in right {
                    known[usize::from(bin)] = true;
                }
                if left_is_larger(&goes_left) {
                    for (left, known) in goes_left.iter_mut().zip(&known) {
                        *left |= !known;
                    }
                }
                (SplitRule::set(&goes_left), goes_left)
            }
        }
    }
}

/// Gain that a split must reach.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LeastGain {
    gain: f64,
    slack: Option<f64>,
}

/// Difference of scores that may be rounding, as a share of the impurity of the root.
const ROUNDING: f64 = 1e-12;

impl LeastGain {
    /// - `impurity`: of the root, in the unit of scores
    pub(crate) fn new(options: &GrowOptions<'_>, impurity: f64) -> Self {
        Self {
            gain: match options.min_gain >= 0.0 {
                true => impurity * options.min_gain,
                false => f64::NEG_INFINITY,
            },
            slack: (options.ties == Ties::MostEven).then_some(impurity * ROUNDING),
        }
    }

    /// Whether a split need not gain by itself.
    pub(crate) fn is_none(&self) -> bool {
        self.gain == f64::NEG_INFINITY
    }

    /// No split of a node of this score yet.
    pub(crate) fn best_of(&self, score: f64) -> BestSplit {
        BestSplit::above(score + self.gain, self.slack)
    }
}

/// The best split found so far in a node.
#[derive(Clone, Debug)]
pub(crate) struct BestSplit {
    pub(crate) predictor: usize,
    pub(crate) split: Option<Split>,
    score: f64,
    smaller: f64,
    slack: Option<f64>,
}

impl BestSplit {
    /// No split yet; one must score above `floor`.
    fn above(floor: f64, slack: Option<f64>) -> Self {
        Self {
            predictor: 0,
            split: None,
            score: floor,
            smaller: 0.0,
            slack,
        }
    }

    /// No split, whatever is offered.
    pub(crate) fn none() -> Self {
        Self::above(f64::INFINITY, None)
    }

    /// Gain that a split on this predictor must reach.
    pub(crate) fn threshold(&self, axis: Axis) -> Threshold {
        Threshold {
            score: self.score,
            min_rows: axis.min_rows,
            smaller: self.smaller,
            slack: self.slack,
        }
    }

    pub(crate) fn take(&mut self, reached: Threshold, axis: Axis, split: Split) {
        self.score = reached.score;
        self.smaller = reached.smaller;
        self.predictor = axis.predictor;
        self.split = Some(split);
    }
}

/// A score to beat and the fewest rows on each side.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Threshold {
    score: f64,
    pub(crate) min_rows: f64,
    /// Rows on the smaller side of the best split.
    smaller: f64,
    /// Difference up to which scores count as equal and the more even split wins; the first of
    /// equal splits wins without one.
    slack: Option<f64>,
}

impl Threshold {
    /// Takes the score `above / below` if it is better; returns whether it is.
    #[inline(always)]
    pub(crate) fn offer(&mut self, above: f64, below: f64, rows: (f64, f64)) -> bool {
        let Some(slack) = self.slack else {
            // Compared without a division, which only a new best needs.
            let better = above > self.score * below;
            if better {
                self.score = above / below;
            }
            return better;
        };
        let (score, smaller) = (above / below, rows.0.min(rows.1));
        let better =
            score > self.score + slack || (score >= self.score - slack && smaller > self.smaller);
        if better {
            self.score = score.max(self.score);
            self.smaller = smaller;
        }
        better
    }
}
