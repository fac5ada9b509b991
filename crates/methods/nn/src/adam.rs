//! Adam, and Adam for gradients that carry privacy noise.

use std::fmt;

use burn::optim::{Adam, AdamConfig, AdamState, AdaptiveMomentumState, SimpleOptimizer};
use burn::tensor::Tensor;
use burn::tensor::backend::Backend;

/// Added to the root of the second moment.
const EPSILON: f32 = 1e-8;
/// The corrected second moment is not let below this share of the noise variance, so that no step
/// explodes.
const NOISE_FLOOR: f64 = 0.05;

/// Adam (Kingma & Ba 2015), with a correction of its second moment for privacy noise.
///
/// The variance of the noise in each number of a gradient is subtracted from the second moment, as
/// DP-AdamBC does (Tang, Shpilevskiy & Lécuyer 2024), down to a floor. Without noise it is Burn's
/// [`Adam`].
#[derive(Clone)]
pub struct DpAdam {
    adam: Adam,
    beta_1: f64,
    beta_2: f64,
    noise_variance: f64,
}

impl DpAdam {
    /// Sets the decay rates of the first and the second moment.
    #[must_use]
    pub fn new(beta_1: f64, beta_2: f64) -> Self {
        let config = AdamConfig::new()
            .with_beta_1(beta_1 as f32)
            .with_beta_2(beta_2 as f32)
            .with_epsilon(EPSILON);
        Self {
            adam: config.build(),
            beta_1,
            beta_2,
            noise_variance: 0.0,
        }
    }

    /// Sets the variance of the noise in each number of a gradient (default 0).
    #[must_use]
    pub fn with_noise_variance(mut self, variance: f64) -> Self {
        self.noise_variance = variance;
        self
    }
}

impl fmt::Debug for DpAdam {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DpAdam")
            .field("beta_1", &self.beta_1)
            .field("beta_2", &self.beta_2)
            .field("noise_variance", &self.noise_variance)
            .finish_non_exhaustive()
    }
}

impl<B: Backend> SimpleOptimizer<B> for DpAdam {
    type State<const D: usize> = AdamState<B, D>;

    fn step<const D: usize>(
        &self,
        rate: f64,
        parameter: Tensor<B, D>,
        gradient: Tensor<B, D>,
        state: Option<AdamState<B, D>>,
    ) -> (Tensor<B, D>, Option<AdamState<B, D>>) {
        if self.noise_variance <= 0.0 {
            return self.adam.step(rate, parameter, gradient, state);
        }
        let (time, first, second) = match state.map(|state| state.momentum) {
            Some(moments) => (moments.time + 1, moments.moment_1, moments.moment_2),
            None => (1, gradient.zeros_like(), gradient.zeros_like()),
        };
        let first = first
            .mul_scalar(self.beta_1)
            .add(gradient.clone().mul_scalar(1.0 - self.beta_1));
        let second = second
            .mul_scalar(self.beta_2)
            .add(gradient.square().mul_scalar(1.0 - self.beta_2));
        let unbiased = |beta: f64| 1.0 / (1.0 - beta.powi(time as i32));
        let cleared = second
            .clone()
            .mul_scalar(unbiased(self.beta_2))
            .sub_scalar(self.noise_variance)
            .clamp_min(NOISE_FLOOR * self.noise_variance);
        let step = first
            .clone()
            .mul_scalar(rate * unbiased(self.beta_1))
            .div(cleared.sqrt().add_scalar(EPSILON));
        let moments = AdaptiveMomentumState::new(time, first, second);
        (parameter.sub(step), Some(AdamState::new(moments)))
    }

    fn to_device<const D: usize>(state: AdamState<B, D>, device: &B::Device) -> AdamState<B, D> {
        Adam::to_device(state, device)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::{Cpu, download, upload};

    /// Ten steps of Adam in plain numbers.
    fn by_hand(gradient: impl Fn(f64) -> f64, noise: f64) -> f64 {
        let (mut x, mut m, mut v) = (1.0f64, 0.0f64, 0.0f64);
        for step in 1..=10 {
            let g = gradient(x);
            m = 0.5 * m + 0.5 * g;
            v = 0.9 * v + 0.1 * g * g;
            let (mh, vh) = (m / (1.0 - 0.5f64.powi(step)), v / (1.0 - 0.9f64.powi(step)));
            let vh = if noise > 0.0 {
                (vh - noise).max(NOISE_FLOOR * noise)
            } else {
                vh
            };
            x -= 0.1 * mh / (vh.sqrt() + f64::from(EPSILON));
        }
        x
    }

    #[test]
    fn steps_are_those_of_the_paper() {
        for noise in [0.0, 0.4] {
            let expected = by_hand(|x| 2.0 * x - 0.5, noise);
            let adam = DpAdam::new(0.5, 0.9).with_noise_variance(noise);
            let mut x = upload::<Cpu>(vec![1.0], 1, 1, &Default::default());
            let mut state = None;
            for _ in 0..10 {
                let gradient = x.clone().mul_scalar(2.0).sub_scalar(0.5);
                (x, state) = adam.step(0.1, x, gradient, state);
            }
            let got = f64::from(download(&x)[0]);
            assert!((got - expected).abs() < 1e-5, "{got} against {expected}");
        }
    }
}
