//! What an evaluation says beyond its scores: the material of a page, section by section.

mod associations;
mod attacks;
mod cells;
mod clusters;
mod columns;
mod disclosure;
mod membership;
mod missing;
mod prediction;
mod privacy;
mod projection;
mod propensity;
mod regression;
mod rules;
mod subgroups;
mod trial;

use serde::{Deserialize, Serialize};

pub use associations::{Associations, Correlation, PairDifference};
pub use attacks::{AttackKind, AttackResult, BlindGuess, Conclusion};
pub use cells::{CellSection, ExtremeValues, LeftIn, LeftInKind, RareLevels};
pub use clusters::{ClusterSection, Constancy, Icc};
pub use columns::{Cell, ColumnDetail, NumericSummary, Scale};
pub use disclosure::{
    DisclosureMeasures, DisclosureRow, DisclosureSection, KeyTargetMean, LevelDisclosure,
    TargetMean,
};
pub use membership::{Bootstrapped, MembershipAttack, MembershipKind, TruePositives};
pub use missing::{JointMissing, MissingRow, MissingSection, ReasonShare};
pub use prediction::{PredictionMeasure, PredictionModel, PredictionSection, Spread};
pub use privacy::{
    Distance, DistanceCurve, DistanceSummary, HoldoutShare, NearestSection, OutlierSection,
    Overlap, OverlapCounts, PrivacySection,
};
pub use projection::Projection;
pub use propensity::{PropensityModel, PropensitySection};
pub use regression::{CoefficientRow, Estimate, RegressionSection};
pub use rules::{RuleRow, RuleSection};
pub use subgroups::{SubgroupRow, SubgroupTable};
pub use trial::{ArmShare, BalanceRow, Effect, EffectPair, TrialEffect, TrialSection};

/// The same thing for the real and for the synthetic table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sides<T> {
    /// For the real table.
    pub real: T,
    /// For the synthetic table.
    pub synthetic: T,
}

impl Sides<Option<f64>> {
    /// Synthetic minus real, where both exist.
    #[must_use]
    pub fn difference(&self) -> Option<f64> {
        Some(self.synthetic? - self.real?)
    }
}
