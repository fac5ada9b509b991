//! Structure of clusters: their number, sizes, absent columns and names.

use parable_table::{Column, Values};

use super::sampler::Sampler;
use crate::clusters::raking::{self, rake};
use crate::model::{Codebook, Part, Sequence, Source};
use crate::values::balance::{level_out, share_out};

impl<'a> Sampler<'a> {
    /// Changes the sizes of finer clusters a little, within their coarser cluster, until the levels
    /// of their columns have their real shares of rows (raking, Deming & Stephan 1940). Few classes
    /// are drawn, and a percent of them more or less is hundreds of rows.
    pub(super) fn keep_row_counts(&mut self, level: usize) {
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
        let model: &'a Sequence = self.model;
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
        for _ in 0..raking::ROUNDS {
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

    /// How many clusters of the coarsest level: as many per row as the real table has, as far as
    /// there are names.
    pub(super) fn clusters(&self) -> usize {
        let real = self.model.levels[0].labels.len();
        let share = real as f64 * self.rows as f64 / self.model.rows.max(1) as f64;
        (share.round() as usize)
            .clamp(1, self.room(0).max(1))
            .min(self.rows)
    }

    /// How many clusters of a level can have a name. Strata share the names of the schema, so that
    /// each has those of its own only.
    fn room(&self, level: usize) -> usize {
        let clusters = &self.model.levels[level];
        match self.model.common.whole {
            true => clusters
                .labels
                .room(&self.model.common.schema.fields()[clusters.column]),
            false => clusters.labels.len(),
        }
    }

    pub(super) fn make_structure(&mut self, level: usize, stage: usize) {
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
        let Codebook::Numbers(cells) = &self.model.stages[stage].book else {
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
                    .map(|&count| feature.binning.bin_of_number(f64::from(count)))
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

    /// Finer clusters of each unit: at least one, at most one per row, and not more in all than
    /// there are names.
    fn fit_children(&self, level: usize, sizes: &[f64]) -> Vec<u32> {
        let rows = &self.frames[level].rows;
        let names = self.room(level + 1);
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

    /// Missing bytes of the units whose whole cluster lacks the column, 0 for the others.
    pub(super) fn forced(&self, level: usize, position: usize) -> Vec<u8> {
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

    /// What the clusters of a level are called.
    pub(super) fn names(&self, level: usize) -> Column {
        let names = self.names[level].iter().take(self.frames[level].units());
        self.labels[level].column(names.copied())
    }

    /// The columns in the order of the schema, those of clusters repeated for their rows, clusters
    /// under new names.
    pub(super) fn assemble(mut self) -> Vec<Column> {
        let base = self.model.levels.len();
        let above = std::mem::take(&mut self.frames[base].above);
        let mut columns: Vec<Option<Column>> = vec![None; self.model.common.schema.len()];
        for (level, clusters) in self.model.levels.iter().enumerate() {
            let units: Vec<usize> = above[level].iter().map(|&unit| unit as usize).collect();
            columns[clusters.column] = Some(self.names(level).take(&units));
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
