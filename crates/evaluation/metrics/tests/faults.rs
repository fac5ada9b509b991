//! Tables on which other packages fail or answer wrongly: every metric of the registry gives a
//! value or a reason.

use parable_metrics::{Evaluation, EvaluationOptions, Pair, Prediction, Undefined, registry};
use parable_seed::Seed;
use parable_table::{Column, Field, Kind, Known, Levels, Schema, Table, Values};

fn nominal(name: &str, levels: &[&str], codes: Vec<u32>) -> (Field, Column) {
    let levels = Known::declared(Levels::new(levels.iter().copied()).unwrap());
    (
        Field::new(name, Kind::nominal(levels)),
        Column::complete(Values::Codes(codes)),
    )
}

fn number(name: &str, values: Vec<f64>) -> (Field, Column) {
    (
        Field::new(name, Kind::continuous(6)),
        Column::complete(Values::Continuous(values)),
    )
}

fn assemble(columns: Vec<(Field, Column)>) -> Table {
    let (fields, columns) = columns.into_iter().unzip();
    Table::new(Schema::new(fields).unwrap(), columns).unwrap()
}

/// Half numbers that go together, half levels.
fn wide(seed: u64, rows: usize, columns: usize) -> Table {
    let mut rng = Seed::from_u64(seed).rng();
    let common: Vec<f64> = (0..rows).map(|_| rng.normal()).collect();
    let make = |at: usize| {
        let name = format!("c{at:03}");
        if at.is_multiple_of(2) {
            let values = common.iter().map(|x| x + rng.normal()).collect();
            number(&name, values)
        } else {
            let codes = common
                .iter()
                .map(|x| u32::from(x + rng.normal() > 0.0) + u32::from(*x > 1.0));
            nominal(&name, &["a", "b", "c"], codes.collect())
        }
    };
    assemble((0..columns).map(make).collect())
}

fn everything(real: &Table, synthetic: &Table) -> Evaluation {
    let options = EvaluationOptions::default()
        .with_baseline_repeats(1)
        .with_subgroups(["c001"])
        .with_outcomes(["c000"]);
    let options = match real.named("c001") {
        Some(_) => options,
        None => EvaluationOptions::default().with_baseline_repeats(1),
    };
    let ids: Vec<String> = registry(&options)
        .iter()
        .map(|m| m.id().to_owned())
        .collect();
    let evaluation = Evaluation::of(real, synthetic)
        .with_options(options)
        .with_only(ids)
        .seed(&Seed::from_u64(1))
        .run()
        .unwrap();
    for score in &evaluation.scores {
        assert_eq!(
            score.value.is_some(),
            score.reason.is_none(),
            "{}",
            score.id
        );
    }
    evaluation
}

#[test]
fn two_hundred_columns_and_few_rows() {
    let (real, synthetic) = (wide(1, 45, 200), wide(2, 40, 200));
    let evaluation = everything(&real, &synthetic);
    let reason = |id: &str| evaluation.score(id).unwrap().reason;
    assert_eq!(
        reason("propensity_products_ratio"),
        Some(Undefined::TooManyTerms)
    );
    assert_eq!(evaluation.score("k_marginal_3").unwrap().n_used, 2_000);
    let small = &evaluation.score("mass_mad").unwrap().warnings;
    assert!(small.iter().any(|warning| warning.starts_with("small")));
    assert!(evaluation.value("subgroup_difference").is_some());
    assert!(evaluation.projection.is_some());
}

#[test]
fn one_column_has_no_pairs() {
    let column = |seed: u64| {
        let mut rng = Seed::from_u64(seed).rng();
        assemble(vec![number("x", (0..80).map(|_| rng.normal()).collect())])
    };
    let evaluation = everything(&column(1), &column(2));
    for id in [
        "correlation_msd_pearson",
        "pair_similarity",
        "k_marginal_2",
        "s_pmse_pairs",
    ] {
        let reason = evaluation.score(id).unwrap().reason;
        assert_eq!(reason, Some(Undefined::NoPairs), "{id}");
    }
    assert!(evaluation.value("conjunctions").is_some());
    assert!(evaluation.projection.is_none());
}

#[test]
fn predictions_stand_levels_nobody_saw_and_refuse_a_single_class() {
    let mut rng = Seed::from_u64(3).rng();
    let x: Vec<f64> = (0..300).map(|_| rng.normal()).collect();
    let class: Vec<u32> = x
        .iter()
        .map(|x| u32::from(x + 0.5 * rng.normal() > 0.0))
        .collect();
    // One real row has a level that no other table has, and the synthetic table one that no real
    // row has.
    let rare: Vec<u32> = (0..300).map(|i| if i == 7 { 2 } else { i % 2 }).collect();
    let other: Vec<u32> = (0..300)
        .map(|i| if i % 50 == 0 { 3 } else { i % 2 })
        .collect();
    let levels = ["a", "b", "only real", "only synthetic"];
    let table = |g: &[u32], class: Vec<u32>| {
        assemble(vec![
            number("x", x.clone()),
            nominal("g", &levels, g.to_vec()),
            nominal("y", &["no", "yes", "maybe"], class),
        ])
    };
    let real = table(&rare, class.clone());
    // A class that no real row has, too.
    let mut shifted = class;
    shifted[5] = 2;
    let synthetic = table(&other, shifted);
    let quiet = |_: &str, _: f64| std::ops::ControlFlow::Continue(());
    let measure =
        |real: &Table, synthetic: &Table, progress: parable_metrics::EvaluationProgress<'_>| {
            let pair = Pair::new(real, synthetic).unwrap();
            Prediction::new(["y"])
                .with_splits(3)
                .measure(&pair, &Seed::from_u64(1), progress)
        };
    let found = measure(&real, &synthetic, &quiet).unwrap();
    assert_eq!(found[0].classes, ["no", "yes"]);
    assert_eq!(found[0].models.len(), 4);
    for model in &found[0].models {
        let f1 = &model.measures[0];
        assert!(
            f1.real.mean > 0.7 && f1.difference.mean.abs() < 0.15,
            "{model:?}"
        );
        assert!(f1.majority.unwrap().mean < 0.5);
    }
    // The same on a table whose relations are lost: models learn nothing.
    let mut rows: Vec<usize> = (0..300).collect();
    Seed::from_u64(4).rng().shuffle(&mut rows);
    let (schema, mut columns) = real.clone().into_parts();
    columns[2] = columns[2].take(&rows);
    let lost = Table::new(schema, columns).unwrap();
    for model in &measure(&real, &lost, &quiet).unwrap()[0].models {
        assert!(model.measures[0].difference.mean > 0.2, "{model:?}");
    }

    let constant = table(&rare, vec![1; 300]);
    let found = measure(&constant, &synthetic, &quiet).unwrap();
    assert_eq!(found[0].reason, Some(Undefined::SingleClass));
    let stop = |_: &str, _: f64| std::ops::ControlFlow::Break(());
    let stopped = measure(&real, &synthetic, &stop);
    assert_eq!(stopped, Err(parable_metrics::MetricError::Cancelled));
}
