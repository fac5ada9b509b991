//! Training on counts: cross-entropy of measured shares against those of the generator.
//!
//! The shares that the generator gives to every pair of levels of every two columns are one product
//! of a matrix with its own transpose. The loss is that of a network trained on noisy marginals
//! (Liu, Vietri & Wu 2021 fit squared errors of sampled answers; here it is the cross-entropy of
//! all measured cells, on a mixture of fixed components).

use burn::tensor::Tensor;
use burn::tensor::backend::Backend;
use parable_nn::device::{Matrix, download, upload};

use crate::layout::Layout;
use crate::teacher::targets::Targets;

/// Added to a share before anything is divided by it.
const LEAST_SHARE: f64 = 1e-7;

/// Maps from each unit of a product to its unit of the first and of the second column.
type Factors<B> = (Matrix<B>, Matrix<B>);

/// Targets on a device.
pub(crate) struct MarginalTeacher<B: Backend> {
    units: Matrix<B>,
    /// Shares of every two units, columns and products alike; absent where no relation is known.
    pairs: Option<Matrix<B>>,
    products: Option<Factors<B>>,
    device: B::Device,
}

impl<B: Backend> MarginalTeacher<B> {
    pub(crate) fn new(layout: &Layout, targets: &Targets, device: &B::Device) -> Self {
        let (width, size) = (layout.width(), layout.extended());
        let products = (size > width).then(|| {
            let extra = size - width;
            let mut first = vec![0.0f32; width * extra];
            let mut second = vec![0.0f32; width * extra];
            let mut unit = 0;
            for &(a, b) in layout.products() {
                for i in layout.column(a) {
                    for j in layout.column(b) {
                        first[i * extra + unit] = 1.0;
                        second[j * extra + unit] = 1.0;
                        unit += 1;
                    }
                }
            }
            let on = |numbers| upload::<B>(numbers, width, extra, device);
            (on(first), on(second))
        });
        let mut teacher = Self {
            units: Matrix::empty([0, 0], device),
            pairs: None,
            products,
            device: device.clone(),
        };
        teacher.teach(targets);
        teacher
    }

    /// Replaces the targets.
    pub(crate) fn teach(&mut self, targets: &Targets) {
        let (units, pairs) = (targets.units.clone(), &targets.pairs);
        let width = units.len();
        self.units = upload(units, 1, width, &self.device);
        self.pairs = pairs.iter().any(|&share| share > 0.0).then(|| {
            let size = pairs.len().isqrt();
            upload(pairs.clone(), size, size, &self.device)
        });
    }

    /// Returns the shares of every two units, columns and products alike, of the mixture whose
    /// components have these shares.
    pub(crate) fn gram(&self, shares: &Matrix<B>) -> Matrix<B> {
        let extended = self.extended(shares);
        gram(extended.clone(), extended)
    }

    /// Returns the shares of units of columns and of products.
    fn extended(&self, shares: &Matrix<B>) -> Matrix<B> {
        match &self.products {
            None => shares.clone(),
            Some((first, second)) => {
                let a = shares.clone().matmul(first.clone());
                let b = shares.clone().matmul(second.clone());
                Matrix::cat(vec![shares.clone(), a.mul(b)], 1)
            }
        }
    }

    /// Returns the cross-entropy of the targets, to be differentiated. Its value counts pairs
    /// twice.
    pub(crate) fn cross_entropy(&self, shares: &Matrix<B>) -> Tensor<B, 1> {
        let entropy = |targets: &Matrix<B>, model: Matrix<B>| {
            let logs = model.add_scalar(LEAST_SHARE).log();
            targets.clone().mul(logs).sum().neg()
        };
        let columns = entropy(&self.units, shares.clone().mean_dim(0));
        let Some(pairs) = &self.pairs else {
            return columns;
        };
        // The matrix of pairs is symmetric and holds each pair twice. The gradient of one half of
        // it is that of the product with one factor held fixed, which saves a third of the
        // products.
        let extended = self.extended(shares);
        let fixed = extended.clone().detach();
        columns.add(entropy(pairs, gram(extended, fixed)))
    }

    /// Returns the loss: the cross-entropy of the targets less their entropy, so that 0 is the best
    /// there can be; per measured set.
    pub(crate) fn loss(&self, shares: &Matrix<B>, sets: usize) -> f64 {
        let divergence = |targets: &Matrix<B>, model: &Matrix<B>| -> f64 {
            let (targets, model) = (download(targets), download(model));
            targets
                .iter()
                .zip(&model)
                .filter(|(target, _)| **target > 0.0)
                .map(|(&t, &m)| {
                    let (t, m) = (f64::from(t), f64::from(m) + LEAST_SHARE);
                    t * (t / m).ln()
                })
                .sum()
        };
        let units = divergence(&self.units, &shares.clone().mean_dim(0));
        let pairs = self.pairs.as_ref();
        let pairs = pairs.map_or(0.0, |pairs| 0.5 * divergence(pairs, &self.gram(shares)));
        (units + pairs) / sets.max(1) as f64
    }
}

/// Returns the mean over examples of the products of every two units.
fn gram<B: Backend>(first: Matrix<B>, second: Matrix<B>) -> Matrix<B> {
    let [examples, _] = first.dims();
    let sums = first.transpose().matmul(second);
    sums.mul_scalar(1.0 / examples as f64)
}

#[cfg(test)]
mod tests {
    use burn::tensor::backend::AutodiffBackend;
    use parable_domain::AttrSet;
    use parable_nn::check::check_gradient;
    use parable_nn::device::{Task, run_on_cpu};
    use parable_nn::init::weights;
    use parable_seed::Seed;

    use super::*;
    use crate::network::ColumnSoftmax;
    use crate::teacher::targets::{Measured, targets};

    struct Check;

    impl Task for Check {
        type Output = ();

        fn run<B: AutodiffBackend>(self, device: &B::Device) {
            let levels = [3, 2, 4];
            let sets = [AttrSet::new([0, 1, 2]), AttrSet::new([1, 2])];
            let layout = Layout::new(&levels, sets.iter());
            let counts = |n: usize| (0..n).map(|i| 1.0 + (i * 7 % 5) as f64).collect::<Vec<_>>();
            let measured: Vec<Measured> = sets
                .iter()
                .zip([24, 8])
                .map(|(set, cells)| Measured {
                    attrs: set.clone(),
                    cells: counts(cells),
                    sigma: 1.0,
                })
                .collect();
            let columns: Vec<_> = levels.iter().map(|&n| (counts(n), 1.0)).collect();
            let targets = targets(&layout, &columns, &measured, 72.0);
            let teacher = MarginalTeacher::<B>::new(&layout, &targets, device);
            let softmax = ColumnSoftmax::<B>::new(&levels, device);
            let logits = weights::<B>(30, 9, 1.0, &Seed::from_u64(1), device).require_grad();
            let shares = softmax.forward(logits.clone());
            let gradients = teacher.cross_entropy(&shares).backward();
            let gradient = logits.grad(&gradients).expect("a gradient");
            check_gradient(&logits.inner(), &gradient, 2, |x| {
                teacher.loss(&softmax.forward(Matrix::from_inner(x)), 1)
            });
            // The share of a cell of three columns is the mean over components of the product of
            // three shares.
            let gram = download(&teacher.gram(&shares));
            let (first, second) = layout.blocks(&sets[0]).expect("a product");
            let all = download(&shares);
            let expected: f32 = all
                .chunks(9)
                .map(|row| row[2] * row[3] * row[8])
                .sum::<f32>()
                / 30.0;
            let got = gram[(first.start + 4) * layout.extended() + second.start + 3];
            assert!((got - expected).abs() < 1e-6, "{got} against {expected}");
        }
    }

    #[test]
    fn gradients_of_pairs_and_triples_are_those_of_differences() {
        run_on_cpu(Check);
    }
}
