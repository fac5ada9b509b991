//! An analyst's regressions: against R, against fits with indicators, and where nothing can be
//! fitted.

mod reading;

use std::path::Path;

use parable_metrics::{
    Combining, Evaluation, EvaluationOptions, Formula, MetricError, RegressionSection, Undefined,
};
use parable_seed::Seed;
use parable_table::{Column, Field, Kind, Known, Levels, Role, Schema, Table, Values};
use reading::{check, entries, json, table};
use serde_json::Value;

fn regress(
    real: &Table,
    synthetic: &Table,
    formula: &str,
) -> Result<RegressionSection, MetricError> {
    let options = EvaluationOptions::default()
        .with_baseline_repeats(0)
        .with_formula(formula.parse().unwrap());
    let evaluation = Evaluation::of(real, synthetic)
        .with_options(options)
        .with_only(["regression_overlap"])
        .seed(&Seed::from_u64(1))
        .run()?;
    Ok(evaluation.regressions[0].clone())
}

fn trial() -> (Table, Table) {
    let folder = reading::own_vectors();
    let numbers = ["pretest1", "posttest1", "income", "uniform"];
    let roles = [
        ("arm", Role::Treatment),
        ("school", Role::ClusterId),
        ("posttest1", Role::Outcome),
    ];
    let read = |name: &str| table(&folder.join(name), &numbers, &roles);
    (read("trial_real.csv"), read("trial_synth.csv"))
}

#[test]
fn the_trial_agrees_with_the_reference() {
    let (real, synthetic) = trial();
    let found = regress(&real, &synthetic, "posttest1 ~ arm + pretest1 + fsm").unwrap();
    let folder = reading::own_vectors();
    let expected = json(&folder.join("trial_expected.json"))["metrics"].take();
    for entry in entries(&expected, "regression_fidelity") {
        for (at, row) in found.coefficients.iter().enumerate() {
            let value = |name: &str| &entry["value"][name][at];
            for (name, actual) in [
                ("coef_real", row.real.map(|e| e.value)),
                ("se_real", row.real.map(|e| e.se)),
                ("coef_synth", row.synthetic.map(|e| e.value)),
                ("se_synth", row.synthetic.map(|e| e.se)),
                ("std_coef_diff", row.standardised_difference),
                ("ci_overlap", row.overlap),
            ] {
                check(&format!("{} {name}", row.name), actual, value(name), entry);
            }
        }
    }
}

#[test]
fn synthpops_fits_are_matched() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/vectors/synthpop");
    if !folder.exists() {
        eprintln!("SKIPPED: {} is not there", folder.display());
        return;
    }
    for (data, made) in [
        ("star1", "cart"),
        ("star1", "indep"),
        ("adult", "cart"),
        ("adult", "indep"),
    ] {
        let kinds = json(&folder.join(format!("{data}-kinds.json")));
        let numeric: Vec<&str> = kinds
            .as_object()
            .unwrap()
            .iter()
            .filter(|(_, kind)| *kind == "num")
            .map(|(name, _)| name.as_str())
            .collect();
        let csv = |name: String| table(&folder.join(name), &numeric, &[]);
        let real = csv(format!("{data}-real.csv"));
        let synthetic = csv(format!("{data}-syn-{made}.csv"));
        let expected = json(&folder.join(format!("{data}-{made}-expected.json")));
        for fit in expected["fits"].as_array().unwrap() {
            let formula = fit["formula"].as_str().unwrap();
            let found = regress(&real, &synthetic, formula).unwrap();
            let what = format!("{data} {made} {formula}");
            // R stops its logistic fits at a relative change of the deviance of 1e-8 and takes the
            // errors from the weights before the last step: 4e-5 on these tables.
            let tolerance = if fit["kind"] == "lm" { 1e-9 } else { 2e-4 };
            let close = |name: &str, actual: Option<f64>, expected: &Value| {
                let expected = expected.as_f64().unwrap();
                let actual = actual.unwrap_or_else(|| panic!("{what}, {name}: undefined"));
                assert!(
                    (actual - expected).abs() <= tolerance * expected.abs().max(1.0),
                    "{what}, {name}: {actual}, expected {expected}"
                );
            };
            // Levels that only the synthetic table has get no coefficient in R.
            let rows = found.coefficients.iter().filter(|row| row.real.is_some());
            let mut separated = false;
            for (at, row) in rows.enumerate() {
                // R stops on the way to infinity, where the standard error is no error any more.
                if row.reason == Some(Undefined::Separable) {
                    assert!(fit["syn"][at][0].as_f64().unwrap().abs() > 8.0, "{what}");
                    separated = true;
                    continue;
                }
                close(&row.name, row.real.map(|e| e.value), &fit["real"][at][0]);
                close(&row.name, row.real.map(|e| e.se), &fit["real"][at][1]);
                close(
                    &row.name,
                    row.synthetic.map(|e| e.value),
                    &fit["syn"][at][0],
                );
                close(
                    &row.name,
                    row.standardised_difference,
                    &fit["std_coef_diff"][at],
                );
                close(
                    &row.name,
                    row.overlap_with_real_error,
                    &fit["ci_overlap"][at],
                );
            }
            if separated {
                continue;
            }
            close(
                "mean difference",
                found.mean_standardised_difference,
                &fit["mean_abs_std_diff"],
            );
            // The package inverts by a pseudo-inverse, which drops the direction of a square as if
            // it were rounding.
            if formula.contains("I(") {
                continue;
            }
            close("lack of fit", found.lack_of_fit, &fit["lack_of_fit"]);
            close("its p", found.lack_of_fit_p, &fit["lof_pvalue"]);
        }
    }
}

fn nominal(name: &str, levels: &[&str], codes: Vec<u32>) -> (Field, Column) {
    let levels = Known::declared(Levels::new(levels.iter().copied()).unwrap());
    (
        Field::new(name, Kind::nominal(levels)),
        Column::complete(Values::Codes(codes)),
    )
}

fn number(name: &str, values: Vec<f64>) -> (Field, Column) {
    (
        Field::new(name, Kind::continuous(8)),
        Column::complete(Values::Continuous(values)),
    )
}

fn assemble(columns: Vec<(Field, Column)>) -> Table {
    let (fields, columns) = columns.into_iter().unzip();
    Table::new(Schema::new(fields).unwrap(), columns).unwrap()
}

/// 12 schools over two districts and three years, with an outcome of both kinds.
fn schools(seed: u64, rows: usize) -> Table {
    let mut rng = Seed::from_u64(seed).rng();
    let (mut school, mut year, mut arm) = (vec![], vec![], vec![]);
    let (mut x, mut y, mut pass) = (vec![], vec![], vec![]);
    for _ in 0..rows {
        let own = rng.below(12) as u32;
        let when = rng.below(3) as u32;
        let treated = rng.below(2) as u32;
        let pre = rng.normal() + f64::from(own) * 0.1;
        let latent =
            0.5 * f64::from(treated) + 0.7 * pre + f64::from(own % 5) * 0.3 - f64::from(when);
        school.push(own);
        year.push(when);
        arm.push(treated);
        x.push(pre);
        y.push(latent + rng.normal());
        pass.push(u32::from(rng.chance(1.0 / (1.0 + (-latent).exp()))));
    }
    let names: Vec<String> = (0..12).map(|s| format!("s{s:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    assemble(vec![
        nominal("school", &names, school),
        nominal("year", &["y1", "y2", "y3"], year),
        nominal("arm", &["a", "b"], arm),
        number("x", x),
        number("y", y),
        nominal("pass", &["no", "yes"], pass),
    ])
}

/// The value and the error of a coefficient on the real table.
fn of(section: &RegressionSection, name: &str) -> (f64, f64) {
    let row = section.coefficients.iter().find(|row| row.name == name);
    let estimate = row.and_then(|row| row.real);
    let estimate = estimate.unwrap_or_else(|| panic!("{name} in {section:?}"));
    (estimate.value, estimate.se)
}

#[test]
fn fixed_effects_are_what_indicators_give() {
    let (real, synthetic) = (schools(1, 400), schools(2, 300));
    for response in ["y", "pass"] {
        let fit =
            |right: &str| regress(&real, &synthetic, &format!("{response} ~ {right}")).unwrap();
        for (absorbed, spelled) in [
            // Clusters as fine as the effects or crossing them, so that parameters are counted both
            // ways.
            ("arm + x | school | year", "arm + x + school | 0 | year"),
            (
                "arm + x | school + year | arm",
                "arm + x + school + year | 0 | arm",
            ),
        ] {
            let (absorbed, spelled) = (fit(absorbed), fit(spelled));
            for name in ["arm = b", "x"] {
                let (a, b) = (of(&absorbed, name), of(&spelled, name));
                assert!((a.0 - b.0).abs() < 1e-7, "{response} {name}: {a:?} {b:?}");
                assert!((a.1 - b.1).abs() < 1e-6, "{response} {name}: {a:?} {b:?}");
            }
            assert!(
                !absorbed
                    .coefficients
                    .iter()
                    .any(|row| row.name.contains("school"))
            );
        }
    }
    // Effects within the clusters are counted once: the factor differs from that of indicators by
    // the parameters alone.
    let nested = regress(&real, &synthetic, "y ~ arm + x | school").unwrap();
    let spelled = regress(&real, &synthetic, "y ~ arm + x + school | 0 | school").unwrap();
    let ratio = of(&nested, "x").1 / of(&spelled, "x").1;
    let expected = ((400.0 - 14.0) / (400.0 - 3.0f64)).sqrt();
    assert!((ratio - expected).abs() < 1e-9, "{ratio} {expected}");
    assert_eq!(nested.clusters.real, Some(12));
}

#[test]
fn interactions_of_levels_are_the_cells_of_a_table() {
    let real = schools(3, 500);
    let mean = |arm: u32, year: u32| {
        let (arms, years) = (real.named("arm").unwrap().1, real.named("year").unwrap().1);
        let (Values::Codes(arms), Values::Codes(years)) = (arms.values(), years.values()) else {
            panic!("codes expected");
        };
        let y = real.named("y").unwrap().1;
        let rows: Vec<usize> = (0..real.rows())
            .filter(|&row| arms[row] == arm && years[row] == year)
            .collect();
        rows.iter().map(|&row| y.number(row).unwrap()).sum::<f64>() / rows.len() as f64
    };
    let all = regress(&real, &real, "y ~ arm*year").unwrap();
    assert!((of(&all, "(intercept)").0 - mean(0, 0)).abs() < 1e-9);
    let expected = mean(1, 2) - mean(1, 0) - mean(0, 2) + mean(0, 0);
    assert!((of(&all, "arm = b:year = y3").0 - expected).abs() < 1e-9);
    // Without the main effect, every level has a coefficient: slopes of each arm.
    let slopes = regress(&real, &real, "y ~ arm + arm:x").unwrap();
    let apart = regress(&real, &real, "y ~ arm*x").unwrap();
    let second = of(&apart, "x").0 + of(&apart, "arm = b:x").0;
    assert!((of(&slopes, "arm = b:x").0 - second).abs() < 1e-9);
    // Without an intercept the levels' means are the coefficients, and a copy overlaps wholly.
    let means = regress(&real, &real, "y ~ 0 + arm").unwrap();
    assert_eq!(means.coefficients.len(), 2);
    assert!((means.mean_overlap.unwrap() - 1.0).abs() < 1e-12);
    assert_eq!(means.lack_of_fit, Some(0.0));
}

#[test]
fn what_cannot_be_fitted_says_why() {
    let real = schools(4, 200);
    let aliased = regress(&real, &real, "y ~ x + arm + school + school:arm + x").unwrap();
    assert!(aliased.reason.real.is_none());
    let twice = regress(&real, &real, "y ~ arm + x | arm").unwrap();
    let row = twice
        .coefficients
        .iter()
        .find(|row| row.name == "arm = b")
        .unwrap();
    assert_eq!((row.real, row.reason), (None, Some(Undefined::Aliased)));

    let one_class = real.take(
        &(0..200)
            .filter(|&row| matches!(real.named("pass").unwrap().1.values(), Values::Codes(codes) if codes[row] == 1))
            .collect::<Vec<_>>(),
    );
    let found = regress(&real, &one_class, "pass ~ x").unwrap();
    assert_eq!(found.reason.synthetic, Some(Undefined::SingleClass));
    assert!(found.coefficients[0].real.is_some());

    let line: Vec<f64> = (0..60).map(f64::from).collect();
    let above: Vec<u32> = (0..60).map(|i| u32::from(i > 30)).collect();
    let apart = assemble(vec![
        number("x", line),
        nominal("pass", &["no", "yes"], above),
    ]);
    let found = regress(&apart, &apart, "pass ~ x").unwrap();
    assert_eq!(found.reason.real, Some(Undefined::Separable));

    // One level that only ever passes: its coefficient has no value, the others are those of the
    // rest.
    let level: Vec<u32> = (0..90).map(|i| i % 3).collect();
    let pass: Vec<u32> = (0..90)
        .map(|i| u32::from(i % 3 == 2 || i % 5 < 2))
        .collect();
    let names = ["a", "b", "c"];
    let partly = assemble(vec![
        nominal("g", &names, level),
        nominal("pass", &["no", "yes"], pass),
    ]);
    let found = regress(&partly, &partly, "pass ~ g").unwrap();
    let row = found
        .coefficients
        .iter()
        .find(|row| row.name == "g = c")
        .unwrap();
    assert_eq!((row.real, row.reason), (None, Some(Undefined::Separable)));
    let rest: Vec<usize> = (0..90).filter(|row| row % 3 != 2).collect();
    let rest = regress(&partly.take(&rest), &partly, "pass ~ g").unwrap();
    let (a, b) = (of(&found, "g = b"), of(&rest, "g = b"));
    assert!((a.0 - b.0).abs() < 1e-9 && (a.1 - b.1).abs() < 1e-9);
    assert_eq!(found.warnings.len(), 1);

    for (formula, column) in [
        ("y ~ nothing", "nothing"),
        ("school ~ x", "school"),
        ("y ~ school^2", "school"),
        ("y ~ x | y2", "y2"),
        ("y ~ arm | x", "x"),
    ] {
        match regress(&real, &real, formula) {
            Err(MetricError::BadFormula { column: named, .. }) => assert_eq!(named, column),
            other => panic!("{formula}: {other:?}"),
        }
    }
    assert!("y ~~ x".parse::<Formula>().is_err());
}

#[test]
fn copies_are_combined_by_their_rule() {
    let real = schools(5, 400);
    let tables: Vec<Table> = (6..9).map(|seed| schools(seed, 300)).collect();
    let combined = |rule: Combining| {
        let options = EvaluationOptions::default()
            .with_baseline_repeats(0)
            .with_combining(rule)
            .with_formula("y ~ arm + x".parse().unwrap());
        let evaluation = Evaluation::of(&real, &tables[0])
            .copies(&tables[1..])
            .with_options(options)
            .with_only(["regression_overlap"])
            .seed(&Seed::from_u64(1))
            .run()
            .unwrap();
        evaluation.regressions[0].clone()
    };
    let single: Vec<(f64, f64)> = tables
        .iter()
        .map(|table| of(&regress(table, table, "y ~ arm + x").unwrap(), "x"))
        .collect();
    let values: Vec<f64> = single.iter().map(|s| s.0).collect();
    let variances: Vec<f64> = single.iter().map(|s| s.1 * s.1).collect();
    for rule in [Combining::Simple, Combining::Proper, Combining::Partial] {
        let expected = rule.combine(&values, &variances, 400.0, 300.0).unwrap();
        let section = combined(rule);
        let row = section
            .coefficients
            .iter()
            .find(|row| row.name == "x")
            .unwrap();
        let found = row.synthetic.unwrap();
        assert!((found.value - expected.value).abs() < 1e-12);
        assert!((found.se - expected.se).abs() < 1e-12);
        assert_eq!(
            (section.synthetic_tables, section.combining),
            (3, Some(rule))
        );
    }
}
