//! Denoising of a matrix that is nearly of low rank.

use ndarray::{ArrayViewMut2, Axis};
use parable_linalg::Svd;

/// Shrinks the singular values of a row-major matrix whose rows and columns sum to 0, to take out
/// noise of standard deviation `sigma` that each cell had before they were made to.
///
/// The expected squared error is least among all rules for singular values: for `y`, in units of
/// `sigma sqrt(n)`, `sqrt((y^2 - b - 1)^2 - 4 b) / y` above `1 + sqrt(b)` and 0 below (Gavish &
/// Donoho 2017, Frobenius loss). The sides that count are one less than those of the matrix, as
/// sums of 0 leave no more: `n` is the longer one less one, `b` the ratio of both.
///
/// # Panics
///
/// If the cells are not a whole number of rows.
pub(crate) fn shrink(cells: &mut [f64], columns: usize, sigma: f64) {
    let rows = cells.len() / columns;
    if sigma <= 0.0 || rows == 0 {
        return;
    }
    let mut matrix =
        ArrayViewMut2::from_shape((rows, columns), cells).expect("a whole number of rows");
    if rows.min(columns) < 2 {
        matrix.fill(0.0);
        return;
    }
    // Without a decomposition the counts stay as noisy as they are.
    let Ok(svd) = Svd::new(matrix.view()) else {
        return;
    };
    let (free, long) = (
        (rows.min(columns) - 1) as f64,
        (rows.max(columns) - 1) as f64,
    );
    let ratio = free / long;
    let unit = sigma * long.sqrt();
    let shrunk = svd.values.mapv(|value| {
        let y = value / unit;
        if y <= 1.0 + ratio.sqrt() {
            return 0.0;
        }
        let inner = (y * y - ratio - 1.0).powi(2) - 4.0 * ratio;
        value * inner.max(0.0).sqrt() / (y * y)
    });
    matrix.fill(0.0);
    for ((u, v), &value) in (svd.u.axis_iter(Axis(1)).zip(svd.v.axis_iter(Axis(1)))).zip(&shrunk) {
        if value > 0.0 {
            for (mut row, &x) in matrix.rows_mut().into_iter().zip(u) {
                row.scaled_add(value * x, &v);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use parable_seed::Seed;

    use super::*;

    #[test]
    fn without_noise_nothing_changes_in_either_shape() {
        for columns in [3, 8] {
            let cells: Vec<f64> = (0..24).map(|i| f64::from(i * i % 17)).collect();
            let mut shrunk = cells.clone();
            shrink(&mut shrunk, columns, 1e-9);
            for (a, b) in cells.iter().zip(&shrunk) {
                assert!((a - b).abs() < 1e-6, "{cells:?} {shrunk:?}");
            }
        }
    }

    #[test]
    fn noise_goes_and_a_relation_stays() {
        let mut rng = Seed::from_u64(2).rng();
        let truth: Vec<f64> = (0..20 * 30)
            .map(|i| 40.0 * (f64::from(i / 30) - 9.5) / 10.0 * ((f64::from(i % 30) - 14.5) / 15.0))
            .collect();
        let noisy: Vec<f64> = truth.iter().map(|t| t + 10.0 * rng.normal()).collect();
        let mut shrunk = noisy.clone();
        shrink(&mut shrunk, 30, 10.0);
        let error =
            |cells: &[f64]| -> f64 { cells.iter().zip(&truth).map(|(c, t)| (c - t).powi(2)).sum() };
        // One component of 20 + 30 numbers instead of 600: about a twelfth of the noise is left.
        assert!(error(&shrunk) < error(&noisy) / 6.0);
        let mut nothing: Vec<f64> = (0..600).map(|_| rng.normal()).collect();
        shrink(&mut nothing, 30, 1.2);
        assert!(nothing.iter().all(|&cell| cell == 0.0));
    }
}
