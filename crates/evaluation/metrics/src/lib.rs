//! Fidelity, utility and privacy of a synthetic table.
//!
//! The three types to learn first: [`Evaluation`] runs metrics over tables and carries all numbers
//! and the material of a page, [`Score`] is one number with everything needed to read it, and
//! [`Metric`] is what anybody can add.
//!
//! Every number comes with the rows it used and its direction, fidelity numbers also with two
//! anchors: the value of a bootstrap sample of the real table (as good as it gets) and of the real
//! table with each column shuffled on its own (every relation lost). What does not exist is `None`
//! with an [`Undefined`] reason, never 0 and never NaN. The same tables, options and seed give the
//! same bytes on any number of threads. `docs/metrics.md` explains each metric with its formula and
//! source.
//!
//! ```
//! use parable_metrics::{Evaluation, EvaluationOptions};
//! use parable_seed::Seed;
//! use parable_table::{Column, Field, Kind, Known, Levels, Role, Schema, Table, Values};
//!
//! // Two arms of a small trial; the synthetic table has the right columns and has lost the effect.
//! let trial = |scores: Vec<f64>| -> Result<Table, Box<dyn std::error::Error>> {
//!     let arms = Known::declared(Levels::new(["control", "treatment"])?);
//!     let schema = Schema::new(vec![
//!         Field::new("arm", Kind::nominal(arms)).with_role(Role::Treatment),
//!         Field::new("score", Kind::continuous(1)).with_role(Role::Outcome),
//!     ])?;
//!     let arm = (0..scores.len() as u32).map(|pupil| pupil % 2).collect();
//!     let columns = vec![
//!         Column::complete(Values::Codes(arm)),
//!         Column::complete(Values::Continuous(scores)),
//!     ];
//!     Ok(Table::new(schema, columns)?)
//! };
//! let real = trial((0..200).map(|i| f64::from(i % 40) + 20.0 * f64::from(i % 2)).collect())?;
//! let synthetic = trial((0..200).map(|i| f64::from(i % 60)).collect())?;
//!
//! let evaluation = Evaluation::of(&real, &synthetic)
//!     .with_options(EvaluationOptions::default().with_baseline_repeats(2))
//!     .seed(&Seed::from_u64(1))
//!     .run()?;
//!
//! let lost = evaluation.value("hedges_g_difference").ok_or("undefined")?;
//! assert!(lost > 1.0);
//! let score = evaluation.score("mass_mad").ok_or("not computed")?;
//! println!("{}: {:?}, sampling noise alone: {:?}",
//!     score.title, score.value, score.baseline.resample);
//! // There are no clusters here.
//! assert!(evaluation.score("icc_difference").is_some_and(|icc| icc.reason.is_some()));
//! let json = evaluation.to_json();
//! assert_eq!(Evaluation::from_json(&json)?, evaluation);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(feature = "testkit")]
pub mod conformance;
mod data;
mod error;
mod evaluate;
mod fidelity;
mod metric;
mod options;
mod privacy;
mod progress;
mod result;
#[cfg(test)]
mod testing;
mod utility;

pub use data::cache::{Analysis, Cache};
pub use data::formula::{Formula, FormulaError};
pub use data::pair::Pair;
pub use error::MetricError;
pub use evaluate::defaults::default_metrics;
pub use evaluate::evaluation::{Evaluation, Inputs};
pub use evaluate::evaluator::Evaluator;
pub use evaluate::registry::{Registered, registry};
pub use fidelity::bivariate::{AssociationRms, CorrelationMsd, CorrelationRatioMsd, CramersVMsd};
pub use fidelity::conjunctions::Conjunctions;
pub use fidelity::k_marginal::{KMarginal, SubsampleEquivalent};
pub use fidelity::k_means_mixing::ClusteredMsd;
pub use fidelity::missing::{JointMissingDifference, MissingShareDifference};
pub use fidelity::pair_similarity::PairSimilarity;
pub use fidelity::precision_recall::ManifoldScore;
pub use fidelity::propensity::Propensity;
pub use fidelity::rules::RuleViolations;
pub use fidelity::s_pmse::{TableComparison, TableUtility};
pub use fidelity::univariate::{
    Adherence, Cover, DensityMad, JensenShannon, KolmogorovSmirnov, KullbackLeibler, MassMad,
    RankTest, RankTestResult, TotalVariation, Wasserstein,
};
pub use metric::{Metric, MetricContext, MetricInfo, Outcome};
pub use options::EvaluationOptions;
pub use privacy::attacks::Attack;
pub use privacy::cells::CellScore;
pub use privacy::disclosure::{AttributeDisclosure, KeyBinning, WorstDisclosure};
pub use privacy::membership::{
    MembershipScore, ShadowError, ShadowGame, ShadowResult, VulnerableRecord,
};
pub use privacy::nearest::{NearestScore, NearestStatistic};
pub use privacy::overlap::OverlapScore;
pub use privacy::review::{Review, ReviewFlag, ReviewRow, ReviewedTable};
pub use progress::EvaluationProgress;
pub use result::risk::{Risk, SuccessRate};
pub use result::score::{
    Baseline, Detail, Direction, Group, Interval, Part, Score, Undefined, Unit,
};
pub use result::section::{
    ArmShare, Associations, AttackKind, AttackResult, BalanceRow, BlindGuess, Bootstrapped,
    CellSection, ClusterSection, ColumnDetail, ColumnScale, Conclusion, Constancy, Correlation,
    CustomSection, DisclosureMeasures, DisclosureRow, DisclosureSection, Distance, DistanceCurve,
    DistanceSummary, EffectEstimate, EffectPair, ExtremeValues, HistogramCell, HoldoutShare, Icc,
    JointMissing, KeyTargetMean, LeftIn, LeftInKind, LevelDisclosure, MembershipAttack,
    MembershipKind, MissingRow, MissingSection, NearestSection, NumericSummary, OutlierSection,
    Overlap, OverlapChance, OverlapCounts, PairDifference, PrivacySection, PropensityModel,
    PropensitySection, RareLevels, ReasonShare, RuleRow, RuleSection, Section, SectionChart,
    SectionLine, SectionRow, SectionTable, Sides, TargetMean, TrialEffect, TrialSection,
    TruePositives,
};
pub use result::section::{CoefficientEstimate, CoefficientRow, RegressionSection};
pub use result::section::{PredictionMeasure, PredictionModel, PredictionSection, Spread};
pub use result::section::{Projection, SubgroupRow, SubgroupTable};
pub use utility::clusters::ClusterScore;
pub use utility::combining::{Combined, Combining};
pub use utility::prediction::{Learner, Prediction};
pub use utility::queries::QueryWorkload;
pub use utility::regression::RegressionScore;
pub use utility::subgroups::SubgroupDifference;
pub use utility::trial::TrialScore;
