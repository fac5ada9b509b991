//! The attacks against reference numbers: rates and risks exactly, attacks in the mean over seeds.
//! `trial` from `tests/vectors`, `adult` from the shared vectors if they are there.

mod reading;

use std::path::Path;

use parable_metrics::{
    Attack, AttackKind, AttackResult, Conclusion, EvaluationOptions, Metric, MetricError, Pair,
    Risk, SuccessRate,
};
use parable_seed::Seed;
use parable_table::Table;
use reading::{ADULT_NUMBERS, TRIAL_NUMBERS, check, json, own_vectors, shared_vectors, table};
use serde_json::Value;

const SEEDS: u64 = 20;

#[test]
fn rates_and_risks_follow_their_formulas() {
    let vectors = own_vectors();
    let edge_cases = json(&vectors.join("edge_cases.json"));
    let cases = edge_cases
        .as_array()
        .or_else(|| edge_cases["cases"].as_array())
        .unwrap();
    let known = json(&vectors.join("trial_attacks.json"));
    let rates = cases.iter().filter(|case| case["metric"] == "wilson_rate");
    let mut seen = 0;
    for case in rates.chain(known["wilson_rate"].as_array().unwrap()) {
        let count = |name: &str| case["params"][name].as_u64().unwrap();
        let rate = SuccessRate::wilson(count("successes") as f64, count("n")).unwrap();
        check("centre", Some(rate.rate), &case["value"]["centre"], case);
        check(
            "half width",
            Some(rate.half_width),
            &case["value"]["half_width"],
            case,
        );
        seen += 1;
    }
    for case in cases
        .iter()
        .filter(|case| case["metric"] == "residual_risk")
    {
        let count = |name: &str| case["params"][name].as_u64().unwrap();
        let main = SuccessRate::wilson(count("success") as f64, count("n_attack")).unwrap();
        let control = SuccessRate::wilson(count("control") as f64, count("n_control")).unwrap();
        let risk = Risk::against(&main, &control);
        for (name, actual) in [
            ("risk", risk.value),
            ("low", risk.low),
            ("high", risk.high),
            ("unclamped", risk.unclamped),
            ("error", risk.error),
        ] {
            check(name, Some(actual), &case["value"][name], case);
        }
        seen += 1;
    }
    for case in known["risk_from_counts"].as_array().unwrap() {
        let count = |name: &str| case["params"][name].as_u64();
        let n = count("n").unwrap();
        let main = SuccessRate::wilson(count("success").unwrap() as f64, n).unwrap();
        check("attack", Some(main.rate), &case["value"]["attack"], case);
        check(
            "attack error",
            Some(main.half_width),
            &case["value"]["attack_err"],
            case,
        );
        // Without a control that package calls the success rate itself a risk; here there is none.
        if let Some(control) = count("control") {
            let risk = Risk::against(&main, &SuccessRate::wilson(control as f64, n).unwrap());
            check("risk", Some(risk.value), &case["value"]["risk"], case);
            check("low", Some(risk.low), &case["value"]["low"], case);
            check("high", Some(risk.high), &case["value"]["high"], case);
        }
        seen += 1;
    }
    assert!(seen >= 18, "{seen} cases");
}

struct Tables {
    real: Table,
    synthetic: Table,
    control: Table,
}

fn read(folder: &Path, name: &str, numbers: &[&str]) -> Tables {
    let one = |part: &str| table(&folder.join(format!("{name}_{part}.csv")), numbers, &[]);
    Tables {
        real: one("real"),
        synthetic: one("synth"),
        control: one("control"),
    }
}

/// Means over seeds must lie within the tolerance the vectors state: `4 sd sqrt(1/20 + 1/n)` for a
/// reference mean over `n` seeds. With six seeds the sd is itself uncertain; `least_sd` is what
/// drawing the targets alone gives.
fn in_the_mean(what: &str, found: &[f64], expected: &Value, entry: &Value, least_sd: f64) {
    let seeds = entry["seeds"].as_str().unwrap().split_once("..").unwrap().1;
    let n = seeds.parse::<f64>().unwrap() + 1.0;
    let of = |name: &str| expected[name].as_f64().unwrap();
    let mean = found.iter().sum::<f64>() / found.len() as f64;
    let spread = (1.0 / found.len() as f64 + 1.0 / n).sqrt();
    let tolerance = 4.0 * of("sd").max(least_sd) * spread + 1e-6;
    assert!(
        (mean - of("mean")).abs() <= tolerance,
        "{what}: {mean}, expected {} within {tolerance}",
        of("mean")
    );
}

/// Standard deviation of the successes among targets drawn without replacement.
fn draw_sd(expected: &Value, targets: f64, rows: usize) -> f64 {
    let p = expected["mean"].as_f64().unwrap() / targets;
    (targets * p * (1.0 - p) * (1.0 - targets / rows as f64)).sqrt()
}

fn attacks_agree(name: &str, tables: &Tables, expected: &Value) {
    let pair = Pair::new(&tables.real, &tables.synthetic).unwrap();
    let pair = pair.with_holdout(&tables.control).unwrap();
    let run = |kind: AttackKind, options: &EvaluationOptions| -> Vec<AttackResult> {
        let attack = Attack::new(kind, options);
        let once = |seed| {
            attack
                .measure(&pair, &Seed::from_u64(seed))
                .unwrap()
                .remove(0)
        };
        (0..SEEDS).map(once).collect()
    };
    let successes = |results: &[AttackResult]| -> Vec<f64> {
        results.iter().map(|result| result.main.successes).collect()
    };
    let on_control = |results: &[AttackResult]| -> Vec<f64> {
        results
            .iter()
            .map(|result| result.control.unwrap().successes)
            .collect()
    };
    let names = |value: &Value| -> Vec<String> {
        value
            .as_array()
            .unwrap()
            .iter()
            .map(|v| v.as_str().unwrap().to_owned())
            .collect()
    };
    for entry in expected["singling_out"].as_array().unwrap() {
        let asked = entry["params"]["n_attacks"].as_u64().unwrap() as usize;
        let kind = match entry["params"]["mode"].as_str().unwrap() {
            "univariate" => AttackKind::SinglingOutUnivariate,
            _ => AttackKind::SinglingOutMultivariate,
        };
        let results = run(kind, &EvaluationOptions::default().with_attacks(asked));
        let what = |part: &str| format!("{name}, {}, {part}", kind.name());
        in_the_mean(
            &what("main"),
            &successes(&results),
            &entry["value"]["n_success"],
            entry,
            0.0,
        );
        let blind: Vec<f64> = results
            .iter()
            .map(|r| r.guesses[0].share * asked as f64)
            .collect();
        in_the_mean(
            &what("blind"),
            &blind,
            &entry["value"]["n_baseline"],
            entry,
            0.0,
        );
        // That package fits a curve to correct for the size of the control; here the correction is
        // exact. They agree roughly.
        let equal: Vec<f64> = results
            .iter()
            .map(|r| r.main_at_equal_size.map_or(0.0, |rate| rate.successes))
            .collect();
        assert!(
            results
                .iter()
                .all(|r| r.main.attacks == asked as u64 && !r.underpowered)
        );
        assert!(
            equal
                .iter()
                .zip(&successes(&results))
                .all(|(e, s)| *e > 0.0 && *e < 2.0 * s + 20.0)
        );
    }
    for entry in expected["linkability"].as_array().unwrap() {
        let params = &entry["params"];
        let mut options = EvaluationOptions::default()
            .with_attacks(params["n_attacks"].as_u64().unwrap() as usize)
            .with_link(names(&params["aux"][0]), names(&params["aux"][1]));
        options.link_neighbours = params["n_neighbors"].as_u64().unwrap() as usize;
        let results = run(AttackKind::Linkability, &options);
        let what = |part: &str| format!("{name}, linkability, {part}");
        in_the_mean(
            &what("main"),
            &successes(&results),
            &entry["value"]["n_success"],
            entry,
            0.0,
        );
        in_the_mean(
            &what("control"),
            &on_control(&results),
            &entry["value"]["n_control"],
            entry,
            draw_sd(&entry["value"]["n_control"], 500.0, tables.control.rows()),
        );
    }
    for entry in expected["inference"].as_array().unwrap() {
        let options = EvaluationOptions::default()
            .with_attacks(entry["params"]["n_attacks"].as_u64().unwrap() as usize)
            .with_secrets([entry["params"]["secret"].as_str().unwrap()]);
        let results = run(AttackKind::Inference, &options);
        let what = |part: &str| format!("{name}, inference, {part}");
        in_the_mean(
            &what("main"),
            &successes(&results),
            &entry["value"]["n_success"],
            entry,
            0.0,
        );
        in_the_mean(
            &what("control"),
            &on_control(&results),
            &entry["value"]["n_control"],
            entry,
            draw_sd(&entry["value"]["n_control"], 500.0, tables.control.rows()),
        );
        // Guesses matched by label and not by position are mostly lost: 23 to 25 % here, where
        // naming the majority is right in most cases.
        for result in &results {
            let majority = result
                .guesses
                .iter()
                .map(|guess| guess.share)
                .fold(0.0, f64::max);
            assert!(majority > 0.6, "{name}: {majority}");
            assert_eq!(result.conclusion, Conclusion::NoConclusion, "{name}");
        }
    }
}

#[test]
fn attacks_on_the_trial_agree_with_the_reference() {
    let vectors = own_vectors();
    let tables = read(&vectors, "trial", &TRIAL_NUMBERS);
    attacks_agree("trial", &tables, &json(&vectors.join("trial_attacks.json")));
}

#[test]
fn attacks_on_adult_agree_with_the_reference() {
    let Some(folder) = shared_vectors() else {
        return;
    };
    let tables = read(&folder, "adult", &ADULT_NUMBERS);
    let expected = json(&folder.join("expected.json"));
    attacks_agree("adult", &tables, &expected["pairs"]["adult"]["metrics"]);
}

#[test]
fn a_copy_gives_everybody_away() {
    let vectors = own_vectors();
    let tables = read(&vectors, "trial", &["pretest1", "posttest1", "income"]);
    let pair = Pair::new(&tables.real, &tables.real).unwrap();
    let pair = pair.with_holdout(&tables.control).unwrap();
    let options = EvaluationOptions::default().with_attacks(200);
    for (kind, least) in [
        (AttackKind::SinglingOutUnivariate, 0.99),
        (AttackKind::SinglingOutMultivariate, 0.99),
        (AttackKind::Linkability, 0.99),
        (AttackKind::Inference, 0.99),
    ] {
        for result in Attack::new(kind, &options)
            .measure(&pair, &Seed::from_u64(1))
            .unwrap()
        {
            assert!(result.main.share() >= least, "{kind:?}: {:?}", result.main);
            if result.conclusion == Conclusion::NoConclusion {
                panic!("{kind:?}: {result:?}");
            }
            let leaks = result.conclusion == Conclusion::Leak;
            assert!(
                leaks || kind == AttackKind::Inference,
                "{kind:?}: {result:?}"
            );
        }
    }
}

#[test]
fn wrong_columns_are_refused_by_name() {
    let vectors = own_vectors();
    let tables = read(&vectors, "trial", &["pretest1"]);
    let pair = Pair::new(&tables.real, &tables.synthetic).unwrap();
    let options = EvaluationOptions::default();
    for (options, option) in [
        (options.clone().with_secrets(["nobody"]), "secrets"),
        (options.clone().with_link(["nobody"], []), "link_left"),
        (options.with_link(["arm"], ["arm"]), "link_right"),
    ] {
        let attack = Attack::new(AttackKind::Linkability, &options);
        let error = attack.measure(&pair, &Seed::from_u64(1)).unwrap_err();
        assert!(error.to_string().contains(option), "{error}");
    }
}

#[test]
fn inference_can_be_cancelled_and_asked_again() {
    let vectors = own_vectors();
    let tables = read(&vectors, "trial", &["pretest1"]);
    let pair = Pair::new(&tables.real, &tables.synthetic).unwrap();
    let attack = Attack::new(AttackKind::Inference, &EvaluationOptions::default());
    let seed = Seed::from_u64(1);
    let stopped = attack.measure_with(&pair, &seed, &|_, _| std::ops::ControlFlow::Break(()));
    assert_eq!(stopped, Err(MetricError::Cancelled));
    assert!(attack.score(&pair, &seed).unwrap().parts.len() > 1);
}

#[test]
fn rounding_is_declared_for_numbers_only() {
    let vectors = own_vectors();
    let tables = read(&vectors, "trial", &["pretest1"]);
    let pair = Pair::new(&tables.real, &tables.synthetic).unwrap();
    assert!(pair.clone().with_rounding([("pretest1", 5.0)]).is_ok());
    for (column, step) in [
        ("arm", 1.0),
        ("nobody", 1.0),
        ("pretest1", 0.0),
        ("pretest1", f64::NAN),
    ] {
        let error = pair.clone().with_rounding([(column, step)]).unwrap_err();
        assert!(error.to_string().contains(column), "{error}");
    }
}
