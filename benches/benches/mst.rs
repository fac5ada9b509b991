//! Fit and sample of the marginal synthesizer, with its errors beside the time.
//!
//! `mst/<strategy>/<table>/epsilon-<e>` times fit and sample together. Before each group the mean and largest total variation distance over all two-way
//! tables is printed, mean of five fits with different noise. Tables: Adult as codes (48,842 x 14) where `../shared/data` has it, and a chain of
//! relations made by seed (1,000,000 x 36).

use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use parable_core::Curator;
use parable_domain::{AttrSet, Codes, Domain, MarginalSource};
use parable_dp::{Budget, Delta, Epsilon, Ledger, NoiseSource, PrivacyUnit};
use parable_mst::{Mst, MstConfig, Strategy};
use parable_seed::Seed;

fn adult() -> Option<Codes> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/bench");
    let text = std::fs::read_to_string(folder.join("adult_codes.csv")).ok()?;
    let levels = std::fs::read_to_string(folder.join("adult_codes.domain.json")).ok()?;
    let levels: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&levels).ok()?;
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next()?.split(',').collect();
    let mut columns = vec![Vec::new(); names.len()];
    for line in lines {
        for (column, code) in columns.iter_mut().zip(line.split(',')) {
            column.push(code.parse().ok()?);
        }
    }
    let attrs = names
        .iter()
        .map(|name| Some((*name, levels.get(*name)?.as_u64()? as u32)));
    let attrs: Option<Vec<(&str, u32)>> = attrs.collect();
    Codes::new(Domain::new(attrs?).ok()?, columns).ok()
}

/// Columns that follow the one before with probability 0.7, levels 2 to 19.
fn chain(rows: usize, attrs: usize) -> Codes {
    let levels: Vec<u32> = (0..attrs as u32).map(|attr| 2 + attr * 7 % 18).collect();
    let names = (0..attrs).map(|attr| format!("c{attr:02}"));
    let domain = Domain::new(names.zip(levels.iter().copied())).expect("a valid domain");
    let mut rng = Seed::from_u64(36).stream("bench/mst").rng();
    let mut columns: Vec<Vec<u32>> = vec![Vec::new(); attrs];
    for _ in 0..rows {
        let mut last = 0;
        for (column, &levels) in columns.iter_mut().zip(&levels) {
            if rng.chance(0.3) {
                last = rng.below(u64::from(levels)) as u32;
            }
            last %= levels;
            column.push(last);
        }
    }
    Codes::new(domain, columns).expect("codes below their levels")
}

fn fit_and_sample(mst: &Mst, codes: &Codes, epsilon: f64, noise: u8) -> Codes {
    let budget = Budget::approx(
        Epsilon::new(epsilon).expect("a positive number"),
        Delta::new(1e-9).expect("a small number"),
    );
    let mut ledger = Ledger::open(PrivacyUnit::one_row(), budget);
    let mut source = NoiseSource::insecure_seeded([noise; 32]);
    let mut curator = Curator::new(codes, &mut ledger, &mut source);
    let (_, estimated) = mst.fit_marginals(&mut curator).expect("a fit");
    let rows = estimated.rows().round() as usize;
    estimated
        .generate(rows, &Seed::from_u64(u64::from(noise)))
        .expect("rows")
}

/// Mean and largest total variation distance over all two-way tables.
fn two_way(real: &Codes, made: &Codes) -> (f64, f64) {
    let sets: Vec<AttrSet> = AttrSet::pairs(real.domain().len()).collect();
    let real = real.counts(&sets).expect("counts");
    let made = made.counts(&sets).expect("counts");
    let distances: Vec<f64> = real
        .iter()
        .zip(&made)
        .map(|(p, q)| {
            let (n, m) = (p.total() as f64, q.total() as f64);
            let cells = p.cells().iter().zip(q.cells());
            0.5 * cells
                .map(|(&p, &q)| (p as f64 / n - q as f64 / m).abs())
                .sum::<f64>()
        })
        .collect();
    let mean = distances.iter().sum::<f64>() / distances.len() as f64;
    (mean, distances.iter().copied().fold(0.0, f64::max))
}

fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("mst");
    group
        .sample_size(10)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(10));
    let ordered = [
        "age",
        "fnlwgt",
        "education-num",
        "capital-gain",
        "capital-loss",
        "hours-per-week",
    ];
    let mut run = |name: &str, codes: &Codes, config: MstConfig, epsilon: f64| {
        let mst = Mst::new(config);
        let runs: Vec<(f64, f64)> = (1..=5)
            .map(|noise| two_way(codes, &fit_and_sample(&mst, codes, epsilon, noise)))
            .collect();
        let mean = |of: fn(&(f64, f64)) -> f64| runs.iter().map(of).sum::<f64>() / 5.0;
        eprintln!(
            "{name}: two-way error {:.4} mean, {:.4} largest",
            mean(|r| r.0),
            mean(|r| r.1)
        );
        group.bench_function(name, |b| {
            b.iter(|| fit_and_sample(&mst, black_box(codes), epsilon, 1));
        });
    };
    match adult() {
        Some(codes) => {
            let config = MstConfig::default().with_ordered(ordered);
            for epsilon in [0.1, 1.0, 10.0] {
                let name = format!("swift/adult-14cols-48k/epsilon-{epsilon}");
                run(&name, &codes, config.clone(), epsilon);
            }
            let tree = config.with_strategy(Strategy::Mst);
            run("mst/adult-14cols-48k/epsilon-1", &codes, tree, 1.0);
        }
        None => eprintln!("SKIPPED: ../shared/data/bench/adult_codes.csv is not there"),
    }
    run(
        "swift/chain-36cols-1m/epsilon-1",
        &chain(1_000_000, 36),
        MstConfig::default(),
        1.0,
    );
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
