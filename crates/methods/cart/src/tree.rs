//! A grown tree and the codes in its leaves.

use parable_tree::Node;

/// One binary tree or several one after the other: nodes in preorder, so that the left child of
/// node `i` is node `i + 1`, and leaves numbered from left to right.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tree {
    /// The first node of each tree, ascending.
    pub(crate) roots: Vec<u32>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) leaves: Leaves,
}

/// Contents of leaves: for each leaf, codes in ascending draw order and their running counts of
/// training rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Leaves {
    /// Where the entries of each leaf end.
    pub(crate) ends: Vec<u32>,
    pub(crate) codes: Vec<u32>,
    pub(crate) running: Vec<u32>,
}

impl Leaves {
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn range(&self, leaf: usize) -> std::ops::Range<usize> {
        let start = if leaf == 0 {
            0
        } else {
            self.ends[leaf - 1] as usize
        };
        start..self.ends[leaf] as usize
    }

    /// Training rows in the leaf.
    pub(crate) fn rows(&self, leaf: usize) -> u32 {
        self.running[self.range(leaf).end - 1]
    }

    /// The code at this share of the leaf, and how far into the code's own share the point lies.
    #[inline]
    pub(crate) fn at(&self, leaf: usize, share: f64) -> (u32, f64) {
        let range = self.range(leaf);
        let running = &self.running[range.clone()];
        let point = share * f64::from(running[running.len() - 1]);
        let entry = running
            .partition_point(|&sum| f64::from(sum) <= point)
            .min(running.len() - 1);
        let before = if entry == 0 { 0 } else { running[entry - 1] };
        let within = (point - f64::from(before)) / f64::from(running[entry] - before);
        (self.codes[range.start + entry], within.clamp(0.0, 1.0))
    }

    /// The shares of the leaf between which a code lies; `None` if the leaf does not have it.
    pub(crate) fn span(&self, leaf: usize, code: u32) -> Option<(f64, f64)> {
        let range = self.range(leaf);
        let entry = range.start
            + self.codes[range.clone()]
                .iter()
                .position(|&own| own == code)?;
        let all = f64::from(self.rows(leaf));
        let before = if entry == range.start {
            0
        } else {
            self.running[entry - 1]
        };
        Some((
            f64::from(before) / all,
            f64::from(self.running[entry]) / all,
        ))
    }

    /// Adds a leaf with these codes and counts, in this order.
    pub(crate) fn push(&mut self, entries: impl IntoIterator<Item = (u32, u32)>) {
        let mut sum = 0;
        for (code, count) in entries {
            sum += count;
            self.codes.push(code);
            self.running.push(sum);
        }
        self.ends.push(self.codes.len() as u32);
    }
}

impl Tree {
    /// A tree of one leaf that holds nothing: for columns that no tree draws.
    pub(crate) fn empty() -> Self {
        let mut leaves = Leaves::default();
        leaves.push([(0, 1)]);
        Self {
            roots: vec![0],
            nodes: vec![Node::Leaf(0)],
            leaves,
        }
    }

    /// The leaf a row falls into from a root on. `bins[feature]` holds the bins of a predictor by
    /// row; `values[feature]` its number of bins of values.
    #[inline]
    pub(crate) fn leaf(&self, root: u32, bins: &[&[u16]], values: &[usize], row: usize) -> u32 {
        let mut node = root as usize;
        loop {
            match &self.nodes[node] {
                Node::Leaf(leaf) => return *leaf,
                Node::Split {
                    feature,
                    rule,
                    right,
                } => {
                    let feature = usize::from(*feature);
                    node = if rule.goes_left(bins[feature][row], values[feature]) {
                        node + 1
                    } else {
                        *right as usize
                    };
                }
            }
        }
    }

    /// Splits on the longest way from the root to a leaf.
    pub(crate) fn depth(&self) -> usize {
        let mut depths = vec![0usize; self.nodes.len()];
        let mut deepest = 0;
        for (index, node) in self.nodes.iter().enumerate() {
            let depth = depths[index];
            deepest = deepest.max(depth);
            if let Node::Split { right, .. } = node {
                depths[index + 1] = depth + 1;
                depths[*right as usize] = depth + 1;
            }
        }
        deepest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_a_leaf_map_to_codes_in_proportion() {
        let mut leaves = Leaves::default();
        leaves.push([(7, 1), (9, 3)]);
        leaves.push([(2, 5)]);
        assert_eq!(leaves.at(0, 0.0), (7, 0.0));
        assert_eq!(leaves.at(0, 0.2499).0, 7);
        assert_eq!(leaves.at(0, 0.25), (9, 0.0));
        assert_eq!(leaves.at(0, 0.625), (9, 0.5));
        assert_eq!(leaves.at(1, 1.0), (2, 1.0));
        assert_eq!((leaves.rows(0), leaves.rows(1)), (4, 5));
        assert_eq!(leaves.span(0, 9), Some((0.25, 1.0)));
        assert_eq!(leaves.span(1, 9), None);
    }
}
