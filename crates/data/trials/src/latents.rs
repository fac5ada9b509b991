//! Latent quantities that the tests measure: attainment before and after, and attitude, with both
//! potential outcomes.

use crate::design::School;
use crate::draws::{Streams, StudentT};
use crate::potential::Potential;
use crate::preset::Plan;
use crate::pupils::{Pupils, Sen, Term, one_if};

/// The unobserved quantities behind the columns, one entry a pupil.
#[derive(Clone, Debug)]
pub(crate) struct Latents {
    /// Attainment before the trial, centred, variance about 1 (`p`).
    pub(crate) pre: Vec<f64>,
    /// Attainment after it, the primary outcome's (`y`).
    pub(crate) post: Potential,
    /// A second subject, about half the effect (`y2`).
    pub(crate) second: Potential,
    /// Attitude.
    pub(crate) attitude: Potential,
}

impl Latents {
    /// Draws the latents; with `null_effects`, both potential outcomes of every pupil are equal.
    pub(crate) fn draw(
        streams: &Streams,
        plan: &Plan,
        schools: &[School],
        pupils: &Pupils,
        null_effects: bool,
    ) -> Self {
        let drawn = Drawn {
            streams,
            plan,
            schools,
            pupils,
        };
        let pre = pre(&drawn);
        let active = one_if(!null_effects);
        let post = post(&drawn, &pre, active);
        let second = streams.both("latent/second", pre.len(), |draws, row| {
            let own = 0.57 * draws.normal();
            let [control, treated] = post.pair(row);
            let less = 0.4 * active * plan.effect;
            [0.80 * control + own, 0.80 * treated + own - less]
        });
        let attitude = streams.both("latent/attitude", pre.len(), |draws, row| {
            let control = 0.25 * pre[row] + 0.95 * draws.normal();
            [control, control + 0.12 * active]
        });
        Self {
            pre,
            post,
            second,
            attitude,
        }
    }
}

/// The inputs of the draws: streams, constants, schools and pupils.
struct Drawn<'a> {
    streams: &'a Streams,
    plan: &'a Plan,
    schools: &'a [School],
    pupils: &'a Pupils,
}

/// `p = u_j + w_ij`, centred.
///
/// The share that characteristics explain is centred over all pupils, so that schools with many
/// disadvantaged pupils are lower by their intake as well as by `u_j`. The normal part of `w` fills
/// its variance within schools up to `1 - rho_p`, and what chance leaves of a difference is removed
/// by scaling: the pooled variance within schools is `1 - rho_p` exactly.
fn pre(drawn: &Drawn<'_>) -> Vec<f64> {
    let Drawn {
        streams,
        plan,
        schools,
        pupils,
    } = *drawn;
    let own = streams.normals("latent/school_pre", schools.len());
    let school_part: Vec<f64> = schools
        .iter()
        .zip(&own)
        .map(|(school, own)| plan.icc_pre.sqrt() * (-0.6 * school.disadvantage + 0.8 * own))
        .collect();
    let rows = pupils.rows();
    let mut explained: Vec<f64> = (0..rows).map(|row| explained(pupils, row)).collect();
    centre(&mut explained);
    let within = 1.0 - plan.icc_pre;
    let noise_sd = (within - variance_within(&explained, pupils, schools))
        .max(0.0)
        .sqrt();
    let noise = streams.normals("latent/pre", rows);
    let mut pupil_part: Vec<f64> = explained
        .iter()
        .zip(&noise)
        .map(|(explained, noise)| explained + noise_sd * noise)
        .collect();
    let found = variance_within(&pupil_part, pupils, schools);
    if found > 0.0 {
        let scale = (within / found).sqrt();
        pupil_part.iter_mut().for_each(|value| *value *= scale);
    }
    let mut latent: Vec<f64> = pupil_part
        .iter()
        .zip(&pupils.school)
        .map(|(own, &school)| school_part[school] + own)
        .collect();
    centre(&mut latent);
    latent
}

/// Returns the part of attainment that a pupil's characteristics explain, in SD.
fn explained(pupils: &Pupils, row: usize) -> f64 {
    let sen = match pupils.sen[row] {
        Sen::None => 0.0,
        Sen::Support => -0.55,
        Sen::Plan => -1.0,
    };
    let term = match Term::of_month(pupils.birth_month[row]) {
        Term::Autumn => 1.0,
        Term::Spring => 0.0,
        Term::Summer => -1.0,
    };
    -0.30 * one_if(pupils.fsm[row]) + sen + 0.10 * term - 0.12 * (one_if(pupils.male[row]) - 0.5)
}

/// `y(z) = beta p + v_j + z (tau + tau_sd g_j + tau_fsm FSM) + t_7`, the heavy-tailed part with
/// variance `1 - rho_y - beta^2 (1 - rho_p)`.
fn post(drawn: &Drawn<'_>, pre: &[f64], active: f64) -> Potential {
    let Drawn {
        streams,
        plan,
        schools,
        pupils,
    } = *drawn;
    let slope_squared = plan.slope * plan.slope;
    let school_sd = (plan.icc_post - slope_squared * plan.icc_pre)
        .max(0.005)
        .sqrt();
    let noise_sd = (1.0 - plan.icc_post - slope_squared * (1.0 - plan.icc_pre)).sqrt();
    let school_part = streams.normals("latent/school_post", schools.len());
    let school_effect = streams.normals("latent/school_effect", schools.len());
    let heavy = StudentT::new(7.0);
    streams.both("latent/post", pre.len(), |draws, row| {
        let school = pupils.school[row];
        let control = plan.slope * pre[row]
            + school_sd * school_part[school]
            + noise_sd * heavy.sample(draws);
        let effect = plan.effect
            + plan.effect_school_sd * school_effect[school]
            + plan.effect_fsm * one_if(pupils.fsm[row]);
        [control, control + active * effect]
    })
}

fn centre(values: &mut [f64]) {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    values.iter_mut().for_each(|value| *value -= mean);
}

/// Variance around school means, pooled over schools (divisor: pupils less schools).
fn variance_within(values: &[f64], pupils: &Pupils, schools: &[School]) -> f64 {
    let mut sums = vec![0.0; schools.len()];
    for (value, &school) in values.iter().zip(&pupils.school) {
        sums[school] += value;
    }
    let squares: f64 = values
        .iter()
        .zip(&pupils.school)
        .map(|(value, &school)| {
            let deviation = value - sums[school] / schools[school].pupils as f64;
            deviation * deviation
        })
        .sum();
    squares / (values.len() - schools.len()) as f64
}

#[cfg(test)]
mod tests {
    use parable_seed::Seed;

    use super::*;
    use crate::Preset;
    use crate::design;

    fn latents(null_effects: bool) -> (Plan, Vec<School>, Pupils, Latents) {
        let plan = Preset::C.plan();
        let streams = Streams::new(Seed::from_u64(3));
        let schools = design::schools(&streams, 67_200, 420);
        let pupils = Pupils::draw(&streams, &schools);
        let latents = Latents::draw(&streams, &plan, &schools, &pupils, null_effects);
        (plan, schools, pupils, latents)
    }

    #[test]
    fn the_pre_test_latent_has_mean_zero_and_its_variance_within_schools() {
        let (plan, schools, pupils, latents) = latents(false);
        let mean = latents.pre.iter().sum::<f64>() / latents.pre.len() as f64;
        assert!(mean.abs() < 1e-12);
        let within = variance_within(&latents.pre, &pupils, &schools);
        assert!((within - (1.0 - plan.icc_pre)).abs() < 1e-9, "{within}");
    }

    #[test]
    fn the_post_test_latent_has_variance_one_within_and_between_schools_together() {
        // Within schools 1 - rho_y. The variance of an estimated variance within is 2 (1 + kurtosis
        // / 2) / n; noise has a quarter of the variance and excess kurtosis 2, so 5.5 SD is 5.5 *
        // 0.88 * sqrt(2.1 / 66780) = 0.027.
        let (plan, schools, pupils, latents) = latents(false);
        let within = variance_within(&latents.post.control, &pupils, &schools);
        assert!((within - (1.0 - plan.icc_post)).abs() < 0.027, "{within}");
    }

    #[test]
    fn the_mean_effect_is_the_main_effect_plus_the_share_with_meals_of_the_extra_one() {
        // The school effects have SD 0.08 and schools unequal sizes (variation 0.36): SD of the
        // mean 0.08 sqrt(1.13 / 420) = 0.0042.
        let (plan, _, pupils, latents) = latents(false);
        let rows = pupils.rows() as f64;
        let share = pupils.fsm.iter().filter(|&&fsm| fsm).count() as f64 / rows;
        let effect = |potential: &Potential| {
            let sum: f64 = (0..potential.control.len())
                .map(|row| potential.treated[row] - potential.control[row])
                .sum();
            sum / rows
        };
        let expected = plan.effect + share * plan.effect_fsm;
        assert!((effect(&latents.post) - expected).abs() < 5.5 * 0.0042);
        let second = 0.8 * effect(&latents.post) - 0.4 * plan.effect;
        assert!((effect(&latents.second) - second).abs() < 1e-9);
        assert!((effect(&latents.attitude) - 0.12).abs() < 1e-9);
    }

    #[test]
    fn without_effects_both_outcomes_are_the_same_numbers() {
        let (.., without) = latents(true);
        let (.., with) = latents(false);
        for potential in [&without.post, &without.second, &without.attitude] {
            assert_eq!(potential.control, potential.treated);
        }
        assert_eq!(without.post.control, with.post.control);
        assert_ne!(with.post.control, with.post.treated);
    }
}
