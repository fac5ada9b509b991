//! The same decompositions by LAPACK, through `ndarray-linalg` and the OpenBLAS of the system.

use ndarray::{Array2, ArrayView2, s};
use ndarray_linalg::{Cholesky as _, Eigh, JobSvd, SVDDC, UPLO};

use crate::eigen::{check, oriented};
use crate::{LinalgError, Svd, SymmetricEigen};

/// Returns the lower Cholesky factor, see [`Cholesky::factor`](crate::Cholesky::factor).
///
/// # Errors
///
/// [`LinalgError::NotPositiveDefinite`] for column 0 (LAPACK's column is not passed on),
/// [`LinalgError::NotSquare`] and [`LinalgError::NotFinite`].
pub fn cholesky(matrix: ArrayView2<'_, f64>) -> Result<Array2<f64>, LinalgError> {
    check(matrix)?;
    matrix
        .cholesky(UPLO::Lower)
        .map_err(|_| LinalgError::NotPositiveDefinite { column: 0 })
}

/// Decomposes a symmetric matrix, see [`SymmetricEigen::new`].
///
/// # Errors
///
/// As there.
pub fn symmetric_eigen(matrix: ArrayView2<'_, f64>) -> Result<SymmetricEigen, LinalgError> {
    check(matrix)?;
    let (values, vectors) = matrix
        .eigh(UPLO::Lower)
        .map_err(|_| LinalgError::NotConverged)?;
    Ok(SymmetricEigen {
        values: values.slice(s![..;-1]).to_owned(),
        vectors: oriented(vectors.slice(s![.., ..;-1]).to_owned()),
    })
}

/// Computes singular values and vectors, see [`Svd::new`].
///
/// # Errors
///
/// As there.
pub fn svd(matrix: ArrayView2<'_, f64>) -> Result<Svd, LinalgError> {
    if !matrix.iter().all(|x| x.is_finite()) {
        return Err(LinalgError::NotFinite);
    }
    let (u, values, vt) = matrix
        .to_owned()
        .svddc(JobSvd::Some)
        .map_err(|_| LinalgError::NotConverged)?;
    let (Some(u), Some(vt)) = (u, vt) else {
        return Err(LinalgError::NotConverged);
    };
    Ok(Svd::oriented(u, values, vt.reversed_axes()))
}
