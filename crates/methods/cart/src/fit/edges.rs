//! Bin edges that a fitted model keeps: only those at which a tree splits.

use parable_tree::{Node, Scale, SplitRule};

use crate::model::Sequence;

/// Removes the edges of each predictor at which no tree splits.
pub(crate) fn forget_unused_edges(model: &mut Sequence) {
    for index in 0..model.features.len() {
        let binning = &mut model.features[index].binning;
        let values = binning.values();
        if !matches!(binning.scale, Scale::Numeric { .. }) || model.arms == Some(index) {
            continue;
        }
        let mut cuts: Vec<&mut u16> = Vec::new();
        for stage in &mut model.stages {
            cuts.extend(stage.tree.nodes.iter_mut().filter_map(|node| match node {
                Node::Split {
                    feature,
                    rule: SplitRule::Cut { last, .. },
                    ..
                } if usize::from(*feature) == index => Some(last),
                _ => None,
            }));
            let terms = stage
                .effects
                .linear
                .iter_mut()
                .flat_map(|linear| &mut linear.terms);
            cuts.extend(
                terms
                    .filter(|term| usize::from(term.feature) == index)
                    .flat_map(|term| &mut term.cuts),
            );
        }
        // A cut behind the last bin separates values from missing reasons and needs no edge.
        let mut used: Vec<u16> = cuts
            .iter()
            .map(|last| **last)
            .filter(|&last| usize::from(last) + 1 < values)
            .collect();
        used.sort_unstable();
        used.dedup();
        for last in &mut cuts {
            **last = used.partition_point(|&bin| bin < **last) as u16;
        }
        binning.keep_edges(&used);
    }
}
