//! Private training by DP-SGD (Abadi et al. 2016): sampling, noise and charge of a training, from
//! one plan.

use parable_core::FitError;
use parable_dp::mechanism::FloatingPointGaussian;
use parable_dp::{
    Event, Ledger, NoiseMultiplier, NoiseSource, PrivacyUnit, Receipt, SamplingRate, Sensitivity,
    Sigma,
};
use serde::{Deserialize, Serialize};

use crate::checkpoint::MissingEntry;
use crate::error::setting;
use crate::ghost_clipping::Clip;

/// Settings that a plan is calibrated from.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    /// Name of the settings, for messages.
    pub setting: &'static str,
    /// Steps of the training.
    pub steps: u64,
    /// Expected rows per step.
    pub batch: usize,
    /// Clip of the gradient of each row.
    pub clip: Clip,
}

/// Everything the privacy loss of a training depends on: what is charged and what is executed are
/// both read from here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingPlan {
    /// Probability of each row to be in the batch of a step.
    rate: SamplingRate,
    /// Standard deviation of the noise, in units of the gradient.
    sigma: Sigma,
    /// Standard deviation of the noise, divided by the sensitivity of a sum.
    noise_multiplier: NoiseMultiplier,
    /// Clip of the gradient of each row.
    clip: Clip,
    steps: u64,
}

/// Bounds of the search for a noise multiplier; the ledger refuses what is still too little.
const MULTIPLIERS: (f64, f64) = (0.1, 1e5);

impl TrainingPlan {
    /// Creates a plan with this noise multiplier.
    fn new(
        rate: SamplingRate,
        noise_multiplier: f64,
        schedule: &Schedule,
        unit: &PrivacyUnit,
    ) -> Result<Self, FitError> {
        let refuse =
            |error: parable_dp::ParameterError| setting(schedule.setting, &error.to_string());
        let sensitivity = Sensitivity::clipped_sum(schedule.clip.norm).map_err(refuse)?;
        let sigma =
            Sigma::new(noise_multiplier * sensitivity.under_sampling(unit)).map_err(refuse)?;
        Ok(Self {
            rate,
            sigma,
            noise_multiplier: NoiseMultiplier::of_sampled(sigma, &sensitivity, unit),
            clip: schedule.clip,
            steps: schedule.steps,
        })
    }

    /// Returns the plan with the least noise that costs at most this share of what the ledger still
    /// allows.
    ///
    /// `rows` is a released estimate of the number of rows.
    ///
    /// # Errors
    ///
    /// [`FitError::Setting`] if the clip or the batch is impossible.
    pub fn calibrate(
        schedule: &Schedule,
        rows: f64,
        share: f64,
        ledger: &Ledger,
    ) -> Result<Self, FitError> {
        let rate = (schedule.batch as f64 / rows.max(1.0)).min(1.0);
        let rate = SamplingRate::new(rate)
            .map_err(|error| setting(schedule.setting, &error.to_string()))?;
        let unit = ledger.unit();
        // The filter adds the costs of steps: a training of `1 / share` times the steps must fit
        // into all that is left.
        let stretched = (schedule.steps as f64 / share).ceil() as u64;
        let fits = |multiplier: f64| -> Result<bool, FitError> {
            let plan = Self::new(rate, multiplier, schedule, &unit)?;
            let event = plan.step().repeated(stretched);
            Ok(ledger.plan([(schedule.setting, &event)]).1.is_ok())
        };
        let (mut low, mut high) = MULTIPLIERS;
        // 40 halvings of the logarithm leave a relative gap below 1e-10.
        for _ in 0..40 {
            let middle = (low * high).sqrt();
            if fits(middle)? {
                high = middle;
            } else {
                low = middle;
            }
        }
        Self::new(rate, high, schedule, &unit)
    }

    fn step(&self) -> Event {
        let event = Event::Gaussian {
            noise_multiplier: self.noise_multiplier,
        };
        event.poisson_sampled(self.rate)
    }

    /// Returns the event of the whole training.
    pub fn event(&self) -> Event {
        self.step().repeated(self.steps)
    }

    /// Returns whether an event is the training of some plan, all steps of which are one charge.
    pub fn is_training(event: &Event) -> bool {
        matches!(event, Event::Repeated { event, .. } if matches!(**event, Event::PoissonSampled { .. }))
    }

    /// Resumes a training that was charged, `taken` of whose steps count as taken.
    ///
    /// # Errors
    ///
    /// [`MissingEntry`] if this plan is not the one that was charged, or has fewer steps.
    pub fn resume(
        self,
        receipt: Receipt,
        taken: u64,
        unit: &PrivacyUnit,
    ) -> Result<Charged, MissingEntry> {
        let sensitivity = Sensitivity::clipped_sum(self.clip.norm);
        let sensitivity = sensitivity.map_err(|_| "its plan has no possible clip")?;
        let multiplier = NoiseMultiplier::of_sampled(self.sigma, &sensitivity, unit);
        let left = self.steps.checked_sub(taken);
        let left = left.ok_or("more steps were taken than charged")?;
        if multiplier != self.noise_multiplier || self.event() != *receipt.event() {
            return Err("its plan is not the one that was charged");
        }
        Ok(Charged {
            noise: FloatingPointGaussian::new(self.sigma),
            left,
            plan: self,
            receipt,
        })
    }

    /// Charges all steps, before the first is taken.
    ///
    /// # Errors
    ///
    /// [`FitError`] if the ledger refuses the charge.
    pub fn charge(self, purpose: &str, ledger: &mut Ledger) -> Result<Charged, FitError> {
        let receipt = ledger.try_spend(purpose, self.event())?;
        Ok(Charged {
            noise: FloatingPointGaussian::new(self.sigma),
            left: self.steps,
            plan: self,
            receipt,
        })
    }
}

/// A training that was charged. It takes as many steps as its plan has, and no more.
#[derive(Debug)]
pub struct Charged {
    plan: TrainingPlan,
    receipt: Receipt,
    noise: FloatingPointGaussian,
    /// Steps not yet taken.
    left: u64,
}

impl Charged {
    /// Returns the plan that is executed.
    pub fn plan(&self) -> &TrainingPlan {
        &self.plan
    }

    /// Returns the clip of the gradient of each row.
    pub fn clip(&self) -> Clip {
        self.plan.clip
    }

    /// Returns the variance of the noise in each number of a sum.
    pub fn variance(&self) -> f64 {
        self.plan.sigma.get().powi(2)
    }

    /// Draws the batch of a step out of `rows` rows: each is in it with the probability of the
    /// plan, independently (Poisson sampling).
    pub fn draw_rows(&self, rows: usize, source: &mut NoiseSource) -> Vec<u32> {
        let rate = self.plan.rate.get();
        if rate >= 1.0 {
            return (0..rows as u32).collect();
        }
        // Scaling by a power of two is exact; the floor makes the probability at most the charged
        // one.
        let threshold = (rate * 2.0f64.powi(64)) as u64;
        (0..rows as u32)
            .filter(|_| source.next_u64() < threshold)
            .collect()
    }

    /// Draws noise for one clipped sum of so many numbers. Each call takes one of the charged
    /// steps.
    ///
    /// # Errors
    ///
    /// [`FitError::Setting`] if all steps are taken.
    pub fn step_noise(
        &mut self,
        numbers: usize,
        source: &mut NoiseSource,
    ) -> Result<Vec<f32>, FitError> {
        self.left = self
            .left
            .checked_sub(1)
            .ok_or_else(|| setting("steps", "all charged steps are taken"))?;
        let mut noise = vec![0.0f32; numbers];
        self.noise.add(&self.receipt, &mut noise, source)?;
        Ok(noise)
    }
}

/// Random bits for batches and noise of the steps of a training.
///
/// They come from the operating system, or are repeatable where the source of the fit is.
/// Repeatable ones depend on the number of the step alone, so that tests can interrupt a training
/// and compare.
#[derive(Debug)]
pub struct StepNoise {
    source: NoiseSource,
    seed: Option<[u8; 32]>,
}

impl StepNoise {
    /// Creates a source of the same kind as another one.
    pub fn like(noise: &mut NoiseSource) -> Self {
        if !noise.is_insecure() {
            return Self {
                source: NoiseSource::operating_system(),
                seed: None,
            };
        }
        let mut seed = [0; 32];
        for bytes in seed.chunks_mut(8) {
            bytes.copy_from_slice(&noise.next_u64().to_le_bytes());
        }
        Self {
            source: NoiseSource::insecure_seeded(seed),
            seed: Some(seed),
        }
    }

    /// Starts a step.
    pub fn begin(&mut self, step: u64) {
        if let Some(mut seed) = self.seed {
            for (byte, number) in seed.iter_mut().zip(step.to_le_bytes()) {
                *byte ^= number;
            }
            self.source = NoiseSource::insecure_seeded(seed);
        }
    }

    /// Returns the bits of the current step.
    pub fn source(&mut self) -> &mut NoiseSource {
        &mut self.source
    }
}

#[cfg(test)]
mod tests {
    use parable_dp::{Budget, Delta, Epsilon, Relation};

    use super::*;
    use crate::ghost_clipping::Clipping;

    fn schedule() -> Schedule {
        Schedule {
            setting: "test",
            steps: 50,
            batch: 100,
            clip: clip(0.7),
        }
    }

    fn clip(norm: f64) -> Clip {
        Clip {
            norm,
            clipping: Clipping::Flat,
        }
    }

    fn ledger(epsilon: f64, unit: PrivacyUnit) -> Ledger {
        let budget = Budget::approx(
            Epsilon::new(epsilon).expect("above 0"),
            Delta::new(1e-6).expect("small"),
        );
        Ledger::open(unit, budget)
    }

    /// Noise, rate and steps as they are found in what a training does.
    fn executed(charged: &mut Charged, rows: usize) -> (f64, f64, u64) {
        let mut source = NoiseSource::insecure_seeded([5; 32]);
        let drawn: usize = (0..200)
            .map(|_| charged.draw_rows(rows, &mut source).len())
            .sum();
        let rate = drawn as f64 / (200 * rows) as f64;
        let (mut squares, mut numbers, mut steps) = (0.0, 0.0, 0);
        while let Ok(noise) = charged.step_noise(2_000, &mut source) {
            squares += noise.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>();
            numbers += noise.len() as f64;
            steps += 1;
        }
        ((squares / numbers).sqrt(), rate, steps)
    }

    /// Whether what was done is what was charged, up to chance: 50 x 2,000 normal numbers have a
    /// relative sd of sqrt(1 / 2e5) = 0.0022 in their deviation, 200 x 1,000 coins of probability
    /// 0.1 a relative sd of 0.0067 in their share; five of each.
    fn agrees(event: &Event, sensitivity: f64, (sigma, rate, steps): (f64, f64, u64)) -> bool {
        let Event::Repeated { times, event } = event else {
            return false;
        };
        let Event::PoissonSampled {
            rate: charged,
            event,
        } = &**event
        else {
            return false;
        };
        let Event::Gaussian { noise_multiplier } = &**event else {
            return false;
        };
        *times == steps
            && (rate / charged.get() - 1.0).abs() < 0.034
            && (sigma / (noise_multiplier.get() * sensitivity) - 1.0).abs() < 0.011
    }

    #[test]
    fn what_is_charged_is_what_is_done() {
        for (relation, rows_of_one, factor) in [
            (Relation::AddRemove, 1, 1.0),
            (Relation::ReplaceOne, 1, 2.0),
            (Relation::AddRemove, 3, 3.0),
        ] {
            let unit = PrivacyUnit::new(relation, rows_of_one).expect("at least one row");
            let mut ledger = ledger(2.0, unit);
            let plan = TrainingPlan::calibrate(&schedule(), 1_000.0, 1.0, &ledger).expect("a plan");
            let event = plan.event();
            let mut charged = plan.charge("test", &mut ledger).expect("within the budget");
            assert_eq!(ledger.entries().last().map(|e| &e.event), Some(&event));
            let done = executed(&mut charged, 1_000);
            assert!(agrees(&event, 0.7 * factor, done), "{event:?} {done:?}");
            // The check sees noise halved, a step too many and another rate.
            assert!(!agrees(
                &event,
                0.7 * factor,
                (done.0 / 2.0, done.1, done.2)
            ));
            assert!(!agrees(&event, 0.7 * factor, (done.0, done.1, done.2 + 1)));
            assert!(!agrees(
                &event,
                0.7 * factor,
                (done.0, done.1 * 1.1, done.2)
            ));
        }
    }

    #[test]
    fn a_training_goes_on_under_its_own_charge_only() {
        let unit = PrivacyUnit::one_row();
        let mut first = ledger(2.0, unit);
        let plan = TrainingPlan::calibrate(&schedule(), 1_000.0, 1.0, &first).expect("a plan");
        let charged = |ledger: &mut Ledger| {
            let receipt = ledger.try_spend("discriminator", plan.event());
            receipt.expect("within the budget")
        };
        let resume = |plan: &TrainingPlan, taken: u64| {
            plan.clone()
                .resume(charged(&mut ledger(2.0, unit)), taken, &unit)
        };
        let mut source = NoiseSource::insecure_seeded([5; 32]);
        let mut going_on = resume(&plan, 30).expect("the same plan");
        let steps = std::iter::from_fn(|| going_on.step_noise(10, &mut source).ok()).count();
        assert_eq!(steps, 20);
        assert!(resume(&plan, 51).is_err());
        // Less noise, another clip or more steps than were charged.
        let half = Sigma::new(plan.sigma.get() / 2.0).expect("above 0");
        let quieter = TrainingPlan {
            sigma: half,
            ..plan.clone()
        };
        assert!(resume(&quieter, 30).is_err());
        let looser = TrainingPlan {
            clip: clip(1.0),
            ..plan.clone()
        };
        assert!(resume(&looser, 30).is_err());
        let longer = TrainingPlan {
            steps: 51,
            ..plan.clone()
        };
        assert!(resume(&longer, 30).is_err());
        drop(charged(&mut first));
    }

    #[test]
    fn a_plan_uses_its_share_and_no_more() {
        let mut whole = ledger(3.0, PrivacyUnit::one_row());
        let plan = TrainingPlan::calibrate(&schedule(), 5_000.0, 0.25, &whole).expect("a plan");
        for _ in 0..4 {
            drop(
                plan.clone()
                    .charge("test", &mut whole)
                    .expect("a quarter each"),
            );
        }
        assert!(plan.clone().charge("test", &mut whole).is_err());
        let all = TrainingPlan::calibrate(
            &schedule(),
            5_000.0,
            1.0,
            &ledger(3.0, PrivacyUnit::one_row()),
        );
        assert!(all.expect("a plan").sigma < plan.sigma);
    }

    #[test]
    fn batches_are_poisson_and_not_of_one_size() {
        let mut ledger = ledger(1.0, PrivacyUnit::one_row());
        let plan = TrainingPlan::calibrate(&schedule(), 1_000.0, 1.0, &ledger).expect("a plan");
        let charged = plan.charge("test", &mut ledger).expect("within the budget");
        let mut source = NoiseSource::insecure_seeded([6; 32]);
        let draws: Vec<Vec<u32>> = (0..4_000)
            .map(|_| charged.draw_rows(1_000, &mut source))
            .collect();
        assert!(is_poisson(&draws));
        // The same check refuses batches of one size, and rows drawn by a category.
        let fixed: Vec<Vec<u32>> = (0..4_000u32)
            .map(|step| (0..100).map(|row| (row + step * 100) % 1_000).collect())
            .collect();
        assert!(!is_poisson(&fixed));
        let by_category: Vec<Vec<u32>> = draws
            .iter()
            .map(|rows| rows.iter().map(|row| row / 2 * 2).collect())
            .collect();
        assert!(!is_poisson(&by_category));
    }

    /// Sizes have the mean 100 and the variance 90 of 1,000 coins, every row comes as often as
    /// every other, and two neighbours come together as often as chance has it. 4,000 draws: sd of
    /// the mean 0.15; of the variance 90 sqrt(2 / 4000) = 2.0; of the times of a row sqrt(4000 *
    /// 0.09) = 19 (six of it, for 1,000 rows); of a neighbouring pair's 500 * 4000 * 0.01 = 20,000
    /// times about 141. Five of the others.
    fn is_poisson(draws: &[Vec<u32>]) -> bool {
        let n = draws.len() as f64;
        let mean = draws.iter().map(|rows| rows.len() as f64).sum::<f64>() / n;
        let variance = draws
            .iter()
            .map(|rows| (rows.len() as f64 - mean).powi(2))
            .sum::<f64>()
            / n;
        let mut times = vec![0.0f64; 1_000];
        let mut together = 0.0;
        for rows in draws {
            let mut present = vec![false; 1_000];
            for &row in rows {
                times[row as usize] += 1.0;
                present[row as usize] = true;
            }
            together += present.chunks(2).filter(|pair| pair[0] && pair[1]).count() as f64;
        }
        (mean - 100.0).abs() < 0.75
            && (variance - 90.0).abs() < 10.0
            && times.iter().all(|&count| (count - 400.0).abs() < 114.0)
            && (together - 20_000.0).abs() < 705.0
    }
}
