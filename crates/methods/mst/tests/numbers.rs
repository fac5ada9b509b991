//! Columns of numbers: bounds, bins, and where in its bin a number lies.

use parable_core::{FitContext, FitError, Model, Synthesizer};
use parable_dp::{Budget, Delta, Epsilon, Event, Ledger, NoiseSource, PrivacyUnit};
use parable_mst::{Bins, Mst, MstConfig, MstModel, Restore};
use parable_seed::Seed;
use parable_table::{
    Bounds, Column, Field, Grid, Kind, Known, Levels, NumberFormat, Provenance, Schema, Table,
    Values,
};

/// Incomes with a long tail, hours with a spike at 40, a share without a grid whose density falls
/// to a twentieth, and a group that goes with incomes.
fn people(rows: usize, declared: bool) -> Table {
    let bounds = |min, max| declared.then(|| Known::declared(Bounds { min, max }));
    let whole = |min, max| Kind::Integer {
        bounds: bounds(min, max),
        grid: None,
        format: NumberFormat::default(),
    };
    let share = Kind::Continuous {
        bounds: declared.then(|| Known::declared(Bounds { min: 0.0, max: 1.0 })),
        grid: None,
        format: NumberFormat::default(),
    };
    let fields = vec![
        Field::new("income", whole(0, 2_000_000)),
        Field::new("hours", whole(0, 20_000)),
        Field::new("share", share),
        Field::new(
            "rich",
            Kind::nominal(Known::declared(Levels::new(["no", "yes"]).unwrap())),
        ),
    ];
    let mut rng = Seed::from_u64(8).rng();
    let (mut income, mut hours, mut share, mut rich) = (vec![], vec![], vec![], vec![]);
    for _ in 0..rows {
        let own = (10.0 + 0.8 * rng.normal()).exp().min(2e6);
        income.push(own as i64);
        hours.push(if rng.chance(0.4) {
            40
        } else {
            rng.below(100) as i64
        });
        share.push(-(1.0 - rng.uniform() * (1.0 - (-3.0f64).exp())).ln() / 3.0);
        rich.push(u32::from(own > 40_000.0));
    }
    let columns = vec![
        Column::complete(Values::Integer(income)),
        Column::complete(Values::Integer(hours)),
        Column::complete(Values::Continuous(share)),
        Column::complete(Values::Codes(rich)),
    ];
    Table::new(Schema::new(fields).unwrap(), columns).unwrap()
}

fn fit_with(
    table: &Table,
    config: MstConfig,
    epsilon: f64,
) -> (Result<MstModel, FitError>, Ledger) {
    let budget = Budget::approx(Epsilon::new(epsilon).unwrap(), Delta::new(1e-6).unwrap());
    let mut ledger = Ledger::open(PrivacyUnit::one_row(), budget);
    let mut noise = NoiseSource::insecure_seeded([4; 32]);
    let mut context = FitContext::new(Seed::from_u64(1), &mut ledger, &mut noise);
    let model = Mst::new(config).fit(table, &mut context);
    (model, ledger)
}

fn numbers(table: &Table, name: &str) -> Vec<f64> {
    let (_, column) = table.named(name).unwrap();
    let mut numbers: Vec<f64> = (0..table.rows())
        .filter_map(|row| column.number(row))
        .collect();
    numbers.sort_by(f64::total_cmp);
    numbers
}

/// The largest distance of two distribution functions.
fn distance(real: &Table, made: &Table, name: &str) -> f64 {
    let (a, b) = (numbers(real, name), numbers(made, name));
    let below = |sorted: &[f64], x: f64| {
        sorted.partition_point(|&own| own <= x) as f64 / sorted.len() as f64
    };
    a.iter()
        .chain(&b)
        .map(|&x| (below(&a, x) - below(&b, x)).abs())
        .fold(0.0, f64::max)
}

#[test]
fn bins_that_follow_the_rows_find_the_shape_of_a_long_tail_and_spikes() {
    let table = people(20_000, true);
    let mut found = Vec::new();
    for bins in [Bins::Uniform, Bins::Quantile, Bins::Privtree] {
        let config = MstConfig::default().with_default_bins(bins);
        let (model, ledger) = fit_with(&table, config, 1.0);
        let model = model.unwrap();
        assert!(ledger.spent().epsilon.unwrap().get() <= 1.0);
        let charged = |start: &str| {
            ledger
                .entries()
                .iter()
                .filter(|e| e.purpose.starts_with(start))
                .count()
        };
        let trees = ledger
            .entries()
            .iter()
            .filter(|e| matches!(e.event, Event::PureDp { .. }))
            .count();
        assert_eq!(charged("bins: "), if bins == Bins::Uniform { 0 } else { 3 });
        assert_eq!(trees, if bins == Bins::Privtree { 3 } else { 0 });
        let made = model.sample(20_000, &Seed::from_u64(2)).unwrap();
        assert!(
            numbers(&made, "income")
                .iter()
                .all(|own| (0.0..=2e6).contains(own))
        );
        found.push(distance(&table, &made, "income"));
        // Four of ten rows work 40 hours: a bin of one point, if bins follow the rows.
        let spike = numbers(&made, "hours")
            .iter()
            .filter(|own| **own == 40.0)
            .count() as f64
            / 20_000.0;
        if bins != Bins::Uniform {
            assert!(spike > 0.02, "{bins:?}: {spike}");
        }
    }
    // Two of three incomes lie in the first of 64 bins of equal width, and are spread evenly over
    // it.
    assert!(
        found[0] > 0.06 && found[1] < 0.04 && found[2] < 0.04,
        "{found:?}"
    );
}

#[test]
fn smooth_numbers_follow_the_shape_within_their_bins() {
    let table = people(20_000, true);
    let ks = |restore| {
        let mut config = MstConfig::default().with_restore(restore);
        config.max_bins = 6;
        let model = fit_with(&table, config, 4.0).0.unwrap();
        distance(
            &table,
            &model.sample(40_000, &Seed::from_u64(2)).unwrap(),
            "share",
        )
    };
    let (even, smooth) = (ks(Restore::Uniform), ks(Restore::Smooth));
    assert!(smooth < 0.7 * even, "{smooth} {even}");
}

#[test]
fn bounds_are_refused_unless_paid_for_and_then_say_so() {
    let table = people(20_000, false);
    let (refused, ledger) = fit_with(&table, MstConfig::default(), 1.0);
    assert!(matches!(
        refused,
        Err(FitError::Undeclared { fact: "bounds", .. })
    ));
    assert!(ledger.entries().is_empty());
    let config = MstConfig::default()
        .with_bounds_share(0.1)
        .with_default_bins(Bins::Quantile);
    let (model, ledger) = fit_with(&table, config.clone(), 1.0);
    let model = model.unwrap();
    assert!(ledger.spent().epsilon.unwrap().get() <= 1.0);
    let charged = ledger
        .entries()
        .iter()
        .filter(|entry| entry.purpose.starts_with("bounds: "));
    assert_eq!(charged.count(), 3);
    let Kind::Integer {
        bounds: Some(income),
        ..
    } = &model.schema().fields()[0].kind
    else {
        panic!("incomes have bounds now")
    };
    assert_eq!(income.provenance, Provenance::Released);
    // Nine of ten incomes lie between 5,900 and 82,000; a power of two on either side of what a
    // histogram shows of the tails.
    assert!(
        income.value.min <= 4_096 && income.value.max >= 131_071 && income.value.max < 2_097_152
    );
    let made = model.sample(20_000, &Seed::from_u64(2)).unwrap();
    assert!(distance(&table, &made, "income") < 0.08);
    assert!(distance(&table, &made, "share") < 0.08);
    // Five rows: nothing rises above the noise, and that is said; what was spent stays spent.
    let (hidden, ledger) = fit_with(&people(5, false), config, 0.5);
    assert!(
        hidden
            .unwrap_err()
            .to_string()
            .contains("declare its bounds")
    );
    assert_eq!(ledger.entries().len(), 1);
}

#[test]
fn numbers_stay_on_their_grid() {
    let (schema, columns) = people(5_000, true).into_parts();
    let mut fields = schema.fields().to_vec();
    let step = Grid::Step {
        step: 0.25,
        origin: 0.0,
    };
    fields[2].kind = Kind::Continuous {
        bounds: Some(Known::declared(Bounds {
            min: 0.0,
            max: 500.0,
        })),
        grid: Some(Known::declared(step)),
        format: NumberFormat::default(),
    };
    let values = numbers(&people(5_000, true), "share");
    let mut columns = columns;
    let on_grid = values
        .iter()
        .map(|value| step.round(value * 500.0))
        .collect();
    columns[2] = Column::complete(Values::Continuous(on_grid));
    let table = Table::new(Schema::new(fields).unwrap(), columns).unwrap();
    for bins in [Bins::Uniform, Bins::Quantile, Bins::Privtree] {
        let config = MstConfig::default()
            .with_default_bins(bins)
            .with_restore(Restore::Smooth);
        let made = fit_with(&table, config, 1.0)
            .0
            .unwrap()
            .sample(5_000, &Seed::from_u64(2))
            .unwrap();
        let off = |value: &f64| *value != step.round(*value) || !(0.0..=500.0).contains(value);
        assert_eq!(
            numbers(&made, "share")
                .iter()
                .filter(|value| off(value))
                .count(),
            0
        );
    }
}

#[test]
fn settings_about_columns_without_numbers_are_refused() {
    let table = people(100, true);
    for name in ["rich", "nobody"] {
        let config = MstConfig::default().with_bins(name, Bins::Quantile);
        let (refused, ledger) = fit_with(&table, config, 1.0);
        assert!(matches!(refused, Err(FitError::Setting { setting, .. }) if setting == "bins"));
        assert!(ledger.entries().is_empty());
    }
}
