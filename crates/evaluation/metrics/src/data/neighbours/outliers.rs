//! Local outlier factors.

use super::index::Neighbours;

/// The local outlier factor of each row from its nearest other rows (Breunig, Kriegel, Ng and
/// Sander 2000), distances being `distance(sum)`.
///
/// With reach-distance `max(distance to the k-th neighbour of o, d(p, o))`: density is one over the
/// mean reach, the factor is the mean density of the neighbours over the own. Differs from the
/// paper: exactly k neighbours, ties by row; 1e-10 is added to the mean reach as scikit-learn does,
/// so that densities among exact duplicates stay finite, and a row with k or more duplicates has
/// factor 1. `None` for rows with fewer than k neighbours.
pub(crate) fn local_outlier_factors(
    neighbours: &Neighbours,
    distance: impl Fn(f64) -> f64,
) -> Option<Vec<f64>> {
    let k = neighbours.k;
    let n = neighbours.rows.len() / k.max(1);
    if k == 0 || n == 0 || neighbours.rows.contains(&u32::MAX) {
        return None;
    }
    let reach_of = |row: usize| distance(neighbours.sums[row * k + k - 1]);
    let own = |row: usize| row * k..(row + 1) * k;
    let density: Vec<f64> = (0..n)
        .map(|row| {
            let total: f64 = own(row)
                .map(|at| distance(neighbours.sums[at]).max(reach_of(neighbours.rows[at] as usize)))
                .sum();
            1.0 / (total / k as f64 + 1e-10)
        })
        .collect();
    let factor = |row: usize| {
        if reach_of(row) == 0.0 {
            return 1.0;
        }
        let around = own(row).map(|at| density[neighbours.rows[at] as usize]);
        around.sum::<f64>() / k as f64 / density[row]
    };
    Some((0..n).map(factor).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::neighbours::{Absolute, Index, Points};

    #[test]
    fn a_row_apart_has_a_high_factor_and_duplicates_have_one() {
        let mut coordinates: Vec<f64> = (0..20).map(f64::from).collect();
        coordinates.push(200.0);
        coordinates.extend([-50.0; 8]);
        let points = Points {
            axes: 1,
            coordinates,
        };
        let found = Index::<Absolute>::new(&points).nearest(&points, 5, true);
        let factors = local_outlier_factors(&found, |sum| sum).unwrap();
        assert!(factors[20] > 20.0, "{}", factors[20]);
        assert!(factors[21..].iter().all(|&factor| factor == 1.0));
        assert!((factors[10] - 1.0).abs() < 0.2, "{}", factors[10]);
    }

    #[test]
    fn too_few_rows_have_no_factor() {
        let points = Points {
            axes: 1,
            coordinates: vec![1.0, 2.0, 3.0],
        };
        let found = Index::<Absolute>::new(&points).nearest(&points, 5, true);
        assert_eq!(local_outlier_factors(&found, |sum| sum), None);
    }
}
