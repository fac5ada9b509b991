//! Distances to nearest rows as metrics (specification 5.3, 5.4, 5.8).

use super::NearestOptions;
use crate::{
    Direction, Distance, DistanceSummary, EvaluationOptions, Group, Metric, MetricContext,
    MetricError, MetricInfo, NearestSection, Outcome, Section, Undefined, Unit,
};

/// A number about distances to nearest rows (5.3, 5.4, 5.8). Its id is made of the distance and the
/// number: `nearest_gower_median`.
#[derive(Clone, Debug, PartialEq)]
pub struct NearestScore {
    info: MetricInfo,
    statistic: NearestStatistic,
    options: NearestOptions,
}

/// Which number about distances to nearest rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NearestStatistic {
    /// Smallest distance from a synthetic to a real row.
    Minimum,
    /// 5 % quantile of the distances from synthetic rows to their nearest real row.
    P05,
    /// Median of these distances.
    Median,
    /// Share of synthetic rows at distance exactly 0.
    ShareZero,
    /// Share of synthetic rows closer to a real row than 99 % of real rows are to another.
    ShareBelowRealP01,
    /// 5 % quantile of nearest over second-nearest distance.
    RatioP05,
    /// Smallest distance from a real outlier to a synthetic row.
    OutlierMinimum,
    /// Share of synthetic rows closer to a real row than to a holdout row, as many rows of each
    /// (5.4); 0.5 without memorisation. Needs a holdout.
    HoldoutShare,
    /// Share of synthetic rows further from their nearest real row than that row is from its
    /// nearest other real row (5.8).
    Authenticity,
    /// Share of real rows whose nearest synthetic row is nearer than their nearest other real row
    /// (5.8).
    Identifiability,
}

impl NearestScore {
    /// This number, with the neighbours and threshold for outliers of the options.
    #[must_use]
    pub fn new(
        distance: Distance,
        statistic: NearestStatistic,
        options: &EvaluationOptions,
    ) -> Self {
        let title = match distance {
            Distance::Gower => statistic.title().to_owned(),
            _ => format!(
                "{} ({})",
                statistic.title(),
                distance.name().replace('_', " ")
            ),
        };
        Self {
            info: MetricInfo::of(
                format!("nearest_{}_{}", distance.name(), statistic.name()),
                title,
                statistic.explanation(),
            )
            .with_group(Group::Privacy)
            .with_direction(Direction::Baseline)
            .without_anchors(),
            statistic,
            options: NearestOptions::of(distance, options),
        }
    }
}

impl NearestStatistic {
    fn name(self) -> &'static str {
        match self {
            Self::Minimum => "min",
            Self::P05 => "p05",
            Self::Median => "median",
            Self::ShareZero => "share_zero",
            Self::ShareBelowRealP01 => "share_below_real_p01",
            Self::RatioP05 => "ratio_p05",
            Self::OutlierMinimum => "outlier_min",
            Self::HoldoutShare => "holdout_share",
            Self::Authenticity => "authenticity",
            Self::Identifiability => "identifiability",
        }
    }

    fn explanation(self) -> &'static str {
        match self {
            Self::Minimum | Self::P05 | Self::Median => {
                "How far synthetic rows are from the most similar real one; nearer than real people are to each other means copies in disguise."
            }
            Self::ShareZero => "Synthetic rows that do not differ from some real row at all.",
            Self::ShareBelowRealP01 => {
                "Synthetic rows that come nearer to a real person than almost all real people come to each other; about 0.01 is what real people give."
            }
            Self::RatioP05 => {
                "Whether synthetic rows lie near one person in particular (low) or between several (near 1); compare with the real rows."
            }
            Self::OutlierMinimum => {
                "How near the synthetic rows come to people who stand apart, who are the easiest to recognise."
            }
            Self::HoldoutShare => {
                "Whether synthetic rows are nearer to people in the data than to people who were not; one half is neither."
            }
            Self::Authenticity => {
                "Synthetic rows that do not lie in the immediate neighbourhood of one real person; about one half for new people."
            }
            Self::Identifiability => {
                "Real people to whom a synthetic row is nearer than any other real person; about one half for new people of the same number."
            }
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Minimum => "Distance to the nearest real row, smallest",
            Self::P05 => "Distance to the nearest real row, 5 % quantile",
            Self::Median => "Distance to the nearest real row, median",
            Self::ShareZero => "Share of synthetic rows at distance 0 of a real row",
            Self::ShareBelowRealP01 => {
                "Share of synthetic rows closer to a real row than 99 % of real rows are to another"
            }
            Self::RatioP05 => "Nearest over second-nearest distance, 5 % quantile",
            Self::OutlierMinimum => "Distance from real outliers to synthetic rows, smallest",
            Self::HoldoutShare => {
                "Share of synthetic rows closer to a real row than to a holdout row"
            }
            Self::Authenticity => {
                "Share of synthetic rows outside the neighbourhood of their nearest real row"
            }
            Self::Identifiability => {
                "Share of real rows nearer to a synthetic row than to another real row"
            }
        }
    }
}

impl Metric for NearestScore {
    fn info(&self) -> &MetricInfo {
        &self.info
    }

    fn compute(&self, context: &MetricContext<'_>) -> Result<Outcome, MetricError> {
        let cache = context.cache();
        let section = cache.get(&self.options)?;
        let reading = self.read(&section);
        let used = reading.from.map_or(0, |from| from.rows);
        let no_columns = section.columns.is_empty();
        let value = match reading.value {
            _ if no_columns => Err(Undefined::NoColumns),
            Some(value) => Ok(value),
            None if self.statistic == NearestStatistic::HoldoutShare
                && cache.holdout().is_none() =>
            {
                Err(Undefined::NoControl)
            }
            None => Err(Undefined::NoRows),
        };
        let mut score = self
            .info
            .score(value)
            .with_param("distance", self.options.distance.name())
            .with_used(used as usize, Unit::Rows);
        if self.statistic == NearestStatistic::OutlierMinimum {
            score = score
                .with_param("neighbours", self.options.outlier_neighbours)
                .with_param("threshold", self.options.outlier_threshold)
                .with_detail("outliers", section.outliers.outliers);
        }
        if let (NearestStatistic::HoldoutShare, Some(share)) =
            (self.statistic, section.holdout_share)
        {
            score.se = Some(share.se);
            score = score
                .with_detail("z", share.z)
                .with_detail("ties", share.ties)
                .with_detail("rows_each", share.rows_each);
        }
        if section.rows_left_out > 0 {
            score = score
                .with_detail("rows_left_out", section.rows_left_out)
                .with_warning("rows with a missing number are left out");
        }
        if !no_columns {
            score.baseline.real = reading.real;
            score.baseline.holdout = reading.holdout;
        }
        Ok(Outcome::from(score).with_section(Section::Nearest((*section).clone())))
    }
}

/// A number of a section with what to compare it with.
struct Reading<'a> {
    value: Option<f64>,
    real: Option<f64>,
    holdout: Option<f64>,
    from: Option<&'a DistanceSummary>,
}

impl NearestScore {
    fn read<'a>(&self, section: &'a NearestSection) -> Reading<'a> {
        use NearestStatistic as S;
        let distances = |of: fn(&DistanceSummary) -> f64| Reading {
            value: section.synthetic_to_real.as_ref().map(of),
            real: section.real_to_real.as_ref().map(of),
            holdout: section.holdout_to_real.as_ref().map(of),
            from: section.synthetic_to_real.as_ref(),
        };
        match self.statistic {
            S::Minimum => distances(|s| s.min),
            S::P05 => distances(|s| s.p05),
            S::Median => distances(|s| s.median),
            S::ShareZero => distances(|s| s.share_zero),
            S::ShareBelowRealP01 => Reading {
                value: section.share_below_real_p01,
                // By definition, up to ties.
                real: section.real_to_real.map(|_| 0.01),
                holdout: section.holdout_below_real_p01,
                from: section.synthetic_to_real.as_ref(),
            },
            S::RatioP05 => Reading {
                value: section.synthetic_ratio.map(|s| s.p05),
                real: section.real_ratio.map(|s| s.p05),
                holdout: section.holdout_ratio.map(|s| s.p05),
                from: section.synthetic_ratio.as_ref(),
            },
            S::HoldoutShare => Reading {
                value: section.holdout_share.map(|share| share.share),
                real: None,
                // What it is without memorisation.
                holdout: section.holdout_share.map(|_| 0.5),
                from: section.synthetic_to_real.as_ref(),
            },
            S::Authenticity => Reading {
                value: section.authenticity,
                real: None,
                holdout: section.holdout_authenticity,
                from: section.synthetic_to_real.as_ref(),
            },
            S::Identifiability => Reading {
                value: section.identifiability,
                real: None,
                holdout: None,
                from: section.real_to_real.as_ref(),
            },
            S::OutlierMinimum => Reading {
                value: section.outliers.outlier_to_synthetic.map(|s| s.min),
                real: None,
                holdout: None,
                from: section.outliers.outlier_to_synthetic.as_ref(),
            },
        }
    }
}
