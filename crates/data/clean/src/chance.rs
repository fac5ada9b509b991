//! Probabilities that a dependence between columns is a coincidence.

use std::collections::BTreeMap;

/// Logarithm of the probability that groups of these sizes all come out pure when cells are drawn
/// independently.
pub(super) fn chance_of_purity(sizes: &[usize], shares: &[f64]) -> f64 {
    let mut by_size: BTreeMap<usize, usize> = BTreeMap::new();
    for &size in sizes {
        *by_size.entry(size).or_default() += 1;
    }
    by_size
        .into_iter()
        .map(|(size, groups)| groups as f64 * log_purity(size, shares))
        .sum()
}

/// Logarithm of `sum p^size`, stable for large sizes.
fn log_purity(size: usize, shares: &[f64]) -> f64 {
    let largest = shares.iter().copied().fold(0.0, f64::max);
    let ratio: f64 = shares
        .iter()
        .map(|share| (share / largest).powf(size as f64))
        .sum();
    size as f64 * largest.ln() + ratio.ln()
}

/// Logarithm of the probability that the distinct values of x fall into one interval per cell when
/// cells are dealt at random.
pub(super) fn chance_of_intervals(bands: &[u32], used: usize) -> f64 {
    let log_factorial = |n: usize| (2..=n).map(|i| (i as f64).ln()).sum::<f64>();
    let within: f64 = bands
        .chunk_by(|a, b| a == b)
        .map(|run| log_factorial(run.len()))
        .sum();
    log_factorial(used) + within - log_factorial(bands.len())
}
