//! Contingency tables of real and synthetic counts: the standardised propensity measures of tables
//! (Raab, Nowok and Dibben 2021).

mod comparison;

use rayon::prelude::*;

pub use self::comparison::TableComparison;
use crate::data::contingency::{Grouped, cross};
use crate::data::frame::{Frame, FrameColumn};
use crate::{
    Group, Metric, MetricContext, MetricError, MetricInfo, Outcome, Pair, Part, Undefined, Unit,
};
use parable_linalg::quantile;

/// Standardised propensity mean squared error of contingency tables, mean over all columns or all
/// pairs of columns.
///
/// Numbers are cut into 5 groups by quantiles of both tables; missing is a cell of its own. 1 is
/// expected of a correct synthesis whatever the number of cells, 0 of a copy; 10 and more show a
/// relation that is badly reproduced. The `parts` of the score hold every table.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct TableUtility {
    /// Columns per table: 1 or 2.
    pub columns: usize,
    /// Groups a numeric column is cut into. Default 5, as in the R package `synthpop`.
    pub groups: usize,
}

impl TableUtility {
    /// One table per column.
    #[must_use]
    pub fn columns() -> Self {
        Self {
            columns: 1,
            groups: 5,
        }
    }

    /// One table per pair of columns.
    #[must_use]
    pub fn pairs() -> Self {
        Self {
            columns: 2,
            groups: 5,
        }
    }

    /// The same with another number of groups for numeric columns (at least 2).
    #[must_use]
    pub fn with_groups(mut self, groups: usize) -> Self {
        self.groups = groups.max(2);
        self
    }

    /// The comparison of one table over the named columns; `None` if a name is not among the
    /// columns metrics look at or a table has no row.
    #[must_use]
    pub fn compare(&self, pair: &Pair<'_>, names: &[&str]) -> Option<TableComparison> {
        let frame = Frame::new(pair.real(), pair.synthetic(), None);
        let grouped: Option<Vec<Grouped>> = names
            .iter()
            .map(|name| Some(Grouped::of(frame.named(name)?, self.groups)))
            .collect();
        let grouped = grouped?;
        let (real, synthetic) = cross(&grouped.iter().collect::<Vec<_>>());
        TableComparison::of_counts(&real, &synthetic)
    }

    fn parts(&self, frame: &Frame) -> Vec<Part> {
        let columns: Vec<&FrameColumn> = frame.comparable().collect();
        let grouped: Vec<Grouped> = columns
            .par_iter()
            .map(|column| Grouped::of(column, self.groups))
            .collect();
        let sets: Vec<Vec<usize>> = match self.columns {
            1 => (0..columns.len()).map(|i| vec![i]).collect(),
            _ => (0..columns.len())
                .flat_map(|i| (i + 1..columns.len()).map(move |j| vec![i, j]))
                .collect(),
        };
        sets.par_iter()
            .map(|set| {
                let picked: Vec<&Grouped> = set.iter().map(|&i| &grouped[i]).collect();
                let (real, synthetic) = cross(&picked);
                let value = match TableComparison::of_counts(&real, &synthetic) {
                    Some(comparison) => comparison.s_pmse().ok_or(Undefined::ConstantColumn),
                    None => Err(Undefined::NoRows),
                };
                Part {
                    columns: set.iter().map(|&i| columns[i].name.clone()).collect(),
                    value: value.ok(),
                    reason: value.err(),
                }
            })
            .collect()
    }
}

static S_PMSE_COLUMNS: MetricInfo = MetricInfo::new(
    "s_pmse_columns",
    "Standardised propensity error of columns, mean",
    "Whether the counts of each column differ by more than chance; 1 is chance, 10 and more is a fault.",
)
.with_group(Group::Univariate);

static S_PMSE_PAIRS: MetricInfo = MetricInfo::new(
    "s_pmse_pairs",
    "Standardised propensity error of two-way tables, mean",
    "Whether the counts of each pair of columns differ by more than chance; 1 is chance, 10 and more is a lost relation.",
)
.with_group(Group::Bivariate);

impl Metric for TableUtility {
    fn info(&self) -> &MetricInfo {
        match self.columns {
            1 => &S_PMSE_COLUMNS,
            _ => &S_PMSE_PAIRS,
        }
    }

    fn compute(&self, context: &MetricContext<'_>) -> Result<Outcome, MetricError> {
        let cache = context.cache();
        let parts = self.parts(&cache.frame());
        let defined: Vec<f64> = parts.iter().filter_map(|part| part.value).collect();
        let value = match (defined.len(), parts.len()) {
            (0, 0) => Err(Undefined::NoPairs),
            (0, _) => Err(parts[0].reason.unwrap_or(Undefined::NoPairs)),
            (n, _) => Ok(defined.iter().sum::<f64>() / n as f64),
        };
        let unit = match self.columns {
            1 => Unit::Columns,
            _ => Unit::Pairs,
        };
        let mut score = self
            .info()
            .score(value)
            .with_param("groups", self.groups)
            .with_used(defined.len(), unit)
            .with_undefined(parts.len() - defined.len());
        if let Some(worst) = parts
            .iter()
            .filter(|part| part.value.is_some())
            .max_by(|a, b| a.value.unwrap_or(0.0).total_cmp(&b.value.unwrap_or(0.0)))
        {
            let mut sorted = defined;
            sorted.sort_unstable_by(f64::total_cmp);
            score = score
                .with_detail("median", quantile(&sorted, 0.5))
                .with_detail("worst_table", worst.columns.join(" x "))
                .with_detail("worst_value", worst.value.unwrap_or(0.0));
        }
        score.parts = parts;
        Ok(score.into())
    }
}
