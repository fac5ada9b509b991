//! The private half of a fit: columns, groups of levels, scores of pairs, trees column by column.

use parable_core::{Curator, FitError, Publication};
use parable_domain::{Domain, SourceError};
use parable_measure::{
    Candidate, MEAN_ABSOLUTE, PrivateRelease, PublicFacts, Workload, check_shares, columns_named,
    disturbed_cells, known_columns, merged_rows, merged_variances, remaining, shares,
};
use parable_pgm::{Columns, Groups};
use parable_seed::Seed;

use crate::NAME;
use crate::config::PrivateCartConfig;
use crate::draw::Expected;
use crate::grow::{Branches, Growing};
use crate::histograms::Bars;
use crate::trees::{PrivateTree, PrivateTrees};

/// Standard deviations that are taken off scores of deeper questions: the best of many noisy scores
/// are too good.
const DOUBT: f64 = 2.0;

/// What first questions gain in all pairs, relative to their own: with 1.5 trees are left out at
/// those sizes and budgets of Adult where they were seen to lose (1,200 rows at epsilon 1), and
/// grown where they were not.
const BEYOND: f64 = 1.5;

/// Part of the error that its noise adds before smoothing which a deeper question must promise.
const WORTH: f64 = 0.5;

/// Budget of the questions of a column after the first, relative to the first.
const DEEPER: f64 = 1.0;

/// Rows that are drawn while trees grow, to know what the model so far expects.
const DRAWN: std::ops::RangeInclusive<usize> = 10_000..=50_000;

/// Measures columns, merges levels, scores pairs, grows trees column by column, and measures
/// columns again. Spends all that the ledger allows.
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
    remaining(curator.ledger())?;
    let workload = Workload::new(curator.domain(), Vec::new(), &[])?;
    let facts = PublicFacts {
        ordered,
        ..PublicFacts::default()
    };
    let release = PrivateRelease::open(NAME, facts, true, curator)?;
    let rho = release.left();
    let mut fit = Fit {
        config,
        workload,
        rho,
        release,
    };
    let weights = vec![1.0; fit.domain().len()];
    fit.release
        .measure_columns(config.columns_share * rho, &weights)?;
    progress(1, steps)?;
    fit.merge()?;
    let scores = fit.pair_scores()?;
    progress(2, steps)?;
    let order = order_of(fit.domain().len(), &scores);
    let trees = fit.grow_all(&order, &scores, seed, &mut |done| progress(2 + done, steps))?;
    let merged = fit.merged().clone();
    let columns = fit.release.column_candidates(&weights, fit.release.left());
    fit.release
        .measure_to_the_end("marginal", &[], &columns, shares)?;
    let found = finish(trees, fit.release.publication(), merged);
    progress(steps, steps)?;
    Ok(found)
}

/// The trees with all that is known of the columns in the end.
pub(crate) fn finish(
    mut trees: Vec<Growing>,
    publication: &Publication,
    merged: Domain,
) -> PrivateTrees {
    let known = known_columns(publication);
    for tree in &mut trees {
        tree.set_root(root(publication, &known, tree.target));
    }
    let trees = trees.into_iter().map(|tree| {
        let (levels, margin) = tree.shares();
        PrivateTree {
            attr: tree.target,
            levels,
            margin,
        }
    });
    let groups = publication.merged.iter().zip(&known.levels);
    let groups = groups.map(|(map, rows)| Groups {
        of: map.clone(),
        rows: rows.clone(),
    });
    PrivateTrees {
        domain: publication.domain.clone(),
        merged,
        groups: groups.collect(),
        rows: known.rows,
        trees: trees.collect(),
    }
}

/// The root of a tree: the merged levels of its column.
pub(crate) fn root(publication: &Publication, known: &Columns, attr: u32) -> Bars {
    let map = &publication.merged[attr as usize];
    Bars {
        counts: merged_rows(map, &known.levels[attr as usize]),
        variances: merged_variances(map, known.sigmas[attr as usize]),
    }
}

/// Estimated rows of each merged level of a column, and how many of them stand in an order.
pub(crate) fn merged_column(
    publication: &Publication,
    known: &Columns,
    attr: u32,
) -> (Vec<f64>, usize) {
    let at = attr as usize;
    let map = &publication.merged[at];
    let last = map[..publication.ordered[at] as usize].iter().max();
    let rows = merged_rows(map, &known.levels[at]);
    (rows, last.map_or(0, |&group| group as usize + 1))
}

/// A fit in progress.
struct Fit<'a, 'b> {
    config: &'a PrivateCartConfig,
    workload: Workload,
    /// The whole budget.
    rho: f64,
    release: PrivateRelease<'a, 'b>,
}

impl Fit<'_, '_> {
    fn domain(&self) -> &Domain {
        &self.release.publication().domain
    }

    fn merged(&self) -> &Domain {
        self.release.domain()
    }

    fn levels(&self, attr: u32) -> u32 {
        self.merged().attrs()[attr as usize].levels
    }

    /// The noise of a histogram if the rest of the budget went to two per column.
    fn typical_sigma(&self) -> f64 {
        self.release.typical_sigma(self.release.left())
    }

    /// Merges levels that hold too few rows to be seen.
    fn merge(&mut self) -> Result<(), FitError> {
        let (config, rows) = (self.config, self.release.known().rows);
        let least = (config.merge * self.typical_sigma()).max(config.finest_share * rows);
        self.release.merge(|_| least.min(0.1 * rows))
    }

    /// Scores all pairs in one release; the error of those that are not worth their noise is 0.
    ///
    /// Nothing is asked where even half of the largest possible relation would not be worth it.
    fn pair_scores(&mut self) -> Result<Vec<Candidate>, FitError> {
        if self.config.max_depth == 0 {
            return Ok(Vec::new());
        }
        let pairs = self.release.pairs(u64::MAX);
        let (mut candidates, estimates) = self.release.candidates(&self.workload, pairs)?;
        let typical = self.typical_sigma();
        let noise = |candidate: &Candidate| MEAN_ABSOLUTE * typical * candidate.size;
        if !candidates.iter().any(|own| own.error > noise(own)) {
            return Ok(Vec::new());
        }
        let most = 0.5 * self.config.scores_share * self.rho;
        let rho = self.release.cost_of_scores(candidates.len(), most);
        self.release.score(&mut candidates, &estimates, rho)?;
        for candidate in &mut candidates {
            if candidate.error <= noise(candidate) {
                candidate.error = 0.0;
            }
        }
        Ok(candidates)
    }

    /// One tree after the other, each from the columns before it.
    fn grow_all(
        &mut self,
        order: &[u32],
        scores: &[Candidate],
        seed: &Seed,
        progress: &mut dyn FnMut(u64) -> Result<(), FitError>,
    ) -> Result<Vec<Growing>, FitError> {
        let known = self.release.known().clone();
        let seed = seed.stream("private_cart/grow");
        let drawn = (known.rows as usize).clamp(*DRAWN.start(), *DRAWN.end());
        let mut columns: Vec<Vec<u32>> = vec![Vec::new(); self.merged().len()];
        // What each tree is expected to need, by the pair it begins with.
        let best = |at: usize| {
            scores_with(scores, order[at], &order[..at])
                .map(|(_, scored)| scored)
                .filter(|scored| scored.error > 0.0)
                .max_by(|a, b| a.error.total_cmp(&b.error))
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
        let firsts: Vec<&Candidate> = (0..order.len()).filter_map(best).collect();
        let worth_it = self.worth_it(&known, &firsts, again);
        let rounds = (order.len().saturating_sub(2) as f64
            * f64::from(self.config.max_depth.saturating_sub(1)))
        .max(1.0);
        let score_rho = 0.5 * self.config.scores_share * self.rho / rounds;
        let mut trees = Vec::with_capacity(order.len());
        for (at, &target) in order.iter().enumerate() {
            progress(at as u64)?;
            let mut tree = Growing::new(target, root(self.release.publication(), &known, target));
            let waiting: f64 = terms[at..].iter().sum();
            if worth_it && terms[at] > 0.0 && self.release.left() > again {
                let budget = (self.release.left() - again) * terms[at] / waiting;
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

    /// Whether trees promise more than their part of the budget would do for single columns: what
    /// first questions gain less their noise, against the noise that columns lose with all of it,
    /// which is felt in each pair. Decided by released scores.
    fn worth_it(&self, known: &Columns, firsts: &[&Candidate], again: f64) -> bool {
        let left = self.release.left();
        let pairs_each = 0.5 * (known.levels.len() as f64 - 1.0);
        let columns = |rho: f64| -> f64 {
            let sigma = self.release.sigma(rho / known.levels.len() as f64).get();
            let noise = known.levels.iter().map(|rows| noise_of(rows, sigma));
            pairs_each * noise.sum::<f64>()
        };
        let lost = columns(again.min(left)) - columns(left);
        let sum: f64 = firsts.iter().map(|s| s.size.powf(2.0 / 3.0)).sum();
        let mut gained = 0.0;
        for first in firsts {
            let share = first.size.powf(2.0 / 3.0) / sum;
            let sigma = self.release.sigma((left - again).max(0.0) * share).get();
            gained += first.error - MEAN_ABSOLUTE * sigma * first.size;
        }
        BEYOND * gained > lost
    }

    fn grow(
        &mut self,
        tree: &mut Growing,
        scores: &[Candidate],
        budget: f64,
        work: &Work<'_>,
    ) -> Result<(), FitError> {
        let end = self.release.left() - budget;
        let mut asked: Vec<u32> = Vec::new();
        let first = scores_with(scores, tree.target, work.earlier)
            .filter(|(_, scored)| scored.error > 0.0)
            .max_by(|a, b| a.1.error.total_cmp(&b.1.error));
        let Some((mut other, _)) = first else {
            return Ok(());
        };
        let name = self.merged().attrs()[tree.target as usize].name.clone();
        for depth in 0..self.config.max_depth {
            let left = (self.release.left() - end).max(0.0);
            let deeper = depth + 1 < self.config.max_depth && asked.len() + 1 < work.earlier.len();
            let rho = if deeper { left / (1.0 + DEEPER) } else { left };
            let sigma = self.release.sigma(rho);
            if depth > 0 {
                match self.next_question(tree, &asked, sigma.get(), work)? {
                    Some(found) => other = found,
                    None => break,
                }
            }
            let branches = self.branches(other, depth);
            let cut = tree.cut(self.merged(), &branches)?;
            let crossed = cut.crossed(self.merged(), tree.target);
            let crossed = crossed.map_err(SourceError::from)?;
            let asked_name = &self.merged().attrs()[other as usize].name;
            let purpose = format!("tree of {name}, question {}: {asked_name}", depth + 1);
            let cells = self.release.measure_cells(&purpose, &crossed, sigma)?;
            let most = self.config.max_nodes as usize;
            tree.grow(self.merged(), &branches, &cells, sigma.get().powi(2), most)?;
            asked.push(other);
        }
        Ok(())
    }

    fn branches(&self, attr: u32, depth: u32) -> Branches {
        let known = self.release.known();
        let (rows, ordered) = merged_column(self.release.publication(), known, attr);
        let most = if depth == 0 {
            rows.len()
        } else {
            self.config.max_branches as usize
        };
        Branches::new(attr, &rows, ordered, most)
    }

    /// The earlier column whose pair with the target the tree so far explains worst, if asking
    /// about it is worth the noise.
    fn next_question(
        &mut self,
        tree: &Growing,
        asked: &[u32],
        sigma: f64,
        work: &Work<'_>,
    ) -> Result<Option<u32>, FitError> {
        let open: Vec<u32> = work
            .earlier
            .iter()
            .copied()
            .filter(|attr| self.levels(*attr) > 1 && !asked.contains(attr))
            .collect();
        let mut estimates = Vec::with_capacity(open.len());
        let mut costs = Vec::with_capacity(open.len());
        let expected: Expected = tree.expected(work.columns, work.drawn);
        for &other in &open {
            let codes = &work.columns[other as usize];
            let own = (other, self.levels(other) as usize);
            estimates.push(tree.expected_pair(&expected, codes, own, work.scale));
            let cut = tree.cut(self.merged(), &self.branches(other, 1))?;
            let cells_of = cut.cells_of(work.columns, 0..work.drawn);
            let cells = tree.within(&expected, &cells_of, cut.len(), work.scale);
            costs.push(WORTH * noise_of(&cells, sigma));
        }
        // Not even half of the largest possible relation would be worth it: nothing is asked.
        let rows = work.scale * work.drawn as f64;
        let hope = |(other, cost): (&u32, &f64)| {
            let fewest = self.levels(*other).min(self.levels(tree.target));
            rows * (1.0 - 1.0 / f64::from(fewest)) > *cost
        };
        if open.is_empty() || !open.iter().zip(&costs).any(hope) {
            return Ok(None);
        }
        let rho = self.release.cost_of_scores(estimates.len(), work.score_rho);
        let name = &self.merged().attrs()[tree.target as usize].name;
        let purpose = format!("scores of columns for the tree of {name}");
        let (scores, sigma) = self.release.distances(&purpose, &estimates, rho)?;
        let gain = |at: usize| scores[at] - DOUBT * sigma - costs[at];
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

/// Expected sum of absolute errors that noise makes in cells of these expected counts.
fn noise_of(expected: &[f64], sigma: f64) -> f64 {
    MEAN_ABSOLUTE * sigma * disturbed_cells(expected.iter().copied(), sigma)
}

/// The scores of a column with each of some others.
pub(crate) fn scores_with<'s>(
    scores: &'s [Candidate],
    target: u32,
    others: &'s [u32],
) -> impl Iterator<Item = (u32, &'s Candidate)> {
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

/// Columns in the order of a spanning tree of the largest scores, from the column with the largest
/// sum of scores (Prim); columns without any score stand at the end, in the order of the table.
pub(crate) fn order_of(columns: usize, scores: &[Candidate]) -> Vec<u32> {
    let all: Vec<u32> = (0..columns as u32).collect();
    let mut order: Vec<u32> = Vec::with_capacity(columns);
    while order.len() < columns {
        let strength = |attr: u32| -> f64 {
            if order.is_empty() {
                scores_with(scores, attr, &all).map(|(_, s)| s.error).sum()
            } else {
                scores_with(scores, attr, &order)
                    .map(|(_, s)| s.error)
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
    check_shares(&shares, "grow trees")?;
    if config.max_nodes == 0 {
        return Err(FitError::setting(
            "max_nodes",
            "a tree has at least one node",
        ));
    }
    if config.max_branches < 2 {
        return Err(FitError::setting(
            "max_branches",
            "a question has at least two answers",
        ));
    }
    if !(config.merge >= 0.0 && config.merge.is_finite()) {
        return Err(FitError::setting("merge", "not a number from 0 on"));
    }
    if !(0.0..=0.1).contains(&config.finest_share) {
        return Err(FitError::setting("finest_share", "not between 0 and 0.1"));
    }
    for name in &config.ordered {
        columns_named(
            |name| domain.position(name),
            "ordered",
            std::slice::from_ref(name),
        )?;
    }
    Ok(())
}
