//! Fits one table.

use ndarray::{Array2, ArrayView2, Axis};
use parable_learn::{LogisticFit, LogisticRegression};
use rayon::prelude::*;
use statrs::distribution::{ContinuousCDF, StudentsT};

use super::absorb::{absorb, parameters};
use super::design::{Model, Rows};
use crate::data::design::indicator;
use crate::data::frame::Side;
use crate::utility::linear_model::{Absorbed, Fit};
use crate::{Interval, Undefined};

/// The 97.5 % quantile of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;
/// Most values of a design: about 1 GB.
const MOST_VALUES: usize = 120_000_000;
/// Most columns of a design: its matrices are inverted.
const MOST_COLUMNS: usize = 1_500;
/// Most work of one Newton step, rows times columns squared.
const MOST_WORK: usize = 20_000_000_000;

/// A regression fitted to one table.
pub(super) struct Fitted {
    pub(super) names: Vec<String>,
    /// Value and standard error, or why there is none.
    pub(super) coefficients: Vec<Result<(f64, f64), Undefined>>,
    /// Positions of the coefficients that are estimated, and their classical covariance.
    pub(super) kept: Vec<usize>,
    pub(super) covariance: Array2<f64>,
    pub(super) rows: usize,
    pub(super) clusters: Option<usize>,
    /// How many standard errors an interval reaches to each side.
    pub(super) reach: f64,
    pub(super) warnings: Vec<String>,
}

impl Fitted {
    pub(super) fn interval(&self, value: f64, se: f64) -> Interval {
        Interval {
            low: value - self.reach * se,
            high: value + self.reach * se,
            level: 0.95,
        }
    }
}

pub(super) fn fit(model: &Model<'_>, side: Side) -> Result<Fitted, Undefined> {
    if model.width() > MOST_COLUMNS {
        return Err(Undefined::TooManyTerms);
    }
    let data = model.design(side);
    let rows = data.response.len();
    if rows == 0 {
        return Err(Undefined::NoRows);
    }
    if rows.saturating_mul(data.design.width()) > MOST_VALUES {
        return Err(Undefined::TooManyTerms);
    }
    if model.is_logistic() {
        logistic_fit(data)
    } else {
        linear_fit(data)
    }
}

fn linear_fit(mut data: Rows) -> Result<Fitted, Undefined> {
    let rows = data.response.len();
    let mut absorbed = Absorbed::default();
    if !data.absorbed.is_empty() {
        data.design.push("", std::mem::take(&mut data.response));
        if !absorb(&mut data.design, &data.absorbed) {
            return Err(Undefined::NotConverged);
        }
        data.response = data.design.pop().unwrap_or_default();
        absorbed = parameters(&data.absorbed, data.clusters.as_deref());
    }
    let fit = Fit::of(&data.response, &data.design)
        .and_then(|fit| fit.with_absorbed(absorbed))
        .ok_or(Undefined::NoRows)?;
    let mut clusters = None;
    let mut reach = Z;
    let mut coefficients = Vec::with_capacity(data.design.width());
    for column in 0..data.design.width() {
        let Some(value) = fit.coefficients()[column] else {
            coefficients.push(Err(Undefined::Aliased));
            continue;
        };
        let se = match &data.clusters {
            None => fit.standard_error(column).ok_or(Undefined::Aliased)?,
            Some(codes) => {
                let (se, groups) = fit
                    .cluster_robust_error(column, &data.design, codes)
                    .ok_or(Undefined::TooFewClusters)?;
                clusters = Some(groups);
                se
            }
        };
        coefficients.push(Ok((value, se)));
    }
    if let Some(groups) = clusters {
        reach = StudentsT::new(0.0, 1.0, (groups - 1) as f64)
            .map_err(|_| Undefined::TooFewClusters)?
            .inverse_cdf(0.975);
    }
    Ok(Fitted {
        coefficients,
        kept: fit.kept().to_vec(),
        covariance: fit.covariance(),
        names: data.design.into_names(),
        rows,
        clusters,
        reach,
        warnings: Vec::new(),
    })
}

fn logistic_fit(mut data: Rows) -> Result<Fitted, Undefined> {
    let mut warnings = Vec::new();
    // Fixed effects are estimated with the rest and not reported.
    let shown = data.design.width();
    add_indicators(&mut data, &mut warnings);
    let rows = data.response.len();
    let events = data.response.iter().filter(|&&y| y == 1.0).count();
    if events == 0 || events == rows {
        return Err(if rows == 0 {
            Undefined::NoRows
        } else {
            Undefined::SingleClass
        });
    }
    let width = data.design.width();
    if width > MOST_COLUMNS || rows.saturating_mul(width * width) > MOST_WORK {
        return Err(Undefined::TooManyTerms);
    }
    if rows <= width {
        return Err(Undefined::NoRows);
    }
    // Columns are centred where an intercept can take up the means, and scaled: fits depend on
    // neither, rounding does.
    let constant = data
        .design
        .names()
        .first()
        .is_some_and(|name| name == "(intercept)");
    let scales: Vec<(f64, f64)> = data
        .design
        .columns()
        .enumerate()
        .map(|(position, column)| {
            standardise(column, constant && position > 0, position > 0 || !constant)
        })
        .collect();
    data.design
        .columns_mut()
        .zip(&scales)
        .for_each(|(column, (mean, sd))| column.iter_mut().for_each(|x| *x = (*x - mean) / sd));
    let terms = data.design.matrix();
    let fit = |used: &[f64]| -> LogisticFit {
        LogisticRegression::new()
            .with_weights(used)
            .fit(terms, &data.response)
            .expect("a response and a weight for each row of the design")
    };
    let mut used = vec![1.0; rows];
    let mut found = fit(&used);
    // Rows that are told apart without a fault say nothing about the other coefficients: these are
    // what they would be with the separating ones at infinity.
    let estimable = found.kept.clone();
    while !found.separated.is_empty() {
        found.separated.iter().for_each(|&row| used[row] = 0.0);
        if used.iter().all(|&used| used == 0.0) {
            return Err(Undefined::Separable);
        }
        found = fit(&used);
    }
    let separated = used.iter().filter(|&&used| used == 0.0).count();
    if separated > 0 {
        warnings.push(format!(
            "{separated} rows are told apart without a fault by some terms, which have no finite coefficient"
        ));
    }
    if !found.converged {
        return Err(Undefined::NotConverged);
    }
    let inner = found
        .covariance(terms, &used)
        .map_err(|_| Undefined::Separable)?;
    let kept = found.kept.clone();
    // The raw coefficients are a linear map of the standardised ones.
    let rank = kept.len();
    let map = Array2::from_shape_fn((rank, rank), |(i, j)| {
        let (mean, sd) = scales[kept[j]];
        if kept[i] == kept[j] {
            1.0 / sd
        } else if constant && kept[i] == 0 {
            -mean / sd
        } else {
            0.0
        }
    });
    let covariance = map.dot(&inner).dot(&map.t());
    let mut clusters = None;
    let errors: Vec<f64> = match &data.clusters {
        None => (0..rank).map(|i| covariance[[i, i]].sqrt()).collect(),
        Some(codes) => {
            let residuals: Vec<f64> = (0..rows)
                .map(|row| used[row] * (data.response[row] - found.fitted[row]))
                .collect();
            let (middle, groups) = scores_by_cluster(terms, &found.kept, &residuals, codes);
            if groups < 2 {
                return Err(Undefined::TooFewClusters);
            }
            clusters = Some(groups);
            let outer = map.dot(&inner);
            let robust = outer.dot(&middle).dot(&outer.t());
            let factor = groups as f64 / (groups as f64 - 1.0);
            (0..rank)
                .map(|i| (factor * robust[[i, i]]).sqrt())
                .collect()
        }
    };
    let inside: Vec<f64> = kept.iter().map(|&term| found.coefficients[term]).collect();
    let mut coefficients: Vec<Result<(f64, f64), Undefined>> = (0..width)
        .map(|term| match estimable.contains(&term) {
            true => Err(Undefined::Separable),
            false => Err(Undefined::Aliased),
        })
        .collect();
    for (i, &term) in kept.iter().enumerate() {
        let value: f64 = map.row(i).iter().zip(&inside).map(|(m, b)| m * b).sum();
        coefficients[term] = Ok((value, errors[i]));
    }
    coefficients.truncate(shown);
    let slots: Vec<usize> = (0..rank).filter(|&slot| kept[slot] < shown).collect();
    Ok(Fitted {
        coefficients,
        covariance: covariance.select(Axis(0), &slots).select(Axis(1), &slots),
        kept: slots.iter().map(|&slot| kept[slot]).collect(),
        names: data.design.into_names().into_iter().take(shown).collect(),
        rows,
        clusters,
        reach: Z,
        warnings,
    })
}

/// Fixed effects of a logistic regression as indicators after the named columns; rows of groups
/// without both classes say nothing about the rest and are left out.
fn add_indicators(data: &mut Rows, warnings: &mut Vec<String>) {
    if data.absorbed.is_empty() {
        return;
    }
    let mut keep = vec![true; data.response.len()];
    // Leaving out rows can leave other groups with one class.
    loop {
        let before = keep.iter().filter(|&&kept| kept).count();
        for groups in &data.absorbed {
            let mut seen = vec![[false; 2]; groups.iter().max().map_or(0, |&m| m as usize + 1)];
            for (row, &group) in groups.iter().enumerate() {
                if keep[row] {
                    seen[group as usize][usize::from(data.response[row] == 1.0)] = true;
                }
            }
            for (row, &group) in groups.iter().enumerate() {
                keep[row] &= seen[group as usize] == [true, true];
            }
        }
        if keep.iter().filter(|&&kept| kept).count() == before {
            break;
        }
    }
    let left_out = keep.iter().filter(|&&kept| !kept).count();
    if left_out > 0 {
        warnings.push(format!(
            "{left_out} rows lie in groups of a fixed effect with one class only and were left out"
        ));
        let mut rows = keep.iter();
        data.response.retain(|_| *rows.next().unwrap_or(&false));
        data.design.retain_rows(&keep);
        let filter = |codes: &mut Vec<u32>| {
            let mut rows = keep.iter();
            codes.retain(|_| *rows.next().unwrap_or(&false));
        };
        data.absorbed.iter_mut().for_each(filter);
        if let Some(clusters) = &mut data.clusters {
            filter(clusters);
        }
    }
    for groups in &data.absorbed {
        let mut levels: Vec<u32> = groups.clone();
        levels.sort_unstable();
        levels.dedup();
        for level in levels.into_iter().take(MOST_COLUMNS) {
            let column = groups.iter().map(|&group| indicator(group == level));
            data.design.push("", column);
        }
    }
}

/// What is subtracted from a column, and what it is divided by.
fn standardise(column: &[f64], centre: bool, scale: bool) -> (f64, f64) {
    let n = column.len() as f64;
    let mean = if centre {
        column.iter().sum::<f64>() / n
    } else {
        0.0
    };
    let squares: f64 = column.iter().map(|x| (x - mean) * (x - mean)).sum();
    let sd = (squares / n).sqrt();
    (mean, if scale && sd > 0.0 { sd } else { 1.0 })
}

/// The cross products of the scores added up by cluster, and how many clusters there are.
fn scores_by_cluster(
    terms: ArrayView2<'_, f64>,
    kept: &[usize],
    residuals: &[f64],
    clusters: &[u32],
) -> (Array2<f64>, usize) {
    let mut numbers: Vec<u32> = clusters.to_vec();
    numbers.sort_unstable();
    numbers.dedup();
    let mut sums = Array2::<f64>::zeros((numbers.len(), kept.len()));
    for (row, cluster) in clusters.iter().enumerate() {
        let slot = numbers.partition_point(|number| number < cluster);
        for (sum, &term) in sums.row_mut(slot).iter_mut().zip(kept) {
            *sum += residuals[row] * terms[[row, term]];
        }
    }
    (sums.t().dot(&sums), numbers.len())
}
