//! Parameters of modules as lists of matrices, in the order in which a module visits them.
//!
//! A vector is a matrix with one row. Running statistics of a normalisation are in the list, too.

use burn::module::{AutodiffModule, Module, ModuleMapper, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;
use burn::tensor::backend::{AutodiffBackend, Backend};

use crate::device::Matrix;

/// Returns the parameters of a module.
pub fn parameters<B: Backend>(module: &impl Module<B>) -> Vec<Matrix<B>> {
    let mut collect = Collect(Vec::new());
    module.visit(&mut collect);
    collect.0
}

/// Returns the module with these parameters in place of its own.
///
/// # Panics
///
/// If there are fewer of them, or one of another size.
#[must_use]
pub fn with_parameters<B: Backend, M: Module<B>>(module: M, parameters: Vec<Matrix<B>>) -> M {
    module.map(&mut Replace(parameters.into_iter()))
}

/// Returns gradients, one for each parameter, in the form that optimisers take.
///
/// # Panics
///
/// If there are fewer of them, or one of another size.
pub fn gradients<B: AutodiffBackend>(
    module: &impl AutodiffModule<B>,
    gradients: Vec<Matrix<B::InnerBackend>>,
) -> GradientsParams {
    let mut register = Register::<B> {
        gradients: gradients.into_iter(),
        registered: GradientsParams::new(),
    };
    module.visit(&mut register);
    register.registered
}

/// Returns a tensor of one or two dimensions as a matrix.
pub(crate) fn as_matrix<B: Backend, const D: usize>(tensor: Tensor<B, D>) -> Matrix<B> {
    let dims = tensor.dims();
    let columns = dims[D - 1];
    let rows = dims.iter().product::<usize>() / columns.max(1);
    tensor.reshape([rows, columns])
}

struct Collect<B: Backend>(Vec<Matrix<B>>);

impl<B: Backend> ModuleVisitor<B> for Collect<B> {
    fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<B, D>>) {
        self.0.push(as_matrix(parameter.val()));
    }
}

struct Replace<B: Backend>(std::vec::IntoIter<Matrix<B>>);

impl<B: Backend> ModuleMapper<B> for Replace<B> {
    fn map_float<const D: usize>(&mut self, parameter: Param<Tensor<B, D>>) -> Param<Tensor<B, D>> {
        let next = self.0.next().expect("one matrix for each parameter");
        parameter.map(|old| {
            let requires_gradient = old.is_require_grad();
            let new = next.detach().reshape(old.shape());
            new.set_require_grad(requires_gradient)
        })
    }
}

struct Register<B: AutodiffBackend> {
    gradients: std::vec::IntoIter<Matrix<B::InnerBackend>>,
    registered: GradientsParams,
}

impl<B: AutodiffBackend> ModuleVisitor<B> for Register<B> {
    fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<B, D>>) {
        let next = self
            .gradients
            .next()
            .expect("one gradient for each parameter");
        let gradient: Tensor<B::InnerBackend, D> = next.reshape(parameter.shape());
        self.registered.register(parameter.id, gradient);
    }
}
