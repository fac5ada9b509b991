//! Units of all levels while their columns are made.

use std::sync::OnceLock;

use ndarray::Array2;
use parable_core::{Observer, Progress, SampleError};
use parable_seed::Seed;
use parable_table::Column;
use parable_table::expression::Cells;

use super::filler::Filler;
use crate::clusters::hierarchy::Labels;
use crate::clusters::icc::{Goal, Series};
use crate::config::resolved::Given as Value;
use crate::config::resolved::Making;
use crate::model::{Codebook, Part, Sequence, Source};
use crate::values::binning::encode;

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
pub(super) struct Frame {
    /// For each coarser level the cluster each unit belongs to.
    pub(super) above: Vec<Vec<u32>>,
    /// Rows of each unit.
    pub(super) rows: Vec<u32>,
    /// Clusters of the next finer level in each unit.
    pub(super) children: Vec<u32>,
    /// The bins of each feature that trees of this level may ask for, as far as made.
    pub(super) bins: Vec<Option<Vec<u16>>>,
    /// The arm of each unit, once known.
    pub(super) arms: Option<Vec<u8>>,
    /// The set of absent columns of each unit.
    pub(super) absences: Vec<u32>,
    pub(super) columns: Vec<(usize, Column)>,
}

impl Frame {
    pub(super) fn units(&self) -> usize {
        self.rows.len()
    }
}

pub(super) struct Sampler<'a> {
    pub(super) model: &'a Sequence,
    pub(super) rows: usize,
    /// Bins of values of each feature.
    pub(super) values: Vec<usize>,
    pub(super) frames: Vec<Frame>,
    pub(super) seed: Seed,
    /// Where intraclass correlations are asked for: the numbers that codes count as, by tree, and
    /// what was drawn.
    pub(super) goals: &'a [Goal],
    pub(super) series: Vec<Vec<Series>>,
    /// By tree the shift of each arm, found where it is not known yet, or the weights of codes in
    /// each arm.
    pub(super) shifts: Vec<Option<Vec<f64>>>,
    pub(super) balances: Vec<Option<Vec<Vec<f64>>>>,
    /// By level the numbers behind scores that clusters have in several columns at once.
    pub(super) raws: Vec<OnceLock<Array2<f64>>>,
    /// By level the names that clusters may have, and the name of each cluster, as a position among
    /// them.
    pub(super) labels: Vec<Labels>,
    pub(super) names: Vec<Vec<usize>>,
}

/// Codes drawn for some units, and how far into the code's share each draw fell.
pub(super) struct Drawn {
    pub(super) codes: Vec<u32>,
    pub(super) within: Vec<f64>,
}

impl<'a> Sampler<'a> {
    pub(super) fn new(model: &'a Sequence, rows: usize, seed: &Seed, goals: &'a [Goal]) -> Self {
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

    pub(super) fn make(&mut self, observer: &dyn Observer) -> Result<(), SampleError> {
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

    pub(super) fn tell(&self, observer: &dyn Observer, stage: usize) -> Result<(), SampleError> {
        let progress = Progress::new("sample", stage as u64 + 1, self.model.stages.len() as u64);
        match observer.progress(progress) {
            std::ops::ControlFlow::Continue(()) => Ok(()),
            std::ops::ControlFlow::Break(()) => Err(SampleError::Cancelled),
        }
    }

    /// The stages of a level, those of one column together.
    pub(super) fn steps(&self, level: usize) -> Vec<Vec<usize>> {
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
    pub(super) fn parents(&self, level: usize) -> Vec<u32> {
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
    pub(super) fn open(&mut self, level: usize, parent: Vec<u32>) {
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
    pub(super) fn make_column(
        &mut self,
        level: usize,
        position: usize,
        stages: &[usize],
    ) -> Column {
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
                Codebook::Reasons(bytes) => {
                    for (&unit, &code) in open.iter().zip(&drawn.codes) {
                        missing[unit as usize] = bytes[code as usize];
                    }
                    open.retain(|&unit| missing[unit as usize] == 0);
                }
                Codebook::Spikes(spikes) => {
                    let mut others = Vec::new();
                    for (&unit, &code) in open.iter().zip(&drawn.codes) {
                        match code.checked_sub(1) {
                            Some(spike) => filler.number(unit, spikes[spike as usize]),
                            None => others.push(unit),
                        }
                    }
                    open = others;
                }
                Codebook::Numbers(cells) => {
                    for ((&unit, &code), &within) in
                        open.iter().zip(&drawn.codes).zip(&drawn.within)
                    {
                        filler.number(unit, cells.draw(code, within));
                    }
                }
                Codebook::Codes(_) => {
                    for (&unit, &code) in open.iter().zip(&drawn.codes) {
                        filler.code(unit, code);
                    }
                }
            }
        }
        Column::with_missing(filler.values, missing)
    }

    /// Makes a column known to those that follow.
    pub(super) fn keep(&mut self, level: usize, position: usize, column: Column) {
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
    pub(super) fn ruled(&self, level: usize, position: usize) -> Vec<(u32, Value)> {
        let own = &self.model.common.resolved.columns[position];
        if own.rules.is_empty() {
            return Vec::new();
        }
        let cells = Made {
            sampler: self,
            level,
        };
        let units = 0..self.frames[level].units();
        units
            .filter_map(|unit| Some((unit as u32, own.ruled(&cells, unit)?)))
            .collect()
    }

    /// What the column's formula gives these units; missing where the column has none.
    pub(super) fn calculated(&self, level: usize, position: usize, units: &[u32]) -> Vec<Value> {
        let common = &self.model.common;
        let cells = Made {
            sampler: self,
            level,
        };
        let of = |&unit: &u32| match &common.resolved.columns[position].making {
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
    sampler: &'w Sampler<'a>,
    level: usize,
}

impl Made<'_, '_> {
    fn cell<T>(&self, column: usize, unit: usize, read: impl Fn(&Column, usize) -> T) -> Option<T> {
        let find = |frame: &'_ Frame| frame.columns.iter().position(|(made, _)| *made == column);
        let frames = &self.sampler.frames;
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
