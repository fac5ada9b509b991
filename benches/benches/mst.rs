//! Fit and sample of the marginal synthesizer, with its errors beside the time.
//!
//! `mst/<strategy>/<table>/epsilon-<e>` times fit and sample together. Before each the mean and
//! largest total variation distance over all one- and two-way and 200 fixed three-way tables are
//! printed, with the CPU seconds of a fit and its rows, means of five fits with different noise.
//! Tables: Adult as codes (48,842 x 14, and 1,200 rows of it) where `../shared/data` has it, and a
//! chain of relations made by seed (1,000,000 x 36).

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use parable_benches::{adult_codes, cpu_seconds, errors};
use parable_core::Curator;
use parable_domain::{AttrSet, Codes, Domain, MarginalSource};
use parable_dp::{Budget, Delta, Epsilon, Ledger, NoiseSource, PrivacyUnit};
use parable_mst::{Mst, MstConfig, Strategy};
use parable_seed::Seed;

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

/// All sets of one and of two columns, and 200 of three.
fn sets(columns: usize) -> [Vec<AttrSet>; 3] {
    let one = (0..columns as u32)
        .map(|attr| AttrSet::new([attr]))
        .collect();
    let mut rng = Seed::from_u64(3).rng();
    let mut three = Vec::new();
    while three.len() < 200.min(columns * (columns - 1) * (columns - 2) / 6) {
        let set = AttrSet::new((0..3).map(|_| rng.below(columns as u64) as u32));
        if set.len() == 3 && !three.contains(&set) {
            three.push(set);
        }
    }
    [one, AttrSet::pairs(columns).collect(), three]
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
        let sets = sets(codes.domain().len());
        let mut means = [[0.0; 2]; 3];
        let mut seconds = 0.0;
        for noise in 1..=5 {
            let before = cpu_seconds();
            let made = fit_and_sample(&mst, codes, epsilon, noise);
            seconds += (cpu_seconds() - before) / 5.0;
            for (mean, sets) in means.iter_mut().zip(&sets) {
                let found = errors(codes, &made, sets);
                mean.iter_mut()
                    .zip(found)
                    .for_each(|(mean, error)| *mean += error / 5.0);
            }
        }
        let shown = means.map(|[mean, largest]| format!("{mean:.4} / {largest:.3}"));
        eprintln!(
            "{name}: 1-, 2-, 3-way {} in {seconds:.2} CPU s",
            shown.join(", ")
        );
        group.bench_function(name, |b| {
            b.iter(|| fit_and_sample(&mst, black_box(codes), epsilon, 1));
        });
    };
    let config = MstConfig::default().with_ordered(ordered);
    match adult_codes("adult_codes.csv") {
        Some(codes) => {
            for epsilon in [0.1, 1.0, 10.0] {
                let name = format!("swift/adult-14cols-48k/epsilon-{epsilon}");
                run(&name, &codes, config.clone(), epsilon);
            }
            for (name, strategy) in [
                ("mst", Strategy::Mst),
                ("aim-2", Strategy::Aim { ways: 2 }),
                ("aim-3", Strategy::Aim { ways: 3 }),
                ("independent", Strategy::Independent),
            ] {
                let name = format!("{name}/adult-14cols-48k/epsilon-1");
                run(&name, &codes, config.clone().with_strategy(strategy), 1.0);
            }
        }
        None => eprintln!("SKIPPED: ../shared/data/bench/adult_codes.csv is not there"),
    }
    if let Some(codes) = adult_codes("adult_codes_1200.csv") {
        run(
            "swift/adult-14cols-1200/epsilon-1",
            &codes,
            config.clone(),
            1.0,
        );
        let single = config.clone().with_strategy(Strategy::Independent);
        run(
            "independent/adult-14cols-1200/epsilon-1",
            &codes,
            single,
            1.0,
        );
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
