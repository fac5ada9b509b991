//! Both tables on a plane.

use serde::{Deserialize, Serialize};

use super::Sides;

/// Both tables on the plane on which the real one varies most (principal components), as counts
/// over a grid: no row is shown by itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Projection {
    /// What the plane is made of: columns, or `column = level`.
    pub terms: Vec<String>,
    /// How each term enters the two axes.
    pub loadings: Vec<[f64; 2]>,
    /// Share of the real variance along each axis.
    pub explained: [f64; 2],
    /// Edges of the grid along the first axis; rows beyond its ends count in the outermost cells.
    pub x: Vec<f64>,
    /// Edges along the second axis.
    pub y: Vec<f64>,
    /// Rows in each cell: one list for each step along the second axis.
    pub counts: Sides<Vec<Vec<u64>>>,
}
