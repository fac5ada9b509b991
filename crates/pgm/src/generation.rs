//! Rows from a model.

use parable_domain::{AttrId, AttrSet, Codes, Domain};
use parable_seed::{Rng, Seed};

use crate::calibration::Layout;
use crate::{MarkovField, ModelError};

/// Rows of one block of independent draws, as everywhere in this workspace.
const BLOCK: usize = 4096;

impl MarkovField {
    /// Rows whose counts follow the model as closely as whole numbers can.
    ///
    /// Walks the tree from the root. The rows that agree on the separator of a clique form a group; how many of them get each combination of
    /// the clique's own attributes is the expected number, rounded up or down at random so that expectations are kept (systematic sampling,
    /// one random offset per clique, advanced by the golden ratio from group to group). Which rows get which is decided by a fresh shuffle of
    /// each group for each clique: given the separator, nothing connects what hangs on different branches.
    ///
    /// # Errors
    /// More rows than 2^32 - 1.
    pub fn generate(&self, rows: usize, seed: &Seed) -> Result<Codes, ModelError> {
        if rows > u32::MAX as usize {
            return Err(ModelError::TooManyRows {
                rows,
                limit: u32::MAX as usize,
            });
        }
        let mut columns = vec![vec![0u32; rows]; self.domain().len()];
        let seed = seed.stream("pgm/generate");
        let mut order: Vec<u32> = Vec::with_capacity(rows);
        for clique in 0..self.tree().len() {
            let table =
                Conditional::new(self.domain(), &self.layout, clique, &self.beliefs[clique])?;
            let mut rng = seed.index(clique as u64).rng();
            table.fill_groups(&mut columns, rows, &mut order, &mut rng);
        }
        Ok(Codes::new(self.domain().clone(), columns)?)
    }

    /// Rows drawn independently of each other: the first rows of a larger table with the same seed are the rows of a smaller one.
    ///
    /// # Errors
    /// As [`MarkovField::generate`].
    pub fn draw(&self, rows: usize, seed: &Seed) -> Result<Codes, ModelError> {
        let mut columns = vec![vec![0u32; rows]; self.domain().len()];
        let seed = seed.stream("pgm/draw");
        for clique in 0..self.tree().len() {
            let mut table =
                Conditional::new(self.domain(), &self.layout, clique, &self.beliefs[clique])?;
            table.accumulate();
            let seed = seed.index(clique as u64);
            for start in (0..rows).step_by(BLOCK) {
                let mut rng = seed.index((start / BLOCK) as u64).rng();
                for row in start..rows.min(start + BLOCK) {
                    let group = table.group_of(&columns, row);
                    let drawn = rng.weighted(table.row(group)).unwrap_or(0);
                    table.write(&mut columns, row, drawn);
                }
            }
        }
        Ok(Codes::new(self.domain().clone(), columns)?)
    }

    /// Rows with some columns given: the others follow their exact conditional distribution. Rows that agree on the given columns are generated
    /// together, as [`MarkovField::generate`] does.
    ///
    /// # Errors
    /// Given columns of different lengths or with codes that are no levels; [`ModelError::Impossible`] for values the model holds impossible.
    pub fn generate_given(
        &self,
        given: &[(AttrId, Vec<u32>)],
        seed: &Seed,
    ) -> Result<Codes, ModelError> {
        let rows = given.first().map_or(0, |(_, codes)| codes.len());
        if let Some((attr, _)) = given.iter().find(|(_, codes)| codes.len() != rows) {
            return Err(ModelError::Given {
                attr: *attr,
                problem: "its number of rows is not that of the first",
            });
        }
        let key = |row: usize| -> Vec<u32> { given.iter().map(|(_, codes)| codes[row]).collect() };
        let mut order: Vec<usize> = (0..rows).collect();
        order.sort_by_key(|&row| key(row));
        let mut columns = vec![vec![0u32; rows]; self.domain().len()];
        let seed = seed.stream("pgm/given");
        for (number, group) in order.chunk_by(|&a, &b| key(a) == key(b)).enumerate() {
            let codes: Vec<(AttrId, u32)> = given
                .iter()
                .map(|(attr, codes)| (*attr, codes[group[0]]))
                .collect();
            let made = self
                .given(&codes)?
                .generate(group.len(), &seed.index(number as u64))?;
            for (attr, column) in columns.iter_mut().enumerate() {
                for (&row, &code) in group.iter().zip(made.column(attr)) {
                    column[row] = code;
                }
            }
        }
        Ok(Codes::new(self.domain().clone(), columns)?)
    }
}

/// A clique as a table of its own attributes given the separator: one row per combination of the separator, not normalised.
struct Conditional {
    separator: Vec<(usize, usize)>,
    own: Vec<(usize, u32)>,
    width: usize,
    table: Vec<f64>,
}

impl Conditional {
    fn new(
        domain: &Domain,
        layout: &Layout,
        clique: usize,
        belief: &[f64],
    ) -> Result<Self, ModelError> {
        let attrs = &layout.tree.cliques()[clique];
        let separator = layout.tree.separator(clique);
        let own = AttrSet::new(attrs.iter().filter(|&attr| !separator.contains(attr)));
        let width = domain.cells(&own)? as usize;
        let groups = layout.up[clique].indices(belief.len());
        let columns = layout.within(clique, &own).indices(belief.len());
        let mut table = vec![0.0; belief.len()];
        for (cell, &value) in belief.iter().enumerate() {
            table[groups[cell] as usize * width + columns[cell] as usize] = value;
        }
        let with_levels = |set: &AttrSet| -> Result<Vec<(usize, u32)>, ModelError> {
            let levels = domain.levels(set)?;
            Ok(set.iter().map(|attr| attr as usize).zip(levels).collect())
        };
        Ok(Self {
            separator: with_levels(separator)?
                .into_iter()
                .map(|(attr, levels)| (attr, levels as usize))
                .collect(),
            own: with_levels(&own)?,
            width,
            table,
        })
    }

    fn row(&self, group: usize) -> &[f64] {
        &self.table[group * self.width..(group + 1) * self.width]
    }

    fn groups(&self) -> usize {
        self.table.len() / self.width.max(1)
    }

    fn group_of(&self, columns: &[Vec<u32>], row: usize) -> usize {
        self.separator.iter().fold(0, |index, &(attr, levels)| {
            index * levels + columns[attr][row] as usize
        })
    }

    /// Writes the codes of a combination of the own attributes.
    fn write(&self, columns: &mut [Vec<u32>], row: usize, combination: usize) {
        let mut rest = combination as u32;
        for &(attr, levels) in self.own.iter().rev() {
            columns[attr][row] = rest % levels;
            rest /= levels;
        }
    }

    /// Replaces each row by its running sums.
    fn accumulate(&mut self) {
        for row in self.table.chunks_exact_mut(self.width.max(1)) {
            let mut sum = 0.0;
            for cell in row {
                sum += *cell;
                *cell = sum;
            }
        }
    }

    fn fill_groups(
        &self,
        columns: &mut [Vec<u32>],
        rows: usize,
        order: &mut Vec<u32>,
        rng: &mut Rng,
    ) {
        let starts = self.sort_rows(columns, rows, order);
        let mut offset = rng.uniform();
        let mut assigned: Vec<u32> = vec![0; rows];
        for group in 0..self.groups() {
            let members = &mut order[starts[group]..starts[group + 1]];
            if members.is_empty() {
                continue;
            }
            rng.shuffle(members);
            offset = (offset + 0.618_033_988_749_894_9).fract();
            self.round(self.row(group), offset, members, &mut assigned);
        }
        // One attribute after the other: each is a pass over two columns.
        let mut stride = 1;
        for &(attr, levels) in self.own.iter().rev() {
            for (code, &combination) in columns[attr].iter_mut().zip(&assigned) {
                *code = combination / stride % levels;
            }
            stride *= levels;
        }
    }

    /// Sorts row numbers by group; gives where each group starts, and the end.
    fn sort_rows(&self, columns: &[Vec<u32>], rows: usize, order: &mut Vec<u32>) -> Vec<usize> {
        let mut starts = vec![0usize; self.groups() + 1];
        let mut keys = vec![0u32; rows];
        for &(attr, levels) in &self.separator {
            for (key, &code) in keys.iter_mut().zip(&columns[attr]) {
                *key = *key * levels as u32 + code;
            }
        }
        for &key in &keys {
            starts[key as usize + 1] += 1;
        }
        for group in 0..self.groups() {
            starts[group + 1] += starts[group];
        }
        order.clear();
        order.resize(rows, 0);
        let mut next = starts.clone();
        for (row, &key) in keys.iter().enumerate() {
            order[next[key as usize]] = row as u32;
            next[key as usize] += 1;
        }
        starts
    }

    /// Gives the members of a group, already in random order, the combinations of its row of the table.
    fn round(&self, weights: &[f64], offset: f64, members: &[u32], assigned: &mut [u32]) {
        let total: f64 = weights.iter().sum();
        let scale = members.len() as f64 / total;
        let (mut sum, mut done) = (0.0, 0);
        let mut last = 0;
        for (combination, &weight) in weights.iter().enumerate() {
            if weight <= 0.0 {
                continue;
            }
            last = combination as u32;
            sum += weight * scale;
            while done < members.len() && (done as f64) + offset < sum {
                assigned[members[done] as usize] = last;
                done += 1;
            }
        }
        // What rounding of the running sum has left over.
        for &member in &members[done..] {
            assigned[member as usize] = last;
        }
    }
}
