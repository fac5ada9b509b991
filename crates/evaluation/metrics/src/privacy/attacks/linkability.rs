//! Linkability: two halves of a person's data that lead to the same synthetic row (specification
//! 5.7).

use super::{Made, Targets};
use crate::BlindGuess;
use crate::data::neighbours::{Capped, Index, Points, Space};

/// The `nearest` synthetic rows to each target by the columns of one half and of the other; the
/// target is linked if some row is among both.
pub(super) fn linkability(
    space: &Space,
    halves: [&[usize]; 2],
    nearest: usize,
    targets: &Targets,
    asked: usize,
) -> Made {
    let synthetic = &space.points.synthetic;
    let k = nearest.clamp(1, synthetic.len());
    let [left, right] = halves.map(|axes| synthetic.select(axes));
    let indexes = [Index::<Capped>::new(&left), Index::<Capped>::new(&right)];
    let linked = |points: &Points, rows: &[usize]| -> Vec<bool> {
        let points = points.take(rows);
        let [by_left, by_right] = [0, 1].map(|half| {
            let queries = points.select(halves[half]);
            indexes[half].nearest(&queries, k, false).rows
        });
        by_left
            .chunks_exact(k)
            .zip(by_right.chunks_exact(k))
            .map(|(left, right)| left.iter().any(|row| right.contains(row)))
            .collect()
    };
    let on_real = linked(&space.points.real, &targets.real);
    let on_holdout = (space.points.holdout.as_ref())
        .filter(|_| !targets.holdout.is_empty())
        .map(|points| linked(points, &targets.holdout));
    Made::of_targets(
        asked,
        &targets.real,
        &on_real,
        on_holdout.as_deref(),
        vec![BlindGuess {
            how: "two random sets of synthetic rows".to_owned(),
            share: meet_by_chance(synthetic.len(), k),
        }],
    )
}

/// The probability that two random sets of `k` of `n` rows have one in common: `1 - C(n - k, k) /
/// C(n, k)`.
fn meet_by_chance(n: usize, k: usize) -> f64 {
    let apart = (0..k).map(|i| (n as f64 - k as f64 - i as f64).max(0.0) / (n - i) as f64);
    1.0 - apart.product::<f64>()
}

#[cfg(test)]
mod tests {
    use super::meet_by_chance;

    #[test]
    fn random_sets_meet_with_their_exact_probability() {
        assert!((meet_by_chance(4, 1) - 0.25).abs() < 1e-15);
        // C(3,2)/C(5,2) = 3/10.
        assert!((meet_by_chance(5, 2) - 0.7).abs() < 1e-15);
        assert_eq!(meet_by_chance(3, 2), 1.0);
        assert_eq!(meet_by_chance(1, 1), 1.0);
    }
}
