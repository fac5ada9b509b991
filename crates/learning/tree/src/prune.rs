//! Pruning of grown trees.

use parable_seed::Seed;
use serde::{Deserialize, Serialize};

use crate::grow::grow;
use crate::nodes::{GrownTree, Node};
use crate::options::GrowOptions;
use crate::predictor::{Predictor, Response};

/// Pruning of a grown tree.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Pruning {
    /// No pruning: the tree ends at its smallest leaves.
    None,
    /// Cost-complexity pruning (Breiman et al. 1984) on the deviance: a subtree stays if it lowers
    /// the deviance by at least this much per leaf. 2 is the criterion of Akaike 1974.
    Deviance(f64),
    /// A split stays if its gain is larger than this share (0 to 1) of gains when the response is
    /// shuffled within the node, or if a split below it stays.
    Permutation(f64),
}

impl Default for Pruning {
    fn default() -> Self {
        Self::Deviance(2.0)
    }
}

/// The data and options that a tree is grown with.
#[derive(Clone, Copy, Debug)]
pub struct Training<'a> {
    /// The predictors.
    pub predictors: &'a [Predictor<'a>],
    /// The response.
    pub response: &'a Response,
    /// Code of each row: its class, or the class of its number where that has few values.
    pub codes: &'a [u32],
    /// Number of codes.
    pub count: usize,
    /// The options.
    pub options: GrowOptions<'a>,
}

/// Shuffles of a node's response, at least and at most.
const LEAST_SHUFFLES: usize = 4;
const MOST_SHUFFLES: usize = 99;

/// Returns the tree with the splits that the pruning keeps; the seed is that of shuffles.
#[must_use]
pub fn prune(grown: GrownTree, pruning: Pruning, data: &Training<'_>, seed: &Seed) -> GrownTree {
    match pruning {
        Pruning::None => grown,
        Pruning::Deviance(cost) => {
            let rows = spans(&grown);
            let deviance = Deviance::of(&grown, data);
            // The cheapest subtree below each node, and whether it splits there: children come
            // after their parents.
            let mut best = vec![0.0; grown.nodes.len()];
            let mut keep = vec![false; grown.nodes.len()];
            for node in (0..grown.nodes.len()).rev() {
                let whole = deviance.of_rows(&grown.rows[rows[node].0..rows[node].1]) + cost;
                best[node] = whole;
                if let Node::Split { right, .. } = grown.nodes[node] {
                    let split = best[node + 1] + best[right as usize];
                    keep[node] = split < whole;
                    best[node] = whole.min(split);
                }
            }
            keep_splits(grown, &rows, &keep)
        }
        Pruning::Permutation(share) => {
            let rows = spans(&grown);
            let mut keep = vec![false; grown.nodes.len()];
            for node in (0..grown.nodes.len()).rev() {
                if let Node::Split { right, .. } = grown.nodes[node] {
                    let held = &grown.rows[rows[node].0..rows[node].1];
                    let left = rows[node + 1].1 - rows[node + 1].0;
                    keep[node] = keep[node + 1]
                        || keep[right as usize]
                        || data.beats_chance(
                            held,
                            left,
                            share,
                            &seed.stream("prune").index(node as u64),
                        );
                }
            }
            keep_splits(grown, &rows, &keep)
        }
    }
}

/// The range of rows below each node.
fn spans(grown: &GrownTree) -> Vec<(usize, usize)> {
    let mut spans = vec![(0, 0); grown.nodes.len()];
    for node in (0..grown.nodes.len()).rev() {
        spans[node] = match grown.nodes[node] {
            Node::Leaf(leaf) => {
                let end = grown.leaf_ends[leaf as usize] as usize;
                (end - grown.leaf(leaf as usize).len(), end)
            }
            Node::Split { right, .. } => (spans[node + 1].0, spans[right as usize].1),
        };
    }
    spans
}

/// Copies the tree as far as splits are kept.
fn keep_splits(grown: GrownTree, spans: &[(usize, usize)], keep: &[bool]) -> GrownTree {
    let mut made = GrownTree::default();
    let mut open = vec![(0, None)];
    while let Some((node, right_of)) = open.pop() {
        if let Some(split) = right_of {
            made.set_right(split);
        }
        match &grown.nodes[node] {
            Node::Split {
                feature,
                rule,
                right,
            } if keep[node] => {
                let split = made.push_split(*feature, rule.clone());
                open.push((*right as usize, Some(split)));
                open.push((node + 1, None));
            }
            _ => made.push_leaf(grown.rows[spans[node].0..spans[node].1].iter().copied()),
        }
    }
    made
}

/// Twice the negative logarithm of the likelihood, up to a constant: of class shares, or of means
/// of normal numbers whose variance is that within the leaves of the full tree.
enum Deviance<'a> {
    Classes(&'a [u32], usize),
    Number(&'a [f64], f64),
}

impl<'a> Deviance<'a> {
    fn of(grown: &GrownTree, data: &Training<'a>) -> Self {
        match data.response {
            Response::Numbers(values) if data.count > 2 => {
                let within: f64 = (0..grown.leaves())
                    .map(|leaf| squares(values, grown.leaf(leaf)))
                    .sum();
                let free = grown.rows.len().saturating_sub(grown.leaves()).max(1);
                Self::Number(values, (within / free as f64).max(f64::MIN_POSITIVE))
            }
            _ => Self::Classes(data.codes, data.count),
        }
    }

    fn of_rows(&self, rows: &[u32]) -> f64 {
        match self {
            Self::Number(values, variance) => squares(values, rows) / variance,
            Self::Classes(codes, count) => {
                let mut held = vec![0.0f64; *count];
                rows.iter()
                    .for_each(|&row| held[codes[row as usize] as usize] += 1.0);
                let all = rows.len() as f64;
                -2.0 * held
                    .iter()
                    .filter(|&&n| n > 0.0)
                    .map(|n| n * (n / all).ln())
                    .sum::<f64>()
            }
        }
    }
}

/// Sum of squared distances from the mean.
fn squares(values: &[f64], rows: &[u32]) -> f64 {
    let mean = rows.iter().map(|&row| values[row as usize]).sum::<f64>() / rows.len().max(1) as f64;
    rows.iter()
        .map(|&row| (values[row as usize] - mean).powi(2))
        .sum()
}

impl Training<'_> {
    /// Whether the split of these rows after the first `left` gains more than this share of the
    /// best splits of shuffled responses.
    fn beats_chance(&self, rows: &[u32], left: usize, share: f64, seed: &Seed) -> bool {
        let shuffles =
            ((1.0 / (1.0 - share)).ceil() as usize - 1).clamp(LEAST_SHUFFLES, MOST_SHUFFLES);
        let allowed = ((1.0 - share) * (shuffles + 1) as f64 - 1.0 + 1e-9).max(0.0) as usize;
        let gained = self.gain(self.response, rows, left);
        let once = self.options.with_max_depth(1);
        let mut better = 0;
        for round in 0..shuffles {
            let mut order = rows.to_vec();
            seed.index(round as u64).rng().shuffle(&mut order);
            let shuffled = self.shuffled(rows, &order);
            let tree = grow(self.predictors, rows.to_vec(), &shuffled, &once);
            if tree.leaves() > 1 && self.gain(&shuffled, &tree.rows, tree.leaf(0).len()) >= gained {
                better += 1;
                if better > allowed {
                    return false;
                }
            }
        }
        true
    }

    /// The response with the values of these rows permuted.
    fn shuffled(&self, rows: &[u32], order: &[u32]) -> Response {
        match self.response {
            Response::Numbers(values) => {
                let mut permuted = values.clone();
                rows.iter()
                    .zip(order)
                    .for_each(|(&to, &from)| permuted[to as usize] = values[from as usize]);
                Response::Numbers(permuted)
            }
            Response::Classes { codes, count } => {
                let mut permuted = codes.clone();
                rows.iter()
                    .zip(order)
                    .for_each(|(&to, &from)| permuted[to as usize] = codes[from as usize]);
                Response::Classes {
                    codes: permuted,
                    count: *count,
                }
            }
        }
    }

    /// Reduction of the squared error or of the Gini impurity by a split after the first `left`
    /// rows.
    fn gain(&self, response: &Response, rows: &[u32], left: usize) -> f64 {
        let loss = |rows: &[u32]| match response {
            Response::Numbers(values) => squares(values, rows),
            Response::Classes { codes, count } => {
                let mut held = vec![0.0f64; *count];
                rows.iter()
                    .for_each(|&row| held[codes[row as usize] as usize] += 1.0);
                let all = rows.len().max(1) as f64;
                all - held.iter().map(|n| n * n).sum::<f64>() / all
            }
        };
        loss(rows) - loss(&rows[..left]) - loss(&rows[left..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binning::Binning;

    /// 2,000 rows: bin 0 to 9 of the first predictor decides, the second is noise.
    fn leaves(pruning: Pruning) -> (usize, usize) {
        let mut rng = Seed::from_u64(1).rng();
        let first: Vec<u16> = (0..2_000).map(|row| row % 10).collect();
        let second: Vec<u16> = (0..2_000).map(|_| rng.below(50) as u16).collect();
        let codes: Vec<u32> = first
            .iter()
            .map(|&bin| u32::from(rng.chance(if bin < 4 { 0.2 } else { 0.6 })))
            .collect();
        let binning = |bins| Binning::ordinal(bins, 1);
        let (ten, fifty) = (binning(10), binning(50));
        let predictor = |feature, binning, bins| Predictor {
            feature,
            binning,
            bins,
            min_rows: 1,
        };
        let predictors = [predictor(0, &ten, &first), predictor(1, &fifty, &second)];
        let options = GrowOptions::default().with_min_leaf_rows(5);
        let response = Response::Numbers(codes.iter().map(|&code| f64::from(code)).collect());
        let grown = grow(&predictors, (0..2_000).collect(), &response, &options);
        let full = grown.leaves();
        let data = Training {
            predictors: &predictors,
            response: &response,
            codes: &codes,
            count: 2,
            options,
        };
        let kept = prune(grown, pruning, &data, &Seed::from_u64(2));
        let rows: usize = (0..kept.leaves()).map(|leaf| kept.leaf(leaf).len()).sum();
        assert_eq!(rows, 2_000, "every row stays in a leaf");
        (full, kept.leaves())
    }

    #[test]
    fn pruning_keeps_relations_and_removes_noise() {
        let (full, kept) = leaves(Pruning::None);
        assert!(full == kept && full > 100, "{full}");
        let (_, kept) = leaves(Pruning::Deviance(12.0));
        assert!((2..=6).contains(&kept), "{kept}");
        let (_, none) = leaves(Pruning::Deviance(1e6));
        assert_eq!(none, 1);
        // Each of some hundred splits of noise has its chance of one in twenty, and keeps what
        // stands above it.
        let (full, kept) = leaves(Pruning::Permutation(0.95));
        assert!(kept >= 2 && kept < full / 2, "{kept} of {full}");
    }
}
