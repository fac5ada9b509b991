//! What an evaluation says beyond its scores: the material of a page, section by section.

mod associations;
mod attacks;
mod cells;
mod clusters;
mod columns;
mod custom;
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
pub use columns::{ColumnDetail, ColumnScale, HistogramCell, NumericSummary};
pub use custom::{CustomSection, SectionChart, SectionLine, SectionRow, SectionTable};
pub use disclosure::{
    DisclosureMeasures, DisclosureRow, DisclosureSection, KeyTargetMean, LevelDisclosure,
    TargetMean,
};
pub use membership::{Bootstrapped, MembershipAttack, MembershipKind, TruePositives};
pub use missing::{JointMissing, MissingRow, MissingSection, ReasonShare};
pub use prediction::{PredictionMeasure, PredictionModel, PredictionSection, Spread};
pub use privacy::{
    Distance, DistanceCurve, DistanceSummary, HoldoutShare, NearestSection, OutlierSection,
    Overlap, OverlapChance, OverlapCounts, PrivacySection,
};
pub use projection::Projection;
pub use propensity::{PropensityModel, PropensitySection};
pub use regression::{CoefficientEstimate, CoefficientRow, RegressionSection};
pub use rules::{RuleRow, RuleSection};
pub use subgroups::{SubgroupRow, SubgroupTable};
pub use trial::{ArmShare, BalanceRow, EffectEstimate, EffectPair, TrialEffect, TrialSection};

/// What a metric has to say beyond its scores.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "an evaluation holds some twenty sections, so that their size does not matter"
)]
#[non_exhaustive]
pub enum Section {
    /// One entry per column of the real table, in its order.
    Columns(Vec<ColumnDetail>),
    /// Two columns at a time.
    Associations(Associations),
    /// Missing values.
    Missing(MissingSection),
    /// Declared rules.
    Rules(RuleSection),
    /// Treatment effects.
    Trial(TrialSection),
    /// One entry per formula.
    Regressions(Vec<RegressionSection>),
    /// One entry per predicted column.
    Predictions(Vec<PredictionSection>),
    /// Outcomes by subgroup.
    Subgroups(Vec<SubgroupTable>),
    /// Both tables on the plane on which the real one varies most.
    Projection(Projection),
    /// One entry per cluster column, coarsest first.
    Clusters(Vec<ClusterSection>),
    /// Rows that appear in both tables.
    Overlap(Overlap),
    /// Distances to nearest rows.
    Nearest(NearestSection),
    /// Attacks of one kind.
    Attacks(Vec<AttackResult>),
    /// Membership inference.
    Membership(MembershipAttack),
    /// Single values that only few people have; parts that were not computed are empty.
    Cells(CellSection),
    /// A model that tells synthetic from real rows.
    Propensity(PropensityModel),
    /// Attribute disclosure by known facts.
    Disclosure(DisclosureSection),
    /// A section in plain data, for metrics of your own.
    Custom(CustomSection),
}

impl From<CustomSection> for Section {
    fn from(section: CustomSection) -> Self {
        Self::Custom(section)
    }
}

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
