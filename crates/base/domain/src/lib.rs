//! Discrete tables: attributes, the codes of rows, and exact counts of combinations.
//!
//! A [`Domain`] holds the name and the number of levels of each attribute. [`Codes`] hold one code
//! per row and attribute. A [`MarginalSource`] counts the rows of each combination of levels of
//! some attributes ([`Counts`]); `Codes` implement it, a [`MarginalCache`] does, and so can a
//! database engine. A [`Partition`] splits rows into disjoint cells as a tree does. Exact counts
//! are confidential: their `Debug` form hides them.
//!
//! ```
//! use parable_domain::{AttrSet, Codes, Domain, MarginalSource};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let domain = Domain::new([("arm", 2), ("region", 3)])?;
//! let codes = Codes::new(domain, vec![vec![0, 1, 1, 0], vec![2, 0, 0, 1]])?;
//! let both = AttrSet::new([0, 1]);
//! let counts = codes.counts(&[both, AttrSet::empty()])?;
//! assert_eq!(counts[0].cells(), [0, 1, 1, 2, 0, 0]);
//! assert_eq!(counts[1].cells(), [4], "the total is the marginal over no attribute");
//! # Ok(())
//! # }
//! ```

mod attr_set;
mod cache;
mod codes;
mod counts;
mod domain;
mod error;
mod kernel;
mod partition;
mod source;

pub use attr_set::{AttrId, AttrSet};
pub use cache::MarginalCache;
pub use codes::Codes;
pub use counts::Counts;
pub use domain::{Attr, Domain};
pub use error::{DomainError, SourceError};
pub use partition::Partition;
pub use source::MarginalSource;
