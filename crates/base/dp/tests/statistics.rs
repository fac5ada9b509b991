//! Samplers against their exact probabilities. Seeds are fixed; every threshold is derived from the
//! distribution of the statistic, with a false alarm below one in a million.

use parable_dp::mechanism::{
    DiscreteGaussian, DiscreteLaplace, FloatingPointGaussian, Scores, Selection, SelectionRule,
};
use parable_dp::{
    Budget, Epsilon, Event, Ledger, NoiseMultiplier, NoiseSource, PrivacyUnit, Receipt, Sigma,
};
use serde_json::Value;

const DRAWS: usize = 400_000;

fn receipt(event: Event) -> Receipt {
    Ledger::open(PrivacyUnit::one_row(), Budget::Unlimited)
        .try_spend("test", event)
        .unwrap()
}

fn source(seed: u8) -> NoiseSource {
    NoiseSource::insecure_seeded([seed; 32])
}

fn gaussian(sigma: f64) -> Vec<i64> {
    let noise = DiscreteGaussian::new(Sigma::new(sigma).unwrap()).unwrap();
    noise
        .draws(receipt(noise.event(1)), DRAWS, &mut source(1))
        .unwrap()
}

fn laplace(scale: f64) -> Vec<i64> {
    let noise = DiscreteLaplace::new(Sigma::new(scale).unwrap()).unwrap();
    noise
        .draws(receipt(noise.event(1)), DRAWS, &mut source(2))
        .unwrap()
}

/// Chi-squared statistic and degrees of freedom against probabilities for 0, 1, 2, ... of a
/// symmetric distribution. Cells that expect fewer than 20 draws are pooled.
fn chi_squared(draws: &[i64], half: &[(i64, f64)]) -> (f64, f64) {
    let count = |x: i64| draws.iter().filter(|draw| **draw == x).count() as f64;
    let total = draws.len() as f64;
    let (mut statistic, mut cells) = (0.0, 0.0);
    let (mut seen, mut expected) = (0.0, 0.0);
    for (x, probability) in half {
        for value in if *x == 0 { vec![0] } else { vec![*x, -*x] } {
            if probability * total >= 20.0 {
                let found = count(value);
                seen += found;
                expected += probability * total;
                statistic += (found - probability * total).powi(2) / (probability * total);
                cells += 1.0;
            }
        }
    }
    let (rest, rest_expected) = (total - seen, total - expected);
    if rest_expected >= 5.0 {
        statistic += (rest - rest_expected).powi(2) / rest_expected;
        cells += 1.0;
    } else {
        // Poisson with a mean below 5 is above 25 less than 1e-10 of the time.
        assert!(
            rest <= 25.0,
            "{rest} draws where {rest_expected} are expected"
        );
    }
    (statistic, cells - 1.0)
}

/// Laurent and Massart 2000: chi-squared with d degrees of freedom exceeds d + 2 sqrt(d x) + 2 x
/// with probability below e^-x; x = 14 is one in a million.
fn threshold(degrees: f64) -> f64 {
    degrees + 2.0 * (degrees * 14.0_f64).sqrt() + 28.0
}

fn table(case: &Value) -> Vec<(i64, f64)> {
    let pairs = case["expected"]["pmf_nonnegative_half"].as_array().unwrap();
    pairs
        .iter()
        .map(|pair| (pair[0].as_i64().unwrap(), pair[1].as_f64().unwrap()))
        .collect()
}

#[test]
fn discrete_noise_has_the_tabulated_probabilities() {
    let file: Value = serde_json::from_str(include_str!("vectors/samplers.json")).unwrap();
    for case in file["cases"].as_array().unwrap() {
        let params = &case["params"];
        let fraction =
            |key: &str| params[key][0].as_f64().unwrap() / params[key][1].as_f64().unwrap();
        let draws = match params["distribution"].as_str().unwrap() {
            "discrete_gaussian" => gaussian(fraction("sigma2").sqrt()),
            "discrete_laplace" => laplace(fraction("scale")),
            other => panic!("unknown distribution {other}"),
        };
        let (statistic, degrees) = chi_squared(&draws, &table(case));
        assert!(
            statistic <= threshold(degrees),
            "{params}: {statistic} with {degrees} degrees of freedom"
        );
        // The sum of squares has mean `variance` and a variance of at most 5 times its square in
        // each draw.
        let variance = case["expected"]["variance"].as_f64().unwrap();
        let found = draws.iter().map(|x| (*x as f64).powi(2)).sum::<f64>() / DRAWS as f64;
        let most = 6.0 * (variance * (1.0 + 5.0 * variance) / DRAWS as f64).sqrt();
        assert!(
            (found - variance).abs() <= most,
            "{params}: variance {found}, expected {variance}"
        );
    }
}

#[test]
fn halved_noise_is_seen() {
    // The same check must fail for a mechanism that is broken on purpose.
    let file: Value = serde_json::from_str(include_str!("vectors/samplers.json")).unwrap();
    let case = file["cases"].as_array().unwrap().iter().find(|case| {
        case["params"]["distribution"] == "discrete_gaussian"
            && case["params"]["sigma2"][0].as_f64().unwrap() >= 4.0
    });
    let case = case.expect("a case with noise to halve");
    let params = &case["params"]["sigma2"];
    let sigma = (params[0].as_f64().unwrap() / params[1].as_f64().unwrap()).sqrt();
    for broken in [0.5 * sigma, 0.98 * sigma, 1.02 * sigma] {
        let (statistic, degrees) = chi_squared(&gaussian(broken), &table(case));
        assert!(
            statistic > threshold(degrees),
            "{broken} passes for {sigma}: {statistic}"
        );
    }
}

/// Exact probabilities of the exponential mechanism.
fn softmax(scores: &[i64], rate: f64) -> Vec<f64> {
    let weights: Vec<f64> = scores
        .iter()
        .map(|score| (rate * *score as f64).exp())
        .collect();
    let total: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / total).collect()
}

/// Exact probabilities of permute-and-flip, over all orders of the candidates.
fn permute_and_flip(scores: &[i64], rate: f64) -> Vec<f64> {
    let best = *scores.iter().max().unwrap();
    let heads: Vec<f64> = scores
        .iter()
        .map(|score| (rate * (*score - best) as f64).exp())
        .collect();
    let mut chances = vec![0.0; scores.len()];
    fn walk(left: &mut Vec<usize>, reached: f64, heads: &[f64], chances: &mut [f64]) {
        let share = reached / left.len() as f64;
        for place in 0..left.len() {
            let candidate = left.remove(place);
            chances[candidate] += share * heads[candidate];
            if !left.is_empty() {
                walk(left, share * (1.0 - heads[candidate]), heads, chances);
            }
            left.insert(place, candidate);
        }
    }
    walk(&mut (0..scores.len()).collect(), 1.0, &heads, &mut chances);
    chances
}

fn choices(rule: SelectionRule, epsilon: f64, kind: Scores, scores: &[i64]) -> Vec<f64> {
    let selection = Selection::new(rule, Epsilon::new(epsilon).unwrap(), 3, kind).unwrap();
    let mut source = source(4);
    let mut counts = vec![0.0; scores.len()];
    for _ in 0..100_000 {
        counts[selection
            .select(receipt(selection.event()), scores, &mut source)
            .unwrap()] += 1.0;
    }
    counts
}

#[test]
fn choices_have_their_exact_probabilities() {
    let scores = [5, -2, 7, 6, 0, 7];
    for (kind, factor) in [(Scores::General, 6.0), (Scores::Monotone, 3.0)] {
        for (rule, exact) in [
            (SelectionRule::Exponential, softmax(&scores, 1.3 / factor)),
            (
                SelectionRule::PermuteAndFlip,
                permute_and_flip(&scores, 1.3 / factor),
            ),
        ] {
            let counts = choices(rule, 1.3, kind, &scores);
            let statistic: f64 = counts
                .iter()
                .zip(&exact)
                .map(|(c, p)| (c - 1e5 * p).powi(2) / (1e5 * p))
                .sum();
            assert!(
                statistic <= threshold(5.0),
                "{rule:?} {kind:?}: {statistic}"
            );
        }
    }
}

#[test]
fn a_choice_with_the_factor_two_dropped_is_seen() {
    let scores = [5, -2, 7, 6, 0, 7];
    let counts = choices(SelectionRule::Exponential, 1.3, Scores::Monotone, &scores);
    let exact = softmax(&scores, 1.3 / 6.0);
    let statistic: f64 = counts
        .iter()
        .zip(&exact)
        .map(|(c, p)| (c - 1e5 * p).powi(2) / (1e5 * p))
        .sum();
    assert!(statistic > 100.0 * threshold(5.0), "{statistic}");
}

#[test]
fn floating_point_noise_is_normal() {
    let noise = FloatingPointGaussian::new(Sigma::new(2.0).unwrap());
    let event = Event::Gaussian {
        noise_multiplier: NoiseMultiplier::new(2.0).unwrap(),
    }
    .repeated(3);
    let receipt = receipt(event);
    let mut values = vec![0.0_f32; DRAWS + 1];
    noise.add(&receipt, &mut values, &mut source(8)).unwrap();
    // Kolmogorov-Smirnov: Massart's bound 2 exp(-2 n d^2) is 1e-6 at d = sqrt(7.25 / n).
    let mut sorted: Vec<f64> = values.iter().map(|x| f64::from(*x) / 2.0).collect();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len() as f64;
    let below = |x: f64| {
        // Abramowitz & Stegun 7.1.26, good to 1.5e-7, far below the distance that matters.
        let t = 1.0 / (1.0 + 0.327_591_1 * x.abs() / std::f64::consts::SQRT_2);
        let poly = t
            * (0.254_829_592
                + t * (-0.284_496_736
                    + t * (1.421_413_741 + t * (-1.453_152_027 + t * 1.061_405_429))));
        let half = 0.5 * poly * (-0.5 * x * x).exp();
        if x > 0.0 { 1.0 - half } else { half }
    };
    let distance = sorted
        .iter()
        .enumerate()
        .map(|(i, x)| {
            (below(*x) - i as f64 / n)
                .abs()
                .max((below(*x) - (i + 1) as f64 / n).abs())
        })
        .fold(0.0, f64::max);
    assert!(distance <= (7.25 / n).sqrt(), "{distance}");
    // Odd lengths too: the last value got its noise.
    assert_ne!(values[DRAWS], 0.0);
}

#[test]
fn noise_without_a_matching_charge_is_refused() {
    let mut source = source(0);
    let noise = DiscreteLaplace::new(Sigma::new(2.0).unwrap()).unwrap();
    let other = receipt(Event::PureDp {
        epsilon: Epsilon::new(1.0).unwrap(),
    });
    assert!(noise.release(other, &mut [1, 2], &mut source).is_err());
    let cheap = Selection::new(
        SelectionRule::Exponential,
        Epsilon::new(1.0).unwrap(),
        1,
        Scores::General,
    )
    .unwrap();
    let dear = Selection::new(
        SelectionRule::Exponential,
        Epsilon::new(2.0).unwrap(),
        1,
        Scores::General,
    )
    .unwrap();
    assert!(
        dear.select(receipt(cheap.event()), &[1, 2], &mut source)
            .is_err()
    );
    assert!(
        dear.select(receipt(dear.event()), &[], &mut source)
            .is_err()
    );
    let noise = FloatingPointGaussian::new(Sigma::new(1.0).unwrap());
    assert!(
        noise
            .add(&receipt(cheap.event()), &mut [0.0], &mut source)
            .is_err()
    );
}
