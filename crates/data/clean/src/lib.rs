//! Schema inference, reversible cleaning and imputation.
//!
//! [`infer()`] guesses the schema of a table of texts and gives its reasons.
//!
//! [`Recipe::plan`] looks at a table and writes down what to do as a list of [`Step`]s;
//! [`Recipe::apply`] does it; [`Recipe::restore`] takes a synthetic table in the cleaned shape back
//! to the source's columns, order and types. A recipe is data: it can be listed, previewed, edited,
//! stored as JSON, and applied to another table of the same schema, such as a holdout.
//!
//! ```
//! use parable_seed::Seed;
//! use parable_clean::{PlanOptions, Recipe, infer};
//! use parable_table::{csv, read_typed};
//!
//! // Pupils: a name, an arm with its description, a score, and a column that never varies.
//! let mut file = String::from("pupil_id,treatment,treatment_desc,score,trial\n");
//! for pupil in 0..240 {
//!     let (arm, desc) = if pupil % 3 == 0 { (1, "new lessons") } else { (0, "as before") };
//!     file += &format!("P{pupil:04},{arm},{desc},{},pilot\n", pupil * 37 % 61);
//! }
//! let raw = csv::read_str(&file, &Default::default())?;
//! let (table, _) = read_typed(&raw, &infer(&raw, &Default::default()).schema)?;
//!
//! let (recipe, issues) = Recipe::plan(&table, &PlanOptions::default())?;
//! recipe.describe().iter().for_each(|step| println!("{step}"));
//! assert!(issues.iter().any(|issue| issue.message == "`trial` has the same value in every row"));
//!
//! // What a model is fitted on: nothing that restates, names or never varies.
//! let (cleaned, _) = recipe.apply(&table)?;
//! let fields = cleaned.schema().fields();
//! let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
//! assert_eq!(names, ["treatment", "score"]);
//!
//! // Synthetic rows return to the columns and the order of the source; here they are the rows of
//! // the fit in another order.
//! let synthetic = cleaned.take(&(0..240).rev().collect::<Vec<_>>());
//! let (restored, repairs) = recipe.restore(&synthetic, &Seed::from_u64(7))?;
//! assert_eq!(restored.schema().len(), 5);
//! assert!(repairs.is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod blank;
mod chance;
mod clusters;
mod constant;
mod dependence;
mod determined;
mod error;
mod frame;
mod grid;
mod ids;
mod impute;
pub mod infer;
mod issue;
mod levels;
mod looks;
mod missing;
mod one_hot;
mod ordinal;
mod plan;
mod recipe;
mod step;
mod text;
mod turns;

pub use blank::BlankColumn;
pub use clusters::FoundRule;
pub use constant::ConstantColumn;
pub use determined::{Determined, DeterminedBy, MapEntry};
pub use error::CleanError;
pub use ids::{FreshIds, IdPattern, Residue, Slot};
pub use impute::{ImputeColumns, ImputeConfig, ImputeMethod, Imputed, impute};
pub use infer::{InferOptions, Inference, infer};
pub use issue::{Issue, IssueKind};
pub use levels::{ClusterNames, WithheldLevels};
pub use looks::{Alphabet, Piece, TextLook};
pub use missing::{MissingIndicator, MissingLevels, ReasonLevel};
pub use one_hot::OneHotBlock;
pub use ordinal::{NumberLevels, Ranks};
pub use plan::{MissingPlan, PlanOptions};
pub use recipe::{Preview, Recipe};
pub use step::Step;
pub use text::{TextShape, TextShapes};
pub use turns::Turns;
