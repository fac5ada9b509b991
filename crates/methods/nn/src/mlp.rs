//! Networks of sums and rectifiers whose gradients are known example by example.
//!
//! No normalisation: it would mix the examples of a batch, and the gradient of a row must be its own. For a layer `z = a W + b` and one example, the
//! gradient of the weights is the outer product of `a` and of the gradient of `z`, so that its norm is the product of two norms: norms of all
//! examples cost no second pass (Goodfellow 2015; ghost clipping: Bu, Wang, Zha & Karypis 2022). Clipping scales the gradient of `z`
//! of each example, and one product sums what is left.

use std::ops::Range;

use burn_tensor::backend::Backend;
use parable_seed::Seed;

use crate::device::Matrix;
use crate::ghost_clipping::{Clip, square_norms};
use crate::init::weights;

/// Units of a network, and what they see.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// Numbers of an example.
    pub inputs: usize,
    /// Units of the hidden layers.
    pub hidden: Vec<usize>,
    /// Units of the last layer.
    pub outputs: usize,
    /// Whether each layer sees all layers before it; else only the last one.
    pub dense: bool,
    /// Slope of the rectifiers below 0.
    pub leak: f64,
}

/// A network with its parameters.
#[derive(Clone, Debug)]
pub struct Mlp<B: Backend> {
    /// Layer by layer: the weights of each input, then the bias.
    pub parameters: Vec<Matrix<B>>,
    layers: usize,
    dense: bool,
    leak: f64,
}

/// One pass, with what the way back needs.
#[derive(Debug)]
pub struct Trace<B: Backend> {
    /// The examples, then the outputs of the hidden layers.
    inputs: Vec<Matrix<B>>,
    /// Sums of the last layer, without a rectifier.
    pub outputs: Matrix<B>,
}

/// Gradients of the sums of every layer, example by example.
pub type Deltas<B> = Vec<Matrix<B>>;

impl<B: Backend> Mlp<B> {
    /// A network with random weights.
    pub fn new(shape: &Shape, seed: &Seed, device: &B::Device) -> Self {
        let mut parameters: Vec<Matrix<B>> = Vec::new();
        let mut inputs = vec![shape.inputs];
        let layers = shape.hidden.len() + 1;
        for (layer, &units) in shape.hidden.iter().chain([&shape.outputs]).enumerate() {
            let seen = &inputs[seen(shape.dense, layer)];
            let total: usize = seen.iter().sum();
            let deviation = (2.0 / (total as f64 * (1.0 + shape.leak * shape.leak))).sqrt();
            let seed = seed.index(layer as u64);
            for (index, &input) in seen.iter().enumerate() {
                // The stream of a layer with one input is that of the layer.
                let seed = if index == 0 {
                    seed
                } else {
                    seed.index(index as u64)
                };
                parameters.push(weights(input, units, deviation, &seed, device));
            }
            parameters.push(Matrix::zeros([1, units], device));
            inputs.push(units);
        }
        Self {
            parameters,
            layers,
            dense: shape.dense,
            leak: shape.leak,
        }
    }

    /// Where the weights of a layer stand; its bias follows them.
    fn weights_of(&self, layer: usize) -> Range<usize> {
        let (start, count) = if self.dense {
            (layer * (layer + 3) / 2, layer + 1)
        } else {
            (2 * layer, 1)
        };
        start..start + count
    }

    /// The inputs of a layer with their weights.
    fn seen(&self, layer: usize) -> impl Iterator<Item = (usize, &Matrix<B>)> {
        let weights = &self.parameters[self.weights_of(layer)];
        seen(self.dense, layer).zip(weights)
    }

    /// One pass over a batch of examples.
    pub fn forward(&self, examples: Matrix<B>) -> Trace<B> {
        let mut inputs = vec![examples];
        for layer in 0..self.layers {
            let parts = self.seen(layer);
            let parts = parts.map(|(input, weights)| inputs[input].clone().matmul(weights.clone()));
            let sums = parts.reduce(Matrix::add).expect("a layer has an input");
            let sums = sums.add(self.parameters[self.weights_of(layer).end].clone());
            if layer + 1 == self.layers {
                return Trace {
                    inputs,
                    outputs: sums,
                };
            }
            let above = sums.clone().clamp_min(0.0);
            inputs.push(if self.leak == 0.0 {
                above
            } else {
                sums.clamp_max(0.0).mul_scalar(self.leak).add(above)
            });
        }
        unreachable!("the last layer returns")
    }

    /// Gradients of the sums of every layer, from those of the outputs.
    pub fn deltas(&self, trace: &Trace<B>, outputs: Matrix<B>) -> Deltas<B> {
        let mut deltas: Vec<Option<Matrix<B>>> = vec![None; self.layers];
        deltas[self.layers - 1] = Some(outputs);
        for layer in (1..self.layers).rev() {
            // The output of the layer below is input number `layer`.
            let back = self.back(&deltas, layer);
            deltas[layer - 1] = Some(back.mul(self.slopes(&trace.inputs[layer])));
        }
        let all = deltas.into_iter();
        all.map(|delta| delta.expect("every layer is reached"))
            .collect()
    }

    /// The gradient of an input, from those of the layers that see it.
    fn back(&self, deltas: &[Option<Matrix<B>>], input: usize) -> Matrix<B> {
        let layers = if self.dense {
            input..self.layers
        } else {
            input..input + 1
        };
        let parts = layers.map(|layer| {
            let mut seen = self.seen(layer);
            let (_, weights) = seen.find(|(at, _)| *at == input).expect("a layer sees it");
            let delta = deltas[layer].clone().expect("layers from the last down");
            delta.matmul(weights.clone().transpose())
        });
        parts.reduce(Matrix::add).expect("a layer sees it")
    }

    /// 1 for outputs above 0, the leak for the others.
    fn slopes(&self, outputs: &Matrix<B>) -> Matrix<B> {
        // The sign is -1, 0 or 1; an output of exactly 0 gets the middle of both slopes, and without a leak the lower one.
        let sign = outputs.clone().sign();
        if self.leak == 0.0 {
            return sign;
        }
        sign.mul_scalar(0.5 * (1.0 - self.leak))
            .add_scalar(0.5 * (1.0 + self.leak))
    }

    /// Squared norms of the gradients of single examples, layer by layer, `[examples, 1]`.
    pub fn square_norms(&self, trace: &Trace<B>, deltas: &Deltas<B>) -> Vec<Matrix<B>> {
        let inputs: Vec<Matrix<B>> = trace.inputs.iter().map(square_norms).collect();
        let each = deltas.iter().enumerate().map(|(layer, delta)| {
            let seen = seen(self.dense, layer).map(|input| inputs[input].clone());
            let seen = seen.reduce(Matrix::add).expect("a layer has an input");
            square_norms(delta).mul(seen.add_scalar(1.0))
        });
        each.collect()
    }

    /// Sums over examples of their gradients, each scaled by the factor of its layer.
    pub fn sums(
        &self,
        trace: &Trace<B>,
        deltas: Deltas<B>,
        factors: Option<&[Matrix<B>]>,
    ) -> Vec<Matrix<B>> {
        let mut sums = Vec::with_capacity(self.parameters.len());
        for (layer, delta) in deltas.into_iter().enumerate() {
            let delta = match factors {
                Some(factors) => delta.mul(factors[layer].clone()),
                None => delta,
            };
            for input in seen(self.dense, layer) {
                let input = trace.inputs[input].clone();
                sums.push(input.transpose().matmul(delta.clone()));
            }
            sums.push(delta.sum_dim(0));
        }
        sums
    }

    /// Sums over examples of gradients that are cut (`None`: left as they are). `outputs` holds the gradient of the loss of each example for its own
    /// outputs; rows of 0 leave an example out.
    pub fn clipped_sum(
        &self,
        trace: &Trace<B>,
        outputs: Matrix<B>,
        clip: Option<Clip>,
    ) -> Vec<Matrix<B>> {
        let deltas = self.deltas(trace, outputs);
        let factors = clip.map(|clip| clip.factors(self.square_norms(trace, &deltas)));
        self.sums(trace, deltas, factors.as_deref())
    }

    /// The gradient of the examples themselves.
    pub fn input_gradient(&self, deltas: Deltas<B>) -> Matrix<B> {
        let deltas: Vec<Option<Matrix<B>>> = deltas.into_iter().map(Some).collect();
        self.back(&deltas, 0)
    }
}

/// Inputs of a layer: of the examples (0) and the hidden layers (from 1).
fn seen(dense: bool, layer: usize) -> Range<usize> {
    let first = if dense { 0 } else { layer };
    first..layer + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::check_gradient;
    use crate::device::{Task, download, run_on_cpu, upload};
    use crate::ghost_clipping::Clipping;

    fn shape(dense: bool, leak: f64) -> Shape {
        Shape {
            inputs: 11,
            hidden: vec![9, 8],
            outputs: 3,
            dense,
            leak,
        }
    }

    /// The loss of a row: the sum of `ln(1 + e^output)` over its outputs.
    fn loss<B: Backend>(outputs: &Matrix<B>) -> f64 {
        let outputs = download(outputs);
        outputs
            .iter()
            .map(|&x| (1.0 + f64::from(x).exp()).ln())
            .sum()
    }

    fn slopes<B: Backend>(outputs: &Matrix<B>) -> Matrix<B> {
        outputs.clone().neg().exp().add_scalar(1.0).recip()
    }

    struct Gradients(Shape);

    impl Task for Gradients {
        type Output = ();

        fn run<B: Backend>(self, device: &B::Device) {
            let seed = Seed::from_u64(3);
            let network = Mlp::<B>::new(&self.0, &seed, device);
            let rows = weights::<B>(25, 11, 1.0, &seed.stream("x"), device);
            let trace = network.forward(rows.clone());
            let slopes = slopes(&trace.outputs);
            let sums = network.clipped_sum(&trace, slopes.clone(), None);
            assert_eq!(sums.len(), network.parameters.len());
            for (index, gradient) in sums.iter().enumerate() {
                check_gradient(&network.parameters[index], gradient, 5, |moved| {
                    let mut other = network.clone();
                    other.parameters[index] = moved;
                    loss(&other.forward(rows.clone()).outputs)
                });
            }
            let back = network.input_gradient(network.deltas(&trace, slopes));
            check_gradient(&rows, &back, 6, |x| loss(&network.forward(x).outputs));
        }
    }

    #[test]
    fn gradients_are_those_of_differences() {
        for (dense, leak) in [(false, 0.2), (true, 0.2), (true, 0.0)] {
            run_on_cpu(Gradients(shape(dense, leak)));
        }
    }

    struct Naive(Shape, Clip);

    impl Task for Naive {
        type Output = (Vec<Vec<f32>>, Vec<Vec<f32>>, usize);

        /// The clipped sum at once, and example by example; how many gradients of examples, or of layers of examples, were cut.
        fn run<B: Backend>(self, device: &B::Device) -> Self::Output {
            let Self(shape, clip) = self;
            let seed = Seed::from_u64(8);
            let network = Mlp::<B>::new(&shape, &seed, device);
            let rows = weights::<B>(64, shape.inputs, 1.0, &seed.stream("x"), device);
            let trace = network.forward(rows.clone());
            let at_once = network.clipped_sum(&trace, slopes(&trace.outputs), Some(clip));
            let layers: Vec<Range<usize>> = (0..network.layers)
                .map(|layer| {
                    let weights = network.weights_of(layer);
                    weights.start..weights.end + 1
                })
                .collect();
            let (groups, norm) = match clip.clipping {
                Clipping::Flat => {
                    let all = std::iter::once(0..network.parameters.len());
                    (all.collect(), clip.norm)
                }
                Clipping::PerLayer => {
                    let norm = clip.norm / (layers.len() as f64).sqrt();
                    (layers, norm)
                }
            };
            let mut sums: Option<Vec<Vec<f32>>> = None;
            let mut cut = 0;
            for example in 0..64 {
                let row = rows.clone().slice([example..example + 1, 0..shape.inputs]);
                let trace = network.forward(row);
                let own = network.clipped_sum(&trace, slopes(&trace.outputs), None);
                let mut own: Vec<Vec<f32>> = own.iter().map(download).collect();
                for group in &groups {
                    let squares = own[group.clone()].iter().flatten();
                    let size = squares.map(|&x| f64::from(x).powi(2)).sum::<f64>().sqrt();
                    cut += usize::from(size > norm);
                    let factor = (norm / size).min(1.0) as f32;
                    own[group.clone()]
                        .iter_mut()
                        .flatten()
                        .for_each(|x| *x *= factor);
                }
                match &mut sums {
                    None => sums = Some(own),
                    Some(sums) => {
                        let pairs = sums.iter_mut().flatten().zip(own.iter().flatten());
                        pairs.for_each(|(sum, own)| *sum += own);
                    }
                }
            }
            let at_once = at_once.iter().map(download).collect();
            (at_once, sums.expect("examples"), cut)
        }
    }

    #[test]
    fn clipped_sums_are_those_of_the_loop_over_examples() {
        for dense in [false, true] {
            for clipping in [Clipping::Flat, Clipping::PerLayer] {
                let mut seen = Vec::new();
                for norm in [0.05, 8.0, 1e3] {
                    let clip = Clip { norm, clipping };
                    let (at_once, looped, cut) = run_on_cpu(Naive(shape(dense, 0.2), clip));
                    let (mut difference, mut size) = (0.0f64, 0.0f64);
                    for (a, b) in at_once.iter().flatten().zip(looped.iter().flatten()) {
                        difference += f64::from(a - b).powi(2);
                        size += f64::from(*b).powi(2);
                    }
                    let relative = (difference / size).sqrt();
                    assert!(relative < 1e-5, "{clip:?}: {relative}");
                    seen.push(cut);
                }
                // All, some and none are cut.
                assert!(seen[0] >= 64 && seen[1] > 0 && seen[1] < seen[0] && seen[2] == 0);
            }
        }
    }

    struct OneRow(Clip, f32);

    impl Task for OneRow {
        type Output = f64;

        /// How far the clipped sum moves when one row of any size is added.
        fn run<B: Backend>(self, device: &B::Device) -> f64 {
            let seed = Seed::from_u64(9);
            let network = Mlp::<B>::new(&shape(false, 0.2), &seed, device);
            let mut numbers = vec![0.1f32; 11 * 7];
            numbers[66..].fill(self.1);
            let rows = upload::<B>(numbers, 7, 11, device);
            let trace = network.forward(rows);
            let sum = |keep: f32| {
                let mut slopes = vec![-0.5f32; 7 * 3];
                slopes[18..].iter_mut().for_each(|slope| *slope *= keep);
                let slopes = upload::<B>(slopes, 7, 3, device);
                let sums = network.clipped_sum(&trace, slopes, Some(self.0));
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
        for clipping in [Clipping::Flat, Clipping::PerLayer] {
            let moved = |norm: f64, size: f32| run_on_cpu(OneRow(Clip { norm, clipping }, size));
            for norm in [0.3, 1.0] {
                for size in [0.0, 1.0, 1e3, 1e6] {
                    let moved = moved(norm, size);
                    assert!(moved <= norm * (1.0 + 1e-4), "{moved} above {norm}");
                }
                // Without the cut, the check above would fail.
                assert!(moved(1e12, 1e3) > 10.0 * norm);
            }
        }
        // So it would if every layer could have the whole norm.
        let whole = Clip {
            norm: 3.0f64.sqrt(),
            clipping: Clipping::PerLayer,
        };
        assert!(run_on_cpu(OneRow(whole, 1e3)) > 1.01);
    }
}
