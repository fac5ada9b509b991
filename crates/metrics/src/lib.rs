//! Fidelity, utility and privacy of a synthetic table.
//!
//! The three types to learn first: [`Pair`] holds the tables that are compared, [`Score`] is one number with everything needed to read
//! it, and [`Evaluation`] carries all numbers and the material of a page.

mod association;
mod bivariate;
mod error;
mod evaluation;
mod frame;
mod metric;
mod missing;
mod nearest;
mod neighbours;
mod options;
mod overlap;
mod pair;
mod quantile;
mod score;
mod section;
#[cfg(test)]
mod testing;
mod univariate;

pub use bivariate::{AssociationRms, CorrelationMsd, CorrelationRatioMsd, CramersVMsd};
pub use error::MetricError;
pub use evaluation::{Evaluation, Inputs};
pub use metric::Metric;
pub use missing::{JointMissingDifference, MissingShareDifference};
pub use options::EvaluationOptions;
pub use pair::Pair;
pub use score::{Baseline, Detail, Direction, Group, Interval, Part, Score, Undefined, Unit};
pub use section::{
    ArmShare, Associations, BalanceRow, Cell, ClusterSection, ColumnDetail, Constancy, Correlation,
    Distance, DistanceCurve, DistanceSummary, Effect, EffectPair, Icc, JointMissing, MissingRow,
    MissingSection, NearestSection, NumericSummary, OutlierSection, Overlap, OverlapCounts,
    PairDifference, PrivacySection, ReasonShare, RuleRow, RuleSection, Scale, Sides, TrialEffect,
    TrialSection,
};
pub use univariate::{KolmogorovSmirnov, MassMad, TotalVariation};
