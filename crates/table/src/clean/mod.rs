//! Cleaning a table before a model is fitted, and undoing it on what the model makes.
//!
//! [`Recipe::plan`] looks at a table and writes down what to do as a list of [`Step`]s; [`Recipe::apply`] does it; [`Recipe::restore`] takes
//! a synthetic table in the cleaned shape back to the source's columns, order and types. A recipe is data: it can be listed, previewed,
//! edited, stored as JSON, and applied to another table of the same schema, such as a holdout.

mod clusters;
mod constant;
mod dependence;
mod determined;
mod error;
mod frame;
mod ids;
mod impute;
mod issue;
mod missing;
mod one_hot;
mod ordinal;
mod plan;
mod recipe;
mod step;
mod text;

pub use clusters::FoundRule;
pub use constant::ConstantColumn;
pub use determined::{Determined, DeterminedBy, MapEntry};
pub use error::CleanError;
pub use ids::{FreshIds, IdPattern, Slot};
pub use impute::{ImputeColumns, ImputeConfig, ImputeMethod, Imputed, impute};
pub use issue::{Issue, IssueKind};
pub use missing::{MissingIndicator, MissingLevels, ReasonLevel};
pub use one_hot::OneHotBlock;
pub use ordinal::{NumberLevels, Ranks};
pub use plan::{MissingPlan, PlanOptions};
pub use recipe::{Preview, Recipe};
pub use step::Step;
pub use text::{TextShape, TextShapes};
