//! Hierarchy of clusters: clusters within clusters, and columns that are constant within them.

use std::collections::{BTreeMap, HashMap};

use parable_table::{Column, Constraint, Field, Kind, Levels, Role, Table, Values};

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
    /// The columns that are constant in each of these clusters and not in coarser ones, with a row
    /// to read each cluster's value from.
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

    /// How many names there can be: levels of the schema, numbers within its bounds.
    pub(crate) fn room(&self, field: &Field) -> usize {
        match (self, &field.kind) {
            (Self::Integers(numbers), Kind::Integer { bounds, .. }) => match bounds {
                None => usize::MAX,
                Some(known) => {
                    let last = numbers.last().copied().unwrap_or(known.value.min);
                    let after = known.value.max.checked_sub(last).unwrap_or(0).max(0);
                    self.len().saturating_add(after as usize)
                }
            },
            (Self::Codes(_), kind) => kind.levels().map_or(0, Levels::len).max(self.len()),
            _ => self.len(),
        }
    }

    /// These names and, as far as there is room, further ones behind them: levels that no real
    /// cluster has, numbers after the largest.
    pub(crate) fn with_more(&self, field: &Field, count: usize) -> Self {
        let more = count.min(self.room(field)).saturating_sub(self.len());
        match self {
            Self::Codes(codes) => {
                let all = 0..field.kind.levels().map_or(0, Levels::len) as u32;
                let free = all.filter(|code| codes.binary_search(code).is_err());
                Self::Codes(codes.iter().copied().chain(free.take(more)).collect())
            }
            Self::Integers(numbers) => {
                let last = numbers.last().copied().unwrap_or(0);
                let after = (1..=more as i64).map(|step| last + step);
                Self::Integers(numbers.iter().copied().chain(after).collect())
            }
        }
    }

    /// A column of these names.
    ///
    /// - `places`: where each row's name stands
    pub(crate) fn column(&self, places: impl Iterator<Item = usize>) -> Column {
        Column::complete(match self {
            Self::Codes(codes) => Values::Codes(places.map(|place| codes[place]).collect()),
            Self::Integers(numbers) => {
                Values::Integer(places.map(|place| numbers[place]).collect())
            }
        })
    }
}

/// Columns of which whole clusters have no value: a school that left the trial has no outcomes at
/// all.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Absences {
    /// The sets of columns that are wholly missing in some cluster, ascending, the empty set first.
    /// Empty if there is no other set.
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
/// A column of role cluster id counts if it names every row's cluster, clusters have two rows on
/// average and each lies within one cluster of the coarser level; other cluster ids (a school id
/// that changes with the year, say) are columns like any other.
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

/// The cluster of each row and what clusters are called; `None` where a row has none.
pub(crate) fn clusters(column: &Column) -> Option<(Vec<u32>, Labels)> {
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
pub(crate) fn cell(column: &Column, row: usize) -> (u8, u64) {
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

/// Gives each column to the coarsest level within whose clusters it does not vary, or that the
/// schema declares for it.
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

#[cfg(test)]
mod tests {
    use parable_table::{Bounds, Known, NumberFormat, Schema};

    use super::*;

    fn ids(count: usize) -> Kind {
        let names = (0..count).map(|id| format!("{id}"));
        Kind::nominal(Known::declared(Levels::new(names).expect("distinct")))
    }

    /// 4 schools of 3 classes of 10 pupils; `region` belongs to schools, `teacher` to classes,
    /// `score` to pupils. School 1 has no scores, class 11 neither.
    fn table(constraints: Vec<Constraint>) -> Table {
        let rows = 120u32;
        let fields = vec![
            Field::new("score", Kind::integer()).with_missing_codes(["left"]),
            Field::new("class", ids(12)).with_role(Role::ClusterId),
            Field::new("region", ids(2)),
            Field::new("school", ids(9)).with_role(Role::ClusterId),
            Field::new("teacher", ids(3)),
            Field::new("mood", ids(2)),
        ];
        let class: Vec<u32> = (0..rows).map(|row| row / 10).collect();
        // Labels need not be dense: schools are called 0, 2, 4 and 6.
        let school: Vec<u32> = class.iter().map(|class| class / 3 * 2).collect();
        let gone = class.iter().map(|&class| match class {
            3..6 => 2,
            11 => 1,
            _ => 0,
        });
        let columns = vec![
            Column::with_missing(Values::Integer((0..120).collect()), gone.collect()),
            Column::complete(Values::Codes(class.clone())),
            Column::complete(Values::Codes(
                school.iter().map(|school| school / 2 % 2).collect(),
            )),
            Column::complete(Values::Codes(school)),
            Column::complete(Values::Codes(class.iter().map(|class| class % 3).collect())),
            // One pupil of each class differs from all others.
            Column::complete(Values::Codes(
                (0..rows).map(|row| u32::from(row % 10 == 3)).collect(),
            )),
        ];
        let schema = Schema::with_constraints(fields, constraints).expect("a schema");
        Table::new(schema, columns).expect("fits")
    }

    #[test]
    fn levels_are_nested_and_columns_belong_to_the_coarsest_level_they_can() {
        let levels = find(&table(Vec::new()));
        let columns: Vec<usize> = levels.iter().map(|level| level.column).collect();
        assert_eq!(columns, [3, 1], "schools before classes");
        assert_eq!(levels[0].labels, Labels::Codes(vec![0, 2, 4, 6]));
        assert_eq!(levels[0].rows, [30; 4]);
        assert_eq!(levels[1].parent, [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]);
        let own = |level: &ClusterLevel| {
            level
                .columns
                .iter()
                .map(|(column, _)| *column)
                .collect::<Vec<_>>()
        };
        assert_eq!((own(&levels[0]), own(&levels[1])), (vec![2], vec![4]));
        let read = |cluster: usize| {
            table(Vec::new())
                .column(4)
                .code(levels[1].columns[0].1[cluster])
        };
        assert_eq!(read(7), Some(1));
    }

    #[test]
    fn further_names_are_free_levels_or_numbers_after_the_largest() {
        let levels = Field::new("school", ids(6));
        let codes = Labels::Codes(vec![1, 4]);
        assert_eq!(codes.room(&levels), 6);
        assert_eq!(codes.with_more(&levels, 4), Labels::Codes(vec![1, 4, 0, 2]));
        assert_eq!(codes.with_more(&levels, 1), codes);
        assert_eq!(codes.with_more(&levels, 99).len(), 6);
        let whole = |bounds| {
            let format = NumberFormat::default();
            Field::new(
                "school",
                Kind::Integer {
                    bounds,
                    grid: None,
                    format,
                },
            )
        };
        let numbers = Labels::Integers(vec![3, 7]);
        assert_eq!(
            numbers.with_more(&whole(None), 4),
            Labels::Integers(vec![3, 7, 8, 9])
        );
        let bounds = Bounds { min: 0, max: 8 };
        let bounded = whole(Some(Known::declared(bounds)));
        assert_eq!(
            numbers.with_more(&bounded, 9),
            Labels::Integers(vec![3, 7, 8])
        );
        assert_eq!(numbers.column([1, 0, 1].into_iter()).number(2), Some(7.0));
    }

    #[test]
    fn a_declared_column_of_clusters_has_the_commonest_value() {
        let declared = Constraint::ClusterConstant {
            cluster: "class".into(),
            columns: vec!["mood".into()],
        };
        let table = table(vec![declared]);
        let levels = find(&table);
        let (_, rows) = levels[1]
            .columns
            .iter()
            .find(|(column, _)| *column == 5)
            .expect("a column of classes");
        assert!(rows.iter().all(|&row| table.column(5).code(row) == Some(0)));
    }

    #[test]
    fn whole_clusters_without_values_are_found_at_the_level_that_explains_them() {
        let levels = find(&table(Vec::new()));
        let absences = |level: usize| &levels[level].absences;
        assert_eq!(absences(0).patterns, [vec![], vec![0]]);
        assert_eq!(absences(0).of_cluster, [0, 1, 0, 0]);
        assert_eq!(absences(0).reasons[&0], [(2, 30)]);
        // The classes of the school that left are explained; only one class remains.
        assert_eq!(absences(1).of_cluster, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(absences(1).reasons[&0], [(1, 10)]);
    }

    #[test]
    fn ids_that_cross_each_other_make_one_level_and_nearly_unique_ones_none() {
        let rows = 60u32;
        let fields = vec![
            Field::new("a", ids(5)).with_role(Role::ClusterId),
            Field::new("b", ids(6)).with_role(Role::ClusterId),
            Field::new("c", ids(60)).with_role(Role::ClusterId),
        ];
        let columns = [5, 6, 60].map(|count| {
            Column::complete(Values::Codes((0..rows).map(|row| row % count).collect()))
        });
        let table =
            Table::new(Schema::new(fields).expect("a schema"), columns.into()).expect("fits");
        let levels = find(&table);
        assert_eq!(
            levels.iter().map(|level| level.column).collect::<Vec<_>>(),
            [0]
        );
    }
}
