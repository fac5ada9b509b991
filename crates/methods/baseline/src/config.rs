//! The methods. Neither has a setting.

use parable_core::MethodInfo;

use crate::{INDEPENDENT, IndependentReader};

/// Draws each column on its own: every one-way distribution is kept and every relation is lost.
///
/// The lower anchor of any comparison. Levels and missing reasons are drawn by their shares.
/// Numbers are interpolated between means of neighbouring order statistics and rounded to the
/// column's grid, so that no number is copied from one person. Not private.
#[derive(Clone, Copy, Debug, Default)]
pub struct Independent;

/// Permutes the real values of each column: one-way tables are exact, no relation is left, and
/// every value is a real person's.
///
/// For tests of metrics and of the contract only: it publishes real values, free text included.
#[derive(Clone, Copy, Debug, Default)]
pub struct Shuffle;

/// Describes [`Independent`] for a list of methods. [`Shuffle`] publishes real values and is in no
/// list.
#[must_use]
pub fn method() -> MethodInfo {
    MethodInfo::without_settings(
        INDEPENDENT,
        "each column on its own: a baseline",
        Independent,
    )
    .with_reader(IndependentReader)
}
