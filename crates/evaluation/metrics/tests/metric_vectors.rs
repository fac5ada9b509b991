//! The deterministic reference values: `trial` from `tests/vectors`, `adult` from the shared
//! vectors if they are there.

mod reading;

use parable_metrics::{
    AttributeDisclosure, Distance, DistanceSummary, Evaluation, EvaluationOptions, KMarginal,
    KeyBinning, MassMad, Metric, NearestScore, NearestSection, NearestStatistic, Pair, Propensity,
};
use parable_seed::Seed;
use parable_table::{Role, Table};
use reading::{
    ADULT_NUMBERS, TRIAL_NUMBERS, check, entries, json, own_vectors, shared_vectors, table,
};
use serde_json::Value;

struct Tables {
    real: Table,
    synthetic: Table,
    control: Table,
}

fn trial() -> (Tables, Value) {
    let folder = own_vectors();
    let roles = [
        ("arm", Role::Treatment),
        ("school", Role::ClusterId),
        ("posttest1", Role::Outcome),
        ("posttest2", Role::Outcome),
    ];
    let read = |name: &str| table(&folder.join(name), &TRIAL_NUMBERS, &roles);
    let tables = Tables {
        real: read("trial_real.csv"),
        synthetic: read("trial_synth.csv"),
        control: read("trial_control.csv"),
    };
    let expected = json(&folder.join("trial_expected.json"))["metrics"].take();
    (tables, expected)
}

fn adult() -> Option<(Tables, Value)> {
    let folder = shared_vectors()?;
    let read = |name: &str| table(&folder.join(name), &ADULT_NUMBERS, &[]);
    let tables = Tables {
        real: read("adult_real.csv"),
        synthetic: read("adult_synth.csv"),
        control: read("adult_control.csv"),
    };
    let expected = json(&folder.join("expected.json"))["pairs"]["adult"]["metrics"].take();
    Some((tables, expected))
}

fn evaluate(tables: &Tables) -> Evaluation {
    let options = EvaluationOptions::default()
        .with_baseline_repeats(0)
        .with_adjust_for(if tables.real.named("pretest1").is_some() {
            vec!["pretest1", "fsm"]
        } else {
            vec![]
        });
    Evaluation::of(&tables.real, &tables.synthetic)
        .holdout(&tables.control)
        .with_options(options)
        .seed(&Seed::from_u64(1))
        .run()
        .unwrap()
}

#[test]
fn trial_agrees_with_the_reference() {
    let (tables, expected) = trial();
    let evaluation = evaluate(&tables);
    check_pair(&tables, &evaluation, &expected);

    for entry in entries(&expected, "icc1") {
        let side = entry["params"]["data"].as_str().unwrap();
        let column = &entry["params"]["value"];
        let icc = evaluation.clusters[0]
            .icc
            .iter()
            .find(|icc| icc.column == *column)
            .unwrap()
            .icc;
        let actual = if side == "real" {
            icc.real
        } else {
            icc.synthetic
        };
        check(
            &format!("icc of {column}, {side}"),
            actual,
            &entry["value"]["icc"],
            entry,
        );
    }
    let trial = evaluation.trial.as_ref().unwrap();
    assert_eq!(
        (trial.control.as_str(), trial.cluster.as_deref()),
        ("control", Some("school"))
    );
    let effect = trial
        .effects
        .iter()
        .find(|e| e.outcome == "posttest1")
        .unwrap();
    for entry in entries(&expected, "hedges_g") {
        let estimate = match entry["params"]["data"].as_str().unwrap() {
            "real" => effect.hedges_g.real,
            _ => effect.hedges_g.synthetic,
        };
        check(
            "hedges g",
            estimate.map(|e| e.value),
            &entry["value"],
            entry,
        );
    }
    for entry in entries(&expected, "regression_fidelity") {
        // The second coefficient is that of the arm.
        let expected = |name: &str| &entry["value"][name][1];
        let (real, synthetic) = (
            effect.adjusted.real.unwrap(),
            effect.adjusted.synthetic.unwrap(),
        );
        check("arm, real", Some(real.value), expected("coef_real"), entry);
        check("its error", Some(real.se), expected("se_real"), entry);
        check(
            "arm, synthetic",
            Some(synthetic.value),
            expected("coef_synth"),
            entry,
        );
        check("its error", Some(synthetic.se), expected("se_synth"), entry);
        check(
            "standardised difference",
            effect.adjusted.standardised_difference,
            expected("std_coef_diff"),
            entry,
        );
        check(
            "overlap",
            effect.adjusted.overlap,
            expected("ci_overlap"),
            entry,
        );
    }
}

#[test]
fn adult_agrees_with_the_reference() {
    if let Some((tables, expected)) = adult() {
        let evaluation = evaluate(&tables);
        check_pair(&tables, &evaluation, &expected);
    }
}

fn check_pair(tables: &Tables, evaluation: &Evaluation, expected: &Value) {
    for entry in entries(expected, "corr_msd") {
        let id = format!(
            "correlation_msd_{}",
            entry["params"]["method"].as_str().unwrap()
        );
        let score = evaluation.score(&id).unwrap();
        check(&id, score.value, &entry["value"]["value"], entry);
        assert_eq!(
            score.n_used as f64,
            entry["value"]["pairs"].as_f64().unwrap()
        );
    }
    for (metric, id) in [
        ("cramers_v_msd", "cramers_v_msd"),
        ("cramers_v_bias_corrected_msd", "cramers_v_corrected_msd"),
        ("correlation_ratio_msd", "correlation_ratio_msd"),
    ] {
        for entry in entries(expected, metric) {
            check(id, evaluation.value(id), &entry["value"], entry);
        }
    }
    for entry in entries(expected, "mass_mad") {
        let bins = entry["params"]["bins"].as_u64().unwrap() as usize;
        let pair = Pair::new(&tables.real, &tables.synthetic).unwrap();
        let score = MassMad::new(bins).score(&pair, &Seed::from_u64(1)).unwrap();
        check("mass_mad", score.value, &entry["value"], entry);
    }
    for entry in entries(expected, "k_marginal") {
        let pair = Pair::new(&tables.real, &tables.synthetic).unwrap();
        let metric = KMarginal::new(entry["params"]["k"].as_u64().unwrap() as usize);
        let score = metric.score(&pair, &Seed::from_u64(1)).unwrap();
        check("k-marginal", score.value, &entry["value"], entry);
    }
    for entry in entries(expected, "univariate") {
        let name = entry["params"]["column"].as_str().unwrap();
        let column = evaluation.columns.iter().find(|c| c.name == name).unwrap();
        let value = &entry["value"];
        check(&format!("tvd of {name}"), column.tvd, &value["tvd"], entry);
        check(
            &format!("js of {name}"),
            column.js_distance,
            &value["js_distance"],
            entry,
        );
        if value.get("ks").is_some() {
            let sd = column.summary.real.and_then(|real| real.sd).unwrap();
            let distance = column.wasserstein;
            check(
                &format!("area of {name}"),
                distance,
                &value["wasserstein"],
                entry,
            );
            let scaled = distance.map(|distance| distance / sd);
            check(
                &format!("area of {name}"),
                scaled,
                &value["wasserstein_over_sd"],
                entry,
            );
            check(&format!("ks of {name}"), column.ks, &value["ks"], entry);
            check(
                &format!("mean of {name}"),
                column.mean_difference_in_sd,
                &value["mean_diff_over_sd"],
                entry,
            );
        }
    }
    for entry in entries(expected, "overlap") {
        let counts = &evaluation.privacy.overlap.synthetic;
        let value = &entry["value"];
        for (name, actual) in [
            ("share_real_rows_in_synth", counts.share_of_real_rows),
            (
                "share_distinct_real_rows_in_synth",
                counts.share_of_distinct_real_rows,
            ),
            ("share_synth_rows_in_real", counts.share_of_synthetic_rows),
            ("n_unique_real", Some(counts.unique_real_rows as f64)),
            (
                "unique_real_matched",
                Some(counts.unique_real_rows_matched as f64),
            ),
            ("replicated_uniques", Some(counts.replicated_uniques as f64)),
        ] {
            check(name, actual, &value[name], entry);
        }
    }
    check_disclosure(tables, evaluation, expected);
    let section = |distance: Distance| -> &NearestSection {
        let nearest = evaluation.privacy.nearest.iter();
        nearest
            .into_iter()
            .find(|n| n.distance == distance)
            .unwrap()
    };
    let gower = section(Distance::Gower);
    for entry in entries(expected, "dcr_gower") {
        let summary = match entry["params"]["dataset"].as_str().unwrap() {
            "synth" => gower.synthetic_to_real,
            "real" => gower.real_to_real,
            _ => gower.holdout_to_real,
        };
        check_summary("gower", summary, entry);
    }
    for entry in entries(expected, "nndr_gower") {
        check_summary("ratio", gower.synthetic_ratio, entry);
    }
    let raw = section(Distance::RawManhattan);
    for entry in entries(expected, "min_nn_manhattan_raw") {
        check(
            "raw minimum",
            raw.synthetic_to_real.map(|s| s.min),
            &entry["value"]["min"],
            entry,
        );
    }
    for entry in entries(expected, "min_nn_outliers_only") {
        let outliers = raw.outliers.outliers as f64;
        check(
            "outliers",
            Some(outliers),
            &entry["value"]["n_outliers"],
            entry,
        );
        let min = raw.outliers.outlier_to_synthetic.map(|s| s.min);
        check("outlier minimum", min, &entry["value"]["min"], entry);
    }
}

/// Attribute disclosure, authenticity and the holdout share.
fn check_disclosure(tables: &Tables, evaluation: &Evaluation, expected: &Value) {
    let pair = Pair::new(&tables.real, &tables.synthetic).unwrap();
    let measure = |entry: &Value| {
        let keys = entry["params"]["keys"].as_array().unwrap();
        let keys = keys.iter().map(|key| key.as_str().unwrap());
        AttributeDisclosure::new(keys, entry["params"]["target"].as_str().unwrap())
            .with_default_binning(KeyBinning::Distinct)
            .measure(&pair)
            .unwrap()
    };
    for entry in entries(expected, "tcap") {
        let found = measure(entry);
        for (name, actual) in [
            ("n_real", Some(found.real_rows as f64)),
            ("n_matched", Some(found.matched as f64)),
            ("n_correct", Some(found.correct as f64)),
            ("disclosed_share", found.disclosed_share),
            ("tcap", found.tcap),
            ("baseline_match_prob", found.baseline_match),
            ("baseline_majority", found.baseline_majority),
            ("disclosive_in_original", found.disclosive_in_real),
            ("key_in_synth_share", found.found),
            ("disclosive_key_share", found.disclosive_in_synthetic),
        ] {
            check(name, actual, &entry["value"][name], entry);
        }
    }
    for entry in entries(expected, "cap_protection") {
        let found = measure(entry);
        check(
            "cap",
            found.cap.map(|cap| 1.0 - cap),
            &entry["value"]["cap"],
            entry,
        );
        check(
            "zero cap",
            found.zero_cap.map(|cap| 1.0 - cap),
            &entry["value"]["zero_cap"],
            entry,
        );
    }
    for entry in entries(expected, "pmse_logit_main_effects") {
        let columns = entry["params"]["columns"].as_array().unwrap().iter();
        let model = Propensity::logit().with_columns(columns.filter_map(Value::as_str));
        let found = model.measure(&pair, &Seed::from_u64(1)).unwrap().unwrap();
        for (name, actual) in [
            ("pmse", Some(found.pmse)),
            ("n_parameters", Some(found.parameters as f64)),
            ("expected", found.null_mean),
            ("sd", found.null_sd),
            ("ratio", found.ratio),
            ("standardised", found.standardised),
            ("specks", Some(found.specks)),
            ("po50", Some(found.po50)),
        ] {
            check(name, actual, &entry["value"][name], entry);
        }
    }
    let gower = &evaluation.privacy.nearest[0];
    for entry in entries(expected, "authenticity") {
        // On the numbers alone, scaled by the real range, and the first rows of both tables, as the
        // library it corrects.
        let n = entry["params"]["n"].as_u64().unwrap() as usize;
        let rows: Vec<usize> = (0..n).collect();
        let (real, synthetic) = (tables.real.take(&rows), tables.synthetic.take(&rows));
        let options = EvaluationOptions::default().with_distances(vec![Distance::NumericEuclidean]);
        let evaluation = Evaluation::of(&real, &synthetic)
            .without_default_metrics()
            .with_metric(NearestScore::new(
                Distance::NumericEuclidean,
                NearestStatistic::Authenticity,
                &options,
            ))
            .with_options(options)
            .seed(&Seed::from_u64(1))
            .run()
            .unwrap();
        let nearest = &evaluation.privacy.nearest[0];
        check("authenticity", nearest.authenticity, &entry["value"], entry);
        // The library's own identifiability has no fault; its values stand here.
        let identifiability = if n == 1000 { 0.495 } else { 0.4266666666666667 };
        check(
            "identifiability",
            nearest.identifiability,
            &identifiability.into(),
            entry,
        );
    }
    for entry in entries(expected, "dcr_share") {
        let share = gower.holdout_share.unwrap();
        check(
            "share",
            Some(share.share),
            &entry["value"]["share_with_ties_halved"],
            entry,
        );
        check("ties", Some(share.ties), &entry["value"]["ties"], entry);
    }
}

#[track_caller]
fn check_summary(what: &str, summary: Option<DistanceSummary>, entry: &Value) {
    let summary = summary.unwrap();
    for (name, actual) in [
        ("min", summary.min),
        ("p01", summary.p01),
        ("p05", summary.p05),
        ("median", summary.median),
        ("mean", summary.mean),
        ("max", summary.max),
        ("share_zero", summary.share_zero),
    ] {
        check(
            &format!("{what} {name}"),
            Some(actual),
            &entry["value"][name],
            entry,
        );
    }
}
