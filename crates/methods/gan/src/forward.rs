//! A trained generator as plain numbers: what a model file holds and what sampling needs.

use std::borrow::Cow;

use parable_seed::Seed;
use rayon::prelude::*;

use crate::condition::Conditions;
use crate::generator::Sizes;
use parable_nn::init::normals;

/// One layer: a matrix of weights for each earlier layer, and a bias.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Layer {
    /// For each input its `[inputs, units]` weights, row by row.
    pub(crate) weights: Vec<Vec<f32>>,
    pub(crate) bias: Vec<f32>,
}

/// A generator without device, normalisation or gradients.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Forward {
    sizes: Sizes,
    layers: Vec<Layer>,
}

/// Examples computed together.
const BLOCK: usize = 16;

impl Forward {
    /// Nothing if the layers do not have these sizes.
    pub(crate) fn new(sizes: Sizes, layers: Vec<Layer>) -> Option<Self> {
        if layers.len() != sizes.hidden.len() + 1 {
            return None;
        }
        let mut inputs = vec![sizes.inputs()];
        for (index, layer) in layers.iter().enumerate() {
            let units = sizes.hidden.get(index).copied();
            let units = units.unwrap_or_else(|| sizes.outputs());
            let fits = layer.bias.len() == units
                && layer.weights.len() == inputs.len()
                && layer
                    .weights
                    .iter()
                    .zip(&inputs)
                    .all(|(w, &input)| w.len() == input * units)
                && layer
                    .weights
                    .iter()
                    .flatten()
                    .chain(&layer.bias)
                    .all(|x| x.is_finite());
            if !fits {
                return None;
            }
            inputs.push(units);
        }
        Some(Self { sizes, layers })
    }

    /// The same with these numbers added to the biases of the levels.
    pub(crate) fn with_bias_added(mut self, added: impl Iterator<Item = f32>) -> Self {
        if let Some(last) = self.layers.last_mut() {
            last.bias
                .iter_mut()
                .zip(added)
                .for_each(|(bias, own)| *bias += own);
        }
        self
    }

    pub(crate) fn sizes(&self) -> &Sizes {
        &self.sizes
    }

    pub(crate) fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// Shares of the levels and what is said of modes, `[examples, outputs]` row by row, for `[examples, inputs]` numbers. Each sum is formed in one fixed order.
    pub(crate) fn outputs(&self, latent: &[f32]) -> Vec<f32> {
        let size = self.sizes.inputs();
        let width = self.sizes.outputs();
        let mut shares = vec![0.0f32; latent.len() / size * width];
        shares
            .par_chunks_mut(BLOCK * width)
            .zip(latent.par_chunks(BLOCK * size))
            .for_each(|(shares, latent)| {
                let mut inputs: Vec<Vec<f32>> = vec![latent.to_vec()];
                let examples = latent.len() / size;
                for (index, layer) in self.layers.iter().enumerate() {
                    let units = layer.bias.len();
                    let mut outputs = layer.bias.repeat(examples);
                    for (input, weights) in inputs.iter().zip(&layer.weights) {
                        add_product(input, weights, units, &mut outputs);
                    }
                    if index + 1 == self.layers.len() {
                        shares.copy_from_slice(&outputs);
                    } else {
                        outputs.iter_mut().for_each(|x| *x = x.max(0.0));
                        inputs.push(outputs);
                    }
                }
                for (row, input) in shares.chunks_mut(width).zip(latent.chunks(size)) {
                    let (mut rest, mut told) = (row, &input[self.sizes.latent..]);
                    for &levels in &self.sizes.levels {
                        let (column, others) = rest.split_at_mut(levels);
                        let (own, next) = told.split_at(levels.min(told.len()));
                        if own.iter().any(|&unit| unit > 0.0) {
                            column.copy_from_slice(own);
                        } else {
                            softmax(column);
                        }
                        (rest, told) = (others, next);
                    }
                }
            });
        shares
    }
}

/// Adds the product of `[examples, inputs]` and `[inputs, units]`.
fn add_product(input: &[f32], weights: &[f32], units: usize, outputs: &mut [f32]) {
    let inputs = weights.len() / units.max(1);
    for (row, outputs) in input.chunks(inputs.max(1)).zip(outputs.chunks_mut(units)) {
        for (&x, weights) in row.iter().zip(weights.chunks(units)) {
            if x != 0.0 {
                for (output, weight) in outputs.iter_mut().zip(weights) {
                    *output += x * weight;
                }
            }
        }
    }
}

fn softmax(column: &mut [f32]) {
    let most = column.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for x in column.iter_mut() {
        *x = (*x - most).exp();
        sum += *x;
    }
    column.iter_mut().for_each(|x| *x /= sum);
}

/// Where the random numbers of a model come from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Latent {
    /// A fixed set, `[components, latent]` row by row: the model is the mixture of these components.
    Fixed(Vec<f32>),
    /// Drawn anew for every sample.
    Drawn,
    /// Drawn anew, and so is what is revealed to each component.
    Conditional(Conditions),
}

impl Latent {
    /// Numbers that the components begin with, `[components, inputs]`: those of the fixed ones, or of so many drawn ones.
    pub(crate) fn inputs(&self, sizes: &Sizes, count: usize, seed: &Seed) -> Cow<'_, [f32]> {
        let seed = seed.stream("gan/latent");
        let drawn = || normals(count * sizes.latent, 1.0, &seed);
        match self {
            Self::Fixed(numbers) => Cow::Borrowed(numbers),
            Self::Drawn => Cow::Owned(drawn()),
            Self::Conditional(conditions) => {
                let told = conditions.units(count, &seed.stream("conditions"));
                let numbers = drawn();
                let each = numbers.chunks(sizes.latent).zip(told.chunks(sizes.width()));
                Cow::Owned(each.flat_map(|(z, told)| [z, told].concat()).collect())
            }
        }
    }
}
