//! Fit and sample of private trees and of noisy log-linear margins, with their errors beside the
//! time.
//!
//! `private_cart/<table>/epsilon-<e>` and `ipf/<table>/epsilon-<e>` time fit and sample together.
//! Before each group the mean and largest total variation distance over all two-way tables is
//! printed, mean of five fits with different noise; `depth-0` are private columns without any
//! relation. The table is Adult as codes (48,842 x 14, and 1,200 rows of it) where `../shared/data`
//! has it. `benches/mst` measures the marginal method on the same table.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use parable_benches::{adult_codes, errors};
use parable_core::{Curator, FitContext, Model, Synthesizer};
use parable_domain::{AttrSet, Codes, Domain, MarginalSource};
use parable_dp::{Budget, Delta, Epsilon, Ledger, NoiseSource, PrivacyUnit};
use parable_ipf::{Ipf, IpfConfig};
use parable_private_cart::{PrivateCart, PrivateCartConfig};
use parable_seed::Seed;
use parable_table::{Column, Field, Kind, Known, Levels, Schema, Table, Values};

const ORDERED: [&str; 6] = [
    "age",
    "fnlwgt",
    "education-num",
    "capital-gain",
    "capital-loss",
    "hours-per-week",
];

/// Codes as a table whose levels are their numbers.
fn table(codes: &Codes) -> Table {
    let attrs = codes.domain().attrs();
    let field = |attr: &parable_domain::Attr| {
        let levels = Levels::new((0..attr.levels).map(|code| code.to_string()));
        let levels = Known::declared(levels.expect("distinct numbers"));
        let kind = match ORDERED.contains(&&*attr.name) {
            true => Kind::ordinal(levels),
            false => Kind::nominal(levels),
        };
        Field::new(&*attr.name, kind)
    };
    let schema = Schema::new(attrs.iter().map(field).collect()).expect("distinct names");
    let column = |attr: usize| Column::complete(Values::Codes(codes.column(attr).to_vec()));
    Table::new(schema, (0..attrs.len()).map(column).collect()).expect("codes below their levels")
}

/// Back again; rows with a missing value are left out.
fn codes_of(table: &Table, domain: &Domain) -> Codes {
    let complete = |row: &usize| {
        table
            .columns()
            .iter()
            .all(|column| !column.is_missing(*row))
    };
    let rows: Vec<usize> = (0..table.rows()).filter(complete).collect();
    let columns = table.columns().iter().map(|column| {
        let codes = rows.iter().filter_map(|&row| column.code(row));
        codes.collect()
    });
    Codes::new(domain.clone(), columns.collect()).expect("codes below their levels")
}

fn ledger(epsilon: f64) -> Ledger {
    let budget = Budget::approx(
        Epsilon::new(epsilon).expect("a positive number"),
        Delta::new(1e-9).expect("a small number"),
    );
    Ledger::open(PrivacyUnit::one_row(), budget)
}

fn trees(cart: &PrivateCart, codes: &Codes, epsilon: f64, noise: u8) -> Codes {
    let mut ledger = ledger(epsilon);
    let mut source = NoiseSource::insecure_seeded([noise; 32]);
    let mut curator = Curator::new(codes, &mut ledger, &mut source);
    let seed = Seed::from_u64(u64::from(noise));
    let trees = cart.fit_counts(&mut curator, &seed).expect("a fit");
    trees
        .generate(trees.rows().round() as usize, &seed)
        .expect("rows")
}

fn margins(ipf: &Ipf, table: &Table, domain: &Domain, epsilon: f64, noise: u8) -> Codes {
    let mut ledger = ledger(epsilon);
    let mut source = NoiseSource::insecure_seeded([noise; 32]);
    let seed = Seed::from_u64(u64::from(noise));
    let mut context = FitContext::new(seed, &mut ledger, &mut source);
    let model = ipf.fit(table, &mut context).expect("a fit");
    let rows = model.rows().round() as usize;
    codes_of(&model.sample(rows, &seed).expect("rows"), domain)
}

fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("private");
    group
        .sample_size(10)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(10));
    let mut run = |name: &str, real: &Codes, make: &dyn Fn(u8) -> Codes| {
        let pairs: Vec<AttrSet> = AttrSet::pairs(real.domain().len()).collect();
        let runs: Vec<[f64; 2]> = (1..=5)
            .map(|noise| errors(real, &make(noise), &pairs))
            .collect();
        let mean = |at: usize| runs.iter().map(|run| run[at]).sum::<f64>() / 5.0;
        eprintln!(
            "{name}: two-way error {:.4} mean, {:.4} largest",
            mean(0),
            mean(1)
        );
        group.bench_function(name, |b| b.iter(|| make(black_box(1))));
    };
    for (file, name) in [
        ("adult_codes.csv", "adult-14cols-48k"),
        ("adult_codes_1200.csv", "adult-14cols-1200"),
    ] {
        let Some(codes) = adult_codes(file) else {
            eprintln!("SKIPPED: ../shared/data/bench/{file} is not there");
            continue;
        };
        let config = PrivateCartConfig::default().with_ordered(ORDERED);
        let flat = PrivateCart::new(config.clone().with_max_depth(0));
        let cart = PrivateCart::new(config);
        let ipf = Ipf::new(IpfConfig::default().with_privacy());
        let table = table(&codes);
        for epsilon in [0.1, 1.0, 10.0] {
            let named = |method: &str| format!("{method}/{name}/epsilon-{epsilon}");
            run(&named("private_cart"), &codes, &|noise| {
                trees(&cart, &codes, epsilon, noise)
            });
            run(&named("depth-0"), &codes, &|noise| {
                trees(&flat, &codes, epsilon, noise)
            });
            run(&named("ipf"), &codes, &|noise| {
                margins(&ipf, &table, codes.domain(), epsilon, noise)
            });
        }
    }
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
