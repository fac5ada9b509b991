//! Fit and sample times of `cart`; the example `evidence` of the crate prints the quality beside
//! them.
//!
//! Reads the tables of `../shared/data/bench` (see the README there), on which other packages were
//! measured; without them there is nothing to compare with, and the bench says so and ends. Peers
//! on the same tables: `docs/methods/cart.md`.

#[path = "../../crates/methods/cart/examples/evidence/tables.rs"]
#[allow(dead_code, reason = "keys and targets are for the example")]
mod tables;

use criterion::{Criterion, criterion_group, criterion_main};
use parable_cart::{Cart, CartModel};
use parable_core::{FitContext, Model, Synthesizer};
use parable_dp::{Budget, Ledger, NoiseSource, PrivacyUnit};
use parable_seed::Seed;
use parable_table::Table;
use tables::{CASES, folder, load};

fn fit(table: &Table) -> CartModel {
    let mut ledger = Ledger::open(PrivacyUnit::one_row(), Budget::Unlimited);
    let mut noise = NoiseSource::operating_system();
    let mut context = FitContext::new(Seed::from_u64(1), &mut ledger, &mut noise);
    Cart::default().fit(table, &mut context).expect("a fit")
}

fn cart(criterion: &mut Criterion) {
    for case in &CASES {
        let Some(table) = load(case.name) else {
            eprintln!(
                "SKIPPED: no table `{}` in {} (or no gzip)",
                case.name,
                folder().display()
            );
            continue;
        };
        let model = fit(&table);
        let shape = format!(
            "{}-{}cols-{}",
            case.name,
            table.schema().len(),
            table.rows()
        );
        let mut group = criterion.benchmark_group("cart");
        group.sample_size(10);
        group.bench_function(format!("fit/{shape}"), |bench| bench.iter(|| fit(&table)));
        group.bench_function(format!("sample/{shape}"), |bench| {
            bench.iter(|| {
                model
                    .sample(table.rows(), &Seed::from_u64(1))
                    .expect("a sample")
            });
        });
        group.finish();
    }
}

criterion_group!(benches, cart);
criterion_main!(benches);
