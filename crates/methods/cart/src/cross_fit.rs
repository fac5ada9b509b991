//! Sizes of trees by rows that they have not seen.
//!
//! Small leaves of a small table hold chance: a tree of leaves of 5 rows repeats 1,200 pupils rather than what holds among them. So rows (whole clusters, where there are any) are
//! divided into folds, trees of several sizes are grown on all folds but one, and their leaves say how likely the values in the fold left out are (Stone 1974). The size
//! whose trees foresee most is taken for the tree on all rows. Where none foresees more than the column's own shares do, nothing predicts the column that would hold up elsewhere.

use parable_seed::Seed;

use crate::config::Pruning;
use crate::grow::{Grown, Limits, Predictor, Response, grow};
use crate::prune;
use crate::tree::Node;

/// Parts of the rows.
const FOLDS: usize = 5;
/// Sizes that are tried, beside a tree of one leaf: fewest rows in a leaf, and what each leaf must gain in deviance.
const SIZES: [Size; 9] = [
    Size::whole(5),
    Size::whole(10),
    Size::whole(20),
    Size::whole(40),
    Size::whole(80),
    Size::whole(160),
    Size::pruned(4.0),
    Size::pruned(8.0),
    Size::pruned(16.0),
];
/// Rows that the nodes above a leaf count for when it is asked how likely a value is: hardly more than keeps a value that the leaf lacks possible.
const PRIOR: f64 = 1.0;
/// Groups of about equal rows in which numbers are foreseen.
const GROUPS: usize = 10;
/// By how much trees must foresee more than the column's own shares, in units of log-likelihood: the criterion of Akaike 1974 for one split.
const LEAST_GAIN: f64 = 2.0;

/// What is to be foreseen.
pub(crate) struct Question<'a> {
    pub(crate) predictors: &'a [Predictor<'a>],
    pub(crate) rows: &'a [u32],
    pub(crate) response: &'a Response,
    /// What each row of the table holds, and how many codes there are.
    pub(crate) codes: &'a [u32],
    pub(crate) count: usize,
    /// Whether neighbouring codes are neighbouring numbers.
    pub(crate) numbers: bool,
    /// The cluster of each row of the table.
    pub(crate) cluster: Option<&'a [u32]>,
    pub(crate) max_depth: usize,
}

/// When a tree stops, and how far it is cut back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Size {
    pub(crate) min_leaf: usize,
    pub(crate) pruning: Pruning,
}

impl Size {
    const fn whole(min_leaf: usize) -> Self {
        Self {
            min_leaf,
            pruning: Pruning::None,
        }
    }

    /// Leaves of at least 10 rows, each worth so much deviance.
    const fn pruned(deviance: f64) -> Self {
        Self {
            min_leaf: 10,
            pruning: Pruning::Deviance(deviance),
        }
    }
}

impl Question<'_> {
    /// The size whose trees make the values in folds left out most likely; `None` if none foresees more than the column's own shares.
    pub(crate) fn answer(&self, seed: &Seed) -> Option<Size> {
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
            let whole = self.grow(&learnt, Size::whole(learnt.len()), seed);
            let counts = Counts::of(&whole, &group_of, groups);
            let one = |&row: &u32| self.likelihood(&counts, row, &group_of);
            alone += left_out.iter().map(one).sum::<f64>();
        }
        let best = (0..SIZES.len()).max_by(|&a, &b| likely[a].total_cmp(&likely[b]))?;
        (likely[best] > alone + LEAST_GAIN).then_some(SIZES[best])
    }

    fn grow(&self, rows: &[u32], size: Size, seed: &Seed) -> Grown {
        let limits = Limits {
            min_leaf: size.min_leaf,
            min_split: 2 * size.min_leaf,
            max_depth: self.max_depth,
        };
        let grown = grow(self.predictors, rows.to_vec(), self.response, limits);
        let target = prune::Target {
            predictors: self.predictors,
            response: self.response,
            codes: self.codes,
            count: self.count,
            limits,
        };
        prune::prune(grown, size.pruning, &target, seed)
    }

    /// The group of each row of the table: its code, or for numbers one of a few groups with about equal rows.
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

    /// The logarithm of how likely a row's group is: shares of the nodes on its way down, each mixed with those above it.
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
            node = match rule.goes_left(bin, predictor.coding.values()) {
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
    grown: &'a Grown,
    groups: usize,
    held: Vec<u32>,
    all: Vec<u32>,
}

impl<'a> Counts<'a> {
    fn of(grown: &'a Grown, group_of: &[u32], groups: usize) -> Self {
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
    use crate::feature::{Coding, Scale};

    /// The answer for 1,000 rows of a number in tenths that depends on a predictor of 200 values with this slope, in clusters of 20.
    fn answer(slope: f64, shared: f64) -> Option<Size> {
        let mut rng = Seed::from_u64(7).rng();
        let cluster: Vec<u32> = (0..1_000).map(|row| row / 20).collect();
        // What a cluster has in common shows in the predictor and in the number, without any relation between them in other clusters.
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
        let coding = Coding {
            scale: Scale::Ranks(200),
            reasons: 1,
        };
        let predictors = [Predictor {
            feature: 0,
            coding: &coding,
            bins: &bins,
            min_rows: 1,
        }];
        let response = Response::Number(codes.iter().map(|&code| f64::from(code)).collect());
        let rows: Vec<u32> = (0..1_000).collect();
        let question = Question {
            predictors: &predictors,
            rows: &rows,
            response: &response,
            codes: &codes,
            count: 100,
            numbers: true,
            cluster: Some(&cluster),
            max_depth: 30,
        };
        question.answer(&Seed::from_u64(1))
    }

    #[test]
    fn nothing_is_foreseen_where_there_is_nothing_to_foresee() {
        assert_eq!(answer(0.0, 0.0), None);
        // Clusters that differ in both columns by chance deceive whoever tears them apart.
        assert_eq!(answer(0.0, 0.8), None);
    }

    #[test]
    fn what_is_there_is_foreseen_and_by_more_leaves_where_there_is_more() {
        let (weak, strong) = (answer(0.4, 0.0), answer(0.97, 0.0));
        let rows = |size: Option<Size>| size.expect("a relation").min_leaf;
        assert!(rows(strong) <= 40, "{strong:?}");
        assert_ne!(weak, Some(Size::whole(5)), "{weak:?}");
        assert_eq!(weak, answer(0.4, 0.0));
    }

    #[test]
    fn classes_are_foreseen_by_their_shares() {
        let bins: Vec<u16> = (0..600).map(|row| row % 3).collect();
        let codes: Vec<u32> = (0..600).map(|row| (row % 3 + row / 300 % 2) % 3).collect();
        let coding = Coding {
            scale: Scale::Levels(3),
            reasons: 1,
        };
        let predictors = [Predictor {
            feature: 4,
            coding: &coding,
            bins: &bins,
            min_rows: 1,
        }];
        let response = Response::Classes {
            codes: codes.clone(),
            count: 3,
        };
        let rows: Vec<u32> = (0..600).collect();
        let question = Question {
            predictors: &predictors,
            rows: &rows,
            response: &response,
            codes: &codes,
            count: 3,
            numbers: false,
            cluster: None,
            max_depth: 30,
        };
        // Two questions say all there is to know; a leaf of 160 rows allows them only on all 600.
        let found = question.answer(&Seed::from_u64(1)).expect("a relation");
        assert!(
            found.min_leaf == 80 || found.pruning != Pruning::None,
            "{found:?}"
        );
    }
}
