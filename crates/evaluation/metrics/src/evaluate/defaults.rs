//! The metrics of every evaluation.

use crate::privacy::attacks;
use crate::utility::trial::TrialScore;
use crate::{
    Adherence, AssociationRms, CellScore, ClusterScore, Conjunctions, Correlation, CorrelationMsd,
    CorrelationRatioMsd, Cover, CramersVMsd, Distance, EvaluationOptions, JensenShannon,
    JointMissingDifference, KMarginal, KolmogorovSmirnov, MassMad, MembershipKind, MembershipScore,
    Metric, MissingShareDifference, NearestScore, NearestStatistic, OverlapScore, PairSimilarity,
    Prediction, Propensity, QueryWorkload, RegressionScore, RuleViolations, SubgroupDifference,
    SubsampleEquivalent, TableUtility, TotalVariation, Wasserstein, WorstDisclosure,
};

/// The metrics every evaluation should have, with these options, in the order of a page.
#[must_use]
pub fn default_metrics(options: &EvaluationOptions) -> Vec<Box<dyn Metric>> {
    let mut metrics: Vec<Box<dyn Metric>> = vec![
        Box::new(RuleViolations::default()),
        Box::new(MissingShareDifference::default()),
        Box::new(JointMissingDifference::default()),
        Box::new(MassMad::new(options.bins)),
        Box::new(TotalVariation::new(options.bins)),
        Box::new(KolmogorovSmirnov::default()),
        Box::new(JensenShannon::new(options.bins)),
        Box::new(Wasserstein::default()),
        Box::new(Cover::default()),
        Box::new(Adherence::default()),
        Box::new(TableUtility::columns()),
        Box::new(CorrelationMsd::new(Correlation::Pearson)),
        Box::new(CorrelationMsd::new(Correlation::Spearman)),
        Box::new(CramersVMsd::new(false)),
        Box::new(CramersVMsd::new(true)),
        Box::new(CorrelationRatioMsd::default()),
        Box::new(AssociationRms::new(
            options.correlation,
            options.bias_corrected,
        )),
        Box::new(TableUtility::pairs()),
        Box::new(PairSimilarity::default()),
        Box::new(KMarginal::new(2)),
        Box::new(SubsampleEquivalent::default()),
        Box::new(Conjunctions::default()),
        Box::new(Propensity::logit()),
        Box::new(Propensity::products()),
        Box::new(Propensity::tree()),
        Box::new(TrialScore::hedges_g(options)),
        Box::new(TrialScore::effect_overlap(options)),
        Box::new(TrialScore::sign_agreement(options)),
        Box::new(TrialScore::balance(options)),
        Box::new(TrialScore::arm_shares(options)),
        Box::new(ClusterScore::IccDifference),
        Box::new(ClusterScore::SizeDifference),
        Box::new(ClusterScore::InOneArm),
        Box::new(ClusterScore::Constancy),
        Box::new(SubgroupDifference::new(options)),
        Box::new(QueryWorkload::default()),
    ];
    if !options.formulas.is_empty() {
        metrics.extend(RegressionScore::all(options));
    }
    // Training takes tens of seconds on large tables: only where it is asked for.
    if !options.predict.is_empty() {
        metrics.push(Box::new(Prediction::of(options)));
    }
    metrics.extend(privacy_scores(options));
    metrics.push(Box::new(WorstDisclosure::new(options)));
    metrics
}

/// The default scores about privacy.
fn privacy_scores(options: &EvaluationOptions) -> Vec<Box<dyn Metric>> {
    use NearestStatistic as S;
    let mut scores: Vec<Box<dyn Metric>> = vec![
        Box::new(OverlapScore::DistinctRealRows),
        Box::new(OverlapScore::SyntheticRows),
        Box::new(OverlapScore::UniqueRealRows),
    ];
    for &distance in &options.distances {
        let statistics: &[S] = match distance {
            Distance::Gower => &[
                S::Minimum,
                S::P05,
                S::Median,
                S::ShareZero,
                S::ShareBelowRealP01,
                S::RatioP05,
                S::OutlierMinimum,
                S::HoldoutShare,
                S::Authenticity,
                S::Identifiability,
            ],
            Distance::RawManhattan | Distance::NumericEuclidean => &[S::Minimum, S::OutlierMinimum],
        };
        for &statistic in statistics {
            scores.push(Box::new(NearestScore::new(distance, statistic, options)));
        }
    }
    scores.extend(attacks::default_scores(options));
    for kind in MembershipKind::ALL {
        scores.push(Box::new(MembershipScore(kind)));
    }
    for check in CellScore::all(options) {
        scores.push(Box::new(check));
    }
    scores
}
