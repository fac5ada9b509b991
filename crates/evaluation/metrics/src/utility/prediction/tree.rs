//! Trees and forests: features as they read them, and how they are grown.

use parable_tree::{BinnedColumn, ForestOptions, GrowOptions, Response};

use crate::data::features::{Feature, Features};

/// The features as predictors. Missing values are bin 0 of them: one end of a number, a level of
/// its own elsewhere.
pub(super) fn columns(data: &Features) -> Vec<BinnedColumn> {
    let column = |feature: &Feature| {
        let bins = feature.bins.iter().map(|&bin| u16::from(bin)).collect();
        match feature.ordered {
            true => BinnedColumn::ordinal(bins, feature.bin_count),
            false => BinnedColumn::nominal(bins, feature.bin_count),
        }
    };
    data.features.iter().map(column).collect()
}

/// One tree of depth 6.
pub(super) fn single() -> ForestOptions<'static> {
    ForestOptions::default()
        .with_trees(1)
        .with_bootstrap(false)
        .with_tree(options(1, 6))
}

/// A hundred trees, each split looking at the square root of the columns (classes) or a third of
/// them (numbers), as Breiman (2001) has it; leaves of at least 3 and 5 rows.
pub(super) fn many(response: &Response, columns: usize) -> ForestOptions<'static> {
    let min_leaf_rows = match response {
        Response::Classes { .. } => 3,
        Response::Numbers(_) => 5,
    };
    ForestOptions::breiman(response, columns).with_tree(options(min_leaf_rows, 40))
}

/// A split need not gain by itself: the best one is taken until leaves are pure or too small.
fn options(min_leaf_rows: usize, max_depth: usize) -> GrowOptions<'static> {
    GrowOptions::default()
        .with_min_leaf_rows(min_leaf_rows)
        .with_max_depth(max_depth)
        .with_min_gain(-1.0)
}
