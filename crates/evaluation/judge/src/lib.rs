//! Judgements on synthetic tables as data: bands, verdicts, place on the spectrum, and what may be
//! published. No markup; `parable-report` renders what is decided here.
//!
//! ```
//! use parable_judge::{Bands, Goal, Judgement, Subject};
//! use parable_metrics::{Direction, Evaluation, EvaluationOptions, Group, Inputs, Score};
//! use parable_seed::Seed;
//!
//! // Usually the result of an evaluation of two tables; here one with a single score.
//! let (options, inputs) = (EvaluationOptions::default(), Inputs::default());
//! let mut evaluation = Evaluation::empty(&Seed::from_u64(7), options, inputs);
//! let ratio = Score::new(
//!     "propensity_logit_ratio",
//!     "Propensity ratio",
//!     Group::Multivariate,
//!     Direction::Target1,
//!     Ok(12.5),
//! );
//! evaluation.scores.push(ratio);
//!
//! let judgement = Judgement::of(Subject::new(&evaluation), &Bands::default());
//! assert_eq!(judgement.verdict(Goal::Fidelity).word, "poor");
//! assert_eq!(judgement.overall.word, "not judged"); // Privacy was not measured.
//! ```
//!
//! The three types to learn first: [`Bands`] are the limits that turn numbers into bands A to D (an
//! owner can edit them), [`Judgement`] is everything that follows from one evaluation, and
//! [`ExactNumbers`] searches a text for numbers that must not be published.

mod band;
mod bands;
mod check;
mod coarse;
mod defaults;
mod error;
mod exact_numbers;
mod judgement;
mod rule;
mod spectrum;
mod subject;
mod verdict;

pub use band::{Band, BandLimits};
pub use bands::{Banding, Bands};
pub use check::{Check, CheckOutcome};
pub use coarse::{CoarseCell, CoarseColumn, coarse_columns};
pub use error::BandsError;
pub use exact_numbers::ExactNumbers;
pub use judgement::Judgement;
pub use rule::{BandRule, Look};
pub use spectrum::{Evidence, Level, Placement};
pub use subject::{MadeFrom, Subject};
pub use verdict::{
    Goal, Guarantee, Overall, Verdict, VerdictFinding, beyond_chance, main_estimate,
};
