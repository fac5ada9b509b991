//! What released counts say of single columns, and of independent ones together.

use parable_core::{FitError, NoisyMarginal, Publication, Recoding};
use parable_domain::{AttrSet, Domain, SourceError};
use parable_pgm::{Columns, Groups, Measurement, ModelError, columns};

use crate::candidate::MEAN_ABSOLUTE;
use crate::rules;

/// Combines the counts of each column by their precision, smooths them, and reconciles them with
/// the rules of the publication.
#[must_use]
pub fn known_columns(publication: &Publication) -> Columns {
    let domain = &publication.domain;
    let counts = publication.columns.iter();
    let all: Vec<Measurement> = counts
        .filter_map(|noisy| measurement(domain, noisy).ok())
        .collect();
    let rows = publication.rows.map(|rows| rows as f64);
    let mut known = columns(domain, &publication.ordered, &all, rows);
    rules::agree(
        &publication.rules,
        &mut known.levels,
        &known.sigmas,
        known.rows,
    );
    known
}

/// A released marginal as a measurement to estimate from.
///
/// # Errors
/// A marginal that does not fit the domain.
pub fn measurement(domain: &Domain, noisy: &NoisyMarginal) -> Result<Measurement, ModelError> {
    let counts = noisy.cells.iter().map(|&cell| cell as f64).collect();
    Measurement::new(domain, noisy.attrs.clone(), counts, noisy.sigma)
}

/// The columns with the levels of each merged into these groups.
///
/// # Errors
/// Groups that do not fit the columns.
pub fn merged_domain(domain: &Domain, groups: &[Groups]) -> Result<Domain, FitError> {
    let maps = groups.iter().map(|groups| groups.of.clone()).collect();
    let recoding = Recoding::new(domain, maps).map_err(SourceError::from)?;
    Ok(recoding.domain().clone())
}

/// Estimated rows of each merged level of a column.
#[must_use]
pub fn merged_rows(map: &[u32], levels: &[f64]) -> Vec<f64> {
    let mut sums = vec![0.0; groups_of(map)];
    for (&group, rows) in map.iter().zip(levels) {
        sums[group as usize] += rows;
    }
    sums
}

/// Variance of the noise in each merged level of a column whose levels have this standard
/// deviation.
#[must_use]
pub fn merged_variances(map: &[u32], sigma: f64) -> Vec<f64> {
    merged_rows(map, &vec![sigma * sigma; map.len()])
}

/// Expected sum of absolute errors that noise makes in a column of merged levels.
pub(crate) fn column_noise(map: &[u32], sigma: f64) -> f64 {
    let deviations = merged_variances(map, sigma).into_iter().map(f64::sqrt);
    MEAN_ABSOLUTE * deviations.sum::<f64>()
}

/// Expected rows of the cells of a set of independent columns, row-major.
///
/// `columns` holds the expected rows of each (merged) level of every column.
#[must_use]
pub fn independent_cells(columns: &[Vec<f64>], rows: f64, set: &AttrSet) -> Vec<f64> {
    let mut cells = vec![rows];
    for attr in set.iter() {
        let levels = &columns[attr as usize];
        let times = |cell: &f64| {
            let cell = *cell;
            levels.iter().map(move |level| cell * (level / rows))
        };
        cells = cells.iter().flat_map(times).collect();
    }
    cells
}

fn groups_of(map: &[u32]) -> usize {
    map.iter().max().map_or(0, |&group| group as usize + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn independent_cells_multiply_and_merged_levels_sum() {
        let merged = merged_rows(&[0, 1, 0], &[10.0, 60.0, 30.0]);
        assert_eq!(merged, [40.0, 60.0]);
        let columns = [merged, vec![25.0, 75.0]];
        let cells = independent_cells(&columns, 100.0, &AttrSet::new([0, 1]));
        assert_eq!(cells, [10.0, 30.0, 15.0, 45.0]);
        assert_eq!(merged_variances(&[0, 1, 0], 3.0), [18.0, 9.0]);
    }
}
