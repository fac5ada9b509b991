//! Checks of gradients, for tests.

use burn::module::{AutodiffModule, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;
use burn::tensor::backend::{AutodiffBackend, Backend};
use parable_seed::Seed;

use crate::device::{Matrix, download};
use crate::init::weights;
use crate::module::{as_matrix, parameters, with_parameters};

/// Checks a gradient against central differences along random directions: `loss(x + h d) - loss(x -
/// h d)` over `2 h`.
///
/// The numbers are of single precision, so half a percent is allowed. Where a rectifier has its
/// kink between the two points, the difference is not the gradient: of seven directions, five must
/// agree; a wrong term shows in all.
///
/// # Panics
///
/// When fewer than five directions agree, or the gradient vanishes.
#[track_caller]
pub fn check_gradient<B: Backend>(
    at: &Matrix<B>,
    gradient: &Matrix<B>,
    seed: u64,
    loss: impl Fn(Matrix<B>) -> f64,
) {
    let [rows, columns] = at.dims();
    let step = 5e-4;
    let own = download(gradient);
    let size = own
        .iter()
        .map(|&x| f64::from(x).powi(2))
        .sum::<f64>()
        .sqrt();
    assert!(size > 0.0, "the gradient vanishes");
    let compared: Vec<(f64, f64)> = (0..7)
        .map(|turn| {
            let seed = Seed::from_u64(seed).index(turn);
            let direction = weights::<B>(rows, columns, 1.0, &seed, &at.device());
            let moved = |sign: f64| loss(at.clone().add(direction.clone().mul_scalar(sign * step)));
            let expected = (moved(1.0) - moved(-1.0)) / (2.0 * step);
            let product = download(&direction);
            let pairs = product.iter().zip(&own);
            (
                pairs.map(|(&d, &g)| f64::from(d) * f64::from(g)).sum(),
                expected,
            )
        })
        .collect();
    let agree = compared
        .iter()
        .filter(|(got, expected)| (got - expected).abs() <= 0.005 * expected.abs().max(size));
    assert!(agree.count() >= 5, "{compared:?}");
}

/// Checks the gradients of a loss by all parameters of a module as [`check_gradient`] does, and
/// returns how many parameters have one. The loss is the sum of `terms`.
///
/// # Panics
///
/// As [`check_gradient`].
#[track_caller]
pub fn check_module<B: AutodiffBackend, M: AutodiffModule<B>>(
    module: &M,
    seed: u64,
    terms: impl Fn(&M) -> Matrix<B>,
) -> usize {
    let gradients = terms(module).sum().backward();
    let mut collect = Collect::<B> {
        gradients: GradientsParams::from_grads(gradients, module),
        collected: Vec::new(),
    };
    module.visit(&mut collect);
    let all = parameters(module);
    let mut checked = 0;
    for (index, gradient) in collect.collected.into_iter().enumerate() {
        let Some(gradient) = gradient else { continue };
        let at = all[index].clone().inner();
        check_gradient(&at, &gradient, seed, |moved| {
            let mut other = all.clone();
            other[index] = Matrix::from_inner(moved);
            let terms = terms(&with_parameters(module.clone(), other));
            download(&terms).iter().map(|&x| f64::from(x)).sum()
        });
        checked += 1;
    }
    checked
}

/// Gradients by parameter, in the order in which a module visits these.
struct Collect<B: AutodiffBackend> {
    gradients: GradientsParams,
    collected: Vec<Option<Matrix<B::InnerBackend>>>,
}

impl<B: AutodiffBackend> ModuleVisitor<B> for Collect<B> {
    fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<B, D>>) {
        let gradient = self.gradients.get::<B::InnerBackend, D>(parameter.id);
        self.collected.push(gradient.map(as_matrix));
    }
}
