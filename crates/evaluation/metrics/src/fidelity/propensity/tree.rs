//! The classification tree that tells synthetic from real rows.

use parable_tree::{BinnedColumn, DecisionTree, GrowOptions, MAX_BINS, Response, Ties};

use crate::data::frame::{Data, Frame};

/// Most bins of a numeric column: splits are looked for between bins of equal counts, each distinct
/// number a bin of its own if they suffice.
const BINS: usize = 255;

/// All rows of both tables as bin numbers, real rows first.
#[derive(Debug)]
pub(super) struct Binned {
    pub(super) real: usize,
    pub(super) synthetic: usize,
    pub(super) names: Vec<String>,
    pub(super) columns: Vec<BinnedColumn>,
}

/// Splits between the root and a leaf at most.
const DEPTH: usize = 6;

impl Binned {
    pub(super) fn of(frame: &Frame, use_column: impl Fn(&str) -> bool) -> Self {
        let mut binned = Self {
            real: frame.rows.real,
            synthetic: frame.rows.synthetic,
            names: Vec::new(),
            columns: Vec::new(),
        };
        for column in frame.comparable().filter(|column| use_column(&column.name)) {
            let found = match &column.data {
                Data::Numbers(numbers) => bin_numbers(&numbers.real, &numbers.synthetic),
                // More levels than bins are names, which no split can generalise over.
                Data::Codes { labels, .. } if labels.len() >= MAX_BINS => continue,
                Data::Codes { labels, codes } => {
                    let stacked = codes.real.iter().chain(&codes.synthetic);
                    let bins = stacked.map(|&code| code as u16).collect();
                    match column.scale {
                        crate::ColumnScale::Ordinal => {
                            BinnedColumn::ordinal(bins, labels.len() + 1)
                        }
                        _ => BinnedColumn::nominal(bins, labels.len() + 1),
                    }
                }
            };
            if found.bins.windows(2).any(|pair| pair[0] != pair[1]) {
                binned.names.push(column.name.clone());
                binned.columns.push(found);
            }
        }
        binned
    }

    /// Grows a tree on these rows, of which `synthetic` is 1 for synthetic ones: at each node the
    /// split with the largest decrease of the Gini index; of equal splits the most even one, then
    /// the first.
    pub(super) fn grow(
        &self,
        synthetic: &[u32],
        rows: Vec<u32>,
        min_leaf_rows: usize,
    ) -> DecisionTree {
        let response = Response::Classes {
            codes: synthetic.to_vec(),
            count: 2,
        };
        // A split need not gain by itself: tables with the same columns and other relations differ
        // only below it.
        let options = GrowOptions::default()
            .with_min_leaf_rows(min_leaf_rows)
            .with_max_depth(DEPTH)
            .with_min_gain(-1.0)
            .with_ties(Ties::MostEven);
        DecisionTree::fit(&self.columns, rows, &response, &options)
    }

    /// The probability of being synthetic for every row.
    pub(super) fn predict(&self, tree: &DecisionTree) -> Vec<f64> {
        (0..self.real + self.synthetic)
            .map(|row| tree.predict(&self.columns, row)[1])
            .collect()
    }
}

/// Numbers as an ordered column whose bin 0 holds the missing ones, so that a cut can split them
/// off and they stay next to the smallest.
fn bin_numbers(real: &[f64], synthetic: &[f64]) -> BinnedColumn {
    let stacked = || real.iter().chain(synthetic).copied();
    let mut sorted: Vec<f64> = stacked().filter(|x| !x.is_nan()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let mut distinct = sorted.clone();
    distinct.dedup();
    let uppers: Vec<f64> = if distinct.len() <= BINS {
        distinct
    } else {
        let mut uppers: Vec<f64> = (1..=BINS)
            .map(|bin| sorted[bin * sorted.len() / BINS - 1])
            .collect();
        uppers.dedup();
        uppers
    };
    let codes = stacked()
        .map(|x| match x.is_nan() {
            true => 0,
            false => uppers.partition_point(|&upper| upper < x) as u16 + 1,
        })
        .collect();
    BinnedColumn::ordinal(codes, uppers.len() + 1)
}
