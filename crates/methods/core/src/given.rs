//! Rows that must carry given values: the answer for models that know no better way.
//!
//! Drawing rows from the model and keeping those that match is exact for every model: what is kept
//! follows the model's own distribution given the values asked for. It is slow where the
//! combination is rare, and hopeless for numbers with many values; models that can do better
//! override [`Model::sample_given`](crate::Model::sample_given).

use std::collections::HashMap;

use parable_seed::Seed;
use parable_table::{Column, Schema, Table, Values};

use crate::{Observer, Progress, SampleError};

/// Rows drawn at once, at least.
const BATCH: usize = 4_096;
/// The most rows drawn at once.
const LARGEST_BATCH: usize = 1 << 18;
/// Rows drawn in vain for each row asked for before the search is given up.
const PATIENCE: usize = 500;

/// The positions, in the model's schema, of the columns of `given`.
///
/// # Errors
/// [`SampleError::Given`] for a column the model does not make or makes of another type or with
/// other levels.
pub fn given_columns(schema: &Schema, given: &Table) -> Result<Vec<usize>, SampleError> {
    given
        .schema()
        .fields()
        .iter()
        .map(|field| {
            let problem = |problem| SampleError::Given {
                column: field.name.clone(),
                problem,
            };
            let position = schema
                .position(&field.name)
                .ok_or_else(|| problem("the model makes no such column"))?;
            let own = &schema.fields()[position];
            if own.kind.name() != field.kind.name() {
                return Err(problem("the model's column has another type"));
            }
            if own.kind.levels() != field.kind.levels() {
                return Err(problem("the model's column has other levels"));
            }
            if own.missing_codes != field.missing_codes {
                return Err(problem(
                    "the model's column has other reasons for missing values",
                ));
            }
            Ok(position)
        })
        .collect()
}

/// Draws until every row of `given` has a partner with the same values in the given columns: what
/// [`Model::sample_given`](crate::Model::sample_given) does for models that know no better way.
///
/// # Errors
/// As [`Model::sample_given`](crate::Model::sample_given).
pub fn sample_by_rejection(
    schema: &Schema,
    draw: &dyn Fn(usize, &Seed) -> Result<Table, SampleError>,
    given: &Table,
    seed: &Seed,
    observer: &dyn Observer,
) -> Result<Table, SampleError> {
    let positions = given_columns(schema, given)?;
    let asked: Vec<&Column> = given.columns().iter().collect();
    let texts = texts_of(&asked);
    let mut waiting: HashMap<Vec<(u8, u64)>, Vec<usize>> = HashMap::new();
    for row in (0..given.rows()).rev() {
        let key = key(&asked, &texts, row);
        waiting.entry(key).or_default().push(row);
    }
    // For each column of the answer its parts, one from each batch, and for each row asked for its
    // place in their concatenation.
    let mut parts: Vec<Table> = Vec::new();
    let mut source = vec![0; given.rows()];
    let (mut found, mut drawn) = (0, 0);
    let mut batch = (given.rows() * 2).max(BATCH);
    for round in 0.. {
        let table = draw(batch, &seed.stream("core/given").index(round))?;
        let own: Vec<&Column> = positions.iter().map(|&at| table.column(at)).collect();
        let mut rows = Vec::new();
        for row in 0..table.rows() {
            let partners = waiting.get_mut(&key(&own, &texts, row));
            if let Some(partner) = partners.and_then(Vec::pop) {
                source[partner] = found;
                found += 1;
                rows.push(row);
            }
        }
        drawn += table.rows();
        parts.push(table.take(&rows));
        let progress = Progress::new(
            "rows with the given values",
            found as u64,
            given.rows() as u64,
        );
        if observer.progress(progress).is_break() {
            return Err(SampleError::Cancelled);
        }
        if found == given.rows() {
            break;
        }
        if drawn >= PATIENCE * given.rows().max(BATCH) {
            let names = given
                .schema()
                .fields()
                .iter()
                .map(|field| field.name.clone());
            return Err(SampleError::Rare {
                columns: names.collect::<Vec<_>>().join("`, `"),
                drawn,
                unmatched: given.rows() - found,
            });
        }
        batch = (batch * 2).min(LARGEST_BATCH);
    }
    let columns = (0..schema.len())
        .map(|at| Column::concat(parts.iter().map(|part| part.column(at))).take(&source))
        .collect();
    Ok(Table::new(schema.clone(), columns)?)
}

/// A number for each text that is asked for.
fn texts_of<'t>(columns: &[&'t Column]) -> HashMap<&'t str, u64> {
    let mut numbers = HashMap::new();
    for column in columns {
        if let Values::Text(texts) = column.values() {
            for row in 0..texts.len() {
                let next = numbers.len() as u64;
                numbers.entry(texts.get(row)).or_insert(next);
            }
        }
    }
    numbers
}

/// What a row holds in these columns: the reason for a missing value, and the value.
fn key(columns: &[&Column], texts: &HashMap<&str, u64>, row: usize) -> Vec<(u8, u64)> {
    let cell = |column: &&Column| {
        let reason = column.missing_bytes().map_or(0, |bytes| bytes[row]);
        let value = match column.values() {
            _ if reason != 0 => 0,
            Values::Codes(codes) => u64::from(codes[row]),
            Values::Integer(values) => values[row] as u64,
            // Adding zero turns -0 into 0, which is the same value.
            Values::Continuous(values) => (values[row] + 0.0).to_bits(),
            Values::Text(own) => texts.get(own.get(row)).copied().unwrap_or(u64::MAX),
        };
        (reason, value)
    };
    columns.iter().map(cell).collect()
}
