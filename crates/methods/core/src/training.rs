//! The course of a training.

use serde::{Deserialize, Serialize};

/// One number of a training, such as a loss, by step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TrainingCurve {
    /// The name of the number, with its unit.
    pub name: String,
    /// Steps and numbers, in the order of the steps.
    pub points: Vec<(u64, f64)>,
}

impl TrainingCurve {
    /// Creates a curve through these points.
    pub fn new(name: impl Into<String>, points: Vec<(u64, f64)>) -> Self {
        Self {
            name: name.into(),
            points,
        }
    }
}
