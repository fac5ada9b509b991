//! Adaptive choice: measure what the model so far answers worst, fit, and ask again (AIM; McKenna,
//! Mullins, Sheldon & Miklau 2022).
//!
//! Differences from the paper: columns are looked at first and their rare levels merged, as for the
//! other strategies, and measured again at the end; noise is counted in the cells that it can
//! disturb; whether a set still fits the model is remembered between rounds instead of being worked
//! out anew.

use parable_core::FitError;
use parable_domain::{AttrSet, Domain, MarginalSource};
use parable_measure::{Estimates, MEAN_ABSOLUTE, PrivateRelease, Workload, disturbed_cells};
use parable_pgm::{JunctionTree, MarkovField};
use parable_seed::Seed;

use crate::config::MstConfig;
use crate::estimate::{failed, fit_from};

/// Rounds per column that the budget is divided into at first: about as many marginals as one
/// release of all of them would hold. Where rounds get more, fewer are needed. The paper starts
/// with four times as many.
const ROUNDS_PER_COLUMN: f64 = 4.0;

/// Share of a round that is charged for the choice.
pub(crate) const CHOICE: f64 = 0.1;

/// Share of the budget after the first look for measuring the columns again.
pub(crate) const COLUMNS_AGAIN: f64 = 0.15;

/// Iterations of the estimate after each round, from the model of the round before.
const ITERATIONS: usize = 25;

/// A set of columns that may be measured.
struct Question {
    attrs: AttrSet,
    /// How much the workload cares for it, from 1 to 1,000.
    weight: u32,
    /// The cells of the model with it, when last worked out: a lower bound from then on, since
    /// models only grow.
    model_cells: u128,
}

/// Spends all but a part for the columns on one marginal after another.
pub(crate) fn adapt(
    config: &MstConfig,
    ways: usize,
    workload: &Workload,
    release: &mut PrivateRelease<'_, '_>,
    progress: &mut dyn FnMut(u64) -> Result<(), FitError>,
) -> Result<(), FitError> {
    release.check_cells(workload.required(), config.max_cells)?;
    let merged = release.domain().clone();
    let rules = release.joined(config.max_cells)?;
    let mut questions = questions(&merged, ways, workload, config.max_cells);
    let mut left = (1.0 - COLUMNS_AGAIN) * release.left();
    left -= measure_required(workload, left, release)?;
    let quick = quick(config);
    let mut field = fit_from(release.publication(), &quick, None)?.field;
    let whole = left;
    let mut each = left / (ROUNDS_PER_COLUMN * merged.len() as f64);
    let mut round = 0;
    while left > 1e-9 * whole && !questions.is_empty() {
        progress(2)?;
        round += 1;
        if left < 2.0 * each {
            each = left;
        }
        // Early rounds must not use up the cells that later and better informed ones need.
        let used = 1.0 - (left - each) / whole;
        let most = config.max_cells as f64;
        let limit = (0.1 + 0.9 * used) * most;
        let mut open = open(release, &rules, &mut questions, &field, limit as u128)?;
        if open.is_empty() {
            open = self::open(release, &rules, &mut questions, &field, most as u128)?;
        }
        if open.is_empty() {
            break;
        }
        let sigma = release.sigma((1.0 - CHOICE) * each).get();
        let (estimates, noise) = answers(&field, &questions, &open, sigma, round)?;
        let weights: Vec<u32> = open.iter().map(|&at| questions[at].weight).collect();
        let scores = release.private_scores(&estimates, &noise, &weights)?;
        let all: Vec<usize> = (0..open.len()).collect();
        let purpose = "what to measure next";
        let chosen = release.choose_privately(purpose, &scores, &all, CHOICE * each)?;
        let (attrs, before) = &estimates[chosen];
        release.measure("marginal", vec![(attrs.clone(), (1.0 - CHOICE) * each)])?;
        left -= each;
        field = fit_from(release.publication(), &quick, Some(&field))?.field;
        let after = field.marginal(attrs).map_err(failed)?;
        let pairs = after.iter().zip(before);
        let moved: f64 = pairs.map(|(a, &b)| (a - b as f64).abs()).sum();
        if moved <= MEAN_ABSOLUTE * sigma * before.len() as f64 {
            // The worst answer was no worse than noise: half the noise from now on.
            each *= 4.0;
        }
    }
    Ok(())
}

/// Measures the required sets, each with what a pair would get if all went to two pairs per column;
/// returns what that costs.
fn measure_required(
    workload: &Workload,
    left: f64,
    release: &mut PrivateRelease<'_, '_>,
) -> Result<f64, FitError> {
    let required = workload.required();
    let columns = release.domain().len() as f64;
    let each = left / (2.0 * columns).max(1.0 + required.len() as f64);
    let sets = required.iter().map(|attrs| (attrs.clone(), each)).collect();
    release.measure("marginal", sets)?;
    Ok(each * required.len() as f64)
}

/// The questions that the model has room for.
fn open(
    release: &PrivateRelease<'_, '_>,
    rules: &[AttrSet],
    questions: &mut [Question],
    field: &MarkovField,
    limit: u128,
) -> Result<Vec<usize>, FitError> {
    let marginals = release.publication().marginals.iter().map(|m| &m.attrs);
    let held: Vec<&AttrSet> = marginals.chain(rules).collect();
    let merged = release.domain();
    let mut open = Vec::new();
    for (at, question) in questions.iter_mut().enumerate() {
        if field.tree().cover(&question.attrs).is_some() {
            open.push(at);
        } else if question.model_cells <= limit {
            let own = [&question.attrs];
            let sets: Vec<AttrSet> = held.iter().copied().chain(own).cloned().collect();
            question.model_cells = JunctionTree::build(merged, &sets).map_err(failed)?.cells();
            if question.model_cells <= limit {
                open.push(at);
            }
        }
    }
    Ok(open)
}

/// Answers of the model to the open questions, in whole rows, and the expected noise of each: what
/// measuring would add and what drawing adds.
///
/// Sets within a clique are summed from it. For the others rows are drawn from the model and
/// counted, all at once, which takes a hundredth of the time of multiplying tables along the tree;
/// what that adds to a difference is taken off with the noise.
fn answers(
    field: &MarkovField,
    questions: &[Question],
    open: &[usize],
    sigma: f64,
    round: u64,
) -> Result<(Estimates, Vec<f64>), FitError> {
    let rows = field.total();
    let size = (2.0 * rows).clamp(20_000.0, 200_000.0) as usize;
    let far: Vec<AttrSet> = open
        .iter()
        .map(|&at| questions[at].attrs.clone())
        .filter(|attrs| field.tree().cover(attrs).is_none())
        .collect();
    let drawn = if far.is_empty() {
        Vec::new()
    } else {
        let made = field
            .generate(size, &Seed::from_u64(round).stream("mst/aim"))
            .map_err(failed)?;
        made.counts(&far)?
    };
    let scale = rows / size as f64;
    let mut drawn = drawn.iter();
    let (mut estimates, mut noises) = (Vec::with_capacity(open.len()), Vec::new());
    for &at in open {
        let attrs = &questions[at].attrs;
        let mut noise = 0.0;
        let counts: Vec<f64> = if field.tree().cover(attrs).is_some() {
            field.marginal(attrs).map_err(failed)?
        } else {
            let counts = drawn.next().map_or(&[][..], |counts| counts.cells());
            noise = counts
                .iter()
                .map(|&count| (count as f64).sqrt() * scale)
                .sum();
            counts.iter().map(|&count| count as f64 * scale).collect()
        };
        noise += sigma * disturbed_cells(counts.iter().copied(), sigma);
        noises.push(noise);
        let whole = counts.iter().map(|count| count.round() as i64).collect();
        estimates.push((attrs.clone(), whole));
    }
    Ok((estimates, noises))
}

/// Settings of the fits between rounds.
fn quick(config: &MstConfig) -> MstConfig {
    let mut quick = config.clone();
    quick.iterations = ITERATIONS;
    quick
}

/// The sets of two and more columns within the sets of the workload, each weighted by what it
/// shares with them.
fn questions(merged: &Domain, ways: usize, workload: &Workload, max_cells: u64) -> Vec<Question> {
    let several: Vec<u32> = (0..merged.len() as u32)
        .filter(|&attr| merged.attrs()[attr as usize].levels > 1)
        .collect();
    let subsets = |size: usize| -> Vec<AttrSet> {
        let mut sets = vec![Vec::new()];
        for _ in 0..size {
            sets = sets
                .into_iter()
                .flat_map(|set: Vec<u32>| {
                    let last = set.last().copied();
                    several
                        .iter()
                        .filter(move |&&attr| last.is_none_or(|last| attr > last))
                        .map(move |&attr| set.iter().copied().chain([attr]).collect())
                })
                .collect();
        }
        sets.into_iter().map(AttrSet::new).collect()
    };
    let mut asked = subsets(ways);
    asked.extend(
        workload
            .required()
            .iter()
            .filter(|set| set.len() != ways)
            .cloned(),
    );
    let mut found: Vec<(AttrSet, f64)> = (2..=ways)
        .flat_map(&subsets)
        .filter(|set| {
            merged
                .cells(set)
                .is_ok_and(|cells| cells <= u128::from(max_cells))
        })
        .map(|set| (set, 0.0))
        .collect();
    let weights: Vec<f64> = asked.iter().map(|set| workload.weight(set)).collect();
    for (set, weight) in &mut found {
        *weight = asked
            .iter()
            .zip(&weights)
            .map(|(own, weight)| weight * own.intersection(set).len() as f64)
            .sum();
    }
    let most = found.iter().map(|(_, weight)| *weight).fold(0.0, f64::max);
    found
        .into_iter()
        .map(|(attrs, weight)| Question {
            attrs,
            weight: (1_000.0 * weight / most).round().clamp(1.0, 1_000.0) as u32,
            model_cells: 0,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workload_asks_for_what_lies_within_it_by_weight() {
        let domain = Domain::new([("a", 2), ("b", 3), ("c", 1), ("d", 4), ("e", 5)]).unwrap();
        let config = MstConfig::default().with_weight(["a", "b"], 9.0);
        let workload = crate::release::workload(&config, &domain).unwrap();
        let pairs = questions(&domain, 2, &workload, 1_000);
        // Column c has one level: nothing to learn. Of six pairs, a-b counts 9 times itself (two
        // columns shared) and once for each of four neighbours.
        assert_eq!(pairs.len(), 6);
        let weight = |attrs: &[u32]| {
            let set = AttrSet::new(attrs.iter().copied());
            pairs.iter().find(|q| q.attrs == set).unwrap().weight
        };
        assert_eq!(weight(&[0, 1]), 1_000);
        // d-e: itself 2, its four neighbours 1 each: 6. a-b: 18 + 4 = 22.
        assert_eq!(weight(&[3, 4]), 273);
        let triples = questions(&domain, 3, &workload, 59);
        assert_eq!(triples.iter().filter(|q| q.attrs.len() == 3).count(), 3);
        assert_eq!(triples.iter().filter(|q| q.attrs.len() == 2).count(), 6);
    }
}
