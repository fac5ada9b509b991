//! Networks trained with per-example clipping and noise (DP-SGD), on [Burn](burn).
//!
//! - [`dp_sgd`]: a [`TrainingPlan`](dp_sgd::TrainingPlan) is calibrated to a share of the budget,
//!   charged once, and then samples batches and adds noise.
//! - [`ghost_clipping`] and [`mlp`]: sums of clipped gradients of single examples, at the price of
//!   an ordinary backward pass.
//! - [`access`]: the same steps with a guarantee or without.
//! - [`adam`], [`train_state`]: optimiser, running average of parameters, checkpoints of both.
//! - [`device`]: backends, chosen at run time.
//!
//! # Example
//!
//! A classifier under epsilon 1: whether the sum of two measurements is above 0.
//!
//! ```
//! use burn::module::AutodiffModule;
//! use burn::tensor::activation::sigmoid;
//! use parable_dp::{Budget, Delta, Epsilon, Ledger, NoiseSource, PrivacyUnit};
//! use parable_nn::access::{Access, add_parts};
//! use parable_nn::adam::DpAdam;
//! use parable_nn::burn;
//! use parable_nn::device::{Train, download, upload};
//! use parable_nn::dp_sgd::{TrainingPlan, Schedule, StepNoise};
//! use parable_nn::ghost_clipping::{Clip, Clipping};
//! use parable_nn::mlp::{Mlp, Shape};
//! use parable_nn::module::gradients;
//! use parable_nn::train_state::TrainState;
//! use parable_seed::Seed;
//!
//! // 4,000 people: two measurements and a label. Their number is public here.
//! const PEOPLE: usize = 4_000;
//! const BATCH: usize = 400;
//! let (seed, device) = (Seed::from_u64(1), Default::default());
//! let mut rng = seed.stream("people").rng();
//! let people: Vec<[f32; 3]> = (0..PEOPLE)
//!     .map(|_| {
//!         let (a, b) = (rng.normal() as f32, rng.normal() as f32);
//!         [a, b, f32::from(u8::from(a + b > 0.0))]
//!     })
//!     .collect();
//!
//! // One charge for all steps. What is executed afterwards is read from the charged plan.
//! let clip = Clip { norm: 1.0, clipping: Clipping::Flat };
//! let schedule = Schedule { setting: "classifier", steps: 60, batch: BATCH, clip };
//! let budget = Budget::approx(Epsilon::new(1.0)?, Delta::new(1e-6)?);
//! let mut ledger = Ledger::open(PrivacyUnit::one_row(), budget);
//! let mut noise = NoiseSource::operating_system();
//! let plan = TrainingPlan::calibrate(&schedule, PEOPLE as f64, 1.0, &ledger)?;
//! let charged = plan.charge("classifier", &mut ledger)?;
//! let mut access = Access::Private(charged, Box::new(StepNoise::like(&mut noise)));
//!
//! let shape = Shape { inputs: 2, hidden: vec![8], outputs: 1, dense: false, leak: 0.0 };
//! let adam = DpAdam::new(0.9, 0.99).with_noise_variance(access.noise_variance(BATCH));
//! let mlp = Mlp::new(&shape, &seed.stream("weights"), &device);
//! let mut state = TrainState::<Train, _>::new(mlp, adam);
//! let (clip, part) = (access.clip(), access.part(BATCH, 1_024));
//! for step in 0..60 {
//!     let drawn = access.draw(PEOPLE, BATCH, step, &seed);
//!     let batch: Vec<f32> = drawn.iter().flat_map(|&row| people[row as usize]).collect();
//!     let mlp = state.module().valid();
//!     let mut sums = add_parts(&batch, 3, part, &device, |_, rows, present| {
//!         let labels = rows.clone().slice([0..part, 2..3]);
//!         let trace = mlp.forward(rows.slice([0..part, 0..2]));
//!         // The gradient of the logistic loss of each person by their own output.
//!         let slopes = sigmoid(trace.outputs.clone()).sub(labels);
//!         mlp.clipped_sum(&trace, slopes.mul(present), clip)
//!     });
//!     access.add_noise(&mut sums)?;
//!     // Divided by the public expected size of a batch, never by the number of rows drawn.
//!     let means = sums.into_iter().map(|sum| sum.div_scalar(BATCH as f64)).collect();
//!     let gradients = gradients(state.module(), means);
//!     state.step(0.05, gradients);
//! }
//! assert!(ledger.spent().epsilon.is_some_and(|spent| spent.get() <= 1.0));
//!
//! let new = upload(vec![1.0, 0.5, -1.0, -0.5], 2, 2, &device);
//! let scores = download(&state.module().valid().forward(new).outputs);
//! assert!(scores[0] > 0.0 && scores[1] < 0.0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub use burn;

pub mod access;
pub mod adam;
pub mod check;
pub mod checkpoint;
pub mod device;
pub mod dp_sgd;
#[cfg(feature = "cuda")]
mod driver;
pub mod error;
pub mod ghost_clipping;
pub mod init;
pub mod mlp;
pub mod module;
pub mod train_state;
