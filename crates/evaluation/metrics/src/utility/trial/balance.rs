//! How the arms differ in what is not an outcome.

use parable_table::Role;

use crate::data::frame::{Each, Frame, FrameColumn, Side};
use crate::{BalanceRow, ColumnScale, Sides};

/// Levels per column that get a row; columns with more are left out, their shares are too small to
/// compare.
const MOST_LEVELS: usize = 12;

/// Standardised differences between each arm and the control, for every covariate.
pub(super) fn balance(
    frame: &Frame,
    arms: &[String],
    treatment: &Each<Vec<u32>>,
    control: u32,
) -> Vec<BalanceRow> {
    let mut rows = Vec::new();
    for column in frame.columns.iter().filter(|c| c.role == Role::Covariate) {
        for arm in (1..=arms.len() as u32).filter(|&arm| arm != control) {
            let name = &arms[arm as usize - 1];
            let row =
                |level: Option<String>, difference: &dyn Fn(Side) -> Option<f64>| BalanceRow {
                    column: column.name.clone(),
                    level,
                    arm: name.clone(),
                    standardised_difference: Sides {
                        real: difference(Side::Real),
                        synthetic: difference(Side::Synthetic),
                    },
                };
            if column.scale != ColumnScale::Nominal {
                rows.push(row(None, &|side| {
                    of_numbers(column, treatment.of(side), arm, control, side)
                }));
            } else if let Some((labels, codes)) = column.codes()
                && labels.len() <= MOST_LEVELS
            {
                // Of two levels, one says all.
                let first = if labels.len() == 2 { 1 } else { 0 };
                for level in first..labels.len() {
                    rows.push(row(Some(labels[level].clone()), &|side| {
                        of_level(
                            codes.of(side),
                            level as u32 + 1,
                            treatment.of(side),
                            arm,
                            control,
                        )
                    }));
                }
            }
        }
    }
    rows
}

fn of_numbers(
    column: &FrameColumn,
    treatment: &[u32],
    arm: u32,
    control: u32,
    side: Side,
) -> Option<f64> {
    let values = column.as_numbers(side)?;
    let moments = |wanted: u32| {
        let picked: Vec<f64> = values
            .iter()
            .zip(treatment)
            .filter(|&(x, &t)| t == wanted && !x.is_nan())
            .map(|(&x, _)| x)
            .collect();
        let n = picked.len() as f64;
        let mean = picked.iter().sum::<f64>() / n;
        let squares: f64 = picked.iter().map(|x| (x - mean) * (x - mean)).sum();
        (picked.len() > 1).then(|| (mean, squares / (n - 1.0)))
    };
    let ((m1, v1), (m0, v0)) = (moments(arm)?, moments(control)?);
    standardise(m1 - m0, v1, v0)
}

fn of_level(codes: &[u32], level: u32, treatment: &[u32], arm: u32, control: u32) -> Option<f64> {
    let share = |wanted: u32| {
        let (mut with, mut all) = (0u32, 0u32);
        for (&code, &t) in codes.iter().zip(treatment) {
            if t == wanted && code != 0 {
                all += 1;
                with += u32::from(code == level);
            }
        }
        (all > 0).then(|| f64::from(with) / f64::from(all))
    };
    let (p1, p0) = (share(arm)?, share(control)?);
    standardise(p1 - p0, p1 * (1.0 - p1), p0 * (1.0 - p0))
}

/// The difference over the root of the mean of both variances (Austin 2009).
fn standardise(difference: f64, v1: f64, v0: f64) -> Option<f64> {
    let sd = ((v1 + v0) / 2.0).sqrt();
    (sd > 0.0).then(|| difference / sd)
}
