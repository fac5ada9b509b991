//! One column at a time: total variation, mass MAD, Kolmogorov-Smirnov, means and spreads (specification 1.1, 1.2, 1.7, 1.9).

use std::sync::Arc;

use parable_seed::Seed;
use parable_table::Kind;

use crate::frame::{Data, Frame, FrameColumn};
use crate::quantile::quantile_sorted;
use crate::{
    Cell, ColumnDetail, Direction, EvaluationOptions, Group, Metric, MetricError, NumericSummary,
    Pair, Scale, Score, Sides, Undefined, Unit,
};

/// The cells of one column with the number of real and synthetic rows in each.
#[derive(Clone, Debug)]
pub(crate) struct Cells {
    pub(crate) counts: Vec<[u64; 2]>,
    pub(crate) totals: [u64; 2],
    /// Edges of the bins of a numeric column: one more than cells.
    pub(crate) edges: Vec<f64>,
    /// For a column of levels: which code each cell is.
    pub(crate) codes: Vec<u32>,
}

impl Cells {
    /// Cells of a column, `Err` if one of the tables has no value to put into a cell.
    pub(crate) fn of(column: &FrameColumn, bins: usize) -> Result<Self, Undefined> {
        let cells = match &column.data {
            Data::Numbers(numbers) => Self::of_numbers(&numbers.real, &numbers.synthetic, bins)?,
            Data::Codes { labels, codes } => {
                let mut counts = vec![[0u64; 2]; labels.len() + 1];
                for &code in &codes.real {
                    counts[code as usize][0] += 1;
                }
                for &code in &codes.synthetic {
                    counts[code as usize][1] += 1;
                }
                let present: Vec<u32> = (0..counts.len() as u32)
                    .filter(|&code| counts[code as usize] != [0, 0])
                    .collect();
                Self {
                    counts: present.iter().map(|&c| counts[c as usize]).collect(),
                    totals: [codes.real.len() as u64, codes.synthetic.len() as u64],
                    edges: Vec::new(),
                    codes: present,
                }
            }
        };
        if cells.totals.contains(&0) {
            Err(Undefined::NoRows)
        } else {
            Ok(cells)
        }
    }

    /// Bins of equal width over the pooled range; NaN is in none. Closed on the left, the last also on the right.
    pub(crate) fn of_numbers(
        real: &[f64],
        synthetic: &[f64],
        bins: usize,
    ) -> Result<Self, Undefined> {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for &x in real.iter().chain(synthetic) {
            if x < low {
                low = x;
            }
            if x > high {
                high = x;
            }
        }
        if low > high {
            return Err(Undefined::NoRows);
        }
        if low == high {
            (low, high) = (low - 0.5, high + 0.5);
        }
        let step = (high - low) / bins as f64;
        let mut edges: Vec<f64> = (0..bins).map(|i| low + i as f64 * step).collect();
        edges.push(high);
        let mut counts = vec![[0u64; 2]; bins];
        let mut totals = [0u64; 2];
        let scale = bins as f64 / (high - low);
        for (side, values) in [real, synthetic].into_iter().enumerate() {
            for &x in values {
                if x.is_nan() {
                    continue;
                }
                // The quotient may round to the wrong side of an edge; the edges decide.
                let mut bin = (((x - low) * scale) as usize).min(bins - 1);
                while bin > 0 && x < edges[bin] {
                    bin -= 1;
                }
                while bin + 1 < bins && x >= edges[bin + 1] {
                    bin += 1;
                }
                counts[bin][side] += 1;
                totals[side] += 1;
            }
        }
        Ok(Self {
            counts,
            totals,
            edges,
            codes: Vec::new(),
        })
    }

    fn share(&self, cell: usize, side: usize) -> f64 {
        self.counts[cell][side] as f64 / self.totals[side] as f64
    }

    /// Jensen-Shannon distance of the shares: the root of the mean Kullback-Leibler divergence from their average, natural logarithm.
    fn jensen_shannon(&self) -> f64 {
        let part = |share: f64, middle: f64| match share > 0.0 {
            true => 0.5 * share * (share / middle).ln(),
            false => 0.0,
        };
        let divergence: f64 = (0..self.counts.len())
            .map(|cell| {
                let (p, q) = (self.share(cell, 0), self.share(cell, 1));
                let middle = 0.5 * (p + q);
                part(p, middle) + part(q, middle)
            })
            .sum();
        divergence.max(0.0).sqrt()
    }

    /// Sum over cells of the absolute difference of shares, 0 to 2.
    pub(crate) fn absolute_difference(&self) -> f64 {
        (0..self.counts.len())
            .map(|cell| (self.share(cell, 0) - self.share(cell, 1)).abs())
            .sum()
    }
}

/// Largest distance between the empirical distribution functions of two ascending lists.
pub(crate) fn kolmogorov_smirnov(real: &[f64], synthetic: &[f64]) -> Option<f64> {
    if real.is_empty() || synthetic.is_empty() {
        return None;
    }
    let (mut i, mut j, mut largest) = (0, 0, 0f64);
    let (n, m) = (real.len() as f64, synthetic.len() as f64);
    while i < real.len() && j < synthetic.len() {
        let x = real[i].min(synthetic[j]);
        while i < real.len() && real[i] <= x {
            i += 1;
        }
        while j < synthetic.len() && synthetic[j] <= x {
            j += 1;
        }
        largest = largest.max((i as f64 / n - j as f64 / m).abs());
    }
    Some(largest)
}

/// Area between the empirical distribution functions of two ascending lists.
fn wasserstein(real: &[f64], synthetic: &[f64]) -> Option<f64> {
    if real.is_empty() || synthetic.is_empty() {
        return None;
    }
    let (mut i, mut j, mut area) = (0, 0, 0.0);
    let (n, m) = (real.len() as f64, synthetic.len() as f64);
    let mut last = real[0].min(synthetic[0]);
    while i < real.len() || j < synthetic.len() {
        let x = match (real.get(i), synthetic.get(j)) {
            (Some(&a), Some(&b)) => a.min(b),
            (Some(&a), None) | (None, Some(&a)) => a,
            (None, None) => break,
        };
        area += (x - last) * (i as f64 / n - j as f64 / m).abs();
        last = x;
        while i < real.len() && real[i] <= x {
            i += 1;
        }
        while j < synthetic.len() && synthetic[j] <= x {
            j += 1;
        }
    }
    Some(area)
}

/// How much of the real range ascending synthetic values reach, and the share of them inside it. The first is undefined for a real column without range.
fn range_cover(real: &[f64], synthetic: &[f64]) -> (Option<f64>, Option<f64>) {
    let (Some((&low, &high)), Some((&first, &last))) = (
        real.first().zip(real.last()),
        synthetic.first().zip(synthetic.last()),
    ) else {
        return (None, None);
    };
    let lost = (first - low).max(0.0) + (high - last).max(0.0);
    let cover = (high > low).then(|| (1.0 - lost / (high - low)).max(0.0));
    let inside =
        synthetic.partition_point(|&x| x <= high) - synthetic.partition_point(|&x| x < low);
    (cover, Some(inside as f64 / synthetic.len() as f64))
}

/// The same for levels: the share of real levels that synthetic rows have, and of synthetic values with a real level. Missing is no level here.
fn level_cover(real: &[u32], synthetic: &[u32], levels: usize) -> (Option<f64>, Option<f64>) {
    let (in_real, in_synthetic) = (
        crate::frame::seen(real, levels),
        crate::frame::seen(synthetic, levels),
    );
    let known = (1..=levels).filter(|&code| in_real[code]).count();
    let kept = (1..=levels)
        .filter(|&code| in_real[code] && in_synthetic[code])
        .count();
    let values = synthetic.iter().filter(|&&code| code != 0);
    let (all, inside) = values.fold((0u64, 0u64), |(all, inside), &code| {
        (all + 1, inside + u64::from(in_real[code as usize]))
    });
    (
        (known > 0 && all > 0).then(|| kept as f64 / known as f64),
        (known > 0 && all > 0).then(|| inside as f64 / all as f64),
    )
}

/// What is known of each column of a frame, computed once for the section and all scores.
#[derive(Debug)]
pub(crate) struct Univariate {
    pub(crate) columns: Vec<ColumnNumbers>,
    /// The pair has under 50 rows on one side.
    pub(crate) small: bool,
}

#[derive(Debug)]
pub(crate) struct ColumnNumbers {
    pub(crate) name: String,
    pub(crate) cells: Result<Cells, Undefined>,
    pub(crate) ks: Option<Option<f64>>,
    pub(crate) wasserstein: Option<f64>,
    pub(crate) cover: Option<f64>,
    pub(crate) adherence: Option<f64>,
    pub(crate) summary: Sides<Option<NumericSummary>>,
    pub(crate) distinct: Sides<u64>,
    pub(crate) comparable: bool,
}

impl Univariate {
    pub(crate) fn of(frame: &Frame, bins: usize) -> Self {
        use rayon::prelude::*;
        let columns = frame
            .columns
            .par_iter()
            .map(|column| ColumnNumbers::of(column, bins))
            .collect();
        Self {
            columns,
            small: frame.rows.real < 50 || frame.rows.synthetic < 50,
        }
    }
}

impl ColumnNumbers {
    fn of(column: &FrameColumn, bins: usize) -> Self {
        let cells = if column.renamed {
            Err(Undefined::NoRows)
        } else {
            Cells::of(column, bins)
        };
        let mut numbers = Self {
            name: column.name.clone(),
            cells,
            ks: None,
            wasserstein: None,
            cover: None,
            adherence: None,
            summary: Sides::default(),
            distinct: Sides::default(),
            comparable: !column.renamed,
        };
        match &column.data {
            Data::Numbers(values) => {
                let sorted = |values: &[f64]| {
                    let mut sorted: Vec<f64> =
                        values.iter().copied().filter(|v| !v.is_nan()).collect();
                    sorted.sort_unstable_by(f64::total_cmp);
                    sorted
                };
                let real = sorted(&values.real);
                let synthetic = sorted(&values.synthetic);
                numbers.ks = Some(kolmogorov_smirnov(&real, &synthetic));
                numbers.wasserstein = wasserstein(&real, &synthetic);
                (numbers.cover, numbers.adherence) = range_cover(&real, &synthetic);
                numbers.summary = Sides {
                    real: summary(&real),
                    synthetic: summary(&synthetic),
                };
                numbers.distinct = Sides {
                    real: distinct(&real),
                    synthetic: distinct(&synthetic),
                };
            }
            Data::Codes { labels, codes } => {
                let count = |codes: &[u32]| {
                    crate::frame::seen(codes, labels.len())[1..]
                        .iter()
                        .filter(|&&seen| seen)
                        .count() as u64
                };
                if !column.renamed {
                    (numbers.cover, numbers.adherence) =
                        level_cover(&codes.real, &codes.synthetic, labels.len());
                }
                numbers.distinct = Sides {
                    real: count(&codes.real),
                    synthetic: count(&codes.synthetic),
                };
            }
        }
        numbers
    }

    fn tvd(&self) -> Result<f64, Undefined> {
        self.cells
            .as_ref()
            .map(|cells| 0.5 * cells.absolute_difference())
            .map_err(|&why| why)
    }
}

impl ColumnNumbers {
    fn js_distance(&self) -> Result<f64, Undefined> {
        self.cells
            .as_ref()
            .map(Cells::jensen_shannon)
            .map_err(|&why| why)
    }

    /// The Wasserstein distance in standard deviations of the real column.
    fn scaled_wasserstein(&self) -> Option<Result<f64, Undefined>> {
        self.ks?;
        let Some(distance) = self.wasserstein else {
            return Some(Err(Undefined::NoRows));
        };
        let sd = self.summary.real.and_then(|real| real.sd);
        Some(match sd {
            Some(sd) if sd > 0.0 => Ok(distance / sd),
            _ => Err(Undefined::ConstantColumn),
        })
    }
}

fn distinct(sorted: &[f64]) -> u64 {
    let changes = sorted.windows(2).filter(|pair| pair[0] != pair[1]).count();
    (changes + usize::from(!sorted.is_empty())) as u64
}

fn summary(sorted: &[f64]) -> Option<NumericSummary> {
    let (&min, &max) = (sorted.first()?, sorted.last()?);
    let n = sorted.len() as f64;
    let mean = sorted.iter().sum::<f64>() / n;
    let squares: f64 = sorted.iter().map(|x| (x - mean) * (x - mean)).sum();
    Some(NumericSummary {
        mean,
        sd: (sorted.len() > 1).then(|| (squares / (n - 1.0)).sqrt()),
        min,
        q25: quantile_sorted(sorted, 0.25),
        median: quantile_sorted(sorted, 0.5),
        q75: quantile_sorted(sorted, 0.75),
        max,
    })
}

/// Details of every column of the real table, in its order.
pub(crate) fn details(
    pair: &Pair<'_>,
    options: &EvaluationOptions,
    resamples: &[Arc<Univariate>],
) -> Vec<ColumnDetail> {
    let frame = pair.frame();
    let univariate = pair.univariate(options.bins);
    let missing = |table: &parable_table::Table, name: &str| {
        let (_, column) = table.named(name)?;
        (table.rows() > 0).then(|| column.missing_count() as f64 / table.rows() as f64)
    };
    let values = |table: &parable_table::Table, name: &str| {
        table.named(name).map_or(0, |(_, column)| {
            (column.len() - column.missing_count()) as u64
        })
    };
    let fields = pair.real().schema().fields().iter();
    fields
        .map(|field| {
            let name = &field.name;
            let position = frame.columns.iter().position(|column| &column.name == name);
            let mut detail = ColumnDetail {
                name: name.clone(),
                kind: field.kind.name().to_owned(),
                role: field.role.name().to_owned(),
                label: field.label.clone(),
                scale: Scale::Excluded,
                tvd: None,
                tvd_resample: None,
                ks: None,
                js_distance: None,
                wasserstein: None,
                cover: None,
                adherence: None,
                missing_share: Sides {
                    real: missing(pair.real(), name),
                    synthetic: missing(pair.synthetic(), name),
                },
                values: Sides {
                    real: values(pair.real(), name),
                    synthetic: values(pair.synthetic(), name),
                },
                summary: Sides::default(),
                mean_difference_in_sd: None,
                cells: Vec::new(),
                other: None,
                distinct: Sides::default(),
            };
            if let Some(position) = position {
                let column = &frame.columns[position];
                let numbers = &univariate.columns[position];
                detail.scale = column.scale;
                detail.tvd = numbers.tvd().ok();
                detail.tvd_resample = mean(
                    resamples
                        .iter()
                        .filter_map(|resample| resample.columns[position].tvd().ok()),
                );
                detail.ks = numbers.ks.flatten();
                detail.js_distance = numbers.js_distance().ok();
                detail.wasserstein = numbers.wasserstein;
                detail.cover = numbers.cover;
                detail.adherence = numbers.adherence;
                detail.summary = numbers.summary;
                detail.distinct = numbers.distinct;
                detail.mean_difference_in_sd = mean_difference(&numbers.summary);
                if let Ok(cells) = &numbers.cells {
                    (detail.cells, detail.other) =
                        describe(column, cells, &field.kind, options.max_cells);
                }
            }
            detail
        })
        .collect()
}

fn mean_difference(summary: &Sides<Option<NumericSummary>>) -> Option<f64> {
    let (real, synthetic) = (summary.real?, summary.synthetic?);
    let sd = real.sd.filter(|&sd| sd > 0.0)?;
    Some((synthetic.mean - real.mean) / sd)
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (mut sum, mut count) = (0.0, 0u32);
    for value in values {
        sum += value;
        count += 1;
    }
    (count > 0).then(|| sum / f64::from(count))
}

fn describe(
    column: &FrameColumn,
    cells: &Cells,
    kind: &Kind,
    max_cells: usize,
) -> (Vec<Cell>, Option<Cell>) {
    let make = |counts: [u64; 2], label: String| Cell {
        label,
        low: None,
        high: None,
        rows: Sides {
            real: counts[0],
            synthetic: counts[1],
        },
        share: Sides {
            real: counts[0] as f64 / cells.totals[0] as f64,
            synthetic: counts[1] as f64 / cells.totals[1] as f64,
        },
        missing: false,
    };
    let Some((labels, _)) = column.codes() else {
        let bins = (0..cells.counts.len()).map(|bin| {
            let (low, high) = (cells.edges[bin], cells.edges[bin + 1]);
            let spell = |edge| spell_edge(edge, high - low, kind);
            Cell {
                low: Some(low),
                high: Some(high),
                ..make(
                    cells.counts[bin],
                    format!("{} to {}", spell(low), spell(high)),
                )
            }
        });
        return (bins.collect(), None);
    };
    let mut order: Vec<usize> = (0..cells.codes.len()).collect();
    // Ordered levels keep their order while they all fit on a page.
    if column.scale != Scale::Ordinal || order.len() > max_cells {
        order.sort_by_key(|&cell| std::cmp::Reverse(cells.counts[cell][0]));
    }
    let listed = order.len().min(max_cells);
    let listing = order[..listed].iter().map(|&cell| {
        let code = cells.codes[cell];
        let label = match code {
            0 => "missing".to_owned(),
            code => labels[code as usize - 1].clone(),
        };
        Cell {
            missing: code == 0,
            ..make(cells.counts[cell], label)
        }
    });
    let rest = &order[listed..];
    let other = (!rest.is_empty()).then(|| {
        let sum = |side: usize| rest.iter().map(|&cell| cells.counts[cell][side]).sum();
        make([sum(0), sum(1)], format!("{} further levels", rest.len()))
    });
    (listing.collect(), other)
}

/// An edge of a bin as people write it: enough digits to tell neighbours apart; dates as dates.
fn spell_edge(edge: f64, width: f64, kind: &Kind) -> String {
    match kind {
        Kind::Date { .. } => spell_day(edge.floor() as i64),
        Kind::DateTime { .. } => spell_day((edge / 86_400.0).floor() as i64),
        _ => {
            let decimals = (1.0 - width.log10().floor()).clamp(0.0, 12.0) as usize;
            let text = format!("{edge:.decimals$}");
            let text = match text.contains('.') {
                true => text.trim_end_matches('0').trim_end_matches('.'),
                false => &text,
            };
            match text {
                "-0" | "" => "0".to_owned(),
                text => text.to_owned(),
            }
        }
    }
}

/// A day of the proleptic Gregorian calendar as `2024-02-29`, from days since 1970-01-01 (Hinnant's `civil_from_days`).
fn spell_day(days: i64) -> String {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 {
        month_index + 3
    } else {
        month_index - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Mean absolute difference of the shares over all cells of all columns (1.2): numeric columns in bins of equal width over the pooled range,
/// other columns by level, missing being a level.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct MassMad {
    /// Bins per numeric column. Default 10.
    pub bins: usize,
}

/// Total variation distance of each column, averaged over columns (1.1); cells as in [`MassMad`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct TotalVariation {
    /// Bins per numeric column. Default 10.
    pub bins: usize,
}

/// Kolmogorov-Smirnov distance of each numeric column, averaged over columns (1.7).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct KolmogorovSmirnov {}

/// Jensen-Shannon distance of each column, averaged over columns (1.6); cells as in [`MassMad`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct JensenShannon {
    /// Bins per numeric column. Default 10.
    pub bins: usize,
}

/// Area between the cumulative curves of each numeric column in standard deviations of the real one, averaged over columns (1.8).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Wasserstein {}

/// Share of the real range reached, or of the real levels used, averaged over columns (1.10).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Cover {}

/// Share of synthetic values inside the real range or with a real level, averaged over columns (1.11). Values that reach exactly to the ends of the range
/// reveal the real smallest and largest value.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Adherence {}

impl JensenShannon {
    /// With this many bins per numeric column (at least 1).
    #[must_use]
    pub fn new(bins: usize) -> Self {
        Self { bins: bins.max(1) }
    }
}

impl MassMad {
    /// With this many bins per numeric column (at least 1).
    #[must_use]
    pub fn new(bins: usize) -> Self {
        Self { bins: bins.max(1) }
    }
}

impl TotalVariation {
    /// With this many bins per numeric column (at least 1).
    #[must_use]
    pub fn new(bins: usize) -> Self {
        Self { bins: bins.max(1) }
    }
}

impl Default for MassMad {
    fn default() -> Self {
        Self::new(10)
    }
}

impl Default for TotalVariation {
    fn default() -> Self {
        Self::new(10)
    }
}

impl Metric for MassMad {
    fn id(&self) -> &str {
        "mass_mad"
    }

    fn title(&self) -> &str {
        "Mean absolute difference of shares"
    }

    fn explanation(&self) -> &str {
        "How far the bars of the histograms are off on average: 0.01 is one percentage point."
    }

    fn direction(&self) -> Direction {
        Direction::Min0
    }

    fn score(&self, pair: &Pair<'_>, _: &Seed) -> Result<Score, MetricError> {
        let univariate = pair.univariate(self.bins);
        let (mut sum, mut cells, mut undefined) = (0.0, 0usize, 0usize);
        for column in univariate.columns.iter().filter(|c| c.comparable) {
            match &column.cells {
                Ok(counted) => {
                    sum += counted.absolute_difference();
                    cells += counted.counts.len();
                }
                Err(_) => undefined += 1,
            }
        }
        let value = if cells > 0 {
            Ok(sum / cells as f64)
        } else {
            Err(nothing(&univariate))
        };
        let score = Score::new(
            self.id(),
            self.title(),
            Group::Univariate,
            self.direction(),
            value,
        )
        .with_param("bins", self.bins)
        .with_used(cells, Unit::Cells)
        .with_undefined(undefined);
        Ok(warn_if_small(score, &univariate))
    }
}

impl Metric for TotalVariation {
    fn id(&self) -> &str {
        "total_variation"
    }

    fn title(&self) -> &str {
        "Total variation distance, mean over columns"
    }

    fn explanation(&self) -> &str {
        "The share of rows that would have to move to another bar to make both histograms equal."
    }

    fn direction(&self) -> Direction {
        Direction::Min0
    }

    fn score(&self, pair: &Pair<'_>, _: &Seed) -> Result<Score, MetricError> {
        let univariate = pair.univariate(self.bins);
        let comparable = univariate.columns.iter().filter(|c| c.comparable);
        let parts = comparable.map(|column| (column.name.as_str(), column.tvd()));
        let score = mean_over_columns(self, parts, &univariate).with_param("bins", self.bins);
        Ok(warn_if_small(score, &univariate))
    }
}

impl Metric for KolmogorovSmirnov {
    fn id(&self) -> &str {
        "kolmogorov_smirnov"
    }

    fn title(&self) -> &str {
        "Kolmogorov-Smirnov distance, mean over numeric columns"
    }

    fn explanation(&self) -> &str {
        "The largest gap between the cumulative curves of a numeric column."
    }

    fn direction(&self) -> Direction {
        Direction::Min0
    }

    fn score(&self, pair: &Pair<'_>, _: &Seed) -> Result<Score, MetricError> {
        let univariate = pair.univariate(10);
        let parts = univariate.columns.iter().filter_map(|column| {
            let ks = column.ks?;
            Some((column.name.as_str(), ks.ok_or(Undefined::NoRows)))
        });
        let score = mean_over_columns(self, parts, &univariate);
        Ok(warn_if_small(score, &univariate))
    }
}

impl Metric for JensenShannon {
    fn id(&self) -> &str {
        "jensen_shannon"
    }

    fn title(&self) -> &str {
        "Jensen-Shannon distance, mean over columns"
    }

    fn explanation(&self) -> &str {
        "Another distance between the histograms, more sensitive to rare levels."
    }

    fn direction(&self) -> Direction {
        Direction::Min0
    }

    fn score(&self, pair: &Pair<'_>, _: &Seed) -> Result<Score, MetricError> {
        let univariate = pair.univariate(self.bins);
        let comparable = univariate.columns.iter().filter(|c| c.comparable);
        let parts = comparable.map(|column| (column.name.as_str(), column.js_distance()));
        let score = mean_over_columns(self, parts, &univariate).with_param("bins", self.bins);
        Ok(warn_if_small(score, &univariate))
    }
}

impl Metric for Wasserstein {
    fn id(&self) -> &str {
        "wasserstein"
    }

    fn title(&self) -> &str {
        "Wasserstein distance in real standard deviations, mean over numeric columns"
    }

    fn explanation(&self) -> &str {
        "How far a value has to be moved on average, in standard deviations."
    }

    fn direction(&self) -> Direction {
        Direction::Min0
    }

    fn score(&self, pair: &Pair<'_>, _: &Seed) -> Result<Score, MetricError> {
        let univariate = pair.univariate(10);
        let parts = univariate
            .columns
            .iter()
            .filter_map(|column| Some((column.name.as_str(), column.scaled_wasserstein()?)));
        let score = mean_over_columns(self, parts, &univariate);
        Ok(warn_if_small(score, &univariate))
    }
}

impl Metric for Cover {
    fn id(&self) -> &str {
        "cover"
    }

    fn title(&self) -> &str {
        "Share of real ranges and levels that synthetic values reach, mean over columns"
    }

    fn explanation(&self) -> &str {
        "Whether synthetic values reach all of the real range and use every real level."
    }

    fn direction(&self) -> Direction {
        Direction::Max1
    }

    fn score(&self, pair: &Pair<'_>, _: &Seed) -> Result<Score, MetricError> {
        let univariate = pair.univariate(10);
        let comparable = univariate.columns.iter().filter(|c| c.comparable);
        let parts = comparable.map(|column| {
            let why = match column.summary.real.is_some() && column.summary.synthetic.is_some() {
                true => Undefined::ConstantColumn,
                false => Undefined::NoRows,
            };
            (column.name.as_str(), column.cover.ok_or(why))
        });
        Ok(mean_over_columns(self, parts, &univariate))
    }
}

impl Metric for Adherence {
    fn id(&self) -> &str {
        "adherence"
    }

    fn title(&self) -> &str {
        "Share of synthetic values in the real range or with a real level, mean over columns"
    }

    fn explanation(&self) -> &str {
        "Whether synthetic values stay inside the real range and among the real levels."
    }

    fn direction(&self) -> Direction {
        Direction::Max1
    }

    fn score(&self, pair: &Pair<'_>, _: &Seed) -> Result<Score, MetricError> {
        let univariate = pair.univariate(10);
        let comparable = univariate.columns.iter().filter(|c| c.comparable);
        let parts = comparable.map(|column| {
            (
                column.name.as_str(),
                column.adherence.ok_or(Undefined::NoRows),
            )
        });
        Ok(mean_over_columns(self, parts, &univariate))
    }
}

fn mean_over_columns<'a>(
    metric: &dyn Metric,
    parts: impl Iterator<Item = (&'a str, Result<f64, Undefined>)>,
    univariate: &Univariate,
) -> Score {
    let (mut sum, mut used, mut undefined) = (0.0, 0usize, 0usize);
    let mut worst: Option<(&str, f64)> = None;
    for (name, part) in parts {
        match part {
            Ok(value) => {
                sum += value;
                used += 1;
                let worse = |known: f64| match metric.direction() {
                    Direction::Max1 => value < known,
                    _ => value > known,
                };
                if worst.is_none_or(|(_, known)| worse(known)) {
                    worst = Some((name, value));
                }
            }
            Err(_) => undefined += 1,
        }
    }
    let value = if used > 0 {
        Ok(sum / used as f64)
    } else if undefined > 0 {
        Err(nothing(univariate))
    } else {
        Err(Undefined::NoColumns)
    };
    let score = Score::new(
        metric.id(),
        metric.title(),
        Group::Univariate,
        metric.direction(),
        value,
    )
    .with_used(used, Unit::Columns)
    .with_undefined(undefined);
    match worst {
        Some((name, value)) => score
            .with_detail("worst_column", name)
            .with_detail("worst_value", value),
        None => score,
    }
}

fn nothing(univariate: &Univariate) -> Undefined {
    if univariate.columns.iter().any(|column| column.comparable) {
        Undefined::NoRows
    } else {
        Undefined::NoColumns
    }
}

fn warn_if_small(score: Score, univariate: &Univariate) -> Score {
    if univariate.small {
        score.with_warning("small: fewer than 50 rows in one of the tables")
    } else {
        score
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{number, numbers, table, text};

    fn counts(real: &[f64], synthetic: &[f64], bins: usize) -> Vec<[u64; 2]> {
        Cells::of_numbers(real, synthetic, bins).unwrap().counts
    }

    #[test]
    fn bins_are_closed_on_the_left_and_the_last_on_both_sides() {
        assert_eq!(
            counts(&[0.0, 0.5, 1.0], &[0.49, 0.99, 1.0], 2),
            [[1, 1], [2, 2]]
        );
        // 0.3 lies on the edge 3 * 0.1, which is a hair above it in binary: the edge decides.
        let cells = Cells::of_numbers(&[0.3], &[0.0, 1.0], 10).unwrap();
        assert_eq!(cells.edges[3], 0.30000000000000004);
        assert_eq!(cells.counts[2], [1, 0]);
    }

    #[test]
    fn a_constant_column_gets_a_widened_bin() {
        let cells = Cells::of_numbers(&[5.0; 3], &[5.0; 2], 10).unwrap();
        assert_eq!((cells.edges[0], cells.edges[10]), (4.5, 5.5));
        assert_eq!(cells.absolute_difference(), 0.0);
    }

    #[test]
    fn a_column_without_values_on_one_side_is_undefined_and_not_zero() {
        let real = table(vec![number("x", &[Some(1.0), Some(2.0)])]);
        let synthetic = table(vec![number("x", &[None, None])]);
        let pair = Pair::new(&real, &synthetic).unwrap();
        let score = MassMad::default().score(&pair, &Seed::from_u64(1)).unwrap();
        assert_eq!((score.value, score.reason), (None, Some(Undefined::NoRows)));
        assert_eq!(score.n_undefined, 1);
        let score = KolmogorovSmirnov::default()
            .score(&pair, &Seed::from_u64(1))
            .unwrap();
        assert_eq!(score.reason, Some(Undefined::NoRows));
    }

    #[test]
    fn distribution_functions_are_compared_after_ties() {
        assert_eq!(
            kolmogorov_smirnov(&[0.0, 1.0, 2.0, 3.0], &[0.0, 0.0, 0.0, 10.0]),
            Some(0.5)
        );
        assert_eq!(kolmogorov_smirnov(&[1.0], &[2.0]), Some(1.0));
        assert_eq!(kolmogorov_smirnov(&[], &[2.0]), None);
    }

    #[test]
    fn levels_beyond_the_limit_are_added_up() {
        let real = table(vec![text("x", &[Some("a"), Some("a"), Some("b"), None])]);
        let synthetic = table(vec![text("x", &[Some("c"), Some("a")])]);
        let pair = Pair::new(&real, &synthetic).unwrap();
        let options = EvaluationOptions {
            max_cells: 2,
            ..EvaluationOptions::default()
        };
        let detail = &details(&pair, &options, &[])[0];
        let labels: Vec<&str> = detail.cells.iter().map(|c| c.label.as_str()).collect();
        assert_eq!(labels, ["a", "missing"]);
        let other = detail.other.as_ref().unwrap();
        assert_eq!((other.rows.real, other.rows.synthetic), (1, 1));
        assert_eq!(detail.tvd, Some(0.5));
    }

    #[test]
    fn edges_are_spelled_with_the_digits_they_need() {
        let kind = Kind::continuous(2);
        assert_eq!(spell_edge(10.0, 10.0, &kind), "10");
        assert_eq!(spell_edge(0.125, 0.01, &kind), "0.125");
        assert_eq!(spell_edge(-0.000001, 1.0, &kind), "0");
        assert_eq!(spell_day(0), "1970-01-01");
        assert_eq!(spell_day(19_782), "2024-02-29");
        assert_eq!(spell_day(-1), "1969-12-31");
    }

    #[test]
    fn summaries_use_interpolated_quantiles() {
        let real = table(vec![numbers("x", &[1.0, 2.0, 3.0, 4.0])]);
        let pair = Pair::new(&real, &real).unwrap();
        let detail = &details(&pair, &EvaluationOptions::default(), &[])[0];
        let summary = detail.summary.real.unwrap();
        assert_eq!(
            (summary.q25, summary.median, summary.q75),
            (1.75, 2.5, 3.25)
        );
        assert_eq!(detail.mean_difference_in_sd, Some(0.0));
    }
}
