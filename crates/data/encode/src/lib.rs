//! Tables as codes and as design matrices.
//!
//! A [`Codec`] turns each column of a table into small whole numbers and back, for methods that
//! count. A [`Design`] turns columns into a matrix of numbers, for regressions, distances and
//! networks.

mod codec;
mod design;

pub use codec::{
    Bin, CodeRule, CodeRules, CodeSet, Codec, CodecConfig, CodecError, ColumnCodec, ValueCodes,
};
pub use design::{Design, DesignConfig, DesignError, LevelCoding, Scaling};
