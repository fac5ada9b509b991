//! What can be chosen about an evaluation.

use serde::{Deserialize, Serialize};

use crate::{Correlation, Formula};

/// What can be chosen about an evaluation. What columns are for comes from the schema of the real
/// table, not from here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct EvaluationOptions {
    /// Bins of equal width over the pooled range, per numeric column. Default 10, as in the
    /// published tables this is compared with.
    pub bins: usize,
    /// Listed levels per column in [`ColumnDetail::cells`](crate::ColumnDetail::cells); the rest is
    /// added up. Default 40: more bars cannot be read. No number depends on it.
    pub max_cells: usize,
    /// The correlation in the mixed matrix. Default Pearson; the scores of both are always given.
    pub correlation: Correlation,
    /// Whether the mixed matrix holds bias-corrected Cramér's V. Default false, the classical form;
    /// the scores of both are always given.
    pub bias_corrected: bool,
    /// How often the two reference tables of [`Baseline`](crate::Baseline) are drawn. Default 3:
    /// enough to see how far a value varies by chance, at 6 times the cost of the metrics that have
    /// them. 0 leaves them out.
    pub baseline_repeats: u32,
    /// The nearest-neighbour distances that are computed. Default both.
    pub distances: Vec<crate::Distance>,
    /// Neighbours of the local outlier factor. Default 5 (metrics of published tables use it).
    pub outlier_neighbours: usize,
    /// Local outlier factor from which on a real row counts as an outlier. Default 2.
    pub outlier_threshold: f64,
    /// The covariates of adjusted treatment effects. Empty (the default) chooses them: numeric
    /// covariates whose name contains `pre`, `ks1`, `ks2` or `baseline` as a part of the name, and
    /// if there is none the numeric covariate best correlated with the outcome in the real table.
    pub adjust_for: Vec<String>,
    /// The arm the others are compared with. `None` (the default): the first level of the treatment
    /// column that contains `control`, and otherwise its first level.
    pub control_arm: Option<String>,
    /// The columns an intruder is taken to know (quasi-identifiers). Empty (the default) takes the
    /// first eight covariates with 2 to 50 levels.
    pub keys: Vec<String>,
    /// The columns an intruder wants to know. Empty (the default): every column but ids, arms,
    /// clusters and descriptors.
    pub targets: Vec<String>,
    /// Models an analyst would fit, compared coefficient by coefficient. Default none.
    pub formulas: Vec<Formula>,
    /// How the further synthetic tables of [`Pair::with_copies`](crate::Pair::with_copies) were
    /// made, which decides how their estimates are combined. Default
    /// [`Combining::Simple`](crate::Combining::Simple).
    pub combining: crate::Combining,
    /// The columns whose levels are subgroups; numbers are cut into quarters of the real rows.
    /// Empty (the default): the treatment and every covariate with 2 to 8 levels, at most 6 of
    /// them.
    pub subgroups: Vec<String>,
    /// The columns whose means and shares are compared by subgroup. Empty (the default): the
    /// outcomes.
    pub outcomes: Vec<String>,
    /// The columns models are trained to predict. Empty (the default): the outcomes, at most 3 of
    /// them.
    pub predict: Vec<String>,
    /// How many attacks of each kind are made on the real and on the holdout rows. Default 2,000:
    /// rates are known to 2.2 percentage points.
    pub attacks: usize,
    /// Columns that are asked about together in multivariate singling out. Default 3.
    pub predicate_columns: usize,
    /// Nearest synthetic rows that linkability looks at in each half. Default 10.
    pub link_neighbours: usize,
    /// The columns the first source of linkability holds; with one list given, the other source
    /// holds the rest. Empty (the default): the first half.
    pub link_left: Vec<String>,
    /// The columns the second source of linkability holds. Empty (the default): the second half.
    pub link_right: Vec<String>,
    /// The columns that inference takes for secret, one at a time. Empty (the default): the
    /// `targets`, and without those every column but ids, arms, clusters, weights and descriptors.
    pub secrets: Vec<String>,
    /// Shares below this many rows are not trusted; it only adds warnings. Default 10.
    pub min_cell: usize,
}

impl Default for EvaluationOptions {
    fn default() -> Self {
        Self {
            bins: 10,
            max_cells: 40,
            correlation: Correlation::Pearson,
            bias_corrected: false,
            baseline_repeats: 3,
            distances: vec![crate::Distance::Gower, crate::Distance::RawManhattan],
            outlier_neighbours: 5,
            outlier_threshold: 2.0,
            adjust_for: Vec::new(),
            control_arm: None,
            keys: Vec::new(),
            targets: Vec::new(),
            formulas: Vec::new(),
            combining: crate::Combining::Simple,
            subgroups: Vec::new(),
            outcomes: Vec::new(),
            predict: Vec::new(),
            attacks: 2_000,
            predicate_columns: 3,
            link_neighbours: 10,
            link_left: Vec::new(),
            link_right: Vec::new(),
            secrets: Vec::new(),
            min_cell: 10,
        }
    }
}

impl EvaluationOptions {
    /// The same with this many bins per numeric column (at least 1).
    #[must_use]
    pub fn with_bins(mut self, bins: usize) -> Self {
        self.bins = bins.max(1);
        self
    }

    /// The same with this many draws of the reference tables; 0 leaves them out.
    #[must_use]
    pub fn with_baseline_repeats(mut self, repeats: u32) -> Self {
        self.baseline_repeats = repeats;
        self
    }

    /// The same with these nearest-neighbour distances.
    #[must_use]
    pub fn with_distances(mut self, distances: Vec<crate::Distance>) -> Self {
        self.distances = distances;
        self
    }

    /// The same with these covariates in adjusted treatment effects.
    #[must_use]
    pub fn with_adjust_for<S: Into<String>>(
        mut self,
        columns: impl IntoIterator<Item = S>,
    ) -> Self {
        self.adjust_for = columns.into_iter().map(Into::into).collect();
        self
    }

    /// The same with this control arm.
    #[must_use]
    pub fn with_control_arm(mut self, arm: impl Into<String>) -> Self {
        self.control_arm = Some(arm.into());
        self
    }

    /// The same with these columns as what an intruder knows.
    #[must_use]
    pub fn with_keys<S: Into<String>>(mut self, columns: impl IntoIterator<Item = S>) -> Self {
        self.keys = columns.into_iter().map(Into::into).collect();
        self
    }

    /// The same with these columns as what an intruder wants to know.
    #[must_use]
    pub fn with_targets<S: Into<String>>(mut self, columns: impl IntoIterator<Item = S>) -> Self {
        self.targets = columns.into_iter().map(Into::into).collect();
        self
    }

    /// The same with one more model to compare.
    #[must_use]
    pub fn with_formula(mut self, formula: Formula) -> Self {
        self.formulas.push(formula);
        self
    }

    /// The same with this rule for combining estimates of several synthetic tables.
    #[must_use]
    pub fn with_combining(mut self, rule: crate::Combining) -> Self {
        self.combining = rule;
        self
    }

    /// The same with these columns as subgroups.
    #[must_use]
    pub fn with_subgroups<S: Into<String>>(mut self, columns: impl IntoIterator<Item = S>) -> Self {
        self.subgroups = columns.into_iter().map(Into::into).collect();
        self
    }

    /// The same with these columns as what is compared by subgroup.
    #[must_use]
    pub fn with_outcomes<S: Into<String>>(mut self, columns: impl IntoIterator<Item = S>) -> Self {
        self.outcomes = columns.into_iter().map(Into::into).collect();
        self
    }

    /// The same with these columns as what models are trained to predict.
    #[must_use]
    pub fn with_predict<S: Into<String>>(mut self, columns: impl IntoIterator<Item = S>) -> Self {
        self.predict = columns.into_iter().map(Into::into).collect();
        self
    }

    /// The same with this many attacks of each kind.
    #[must_use]
    pub fn with_attacks(mut self, attacks: usize) -> Self {
        self.attacks = attacks;
        self
    }

    /// The same with these columns held by the two sources of linkability; an empty list stands for
    /// the rest.
    #[must_use]
    pub fn with_link<S: Into<String>>(
        mut self,
        left: impl IntoIterator<Item = S>,
        right: impl IntoIterator<Item = S>,
    ) -> Self {
        self.link_left = left.into_iter().map(Into::into).collect();
        self.link_right = right.into_iter().map(Into::into).collect();
        self
    }

    /// The same with these columns taken for secret by inference.
    #[must_use]
    pub fn with_secrets<S: Into<String>>(mut self, columns: impl IntoIterator<Item = S>) -> Self {
        self.secrets = columns.into_iter().map(Into::into).collect();
        self
    }
}
