//! Predictors and the response of a tree.

use crate::binning::Binning;

/// A predictor of one tree.
#[derive(Clone, Copy, Debug)]
pub struct Predictor<'a> {
    /// Number that the nodes of the tree refer to it by.
    pub feature: u16,
    /// Meaning of the bins.
    pub binning: &'a Binning,
    /// Bin of each row of the table.
    pub bins: &'a [u16],
    /// Fewest rows on each side of a split on it, if more than in a leaf.
    pub min_rows: usize,
}

/// A predictor that owns its bins.
#[derive(Clone, Debug, PartialEq)]
pub struct BinnedColumn {
    /// Meaning of the bins.
    pub binning: Binning,
    /// Bin of each row of the table.
    pub bins: Vec<u16>,
}

impl BinnedColumn {
    /// Numbers in at most `max_bins` bins; NaN is missing.
    #[must_use]
    pub fn of_numbers(numbers: &[f64], max_bins: usize) -> Self {
        let binning = Binning::of_numbers(numbers, max_bins);
        let bins = binning.encode(numbers);
        Self { binning, bins }
    }

    /// Codes of this many levels with an order.
    #[must_use]
    pub fn ordinal(codes: Vec<u16>, levels: usize) -> Self {
        Self {
            binning: Binning::ordinal(levels, 0),
            bins: codes,
        }
    }

    /// Codes of this many levels without an order.
    #[must_use]
    pub fn nominal(codes: Vec<u16>, levels: usize) -> Self {
        Self {
            binning: Binning::nominal(levels, 0),
            bins: codes,
        }
    }

    /// Views the columns as predictors, numbered by position.
    #[must_use]
    pub fn predictors(columns: &[Self]) -> Vec<Predictor<'_>> {
        let numbered = columns.iter().zip(0..);
        numbered
            .map(|(column, feature)| Predictor {
                feature,
                binning: &column.binning,
                bins: &column.bins,
                min_rows: 1,
            })
            .collect()
    }
}

/// Response of a tree, by row of the table; rows that take no part hold a filler.
#[derive(Clone, Debug)]
pub enum Response {
    /// A number: splits reduce its variance.
    Numbers(Vec<f64>),
    /// A class: splits reduce the impurity of classes.
    Classes {
        /// Class of each row.
        codes: Vec<u32>,
        /// Number of classes.
        count: usize,
    },
}

impl Response {
    /// Replaces two classes by the numbers 0 and 1: the Gini impurity then chooses the same splits,
    /// at half the cost.
    #[must_use]
    pub fn two_classes_as_numbers(self) -> Self {
        match self {
            Self::Classes { codes, count } if count <= 2 => {
                Self::Numbers(codes.into_iter().map(f64::from).collect())
            }
            other => other,
        }
    }
}

/// A response as the search for splits reads it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target<'a> {
    Numbers(&'a [f64]),
    Classes(&'a [u32]),
}
