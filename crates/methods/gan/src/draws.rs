//! Random numbers and conditions of the components of a training.

use burn::tensor::backend::Backend;
use parable_nn::device::{Matrix, upload};
use parable_nn::init::normals;
use parable_seed::Seed;

use crate::condition::{Condition, Conditions};

/// Source of random numbers and conditions for components.
pub(crate) struct Draws {
    pub(crate) seed: Seed,
    /// Random numbers of a component.
    pub(crate) size: usize,
    /// Components that stay the same, `[components, size]`.
    pub(crate) fixed: Option<Vec<f32>>,
    /// Of components that are drawn.
    pub(crate) conditions: Option<Conditions>,
}

impl Draws {
    /// Numbers of all fixed components; without such, of so many drawn ones.
    pub(crate) fn all<B: Backend>(&self, count: usize, device: &B::Device) -> Matrix<B> {
        match &self.fixed {
            Some(numbers) => self.upload(numbers.clone(), device),
            None => self.drawn(count, u64::MAX, device),
        }
    }

    /// Numbers of a step: of so many of the fixed components, or drawn anew.
    pub(crate) fn batch<B: Backend>(
        &self,
        count: usize,
        step: u64,
        device: &B::Device,
    ) -> Matrix<B> {
        let Some(numbers) = &self.fixed else {
            return self.drawn(count, step, device);
        };
        let mut components: Vec<&[f32]> = numbers.chunks(self.size).collect();
        if count < components.len() {
            self.seed.index(step).rng().shuffle(&mut components);
            components.truncate(count);
        }
        self.upload(components.concat(), device)
    }

    fn drawn<B: Backend>(&self, count: usize, step: u64, device: &B::Device) -> Matrix<B> {
        let numbers = normals(count * self.size, 1.0, &self.seed.index(step));
        self.upload(numbers, device)
    }

    fn upload<B: Backend>(&self, numbers: Vec<f32>, device: &B::Device) -> Matrix<B> {
        let rows = numbers.len() / self.size;
        upload(numbers, rows, self.size, device)
    }

    /// Draws conditions for the components of a step.
    pub(crate) fn condition<B: Backend>(
        &self,
        count: usize,
        step: u64,
        device: &B::Device,
    ) -> Option<Condition<B>> {
        let conditions = self.conditions.as_ref()?;
        let units = conditions.units(count, &self.seed.stream("conditions").index(step));
        let width = units.len() / count;
        Some(Condition::new(units, width, device))
    }
}
