//! Merged levels, and counts of them.

use parable_domain::{Counts, Domain, DomainError};

/// Levels of a domain merged into fewer: for each attribute the new code of every old one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recoding {
    domain: Domain,
    maps: Vec<Vec<u32>>,
}

impl Recoding {
    /// Creates a recoding of the attributes of a domain, one map per attribute; the new codes of
    /// each run from 0 without gaps.
    ///
    /// # Errors
    /// Not one map per attribute, or a map that does not have one entry per level.
    pub fn new(domain: &Domain, maps: Vec<Vec<u32>>) -> Result<Self, DomainError> {
        if maps.len() != domain.len() {
            return Err(DomainError::ColumnCount {
                expected: domain.len(),
                found: maps.len(),
            });
        }
        let mut attrs = Vec::with_capacity(maps.len());
        for (attr, map) in domain.attrs().iter().zip(&maps) {
            if map.len() != attr.levels as usize {
                return Err(DomainError::RowCount {
                    attr: attr.name.to_string(),
                    expected: attr.levels as usize,
                    found: map.len(),
                });
            }
            let levels = map.iter().max().map_or(0, |&code| code + 1);
            attrs.push((attr.name.clone(), levels));
        }
        Ok(Self {
            domain: Domain::new(attrs)?,
            maps,
        })
    }

    /// Returns the domain of the merged levels.
    #[must_use]
    pub fn domain(&self) -> &Domain {
        &self.domain
    }

    /// Returns for each attribute the new code of every old one.
    #[must_use]
    pub fn maps(&self) -> &[Vec<u32>] {
        &self.maps
    }

    /// Merges the levels of counts over the original ones.
    pub(crate) fn merge(&self, fine: &[Counts]) -> Result<Vec<Counts>, DomainError> {
        fine.iter()
            .map(|counts| {
                let attrs = counts.attrs();
                let mut cells = vec![0u64; self.domain.cells(attrs)? as usize];
                let maps: Vec<&[u32]> = attrs
                    .iter()
                    .map(|attr| self.maps[attr as usize].as_slice())
                    .collect();
                let levels = self.domain.levels(attrs)?;
                let mut targets = vec![0usize];
                for (map, levels) in maps.iter().zip(levels) {
                    targets = targets
                        .iter()
                        .flat_map(|&start| {
                            map.iter()
                                .map(move |&code| start * levels as usize + code as usize)
                        })
                        .collect();
                }
                for (&target, &count) in targets.iter().zip(counts.cells()) {
                    cells[target] += count;
                }
                Counts::new(&self.domain, attrs.clone(), cells)
            })
            .collect()
    }
}
