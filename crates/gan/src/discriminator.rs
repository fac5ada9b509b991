//! The discriminator: a network that tells real rows from made ones.
//!
//! No normalisation: it would mix the examples of a batch, and the gradient of a row must be its own. For a layer `z = a W + b` and one example, the
//! gradient of the weights is the outer product of `a` and of the gradient of `z`, so that its norm is the product of two norms: norms of all
//! examples cost no second pass (Goodfellow 2015; ghost clipping: Bu, Wang, Zha & Karypis 2022). Clipping scales the gradient of `z`
//! of each example, and one product sums what is left.

use burn_tensor::backend::Backend;
use parable_seed::Seed;

use crate::device::Matrix;
use crate::network::weights;

/// Slope of the leaky rectifier below 0.
const LEAK: f64 = 0.2;
/// Added to a squared norm before its root is taken.
const LEAST_NORM_SQUARED: f64 = 1e-24;

#[derive(Clone)]
pub(crate) struct Discriminator<B: Backend> {
    /// Weights and bias of each layer in turn; the last has one unit.
    pub(crate) parameters: Vec<Matrix<B>>,
}

/// One pass, with what the way back needs.
pub(crate) struct Scored<B: Backend> {
    /// Inputs of each layer.
    inputs: Vec<Matrix<B>>,
    /// Score of each example, `[examples, 1]`: above 0 for rows taken for real.
    pub(crate) scores: Matrix<B>,
}

impl<B: Backend> Discriminator<B> {
    pub(crate) fn new(width: usize, hidden: &[usize], seed: &Seed, device: &B::Device) -> Self {
        let seed = seed.stream("gan/discriminator");
        let mut parameters = Vec::new();
        let mut input = width;
        for (layer, &units) in hidden.iter().chain([&1]).enumerate() {
            let deviation = (2.0 / (input as f64 * (1.0 + LEAK * LEAK))).sqrt();
            let seed = seed.index(layer as u64);
            parameters.push(weights(input, units, deviation, &seed, device));
            parameters.push(Matrix::zeros([1, units], device));
            input = units;
        }
        Self { parameters }
    }

    fn layers(&self) -> usize {
        self.parameters.len() / 2
    }

    pub(crate) fn forward(&self, rows: Matrix<B>) -> Scored<B> {
        let mut inputs = vec![rows];
        for layer in 0..self.layers() {
            let sums = inputs[layer]
                .clone()
                .matmul(self.parameters[2 * layer].clone())
                .add(self.parameters[2 * layer + 1].clone());
            if layer + 1 == self.layers() {
                return Scored {
                    inputs,
                    scores: sums,
                };
            }
            // max(x, LEAK x)
            let leaked = sums
                .clone()
                .clamp_max(0.0)
                .mul_scalar(LEAK)
                .add(sums.clamp_min(0.0));
            inputs.push(leaked);
        }
        unreachable!("the last layer returns")
    }

    /// Gradients of the sums of every layer, from those of the scores.
    fn deltas(&self, scored: &Scored<B>, scores: Matrix<B>) -> Vec<Matrix<B>> {
        let mut deltas = vec![scores];
        for layer in (1..self.layers()).rev() {
            let above = deltas.last().expect("begins with one").clone();
            let outputs = above.matmul(self.parameters[2 * layer].clone().transpose());
            deltas.push(outputs.mul(slopes(&scored.inputs[layer])));
        }
        deltas.reverse();
        deltas
    }

    /// Sums over examples of gradients that are cut to this norm (`None`: left as they are). `scores` holds the gradient of the loss of each example for
    /// its own score; 0 leaves an example out.
    pub(crate) fn clipped_sum(
        &self,
        scored: &Scored<B>,
        scores: Matrix<B>,
        clip: Option<f64>,
    ) -> Vec<Matrix<B>> {
        let deltas = self.deltas(scored, scores);
        let factors = clip.map(|clip| {
            let mut squares: Option<Matrix<B>> = None;
            for (input, delta) in scored.inputs.iter().zip(&deltas) {
                let own = square_norms(delta).mul(square_norms(input).add_scalar(1.0));
                squares = Some(match squares {
                    Some(sum) => sum.add(own),
                    None => own,
                });
            }
            let norms = squares.expect("a network has a layer");
            let norms = norms.add_scalar(LEAST_NORM_SQUARED).sqrt();
            norms.recip().mul_scalar(clip).clamp_max(1.0)
        });
        let mut gradients = Vec::with_capacity(self.parameters.len());
        for (input, delta) in scored.inputs.iter().zip(deltas) {
            let delta = match &factors {
                Some(factors) => delta.mul(factors.clone()),
                None => delta,
            };
            gradients.push(input.clone().transpose().matmul(delta.clone()));
            gradients.push(delta.sum_dim(0));
        }
        gradients
    }

    /// The gradient for the rows themselves.
    pub(crate) fn input_gradient(&self, scored: &Scored<B>, scores: Matrix<B>) -> Matrix<B> {
        let deltas = self.deltas(scored, scores);
        deltas[0]
            .clone()
            .matmul(self.parameters[0].clone().transpose())
    }
}

/// 1 for outputs above 0, the leak for the others.
fn slopes<B: Backend>(outputs: &Matrix<B>) -> Matrix<B> {
    // The sign is -1, 0 or 1; an output of exactly 0 gets the middle of both slopes.
    outputs
        .clone()
        .sign()
        .mul_scalar(0.5 * (1.0 - LEAK))
        .add_scalar(0.5 * (1.0 + LEAK))
}

fn square_norms<B: Backend>(rows: &Matrix<B>) -> Matrix<B> {
    rows.clone().mul(rows.clone()).sum_dim(1)
}

/// `1 / (1 + e^-score)`.
pub(crate) fn probability<B: Backend>(scores: Matrix<B>) -> Matrix<B> {
    scores
        .clamp(-40.0, 40.0)
        .neg()
        .exp()
        .add_scalar(1.0)
        .recip()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::{Task, download, run_on_cpu, upload};
    use crate::network::tests::check_gradient;

    fn softplus_sum<B: Backend>(scores: &Matrix<B>) -> f64 {
        download(scores)
            .iter()
            .map(|&s| (1.0 + f64::from(s).exp()).ln())
            .sum()
    }

    struct Gradients;

    impl Task for Gradients {
        type Output = ();

        fn run<B: Backend>(self, device: &B::Device) {
            let seed = Seed::from_u64(3);
            let network = Discriminator::<B>::new(11, &[9, 8], &seed, device);
            let rows = weights::<B>(25, 11, 1.0, &seed.stream("x"), device);
            // Loss: the sum of ln(1 + e^score), whose slope is the probability.
            let scored = network.forward(rows.clone());
            let slopes = probability(scored.scores.clone());
            let sums = network.clipped_sum(&scored, slopes.clone(), None);
            for (index, gradient) in sums.iter().enumerate() {
                check_gradient(&network.parameters[index], gradient, 5, |moved| {
                    let mut other = network.clone();
                    other.parameters[index] = moved;
                    softplus_sum(&other.forward(rows.clone()).scores)
                });
            }
            let back = network.input_gradient(&scored, slopes);
            check_gradient(&rows, &back, 6, |x| {
                softplus_sum(&network.forward(x).scores)
            });
        }
    }

    #[test]
    fn gradients_are_those_of_differences() {
        run_on_cpu(Gradients);
    }

    struct Naive(f64);

    impl Task for Naive {
        type Output = (Vec<Vec<f32>>, Vec<Vec<f32>>, usize);

        /// The clipped sum at once, and example by example; how many were clipped.
        fn run<B: Backend>(self, device: &B::Device) -> Self::Output {
            let seed = Seed::from_u64(8);
            let network = Discriminator::<B>::new(30, &[20, 16], &seed, device);
            let rows = weights::<B>(64, 30, 1.0, &seed.stream("x"), device);
            let scored = network.forward(rows.clone());
            let slopes = probability(scored.scores.clone());
            let at_once = network.clipped_sum(&scored, slopes, Some(self.0));
            let mut sums: Option<Vec<Vec<f32>>> = None;
            let mut clipped = 0;
            for example in 0..64 {
                let row = rows.clone().slice([example..example + 1, 0..30]);
                let scored = network.forward(row);
                let slope = probability(scored.scores.clone());
                let own = network.clipped_sum(&scored, slope, None);
                let own: Vec<Vec<f32>> = own.iter().map(download).collect();
                let norm = own.iter().flatten().map(|&x| f64::from(x).powi(2));
                let norm = norm.sum::<f64>().sqrt();
                clipped += usize::from(norm > self.0);
                let factor = (self.0 / norm).min(1.0) as f32;
                let sums =
                    sums.get_or_insert_with(|| own.iter().map(|g| vec![0.0; g.len()]).collect());
                for (sum, gradient) in sums.iter_mut().flatten().zip(own.iter().flatten()) {
                    *sum += factor * gradient;
                }
            }
            let at_once = at_once.iter().map(download).collect();
            (at_once, sums.expect("examples"), clipped)
        }
    }

    #[test]
    fn clipped_sums_are_those_of_the_loop_over_examples() {
        for (clip, all) in [(0.05, true), (1.5, false), (100.0, false)] {
            let (at_once, looped, clipped) = run_on_cpu(Naive(clip));
            assert!(!all || clipped == 64, "{clipped}");
            let (mut difference, mut size) = (0.0f64, 0.0f64);
            for (a, b) in at_once.iter().flatten().zip(looped.iter().flatten()) {
                difference += f64::from(a - b).powi(2);
                size += f64::from(*b).powi(2);
            }
            let relative = (difference / size).sqrt();
            assert!(relative < 1e-5, "clip {clip}: {relative}");
        }
    }

    struct OneRow(f64, f32);

    impl Task for OneRow {
        type Output = f64;

        /// How far the clipped sum moves when one row of any size is added.
        fn run<B: Backend>(self, device: &B::Device) -> f64 {
            let seed = Seed::from_u64(9);
            let network = Discriminator::<B>::new(12, &[10], &seed, device);
            let mut numbers = vec![0.1f32; 12 * 7];
            numbers[72..].fill(self.1);
            let rows = upload::<B>(numbers, 7, 12, device);
            let scored = network.forward(rows);
            let sum = |keep: f32| {
                let mut slopes = vec![-0.5f32; 7];
                slopes[6] *= keep;
                let slopes = upload::<B>(slopes, 7, 1, device);
                let sums = network.clipped_sum(&scored, slopes, Some(self.0));
                sums.iter().flat_map(download).collect::<Vec<f32>>()
            };
            let (with, without) = (sum(1.0), sum(0.0));
            let moved = with.iter().zip(&without);
            moved
                .map(|(a, b)| f64::from(a - b).powi(2))
                .sum::<f64>()
                .sqrt()
        }
    }

    #[test]
    fn one_row_moves_the_sum_by_no_more_than_the_clip() {
        for clip in [0.3, 1.0] {
            for size in [0.0, 1.0, 1e3, 1e6] {
                let moved = run_on_cpu(OneRow(clip, size));
                assert!(moved <= clip * (1.0 + 1e-4), "{moved} above {clip}");
            }
            // Without the cut, the check above would fail.
            assert!(run_on_cpu(OneRow(1e12, 1e3)) > 10.0 * clip);
        }
    }
}
