//! Charts, trees and networks as SVG, from plain numbers and texts.
//!
//! Every function takes data and returns a [`Drawing`] or the text of a picture. A drawing goes
//! into a page as it is (its colours come from [`page_style`]) or stands alone as a file.
//!
//! ```
//! use parable_draw::{Bar, Shares, bars, number};
//!
//! let levels = [
//!     Bar::new("never", Shares::new(0.62, 0.58)),
//!     Bar::new("daily <10>", Shares::new(0.38, 0.42)),
//! ];
//! let drawing = bars("smoker", &levels, number::share);
//! assert_eq!(drawing.description(), "Shares of the levels of smoker in both tables");
//! assert!(drawing.to_svg().contains("daily &lt;10&gt;"));
//! ```
//!
//! The three parts to learn first: [`Drawing`] is a finished chart, [`markup`] builds HTML and SVG
//! that cannot leave a tag open and escapes every text, and [`number`] writes numbers as people
//! read them. The charts are [`histogram`], [`bars`], [`overlay`], [`curves`], [`forest`],
//! [`matrix`], [`plane`], [`plot`] and [`position`]; the pictures that stand alone are [`trees`]
//! and [`network`].

mod axis;
mod bars;
mod colour;
mod curve;
mod drawing;
mod forest;
mod histogram;
pub mod markup;
mod matrix;
mod network;
pub mod number;
mod overlay;
mod plane;
mod plot;
mod position;
mod tree;

pub use axis::day;
pub use bars::{Bar, bars};
pub use colour::page_style;
pub use curve::{Curve, curves};
pub use drawing::{Drawing, Series, Shares, stacked};
pub use forest::{ForestRow, Mark, forest};
pub use histogram::{Histogram, HistogramAxis, HistogramBin, histogram};
pub use matrix::{Matrix, matrix, matrix_legend};
pub use network::{Link, network};
pub use overlay::overlay;
pub use plane::{Plane, plane};
pub use plot::{Axis, Guide, Line, Plot, Point, plot};
pub use position::position;
pub use tree::{Tree, TreeNode, trees};
