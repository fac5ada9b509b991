//! Fit and sample of the generator, with quality beside CPU seconds.
//!
//! Adult from `../shared/data/adult.csv`: its 32,561 training rows, split 80 / 20 by a seed. For
//! each teacher and budget: CPU seconds of fit and sample of 26,048 rows, mean total variation
//! distance over all one- and two-way tables (numbers in 20 equal bins of their range), and
//! accuracy and area under the curve of boosted trees that learn `income` from the synthetic rows
//! and judge the other 20 percent; and how far the other columns of rows asked for with an
//! occupation are from those of the real rows with it. `GAN_SEEDS=3` takes the mean over three
//! fits. `step`: CPU milliseconds of a step of the discriminator (1,000 real and 1,000 made rows).
//! `preset-b`, `preset-c`: simulated trials at epsilon 1, with differences of masses, distributions
//! and associations; `preset-b/bins`, `preset-b/modes`: without privacy from a discriminator,
//! numbers by bins or by modes. A word as an argument runs what contains it.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use parable_benches::{cpu_seconds, errors};
use parable_core::{DynSynthesizer, FitContext, Model};
use parable_domain::{AttrSet, Codes, Domain};
use parable_dp::{Budget, Delta, Epsilon, Ledger, NoiseSource, PrivacyUnit};
use parable_gan::{Gan, GanConfig, Numbers, StepsPerGenerator, Teacher, Vae, VaeConfig};
use parable_metrics::Evaluation;
use parable_seed::Seed;
use parable_table::{
    Bounds, Column, Field, Kind, Known, Levels, NumberFormat, Role, Schema, Table, Values,
};
use parable_trials::{Preset, Trial, TrialConfig};

#[path = "gan/boost.rs"]
mod boost;

const TRAIN: usize = 26_048;
const ROWS: usize = 32_561;
/// The column whose levels are asked for.
const OCCUPATION: usize = 6;
const NUMBERS: [&str; 6] = [
    "age",
    "fnlwgt",
    "education_num",
    "capital_gain",
    "capital_loss",
    "hours_per_week",
];

/// The rows in the order of a seed.
fn adult() -> Option<Table> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/adult.csv");
    let text = std::fs::read_to_string(path).ok()?;
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next()?.split(',').collect();
    let rows: Vec<Vec<&str>> = lines
        .take(ROWS)
        .map(|line| line.split(',').collect())
        .collect();
    let mut order: Vec<usize> = (0..rows.len()).collect();
    Seed::from_u64(42).rng().shuffle(&mut order);
    let (mut fields, mut columns) = (Vec::new(), Vec::new());
    for (at, name) in names.iter().enumerate() {
        let cells: Vec<&str> = order.iter().map(|&row| rows[row][at]).collect();
        let missing = cells.iter().map(|cell| u8::from(cell.is_empty())).collect();
        let (kind, values) = if NUMBERS.contains(name) {
            let numbers: Option<Vec<i64>> = cells.iter().map(|cell| cell.parse().ok()).collect();
            let numbers = numbers?;
            let bounds = Bounds {
                min: *numbers.iter().min()?,
                max: *numbers.iter().max()?,
            };
            let kind = Kind::Integer {
                bounds: Some(Known::declared(bounds)),
                grid: None,
                format: NumberFormat::default(),
            };
            (kind, Values::Integer(numbers))
        } else {
            let mut levels: BTreeMap<&str, u32> = BTreeMap::new();
            levels.extend(
                cells
                    .iter()
                    .filter(|cell| !cell.is_empty())
                    .map(|cell| (*cell, 0)),
            );
            levels
                .values_mut()
                .zip(0..)
                .for_each(|(code, number)| *code = number);
            let codes = cells
                .iter()
                .map(|cell| levels.get(cell).copied().unwrap_or(0));
            let known = Known::declared(Levels::new(levels.keys().copied()).ok()?);
            (Kind::nominal(known), Values::Codes(codes.collect()))
        };
        fields.push(Field::new(*name, kind));
        columns.push(Column::with_missing(values, missing));
    }
    Table::new(Schema::new(fields).ok()?, columns).ok()
}

/// Levels, and numbers in 20 equal bins of the range of another table.
fn coarse(table: &Table, like: &Table) -> Codes {
    let (mut attrs, mut columns) = (Vec::new(), Vec::new());
    for (at, field) in table.schema().fields().iter().enumerate() {
        let (column, other) = (table.column(at), like.column(at));
        let levels = field.kind.levels().map_or(20, Levels::len) as u32;
        let numbers = (0..like.rows()).filter_map(|row| other.number(row));
        let (min, max) = numbers.fold((f64::MAX, f64::MIN), |(a, b), x| (a.min(x), b.max(x)));
        let code = |row: usize| match (column.code(row), column.number(row)) {
            _ if column.is_missing(row) => levels,
            (Some(code), _) => code,
            (None, Some(x)) => ((x - min) / (max - min) * 20.0).floor().clamp(0.0, 19.0) as u32,
            (None, None) => levels,
        };
        columns.push((0..table.rows()).map(code).collect());
        attrs.push((field.name.clone(), levels + 1));
    }
    Codes::new(Domain::new(attrs).expect("names differ"), columns).expect("codes below levels")
}

/// Features in at most 255 bins, cut where the rows that are judged have their quantiles.
fn features(table: &Table, test: &Table) -> boost::Rows {
    let label = table.schema().len() - 1;
    let columns = (0..label)
        .map(|at| {
            let (column, other) = (table.column(at), test.column(at));
            let mut cuts: Vec<f64> = (0..test.rows())
                .filter_map(|row| other.number(row))
                .collect();
            cuts.sort_by(f64::total_cmp);
            cuts.dedup();
            let step = cuts.len().div_ceil(250).max(1);
            let cuts: Vec<f64> = cuts.into_iter().step_by(step).collect();
            (0..table.rows())
                .map(|row| match (column.code(row), column.number(row)) {
                    (Some(code), _) => code as u8,
                    (None, Some(x)) => cuts.partition_point(|&cut| cut <= x) as u8,
                    (None, None) => 255,
                })
                .collect()
        })
        .collect();
    boost::Rows {
        columns,
        labels: (0..table.rows())
            .map(|row| table.column(label).code(row) == Some(1))
            .collect(),
    }
}

fn fit(
    method: &dyn DynSynthesizer,
    table: &Table,
    epsilon: Option<f64>,
    seed: u64,
) -> Box<dyn Model> {
    let delta = (table.rows() as f64).powf(-1.5);
    let budget = epsilon.map_or(Budget::Unlimited, |epsilon| {
        let epsilon = Epsilon::new(epsilon).expect("above 0");
        Budget::approx(epsilon, Delta::new(delta).expect("small"))
    });
    let mut ledger = Ledger::open(PrivacyUnit::one_row(), budget);
    let mut noise = NoiseSource::insecure_seeded([seed as u8; 32]);
    let mut context = FitContext::new(Seed::from_u64(seed), &mut ledger, &mut noise);
    method.fit_boxed(table, &mut context).expect("a fit")
}

/// CPU milliseconds of a step of the discriminator, from trainings of two lengths with one step of
/// the generator each.
fn step(table: &Table, private: bool) -> f64 {
    let mut config = GanConfig::default().with_teacher(Teacher::Discriminator);
    config.private = private;
    let mut seconds = |steps: u64| {
        config.discriminator.steps = steps;
        config.discriminator.steps_per_generator = Some(StepsPerGenerator::Steps(steps));
        let start = cpu_seconds();
        fit(&Gan::new(config.clone()), table, private.then_some(10.0), 1);
        cpu_seconds() - start
    };
    (seconds(500) - seconds(100)) / 400.0 * 1e3
}

/// How well rows follow when a level of this column is asked for: mean total variation distance of
/// the other columns from the real rows that hold it, over the levels that 200 real rows hold.
fn given(model: &dyn Model, train: &Table, real: &Codes, column: usize) -> f64 {
    let field = train.schema().fields()[column].clone();
    let levels = field.kind.levels().map_or(0, Levels::len) as u32;
    let others: Vec<AttrSet> = (0..15u32)
        .filter(|&attr| attr as usize != column)
        .map(|attr| AttrSet::new([attr]))
        .collect();
    let (mut sum, mut count) = (0.0, 0.0);
    for level in 0..levels {
        let own = (0..real.rows()).filter(|&row| real.column(column)[row] == level);
        let own: Vec<usize> = own.collect();
        if own.len() < 200 {
            continue;
        }
        let schema = Schema::new(vec![field.clone()]).expect("one field");
        let asked = Column::complete(Values::Codes(vec![level; 4_000]));
        let asked = Table::new(schema, vec![asked]).expect("a level");
        let made = model.sample_given(&asked, &Seed::from_u64(1), &parable_core::NoObserver);
        let made = coarse(&made.expect("a level that occurs"), train);
        let own = coarse(&train.take(&own), train);
        sum += errors(&own, &made, &others)[0];
        count += 1.0;
    }
    sum / count
}

/// A simulated trial without the names of its units.
fn trial(preset: Preset) -> Table {
    let trial = Trial::simulate(&TrialConfig::new(preset), &Seed::from_u64(7)).expect("a trial");
    let (schema, columns) = trial.table.into_parts();
    let modelled = |(field, column): &(Field, Column)| {
        field.role != Role::UnitId && !matches!(column.values(), Values::Text(_))
    };
    let fields = schema.fields().iter().cloned().zip(columns);
    let (fields, columns) = fields.filter(modelled).unzip();
    Table::new(Schema::new(fields).expect("names differ"), columns).expect("a table")
}

/// What is measured of trials: differences of masses, of distribution functions, of correlations
/// and of associations of any kind.
const TRIAL_METRICS: [&str; 4] = [
    "mass_mad",
    "kolmogorov_smirnov",
    "correlation_msd_pearson",
    "association_rms",
];

fn trials(name: &str, preset: Preset, config: &GanConfig, seeds: u64) {
    let real = trial(preset);
    let (mut cpu, mut values) = (0.0, [0.0; TRIAL_METRICS.len()]);
    for seed in 1..=seeds {
        let start = cpu_seconds();
        let epsilon = config.private.then_some(1.0);
        let model = fit(&Gan::new(config.clone()), &real, epsilon, seed);
        let made = model
            .sample(real.rows(), &Seed::from_u64(seed))
            .expect("rows");
        cpu += (cpu_seconds() - start) / seeds as f64;
        let evaluation = Evaluation::of(&real, &made)
            .with_only(TRIAL_METRICS)
            .seed(&Seed::from_u64(seed))
            .run()
            .expect("a score");
        for (value, metric) in values.iter_mut().zip(TRIAL_METRICS) {
            *value += evaluation.value(metric).unwrap_or(f64::NAN) / seeds as f64;
        }
    }
    let named = TRIAL_METRICS.iter().zip(values);
    let named: Vec<String> = named.map(|(m, v)| format!("{m} {v:.4}")).collect();
    println!(
        "{name} ({} x {}): {cpu:.1} CPU s, {}",
        real.rows(),
        real.schema().len(),
        named.join(", ")
    );
}

fn main() {
    let seeds: u64 = std::env::var("GAN_SEEDS")
        .ok()
        .and_then(|s| s.parse().ok())
        .unwrap_or(1);
    let only = std::env::args()
        .skip(1)
        .find(|word| !word.starts_with("--"));
    let is_asked = |name: &str| only.as_ref().is_none_or(|only| name.contains(&**only));
    let plain = |numbers: Numbers| {
        let mut config = GanConfig::default().with_teacher(Teacher::Discriminator);
        config.discriminator.numbers = numbers;
        config.non_private()
    };
    for (name, preset, config) in [
        ("preset-b", Preset::B, GanConfig::default()),
        ("preset-c", Preset::C, GanConfig::default()),
        ("preset-b/bins", Preset::B, plain(Numbers::Bins)),
        ("preset-b/modes", Preset::B, plain(Numbers::Modes)),
    ] {
        if is_asked(name) {
            trials(name, preset, &config, seeds);
        }
    }
    let Some(table) = adult() else {
        eprintln!("SKIPPED: ../shared/data/adult.csv is not there");
        return;
    };
    let part = |rows: std::ops::Range<usize>| table.take(&rows.collect::<Vec<_>>());
    let (train, test) = (part(0..TRAIN), part(TRAIN..ROWS));
    let real = coarse(&train, &train);
    let singles: Vec<AttrSet> = (0..15).map(|attr| AttrSet::new([attr])).collect();
    let pairs: Vec<AttrSet> = AttrSet::pairs(15).collect();
    let judged = features(&test, &test);
    let (auc, right) = boost::judge(&features(&train, &test), &judged);
    println!("real rows: accuracy {right:.4}, AUC {auc:.4}");
    if is_asked("step") {
        let (plain, private) = (step(&train, false), step(&train, true));
        println!("step: {plain:.1} CPU ms plain, {private:.1} private");
    }
    let mut runs = Vec::new();
    for epsilon in [1.0, 3.0, 10.0] {
        runs.push((
            format!("marginals/epsilon-{epsilon}"),
            GanConfig::default(),
            Some(epsilon),
        ));
    }
    let adversary = GanConfig::default().with_teacher(Teacher::Discriminator);
    for epsilon in [1.0, 10.0] {
        runs.push((
            format!("discriminator/epsilon-{epsilon}"),
            adversary.clone(),
            Some(epsilon),
        ));
    }
    let both = GanConfig::default().with_teacher(Teacher::Both);
    runs.push(("both/epsilon-10".to_owned(), both, Some(10.0)));
    runs.push((
        "marginals/not-private".to_owned(),
        GanConfig::default().non_private(),
        None,
    ));
    for (name, numbers) in [("not-private", Numbers::Bins), ("modes", Numbers::Modes)] {
        runs.push((format!("discriminator/{name}"), plain(numbers), None));
    }
    let mut methods: Vec<(String, Box<dyn DynSynthesizer>, Option<f64>)> = runs
        .into_iter()
        .map(
            |(name, config, epsilon)| -> (_, Box<dyn DynSynthesizer>, _) {
                (name, Box::new(Gan::new(config)), epsilon)
            },
        )
        .collect();
    for epsilon in [1.0, 10.0] {
        let vae = Vae::new(VaeConfig::default());
        methods.push((
            format!("vae/epsilon-{epsilon}"),
            Box::new(vae),
            Some(epsilon),
        ));
    }
    let open = Vae::new(VaeConfig::default().non_private());
    methods.push(("vae/not-private".to_owned(), Box::new(open), None));
    for (name, method, epsilon) in methods {
        if !is_asked(&name) {
            continue;
        }
        let mut sums = [0.0; 7];
        for seed in 1..=seeds {
            let (cpu, wall) = (cpu_seconds(), Instant::now());
            let model = fit(&*method, &train, epsilon, seed);
            let made = model.sample(TRAIN, &Seed::from_u64(seed)).expect("rows");
            let (cpu, wall) = (cpu_seconds() - cpu, wall.elapsed().as_secs_f64());
            let codes = coarse(&made, &train);
            let (auc, right) = boost::judge(&features(&made, &test), &judged);
            let [one, _] = errors(&real, &codes, &singles);
            let [two, _] = errors(&real, &codes, &pairs);
            let given = given(&*model, &train, &real, OCCUPATION);
            for (sum, value) in sums
                .iter_mut()
                .zip([cpu, wall, one, two, right, auc, given])
            {
                *sum += value / seeds as f64;
            }
        }
        let [cpu, wall, one, two, right, auc, given] = sums;
        println!(
            "{name}: {cpu:.1} CPU s ({wall:.1} s), one-way {one:.4}, two-way {two:.4}, accuracy {right:.4}, AUC {auc:.4}, given an occupation {given:.4}"
        );
    }
}
