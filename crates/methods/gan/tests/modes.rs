//! Numbers written by modes: what they keep that bins lose, conditions on them, and where they are
//! refused.

mod common;

use common::{ledger, quick, toy};
use parable_core::{FitContext, FitError, Model, NoObserver, Synthesizer};
use parable_dp::{Budget, Ledger, NoiseSource, PrivacyUnit};
use parable_gan::{Gan, GanConfig, GanModel, Numbers, Teacher};
use parable_seed::Seed;
use parable_table::{Column, Field, Kind, Schema, Table, Values};

const ROWS: usize = 6_000;

/// `x` between 0 and 1, and `y` the same up to noise with a standard deviation of 0.02; both with
/// four decimals.
fn line() -> Table {
    let mut rng = Seed::from_u64(9).rng();
    let round = |x: f64| (1e4 * x).round() / 1e4;
    let x: Vec<f64> = (0..ROWS).map(|_| round(rng.uniform())).collect();
    let y = x.iter().map(|x| round(x + 0.02 * rng.normal())).collect();
    let fields = ["x", "y"].map(|name| Field::new(name, Kind::continuous(4)));
    let columns = [x, y].map(|values| Column::complete(Values::Continuous(values)));
    let schema = Schema::new(fields.to_vec()).expect("two names");
    Table::new(schema, columns.to_vec()).expect("fits")
}

fn config(numbers: Numbers) -> GanConfig {
    let mut config = quick().with_teacher(Teacher::Discriminator).non_private();
    config.hidden_units = vec![64, 64];
    config.discriminator.hidden_units = vec![64, 64];
    config.discriminator.numbers = numbers;
    config.discriminator.steps = 1_500;
    config
}

fn fit(config: GanConfig, table: &Table) -> Result<GanModel, FitError> {
    let mut noise = NoiseSource::insecure_seeded([3; 32]);
    let mut ledger = match config.private {
        true => ledger(1.0),
        false => Ledger::open(PrivacyUnit::one_row(), Budget::Unlimited),
    };
    let mut context = FitContext::new(Seed::from_u64(7), &mut ledger, &mut noise);
    Gan::new(config).fit(table, &mut context)
}

/// Correlation of the first two columns, of rows whose first number lies between two.
fn correlation(table: &Table, low: f64, high: f64) -> f64 {
    let number = |at: usize, row: usize| table.column(at).number(row).expect("no value is missing");
    let pairs: Vec<(f64, f64)> = (0..table.rows())
        .map(|row| (number(0, row), number(1, row)))
        .filter(|(x, _)| (low..high).contains(x))
        .collect();
    let n = pairs.len() as f64;
    let mean = |of: &dyn Fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / n;
    let (x, y) = (mean(&|p| p.0), mean(&|p| p.1));
    let both = mean(&|p| (p.0 - x) * (p.1 - y));
    both / (mean(&|p| (p.0 - x).powi(2)) * mean(&|p| (p.1 - y).powi(2))).sqrt()
}

/// The mean correlation within twelfths of the range, which are as wide as what the bins below
/// hold.
fn within(table: &Table) -> f64 {
    let slice = |at: usize| correlation(table, at as f64 / 12.0, (at + 1) as f64 / 12.0);
    (0..12).map(slice).sum::<f64>() / 12.0
}

#[test]
fn a_relation_inside_what_a_bin_blurs_is_kept() {
    let table = line();
    // A twelfth has the standard deviation 1 / (12 sqrt 12) = 0.024, the noise 0.02: a correlation
    // of 0.77.
    let real = within(&table);
    assert!((real - 0.77).abs() < 0.05, "{real}");
    let made = |mut config: GanConfig| {
        config.marginals.max_bins = Some(12);
        let model = fit(config, &table).expect("a fit");
        model.sample(ROWS, &Seed::from_u64(1)).expect("rows")
    };
    // Within a bin numbers are drawn evenly: nothing is left but what bins that do not end where
    // twelfths do let through.
    let binned = within(&made(config(Numbers::Bins)));
    assert!(binned < 0.25, "{binned}");
    // More than half of the relation is kept, which needs components narrower than a twelfth in
    // both columns.
    let moded = within(&made(config(Numbers::Modes)));
    assert!(moded > 0.4, "{moded}");
}

#[test]
fn given_numbers_are_met_exactly_and_the_rest_follows() {
    let table = line();
    let model = fit(config(Numbers::Modes), &table).expect("a fit");
    let asked: Vec<f64> = (0..2_000).map(|row| f64::from(row % 400) / 400.0).collect();
    let field = table.schema().fields()[0].clone();
    let given = Table::new(
        Schema::new(vec![field]).expect("one name"),
        vec![Column::complete(Values::Continuous(asked.clone()))],
    );
    let made = model
        .sample_given(&given.expect("fits"), &Seed::from_u64(4), &NoObserver)
        .expect("numbers in the range");
    assert_eq!(made.column(0).values(), &Values::Continuous(asked.clone()));
    let mut off: Vec<f64> = (0..asked.len())
        .map(|row| (made.column(1).number(row).expect("a number") - asked[row]).abs())
        .collect();
    off.sort_by(f64::total_cmp);
    // The median of the noise is 0.013. A number that followed its mode alone, a tenth of the range
    // or so, would be off by 0.04 in the median, and one that followed nothing by 0.29.
    let median = off[off.len() / 2];
    assert!(median < 0.03, "{median}");
}

#[test]
fn modes_are_refused_where_counts_teach_or_rows_are_protected() {
    let table = toy(100);
    let refused = |change: &dyn Fn(&mut GanConfig)| {
        let mut own = config(Numbers::Modes);
        change(&mut own);
        match fit(own, &table) {
            Err(FitError::Setting { setting, .. }) => assert_eq!(setting, "discriminator.numbers"),
            other => panic!("{other:?}"),
        }
    };
    refused(&|config| config.private = true);
    refused(&|config| config.teacher = Teacher::Marginals);
    refused(&|config| config.teacher = Teacher::Both);
}

#[test]
fn the_number_of_threads_changes_no_byte() {
    let table = line();
    let made = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.expect("a pool").install(|| {
            let mut config = config(Numbers::Modes);
            config.discriminator.steps = 30;
            let model = fit(config, &table).expect("a fit");
            model.sample(1_000, &Seed::from_u64(1)).expect("rows")
        })
    };
    assert_eq!(made(1), made(3));
}
