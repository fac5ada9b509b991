//! Columns as learners need them: standardised numbers, codes and bins, for the rows of all tables
//! one after another.

use parable_table::Role;

use crate::ColumnScale;
use crate::data::frame::{Data, Each, Frame, FrameColumn, Side};
use parable_linalg::quantile;

/// Most levels of a feature; of a cluster column fewer, names say little about others.
const MOST_LEVELS: usize = 100;
const MOST_CLUSTERS: usize = 50;
/// Most bins of a number, one more being for missing values.
const BINS: usize = 255;

pub(crate) struct Features {
    pub(crate) real: usize,
    pub(crate) synthetic: usize,
    pub(crate) holdout: usize,
    pub(crate) names: Vec<String>,
    pub(crate) features: Vec<Feature>,
    /// Coefficients of a linear model without its intercept.
    pub(crate) width: usize,
}

pub(crate) struct Feature {
    pub(crate) kind: FeatureKind,
    /// For trees: 0 is missing.
    pub(crate) bins: Vec<u8>,
    pub(crate) bin_count: usize,
    /// Whether a split is a cut.
    pub(crate) ordered: bool,
    /// The first coefficient of the feature.
    pub(crate) start: usize,
}

pub(crate) enum FeatureKind {
    /// In standard deviations from the real mean, missing ones at the real median; and where they
    /// are missing, if anywhere.
    Number {
        values: Vec<f32>,
        missing: Option<Vec<bool>>,
    },
    /// The bins are the levels, missing being one.
    Levels,
}

impl FeatureKind {
    /// Coefficients of a linear model.
    fn width(&self, bins: usize) -> usize {
        match self {
            Self::Number { missing, .. } => 1 + usize::from(missing.is_some()),
            Self::Levels => bins,
        }
    }
}

impl Features {
    pub(crate) fn of(frame: &Frame, use_column: impl Fn(&FrameColumn) -> bool) -> Self {
        let mut data = Self {
            real: frame.rows.real,
            synthetic: frame.rows.synthetic,
            holdout: frame.rows.holdout.unwrap_or(0),
            names: Vec::new(),
            features: Vec::new(),
            width: 0,
        };
        for column in frame.comparable().filter(|column| use_column(column)) {
            let feature = match &column.data {
                Data::Numbers(numbers) => of_numbers(numbers),
                Data::Codes { .. } if column.scale == ColumnScale::Ordinal => {
                    let side = |side| column.as_numbers(side).map(std::borrow::Cow::into_owned);
                    let (Some(real), Some(synthetic)) = (side(Side::Real), side(Side::Synthetic))
                    else {
                        continue;
                    };
                    let rank = |&code: &u32| if code == 0 { f64::NAN } else { f64::from(code) };
                    let codes = column.codes().and_then(|(_, codes)| codes.holdout.as_ref());
                    of_numbers(&Each {
                        real,
                        synthetic,
                        holdout: codes.map(|codes| codes.iter().map(rank).collect()),
                    })
                }
                Data::Codes { labels, codes } => {
                    let most = match column.role {
                        Role::ClusterId => MOST_CLUSTERS,
                        _ => MOST_LEVELS,
                    };
                    if labels.len() > most {
                        continue;
                    }
                    let all = codes.real.iter().chain(&codes.synthetic);
                    let all = all.chain(codes.holdout.iter().flatten());
                    Feature {
                        kind: FeatureKind::Levels,
                        bins: all.map(|&code| code as u8).collect(),
                        bin_count: labels.len() + 1,
                        ordered: false,
                        start: 0,
                    }
                }
            };
            // What does not vary in the real table predicts nothing there.
            if feature.bins[..data.real]
                .windows(2)
                .all(|pair| pair[0] == pair[1])
            {
                continue;
            }
            data.names.push(column.name.clone());
            let start = data.width;
            data.width += feature.kind.width(feature.bin_count);
            data.features.push(Feature { start, ..feature });
        }
        data
    }
}

fn of_numbers(numbers: &Each<Vec<f64>>) -> Feature {
    let mut sorted: Vec<f64> = numbers
        .real
        .iter()
        .copied()
        .filter(|x| !x.is_nan())
        .collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let all = || {
        let holdout = numbers.holdout.iter().flatten();
        numbers
            .real
            .iter()
            .chain(&numbers.synthetic)
            .chain(holdout)
            .copied()
    };
    let (median, mean, sd) = if sorted.is_empty() {
        (0.0, 0.0, 1.0)
    } else {
        let n = sorted.len() as f64;
        let mean = sorted.iter().sum::<f64>() / n;
        let squares: f64 = sorted.iter().map(|x| (x - mean) * (x - mean)).sum();
        let sd = (squares / n).sqrt();
        (
            quantile(&sorted, 0.5),
            mean,
            if sd > 0.0 { sd } else { 1.0 },
        )
    };
    let mut uppers: Vec<f64> = sorted.clone();
    uppers.dedup();
    if uppers.len() > BINS {
        uppers = (1..=BINS)
            .map(|bin| sorted[bin * sorted.len() / BINS - 1])
            .collect();
        uppers.dedup();
    }
    let last = uppers.len().max(1) as u8;
    let bin = |x: f64| match x.is_nan() {
        true => 0,
        false => (uppers.partition_point(|&upper| upper < x) as u8)
            .saturating_add(1)
            .min(last),
    };
    let missing: Vec<bool> = all().map(f64::is_nan).collect();
    let filled = |x: f64| if x.is_nan() { median } else { x };
    Feature {
        bins: all().map(bin).collect(),
        bin_count: usize::from(last) + 1,
        ordered: true,
        start: 0,
        kind: FeatureKind::Number {
            values: all().map(|x| ((filled(x) - mean) / sd) as f32).collect(),
            missing: missing.contains(&true).then_some(missing),
        },
    }
}
