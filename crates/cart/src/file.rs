//! The stored form of a model: one line of JSON with everything but the trees, then the trees in variable-length whole numbers.

use std::collections::BTreeMap;
use std::io::Write;

use parable_core::{Model, ModelFile, ModelFileError, ModelReader};
use parable_table::{Field, Grid, Kind, Schema};
use serde::{Deserialize, Serialize};

use crate::config::CartConfig;
use crate::effects::Effects;
use crate::feature::{Coding, Scale};
use crate::fit::NAME;
use crate::hierarchy::Labels;
use crate::model::{Book, CartModel, Feature, LevelModel, Part, Source, Stage};
use crate::tree::{Leaves, Node, Rule, Tree};
use crate::values::ValueCells;

/// Reads [`CartModel`] back.
#[derive(Clone, Copy, Debug, Default)]
pub struct CartReader;

const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeadV1 {
    version: u32,
    rows: usize,
    levels: Vec<LevelV1>,
    features: Vec<FeatureV1>,
    arms: Option<usize>,
    stages: Vec<StageV1>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LevelV1 {
    column: usize,
    labels: LabelsV1,
    patterns: Vec<Vec<usize>>,
    reasons: BTreeMap<usize, Vec<(u8, u32)>>,
    row_counts: Vec<(usize, Vec<u32>)>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum LabelsV1 {
    Codes(Vec<u32>),
    Integers(Vec<i64>),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FeatureV1 {
    source: SourceV1,
    level: usize,
    from: usize,
    to: usize,
    scale: ScaleV1,
    reasons: usize,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum SourceV1 {
    Column(usize),
    Rows,
    Children,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ScaleV1 {
    Numbers(Vec<f64>),
    Ranks(usize),
    Levels(usize),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StageV1 {
    level: usize,
    part: PartV1,
    book: BookV1,
    arms: Vec<Option<f64>>,
    clusters: Vec<f64>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PartV1 {
    Rows,
    Children,
    Absences,
    Reason(usize),
    Spike(usize),
    Value(usize),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum BookV1 {
    Numbers {
        cells: Vec<Vec<f64>>,
        grid: Option<Grid>,
    },
    Spikes(Vec<f64>),
    Reasons(Vec<u8>),
    Codes(usize),
}

pub(crate) fn write(model: &CartModel, out: &mut dyn Write) -> Result<(), ModelFileError> {
    let head = HeadV1 {
        version: VERSION,
        rows: model.rows,
        levels: model.levels.iter().map(LevelV1::from).collect(),
        features: model.features.iter().map(FeatureV1::from).collect(),
        arms: model.arms,
        stages: model.stages.iter().map(StageV1::from).collect(),
    };
    serde_json::to_writer(&mut *out, &head).map_err(|error| ModelFileError::Io(error.into()))?;
    let mut bytes = vec![b'\n'];
    for stage in &model.stages {
        put_tree(&mut bytes, stage);
    }
    out.write_all(&bytes)?;
    Ok(())
}

impl From<&LevelModel> for LevelV1 {
    fn from(level: &LevelModel) -> Self {
        Self {
            column: level.column,
            labels: match &level.labels {
                Labels::Codes(codes) => LabelsV1::Codes(codes.clone()),
                Labels::Integers(numbers) => LabelsV1::Integers(numbers.clone()),
            },
            patterns: level.patterns.clone(),
            reasons: level.reasons.clone(),
            row_counts: level.row_counts.clone(),
        }
    }
}

impl From<&Feature> for FeatureV1 {
    fn from(feature: &Feature) -> Self {
        Self {
            source: match feature.source {
                Source::Column(column) => SourceV1::Column(column),
                Source::Rows => SourceV1::Rows,
                Source::Children => SourceV1::Children,
            },
            level: feature.level,
            from: feature.from,
            to: feature.to,
            scale: match &feature.coding.scale {
                Scale::Numbers { edges, .. } => ScaleV1::Numbers(edges.clone()),
                Scale::Ranks(levels) => ScaleV1::Ranks(*levels),
                Scale::Levels(levels) => ScaleV1::Levels(*levels),
            },
            reasons: feature.coding.reasons,
        }
    }
}

impl From<&Stage> for StageV1 {
    fn from(stage: &Stage) -> Self {
        Self {
            level: stage.level,
            part: match stage.part {
                Part::Rows => PartV1::Rows,
                Part::Children => PartV1::Children,
                Part::Absences => PartV1::Absences,
                Part::Reason(column) => PartV1::Reason(column),
                Part::Spike(column) => PartV1::Spike(column),
                Part::Value(column) => PartV1::Value(column),
            },
            book: match &stage.book {
                Book::Numbers(cells) => BookV1::Numbers {
                    cells: cells.cells.clone(),
                    grid: cells.grid,
                },
                Book::Spikes(spikes) => BookV1::Spikes(spikes.clone()),
                Book::Reasons(bytes) => BookV1::Reasons(bytes.clone()),
                Book::Codes(count) => BookV1::Codes(*count),
            },
            arms: stage.effects.arms.clone(),
            clusters: stage.effects.clusters.clone(),
        }
    }
}

fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn put_tree(bytes: &mut Vec<u8>, stage: &Stage) {
    let tree = &stage.tree;
    put(bytes, tree.nodes.len() as u64);
    for (index, node) in tree.nodes.iter().enumerate() {
        let Node::Split {
            feature,
            rule,
            right,
        } = node
        else {
            put(bytes, LEAF);
            continue;
        };
        match rule {
            Rule::Cut { last, missing } => {
                put(bytes, CUT);
                put(bytes, u64::from(*feature));
                put(bytes, u64::from(*last));
                put(bytes, *missing);
            }
            Rule::Set(words) => {
                put(bytes, SET);
                put(bytes, u64::from(*feature));
                words.iter().for_each(|&word| put(bytes, word));
            }
        }
        put(bytes, u64::from(*right) - index as u64);
    }
    let leaves = &tree.leaves;
    for leaf in 0..leaves.len() {
        let range = leaves.range(leaf);
        put(bytes, range.len() as u64);
        let mut before = 0;
        for entry in range {
            put(bytes, u64::from(leaves.codes[entry]));
            put(bytes, u64::from(leaves.running[entry] - before));
            before = leaves.running[entry];
        }
    }
}

const LEAF: u64 = 0;
const CUT: u64 = 1;
const SET: u64 = 2;

impl ModelReader for CartReader {
    fn method(&self) -> &'static str {
        NAME
    }

    fn read(&self, file: &ModelFile) -> Result<Box<dyn Model>, ModelFileError> {
        read(file)
            .map(|model| Box::new(model) as Box<dyn Model>)
            .map_err(|problem| ModelFileError::body(NAME, problem))
    }
}

/// Reads a model and checks everything sampling relies on, so that a bad file is refused here and never panics later.
fn read(file: &ModelFile) -> Result<CartModel, String> {
    let end = file
        .body
        .iter()
        .position(|&byte| byte == b'\n')
        .ok_or("it has no first line")?;
    let head: HeadV1 =
        serde_json::from_slice(&file.body[..end]).map_err(|error| error.to_string())?;
    ensure(head.version == VERSION, "its version is not 1")?;
    ensure(head.rows > 0, "it learnt from no rows")?;
    let config: CartConfig = serde_json::from_value(file.record.config.clone())
        .map_err(|error| format!("settings: {error}"))?;
    let schema = &file.record.schema;
    let levels = head
        .levels
        .into_iter()
        .map(|level| level.check(schema))
        .collect::<Result<Vec<_>, _>>()?;
    let base = levels.len();
    let features = head
        .features
        .into_iter()
        .map(|feature| feature.check(schema, base))
        .collect::<Result<Vec<_>, _>>()?;
    if let Some(arms) = head.arms {
        let fits = features
            .get(arms)
            .is_some_and(|f| f.coding.bins() <= usize::from(u8::MAX) && f.from == f.level);
        ensure(fits, "the arms are not a predictor")?;
    }
    let mut bytes = Bytes(&file.body[end + 1..]);
    let mut visit = Visit {
        schema,
        levels: &levels,
        features: &features,
        made: vec![false; features.len()],
    };
    let mut stages: Vec<Stage> = Vec::with_capacity(head.stages.len());
    for stage in head.stages {
        stages.push(stage.check(&mut visit, stages.last(), head.arms, &mut bytes)?);
    }
    if let Some(last) = stages.last() {
        visit.make(last);
    }
    visit.finish(&stages)?;
    ensure(bytes.0.is_empty(), "bytes follow the last tree")?;
    Ok(CartModel {
        record: file.record.clone(),
        rows: head.rows,
        draws: config.draws,
        levels,
        features,
        arms: head.arms,
        stages,
    })
}

fn ensure(holds: bool, problem: impl Into<String>) -> Result<(), String> {
    if holds { Ok(()) } else { Err(problem.into()) }
}

fn field_of(schema: &Schema, column: usize) -> Result<&Field, String> {
    schema
        .fields()
        .get(column)
        .ok_or_else(|| "a column beyond the schema".to_owned())
}

fn levels_of(field: &Field) -> usize {
    field.kind.levels().map_or(0, parable_table::Levels::len)
}

impl LevelV1 {
    fn check(self, schema: &Schema) -> Result<LevelModel, String> {
        let field = field_of(schema, self.column)?;
        let labels = match self.labels {
            LabelsV1::Codes(codes) => {
                let known = codes.iter().all(|&code| (code as usize) < levels_of(field));
                ensure(
                    known && field.kind.is_categorical(),
                    "a cluster without a name",
                )?;
                Labels::Codes(codes)
            }
            LabelsV1::Integers(numbers) => {
                ensure(
                    matches!(field.kind, Kind::Integer { .. }),
                    "clusters named by numbers",
                )?;
                Labels::Integers(numbers)
            }
        };
        ensure(labels.len() > 0, "a level without clusters")?;
        for (&column, reasons) in &self.reasons {
            let codes = field_of(schema, column)?.missing_codes.len();
            let fits = reasons
                .iter()
                .all(|&(byte, count)| byte > 0 && usize::from(byte) < codes + 2 && count > 0);
            let total: u64 = reasons.iter().map(|(_, count)| u64::from(*count)).sum();
            ensure(
                fits && total > 0 && total <= u64::from(u32::MAX),
                "a reason for absence that is not declared",
            )?;
        }
        let explained = self
            .patterns
            .iter()
            .flatten()
            .all(|column| self.reasons.contains_key(column));
        ensure(
            explained && self.patterns.is_empty() == self.reasons.is_empty(),
            "an absence without a reason",
        )?;
        for (column, counts) in &self.row_counts {
            let field = field_of(schema, *column)?;
            ensure(
                field.kind.is_categorical() && counts.len() == levels_of(field),
                "rows by levels that are not the schema's",
            )?;
        }
        Ok(LevelModel {
            row_counts: self.row_counts,
            column: self.column,
            labels,
            patterns: self.patterns,
            reasons: self.reasons,
        })
    }
}

impl FeatureV1 {
    fn check(self, schema: &Schema, base: usize) -> Result<Feature, String> {
        let (source, field) = match self.source {
            SourceV1::Column(column) => (Source::Column(column), Some(field_of(schema, column)?)),
            SourceV1::Rows => (Source::Rows, None),
            SourceV1::Children => (Source::Children, None),
        };
        ensure(
            self.level <= base && self.to <= base,
            "a predictor of a level that is not there",
        )?;
        ensure(
            self.level <= self.from && self.from <= self.to,
            "a predictor used before it is made",
        )?;
        let scale = match self.scale {
            ScaleV1::Numbers(edges) => {
                let ascending = edges.iter().all(|edge| edge.is_finite()) && edges.is_sorted();
                ensure(ascending, "bins out of order")?;
                ensure(
                    field.is_none_or(|field| field.kind.is_numeric()),
                    "numbers for levels",
                )?;
                Scale::Numbers {
                    edges,
                    centres: Vec::new(),
                }
            }
            ScaleV1::Ranks(levels) | ScaleV1::Levels(levels)
                if field.is_none_or(|f| !f.kind.is_categorical() || levels_of(f) != levels) =>
            {
                return Err("levels that are not the schema's".to_owned());
            }
            ScaleV1::Ranks(levels) => Scale::Ranks(levels),
            ScaleV1::Levels(levels) => Scale::Levels(levels),
        };
        let reasons = field.map_or(0, |field| field.missing_codes.len() + 1);
        ensure(
            self.reasons == reasons,
            "missing reasons that are not the schema's",
        )?;
        let coding = Coding { scale, reasons };
        ensure(coding.bins() <= crate::feature::MAX_BINS, "too many bins")?;
        Ok(Feature {
            source,
            level: self.level,
            from: self.from,
            to: self.to,
            coding,
        })
    }
}

/// Where the walk through the stages is, and what has been made so far.
struct Visit<'a> {
    schema: &'a Schema,
    levels: &'a [LevelModel],
    features: &'a [Feature],
    made: Vec<bool>,
}

impl Visit<'_> {
    /// Marks what the last stage finished.
    fn make(&mut self, stage: &Stage) {
        let source = match stage.part {
            Part::Rows => Source::Rows,
            Part::Children => Source::Children,
            Part::Absences => return,
            Part::Reason(column) | Part::Spike(column) | Part::Value(column) => {
                Source::Column(column)
            }
        };
        for (made, feature) in self.made.iter_mut().zip(self.features) {
            *made |= feature.source == source && feature.level == stage.level;
        }
    }

    /// Whether this stage may follow that one.
    fn follows(&self, part: Part, level: usize, last: Option<&Stage>) -> bool {
        let base = self.levels.len();
        let Some(last) = last else {
            return level == 0
                && if base > 0 {
                    part == Part::Rows
                } else {
                    part.column().is_some()
                };
        };
        let nests = level + 1 < base;
        match part {
            Part::Rows => level < base && level == last.level + 1 && self.complete(last),
            Part::Children => nests && last.level == level && last.part == Part::Rows,
            Part::Absences => level < base && last.level == level && self.sized(last),
            Part::Reason(_) => self.opens(level, last),
            Part::Spike(column) => {
                last.part == Part::Reason(column) && last.level == level || self.opens(level, last)
            }
            Part::Value(column) => {
                matches!(last.part, Part::Reason(c) | Part::Spike(c) if c == column)
                    && last.level == level
                    || self.opens(level, last)
            }
        }
    }

    /// Whether the sizes of the stage's level have been drawn.
    fn sized(&self, last: &Stage) -> bool {
        last.part != Part::Absences
            && (last.part != Part::Rows || last.level + 1 >= self.levels.len())
    }

    /// Whether nothing of the stage's level is left to do.
    fn complete(&self, last: &Stage) -> bool {
        let absences = self
            .levels
            .get(last.level)
            .is_some_and(|level| !level.patterns.is_empty());
        let column_done = match (last.part, &last.book) {
            (Part::Spike(_), _) => false,
            (Part::Reason(_), Book::Reasons(bytes)) => !bytes.contains(&0),
            _ => true,
        };
        column_done
            && (last.part == Part::Absences) == absences
            && (last.part == Part::Absences || self.sized(last))
    }

    /// Whether a column of this level may begin after that stage.
    fn opens(&self, level: usize, last: &Stage) -> bool {
        let column_done = match (last.part, &last.book) {
            (Part::Spike(_), _) => false,
            (Part::Reason(_), Book::Reasons(bytes)) => !bytes.contains(&0),
            _ => true,
        };
        if level == last.level {
            column_done && self.sized(last)
        } else {
            level == self.levels.len() && last.level + 1 == level && self.complete(last)
        }
    }

    fn finish(&self, stages: &[Stage]) -> Result<(), String> {
        ensure(
            self.made.iter().all(|made| *made),
            "a predictor that no tree draws",
        )?;
        let base = self.levels.len();
        let mut seen = vec![0; self.schema.len()];
        for level in self.levels {
            seen[level.column] += 1;
        }
        for of_column in
            stages.chunk_by(|a, b| a.part.column().is_some() && a.part.column() == b.part.column())
        {
            if let Some(column) = of_column[0].part.column() {
                seen[column] += 1;
            }
        }
        ensure(
            seen.iter().all(|&times| times == 1),
            "a column that is not drawn exactly once",
        )?;
        let done = |last: &Stage| {
            last.level == base && self.opens(base, last)
                || last.level + 1 == base && self.complete(last)
        };
        ensure(
            stages.last().is_some_and(done),
            "trees are missing at the end",
        )
    }
}

impl StageV1 {
    fn check(
        self,
        visit: &mut Visit<'_>,
        last: Option<&Stage>,
        arms: Option<usize>,
        bytes: &mut Bytes<'_>,
    ) -> Result<Stage, String> {
        let level = self.level;
        let part = match self.part {
            PartV1::Rows => Part::Rows,
            PartV1::Children => Part::Children,
            PartV1::Absences => Part::Absences,
            PartV1::Reason(column) => Part::Reason(column),
            PartV1::Spike(column) => Part::Spike(column),
            PartV1::Value(column) => Part::Value(column),
        };
        ensure(visit.follows(part, level, last), "trees out of order")?;
        // Trees of one column see what was made before the column.
        if let Some(last) =
            last.filter(|last| part.column().is_none() || last.part.column() != part.column())
        {
            visit.make(last);
        }
        let book = self.book.check(part, level, visit)?;
        let finite = self
            .arms
            .iter()
            .flatten()
            .chain(&self.clusters)
            .all(|number| number.is_finite());
        let clusters = self.clusters.is_empty() || self.clusters.len() == level;
        let shares = self.clusters.iter().all(|&part| part >= 0.0)
            && self.clusters.iter().sum::<f64>() <= 1.0;
        ensure(finite && clusters && shares, "effects out of range")?;
        let known = arms.map_or(0, |feature| visit.features[feature].coding.bins());
        ensure(
            self.arms.is_empty() || self.arms.len() == known,
            "effects of other arms",
        )?;
        let tree = take_tree(bytes, visit, level, book.codes())?;
        let effects = Effects {
            arms: self.arms,
            clusters: self.clusters,
        };
        let stage = Stage {
            level,
            part,
            book,
            tree,
            effects,
        };
        if part.column().is_none() {
            visit.make(&stage);
        }
        Ok(stage)
    }
}

impl BookV1 {
    fn check(self, part: Part, level: usize, visit: &Visit<'_>) -> Result<Book, String> {
        let field = part
            .column()
            .map(|column| field_of(visit.schema, column))
            .transpose()?;
        let finite = |numbers: &[f64]| numbers.iter().all(|number| number.is_finite());
        match (self, part, field) {
            (
                Self::Numbers { cells, grid },
                Part::Rows | Part::Children | Part::Value(_),
                field,
            ) => {
                let fits = field.is_none_or(|field| field.kind.is_numeric());
                let good = |cell: &Vec<f64>| !cell.is_empty() && finite(cell) && cell.is_sorted();
                ensure(
                    fits && !cells.is_empty() && cells.iter().all(good),
                    "cells out of order",
                )?;
                let good_grid = match grid {
                    Some(Grid::Decimals(decimals)) => decimals <= 17,
                    Some(Grid::Step { step, origin }) => {
                        step > 0.0 && step.is_finite() && origin.is_finite()
                    }
                    Some(_) => false,
                    None => true,
                };
                ensure(good_grid, "a grid that is not one")?;
                Ok(Book::Numbers(ValueCells { cells, grid }))
            }
            (Self::Spikes(spikes), Part::Spike(_), Some(field)) => {
                ensure(
                    field.kind.is_numeric() && finite(&spikes),
                    "spikes that are no numbers",
                )?;
                Ok(Book::Spikes(spikes))
            }
            (Self::Reasons(bytes), Part::Reason(_), Some(field)) => {
                let limit = field.missing_codes.len() + 2;
                let known = bytes.iter().all(|&byte| usize::from(byte) < limit);
                ensure(
                    known && !bytes.is_empty(),
                    "a missing reason that is not declared",
                )?;
                Ok(Book::Reasons(bytes))
            }
            (Self::Codes(count), Part::Value(_), Some(field)) => {
                ensure(
                    field.kind.is_categorical() && count == levels_of(field),
                    "levels that are not the schema's",
                )?;
                Ok(Book::Codes(count))
            }
            (Self::Codes(count), Part::Absences, None) => {
                ensure(
                    count == visit.levels[level].patterns.len(),
                    "absences without a set of columns",
                )?;
                Ok(Book::Codes(count))
            }
            _ => Err("codes of another kind than the tree draws".to_owned()),
        }
    }
}

/// What is left to read.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn take(&mut self) -> Result<u64, String> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.0.split_first().ok_or("the trees end early")?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err("a number that does not end".to_owned())
    }

    fn take_u32(&mut self) -> Result<u32, String> {
        u32::try_from(self.take()?).map_err(|_| "a number that is too large".to_owned())
    }

    /// A number of things each of which takes at least one byte.
    fn take_count(&mut self) -> Result<usize, String> {
        let count = self.take()?;
        ensure(count <= self.0.len() as u64, "more entries than bytes")?;
        Ok(count as usize)
    }
}

fn take_tree(
    bytes: &mut Bytes<'_>,
    visit: &Visit<'_>,
    level: usize,
    codes: usize,
) -> Result<Tree, String> {
    let count = bytes.take_count()?;
    ensure(count > 0, "a tree without nodes")?;
    let mut nodes = Vec::with_capacity(count);
    let mut leaf_count = 0u32;
    for index in 0..count {
        let kind = bytes.take()?;
        if kind == LEAF {
            nodes.push(Node::Leaf(leaf_count));
            leaf_count += 1;
            continue;
        }
        let position = bytes.take()? as usize;
        let feature = visit
            .features
            .get(position)
            .ok_or("a question about no predictor")?;
        let usable = visit.made[position] && (feature.from..=feature.to).contains(&level);
        ensure(usable, "a question about what is not made yet")?;
        let rule = match kind {
            CUT => Rule::Cut {
                last: u16::try_from(bytes.take()?).map_err(|_| "a cut beyond the bins")?,
                missing: bytes.take()?,
            },
            SET => {
                let words = feature.coding.bins().div_ceil(64);
                Rule::Set((0..words).map(|_| bytes.take()).collect::<Result<_, _>>()?)
            }
            _ => return Err("a node of no known kind".to_owned()),
        };
        let right = index as u64 + bytes.take()?.min(u64::from(u32::MAX));
        ensure(
            right > index as u64 + 1 && right < count as u64,
            "a node without a child",
        )?;
        nodes.push(Node::Split {
            feature: position as u16,
            rule,
            right: right as u32,
        });
    }
    ensure(
        matches!(nodes.last(), Some(Node::Leaf(_))),
        "a tree that does not end in a leaf",
    )?;
    let mut leaves = Leaves::default();
    for _ in 0..leaf_count {
        let entries = bytes.take_count()?;
        ensure(entries > 0, "an empty leaf")?;
        let mut held = Vec::with_capacity(entries);
        let mut sum = 0u64;
        for _ in 0..entries {
            let (code, rows) = (bytes.take_u32()?, bytes.take_u32()?);
            sum += u64::from(rows);
            let fits = (code as usize) < codes && rows > 0 && sum <= u64::from(u32::MAX);
            ensure(fits, "a leaf with a code that the column does not have")?;
            held.push((code, rows));
        }
        leaves.push(held);
    }
    Ok(Tree { nodes, leaves })
}
