//! Scores of sets of columns, and choices by them.

use parable_core::{FitError, PrivateScores, distances_squared};
use parable_domain::AttrSet;
use parable_dp::{Rho, Sigma};
use parable_pgm::JunctionTree;

use crate::accounting::cost_of_scores;
use crate::candidate::{Candidate, MEAN_ABSOLUTE, choose, disturbed_cells, expected_errors};
use crate::columns::{column_noise, independent_cells};
use crate::{PrivateRelease, Workload, rules};

/// Estimated cells of sets of columns, in whole rows.
pub type Estimates = Vec<(AttrSet, Vec<i64>)>;

/// Limits of a choice of sets to measure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Most cells of the model.
    pub max_cells: u64,
    /// Most zero-concentrated loss of scores of all pairs.
    pub scores_rho: f64,
}

impl PrivateRelease<'_, '_> {
    /// Pairs of columns that vary, of at most so many cells.
    #[must_use]
    pub fn pairs(&self, max_cells: u64) -> Vec<AttrSet> {
        let merged = self.domain();
        let varies = |attr: u32| merged.attrs()[attr as usize].levels > 1;
        let fits = |set: &AttrSet| merged.cells(set).is_ok_and(|c| c <= u128::from(max_cells));
        AttrSet::pairs(merged.len())
            .filter(|set| set.iter().all(varies) && fits(set))
            .collect()
    }

    /// Candidates for measurement with what the model so far expects in their cells: the required
    /// sets of the workload first, then these pairs. The error of each is half of the largest
    /// possible one, which is what may be hoped for.
    ///
    /// # Errors
    /// A set that the model of a past publication cannot answer.
    pub fn candidates(
        &self,
        workload: &Workload,
        pairs: Vec<AttrSet>,
    ) -> Result<(Vec<Candidate>, Estimates), FitError> {
        let required = workload.required();
        let others = pairs.into_iter().filter(|set| !required.contains(set));
        let sets: Vec<AttrSet> = required.iter().cloned().chain(others).collect();
        let expected = self.expected_counts(&sets)?;
        let sigma = self.typical_sigma(self.left());
        let levels = |attr: u32| self.domain().attrs()[attr as usize].levels;
        let candidate = |(index, (attrs, cells)): (usize, (&AttrSet, &Vec<i64>))| {
            let fewest = attrs.iter().map(levels).min().unwrap_or(1);
            Candidate {
                attrs: attrs.clone(),
                weight: workload.weight(attrs),
                error: self.known.rows * (1.0 - 1.0 / f64::from(fewest)),
                size: disturbed_cells(cells.iter().map(|&c| c as f64), sigma),
                required: index < required.len(),
            }
        };
        let each = sets.iter().zip(&expected).enumerate();
        let candidates = each.map(candidate).collect();
        Ok((candidates, sets.into_iter().zip(expected).collect()))
    }

    /// The required sets, and the pairs whose measurement lowers the expected error of the model.
    ///
    /// Pairs are chosen by noisy scores, in one release. Nothing is asked if none of them would be
    /// worth its noise even with half of the largest possible error.
    ///
    /// # Errors
    /// The required sets need too large a model; the ledger refuses, or the source cannot count.
    pub fn select(
        &mut self,
        workload: &Workload,
        limits: Limits,
    ) -> Result<Vec<Candidate>, FitError> {
        self.check_cells(workload.required(), limits.max_cells)?;
        let pairs = self.pairs(limits.max_cells);
        let (mut candidates, estimates) = self.candidates(workload, pairs)?;
        let rho = self.cost_of_scores(candidates.len(), limits.scores_rho);
        let sigma = self.sigma_of_scores(candidates.len(), rho);
        let mut hoped = candidates.clone();
        for candidate in &mut hoped {
            candidate.error = (candidate.error - sigma.get()).max(0.0);
        }
        let left = self.left() - rho;
        if self
            .worth(&hoped, workload, left, limits.max_cells)?
            .is_empty()
        {
            candidates.truncate(workload.required().len());
            return Ok(candidates);
        }
        self.score(&mut candidates, &estimates, rho)?;
        let chosen = self.worth(&candidates, workload, self.left(), limits.max_cells)?;
        Ok(chosen.into_iter().map(|i| candidates[i].clone()).collect())
    }

    /// Loss that scores of so many sets are worth, at most `most`.
    #[must_use]
    pub fn cost_of_scores(&self, sets: usize, most: f64) -> f64 {
        cost_of_scores(self.curator.unit(), sets, self.known.rows, most)
    }

    fn sigma_of_scores(&self, sets: usize, rho: f64) -> Sigma {
        let squared = distances_squared(self.curator.unit(), sets);
        self.curator.sigma_for(rho, squared)
    }

    /// Replaces the error of each candidate by a noisy one: how far the counts are from the
    /// estimates, less the noise of the score and of the single columns. One release.
    ///
    /// # Errors
    /// The ledger refuses, or the source cannot count.
    pub fn score(
        &mut self,
        candidates: &mut [Candidate],
        estimates: &[(AttrSet, Vec<i64>)],
        rho: f64,
    ) -> Result<(), FitError> {
        let (scores, sigma) = self.distances("scores of pairs", estimates, rho)?;
        let maps = self.publication.merged.iter().zip(&self.known.sigmas);
        let floors: Vec<f64> = maps.map(|(map, &sigma)| column_noise(map, sigma)).collect();
        for (candidate, seen) in candidates.iter_mut().zip(expected_errors(&scores, sigma)) {
            // What the noise of the columns alone adds, in quadrature: it has nothing to do with
            // the relation.
            let floor = candidate.attrs.iter().map(|attr| floors[attr as usize]);
            let floor: f64 = floor.sum();
            candidate.error = (seen * seen - floor * floor).max(0.0).sqrt();
        }
        self.value_again(candidates)
    }

    /// Noisy distances of counts from estimates, and the standard deviation of their noise.
    ///
    /// # Errors
    /// The ledger refuses, or the source cannot count.
    pub fn distances(
        &mut self,
        purpose: &str,
        estimates: &[(AttrSet, Vec<i64>)],
        rho: f64,
    ) -> Result<(Vec<f64>, f64), FitError> {
        let sigma = self.sigma_of_scores(estimates.len(), rho);
        let scores = self.curator.distances(purpose, estimates, sigma)?;
        Ok((scores, sigma.get()))
    }

    /// Values what a past publication measured: it is worth measuring again, with less noise for
    /// both together, where it would be worth measuring at all. Its error is what the model would
    /// be off without it.
    fn value_again(&self, candidates: &mut [Candidate]) -> Result<(), FitError> {
        let Some(base) = &self.base else {
            return Ok(());
        };
        let columns = self.merged_rows();
        for past in &self.publication.marginals {
            let Some(candidate) = candidates.iter_mut().find(|c| c.attrs == past.attrs) else {
                continue;
            };
            let independent = independent_cells(&columns, self.known.rows, &past.attrs);
            let counts = self.model(base.marginal(&past.attrs))?;
            let off = counts.iter().zip(&independent);
            let error: f64 = off.map(|(a, b)| (a - b.round()).abs()).sum();
            candidate.error = candidate.error.max(error);
        }
        Ok(())
    }

    /// Expected counts of the model so far, in whole rows: independent columns, or the model of a
    /// past publication.
    fn expected_counts(&self, sets: &[AttrSet]) -> Result<Vec<Vec<i64>>, FitError> {
        let whole = |cells: Vec<f64>| cells.iter().map(|cell| cell.round() as i64).collect();
        let Some(base) = &self.base else {
            let columns = self.merged_rows();
            let cells = |set| independent_cells(&columns, self.known.rows, set);
            return Ok(sets.iter().map(|set| whole(cells(set))).collect());
        };
        let scale = self.known.rows / base.total();
        let cells = |set| {
            let counts = self.model(base.marginal(set))?;
            Ok(whole(counts.iter().map(|count| count * scale).collect()))
        };
        sets.iter().map(cells).collect()
    }

    /// The columns as candidates: the error of one enters into that of all pairs with it, half as
    /// much as into its own.
    #[must_use]
    pub fn column_candidates(&self, weights: &[f64], rho: f64) -> Vec<Candidate> {
        let sigma = self.typical_sigma(rho);
        let pairs_each = (0.5 * (self.known.levels.len() as f64 - 1.0)).max(1.0);
        let candidate = |(attr, levels): (usize, &Vec<f64>)| Candidate {
            attrs: AttrSet::new([attr as u32]),
            weight: weights[attr] * pairs_each,
            error: 0.0,
            size: disturbed_cells(levels.iter().copied(), sigma),
            required: true,
        };
        let each = self.known.levels.iter().enumerate();
        each.map(candidate).collect()
    }

    /// Positions of the candidates that are worth measuring with this part of the budget.
    fn worth(
        &self,
        candidates: &[Candidate],
        workload: &Workload,
        rho: f64,
        max_cells: u64,
    ) -> Result<Vec<usize>, FitError> {
        let columns = self.column_candidates(workload.column_weights(), rho);
        let mut held = self.joined(max_cells)?;
        held.extend(self.publication.marginals.iter().map(|m| m.attrs.clone()));
        Ok(choose(
            self.domain(),
            candidates,
            &columns,
            &held,
            rho,
            max_cells,
        ))
    }

    /// Sets of columns that rules join, which are in the model without being measured.
    ///
    /// # Errors
    /// Rules that do not fit the columns.
    pub fn joined(&self, max_cells: u64) -> Result<Vec<AttrSet>, FitError> {
        let factors = rules::factors(&self.publication, self.domain(), max_cells);
        let (factors, _) = self.model(factors)?;
        let sets = factors.iter().map(|factor| factor.attrs().clone());
        let sets = sets.filter(|set| set.len() > 1);
        Ok(sets.chain(self.joined.iter().cloned()).collect())
    }

    /// Refuses sets that need a model of more cells than allowed, together with those that rules
    /// join.
    ///
    /// # Errors
    /// [`FitError::Method`], naming the columns that would be joined.
    pub fn check_cells(&self, sets: &[AttrSet], max_cells: u64) -> Result<(), FitError> {
        let all = [sets, &self.joined(max_cells)?].concat();
        self.model(JunctionTree::build_within(self.domain(), &all, max_cells))?;
        Ok(())
    }

    /// Exact scores of estimates less the noise that measuring would add, for
    /// [`PrivateRelease::choose_privately`] only: see
    /// [`Curator::private_scores`](parable_core::Curator::private_scores).
    ///
    /// # Errors
    /// The source cannot count.
    pub fn private_scores(
        &self,
        estimates: &[(AttrSet, Vec<i64>)],
        noise: &[f64],
        weights: &[u32],
    ) -> Result<PrivateScores, FitError> {
        let penalty = |cells: &f64| (MEAN_ABSOLUTE * cells).round() as i64;
        let penalties: Vec<i64> = noise.iter().map(penalty).collect();
        self.curator.private_scores(estimates, &penalties, weights)
    }

    /// Chooses one of the eligible positions by the exponential mechanism.
    ///
    /// # Errors
    /// The ledger refuses, or there is no eligible position.
    pub fn choose_privately(
        &mut self,
        purpose: &str,
        scores: &PrivateScores,
        eligible: &[usize],
        rho: f64,
    ) -> Result<usize, FitError> {
        let rho = Rho::new(rho).map_err(|error| FitError::setting("budget", error.to_string()))?;
        self.curator.select(purpose, scores, eligible, rho)
    }
}
