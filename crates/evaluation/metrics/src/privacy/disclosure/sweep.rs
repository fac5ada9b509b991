//! All small sets of keys with every target.

use parable_table::Role;
use rayon::prelude::*;

use super::keys::{Coded, KeyIds};
use super::tcap::{Quick, by_level, measures, quick};
use super::{KeyBinning, bad};
use crate::data::frame::Frame;
use crate::{
    Analysis, Cache, ColumnScale, DisclosureRow, DisclosureSection, EvaluationOptions,
    EvaluationProgress, KeyTargetMean, LevelDisclosure, MetricError, TargetMean,
};

/// Which keys and targets a sweep looks at.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SweepOptions {
    pub(super) keys: Vec<String>,
    pub(super) targets: Vec<String>,
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
/// Levels that a key taken up without being declared may have.
const MOST_LEVELS: usize = 50;

impl Analysis for SweepOptions {
    type Output = Option<DisclosureSection>;

    fn compute(
        &self,
        cache: &Cache<'_>,
        _: EvaluationProgress<'_>,
    ) -> Result<Option<DisclosureSection>, MetricError> {
        sweep(&cache.frame(), self)
    }
}

/// All sets of one to three keys with every target; `None` without any key or target.
fn sweep(frame: &Frame, options: &SweepOptions) -> Result<Option<DisclosureSection>, MetricError> {
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
                column.role == Role::Covariate && column.scale != ColumnScale::Numeric && few
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
        .map(|column| Coded::of(column, KeyBinning::RealQuantiles(GROUPS)))
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
                    let Coded { values, codes, .. } = &coded[target];
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
                    let Coded { values, codes, .. } = &coded[*target];
                    Some(quick(&ids, codes.holdout.as_ref()?, &codes.synthetic, *values).excess)
                });
            let ids = ids_of(&sets[*set]);
            let levels = by_level(&ids, &coded[*target]);
            DisclosureRow {
                keys: sets[*set].iter().map(|&i| name(i)).collect(),
                target: name(*target),
                measures: measures(&ids, &coded[*target]),
                real_excess: quick_real.real_excess,
                holdout_excess,
                levels: levels
                    .into_iter()
                    .enumerate()
                    .filter(|(_, [rows, _, _])| *rows > 0)
                    .map(|(code, [real_rows, matched, correct])| LevelDisclosure {
                        level: coded[*target].label(&frame.columns[*target], code),
                        real_rows,
                        matched,
                        correct,
                    })
                    .collect(),
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
    let mut by_key = Vec::new();
    for &key in &keys {
        for &target in targets.iter().filter(|&&target| target != key) {
            let asks = |(set, other, _): &&(usize, usize, Quick)| {
                *other == target && sets[*set].contains(&key)
            };
            let of = found.iter().filter(asks).map(|(_, _, quick)| *quick);
            let of: Vec<Quick> = of.collect();
            let mean = |f: fn(&Quick) -> f64| of.iter().map(f).sum::<f64>() / of.len() as f64;
            if !of.is_empty() {
                by_key.push(KeyTargetMean {
                    key: name(key),
                    target: name(target),
                    disclosed_share: mean(|q| q.disclosed_share),
                    disclosive_in_real: mean(|q| q.disclosive_in_real),
                    excess: mean(|q| q.excess),
                });
            }
        }
    }
    let mean = |f: fn(&Quick) -> f64| {
        found.iter().map(|(_, _, quick)| f(quick)).sum::<f64>() / found.len() as f64
    };
    let (mean_disclosed_share, mean_excess) = (mean(|q| q.disclosed_share), mean(|q| q.excess));
    Ok(Some(DisclosureSection {
        keys: keys.iter().map(|&i| name(i)).collect(),
        keys_chosen_by: chosen_by.to_owned(),
        targets: targets.iter().map(|&i| name(i)).collect(),
        groups: GROUPS as u64,
        looked_at: looked_at as u64,
        determined: (looked_at - found.len()) as u64,
        mean_disclosed_share,
        mean_excess,
        worst,
        by_target,
        by_key,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{numbers, table, texts};

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
    fn averages_and_levels_add_up() {
        let x: Vec<f64> = (0..90).map(f64::from).collect();
        let a: Vec<&str> = (0..90).map(|i| ["p", "q", "r"][i / 7 % 3]).collect();
        let b: Vec<&str> = (0..90).map(|i| ["u", "v"][i / 11 % 2]).collect();
        let real = table(vec![numbers("x", &x), texts("a", &a), texts("b", &b)]);
        let frame = Frame::new(&real, &real, None);
        let options = SweepOptions {
            keys: vec!["a".into(), "b".into()],
            targets: vec!["x".into()],
        };
        let section = sweep(&frame, &options).unwrap().unwrap();
        // a, b, and both.
        assert_eq!(section.looked_at, 3);
        let of = |key: &str| section.by_key.iter().find(|mean| mean.key == key).unwrap();
        let worst = |keys: &[&str]| {
            let mut rows = section.worst.iter();
            rows.find(|row| row.keys == keys).unwrap()
        };
        let share = |keys: &[&str]| worst(keys).measures.disclosed_share.unwrap();
        assert!(
            (of("a").disclosed_share - 0.5 * (share(&["a"]) + share(&["a", "b"]))).abs() < 1e-12
        );
        let levels = &worst(&["a", "b"]).levels;
        assert_eq!(levels.len(), 10);
        assert_eq!(levels.iter().map(|level| level.real_rows).sum::<u64>(), 90);
        assert_eq!(
            levels.iter().map(|level| level.correct).sum::<u64>(),
            worst(&["a", "b"]).measures.correct
        );
        assert_eq!(levels[0].level, "0 to 8.9");
    }
}
