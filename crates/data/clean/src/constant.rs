//! Columns with the same cell in every row.

use parable_seed::Seed;
use serde::{Deserialize, Serialize};

use super::frame::Frame;
use super::step::Apply;
use super::{CleanError, Issue, IssueKind};
use parable_table::constraints::Repair;
use parable_table::distinct::Distinct;
use parable_table::{Cell, Column, Field};

/// Drops a column that has the same value in every row, or none in any; every synthetic row gets it
/// again.
///
/// A column with one value in some rows and none in others is not constant: which rows have it is
/// information.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ConstantColumn {
    /// The column.
    pub column: Field,
    /// What stands in every row.
    pub cell: Cell,
}

impl ConstantColumn {
    /// The step for the column at this position, if it is constant. A table of one row says nothing
    /// of constants, only of empty columns.
    pub(super) fn detect(frame: &Frame, position: usize) -> Option<Self> {
        let (field, column) = (&frame.fields[position], &frame.columns[position]);
        if frame.rows == 0 || (frame.rows == 1 && !column.is_missing(0)) {
            return None;
        }
        (Distinct::of(column).len() == 1).then(|| Self {
            column: field.clone(),
            cell: Cell::read(field, column, 0),
        })
    }
}

impl Apply for ConstantColumn {
    fn describe(&self) -> String {
        let name = &self.column.name;
        if self.cell.is_missing() {
            format!("Drop the column `{name}`, which is empty, and write it empty again.")
        } else {
            format!(
                "Drop the column `{name}`, which has one value throughout, and write that value again."
            )
        }
    }

    fn apply(&self, frame: &mut Frame, issues: &mut Vec<Issue>) -> Result<(), CleanError> {
        let (field, column) = frame.remove(frame.find_like(&self.column)?);
        let distinct = Distinct::of(&column);
        let other: usize = distinct
            .first_rows
            .iter()
            .zip(distinct.counts())
            .filter(|&(&row, _)| Cell::read(&field, &column, row) != self.cell)
            .map(|(_, count)| count)
            .sum();
        if other > 0 {
            let name = &self.column.name;
            let message = format!(
                "`{name}` was constant when the recipe was made; {other} rows hold something else, which is lost"
            );
            issues.push(Issue::new(IssueKind::Unexpected, [name], other, message));
        }
        Ok(())
    }

    fn restore(
        &self,
        frame: &mut Frame,
        _seed: &Seed,
        _repairs: &mut Vec<Repair>,
    ) -> Result<(), CleanError> {
        let cells = std::slice::from_ref(&self.cell);
        let column = Column::from_cells(&self.column, cells, (0..frame.rows).map(|_| 0));
        frame.push(self.column.clone(), column);
        Ok(())
    }
}
