//! Schools, classes and other groups of rows.

use serde::{Deserialize, Serialize};

use super::{HistogramCell, Sides};
use crate::Undefined;

/// What became of the groups that one cluster column names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ClusterSection {
    /// The cluster column.
    pub column: String,
    /// How many clusters there are.
    pub clusters: Sides<u64>,
    /// Mean number of rows per cluster.
    pub mean_size: Sides<Option<f64>>,
    /// Clusters by number of rows, in bands of doubling width (1, 2-3, 4-7, ...).
    pub sizes: Vec<HistogramCell>,
    /// Total variation distance of the two distributions of cluster sizes over these bands.
    pub size_tvd: Option<f64>,
    /// Share of clusters whose rows are all in one arm; 1 in a cluster-randomised trial. `None`
    /// without a treatment column or clusters.
    pub in_one_arm: Sides<Option<f64>>,
    /// How alike rows of one cluster are, for each numeric column.
    pub icc: Vec<Icc>,
    /// Columns that are constant within nearly all (99 %) real clusters, and whether they still
    /// are.
    pub constancy: Vec<Constancy>,
}

/// The intraclass correlation of one column: one-way analysis of variance estimate, below 0 when
/// rows of a cluster differ more than strangers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Icc {
    /// The numeric column.
    pub column: String,
    /// Its role.
    pub role: String,
    /// The estimate in each table.
    pub icc: Sides<Option<f64>>,
    /// Synthetic minus real.
    pub difference: Option<f64>,
    /// Rows with a value and a cluster.
    pub rows: Sides<u64>,
    /// Why an estimate is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Undefined>,
}

/// Whether a column is constant within clusters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Constancy {
    /// The column.
    pub column: String,
    /// Share of clusters in which the column has one value (missing counts as one).
    pub share: Sides<Option<f64>>,
}
