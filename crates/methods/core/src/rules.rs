//! Rows that obey the rules of a schema, from models that know nothing of rules.

use parable_seed::Seed;
use parable_table::constraints::broken_rows;
use parable_table::{Column, Constraint, Table};

use crate::SampleError;

/// How often rows that break a rule are drawn again.
const TURNS: u64 = 30;

/// Makes rows for these places with this seed.
pub type Draw<'d> = dyn Fn(&[usize], &Seed) -> Result<Table, SampleError> + 'd;

/// Draws rows that break a rule about single rows again, until they obey: what is left follows the
/// model given the rules. `draw` makes new rows for those with these places (from 0, ascending), in
/// their order.
///
/// Rules that compare rows, [`Constraint::ClusterConstant`] and [`Constraint::Determines`], are not
/// looked at. After 30 turns, rows for which the model makes hardly anything else are left as they
/// are; [`constraints::repair`](parable_table::constraints::repair()) changes their cells.
///
/// # Errors
/// Those of `draw`; [`SampleError::Rule`] for a rule that does not fit the columns it names.
pub fn redraw_broken(table: Table, seed: &Seed, draw: &Draw<'_>) -> Result<Table, SampleError> {
    let mut places = rows_breaking_row_rules(&table)?;
    if places.is_empty() {
        return Ok(table);
    }
    // Where each row stands in all tables together.
    let mut source: Vec<usize> = (0..table.rows()).collect();
    let mut drawn = table.rows();
    let mut tables = vec![table];
    for turn in 0..TURNS {
        let fresh = draw(&places, &seed.index(turn))?;
        for (at, &place) in places.iter().enumerate() {
            source[place] = drawn + at;
        }
        drawn += fresh.rows();
        places = rows_breaking_row_rules(&fresh)?
            .into_iter()
            .map(|at| places[at])
            .collect();
        tables.push(fresh);
        if places.is_empty() {
            break;
        }
    }
    let schema = tables[0].schema().clone();
    let columns = (0..schema.len())
        .map(|at| Column::concat(tables.iter().map(|own| own.column(at))).take(&source))
        .collect();
    Ok(Table::new(schema, columns)?)
}

/// Returns the rows that break a rule about single rows, ascending.
///
/// # Errors
/// [`SampleError::Rule`] for a rule that does not fit the columns it names.
pub fn rows_breaking_row_rules(table: &Table) -> Result<Vec<usize>, SampleError> {
    let rules = table.schema().constraints();
    if rules.is_empty() {
        return Ok(Vec::new());
    }
    let of_rows = |rule: &Constraint| {
        !matches!(
            rule,
            Constraint::ClusterConstant { .. } | Constraint::Determines { .. }
        )
    };
    let found = broken_rows(table)?.into_iter().zip(rules);
    let mut rows: Vec<usize> = found
        .filter(|(_, rule)| of_rows(rule))
        .flat_map(|(rows, _)| rows)
        .collect();
    rows.sort_unstable();
    rows.dedup();
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use parable_table::{Field, Kind, NumberFormat, Schema, Values};

    use super::*;

    fn table(values: Vec<i64>) -> Table {
        let kind = Kind::Integer {
            bounds: None,
            grid: None,
            format: NumberFormat::default(),
        };
        let rule = Constraint::Range {
            column: "x".to_owned(),
            min: Some(0.0),
            max: None,
        };
        let schema = Schema::with_constraints(vec![Field::new("x", kind)], vec![rule]);
        let column = Column::complete(Values::Integer(values));
        Table::new(schema.expect("a rule about its column"), vec![column]).expect("one column")
    }

    fn numbers(table: &Table) -> Vec<f64> {
        (0..table.rows())
            .filter_map(|row| table.column(0).number(row))
            .collect()
    }

    #[test]
    fn only_rows_that_break_a_rule_are_drawn_again_until_none_does() {
        let asked = RefCell::new(Vec::new());
        // The first time the second of them breaks it again.
        let draw = |places: &[usize], _: &Seed| {
            let turn = asked.borrow().len() as i64;
            asked.borrow_mut().push(places.to_vec());
            let of = |(at, _): (usize, _)| {
                if turn == 0 && at == 1 {
                    -9
                } else {
                    10 * turn + 7
                }
            };
            Ok(table(places.iter().enumerate().map(of).collect()))
        };
        let made = redraw_broken(table(vec![1, -1, 2, -2, -3]), &Seed::from_u64(1), &draw);
        assert_eq!(numbers(&made.expect("a table")), [1.0, 7.0, 2.0, 17.0, 7.0]);
        assert_eq!(*asked.borrow(), [vec![1, 3, 4], vec![3]]);
    }

    #[test]
    fn what_no_draw_mends_is_left_after_some_turns() {
        let turns = RefCell::new(0);
        let draw = |places: &[usize], _: &Seed| {
            *turns.borrow_mut() += 1;
            Ok(table(vec![-5; places.len()]))
        };
        let made = redraw_broken(table(vec![1, -1]), &Seed::from_u64(1), &draw);
        assert_eq!(numbers(&made.expect("a table")), [1.0, -5.0]);
        assert_eq!(*turns.borrow(), TURNS);
    }
}
