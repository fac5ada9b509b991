//! Statistical learning on matrices: regression, classification, clustering, projection.
//!
//! - [`LogisticRegression`]: maximum likelihood, with aliased terms and separation detected.
//! - [`PenalisedLogistic`] and [`penalised_least_squares`]: ridge-penalised fits on [`SparseRows`].
//! - [`Ridge`] and [`SoftmaxRegression`]: penalised fits on dense rows.
//! - [`SvmDual`]: support vector machines with any kernel.
//! - [`Pca`], [`KMeans`], [`fit_gaussian_mixture`].
//!
//! Everything takes matrices and codes, no tables. Results are the same on any number of threads;
//! what is random takes a seed.
//!
//! ```
//! use ndarray::array;
//! use parable_learn::LogisticRegression;
//!
//! // 3 of 4 against 1 of 4: the log odds ratio is ln 9.
//! let x = [1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0];
//! let design = ndarray::Array2::from_shape_fn((8, 2), |(row, term)| [1.0, x[row]][term]);
//! let labels = [1.0, 1.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0];
//! let fit = LogisticRegression::new().fit(design.view(), &labels)?;
//! assert!(fit.converged && fit.separated.is_empty());
//! assert!((fit.coefficients[1] - 9f64.ln()).abs() < 1e-9);
//! # Ok::<(), parable_learn::LearnError>(())
//! ```

mod error;
mod k_means;
mod logistic;
mod mixture;
mod pca;
mod penalised;
mod ridge;
mod softmax;
mod sparse;
mod svm;

pub use error::LearnError;
pub use k_means::{Clustering, KMeans, MixedRows};
pub use logistic::{LogisticFit, LogisticRegression};
pub use mixture::{GaussianComponent, fit_gaussian_mixture};
pub use pca::Pca;
pub use penalised::{PenalisedLogistic, penalised_least_squares};
pub use ridge::Ridge;
pub use softmax::SoftmaxRegression;
pub use sparse::SparseRows;
pub use svm::SvmDual;
