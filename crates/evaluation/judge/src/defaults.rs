//! The default limits.

use crate::band::BandLimits::{self, Falling, Rising, ZeroOr};
use crate::rule::{BandRule, Look};

const PROPOSED: &str = "proposed with the definitions of the metrics";
const OWN: &str = "own convention";

const SHARES: BandLimits = Rising([0.01, 0.05, 0.10]);
const ASSOCIATIONS: BandLimits = Rising([0.02, 0.05, 0.15]);
const RATIO: BandLimits = Rising([3.0, 10.0, 30.0]);
const COPIES: BandLimits = ZeroOr([0.001, 0.01]);
const RISK: BandLimits = Rising([0.05, 0.10, 0.25]);
const ALIKE: BandLimits = Falling([0.9, 0.7, 0.5]);

/// The default rules; the first that matches a metric applies.
pub(crate) fn rules() -> Vec<BandRule> {
    use Look::{
        BetweenAnchors, BeyondControl, BeyondHoldout, OverReal, Robust, Root, Shortfall, Size,
        UpperLimit, Value,
    };
    let proposed = |metric, look, limits| rule(metric, look, limits, PROPOSED, false);
    let headline = |metric, look, limits| rule(metric, look, limits, PROPOSED, true);
    let own = |metric, look, limits| rule(metric, look, limits, OWN, false);
    vec![
        headline("mass_mad", Size, SHARES),
        headline("total_variation", Size, SHARES),
        headline("association_rms", Robust, ASSOCIATIONS),
        proposed("correlation_msd_*", Root, ASSOCIATIONS),
        proposed("cramers_v*_msd", Root, ASSOCIATIONS),
        proposed("correlation_ratio_msd", Root, ASSOCIATIONS),
        headline("propensity_logit_ratio", Value, RATIO),
        headline("prediction_difference", Size, ASSOCIATIONS),
        headline("effect_overlap", Value, Falling([0.8, 0.6, 0.3])),
        headline("regression_overlap*", Value, Falling([0.8, 0.6, 0.3])),
        headline("icc_difference", Size, Rising([0.02, 0.05, 0.10])),
        headline("overlap_distinct_real_rows", BeyondHoldout, COPIES),
        headline(
            "disclosure_worst_excess",
            BeyondControl,
            Rising([0.01, 0.05, 0.10]),
        ),
        headline("attack_singling_out*", UpperLimit, RISK),
        headline("attack_linkability*", UpperLimit, RISK),
        headline("attack_inference*", UpperLimit, RISK),
        headline("membership_*", UpperLimit, Rising([0.53, 0.60, 0.75])),
        own("regression_*_agreement", Value, Falling([1.0, 0.9, 0.7])),
        own(
            "regression_standardised_difference",
            Size,
            Rising([0.5, 1.0, 2.0]),
        ),
        own("missing_share_difference", Size, SHARES),
        own("joint_missing_difference", Size, SHARES),
        own("rule_violations", Size, ZeroOr([0.01, 0.05])),
        own("kolmogorov_smirnov", Size, SHARES),
        own("jensen_shannon", Size, Rising([0.03, 0.08, 0.15])),
        own("wasserstein", Size, ASSOCIATIONS),
        own("cover", Value, Falling([0.95, 0.80, 0.50])),
        own("adherence", Value, Falling([0.99, 0.95, 0.80])),
        own("s_pmse_*", Value, RATIO),
        own("propensity_*_ratio", Value, RATIO),
        own("association_retained", Value, Falling([0.95, 0.80, 0.20])),
        own("subsample_equivalent", Value, Falling([0.50, 0.20, 0.05])),
        own("subgroup_difference", Size, ASSOCIATIONS),
        own("hedges_g_difference", Size, ASSOCIATIONS),
        own("effect_sign_agreement", Value, Falling([1.0, 0.9, 0.7])),
        own("arm_balance_difference", Size, Rising([0.05, 0.10, 0.20])),
        own("arm_share_difference", Size, SHARES),
        own("cluster_size_difference", Size, Rising([0.05, 0.10, 0.25])),
        own(
            "clusters_in_one_arm_difference",
            Shortfall,
            Falling([1.0, 0.99, 0.95]),
        ),
        own(
            "cluster_constancy_difference",
            Size,
            Rising([0.01, 0.05, 0.20]),
        ),
        own("overlap_*", BeyondHoldout, COPIES),
        own("cells_left_in", Value, ZeroOr([0.5, 1.5])),
        own("cells_*", BeyondControl, Rising([0.05, 0.20, 0.50])),
        own(
            "nearest_gower_share_below_real_p01",
            Size,
            Rising([0.02, 0.05, 0.10]),
        ),
        own("nearest_gower_share_zero", BeyondHoldout, COPIES),
        own("nearest_gower_p05", OverReal, ALIKE),
        own("nearest_gower_median", OverReal, ALIKE),
        own("nearest_gower_ratio_p05", OverReal, ALIKE),
        own(
            "nearest_gower_holdout_share",
            Value,
            Rising([0.52, 0.55, 0.65]),
        ),
        own(
            "nearest_gower_authenticity",
            Value,
            Falling([0.45, 0.35, 0.20]),
        ),
        own(
            "nearest_gower_identifiability",
            Value,
            Rising([0.55, 0.65, 0.80]),
        ),
        without("nearest_gower_*min", "it depends on a single row"),
        without("nearest_raw_*", "only for comparison with published tables"),
        without(
            "nearest_numeric_*",
            "only for comparison with published tables",
        ),
        own("*", BetweenAnchors, Rising([0.10, 0.30, 0.60])),
    ]
}

fn rule(metric: &str, look: Look, limits: BandLimits, source: &str, headline: bool) -> BandRule {
    BandRule {
        metric: metric.to_owned(),
        look,
        limits: Some(limits),
        why_none: None,
        headline,
        source: Some(source.to_owned()),
    }
}

fn without(metric: &str, why: &str) -> BandRule {
    BandRule {
        metric: metric.to_owned(),
        look: Look::Value,
        limits: None,
        why_none: Some(why.to_owned()),
        headline: false,
        source: None,
    }
}
