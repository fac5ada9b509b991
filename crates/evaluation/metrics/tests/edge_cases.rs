//! The small cases of `tests/vectors/edge_cases.json`, all of which can be checked by hand.

mod reading;

use parable_metrics::{
    AttributeDisclosure, CorrelationMsd, CorrelationRatioMsd, CramersVMsd, Distance, Evaluation,
    EvaluationOptions, Metric, NearestScore, NearestStatistic, OverlapScore, Pair,
};
use parable_seed::Seed;
use parable_table::{Column, Field, Kind, Known, Levels, NumberFormat, Schema, Table, Values};
use reading::{check, json, own_vectors};
use serde_json::Value;

/// A table whose columns stand in the file as lists of numbers or texts, `null` for missing.
fn inline(columns: &Value) -> Table {
    let (mut fields, mut values) = (Vec::new(), Vec::new());
    for (name, cells) in columns.as_object().unwrap() {
        let cells = cells.as_array().unwrap();
        let missing = cells.iter().map(|cell| u8::from(cell.is_null())).collect();
        let (kind, stored) = if cells.iter().any(Value::is_string) {
            let mut levels: Vec<&str> = cells.iter().filter_map(Value::as_str).collect();
            levels.sort_unstable();
            levels.dedup();
            let code = |cell: &Value| {
                let text = cell.as_str();
                text.map_or(0, |t| levels.binary_search(&t).unwrap() as u32)
            };
            let codes = cells.iter().map(code).collect();
            let levels = Levels::new(levels.iter().copied()).unwrap();
            (Kind::nominal(Known::observed(levels)), Values::Codes(codes))
        } else {
            let numbers = cells
                .iter()
                .map(|cell| cell.as_f64().unwrap_or(0.0))
                .collect();
            let kind = Kind::Continuous {
                bounds: None,
                grid: None,
                format: NumberFormat::default(),
            };
            (kind, Values::Continuous(numbers))
        };
        fields.push(Field::new(name, kind));
        values.push(Column::with_missing(stored, missing));
    }
    Table::new(Schema::new(fields).unwrap(), values).unwrap()
}

fn cases(metric: &str) -> Vec<(Value, Table, Table)> {
    let path = own_vectors().join("edge_cases.json");
    let file = json(&path);
    let list = file
        .as_array()
        .or_else(|| file["cases"].as_array())
        .unwrap();
    let found: Vec<(Value, Table, Table)> = list
        .iter()
        .filter(|case| case["metric"] == metric)
        .map(|case| (case.clone(), inline(&case["real"]), inline(&case["synth"])))
        .collect();
    assert!(!found.is_empty(), "no case of {metric}");
    found
}

fn score(metric: &dyn Metric, real: &Table, synthetic: &Table) -> parable_metrics::Score {
    let pair = Pair::new(real, synthetic).unwrap();
    let score = metric.score(&pair, &Seed::from_u64(1)).unwrap();
    assert_eq!(score.value.is_none(), score.reason.is_some());
    score
}

#[test]
fn correlations() {
    for (case, real, synthetic) in cases("corr_msd") {
        let score = score(&CorrelationMsd::default(), &real, &synthetic);
        let name = case["name"].as_str().unwrap();
        check(name, score.value, &case["value"]["value"], &case);
        assert_eq!(
            Some(score.n_used),
            case["value"]["pairs"].as_u64(),
            "{name}"
        );
    }
}

#[test]
fn cramers_v() {
    for (case, real, synthetic) in cases("cramers_v_msd") {
        let score = score(&CramersVMsd::default(), &real, &synthetic);
        check(
            case["name"].as_str().unwrap(),
            score.value,
            &case["value"],
            &case,
        );
    }
}

#[test]
fn correlation_ratios() {
    for (case, real, synthetic) in cases("correlation_ratio_msd") {
        let score = score(&CorrelationRatioMsd::default(), &real, &synthetic);
        check(
            case["name"].as_str().unwrap(),
            score.value,
            &case["value"],
            &case,
        );
    }
}

#[test]
fn single_columns() {
    for (case, real, synthetic) in cases("univariate") {
        let evaluation = Evaluation::of(&real, &synthetic)
            .without_default_metrics()
            .with_options(EvaluationOptions::default().with_baseline_repeats(0))
            .run()
            .unwrap();
        let name = case["name"].as_str().unwrap();
        let (column, value) = (&evaluation.columns[0], &case["value"]);
        check(name, column.tvd, &value["tvd"], &case);
        check(name, column.js_distance, &value["js_distance"], &case);
        if value.get("ks").is_some() {
            check(name, column.wasserstein, &value["wasserstein"], &case);
            check(name, column.ks, &value["ks"], &case);
        }
        for (side, shares) in [("p", 0), ("q", 1)] {
            let Some(expected) = value[side].as_array() else {
                continue;
            };
            assert_eq!(expected.len(), column.cells.len(), "{name}");
            for (cell, expected) in column.cells.iter().zip(expected) {
                let share = [cell.share.real, cell.share.synthetic][shares];
                check(name, Some(share), expected, &case);
            }
        }
    }
}

#[test]
fn overlap() {
    for (case, real, synthetic) in cases("overlap") {
        let evaluation = Evaluation::of(&real, &synthetic)
            .without_default_metrics()
            .with_metric(OverlapScore::DistinctRealRows)
            .run()
            .unwrap();
        let counts = evaluation.privacy.overlap.synthetic;
        let value = &case["value"];
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
            check(name, actual, &value[name], &case);
        }
    }
}

#[test]
fn attribute_disclosure() {
    for (case, real, synthetic) in cases("tcap") {
        let pair = Pair::new(&real, &synthetic).unwrap();
        let found = AttributeDisclosure::new(["k"], "t").measure(&pair).unwrap();
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
            check(name, actual, &case["value"][name], &case);
        }
    }
}

#[test]
fn gower_distances() {
    for (case, real, synthetic) in cases("gower_matrix") {
        // Each distance of the matrix on its own: one synthetic row against one real row. Ranges
        // come from all real rows, so the real table keeps all its rows and the nearest of the
        // wanted synthetic row must be the smallest number of its line.
        for (row, line) in case["value"].as_array().unwrap().iter().enumerate() {
            let one = synthetic.take(&[row]);
            let nearest = NearestScore::new(
                Distance::Gower,
                NearestStatistic::Minimum,
                &EvaluationOptions::default(),
            );
            let evaluation = Evaluation::of(&real, &one)
                .without_default_metrics()
                .with_metric(nearest)
                .run()
                .unwrap();
            let smallest = line
                .as_array()
                .unwrap()
                .iter()
                .filter_map(Value::as_f64)
                .fold(f64::INFINITY, f64::min);
            let found = evaluation.privacy.nearest[0].synthetic_to_real.unwrap();
            check("gower", Some(found.min), &Value::from(smallest), &case);
        }
    }
}
