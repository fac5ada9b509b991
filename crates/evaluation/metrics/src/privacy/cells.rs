//! Single values that give somebody away: rare levels, extreme numbers, names and dates
//! (specification 5.11).

use std::hash::Hash;

use parable_table::{Kind, Role, Table, Values};
use rustc_hash::FxHashSet;

use super::texts;
use crate::data::frame::{Frame, seen};
use crate::{
    CellSection, Direction, EvaluationOptions, ExtremeValues, Group, LeftIn, LeftInKind, Metric,
    MetricContext, MetricError, MetricInfo, Outcome, Pair, RareLevels, Section, Undefined, Unit,
};
use parable_linalg::quantile;

/// A column is taken for one of names if so large a part of its values occur once.
const MOSTLY_UNIQUE: f64 = 0.9;
/// With fewer values a column may look like one of names by chance.
const ENOUGH_VALUES: usize = 50;

/// Values in single cells that only few real people have (5.11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CellScore {
    /// Share of the levels with fewer real rows than `min_cell` that occur in the synthetic table.
    RareLevels {
        /// From this many rows on a level is not rare.
        min_cell: usize,
    },
    /// Share of the synthetic values beyond the real 1 % and 99 % quantiles that equal a real
    /// value.
    ExtremeValues,
    /// Columns of row ids, names or free text with a value of the real table in it.
    LeftIn,
}

fn rare_levels(frame: &Frame, min_cell: usize) -> Vec<RareLevels> {
    let mut found = Vec::new();
    for column in frame.comparable() {
        let Some((labels, codes)) = column.codes() else {
            continue;
        };
        let tally = |codes: &[u32]| {
            let mut counts = vec![0u64; labels.len() + 1];
            codes.iter().for_each(|&code| counts[code as usize] += 1);
            counts
        };
        let real = tally(&codes.real);
        let rare: Vec<usize> = (1..real.len())
            .filter(|&code| real[code] > 0 && real[code] < min_cell as u64)
            .collect();
        if rare.is_empty() {
            continue;
        }
        let synthetic = tally(&codes.synthetic);
        let in_holdout = codes
            .holdout
            .as_ref()
            .map(|codes| seen(codes, labels.len()));
        found.push(RareLevels {
            column: column.name.clone(),
            levels: rare.len() as u64,
            reproduced: rare.iter().filter(|&&code| synthetic[code] > 0).count() as u64,
            synthetic_rows: rare.iter().map(|&code| synthetic[code]).sum(),
            in_holdout: in_holdout
                .map(|seen| rare.iter().filter(|&&code| seen[code]).count() as u64),
        });
    }
    found
}

fn extremes(frame: &Frame) -> Vec<ExtremeValues> {
    let mut found = Vec::new();
    for column in frame.comparable() {
        let Some(numbers) = column.numbers() else {
            continue;
        };
        let mut sorted: Vec<f64> = numbers
            .real
            .iter()
            .copied()
            .filter(|x| !x.is_nan())
            .collect();
        if sorted.is_empty() {
            continue;
        }
        sorted.sort_unstable_by(f64::total_cmp);
        let (low, high) = (quantile(&sorted, 0.01), quantile(&sorted, 0.99));
        let count = |values: &[f64]| {
            let outside = values.iter().filter(|&&x| x < low || x > high);
            let (mut all, mut equal) = (0u64, 0u64);
            for x in outside {
                all += 1;
                equal += u64::from(sorted.binary_search_by(|real| real.total_cmp(x)).is_ok());
            }
            (all, equal)
        };
        let (outside, equal) = count(&numbers.synthetic);
        let holdout = numbers.holdout.as_deref().map(count);
        found.push(ExtremeValues {
            column: column.name.clone(),
            outside,
            equal,
            holdout_outside: holdout.map(|(outside, _)| outside),
            holdout_equal: holdout.map(|(_, equal)| equal),
        });
    }
    found
}

fn left_in(pair: &Pair<'_>) -> Vec<LeftIn> {
    let (real, synthetic) = (pair.real(), pair.synthetic());
    let mut found = Vec::new();
    for (at, field) in real.schema().fields().iter().enumerate() {
        let other = synthetic
            .schema()
            .position(&field.name)
            .expect("a pair has the same columns in every table");
        let shared = shared_values(real, at, synthetic, other);
        let unique = shared.once_in_real as f64 >= MOSTLY_UNIQUE * shared.real_values as f64;
        let many = shared.real_values >= ENOUGH_VALUES;
        let kind = match (&field.role, &field.kind) {
            (Role::UnitId, _) => LeftInKind::RowId,
            (Role::ClusterId | Role::Treatment, _) => continue,
            (_, Kind::Text) => LeftInKind::FreeText,
            (_, Kind::Date { .. }) => LeftInKind::Date,
            (_, Kind::DateTime { .. }) => LeftInKind::DateTime,
            (_, Kind::Nominal { .. } | Kind::Integer { .. }) if unique && many => {
                LeftInKind::LooksLikeNames
            }
            _ => continue,
        };
        if shared.synthetic_values > 0 {
            let inside = match (texts_of(real, at), texts_of(synthetic, other)) {
                (Some(known), Some(written)) => texts::copied(&known, &written),
                _ => 0,
            };
            // Short words that several people wrote are nobody's.
            let equal = match kind {
                LeftInKind::FreeText => 0,
                _ => shared.shared,
            };
            found.push(LeftIn {
                column: field.name.clone(),
                kind,
                values: shared.synthetic_values as u64,
                equal_real: equal.max(inside) as u64,
            });
        }
    }
    found
}

/// The texts of a column of texts or of levels, row by row; `None` for numbers.
fn texts_of(table: &Table, at: usize) -> Option<Vec<&str>> {
    let column = table.column(at);
    let rows = (0..column.len()).filter(|&row| !column.is_missing(row));
    match column.values() {
        Values::Text(texts) => Some(rows.map(|row| texts.get(row)).collect()),
        Values::Codes(codes) => {
            let levels = table.levels(at)?;
            Some(rows.filter_map(|row| levels.get(codes[row])).collect())
        }
        _ => None,
    }
}

/// Distinct values of a column in both tables.
#[derive(Default)]
struct Shared {
    /// Values of the real table that are not missing.
    real_values: usize,
    /// Those of them that occur in one row.
    once_in_real: usize,
    /// Distinct values of the synthetic table.
    synthetic_values: usize,
    /// Those of them that occur in the real table.
    shared: usize,
}

fn shared_values(real: &Table, at: usize, synthetic: &Table, other: usize) -> Shared {
    let (x, y) = (real.column(at), synthetic.column(other));
    match (x.values(), y.values()) {
        (Values::Text(a), Values::Text(b)) => compare(
            a.iter()
                .enumerate()
                .filter(|&(row, _)| !x.is_missing(row))
                .map(|(_, text)| text),
            b.iter()
                .enumerate()
                .filter(|&(row, _)| !y.is_missing(row))
                .map(|(_, text)| text),
        ),
        (Values::Integer(a), Values::Integer(b)) => compare(
            (0..a.len())
                .filter(|&row| !x.is_missing(row))
                .map(|row| a[row]),
            (0..b.len())
                .filter(|&row| !y.is_missing(row))
                .map(|row| b[row]),
        ),
        (Values::Continuous(a), Values::Continuous(b)) => compare(
            (0..a.len())
                .filter(|&row| !x.is_missing(row))
                .map(|row| (a[row] + 0.0).to_bits()),
            (0..b.len())
                .filter(|&row| !y.is_missing(row))
                .map(|row| (b[row] + 0.0).to_bits()),
        ),
        (Values::Codes(_), Values::Codes(_)) => {
            let (Some(a), Some(b)) = (real.levels(at), synthetic.levels(other)) else {
                return Shared::default();
            };
            let (a, b): (Vec<&str>, Vec<&str>) = (a.iter().collect(), b.iter().collect());
            let text = |table: &Table, position: usize, levels: &[&str]| -> Vec<String> {
                let column = table.column(position);
                (0..column.len())
                    .filter_map(|row| column.code(row))
                    .map(|code| levels[code as usize].to_owned())
                    .collect()
            };
            compare(
                text(real, at, &a).into_iter(),
                text(synthetic, other, &b).into_iter(),
            )
        }
        // A pair allows whole numbers on one side and real ones on the other.
        _ => compare(
            (0..x.len())
                .filter_map(|row| x.number(row))
                .map(|x| (x + 0.0).to_bits()),
            (0..y.len())
                .filter_map(|row| y.number(row))
                .map(|y| (y + 0.0).to_bits()),
        ),
    }
}

fn compare<T: Hash + Eq>(
    real: impl Iterator<Item = T>,
    synthetic: impl Iterator<Item = T>,
) -> Shared {
    let (mut known, mut again) = (FxHashSet::default(), 0usize);
    let mut repeated = FxHashSet::default();
    let mut real_values = 0;
    for value in real {
        real_values += 1;
        if let Some(value) = known.replace(value) {
            again += usize::from(repeated.insert(value));
        }
    }
    let synthetic: FxHashSet<T> = synthetic.collect();
    let distinct = known.len().max(1);
    // `replace` moved repeated values out of the set's place; the set still holds one of each.
    let shared = synthetic
        .iter()
        .filter(|value| known.contains(*value))
        .count();
    Shared {
        real_values,
        once_in_real: distinct - again,
        synthetic_values: synthetic.len(),
        shared,
    }
}

impl CellScore {
    /// The checks with the smallest cell of the options.
    pub(crate) fn all(options: &EvaluationOptions) -> [Self; 3] {
        let min_cell = options.min_cell;
        [
            Self::RareLevels { min_cell },
            Self::ExtremeValues,
            Self::LeftIn,
        ]
    }
}

static CELLS_RARE_LEVELS: MetricInfo = MetricInfo::new(
    "cells_rare_levels",
    "Share of rare real levels that occur in the synthetic table",
    "Names of levels that only few people have, such as a rare illness, and that the synthetic table shows; the holdout says how many chance gives.",
)
.with_group(Group::Privacy)
.with_direction(Direction::Baseline)
.without_anchors();

static CELLS_EXTREME_VALUES: MetricInfo = MetricInfo::new(
    "cells_extreme_values",
    "Share of extreme synthetic numbers that are a real person's",
    "The highest and lowest numbers of the synthetic table: how many are exactly those of a real person; the holdout says how many chance gives.",
)
.with_group(Group::Privacy)
.with_direction(Direction::Baseline)
.without_anchors();

static CELLS_LEFT_IN: MetricInfo = MetricInfo::new(
    "cells_left_in",
    "Columns with ids, names or free text of the real table",
    "Columns of row ids, names or free text in which the synthetic table repeats values of the real one. There should be none.",
)
.with_group(Group::Privacy)
.with_direction(Direction::MustBe0)
.without_anchors();

impl Metric for CellScore {
    fn info(&self) -> &MetricInfo {
        match self {
            Self::RareLevels { .. } => &CELLS_RARE_LEVELS,
            Self::ExtremeValues => &CELLS_EXTREME_VALUES,
            Self::LeftIn => &CELLS_LEFT_IN,
        }
    }

    fn compute(&self, context: &MetricContext<'_>) -> Result<Outcome, MetricError> {
        let cache = context.cache();
        let frame = cache.frame();
        let new = |value| self.info().score(value);
        let empty = frame.rows.real == 0 || frame.rows.synthetic == 0;
        let share = |part: u64, whole: u64| (whole > 0).then(|| part as f64 / whole as f64);
        let mut section = CellSection::default();
        let score = match self {
            Self::RareLevels { min_cell } => {
                let rare = rare_levels(&frame, *min_cell);
                let sum = |of: fn(&RareLevels) -> u64| rare.iter().map(of).sum::<u64>();
                let levels = sum(|r| r.levels);
                let value = share(sum(|r| r.reproduced), levels).filter(|_| !empty);
                let mut score = new(value.ok_or(why(empty)))
                    .with_param("min_cell", *min_cell)
                    .with_used(levels as usize, Unit::Cells)
                    .with_detail("synthetic_rows", sum(|r| r.synthetic_rows))
                    .with_detail("columns", names(rare.iter().map(|r| &r.column)));
                let held: Option<u64> = rare.iter().map(|r| r.in_holdout).sum();
                score.baseline.holdout = held
                    .filter(|_| value.is_some())
                    .and_then(|held| share(held, levels));
                section.min_cell = *min_cell as u64;
                section.rare_levels = rare;
                score
            }
            Self::ExtremeValues => {
                let found = extremes(&frame);
                let sum = |of: fn(&ExtremeValues) -> u64| found.iter().map(of).sum::<u64>();
                let outside = sum(|e| e.outside);
                let value = share(sum(|e| e.equal), outside).filter(|_| !empty);
                let mut score = new(value.ok_or(why(empty)))
                    .with_used(outside as usize, Unit::Cells)
                    .with_detail("columns", names(found.iter().map(|e| &e.column)));
                let held = || -> Option<f64> {
                    let outside: u64 = found
                        .iter()
                        .map(|e| e.holdout_outside)
                        .sum::<Option<u64>>()?;
                    share(
                        found.iter().map(|e| e.holdout_equal).sum::<Option<u64>>()?,
                        outside,
                    )
                };
                score.baseline.holdout = value.and_then(|_| held());
                section.extremes = found;
                score
            }
            Self::LeftIn => {
                let found = left_in(cache);
                let names_people = |left: &&LeftIn| {
                    left.equal_real > 0
                        && !matches!(left.kind, LeftInKind::Date | LeftInKind::DateTime)
                };
                let leaks: Vec<&LeftIn> = found.iter().filter(names_people).collect();
                let value = if empty {
                    Err(Undefined::NoRows)
                } else {
                    Ok(leaks.len() as f64)
                };
                let mut score = new(value)
                    .with_used(cache.real().schema().len(), Unit::Columns)
                    .with_detail("columns", names(leaks.iter().map(|left| &left.column)));
                let dates = found
                    .iter()
                    .filter(|left| matches!(left.kind, LeftInKind::Date | LeftInKind::DateTime));
                let dates = names(dates.map(|left| &left.column));
                if !dates.is_empty() {
                    score = score.with_detail("dates", dates).with_warning(
                        "exact dates identify people together with little else: publish months or ages",
                    );
                }
                section.left_in = found;
                score
            }
        };
        Ok(Outcome::from(score).with_section(Section::Cells(section)))
    }
}

fn why(empty: bool) -> Undefined {
    if empty {
        Undefined::NoRows
    } else {
        Undefined::NoCells
    }
}

fn names<'a>(columns: impl Iterator<Item = &'a String>) -> Vec<String> {
    columns.cloned().collect()
}

#[cfg(test)]
mod tests {
    use parable_table::{Column, Field};

    use parable_seed::Seed;

    use super::*;
    use crate::Score;
    use crate::testing::{numbers, table, texts};

    fn score(score: CellScore, real: &Table, synthetic: &Table, holdout: Option<&Table>) -> Score {
        let mut pair = Pair::new(real, synthetic).unwrap();
        if let Some(holdout) = holdout {
            pair = pair.with_holdout(holdout).unwrap();
        }
        score.score(&pair, &Seed::from_u64(1)).unwrap()
    }

    #[test]
    fn rare_levels_are_counted_below_the_smallest_cell() {
        let real = table(vec![texts("x", &["a", "a", "a", "b", "b", "c"])]);
        let synthetic = table(vec![texts("x", &["a", "b", "b", "b"])]);
        let holdout = table(vec![texts("x", &["c", "b", "a"])]);
        let found = score(
            CellScore::RareLevels { min_cell: 3 },
            &real,
            &synthetic,
            Some(&holdout),
        );
        assert_eq!((found.value, found.n_used), (Some(0.5), 2));
        assert_eq!(found.baseline.holdout, Some(1.0));
        let none = score(
            CellScore::RareLevels { min_cell: 1 },
            &real,
            &synthetic,
            None,
        );
        assert_eq!(none.reason, Some(Undefined::NoCells));
    }

    #[test]
    fn an_extreme_value_of_a_person_is_found() {
        let values: Vec<f64> = (0..=200).map(f64::from).collect();
        let real = table(vec![numbers("x", &values)]);
        // Quantiles at 2 and 198: 0, 1.5, 200 and 250 lie outside, 0 and 200 are real ones.
        let synthetic = table(vec![numbers("x", &[0.0, 1.5, 100.0, 200.0, 250.0])]);
        let found = score(CellScore::ExtremeValues, &real, &synthetic, None);
        assert_eq!((found.value, found.n_used), (Some(0.5), 4));
        assert_eq!(
            score(CellScore::ExtremeValues, &real, &real, None).value,
            Some(1.0)
        );
    }

    #[test]
    fn names_and_free_text_that_were_left_in_are_counted_by_column() {
        let id = |from: i64| {
            let values = (from..from + 60).collect();
            (
                Field::new("id", Kind::integer()).with_role(Role::UnitId),
                Column::complete(Values::Integer(values)),
            )
        };
        let names = |from: i64| {
            let names: Vec<String> = (from..from + 60).map(|i| format!("person {i}")).collect();
            texts(
                "name",
                &names.iter().map(String::as_str).collect::<Vec<_>>(),
            )
        };
        let sex = || texts("sex", &["f", "m"].repeat(30));
        let real = table(vec![id(0), names(0), sex()]);
        let kept = table(vec![id(30), names(59), sex()]);
        let fresh = table(vec![id(900), names(900), sex()]);
        let found = score(CellScore::LeftIn, &real, &kept, None);
        assert_eq!(found.value, Some(2.0));
        assert_eq!(
            score(CellScore::LeftIn, &real, &fresh, None).value,
            Some(0.0)
        );
        let section = left_in(&Pair::new(&real, &kept).unwrap());
        let equal: Vec<u64> = section.iter().map(|left| left.equal_real).collect();
        assert_eq!(equal, [30, 1]);
        assert_eq!(section[1].kind, LeftInKind::LooksLikeNames);
    }
}
