//! A private release in progress: what is measured, in which order, with how much of the budget.

use parable_core::{Curator, FitError, NoisyMarginal, Publication, Recoding};
use parable_domain::{AttrSet, Domain, Partition, SourceError};
use parable_dp::{Entry, Rho, Sigma};
use parable_encode::CodeRule;
use parable_pgm::{Columns, MarkovField, ModelError};

use crate::accounting::{gains_by_exact_gaussians, no_budget};
use crate::candidate::Candidate;
use crate::columns::{known_columns, merged_rows};
use crate::rules;

/// Sums of many rounded shares may exceed the whole by a few units in the last place.
const ROUNDING: f64 = 1.0 - 1e-12;

/// Public facts about a table, known before anything is measured.
#[derive(Clone, Debug, Default)]
pub struct PublicFacts {
    /// For each column how many of its first levels stand in an order.
    pub ordered: Vec<u32>,
    /// Combinations that cannot occur.
    pub rules: Vec<CodeRule>,
    /// Sets of columns that the model joins without being measured.
    pub joined: Vec<AttrSet>,
    /// The number of rows, where it is public.
    pub rows: Option<u64>,
}

/// A private release in progress.
///
/// Everything goes through the [`Curator`], which charges the ledger before it draws noise. A
/// method measures single columns first, merges levels too rare to be seen, chooses sets of columns
/// by noisy scores or by the exponential mechanism, and measures these. What was released is the
/// [`Publication`] that [`PrivateRelease::close`] returns.
#[derive(Debug)]
pub struct PrivateRelease<'a, 'b> {
    method: &'static str,
    pub(crate) curator: &'a mut Curator<'b>,
    pub(crate) publication: Publication,
    pub(crate) known: Columns,
    pub(crate) joined: Vec<AttrSet>,
    /// The model of a past publication.
    pub(crate) base: Option<MarkovField>,
}

impl<'a, 'b> PrivateRelease<'a, 'b> {
    /// Opens a release, and chooses the accounting of its budget unless something was spent.
    ///
    /// `mostly_counts` says whether counts take up most of the budget; exact Gaussian accounting is
    /// of no use to a release that spends it on choices.
    ///
    /// # Errors
    /// [`FitError::Setting`] if the budget is unlimited.
    pub fn open(
        method: &'static str,
        facts: PublicFacts,
        mostly_counts: bool,
        curator: &'a mut Curator<'b>,
    ) -> Result<Self, FitError> {
        let rho = curator.allowance().ok_or_else(no_budget)?;
        let columns = curator.domain().len();
        if mostly_counts && gains_by_exact_gaussians(columns, rho, curator.unit()) {
            curator.use_exact_gaussian_accounting();
        }
        let mut publication = Publication::new(curator.domain().clone(), curator.unit());
        publication.ordered = facts.ordered;
        publication.rules = facts.rules;
        publication.rows = facts.rows;
        Ok(Self {
            known: known_columns(&publication),
            method,
            curator,
            publication,
            joined: facts.joined,
            base: None,
        })
    }

    /// Takes over the counts of a past publication of the same table, whose model is `base`.
    ///
    /// # Errors
    /// [`FitError::Setting`] if it has other columns, levels or rules, or another privacy unit.
    pub fn continue_from(
        &mut self,
        past: &Publication,
        base: Option<MarkovField>,
    ) -> Result<(), FitError> {
        let own = &mut self.publication;
        if past.domain != own.domain || past.unit != own.unit || past.rules != own.rules {
            return Err(FitError::setting(
                "past publication",
                "it has other columns, levels or rules, or another privacy unit",
            ));
        }
        own.columns.clone_from(&past.columns);
        own.ledger.clone_from(&past.ledger);
        if base.is_some() {
            own.merged.clone_from(&past.merged);
            own.marginals.clone_from(&past.marginals);
        }
        self.base = base;
        self.known = known_columns(&self.publication);
        Ok(())
    }

    /// Reopens a [paused](PrivateRelease::pause) release.
    ///
    /// # Errors
    /// Merged levels that do not fit the columns.
    pub fn resume(
        method: &'static str,
        publication: Publication,
        curator: &'a mut Curator<'b>,
    ) -> Result<Self, FitError> {
        let mut release = Self {
            known: known_columns(&publication),
            method,
            curator,
            publication,
            joined: Vec::new(),
            base: None,
        };
        release.merge_by(release.publication.merged.clone())?;
        Ok(release)
    }

    /// Returns the counts released so far.
    #[must_use]
    pub fn publication(&self) -> &Publication {
        &self.publication
    }

    /// Returns the estimates of the single columns so far.
    #[must_use]
    pub fn known(&self) -> &Columns {
        &self.known
    }

    /// The columns with merged levels.
    #[must_use]
    pub fn domain(&self) -> &Domain {
        self.curator.domain()
    }

    /// The charges of this fit so far.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        self.curator.ledger().entries()
    }

    /// The curator that charges and draws.
    #[must_use]
    pub fn curator(&self) -> &Curator<'b> {
        self.curator
    }

    /// Estimated rows of each merged level of every column.
    #[must_use]
    pub fn merged_rows(&self) -> Vec<Vec<f64>> {
        let each = self.publication.merged.iter().zip(&self.known.levels);
        each.map(|(map, levels)| merged_rows(map, levels)).collect()
    }

    /// Zero-concentrated loss that the ledger still allows, a little less than the whole.
    #[must_use]
    pub fn left(&self) -> f64 {
        self.curator.allowance().map_or(0.0, Rho::get) * ROUNDING
    }

    /// Returns the noise that this part of the budget buys for the counts of one set.
    #[must_use]
    pub fn sigma(&self, rho: f64) -> Sigma {
        let squared = self.curator.unit().counts_squared();
        self.curator.sigma_for(rho, squared)
    }

    /// Returns the noise of a set if this part of the budget went to two sets per column.
    #[must_use]
    pub fn typical_sigma(&self, rho: f64) -> f64 {
        let sets = 2.0 * self.publication.domain.len() as f64;
        self.sigma(rho / sets).get()
    }

    /// Measures every column for this part of the budget, in proportion to `weights^(2/3)`.
    ///
    /// # Errors
    /// The ledger refuses, or the source cannot count.
    pub fn measure_columns(&mut self, rho: f64, weights: &[f64]) -> Result<(), FitError> {
        let terms: Vec<f64> = weights.iter().map(|w| w.powf(2.0 / 3.0)).collect();
        let sum: f64 = terms.iter().sum();
        let mut sets = Vec::with_capacity(terms.len());
        for (attr, term) in terms.iter().enumerate() {
            sets.push((AttrSet::new([attr as u32]), self.sigma(rho * term / sum)));
        }
        let measured = self.curator.measure("column", &sets)?;
        self.add_columns(measured);
        Ok(())
    }

    fn add_columns(&mut self, mut measured: Vec<NoisyMarginal>) {
        self.publication.columns.append(&mut measured);
        self.known = known_columns(&self.publication);
    }

    /// Merges levels until a group holds `least(column)` rows, by released counts only.
    ///
    /// A past publication keeps its groups: only counts of the same merged levels can be combined.
    ///
    /// # Errors
    /// Never for groups that fit the columns.
    pub fn merge(&mut self, least: impl Fn(usize) -> f64) -> Result<(), FitError> {
        let maps = match &self.base {
            Some(_) => self.publication.merged.clone(),
            None => rules::merge(&self.publication, &self.known.levels, least),
        };
        self.merge_by(maps)
    }

    /// Merges levels in this way: for each column the merged level of every level.
    ///
    /// The maps must be functions of public facts and released counts.
    ///
    /// # Errors
    /// Maps that do not fit the columns.
    pub fn merge_by(&mut self, maps: Vec<Vec<u32>>) -> Result<(), FitError> {
        let recoding =
            Recoding::new(&self.publication.domain, maps.clone()).map_err(SourceError::from)?;
        self.publication.merged = maps;
        self.curator.recode(Some(recoding));
        Ok(())
    }

    /// Measures sets of merged levels, each with its part of the budget; adds them to the
    /// publication and returns them.
    ///
    /// # Errors
    /// The ledger refuses, or the source cannot count.
    pub fn measure(
        &mut self,
        purpose: &str,
        sets: Vec<(AttrSet, f64)>,
    ) -> Result<Vec<NoisyMarginal>, FitError> {
        let mut asked = Vec::with_capacity(sets.len());
        for (attrs, rho) in sets {
            asked.push((attrs, self.sigma(rho)));
        }
        let measured = self.curator.measure(purpose, &asked)?;
        self.publication.marginals.extend(measured.iter().cloned());
        Ok(measured)
    }

    /// Measures the cells of a partition of merged levels, with the noise that this part of the
    /// budget buys. They are no part of the publication.
    ///
    /// # Errors
    /// The partition does not fit the columns, the ledger refuses, or the source cannot count.
    pub fn measure_cells(
        &mut self,
        purpose: &str,
        partition: &Partition,
        sigma: Sigma,
    ) -> Result<Vec<i64>, FitError> {
        self.curator.measure_cells(purpose, partition, sigma)
    }

    /// Spends all that is left: `sets` of merged levels and then `columns` once more, each with its
    /// share by `split`.
    ///
    /// # Errors
    /// The ledger refuses, or the source cannot count.
    pub fn measure_to_the_end(
        &mut self,
        purpose: &str,
        sets: &[Candidate],
        columns: &[Candidate],
        split: impl Fn(&[Candidate]) -> Vec<f64>,
    ) -> Result<(), FitError> {
        let left = self.left();
        let all = [sets, columns].concat();
        let mut asked = Vec::with_capacity(all.len());
        for (candidate, share) in all.iter().zip(split(&all)) {
            asked.push((candidate.attrs.clone(), self.sigma(left * share)));
        }
        let again = asked.split_off(sets.len());
        let mut marginals = self.measure_last(purpose, asked, again.is_empty())?;
        self.publication.marginals.append(&mut marginals);
        self.curator.recode(None);
        let first = self.publication.columns.is_empty();
        let purpose = if first { "column" } else { "column again" };
        let measured = self.measure_last(purpose, again, true)?;
        self.add_columns(measured);
        Ok(())
    }

    /// Measures these sets; at the end the very last one with all that the ledger still allows, so
    /// that no rounding leaves anything unspent.
    fn measure_last(
        &mut self,
        purpose: &str,
        mut sets: Vec<(AttrSet, Sigma)>,
        end: bool,
    ) -> Result<Vec<NoisyMarginal>, FitError> {
        let last = if end { sets.pop() } else { None };
        let mut measured = self.curator.measure(purpose, &sets)?;
        if let Some((attrs, sigma)) = last {
            let own = self.sigma(self.curator.allowance().map_or(0.0, Rho::get));
            // A rule that charges choices less than they were planned with leaves more than a
            // share.
            let sigma = if own < sigma { own } else { sigma };
            measured.append(&mut self.curator.measure(purpose, &[(attrs, sigma)])?);
        }
        Ok(measured)
    }

    /// Pauses the release: what was released so far, without the charges, for
    /// [`PrivateRelease::resume`].
    #[must_use]
    pub fn pause(self) -> Publication {
        self.publication
    }

    /// Ends the release: what was released, with the charges of this fit.
    #[must_use]
    pub fn close(mut self) -> Publication {
        let entries = self.curator.ledger().entries();
        self.publication.ledger.extend_from_slice(entries);
        self.publication
    }

    pub(crate) fn model<T>(&self, result: Result<T, ModelError>) -> Result<T, FitError> {
        result.map_err(|error| FitError::Method {
            method: self.method.to_owned(),
            source: Box::new(error),
        })
    }
}
