//! The private half of the marginal teacher: what is measured, in which order, with how much of the budget.
//!
//! Everything goes through the [`Curator`], which charges before it draws. Which pair is measured next depends on how far the generator is from
//! the rows, judged by the exponential mechanism on the L1 error of each pair.

mod state;

use parable_core::{Curator, FitError, NoisyMarginal, Publication, Recoding};
use parable_domain::{AttrSet, Domain};
use parable_dp::{Ledger, Rho};
use parable_pgm::{Columns, Groups, Measurement};

use crate::config::{MarginalConfig, setting};
use crate::layout::Layout;

pub(crate) use state::Saved;

/// Expected absolute value of a standard normal number.
const MEAN_ABSOLUTE: f64 = 0.797_884_560_802_865_4;
/// Groups of levels hold at least this share of the rows, however large the budget: finer ones cost time and do not show in the error.
const FINEST_SHARE: f64 = 0.002;
/// A relation of this share of the rows should show through the noise of a pair: more pairs are not measured.
const VISIBLE: f64 = 0.06;
/// Groups of levels that a relation is spread over, at most, when its size is judged.
const SPREAD: f64 = 10.0;
/// The most pairs that are measured when the settings do not say.
const MOST_PAIRS: usize = 1_000;
/// Turns of choosing, measuring and learning: with more pairs, several are chosen in each.
const TURNS: usize = 40;
/// Typical variance of counts from which the exact curve of Gaussians admits less noise.
const LEAST_VARIANCE: f64 = 16.0;
/// Sums of many rounded shares may exceed the whole by a few units in the last place.
const ROUNDING: f64 = 1.0 - 1e-9;

/// Keeps the budget by the exact curve of Gaussians, if nothing but Gaussian noise and choices will be paid from it, and if it gains by that.
pub(crate) fn keep_budget(columns: usize, ledger: &mut Ledger) -> Result<(), FitError> {
    let refuse = || setting("budget", "a private fit needs a finite budget");
    let rho = parable_core::allowance(ledger).ok_or_else(refuse)?;
    // The curve charges discrete noise as if its variance were smaller by up to 1, which is too much where there is little noise.
    let squared = ledger.unit().counts_squared() as f64;
    if 1.5 * columns as f64 * squared / rho.get() > LEAST_VARIANCE {
        ledger.keep_by_gaussians();
    }
    Ok(())
}

/// Columns that were measured, and what is known of them.
pub(crate) struct Opened {
    publication: Publication,
    known: Columns,
}

impl Opened {
    /// Measures all columns with equal noise, for this share of what the ledger allows.
    pub(crate) fn measure(
        share: f64,
        ordered: Vec<u32>,
        curator: &mut Curator<'_>,
    ) -> Result<Self, FitError> {
        let own = curator.domain().clone();
        let refuse = || setting("budget", "a private fit needs a finite budget");
        let rho = curator.allowance().ok_or_else(refuse)?;
        let sigma = curator.sigma_for(
            share * rho.get() / own.len() as f64,
            curator.unit().counts_squared(),
        )?;
        let sets: Vec<_> = (0..own.len() as u32)
            .map(|attr| (AttrSet::new([attr]), sigma))
            .collect();
        let mut publication = Publication::new(own, curator.unit());
        publication.ordered = ordered;
        publication.columns = curator.measure("column", &sets)?;
        let known = columns(&publication);
        Ok(Self { publication, known })
    }

    /// The estimated number of rows.
    pub(crate) fn rows(&self) -> f64 {
        self.known.rows
    }
}

/// Measures one chosen set after the other.
pub(crate) struct Release<'a, 'b> {
    config: &'a MarginalConfig,
    curator: &'a mut Curator<'b>,
    publication: Publication,
    known: Columns,
    groups: Vec<Groups>,
    domain: Domain,
    /// Sets that are measured in any case.
    asked: Vec<AttrSet>,
    /// Those of them that were not measured yet.
    required: Vec<AttrSet>,
    /// Pairs that may still be chosen.
    candidates: Vec<AttrSet>,
    /// Sets still to be measured.
    left: usize,
    rounds: usize,
}

impl<'a, 'b> Release<'a, 'b> {
    /// Merges levels too rare to be seen, and plans what is measured. `relations` says whether any relation is.
    pub(crate) fn new(
        config: &'a MarginalConfig,
        opened: Opened,
        curator: &'a mut Curator<'b>,
        relations: bool,
    ) -> Result<Self, FitError> {
        let Opened { publication, known } = opened;
        let required = if relations {
            required_sets(config, |name| publication.domain.position(name))?
        } else {
            Vec::new()
        };
        let mut release = Self {
            config,
            domain: publication.domain.clone(),
            groups: Vec::new(),
            known,
            publication,
            asked: Vec::new(),
            required,
            candidates: Vec::new(),
            left: 0,
            rounds: 0,
            curator,
        };
        if relations {
            release.plan()?;
            if release.rounds == 0 && release.required.is_empty() {
                release.columns_again()?;
            }
        }
        release.merge()?;
        let attrs = release.domain.attrs();
        let varies = |set: &AttrSet| set.iter().all(|attr| attrs[attr as usize].levels > 1);
        release.required.retain(|set| varies(set));
        release.asked.clone_from(&release.required);
        if relations {
            let pairs = AttrSet::pairs(attrs.len()).filter(|set| varies(set));
            let pairs = pairs.filter(|set| !release.required.contains(set));
            release.candidates = pairs.collect();
        }
        let possible = release.required.len() + release.candidates.len();
        release.rounds = release.rounds.min(possible).max(release.required.len());
        release.left = release.rounds;
        Ok(release)
    }

    /// Measures the columns once more with all that is left.
    fn columns_again(&mut self) -> Result<(), FitError> {
        let own = self.domain.len();
        let sigma = self.curator.sigma_for(
            self.allowed() / own as f64,
            self.curator.unit().counts_squared(),
        )?;
        let sets: Vec<_> = (0..own as u32)
            .map(|attr| (AttrSet::new([attr]), sigma))
            .collect();
        let again = self.curator.measure("column", &sets)?;
        self.publication.columns.extend(again);
        self.known = columns(&self.publication);
        Ok(())
    }

    /// How many pairs are worth their noise.
    fn plan(&mut self) -> Result<(), FitError> {
        if let Some(rounds) = self.config.rounds {
            self.rounds = rounds;
            return Ok(());
        }
        let attrs = self.domain.attrs();
        let levels: f64 = attrs
            .iter()
            .map(|attr| f64::from(attr.levels).min(SPREAD))
            .sum();
        let typical = levels / attrs.len() as f64;
        // Noise in g x g cells has singular values up to 2 sigma sqrt(g); a relation of one component and that size moves g / 2 of it.
        let seen = |sigma: f64| sigma * typical.powf(1.5) / self.known.rows;
        let mut rounds = (attrs.len() * attrs.len().saturating_sub(1) / 2).min(MOST_PAIRS);
        while rounds > 0 && seen(self.sigma_of_round(rounds)?) > VISIBLE {
            rounds = rounds * 19 / 20;
        }
        self.rounds = rounds;
        Ok(())
    }

    /// Noise of a pair when what is left is shared by this many rounds.
    fn sigma_of_round(&self, rounds: usize) -> Result<f64, FitError> {
        let left = self.curator.allowance().map_or(0.0, Rho::get);
        let rho = (1.0 - self.config.selection_share) * left / rounds.max(1) as f64;
        Ok(self
            .curator
            .sigma_for(rho, self.curator.unit().counts_squared())?
            .get())
    }

    /// Rows that a group of levels holds at least.
    fn least(&self, sigma: f64) -> f64 {
        let least = (self.config.merge * sigma).max(FINEST_SHARE * self.known.rows);
        least.min(0.1 * self.known.rows)
    }

    /// Merges levels that hold too few rows, by released counts only.
    fn merge(&mut self) -> Result<(), FitError> {
        let relation = match self.rounds {
            0 => None,
            rounds => Some(self.sigma_of_round(rounds)?),
        };
        let levels = self.known.levels.iter().enumerate();
        self.groups = levels
            .map(|(attr, rows)| {
                let ordered = self.publication.ordered[attr] as usize;
                let sigma = relation.unwrap_or(self.known.sigmas[attr]);
                let least = self.least(sigma);
                join_rare(Groups::of(rows.clone(), ordered, least), ordered, least)
            })
            .collect();
        let maps: Vec<Vec<u32>> = self.groups.iter().map(|groups| groups.of.clone()).collect();
        let recoding = Recoding::new(&self.publication.domain, maps.clone())
            .map_err(|error| FitError::Source(error.into()))?;
        self.domain = recoding.domain().clone();
        self.publication.merged = maps;
        self.curator.recode(Some(recoding));
        Ok(())
    }

    /// How the levels were merged.
    pub(crate) fn groups(&self) -> &[Groups] {
        &self.groups
    }

    /// The estimated number of rows.
    pub(crate) fn rows(&self) -> f64 {
        self.known.rows
    }

    /// How often [`Release::round`] has something to measure.
    pub(crate) fn turns(&self) -> usize {
        if self.takes_all() {
            self.rounds.min(1)
        } else {
            self.rounds.div_ceil(self.sets_per_turn())
        }
    }

    fn sets_per_turn(&self) -> usize {
        self.rounds.div_ceil(TURNS).max(1)
    }

    /// Whether everything is measured, so that nothing need be chosen.
    fn takes_all(&self) -> bool {
        self.left == self.required.len() + self.candidates.len()
    }

    /// Where the merged levels stand among the units of a network.
    pub(crate) fn layout(&self) -> Layout {
        let levels: Vec<usize> = self.groups.iter().map(Groups::len).collect();
        Layout::new(&levels, self.asked.iter())
    }

    /// What is known of the columns: rows of each group of levels, and the standard deviation of the noise of one.
    pub(crate) fn columns(&self) -> Vec<(Vec<f64>, f64)> {
        let each = self.known.levels.iter().zip(&self.groups);
        each.zip(&self.known.sigmas)
            .map(|((rows, groups), sigma)| {
                let mut sums = vec![0.0; groups.len()];
                for (&group, rows) in groups.of.iter().zip(rows) {
                    sums[group as usize] += rows;
                }
                let members = rows.len() as f64 / groups.len().max(1) as f64;
                (sums, sigma * members.sqrt())
            })
            .collect()
    }

    /// Measures more sets: required ones, then pairs that the model (shares of the cells of a pair) seems to be worst at; or all at once, if the budget
    /// allows all. None when everything is measured.
    pub(crate) fn round(
        &mut self,
        model: impl Fn(&AttrSet) -> Vec<f64>,
    ) -> Result<Vec<NoisyMarginal>, FitError> {
        if self.left == 0 {
            return Ok(Vec::new());
        }
        let mut measured = Vec::new();
        if self.takes_all() {
            let mut sets = std::mem::take(&mut self.required);
            sets.append(&mut self.candidates);
            measured = self.measure_all(sets)?;
        } else {
            for _ in 0..self.sets_per_turn().min(self.left) {
                let rho = self.allowed() / self.left as f64;
                let (set, rho) = match self.required.pop() {
                    Some(set) => (set, rho),
                    None => {
                        let choice = self.config.selection_share * rho;
                        (self.choose(choice, rho - choice, &model)?, rho - choice)
                    }
                };
                let sigma = self
                    .curator
                    .sigma_for(rho, self.curator.unit().counts_squared())?;
                measured.extend(self.curator.measure("relation", &[(set, sigma)])?);
                self.left -= 1;
            }
        }
        self.publication.marginals.extend(measured.iter().cloned());
        Ok(measured)
    }

    /// What the ledger still allows.
    fn allowed(&self) -> f64 {
        self.curator.allowance().map_or(0.0, Rho::get) * ROUNDING
    }

    /// Measures these sets. Noise of standard deviation `sigma` that is left in a pair of `a` and `b` levels after its clearing moves rows in proportion to `sigma
    /// sqrt(a b (a + b))`; under one budget the sum of these errors is least when budgets are in proportion to their power of 2/3.
    fn measure_all(&mut self, sets: Vec<AttrSet>) -> Result<Vec<NoisyMarginal>, FitError> {
        let weights: Vec<f64> = sets
            .iter()
            .map(|set| {
                let levels = set
                    .iter()
                    .map(|attr| self.groups[attr as usize].len() as f64);
                let (cells, sides) = levels.fold((1.0, 0.0), |(c, s), l| (c * l, s + l));
                (cells * sides).cbrt()
            })
            .collect();
        let total: f64 = weights.iter().sum();
        let left = self.allowed();
        let squared = self.curator.unit().counts_squared();
        let mut asked = Vec::with_capacity(sets.len());
        for (set, weight) in sets.into_iter().zip(weights) {
            asked.push((set, self.curator.sigma_for(left * weight / total, squared)?));
        }
        self.left = 0;
        self.curator.measure("relation", &asked)
    }

    /// The pair that the model is worst at, less the noise that measuring it would bring.
    fn choose(
        &mut self,
        rho: f64,
        rest: f64,
        model: &impl Fn(&AttrSet) -> Vec<f64>,
    ) -> Result<AttrSet, FitError> {
        let sigma = self
            .curator
            .sigma_for(rest, self.curator.unit().counts_squared())?
            .get();
        let rows = self.known.rows;
        let mut penalties = Vec::with_capacity(self.candidates.len());
        let mut estimates = Vec::with_capacity(self.candidates.len());
        for set in &self.candidates {
            let shares = model(set);
            let disturbed: f64 = shares
                .iter()
                .map(|share| (share * rows / sigma).min(1.0))
                .sum();
            penalties.push((MEAN_ABSOLUTE * sigma * disturbed).round() as i64);
            let cells = shares.iter().map(|share| (share * rows).round() as i64);
            estimates.push((set.clone(), cells.collect::<Vec<i64>>()));
        }
        let scores =
            self.curator
                .private_scores(&estimates, &penalties, &vec![1; penalties.len()])?;
        let eligible: Vec<usize> = (0..self.candidates.len()).collect();
        let rho = Rho::new(rho).map_err(|error| setting("budget", &error.to_string()))?;
        let chosen = self
            .curator
            .select("choice of a relation", &scores, &eligible, rho)?;
        Ok(self.candidates.swap_remove(chosen))
    }

    /// What was measured of relations.
    pub(crate) fn relations(&self) -> &[NoisyMarginal] {
        &self.publication.marginals
    }

    /// The ledger that pays.
    pub(crate) fn ledger(&self) -> &Ledger {
        self.curator.ledger()
    }

    /// What was released, how the levels were merged, and the attributes with merged levels.
    pub(crate) fn close(mut self) -> (Publication, Vec<Groups>, Domain) {
        self.publication.ledger = self.curator.ledger().entries().to_vec();
        (self.publication, self.groups, self.domain)
    }
}

/// Lets the rare levels without an order, whose group holds hardly a row (a missing reason that does not occur), share the group of the rarest other
/// level: a group of their own would be noise in every pair. They come back by their estimated shares.
fn join_rare(mut groups: Groups, ordered: usize, least: f64) -> Groups {
    let mut rows = vec![0.0; groups.len()];
    for (&group, own) in groups.of.iter().zip(&groups.rows) {
        rows[group as usize] += own;
    }
    let Some(last) = groups.len().checked_sub(1) else {
        return groups;
    };
    let is_rare = rows[last] < 0.5 * least && !groups.of[..ordered].contains(&(last as u32));
    let other = (0..last).min_by(|&a, &b| rows[a].total_cmp(&rows[b]));
    if let (true, Some(other)) = (is_rare, other) {
        let moved = groups.of.iter_mut().filter(|group| **group == last as u32);
        moved.for_each(|group| *group = other as u32);
    }
    groups
}

/// What the counts of single columns say together.
fn columns(publication: &Publication) -> Columns {
    let domain = &publication.domain;
    let measured = publication.columns.iter().filter_map(|noisy| {
        let counts = noisy.cells.iter().map(|&cell| cell as f64).collect();
        Measurement::new(domain, noisy.attrs.clone(), counts, noisy.sigma).ok()
    });
    let measured: Vec<Measurement> = measured.collect();
    parable_pgm::columns(domain, &publication.ordered, &measured, None)
}

/// The attributes with merged levels.
pub(crate) fn merged_domain(domain: &Domain, groups: &[Groups]) -> Result<Domain, FitError> {
    let maps = groups.iter().map(|groups| groups.of.clone()).collect();
    let recoding = Recoding::new(domain, maps).map_err(|error| FitError::Source(error.into()))?;
    Ok(recoding.domain().clone())
}

/// The sets named in the settings, given where a column stands.
pub(crate) fn required_sets(
    config: &MarginalConfig,
    position: impl Fn(&str) -> Option<u32>,
) -> Result<Vec<AttrSet>, FitError> {
    let mut sets = Vec::new();
    for names in &config.required {
        let mut attrs = Vec::new();
        for name in names {
            let attr = position(name);
            attrs.push(attr.ok_or_else(|| {
                setting(
                    "marginals.required",
                    &format!("there is no column `{name}`"),
                )
            })?);
        }
        let set = AttrSet::new(attrs);
        if !(2..=3).contains(&set.len()) {
            return Err(setting(
                "marginals.required",
                "a set names two or three columns",
            ));
        }
        sets.push(set);
    }
    sets.sort();
    sets.dedup();
    Ok(sets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(rows: &[f64], ordered: usize, expected: &[u32]) {
        let groups = join_rare(Groups::of(rows.to_vec(), ordered, 10.0), ordered, 10.0);
        assert_eq!(groups.of, expected);
        assert!(groups.has_no_gaps());
    }

    #[test]
    fn levels_that_hardly_occur_have_no_group_of_their_own() {
        // Two levels and a missing reason that does not occur.
        check(&[60.0, 40.0, 0.0], 0, &[0, 1, 1]);
        check(&[30.0, 50.0, 2.0, 1.0], 2, &[0, 1, 0, 0]);
        // One that does.
        check(&[60.0, 40.0, 6.0], 0, &[0, 1, 2]);
        check(&[60.0, 40.0, 12.0], 0, &[0, 1, 2]);
        // Ordered ones were merged with their neighbours before.
        check(&[60.0, 3.0], 2, &[0, 1]);
        check(&[1.0], 0, &[0]);
        check(&[], 0, &[]);
    }
}
