//! Conditions in the language of rules as structural zeros of codes.

use parable_table::expression::{Cells, Expression};

use super::{CodeRule, CodeSet, Codec, ValueCodes};

/// Most combinations of codes that a condition is evaluated on.
const MAX_COMBINATIONS: u64 = 1 << 16;

impl Codec {
    /// Returns the combinations of codes that a condition forbids; `None` if a bin holds several
    /// values of a column that it reads, or if there are too many combinations.
    pub(super) fn zeros(&self, condition: &Expression) -> Option<Vec<CodeRule>> {
        let columns = condition.columns();
        let sizes: Vec<u32> = columns
            .iter()
            .map(|&at| self.columns()[at].codes())
            .collect();
        let count = sizes
            .iter()
            .try_fold(1u64, |count, &size| count.checked_mul(u64::from(size)))?;
        let exact = |&at: &usize| match &self.columns()[at].values {
            ValueCodes::Levels(_) => true,
            ValueCodes::Bins(bins) => bins.iter().all(|bin| bin.low == bin.high),
        };
        if count > MAX_COMBINATIONS || !columns.iter().all(exact) {
            return None;
        }
        let Some((&last, first)) = columns.split_last() else {
            // A condition without columns holds in every row or in none.
            let holds = condition.holds(&self.combination(&[], &[]), 0);
            return holds.then(Vec::new);
        };
        let mut rules = Vec::new();
        for index in 0..count / u64::from(sizes[first.len()]).max(1) {
            let mut rest = index;
            let mut codes: Vec<u32> = Vec::with_capacity(columns.len());
            for &size in &sizes[..first.len()] {
                codes.push((rest % u64::from(size)) as u32);
                rest /= u64::from(size);
            }
            codes.push(0);
            let mut broken = Vec::new();
            for code in 0..sizes[first.len()] {
                codes[first.len()] = code;
                let cells = self.combination(columns, &codes);
                if !condition.holds(&cells, 0) && !condition.lacks(&cells, 0) {
                    broken.push(code);
                }
            }
            if broken.is_empty() {
                continue;
            }
            let set = |(&column, codes): (&usize, Vec<u32>)| CodeSet {
                column: column as u32,
                codes,
            };
            let fixed = first.iter().zip(&codes).map(|(at, &code)| (at, vec![code]));
            let all = fixed.chain([(&last, broken)]).map(set).collect();
            rules.push(CodeRule::Never { all });
        }
        Some(rules)
    }

    fn combination<'a>(&'a self, columns: &'a [usize], codes: &'a [u32]) -> Combination<'a> {
        Combination {
            codec: self,
            columns,
            codes,
        }
    }
}

/// One row of codes of some columns.
struct Combination<'a> {
    codec: &'a Codec,
    columns: &'a [usize],
    codes: &'a [u32],
}

impl Combination<'_> {
    /// The code of a column, if it stands for a value.
    fn present(&self, column: usize) -> Option<u32> {
        let at = self.columns.iter().position(|&own| own == column)?;
        let code = self.codes[at];
        (code < self.codec.columns()[column].value_codes()).then_some(code)
    }
}

impl Cells for Combination<'_> {
    fn number(&self, column: usize, _: usize) -> Option<f64> {
        match &self.codec.columns()[column].values {
            ValueCodes::Bins(bins) => Some(bins.get(self.present(column)? as usize)?.low),
            ValueCodes::Levels(_) => None,
        }
    }

    fn code(&self, column: usize, _: usize) -> Option<u32> {
        match &self.codec.columns()[column].values {
            ValueCodes::Bins(_) => None,
            ValueCodes::Levels(_) => self.present(column),
        }
    }

    fn missing(&self, column: usize, _: usize) -> bool {
        self.present(column).is_none()
    }
}
