//! Everything about a trial before it is measured: schools, pupils, latents, losses.

use parable_seed::Seed;

use crate::design::{self, School};
use crate::draws::Streams;
use crate::latents::Latents;
use crate::missing::Losses;
use crate::potential::Potential;
use crate::preset::Plan;
use crate::pupils::Pupils;
use crate::{TrialConfig, TrialError};

/// A trial before it is written into columns.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) plan: Plan,
    /// 1, or 0 where the programme has no effect.
    pub(crate) active: f64,
    pub(crate) streams: Streams,
    pub(crate) schools: Vec<School>,
    pub(crate) pupils: Pupils,
    pub(crate) latents: Latents,
    /// The latent of the primary outcome in each pupil's own arm.
    pub(crate) post: Vec<f64>,
    /// The latent of the primary outcome in SD of the control arm.
    pub(crate) post_standardised: Potential,
    /// The same of the second outcome.
    pub(crate) second_standardised: Potential,
    pub(crate) losses: Losses,
}

impl World {
    pub(crate) fn draw(config: &TrialConfig, seed: &Seed) -> Result<Self, TrialError> {
        let (rows, school_count) = config.size()?;
        let plan = config.preset.plan();
        let streams = Streams::new(seed.stream("trials").stream(&config.preset.to_string()));
        let schools = design::schools(&streams, rows, school_count);
        let pupils = Pupils::draw(&streams, &schools);
        let latents = Latents::draw(&streams, &plan, &schools, &pupils, config.null_effects);
        let post = latents.post.observed(&pupils.treated);
        let treated_schools: Vec<bool> = schools.iter().map(|school| school.treated).collect();
        let losses = Losses::draw(&streams, &plan, &treated_schools, &pupils, &post);
        Ok(Self {
            plan,
            active: if config.null_effects { 0.0 } else { 1.0 },
            streams,
            post_standardised: latents.post.standardised(&pupils.treated),
            second_standardised: latents.second.standardised(&pupils.treated),
            schools,
            pupils,
            latents,
            post,
            losses,
        })
    }

    pub(crate) fn rows(&self) -> usize {
        self.pupils.rows()
    }

    /// A value of each school, repeated for its pupils.
    pub(crate) fn of_school<T: Copy>(&self, values: &[T]) -> Vec<T> {
        self.pupils
            .school
            .iter()
            .map(|&school| values[school])
            .collect()
    }
}
