//! Errors of decompositions and regressions.

/// A decomposition or regression that has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LinalgError {
    /// A pivot of a Cholesky factorisation is not above zero, or not a number.
    #[error("the matrix is not positive definite: column {column} depends on those before it")]
    NotPositiveDefinite {
        /// The column at which the factorisation ends, from 0.
        column: usize,
    },
    /// A matrix that must be square is not.
    #[error("the matrix has {rows} rows and {columns} columns, but must be square")]
    NotSquare {
        /// Rows of the matrix.
        rows: usize,
        /// Columns of the matrix.
        columns: usize,
    },
    /// Two operands do not fit together.
    #[error("the design has {rows} rows, but the response has {found}")]
    ShapeMismatch {
        /// Rows of the design.
        rows: usize,
        /// Length of the response.
        found: usize,
    },
    /// An entry is infinite or not a number.
    #[error("the matrix has an entry that is not finite")]
    NotFinite,
    /// An iteration reached its limit.
    #[error("the decomposition did not converge")]
    NotConverged,
    /// A regression has no degrees of freedom left.
    #[error("{rows} rows do not determine {rank} coefficients and a residual variance")]
    TooFewRows {
        /// Rows of the design.
        rows: usize,
        /// Columns that are not aliased.
        rank: usize,
    },
}
