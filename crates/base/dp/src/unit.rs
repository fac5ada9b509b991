//! Privacy units (neighbouring tables) and sensitivities of queries.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use crate::number::{NoiseMultiplier, ParameterError, Sigma};

/// The relation between neighbouring tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// One has the rows of one person more. The number of rows is confidential.
    AddRemove,
    /// The rows of one person are exchanged for other rows. The number of rows is public.
    ReplaceOne,
    /// The rows of one person are exchanged for rows that contribute nothing. The number of rows is
    /// public.
    ReplaceNull,
}

/// The privacy unit: the relation between neighbouring tables, and the most rows of one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrivacyUnit {
    /// The relation between neighbouring tables.
    pub relation: Relation,
    /// Most rows of one person. A table in which somebody has more rows is not protected as
    /// promised.
    pub max_rows: NonZeroU32,
}

impl PrivacyUnit {
    /// One row per person, added or removed.
    pub const fn one_row() -> Self {
        Self {
            relation: Relation::AddRemove,
            max_rows: NonZeroU32::MIN,
        }
    }

    /// A unit of at most `max_rows` rows per person.
    ///
    /// # Errors
    ///
    /// [`ParameterError::InvalidCount`] when `max_rows` is 0.
    pub fn new(relation: Relation, max_rows: u32) -> Result<Self, ParameterError> {
        let max_rows = NonZeroU32::new(max_rows).ok_or(ParameterError::InvalidCount {
            parameter: "max_rows",
            value: 0,
            rule: "at least 1",
        })?;
        Ok(Self { relation, max_rows })
    }

    /// Squared L2 sensitivity of a vector of counts in which every row falls into one cell:
    /// `max_rows^2`, doubled when a replaced row leaves one cell and enters another.
    pub fn counts_squared(&self) -> u64 {
        let rows = u64::from(self.max_rows.get());
        match self.relation {
            Relation::AddRemove | Relation::ReplaceNull => rows * rows,
            // Fits: 2 (2^32 - 1)^2 would not, but no table has such a person; saturating keeps the
            // promise conservative.
            Relation::ReplaceOne => (rows * rows).saturating_mul(2),
        }
    }
}

/// How far one row can move the answer of a query, under each relation. The factor between the
/// relations depends on the query (2 for a clipped sum, the root of 2 for a table of counts), so it
/// is declared once, with the query.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Declared", into = "Declared")]
pub struct Sensitivity {
    add_remove: f64,
    replace_one: f64,
    replace_null: f64,
}

/// Stored form of a sensitivity.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Declared {
    add_remove: f64,
    replace_one: f64,
    replace_null: f64,
}

impl Sensitivity {
    /// L2 (or L1) sensitivity of a sum of row vectors, each clipped to this norm: replacing a row
    /// can move it twice as far.
    ///
    /// # Errors
    ///
    /// [`ParameterError::OutOfRange`] unless the norm is finite and above 0.
    pub fn clipped_sum(norm: f64) -> Result<Self, ParameterError> {
        Self::declared(norm, 2.0 * norm, norm)
    }

    /// L2 sensitivity of a table of counts, each row falling into one cell: replacing a row changes
    /// two cells by one each.
    pub const fn counts_l2() -> Self {
        Self {
            add_remove: 1.0,
            replace_one: std::f64::consts::SQRT_2,
            replace_null: 1.0,
        }
    }

    /// L1 sensitivity of a table of counts, each row falling into one cell.
    pub const fn counts_l1() -> Self {
        Self {
            add_remove: 1.0,
            replace_one: 2.0,
            replace_null: 1.0,
        }
    }

    /// A sensitivity worked out by hand, one number for each relation and one row.
    ///
    /// # Errors
    ///
    /// [`ParameterError::OutOfRange`] unless all are finite and above 0, and no relation is above
    /// twice another: a replaced row is one removed and one added.
    pub fn declared(
        add_remove: f64,
        replace_one: f64,
        replace_null: f64,
    ) -> Result<Self, ParameterError> {
        for value in [add_remove, replace_one, replace_null] {
            if !(value > 0.0 && value < f64::INFINITY) {
                return Err(out_of_range(value, "finite and above 0"));
            }
        }
        if replace_one > 2.0 * add_remove.min(replace_null) {
            return Err(out_of_range(
                replace_one,
                "at most twice that of adding or removing a row",
            ));
        }
        Ok(Self {
            add_remove,
            replace_one,
            replace_null,
        })
    }

    /// Largest move of the answer between two tables that are neighbours under `unit`.
    pub fn under(&self, unit: &PrivacyUnit) -> f64 {
        let row = match unit.relation {
            Relation::AddRemove => self.add_remove,
            Relation::ReplaceOne => self.replace_one,
            Relation::ReplaceNull => self.replace_null,
        };
        row * f64::from(unit.max_rows.get())
    }

    /// Largest move of the answer on a Poisson sample between two samples that neighbours under
    /// `unit` are compared by: with and without a person, and with a person exchanged.
    pub fn under_sampling(&self, unit: &PrivacyUnit) -> f64 {
        let present = self.add_remove * f64::from(unit.max_rows.get());
        self.under(unit).max(present)
    }
}

impl NoiseMultiplier {
    /// Noise multiplier of noise with standard deviation (or scale) `sigma` on a query with this
    /// sensitivity, rounded down.
    pub fn of(sigma: Sigma, sensitivity: &Sensitivity, unit: &PrivacyUnit) -> Self {
        Self::rounded_down(sigma.get() / sensitivity.under(unit))
    }

    /// Noise multiplier of noise on a query of a Poisson sample, rounded down.
    ///
    /// The sample with a person is also compared with the sample without, whatever the relation:
    /// the noise is relative to the larger of both sensitivities.
    pub fn of_sampled(sigma: Sigma, sensitivity: &Sensitivity, unit: &PrivacyUnit) -> Self {
        Self::rounded_down(sigma.get() / sensitivity.under_sampling(unit))
    }
}

fn out_of_range(value: f64, rule: &'static str) -> ParameterError {
    ParameterError::OutOfRange {
        parameter: "sensitivity",
        value,
        rule,
    }
}

impl TryFrom<Declared> for Sensitivity {
    type Error = ParameterError;
    fn try_from(stored: Declared) -> Result<Self, ParameterError> {
        Self::declared(stored.add_remove, stored.replace_one, stored.replace_null)
    }
}

impl From<Sensitivity> for Declared {
    fn from(value: Sensitivity) -> Self {
        Self {
            add_remove: value.add_remove,
            replace_one: value.replace_one,
            replace_null: value.replace_null,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replacing_a_row_doubles_a_clipped_sum() {
        let sum = Sensitivity::clipped_sum(1.5).unwrap();
        assert_eq!(sum.under(&PrivacyUnit::one_row()), 1.5);
        assert_eq!(
            sum.under(&PrivacyUnit::new(Relation::ReplaceOne, 1).unwrap()),
            3.0
        );
        assert_eq!(
            sum.under(&PrivacyUnit::new(Relation::ReplaceOne, 36).unwrap()),
            108.0
        );
    }

    #[test]
    fn replacing_a_row_changes_two_counts_by_one() {
        assert_eq!(PrivacyUnit::one_row().counts_squared(), 1);
        assert_eq!(
            PrivacyUnit::new(Relation::ReplaceOne, 3)
                .unwrap()
                .counts_squared(),
            18
        );
    }

    #[test]
    fn refuses_nan_and_zero() {
        assert!(Sensitivity::clipped_sum(f64::NAN).is_err());
        assert!(Sensitivity::clipped_sum(0.0).is_err());
        assert!(Sensitivity::declared(1.0, 5.0, 1.0).is_err());
        assert!(PrivacyUnit::new(Relation::AddRemove, 0).is_err());
        assert!(
            serde_json::from_str::<PrivacyUnit>(r#"{"relation":"add_remove","max_rows":0}"#)
                .is_err()
        );
    }
}
