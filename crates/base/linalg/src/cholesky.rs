//! Cholesky factorisation of symmetric positive definite matrices.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, s};

use crate::LinalgError;

/// Smallest share of a diagonal entry that must remain as pivot.
const LEAST_PIVOT: f64 = 1e-14;

/// The factorisation `A = L L'` of a symmetric positive definite matrix.
///
/// The additions are made in a fixed order: the same bits on any machine.
#[derive(Clone, Debug, PartialEq)]
pub struct Cholesky {
    /// The transpose of `L`: rows are contiguous, entries below the diagonal are 0.
    upper: Array2<f64>,
}

impl Cholesky {
    /// Factors a matrix, of which only the lower triangle is read.
    ///
    /// # Errors
    ///
    /// [`LinalgError::NotPositiveDefinite`] where a pivot is not above 1e-14 of its diagonal entry,
    /// [`LinalgError::NotSquare`] for a matrix of another shape.
    pub fn factor(matrix: ArrayView2<'_, f64>) -> Result<Self, LinalgError> {
        let (rows, columns) = matrix.dim();
        if rows != columns {
            return Err(LinalgError::NotSquare { rows, columns });
        }
        Self::with_pivots(matrix, |column, own, pivot| {
            if pivot > LEAST_PIVOT * own && pivot.is_finite() {
                Ok(pivot)
            } else {
                Err(LinalgError::NotPositiveDefinite { column })
            }
        })
    }

    /// Factors a matrix whose pivots are known to be above 0 but for rounding: smaller ones are
    /// raised to `least_pivot`. Only the lower triangle is read.
    ///
    /// # Errors
    ///
    /// [`LinalgError::NotSquare`] for a matrix that is not square.
    pub fn factor_clamped(
        matrix: ArrayView2<'_, f64>,
        least_pivot: f64,
    ) -> Result<Self, LinalgError> {
        let (rows, columns) = matrix.dim();
        if rows != columns {
            return Err(LinalgError::NotSquare { rows, columns });
        }
        Self::with_pivots(matrix, |_, _, pivot| Ok(pivot.max(least_pivot)))
    }

    fn with_pivots(
        matrix: ArrayView2<'_, f64>,
        pivot_of: impl Fn(usize, f64, f64) -> Result<f64, LinalgError>,
    ) -> Result<Self, LinalgError> {
        let p = matrix.nrows();
        let mut upper = Array2::zeros((p, p));
        let mut known = vec![0.0; p];
        for j in 0..p {
            let known = &mut known[j..];
            known.fill(0.0);
            for k in 0..j {
                let row: ArrayView1<'_, f64> = upper.slice(s![k, j..]);
                let own = row[0];
                for (known, other) in known.iter_mut().zip(row) {
                    *known += own * other;
                }
            }
            let own = matrix[[j, j]];
            let diagonal = pivot_of(j, own, own - known[0])?.sqrt();
            upper[[j, j]] = diagonal;
            for i in j + 1..p {
                upper[[j, i]] = (matrix[[i, j]] - known[i - j]) / diagonal;
            }
        }
        Ok(Self { upper })
    }

    /// Returns the lower triangular factor `L`.
    pub fn lower(&self) -> ArrayView2<'_, f64> {
        self.upper.t()
    }

    /// Solves `A x = right`.
    ///
    /// # Panics
    ///
    /// If `right` has another length than the matrix has rows.
    pub fn solve(&self, right: ArrayView1<'_, f64>) -> Array1<f64> {
        let p = self.upper.nrows();
        assert_eq!(right.len(), p, "a right-hand side as long as the matrix");
        let mut x = right.to_owned();
        let mut known = vec![0.0; p];
        for i in 0..p {
            x[i] = (x[i] - known[i]) / self.upper[[i, i]];
            let row = self.upper.slice(s![i, i + 1..]);
            for (known, other) in known[i + 1..].iter_mut().zip(row) {
                *known += other * x[i];
            }
        }
        for i in (0..p).rev() {
            let row = self.upper.slice(s![i, i + 1..]);
            let known: f64 = row
                .iter()
                .zip(x.slice(s![i + 1..]))
                .map(|(a, b)| a * b)
                .sum();
            x[i] = (x[i] - known) / self.upper[[i, i]];
        }
        x
    }

    /// Returns the inverse of the matrix.
    pub fn inverse(&self) -> Array2<f64> {
        let p = self.upper.nrows();
        let mut inverse = Array2::zeros((p, p));
        for column in 0..p {
            let mut unit = Array1::zeros(p);
            unit[column] = 1.0;
            inverse.column_mut(column).assign(&self.solve(unit.view()));
        }
        inverse
    }
}

/// Returns the columns of a design that earlier ones do not determine, from its cross products.
///
/// - `gram`: the cross products of the columns, see [`gram`](crate::gram)
/// - `tolerance`: smallest share of a column's squared length that must be left after projection on
///   the columns before it
pub fn independent_columns(gram: ArrayView2<'_, f64>, tolerance: f64) -> Vec<usize> {
    let p = gram.nrows();
    let mut kept: Vec<usize> = Vec::new();
    // One row of the factor for each kept column.
    let mut factor = Array2::<f64>::zeros((p, p));
    for i in 0..p {
        let rank = kept.len();
        let mut row = vec![0.0; rank];
        for (slot, &j) in kept.iter().enumerate() {
            let other = factor.row(slot);
            let known: f64 = row[..slot].iter().zip(other).map(|(a, b)| a * b).sum();
            row[slot] = (gram[[i, j]] - known) / factor[[slot, slot]];
        }
        let own = gram[[i, i]];
        let left = own - row.iter().map(|x| x * x).sum::<f64>();
        if left > tolerance * own {
            row.push(left.sqrt());
            factor
                .slice_mut(s![rank, ..=rank])
                .assign(&ArrayView1::from(&row));
            kept.push(i);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn solves_a_system_by_hand() {
        // [[4, 2], [2, 3]] x = [10, 9] has the solution [1.5, 2]; the upper triangle is not read.
        let factor = Cholesky::factor(array![[4.0, f64::NAN], [2.0, 3.0]].view()).unwrap();
        assert_eq!(factor.lower(), array![[2.0, 0.0], [1.0, 2f64.sqrt()]]);
        let x = factor.solve(array![10.0, 9.0].view());
        assert!((x[0] - 1.5).abs() < 1e-12 && (x[1] - 2.0).abs() < 1e-12);
        let inverse = factor.inverse();
        assert!((inverse[[0, 0]] - 0.375).abs() < 1e-12 && (inverse[[0, 1]] + 0.25).abs() < 1e-12);
    }

    #[test]
    fn names_the_column_that_is_not_positive() {
        for (matrix, column) in [
            (array![[1.0, 0.0], [2.0, 1.0]], 1),
            (array![[0.0, 0.0], [0.0, 1.0]], 0),
            (array![[1.0, 0.0], [1.0, 1.0]], 1),
            (array![[f64::NAN, 0.0], [1.0, 1.0]], 0),
            (array![[f64::INFINITY, 0.0], [1.0, 1.0]], 0),
        ] {
            let found = Cholesky::factor(matrix.view());
            assert_eq!(found, Err(LinalgError::NotPositiveDefinite { column }));
        }
        let wide = Array2::zeros((1, 2));
        let not_square = LinalgError::NotSquare {
            rows: 1,
            columns: 2,
        };
        assert_eq!(Cholesky::factor(wide.view()), Err(not_square));
        assert_eq!(Cholesky::factor_clamped(wide.view(), 1.0), Err(not_square));
    }

    #[test]
    fn a_clamped_pivot_is_the_least_one() {
        let factor = Cholesky::factor_clamped(array![[1.0, 0.0], [1.0, 1.0]].view(), 0.25).unwrap();
        assert_eq!(factor.lower(), array![[1.0, 0.0], [1.0, 0.5]]);
    }

    #[test]
    fn columns_that_earlier_ones_determine_are_left_out() {
        // Third = first + second.
        let gram = array![[2.0, 1.0, 3.0], [1.0, 2.0, 3.0], [3.0, 3.0, 6.0]];
        assert_eq!(independent_columns(gram.view(), 1e-9), [0, 1]);
        assert_eq!(
            independent_columns(Array2::zeros((2, 2)).view(), 1e-9),
            [0usize; 0]
        );
    }
}
