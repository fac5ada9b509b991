//! Singling out: questions that exactly one synthetic row answers, put to the real rows
//! (specification 5.7).

use parable_seed::{Rng, Seed};
use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::Made;
use super::predicate::{Condition, Questioned, exactly_one};
use super::ranks::Ranks;
use crate::BlindGuess;
use crate::data::frame::{Frame, FrameColumn};

type Predicate = Vec<Condition>;

/// Questions drawn from one stream of random numbers.
const BLOCK: usize = 256;
/// Blocks that are drawn before looking whether there are enough.
const BLOCKS: u64 = 16;
/// Questions drawn for each one wanted, before giving up.
const PATIENCE: usize = 100;

/// The tables, ready to be asked.
struct Ground<'a> {
    ranks: &'a [Ranks],
    real: Questioned<'a>,
    synthetic: Questioned<'a>,
    holdout: Option<Questioned<'a>>,
}

/// Asks about one column: every value that occurs once, the smallest and largest value and beyond,
/// being missing.
pub(super) fn univariate(
    frame: &Frame,
    columns: &[&FrameColumn],
    asked: usize,
    seed: &Seed,
) -> Made {
    let ranks: Vec<Ranks> = columns.par_iter().map(|column| Ranks::of(column)).collect();
    let ground = Ground::new(frame, &ranks);
    let mut predicates = ground.univariate();
    seed.stream("order").rng().shuffle(&mut predicates);
    predicates.truncate(asked);
    ground.ask(&predicates, 1, asked, seed)
}

/// Asks about so many columns at once, with the values of a synthetic row: equal levels, numbers at
/// least as far from the median.
pub(super) fn multivariate(
    frame: &Frame,
    columns: &[&FrameColumn],
    asked: usize,
    together: usize,
    seed: &Seed,
) -> Made {
    let ranks: Vec<Ranks> = columns.par_iter().map(|column| Ranks::of(column)).collect();
    let ground = Ground::new(frame, &ranks);
    let together = together.clamp(1, columns.len());
    let predicates = ground.multivariate(asked, together, &seed.stream("predicates"));
    ground.ask(&predicates, together, asked, seed)
}

impl<'a> Ground<'a> {
    fn new(frame: &Frame, ranks: &'a [Ranks]) -> Self {
        let rows = frame.rows;
        Self {
            ranks,
            real: Questioned::new(rows.real, ranks, |r| &r.codes.real),
            synthetic: Questioned::new(rows.synthetic, ranks, |r| &r.codes.synthetic),
            holdout: rows.holdout.filter(|&rows| rows > 0).map(|rows| {
                Questioned::new(rows, ranks, |r| {
                    r.codes.holdout.as_deref().unwrap_or_default()
                })
            }),
        }
    }

    /// All questions about one column that exactly one synthetic row answers.
    fn univariate(&self) -> Vec<Predicate> {
        let mut predicates = Vec::new();
        for (column, (ranks, postings)) in
            self.ranks.iter().zip(&self.synthetic.postings).enumerate()
        {
            let once = |code: u32| postings.rows(code, code).len() == 1;
            let mut add = |low, high| predicates.push(vec![Condition::between(column, low, high)]);
            postings
                .present()
                .filter(|&code| once(code))
                .for_each(|code| add(code, code));
            let mut known = postings.present().filter(|&code| code > 0);
            let smallest = known.next();
            let largest = known.last().or(smallest);
            if ranks.ordered {
                smallest
                    .filter(|&code| once(code))
                    .into_iter()
                    .for_each(|code| add(1, code));
                largest
                    .filter(|&code| once(code))
                    .into_iter()
                    .for_each(|code| add(code, ranks.values));
            }
        }
        predicates
    }

    /// Different questions about `together` columns that exactly one synthetic row answers; fewer
    /// than wanted if they are hard to find.
    fn multivariate(&self, wanted: usize, together: usize, seed: &Seed) -> Vec<Predicate> {
        let medians: Vec<u32> = (0..self.ranks.len())
            .map(|column| self.median(column))
            .collect();
        let mut known: FxHashSet<Predicate> = FxHashSet::default();
        let mut predicates = Vec::new();
        let mut block = 0u64;
        while predicates.len() < wanted && block as usize * BLOCK < PATIENCE * wanted + 10_000 {
            let found: Vec<Vec<Predicate>> = (block..block + BLOCKS)
                .into_par_iter()
                .map(|index| {
                    let mut rng = seed.index(index).rng();
                    (0..BLOCK)
                        .map(|_| self.about_a_row(&medians, together, &mut rng))
                        .filter(|predicate| self.synthetic.count(predicate, 2) == 1)
                        .collect()
                })
                .collect();
            for predicate in found.into_iter().flatten() {
                if predicates.len() < wanted && known.insert(predicate.clone()) {
                    predicates.push(predicate);
                }
            }
            block += BLOCKS;
        }
        predicates
    }

    /// The lower median of the synthetic values of a column: a synthetic value is above the median
    /// exactly if it is above this.
    fn median(&self, column: usize) -> u32 {
        let missing = self.synthetic.postings[column].rows(0, 0).len();
        let known = self.synthetic.postings[column].rows(1, self.ranks[column].values);
        debug_assert_eq!(missing + known.len(), self.synthetic.rows());
        let middle = known.get(known.len().saturating_sub(1) / 2);
        middle.map_or(0, |&row| self.synthetic.code(column, row as usize))
    }

    fn about_a_row(&self, medians: &[u32], together: usize, rng: &mut Rng) -> Predicate {
        let row = rng.below(self.synthetic.rows() as u64) as usize;
        let columns = some_columns(self.ranks.len(), together, rng);
        let about = |&column: &usize| {
            let code = self.synthetic.code(column, row);
            let ranks = &self.ranks[column];
            match code {
                code if code == 0 || !ranks.ordered => Condition::between(column, code, code),
                code if code > medians[column] => Condition::between(column, code, ranks.values),
                code => Condition::between(column, 1, code),
            }
        };
        columns.iter().map(about).collect()
    }

    /// A question from random columns, values and comparisons, for who has no synthetic row to look
    /// at.
    fn blind(&self, present: &[Vec<u32>], together: usize, rng: &mut Rng) -> Predicate {
        let columns = some_columns(self.ranks.len(), together, rng);
        let about = |&column: &usize| {
            let code = present[column][rng.below(present[column].len() as u64) as usize];
            let ranks = &self.ranks[column];
            let comparisons = if ranks.ordered && code > 0 { 6 } else { 2 };
            let (low, high) = match rng.below(comparisons) {
                2 => (1, code - 1),
                3 => (1, code),
                4 => (code + 1, ranks.values),
                5 => (code, ranks.values),
                drawn => {
                    let not = drawn == 1;
                    return Condition {
                        not,
                        ..Condition::between(column, code, code)
                    };
                }
            };
            Condition::between(column, low, high)
        };
        columns.iter().map(about).collect()
    }

    /// Puts the questions to the real rows, the holdout, and as many blind ones to the real rows.
    fn ask(&self, predicates: &[Predicate], together: usize, asked: usize, seed: &Seed) -> Made {
        let hits: Vec<u32> = predicates
            .par_iter()
            .filter_map(|predicate| self.real.only(predicate))
            .collect();
        let holdout_rows = self.holdout.as_ref().map_or(0, Questioned::rows);
        let equal = self.real.rows().min(holdout_rows);
        // Expected number of questions that one row answers, over all samples of `equal` rows.
        let on = |table: &Questioned<'_>| -> f64 {
            let rows = table.rows();
            let most = enough(rows, equal);
            let each: Vec<f64> = predicates
                .par_iter()
                .map(|predicate| match table.count(predicate, most) {
                    count if count == most => 0.0,
                    count => exactly_one(count, rows, equal),
                })
                .collect();
            each.iter().sum()
        };
        let present: Vec<Vec<u32>> = self
            .synthetic
            .postings
            .iter()
            .map(|postings| postings.present().collect())
            .collect();
        let mut rng = seed.stream("blind").rng();
        let blind: Vec<Predicate> = predicates
            .iter()
            .map(|_| self.blind(&present, together, &mut rng))
            .collect();
        let lucky = blind
            .par_iter()
            .filter(|predicate| self.real.only(predicate).is_some())
            .count();
        Made {
            asked,
            attacks: predicates.len(),
            at_equal_size: (equal > 0 && equal < self.real.rows()).then(|| on(&self.real)),
            control: self
                .holdout
                .as_ref()
                .map(|holdout| (predicates.len(), on(holdout))),
            guesses: vec![BlindGuess {
                how: "random columns, values and comparisons".to_owned(),
                share: lucky as f64 / predicates.len().max(1) as f64,
            }],
            hits,
        }
    }
}

/// From how many matches on a sample of `sample` rows is as good as never left with exactly one of
/// them.
fn enough(rows: usize, sample: usize) -> usize {
    if sample >= rows {
        return 2;
    }
    (2..rows + 2)
        .step_by(8)
        .find(|&matching| {
            matching > rows
                || exactly_one(matching, rows, sample) < 1e-12 && matching * sample > rows
        })
        .unwrap_or(rows + 1)
}

/// Different columns, ascending.
fn some_columns(columns: usize, together: usize, rng: &mut Rng) -> Vec<usize> {
    let mut chosen: Vec<usize> = Vec::with_capacity(together);
    while chosen.len() < together {
        let column = rng.below(columns as u64) as usize;
        if !chosen.contains(&column) {
            chosen.push(column);
        }
    }
    chosen.sort_unstable();
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{number, numbers, table, text, texts};

    fn columns(frame: &Frame) -> Vec<&FrameColumn> {
        frame.comparable().collect()
    }

    #[test]
    fn every_question_about_one_column_has_one_synthetic_answer() {
        let synthetic = table(vec![
            number("x", &[Some(1.0), Some(2.0), Some(2.0), Some(5.0), None]),
            text(
                "y",
                &[Some("a"), Some("a"), Some("b"), Some("b"), Some("c")],
            ),
        ]);
        let frame = Frame::new(&synthetic, &synthetic, None);
        let ranks: Vec<Ranks> = frame.columns.iter().map(Ranks::of).collect();
        let ground = Ground::new(&frame, &ranks);
        let found = ground.univariate();
        // x missing, x = 1, x = 5, x <= 1, x >= 5, y = c.
        assert_eq!(found.len(), 6);
        assert!(found.iter().all(|p| ground.synthetic.count(p, 9) == 1));
    }

    #[test]
    fn a_copy_is_singled_out_and_strangers_are_not() {
        let value = |seed: u64, rows: usize| -> parable_table::Table {
            let mut rng = Seed::from_u64(seed).rng();
            let x: Vec<f64> = (0..rows).map(|_| rng.normal()).collect();
            let y: Vec<f64> = (0..rows).map(|_| rng.normal()).collect();
            let z: Vec<&str> = (0..rows)
                .map(|_| ["a", "b", "c"][rng.below(3) as usize])
                .collect();
            table(vec![numbers("x", &x), numbers("y", &y), texts("z", &z)])
        };
        let (real, other) = (value(1, 300), value(2, 300));
        let seed = Seed::from_u64(3);
        let copy = Frame::new(&real, &real, Some(&other));
        let strangers = Frame::new(&real, &other, Some(&value(4, 300)));
        for single in [true, false] {
            let run = |frame: &Frame| match single {
                true => univariate(frame, &columns(frame), 100, &seed),
                false => multivariate(frame, &columns(frame), 100, 2, &seed),
            };
            let made = run(&copy);
            // There are not many pairs of columns and thresholds with one answer.
            assert!(made.attacks >= 20, "{}", made.attacks);
            assert_eq!(made.hits.len(), made.attacks);
            let share = |hits: f64, made: &Made| hits / made.attacks as f64;
            assert!(share(made.control.unwrap().1, &made) < 0.7);
            let made = run(&strangers);
            assert!(share(made.hits.len() as f64, &made) < 0.7);
        }
    }

    #[test]
    fn a_question_above_the_median_of_the_synthetic_values_asks_for_more() {
        let synthetic = table(vec![numbers("x", &[1.0, 2.0, 3.0, 4.0])]);
        let frame = Frame::new(&synthetic, &synthetic, None);
        let ranks: Vec<Ranks> = frame.columns.iter().map(Ranks::of).collect();
        let ground = Ground::new(&frame, &ranks);
        // The median is 2.5: 1 and 2 lie below, 3 and 4 above.
        assert_eq!(ground.median(0), 2);
    }

    #[test]
    fn rows_of_one_kind_allow_no_question() {
        let same = table(vec![texts("z", &["a"; 20])]);
        let frame = Frame::new(&same, &same, None);
        let made = univariate(&frame, &columns(&frame), 10, &Seed::from_u64(1));
        assert_eq!((made.attacks, made.asked), (0, 10));
        let made = multivariate(&frame, &columns(&frame), 10, 3, &Seed::from_u64(1));
        assert_eq!(made.attacks, 0);
    }

    #[test]
    fn a_larger_table_is_compared_at_the_size_of_the_holdout() {
        // One value occurs twice among 4 real rows: a sample of 2 holds one of them 4 times in 6.
        let real = table(vec![numbers("x", &[1.0, 1.0, 2.0, 3.0])]);
        let synthetic = table(vec![numbers("x", &[1.0, 7.0, 7.0])]);
        let holdout = table(vec![numbers("x", &[1.0, 3.0])]);
        let frame = Frame::new(&real, &synthetic, Some(&holdout));
        let made = univariate(&frame, &columns(&frame), 10, &Seed::from_u64(1));
        // x = 1 and x <= 1.
        assert_eq!((made.attacks, made.hits.len()), (2, 0));
        assert!((made.at_equal_size.unwrap() - 8.0 / 6.0).abs() < 1e-12);
        assert_eq!(made.control, Some((2, 2.0)));
    }
}
