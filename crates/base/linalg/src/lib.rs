//! Dense linear algebra and order statistics on [`ndarray`].
//!
//! - [`Cholesky`]: factor, solve and invert a symmetric positive definite matrix.
//! - [`SymmetricEigen`] and [`Svd`]: spectral decompositions.
//! - [`LeastSquares`]: linear regression with aliased columns found in order, as R's `lm` does.
//! - [`quantile`] (type 7) and [`order_statistic`] (type 1); [`mean`], [`variance`],
//!   [`covariance`], [`correlation`].
//!
//! Results do not depend on the number of threads. [`Cholesky`], [`LeastSquares`] and the
//! statistics are plain loops in a fixed order, so that a method can promise the same bytes on any
//! machine; [`SymmetricEigen`] and [`Svd`] are computed by `faer`, whose last bits depend on the
//! vector instructions of the processor. Feature `lapack` adds the same decompositions by LAPACK.
//!
//! ```
//! use ndarray::{array, Array1};
//! use parable_linalg::{Cholesky, LeastSquares};
//!
//! let factor = Cholesky::factor(array![[4.0, 2.0], [2.0, 3.0]].view())?;
//! let x: Array1<f64> = factor.solve(array![10.0, 9.0].view());
//! assert!((x[0] - 1.5).abs() < 1e-12 && (x[1] - 2.0).abs() < 1e-12);
//!
//! // The third column is twice the second: it has no coefficient of its own.
//! let design = array![[1.0, 0.0, 0.0], [1.0, 1.0, 2.0], [1.0, 2.0, 4.0], [1.0, 3.0, 6.0]];
//! let fit = LeastSquares::fit(design.view(), array![1.0, 2.0, 2.0, 4.0].view())?;
//! assert_eq!(fit.coefficients()[2], None);
//! assert!((fit.coefficients()[1].unwrap() - 0.9).abs() < 1e-12);
//! # Ok::<(), parable_linalg::LinalgError>(())
//! ```

mod cholesky;
mod eigen;
mod error;
#[cfg(feature = "lapack")]
pub mod lapack;
mod least_squares;
mod moments;
mod products;
mod quantile;
mod svd;

pub use cholesky::{Cholesky, independent_columns};
pub use eigen::SymmetricEigen;
pub use error::LinalgError;
pub use least_squares::LeastSquares;
pub use moments::{correlation, covariance, mean, variance};
pub use products::{dot, gram, gram_of_columns};
pub use quantile::{order_statistic, quantile};
pub use svd::Svd;
