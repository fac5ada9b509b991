//! Distances between two lists of numbers, and how much of one the other covers.

/// Largest distance between the empirical distribution functions of two ascending lists.
pub(crate) fn kolmogorov_smirnov(real: &[f64], synthetic: &[f64]) -> Option<f64> {
    if real.is_empty() || synthetic.is_empty() {
        return None;
    }
    let (mut i, mut j, mut largest) = (0, 0, 0f64);
    let (n, m) = (real.len() as f64, synthetic.len() as f64);
    while i < real.len() && j < synthetic.len() {
        let x = real[i].min(synthetic[j]);
        while i < real.len() && real[i] <= x {
            i += 1;
        }
        while j < synthetic.len() && synthetic[j] <= x {
            j += 1;
        }
        largest = largest.max((i as f64 / n - j as f64 / m).abs());
    }
    Some(largest)
}

/// Area between the empirical distribution functions of two ascending lists.
pub(super) fn wasserstein(real: &[f64], synthetic: &[f64]) -> Option<f64> {
    if real.is_empty() || synthetic.is_empty() {
        return None;
    }
    let (mut i, mut j, mut area) = (0, 0, 0.0);
    let (n, m) = (real.len() as f64, synthetic.len() as f64);
    let mut last = real[0].min(synthetic[0]);
    while i < real.len() || j < synthetic.len() {
        let x = match (real.get(i), synthetic.get(j)) {
            (Some(&a), Some(&b)) => a.min(b),
            (Some(&a), None) | (None, Some(&a)) => a,
            (None, None) => break,
        };
        area += (x - last) * (i as f64 / n - j as f64 / m).abs();
        last = x;
        while i < real.len() && real[i] <= x {
            i += 1;
        }
        while j < synthetic.len() && synthetic[j] <= x {
            j += 1;
        }
    }
    Some(area)
}

/// How much of the real range ascending synthetic values reach, and the share of them inside it.
/// The first is undefined for a real column without range.
pub(super) fn range_cover(real: &[f64], synthetic: &[f64]) -> (Option<f64>, Option<f64>) {
    let (Some((&low, &high)), Some((&first, &last))) = (
        real.first().zip(real.last()),
        synthetic.first().zip(synthetic.last()),
    ) else {
        return (None, None);
    };
    let lost = (first - low).max(0.0) + (high - last).max(0.0);
    let cover = (high > low).then(|| (1.0 - lost / (high - low)).max(0.0));
    let inside =
        synthetic.partition_point(|&x| x <= high) - synthetic.partition_point(|&x| x < low);
    (cover, Some(inside as f64 / synthetic.len() as f64))
}

/// The same for levels: the share of real levels that synthetic rows have, and of synthetic values
/// with a real level. Missing is no level here.
pub(super) fn level_cover(
    real: &[u32],
    synthetic: &[u32],
    levels: usize,
) -> (Option<f64>, Option<f64>) {
    let (in_real, in_synthetic) = (
        crate::data::frame::seen(real, levels),
        crate::data::frame::seen(synthetic, levels),
    );
    let known = (1..=levels).filter(|&code| in_real[code]).count();
    let kept = (1..=levels)
        .filter(|&code| in_real[code] && in_synthetic[code])
        .count();
    let values = synthetic.iter().filter(|&&code| code != 0);
    let (all, inside) = values.fold((0u64, 0u64), |(all, inside), &code| {
        (all + 1, inside + u64::from(in_real[code as usize]))
    });
    (
        (known > 0 && all > 0).then(|| kept as f64 / known as f64),
        (known > 0 && all > 0).then(|| inside as f64 / all as f64),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distribution_functions_are_compared_after_ties() {
        assert_eq!(
            kolmogorov_smirnov(&[0.0, 1.0, 2.0, 3.0], &[0.0, 0.0, 0.0, 10.0]),
            Some(0.5)
        );
        assert_eq!(kolmogorov_smirnov(&[1.0], &[2.0]), Some(1.0));
        assert_eq!(kolmogorov_smirnov(&[], &[2.0]), None);
    }
}
