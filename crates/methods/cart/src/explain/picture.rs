//! Pictures of trees.

use parable_draw::{Tree, TreeNode, trees};
use parable_tree::Node;

use crate::explain::describe::rows_below;
use crate::model::{CartModel, Sequence, Stage};

impl CartModel {
    /// Draws the trees of a column as an SVG image, at most `max_depth` splits deep ("yes" to the
    /// left); `None` for a column without a tree.
    #[must_use]
    pub fn tree_svg(&self, column: &str, max_depth: usize) -> Option<String> {
        let positions = self.positions(column);
        let drawn = self.sequences.iter().flat_map(|sequence| {
            let stages = positions.iter().flat_map(|&at| sequence.of_column(at));
            stages.map(move |stage| picture(sequence, stage, max_depth))
        });
        trees(&drawn.collect::<Vec<_>>())
    }
}

fn picture(sequence: &Sequence, stage: &Stage, max_depth: usize) -> Tree {
    let summary = sequence.summary(stage);
    let rows = rows_below(stage);
    Tree {
        title: format!(
            "{}, {}: {} leaves, depth {}",
            summary.column, summary.part, summary.leaves, summary.depth
        ),
        root: picture_node(sequence, stage, &rows, 0, max_depth),
    }
}

/// A node with at most `depth` splits below it; deeper ones become `...`.
fn picture_node(
    sequence: &Sequence,
    stage: &Stage,
    rows: &[u32],
    node: usize,
    depth: usize,
) -> TreeNode {
    let count = format!("{} rows", rows[node]);
    match &stage.tree.nodes[node] {
        Node::Split {
            feature,
            rule,
            right,
        } if depth > 0 => {
            let (question, _) = sequence.question(*feature, rule);
            let below = |node| picture_node(sequence, stage, rows, node, depth - 1);
            TreeNode::leaf(question, count)
                .with_branch("yes", below(node + 1))
                .with_branch("no", below(*right as usize))
        }
        Node::Split { .. } => TreeNode::leaf(count, "..."),
        Node::Leaf(leaf) => TreeNode::leaf(count, sequence.leaf_text(stage, *leaf as usize)),
    }
}
