//! Membership inference: was this person in the data? (specification 5.9)

mod embedding;
mod roc;
mod shadow;

use parable_seed::Seed;

use self::embedding::{Embedding, From};
use self::roc::Ranked;
pub use self::shadow::{ShadowError, ShadowGame, ShadowResult, VulnerableRecord};
use crate::data::neighbours::{Index, Points, Squared};
use crate::privacy::nearest::{GowerSpace, NearestSynthetic};
use crate::{
    Cache, Direction, Group, Interval, MembershipAttack, MembershipKind, Metric, MetricContext,
    MetricError, MetricInfo, Outcome, Section, Undefined, Unit,
};

/// Bootstrap samples behind the intervals.
const REPEATS: u32 = 200;
/// Axes of the space densities are compared in.
const DIMENSIONS: usize = 5;
/// Distances below this many standard deviations count as this: rows that agree have a density, and
/// a logarithm.
const LEAST_DISTANCE: f64 = 1e-6;

/// How well an attacker tells rows of the data from holdout rows, by the synthetic table alone: the
/// area under the curve of true against false positive rates. 0.5 is guessing. Needs a holdout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MembershipScore(pub MembershipKind);

/// The attack, or why there is none.
fn attack(
    kind: MembershipKind,
    cache: &Cache<'_>,
    seed: &Seed,
) -> Result<Result<MembershipAttack, Undefined>, MetricError> {
    let rows = cache.frame().rows;
    let Some(holdout) = rows.holdout else {
        return Ok(Err(Undefined::NoControl));
    };
    if rows.real == 0 || rows.synthetic == 0 {
        return Ok(Err(Undefined::NoRows));
    }
    let scores = match kind {
        MembershipKind::Distance => by_distance(cache)?,
        MembershipKind::DensityRatio => by_density(cache, holdout, &seed.stream("reference")),
    };
    Ok(scores.and_then(|scores| ranked(kind, &scores, seed)))
}

/// How far the scores tell both groups apart.
fn ranked(
    kind: MembershipKind,
    scores: &Scores,
    seed: &Seed,
) -> Result<MembershipAttack, Undefined> {
    let ranked = Ranked::new(&scores.members, &scores.others);
    let curve = ranked
        .curve(REPEATS, &seed.stream("bootstrap"))
        .ok_or(Undefined::NoRows)?;
    let (n, m) = (scores.members.len() as f64, scores.others.len() as f64);
    Ok(MembershipAttack {
        kind,
        attacker: kind.attacker().to_owned(),
        members: scores.members.len() as u64,
        others: scores.others.len() as u64,
        reference: scores.reference as u64,
        auc: curve.auc,
        advantage: curve.advantage,
        // The mean of Kolmogorov's distribution, √(π/2) ln 2.
        advantage_by_chance: (0.5 * std::f64::consts::PI).sqrt()
            * std::f64::consts::LN_2
            * (1.0 / n + 1.0 / m).sqrt(),
        true_positives: curve.at,
        false_positive_rate: curve.false_positive_rate,
        true_positive_rate: curve.true_positive_rate,
        repeats: REPEATS,
    })
}

/// Scores, higher for rows that look as if they had been in the data.
struct Scores {
    members: Vec<f64>,
    others: Vec<f64>,
    reference: usize,
}

fn by_distance(cache: &Cache<'_>) -> Result<Result<Scores, Undefined>, MetricError> {
    if cache.get(&GowerSpace)?.columns.is_empty() {
        return Ok(Err(Undefined::NoColumns));
    }
    let gaps = cache.get(&NearestSynthetic)?;
    let nearer = |sums: &[f64]| sums.iter().map(|sum| -sum).collect();
    Ok(Ok(Scores {
        members: nearer(&gaps.real.sums),
        others: nearer(gaps.holdout.as_ref().map_or(&[], |found| &found.sums)),
        reference: 0,
    }))
}

/// Half of the holdout is what the attacker knows of the population; the other half is attacked.
fn by_density(cache: &Cache<'_>, holdout: usize, seed: &Seed) -> Result<Scores, Undefined> {
    let frame = cache.frame();
    let mut order: Vec<usize> = (0..holdout).collect();
    seed.rng().shuffle(&mut order);
    let (reference, others) = order.split_at(holdout / 2);
    if reference.is_empty() || others.is_empty() {
        return Err(Undefined::NoRows);
    }
    let every = |rows: usize| -> Vec<usize> { (0..rows).collect() };
    let made_from = [
        (From::Synthetic, every(frame.rows.synthetic)),
        (From::Holdout, reference.to_vec()),
    ];
    let embedding = Embedding::of(&frame, &made_from, DIMENSIONS);
    let dimensions = embedding.dimensions();
    if dimensions == 0 {
        return Err(Undefined::NoColumns);
    }
    let [synthetic, known] = made_from.map(|(from, rows)| embedding.points(from, &rows));
    let (synthetic, known) = (
        Index::<Squared>::new(&synthetic),
        Index::<Squared>::new(&known),
    );
    // With one neighbour the logarithm of a density is minus the dimensions times that of the
    // distance, up to a constant.
    let ratio = |points: &Points| -> Vec<f64> {
        let far = |index: &Index<'_, Squared>| index.nearest(points, 1, false).sums;
        let log = |sum: f64| sum.sqrt().max(LEAST_DISTANCE).ln();
        far(&synthetic)
            .iter()
            .zip(far(&known))
            .map(|(&to_synthetic, to_known)| {
                dimensions as f64 * (log(to_known) - log(to_synthetic))
            })
            .collect()
    };
    Ok(Scores {
        members: ratio(&embedding.points(From::Real, &every(frame.rows.real))),
        others: ratio(&embedding.points(From::Holdout, others)),
        reference: reference.len(),
    })
}

static MEMBERSHIP_DISTANCE: MetricInfo = MetricInfo::new(
    "membership_distance",
    "Telling who was in the data, by the nearest synthetic row (area under the curve)",
    "How often an intruder who knows all about two people, one in the data and one not, finds out which is which by the nearest synthetic row. One half is guessing.",
)
.with_group(Group::Privacy)
.with_direction(Direction::Baseline)
.without_anchors();

static MEMBERSHIP_DENSITY_RATIO: MetricInfo = MetricInfo::new(
    "membership_density_ratio",
    "Telling who was in the data, by synthetic against population density (area under the curve)",
    "The same for an intruder who also knows what people are like in general. One half is guessing.",
)
.with_group(Group::Privacy)
.with_direction(Direction::Baseline)
.without_anchors();

impl Metric for MembershipScore {
    fn info(&self) -> &MetricInfo {
        match self.0 {
            MembershipKind::Distance => &MEMBERSHIP_DISTANCE,
            MembershipKind::DensityRatio => &MEMBERSHIP_DENSITY_RATIO,
        }
    }

    fn compute(&self, context: &MetricContext<'_>) -> Result<Outcome, MetricError> {
        let seed = context.seed();
        let attack = attack(self.0, context.cache(), seed)?;
        let value = match &attack {
            Ok(attack) => Ok(attack.auc.value),
            Err(why) => Err(*why),
        };
        let mut score = self.info().score(value);
        score.seed = Some(*seed);
        let Ok(attack) = attack else {
            return Ok(score.into());
        };
        score.ci = Some(Interval {
            low: attack.auc.low,
            high: attack.auc.high,
            level: 0.95,
        });
        score.repeats = Some(attack.repeats);
        // What guessing scores.
        score.baseline.holdout = Some(0.5);
        score = score
            .with_used((attack.members + attack.others) as usize, Unit::Rows)
            .with_detail("attacker", attack.attacker.as_str())
            .with_detail("members", attack.members)
            .with_detail("others", attack.others)
            .with_detail("advantage", attack.advantage.value)
            .with_detail("advantage_by_chance", attack.advantage_by_chance);
        for at in &attack.true_positives {
            let name = format!("true_positive_rate_at_{}", at.false_positive_rate);
            score = score.with_detail(&name, at.true_positive_rate.value);
        }
        if attack.others < 1000 {
            score = score.with_warning(
                "fewer than 1,000 holdout rows: the rate at 0.1 % false positives is the rate without any false positive",
            );
        }
        Ok(Outcome::from(score).with_section(Section::Membership(attack)))
    }
}

#[cfg(test)]
mod tests {
    use parable_table::Table;

    use super::*;
    use crate::Pair;
    use crate::testing::{numbers, table, texts};

    fn people(seed: u64, rows: usize) -> Table {
        let mut rng = Seed::from_u64(seed).rng();
        let mut column = || -> Vec<f64> { (0..rows).map(|_| rng.normal()).collect() };
        let (x, y, z) = (column(), column(), column());
        let level: Vec<&str> = x.iter().map(|&x| if x > 0.0 { "a" } else { "b" }).collect();
        table(vec![
            numbers("x", &x),
            numbers("y", &y),
            numbers("z", &z),
            texts("level", &level),
        ])
    }

    #[test]
    fn a_copy_gives_its_members_away_and_a_fresh_sample_does_not() {
        let (real, holdout) = (people(1, 400), people(2, 400));
        for kind in [MembershipKind::Distance, MembershipKind::DensityRatio] {
            let run = |synthetic: &Table| {
                let pair = Pair::new(&real, synthetic)
                    .unwrap()
                    .with_holdout(&holdout)
                    .unwrap();
                attack(kind, &Cache::new(&pair), &Seed::from_u64(5))
                    .unwrap()
                    .unwrap()
            };
            let copy = run(&real);
            assert!(copy.auc.value > 0.99, "{kind:?}: {:?}", copy.auc);
            assert!(copy.true_positives[1].true_positive_rate.value > 0.9);
            // Of 400 against 200 the sd of a chance area is √((401+200)/(12·400·200)) = 0.025.
            let fresh = run(&people(3, 400));
            assert!(
                (fresh.auc.value - 0.5).abs() < 0.1,
                "{kind:?}: {:?}",
                fresh.auc
            );
            assert!(fresh.auc.low < 0.5 && 0.5 < fresh.auc.high || fresh.auc.low < 0.56);
        }
    }

    #[test]
    fn without_a_holdout_nothing_is_guessed() {
        let real = people(1, 50);
        let pair = Pair::new(&real, &real).unwrap();
        let kind = MembershipKind::Distance;
        assert_eq!(
            attack(kind, &Cache::new(&pair), &Seed::from_u64(1))
                .unwrap()
                .unwrap_err(),
            Undefined::NoControl
        );
    }
}
