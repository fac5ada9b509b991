//! Rows from an estimate: groups of levels from the graphical model, then levels within the groups.

use parable_domain::{AttrId, Codes, Domain};
use parable_measure::rules;
use parable_pgm::{GroupLevels, ModelError};
use parable_seed::Seed;

use crate::estimate::Estimated;

/// Rows of an estimate in chunks, as codes of the original levels; made by [`Estimated::chunks`].
#[derive(Debug)]
pub struct CodeChunks {
    domain: Domain,
    merged: parable_pgm::Chunks,
    levels: Vec<GroupLevels>,
    read_off: Vec<(usize, usize, Vec<Option<u32>>)>,
    number: u64,
    seed: Seed,
}

impl Estimated {
    /// Rows as codes of the original levels.
    ///
    /// # Errors
    /// More rows than 2^32 - 1.
    pub fn generate(&self, rows: usize, seed: &Seed) -> Result<Codes, ModelError> {
        let all = self.chunks(rows as u64, rows, seed)?.next();
        all.unwrap_or_else(|| {
            let columns = vec![Vec::new(); self.domain.len()];
            Ok(Codes::new(self.domain.clone(), columns)?)
        })
    }

    /// The rows of [`Estimated::generate`] in chunks of `size` rows that join into one table: how
    /// often each combination occurs in the whole is settled first, and each chunk takes its part
    /// of what is left. Memory is that of a chunk and of the model.
    ///
    /// # Errors
    /// More rows than 2^32 - 1 in a chunk.
    pub fn chunks(&self, rows: u64, size: usize, seed: &Seed) -> Result<CodeChunks, ModelError> {
        let merged = self.field.chunks(rows, size, seed)?;
        let seed = seed.stream("mst/levels");
        let levels = (0u32..)
            .zip(&self.groups)
            .map(|(attr, groups)| {
                let seed = seed.stream("counts").index(u64::from(attr));
                groups.levels(&merged.counts(attr), &seed)
            })
            .collect();
        Ok(CodeChunks {
            domain: self.domain.clone(),
            merged,
            levels,
            read_off: self.read_off.clone(),
            number: 0,
            seed: seed.stream("rows"),
        })
    }

    /// One row for each given one, in order, as codes of the original levels; the attributes that
    /// are not given follow the model given those that are. Within a merged group levels do not
    /// depend on anything else, so that a given level says no more than its group; the exception,
    /// levels that are read off another attribute within a merged group, must not be given.
    ///
    /// # Errors
    /// Given columns of different lengths or with codes that are no levels;
    /// [`ModelError::Impossible`] for combinations that the model never makes.
    pub fn generate_given(
        &self,
        given: &[(AttrId, Vec<u32>)],
        seed: &Seed,
    ) -> Result<Codes, ModelError> {
        let groups_of = |(attr, codes): &(AttrId, Vec<u32>)| {
            let groups = &self.groups[*attr as usize].of;
            let group = |&code: &u32| {
                groups.get(code as usize).copied().ok_or(ModelError::Given {
                    attr: *attr,
                    problem: "a code is not below the number of levels",
                })
            };
            let merged = codes.iter().map(group).collect::<Result<Vec<u32>, _>>();
            Ok((*attr, merged?))
        };
        let merged_given = given
            .iter()
            .map(groups_of)
            .collect::<Result<Vec<_>, ModelError>>()?;
        let (_, merged) = self.field.generate_given(&merged_given, seed)?.into_parts();
        let seed = seed.stream("mst/levels");
        let mut columns: Vec<Vec<u32>> = (0u32..)
            .zip(merged.iter().zip(&self.groups))
            .map(|(attr, (column, groups))| {
                if let Some((_, codes)) = given.iter().find(|(own, _)| *own == attr) {
                    return codes.clone();
                }
                groups.draw_back(column, &seed.index(u64::from(attr)))
            })
            .collect();
        rules::read_off(&self.read_off, &mut columns);
        Ok(Codes::new(self.domain.clone(), columns)?)
    }

    /// Whether values of this attribute may be given: not if its level is read off another
    /// attribute within a group of several.
    pub(crate) fn can_be_given(&self, attr: AttrId) -> bool {
        let groups = &self.groups[attr as usize];
        groups.len() == groups.of.len() || !self.read_off.iter().any(|own| own.1 == attr as usize)
    }
}

impl Iterator for CodeChunks {
    type Item = Result<Codes, ModelError>;

    fn next(&mut self) -> Option<Self::Item> {
        let merged = match self.merged.next()? {
            Ok(merged) => merged,
            Err(error) => return Some(Err(error)),
        };
        let seed = self.seed.index(self.number);
        self.number += 1;
        let mut columns: Vec<Vec<u32>> = (0u64..)
            .zip(self.levels.iter_mut())
            .map(|(attr, levels)| levels.hand_out(merged.column(attr as usize), &seed.index(attr)))
            .collect();
        rules::read_off(&self.read_off, &mut columns);
        Some(Codes::new(self.domain.clone(), columns).map_err(ModelError::from))
    }
}
