//! The codes of rows.

use std::fmt;

use rayon::prelude::*;

use crate::{AttrSet, Counts, Domain, DomainError, MarginalSource, Partition, SourceError, kernel};

/// One code per row and attribute, each below the attribute's number of levels. `Debug` hides the
/// codes.
#[derive(Clone, PartialEq, Eq)]
pub struct Codes {
    domain: Domain,
    columns: Vec<Vec<u32>>,
    rows: usize,
}

impl Codes {
    /// Creates codes from one column per attribute.
    ///
    /// # Errors
    /// Not one column per attribute, columns of different lengths, or a code that is no level.
    pub fn new(domain: Domain, columns: Vec<Vec<u32>>) -> Result<Self, DomainError> {
        if columns.len() != domain.len() {
            return Err(DomainError::ColumnCount {
                expected: domain.len(),
                found: columns.len(),
            });
        }
        let rows = columns.first().map_or(0, Vec::len);
        for (attr, column) in domain.attrs().iter().zip(&columns) {
            if column.len() != rows {
                return Err(DomainError::RowCount {
                    attr: attr.name.to_string(),
                    expected: rows,
                    found: column.len(),
                });
            }
            if let Some(row) = column.iter().position(|&code| code >= attr.levels) {
                return Err(DomainError::UnknownCode {
                    attr: attr.name.to_string(),
                    row: row + 1,
                    levels: attr.levels,
                });
            }
        }
        Ok(Self {
            domain,
            columns,
            rows,
        })
    }

    /// Returns the number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Returns the codes of the attribute at this position.
    ///
    /// # Panics
    /// If there is no such attribute.
    #[must_use]
    pub fn column(&self, attr: usize) -> &[u32] {
        &self.columns[attr]
    }

    /// Returns the domain and the columns.
    #[must_use]
    pub fn into_parts(self) -> (Domain, Vec<Vec<u32>>) {
        (self.domain, self.columns)
    }
}

impl MarginalSource for Codes {
    fn domain(&self) -> &Domain {
        &self.domain
    }

    /// Counts pairs together, one column against four at a time, and other sets one by one, all in
    /// parallel.
    ///
    /// # Errors
    /// An attribute beyond the last; more than 2^28 cells in one set
    /// ([`SourceError::TooManyCells`]).
    fn counts(&self, sets: &[AttrSet]) -> Result<Vec<Counts>, SourceError> {
        for attrs in sets {
            let cells = self.domain.cells(attrs)?;
            if cells > u128::from(MAX_CELLS) {
                return Err(SourceError::TooManyCells {
                    attrs: attrs.clone(),
                    cells,
                    limit: MAX_CELLS,
                });
            }
        }
        let levels: Vec<u32> = self.domain.attrs().iter().map(|attr| attr.levels).collect();
        kernel::count(&self.columns, &levels, self.rows, sets)
            .into_iter()
            .zip(sets)
            .map(|(cells, attrs)| Ok(Counts::new(&self.domain, attrs.clone(), cells)?))
            .collect()
    }

    /// Answers row by row, in parallel: the size of the underlying marginal does not matter.
    fn cells(&self, partition: &Partition) -> Result<Vec<u64>, SourceError> {
        partition.check(&self.domain)?;
        let none = || vec![0u64; partition.len()];
        let add = |mut sums: Vec<u64>, more: Vec<u64>| {
            sums.iter_mut()
                .zip(more)
                .for_each(|(sum, count)| *sum += count);
            sums
        };
        let block = |start: usize| {
            let rows = start * BLOCK..self.rows.min((start + 1) * BLOCK);
            let mut counts = none();
            for cell in partition.cells_of(&self.columns, rows) {
                counts[cell as usize] += 1;
            }
            counts
        };
        let blocks = (0..self.rows.div_ceil(BLOCK)).into_par_iter().map(block);
        Ok(blocks.reduce(none, add))
    }
}

/// Rows that one task counts.
const BLOCK: usize = 16_384;

/// Two gigabytes of cells; larger sets need an engine that stores only the cells that occur.
const MAX_CELLS: u64 = 1 << 28;

impl fmt::Debug for Codes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Codes")
            .field("domain", &self.domain)
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
}
