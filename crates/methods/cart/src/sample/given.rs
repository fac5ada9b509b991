//! Rows with given values: candidates are drawn column by column, and those are kept that make the
//! given values likely.

use std::collections::{HashMap, HashSet};

use parable_core::{Observer, SampleError};
use parable_seed::Seed;
use parable_table::{Column, Missing, Table, Values};

use super::sampler::{Frame, Sampler};
use crate::clusters::hierarchy::Labels;
use crate::model::{Codebook, Part, Sequence};
use crate::values::normal::{phi, probit};

/// Rows of one stratum.
pub(super) struct Answer {
    /// The columns, in the order of the schema: one row for each given row.
    pub(crate) columns: Vec<Column>,
    /// Likelihood of each given row; 0 if it was not found.
    pub(crate) likelihood: Vec<f64>,
}

/// Makes a row for each given row.
///
/// - `positions`: the columns of `given` in the schema
/// - `candidates`: how many are drawn per row where some columns are made before a given one
pub(super) fn answer(
    model: &Sequence,
    given: &Table,
    positions: &[usize],
    candidates: usize,
    seed: &Seed,
    observer: &dyn Observer,
) -> Result<Answer, SampleError> {
    let base = model.levels.len();
    let has_effects = model
        .stages
        .iter()
        .any(|stage| !stage.effects.arms.is_empty() || stage.effects.nominal.is_some());
    let mut sampler = Sampler::new(model, model.rows, seed, &[]);
    if has_effects || base > 0 {
        // Arms are to have their means over all rows, not over those with the given values; and
        // clusters are those of a whole table.
        sampler.make(observer)?;
        sampler.frames.truncate(base);
    }
    let held: Vec<(usize, &Column)> = positions.iter().copied().zip(given.columns()).collect();
    let steps = sampler.steps(base);
    let is_given = |step: &Vec<usize>| {
        let column = model.stages[step[0]].part.column();
        held.iter().any(|(position, _)| Some(*position) == column)
    };
    let last_given = steps.iter().rposition(is_given);
    let others_before = last_given.is_some_and(|last| !steps[..last].iter().all(is_given));
    let candidates = if others_before { candidates } else { 1 };
    let mut likelihood = vec![1.0; given.rows()];
    let parents = match base {
        0 => vec![0; given.rows() * candidates],
        _ => sampler.members(&held, candidates, seed, &mut likelihood),
    };
    sampler.open(base, parents);
    let mut group = candidates;
    for (place, step) in steps.iter().enumerate() {
        let column = model.stages[step[0]].part.column().unwrap_or_default();
        match held.iter().find(|(position, _)| *position == column) {
            Some((_, asked)) => {
                let of_unit = |unit: usize| unit / group;
                let weights = sampler.weights(base, column, step, asked, &of_unit);
                let after = if Some(place) == last_given { 1 } else { group };
                let kept = thin(
                    &weights,
                    group,
                    after,
                    &mut likelihood,
                    &seed.stream("cart/given").index(place as u64),
                );
                sampler.frames[base].select(&kept);
                group = after;
                let rows: Vec<usize> = (0..kept.len()).map(|unit| unit / group).collect();
                sampler.keep(base, column, asked.take(&rows));
            }
            None => {
                let made = sampler.make_column(base, column, step);
                sampler.keep(base, column, made);
            }
        }
        sampler.tell(observer, step[step.len() - 1])?;
    }
    if group > 1 {
        // Only columns of clusters were given.
        let kept: Vec<usize> = (0..given.rows()).map(|row| row * group).collect();
        sampler.frames[base].select(&kept);
    }
    Ok(Answer {
        columns: sampler.assemble(),
        likelihood,
    })
}

/// For groups of weighted candidates so many of each group (systematic resampling), and the mean
/// weight multiplied into the likelihood of each group.
fn thin(
    weights: &[f64],
    group: usize,
    after: usize,
    likelihood: &mut [f64],
    seed: &Seed,
) -> Vec<usize> {
    let mut rng = seed.rng();
    let mut kept = Vec::with_capacity(likelihood.len() * after);
    for (index, (weights, likelihood)) in weights.chunks(group).zip(likelihood).enumerate() {
        let sum: f64 = weights.iter().sum();
        *likelihood *= sum / group as f64;
        let mut point = rng.uniform() / after as f64;
        let mut before = 0.0;
        let mut place = 0;
        for _ in 0..after {
            if sum > 0.0 {
                while place + 1 < group && before + weights[place] <= point * sum {
                    before += weights[place];
                    place += 1;
                }
                // A candidate without weight is no candidate, wherever rounding has put the point.
                while weights[place] <= 0.0 && place > 0 {
                    place -= 1;
                }
            }
            kept.push(index * group + place);
            point += 1.0 / after as f64;
        }
    }
    kept
}

impl Frame {
    /// Keeps these units, which may repeat.
    fn select(&mut self, units: &[usize]) {
        let pick = |of: &Vec<u32>| units.iter().map(|&unit| of[unit]).collect();
        self.above = self.above.iter().map(pick).collect();
        self.rows = vec![1; units.len()];
        for bins in self.bins.iter_mut().flatten() {
            *bins = units.iter().map(|&unit| bins[unit]).collect();
        }
        if let Some(arms) = &mut self.arms {
            *arms = units.iter().map(|&unit| arms[unit]).collect();
        }
        for (_, column) in &mut self.columns {
            *column = column.take(units);
        }
    }
}

impl Sampler<'_> {
    /// Deals the names that are asked for to clusters that have the other values asked for beside
    /// them, as far as there are such clusters.
    fn name(&mut self, held: &[(usize, &Column)], seed: &Seed) {
        for level in 0..self.model.levels.len() {
            let column = self.model.levels[level].column;
            let Some((_, asked)) = held.iter().find(|(position, _)| *position == column) else {
                continue;
            };
            let units = self.frames[level].units();
            let mut order: Vec<usize> = (0..units).collect();
            seed.stream("cart/names")
                .index(level as u64)
                .rng()
                .shuffle(&mut order);
            let others: Vec<(usize, &Column)> = held
                .iter()
                .copied()
                .filter(|(position, _)| *position != column)
                .collect();
            let rules = self.of_clusters(&others, level);
            let wanted = |label: usize| match &self.labels[level] {
                Labels::Codes(codes) => (0, u64::from(codes[label])),
                Labels::Integers(numbers) => (0, numbers[label] as u64),
            };
            let label_of: HashMap<(u8, u64), usize> = (0..self.names[level].len())
                .map(|label| (wanted(label), label))
                .collect();
            let mut names = self.names[level].clone();
            let mut done: HashSet<usize> = HashSet::new();
            for row in 0..asked.len() {
                let Some(&label) = label_of.get(&bits(asked, row)) else {
                    continue;
                };
                if !done.insert(label) {
                    continue;
                }
                let fits = |unit: &usize| rules.iter().all(|rule| rule.fits(*unit, row));
                let Some(place) = order.iter().position(fits) else {
                    continue;
                };
                let unit = order.swap_remove(place);
                if let Some(now) = names.iter().position(|&name| name == label) {
                    names.swap(now, unit);
                }
            }
            self.names[level] = names;
        }
    }

    /// The columns of clusters that are given, as the units of a level see them.
    fn of_clusters<'c>(&self, held: &[(usize, &'c Column)], finest: usize) -> Vec<Agreement<'c>> {
        let mut found = Vec::new();
        for &(position, asked) in held {
            for (level, frame) in self.frames[..=finest].iter().enumerate() {
                let made = match self.model.levels[level].column == position {
                    true => Some(self.names(level)),
                    false => {
                        let own = frame.columns.iter().find(|(column, _)| *column == position);
                        own.map(|(_, made)| made.clone())
                    }
                };
                let units = 0..self.frames[finest].units();
                found.extend(made.map(|made| {
                    Agreement {
                        made: units
                            .map(|unit| match self.frames[finest].above.get(level) {
                                Some(above) => bits(&made, above[unit] as usize),
                                None => bits(&made, unit),
                            })
                            .collect(),
                        asked,
                    }
                }));
            }
        }
        found
    }

    /// A cluster of the finest level for each candidate: one whose own columns, and those of the
    /// clusters it is in, have the given values, by the number of its rows.
    fn members(
        &mut self,
        held: &[(usize, &Column)],
        candidates: usize,
        seed: &Seed,
        likelihood: &mut [f64],
    ) -> Vec<u32> {
        self.name(held, seed);
        let finest = self.frames.len() - 1;
        let units = self.frames[finest].units();
        let rules = self.of_clusters(held, finest);
        let sizes = &self.frames[finest].rows;
        let all: f64 = sizes.iter().map(|&rows| f64::from(rows)).sum();
        let mut rng = seed.stream("cart/members").rng();
        let mut known: HashMap<Vec<(u8, u64)>, Vec<f64>> = HashMap::new();
        let mut parents = Vec::with_capacity(likelihood.len() * candidates);
        for (row, likelihood) in likelihood.iter_mut().enumerate() {
            let key = rules.iter().map(|rule| bits(rule.asked, row)).collect();
            let running = known.entry(key).or_insert_with(|| {
                let mut sum = 0.0;
                let matches = |unit: usize| rules.iter().all(|rule| rule.fits(unit, row));
                (0..units)
                    .map(|unit| {
                        sum += if matches(unit) {
                            f64::from(sizes[unit])
                        } else {
                            0.0
                        };
                        sum
                    })
                    .collect()
            });
            *likelihood *= running.last().copied().unwrap_or(0.0) / all;
            for _ in 0..candidates {
                parents.push(rng.weighted(running).unwrap_or(0) as u32);
            }
        }
        parents
    }

    /// How likely the model makes the value asked for in each unit.
    fn weights(
        &mut self,
        level: usize,
        position: usize,
        stages: &[usize],
        asked: &Column,
        row_of: &dyn Fn(usize) -> usize,
    ) -> Vec<f64> {
        let units = self.frames[level].units();
        let mut weights = vec![1.0; units];
        let forced = self.forced(level, position);
        let mut open: Vec<u32> = Vec::with_capacity(units);
        let ruled = self.ruled(level, position);
        let agrees = |value: crate::config::resolved::Given, unit: usize| {
            f64::from(u8::from(value.is(asked, row_of(unit))))
        };
        for unit in 0..units {
            let rule = ruled.binary_search_by_key(&(unit as u32), |(unit, _)| *unit);
            match (rule, forced[unit]) {
                (Ok(place), _) => weights[unit] = agrees(ruled[place].1, unit),
                (_, 0) => open.push(unit as u32),
                (_, byte) => {
                    let reason = asked.missing(row_of(unit)).map_or(0, Missing::to_byte);
                    weights[unit] = f64::from(u8::from(reason == byte));
                }
            }
        }
        for &stage in stages {
            if let Part::Formula(_) = self.model.stages[stage].part {
                for (&unit, value) in open.iter().zip(self.calculated(level, position, &open)) {
                    weights[unit as usize] = agrees(value, unit as usize);
                }
                return weights;
            }
            let likely = self.likely(level, stage, &open, asked, row_of);
            for (&unit, likely) in open.iter().zip(likely) {
                weights[unit as usize] *= likely;
            }
            let spikes = match &self.model.stages[stage].book {
                Codebook::Spikes(spikes) => spikes.as_slice(),
                _ => &[],
            };
            let settled = |unit: usize| {
                let row = row_of(unit);
                asked.is_missing(row)
                    || asked
                        .number(row)
                        .is_some_and(|number| spikes.contains(&number))
            };
            open.retain(|&unit| !settled(unit as usize));
        }
        // A reason that no stage has made is never made.
        let has_reason = stages
            .iter()
            .any(|&stage| matches!(self.model.stages[stage].part, Part::Reason(_)));
        for unit in 0..units {
            let free = forced[unit] == 0
                && ruled
                    .binary_search_by_key(&(unit as u32), |(unit, _)| *unit)
                    .is_err();
            if free && !has_reason && asked.is_missing(row_of(unit)) {
                weights[unit] = 0.0;
            }
        }
        weights
    }

    /// The probability that a stage draws the code of the value asked for.
    fn likely(
        &self,
        level: usize,
        index: usize,
        units: &[u32],
        asked: &Column,
        row_of: &dyn Fn(usize) -> usize,
    ) -> Vec<f64> {
        let stage = &self.model.stages[index];
        let leaves = self.leaves(index, level, units);
        if let Some(nominal) = self.nominal_draws(index, level, units) {
            let known = self.balances[index].clone();
            let balance = known.unwrap_or_else(|| nominal.balance(&leaves));
            let likely = |(place, &unit): (usize, &u32)| {
                let code = code_of(&stage.book, asked, row_of(unit as usize));
                code.map_or(0.0, |code| {
                    nominal.likely(place, leaves[place], code, &balance)
                })
            };
            return units.iter().enumerate().map(likely).collect();
        }
        let score_shift = self.score_shift(index, level, units);
        let arms = self.frames[level].arms.as_deref();
        let shifts = self.shifts[index].as_deref();
        let mut likely = Vec::with_capacity(units.len());
        for (place, &unit) in units.iter().enumerate() {
            let row = row_of(unit as usize);
            let Some(code) = code_of(&stage.book, asked, row) else {
                likely.push(0.0);
                continue;
            };
            let Some((low, high)) = stage.tree.leaves.span(leaves[place] as usize, code) else {
                likely.push(0.0);
                continue;
            };
            let shift = match (shifts, arms) {
                (Some(shifts), Some(arms)) => shifts[usize::from(arms[unit as usize])],
                _ => 0.0,
            };
            let (common, own) = score_shift.as_ref().map_or((0.0, 1.0), |score_shift| {
                (score_shift.common[place], score_shift.own.max(1e-6))
            });
            let below = |share: f64| match share {
                share if share <= 0.0 => 0.0,
                share if share >= 1.0 => 1.0,
                share => phi((probit(share) - common - shift) / own),
            };
            likely.push((below(high) - below(low)).max(0.0));
        }
        likely
    }
}

/// What units have in a column and what is asked for.
struct Agreement<'c> {
    made: Vec<(u8, u64)>,
    asked: &'c Column,
}

impl Agreement<'_> {
    fn fits(&self, unit: usize, row: usize) -> bool {
        self.made[unit] == bits(self.asked, row)
    }
}

/// The code of the value in a row; `None` if the stage never makes it.
fn code_of(book: &Codebook, asked: &Column, row: usize) -> Option<u32> {
    let reason = asked.missing(row).map_or(0, Missing::to_byte);
    match book {
        Codebook::Reasons(bytes) => bytes
            .iter()
            .position(|&byte| byte == reason)
            .map(|code| code as u32),
        _ if reason != 0 => None,
        Codebook::Spikes(spikes) => {
            let number = asked.number(row)?;
            Some(
                spikes
                    .iter()
                    .position(|&spike| spike == number)
                    .map_or(0, |spike| spike as u32 + 1),
            )
        }
        Codebook::Numbers(cells) => cells.cell_of(asked.number(row)?),
        Codebook::Codes(_) => asked.code(row),
    }
}

/// A cell as something that can be compared.
fn bits(column: &Column, row: usize) -> (u8, u64) {
    let reason = column.missing(row).map_or(0, Missing::to_byte);
    let value = match column.values() {
        _ if reason != 0 => 0,
        Values::Codes(codes) => u64::from(codes[row]),
        Values::Integer(numbers) => numbers[row] as u64,
        Values::Continuous(numbers) => (numbers[row] + 0.0).to_bits(),
        _ => 0,
    };
    (reason, value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_are_kept_in_proportion_to_their_weight() {
        let weights = [1.0, 3.0, 0.0, 0.0, 0.0, 0.0, 0.0, 2.0];
        let mut likelihood = vec![1.0, 0.5];
        let kept = thin(&weights, 4, 4, &mut likelihood, &Seed::from_u64(1));
        assert_eq!(kept.iter().filter(|&&unit| unit == 1).count(), 3);
        assert_eq!(kept[4..], [7; 4]);
        assert_eq!(likelihood, [1.0, 0.25]);
        let mut likelihood = vec![1.0, 1.0];
        let kept = thin(&[0.0; 4], 2, 1, &mut likelihood, &Seed::from_u64(1));
        assert_eq!((kept.len(), likelihood), (2, vec![0.0, 0.0]));
    }
}
