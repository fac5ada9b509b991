//! The pipeline on codes: what it spends, what it keeps, what it refuses.

use parable_core::{Curator, FitError, NoisyMarginal, Publication};
use parable_domain::{AttrSet, Codes, Domain, MarginalSource};
use parable_dp::{
    Budget, Delta, Epsilon, Event, Ledger, NoiseSource, PrivacyUnit, Relation, Rho, Sigma,
};
use parable_mst::{
    Estimated, Mst, MstConfig, Strategy, allowance, estimate, estimate_with_public_rows, plan,
};
use parable_seed::Seed;

/// A chain of relations a - b - c, and d on its own.
fn chain(rows: usize, seed: u64) -> Codes {
    let domain = Domain::new([("a", 4), ("b", 5), ("c", 30), ("d", 3)]).unwrap();
    let mut rng = Seed::from_u64(seed).rng();
    let mut columns = vec![Vec::new(); 4];
    for _ in 0..rows {
        let a = rng.below(4);
        let b = if rng.chance(0.7) {
            a + rng.below(2)
        } else {
            rng.below(5)
        };
        let c = if rng.chance(0.8) {
            6 * b + rng.below(6)
        } else {
            rng.below(30)
        };
        for (column, code) in columns.iter_mut().zip([a, b, c, rng.below(3)]) {
            column.push(code as u32);
        }
    }
    Codes::new(domain, columns).unwrap()
}

fn approximate(epsilon: f64) -> Budget {
    Budget::approx(Epsilon::new(epsilon).unwrap(), Delta::new(1e-9).unwrap())
}

fn fit_within(
    codes: &Codes,
    config: MstConfig,
    unit: PrivacyUnit,
    budget: Budget,
) -> (Result<(Publication, Estimated), FitError>, Ledger) {
    let mut ledger = Ledger::open(unit, budget);
    let mut noise = NoiseSource::insecure_seeded([9; 32]);
    let fitted = Mst::new(config).fit_marginals(&mut Curator::new(codes, &mut ledger, &mut noise));
    (fitted, ledger)
}

fn fit(codes: &Codes, config: MstConfig, epsilon: f64) -> (Publication, Estimated, Ledger) {
    let unit = PrivacyUnit::one_row();
    let (fitted, ledger) = fit_within(codes, config, unit, approximate(epsilon));
    let (publication, estimated) = fitted.unwrap();
    (publication, estimated, ledger)
}

/// Total variation distance of one marginal of two tables.
fn distance(real: &Codes, made: &Codes, attrs: &[u32]) -> f64 {
    let sets = [AttrSet::new(attrs.iter().copied())];
    let share = |codes: &Codes| -> Vec<f64> {
        let counts = codes.counts(&sets).unwrap();
        counts[0]
            .cells()
            .iter()
            .map(|&c| c as f64 / codes.rows() as f64)
            .collect()
    };
    share(real)
        .iter()
        .zip(share(made))
        .map(|(p, q)| (p - q).abs())
        .sum::<f64>()
        / 2.0
}

fn strategies() -> [Strategy; 6] {
    [
        Strategy::Swift,
        Strategy::Aim { ways: 2 },
        Strategy::Aim { ways: 3 },
        Strategy::Mst,
        Strategy::Independent,
        Strategy::Direct {
            marginals: vec![vec!["a".into(), "b".into()]],
        },
    ]
}

#[test]
fn every_strategy_spends_what_it_is_given_and_no_more() {
    let codes = chain(2_000, 1);
    for strategy in strategies() {
        for epsilon in [0.05, 1.0, 8.0] {
            let config = MstConfig::default().with_strategy(strategy.clone());
            let (publication, _, ledger) = fit(&codes, config, epsilon);
            let spent = ledger.spent().epsilon.unwrap().get();
            assert!(spent <= epsilon, "{strategy:?} {spent} of {epsilon}");
            // Choices of bounded range cost a little less at the order of the ledger than they were
            // planned with.
            let least = if strategy == Strategy::Mst {
                0.95
            } else {
                0.999_99
            };
            assert!(spent > least * epsilon, "{strategy:?} {spent} of {epsilon}");
            // To the last unit: not even the widest noise there is can be paid for (but at a Renyi
            // order, whose limit is searched for to nine digits).
            let widest = Event::DiscreteGaussian {
                sigma: Sigma::new(1_048_576.0).unwrap(),
                sensitivity_squared: 1,
            };
            let counted = ledger.remaining_rho().is_some();
            assert!(
                !counted || ledger.plan([("dust", &widest)]).1.is_err(),
                "{strategy:?} {epsilon}"
            );
            assert_eq!(publication.ledger, ledger.entries());
        }
        let config = MstConfig::default().with_strategy(strategy.clone());
        let rho = Budget::zcdp(Rho::new(0.07).unwrap());
        let (fitted, ledger) = fit_within(&codes, config, PrivacyUnit::one_row(), rho);
        fitted.unwrap();
        let spent = ledger.spent().rho.unwrap().get();
        assert!((0.069_999..=0.07).contains(&spent), "{strategy:?} {spent}");
    }
}

#[test]
fn a_person_with_many_rows_gets_as_much_more_noise() {
    let codes = chain(5_000, 2);
    let config = || MstConfig::default().with_strategy(Strategy::Independent);
    let unit = PrivacyUnit::new(Relation::AddRemove, 4).unwrap();
    let (many, _) = fit_within(&codes, config(), unit, approximate(1.0));
    let (one, ..) = fit(&codes, config(), 1.0);
    let ratio = many.unwrap().0.columns[0].sigma / one.columns[0].sigma;
    // Charges of discrete noise take off a variance of about 1, which counts a little more where
    // noise is small.
    assert!((ratio - 4.0).abs() < 0.01, "{ratio}");
}

#[test]
fn relations_are_found_and_kept_and_nothing_is_made_up() {
    let codes = chain(40_000, 3);
    let (publication, estimated, _) = fit(&codes, MstConfig::default(), 1.0);
    let measured = |attrs: &[u32]| {
        let set = AttrSet::new(attrs.iter().copied());
        publication
            .marginals
            .iter()
            .any(|m: &NoisyMarginal| m.attrs == set)
    };
    assert!(measured(&[0, 1]) && measured(&[1, 2]));
    assert!((estimated.rows() - 40_000.0).abs() < 400.0);
    let made = estimated.generate(40_000, &Seed::from_u64(4)).unwrap();
    // Independent columns are off by 0.35 and more on the related pairs.
    for pair in [[0, 1], [1, 2], [0, 2]] {
        let off = distance(&codes, &made, &pair);
        assert!(off < 0.06, "{pair:?} {off}");
    }
    // Unrelated: 40,000 real rows are themselves off by about 0.008 from independence on 90 cells.
    for pair in [[0, 3], [1, 3], [2, 3]] {
        let off = distance(&codes, &made, &pair);
        assert!(off < 0.04, "{pair:?} {off}");
    }
}

#[test]
fn a_small_table_at_a_small_budget_is_left_independent() {
    let codes = chain(300, 5);
    let (publication, estimated, _) = fit(&codes, MstConfig::default(), 0.2);
    assert!(publication.marginals.is_empty());
    assert_eq!(estimated.field().tree().len(), 4);
    assert_eq!(
        estimated.generate(300, &Seed::from_u64(1)).unwrap().rows(),
        300
    );
}

#[test]
fn required_sets_are_measured_in_any_case_and_weights_move_noise() {
    let codes = chain(3_000, 6);
    let plain = MstConfig::default()
        .with_required(["a", "d"])
        .with_required(["a", "b", "d"]);
    let (publication, ..) = fit(&codes, plain.clone(), 0.5);
    let sigma = |publication: &Publication, attrs: &[u32]| {
        let set = AttrSet::new(attrs.iter().copied());
        publication
            .marginals
            .iter()
            .find(|m| m.attrs == set)
            .unwrap()
            .sigma
    };
    let before = sigma(&publication, &[0, 3]);
    assert!(sigma(&publication, &[0, 1, 3]) > 0.0);
    let (heavier, ..) = fit(&codes, plain.with_weight(["a", "d"], 20.0), 0.5);
    assert!(sigma(&heavier, &[0, 3]) < 0.7 * before);
}

#[test]
fn a_publication_alone_gives_the_same_model() {
    let codes = chain(5_000, 7);
    let (publication, estimated, _) = fit(&codes, MstConfig::default().with_ordered(["c"]), 1.0);
    let text = serde_json::to_string(&publication).unwrap();
    let read: Publication = serde_json::from_str(&text).unwrap();
    let again = estimate(&read, &MstConfig::default()).unwrap();
    let rows = |model: &Estimated| model.generate(1_000, &Seed::from_u64(8)).unwrap();
    assert_eq!(rows(&again), rows(&estimated));
    assert!(
        !text.contains("5000"),
        "the exact number of rows is in the publication"
    );
}

#[test]
fn a_past_publication_is_used_again_for_free() {
    let codes = chain(10_000, 21);
    let mean = |make: &dyn Fn(u8) -> Estimated| {
        let one = |noise: u8| {
            let made = make(noise).generate(10_000, &Seed::from_u64(5)).unwrap();
            distance(&codes, &made, &[0, 1])
        };
        (1..=8).map(one).sum::<f64>() / 8.0
    };
    let run = |mst: Mst, noise: u8| {
        let mut ledger = Ledger::open(PrivacyUnit::one_row(), approximate(0.3));
        let mut source = NoiseSource::insecure_seeded([noise; 32]);
        mst.fit_marginals(&mut Curator::new(&codes, &mut ledger, &mut source))
            .unwrap()
    };
    let once = mean(&|noise| run(Mst::default(), noise).1);
    let twice = mean(&|noise| {
        let (past, _) = run(Mst::default(), noise);
        let (both, estimated) = run(Mst::default().after(past.clone()), noise + 100);
        assert_eq!(both.columns[..past.columns.len()], past.columns);
        assert_eq!(both.marginals[..past.marginals.len()], past.marginals);
        assert!(both.ledger.len() > past.ledger.len());
        estimated
    });
    // Two releases of equal noise halve the variance: errors of 0.7 times the size, if noise were
    // all; rounding stays.
    assert!(twice < 0.9 * once, "{twice} after {once}");
    let other = Publication::new(Domain::new([("z", 2)]).unwrap(), PrivacyUnit::one_row());
    let mut ledger = Ledger::open(PrivacyUnit::one_row(), approximate(0.3));
    let mut source = NoiseSource::operating_system();
    let refused = Mst::default().after(other).fit_marginals(&mut Curator::new(
        &codes,
        &mut ledger,
        &mut source,
    ));
    assert!(matches!(refused, Err(FitError::Setting { .. })));
    assert!(ledger.entries().is_empty());
}

#[test]
fn public_rows_fill_what_noise_leaves_open() {
    let (codes, public) = (chain(3_000, 31), chain(3_000, 32));
    let config = MstConfig::default();
    let (mut alone, mut with) = (0.0, 0.0);
    for noise in 1..=5 {
        let mut ledger = Ledger::open(PrivacyUnit::one_row(), approximate(0.1));
        let mut source = NoiseSource::insecure_seeded([noise; 32]);
        let mst = Mst::new(config.clone());
        let (publication, estimated) = mst
            .fit_marginals(&mut Curator::new(&codes, &mut ledger, &mut source))
            .unwrap();
        let near = estimate_with_public_rows(&publication, &config, &public, 3_000.0).unwrap();
        let error = |model: &Estimated| {
            let made = model.generate(3_000, &Seed::from_u64(6)).unwrap();
            distance(&codes, &made, &[0, 1])
        };
        alone += error(&estimated);
        with += error(&near);
        let other = Domain::new([("z", 2)]).unwrap();
        let other = Codes::new(other, vec![vec![0]]).unwrap();
        for (rows, weight) in [(&other, 1.0), (&public, 0.0), (&public, f64::NAN)] {
            let refused = estimate_with_public_rows(&publication, &config, rows, weight);
            assert!(matches!(refused, Err(FitError::Setting { .. })));
        }
    }
    assert!(
        with < 0.8 * alone,
        "{with} with public rows, {alone} without"
    );
}

#[test]
fn only_charged_noise_separates_two_fits_with_one_noise() {
    let codes = chain(2_000, 8);
    let (first, ..) = fit(&codes, MstConfig::default(), 1.0);
    let (second, ..) = fit(&codes, MstConfig::default(), 1.0);
    assert_eq!(first, second);
}

fn ways(ways: u8) -> MstConfig {
    MstConfig::default().with_strategy(Strategy::Aim { ways })
}

#[test]
fn bad_settings_are_refused_before_anything_is_spent() {
    let codes = chain(100, 9);
    let mut shares = MstConfig::default();
    shares.columns_share = 0.9;
    shares.scores_share = 0.2;
    let bad = [
        MstConfig::default().with_required(["a", "nobody"]),
        MstConfig::default().with_weight(["a"], 0.0),
        MstConfig::default().with_weight(["a"], f64::NAN),
        MstConfig::default().with_ordered(["nobody"]),
        MstConfig::default().with_required(Vec::<String>::new()),
        shares,
    ];
    for config in bad.into_iter().chain([ways(1), ways(4)]) {
        let unit = PrivacyUnit::one_row();
        let (fitted, ledger) = fit_within(&codes, config, unit, approximate(1.0));
        assert!(matches!(fitted, Err(FitError::Setting { .. })));
        assert!(ledger.entries().is_empty());
    }
    let (fitted, _) = fit_within(
        &codes,
        MstConfig::default(),
        PrivacyUnit::one_row(),
        Budget::Unlimited,
    );
    assert!(matches!(fitted, Err(FitError::Setting { .. })));
}

#[test]
fn a_model_too_large_is_refused_by_name() {
    let codes = chain(100_000, 10);
    let config = MstConfig::default()
        .with_max_cells(20)
        .with_required(["a", "b", "c"]);
    let (fitted, _) = fit_within(&codes, config, PrivacyUnit::one_row(), approximate(1.0));
    let Err(FitError::Method { source, .. }) = fitted else {
        panic!("a model of too many cells was made");
    };
    assert!(source.to_string().contains("joins a, b, c"), "{source}");
}

#[test]
fn the_exact_curve_buys_a_tenth_more_where_all_noise_is_gaussian() {
    let codes = chain(20_000, 12);
    for (strategy, more) in [(Strategy::Swift, 1.10), (Strategy::Mst, 0.999_999)] {
        let config = MstConfig::default().with_strategy(strategy.clone());
        let unit = PrivacyUnit::one_row();
        let rho = allowance(&config, codes.domain(), approximate(1.0), unit).unwrap();
        // 0.014973 is what zero-concentrated loss allows at (1, 1e-9).
        assert!(
            rho.get() / 0.014_973 > more && rho.get() / 0.014_973 < 1.11,
            "{rho:?}"
        );
        let (_, _, ledger) = fit(&codes, config, 1.0);
        let Budget::Gaussian { epsilon, .. } = ledger.budget() else {
            assert_eq!(strategy, Strategy::Mst);
            continue;
        };
        assert_eq!(epsilon.get(), 1.0);
        // In zero-concentrated loss noise of 8 to 40 rows costs up to a percent less than what it
        // was charged with.
        let spent = ledger.spent().rho.unwrap().get();
        assert!(spent < rho.get() && spent > 0.98 * rho.get(), "{spent}");
    }
    assert_eq!(
        allowance(
            &MstConfig::default(),
            codes.domain(),
            Budget::Unlimited,
            PrivacyUnit::one_row()
        ),
        None
    );
}

#[test]
fn the_plan_names_what_the_fit_then_spends() {
    let codes = chain(20_000, 11);
    let rho = Rho::new(0.05).unwrap();
    for strategy in strategies() {
        let config = MstConfig::default().with_strategy(strategy.clone());
        let unit = PrivacyUnit::one_row();
        let planned = plan(&config, codes.domain(), 20_000.0, rho, unit).unwrap();
        let total: f64 = planned.steps.iter().map(|step| step.rho).sum();
        assert!((total - 0.05).abs() < 1e-12, "{strategy:?}");
        let (fitted, ledger) = fit_within(&codes, config, unit, Budget::zcdp(rho));
        fitted.unwrap();
        let Event::DiscreteGaussian { sigma, .. } = ledger.entries()[0].event else {
            panic!("the first release is another");
        };
        assert!(
            (sigma.get() / planned.steps[0].sigma - 1.0).abs() < 1e-6,
            "{strategy:?}"
        );
        assert!(planned.to_string().contains("people"));
    }
}

/// Adult as codes; `None`, said aloud, where the shared data are not there.
fn adult(file: &str) -> Option<Codes> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../../shared/data/bench");
    let path = format!("{folder}/{file}");
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("SKIPPED: {path} is not there, the figures of Adult were not checked");
        return None;
    };
    let levels = std::fs::read_to_string(format!("{folder}/adult_codes.domain.json")).unwrap();
    let levels: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&levels).unwrap();
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let mut columns = vec![Vec::new(); names.len()];
    for line in lines {
        for (column, code) in columns.iter_mut().zip(line.split(',')) {
            column.push(code.parse::<u32>().unwrap());
        }
    }
    let attrs = names
        .iter()
        .map(|name| (*name, levels[*name].as_u64().unwrap() as u32));
    Some(Codes::new(Domain::new(attrs).unwrap(), columns).unwrap())
}

const ADULT_ORDERED: [&str; 6] = [
    "age",
    "fnlwgt",
    "education-num",
    "capital-gain",
    "capital-loss",
    "hours-per-week",
];

/// Mean and largest distance over all pairs of columns of a fit with this noise.
fn adult_errors(codes: &Codes, config: MstConfig, epsilon: f64, noise: u8) -> (f64, f64) {
    let mut ledger = Ledger::open(PrivacyUnit::one_row(), approximate(epsilon));
    let mut source = NoiseSource::insecure_seeded([noise; 32]);
    let mst = Mst::new(config.with_ordered(ADULT_ORDERED));
    let (_, estimated) = mst
        .fit_marginals(&mut Curator::new(codes, &mut ledger, &mut source))
        .unwrap();
    let rows = estimated.rows().round() as usize;
    let made = estimated.generate(rows, &Seed::from_u64(1)).unwrap();
    let pairs: Vec<f64> = AttrSet::pairs(codes.domain().len())
        .map(|pair| distance(codes, &made, pair.as_slice()))
        .collect();
    let mean = pairs.iter().sum::<f64>() / pairs.len() as f64;
    (mean, pairs.iter().copied().fold(0.0, f64::max))
}

#[test]
fn adult_is_better_than_any_published_figure_of_its_kind() {
    let Some(codes) = adult("adult_codes.csv") else {
        return;
    };
    let (mean, worst) = adult_errors(&codes, MstConfig::default(), 1.0, 9);
    // Best measured peer at epsilon 1, delta 1e-9: mean 0.0401, worst 0.154. Five runs here: 0.031
    // to 0.033, 0.140 to 0.146.
    assert!(mean < 0.036 && worst < 0.155, "mean {mean}, worst {worst}");
}

#[test]
fn few_rows_are_never_worse_than_single_columns() {
    let Some(codes) = adult("adult_codes_1200.csv") else {
        return;
    };
    let independent = MstConfig::default().with_strategy(Strategy::Independent);
    for epsilon in [0.3, 1.0] {
        let runs = |config: &MstConfig| {
            let one = |noise| adult_errors(&codes, config.clone(), epsilon, noise).0;
            (1..=5).map(one).sum::<f64>() / 5.0
        };
        let (swift, single) = (runs(&MstConfig::default()), runs(&independent));
        // One run has a standard deviation of 0.010 at epsilon 1 and 0.025 at 0.3 (20 runs), the
        // difference of two means of five 0.63 of that.
        let noise = if epsilon < 1.0 { 0.025 } else { 0.010 };
        assert!(
            swift < single + 0.63 * noise,
            "{epsilon}: {swift} against {single}"
        );
    }
}
