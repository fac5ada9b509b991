//! Prints how well `cart` keeps four tables, and whom it gives away, under given settings.
//!
//! ```sh
//! cargo run --release -p parable-cart --example evidence -- '{"min_leaf_rows": 8}' adult,star 20
//! ```
//!
//! The first argument holds settings (JSON), the second the tables (all without it), the third the
//! least rows of groups that are made diverse (none without it). Reads the tables of
//! `../shared/data/bench` (see the README there), on which other packages were measured; means over
//! 5 seeds. Peers on the same tables: `docs/methods/cart.md`.

mod cost;
mod quality;
mod tables;

use cost::{cpu_seconds, memory};
use parable_cart::{Cart, CartConfig, CartModel};
use parable_core::{Diversity, FitContext, Model, NoObserver, Synthesizer, diversify};
use parable_dp::{Budget, Ledger, NoiseSource, PrivacyUnit};
use parable_seed::Seed;
use parable_table::Table;
use quality::{Grouped, copies, disco, grouped, spmse};
use tables::{CASES, Case, folder, load};

const SEEDS: u64 = 5;

fn fit(table: &Table, config: &CartConfig) -> CartModel {
    let mut ledger = Ledger::open(PrivacyUnit::one_row(), Budget::Unlimited);
    let mut noise = NoiseSource::operating_system();
    let mut context = FitContext::new(Seed::from_u64(1), &mut ledger, &mut noise);
    Cart::new(config.clone())
        .fit(table, &mut context)
        .expect("a fit")
}

fn report(case: &Case, real: &Table, config: &CartConfig, diverse: Option<usize>) {
    // Writing 5 resets the peak of resident memory.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    let (start, (before, _)) = (cpu_seconds(), memory());
    let model = fit(real, config);
    let fitted = cpu_seconds();
    let _ = model
        .sample(real.rows(), &Seed::from_u64(0))
        .expect("a sample");
    let (sampled, (_, peak)) = (cpu_seconds(), memory());
    println!(
        "{}: fit {:.2} CPU s, sample {:.2} CPU s, memory beyond the table {:.0} MB",
        case.name,
        fitted - start,
        sampled - fitted,
        peak - before
    );
    quality_of(case, real, &model, diverse);
}

/// A sample whose groups of at least `diverse` rows with the same keys do not agree in the target.
fn sample(case: &Case, model: &CartModel, rows: usize, seed: u64, diverse: Option<usize>) -> Table {
    let seed = Seed::from_u64(seed);
    let made = model.sample(rows, &seed).expect("a sample");
    match diverse {
        Some(least) if !case.keys.is_empty() => {
            let keys = case.keys.iter().copied();
            let rule = Diversity::new(case.target, keys).with_min_rows(least);
            let (made, answers) =
                diversify(&made, &made, &[rule], &seed, &NoObserver).expect("a sensible rule");
            println!("  {} pairs of values exchanged", answers[0].exchanged);
            made
        }
        _ => made,
    }
}

fn quality_of(case: &Case, real: &Table, model: &CartModel, diverse: Option<usize>) {
    let count = real.schema().len();
    let (mut one, mut two, mut worst, mut copied, mut disclosed) =
        (0.0, 0.0, Vec::new(), 0.0, Vec::new());
    for seed in 0..SEEDS {
        let made = sample(case, model, real.rows(), seed, diverse);
        let columns: Vec<Grouped> = (0..count)
            .map(|c| grouped(real.column(c), made.column(c)))
            .collect();
        let single: Vec<f64> = columns
            .iter()
            .filter_map(|c| spmse(c.real.iter().copied(), c.made.iter().copied(), c.groups))
            .collect();
        let mut pairs = Vec::new();
        let mut by_pair: Vec<(f64, usize, usize)> = Vec::new();
        for (index, a) in columns.iter().enumerate() {
            for (position, b) in columns[..index].iter().enumerate() {
                let join = |a: &[usize], c: &[usize]| -> Vec<usize> {
                    a.iter().zip(c).map(|(x, y)| x * b.groups + y).collect()
                };
                let (there, here) = (join(&a.real, &b.real), join(&a.made, &b.made));
                let missed = spmse(there.into_iter(), here.into_iter(), a.groups * b.groups);
                pairs.extend(missed);
                by_pair.push((missed.unwrap_or(0.0), index, position));
            }
        }
        one += single.iter().sum::<f64>() / single.len() as f64;
        two += pairs.iter().sum::<f64>() / pairs.len() as f64;
        by_pair.sort_by(|a, b| b.0.total_cmp(&a.0));
        if seed == 0 {
            let name = |column: usize| &real.schema().fields()[column].name;
            for (missed, a, b) in by_pair.iter().take(5) {
                println!("  {missed:.1}: {} x {}", name(*a), name(*b));
            }
        }
        worst.push(pairs.iter().copied().fold(0.0, f64::max));
        copied += copies(real, &made);
        disclosed.extend(disco(real, &made, case.keys, case.target));
    }
    let seeds = SEEDS as f64;
    let percent = |share: f64| 100.0 * share;
    let disclosed = match disclosed.len() {
        0 => "no keys".to_owned(),
        held => format!(
            "{:.1} %",
            percent(disclosed.iter().sum::<f64>() / held as f64)
        ),
    };
    println!(
        "{}: S_pMSE one-way {:.2}, two-way {:.2}, worst two-way {:.2} (largest of {SEEDS} seeds {:.2}); full copies {:.2} %, DiSCO {disclosed}",
        case.name,
        one / seeds,
        two / seeds,
        worst.iter().sum::<f64>() / seeds,
        worst.iter().copied().fold(0.0, f64::max),
        percent(copied / seeds),
    );
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let config: CartConfig = arguments.next().map_or_else(CartConfig::default, |text| {
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("settings: {error}"))
    });
    let wanted = arguments.next();
    let diverse = arguments
        .next()
        .map(|rows| rows.parse().expect("a number of rows"));
    for case in &CASES {
        if wanted
            .as_ref()
            .is_some_and(|names| !names.split(',').any(|name| name == case.name))
        {
            continue;
        }
        match load(case.name) {
            Some(table) => report(case, &table, &config, diverse),
            None => eprintln!(
                "SKIPPED: no table `{}` in {} (or no gzip)",
                case.name,
                folder().display()
            ),
        }
    }
}
