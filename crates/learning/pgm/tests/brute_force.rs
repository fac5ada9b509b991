//! Every answer of a model against the joint table written out.

use parable_domain::{AttrSet, Domain};
use parable_pgm::{
    EstimateConfig, Factor, MarkovField, Measurement, ModelError, estimate, independent,
};
use parable_seed::{Rng, Seed};
use proptest::prelude::*;

const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

/// The joint table over a whole domain.
struct Joint {
    levels: Vec<usize>,
    cells: Vec<f64>,
}

impl Joint {
    fn uniform(domain: &Domain) -> Self {
        let levels: Vec<usize> = domain.attrs().iter().map(|a| a.levels as usize).collect();
        let cells = vec![1.0; levels.iter().product()];
        Self { levels, cells }
    }

    /// For each cell of the joint table the cell of the marginal.
    fn index(&self, attrs: &AttrSet) -> Vec<usize> {
        (0..self.cells.len())
            .map(|mut cell| {
                let mut codes = vec![0; self.levels.len()];
                for attr in (0..codes.len()).rev() {
                    codes[attr] = cell % self.levels[attr];
                    cell /= self.levels[attr];
                }
                attrs
                    .iter()
                    .fold(0, |i, a| i * self.levels[a as usize] + codes[a as usize])
            })
            .collect()
    }

    fn size(&self, attrs: &AttrSet) -> usize {
        attrs.iter().map(|a| self.levels[a as usize]).product()
    }

    fn marginal(&self, attrs: &AttrSet) -> Vec<f64> {
        let mut table = vec![0.0; self.size(attrs)];
        for (cell, index) in self.index(attrs).into_iter().enumerate() {
            table[index] += self.cells[cell];
        }
        table
    }

    fn normalise(&mut self, total: f64) {
        let sum: f64 = self.cells.iter().sum();
        self.cells.iter_mut().for_each(|cell| *cell *= total / sum);
    }
}

fn subsets(attrs: usize) -> Vec<AttrSet> {
    (0..1u32 << attrs)
        .map(|bits| AttrSet::new((0..attrs as u32).filter(|a| bits >> a & 1 == 1)))
        .collect()
}

fn domain_of(levels: &[u32]) -> Domain {
    Domain::new(NAMES.iter().copied().zip(levels.iter().copied())).unwrap()
}

fn random_sets(rng: &mut Rng, attrs: usize, count: usize) -> Vec<AttrSet> {
    (0..count)
        .map(|_| {
            let size = 1 + rng.below(3);
            AttrSet::new((0..size).map(|_| rng.below(attrs as u64) as u32))
        })
        .collect()
}

#[track_caller]
fn close(found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!(
            (found - expected).abs() <= tolerance,
            "{found} instead of {expected}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn all_marginals_are_those_of_the_joint_table(
        levels in proptest::collection::vec(1u32..4, 1..6), sets in 0usize..7, number in any::<u64>(), zeros in any::<bool>(),
    ) {
        let domain = domain_of(&levels);
        let mut rng = Seed::from_u64(number).rng();
        let mut joint = Joint::uniform(&domain);
        let mut factors = Vec::new();
        for attrs in random_sets(&mut rng, levels.len(), sets) {
            let logs: Vec<f64> = (0..joint.size(&attrs))
                .map(|cell| if zeros && cell > 0 && rng.chance(0.2) { f64::NEG_INFINITY } else { 40.0 * rng.normal() })
                .collect();
            for (cell, index) in joint.index(&attrs).into_iter().enumerate() {
                joint.cells[cell] *= (logs[index] / 8.0).exp();
            }
            factors.push(Factor::new(&domain, attrs, logs.iter().map(|l| l / 8.0).collect()).unwrap());
        }
        joint.normalise(1000.0);
        let field = match MarkovField::from_factors(&domain, &factors, 1000.0, 1 << 20) {
            Ok(field) => field,
            Err(error) => {
                let impossible = matches!(error, ModelError::Impossible { .. });
                prop_assert!(impossible);
                prop_assert!(joint.cells[0].is_nan(), "{error}");
                return Ok(());
            }
        };
        for attrs in subsets(levels.len()) {
            close(&field.marginal(&attrs).unwrap(), &joint.marginal(&attrs), 1e-8);
        }
        let again = MarkovField::from_cliques(&domain, field.tree().clone(), field.cliques().to_vec(), 1000.0).unwrap();
        for attrs in subsets(levels.len()) {
            close(&again.marginal(&attrs).unwrap(), &joint.marginal(&attrs), 1e-8);
        }
    }

    #[test]
    fn conditional_models_are_slices_of_the_joint_table(levels in proptest::collection::vec(2u32..4, 3..6), number in any::<u64>()) {
        let domain = domain_of(&levels);
        let mut rng = Seed::from_u64(number).rng();
        let mut joint = Joint::uniform(&domain);
        let mut factors = Vec::new();
        for attrs in random_sets(&mut rng, levels.len(), 6) {
            let logs: Vec<f64> = (0..joint.size(&attrs)).map(|_| rng.normal()).collect();
            for (cell, index) in joint.index(&attrs).into_iter().enumerate() {
                joint.cells[cell] *= logs[index].exp();
            }
            factors.push(Factor::new(&domain, attrs, logs).unwrap());
        }
        let field = MarkovField::from_factors(&domain, &factors, 10.0, 1 << 20).unwrap();
        let given = [(0u32, rng.below(levels[0].into()) as u32), (2, rng.below(levels[2].into()) as u32)];
        let field = field.given(&given).unwrap();
        for (attr, code) in given {
            let keep = joint.index(&AttrSet::new([attr]));
            for (cell, own) in joint.cells.iter_mut().zip(keep) {
                if own != code as usize {
                    *cell = 0.0;
                }
            }
        }
        joint.normalise(10.0);
        for attrs in subsets(levels.len()) {
            close(&field.marginal(&attrs).unwrap(), &joint.marginal(&attrs), 1e-9);
        }
    }

    /// The objective over all joint tables is convex, so that a point is optimal exactly if no cell
    /// has a gradient below the mean gradient: for every distribution q, `objective(p) -
    /// objective(q) <= <gradient, p> - min gradient`. The gap is a certificate computed on the
    /// joint table.
    #[test]
    fn the_estimate_is_the_optimum_over_all_joint_tables(
        levels in proptest::collection::vec(2u32..4, 3..6), count in 1usize..7, number in any::<u64>(),
    ) {
        let domain = domain_of(&levels);
        let mut rng = Seed::from_u64(number).rng();
        let joint = Joint::uniform(&domain);
        let measurements: Vec<Measurement> = random_sets(&mut rng, levels.len(), count)
            .into_iter()
            .map(|attrs| {
                let counts: Vec<f64> = (0..joint.size(&attrs)).map(|_| 60.0 * rng.uniform() - 10.0).collect();
                Measurement::new(&domain, attrs, counts, 4.0 + 8.0 * rng.uniform()).unwrap()
            })
            .collect();
        let config = EstimateConfig::default().with_iterations(20_000).with_tolerance(1e-9).with_total(100.0);
        let found = estimate(&domain, &measurements, &[], None, &config).unwrap();
        let all = AttrSet::new(0..levels.len() as u32);
        let cells = found.field.marginal(&all).unwrap();
        prop_assert!((cells.iter().sum::<f64>() - 100.0).abs() < 1e-6);
        let mut gradient = vec![0.0; cells.len()];
        let mut objective = 0.0;
        for measurement in &measurements {
            let index = joint.index(measurement.attrs());
            let own = found.field.marginal(measurement.attrs()).unwrap();
            let weight = measurement.sigmas()[0].powi(-2);
            for (own, count) in own.iter().zip(measurement.counts()) {
                objective += 0.5 * weight * (own - count).powi(2);
            }
            for (cell, index) in index.into_iter().enumerate() {
                gradient[cell] += weight * (own[index] - measurement.counts()[index]);
            }
        }
        prop_assert!((objective - found.objective).abs() < 1e-6 * (1.0 + objective));
        let at: f64 = gradient.iter().zip(&cells).map(|(g, p)| g * p).sum();
        let least = 100.0 * gradient.iter().copied().fold(f64::INFINITY, f64::min);
        prop_assert!(at - least < 0.02 * (1.0 + objective), "gap {} of {objective}", at - least);
    }
}

#[test]
fn independence_is_the_same_in_closed_form_and_by_iteration() {
    let domain = domain_of(&[4, 3]);
    let one = |attr: u32, counts: &[f64], sigma| {
        Measurement::new(&domain, AttrSet::new([attr]), counts.to_vec(), sigma).unwrap()
    };
    let measurements = [
        one(0, &[40.0, 22.0, -6.0, 31.0], 3.0),
        one(1, &[12.0, 50.0, 33.0], 5.0),
        one(1, &[18.0, 44.0, 30.0], 2.0),
    ];
    let closed = independent(&domain, &measurements, Some(90.0)).unwrap();
    let config = EstimateConfig::default()
        .with_total(90.0)
        .with_tolerance(1e-12)
        .with_iterations(20_000);
    // Started far away, so that the iteration has something to do.
    let far = MarkovField::from_factors(&domain, &[], 90.0, 100).unwrap();
    let found = estimate(&domain, &measurements, &[], Some(&far), &config).unwrap();
    for attr in 0..2 {
        let set = AttrSet::new([attr]);
        close(
            &found.field.marginal(&set).unwrap(),
            &closed.marginal(&set).unwrap(),
            0.02,
        );
    }
}

#[test]
fn rules_hold_in_the_model_and_in_every_row() {
    let domain = domain_of(&[3, 3, 2]);
    // `b` is a coarsening of `a`, and `c` = 1 only occurs with `a` = 2; the measurements know
    // nothing of either.
    let coarser = [true, false, false, true, false, false, false, true, false];
    let only = [true, false, true, false, true, true];
    let rules = [
        Factor::allowed(&domain, AttrSet::new([0, 1]), &coarser).unwrap(),
        Factor::allowed(&domain, AttrSet::new([0, 2]), &only).unwrap(),
    ];
    let measurements = [
        Measurement::new(&domain, AttrSet::new([1, 2]), vec![10.0; 6], 1.0).unwrap(),
        Measurement::new(&domain, AttrSet::new([0]), vec![20.0; 3], 1.0).unwrap(),
    ];
    let model = estimate(
        &domain,
        &measurements,
        &rules,
        None,
        &EstimateConfig::default(),
    )
    .unwrap()
    .field;
    for rows in [
        model.generate(5_000, &Seed::from_u64(1)).unwrap(),
        model.draw(5_000, &Seed::from_u64(1)).unwrap(),
    ] {
        for row in 0..5_000 {
            let [a, b, c] = [0, 1, 2].map(|attr| rows.column(attr)[row] as usize);
            assert!(coarser[a * 3 + b] && only[a * 2 + c]);
        }
        assert!(rows.column(2).contains(&1));
    }
    let nothing = [Factor::allowed(&domain, AttrSet::new([0]), &[false; 3]).unwrap()];
    assert!(matches!(
        estimate(
            &domain,
            &measurements,
            &nothing,
            None,
            &EstimateConfig::default()
        ),
        Err(ModelError::Impossible { .. })
    ));
}

#[test]
fn a_start_near_the_optimum_saves_iterations_and_one_of_another_domain_is_refused() {
    let domain = domain_of(&[3, 3, 3, 3]);
    let mut rng = Seed::from_u64(3).rng();
    let measurements: Vec<Measurement> = AttrSet::pairs(4)
        .map(|attrs| {
            let counts = (0..9).map(|_| 200.0 * rng.uniform()).collect();
            Measurement::new(&domain, attrs, counts, 3.0).unwrap()
        })
        .collect();
    let config = EstimateConfig::default()
        .with_tolerance(1e-6)
        .with_iterations(5_000);
    let cold = estimate(&domain, &measurements, &[], None, &config).unwrap();
    let warm = estimate(&domain, &measurements, &[], Some(&cold.field), &config).unwrap();
    assert!(
        warm.iterations * 2 < cold.iterations,
        "{} {}",
        warm.iterations,
        cold.iterations
    );
    assert!((warm.objective - cold.objective).abs() < 1e-3 * cold.objective);
    let other = MarkovField::from_factors(&domain_of(&[2]), &[], 1.0, 10).unwrap();
    assert!(matches!(
        estimate(&domain, &measurements, &[], Some(&other), &config),
        Err(ModelError::OtherDomain)
    ));
}

#[test]
fn a_strong_prior_keeps_the_start() {
    let domain = domain_of(&[2, 2]);
    let pair = Measurement::new(
        &domain,
        AttrSet::new([0, 1]),
        vec![50.0, 0.0, 0.0, 50.0],
        5.0,
    )
    .unwrap();
    let flat = MarkovField::from_factors(&domain, &[], 100.0, 10).unwrap();
    let fitted = |prior: f64| {
        let config = EstimateConfig::default()
            .with_prior(prior)
            .with_tolerance(1e-9);
        let found = estimate(
            &domain,
            std::slice::from_ref(&pair),
            &[],
            Some(&flat),
            &config,
        )
        .unwrap();
        found.field.marginal(&AttrSet::new([0, 1])).unwrap()[0]
    };
    assert!(fitted(0.0) > 49.0);
    assert!(fitted(1e6) < 25.1);
    let middle = fitted(100.0);
    assert!((30.0..48.0).contains(&middle), "{middle}");
}
