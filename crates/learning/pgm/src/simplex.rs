//! Projection on the simplex: the closed form of independence.

/// The non-negative numbers with this sum that are nearest to `counts`, squared differences
/// weighted by `1 / sigma^2`.
///
/// The solution is `max(0, counts - t sigma^2)` with the one `t` that gives the sum (found by
/// sorting; Held, Wolfe & Crowder 1974 for equal weights). Sums at or below 0 give zeros.
#[must_use]
pub fn project_on_simplex(counts: &[f64], sigmas: &[f64], sum: f64) -> Vec<f64> {
    if sum <= 0.0 || counts.is_empty() {
        return vec![0.0; counts.len()];
    }
    // Cell i leaves 0 where t falls below counts[i] / sigma[i]^2.
    let threshold = |i: usize| counts[i] / (sigmas[i] * sigmas[i]);
    let mut order: Vec<usize> = (0..counts.len()).collect();
    order.sort_by(|&a, &b| threshold(b).total_cmp(&threshold(a)));
    let (mut inside, mut variances, mut t) = (0.0, 0.0, f64::NEG_INFINITY);
    for &i in &order {
        if variances > 0.0 && threshold(i) <= t {
            break;
        }
        inside += counts[i];
        variances += sigmas[i] * sigmas[i];
        t = (inside - sum) / variances;
    }
    counts
        .iter()
        .zip(sigmas)
        .map(|(&count, &sigma)| (count - t * sigma * sigma).max(0.0))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_weights_move_all_cells_alike() {
        assert_eq!(
            project_on_simplex(&[5.0, 3.0, 1.0], &[1.0; 3], 6.0),
            [4.0, 2.0, 0.0]
        );
        assert_eq!(project_on_simplex(&[1.0, 1.0], &[2.0; 2], 4.0), [2.0, 2.0]);
        assert_eq!(project_on_simplex(&[1.0, -1.0], &[2.0; 2], 0.0), [0.0, 0.0]);
    }

    #[test]
    fn the_optimality_conditions_hold_for_unequal_weights() {
        let counts = [10.0, -4.0, 3.0, 0.5, 7.0, -0.1];
        let sigmas = [1.0, 2.0, 0.5, 3.0, 1.5, 0.1];
        let found = project_on_simplex(&counts, &sigmas, 12.0);
        assert!((found.iter().sum::<f64>() - 12.0).abs() < 1e-12);
        // The gradient is one constant where a cell is above 0, and no smaller where it is 0.
        let gradient: Vec<f64> = (0..6)
            .map(|i| (found[i] - counts[i]) / sigmas[i].powi(2))
            .collect();
        let level = gradient[(0..6).find(|&i| found[i] > 0.0).unwrap()];
        for i in 0..6 {
            assert!(
                gradient[i] >= level - 1e-12 && (found[i] == 0.0 || gradient[i] < level + 1e-12)
            );
        }
    }
}
