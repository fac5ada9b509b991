//! Fits one table.

use statrs::distribution::{ContinuousCDF, StudentsT};

use super::absorb::{absorb, parameters};
use super::design::{Design, Model};
use crate::data::frame::Side;
use crate::data::least_squares;
use crate::data::logistic;
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
    pub(super) covariance: Vec<Vec<f64>>,
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
    let design = model.design(side);
    let rows = design.response.len();
    if rows == 0 {
        return Err(Undefined::NoRows);
    }
    if rows.saturating_mul(design.columns.len()) > MOST_VALUES {
        return Err(Undefined::TooManyTerms);
    }
    if model.is_logistic() {
        logistic_fit(design)
    } else {
        linear_fit(design)
    }
}

fn linear_fit(mut design: Design) -> Result<Fitted, Undefined> {
    let rows = design.response.len();
    let mut absorbed = least_squares::Absorbed::default();
    if !design.absorbed.is_empty() {
        design.columns.push(std::mem::take(&mut design.response));
        if !absorb(&mut design.columns, &design.absorbed) {
            return Err(Undefined::NotConverged);
        }
        design.response = design.columns.pop().unwrap_or_default();
        absorbed = parameters(&design.absorbed, design.clusters.as_deref());
    }
    let fit = least_squares::fit(&design.response, &design.columns)
        .and_then(|fit| fit.with_absorbed(absorbed))
        .ok_or(Undefined::NoRows)?;
    let mut clusters = None;
    let mut reach = Z;
    let mut coefficients = Vec::with_capacity(design.columns.len());
    for column in 0..design.columns.len() {
        let Some(value) = fit.coefficients[column] else {
            coefficients.push(Err(Undefined::Aliased));
            continue;
        };
        let se = match &design.clusters {
            None => fit.standard_error(column).ok_or(Undefined::Aliased)?,
            Some(codes) => {
                let (se, groups) = fit
                    .cluster_robust_error(column, &design.columns, codes)
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
        names: design.names,
        rows,
        clusters,
        reach,
        warnings: Vec::new(),
    })
}

fn logistic_fit(mut design: Design) -> Result<Fitted, Undefined> {
    let mut warnings = Vec::new();
    add_indicators(&mut design, &mut warnings);
    let rows = design.response.len();
    let events = design.response.iter().filter(|&&y| y == 1.0).count();
    if events == 0 || events == rows {
        return Err(if rows == 0 {
            Undefined::NoRows
        } else {
            Undefined::SingleClass
        });
    }
    let width = design.columns.len();
    if width > MOST_COLUMNS || rows.saturating_mul(width * width) > MOST_WORK {
        return Err(Undefined::TooManyTerms);
    }
    if rows <= width {
        return Err(Undefined::NoRows);
    }
    // Columns are centred where an intercept can take up the means, and scaled: fits depend on neither, rounding does.
    let constant = design
        .names
        .first()
        .is_some_and(|name| name == "(intercept)");
    let scales: Vec<(f64, f64)> = design
        .columns
        .iter()
        .enumerate()
        .map(|(position, column)| {
            standardise(column, constant && position > 0, position > 0 || !constant)
        })
        .collect();
    let scaled: Vec<Vec<f64>> = design
        .columns
        .iter()
        .zip(&scales)
        .map(|(column, (mean, sd))| column.iter().map(|x| (x - mean) / sd).collect())
        .collect();
    let terms: Vec<&[f64]> = scaled.iter().map(Vec::as_slice).collect();
    let mut used = vec![1.0; rows];
    let mut found = logistic::fit(&terms, &design.response, &used, None);
    // Rows that are told apart without a fault say nothing about the other coefficients: these are what they would be with the separating ones at infinity.
    let estimable = found.kept.clone();
    while !found.separated.is_empty() {
        found.separated.iter().for_each(|&row| used[row] = 0.0);
        if used.iter().all(|&used| used == 0.0) {
            return Err(Undefined::Separable);
        }
        found = logistic::fit(&terms, &design.response, &used, None);
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
        .covariance(&terms, &used)
        .ok_or(Undefined::Separable)?;
    let kept = found.kept.clone();
    // The raw coefficients are a linear map of the standardised ones.
    let rank = kept.len();
    let map: Vec<Vec<f64>> = (0..rank)
        .map(|i| {
            (0..rank)
                .map(|j| {
                    let (mean, sd) = scales[kept[j]];
                    if kept[i] == kept[j] {
                        1.0 / sd
                    } else if constant && kept[i] == 0 {
                        -mean / sd
                    } else {
                        0.0
                    }
                })
                .collect()
        })
        .collect();
    let covariance = sandwich(&map, &inner);
    let mut clusters = None;
    let errors: Vec<f64> = match &design.clusters {
        None => (0..rank).map(|i| covariance[i][i].sqrt()).collect(),
        Some(codes) => {
            let residuals: Vec<f64> = (0..rows)
                .map(|row| used[row] * (design.response[row] - found.fitted[row]))
                .collect();
            let (middle, groups) = scores_by_cluster(&terms, &found.kept, &residuals, codes);
            if groups < 2 {
                return Err(Undefined::TooFewClusters);
            }
            clusters = Some(groups);
            let robust = sandwich(&map, &sandwich(&inner, &middle));
            let factor = groups as f64 / (groups as f64 - 1.0);
            (0..rank).map(|i| (factor * robust[i][i]).sqrt()).collect()
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
        let value: f64 = map[i].iter().zip(&inside).map(|(m, b)| m * b).sum();
        coefficients[term] = Ok((value, errors[i]));
    }
    // Fixed effects are estimated with the rest and not reported.
    let shown = design.names.len();
    coefficients.truncate(shown);
    let slots: Vec<usize> = (0..rank).filter(|&slot| kept[slot] < shown).collect();
    Ok(Fitted {
        coefficients,
        covariance: slots
            .iter()
            .map(|&i| slots.iter().map(|&j| covariance[i][j]).collect())
            .collect(),
        kept: slots.iter().map(|&slot| kept[slot]).collect(),
        names: design.names,
        rows,
        clusters,
        reach: Z,
        warnings,
    })
}

/// Fixed effects of a logistic regression as indicators after the named columns; rows of groups without both classes say nothing about the rest and are left out.
fn add_indicators(design: &mut Design, warnings: &mut Vec<String>) {
    if design.absorbed.is_empty() {
        return;
    }
    let mut keep = vec![true; design.response.len()];
    // Leaving out rows can leave other groups with one class.
    loop {
        let before = keep.iter().filter(|&&kept| kept).count();
        for groups in &design.absorbed {
            let mut seen = vec![[false; 2]; groups.iter().max().map_or(0, |&m| m as usize + 1)];
            for (row, &group) in groups.iter().enumerate() {
                if keep[row] {
                    seen[group as usize][usize::from(design.response[row] == 1.0)] = true;
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
        let mut filter = |values: &mut Vec<f64>| {
            let mut rows = keep.iter();
            values.retain(|_| *rows.next().unwrap_or(&false));
        };
        filter(&mut design.response);
        design.columns.iter_mut().for_each(&mut filter);
        let filter = |codes: &mut Vec<u32>| {
            let mut rows = keep.iter();
            codes.retain(|_| *rows.next().unwrap_or(&false));
        };
        design.absorbed.iter_mut().for_each(filter);
        if let Some(clusters) = &mut design.clusters {
            filter(clusters);
        }
    }
    for groups in &design.absorbed {
        let mut levels: Vec<u32> = groups.clone();
        levels.sort_unstable();
        levels.dedup();
        for level in levels.into_iter().take(MOST_COLUMNS) {
            let indicator = groups.iter().map(|&g| f64::from(u8::from(g == level)));
            design.columns.push(indicator.collect());
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
    terms: &[&[f64]],
    kept: &[usize],
    residuals: &[f64],
    clusters: &[u32],
) -> (Vec<Vec<f64>>, usize) {
    let mut numbers: Vec<u32> = clusters.to_vec();
    numbers.sort_unstable();
    numbers.dedup();
    let rank = kept.len();
    let mut sums = vec![vec![0.0; rank]; numbers.len()];
    for (row, cluster) in clusters.iter().enumerate() {
        let slot = numbers.partition_point(|number| number < cluster);
        for (sum, &term) in sums[slot].iter_mut().zip(kept) {
            *sum += residuals[row] * terms[term][row];
        }
    }
    let mut middle = vec![vec![0.0; rank]; rank];
    for sum in &sums {
        for i in 0..rank {
            for j in 0..rank {
                middle[i][j] += sum[i] * sum[j];
            }
        }
    }
    (middle, numbers.len())
}

/// `A M A'`.
fn sandwich(outer: &[Vec<f64>], inner: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let product =
        |a: &[Vec<f64>], b: &dyn Fn(usize, usize) -> f64, width: usize| -> Vec<Vec<f64>> {
            a.iter()
                .map(|row| {
                    (0..width)
                        .map(|j| row.iter().enumerate().map(|(k, v)| v * b(k, j)).sum())
                        .collect()
                })
                .collect()
        };
    let half = product(outer, &|k, j| inner[k][j], inner.len());
    product(&half, &|k, j| outer[j][k], outer.len())
}
