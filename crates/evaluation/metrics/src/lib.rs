//! Fidelity, utility and privacy of a synthetic table.
//!
//! The three types to learn first: [`Pair`] holds the tables that are compared, [`Score`] is one number with everything needed to read
//! it, and [`Evaluation`] carries all numbers and the material of a page.
//!
//! Every number comes with the rows it used and its direction, fidelity numbers also with two anchors: the value of a bootstrap sample of the real
//! table (as good as it gets) and of the real table with each column shuffled on its own (every relation lost). What does not exist is
//! `None` with an [`Undefined`] reason, never 0 and never NaN. The same tables, options and seed give the same bytes on any number of threads.
//! `docs/metrics.md` explains each metric with its formula and source.
//!
//! ```
//! use parable_metrics::{Evaluation, EvaluationOptions, Pair};
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
//! let evaluation = Evaluation::of(Pair::new(&real, &synthetic)?)
//!     .with_options(EvaluationOptions::default().with_baseline_repeats(2))
//!     .with_default_metrics()
//!     .run(&Seed::from_u64(1))?;
//!
//! let lost = evaluation.value("hedges_g_difference").ok_or("undefined")?;
//! assert!(lost > 1.0);
//! let score = evaluation.score("mass_mad").ok_or("not computed")?;
//! println!("{}: {:?}, sampling noise alone: {:?}", score.title, score.value, score.baseline.resample);
//! assert!(evaluation.score("icc_difference").is_some_and(|icc| icc.reason.is_some())); // no clusters here
//! let json = evaluation.to_json();
//! assert_eq!(Evaluation::from_json(&json)?, evaluation);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod association;
mod attacks;
mod bivariate;
mod cells;
mod clustered;
mod clusters;
mod combining;
#[cfg(feature = "testkit")]
pub mod conformance;
mod conjunctions;
mod disclosure;
mod error;
mod evaluation;
mod evaluator;
mod features;
mod formula;
mod frame;
mod inner_product;
mod k_marginal;
mod least_squares;
mod logistic;
mod manifold;
mod membership;
mod metric;
mod missing;
mod mixed_points;
mod nearest;
mod neighbours;
mod options;
mod overlap;
mod pair;
mod pair_similarity;
mod prediction;
mod privacy;
mod projection;
mod propensity;
mod quantile;
mod queries;
mod reference;
mod registry;
mod regression;
mod review;
mod rules;
mod score;
mod section;
mod subgroups;
mod table_utility;
#[cfg(test)]
mod testing;
mod trial;
mod univariate;

pub use attacks::{Attack, Risk, SuccessRate};
pub use bivariate::{AssociationRms, CorrelationMsd, CorrelationRatioMsd, CramersVMsd};
pub use cells::CellScore;
pub use clustered::ClusteredMsd;
pub use clusters::ClusterScore;
pub use combining::{Combined, Combining};
pub use conjunctions::Conjunctions;
pub use disclosure::{Binning, Disclosure, WorstDisclosure};
pub use error::MetricError;
pub use evaluation::{Evaluation, Inputs};
pub use evaluator::{Evaluator, Progress, default_metrics};
pub use formula::{Formula, FormulaError};
pub use k_marginal::{KMarginal, SubsampleEquivalent};
pub use manifold::ManifoldScore;
pub use membership::{MembershipScore, ShadowError, ShadowGame, ShadowResult, VulnerableRecord};
pub use metric::Metric;
pub use missing::{JointMissingDifference, MissingShareDifference};
pub use options::EvaluationOptions;
pub use pair::Pair;
pub use pair_similarity::PairSimilarity;
pub use prediction::{Learner, Prediction};
pub use privacy::{NearestScore, NearestStatistic, OverlapScore};
pub use propensity::Propensity;
pub use queries::QueryWorkload;
pub use registry::{Registered, registry};
pub use regression::RegressionScore;
pub use review::{Review, ReviewFlag, ReviewRow, ReviewedTable};
pub use rules::RuleViolations;
pub use score::{Baseline, Detail, Direction, Group, Interval, Part, Score, Undefined, Unit};
pub use section::{
    ArmShare, Associations, AttackKind, AttackResult, BalanceRow, BlindGuess, Bootstrapped, Cell,
    CellSection, ClusterSection, ColumnDetail, Conclusion, Constancy, Correlation,
    DisclosureMeasures, DisclosureRow, DisclosureSection, Distance, DistanceCurve, DistanceSummary,
    Effect, EffectPair, ExtremeValues, HoldoutShare, Icc, JointMissing, KeyTargetMean, LeftIn,
    LeftInKind, LevelDisclosure, MembershipAttack, MembershipKind, MissingRow, MissingSection,
    NearestSection, NumericSummary, OutlierSection, Overlap, OverlapCounts, PairDifference,
    PrivacySection, PropensityModel, PropensitySection, RareLevels, ReasonShare, RuleRow,
    RuleSection, Scale, Sides, TargetMean, TrialEffect, TrialSection, TruePositives,
};
pub use section::{CoefficientRow, Estimate, RegressionSection};
pub use section::{PredictionMeasure, PredictionModel, PredictionSection, Spread};
pub use section::{Projection, SubgroupRow, SubgroupTable};
pub use subgroups::SubgroupDifference;
pub use table_utility::{TableComparison, TableUtility};
pub use trial::TrialScore;
pub use univariate::{
    Adherence, Cover, DensityMad, JensenShannon, KolmogorovSmirnov, KullbackLeibler, MassMad,
    RankTest, RankTestResult, TotalVariation, Wasserstein,
};
