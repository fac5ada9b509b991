//! Questions about a person ("aged at least 88 and divorced"), and how many rows of a table answer
//! yes.

use rayon::prelude::*;

use super::ranks::{Postings, Ranks};

/// A range of ranks of one column, or everything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Condition {
    pub(crate) column: u32,
    pub(crate) low: u32,
    pub(crate) high: u32,
    /// Rows outside of the range are meant.
    pub(crate) not: bool,
}

impl Condition {
    pub(crate) fn between(column: usize, low: u32, high: u32) -> Self {
        Self {
            column: column as u32,
            low,
            high,
            not: false,
        }
    }

    fn holds(self, code: u32) -> bool {
        (self.low <= code && code <= self.high) != self.not
    }
}

/// One table, ready to be asked.
pub(crate) struct Questioned<'a> {
    rows: usize,
    codes: Vec<&'a [u32]>,
    pub(crate) postings: Vec<Postings>,
}

impl<'a> Questioned<'a> {
    pub(crate) fn new(
        rows: usize,
        ranks: &'a [Ranks],
        of: impl Fn(&'a Ranks) -> &'a [u32],
    ) -> Self {
        let codes: Vec<&[u32]> = ranks.iter().map(of).collect();
        let postings = codes
            .par_iter()
            .zip(ranks)
            .map(|(codes, ranks)| Postings::of(codes, ranks.values))
            .collect();
        Self {
            rows,
            codes,
            postings,
        }
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    pub(crate) fn code(&self, column: usize, row: usize) -> u32 {
        self.codes[column][row]
    }

    /// How many rows meet all conditions; counting stops at `most`.
    pub(crate) fn count(&self, conditions: &[Condition], most: usize) -> usize {
        self.matching(conditions).take(most).count()
    }

    /// The one row that meets all conditions; `None` if there is none or a second one.
    pub(crate) fn only(&self, conditions: &[Condition]) -> Option<u32> {
        let mut found = self.matching(conditions);
        let first = found.next();
        first.filter(|_| found.next().is_none())
    }

    fn matching<'b>(&'b self, conditions: &'b [Condition]) -> Box<dyn Iterator<Item = u32> + 'b> {
        let candidates = conditions
            .iter()
            .enumerate()
            .filter(|(_, condition)| !condition.not)
            .map(|(at, c)| (self.postings[c.column as usize].rows(c.low, c.high), at))
            .min_by_key(|(rows, _)| rows.len());
        let all = move |row: u32, but: usize| {
            conditions.iter().enumerate().all(|(at, condition)| {
                at == but || condition.holds(self.codes[condition.column as usize][row as usize])
            })
        };
        match candidates {
            Some((rows, but)) => Box::new(rows.iter().copied().filter(move |&row| all(row, but))),
            None => Box::new((0..self.rows as u32).filter(move |&row| all(row, usize::MAX))),
        }
    }
}

/// The probability that a random sample of `sample` of `rows` rows holds exactly one of `matching`
/// rows: what the share of samples with exactly one match tends to.
pub(crate) fn exactly_one(matching: usize, rows: usize, sample: usize) -> f64 {
    if matching == 0 || sample == 0 || matching > rows {
        return 0.0;
    }
    let (n, k) = (rows as f64, sample.min(rows) as f64);
    // The sample takes one of them, and each of the others in turn is among the rows not taken.
    let mut probability = matching as f64 * k / n;
    for other in 0..matching - 1 {
        let i = other as f64;
        probability *= ((n - k - i) / (n - 1.0 - i)).max(0.0);
        if probability < 1e-18 {
            return 0.0;
        }
    }
    probability
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::frame::Frame;
    use crate::testing::{numbers, table, texts};

    #[test]
    fn counts_are_those_of_looking_at_every_row() {
        let x: Vec<f64> = (0..40).map(|i| f64::from(i * 7 % 13)).collect();
        let y: Vec<&str> = (0..40).map(|i| ["a", "b", "c"][i * 5 % 3]).collect();
        let real = table(vec![numbers("x", &x), texts("y", &y)]);
        let frame = Frame::new(&real, &real, None);
        let ranks: Vec<Ranks> = frame.columns.iter().map(Ranks::of).collect();
        let asked = Questioned::new(40, &ranks, |ranks| &ranks.codes.real);
        for (low, high, level, not) in [
            (1, 13, 1, false),
            (4, 9, 2, true),
            (3, 3, 3, false),
            (5, 4, 1, false),
        ] {
            let conditions = [
                Condition::between(0, low, high),
                Condition {
                    not,
                    ..Condition::between(1, level, level)
                },
            ];
            let expected = (0..40)
                .filter(|&row| {
                    let (a, b) = (asked.code(0, row), asked.code(1, row));
                    (low..=high).contains(&a) && (b == level) != not
                })
                .count();
            assert_eq!(asked.count(&conditions, usize::MAX), expected);
            assert_eq!(asked.only(&conditions).is_some(), expected == 1);
        }
        let none = Condition {
            not: true,
            ..Condition::between(1, 1, 1)
        };
        assert_eq!(
            asked.count(&[none], usize::MAX),
            y.iter().filter(|&&y| y != "a").count()
        );
        assert_eq!(asked.count(&[none], 2), 2);
    }

    #[test]
    fn one_match_in_a_sample_has_the_hypergeometric_probability() {
        // Samples of 2 out of 4 with 2 matching rows: 4 of the 6 hold exactly one.
        assert!((exactly_one(2, 4, 2) - 4.0 / 6.0).abs() < 1e-15);
        assert_eq!(exactly_one(1, 4, 4), 1.0);
        assert_eq!(exactly_one(2, 4, 4), 0.0);
        assert_eq!(exactly_one(0, 4, 2), 0.0);
        assert!((exactly_one(3, 9, 1) - 1.0 / 3.0).abs() < 1e-15);
        assert_eq!(exactly_one(100_000, 200_000, 100_000), 0.0);
    }
}
