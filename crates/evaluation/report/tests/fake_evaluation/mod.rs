//! Evaluations with made-up numbers, rich and poor, for looking at a page without computing
//! anything.

use parable_metrics::{Evaluation, EvaluationOptions, Inputs};
use parable_seed::Seed;
use serde_json::{Value, json};

/// An evaluation without any result.
pub(crate) fn empty() -> Evaluation {
    Evaluation::empty(
        &Seed::from_u64(7),
        EvaluationOptions::default(),
        Inputs::default(),
    )
}

/// The evaluation with these top-level parts replaced.
pub(crate) fn with(parts: Value) -> Evaluation {
    let mut text: Value = serde_json::from_str(&empty().to_json()).expect("its own form");
    for (name, part) in parts.as_object().expect("an object of parts") {
        text[name] = part.clone();
    }
    Evaluation::from_json(&text.to_string()).expect("parts of the right form")
}

/// A number between 0 and 1 that looks random.
fn wobble(a: usize, b: usize) -> f64 {
    let mixed = (a as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        ^ (b as u64 + 7).wrapping_mul(0xd1b5_4a32_d192_ed03);
    ((mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 11) as f64 / (1u64 << 53) as f64
}

const NAMES: [&str; 14] = [
    "school_id",
    "treatment",
    "sex",
    "birth_month",
    "ethnicity",
    "eal",
    "fsm",
    "sen",
    "pre_reading",
    "attendance_pct",
    "post_reading",
    "post_vocab_std",
    "likert_enjoy",
    "sessions_attended",
];

/// A school trial with these column names (numeric from the ninth on), wrong by about `error`.
pub(crate) fn trial_named(names: &[String], error: f64, holdout: bool) -> Evaluation {
    let n = names.len();
    let numeric = |column: usize| column >= 8 || column % 9 == 3;
    let columns: Vec<Value> = (0..n)
        .map(|c| column(c, &names[c], numeric(c), error))
        .collect();
    let real: Vec<Vec<Value>> = (0..n)
        .map(|row| (0..n).map(|col| entry(row, col, 0.0)).collect())
        .collect();
    let synthetic: Vec<Vec<Value>> = (0..n)
        .map(|row| (0..n).map(|col| entry(row, col, error)).collect())
        .collect();
    let difference: Vec<Vec<Value>> = (0..n)
        .map(|row| {
            (0..n)
                .map(
                    |col| match (real[row][col].as_f64(), synthetic[row][col].as_f64()) {
                        (Some(r), Some(s)) => json!(s - r),
                        _ => Value::Null,
                    },
                )
                .collect()
        })
        .collect();
    let worst: Vec<Value> = (1..n.min(9))
        .map(|i| {
            json!({"left": names[i], "right": names[i - 1], "measure": (["correlation", "correlation_ratio", "cramers_v"][i % 3]),
                "real": 0.61 - 0.03 * i as f64, "synthetic": 0.61 - 0.03 * i as f64 - error * 4.0, "difference": -error * 4.0})
        })
        .collect();
    let mut parts = json!({
        "inputs": {"real_rows": 1200, "synthetic_rows": 1200, "holdout_rows": if holdout { json!(300) } else { Value::Null },
            "columns": n, "left_out": [["pupil_id", "row id"]]},
        "scores": scores(error),
        "columns": columns,
        "associations": if n < 2 { Value::Null } else { json!({"columns": names, "scales": (0..n).map(|c| if numeric(c) { "numeric" } else { "nominal" }).collect::<Vec<_>>(),
            "correlation": "pearson", "bias_corrected": false, "real": real, "synthetic": synthetic, "difference": difference,
            "worst": worst, "root_mean_square": error * 1.4}) },
        "missing": missing(names, error),
        "rules": {"rules": [
                {"rule": format!("{} is one of Male, Female", names[0]), "columns": [names[0]], "rows": {"real": 0, "synthetic": 0}, "share": {"real": 0.0, "synthetic": 0.0}},
                {"rule": "when treatment is control, sessions_attended is 0", "columns": [names[0]], "rows": {"real": 2, "synthetic": 17}, "share": {"real": 2.0 / 1200.0, "synthetic": 17.0 / 1200.0}}],
            "rows_breaking_any": {"real": 2.0 / 1200.0, "synthetic": 17.0 / 1200.0}},
        "notes": ["Fewer than 50 schools: intervals are approximate."],
        "privacy": privacy(names, error, holdout),
    });
    if n > 12 {
        parts["trial"] = trial_section(error);
        parts["clusters"] = json!([cluster(error)]);
    }
    with(parts)
}

/// A school trial, wrong by about `error` (0.02 is good, 0.2 is bad).
pub(crate) fn trial(error: f64, holdout: bool) -> Evaluation {
    let names: Vec<String> = NAMES.iter().map(|name| (*name).to_owned()).collect();
    trial_named(&names, error, holdout)
}

fn entry(row: usize, col: usize, error: f64) -> Value {
    if row == col {
        return json!(1.0);
    }
    let (a, b) = (row.min(col), row.max(col));
    if (a * 7 + b * 3) % 41 == 0 {
        return Value::Null;
    }
    let strength = wobble(a, b).powi(2);
    let signed = if a >= 8 && wobble(b, a) < 0.4 {
        -strength
    } else {
        strength
    };
    json!((signed * (1.0 - 3.0 * error) + error * (wobble(a + 50, b) - 0.5)).clamp(-1.0, 1.0))
}

fn column(c: usize, name: &str, numeric: bool, error: f64) -> Value {
    let missing = if c.is_multiple_of(3) {
        0.04 * (1 + c % 4) as f64
    } else {
        0.0
    };
    let rows = |share: f64| (share * 1200.0).round() as u64;
    let cells: Vec<Value> = if numeric {
        let shape = |i: usize, shift: f64| (-((i as f64 - 5.2 - shift) / 2.4).powi(2)).exp();
        let shares = |shift: f64| -> Vec<f64> {
            let total: f64 = (0..10).map(|i| shape(i, shift)).sum();
            (0..10)
                .map(|i| shape(i, shift) / total * (1.0 - missing))
                .collect()
        };
        let (real, synthetic) = (shares(0.0), shares(error * 12.0 * (wobble(c, 3) - 0.3)));
        (0..10)
            .map(|i| {
                let (low, high) = (i as f64 * 6.0, i as f64 * 6.0 + 6.0);
                json!({"label": format!("{low} to {high}"), "low": low, "high": high,
                    "rows": {"real": rows(real[i]), "synthetic": rows(synthetic[i])}, "share": {"real": real[i], "synthetic": synthetic[i]}})
            })
            .collect()
    } else {
        let levels = [
            "Autumn",
            "Spring",
            "Summer",
            "White British",
            "any other Asian background",
            "none of these",
            "North East",
            "Yorkshire and The Humber",
            "x",
            "y",
        ];
        let used = 2 + c % 9;
        let total: f64 = (0..used).map(|i| 1.0 / (i + 1) as f64).sum();
        let mut cells: Vec<Value> = (0..used)
            .map(|i| {
                let real = 1.0 / (i + 1) as f64 / total * (1.0 - missing);
                let synthetic = real * (1.0 + error * 4.0 * (wobble(c, i) - 0.5));
                json!({"label": levels[i], "rows": {"real": rows(real), "synthetic": rows(synthetic)}, "share": {"real": real, "synthetic": synthetic}})
            })
            .collect();
        if missing > 0.0 {
            cells.push(json!({"label": "missing", "missing": true, "rows": {"real": rows(missing), "synthetic": rows(missing * 0.9)}, "share": {"real": missing, "synthetic": missing * 0.9}}));
        }
        cells
    };
    let summary = |shift: f64| json!({"mean": 31.2 + shift, "sd": 11.9, "min": 2.0, "q25": 22.0, "median": 32.0, "q75": 41.0, "max": 60.0});
    json!({"name": name, "kind": if numeric { "integer" } else { "nominal" },
        "role": match name { "school_id" => "cluster_id", "treatment" => "treatment", "post_reading" => "outcome", _ => "covariate" },
        "label": if c == 8 { json!("Reading test before the trial, 0 to 60") } else { Value::Null },
        "scale": if numeric { "numeric" } else { "nominal" },
        "tvd": error * (0.2 + wobble(c, 1)), "tvd_resample": 0.011, "ks": if numeric { json!(error * 0.6) } else { Value::Null },
        "missing_share": {"real": missing, "synthetic": missing * 0.9},
        "values": {"real": 1150, "synthetic": 1160},
        "summary": {"real": if numeric { summary(0.0) } else { Value::Null }, "synthetic": if numeric { summary(error * 9.0) } else { Value::Null }},
        "cells": cells, "distinct": {"real": 58, "synthetic": 57}})
}

fn scores(error: f64) -> Value {
    let score = |id: &str,
                 title: &str,
                 group: &str,
                 value: f64,
                 direction: &str,
                 resample: f64,
                 independent: f64| {
        json!({"id": id, "title": title, "group": group, "value": value, "n_used": 14, "unit": "columns", "direction": direction,
            "baseline": {"resample": resample, "resample_sd": resample * 0.2, "independent": independent, "repeats": 3}})
    };
    json!([
        score("mass_mad", "Mean absolute difference of shares", "univariate", error * 0.3, "min0", 0.0041, 0.0),
        score("total_variation", "Total variation distance, mean over columns", "univariate", error * 0.7, "min0", 0.013, 0.012),
        score("correlation_msd_pearson", "Pearson correlation, mean squared difference", "bivariate", error * error * 2.0, "min0", 0.00061, 0.062),
        score("cramers_v_msd", "Cramér's V, mean squared difference", "bivariate", error * error, "min0", 0.00022, 0.041),
        {"id": "bad", "title": "Correlation ratio, mean squared difference", "group": "bivariate", "value": null, "reason": "no_pairs", "n_used": 0, "unit": "pairs", "direction": "min0"},
        score("effect_overlap", "Overlap of effect intervals, mean", "utility", 1.0 - error * 3.0, "max1", 0.83, 0.31),
        score("icc_difference", "Intraclass correlation, mean absolute difference", "utility", error * 0.5, "min0", 0.012, 0.14),
        {"id": "overlap_distinct_real_rows", "title": "Distinct real rows found in the synthetic table", "group": "privacy", "value": 0.0, "n_used": 1200, "unit": "rows",
            "direction": "baseline", "baseline": {"holdout": 0.0}, "ci": {"low": 0.0, "high": 0.0031, "level": 0.95}},
    ])
}

fn missing(names: &[String], error: f64) -> Value {
    let columns: Vec<Value> = names
        .iter()
        .enumerate()
        .filter(|(c, _)| c % 3 == 0)
        .map(|(c, name)| {
            let real = 0.04 * (1 + c % 4) as f64;
            json!({"column": name, "share": {"real": real, "synthetic": real - error * 0.1}, "difference": -error * 0.1,
                "reasons": if c == 0 { json!([{"code": "-8", "meaning": "not applicable", "share": {"real": 0.02, "synthetic": 0.01}}, {"code": "", "share": {"real": 0.02, "synthetic": 0.03}}]) } else { json!([]) }})
        })
        .collect();
    json!({"share_of_cells": {"real": 0.067, "synthetic": 0.064}, "complete_rows": {"real": 0.41, "synthetic": 0.43}, "columns": columns,
        "joint": [{"left": names[0], "right": names[names.len() - 1], "tvd": error * 0.4, "both": {"real": 0.031, "synthetic": 0.02}}], "pairs": 10})
}

fn estimate(value: f64, se: f64) -> Value {
    json!({"value": value, "se": se, "ci": {"low": value - 1.96 * se, "high": value + 1.96 * se, "level": 0.95},
        "treated_rows": 482, "control_rows": 503, "clusters": 48})
}

fn pair(real: f64, synthetic: f64, se: f64) -> Value {
    json!({"real": estimate(real, se), "synthetic": estimate(synthetic, se * 1.1), "difference": synthetic - real,
        "standardised_difference": (synthetic - real) / se, "overlap": 1.0 - (synthetic - real).abs() / (4.0 * se),
        "same_sign": real * synthetic > 0.0, "same_significance": (real / se > 1.96) == (synthetic / se > 1.78)})
}

fn trial_section(error: f64) -> Value {
    let effects: Vec<Value> = [("post_reading", 0.24), ("post_vocab_std", 0.11), ("attendance_pct", -0.02)]
        .iter()
        .enumerate()
        .map(|(i, (outcome, g))| {
            let s = g - error * wobble(i, 2);
            json!({"outcome": outcome, "arm": "1", "mean_difference": pair(g * 12.0, s * 12.0, 0.9), "mean_difference_robust": pair(g * 12.0, s * 12.0, 1.6),
                "hedges_g": pair(*g, s, 0.07), "adjusted": pair(g * 11.0, s * 11.0, 0.7), "adjusted_robust": pair(g * 11.0, s * 11.0, 1.1),
                "adjusted_effect_size": pair(g * 0.9, s * 0.9, 0.09)})
        })
        .collect();
    let balance: Vec<Value> = [("sex", Some("Male")), ("fsm", Some("1")), ("pre_reading", None), ("birth_month", None)]
        .iter()
        .enumerate()
        .map(|(i, (column, level))| json!({"column": column, "level": level, "arm": "1", "standardised_difference": {"real": wobble(i, 9) * 0.2 - 0.1, "synthetic": wobble(i, 8) * 0.2 - 0.1}}))
        .collect();
    json!({"treatment": "treatment", "control": "0", "cluster": "school_id", "covariates": ["pre_reading"], "covariates_chosen_by": "numeric covariates measured before the trial, by name",
        "arms": [{"arm": "0", "rows": {"real": 600, "synthetic": 588}, "share": {"real": 0.5, "synthetic": 0.49}}, {"arm": "1", "rows": {"real": 600, "synthetic": 612}, "share": {"real": 0.5, "synthetic": 0.51}}],
        "effects": effects, "balance": balance, "left_out": [["likert_confidence", "levels without numbers"]]})
}

fn cluster(error: f64) -> Value {
    json!({"column": "school_id", "clusters": {"real": 48, "synthetic": 48}, "mean_size": {"real": 25.0, "synthetic": 25.0},
        "sizes": [{"label": "8-15", "rows": {"real": 6, "synthetic": 5}, "share": {"real": 0.125, "synthetic": 0.104}},
            {"label": "16-31", "rows": {"real": 30, "synthetic": 33}, "share": {"real": 0.625, "synthetic": 0.688}},
            {"label": "32-63", "rows": {"real": 12, "synthetic": 10}, "share": {"real": 0.25, "synthetic": 0.208}}],
        "size_tvd": 0.063, "in_one_arm": {"real": 1.0, "synthetic": if error > 0.1 { 0.4 } else { 1.0 }},
        "icc": [{"column": "post_reading", "role": "outcome", "icc": {"real": 0.15, "synthetic": 0.15 - error * 0.4}, "difference": -error * 0.4, "rows": {"real": 985, "synthetic": 990}},
            {"column": "pre_reading", "role": "covariate", "icc": {"real": 0.12, "synthetic": null}, "difference": null, "rows": {"real": 1150, "synthetic": 0}, "reason": "no_rows"}],
        "constancy": [{"column": "region_code", "share": {"real": 1.0, "synthetic": 1.0 - error}}]})
}

fn privacy(names: &[String], error: f64, holdout: bool) -> Value {
    let copies = if error < 0.005 { 90 } else { 0 };
    let counts = |copies: u64, rows: u64| {
        json!({"real_rows": rows, "distinct_real_rows": rows, "synthetic_rows": 1200, "real_rows_in_synthetic": copies, "distinct_real_rows_in_synthetic": copies,
            "synthetic_rows_in_real": copies, "unique_real_rows": rows, "unique_real_rows_matched": copies, "replicated_uniques": copies,
            "share_of_real_rows": copies as f64 / rows as f64, "share_of_distinct_real_rows": copies as f64 / rows as f64, "share_of_synthetic_rows": copies as f64 / 1200.0})
    };
    let summary = |shift: f64| json!({"rows": 1200, "min": 0.02 + shift, "p01": 0.06 + shift, "p05": 0.08 + shift, "median": 0.15 + shift, "mean": 0.16 + shift, "max": 0.4, "share_zero": 0.0});
    let ratio = json!({"rows": 1200, "min": 0.41, "p01": 0.6, "p05": 0.71, "median": 0.91, "mean": 0.9, "max": 1.0, "share_zero": 0.0});
    let at: Vec<f64> = (0..=100).map(|i| i as f64 * 0.004).collect();
    let rise = |middle: f64| -> Vec<f64> {
        at.iter()
            .map(|d| 1.0 / (1.0 + (-(d - middle) / 0.022).exp()))
            .collect()
    };
    let near = |distance: &str| {
        json!({"distance": distance, "columns": names, "synthetic_to_real": summary(error * 0.1), "real_to_real": summary(0.0),
            "holdout_to_real": if holdout { summary(0.002) } else { Value::Null },
            "synthetic_ratio": ratio, "real_ratio": ratio, "curve": {"at": at, "synthetic": rise(0.15 + error * 0.2), "real": rise(0.15), "holdout": if holdout { rise(0.155) } else { Vec::new() }},
            "outliers": {"neighbours": 5, "threshold": 2.0, "outliers": 14, "mean_factor": 1.08, "max_factor": 3.21, "outlier_to_synthetic": summary(0.1)},
            "share_below_real_p01": if error < 0.005 { 0.12 } else { 0.008 }})
    };
    json!({"overlap": {"columns": names, "synthetic": counts(copies, 1200), "holdout": if holdout { counts(0, 300) } else { Value::Null }},
        "nearest": [near("gower"), near("raw_manhattan")]})
}
