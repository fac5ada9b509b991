//! Linear regression of normal scores, for the method of normal ranks.

use ndarray::{Array1, Array2};
use parable_linalg::Cholesky;
use parable_tree::{Predictor, Scale};

use crate::values::normal::interval_score;

/// A sum of terms on the scale of normal scores, and the weight of what it leaves to chance: a
/// score is `sum of terms + own * normal`, with variance one over the training rows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Linear {
    pub(crate) terms: Vec<Term>,
    pub(crate) own: f64,
}

/// What one predictor adds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Term {
    pub(crate) feature: u16,
    /// For ordered predictors the last bin of each segment but the last, ascending; empty for
    /// levels without an order.
    pub(crate) cuts: Vec<u16>,
    /// What each segment adds, or each level.
    pub(crate) values: Vec<f64>,
    /// What each missing reason adds.
    pub(crate) reasons: Vec<f64>,
}

impl Term {
    /// What a bin adds; `values` is the number of bins of values of the predictor.
    pub(crate) fn of(&self, bin: u16, values: usize) -> f64 {
        let place = match usize::from(bin).checked_sub(values) {
            Some(reason) => return self.reasons.get(reason).copied().unwrap_or(0.0),
            None if self.cuts.is_empty() => usize::from(bin),
            None => self.cuts.partition_point(|&cut| cut < bin),
        };
        self.values.get(place).copied().unwrap_or(0.0)
    }
}

/// Segments of an ordered predictor.
const SEGMENTS: usize = 32;
/// Levels with a coefficient of their own; rarer ones share that of all the rest.
const MAX_LEVELS: usize = 64;
/// Ridge, in rows: enough to make collinear predictors harmless, far too little to shrink an
/// effect.
const RIDGE: f64 = 0.5;
/// Smallest pivot: the ridge keeps pivots above it but for rounding.
const LEAST_PIVOT: f64 = 1e-9;

/// Fits the scores of these rows by least squares.
///
/// - `ranks`, `count`: the place of each row's value in the column's order, and how many there are
pub(crate) fn fit(
    predictors: &[Predictor<'_>],
    rows: &[u32],
    ranks: &[u32],
    count: usize,
) -> Linear {
    let scores = normal_scores(rows, ranks, count);
    // One block of columns per predictor; each row has at most one entry in it.
    let mut blocks: Vec<Block> = predictors
        .iter()
        .map(|predictor| Block::of(predictor, rows))
        .collect();
    let mut width = 0;
    for block in &mut blocks {
        block.start = width;
        width += block.width;
    }
    let mean: f64 = scores.iter().sum::<f64>() / rows.len().max(1) as f64;
    let variance = scores
        .iter()
        .map(|score| (score - mean).powi(2))
        .sum::<f64>()
        / rows.len().max(1) as f64;
    if width == 0 || variance <= 0.0 {
        return Linear {
            terms: Vec::new(),
            own: 1.0,
        };
    }
    let mut means = vec![0.0; width];
    let (mut products, mut right) = (Array2::zeros((width, width)), Array1::zeros(width));
    let mut entries: Vec<(usize, f64)> = Vec::with_capacity(blocks.len());
    for (place, &row) in rows.iter().enumerate() {
        row_entries(&blocks, predictors, row, &mut entries);
        for &(a, x) in &entries {
            means[a] += x;
            right[a] += x * (scores[place] - mean);
            for &(b, y) in &entries {
                products[[a, b]] += x * y;
            }
        }
    }
    let n = rows.len() as f64;
    for a in 0..width {
        for b in 0..width {
            products[[a, b]] -= means[a] * means[b] / n;
        }
        products[[a, a]] += RIDGE;
    }
    let factor = Cholesky::factor_clamped(products.view(), LEAST_PIVOT).expect("a square matrix");
    let slopes = factor.solve(right.view());
    let centre: f64 = slopes
        .iter()
        .zip(&means)
        .map(|(slope, mean)| slope * mean / n)
        .sum();
    let mut explained = 0.0;
    for &row in rows {
        row_entries(&blocks, predictors, row, &mut entries);
        let fitted: f64 = entries.iter().map(|&(a, x)| slopes[a] * x).sum::<f64>() - centre;
        explained += fitted * fitted / n;
    }
    let share = (explained / variance).clamp(0.0, 0.9999);
    let scale = variance.sqrt();
    let shift = centre / scale / blocks.len() as f64;
    let terms = blocks
        .iter()
        .zip(predictors)
        .map(|(block, predictor)| block.term(predictor, &slopes, scale, shift))
        .collect();
    Linear {
        terms,
        own: (1.0 - share).sqrt(),
    }
}

/// The normal score of each row: the mean score of the share of rows that have its value.
fn normal_scores(rows: &[u32], ranks: &[u32], count: usize) -> Vec<f64> {
    let mut held = vec![0u32; count];
    rows.iter()
        .for_each(|&row| held[ranks[row as usize] as usize] += 1);
    let all = rows.len() as f64;
    let mut before = 0.0;
    let score: Vec<f64> = held
        .iter()
        .map(|&held| {
            let (low, high) = (before, before + f64::from(held) / all);
            before = high;
            if held > 0 {
                interval_score(low, high.min(1.0))
            } else {
                0.0
            }
        })
        .collect();
    rows.iter()
        .map(|&row| score[ranks[row as usize] as usize])
        .collect()
}

/// The columns of the design that belong to one predictor: its score, or one per level, and one per
/// missing reason.
struct Block {
    start: usize,
    width: usize,
    /// For each bin the column and the entry.
    entries: Vec<Option<(usize, f64)>>,
    cuts: Vec<u16>,
    segment_scores: Vec<f64>,
}

impl Block {
    fn of(predictor: &Predictor<'_>, rows: &[u32]) -> Self {
        let binning = predictor.binning;
        let (values, bins) = (binning.values(), binning.bins());
        let mut counts = vec![0u32; bins];
        rows.iter()
            .for_each(|&row| counts[usize::from(predictor.bins[row as usize])] += 1);
        let mut block = Self {
            start: 0,
            width: 0,
            entries: vec![None; bins],
            cuts: Vec::new(),
            segment_scores: Vec::new(),
        };
        if matches!(binning.scale, Scale::Nominal(_)) {
            let mut order: Vec<usize> = (0..values).filter(|&bin| counts[bin] > 0).collect();
            order.sort_by_key(|&bin| (std::cmp::Reverse(counts[bin]), bin));
            // The commonest level is what the others are compared with.
            for &bin in order.iter().skip(1).take(MAX_LEVELS) {
                block.entries[bin] = Some((block.width, 1.0));
                block.width += 1;
            }
        } else {
            block.segments(&counts[..values]);
        }
        for bin in values..bins {
            if counts[bin] > 0 {
                block.entries[bin] = Some((block.width, 1.0));
                block.width += 1;
            }
        }
        block
    }

    /// Divides ordered bins into segments of about equal rows, each with its mean normal score.
    fn segments(&mut self, counts: &[u32]) {
        let all: f64 = counts.iter().map(|&count| f64::from(count)).sum();
        let (mut before, mut first, mut held) = (0.0, 0, 0.0);
        for bin in 0..counts.len() {
            held += f64::from(counts[bin]);
            let last = bin + 1 == counts.len();
            if held * SEGMENTS as f64 >= all || last {
                let score = if held > 0.0 {
                    interval_score(before / all, ((before + held) / all).min(1.0))
                } else {
                    0.0
                };
                self.segment_scores.push(score);
                self.entries[first..=bin].fill(Some((0, score)));
                if !last {
                    self.cuts.push(bin as u16);
                }
                (before, held, first) = (before + held, 0.0, bin + 1);
            }
        }
        self.width = 1;
    }

    fn term(
        &self,
        predictor: &Predictor<'_>,
        slopes: &Array1<f64>,
        scale: f64,
        shift: f64,
    ) -> Term {
        let values = predictor.binning.values();
        let of = |bin: usize| {
            let entry =
                self.entries[bin].map_or(0.0, |(column, x)| slopes[self.start + column] * x);
            entry / scale - shift
        };
        let reasons = (values..self.entries.len()).map(of).collect();
        let values = if matches!(predictor.binning.scale, Scale::Nominal(_)) {
            (0..values).map(of).collect()
        } else {
            let slope = slopes[self.start] / scale;
            self.segment_scores
                .iter()
                .map(|score| slope * score - shift)
                .collect()
        };
        Term {
            feature: predictor.feature,
            cuts: self.cuts.clone(),
            values,
            reasons,
        }
    }
}

fn row_entries(
    blocks: &[Block],
    predictors: &[Predictor<'_>],
    row: u32,
    entries: &mut Vec<(usize, f64)>,
) {
    entries.clear();
    for (block, predictor) in blocks.iter().zip(predictors) {
        if let Some((column, x)) = block.entries[usize::from(predictor.bins[row as usize])] {
            entries.push((block.start + column, x));
        }
    }
}

#[cfg(test)]
mod tests {
    use parable_seed::Seed;
    use parable_tree::Binning;

    use super::*;

    #[test]
    fn a_linear_relation_of_normal_scores_is_found() {
        // y = 0.6 x + 0.8 e, both normal, and a class that adds nothing.
        let mut rng = Seed::from_u64(1).rng();
        let rows = 20_000;
        let x: Vec<f64> = (0..rows).map(|_| rng.normal()).collect();
        let y: Vec<f64> = x.iter().map(|x| 0.6 * x + 0.8 * rng.normal()).collect();
        let rank = |values: &[f64]| {
            let mut order: Vec<usize> = (0..rows).collect();
            order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
            let mut rank = vec![0u32; rows];
            order
                .iter()
                .enumerate()
                .for_each(|(place, &row)| rank[row] = place as u32);
            rank
        };
        let bins: Vec<u16> = rank(&x).iter().map(|rank| (rank / 100) as u16).collect();
        let class: Vec<u16> = (0..rows).map(|row| (row % 3) as u16).collect();
        let numbers = Binning::ordinal(200, 1);
        let levels = Binning::nominal(3, 1);
        let predictors = [
            Predictor {
                feature: 0,
                binning: &numbers,
                bins: &bins,
                min_rows: 1,
            },
            Predictor {
                feature: 1,
                binning: &levels,
                bins: &class,
                min_rows: 1,
            },
        ];
        let all: Vec<u32> = (0..rows as u32).collect();
        let linear = fit(&predictors, &all, &rank(&y), rows);
        // The slope of 20,000 rows has a standard error of 0.006; segments lose less than a
        // hundredth.
        assert!((linear.own - 0.8).abs() < 0.03, "{}", linear.own);
        let term = &linear.terms[0];
        let rise = term.of(199, 200) - term.of(0, 200);
        // The mean normal score of the outermost of 32 segments is 2.25.
        assert!((rise / (2.0 * 2.25) - 0.6).abs() < 0.05, "{rise}");
        let flat = &linear.terms[1];
        assert!((flat.of(0, 3) - flat.of(2, 3)).abs() < 0.08);
    }

    #[test]
    fn predictors_that_repeat_each_other_share_the_slope() {
        let binning = Binning::ordinal(2, 1);
        let bins: Vec<u16> = (0..1_000).map(|row| row % 2).collect();
        let ranks: Vec<u32> = bins.iter().map(|&bin| u32::from(bin)).collect();
        let twice = [0, 1].map(|feature| Predictor {
            feature,
            binning: &binning,
            bins: &bins,
            min_rows: 1,
        });
        let linear = fit(&twice, &(0..1_000).collect::<Vec<_>>(), &ranks, 2);
        assert!(
            linear.own < 0.1
                && linear
                    .terms
                    .iter()
                    .all(|term| term.values.iter().all(|x| x.is_finite()))
        );
    }
}
