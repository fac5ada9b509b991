//! Tests of charging.

use super::*;
use crate::number::NoiseMultiplier;
use crate::{Accountant as _, Best};

fn gaussian(z: f64) -> Event {
    Event::Gaussian {
        noise_multiplier: NoiseMultiplier::new(z).unwrap(),
    }
}

#[test]
fn refuses_what_exceeds_the_budget_and_stays_as_it_was() {
    let mut ledger = Ledger::open(PrivacyUnit::one_row(), Budget::zcdp(Rho::new(1.0).unwrap()));
    let _ = ledger.try_spend("a", gaussian(1.0)).unwrap();
    let before = ledger.spent();
    let error = ledger.try_spend("b", gaussian(0.9)).unwrap_err();
    assert!(error.is_over_budget());
    assert_eq!(ledger.spent(), before);
    assert_eq!(ledger.entries().len(), 1);
}

#[test]
fn a_split_budget_is_spent_to_the_end_but_not_beyond() {
    for parts in [3, 7, 41] {
        let budget = Budget::zcdp(Rho::new(0.1).unwrap());
        let mut ledger = Ledger::open(PrivacyUnit::one_row(), budget);
        for part in budget.split(&vec![1.0; parts]).unwrap() {
            let Budget::Zcdp { rho } = part else {
                unreachable!()
            };
            let _ = ledger
                .try_spend("part", gaussian(NoiseMultiplier::for_rho(rho).get()))
                .unwrap();
        }
        assert!(ledger.remaining_rho().unwrap().get() < 1e-14);
        assert!(matches!(
            ledger.try_spend("more", gaussian(1e3)),
            Err(LedgerError::Exceeded { .. })
        ));
        assert!(ledger.spent().rho.unwrap().get() <= 0.1);
    }
}

#[test]
fn a_subnormal_charge_after_exhaustion_is_refused() {
    let mut ledger = Ledger::open(
        PrivacyUnit::one_row(),
        Budget::zcdp(Rho::new(0.25).unwrap()),
    );
    let _ = ledger
        .try_spend(
            "all",
            Event::Zcdp {
                rho: Rho::new(0.25).unwrap(),
            },
        )
        .unwrap();
    assert!(
        ledger
            .try_spend(
                "dust",
                Event::Zcdp {
                    rho: Rho::new(5e-324).unwrap()
                }
            )
            .is_err()
    );
}

#[test]
fn only_an_unlimited_ledger_takes_a_release_without_promise() {
    let mut ledger = Ledger::open(PrivacyUnit::one_row(), Budget::Unlimited);
    let _ = ledger.try_spend("fit on rows", Event::NonPrivate).unwrap();
    assert!(ledger.spent().non_private);
    let mut ledger = Ledger::open(
        PrivacyUnit::one_row(),
        Budget::zcdp(Rho::new(1e30).unwrap()),
    );
    let nested = Event::Composed {
        events: vec![gaussian(1.0), Event::NonPrivate.repeated(2)],
    };
    assert!(matches!(
        ledger.try_spend("sneaky", nested),
        Err(LedgerError::NonPrivate { .. })
    ));
}

#[test]
fn an_approximate_budget_admits_the_zcdp_optimum_for_gaussians() {
    // rho for (1, 1e-5) by Canonne, Kamath & Steinke is 0.0305...: sigma 4.045 (design table), so
    // 4.05 fits and 4.04 not.
    let budget = Budget::approx(Epsilon::new(1.0).unwrap(), Delta::new(1e-5).unwrap());
    let mut ledger = Ledger::open(PrivacyUnit::one_row(), budget);
    assert!(
        ledger
            .try_spend("too much", gaussian(4.04))
            .unwrap_err()
            .is_over_budget()
    );
    let _ = ledger.try_spend("fits", gaussian(4.05)).unwrap();
    let spent = ledger.spent().epsilon.unwrap().get();
    assert!((0.99..=1.0).contains(&spent), "{spent}");
}

#[test]
fn next_to_no_noise_is_refused_by_an_approximate_budget() {
    for epsilon in [0.1, 1.0, 10.0] {
        let budget = Budget::approx(Epsilon::new(epsilon).unwrap(), Delta::new(1e-9).unwrap());
        let mut ledger = Ledger::open(PrivacyUnit::one_row(), budget);
        let discrete = |sigma: f64| Event::DiscreteGaussian {
            sigma: Sigma::new(sigma).unwrap(),
            sensitivity_squared: 1,
        };
        let _ = ledger
            .try_spend("first", discrete(200.0 / epsilon))
            .unwrap();
        for sigma in [1e-300, 1e-9, 2e-5, 1e-3, 0.01, 0.03, 0.1] {
            let refused = ledger.try_spend("bare", discrete(sigma)).unwrap_err();
            assert!(refused.is_over_budget(), "{epsilon} {sigma}");
        }
    }
}

fn discrete(sigma: Sigma) -> Event {
    Event::DiscreteGaussian {
        sigma,
        sensitivity_squared: 1,
    }
}

#[test]
fn the_curve_of_gaussians_admits_a_tenth_more_and_keeps_the_promise() {
    let budget = Budget::approx(Epsilon::new(1.0).unwrap(), Delta::new(1e-9).unwrap());
    let mut ledger = Ledger::open(PrivacyUnit::one_row(), budget);
    assert!(ledger.use_exact_gaussian_accounting());
    let whole = ledger.remaining_rho().unwrap().get();
    assert!(whole > 1.1 * 0.014_973, "{whole}");
    // Twenty releases, the noise of each chosen from what is left.
    for round in 0..20 {
        let left = ledger.remaining_rho().unwrap().get();
        let share = if round == 19 { 1.0 } else { 0.1 };
        let sigma = ledger
            .sigma_for(Rho::new(left * share).unwrap(), 1)
            .unwrap();
        let _ = ledger.try_spend("part", discrete(sigma)).unwrap();
    }
    assert!(ledger.remaining_rho().unwrap().get() < 1e-9 * whole);
    let spent = ledger.spent().epsilon.unwrap().get();
    assert!(spent <= 1.0 && spent > 0.999, "{spent}");
    // Had the parameters been fixed in advance, an exact accountant would agree.
    let exact = ledger.evaluate(Delta::new(1e-9).unwrap()).unwrap().best;
    assert!(
        exact.lower.get() <= spent && exact.upper.get() > 0.99 * spent,
        "{exact:?}"
    );
    assert!(
        ledger
            .try_spend("more", gaussian(1e4))
            .unwrap_err()
            .is_over_budget()
    );
    // The budget that is written down is the one that was kept, and replays.
    let text = serde_json::to_string(&ledger.budget()).unwrap();
    assert!(text.contains("gaussian"), "{text}");
    let mut again = Ledger::open(PrivacyUnit::one_row(), serde_json::from_str(&text).unwrap());
    for entry in ledger.entries() {
        again.replay(&entry.purpose, entry.event.clone()).unwrap();
    }
    assert_eq!(again.spent(), ledger.spent());
}

#[test]
fn a_charge_without_smoothing_would_break_the_promise() {
    // Discrete noise of parameter 1, charged as if it were continuous, would exceed what an exact
    // accountant allows; the charge does not.
    let unit = PrivacyUnit::one_row();
    let event = discrete(Sigma::new(1.0).unwrap()).repeated(3);
    let delta = Delta::new(1e-6).unwrap();
    let exact = Best.epsilon(&event, &unit, delta).unwrap();
    let composition = Composition::new(&event, &unit).unwrap();
    assert!(gdp::epsilon(1.5, delta) < exact.lower.get());
    assert!(gdp::epsilon(gdp::loss(&composition).unwrap(), delta) >= exact.upper.get());
}

#[test]
fn only_an_unspent_approximate_budget_changes_its_measure() {
    let unit = PrivacyUnit::one_row();
    let approx = Budget::approx(Epsilon::new(1.0).unwrap(), Delta::new(1e-9).unwrap());
    let mut spent = Ledger::open(unit, approx);
    let _ = spent.try_spend("first", gaussian(100.0)).unwrap();
    assert!(!spent.use_exact_gaussian_accounting() && spent.budget() == approx);
    let pure = Budget::approx(Epsilon::new(1.0).unwrap(), Delta::ZERO);
    for budget in [
        pure,
        Budget::zcdp(Rho::new(1.0).unwrap()),
        Budget::Unlimited,
    ] {
        let mut ledger = Ledger::open(unit, budget);
        assert!(!ledger.use_exact_gaussian_accounting() && ledger.budget() == budget);
    }
    // What has no curve of a Gaussian is refused, and nothing is charged.
    let mut ledger = Ledger::open(unit, approx);
    assert!(ledger.use_exact_gaussian_accounting());
    let concentrated = Event::Zcdp {
        rho: Rho::new(1e-9).unwrap(),
    };
    assert!(matches!(
        ledger.try_spend("other", concentrated),
        Err(LedgerError::Unsupported(_))
    ));
    assert!(matches!(
        ledger.try_spend("rows", Event::NonPrivate),
        Err(LedgerError::NonPrivate { .. })
    ));
    assert!(ledger.entries().is_empty());
    // A choice is charged for its range.
    let range = ledger.range_for(Rho::new(1e-4).unwrap()).unwrap();
    let _ = ledger
        .try_spend("choice", Event::Exponential { epsilon: range })
        .unwrap();
    let left = ledger.remaining_rho().unwrap().get();
    let whole = gdp::limit(Epsilon::new(1.0).unwrap(), Delta::new(1e-9).unwrap()).unwrap();
    assert!((whole - left - 1e-4).abs() < 1e-12, "{left}");
}

#[test]
fn a_pure_budget_adds_pure_losses() {
    let budget = Budget::approx(Epsilon::new(1.0).unwrap(), Delta::ZERO);
    let mut ledger = Ledger::open(PrivacyUnit::one_row(), budget);
    let part = Event::PureDp {
        epsilon: Epsilon::new(0.249).unwrap(),
    };
    for _ in 0..4 {
        let _ = ledger.try_spend("part", part.clone()).unwrap();
    }
    assert!(ledger.try_spend("fifth", part).is_err());
    assert!(ledger.try_spend("gauss", gaussian(100.0)).is_err());
}

#[test]
fn spent_survives_json() {
    let mut ledger = Ledger::open(PrivacyUnit::one_row(), Budget::zcdp(Rho::new(1.0).unwrap()));
    let _ = ledger.try_spend("a", gaussian(1.0)).unwrap();
    let text = serde_json::to_string(&(
        ledger.spent(),
        ledger.entries(),
        ledger.budget(),
        ledger.unit(),
    ))
    .unwrap();
    let back: (Spent, Vec<Entry>, Budget, PrivacyUnit) = serde_json::from_str(&text).unwrap();
    assert_eq!(back.0, ledger.spent());
    assert_eq!(back.1, ledger.entries());
}

#[test]
fn fits_that_take_a_share_leave_the_rest_to_others() {
    let delta = Delta::new(1e-6).unwrap();
    let epsilon = Epsilon::new(2.0).unwrap();
    let budgets = [
        Budget::zcdp(Rho::new(1.0).unwrap()),
        Budget::approx(epsilon, delta),
    ];
    let event = |rho: f64| Event::Zcdp {
        rho: Rho::new(rho).unwrap(),
    };
    for budget in budgets {
        let fits = |ledger: &Ledger, rho: f64| ledger.plan([("fit", &event(rho))]).1.is_ok();
        let most = |ledger: &Ledger| {
            let (mut low, mut high) = (0.0, 4.0);
            for _ in 0..60 {
                let middle = 0.5 * (low + high);
                *(if fits(ledger, middle) {
                    &mut low
                } else {
                    &mut high
                }) = middle;
            }
            low
        };
        let mut ledger = Ledger::open(PrivacyUnit::one_row(), budget);
        let whole = most(&ledger);
        ledger.limit_to_share(0.25).unwrap();
        let part = most(&ledger);
        assert!(
            (part - 0.25 * whole).abs() < 1e-6 * whole,
            "{budget:?}: {part} of {whole}"
        );
        let _ = ledger.try_spend("first fit", event(part)).unwrap();
        assert!(
            ledger
                .try_spend("more", event(1e-3))
                .unwrap_err()
                .is_over_budget()
        );
        // The next fit has a share of the whole; the last one gets no more than what is left.
        ledger.limit_to_share(0.5).unwrap();
        let _ = ledger.try_spend("second fit", event(0.49 * whole)).unwrap();
        ledger.limit_to_share(1.0).unwrap();
        assert!(!fits(&ledger, 0.27 * whole));
        assert!(fits(&ledger, 0.25 * whole));
        for share in [0.0, -1.0, 1.1, f64::NAN] {
            assert!(ledger.limit_to_share(share).is_err(), "{share}");
        }
    }
}
