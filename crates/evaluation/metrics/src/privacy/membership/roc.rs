//! How well scores tell two groups apart, with bootstrap intervals.

use parable_seed::Seed;
use rayon::prelude::*;

use crate::{Bootstrapped, TruePositives};
use parable_linalg::quantile;

/// False positive rates at which the true positive rate is asked for: an attacker who accuses few
/// people must rarely be wrong.
const ASKED: [f64; 3] = [0.001, 0.01, 0.1];

/// Scores of both groups in falling order, equal ones together; higher means "was in the data".
pub(super) struct Ranked {
    groups: usize,
    members: Vec<u32>,
    others: Vec<u32>,
}

/// What the scores say for one set of rows.
struct Reading {
    auc: f64,
    advantage: f64,
    at: [f64; 3],
}

/// Everything about the curve.
pub(super) struct Curve {
    pub(super) auc: Bootstrapped,
    pub(super) advantage: Bootstrapped,
    pub(super) at: Vec<TruePositives>,
    pub(super) false_positive_rate: Vec<f64>,
    pub(super) true_positive_rate: Vec<f64>,
}

impl Ranked {
    pub(super) fn new(members: &[f64], others: &[f64]) -> Self {
        let mut order: Vec<(f64, u32)> = members.iter().chain(others).copied().zip(0..).collect();
        order.par_sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let mut group_of = vec![0u32; order.len()];
        let mut groups = 0u32;
        for (at, &(score, item)) in order.iter().enumerate() {
            if at > 0 && score != order[at - 1].0 {
                groups += 1;
            }
            group_of[item as usize] = groups;
        }
        let others = group_of.split_off(members.len());
        Self {
            groups: if order.is_empty() {
                0
            } else {
                groups as usize + 1
            },
            members: group_of,
            others,
        }
    }

    /// The curve with percentile intervals from `repeats` bootstrap samples of both groups. `None`
    /// if a group is empty.
    pub(super) fn curve(&self, repeats: u32, seed: &Seed) -> Option<Curve> {
        if self.members.is_empty() || self.others.is_empty() {
            return None;
        }
        let tally = |items: &[u32]| {
            let mut counts = vec![0u32; self.groups];
            items.iter().for_each(|&group| counts[group as usize] += 1);
            counts
        };
        let (in_members, in_others) = (tally(&self.members), tally(&self.others));
        let whole = read(&in_members, &in_others);
        let drawn: Vec<Reading> = (0..u64::from(repeats))
            .into_par_iter()
            .map(|repeat| {
                let mut rng = seed.index(repeat).rng();
                let mut draw = |items: &[u32]| {
                    let mut counts = vec![0u32; self.groups];
                    for _ in items {
                        counts[items[rng.below(items.len() as u64) as usize] as usize] += 1;
                    }
                    counts
                };
                let members = draw(&self.members);
                read(&members, &draw(&self.others))
            })
            .collect();
        let estimate = |value: f64, of: &dyn Fn(&Reading) -> f64| {
            let mut sorted: Vec<f64> = drawn.iter().map(of).collect();
            sorted.sort_unstable_by(f64::total_cmp);
            let end = |p| {
                if sorted.is_empty() {
                    value
                } else {
                    quantile(&sorted, p)
                }
            };
            Bootstrapped {
                value,
                low: end(0.025),
                high: end(0.975),
            }
        };
        let (false_positive_rate, true_positive_rate) = points(&in_members, &in_others);
        Some(Curve {
            auc: estimate(whole.auc, &|r| r.auc),
            advantage: estimate(whole.advantage, &|r| r.advantage),
            at: (0..ASKED.len())
                .map(|i| TruePositives {
                    false_positive_rate: ASKED[i],
                    others_allowed: (ASKED[i] * self.others.len() as f64 + 1e-9) as u64,
                    true_positive_rate: estimate(whole.at[i], &|r| r.at[i]),
                })
                .collect(),
            false_positive_rate,
            true_positive_rate,
        })
    }
}

/// Area under the curve (ties one half), largest distance from guessing, and the rates asked for,
/// from the counts per group of equal scores.
fn read(members: &[u32], others: &[u32]) -> Reading {
    let total = |counts: &[u32]| counts.iter().map(|&c| f64::from(c)).sum::<f64>();
    let (n, m) = (total(members), total(others));
    let (mut found, mut wrong, mut area, mut advantage) = (0.0, 0.0, 0.0, 0.0f64);
    let mut at = [0.0f64; 3];
    for (&hits, &misses) in members.iter().zip(others) {
        let (hits, misses) = (f64::from(hits), f64::from(misses));
        area += misses * (found + 0.5 * hits);
        found += hits;
        wrong += misses;
        advantage = advantage.max(found / n - wrong / m);
        for (at, asked) in at.iter_mut().zip(ASKED) {
            if wrong <= asked * m + 1e-9 {
                *at = found / n;
            }
        }
    }
    Reading {
        auc: area / (n * m),
        advantage,
        at,
    }
}

/// The curve at 0, 0.001, 0.002, 0.005, ... and each percent: the largest true positive rate with
/// at most this false positive rate.
fn points(members: &[u32], others: &[u32]) -> (Vec<f64>, Vec<f64>) {
    let mut asked = vec![0.0, 0.001, 0.002, 0.005];
    asked.extend((1..=100).map(|percent| f64::from(percent) / 100.0));
    let n: f64 = members.iter().map(|&c| f64::from(c)).sum();
    let m: f64 = others.iter().map(|&c| f64::from(c)).sum();
    let mut rates = Vec::with_capacity(asked.len());
    let (mut group, mut found, mut wrong) = (0, 0.0, 0.0);
    for &rate in &asked {
        while group < members.len() && wrong + f64::from(others[group]) <= rate * m + 1e-9 {
            found += f64::from(members[group]);
            wrong += f64::from(others[group]);
            group += 1;
        }
        rates.push(found / n);
    }
    (asked, rates)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(members: &[f64], others: &[f64]) -> Curve {
        Ranked::new(members, others)
            .curve(50, &Seed::from_u64(1))
            .unwrap()
    }

    #[test]
    fn the_area_counts_pairs_and_halves_ties() {
        let found = curve(&[3.0, 2.0, 1.0], &[2.0, 0.0]);
        // Of 6 pairs: 3>2, 3>0, 2=2, 2>0, 1<2, 1>0.
        assert!((found.auc.value - 4.5 / 6.0).abs() < 1e-15);
        // After the scores 3 and 2: two of three members, one of two others; after 1: all and one.
        assert!((found.advantage.value - 0.5).abs() < 1e-15);
        assert_eq!(found.at[2].true_positive_rate.value, 1.0 / 3.0);
        assert_eq!(found.at[2].others_allowed, 0);
        assert_eq!(found.true_positive_rate.last(), Some(&1.0));
    }

    #[test]
    fn separated_groups_have_an_area_of_one_and_equal_scores_one_half() {
        let found = curve(&[5.0, 6.0], &[1.0; 30]);
        assert_eq!(
            (found.auc.value, found.auc.low, found.advantage.value),
            (1.0, 1.0, 1.0)
        );
        assert!(found.at.iter().all(|at| at.true_positive_rate.value == 1.0));
        let found = curve(&[1.0; 10], &[1.0; 30]);
        assert_eq!((found.auc.value, found.advantage.value), (0.5, 0.0));
        assert!(
            Ranked::new(&[], &[1.0])
                .curve(5, &Seed::from_u64(1))
                .is_none()
        );
    }

    #[test]
    fn the_interval_of_a_chance_attack_holds_one_half() {
        // 40 null attacks with 95 % intervals: missing one half more than 8 times has probability
        // below 1e-3 (binomial, 40, 0.05 ... 0.07 for the slightly short percentile intervals).
        let missed = (0..40)
            .filter(|&trial| {
                let mut rng = Seed::from_u64(trial).rng();
                let mut draw = |n: usize| -> Vec<f64> { (0..n).map(|_| rng.normal()).collect() };
                let (members, others) = (draw(120), draw(100));
                let ranked = Ranked::new(&members, &others);
                let auc = ranked.curve(200, &Seed::from_u64(100 + trial)).unwrap().auc;
                !(auc.low <= 0.5 && 0.5 <= auc.high)
            })
            .count();
        assert!(missed <= 8, "{missed}");
    }
}
