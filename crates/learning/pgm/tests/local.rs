//! Local marginals against least squares over the joint table, and where no joint table fits.

use parable_domain::{AttrSet, Domain, MarginalSource};
use parable_pgm::{EstimateConfig, Measurement, ModelError, estimate, reconstruct};
use parable_seed::{Rng, Seed};

const LEVELS: [usize; 4] = [3, 2, 4, 2];

fn small() -> Domain {
    Domain::new(
        ["a", "b", "c", "d"]
            .into_iter()
            .zip(LEVELS.map(|l| l as u32)),
    )
    .unwrap()
}

/// The cell of a marginal that each cell of the joint table falls into.
fn index(attrs: &AttrSet) -> Vec<usize> {
    (0..LEVELS.iter().product())
        .map(|mut cell: usize| {
            let mut codes = [0; 4];
            for attr in (0..4).rev() {
                codes[attr] = cell % LEVELS[attr];
                cell /= LEVELS[attr];
            }
            attrs
                .iter()
                .fold(0, |i, a| i * LEVELS[a as usize] + codes[a as usize])
        })
        .collect()
}

fn marginal(joint: &[f64], attrs: &AttrSet) -> Vec<f64> {
    let mut table = vec![0.0; attrs.iter().map(|a| LEVELS[a as usize]).product()];
    for (cell, at) in index(attrs).into_iter().enumerate() {
        table[at] += joint[cell];
    }
    table
}

/// Sets that make a cycle, so that no tree of them exists.
fn sets() -> Vec<AttrSet> {
    [[0, 1], [1, 2], [2, 3], [0, 3], [0, 2]]
        .map(AttrSet::new)
        .to_vec()
}

fn joint(rng: &mut Rng) -> Vec<f64> {
    let cells: Vec<f64> = (0..48).map(|_| (1.5 * rng.normal()).exp()).collect();
    let sum: f64 = cells.iter().sum();
    cells.iter().map(|cell| cell * 2_000.0 / sum).collect()
}

fn noisy(joint: &[f64], sigma: f64, rng: &mut Rng) -> Vec<Measurement> {
    let domain = small();
    let each = sets().into_iter().zip([1.0, 2.0, 0.5, 1.0, 3.0]);
    each.map(|(set, scale)| {
        let sigma = sigma * scale;
        let counts = marginal(joint, &set)
            .iter()
            .map(|c| c + sigma * rng.normal())
            .collect();
        Measurement::new(&domain, set, counts, sigma.max(1e-3)).unwrap()
    })
    .collect()
}

#[track_caller]
fn close(found: &[f64], expected: &[f64], tolerance: f64) {
    for (found, expected) in found.iter().zip(expected) {
        assert!(
            (found - expected).abs() <= tolerance,
            "{found} instead of {expected}"
        );
    }
}

#[test]
fn exact_marginals_come_back() {
    let mut rng = Seed::from_u64(1).rng();
    let joint = joint(&mut rng);
    let found = reconstruct(
        &small(),
        &noisy(&joint, 0.0, &mut rng),
        &EstimateConfig::default(),
    )
    .unwrap();
    for set in sets() {
        close(
            &found.marginal(&set).unwrap(),
            &marginal(&joint, &set),
            1e-6,
        );
    }
    assert!(found.objective() < 1e-9);
    assert!(found.marginal(&AttrSet::new([1, 3])).is_none());
}

/// Least squares over joint tables that may be negative, by conjugate gradients on the normal
/// equations.
fn least_squares(measurements: &[Measurement]) -> Vec<f64> {
    let apply = |joint: &[f64]| -> Vec<f64> {
        let mut sum = vec![0.0; 48];
        for m in measurements {
            let weighted: Vec<f64> = marginal(joint, m.attrs())
                .iter()
                .map(|c| c / m.sigmas()[0].powi(2))
                .collect();
            index(m.attrs())
                .into_iter()
                .enumerate()
                .for_each(|(cell, at)| sum[cell] += weighted[at]);
        }
        sum
    };
    let mut right = vec![0.0; 48];
    for m in measurements {
        for (cell, at) in index(m.attrs()).into_iter().enumerate() {
            right[cell] += m.counts()[at] / m.sigmas()[0].powi(2);
        }
    }
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let (mut x, mut r) = (vec![0.0; 48], right);
    let mut p = r.clone();
    for _ in 0..200 {
        let norm = dot(&r, &r);
        if norm < 1e-20 {
            break;
        }
        let ap = apply(&p);
        let step = norm / dot(&p, &ap);
        (0..48).for_each(|i| x[i] += step * p[i]);
        (0..48).for_each(|i| r[i] -= step * ap[i]);
        let ratio = dot(&r, &r) / norm;
        (0..48).for_each(|i| p[i] = r[i] + ratio * p[i]);
    }
    x
}

#[test]
fn without_bounds_the_closed_form_is_least_squares_over_joint_tables() {
    // Much more rows than noise in every cell: no bound is met.
    let mut rng = Seed::from_u64(2).rng();
    let joint: Vec<f64> = (0..48).map(|_| 200.0 + 100.0 * rng.uniform()).collect();
    let measurements = noisy(&joint, 5.0, &mut rng);
    let best = least_squares(&measurements);
    // The total as least squares has it: the best of all measurements.
    let config = EstimateConfig::default().with_total(best.iter().sum());
    let found = reconstruct(&small(), &measurements, &config).unwrap();
    for set in sets() {
        close(&found.marginal(&set).unwrap(), &marginal(&best, &set), 1e-5);
    }
}

#[test]
fn noisy_marginals_become_consistent_non_negative_and_no_worse_than_a_joint_fit() {
    for seed in 0..5 {
        let mut rng = Seed::from_u64(10 + seed).rng();
        let truth = joint(&mut rng);
        let measurements = noisy(&truth, 40.0, &mut rng);
        let config = EstimateConfig::default()
            .with_total(2_000.0)
            .with_tolerance(1e-9);
        let found = reconstruct(&small(), &measurements, &config).unwrap();
        let regions = found.regions();
        for (at, first) in regions.iter().enumerate() {
            let table = found.marginal(first).unwrap();
            assert!(table.iter().all(|&cell| cell >= 0.0));
            assert!((table.iter().sum::<f64>() - 2_000.0).abs() < 1e-6);
            for second in &regions[at + 1..] {
                let shared = first.intersection(second);
                // Through each of the two regions: sums of its table.
                let through = |region: &AttrSet| {
                    let table = found.marginal(region).unwrap();
                    let mut sums = vec![0.0; shared.iter().map(|a| LEVELS[a as usize]).product()];
                    let (whole, part) = (index(region), index(&shared));
                    let mut seen = vec![false; table.len()];
                    for cell in 0..48 {
                        if !std::mem::replace(&mut seen[whole[cell]], true) {
                            sums[part[cell]] += table[whole[cell]];
                        }
                    }
                    sums
                };
                close(&through(first), &through(second), 1e-6);
            }
        }
        // Marginals of a joint distribution are consistent and not negative: the best of them
        // cannot agree better.
        let joint = estimate(&small(), &measurements, &[], None, &config).unwrap();
        assert!(
            found.objective() <= 1.02 * joint.objective + 0.05,
            "{} {}",
            found.objective(),
            joint.objective
        );
    }
}

#[test]
fn all_pairs_of_thirty_attributes_are_reconstructed_where_no_tree_fits() {
    let names: Vec<String> = (0..30).map(|a| format!("x{a}")).collect();
    let domain = Domain::new(names.into_iter().map(|name| (name, 4))).unwrap();
    let mut rng = Seed::from_u64(5).rng();
    // A chain: each attribute repeats the one before it in two of three rows.
    let rows = 5_000;
    let mut columns: Vec<Vec<u32>> = vec![(0..rows).map(|_| rng.below(4) as u32).collect()];
    for attr in 1..30 {
        let before = columns[attr - 1].clone();
        let own = before.iter().map(|&c| {
            if rng.chance(0.66) {
                c
            } else {
                rng.below(4) as u32
            }
        });
        columns.push(own.collect());
    }
    let codes = parable_domain::Codes::new(domain.clone(), columns).unwrap();
    let pairs: Vec<AttrSet> = AttrSet::pairs(30).collect();
    let truth: Vec<Vec<f64>> = codes
        .counts(&pairs)
        .unwrap()
        .iter()
        .map(|counts| counts.cells().iter().map(|&c| c as f64).collect())
        .collect();
    let sigma = 60.0;
    let measurements: Vec<Measurement> = pairs
        .iter()
        .zip(&truth)
        .map(|(set, counts)| {
            let counts = counts.iter().map(|c| c + sigma * rng.normal()).collect();
            Measurement::new(&domain, set.clone(), counts, sigma).unwrap()
        })
        .collect();
    let config = EstimateConfig::default().with_iterations(60);
    assert!(matches!(
        estimate(&domain, &measurements, &[], None, &config),
        Err(ModelError::TooLarge { .. })
    ));
    let found = reconstruct(&domain, &measurements, &config).unwrap();
    let error = |table: &dyn Fn(usize) -> Vec<f64>| -> f64 {
        let off = |at: usize| -> f64 {
            table(at)
                .iter()
                .zip(&truth[at])
                .map(|(a, b)| (a - b).abs())
                .sum()
        };
        (0..pairs.len()).map(off).sum()
    };
    let before = error(&|at| measurements[at].counts().to_vec());
    let after = error(&|at| found.marginal(&pairs[at]).unwrap());
    // Sixteen cells of which nine are interaction, the rest is shared with 28 other pairs: noise
    // falls to sqrt(9 / 16) or less.
    assert!(after < 0.8 * before, "{after} {before}");
    // Rows come from the relations that fit into a small tree: the chain is found again.
    let field = found.field(2_000).unwrap();
    assert!(field.tree().cells() <= 2_000);
    let made = field.generate(rows, &Seed::from_u64(1)).unwrap();
    for attr in 1..30 {
        let same = |codes: &parable_domain::Codes| {
            (0..rows)
                .filter(|&r| codes.column(attr)[r] == codes.column(attr - 1)[r])
                .count() as f64
                / rows as f64
        };
        assert!(
            (same(&codes) - same(&made)).abs() < 0.1,
            "{attr}: {} {}",
            same(&codes),
            same(&made)
        );
    }
    let tiny = EstimateConfig::default().with_max_cells(100);
    assert!(matches!(
        reconstruct(&domain, &measurements, &tiny),
        Err(ModelError::TooLarge { .. })
    ));
}
