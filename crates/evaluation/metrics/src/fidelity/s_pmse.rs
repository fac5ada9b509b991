//! Contingency tables of real and synthetic counts: the standardised propensity measures of tables (Raab, Nowok and Dibben 2021).

use parable_seed::Seed;
use rayon::prelude::*;

use crate::data::frame::{Data, Frame, FrameColumn};
use crate::data::quantile::quantile_sorted;
use crate::{Direction, Group, Metric, MetricError, Pair, Part, Score, Undefined, Unit};

/// How the real and the synthetic counts of one contingency table differ. Names as in the R package `synthpop`.
///
/// With real and synthetic counts `o` and `s`, `c` the share of synthetic rows among all `N` rows, and `e = o c / (1 - c)` what synthetic counts
/// would be in proportion; cells empty on both sides do not count.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct TableComparison {
    /// Cells with a row in either table.
    pub cells: usize,
    /// Cells minus 1.
    pub df: usize,
    /// Voas-Williamson: sum of `(s - e)^2 / ((s + o) c)`.
    pub vw: f64,
    /// Freeman-Tukey: 4 times the sum of `(sqrt s - sqrt e)^2`.
    pub ft: f64,
    /// Jensen-Shannon divergence of the shares, in bits.
    pub jsd: f64,
    /// Likelihood ratio over cells with rows in both tables: 2 times the sum of `s ln(p_s / p_o)`, shares over these cells.
    pub g: f64,
    /// Cells with rows in both tables, minus 1.
    pub df_g: usize,
    /// Mean squared error of the propensity score: `vw c (1 - c)^2 / N`.
    pub pmse: f64,
    /// Kolmogorov-Smirnov distance of the cell scores `s / (s + o)` of synthetic and real rows.
    pub specks: f64,
    /// Wilcoxon's statistic of the same scores: pairs in which the synthetic row has the higher score, ties counting one half.
    pub u: f64,
    /// Percentage of rows on the side of the larger share of their cell, minus 50.
    pub po50: f64,
    /// Sum of `|s - e|` over the number of synthetic rows.
    pub mabs_dd: f64,
    /// Sum of `|s - e| / sqrt((s + o) c)` over `sqrt(2 / pi)`.
    pub wmabs_dd: f64,
    /// Bhattacharyya distance `sqrt(1 - sum sqrt(p q))`.
    pub d_bhatt: f64,
    rows: f64,
}

impl TableComparison {
    /// Compares the counts of the same cells; `None` if a side has no row.
    ///
    /// # Panics
    /// If the two lists differ in length.
    #[must_use]
    pub fn of_counts(real: &[u64], synthetic: &[u64]) -> Option<Self> {
        assert_eq!(
            real.len(),
            synthetic.len(),
            "one real count per synthetic count"
        );
        let mut cells: Vec<(f64, f64)> = real
            .iter()
            .zip(synthetic)
            .filter(|&(&o, &s)| o + s > 0)
            .map(|(&o, &s)| (o as f64, s as f64))
            .collect();
        let n_real: f64 = cells.iter().map(|cell| cell.0).sum();
        let n_synthetic: f64 = cells.iter().map(|cell| cell.1).sum();
        if n_real == 0.0 || n_synthetic == 0.0 {
            return None;
        }
        let rows = n_real + n_synthetic;
        let c = n_synthetic / rows;
        let scale = c / (1.0 - c);
        let mut this = Self {
            cells: cells.len(),
            df: cells.len() - 1,
            vw: 0.0,
            ft: 0.0,
            jsd: 0.0,
            g: 0.0,
            df_g: 0,
            pmse: 0.0,
            specks: 0.0,
            u: 0.0,
            po50: 0.0,
            mabs_dd: 0.0,
            wmabs_dd: 0.0,
            d_bhatt: 0.0,
            rows,
        };
        let (mut common_real, mut common_synthetic, mut common) = (0.0, 0.0, 0usize);
        let (mut right, mut fidelity) = (0.0, 0.0);
        for &(o, s) in &cells {
            let e = o * scale;
            let difference = s - e;
            this.vw += difference * difference / ((s + o) * c);
            this.ft += 4.0 * (s.sqrt() - e.sqrt()).powi(2);
            this.mabs_dd += difference.abs() / n_synthetic;
            this.wmabs_dd += difference.abs() / ((s + o) * c).sqrt();
            let (p, q) = (s / n_synthetic, o / n_real);
            let middle = 0.5 * (p + q);
            let part = |share: f64| match share > 0.0 {
                true => 0.5 * share * (share / middle).log2(),
                false => 0.0,
            };
            this.jsd += part(p) + part(q);
            fidelity += (p * q).sqrt();
            right += if p > q { s } else { o };
            if o > 0.0 && s > 0.0 {
                common_real += o;
                common_synthetic += s;
                common += 1;
            }
        }
        this.wmabs_dd /= (2.0 / std::f64::consts::PI).sqrt();
        this.d_bhatt = (1.0 - fidelity).max(0.0).sqrt();
        this.pmse = this.vw * c * (1.0 - c) * (1.0 - c) / rows;
        this.po50 = 100.0 * right / rows - 50.0;
        this.df_g = common.saturating_sub(1);
        for &(o, s) in cells.iter().filter(|&&(o, s)| o > 0.0 && s > 0.0) {
            this.g += 2.0 * s * ((s / common_synthetic) / (o / common_real)).ln();
        }
        this.rank_scores(&mut cells, n_real, n_synthetic);
        Some(this)
    }

    /// The two statistics that need the cells in order of their score.
    fn rank_scores(&mut self, cells: &mut [(f64, f64)], n_real: f64, n_synthetic: f64) {
        // s / (s + o) compared without division: scores are equal exactly when the products are.
        let same = |a: &(f64, f64), b: &(f64, f64)| a.1 * b.0 == b.1 * a.0;
        cells.sort_by(|a, b| (a.1 * b.0).total_cmp(&(b.1 * a.0)));
        let (mut real_below, mut synthetic_below) = (0.0, 0.0);
        for tied in cells.chunk_by(same) {
            let real: f64 = tied.iter().map(|cell| cell.0).sum();
            let synthetic: f64 = tied.iter().map(|cell| cell.1).sum();
            self.u += synthetic * (real_below + 0.5 * real);
            real_below += real;
            synthetic_below += synthetic;
            let distance = (real_below / n_real - synthetic_below / n_synthetic).abs();
            self.specks = self.specks.max(distance);
        }
    }

    /// The standardised propensity mean squared error, `vw / df`: 1 is expected of a correct synthesis, 0 of a copy. `None` for a single cell.
    #[must_use]
    pub fn s_pmse(&self) -> Option<f64> {
        (self.df > 0).then(|| self.vw / self.df as f64)
    }

    /// `ft / df`.
    #[must_use]
    pub fn s_ft(&self) -> Option<f64> {
        (self.df > 0).then(|| self.ft / self.df as f64)
    }

    /// `2 N jsd / (df ln 2)`, as the package has it.
    #[must_use]
    pub fn s_jsd(&self) -> Option<f64> {
        let scale = 2.0 * self.rows / std::f64::consts::LN_2;
        (self.df > 0).then(|| scale * self.jsd / self.df as f64)
    }

    /// `wmabs_dd / df`.
    #[must_use]
    pub fn s_wmabs_dd(&self) -> Option<f64> {
        (self.df > 0).then(|| self.wmabs_dd / self.df as f64)
    }

    /// `g / df_g`.
    #[must_use]
    pub fn s_g(&self) -> Option<f64> {
        (self.df_g > 0).then(|| self.g / self.df_g as f64)
    }
}

/// A column cut into few cells.
pub(crate) struct Grouped {
    pub(crate) cells: usize,
    pub(crate) real: Vec<u32>,
    pub(crate) synthetic: Vec<u32>,
    #[cfg(test)]
    pub(crate) breaks: Vec<f64>,
}

impl Grouped {
    /// Cells numbered from 0.
    pub(crate) fn new(cells: usize, real: Vec<u32>, synthetic: Vec<u32>) -> Self {
        Self {
            cells,
            real,
            synthetic,
            #[cfg(test)]
            breaks: Vec::new(),
        }
    }

    /// The same with some of the real rows in the place of the synthetic ones.
    pub(crate) fn against_own_rows(&self, rows: &[usize]) -> Self {
        let picked = rows.iter().map(|&row| self.real[row]).collect();
        Self::new(self.cells, self.real.clone(), picked)
    }

    /// Levels as they are; numbers in `groups` groups: quantiles of the values of both tables, or intervals of equal width if ties leave fewer than three. Missing
    /// is a cell of its own.
    pub(crate) fn of(column: &FrameColumn, groups: usize) -> Self {
        match &column.data {
            Data::Codes { labels, codes } => Self::new(
                labels.len() + 1,
                codes.real.clone(),
                codes.synthetic.clone(),
            ),
            Data::Numbers(numbers) => {
                let breaks = Self::breaks(&numbers.real, &numbers.synthetic, groups);
                let last = breaks.len().saturating_sub(1) as u32;
                let group = |&x: &f64| match x.is_nan() {
                    true => 0,
                    // Closed on the left, the last group on both sides.
                    false => {
                        (breaks.partition_point(|&edge| edge <= x) as u32).clamp(1, last.max(1))
                    }
                };
                Self {
                    cells: last as usize + 2,
                    real: numbers.real.iter().map(group).collect(),
                    synthetic: numbers.synthetic.iter().map(group).collect(),
                    #[cfg(test)]
                    breaks,
                }
            }
        }
    }
}

impl Grouped {
    /// The edges of the groups of a numeric column, ascending.
    pub(crate) fn breaks(real: &[f64], synthetic: &[f64], groups: usize) -> Vec<f64> {
        let mut pooled: Vec<f64> = real
            .iter()
            .chain(synthetic)
            .copied()
            .filter(|x| !x.is_nan())
            .collect();
        if pooled.is_empty() {
            return Vec::new();
        }
        pooled.sort_unstable_by(f64::total_cmp);
        let mut breaks: Vec<f64> = (0..=groups)
            .map(|group| quantile_sorted(&pooled, group as f64 / groups as f64))
            .collect();
        breaks.dedup();
        if breaks.len() < 4 {
            let (low, high) = (pooled[0], pooled[pooled.len() - 1]);
            let width = (high - low) / groups as f64;
            breaks = (0..groups)
                .map(|group| low + width * group as f64)
                .collect();
            breaks.push(high);
            breaks.dedup();
        }
        breaks
    }
}

/// The cells of a table over these columns with real and synthetic counts.
pub(crate) fn cross(columns: &[&Grouped]) -> (Vec<u64>, Vec<u64>) {
    const DENSE: u64 = 1 << 18;
    let size = columns.iter().try_fold(1u64, |size, column| {
        size.checked_mul(column.cells as u64)
            .filter(|&size| size <= DENSE)
    });
    let key = |row: usize, pick: fn(&Grouped) -> &[u32]| {
        columns.iter().fold(0u64, |key, column| {
            key.wrapping_mul(column.cells as u64) + u64::from(pick(column)[row])
        })
    };
    let rows = |pick: fn(&Grouped) -> &[u32]| columns.first().map_or(0, |c| pick(c).len());
    let real: fn(&Grouped) -> &[u32] = |column| &column.real;
    let synthetic: fn(&Grouped) -> &[u32] = |column| &column.synthetic;
    if let Some(size) = size {
        let count = |pick| {
            let mut counts = vec![0u64; size as usize];
            (0..rows(pick)).for_each(|row| counts[key(row, pick) as usize] += 1);
            counts
        };
        return (count(real), count(synthetic));
    }
    // Cells in order of their codes, so that sums do not depend on the order of rows.
    if columns
        .iter()
        .try_fold(1u64, |size, c| size.checked_mul(c.cells as u64))
        .is_some()
    {
        let sorted = |pick| {
            let mut keys: Vec<u64> = (0..rows(pick)).map(|row| key(row, pick)).collect();
            keys.sort_unstable();
            keys
        };
        return merge(&sorted(real), &sorted(synthetic));
    }
    let sorted = |pick: fn(&Grouped) -> &[u32]| {
        let cell = |row: usize| -> Vec<u32> { columns.iter().map(|c| pick(c)[row]).collect() };
        let mut cells: Vec<Vec<u32>> = (0..rows(pick)).map(cell).collect();
        cells.sort_unstable();
        cells
    };
    merge(&sorted(real), &sorted(synthetic))
}

/// Counts of each distinct value of two ascending lists.
fn merge<T: Ord>(real: &[T], synthetic: &[T]) -> (Vec<u64>, Vec<u64>) {
    let (mut i, mut j) = (0, 0);
    let (mut in_real, mut in_synthetic) = (Vec::new(), Vec::new());
    while i < real.len() || j < synthetic.len() {
        let cell = match (real.get(i), synthetic.get(j)) {
            (Some(a), Some(b)) => a.min(b),
            (Some(a), None) | (None, Some(a)) => a,
            (None, None) => break,
        };
        let o = real[i..].iter().take_while(|&x| x == cell).count();
        let s = synthetic[j..].iter().take_while(|&x| x == cell).count();
        in_real.push(o as u64);
        in_synthetic.push(s as u64);
        i += o;
        j += s;
    }
    (in_real, in_synthetic)
}

/// Standardised propensity mean squared error of contingency tables, mean over all columns or all pairs of columns.
///
/// Numbers are cut into 5 groups by quantiles of both tables; missing is a cell of its own. 1 is expected of a correct synthesis whatever the number of cells,
/// 0 of a copy; 10 and more show a relation that is badly reproduced. The `parts` of the score hold every table.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct TableUtility {
    /// Columns per table: 1 or 2.
    pub columns: usize,
    /// Groups a numeric column is cut into. Default 5, as in the R package `synthpop`.
    pub groups: usize,
}

impl TableUtility {
    /// One table per column.
    #[must_use]
    pub fn columns() -> Self {
        Self {
            columns: 1,
            groups: 5,
        }
    }

    /// One table per pair of columns.
    #[must_use]
    pub fn pairs() -> Self {
        Self {
            columns: 2,
            groups: 5,
        }
    }

    /// The same with another number of groups for numeric columns (at least 2).
    #[must_use]
    pub fn with_groups(mut self, groups: usize) -> Self {
        self.groups = groups.max(2);
        self
    }

    /// The comparison of one table over the named columns; `None` if a name is not among the columns metrics look at or a table has no row.
    #[must_use]
    pub fn compare(&self, pair: &Pair<'_>, names: &[&str]) -> Option<TableComparison> {
        let frame = pair.frame();
        let grouped: Option<Vec<Grouped>> = names
            .iter()
            .map(|name| Some(Grouped::of(frame.named(name)?, self.groups)))
            .collect();
        let grouped = grouped?;
        let (real, synthetic) = cross(&grouped.iter().collect::<Vec<_>>());
        TableComparison::of_counts(&real, &synthetic)
    }

    fn parts(&self, frame: &Frame) -> Vec<Part> {
        let columns: Vec<&FrameColumn> = frame.comparable().collect();
        let grouped: Vec<Grouped> = columns
            .par_iter()
            .map(|column| Grouped::of(column, self.groups))
            .collect();
        let sets: Vec<Vec<usize>> = match self.columns {
            1 => (0..columns.len()).map(|i| vec![i]).collect(),
            _ => (0..columns.len())
                .flat_map(|i| (i + 1..columns.len()).map(move |j| vec![i, j]))
                .collect(),
        };
        sets.par_iter()
            .map(|set| {
                let picked: Vec<&Grouped> = set.iter().map(|&i| &grouped[i]).collect();
                let (real, synthetic) = cross(&picked);
                let value = match TableComparison::of_counts(&real, &synthetic) {
                    Some(comparison) => comparison.s_pmse().ok_or(Undefined::ConstantColumn),
                    None => Err(Undefined::NoRows),
                };
                Part {
                    columns: set.iter().map(|&i| columns[i].name.clone()).collect(),
                    value: value.ok(),
                    reason: value.err(),
                }
            })
            .collect()
    }
}

impl Metric for TableUtility {
    fn id(&self) -> &str {
        match self.columns {
            1 => "s_pmse_columns",
            _ => "s_pmse_pairs",
        }
    }

    fn title(&self) -> &str {
        match self.columns {
            1 => "Standardised propensity error of columns, mean",
            _ => "Standardised propensity error of two-way tables, mean",
        }
    }

    fn explanation(&self) -> &str {
        match self.columns {
            1 => {
                "Whether the counts of each column differ by more than chance; 1 is chance, 10 and more is a fault."
            }
            _ => {
                "Whether the counts of each pair of columns differ by more than chance; 1 is chance, 10 and more is a lost relation."
            }
        }
    }

    fn direction(&self) -> Direction {
        Direction::Min0
    }

    fn score(&self, pair: &Pair<'_>, _: &Seed) -> Result<Score, MetricError> {
        let parts = self.parts(&pair.frame());
        let defined: Vec<f64> = parts.iter().filter_map(|part| part.value).collect();
        let value = match (defined.len(), parts.len()) {
            (0, 0) => Err(Undefined::NoPairs),
            (0, _) => Err(parts[0].reason.unwrap_or(Undefined::NoPairs)),
            (n, _) => Ok(defined.iter().sum::<f64>() / n as f64),
        };
        let (group, unit) = match self.columns {
            1 => (Group::Univariate, Unit::Columns),
            _ => (Group::Bivariate, Unit::Pairs),
        };
        let mut score = Score::new(self.id(), self.title(), group, self.direction(), value)
            .with_param("groups", self.groups)
            .with_used(defined.len(), unit)
            .with_undefined(parts.len() - defined.len());
        if let Some(worst) = parts
            .iter()
            .filter(|part| part.value.is_some())
            .max_by(|a, b| a.value.unwrap_or(0.0).total_cmp(&b.value.unwrap_or(0.0)))
        {
            let mut sorted = defined;
            sorted.sort_unstable_by(f64::total_cmp);
            score = score
                .with_detail("median", quantile_sorted(&sorted, 0.5))
                .with_detail("worst_table", worst.columns.join(" x "))
                .with_detail("worst_value", worst.value.unwrap_or(0.0));
        }
        score.parts = parts;
        Ok(score)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{number, table, text};

    #[test]
    fn a_copy_has_no_error_and_proportional_tables_neither() {
        let same = TableComparison::of_counts(&[3, 5, 0], &[3, 5, 0]).unwrap();
        assert_eq!((same.vw, same.df, same.s_pmse()), (0.0, 1, Some(0.0)));
        let twice = TableComparison::of_counts(&[3, 5], &[6, 10]).unwrap();
        assert!(twice.vw.abs() < 1e-12 && twice.specks.abs() < 1e-12);
        assert_eq!(TableComparison::of_counts(&[3], &[0]), None);
        assert_eq!(
            TableComparison::of_counts(&[3], &[2]).unwrap().s_pmse(),
            None
        );
    }

    #[test]
    fn ties_leave_equal_widths_when_fewer_than_three_groups_remain() {
        let mostly_zero: Vec<Option<f64>> = (0..20)
            .map(|i| Some(if i < 18 { 0.0 } else { 10.0 }))
            .collect();
        let real = table(vec![number("x", &mostly_zero)]);
        let frame = Frame::new(&real, &real, None);
        let grouped = Grouped::of(&frame.columns[0], 5);
        assert_eq!(grouped.breaks, [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        assert_eq!((grouped.real[0], grouped.real[19]), (1, 5));
    }

    #[test]
    fn sparse_and_dense_tables_agree() {
        let letters = ["a", "b", "c", "d"];
        let column = |shift: usize| {
            let values: Vec<Option<&str>> = (0..300)
                .map(|i| Some(letters[(i * i + shift * i) % 4]))
                .collect();
            text(if shift == 1 { "x" } else { "y" }, &values)
        };
        let real = table(vec![column(1), column(2)]);
        let frame = Frame::new(&real, &real, None);
        let mut grouped: Vec<Grouped> = frame.columns.iter().map(|c| Grouped::of(c, 5)).collect();
        let (dense, _) = cross(&grouped.iter().collect::<Vec<_>>());
        let occupied: Vec<u64> = dense.into_iter().filter(|&count| count > 0).collect();
        grouped.iter_mut().for_each(|column| column.cells = 1 << 20);
        let (sparse, _) = cross(&grouped.iter().collect::<Vec<_>>());
        assert_eq!(occupied, sparse);
    }
}
