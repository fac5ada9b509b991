//! Distances to nearest real rows, and to real outliers (specification 5.2, 5.3).

mod score;

pub use self::score::{NearestScore, NearestStatistic};
use crate::data::frame::Frame;
use crate::data::neighbours::{
    Absolute, Capped, Index, Neighbours, Points, Space, Squared, Term, local_outlier_factors,
};
use crate::{
    Analysis, Cache, Distance, DistanceCurve, DistanceSummary, EvaluationOptions,
    EvaluationProgress, HoldoutShare, MetricError, NearestSection, OutlierSection, Undefined,
};
use parable_linalg::quantile;

/// What a [`NearestSection`] is computed with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct NearestOptions {
    pub(crate) distance: Distance,
    pub(crate) outlier_neighbours: usize,
    pub(crate) outlier_threshold: f64,
}

impl NearestOptions {
    /// This distance, with the neighbours and threshold for outliers of the options.
    pub(crate) fn of(distance: Distance, options: &EvaluationOptions) -> Self {
        Self {
            distance,
            outlier_neighbours: options.outlier_neighbours,
            outlier_threshold: options.outlier_threshold,
        }
    }
}

/// The key of all compared columns as points of Gower's space in a cache.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct GowerSpace;

impl Analysis for GowerSpace {
    type Output = Space;

    fn compute(&self, cache: &Cache<'_>, _: EvaluationProgress<'_>) -> Result<Space, MetricError> {
        Ok(Space::of(&cache.frame(), Distance::Gower))
    }
}

/// The key of nearest real rows by Gower's distance in a cache.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct NearestRows {
    /// Neighbours of the local outlier factor.
    pub(crate) outlier_neighbours: usize,
}

impl Analysis for NearestRows {
    type Output = Found;

    fn compute(&self, cache: &Cache<'_>, _: EvaluationProgress<'_>) -> Result<Found, MetricError> {
        let space = cache.get(&GowerSpace)?;
        Ok(Found::of::<Capped>(&space, self.outlier_neighbours, None))
    }
}

/// The key of nearest synthetic rows by Gower's distance in a cache.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct NearestSynthetic;

impl Analysis for NearestSynthetic {
    type Output = Gaps;

    fn compute(&self, cache: &Cache<'_>, _: EvaluationProgress<'_>) -> Result<Gaps, MetricError> {
        Ok(Gaps::of::<Capped>(&*cache.get(&GowerSpace)?, true))
    }
}

impl Analysis for NearestOptions {
    type Output = NearestSection;

    fn compute(
        &self,
        cache: &Cache<'_>,
        _: EvaluationProgress<'_>,
    ) -> Result<NearestSection, MetricError> {
        if self.distance != Distance::Gower {
            return Ok(nearest(&cache.frame(), *self));
        }
        let rows = NearestRows {
            outlier_neighbours: self.outlier_neighbours,
        };
        Ok(section::<Capped>(
            &*cache.get(&GowerSpace)?,
            &*cache.get(&rows)?,
            &*cache.get(&NearestSynthetic)?,
            *self,
        ))
    }
}

/// Searches that several numbers about one distance need.
pub(crate) struct Found {
    /// The two real rows nearest to each synthetic row.
    pub(crate) synthetic: Neighbours,
    /// The two real rows nearest to each holdout row.
    pub(crate) holdout: Option<Neighbours>,
    /// The other real rows nearest to each real row: two, or as many as outliers are judged by.
    pub(crate) within: Neighbours,
    /// How far each real row stands apart; `None` with too few rows.
    pub(crate) factors: Option<Vec<f64>>,
}

/// The synthetic row nearest to each real and to each holdout row.
pub(crate) struct Gaps {
    pub(crate) real: Neighbours,
    pub(crate) holdout: Option<Neighbours>,
}

impl Found {
    /// With this many neighbours for outliers; `factors` if they were found by another distance.
    pub(crate) fn of<T: Term>(
        space: &Space,
        outlier_neighbours: usize,
        factors: Option<Option<Vec<f64>>>,
    ) -> Self {
        let real = &space.points.real;
        let index = Index::<T>::new(real);
        let to_real = |points: &Points| index.nearest(points, 2, false);
        let within = index.nearest(real, outlier_neighbours.max(2), true);
        let scale = |sum: f64| T::distance(sum) / space.divisor;
        let factors = factors.unwrap_or_else(|| match within.k == outlier_neighbours {
            true => local_outlier_factors(&within, scale),
            false => local_outlier_factors(&within.first(outlier_neighbours), scale),
        });
        Self {
            synthetic: to_real(&space.points.synthetic),
            holdout: space.points.holdout.as_ref().map(to_real),
            within,
            factors,
        }
    }
}

impl Gaps {
    pub(crate) fn of<T: Term>(space: &Space, with_holdout: bool) -> Self {
        let index = Index::<T>::new(&space.points.synthetic);
        let holdout = space.points.holdout.as_ref().filter(|_| with_holdout);
        Self {
            real: index.nearest(&space.points.real, 1, false),
            holdout: holdout.map(|points| index.nearest(points, 1, false)),
        }
    }
}

/// The section of a distance that nothing else needs.
fn nearest(frame: &Frame, options: NearestOptions) -> NearestSection {
    fn on<T: Term>(
        space: &Space,
        options: NearestOptions,
        factors: Option<Option<Vec<f64>>>,
    ) -> NearestSection {
        let found = Found::of::<T>(space, options.outlier_neighbours, factors);
        section::<T>(space, &found, &Gaps::of::<T>(space, false), options)
    }
    let space = Space::of(frame, options.distance);
    match options.distance {
        Distance::Gower => on::<Capped>(&space, options, None),
        Distance::NumericEuclidean => on::<Squared>(&space, options, None),
        Distance::RawManhattan => {
            // The package this distance is compared with finds outliers by Euclidean distance on
            // the same numbers.
            let real = &space.points.real;
            let neighbours =
                Index::<Squared>::new(real).nearest(real, options.outlier_neighbours, true);
            let factors = local_outlier_factors(&neighbours, f64::sqrt);
            on::<Absolute>(&space, options, Some(factors))
        }
    }
}

/// The section from searches that are done.
fn section<T: Term>(
    space: &Space,
    found: &Found,
    gaps: &Gaps,
    options: NearestOptions,
) -> NearestSection {
    let Found {
        synthetic,
        holdout,
        within,
        factors,
    } = found;
    let first = |found: &Neighbours| sorted_distances::<T>(found, space.divisor);
    let (from_synthetic, from_real) = (first(synthetic), first(within));
    let from_holdout = holdout.as_ref().map(first);
    let real_to_real = summary(&from_real);
    let synthetic_to_real = summary(&from_synthetic);
    let below_real_p01 = |from: &[f64]| {
        let real = real_to_real.filter(|_| !from.is_empty())?;
        let below = from.partition_point(|&distance| distance < real.p01);
        Some(below as f64 / from.len() as f64)
    };
    NearestSection {
        distance: options.distance,
        columns: space.columns.clone(),
        synthetic_to_real,
        real_to_real,
        holdout_to_real: from_holdout.as_deref().and_then(summary),
        synthetic_ratio: summary(&sorted_ratios::<T>(synthetic)),
        real_ratio: summary(&sorted_ratios::<T>(within)),
        holdout_ratio: holdout
            .as_ref()
            .and_then(|found| summary(&sorted_ratios::<T>(found))),
        curve: curve(&from_synthetic, &from_real, from_holdout.as_deref()),
        outliers: outliers::<T>(space, options, factors.as_deref(), gaps),
        share_below_real_p01: below_real_p01(&from_synthetic),
        holdout_below_real_p01: from_holdout.as_deref().and_then(below_real_p01),
        authenticity: authenticity(synthetic, within),
        holdout_authenticity: holdout
            .as_ref()
            .and_then(|found| authenticity(found, within)),
        identifiability: identifiability(space, within, gaps),
        holdout_share: holdout_share::<T>(space),
        rows_left_out: space.left_out as u64,
    }
}

/// Share of rows whose nearest real row has another real row nearer than the row itself. The radius
/// is that of the real neighbour.
fn authenticity(to_real: &Neighbours, within: &Neighbours) -> Option<f64> {
    let pairs = to_real
        .sums
        .chunks_exact(to_real.k)
        .zip(to_real.rows.chunks_exact(to_real.k));
    let (mut all, mut authentic) = (0u64, 0u64);
    for (sums, rows) in pairs {
        if rows[0] != u32::MAX {
            all += 1;
            authentic += u64::from(sums[0] > within.sums[rows[0] as usize * within.k]);
        }
    }
    // With a single real row there is no radius.
    let radius = within.sums.first().is_some_and(|sum| sum.is_finite());
    (all > 0 && radius).then(|| authentic as f64 / all as f64)
}

fn identifiability(space: &Space, within: &Neighbours, gaps: &Gaps) -> Option<f64> {
    let rows = space.points.real.len();
    if rows < 2 || space.points.synthetic.len() == 0 {
        return None;
    }
    let closer = (0..rows).filter(|&row| gaps.real.sums[row] < within.sums[row * within.k]);
    Some(closer.count() as f64 / rows as f64)
}

fn holdout_share<T: Term>(space: &Space) -> Option<HoldoutShare> {
    let holdout = space.points.holdout.as_ref()?;
    let synthetic = &space.points.synthetic;
    let rows = space.points.real.len().min(holdout.len());
    if rows == 0 || synthetic.len() == 0 {
        return None;
    }
    let first: Vec<usize> = (0..rows).collect();
    let to = |points: &Points| {
        let points = points.take(&first);
        Index::<T>::new(&points).nearest(synthetic, 1, false).sums
    };
    let (to_real, to_holdout) = (to(&space.points.real), to(holdout));
    let pairs = || to_real.iter().zip(&to_holdout);
    let n = synthetic.len() as f64;
    let ties = pairs().filter(|(a, b)| a == b).count() as f64 / n;
    let share = pairs().filter(|(a, b)| a < b).count() as f64 / n + 0.5 * ties;
    let se = (0.25 / n).sqrt();
    Some(HoldoutShare {
        rows_each: rows as u64,
        share,
        ties,
        se,
        z: (share - 0.5) / se,
    })
}

/// Finite distances to the nearest neighbour, ascending.
fn sorted_distances<T: Term>(found: &Neighbours, divisor: f64) -> Vec<f64> {
    let mut distances: Vec<f64> = found
        .sums
        .iter()
        .step_by(found.k)
        .filter(|sum| sum.is_finite())
        .map(|&sum| T::distance(sum) / divisor)
        .collect();
    distances.sort_unstable_by(f64::total_cmp);
    distances
}

/// Nearest over second-nearest distance, 0/0 being 0, ascending; none where there is no second
/// neighbour.
fn sorted_ratios<T: Term>(found: &Neighbours) -> Vec<f64> {
    let mut ratios: Vec<f64> = found
        .sums
        .chunks_exact(found.k)
        .filter(|sums| sums[1].is_finite())
        .map(|sums| {
            if sums[0] == 0.0 {
                0.0
            } else {
                T::distance(sums[0]) / T::distance(sums[1])
            }
        })
        .collect();
    ratios.sort_unstable_by(f64::total_cmp);
    ratios
}

fn summary(sorted: &[f64]) -> Option<DistanceSummary> {
    let (&min, &max) = (sorted.first()?, sorted.last()?);
    let n = sorted.len() as f64;
    Some(DistanceSummary {
        rows: sorted.len() as u64,
        min,
        p01: quantile(sorted, 0.01),
        p05: quantile(sorted, 0.05),
        median: quantile(sorted, 0.5),
        mean: sorted.iter().sum::<f64>() / n,
        max,
        share_zero: sorted.partition_point(|&distance| distance <= 0.0) as f64 / n,
    })
}

/// 61 points from 0 to the largest 99 % quantile of the curves.
fn curve(synthetic: &[f64], real: &[f64], holdout: Option<&[f64]>) -> DistanceCurve {
    const STEPS: usize = 60;
    let lists = [Some(synthetic), Some(real), holdout];
    let far = lists
        .iter()
        .flatten()
        .filter(|list| !list.is_empty())
        .map(|list| quantile(list, 0.99))
        .fold(0.0, f64::max);
    let at: Vec<f64> = (0..=STEPS)
        .map(|step| far * step as f64 / STEPS as f64)
        .collect();
    let shares = |list: &[f64]| -> Vec<f64> {
        if list.is_empty() {
            return Vec::new();
        }
        at.iter()
            .map(|&x| list.partition_point(|&d| d <= x) as f64 / list.len() as f64)
            .collect()
    };
    DistanceCurve {
        synthetic: shares(synthetic),
        real: shares(real),
        holdout: holdout.map(shares).unwrap_or_default(),
        at,
    }
}

fn outliers<T: Term>(
    space: &Space,
    options: NearestOptions,
    factors: Option<&[f64]>,
    gaps: &Gaps,
) -> OutlierSection {
    let mut section = OutlierSection {
        neighbours: options.outlier_neighbours as u64,
        threshold: options.outlier_threshold,
        outliers: 0,
        mean_factor: None,
        max_factor: None,
        outlier_to_synthetic: None,
        reason: Some(Undefined::NoRows),
    };
    let Some(factors) = factors else {
        return section;
    };
    let apart: Vec<usize> = (0..factors.len())
        .filter(|&row| factors[row] >= options.outlier_threshold)
        .collect();
    section.outliers = apart.len() as u64;
    section.mean_factor = Some(factors.iter().sum::<f64>() / factors.len() as f64);
    section.max_factor = factors.iter().copied().reduce(f64::max);
    let gaps = Neighbours {
        k: 1,
        sums: apart.iter().map(|&row| gaps.real.sums[row]).collect(),
        rows: apart.iter().map(|&row| gaps.real.rows[row]).collect(),
    };
    section.outlier_to_synthetic = summary(&sorted_distances::<T>(&gaps, space.divisor));
    if section.outlier_to_synthetic.is_some() {
        section.reason = None;
    }
    section
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{number, numbers, table, text, texts};

    fn section(
        real: &parable_table::Table,
        synthetic: &parable_table::Table,
        distance: Distance,
    ) -> NearestSection {
        let options = NearestOptions {
            distance,
            outlier_neighbours: 5,
            outlier_threshold: 2.0,
        };
        nearest(&Frame::new(real, synthetic, None), options)
    }

    #[test]
    fn gower_follows_the_rules_for_missing_and_far_values() {
        let real = table(vec![
            number("a", &[Some(0.0), Some(10.0), None]),
            texts("b", &["p", "q", "p"]),
        ]);
        let synthetic = table(vec![
            number("a", &[Some(5.0), None, Some(30.0)]),
            texts("b", &["p", "p", "r"]),
        ]);
        let space = Space::of(&Frame::new(&real, &synthetic, None), Distance::Gower);
        let found =
            Index::<Capped>::new(&space.points.real).nearest(&space.points.synthetic, 3, false);
        let expected = [[0.25, 0.75, 0.5], [0.5, 1.0, 0.0], [1.0, 1.0, 1.0]];
        for (query, distances) in expected.iter().enumerate() {
            for at in query * 3..query * 3 + 3 {
                let row = found.rows[at] as usize;
                assert_eq!(found.sums[at] / space.divisor, distances[row]);
            }
        }
    }

    #[test]
    fn a_perfect_copy_is_at_distance_zero() {
        let real = table(vec![
            numbers("a", &[1.0, 2.0, 3.0, 4.0]),
            text("b", &[Some("x"), None, Some("y"), None]),
        ]);
        for distance in [Distance::Gower, Distance::RawManhattan] {
            let found = section(&real, &real, distance);
            assert_eq!(found.synthetic_to_real.unwrap().max, 0.0);
            assert_eq!(found.synthetic_to_real.unwrap().share_zero, 1.0);
            assert!(found.real_to_real.unwrap().min > 0.0);
        }
    }

    #[test]
    fn outliers_are_the_rows_apart_and_not_the_others() {
        let mut values: Vec<f64> = (0..30).map(f64::from).collect();
        values.push(500.0);
        let real = table(vec![numbers("a", &values)]);
        let synthetic = table(vec![numbers("a", &[3.0, 490.0])]);
        let found = section(&real, &synthetic, Distance::RawManhattan);
        assert_eq!(found.outliers.outliers, 1);
        assert_eq!(found.outliers.outlier_to_synthetic.unwrap().min, 10.0);
        assert_eq!(found.synthetic_to_real.unwrap().min, 0.0);
        let few = section(&synthetic, &real, Distance::RawManhattan);
        assert_eq!(few.outliers.reason, Some(Undefined::NoRows));
    }

    #[test]
    fn rows_with_a_missing_number_have_no_raw_distance() {
        let real = table(vec![number("a", &[Some(1.0), None, Some(2.0)])]);
        let found = section(&real, &real, Distance::RawManhattan);
        assert_eq!(found.rows_left_out, 2);
        assert_eq!(found.synthetic_to_real.unwrap().rows, 2);
    }

    #[test]
    fn a_constant_column_separates_only_other_values() {
        let real = table(vec![numbers("a", &[7.0, 7.0]), numbers("b", &[0.0, 4.0])]);
        let synthetic = table(vec![numbers("a", &[7.0, 8.0]), numbers("b", &[0.0, 4.0])]);
        let found = section(&real, &synthetic, Distance::Gower);
        assert_eq!(found.synthetic_to_real.unwrap().min, 0.0);
        assert_eq!(found.synthetic_to_real.unwrap().max, 0.5);
    }

    #[test]
    fn empty_tables_give_no_summary() {
        let real = table(vec![numbers("a", &[1.0])]);
        let none = table(vec![numbers("a", &[])]);
        let found = section(&real, &none, Distance::Gower);
        assert_eq!((found.synthetic_to_real, found.real_to_real), (None, None));
        let found = section(&none, &real, Distance::Gower);
        assert_eq!(found.synthetic_to_real, None);
    }
}
