//! Noisy marginals: what a model is estimated from.

use parable_domain::{AttrSet, Domain};

use crate::ModelError;

/// The counts of the combinations of some attributes, each with the standard deviation of its
/// error.
#[derive(Clone, Debug, PartialEq)]
pub struct Measurement {
    attrs: AttrSet,
    counts: Vec<f64>,
    sigmas: Vec<f64>,
}

impl Measurement {
    /// Counts (row-major, the last attribute fastest) with one standard deviation for all cells, in
    /// rows.
    ///
    /// # Errors
    /// As [`Measurement::with_sigmas`].
    pub fn new(
        domain: &Domain,
        attrs: AttrSet,
        counts: Vec<f64>,
        sigma: f64,
    ) -> Result<Self, ModelError> {
        let sigmas = vec![sigma; counts.len()];
        Self::with_sigmas(domain, attrs, counts, sigmas)
    }

    /// Counts with a standard deviation for each cell.
    ///
    /// # Errors
    /// Another number of cells than combinations, a count that is not finite, a standard deviation
    /// that is not finite and above 0.
    pub fn with_sigmas(
        domain: &Domain,
        attrs: AttrSet,
        counts: Vec<f64>,
        sigmas: Vec<f64>,
    ) -> Result<Self, ModelError> {
        let expected = domain.cells(&attrs)?;
        for found in [counts.len(), sigmas.len()] {
            if expected != found as u128 {
                return Err(ModelError::CellCount {
                    attrs,
                    expected,
                    found,
                });
            }
        }
        let bad_count = counts.iter().position(|count| !count.is_finite());
        let bad_sigma = sigmas.iter().position(|s| !(*s > 0.0 && s.is_finite()));
        if let Some(cell) = bad_count.or(bad_sigma) {
            return Err(ModelError::BadMeasurement {
                attrs,
                what: "a number that is not finite, or a standard deviation of 0",
                cell,
            });
        }
        Ok(Self {
            attrs,
            counts,
            sigmas,
        })
    }

    /// The attributes.
    #[must_use]
    pub fn attrs(&self) -> &AttrSet {
        &self.attrs
    }

    /// The counts, row-major.
    #[must_use]
    pub fn counts(&self) -> &[f64] {
        &self.counts
    }

    /// The standard deviation of each count.
    #[must_use]
    pub fn sigmas(&self) -> &[f64] {
        &self.sigmas
    }

    /// The sum of the counts and its standard deviation.
    #[must_use]
    pub fn total(&self) -> (f64, f64) {
        let variance: f64 = self.sigmas.iter().map(|s| s * s).sum();
        (self.counts.iter().sum(), variance.sqrt())
    }
}

/// The best unbiased estimate of the number of rows, and its standard deviation; `None` without
/// measurements.
#[must_use]
pub fn total<'a>(measurements: impl IntoIterator<Item = &'a Measurement>) -> Option<(f64, f64)> {
    let (mut sum, mut weights) = (0.0, 0.0);
    for measurement in measurements {
        let (total, sigma) = measurement.total();
        sum += total / (sigma * sigma);
        weights += 1.0 / (sigma * sigma);
    }
    (weights > 0.0).then(|| (sum / weights, (1.0 / weights).sqrt()))
}
