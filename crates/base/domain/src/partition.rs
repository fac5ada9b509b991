//! Partitions of the rows of a table into cells by splits on their codes, as in a tree.

use serde::{Deserialize, Serialize};

use crate::{AttrId, AttrSet, Counts, Domain, DomainError};

/// A public rule that puts every row into exactly one cell, by the codes of that row alone.
///
/// A sequence of questions, each about one attribute: the cell after a question depends on the cell
/// before it and on the code of its attribute. Every decision tree that asks about one attribute
/// per level is one, and so is every merging of levels. Because the cells are disjoint, all of
/// their counts together change as little with one row as those of a marginal.
///
/// ```
/// use parable_domain::{Codes, Domain, MarginalSource, Partition};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let domain = Domain::new([("age", 4), ("arm", 2)])?;
/// let codes = Codes::new(domain.clone(), vec![vec![0, 1, 2, 3, 3], vec![0, 1, 0, 1, 0]])?;
/// // The young; the old by arm.
/// let by_age = Partition::whole().then(&domain, 0, vec![0, 0, 1, 1])?;
/// let tree = by_age.then(&domain, 1, vec![0, 0, 1, 2])?;
/// assert_eq!(codes.cells(&tree)?, [2, 2, 1]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Partition {
    questions: Vec<Question>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    attr: AttrId,
    /// The cell after the question, by cell before it and code, the code fastest.
    next: Vec<u32>,
}

impl Partition {
    /// Creates the partition with a single cell.
    #[must_use]
    pub fn whole() -> Self {
        Self::default()
    }

    /// Adds a question: `next` holds for every present cell and every level of the attribute (the
    /// level fastest) the new cell.
    ///
    /// # Errors
    /// An attribute the domain does not have; not one entry per cell and level.
    pub fn then(
        mut self,
        domain: &Domain,
        attr: AttrId,
        next: Vec<u32>,
    ) -> Result<Self, DomainError> {
        self.questions.push(Question { attr, next });
        self.check(domain)?;
        Ok(self)
    }

    /// Splits every cell by all levels of an attribute: the new cells are in the order of the old
    /// ones, the level fastest.
    ///
    /// # Errors
    /// An attribute the domain does not have.
    pub fn crossed(self, domain: &Domain, attr: AttrId) -> Result<Self, DomainError> {
        let levels = domain.levels(&AttrSet::new([attr]))?[0];
        let cells = self.len() as u32 * levels;
        self.then(domain, attr, (0..cells).collect())
    }

    /// Checks that the questions fit a domain, for partitions that were read from a file.
    ///
    /// # Errors
    /// An attribute the domain does not have; a question without one entry per cell before it and
    /// level.
    pub fn check(&self, domain: &Domain) -> Result<(), DomainError> {
        let mut cells = 1;
        for question in &self.questions {
            let set = AttrSet::new([question.attr]);
            let expected = u128::from(domain.levels(&set)?[0]) * cells as u128;
            if expected != question.next.len() as u128 {
                return Err(DomainError::CellCount {
                    attrs: set,
                    expected,
                    found: question.next.len(),
                });
            }
            cells = question.cells();
        }
        Ok(())
    }

    /// Returns the number of cells; some may be unreachable.
    #[must_use]
    pub fn len(&self) -> usize {
        self.questions.last().map_or(1, Question::cells)
    }

    /// Returns whether there is no question, and one cell with all rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.questions.is_empty()
    }

    /// Returns the attributes asked about, in order; one may appear more than once.
    pub fn attrs(&self) -> impl ExactSizeIterator<Item = AttrId> {
        self.questions.iter().map(|question| question.attr)
    }

    /// Returns the cell of each of so many rows, from one column of codes per attribute of the
    /// domain; columns that are not asked about may be empty.
    ///
    /// # Panics
    /// If a column that is asked about is shorter, or a code is no level of the domain that the
    /// questions fit.
    #[must_use]
    pub fn cells_of(&self, columns: &[Vec<u32>], rows: std::ops::Range<usize>) -> Vec<u32> {
        let mut cells = vec![0u32; rows.len()];
        let mut before = 1;
        for question in &self.questions {
            let levels = question.next.len() / before;
            let codes = &columns[question.attr as usize][rows.clone()];
            for (cell, &code) in cells.iter_mut().zip(codes) {
                *cell = question.next[*cell as usize * levels + code as usize];
            }
            before = question.cells();
        }
        cells
    }

    /// Returns the same cells in terms of the levels before they were merged: `maps` holds for each
    /// attribute the merged code of every old one.
    ///
    /// # Panics
    /// If an attribute that is asked about has no map, or a map has codes beyond the levels of the
    /// questions.
    #[must_use]
    pub fn before_merging(&self, maps: &[Vec<u32>]) -> Self {
        let mut before = 1;
        let questions = self.questions.iter().map(|question| {
            let levels = question.next.len() / before;
            let map = &maps[question.attr as usize];
            let next = (0..before).flat_map(|cell| {
                map.iter()
                    .map(move |&code| question.next[cell * levels + code as usize])
            });
            let question_before = Question {
                attr: question.attr,
                next: next.collect(),
            };
            before = question.cells();
            question_before
        });
        Self {
            questions: questions.collect(),
        }
    }

    /// Sums the cells of a marginal over all attributes that are asked about.
    pub(crate) fn sums(&self, counts: &Counts) -> Vec<u64> {
        let mut columns = vec![Vec::new(); 1 + self.attrs().max().unwrap_or(0) as usize];
        let mut stride = counts.cells().len();
        for (attr, &levels) in counts.attrs().iter().zip(counts.levels()) {
            stride /= levels as usize;
            columns[attr as usize] = (0..counts.cells().len())
                .map(|cell| (cell / stride) as u32 % levels)
                .collect();
        }
        let mut sums = vec![0; self.len()];
        let cells = self.cells_of(&columns, 0..counts.cells().len());
        for (cell, &count) in cells.into_iter().zip(counts.cells()) {
            sums[cell as usize] += count;
        }
        sums
    }
}

impl Question {
    fn cells(&self) -> usize {
        self.next.iter().max().map_or(0, |&cell| cell as usize + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Codes, MarginalCache, MarginalSource};

    fn domain() -> Domain {
        Domain::new([("a", 3), ("b", 4), ("c", 2)]).unwrap()
    }

    fn codes(rows: usize) -> Codes {
        let column = |step: usize, levels: usize| {
            (0..rows)
                .map(|row| (row * step / 7 % levels) as u32)
                .collect()
        };
        Codes::new(domain(), vec![column(5, 3), column(9, 4), column(11, 2)]).unwrap()
    }

    /// a = 0 stays whole; the others are split by b below 2, then those above by c.
    fn tree() -> Partition {
        Partition::whole()
            .then(&domain(), 0, vec![0, 1, 1])
            .unwrap()
            .then(&domain(), 1, vec![0, 0, 0, 0, 1, 1, 2, 2])
            .unwrap()
            .then(&domain(), 2, vec![0, 0, 1, 1, 2, 3])
            .unwrap()
    }

    fn by_hand(codes: &Codes) -> Vec<u64> {
        let mut cells = vec![0; 4];
        for row in 0..codes.rows() {
            let [a, b, c] = [0, 1, 2].map(|attr| codes.column(attr)[row]);
            let cell = match (a, b) {
                (0, _) => 0,
                (_, 0 | 1) => 1,
                _ => 2 + c as usize,
            };
            cells[cell] += 1;
        }
        cells
    }

    #[test]
    fn rows_and_marginals_give_the_cells_counted_by_hand() {
        // More rows than one block.
        for rows in [0, 1, 20, 40_000] {
            let codes = codes(rows);
            let expected = by_hand(&codes);
            assert_eq!(codes.cells(&tree()).unwrap(), expected);
            let cache = MarginalCache::fetch(&codes, &[AttrSet::new([0, 1, 2])]).unwrap();
            assert_eq!(cache.cells(&tree()).unwrap(), expected);
            assert_eq!(codes.cells(&Partition::whole()).unwrap(), [rows as u64]);
        }
    }

    #[test]
    fn crossing_with_an_attribute_is_its_marginal_in_each_cell() {
        let codes = codes(1_000);
        let crossed = Partition::whole()
            .crossed(&domain(), 2)
            .unwrap()
            .crossed(&domain(), 0)
            .unwrap();
        let counted = codes.counts(&[AttrSet::new([0, 2])]).unwrap();
        let cells = codes.cells(&crossed).unwrap();
        for c in 0..2 {
            for a in 0..3 {
                assert_eq!(cells[c * 3 + a], counted[0].cells()[a * 2 + c]);
            }
        }
    }

    #[test]
    fn questions_about_merged_levels_are_questions_about_their_members() {
        let merged = Domain::new([("a", 2), ("b", 2), ("c", 2)]).unwrap();
        let maps = vec![vec![0, 1, 1], vec![1, 0, 0, 1], vec![0, 1]];
        let tree = Partition::whole()
            .then(&merged, 1, vec![0, 1])
            .unwrap()
            .then(&merged, 0, vec![0, 1, 2, 2])
            .unwrap();
        let codes = codes(500);
        let (_, mut columns) = codes.clone().into_parts();
        for (column, map) in columns.iter_mut().zip(&maps) {
            column
                .iter_mut()
                .for_each(|code| *code = map[*code as usize]);
        }
        let coarse = Codes::new(merged, columns).unwrap();
        let fine = tree.before_merging(&maps);
        fine.check(&domain()).unwrap();
        assert_eq!(codes.cells(&fine).unwrap(), coarse.cells(&tree).unwrap());
    }

    #[test]
    fn questions_that_do_not_fit_are_refused() {
        let domain = domain();
        assert!(
            Partition::whole()
                .then(&domain, 0, vec![0, 1])
                .is_err_and(|error| matches!(error, DomainError::CellCount { .. }))
        );
        assert!(
            Partition::whole()
                .then(&domain, 9, vec![0])
                .is_err_and(|error| matches!(error, DomainError::UnknownAttr { .. }))
        );
        let other = Domain::new([("a", 3), ("b", 3), ("c", 2)]).unwrap();
        assert!(tree().check(&other).is_err());
        let codes = Codes::new(other, vec![vec![], vec![], vec![]]).unwrap();
        assert!(codes.cells(&tree()).is_err());
    }
}
