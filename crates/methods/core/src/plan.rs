//! The cost of a private fit, before anything is charged.

use std::fmt;

use serde::Serialize;

/// One step of a planned fit: its releases, their cost, and the expected error of an answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlannedStep {
    /// What is released.
    pub purpose: String,
    /// The number of releases. For pairs it is the number that sets the typical noise; the actual
    /// number depends on the scores.
    pub releases: usize,
    /// Zero-concentrated loss of all of them.
    pub rho: f64,
    /// Standard deviation of the noise of an answer, in rows; a typical one where they differ.
    pub sigma: f64,
    /// Expected absolute error of an answer, in people.
    pub people: f64,
}

/// The steps of a fit, from public facts alone: nothing was measured.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Plan {
    /// The steps in order. Their losses sum to the budget.
    pub steps: Vec<PlannedStep>,
    /// Levels are merged until a group holds about this many rows.
    pub merged_below: f64,
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<32} {:>8} {:>12} {:>24}",
            "step", "releases", "rho", "expected error (people)"
        )?;
        for step in &self.steps {
            writeln!(
                f,
                "{:<32} {:>8} {:>12.6} {:>24.1}",
                step.purpose, step.releases, step.rho, step.people
            )?;
        }
        if self.merged_below > 0.0 {
            writeln!(
                f,
                "levels are merged until a group holds about {:.0} people",
                self.merged_below
            )?;
        }
        Ok(())
    }
}
