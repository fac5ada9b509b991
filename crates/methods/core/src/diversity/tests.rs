use std::collections::BTreeMap;

use parable_table::{Field, Known, Levels, Schema};
use proptest::prelude::*;

use super::*;
use crate::NoObserver;

const LEVELS: [&str; 3] = ["low", "middle", "high"];

fn categories(name: &str, codes: Vec<u32>, role: Role) -> (Field, Column) {
    let levels = Known::declared(Levels::new(LEVELS).expect("differ"));
    (
        Field::new(name, Kind::nominal(levels)).with_role(role),
        Column::complete(Values::Codes(codes)),
    )
}

fn table(columns: Vec<(Field, Column)>) -> Table {
    let (fields, columns) = columns.into_iter().unzip();
    Table::new(Schema::new(fields).expect("names differ"), columns).expect("fits")
}

/// Two groups by `key`; the first agrees on "low". `like` says who is most like whom.
fn small() -> Table {
    let like = Column::complete(Values::Integer(vec![1, 2, 3, 9, 1, 8, 7, 9]));
    table(vec![
        categories("key", vec![0, 0, 0, 0, 1, 1, 1, 1], Role::Covariate),
        (Field::new("like", Kind::integer()), like),
        categories("income", vec![0, 0, 0, 0, 2, 1, 0, 2], Role::Covariate),
    ])
}

fn by_income(min_rows: usize) -> Diversity {
    Diversity::new("income", ["key"]).with_min_rows(min_rows)
}

fn made(table: &Table, rule: Diversity) -> (Table, Diversified) {
    let (made, answers) =
        diversify(table, table, &[rule], &Seed::from_u64(1), &NoObserver).expect("possible");
    (made, answers[0])
}

#[test]
fn a_group_that_agrees_exchanges_one_value_with_the_row_most_like_it() {
    let before = small();
    let (after, answer) = made(&before, by_income(4));
    assert_eq!(
        answer,
        Diversified {
            exchanged: 1,
            left: 0
        }
    );
    let moved: Vec<usize> = (0..8)
        .filter(|&row| before.column(2).code(row) != after.column(2).code(row))
        .collect();
    assert_eq!(moved.len(), 2, "one of each group");
    let (row, partner) = (moved[0], moved[1]);
    assert!(row < 4 && partner >= 4);
    let like = |row: usize| before.column(1).number(row).expect("complete");
    let nearest = (4..8)
        .filter(|&other| before.column(2).code(other) != Some(0))
        .min_by(|&a, &b| {
            let away = |other: usize| (like(other) - like(row)).abs();
            away(a).total_cmp(&away(b))
        });
    assert_eq!(Some(partner), nearest);
    for position in 0..2 {
        assert_eq!(before.column(position), after.column(position));
    }
}

#[test]
fn keys_may_be_columns_that_only_the_whole_table_has() {
    let small = small();
    let (schema, columns) = small.clone().into_parts();
    let fields = [1, 2].map(|at: usize| schema.fields()[at].clone());
    let made = Table::new(
        Schema::new(fields.into()).expect("names differ"),
        columns[1..].to_vec(),
    )
    .expect("fits");
    let seed = Seed::from_u64(1);
    let (after, answers) =
        diversify(&made, &small, &[by_income(4)], &seed, &NoObserver).expect("possible");
    assert_eq!(answers[0].exchanged, 1);
    assert!((0..4).any(|row| after.column(1).code(row) != Some(0)));
}

#[test]
fn smaller_groups_and_groups_without_values_are_left() {
    assert_eq!(
        made(&small(), by_income(5)),
        (small(), Diversified::default())
    );
    let (schema, mut columns) = small().into_parts();
    columns[2] = Column::with_missing(columns[2].values().clone(), vec![1, 1, 1, 1, 0, 0, 0, 0]);
    let missing = Table::new(schema, columns).expect("fits");
    assert_eq!(made(&missing, by_income(4)).1, Diversified::default());
}

#[test]
fn a_group_that_no_row_can_help_is_counted() {
    // The only other row would make its own group agree.
    let both = table(vec![
        categories("key", vec![0, 0, 1, 1], Role::Covariate),
        categories("income", vec![0, 0, 0, 1], Role::Covariate),
    ]);
    let (after, answer) = made(&both, by_income(2));
    assert_eq!(
        (after, answer),
        (
            both,
            Diversified {
                exchanged: 0,
                left: 1
            }
        )
    );
}

#[test]
fn rules_that_make_no_sense_are_refused_by_column() {
    let refused = |table: &Table, rule: Diversity| match diversify(
        table,
        table,
        &[rule],
        &Seed::from_u64(1),
        &NoObserver,
    ) {
        Err(SampleError::Diversity { column, problem }) => (column, problem),
        other => panic!("{other:?}"),
    };
    let rule = |target: &str, keys: &[&str]| Diversity::new(target, keys.iter().copied());
    let small = small();
    assert_eq!(refused(&small, rule("wage", &["key"])).0, "wage");
    assert_eq!(refused(&small, rule("income", &["kye"])).0, "kye");
    assert_eq!(refused(&small, rule("like", &["key"])).0, "like");
    assert_eq!(refused(&small, rule("income", &[])).0, "income");
    assert!(
        refused(&small, rule("income", &["income"]))
            .1
            .contains("own keys")
    );
    assert!(refused(&small, by_income(1)).1.contains("2 rows"));
    let shorter = small.take(&[0, 1]);
    let answer = diversify(
        &small,
        &shorter,
        &[by_income(2)],
        &Seed::from_u64(1),
        &NoObserver,
    );
    assert!(matches!(answer, Err(SampleError::Diversity { .. })));
    // A value of a school is not exchanged between pupils, nor is an arm.
    let schools = table(vec![
        categories("school", vec![0, 0, 1, 1], Role::ClusterId),
        categories("income", vec![0, 0, 1, 1], Role::Covariate),
        categories("arm", vec![0, 1, 1, 1], Role::Treatment),
    ]);
    assert!(
        refused(&schools, rule("income", &["arm"]))
            .1
            .contains("clusters")
    );
    assert!(
        refused(&schools, rule("arm", &["income"]))
            .1
            .contains("arms")
    );
}

#[test]
fn work_can_be_cancelled() {
    let stop = |_: Progress| ControlFlow::Break(());
    let answer = diversify(
        &small(),
        &small(),
        &[by_income(2)],
        &Seed::from_u64(1),
        &stop,
    );
    assert!(matches!(answer, Err(SampleError::Cancelled)));
}

proptest! {
    #[test]
    fn groups_become_diverse_and_columns_keep_their_values(
        rows in prop::collection::vec((0..3u32, 0..3u32, 0..4u32), 1..60),
        min_rows in 2..6usize,
        seed in any::<u64>(),
    ) {
        // Every fourth income is missing.
        let missing = rows.iter().map(|row| u8::from(row.2 == 3)).collect();
        let income = rows.iter().map(|row| row.2 % 3).collect();
        let (field, column) = categories("income", income, Role::Covariate);
        let before = table(vec![
            categories("key", rows.iter().map(|row| row.0).collect(), Role::Covariate),
            categories("other", rows.iter().map(|row| row.1).collect(), Role::Covariate),
            (field, Column::with_missing(column.values().clone(), missing)),
        ]);
        let run = || diversify(&before, &before, &[by_income(min_rows)], &Seed::from_u64(seed), &NoObserver).expect("possible");
        let (after, answers) = run();
        prop_assert_eq!(&run().0, &after);
        let agreeing = |table: &Table| {
            let mut groups: BTreeMap<Option<u32>, Vec<Option<u32>>> = BTreeMap::new();
            for row in 0..table.rows() {
                groups.entry(table.column(0).code(row)).or_default().push(table.column(2).code(row));
            }
            groups
                .values()
                .filter(|of| of.len() >= min_rows && of[0].is_some() && of.iter().all(|value| *value == of[0]))
                .count()
        };
        prop_assert_eq!(agreeing(&after), answers[0].left);
        prop_assert!(agreeing(&before) <= answers[0].left + answers[0].exchanged);
        let count = |table: &Table| {
            let mut values: Vec<_> = (0..table.rows()).map(|row| table.column(2).code(row)).collect();
            values.sort_unstable();
            values
        };
        prop_assert_eq!(count(&before), count(&after));
        for row in 0..before.rows() {
            prop_assert_eq!(before.column(2).missing(row), after.column(2).missing(row));
        }
    }
}
