//! Traffic bands: how far a number is from what a release would want.

use parable_metrics::Score;
use serde::Serialize;

/// How good a number is, from A (best) to D. Each band is closed at its lower limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) enum Band {
    /// As good as one can ask for.
    A,
    /// Small differences; fine for most purposes.
    B,
    /// Differences an analyst would notice, or a risk that needs a decision.
    C,
    /// Not usable for this purpose, or dangerous.
    D,
}

/// The limits of the bands of one metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Limits {
    /// Smaller is better: A below the first, B below the second, C below the third.
    Rising([f64; 3]),
    /// Larger is better: A from the first on, B from the second, C from the third.
    Falling([f64; 3]),
    /// A only at 0, B below the first, C below the second.
    ZeroOr([f64; 2]),
}

/// Shares of cells: mass MAD, total variation distances, shares of missing values.
pub(crate) const SHARES: Limits = Limits::Rising([0.01, 0.05, 0.10]);
/// Root mean square differences of correlations, correlation ratios and Cramér's V.
pub(crate) const ASSOCIATIONS: Limits = Limits::Rising([0.02, 0.05, 0.15]);
/// Mean overlap of confidence intervals.
pub(crate) const OVERLAP: Limits = Limits::Falling([0.8, 0.6, 0.3]);
/// Absolute differences of intraclass correlations.
pub(crate) const ICC: Limits = Limits::Rising([0.02, 0.05, 0.10]);
/// Copies of distinct real rows, beyond those of a holdout.
pub(crate) const COPIES: Limits = Limits::ZeroOr([0.001, 0.01]);
/// Synthetic rows nearer to a person than 99 % of people are to their nearest neighbour; 1 % is what a second sample gives. Our own limits.
pub(crate) const CLOSENESS: Limits = Limits::Rising([0.02, 0.05, 0.10]);
/// Rows that break a rule, beyond those of the real table. Our own limits.
pub(crate) const RULES: Limits = Limits::ZeroOr([0.01, 0.05]);
/// Clusters of a cluster-randomised trial that are wholly in one arm. Our own limits: all must be.
pub(crate) const ARMS: Limits = Limits::Falling([1.0, 0.99, 0.95]);

impl Limits {
    /// The band of a number.
    pub(crate) fn band(self, number: f64) -> Band {
        let [a, b, c] = match self {
            Self::Rising([a, b, c]) => [number < a, number < b, number < c],
            Self::Falling([a, b, c]) => [number >= a, number >= b, number >= c],
            Self::ZeroOr([b, c]) => [number <= 0.0, number < b, number < c],
        };
        match (a, b, c) {
            (true, ..) => Band::A,
            (_, true, _) => Band::B,
            (_, _, true) => Band::C,
            _ => Band::D,
        }
    }
}

impl Band {
    /// The letter.
    pub(crate) const fn letter(self) -> char {
        match self {
            Self::A => 'A',
            Self::B => 'B',
            Self::C => 'C',
            Self::D => 'D',
        }
    }

    /// The class that gives the colour.
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::A => "band a",
            Self::B => "band b",
            Self::C => "band c",
            Self::D => "band d",
        }
    }

    /// The band in a word, for what is to be kept.
    pub(crate) const fn quality(self) -> &'static str {
        match self {
            Self::A => "good",
            Self::B => "fair",
            Self::C => "poor",
            Self::D => "very poor",
        }
    }

    /// The band in a word, for what could leak. The best is not "safe": these measurements can show a leak, not exclude one.
    pub(crate) const fn danger(self) -> &'static str {
        match self {
            Self::A => "no leak found",
            Self::B => "slight",
            Self::C => "worrying",
            Self::D => "dangerous",
        }
    }
}

/// The band of a score of the summary table, where its metric has limits.
pub(crate) fn of_score(score: &Score) -> Option<Band> {
    let (_, look, limits) = LIMITS.iter().find(|(id, ..)| *id == score.id)?;
    let value = score.value?;
    Some(limits.band(match look {
        Look::Value => value,
        Look::Size => value.abs(),
        Look::Root => value.abs().sqrt(),
        Look::BeyondHoldout => value - score.baseline.holdout.unwrap_or(0.0),
        Look::Shortfall => 1.0 + value.min(0.0),
    }))
}

/// What of a score the limits are about.
#[derive(Clone, Copy)]
enum Look {
    /// The value as it is.
    Value,
    /// The value without its sign.
    Size,
    /// The root: limits of a root mean square, for a score that is a mean square.
    Root,
    /// What exceeds the same number for the holdout table.
    BeyondHoldout,
    /// What is left of 1 after a loss.
    Shortfall,
}

const LIMITS: [(&str, Look, Limits); 17] = [
    ("rule_violations", Look::Size, RULES),
    ("missing_share_difference", Look::Size, SHARES),
    ("joint_missing_difference", Look::Size, SHARES),
    ("mass_mad", Look::Size, SHARES),
    ("total_variation", Look::Size, SHARES),
    ("correlation_msd_pearson", Look::Root, ASSOCIATIONS),
    ("correlation_msd_spearman", Look::Root, ASSOCIATIONS),
    ("cramers_v_msd", Look::Root, ASSOCIATIONS),
    ("cramers_v_corrected_msd", Look::Root, ASSOCIATIONS),
    ("correlation_ratio_msd", Look::Root, ASSOCIATIONS),
    ("association_rms", Look::Size, ASSOCIATIONS),
    ("effect_overlap", Look::Value, OVERLAP),
    ("icc_difference", Look::Size, ICC),
    ("clusters_in_one_arm_difference", Look::Shortfall, ARMS),
    ("overlap_distinct_real_rows", Look::BeyondHoldout, COPIES),
    ("overlap_synthetic_rows", Look::BeyondHoldout, COPIES),
    ("nearest_gower_share_below_real_p01", Look::Size, CLOSENESS),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_band_is_closed_at_its_lower_limit() {
        assert_eq!(SHARES.band(0.0), Band::A);
        assert_eq!(SHARES.band(0.01), Band::B);
        assert_eq!(SHARES.band(0.05), Band::C);
        assert_eq!(SHARES.band(0.10), Band::D);
        assert_eq!(OVERLAP.band(0.8), Band::A);
        assert_eq!(OVERLAP.band(0.79), Band::B);
        assert_eq!(OVERLAP.band(-3.0), Band::D);
        assert_eq!(COPIES.band(0.0), Band::A);
        assert_eq!(COPIES.band(-0.2), Band::A);
        assert_eq!(COPIES.band(1e-9), Band::B);
        assert_eq!(COPIES.band(0.01), Band::D);
    }
}
