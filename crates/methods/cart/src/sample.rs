//! Making tables: level by level, column by column, all rows of a column at once.

mod draw;
mod filler;
mod given;
mod structure;

use std::sync::OnceLock;

use parable_core::{Observer, Progress, SampleError};
use parable_seed::Seed;
use parable_table::{Column, Table, digests};

use crate::bound::Given as Value;
use crate::bound::Making;
use crate::calibrate::Goal;
use crate::expression::Cells;
use crate::feature::encode;
use crate::hierarchy::Labels;
use crate::likeness::{Nesting, Series, likeness};
use crate::model::{Book, CartModel, Part, Sequence, Source};
use crate::panel;
use crate::strata;
use filler::Filler;
pub(crate) use given::{Answer, answer};

/// Tables drawn in search of rows that are not like unique people.
const MAX_REDRAWS: u64 = 50;

pub(crate) fn sample(
    model: &CartModel,
    rows: usize,
    seed: &Seed,
    observer: &dyn Observer,
) -> Result<Table, SampleError> {
    if let Some(shape) = &model.shape {
        return panel::sample(model, shape, rows, seed, observer);
    }
    let mut made = all(model, rows, seed, observer)?;
    let Some(uniques) = &model.uniques else {
        return Ok(Table::new(model.record.schema.clone(), made)?);
    };
    let mut replicated = uniques.replicated(&made);
    let mut drawn = 0;
    for round in 0..MAX_REDRAWS {
        if replicated.is_empty() {
            return Ok(Table::new(model.record.schema.clone(), made)?);
        }
        let count = 2 * replicated.len() + 8;
        let fresh = all(
            model,
            count,
            &seed.stream("cart/redraw").index(round),
            observer,
        )?;
        drawn += count;
        let mut source: Vec<usize> = (0..rows).collect();
        for (row, digest) in digests(&fresh, &uniques.columns).into_iter().enumerate() {
            if !uniques.holds(digest)
                && let Some(place) = replicated.pop()
            {
                source[place] = rows + row;
            }
        }
        made = made
            .iter()
            .zip(&fresh)
            .map(|(made, fresh)| Column::concat([made, fresh]).take(&source))
            .collect();
    }
    let names = uniques
        .columns
        .iter()
        .map(|&column| model.record.schema.fields()[column].name.clone());
    Err(SampleError::Rare {
        columns: names.collect::<Vec<_>>().join("`, `"),
        drawn,
        unmatched: replicated.len(),
    })
}

/// Rows of all strata in their real proportions, in random order unless they stand in clusters.
pub(crate) fn all(
    model: &CartModel,
    rows: usize,
    seed: &Seed,
    observer: &dyn Observer,
) -> Result<Vec<Column>, SampleError> {
    if let [only] = model.sequences.as_slice() {
        return columns(only, rows, seed, observer);
    }
    let weights: Vec<usize> = model
        .sequences
        .iter()
        .map(|sequence| sequence.rows)
        .collect();
    let mut parts = Vec::with_capacity(weights.len());
    for (index, (sequence, count)) in model
        .sequences
        .iter()
        .zip(strata::shares(&weights, rows))
        .enumerate()
    {
        let seed = seed.stream("cart/stratum").index(index as u64);
        parts.push(columns(sequence, count, &seed, observer)?);
    }
    let mut order: Vec<usize> = (0..rows).collect();
    if model
        .sequences
        .iter()
        .all(|sequence| sequence.levels.is_empty())
    {
        seed.stream("cart/strata").rng().shuffle(&mut order);
    }
    let joined =
        |column: usize| Column::concat(parts.iter().map(|part| &part[column])).take(&order);
    Ok((0..parts[0].len()).map(joined).collect())
}

/// The columns of one stratum, in the order of the schema.
pub(crate) fn columns(
    model: &Sequence,
    rows: usize,
    seed: &Seed,
    observer: &dyn Observer,
) -> Result<Vec<Column>, SampleError> {
    let mut work = Work::new(model, rows, seed, &[]);
    work.make(observer)?;
    Ok(work.assemble())
}

/// Makes rows for the sake of how alike cluster mates come out, for pairs of the trees' directions: see [`likeness`].
pub(crate) fn probe(
    model: &Sequence,
    rows: usize,
    seed: &Seed,
    goals: &[Goal],
    pairs: &[(usize, usize)],
    observer: &dyn Observer,
) -> Result<Vec<Vec<Option<f64>>>, SampleError> {
    let mut work = Work::new(model, rows, seed, goals);
    work.make(observer)?;
    let series = std::mem::take(&mut work.series).into_iter().flatten();
    let series: Vec<Series> = series.collect();
    let base = model.levels.len();
    let mut above: Vec<Vec<&[u32]>> = Vec::with_capacity(base + 1);
    for frame in &work.frames {
        above.push(frame.above.iter().map(Vec::as_slice).collect());
    }
    let clusters = work.frames[..base].iter().map(Frame::units).collect();
    Ok(likeness(&series, pairs, &Nesting { above, clusters }))
}

/// For each level its labels in random order.
fn deal(model: &Sequence, seed: &Seed) -> Vec<Vec<usize>> {
    let levels = model.levels.iter().enumerate();
    levels
        .map(|(level, clusters)| {
            let mut names: Vec<usize> = (0..clusters.labels.len()).collect();
            let seed = seed.stream("names").index(level as u64);
            seed.rng().shuffle(&mut names);
            names
        })
        .collect()
}

/// The units of one level while they are made.
#[derive(Debug, Default)]
struct Frame {
    /// For each coarser level the cluster each unit belongs to.
    above: Vec<Vec<u32>>,
    /// Rows of each unit.
    rows: Vec<u32>,
    /// Clusters of the next finer level in each unit.
    children: Vec<u32>,
    /// The bins of each feature that trees of this level may ask for, as far as made.
    bins: Vec<Option<Vec<u16>>>,
    /// The arm of each unit, once known.
    arms: Option<Vec<u8>>,
    /// The set of absent columns of each unit.
    absences: Vec<u32>,
    columns: Vec<(usize, Column)>,
}

impl Frame {
    fn units(&self) -> usize {
        self.rows.len()
    }
}

struct Work<'a> {
    model: &'a Sequence,
    rows: usize,
    /// Bins of values of each feature.
    values: Vec<usize>,
    frames: Vec<Frame>,
    seed: Seed,
    /// Where likeness is asked for: what codes count for, by tree, and what was drawn.
    goals: &'a [Goal],
    series: Vec<Vec<Series>>,
    /// By tree the shift of each arm, found where it is not known yet, or the weights of codes in each arm.
    shifts: Vec<Option<Vec<f64>>>,
    balances: Vec<Option<Vec<Vec<f64>>>>,
    /// By level the numbers behind scores that clusters have in several columns at once.
    raws: Vec<OnceLock<Vec<Vec<f64>>>>,
    /// By level the names that clusters may have, and the name of each cluster, as a position among them.
    labels: Vec<Labels>,
    names: Vec<Vec<usize>>,
}

/// Codes drawn for some units, and how far into the code's share each draw fell.
struct Drawn {
    codes: Vec<u32>,
    within: Vec<f64>,
}

impl<'a> Work<'a> {
    fn new(model: &'a Sequence, rows: usize, seed: &Seed, goals: &'a [Goal]) -> Self {
        Self {
            model,
            rows,
            values: model.features.iter().map(|f| f.binning.values()).collect(),
            frames: Vec::new(),
            seed: seed.stream("cart/sample"),
            goals,
            series: vec![Vec::new(); goals.len()],
            shifts: vec![None; model.stages.len()],
            balances: vec![None; model.stages.len()],
            raws: model.levels.iter().map(|_| OnceLock::new()).collect(),
            labels: model.levels.iter().map(|l| l.labels.clone()).collect(),
            names: deal(model, &seed.stream("cart/sample")),
        }
    }

    fn make(&mut self, observer: &dyn Observer) -> Result<(), SampleError> {
        for level in 0..=self.model.levels.len() {
            let parents = self.parents(level);
            self.open(level, parents);
            for of_column in self.steps(level) {
                match self.model.stages[of_column[0]].part.column() {
                    Some(column) => {
                        let made = self.make_column(level, column, &of_column);
                        self.keep(level, column, made);
                    }
                    None => self.make_structure(level, of_column[0]),
                }
                self.tell(observer, of_column[of_column.len() - 1])?;
            }
            if (1..self.model.levels.len()).contains(&level) {
                self.keep_row_counts(level);
            }
        }
        Ok(())
    }

    fn tell(&self, observer: &dyn Observer, stage: usize) -> Result<(), SampleError> {
        let progress = Progress::new("sample", stage as u64 + 1, self.model.stages.len() as u64);
        match observer.progress(progress) {
            std::ops::ControlFlow::Continue(()) => Ok(()),
            std::ops::ControlFlow::Break(()) => Err(SampleError::Cancelled),
        }
    }

    /// The stages of a level, those of one column together.
    fn steps(&self, level: usize) -> Vec<Vec<usize>> {
        let stages = &self.model.stages;
        let own: Vec<usize> = (0..stages.len())
            .filter(|&stage| stages[stage].level == level)
            .collect();
        let same = |&a: &usize, &b: &usize| {
            let column = stages[a].part.column();
            column.is_some() && column == stages[b].part.column()
        };
        own.chunk_by(same).map(<[usize]>::to_vec).collect()
    }

    /// For each unit of a level the unit of the next coarser level it belongs to.
    fn parents(&self, level: usize) -> Vec<u32> {
        let base = self.model.levels.len();
        let outer = level.checked_sub(1).map(|outer| &self.frames[outer]);
        let counts = match outer {
            None if base == 0 => vec![self.rows as u32],
            None => vec![self.clusters() as u32],
            Some(outer) if level < base => outer.children.clone(),
            Some(outer) => outer.rows.clone(),
        };
        (0u32..)
            .zip(&counts)
            .flat_map(|(unit, &count)| std::iter::repeat_n(unit, count as usize))
            .collect()
    }

    /// Starts a level: whose members its units are, and what they see of their clusters.
    fn open(&mut self, level: usize, parent: Vec<u32>) {
        let mut frame = Frame::default();
        let outer = level.checked_sub(1).map(|outer| &self.frames[outer]);
        frame.rows = vec![1; parent.len()];
        frame.bins = vec![None; self.model.features.len()];
        if let Some(outer) = outer {
            let through = |above: &Vec<u32>| parent.iter().map(|&p| above[p as usize]).collect();
            frame.above = outer.above.iter().map(through).collect();
            frame.above.push(parent);
        }
        for (index, feature) in self.model.features.iter().enumerate() {
            if feature.level < level && (feature.from..=feature.to).contains(&level) {
                let made = self.frames[feature.level].bins[index]
                    .as_deref()
                    .unwrap_or_default();
                let above = &frame.above[feature.level];
                frame.bins[index] = Some(
                    above
                        .iter()
                        .map(|&cluster| made[cluster as usize])
                        .collect(),
                );
            }
        }
        let known = (0..level)
            .rev()
            .find_map(|outer| Some((outer, self.frames[outer].arms.as_ref()?)));
        if let Some((outer, arms)) = known {
            frame.arms = Some(
                frame.above[outer]
                    .iter()
                    .map(|&cluster| arms[cluster as usize])
                    .collect(),
            );
        }
        if let Some(clusters) = self.model.levels.get(level) {
            let field = &self.model.common.schema.fields()[clusters.column];
            self.labels[level] = clusters.labels.with_more(field, frame.units());
            let known = self.names[level].len();
            self.names[level].extend(known..self.labels[level].len());
        }
        self.frames.push(frame);
    }

    /// Draws a column; rules come before everything else, then what whole clusters lack.
    fn make_column(&mut self, level: usize, position: usize, stages: &[usize]) -> Column {
        let field = &self.model.common.schema.fields()[position];
        let units = self.frames[level].units();
        let forced = self.forced(level, position);
        let mut missing = forced.clone();
        let mut filler = Filler::new(field, units);
        let ruled = self.ruled(level, position);
        for (unit, given) in &ruled {
            missing[*unit as usize] = filler.given(*unit, *given);
        }
        let mut open: Vec<u32> = (0..units as u32)
            .filter(|&unit| forced[unit as usize] == 0)
            .collect();
        if !ruled.is_empty() {
            open.retain(|unit| ruled.binary_search_by_key(unit, |(unit, _)| *unit).is_err());
        }
        for &stage in stages {
            let counted = level == self.model.levels.len()
                && matches!(self.model.stages[stage].part, Part::Reason(_));
            if let Part::Formula(_) = self.model.stages[stage].part {
                for (&unit, given) in open.iter().zip(self.calculated(level, position, &open)) {
                    missing[unit as usize] = filler.given(unit, given);
                }
                break;
            }
            let drawn = self.draw(level, stage, &open, counted.then_some(&forced));
            match &self.model.stages[stage].book {
                Book::Reasons(bytes) => {
                    for (&unit, &code) in open.iter().zip(&drawn.codes) {
                        missing[unit as usize] = bytes[code as usize];
                    }
                    open.retain(|&unit| missing[unit as usize] == 0);
                }
                Book::Spikes(spikes) => {
                    let mut others = Vec::new();
                    for (&unit, &code) in open.iter().zip(&drawn.codes) {
                        match code.checked_sub(1) {
                            Some(spike) => filler.number(unit, spikes[spike as usize]),
                            None => others.push(unit),
                        }
                    }
                    open = others;
                }
                Book::Numbers(cells) => {
                    for ((&unit, &code), &within) in
                        open.iter().zip(&drawn.codes).zip(&drawn.within)
                    {
                        filler.number(unit, cells.draw(code, within));
                    }
                }
                Book::Codes(_) => {
                    for (&unit, &code) in open.iter().zip(&drawn.codes) {
                        filler.code(unit, code);
                    }
                }
            }
        }
        Column::with_missing(filler.values, missing)
    }

    /// Makes a column known to those that follow.
    fn keep(&mut self, level: usize, position: usize, column: Column) {
        let frame = &mut self.frames[level];
        for (index, feature) in self.model.features.iter().enumerate() {
            if feature.source == Source::Column(position) && feature.level == level {
                let bins = encode(&feature.binning, &column);
                if self.model.arms == Some(index) {
                    frame.arms = Some(bins.iter().map(|&bin| bin as u8).collect());
                }
                frame.bins[index] = Some(bins);
            }
        }
        frame.columns.push((position, column));
    }

    /// The units whose value a rule gives, ascending.
    fn ruled(&self, level: usize, position: usize) -> Vec<(u32, Value)> {
        let own = &self.model.common.bound.columns[position];
        if own.rules.is_empty() {
            return Vec::new();
        }
        let cells = Made { work: self, level };
        let units = 0..self.frames[level].units();
        units
            .filter_map(|unit| Some((unit as u32, own.ruled(&cells, unit)?)))
            .collect()
    }

    /// What the column's formula gives these units; missing where the column has none.
    fn calculated(&self, level: usize, position: usize, units: &[u32]) -> Vec<Value> {
        let common = &self.model.common;
        let cells = Made { work: self, level };
        let of = |&unit: &u32| match &common.bound.columns[position].making {
            Making::Formula(formula) => Value::from(
                formula.value(&cells, unit as usize),
                &common.schema.fields()[position],
            ),
            Making::Constant(given) => *given,
            _ => Value::Missing(parable_table::Missing::Absent.to_byte()),
        };
        units.iter().map(of).collect()
    }
}

/// What has been made so far, as the units of a level see it.
struct Made<'w, 'a> {
    work: &'w Work<'a>,
    level: usize,
}

impl Made<'_, '_> {
    fn cell<T>(&self, column: usize, unit: usize, read: impl Fn(&Column, usize) -> T) -> Option<T> {
        let find = |frame: &'_ Frame| frame.columns.iter().position(|(made, _)| *made == column);
        let frames = &self.work.frames;
        let (level, at) = (0..=self.level)
            .rev()
            .find_map(|level| Some((level, find(&frames[level])?)))?;
        let row = match level == self.level {
            true => unit,
            false => frames[self.level].above[level][unit] as usize,
        };
        Some(read(&frames[level].columns[at].1, row))
    }
}

impl Cells for Made<'_, '_> {
    fn number(&self, column: usize, row: usize) -> Option<f64> {
        self.cell(column, row, Column::number).flatten()
    }

    fn code(&self, column: usize, row: usize) -> Option<u32> {
        self.cell(column, row, Column::code).flatten()
    }

    fn missing(&self, column: usize, row: usize) -> bool {
        self.cell(column, row, Column::is_missing).unwrap_or(true)
    }
}
