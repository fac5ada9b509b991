//! Both potential outcomes of every pupil.

/// The outcomes of each pupil without and with the programme.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Potential {
    /// Without.
    pub(crate) control: Vec<f64>,
    /// With.
    pub(crate) treated: Vec<f64>,
}

impl Potential {
    /// Creates an outcome that the programme does not affect.
    pub(crate) fn unaffected(values: Vec<f64>) -> Self {
        Self {
            treated: values.clone(),
            control: values,
        }
    }

    /// Returns both outcomes of one pupil, control first.
    #[inline]
    pub(crate) fn pair(&self, row: usize) -> [f64; 2] {
        [self.control[row], self.treated[row]]
    }

    /// Returns the observed outcome of each pupil: that of its own arm.
    pub(crate) fn observed(&self, treated: &[bool]) -> Vec<f64> {
        treated
            .iter()
            .enumerate()
            .map(|(row, &treated)| self.pair(row)[usize::from(treated)])
            .collect()
    }

    /// Applies a function to both outcomes.
    pub(crate) fn map(&self, f: impl Fn(f64) -> f64) -> Self {
        let through = |values: &[f64]| values.iter().map(|&value| f(value)).collect();
        Self {
            control: through(&self.control),
            treated: through(&self.treated),
        }
    }

    /// Returns both outcomes in SD of the control arm, from its mean.
    pub(crate) fn standardised(&self, treated: &[bool]) -> Self {
        let (mean, sd) = self.control_moments(treated);
        let sd = if sd > 0.0 { sd } else { 1.0 };
        self.map(|value| (value - mean) / sd)
    }

    /// Mean and SD of the control arm.
    pub(crate) fn control_moments(&self, treated: &[bool]) -> (f64, f64) {
        let arm = || {
            self.control
                .iter()
                .zip(treated)
                .filter(|&(_, &treated)| !treated)
                .map(|(&value, _)| value)
        };
        let count = arm().count();
        if count < 2 {
            return (arm().sum(), 0.0);
        }
        let mean = arm().sum::<f64>() / count as f64;
        let squares: f64 = arm().map(|value| (value - mean) * (value - mean)).sum();
        (mean, (squares / (count - 1) as f64).sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_seen_is_the_outcome_of_the_own_arm() {
        let potential = Potential {
            control: vec![1.0, 2.0, 4.0],
            treated: vec![10.0, 20.0, 40.0],
        };
        let arms = [false, true, false];
        assert_eq!(potential.observed(&arms), [1.0, 20.0, 4.0]);
        let (mean, sd) = potential.control_moments(&arms);
        assert_eq!((mean, sd), (2.5, 4.5f64.sqrt()));
        assert_eq!(potential.standardised(&arms).control[0], -1.5 / sd);
    }
}
