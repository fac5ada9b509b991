//! Shares of rows that appear in both tables, as metrics (specification 5.1).

use parable_seed::Seed;

use crate::{Direction, Group, Metric, MetricError, OverlapCounts, Pair, Score, Undefined, Unit};

/// Rows that stand in both tables (5.1). With a holdout its rows against the synthetic table are the baseline: what chance gives.
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

impl Metric for OverlapScore {
    fn id(&self) -> &str {
        match self {
            Self::DistinctRealRows => "overlap_distinct_real_rows",
            Self::SyntheticRows => "overlap_synthetic_rows",
            Self::UniqueRealRows => "overlap_unique_real_rows",
        }
    }

    fn title(&self) -> &str {
        match self {
            Self::DistinctRealRows => {
                "Share of distinct real rows that occur in the synthetic table"
            }
            Self::SyntheticRows => "Share of synthetic rows that occur in the real table",
            Self::UniqueRealRows => "Share of unique real rows that occur in the synthetic table",
        }
    }

    fn explanation(&self) -> &str {
        match self {
            Self::DistinctRealRows => {
                "Real rows that stand in the synthetic table, value for value; compare with the holdout, whose rows agree by chance."
            }
            Self::SyntheticRows => {
                "Synthetic rows that are real rows, value for value; compare with the holdout, whose rows agree by chance."
            }
            Self::UniqueRealRows => {
                "People who are the only ones with their values and who stand in the synthetic table all the same."
            }
        }
    }

    fn direction(&self) -> Direction {
        Direction::Min0
    }

    fn has_baseline(&self) -> bool {
        false
    }

    fn score(&self, pair: &Pair<'_>, _: &Seed) -> Result<Score, MetricError> {
        let overlap = pair.overlap();
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
        let mut score = Score::new(
            self.id(),
            self.title(),
            Group::Privacy,
            self.direction(),
            value,
        )
        .with_param("columns", overlap.columns.clone())
        .with_used(of as usize, Unit::Rows)
        .with_detail("rows", found);
        if !overlap.rounded.is_empty() {
            let columns: Vec<String> = overlap.rounded.keys().cloned().collect();
            score = score.with_param("rounded_columns", columns);
        }
        if value.is_ok() {
            score.baseline.holdout = overlap.holdout.as_ref().and_then(share);
        }
        Ok(score)
    }
}
