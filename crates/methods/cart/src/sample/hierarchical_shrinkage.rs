//! Hierarchical shrinkage: shares of a leaf shrunk towards those of the nodes above it.
//!
//! With a prior worth `k` rows a node of `n` rows has weight `n / (n + k)`, and what is above it
//! the rest (Buntine 1992, m-estimates along the path). A row is drawn from this mixture by walking
//! up: from its leaf it goes up with probability `k / (n + k)`, and again from there; from the node
//! where it stops it takes one of the leaves below at random, by rows.

use parable_seed::Rng;
use parable_tree::Node;

use crate::tree::Tree;

/// The nodes above and the leaves below each node of a tree.
#[derive(Debug)]
pub(crate) struct HierarchicalShrinkage {
    prior: f64,
    /// For each node the node above it; itself for roots.
    above: Vec<u32>,
    /// For each node the leaves below it, from the first to before the last.
    leaves: Vec<(u32, u32)>,
    /// The node of each leaf.
    node_of: Vec<u32>,
    /// Rows of all leaves up to each, with a zero before the first.
    running: Vec<u64>,
}

impl HierarchicalShrinkage {
    /// - `prior`: rows that what is above a node counts for
    pub(crate) fn of(tree: &Tree, prior: f64) -> Self {
        let mut above: Vec<u32> = (0..tree.nodes.len() as u32).collect();
        let mut leaves = vec![(0, 0); tree.nodes.len()];
        let mut node_of = vec![0; tree.leaves.len()];
        for node in (0..tree.nodes.len()).rev() {
            leaves[node] = match tree.nodes[node] {
                Node::Leaf(leaf) => {
                    node_of[leaf as usize] = node as u32;
                    (leaf, leaf + 1)
                }
                Node::Split { right, .. } => {
                    above[node + 1] = node as u32;
                    above[right as usize] = node as u32;
                    (leaves[node + 1].0, leaves[right as usize].1)
                }
            };
        }
        let mut running = vec![0];
        for leaf in 0..tree.leaves.len() {
            running.push(running[leaf] + u64::from(tree.leaves.rows(leaf)));
        }
        Self {
            prior,
            above,
            leaves,
            node_of,
            running,
        }
    }

    /// The leaf that a row of this leaf is drawn from.
    pub(crate) fn leaf(&self, leaf: u32, rng: &mut Rng) -> u32 {
        let mut node = self.node_of[leaf as usize];
        loop {
            let (first, end) = self.leaves[node as usize];
            let (low, high) = (self.running[first as usize], self.running[end as usize]);
            let rows = (high - low) as f64;
            let up = self.above[node as usize];
            if up != node && rng.uniform() * (rows + self.prior) >= rows {
                node = up;
                continue;
            }
            if end - first == 1 {
                return first;
            }
            let point = low + rng.below(high - low);
            return self.running[first as usize + 1..=end as usize]
                .partition_point(|&sum| sum <= point) as u32
                + first;
        }
    }
}

#[cfg(test)]
mod tests {
    use parable_seed::Seed;
    use parable_tree::SplitRule;

    use super::*;
    use crate::tree::Leaves;

    #[test]
    fn leaves_are_mixed_as_the_prior_says() {
        let split = |right| Node::Split {
            feature: 0,
            rule: SplitRule::Cut {
                last: 0,
                missing: 0,
            },
            right,
        };
        let mut leaves = Leaves::default();
        [10, 20, 70]
            .iter()
            .for_each(|&rows| leaves.push([(0, rows)]));
        let tree = Tree {
            roots: vec![0],
            nodes: vec![
                split(4),
                split(3),
                Node::Leaf(0),
                Node::Leaf(1),
                Node::Leaf(2),
            ],
            leaves,
        };
        let shrinkage = HierarchicalShrinkage::of(&tree, 10.0);
        let mut rng = Seed::from_u64(1).rng();
        let mut counts = [0.0f64; 3];
        for _ in 0..100_000 {
            counts[shrinkage.leaf(0, &mut rng) as usize] += 1e-5;
        }
        // From the leaf of 10 rows: it stays with 1/2; at the node of 30 with 1/2 * 3/4, shared 1 :
        // 2; at the root with 1/8, shared 1 : 2 : 7.
        let expected = [0.5 + 0.125 + 0.0125, 0.25 + 0.025, 0.0875];
        for (count, expected) in counts.iter().zip(expected) {
            // The standard deviation of a share of 100,000 draws is below 0.0016.
            assert!((count - expected).abs() < 0.008, "{counts:?}");
        }
        let stays = HierarchicalShrinkage::of(&tree, 0.0);
        assert!((0..3).all(|leaf| stays.leaf(leaf, &mut rng) == leaf));
    }
}
