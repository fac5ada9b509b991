//! Estimation: the model that agrees best with noisy marginals.

use parable_domain::{AttrSet, Domain};

use crate::alignment::Alignment;
use crate::calibration::Layout;
use crate::measurement::total as total_of;
use crate::simplex::project_on_simplex;
use crate::{Factor, JunctionTree, MarkovField, Measurement, ModelError, Tables};

/// Settings of an estimation.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct EstimateConfig {
    /// Most cells of the model. Default 4 million: 32 megabytes a copy, four copies.
    pub max_cells: u64,
    /// Most iterations. Default 1,000.
    pub iterations: usize,
    /// Stop when ten iterations lower the objective by less than this share of it. Default 1e-3:
    /// the objective at the optimum is about half the number of measured cells, of which a
    /// thousandth is far below its own noise.
    pub tolerance: f64,
    /// Weight of the relative entropy to the start, in nats: 0 fits the measurements alone. Default
    /// 0.
    pub prior: f64,
    /// The number of rows. Default `None`: estimated from the measurements.
    pub total: Option<f64>,
}

impl Default for EstimateConfig {
    fn default() -> Self {
        Self {
            max_cells: 4_000_000,
            iterations: 1_000,
            tolerance: 1e-3,
            prior: 0.0,
            total: None,
        }
    }
}

impl EstimateConfig {
    /// Sets the largest number of cells.
    #[must_use]
    pub fn with_max_cells(mut self, max_cells: u64) -> Self {
        self.max_cells = max_cells;
        self
    }

    /// Sets the largest number of iterations.
    #[must_use]
    pub fn with_iterations(mut self, iterations: usize) -> Self {
        self.iterations = iterations;
        self
    }

    /// Sets the tolerance.
    #[must_use]
    pub fn with_tolerance(mut self, tolerance: f64) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// Sets the pull towards the start.
    #[must_use]
    pub fn with_prior(mut self, prior: f64) -> Self {
        self.prior = prior;
        self
    }

    /// Sets the known number of rows.
    #[must_use]
    pub fn with_total(mut self, total: f64) -> Self {
        self.total = Some(total);
        self
    }
}

/// A model and how well it agrees.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Estimate {
    /// The model.
    pub field: MarkovField,
    /// Half the sum of squared residuals in units of their standard deviations.
    pub objective: f64,
    /// Iterations done.
    pub iterations: usize,
    /// Whether the tolerance was met.
    pub converged: bool,
}

/// The model of independent columns that agrees best with the one-way measurements: the projection
/// on the simplex, column by column.
///
/// Measurements of several attributes are ignored, columns without a measurement are uniform.
/// Repeated measurements of a column are combined by their precision.
///
/// # Errors
/// An attribute beyond the domain.
pub fn independent(
    domain: &Domain,
    measurements: &[Measurement],
    rows: Option<f64>,
) -> Result<MarkovField, ModelError> {
    let rows = rows.unwrap_or_else(|| estimated_rows(measurements));
    let mut factors = Vec::with_capacity(domain.len());
    for (attr, own) in domain.attrs().iter().enumerate() {
        let set = AttrSet::new([attr as u32]);
        let mut weights = vec![0.0; own.levels as usize];
        let mut sums = vec![0.0; own.levels as usize];
        for measurement in measurements.iter().filter(|m| *m.attrs() == set) {
            for (cell, (count, sigma)) in measurement
                .counts()
                .iter()
                .zip(measurement.sigmas())
                .enumerate()
            {
                sums[cell] += count / (sigma * sigma);
                weights[cell] += 1.0 / (sigma * sigma);
            }
        }
        if weights.iter().all(|&weight| weight > 0.0) {
            let counts: Vec<f64> = sums.iter().zip(&weights).map(|(s, w)| s / w).collect();
            let sigmas: Vec<f64> = weights.iter().map(|w| (1.0 / w).sqrt()).collect();
            let nearest = project_on_simplex(&counts, &sigmas, rows);
            let logs = nearest.iter().map(|count| (count / rows).ln()).collect();
            factors.push(Factor::new(domain, set, logs)?);
        }
    }
    let cells: u64 = domain
        .attrs()
        .iter()
        .map(|attr| u64::from(attr.levels))
        .sum();
    MarkovField::from_factors(domain, &factors, rows, cells)
}

/// The estimated number of rows, at least 1: with less, shares mean nothing.
fn estimated_rows(measurements: &[Measurement]) -> f64 {
    total_of(measurements).map_or(1.0, |(total, _)| total.max(1.0))
}

/// The model whose marginals agree best with the measurements: it minimises half the sum of
/// `((model - measured) / sigma)^2`, plus `prior` times the relative entropy to the start.
///
/// Rules (factors with minus infinity where a combination cannot occur) are part of the model and
/// hold in every row made from it. The start is the model of independent columns, or any other
/// model over the same domain: a past release, public data.
///
/// Entropic accelerated gradient: the interior gradient method of Auslender and Teboulle (2006,
/// section 5.2) in the form of Tseng (2008), which mbi also uses, with three differences: the step
/// is found by comparing the quadratic with the relative entropy of the step, both of which are
/// exact here; the pull towards the start enters as a proximal term with the rates of a strongly
/// convex problem; and the average that the method converges in is kept as marginals of whole
/// cliques, which is itself a model, so that no second fit is needed.
///
/// # Errors
/// [`ModelError::TooLarge`] before anything is allocated; [`ModelError::Impossible`] if rules
/// exclude everything; attributes beyond the domain; a start over another domain.
pub fn estimate(
    domain: &Domain,
    measurements: &[Measurement],
    rules: &[Factor],
    start: Option<&MarkovField>,
    config: &EstimateConfig,
) -> Result<Estimate, ModelError> {
    let rows = config
        .total
        .unwrap_or_else(|| estimated_rows(measurements))
        .max(1.0);
    if start.is_some_and(|start| start.domain() != domain) {
        return Err(ModelError::OtherDomain);
    }
    let sets: Vec<AttrSet> = measurements
        .iter()
        .map(|m| m.attrs().clone())
        .chain(rules.iter().map(|rule| rule.attrs().clone()))
        .collect();
    let tree = JunctionTree::build_within(domain, &sets, config.max_cells)?;
    let layout = Layout::new(domain, tree)?;
    let mut base = layout.potentials(rules);
    match start {
        Some(start) => add_start(&layout, start, &mut base)?,
        None => add_start(
            &layout,
            &independent(domain, measurements, Some(rows))?,
            &mut base,
        )?,
    }
    let problem = Problem::new(&layout, measurements, rows, base);
    let solution = problem.solve(config)?;
    Ok(Estimate {
        field: MarkovField::from_beliefs(domain.clone(), rows, layout.clone(), solution.beliefs),
        objective: solution.objective,
        iterations: solution.iterations,
        converged: solution.converged,
    })
}

/// Adds the logarithms of a model's conditional tables to potentials. Cells the start holds
/// impossible for lack of evidence alone stay possible: a tenth of a row is spread over them.
fn add_start(
    layout: &Layout,
    start: &MarkovField,
    base: &mut [Vec<f64>],
) -> Result<(), ModelError> {
    for (clique, potential) in base.iter_mut().enumerate() {
        let attrs = &layout.tree.cliques()[clique];
        let mut table = if start.tree().len() == start.domain().len() {
            // Independent columns: the product of the one-way tables, each with its own small
            // floor.
            let mut table = vec![1.0; potential.len()];
            for attr in attrs.iter() {
                let set = AttrSet::new([attr]);
                let mut shares = start.marginal(&set)?;
                let floor = 0.1 / shares.len() as f64;
                shares.iter_mut().for_each(|share| *share += floor);
                layout
                    .within(clique, &set)
                    .broadcast(&mut table, &shares, |cell, share| *cell *= share);
            }
            table
        } else {
            start.marginal(attrs)?
        };
        let floor = 1e-9 * table.iter().sum::<f64>() / table.len() as f64;
        table.iter_mut().for_each(|cell| *cell += floor);
        for (cell, log) in potential
            .iter_mut()
            .zip(layout.conditional_logs(clique, &table))
        {
            *cell += log;
        }
    }
    Ok(())
}

/// One measurement, seen from the clique that holds it, in shares of rows.
struct Target<'a> {
    clique: usize,
    alignment: Alignment,
    measurement: &'a Measurement,
    weights: Vec<f64>,
}

struct Problem<'a> {
    layout: &'a Layout,
    targets: Vec<Target<'a>>,
    rows: f64,
    base: Tables,
}

struct Solution {
    beliefs: Tables,
    objective: f64,
    iterations: usize,
    converged: bool,
}

/// The numbers of one accelerated step.
#[derive(Clone, Copy)]
struct StepSize {
    step: f64,
    /// Weight of the new point among all points so far.
    share: f64,
    /// Convexity gathered so far.
    strength: f64,
    /// Weight of the prior.
    prior: f64,
}

/// Marginals of a model on the measured sets, with its cliques and the logarithm of its normalising
/// sum.
struct Point {
    beliefs: Tables,
    marginals: Tables,
    log_sum: f64,
}

impl<'a> Problem<'a> {
    fn new(layout: &'a Layout, measurements: &'a [Measurement], rows: f64, base: Tables) -> Self {
        let targets = measurements
            .iter()
            .map(|measurement| {
                let clique = layout
                    .tree
                    .cover(measurement.attrs())
                    .expect("the tree was built to hold it");
                Target {
                    clique,
                    alignment: layout.within(clique, measurement.attrs()),
                    weights: measurement.sigmas().iter().map(|s| 1.0 / (s * s)).collect(),
                    measurement,
                }
            })
            .collect();
        Self {
            layout,
            targets,
            rows,
            base,
        }
    }

    /// The model with these coefficients on the measured marginals.
    fn point(&self, coefficients: &[Vec<f64>]) -> Point {
        let mut beliefs = self.base.clone();
        for (target, coefficient) in self.targets.iter().zip(coefficients) {
            let table = &mut beliefs[target.clique];
            target
                .alignment
                .broadcast(table, coefficient, |cell, value| *cell += value);
        }
        let log_sum = self.layout.calibrate(&mut beliefs);
        let marginals = self
            .targets
            .iter()
            .map(|target| target.alignment.sums(&beliefs[target.clique]))
            .collect();
        Point {
            beliefs,
            marginals,
            log_sum,
        }
    }

    fn objective(&self, marginals: &[Vec<f64>]) -> f64 {
        let terms = self
            .targets
            .iter()
            .zip(marginals)
            .map(|(target, marginal)| {
                let counts = target.measurement.counts();
                (0..counts.len())
                    .map(|i| target.weights[i] * (self.rows * marginal[i] - counts[i]).powi(2))
                    .sum::<f64>()
            });
        0.5 * terms.sum::<f64>()
    }

    fn solve(&self, config: &EstimateConfig) -> Result<Solution, ModelError> {
        let prior = config.prior.max(0.0);
        let mut coefficients: Tables = self
            .targets
            .iter()
            .map(|t| vec![0.0; t.weights.len()])
            .collect();
        let mut z = self.point(&coefficients);
        if z.log_sum == f64::NEG_INFINITY {
            return Err(ModelError::Impossible {
                attrs: self
                    .layout
                    .tree
                    .cliques()
                    .first()
                    .cloned()
                    .unwrap_or_default(),
            });
        }
        let mut x = z.beliefs.clone();
        let mut x_marginals = z.marginals.clone();
        let mut objective = self.objective(&x_marginals);
        let mut history = vec![objective];
        // The largest curvature along any direction of total variation 1; far less is found by
        // trying.
        let steepest: f64 = self
            .targets
            .iter()
            .map(|t| t.weights.iter().copied().fold(0.0, f64::max))
            .sum();
        let bound = steepest * self.rows * self.rows;
        let (mut lipschitz, mut weight_sum) = (bound / 64.0, 0.0f64);
        let mut converged = self.targets.is_empty() || bound == 0.0;
        let mut iterations = 0;
        while !converged && iterations < config.iterations {
            iterations += 1;
            let strength = 1.0 + prior * weight_sum;
            let (step, next, next_z) = loop {
                let step = (strength
                    + (strength * strength + 4.0 * lipschitz * weight_sum * strength).sqrt())
                    / (2.0 * lipschitz);
                let size = StepSize {
                    step,
                    share: step / (weight_sum + step),
                    strength,
                    prior,
                };
                let next = self.step(&coefficients, &x_marginals, &z, size);
                let next_z = self.point(&next);
                let (quadratic, entropy) = self.compare(&coefficients, &next, &z, &next_z);
                if quadratic <= lipschitz * entropy || lipschitz >= bound {
                    // Where the step was cautious, the next may be bolder.
                    if entropy > 0.0 {
                        let seen = 1.3 * quadratic / entropy;
                        lipschitz = lipschitz.min(seen.max(0.7 * lipschitz));
                    }
                    break (step, next, next_z);
                }
                lipschitz = (lipschitz * 2.0).min(bound);
            };
            weight_sum += step;
            let share = step / weight_sum;
            mix(&mut x, &next_z.beliefs, share);
            mix(&mut x_marginals, &next_z.marginals, share);
            coefficients = next;
            z = next_z;
            objective = self.objective(&x_marginals);
            history.push(objective);
            let window = 10;
            converged = history.len() > window
                && (history[history.len() - 1 - window] - objective).abs()
                    <= config.tolerance * objective.max(1e-300);
        }
        Ok(Solution {
            beliefs: x,
            objective,
            iterations,
            converged,
        })
    }

    /// The coefficients after a step along the gradient at the point between `x` and `z`.
    fn step(
        &self,
        coefficients: &[Vec<f64>],
        x_marginals: &[Vec<f64>],
        z: &Point,
        size: StepSize,
    ) -> Tables {
        let StepSize {
            step,
            share,
            strength,
            prior,
        } = size;
        let scale = 1.0 / (strength + prior * step);
        self.targets
            .iter()
            .enumerate()
            .map(|(index, target)| {
                let counts = target.measurement.counts();
                let (x, z) = (&x_marginals[index], &z.marginals[index]);
                (0..counts.len())
                    .map(|i| {
                        let y = x[i] + share * (z[i] - x[i]);
                        let gradient = self.rows * target.weights[i] * (self.rows * y - counts[i]);
                        (coefficients[index][i] * strength - step * gradient) * scale
                    })
                    .collect()
            })
            .collect()
    }

    /// Half the curvature along a step, and its relative entropy.
    fn compare(
        &self,
        before: &[Vec<f64>],
        after: &[Vec<f64>],
        z: &Point,
        next: &Point,
    ) -> (f64, f64) {
        let (mut quadratic, mut inner) = (0.0, 0.0);
        for (index, target) in self.targets.iter().enumerate() {
            for i in 0..target.weights.len() {
                let change = self.rows * (next.marginals[index][i] - z.marginals[index][i]);
                quadratic += 0.5 * target.weights[i] * change * change;
                inner += (after[index][i] - before[index][i]) * next.marginals[index][i];
            }
        }
        (quadratic, (inner - (next.log_sum - z.log_sum)).max(0.0))
    }
}

/// Moves the first tables towards the second by a share of the way.
fn mix(first: &mut [Vec<f64>], second: &[Vec<f64>], share: f64) {
    for (first, second) in first.iter_mut().zip(second) {
        for (a, &b) in first.iter_mut().zip(second) {
            *a += share * (b - *a);
        }
    }
}
