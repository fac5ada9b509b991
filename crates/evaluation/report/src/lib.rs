//! Reports on synthetic tables: HTML with inline SVG, Markdown, and JSON with the same content.
//!
//! The three types to learn first: [`MethodResult`] is one synthetic version of a table with its
//! evaluation, [`ReportInput`] collects the table and its versions, and [`Report`] writes the page.
//! Judgements come from `parable-judge`, drawings from `parable-draw`.
//!
//! ```
//! use parable_metrics::{Evaluation, EvaluationOptions, Inputs};
//! use parable_report::{Cost, MethodResult, Report, ReportInput};
//! use parable_seed::Seed;
//! use parable_table::{Field, Kind, Schema};
//!
//! let schema = Schema::new(vec![Field::new("age", Kind::Text)])?;
//! // Usually the result of an evaluation of two tables; here one that found nothing yet.
//! let (options, inputs) = (EvaluationOptions::default(), Inputs::default());
//! let evaluation = Evaluation::empty(&Seed::from_u64(7), options, inputs);
//! let cost = Cost::default().with_fit_seconds(1.4);
//! let method = MethodResult::new("cart", evaluation).with_cost(cost);
//! let input = ReportInput::new("Reading trial", "reading_2024.csv", 1_200, 24, schema)
//!     .with_method(method);
//!
//! let report = Report::new(input);
//! assert!(report.to_html().starts_with("<!DOCTYPE html>"));
//! assert_eq!(Report::from_json(&report.to_json())?, report);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The page needs no script, no network and no other file; all texts are escaped, so column names
//! may contain anything. `docs/report.md` explains how to read it.

mod error;
mod input;
mod markdown;
mod page;
mod release;
mod report;
mod results;
mod section;
mod table;
mod training;

pub use error::ReportError;
pub use input::{Cost, KnownEffect, KnownTruth, MethodResult, ReportInput, Usage};
pub use parable_core::TrainingCurve;
pub use parable_judge::{
    Band, BandLimits, BandRule, Banding, Bands, BandsError, CoarseCell, CoarseColumn, Level, Look,
    MadeFrom, coarse_columns,
};
pub use release::Release;
pub use report::Report;
pub use training::training_svg;
