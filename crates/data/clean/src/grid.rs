//! Synthetic numbers on the grids of their columns.

use super::frame::Frame;
use parable_table::{Bounds, Field, Grid, Kind, Schema, Values};

/// Rounds the numbers of every column to the grid that the source's column has, within its bounds.
///
/// Methods draw between the values they know; here, once for all of them, loans become multiples of
/// 25 again and prices end in `.99`.
pub(super) fn round(frame: &mut Frame, source: &Schema) {
    for at in 0..frame.fields.len() {
        let field: &Field = &frame.fields[at];
        let Some(known) = source.field(&field.name) else {
            continue;
        };
        let column = &frame.columns[at];
        let values = match (column.values(), &known.kind) {
            (
                Values::Integer(values),
                Kind::Integer {
                    grid: Some(grid),
                    bounds,
                    ..
                },
            ) if matches!(field.kind, Kind::Integer { .. }) => {
                let bounds = bounds.as_ref().map(|known| Bounds {
                    min: known.value.min as f64,
                    max: known.value.max as f64,
                });
                let round = |&value: &i64| point(grid.value, bounds, value as f64) as i64;
                Values::Integer(values.iter().map(round).collect())
            }
            (
                Values::Continuous(values),
                Kind::Continuous {
                    grid: Some(grid),
                    bounds,
                    ..
                },
            ) => {
                let bounds = bounds.as_ref().map(|known| known.value);
                let round = |&value: &f64| point(grid.value, bounds, value);
                Values::Continuous(values.iter().map(round).collect())
            }
            _ => continue,
        };
        frame.columns[at] = column.with_values(values);
    }
}

/// The nearest point of the grid inside the bounds; the number itself if there is none.
fn point(grid: Grid, bounds: Option<Bounds<f64>>, value: f64) -> f64 {
    let near = grid.round(value);
    let Some(bounds) = bounds else {
        return near;
    };
    let inside = |number: f64| (bounds.min..=bounds.max).contains(&number);
    let (above, below) = (
        || grid.round(near + grid.step()),
        || grid.round(near - grid.step()),
    );
    match () {
        _ if inside(near) || !inside(value) => near,
        _ if near < bounds.min && inside(above()) => above(),
        _ if near > bounds.max && inside(below()) => below(),
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: f64, expected: f64) {
        let grid = Grid::Step {
            step: 25.0,
            origin: 0.0,
        };
        let bounds = Some(Bounds {
            min: 30.0,
            max: 110.0,
        });
        assert_eq!(point(grid, bounds, value), expected);
    }

    #[test]
    fn points_lie_inside_the_bounds() {
        check(60.0, 50.0);
        check(33.0, 50.0);
        check(109.0, 100.0);
        check(140.0, 150.0);
    }
}
