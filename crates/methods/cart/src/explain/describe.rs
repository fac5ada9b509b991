//! Trees as text and figures.

use std::fmt::Write as _;

use parable_table::Schema;
use parable_tree::{Binning, Node, Scale, SplitRule};
use serde::Serialize;

use crate::model::{CartModel, Codebook, Part, Sequence, Source, Stage};

/// One tree of a [`CartModel`] in figures; several trees of one column together.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TreeSummary {
    /// Stratum, from 1 on, the largest first; `None` if there are no strata.
    pub stratum: Option<usize>,
    /// Column that the tree draws; for the size of clusters and for absent columns, the column of
    /// cluster identifiers.
    pub column: String,
    /// Part of the column: `value`, `missing reason`, `spike`, `rows per cluster`,
    /// `clusters per cluster`, `absent columns`.
    pub part: &'static str,
    /// Number of leaves.
    pub leaves: usize,
    /// Most splits between the root and a leaf.
    pub depth: usize,
    /// Share of the training rows that pass a split on each predictor, summed over splits and
    /// largest first.
    pub predictors: Vec<(String, f64)>,
    /// Intraclass correlation beyond the tree, by the column of cluster identifiers; for levels
    /// without an order on the logistic scale, the mean over levels.
    pub cluster_shares: Vec<(String, f64)>,
    /// Mean that each arm of the trial is drawn to have: of numbers and positions of levels, or the
    /// share of missing values or spikes.
    pub arm_means: Vec<Option<f64>>,
}

impl CartModel {
    /// The schema of the table that the sequences make.
    pub(crate) fn made(&self) -> &Schema {
        let first = self.sequences.first();
        first.map_or(&self.record.schema, |sequence| &sequence.common.schema)
    }

    /// Where a column stands in the table that the sequences make: once, or once for each row of a
    /// subject.
    pub(crate) fn positions(&self, column: &str) -> Vec<usize> {
        match (self.made().position(column), &self.shape) {
            (Some(position), _) => vec![position],
            (None, Some(shape)) => shape.places(&self.record.schema, column),
            (None, None) => Vec::new(),
        }
    }

    /// Returns the trees, in the order in which they draw.
    #[must_use]
    pub fn trees(&self) -> Vec<TreeSummary> {
        let mut all = Vec::new();
        for (index, sequence) in self.sequences.iter().enumerate() {
            let stratum = (self.sequences.len() > 1).then_some(index + 1);
            let trees = sequence.stages.iter().map(|stage| TreeSummary {
                stratum,
                ..sequence.summary(stage)
            });
            all.extend(trees);
        }
        all
    }

    /// Returns the trees of a column as indented text, at most `max_depth` splits deep; `None` for
    /// a column that no tree draws. A column of a panel has trees for each row of a subject. Of
    /// several trees of one column the first is shown.
    #[must_use]
    pub fn draw_tree(&self, column: &str, max_depth: usize) -> Option<String> {
        let positions = self.positions(column);
        let mut text = String::new();
        for (index, sequence) in self.sequences.iter().enumerate() {
            for stage in positions.iter().flat_map(|&at| sequence.of_column(at)) {
                let summary = sequence.summary(stage);
                let stratum = if self.sequences.len() > 1 {
                    format!("stratum {}, ", index + 1)
                } else {
                    String::new()
                };
                let trees = match stage.tree.roots.len() {
                    1 => String::new(),
                    trees => format!(" in {trees} trees, the first of which is"),
                };
                let _ = writeln!(
                    text,
                    "{}, {stratum}{}: {} leaves{trees}, depth {}",
                    summary.column, summary.part, summary.leaves, summary.depth
                );
                sequence.draw_node(stage, 0, 0, max_depth, &mut text);
            }
        }
        (!text.is_empty()).then_some(text)
    }
}

impl Sequence {
    /// The stages of a column that a tree draws.
    pub(crate) fn of_column(&self, position: usize) -> impl Iterator<Item = &Stage> {
        self.stages.iter().filter(move |stage| {
            stage.part.column() == Some(position) && !matches!(stage.part, Part::Formula(_))
        })
    }

    pub(crate) fn name(&self, column: usize) -> String {
        self.common.schema.fields()[column].name.clone()
    }

    pub(crate) fn feature_name(&self, feature: u16) -> String {
        let feature = &self.features[usize::from(feature)];
        match feature.source {
            Source::Column(column) => self.name(column),
            Source::Rows => format!("rows of {}", self.name(self.levels[feature.level].column)),
            Source::Children => format!(
                "clusters in {}",
                self.name(self.levels[feature.level].column)
            ),
        }
    }

    pub(crate) fn summary(&self, stage: &Stage) -> TreeSummary {
        let (part, column) = match stage.part {
            Part::Rows => ("rows per cluster", self.levels[stage.level].column),
            Part::Children => ("clusters per cluster", self.levels[stage.level].column),
            Part::Absences => ("absent columns", self.levels[stage.level].column),
            Part::Reason(column) => ("missing reason", column),
            Part::Spike(column) => ("spike", column),
            Part::Value(column) => ("value", column),
            Part::Formula(column) => ("formula", column),
        };
        let rows = rows_below(stage);
        let all: f64 = stage
            .tree
            .roots
            .iter()
            .map(|&root| f64::from(rows[root as usize]))
            .sum();
        let mut predictors: Vec<(String, f64)> = Vec::new();
        for (index, node) in stage.tree.nodes.iter().enumerate() {
            if let Node::Split { feature, .. } = node {
                let name = self.feature_name(*feature);
                let share = f64::from(rows[index]) / all;
                match predictors.iter_mut().find(|(known, _)| *known == name) {
                    Some((_, sum)) => *sum += share,
                    None => predictors.push((name, share)),
                }
            }
        }
        predictors.sort_by(|a, b| b.1.total_cmp(&a.1));
        TreeSummary {
            stratum: None,
            column: self.name(column),
            part,
            leaves: stage.tree.leaves.len(),
            depth: stage.tree.depth(),
            predictors,
            cluster_shares: stage
                .effects
                .common_parts()
                .into_iter()
                .zip(&self.levels)
                .map(|(share, level)| (self.name(level.column), share))
                .collect(),
            arm_means: stage.effects.arms.clone(),
        }
    }

    fn draw_node(
        &self,
        stage: &Stage,
        node: usize,
        depth: usize,
        max_depth: usize,
        text: &mut String,
    ) {
        let indent = "  ".repeat(depth + 1);
        let rows = rows_below(stage)[node];
        match &stage.tree.nodes[node] {
            Node::Split {
                feature,
                rule,
                right,
            } if depth < max_depth => {
                let (yes, no) = self.question(*feature, rule);
                let _ = writeln!(text, "{indent}{yes}");
                self.draw_node(stage, node + 1, depth + 1, max_depth, text);
                let _ = writeln!(text, "{indent}{no}");
                self.draw_node(stage, *right as usize, depth + 1, max_depth, text);
            }
            Node::Split { .. } => {
                let _ = writeln!(text, "{indent}... {rows} rows");
            }
            Node::Leaf(leaf) => {
                let _ = writeln!(
                    text,
                    "{indent}{rows} rows: {}",
                    self.leaf_text(stage, *leaf as usize)
                );
            }
        }
    }

    pub(crate) fn question(&self, feature: u16, rule: &SplitRule) -> (String, String) {
        let name = self.feature_name(feature);
        let feature = &self.features[usize::from(feature)];
        match (rule, &feature.binning.scale) {
            (SplitRule::Cut { last, missing }, Scale::Numeric { edges, .. }) => {
                let with = |left: bool| {
                    if (*missing != 0) == left {
                        " or missing"
                    } else {
                        ""
                    }
                };
                match edges.get(usize::from(*last)) {
                    Some(edge) => (
                        format!("{name} <= {edge}{}", with(true)),
                        format!("{name} > {edge}{}", with(false)),
                    ),
                    None => (format!("{name} present"), format!("{name} missing")),
                }
            }
            _ => {
                let level = |bin: usize| self.level_name(feature.source, &feature.binning, bin);
                let values = feature.binning.values();
                let left: Vec<String> = (0..feature.binning.bins())
                    .filter(|&bin| rule.goes_left(bin as u16, values))
                    .map(level)
                    .collect();
                let shown = if left.len() > 12 {
                    format!("{} and {} more", left[..12].join(", "), left.len() - 12)
                } else {
                    left.join(", ")
                };
                (
                    format!("{name} in {{{shown}}}"),
                    format!("{name} not in them"),
                )
            }
        }
    }

    fn level_name(&self, source: Source, binning: &Binning, bin: usize) -> String {
        let Source::Column(column) = source else {
            return bin.to_string();
        };
        let field = &self.common.schema.fields()[column];
        match bin.checked_sub(binning.values()) {
            Some(0) => "(absent)".to_owned(),
            Some(reason) => field
                .missing_codes
                .get(reason - 1)
                .map_or_else(String::new, |code| code.text.clone()),
            None => field
                .kind
                .levels()
                .and_then(|levels| levels.get(bin as u32))
                .map_or_else(|| bin.to_string(), ToOwned::to_owned),
        }
    }

    pub(crate) fn leaf_text(&self, stage: &Stage, leaf: usize) -> String {
        let leaves = &stage.tree.leaves;
        let all = f64::from(leaves.rows(leaf));
        let range = leaves.range(leaf);
        if let Codebook::Numbers(cells) = &stage.book {
            let at = |share: f64| {
                let (code, within) = leaves.at(leaf, share);
                cells.draw(code, within)
            };
            return format!("quartiles {} {} {}", at(0.25), at(0.5), at(0.75));
        }
        let mut before = 0;
        let mut shares: Vec<(f64, u32)> = range
            .map(|entry| {
                let count =
                    leaves.running[entry] - std::mem::replace(&mut before, leaves.running[entry]);
                (f64::from(count) / all, leaves.codes[entry])
            })
            .collect();
        shares.sort_by(|a, b| b.0.total_cmp(&a.0));
        let shown = shares.iter().take(5).map(|&(share, code)| {
            format!("{} {:.0} %", self.code_name(stage, code), share * 100.0)
        });
        shown.collect::<Vec<_>>().join(", ")
    }

    fn code_name(&self, stage: &Stage, code: u32) -> String {
        match (&stage.book, stage.part.column()) {
            (Codebook::Reasons(bytes), Some(column)) => match bytes[code as usize] {
                0 => "present".to_owned(),
                1 => "(absent)".to_owned(),
                byte => self.common.schema.fields()[column]
                    .missing_codes
                    .get(usize::from(byte) - 2)
                    .map_or_else(String::new, |code| code.text.clone()),
            },
            (Codebook::Spikes(spikes), _) => code
                .checked_sub(1)
                .map_or("another number".to_owned(), |s| {
                    spikes[s as usize].to_string()
                }),
            (Codebook::Codes(_), Some(column)) => self.common.schema.fields()[column]
                .kind
                .levels()
                .and_then(|levels| levels.get(code))
                .map_or_else(|| code.to_string(), ToOwned::to_owned),
            _ => code.to_string(),
        }
    }
}

/// Training rows below each node.
pub(crate) fn rows_below(stage: &Stage) -> Vec<u32> {
    let nodes = &stage.tree.nodes;
    let mut rows = vec![0u32; nodes.len()];
    for index in (0..nodes.len()).rev() {
        rows[index] = match &nodes[index] {
            Node::Leaf(leaf) => stage.tree.leaves.rows(*leaf as usize),
            Node::Split { right, .. } => rows[index + 1] + rows[*right as usize],
        };
    }
    rows
}
