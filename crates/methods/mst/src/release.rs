//! The private half: what is measured, in which order, with how much of the budget.

use parable_core::{Curator, FitError, NoisyMarginal, Publication, Recoding, distances_squared};
use parable_domain::{AttrSet, Domain};
use parable_dp::{Budget, Ledger, PrivacyUnit, Rho, Sigma};
use parable_pgm::{JunctionTree, MarkovField};
use parable_table::codec::CodeRule;

use crate::config::{MstConfig, Strategy};
use crate::estimate::{columns, estimate, failed};
use crate::rules;
use crate::select::{
    Candidate, MEAN_ABSOLUTE, Parts, choose, disturbed_cells, expected_errors, shares,
};

/// Scores are clear enough with noise of half a percent of the rows.
pub(crate) const CLEAR_SCORE: f64 = 0.005;

/// Steps that progress is told of.
pub(crate) const STEPS: u64 = 5;

/// Measures columns, merges levels, scores pairs, chooses, and measures what was chosen. Spends what the ledger allows, to the end.
///
/// A past publication of the same table is used again for free: its counts stay in, and what it already answers is not worth much any more.
pub(crate) fn release(
    config: &MstConfig,
    past: Option<&Publication>,
    facts: Facts,
    curator: &mut Curator<'_>,
    progress: &mut dyn FnMut(u64) -> Result<(), FitError>,
) -> Result<Publication, FitError> {
    progress(0)?;
    let domain = curator.domain().clone();
    let wishes = Wishes::new(config, &domain)?;
    let Some(rho) = curator.allowance() else {
        return Err(setting("budget", "a private fit needs a finite budget"));
    };
    let gains = gains_by_gaussians(config, domain.len(), rho, curator.unit());
    if gains {
        curator.keep_by_gaussians();
    }
    let rho = curator.allowance().unwrap_or(rho).get();
    let mut publication = Publication::new(domain, curator.unit());
    publication.ordered = facts.ordered;
    publication.rules = facts.rules;
    publication.rows = config.public_rows;
    let mut base = None;
    if let Some(past) = past {
        if past.domain != publication.domain
            || past.unit != publication.unit
            || past.rules != publication.rules
        {
            return Err(setting(
                "past publication",
                "it has other columns, levels or rules, or another privacy unit",
            ));
        }
        publication.columns.clone_from(&past.columns);
        publication.ledger.clone_from(&past.ledger);
        if !past.marginals.is_empty() {
            publication.merged.clone_from(&past.merged);
            publication.marginals.clone_from(&past.marginals);
            base = Some(estimate(past, config)?.field);
        }
    }
    let mut spending = Spending {
        config,
        curator,
        publication,
        base,
        left: 0.0,
    };
    spending.first_columns(rho, &wishes)?;
    progress(1)?;
    let mut candidates = Vec::new();
    // Independent columns need groups only where rules connect them.
    let chooses = config.strategy != Strategy::Independent;
    if chooses || !spending.publication.rules.is_empty() {
        spending.merge()?;
    }
    if chooses {
        match config.strategy {
            Strategy::Aim { ways } => spending.adapt(usize::from(ways), &wishes, progress)?,
            _ => candidates = spending.candidates(rho, &wishes)?,
        }
    }
    progress(2)?;
    spending.measure_chosen(&candidates, &wishes)?;
    progress(3)?;
    let entries = spending.curator.ledger().entries();
    spending.publication.ledger.extend_from_slice(entries);
    Ok(spending.publication)
}

/// What is public before anything is measured.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// For each column how many of its first levels stand in an order.
    pub(crate) ordered: Vec<u32>,
    /// What cannot occur.
    pub(crate) rules: Vec<CodeRule>,
}

/// Whether the exact curve of Gaussians is worth its price. It admits 8 to 22 percent more loss; it charges discrete noise as if its variance were smaller
/// by 0.64 to 1, which costs as much where the noise of a count is below 3 or so; and choices of bounded range cost half as much again, of which the
/// tree as published makes a third of its releases.
pub(crate) fn gains_by_gaussians(
    config: &MstConfig,
    columns: usize,
    rho: Rho,
    unit: PrivacyUnit,
) -> bool {
    let variance = 1.5 * columns as f64 * unit.counts_squared() as f64 / rho.get();
    config.strategy != Strategy::Mst && variance > 16.0
}

/// What a fit of this domain with these settings may spend of a budget, in the measure of [`plan`](crate::plan): more than the zero-concentrated loss of
/// the same promise where the exact curve of Gaussians keeps it. `None` if nothing limits it.
#[must_use]
pub fn allowance(
    config: &MstConfig,
    domain: &Domain,
    budget: Budget,
    unit: PrivacyUnit,
) -> Option<Rho> {
    let mut ledger = Ledger::open(unit, budget);
    let rho = parable_core::allowance(&ledger)?;
    if gains_by_gaussians(config, domain.len(), rho, unit) {
        ledger.keep_by_gaussians();
    }
    parable_core::allowance(&ledger)
}

/// Names of the settings as positions in the domain.
pub(crate) struct Wishes {
    /// Sets measured in any case.
    required: Vec<AttrSet>,
    column_weights: Vec<f64>,
    set_weights: Vec<(AttrSet, f64)>,
}

impl Wishes {
    pub(crate) fn new(config: &MstConfig, domain: &Domain) -> Result<Self, FitError> {
        let resolve = |setting_name: &str, names: &[String]| -> Result<AttrSet, FitError> {
            let attrs: Result<Vec<u32>, FitError> = names
                .iter()
                .map(|name| {
                    domain.position(name).ok_or_else(|| {
                        setting(setting_name, &format!("there is no column `{name}`"))
                    })
                })
                .collect();
            let set = AttrSet::new(attrs?);
            if set.is_empty() {
                return Err(setting(setting_name, "a set names no column"));
            }
            Ok(set)
        };
        let mut required = Vec::new();
        for names in &config.required {
            required.push(resolve("required", names)?);
        }
        if let Strategy::Direct { marginals } = &config.strategy {
            for names in marginals {
                required.push(resolve("marginals", names)?);
            }
        }
        required.retain(|set| set.len() > 1);
        required.sort();
        required.dedup();
        let mut column_weights = vec![1.0; domain.len()];
        let mut set_weights = Vec::new();
        for weight in &config.weights {
            if !(weight.weight > 0.0 && weight.weight.is_finite()) {
                return Err(setting("weights", "a weight is not a number above 0"));
            }
            let set = resolve("weights", &weight.columns)?;
            match *set.as_slice() {
                [column] => column_weights[column as usize] = weight.weight,
                _ => set_weights.push((set, weight.weight)),
            }
        }
        for name in &config.ordered {
            resolve("ordered", std::slice::from_ref(name))?;
        }
        if let Strategy::Aim { ways } = config.strategy
            && !(2..=3).contains(&ways)
        {
            return Err(setting(
                "ways",
                "the adaptive strategy looks at pairs (2) or triples (3)",
            ));
        }
        let share = |value: f64| value > 0.0 && value < 1.0;
        if !share(config.columns_share) || !share(config.scores_share) {
            return Err(setting(
                "columns_share",
                "shares of the budget lie between 0 and 1",
            ));
        }
        if config.columns_share + config.scores_share >= 1.0 {
            return Err(setting(
                "scores_share",
                "nothing is left to measure pairs with",
            ));
        }
        Ok(Self {
            required,
            column_weights,
            set_weights,
        })
    }

    /// Sets measured in any case.
    pub(crate) fn required(&self) -> &[AttrSet] {
        &self.required
    }

    /// How much the error of a set matters.
    pub(crate) fn weight(&self, attrs: &AttrSet) -> f64 {
        let columns: f64 = attrs
            .iter()
            .map(|attr| self.column_weights[attr as usize])
            .product();
        let own = self.set_weights.iter().find(|(set, _)| set == attrs);
        columns * own.map_or(1.0, |(_, weight)| *weight)
    }
}

/// A fit in progress.
pub(crate) struct Spending<'a, 'b> {
    pub(crate) config: &'a MstConfig,
    pub(crate) curator: &'a mut Curator<'b>,
    pub(crate) publication: Publication,
    /// The model of a past publication.
    base: Option<MarkovField>,
    /// What is not planned for yet.
    pub(crate) left: f64,
}

impl Spending<'_, '_> {
    /// Every column with the same noise, for a share of the budget. What is left is then asked of the ledger: an approximate budget fixes its terms
    /// with the first charge.
    fn first_columns(&mut self, rho: f64, wishes: &Wishes) -> Result<(), FitError> {
        let share = match self.config.strategy {
            Strategy::Mst => 1.0 / 3.0,
            _ => self.config.columns_share,
        };
        let weights: Vec<f64> = wishes
            .column_weights
            .iter()
            .map(|weight| weight.powf(2.0 / 3.0))
            .collect();
        let sum: f64 = weights.iter().sum();
        let mut sets = Vec::with_capacity(weights.len());
        for (attr, weight) in weights.iter().enumerate() {
            let sigma = self.sigma(share * rho * weight / sum)?;
            sets.push((AttrSet::new([attr as u32]), sigma));
        }
        let mut measured = self.curator.measure("column", &sets)?;
        self.publication.columns.append(&mut measured);
        // Sums of many rounded shares may exceed the whole by a few units in the last place.
        self.left = self
            .curator
            .allowance()
            .map_or(0.0, |left| left.get() * (1.0 - 1e-12));
        Ok(())
    }

    pub(crate) fn sigma(&self, rho: f64) -> Result<Sigma, FitError> {
        self.curator
            .sigma_for(rho, self.curator.unit().counts_squared())
    }

    /// What a pair would be measured with if the rest of the budget went to two pairs per column.
    fn typical_sigma(&self) -> Result<f64, FitError> {
        Ok(self
            .sigma(self.left / (2.0 * self.publication.domain.len() as f64))?
            .get())
    }

    /// Merges levels that hold too few rows, by released counts only.
    fn merge(&mut self) -> Result<(), FitError> {
        if self.base.is_some() {
            // Counts of merged levels can be combined only where the same levels were merged.
            return self.recode(self.publication.merged.clone());
        }
        let columns = columns(&self.publication);
        let rows = columns.rows;
        let typical = self.typical_sigma()?;
        let least = |attr: usize| {
            let least = match self.config.strategy {
                // The actual noise of the column, as published.
                Strategy::Mst => 3.0 * self.publication.columns[attr].sigma,
                _ => (self.config.merge * typical).max(self.config.finest_share * rows),
            };
            least.min(0.1 * rows)
        };
        let maps = rules::merge(&self.publication, &columns.levels, least);
        self.recode(maps)
    }

    fn recode(&mut self, maps: Vec<Vec<u32>>) -> Result<(), FitError> {
        let recoding = Recoding::new(&self.publication.domain, maps.clone())
            .map_err(|error| FitError::Source(error.into()))?;
        self.publication.merged = maps;
        self.curator.recode(Some(recoding));
        Ok(())
    }

    /// The sets that could be measured, with scores where the strategy asks for them.
    fn candidates(&mut self, rho: f64, wishes: &Wishes) -> Result<Vec<Candidate>, FitError> {
        let merged = self.curator.domain().clone();
        let fixed: Vec<AttrSet> = wishes
            .required
            .iter()
            .cloned()
            .chain(self.rule_sets()?)
            .collect();
        JunctionTree::build_within(&merged, &fixed, self.config.max_cells).map_err(failed)?;
        let scored = !matches!(self.config.strategy, Strategy::Direct { .. });
        let levels = |attr: u32| merged.attrs()[attr as usize].levels;
        let pairs = AttrSet::pairs(if scored { merged.len() } else { 0 })
            .filter(|set| set.iter().all(|attr| levels(attr) > 1))
            .filter(|set| {
                merged
                    .cells(set)
                    .is_ok_and(|c| c <= u128::from(self.config.max_cells))
            })
            .filter(|set| !wishes.required.contains(set));
        let sets: Vec<AttrSet> = wishes.required.iter().cloned().chain(pairs).collect();
        let expected = self.expected_counts(&sets)?;
        let rows = columns(&self.publication).rows;
        let sigma = self.typical_sigma()?;
        let mut candidates: Vec<Candidate> = sets
            .iter()
            .zip(&expected)
            .enumerate()
            .map(|(index, (attrs, cells))| {
                let fewest = attrs.iter().map(levels).min().unwrap_or(1);
                Candidate {
                    attrs: attrs.clone(),
                    weight: wishes.weight(attrs),
                    // Half of what the error can be at most: what may be hoped for.
                    error: rows * (1.0 - 1.0 / f64::from(fewest)),
                    size: disturbed_cells(cells.iter().map(|&c| c as f64), sigma),
                    required: index < wishes.required.len(),
                }
            })
            .collect();
        let squared = distances_squared(self.curator.unit(), candidates.len());
        let clear = CLEAR_SCORE * rows;
        let share = (self.config.scores_share * rho).min(squared as f64 / (2.0 * clear * clear));
        let sigma = self.curator.sigma_for(share, squared)?;
        let any_hope = match self.config.strategy {
            Strategy::Swift => {
                let mut hoped = candidates.clone();
                for candidate in &mut hoped {
                    candidate.error = (candidate.error - sigma.get()).max(0.0);
                }
                !self.choose(&hoped, wishes, self.left - share).is_empty()
            }
            _ => true,
        };
        if !scored || !any_hope || candidates.is_empty() {
            candidates.truncate(wishes.required.len());
            return Ok(candidates);
        }
        let estimates: Vec<(AttrSet, Vec<i64>)> = sets.into_iter().zip(expected).collect();
        if self.config.strategy == Strategy::Mst {
            return self.select_tree(candidates, &estimates, rho / 3.0);
        }
        self.left -= share;
        let scores = self
            .curator
            .distances("scores of pairs", &estimates, sigma)?;
        let floors = self.column_noise();
        for (candidate, seen) in candidates
            .iter_mut()
            .zip(expected_errors(&scores, sigma.get()))
        {
            // Less what the noise of the columns alone adds, in quadrature, as it has nothing to do with the relation.
            let floor: f64 = candidate
                .attrs
                .iter()
                .map(|attr| floors[attr as usize])
                .sum();
            candidate.error = (seen * seen - floor * floor).max(0.0).sqrt();
        }
        self.value_again(&mut candidates)?;
        Ok(candidates)
    }

    /// What a past publication measured is worth measuring again, with less noise for both together, where it would be worth measuring at all: its
    /// error is what the model would be off without it.
    fn value_again(&self, candidates: &mut [Candidate]) -> Result<(), FitError> {
        let Some(base) = &self.base else {
            return Ok(());
        };
        for past in &self.publication.marginals {
            let Some(candidate) = candidates.iter_mut().find(|c| c.attrs == past.attrs) else {
                continue;
            };
            let independent = self.independent_counts(std::slice::from_ref(&past.attrs));
            let counts = base.marginal(&past.attrs).map_err(failed)?;
            let off = counts.iter().zip(&independent[0]);
            let error: f64 = off.map(|(a, &b)| (a - b as f64).abs()).sum();
            candidate.error = candidate.error.max(error);
        }
        Ok(())
    }

    /// The pairs of a spanning tree, each chosen by the exponential mechanism among those that join two parts (Kruskal), after the required sets.
    /// The score of a pair is its error less the error that measuring it would add.
    fn select_tree(
        &mut self,
        mut candidates: Vec<Candidate>,
        estimates: &[(AttrSet, Vec<i64>)],
        rho: f64,
    ) -> Result<Vec<Candidate>, FitError> {
        let mut parts = Parts::new(self.publication.domain.len());
        candidates
            .iter()
            .filter(|c| c.required)
            .for_each(|c| parts.join(&c.attrs));
        let open = |parts: &Parts| -> Vec<usize> {
            (0..estimates.len())
                .filter(|&i| parts.would_join(&estimates[i].0))
                .collect()
        };
        let rounds = parts.rounds(estimates.iter().map(|(attrs, _)| attrs));
        self.left -= rho;
        let sigma = self.sigma(self.left / rounds.max(1) as f64)?.get();
        let noise_of = |(_, cells): &(AttrSet, Vec<i64>)| {
            (MEAN_ABSOLUTE * sigma * cells.len() as f64).round() as i64
        };
        let penalties: Vec<i64> = estimates.iter().map(noise_of).collect();
        let scores =
            self.curator
                .private_scores(estimates, &penalties, &vec![1; estimates.len()])?;
        let each = Rho::new(rho / rounds.max(1) as f64)
            .map_err(|error| setting("budget", &error.to_string()))?;
        for _ in 0..rounds {
            let eligible = open(&parts);
            let chosen = self
                .curator
                .select("edge of the tree", &scores, &eligible, each)?;
            parts.join(&estimates[chosen].0);
            candidates[chosen].required = true;
        }
        candidates.retain(|candidate| candidate.required);
        Ok(candidates)
    }

    /// The expected sum of absolute errors of each column of merged levels, as noise makes it.
    fn column_noise(&self) -> Vec<f64> {
        let columns = columns(&self.publication);
        let noise = |(map, sigma): (&Vec<u32>, &f64)| {
            let groups = map.iter().max().map_or(0, |&group| group as usize + 1);
            let mut levels = vec![0.0f64; groups];
            for &group in map {
                levels[group as usize] += 1.0;
            }
            MEAN_ABSOLUTE * sigma * levels.iter().map(|levels| levels.sqrt()).sum::<f64>()
        };
        self.publication
            .merged
            .iter()
            .zip(&columns.sigmas)
            .map(noise)
            .collect()
    }

    /// What the model so far would count, in whole rows: independent columns, or what a past publication says.
    fn expected_counts(&self, sets: &[AttrSet]) -> Result<Vec<Vec<i64>>, FitError> {
        let Some(base) = &self.base else {
            return Ok(self.independent_counts(sets));
        };
        let scale = columns(&self.publication).rows / base.total();
        sets.iter()
            .map(|set| {
                let counts = base.marginal(set).map_err(failed)?;
                Ok(counts
                    .iter()
                    .map(|count| (count * scale).round() as i64)
                    .collect())
            })
            .collect()
    }

    /// What independent columns would count, in whole rows.
    fn independent_counts(&self, sets: &[AttrSet]) -> Vec<Vec<i64>> {
        let columns = columns(&self.publication);
        let merged: Vec<Vec<f64>> = columns
            .levels
            .iter()
            .zip(&self.publication.merged)
            .map(|(levels, map)| {
                let groups = map.iter().max().map_or(0, |&group| group as usize + 1);
                let mut sums = vec![0.0; groups];
                for (&group, &rows) in map.iter().zip(levels) {
                    sums[group as usize] += rows / columns.rows;
                }
                sums
            })
            .collect();
        sets.iter()
            .map(|set| {
                let mut cells = vec![columns.rows];
                for attr in set.iter() {
                    let shares = &merged[attr as usize];
                    cells = cells
                        .iter()
                        .flat_map(|cell| shares.iter().map(move |s| cell * s))
                        .collect();
                }
                cells.iter().map(|cell| cell.round() as i64).collect()
            })
            .collect()
    }

    /// The columns as candidates: the error of one enters into that of all pairs with it, half as much as into its own.
    fn column_candidates(&self, wishes: &Wishes) -> Result<Vec<Candidate>, FitError> {
        let columns = columns(&self.publication);
        let sigma = self.typical_sigma()?;
        let pairs_each = (0.5 * (columns.levels.len() as f64 - 1.0)).max(1.0);
        let candidate = |(attr, levels): (usize, &Vec<f64>)| Candidate {
            attrs: AttrSet::new([attr as u32]),
            weight: wishes.column_weights[attr] * pairs_each,
            error: 0.0,
            size: disturbed_cells(levels.iter().copied(), sigma),
            required: true,
        };
        Ok(columns.levels.iter().enumerate().map(candidate).collect())
    }

    fn choose(&self, candidates: &[Candidate], wishes: &Wishes, rho: f64) -> Vec<usize> {
        let columns = self.column_candidates(wishes).unwrap_or_default();
        let marginals = self.publication.marginals.iter();
        let mut held: Vec<AttrSet> = marginals.map(|m| m.attrs.clone()).collect();
        held.extend(self.rule_sets().unwrap_or_default());
        choose(
            self.curator.domain(),
            candidates,
            &columns,
            &held,
            rho,
            self.config.max_cells,
        )
    }

    /// The sets of columns that rules connect, which are in the model without being measured.
    pub(crate) fn rule_sets(&self) -> Result<Vec<AttrSet>, FitError> {
        let merged = self.curator.domain();
        let (factors, _) = rules::factors(&self.publication, merged, self.config.max_cells)?;
        let sets = factors.iter().map(|factor| factor.attrs().clone());
        Ok(sets.filter(|set| set.len() > 1).collect())
    }

    /// Measures these sets; the very last one with all that the ledger still allows, so that no rounding leaves anything unspent.
    fn measure_to_the_end(
        &mut self,
        purpose: &str,
        mut sets: Vec<(AttrSet, Sigma)>,
        end: bool,
    ) -> Result<Vec<NoisyMarginal>, FitError> {
        let last = if end { sets.pop() } else { None };
        let mut measured = self.curator.measure(purpose, &sets)?;
        if let Some((attrs, sigma)) = last {
            let left = self.curator.allowance().map_or(0.0, Rho::get);
            let own = self.sigma(left)?;
            // A rule that charges choices less than they were planned with leaves more than a share.
            let sigma = if own < sigma { own } else { sigma };
            measured.append(&mut self.curator.measure(purpose, &[(attrs, sigma)])?);
        }
        Ok(measured)
    }

    /// Shares what is left between the chosen sets and, but for the tree as published, the columns once more.
    fn measure_chosen(
        &mut self,
        candidates: &[Candidate],
        wishes: &Wishes,
    ) -> Result<(), FitError> {
        let chosen = match self.config.strategy {
            Strategy::Swift => self.choose(candidates, wishes, self.left),
            _ => (0..candidates.len()).collect(),
        };
        let mut plan: Vec<Candidate> = chosen.iter().map(|&i| candidates[i].clone()).collect();
        let again = self.config.strategy != Strategy::Mst || plan.is_empty();
        if again {
            plan.extend(self.column_candidates(wishes)?);
        }
        let split = match self.config.strategy {
            Strategy::Mst => vec![1.0 / plan.len() as f64; plan.len()],
            _ => shares(&plan),
        };
        let mut sets = Vec::with_capacity(plan.len());
        for (candidate, share) in plan.iter().zip(split) {
            sets.push((candidate.attrs.clone(), self.sigma(self.left * share)?));
        }
        let columns = sets.split_off(chosen.len());
        self.left = 0.0;
        let mut marginals = self.measure_to_the_end("marginal", sets, columns.is_empty())?;
        self.publication.marginals.append(&mut marginals);
        self.curator.recode(None);
        let mut again = self.measure_to_the_end("column again", columns, true)?;
        self.publication.columns.append(&mut again);
        Ok(())
    }
}

pub(crate) fn setting(name: &str, problem: &str) -> FitError {
    FitError::Setting {
        setting: name.to_owned(),
        problem: problem.to_owned(),
    }
}
