//! Numbers from reference implementations (`tests/vectors`; each file says where its numbers come
//! from), every family at the tolerance that it states.

use serde_json::Value;

use crate::accounting::analytic_gaussian;
use crate::accounting::composition::{Composition, Release, Scheme, stopping_probability};
use crate::accounting::convert;
use crate::accounting::renyi;
use crate::accounting::sampled_gaussian::{Direction, log_delta};
use crate::number::{Delta, Epsilon, Mean, NoiseMultiplier, Order, Rho, Shape};
use crate::{gaussian_epsilon, gaussian_log_delta, gaussian_noise_multiplier};

/// The cases of one family.
macro_rules! family {
    ($name:literal) => {
        Family::parse(
            $name,
            include_str!(concat!("../../tests/vectors/", $name, ".json")),
        )
    };
}

mod compositions;

pub(crate) struct Family {
    name: &'static str,
    cases: Vec<Value>,
}

impl Family {
    pub(crate) fn parse(name: &'static str, text: &str) -> Self {
        let mut file: Value = serde_json::from_str(text).expect("a vector file is JSON");
        let Value::Array(cases) = file["cases"].take() else {
            panic!("{name} has no cases")
        };
        assert!(!cases.is_empty());
        Self { name, cases }
    }

    /// Runs a check on every case; reports all failures together.
    pub(crate) fn each(&self, check: impl Fn(&Case<'_>) -> Result<(), String>) {
        let mut failures = Vec::new();
        for case in &self.cases {
            if let Err(text) = check(&Case(case)) {
                failures.push(format!(
                    "{}-{}: {text} {}",
                    self.name, case["id"], case["params"]
                ));
            }
        }
        let shown = failures
            .iter()
            .take(12)
            .cloned()
            .collect::<Vec<_>>()
            .join("\n");
        assert!(
            failures.is_empty(),
            "{} of {} cases:\n{shown}",
            failures.len(),
            self.cases.len()
        );
    }
}

pub(crate) struct Case<'a>(pub(crate) &'a Value);

impl Case<'_> {
    pub(crate) fn param(&self, name: &str) -> f64 {
        number(&self.0["params"][name])
    }
    pub(crate) fn has(&self, name: &str) -> bool {
        !self.0["params"][name].is_null()
    }
    pub(crate) fn text(&self, name: &str) -> &str {
        self.0["params"][name].as_str().unwrap_or("")
    }
    pub(crate) fn expected(&self, name: &str) -> f64 {
        number(&self.0["expected"][name])
    }
    pub(crate) fn is(&self, name: &str, value: f64) -> Result<(), String> {
        let expected = self.expected(name);
        let tolerance = |key: &str| self.0["tolerance"][key].as_f64().unwrap_or(0.0);
        near(name, value, expected, tolerance("rel"), tolerance("abs"))
    }
}

pub(crate) fn number(value: &Value) -> f64 {
    match value {
        Value::String(text) => text.parse().expect("a number written as text"),
        _ => value
            .as_f64()
            .unwrap_or_else(|| panic!("{value} is not a number")),
    }
}

pub(crate) fn near(
    name: &str,
    value: f64,
    expected: f64,
    relative: f64,
    absolute: f64,
) -> Result<(), String> {
    let fine =
        value == expected || (value - expected).abs() <= absolute + relative * expected.abs();
    if fine {
        Ok(())
    } else {
        Err(format!("{name} is {value:e}, expected {expected:e}"))
    }
}

fn divergence(release: Release, order: f64) -> f64 {
    renyi::composition_at(
        &Composition {
            parts: vec![(release, 1)],
            loose: false,
        },
        order,
    )
}

#[test]
fn renyi_of_gaussian() {
    family!("rdp_gaussian").each(|case| {
        let mu = 1.0 / case.param("sigma");
        case.is(
            "rdp",
            divergence(
                Release::Gaussian {
                    mu_squared: mu * mu,
                },
                case.param("alpha"),
            ),
        )
    });
}

#[test]
fn renyi_of_sampled_gaussian() {
    family!("rdp_subsampled_gaussian").each(|case| {
        let release = Release::SampledGaussian {
            scheme: Scheme::Poisson,
            rate: case.param("q"),
            sigma: case.param("sigma"),
        };
        // Stricter than stated (1e-9 and 1e-14): relative accuracy has no floor.
        near(
            "rdp",
            divergence(release, case.param("alpha")),
            case.expected("rdp"),
            1e-9,
            0.0,
        )
    });
}

#[test]
fn renyi_of_laplace() {
    family!("rdp_laplace").each(|case| {
        let scale = case.param("scale") / case.param("sensitivity");
        case.is(
            "rdp",
            divergence(Release::Laplace { scale }, case.param("alpha")),
        )
    });
}

#[test]
fn renyi_of_sampled_laplace() {
    family!("rdp_subsampled_laplace").each(|case| {
        let release = Release::SampledLaplace {
            rate: case.param("q"),
            scale: case.param("scale"),
        };
        case.is("rdp", divergence(release, case.param("alpha")))
    });
}

#[test]
fn renyi_of_randomized_response() {
    family!("rdp_randomized_response").each(|case| {
        let release = Release::RandomizedResponse {
            categories: case.param("k") as u32,
            noise: case.param("p"),
        };
        case.is("pure_eps", release.pure_epsilon())?;
        case.is("rdp", divergence(release, case.param("alpha")))
    });
}

#[test]
fn renyi_of_exponential_mechanism() {
    family!("rdp_exponential_mechanism").each(|case| {
        let value = divergence(
            Release::BoundedRange {
                range: case.param("eta"),
            },
            case.param("alpha"),
        );
        if value
            > case
                .expected("zcdp_bound")
                .min(case.expected("pure_dp_bound"))
                * (1.0 + 1e-12)
        {
            return Err("above the simple bounds".to_owned());
        }
        case.is("rdp", value)
    });
}

#[test]
fn renyi_of_discrete_gaussian() {
    family!("discrete_gaussian").each(|case| {
        if case.text("quantity") != "rdp" {
            return Ok(());
        }
        case.is(
            "rdp",
            renyi::discrete_gaussian(
                case.param("sigma"),
                case.param("shift"),
                case.param("alpha"),
            ),
        )
    });
}

#[test]
fn renyi_of_sampling_without_replacement() {
    family!("rdp_wor_gaussian").each(|case| {
        let release = Release::SampledGaussian {
            scheme: Scheme::Exchange,
            rate: case.param("q"),
            sigma: case.param("sigma"),
        };
        let value = divergence(release, case.param("alpha"));
        let high = case.expected("rdp_upper").min(case.expected("unamplified"));
        if value >= case.expected("rdp_lower") * (1.0 - 1e-12) && value <= high * (1.0 + 1e-6) {
            Ok(())
        } else {
            Err(format!(
                "{value} outside {}..{high}",
                case.expected("rdp_lower")
            ))
        }
    });
}

#[test]
fn renyi_of_tree_aggregation() {
    use crate::{Event, PrivacyUnit, Relation};
    family!("tree_aggregation").each(|case| {
        let event = Event::TreeAggregation {
            noise_multiplier: NoiseMultiplier::new(case.param("sigma")).unwrap(),
            steps: case.param("steps") as u64,
        };
        let unit = PrivacyUnit::new(Relation::ReplaceNull, 1).unwrap();
        let order = Order::new(case.param("alpha")).unwrap();
        case.is(
            "rdp",
            renyi::renyi_divergence(&event, &unit, order).unwrap().get(),
        )
    });
}

/// The grid of orders that the reference numbers were made with.
fn default_orders() -> Vec<f64> {
    let mut orders: Vec<f64> = (11..110).map(|tenth| f64::from(tenth) / 10.0).collect();
    orders.extend((11..64).map(f64::from));
    orders.extend([128.0, 256.0, 512.0, 1024.0]);
    orders
}

#[test]
fn repeat_and_select() {
    family!("repeat_and_select").each(|case| {
        let (mean, shape) = (case.param("mean_repetitions"), case.param("shape"));
        let mu = 1.0 / case.param("sigma");
        let run = Composition {
            parts: vec![(
                Release::Gaussian {
                    mu_squared: mu * mu,
                },
                1,
            )],
            loose: false,
        };
        // On the grid of the reference, the formula gives its numbers; the continuous search is
        // never worse.
        let orders = default_orders();
        let plain = |order: f64| renyi::composition_at(&run, order);
        let curve: Vec<f64> = if shape == f64::INFINITY {
            orders
                .iter()
                .map(|&order| {
                    let epsilon = (1.0 / (order - 1.0)).ln_1p();
                    let log_delta = orders
                        .iter()
                        .map(|&o| convert::log_delta_at(o, plain(o), epsilon))
                        .fold(0.0, f64::min);
                    plain(order) + mean * log_delta.exp() + mean.ln() / (order - 1.0)
                })
                .collect()
        } else {
            let stopping =
                stopping_probability(Mean::new(mean).unwrap(), Shape::new(shape).unwrap()).unwrap();
            near("gamma", stopping, case.expected("gamma"), 1e-8, 0.0)?;
            let fixed = orders
                .iter()
                .map(|&o| renyi::negative_binomial_terms(stopping, shape, o, plain(o)))
                .fold(f64::INFINITY, f64::min);
            let raw: Vec<f64> = orders
                .iter()
                .map(|&o| plain(o) + fixed + mean.ln() / (o - 1.0))
                .collect();
            (0..raw.len())
                .map(|i| raw[i..].iter().copied().fold(f64::INFINITY, f64::min))
                .collect()
        };
        let delta = case.param("delta");
        let epsilon = |values: &dyn Fn(usize) -> f64| {
            (0..orders.len())
                .map(|i| convert::epsilon_at(orders[i], values(i), delta))
                .fold(f64::INFINITY, f64::min)
        };
        case.is("eps", epsilon(&|i| curve[i]))?;
        for pair in case.0["expected"]["rdp_at"].as_array().unwrap() {
            let (order, value) = (number(&pair[0]), number(&pair[1]));
            let index = orders
                .iter()
                .position(|o| (o - order).abs() < 1e-9)
                .unwrap();
            near("rdp_at", curve[index], value, 1e-6, 0.0)?;
            let release = if shape == f64::INFINITY {
                Release::BestOfPoisson {
                    mean,
                    run: Box::new(run.clone()),
                }
            } else {
                let stopping =
                    stopping_probability(Mean::new(mean).unwrap(), Shape::new(shape).unwrap())
                        .unwrap();
                Release::BestOfNegativeBinomial {
                    stopping,
                    mean,
                    shape,
                    run: Box::new(run.clone()),
                }
            };
            if renyi::at(&release, order) > value * (1.0 + 1e-6) {
                return Err(format!(
                    "continuous search at {order} is worse than the grid"
                ));
            }
        }
        Ok(())
    });
}

#[test]
fn renyi_to_approximate() {
    family!("rdp_to_eps_delta").each(|case| {
        let delta = case.param("delta");
        if case.has("orders") {
            let release = Release::SampledGaussian {
                scheme: Scheme::Poisson,
                rate: case.param("q"),
                sigma: case.param("sigma"),
            };
            let run = Composition {
                parts: vec![(release, case.param("steps") as u64)],
                loose: false,
            };
            let epsilon = default_orders()
                .iter()
                .map(|&order| convert::epsilon_at(order, renyi::composition_at(&run, order), delta))
                .fold(f64::INFINITY, f64::min);
            // The stated number comes from a package whose fractional orders are too large in eight
            // cases (by 1.2 % at most); there the other package, on the same grid, decides, and we
            // are never above the first.
            return case.is("eps_default_grid", epsilon).or_else(|text| {
                let lower = epsilon < case.expected("eps_default_grid");
                if lower {
                    near("eps", epsilon, case.expected("eps_opacus"), 1e-7, 0.0)
                } else {
                    Err(text)
                }
            });
        }
        let (order, loss) = (case.param("order"), case.param("rdp"));
        case.is(
            "eps_unclamped",
            loss + convert::conversion(order - 1.0, delta.ln()),
        )?;
        let epsilon = convert::renyi_to_epsilon(
            Order::new(order).unwrap(),
            Epsilon::new(loss).unwrap(),
            Delta::new(delta).unwrap(),
        );
        case.is("eps_with_kl_rule", epsilon.get())?;
        let target = Epsilon::new(case.param("target_eps")).unwrap();
        let found = convert::renyi_to_delta(
            Order::new(order).unwrap(),
            Epsilon::new(loss).unwrap(),
            target,
        );
        case.is("delta_with_kl_rule", found.get())
    });
}

#[test]
fn tightest_conversion_is_never_undercut() {
    family!("optimal_conversion").each(|case| {
        let list = |name: &str| {
            case.0["params"][name]
                .as_array()
                .unwrap()
                .iter()
                .map(number)
                .collect::<Vec<_>>()
        };
        let (orders, losses) = (list("orders"), list("rdp"));
        let epsilon = case.param("eps");
        let best = |rule: &dyn Fn(f64, f64) -> f64| {
            orders
                .iter()
                .zip(&losses)
                .map(|(&o, &r)| rule(o, r))
                .fold(0.0, f64::min)
                .exp()
        };
        let plain = best(&|order, loss| {
            let a = order - 1.0;
            a * (loss - epsilon) - a.ln() + (1.0 + a) * (a.ln() - a.ln_1p())
        });
        case.is("delta_cks", plain)?;
        let ours = best(&|order, loss| convert::log_delta_at(order, loss, epsilon));
        if ours >= case.expected("delta_optimal") * (1.0 - 1e-7) {
            Ok(())
        } else {
            Err(format!("{ours} is too low"))
        }
    });
}

#[test]
fn zcdp_conversions() {
    family!("zcdp").each(|case| {
        let (epsilon, delta) = (
            Epsilon::new(case.param("eps")).unwrap(),
            Delta::new(case.param("delta")).unwrap(),
        );
        case.is(
            "rho_of_eps_delta",
            convert::zcdp_from_approx(epsilon, delta).get(),
        )?;
        if case.has("rho") {
            let rho = Rho::new(case.param("rho")).unwrap();
            // Case 13 has five digits only (log delta of -3.4e-16, where the exact one is
            // -exp(epsilon - rho) to first order).
            near(
                "log_delta",
                convert::zcdp_to_log_delta(rho, epsilon),
                case.expected("log_delta"),
                1e-9,
                1e-19,
            )?;
            case.is(
                "delta_of_rho_eps",
                convert::zcdp_to_delta(rho, epsilon).get(),
            )?;
            case.is(
                "eps_of_rho_delta",
                convert::zcdp_to_epsilon(rho, delta).get(),
            )?;
        }
        Ok(())
    });
}

#[test]
fn analytic_gaussian() {
    family!("analytic_gaussian").each(|case| {
        let (epsilon, delta) = (
            Epsilon::new(case.param("eps")).unwrap(),
            Delta::new(case.param("delta")).unwrap(),
        );
        let sigma = NoiseMultiplier::new(case.param("sigma")).unwrap();
        case.is("log_delta_of_sigma_eps", gaussian_log_delta(sigma, epsilon))?;
        case.is("eps_of_sigma_delta", gaussian_epsilon(sigma, delta).get())?;
        let found = gaussian_noise_multiplier(epsilon, delta).get();
        if analytic_gaussian::log_delta(1.0 / found, epsilon.get()) > delta.get().ln() {
            return Err("the noise does not reach the target".to_owned());
        }
        case.is("sigma_of_eps_delta", found)
    });
}

#[test]
fn one_step_of_sampled_gaussian() {
    family!("one_step_delta").each(|case| {
        let (rate, sigma, epsilon) = (case.param("q"), case.param("sigma"), case.param("eps"));
        case.is(
            "delta_remove",
            log_delta(Scheme::Poisson, Direction::Remove, rate, sigma, epsilon).exp(),
        )?;
        case.is(
            "delta_add",
            log_delta(Scheme::Poisson, Direction::Add, rate, sigma, epsilon).exp(),
        )
    });
}
