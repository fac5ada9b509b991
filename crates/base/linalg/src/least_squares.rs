//! Least squares with detection of aliased columns.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, s};

use crate::LinalgError;
use crate::products::{contiguous, dot};

/// Relative length below which the rest of a column counts as nothing (the tolerance of R's `lm`).
const TOLERANCE: f64 = 1e-7;

/// A linear model fitted by QR decomposition.
///
/// Columns are orthogonalised in order (Gram-Schmidt, done twice), so that of several dependent
/// columns the first ones get the coefficients, as in R's `lm`.
#[derive(Clone, Debug, PartialEq)]
pub struct LeastSquares {
    coefficients: Vec<Option<f64>>,
    kept: Vec<usize>,
    inverse_gram: Array2<f64>,
    residuals: Array1<f64>,
}

impl LeastSquares {
    /// Fits a response by the columns of a design (the first one usually all 1).
    ///
    /// # Errors
    ///
    /// [`LinalgError::ShapeMismatch`] for a response of another length than the design,
    /// [`LinalgError::TooFewRows`] if there are not more rows than columns that are not aliased.
    pub fn fit(
        design: ArrayView2<'_, f64>,
        response: ArrayView1<'_, f64>,
    ) -> Result<Self, LinalgError> {
        let (rows, columns) = design.dim();
        if response.len() != rows {
            let found = response.len();
            return Err(LinalgError::ShapeMismatch { rows, found });
        }
        let mut kept = Vec::new();
        // The rows of Q', one for each kept column.
        let mut directions = Array2::zeros((columns.min(rows), rows));
        // R: the parts of the kept columns along the directions up to their own.
        let mut triangle = Array2::zeros((columns, columns));
        for position in 0..columns {
            let column = contiguous(design.index_axis_move(Axis(1), position));
            let length = dot(&column, &column).sqrt();
            let mut rest = column.into_owned();
            let rank = kept.len();
            let parts = project_out(&mut rest, directions.slice(s![..rank, ..]));
            let left = dot(&rest, &rest).sqrt();
            // A column that is not a number has no length, and is left out as well.
            if left > TOLERANCE * length && rank < rows {
                rest.iter_mut().for_each(|r| *r /= left);
                triangle.slice_mut(s![..rank, rank]).assign(&parts);
                triangle[[rank, rank]] = left;
                directions.row_mut(rank).assign(&ArrayView1::from(&rest));
                kept.push(position);
            }
        }
        let rank = kept.len();
        if rows <= rank {
            return Err(LinalgError::TooFewRows { rows, rank });
        }
        let mut residuals = response.to_vec();
        let projections = project_out(&mut residuals, directions.slice(s![..rank, ..]));
        let triangle = triangle.slice(s![..rank, ..rank]);
        let mut coefficients = vec![None; columns];
        for (&position, &value) in kept.iter().zip(&back_substitute(triangle, projections)) {
            coefficients[position] = Some(value);
        }
        // The inverse of R, column by column; X'X is R'R.
        let mut inverse = Array2::<f64>::zeros((rank, rank));
        for k in 0..rank {
            let mut unit = Array1::zeros(rank);
            unit[k] = 1.0;
            inverse
                .column_mut(k)
                .assign(&back_substitute(triangle, unit));
        }
        let inverse_gram = Array2::from_shape_fn((rank, rank), |(i, j)| {
            let pairs = inverse.row(i).into_iter().zip(inverse.row(j));
            pairs.map(|(a, b)| a * b).sum()
        });
        Ok(Self {
            coefficients,
            kept,
            inverse_gram,
            residuals: Array1::from_vec(residuals),
        })
    }

    /// Returns one coefficient for each column; `None` where the columns before it determine it.
    pub fn coefficients(&self) -> &[Option<f64>] {
        &self.coefficients
    }

    /// Returns the positions of the columns that are not aliased, ascending.
    pub fn kept(&self) -> &[usize] {
        &self.kept
    }

    /// Returns the inverse of `X'X` of the kept columns.
    pub fn inverse_gram(&self) -> ArrayView2<'_, f64> {
        self.inverse_gram.view()
    }

    /// Returns the residual of each row.
    pub fn residuals(&self) -> ArrayView1<'_, f64> {
        self.residuals.view()
    }
}

/// Subtracts the parts along orthonormal directions (rows), twice, and returns them.
fn project_out(rest: &mut [f64], directions: ArrayView2<'_, f64>) -> Array1<f64> {
    let mut parts = Array1::zeros(directions.nrows());
    for _ in 0..2 {
        for (sum, direction) in parts.iter_mut().zip(directions.rows()) {
            let direction = contiguous(direction);
            let part = dot(rest, &direction);
            *sum += part;
            for (r, d) in rest.iter_mut().zip(direction.iter()) {
                *r -= part * d;
            }
        }
    }
    parts
}

/// Solves `R x = right` for an upper triangular matrix.
fn back_substitute(triangle: ArrayView2<'_, f64>, mut right: Array1<f64>) -> Array1<f64> {
    for i in (0..right.len()).rev() {
        let above = triangle.slice(s![i, i + 1..]);
        let known: f64 = above
            .iter()
            .zip(right.slice(s![i + 1..]))
            .map(|(r, x)| r * x)
            .sum();
        right[i] = (right[i] - known) / triangle[[i, i]];
    }
    right
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn a_line_is_found_with_its_textbook_error() {
        // y = 1 2 2 4 on x = 0..3: slope 0.9, intercept 0.9, residuals .1 .2 -.7 .4, sxx = 5.
        let design = array![[1.0, 0.0], [1.0, 1.0], [1.0, 2.0], [1.0, 3.0]];
        let response = array![1.0, 2.0, 2.0, 4.0];
        let fit = LeastSquares::fit(design.view(), response.view()).unwrap();
        assert!((fit.coefficients()[0].unwrap() - 0.9).abs() < 1e-14);
        assert!((fit.coefficients()[1].unwrap() - 0.9).abs() < 1e-14);
        assert!((fit.inverse_gram()[[1, 1]] - 0.2).abs() < 1e-14);
        let squares: f64 = fit.residuals().iter().map(|r| r * r).sum();
        assert!((squares - 0.7).abs() < 1e-14);
    }

    #[test]
    fn aliased_columns_have_no_coefficient() {
        let design = array![
            [1.0, 0.0, 5.0, 1.0],
            [1.0, 1.0, 7.0, 0.0],
            [1.0, 2.0, 9.0, 0.0],
            [1.0, 3.0, 11.0, 1.0],
            [1.0, 4.0, 13.0, 3.0],
        ];
        let response = array![1.0, 2.0, 3.5, 4.0, 7.0];
        let fit = LeastSquares::fit(design.view(), response.view()).unwrap();
        assert_eq!(fit.kept(), [0, 1, 3]);
        assert!(fit.coefficients()[2].is_none() && fit.coefficients()[3].is_some());
    }

    #[test]
    fn refuses_shapes_that_leave_no_residual() {
        let design = array![[1.0, 0.0], [1.0, 1.0]];
        let few = LeastSquares::fit(design.view(), array![1.0, 2.0].view());
        assert_eq!(few, Err(LinalgError::TooFewRows { rows: 2, rank: 2 }));
        let short = LeastSquares::fit(design.view(), array![1.0].view());
        assert_eq!(short, Err(LinalgError::ShapeMismatch { rows: 2, found: 1 }));
    }
}
