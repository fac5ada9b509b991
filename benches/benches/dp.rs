//! Accounting, calibration and exact noise.
//!
//! `dp/epsilon/*` is the typical question (rate 0.01, noise multiplier 1.1, 10 000 steps, delta
//! 1e-5); the answers are the same to nine digits (saddle point), 7e-6 (loss distributions) and 8.5
//! % (Renyi).

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use parable_dp::mechanism::{DiscreteGaussian, DiscreteLaplace};
use parable_dp::{
    Accountant, AccountingMethod, Budget, Delta, Epsilon, Event, Ledger, NoiseMultiplier,
    NoiseSource, PrivacyUnit, SamplingRate, Sigma, Target, calibrate_noise_multiplier,
    zcdp_from_approx,
};

fn training(noise_multiplier: NoiseMultiplier) -> Event {
    let rate = SamplingRate::new(0.01).expect("a rate");
    Event::Gaussian { noise_multiplier }
        .poisson_sampled(rate)
        .repeated(10_000)
}

fn accounting(bench: &mut Criterion) {
    let unit = PrivacyUnit::one_row();
    let delta = Delta::new(1e-5).expect("a probability");
    let event = training(NoiseMultiplier::new(1.1).expect("a multiplier"));
    for (name, method) in [
        ("saddle-point", AccountingMethod::SaddlePoint),
        ("renyi", AccountingMethod::Renyi),
        ("pld", AccountingMethod::Pld),
    ] {
        bench.bench_function(&format!("dp/epsilon/{name}"), |b| {
            b.iter(|| {
                method
                    .epsilon(black_box(&event), &unit, delta)
                    .expect("a supported event")
            });
        });
    }
    let target = Target {
        epsilon: Epsilon::new(2.0).expect("a loss"),
        delta,
        unit,
    };
    bench.bench_function("dp/calibrate/noise-multiplier", |b| {
        b.iter(|| {
            calibrate_noise_multiplier(black_box(target), training).expect("a feasible target")
        });
    });
    bench.bench_function("dp/zcdp-from-approx", |b| {
        b.iter(|| zcdp_from_approx(black_box(target.epsilon), black_box(delta)));
    });
}

fn samplers(bench: &mut Criterion) {
    const DRAWS: usize = 100_000;
    let mut source = NoiseSource::operating_system();
    let mut ledger = Ledger::open(PrivacyUnit::one_row(), Budget::Unlimited);
    let mut group = bench.benchmark_group("dp/draws");
    group.throughput(Throughput::Elements(DRAWS as u64));
    for sigma in [4.0, 50.0, 54.321] {
        let noise =
            DiscreteGaussian::new(Sigma::new(sigma).expect("a sigma")).expect("within range");
        group.bench_function(format!("discrete-gaussian/sigma-{sigma}"), |b| {
            b.iter(|| {
                let receipt = ledger.try_spend("bench", noise.event(1)).expect("no limit");
                noise
                    .draws(receipt, DRAWS, &mut source)
                    .expect("a matching receipt")
            });
        });
    }
    let noise = DiscreteLaplace::new(Sigma::new(50.0).expect("a scale")).expect("within range");
    group.bench_function("discrete-laplace/scale-50", |b| {
        b.iter(|| {
            let receipt = ledger.try_spend("bench", noise.event(1)).expect("no limit");
            noise
                .draws(receipt, DRAWS, &mut source)
                .expect("a matching receipt")
        });
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(std::time::Duration::from_millis(300))
        .measurement_time(std::time::Duration::from_secs(1));
    targets = accounting, samplers
}
criterion_main!(benches);
