//! The first line of a model file: everything but the trees.

use std::collections::BTreeMap;

use ndarray::Array2;
use parable_table::Grid;
use parable_tree::Scale;
use serde::{Deserialize, Serialize};

use crate::clusters::hierarchy::Labels;
use crate::model::{Codebook, Feature, LevelModel, Part, Sequence, Source, Stage};
use crate::panel::shape::Shape;
use crate::values::normal_ranks::Term;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HeadV2 {
    pub(super) version: u32,
    /// One, or one for each stratum.
    pub(super) sequences: Vec<SequenceV2>,
    pub(super) uniques: Option<UniquesV2>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) shape: Option<ShapeV2>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ShapeV2 {
    pub(super) constant: Vec<usize>,
    pub(super) ends: Vec<bool>,
    pub(super) labels: LabelsV2,
    pub(super) rows: usize,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UniquesV2 {
    pub(super) columns: Vec<usize>,
    pub(super) digests: Vec<u64>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SequenceV2 {
    pub(super) rows: usize,
    pub(super) levels: Vec<LevelV2>,
    pub(super) features: Vec<FeatureV2>,
    pub(super) arms: Option<usize>,
    pub(super) stages: Vec<StageV2>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LevelV2 {
    pub(super) column: usize,
    pub(super) labels: LabelsV2,
    pub(super) patterns: Vec<Vec<usize>>,
    pub(super) reasons: BTreeMap<usize, Vec<(u8, u32)>>,
    pub(super) row_counts: Vec<(usize, Vec<u32>)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) joint: Option<JointV2>,
}

/// A row of a matrix as the file holds it.
pub(super) type Row = Vec<f64>;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct JointV2 {
    pub(super) latents: Vec<(usize, usize)>,
    /// The lower triangle, row by row.
    pub(super) loadings: Vec<Row>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum LabelsV2 {
    Codes(Vec<u32>),
    Integers(Vec<i64>),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FeatureV2 {
    pub(super) source: SourceV2,
    pub(super) level: usize,
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) scale: ScaleV2,
    pub(super) reasons: usize,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum SourceV2 {
    Column(usize),
    Rows,
    Children,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ScaleV2 {
    Numbers(Vec<f64>),
    Ranks(usize),
    Levels(usize),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StageV2 {
    pub(super) level: usize,
    pub(super) part: PartV2,
    pub(super) book: BookV2,
    pub(super) arms: Vec<Option<f64>>,
    pub(super) clusters: Vec<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) linear: Option<LinearV2>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) mix: Option<MixV2>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MixV2 {
    pub(super) codes: Vec<u32>,
    pub(super) spread: Vec<Vec<f64>>,
    pub(super) rows: Vec<Vec<u32>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LinearV2 {
    pub(super) own: f64,
    pub(super) terms: Vec<TermV2>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TermV2 {
    pub(super) feature: u16,
    pub(super) cuts: Vec<u16>,
    pub(super) values: Vec<f64>,
    pub(super) reasons: Vec<f64>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum PartV2 {
    Rows,
    Children,
    Absences,
    Reason(usize),
    Spike(usize),
    Value(usize),
    Formula(usize),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum BookV2 {
    Numbers {
        cells: Vec<Vec<f64>>,
        grid: Option<Grid>,
    },
    Spikes(Vec<f64>),
    Reasons(Vec<u8>),
    Codes(usize),
}

/// The rows of a lower triangular matrix up to the diagonal.
fn triangle(matrix: &Array2<f64>) -> Vec<Row> {
    let rows = matrix.rows().into_iter().enumerate();
    rows.map(|(place, row)| row.iter().take(place + 1).copied().collect())
        .collect()
}

impl From<&Labels> for LabelsV2 {
    fn from(labels: &Labels) -> Self {
        match labels {
            Labels::Codes(codes) => Self::Codes(codes.clone()),
            Labels::Integers(numbers) => Self::Integers(numbers.clone()),
        }
    }
}

impl From<&Shape> for ShapeV2 {
    fn from(shape: &Shape) -> Self {
        Self {
            constant: shape.constant.clone(),
            ends: shape.ends.clone(),
            labels: LabelsV2::from(&shape.labels),
            rows: shape.rows,
        }
    }
}

impl From<&LevelModel> for LevelV2 {
    fn from(level: &LevelModel) -> Self {
        Self {
            column: level.column,
            labels: LabelsV2::from(&level.labels),
            patterns: level.patterns.clone(),
            reasons: level.reasons.clone(),
            row_counts: level.row_counts.clone(),
            joint: (!level.covariance.latents.is_empty()).then(|| JointV2 {
                latents: level.covariance.latents.clone(),
                loadings: triangle(&level.covariance.loadings),
            }),
        }
    }
}

impl From<&Feature> for FeatureV2 {
    fn from(feature: &Feature) -> Self {
        Self {
            source: match feature.source {
                Source::Column(column) => SourceV2::Column(column),
                Source::Rows => SourceV2::Rows,
                Source::Children => SourceV2::Children,
            },
            level: feature.level,
            from: feature.from,
            to: feature.to,
            scale: match &feature.binning.scale {
                Scale::Numeric { edges, .. } => ScaleV2::Numbers(edges.clone()),
                Scale::Ordinal(levels) => ScaleV2::Ranks(*levels),
                Scale::Nominal(levels) => ScaleV2::Levels(*levels),
            },
            reasons: feature.binning.missing,
        }
    }
}

impl From<&Stage> for StageV2 {
    fn from(stage: &Stage) -> Self {
        Self {
            level: stage.level,
            part: match stage.part {
                Part::Rows => PartV2::Rows,
                Part::Children => PartV2::Children,
                Part::Absences => PartV2::Absences,
                Part::Reason(column) => PartV2::Reason(column),
                Part::Spike(column) => PartV2::Spike(column),
                Part::Value(column) => PartV2::Value(column),
                Part::Formula(column) => PartV2::Formula(column),
            },
            book: match &stage.book {
                Codebook::Numbers(cells) => BookV2::Numbers {
                    cells: cells.cells.clone(),
                    grid: cells.grid,
                },
                Codebook::Spikes(spikes) => BookV2::Spikes(spikes.clone()),
                Codebook::Reasons(bytes) => BookV2::Reasons(bytes.clone()),
                Codebook::Codes(count) => BookV2::Codes(*count),
            },
            arms: stage.effects.arms.clone(),
            clusters: stage.effects.clusters.clone(),
            linear: stage.effects.linear.as_ref().map(|linear| LinearV2 {
                own: linear.own,
                terms: linear.terms.iter().map(TermV2::from).collect(),
            }),
            mix: stage.effects.nominal.as_ref().map(|mix| MixV2 {
                codes: mix.codes.clone(),
                spread: mix.spread.clone(),
                rows: mix.rows.clone(),
            }),
        }
    }
}

impl From<&Term> for TermV2 {
    fn from(term: &Term) -> Self {
        Self {
            feature: term.feature,
            cuts: term.cuts.clone(),
            values: term.values.clone(),
            reasons: term.reasons.clone(),
        }
    }
}

impl From<&Sequence> for SequenceV2 {
    fn from(model: &Sequence) -> Self {
        Self {
            rows: model.rows,
            levels: model.levels.iter().map(LevelV2::from).collect(),
            features: model.features.iter().map(FeatureV2::from).collect(),
            arms: model.arms,
            stages: model.stages.iter().map(StageV2::from).collect(),
        }
    }
}
