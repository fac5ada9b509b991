//! Classification and regression trees on binned columns: grow, prune, choose a size, and forests.
//!
//! The crate knows codes and numbers, not tables. A [`BinnedColumn`] is a predictor whose values
//! became small whole numbers, a [`Response`] is what a tree predicts, and [`grow`] with
//! [`GrowOptions`] makes a [`GrownTree`]: nodes, and the training rows in each leaf.
//! [`DecisionTree`] and [`Forest`] predict numbers or class probabilities from them. [`prune`]
//! removes splits that hold chance, and [`TreeSizeSearch`] finds the size that predicts unseen rows
//! best.
//!
//! ```
//! use parable_seed::Seed;
//! use parable_tree::{BinnedColumn, DecisionTree, Forest, ForestOptions, GrowOptions, Response};
//!
//! // Pupils pass if they have at least 50 points, or attend school 2.
//! let points: Vec<f64> = (0..300).map(|row| f64::from(row * 37 % 100)).collect();
//! let school: Vec<u16> = (0..300).map(|row| row % 3).collect();
//! let passed: Vec<u32> = (0..300)
//!     .map(|row| u32::from(points[row] >= 50.0 || school[row] == 2))
//!     .collect();
//! let columns = [
//!     BinnedColumn::of_numbers(&points, 255),
//!     BinnedColumn::nominal(school, 3),
//! ];
//! let rows: Vec<u32> = (0..300).collect();
//! let response = Response::Classes { codes: passed, count: 2 };
//!
//! let options = GrowOptions::default().with_min_leaf_rows(5).with_max_depth(6);
//! let tree = DecisionTree::fit(&columns, rows.clone(), &response, &options);
//! assert_eq!(tree.leaves(), 3);
//! // Probabilities of both classes for the first pupil: no points, school 0.
//! assert_eq!(tree.predict(&columns, 0), [1.0, 0.0]);
//!
//! let options = ForestOptions::breiman(&response, columns.len()).with_trees(25);
//! let forest = Forest::fit(&columns, &rows, &response, &options, &Seed::from_u64(1));
//! let probabilities = forest.predict(&columns, &rows);
//! assert!(probabilities[1] < 0.5);
//! ```

mod best;
mod binning;
mod bootstrap;
mod class_split;
mod cross_fit;
mod forest;
mod grow;
mod impurity;
mod level_order;
mod nodes;
mod options;
mod predict;
mod predictor;
mod prune;
mod saturate;
mod small_nodes;
mod split;

pub use binning::{Binning, MAX_BINS, Scale};
pub use bootstrap::bootstrap;
pub use cross_fit::{TreeSize, TreeSizeSearch};
pub use forest::{Forest, ForestOptions};
pub use grow::grow;
pub use nodes::{GrownTree, Node, SplitRule};
pub use options::{GrowOptions, Impurity, Ties};
pub use predict::DecisionTree;
pub use predictor::{BinnedColumn, Predictor, Response};
pub use prune::{Pruning, Training, prune};
pub use saturate::saturate;
