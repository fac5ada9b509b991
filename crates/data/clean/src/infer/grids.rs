//! The grid on which nearly all numbers of a column lie.

use parable_table::Grid;

/// A number in units of the finest decimals, and in how many rows it stands.
pub(super) type CountedUnits = (i64, usize);

/// So many of the rows, and of the distinct numbers, lie on a grid of steps.
const ROWS: f64 = 0.95;
const DISTINCT: f64 = 0.85;
/// Distinct numbers from which steps are proposed.
const PROPOSING: usize = 120;
/// A step is no accident if as many random numbers would lie on one with at most this probability,
/// as a natural logarithm.
const CHANCE: f64 = -16.0;

/// The widest step on which nearly all numbers lie, with one of its points: at least 2 units.
pub(super) fn step(numbers: &[CountedUnits]) -> Option<(i64, i64)> {
    let total: usize = numbers.iter().map(|(_, rows)| rows).sum();
    let mut often: Vec<&CountedUnits> = numbers.iter().collect();
    often.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    let origin = often.first()?.0;
    often.truncate(PROPOSING);
    let gaps: Vec<i64> = often
        .iter()
        .filter_map(|(units, _)| units.checked_sub(origin)?.checked_abs())
        .filter(|&gap| gap > 0)
        .collect();
    // A few numbers off the grid spoil the steps of their neighbours only.
    let mut steps: Vec<i64> = gaps
        .windows(4)
        .map(|four| four.iter().fold(0, |a, &b| gcd(a, b)))
        .filter(|&step| step > 1)
        .collect();
    steps.sort_unstable();
    let mut counted: Vec<(i64, usize)> = Vec::new();
    for step in steps {
        match counted.last_mut() {
            Some((last, count)) if *last == step => *count += 1,
            _ => counted.push((step, 1)),
        }
    }
    counted.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    counted.truncate(8);
    counted.sort_by_key(|(step, _)| std::cmp::Reverse(*step));
    counted.into_iter().find_map(|(step, _)| {
        let on = |&&(units, _): &&CountedUnits| {
            (i128::from(units) - i128::from(origin)) % i128::from(step) == 0
        };
        let distinct = numbers.iter().filter(on).count();
        let rows: usize = numbers.iter().filter(on).map(|(_, rows)| rows).sum();
        let by_chance = -(distinct.saturating_sub(1) as f64) * (step as f64).ln();
        (rows as f64 >= ROWS * total as f64
            && distinct as f64 >= DISTINCT * numbers.len() as f64
            && by_chance <= CHANCE)
            .then(|| (step, origin.rem_euclid(step)))
    })
}

fn gcd(mut a: i64, mut b: i64) -> i64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// Units of `decimals` in a row as a grid.
pub(super) fn grid(step: (i64, i64), decimals: u8) -> Grid {
    let scale = 10f64.powi(i32::from(decimals));
    let (step, origin) = step;
    let power = (0..=decimals)
        .find(|&less| 10i64.checked_pow(u32::from(decimals - less)) == Some(step) && origin == 0);
    match power {
        Some(fewer) => Grid::Decimals(fewer),
        None => Grid::Step {
            step: step as f64 / scale,
            origin: origin as f64 / scale,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(numbers: impl Iterator<Item = i64>, expected: Option<(i64, i64)>) {
        let numbers: Vec<CountedUnits> = numbers.map(|units| (units, 1)).collect();
        assert_eq!(step(&numbers), expected);
    }

    #[test]
    fn steps_are_found_with_a_few_numbers_beside_them() {
        check((0..100).map(|k| k * 25), Some((25, 0)));
        check(
            (0..100).map(|k| if k % 25 == 3 { k * 25 + 1 } else { k * 25 }),
            Some((25, 0)),
        );
        check((1..60).map(|k| k * 100 - 1), Some((100, 99)));
        check((0..40).map(|k| k * 5), Some((5, 0)));
        check((0..40).map(|k| k * k * 12), Some((12, 0)));
    }

    #[test]
    fn few_numbers_and_heaps_are_no_steps() {
        check([0, 5, 10].into_iter(), None);
        check((0..100).map(|k| if k % 4 == 0 { k } else { k * 5 }), None);
        check(0..100, None);
        check(std::iter::empty(), None);
    }

    #[test]
    fn steps_of_tens_are_decimals() {
        assert_eq!(
            grid((5, 0), 2),
            Grid::Step {
                step: 0.05,
                origin: 0.0
            }
        );
        assert_eq!(grid((10, 0), 2), Grid::Decimals(1));
        assert_eq!(
            grid((100, 99), 2),
            Grid::Step {
                step: 1.0,
                origin: 0.99
            }
        );
    }
}
