//! Inner products and matrices of cross products.

use std::borrow::Cow;

use ndarray::{Array2, ArrayView1, ArrayView2};
use rayon::prelude::*;

/// Rows per block of sums: blocks are added in order, so that threads do not change the result.
const BLOCK: usize = 4096;

/// Returns the inner product of two slices, in eight running sums that fill vector registers.
///
/// The order of the additions is fixed. The longer slice is read as far as the shorter one.
pub fn dot(x: &[f64], y: &[f64]) -> f64 {
    let mut sums = [0.0f64; 8];
    let (x_chunks, y_chunks) = (x.chunks_exact(8), y.chunks_exact(8));
    let tail: f64 = x_chunks
        .remainder()
        .iter()
        .zip(y_chunks.remainder())
        .map(|(a, b)| a * b)
        .sum();
    for (a, b) in x_chunks.zip(y_chunks) {
        for lane in 0..8 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum::<f64>() + tail
}

/// Returns the weighted cross products `X' W X` of the columns of a design.
///
/// - `design`: one row per observation; fastest where columns are contiguous
/// - `weights`: one per observation
///
/// # Panics
///
/// If there are not as many weights as rows.
pub fn gram(design: ArrayView2<'_, f64>, weights: &[f64]) -> Array2<f64> {
    let columns: Vec<Cow<'_, [f64]>> = design.columns().into_iter().map(contiguous).collect();
    let columns: Vec<&[f64]> = columns.iter().map(|column| &**column).collect();
    assert_eq!(
        design.nrows(),
        weights.len(),
        "a weight for each row of the design"
    );
    gram_of_columns(&columns, weights)
}

/// Returns the weighted cross products `X' diag(w) X` of these columns, as [`gram`] does for the
/// columns of a matrix; nothing is copied.
///
/// # Panics
///
/// If a column has not as many entries as there are weights.
pub fn gram_of_columns(columns: &[&[f64]], weights: &[f64]) -> Array2<f64> {
    let (n, p) = (weights.len(), columns.len());
    assert!(
        columns.iter().all(|column| column.len() == n),
        "a weight for each row of the design"
    );
    let blocks: Vec<Array2<f64>> = (0..n.div_ceil(BLOCK))
        .into_par_iter()
        .map(|block| {
            let rows = block * BLOCK..((block + 1) * BLOCK).min(n);
            let weights = &weights[rows.clone()];
            let mut sums = Array2::zeros((p, p));
            let mut weighted = vec![0.0; weights.len()];
            for (i, own) in columns.iter().enumerate() {
                for ((out, x), w) in weighted.iter_mut().zip(&own[rows.clone()]).zip(weights) {
                    *out = x * w;
                }
                for (j, other) in columns[..=i].iter().enumerate() {
                    sums[[i, j]] = dot(&weighted, &other[rows.clone()]);
                }
            }
            sums
        })
        .collect();
    let mut total = Array2::zeros((p, p));
    for block in &blocks {
        total += block;
    }
    mirror(&mut total);
    total
}

/// Copies the lower triangle to the upper one.
pub(crate) fn mirror(matrix: &mut Array2<f64>) {
    for i in 0..matrix.nrows() {
        for j in 0..i {
            matrix[[j, i]] = matrix[[i, j]];
        }
    }
}

/// The entries of a view as a slice, copied only where they are not contiguous.
pub(crate) fn contiguous(view: ArrayView1<'_, f64>) -> Cow<'_, [f64]> {
    match view.to_slice() {
        Some(slice) => Cow::Borrowed(slice),
        None => Cow::Owned(view.to_vec()),
    }
}
