//! Errors of domains, codes and queries.

use crate::AttrSet;

/// A domain that contradicts itself, or codes that do not fit one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DomainError {
    /// An attribute without levels.
    #[error("attribute `{attr}` has no levels")]
    NoLevels {
        /// Its name.
        attr: String,
    },
    /// Two attributes with one name.
    #[error("the name `{attr}` stands for two attributes")]
    DuplicateName {
        /// The name.
        attr: String,
    },
    /// A position beyond the last attribute.
    #[error("attribute {attr} does not exist: the domain has {attrs}")]
    UnknownAttr {
        /// The position, from 0.
        attr: u32,
        /// The number of attributes.
        attrs: usize,
    },
    /// Not one column per attribute.
    #[error("the domain has {expected} attributes, the codes {found} columns")]
    ColumnCount {
        /// Attributes.
        expected: usize,
        /// Columns.
        found: usize,
    },
    /// Columns of different lengths.
    #[error("attribute `{attr}` has {found} rows, the first one {expected}")]
    RowCount {
        /// The attribute.
        attr: String,
        /// Rows of the first column.
        expected: usize,
        /// Rows of this one.
        found: usize,
    },
    /// A code that is no level.
    #[error("attribute `{attr}`, row {row}: the code is not below the number of levels, {levels}")]
    UnknownCode {
        /// The attribute.
        attr: String,
        /// The row, from 1.
        row: usize,
        /// The number of levels.
        levels: u32,
    },
    /// Counts with another number of cells than their attributes have combinations.
    #[error("counts over {attrs} need {expected} cells and have {found}")]
    CellCount {
        /// The attributes.
        attrs: AttrSet,
        /// Cells there should be.
        expected: u128,
        /// Cells there are.
        found: usize,
    },
}

/// A query for counts that failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The query does not fit the domain.
    #[error(transparent)]
    Domain(#[from] DomainError),
    /// A marginal with more cells than a source allows.
    #[error("the marginal over {attrs} has {cells} cells, above the limit of {limit}")]
    TooManyCells {
        /// The attributes.
        attrs: AttrSet,
        /// Cells it has.
        cells: u128,
        /// Most cells.
        limit: u64,
    },
    /// The source does not hold this marginal.
    #[error("no held marginal covers {attrs}")]
    NotHeld {
        /// The attributes.
        attrs: AttrSet,
    },
    /// The source counts other attributes or levels than the query expects.
    #[error("the attributes and levels of the source are not those of the table")]
    OtherDomain,
    /// The source answered with counts of another shape.
    #[error("the source answered a question about {attrs} with counts of another shape")]
    Shape {
        /// The attributes of the query.
        attrs: AttrSet,
    },
    /// An engine outside this workspace could not answer.
    #[error("the engine could not count")]
    Engine {
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
