//! Rows from a model.

use parable_domain::{AttrId, Codes, Domain};
use parable_seed::Seed;

use crate::calibration::Layout;
use crate::chunks::CellOrder;
use crate::{Chunks, MarkovField, ModelError};

/// Rows of one block of independent draws, as everywhere in this workspace.
const BLOCK: usize = 4096;

impl MarkovField {
    /// Rows whose counts follow the model as closely as whole numbers can.
    ///
    /// Walks the tree from the root, attribute by attribute. The rows that agree on the attributes
    /// before it in its clique form a group; how many of them get each code is the expected number,
    /// rounded up or down at random so that expectations are kept (systematic sampling, the offsets
    /// of the groups spread evenly). Which rows get which is decided by a fresh shuffle of each
    /// group for each attribute: given the separator, nothing connects what hangs on different
    /// branches.
    ///
    /// # Errors
    /// More rows than 2^32 - 1; [`MarkovField::chunks`] makes more.
    pub fn generate(&self, rows: usize, seed: &Seed) -> Result<Codes, ModelError> {
        let all = self.chunks(rows as u64, rows, seed)?.next();
        all.unwrap_or_else(|| {
            let columns = vec![Vec::new(); self.domain().len()];
            Ok(Codes::new(self.domain().clone(), columns)?)
        })
    }

    /// The rows of [`MarkovField::generate`] in chunks of `size` rows, for tables larger than
    /// memory. All chunks together are one table; the first chunks alone are a table nearly as
    /// close to the model. A chunk costs one pass over the cells of the model besides its rows:
    /// chunks much smaller than the model take longer.
    ///
    /// # Errors
    /// More rows than 2^32 - 1 in a chunk.
    pub fn chunks(&self, rows: u64, size: usize, seed: &Seed) -> Result<Chunks, ModelError> {
        Chunks::new(self, rows, size, seed)
    }

    /// Rows drawn independently of each other: the first rows of a larger table with the same seed
    /// are the rows of a smaller one.
    ///
    /// # Errors
    /// As [`MarkovField::generate`].
    pub fn draw(&self, rows: usize, seed: &Seed) -> Result<Codes, ModelError> {
        let mut columns = vec![vec![0u32; rows]; self.domain().len()];
        let seed = seed.stream("pgm/draw");
        for clique in 0..self.tree().len() {
            let table =
                Conditional::new(self.domain(), &self.layout, clique, &self.beliefs[clique])?;
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

    /// Rows with some columns given: the others follow their exact conditional distribution. Rows
    /// that agree on the given columns are generated together, as [`MarkovField::generate`] does.
    ///
    /// # Errors
    /// Given columns of different lengths or with codes that are no levels;
    /// [`ModelError::Impossible`] for values the model holds impossible.
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

/// A clique as running sums over its own attributes given the separator: one row per combination of
/// the separator, not normalised.
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
        let order = CellOrder::new(domain, layout, clique)?;
        let mut table = order.by_group(belief);
        for row in table.chunks_exact_mut(order.width.max(1)) {
            let mut sum = 0.0;
            for cell in row {
                sum += *cell;
                *cell = sum;
            }
        }
        let separator = layout.tree.separator(clique);
        let levels = domain.levels(separator)?;
        let own_levels = domain.levels(&order.own)?;
        Ok(Self {
            separator: separator
                .iter()
                .zip(levels)
                .map(|(attr, levels)| (attr as usize, levels as usize))
                .collect(),
            own: order
                .own
                .iter()
                .zip(own_levels)
                .map(|(attr, levels)| (attr as usize, levels))
                .collect(),
            width: order.width,
            table,
        })
    }

    fn row(&self, group: usize) -> &[f64] {
        &self.table[group * self.width..(group + 1) * self.width]
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
}
