//! Which rows an owner should look at before giving a table away (specification 5.10).

use std::io::Write;

use parable_seed::Seed;
use parable_table::csv::{self, CsvError};
use parable_table::{RawColumn, RawTable};
use rustc_hash::FxHashMap;

use crate::metric::seed_of;
use crate::privacy::attacks::Attack;
use crate::privacy::nearest::{GowerSpace, NearestRows, NearestSynthetic};
use crate::privacy::overlap::RowIds;
use crate::progress::silent;
use crate::{AttackKind, AttributeDisclosure, Cache, EvaluationOptions, MetricError, Pair};
use parable_linalg::quantile;

/// Every real row that something gives away, and every synthetic row that is or nearly is a real
/// one. **Do not release**: it says which people stand in the data and what can be learned about
/// them. Never a part of an evaluation or a page.
#[derive(Clone, Debug, PartialEq)]
pub struct Review {
    /// Real rows first, then synthetic ones, each in the order of its table.
    pub rows: Vec<ReviewRow>,
    /// The 1 % quantile of the distances from real rows to their nearest other real row: nearer
    /// than that is near. `None` with fewer than two real rows.
    pub near: Option<f64>,
}

/// One row to look at.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ReviewRow {
    /// Which table it is in.
    pub table: ReviewedTable,
    /// Its position in that table, from 0.
    pub row: usize,
    /// Why it is here.
    pub flags: Vec<ReviewFlag>,
    /// Gower's distance to the nearest row of the other table.
    pub distance: Option<f64>,
    /// The position of that row, from 0.
    pub nearest: Option<usize>,
    /// Local outlier factor among the real rows, of a real row.
    pub factor: Option<f64>,
    /// The columns whose value the declared keys tell, of a real row.
    pub told: Vec<String>,
    /// The attacks that succeeded against it, of a real row. Attacks are made on a random part of
    /// the rows only.
    pub attacks: Vec<AttackKind>,
}

/// Which table a row of a review is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReviewedTable {
    /// The real one.
    Real,
    /// The synthetic one.
    Synthetic,
}

/// Why a row is in a review.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ReviewFlag {
    /// A real row that is alone in its table and stands in the synthetic one.
    ReplicatedUnique,
    /// A real row that a synthetic one comes nearer than 99 % of real rows come to each other.
    Near,
    /// A real row whose declared keys tell the value of a target.
    Disclosed,
    /// A real row that stands apart and has a synthetic row nearer than its nearest other real one.
    OutlierNear,
    /// A real row that an attack succeeded against.
    Attacked,
    /// A synthetic row that equals a real one.
    Copy,
    /// A synthetic row nearer to a real one than 99 % of real rows are to each other.
    NearCopy,
}

impl ReviewFlag {
    /// The name in the file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ReplicatedUnique => "replicated_unique",
            Self::Near => "near",
            Self::Disclosed => "disclosed",
            Self::OutlierNear => "outlier_near",
            Self::Attacked => "attacked",
            Self::Copy => "copy",
            Self::NearCopy => "near_copy",
        }
    }
}

impl Review {
    /// Reviews a pair with the settings of an evaluation. With the seed of the evaluation the
    /// attacks are those of its report. Keys count only if they are declared in the options.
    ///
    /// # Errors
    /// [`MetricError::BadOption`] if an option names a column that cannot be used so.
    pub fn of(
        pair: &Pair<'_>,
        options: &EvaluationOptions,
        seed: &Seed,
    ) -> Result<Self, MetricError> {
        let cache = Cache::new(pair);
        let frame = cache.frame();
        let attacked = attacked(&cache, options, seed)?;
        let told = told(&cache, options)?;
        let mut review = Self {
            rows: Vec::new(),
            near: None,
        };
        if frame.comparable().next().is_none() || frame.rows.real == 0 || frame.rows.synthetic == 0
        {
            return Ok(review);
        }
        let space = cache.get(&GowerSpace)?;
        let found = cache.get(&NearestRows {
            outlier_neighbours: options.outlier_neighbours,
        })?;
        let gaps = cache.get(&NearestSynthetic)?;
        let k = found.within.k;
        let mut within: Vec<f64> = found.within.sums.iter().step_by(k).copied().collect();
        within.retain(|sum| sum.is_finite());
        within.sort_unstable_by(f64::total_cmp);
        let near = (!within.is_empty()).then(|| quantile(&within, 0.01));
        review.near = near.map(|sum| sum / space.divisor);
        let ids = RowIds::of(&frame, cache.rounding());
        let (real_times, synthetic_times) = (tally(&ids.real), tally(&ids.synthetic));

        for row in 0..frame.rows.real {
            let id = ids.real[row];
            let gap = gaps.real.sums[row];
            let factor = found.factors.as_ref().map(|factors| factors[row]);
            let apart = factor.is_some_and(|factor| factor >= options.outlier_threshold);
            let mut flags = Vec::new();
            let mut flag = |is: bool, flag| is.then(|| flags.push(flag));
            flag(
                real_times[&id] == 1 && synthetic_times.contains_key(&id),
                ReviewFlag::ReplicatedUnique,
            );
            flag(near.is_some_and(|near| gap < near), ReviewFlag::Near);
            flag(told.contains_key(&(row as u32)), ReviewFlag::Disclosed);
            flag(
                apart && gap < found.within.sums[row * k],
                ReviewFlag::OutlierNear,
            );
            flag(attacked.contains_key(&(row as u32)), ReviewFlag::Attacked);
            if !flags.is_empty() {
                review.rows.push(ReviewRow {
                    table: ReviewedTable::Real,
                    row,
                    flags,
                    distance: Some(gap / space.divisor),
                    nearest: Some(gaps.real.rows[row] as usize),
                    factor,
                    told: told.get(&(row as u32)).cloned().unwrap_or_default(),
                    attacks: attacked.get(&(row as u32)).cloned().unwrap_or_default(),
                });
            }
        }
        for row in 0..frame.rows.synthetic {
            let gap = found.synthetic.sums[row * found.synthetic.k];
            let mut flags = Vec::new();
            if real_times.contains_key(&ids.synthetic[row]) {
                flags.push(ReviewFlag::Copy);
            } else if near.is_some_and(|near| gap < near) {
                flags.push(ReviewFlag::NearCopy);
            }
            if !flags.is_empty() {
                review.rows.push(ReviewRow {
                    table: ReviewedTable::Synthetic,
                    row,
                    flags,
                    distance: Some(gap / space.divisor),
                    nearest: Some(found.synthetic.rows[row * found.synthetic.k] as usize),
                    factor: None,
                    told: Vec::new(),
                    attacks: Vec::new(),
                });
            }
        }
        Ok(review)
    }

    /// Writes it as a file of comma-separated values, one row per row to look at, rows counted from
    /// 1 as in a spreadsheet without its header. The first column is called `do_not_release`. Holds
    /// no value of the tables.
    ///
    /// # Errors
    /// The writer refuses.
    pub fn write_csv(&self, out: impl Write) -> Result<(), CsvError> {
        let names = [
            "do_not_release",
            "table",
            "row",
            "flags",
            "distance_to_nearest",
            "nearest_row",
            "outlier_factor",
            "told_columns",
            "attacks",
        ];
        let mut table = RawTable {
            names: names.map(str::to_owned).to_vec(),
            columns: vec![RawColumn::default(); names.len()],
            rows: self.rows.len(),
            ..RawTable::default()
        };
        for row in &self.rows {
            let number = |value: Option<f64>| value.map_or_else(String::new, |x| format!("{x:.6}"));
            let cells = [
                "confidential".to_owned(),
                match row.table {
                    ReviewedTable::Real => "real".to_owned(),
                    ReviewedTable::Synthetic => "synthetic".to_owned(),
                },
                (row.row + 1).to_string(),
                row.flags
                    .iter()
                    .map(|flag| flag.name())
                    .collect::<Vec<_>>()
                    .join(" "),
                number(row.distance),
                row.nearest
                    .map_or_else(String::new, |row| (row + 1).to_string()),
                number(row.factor),
                row.told.join("; "),
                row.attacks
                    .iter()
                    .map(|kind| kind.name())
                    .collect::<Vec<_>>()
                    .join(" "),
            ];
            for (column, text) in table.columns.iter_mut().zip(cells) {
                column.cells.push(column.texts.len() as u32);
                column.texts.push(&text);
            }
        }
        csv::write_raw(&table, out)
    }
}

fn tally(ids: &[u32]) -> FxHashMap<u32, u32> {
    let mut counts = FxHashMap::default();
    for &id in ids {
        *counts.entry(id).or_insert(0) += 1;
    }
    counts
}

/// For each real row that was attacked with success the attacks that did it.
fn attacked(
    cache: &Cache<'_>,
    options: &EvaluationOptions,
    seed: &Seed,
) -> Result<FxHashMap<u32, Vec<AttackKind>>, MetricError> {
    let mut rows: FxHashMap<u32, Vec<AttackKind>> = FxHashMap::default();
    for kind in AttackKind::ALL {
        let attack = Attack::new(kind, options);
        for (_, hits) in attack.with_hits(cache, &seed_of(seed, &attack), &silent)? {
            for row in hits {
                let kinds = rows.entry(row).or_default();
                if kinds.last() != Some(&kind) {
                    kinds.push(kind);
                }
            }
        }
    }
    Ok(rows)
}

/// For each real row the targets that all declared keys together tell.
fn told(
    cache: &Cache<'_>,
    options: &EvaluationOptions,
) -> Result<FxHashMap<u32, Vec<String>>, MetricError> {
    let mut rows: FxHashMap<u32, Vec<String>> = FxHashMap::default();
    if options.keys.is_empty() {
        return Ok(rows);
    }
    let targets: Vec<String> = match options.targets.is_empty() {
        false => options.targets.clone(),
        true => cache
            .frame()
            .comparable()
            .map(|column| column.name.clone())
            .collect(),
    };
    for target in targets
        .iter()
        .filter(|target| !options.keys.contains(target))
    {
        for row in AttributeDisclosure::new(options.keys.iter(), target).told_rows(cache)? {
            rows.entry(row).or_default().push(target.clone());
        }
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{numbers, table, texts};

    #[test]
    fn copies_and_told_rows_are_listed_and_no_value_is_written() {
        let mut rng = Seed::from_u64(1).rng();
        let mut draw = |n: usize| -> Vec<f64> { (0..n).map(|_| rng.normal()).collect() };
        let (x, mut y) = (draw(120), draw(120));
        y[7] = 40.0;
        let key: Vec<String> = (0..120).map(|i| format!("secret{}", i % 60)).collect();
        let key: Vec<&str> = key.iter().map(String::as_str).collect();
        let real = table(vec![
            numbers("x", &x),
            numbers("y", &y),
            texts("k,ey", &key),
        ]);
        let rows: Vec<usize> = (0..120)
            .map(|i| if i < 8 { i } else { 8 + (i - 8) % 50 })
            .collect();
        let mut synthetic = real.take(&rows);
        let (schema, mut columns) = synthetic.into_parts();
        // Only row 7 stays an exact copy of a real one.
        let moved: Vec<f64> = rows
            .iter()
            .map(|&i| if i == 7 { x[i] } else { x[i] + 3.0 })
            .collect();
        columns[0] = numbers("x", &moved).1;
        synthetic = parable_table::Table::new(schema, columns).unwrap();
        let pair = Pair::new(&real, &synthetic).unwrap();
        let mut options = EvaluationOptions::default()
            .with_attacks(50)
            .with_keys(["k,ey"])
            .with_targets(["y"]);
        // Levels that differ in most rows make all distances large: the row apart has a factor
        // between 1.2 and 2.
        options.outlier_threshold = 1.2;
        let review = Review::of(&pair, &options, &Seed::from_u64(2)).unwrap();
        let of = |table, row| {
            let mut rows = review.rows.iter();
            rows.find(|r| r.table == table && r.row == row)
                .map(|r| r.flags.clone())
        };
        let seven = of(ReviewedTable::Real, 7).unwrap();
        for flag in [
            ReviewFlag::ReplicatedUnique,
            ReviewFlag::Near,
            ReviewFlag::OutlierNear,
        ] {
            assert!(seven.contains(&flag), "{seven:?}");
        }
        assert_eq!(of(ReviewedTable::Synthetic, 7).unwrap(), [ReviewFlag::Copy]);
        assert_eq!(of(ReviewedTable::Synthetic, 3), None);
        let mut file = Vec::new();
        review.write_csv(&mut file).unwrap();
        let file = String::from_utf8(file).unwrap();
        assert!(file.starts_with("do_not_release,table,row,"));
        assert_eq!(file.lines().count(), review.rows.len() + 1);
        assert!(
            !file.contains("secret"),
            "a value of the table is in the file"
        );
    }

    #[test]
    fn empty_tables_need_no_review() {
        let real = table(vec![numbers("x", &[1.0])]);
        let pair_of = |a, b| Pair::new(a, b).unwrap();
        let none = real.take(&[]);
        for pair in [
            pair_of(&real, &none),
            pair_of(&none, &real),
            pair_of(&none, &none),
        ] {
            let options = EvaluationOptions::default();
            assert!(
                Review::of(&pair, &options, &Seed::from_u64(1))
                    .unwrap()
                    .rows
                    .is_empty()
            );
        }
    }
}
