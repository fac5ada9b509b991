//! The discriminator: a network that classifies rows as real or synthetic.

use burn::tensor::backend::Backend;
use parable_nn::mlp::{Mlp, Shape};
use parable_seed::Seed;

/// Slope of the leaky rectifier below 0.
const LEAK: f64 = 0.2;

/// Returns a network with one output, the score: above 0 for rows classified as real.
pub(crate) fn discriminator<B: Backend>(
    width: usize,
    hidden: &[usize],
    seed: &Seed,
    device: &B::Device,
) -> Mlp<B> {
    let shape = Shape {
        inputs: width,
        hidden: hidden.to_vec(),
        outputs: 1,
        dense: false,
        leak: LEAK,
    };
    Mlp::new(&shape, &seed.stream("gan/discriminator"), device)
}
