//! Errors between marginals and records.

use parable_domain::{AttrSet, DomainError};

/// A question that a model cannot answer, or measurements that make none.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// The attributes do not fit the domain.
    #[error(transparent)]
    Domain(#[from] DomainError),
    /// The model would need more cells than allowed; nothing was allocated.
    #[error(
        "the model needs {cells} cells ({bytes} bytes), above the limit of {limit}; its largest clique joins {clique} with {clique_cells} cells{advice}"
    )]
    TooLarge {
        /// Cells of all cliques.
        cells: u128,
        /// Bytes of all cliques.
        bytes: u128,
        /// Most cells allowed.
        limit: u64,
        /// The names of the attributes of the largest clique.
        clique: String,
        /// Cells of the largest clique.
        clique_cells: u128,
        /// What would help, as the end of the sentence; empty when nothing in the question can be
        /// left out.
        advice: String,
    },
    /// A table with another number of cells than its attributes have combinations.
    #[error("the table over {attrs} needs {expected} cells and has {found}")]
    CellCount {
        /// The attributes.
        attrs: AttrSet,
        /// Cells there should be.
        expected: u128,
        /// Cells there are.
        found: usize,
    },
    /// A number that cannot be a measurement.
    #[error("the measurement over {attrs} holds {what} at cell {cell}")]
    BadMeasurement {
        /// The attributes.
        attrs: AttrSet,
        /// What is wrong.
        what: &'static str,
        /// The cell, from 0.
        cell: usize,
    },
    /// Rules that leave no combination, or values that cannot occur together.
    #[error("no combination of {attrs} is possible under the rules and values given")]
    Impossible {
        /// Attributes where it shows.
        attrs: AttrSet,
    },
    /// Two models whose attributes differ.
    #[error("the model to start from has other attributes")]
    OtherDomain,
    /// More rows than can be made at once.
    #[error("{rows} rows are more than the {limit} that can be made at once")]
    TooManyRows {
        /// Rows asked for.
        rows: usize,
        /// Rows possible.
        limit: usize,
    },
    /// Given columns that do not fit the domain or each other.
    #[error("given column {attr}: {problem}")]
    Given {
        /// The attribute.
        attr: u32,
        /// What is wrong.
        problem: &'static str,
    },
}
