use parable_seed::Seed;

use super::*;
use parable_table::{Column, Field, Kind, Known, Levels, Schema, Values};

/// `x` and `y = 2 x + noise` with correlation 0.894, a category cut from `x`, and a column of
/// noise; `y` and the category lose values where `x` is large more often (missing at random given
/// `x`).
struct Sample {
    whole: Vec<f64>,
    groups: Vec<u32>,
    table: Table,
}

fn sample(rows: usize) -> Sample {
    let mut rng = Seed::from_u64(11).rng();
    let x: Vec<f64> = (0..rows).map(|_| rng.normal()).collect();
    let whole: Vec<f64> = x.iter().map(|x| 2.0 * x + rng.normal()).collect();
    let groups: Vec<u32> = x
        .iter()
        .map(|&x| u32::from(x > -0.5) + u32::from(x > 0.8))
        .collect();
    let noise: Vec<f64> = (0..rows).map(|_| rng.normal()).collect();
    let mut gone = || -> Vec<u8> {
        x.iter()
            .map(|&x| u8::from(rng.chance(if x > 0.0 { 0.6 } else { 0.1 })))
            .collect()
    };
    let (gone_y, gone_group) = (gone(), gone());
    let levels = Known::declared(Levels::new(["low", "mid", "high"]).unwrap());
    let fields = vec![
        Field::new("x", Kind::continuous(6)),
        Field::new("y", Kind::continuous(3)),
        Field::new("group", Kind::nominal(levels)),
        Field::new("noise", Kind::continuous(6)),
        Field::new("text", Kind::Text),
    ];
    let columns = vec![
        Column::complete(Values::Continuous(x)),
        Column::with_missing(Values::Continuous(whole.clone()), gone_y),
        Column::with_missing(Values::Codes(groups.clone()), gone_group),
        Column::complete(Values::Continuous(noise)),
        Column::with_missing(Values::Text((0..rows).map(|_| "").collect()), vec![1; rows]),
    ];
    Sample {
        whole,
        groups,
        table: Table::new(Schema::new(fields).unwrap(), columns).unwrap(),
    }
}

/// Root of the mean squared error over missing cells of `y`, and the mean of the filled column.
fn judge(sample: &Sample, config: &ImputeConfig) -> (f64, f64) {
    let filled = impute(&sample.table, &[], config).unwrap().table;
    let (before, after) = (sample.table.column(1), filled.column(1));
    let missing: Vec<usize> = (0..before.len())
        .filter(|&row| before.is_missing(row))
        .collect();
    let squares = missing
        .iter()
        .map(|&row| (after.number(row).unwrap() - sample.whole[row]).powi(2));
    let error = (squares.sum::<f64>() / missing.len() as f64).sqrt();
    let mean = (0..after.len())
        .map(|row| after.number(row).unwrap())
        .sum::<f64>()
        / after.len() as f64;
    (error, mean)
}

#[test]
fn models_beat_the_mean_and_undo_the_bias_of_values_missing_at_random() {
    let sample = sample(4_000);
    let truth = sample.whole.iter().sum::<f64>() / 4_000.0;
    let (model_error, model_mean) = judge(&sample, &ImputeConfig::default());
    let (mean_error, mean_mean) = judge(
        &sample,
        &ImputeConfig::default().with_method(ImputeMethod::Mean),
    );
    // Given x, y has standard deviation 1: the best error possible. 1,400 missing cells: its
    // estimate has sd 1/sqrt(2800) = 0.019; a fit on 2,600 rows adds 0.001. 1.12 is more than 6 sd
    // above.
    assert!(model_error < 1.12, "{model_error}");
    // Around its observed mean, about 2 E[x | seen] = -0.7, the missing part (mean 2 E[x | missing]
    // = 1.1, within sd above 1.5) has error above 2.3, and never below the sd of y given missing,
    // 1.5.
    assert!(
        mean_error > 1.5 && model_error < 0.75 * mean_error,
        "{mean_error}"
    );
    // The filled mean differs from the true one by the mean residual of 1,400 of 4,000 rows: sd 1.4 *
    // 37.4 / 4000 = 0.013; 6 sd.
    assert!((model_mean - truth).abs() < 0.08, "{model_mean} {truth}");
    // Means alone stay where the seen rows are: off by the missing share 0.35 times the gap of
    // means, about 0.6.
    assert!((mean_mean - truth).abs() > 0.3, "{mean_mean}");
}

#[test]
fn categories_are_predicted_better_than_by_their_mode() {
    let sample = sample(4_000);
    let right = |config: &ImputeConfig| {
        let filled = impute(&sample.table, &["group"], config).unwrap().table;
        let before = sample.table.column(2);
        let missing: Vec<usize> = (0..4_000).filter(|&row| before.is_missing(row)).collect();
        let hits = missing
            .iter()
            .filter(|&&r| filled.column(2).code(r) == Some(sample.groups[r]));
        hits.count() as f64 / missing.len() as f64
    };
    // The group is a function of x, so a tree on x is nearly always right and a mode at most in the
    // share of the largest group (about 0.55 of the missing rows); each share has sd below 0.014.
    assert!(right(&ImputeConfig::default()) > 0.9);
    assert!(right(&ImputeConfig::default().with_method(ImputeMethod::Mean)) < 0.7);
}

#[test]
fn seen_values_stay_and_the_result_is_the_same_every_time() {
    let sample = sample(500);
    for method in [
        ImputeMethod::Mean,
        ImputeMethod::Median,
        ImputeMethod::Model,
    ] {
        let config = ImputeConfig::default().with_method(method);
        let filled = impute(&sample.table, &[], &config).unwrap();
        assert_eq!(filled, impute(&sample.table, &[], &config).unwrap());
        for at in [1, 2] {
            let (before, after) = (sample.table.column(at), filled.table.column(at));
            assert_eq!(after.missing_count(), 0);
            for row in (0..500).filter(|&row| !before.is_missing(row)) {
                assert_eq!(
                    (before.number(row), before.code(row)),
                    (after.number(row), after.code(row))
                );
            }
        }
        assert_eq!(
            filled.table.column(4).missing_count(),
            500,
            "text is left alone"
        );
    }
}

#[test]
fn columns_without_values_and_tiny_tables_are_survived() {
    let fields = vec![
        Field::new("a", Kind::integer()),
        Field::new("b", Kind::integer()),
        Field::new(
            "c",
            Kind::nominal(Known::declared(Levels::new(["only"]).unwrap())),
        ),
    ];
    let columns = vec![
        Column::with_missing(Values::Integer(vec![0, 0, 0]), vec![1, 1, 1]),
        Column::with_missing(Values::Integer(vec![4, 0, 6]), vec![0, 1, 0]),
        Column::with_missing(Values::Codes(vec![0, 0, 0]), vec![0, 1, 0]),
    ];
    let table = Table::new(Schema::new(fields).unwrap(), columns).unwrap();
    let filled = impute(&table, &[], &ImputeConfig::default()).unwrap();
    assert_eq!(filled.table.column(0).missing_count(), 3);
    assert_eq!(filled.table.column(1).number(1), Some(5.0));
    assert_eq!(filled.table.column(2).code(1), Some(0));
    assert!(impute(&table, &["d"], &ImputeConfig::default()).is_err());
    assert!(impute(&table.take(&[]), &[], &ImputeConfig::default()).is_ok());
}
