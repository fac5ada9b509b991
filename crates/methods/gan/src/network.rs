//! Softmax over the units of each column.

use burn::module::Module;
use burn::tensor::backend::Backend;
use parable_nn::device::{Matrix, upload};

/// Logits beyond this are as good as certain; exponentials stay in range.
pub(crate) const LARGEST_LOGIT: f64 = 30.0;

/// Shares of the levels of each column from logits: one softmax per group of units.
///
/// Two products with matrices of zeros and ones replace slices of every column, each of which would
/// cost the backward pass a matrix of all columns.
#[derive(Module, Debug)]
pub(crate) struct ColumnSoftmax<B: Backend> {
    /// `[units, columns]`: 1 where the unit belongs to the column.
    gather: Matrix<B>,
    /// Its transpose.
    spread: Matrix<B>,
}

impl<B: Backend> ColumnSoftmax<B> {
    /// Creates the softmax of columns with these numbers of levels.
    pub(crate) fn new(levels: &[usize], device: &B::Device) -> Self {
        let (units, columns): (usize, usize) = (levels.iter().sum(), levels.len());
        let mut gather = vec![0.0f32; units * columns];
        let mut spread = vec![0.0f32; units * columns];
        let owners = levels.iter().enumerate();
        let owners = owners.flat_map(|(column, &count)| std::iter::repeat_n(column, count));
        for (unit, column) in owners.enumerate() {
            gather[unit * columns + column] = 1.0;
            spread[column * units + unit] = 1.0;
        }
        Self {
            gather: upload(gather, units, columns, device),
            spread: upload(spread, columns, units, device),
        }
    }

    pub(crate) fn forward(&self, logits: Matrix<B>) -> Matrix<B> {
        let raised = logits.clamp(-LARGEST_LOGIT, LARGEST_LOGIT).exp();
        let sums = raised.clone().matmul(self.gather.clone());
        raised.mul(sums.recip().matmul(self.spread.clone()))
    }

    /// Returns 1 at every unit of a column that has a 1 at some unit, 0 elsewhere.
    pub(crate) fn columns_of(&self, units: Matrix<B>) -> Matrix<B> {
        units
            .matmul(self.gather.clone())
            .matmul(self.spread.clone())
    }
}

#[cfg(test)]
mod tests {
    use parable_nn::check::check_gradient;
    use parable_nn::device::{Train, download};
    use parable_nn::init::weights;
    use parable_seed::Seed;

    use super::*;

    #[test]
    fn shares_sum_to_one_and_gradients_are_those_of_differences() {
        let (seed, device) = (Seed::from_u64, Default::default());
        let x = weights::<Train>(40, 9, 1.5, &seed(1), &device).require_grad();
        let towards = weights::<Train>(40, 9, 1.0, &seed(2), &device);
        let softmax = ColumnSoftmax::<Train>::new(&[4, 2, 3], &device);
        let shares = softmax.forward(x.clone());
        for row in download(&shares).chunks(9) {
            for (from, to) in [(0, 4), (4, 6), (6, 9)] {
                let sum: f32 = row[from..to].iter().sum();
                assert!((sum - 1.0).abs() < 1e-5);
            }
        }
        let gradients = shares.mul(towards.clone()).sum().backward();
        let gradient = x.grad(&gradients).expect("a gradient");
        check_gradient(&x.inner(), &gradient, 4, |x| {
            let shares = softmax.forward(Matrix::from_inner(x));
            let products = download(&shares.mul(towards.clone()));
            products.iter().map(|&x| f64::from(x)).sum()
        });
    }
}
