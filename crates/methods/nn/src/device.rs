//! Backends of the tensor library. The one file that names them.

use burn::backend::Autodiff;
use burn::tensor::backend::{AutodiffBackend, Backend};
use burn::tensor::{Tensor, TensorData};
use burn_flex::{Flex, FlexDevice};
use parable_core::FitError;
use serde::{Deserialize, Serialize};

/// Device that a fit computes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Compute {
    /// The processor, all of its cores. The same bytes for any number of threads.
    #[default]
    Cpu,
    /// A graphics card of NVIDIA. Needs a build with the feature `cuda`, the driver, and the
    /// headers of the CUDA toolkit. Sums are formed in another order than on the processor, so that
    /// the bytes differ.
    Cuda {
        /// Index of the card, from 0.
        index: usize,
    },
}

/// A matrix on a device.
pub type Matrix<B> = Tensor<B, 2>;

/// The backend of the processor.
pub type Cpu = Flex;

/// The backend of the processor with differentiation.
pub type Train = Autodiff<Flex>;

/// Work that runs on any backend.
pub trait Task {
    /// Result of the work.
    type Output;

    /// Runs on a backend with differentiation, on this device.
    fn run<B: AutodiffBackend>(self, device: &B::Device) -> Self::Output;
}

/// Checks that a device is there, before anything is charged.
///
/// # Errors
///
/// [`FitError::Setting`] if it is not there, or this build cannot use it.
pub fn find(compute: Compute) -> Result<(), FitError> {
    match compute {
        Compute::Cpu => Ok(()),
        Compute::Cuda { .. } => find_cuda(),
    }
}

/// Runs work on a device.
///
/// # Errors
///
/// As [`find`].
pub fn run<T: Task>(compute: Compute, task: T) -> Result<T::Output, FitError> {
    find(compute)?;
    match compute {
        #[cfg(feature = "cuda")]
        Compute::Cuda { index } => {
            let device = burn_cuda::CudaDevice::new(index);
            Ok(task.run::<Autodiff<burn_cuda::Cuda>>(&device))
        }
        // Without the feature no card is ever found.
        _ => Ok(run_on_cpu(task)),
    }
}

/// Runs work on the processor, which is always there.
pub fn run_on_cpu<T: Task>(task: T) -> T::Output {
    task.run::<Train>(&FlexDevice)
}

#[cfg(feature = "cuda")]
fn find_cuda() -> Result<(), FitError> {
    // The backend does not report a missing driver but panics in a thread of its own: look first.
    let names = ["libcuda.so.1", "libcuda.so", "nvcuda.dll"];
    if names.iter().any(|name| crate::driver::is_there(name)) {
        return Ok(());
    }
    Err(unusable(
        "no CUDA driver was found: the library libcuda.so.1 is not there",
    ))
}

#[cfg(not(feature = "cuda"))]
fn find_cuda() -> Result<(), FitError> {
    Err(unusable(
        "this program was built without the feature `cuda`",
    ))
}

fn unusable(problem: &str) -> FitError {
    FitError::Setting {
        setting: "compute".to_owned(),
        problem: problem.to_owned(),
    }
}

/// Returns a matrix of these numbers, row by row.
pub fn upload<B: Backend>(
    numbers: Vec<f32>,
    rows: usize,
    columns: usize,
    device: &B::Device,
) -> Matrix<B> {
    Tensor::from_data(TensorData::new(numbers, [rows, columns]), device)
}

/// Returns the numbers of a matrix, row by row.
///
/// # Panics
///
/// If the device fails.
pub fn download<B: Backend>(matrix: &Matrix<B>) -> Vec<f32> {
    matrix
        .to_data()
        .convert::<f32>()
        .into_vec()
        .expect("converted to this type")
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Product {
        size: usize,
    }

    impl Task for Product {
        type Output = Vec<f32>;

        fn run<B: AutodiffBackend>(self, device: &B::Device) -> Vec<f32> {
            let n = self.size;
            let numbers = |step: usize| {
                (0..n * n)
                    .map(|i| ((i * step) % 97) as f32 / 97.0 - 0.5)
                    .collect()
            };
            let (a, b) = (
                upload::<B>(numbers(31), n, n, device),
                upload::<B>(numbers(57), n, n, device),
            );
            let product = a.clone().matmul(b.clone()).transpose().matmul(a);
            download(&(product.clone().exp() + product.sum_dim(0)))
        }
    }

    #[test]
    fn products_are_the_same_bytes_on_any_number_of_threads() {
        for size in [37, 128, 300, 515] {
            let with = |threads: usize| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
                pool.expect("a pool")
                    .install(|| run_on_cpu(Product { size }))
            };
            let one = with(1);
            for threads in [2, 3, 7] {
                assert_eq!(one, with(threads), "{size}, {threads} threads");
            }
        }
    }

    #[test]
    fn a_card_that_is_not_there_is_an_error_and_no_panic() {
        if cfg!(feature = "cuda") && std::path::Path::new("/dev/nvidia0").exists() {
            eprintln!("SKIPPED: there is a card");
            return;
        }
        let result = run(Compute::Cuda { index: 0 }, Product { size: 2 });
        let Err(FitError::Setting { setting, problem }) = result else {
            panic!("{result:?}");
        };
        let missing = if cfg!(feature = "cuda") {
            "no CUDA driver was found"
        } else {
            "built without the feature `cuda`"
        };
        assert_eq!(setting, "compute");
        assert!(problem.contains(missing), "{problem}");
    }
}
