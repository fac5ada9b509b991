//! A simulator of school trials with known truth.
//!
//! Three presets draw tables with the shape of real trials: pupils in schools, schools randomised,
//! scores that are discrete, skewed and clipped, columns that restate others, and values that go
//! missing because of what they would have been. Beside the table stands the [`Truth`]: the effect
//! on every outcome in this very sample, the correlation within schools, and every mechanism of
//! missing values. With it one can ask of a synthetic copy what one cannot ask of real data: is the
//! effect still there?
//!
//! The types to learn first: [`Preset`] (which trial), [`TrialConfig`] (which trial, how large,
//! with or without effects) and [`Trial`] (the table and the truth).
//!
//! ```
//! use parable_seed::Seed;
//! use parable_trials::{Preset, Trial, TrialConfig};
//!
//! let config = TrialConfig::new(Preset::A);
//! let trial = Trial::simulate(&config, &Seed::from_u64(7))?;
//! assert_eq!(trial.table.rows(), 1_200);
//! assert_eq!(trial.table.schema().len(), 24);
//!
//! // The truth about the primary outcome: the mean over these 1,200 pupils of "score with the
//! // programme less score without".
//! let primary = trial.truth.outcome(&trial.truth.primary).expect("it is an outcome");
//! assert_eq!(primary.column, "post_reading");
//! assert!(primary.overall.control_sds > 0.05);
//!
//! // The programme cannot change the placebo outcome.
//! let placebo = trial.truth.outcome(&trial.truth.placebo).expect("it is an outcome");
//! assert_eq!(placebo.overall.own_units, 0.0);
//!
//! // Without effects, for tests that must not find one; and smaller, for quick ones.
//! let config = TrialConfig::new(Preset::C).with_pupils(500).with_null_effects(true);
//! let trial = Trial::simulate(&config, &Seed::from_u64(7))?;
//! assert!(trial.truth.outcomes.iter().all(|outcome| outcome.overall.own_units == 0.0));
//! # Ok::<(), parable_trials::TrialError>(())
//! ```
//!
//! # The model
//!
//! Attainment before the trial is `p = u_j + w_ij`, a school term with variance `rho_p` and a pupil
//! term that depends on free school meals, special needs, term of birth and sex. Attainment after
//! it is `y(z) = beta p + v_j + z (tau + g_j + tau_fsm FSM) + noise` with heavy-tailed noise
//! (Student's t with 7 degrees of freedom); both `y(0)` and `y(1)` are kept. Scores are
//! measurements of these: beta-binomial items, skewed and clipped scales, cut points.
//! `docs/trials.md` lists the columns.
//!
//! Effects on scores, in SD of the score, are smaller than `tau`, because tests are noisy: compare
//! estimates with [`OutcomeTruth`], not with [`LatentTruth`].
//!
//! # Storage
//!
//! - `pupil_id` is [`Kind::Text`](parable_table::Kind::Text) with leading zeros: unit ids are never
//!   modelled, and a level for each pupil would only cost memory. `school_id` and `class_id` are
//!   nominal with declared levels, the schools' padded to one width.
//! - All facts are declared (the simulator knows them without looking at rows), so private fits may
//!   use them.
//! - Empty cells are [`Missing::Absent`](parable_table::Missing::Absent).
//! - Every column named an outcome carries `Role::Outcome`, indicators of bands included;
//!   `sessions_attended` is a covariate, since it has no value without the programme.

mod background;
mod config;
mod design;
mod draws;
mod error;
mod key_columns;
mod latents;
mod measure;
mod missing;
mod potential;
mod preset;
mod preset_a;
mod preset_b;
mod preset_c;
mod pupils;
mod questionnaire;
mod sheet;
mod trial;
mod truth;
mod world;

pub use config::TrialConfig;
pub use error::TrialError;
pub use preset::{ParsePresetError, Preset};
pub use trial::Trial;
pub use truth::{
    ColumnMissing, LatentTruth, Mechanism, MissingKind, MissingTruth, OutcomeTruth, PrimaryMissing,
    TrueEffect, Truth,
};
