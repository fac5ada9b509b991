//! Singular value decomposition.

use faer::diag::Diag;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::svd::{ComputeSvdVectors, svd, svd_scratch};
use faer::{Mat, Par};
use ndarray::{Array1, Array2, ArrayView2};

use crate::LinalgError;
use crate::eigen::largest;

/// The thin decomposition `A = U diag(values) V'`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Svd {
    /// Left singular vectors in the columns, each with its largest entry above 0.
    pub u: Array2<f64>,
    /// Singular values, largest first; as many as the shorter side of the matrix.
    pub values: Array1<f64>,
    /// Right singular vectors in the columns.
    pub v: Array2<f64>,
}

impl Svd {
    /// Decomposes a matrix on one thread.
    ///
    /// # Errors
    ///
    /// [`LinalgError::NotFinite`] and [`LinalgError::NotConverged`].
    pub fn new(matrix: ArrayView2<'_, f64>) -> Result<Self, LinalgError> {
        if !matrix.iter().all(|x| x.is_finite()) {
            return Err(LinalgError::NotFinite);
        }
        let (m, n) = matrix.dim();
        let size = m.min(n);
        if size == 0 {
            let empty = |rows| Array2::zeros((rows, 0));
            return Ok(Self::oriented(empty(m), Array1::zeros(0), empty(n)));
        }
        let own = Mat::from_fn(m, n, |i, j| matrix[[i, j]]);
        let (mut u, mut v) = (Mat::zeros(m, size), Mat::zeros(n, size));
        let mut values = Diag::zeros(size);
        let thin = ComputeSvdVectors::Thin;
        let scratch = svd_scratch::<f64>(m, n, thin, thin, Par::Seq, Default::default());
        svd(
            own.as_ref(),
            values.as_mut(),
            Some(u.as_mut()),
            Some(v.as_mut()),
            Par::Seq,
            MemStack::new(&mut MemBuffer::new(scratch)),
            Default::default(),
        )
        .map_err(|_| LinalgError::NotConverged)?;
        let values = values.column_vector();
        Ok(Self::oriented(
            Array2::from_shape_fn((m, size), |(i, j)| u[(i, j)]),
            Array1::from_shape_fn(size, |i| values[i]),
            Array2::from_shape_fn((n, size), |(i, j)| v[(i, j)]),
        ))
    }

    /// Turns each pair of vectors so that the largest entry of the left one is above 0.
    pub(crate) fn oriented(mut u: Array2<f64>, values: Array1<f64>, mut v: Array2<f64>) -> Self {
        for (mut left, mut right) in u.columns_mut().into_iter().zip(v.columns_mut()) {
            if largest(left.iter().copied()) < 0.0 {
                left.mapv_inplace(|x| -x);
                right.mapv_inplace(|x| -x);
            }
        }
        Self { u, values, v }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn a_matrix_of_rank_one_by_hand() {
        // [3, 4]' [1, 2, 2] has the singular value 5 * 3.
        let found = Svd::new(array![[3.0, 6.0, 6.0], [4.0, 8.0, 8.0]].view()).unwrap();
        assert!((found.values[0] - 15.0).abs() < 1e-12 && found.values[1].abs() < 1e-12);
        assert!((found.u[[0, 0]] - 0.6).abs() < 1e-12);
        assert!((found.v[[2, 0]] - 2.0 / 3.0).abs() < 1e-12);
        let bad = array![[f64::INFINITY]];
        assert_eq!(Svd::new(bad.view()), Err(LinalgError::NotFinite));
        assert!(
            Svd::new(Array2::zeros((0, 3)).view())
                .unwrap()
                .values
                .is_empty()
        );
    }
}
