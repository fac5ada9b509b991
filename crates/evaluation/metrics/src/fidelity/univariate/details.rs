//! What an evaluation says of each column.

use parable_table::Kind;

use super::UnivariateAnalysis;
use super::cells::Cells;
use crate::data::frame::FrameColumn;
use crate::{
    Cache, ColumnDetail, ColumnScale, EvaluationOptions, Group, HistogramCell, Metric,
    MetricContext, MetricError, MetricInfo, NumericSummary, Outcome, Section, Sides,
};

/// The section on single columns, which has no score of its own.
pub(crate) struct ColumnDetails {
    /// Bins per numeric column.
    bins: usize,
    /// Listed levels per column.
    max_cells: usize,
}

static COLUMN_DETAILS: MetricInfo = MetricInfo::new(
    "column_details",
    "Columns",
    "The distribution of every column in both tables.",
)
.with_group(Group::Univariate);

impl ColumnDetails {
    /// With the bins and cells of the options.
    pub(crate) fn of(options: &EvaluationOptions) -> Self {
        Self {
            bins: options.bins,
            max_cells: options.max_cells,
        }
    }
}

impl Metric for ColumnDetails {
    fn info(&self) -> &MetricInfo {
        &COLUMN_DETAILS
    }

    fn compute(&self, context: &MetricContext<'_>) -> Result<Outcome, MetricError> {
        let columns = details(context.cache(), self.bins, self.max_cells)?;
        Ok(Section::Columns(columns).into())
    }

    fn complete(&self, outcome: &mut Outcome, resampled: &[Section]) {
        let Some(Section::Columns(columns)) = &mut outcome.section else {
            return;
        };
        for (position, column) in columns.iter_mut().enumerate() {
            let of = |section: &Section| match section {
                Section::Columns(columns) => columns[position].tvd,
                _ => None,
            };
            column.tvd_resample = mean(resampled.iter().filter_map(of));
        }
    }
}

/// Details of every column of the real table, in its order.
fn details(
    cache: &Cache<'_>,
    bins: usize,
    max_cells: usize,
) -> Result<Vec<ColumnDetail>, MetricError> {
    let frame = cache.frame();
    let univariate = cache.get(&UnivariateAnalysis { bins })?;
    let missing = |table: &parable_table::Table, name: &str| {
        let (_, column) = table.named(name)?;
        (table.rows() > 0).then(|| column.missing_count() as f64 / table.rows() as f64)
    };
    let values = |table: &parable_table::Table, name: &str| {
        table.named(name).map_or(0, |(_, column)| {
            (column.len() - column.missing_count()) as u64
        })
    };
    let fields = cache.real().schema().fields().iter();
    let details = fields.map(|field| {
        let name = &field.name;
        let position = frame.columns.iter().position(|column| &column.name == name);
        let mut detail = ColumnDetail {
            name: name.clone(),
            kind: field.kind.name().to_owned(),
            role: field.role.name().to_owned(),
            label: field.label.clone(),
            scale: ColumnScale::Excluded,
            tvd: None,
            tvd_resample: None,
            ks: None,
            js_distance: None,
            wasserstein: None,
            cover: None,
            adherence: None,
            missing_share: Sides {
                real: missing(cache.real(), name),
                synthetic: missing(cache.synthetic(), name),
            },
            values: Sides {
                real: values(cache.real(), name),
                synthetic: values(cache.synthetic(), name),
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
            detail.ks = numbers.ks.flatten();
            detail.js_distance = numbers.js_distance().ok();
            detail.wasserstein = numbers.wasserstein;
            detail.cover = numbers.cover;
            detail.adherence = numbers.adherence;
            detail.summary = numbers.summary;
            detail.distinct = numbers.distinct;
            detail.mean_difference_in_sd = mean_difference(&numbers.summary);
            if let Ok(cells) = &numbers.cells {
                (detail.cells, detail.other) = describe(column, cells, &field.kind, max_cells);
            }
        }
        detail
    });
    Ok(details.collect())
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
) -> (Vec<HistogramCell>, Option<HistogramCell>) {
    let make = |counts: [u64; 2], label: String| HistogramCell {
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
            HistogramCell {
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
    if column.scale != ColumnScale::Ordinal || order.len() > max_cells {
        order.sort_by_key(|&cell| std::cmp::Reverse(cells.counts[cell][0]));
    }
    let listed = order.len().min(max_cells);
    let listing = order[..listed].iter().map(|&cell| {
        let code = cells.codes[cell];
        let label = match code {
            0 => "missing".to_owned(),
            code => labels[code as usize - 1].clone(),
        };
        HistogramCell {
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
        Kind::DateTime { .. } => kind.spell_time(edge).unwrap_or_default(),
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

/// A day of the proleptic Gregorian calendar as `2024-02-29`, from days since 1970-01-01 (Hinnant's
/// `civil_from_days`).
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Pair;
    use crate::testing::{numbers, table, text};

    #[test]
    fn levels_beyond_the_limit_are_added_up() {
        let real = table(vec![text("x", &[Some("a"), Some("a"), Some("b"), None])]);
        let synthetic = table(vec![text("x", &[Some("c"), Some("a")])]);
        let pair = Pair::new(&real, &synthetic).unwrap();
        let detail = &details(&Cache::new(&pair), 10, 2).unwrap()[0];
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
        let detail = &details(&Cache::new(&pair), 10, 40).unwrap()[0];
        let summary = detail.summary.real.unwrap();
        assert_eq!(
            (summary.q25, summary.median, summary.q75),
            (1.75, 2.5, 3.25)
        );
        assert_eq!(detail.mean_difference_in_sd, Some(0.0));
    }
}
