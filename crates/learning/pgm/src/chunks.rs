//! Rows from a model, in chunks that join into one table.

use parable_domain::{AttrSet, Codes, Domain};
use parable_seed::{Rng, Seed};

use crate::apportion::{round, take};
use crate::calibration::Layout;
use crate::{MarkovField, ModelError, Tables};

/// Step from group to group: the golden ratio, whose multiples fill the unit interval evenly.
const GOLDEN: f64 = 0.618_033_988_749_894_9;

/// Rows of a model in chunks; made by [`MarkovField::chunks`].
///
/// How many rows each combination of each clique gets in the whole table is settled before the
/// first row is made: expected numbers, rounded attribute by attribute along the tree. Every chunk
/// takes its part of what is left, so that the chunks one after the other are a table as close to
/// the model as one made at once, and each chunk on its own is nearly as close. Memory is that of a
/// chunk and of the cells of the model.
#[derive(Clone, Debug)]
pub struct Chunks {
    domain: Domain,
    supplies: Vec<Supply>,
    left: u64,
    size: usize,
    number: u64,
    seed: Seed,
}

impl Chunks {
    pub(crate) fn new(
        field: &MarkovField,
        rows: u64,
        size: usize,
        seed: &Seed,
    ) -> Result<Self, ModelError> {
        if size > u32::MAX as usize {
            return Err(ModelError::TooManyRows {
                rows: size,
                limit: u32::MAX as usize,
            });
        }
        let (domain, layout) = (field.domain(), &field.layout);
        let seed = seed.stream("pgm/generate");
        // Counts in the order of the cliques' own cells; whole numbers, exact below 2^53.
        let mut counts: Tables = Vec::with_capacity(layout.cells.len());
        let mut supplies = Vec::with_capacity(domain.len());
        for (clique, belief) in field.beliefs.iter().enumerate() {
            let mut groups: Vec<u64> = match layout.tree.parent(clique) {
                Some(parent) => {
                    let sums = layout.down[clique].sums(&counts[parent]);
                    sums.into_iter().map(|sum| sum as u64).collect()
                }
                None => vec![rows],
            };
            let mut rng = seed.stream("counts").index(clique as u64).rng();
            let order = CellOrder::new(domain, layout, clique)?;
            let table = order.by_group(belief);
            let with_levels = |attrs: &AttrSet| -> Result<Vec<(usize, u32)>, ModelError> {
                let levels = domain.levels(attrs)?;
                let pairs = attrs.iter().zip(levels);
                Ok(pairs
                    .map(|(attr, levels)| (attr as usize, levels))
                    .collect())
            };
            let mut known = with_levels(layout.tree.separator(clique))?;
            let mut width = order.width;
            for (attr, levels) in with_levels(&order.own)? {
                width /= levels as usize;
                let weights: Vec<f64> = table
                    .chunks_exact(width)
                    .map(|cells| cells.iter().sum())
                    .collect();
                let supply = Supply::new(known.clone(), (attr, levels), &weights, groups, &mut rng);
                known.push((attr, levels));
                groups = supply.left.clone();
                supplies.push(supply);
            }
            counts.push(order.back(&groups));
        }
        Ok(Self {
            domain: domain.clone(),
            supplies,
            left: rows,
            size,
            number: 0,
            seed: seed.stream("rows"),
        })
    }

    /// Returns the number of rows still to be generated.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.left
    }

    /// Returns the number of rows still to be generated with each code of an attribute.
    ///
    /// # Panics
    /// If there is no such attribute.
    #[must_use]
    pub fn counts(&self, attr: u32) -> Vec<u64> {
        let mut counts = vec![0; self.domain.attrs()[attr as usize].levels as usize];
        if let Some(home) = self
            .supplies
            .iter()
            .find(|supply| supply.attr == attr as usize)
        {
            for cells in home.left.chunks_exact(counts.len()) {
                counts
                    .iter_mut()
                    .zip(cells)
                    .for_each(|(count, &cell)| *count += cell);
            }
        }
        counts
    }

    fn make(&mut self) -> Result<Codes, ModelError> {
        let rows = self.left.min(self.size as u64) as usize;
        let seed = self.seed.index(self.number);
        self.number += 1;
        self.left -= rows as u64;
        let mut columns = vec![vec![0u32; rows]; self.domain.len()];
        let mut room = Room::default();
        for supply in &mut self.supplies {
            let mut rng = seed.index(supply.attr as u64).rng();
            supply.hand_out(&mut columns, rows, &mut room, &mut rng);
        }
        Ok(Codes::new(self.domain.clone(), columns)?)
    }
}

impl Iterator for Chunks {
    type Item = Result<Codes, ModelError>;

    fn next(&mut self) -> Option<Self::Item> {
        (self.left > 0 && self.size > 0).then(|| self.make())
    }
}

/// Where each cell of a clique lies in a table with one row per combination of the separator.
pub(crate) struct CellOrder {
    groups: Vec<u32>,
    columns: Vec<u32>,
    pub(crate) width: usize,
    pub(crate) own: AttrSet,
}

impl CellOrder {
    pub(crate) fn new(domain: &Domain, layout: &Layout, clique: usize) -> Result<Self, ModelError> {
        let attrs = &layout.tree.cliques()[clique];
        let separator = layout.tree.separator(clique);
        let own = AttrSet::new(attrs.iter().filter(|&attr| !separator.contains(attr)));
        let cells = layout.cells[clique];
        Ok(Self {
            groups: layout.up[clique].indices(cells),
            columns: layout.within(clique, &own).indices(cells),
            width: domain.cells(&own)? as usize,
            own,
        })
    }

    fn cells(&self) -> impl Iterator<Item = usize> {
        let pairs = self.groups.iter().zip(&self.columns);
        pairs.map(|(&group, &column)| group as usize * self.width + column as usize)
    }

    /// A table of the clique, by groups.
    pub(crate) fn by_group(&self, table: &[f64]) -> Vec<f64> {
        let mut ordered = vec![0.0; table.len()];
        for (cell, &value) in self.cells().zip(table) {
            ordered[cell] = value;
        }
        ordered
    }

    fn back(&self, ordered: &[u64]) -> Vec<f64> {
        self.cells().map(|cell| ordered[cell] as f64).collect()
    }
}

/// The codes of one attribute that wait to be handed out, for each combination (a group) of the
/// attributes before it in its clique.
#[derive(Clone, Debug)]
struct Supply {
    /// Attributes written before, with their levels: the separator of the clique, then its own
    /// attributes up to this one.
    known: Vec<(usize, u32)>,
    attr: usize,
    levels: usize,
    left: Vec<u64>,
    groups: Vec<u64>,
}

/// Working memory of a chunk.
#[derive(Default)]
struct Room {
    keys: Vec<u32>,
    order: Vec<u32>,
}

impl Supply {
    fn new(
        known: Vec<(usize, u32)>,
        (attr, levels): (usize, u32),
        weights: &[f64],
        groups: Vec<u64>,
        rng: &mut Rng,
    ) -> Self {
        let levels = levels as usize;
        let mut left = vec![0u64; weights.len()];
        let occupied = (0..groups.len()).filter(|&group| groups[group] > 0);
        for (group, offset) in in_random_order(occupied.collect(), rng) {
            let cells = group * levels..(group + 1) * levels;
            round(
                &weights[cells.clone()],
                groups[group],
                offset,
                &mut left[cells],
            );
        }
        Self {
            known,
            attr,
            levels,
            left,
            groups,
        }
    }

    /// Writes the codes of the rows of a chunk.
    fn hand_out(&mut self, columns: &mut [Vec<u32>], rows: usize, room: &mut Room, rng: &mut Rng) {
        let starts = self.sort_rows(columns, rows, room);
        let occupied = (0..self.groups.len()).filter(|&group| starts[group] < starts[group + 1]);
        let column = &mut columns[self.attr];
        for (group, offset) in in_random_order(occupied.collect(), rng) {
            let members = &mut room.order[starts[group]..starts[group + 1]];
            rng.shuffle(members);
            let wanted = members.len() as u64;
            let own = &mut self.left[group * self.levels..(group + 1) * self.levels];
            let mut done = 0;
            take(own, self.groups[group], wanted, offset, |code, count| {
                for &member in &members[done..done + count as usize] {
                    column[member as usize] = code as u32;
                }
                done += count as usize;
            });
            self.groups[group] -= wanted;
        }
    }

    /// Sorts row numbers by group; gives where each group starts, and the end.
    fn sort_rows(&self, columns: &[Vec<u32>], rows: usize, room: &mut Room) -> Vec<usize> {
        room.keys.clear();
        room.keys.resize(rows, 0);
        for &(attr, levels) in &self.known {
            for (key, &code) in room.keys.iter_mut().zip(&columns[attr]) {
                *key = *key * levels + code;
            }
        }
        let mut starts = vec![0usize; self.groups.len() + 1];
        for &key in &room.keys {
            starts[key as usize + 1] += 1;
        }
        for group in 0..self.groups.len() {
            starts[group + 1] += starts[group];
        }
        room.order.clear();
        room.order.resize(rows, 0);
        let mut next = starts.clone();
        for (row, &key) in room.keys.iter().enumerate() {
            room.order[next[key as usize]] = row as u32;
            next[key as usize] += 1;
        }
        starts
    }
}

/// Groups in random order, each with its offset for systematic sampling: from a random start on in
/// steps of the golden ratio.
///
/// The offsets spread evenly over the groups, so that their rounding cancels out. The order is
/// random because siblings go through the same groups: in one order for all, the offsets of two of
/// them would keep the same distance in every group, and groups of few rows would tie them
/// together.
fn in_random_order(
    mut groups: Vec<usize>,
    rng: &mut Rng,
) -> impl Iterator<Item = (usize, f64)> + use<> {
    rng.shuffle(&mut groups);
    let start = rng.uniform();
    groups
        .into_iter()
        .enumerate()
        .map(move |(step, group)| (group, (start + GOLDEN * step as f64).fract()))
}
