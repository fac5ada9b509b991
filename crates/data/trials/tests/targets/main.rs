//! The numbers a prototype of the simulator gave against many draws of ours.
//!
//! Two comparisons, because the prototype's numbers are one draw of each preset, rounded, and some
//! of them vary much between draws (with 24 schools an arm the adjusted effect has SD 0.10):
//!
//! 1. The mean of `k` draws is where a long run of this simulator says it is, within `5.5 sd sqrt(1
//!    / k + 1 / K)`, `K` being the draws of the long run (2,000 for A, 400 for B, 100 for C) and
//!    `sd` the SD of one draw found in it. This notices a change of any constant that moves a
//!    figure by a fraction of its own SD. False alarm per figure 4e-8.
//! 2. The prototype's number is a possible draw: within `5 sd` of the mean, plus half a unit of its
//!    last digit.
//!
//! What lies further off than chance would usually have it, and why:
//!
//! - The correlation of C is the prototype's for the mean of both key stage 2 scores (0.740 here);
//!   either alone gives 0.70.
//! - The shares of B (0.23, 0.42, 0.35) are those of our draws if a scaled score of exactly 100
//!   counts as below (0.233, 0.416, 0.351). We keep the rule in words, below 100, which gives
//!   0.203, 0.450, 0.348.
//! - The prototype's draw of A has SD 12.1 of the reading score (2.5 SD of a draw above the mean),
//!   which also thins its middle band and lowers the kurtosis; its draw of B lost about one school
//!   where six are expected, and its draw of C twice as many as expected, which shifts every share
//!   missing and the latent of the missing.
//! - Support and plans of C (0.16 and 0.04) follow if a pupil drawn for both counts as support
//!   (0.155 and 0.038); those of B (0.15 and 0.05) if a plan goes first (0.148 and 0.046). A plan
//!   goes first here, as it does in law; the share with neither is the same, and C's share with
//!   support has no number of the prototype to be compared with.

mod analysis;

use analysis::Figures;
use parable_seed::Seed;
use parable_trials::{Preset, Trial, TrialConfig};

/// One figure.
struct Target {
    name: &'static str,
    /// The prototype's number and one unit of its last digit.
    prototype: Option<(f64, f64)>,
    /// Mean of the long run.
    mean: f64,
    /// SD of one draw in the long run.
    sd: f64,
}

const fn target(name: &'static str, prototype: Option<(f64, f64)>, mean: f64, sd: f64) -> Target {
    Target {
        name,
        prototype,
        mean,
        sd,
    }
}

const A: [Target; 21] = [
    target("cells missing", Some((0.067, 0.001)), 0.0750, 0.0097),
    target("primary: mean", Some((36.9, 0.1)), 37.665, 0.6038),
    target("primary: SD", Some((12.1, 0.1)), 11.323, 0.2860),
    target("primary: skewness", Some((-0.27, 0.01)), -0.4097, 0.0616),
    target(
        "primary: excess kurtosis",
        Some((-0.56, 0.01)),
        -0.4173,
        0.1117,
    ),
    target("ICC, control arm", Some((0.13, 0.01)), 0.1542, 0.0520),
    target(
        "correlation with pre-test",
        Some((0.65, 0.01)),
        0.6157,
        0.0232,
    ),
    target("missing, treated", Some((0.197, 0.001)), 0.1951, 0.0527),
    target("missing, control", Some((0.161, 0.001)), 0.1695, 0.0384),
    target("missing, FSM", Some((0.24, 0.01)), 0.2361, 0.0430),
    target("missing, other", Some((0.16, 0.01)), 0.1650, 0.0340),
    target(
        "latent of the missing",
        Some((-0.21, 0.01)),
        -0.2110,
        0.1307,
    ),
    target("latent of the observed", Some((0.14, 0.01)), 0.1781, 0.0560),
    target("adjusted effect", Some((0.16, 0.01)), 0.1924, 0.1002),
    target("true effect", None, 0.1930, 0.0109),
    target("SEN none", Some((0.8, 0.01)), 0.8063, 0.0115),
    target("SEN support", Some((0.15, 0.01)), 0.1479, 0.0105),
    target("SEN plan", Some((0.05, 0.01)), 0.0458, 0.0062),
    target("one-hot below", Some((0.25, 0.01)), 0.1966, 0.0181),
    target("one-hot middle", Some((0.45, 0.01)), 0.5237, 0.0181),
    target("one-hot higher", Some((0.29, 0.01)), 0.2796, 0.0209),
];

const B: [Target; 21] = [
    target("cells missing", Some((0.083, 0.001)), 0.0845, 0.0033),
    target("primary: mean", Some((51.7, 0.1)), 52.617, 0.4775),
    target("primary: SD", Some((17.8, 0.1)), 17.833, 0.1764),
    target("primary: skewness", Some((-0.24, 0.01)), -0.2781, 0.0248),
    target(
        "primary: excess kurtosis",
        Some((-0.62, 0.01)),
        -0.6088,
        0.0338,
    ),
    target("ICC, control arm", Some((0.11, 0.01)), 0.1301, 0.0249),
    target(
        "correlation with pre-test",
        Some((0.61, 0.01)),
        0.6235,
        0.0090,
    ),
    target("missing, treated", Some((0.109, 0.001)), 0.1535, 0.0311),
    target("missing, control", Some((0.109, 0.001)), 0.1303, 0.0205),
    target("missing, FSM", Some((0.16, 0.01)), 0.1864, 0.0222),
    target("missing, other", Some((0.09, 0.01)), 0.1275, 0.0184),
    target("latent of the missing", Some((-0.5, 0.01)), -0.2767, 0.0799),
    target("latent of the observed", Some((0.06, 0.01)), 0.1108, 0.0281),
    target("adjusted effect", Some((0.09, 0.01)), 0.1041, 0.0544),
    target("true effect", None, 0.1024, 0.0057),
    target("SEN none", Some((0.8, 0.01)), 0.8060, 0.0041),
    target("SEN support", Some((0.15, 0.01)), 0.1483, 0.0038),
    target("SEN plan", Some((0.05, 0.01)), 0.0457, 0.0021),
    target("one-hot below", Some((0.23, 0.01)), 0.2028, 0.0086),
    target("one-hot middle", Some((0.42, 0.01)), 0.4496, 0.0071),
    target("one-hot higher", Some((0.35, 0.01)), 0.3477, 0.0109),
];

const C: [Target; 21] = [
    target("cells missing", Some((0.042, 0.001)), 0.0390, 0.0015),
    target("primary: mean", Some((48.5, 0.1)), 48.160, 0.3361),
    target("primary: SD", Some((18.2, 0.1)), 18.228, 0.0899),
    target("primary: skewness", Some((-0.39, 0.01)), -0.3864, 0.0117),
    target(
        "primary: excess kurtosis",
        Some((-0.01, 0.01)),
        -0.0312,
        0.0237,
    ),
    target("ICC, control arm", Some((0.14, 0.01)), 0.1244, 0.0114),
    target(
        "correlation with pre-test",
        Some((0.73, 0.01)),
        0.7400,
        0.0033,
    ),
    target("missing, treated", Some((0.113, 0.001)), 0.0938, 0.0099),
    target("missing, control", Some((0.096, 0.001)), 0.0847, 0.0086),
    target("missing, FSM", Some((0.14, 0.01)), 0.1236, 0.0077),
    target("missing, other", Some((0.09, 0.01)), 0.0781, 0.0068),
    target(
        "latent of the missing",
        Some((-0.31, 0.01)),
        -0.3690,
        0.0436,
    ),
    target("latent of the observed", Some((0.06, 0.01)), 0.0716, 0.0120),
    target("adjusted effect", Some((0.07, 0.01)), 0.0682, 0.0285),
    target("true effect", None, 0.0652, 0.0039),
    target("SEN none", Some((0.8, 0.01)), 0.8060, 0.0018),
    target("SEN support", None, 0.1482, 0.0015),
    target("SEN plan", Some((0.04, 0.01)), 0.0458, 0.0009),
    target("one-hot below", Some((0.23, 0.01)), 0.2338, 0.0056),
    target("one-hot middle", Some((0.18, 0.01)), 0.1823, 0.0021),
    target("one-hot higher", Some((0.59, 0.01)), 0.5839, 0.0071),
];

#[test]
fn preset_a_has_the_figures_of_the_prototype() {
    check(Preset::A, &A, 100, 2_000);
}

#[test]
fn preset_b_has_the_figures_of_the_prototype() {
    check(Preset::B, &B, 25, 400);
}

#[test]
fn preset_c_has_the_figures_of_the_prototype() {
    check(Preset::C, &C, 6, 100);
}

fn check(preset: Preset, targets: &[Target], draws: u32, long_run: u32) {
    let drawn: Vec<Figures> = (0..u64::from(draws))
        .map(|seed| {
            // The long run took the seeds from 1,000 on.
            let trial = Trial::simulate(&TrialConfig::new(preset), &Seed::from_u64(seed));
            Figures::of(&trial.expect("full size is possible"))
        })
        .collect();
    let mut wrong = Vec::new();
    for target in targets {
        let sum: f64 = drawn.iter().map(|figures| figures.get(target.name)).sum();
        let mean = sum / f64::from(draws);
        let chance = (1.0 / f64::from(draws) + 1.0 / f64::from(long_run)).sqrt();
        // Means and SDs are written with four decimals (three for the larger numbers).
        let tolerance = 5.5 * target.sd * chance + 5e-4;
        if (mean - target.mean).abs() > tolerance {
            wrong.push(format!(
                "{}: {mean:.4}, expected {} within {tolerance:.4}",
                target.name, target.mean
            ));
        }
        if let Some((prototype, unit)) = target.prototype
            && (mean - prototype).abs() > 5.0 * target.sd + 0.5 * unit
        {
            wrong.push(format!(
                "{}: {mean:.4}, the prototype had {prototype}",
                target.name
            ));
        }
    }
    assert!(wrong.is_empty(), "{preset}: {wrong:#?}");
}
