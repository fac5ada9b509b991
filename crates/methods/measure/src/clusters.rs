//! Values of clusters: the arm of each school, released once for all rows of the school.
//!
//! A column that is constant in clusters is a function of the cluster. The function is chosen from
//! noisy counts of clusters by values, and then is a rule like any other: clusters merge only with
//! clusters of the same values, and the value of a row is read off its cluster. The names of the
//! clusters are declared, and therefore public.

use parable_core::{Curator, FitError};
use parable_domain::AttrSet;
use parable_dp::PrivacyUnit;
use parable_encode::{CodeRule, Codec};
use parable_seed::Seed;
use parable_table::Constraint;

use crate::accounting::{check_shares, no_budget};

/// Most cells of a table of clusters by values: eight megabytes.
const MOST_CELLS: u128 = 1 << 20;

/// Releases the values of each cluster as rules, for this share of the budget, with notes on what
/// that means for people and clusters. Columns that declared rules determine already cost nothing.
///
/// # Errors
/// [`FitError::Setting`] for clusters that are named by no categorical column or have too many
/// values; the ledger refuses, or the source cannot count.
pub fn release_clusters(
    codec: &Codec,
    declared: &[CodeRule],
    share: f64,
    curator: &mut Curator<'_>,
) -> Result<(Vec<CodeRule>, Vec<String>), FitError> {
    let schema = codec.schema();
    let mut blocks: Vec<(u32, Vec<u32>)> = Vec::new();
    let mut notes = Vec::new();
    for constraint in schema.constraints() {
        let Constraint::ClusterConstant { cluster, columns } = constraint else {
            continue;
        };
        let position = |name: &String| {
            let at = schema.position(name).map(|at| at as u32);
            at.ok_or_else(|| FitError::setting("schema", format!("there is no column `{name}`")))
        };
        let by = position(cluster)?;
        if !schema.fields()[by as usize].kind.is_categorical() {
            return Err(FitError::setting(
                "schema",
                format!("clusters are named by a categorical column, and `{cluster}` is none"),
            ));
        }
        let mut block: Vec<u32> = Vec::new();
        for name in columns {
            let column = position(name)?;
            let known = |rule: &CodeRule| matches!(rule, CodeRule::Determines { by: own, column: other, .. } if (*own, *other) == (by, column));
            if column == by || declared.iter().any(known) {
                continue;
            }
            let wider = AttrSet::new(block.iter().copied().chain([by, column]));
            let cells = codec.domain().cells(&wider).unwrap_or(u128::MAX);
            if !block.is_empty() && cells > MOST_CELLS {
                blocks.push((by, std::mem::take(&mut block)));
            }
            block.push(column);
        }
        if !block.is_empty() {
            blocks.push((by, block));
            notes.push(note(cluster, columns, curator.unit()));
        }
    }
    if blocks.is_empty() {
        return Ok((Vec::new(), notes));
    }
    let rho = curator.allowance().ok_or_else(no_budget)?;
    check_shares(&[("clusters_share", share)], "fit")?;
    let each = rho.get() * share / blocks.len() as f64;
    let sigma = curator.sigma_for(each, curator.unit().counts_squared());
    let mut rules = Vec::new();
    for (number, (by, block)) in blocks.iter().enumerate() {
        let set = AttrSet::new(block.iter().copied().chain([*by]));
        let cells = codec.domain().cells(&set).unwrap_or(u128::MAX);
        if cells > MOST_CELLS.max(1 << 24) {
            return Err(FitError::setting(
                "clusters",
                "a column that is constant in clusters has too many values for so many clusters",
            ));
        }
        let noisy = curator
            .measure("clusters", &[(set.clone(), sigma)])?
            .swap_remove(0);
        let levels = codec
            .domain()
            .levels(&set)
            .map_err(|error| FitError::Source(error.into()))?;
        let named = codec.columns()[*by as usize].value_codes();
        let seed = Seed::from_u64(0)
            .stream("mst/clusters")
            .index(number as u64);
        rules.extend(functions(
            &set,
            &levels,
            *by,
            named,
            &noisy.cells,
            noisy.sigma,
            &seed,
        ));
    }
    Ok((rules, notes))
}

/// Draws the values of each cluster from what its noisy counts leave likely.
///
/// All rows of a cluster have one value. If that is `v`, the counts of the other values are noise,
/// and the best number of rows for `v` is its own count: the likelihood grows with `exp(count^2 /
/// (2 sigma^2))` for counts above 0. The prior of a value is its share in all clusters. Drawing,
/// instead of taking the likeliest, keeps the shares of values where noise hides which cluster has
/// which; where it does not, the draw is all but certain.
fn functions(
    set: &AttrSet,
    levels: &[u32],
    by: u32,
    named: u32,
    cells: &[i64],
    sigma: f64,
    seed: &Seed,
) -> Vec<CodeRule> {
    let place = set.iter().position(|attr| attr == by).unwrap_or(0);
    let clusters = levels[place] as usize;
    let inner: usize = levels[place + 1..].iter().map(|&l| l as usize).product();
    let values: usize = levels.iter().map(|&l| l as usize).product::<usize>() / clusters.max(1);
    // Cells in the order of the set: values outside the cluster's place, the cluster, values
    // inside.
    let cell =
        |cluster: usize, value: usize| (value / inner * clusters + cluster) * inner + value % inner;
    let mut prior: Vec<f64> = (0..values)
        .map(|value| {
            let sum: i64 = (0..clusters)
                .map(|cluster| cells[cell(cluster, value)])
                .sum();
            // What noise explains says nothing.
            (sum as f64 - 2.0 * sigma * (clusters as f64).sqrt()).max(0.0)
        })
        .collect();
    let total: f64 = prior.iter().sum();
    let floor = if total > 0.0 {
        1e-3 * total / values as f64
    } else {
        1.0
    };
    prior.iter_mut().for_each(|share| *share += floor);
    let mut chosen = vec![0usize; clusters];
    for (cluster, chosen) in chosen.iter_mut().enumerate() {
        let evidence = |value: usize| {
            let count = cells[cell(cluster, value)].max(0) as f64 / sigma;
            0.5 * count * count + prior[value].ln()
        };
        let logs: Vec<f64> = (0..values).map(evidence).collect();
        let top = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut sum = 0.0;
        let running: Vec<f64> = logs
            .iter()
            .map(|log| {
                sum += (log - top).exp();
                sum
            })
            .collect();
        let mut rng = seed.index(cluster as u64).rng();
        *chosen = rng.weighted(&running).unwrap_or(0);
    }
    let others: Vec<(u32, usize)> = set
        .iter()
        .zip(levels)
        .filter(|(attr, _)| *attr != by)
        .map(|(attr, &levels)| (attr, levels as usize))
        .collect();
    let mut stride = 1;
    let mut rules = Vec::new();
    for &(column, width) in others.iter().rev() {
        let code = |(cluster, &value): (usize, &usize)| {
            ((cluster as u32) < named).then_some((value / stride % width) as u32)
        };
        rules.push(CodeRule::Determines {
            by,
            column,
            codes: chosen.iter().enumerate().map(code).collect(),
        });
        stride *= width;
    }
    rules
}

/// Explains what the privacy unit means for clusters.
fn note(cluster: &str, columns: &[String], unit: PrivacyUnit) -> String {
    let columns = columns.join(", ");
    let rows = unit.max_rows.get();
    if rows == 1 {
        format!(
            "the privacy unit is one row: what all rows of a cluster of `{cluster}` share ({columns}) is a fact about the cluster, which no single row hides; to hide clusters, take the largest of them as the unit"
        )
    } else {
        format!(
            "the privacy unit is {rows} rows: clusters of `{cluster}` of up to that many rows are hidden as a whole, and which of them has which value of {columns} is then largely drawn by chance"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts of 50 clusters by three arms, 40 rows each, behind noise.
    fn counts(sigma: f64, cluster_first: bool) -> Vec<i64> {
        let mut rng = Seed::from_u64(3).rng();
        let mut cells = vec![0i64; 150];
        for cluster in 0..50usize {
            for arm in 0..3usize {
                let rows = if cluster % 5 / 2 == arm { 40.0 } else { 0.0 };
                let at = if cluster_first {
                    cluster * 3 + arm
                } else {
                    arm * 50 + cluster
                };
                cells[at] = (rows + sigma * rng.normal()).round() as i64;
            }
        }
        cells
    }

    fn arms(sigma: f64, cluster_first: bool) -> Vec<Option<u32>> {
        let (set, levels, by) = if cluster_first {
            (AttrSet::new([0, 1]), [50, 3], 0)
        } else {
            (AttrSet::new([0, 1]), [3, 50], 1)
        };
        let cells = counts(sigma, cluster_first);
        let rules = functions(&set, &levels, by, 49, &cells, sigma, &Seed::from_u64(1));
        let [
            CodeRule::Determines {
                by: own,
                column,
                codes,
            },
        ] = &rules[..]
        else {
            panic!("one rule: {rules:?}")
        };
        assert_eq!((*own, *column), (by, 1 - by));
        codes.clone()
    }

    #[test]
    fn clear_counts_give_each_cluster_its_own_value() {
        for first in [true, false] {
            let expected: Vec<Option<u32>> =
                (0..50).map(|c| (c < 49).then_some(c % 5 / 2)).collect();
            assert_eq!(arms(5.0, first), expected);
        }
    }

    #[test]
    fn hidden_values_keep_their_shares() {
        // Noise of ten times the rows of a cluster: arms are drawn from their shares in all
        // clusters, as far as even these can be seen.
        let found = arms(400.0, true);
        let right = found
            .iter()
            .enumerate()
            .filter(|(c, arm)| **arm == Some(*c as u32 % 5 / 2));
        assert!(right.count() < 40);
    }
}
