//! The fitted model.

use std::collections::BTreeMap;
use std::sync::Arc;

use parable_core::{FitRecord, Model, SampleError};
use parable_seed::Seed;
use parable_table::{Schema, Table};
use parable_tree::Binning;

use crate::clusters::effect_covariance::EffectCovariance;
use crate::clusters::hierarchy::Labels;
use crate::clusters::random_effects::RandomEffects;
use crate::config::Draws;
use crate::config::resolved::Resolved;
use crate::panel::shape::Shape;
use crate::tree::Tree;
use crate::values::cells::ValueCells;
use crate::values::uniques::Uniques;

/// A fitted model: trees that draw a table column by column, clusters before their members.
///
/// Sampling is a pure function of rows and seed. [`trees`](Self::trees),
/// [`importance`](Self::importance) and [`draw_tree`](Self::draw_tree) explain the model.
#[derive(Clone, Debug, PartialEq)]
pub struct CartModel {
    pub(crate) record: FitRecord,
    /// One, or one for each stratum.
    pub(crate) sequences: Vec<Sequence>,
    /// Digests of unique real people, if synthetic rows like them are to be drawn anew.
    pub(crate) uniques: Option<Uniques>,
    /// How rows stand in the wide table that the sequences make, where rows of a subject have an
    /// order.
    pub(crate) shape: Option<Shape>,
}

/// The trees of one stratum, or of all rows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sequence {
    pub(crate) common: Arc<Common>,
    /// Rows of the table it learnt from.
    pub(crate) rows: usize,
    /// Cluster levels, coarsest first. Rows of the table are the level after the last.
    pub(crate) levels: Vec<LevelModel>,
    pub(crate) features: Vec<Feature>,
    /// The feature whose bins are the arms of the trial, if there is one.
    pub(crate) arms: Option<usize>,
    /// In the order in which they are drawn: level by level, column by column.
    pub(crate) stages: Vec<Stage>,
}

/// What all strata have in common.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Common {
    pub(crate) schema: Schema,
    pub(crate) resolved: Resolved,
    pub(crate) draws: Draws,
    /// Whether one sequence makes all rows.
    pub(crate) whole: bool,
}

/// A level of clusters.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LevelModel {
    pub(crate) column: usize,
    pub(crate) labels: Labels,
    /// The sets of columns that are wholly missing in some cluster.
    pub(crate) patterns: Vec<Vec<usize>>,
    /// Missing bytes and their counts for each column that stands in a pattern.
    pub(crate) reasons: BTreeMap<usize, Vec<(u8, u32)>>,
    /// Real rows by code, for columns of few levels that are made at this level of finer clusters.
    pub(crate) row_counts: Vec<(usize, Vec<u32>)>,
    /// Normal scores that clusters of this level have in several columns at once.
    pub(crate) covariance: EffectCovariance,
}

/// A predictor.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Feature {
    pub(crate) source: Source,
    /// The level it is made at.
    pub(crate) level: usize,
    /// The first and the last level whose trees may ask for it.
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) binning: Binning,
}

/// Source of a predictor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// A column.
    Column(usize),
    /// How many rows the cluster has.
    Rows,
    /// How many clusters of the next finer level the cluster has.
    Children,
}

/// A tree and the meaning of its codes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stage {
    pub(crate) level: usize,
    pub(crate) part: Part,
    pub(crate) book: Codebook,
    pub(crate) tree: Tree,
    pub(crate) effects: RandomEffects,
}

impl Stage {
    /// A column that no tree draws.
    pub(crate) fn of_formula(level: usize, part: Part) -> Self {
        Self {
            level,
            part,
            book: Codebook::Codes(1),
            tree: Tree::empty(),
            effects: RandomEffects::default(),
        }
    }
}

/// What a tree draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// How many rows a cluster has.
    Rows,
    /// How many finer clusters a cluster has.
    Children,
    /// Which columns a whole cluster lacks.
    Absences,
    /// Whether a row has a value of this column, and if not why.
    Reason(usize),
    /// Which spike of this column a row has, if any.
    Spike(usize),
    /// The value.
    Value(usize),
    /// A whole column that a formula or a rule gives; no tree draws it.
    Formula(usize),
}

impl Part {
    /// The column it belongs to.
    pub(crate) fn column(self) -> Option<usize> {
        match self {
            Self::Reason(column)
            | Self::Spike(column)
            | Self::Value(column)
            | Self::Formula(column) => Some(column),
            Self::Rows | Self::Children | Self::Absences => None,
        }
    }
}

/// Meaning of the codes in leaves.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Codebook {
    /// Cells of numbers.
    Numbers(ValueCells),
    /// Code 0: no spike; code `k`: the spike at `k - 1`.
    Spikes(Vec<f64>),
    /// Missing bytes, 0 for a value.
    Reasons(Vec<u8>),
    /// Codes of so many levels or patterns.
    Codes(usize),
}

impl Codebook {
    /// Returns the number of codes.
    pub(crate) fn codes(&self) -> usize {
        match self {
            Self::Numbers(cells) => cells.cells.len(),
            Self::Spikes(spikes) => spikes.len() + 1,
            Self::Reasons(bytes) => bytes.len(),
            Self::Codes(count) => *count,
        }
    }

    /// Returns the number that each code counts as in the mean of an arm: a number as itself, a
    /// level as its position, a missing value or a spike as one.
    pub(crate) fn code_values(&self) -> Vec<f64> {
        match self {
            Self::Numbers(cells) => (0..cells.cells.len())
                .map(|cell| cells.draw(cell as u32, 0.5))
                .collect(),
            Self::Spikes(spikes) => (0..=spikes.len())
                .map(|code| f64::from(u8::from(code > 0)))
                .collect(),
            Self::Reasons(bytes) => bytes
                .iter()
                .map(|&byte| f64::from(u8::from(byte > 0)))
                .collect(),
            Self::Codes(count) => (0..*count).map(|code| code as f64).collect(),
        }
    }
}

impl CartModel {
    /// Draws several independent tables of so many rows. Copy `k` does not depend on the number of
    /// copies.
    ///
    /// Rules that combine estimates from several copies (Reiter 2003; Raab, Nowok & Dibben 2016)
    /// take the copies as independent draws from the model; with
    /// [`Draws::Balanced`](crate::Draws::Balanced) they err on the safe side.
    ///
    /// # Errors
    /// See [`SampleError`].
    pub fn copies(
        &self,
        copies: usize,
        rows: usize,
        seed: &Seed,
    ) -> Result<Vec<Table>, SampleError> {
        let seed = seed.stream("cart/copy");
        (0..copies)
            .map(|copy| self.sample(rows, &seed.index(copy as u64)))
            .collect()
    }
}
