//! A questionnaire that schools and pupils fail to return.

use crate::measure::logistic;
use crate::missing::Loss;
use crate::truth::MissingKind;
use crate::world::World;

/// A questionnaire of which 18 % of schools return none and pupils with low prior attainment fewer.
#[derive(Clone, Debug)]
pub(crate) struct Questionnaire {
    pub(crate) school: Loss,
    pub(crate) pupil: Loss,
}

impl Questionnaire {
    pub(crate) fn draw(world: &World) -> Self {
        let schools =
            world
                .streams
                .chances("missing/questionnaire_school", world.schools.len(), |_| {
                    0.18
                });
        let pre = &world.latents.pre;
        let pupils = world
            .streams
            .chances("missing/questionnaire_pupil", pre.len(), |row| {
                logistic(-2.0 - 0.35 * pre[row])
            });
        Self {
            school: Loss::new(
                "questionnaire_school",
                MissingKind::CompletelyAtRandom,
                "each school with probability 0.18",
                world.of_school(&schools),
            ),
            pupil: Loss::new(
                "questionnaire_pupil",
                MissingKind::NotAtRandom,
                "logistic(-2.0 - 0.35 p), p the latent of the pre-test",
                pupils,
            ),
        }
    }

    /// The 3 % of answers that are missing from a returned questionnaire, drawn anew for each item.
    pub(crate) fn item(world: &World, item: &str) -> Loss {
        let name = format!("missing/item/{item}");
        Loss::new(
            "questionnaire_item",
            MissingKind::CompletelyAtRandom,
            "each answer with probability 0.03",
            world.streams.chances(&name, world.rows(), |_| 0.03),
        )
    }
}
