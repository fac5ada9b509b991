//! Which rows belong together: clusters within clusters, and what does not vary within them.

use std::collections::{BTreeMap, HashMap};

use parable_table::{Column, Constraint, Role, Table, Values};

/// One level of clusters, such as schools.
#[derive(Clone, Debug)]
pub(crate) struct ClusterLevel {
    /// The column that names the clusters.
    pub(crate) column: usize,
    /// The cluster of each row.
    pub(crate) of_row: Vec<u32>,
    /// The coarser cluster of each cluster; empty at the coarsest level.
    pub(crate) parent: Vec<u32>,
    /// Rows of each cluster.
    pub(crate) rows: Vec<u32>,
    pub(crate) labels: Labels,
    /// The columns that are constant in each of these clusters and not in coarser ones, with a row to read each cluster's value from.
    pub(crate) columns: Vec<(usize, Vec<usize>)>,
    pub(crate) absences: Absences,
}

/// What clusters are called, by cluster.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Labels {
    Codes(Vec<u32>),
    Integers(Vec<i64>),
}

impl Labels {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Codes(codes) => codes.len(),
            Self::Integers(numbers) => numbers.len(),
        }
    }
}

/// Columns of which whole clusters have no value: a school that left the trial has no outcomes at all.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Absences {
    /// The sets of columns that are wholly missing in some cluster, ascending, the empty set first. Empty if there is no other set.
    pub(crate) patterns: Vec<Vec<usize>>,
    /// Which pattern each cluster has; empty if there are none.
    pub(crate) of_cluster: Vec<u32>,
    /// For each column in some pattern: the missing bytes of its rows and how many have each.
    pub(crate) reasons: BTreeMap<usize, Vec<(u8, u32)>>,
}

/// Clusters smaller than this can lack a column by chance.
const MIN_ABSENT_ROWS: u32 = 8;

/// The nested levels of clusters of a table, coarsest first.
///
/// A column of role cluster id counts if it names every row's cluster, clusters have two rows on average and each lies within one cluster of
/// the coarser level; other cluster ids (a school id that changes with the year, say) are columns like any other.
pub(crate) fn find(table: &Table) -> Vec<ClusterLevel> {
    let mut candidates: Vec<(usize, Vec<u32>, Labels)> = table
        .schema()
        .with_role(|role| *role == Role::ClusterId)
        .into_iter()
        .filter_map(|column| {
            let (of_row, labels) = clusters(table.column(column))?;
            (labels.len() * 2 <= table.rows() || labels.len() == 1)
                .then_some((column, of_row, labels))
        })
        .collect();
    candidates.sort_by_key(|(column, _, labels)| (labels.len(), *column));
    let mut levels: Vec<ClusterLevel> = Vec::new();
    for (column, of_row, labels) in candidates {
        let parent = match levels.last() {
            None => Vec::new(),
            Some(coarser) => match nested(&of_row, labels.len(), &coarser.of_row) {
                // A second name for the same clusters adds no level; it is constant within them.
                Some(parent) if labels.len() > coarser.labels.len() => parent,
                _ => continue,
            },
        };
        let mut rows = vec![0; labels.len()];
        of_row
            .iter()
            .for_each(|&cluster| rows[cluster as usize] += 1);
        levels.push(ClusterLevel {
            column,
            of_row,
            parent,
            rows,
            labels,
            columns: Vec::new(),
            absences: Absences::default(),
        });
    }
    place_columns(table, &mut levels);
    find_absences(table, &mut levels);
    levels
}

fn clusters(column: &Column) -> Option<(Vec<u32>, Labels)> {
    if column.missing_bytes().is_some() || column.is_empty() {
        return None;
    }
    match column.values() {
        Values::Codes(codes) => {
            let mut used: Vec<u32> = codes.clone();
            used.sort_unstable();
            used.dedup();
            let of = |code: &u32| used.partition_point(|used| used < code) as u32;
            Some((codes.iter().map(of).collect(), Labels::Codes(used)))
        }
        Values::Integer(numbers) => {
            let mut used: Vec<i64> = numbers.clone();
            used.sort_unstable();
            used.dedup();
            let of = |number: &i64| used.partition_point(|used| used < number) as u32;
            Some((numbers.iter().map(of).collect(), Labels::Integers(used)))
        }
        _ => None,
    }
}

/// The coarser cluster of each cluster, if each lies within one.
fn nested(of_row: &[u32], clusters: usize, coarser: &[u32]) -> Option<Vec<u32>> {
    let mut parent = vec![u32::MAX; clusters];
    for (&cluster, &outer) in of_row.iter().zip(coarser) {
        let known = &mut parent[cluster as usize];
        if *known == u32::MAX {
            *known = outer;
        } else if *known != outer {
            return None;
        }
    }
    Some(parent)
}

/// A cell as something that can be compared: the missing byte and the bits of the value.
fn cell(column: &Column, row: usize) -> (u8, u64) {
    if let Some(missing) = column.missing(row) {
        return (missing.to_byte(), 0);
    }
    let bits = match column.values() {
        Values::Codes(codes) => u64::from(codes[row]),
        Values::Integer(numbers) => numbers[row] as u64,
        Values::Continuous(numbers) => numbers[row].to_bits(),
        _ => 0,
    };
    (0, bits)
}

/// Gives each column to the coarsest level within whose clusters it does not vary, or that the schema declares for it.
fn place_columns(table: &Table, levels: &mut [ClusterLevel]) {
    let ids: Vec<usize> = levels.iter().map(|level| level.column).collect();
    for position in (0..table.schema().len()).filter(|position| !ids.contains(position)) {
        let column = table.column(position);
        let name = &table.schema().fields()[position].name;
        for level in levels.iter_mut() {
            let declared = table
                .schema()
                .constraints()
                .iter()
                .any(|constraint| match constraint {
                    Constraint::ClusterConstant { cluster, columns } => {
                        table.schema().position(cluster) == Some(level.column)
                            && columns.contains(name)
                    }
                    _ => false,
                });
            let rows = match constant(column, level) {
                Some(rows) => rows,
                None if declared => commonest(column, level),
                None => continue,
            };
            level.columns.push((position, rows));
            break;
        }
    }
}

/// A row of each cluster, if the column does not vary within any.
fn constant(column: &Column, level: &ClusterLevel) -> Option<Vec<usize>> {
    let mut rows = vec![usize::MAX; level.labels.len()];
    for (row, &cluster) in level.of_row.iter().enumerate() {
        let first = &mut rows[cluster as usize];
        if *first == usize::MAX {
            *first = row;
        } else if cell(column, *first) != cell(column, row) {
            return None;
        }
    }
    Some(rows)
}

/// For each cluster the first row that has its commonest value.
fn commonest(column: &Column, level: &ClusterLevel) -> Vec<usize> {
    let mut counts: Vec<HashMap<(u8, u64), (u32, usize)>> =
        vec![HashMap::new(); level.labels.len()];
    for (row, &cluster) in level.of_row.iter().enumerate() {
        counts[cluster as usize]
            .entry(cell(column, row))
            .or_insert((0, row))
            .0 += 1;
    }
    counts
        .iter()
        .map(|counts| {
            let best = counts
                .values()
                .max_by_key(|(count, row)| (*count, std::cmp::Reverse(*row)));
            best.map_or(0, |(_, row)| *row)
        })
        .collect()
}

fn find_absences(table: &Table, levels: &mut [ClusterLevel]) {
    let taken: Vec<usize> = levels
        .iter()
        .flat_map(|level| {
            level
                .columns
                .iter()
                .map(|(column, _)| *column)
                .chain([level.column])
        })
        .collect();
    let holed: Vec<usize> = (0..table.schema().len())
        .filter(|column| !taken.contains(column))
        .filter(|&column| {
            let missing = table.column(column).missing_count();
            missing > 0 && missing < table.rows()
        })
        .collect();
    // Rows whose absence a coarser level explains.
    let mut explained: BTreeMap<usize, Vec<bool>> = BTreeMap::new();
    for level in levels {
        let mut of_cluster: Vec<Vec<usize>> = vec![Vec::new(); level.labels.len()];
        let mut reasons: BTreeMap<usize, Vec<(u8, u32)>> = BTreeMap::new();
        for &position in &holed {
            let column = table.column(position);
            let explained = explained
                .entry(position)
                .or_insert_with(|| vec![false; table.rows()]);
            let mut missing = vec![0u32; level.labels.len()];
            for (row, &cluster) in level.of_row.iter().enumerate() {
                missing[cluster as usize] += u32::from(column.is_missing(row) && !explained[row]);
            }
            let whole: Vec<bool> = (0..missing.len())
                .map(|cluster| {
                    missing[cluster] == level.rows[cluster] && missing[cluster] >= MIN_ABSENT_ROWS
                })
                .collect();
            let mut counts: BTreeMap<u8, u32> = BTreeMap::new();
            for (row, &cluster) in level.of_row.iter().enumerate() {
                if whole[cluster as usize] {
                    explained[row] = true;
                    let byte = column
                        .missing(row)
                        .map_or(0, parable_table::Missing::to_byte);
                    *counts.entry(byte).or_default() += 1;
                }
            }
            for (cluster, _) in whole.iter().enumerate().filter(|(_, whole)| **whole) {
                of_cluster[cluster].push(position);
            }
            if !counts.is_empty() {
                reasons.insert(position, counts.into_iter().collect());
            }
        }
        if reasons.is_empty() {
            continue;
        }
        let mut patterns: Vec<Vec<usize>> = of_cluster.clone();
        patterns.push(Vec::new());
        patterns.sort();
        patterns.dedup();
        let place = |set: &Vec<usize>| patterns.partition_point(|pattern| pattern < set) as u32;
        level.absences = Absences {
            of_cluster: of_cluster.iter().map(place).collect(),
            patterns,
            reasons,
        };
    }
}
