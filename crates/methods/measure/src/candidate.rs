//! Sets of columns that could be measured: which are worth it, and with how much of the budget.

use parable_domain::{AttrSet, Domain};
use parable_pgm::JunctionTree;

/// A set of columns that could be measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Its columns.
    pub attrs: AttrSet,
    /// How much its error matters.
    pub weight: f64,
    /// Error of the model without it, as the sum of absolute differences in rows.
    pub error: f64,
    /// Cells that noise can disturb; see [`disturbed_cells`].
    pub size: f64,
    /// Whether it is measured in any case.
    pub required: bool,
}

impl Candidate {
    /// Its term in the closed form of the budget split.
    fn term(&self) -> f64 {
        (self.weight * self.size).powf(2.0 / 3.0)
    }
}

/// Expected absolute value of a standard normal number.
pub const MEAN_ABSOLUTE: f64 = 0.797_884_560_802_865_4;

/// Counts the cells of these expected counts that noise can disturb.
///
/// A cell near 0 that noise makes negative is set to 0, so that it counts by its size in standard
/// deviations, and at most once.
pub fn disturbed_cells(expected: impl Iterator<Item = f64>, sigma: f64) -> f64 {
    expected
        .map(|rows| (rows.max(0.0) / sigma).min(1.0))
        .sum::<f64>()
        .max(1.0)
}

/// Returns the errors to be expected behind noisy scores: their posterior means.
///
/// The prior is an exponential distribution whose mean is that of the scores. The best of many
/// noisy scores are too good, and this takes off what they are too good by: hardly anything where
/// noise is small.
#[must_use]
pub fn expected_errors(scores: &[f64], sigma: f64) -> Vec<f64> {
    let count = scores.len() as f64;
    let mean = (scores.iter().sum::<f64>() / count).max(sigma / count.sqrt());
    scores
        .iter()
        .map(|score| sigma * mean_above_zero((score - sigma * sigma / mean) / sigma))
        .collect()
}

/// The mean of a normal number of this mean and variance 1, given that it is positive.
fn mean_above_zero(mean: f64) -> f64 {
    if mean < -6.0 {
        // The ratio of Mills, to third order.
        let x = -mean;
        return 1.0 / x - 2.0 / x.powi(3) + 10.0 / x.powi(5);
    }
    // Numerator and denominator by the trapezoid rule over eight standard deviations, exact to
    // 1e-10 for smooth functions that vanish at one end.
    let (low, high, steps) = (mean.max(0.0), mean.max(0.0) + 8.5, 400);
    let start = (low - 8.5f64).max(0.0);
    let step = (high - start) / f64::from(steps);
    let (mut sum, mut weights) = (0.0, 0.0);
    for i in 0..=steps {
        let x = start + step * f64::from(i);
        let end = if i == 0 || i == steps { 0.5 } else { 1.0 };
        let weight = end * (-0.5 * (x - mean) * (x - mean)).exp();
        sum += weight * x;
        weights += weight;
    }
    sum / weights
}

/// Returns the shares of a budget that minimise the expected weighted error: proportional to
/// `(weight * size)^(2/3)`.
///
/// Noise of standard deviation `sigma` in each of `size` cells adds `size * sigma * sqrt(2 / pi)`
/// to the sum of absolute errors, and costs `1 / (2 sigma^2)`; the condition of Lagrange gives the
/// exponent.
#[must_use]
pub fn shares(candidates: &[Candidate]) -> Vec<f64> {
    let sum: f64 = candidates.iter().map(Candidate::term).sum();
    candidates
        .iter()
        .map(|candidate| candidate.term() / sum)
        .collect()
}

/// Returns equal shares of a budget.
#[must_use]
pub fn even_shares(candidates: &[Candidate]) -> Vec<f64> {
    vec![1.0 / candidates.len() as f64; candidates.len()]
}

/// The expected weighted noise of candidates with this sum of terms together, when a budget `rho`
/// is shared in the best way.
fn noise(sum_of_terms: f64, rho: f64) -> f64 {
    MEAN_ABSOLUTE * sum_of_terms.powf(1.5) / (2.0 * rho).sqrt()
}

/// Chooses the candidates whose measurement lowers the expected error: greedily the one with the
/// largest gain, within a limit of cells of the model.
///
/// Gains are divided by powers of the number of cells; of the powers 0, 1/2 and 1 the result with
/// the largest sum of gains is kept. Choosing costs nothing, since it uses released numbers only.
/// `columns` are measured in any case, too, and `held` sets are in the model without being charged.
/// The result holds positions in `candidates`.
#[must_use]
pub fn choose(
    domain: &Domain,
    candidates: &[Candidate],
    columns: &[Candidate],
    held: &[AttrSet],
    rho: f64,
    max_cells: u64,
) -> Vec<usize> {
    [0.0, 0.5, 1.0]
        .into_iter()
        .map(|penalty| Greedy::new(domain, candidates, columns, held, rho, max_cells).run(penalty))
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .map_or_else(Vec::new, |(chosen, _)| chosen)
}

struct Greedy<'a> {
    domain: &'a Domain,
    candidates: &'a [Candidate],
    rho: f64,
    max_cells: u64,
    terms: f64,
    value: f64,
    chosen: Vec<usize>,
    sets: Vec<AttrSet>,
    tree: Option<JunctionTree>,
}

impl<'a> Greedy<'a> {
    fn new(
        domain: &'a Domain,
        candidates: &'a [Candidate],
        columns: &[Candidate],
        held: &[AttrSet],
        rho: f64,
        max_cells: u64,
    ) -> Self {
        Self {
            domain,
            candidates,
            rho,
            max_cells,
            terms: columns.iter().map(Candidate::term).sum(),
            value: 0.0,
            chosen: Vec::new(),
            sets: held.to_vec(),
            tree: JunctionTree::build(domain, held).ok(),
        }
    }

    fn gain(&self, index: usize) -> f64 {
        let candidate = &self.candidates[index];
        candidate.weight * candidate.error
            - (noise(self.terms + candidate.term(), self.rho) - noise(self.terms, self.rho))
    }

    fn take(&mut self, index: usize) {
        self.value += self.gain(index);
        self.terms += self.candidates[index].term();
        self.chosen.push(index);
        self.sets.push(self.candidates[index].attrs.clone());
    }

    /// Whether the model with one more set stays within the limit; keeps the tree if so.
    fn fits(&mut self, attrs: &AttrSet) -> bool {
        if self
            .tree
            .as_ref()
            .is_some_and(|tree| tree.cover(attrs).is_some())
        {
            return true;
        }
        let mut sets = self.sets.clone();
        sets.push(attrs.clone());
        let tree = JunctionTree::build(self.domain, &sets);
        match tree {
            Ok(tree) if tree.cells() <= u128::from(self.max_cells) => {
                self.tree = Some(tree);
                true
            }
            _ => false,
        }
    }

    fn run(mut self, penalty: f64) -> (Vec<usize>, f64) {
        let candidates = self.candidates;
        let mut open = Vec::new();
        for index in 0..candidates.len() {
            if candidates[index].required {
                self.take(index);
            } else {
                open.push(index);
            }
        }
        let scale: Vec<f64> = candidates
            .iter()
            .map(|c| (self.domain.cells(&c.attrs).unwrap_or(u128::MAX) as f64).powf(penalty))
            .collect();
        loop {
            open.retain(|&index| self.gain(index) > 0.0);
            let rank = |index: usize| self.gain(index) / scale[index];
            let Some(best) = open
                .iter()
                .copied()
                .max_by(|&a, &b| rank(a).total_cmp(&rank(b)))
            else {
                return (self.chosen, self.value);
            };
            open.retain(|&index| index != best);
            if self.fits(&candidates[best].attrs) {
                self.take(best);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(attrs: &[u32], error: f64, size: f64) -> Candidate {
        Candidate {
            attrs: AttrSet::new(attrs.iter().copied()),
            weight: 1.0,
            error,
            size,
            required: false,
        }
    }

    fn domain(levels: &[u32]) -> Domain {
        Domain::new(["a", "b", "c", "d"].into_iter().zip(levels.iter().copied())).unwrap()
    }

    #[test]
    fn scores_lose_what_the_best_of_many_gain() {
        // Errors that follow an exponential distribution, seen through noise of their own size:
        // among the scores above a bar, the expected errors have the mean of the true ones. 20,000
        // scores leave the mean of a tenth of them uncertain by 1 / sqrt(2,000) of their spread.
        let mut rng = parable_seed::Seed::from_u64(5).rng();
        let truth: Vec<f64> = (0..20_000)
            .map(|_| -100.0 * (1.0 - rng.uniform()).ln())
            .collect();
        let scores: Vec<f64> = truth.iter().map(|e| e + 100.0 * rng.normal()).collect();
        let expected = expected_errors(&scores, 100.0);
        let mut order: Vec<usize> = (0..scores.len()).collect();
        order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
        let mean = |of: &[f64]| order[..2_000].iter().map(|&i| of[i]).sum::<f64>() / 2_000.0;
        assert!((mean(&expected) / mean(&truth) - 1.0).abs() < 0.03);
        assert!(
            mean(&scores) > 1.2 * mean(&truth),
            "the test would not see the gain"
        );
        // Far below zero and far above, the closed forms of the ends.
        let ends = expected_errors(&[-5_000.0, 1e6, 0.0], 100.0);
        assert!(ends[0] > 0.0 && ends[0] < 3.0 && (ends[1] - 1e6).abs() < 1.0);
    }

    #[test]
    fn no_other_split_has_less_noise() {
        let candidates = [
            candidate(&[0], 0.0, 4.0),
            candidate(&[1], 0.0, 100.0),
            candidate(&[2], 0.0, 30.0),
        ];
        let best = shares(&candidates);
        let cost = |shares: &[f64]| -> f64 {
            candidates
                .iter()
                .zip(shares)
                .map(|(c, s)| c.size * MEAN_ABSOLUTE / (2.0 * s * 0.1).sqrt())
                .sum()
        };
        let terms: f64 = candidates.iter().map(Candidate::term).sum();
        assert!((cost(&best) - noise(terms, 0.1)).abs() < 1e-9 * cost(&best));
        for (from, to) in [(0, 1), (1, 0), (1, 2), (2, 0)] {
            let mut other = best.clone();
            other[from] -= 0.01;
            other[to] += 0.01;
            assert!(cost(&other) > cost(&best));
        }
    }

    #[test]
    fn pairs_are_taken_while_their_gain_exceeds_their_noise() {
        let domain = domain(&[4, 4, 4, 4]);
        let candidates = [
            candidate(&[0, 1], 5_000.0, 16.0),
            candidate(&[1, 2], 3_000.0, 16.0),
            candidate(&[2, 3], 20.0, 16.0),
        ];
        assert_eq!(choose(&domain, &candidates, &[], &[], 0.01, 1_000), [0, 1]);
        // A hundredth of the budget: ten times the noise, and nothing is worth it.
        assert!(choose(&domain, &candidates, &[], &[], 1e-8, 1_000).is_empty());
    }

    #[test]
    fn the_limit_of_cells_holds_and_required_sets_come_first() {
        let domain = domain(&[10, 10, 10, 10]);
        let mut candidates = [
            candidate(&[0, 1], 5_000.0, 50.0),
            candidate(&[1, 2], 4_000.0, 50.0),
            candidate(&[0, 2], 3_000.0, 50.0),
            candidate(&[0, 3], 10.0, 50.0),
        ];
        candidates[3].required = true;
        // All three of the first make a clique of 1,000 cells.
        assert_eq!(choose(&domain, &candidates, &[], &[], 1.0, 400), [3, 0, 1]);
        assert_eq!(
            choose(&domain, &candidates, &[], &[], 1.0, 2_000),
            [3, 0, 1, 2]
        );
    }
}
