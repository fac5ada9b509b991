//! Strata: parts of the rows with models of their own.

use std::collections::BTreeMap;

use parable_core::FitError;
use parable_table::{Column, Table, Values};

use crate::clusters::hierarchy;
use crate::config::{SmallStrata, Strata, setting_error};

/// Most strata.
const MAX_STRATA: usize = 200;

/// Rows of each stratum, largest first, and the number of small ones that were merged.
pub(crate) struct Divided {
    pub(crate) rows: Vec<Vec<usize>>,
    pub(crate) merged: usize,
}

/// Divides the rows of a table.
pub(crate) fn divide(table: &Table, strata: &Strata) -> Result<Divided, FitError> {
    let schema = table.schema();
    let columns = strata
        .columns
        .iter()
        .map(|name| {
            let position = schema.position(name);
            position.ok_or_else(|| {
                setting_error(
                    "strata.columns",
                    format!("the table has no column `{name}`"),
                )
            })
        })
        .collect::<Result<Vec<_>, _>>()?;
    for level in hierarchy::find(table) {
        let mut first = vec![usize::MAX; level.labels.len()];
        for (row, &cluster) in level.of_row.iter().enumerate() {
            let known = &mut first[cluster as usize];
            if *known == usize::MAX {
                *known = row;
            }
            let varies = |&&column: &&usize| {
                cell(table.column(column), *known) != cell(table.column(column), row)
            };
            if let Some(&column) = columns.iter().find(varies) {
                let problem = format!(
                    "column `{}` varies within clusters of `{}`; strata divide whole clusters",
                    schema.fields()[column].name,
                    schema.fields()[level.column].name
                );
                return Err(setting_error("strata.columns", problem));
            }
        }
    }
    let mut held: BTreeMap<Vec<(u8, u64)>, Vec<usize>> = BTreeMap::new();
    for row in 0..table.rows() {
        let key = columns
            .iter()
            .map(|&column| cell(table.column(column), row))
            .collect();
        held.entry(key).or_default().push(row);
        if held.len() > MAX_STRATA {
            return Err(setting_error(
                "strata.columns",
                format!("there are more than {MAX_STRATA} strata"),
            ));
        }
    }
    let (mut rows, small): (Vec<Vec<usize>>, Vec<Vec<usize>>) = held
        .into_values()
        .partition(|rows| rows.len() >= strata.min_rows);
    let merged = small.len();
    if merged > 0 {
        if strata.small == SmallStrata::Refuse {
            let problem = format!("{merged} strata have fewer than {} rows", strata.min_rows);
            return Err(setting_error("strata.min_rows", problem));
        }
        let mut together: Vec<usize> = small.into_iter().flatten().collect();
        if together.len() < strata.min_rows
            && let Some(least) = (0..rows.len()).min_by_key(|&stratum| rows[stratum].len())
        {
            together.extend(rows.swap_remove(least));
        }
        together.sort_unstable();
        rows.push(together);
    }
    rows.sort_by_key(|rows| (std::cmp::Reverse(rows.len()), rows[0]));
    Ok(Divided { rows, merged })
}

fn cell(column: &Column, row: usize) -> (u8, u64) {
    let value = match column.values() {
        _ if column.is_missing(row) => 0,
        Values::Codes(codes) => u64::from(codes[row]),
        Values::Integer(numbers) => numbers[row] as u64,
        Values::Continuous(numbers) => (numbers[row] + 0.0).to_bits(),
        _ => 0,
    };
    (
        column
            .missing(row)
            .map_or(0, parable_table::Missing::to_byte),
        value,
    )
}

#[cfg(test)]
mod tests {
    use parable_table::{Field, Kind, Known, Levels, Schema};

    use super::*;

    fn table() -> Table {
        let levels = Levels::new(["a", "b", "c", "d"]).expect("distinct");
        let fields = vec![Field::new("x", Kind::nominal(Known::declared(levels)))];
        // 60 of a, 30 of b, 6 of c, 4 without a value.
        let codes = (0..100)
            .map(|row| u32::from(row >= 60) + u32::from(row >= 90))
            .collect();
        let missing = (0..100).map(|row| u8::from(row >= 96)).collect();
        let columns = vec![Column::with_missing(Values::Codes(codes), missing)];
        Table::new(Schema::new(fields).expect("names differ"), columns).expect("fits")
    }

    #[test]
    fn small_strata_are_refused_or_merged() {
        let strata = |least, small| Strata::by(["x"]).with_min_rows(least, small);
        let sizes = |strata: Strata| {
            divide(&table(), &strata).map(|made| made.rows.iter().map(Vec::len).collect::<Vec<_>>())
        };
        assert_eq!(
            sizes(strata(1, SmallStrata::Refuse)).expect("strata"),
            [60, 30, 6, 4]
        );
        assert_eq!(
            sizes(strata(10, SmallStrata::Merge)).expect("strata"),
            [60, 30, 10]
        );
        assert_eq!(
            sizes(strata(20, SmallStrata::Merge)).expect("strata"),
            [60, 40]
        );
        assert!(matches!(
            sizes(strata(10, SmallStrata::Refuse)),
            Err(FitError::Setting { .. })
        ));
        assert!(divide(&table(), &Strata::by(["nobody"])).is_err());
    }
}
