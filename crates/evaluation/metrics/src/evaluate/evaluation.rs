//! The result of an evaluation: one value that carries everything a page needs.

use parable_seed::Seed;
use serde::{Deserialize, Serialize};

use crate::{
    Associations, ClusterSection, ColumnDetail, CustomSection, DisclosureSection,
    EvaluationOptions, MetricError, MissingSection, PredictionSection, PrivacySection, Projection,
    PropensitySection, RegressionSection, RuleSection, Score, Section, SubgroupTable, TrialSection,
};

const FORMAT: &str = "parable-evaluation";
const VERSION: u32 = 1;

/// Everything an evaluation found out about a pair of tables. **Confidential**: it holds exact
/// statistics of the real table.
///
/// Holds no clock readings: the same tables, options and seed give the same bytes.
/// [`Evaluation::to_json`] writes the stable form (documented in `docs/metrics.md`),
/// [`Evaluation::from_json`] reads it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Evaluation {
    /// Always `parable-evaluation`.
    pub format: String,
    /// The version of the form, 1.
    pub version: u32,
    /// The version of the crate that wrote it.
    pub written_by: String,
    /// The seed all random metrics derive theirs from.
    pub seed: Seed,
    /// The options.
    pub options: EvaluationOptions,
    /// What was compared.
    pub inputs: Inputs,
    /// The numbers, in the order of the registry; ids are unique.
    pub scores: Vec<Score>,
    /// One entry per column of the real table, in its order.
    pub columns: Vec<ColumnDetail>,
    /// Two columns at a time; `None` with fewer than two columns.
    pub associations: Option<Associations>,
    /// Missing values.
    pub missing: MissingSection,
    /// Declared rules.
    pub rules: RuleSection,
    /// Treatment effects; `None` without a treatment column.
    pub trial: Option<TrialSection>,
    /// One entry per formula.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub regressions: Vec<RegressionSection>,
    /// One entry per predicted column.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub predictions: Vec<PredictionSection>,
    /// Outcomes by subgroup.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subgroups: Vec<SubgroupTable>,
    /// Both tables on the plane on which the real one varies most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub projection: Option<Projection>,
    /// One entry per cluster column, coarsest first.
    pub clusters: Vec<ClusterSection>,
    /// Copies and near copies.
    pub privacy: PrivacySection,
    /// How well models tell synthetic from real rows.
    #[serde(default)]
    pub propensity: PropensitySection,
    /// What small sets of known facts tell about other columns; `None` without a column that can be
    /// a key.
    #[serde(default)]
    pub disclosure: Option<DisclosureSection>,
    /// Sections of metrics written elsewhere, in the order of the metrics.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sections: Vec<CustomSection>,
    /// What a reader should know before trusting the rest.
    pub notes: Vec<String>,
}

/// What was compared.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Inputs {
    /// Rows of the real table.
    pub real_rows: u64,
    /// Rows of the synthetic table.
    pub synthetic_rows: u64,
    /// Rows of the holdout table: real rows the synthesizer never saw.
    pub holdout_rows: Option<u64>,
    /// Columns of the real table.
    pub columns: u64,
    /// Columns that no metric looks at, with the reason.
    pub left_out: Vec<(String, String)>,
}

impl Evaluation {
    /// An evaluation of these inputs without any result yet, for whoever fills in the sections one
    /// by one.
    #[must_use]
    pub fn empty(seed: &Seed, options: EvaluationOptions, inputs: Inputs) -> Self {
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            written_by: env!("CARGO_PKG_VERSION").to_owned(),
            seed: *seed,
            options,
            inputs,
            scores: Vec::new(),
            columns: Vec::new(),
            associations: None,
            missing: MissingSection::default(),
            rules: RuleSection::default(),
            trial: None,
            regressions: Vec::new(),
            predictions: Vec::new(),
            subgroups: Vec::new(),
            projection: None,
            clusters: Vec::new(),
            privacy: PrivacySection::default(),
            propensity: PropensitySection::default(),
            disclosure: None,
            sections: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Adds the section of a metric. One about the same thing as an earlier one replaces it, or is
    /// listed after it where there may be several.
    pub fn add(&mut self, section: Section) {
        let privacy = &mut self.privacy;
        match section {
            Section::Columns(columns) => self.columns = columns,
            Section::Associations(associations) => self.associations = Some(associations),
            Section::Missing(missing) => self.missing = missing,
            Section::Rules(rules) => self.rules = rules,
            Section::Trial(trial) => self.trial = Some(trial),
            Section::Regressions(regressions) => self.regressions = regressions,
            Section::Predictions(predictions) => self.predictions = predictions,
            Section::Subgroups(subgroups) => self.subgroups = subgroups,
            Section::Projection(projection) => self.projection = Some(projection),
            Section::Clusters(clusters) => self.clusters = clusters,
            Section::Overlap(overlap) => privacy.overlap = overlap,
            Section::Nearest(nearest) => {
                // Several numbers about one distance bring the same section.
                if !privacy.nearest.contains(&nearest) {
                    privacy.nearest.push(nearest);
                }
            }
            Section::Attacks(attacks) => {
                privacy.attacks.extend(attacks);
                privacy.attacks.sort_by_key(|result| result.kind);
            }
            Section::Membership(attack) => {
                privacy.membership.push(attack);
                privacy.membership.sort_by_key(|attack| attack.kind);
            }
            Section::Cells(cells) => privacy.cells.add(cells),
            Section::Propensity(model) => self.propensity.models.push(model),
            Section::Disclosure(disclosure) => self.disclosure = Some(disclosure),
            Section::Custom(section) => self.sections.push(section),
        }
    }

    /// The score with this id.
    #[must_use]
    pub fn score(&self, id: &str) -> Option<&Score> {
        self.scores.iter().find(|score| score.id == id)
    }

    /// The value of the score with this id; `None` if there is no such score or it is undefined.
    #[must_use]
    pub fn value(&self, id: &str) -> Option<f64> {
        self.score(id)?.value
    }

    /// The stable JSON form, indented.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self)
            .expect("an evaluation holds finite numbers, texts and string keys only")
    }

    /// Reads the stable JSON form.
    ///
    /// # Errors
    /// [`MetricError::UnknownFormat`] if the text is another format or version, or no JSON of this
    /// form.
    pub fn from_json(text: &str) -> Result<Self, MetricError> {
        #[derive(Deserialize)]
        #[serde(default)]
        struct Header {
            format: String,
            version: u32,
        }
        impl Default for Header {
            fn default() -> Self {
                Self {
                    format: "nothing".to_owned(),
                    version: 0,
                }
            }
        }
        let header: Header = serde_json::from_str(text).unwrap_or_default();
        if header.format != FORMAT || header.version != VERSION {
            return Err(MetricError::UnknownFormat {
                format: header.format,
                version: header.version,
            });
        }
        serde_json::from_str(text).map_err(|error| MetricError::Damaged {
            line: error.line(),
            column: error.column(),
        })
    }
}
