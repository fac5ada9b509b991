//! The steps of a recipe.

use parable_seed::Seed;
use serde::{Deserialize, Serialize};

use super::frame::Frame;
use super::recipe::Preview;
use super::{
    BlankColumn, CleanError, ClusterNames, ConstantColumn, Determined, FoundRule, FreshIds,
    ImputeColumns, Issue, MissingIndicator, MissingLevels, NumberLevels, OneHotBlock, Ranks,
    TextShapes, Turns, WithheldLevels,
};
use parable_table::Table;
use parable_table::constraints::Repair;

/// One thing a recipe does, with what is needed to undo it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Step {
    /// Drop a column that has the same cell in every row.
    Constant(ConstantColumn),
    /// Drop a column without looking at it; leave it empty afterwards.
    Blank(BlankColumn),
    /// Drop a column that names rows; write fresh names afterwards.
    FreshIds(FreshIds),
    /// Replace free text by its shape; write fresh text of that shape afterwards.
    TextShapes(TextShapes),
    /// Number the rows of each cluster anew.
    Turns(Turns),
    /// Withhold levels that few people have.
    WithheldLevels(WithheldLevels),
    /// Replace names of clusters by fresh ones.
    ClusterNames(ClusterNames),
    /// Replace a block of 0/1 columns by the one column they came from.
    OneHot(OneHotBlock),
    /// Drop a column that others determine.
    Determined(Determined),
    /// Note a rule that holds in the table, for methods to use.
    FoundRule(FoundRule),
    /// Turn the numbers of an integer column into levels.
    NumberLevels(NumberLevels),
    /// Turn the levels of an ordinal column into ranks from 0.
    Ranks(Ranks),
    /// Add a column that says why a value is missing.
    MissingIndicator(MissingIndicator),
    /// Fill missing values.
    Impute(ImputeColumns),
    /// Turn missing into a level.
    MissingLevels(MissingLevels),
}

/// The operations of every step.
pub(super) trait Apply {
    /// One sentence that a data owner understands.
    fn describe(&self) -> String;
    /// Does it.
    fn apply(&self, frame: &mut Frame, issues: &mut Vec<Issue>) -> Result<(), CleanError>;
    /// Undoes it on synthetic rows. Steps that leave nothing to undo keep this.
    fn restore(
        &self,
        _frame: &mut Frame,
        _seed: &Seed,
        _repairs: &mut Vec<Repair>,
    ) -> Result<(), CleanError> {
        Ok(())
    }
}

impl Step {
    pub(super) fn inner(&self) -> &dyn Apply {
        match self {
            Self::Constant(step) => step,
            Self::Blank(step) => step,
            Self::FreshIds(step) => step,
            Self::TextShapes(step) => step,
            Self::Turns(step) => step,
            Self::WithheldLevels(step) => step,
            Self::ClusterNames(step) => step,
            Self::OneHot(step) => step,
            Self::Determined(step) => step,
            Self::FoundRule(step) => step,
            Self::NumberLevels(step) => step,
            Self::Ranks(step) => step,
            Self::MissingIndicator(step) => step,
            Self::Impute(step) => step,
            Self::MissingLevels(step) => step,
        }
    }

    /// Describes the step in one sentence.
    #[must_use]
    pub fn describe(&self) -> String {
        self.inner().describe()
    }

    /// Returns the changes that the step would make in a table on which the steps before it were
    /// carried out.
    ///
    /// # Errors
    /// The step does not fit the table.
    pub fn preview(&self, table: &Table) -> Result<Preview, CleanError> {
        let before = Frame::of(table);
        let mut after = before.clone();
        self.inner().apply(&mut after, &mut Vec::new())?;
        Ok(Preview::between(self, &before, &after))
    }
}
