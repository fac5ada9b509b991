//! When the discriminator has learnt enough for the generator to take a step.

use parable_nn::checkpoint::MissingEntry;

use crate::config::StepsPerGenerator;
use crate::resume::Snapshot;

/// Steps of the discriminator for each of the generator, one after the other.
const RUNGS: [u64; 6] = [1, 2, 5, 10, 20, 50];
/// Share of itself that the smoothed accuracy keeps at each step.
const KEEP: f64 = 0.99;
/// Steps of the generator at one rung before the next may follow: so many, or this part of all
/// steps of the discriminator, if that is less.
const GRACE: u64 = 200;
const GRACE_PART: u64 = 20;

/// Schedule of the steps of discriminator and generator.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Turns {
    /// The accuracy below which a discriminator needs more steps; absent when their number is
    /// fixed.
    least: Option<f64>,
    fixed: u64,
    grace: u64,
    rung: u64,
    accuracy: f64,
    /// Steps of the discriminator since the last one of the generator.
    since: u64,
    /// Steps of the generator at this rung.
    taken: u64,
}

impl Turns {
    /// For so many steps of the discriminator in all.
    pub(crate) fn new(how: StepsPerGenerator, private: bool, steps: u64) -> Self {
        let (least, fixed) = match how {
            StepsPerGenerator::Steps(fixed) => (None, fixed),
            StepsPerGenerator::Adaptive => (Some(if private { 0.7 } else { 0.6 }), 1),
        };
        Self {
            least,
            fixed: fixed.min(steps),
            grace: GRACE.min(steps / GRACE_PART),
            rung: 0,
            accuracy: 1.0,
            since: 0,
            taken: 0,
        }
    }

    /// Returns whether [`Turns::step`] needs the accuracy.
    pub(crate) fn asks(&self) -> bool {
        self.least.is_some()
    }

    /// Returns whether the generator takes a step after the next one of the discriminator.
    pub(crate) fn is_last(&self) -> bool {
        self.since + 1 >= self.steps()
    }

    /// Returns the steps of the discriminator for each of the generator at present.
    pub(crate) fn steps(&self) -> u64 {
        match self.least {
            None => self.fixed,
            Some(_) => RUNGS[self.rung as usize],
        }
    }

    /// A step of the discriminator was taken, which was right about this share of the rows. Says
    /// whether it is the generator's turn.
    pub(crate) fn step(&mut self, right: Option<f64>) -> bool {
        if let Some(right) = right {
            self.accuracy = KEEP * self.accuracy + (1.0 - KEEP) * right;
        }
        if !self.is_last() {
            self.since += 1;
            return false;
        }
        self.since = 0;
        self.taken += 1;
        let is_poor = self.least.is_some_and(|least| self.accuracy < least);
        if is_poor && self.taken > self.grace && (self.rung as usize) + 1 < RUNGS.len() {
            self.rung += 1;
            self.taken = 0;
        }
        true
    }

    /// Writes down where it is.
    pub(crate) fn save(&self, snapshot: &mut Snapshot) {
        for (name, value) in [
            ("turns.rung", self.rung),
            ("turns.accuracy", self.accuracy.to_bits()),
            ("turns.since", self.since),
            ("turns.taken", self.taken),
        ] {
            snapshot.facts.count(name, value);
        }
    }

    /// Goes on where an earlier run was.
    pub(crate) fn load(&mut self, snapshot: &Snapshot) -> Result<(), MissingEntry> {
        let facts = &snapshot.facts;
        self.rung = facts.counter("turns.rung")?;
        if self.rung as usize >= RUNGS.len() {
            return Err("a counter is out of its range");
        }
        self.accuracy = f64::from_bits(facts.counter("turns.accuracy")?);
        self.since = facts.counter("turns.since")?;
        self.taken = facts.counter("turns.taken")?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_number_is_kept() {
        let mut turns = Turns::new(StepsPerGenerator::Steps(3), true, 100);
        let taken: Vec<bool> = (0..7).map(|_| turns.step(None)).collect();
        assert_eq!(taken, [false, false, true, false, false, true, false]);
        // No more steps than there are, so that the generator has one at least.
        assert_eq!(Turns::new(StepsPerGenerator::Steps(9), true, 4).steps(), 4);
    }

    #[test]
    fn a_poor_discriminator_gets_more_steps_after_its_grace_and_a_good_one_does_not() {
        let new = || Turns::new(StepsPerGenerator::Adaptive, false, 100_000);
        let mut good = new();
        assert!((0..2_000).all(|_| good.step(Some(0.65))));
        // 0.5 + 0.5 * 0.99^n is below 0.6 from n = 161 on: the grace of 200 steps ends later.
        let mut poor = new();
        assert!((0..201).all(|_| poor.step(Some(0.5))));
        assert_eq!(poor.steps(), 2);
        // Another 201 steps of the generator are 402 of the discriminator.
        for _ in 0..402 {
            assert_eq!(poor.steps(), 2);
            poor.step(Some(0.5));
        }
        assert_eq!(poor.steps(), 5);
        for _ in 0..100_000 {
            poor.step(Some(0.5));
        }
        assert_eq!(poor.steps(), 50);
        // Under a guarantee 0.65 is poor.
        let mut private = Turns::new(StepsPerGenerator::Adaptive, true, 100_000);
        (0..1_000).for_each(|_| {
            private.step(Some(0.65));
        });
        assert!(private.steps() > 1);
    }

    #[test]
    fn it_goes_on_where_it_was() {
        let mut turns = Turns::new(StepsPerGenerator::Adaptive, true, 1_000);
        (0..77).for_each(|_| {
            turns.step(Some(0.4));
        });
        let mut snapshot = Snapshot::default();
        turns.save(&mut snapshot);
        let mut other = Turns::new(StepsPerGenerator::Adaptive, true, 1_000);
        other.load(&snapshot).expect("its own facts");
        assert_eq!(turns, other);
        assert!(other.load(&Snapshot::default()).is_err());
    }
}
