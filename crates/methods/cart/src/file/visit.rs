//! The order of the trees in a model file.

use parable_table::Schema;

use crate::model::{Codebook, Feature, LevelModel, Part, Source, Stage};

pub(super) fn ensure(holds: bool, problem: impl Into<String>) -> Result<(), String> {
    if holds { Ok(()) } else { Err(problem.into()) }
}

/// Position in the sequence of trees, and the predictors that are known so far.
pub(super) struct Visit<'a> {
    pub(super) schema: &'a Schema,
    pub(super) levels: &'a [LevelModel],
    pub(super) features: &'a [Feature],
    pub(super) made: Vec<bool>,
}

impl Visit<'_> {
    /// Marks the predictors that a stage completes.
    pub(super) fn make(&mut self, stage: &Stage) {
        let source = match stage.part {
            Part::Rows => Source::Rows,
            Part::Children => Source::Children,
            Part::Absences => return,
            Part::Reason(column)
            | Part::Spike(column)
            | Part::Value(column)
            | Part::Formula(column) => Source::Column(column),
        };
        for (made, feature) in self.made.iter_mut().zip(self.features) {
            *made |= feature.source == source && feature.level == stage.level;
        }
    }

    /// Whether this stage may follow that one.
    pub(super) fn follows(&self, part: Part, level: usize, last: Option<&Stage>) -> bool {
        let base = self.levels.len();
        let Some(last) = last else {
            return level == 0
                && if base > 0 {
                    part == Part::Rows
                } else {
                    part.column().is_some()
                };
        };
        let nests = level + 1 < base;
        match part {
            Part::Rows => level < base && level == last.level + 1 && self.complete(last),
            Part::Children => nests && last.level == level && last.part == Part::Rows,
            Part::Absences => level < base && last.level == level && self.sized(last),
            Part::Reason(_) | Part::Formula(_) => self.opens(level, last),
            Part::Spike(column) => {
                last.part == Part::Reason(column) && last.level == level || self.opens(level, last)
            }
            Part::Value(column) => {
                matches!(last.part, Part::Reason(c) | Part::Spike(c) if c == column)
                    && last.level == level
                    || self.opens(level, last)
            }
        }
    }

    /// Whether the sizes of the stage's level have been drawn.
    pub(super) fn sized(&self, last: &Stage) -> bool {
        last.part != Part::Absences
            && (last.part != Part::Rows || last.level + 1 >= self.levels.len())
    }

    /// Whether nothing of the stage's level is left to do.
    pub(super) fn complete(&self, last: &Stage) -> bool {
        let absences = self
            .levels
            .get(last.level)
            .is_some_and(|level| !level.patterns.is_empty());
        let column_done = match (last.part, &last.book) {
            (Part::Spike(_), _) => false,
            (Part::Reason(_), Codebook::Reasons(bytes)) => !bytes.contains(&0),
            _ => true,
        };
        column_done
            && (last.part == Part::Absences) == absences
            && (last.part == Part::Absences || self.sized(last))
    }

    /// Whether a column of this level may begin after that stage.
    pub(super) fn opens(&self, level: usize, last: &Stage) -> bool {
        let column_done = match (last.part, &last.book) {
            (Part::Spike(_), _) => false,
            (Part::Reason(_), Codebook::Reasons(bytes)) => !bytes.contains(&0),
            _ => true,
        };
        if level == last.level {
            column_done && self.sized(last)
        } else {
            level == self.levels.len() && last.level + 1 == level && self.complete(last)
        }
    }

    pub(super) fn finish(&self, stages: &[Stage]) -> Result<(), String> {
        ensure(
            self.made.iter().all(|made| *made),
            "a predictor that no tree draws",
        )?;
        let base = self.levels.len();
        let mut seen = vec![0; self.schema.len()];
        for level in self.levels {
            seen[level.column] += 1;
        }
        for of_column in
            stages.chunk_by(|a, b| a.part.column().is_some() && a.part.column() == b.part.column())
        {
            if let Some(column) = of_column[0].part.column() {
                seen[column] += 1;
            }
        }
        ensure(
            seen.iter().all(|&times| times == 1),
            "a column that is not drawn exactly once",
        )?;
        let done = |last: &Stage| {
            last.level == base && self.opens(base, last)
                || last.level + 1 == base && self.complete(last)
        };
        ensure(
            stages.last().is_some_and(done),
            "trees are missing at the end",
        )
    }
}
