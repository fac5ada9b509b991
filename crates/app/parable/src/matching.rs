//! Rows that satisfy conditions on restored columns.
//!
//! Cleaning drops columns that follow from others and writes them again, so the model cannot be
//! asked for their values. Rows are drawn (given the values that the model can be asked for),
//! restored, and kept where they pass; this is exact for every model, and slow where few rows pass.

use parable_core::{Observer, Progress, SampleError};
use parable_seed::Seed;
use parable_table::expression::Expression;
use parable_table::{Cell, Column, Table};

use crate::conditions::Given;
use crate::{Error, Fitted};

/// Fewest and most rows drawn at once.
const BATCH: usize = 4_096;
const LARGEST_BATCH: usize = 1 << 18;
/// Rows drawn in vain for each row asked for before the search is given up.
const PATIENCE: usize = 500;
/// Rounds in which rows that failed only after the last restoring are replaced.
const ROUNDS: usize = 6;

/// Samples rows that satisfy the conditions; returns them with what was repaired.
pub(crate) fn sample(
    fitted: &Fitted,
    given: &Given,
    rows: usize,
    seed: &Seed,
    observer: &dyn Observer,
) -> Result<(Table, Vec<String>), Error> {
    let mut search = Search {
        fitted,
        given,
        seed: seed.stream("sample/matching"),
        observer,
        rounds: 0,
        drawn: 0,
    };
    if given.derived.is_some() {
        let cleaned = search.rows((0..rows).collect())?;
        let mut synthetic = fitted.restored(&cleaned, seed)?;
        for table in [&given.table, &given.derived].into_iter().flatten() {
            synthetic.repairs.extend(lost(table, &synthetic.table));
        }
        return Ok((synthetic.table, synthetic.repairs));
    }
    // Names and repairs are made for all rows together, which can break a condition in a few of
    // them again: some more are drawn than asked for.
    let mut wanted = rows;
    for _ in 0..ROUNDS {
        let cleaned = search.rows((0..wanted).map(|row| row % rows.max(1)).collect())?;
        let synthetic = fitted.restored(&cleaned, seed)?;
        let tests = Tests::bind(given, &synthetic.table)?;
        let passing: Vec<usize> = (0..synthetic.table.rows())
            .filter(|&row| tests.pass(&synthetic.table, row, 0))
            .collect();
        if passing.len() >= rows {
            let table = synthetic.table.take(&passing[..rows]);
            return Ok((table, synthetic.repairs));
        }
        let lost = wanted - passing.len();
        wanted += 2 * lost + wanted / 20 + 1;
    }
    Err(search.rare(rows).into())
}

struct Search<'a> {
    fitted: &'a Fitted,
    given: &'a Given,
    seed: Seed,
    observer: &'a dyn Observer,
    rounds: u64,
    drawn: usize,
}

impl Search<'_> {
    /// Draws a row of the cleaned table for each request; a request is a row of the conditions.
    fn rows(&mut self, requests: Vec<usize>) -> Result<Table, Error> {
        let model = self.fitted.model();
        let alike = self.given.derived.is_none();
        let mut waiting: Vec<usize> = (0..requests.len()).rev().collect();
        let mut parts: Vec<Table> = Vec::new();
        let mut source = vec![0; requests.len()];
        let (mut found, mut batch) = (0, BATCH);
        let patience = self.drawn + PATIENCE * requests.len().max(BATCH);
        while !waiting.is_empty() || parts.is_empty() {
            let repeats = (batch / waiting.len().max(1)).max(1);
            let tries: Vec<usize> = std::iter::repeat_n(&waiting, repeats)
                .flatten()
                .copied()
                .collect();
            let seed = self.seed.index(self.rounds);
            self.rounds += 1;
            self.drawn += tries.len();
            let cleaned = match &self.given.table {
                Some(table) => {
                    let rows: Vec<usize> = tries.iter().map(|&at| requests[at]).collect();
                    model.sample_given(&table.take(&rows), &seed, self.observer)?
                }
                None => model.sample_with(tries.len(), &seed, self.observer)?,
            };
            let restored = self.fitted.restored(&cleaned, &seed)?.table;
            let tests = Tests::bind(self.given, &restored)?;
            let mut open = vec![false; requests.len()];
            waiting.iter().for_each(|&at| open[at] = true);
            let mut kept = Vec::new();
            for (row, &at) in tries.iter().enumerate() {
                // Rows that pass serve any request where all are alike.
                let at = if alike {
                    waiting.last().copied()
                } else {
                    Some(at).filter(|&at| open[at])
                };
                let Some(at) = at else { continue };
                if tests.pass(&restored, row, requests[at]) {
                    if alike {
                        waiting.pop();
                    }
                    open[at] = false;
                    source[at] = found;
                    found += 1;
                    kept.push(row);
                }
            }
            if !alike {
                waiting.retain(|&at| open[at]);
            }
            parts.push(cleaned.take(&kept));
            let progress = Progress::new(
                "rows that satisfy the conditions",
                found as u64,
                requests.len() as u64,
            );
            if self.observer.progress(progress).is_break() {
                return Err(SampleError::Cancelled.into());
            }
            if !waiting.is_empty() && self.drawn >= patience {
                return Err(self.rare(waiting.len()).into());
            }
            batch = (batch * 2).min(LARGEST_BATCH);
        }
        let schema = parts[0].schema().clone();
        let columns = (0..schema.len())
            .map(|at| Column::concat(parts.iter().map(|part| part.column(at))).take(&source))
            .collect();
        Ok(Table::new(schema, columns)?)
    }

    fn rare(&self, unmatched: usize) -> SampleError {
        let tables = [&self.given.table, &self.given.derived];
        let columns = tables.into_iter().flatten();
        let names =
            columns.flat_map(|table| table.schema().fields().iter().map(|f| f.name.clone()));
        let tests = self.given.tests.iter().map(|test| test.replace('`', ""));
        SampleError::Rare {
            columns: names.chain(tests).collect::<Vec<_>>().join("`, `"),
            drawn: self.drawn,
            unmatched,
        }
    }
}

/// The conditions, bound to the columns of a restored table.
struct Tests<'a> {
    expressions: Vec<Expression>,
    derived: Option<(&'a Table, Vec<usize>)>,
}

impl<'a> Tests<'a> {
    fn bind(given: &'a Given, restored: &Table) -> Result<Self, Error> {
        let schema = restored.schema();
        let expressions = given.tests.iter().map(|text| {
            Expression::condition(text, schema).map_err(|error| Error::Condition {
                condition: text.clone(),
                problem: error.to_string(),
            })
        });
        let derived = given.derived.as_ref().map(|table| {
            let fields = table.schema().fields().iter();
            (
                table,
                fields
                    .filter_map(|field| schema.position(&field.name))
                    .collect(),
            )
        });
        Ok(Self {
            expressions: expressions.collect::<Result<_, _>>()?,
            derived,
        })
    }

    fn pass(&self, restored: &Table, row: usize, request: usize) -> bool {
        let cells = &restored.columns();
        self.expressions.iter().all(|test| test.holds(cells, row))
            && self.derived.as_ref().is_none_or(|(table, positions)| {
                positions.iter().enumerate().all(|(own, &at)| {
                    let (asked, made) = (
                        &table.schema().fields()[own],
                        &restored.schema().fields()[at],
                    );
                    Cell::read(asked, table.column(own), request)
                        == Cell::read(made, restored.column(at), row)
                })
            })
    }
}

/// Names the columns whose given values a rule of the schema overwrote.
pub(crate) fn lost(given: &Table, restored: &Table) -> Vec<String> {
    let columns = given.schema().fields().iter().zip(given.columns());
    let sentence = |(field, column): (&parable_table::Field, &parable_table::Column)| {
        let (_, restored) = restored.named(&field.name)?;
        let lost = (0..given.rows())
            .filter(|&row| {
                column.missing(row) != restored.missing(row)
                    || column.code(row) != restored.code(row)
                    || column.number(row) != restored.number(row)
            })
            .count();
        (lost > 0).then(|| {
            format!(
                "{lost} rows lost the given value of `{}`: a rule of the schema forbids it there",
                field.name
            )
        })
    };
    columns.filter_map(sentence).collect()
}
