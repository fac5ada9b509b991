//! The model card: method, settings, ledger, remarks.

use parable_core::{Determinism, FitRecord, NoiseProvenance};
use parable_dp::Budget;
use parable_draw::markup::Markup;
use parable_draw::number;
use parable_judge::{Level, Placement};
use parable_table::Schema;

use super::{form, list, remark, section};
use crate::MethodResult;
use crate::table::{self, Words};
use crate::training::drawing;

/// Entries of a ledger that are listed; private fits can have thousands.
const ENTRIES: usize = 30;

/// The card of one method.
pub(crate) fn card(
    m: &mut Markup,
    prefix: &str,
    method: &MethodResult,
    schema: &Schema,
    placement: &Placement,
) {
    let lead = "How the table was made, what it is for, and what it is not for.";
    section(m, &format!("{prefix}method"), "Model card", lead, |m| {
        match &method.record {
            Some(record) => fitted(m, record),
            None => remark(m, "How this table was made is not recorded."),
        }
        training(m, method);
        roles(m, schema);
        list(m, "Cleaning, undone after sampling", &method.cleaning);
        list(m, "Repairs after sampling, and remarks", &method.notes);
        uses(m, placement.treat_as);
        list(
            m,
            "Limits noted by the evaluation",
            &method.evaluation.notes,
        );
        m.node("details", &[], |m| {
            m.leaf("summary", &[], "Settings of the evaluation");
            let options =
                serde_json::to_string_pretty(&method.evaluation.options).unwrap_or_default();
            m.leaf(
                "p",
                &[("class", &"remark")],
                format_args!(
                    "Evaluated by parable-metrics {}, seed {}",
                    method.evaluation.written_by, method.evaluation.seed
                ),
            );
            m.node("pre", &[("class", &"scroll"), ("tabindex", &"0")], |m| {
                m.text(options)
            });
        });
    });
}

/// The curves of a training, if there are any.
fn training(m: &mut Markup, method: &MethodResult) {
    if method.training.is_empty() {
        return;
    }
    m.leaf("h3", &[], "Training");
    m.node("div", &[("class", &"pair")], |m| {
        for curve in &method.training {
            m.node("figure", &[], |m| {
                m.leaf("figcaption", &[], &curve.name);
                m.drawing(drawing(curve));
            });
        }
    });
}

/// The role of each column, folded: the table can be long.
fn roles(m: &mut Markup, schema: &Schema) {
    m.node("details", &[], |m| {
        m.leaf(
            "summary",
            &[],
            format_args!("Roles of the {} columns", schema.len()),
        );
        let heads = [
            ("Column", Words),
            ("Type", Words),
            ("Role", Words),
            ("Meaning", Words),
        ];
        table::table(m, "Columns", &heads, |m| {
            for field in schema.fields() {
                table::row(m, |m| {
                    table::head(m, &field.name);
                    table::words(m, field.kind.name());
                    table::words(m, field.role.name());
                    table::words(m, field.label.as_deref().unwrap_or(number::NONE));
                });
            }
        });
    });
}

/// The uses of a table of this level, with room for the owner's own words.
pub(crate) fn uses(m: &mut Markup, level: Level) {
    let (intended, forbidden) = purposes(level);
    list(m, "Intended uses", &intended);
    list(m, "Not to be used for", &forbidden);
    form(
        m,
        &[
            "Further intended uses",
            "Further forbidden uses",
            "Contact for questions and suspected disclosure",
        ],
    );
}

/// Intended and forbidden uses of a level.
fn purposes(level: Level) -> (Vec<String>, Vec<String>) {
    let mut intended =
        vec!["Reading, checking and testing programs that will run on the real table."];
    if level >= Level::Plausible {
        intended.push(
            "Teaching, and planning an analysis: sample sizes, missing values, distributions of single columns.",
        );
    }
    if level >= Level::MultivariatePlausible {
        intended.push("Developing an analysis whose findings are then computed on the real table.");
    }
    let mut forbidden = vec![
        "Trying to identify a person, or matching it with other data about people.",
        "Decisions about individuals.",
        "Reporting its numbers as findings about people without running the analysis on the real table.",
    ];
    if level < Level::MultivariatePlausible {
        forbidden.push(
            "Anything about relationships between columns: they are not those of real people.",
        );
    }
    let owned = |texts: Vec<&str>| texts.into_iter().map(str::to_owned).collect();
    (owned(intended), owned(forbidden))
}

fn fitted(m: &mut Markup, record: &FitRecord) {
    m.node("dl", &[("class", &"facts tall")], |m| {
        let mut fact = |name: &str, text: String| {
            m.node("div", &[], |m| {
                m.leaf("dt", &[], name);
                m.leaf("dd", &[], text);
            });
        };
        fact(
            "Method",
            format!("{} {}", record.method, record.method_version),
        );
        if let Some(rows) = record.rows {
            fact(
                "Trained on",
                format!(
                    "{} rows × {} columns",
                    number::count(rows as u64),
                    record.schema.len()
                ),
            );
        }
        if let Some(order) = order(&record.config) {
            fact("Column order", order);
        }
        fact(
            "Private",
            if record.private {
                "yes".to_owned()
            } else {
                "no".to_owned()
            },
        );
        fact(
            "Budget",
            match record.budget {
                Budget::Zcdp { rho } => format!("ρ = {}", number::plain(rho.get())),
                Budget::Approx { epsilon, delta } | Budget::Gaussian { epsilon, delta } => format!(
                    "ε = {}, δ = {}",
                    number::plain(epsilon.get()),
                    number::plain(delta.get())
                ),
                _ => "unlimited".to_owned(),
            },
        );
        fact(
            "Noise",
            match record.noise {
                NoiseProvenance::None => "none",
                NoiseProvenance::OperatingSystem => "operating system",
                NoiseProvenance::InsecureSeed => "a seed (no protection)",
                _ => "unknown",
            }
            .to_owned(),
        );
        fact(
            "Reproducible",
            match record.determinism {
                Determinism::Exact => "same seed, same table, on any machine",
                Determinism::SameDevice => "same seed, same table, on the same device",
                _ => "unknown",
            }
            .to_owned(),
        );
        if let Some(seed) = &record.seed {
            fact("Seed of the fit", seed.to_string());
        }
        if let Some(digest) = &record.table_digest {
            fact("SHA-256 of the table", digest.clone());
        }
    });
    list(m, "Warnings of the fit", &record.warnings);
    ledger(m, record);
    m.node("details", &[], |m| {
        m.leaf("summary", &[], "Settings of the method");
        let settings = serde_json::to_string_pretty(&record.config).unwrap_or_default();
        m.node("pre", &[("class", &"scroll"), ("tabindex", &"0")], |m| {
            m.text(settings)
        });
    });
}

/// The order in which columns are generated, from the settings.
fn order(config: &serde_json::Value) -> Option<String> {
    match config.get("visit_order").or_else(|| config.get("order"))? {
        serde_json::Value::String(name) => Some(name.clone()),
        serde_json::Value::Array(names) => Some(
            names
                .iter()
                .filter_map(serde_json::Value::as_str)
                .collect::<Vec<_>>()
                .join(", "),
        ),
        other => Some(other.to_string()),
    }
}

fn ledger(m: &mut Markup, record: &FitRecord) {
    m.leaf("h3", &[], "Privacy ledger");
    if record.ledger.is_empty() {
        remark(m, "Nothing was charged.");
        return;
    }
    let heads = [("Release", Words), ("Kind", Words)];
    table::table(m, "What was read or released, in order", &heads, |m| {
        for entry in record.ledger.iter().take(ENTRIES) {
            table::row(m, |m| {
                table::head(m, &entry.purpose);
                table::words(
                    m,
                    if entry.event.is_non_private() {
                        format!("{}: no guarantee", entry.event.tag())
                    } else {
                        entry.event.tag().to_owned()
                    },
                );
            });
        }
    });
    if record.ledger.len() > ENTRIES {
        remark(
            m,
            format_args!(
                "{} further entries are in the JSON form.",
                number::count((record.ledger.len() - ENTRIES) as u64)
            ),
        );
    }
}
