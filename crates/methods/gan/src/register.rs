//! The entries of this crate in a list of methods.

use parable_core::{FitError, MethodConfig, MethodInfo, Priorities};

use crate::{Gan, GanConfig, GanReader, Vae, VaeConfig, VaeReader};

impl MethodConfig for GanConfig {
    /// The marginal teacher measures required sets.
    fn prioritize(&mut self, priorities: &Priorities) -> Result<(), FitError> {
        priorities.refuse_weights()?;
        let required = priorities.required.iter().cloned();
        self.marginals.required.extend(required);
        Ok(())
    }
}

impl MethodConfig for VaeConfig {}

/// Describes [`Gan`] and [`Vae`] for a list of methods.
#[must_use]
pub fn methods() -> [MethodInfo; 2] {
    let gan = MethodInfo::new(
        "gan",
        "a generating network taught by noisy tables or by a private discriminator",
        Gan::new,
    );
    let vae = MethodInfo::new(
        "vae",
        "a variational autoencoder; private by DP-SGD (clipped gradients with noise)",
        Vae::new,
    );
    [gan.with_reader(GanReader), vae.with_reader(VaeReader)]
}
