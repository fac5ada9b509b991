//! Exact counts of combinations.

use std::fmt;

use crate::{AttrSet, Domain, DomainError};

/// Exact, and therefore confidential, counts of rows for each combination of levels of some
/// attributes.
///
/// Cells are row-major in the order of the attributes: the last attribute varies fastest. `Debug`
/// shows the shape and hides the cells.
#[derive(Clone, PartialEq, Eq)]
pub struct Counts {
    attrs: AttrSet,
    levels: Box<[u32]>,
    cells: Vec<u64>,
}

impl Counts {
    /// Creates counts over these attributes of a domain.
    ///
    /// # Errors
    /// An attribute the domain does not have, or another number of cells than there are
    /// combinations.
    pub fn new(domain: &Domain, attrs: AttrSet, cells: Vec<u64>) -> Result<Self, DomainError> {
        let expected = domain.cells(&attrs)?;
        if expected != cells.len() as u128 {
            return Err(DomainError::CellCount {
                attrs,
                expected,
                found: cells.len(),
            });
        }
        let levels = domain.levels(&attrs)?.into();
        Ok(Self {
            attrs,
            levels,
            cells,
        })
    }

    /// Returns the attributes.
    #[must_use]
    pub fn attrs(&self) -> &AttrSet {
        &self.attrs
    }

    /// Returns the numbers of levels, in the order of the attributes.
    #[must_use]
    pub fn levels(&self) -> &[u32] {
        &self.levels
    }

    /// Returns the counts, row-major.
    #[must_use]
    pub fn cells(&self) -> &[u64] {
        &self.cells
    }

    /// Returns the sum of all cells.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.cells.iter().sum()
    }

    /// Sums over the attributes that are not in `attrs`; returns `None` if these counts lack one of
    /// them.
    #[must_use]
    pub fn marginal(&self, attrs: &AttrSet) -> Option<Self> {
        if !attrs.is_subset(&self.attrs) {
            return None;
        }
        // The stride of each own attribute in the result, 0 for those summed away.
        let mut strides = vec![0usize; self.levels.len()];
        let mut size = 1;
        for (index, &attr) in self.attrs.as_slice().iter().enumerate().rev() {
            if attrs.contains(attr) {
                strides[index] = size;
                size *= self.levels[index] as usize;
            }
        }
        let mut cells = vec![0u64; size];
        let mut code = vec![0u32; self.levels.len()];
        let mut target = 0;
        for &count in &self.cells {
            cells[target] += count;
            for index in (0..code.len()).rev() {
                code[index] += 1;
                target += strides[index];
                if code[index] < self.levels[index] {
                    break;
                }
                target -= strides[index] * self.levels[index] as usize;
                code[index] = 0;
            }
        }
        let levels = self
            .attrs
            .iter()
            .zip(&self.levels)
            .filter(|(attr, _)| attrs.contains(*attr))
            .map(|(_, &levels)| levels)
            .collect();
        Some(Self {
            attrs: attrs.clone(),
            levels,
            cells,
        })
    }
}

impl fmt::Debug for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Counts")
            .field("attrs", &self.attrs)
            .field("levels", &self.levels)
            .field("cells", &format_args!("[{} hidden]", self.cells.len()))
            .finish()
    }
}
