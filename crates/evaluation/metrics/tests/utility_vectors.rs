//! Utility metrics against the reference values: `trial` from `tests/vectors`, `adult` from the
//! shared vectors if they are there.

mod reading;

use parable_metrics::{
    ClusteredMsd, Correlation, DensityMad, KullbackLeibler, Learner, ManifoldScore, Metric, Pair,
    PairSimilarity, Prediction, RankTest, Score,
};
use parable_seed::Seed;
use parable_table::{Role, Schema, Table};
use reading::{ADULT_NUMBERS, TRIAL_NUMBERS, check, json, own_vectors, shared_vectors, table};
use serde_json::Value;

struct Case {
    name: &'static str,
    real: Table,
    synthetic: Table,
    expected: Value,
}

fn cases() -> Vec<Case> {
    let own = own_vectors();
    // Schools are an ordinary column in the packages.
    let read = |name: &str| table(&own.join(name), &TRIAL_NUMBERS, &[("arm", Role::Treatment)]);
    let mut cases = vec![Case {
        name: "trial",
        real: read("trial_real.csv"),
        synthetic: read("trial_synth.csv"),
        expected: json(&own.join("trial_utility.json"))["metrics"].take(),
    }];
    if let Some(shared) = shared_vectors() {
        let read = |name: &str| table(&shared.join(name), &ADULT_NUMBERS, &[]);
        cases.push(Case {
            name: "adult",
            real: read("adult_real.csv"),
            synthetic: read("adult_synth.csv"),
            expected: json(&shared.join("expected.json"))["pairs"]["adult"]["metrics"].take(),
        });
    }
    cases
}

fn of<'a>(case: &'a Case, metric: &str) -> Vec<&'a Value> {
    let entries = case.expected[metric].as_array().map(Vec::as_slice);
    let usable = entries.unwrap_or_default().iter();
    usable
        .filter(|entry| entry["kind"] != "quirk" && entry["kind"] != "error")
        .collect()
}

fn score(case: &Case, metric: &dyn Metric, seed: u64) -> Score {
    let pair = Pair::new(&case.real, &case.synthetic).unwrap();
    metric.score(&pair, &Seed::from_u64(seed)).unwrap()
}

/// The part of a score about these columns, in any order.
fn part(score: &Score, columns: &[&str]) -> Option<f64> {
    let found = score.parts.iter().find(|part| {
        part.columns.len() == columns.len()
            && columns
                .iter()
                .all(|c| part.columns.contains(&(*c).to_owned()))
    });
    found
        .unwrap_or_else(|| panic!("no part for {columns:?}"))
        .value
}

/// The rule for stochastic values: the mean of so many seeds within 4 standard errors of the mean
/// of the listed ones.
#[track_caller]
fn check_mean(what: &str, values: &[f64], expected: &Value, listed: f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let (wanted, sd) = (
        expected["mean"].as_f64().unwrap(),
        expected["sd"].as_f64().unwrap(),
    );
    let tolerance = 4.0 * sd * (1.0 / n + 1.0 / listed).sqrt() + 1e-6;
    assert!(
        (mean - wanted).abs() <= tolerance,
        "{what}: {mean}, expected {wanted} within {tolerance}"
    );
}

fn seeds(entry: &Value) -> f64 {
    let text = entry["seeds"].as_str().unwrap();
    let (first, last) = text.split_once("..").unwrap();
    last.parse::<f64>().unwrap() - first.parse::<f64>().unwrap() + 1.0
}

#[test]
fn densities_divergences_and_rank_tests() {
    for case in cases() {
        for entry in of(&case, "feature_density_mad") {
            let bins = entry["params"]["bins"].as_u64().unwrap() as usize;
            let score = score(&case, &DensityMad::new(bins), 1);
            let value = match entry["params"]["feats"].as_array() {
                None => score.value,
                Some(columns) => part(&score, &[columns[0].as_str().unwrap()]),
            };
            check(
                &format!("{} density {}", case.name, entry["params"]),
                value,
                &entry["value"],
                entry,
            );
        }
        for entry in of(&case, "kullback_leibler") {
            let name = entry["params"]["feature"].as_str().unwrap();
            let score = score(&case, &KullbackLeibler::new(10), 1);
            let value = part(&score, &[name]);
            if entry["value"] == "inf" {
                let infinite = serde_json::to_value(&score.details["infinite_columns"]).unwrap();
                assert!(
                    infinite.as_array().unwrap().contains(&name.into()),
                    "{name}"
                );
                assert_eq!(value, None);
            } else {
                check(
                    &format!("{} divergence of {name}", case.name),
                    value,
                    &entry["value"],
                    entry,
                );
            }
        }
        for (metric, test) in [
            ("kruskal_wallis", RankTest::KruskalWallis),
            ("mann_whitney", RankTest::MannWhitney),
        ] {
            for entry in of(&case, metric) {
                let name = entry["params"]["feature"].as_str().unwrap();
                let values = |table: &Table| -> Vec<f64> {
                    let column = table.named(name).unwrap().1;
                    (0..table.rows())
                        .filter_map(|row| column.number(row))
                        .collect()
                };
                let found = test
                    .of_values(&values(&case.real), &values(&case.synthetic))
                    .unwrap();
                check(
                    metric,
                    Some(found.statistic),
                    &entry["value"]["statistic"],
                    entry,
                );
                check(metric, Some(found.p), &entry["value"]["pvalue"], entry);
            }
        }
    }
}

#[test]
fn pairs_of_columns() {
    for case in cases() {
        let scores = [Correlation::Pearson, Correlation::Spearman]
            .map(|c| score(&case, &PairSimilarity::new(c), 1));
        let columns = |entry: &Value| -> Vec<String> {
            let columns = entry["params"]["columns"].as_array().unwrap().iter();
            columns.map(|c| c.as_str().unwrap().to_owned()).collect()
        };
        for (metric, score) in [
            ("ColumnPairTrends.CorrelationSimilarity", &scores[0]),
            ("CorrelationSimilarity", &scores[1]),
        ] {
            for entry in of(&case, metric) {
                let columns = columns(entry);
                let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
                check(
                    &format!("{metric} {columns:?}"),
                    part(score, &columns),
                    &entry["value"],
                    entry,
                );
            }
        }
        for entry in of(&case, "ColumnPairTrends.ContingencySimilarity") {
            let columns = columns(entry);
            let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
            // Numbers are cut at other edges there, which hides shifts.
            let nominal = |name: &&str| {
                case.real
                    .schema()
                    .field(name)
                    .is_some_and(|f| !f.kind.is_numeric())
            };
            if columns.iter().all(nominal) {
                check(
                    &format!("joint table {columns:?}"),
                    part(&scores[0], &columns),
                    &entry["value"],
                    entry,
                );
            }
        }
    }
}

#[test]
fn a_change_of_units_in_one_table_is_seen() {
    let case = &cases()[0];
    let before = score(case, &PairSimilarity::default(), 1).value.unwrap();
    let columns = case
        .synthetic
        .schema()
        .fields()
        .iter()
        .zip(case.synthetic.columns());
    let columns = columns.map(|(field, column)| match column.values() {
        parable_table::Values::Continuous(values) if field.name == "income" => {
            let values = values.iter().map(|x| x * 1000.0).collect();
            parable_table::Column::complete(parable_table::Values::Continuous(values))
        }
        _ => column.clone(),
    });
    let scaled = Table::new(case.synthetic.schema().clone(), columns.collect()).unwrap();
    let pair = Pair::new(&case.real, &scaled).unwrap();
    let after = PairSimilarity::default()
        .score(&pair, &Seed::from_u64(1))
        .unwrap();
    assert!(
        after.value.unwrap() < before - 0.02,
        "{before} {:?}",
        after.value
    );
}

#[test]
fn clusters_of_rows() {
    let case = &cases()[0];
    let entries = of(case, "clustered_msd");
    let entry = entries
        .iter()
        .find(|entry| entry["params"]["k"] == 2)
        .unwrap();
    let metric = ClusteredMsd::new(2, 2).with_raw_numbers();
    let expected = entry["value"]["value"]["mean"].as_f64().unwrap();
    // k-means comes to rest at several splits of this table (1,800 and 1,840 rows in the larger
    // cluster among them), and which one is found depends on the starts: 2 %.
    let values: Vec<f64> = (0..20)
        .map(|seed| score(case, &metric, seed).value.unwrap())
        .collect();
    let mean = values.iter().sum::<f64>() / 20.0;
    assert!(
        (mean / expected - 1.0).abs() < 0.02,
        "{mean}, expected {expected}"
    );
}

#[test]
fn levels_on_which_a_package_fails_are_ordinary_levels() {
    for case in cases().iter().filter(|case| case.name == "adult") {
        let entries = case.expected["classification_comparison"]
            .as_array()
            .unwrap();
        let entry = entries
            .iter()
            .find(|entry| entry["kind"] == "error")
            .unwrap();
        let features = entry["params"]["feats"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_str);
        let prediction = Prediction::new(["income"])
            .with_features(features)
            .with_splits(2);
        let pair = Pair::new(&case.real, &case.synthetic).unwrap();
        let score = prediction.score(&pair, &Seed::from_u64(1)).unwrap();
        assert!(score.value.is_some_and(|value| value < 0.5), "{score:?}");
    }
}

/// The first rows and the numeric columns alone.
fn numbers_only(table: &Table, rows: usize) -> Table {
    let rows: Vec<usize> = (0..rows).collect();
    let (schema, columns) = table.take(&rows).into_parts();
    let kept = schema
        .fields()
        .iter()
        .zip(columns)
        .filter(|(field, _)| field.kind.is_numeric());
    let (fields, columns): (Vec<_>, Vec<_>) =
        kept.map(|(field, column)| (field.clone(), column)).unzip();
    Table::new(Schema::new(fields).unwrap(), columns).unwrap()
}

#[test]
fn balls_around_rows() {
    for case in cases() {
        let entries = |metric: &str| of(&case, metric)[0].clone();
        let n = entries("prdc")["params"]["n"].as_u64().unwrap() as usize;
        let (real, synthetic) = (
            numbers_only(&case.real, n),
            numbers_only(&case.synthetic, n),
        );
        let pair = Pair::new(&real, &synthetic).unwrap();
        for (metric, name, score) in [
            ("prdc", "precision", ManifoldScore::Precision),
            ("prdc", "recall", ManifoldScore::Recall),
            ("prdc", "density", ManifoldScore::Density),
            ("prdc", "coverage", ManifoldScore::Coverage),
            (
                "alpha_precision_family",
                "delta_precision_alpha",
                ManifoldScore::AlphaPrecision,
            ),
            (
                "alpha_precision_family",
                "delta_coverage_beta",
                ManifoldScore::BetaRecall,
            ),
        ] {
            let entry = entries(metric);
            let found = score.score(&pair, &Seed::from_u64(1)).unwrap();
            check(
                &format!("{} {name}", case.name),
                found.value,
                &entry["value"][name],
                &entry,
            );
        }
    }
}

#[test]
fn trained_on_synthetic_and_tested_on_real() {
    for case in cases() {
        for entry in of(&case, "classification_comparison") {
            let params = &entry["params"];
            let classifier = params["classifier"].as_str().unwrap();
            let learner = match classifier.split('(').next().unwrap() {
                "SVC" => Learner::Svm,
                "LogisticRegression" => Learner::Linear,
                _ => Learner::Tree,
            };
            let features = params["feats"]
                .as_array()
                .unwrap()
                .iter()
                .filter_map(Value::as_str);
            let prediction = Prediction::new([params["target"].as_str().unwrap()])
                .with_features(features)
                .with_learners([learner])
                .with_splits(20);
            let pair = Pair::new(&case.real, &case.synthetic).unwrap();
            let quiet = |_: &str, _: f64| std::ops::ControlFlow::Continue(());
            let found = prediction
                .measure(&pair, &Seed::from_u64(3), &quiet)
                .unwrap();
            let measures = &found[0].models[0].measures;
            for (name, expected) in [
                ("precision", "precision_difference"),
                ("recall", "recall_difference"),
                ("f1", "f1_difference"),
            ] {
                let measure = measures.iter().find(|m| m.measure == name).unwrap();
                let what = format!("{} {classifier} {name}", case.name);
                check_mean(
                    &what,
                    &[measure.difference.mean; 20],
                    &entry["value"][expected],
                    seeds(entry),
                );
            }
        }
    }
}
