//! Conditional sampling over all strata.

use parable_core::{Observer, SampleError, given_columns};
use parable_seed::Seed;
use parable_table::{Column, Table};

use super::given::{Answer, answer};
use crate::model::CartModel;

/// Candidates for each given row, and how many times as many are tried where none makes the given
/// values possible.
const CANDIDATES: usize = 16;
const MORE: [usize; 3] = [1, 8, 64];
/// Candidates in all, at most, in one attempt.
const MOST_AT_ONCE: usize = 4_000_000;

pub(crate) fn sample_given(
    model: &CartModel,
    given: &Table,
    seed: &Seed,
    observer: &dyn Observer,
) -> Result<Table, SampleError> {
    let schema = &model.record.schema;
    let positions = given_columns(schema, given)?;
    if model.shape.is_some() {
        let first = given.schema().fields().first();
        return Err(SampleError::Given {
            column: first.map_or_else(String::new, |field| field.name.clone()),
            problem: "rows of subjects in the order of time are made whole",
        });
    }
    let seed = seed.stream("cart/conditional");
    let mut found: Vec<Vec<Column>> = Vec::new();
    let mut place: Vec<(usize, usize)> = vec![(0, 0); given.rows()];
    let mut open: Vec<usize> = (0..given.rows()).collect();
    let mut drawn = 0;
    for (round, more) in MORE.into_iter().enumerate() {
        let seed = seed.index(round as u64);
        let candidates = (CANDIDATES * more).min((MOST_AT_ONCE / open.len().max(1)).max(1));
        let asked = given.take(&open);
        let answers = model
            .sequences
            .iter()
            .enumerate()
            .map(|(index, sequence)| {
                answer(
                    sequence,
                    &asked,
                    &positions,
                    candidates,
                    &seed.index(index as u64),
                    observer,
                )
            })
            .collect::<Result<Vec<Answer>, _>>()?;
        drawn += open.len() * candidates * answers.len();
        let mut rng = seed.stream("stratum").rng();
        let first = found.len();
        let mut left = Vec::new();
        for (row, &target) in open.iter().enumerate() {
            let mut sum = 0.0;
            let running: Vec<f64> = answers
                .iter()
                .zip(&model.sequences)
                .map(|(answer, sequence)| {
                    sum += answer.likelihood[row] * sequence.rows as f64;
                    sum
                })
                .collect();
            match rng.weighted(&running) {
                Some(stratum) => place[target] = (first + stratum, row),
                None => left.push(target),
            }
        }
        found.extend(answers.into_iter().map(|answer| answer.columns));
        open = left;
        if open.is_empty() {
            return assemble(model, &found, &place);
        }
    }
    let names = given
        .schema()
        .fields()
        .iter()
        .map(|field| field.name.clone());
    Err(SampleError::Rare {
        columns: names.collect::<Vec<_>>().join("`, `"),
        drawn,
        unmatched: open.len(),
    })
}

/// Each row from its part.
fn assemble(
    model: &CartModel,
    parts: &[Vec<Column>],
    place: &[(usize, usize)],
) -> Result<Table, SampleError> {
    let mut starts = vec![0];
    for part in parts {
        starts.push(starts[starts.len() - 1] + part.first().map_or(0, Column::len));
    }
    let rows: Vec<usize> = place
        .iter()
        .map(|&(part, row)| starts[part] + row)
        .collect();
    let schema = model.record.schema.clone();
    let columns = (0..schema.len())
        .map(|at| Column::concat(parts.iter().map(|part| &part[at])).take(&rows))
        .collect();
    Ok(Table::new(schema, columns)?)
}
