//! Estimates of single columns from several noisy counts.

use parable_domain::{AttrSet, Domain};

use crate::{Measurement, Tables, smooth, total};

/// Estimates of single columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Columns {
    /// The number of rows, at least 1.
    pub rows: f64,
    /// Estimated rows of each level of each column; they sum to the number of rows.
    pub levels: Tables,
    /// Standard deviation of the combined counts of each column; infinite without any.
    pub sigmas: Vec<f64>,
}

/// Combines the one-way measurements of each column by their precision and smooths them; a column
/// without any has all levels alike.
///
/// `ordered` holds for each column how many of its first levels stand in an order (none beyond its
/// end), `rows` the number of rows where it is public; otherwise it is estimated from the same
/// measurements.
#[must_use]
pub fn columns(
    domain: &Domain,
    ordered: &[u32],
    measurements: &[Measurement],
    rows: Option<f64>,
) -> Columns {
    let own: Vec<&Measurement> = measurements
        .iter()
        .filter(|measurement| measurement.attrs().len() == 1)
        .collect();
    let estimated = || total(own.iter().copied()).map_or(1.0, |(rows, _)| rows);
    let rows = rows.unwrap_or_else(estimated).max(1.0);
    let (mut levels, mut sigmas) = (Vec::new(), Vec::new());
    for (attr, described) in domain.attrs().iter().enumerate() {
        let set = AttrSet::new([attr as u32]);
        let mut sums = vec![0.0; described.levels as usize];
        let mut precision = 0.0;
        for measurement in own.iter().filter(|m| *m.attrs() == set) {
            let weight = measurement.sigmas()[0].powi(-2);
            precision += weight;
            for (sum, count) in sums.iter_mut().zip(measurement.counts()) {
                *sum += weight * count;
            }
        }
        if precision > 0.0 {
            sums.iter_mut().for_each(|sum| *sum /= precision);
            let sigma = precision.powf(-0.5);
            let ordered = ordered.get(attr).copied().unwrap_or(0) as usize;
            levels.push(smooth(&sums, sigma, ordered, rows));
            sigmas.push(sigma);
        } else {
            levels.push(vec![
                rows / f64::from(described.levels);
                described.levels as usize
            ]);
            sigmas.push(f64::INFINITY);
        }
    }
    Columns {
        rows,
        levels,
        sigmas,
    }
}
