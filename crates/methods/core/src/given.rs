//! Rows that must carry given values: the answer for models that know no better way.
//!
//! Drawing rows from the model and keeping those that match is exact for every model: what is kept follows the model's own distribution given
//! the values asked for. It is slow where the combination is rare, and hopeless for numbers with many values; models that can do better
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
/// [`SampleError::Given`] for a column the model does not make or makes of another type or with other levels.
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

/// Draws until every row of `given` has a partner with the same values in the given columns: what [`Model::sample_given`](crate::Model::sample_given)
/// does for models that know no better way.
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
    // For each column of the answer its parts, one from each batch, and for each row asked for its place in their concatenation.
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
            _ => unreachable!("every storage of a column is listed"),
        };
        (reason, value)
    };
    columns.iter().map(cell).collect()
}

#[cfg(test)]
mod tests {
    use parable_dp::{Budget, Ledger, NoiseSource, PrivacyUnit};
    use parable_table::{Field, Kind, Known, Levels};

    use super::*;
    use crate::{FitContext, Independent, IndependentModel, Model, Synthesizer, Unobserved};

    fn arm(levels: &[&str]) -> Field {
        let levels = Levels::new(levels.iter().copied()).expect("distinct levels");
        Field::new("arm", Kind::nominal(Known::declared(levels)))
    }

    fn model() -> IndependentModel {
        let fields = vec![
            arm(&["control", "treated"]),
            Field::new("score", Kind::continuous(3)),
        ];
        let columns = vec![
            Column::with_missing(Values::Codes(vec![0, 1, 0, 0]), vec![0, 0, 0, 1]),
            Column::complete(Values::Continuous(vec![0.5, 1.5, 2.5, 3.5])),
        ];
        let table = Table::new(Schema::new(fields).expect("names differ"), columns).expect("fits");
        let mut ledger = Ledger::open(PrivacyUnit::one_row(), Budget::Unlimited);
        let mut noise = NoiseSource::operating_system();
        let mut context = FitContext::new(Seed::from_u64(1), &mut ledger, &mut noise);
        Independent
            .fit(&table, &mut context)
            .expect("a small table")
    }

    fn given(field: Field, column: Column) -> Table {
        Table::new(Schema::new(vec![field]).expect("one name"), vec![column]).expect("fits")
    }

    fn asked(field: Field, column: Column) -> Result<Table, SampleError> {
        model().sample_given(&given(field, column), &Seed::from_u64(3), &Unobserved)
    }

    #[test]
    fn every_row_has_the_value_asked_for_in_the_order_asked() {
        let codes: Vec<u32> = (0..3_000).map(|row| u32::from(row % 7 == 0)).collect();
        let missing = (0..3_000).map(|row| u8::from(row % 11 == 0)).collect();
        let column = Column::with_missing(Values::Codes(codes), missing);
        let made = asked(arm(&["control", "treated"]), column.clone()).expect("frequent values");
        for row in 0..3_000 {
            assert_eq!(made.column(0).code(row), column.code(row));
            assert_eq!(made.column(0).missing(row), column.missing(row));
        }
        // The rest follows the model: independent here, so a quarter of the rows lies in each quarter of the scores. The sd of a share of
        // 3,000 rows is 0.008; five of them are allowed.
        let low = (0..3_000)
            .filter(|&row| made.column(1).number(row) < Some(1.0))
            .count();
        let expected = {
            let free = model()
                .sample(100_000, &Seed::from_u64(9))
                .expect("samples");
            (0..100_000)
                .filter(|&row| free.column(1).number(row) < Some(1.0))
                .count() as f64
                / 1e5
        };
        assert!(
            (low as f64 / 3e3 - expected).abs() < 0.045,
            "{low} against {expected}"
        );
    }

    #[test]
    fn no_rows_asked_for_give_no_rows() {
        let none = Column::complete(Values::Codes(Vec::new()));
        let made = asked(arm(&["control", "treated"]), none).expect("nothing to find");
        assert_eq!((made.rows(), made.schema().len()), (0, 2));
    }

    #[test]
    fn what_the_model_does_not_make_is_an_error_that_names_the_column() {
        let one = || Column::complete(Values::Codes(vec![0]));
        let mut other = arm(&["control", "treated"]);
        other.name = "form".to_owned();
        for field in [other, arm(&["control", "treatment"])] {
            let name = field.name.clone();
            let error = asked(field, one()).expect_err("not a column of the model");
            assert!(matches!(&error, SampleError::Given { column, .. } if *column == name));
        }
        let number = Field::new("arm", Kind::integer());
        let error = asked(number, Column::complete(Values::Integer(vec![1])));
        assert!(matches!(error, Err(SampleError::Given { .. })));
    }

    #[test]
    fn a_value_the_model_never_makes_is_given_up_without_quoting_it() {
        let score = Field::new("score", Kind::continuous(3));
        let error = asked(score, Column::complete(Values::Continuous(vec![777.25])))
            .expect_err("outside the range");
        assert!(matches!(error, SampleError::Rare { unmatched: 1, .. }));
        assert!(!error.to_string().contains("777"));
    }
}
