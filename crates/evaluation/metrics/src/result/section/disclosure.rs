//! What known facts about a person tell an intruder who has the synthetic table.

use serde::{Deserialize, Serialize};

/// What each small set of keys discloses about each target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DisclosureSection {
    /// The columns an intruder is taken to know.
    pub keys: Vec<String>,
    /// How they were chosen, in words.
    pub keys_chosen_by: String,
    /// The columns an intruder wants to know.
    pub targets: Vec<String>,
    /// Groups that numeric keys and targets were cut into (quantiles of the real table).
    pub groups: u64,
    /// How many pairs of a key set and a target were looked at.
    pub looked_at: u64,
    /// How many of them were left out because the target restates the keys: in the real table they
    /// determine it, with at least ten rows per key.
    #[serde(default)]
    pub determined: u64,
    /// Mean over all pairs of the disclosed share.
    #[serde(default)]
    pub mean_disclosed_share: f64,
    /// Mean over all pairs of the excess.
    #[serde(default)]
    pub mean_excess: f64,
    /// The pairs with the largest excess, worst first (at most 10).
    pub worst: Vec<DisclosureRow>,
    /// The mean over key sets for each target.
    pub by_target: Vec<TargetMean>,
    /// The mean over the key sets that contain a key, for each key and target: a heat map of what
    /// gives people away.
    #[serde(default)]
    pub by_key: Vec<KeyTargetMean>,
}

/// One key set and one target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DisclosureRow {
    /// The known columns.
    pub keys: Vec<String>,
    /// The column asked for.
    pub target: String,
    /// What the synthetic table tells about the real rows.
    pub measures: DisclosureMeasures,
    /// The excess of the real table itself: what its own keys tell beyond guessing.
    #[serde(default)]
    pub real_excess: f64,
    /// The excess when the same is tried on holdout rows, which were not in the data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holdout_excess: Option<f64>,
    /// The same counts for each true value of the target.
    #[serde(default)]
    pub levels: Vec<LevelDisclosure>,
}

/// What the real rows with one true value of the target are told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LevelDisclosure {
    /// The value: a level, `missing`, or the limits of a group of numbers.
    pub level: String,
    /// Real rows that have it.
    pub real_rows: u64,
    /// Those of them whose key tells a value.
    pub matched: u64,
    /// Those of them whose key tells the true value.
    pub correct: u64,
}

/// The mean disclosure of one target by the key sets with one key in them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeyTargetMean {
    /// A known column.
    pub key: String,
    /// The column asked for.
    pub target: String,
    /// Mean disclosed share.
    pub disclosed_share: f64,
    /// Mean share of real rows whose keys tell the target in the real table itself.
    pub disclosive_in_real: f64,
    /// Mean excess.
    pub excess: f64,
}

/// The mean disclosure of one target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TargetMean {
    /// The column asked for.
    pub target: String,
    /// Mean over key sets of the disclosed share.
    pub disclosed_share: f64,
    /// Mean over key sets of the share of real rows whose keys tell the target in the real table
    /// itself.
    pub disclosive_in_real: f64,
    /// Mean over key sets of the excess.
    pub excess: f64,
}

/// Identity and attribute disclosure of one key set and target (Taub and Elliot 2019; Raab, Nowok
/// and Dibben 2024).
///
/// A key (a combination of values of the key columns) is *disclosive* in a table if all its rows
/// there have one target value. Shares are 0 to 1 and of the real rows unless said otherwise;
/// `None` where a table has no row. Missing is a value like any other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DisclosureMeasures {
    /// Real rows.
    pub real_rows: u64,
    /// Real rows whose key is disclosive in the synthetic table.
    pub matched: u64,
    /// Those of them whose target has the value that the key tells.
    pub correct: u64,
    /// `correct` over `real_rows`: the disclosed share (DiSCO).
    pub disclosed_share: Option<f64>,
    /// `correct` over `matched` (TCAP of Taub and Elliot); `None` if no key is disclosive.
    pub tcap: Option<f64>,
    /// `correct` over the real rows whose key is in the synthetic table (TCAP of the R package
    /// synthpop).
    pub correct_among_found: Option<f64>,
    /// What a guesser without keys scores by naming a value with the real shares: the sum of
    /// squared shares.
    pub baseline_match: Option<f64>,
    /// What a guesser scores by always naming the most frequent real value.
    pub baseline_majority: Option<f64>,
    /// `disclosed_share` minus the hits a guesser scores on the matched rows by knowing the share
    /// of the value named.
    pub excess: Option<f64>,
    /// Rows whose key is disclosive in the real table itself (DiO).
    pub disclosive_in_real: Option<f64>,
    /// Synthetic rows whose key is disclosive in the synthetic table, as a share of these (Dsyn).
    pub disclosive_synthetic_rows: Option<f64>,
    /// Rows whose key is in the synthetic table (iS).
    pub found: Option<f64>,
    /// Rows whose key is disclosive in the synthetic table (DiS).
    pub disclosive_in_synthetic: Option<f64>,
    /// Rows whose key is disclosive in both tables with the same value (DiSDiO).
    pub disclosive_in_both: Option<f64>,
    /// Rows with a key of their own in the real table (UiO).
    pub unique: Option<f64>,
    /// Synthetic rows with a key of their own, as a share of these (UiS).
    pub unique_synthetic: Option<f64>,
    /// Unique rows whose key is in the synthetic table (UiOiS).
    pub unique_found: Option<f64>,
    /// Unique rows whose key is unique in the synthetic table too: replicated uniques (repU).
    pub replicated_uniques: Option<f64>,
    /// Correct attribution probability: mean over rows whose key is in the synthetic table of the
    /// share of synthetic rows with this key that have the row's target (CAP).
    pub cap: Option<f64>,
    /// The same with 0 for rows whose key is not there (zero CAP; DCAP of synthpop).
    pub zero_cap: Option<f64>,
    /// The same within the real table (CAPd).
    pub cap_real: Option<f64>,
    /// The same within the synthetic table (CAPs).
    pub cap_synthetic: Option<f64>,
    /// The most real rows that one key tells their true target (max_denom of synthpop).
    #[serde(default)]
    pub largest_key: u64,
    /// The mean number of such rows over the keys that have any (mean_denom); `None` if no key has.
    #[serde(default)]
    pub mean_key: Option<f64>,
}
