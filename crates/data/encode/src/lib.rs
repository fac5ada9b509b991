//! Tables as codes and as design matrices.
//!
//! A [`Codec`] turns each column of a table into small whole numbers and back, for methods that count.

mod codec;

pub use codec::{
    Bin, CodeRule, CodeRules, CodeSet, Codec, CodecConfig, CodecError, ColumnCodec, ValueCodes,
};
