//! Every step of a release: what it charges is what its noise costs, and a broken one is seen.

use parable_core::{Curator, FitError, NoisyMarginal, Publication};
use parable_domain::{AttrSet, Codes, Domain, MarginalSource, Partition};
use parable_dp::{Budget, Event, Ledger, NoiseSource, PrivacyUnit, Rho};
use parable_measure::{Limits, PrivateRelease, PublicFacts, Workload, shares};
use parable_seed::Seed;

const RHO: f64 = 0.02;

/// Two columns of many levels that go together, and one on its own.
fn codes() -> Codes {
    let domain = Domain::new([("a", 300), ("b", 300), ("c", 4)]).unwrap();
    let mut rng = Seed::from_u64(1).rng();
    let mut columns = vec![Vec::new(); 3];
    for _ in 0..30_000 {
        let a = rng.below(300) as u32;
        columns[0].push(a);
        columns[1].push((a + rng.below(30) as u32) % 300);
        columns[2].push(rng.below(4) as u32);
    }
    Codes::new(domain, columns).unwrap()
}

fn released(codes: &Codes, required: Vec<AttrSet>) -> Result<(Publication, Ledger), FitError> {
    let mut ledger = Ledger::open(PrivacyUnit::one_row(), Budget::zcdp(Rho::new(RHO).unwrap()));
    let mut noise = NoiseSource::insecure_seeded([5; 32]);
    let mut curator = Curator::new(codes, &mut ledger, &mut noise);
    let facts = PublicFacts {
        ordered: vec![300, 300, 0],
        ..PublicFacts::default()
    };
    let mut release = PrivateRelease::open("test", facts, true, &mut curator)?;
    let workload = Workload::new(codes.domain(), required, &[])?;
    release.measure_columns(0.2 * release.left(), workload.column_weights())?;
    let rows = release.known().rows;
    release.merge(|_| 0.02 * rows)?;
    let limits = Limits {
        max_cells: 100_000,
        scores_rho: 0.1 * RHO,
    };
    let chosen = release.select(&workload, limits)?;
    let columns = release.column_candidates(workload.column_weights(), release.left());
    release.measure_to_the_end("marginal", &chosen, &columns, shares)?;
    Ok((release.close(), ledger))
}

/// Whether the squared errors are those of noise of this standard deviation: their mean over `n`
/// cells has a relative standard deviation of `sqrt(2 / n)`; five of them.
fn carries_noise(noisy: &[f64], exact: &[f64], sigma: f64) -> bool {
    let squares = noisy.iter().zip(exact).map(|(a, b)| (a - b).powi(2));
    let ratio = squares.sum::<f64>() / noisy.len() as f64 / (sigma * sigma);
    (ratio - 1.0).abs() < 5.0 * (2.0 / noisy.len() as f64).sqrt()
}

/// Exact counts of the released cells.
fn exact(
    codes: &Codes,
    publication: &Publication,
    noisy: &NoisyMarginal,
    merged: bool,
) -> Vec<f64> {
    let counts = &codes.counts(std::slice::from_ref(&noisy.attrs)).unwrap()[0];
    let mut cells = vec![0.0; noisy.cells.len()];
    let levels: Vec<usize> = counts.levels().iter().map(|&l| l as usize).collect();
    let group = |attr: u32, code: usize| match merged {
        true => publication.merged[attr as usize][code] as usize,
        false => code,
    };
    let groups = |attr: u32, levels: usize| (0..levels).map(|c| group(attr, c)).max().unwrap() + 1;
    for (index, &count) in counts.cells().iter().enumerate() {
        let (mut rest, mut stride, mut target) = (index, 1, 0);
        for (&attr, &levels) in noisy.attrs.as_slice().iter().zip(&levels).rev() {
            target += stride * group(attr, rest % levels);
            stride *= groups(attr, levels);
            rest /= levels;
        }
        cells[target] += count as f64;
    }
    cells
}

#[test]
fn every_release_carries_the_noise_that_is_charged() {
    let codes = codes();
    let (publication, ledger) = released(&codes, vec![AttrSet::new([0, 2])]).unwrap();
    assert!(
        publication.marginals.len() >= 2,
        "{:?}",
        publication.marginals.len()
    );
    let mut sigmas: Vec<f64> = Vec::new();
    let each = publication.columns.iter().map(|noisy| (noisy, false));
    for (noisy, merged) in each.chain(publication.marginals.iter().map(|noisy| (noisy, true))) {
        let exact = exact(&codes, &publication, noisy, merged);
        let cells: Vec<f64> = noisy.cells.iter().map(|&cell| cell as f64).collect();
        sigmas.push(noisy.sigma);
        if cells.len() < 50 {
            continue;
        }
        assert!(
            carries_noise(&cells, &exact, noisy.sigma),
            "{}",
            noisy.attrs
        );
        // The check sees a mechanism that adds nothing, or half of what it should.
        let halved = cells.iter().zip(&exact).map(|(a, b)| 0.5 * (a + b));
        assert!(!carries_noise(
            &halved.collect::<Vec<_>>(),
            &exact,
            noisy.sigma
        ));
        assert!(!carries_noise(&exact, &exact, noisy.sigma));
    }
    // One charge per release, of the noise that it carries, and one for the scores.
    let entries = ledger.entries();
    assert_eq!(entries.len(), sigmas.len() + 1);
    for sigma in sigmas {
        let charges = |event: &Event| matches!(event, Event::DiscreteGaussian { sigma: own, sensitivity_squared: 1 } if own.get() == sigma);
        assert!(entries.iter().any(|entry| charges(&entry.event)), "{sigma}");
    }
    let spent = ledger.spent().rho.unwrap().get();
    assert!(spent <= RHO && spent > 0.999_99 * RHO, "{spent}");
    assert_eq!(publication.ledger, entries);
}

#[test]
fn cells_of_a_partition_carry_the_noise_that_is_charged() {
    let codes = codes();
    let mut ledger = Ledger::open(PrivacyUnit::one_row(), Budget::zcdp(Rho::new(RHO).unwrap()));
    let mut noise = NoiseSource::insecure_seeded([6; 32]);
    let mut curator = Curator::new(&codes, &mut ledger, &mut noise);
    let mut release =
        PrivateRelease::open("test", PublicFacts::default(), true, &mut curator).unwrap();
    let partition = Partition::whole();
    let partition = partition
        .then(codes.domain(), 0, (0..300).collect())
        .unwrap();
    let sigma = release.sigma(0.5 * RHO);
    let noisy = release.measure_cells("cells", &partition, sigma).unwrap();
    let noisy: Vec<f64> = noisy.into_iter().map(|cell| cell as f64).collect();
    let exact = codes.cells(&partition).unwrap();
    let exact: Vec<f64> = exact.into_iter().map(|cell| cell as f64).collect();
    assert!(carries_noise(&noisy, &exact, sigma.get()));
    assert!(!carries_noise(&exact, &exact, sigma.get()));
    let halved = noisy.iter().zip(&exact).map(|(a, b)| 0.5 * (a + b));
    assert!(!carries_noise(
        &halved.collect::<Vec<_>>(),
        &exact,
        sigma.get()
    ));
    let spent = ledger.spent().rho.unwrap().get();
    assert!((spent / (0.5 * RHO) - 1.0).abs() < 1e-6, "{spent}");
}

#[test]
fn related_columns_are_found_and_unrelated_ones_left() {
    let (publication, _) = released(&codes(), Vec::new()).unwrap();
    let sets: Vec<&AttrSet> = publication.marginals.iter().map(|m| &m.attrs).collect();
    assert_eq!(sets, [&AttrSet::new([0, 1])]);
}

#[test]
fn an_unlimited_budget_is_refused_before_anything_is_asked() {
    let codes = codes();
    let mut ledger = Ledger::open(PrivacyUnit::one_row(), Budget::Unlimited);
    let mut noise = NoiseSource::insecure_seeded([5; 32]);
    let mut curator = Curator::new(&codes, &mut ledger, &mut noise);
    let refused = PrivateRelease::open("test", PublicFacts::default(), true, &mut curator);
    assert!(matches!(refused, Err(FitError::Setting { .. })));
    assert!(ledger.entries().is_empty());
}
