//! Bootstrap samples of tables: of rows, or of whole clusters where there are any.

use parable_core::FitError;
use parable_seed::Seed;
use parable_table::{Column, Table, Values};

use crate::clusters::hierarchy::{self, ClusterLevel, Labels};

/// Draws as many rows, or clusters of the coarsest level, as the table has, with replacement. A
/// cluster that is drawn twice becomes two clusters, under the names of clusters that were not
/// drawn. Where finer clusters run out of names, no more are drawn.
pub(crate) fn resample(table: &Table, seed: &Seed) -> Result<Table, FitError> {
    let mut rng = seed.stream("cart/bootstrap").rng();
    let levels = hierarchy::find(table);
    let Some(coarsest) = levels.first() else {
        let rows: Vec<usize> = (0..table.rows())
            .map(|_| rng.below(table.rows() as u64) as usize)
            .collect();
        return Ok(table.take(&rows));
    };
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); coarsest.labels.len()];
    for (row, &cluster) in coarsest.of_row.iter().enumerate() {
        members[cluster as usize].push(row);
    }
    let mut rows = Vec::with_capacity(table.rows());
    let mut names: Vec<Vec<u32>> = vec![Vec::new(); levels.len()];
    let mut used = vec![0u32; levels.len()];
    for _ in 0..members.len() {
        let own = &members[rng.below(members.len() as u64) as usize];
        let held: Vec<Vec<u32>> = levels.iter().map(|level| distinct(level, own)).collect();
        let fits = |at: usize| used[at] as usize + held[at].len() <= levels[at].labels.len();
        if !(0..levels.len()).all(fits) {
            break;
        }
        for (at, level) in levels.iter().enumerate() {
            let renamed = own
                .iter()
                .map(|&row| used[at] + held[at].partition_point(|&c| c < level.of_row[row]) as u32);
            names[at].extend(renamed);
            used[at] += held[at].len() as u32;
        }
        rows.extend(own);
    }
    let (schema, mut columns) = table.take(&rows).into_parts();
    for (level, names) in levels.iter().zip(&names) {
        let values = match &level.labels {
            Labels::Codes(codes) => {
                Values::Codes(names.iter().map(|&name| codes[name as usize]).collect())
            }
            Labels::Integers(numbers) => {
                Values::Integer(names.iter().map(|&name| numbers[name as usize]).collect())
            }
        };
        columns[level.column] = Column::complete(values);
    }
    Ok(Table::new(schema, columns)?)
}

/// The clusters of a level that these rows belong to, ascending.
fn distinct(level: &ClusterLevel, rows: &[usize]) -> Vec<u32> {
    let mut clusters: Vec<u32> = rows.iter().map(|&row| level.of_row[row]).collect();
    clusters.sort_unstable();
    clusters.dedup();
    clusters
}

#[cfg(test)]
mod tests {
    use parable_table::{Field, Kind, Known, Role, Schema};

    use super::*;

    #[test]
    fn whole_clusters_are_drawn_and_stay_apart() {
        let names = |count: usize| {
            let names = (0..count).map(|id| format!("{id}"));
            Known::declared(parable_table::Levels::new(names).expect("distinct"))
        };
        let schools: Vec<u32> = (0..300).map(|row| row / 15).collect();
        let classes: Vec<u32> = (0..300).map(|row| row / 5).collect();
        let fields = vec![
            Field::new("school", Kind::nominal(names(20))).with_role(Role::ClusterId),
            Field::new("class", Kind::nominal(names(60))).with_role(Role::ClusterId),
            Field::new("row", Kind::integer()),
        ];
        let columns = vec![
            Column::complete(Values::Codes(schools)),
            Column::complete(Values::Codes(classes)),
            Column::complete(Values::Integer((0..300).collect())),
        ];
        let table = Table::new(Schema::new(fields).expect("names differ"), columns).expect("fits");
        let made = resample(&table, &Seed::from_u64(3)).expect("a sample");
        assert_eq!(made.rows(), 300);
        let row = |at: usize| made.column(2).number(at).expect("a row") as usize;
        for school in 0..20u32 {
            let own: Vec<usize> = (0..300)
                .filter(|&at| made.column(0).code(at) == Some(school))
                .map(row)
                .collect();
            assert_eq!(own.len(), 15);
            assert!(
                own.iter().all(|at| at / 15 == own[0] / 15),
                "the rows of one real school"
            );
        }
        let classes: std::collections::HashSet<_> =
            (0..300).map(|at| made.column(1).code(at)).collect();
        assert_eq!(classes.len(), 60);
        let schools: std::collections::HashSet<usize> = (0..300).map(|at| row(at) / 15).collect();
        // A bootstrap sample holds 1 - 1/e of the units: 12.6 of 20.
        assert!((8..=17).contains(&schools.len()), "{}", schools.len());
    }
}
