//! Importance of predictors.

use parable_tree::Node;
use serde::Serialize;

use crate::model::{CartModel, Codebook, Sequence, Stage};

/// Importance of the predictors of one column of a [`CartModel`].
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Importance {
    /// The column.
    pub column: String,
    /// Share of the column's variation that its trees explain on the training rows: of the variance
    /// for numbers and ordered levels, of the Gini impurity for others. Deep trees explain chance
    /// too, so this is an upper bound.
    pub explained: f64,
    /// Share of each predictor in what is explained, largest first; together 1 if anything is.
    pub predictors: Vec<(String, f64)>,
}

impl CartModel {
    /// Returns, for every column in the order of the schema (those of a panel row by row), its
    /// predictors by how much of its variation splits on them remove. Columns that nothing predicts
    /// have none. Trees of one column (missing reasons, spikes, values) and strata count by their
    /// rows.
    #[must_use]
    pub fn importance(&self) -> Vec<Importance> {
        let fields = self.made().fields().iter().enumerate();
        fields
            .map(|(position, field)| {
                let (mut all, mut removed) = (0.0, 0.0);
                let mut predictors: Vec<(String, f64)> = Vec::new();
                for sequence in &self.sequences {
                    for stage in sequence.of_column(position) {
                        let gains = sequence.gains(stage);
                        // Each tree counts by its rows: scales of reasons and values have nothing
                        // in common.
                        all += gains.rows;
                        for (name, share) in gains.shares {
                            removed += share * gains.rows;
                            match predictors.iter_mut().find(|(known, _)| *known == name) {
                                Some((_, sum)) => *sum += share * gains.rows,
                                None => predictors.push((name, share * gains.rows)),
                            }
                        }
                    }
                }
                for (_, share) in &mut predictors {
                    *share /= if removed > 0.0 { removed } else { 1.0 };
                }
                predictors.retain(|(_, share)| *share > 0.0);
                predictors.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
                Importance {
                    column: field.name.clone(),
                    explained: if all > 0.0 { removed / all } else { 0.0 },
                    predictors,
                }
            })
            .collect()
    }
}

struct Gains {
    rows: f64,
    /// Share of the variation that splits on each predictor remove.
    shares: Vec<(String, f64)>,
}

/// What a node holds: its rows, and sums by which its variation is known.
#[derive(Clone, Debug, Default)]
struct Held {
    rows: f64,
    sum: f64,
    squares: f64,
    /// By code, for codes without an order.
    counts: Vec<f64>,
}

impl Held {
    fn add(&mut self, other: &Self) {
        self.rows += other.rows;
        self.sum += other.sum;
        self.squares += other.squares;
        self.counts
            .resize(other.counts.len().max(self.counts.len()), 0.0);
        self.counts
            .iter_mut()
            .zip(&other.counts)
            .for_each(|(own, other)| *own += other);
    }

    /// Variation times rows.
    fn variation(&self) -> f64 {
        let rows = self.rows.max(1.0);
        match self.counts.is_empty() {
            true => (self.squares - self.sum * self.sum / rows).max(0.0),
            false => rows - self.counts.iter().map(|count| count * count).sum::<f64>() / rows,
        }
    }
}

impl Sequence {
    fn gains(&self, stage: &Stage) -> Gains {
        let ordered = match &stage.book {
            Codebook::Numbers(_) => true,
            Codebook::Reasons(_) | Codebook::Spikes(_) => false,
            Codebook::Codes(_) => stage.part.column().is_some_and(|column| {
                !matches!(
                    self.common.schema.fields()[column].kind,
                    parable_table::Kind::Nominal { .. }
                )
            }),
        };
        let code_values = stage.book.code_values();
        let leaf = |leaf: usize| {
            let leaves = &stage.tree.leaves;
            let mut held = Held::default();
            if !ordered {
                held.counts = vec![0.0; stage.book.codes()];
            }
            let mut before = 0;
            for entry in leaves.range(leaf) {
                let rows = f64::from(
                    leaves.running[entry] - std::mem::replace(&mut before, leaves.running[entry]),
                );
                let code = leaves.codes[entry] as usize;
                held.rows += rows;
                held.sum += rows * code_values[code];
                held.squares += rows * code_values[code] * code_values[code];
                if !ordered {
                    held.counts[code] += rows;
                }
            }
            held
        };
        // Children come after their parents; of those done only the ones whose parent is still to
        // come are kept.
        let nodes = &stage.tree.nodes;
        let mut done: Vec<Option<Held>> = vec![None; nodes.len()];
        let mut by_feature = vec![0.0; self.features.len()];
        for index in (0..nodes.len()).rev() {
            done[index] = Some(match &nodes[index] {
                Node::Leaf(number) => leaf(*number as usize),
                Node::Split { feature, right, .. } => {
                    let mut held = done[index + 1].take().unwrap_or_default();
                    let right = done[*right as usize].take().unwrap_or_default();
                    let apart = held.variation() + right.variation();
                    held.add(&right);
                    by_feature[usize::from(*feature)] += (held.variation() - apart).max(0.0);
                    held
                }
            });
        }
        let roots = stage
            .tree
            .roots
            .iter()
            .filter_map(|&root| done[root as usize].as_ref());
        let (rows, whole) = roots.fold((0.0, 0.0), |(rows, sum), held| {
            (rows + held.rows, sum + held.variation())
        });
        let mut shares: Vec<(String, f64)> = Vec::new();
        let mut add =
            |name: String, share: f64| match shares.iter_mut().find(|(known, _)| *known == name) {
                Some((_, sum)) => *sum += share,
                None => shares.push((name, share)),
            };
        for (feature, gain) in by_feature
            .iter()
            .enumerate()
            .filter(|(_, gain)| **gain > 0.0)
        {
            add(
                self.feature_name(feature as u16),
                gain / whole.max(f64::MIN_POSITIVE),
            );
        }
        if let Some(linear) = &stage.effects.linear {
            // What a term spans stands in for its variance, which a model without rows does not
            // know.
            let span = |values: &[f64]| {
                let (low, high) = values
                    .iter()
                    .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), &v| {
                        (l.min(v), h.max(v))
                    });
                if high > low {
                    (high - low).powi(2)
                } else {
                    0.0
                }
            };
            let all: f64 = linear.terms.iter().map(|term| span(&term.values)).sum();
            for term in &linear.terms {
                let part = span(&term.values) / all.max(f64::MIN_POSITIVE);
                add(
                    self.feature_name(term.feature),
                    part * (1.0 - linear.own * linear.own),
                );
            }
        }
        Gains {
            rows: rows / stage.tree.roots.len() as f64,
            shares,
        }
    }
}
