//! Bin edges that a fitted model keeps: only those at which a tree splits.

use parable_tree::{Node, Scale, SplitRule};

use crate::model::Sequence;

/// Removes the edges of each predictor at which no tree splits.
pub(crate) fn forget_unused_edges(model: &mut Sequence) {
    let mut cuts_of: Vec<Vec<&mut u16>> = model.features.iter().map(|_| Vec::new()).collect();
    for stage in &mut model.stages {
        for node in &mut stage.tree.nodes {
            if let Node::Split {
                feature,
                rule: SplitRule::Cut { last, .. },
                ..
            } = node
            {
                cuts_of[usize::from(*feature)].push(last);
            }
        }
        let linear = stage.effects.linear.iter_mut();
        for term in linear.flat_map(|linear| &mut linear.terms) {
            cuts_of[usize::from(term.feature)].extend(&mut term.cuts);
        }
    }
    for (index, mut cuts) in cuts_of.into_iter().enumerate() {
        let binning = &mut model.features[index].binning;
        let values = binning.values();
        if !matches!(binning.scale, Scale::Numeric { .. }) || model.arms == Some(index) {
            continue;
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
