//! Publications of noisy marginals, the released part of a private fit.

use parable_domain::{AttrSet, Domain};
use parable_dp::{Budget, Entry, Ledger, NoiseSource, PrivacyUnit};
use parable_encode::CodeRule;
use parable_seed::Seed;
use parable_table::Schema;
use serde::{Deserialize, Serialize};

use crate::{FitContext, FitError, FitRecord, NoiseProvenance};

/// Noisy counts of the combinations of some attributes: public.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoisyMarginal {
    /// The attributes.
    pub attrs: AttrSet,
    /// Counts plus noise, row-major, the last attribute fastest. May be negative.
    pub cells: Vec<i64>,
    /// Standard deviation of the noise of each cell, in rows.
    pub sigma: f64,
}

/// The counts that a private fit released, with their charges: enough to estimate a model again at
/// no further cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Publication {
    /// The attributes and their levels.
    pub domain: Domain,
    /// For each attribute how many of its first levels stand in an order; 0 for none.
    pub ordered: Vec<u32>,
    /// Counts of single attributes, one or more for each.
    pub columns: Vec<NoisyMarginal>,
    /// For each attribute the merged level of every level, as the marginals below count them.
    pub merged: Vec<Vec<u32>>,
    /// Counts of combinations of merged levels.
    pub marginals: Vec<NoisyMarginal>,
    /// Combinations of codes that cannot occur: public facts, declared or computed from released
    /// counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<CodeRule>,
    /// The number of rows, where it is public.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// The unit that the noise protects.
    pub unit: PrivacyUnit,
    /// The charges, entry by entry; selections that released no marginal are among them.
    pub ledger: Vec<Entry>,
}

impl Publication {
    /// Creates a publication without marginals: levels without order, none of them merged, no
    /// charge.
    #[must_use]
    pub fn new(domain: Domain, unit: PrivacyUnit) -> Self {
        let merged = domain
            .attrs()
            .iter()
            .map(|attr| (0..attr.levels).collect())
            .collect();
        Self {
            ordered: vec![0; domain.len()],
            domain,
            columns: Vec::new(),
            merged,
            marginals: Vec::new(),
            rules: Vec::new(),
            rows: None,
            unit,
            ledger: Vec::new(),
        }
    }

    /// Refuses columns and codes that are not those of this publication.
    ///
    /// # Errors
    /// [`FitError::Setting`], naming the publication.
    pub fn check_domain(&self, domain: &Domain) -> Result<(), FitError> {
        if self.domain == *domain {
            return Ok(());
        }
        Err(FitError::Setting {
            setting: "publication".to_owned(),
            problem: "its columns and codes are not those of the schema under these settings"
                .to_owned(),
        })
    }

    /// The record of a model that was computed from this publication: it read nothing else and
    /// charged nothing.
    #[must_use]
    pub fn record(
        &self,
        method: &str,
        method_version: &str,
        config: &impl Serialize,
        schema: &Schema,
    ) -> FitRecord {
        let mut ledger = Ledger::open(self.unit, Budget::Unlimited);
        let mut noise = NoiseSource::operating_system();
        // Neither the seed nor the noise is used: nothing is drawn, and a private record has no
        // seed.
        let context = FitContext::new(Seed::from_u64(0), &mut ledger, &mut noise);
        let mut record = FitRecord::private(method, method_version, config, schema, &context);
        record.noise = NoiseProvenance::None;
        record.ledger = self.ledger.clone();
        record.warnings.push(
            "computed from a publication: the ledger is the publication's, its budget is not known here"
                .to_owned(),
        );
        record
    }
}
