//! Eigenvalues and eigenvectors of symmetric matrices.

use faer::diag::Diag;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd::{ComputeEigenvectors, self_adjoint_evd, self_adjoint_evd_scratch};
use faer::{Mat, Par};
use ndarray::{Array1, Array2, ArrayView2};

use crate::LinalgError;

/// The decomposition `A = V diag(values) V'` of a symmetric matrix.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SymmetricEigen {
    /// Eigenvalues, largest first.
    pub values: Array1<f64>,
    /// Eigenvectors in the columns, in the order of the values, each of length 1 and with its
    /// largest entry (in absolute value) above 0.
    pub vectors: Array2<f64>,
}

impl SymmetricEigen {
    /// Decomposes a matrix, of which only the lower triangle is read, on one thread.
    ///
    /// # Errors
    ///
    /// [`LinalgError::NotSquare`], [`LinalgError::NotFinite`] and [`LinalgError::NotConverged`].
    pub fn new(matrix: ArrayView2<'_, f64>) -> Result<Self, LinalgError> {
        check(matrix)?;
        let n = matrix.nrows();
        if n == 0 {
            let (values, vectors) = (Array1::zeros(0), Array2::zeros((0, 0)));
            return Ok(Self { values, vectors });
        }
        let own = Mat::from_fn(n, n, |i, j| matrix[[i.max(j), i.min(j)]]);
        let mut vectors = Mat::zeros(n, n);
        let mut values = Diag::zeros(n);
        let scratch = self_adjoint_evd_scratch::<f64>(
            n,
            ComputeEigenvectors::Yes,
            Par::Seq,
            Default::default(),
        );
        self_adjoint_evd(
            own.as_ref(),
            values.as_mut(),
            Some(vectors.as_mut()),
            Par::Seq,
            MemStack::new(&mut MemBuffer::new(scratch)),
            Default::default(),
        )
        .map_err(|_| LinalgError::NotConverged)?;
        // Ascending from the library.
        let values = values.column_vector();
        Ok(Self {
            values: Array1::from_shape_fn(n, |i| values[n - 1 - i]),
            vectors: oriented(Array2::from_shape_fn((n, n), |(i, j)| {
                vectors[(i, n - 1 - j)]
            })),
        })
    }
}

/// Refuses matrices that no symmetric decomposition exists for.
pub(crate) fn check(matrix: ArrayView2<'_, f64>) -> Result<(), LinalgError> {
    let (rows, columns) = matrix.dim();
    if rows != columns {
        return Err(LinalgError::NotSquare { rows, columns });
    }
    let lower = |i: usize| matrix.row(i).into_iter().take(i + 1);
    match (0..rows).all(|i| lower(i).all(|x| x.is_finite())) {
        true => Ok(()),
        false => Err(LinalgError::NotFinite),
    }
}

/// Turns each column so that its largest entry is above 0.
pub(crate) fn oriented(mut vectors: Array2<f64>) -> Array2<f64> {
    for mut column in vectors.columns_mut() {
        if largest(column.iter().copied()) < 0.0 {
            column.mapv_inplace(|x| -x);
        }
    }
    vectors
}

/// The first of the entries with the largest absolute value, 0 for none.
pub(crate) fn largest(entries: impl Iterator<Item = f64>) -> f64 {
    entries.fold(0.0f64, |a, b| if b.abs() > a.abs() { b } else { a })
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn two_by_two_by_hand() {
        // Eigenvalues 3 and 1 along the diagonals; the upper triangle is not read.
        let found = SymmetricEigen::new(array![[2.0, f64::NAN], [1.0, 2.0]].view()).unwrap();
        assert!((found.values[0] - 3.0).abs() < 1e-12 && (found.values[1] - 1.0).abs() < 1e-12);
        let half = std::f64::consts::FRAC_1_SQRT_2;
        assert!((found.vectors[[0, 0]] - half).abs() < 1e-12);
        assert!((found.vectors[[1, 0]] - half).abs() < 1e-12);
    }

    #[test]
    fn refuses_what_has_no_eigenvalues() {
        let bad = array![[1.0, 0.0], [f64::NAN, 1.0]];
        assert_eq!(SymmetricEigen::new(bad.view()), Err(LinalgError::NotFinite));
        let wide = Array2::zeros((2, 3));
        let not_square = LinalgError::NotSquare {
            rows: 2,
            columns: 3,
        };
        assert_eq!(SymmetricEigen::new(wide.view()), Err(not_square));
        assert!(
            SymmetricEigen::new(Array2::zeros((0, 0)).view())
                .unwrap()
                .values
                .is_empty()
        );
    }
}
