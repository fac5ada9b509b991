//! The door between exact counts and methods.

use std::sync::atomic::{AtomicUsize, Ordering};

use parable_core::{Curator, FitError, LevelSplit, Recoding};
use parable_domain::{AttrSet, Codes, Counts, Domain, MarginalSource, Partition, SourceError};
use parable_dp::mechanism::{DiscreteGaussian, MechanismError};
use parable_dp::{
    Budget, Delta, Epsilon, Event, Ledger, NoiseSource, PrivacyUnit, Relation, Rho, Sigma,
};

fn codes() -> Codes {
    let domain = Domain::new([("arm", 2), ("place", 20_000)]).unwrap();
    Codes::new(domain, vec![vec![0, 1, 1, 0, 1], vec![0, 0, 7, 7, 19_999]]).unwrap()
}

fn zcdp(rho: f64) -> Ledger {
    Ledger::open(PrivacyUnit::one_row(), Budget::zcdp(Rho::new(rho).unwrap()))
}

fn sigma(value: f64) -> Sigma {
    Sigma::new(value).unwrap()
}

/// Noise so small that it is 0 with a probability that differs from 1 by less than exp(-10^8).
const NEXT_TO_NONE: f64 = 1.0 / 16_384.0;

fn split(ordered: u32, epsilon: Epsilon) -> LevelSplit {
    LevelSplit {
        ordered,
        threshold: 50,
        epsilon,
    }
}

#[test]
fn noise_has_the_standard_deviation_that_was_charged_and_half_of_it_would_show() {
    let (source, mut ledger) = (codes(), zcdp(10.0));
    let mut noise = NoiseSource::insecure_seeded([3; 32]);
    let mut curator = Curator::new(&source, &mut ledger, &mut noise);
    let place = AttrSet::new([1]);
    let released = curator.measure("places", &[(place, sigma(6.0))]).unwrap();
    let Event::DiscreteGaussian {
        sigma: charged,
        sensitivity_squared: 1,
    } = &ledger.entries()[0].event
    else {
        panic!("another event: {:?}", ledger.entries()[0]);
    };
    // 19,997 cells hold noise alone. The mean square over its expectation has a standard deviation
    // of sqrt(2 / 19,997) = 0.01: 6 of them.
    let check = |scale: f64| {
        let cells = released[0]
            .cells
            .iter()
            .map(|&cell| (cell as f64 * scale).powi(2));
        let ratio = cells.sum::<f64>() / 20_000.0 / charged.get().powi(2);
        (ratio - 1.0).abs() < 0.06
    };
    assert!(check(1.0));
    assert!(!check(0.5), "the check does not see noise halved");
    assert!(!check(0.0), "the check does not see noise forgotten");
}

#[test]
fn cells_of_a_partition_carry_the_noise_of_one_charge_and_half_of_it_would_show() {
    let source = codes();
    for (relation, squared) in [(Relation::AddRemove, 9), (Relation::ReplaceOne, 18)] {
        let unit = PrivacyUnit::new(relation, 3).unwrap();
        let mut ledger = Ledger::open(unit, Budget::zcdp(Rho::new(10.0).unwrap()));
        let mut noise = NoiseSource::insecure_seeded([5; 32]);
        let mut curator = Curator::new(&source, &mut ledger, &mut noise);
        // The control group as a whole, the treated by place: 20,001 cells, of which three are not
        // empty.
        let domain = source.domain();
        let mut next = vec![0; 20_000];
        next.extend(1..=20_000);
        let tree = Partition::whole().then(domain, 0, vec![0, 1]).unwrap();
        let tree = tree.then(domain, 1, next).unwrap();
        let released = curator.measure_cells("leaves", &tree, sigma(6.0)).unwrap();
        assert_eq!(ledger.entries().len(), 1, "disjoint cells cost once");
        let Event::DiscreteGaussian {
            sigma: charged,
            sensitivity_squared,
        } = &ledger.entries()[0].event
        else {
            panic!("another event: {:?}", ledger.entries()[0]);
        };
        assert_eq!(*sensitivity_squared, squared);
        // As above: the mean square over its expectation has a standard deviation of 0.01.
        let check = |scale: f64| {
            let squares = released.iter().map(|&cell| (cell as f64 * scale).powi(2));
            let ratio = squares.sum::<f64>() / 20_001.0 / charged.get().powi(2);
            (ratio - 1.0).abs() < 0.06
        };
        assert!(check(1.0));
        assert!(!check(0.5), "the check does not see noise halved");
        assert!(!check(0.0), "the check does not see noise forgotten");
    }
}

#[test]
fn cells_of_merged_levels_are_those_of_their_members_and_nothing_unpaid_is_asked() {
    let domain = Domain::new([("a", 4), ("b", 2)]).unwrap();
    let columns = vec![vec![0, 1, 2, 3, 3], vec![0, 0, 1, 1, 0]];
    let source = Codes::new(domain.clone(), columns).unwrap();
    let (mut ledger, mut noise) = (zcdp(1e10), NoiseSource::operating_system());
    let mut curator = Curator::new(&source, &mut ledger, &mut noise);
    let maps = vec![vec![0, 0, 1, 1], vec![0, 1]];
    curator.recode(Some(Recoding::new(&domain, maps).unwrap()));
    let merged = curator.domain().clone();
    let tree = Partition::whole().then(&merged, 0, vec![0, 1]).unwrap();
    let tree = tree.then(&merged, 1, vec![0, 0, 1, 2]).unwrap();
    let cells = curator
        .measure_cells("leaves", &tree, sigma(NEXT_TO_NONE))
        .unwrap();
    assert_eq!(cells, [2, 1, 2]);
    // Questions about the levels before merging do not fit any more: refused, and nothing is
    // charged for it.
    let fine = Partition::whole()
        .then(&domain, 0, vec![0, 1, 2, 3])
        .unwrap();
    assert!(curator.measure_cells("fine", &fine, sigma(9.0)).is_err());
    assert_eq!(ledger.entries().len(), 1);

    let source = Broken(Domain::new([("a", 2)]).unwrap(), AtomicUsize::new(0));
    let mut ledger = zcdp(0.1);
    let mut curator = Curator::new(&source, &mut ledger, &mut noise);
    let tree = Partition::whole().crossed(&source.0, 0).unwrap();
    let refused = curator.measure_cells("leaves", &tree, sigma(1.0));
    assert!(matches!(refused, Err(FitError::Privacy(_))));
    assert_eq!(source.1.load(Ordering::Relaxed), 0);
    let failed = curator.measure_cells("leaves", &tree, sigma(100.0));
    assert!(matches!(failed, Err(FitError::Source(_))));
    assert_eq!(ledger.entries().len(), 1, "the charge stands");
}

#[test]
fn a_receipt_for_more_noise_draws_none() {
    let mut ledger = zcdp(1.0);
    let promised = DiscreteGaussian::new(sigma(6.0)).unwrap();
    let receipt = ledger.try_spend("cells", promised.event(1)).unwrap();
    let halved = DiscreteGaussian::new(sigma(3.0)).unwrap();
    let mut cells = [5, 5];
    let drawn = halved.release(receipt, &mut cells, &mut NoiseSource::operating_system());
    assert!(matches!(drawn, Err(MechanismError::ReceiptMismatch { .. })));
    assert_eq!(cells, [5, 5]);
}

/// Counts how often it is asked, and answers nothing.
struct Broken(Domain, AtomicUsize);

impl MarginalSource for Broken {
    fn domain(&self) -> &Domain {
        &self.0
    }

    fn counts(&self, sets: &[AttrSet]) -> Result<Vec<Counts>, SourceError> {
        self.1.fetch_add(1, Ordering::Relaxed);
        Err(SourceError::NotHeld {
            attrs: sets[0].clone(),
        })
    }
}

#[test]
fn what_is_refused_is_not_asked_and_what_was_asked_stays_charged() {
    let source = Broken(Domain::new([("a", 2)]).unwrap(), AtomicUsize::new(0));
    let mut noise = NoiseSource::operating_system();
    // What noise of one row costs, and a little for rounding.
    let mut ledger = zcdp(0.500_001);
    let a = AttrSet::new([0]);
    let mut curator = Curator::new(&source, &mut ledger, &mut noise);
    let refused = curator
        .measure("a", &[(a.clone(), sigma(0.9))])
        .unwrap_err();
    assert!(matches!(refused, FitError::Privacy(_)));
    assert_eq!(source.1.load(Ordering::Relaxed), 0);
    assert!(matches!(
        curator.measure("a", &[(a.clone(), sigma(1.0))]),
        Err(FitError::Source(_))
    ));
    assert_eq!(ledger.entries().len(), 1);
    let mut curator = Curator::new(&source, &mut ledger, &mut noise);
    assert!(matches!(
        curator.measure("a", &[(a, sigma(100.0))]),
        Err(FitError::Privacy(_))
    ));
    assert_eq!(source.1.load(Ordering::Relaxed), 1);
}

#[test]
fn distances_are_sums_of_absolute_differences_of_merged_levels() {
    let domain = Domain::new([("a", 4), ("b", 2)]).unwrap();
    let source = Codes::new(
        domain.clone(),
        vec![vec![0, 1, 2, 3, 3], vec![0, 0, 1, 1, 0]],
    )
    .unwrap();
    let (mut ledger, mut noise) = (zcdp(1e12), NoiseSource::operating_system());
    let mut curator = Curator::new(&source, &mut ledger, &mut noise);
    let maps = vec![vec![0, 0, 1, 1], vec![0, 1]];
    curator.recode(Some(Recoding::new(&domain, maps).unwrap()));
    assert_eq!(curator.domain().attrs()[0].levels, 2);
    let pair = AttrSet::new([0, 1]);
    // Merged counts: (low, 0) 2, (low, 1) 0, (high, 0) 1, (high, 1) 2.
    let exact = curator
        .measure("pair", &[(pair.clone(), sigma(NEXT_TO_NONE))])
        .unwrap();
    assert_eq!(exact[0].cells, [2, 0, 1, 2]);
    let estimates = [
        (pair.clone(), vec![1, 1, 1, 2]),
        (pair.clone(), vec![0, 0, 0, -3]),
    ];
    let distances = curator
        .distances("scores", &estimates, sigma(NEXT_TO_NONE))
        .unwrap();
    assert_eq!(distances, [2.0, 8.0]);
    let scores = curator
        .private_scores(&estimates, &[0, 0], &[1, 1])
        .unwrap();
    assert!(!format!("{scores:?}").contains('8'));
    let chosen = curator
        .select("best", &scores, &[0, 1], Rho::new(1e5).unwrap())
        .unwrap();
    assert_eq!(chosen, 1);
    let only = curator
        .select("only", &scores, &[0], Rho::new(0.1).unwrap())
        .unwrap();
    assert_eq!(only, 0);
    assert!(
        curator
            .select("none", &scores, &[9], Rho::new(0.1).unwrap())
            .is_err()
    );
    assert!(
        curator
            .distances("bad", &[(pair, vec![1])], sigma(1.0))
            .is_err()
    );
}

#[test]
fn scores_are_charged_with_the_sensitivity_of_their_number_and_unit() {
    let source = codes();
    for (relation, max_rows, expected) in [
        (Relation::AddRemove, 1, 2),
        (Relation::AddRemove, 3, 18),
        (Relation::ReplaceOne, 1, 8),
    ] {
        let unit = PrivacyUnit::new(relation, max_rows).unwrap();
        let mut ledger = Ledger::open(unit, Budget::zcdp(Rho::new(10.0).unwrap()));
        let mut noise = NoiseSource::operating_system();
        let estimates = vec![(AttrSet::new([0]), vec![2, 3]); 2];
        Curator::new(&source, &mut ledger, &mut noise)
            .distances("scores", &estimates, sigma(40.0))
            .unwrap();
        let Event::DiscreteGaussian {
            sensitivity_squared,
            ..
        } = ledger.entries()[0].event
        else {
            panic!("another event");
        };
        assert_eq!(sensitivity_squared, expected);
    }
}

#[test]
fn the_allowance_can_be_spent_and_nothing_beyond() {
    let source = codes();
    let budgets = [
        Budget::zcdp(Rho::new(0.02).unwrap()),
        Budget::approx(Epsilon::new(1.0).unwrap(), Delta::new(1e-9).unwrap()),
        Budget::approx(Epsilon::new(3.0).unwrap(), Delta::new(1e-5).unwrap()),
    ];
    // More noise than one row: a discrete Gaussian with less costs less than its rho, so that
    // something would be left.
    for budget in budgets {
        let mut ledger = Ledger::open(PrivacyUnit::one_row(), budget);
        let mut noise = NoiseSource::operating_system();
        let arm = AttrSet::new([0]);
        for share in [0.3, 1.0] {
            let mut curator = Curator::new(&source, &mut ledger, &mut noise);
            let rho = curator.allowance().unwrap().get() * share;
            let sigma = Sigma::for_rho(Rho::new(rho).unwrap(), 1).unwrap();
            curator.measure("arm", &[(arm.clone(), sigma)]).unwrap();
        }
        let mut curator = Curator::new(&source, &mut ledger, &mut noise);
        assert!(curator.allowance().unwrap().get() < 1e-7);
        assert!(curator.measure("more", &[(arm, sigma(100.0))]).is_err());
    }
    let mut ledger = Ledger::open(PrivacyUnit::one_row(), Budget::Unlimited);
    let mut noise = NoiseSource::operating_system();
    assert_eq!(
        Curator::new(&source, &mut ledger, &mut noise).allowance(),
        None
    );
}

#[test]
fn splits_of_levels_are_charged_and_refused_without_budget() {
    let (source, mut ledger) = (codes(), zcdp(0.6));
    let mut noise = NoiseSource::insecure_seeded([3; 32]);
    let mut curator = Curator::new(&source, &mut ledger, &mut noise);
    let epsilon = |value| Epsilon::new(value).unwrap();
    let stretches = curator
        .split_levels("bins", 1, split(20_000, epsilon(1.0)))
        .unwrap();
    // Five rows: nothing to split; one stretch unless noise of scale 3 exceeds 50.
    assert_eq!(stretches, vec![0; 20_000]);
    assert!(
        curator
            .split_levels("bins", 1, split(20_001, epsilon(1e-3)))
            .is_err()
    );
    assert!(
        curator
            .split_levels("bins", 2, split(1, epsilon(1e-3)))
            .is_err()
    );
    assert!(matches!(
        curator.split_levels("bins", 1, split(20_000, epsilon(1.0))),
        Err(FitError::Privacy(_))
    ));
    assert_eq!(ledger.entries().len(), 1);
    assert_eq!(
        ledger.entries()[0].event,
        Event::PureDp {
            epsilon: epsilon(1.0)
        }
    );
}
