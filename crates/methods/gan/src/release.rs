//! The private half of the marginal teacher: columns, groups of levels, and one set after the
//! other.
//!
//! Everything goes through the [`Curator`], which charges before it draws. Which pair is measured
//! next depends on how far the generator is from the rows: the exponential mechanism on the L1
//! error of each pair.

mod state;

use parable_core::{Curator, FitError, NoisyMarginal, Publication};
use parable_domain::{AttrSet, Domain};
use parable_dp::{Ledger, NoiseSource};
use parable_encode::{Codec, CodecConfig};
use parable_measure::{
    Discretisation, PublicFacts, columns_named, discretise, disturbed_cells, known_columns,
    merged_rows,
};
use parable_pgm::Groups;
use parable_table::Table;

use crate::NAME;
use crate::config::{MarginalConfig, setting};
use crate::layout::Layout;

pub(crate) use state::Saved;

/// Groups of levels hold at least this share of the rows, however large the budget: finer ones cost
/// time and do not show in the error.
const FINEST_SHARE: f64 = 0.002;
/// A relation of this share of the rows should show through the noise of a pair: more pairs are not
/// measured.
const VISIBLE: f64 = 0.06;
/// Groups of levels that a relation is spread over, at most, when its size is judged.
const SPREAD: f64 = 10.0;
/// The most pairs that are measured when the settings do not say.
const MOST_PAIRS: usize = 1_000;
/// Turns of choosing, measuring and learning: with more pairs, several are chosen in each.
const TURNS: usize = 40;
/// Sums of many rounded shares may exceed the whole by a few units in the last place.
const ROUNDING: f64 = 1.0 - 1e-9;

/// The codes of a private fit: values that many rows have get codes of their own, besides these
/// bins.
pub(crate) fn codec(
    method: &'static str,
    table: &Table,
    config: &MarginalConfig,
    bins: &CodecConfig,
    ledger: &mut Ledger,
    noise: &mut NoiseSource,
) -> Result<Codec, FitError> {
    let how = Discretisation {
        method,
        max_bins: bins.max_bins,
        bins: &|_| config.bins,
        bins_share: config.bins_share,
        bounds_share: 0.0,
        spikes: true,
        mostly_counts: false,
    };
    discretise(table, &how, ledger, noise)
}

/// Columns that were measured.
pub(crate) struct Opened(Publication);

impl Opened {
    /// Measures all columns with equal noise, for this share of what the ledger allows.
    pub(crate) fn measure(
        share: f64,
        ordered: Vec<u32>,
        curator: &mut Curator<'_>,
    ) -> Result<Self, FitError> {
        let facts = PublicFacts {
            ordered,
            ..PublicFacts::default()
        };
        let mut release = parable_measure::PrivateRelease::open(NAME, facts, false, curator)?;
        let weights = vec![1.0; release.domain().len()];
        release.measure_columns(share * release.left(), &weights)?;
        Ok(Self(release.pause()))
    }

    /// The estimated number of rows.
    pub(crate) fn rows(&self) -> f64 {
        known_columns(&self.0).rows
    }
}

/// Measures one chosen set after the other.
pub(crate) struct Release<'a, 'b> {
    config: &'a MarginalConfig,
    release: parable_measure::PrivateRelease<'a, 'b>,
    groups: Vec<Groups>,
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
    /// Merges levels too rare to be seen, and plans what is measured. `relations` says whether any
    /// relation is.
    pub(crate) fn new(
        config: &'a MarginalConfig,
        opened: Opened,
        curator: &'a mut Curator<'b>,
        relations: bool,
    ) -> Result<Self, FitError> {
        let own = parable_measure::PrivateRelease::resume(NAME, opened.0, curator)?;
        let required = if relations {
            required_sets(config, |name| own.domain().position(name))?
        } else {
            Vec::new()
        };
        let mut release = Self {
            config,
            release: own,
            groups: Vec::new(),
            asked: Vec::new(),
            required,
            candidates: Vec::new(),
            left: 0,
            rounds: 0,
        };
        if relations {
            release.plan();
            if release.rounds == 0 && release.required.is_empty() {
                let weights = vec![1.0; release.release.domain().len()];
                release
                    .release
                    .measure_columns(release.allowed(), &weights)?;
            }
        }
        release.merge()?;
        let attrs = release.release.domain().attrs().to_vec();
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

    /// How many pairs are worth their noise.
    fn plan(&mut self) {
        if let Some(rounds) = self.config.rounds {
            self.rounds = rounds;
            return;
        }
        let attrs = self.release.domain().attrs();
        let levels: f64 = attrs
            .iter()
            .map(|attr| f64::from(attr.levels).min(SPREAD))
            .sum();
        let typical = levels / attrs.len() as f64;
        // Noise in g x g cells has singular values up to 2 sigma sqrt(g); a relation of one
        // component and that size moves g / 2 of it.
        let seen = |sigma: f64| sigma * typical.powf(1.5) / self.rows();
        let mut rounds = (attrs.len() * attrs.len().saturating_sub(1) / 2).min(MOST_PAIRS);
        while rounds > 0 && seen(self.sigma_of_round(rounds)) > VISIBLE {
            rounds = rounds * 19 / 20;
        }
        self.rounds = rounds;
    }

    /// Noise of a pair when what is left is shared by this many rounds.
    fn sigma_of_round(&self, rounds: usize) -> f64 {
        let rho = (1.0 - self.config.selection_share) * self.release.left() / rounds.max(1) as f64;
        self.release.sigma(rho).get()
    }

    /// Rows that a group of levels holds at least.
    fn least(&self, sigma: f64) -> f64 {
        let least = (self.config.merge * sigma).max(FINEST_SHARE * self.rows());
        least.min(0.1 * self.rows())
    }

    /// Merges levels that hold too few rows, by released counts only.
    fn merge(&mut self) -> Result<(), FitError> {
        let relation = match self.rounds {
            0 => None,
            rounds => Some(self.sigma_of_round(rounds)),
        };
        let known = self.release.known();
        let levels = known.levels.iter().enumerate();
        let groups = levels.map(|(attr, rows)| {
            let ordered = self.release.publication().ordered[attr] as usize;
            let least = self.least(relation.unwrap_or(known.sigmas[attr]));
            join_rare(Groups::of(rows.clone(), ordered, least), ordered, least)
        });
        self.groups = groups.collect();
        let maps = self.groups.iter().map(|groups| groups.of.clone());
        self.release.merge_by(maps.collect())
    }

    /// How the levels were merged.
    pub(crate) fn groups(&self) -> &[Groups] {
        &self.groups
    }

    /// The estimated number of rows.
    pub(crate) fn rows(&self) -> f64 {
        self.release.known().rows
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

    /// What is known of the columns: rows of each group of levels, and the standard deviation of
    /// the noise of one.
    pub(crate) fn columns(&self) -> Vec<(Vec<f64>, f64)> {
        let known = self.release.known();
        let each = known.levels.iter().zip(&self.groups).zip(&known.sigmas);
        each.map(|((rows, groups), sigma)| {
            let members = rows.len() as f64 / groups.len().max(1) as f64;
            (merged_rows(&groups.of, rows), sigma * members.sqrt())
        })
        .collect()
    }

    /// Measures more sets: required ones, then pairs that the model (shares of the cells of a pair)
    /// seems to be worst at; or all at once, if the budget allows all. None when everything is
    /// measured.
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
                measured.extend(self.release.measure("relation", vec![(set, rho)])?);
                self.left -= 1;
            }
        }
        Ok(measured)
    }

    /// What the ledger still allows.
    fn allowed(&self) -> f64 {
        self.release.left() * ROUNDING
    }

    /// Measures these sets. Noise of standard deviation `sigma` that is left in a pair of `a` and
    /// `b` levels after its clearing moves rows in proportion to `sigma sqrt(a b (a + b))`; under
    /// one budget the sum of these errors is least when budgets are in proportion to their power of
    /// 2/3.
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
        let parts = weights.into_iter().map(|weight| left * weight / total);
        self.left = 0;
        self.release
            .measure("relation", sets.into_iter().zip(parts).collect())
    }

    /// The pair that the model is worst at, less the noise that measuring it would bring.
    fn choose(
        &mut self,
        rho: f64,
        rest: f64,
        model: &impl Fn(&AttrSet) -> Vec<f64>,
    ) -> Result<AttrSet, FitError> {
        let sigma = self.release.sigma(rest).get();
        let rows = self.rows();
        let mut noise = Vec::with_capacity(self.candidates.len());
        let mut estimates = Vec::with_capacity(self.candidates.len());
        for set in &self.candidates {
            let cells: Vec<f64> = model(set).iter().map(|share| share * rows).collect();
            noise.push(sigma * disturbed_cells(cells.iter().copied(), sigma));
            let whole = cells.iter().map(|cell| cell.round() as i64);
            estimates.push((set.clone(), whole.collect::<Vec<i64>>()));
        }
        let all: Vec<usize> = (0..estimates.len()).collect();
        let scores = self
            .release
            .private_scores(&estimates, &noise, &vec![1; all.len()])?;
        let purpose = "choice of a relation";
        let chosen = self.release.choose_privately(purpose, &scores, &all, rho)?;
        Ok(self.candidates.swap_remove(chosen))
    }

    /// What was measured of relations.
    pub(crate) fn relations(&self) -> &[NoisyMarginal] {
        &self.release.publication().marginals
    }

    /// The ledger that pays.
    pub(crate) fn ledger(&self) -> &Ledger {
        self.release.curator().ledger()
    }

    /// What was released, how the levels were merged, and the attributes with merged levels.
    pub(crate) fn close(self) -> (Publication, Vec<Groups>, Domain) {
        let domain = self.release.domain().clone();
        (self.release.close(), self.groups, domain)
    }
}

/// Lets the rare levels without an order, whose group holds hardly a row (a missing reason that
/// does not occur), share the group of the rarest other level: a group of their own would be noise
/// in every pair. They come back by their estimated shares.
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

/// The sets named in the settings, given where a column stands.
pub(crate) fn required_sets(
    config: &MarginalConfig,
    position: impl Fn(&str) -> Option<u32>,
) -> Result<Vec<AttrSet>, FitError> {
    let mut sets = Vec::new();
    for names in &config.required {
        let set = columns_named(&position, "marginals.required", names)?;
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
