//! Tables of known quality to compare a synthetic one with.

use parable_seed::Seed;
use parable_table::{Column, Kind, Known, Levels, Role, Schema, Table, Values};
use rustc_hash::FxHashMap;

/// Rows drawn from the real table with replacement: what the metrics give when only sampling noise
/// is left.
pub(crate) fn resample(real: &Table, rows: usize, seed: &Seed) -> Table {
    let mut rng = seed.rng();
    let drawn: Vec<usize> = (0..rows)
        .map(|_| rng.below(real.rows() as u64) as usize)
        .collect();
    real.take(&drawn)
}

/// The same for tables whose units belong to clusters: whole clusters of the coarsest cluster
/// column are drawn, for pupils of one school are more alike than a draw of single pupils would
/// have it. The last cluster is cut to fit. Cluster columns at the positions `renamed` get new
/// names, each draw its own, as in the synthetic table that the result stands for; in others a
/// cluster drawn twice becomes a larger one.
pub(crate) fn resample_clusters(
    real: &Table,
    rows: usize,
    renamed: &[usize],
    seed: &Seed,
) -> Table {
    let Some(clusters) = coarsest_clusters(real) else {
        return resample(real, rows, seed);
    };
    let mut rng = seed.rng();
    let (mut drawn, mut draw_of) = (Vec::with_capacity(rows), Vec::with_capacity(rows));
    let mut draw = 0u32;
    while drawn.len() < rows {
        let cluster = &clusters[rng.below(clusters.len() as u64) as usize];
        let wanted = cluster.len().min(rows - drawn.len());
        drawn.extend_from_slice(&cluster[..wanted]);
        draw_of.extend(std::iter::repeat_n(draw, wanted));
        draw += 1;
    }
    let (schema, mut columns) = real.take(&drawn).into_parts();
    let mut fields = schema.fields().to_vec();
    for &position in renamed {
        let names: Vec<String> = name_ids(&columns[position])
            .iter()
            .zip(&draw_of)
            .map(|(id, draw)| format!("draw {draw} of cluster {id}"))
            .collect();
        let mut known: FxHashMap<&str, u32> = FxHashMap::default();
        let mut levels: Vec<&str> = Vec::new();
        let mut codes = Vec::with_capacity(rows);
        for name in &names {
            codes.push(*known.entry(name).or_insert_with(|| {
                levels.push(name);
                levels.len() as u32 - 1
            }));
        }
        let missing: Vec<u8> = (0..rows)
            .map(|row| u8::from(columns[position].is_missing(row)))
            .collect();
        fields[position].kind = Kind::nominal(Known::observed(
            Levels::new(levels).expect("each name is listed once"),
        ));
        columns[position] = Column::with_missing(Values::Codes(codes), missing);
    }
    let schema = Schema::new(fields).expect("names of columns did not change");
    Table::new(schema, columns).expect("the values come from a table of this schema")
}

/// The rows of each cluster of the cluster column with the fewest clusters; rows without a cluster
/// are one each. `None` with fewer than two clusters.
fn coarsest_clusters(real: &Table) -> Option<Vec<Vec<usize>>> {
    let groups = |position: usize| {
        let column = real.column(position);
        let mut known: FxHashMap<u64, usize> = FxHashMap::default();
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for (row, id) in name_ids(column).into_iter().enumerate() {
            let next = groups.len();
            let at = match column.is_missing(row) {
                true => next,
                false => *known.entry(id).or_insert(next),
            };
            if at == next {
                groups.push(Vec::new());
            }
            groups[at].push(row);
        }
        groups
    };
    let fields = real.schema().fields().iter().enumerate();
    fields
        .filter(|(_, field)| field.role == Role::ClusterId)
        .map(|(position, _)| groups(position))
        .min_by_key(Vec::len)
        .filter(|groups| groups.len() > 1)
}

/// A number for each distinct value.
fn name_ids(column: &Column) -> Vec<u64> {
    match column.values() {
        Values::Codes(codes) => codes.iter().map(|&code| u64::from(code)).collect(),
        Values::Integer(values) => values.iter().map(|&value| value as u64).collect(),
        Values::Continuous(values) => values.iter().map(|value| (value + 0.0).to_bits()).collect(),
        Values::Text(texts) => {
            let mut known: FxHashMap<&str, u64> = FxHashMap::default();
            let mut ids = Vec::with_capacity(texts.len());
            for text in texts.iter() {
                let next = known.len() as u64;
                ids.push(*known.entry(text).or_insert(next));
            }
            ids
        }
    }
}

/// So many different rows, in order.
pub(crate) fn subsample(rows: usize, wanted: usize, seed: &Seed) -> Vec<usize> {
    let mut all: Vec<usize> = (0..rows).collect();
    seed.rng().shuffle(&mut all);
    all.truncate(wanted);
    all.sort_unstable();
    all
}

/// Each column of the real table permuted on its own: every shape kept, every dependence destroyed.
/// With more rows than the real table has, each column is permuted again and again.
pub(crate) fn independent(real: &Table, rows: usize, seed: &Seed) -> Table {
    use rayon::prelude::*;
    let columns: Vec<Column> = real
        .columns()
        .par_iter()
        .enumerate()
        .map(|(position, column)| {
            let mut rng = seed.index(position as u64).rng();
            let mut order: Vec<usize> = (0..real.rows()).collect();
            let mut drawn = Vec::with_capacity(rows);
            while drawn.len() < rows {
                rng.shuffle(&mut order);
                let wanted = (rows - drawn.len()).min(order.len());
                drawn.extend_from_slice(&order[..wanted]);
            }
            column.take(&drawn)
        })
        .collect();
    Table::new(real.schema().clone(), columns).expect("the values come from a table of this schema")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{numbers, table};

    #[test]
    fn shuffling_keeps_every_value_of_a_column_and_parts_the_columns() {
        let values: Vec<f64> = (0..200).map(f64::from).collect();
        let real = table(vec![numbers("a", &values), numbers("b", &values)]);
        let shuffled = independent(&real, 400, &Seed::from_u64(1));
        let mut a: Vec<f64> = (0..400)
            .map(|row| shuffled.column(0).number(row).unwrap())
            .collect();
        a.sort_by(f64::total_cmp);
        assert!((0..400).all(|i| a[i] == (i / 2) as f64));
        assert_ne!(shuffled.column(0), shuffled.column(1));
        assert_eq!(resample(&real, 7, &Seed::from_u64(1)).rows(), 7);
    }

    #[test]
    fn clusters_are_drawn_whole_and_get_new_names_where_the_synthetic_table_has_them() {
        let schools: Vec<String> = (0..60).map(|i| format!("school {}", i / 6)).collect();
        let schools: Vec<&str> = schools.iter().map(String::as_str).collect();
        let (field, column) = crate::testing::texts("school", &schools);
        let x: Vec<f64> = (0..60).map(f64::from).collect();
        let real = table(vec![
            (field.with_role(Role::ClusterId), column),
            numbers("x", &x),
        ]);
        let seed = Seed::from_u64(4);
        for renamed in [&[0usize][..], &[]] {
            let drawn = resample_clusters(&real, 75, renamed, &seed);
            assert_eq!(drawn.rows(), 75);
            // Twelve whole clusters and half a one, each with the rows of one school in order.
            for start in (0..75).step_by(6) {
                let first = drawn.column(1).number(start).unwrap();
                assert_eq!(first % 6.0, 0.0);
                for row in start..(start + 6).min(75) {
                    assert_eq!(
                        drawn.column(1).number(row),
                        Some(first + (row - start) as f64)
                    );
                    assert_eq!(drawn.column(0).code(row), drawn.column(0).code(start));
                }
            }
            let names = drawn.levels(0).unwrap().len();
            assert_eq!(names, if renamed.is_empty() { 10 } else { 13 });
        }
        let frame =
            crate::data::frame::Frame::new(&real, &resample_clusters(&real, 75, &[0], &seed), None);
        assert!(frame.columns[0].renamed);
    }
}
