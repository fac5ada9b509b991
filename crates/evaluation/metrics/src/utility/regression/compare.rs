//! Puts the fits of both tables side by side.

use ndarray::{Array1, Array2};
use parable_linalg::Cholesky;

use statrs::distribution::{ChiSquared, ContinuousCDF};

use super::design::Model;
use super::fit::Fitted;
use crate::utility::trial::overlap;
use crate::{CoefficientEstimate, CoefficientRow, Combining, RegressionSection, Sides, Undefined};

/// The section of one formula. `synthetic`: the judged table first, then the copies; `rows`: of the
/// real and of the judged table.
pub(super) fn section(
    model: &Model<'_>,
    real: Result<Fitted, Undefined>,
    synthetic: Vec<Result<Fitted, Undefined>>,
    combining: Combining,
    rows: [usize; 2],
) -> RegressionSection {
    let formula = model.formula;
    let tables = synthetic.len();
    let mut warnings: Vec<String> = Vec::new();
    let mut fits: Vec<Fitted> = Vec::new();
    let mut why = None;
    for fit in synthetic {
        match fit {
            Ok(fit) => fits.push(fit),
            Err(reason) => why = why.or(Some(reason)),
        }
    }
    if let (Some(reason), false) = (why, fits.is_empty()) {
        warnings.push(format!(
            "{} of {tables} synthetic tables could not be fitted ({}) and were left out",
            tables - fits.len(),
            reason.text()
        ));
    }
    for fit in real.iter().chain(&fits) {
        for warning in &fit.warnings {
            if !warnings.contains(warning) {
                warnings.push(warning.clone());
            }
        }
    }
    let mut names: Vec<String> = Vec::new();
    for fit in real.iter().chain(&fits) {
        for name in &fit.names {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
    }
    let single = (tables == 1).then(|| fits.first()).flatten();
    let reason = real
        .as_ref()
        .err()
        .copied()
        .or(why.filter(|_| fits.is_empty()));
    let coefficients: Vec<CoefficientRow> = names
        .into_iter()
        .map(|name| {
            let of_real = real.as_ref().ok().and_then(|fit| estimate(fit, &name));
            let of_synthetic = match single {
                Some(fit) => estimate(fit, &name),
                None => combined(&fits, &name, combining, rows),
            };
            let own = |fit: &Fitted| {
                let position = fit.names.iter().position(|own| own == &name)?;
                fit.coefficients[position].err()
            };
            let reason = reason.or_else(|| real.iter().chain(&fits).find_map(own));
            row(name, of_real, of_synthetic, reason)
        })
        .collect();
    let mean = |value: &dyn Fn(&CoefficientRow) -> Option<f64>| {
        let values: Vec<f64> = coefficients.iter().filter_map(value).collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    };
    // The estimates of m tables of k rows vary around those of n real rows with their covariance
    // times n / (k m).
    let share = rows[1] as f64 * fits.len() as f64 / rows[0].max(1) as f64;
    let (lack_of_fit, lack_of_fit_df) = match &real {
        Ok(real) => lack_of_fit(real, &coefficients, share),
        Err(_) => (None, 0),
    };
    RegressionSection {
        formula: formula.to_string(),
        family: if model.is_logistic() {
            "logistic"
        } else {
            "linear"
        }
        .to_owned(),
        response: formula.response.clone(),
        event: model.event(),
        cluster: formula.cluster_column().map(str::to_owned),
        absorbed: formula.absorbed.clone(),
        rows: Sides {
            real: real.as_ref().map_or(0, |fit| fit.rows as u64),
            synthetic: fits.first().map_or(0, |fit| fit.rows as u64),
        },
        clusters: Sides {
            real: real
                .as_ref()
                .ok()
                .and_then(|fit| fit.clusters)
                .map(|n| n as u64),
            synthetic: fits.first().and_then(|fit| fit.clusters).map(|n| n as u64),
        },
        synthetic_tables: fits.len().max(1) as u64,
        combining: (tables > 1).then_some(combining),
        mean_overlap: mean(&|row| row.overlap.map(|overlap| overlap.max(0.0))),
        mean_overlap_unclamped: mean(&|row| row.overlap),
        mean_standardised_difference: mean(&|row| row.standardised_difference.map(f64::abs)),
        coefficients,
        lack_of_fit,
        lack_of_fit_df,
        lack_of_fit_p: lack_of_fit.and_then(|value| {
            let chi = ChiSquared::new(lack_of_fit_df as f64).ok()?;
            Some(chi.sf(value))
        }),
        reason: Sides {
            real: real.err(),
            synthetic: why.filter(|_| fits.is_empty()),
        },
        warnings,
    }
}

fn estimate(fit: &Fitted, name: &str) -> Option<CoefficientEstimate> {
    let position = fit.names.iter().position(|own| own == name)?;
    let (value, se) = fit.coefficients[position].ok()?;
    Some(CoefficientEstimate {
        value,
        se,
        ci: fit.interval(value, se),
    })
}

fn combined(
    fits: &[Fitted],
    name: &str,
    combining: Combining,
    [real, synthetic]: [usize; 2],
) -> Option<CoefficientEstimate> {
    let found: Vec<CoefficientEstimate> =
        fits.iter().filter_map(|fit| estimate(fit, name)).collect();
    let values: Vec<f64> = found.iter().map(|estimate| estimate.value).collect();
    let variances: Vec<f64> = found
        .iter()
        .map(|estimate| estimate.se * estimate.se)
        .collect();
    let all = combining.combine(&values, &variances, real as f64, synthetic as f64)?;
    Some(CoefficientEstimate {
        value: all.value,
        se: all.se,
        ci: fits.first()?.interval(all.value, all.se),
    })
}

fn row(
    name: String,
    real: Option<CoefficientEstimate>,
    synthetic: Option<CoefficientEstimate>,
    reason: Option<Undefined>,
) -> CoefficientRow {
    let (Some(r), Some(s)) = (real, synthetic) else {
        return CoefficientRow {
            name,
            real,
            synthetic,
            reason: Some(reason.unwrap_or(Undefined::Aliased)),
            ..CoefficientRow::default()
        };
    };
    let difference = s.value - r.value;
    let half = 0.5 * (r.ci.high - r.ci.low);
    let with_real_error = crate::Interval {
        low: s.value - half,
        high: s.value + half,
        ..r.ci
    };
    let excludes_zero =
        |estimate: &CoefficientEstimate| estimate.ci.low > 0.0 || estimate.ci.high < 0.0;
    CoefficientRow {
        name,
        real,
        synthetic,
        difference: Some(difference),
        standardised_difference: (r.se > 0.0).then(|| difference / r.se),
        overlap: overlap(&r.ci, &s.ci),
        overlap_with_real_error: overlap(&r.ci, &with_real_error),
        same_sign: Some((r.value > 0.0) == (s.value > 0.0) && (r.value < 0.0) == (s.value < 0.0)),
        same_significance: Some(excludes_zero(&r) == excludes_zero(&s)),
        reason: None,
    }
}

/// The differences weighted by the inverse of the real covariance times `share`, and how many there
/// are.
fn lack_of_fit(real: &Fitted, rows: &[CoefficientRow], share: f64) -> (Option<f64>, u64) {
    let difference = |position: usize| {
        let name = &real.names[position];
        rows.iter().find(|row| &row.name == name)?.difference
    };
    let slots: Vec<(usize, f64)> = real
        .kept
        .iter()
        .enumerate()
        .filter_map(|(slot, &position)| Some((slot, difference(position)?)))
        .collect();
    if slots.is_empty() {
        return (None, 0);
    }
    // Scaled to a unit diagonal: coefficients may differ by many orders of magnitude.
    let scale = |slot: usize| real.covariance[[slot, slot]].sqrt();
    let matrix = Array2::from_shape_fn((slots.len(), slots.len()), |(i, j)| {
        let (a, b) = (slots[i].0, slots[j].0);
        real.covariance[[a, b]] / (scale(a) * scale(b))
    });
    let d: Array1<f64> = slots.iter().map(|&(slot, d)| d / scale(slot)).collect();
    let value = Cholesky::factor(matrix.view())
        .ok()
        .map(|factor| share * d.dot(&factor.solve(d.view())));
    (value.filter(|value| value.is_finite()), slots.len() as u64)
}
