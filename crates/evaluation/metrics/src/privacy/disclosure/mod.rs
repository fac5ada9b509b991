//! Identity and attribute disclosure by keys (specification 5.5).

mod keys;
mod score;
mod sweep;
mod tcap;

use std::collections::BTreeMap;

pub use self::keys::KeyBinning;
use self::keys::{Coded, KeyIds};
pub use self::score::WorstDisclosure;
pub(crate) use self::sweep::SweepOptions;
use self::tcap::{measures, told_rows};
use crate::{Cache, DisclosureMeasures, MetricError, Pair};

/// What an intruder who knows the keys of a person learns about the target from the synthetic
/// table.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct AttributeDisclosure {
    /// The known columns.
    pub keys: Vec<String>,
    /// The column asked for.
    pub target: String,
    /// How numeric columns are binned; those not listed are binned by `default_binning`.
    pub binning: BTreeMap<String, KeyBinning>,
    /// How other numeric columns are binned. Default: deciles of the real table.
    pub default_binning: KeyBinning,
}

impl AttributeDisclosure {
    /// These keys, this target, numbers in deciles of the real table.
    #[must_use]
    pub fn new<S: Into<String>>(
        keys: impl IntoIterator<Item = S>,
        target: impl Into<String>,
    ) -> Self {
        Self {
            keys: keys.into_iter().map(Into::into).collect(),
            target: target.into(),
            binning: BTreeMap::new(),
            default_binning: KeyBinning::RealQuantiles(10),
        }
    }

    /// The same with another binning of one numeric column.
    #[must_use]
    pub fn with_binning(mut self, column: impl Into<String>, binning: KeyBinning) -> Self {
        self.binning.insert(column.into(), binning);
        self
    }

    /// The same with another binning of the numeric columns not named.
    #[must_use]
    pub fn with_default_binning(mut self, binning: KeyBinning) -> Self {
        self.default_binning = binning;
        self
    }

    /// The measures of this pair.
    ///
    /// # Errors
    /// [`MetricError::BadOption`] if a column does not exist, or is a row id or free text.
    pub fn measure(&self, pair: &Pair<'_>) -> Result<DisclosureMeasures, MetricError> {
        let (ids, target) = self.coded(&Cache::new(pair))?;
        Ok(measures(&ids, &target))
    }

    /// The positions of the real rows whose keys tell the true value of the target.
    pub(crate) fn told_rows(&self, cache: &Cache<'_>) -> Result<Vec<u32>, MetricError> {
        let (ids, target) = self.coded(cache)?;
        Ok(told_rows(&ids, &target))
    }

    fn coded(&self, cache: &Cache<'_>) -> Result<(KeyIds, Coded), MetricError> {
        let frame = cache.frame();
        let coded = |name: &String| {
            let column = frame.named(name).ok_or_else(|| bad("keys", name))?;
            let binning = self.binning.get(name).unwrap_or(&self.default_binning);
            Ok(Coded::of(column, *binning))
        };
        let keys: Result<Vec<Coded>, MetricError> = self.keys.iter().map(coded).collect();
        let (keys, target) = (keys?, coded(&self.target)?);
        let keys: Vec<&Coded> = keys.iter().collect();
        let ids = KeyIds::of(&keys, frame.rows.real, frame.rows.synthetic);
        Ok((ids, target))
    }
}

fn bad(option: &'static str, column: &str) -> MetricError {
    MetricError::BadOption {
        option,
        column: column.to_owned(),
        rule: "expected a column of the tables that is no row id or free text",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{numbers, table, texts};

    #[test]
    fn a_key_with_one_target_value_tells_it() {
        let real = table(vec![
            texts("k", &["1", "1", "2", "2", "3"]),
            texts("t", &["x", "x", "x", "y", "y"]),
        ]);
        let synthetic = table(vec![
            texts("k", &["1", "1", "2", "4"]),
            texts("t", &["x", "x", "y", "x"]),
        ]);
        let pair = Pair::new(&real, &synthetic).unwrap();
        let found = AttributeDisclosure::new(["k"], "t").measure(&pair).unwrap();
        assert_eq!((found.matched, found.correct), (4, 3));
        assert_eq!(found.tcap, Some(0.75));
        // Matched rows are told x, x, y, y; a guesser hits them with the shares .6 .6 .4 .4.
        assert!((found.excess.unwrap() - (3.0 - 2.0) / 5.0).abs() < 1e-15);
    }

    #[test]
    fn a_copy_discloses_what_the_real_table_does() {
        let x: Vec<f64> = (0..100).map(|i| f64::from(i * 7 % 50)).collect();
        let y: Vec<f64> = (0..100).map(|i| f64::from(i * 3 % 11)).collect();
        let real = table(vec![numbers("x", &x), numbers("y", &y)]);
        let pair = Pair::new(&real, &real).unwrap();
        let found = AttributeDisclosure::new(["x"], "y")
            .with_default_binning(KeyBinning::Distinct)
            .measure(&pair)
            .unwrap();
        assert_eq!(found.disclosed_share, found.disclosive_in_real);
        assert_eq!(found.found, Some(1.0));
        assert_eq!(found.replicated_uniques, found.unique);
    }

    #[test]
    fn unknown_columns_are_refused_by_name() {
        let real = table(vec![numbers("x", &[1.0])]);
        let pair = Pair::new(&real, &real).unwrap();
        let error = AttributeDisclosure::new(["z"], "x")
            .measure(&pair)
            .unwrap_err();
        assert!(error.to_string().contains("`z`"));
    }
}
