//! Estimates of single columns: what noise alone would explain is smoothed away.

use crate::project_on_simplex;

/// Estimated rows of each level from noisy counts with one standard deviation: non-negative, with
/// the given sum.
///
/// Levels in an order are split in halves again and again; each difference between the halves is
/// shrunk by the non-negative garrote (Breiman 1995; on such differences, the Haar wavelets: Gao
/// 1998) with a threshold of two standard deviations, so that stretches that noise hides become
/// flat and peaks stay. Rare levels without an order (below three standard deviations) are pulled
/// towards their mean by the positive-part rule of James and Stein, or, if there are no more than
/// three, towards 0 by the garrote: a missing reason that does not occur is not made up. Nothing
/// but released counts enters.
#[must_use]
pub fn smooth(counts: &[f64], sigma: f64, ordered: usize, rows: f64) -> Vec<f64> {
    let mut estimate = counts.to_vec();
    let ordered = ordered.min(counts.len());
    if ordered > 1 {
        halve(
            &counts[..ordered],
            counts[..ordered].iter().sum(),
            sigma,
            &mut estimate[..ordered],
        );
    }
    let rare: Vec<usize> = (ordered..counts.len())
        .filter(|&l| counts[l] < 3.0 * sigma)
        .collect();
    if rare.len() <= 3 {
        // Nothing to pool.
        for &level in &rare {
            let count = counts[level].max(0.0);
            estimate[level] = count * (1.0 - 4.0 * sigma * sigma / (count * count)).max(0.0);
            if count == 0.0 {
                estimate[level] = 0.0;
            }
        }
    } else {
        let mean = rare.iter().map(|&l| counts[l]).sum::<f64>() / rare.len() as f64;
        let spread: f64 = rare.iter().map(|&l| (counts[l] - mean).powi(2)).sum();
        let keep = (1.0 - (rare.len() - 3) as f64 * sigma * sigma / spread).max(0.0);
        for &level in &rare {
            estimate[level] = mean + keep * (counts[level] - mean);
        }
    }
    // Levels left out stay so; the others share what is missing to the sum.
    let kept: Vec<usize> = (0..counts.len())
        .filter(|&l| l < ordered || estimate[l] != 0.0)
        .collect();
    if kept.is_empty() {
        return project_on_simplex(counts, &vec![1.0; counts.len()], rows);
    }
    let values: Vec<f64> = kept.iter().map(|&level| estimate[level]).collect();
    let projected = project_on_simplex(&values, &vec![1.0; kept.len()], rows);
    estimate.fill(0.0);
    for (&level, rows) in kept.iter().zip(projected) {
        estimate[level] = rows;
    }
    estimate
}

fn halve(counts: &[f64], total: f64, sigma: f64, estimate: &mut [f64]) {
    if counts.len() == 1 {
        estimate[0] = total;
        return;
    }
    let middle = counts.len() / 2;
    let share = middle as f64 / counts.len() as f64;
    let left: f64 = counts[..middle].iter().sum();
    let all: f64 = counts.iter().sum();
    let difference = left - share * all;
    let variance = sigma * sigma * middle as f64 * (1.0 - share);
    let keep = (1.0 - 4.0 * variance / (difference * difference)).max(0.0);
    let left = share * total + keep * difference;
    let (low, high) = estimate.split_at_mut(middle);
    halve(&counts[..middle], left, sigma, low);
    halve(&counts[middle..], total - left, sigma, high);
}

#[cfg(test)]
mod tests {
    use super::*;
    use parable_seed::Seed;

    #[test]
    fn flat_stretches_become_flat_and_peaks_stay() {
        let mut rng = Seed::from_u64(5).rng();
        let truth: Vec<f64> = (0..64)
            .map(|l| {
                if l == 40 {
                    3_000.0
                } else {
                    20.0 + f64::from(l / 16) * 10.0
                }
            })
            .collect();
        let noisy: Vec<f64> = truth.iter().map(|t| t + 25.0 * rng.normal()).collect();
        let rows = truth.iter().sum();
        let error = |estimate: &[f64]| -> f64 {
            truth.iter().zip(estimate).map(|(t, e)| (t - e).abs()).sum()
        };
        let smoothed = smooth(&noisy, 25.0, 64, rows);
        let projected = project_on_simplex(&noisy, &[1.0; 64], rows);
        assert!((smoothed[40] - 3_000.0).abs() < 150.0);
        assert!(error(&smoothed) * 2.0 < error(&projected));
    }

    #[test]
    fn rare_levels_without_order_are_pulled_together_and_frequent_ones_are_not() {
        let noisy = [900.0, 35.0, -20.0, 10.0, 4.0, -8.0, 15.0];
        let smoothed = smooth(&noisy, 20.0, 0, 936.0);
        assert!((smoothed[0] - 900.0).abs() < 10.0);
        // Six levels whose spread is what noise makes of six equal ones: less than half of it is
        // left.
        let spread = |rows: &[f64]| rows.iter().map(|r| (r - 6.0).abs()).sum::<f64>();
        assert!(
            2.0 * spread(&smoothed[1..]) < spread(&noisy[1..]),
            "{smoothed:?}"
        );
    }

    #[test]
    fn a_level_that_noise_explains_is_left_out() {
        let smoothed = smooth(&[500.0, 480.0, 31.0], 20.0, 2, 1_000.0);
        assert_eq!(smoothed[2], 0.0);
        let smoothed = smooth(&[500.0, 440.0, 58.0], 20.0, 2, 1_000.0);
        assert!(smoothed[2] > 20.0);
    }

    #[test]
    fn without_noise_nothing_changes() {
        let counts = [5.0, 0.0, 7.0, 1.0, 9.0];
        let smoothed = smooth(&counts, 1e-9, 3, 22.0);
        assert!(
            smoothed
                .iter()
                .zip(counts)
                .all(|(s, c)| (s - c).abs() < 1e-6)
        );
        assert_eq!(smooth(&[4.0], 1.0, 1, 6.0), [6.0]);
    }
}
