//! The private half: what is measured, in which order, with how much of the budget.

use parable_core::{Curator, FitError, NoisyMarginal, Recoding, distances_squared};
use parable_domain::{AttrSet, Domain, SourceError};
use parable_dp::{Rho, Sigma};
use parable_pgm::{Columns, Groups, Measurement, columns};
use parable_seed::Seed;

use crate::NAME;
use crate::config::PrivateCartConfig;
use crate::draw::Expected;
use crate::grow::{Branches, Growing};
use crate::histograms::Bars;
use crate::trees::{PrivateTree, PrivateTrees};

/// Scores are clear enough with noise of half a percent of the rows.
const CLEAR_SCORE: f64 = 0.005;

/// Expected absolute value of a standard normal number.
const MEAN_ABSOLUTE: f64 = 0.797_884_560_802_865_4;

/// Standard deviations that are taken off scores: the best of many noisy scores are too good.
const DOUBT: f64 = 2.0;

/// What first questions gain in all pairs, relative to their own: with 1.5 trees are left out at those sizes and budgets of Adult where they were seen to
/// lose (1,200 rows at epsilon 1), and grown where they were not.
const BEYOND: f64 = 1.5;

/// What a deeper question must promise: this part of the error that its noise adds before smoothing.
const WORTH: f64 = 0.5;

/// How much of the budget of a column goes to questions after the first, relative to the first.
const DEEPER: f64 = 1.0;

/// Where a histogram per column has noise of a variance above this, the exact curve of Gaussians is worth its price: it charges discrete noise as if its
/// variance were smaller by up to 1, and admits 8 to 22 percent more loss.
const ENOUGH_NOISE: f64 = 10.0;

/// Rows that are drawn while trees grow, to know what the model so far expects.
const DRAWN: std::ops::RangeInclusive<usize> = 10_000..=50_000;

/// Measures columns, merges levels, scores pairs, grows trees column by column, and measures columns again. Spends what the ledger allows, to the end.
pub(crate) fn release(
    config: &PrivateCartConfig,
    ordered: Vec<u32>,
    curator: &mut Curator<'_>,
    seed: &Seed,
    progress: &mut dyn FnMut(u64, u64) -> Result<(), FitError>,
) -> Result<PrivateTrees, FitError> {
    check(config, curator.domain())?;
    let steps = curator.domain().len() as u64 + 3;
    progress(0, steps)?;
    let Some(rho) = curator.allowance() else {
        return Err(setting("budget", "a private fit needs a finite budget"));
    };
    let columns = curator.domain().len() as f64;
    let variance = columns * curator.unit().counts_squared() as f64 / rho.get();
    if variance > ENOUGH_NOISE {
        curator.keep_by_gaussians();
    }
    let rho = curator.allowance().unwrap_or(rho);
    let mut spending = Spending {
        config,
        domain: curator.domain().clone(),
        merged: curator.domain().clone(),
        ordered,
        rho: rho.get(),
        released: Vec::new(),
        groups: Vec::new(),
        curator,
    };
    spending.first_columns()?;
    progress(1, steps)?;
    spending.merge()?;
    let scores = spending.pair_scores()?;
    progress(2, steps)?;
    let order = order_of(spending.domain.len(), &scores);
    let mut trees =
        spending.grow_all(&order, &scores, seed, &mut |done| progress(2 + done, steps))?;
    spending.columns_again()?;
    let known = spending.columns()?;
    spending.groups = spending
        .groups
        .iter()
        .zip(&known.levels)
        .map(|(groups, rows)| Groups {
            of: groups.of.clone(),
            rows: rows.clone(),
        })
        .collect();
    for tree in &mut trees {
        tree.set_root(spending.root(&known, tree.target));
    }
    let trees = trees
        .into_iter()
        .map(|tree| {
            let (levels, margin) = tree.shares();
            PrivateTree {
                attr: tree.target,
                levels,
                margin,
            }
        })
        .collect();
    progress(steps, steps)?;
    Ok(PrivateTrees {
        domain: spending.domain,
        merged: spending.merged,
        groups: spending.groups,
        rows: known.rows,
        trees,
    })
}

/// A pair of columns that may depend on each other.
struct Scored {
    attrs: AttrSet,
    /// How far it is from independence beyond noise, as the sum of absolute differences in rows; 0 if it is not worth measuring.
    gain: f64,
    /// Cells that noise can disturb, in cells.
    size: f64,
}

struct Spending<'a, 'b> {
    config: &'a PrivateCartConfig,
    domain: Domain,
    merged: Domain,
    ordered: Vec<u32>,
    rho: f64,
    released: Vec<NoisyMarginal>,
    groups: Vec<Groups>,
    curator: &'a mut Curator<'b>,
}

impl Spending<'_, '_> {
    /// What the ledger still allows; a little less, as sums of many rounded parts may exceed the whole by a few units in the last place.
    fn left(&self) -> f64 {
        let left = self.curator.allowance().map_or(0.0, Rho::get);
        left * (1.0 - 1e-12)
    }

    fn sigma(&self, rho: f64) -> Result<Sigma, FitError> {
        self.curator
            .sigma_for(rho, self.curator.unit().counts_squared())
    }

    fn first_columns(&mut self) -> Result<(), FitError> {
        let each = self.config.columns_share * self.rho / self.domain.len() as f64;
        let sigma = self.sigma(each)?;
        let sets: Vec<(AttrSet, Sigma)> = (0..self.domain.len() as u32)
            .map(|attr| (AttrSet::new([attr]), sigma))
            .collect();
        self.released = self.curator.measure("column", &sets)?;
        Ok(())
    }

    /// All that is left, for columns as their numbers of levels ask for it.
    fn columns_again(&mut self) -> Result<(), FitError> {
        let left = self.left();
        let terms: Vec<f64> = self
            .domain
            .attrs()
            .iter()
            .map(|attr| f64::from(attr.levels).powf(2.0 / 3.0))
            .collect();
        let sum: f64 = terms.iter().sum();
        let mut sets = Vec::with_capacity(terms.len());
        for (attr, term) in terms.iter().enumerate() {
            sets.push((AttrSet::new([attr as u32]), self.sigma(left * term / sum)?));
        }
        self.curator.recode(None);
        let mut again = self.curator.measure("column again", &sets)?;
        self.released.append(&mut again);
        Ok(())
    }

    fn columns(&self) -> Result<Columns, FitError> {
        let measurement = |noisy: &NoisyMarginal| {
            let counts = noisy.cells.iter().map(|&cell| cell as f64).collect();
            Measurement::new(&self.domain, noisy.attrs.clone(), counts, noisy.sigma)
        };
        let all: Result<Vec<Measurement>, _> = self.released.iter().map(measurement).collect();
        let all = all.map_err(|error| FitError::Method {
            method: NAME.to_owned(),
            source: Box::new(error),
        })?;
        Ok(columns(&self.domain, &self.ordered, &all, None))
    }

    /// What a histogram would be measured with if the rest of the budget went to two per column.
    fn typical_sigma(&self) -> Result<f64, FitError> {
        let each = self.left() / (2.0 * self.domain.len() as f64);
        Ok(self.sigma(each)?.get())
    }

    /// Merges levels that hold too few rows, by released counts only.
    fn merge(&mut self) -> Result<(), FitError> {
        let known = self.columns()?;
        let typical = self.typical_sigma()?;
        let least = (self.config.merge * typical)
            .max(self.config.finest_share * known.rows)
            .min(0.1 * known.rows);
        self.groups = known
            .levels
            .iter()
            .zip(&self.ordered)
            .map(|(rows, &ordered)| Groups::of(rows.clone(), ordered as usize, least))
            .collect();
        let maps = self.groups.iter().map(|groups| groups.of.clone()).collect();
        let recoding = Recoding::new(&self.domain, maps).map_err(SourceError::from)?;
        self.merged = recoding.domain().clone();
        self.curator.recode(Some(recoding));
        Ok(())
    }

    /// Estimated rows of each merged level of a column, and how many of them stand in an order.
    fn merged_rows(&self, attr: u32) -> (Vec<f64>, usize) {
        let groups = &self.groups[attr as usize];
        let mut rows = vec![0.0; groups.len()];
        for (&group, level) in groups.of.iter().zip(&groups.rows) {
            rows[group as usize] += level;
        }
        let ordered = groups.of[..self.ordered[attr as usize] as usize]
            .iter()
            .max();
        (rows, ordered.map_or(0, |&group| group as usize + 1))
    }

    /// The root of a tree: the merged levels of its column.
    fn root(&self, known: &Columns, attr: u32) -> Bars {
        let groups = &self.groups[attr as usize];
        let mut root = Bars {
            counts: vec![0.0; groups.len()],
            variances: vec![0.0; groups.len()],
        };
        let variance = known.sigmas[attr as usize].powi(2);
        for (&group, level) in groups.of.iter().zip(&known.levels[attr as usize]) {
            root.counts[group as usize] += level;
            root.variances[group as usize] += variance;
        }
        root
    }

    /// How far each pair is from independence, with noise: one release. Nothing is asked where even half of the largest possible relation would not be worth
    /// its noise.
    fn pair_scores(&mut self) -> Result<Vec<Scored>, FitError> {
        if self.config.max_depth == 0 {
            return Ok(Vec::new());
        }
        let known = self.columns()?;
        let typical = self.typical_sigma()?;
        let levels = |attr: u32| self.merged.attrs()[attr as usize].levels;
        let mut scored = Vec::new();
        let mut estimates = Vec::new();
        let mut any_hope = false;
        for attrs in AttrSet::pairs(self.merged.len()) {
            let [a, b] = *attrs.as_slice() else { continue };
            let fewest = levels(a).min(levels(b));
            if fewest < 2 {
                continue;
            }
            let (a, b) = (self.merged_rows(a).0, self.merged_rows(b).0);
            let cells: Vec<f64> = a
                .iter()
                .flat_map(|x| b.iter().map(move |y| x * y / known.rows))
                .collect();
            let noise = noise_of(&cells, typical);
            any_hope |= known.rows * (1.0 - 1.0 / f64::from(fewest)) > noise;
            estimates.push((
                attrs.clone(),
                cells.iter().map(|c| c.round() as i64).collect(),
            ));
            scored.push(Scored {
                attrs,
                gain: 0.0,
                size: (noise / (MEAN_ABSOLUTE * typical)).max(1.0),
            });
        }
        if !any_hope {
            return Ok(Vec::new());
        }
        let squared = distances_squared(self.curator.unit(), estimates.len());
        let clear = CLEAR_SCORE * known.rows;
        let share =
            (0.5 * self.config.scores_share * self.rho).min(squared as f64 / (2.0 * clear * clear));
        let sigma = self.curator.sigma_for(share, squared)?;
        let scores = self
            .curator
            .distances("scores of pairs", &estimates, sigma)?;
        let floors: Vec<f64> = (0..self.merged.len())
            .map(|attr| self.column_noise(&known, attr))
            .collect();
        for (scored, score) in scored.iter_mut().zip(scores) {
            // Less also what the noise of the columns adds, which has nothing to do with the relation.
            let seen = (score - DOUBT * sigma.get()).max(0.0);
            let floor: f64 = scored.attrs.iter().map(|attr| floors[attr as usize]).sum();
            let gain = (seen * seen - floor * floor).max(0.0).sqrt();
            if gain > MEAN_ABSOLUTE * typical * scored.size {
                scored.gain = gain;
            }
        }
        Ok(scored)
    }

    /// The expected sum of absolute errors of a column of merged levels, as noise makes it.
    fn column_noise(&self, known: &Columns, attr: usize) -> f64 {
        let root = self.root(known, attr as u32);
        let deviations: f64 = root.variances.iter().map(|v| v.sqrt()).sum();
        MEAN_ABSOLUTE * deviations
    }

    /// One tree after the other, each from the columns before it.
    fn grow_all(
        &mut self,
        order: &[u32],
        scores: &[Scored],
        seed: &Seed,
        progress: &mut dyn FnMut(u64) -> Result<(), FitError>,
    ) -> Result<Vec<Growing>, FitError> {
        let known = self.columns()?;
        let seed = seed.stream("private_cart/grow");
        let drawn = (known.rows as usize).clamp(*DRAWN.start(), *DRAWN.end());
        let mut columns: Vec<Vec<u32>> = vec![Vec::new(); self.merged.len()];
        // What each tree is expected to need, by the pair it begins with.
        let best = |at: usize| {
            scores_with(scores, order[at], &order[..at])
                .map(|(_, scored)| scored)
                .filter(|scored| scored.gain > 0.0)
                .max_by(|a, b| a.gain.total_cmp(&b.gain))
        };
        let terms: Vec<f64> = (0..order.len())
            .map(|at| {
                let deeper = if at > 1 && self.config.max_depth > 1 {
                    DEEPER
                } else {
                    0.0
                };
                best(at).map_or(0.0, |s| s.size.powf(2.0 / 3.0) * (1.0 + deeper))
            })
            .collect();
        let again = self.config.again_share * self.rho;
        let firsts: Vec<&Scored> = (0..order.len()).filter_map(best).collect();
        let worth_it = self.worth_it(&known, &firsts, again)?;
        let rounds = (order.len().saturating_sub(2) as f64
            * f64::from(self.config.max_depth.saturating_sub(1)))
        .max(1.0);
        let score_rho = 0.5 * self.config.scores_share * self.rho / rounds;
        let mut trees = Vec::with_capacity(order.len());
        for (at, &target) in order.iter().enumerate() {
            progress(at as u64)?;
            let mut tree = Growing::new(target, self.root(&known, target));
            let waiting: f64 = terms[at..].iter().sum();
            if worth_it && terms[at] > 0.0 && self.left() > again {
                let budget = (self.left() - again) * terms[at] / waiting;
                let work = Work {
                    earlier: &order[..at],
                    columns: &columns,
                    drawn,
                    scale: known.rows / drawn as f64,
                    score_rho,
                };
                self.grow(&mut tree, scores, budget, &work)?;
            }
            let expected = tree.expected(&columns, drawn);
            columns[target as usize] = expected.draw(&seed.index(u64::from(target)));
            trees.push(tree);
        }
        Ok(trees)
    }

    /// Whether trees promise more than their part of the budget would do for single columns: what first questions gain less their noise, against the
    /// noise that columns lose with all of it, which is felt in each pair. Decided by released scores.
    fn worth_it(&self, known: &Columns, firsts: &[&Scored], again: f64) -> Result<bool, FitError> {
        let left = self.left();
        let pairs_each = 0.5 * (known.levels.len() as f64 - 1.0);
        let columns = |rho: f64| -> Result<f64, FitError> {
            let sigma = self.sigma(rho / known.levels.len() as f64)?.get();
            let noise = known.levels.iter().map(|rows| noise_of(rows, sigma));
            Ok(pairs_each * noise.sum::<f64>())
        };
        let lost = columns(again.min(left))? - columns(left)?;
        let sum: f64 = firsts.iter().map(|s| s.size.powf(2.0 / 3.0)).sum();
        let mut gained = 0.0;
        for first in firsts {
            let share = first.size.powf(2.0 / 3.0) / sum;
            let sigma = self.sigma((left - again).max(0.0) * share)?.get();
            gained += first.gain - MEAN_ABSOLUTE * sigma * first.size;
        }
        Ok(BEYOND * gained > lost)
    }

    fn grow(
        &mut self,
        tree: &mut Growing,
        scores: &[Scored],
        budget: f64,
        work: &Work<'_>,
    ) -> Result<(), FitError> {
        let end = self.left() - budget;
        let mut asked: Vec<u32> = Vec::new();
        let first = scores_with(scores, tree.target, work.earlier)
            .filter(|(_, scored)| scored.gain > 0.0)
            .max_by(|a, b| a.1.gain.total_cmp(&b.1.gain));
        let Some((mut other, _)) = first else {
            return Ok(());
        };
        let name = self.merged.attrs()[tree.target as usize].name.clone();
        for depth in 0..self.config.max_depth {
            let left = (self.left() - end).max(0.0);
            let deeper = depth + 1 < self.config.max_depth && asked.len() + 1 < work.earlier.len();
            let rho = if deeper { left / (1.0 + DEEPER) } else { left };
            let sigma = self.sigma(rho)?;
            if depth > 0 {
                match self.next_question(tree, &asked, sigma.get(), work)? {
                    Some(found) => other = found,
                    None => break,
                }
            }
            let branches = self.branches(other, depth);
            let cut = tree.cut(&self.merged, &branches)?;
            let crossed = cut.crossed(&self.merged, tree.target);
            let crossed = crossed.map_err(SourceError::from)?;
            let asked_name = &self.merged.attrs()[other as usize].name;
            let purpose = format!("tree of {name}, question {}: {asked_name}", depth + 1);
            let cells = self.curator.measure_cells(&purpose, &crossed, sigma)?;
            let most = self.config.max_nodes as usize;
            tree.grow(&self.merged, &branches, &cells, sigma.get().powi(2), most)?;
            asked.push(other);
        }
        Ok(())
    }

    fn branches(&self, attr: u32, depth: u32) -> Branches {
        let (rows, ordered) = self.merged_rows(attr);
        let most = if depth == 0 {
            rows.len()
        } else {
            self.config.max_branches as usize
        };
        Branches::new(attr, &rows, ordered, most)
    }

    /// The earlier column whose pair with the target the tree so far explains worst, if asking about it is worth the noise.
    fn next_question(
        &mut self,
        tree: &Growing,
        asked: &[u32],
        sigma: f64,
        work: &Work<'_>,
    ) -> Result<Option<u32>, FitError> {
        let levels = |attr: u32| self.merged.attrs()[attr as usize].levels;
        let open: Vec<u32> = work
            .earlier
            .iter()
            .copied()
            .filter(|attr| levels(*attr) > 1 && !asked.contains(attr))
            .collect();
        let mut estimates = Vec::with_capacity(open.len());
        let mut costs = Vec::with_capacity(open.len());
        let expected: Expected = tree.expected(work.columns, work.drawn);
        for &other in &open {
            let codes = &work.columns[other as usize];
            let own = (other, levels(other) as usize);
            estimates.push(tree.expected_pair(&expected, codes, own, work.scale));
            let cut = tree.cut(&self.merged, &self.branches(other, 1))?;
            let cells_of = cut.cells_of(work.columns, 0..work.drawn);
            let cells = tree.within(&expected, &cells_of, cut.len(), work.scale);
            costs.push(WORTH * noise_of(&cells, sigma));
        }
        // Not even half of the largest possible relation would be worth it: nothing is asked.
        let rows = work.scale * work.drawn as f64;
        let hope = |(other, cost): (&u32, &f64)| {
            let fewest = levels(*other).min(levels(tree.target));
            rows * (1.0 - 1.0 / f64::from(fewest)) > *cost
        };
        if open.is_empty() || !open.iter().zip(&costs).any(hope) {
            return Ok(None);
        }
        let squared = distances_squared(self.curator.unit(), estimates.len());
        let clear = CLEAR_SCORE * rows;
        let share = work.score_rho.min(squared as f64 / (2.0 * clear * clear));
        let sigma = self.curator.sigma_for(share, squared)?;
        let name = &self.merged.attrs()[tree.target as usize].name;
        let purpose = format!("scores of columns for the tree of {name}");
        let scores = self.curator.distances(&purpose, &estimates, sigma)?;
        let gain = |at: usize| scores[at] - DOUBT * sigma.get() - costs[at];
        let best = (0..open.len()).max_by(|&a, &b| gain(a).total_cmp(&gain(b)));
        Ok(best.filter(|&at| gain(at) > 0.0).map(|at| open[at]))
    }
}

/// What trees grow on besides the curator: the columns drawn so far.
struct Work<'a> {
    earlier: &'a [u32],
    columns: &'a [Vec<u32>],
    drawn: usize,
    scale: f64,
    score_rho: f64,
}

/// The expected sum of absolute errors that noise makes in cells of these expected counts: a cell near 0 that noise makes negative is set to 0.
fn noise_of(expected: &[f64], sigma: f64) -> f64 {
    let disturbed: f64 = expected.iter().map(|rows| rows.max(0.0).min(sigma)).sum();
    MEAN_ABSOLUTE * disturbed
}

/// The scores of a column with each of some others.
fn scores_with<'s>(
    scores: &'s [Scored],
    target: u32,
    others: &'s [u32],
) -> impl Iterator<Item = (u32, &'s Scored)> {
    scores.iter().filter_map(move |scored| {
        let [a, b] = *scored.attrs.as_slice() else {
            return None;
        };
        let other = match target {
            t if t == a => b,
            t if t == b => a,
            _ => return None,
        };
        others.contains(&other).then_some((other, scored))
    })
}

/// Columns in the order of a spanning tree of the largest scores, from the column with the largest sum of scores (Prim); columns without any score
/// stand at the end, in the order of the table.
fn order_of(columns: usize, scores: &[Scored]) -> Vec<u32> {
    let all: Vec<u32> = (0..columns as u32).collect();
    let mut order: Vec<u32> = Vec::with_capacity(columns);
    while order.len() < columns {
        let strength = |attr: u32| -> f64 {
            if order.is_empty() {
                scores_with(scores, attr, &all).map(|(_, s)| s.gain).sum()
            } else {
                scores_with(scores, attr, &order)
                    .map(|(_, s)| s.gain)
                    .fold(0.0, f64::max)
            }
        };
        let next = all
            .iter()
            .copied()
            .filter(|attr| !order.contains(attr))
            .rev()
            .max_by(|&a, &b| strength(a).total_cmp(&strength(b)));
        order.extend(next);
    }
    order
}

fn check(config: &PrivateCartConfig, domain: &Domain) -> Result<(), FitError> {
    let shares = [
        ("columns_share", config.columns_share),
        ("scores_share", config.scores_share),
        ("again_share", config.again_share),
    ];
    for (name, share) in shares {
        if !(share > 0.0 && share < 1.0) {
            return Err(setting(name, "a share of the budget lies between 0 and 1"));
        }
    }
    if shares.iter().map(|(_, share)| share).sum::<f64>() >= 1.0 {
        return Err(setting("again_share", "nothing is left to grow trees with"));
    }
    if config.max_nodes == 0 {
        return Err(setting("max_nodes", "a tree has at least one node"));
    }
    if config.max_branches < 2 {
        return Err(setting(
            "max_branches",
            "a question has at least two answers",
        ));
    }
    if !(config.merge >= 0.0 && config.merge.is_finite()) {
        return Err(setting("merge", "not a number from 0 on"));
    }
    if !(0.0..=0.1).contains(&config.finest_share) {
        return Err(setting("finest_share", "not between 0 and 0.1"));
    }
    match config
        .ordered
        .iter()
        .find(|name| domain.position(name).is_none())
    {
        Some(name) => Err(setting("ordered", &format!("there is no column `{name}`"))),
        None => Ok(()),
    }
}

pub(crate) fn setting(name: &str, problem: &str) -> FitError {
    FitError::Setting {
        setting: name.to_owned(),
        problem: problem.to_owned(),
    }
}
