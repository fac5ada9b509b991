//! Targets of training: the shares that all measured counts together give.

use parable_domain::AttrSet;
use parable_pgm::project_on_simplex;
use rayon::prelude::*;

use crate::layout::Layout;
use crate::shrink::shrink;

/// Counts of one set of columns with their noise.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    pub(crate) attrs: AttrSet,
    /// Counts, row-major, perhaps negative.
    pub(crate) cells: Vec<f64>,
    /// Standard deviation of the noise of a cell, in rows; 0 for exact counts.
    pub(crate) sigma: f64,
}

/// The least standard deviation that precisions are formed with: exact counts count as much as can
/// be.
const LEAST_SIGMA: f64 = 1e-3;

/// The columns as all measurements together see them, weighted by precision; rows per level,
/// projected on what counts can be.
///
/// `columns` holds rows per level and the standard deviation of each column.
pub(crate) fn combined_columns(
    columns: &[(Vec<f64>, f64)],
    measured: &[Measured],
    levels: &[usize],
    rows: f64,
) -> Vec<Vec<f64>> {
    let mut combined = Vec::with_capacity(columns.len());
    for (attr, (own, sigma)) in columns.iter().enumerate() {
        let precision = sigma.max(LEAST_SIGMA).powi(-2);
        let mut weight = precision;
        let mut sums: Vec<f64> = own.iter().map(|count| count * precision).collect();
        for other in measured {
            let Some(place) = other.attrs.iter().position(|a| a as usize == attr) else {
                continue;
            };
            let shape: Vec<usize> = other.attrs.iter().map(|a| levels[a as usize]).collect();
            let margin = margin(&other.cells, &shape, place);
            let merged = other.cells.len() as f64 / margin.len() as f64;
            let sigma = (other.sigma * merged.sqrt()).max(LEAST_SIGMA);
            let precision = sigma.powi(-2);
            weight += precision;
            for (sum, count) in sums.iter_mut().zip(margin) {
                *sum += count * precision;
            }
        }
        sums.iter_mut().for_each(|sum| *sum /= weight);
        let sigmas = vec![1.0; sums.len()];
        combined.push(project_on_simplex(&sums, &sigmas, rows));
    }
    combined
}

/// Sums over all but one of the dimensions of a row-major array.
pub(crate) fn margin(cells: &[f64], shape: &[usize], place: usize) -> Vec<f64> {
    let mut sums = vec![0.0; shape[place]];
    let inner: usize = shape[place + 1..].iter().product();
    for (index, cell) in cells.iter().enumerate() {
        sums[index / inner % shape[place]] += cell;
    }
    sums
}

/// Shares of the cells of one measured set: moved to agree with the columns (least squares), a
/// pair's departure from independence cleared of noise, and all projected on the simplex.
pub(crate) fn cell_shares(
    measured: &Measured,
    columns: &[Vec<f64>],
    levels: &[usize],
    rows: f64,
) -> Vec<f64> {
    let shape: Vec<usize> = measured.attrs.iter().map(|a| levels[a as usize]).collect();
    let mut cells = measured.cells.clone();
    let count = cells.len() as f64;
    for (place, attr) in measured.attrs.iter().enumerate() {
        let own = margin(&cells, &shape, place);
        let inner: usize = shape[place + 1..].iter().product();
        let share = own.len() as f64 / count;
        let wanted = &columns[attr as usize];
        for (index, cell) in cells.iter_mut().enumerate() {
            let level = index / inner % shape[place];
            *cell += (wanted[level] - own[level]) * share;
        }
    }
    if let [first, second] = *measured.attrs.as_slice() {
        let (a, b) = (&columns[first as usize], &columns[second as usize]);
        let alone: Vec<f64> = a
            .iter()
            .flat_map(|x| b.iter().map(move |y| x * y / rows.max(1.0)))
            .collect();
        for (cell, alone) in cells.iter_mut().zip(&alone) {
            *cell -= alone;
        }
        shrink(&mut cells, shape[1], measured.sigma);
        for (cell, alone) in cells.iter_mut().zip(&alone) {
            *cell += alone;
        }
    }
    let sigmas = vec![1.0; cells.len()];
    let mut shares = project_on_simplex(&cells, &sigmas, rows.max(1.0));
    shares.iter_mut().for_each(|cell| *cell /= rows.max(1.0));
    shares
}

/// Targets as matrices: for single units and for pairs of units, 0 where nothing is known.
#[derive(Clone, Debug)]
pub(crate) struct Targets {
    /// Shares of the units of the columns.
    pub(crate) units: Vec<f32>,
    /// Shares of pairs of units, `[extended, extended]`, symmetric.
    pub(crate) pairs: Vec<f32>,
}

/// Targets of everything measured so far.
pub(crate) fn targets(
    layout: &Layout,
    columns: &[(Vec<f64>, f64)],
    measured: &[Measured],
    rows: f64,
) -> Targets {
    let combined = combined_columns(columns, measured, layout.levels(), rows);
    let size = layout.extended();
    let mut pairs = vec![0.0f32; size * size];
    let shares: Vec<Vec<f64>> = measured
        .par_iter()
        .map(|own| cell_shares(own, &combined, layout.levels(), rows))
        .collect();
    for (own, shares) in measured.iter().zip(shares) {
        let Some((first, second)) = layout.blocks(&own.attrs) else {
            continue;
        };
        for (i, row) in shares.chunks(second.len()).enumerate() {
            for (j, &share) in row.iter().enumerate() {
                let (a, b) = (first.start + i, second.start + j);
                pairs[a * size + b] = share as f32;
                pairs[b * size + a] = share as f32;
            }
        }
    }
    let units = combined.iter().flatten();
    Targets {
        units: units.map(|count| (count / rows.max(1.0)) as f32).collect(),
        pairs,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(cells: &[f64], sigma: f64) -> Measured {
        Measured {
            attrs: AttrSet::new([0, 1]),
            cells: cells.to_vec(),
            sigma,
        }
    }

    #[test]
    fn margins_are_sums() {
        let cells: Vec<f64> = (0..24).map(f64::from).collect();
        assert_eq!(margin(&cells, &[2, 3, 4], 0), [66.0, 210.0]);
        assert_eq!(margin(&cells, &[2, 3, 4], 1), [60.0, 92.0, 124.0]);
        assert_eq!(margin(&cells, &[2, 3, 4], 2), [60.0, 66.0, 72.0, 78.0]);
    }

    #[test]
    fn columns_weigh_measurements_by_their_precision() {
        // The pair's margin sums two cells: standard deviation 2 * sqrt 2; the column's is 1.
        // Weights 1/8 and 1.
        let columns = vec![(vec![60.0, 40.0], 1.0), (vec![50.0, 50.0], 1.0)];
        let measured = [pair(&[42.0, 36.0, 13.0, 9.0], 2.0)];
        let combined = combined_columns(&columns, &measured, &[2, 2], 100.0);
        let expected = (60.0 + 78.0 / 8.0) / (1.0 + 1.0 / 8.0);
        assert!((combined[0][0] - expected).abs() < 1e-9);
    }

    #[test]
    fn shares_agree_with_the_columns_and_are_shares() {
        let columns = vec![vec![70.0, 30.0], vec![40.0, 60.0]];
        let shares = cell_shares(
            &pair(&[20.0, 45.0, 25.0, 12.0], 5.0),
            &columns,
            &[2, 2],
            100.0,
        );
        assert!((shares[0] + shares[1] - 0.7).abs() < 1e-9);
        assert!((shares[0] + shares[2] - 0.4).abs() < 1e-9);
        let shares = cell_shares(
            &pair(&[-9.0, 80.0, 40.0, -3.0], 5.0),
            &columns,
            &[2, 2],
            100.0,
        );
        assert!(shares.iter().all(|&share| share >= 0.0));
        assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-9);
    }
}
