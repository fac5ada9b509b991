//! Results that no other part of the page shows, so that nothing measured is lost.

use parable_draw::markup::Markup;
use parable_draw::number;
use parable_metrics::Evaluation;
use serde_json::{Map, Value};

use super::{remark, section};
use crate::table::{self, Figures, Words};

/// Keys of an evaluation that have a place of their own on the page. Of a key with a list, only the
/// fields in it.
const SHOWN: [(&str, &[&str]); 21] = [
    ("format", &[]),
    ("version", &[]),
    ("written_by", &[]),
    ("seed", &[]),
    ("options", &[]),
    ("inputs", &[]),
    ("scores", &[]),
    ("columns", &[]),
    ("associations", &[]),
    ("missing", &[]),
    ("rules", &[]),
    ("trial", &[]),
    ("regressions", &[]),
    ("predictions", &[]),
    ("subgroups", &[]),
    ("projection", &[]),
    ("clusters", &[]),
    (
        "privacy",
        &["overlap", "nearest", "attacks", "membership", "cells"],
    ),
    ("propensity", &["models"]),
    (
        "disclosure",
        &[
            "keys",
            "keys_chosen_by",
            "targets",
            "groups",
            "looked_at",
            "determined",
            "worst",
            "by_target",
        ],
    ),
    ("notes", &[]),
];
/// Rows of a table that are printed; the JSON form has all.
const ROWS: usize = 60;
/// Numbers of a list that are printed.
const NUMBERS: usize = 24;

/// The parts nobody else shows, as tables.
pub(crate) fn further(m: &mut Markup, prefix: &str, evaluation: &Evaluation) {
    let Ok(Value::Object(parts)) = serde_json::to_value(evaluation) else {
        return;
    };
    let parts = unseen(parts);
    if parts.is_empty() {
        return;
    }
    let lead = "Results of the evaluation that have no section of their own.";
    section(
        m,
        &format!("{prefix}further"),
        "Further results",
        lead,
        |m| {
            for (name, value) in &parts {
                m.leaf("h3", &[], words(name));
                show(m, name, value);
            }
        },
    );
}

/// What has no place of its own, in the order of the evaluation.
fn unseen(parts: Map<String, Value>) -> Vec<(String, Value)> {
    let mut unseen = Vec::new();
    for (name, value) in parts {
        match (SHOWN.iter().find(|(shown, _)| *shown == name), value) {
            (None, value) => unseen.push((name, value)),
            (Some((_, fields)), Value::Object(inner)) if !fields.is_empty() => unseen.extend(
                inner
                    .into_iter()
                    .filter(|(field, _)| !fields.contains(&field.as_str())),
            ),
            _ => {}
        }
    }
    unseen.retain(|(_, value)| !is_empty(value));
    unseen
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.values().all(is_empty),
        _ => false,
    }
}

fn show(m: &mut Markup, name: &str, value: &Value) {
    match value {
        Value::Object(fields) => object(m, fields),
        Value::Array(items) if items.iter().all(Value::is_object) => {
            let rows: Vec<&Map<String, Value>> =
                items.iter().filter_map(Value::as_object).collect();
            rows_table(m, name, &rows);
        }
        other => m.leaf("p", &[], text(other)),
    }
}

/// Plain fields as facts, then lists and objects one after the other.
fn object(m: &mut Markup, fields: &Map<String, Value>) {
    let (plain, nested): (Vec<_>, Vec<_>) = fields
        .iter()
        .filter(|(_, value)| !is_empty(value))
        .partition(|(_, value)| !is_nested(value));
    if !plain.is_empty() {
        m.node("dl", &[("class", &"facts tall")], |m| {
            for (name, value) in plain {
                m.node("div", &[], |m| {
                    m.leaf("dt", &[], words(name));
                    m.leaf("dd", &[], text(value));
                });
            }
        });
    }
    for (name, value) in nested {
        m.node("p", &[], |m| m.leaf("strong", &[], words(name)));
        show(m, name, value);
    }
}

/// Whether it needs a table or a list of its own.
fn is_nested(value: &Value) -> bool {
    match value {
        Value::Object(_) => true,
        Value::Array(items) => items.iter().any(Value::is_object),
        _ => false,
    }
}

fn rows_table(m: &mut Markup, name: &str, rows: &[&Map<String, Value>]) {
    let mut keys: Vec<&String> = Vec::new();
    for row in rows {
        for (key, value) in *row {
            if !keys.contains(&key) && !is_empty(value) {
                keys.push(key);
            }
        }
    }
    let figures = |key: &String| {
        rows.iter()
            .all(|row| matches!(row.get(key), None | Some(Value::Null | Value::Number(_))))
    };
    // Names first: a map has no order of its own.
    keys.sort_by_key(|key| figures(key));
    let titles: Vec<String> = keys.iter().map(|key| words(key)).collect();
    let heads: Vec<(&str, table::Kind)> = keys
        .iter()
        .zip(&titles)
        .map(|(key, title)| (title.as_str(), if figures(key) { Figures } else { Words }))
        .collect();
    table::table(m, &words(name), &heads, |m| {
        for row in rows.iter().take(ROWS) {
            table::row(m, |m| {
                for (key, (_, kind)) in keys.iter().zip(&heads) {
                    let value = row.get(*key).map_or_else(|| number::NONE.to_owned(), text);
                    match kind {
                        table::Kind::Figures => table::figures(m, value),
                        table::Kind::Words => table::words(m, value),
                    }
                }
            });
        }
    });
    if rows.len() > ROWS {
        remark(
            m,
            format_args!("{} further rows are in the JSON form.", rows.len() - ROWS),
        );
    }
}

/// A value on one line.
fn text(value: &Value) -> String {
    match value {
        Value::Null => number::NONE.to_owned(),
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        Value::Number(number) => match (number.as_u64(), number.as_f64()) {
            (Some(count), _) => number::count(count),
            (None, Some(number)) => number::value(number),
            _ => number.to_string(),
        },
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let mut shown: Vec<String> = items.iter().take(NUMBERS).map(text).collect();
            if items.len() > NUMBERS {
                shown.push(format!("… {} in all", number::count(items.len() as u64)));
            }
            shown.join(", ")
        }
        Value::Object(fields) => fields
            .iter()
            .filter(|(_, value)| !is_empty(value))
            .map(|(name, value)| format!("{} {}", words(name), text(value)))
            .collect::<Vec<_>>()
            .join(", "),
    }
}

/// A name of a file as people write it.
fn words(name: &str) -> String {
    super::capitalised(&name.replace('_', " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_knows_is_shown_and_what_has_a_place_is_not() {
        let parts = serde_json::json!({
            "scores": [{"id": "a"}],
            "novel": {"value": 0.25, "rows": [{"name": "x", "count": 3}]},
            "privacy": {"overlap": {"x": 1}, "ghosts": [1.5, 2.5]},
            "void": {"a": null, "b": []},
        });
        let Value::Object(parts) = parts else {
            unreachable!("an object")
        };
        let unseen = unseen(parts);
        let names: Vec<&str> = unseen.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["novel", "ghosts"]);
        let mut m = Markup::default();
        for (name, value) in &unseen {
            show(&mut m, name, value);
        }
        let text = crate::markdown::markdown(&m.into_nodes());
        for part in [
            "- Value: 0.250",
            "| Name | Count |",
            "| x | 3 |",
            "1.500, 2.500",
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
    }
}
