//! A trained generator whose columns agree with what is known of them.
//!
//! Training ends near the shares of the columns, not at them. They are known (in a private fit:
//! released), so that the rest of the way is free: every level gets a weight, which is added to the
//! bias of its unit, until the mixture has the known shares. Within a component this is iterative
//! proportional fitting of one column; relations between columns change only as far as the
//! components do.

use parable_seed::Seed;

use crate::forward::{Forward, Latent};

/// Turns of weighing.
const TURNS: usize = 20;
/// Added to shares before they are divided.
const LEAST_SHARE: f64 = 1e-7;
/// No weight is further from 1 than this in one turn.
const STEP: f64 = 4.0;

/// Components that are drawn where a model has no fixed ones.
const COMPONENTS: usize = 8_192;

/// The generator with its last biases changed so that each column has its levels in proportion to
/// these known rows of them.
pub(crate) fn calibrated(
    forward: Forward,
    latent: &Latent,
    known: &[Vec<f64>],
    seed: &Seed,
) -> Forward {
    let components = latent.inputs(forward.sizes(), COMPONENTS, seed);
    let outputs = forward.outputs(&components);
    let sizes = forward.sizes();
    let mut weights = vec![1.0f64; sizes.width()];
    let mut start = 0;
    for known in known {
        let levels = known.len();
        let own = start..start + levels;
        let column: Vec<f64> = outputs
            .chunks(sizes.outputs())
            .flat_map(|row| row[own.clone()].iter().map(|&share| f64::from(share)))
            .collect();
        let total = known.iter().sum::<f64>().max(f64::MIN_POSITIVE);
        let wanted: Vec<f64> = known.iter().map(|rows| rows / total).collect();
        weigh(&column, &wanted, &mut weights[own]);
        start += levels;
    }
    forward.with_bias_added(weights.iter().map(|weight| weight.ln() as f32))
}

/// Weights of the levels of a column, whose shares are given component by component.
fn weigh(column: &[f64], wanted: &[f64], weights: &mut [f64]) {
    let levels = weights.len();
    for _ in 0..TURNS {
        let mut sums = vec![0.0; levels];
        for row in column.chunks(levels) {
            let pairs = row.iter().zip(&*weights);
            let total: f64 = pairs.clone().map(|(share, weight)| share * weight).sum();
            for (sum, (share, weight)) in sums.iter_mut().zip(pairs) {
                *sum += share * weight / total;
            }
        }
        let components = (column.len() / levels) as f64;
        for ((weight, sum), wanted) in weights.iter_mut().zip(sums).zip(wanted) {
            let ratio = (wanted + LEAST_SHARE) / (sum / components + LEAST_SHARE);
            *weight *= ratio.clamp(1.0 / STEP, STEP);
        }
    }
}

#[cfg(test)]
mod tests {
    use parable_nn::init::normals;

    use super::*;
    use crate::forward::{Layer, Sizes};

    #[test]
    fn columns_get_the_shares_that_are_known_and_components_keep_apart() {
        let sizes = Sizes {
            latent: 2,
            hidden: vec![],
            levels: vec![2, 3],
            conditional: false,
            modes: 0,
        };
        let layer = Layer {
            weights: normals(10, 1.0, &Seed::from_u64(1)),
            bias: vec![0.0; 5],
        };
        let forward = Forward::new(sizes, vec![layer]).expect("one layer");
        let components = normals(2 * 400, 1.0, &Seed::from_u64(2));
        let known = [vec![90.0, 10.0], vec![5.0, 95.0, 0.0]];
        let latent = Latent::Fixed(components.clone());
        let after = calibrated(forward.clone(), &latent, &known, &Seed::from_u64(3));
        let shares = after.outputs(&components);
        for (level, known) in known.iter().flatten().enumerate() {
            let wanted = known / 100.0;
            let own = shares.chunks(5).map(|row| f64::from(row[level]));
            let share = own.sum::<f64>() / 400.0;
            assert!((share - wanted).abs() < 1e-3, "{level}: {share}");
        }
        // Odds between two components are what they were: one weight for all.
        let odds = |shares: &[f32], row: usize| (shares[row * 5] / shares[row * 5 + 1]).ln();
        let before = forward.outputs(&components);
        let moved = |shares: &[f32]| odds(shares, 0) - odds(shares, 1);
        assert!((moved(&before) - moved(&shares)).abs() < 1e-3);
    }
}
