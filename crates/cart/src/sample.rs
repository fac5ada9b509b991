//! Making tables: level by level, column by column, all rows of a column at once.

use parable_core::{Model, Observer, Progress, SampleError};
use parable_seed::Seed;
use parable_table::{Column, Field, Kind, Table, Values};
use rayon::prelude::*;

use crate::balance::{BLOCK, even_scores, even_shares, independent_shares, level_out, share_out};
use crate::calibrate::{Goal, likeness};
use crate::config::Draws;
use crate::effects::arm_means;
use crate::hierarchy::Labels;
use crate::model::{Book, CartModel, Part, Source, Stage};
use crate::normal::{phi, probit};
use crate::rake::{self, rake};

pub(crate) fn sample(
    model: &CartModel,
    rows: usize,
    seed: &Seed,
    observer: &dyn Observer,
) -> Result<Table, SampleError> {
    let mut work = Work::new(model, rows, seed, &[]);
    work.make(observer)?;
    Ok(Table::new(model.schema().clone(), work.assemble())?)
}

/// Makes rows for the sake of how alike cluster mates come out: for each tree and level of clusters, see [`likeness`].
pub(crate) fn probe(
    model: &CartModel,
    rows: usize,
    seed: &Seed,
    goals: &[Goal],
    observer: &dyn Observer,
) -> Result<Vec<Vec<Option<f64>>>, SampleError> {
    let mut work = Work::new(model, rows, seed, goals);
    work.make(observer)?;
    Ok(work.likeness)
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
    model: &'a CartModel,
    rows: usize,
    /// Bins of values of each feature.
    values: Vec<usize>,
    frames: Vec<Frame>,
    seed: Seed,
    /// Where likeness is asked for: what codes count for, by tree, and what was found.
    goals: &'a [Goal],
    likeness: Vec<Vec<Option<f64>>>,
}

/// Codes drawn for some units, and how far into the code's share each draw fell.
struct Drawn {
    codes: Vec<u32>,
    within: Vec<f64>,
}

impl<'a> Work<'a> {
    fn new(model: &'a CartModel, rows: usize, seed: &Seed, goals: &'a [Goal]) -> Self {
        Self {
            model,
            rows,
            values: model.features.iter().map(|f| f.coding.values()).collect(),
            frames: Vec::new(),
            seed: seed.stream("cart/sample"),
            goals,
            likeness: vec![Vec::new(); goals.len()],
        }
    }

    fn make(&mut self, observer: &dyn Observer) -> Result<(), SampleError> {
        let stages = &self.model.stages;
        for level in 0..=self.model.levels.len() {
            self.open(level);
            let own: Vec<usize> = (0..stages.len())
                .filter(|&stage| stages[stage].level == level)
                .collect();
            for of_column in own.chunk_by(|&a, &b| {
                let column = stages[a].part.column();
                column.is_some() && column == stages[b].part.column()
            }) {
                match stages[of_column[0]].part.column() {
                    Some(column) => self.make_column(level, column, of_column),
                    None => self.make_structure(level, of_column[0]),
                }
                let done = of_column[of_column.len() - 1] as u64 + 1;
                if observer
                    .progress(Progress::new("sample", done, stages.len() as u64))
                    .is_break()
                {
                    return Err(SampleError::Cancelled);
                }
            }
            if (1..self.model.levels.len()).contains(&level) {
                self.keep_row_counts(level);
            }
        }
        Ok(())
    }

    /// Changes the sizes of finer clusters a little, within their coarser cluster, until the levels of their columns have their real shares of rows
    /// (raking, Deming & Stephan 1940). Few classes are drawn, and a percent of them more or less is hundreds of rows.
    fn keep_row_counts(&mut self, level: usize) {
        let columns = &self.frames[level].columns;
        let bound = |(column, counts): &'a (usize, Vec<u32>)| {
            let made = &columns.iter().find(|(made, _)| made == column)?.1;
            match made.values() {
                Values::Codes(codes) if made.missing_count() == 0 => {
                    Some((codes.clone(), counts.as_slice()))
                }
                _ => None,
            }
        };
        let model: &'a CartModel = self.model;
        let bound: Vec<(Vec<u32>, &[u32])> = model.levels[level]
            .row_counts
            .iter()
            .filter_map(bound)
            .collect();
        if bound.is_empty() {
            return;
        }
        let outer = &self.frames[level - 1];
        let mut sizes: Vec<f64> = self.frames[level]
            .rows
            .iter()
            .map(|&rows| f64::from(rows))
            .collect();
        for _ in 0..rake::ROUNDS {
            for (codes, wanted) in &bound {
                rake(&mut sizes, codes, wanted);
            }
            let mut first = 0;
            for (&children, &rows) in outer.children.iter().zip(&outer.rows) {
                let own = &mut sizes[first..first + children as usize];
                let scale = f64::from(rows) / own.iter().sum::<f64>();
                own.iter_mut().for_each(|size| *size *= scale);
                first += children as usize;
            }
        }
        let rows = self.fit_rows(level, &sizes);
        self.set_sizes(level, Source::Rows, rows);
    }

    /// Starts a level: how many units it has, whose members they are, and what they see of their clusters.
    fn open(&mut self, level: usize) {
        let base = self.model.levels.len();
        let names = self
            .model
            .levels
            .get(level)
            .map_or(0, |level| level.labels.len());
        let mut frame = Frame::default();
        let outer = level.checked_sub(1).map(|outer| &self.frames[outer]);
        let counts = match outer {
            None if base == 0 => vec![self.rows as u32],
            None => vec![self.clusters(names) as u32],
            Some(outer) if level < base => outer.children.clone(),
            Some(outer) => outer.rows.clone(),
        };
        let parent: Vec<u32> = (0u32..)
            .zip(&counts)
            .flat_map(|(unit, &count)| std::iter::repeat_n(unit, count as usize))
            .collect();
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
        self.frames.push(frame);
    }

    /// How many clusters of the coarsest level: as many per row as the real table has, within the names there are.
    fn clusters(&self, names: usize) -> usize {
        let share = names as f64 * self.rows as f64 / self.model.rows.max(1) as f64;
        (share.round() as usize)
            .clamp(1, names.max(1))
            .min(self.rows)
    }

    fn make_structure(&mut self, level: usize, stage: usize) {
        let units: Vec<u32> = (0..self.frames[level].units() as u32).collect();
        let drawn = self.draw(level, stage, &units, None);
        let part = self.model.stages[stage].part;
        let source = match part {
            Part::Absences => {
                self.frames[level].absences = drawn.codes;
                return;
            }
            Part::Children => Source::Children,
            _ => Source::Rows,
        };
        let Book::Numbers(cells) = &self.model.stages[stage].book else {
            unreachable!("sizes are numbers, which the reader of files checks");
        };
        let sizes: Vec<f64> = drawn
            .codes
            .iter()
            .zip(&drawn.within)
            .map(|(&code, &within)| cells.draw(code, within))
            .collect();
        let made = match source {
            Source::Children => self.fit_children(level, &sizes),
            _ => self.fit_rows(level, &sizes),
        };
        self.set_sizes(level, source, made);
    }

    fn set_sizes(&mut self, level: usize, source: Source, made: Vec<u32>) {
        for (index, feature) in self.model.features.iter().enumerate() {
            if feature.source == source && feature.level == level {
                let bins = made
                    .iter()
                    .map(|&count| feature.coding.bin_of_number(f64::from(count)))
                    .collect();
                self.frames[level].bins[index] = Some(bins);
            }
        }
        match source {
            Source::Children => self.frames[level].children = made,
            _ => self.frames[level].rows = made,
        }
    }

    /// Rows of each unit: near what was drawn, adding up to the rows of the cluster they are in.
    fn fit_rows(&self, level: usize, sizes: &[f64]) -> Vec<u32> {
        let Some(outer) = level.checked_sub(1).map(|outer| &self.frames[outer]) else {
            return share_out(sizes, self.rows);
        };
        let mut made = Vec::with_capacity(sizes.len());
        for (&children, &rows) in outer.children.iter().zip(&outer.rows) {
            let own = &sizes[made.len()..made.len() + children as usize];
            made.extend(level_out(own, rows as usize));
        }
        made
    }

    /// Finer clusters of each unit: at least one, at most one per row, and not more in all than there are names.
    fn fit_children(&self, level: usize, sizes: &[f64]) -> Vec<u32> {
        let rows = &self.frames[level].rows;
        let names = self.model.levels[level + 1].labels.len();
        let mut made: Vec<u32> = sizes
            .iter()
            .zip(rows)
            .map(|(&size, &rows)| (size.round().max(1.0) as u32).min(rows))
            .collect();
        let mut excess = made
            .iter()
            .map(|&count| count as usize)
            .sum::<usize>()
            .saturating_sub(names);
        while excess > 0 {
            // The unit with the most is the one that misses one least.
            let most = made.iter().copied().max().unwrap_or(0);
            if most <= 1 {
                break;
            }
            for count in made.iter_mut().filter(|count| **count == most) {
                if excess > 0 {
                    *count -= 1;
                    excess -= 1;
                }
            }
        }
        made
    }

    fn make_column(&mut self, level: usize, position: usize, stages: &[usize]) {
        let field = &self.model.schema().fields()[position];
        let units = self.frames[level].units();
        let mut missing = self.forced(level, position);
        let mut open: Vec<u32> = (0..units as u32)
            .filter(|&unit| missing[unit as usize] == 0)
            .collect();
        let mut filler = Filler::new(field, units);
        for &stage in stages {
            let forced = (level == self.model.levels.len()).then(|| missing.clone());
            let reason = matches!(self.model.stages[stage].part, Part::Reason(_));
            let drawn = self.draw(level, stage, &open, forced.as_deref().filter(|_| reason));
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
        let column = Column::with_missing(filler.values, missing);
        let frame = &mut self.frames[level];
        for (index, feature) in self.model.features.iter().enumerate() {
            if feature.source == Source::Column(position) && feature.level == level {
                let bins = feature.coding.encode(&column);
                if self.model.arms == Some(index) {
                    frame.arms = Some(bins.iter().map(|&bin| bin as u8).collect());
                }
                frame.bins[index] = Some(bins);
            }
        }
        frame.columns.push((position, column));
    }

    /// Missing bytes of the units whose whole cluster lacks the column, 0 for the others.
    fn forced(&self, level: usize, position: usize) -> Vec<u8> {
        let units = self.frames[level].units();
        let mut missing = vec![0u8; units];
        if level < self.model.levels.len() {
            return missing;
        }
        for (outer, clusters) in self.model.levels.iter().enumerate() {
            let Some(reasons) = clusters.reasons.get(&position) else {
                continue;
            };
            let whole: Vec<bool> = clusters
                .patterns
                .iter()
                .map(|p| p.contains(&position))
                .collect();
            let total: u32 = reasons.iter().map(|(_, count)| count).sum();
            let mut rng = self
                .seed
                .stream("absence")
                .index(outer as u64)
                .index(position as u64)
                .rng();
            for (unit, byte) in missing.iter_mut().enumerate() {
                let cluster = self.frames[level].above[outer][unit] as usize;
                if whole[self.frames[outer].absences[cluster] as usize] {
                    let mut point = rng.below(u64::from(total)) as u32;
                    let reason = reasons.iter().find(|(_, count)| {
                        let here = point < *count;
                        point = point.saturating_sub(*count);
                        here
                    });
                    *byte = reason.map_or(1, |(byte, _)| *byte);
                }
            }
        }
        missing
    }

    /// Draws from a stage's tree for some units of a level; `forced` holds missing bytes of units that are settled already.
    fn draw(&mut self, level: usize, index: usize, units: &[u32], forced: Option<&[u8]>) -> Drawn {
        let stage = &self.model.stages[index];
        let frame = &self.frames[level];
        let seed = self.seed.stream("draw").index(index as u64);
        let leaves = self.leaves(stage, frame, units);
        let arms: Option<Vec<u8>> = frame
            .arms
            .as_ref()
            .map(|arms| units.iter().map(|&unit| arms[unit as usize]).collect());
        let mut shares = match self.model.draws {
            // Few clusters drawn on their own would leave arms and regions to chance.
            Draws::Independent if level == self.model.levels.len() => {
                independent_shares(units.len(), &seed)
            }
            Draws::Independent | Draws::Balanced => {
                let tie = if stage.part == Part::Absences {
                    // Which clusters lack columns is spread over large and small ones, so that the share of rows is kept too.
                    Some(frame.rows.clone())
                } else {
                    self.siblings(stage, frame, units)
                };
                even_shares(&leaves, arms.as_deref(), tie.as_deref(), &seed)
            }
        };
        let common = self.common(stage, index, frame, units);
        let arms = arms.filter(|_| !stage.effects.arms.is_empty());
        if common.is_some() || arms.is_some() {
            let scores = scores(&shares, common);
            let settled = forced.map(|forced| (forced, frame.arms.as_deref().unwrap_or_default()));
            let shifts = arms.as_deref().map_or_else(Vec::new, |arms| {
                shifts(stage, &leaves, arms, &scores, settled)
            });
            let shift = |place: usize| {
                arms.as_deref()
                    .map_or(0.0, |arms| shifts[usize::from(arms[place])])
            };
            shares
                .par_iter_mut()
                .enumerate()
                .for_each(|(place, share)| *share = phi(scores[place] + shift(place)));
        }
        let mut codes = vec![0; units.len()];
        let mut within = vec![0.0; units.len()];
        let places = codes
            .par_chunks_mut(BLOCK)
            .zip(within.par_chunks_mut(BLOCK))
            .enumerate();
        places.for_each(|(block, (codes, within))| {
            for (offset, (code, within)) in codes.iter_mut().zip(within).enumerate() {
                let place = block * BLOCK + offset;
                (*code, *within) = stage.tree.leaves.at(leaves[place] as usize, shares[place]);
            }
        });
        if let Some(goal) = self.goals.get(index).filter(|goal| !goal.worths.is_empty()) {
            let worths: Vec<f64> = codes
                .iter()
                .map(|&code| goal.worths[code as usize])
                .collect();
            let of: Vec<Vec<u32>> = frame
                .above
                .iter()
                .map(|above| units.iter().map(|&unit| above[unit as usize]).collect())
                .collect();
            let of: Vec<&[u32]> = of.iter().map(Vec::as_slice).collect();
            self.likeness[index] = likeness(&worths, &of);
        }
        Drawn { codes, within }
    }

    fn leaves(&self, stage: &Stage, frame: &Frame, units: &[u32]) -> Vec<u32> {
        let mut leaves = vec![0; units.len()];
        if stage.tree.nodes.len() > 1 {
            let bins: Vec<&[u16]> = frame
                .bins
                .iter()
                .map(|bins| bins.as_deref().unwrap_or_default())
                .collect();
            leaves
                .par_chunks_mut(BLOCK)
                .enumerate()
                .for_each(|(block, leaves)| {
                    for (offset, leaf) in leaves.iter_mut().enumerate() {
                        *leaf = stage.tree.leaf(
                            &bins,
                            &self.values,
                            units[block * BLOCK + offset] as usize,
                        );
                    }
                });
        }
        leaves
    }

    /// An order that keeps the clusters of one coarser cluster together, where they have nothing in common: a school has its classes in each grade,
    /// and drawing each class on its own would give some schools none. `None` for rows, and where siblings are alike.
    fn siblings(&self, stage: &Stage, frame: &Frame, units: &[u32]) -> Option<Vec<u32>> {
        let outer = stage.level.checked_sub(1)?;
        let alike = stage
            .effects
            .clusters
            .get(outer)
            .is_some_and(|&part| part > 0.0);
        if alike || stage.level == self.model.levels.len() {
            return None;
        }
        let mut place: Vec<u32> = (0..self.frames[outer].rows.len() as u32).collect();
        self.seed
            .stream("siblings")
            .index(outer as u64)
            .rng()
            .shuffle(&mut place);
        let parents = &frame.above[outer];
        Some(
            units
                .iter()
                .map(|&unit| place[parents[unit as usize] as usize])
                .collect(),
        )
    }

    /// What each unit has in common with the other members of its clusters, and the weight of what is its own; `None` if nothing is common.
    fn common(
        &self,
        stage: &Stage,
        index: usize,
        frame: &Frame,
        units: &[u32],
    ) -> Option<(Vec<f64>, f64)> {
        let parts = stage
            .effects
            .clusters
            .iter()
            .copied()
            .enumerate()
            .filter(|(_, part)| *part > 0.0);
        let seed = self.seed.stream("clusters").index(index as u64);
        let mut sum = vec![0.0; units.len()];
        let mut common = 0.0;
        for (outer, part) in parts {
            let clusters = &self.frames[outer];
            let scores = even_scores(
                clusters.arms.as_deref(),
                &clusters.rows,
                &seed.index(outer as u64),
            );
            for (sum, &unit) in sum.iter_mut().zip(units) {
                *sum += part.sqrt() * scores[frame.above[outer][unit as usize] as usize];
            }
            common += part;
        }
        (common > 0.0).then(|| (sum, (1.0 - common).max(0.0).sqrt()))
    }

    /// The columns in the order of the schema, those of clusters repeated for their rows, clusters under new names.
    fn assemble(mut self) -> Vec<Column> {
        let base = self.model.levels.len();
        let above = std::mem::take(&mut self.frames[base].above);
        let mut columns: Vec<Option<Column>> = vec![None; self.model.schema().len()];
        for (level, clusters) in self.model.levels.iter().enumerate() {
            let mut names: Vec<usize> = (0..clusters.labels.len()).collect();
            self.seed
                .stream("names")
                .index(level as u64)
                .rng()
                .shuffle(&mut names);
            let names = above[level].iter().map(|&unit| names[unit as usize]);
            let values = match &clusters.labels {
                Labels::Codes(codes) => Values::Codes(names.map(|name| codes[name]).collect()),
                Labels::Integers(numbers) => {
                    Values::Integer(names.map(|name| numbers[name]).collect())
                }
            };
            columns[clusters.column] = Some(Column::complete(values));
        }
        for (level, frame) in self.frames.iter_mut().enumerate() {
            for (position, column) in std::mem::take(&mut frame.columns) {
                columns[position] = Some(match above.get(level) {
                    Some(above) => {
                        column.take(&above.iter().map(|&unit| unit as usize).collect::<Vec<_>>())
                    }
                    None => column,
                });
            }
        }
        columns.into_iter().flatten().collect()
    }
}

/// Normal scores of shares, leaning on what is common.
fn scores(shares: &[f64], common: Option<(Vec<f64>, f64)>) -> Vec<f64> {
    match common {
        None => shares.par_iter().map(|&share| probit(share)).collect(),
        Some((common, own)) => shares
            .par_iter()
            .zip(common)
            .map(|(&share, common)| own * probit(share) + common)
            .collect(),
    }
}

/// Rounds of the search for shifts; the mean of an arm is all but linear in its shift.
const ROUNDS: usize = 3;
/// The first step of the search, and the farthest a shift may go: an arm that differs by more than that is not to be reached by leaning.
const STEP: f64 = 0.05;
const FARTHEST: f64 = 0.7;

/// The shift of each arm with which its rows have the mean of the real arm, by the secant method.
///
/// `settled`: missing bytes of all units of the level and their arms, where missing values drawn before count too.
fn shifts(
    stage: &Stage,
    leaves: &[u32],
    arms: &[u8],
    scores: &[f64],
    settled: Option<(&[u8], &[u8])>,
) -> Vec<f64> {
    let count = stage.effects.arms.len();
    let worths = stage.book.worths();
    let means = |shifts: &[f64]| {
        let drawn: Vec<(u8, f64)> = (0..leaves.len())
            .into_par_iter()
            .map(|place| {
                let share = phi(scores[place] + shifts[usize::from(arms[place])]);
                let (code, _) = stage.tree.leaves.at(leaves[place] as usize, share);
                (arms[place], worths[code as usize])
            })
            .collect();
        let (missing, arms) = settled.unwrap_or_default();
        let settled = missing
            .iter()
            .zip(arms)
            .filter(|(byte, _)| **byte > 0)
            .map(|(_, &arm)| (arm, 1.0));
        arm_means(drawn.into_iter().chain(settled), count)
    };
    let mut before = vec![0.0; count];
    let mut reached = means(&before);
    let off = |mean: Option<f64>, arm: usize| {
        mean.zip(stage.effects.arms[arm])
            .map_or(0.0, |(mean, goal)| mean - goal)
    };
    let mut shifts: Vec<f64> = (0..count)
        .map(|arm| -STEP * off(reached[arm], arm).signum())
        .collect();
    for _ in 0..ROUNDS {
        let now = means(&shifts);
        for arm in 0..count {
            let (error, last) = (off(now[arm], arm), off(reached[arm], arm));
            let step = if (last - error).abs() > 1e-12 * last.abs() && error != 0.0 {
                error * (shifts[arm] - before[arm]) / (last - error)
            } else {
                0.0
            };
            before[arm] = shifts[arm];
            shifts[arm] = (shifts[arm] + step).clamp(-FARTHEST, FARTHEST);
        }
        reached = now;
    }
    shifts
}

/// Values of a column while they are filled in.
struct Filler {
    values: Values,
}

impl Filler {
    fn new(field: &Field, units: usize) -> Self {
        let values = match &field.kind {
            Kind::Continuous { .. } => Values::Continuous(vec![0.0; units]),
            kind if kind.is_numeric() => Values::Integer(vec![0; units]),
            _ => Values::Codes(vec![0; units]),
        };
        Self { values }
    }

    fn number(&mut self, unit: u32, number: f64) {
        match &mut self.values {
            Values::Continuous(numbers) => numbers[unit as usize] = number,
            Values::Integer(numbers) => numbers[unit as usize] = number.round() as i64,
            _ => {}
        }
    }

    fn code(&mut self, unit: u32, code: u32) {
        if let Values::Codes(codes) = &mut self.values {
            codes[unit as usize] = code;
        }
    }
}
