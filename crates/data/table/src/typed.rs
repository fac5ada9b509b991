//! Raw texts and a schema into a typed table.

mod column;
mod issue;

use std::collections::HashMap;

use rayon::prelude::*;

use crate::{Field, RawTable, Schema, Table};
use column::{ColumnReader, ReadColumn};

pub use issue::{ReadIssue, ReadIssues, ReadRule, TypedError};

/// The typed table of these texts under this schema, and what a reader should know about it.
///
/// Columns are matched by name; the order of the file is kept, and the schema of the result lists
/// them in that order. Facts that the schema leaves out (levels, bounds, grids) are filled in from
/// the rows and marked [`Provenance::Observed`](crate::Provenance::Observed). A fact that was
/// merely observed before does not bind new rows: a new level is added at the end and bounds widen,
/// each with a warning; facts that were declared or released do bind.
///
/// Each distinct text is interpreted once, columns run in parallel. A cell is, in this order: a
/// level of a categorical column; one of the column's missing codes; absent, if it is empty or the
/// column's mark for absent values; a value. Infinities and NaN that are no missing code become
/// absent, with a warning.
///
/// # Errors
/// [`TypedError`] lists everything that is wrong, one entry per column and rule with its first row
/// and the number of cells.
pub fn read_typed(raw: &RawTable, schema: &Schema) -> Result<(Table, Vec<ReadIssue>), TypedError> {
    let fields = match_columns(raw, schema)?;
    let read: Vec<ReadColumn> = fields
        .par_iter()
        .zip(&raw.columns)
        .map(|(field, column)| ColumnReader::new(field, column).read())
        .collect();
    let (mut errors, mut warnings) = (Vec::new(), Vec::new());
    let (mut fields, mut columns) = (Vec::new(), Vec::new());
    for column in read {
        errors.extend(column.errors);
        warnings.extend(column.warnings);
        fields.push(column.field);
        columns.push(column.values);
    }
    if !errors.is_empty() {
        return Err(TypedError::Cells(ReadIssues::new(errors)));
    }
    let schema = Schema::with_constraints(fields, schema.constraints().to_vec())?;
    Ok((Table::new(schema, columns)?, warnings))
}

fn match_columns<'a>(raw: &RawTable, schema: &'a Schema) -> Result<Vec<&'a Field>, TypedError> {
    let mut by_name: HashMap<&str, &Field> = schema
        .fields()
        .iter()
        .map(|field| (field.name.as_str(), field))
        .collect();
    let mut unknown = Vec::new();
    let mut fields = Vec::with_capacity(raw.names.len());
    for name in &raw.names {
        match by_name.remove(name.as_str()) {
            Some(field) => fields.push(field),
            None => unknown.push(name.clone()),
        }
    }
    let missing: Vec<String> = schema
        .fields()
        .iter()
        .filter(|field| by_name.contains_key(field.name.as_str()))
        .map(|field| field.name.clone())
        .collect();
    if unknown.is_empty() && missing.is_empty() {
        Ok(fields)
    } else {
        Err(TypedError::Columns { unknown, missing })
    }
}
