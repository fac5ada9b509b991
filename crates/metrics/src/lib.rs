//! Fidelity, utility and privacy of a synthetic table.
//!
//! The three types to learn first: [`Pair`] holds the tables that are compared, [`Score`] is one number with everything needed to read
//! it, and [`Evaluation`] carries all numbers and the material of a page.

mod association;
mod bivariate;
mod clusters;
mod error;
mod evaluation;
mod evaluator;
mod frame;
mod least_squares;
mod metric;
mod missing;
mod nearest;
mod neighbours;
mod options;
mod overlap;
mod pair;
mod privacy;
mod quantile;
mod reference;
mod rules;
mod score;
mod section;
#[cfg(test)]
mod testing;
mod trial;
mod univariate;

pub use bivariate::{AssociationRms, CorrelationMsd, CorrelationRatioMsd, CramersVMsd};
pub use clusters::ClusterScore;
pub use error::MetricError;
pub use evaluation::{Evaluation, Inputs};
pub use evaluator::{Evaluator, Progress, default_metrics};
pub use metric::Metric;
pub use missing::{JointMissingDifference, MissingShareDifference};
pub use options::EvaluationOptions;
pub use pair::Pair;
pub use privacy::{NearestScore, NearestStatistic, OverlapScore};
pub use rules::RuleViolations;
pub use score::{Baseline, Detail, Direction, Group, Interval, Part, Score, Undefined, Unit};
pub use section::{
    ArmShare, Associations, BalanceRow, Cell, ClusterSection, ColumnDetail, Constancy, Correlation,
    Distance, DistanceCurve, DistanceSummary, Effect, EffectPair, Icc, JointMissing, MissingRow,
    MissingSection, NearestSection, NumericSummary, OutlierSection, Overlap, OverlapCounts,
    PairDifference, PrivacySection, ReasonShare, RuleRow, RuleSection, Scale, Sides, TrialEffect,
    TrialSection,
};
pub use trial::TrialScore;
pub use univariate::{KolmogorovSmirnov, MassMad, TotalVariation};
