//! What every page must be, whatever the results and whatever the columns are called.

mod fake_evaluation;
mod html_check;

use html_check::check;
use parable_metrics::Evaluation;
use parable_report::{
    BandLimits, Bands, Cost, KnownEffect, KnownTruth, MadeFrom, MethodResult, Report, ReportError,
    ReportInput,
};
use parable_table::{Field, Kind, Schema};

fn input(names: &[&str]) -> ReportInput {
    let fields = names
        .iter()
        .map(|name| Field::new(*name, Kind::Text))
        .collect();
    ReportInput::new(
        "Reading trial",
        "reading_2024.csv",
        1_200,
        24,
        Schema::new(fields).expect("names that differ"),
    )
}

fn page(evaluation: Evaluation) -> String {
    let html =
        Report::new(input(&["a"]).with_method(MethodResult::new("cart", evaluation))).to_html();
    check(&html);
    html
}

fn rich() -> Report {
    let cost = Cost::default()
        .with_fit_seconds(1.42)
        .with_sample_seconds(0.031)
        .with_evaluate_seconds(12.4)
        .with_peak_memory_bytes(214_000_000)
        .with_metric_seconds([("mass_mad".to_owned(), 0.25)].into());
    let truth = KnownTruth::default()
        .with_effect(KnownEffect::new("post_reading", 2.2).with_effect_size(0.19))
        .with_effect(KnownEffect::new("attendance_pct", 0.0).with_effect_size(0.0))
        .with_note("Truth: mean difference of both potential outcomes over all pupils.");
    Report::new(
        input(&["school_id", "treatment"])
            .with_method(MethodResult::new("cart", fake_evaluation::trial(0.05, true)).with_cost(cost).with_note("17 values were moved into their range."))
            .with_method(MethodResult::new("independent", fake_evaluation::trial(0.2, true)).with_cost(Cost::default().with_fit_seconds(0.1)))
            .with_method(MethodResult::new("copy", fake_evaluation::trial(0.001, true)))
            .with_truth(truth)
            .with_note("Dropped trial_name: it has one value only.")
            .with_note("Dropped band_below, band_expected, band_higher: determined by post_reading; rebuilt afterwards.")
            .with_generated_at("2026-11-21 21:00"),
    )
}

/// Set `PARABLE_REPORT_DIR` to look at the pages of these tests in a browser.
fn keep(name: &str, html: &str) {
    if let Some(dir) = std::env::var_os("PARABLE_REPORT_DIR") {
        std::fs::write(std::path::Path::new(&dir).join(name), html).expect("a folder to write to");
    }
}

#[test]
fn a_rich_page_is_well_formed_and_says_the_main_things() {
    let html = rich().to_html();
    keep("rich.html", &html);
    check(&html);
    for text in [
        "Synthetic, not real",
        "For the data owner only",
        "No formal guarantee",
        "Verdicts on all methods",
        "Details of <bdi>independent</bdi>",
        "trade-off, not a ranking",
        "truth of the simulation",
        "Dropped trial_name",
        "17 values were moved",
        "undefined: no rows to compute from",
        "no pair of columns for which it exists",
    ] {
        assert!(html.contains(text), "{text}");
    }
}

#[test]
fn a_copy_is_called_dangerous() {
    let html = page(fake_evaluation::trial(0.001, false));
    assert!(html.contains("<h2>Dangerous</h2>"));
    assert!(html.contains("Do not release this table"));
    assert!(html.contains("90 of 1200 distinct real rows"));
}

#[test]
fn lost_relations_are_called_very_poor() {
    let html = page(fake_evaluation::trial(0.3, false));
    assert!(html.contains("<h2>Very poor</h2>"));
    assert!(html.contains("40.0\u{202f}% of the synthetic ones are"));
    assert!(html.contains("<h2>No leak found</h2>"));
    assert!(html.contains("This does not prove that nothing leaks"));
}

#[test]
fn equal_inputs_give_equal_bytes() {
    assert_eq!(rich().to_html(), rich().to_html());
    assert_eq!(rich().to_json(), rich().to_json());
}

#[test]
fn an_empty_evaluation_says_that_nothing_was_judged() {
    let html = page(fake_evaluation::empty());
    keep("empty.html", &html);
    assert!(html.contains("<h2>Not judged</h2>"));
    assert!(html.contains("Privacy was not measured"));
}

#[test]
fn a_report_without_methods_is_a_page_too() {
    let html = Report::new(input(&["a"])).to_html();
    check(&html);
    assert!(html.contains("No method was evaluated"));
}

#[test]
fn one_column_has_no_pairs() {
    let html = page(fake_evaluation::trial_named(
        &["age".to_owned()],
        0.02,
        false,
    ));
    assert!(html.contains("There is no pair of columns to compare"));
}

#[test]
fn two_hundred_columns_stay_readable_and_say_what_is_left_out() {
    let names: Vec<String> = (0..200)
        .map(|i| format!("column_number_{i}_with_a_long_name"))
        .collect();
    let html = page(fake_evaluation::trial_named(&names, 0.05, false));
    keep("wide.html", &html);
    assert!(html.contains("the 60 columns with the largest differences; 140 others are left out"));
    assert!(html.contains("128 further columns are not drawn"));
    assert!(html.len() < 1_500_000, "{} bytes", html.len());
}

#[test]
fn hostile_names_stay_names() {
    let bad = "</title></style><script>alert(1)</script><img src=x onerror=alert(1)>\"' onload=\"x\u{202e}\u{0}";
    let names: Vec<String> = (0..14).map(|i| format!("{bad}{i}")).collect();
    let evaluation = fake_evaluation::trial_named(&names, 0.05, true);
    let method = MethodResult::new(bad, evaluation.clone()).with_note(bad);
    let report = Report::new(
        ReportInput::new(
            bad,
            bad,
            1,
            1,
            Schema::new(vec![Field::new(bad, Kind::Text)]).expect("a schema"),
        )
        .with_method(method.clone())
        .with_method(method)
        .with_truth(KnownTruth::default().with_note(bad))
        .with_note(bad)
        .with_generated_at(bad),
    );
    let html = report.to_html().replace("src=x", "");
    check(&html);
    assert!(!html.contains("<script") && !html.contains("<img"));
    assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert!(!html.contains('\u{202e}') && !html.contains('\u{0}'));
    assert_eq!(Report::from_json(&report.to_json()), Ok(report));
}

#[test]
fn undefined_everywhere_prints_reasons_and_no_numbers_that_are_none() {
    let mut text: serde_json::Value =
        serde_json::from_str(&fake_evaluation::trial(0.05, true).to_json()).expect("its own form");
    undefine(&mut text);
    let html = page(Evaluation::from_json(&text.to_string()).expect("still an evaluation"));
    keep("undefined.html", &html);
    assert!(html.contains("undefined"));
    assert!(!html.contains("NaN"));
}

/// Takes every number away that an evaluation may do without.
fn undefine(value: &mut serde_json::Value) {
    const OPTIONAL: [&str; 22] = [
        "value",
        "tvd",
        "tvd_resample",
        "ks",
        "root_mean_square",
        "difference",
        "standardised_difference",
        "overlap",
        "icc",
        "size_tvd",
        "mean_size",
        "in_one_arm",
        "missing_share",
        "share_of_cells",
        "complete_rows",
        "rows_breaking_any",
        "synthetic_to_real",
        "real_to_real",
        "synthetic_ratio",
        "share_below_real_p01",
        "mean_factor",
        "outlier_to_synthetic",
    ];
    match value {
        serde_json::Value::Object(fields) => {
            let is_estimate = fields.contains_key("treated_rows");
            let is_missing_row = ["share", "measure", "both"]
                .iter()
                .any(|name| fields.contains_key(*name));
            let has_reason = fields.contains_key("direction");
            for (name, field) in fields.iter_mut() {
                if is_estimate || is_missing_row {
                    continue;
                }
                if OPTIONAL.contains(&name.as_str()) {
                    match field {
                        serde_json::Value::Object(sides)
                            if sides.contains_key("real") && sides.len() == 2 =>
                        {
                            for side in sides.values_mut() {
                                *side = serde_json::Value::Null;
                            }
                        }
                        serde_json::Value::Number(_) => *field = serde_json::Value::Null,
                        serde_json::Value::Object(summary) if summary.contains_key("p01") => {
                            *field = serde_json::Value::Null
                        }
                        other => undefine(other),
                    }
                } else {
                    undefine(field);
                }
            }
            if has_reason {
                fields.insert("reason".to_owned(), "not_converged".into());
            }
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(undefine),
        _ => {}
    }
}

#[test]
fn json_gives_the_report_back() {
    let report = rich();
    let text = report.to_json();
    assert_eq!(Report::from_json(&text), Ok(report));
    let value: serde_json::Value = serde_json::from_str(&text).expect("json");
    assert_eq!(value["format"], "parable-report");
    assert_eq!(value["version"], 1);
    assert_eq!(value["methods"][2]["verdicts"][2]["goal"], "privacy");
    assert_eq!(value["methods"][2]["verdicts"][2]["band"], "D");
    assert_eq!(value["methods"][2]["overall"]["word"], "dangerous");
    assert_eq!(value["methods"][2]["placement"]["treat_as"], "replica");
    assert_eq!(value["bands"]["format"], "parable-bands");
    let result = value["methods"][0]["results"][0]
        .as_object()
        .expect("a record");
    for key in [
        "id",
        "params",
        "value",
        "reason",
        "se",
        "ci",
        "n_used",
        "direction",
        "band",
        "band_reason",
        "baseline",
        "seed",
        "repeats",
        "seconds",
        "warnings",
    ] {
        assert!(result.contains_key(key), "{key}");
    }
    assert_eq!(result["band"], "B");
    assert_eq!(result["seconds"], 0.25);
}

#[test]
fn every_score_has_a_band_or_says_why_not() {
    let value: serde_json::Value = serde_json::from_str(&rich().to_json()).expect("json");
    for result in value["methods"][0]["results"].as_array().expect("records") {
        assert!(
            result["band"].is_string() != result["band_reason"].is_string(),
            "{result}"
        );
    }
}

#[test]
fn other_limits_give_other_bands_and_stay_with_the_report() {
    let mut bands = Bands::default();
    for rule in &mut bands.rules {
        if rule.metric == "total_variation" {
            rule.limits = Some(BandLimits::Rising([0.9, 0.95, 0.99]));
        }
    }
    let strict = rich();
    let lax = Report::new(strict.input().clone().with_bands(bands));
    assert_ne!(strict.to_html(), lax.to_html());
    assert_eq!(Report::from_json(&lax.to_json()), Ok(lax));
}

#[test]
fn a_file_written_before_bands_existed_is_still_read() {
    let mut value: serde_json::Value = serde_json::from_str(&rich().to_json()).expect("json");
    value.as_object_mut().expect("an object").remove("bands");
    for method in value["methods"].as_array_mut().expect("methods") {
        let method = method.as_object_mut().expect("an object");
        for added in ["overall", "placement", "results"] {
            method.remove(added);
        }
    }
    assert_eq!(Report::from_json(&value.to_string()), Ok(rich()));
}

#[test]
fn markdown_says_what_the_page_says() {
    let text = rich().to_markdown();
    for part in [
        "# Reading trial",
        "## Scores",
        "| Metric | Best | cart | independent | copy |",
        "## Place on the spectrum",
        "## Model card",
        "## Disclosure-control statement",
        "\\_\\_\\_\\_\\_\\_\\_\\_",
        "17 values were moved into their range.",
        "*Drawing in the HTML form: Histogram of pre_reading in both tables.*",
        "- **replica**",
    ] {
        assert!(text.contains(part), "{part}");
    }
    assert!(!text.contains("<svg") && !text.contains("</"));
    // Every row of a table has as many cells as its head.
    let cells = |line: &str| line.replace("\\|", "").matches('|').count();
    let lines: Vec<&str> = text.lines().collect();
    for pair in lines
        .windows(2)
        .filter(|pair| pair[0].starts_with('|') && pair[1].starts_with('|'))
    {
        assert_eq!(cells(pair[0]), cells(pair[1]), "{}\n{}", pair[0], pair[1]);
    }
}

#[test]
fn a_release_is_a_page_of_its_own() {
    let release = rich().to_release();
    let html = release.to_html();
    keep("release.html", &html);
    check(&html);
    for text in [
        "Release form",
        "Synthetic, not real",
        "Disclosure-control statement",
        "stay with the owner",
    ] {
        assert!(html.contains(text), "{text}");
    }
    assert!(!html.contains("17 values were moved"));
    let json: serde_json::Value = serde_json::from_str(&release.to_json()).expect("json");
    assert_eq!(json["format"], "parable-release");
    assert!(json["methods"][0]["results"][0].get("value").is_none());
}

#[test]
fn a_dangerous_table_is_treated_as_the_level_above() {
    let report = Report::new(
        input(&["a"]).with_method(
            MethodResult::new("plan", fake_evaluation::trial(0.001, false))
                .with_made_from(MadeFrom::OneWay),
        ),
    );
    let html = report.to_html();
    check(&html);
    assert!(html.contains("Placed as: plausible."));
    assert!(html.contains("Treat as the level above: multivariate plausible."));
    assert!(html.contains("Registered."));
}

#[test]
fn foreign_and_damaged_texts_are_refused() {
    let unknown = |text: &str| {
        matches!(
            Report::from_json(text),
            Err(ReportError::UnknownFormat { .. })
        )
    };
    assert!(unknown(""));
    assert!(unknown("[]"));
    assert!(unknown(r#"{"format":"parable-evaluation","version":1}"#));
    assert!(unknown(r#"{"format":"parable-report","version":2}"#));
    let damaged = Report::from_json(r#"{"format":"parable-report","version":1}"#);
    assert!(matches!(damaged, Err(ReportError::Damaged { line: 1, .. })));
}
