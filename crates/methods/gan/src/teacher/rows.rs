//! Confidential rows, and the two ways to read them.

use burn_tensor::backend::Backend;
use parable_core::FitError;
use parable_seed::Seed;

use crate::device::{Matrix, upload};
use crate::dp_sgd::{Charged, StepNoise};
use crate::layout::Layout;
use crate::mlp::Clip;

/// Standard deviations of the size of a batch that a part has room for.
const ROOM: f64 = 3.0;

/// The confidential rows: levels of each column, and how they may be read.
pub(crate) struct Rows<'r> {
    /// One column of merged levels per attribute.
    pub(crate) columns: &'r [Vec<u32>],
    /// Of each column with modes, in order, where its numbers lie within them.
    pub(crate) positions: &'r [Vec<f32>],
    pub(crate) rows: usize,
    pub(crate) access: Access,
}

/// How rows may be read.
pub(crate) enum Access {
    /// Clipped, with noise, as paid for.
    Private(Charged, Box<StepNoise>),
    /// As they are.
    Plain,
}

impl Rows<'_> {
    /// Whether rows are read under a guarantee.
    pub(crate) fn is_private(&self) -> bool {
        matches!(self.access, Access::Private(..))
    }

    /// What gradients of rows are to be cut to.
    pub(crate) fn clip(&self) -> Option<Clip> {
        match &self.access {
            Access::Private(charged, _) => Some(charged.clip()),
            Access::Plain => None,
        }
    }

    /// Variance of the noise in each number of a mean over a batch of this expected size.
    pub(crate) fn noise_variance(&self, batch: usize) -> f64 {
        match &self.access {
            Access::Private(charged, _) => charged.variance() / (batch as f64).powi(2),
            Access::Plain => 0.0,
        }
    }

    /// Rows that are computed at once, at most `most` of them: room for nearly every batch of this expected size.
    pub(crate) fn part(&self, batch: usize, most: usize) -> usize {
        let room = match &self.access {
            Access::Private(..) => (batch as f64 + ROOM * (batch as f64).sqrt()).ceil() as usize,
            Access::Plain => batch,
        };
        room.min(most).next_multiple_of(32)
    }

    /// The rows of a step, which it begins. Under a guarantee each row is in it by a coin of its own; else as many as expected are drawn with the seed.
    pub(crate) fn draw(&mut self, batch: usize, step: u64, seed: &Seed) -> Vec<u32> {
        match &mut self.access {
            Access::Private(charged, noise) => {
                noise.begin(step);
                charged.draw_rows(self.rows, noise.source())
            }
            Access::Plain => {
                let mut rng = seed.stream("rows").index(step).rng();
                let rows = self.rows as u64;
                (0..batch).map(|_| rng.below(rows) as u32).collect()
            }
        }
    }

    /// A seed for random numbers that go with the rows of the step that was begun. Under a guarantee nobody knows it, so that it does not matter that
    /// the place of a row in its batch, and with it its numbers, depends on other rows.
    pub(crate) fn seed_of_step(&mut self, step: u64, seed: &Seed) -> Seed {
        match &mut self.access {
            Access::Private(_, noise) => Seed::from_u64(noise.source().next_u64()),
            Access::Plain => seed.stream("codes").index(step),
        }
    }

    /// Adds the noise of a step to sums of clipped gradients, where it is due.
    pub(crate) fn disturb<B: Backend>(&mut self, sums: &mut [Matrix<B>]) -> Result<(), FitError> {
        let Access::Private(charged, source) = &mut self.access else {
            return Ok(());
        };
        let count = |sum: &Matrix<B>| sum.dims().iter().product::<usize>();
        let total = sums.iter().map(count).sum();
        let mut noise = charged.step_noise(total, source.source())?;
        for sum in sums {
            let rest = noise.split_off(count(sum));
            let [rows, columns] = sum.dims();
            *sum = sum.clone().add(upload(noise, rows, columns, &sum.device()));
            noise = rest;
        }
        Ok(())
    }

    /// These rows with a 1 at the level of each column, and their positions behind the units.
    pub(crate) fn one_hot(&self, layout: &Layout, rows: &[u32]) -> Vec<f32> {
        let width = layout.row();
        let mut numbers = vec![0.0f32; rows.len() * width];
        for (column, levels) in self.columns.iter().enumerate() {
            let start = layout.column(column).start;
            for (at, &row) in rows.iter().enumerate() {
                numbers[at * width + start + levels[row as usize] as usize] = 1.0;
            }
        }
        for (own, place) in self.positions.iter().zip(layout.width()..) {
            for (at, &row) in rows.iter().enumerate() {
                numbers[at * width + place] = own[row as usize];
            }
        }
        layout.write_numbers(&mut numbers);
        numbers
    }
}

/// Part `at` of rows of this width: so many of them, rows of zeros where there is none, and a column that says which there are (1).
pub(crate) fn part<B: Backend>(
    rows: &[f32],
    width: usize,
    at: usize,
    size: usize,
    device: &B::Device,
) -> (Matrix<B>, Matrix<B>) {
    let start = (at * size * width).min(rows.len());
    let own = &rows[start..rows.len().min(start + size * width)];
    let mut padded = own.to_vec();
    padded.resize(size * width, 0.0);
    let mut present = vec![0.0f32; size];
    present[..own.len() / width].fill(1.0);
    (
        upload(padded, size, width, device),
        upload(present, size, 1, device),
    )
}

/// Sums over all parts of rows of this width; there is a part even if there is no row.
pub(crate) fn add_parts<B: Backend>(
    rows: &[f32],
    width: usize,
    size: usize,
    device: &B::Device,
    sums: impl Fn(usize, Matrix<B>, Matrix<B>) -> Vec<Matrix<B>>,
) -> Vec<Matrix<B>> {
    let parts = rows.len().div_ceil(size * width).max(1);
    let each = (0..parts).map(|at| {
        let (rows, present) = part(rows, width, at, size, device);
        sums(at, rows, present)
    });
    let add = |a: Vec<Matrix<B>>, b: Vec<Matrix<B>>| {
        let pairs = a.into_iter().zip(b);
        pairs.map(|(a, b)| a.add(b)).collect()
    };
    each.reduce(add).expect("a part")
}
