//! Cross-fitting: the size of trees that predicts unseen rows best.
//!
//! Small leaves of a small table hold chance: a tree with leaves of 5 rows repeats 1,200 rows
//! rather than what holds among them. So rows (whole clusters, where there are any) are divided
//! into folds, trees of several sizes are grown on all folds but one, and the likelihood of the
//! values in the fold left out is computed from their leaves (Stone 1974). The size with the
//! largest likelihood is taken for the tree on all rows. Where none predicts better than the shares
//! of the column itself, no relation of the column would hold up elsewhere.

use parable_seed::Seed;

use crate::grow::grow;
use crate::nodes::{GrownTree, Node};
use crate::options::GrowOptions;
use crate::predictor::{Predictor, Response};
use crate::prune::{self, Pruning, Training};

/// Parts of the rows.
const FOLDS: usize = 5;
/// Sizes that are tried, beside a tree of one leaf: fewest rows in a leaf, and the least gain in
/// deviance of each leaf.
const SIZES: [TreeSize; 9] = [
    TreeSize::whole(5),
    TreeSize::whole(10),
    TreeSize::whole(20),
    TreeSize::whole(40),
    TreeSize::whole(80),
    TreeSize::whole(160),
    TreeSize::pruned(4.0),
    TreeSize::pruned(8.0),
    TreeSize::pruned(16.0),
];
/// Rows that the nodes above a leaf count for in the likelihood: hardly more than keeps a value
/// that the leaf lacks possible.
const PRIOR: f64 = 1.0;
/// Groups of about equal rows in which numbers are predicted.
const GROUPS: usize = 10;
/// Least gain in log-likelihood over the shares of the column itself: the criterion of Akaike 1974
/// for one split.
const LEAST_GAIN: f64 = 2.0;

/// The data of a search for the size of a tree.
#[derive(Clone, Copy, Debug)]
pub struct TreeSizeSearch<'a> {
    /// The predictors.
    pub predictors: &'a [Predictor<'a>],
    /// The rows that take part.
    pub rows: &'a [u32],
    /// The response.
    pub response: &'a Response,
    /// Code of each row of the table.
    pub codes: &'a [u32],
    /// Number of codes.
    pub count: usize,
    /// Whether neighbouring codes are neighbouring numbers.
    pub numbers: bool,
    /// Cluster of each row of the table.
    pub cluster: Option<&'a [u32]>,
    /// Most splits between the root and a leaf.
    pub max_depth: usize,
}

/// Size of a tree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TreeSize {
    /// Fewest rows in a leaf.
    pub min_leaf_rows: usize,
    /// Pruning of the grown tree.
    pub pruning: Pruning,
}

impl TreeSize {
    const fn whole(min_leaf_rows: usize) -> Self {
        Self {
            min_leaf_rows,
            pruning: Pruning::None,
        }
    }

    /// Leaves of at least 10 rows, each worth so much deviance.
    const fn pruned(deviance: f64) -> Self {
        Self {
            min_leaf_rows: 10,
            pruning: Pruning::Deviance(deviance),
        }
    }
}

impl TreeSizeSearch<'_> {
    /// Returns the size whose trees give the values in folds left out the largest likelihood;
    /// `None` if none predicts better than the shares of the column itself.
    #[must_use]
    pub fn best_size(&self, seed: &Seed) -> Option<TreeSize> {
        let (groups, group_of) = self.groups();
        let fold_of = self.folds(seed);
        let mut likely = [0.0; SIZES.len()];
        let mut alone = 0.0;
        for fold in 0..FOLDS {
            let part = |inside: bool| -> Vec<u32> {
                let rows = self.rows.iter().zip(&fold_of);
                let own = rows.filter(|(_, own)| (**own == fold) == inside);
                own.map(|(&row, _)| row).collect()
            };
            let (left_out, learnt) = (part(true), part(false));
            if left_out.is_empty() || learnt.is_empty() {
                continue;
            }
            for (likely, &size) in likely.iter_mut().zip(&SIZES) {
                let grown = self.grow(&learnt, size, seed);
                let counts = Counts::of(&grown, &group_of, groups);
                let one = |&row: &u32| self.likelihood(&counts, row, &group_of);
                *likely += left_out.iter().map(one).sum::<f64>();
            }
            let whole = self.grow(&learnt, TreeSize::whole(learnt.len()), seed);
            let counts = Counts::of(&whole, &group_of, groups);
            let one = |&row: &u32| self.likelihood(&counts, row, &group_of);
            alone += left_out.iter().map(one).sum::<f64>();
        }
        let best = (0..SIZES.len()).max_by(|&a, &b| likely[a].total_cmp(&likely[b]))?;
        (likely[best] > alone + LEAST_GAIN).then_some(SIZES[best])
    }

    fn grow(&self, rows: &[u32], size: TreeSize, seed: &Seed) -> GrownTree {
        let options = GrowOptions::default()
            .with_min_leaf_rows(size.min_leaf_rows)
            .with_max_depth(self.max_depth);
        let grown = grow(self.predictors, rows.to_vec(), self.response, &options);
        let data = Training {
            predictors: self.predictors,
            response: self.response,
            codes: self.codes,
            count: self.count,
            options,
        };
        prune::prune(grown, size.pruning, &data, seed)
    }

    /// The group of each row of the table: its code, or for numbers one of a few groups with about
    /// equal rows.
    fn groups(&self) -> (usize, Vec<u32>) {
        if !self.numbers || self.count <= GROUPS {
            return (self.count, self.codes.to_vec());
        }
        let mut held = vec![0usize; self.count];
        self.rows
            .iter()
            .for_each(|&row| held[self.codes[row as usize] as usize] += 1);
        let mut before = 0;
        let group_of_code: Vec<u32> = held
            .iter()
            .map(|&held| {
                let middle = before + held / 2;
                before += held;
                (middle * GROUPS / self.rows.len().max(1)).min(GROUPS - 1) as u32
            })
            .collect();
        let of_row = self
            .codes
            .iter()
            .map(|&code| group_of_code[code as usize])
            .collect();
        (GROUPS, of_row)
    }

    /// The fold of each row that takes part: by cluster where there are any.
    fn folds(&self, seed: &Seed) -> Vec<usize> {
        let unit = |row: u32| self.cluster.map_or(row, |cluster| cluster[row as usize]);
        let mut units: Vec<u32> = self.rows.iter().map(|&row| unit(row)).collect();
        units.sort_unstable();
        units.dedup();
        let mut place: Vec<usize> = (0..units.len()).collect();
        seed.stream("cart/folds").rng().shuffle(&mut place);
        let fold = |row: &u32| place[units.partition_point(|&known| known < unit(*row))] % FOLDS;
        self.rows.iter().map(fold).collect()
    }

    /// The log-likelihood of a row's group: shares of the nodes on its path, each mixed with those
    /// above it.
    fn likelihood(&self, counts: &Counts<'_>, row: u32, group_of: &[u32]) -> f64 {
        let group = group_of[row as usize] as usize;
        let mut share = counts.share(group);
        let mut node = 0;
        while let Node::Split {
            feature,
            rule,
            right,
        } = &counts.grown.nodes[node]
        {
            let predictor = self.predictors.iter().find(|p| p.feature == *feature);
            let Some(predictor) = predictor else { break };
            let bin = predictor.bins[row as usize];
            node = match rule.goes_left(bin, predictor.binning.values()) {
                true => node + 1,
                false => *right as usize,
            };
            let (own, all) = counts.at(node, group);
            share = (own + PRIOR * share) / (all + PRIOR);
        }
        share.ln()
    }
}

/// Rows by group in each node of a tree.
struct Counts<'a> {
    grown: &'a GrownTree,
    groups: usize,
    held: Vec<u32>,
    all: Vec<u32>,
}

impl<'a> Counts<'a> {
    fn of(grown: &'a GrownTree, group_of: &[u32], groups: usize) -> Self {
        let nodes = grown.nodes.len();
        let (mut held, mut all) = (vec![0; nodes * groups], vec![0; nodes]);
        for node in (0..nodes).rev() {
            match grown.nodes[node] {
                Node::Leaf(leaf) => {
                    for &row in grown.leaf(leaf as usize) {
                        held[node * groups + group_of[row as usize] as usize] += 1;
                        all[node] += 1;
                    }
                }
                Node::Split { right, .. } => {
                    let right = right as usize;
                    all[node] = all[node + 1] + all[right];
                    for group in 0..groups {
                        held[node * groups + group] =
                            held[(node + 1) * groups + group] + held[right * groups + group];
                    }
                }
            }
        }
        Self {
            grown,
            groups,
            held,
            all,
        }
    }

    fn at(&self, node: usize, group: usize) -> (f64, f64) {
        (
            f64::from(self.held[node * self.groups + group]),
            f64::from(self.all[node]),
        )
    }

    /// The share of a group in all rows, half a row added to each.
    fn share(&self, group: usize) -> f64 {
        let (own, all) = self.at(0, group);
        (own + 0.5) / (all + 0.5 * self.groups as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binning::Binning;

    /// The size for 1,000 rows of a number in tenths that depends on a predictor of 200 values with
    /// this slope, in clusters of 20.
    fn size(slope: f64, shared: f64) -> Option<TreeSize> {
        let mut rng = Seed::from_u64(7).rng();
        let cluster: Vec<u32> = (0..1_000).map(|row| row / 20).collect();
        // Members of a cluster share a part of the predictor and of the number, and the two are
        // unrelated across clusters.
        let of_cluster: Vec<(f64, f64)> = (0..50).map(|_| (rng.normal(), rng.normal())).collect();
        let (mut bins, mut codes) = (Vec::new(), Vec::new());
        for &cluster in &cluster {
            let (u, v) = of_cluster[cluster as usize];
            let x = shared * u + (1.0 - shared * shared).sqrt() * rng.normal();
            let e = shared * v + (1.0 - shared * shared).sqrt() * rng.normal();
            let y = slope * x + (1.0 - slope * slope).sqrt() * e;
            bins.push((x * 25.0 + 100.0).clamp(0.0, 199.0) as u16);
            codes.push((y * 10.0 + 50.0).clamp(0.0, 99.0) as u32);
        }
        let binning = Binning::ordinal(200, 1);
        let predictors = [Predictor {
            feature: 0,
            binning: &binning,
            bins: &bins,
            min_rows: 1,
        }];
        let response = Response::Numbers(codes.iter().map(|&code| f64::from(code)).collect());
        let rows: Vec<u32> = (0..1_000).collect();
        let search = TreeSizeSearch {
            predictors: &predictors,
            rows: &rows,
            response: &response,
            codes: &codes,
            count: 100,
            numbers: true,
            cluster: Some(&cluster),
            max_depth: 30,
        };
        search.best_size(&Seed::from_u64(1))
    }

    #[test]
    fn no_size_is_chosen_without_a_relation() {
        assert_eq!(size(0.0, 0.0), None);
        // Folds that divide clusters would mistake their chance differences for a relation.
        assert_eq!(size(0.0, 0.8), None);
    }

    #[test]
    fn stronger_relations_get_more_leaves() {
        let (weak, strong) = (size(0.4, 0.0), size(0.97, 0.0));
        let rows = |size: Option<TreeSize>| size.expect("a relation").min_leaf_rows;
        assert!(rows(strong) <= 40, "{strong:?}");
        assert_ne!(weak, Some(TreeSize::whole(5)), "{weak:?}");
        assert_eq!(weak, size(0.4, 0.0));
    }

    #[test]
    fn classes_are_predicted_by_their_shares() {
        let bins: Vec<u16> = (0..600).map(|row| row % 3).collect();
        let codes: Vec<u32> = (0..600).map(|row| (row % 3 + row / 300 % 2) % 3).collect();
        let binning = Binning::nominal(3, 1);
        let predictors = [Predictor {
            feature: 4,
            binning: &binning,
            bins: &bins,
            min_rows: 1,
        }];
        let response = Response::Classes {
            codes: codes.clone(),
            count: 3,
        };
        let rows: Vec<u32> = (0..600).collect();
        let search = TreeSizeSearch {
            predictors: &predictors,
            rows: &rows,
            response: &response,
            codes: &codes,
            count: 3,
            numbers: false,
            cluster: None,
            max_depth: 30,
        };
        // Two splits are the whole relation; a leaf of 160 rows allows them only on all 600 rows.
        let found = search.best_size(&Seed::from_u64(1)).expect("a relation");
        assert!(
            found.min_leaf_rows == 80 || found.pruning != Pruning::None,
            "{found:?}"
        );
    }
}
