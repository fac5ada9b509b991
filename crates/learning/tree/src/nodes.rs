//! Nodes of a grown tree and the rows in its leaves.

/// A node. Nodes are in preorder: the left child of node `i` is node `i + 1`.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// A leaf and its number, counted from left to right.
    Leaf(u32),
    /// A split on one predictor.
    Split {
        /// The predictor.
        feature: u16,
        /// Which bins go left.
        rule: SplitRule,
        /// Node of the rows that go right.
        right: u32,
    },
}

/// Which bins go left.
#[derive(Clone, Debug, PartialEq)]
pub enum SplitRule {
    /// A cut of ordered bins.
    Cut {
        /// Last bin of values that goes left.
        last: u16,
        /// Bit `m` is set if the bin of missing values `m` goes left; bit 63 stands for all from 63
        /// on.
        missing: u64,
    },
    /// A set of bins, values and missing values alike: one bit per bin.
    Set(Box<[u64]>),
}

impl SplitRule {
    /// Returns whether this bin goes left; `values` is the number of bins of values of the
    /// predictor.
    #[inline]
    #[must_use]
    pub fn goes_left(&self, bin: u16, values: usize) -> bool {
        let bin = usize::from(bin);
        match self {
            Self::Cut { last, missing } => {
                if bin < values {
                    bin <= usize::from(*last)
                } else {
                    missing >> (bin - values).min(63) & 1 == 1
                }
            }
            Self::Set(words) => words
                .get(bin / 64)
                .is_some_and(|word| word >> (bin % 64) & 1 == 1),
        }
    }

    /// The set of these bins.
    pub(crate) fn set(goes_left: &[bool]) -> Self {
        let mut words = vec![0u64; goes_left.len().div_ceil(64)];
        for (bin, _) in goes_left.iter().enumerate().filter(|(_, left)| **left) {
            words[bin / 64] |= 1 << (bin % 64);
        }
        Self::Set(words.into())
    }
}

/// A grown tree: nodes in preorder and the training rows in the order of leaves.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct GrownTree {
    /// The nodes, the root first.
    pub nodes: Vec<Node>,
    /// The training rows, leaf by leaf.
    pub rows: Vec<u32>,
    /// End of each leaf in `rows`.
    pub leaf_ends: Vec<u32>,
}

impl GrownTree {
    /// Returns the number of leaves.
    #[must_use]
    pub fn leaves(&self) -> usize {
        self.leaf_ends.len()
    }

    /// Returns the training rows of a leaf.
    #[must_use]
    pub fn leaf(&self, leaf: usize) -> &[u32] {
        let start = if leaf == 0 {
            0
        } else {
            self.leaf_ends[leaf - 1] as usize
        };
        &self.rows[start..self.leaf_ends[leaf] as usize]
    }

    /// Adds a leaf with these rows.
    pub fn push_leaf(&mut self, rows: impl Iterator<Item = u32>) {
        self.nodes.push(Node::Leaf(self.leaf_ends.len() as u32));
        self.rows.extend(rows);
        self.leaf_ends.push(self.rows.len() as u32);
    }

    /// Adds a split whose right child is not known yet; returns its node.
    pub(crate) fn push_split(&mut self, feature: u16, rule: SplitRule) -> usize {
        self.nodes.push(Node::Split {
            feature,
            rule,
            right: 0,
        });
        self.nodes.len() - 1
    }

    /// Makes the next node the right child of this split.
    pub(crate) fn set_right(&mut self, split: usize) {
        let next = self.nodes.len() as u32;
        if let Node::Split { right, .. } = &mut self.nodes[split] {
            *right = next;
        }
    }

    /// Appends another tree; returns its root.
    pub fn append(&mut self, other: Self) -> u32 {
        let (nodes, rows, leaves) = (
            self.nodes.len() as u32,
            self.rows.len() as u32,
            self.leaf_ends.len() as u32,
        );
        self.nodes
            .extend(other.nodes.into_iter().map(|node| match node {
                Node::Leaf(leaf) => Node::Leaf(leaf + leaves),
                Node::Split {
                    feature,
                    rule,
                    right,
                } => Node::Split {
                    feature,
                    rule,
                    right: right + nodes,
                },
            }));
        self.rows.extend(other.rows);
        self.leaf_ends
            .extend(other.leaf_ends.into_iter().map(|end| end + rows));
        nodes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_send_values_and_missing_values_left_or_right() {
        let cut = SplitRule::Cut {
            last: 2,
            missing: 0b10,
        };
        let ways: Vec<bool> = (0..6).map(|bin| cut.goes_left(bin, 4)).collect();
        assert_eq!(ways, [true, true, true, false, false, true]);
        let set = SplitRule::Set(vec![0b101, 1].into());
        assert!(set.goes_left(0, 3) && !set.goes_left(1, 3) && set.goes_left(64, 3));
        assert!(!set.goes_left(500, 3));
    }
}
