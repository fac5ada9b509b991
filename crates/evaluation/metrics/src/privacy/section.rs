//! The section on copies, near copies and attacks.

use crate::privacy::cells;
use crate::privacy::nearest::NearestOptions;
use crate::{EvaluationOptions, Pair, PrivacySection};

/// The section on copies and near copies.
pub(crate) fn section(pair: &Pair<'_>, options: &EvaluationOptions) -> PrivacySection {
    PrivacySection {
        overlap: (*pair.overlap()).clone(),
        nearest: options
            .distances
            .iter()
            .map(|&distance| (*pair.nearest(NearestOptions::of(distance, options))).clone())
            .collect(),
        attacks: pair.attacks_made(),
        membership: pair.memberships_made(),
        cells: cells::section(pair, options.min_cell),
    }
}
