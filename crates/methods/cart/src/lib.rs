//! Sequential synthesis with classification and regression trees.
//!
//! [`Cart`] grows one tree per column, each on the columns before it, and one more for missing
//! values and for frequent numbers. [`CartModel`] draws whole columns down the trees. Clusters such
//! as schools are drawn as clusters: first their own columns, then their members, with random
//! effects for what members of a cluster share beyond the trees.
//!
//! Start with [`CartConfig`], which holds the settings. The method and the evidence for its
//! defaults are in `docs/methods/cart.md`. Its differentially private relative is the crate
//! `parable-private-cart`.
//!
//! ```
//! use parable_cart::{Cart, CartConfig};
//! use parable_core::{FitContext, Model, Synthesizer};
//! use parable_dp::{Budget, Ledger, NoiseSource, PrivacyUnit};
//! use parable_seed::Seed;
//! use parable_table::{Column, Field, Kind, Known, Levels, Schema, Table, Values};
//!
//! let schema = Schema::new(vec![
//!     Field::new("meals", Kind::boolean(Known::declared(Levels::new(["no", "yes"])?))),
//!     Field::new("score", Kind::integer()),
//! ])?;
//! let meals: Vec<u32> = (0..200).map(|row| u32::from(row % 4 == 0)).collect();
//! let of_row = |row: i64| if row % 4 == 0 { 20 + row % 7 } else { 30 + row % 11 };
//! let score: Vec<i64> = (0..200).map(of_row).collect();
//! let table = Table::new(schema, vec![
//!     Column::complete(Values::Codes(meals)),
//!     Column::complete(Values::Integer(score)),
//! ])?;
//!
//! let mut ledger = Ledger::open(PrivacyUnit::one_row(), Budget::Unlimited);
//! let mut noise = NoiseSource::operating_system();
//! let mut context = FitContext::new(Seed::from_u64(1), &mut ledger, &mut noise);
//! let cart = Cart::new(CartConfig::default().with_min_leaf_rows(10));
//! let model = cart.fit(&table, &mut context)?;
//!
//! let synthetic = model.sample(500, &Seed::from_u64(2))?;
//! let has_meals = |row: &usize| synthetic.column(0).code(*row) == Some(1);
//! let pupils_with_meals = (0..500).filter(has_meals).count();
//! assert!(pupils_with_meals.abs_diff(125) <= 2);
//! println!("{}", model.draw_tree("score", 3).unwrap_or_default());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod clusters;
mod config;
mod explain;
mod file;
mod fit;
mod model;
mod panel;
mod register;
mod sample;
mod tree;
mod values;

pub use config::{
    CartConfig, ColumnConfig, CrossFit, Draws, Fixed, Method, Panel, Predictors, Pruning,
    ReplicatedUniques, Rule, SmallStrata, Smoothing, Strata, VisitOrder,
};
pub use explain::describe::TreeSummary;
pub use explain::importance::Importance;
pub use file::CartReader;
pub use fit::Cart;
pub use model::CartModel;
pub use register::method;

/// The method's name in model files and on the command line.
pub(crate) const NAME: &str = "cart";
