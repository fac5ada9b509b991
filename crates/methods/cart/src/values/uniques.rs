//! Synthetic rows that match a unique real person.

use std::collections::HashMap;

use parable_table::{Column, Table, digests};

/// The real people who are the only ones with their values, as digests.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Uniques {
    /// The columns that count.
    pub(crate) columns: Vec<usize>,
    /// One number per unique person, ascending.
    pub(crate) digests: Vec<u64>,
}

impl Uniques {
    /// Finds those who are unique in these columns.
    pub(crate) fn of(table: &Table, columns: Vec<usize>) -> Self {
        let mut digests = digests(table.columns(), &columns);
        digests.sort_unstable();
        let digests = digests
            .chunk_by(|a, b| a == b)
            .filter(|same| same.len() == 1)
            .map(|same| same[0])
            .collect();
        Self { columns, digests }
    }

    /// Whether a digest is that of a unique person.
    pub(crate) fn holds(&self, digest: u64) -> bool {
        self.digests.binary_search(&digest).is_ok()
    }

    /// The rows of a synthetic table that are unique in it and agree with a unique person,
    /// ascending.
    pub(crate) fn replicated(&self, columns: &[Column]) -> Vec<usize> {
        let digests = digests(columns, &self.columns);
        let mut count: HashMap<u64, u32> = HashMap::new();
        for digest in digests.iter().filter(|digest| self.holds(**digest)) {
            *count.entry(*digest).or_default() += 1;
        }
        (0..digests.len())
            .filter(|&row| count.get(&digests[row]) == Some(&1))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use parable_table::{Field, Kind, Schema, Values};

    use super::*;

    fn table(first: &[i64], second: &[i64]) -> Table {
        let fields = ["x", "y"].map(|name| Field::new(name, Kind::integer()));
        let column = |values: &[i64]| Column::complete(Values::Integer(values.to_vec()));
        Table::new(
            Schema::new(fields.into()).expect("names differ"),
            vec![column(first), column(second)],
        )
        .expect("fits")
    }

    #[test]
    fn only_rows_unique_on_both_sides_count() {
        let real = Uniques::of(&table(&[1, 2, 2, 3], &[5, 6, 6, 7]), vec![0, 1]);
        assert_eq!(real.digests.len(), 2);
        // (1, 5) stands once, (3, 7) twice, (2, 6) is shared by two real people, (5, 1) is nobody.
        let made = table(&[1, 3, 3, 2, 5], &[5, 7, 7, 6, 1]);
        assert_eq!(real.replicated(made.columns()), [0]);
    }
}
