//! Prints what copies of simulated trials keep, and whom they give away, under given settings.
//!
//! ```sh
//! cargo run --release -p parable-cart --example trials -- '{"min_leaf_rows": 20}' A,B 20
//! ```
//!
//! The first argument holds settings (JSON), the second the presets (`A` without it), the third how
//! many trials (20 without it), the fourth how many copies of each (1), the fifth the number of the
//! first trial (0). Every trial is simulated, fitted and copied with a seed of its own; figures are
//! means over trials, `sd` their standard deviation.

#[path = "../../tests/analysis/mod.rs"]
mod analysis;
mod between;
#[path = "../evidence/cost.rs"]
#[allow(dead_code, reason = "memory is measured on the tables of the peers")]
mod cost;
mod nearest;
#[path = "../evidence/quality.rs"]
#[allow(
    dead_code,
    reason = "disclosure by keys is measured on tables of one row per person"
)]
mod quality;
mod tally;

use analysis::{
    adjusted_effect, arms_of, fit, intraclass_correlation, modelled, nominal_correlation, overlap,
    share_missing,
};
use cost::cpu_seconds;
use parable_cart::CartConfig;
use parable_core::Model;
use parable_metrics::{Pair, Propensity};
use parable_seed::Seed;
use parable_table::{Kind, Role, Table};
use parable_trials::{Preset, Trial, TrialConfig};
use quality::{copies, grouped, spmse};
use tally::Tally;

/// The seed of the first trial; the trials that rows are compared with begin far from it.
const FIRST: u64 = 1_000;
const HOLDOUT: u64 = 900_000;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let config: CartConfig = arguments.next().map_or_else(CartConfig::default, |text| {
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("settings: {error}"))
    });
    let presets = arguments.next().unwrap_or_else(|| "A".to_owned());
    let mut number = |otherwise: u64| {
        let given = arguments.next();
        given.map_or(otherwise, |text| text.parse().expect("a number"))
    };
    let (trials, samples, first) = (number(20), number(1), number(0));
    for preset in presets.split(',') {
        let preset: Preset = preset.parse().expect("a preset");
        let mut tally = Tally::default();
        for trial in first..first + trials {
            measure(preset, trial, samples, &config, &mut tally);
        }
        println!("preset {preset}, {trials} trials, {samples} copies of each");
        tally.print();
    }
}

/// One trial: simulated, fitted, copied, compared.
fn measure(preset: Preset, seed: u64, samples: u64, config: &CartConfig, tally: &mut Tally) {
    let simulate = |seed: u64| {
        Trial::simulate(&TrialConfig::new(preset), &Seed::from_u64(seed)).expect("a trial")
    };
    let trial = simulate(FIRST + seed);
    let real = modelled(&trial.table);
    let others = modelled(&simulate(HOLDOUT + seed).table);
    let before = cpu_seconds();
    let model = fit(&real, config);
    tally.add("fit, CPU s", cpu_seconds() - before);
    if seed == 0 {
        let warnings = model.record().warnings.iter();
        warnings.for_each(|warning| println!("  the record of the first trial: {warning}"));
    }
    for copy in 0..samples {
        let before = cpu_seconds();
        let made = model
            .sample(real.rows(), &Seed::from_u64(seed * 1_000 + copy))
            .expect("a sample");
        tally.add("sample, CPU s", cpu_seconds() - before);
        outcomes(&real, &made, &trial.truth.pre_test, tally);
        nominal(&real, &made, tally);
        between::compare(&real, &made, tally);
        two_way(&real, &made, "two-way S_pMSE", tally);
        tally.add("full copies, %", 100.0 * copies(&real, &made));
        let nearer = nearest::nearer(&real, &others, &made);
        tally.add("nearest record is one learnt from, % (50)", 100.0 * nearer);
        tally.add("pMSE of a tree over chance", told_apart(&real, &made, seed));
    }
    // Schools differ, and another trial has other schools: what an honest copy of as many schools
    // would come to.
    let others = others.take(&(0..real.rows().min(others.rows())).collect::<Vec<_>>());
    two_way(&real, &others, "another trial: two-way S_pMSE", tally);
    tally.add(
        "another trial: pMSE of a tree over chance",
        told_apart(&real, &others, seed),
    );
}

/// How well a tree tells rows apart, against shuffled labels.
fn told_apart(real: &Table, made: &Table, seed: u64) -> f64 {
    let pair = Pair::new(real, made).expect("two tables of one schema");
    // Clusters are dealt new names: who compares names with what stands beside them sees nothing
    // else.
    let fields = real.schema().fields().iter();
    let named = fields.filter(|field| field.role != Role::ClusterId);
    let found = Propensity::tree()
        .with_permutations(10)
        .with_columns(named.map(|field| field.name.clone()));
    let found = found.measure(&pair, &Seed::from_u64(seed));
    let found = found.expect("known columns").ok();
    found.and_then(|model| model.ratio).unwrap_or(f64::NAN)
}

/// Effects, likeness and attrition of every numeric outcome.
fn outcomes(real: &Table, made: &Table, pre: &str, tally: &mut Tally) {
    for field in real.schema().fields() {
        if field.role != Role::Outcome || !field.kind.is_numeric() {
            continue;
        }
        let name = &field.name;
        for (robust, title) in [
            (true, "effect overlap, clustered s.e."),
            (false, "effect overlap, plain s.e."),
        ] {
            let there = adjusted_effect(real, name, pre, robust);
            let kept = overlap(there, adjusted_effect(made, name, pre, robust));
            tally.add(title, kept);
            tally.add(&format!("  {title}: {name}"), kept);
        }
        let there = intraclass_correlation(real, name);
        let off = intraclass_correlation(made, name) - there;
        tally.add("ICC of outcomes, made - real", off);
        tally.add("ICC of outcomes, |made - real|", off.abs());
        tally.add(&format!("  ICC, made - real: {name}"), off);
        for arm in arms_of(real) {
            let off = share_missing(made, name, arm) - share_missing(real, name, arm);
            tally.add("attrition by arm, |made - real|, points", 100.0 * off.abs());
        }
    }
}

/// Likeness within schools of columns without an order.
fn nominal(real: &Table, made: &Table, tally: &mut Tally) {
    for (position, field) in real.schema().fields().iter().enumerate() {
        let levels = field.kind.levels().map_or(0, parable_table::Levels::len);
        let free = !matches!(field.role, Role::ClusterId | Role::Treatment);
        if !matches!(field.kind, Kind::Nominal { .. })
            || levels < 3
            || !free
            || between::constant(real, position)
        {
            continue;
        }
        let (there, here) = (
            nominal_correlation(real, &field.name),
            nominal_correlation(made, &field.name),
        );
        tally.add("ICC of nominal columns, made - real", here - there);
        tally.add(
            "ICC of nominal columns, |made - real|",
            (here - there).abs(),
        );
        tally.add(&format!("  ICC, real: {}", field.name), there);
        tally.add(&format!("  ICC, made: {}", field.name), here);
    }
}

/// Two-way tables of all columns but those that name clusters.
fn two_way(real: &Table, made: &Table, title: &str, tally: &mut Tally) {
    let fields = real.schema().fields();
    let kept: Vec<usize> = (0..fields.len())
        .filter(|&c| fields[c].role != Role::ClusterId)
        .collect();
    let columns: Vec<_> = kept
        .iter()
        .map(|&c| grouped(real.column(c), made.column(c)))
        .collect();
    let name = |place: usize| &fields[kept[place]].name;
    let mut missed = Vec::new();
    let mut worst = (0.0, 0, 0);
    for (index, a) in columns.iter().enumerate() {
        for (place, b) in columns[..index].iter().enumerate() {
            let join = |a: &[usize], c: &[usize]| -> Vec<usize> {
                a.iter().zip(c).map(|(x, y)| x * b.groups + y).collect()
            };
            let (there, here) = (join(&a.real, &b.real), join(&a.made, &b.made));
            let own = spmse(there.into_iter(), here.into_iter(), a.groups * b.groups);
            missed.extend(own);
            if own.is_some_and(|own| own > worst.0) {
                worst = (own.unwrap_or_default(), index, place);
            }
        }
    }
    tally.add(
        &format!("  {title}, worst: {} x {}", name(worst.1), name(worst.2)),
        worst.0,
    );
    tally.add(
        &format!("{title}, mean"),
        missed.iter().sum::<f64>() / missed.len() as f64,
    );
    tally.add(
        &format!("{title}, worst"),
        missed.iter().copied().fold(0.0, f64::max),
    );
}
