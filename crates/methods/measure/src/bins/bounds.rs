//! Bounds that are not declared, from a noisy histogram over powers of two.

use parable_core::FitError;
use parable_dp::{Ledger, NoiseSource};
use parable_encode::Bin;
use parable_table::{Bounds, Field, Grid, Kind, Known};

use super::Numbers;

/// Probability that noise alone moves a bound outwards.
const FAILURE: f64 = 0.05;

/// Whether a numeric column has no bounds that a private fit may use.
pub(super) fn are_open(field: &Field) -> bool {
    match &field.kind {
        Kind::Integer { bounds, .. }
        | Kind::Date { bounds, .. }
        | Kind::DateTime { bounds, .. } => !bounds.as_ref().is_some_and(Known::is_public),
        Kind::Continuous { bounds, .. } => !bounds.as_ref().is_some_and(Known::is_public),
        _ => false,
    }
}

/// The field with released bounds: the ends of the outermost stretches between powers of two in
/// which noise does not explain the rows counted. Numbers beyond them count as the bounds.
///
/// A stretch counts as occupied above `sigma sqrt(2 ln(stretches / 0.05))` rows, which noise in any
/// empty one exceeds with a probability of at most 0.05. Bounds are within a factor of two of the
/// smallest and largest frequent values; single far-off values stay hidden, as they must.
pub(super) fn released(
    own: &Numbers<'_>,
    ledger: &mut Ledger,
    noise: &mut NoiseSource,
) -> Result<Field, FitError> {
    let field = own.field;
    let grid = match &field.kind {
        Kind::Continuous { grid, .. } => {
            if grid.as_ref().is_some_and(|grid| !grid.is_public()) {
                return Err(FitError::Undeclared {
                    column: field.name.clone(),
                    fact: "grid",
                });
            }
            grid.as_ref().map(|grid| grid.value)
        }
        _ => Some(Grid::Decimals(0)),
    };
    let bins = powers_of_two(grid);
    let (counts, sigma) = own.counts("bounds", &bins, own.rho, ledger, noise)?;
    let least = sigma * (2.0 * (bins.len() as f64 / FAILURE).ln()).sqrt();
    let occupied: Vec<&Bin> = bins
        .iter()
        .zip(&counts)
        .filter(|(_, count)| **count > least)
        .map(|(bin, _)| bin)
        .collect();
    let (Some(first), Some(last)) = (occupied.first(), occupied.last()) else {
        return Err(FitError::setting(
            "bounds_share",
            format!(
                "noise hides all values of column `{}`; declare its bounds or spend more on them",
                field.name
            ),
        ));
    };
    let (min, max) = (first.low, last.high);
    let whole = || {
        Some(Known::released(Bounds {
            min: min as i64,
            max: max as i64,
        }))
    };
    let mut field = field.clone();
    match &mut field.kind {
        Kind::Integer { bounds, .. }
        | Kind::Date { bounds, .. }
        | Kind::DateTime { bounds, .. } => {
            *bounds = whole();
        }
        Kind::Continuous { bounds, .. } => *bounds = Some(Known::released(Bounds { min, max })),
        _ => {}
    }
    Ok(field)
}

/// Stretches from one power of two to the next, of both signs, in units of the grid (of 2^-30
/// without one), and one around 0.
fn powers_of_two(grid: Option<Grid>) -> Vec<Bin> {
    let unit = grid.map_or(2.0f64.powi(-30), |grid| grid.step());
    // Up to 2^62 units on a grid, which are whole seconds and days as well; without one up to 2^60.
    let most = if grid.is_some() { 62 } else { 90 };
    let edge = |power: i32| 2.0f64.powi(power) * unit;
    let before = |power: i32| match grid {
        Some(_) => edge(power) - unit,
        None => edge(power).next_down(),
    };
    let mut positive: Vec<Bin> = (0..most)
        .map(|power| Bin {
            low: edge(power),
            high: before(power + 1).max(edge(power)),
        })
        .collect();
    let zero = if grid.is_some() { 0.0 } else { before(0) };
    let negative = positive.iter().rev().map(|bin| Bin {
        low: -bin.high,
        high: -bin.low,
    });
    let mut bins: Vec<Bin> = negative.collect();
    bins.push(Bin {
        low: -zero,
        high: zero,
    });
    bins.append(&mut positive);
    bins
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_ascend_without_gaps_on_every_grid() {
        let tenth = Grid::Decimals(1);
        for (grid, unit) in [
            (Some(Grid::Decimals(0)), 1.0),
            (Some(tenth), 0.1),
            (None, 0.0),
        ] {
            let bins = powers_of_two(grid);
            assert!(bins.iter().all(|bin| bin.low <= bin.high));
            for pair in bins.windows(2) {
                let gap = pair[1].low - pair[0].high;
                let scale = pair[1].low.abs().max(unit);
                // Beyond 2^53 units neighbours share their end.
                assert!(gap >= 0.0 && gap <= unit + 1e-9 * scale, "{pair:?}");
            }
            let middle = bins.len() / 2;
            assert!(bins[middle].low <= 0.0 && bins[middle].high >= 0.0);
        }
    }
}
