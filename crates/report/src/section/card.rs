//! How a synthetic table came about: method, settings, ledger, remarks.

use parable_core::{Determinism, FitRecord, NoiseProvenance};
use parable_dp::Budget;

use super::{remark, section};
use crate::markup::Markup;
use crate::table::{self, Words};
use crate::{MethodResult, number};

/// Entries of a ledger that are listed; private fits can have thousands.
const ENTRIES: usize = 30;

/// The card of one method.
pub(crate) fn card(m: &mut Markup, prefix: &str, method: &MethodResult) {
    section(m, &format!("{prefix}method"), "Method card", "", |m| {
        match &method.record {
            Some(record) => fitted(m, record),
            None => remark(m, "How this table was made is not recorded."),
        }
        list(
            m,
            "What was repaired or restored, and remarks",
            &method.notes,
        );
        list(m, "Remarks of the evaluation", &method.evaluation.notes);
        m.node("details", &[], |m| {
            m.leaf("summary", &[], "Settings of the evaluation");
            let options =
                serde_json::to_string_pretty(&method.evaluation.options).unwrap_or_default();
            m.leaf(
                "p",
                &[("class", &"remark")],
                format_args!("Seed {}", method.evaluation.seed),
            );
            m.node("pre", &[("class", &"scroll"), ("tabindex", &"0")], |m| {
                m.text(options)
            });
        });
    });
}

/// A heading and its points, if there are any.
pub(crate) fn list(m: &mut Markup, title: &str, points: &[String]) {
    if points.is_empty() {
        return;
    }
    m.leaf("h3", &[], title);
    m.node("ul", &[("class", &"log")], |m| {
        for point in points {
            m.leaf("li", &[], point);
        }
    });
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
                "Learnt from",
                format!(
                    "{} rows × {} columns",
                    number::count(rows as u64),
                    record.schema.len()
                ),
            );
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
                NoiseProvenance::InsecureSeed => "a seed: no protection",
                _ => "unknown",
            }
            .to_owned(),
        );
        fact(
            "Repeatable",
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
                        format!("{}: no promise", entry.event.tag())
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
