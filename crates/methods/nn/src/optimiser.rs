//! Steps down a gradient.

use burn_tensor::backend::Backend;

use crate::checkpoint::{Lacking, Snapshot};
use crate::device::Matrix;

/// Adam (Kingma & Ba 2015), for a list of matrices.
#[derive(Clone, Debug)]
pub struct Adam<B: Backend> {
    first: Vec<Matrix<B>>,
    second: Vec<Matrix<B>>,
    steps: i32,
    beta1: f64,
    beta2: f64,
    /// Variance of the privacy noise in each number of a gradient: taken off the second moment, as DP-AdamBC does (Tang, Shpilevskiy & Lécuyer
    /// 2024), down to a floor. 0 without noise.
    noise_variance: f64,
}

/// Added to the root of the second moment.
const EPSILON: f64 = 1e-8;
/// The corrected second moment is not let below this share of the noise variance, so that no step explodes.
const NOISE_FLOOR: f64 = 0.05;

impl<B: Backend> Adam<B> {
    /// Moments of 0 for these parameters.
    pub fn new(parameters: &[Matrix<B>], beta1: f64, beta2: f64) -> Self {
        let zeros: Vec<Matrix<B>> = parameters.iter().map(Matrix::zeros_like).collect();
        Self {
            first: zeros.clone(),
            second: zeros,
            steps: 0,
            beta1,
            beta2,
            noise_variance: 0.0,
        }
    }

    /// The same for gradients that carry noise of this variance.
    pub fn with_noise_variance(mut self, variance: f64) -> Self {
        self.noise_variance = variance;
        self
    }

    /// Writes its moments down under a name.
    pub fn save<P>(&self, name: &str, snapshot: &mut Snapshot<P>) {
        snapshot.put(&format!("{name}.first"), &self.first);
        snapshot.put(&format!("{name}.second"), &self.second);
        let steps = self.steps.unsigned_abs().into();
        snapshot.facts.count(&format!("{name}.steps"), steps);
    }

    /// Goes on with the moments of this name.
    pub fn load<P>(&mut self, name: &str, snapshot: &Snapshot<P>) -> Result<(), Lacking> {
        snapshot.get(&format!("{name}.first"), &mut self.first)?;
        snapshot.get(&format!("{name}.second"), &mut self.second)?;
        self.steps = steps(snapshot, name)?;
        Ok(())
    }

    /// One step down the gradients, which stand in the order of the parameters.
    pub fn step(&mut self, rate: f64, parameters: &mut [Matrix<B>], gradients: Vec<Matrix<B>>) {
        self.steps += 1;
        let (one, two) = (
            1.0 - self.beta1.powi(self.steps),
            1.0 - self.beta2.powi(self.steps),
        );
        for (index, (parameter, gradient)) in parameters.iter_mut().zip(gradients).enumerate() {
            let first = take(&mut self.first[index])
                .mul_scalar(self.beta1)
                .add(gradient.clone().mul_scalar(1.0 - self.beta1));
            let second = take(&mut self.second[index])
                .mul_scalar(self.beta2)
                .add(gradient.clone().mul(gradient).mul_scalar(1.0 - self.beta2));
            let moment = second.clone().mul_scalar(1.0 / two);
            let moment = if self.noise_variance > 0.0 {
                moment
                    .sub_scalar(self.noise_variance)
                    .clamp_min(NOISE_FLOOR * self.noise_variance)
            } else {
                moment
            };
            let step = first
                .clone()
                .mul_scalar(rate / one)
                .div(moment.sqrt().add_scalar(EPSILON));
            *parameter = take(parameter).sub(step);
            self.first[index] = first;
            self.second[index] = second;
        }
    }
}

fn steps<P>(snapshot: &Snapshot<P>, name: &str) -> Result<i32, Lacking> {
    let steps = snapshot.facts.counter(&format!("{name}.steps"))?;
    i32::try_from(steps).map_err(|_| "a counter is too large")
}

/// Takes a matrix out of its place, so that nothing else holds its memory and operations can write into it.
pub fn take<B: Backend>(place: &mut Matrix<B>) -> Matrix<B> {
    let empty = Matrix::empty([0, 0], &place.device());
    std::mem::replace(place, empty)
}

/// A running mean of parameters, which swings less than the parameters themselves.
#[derive(Clone, Debug)]
pub struct Average<B: Backend> {
    values: Vec<Matrix<B>>,
    keep: f64,
    steps: i32,
}

impl<B: Backend> Average<B> {
    /// A mean that keeps this share of itself at each step.
    pub fn new(parameters: &[Matrix<B>], keep: f64) -> Self {
        Self {
            values: parameters.iter().map(Matrix::zeros_like).collect(),
            keep,
            steps: 0,
        }
    }

    /// Writes itself down under a name.
    pub fn save<P>(&self, name: &str, snapshot: &mut Snapshot<P>) {
        snapshot.put(name, &self.values);
        let steps = self.steps.unsigned_abs().into();
        snapshot.facts.count(&format!("{name}.steps"), steps);
    }

    /// Goes on with the mean of this name; a mean that was not begun stays so.
    pub fn load<P>(&mut self, name: &str, snapshot: &Snapshot<P>) -> Result<(), Lacking> {
        self.steps = steps(snapshot, name)?;
        snapshot.get(name, &mut self.values)
    }

    /// Adds the parameters of one more step.
    pub fn add(&mut self, parameters: &[Matrix<B>]) {
        self.steps += 1;
        for (value, parameter) in self.values.iter_mut().zip(parameters) {
            *value = take(value)
                .mul_scalar(self.keep)
                .add(parameter.clone().mul_scalar(1.0 - self.keep));
        }
    }

    /// The mean, corrected for its start at zero; nothing before the first step.
    pub fn values(&self) -> Option<Vec<Matrix<B>>> {
        if self.steps == 0 {
            return None;
        }
        let weight = 1.0 - self.keep.powi(self.steps);
        let scaled = self.values.iter();
        Some(
            scaled
                .map(|value| value.clone().mul_scalar(1.0 / weight))
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::{Task, download, run_on_cpu, upload};

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
            x -= 0.1 * mh / (vh.sqrt() + EPSILON);
        }
        x
    }

    struct Steps(f64);

    impl Task for Steps {
        type Output = f32;

        fn run<B: Backend>(self, device: &B::Device) -> f32 {
            let mut x = vec![upload::<B>(vec![1.0], 1, 1, device)];
            let mut adam = Adam::new(&x, 0.5, 0.9).with_noise_variance(self.0);
            for _ in 0..10 {
                let gradient = x[0].clone().mul_scalar(2.0).sub_scalar(0.5);
                adam.step(0.1, &mut x, vec![gradient]);
            }
            download(&x[0])[0]
        }
    }

    #[test]
    fn steps_are_those_of_the_paper() {
        for noise in [0.0, 0.4] {
            let expected = by_hand(|x| 2.0 * x - 0.5, noise);
            let got = f64::from(run_on_cpu(Steps(noise)));
            assert!((got - expected).abs() < 1e-5, "{got} against {expected}");
        }
    }

    struct Mean;

    impl Task for Mean {
        type Output = f32;

        fn run<B: Backend>(self, device: &B::Device) -> f32 {
            let at = |x: f32| vec![upload::<B>(vec![x], 1, 1, device)];
            let mut mean = Average::new(&at(0.0), 0.9);
            assert!(mean.values().is_none());
            mean.add(&at(3.0));
            mean.add(&at(5.0));
            download(&mean.values().expect("two steps")[0])[0]
        }
    }

    #[test]
    fn means_do_not_lean_towards_their_start() {
        // (0.9 * 3 + 5) / 1.9
        assert!((run_on_cpu(Mean) - 7.7 / 1.9).abs() < 1e-5);
    }
}
