//! Least squares with detection of aliased columns.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2};

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
        let mut directions: Vec<Vec<f64>> = Vec::new();
        // Column k of R: the parts of kept column k along the directions up to its own.
        let mut triangle: Vec<Vec<f64>> = Vec::new();
        for position in 0..columns {
            let column = contiguous(design.index_axis_move(ndarray::Axis(1), position));
            let length = dot(&column, &column).sqrt();
            let mut rest = column.into_owned();
            let mut parts = vec![0.0; directions.len()];
            project_out(&mut rest, &directions, &mut parts);
            let left = dot(&rest, &rest).sqrt();
            // A column that is not a number has no length, and is left out as well.
            if left > TOLERANCE * length {
                rest.iter_mut().for_each(|r| *r /= left);
                parts.push(left);
                directions.push(rest);
                triangle.push(parts);
                kept.push(position);
            }
        }
        let rank = kept.len();
        if rows <= rank {
            return Err(LinalgError::TooFewRows { rows, rank });
        }
        let mut residuals = response.to_vec();
        let mut projections = vec![0.0; rank];
        project_out(&mut residuals, &directions, &mut projections);
        let mut coefficients = vec![None; columns];
        for (&position, value) in kept.iter().zip(back_substitute(&triangle, &projections)) {
            coefficients[position] = Some(value);
        }
        // The inverse of R, column by column; X'X is R'R.
        let inverse: Vec<Vec<f64>> = (0..rank)
            .map(|k| {
                let mut unit = vec![0.0; rank];
                unit[k] = 1.0;
                back_substitute(&triangle, &unit)
            })
            .collect();
        let inverse_gram = Array2::from_shape_fn((rank, rank), |(i, j)| {
            inverse.iter().map(|column| column[i] * column[j]).sum()
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

/// Subtracts the parts along orthonormal directions, twice, and adds them up in `parts`.
fn project_out(rest: &mut [f64], directions: &[Vec<f64>], parts: &mut [f64]) {
    for _ in 0..2 {
        for (sum, direction) in parts.iter_mut().zip(directions) {
            let part = dot(rest, direction);
            *sum += part;
            for (r, d) in rest.iter_mut().zip(direction) {
                *r -= part * d;
            }
        }
    }
}

/// Solves `R x = right`, where entry `(i, k)` of `R` is `triangle[k][i]`.
fn back_substitute(triangle: &[Vec<f64>], right: &[f64]) -> Vec<f64> {
    let rank = right.len();
    let mut solution = vec![0.0; rank];
    for i in (0..rank).rev() {
        let known: f64 = (i + 1..rank).map(|k| triangle[k][i] * solution[k]).sum();
        solution[i] = (right[i] - known) / triangle[i][i];
    }
    solution
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
