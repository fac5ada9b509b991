use parable_seed::Seed;
use proptest::prelude::*;

use super::*;
use crate::{Column, Condition, Constraint, Field, Kind, Known, Levels, Schema, Table, Values};

fn levels(texts: &[&str]) -> Known<Levels> {
    Known::declared(Levels::new(texts.iter().copied()).unwrap())
}

/// Eight columns that every rule can be tried on, from arbitrary bytes.
fn table(bytes: &[[u8; 8]], constraints: Vec<Constraint>) -> Table {
    let column = |index: usize| bytes.iter().map(move |row| row[index]);
    let missing = |index: usize| {
        column(index)
            .map(|b| u8::from(b % 7 == 0))
            .collect::<Vec<u8>>()
    };
    let codes =
        |index: usize, n: u32| Values::Codes(column(index).map(|b| u32::from(b) % n).collect());
    let fields = vec![
        Field::new("age", Kind::integer()),
        Field::new("score", Kind::continuous(1)),
        Field::new("limit", Kind::continuous(1)),
        Field::new("job", Kind::nominal(levels(&["none", "clerk", "smith"]))),
        Field::new("school", Kind::nominal(levels(&["a", "b", "c", "d"]))),
        Field::new("low", Kind::integer()),
        Field::new("mid", Kind::boolean(levels(&["0", "1"]))),
        Field::new("high", Kind::nominal(levels(&["no", "yes"]))),
    ];
    let columns = vec![
        Column::with_missing(
            Values::Integer(column(0).map(|b| i64::from(b % 90)).collect()),
            missing(0),
        ),
        Column::with_missing(
            Values::Continuous(column(1).map(|b| f64::from(b) / 10.0).collect()),
            missing(1),
        ),
        Column::with_missing(
            Values::Continuous(column(2).map(|b| f64::from(b) / 10.0).collect()),
            missing(2),
        ),
        Column::with_missing(codes(3, 3), missing(3)),
        Column::with_missing(codes(4, 4), missing(4)),
        Column::with_missing(
            Values::Integer(column(5).map(|b| i64::from(b % 2)).collect()),
            missing(5),
        ),
        Column::with_missing(codes(6, 2), missing(6)),
        Column::with_missing(codes(7, 2), missing(7)),
    ];
    Table::new(
        Schema::with_constraints(fields, constraints).unwrap(),
        columns,
    )
    .unwrap()
}

fn texts(values: &[&str]) -> Vec<String> {
    values.iter().map(|&text| text.to_owned()).collect()
}

fn one_of(column: &str, values: &[&str]) -> Condition {
    Condition::OneOf {
        column: column.into(),
        values: texts(values),
    }
}

fn rules() -> Vec<Constraint> {
    let below = |column: &str, value| Condition::Below {
        column: column.into(),
        value,
    };
    let from = |column: &str, value| Condition::AtLeast {
        column: column.into(),
        value,
    };
    let missing = |column: &str| Condition::Missing {
        column: column.into(),
    };
    let present = |column: &str| Condition::Present {
        column: column.into(),
    };
    vec![
        Constraint::Range {
            column: "age".into(),
            min: Some(15.5),
            max: Some(60.2),
        },
        Constraint::Range {
            column: "score".into(),
            min: Some(3.33),
            max: None,
        },
        Constraint::Range {
            column: "score".into(),
            min: None,
            max: Some(20.07),
        },
        Constraint::Levels {
            column: "job".into(),
            levels: texts(&["clerk", "king"]),
        },
        Constraint::Levels {
            column: "job".into(),
            levels: texts(&["king"]),
        },
        Constraint::AtMost {
            left: "score".into(),
            right: "limit".into(),
        },
        Constraint::AtMost {
            left: "age".into(),
            right: "score".into(),
        },
        Constraint::AtMost {
            left: "score".into(),
            right: "age".into(),
        },
        Constraint::OneHot {
            columns: texts(&["low", "mid", "high"]),
        },
        Constraint::When {
            condition: below("age", 16.0),
            then: one_of("job", &["none"]),
        },
        Constraint::When {
            condition: below("age", 16.0),
            then: missing("job"),
        },
        Constraint::When {
            condition: one_of("age", &["17", "20"]),
            then: present("score"),
        },
        Constraint::When {
            condition: one_of("job", &["smith"]),
            then: from("score", 300.05),
        },
        Constraint::When {
            condition: one_of("job", &["smith"]),
            then: below("age", -2.0),
        },
        Constraint::When {
            condition: missing("job"),
            then: one_of("school", &["x"]),
        },
        Constraint::Never {
            all: vec![below("age", 30.0), one_of("job", &["clerk", "smith"])],
        },
        Constraint::Never {
            all: vec![present("age"), missing("score")],
        },
        Constraint::Never {
            all: vec![from("score", 0.0)],
        },
        Constraint::Never {
            all: vec![present("score")],
        },
        Constraint::Never {
            all: vec![one_of("school", &["a", "b", "c", "d"])],
        },
        Constraint::ClusterConstant {
            cluster: "school".into(),
            columns: texts(&["job", "score"]),
        },
        Constraint::Determines {
            by: texts(&["school", "high"]),
            column: "age".into(),
        },
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn after_repair_each_single_rule_holds_and_rows_that_held_are_untouched(
        bytes in prop::collection::vec(any::<[u8; 8]>(), 0..60)
    ) {
        for rule in rules() {
            let before = table(&bytes, vec![rule.clone()]);
            let violations = check(&before).unwrap();
            let (after, repairs) = repair(before.clone(), &Seed::from_u64(1)).unwrap();
            prop_assert_eq!(check(&after).unwrap(), vec![], "{}", rule);
            prop_assert_eq!(repairs.is_empty(), violations.is_empty(), "{}", rule);
            if violations.is_empty() {
                prop_assert_eq!(after, before);
            }
        }
    }

    #[test]
    fn rules_about_different_columns_hold_together(bytes in prop::collection::vec(any::<[u8; 8]>(), 1..60)) {
        let together: Vec<Constraint> = [0, 2, 3, 5, 8, 11, 21].map(|index| rules()[index].clone()).into();
        let (after, _) = repair(table(&bytes, together), &Seed::from_u64(1)).unwrap();
        prop_assert_eq!(check(&after).unwrap(), vec![]);
    }
}

fn sample(constraint: Constraint) -> Table {
    // age, score, limit, job, school, low, mid, high; multiples of 7 are missing.
    let rows = [
        [20, 50, 40, 1, 1, 1, 1, 1],
        [10, 30, 45, 2, 1, 1, 2, 2],
        [30, 60, 60, 1, 1, 2, 2, 1],
        [14, 60, 70, 2, 2, 1, 1, 1],
    ];
    table(&rows, vec![constraint])
}

#[test]
fn violations_name_the_rule_and_count_rows_from_1() {
    let table = sample(Constraint::AtMost {
        left: "score".into(),
        right: "limit".into(),
    });
    let found = check(&table).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].description, "`score` is at most `limit`");
    assert_eq!((found[0].rows, &found[0].first_rows[..]), (1, &[1][..]));
}

#[test]
fn values_of_one_type_change_places() {
    let table = sample(Constraint::AtMost {
        left: "score".into(),
        right: "limit".into(),
    });
    let (after, repairs) = repair(table, &Seed::from_u64(1)).unwrap();
    assert_eq!(after.column(1).number(0), Some(4.0));
    assert_eq!(after.column(2).number(0), Some(5.0));
    assert_eq!(repairs[0].rows, 1);
}

#[test]
fn a_cluster_takes_the_value_of_most_of_its_rows() {
    let table = sample(Constraint::ClusterConstant {
        cluster: "school".into(),
        columns: vec!["job".into()],
    });
    assert_eq!(check(&table).unwrap()[0].first_rows, [2]);
    let (after, _) = repair(table, &Seed::from_u64(1)).unwrap();
    assert_eq!(after.column(3).code(1), Some(1));
    assert_eq!(
        after.column(3).code(3),
        Some(2),
        "another school is left alone"
    );
}

#[test]
fn ranges_clamp_to_the_grid_inside_them() {
    let table = sample(Constraint::Range {
        column: "score".into(),
        min: Some(3.33),
        max: None,
    });
    let (after, _) = repair(table, &Seed::from_u64(1)).unwrap();
    assert_eq!(after.column(1).number(1), Some(3.4));
}

#[test]
fn rules_that_do_not_fit_their_columns_are_refused_by_name() {
    let judge = |rule| check(&sample(rule)).unwrap_err().to_string();
    assert_eq!(
        judge(Constraint::Range {
            column: "job".into(),
            min: None,
            max: None
        }),
        "rule 1 needs a numeric column, and `job` is nominal"
    );
    assert_eq!(
        judge(Constraint::Range {
            column: "age".into(),
            min: Some(1.2),
            max: Some(1.8)
        }),
        "rule 1 allows no value of column `age`"
    );
    assert_eq!(
        judge(Constraint::OneHot {
            columns: vec!["job".into()]
        }),
        "rule 1 needs a 0/1 column, and `job` is nominal"
    );
    assert_eq!(
        judge(Constraint::Never {
            all: vec![one_of("age", &["ten"])]
        }),
        "rule 1 compares column `age`, which is integer, with a text that is none"
    );
}

#[test]
fn the_same_seed_repairs_alike() {
    let rows: Vec<[u8; 8]> = (0..200u8)
        .map(|i| [i, i, 3, i, i, i, i / 2, i / 3])
        .collect();
    let run = |seed| repair(table(&rows, rules()[8..12].to_vec()), &Seed::from_u64(seed)).unwrap();
    assert_eq!(run(1), run(1));
    assert_ne!(run(1).0, run(2).0);
}

#[test]
fn a_condition_is_checked_where_it_can_be_compared_and_repaired_by_rows_that_keep_it() {
    let rule = Constraint::holds("age >= 16 or job == 'none'");
    assert_eq!(rule.columns(), ["age", "job"]);
    assert_eq!(rule.to_string(), "`age >= 16 or job == 'none'` holds");
    // Ages 5, 5, 40 and missing (7 % 7 is 0); jobs clerk, none, clerk, clerk.
    let rows = [(5, 1), (5, 3), (40, 1), (7, 1)].map(|(age, job)| [age, 1, 1, job, 1, 1, 1, 1]);
    let table = table(&rows, vec![rule]);
    let found = check(&table).unwrap();
    assert_eq!((found.len(), found[0].rows), (1, 1));
    assert_eq!(found[0].first_rows, [1]);
    let (repaired, repairs) = repair(table, &Seed::from_u64(1)).unwrap();
    assert_eq!(repairs.len(), 1);
    assert!(check(&repaired).unwrap().is_empty());
}

#[test]
fn a_condition_that_is_none_is_refused_with_its_place() {
    let fields = vec![Field::new("age", Kind::integer())];
    let schema = |condition: &str| {
        Schema::with_constraints(fields.clone(), vec![Constraint::holds(condition)])
    };
    assert_eq!(
        schema("age > = 3").unwrap_err().to_string(),
        "rule 1: the expression, at character 7, is not a sign of the language"
    );
    assert_eq!(
        schema("size > 3").unwrap_err().to_string(),
        "a constraint names the column `size`, which the schema does not have"
    );
    let rows = Table::new(
        schema("age == 'x'").unwrap(),
        vec![Column::integers([Some(3)])],
    );
    assert_eq!(
        check(&rows.unwrap()).unwrap_err().to_string(),
        "rule 1: the expression compares values of different types"
    );
}
