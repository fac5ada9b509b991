//! Intraclass correlations within columns and across columns.

use rayon::prelude::*;

/// A number for each unit of a level, standardised over the units that have one; NaN where a unit
/// has none.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Series {
    pub(crate) level: usize,
    values: Vec<f32>,
}

impl Series {
    /// - `held`: units and their numbers
    pub(crate) fn of(level: usize, units: usize, held: impl Iterator<Item = (u32, f64)>) -> Self {
        let held: Vec<(u32, f64)> = held.collect();
        let count = held.len() as f64;
        let mean = held.iter().map(|(_, x)| x).sum::<f64>() / count;
        let variance = held.iter().map(|(_, x)| (x - mean).powi(2)).sum::<f64>() / count;
        let mut values = vec![f32::NAN; units];
        if variance > 1e-12 * mean * mean {
            for (unit, x) in held {
                values[unit as usize] = ((x - mean) / variance.sqrt()) as f32;
            }
        }
        Self { level, values }
    }

    /// Sums and counts over clusters.
    fn sums(&self, of: &[u32], clusters: usize) -> Vec<(f64, f64)> {
        let mut sums = vec![(0.0, 0.0); clusters];
        for (&cluster, &value) in of.iter().zip(&self.values) {
            if !value.is_nan() {
                let sum = &mut sums[cluster as usize];
                *sum = (sum.0 + f64::from(value), sum.1 + 1.0);
            }
        }
        sums
    }
}

/// The target of calibration of a tree.
#[derive(Clone, Debug, Default)]
pub(crate) struct Goal {
    /// Number that each code counts as: one direction for ordered codes, one for each common code
    /// otherwise; empty if clusters do not matter to the tree.
    pub(crate) code_values: Vec<Vec<f64>>,
    /// Real units, by direction.
    pub(crate) real: Vec<Series>,
}

/// Clusters of the units of all levels.
pub(crate) struct Nesting<'a> {
    /// For each level, rows last, and each coarser level the cluster of each unit.
    pub(crate) above: Vec<Vec<&'a [u32]>>,
    /// Clusters of each level.
    pub(crate) clusters: Vec<usize>,
}

/// Correlation within clusters for pairs of series, at each level of clusters, coarsest first: over
/// pairs of units in one cluster of the level and not in one finer cluster. Where one series
/// belongs to the clusters themselves, a cluster's value is paired with all of its members. `None`
/// where there is no such pair or nothing varies. A series with itself gives the intraclass
/// correlation.
pub(crate) fn icc(
    series: &[Series],
    pairs: &[(usize, usize)],
    nesting: &Nesting<'_>,
) -> Vec<Vec<Option<f64>>> {
    let base = nesting.clusters.len();
    let sums: Vec<Vec<Vec<(f64, f64)>>> = series
        .par_iter()
        .map(|own| {
            (0..base.min(own.level))
                .map(|outer| own.sums(nesting.above[own.level][outer], nesting.clusters[outer]))
                .collect()
        })
        .collect();
    // Products and pairs of one cluster of a level, or of one unit where the level is that of both.
    let within = |a: usize, b: usize, level: usize| -> (f64, f64) {
        let unit = |value: f32| match value.is_nan() {
            true => (0.0, 0.0),
            false => (f64::from(value), 1.0),
        };
        let add = |all: (f64, f64), (x, y): ((f64, f64), (f64, f64))| {
            (all.0 + x.0 * y.0, all.1 + x.1 * y.1)
        };
        let units = |of: usize| series[of].values.iter().map(|&value| unit(value));
        let clusters = |of: usize| sums[of][level].iter().copied();
        match (series[a].level == level, series[b].level == level) {
            (true, true) => units(a).zip(units(b)).fold((0.0, 0.0), add),
            (true, false) => units(a).zip(clusters(b)).fold((0.0, 0.0), add),
            (false, true) => clusters(a).zip(units(b)).fold((0.0, 0.0), add),
            (false, false) => clusters(a).zip(clusters(b)).fold((0.0, 0.0), add),
        }
    };
    pairs
        .par_iter()
        .map(|&(a, b)| {
            let finest = series[a].level.min(series[b].level);
            let products: Vec<(f64, f64)> = (0..=finest).map(|level| within(a, b, level)).collect();
            (0..=finest.min(base.saturating_sub(1)))
                .map(|level| {
                    let finer = products.get(level + 1).copied().unwrap_or_default();
                    let (product, count) =
                        (products[level].0 - finer.0, products[level].1 - finer.1);
                    (count > 0.0).then(|| product / count)
                })
                .collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(level: usize, values: &[f64]) -> Series {
        Series::of(level, values.len(), (0..).zip(values.iter().copied()))
    }

    #[test]
    fn icc_is_one_for_clones_and_splits_by_level() {
        let schools: Vec<u32> = vec![0, 0, 0, 0, 1, 1, 1, 1];
        let classes: Vec<u32> = vec![0, 0, 1, 1, 2, 2, 3, 3];
        let school_of_class: Vec<u32> = vec![0, 0, 1, 1];
        let nesting = Nesting {
            above: vec![vec![], vec![&school_of_class], vec![&schools, &classes]],
            clusters: vec![2, 4],
        };
        let all = [
            series(2, &[1.0, 1.0, 3.0, 3.0, 1.0, 1.0, 3.0, 3.0]),
            series(2, &[1.0, 1.0, 1.0, 1.0, 3.0, 3.0, 3.0, 3.0]),
            series(2, &[2.0; 8]),
            series(0, &[7.0, 5.0]),
            series(1, &[0.0, 1.0, 0.0, 1.0]),
        ];
        let pairs = [(0, 0), (1, 1), (2, 2), (1, 3), (4, 0), (4, 3), (3, 3)];
        let found = icc(&all, &pairs, &nesting);
        let near = |found: &[Option<f64>], wanted: &[f64]| {
            assert_eq!(found.len(), wanted.len());
            for (found, wanted) in found.iter().zip(wanted) {
                assert!((found.expect("pairs") - wanted).abs() < 1e-6, "{found:?}");
            }
        };
        near(&found[0][..2], &[-1.0, 1.0]);
        near(&found[1][..2], &[1.0, 1.0]);
        assert_eq!(found[2], [None, None]);
        near(&found[3], &[-1.0]);
        // A class's own value with its pupils, and with pupils of the other class of its school.
        near(&found[4], &[-1.0, 1.0]);
        near(&found[5], &[0.0]);
        near(&found[6], &[1.0]);
    }

    #[test]
    fn units_without_a_number_do_not_count() {
        let schools: Vec<u32> = vec![0, 0, 0, 1, 1, 1];
        let nesting = Nesting {
            above: vec![vec![], vec![&schools]],
            clusters: vec![2],
        };
        let held = [(0, 1.0), (1, 1.0), (3, 2.0), (4, 2.0)];
        let own = [Series::of(1, 6, held.into_iter())];
        let found = icc(&own, &[(0, 0)], &nesting);
        assert!((found[0][0].expect("pairs") - 1.0).abs() < 1e-6);
    }
}
