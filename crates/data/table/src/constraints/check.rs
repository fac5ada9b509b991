//! Which rules the rows of a table break.

use rayon::prelude::*;
use serde::Serialize;

use super::ConstraintError;
use super::rule::ResolvedRule;
use crate::Table;

/// A rule that some rows break.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Violation {
    /// The position of the rule in [`Schema::constraints`](crate::Schema::constraints).
    pub constraint: usize,
    /// The rule in words.
    pub description: String,
    /// How many rows break it.
    pub rows: usize,
    /// The first rows that break it, at most ten, counted from 1.
    pub first_rows: Vec<usize>,
}

/// Every rule of the table's schema that some rows break, in the order of the schema.
///
/// A rule about a value says nothing of rows in which that value is missing, except that
/// [`Constraint::Determines`](crate::Constraint::Determines) takes missing as a value on both sides
/// and [`Constraint::ClusterConstant`](crate::Constraint::ClusterConstant) on the right. Of a
/// one-hot block with some cells missing it is only asked that not two are 1. Where the cells of a
/// group differ though a rule says they do not, the rows that differ from most are counted.
///
/// # Errors
/// A rule does not fit the columns it names (see [`ConstraintError`]).
pub fn check(table: &Table) -> Result<Vec<Violation>, ConstraintError> {
    let schema = table.schema();
    let judged: Result<Vec<Option<Violation>>, ConstraintError> = schema
        .constraints()
        .par_iter()
        .enumerate()
        .map(|(index, constraint)| {
            let rule = ResolvedRule::new(constraint, schema, index)?;
            let broken = rule.broken(table.columns(), table.rows());
            Ok((!broken.is_empty()).then(|| Violation {
                constraint: index,
                description: constraint.to_string(),
                rows: broken.len(),
                first_rows: broken.iter().take(10).map(|row| row + 1).collect(),
            }))
        })
        .collect();
    Ok(judged?.into_iter().flatten().collect())
}

/// For each rule of the table's schema, in its order, the rows that break it, from 0 and ascending.
/// As [`check`], for those who need every row.
///
/// # Errors
/// A rule does not fit the columns it names (see [`ConstraintError`]).
pub fn broken_rows(table: &Table) -> Result<Vec<Vec<usize>>, ConstraintError> {
    let schema = table.schema();
    schema
        .constraints()
        .par_iter()
        .enumerate()
        .map(|(index, constraint)| {
            let rule = ResolvedRule::new(constraint, schema, index)?;
            Ok(rule.broken(table.columns(), table.rows()))
        })
        .collect()
}
