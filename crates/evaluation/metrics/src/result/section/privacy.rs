//! What the synthetic rows have in common with real people.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{AttackResult, CellSection, MembershipAttack, Undefined};

/// Numbers about copied and close rows. They can show a leak; they cannot prove that there is none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PrivacySection {
    /// Rows that stand in both tables.
    pub overlap: Overlap,
    /// Nearest-neighbour distances, one entry per distance.
    pub nearest: Vec<NearestSection>,
    /// What attacks learned about people, kind by kind; those that the metrics of the evaluation
    /// made.
    #[serde(default)]
    pub attacks: Vec<AttackResult>,
    /// How well people in the data can be told from others; those attacks that the metrics of the
    /// evaluation made.
    #[serde(default)]
    pub membership: Vec<MembershipAttack>,
    /// Single values that only few real people have.
    #[serde(default)]
    pub cells: CellSection,
}

/// Rows that stand in both tables, exactly equal on all columns but row ids (missing equals
/// missing). Always on all rows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Overlap {
    /// The columns that were compared.
    pub columns: Vec<String>,
    /// Columns whose numbers were rounded before, and to multiples of what; as declared with
    /// [`Pair::with_rounding`](crate::Pair::with_rounding).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rounded: BTreeMap<String, f64>,
    /// The synthetic table against the real one.
    pub synthetic: OverlapCounts,
    /// The holdout table against the synthetic one in the place of the real: what a method that
    /// never saw a record gives by chance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holdout: Option<OverlapCounts>,
}

/// Counts of equal rows between real (or holdout) rows and synthetic rows. Shares are `None` where
/// the table has no rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OverlapCounts {
    /// Real rows.
    pub real_rows: u64,
    /// Distinct real rows.
    pub distinct_real_rows: u64,
    /// Synthetic rows.
    pub synthetic_rows: u64,
    /// Real rows that stand in the synthetic table.
    pub real_rows_in_synthetic: u64,
    /// Distinct real rows that stand in the synthetic table.
    pub distinct_real_rows_in_synthetic: u64,
    /// Synthetic rows that stand in the real table.
    pub synthetic_rows_in_real: u64,
    /// Rows that occur once in the real table.
    pub unique_real_rows: u64,
    /// Those of them that stand in the synthetic table.
    pub unique_real_rows_matched: u64,
    /// Those of them that occur in the synthetic table exactly once.
    pub replicated_uniques: u64,
    /// Share of real rows that stand in the synthetic table.
    pub share_of_real_rows: Option<f64>,
    /// Share of distinct real rows that stand in the synthetic table.
    pub share_of_distinct_real_rows: Option<f64>,
    /// Share of synthetic rows that stand in the real table.
    pub share_of_synthetic_rows: Option<f64>,
    /// How many would by chance; not for a holdout, which is chance itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_chance: Option<OverlapChance>,
}

/// Upper limits of the shares of equal rows that tables give which know nothing of the person in
/// the row: two standard deviations above the mean.
///
/// A row comes up in them as often as it does among the other people, or as often as independent
/// columns of the other people give it, or as often as its value in one column and the people who
/// have all its other values give it; the largest counts. A row that many people have is no copy of
/// a person, and a row that no other person resembles comes up by chance in no table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OverlapChance {
    /// Share of distinct real rows that stand in the synthetic table.
    pub distinct_real_rows: f64,
    /// Share of the rows unique in the real table that do; 0 without such rows.
    pub unique_real_rows: f64,
    /// Share of synthetic rows that stand in the real table.
    pub synthetic_rows: f64,
}

/// How far rows are apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Distance {
    /// Mean over columns: numbers by their difference over the real range (at most 1), levels by
    /// equal or not, missing against a value 1 (Gower 1971). 0 to 1.
    Gower,
    /// Sum over columns of differences of raw numbers and of positions of sorted levels, without
    /// any scaling. For comparison with published tables only: the column with the largest unit
    /// decides.
    RawManhattan,
    /// Euclidean distance over the numeric columns alone, each divided by its real range. For
    /// comparison with published tables only: what is not a number does not count.
    NumericEuclidean,
}

impl Distance {
    /// The name as options spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gower => "gower",
            Self::RawManhattan => "raw_manhattan",
            Self::NumericEuclidean => "numeric_euclidean",
        }
    }
}

/// Distances from rows to their nearest real rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct NearestSection {
    /// Which distance.
    pub distance: Distance,
    /// The columns it is made of.
    pub columns: Vec<String>,
    /// From each synthetic row to its nearest real row.
    pub synthetic_to_real: Option<DistanceSummary>,
    /// From each real row to its nearest other real row: the first baseline.
    pub real_to_real: Option<DistanceSummary>,
    /// From each holdout row to its nearest real row: the second baseline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holdout_to_real: Option<DistanceSummary>,
    /// Nearest over second-nearest distance (0/0 counts as 0) of synthetic rows; low values mean
    /// "close to one person in particular".
    pub synthetic_ratio: Option<DistanceSummary>,
    /// The same for real rows among the other real rows.
    pub real_ratio: Option<DistanceSummary>,
    /// The same for holdout rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holdout_ratio: Option<DistanceSummary>,
    /// The share of rows at most a distance away, to draw.
    pub curve: DistanceCurve,
    /// Only real rows that lie apart from the others.
    pub outliers: OutlierSection,
    /// Share of synthetic rows closer to their nearest real row than 99 % of real rows are to
    /// theirs (below the 1 % quantile of `real_to_real`).
    pub share_below_real_p01: Option<f64>,
    /// The same share of the holdout rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holdout_below_real_p01: Option<f64>,
    /// Share of synthetic rows further from their nearest real row than that row is from its
    /// nearest other real row (authenticity of Alaa et al. 2022).
    #[serde(default)]
    pub authenticity: Option<f64>,
    /// The same share of the holdout rows: what people who were not in the data give.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holdout_authenticity: Option<f64>,
    /// Share of real rows whose nearest synthetic row is nearer than their nearest other real row
    /// (identifiability of Yoon et al. 2020).
    #[serde(default)]
    pub identifiability: Option<f64>,
    /// Whether synthetic rows are closer to rows the synthesizer saw than to rows it did not; needs
    /// a holdout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holdout_share: Option<HoldoutShare>,
    /// Rows of all tables left out because a number is missing (raw distances only).
    #[serde(default)]
    pub rows_left_out: u64,
}

/// Whether synthetic rows are closer to real rows than to holdout rows, as many rows of each and
/// both measured with the ranges of the real table.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct HoldoutShare {
    /// Rows taken of each side: the first of the real and of the holdout table.
    pub rows_each: u64,
    /// Share of synthetic rows closer to a real row, ties counting one half. 0.5 without
    /// memorisation.
    pub share: f64,
    /// Share of synthetic rows as close to one side as to the other.
    pub ties: f64,
    /// Standard error of the share without memorisation, `sqrt(0.25 / rows)`.
    pub se: f64,
    /// `(share - 0.5) / se`.
    pub z: f64,
}

/// Where distances lie. Quantiles by linear interpolation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct DistanceSummary {
    /// Rows it is about.
    pub rows: u64,
    /// Smallest.
    pub min: f64,
    /// 1 % quantile.
    pub p01: f64,
    /// 5 % quantile.
    pub p05: f64,
    /// Median.
    pub median: f64,
    /// Mean.
    pub mean: f64,
    /// Largest.
    pub max: f64,
    /// Share of rows at distance exactly 0.
    pub share_zero: f64,
}

/// Shares of rows whose nearest real row is at most this far away.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DistanceCurve {
    /// Distances, ascending.
    pub at: Vec<f64>,
    /// Share of synthetic rows.
    pub synthetic: Vec<f64>,
    /// Share of real rows (nearest other real row).
    pub real: Vec<f64>,
    /// Share of holdout rows; empty without a holdout.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holdout: Vec<f64>,
}

/// How near synthetic rows come to real outliers, found by their local outlier factor (Breunig et
/// al. 2000).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OutlierSection {
    /// Neighbours the factor looks at.
    pub neighbours: u64,
    /// A real row is an outlier from this factor on.
    pub threshold: f64,
    /// How many real rows are outliers.
    pub outliers: u64,
    /// Mean factor over real rows.
    pub mean_factor: Option<f64>,
    /// Largest factor.
    pub max_factor: Option<f64>,
    /// From each outlier to its nearest synthetic row.
    pub outlier_to_synthetic: Option<DistanceSummary>,
    /// Why there are no distances.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Undefined>,
}
