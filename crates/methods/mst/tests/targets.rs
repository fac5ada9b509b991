//! What the marginal method reaches on a census excerpt and on a simulated trial. Minutes in a
//! development build, so ignored by default: `cargo test --release -p parable-mst --test targets --
//! --ignored --nocapture`.

use std::path::Path;

use parable_core::{FitContext, Model, Synthesizer};
use parable_dp::{Budget, Delta, Epsilon, Ledger, NoiseSource, PrivacyUnit};
use parable_mst::{Mst, MstConfig, MstModel, Strategy};
use parable_seed::Seed;
use parable_table::{
    Bounds, Column, Constraint, Field, Kind, Known, Levels, NumberFormat, Role, Schema, Table,
    Values,
};
use parable_trials::{Preset, Trial, TrialConfig};

fn fit(table: &Table, config: &MstConfig, epsilon: f64, delta: f64, noise: u8) -> MstModel {
    let budget = Budget::approx(
        Epsilon::new(epsilon).expect("a positive number"),
        Delta::new(delta).expect("a small number"),
    );
    let mut ledger = Ledger::open(PrivacyUnit::one_row(), budget);
    let mut source = NoiseSource::insecure_seeded([noise; 32]);
    let mut context = FitContext::new(Seed::from_u64(1), &mut ledger, &mut source);
    Mst::new(config.clone())
        .fit(table, &mut context)
        .expect("a fit")
}

/// Cells of a column that both tables are counted in: levels, or the bins that `cuts` of the real
/// numbers make, and one for missing values.
fn cells(table: &Table, at: usize, cuts: &[f64]) -> Vec<usize> {
    let column = table.column(at);
    let cell = |row: usize| match (column.code(row), column.number(row)) {
        (Some(code), _) => 1 + code as usize,
        (None, Some(number)) => 1 + cuts.partition_point(|&cut| cut < number),
        (None, None) => 0,
    };
    (0..table.rows()).map(cell).collect()
}

fn numbers(table: &Table, at: usize) -> Vec<f64> {
    let column = table.column(at);
    (0..table.rows())
        .filter_map(|row| column.number(row))
        .collect()
}

/// The distinct 20-quantiles of a column of numbers.
fn quantiles(table: &Table, at: usize) -> Vec<f64> {
    let mut sorted = numbers(table, at);
    sorted.sort_unstable_by(f64::total_cmp);
    let mut cuts: Vec<f64> = (1..20)
        .filter_map(|k| sorted.get(k * sorted.len() / 20).copied())
        .collect();
    cuts.dedup();
    cuts
}

/// Sum of absolute differences of the shares of two lists of cells.
fn difference(real: &[usize], made: &[usize]) -> f64 {
    let most = real.iter().chain(made).max().map_or(0, |&cell| cell + 1);
    let mut off = vec![0.0; most];
    real.iter()
        .for_each(|&cell| off[cell] += 1.0 / real.len() as f64);
    made.iter()
        .for_each(|&cell| off[cell] -= 1.0 / made.len() as f64);
    off.iter().map(|off: &f64| off.abs()).sum()
}

/// NIST's score over all pairs of columns: `500 (2 - d)`, where `d` is the mean sum of absolute
/// differences of shares.
fn k_marginal(real: &Table, made: &Table) -> f64 {
    let columns = real.schema().len();
    let cuts: Vec<Vec<f64>> = (0..columns).map(|at| quantiles(real, at)).collect();
    let of = |table: &Table| -> Vec<Vec<usize>> {
        (0..columns).map(|at| cells(table, at, &cuts[at])).collect()
    };
    let (real, made) = (of(real), of(made));
    let (mut sum, mut pairs) = (0.0, 0.0);
    for a in 0..columns {
        for b in a + 1..columns {
            let both = |cells: &[Vec<usize>]| -> Vec<usize> {
                cells[a]
                    .iter()
                    .zip(&cells[b])
                    .map(|(a, b)| a * 10_000 + b)
                    .collect()
            };
            sum += difference(&both(&real), &both(&made));
            pairs += 1.0;
        }
    }
    500.0 * (2.0 - sum / pairs)
}

/// Mean over all cells of all columns of the absolute difference of shares, numbers in ten bins of
/// equal width. Without names of clusters, whose many small shares would only lower it.
fn mass_mad(real: &Table, made: &Table) -> f64 {
    let (mut sum, mut count) = (0.0, 0.0);
    for at in 0..real.schema().len() {
        if real.schema().fields()[at].role == Role::ClusterId {
            continue;
        }
        let all = [numbers(real, at), numbers(made, at)].concat();
        let low = all.iter().copied().fold(f64::INFINITY, f64::min);
        let high = all.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let cuts: Vec<f64> = (1..10)
            .filter(|_| high > low)
            .map(|k| low + (high - low) * f64::from(k) / 10.0)
            .collect();
        let (a, b) = (cells(real, at, &cuts), cells(made, at, &cuts));
        let levels = real.schema().fields()[at]
            .kind
            .levels()
            .map_or(10, Levels::len);
        let missing = a.contains(&0) || b.contains(&0);
        sum += difference(&a, &b);
        count += (levels + usize::from(missing)) as f64;
    }
    sum / count
}

/// Effect of the second level of an arm on an outcome, adjusted for a score before, with its
/// standard error from residuals summed by cluster.
fn effect(table: &Table, outcome: usize, arm: usize, before: usize, cluster: usize) -> [f64; 2] {
    let value = |at: usize, row: usize| table.column(at).number(row);
    let code = |at: usize, row: usize| table.column(at).code(row);
    let rows: Vec<([f64; 3], f64, u32)> = (0..table.rows())
        .filter_map(|row| {
            let x = [1.0, f64::from(code(arm, row)?), value(before, row)?];
            Some((x, value(outcome, row)?, code(cluster, row)?))
        })
        .collect();
    let (mut xx, mut xy) = ([[0.0; 3]; 3], [0.0; 3]);
    for (x, y, _) in &rows {
        for i in 0..3 {
            xy[i] += x[i] * y;
            (0..3).for_each(|j| xx[i][j] += x[i] * x[j]);
        }
    }
    // Inverse of a symmetric matrix by cofactors.
    let minor = |i: usize, j: usize| {
        let (a, b, c, d) = ((i + 1) % 3, (i + 2) % 3, (j + 1) % 3, (j + 2) % 3);
        xx[a][c] * xx[b][d] - xx[a][d] * xx[b][c]
    };
    let determinant: f64 = (0..3).map(|j| xx[0][j] * minor(0, j)).sum();
    let inverse: Vec<Vec<f64>> = (0..3)
        .map(|i| (0..3).map(|j| minor(j, i) / determinant).collect())
        .collect();
    let slope = |i: usize| -> f64 { (0..3).map(|j| inverse[i][j] * xy[j]).sum() };
    let slopes = [slope(0), slope(1), slope(2)];
    let mut sums: std::collections::BTreeMap<u32, f64> = std::collections::BTreeMap::new();
    for (x, y, cluster) in &rows {
        let residual = y - (0..3).map(|i| slopes[i] * x[i]).sum::<f64>();
        let lever: f64 = (0..3).map(|j| inverse[1][j] * x[j]).sum();
        *sums.entry(*cluster).or_default() += residual * lever;
    }
    [
        slopes[1],
        sums.values().map(|sum| sum * sum).sum::<f64>().sqrt(),
    ]
}

/// How much of two 95 percent intervals is shared, as a mean of the shares of each; 0 where they
/// are apart.
fn overlap(one: [f64; 2], two: [f64; 2]) -> f64 {
    let ends = |[effect, error]: [f64; 2]| (effect - 1.96 * error, effect + 1.96 * error);
    let ((a, b), (c, d)) = (ends(one), ends(two));
    let shared = b.min(d) - a.max(c);
    (0.5 * (shared / (b - a) + shared / (d - c))).max(0.0)
}

/// Ten features of the excerpt: the demographic ones of NIST's reports on it, with the levels that
/// occur (the data are public) and ages from 0 to 99.
const FEATURES: [&str; 10] = [
    "PUMA",
    "AGEP",
    "SEX",
    "MSP",
    "HISP",
    "RAC1P",
    "EDU",
    "PINCP_DECILE",
    "DVET",
    "DEYE",
];

fn census() -> Option<Table> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/data/acs_national2019.csv");
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("SKIPPED: {} is not there", path.display());
        return None;
    };
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next()?.split(',').collect();
    let at = FEATURES.map(|name| names.iter().position(|n| *n == name).expect("a feature"));
    let mut cells: Vec<Vec<&str>> = vec![Vec::new(); FEATURES.len()];
    for line in lines {
        let row: Vec<&str> = line.split(',').collect();
        for (column, &at) in cells.iter_mut().zip(&at) {
            column.push(row[at]);
        }
    }
    let (mut fields, mut columns) = (Vec::new(), Vec::new());
    for (name, cells) in FEATURES.iter().zip(&cells) {
        let missing: Vec<u8> = cells.iter().map(|cell| u8::from(cell.is_empty())).collect();
        if *name == "AGEP" {
            let bounds = Some(Known::declared(Bounds { min: 0, max: 99 }));
            let format = NumberFormat::default();
            fields.push(Field::new(
                *name,
                Kind::Integer {
                    bounds,
                    grid: None,
                    format,
                },
            ));
            let ages = cells.iter().map(|cell| cell.parse().unwrap_or(0)).collect();
            columns.push(Column::with_missing(Values::Integer(ages), missing));
            continue;
        }
        let mut levels: Vec<&str> = cells.iter().copied().filter(|c| !c.is_empty()).collect();
        levels.sort_unstable_by_key(|level| (level.parse::<i64>().unwrap_or(0), *level));
        levels.dedup();
        let known = Known::declared(Levels::new(levels.clone()).expect("levels"));
        let kind = if ["EDU", "PINCP_DECILE"].contains(name) {
            Kind::ordinal(known)
        } else {
            Kind::nominal(known)
        };
        fields.push(Field::new(*name, kind));
        let code = |cell: &&str| levels.iter().position(|l| l == cell).unwrap_or(0) as u32;
        let codes = cells.iter().map(code).collect();
        columns.push(Column::with_missing(Values::Codes(codes), missing));
    }
    Some(Table::new(Schema::new(fields).expect("a schema"), columns).expect("a table"))
}

#[test]
#[ignore = "minutes in a development build"]
fn the_census_excerpt_scores_above_the_best_published() {
    let Some(real) = census() else {
        return;
    };
    let of = |strategy: Strategy| MstConfig::default().with_strategy(strategy);
    for (name, config, delta) in [
        ("swift", MstConfig::default(), 1e-5),
        ("swift", MstConfig::default(), 1e-9),
        ("aim", of(Strategy::Aim { ways: 2 }), 1e-5),
        ("mst", of(Strategy::Mst), 1e-5),
        ("independent", of(Strategy::Independent), 1e-5),
    ] {
        let mut mean = 0.0;
        for noise in 1..=5 {
            let model = fit(&real, &config, 1.0, delta, noise);
            let made = model
                .sample(real.rows(), &Seed::from_u64(u64::from(noise)))
                .expect("rows");
            mean += k_marginal(&real, &made) / 5.0;
        }
        eprintln!("{name}, delta {delta}: k-marginal score {mean:.1}");
        // Best published at epsilon 1: 976; the reference of the tree: 958. One run has a standard
        // deviation of about 1.
        let least = match (name, delta) {
            ("swift", 1e-5) => 976.0,
            ("swift", _) => 971.0,
            ("mst", _) => 956.0,
            _ => 0.0,
        };
        assert!(mean > least, "{name}: {mean}");
    }
}

/// What a cleaning recipe leaves to a method: no names of units, no text, nothing constant or
/// restated by other columns.
fn modelled(table: &Table) -> Table {
    let schema = table.schema();
    let restated: Vec<&str> = schema
        .constraints()
        .iter()
        .filter(|rule| matches!(rule, Constraint::OneHot { .. }))
        .flat_map(Constraint::columns)
        .collect();
    let kept: Vec<usize> = (0..schema.len())
        .filter(|&at| {
            let field = &schema.fields()[at];
            !matches!(field.role, Role::UnitId | Role::Descriptor { .. })
                && !restated.contains(&field.name.as_str())
                && table.column(at).missing_count() < table.rows()
                && !matches!(table.column(at).values(), Values::Text(_))
                && field.kind.levels().is_none_or(|levels| levels.len() > 1)
        })
        .collect();
    let fields = kept.iter().map(|&at| schema.fields()[at].clone()).collect();
    let columns = kept.iter().map(|&at| table.column(at).clone()).collect();
    Table::new(Schema::new(fields).expect("a schema"), columns).expect("a table")
}

/// How much more the tables of arm and outcome matter than other pairs: a quarter of the noise.
const EFFECT: f64 = 20.0;

#[test]
#[ignore = "minutes in a development build"]
fn a_large_trial_keeps_its_effects_where_they_are_required() {
    let seeds = 10;
    let trial = Trial::simulate(&TrialConfig::new(Preset::C), &Seed::from_u64(7)).expect("a trial");
    let real = modelled(&trial.table);
    let treatment = |role: &Role| *role == Role::Treatment;
    let arm = real.schema().fields().iter().find(|f| treatment(&f.role));
    let arm = arm.expect("an arm").name.clone();
    let mut config = MstConfig::default();
    for field in real
        .schema()
        .fields()
        .iter()
        .filter(|f| f.role == Role::Outcome)
    {
        let set = [arm.clone(), field.name.clone()];
        config = config.with_required(set.clone()).with_weight(set, EFFECT);
    }
    let named = |name: &str| {
        let fields = real.schema().fields().iter();
        fields
            .into_iter()
            .position(|field| field.name == name)
            .expect("a column")
    };
    let outcomes: Vec<usize> = (0..real.schema().len())
        .filter(|&at| {
            let field = &real.schema().fields()[at];
            field.role == Role::Outcome && field.kind.is_numeric()
        })
        .collect();
    let (arm, before, school) = (
        named(&arm),
        named(&trial.truth.pre_test),
        named("school_id"),
    );
    for epsilon in [1.0, 0.01] {
        let (mut mad, mut kept) = (0.0, 0.0);
        for seed in 1..=seeds {
            let model = fit(&real, &config, epsilon, 1e-9, seed as u8);
            let made = model
                .sample(real.rows(), &Seed::from_u64(seed))
                .expect("rows");
            mad += mass_mad(&real, &made) / seeds as f64;
            for &outcome in &outcomes {
                let of = |table: &Table| effect(table, outcome, arm, before, school);
                let share = 1.0 / (seeds as f64 * outcomes.len() as f64);
                kept += share * overlap(of(&real), of(&made));
                if seed == 1 {
                    eprintln!("  {:?} was {:?}", of(&made), of(&real));
                }
            }
            if seed == 1 {
                eprintln!("epsilon {epsilon}: {} relations", model.relations().count());
                model
                    .record()
                    .warnings
                    .iter()
                    .for_each(|w| eprintln!("  {w}"));
            }
        }
        eprintln!("epsilon {epsilon}: mass MAD {mad:.4}, overlap of effects {kept:.3}");
        if epsilon == 1.0 {
            assert!(mad <= 0.01 && kept >= 0.6, "{mad} {kept}");
        }
    }
}
