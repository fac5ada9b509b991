//! Schools, classes and other groups of rows: intraclass correlation, sizes, arms (specification
//! 4.4).

mod intraclass_correlation;

use parable_table::Role;

pub(crate) use self::intraclass_correlation::estimate_icc;
use crate::data::frame::{Frame, FrameColumn, Side};
use crate::{
    Analysis, Cache, ClusterSection, Constancy, Direction, EvaluationProgress, Group,
    HistogramCell, Icc, Metric, MetricContext, MetricError, MetricInfo, Outcome, Sides, Undefined,
    Unit,
};

/// The key of the sections on clusters in a cache.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct ClusterAnalysis;

impl Analysis for ClusterAnalysis {
    type Output = Vec<ClusterSection>;

    fn compute(
        &self,
        cache: &Cache<'_>,
        _: EvaluationProgress<'_>,
    ) -> Result<Vec<ClusterSection>, MetricError> {
        Ok(sections(&cache.frame()))
    }
}

/// One section per cluster column, the one with the fewest real clusters first.
fn sections(frame: &Frame) -> Vec<ClusterSection> {
    let mut sections: Vec<ClusterSection> = frame
        .columns
        .iter()
        .filter(|column| column.role == Role::ClusterId)
        .map(|column| section(frame, column))
        .collect();
    sections.sort_by_key(|section| section.clusters.real);
    sections
}

/// The cluster column with the fewest real clusters, at least two.
pub(crate) fn coarsest(frame: &Frame) -> Option<&FrameColumn> {
    let name = sections_order(frame)?;
    frame.named(&name)
}

fn sections_order(frame: &Frame) -> Option<String> {
    frame
        .columns
        .iter()
        .filter(|column| column.role == Role::ClusterId)
        .filter_map(|column| {
            let clusters = Members::of(column, Side::Real)?.sizes.len();
            (clusters > 1).then(|| (clusters, column.name.clone()))
        })
        .min_by_key(|(clusters, _)| *clusters)
        .map(|(_, name)| name)
}

/// The cluster of each row of one table, numbered by first code; rows without one have `u32::MAX`.
struct Members {
    cluster: Vec<u32>,
    sizes: Vec<u64>,
}

impl Members {
    fn of(column: &FrameColumn, side: Side) -> Option<Self> {
        let (labels, codes) = column.codes()?;
        let codes = codes.of(side);
        let mut number = vec![u32::MAX; labels.len() + 1];
        let mut sizes: Vec<u64> = Vec::new();
        let cluster = codes
            .iter()
            .map(|&code| {
                if code == 0 {
                    return u32::MAX;
                }
                let number = &mut number[code as usize];
                if *number == u32::MAX {
                    *number = sizes.len() as u32;
                    sizes.push(0);
                }
                sizes[*number as usize] += 1;
                *number
            })
            .collect();
        Some(Self { cluster, sizes })
    }

    /// The share of clusters with at least two rows in which `value` is the same in all rows for
    /// which it is not `None`.
    fn share_constant(&self, value: impl Fn(usize) -> Option<u64>) -> Option<f64> {
        let mut first: Vec<Option<u64>> = vec![None; self.sizes.len()];
        let mut constant = vec![true; self.sizes.len()];
        for (row, &cluster) in self.cluster.iter().enumerate() {
            if let (Some(value), true) = (value(row), cluster != u32::MAX) {
                let first = first[cluster as usize].get_or_insert(value);
                constant[cluster as usize] &= *first == value;
            }
        }
        let (mut all, mut kept) = (0u64, 0u64);
        for cluster in 0..self.sizes.len() {
            if self.sizes[cluster] > 1 && first[cluster].is_some() {
                all += 1;
                kept += u64::from(constant[cluster]);
            }
        }
        (all > 0).then(|| kept as f64 / all as f64)
    }
}

fn section(frame: &Frame, column: &FrameColumn) -> ClusterSection {
    let members = Sides {
        real: Members::of(column, Side::Real),
        synthetic: Members::of(column, Side::Synthetic),
    };
    let (Some(real), Some(synthetic)) = (members.real, members.synthetic) else {
        unreachable!("a cluster column is a column of levels");
    };
    let members = Sides { real, synthetic };
    let mean_size = |members: &Members| {
        let rows: u64 = members.sizes.iter().sum();
        (rows > 0).then(|| rows as f64 / members.sizes.len() as f64)
    };
    let (sizes, size_tvd) = size_bands(&members);
    let treatment = frame.columns.iter().find(|c| c.role == Role::Treatment);
    let in_one_arm =
        treatment
            .and_then(FrameColumn::codes)
            .map_or(Sides::default(), |(_, arms)| Sides {
                real: members.real.share_constant(|row| arm(&arms.real, row)),
                synthetic: members
                    .synthetic
                    .share_constant(|row| arm(&arms.synthetic, row)),
            });
    let others = || {
        frame
            .columns
            .iter()
            .filter(|other| other.name != column.name)
    };
    let icc = others()
        .filter_map(|other| icc_of(other, &members))
        .collect();
    let constancy = others()
        .filter_map(|other| constancy_of(other, &members))
        .collect();
    ClusterSection {
        column: column.name.clone(),
        clusters: Sides {
            real: members.real.sizes.len() as u64,
            synthetic: members.synthetic.sizes.len() as u64,
        },
        mean_size: Sides {
            real: mean_size(&members.real),
            synthetic: mean_size(&members.synthetic),
        },
        sizes,
        size_tvd,
        in_one_arm,
        icc,
        constancy,
    }
}

fn arm(arms: &[u32], row: usize) -> Option<u64> {
    (arms[row] != 0).then(|| u64::from(arms[row]))
}

/// Clusters by size in bands 1, 2-3, 4-7, ... and the total variation distance over the bands.
fn size_bands(members: &Sides<Members>) -> (Vec<HistogramCell>, Option<f64>) {
    let count = |members: &Members| {
        let mut bands = vec![0u64; 64];
        for &size in &members.sizes {
            bands[size.ilog2() as usize] += 1;
        }
        bands
    };
    let (real, synthetic) = (count(&members.real), count(&members.synthetic));
    let (n_real, n_synthetic) = (members.real.sizes.len(), members.synthetic.sizes.len());
    if n_real == 0 && n_synthetic == 0 {
        return (Vec::new(), None);
    }
    let used = |band: &usize| real[*band] + synthetic[*band] > 0;
    let first = (0..64).find(used).unwrap_or(0);
    let last = (0..64).rev().find(used).unwrap_or(0);
    let share = |count: u64, n: usize| count as f64 / n.max(1) as f64;
    let cells: Vec<HistogramCell> = (first..=last)
        .map(|band| {
            let (low, high) = (1u64 << band, (1u64 << (band + 1)) - 1);
            HistogramCell {
                label: if low == high {
                    "1 row".to_owned()
                } else {
                    format!("{low} to {high} rows")
                },
                low: Some(low as f64),
                high: Some(high as f64),
                rows: Sides {
                    real: real[band],
                    synthetic: synthetic[band],
                },
                share: Sides {
                    real: share(real[band], n_real),
                    synthetic: share(synthetic[band], n_synthetic),
                },
                missing: false,
            }
        })
        .collect();
    let tvd = (n_real > 0 && n_synthetic > 0).then(|| {
        let differences = cells
            .iter()
            .map(|c| (c.share.real - c.share.synthetic).abs());
        0.5 * differences.sum::<f64>()
    });
    (cells, tvd)
}

fn icc_of(column: &FrameColumn, members: &Sides<Members>) -> Option<Icc> {
    // Numbers, and outcomes that can be read as numbers.
    if column.numbers().is_none() && column.role != Role::Outcome {
        return None;
    }
    let real = estimate_icc(&column.as_numbers(Side::Real)?, &members.real.cluster);
    let synthetic = estimate_icc(
        &column.as_numbers(Side::Synthetic)?,
        &members.synthetic.cluster,
    );
    let icc = Sides {
        real: real.icc.ok(),
        synthetic: synthetic.icc.ok(),
    };
    Some(Icc {
        column: column.name.clone(),
        role: column.role.name().to_owned(),
        icc,
        difference: icc.difference(),
        rows: Sides {
            real: real.rows,
            synthetic: synthetic.rows,
        },
        reason: real.icc.err().or(synthetic.icc.err()),
    })
}

/// Columns constant within at least 99 % of the real clusters.
fn constancy_of(column: &FrameColumn, members: &Sides<Members>) -> Option<Constancy> {
    const NEARLY_ALL: f64 = 0.99;
    let share = |side: Side, members: &Members| match &column.data {
        crate::data::frame::Data::Numbers(numbers) => {
            let values = numbers.of(side);
            members.share_constant(|row| {
                Some(if values[row].is_nan() {
                    u64::MAX
                } else {
                    values[row].to_bits()
                })
            })
        }
        crate::data::frame::Data::Codes { codes, .. } => {
            let codes = codes.of(side);
            members.share_constant(|row| Some(u64::from(codes[row])))
        }
    };
    let real = share(Side::Real, &members.real);
    if real.is_none_or(|share| share < NEARLY_ALL) {
        return None;
    }
    Some(Constancy {
        column: column.name.clone(),
        share: Sides {
            real,
            synthetic: share(Side::Synthetic, &members.synthetic),
        },
    })
}

/// A number about the coarsest cluster column (4.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClusterScore {
    /// Absolute difference of the intraclass correlations, mean over outcomes (over all numeric
    /// columns where no outcome has one).
    IccDifference,
    /// Total variation distance of the cluster sizes over bands of doubling width.
    SizeDifference,
    /// Share of clusters wholly in one arm, synthetic minus real.
    InOneArm,
    /// Columns constant within real clusters: absolute difference of the share of clusters in which
    /// they are, mean over these columns.
    Constancy,
}

static ICC_DIFFERENCE: MetricInfo = MetricInfo::new(
    "icc_difference",
    "Intraclass correlation, mean absolute difference",
    "Whether pupils of one school are as alike as in the real table; trials are planned on it.",
)
.with_group(Group::Utility);

static CLUSTER_SIZE_DIFFERENCE: MetricInfo = MetricInfo::new(
    "cluster_size_difference",
    "Cluster sizes, total variation distance",
    "Whether clusters have the same sizes.",
)
.with_group(Group::Utility);

static CLUSTERS_IN_ONE_ARM_DIFFERENCE: MetricInfo = MetricInfo::new(
    "clusters_in_one_arm_difference",
    "Share of clusters wholly in one arm, synthetic minus real",
    "Whether whole clusters were still put into one arm.",
)
.with_group(Group::Utility)
.with_direction(Direction::Target0);

static CLUSTER_CONSTANCY_DIFFERENCE: MetricInfo = MetricInfo::new(
    "cluster_constancy_difference",
    "Columns constant within clusters, mean absolute difference",
    "Whether what is the same for a whole cluster still is.",
)
.with_group(Group::Utility);

impl Metric for ClusterScore {
    fn info(&self) -> &MetricInfo {
        match self {
            Self::IccDifference => &ICC_DIFFERENCE,
            Self::SizeDifference => &CLUSTER_SIZE_DIFFERENCE,
            Self::InOneArm => &CLUSTERS_IN_ONE_ARM_DIFFERENCE,
            Self::Constancy => &CLUSTER_CONSTANCY_DIFFERENCE,
        }
    }

    fn compute(&self, context: &MetricContext<'_>) -> Result<Outcome, MetricError> {
        let cache = context.cache();
        let score = |value| self.info().score(value);
        let sections = cache.get(&ClusterAnalysis)?;
        let Some(section) = sections.first() else {
            return Ok(score(Err(Undefined::NoRole)).into());
        };
        let clusters = section.clusters.real as usize;
        let scored = match self {
            Self::IccDifference => {
                let outcomes: Vec<&Icc> =
                    section.icc.iter().filter(|i| i.role == "outcome").collect();
                let rows: Vec<&Icc> = match outcomes.iter().any(|icc| icc.difference.is_some()) {
                    true => outcomes,
                    false => section.icc.iter().collect(),
                };
                let defined: Vec<(&Icc, f64)> = rows
                    .iter()
                    .filter_map(|icc| Some((*icc, icc.difference?)))
                    .collect();
                let why = rows
                    .iter()
                    .find_map(|icc| icc.reason)
                    .unwrap_or(Undefined::NoColumns);
                let mean = |f: fn(f64) -> f64| {
                    defined.iter().map(|(_, d)| f(*d)).sum::<f64>() / defined.len() as f64
                };
                if defined.is_empty() {
                    score(Err(why))
                } else {
                    let scored = score(Ok(mean(f64::abs)))
                        .with_detail("mean_signed_difference", mean(|d| d));
                    match defined
                        .iter()
                        .max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()))
                    {
                        Some((icc, difference)) => scored
                            .with_detail("worst_column", icc.column.as_str())
                            .with_detail("worst_difference", *difference),
                        None => scored,
                    }
                }
                .with_used(defined.len(), Unit::Columns)
                .with_undefined(rows.len() - defined.len())
            }
            Self::SizeDifference => {
                score(section.size_tvd.ok_or(Undefined::NoRows)).with_used(clusters, Unit::Clusters)
            }
            Self::InOneArm => {
                let why = match cache
                    .frame()
                    .columns
                    .iter()
                    .any(|c| c.role == Role::Treatment)
                {
                    true => Undefined::TooFewClusters,
                    false => Undefined::NoRole,
                };
                let scored = score(section.in_one_arm.difference().ok_or(why))
                    .with_used(clusters, Unit::Clusters);
                match (section.in_one_arm.real, section.in_one_arm.synthetic) {
                    (Some(real), Some(synthetic)) => scored
                        .with_detail("real", real)
                        .with_detail("synthetic", synthetic),
                    _ => scored,
                }
            }
            Self::Constancy => {
                let differences: Vec<f64> = section
                    .constancy
                    .iter()
                    .filter_map(|row| row.share.difference())
                    .collect();
                let value = match differences.len() {
                    0 if section.constancy.is_empty() => Err(Undefined::NoColumns),
                    0 => Err(Undefined::TooFewClusters),
                    n => Ok(differences.iter().map(|d| d.abs()).sum::<f64>() / n as f64),
                };
                score(value).with_used(differences.len(), Unit::Columns)
            }
        };
        Ok(scored.with_param("cluster", section.column.as_str()).into())
    }
}

#[cfg(test)]
mod tests {
    use parable_seed::Seed;

    use super::*;
    use crate::Pair;
    use crate::testing::{numbers, table, texts};

    fn school(names: &[&str]) -> (parable_table::Field, parable_table::Column) {
        let (field, column) = texts("school", names);
        (field.with_role(Role::ClusterId), column)
    }

    #[test]
    fn arms_and_constant_columns_are_counted_by_cluster() {
        let arm = |values: &[&str]| {
            let (field, column) = texts("arm", values);
            (field.with_role(Role::Treatment), column)
        };
        let real = table(vec![
            school(&["a", "a", "b", "b"]),
            arm(&["t", "t", "c", "c"]),
            numbers("size", &[2.0, 2.0, 3.0, 3.0]),
        ]);
        let synthetic = table(vec![
            school(&["a", "a", "b", "b", "c"]),
            arm(&["t", "c", "c", "c", "t"]),
            numbers("size", &[2.0, 2.0, 3.0, 4.0, 5.0]),
        ]);
        let pair = Pair::new(&real, &synthetic).unwrap();
        let section = &sections(&Cache::new(&pair).frame())[0];
        assert_eq!(section.in_one_arm.real, Some(1.0));
        assert_eq!(section.in_one_arm.synthetic, Some(0.5));
        let size = section
            .constancy
            .iter()
            .find(|c| c.column == "size")
            .unwrap();
        assert_eq!(size.share.synthetic, Some(0.5));
        let score = ClusterScore::InOneArm
            .score(&pair, &Seed::from_u64(1))
            .unwrap();
        assert_eq!(score.value, Some(-0.5));
        // Two of two real clusters have 2 rows, two of three synthetic ones: the third has one row.
        assert!((section.size_tvd.unwrap() - 1.0 / 3.0).abs() < 1e-15);
    }
}
