//! The form of a report for publication: bands instead of numbers.
//!
//! A release is not the report with parts removed. It is built from nothing, and only the fields
//! below are copied into it: names, words, bands, and coarse shapes. An unexpected number cannot
//! slip through, because pages and files are written from this value alone.

mod page;
#[cfg(test)]
mod tests;

use parable_draw::markup::html;
use parable_draw::number;
use parable_judge::{
    Band, Banding, Bands, CoarseCell, Goal, Level, MadeFrom, Overall, Placement, main_estimate,
};
use parable_metrics::{Direction, Group};
use parable_table::Schema;
use serde::Serialize;

use crate::{MethodResult, ReportInput, markdown};

const FORMAT: &str = "parable-release";
const VERSION: u32 = 1;

/// A report for publication: bands instead of values, no record-level content, no smallest or
/// largest real value, no count of fewer than `min_cell` people, no seed and no digest. The owner
/// still decides whether it is published.
///
/// Bands reveal something too. It is coarse; whether that is little enough for a small table is
/// part of the review.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Release {
    format: &'static str,
    version: u32,
    written_by: &'static str,
    title: String,
    data_name: String,
    /// Rows of the real table, rounded.
    real_rows: String,
    min_cell: u64,
    fields: Vec<Described>,
    methods: Vec<Released>,
    #[serde(skip_serializing_if = "Option::is_none")]
    generated_at: Option<String>,
}

/// A column as its schema describes it, without anything read from the rows.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Described {
    name: String,
    kind: &'static str,
    role: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
}

/// One method.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Released {
    name: String,
    synthetic_rows: u64,
    overall: Overall,
    verdicts: Vec<ReleasedVerdict>,
    guarantee: String,
    placement: ReleasedPlacement,
    results: Vec<ReleasedResult>,
    columns: Vec<ReleasedColumn>,
    effects: Vec<ReleasedEffect>,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<ReleasedMethod>,
    checks: Vec<ReleasedCheck>,
    residual_risk: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct ReleasedVerdict {
    goal: Goal,
    band: Option<Band>,
    word: &'static str,
    sentence: String,
    findings: Vec<ReleasedFinding>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct ReleasedFinding {
    measure: String,
    band: Option<Band>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct ReleasedResult {
    id: String,
    title: String,
    group: Group,
    direction: Direction,
    band: Option<Band>,
    band_reason: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct ReleasedColumn {
    name: String,
    /// How far its distribution is from the real one.
    band: Option<Band>,
    /// The worst of its relations with other columns.
    relations: Option<Band>,
    cells: Vec<CoarseCell>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct ReleasedEffect {
    outcome: String,
    arm: String,
    /// How well the intervals of the effect overlap.
    band: Option<Band>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct ReleasedPlacement {
    level: Level,
    treat_as: Level,
    made_from: Option<MadeFrom>,
    access: String,
    conditions: Vec<ReleasedCondition>,
    remarks: Vec<String>,
    /// The same as the page shows it.
    #[serde(skip)]
    public: Placement,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct ReleasedCondition {
    level: Level,
    condition: &'static str,
    met: Option<bool>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct ReleasedMethod {
    name: String,
    version: String,
    /// As the user chose them.
    settings: serde_json::Value,
    private: bool,
    /// Purpose and kind of each entry.
    ledger: Vec<(String, String)>,
    cleaning_steps: usize,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct ReleasedCheck {
    title: String,
    limits: String,
    band: Option<Band>,
    passed: String,
}

impl Release {
    /// Builds the release of a report.
    pub(crate) fn of(input: &ReportInput) -> Self {
        let bands = &input.bands;
        Self {
            format: FORMAT,
            version: VERSION,
            written_by: env!("CARGO_PKG_VERSION"),
            title: input.title.clone(),
            data_name: input.data_name.clone(),
            real_rows: rounded(input.source_rows, bands.min_cell),
            min_cell: bands.min_cell,
            fields: described(&input.schema),
            methods: input
                .methods
                .iter()
                .map(|method| Released::of(method, bands))
                .collect(),
            generated_at: input.generated_at.clone(),
        }
    }

    /// Returns the page: one HTML file with inline SVG and style, without scripts and without
    /// references to other files.
    #[must_use]
    pub fn to_html(&self) -> String {
        format!("<!DOCTYPE html>\n{}", html(&page::page(self)))
    }

    /// Returns the page as Markdown.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        markdown::markdown(&page::page(self))
    }

    /// Returns the same content as stable, indented JSON; `docs/formats.md` describes it.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a release holds texts and whole numbers only")
    }

    /// Returns the bands of all scores of each method for a terminal: method, id, and the band or
    /// why there is none.
    #[must_use]
    pub fn bands(&self) -> Vec<(&str, &str, String)> {
        self.methods
            .iter()
            .flat_map(|method| {
                method.results.iter().map(|result| {
                    let text = match (&result.band, &result.band_reason) {
                        (Some(band), _) => band.letter().to_string(),
                        (None, why) => format!("- ({})", why.as_deref().unwrap_or("no band")),
                    };
                    (method.name.as_str(), result.id.as_str(), text)
                })
            })
            .collect()
    }
}

impl Released {
    fn of(method: &MethodResult, bands: &Bands) -> Self {
        let evaluation = &method.evaluation;
        let judgement = method.judged(bands);
        let placement = &judgement.placement;
        Self {
            name: method.name.clone(),
            synthetic_rows: evaluation.inputs.synthetic_rows,
            overall: judgement.overall,
            guarantee: judgement.guarantee.sentence(),
            results: results(method, bands),
            columns: columns(method, bands),
            effects: effects(method, bands),
            method: method.record.as_ref().map(|record| ReleasedMethod {
                name: record.method.clone(),
                version: record.method_version.clone(),
                settings: record.config.clone(),
                private: record.private,
                ledger: record
                    .ledger
                    .iter()
                    .map(|entry| (entry.purpose.clone(), entry.event.tag().to_owned()))
                    .collect(),
                cleaning_steps: method.cleaning.len(),
            }),
            residual_risk: judgement.residual_risk,
            checks: judgement
                .checks
                .into_iter()
                .map(|check| ReleasedCheck {
                    passed: check.outcome().to_string(),
                    band: check.banding.band(),
                    limits: check.limits.words(),
                    title: check.title,
                })
                .collect(),
            placement: ReleasedPlacement {
                public: placement.without_measurements(),
                level: placement.level,
                treat_as: placement.treat_as,
                made_from: placement.made_from,
                access: placement.access.to_owned(),
                conditions: placement
                    .evidence
                    .iter()
                    .map(|line| ReleasedCondition {
                        level: line.level,
                        condition: line.condition,
                        met: line.met,
                    })
                    .collect(),
                remarks: placement
                    .remarks
                    .iter()
                    .map(|text| (*text).to_owned())
                    .collect(),
            },
            verdicts: judgement
                .verdicts
                .into_iter()
                .map(|verdict| ReleasedVerdict {
                    goal: verdict.goal,
                    band: verdict.band,
                    word: verdict.word,
                    sentence: verdict.sentence,
                    findings: verdict
                        .findings
                        .into_iter()
                        .map(|finding| ReleasedFinding {
                            measure: finding.measure,
                            band: finding.band,
                        })
                        .collect(),
                })
                .collect(),
        }
    }
}

fn described(schema: &Schema) -> Vec<Described> {
    schema
        .fields()
        .iter()
        .map(|field| Described {
            name: field.name.clone(),
            kind: field.kind.name(),
            role: field.role.name(),
            label: field.label.clone(),
        })
        .collect()
}

fn results(method: &MethodResult, bands: &Bands) -> Vec<ReleasedResult> {
    method
        .evaluation
        .scores
        .iter()
        .map(|score| {
            let (band, band_reason) = match bands.of(score) {
                Banding::Band(band) => (Some(band), None),
                Banding::None(why) => (None, Some(why)),
            };
            ReleasedResult {
                id: score.id.clone(),
                title: score.title.clone(),
                group: score.group,
                direction: score.direction,
                band,
                band_reason,
            }
        })
        .collect()
}

fn columns(method: &MethodResult, bands: &Bands) -> Vec<ReleasedColumn> {
    let evaluation = &method.evaluation;
    let relations = |name: &str| -> Option<Band> {
        let associations = evaluation.associations.as_ref()?;
        let at = associations
            .columns
            .iter()
            .position(|column| column == name)?;
        let differences = associations.difference.get(at)?;
        let others = differences
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != at);
        let worst = others
            .filter_map(|(_, difference)| *difference)
            .map(f64::abs)
            .reduce(f64::max)?;
        bands.of_number("association_rms", worst)
    };
    evaluation
        .columns
        .iter()
        .map(|column| ReleasedColumn {
            name: column.name.clone(),
            band: column
                .tvd
                .and_then(|distance| bands.of_number("total_variation", distance)),
            relations: relations(&column.name),
            cells: method
                .coarse
                .iter()
                .find(|coarse| coarse.name == column.name)
                .map_or_else(Vec::new, |coarse| coarse.cells.clone()),
        })
        .collect()
}

fn effects(method: &MethodResult, bands: &Bands) -> Vec<ReleasedEffect> {
    let Some(trial) = &method.evaluation.trial else {
        return Vec::new();
    };
    trial
        .effects
        .iter()
        .map(|effect| ReleasedEffect {
            outcome: effect.outcome.clone(),
            arm: effect.arm.clone(),
            band: main_estimate(effect)
                .overlap
                .and_then(|overlap| bands.of_number("effect_overlap", overlap)),
        })
        .collect()
}

/// A number of people with two significant digits, or that it is below `min_cell`.
fn rounded(rows: u64, min_cell: u64) -> String {
    if rows < min_cell {
        return format!("<{min_cell}");
    }
    let step = 10u64.pow(rows.ilog10().saturating_sub(1));
    format!("about {}", number::count((rows + step / 2) / step * step))
}
