//! The only door from exact counts to released ones.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;

use parable_domain::{AttrId, AttrSet, Counts, Domain, MarginalSource, Partition, SourceError};
use parable_dp::mechanism::{DiscreteGaussian, Scores, Selection, SelectionRule, TreeSplits};
use parable_dp::{
    Budget, Epsilon, Event, Ledger, NoiseSource, ParameterError, PrivacyUnit, Relation, Rho, Sigma,
};

use crate::{FitError, NoisyMarginal, Recoding, counts_of};

/// The guard of a source of exact counts: every answer is charged to the ledger and carries noise.
///
/// No method takes or returns exact counts. A release is charged before it is drawn, event and
/// noise come from the same numbers in the same call, and if the source fails after the charge, the
/// charge stands.
pub struct Curator<'a> {
    source: &'a dyn MarginalSource,
    recoding: Option<Recoding>,
    /// Counts of sets that were scored, of the levels asked about now: adaptive methods score the
    /// same sets many times.
    held: RefCell<HashMap<AttrSet, Counts>>,
    ledger: &'a mut Ledger,
    noise: &'a mut NoiseSource,
}

/// How the levels of an attribute are split into stretches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LevelSplit {
    /// Levels in order, from the first on, that are split; those after them are not.
    pub ordered: u32,
    /// About the most rows of a stretch.
    pub threshold: u32,
    /// The loss of the splits, pure differential privacy.
    pub epsilon: Epsilon,
}

impl<'a> Curator<'a> {
    /// Creates a curator of this source that charges this ledger.
    pub fn new(
        source: &'a dyn MarginalSource,
        ledger: &'a mut Ledger,
        noise: &'a mut NoiseSource,
    ) -> Self {
        Self {
            source,
            recoding: None,
            held: RefCell::default(),
            ledger,
            noise,
        }
    }

    /// Returns the attributes that questions are about: those of the source, with merged levels
    /// after [`Curator::recode`].
    #[must_use]
    pub fn domain(&self) -> &Domain {
        match &self.recoding {
            Some(recoding) => recoding.domain(),
            None => self.source.domain(),
        }
    }

    /// Returns the unit that the noise protects.
    #[must_use]
    pub fn unit(&self) -> PrivacyUnit {
        self.ledger.unit()
    }

    /// Returns the ledger that is charged.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        self.ledger
    }

    /// Returns whether the noise can be repeated from a seed.
    #[must_use]
    pub fn noise_is_insecure(&self) -> bool {
        self.noise.is_insecure()
    }

    /// Merges levels in all further questions; `None` returns to the levels of the source. Levels
    /// must be merged by public facts.
    pub fn recode(&mut self, recoding: Option<Recoding>) {
        self.recoding = recoding;
        self.held.borrow_mut().clear();
    }

    /// Returns the largest zero-concentrated loss that the ledger still accepts; see [`allowance`].
    #[must_use]
    pub fn allowance(&self) -> Option<Rho> {
        allowance(self.ledger)
    }

    /// Switches an approximate budget to exact Gaussian accounting, if nothing was spent so far;
    /// see [`Ledger::use_exact_gaussian_accounting`].
    pub fn use_exact_gaussian_accounting(&mut self) -> bool {
        self.ledger.use_exact_gaussian_accounting()
    }

    /// Returns the noise that this part of the [`Curator::allowance`] buys for answers of this
    /// squared sensitivity, as the ledger charges it.
    ///
    /// A part too small for any noise that the sampler can draw gets the largest; the ledger then
    /// refuses, and says what is missing.
    #[must_use]
    pub fn sigma_for(&self, rho: f64, sensitivity_squared: u64) -> Sigma {
        within_reach(Rho::new(rho).and_then(|rho| self.ledger.sigma_for(rho, sensitivity_squared)))
    }

    /// Releases counts of these sets with discrete Gaussian noise of these standard deviations, in
    /// rows. One charge per set, all before the first draw.
    ///
    /// # Errors
    /// The ledger refuses, or the source cannot count.
    pub fn measure(
        &mut self,
        purpose: &str,
        sets: &[(AttrSet, Sigma)],
    ) -> Result<Vec<NoisyMarginal>, FitError> {
        let sensitivity_squared = self.unit().counts_squared();
        let mut charged = Vec::with_capacity(sets.len());
        for (attrs, sigma) in sets {
            let noise = DiscreteGaussian::new(*sigma)?;
            let purpose = format!("{purpose}: {}", names(self.domain(), attrs));
            let receipt = self
                .ledger
                .try_spend(&purpose, noise.event(sensitivity_squared))?;
            charged.push((noise, receipt));
        }
        let asked: Vec<AttrSet> = sets.iter().map(|(attrs, _)| attrs.clone()).collect();
        let counts = self.counts(&asked)?;
        let mut released = Vec::with_capacity(sets.len());
        for ((counts, (noise, receipt)), (attrs, sigma)) in counts.iter().zip(charged).zip(sets) {
            let mut cells: Vec<i64> = counts.cells().iter().map(|&count| count as i64).collect();
            noise.release(receipt, &mut cells, self.noise)?;
            released.push(NoisyMarginal {
                attrs: attrs.clone(),
                cells,
                sigma: sigma.get(),
            });
        }
        Ok(released)
    }

    /// Releases counts of the cells of a partition with discrete Gaussian noise of this standard
    /// deviation, in rows: one charge.
    ///
    /// A row falls into one cell and no other, whatever the questions, so that all cells together
    /// cost as much as the cells of one marginal. The questions must be public facts or functions
    /// of released counts.
    ///
    /// # Errors
    /// The partition does not fit [`Curator::domain`], the ledger refuses, or the source cannot
    /// count.
    pub fn measure_cells(
        &mut self,
        purpose: &str,
        partition: &Partition,
        sigma: Sigma,
    ) -> Result<Vec<i64>, FitError> {
        partition.check(self.domain()).map_err(SourceError::from)?;
        let noise = DiscreteGaussian::new(sigma)?;
        let event = noise.event(self.unit().counts_squared());
        let receipt = self.ledger.try_spend(purpose, event)?;
        let counts = match &self.recoding {
            Some(recoding) => self
                .source
                .cells(&partition.before_merging(recoding.maps())),
            None => self.source.cells(partition),
        }?;
        if counts.len() != partition.len() {
            let attrs = AttrSet::new(partition.attrs());
            return Err(SourceError::Shape { attrs }.into());
        }
        let mut cells: Vec<i64> = counts.into_iter().map(|count| count as i64).collect();
        noise.release(receipt, &mut cells, self.noise)?;
        Ok(cells)
    }

    /// Splits levels of an attribute into stretches, as far as noise allows: for each level the
    /// number of its stretch, from 0.
    ///
    /// One charge of pure differential privacy ([`TreeSplits`]).
    ///
    /// # Errors
    /// The ledger refuses, the source cannot count, or an attribute or level does not exist.
    pub fn split_levels(
        &mut self,
        purpose: &str,
        attr: AttrId,
        split: LevelSplit,
    ) -> Result<Vec<u32>, FitError> {
        let LevelSplit {
            ordered,
            threshold,
            epsilon,
        } = split;
        let set = AttrSet::new([attr]);
        let levels = self.domain().levels(&set).map_err(SourceError::from)?;
        if ordered > levels[0] {
            return Err(FitError::Setting {
                setting: "ordered".to_owned(),
                problem: "there are fewer levels".to_owned(),
            });
        }
        let splits = TreeSplits::new(epsilon, &self.unit(), threshold)?;
        let receipt = self.ledger.try_spend(purpose, splits.event())?;
        let counts = self.counts(std::slice::from_ref(&set))?;
        let cells = counts[0].cells().iter().take(ordered as usize);
        let cells: Vec<i64> = cells.map(|&count| count as i64).collect();
        let leaves = splits.split(receipt, &cells, self.noise)?;
        let numbered = (0u32..).zip(leaves);
        Ok(numbered
            .flat_map(|(leaf, stretch)| std::iter::repeat_n(leaf, stretch.len()))
            .collect())
    }

    /// Releases the distances of the counts of each set from an estimate (sums of absolute
    /// differences), all with discrete Gaussian noise of one standard deviation. Whole estimates
    /// keep the answers whole, so that the noise is exact.
    ///
    /// One row changes every answer by at most 1 (a replaced row by 2), so that the squared
    /// sensitivity is the number of sets, times four for replaced rows, times the square of the
    /// most rows of a person.
    ///
    /// # Errors
    /// The ledger refuses, the source cannot count, or an estimate has another number of cells than
    /// its set.
    pub fn distances(
        &mut self,
        purpose: &str,
        estimates: &[(AttrSet, Vec<i64>)],
        sigma: Sigma,
    ) -> Result<Vec<f64>, FitError> {
        let noise = DiscreteGaussian::new(sigma)?;
        let event = noise.event(distances_squared(self.unit(), estimates.len()));
        self.check_shapes(estimates)?;
        let receipt = self.ledger.try_spend(purpose, event)?;
        let mut distances = self.exact_distances(estimates)?;
        noise.release(receipt, &mut distances, self.noise)?;
        Ok(distances
            .into_iter()
            .map(|distance| distance as f64)
            .collect())
    }

    /// Scores estimates for a private choice: their distances less a public penalty each, times a
    /// public weight.
    ///
    /// The scores are exact and therefore sealed: only [`Curator::select`] can use them, and
    /// nothing shows them. One row changes a score by at most its weight, so that the largest
    /// weight is their sensitivity.
    ///
    /// # Errors
    /// The source cannot count, an estimate has another number of cells than its set, or there is
    /// not one penalty and one weight above 0 for each.
    pub fn private_scores(
        &self,
        estimates: &[(AttrSet, Vec<i64>)],
        penalties: &[i64],
        weights: &[u32],
    ) -> Result<PrivateScores, FitError> {
        self.check_shapes(estimates)?;
        if penalties.len() != estimates.len()
            || weights.len() != estimates.len()
            || weights.contains(&0)
        {
            return Err(FitError::Setting {
                setting: "penalties".to_owned(),
                problem: "there is not one penalty and one weight above 0 for each estimate"
                    .to_owned(),
            });
        }
        let mut scores = self.exact_distances(estimates)?;
        for ((score, penalty), weight) in scores.iter_mut().zip(penalties).zip(weights) {
            *score = score
                .saturating_sub(*penalty)
                .saturating_mul(i64::from(*weight));
        }
        Ok(PrivateScores {
            scores,
            sensitivity: u64::from(weights.iter().copied().max().unwrap_or(1)),
        })
    }

    /// Chooses one of the eligible positions, likely one of a high score, by the exponential
    /// mechanism at this zero-concentrated loss.
    ///
    /// # Errors
    /// The ledger refuses, an eligible position does not exist, or there is none.
    pub fn select(
        &mut self,
        purpose: &str,
        scores: &PrivateScores,
        eligible: &[usize],
        rho: Rho,
    ) -> Result<usize, FitError> {
        let epsilon = self.ledger.range_for(rho);
        let sensitivity = distances_squared(self.unit(), 1)
            .isqrt()
            .saturating_mul(scores.sensitivity);
        let rule = SelectionRule::Exponential;
        let selection = Selection::new(
            rule,
            epsilon.map_err(parameter)?,
            sensitivity,
            Scores::General,
        )?;
        let mut own = Vec::with_capacity(eligible.len());
        for &position in eligible {
            let score = scores
                .scores
                .get(position)
                .ok_or_else(|| FitError::Setting {
                    setting: "eligible".to_owned(),
                    problem: format!("there is no score {position}"),
                })?;
            own.push(*score);
        }
        let receipt = self.ledger.try_spend(purpose, selection.event())?;
        Ok(eligible[selection.select(receipt, &own, self.noise)?])
    }

    fn check_shapes(&self, estimates: &[(AttrSet, Vec<i64>)]) -> Result<(), FitError> {
        let fits = |(attrs, cells): &&(AttrSet, Vec<i64>)| {
            self.domain().cells(attrs).ok() == Some(cells.len() as u128)
        };
        match estimates.iter().find(|estimate| !fits(estimate)) {
            None => Ok(()),
            Some((attrs, _)) => Err(FitError::Setting {
                setting: "estimates".to_owned(),
                problem: format!("the estimate of {attrs} has another number of cells"),
            }),
        }
    }

    /// Exact; stays in this file.
    fn exact_distances(&self, estimates: &[(AttrSet, Vec<i64>)]) -> Result<Vec<i64>, FitError> {
        let missing: Vec<AttrSet> = {
            let held = self.held.borrow();
            let asked = estimates.iter().map(|(attrs, _)| attrs);
            asked.filter(|a| !held.contains_key(a)).cloned().collect()
        };
        let distance = |counts: &Counts, estimate: &[i64]| {
            let off = counts.cells().iter().zip(estimate);
            let sum: u64 = off
                .map(|(&count, &estimate)| (count as i64).abs_diff(estimate))
                .sum();
            i64::try_from(sum).unwrap_or(i64::MAX)
        };
        let mut fresh: HashMap<AttrSet, Counts> = HashMap::new();
        let mut at = 0;
        while at < missing.len() {
            // A part at a time, as the levels of the source can be many more than those that are
            // asked about.
            let (mut end, mut cells) = (at, 0u128);
            while end < missing.len() && (end == at || cells < u128::from(HELD_CELLS)) {
                cells += self
                    .source
                    .domain()
                    .cells(&missing[end])
                    .unwrap_or(u128::MAX / 2);
                end += 1;
            }
            let part = &missing[at..end];
            fresh.extend(part.iter().cloned().zip(self.counts(part)?));
            at = end;
        }
        let mut held = self.held.borrow_mut();
        let of = |attrs: &AttrSet| fresh.get(attrs).or_else(|| held.get(attrs));
        let distances = estimates
            .iter()
            .map(|(attrs, estimate)| {
                of(attrs).map_or(i64::MAX, |counts| distance(counts, estimate))
            })
            .collect();
        let cells: usize = fresh
            .values()
            .chain(held.values())
            .map(|c| c.cells().len())
            .sum();
        if cells as u64 <= HELD_CELLS {
            held.extend(fresh);
        }
        Ok(distances)
    }

    /// Exact; stays in this file.
    fn counts(&self, sets: &[AttrSet]) -> Result<Vec<Counts>, FitError> {
        let counts = counts_of(self.source, sets)?;
        match &self.recoding {
            Some(recoding) => Ok(recoding.merge(&counts).map_err(SourceError::from)?),
            None => Ok(counts),
        }
    }
}

/// Cells of counts that are kept between questions, and asked for at once: 128 megabytes.
const HELD_CELLS: u64 = 1 << 24;

/// Returns the largest zero-concentrated loss that the ledger still accepts for Gaussian releases;
/// `None` if nothing limits them.
///
/// Found by asking the ledger what it would accept, so that whichever rule guards the budget is
/// used to its end.
#[must_use]
pub fn allowance(ledger: &Ledger) -> Option<Rho> {
    if matches!(ledger.budget(), Budget::Unlimited) {
        return None;
    }
    if let Some(rho) = ledger.remaining_rho() {
        return Some(rho);
    }
    // The cost of this event is proportional to rho at every order, as no sum of Gaussians costs
    // more; one discrete Gaussian with little noise costs less than many with much.
    let accepts = |rho: f64| {
        Rho::new(rho).is_ok_and(|rho| {
            let event = Event::Zcdp { rho };
            ledger.plan([("question", &event)]).1.is_ok()
        })
    };
    let mut low = 1e9f64;
    while low > 1e-300 && !accepts(low) {
        low *= 0.25;
    }
    let mut high = 4.0 * low;
    // 55 halvings of an interval that spans a factor of 4 leave a relative gap below 1e-15.
    for _ in 0..55 {
        let middle = 0.5 * (low + high);
        if accepts(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    // Sums of several charges are rounded up, each by a few units in the last place.
    Some(Rho::new(low * (1.0 - 1e-9)).expect("a positive number"))
}

/// Returns the squared sensitivity of the vector of [`Curator::distances`] of this many sets: one
/// row changes each by at most 1, a replaced one by 2.
#[must_use]
pub fn distances_squared(unit: PrivacyUnit, sets: usize) -> u64 {
    let rows = u64::from(unit.max_rows.get());
    let row = match unit.relation {
        Relation::AddRemove | Relation::ReplaceNull => 1,
        Relation::ReplaceOne => 4,
    };
    (rows * rows)
        .saturating_mul(row)
        .saturating_mul(sets as u64)
}

/// Returns the noise that this zero-concentrated loss buys for answers of this squared sensitivity.
///
/// A loss too small for any noise that the sampler can draw gets the largest; the ledger then
/// refuses, and says what is missing.
#[must_use]
pub fn sigma_for(rho: f64, sensitivity_squared: u64) -> Sigma {
    within_reach(Rho::new(rho).and_then(|rho| Sigma::for_rho(rho, sensitivity_squared)))
}

/// This noise, or the largest where there is none or it is out of reach.
fn within_reach(sigma: Result<Sigma, ParameterError>) -> Sigma {
    match sigma {
        Ok(sigma) if sigma.get() <= LARGEST_SIGMA => sigma,
        _ => Sigma::new(LARGEST_SIGMA).expect("a positive number"),
    }
}

/// Of [`DiscreteGaussian`].
const LARGEST_SIGMA: f64 = 1_048_576.0;

/// Exact scores on their way to a private choice: they cannot be read, and `Debug` hides them.
pub struct PrivateScores {
    scores: Vec<i64>,
    /// By how much one added row can change one of them.
    sensitivity: u64,
}

impl fmt::Debug for PrivateScores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateScores([{} hidden])", self.scores.len())
    }
}

fn names(domain: &Domain, attrs: &AttrSet) -> String {
    let name = |attr: u32| {
        domain
            .attrs()
            .get(attr as usize)
            .map_or("?", |attr| &*attr.name)
    };
    let names: Vec<&str> = attrs.iter().map(name).collect();
    names.join(" x ")
}

fn parameter(error: ParameterError) -> FitError {
    FitError::Setting {
        setting: "budget".to_owned(),
        problem: error.to_string(),
    }
}

impl fmt::Debug for Curator<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Curator")
            .field("domain", self.domain())
            .field("ledger", &self.ledger)
            .finish_non_exhaustive()
    }
}
