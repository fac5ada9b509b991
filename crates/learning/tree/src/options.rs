//! Options of growing a tree.

/// When to split a node and which split to take.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct GrowOptions<'a> {
    /// Fewest rows in a leaf. Default 1.
    pub min_leaf_rows: usize,
    /// Fewest rows in a node that is split. Default 2.
    pub min_split_rows: usize,
    /// Most splits between the root and a leaf. Default 30, as in `rpart`.
    pub max_depth: usize,
    /// Impurity of classes. Default: Gini. Numbers are always split by variance.
    pub impurity: Impurity,
    /// Weight of a row of each class. Default: each row counts once.
    pub class_weights: Option<&'a [f64]>,
    /// Least gain of a split, as a share of the impurity of the root. Default 1e-9, so that
    /// rounding is no gain; below 0 a split need not gain by itself.
    pub min_gain: f64,
    /// Choice among equally good splits. Default: the first.
    pub ties: Ties,
}

/// Impurity of the classes in a node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Impurity {
    /// Gini index: `1 - sum of squared shares`.
    #[default]
    Gini,
    /// Deviance (entropy): `- sum of share * ln(share)`.
    Deviance,
}

/// Choice among equally good splits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ties {
    /// The first one found: by predictor, then by bin.
    #[default]
    First,
    /// The one whose smaller side has most rows, then the first.
    MostEven,
}

impl Default for GrowOptions<'_> {
    fn default() -> Self {
        Self {
            min_leaf_rows: 1,
            min_split_rows: 2,
            max_depth: 30,
            impurity: Impurity::Gini,
            class_weights: None,
            min_gain: 1e-9,
            ties: Ties::First,
        }
    }
}

impl<'a> GrowOptions<'a> {
    /// Sets the fewest rows in a leaf; nodes are split from twice as many on.
    #[must_use]
    pub fn with_min_leaf_rows(mut self, rows: usize) -> Self {
        self.min_leaf_rows = rows;
        self.min_split_rows = rows.saturating_mul(2);
        self
    }

    /// Sets the fewest rows in a node that is split.
    #[must_use]
    pub fn with_min_split_rows(mut self, rows: usize) -> Self {
        self.min_split_rows = rows;
        self
    }

    /// Sets the most splits between the root and a leaf.
    #[must_use]
    pub fn with_max_depth(mut self, depth: usize) -> Self {
        self.max_depth = depth;
        self
    }

    /// Sets the impurity of classes.
    #[must_use]
    pub fn with_impurity(mut self, impurity: Impurity) -> Self {
        self.impurity = impurity;
        self
    }

    /// Sets the weight of a row of each class, one positive number per class.
    #[must_use]
    pub fn with_class_weights(mut self, weights: &'a [f64]) -> Self {
        self.class_weights = Some(weights);
        self
    }

    /// Sets the least gain of a split, as a share of the impurity of the root.
    #[must_use]
    pub fn with_min_gain(mut self, share: f64) -> Self {
        self.min_gain = share;
        self
    }

    /// Sets the choice among equally good splits.
    #[must_use]
    pub fn with_ties(mut self, ties: Ties) -> Self {
        self.ties = ties;
        self
    }

    /// Returns whether a node of so many rows at this depth may be split.
    pub(crate) fn may_split(&self, rows: usize, depth: usize) -> bool {
        rows >= self.min_split_rows
            && rows >= self.min_leaf_rows.saturating_mul(2)
            && rows >= 2
            && depth < self.max_depth
    }
}
