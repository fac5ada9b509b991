//! Identity and attribute disclosure by keys (specification 5.5).

use std::collections::BTreeMap;

use parable_seed::Seed;
use parable_table::Role;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::frame::{Data, Each, Frame, FrameColumn};
use crate::quantile::quantile_sorted;
use crate::table_utility::Grouped;
use crate::{
    Direction, DisclosureMeasures, DisclosureRow, DisclosureSection, EvaluationOptions, Group,
    Metric, MetricError, Pair, Scale, Score, TargetMean, Undefined, Unit,
};

/// How the numbers of a key or a target are made into values that can be equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Binning {
    /// Each number is a value.
    Distinct,
    /// Groups by quantiles of the real table.
    RealQuantiles(usize),
    /// Groups by quantiles of both tables together, as the R package synthpop has them.
    PooledQuantiles(usize),
}

/// What an intruder who knows the keys of a person learns about the target from the synthetic table.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Disclosure {
    /// The known columns.
    pub keys: Vec<String>,
    /// The column asked for.
    pub target: String,
    /// How numeric columns are binned; those not listed are binned by `default_binning`.
    pub binning: BTreeMap<String, Binning>,
    /// How other numeric columns are binned. Default: deciles of the real table.
    pub default_binning: Binning,
}

impl Disclosure {
    /// These keys, this target, numbers in deciles of the real table.
    #[must_use]
    pub fn new<S: Into<String>>(
        keys: impl IntoIterator<Item = S>,
        target: impl Into<String>,
    ) -> Self {
        Self {
            keys: keys.into_iter().map(Into::into).collect(),
            target: target.into(),
            binning: BTreeMap::new(),
            default_binning: Binning::RealQuantiles(10),
        }
    }

    /// The same with another binning of one numeric column.
    #[must_use]
    pub fn with_binning(mut self, column: impl Into<String>, binning: Binning) -> Self {
        self.binning.insert(column.into(), binning);
        self
    }

    /// The same with another binning of the numeric columns not named.
    #[must_use]
    pub fn with_default_binning(mut self, binning: Binning) -> Self {
        self.default_binning = binning;
        self
    }

    /// The measures of this pair.
    ///
    /// # Errors
    /// [`MetricError::BadOption`] if a column does not exist, or is a row id or free text.
    pub fn measure(&self, pair: &Pair<'_>) -> Result<DisclosureMeasures, MetricError> {
        let frame = pair.frame();
        let coded = |name: &String| {
            let column = frame.named(name).ok_or_else(|| bad("keys", name))?;
            let binning = self.binning.get(name).unwrap_or(&self.default_binning);
            Ok(Coded::of(column, *binning))
        };
        let keys: Vec<Coded> = self
            .keys
            .iter()
            .map(coded)
            .collect::<Result<_, MetricError>>()?;
        let target = coded(&self.target)?;
        let ids = KeyIds::of(
            &keys.iter().collect::<Vec<_>>(),
            frame.rows.real,
            frame.rows.synthetic,
        );
        Ok(measures(&ids, &target))
    }
}

fn bad(option: &'static str, column: &str) -> MetricError {
    MetricError::BadOption {
        option,
        column: column.to_owned(),
        rule: "expected a column of the tables that is no row id or free text",
    }
}

/// A column as values that can be equal, numbered from 0 across all tables.
struct Coded {
    values: usize,
    codes: Each<Vec<u32>>,
}

impl Coded {
    fn of(column: &FrameColumn, binning: Binning) -> Self {
        let numbers = match &column.data {
            Data::Codes { labels, codes } => {
                return Self {
                    values: labels.len() + 1,
                    codes: codes.clone(),
                };
            }
            Data::Numbers(numbers) => numbers,
        };
        let edges = match binning {
            Binning::Distinct => {
                let mut known: FxHashMap<u64, u32> = FxHashMap::default();
                let mut code = |values: &Vec<f64>| -> Vec<u32> {
                    values
                        .iter()
                        .map(|x| {
                            let bits = if x.is_nan() { u64::MAX } else { x.to_bits() };
                            let next = known.len() as u32;
                            *known.entry(bits).or_insert(next)
                        })
                        .collect()
                };
                let codes = Each {
                    real: code(&numbers.real),
                    synthetic: code(&numbers.synthetic),
                    holdout: numbers.holdout.as_ref().map(&mut code),
                };
                return Self {
                    values: known.len(),
                    codes,
                };
            }
            Binning::RealQuantiles(groups) => real_quantiles(&numbers.real, groups),
            Binning::PooledQuantiles(groups) => {
                Grouped::breaks(&numbers.real, &numbers.synthetic, groups)
            }
        };
        let last = edges.len().saturating_sub(1).max(1) as u32;
        let codes = numbers.map(|values| {
            let code = |&x: &f64| match x.is_nan() {
                true => 0,
                false => (edges.partition_point(|&edge| edge <= x) as u32).clamp(1, last),
            };
            values.iter().map(code).collect()
        });
        Self {
            values: last as usize + 1,
            codes,
        }
    }
}

/// Distinct quantiles of the real values.
fn real_quantiles(real: &[f64], groups: usize) -> Vec<f64> {
    let mut sorted: Vec<f64> = real.iter().copied().filter(|x| !x.is_nan()).collect();
    if sorted.is_empty() {
        return Vec::new();
    }
    sorted.sort_unstable_by(f64::total_cmp);
    let mut edges: Vec<f64> = (0..=groups)
        .map(|group| quantile_sorted(&sorted, group as f64 / groups as f64))
        .collect();
    edges.dedup();
    edges
}

/// How many values a column has, and the codes of the rows that are asked about and of the synthetic rows.
type KeyColumn<'a> = (usize, &'a [u32], &'a [u32]);

/// The key of each row, numbered from 0 over both tables.
struct KeyIds {
    keys: usize,
    real: Vec<u32>,
    synthetic: Vec<u32>,
}

impl KeyIds {
    fn of(columns: &[&Coded], real: usize, synthetic: usize) -> Self {
        let picked: Vec<KeyColumn<'_>> = columns
            .iter()
            .map(|c| {
                (
                    c.values,
                    c.codes.real.as_slice(),
                    c.codes.synthetic.as_slice(),
                )
            })
            .collect();
        Self::join(&picked, real, synthetic)
    }

    /// The same with holdout rows in the place of real ones.
    fn of_holdout(columns: &[&Coded], holdout: usize, synthetic: usize) -> Option<Self> {
        let picked: Option<Vec<KeyColumn<'_>>> = columns
            .iter()
            .map(|c| {
                Some((
                    c.values,
                    c.codes.holdout.as_deref()?,
                    c.codes.synthetic.as_slice(),
                ))
            })
            .collect();
        Some(Self::join(&picked?, holdout, synthetic))
    }

    /// Columns are joined one at a time: a number for each pair of the number so far and the next value.
    fn join(columns: &[KeyColumn<'_>], real: usize, synthetic: usize) -> Self {
        const DENSE: usize = 1 << 22;
        let mut ids = Self {
            keys: 1,
            real: vec![0; real],
            synthetic: vec![0; synthetic],
        };
        for &(values, in_real, in_synthetic) in columns {
            let mut next = 0u32;
            let mut number = |slot: &mut u32| {
                if *slot == u32::MAX {
                    *slot = next;
                    next += 1;
                }
                *slot
            };
            let sides = [(&mut ids.real, in_real), (&mut ids.synthetic, in_synthetic)];
            if ids.keys * values <= DENSE {
                let mut known = vec![u32::MAX; ids.keys * values];
                for (ids, codes) in sides {
                    for (id, &code) in ids.iter_mut().zip(codes) {
                        *id = number(&mut known[*id as usize * values + code as usize]);
                    }
                }
            } else {
                let mut known: FxHashMap<(u32, u32), u32> = FxHashMap::default();
                for (ids, codes) in sides {
                    for (id, &code) in ids.iter_mut().zip(codes) {
                        *id = number(known.entry((*id, code)).or_insert(u32::MAX));
                    }
                }
            }
            ids.keys = next as usize;
        }
        ids
    }
}

/// Several target values.
const MIXED: u32 = u32::MAX - 1;
/// No row.
const NONE: u32 = u32::MAX;

/// For each key the one target value of its rows, [`MIXED`] or [`NONE`].
fn single_values(keys: usize, ids: &[u32], target: &[u32]) -> Vec<u32> {
    let mut value = vec![NONE; keys];
    for (&id, &code) in ids.iter().zip(target) {
        let value = &mut value[id as usize];
        if *value == NONE {
            *value = code;
        } else if *value != code {
            *value = MIXED;
        }
    }
    value
}

fn tally(size: usize, codes: &[u32]) -> Vec<u32> {
    let mut counts = vec![0u32; size];
    for &code in codes {
        counts[code as usize] += 1;
    }
    counts
}

/// The numbers of a sweep: all that its ranking and its means need.
#[derive(Clone, Copy)]
struct Quick {
    disclosed_share: f64,
    disclosive_in_real: f64,
    excess: f64,
    /// What the real table itself would tell beyond guessing.
    real_excess: f64,
    /// The keys tell everybody's target, and not because they name single people: the target restates the keys.
    determined: bool,
}

fn quick(ids: &KeyIds, in_real: &[u32], in_synthetic: &[u32], values: usize) -> Quick {
    let told = single_values(ids.keys, &ids.synthetic, in_synthetic);
    let own = single_values(ids.keys, &ids.real, in_real);
    let shares = tally(values, in_real);
    let n = ids.real.len() as f64;
    let (mut correct, mut chance, mut disclosive, mut own_chance) = (0u64, 0.0, 0u64, 0.0);
    for (&id, &code) in ids.real.iter().zip(in_real) {
        if own[id as usize] < MIXED {
            disclosive += 1;
            own_chance += f64::from(shares[code as usize]) / n;
        }
        let named = told[id as usize];
        if named < MIXED {
            correct += u64::from(named == code);
            chance += f64::from(shares[named as usize]) / n;
        }
    }
    Quick {
        disclosed_share: correct as f64 / n,
        disclosive_in_real: disclosive as f64 / n,
        excess: (correct as f64 - chance) / n,
        real_excess: (disclosive as f64 - own_chance) / n,
        determined: disclosive as usize == ids.real.len()
            && own.iter().filter(|&&value| value != NONE).count() * ROWS_PER_KEY <= ids.real.len(),
    }
}

/// All measures of one key set and target.
fn measures(ids: &KeyIds, target: &Coded) -> DisclosureMeasures {
    let (in_real, in_synthetic) = (&target.codes.real, &target.codes.synthetic);
    let told = single_values(ids.keys, &ids.synthetic, in_synthetic);
    let own = single_values(ids.keys, &ids.real, in_real);
    let (per_key, per_key_synthetic) =
        (tally(ids.keys, &ids.real), tally(ids.keys, &ids.synthetic));
    let shares = tally(target.values, in_real);
    let pair = |id: u32, code: u32| u64::from(id) << 32 | u64::from(code);
    let count_pairs = |ids: &[u32], codes: &[u32]| {
        let mut counts: FxHashMap<u64, u32> = FxHashMap::default();
        for (&id, &code) in ids.iter().zip(codes) {
            *counts.entry(pair(id, code)).or_insert(0) += 1;
        }
        counts
    };
    let pairs = count_pairs(&ids.real, in_real);
    let pairs_synthetic = count_pairs(&ids.synthetic, in_synthetic);

    let n = ids.real.len() as f64;
    let mut measures = DisclosureMeasures {
        real_rows: ids.real.len() as u64,
        ..DisclosureMeasures::default()
    };
    let (mut found, mut disclosive, mut both, mut chance) = (0u64, 0u64, 0u64, 0.0);
    let (mut unique, mut unique_found, mut replicated) = (0u64, 0u64, 0u64);
    let (mut cap, mut cap_real) = (0.0, 0.0);
    for (&id, &code) in ids.real.iter().zip(in_real) {
        let key = id as usize;
        let named = told[key];
        let there = per_key_synthetic[key];
        found += u64::from(there > 0);
        disclosive += u64::from(own[key] < MIXED);
        if per_key[key] == 1 {
            unique += 1;
            unique_found += u64::from(there > 0);
            replicated += u64::from(there == 1);
        }
        if named < MIXED {
            measures.matched += 1;
            measures.correct += u64::from(named == code);
            both += u64::from(own[key] == named);
            chance += f64::from(shares[named as usize]) / n;
        }
        if there > 0 {
            let same = pairs_synthetic.get(&pair(id, code)).copied().unwrap_or(0);
            cap += f64::from(same) / f64::from(there);
        }
        cap_real += f64::from(pairs[&pair(id, code)]) / f64::from(per_key[key]);
    }
    let (mut disclosive_synthetic, mut unique_synthetic, mut cap_synthetic) = (0u64, 0u64, 0.0);
    for (&id, &code) in ids.synthetic.iter().zip(in_synthetic) {
        let key = id as usize;
        disclosive_synthetic += u64::from(told[key] < MIXED);
        unique_synthetic += u64::from(per_key_synthetic[key] == 1);
        cap_synthetic +=
            f64::from(pairs_synthetic[&pair(id, code)]) / f64::from(per_key_synthetic[key]);
    }
    let of_real = |part: f64| (n > 0.0).then(|| part / n);
    let m = ids.synthetic.len() as f64;
    let of_synthetic = |part: f64| (m > 0.0).then(|| part / m);
    measures.disclosed_share = of_real(measures.correct as f64);
    measures.tcap =
        (measures.matched > 0).then(|| measures.correct as f64 / measures.matched as f64);
    measures.correct_among_found = (found > 0).then(|| measures.correct as f64 / found as f64);
    measures.baseline_match = of_real(
        shares
            .iter()
            .map(|&c| f64::from(c) * f64::from(c))
            .sum::<f64>()
            / n.max(1.0),
    );
    measures.baseline_majority = of_real(shares.iter().copied().max().map_or(0.0, f64::from));
    measures.excess = of_real(measures.correct as f64 - chance);
    measures.disclosive_in_real = of_real(disclosive as f64);
    measures.disclosive_synthetic_rows = of_synthetic(disclosive_synthetic as f64);
    measures.found = of_real(found as f64);
    measures.disclosive_in_synthetic = of_real(measures.matched as f64);
    measures.disclosive_in_both = of_real(both as f64);
    measures.unique = of_real(unique as f64);
    measures.unique_synthetic = of_synthetic(unique_synthetic as f64);
    measures.unique_found = of_real(unique_found as f64);
    measures.replicated_uniques = of_real(replicated as f64);
    measures.cap = (found > 0).then(|| cap / found as f64);
    measures.zero_cap = of_real(cap);
    measures.cap_real = of_real(cap_real);
    measures.cap_synthetic = of_synthetic(cap_synthetic);
    measures
}

/// Which keys and targets a sweep looks at.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SweepOptions {
    keys: Vec<String>,
    targets: Vec<String>,
}

impl SweepOptions {
    pub(crate) fn of(options: &EvaluationOptions) -> Self {
        Self {
            keys: options.keys.clone(),
            targets: options.targets.clone(),
        }
    }
}

/// Groups that numbers are cut into in a sweep.
const GROUPS: usize = 10;
/// Keys that are taken up when none is declared.
const MOST_KEYS: usize = 8;
/// Real rows per key from which on a target that follows from the keys is taken to restate them.
const ROWS_PER_KEY: usize = 10;
/// Levels that a key taken up without being declared may have.
const MOST_LEVELS: usize = 50;

/// All sets of one to three keys with every target; `None` without any key or target.
pub(crate) fn sweep(
    frame: &Frame,
    options: &SweepOptions,
) -> Result<Option<DisclosureSection>, MetricError> {
    let named = |option: &'static str, names: &[String]| -> Result<Vec<usize>, MetricError> {
        let find = |name: &String| {
            let position = frame.columns.iter().position(|c| &c.name == name);
            position.ok_or_else(|| bad(option, name))
        };
        names.iter().map(find).collect()
    };
    let mut keys = named("keys", &options.keys)?;
    let chosen_by = if keys.is_empty() {
        keys = (0..frame.columns.len())
            .filter(|&i| {
                let column = &frame.columns[i];
                let few = column
                    .codes()
                    .is_some_and(|(labels, _)| (2..=MOST_LEVELS).contains(&labels.len()));
                column.role == Role::Covariate && column.scale != Scale::Numeric && few
            })
            .take(MOST_KEYS)
            .collect();
        "none was declared: the first covariates with few levels"
    } else {
        "declared"
    };
    let mut targets = named("targets", &options.targets)?;
    if targets.is_empty() {
        targets = (0..frame.columns.len())
            .filter(|&i| {
                !frame.columns[i].renamed
                    && !matches!(
                        frame.columns[i].role,
                        Role::ClusterId | Role::Treatment | Role::Descriptor { .. }
                    )
            })
            .collect();
    }
    if keys.is_empty() || targets.is_empty() || frame.rows.real == 0 || frame.rows.synthetic == 0 {
        return Ok(None);
    }
    let coded: Vec<Coded> = frame
        .columns
        .par_iter()
        .map(|column| Coded::of(column, Binning::RealQuantiles(GROUPS)))
        .collect();
    let mut sets: Vec<Vec<usize>> = Vec::new();
    for (i, &a) in keys.iter().enumerate() {
        sets.push(vec![a]);
        for (j, &b) in keys.iter().enumerate().skip(i + 1) {
            sets.push(vec![a, b]);
            sets.extend(keys[j + 1..].iter().map(|&c| vec![a, b, c]));
        }
    }
    let ids_of = |set: &[usize]| {
        let columns: Vec<&Coded> = set.iter().map(|&i| &coded[i]).collect();
        KeyIds::of(&columns, frame.rows.real, frame.rows.synthetic)
    };
    let found: Vec<(usize, usize, Quick)> = sets
        .par_iter()
        .enumerate()
        .flat_map_iter(|(position, set)| {
            let ids = ids_of(set);
            let asked: Vec<(usize, usize, Quick)> = targets
                .iter()
                .filter(|target| !set.contains(target))
                .map(|&target| {
                    let Coded { values, codes } = &coded[target];
                    let quick = quick(&ids, &codes.real, &codes.synthetic, *values);
                    (position, target, quick)
                })
                .collect();
            asked
        })
        .collect();
    // A band of a number, a name of a code: told by knowing the coding, not by anybody's row.
    let looked_at = found.len();
    let found: Vec<(usize, usize, Quick)> = found
        .into_iter()
        .filter(|(_, _, quick)| !quick.determined)
        .collect();
    if found.is_empty() {
        return Ok(None);
    }
    let mut order: Vec<usize> = (0..found.len()).collect();
    order.sort_by(|&a, &b| found[b].2.excess.total_cmp(&found[a].2.excess));
    let name = |i: usize| frame.columns[i].name.clone();
    let worst = order
        .iter()
        .take(10)
        .map(|&at| {
            let (set, target, quick_real) = &found[at];
            let columns: Vec<&Coded> = sets[*set].iter().map(|&i| &coded[i]).collect();
            let holdout_excess = frame
                .rows
                .holdout
                .filter(|&rows| rows > 0)
                .and_then(|rows| {
                    let ids = KeyIds::of_holdout(&columns, rows, frame.rows.synthetic)?;
                    let Coded { values, codes } = &coded[*target];
                    Some(quick(&ids, codes.holdout.as_ref()?, &codes.synthetic, *values).excess)
                });
            DisclosureRow {
                keys: sets[*set].iter().map(|&i| name(i)).collect(),
                target: name(*target),
                measures: measures(&ids_of(&sets[*set]), &coded[*target]),
                real_excess: quick_real.real_excess,
                holdout_excess,
            }
        })
        .collect();
    let by_target = targets
        .iter()
        .filter_map(|&target| {
            let of: Vec<Quick> = found
                .iter()
                .filter(|(_, other, _)| *other == target)
                .map(|(_, _, quick)| *quick)
                .collect();
            let mean = |f: fn(&Quick) -> f64| of.iter().map(f).sum::<f64>() / of.len() as f64;
            (!of.is_empty()).then(|| TargetMean {
                target: name(target),
                disclosed_share: mean(|q| q.disclosed_share),
                disclosive_in_real: mean(|q| q.disclosive_in_real),
                excess: mean(|q| q.excess),
            })
        })
        .collect();
    Ok(Some(DisclosureSection {
        keys: keys.iter().map(|&i| name(i)).collect(),
        keys_chosen_by: chosen_by.to_owned(),
        targets: targets.iter().map(|&i| name(i)).collect(),
        groups: GROUPS as u64,
        looked_at: looked_at as u64,
        determined: (looked_at - found.len()) as u64,
        worst,
        by_target,
    }))
}

/// The largest excess of a sweep over all sets of one to three keys and all targets: how many more real rows than by guessing have a target that the
/// synthetic table tells to whoever knows their keys.
#[derive(Clone, Debug, PartialEq)]
pub struct WorstDisclosure {
    options: SweepOptions,
}

impl WorstDisclosure {
    /// With the keys and targets of these options.
    #[must_use]
    pub fn new(options: &EvaluationOptions) -> Self {
        Self {
            options: SweepOptions::of(options),
        }
    }
}

impl Metric for WorstDisclosure {
    fn id(&self) -> &str {
        "disclosure_worst_excess"
    }

    fn title(&self) -> &str {
        "Attribute disclosure beyond guessing, worst keys and target"
    }

    fn direction(&self) -> Direction {
        Direction::Min0
    }

    fn has_baseline(&self) -> bool {
        false
    }

    fn score(&self, pair: &Pair<'_>, _: &Seed) -> Result<Score, MetricError> {
        let section = pair.disclosure(&self.options)?;
        let score = |value| {
            Score::new(
                self.id(),
                self.title(),
                Group::Privacy,
                self.direction(),
                value,
            )
        };
        let Some((section, worst)) = section
            .as_ref()
            .as_ref()
            .and_then(|section| Some((section, section.worst.first()?)))
        else {
            let why = match pair.real().rows() == 0 || pair.synthetic().rows() == 0 {
                true => Undefined::NoRows,
                false => Undefined::NoColumns,
            };
            return Ok(score(Err(why)));
        };
        // Guessing may do better than keys: then nothing is disclosed beyond it.
        let excess = worst.measures.excess.map(|excess| excess.max(0.0));
        let mut score = score(excess.ok_or(Undefined::NoRows))
            .with_param("keys", section.keys.clone())
            .with_param("keys_chosen_by", section.keys_chosen_by.as_str())
            .with_param("groups", section.groups)
            .with_used(pair.real().rows(), Unit::Rows)
            .with_detail("worst_keys", worst.keys.clone())
            .with_detail("worst_target", worst.target.as_str())
            .with_detail("looked_at", section.looked_at);
        if let Some(share) = worst.measures.disclosed_share {
            score = score.with_detail("disclosed_share", share);
        }
        if let Some(share) = worst.measures.disclosive_in_real {
            score = score.with_detail("disclosive_in_real", share);
        }
        score.baseline.real = Some(worst.real_excess);
        score.baseline.holdout = worst.holdout_excess.map(|excess| excess.max(0.0));
        Ok(score)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{numbers, table, texts};

    #[test]
    fn a_key_with_one_target_value_tells_it() {
        let real = table(vec![
            texts("k", &["1", "1", "2", "2", "3"]),
            texts("t", &["x", "x", "x", "y", "y"]),
        ]);
        let synthetic = table(vec![
            texts("k", &["1", "1", "2", "4"]),
            texts("t", &["x", "x", "y", "x"]),
        ]);
        let pair = Pair::new(&real, &synthetic).unwrap();
        let found = Disclosure::new(["k"], "t").measure(&pair).unwrap();
        assert_eq!((found.matched, found.correct), (4, 3));
        assert_eq!(found.tcap, Some(0.75));
        // Matched rows are told x, x, y, y; a guesser hits them with the shares .6 .6 .4 .4.
        assert!((found.excess.unwrap() - (3.0 - 2.0) / 5.0).abs() < 1e-15);
    }

    #[test]
    fn a_copy_discloses_what_the_real_table_does() {
        let x: Vec<f64> = (0..100).map(|i| f64::from(i * 7 % 50)).collect();
        let y: Vec<f64> = (0..100).map(|i| f64::from(i * 3 % 11)).collect();
        let real = table(vec![numbers("x", &x), numbers("y", &y)]);
        let pair = Pair::new(&real, &real).unwrap();
        let found = Disclosure::new(["x"], "y")
            .with_default_binning(Binning::Distinct)
            .measure(&pair)
            .unwrap();
        assert_eq!(found.disclosed_share, found.disclosive_in_real);
        assert_eq!(found.found, Some(1.0));
        assert_eq!(found.replicated_uniques, found.unique);
    }

    #[test]
    fn a_target_that_restates_a_key_is_left_out_of_a_sweep() {
        let code: Vec<&str> = (0..60).map(|i| ["1", "2", "3"][i % 3]).collect();
        let name: Vec<&str> = (0..60).map(|i| ["one", "two", "three"][i % 3]).collect();
        let other: Vec<&str> = (0..60).map(|i| if i % 7 < 3 { "x" } else { "y" }).collect();
        let real = table(vec![
            texts("code", &code),
            texts("name", &name),
            texts("other", &other),
        ]);
        let frame = Frame::new(&real, &real, None);
        let options = SweepOptions {
            keys: vec!["code".into()],
            targets: vec!["name".into(), "other".into()],
        };
        let section = sweep(&frame, &options).unwrap().unwrap();
        assert_eq!((section.looked_at, section.determined), (2, 1));
        assert_eq!(section.worst[0].target, "other");
    }

    #[test]
    fn unknown_columns_are_refused_by_name() {
        let real = table(vec![numbers("x", &[1.0])]);
        let pair = Pair::new(&real, &real).unwrap();
        let error = Disclosure::new(["z"], "x").measure(&pair).unwrap_err();
        assert!(error.to_string().contains("`z`"));
    }
}
