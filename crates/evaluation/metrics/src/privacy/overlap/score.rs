//! Shares of rows that appear in both tables, as metrics (specification 5.1).

use super::OverlapAnalysis;
use crate::{
    Group, Metric, MetricContext, MetricError, MetricInfo, Outcome, OverlapCounts, Section,
    Undefined, Unit,
};

/// Rows that stand in both tables (5.1). With a holdout its rows against the synthetic table are
/// the baseline: what chance gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OverlapScore {
    /// Share of distinct real rows that stand in the synthetic table.
    DistinctRealRows,
    /// Share of synthetic rows that stand in the real table.
    SyntheticRows,
    /// Share of the rows unique in the real table that stand in the synthetic table.
    UniqueRealRows,
}

static OVERLAP_DISTINCT_REAL_ROWS: MetricInfo = MetricInfo::new(
    "overlap_distinct_real_rows",
    "Share of distinct real rows that occur in the synthetic table",
    "Real rows that stand in the synthetic table, value for value; compare with the holdout, whose rows agree by chance.",
)
.with_group(Group::Privacy)
.without_anchors();

static OVERLAP_SYNTHETIC_ROWS: MetricInfo = MetricInfo::new(
    "overlap_synthetic_rows",
    "Share of synthetic rows that occur in the real table",
    "Synthetic rows that are real rows, value for value; compare with the holdout, whose rows agree by chance.",
)
.with_group(Group::Privacy)
.without_anchors();

static OVERLAP_UNIQUE_REAL_ROWS: MetricInfo = MetricInfo::new(
    "overlap_unique_real_rows",
    "Share of unique real rows that occur in the synthetic table",
    "People who are the only ones with their values and who stand in the synthetic table all the same.",
)
.with_group(Group::Privacy)
.without_anchors();

impl Metric for OverlapScore {
    fn info(&self) -> &MetricInfo {
        match self {
            Self::DistinctRealRows => &OVERLAP_DISTINCT_REAL_ROWS,
            Self::SyntheticRows => &OVERLAP_SYNTHETIC_ROWS,
            Self::UniqueRealRows => &OVERLAP_UNIQUE_REAL_ROWS,
        }
    }

    fn compute(&self, context: &MetricContext<'_>) -> Result<Outcome, MetricError> {
        let cache = context.cache();
        let overlap = cache.get(&OverlapAnalysis)?;
        let share = |counts: &OverlapCounts| match self {
            Self::DistinctRealRows => counts.share_of_distinct_real_rows,
            Self::SyntheticRows => counts.share_of_synthetic_rows,
            Self::UniqueRealRows => (counts.unique_real_rows > 0)
                .then(|| counts.unique_real_rows_matched as f64 / counts.unique_real_rows as f64),
        };
        let counts = &overlap.synthetic;
        let (found, of) = match self {
            Self::DistinctRealRows => (
                counts.distinct_real_rows_in_synthetic,
                counts.distinct_real_rows,
            ),
            Self::SyntheticRows => (counts.synthetic_rows_in_real, counts.synthetic_rows),
            Self::UniqueRealRows => (counts.unique_real_rows_matched, counts.unique_real_rows),
        };
        let value = if overlap.columns.is_empty() {
            Err(Undefined::NoColumns)
        } else {
            share(counts).ok_or(Undefined::NoRows)
        };
        let mut score = self
            .info()
            .score(value)
            .with_param("columns", overlap.columns.clone())
            .with_used(of as usize, Unit::Rows)
            .with_detail("rows", found);
        if !overlap.rounded.is_empty() {
            let columns: Vec<String> = overlap.rounded.keys().cloned().collect();
            score = score.with_param("rounded_columns", columns);
        }
        if let Some(chance) = counts.by_chance.filter(|_| value.is_ok()) {
            let share = match self {
                Self::DistinctRealRows => chance.distinct_real_rows,
                Self::SyntheticRows => chance.synthetic_rows,
                Self::UniqueRealRows => chance.unique_real_rows,
            };
            score = score.with_detail("by_chance", share);
        }
        if value.is_ok() {
            score.baseline.holdout = overlap.holdout.as_ref().and_then(share);
        }
        Ok(Outcome::from(score).with_section(Section::Overlap((*overlap).clone())))
    }
}
