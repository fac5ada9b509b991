//! The place of a table between a bare structure and a replica of the real one, and proposed
//! access.
//!
//! The levels are those of the spectrum of the Office for National Statistics (Bates et al. 2018,
//! working paper 16); the measured conditions are proposals. A table is placed by how it was made,
//! and the placement is checked by measurement.

use parable_draw::number;
use parable_metrics::Evaluation;
use serde::{Deserialize, Serialize};

use crate::band::Band;
use crate::bands::Bands;
use crate::subject::{MadeFrom, Subject};
use crate::verdict::{GROUP_SIMILARITY, Goal, TRIAL_DESIGN, Verdict};

/// How much of the real table a synthetic table retains, from least to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Level {
    /// Names and types of columns.
    Structural,
    /// Values that could occur.
    Valid,
    /// Each column as in the real table, without relationships.
    Plausible,
    /// Some relationships.
    MultivariatePlausible,
    /// Most relationships.
    MultivariateDetailed,
    /// Fine patterns too.
    Replica,
}

/// The place of a table on the spectrum, with the evidence.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Placement {
    /// The level.
    pub level: Level,
    /// The level whose access rules apply: the one above after a band D on privacy.
    pub treat_as: Level,
    /// What the table was made from; `None` if that is not recorded.
    pub made_from: Option<MadeFrom>,
    /// The conditions of the levels and what was measured.
    pub evidence: Vec<Evidence>,
    /// The proposed access.
    pub access: &'static str,
    /// Disagreements between how it was made and what was measured.
    pub remarks: Vec<&'static str>,
    /// Whether a privacy result asks for more caution than the level.
    #[serde(skip)]
    pub raised: bool,
}

/// One condition of a level.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Evidence {
    /// The level it belongs to.
    pub level: Level,
    /// The condition, in words.
    pub condition: &'static str,
    /// Whether it holds; `None` if it was not measured.
    pub met: Option<bool>,
    /// The measurement. For the owner only.
    pub found: Option<String>,
}

impl Level {
    /// All levels, from least to most.
    pub const ALL: [Self; 6] = [
        Self::Structural,
        Self::Valid,
        Self::Plausible,
        Self::MultivariatePlausible,
        Self::MultivariateDetailed,
        Self::Replica,
    ];

    /// Returns the name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Structural => "structural",
            Self::Valid => "valid",
            Self::Plausible => "plausible",
            Self::MultivariatePlausible => "multivariate plausible",
            Self::MultivariateDetailed => "multivariate detailed",
            Self::Replica => "replica",
        }
    }

    /// Returns what a table of this level is good for.
    #[must_use]
    pub const fn purpose(self) -> &'static str {
        match self {
            Self::Structural => {
                "Names and types of columns: for testing that a program reads the file."
            }
            Self::Valid => "Values that could occur: for writing and testing programs.",
            Self::Plausible => {
                "Each column as in the real table, without relationships: for planning an analysis and for teaching."
            }
            Self::MultivariatePlausible => {
                "Some relationships: for trying out an analysis. Its findings are not findings about people."
            }
            Self::MultivariateDetailed => {
                "Most relationships: for developing an analysis that is then run on the real table."
            }
            Self::Replica => {
                "Fine patterns too: close to working on the real table, with its risks."
            }
        }
    }

    /// Returns the proposed access, for the owner's decision.
    #[must_use]
    pub const fn access(self) -> &'static str {
        match self {
            Self::Structural => {
                "Open. Proposed: publish without conditions, after checking the names and labels of columns."
            }
            Self::Valid => {
                "Open. Proposed: publish without conditions, after a check that no value was read off the real rows."
            }
            Self::Plausible => {
                "Open after review. Proposed: publish once rare levels and extreme values have been checked by a second person; label it as synthetic in name and file."
            }
            Self::MultivariatePlausible => {
                "Registered. Proposed: named users who accept terms of use (no attempts to identify or match people, no sharing, no reporting of results as findings about people)."
            }
            Self::MultivariateDetailed => {
                "Registered, for a stated purpose. Proposed: approved researchers under an agreement, for developing an analysis that is run on the real table before anything is reported; in a safe setting if a privacy result is in band C or D."
            }
            Self::Replica => {
                "Safe setting. Proposed: treat it like the real table: approved people, approved projects, controlled environment, outputs checked before they leave."
            }
        }
    }

    /// The next level.
    fn above(self) -> Self {
        let next = Self::ALL.iter().position(|level| *level == self);
        next.and_then(|at| Self::ALL.get(at + 1))
            .copied()
            .unwrap_or(Self::Replica)
    }
}

/// The measurements that a placement uses.
struct Measured {
    retained: Option<f64>,
    shares: Option<Band>,
    mad: Option<f64>,
    subsample: Option<f64>,
    auc: Option<f64>,
    ratio: Option<f64>,
    clusters: Option<bool>,
    rules: Option<f64>,
}

impl Measured {
    fn of(evaluation: &Evaluation, bands: &Bands, verdicts: &[Verdict]) -> Self {
        let shares = evaluation
            .score("mass_mad")
            .and_then(|score| bands.of(score).band());
        // The best detector counts.
        let auc = evaluation
            .propensity
            .models
            .iter()
            .filter_map(|model| model.auc)
            .reduce(f64::max);
        let structure: Vec<Band> = verdicts
            .iter()
            .filter(|verdict| verdict.goal == Goal::Utility)
            .flat_map(|verdict| &verdict.findings)
            .filter(|finding| [GROUP_SIMILARITY, TRIAL_DESIGN].contains(&finding.measure.as_str()))
            .filter_map(|finding| finding.band)
            .collect();
        Self {
            retained: evaluation.value("association_retained"),
            shares,
            mad: evaluation.value("mass_mad"),
            subsample: evaluation.value("subsample_equivalent"),
            auc,
            ratio: evaluation.value("propensity_logit_ratio"),
            clusters: structure.iter().max().map(|worst| *worst <= Band::B),
            rules: evaluation.rules.rows_breaking_any.synthetic,
        }
    }

    /// The highest level of a table made from real relations.
    fn level(&self) -> Level {
        let at_least = |value: Option<f64>, limit: f64| value.is_some_and(|value| value >= limit);
        let below = |value: Option<f64>, limit: f64| value.is_some_and(|value| value < limit);
        if at_least(self.retained, 0.95)
            && below(self.auc, 0.60)
            && below(self.ratio, 3.0)
            && self.clusters != Some(false)
        {
            Level::Replica
        } else if at_least(self.retained, 0.80) && below(self.auc, 0.75) {
            Level::MultivariateDetailed
        } else if at_least(self.retained, 0.20) || at_least(self.subsample, 0.05) {
            Level::MultivariatePlausible
        } else {
            Level::Plausible
        }
    }

    fn evidence(&self) -> Vec<Evidence> {
        let share = |value: Option<f64>| value.map(number::share);
        let fixed = |value: Option<f64>| value.map(|value| number::fixed(value, 3));
        let retained = share(self.retained);
        let line = |level, condition, met, found: Option<String>| Evidence {
            level,
            condition,
            met,
            found,
        };
        use Level::{MultivariateDetailed, MultivariatePlausible, Plausible, Replica, Valid};
        vec![
            line(
                Valid,
                "no synthetic row breaks a declared rule",
                self.rules.map(|rules| rules == 0.0),
                share(self.rules),
            ),
            line(
                Plausible,
                "shares of single columns (mass MAD) in band A or B",
                self.shares.map(|band| band <= Band::B),
                self.mad.map(number::value),
            ),
            line(
                MultivariatePlausible,
                "at least 20 % of the association retained",
                self.retained.map(|value| value >= 0.20),
                retained.clone(),
            ),
            line(
                MultivariatePlausible,
                "or pair counts as close as those of a sample of at least 5 % of the rows",
                self.subsample.map(|value| value >= 0.05),
                share(self.subsample),
            ),
            line(
                MultivariateDetailed,
                "at least 80 % of the association retained",
                self.retained.map(|value| value >= 0.80),
                retained.clone(),
            ),
            line(
                MultivariateDetailed,
                "no classifier tells its rows from real ones with an AUC of 0.75 or more",
                self.auc.map(|auc| auc < 0.75),
                fixed(self.auc),
            ),
            line(
                Replica,
                "at least 95 % of the association retained",
                self.retained.map(|value| value >= 0.95),
                retained,
            ),
            line(
                Replica,
                "no classifier tells its rows from real ones with an AUC of 0.60 or more",
                self.auc.map(|auc| auc < 0.60),
                fixed(self.auc),
            ),
            line(
                Replica,
                "ratio of the main-effects propensity model below 3",
                self.ratio.map(|ratio| ratio < 3.0),
                fixed(self.ratio),
            ),
            line(
                Replica,
                "similarity within groups and trial design in band A or B",
                self.clusters,
                None,
            ),
        ]
    }
}

impl Placement {
    /// Places a table.
    #[must_use]
    pub fn of(subject: Subject<'_>, bands: &Bands, verdicts: &[Verdict]) -> Self {
        let evaluation = subject.evaluation;
        let made_from = subject
            .made_from
            .or_else(|| subject.record.map(MadeFrom::of_record));
        let measured = Measured::of(evaluation, bands, verdicts);
        let mut remarks = Vec::new();
        let one_column = evaluation.inputs.columns == 1;
        let by_measurement = match measured.retained {
            Some(_) => measured.level(),
            None if one_column => Level::Plausible,
            None => Level::Replica,
        };
        let level = match made_from {
            Some(MadeFrom::Metadata) => Level::Structural,
            Some(MadeFrom::PlausibleValues) => Level::Valid,
            Some(MadeFrom::OneWay) => Level::Plausible,
            Some(MadeFrom::Joint) => by_measurement,
            None => {
                remarks.push(
                    "How the table was made is not recorded, so it is placed by measurement alone.",
                );
                by_measurement
            }
        };
        if level < Level::MultivariatePlausible && measured.retained.is_some_and(|r| r >= 0.20) {
            remarks.push("It retains more of the relationships between columns than a table made this way should. Find out why first.");
        }
        if level == Level::Valid && measured.rules.is_some_and(|rules| rules > 0.0) {
            remarks.push("It breaks declared rules, which a valid table does not.");
        }
        if level == Level::Plausible && measured.shares.is_some_and(|band| band > Band::B) {
            remarks.push("Its columns are further from the real ones than this level requires; access still depends on what it was made from.");
        }
        if measured.retained.is_none() && level == Level::Replica {
            remarks.push(
                "Retained association was not measured, so the most cautious level is assumed.",
            );
        }
        let dangerous = verdicts
            .iter()
            .any(|verdict| verdict.goal == Goal::Privacy && verdict.band == Some(Band::D));
        let treat_as = if dangerous { level.above() } else { level };
        Self {
            level,
            treat_as,
            made_from,
            evidence: measured.evidence(),
            access: treat_as.access(),
            remarks,
            raised: dangerous,
        }
    }

    /// Returns the placement without anything measured on the real table, as it may be published.
    #[must_use]
    pub fn without_measurements(&self) -> Self {
        let mut public = self.clone();
        for line in &mut public.evidence {
            line.found = None;
        }
        public
    }
}
