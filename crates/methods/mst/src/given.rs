//! Rows that carry given values, straight from the model.

use std::collections::HashMap;

use parable_core::{Model, Observer, Progress, SampleError, given_columns, sample_by_rejection};
use parable_domain::AttrId;
use parable_encode::{ColumnCodec, ValueCodes};
use parable_pgm::ModelError;
use parable_seed::Seed;
use parable_table::{Column, Table};

use crate::model::{MstModel, failed};

/// One row for each given one. Given values stand in it as they are: within a bin or a merged
/// group, values do not depend on anything else, so that a value says no more about the other
/// columns than its bin.
pub(crate) fn sample(
    model: &MstModel,
    given: &Table,
    seed: &Seed,
    observer: &dyn Observer,
) -> Result<Table, SampleError> {
    let tell = |done| match observer.progress(Progress::new("sample", done, 2)) {
        std::ops::ControlFlow::Continue(()) => Ok(()),
        std::ops::ControlFlow::Break(()) => Err(SampleError::Cancelled),
    };
    let positions = given_columns(model.schema(), given)?;
    let mut codes: Vec<(AttrId, Vec<u32>)> = Vec::with_capacity(positions.len());
    for ((&position, field), column) in positions
        .iter()
        .zip(given.schema().fields())
        .zip(given.columns())
    {
        let refuse = |problem| SampleError::Given {
            column: field.name.clone(),
            problem,
        };
        let own = model
            .codec()
            .encode_column(position, field, column)
            .map_err(|_| refuse("a value is none that the model makes"))?;
        if !inside(&model.codec().columns()[position], column, &own) {
            return Err(refuse("a number is outside the bounds of the model"));
        }
        codes.push((position as AttrId, own));
    }
    tell(0)?;
    if !codes
        .iter()
        .all(|(attr, _)| model.estimated().can_be_given(*attr))
    {
        let draw = |rows, seed: &Seed| model.sample_with(rows, seed, observer);
        return sample_by_rejection(model.schema(), &draw, given, seed, observer);
    }
    let made = if codes.is_empty() {
        model.estimated().generate(given.rows(), seed)
    } else {
        model.estimated().generate_given(&codes, seed)
    };
    let made = match made {
        Err(ModelError::Impossible { .. }) => return Err(impossible(model, given, &codes)),
        other => other.map_err(failed)?,
    };
    tell(1)?;
    let (schema, mut columns) = model.decode(&made, seed, seed)?.into_parts();
    for (&position, column) in positions.iter().zip(given.columns()) {
        columns[position] = column.clone();
    }
    tell(2)?;
    Ok(Table::new(schema, columns)?)
}

/// Whether all numbers lie in the bins of their codes.
fn inside(codec: &ColumnCodec, column: &Column, codes: &[u32]) -> bool {
    let ValueCodes::Bins(bins) = &codec.values else {
        return true;
    };
    codes.iter().enumerate().all(|(row, &code)| {
        column.number(row).is_none_or(|number| {
            bins.get(code as usize)
                .is_some_and(|bin| number >= bin.low && number <= bin.high)
        })
    })
}

/// How many of the rows the model never makes.
fn impossible(model: &MstModel, given: &Table, codes: &[(AttrId, Vec<u32>)]) -> SampleError {
    let estimated = model.estimated();
    let mut known: HashMap<Vec<u32>, bool> = HashMap::new();
    let unmatched = (0..given.rows())
        .filter(|&row| {
            let key: Vec<u32> = codes.iter().map(|(_, own)| own[row]).collect();
            *known.entry(key).or_insert_with_key(|key| {
                let groups: Vec<(AttrId, u32)> = codes
                    .iter()
                    .zip(key)
                    .map(|((attr, _), &code)| {
                        (*attr, estimated.groups[*attr as usize].of[code as usize])
                    })
                    .collect();
                estimated.field().given(&groups).is_err()
            })
        })
        .count();
    let names = given
        .schema()
        .fields()
        .iter()
        .map(|field| field.name.clone());
    SampleError::Rare {
        columns: names.collect::<Vec<_>>().join("`, `"),
        drawn: 0,
        unmatched,
    }
}
