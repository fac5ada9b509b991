//! A simulated trial: its table and the truth behind it.

use parable_seed::Seed;
use parable_table::Table;

use crate::sheet::{Sheet, missing_shares};
use crate::truth::{Format, LatentTruth, MissingTruth, PrimaryMissing, Truth};
use crate::world::World;
use crate::{Preset, TrialConfig, TrialError, preset_a, preset_b, preset_c};

/// A simulated trial.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Trial {
    /// The table that an analyst would receive: one row a pupil, schools one after the other.
    pub table: Table,
    /// The truth that only the simulator knows.
    pub truth: Truth,
}

impl Trial {
    /// Simulates a trial: the same configuration and seed give the same table and truth, on any
    /// number of threads.
    ///
    /// On other platforms the last bit of an exponential or logarithm may differ, and with it,
    /// rarely, a score by one point.
    ///
    /// # Errors
    /// [`TrialError`] if there are fewer than two schools, fewer than eight pupils a school, or
    /// more than twenty million pupils.
    pub fn simulate(config: &TrialConfig, seed: &Seed) -> Result<Self, TrialError> {
        let world = World::draw(config, seed)?;
        let mut sheet = Sheet::default();
        let key = match config.preset {
            Preset::A => preset_a::write(&world, &mut sheet),
            Preset::B => preset_b::write(&world, &mut sheet),
            Preset::C => preset_c::write(&world, &mut sheet),
        };
        let (table, outcomes, mechanisms) = sheet.finish();
        let (cells, columns) = missing_shares(&table);
        let (_, primary) = table
            .named(key.primary)
            .expect("the preset has its primary outcome");
        let lost: Vec<bool> = (0..table.rows())
            .map(|row| primary.is_missing(row))
            .collect();
        let truth = Truth {
            format: Format,
            preset: config.preset,
            seed: *seed,
            null_effects: config.null_effects,
            pupils: table.rows(),
            schools: world.schools.len(),
            treated_schools: world.schools.iter().filter(|school| school.treated).count(),
            primary: key.primary.to_owned(),
            placebo: key.placebo.to_owned(),
            pre_test: key.pre_test.to_owned(),
            latent: LatentTruth {
                icc_pre: world.plan.icc_pre,
                icc_post: world.plan.icc_post,
                slope: world.plan.slope,
                effect: world.active * world.plan.effect,
                effect_fsm: world.active * world.plan.effect_fsm,
                effect_school_sd: world.active * world.plan.effect_school_sd,
            },
            outcomes,
            missing: MissingTruth {
                cells,
                columns,
                mechanisms,
                primary: PrimaryMissing::of(&world.post, &lost, &world.pupils),
            },
        };
        Ok(Self { table, truth })
    }
}
