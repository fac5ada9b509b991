//! The cost of a fit, before anything is spent.

use parable_core::{FitError, Plan, PlannedStep, distances_squared, sigma_for};
use parable_domain::Domain;
use parable_dp::{PrivacyUnit, Rho};
use parable_measure::{MEAN_ABSOLUTE, cost_of_scores};

use crate::aim;
use crate::config::{MstConfig, Strategy};
use crate::release::workload;

/// Plans a fit of this domain: what it would spend and how far its answers would be off, for about
/// this many rows.
///
/// # Errors
/// Settings that name unknown columns or contradict themselves.
pub fn plan(
    config: &MstConfig,
    domain: &Domain,
    rows: f64,
    rho: Rho,
    unit: PrivacyUnit,
) -> Result<Plan, FitError> {
    let workload = workload(config, domain)?;
    if domain.is_empty() || !(rows > 0.0 && rows.is_finite()) {
        return Err(FitError::setting(
            "rows",
            "a plan needs columns and a number of rows above 0",
        ));
    }
    let (total, squared) = (rho.get(), unit.counts_squared());
    let columns = domain.len();
    let pairs = columns * (columns - 1) / 2;
    let step = |purpose: &str, releases: usize, rho: f64, squared: u64| {
        let sigma = sigma_for(rho / releases.max(1) as f64, squared).get();
        Ok::<_, FitError>(PlannedStep {
            purpose: purpose.to_owned(),
            releases,
            rho,
            sigma,
            people: MEAN_ABSOLUTE * sigma,
        })
    };
    let (mut steps, merged_below) = match &config.strategy {
        Strategy::Independent => {
            let first = config.columns_share * total;
            let steps = vec![
                step("columns, first look", columns, first, squared)?,
                step("columns again", columns, total - first, squared)?,
            ];
            (steps, 0.0)
        }
        Strategy::Mst => {
            let first = step("columns", columns, total / 3.0, squared)?;
            let merged = 3.0 * first.sigma;
            let edges = columns.saturating_sub(1);
            let mut choice = step("choice of pairs", edges, total / 3.0, 1)?;
            // A choice has no noise of its own: what it may miss is about 2 over epsilon of a
            // round, with epsilon = sqrt(8 rho).
            choice.sigma = 2.0 / (8.0 * choice.rho / edges.max(1) as f64).sqrt();
            choice.people = choice.sigma;
            (
                vec![first, choice, step("pairs", edges, total / 3.0, squared)?],
                merged,
            )
        }
        Strategy::Aim { .. } => {
            let first = config.columns_share * total;
            let (again, left) = (
                aim::COLUMNS_AGAIN * (total - first),
                (1.0 - aim::COLUMNS_AGAIN) * (total - first),
            );
            // How many there will be depends on what they show; two per column are typical.
            let rounds = 2 * columns;
            let mut choice = step("choice of marginals", rounds, aim::CHOICE * left, 1)?;
            choice.sigma = 2.0 / (8.0 * choice.rho / rounds as f64).sqrt();
            choice.people = choice.sigma;
            let steps = vec![
                step("columns, first look", columns, first, squared)?,
                choice,
                step("marginals", rounds, (1.0 - aim::CHOICE) * left, squared)?,
                step("columns again", columns, again, squared)?,
            ];
            let merged = config.merge * sigma_for(left / rounds as f64, squared).get();
            (
                steps,
                merged.max(config.finest_share * rows).min(0.1 * rows),
            )
        }
        strategy => {
            let first = config.columns_share * total;
            let mut steps = vec![step("columns, first look", columns, first, squared)?];
            let mut left = total - first;
            let direct = matches!(strategy, Strategy::Direct { .. });
            if !direct && pairs > 0 {
                let squared = distances_squared(unit, pairs);
                let share = cost_of_scores(unit, pairs, rows, config.scores_share * total);
                left -= share;
                steps.push(step("scores of all pairs", 1, share, squared)?);
            }
            let typical = if direct {
                workload.required().len() + columns
            } else {
                2 * columns
            };
            steps.push(step(
                "chosen sets and columns again",
                typical,
                left,
                squared,
            )?);
            let merged = config.merge * steps[steps.len() - 1].sigma;
            (
                steps,
                merged.max(config.finest_share * rows).min(0.1 * rows),
            )
        }
    };
    steps.retain(|step| step.releases > 0);
    Ok(Plan {
        steps,
        merged_below,
    })
}
